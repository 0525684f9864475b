"""Places in a document: how they are written, ordered and shortened.

``L257`` a line, ``L257/c3`` a tab cell of it, ``L257/w4`` a word of it; ``p10`` a page, ``p10/l3`` a
line of its text, ``p10/t1/r4c4`` a cell of its first table; ``s2`` a sheet, ``s2/D9`` a cell of it.
Belongs here: only that grammar. What stands at a place, the readers know.
"""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"\d+")


def place(locator: str) -> str:
    """The line, page or sheet that a locator lies in: ``L257/c3`` → ``L257``, ``p10/t1/r4c4`` → ``p10``."""
    return locator.partition("/")[0]


def page_of(locator: str) -> int | None:
    """The page, from 1, that a locator lies on; None where the document has no pages."""
    page = re.fullmatch(r"p(\d+)", place(locator))
    return int(page[1]) if page else None


def is_page(locator: str) -> bool:
    """Whether a locator is a page and nothing on it."""
    return "/" not in locator and page_of(locator) is not None


def row_place(locator: str) -> str:
    """The row that a cell's locator lies in: ``L257/c3`` → ``L257``, ``p10/t1/r4c4`` → ``p10/t1/r4``."""
    head, slash, tail = locator.rpartition("/")
    if not slash:
        return locator
    row = re.fullmatch(r"(r\d+)c\d+", tail)
    if row:
        return f"{head}/{row[1]}"
    sheet_cell = re.fullmatch(r"[A-Z]+(\d+)", tail)
    return f"{head}/{sheet_cell[1]}" if sheet_cell else head


def second_place(locator: str) -> str:
    """The place of a cell that the second route found, told apart from the first's (``p10/k1/r4c4``)."""
    return locator.replace("/t", "/k", 1)


def order(locator: str) -> tuple[int, ...]:
    """A key that sorts locators of one reader by line, page, sheet or block and by row and column in it.

    On a page the order of text lines against tables is not in their locators: only their page is compared.
    """
    numbers = tuple(int(n) for n in _NUMBERS.findall(locator)) or (0,)
    if page_of(locator) is not None:
        return numbers[:1]
    # The columns of a sheet are letters, B before AA, and stand before the row.
    sheet_cell = re.fullmatch(r"s\d+/([A-Z]+)\d+", locator)
    return (*numbers, len(sheet_cell[1]), *map(ord, sheet_cell[1])) if sheet_cell else numbers
