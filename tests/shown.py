"""Documents that show commands and queries with what they print, run on the samples.

Belongs here: finding what a document shows, running it, and renewing it: ``python -m tests.shown`` writes
what is printed now into README and cookbook. Does not belong here: tests.

A ``console`` block holds commands, each followed by its output. A ``sql`` or ``python`` block is followed by
a ``text`` block with what it prints, or by none. A line with … stands for anything in that place.
"""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from fnmatch import fnmatchcase
from pathlib import Path

from typer.testing import CliRunner

from juesuan import app

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
COOKBOOK = ROOT / "docs" / "分析手册.md"

BLOCK = re.compile(
    r"^```(?P<kind>console|sql|python)\n(?P<code>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)


def publish_samples(home: Path) -> subprocess.CompletedProcess[str]:
    """The main job on the samples, as ``make run`` calls it."""
    command = [sys.executable, "-m", "juesuan", "run", "data/samples", "--home", str(home)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def steps(block: re.Match[str]) -> Iterator[tuple[str, str | None]]:
    """What a block has run, and the output that the document shows of each; None where it shows none."""
    if block["kind"] != "console":
        yield block["code"], block["printed"]
        return
    parts = re.split(r"^\$ (.*)\n", block["code"], flags=re.MULTILINE)[1:]
    yield from zip(parts[::2], parts[1::2], strict=True)


def ran(block: re.Match[str], home: Path) -> list[tuple[str, str | None, str]]:
    """What a block has run in a fresh folder where ``data`` is the home, what is shown, what is printed."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("data").symlink_to(home)
        return [(code, shown, _output(block["kind"], code, home)) for code, shown in steps(block)]


def _output(kind: str, code: str, home: Path) -> str:
    """What a command, a query or a program prints; an ``AssertionError`` if a command fails."""
    if kind == "python":
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, "<document>", "exec"), {})  # noqa: S102 - our own document
        return printed.getvalue()
    program, *arguments = shlex.split(code) if kind == "console" else ("juesuan", "sql", code)
    assert program == "juesuan", f"not a command of ours: {code}"
    result = CliRunner().invoke(app, [*arguments, "--home", str(home)])
    assert result.exit_code == 0, result.output
    return result.output


def same(shown: str, printed: str) -> bool:
    """Whether every line is as shown, … standing for anything."""
    patterns, lines = shown.splitlines(), printed.splitlines()
    literal = [re.sub(r"([\[?*])", r"[\1]", pattern).replace("…", "*") for pattern in patterns]
    return len(patterns) == len(lines) and all(map(fnmatchcase, lines, literal))


def renewed(text: str, home: Path) -> str:
    """The document with the outputs that are printed now; what shows none goes on showing none, and a line
    with … that still holds stays.
    """

    def block(found: re.Match[str]) -> str:
        kind = found["kind"]
        now = [
            (code, None if shown is None else _merged(shown, printed))
            for code, shown, printed in ran(found, home)
        ]
        if kind == "console":
            said = "".join(f"$ {code}\n{shown}" for code, shown in now)
            return f"```console\n{said}```\n"
        [(code, shown)] = now
        answer = "" if shown is None else f"\n```text\n{shown}```\n"
        return f"```{kind}\n{code}```\n{answer}"

    return BLOCK.sub(block, text)


def _merged(shown: str, printed: str) -> str:
    """What is printed, with the lines as they are shown where both still have the same number of them."""
    before, now = shown.splitlines(keepends=True), printed.splitlines(keepends=True)
    if len(before) != len(now):
        return printed
    return "".join(old if same(old, new) else new for old, new in zip(before, now, strict=True))


def main() -> None:
    """Renew what README and cookbook show."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        publish_samples(home)
        for document in (README, COOKBOOK):
            document.write_text(renewed(document.read_text("utf-8"), home), "utf-8")


if __name__ == "__main__":
    main()
