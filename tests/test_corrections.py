"""What people correct in a cell: it counts everywhere, says so everywhere, and never silently."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from assets import steps
from assets.progress import silent
from tests.test_assets import NoFindings
from tests.warehouse_fixtures import a_home, document, full_part, keep
from warehouse import corrections, lake
from warehouse.explain import explain
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.query import query

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
YEAR = 2024


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with one document, assembled."""
    place = a_home(tmp_path)
    keep(place, full_part(document("甲")))
    return place


def cell(home: Home, end: str) -> str:
    [found] = lake.read_year(home, "fact_line_item", YEAR).filter(
        lake.read_year(home, "fact_line_item", YEAR)["cell_id"].str.ends_with(end)
    )["cell_id"]
    return str(found)


def entry(cell_id: str, printed: str = "8178.89", corrected: str = "8,178.98") -> str:
    return (
        f"- 单元格: {cell_id}\n  印作: {printed}\n  改为: {corrected}\n"
        "  理由: 原件上是 98\n  何人: 审计一组\n  何日: 2026-11-22\n"
    )


def write(home: Home, text: str) -> None:
    (home.corrections / "a.yml").write_text(text, "utf-8")


def publish(home: Home) -> None:
    years = steps.pending_years(home)
    steps.assemble_years(home, years, NOW, silent)
    for year in years:
        lake.write_year(home, "reconciliation", year, lake.read_year(home, "reconciliation", year))
    steps.validate_years(home, years, NOW, NoFindings().validate, silent)
    steps.publish(home, NOW, silent)


def told(home: Home) -> list[tuple[object, ...]]:
    return list(query(home, "SELECT 原因, 怎么办 FROM 待核 WHERE 文件 LIKE 'corrections/%'").rows)


def test_a_corrected_cell_counts_and_says_what_was_read_and_who_changed_it(home: Home) -> None:
    publish(home)
    assert steps.pending_years(home) == []
    write(home, entry(wrong := cell(home, "/L10/c3")))
    assert steps.pending_years(home) == [YEAR]
    publish(home)
    [row] = query(home, "SELECT 金额, 印刷文字 FROM 单元格 WHERE 状态 = 'corrected'").rows
    assert row == (Decimal("8178.980000"), "8178.89")
    shown = query(home, "SELECT 金额, 更正 FROM 收入支出决算总表 WHERE 项目 LIKE '%总计%'").rows
    assert shown == [(Decimal("8178.980000"), ["金额"])]
    [(applied, who)] = query(home, "SELECT applied, decided_by FROM correction").rows
    assert (applied, who, told(home)) == (True, "审计一组", [])
    steps_told = dict(explain(home, wrong))
    assert steps_told["修复"].startswith("金额 8178.89 → 8,178.98（更正：原件上是 98（审计一组，2026-11-22，")
    assert "更正后" in steps_told["换算"]
    assert steps.pending_years(home) == []


def test_what_is_taken_back_is_as_it_was_read(home: Home) -> None:
    publish(home)
    before = lake.read_year(home, "fact_line_item", YEAR)
    write(home, entry(cell(home, "/L10/c3")))
    publish(home)
    assert not lake.read_year(home, "fact_line_item", YEAR).equals(before)
    (home.corrections / "a.yml").unlink()
    publish(home)
    assert lake.read_year(home, "fact_line_item", YEAR).equals(before)
    assert lake.read_year(home, "repair", YEAR).is_empty()


@pytest.mark.parametrize(
    ("cell_end", "printed", "corrected", "said"),
    [
        ("/L10/c3", "8178.88", "8178.98", "现在读作「8178.89」，不是这一条所写的「8178.88」"),
        ("/L10/c3", "8178.89", "八千", "改为「八千」不是一个数"),
        ("/L999/c9", "1", "2", "没有单元格"),
        ("/L10/c3", "8178.89", "0.0000001", "小于一分"),
    ],
)
def test_an_entry_that_does_not_fit_changes_nothing_and_is_told(
    home: Home, cell_end: str, printed: str, corrected: str, said: str
) -> None:
    publish(home)
    before = lake.read_year(home, "fact_line_item", YEAR)
    document_id = before["document_id"][0]
    write(home, entry(f"{document_id}{cell_end}", printed, corrected))
    publish(home)
    assert lake.read_year(home, "fact_line_item", YEAR).equals(before)
    [(reason, advice)] = told(home)
    assert said in reason
    assert advice


def test_a_count_is_corrected_in_its_own_unit_and_a_held_cell_is_released(home: Home) -> None:
    counted = cell(home, "/L51/c3")
    write(home, entry(counted, "3", "4"))
    publish(home)
    [row] = query(home, "SELECT 金额, 计量单位 FROM 单元格 WHERE 状态 = 'corrected'").rows
    assert row == (Decimal("4.000000"), "辆")


def test_a_correction_is_part_of_the_version_that_tables_hold() -> None:
    rows = [
        {"cell_id": "a/L1", "printed": "1", "corrected": "2", "file": "corrections/a.yml", "place": "第 1 条"}
    ]
    held = corrections.versions({"a": "v1", "b": "v1"}, {"a": rows})
    assert held["b"] == "v1"
    assert corrections.reader_of(held["a"]) == "v1" != held["a"]
    moved = [{**rows[0], "file": "b.yml", "place": "第 2 条"}]
    assert corrections.versions({"a": "v1"}, {"a": moved})["a"] == held["a"]
    other = [{**rows[0], "corrected": "3"}]
    assert corrections.versions({"a": "v1"}, {"a": other})["a"] != held["a"]


def test_the_ledger_and_the_parts_know_nothing_of_it(home: Home) -> None:
    write(home, entry(cell(home, "/L10/c3")))
    publish(home)
    assert all(
        "+" not in d.reader_version for d in Ledger(home).state().documents.values() if d.reader_version
    )


def test_the_entry_that_the_readme_shows_is_one(home: Home) -> None:
    text = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    example = text.partition("### 更正")[2].partition("```yaml\n")[2].partition("```")[0]
    write(home, example)
    found = corrections.load(home)
    assert found.issues == ()
    assert found.rows[0]["corrected"] == "8,178.98"
