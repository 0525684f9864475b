"""A change has those documents judged again that it can touch: what stands then is what judging all gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assets import reconciling
from assets.reconciling import RECONCILED, reconcile_year
from expectations import reconcile as engine
from expectations.rules_data import load_rules
from tests import performance_frames
from tests.expectations_examples import frame
from tests.reconcile_frames import changed, tables_of
from tests.shared_documents import needs_shared, part_of
from tests.test_reconcile import SUMMARY, closing_balances, office, unit
from tests.warehouse_fixtures import DAY, a_home
from warehouse import lake, makings
from warehouse.home import Home

Tables = Mapping[str, pl.DataFrame]

# The rules that look from one document to another; the others cannot tell how many there are.
BETWEEN = [rule for rule in load_rules() if rule.id.startswith("D")]


def _read(document: str, tables: Tables, version: str = "1") -> Tables:
    """The tables of one document under an id of its own."""
    named = {
        name: rows.with_columns(pl.col(pl.String).str.replace_all("doc000000000", document))
        for name, rows in tables.items()
    }
    own = named["dim_document"].with_columns(reader_version=pl.lit(version))
    return {**named, "dim_document": own}


def _project(family: str, **about: str) -> Tables:
    of_project = performance_frames.form(family, **about)
    # Two documents that have nothing in common but the project.
    return performance_frames.tables(
        of_project, document="doc000000000", kind="绩效", unit_name=f"示例市{family}局"
    )


WHOLE = office(level="部门", members=("示例市某局本级", "示例市某服务中心"), unit="示例市某局")
PART = office(level="单位", parent="示例市某局", unit="示例市某局本级")
CENTRE = office(level="单位", unit="示例市某服务中心")
LAST = unit(year=2023)
ALONE = unit(opening=closing_balances(LAST))
MORE = (SUMMARY, "收入总计", "金额", "+0.10")
OPENING = (SUMMARY, "年初结转和结余", "金额", "+0.10")
CLOSING = (SUMMARY, "年末结转和结余", "金额", "+0.10")

# What may lie in the folder in each place, one of them or none: (year, tables).
SLOTS: tuple[tuple[tuple[int, Tables], ...], ...] = (
    (
        (2024, _read("whole0000000", tables_of(WHOLE))),
        (2024, _read("whole0000001", tables_of(office(level="部门", unit="示例市某局")))),
        (2024, _read("whole0000000", tables_of(changed(WHOLE, MORE)), version="2")),
    ),
    (
        (2024, _read("part00000000", tables_of(PART))),
        (2024, _read("part00000001", tables_of(changed(PART, MORE)))),
    ),
    ((2024, _read("centre000000", tables_of(CENTRE))),),
    (
        (2024, _read("alone0000000", tables_of(ALONE))),
        (2024, _read("alone0000001", tables_of(changed(ALONE, OPENING)))),
    ),
    (
        (2023, _read("last00000000", tables_of(LAST))),
        (2023, _read("last00000001", tables_of(changed(LAST, CLOSING)))),
    ),
    (
        (2024, _read("aims00000000", _project("F"))),
        (2024, _read("aims00000001", _project("F", project_name="馆藏档修复"))),
    ),
    (
        (2024, _read("done00000000", _project("A"))),
        (2024, _read("done00000001", _project("A", budget_amount="11.00"))),
        (2024, _read("done00000002", _project("A", implementing_unit="示例市档案服务"))),
    ),
)
Lying = tuple[int, ...]


def lying() -> st.SearchStrategy[Lying]:
    """Which of each slot lies there: 0 for none."""
    return st.tuples(*(st.integers(0, len(slot)) for slot in SLOTS))


def put(home: Home, chosen: Lying) -> None:
    """Write the tables of both years as assembling them would."""
    there = [slot[number - 1] for slot, number in zip(SLOTS, chosen, strict=True) if number]
    for year in (2023, 2024):
        for table in lake.PART_TABLES:
            rows = [frame(table, []), *(tables[table] for of, tables in there if of == year)]
            lake.write_year(home, table, year, pl.concat(rows).sort("document_id", maintain_order=True))


def judged(home: Home) -> pl.DataFrame:
    reconcile_year(home, 2024)
    return lake.read_year(home, RECONCILED, 2024)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "load_rules", lambda: BETWEEN)


@pytest.mark.usefixtures("between")
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(states=[(1, 1, 1, 1, 1, 1, 1), (3, 1, 1, 1, 1, 1, 1), (0, 1, 1, 1, 1, 1, 1)])
@example(states=[(1, 1, 0, 1, 1, 1, 1), (1, 2, 1, 1, 2, 2, 2), (2, 2, 1, 1, 0, 2, 0)])
@example(states=[(1, 0, 1, 2, 2, 1, 3), (1, 0, 1, 2, 1, 0, 3), (1, 1, 1, 2, 1, 1, 3)])
@given(states=st.lists(lying(), min_size=2, max_size=2))
def test_what_stands_after_changes_is_what_judging_all_gives(
    tmp_path_factory: pytest.TempPathFactory, states: list[Lying]
) -> None:
    home = a_home(tmp_path_factory.mktemp("h"))
    for chosen in states:
        put(home, chosen)
        changed_only = judged(home)
    makings.forget(home, 2024)
    assert changed_only.equals(judged(home))


def count_judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many documents the engine is given, each time that it is asked."""
    asked: list[int] = []

    def judge(year: int, tables: Tables, before: Tables) -> pl.DataFrame:
        asked.append(tables["dim_document"].height)
        return RECONCILE(year, tables, before)

    monkeypatch.setattr(engine, "reconcile", judge)
    return asked


RECONCILE = engine.reconcile


@pytest.mark.usefixtures("between")
@pytest.mark.parametrize(
    ("before", "after", "documents"),
    [
        ((1, 1, 1, 1, 1, 1, 1), (1, 1, 1, 1, 1, 1, 1), 0),
        ((1, 1, 1, 1, 1, 1, 1), (1, 1, 1, 2, 1, 1, 1), 1),
        ((1, 1, 1, 1, 1, 1, 1), (1, 1, 1, 1, 2, 1, 1), 1),
        ((1, 1, 1, 1, 1, 1, 1), (1, 1, 0, 1, 1, 1, 1), 2),
        ((1, 1, 1, 1, 1, 1, 1), (1, 1, 1, 1, 1, 1, 2), 2),
    ],
)
def test_only_what_hangs_together_with_a_change_is_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: Lying, after: Lying, documents: int
) -> None:
    home = a_home(tmp_path)
    put(home, before)
    judged(home)
    asked = count_judged(monkeypatch)
    put(home, after)
    judged(home)
    assert asked == [documents]


@pytest.mark.usefixtures("between")
def test_other_rules_and_a_file_of_another_hand_have_the_whole_year_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home(tmp_path)
    put(home, (1, 1, 1, 1, 1, 1, 1))
    first = judged(home)
    asked = count_judged(monkeypatch)
    lake.write_year(home, RECONCILED, 2024, first.head(3))
    assert judged(home).equals(first)
    monkeypatch.setattr(reconciling, "expectations_version", lambda: "other")
    judged(home)
    assert asked == [6, 6]


@needs_shared
def test_a_real_document_that_comes_later_is_judged_as_if_it_had_always_been_there(tmp_path: Path) -> None:
    """All rules: 001 lists units, two of the others are units of its kind."""
    home = a_home(tmp_path)
    parts = [part_of(number) for number in ("000", "001", "003", "004")]
    versions = {part.document.document_id: part.document.reader_version for part in parts}
    for part in parts:
        lake.write_part(home, part)
    late = parts[1].document.document_id
    lake.assemble_year(home, 2024, {name: versions[name] for name in versions if name != late}, at=DAY)
    judged(home)
    lake.assemble_year(home, 2024, versions, at=DAY)
    later = judged(home)
    makings.forget(home, 2024)
    assert later.equals(judged(home))
