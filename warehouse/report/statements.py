"""The ten statements as the reader knows them: columns, rows in printed order, and what each cell is.

Belongs here: turning rows of the statement views and of 单元格 into tables of texts and links. Does not
belong here: queries and HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.vocabulary import Form, forms
from warehouse.report.gather import Gathered
from warehouse.rows import Row
from warehouse.schema import word

# What every row of a page shares, or what only programs read.
_SHARED = {"单位", "年度", "层级", "序号", "文档", "文件", "关闭"}
# A column that is left out where it says the same as another in every row.
_TWINS = {"印刷行次": "行次", "印刷代码": "科目代码", "标准名称": "科目名称"}
_NAMES = ("项目", "科目名称", "口径")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Amount:
    """A cell of a measure: what is shown, its status (of 单元格; ``absent`` if none is printed), its id."""

    shown: str
    status: str
    cell_id: str = ""
    value: Decimal | None = None
    printed: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A statement: heading, state, column names with whether each is a measure, and rows."""

    name: str
    title: str
    number: str
    state: str
    place: str
    document: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str | Amount, ...], ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed cell: where it stands, in which row and column, and what became of it."""

    cell_id: str
    form: str
    row: str
    column: str
    amount: Amount
    unit: str
    status: str
    place: str


def figure(value: Decimal) -> str:
    """A value with thousands apart and the digits it needs, two at least."""
    if value == value.quantize(_CENT):
        return f"{value:,.2f}"
    return f"{value:,f}".rstrip("0")


def count(value: Decimal) -> str:
    """A number of things, with the digits it needs."""
    digits = f"{value:,f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


Cells = dict[tuple[str, str, int, str], Row]


def cells_of(page: Gathered) -> Cells:
    """The printed cells of a page by document, 表名, 序号 and 列."""
    return {(c["文档"], c["表名"], c["序号"], c["列"]): c for c in page.cells}


def tables(page: Gathered, cells: Cells) -> Iterator[Table]:
    """Every statement of a page, in the order of the forms; those without rows have their state alone."""
    order = {form.name: (number, form) for number, form in enumerate(forms().values())}
    for said in sorted(page.statements, key=lambda s: (s["文档"], order[s["表名"]][0])):
        rows = page.rows.get((said["文档"], said["表名"]), [])
        columns, shown = _shown(order[said["表名"]][1], rows, cells)
        yield Table(
            name=said["表名"],
            title=said["印刷标题"] or "",
            number=said["印刷表号"] or "",
            state=said["状态"],
            place=said["位置"] or "",
            document=said["文档"],
            columns=columns,
            rows=shown,
        )


def amount(row: Row, form: str, column: str, cells: Cells) -> Amount:
    """The cell of a row of a statement view: its status tells why it has no value."""
    value: Decimal | None = row[column]
    cell = cells.get((row["文档"], form, row["序号"], column))
    if cell is None:
        return Amount("" if value is None else figure(value), "absent", value=value)
    status, printed = cell["状态"], cell["印刷文字"] or ""
    if value is None:
        shown = {"closed": "——", "held": "待核", "missing": "缺失"}.get(status, "")
        return Amount(shown, status, cell["单元格"], printed=printed)
    words = figure(value) if cell["计量单位"] == "万元" else count(value)
    return Amount(words, status, cell["单元格"], value, printed)


def printed(page: Gathered) -> Iterator[Printed]:
    """The cells of a page that are not simply blank, in printed order."""
    names = {
        (row["文档"], form, row["序号"]): next((row[n] for n in _NAMES if row.get(n)), "")
        for (_, form), rows in page.rows.items()
        for row in rows
    }
    order = {form.name: number for number, form in enumerate(forms().values())}
    for cell in sorted(page.cells, key=lambda c: (c["文档"], order[c["表名"]], c["序号"])):
        if cell["状态"] == "blank":
            continue
        row = {"文档": cell["文档"], "序号": cell["序号"], cell["列"]: cell["金额"]}
        key = (cell["文档"], cell["表名"], cell["序号"], cell["列"])
        of = names.get((cell["文档"], cell["表名"], cell["序号"]), "")
        yield Printed(
            cell_id=cell["单元格"],
            form=cell["表名"],
            row=" ".join(filter(None, (cell["科目代码"], of))) or f"第 {cell['序号']} 行",
            column=cell["列"],
            amount=amount(row, cell["表名"], cell["列"], {key: cell}),
            unit=cell["计量单位"],
            status=word("fact_line_item", "status", cell["状态"]),
            place=cell["位置"],
        )


def _shown(
    form: Form, rows: list[Row], cells: Cells
) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str | Amount, ...], ...]]:
    if not rows:
        return (), ()
    measures = {m.name for m in form.measures}
    made = [
        {
            name: amount(row, form.name, name, cells) if name in measures else _text(value)
            for name, value in row.items()
            if name not in _SHARED
        }
        for row in rows
    ]
    columns = tuple(name for name in made[0] if _says_something(name, made))
    body = tuple(tuple(row[name] for name in columns) for row in made)
    return tuple((name, name in measures) for name in columns), body


def _says_something(name: str, rows: list[dict[str, str | Amount]]) -> bool:
    """Whether a column is shown: not where it is empty throughout, or repeats its twin."""
    twin = _TWINS.get(name)
    if twin and all(row[name] in ("", row.get(twin)) for row in rows):
        return False
    return any(
        cell.status != "absent" or cell.shown if isinstance(cell, Amount) else cell
        for cell in (row[name] for row in rows)
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return "、".join(value) if isinstance(value, list) else str(value)
