"""Why a statement that was recognised from a picture cannot be believed as a whole.

Belongs here: signs that cells of it were not seen, or not seen as cells. Does not belong here: what one cell
or row says (``sheet``), the picture itself (``scans``), and statements of digital text, where an empty table
is empty.

What a picture does not show, nobody can hold: a table whose rules were lost looks like one without data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipelines.header import Row
from pipelines.locators import page_of
from pipelines.model import Cell, Grid, Line
from pipelines.regions import Region
from pipelines.sheet import Sheet
from pipelines.wording import fold, wording

# An amount as it stands alone: «1,234.56», «-0.5».
_FIGURE = re.compile(r"-?\d[\d,]*\.\d+")
_TOLD = 3


def is_pictured(region: Region) -> bool:
    """Whether any of a region's texts was recognised from a picture."""
    return any(line.reading for line in _lines(region)) or any(cell.reading for cell in _cells(region.grids))


def why_doubtful(
    region: Region, sheet: Sheet, body: Sequence[Row], text: Sequence[Line], orphans: Sequence[Grid]
) -> str | None:
    """The first sign that a statement was recognised and not seen whole, in words; None where there is none.

    ``body`` are its rows below the head, ``text`` the lines outside of any statement, ``orphans`` the
    tables that belong to none.
    """
    if not is_pictured(region):
        return None
    pages = {page_of(place) for place in region.locators()}
    strange = [role.text for role in sheet.roles.values() if role.role == "unknown" and _has_digit(role.text)]
    if strange:
        return f"表里有数不在认得的任何一列：{_some(strange)}"
    beside = [*region.strays, *(line for line in text if page_of(line.locator) in pages)]
    scattered = [line.text for line in beside if _is_figures(line.text)]
    if scattered:
        return f"同一页上有数不在格子里，表的格线没有认全：{_some(scattered)}"
    apart = [cell for cell in _cells(orphans) if page_of(cell.locator) in pages and _is_figures(cell.text)]
    if apart:
        return f"同一页上有一个带数的表格没有归入任何一张表：{_some([cell.text for cell in apart])}"
    declared = any(wording().declares_nil(fold(line.text)) for line in (*region.notes, *region.strays))
    if not (sheet.rows or body or declared):
        return "图像里没有认出一行，也没有写明本表无数据"
    return None


def _lines(region: Region) -> Iterator[Line]:
    if region.title:
        yield region.title
    for lines in (region.numbers, region.meta, region.pressed, region.strays, region.noise, region.notes):
        yield from lines


def _cells(grids: Sequence[Grid]) -> Iterator[Cell]:
    return (cell for grid in grids for row in grid.rows for cell in row)


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def _is_figures(text: str) -> bool:
    """Whether a text is nothing but amounts."""
    words = [fold(word) for word in text.split()]
    return bool(words) and all(_FIGURE.fullmatch(word) for word in words)


def _some(texts: Sequence[str]) -> str:
    return "、".join(texts[:_TOLD])
