"""Blocks of code, name and amount side by side: 一般公共预算财政拨款基本支出决算明细表.

Belongs here: the blocks and the row of totals (人员经费合计 … 公用经费合计) of that layout.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.header import Row, cell_labels
from pipelines.layouts.subjects import code_cells
from pipelines.layouts.table import Table, UnreadableError, is_empty
from pipelines.model import Cell
from pipelines.recognised_rows import settled_codes
from pipelines.sheet import RowKey, Sheet
from pipelines.vocabulary import Form
from pipelines.wording import fold, joined_code, measure_names, name_key

_CODE = re.compile(r"\d{3}(?:\d{2})?")


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one block: its code (one column, or 类 and 款), its name, its amount."""

    codes: range
    name: int
    amount: int


@dataclass(frozen=True, slots=True)
class _Total:
    item: str
    labels: list[Cell]
    cell: Cell
    block: int


def read(sheet: Sheet, table: Table) -> None:
    """Read each block downwards, blocks left to right; a total after the block of its amount."""
    blocks = columns(sheet.form, table)
    sheet.claim_head(table.head)
    measure = sheet.form.measures[0].name
    rows = [row for row in table.full_rows(sheet) if not is_empty(row)]
    rows = settled_codes(sheet, rows, [(block.codes, block.name) for block in blocks])
    totals = [total for row in rows for total in _totals(sheet, row, blocks)]
    plain = [row for row in rows if not _is_total(sheet.form, row)]
    for number, block in enumerate(blocks):
        for row in plain:
            _take(sheet, row, block, measure)
        for total in totals:
            if total.block == number:
                sheet.rows += 1
                key = RowKey(sheet.rows, item=total.item, name_printed=total.item)
                for cell in total.labels:
                    sheet.claim_label(cell, "name")
                sheet.amount(key, measure, total.cell)


def columns(form: Form, table: Table) -> tuple[Block, ...]:
    """The blocks that the head names: 科目代码, 科目名称, 决算数, again and again."""
    codes = _places(table, form.code_columns)
    names = _places(table, form.name_columns)
    amounts = _places(table, tuple(measure_names(form)))
    if not codes:
        raise UnreadableError("表头里找不到科目代码列")
    blocks = []
    for code, following in zip(codes, [*codes[1:], table.width], strict=True):
        name = next((i for i in names if code < i < following), None)
        amount = next((i for i in amounts if name is not None and name < i < following), None)
        if name is None or amount is None:
            raise UnreadableError("科目代码列后面不是科目名称和决算数")
        blocks.append(Block(range(code, name), name, amount))
    return tuple(blocks)


def _places(table: Table, words: tuple[str, ...]) -> list[int]:
    """The columns that one of these words names in the head."""
    wanted = {name_key(word) for word in words}
    return sorted({i for row in table.head for i, cell in enumerate(row) if wanted & set(cell_labels(cell))})


def _is_total(form: Form, row: Row) -> bool:
    text = fold("".join(cell.text for cell in row))
    return any(fold(total) in text for total in form.totals)


def _totals(sheet: Sheet, row: Row, blocks: tuple[Block, ...]) -> list[_Total]:
    """The totals of a row. A label may be cut over cells; its amount is the number before the next label."""
    if not _is_total(sheet.form, row):
        return []
    labels: list[tuple[str, int, list[Cell]]] = []
    pending: list[Cell] = []
    for i, cell in enumerate(row):
        if cell.text and not fold(cell.text).replace(".", "").replace(",", "").isdigit():
            pending.append(cell)
            text = fold("".join(c.text for c in pending))
            name = next((t for t in sheet.form.totals if fold(t) == text), None)
            if name:
                labels.append((name, i, pending))
                pending = []
    found: list[_Total] = []
    for k, (name, start, cells) in enumerate(labels):
        end = labels[k + 1][2][0] if k + 1 < len(labels) else None
        stop = next((i for i, cell in enumerate(row) if cell is end), len(row))
        places = [(n, b.amount) for n, b in enumerate(blocks) if start < b.amount < stop]
        printed = [(n, i) for n, i in places if row[i].text]
        if not places or len(printed) > 1:
            sheet.hold_row(row, f"「{name}」一行的金额位置不明")
            return []
        number, index = (printed or places[-1:])[0]
        found.append(_Total(name, cells, row[index], number))
    return found


def _take(sheet: Sheet, row: Row, block: Block, measure: str) -> None:
    codes, name, amount = code_cells(sheet, row, block.codes), row[block.name], row[block.amount]
    if not codes and not name.text and not amount.text:
        return
    if sheet.holds_label([*codes, name], [*codes, name, amount]):
        return
    digits = joined_code(cell.text for cell in codes)
    if not _CODE.fullmatch(digits):
        sheet.hold_row([*codes, name, amount], "这一格组没有合规的经济科目代码")
        return
    sheet.rows += 1
    key = RowKey(sheet.rows, subject_code=digits, subject_code_printed=digits, name_printed=name.text or None)
    for cell in codes:
        sheet.claim_label(cell, "code")
    sheet.claim_label(name, "name")
    sheet.amount(key, measure, amount)
