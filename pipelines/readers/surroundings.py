"""Words that stand in cells around a table: titles, table numbers, unit and money lines, notes.

Office files often hold them in the same sheet or table as the figures. Belongs here: telling such rows
from the rows of a table, so that every reader hands over lines and grids alike.
Does not belong here: what the table says, and any form of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.locators import row_place
from pipelines.model import Block, Cell, Grid, Line
from pipelines.wording import fold, is_watermark, spaced_fold, title_form, wording

Row = tuple[Cell, ...]

# Longer words are a note or a paragraph, never a title or a unit line.
_LONGEST = 120


def stands_above(text: str) -> bool:
    """Whether a cell's words are a title, a table number, or name a unit, a year or the unit of money."""
    if len(text) > _LONGEST:
        return False
    w, spaced, folded = wording(), spaced_fold(text), fold(text)
    return bool(
        title_form(text)
        or w.table_number.search(folded)
        or w.table_number_tail.search(folded)
        or w.unit.match(spaced)
        or w.money_unit.match(spaced)
        or w.year.fullmatch(spaced)
    )


def stands_below(text: str) -> bool:
    """Whether a cell's words are a note below a table, or a watermark."""
    folded = fold(text[: 2 * _LONGEST])
    return wording().is_note(folded) or wording().declares_nil(folded) or is_watermark(text)


def is_around(row: Sequence[Cell]) -> bool:
    """Whether a row holds nothing but words that stand around a table."""
    filled = [cell.text for cell in row if cell.text]
    if len(filled) == 1:
        return stands_above(filled[0]) or stands_below(filled[0])
    return bool(filled) and (all(map(stands_above, filled)) or _begins_with_label(filled))


def _begins_with_label(filled: Sequence[str]) -> bool:
    """Whether a row is a unit line whose label stands in a cell of its own: 部门： | 示例局 | 2024年度."""
    return fold(filled[0]).endswith(":") and bool(wording().unit.match(spaced_fold(" ".join(filled))))


def split_rows(rows: Sequence[Row], around: Callable[[Row], bool] = is_around) -> list[Block]:
    """Rows as blocks in their order: a line for each cell of a row around a table, grids of the rest.

    A grid keeps all its columns: by their number it continues a table that a page break cut.
    """
    blocks: list[Block] = []
    table: list[Row] = []
    for row in rows:
        if not around(row):
            table.append(row)
            continue
        blocks += _grid(table)
        table = []
        blocks += _lines(row)
    return blocks + _grid(table)


def _lines(row: Row) -> list[Block]:
    """A line for each cell, or one for the row where a label and what it labels stand in two cells."""
    filled = [cell for cell in row if cell.text]
    texts = [" ".join(cell.text.split("\n")) for cell in filled]
    if len(filled) > 1 and _begins_with_label(texts):
        return [Line(" ".join(texts), row_place(filled[0].locator))]
    return [Line(text, cell.locator) for cell, text in zip(filled, texts, strict=True)]


def _grid(rows: Sequence[Row]) -> list[Block]:
    return [Grid(tuple(rows))] if any(cell.text for row in rows for cell in row) else []
