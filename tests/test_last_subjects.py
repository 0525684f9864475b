"""末级科目: the rows of a statement that may be added up, for every way in which offices print one."""

# ruff: noqa: S608 - the statements are made of names of our own

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.document import read_document
from pipelines.model import DocumentPart
from pipelines.vocabulary import forms
from tests.shared_documents import needs_shared, part_of
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.corpus import TEMPLATES
from tests.typesetter.manner import Manner
from tests.typesetter.text import print_text
from tests.warehouse_fixtures import DAY, VERSION, a_home, document, item, keep, statement
from warehouse.build import build
from warehouse.home import Home
from warehouse.query import QueryError, query

VIEW = "一般公共预算财政拨款支出决算表"
FORM = "general_budget_expenditure"
# Half of the last printed digit, in 万元, for each of the addends and for their sum.
HALF = Decimal("0.005")


def published(folder: Path, parts: Sequence[DocumentPart]) -> Home:
    home = a_home(folder)
    keep(home, *(replace(p, document=replace(p.document, reader_version=VERSION)) for p in parts))
    build(home, now=DAY)
    return home


def tables() -> list[tuple[str, str, str]]:
    """View, its measure that is added up, and the rows that are its total."""
    total = "regexp_matches(科目名称, '合计$')"
    return [
        (form.name, measure.name, total)
        for form in forms().values()
        if form.layout in ("subjects", "blocks")
        for measure in form.measures
    ]


def differences(home: Home) -> list[tuple[str, str, str, Decimal, int]]:
    """文件, view, measure, 合计 less the sum of 末级科目, number of addends: where a 合计 is printed."""
    found = []
    for view, measure, total in tables():
        rows = query(
            home,
            f"""SELECT 文件, t.总 - coalesce(s.和, 0), coalesce(s.几, 0)
            FROM (SELECT 文件, 文档, sum({measure}) AS 总 FROM {view}
                  WHERE 科目代码 IS NULL AND {total} GROUP BY ALL HAVING 总 IS NOT NULL) t
            LEFT JOIN (SELECT 文档, sum({measure}) AS 和, count(nullif({measure}, 0)) AS 几
                       FROM 末级科目('{view}') GROUP BY ALL) s USING (文档)""",
        ).rows
        found += [(file, view, measure, difference, addends) for file, difference, addends in rows]
    return found


# --- by hand -------------------------------------------------------------------------


def printed(*rows: tuple[str | None, str], **changes: str) -> DocumentPart:
    """A document whose statement prints these codes and amounts, 合计 without a code."""
    doc = document(repr((rows, sorted(changes.items()))), **changes)
    items = tuple(
        item(
            doc, FORM, number, "小计", amount, f"L{number}/c3",
            subject_code=code, subject_code_printed=code, name_printed="合计" if code is None else "科目",
        )
        for number, (code, amount) in enumerate(rows, start=1)
    )  # fmt: skip
    return DocumentPart(doc, statements=(statement(doc, FORM, rows=len(rows)),), line_items=items)


WAYS = {
    "类 alone": (["208", "210"], [(None, "3"), ("208", "1"), ("210", "2")]),
    "项 alone": (["2080505", "2101102"], [(None, "3"), ("2080505", "1"), ("2101102", "2")]),
    "类, 款, 项": (
        ["2080505", "2080506", "2101102"],
        [(None, "6"), ("208", "3"), ("20805", "3"), ("2080505", "1"), ("2080506", "2"),
         ("210", "3"), ("21011", "3"), ("2101102", "3")],
    ),
    "类 and 项, a 款 left out": (
        ["2080505", "210"],
        [(None, "3"), ("208", "1"), ("2080505", "1"), ("210", "2")],
    ),
    "two units stacked": (
        ["2080505", "2101102", "2080505", "2101101"],
        [(None, "10"), ("2080505", "1"), ("2101102", "2"), ("2080505", "3"), ("2101101", "4")],
    ),
    "two units stacked with their 类": (
        ["2080505", "2080505"],
        [(None, "4"), ("208", "1"), ("2080505", "1"), ("208", "3"), ("2080505", "3")],
    ),
    "the total last": (["2080505"], [("208", "1"), ("2080505", "1"), (None, "1")]),
    "a held figure": (["2080505", "2080506"], [("208", "3"), ("2080505", "1"), ("2080506", None)]),
}  # fmt: skip


def unit(way: str) -> str:
    return f"第{list(WAYS).index(way)}局"


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory) -> Home:
    parts = [printed(*rows, unit_name=unit(way)) for way, (_, rows) in WAYS.items()]
    return published(tmp_path_factory.mktemp("by-hand"), parts)


@pytest.mark.parametrize("way", WAYS)
def test_the_deepest_rows_that_are_printed_are_left(by_hand: Home, way: str) -> None:
    sql = f"SELECT 科目代码 FROM 末级科目('{VIEW}') WHERE 单位 = '{unit(way)}' ORDER BY 序号"
    rows = query(by_hand, sql).rows
    assert [code for (code,) in rows] == WAYS[way][0]


def test_what_another_document_prints_below_says_nothing(tmp_path: Path) -> None:
    """部门 beside 单位: each is judged by its own rows, and both stay."""
    home = published(
        tmp_path,
        [
            printed((None, "3"), ("208", "3"), level="部门", unit_name="某局"),
            printed((None, "1"), ("208", "1"), ("2080505", "1"), level="单位", unit_name="某中心"),
        ],
    )
    rows = query(home, f"SELECT 层级, 科目代码 FROM 末级科目('{VIEW}') ORDER BY ALL").rows
    assert rows == [("单位", "2080505"), ("部门", "208")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("单元格", "只用于"),
        ("科目表", "文档"),
        ("/etc/hostname", "does not exist"),
        ("read_text(''/etc/hostname'')", "does not exist"),
        ("(SELECT 1)", "does not exist"),
    ],
)
def test_it_takes_the_name_of_a_statement_and_nothing_else(by_hand: Home, name: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        query(by_hand, f"FROM 末级科目('{name}')")


# --- of what is typeset and of what is real ------------------------------------------------------


@pytest.fixture(scope="module")
def typeset(tmp_path_factory) -> Home:
    """Every template, as 单位 and as 部门 with its 单位 (stacked where the template prints 项 alone)."""
    parts = []
    for number, template in enumerate(TEMPLATES):
        for members in ((), ("示例市甲中心", "示例市乙中心")):
            made = consistent_disclosure(
                900 + number, template_id=template, unit=f"示例市{template}局{len(members)}",
                level="部门" if members else "单位", members=members, general=6, funds=2, capital=1,
            )  # fmt: skip
            data = print_text(made, Manner(total=None)).data
            parts.append(read_document(data, name=f"{template}{len(members)}.txt"))
    return published(tmp_path_factory.mktemp("typeset"), parts)


def test_they_add_up_to_the_total_of_every_typeset_statement(typeset: Home) -> None:
    found = differences(typeset)
    assert len({(file, view) for file, view, *_ in found}) >= 6 * 5
    assert [f for f in found if abs(f[3]) > HALF * (f[4] + 1)] == []


def test_a_parent_counted_beside_its_children_would_show(typeset: Home) -> None:
    """Where 类 and 款 are printed, the sum of all rows with a code is no total: the check above can fail."""
    rows = query(
        typeset,
        f"""SELECT 单位, sum(小计) FILTER (科目代码 IS NOT NULL) - sum(小计) FILTER (科目代码 IS NULL)
        FROM {VIEW} GROUP BY ALL""",
    ).rows
    assert sum(abs(difference) > 1 for _, difference in rows) >= 4


# What does not add up is the document's: 004 prints a 合计 of 基本支出 that its rows do not give.
NOT_IN_ORDER = {("004", "支出决算表")}


@needs_shared
def test_they_add_up_to_the_total_of_every_real_statement_in_order(tmp_path: Path) -> None:
    parts = {number: part_of(number) for number in ("000", "001", "003", "004")}
    home = published(tmp_path, list(parts.values()))
    names = {f"inbox/{part.document.document_id}.txt": number for number, part in parts.items()}
    found = differences(home)
    assert len({(file, view) for file, view, *_ in found}) >= 12
    wrong = {(names[f[0]], f[1]) for f in found if abs(f[3]) > HALF * (f[4] + 1)}
    assert wrong == NOT_IN_ORDER
