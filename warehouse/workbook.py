"""Workbooks (xlsx) of the published views, as a person who works in a spreadsheet would accept them.

Belongs here: sheets, formats and widths, and the sheet 「说明」. Does not belong here: Parquet and CSV
(``export``), meanings (``dictionary``).

Texts are written as texts and never as formulas, links or numbers. A cell is a binary float, which holds
fifteen significant digits: 万元 to the fen below 10 亿万元. A number with more is written as a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from warehouse.datapackage import Source, column_type, settings
from warehouse.dictionary import Described, Entry
from warehouse.render import text
from warehouse.schema import identifier

if TYPE_CHECKING:
    import duckdb
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

# Rows of a sheet below its head.
MOST_ROWS = 1_048_575
# Characters that a cell holds, with room for those that count twice and for what is said of the rest.
MOST_TEXT = 16_000
EXACT_DIGITS = 15
NARROWEST, WIDEST = 8, 48
_BATCH = 5_000
NOTES = "说明"
# The order of a person's reading, as far as a view has these columns.
_ORDER = ("单位", "年度", "文档", "表名", "绩效表序号", "序号")
# A spreadsheet's calendar is right from here on.
_FIRST_DAY = date(1900, 3, 1)


@dataclass(slots=True)
class _Written:
    """What became of a view: its sheets, its rows, and cells that are not there as they were."""

    view: Described
    sheets: list[str] = field(default_factory=list)
    rows: int = 0
    as_text: int = 0
    cut: int = 0


def write_workbooks(
    connection: duckdb.DuckDBPyConnection, views: Sequence[Described], folder: Path, source: Source
) -> list[str]:
    """One workbook a group of ``exports.yml``, views of no group in one of their own; what was written."""
    named = {view.name: view for view in views}
    books: dict[str, list[str]] = settings()["workbooks"]
    groups = {book: [named.pop(name) for name in held if name in named] for book, held in books.items()}
    groups |= {name: [view] for name, view in named.items()}
    written = {
        name: _workbook(connection, held, folder / f"{name}.xlsx", source)
        for name, held in groups.items()
        if held
    }
    done = [one for held in written.values() for one in held]
    rows = sum(one.rows for one in done)
    summary = f"{len(done)} 个视图、{rows:,} 行：工作簿 {'、'.join(f'{name}.xlsx' for name in written)}"
    return [summary, *(remark for one in done for remark in _remarks(one))]


def _workbook(
    connection: duckdb.DuckDBPyConnection, views: Sequence[Described], path: Path, source: Source
) -> list[_Written]:
    from xlsxwriter import Workbook

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(str(path), options) as book:
        made = datetime.fromisoformat(source.published).astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": f"决算仓 {path.stem}", "created": made})
        notes = book.add_worksheet(NOTES)
        written = [_view(connection, book, view) for view in views]
        _notes(book, notes, written, source)
    return written


# --- a view ----------------------------------------------------------------------------------


def _view(connection: duckdb.DuckDBPyConnection, book: Workbook, view: Described) -> _Written:
    """The rows of a view on as many sheets as they need, in the order in which a person reads."""
    done = _Written(view)
    names = [column.name for column in view.columns]
    order = ", ".join(identifier(name) for name in _ORDER if name in names)
    cursor = connection.execute(f"FROM {identifier(view.name)}" + (f" ORDER BY {order}" if order else ""))
    rows = _cells(done, cursor)
    first = list(islice(rows, _BATCH))
    widths = [max(map(_width, cells)) for cells in zip(names, *first, strict=True)]
    formats = [book.add_format({"num_format": _number_format(view.name, column)}) for column in view.columns]
    rows = chain(first, rows)
    row = next(rows, None)
    while row is not None or not done.sheets:
        done.sheets.append(f"{view.name}({len(done.sheets) + 1})" if done.sheets else view.name)
        sheet = book.add_worksheet(done.sheets[-1])
        for place, (width, number_format) in enumerate(zip(widths, formats, strict=True)):
            sheet.set_column(place, place, min(max(width + 3, NARROWEST), WIDEST), number_format)
        _head(book, sheet, names)
        number = 0
        while row is not None and number < MOST_ROWS:
            number += 1
            sheet.write_row(number, 0, row)
            row = next(rows, None)
        sheet.autofilter(0, 0, number, len(names) - 1)
        done.rows += number
    return done


def _cells(done: _Written, cursor: duckdb.DuckDBPyConnection) -> Iterator[list[Any]]:
    """Rows of values that a sheet can hold."""
    fits = [_fit(done, column.type) for column in done.view.columns]
    while rows := cursor.fetchmany(_BATCH):
        for row in rows:
            yield [
                value if value is None or fit is None else fit(value)
                for value, fit in zip(row, fits, strict=True)
            ]


def _fit(done: _Written, kind: str) -> Callable[[Any], Any] | None:
    """What a value of a DuckDB type goes through; nothing for whole numbers and booleans."""
    if kind.startswith("DECIMAL"):
        scale = int(kind[:-1].rpartition(",")[2])
        return partial(_number, done, 10 ** (EXACT_DIGITS - scale))
    if kind.startswith("VARCHAR"):
        return partial(_text, done)
    return _moment if kind in ("DATE", "TIMESTAMP") else None


def _number(done: _Written, limit: int, value: Decimal) -> Decimal | str:
    if -limit < value < limit or len(value.normalize().as_tuple().digits) <= EXACT_DIGITS:
        return value
    done.as_text += 1
    return text(value)


def _text(done: _Written, value: str | list[str]) -> str:
    shown = text(value)
    if len(shown) <= MOST_TEXT:
        return shown
    done.cut += 1
    return f"{shown[:MOST_TEXT]}…（共 {len(shown):,} 字，全文见 Parquet 或 CSV）"


def _moment(value: date) -> date | str:
    day = value.date() if isinstance(value, datetime) else value
    return value if day >= _FIRST_DAY else text(value)


def _number_format(view: str, column: Entry) -> str:
    """How a column shows its numbers; the cells keep every digit."""
    if column_type(view, column.name) == "value":
        return "#,##0.00"
    if column.type.startswith("DECIMAL"):
        return "#,##0.00####"
    return {"DATE": "yyyy-mm-dd", "TIMESTAMP": "yyyy-mm-dd hh:mm:ss"}.get(column.type, "General")


def _width(cell: object) -> int:
    """How many narrow characters a cell shows, about: Chinese ones are twice as wide."""
    shown = f"{cell:,.2f}" if isinstance(cell, Decimal) else text(cell)
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in shown[:WIDEST])


def _head(book: Workbook, sheet: Worksheet, names: Sequence[str]) -> None:
    sheet.write_row(0, 0, names, _bold(book))
    sheet.freeze_panes(1, 0)


def _bold(book: Workbook) -> Format:
    made: Format = book.add_format({"bold": True, "bg_color": "#DDE6EF", "bottom": 1, "valign": "top"})
    return made


# --- 说明 --------------------------------------------------------------------------------------


def _notes(book: Workbook, sheet: Worksheet, written: Sequence[_Written], source: Source) -> None:
    """What the workbook is made of, what its views and columns mean, and what goes wrong in adding up."""
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for place, width in enumerate((34, 22, 16, 100)):
        sheet.set_column(place, place, width, wrapped)
    lines: list[tuple[str, ...]] = [
        ("来源", f"{source.published}（世界协调时）发布的仓库 warehouse.duckdb"),
        ("sha256", source.sha256),
        *(("注意", hazard) for hazard in settings()["hazards"]),
        ("显示", "金额显示两位小数，单元格里是全部小数；时间是世界协调时"),
        ("精度", f"超过 {EXACT_DIGITS} 位有效数字的数，表格软件存不下，写成文字"),
    ]
    for done in written:
        lines += [("说明", remark) for remark in _remarks(done)]
    number = 0
    for number, (about, said) in enumerate(lines):
        sheet.write_row(number, 0, (about, said))
    for heads, rows in (
        (("工作表", "行数", "", "含义"), (_sheet_row(done) for done in written)),
        (("视图", "列", "类型", "含义"), (row for done in written for row in _column_rows(done.view))),
    ):
        number += 2
        sheet.write_row(number, 0, heads, _bold(book))
        for row in rows:
            number += 1
            sheet.write_row(number, 0, row)


def _remarks(done: _Written) -> Iterator[str]:
    if len(done.sheets) > 1:
        yield f"{done.view.name} 一张工作表放不下，依次在 {'、'.join(done.sheets)}"
    if done.as_text:
        yield f"{done.view.name} 有 {done.as_text:,} 个数超过 {EXACT_DIGITS} 位有效数字，写成了文字"
    if done.cut:
        yield f"{done.view.name} 有 {done.cut:,} 段文字太长，只写了前 {MOST_TEXT:,} 字"


def _sheet_row(done: _Written) -> tuple[str, int, str, str]:
    hazard = f"。注意：{done.view.hazard}" if done.view.hazard else ""
    return "、".join(done.sheets), done.rows, "", f"{done.view.meaning}{hazard}"


def _column_rows(view: Described) -> Iterator[tuple[str, ...]]:
    for column in view.columns:
        yield view.name, column.name, column.type, column.meaning
