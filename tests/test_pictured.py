"""A recognised statement that was not seen whole is held; the same of digital text is what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from pipelines.model import Block, Grid, Line, Reading
from pipelines.performance.reading import read_performance
from pipelines.readers import read
from pipelines.second_route import read_regions
from pipelines.statements import READING_PICTURE, Found
from tests.typesetter.corpus import LOOKS, printed
from tests.typesetter.performance_consistent import consistent_form
from tests.typesetter.performance_document import on_their_own
from tests.typesetter.text import set_text

SURE = Reading(1.0)


@cache
def digital() -> tuple[Block, ...]:
    return read(printed("fpdf", 0, LOOKS["plain"], ("income",)).data).blocks


def pictured(blocks: Sequence[Block]) -> list[Block]:
    """The same blocks as if they had been recognised."""
    return [
        replace(block, reading=SURE)
        if isinstance(block, Line)
        else replace(block, rows=tuple(tuple(c._replace(reading=SURE) for c in row) for row in block.rows))
        for block in blocks
    ]


def income(blocks: Sequence[Block]) -> Found:
    return next(one for one in read_regions("d", blocks).found if one.sheet.form.id == "income")


def table_of(blocks: Sequence[Block]) -> tuple[int, Grid]:
    place = income(blocks).region.grids[0].rows[0][0].locator.rpartition("/")[0]
    return next(
        (i, block)
        for i, block in enumerate(blocks)
        if isinstance(block, Grid) and block.rows[0][0].locator.startswith(f"{place}/")
    )


def with_table(blocks: Sequence[Block], grid: Grid, *after: Block) -> list[Block]:
    at, _ = table_of(blocks)
    return [*blocks[:at], grid, *after, *blocks[at + 1 :]]


def test_a_recognised_statement_that_was_seen_whole_is_believed() -> None:
    one = income(pictured(digital()))
    assert (one.state, one.reader) == ("有数", READING_PICTURE)


def without_body(blocks: Sequence[Block]) -> list[Block]:
    _, grid = table_of(blocks)
    head = len(income(blocks).table.head)
    return with_table(blocks, replace(grid, rows=grid.rows[:head]))


def with_figures_below(blocks: Sequence[Block]) -> list[Block]:
    _, grid = table_of(blocks)
    page = grid.rows[0][0].locator.partition("/")[0]
    return with_table(blocks, grid, Line("1,204.50 33.08", f"{page}/l90"))


def with_another_table(blocks: Sequence[Block]) -> list[Block]:
    _, grid = table_of(blocks)
    page = grid.rows[0][0].locator.partition("/")[0]
    head = len(income(blocks).table.head)
    row = tuple(
        cell._replace(locator=f"{page}/t9/r1c{i}", text="8.20") for i, cell in enumerate(grid.rows[head], 1)
    )
    loose = Grid((row,), tuple(edge + 9 for edge in grid.edges))
    note = Line("注：本表反映部门本年度取得的各项收入情况。", f"{page}/l90")
    return with_table(blocks, grid, note, loose)


def with_a_column_too_many(blocks: Sequence[Block]) -> list[Block]:
    _, grid = table_of(blocks)
    head = len(income(blocks).table.head)
    last = grid.rows[head][-1]
    rows = [
        (*row, last._replace(text="7.10" if i >= head else "", locator=f"{row[-1].locator}9"))
        for i, row in enumerate(grid.rows)
    ]
    return with_table(blocks, replace(grid, rows=tuple(rows)))


@pytest.mark.parametrize(
    ("damaged", "says"),
    [
        (without_body, "没有认出一行"),
        (with_figures_below, "1,204.50"),
        (with_another_table, "8.20"),
        (with_a_column_too_many, "7.10"),
    ],
)
def test_a_recognised_statement_of_which_something_was_not_seen_is_held(damaged, says) -> None:
    one = income(pictured(damaged(digital())))
    assert one.state == "待核", one.reasons
    assert says in "；".join(one.reasons) or says in str(one.sheet.issues)
    assert not [item for item in one.sheet.items if item.status == "printed"]


def test_digital_text_that_has_no_rows_is_an_empty_table() -> None:
    assert income(without_body(digital())).state == "空表"


def with_unit_line(blocks: Sequence[Block], text: str, reading: Reading) -> list[Block]:
    """The blocks whose lines of the unit of money are another."""
    return [
        replace(block, text=text, reading=reading)
        if isinstance(block, Line) and "万元" in block.text
        else block
        for block in blocks
    ]


def test_a_unit_of_money_that_was_not_surely_read_is_none() -> None:
    blurred = with_unit_line(pictured(digital()), "金额单位：元", Reading(0.7))
    one = income(blurred)
    assert one.sheet.money_unit is None
    assert one.state == "待核"


def test_where_recognised_units_of_money_differ_nobody_knows_which_is_right() -> None:
    two = read(printed("fpdf", 0, LOOKS["plain"], ("income", "expenditure")).data).blocks
    blocks = pictured(two)
    at = next(i for i, block in enumerate(blocks) if isinstance(block, Line) and "万元" in block.text)
    blocks[at] = replace(blocks[at], text="金额单位：元")
    found = read_regions("d", blocks).found
    assert {one.state for one in found} == {"待核"}
    assert all("金额单位" in "；".join(one.reasons) for one in found)


def test_a_recognised_performance_form_is_read_only_if_all_its_figures_are_sure() -> None:
    """No identity tells what a figure of a form that was misread is."""
    filled = consistent_form("A", 2)
    blocks = pictured(read(set_text(on_their_own([filled])).data).blocks)
    assert len(read_performance("d", blocks).forms) == 1
    assert not read_performance("d", blocks).issues
    at, grid = [(i, block) for i, block in enumerate(blocks) if isinstance(block, Grid)][-1]
    rows = tuple(tuple(c._replace(text=f"{c.text}1", reading=Reading(0.6)) for c in r) for r in grid.rows)
    blocks[at] = replace(grid, rows=rows)
    reading = read_performance("d", blocks)
    assert reading.forms == reading.fields == reading.indicators == []
    assert [(issue.kind, "读不准" in issue.reason) for issue in reading.issues] == [("held", True)]


def test_a_statement_of_which_every_row_is_held_is_not_empty() -> None:
    blocks = list(digital())
    _, grid = table_of(blocks)
    torn = tuple(tuple(cell._replace(torn=True) for cell in row) for row in grid.rows)
    one = income(with_table(blocks, replace(grid, rows=torn)))
    assert (one.state, one.reasons) == ("不完整", ["有数的单元格都待核"])
