"""What stands in deploy/ and docs/: units that systemd accepts, paths that exist, commands that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import juesuan

ROOT = Path(__file__).parent.parent
DEPLOY, OPERATIONS = ROOT / "deploy", ROOT / "docs" / "operations.md"
PROGRAM = "/opt/juesuan/.venv/bin/juesuan"
COMMANDS = {c.name or c.callback.__name__ for c in juesuan.app.registered_commands if c.callback}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_accepts_the_units(tmp_path) -> None:
    units = []
    for unit in sorted(DEPLOY.glob("*.service")) + sorted(DEPLOY.glob("*.timer")):
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text("utf-8").replace(PROGRAM, "/bin/true"), "utf-8")
        units.append(str(copy))
    assert len(units) == 3
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60
    )
    own = [line for line in done.stderr.splitlines() if "juesuan" in line]
    assert (done.returncode, own) == (0, [])


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*.service")), ids=lambda path: path.name)
def test_a_unit_has_no_privileges_and_starts_a_command_of_ours(unit: Path) -> None:
    text = unit.read_text("utf-8")
    for option in (
        "User=juesuan",
        "NoNewPrivileges=true",
        "ProtectSystem=strict",
        "PrivateTmp=true",
        "ReadWritePaths=/var/lib/juesuan",
        "MemoryMax=",
        "Nice=",
    ):
        assert re.search(rf"^{re.escape(option)}", text, re.MULTILINE), option
    [command] = re.findall(r"^ExecStart=(\S+) (\w+)", text, re.MULTILINE)
    assert command[0] == PROGRAM
    assert command[1] in COMMANDS


def test_the_image_copies_what_is_there_and_installs_as_the_makefile_does() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    copied = [word for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE) for word in line.split()]
    assert {"requirements.lock", "juesuan.py", "pipelines", "assets"} <= set(copied)
    assert not [name for name in copied if not (ROOT / name).exists()]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for options in ("--require-hashes -r requirements.lock", "--no-deps --no-build-isolation -e ."):
        assert options in text
        assert options in makefile
    assert text.rindex("\nUSER juesuan") > text.rindex("useradd")
    assert 'ENTRYPOINT ["juesuan"]' in text


def test_the_commands_and_files_that_the_guide_names_are_there() -> None:
    text = OPERATIONS.read_text("utf-8")
    fenced = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
    blocks = "\n".join([*fenced.findall(text), *re.findall(r"`([^`]+)`", fenced.sub("", text))])
    named = re.findall(r"(?:^|\s)juesuan (?!run:)([a-z]+)\b", blocks)
    assert set(named) <= COMMANDS
    assert {"run", "status", "backfill"} <= set(named)
    files = re.findall(r"`((?:deploy|tests|pipelines|assets|warehouse)/[\w./-]*)`", text)
    assert files
    assert not [name for name in files if not (ROOT / name).exists()]
    assert not re.findall(r"\]\((?!\.\./README\.md|\.\./data/README\.md)", text)
