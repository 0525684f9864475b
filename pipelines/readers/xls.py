"""Workbooks of the old .xls format, through xlrd: their sheets as shown texts.

Belongs here: xlrd, and what its records say of a cell. The format stores numbers as binary doubles; the
shortest decimal that is such a double is taken, to the 15 digits that a spreadsheet knows.
Does not belong here: lines and grids, the meaning of a format code.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import xlrd  # type: ignore[import-untyped]  # the library has no types

from pipelines.limits import Counter
from pipelines.readers.number_format import GENERAL, stored_number
from pipelines.readers.package import DamagedError
from pipelines.readers.sheets import Place, Sheet

_NUMBERS = (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE)


def read_sheets(data: bytes, cells: Counter) -> Iterator[Sheet]:
    """The sheets of a workbook in their order.

    Raises ``LimitError``, or ``DamagedError`` for whatever xlrd cannot read.
    """
    try:
        # Ragged rows: one stray cell in the last corner would else fill the whole sheet with blanks.
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
    except Exception as error:  # xlrd has no error of its own for damaged records
        raise DamagedError(f"不是完好的 .xls：{type(error).__name__}") from error
    for number, source in enumerate(book.sheets(), start=1):
        try:
            yield _sheet(book, source, number, cells)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise DamagedError(f"工作表 {number} 已损坏：{type(error).__name__}") from error


def is_encrypted(data: bytes) -> bool:
    """Whether the workbook asks for a password."""
    try:
        xlrd.open_workbook(file_contents=data, on_demand=True, logfile=io.StringIO())
    except xlrd.XLRDError as error:
        return "encrypted" in str(error).lower()
    except Exception:
        return False
    return False


def _sheet(book: Any, source: Any, number: int, cells: Counter) -> Sheet:
    sheet = Sheet(number, source.name or f"s{number}", source.visibility != 0)
    sheet.hidden_rows = {row + 1 for row, info in source.rowinfo_map.items() if info.hidden}
    sheet.hidden_columns = {column + 1 for column, info in source.colinfo_map.items() if info.hidden}
    for top, bottom, left, right in source.merged_cells:
        sheet.merge(top + 1, left + 1, bottom, right)
    for row in range(source.nrows):
        cells.add(source.row_len(row))
        for column in range(source.row_len(row)):
            cell = source.cell(row, column)
            style = book.xf_list[cell.xf_index] if cell.xf_index is not None else None
            place = (row + 1, column + 1)
            if style is not None and (style.border.left_line_style or style.border.right_line_style):
                sheet.ruled.add(place)
            if text := _shown(book, source, sheet, cell, style, place):
                sheet.texts[place] = text
    return sheet


def _shown(book: Any, source: Any, sheet: Sheet, cell: Any, style: Any, place: Place) -> str:
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#?"))
    if cell.ctype not in _NUMBERS:
        return str(cell.value).replace("\r\n", "\n").replace("\r", "\n").strip()
    value = stored_number(repr(cell.value))
    if value is None:
        return str(cell.value)
    if not value and not source.show_zero_values:
        return ""
    known = book.format_map.get(style.format_key) if style is not None else None
    code = (known.format_str or GENERAL) if known is not None else GENERAL
    return sheet.show_number(place, value, code, from_1904=bool(book.datemode))
