"""A table that was pressed into one line of words (``… 栏次 1 2 3 合计``).

Belongs here: what such a line still proves. Words carry no columns, so a row is taken only if it
is empty or full; anything between is held.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.layouts.table import UnreadableError
from pipelines.model import Cell, Line
from pipelines.readers.text import words
from pipelines.sheet import RowKey, Sheet
from pipelines.wording import fold, measure_names, name_key, wording


def read_pressed(sheet: Sheet, lines: Sequence[Line]) -> None:
    """Read the 合计 row of a pressed table by 科目代码; raise where the words leave a choice."""
    for line in lines:
        sheet.claim(line, "pressed", "压成一行的表")
    cells = [word for line in lines for word in words(line)]
    start = next(i for i, cell in enumerate(cells) if fold(cell.text) in wording().column_numbers)
    end = start + 1
    while end < len(cells) and fold(cells[end].text) == str(end - start):
        end += 1
    measures = _measures(sheet, cells[:start])
    tail = cells[end:]
    if sheet.form.layout != "subjects" or len(measures) != end - start - 1:
        raise UnreadableError("整张表压成一行，列名与栏次对不上")
    if not tail or fold(tail[0].text) not in wording().total or len(tail) not in (1, len(measures) + 1):
        raise UnreadableError("整张表压成一行，数与列对不上")
    for cell in cells[:end]:
        sheet.claim(cell, "header", "压成一行的表头")
    sheet.rows = 1
    key = RowKey(1, item="合计", name_printed=tail[0].text)
    sheet.claim(tail[0], "name")
    row, first = tail[0].locator.rsplit("/w", 1)
    for k, measure in enumerate(measures, 1):
        # A blank cell of a pressed row is the place past its end.
        sheet.amount(key, measure, tail[k] if len(tail) > 1 else Cell("", f"{row}/w{int(first) + k}"))


def _measures(sheet: Sheet, head: Sequence[Cell]) -> list[str]:
    """The measures that the words of the head name, in their order; each once."""
    found: list[str] = []
    for cell in head:
        candidates = measure_names(sheet.form).get(name_key(cell.text), ())
        if measure := next((m for m in candidates if m not in found), None):
            found.append(measure)
    return found
