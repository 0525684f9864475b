"""Blocks of code, name and amount side by side: 一般公共预算财政拨款基本支出决算明细表.

Belongs here: the blocks and the row of totals (人员经费合计 … 公用经费合计) of that layout.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.header import Row
from pipelines.layouts.table import Table, UnreadableError, is_empty
from pipelines.model import Cell
from pipelines.sheet import RowKey, Sheet
from pipelines.vocabulary import Form
from pipelines.wording import fold, measure_names, name_key

_CODE = re.compile(r"\d{3}(?:\d{2})?")


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one block."""

    code: int
    name: int
    amount: int


@dataclass(frozen=True, slots=True)
class _Total:
    item: str
    label: Cell
    cell: Cell
    block: int


def read(sheet: Sheet, table: Table) -> None:
    """Read each block downwards, blocks left to right; a total after the block of its amount."""
    blocks = columns(sheet.form, table)
    sheet.claim_head(table.head)
    measure = sheet.form.measures[0].name
    rows = [row for row in table.full_rows(sheet) if not is_empty(row)]
    totals = [total for row in rows for total in _totals(sheet, row, blocks)]
    plain = [row for row in rows if not _is_total(sheet.form, row)]
    for number, block in enumerate(blocks):
        for row in plain:
            _take(sheet, row, block, measure)
        for total in totals:
            if total.block == number:
                sheet.rows += 1
                key = RowKey(sheet.rows, item=total.item, name_printed=total.item)
                sheet.amount(key, measure, total.cell)


def columns(form: Form, table: Table) -> tuple[Block, ...]:
    """The blocks that the head names: 科目代码, 科目名称, 决算数, again and again."""
    codes = {name_key(word) for word in form.code_columns}
    names = {name_key(word) for word in form.name_columns}
    head = next((row for row in table.head if any(name_key(cell.text) in codes for cell in row)), None)
    if head is None:
        raise UnreadableError("表头里找不到科目代码列")
    blocks = []
    for i, cell in enumerate(head):
        if name_key(cell.text) not in codes:
            continue
        if i + 2 >= len(head) or name_key(head[i + 1].text) not in names:
            raise UnreadableError("科目代码列后面不是科目名称和决算数")
        if not measure_names(form).get(name_key(head[i + 2].text)):
            raise UnreadableError("科目名称列后面不是决算数")
        blocks.append(Block(i, i + 1, i + 2))
    return tuple(blocks)


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
        for cell in cells:
            sheet.claim(cell, "name")
        found.append(_Total(name, cells[0], row[index], number))
    return found


def _take(sheet: Sheet, row: Row, block: Block, measure: str) -> None:
    code, name, amount = row[block.code], row[block.name], row[block.amount]
    if not code.text and not name.text and not amount.text:
        return
    digits = fold(code.text)
    if not _CODE.fullmatch(digits):
        sheet.hold_row([code, name, amount], "这一格组没有合规的经济科目代码")
        return
    sheet.rows += 1
    key = RowKey(sheet.rows, subject_code=digits, subject_code_printed=digits, name_printed=name.text or None)
    sheet.claim(code, "code")
    sheet.claim(name, "name")
    sheet.amount(key, measure, amount)
