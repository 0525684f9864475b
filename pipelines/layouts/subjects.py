"""Tables by functional 科目代码: a code, a name, the measures (收入决算表, 支出决算表, …).

Belongs here: columns and rows of that layout. Repairing codes that were cut short does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.amounts import read_amount
from pipelines.header import Row, cell_labels
from pipelines.layouts.table import Table, UnreadableError, is_empty, joined
from pipelines.model import Cell
from pipelines.recognised_rows import settled_codes
from pipelines.sheet import HOLD_ROW, RowKey, Sheet
from pipelines.vocabulary import Form
from pipelines.wording import fold, joined_code, measure_names, name_key, wording

_CODE = re.compile(r"\d{3,7}")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table keeps its 科目代码 (one column, or 类, 款 and 项), its names and its measures."""

    codes: range
    name: int
    measures: tuple[tuple[str, int], ...]


def read(sheet: Sheet, table: Table) -> None:
    """Read every row: 合计, or a code with its name; the measures by their columns."""
    found = columns(sheet, table) if table.head else _columns_without_head(sheet.form, table)
    sheet.claim_head(table.head)
    rows = [row for row in table.full_rows(sheet) if not is_empty(row)]
    for row in settled_codes(sheet, rows, [(found.codes, found.name)]):
        codes = code_cells(sheet, row, found.codes)
        if sheet.holds_label([*codes, row[found.name]], row):
            continue
        if _lacks_level(row, found.codes):
            sheet.hold_row(row, "类、款、项中间缺一级，断不定是哪个科目", HOLD_ROW)
            continue
        key = _row_key(sheet, codes, row[found.name])
        if key is None:
            if _figures(row, found):
                sheet.hold_row(row, "这一行既不是合计，也没有合规的科目代码", HOLD_ROW)
            continue
        sheet.rows = key.row_seq
        for cell in codes:
            sheet.claim_label(cell, "code" if key.subject_code_printed else "name")
        sheet.claim_label(row[found.name], "name")
        sheet.code_cells[key.row_seq] = codes[0] if codes else row[found.codes[0]]
        for measure, index in found.measures:
            sheet.amount(key, measure, row[index])


def _lacks_level(row: Row, codes: range) -> bool:
    """Whether digits stand in columns of the code before and behind an empty one (201 | | 01)."""
    filled = [i for i in codes if fold(row[i].text).isdigit()]
    return bool(filled) and any(not row[i].text for i in range(filled[0] + row[filled[0]].span, filled[-1]))


def _figures(row: Row, found: Columns) -> bool:
    """Whether a row without a code holds anything beside head words (which the leftovers signal)."""
    return any(cell.text for cell in row[found.name :]) or any(
        fold(row[i].text) not in wording().structural for i in found.codes if row[i].text
    )


def columns(sheet: Sheet, table: Table) -> Columns:
    """The columns that the head names.

    The words of the head say which measure a column is; the row of column numbers says where the
    columns stand. Where the words stand elsewhere (a damaged head), the numbers decide, if the words
    come in the form's order and every one of them is there.
    """
    form = sheet.form
    named = _named_columns(form, table)
    code = _column_of(form.code_columns, table)
    name = _column_of(form.name_columns, table)
    numbers = table.numbers
    if not numbers:
        if code is None or name is None or code >= name or not named:
            raise UnreadableError("表头里找不到科目代码、科目名称或金额列")
        return Columns(range(code, name), name, tuple(named))
    if len(numbers) != len(named):
        raise UnreadableError(f"栏次有 {len(numbers)} 栏，表头认出 {len(named)} 个列名")
    if [i for _, i in named] != numbers:
        sheet.note("列名与栏次错位，按栏次取列", "核对原件表头", table.head[0][0].locator)
    if numbers[0] < 2:
        raise UnreadableError("栏次 1 之前没有科目代码和名称两列")
    name = numbers[0] - 1
    measures = tuple((measure, i) for (measure, _), i in zip(named, numbers, strict=True))
    return Columns(range(code if code is not None and code < name else name - 1, name), name, measures)


def _column_of(words: tuple[str, ...], table: Table) -> int | None:
    """The first column that one of these words names in the head."""
    wanted = {name_key(word) for word in words}
    places = [i for row in table.head for i, cell in enumerate(row) if wanted & set(cell_labels(cell))]
    return min(places, default=None)


def code_cells(sheet: Sheet, row: Row, columns: range) -> list[Cell]:
    """The cells of a row's code that hold something; 类, 款, 项 that share the row are of the head."""
    cells = []
    for cell in (row[i] for i in columns if row[i].text):
        if fold(cell.text) in wording().structural:
            sheet.claim(cell, "header", "表头")
        else:
            cells.append(cell)
    return cells


def _named_columns(form: Form, table: Table) -> list[tuple[str, int]]:
    """Measures that the head names, in the order of their columns.

    A word may stand for two measures (小计); the one not yet seen is meant, in the form's order.
    """
    names = measure_names(form)
    found: dict[str, int] = {}
    for index in range(table.width):
        for row in table.head:
            if index < len(row):
                meant = [m for label in cell_labels(row[index]) for m in names.get(label, ())]
                if measure := next((m for m in meant if m not in found), None):
                    found[measure] = index
    return sorted(found.items(), key=lambda pair: pair[1])


def _columns_without_head(form: Form, table: Table) -> Columns:
    """The form's own order of columns, where the head was lost but the width fits.

    Only a guess: :mod:`pipelines.proof` must prove it from the figures, else the statement is held.
    """
    measures = [m.name for m in form.measures if m.name not in form.optional]
    if table.width != len(measures) + 2 or form.row_identity is None or form.witness is None:
        raise UnreadableError("表头缺失，列数与本表不合")
    return Columns(range(1), 1, tuple((name, i + 2) for i, name in enumerate(measures)))


def _row_key(sheet: Sheet, codes: Sequence[Cell], name: Cell) -> RowKey | None:
    seq = sheet.rows + 1
    label = joined([*codes, name])
    if fold(label) in wording().total:
        return RowKey(seq, item="合计", name_printed=label)
    digits = joined_code(cell.text for cell in codes)
    if not _CODE.fullmatch(digits) or read_amount(name.text).kind == "number":
        return None
    return RowKey(seq, subject_code=digits, subject_code_printed=digits, name_printed=name.text or None)
