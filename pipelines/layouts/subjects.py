"""Tables by functional 科目代码: a code, a name, the measures (收入决算表, 支出决算表, …).

Belongs here: columns and rows of that layout. Repairing codes that were cut short does not.
"""

from __future__ import annotations

import re

from pipelines.amounts import read_amount
from pipelines.header import Row
from pipelines.layouts.table import Table, UnreadableError, is_empty, joined
from pipelines.sheet import HOLD_ROW, RowKey, Sheet
from pipelines.vocabulary import Form
from pipelines.wording import fold, measure_names, name_key, wording

_CODE = re.compile(r"\d{3,7}")


def read(sheet: Sheet, table: Table) -> None:
    """Read every row: 合计, or a code with its name; the measures by their columns."""
    first, measures = columns(sheet, table) if table.head else _columns_without_head(sheet.form, table)
    sheet.claim_head(table.head)
    for row in table.full_rows(sheet):
        if is_empty(row):
            continue
        key = _row_key(sheet, row, first)
        if key is None:
            sheet.hold_row(row, "这一行既不是合计，也没有合规的科目代码", HOLD_ROW)
            continue
        sheet.rows = key.row_seq
        sheet.claim(row[first], "code" if key.subject_code_printed else "name")
        sheet.claim(row[first + 1], "name")
        sheet.code_cells[key.row_seq] = row[first]
        for measure, index in measures:
            sheet.amount(key, measure, row[index])


def columns(sheet: Sheet, table: Table) -> tuple[int, list[tuple[str, int]]]:
    """Index of the code column, and measure with index for each column of amounts.

    The words of the head say which measure a column is; the row of column numbers says where the
    columns stand. Where the words stand elsewhere (a damaged head), the numbers decide, if the words
    come in the form's order and every one of them is there.
    """
    form = sheet.form
    named = _named_columns(form, table)
    code = next(
        (i for row in table.head for i, cell in enumerate(row) if name_key(cell.text) in _code_words(form)),
        None,
    )
    numbers = table.numbers
    if not numbers:
        if code is None or not named:
            raise UnreadableError("表头里找不到科目代码列或金额列")
        return code, named
    if len(numbers) != len(named):
        raise UnreadableError(f"栏次有 {len(numbers)} 栏，表头认出 {len(named)} 个列名")
    if [i for _, i in named] != numbers:
        sheet.note("列名与栏次错位，按栏次取列", "核对原件表头", table.head[0][0].locator)
    if numbers[0] < 2:
        raise UnreadableError("栏次 1 之前没有科目代码和名称两列")
    return numbers[0] - 2, [(measure, i) for (measure, _), i in zip(named, numbers, strict=True)]


def _code_words(form: Form) -> set[str]:
    return {name_key(word) for word in form.code_columns}


def _named_columns(form: Form, table: Table) -> list[tuple[str, int]]:
    """Measures that the head names, in the order of their columns.

    A word may stand for two measures (小计); the one not yet seen is meant, in the form's order.
    """
    names = measure_names(form)
    found: dict[str, int] = {}
    for index in range(table.width):
        for row in table.head:
            if index < len(row):
                for measure in names.get(name_key(row[index].text), ()):
                    if measure not in found:
                        found[measure] = index
                        break
    return sorted(found.items(), key=lambda pair: pair[1])


def _columns_without_head(form: Form, table: Table) -> tuple[int, list[tuple[str, int]]]:
    """The form's own order of columns, where the head was lost but the width fits.

    Only a guess: :mod:`pipelines.proof` must prove it from the figures, else the statement is held.
    """
    measures = [m.name for m in form.measures if m.name not in form.optional]
    if table.width != len(measures) + 2 or form.row_identity is None or form.witness is None:
        raise UnreadableError("表头缺失，列数与本表不合")
    return 0, [(name, i + 2) for i, name in enumerate(measures)]


def _row_key(sheet: Sheet, row: Row, first: int) -> RowKey | None:
    code, name = row[first], row[first + 1]
    seq = sheet.rows + 1
    if fold(joined(row[: first + 2])) in wording().total:
        return RowKey(seq, item="合计", name_printed=joined(row[: first + 2]))
    digits = fold(code.text)
    if not _CODE.fullmatch(digits) or read_amount(name.text).kind == "number":
        return None
    return RowKey(seq, subject_code=digits, subject_code_printed=digits, name_printed=name.text or None)
