"""What a cell of a performance form became: a field, an amount of a source or task, a part of an indicator.

Belongs here: the steps of ``explain`` that are about performance forms. Does not belong here: the steps that
every cell has (``explain``).
"""

# ruff: noqa: S608 - the statements are made of our own names and quoted texts

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from warehouse.query import Published
from warehouse.rows import Row
from warehouse.schema import identifier, literal, tables, word

Step = tuple[str, str]


class Part(NamedTuple):
    """A table of a form's rows: what a row is called, which columns name it, and the view that shows it.

    ``cells`` gives for each column that holds a cell the column of what stands there.
    """

    table: str
    row: str
    named_by: tuple[str, ...]
    cells: dict[str, str]
    view: str


FIELD = "performance_field"
PARTS = (
    Part(FIELD, "栏目", ("field",), {"cell_id": "field"}, "绩效项目栏"),
    Part(
        "fact_performance_funding",
        "资金",
        ("period", "kind", "source"),
        {
            "budget_cell": "budget_amount",
            "received_cell": "received_amount",
            "executed_cell": "executed_amount",
            "rate_cell": "execution_rate",
        },
        "绩效资金",
    ),
    Part(
        "fact_performance_task",
        "任务",
        ("task", "project"),
        {
            "cell_id": "project",
            "allotted_cell": "allotted_amount",
            "executed_cell": "executed_amount",
            "rate_cell": "execution_rate",
            "weight_cell": "weight",
            "score_cell": "score",
        },
        "绩效任务",
    ),
    Part(
        "fact_performance_indicator",
        "指标",
        ("period", "level1", "level2", "ordinal", "level3"),
        {
            "cell_id": "level3",
            "target_cell": "target",
            "achieved_cell": "achieved",
            "completion_cell": "completion",
            "weight_cell": "weight",
            "score_cell": "score",
        },
        "绩效指标",
    ),
)


def forms_of(published: Published, form_id: str) -> list[Row]:
    """The row of a performance form; none where the id is of no form."""
    return published.rows("fact_performance_form", form_id=form_id)


def form_steps(published: Published, cell_id: str, owners: set[str]) -> list[Step]:
    """What forms say in a cell; ``owners`` are the statements and forms that it is known to stand in."""
    found = form_rows(published, cell_id)
    steps = []
    for form_id in sorted(owners | {row["form_id"] for _, row in found}):
        for form in forms_of(published, form_id):
            steps.append(("绩效表", _form(published, form)))
            for part, row in found:
                if row["form_id"] == form_id:
                    steps += _row(part, row, form, cell_id)
                    steps += _stored(part, form)
    return steps


def form_rows(published: Published, cell_id: str) -> list[tuple[Part, Row]]:
    """The fields, sources, tasks and indicators that say something in a cell."""
    found = []
    for part in PARTS:
        there = " OR ".join(f"{identifier(column)} = {literal(cell_id)}" for column in part.cells)
        rows = published.select(f"SELECT * FROM {part.table} WHERE {there} ORDER BY form_id, seq")
        found += [(part, row) for row in rows]
    return found


def _form(published: Published, form: Row) -> str:
    title = form["title_printed"] or "没有印出标题"
    first = forms_of(published, form["duplicate_of"]) if form["duplicate_of"] else []
    again = f"，第 {first[0]['seq']} 张的第二次印刷" if first else ""
    about = f"（第 {form['seq']} 张，{form['family']} 式，{form['state']}，{form['locator']}{again}）"
    return " · ".join(filter(None, (title + about, form["project_name"])))


def _row(part: Part, row: Row, form: Row, cell_id: str) -> Iterator[Step]:
    names = "、".join(row[name] for name in part.named_by if row[name])
    yield part.row, f"{names}（第 {row['seq']} 行）"
    described = {column.name: column for column in tables()[part.table].columns}
    for cell, what in part.cells.items():
        if row[cell] != cell_id:
            continue
        if part.table == FIELD:
            yield from _figure(row["printed"], row["amount"], row["unit"], "元")
            yield from _figure(row["printed"], row["number"], "", row["unit"] or "")
        else:
            yield "列", described[what].zh
            value, printed = row[what], row.get(cell.replace("_cell", "_printed"))
            money = described[what].unit == "元"
            if isinstance(value, Decimal):
                unit = form["money_unit"] if money else ""
                yield from _figure(printed, value, unit, described[what].unit)
            elif value and cell != "cell_id":
                yield "文字", f"「{value}」"
    yield "状态", word(part.table, "status", row["status"])
    if row["reason"]:
        yield "原因", str(row["reason"])


def _figure(
    printed: str | None, value: Decimal | None, printed_unit: str | None, unit: str
) -> Iterator[Step]:
    """How a print became a figure: money in 元, anything else as it is printed."""
    if value is None:
        return
    digits = f"{value:,f}"
    exact = digits if unit == "元" else digits.rstrip("0").rstrip(".")
    shown = f"「{printed}」{printed_unit or ''} → " if printed else ""
    yield ("换算" if unit == "元" else "数值"), f"{shown}{exact} {unit}".rstrip()


def _stored(part: Part, form: Row) -> Iterator[Step]:
    yield "入库", f"{part.table}（form_id {form['form_id']}）"
    yield "视图", f"{part.view}：绩效表序号 {form['seq']}"
