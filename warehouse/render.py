"""Rows of a query as text: a table for people, CSV and JSON for programs.

Belongs here: form only. Numbers are never rounded: a decimal is written with the digits it has, in JSON
as a string, because a JSON number is read as a binary float by most programs. Texts of documents never
become formulas where a spreadsheet opens the CSV.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from warehouse.query import QueryResult

# A spreadsheet that opens a CSV takes a text that begins so for a formula, full width included. The
# apostrophe is among them, so that the one that is put before can be taken away from every text that has it.
FORMULA_LEADS = "=+-@＝＋－＠\t\r\n'"


def text(value: Any) -> str:
    """A value as text: NULL is empty, a decimal has no exponent, the entries of a list stand between 、."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (list, tuple)):
        return "、".join(text(entry) for entry in value)
    return str(value)


def to_csv(result: QueryResult) -> str:
    """CSV with a header line; decimals with the digits they have, NULL as nothing, texts without formulas."""
    return "".join(_line(map(_no_formula, row)) for row in (result.columns, *result.rows))


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    # The writer quotes what its own end of a line has: both characters, or a text could begin another line.
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()[:-2] + "\n"


def _no_formula(value: Any) -> str:
    """A value as the text of a CSV cell: a text that would be a formula has an apostrophe before it."""
    shown = text(value)
    is_text = not isinstance(value, (int, float, Decimal, date, type(None)))
    return f"'{shown}" if is_text and shown.startswith(tuple(FORMULA_LEADS)) else shown


def to_json(result: QueryResult) -> str:
    """A JSON array of objects, one a line; decimals and times as strings; repeated names are numbered."""
    names = _distinct(result.columns)
    lines = (
        json.dumps({name: _plain(value) for name, value in zip(names, row, strict=True)}, ensure_ascii=False)
        for row in result.rows
    )
    return "[" + ",\n ".join(lines) + "]\n"


def to_table(result: QueryResult, width: int | None = None) -> str:
    """A table for people, numbers to the right; ``width`` in characters, by default as wide as it needs."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for place, name in enumerate(result.columns):
        numeric = any(_is_number(row[place]) for row in result.rows)
        table.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for row in result.rows:
        table.add_row(*(Text(text(value)) for value in row))
    out = io.StringIO()
    Console(file=out, width=width or 10_000).print(table)
    return f"{out.getvalue()}{len(result.rows):,} 行\n"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, (Decimal, date)):
        return text(value)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _distinct(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        fresh, number = name, 2
        while fresh in found:
            fresh, number = f"{name}_{number}", number + 1
        found.append(fresh)
    return found
