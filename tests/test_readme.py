"""The README's console blocks are run on the samples: what it prints is what a reader sees.

``python -m tests.test_readme`` renews the outputs. A line with … stands for anything in that place.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import chdir
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from typer.testing import CliRunner

from juesuan import app

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def publish_samples(home: Path) -> subprocess.CompletedProcess[str]:
    """The main job on the samples, as ``make run`` calls it."""
    command = [sys.executable, "-m", "juesuan", "run", "data/samples", "--home", str(home)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a block with the output that the README shows of each."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def output_of(command: str, home: Path) -> str:
    program, *arguments = shlex.split(command)
    assert program == "juesuan", f"not a command of ours: {command}"
    result = CliRunner().invoke(app, [*arguments, "--home", str(home)])
    assert result.exit_code == 0, result.output
    return result.output


def same(shown: str, printed: str) -> bool:
    """Whether every line is as shown, … standing for anything."""
    patterns, lines = shown.splitlines(), printed.splitlines()
    literal = [re.sub(r"([\[?*])", r"[\1]", pattern).replace("…", "*") for pattern in patterns]
    return len(patterns) == len(lines) and all(map(fnmatchcase, lines, literal))


BLOCKS = BLOCK.findall(README.read_text("utf-8"))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("readme")
    done = publish_samples(place)
    assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_of_the_readme_prints_what_it_shows(block: str, home: Path, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command, shown in commands(block):
        printed = output_of(command, home)
        assert same(shown, printed), f"{command} prints\n{printed}"


def test_the_readme_shows_something() -> None:
    assert len(BLOCKS) >= 5
    assert all(shown for block in BLOCKS for _, shown in commands(block))


def test_the_folders_and_files_that_the_readme_names_are_there() -> None:
    named = re.findall(
        r"`((?:pipelines|expectations|warehouse|assets|data|tests)/[\w./]*)`", README.read_text("utf-8")
    )
    generated = {"data/inbox", "data/warehouse.duckdb"}
    assert len(named) > 5
    assert not [name for name in named if name not in generated and not (ROOT / name).exists()]


def renew(text: str, home: Path) -> str:
    """The README with the outputs that its commands print now."""

    def block(found: re.Match[str]) -> str:
        parts = []
        for command, shown in commands(found[1]):
            printed = output_of(command, home)
            parts.append(f"$ {command}\n{shown if same(shown, printed) else printed}")
        return f"```console\n{''.join(parts)}```"

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        publish_samples(home)
        with chdir(folder):
            renewed = renew(README.read_text("utf-8"), home)
        README.write_text(renewed, "utf-8")
