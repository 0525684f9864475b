"""What README and cookbook show is what a reader sees: every command, query and program in them is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.shown import BLOCK, COOKBOOK, README, ROOT, publish_samples, ran, renewed, same, steps

BLOCKS = [
    pytest.param(block, id=f"{document.stem} {number}")
    for document in (README, COOKBOOK)
    for number, block in enumerate(BLOCK.finditer(document.read_text("utf-8")), start=1)
]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    place: Path = tmp_path_factory.mktemp("shown")
    done = publish_samples(place)
    assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_prints_what_it_shows(block: re.Match[str], home: Path) -> None:
    for code, shown, printed in ran(block, home):
        assert shown is None or same(shown, printed), f"{code} prints\n{printed}"


def test_a_document_that_shows_something_else_is_found_out_and_renewed(home: Path) -> None:
    asked = ("```sql", "SELECT 1 AS 一", "```", "", "```text", "二", "```", "")
    text = "\n".join((*asked, "```python", "print(3)", "```", ""))
    [wrong, silent] = [list(steps(block)) for block in BLOCK.finditer(text)]
    assert (wrong, silent) == ([("SELECT 1 AS 一\n", "二\n")], [("print(3)\n", None)])
    right = renewed(text, home)
    [(_, shown)] = steps(next(BLOCK.finditer(right)))
    assert "│  1 │" in str(shown)
    assert right.endswith("```python\nprint(3)\n```\n")
    assert renewed(right, home) == right
    kept = right.replace("│  1 │", "│  … │").replace("│ 一 │", "│ 二 │")
    assert kept != right
    assert renewed(kept, home) == right.replace("│  1 │", "│  … │")


def test_the_readme_shows_something() -> None:
    shown = [step for block in BLOCK.finditer(README.read_text("utf-8")) for step in steps(block)]
    assert sum(output is not None for _, output in shown) >= 5


def test_the_cookbook_lists_each_of_its_questions_and_answers_it() -> None:
    text = COOKBOOK.read_text("utf-8")
    questions = re.findall(r"^### (\d+ .*)$", text, re.MULTILINE)
    anchors = re.findall(r"^\| \d+ \| \[.*\]\(#(.*?)\) \|", text, re.MULTILINE)
    assert len(questions) == 24
    assert anchors == [re.sub(r"[，。]", "", question).replace(" ", "-") for question in questions]
    for section in re.split(r"^###? ", text, flags=re.MULTILINE):
        if re.match(r"\d+ ", section):
            assert re.search(r"^```sql\n.*?^```\n\n```text\n", section, re.MULTILINE | re.DOTALL), section


def test_the_cookbook_asks_the_views_alone() -> None:
    code = " ".join(code for block in BLOCK.finditer(COOKBOOK.read_text("utf-8")) for code, _ in steps(block))
    assert not re.search(r"\b(?:fact|dim)_|\brepair\b|_in_force\b|\bclaim\b", code)


def test_the_folders_and_files_that_the_readme_names_are_there() -> None:
    named = re.findall(
        r"`((?:pipelines|expectations|warehouse|assets|data|tests)/[\w./]*)`", README.read_text("utf-8")
    )
    generated = {"data/inbox", "data/warehouse.duckdb"}
    assert len(named) > 5
    assert not [name for name in named if name not in generated and not (ROOT / name).exists()]
