"""A disclosure published three times: the state of each day, and the cells that changed in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assets import steps
from assets.progress import silent
from assets.reading import read_documents
from assets.taking import take_files
from tests.test_assets import NoFindings
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.figures import Disclosure, Row
from tests.typesetter.text import print_text
from tests.warehouse_fixtures import a_home, day, document, full_part, item, keep
from warehouse import lake
from warehouse.catalogue import views
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.query import QueryError, query
from warehouse.schema import literal

EXPENDITURE = "支出决算表"
FIRST = consistent_disclosure(8)
STATEMENT = FIRST.statement("expenditure")
assert STATEMENT is not None
SUBJECT = STATEMENT.rows[-1]
[MEASURE, *_] = SUBJECT.amounts
AS_OF = "SELECT path FROM as_of({})"
FIGURE = f'SELECT "{MEASURE}" FROM {EXPENDITURE}_截至({{}}) WHERE 科目代码 = {literal(SUBJECT.key)}'  # noqa: S608
CHANGES = "SELECT 表名, 科目代码, 列, 变动, 原值, 新值, 原文件, 新文件 FROM 重述 ORDER BY 首次见到, 表名, 列"


def changed(disclosure: Disclosure, form: str, key: str, amounts: Mapping[str, Decimal]) -> Disclosure:
    """The same disclosure with other figures in one row; without the row where there are none."""
    statements = []
    for statement in disclosure.statements:
        rows = [
            r if (statement.form, r.key) != (form, key) else Row(key, amounts, r.name) for r in statement.rows
        ]
        statements.append(replace(statement, rows=tuple(r for r in rows if r.amounts)))
    return replace(disclosure, statements=tuple(statements))


def corrected(disclosure: Disclosure, fen: str) -> Disclosure:
    """The same disclosure with one figure of 支出决算表 that many 元 higher."""
    amounts = {**SUBJECT.amounts, MEASURE: SUBJECT.amounts[MEASURE] + Decimal(fen)}
    return changed(disclosure, "expenditure", SUBJECT.key, amounts)


SECOND = corrected(FIRST, "100.00")
THIRD = changed(FIRST, "expenditure", SUBJECT.key, {})


def put(home: Home, name: str, disclosure: Disclosure) -> None:
    (home.inbox / name).write_bytes(print_text(disclosure).data)


def run_at(home: Home, now: datetime) -> None:
    """What a run on that day does."""
    take_files(home, [str(home.inbox)], now, silent)
    read_documents(home, now, silent)
    publish_at(home, now)


def publish_at(home: Home, now: datetime) -> None:
    """What follows from what was read."""
    years = steps.pending_years(home)
    steps.assemble_years(home, years, now, silent)
    for year in years:
        lake.write_year(home, "reconciliation", year, lake.read_year(home, "reconciliation", year))
    steps.validate_years(home, years, now, NoFindings().validate, silent)
    steps.publish(home, now, silent)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A unit-year that was published on the days 1, 3 and 5."""
    place = a_home(tmp_path_factory.mktemp("three"))
    for number, (name, disclosure) in enumerate((("一.txt", FIRST), ("二.txt", SECOND), ("三.txt", THIRD))):
        put(place, name, disclosure)
        run_at(place, day(1 + 2 * number))
    return place


def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    return list(query(home, sql).rows)


def on(number: int) -> str:
    return f"'{day(number):%Y-%m-%d}'"


def in_force(home: Home, number: int) -> list[str]:
    return [Path(path).name for (path,) in query(home, AS_OF.format(on(number))).rows]


def test_each_day_has_the_version_that_was_known_then(home: Home) -> None:
    assert [in_force(home, n) for n in range(7)] == [
        [], ["一.txt"], ["一.txt"], ["二.txt"], ["二.txt"], ["三.txt"], ["三.txt"],
    ]  # fmt: skip
    assert rows(home, f"FROM as_of(DATE {on(2)})") == rows(home, f"FROM as_of({on(2)})")


def test_a_twin_shows_the_figures_of_the_day(home: Home) -> None:
    figures = [[wan * 10000 for (wan,) in rows(home, FIGURE.format(on(n)))] for n in (0, 2, 4, 6)]
    printed = SUBJECT.amounts[MEASURE]
    assert figures == [[], [printed], [printed + 100], []]


def test_today_every_twin_is_as_its_view(home: Home) -> None:
    twins = {
        name
        for (name,) in query(home, "SELECT function_name FROM duckdb_functions() WHERE NOT internal").rows
    }
    twinned = [view.name for view in views() if f"{view.name}_截至" in twins]
    assert len(twinned) >= 24
    for name in twinned:
        own = query(home, f'FROM "{name}" ORDER BY ALL')
        assert query(home, f'FROM "{name}_截至"({on(9)}) ORDER BY ALL') == own, name
        assert rows(home, f'FROM "{name}_截至"({on(0)})') == [], name


def test_a_day_that_is_none_is_refused_in_one_line(home: Home) -> None:
    with pytest.raises(QueryError) as wrong:
        query(home, "FROM as_of('昨天')")
    assert "\n" not in str(wrong.value)


def test_the_cells_that_changed_are_all_there_and_no_other(home: Home) -> None:
    printed = SUBJECT.amounts
    of_second = {**printed, MEASURE: printed[MEASURE] + 100}
    [first, *gone] = rows(home, CHANGES)
    assert first[:6] == (EXPENDITURE, SUBJECT.key, MEASURE, "改数", printed[MEASURE], of_second[MEASURE])
    assert [Path(str(path)).name for path in first[6:]] == ["一.txt", "二.txt"]
    assert [row[1:6] for row in gone] == [
        (SUBJECT.key, measure, "删去", of_second[measure], None) for measure in sorted(of_second)
    ]
    cells = rows(home, "SELECT 原单元格, 新单元格, 原文档, 新文档 FROM 重述 WHERE 变动 = '改数'")
    [(old, new, earlier, later)] = cells
    assert (str(old).split("/")[0], str(new).split("/")[0]) == (earlier, later)


def test_a_run_more_changes_nothing(home: Home) -> None:
    shown = [rows(home, f"FROM {name}") for name in ("重述", "document_standing", f"as_of({on(4)})")]
    run_at(home, day(8))
    assert shown == [rows(home, f"FROM {name}") for name in ("重述", "document_standing", f"as_of({on(4)})")]


@pytest.mark.parametrize(("others", "back"), [(0, False), (12, True)])
def test_the_older_version_is_back_only_where_the_newer_one_was_withdrawn_on_purpose(
    tmp_path: Path, others: int, back: bool
) -> None:
    """One file of two that is gone is no withdrawal; one of many is."""
    home = a_home(tmp_path)
    for number in range(others):
        (home.inbox / f"附注{number}.txt").write_text(f"第 {number} 号附注。\n", "utf-8")
    put(home, "一.txt", FIRST)
    run_at(home, day(1))
    put(home, "二.txt", SECOND)
    run_at(home, day(3))
    (home.inbox / "二.txt").unlink()
    run_at(home, day(5))
    assert in_force(home, 6) == (["一.txt"] if back else ["二.txt"])
    assert (in_force(home, 2), in_force(home, 4)) == (["一.txt"], ["二.txt"])
    assert (rows(home, "FROM 重述") == []) == back


def test_rows_are_matched_by_what_they_are_about_and_what_is_held_is_not_compared(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    old, new = document("旧"), document("新")
    kept = ("2080505", "2101102")
    before = [("2080505", "1"), ("2080505", "2"), ("2101102", "3")]
    after = [("2010101", "9"), ("2080505", "1"), ("2080505", "5"), ("2101102", "3.1")]
    for number, (doc, lines) in enumerate(((old, before), (new, after))):
        items = tuple(
            replace(
                item(doc, "income", place, "本年收入合计", wan, f"L{place}/c3"),
                subject_code=code,
                status="held" if wan == "3.1" else "printed",
                amount=None if wan == "3.1" else Decimal(wan) * 10000,
            )
            for place, (code, wan) in enumerate(lines, 1)
        )
        part = full_part(doc)
        part = replace(part, line_items=items, statements=part.statements[1:2], cells=())
        keep(home, part, at=day(number))
    publish_at(home, day(4))
    told = rows(home, "SELECT 科目代码, 变动, 原值, 新值 FROM 重述 ORDER BY ALL")
    assert told == [("2010101", "新增", None, 90000), (kept[0], "改数", 20000, 50000)]


def correct(home: Home, cell: str, printed: str, value: str, when: datetime) -> None:
    (home.corrections / "a.yml").write_text(
        f"- 单元格: {cell}\n  印作: {printed}\n  改为: {value}\n"
        f"  理由: 原件\n  何人: 审计一组\n  何日: {when:%Y-%m-%d}\n",
        "utf-8",
    )


def test_before_its_day_a_correction_shows_what_was_printed(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    keep(home, full_part(doc := document("甲")), at=day(0))
    correct(home, f"{doc.document_id}/L10/c3", "8178.89", "8178.98", day(3))
    publish_at(home, day(4))
    cell = "SELECT 金额, 状态 FROM 单元格_截至({}) WHERE 行次 = 31"
    wide = "SELECT 金额, 更正 FROM 收入支出决算总表_截至({}) WHERE 行次 = 31"
    before, after = Decimal("8178.89"), Decimal("8178.98")
    assert [rows(home, cell.format(on(n)))[0] for n in (2, 3)] == [(before, "printed"), (after, "corrected")]
    assert [rows(home, wide.format(on(n)))[0] for n in (2, 3)] == [(before, []), (after, ["金额"])]


def test_before_its_day_a_corrected_count_shows_what_was_printed(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    keep(home, full_part(doc := document("甲")), at=day(0))
    correct(home, f"{doc.document_id}/L51/c3", "3", "4", day(3))
    publish_at(home, day(4))
    wide = "SELECT 统计数, 更正 FROM 部门决算公开相关信息统计表_截至({}) WHERE 行次 = 7"
    assert [rows(home, wide.format(on(n)))[0] for n in (2, 3)] == [(3, []), (4, ["统计数"])]


def test_a_decision_is_none_before_its_day(home: Home) -> None:
    assert rows(home, f"DESCRIBE FROM decision_截至({on(2)})") == rows(home, "DESCRIBE FROM decision")


def test_a_withdrawn_source_is_in_force_until_then(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    keep(home, full_part(document("甲")), path="a.txt", at=day(0))
    Ledger(home).withdrawn(path="a.txt", at=day(3))
    publish_at(home, day(4))
    assert [len(in_force(home, n)) for n in (2, 3, 4)] == [1, 0, 0]
