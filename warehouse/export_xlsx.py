"""The analyst's views as one workbook that a person would accept.

Belongs here: sheets, heads, widths, formats of numbers, the sheet of meanings. Does not belong here: which
views there are, and the folder.

A cell of a workbook holds a binary float of 15 certain digits: an amount of more digits is written as text,
so that no workbook shows another amount than the warehouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.render import text

if TYPE_CHECKING:
    import duckdb
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from warehouse.export import Table

# Rows of a sheet, its head among them; names of sheets are no longer than so many characters.
MOST_ROWS = 1_048_576
_LONGEST_NAME = 31
_CERTAIN_DIGITS = 15
_AT_ONCE = 50_000
_NARROWEST, _WIDEST, _LOOKED_AT = 8, 60, 200
_MEANINGS = "说明"


def write_workbook(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], path: Path, *, published: str
) -> None:
    """A sheet a view, after one of what they mean; a view with too many rows goes on in another sheet."""
    from xlsxwriter.workbook import Workbook

    options = {
        "constant_memory": True,
        # What a document says is text, whatever it looks like.
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(str(path), options) as book:
        formats = {
            "head": book.add_format({"bold": True, "bg_color": "#E7ECF3", "bottom": 1, "valign": "top"}),
            "amount": book.add_format({"num_format": "#,##0.00"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "wrapped": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        _write_meanings(book, tables, published, formats)
        for table in tables:
            _write_view(book, connection, table, formats)


def _write_meanings(
    book: Workbook, tables: Sequence[Table], published: str, formats: dict[str, Format]
) -> None:
    sheet = book.add_worksheet(_MEANINGS)
    sheet.freeze_panes(1, 0)
    for column, (head, width) in enumerate((("表", 36), ("列", 22), ("意思", 90), ("行数", 10))):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, formats["head"])
    row = 1
    sheet.write_string(row, 0, "决算仓")
    sheet.write_string(row, 2, f"发布于 {published}；金额以万元计，除非列里写明", formats["wrapped"])
    for table in tables:
        row += 1
        sheet.write_string(row, 0, table.view.name)
        sheet.write_string(row, 2, table.view.comment, formats["wrapped"])
        sheet.write_number(row, 3, table.rows)
        for name in table.types:
            row += 1
            sheet.write_string(row, 0, table.view.name)
            sheet.write_string(row, 1, name)
            sheet.write_string(row, 2, table.view.columns[name], formats["wrapped"])


def _write_view(
    book: Workbook, connection: duckdb.DuckDBPyConnection, table: Table, formats: dict[str, Format]
) -> None:
    cursor = connection.execute(table.select(plain=False))
    rows = cursor.fetchmany(_AT_ONCE)
    part = 1
    sheet, at = _sheet(book, table, rows, part, formats), 1
    while rows:
        for values in rows:
            if at == MOST_ROWS:
                part += 1
                sheet, at = _sheet(book, table, rows, part, formats), 1
            for column, value in enumerate(values):
                _write(sheet, at, column, value, formats)
            at += 1
        rows = cursor.fetchmany(_AT_ONCE)


def _sheet(
    book: Workbook, table: Table, rows: Sequence[Sequence[Any]], part: int, formats: dict[str, Format]
) -> Worksheet:
    """A sheet with its head, as wide as its first rows want."""
    end = "" if part == 1 else f"（{part}）"
    sheet = book.add_worksheet(table.view.name[: _LONGEST_NAME - len(end)] + end)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, min(table.rows, MOST_ROWS - 1), len(table.types) - 1)
    for column, name in enumerate(table.types):
        shown = [name, *(text(row[column]) for row in rows[:_LOOKED_AT])]
        width = max(sum(1 if letter.isascii() else 2 for letter in one) for one in shown)
        sheet.set_column(column, column, min(max(width + 2, _NARROWEST), _WIDEST))
        sheet.write_string(0, column, name, formats["head"])
    return sheet


def _write(sheet: Worksheet, row: int, column: int, value: Any, formats: dict[str, Format]) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) <= _CERTAIN_DIGITS:
        sheet.write_number(row, column, float(value), formats["amount"])
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), formats["time"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats["date"])
    else:
        sheet.write_string(row, column, text(value))
