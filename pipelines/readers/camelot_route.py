"""The second route through ruled pages: camelot, on an upright copy without oblique text.

Belongs here: camelot's settings, and its tables turned into grids with the locators of the direct route.
Does not belong here: the copy (``clean_copy``), when a second opinion is asked for, and which of two is
believed.

camelot reads glyphs through another library (playa) and finds cells by its own rules: where both routes
agree, neither erred alone. Its defaults are for any table and any page; what is set here was measured on
tables of this genre: many times as fast, and more exact.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.model import Cell, Grid
from pipelines.readers.clean_copy import clean_copy

# Small gaps part the characters of neighbouring cells; no boxes of running text are looked for.
_SETTINGS: dict[str, Any] = {
    "flavor": "lattice",
    "split_text": True,
    "layout_kwargs": {"char_margin": 0.3, "boxes_flow": None},
    "suppress_stdout": True,
}
# What is held of so many pages is dropped before the next are read.
_AT_ONCE = 25
_UNHEARD = logging.NullHandler()


def read_pages(data: bytes, pages: Sequence[int]) -> dict[int, tuple[Grid, ...]]:
    """The ruled tables of each of those pages (from 1), as camelot reads them, from the top down.

    Boxes and edges are points from the upper left corner of the page as its text is upright; a merged
    cell's text stands in its first elementary cell. A page on which camelot finds nothing, or fails, has
    no grid. ``ValueError`` where pdfium cannot open the document, ``IndexError`` where it has no such page.
    """
    found: dict[int, tuple[Grid, ...]] = {}
    with TemporaryDirectory(prefix="juesuan-camelot-") as folder:
        copy = Path(folder) / "copy.pdf"
        for start in range(0, len(pages), _AT_ONCE):
            numbers = pages[start : start + _AT_ONCE]
            made = clean_copy(data, numbers, copy)
            tables = _by_page(copy, range(1, len(made) + 1))
            for position, (number, page) in enumerate(zip(numbers, made, strict=True), 1):
                seen = tables.get(position, [])
                if not seen and page.pictures:
                    seen = _tables(copy, [position], "combined") or []
                found[number] = _grids(seen, number, page.height)
    return found


def _by_page(copy: Path, positions: Sequence[int]) -> dict[int, list[Any]]:
    """camelot's tables of each page; where one page makes it fail, the others are read one by one."""
    tables = _tables(copy, positions, "vector")
    if tables is None:
        tables = [table for position in positions for table in _tables(copy, [position], "vector") or []]
    by_page: dict[int, list[Any]] = {}
    for table in tables:
        by_page.setdefault(int(table.page), []).append(table)
    return by_page


def _tables(copy: Path, positions: Sequence[int], engine: str) -> list[Any] | None:
    """camelot's tables of some pages in one call (a call opens the file anew); None where it fails."""
    from camelot.io import read_pdf

    # What the library tells its log of a font's oddities is nothing that anybody asked for.
    logging.getLogger("playa").addHandler(_UNHEARD)
    try:
        return list(read_pdf(str(copy), pages=",".join(map(str, positions)), engine=engine, **_SETTINGS))
    except Exception:  # camelot and what it stands on raise whatever a strange page makes them raise
        return None


def _grids(tables: Sequence[Any], number: int, height: float) -> tuple[Grid, ...]:
    """Tables with any text, from the top down."""
    texts = [table for table in tables if any(cell.text.strip() for row in table.cells for cell in row)]
    texts.sort(key=lambda table: (-table.rows[0][0], table.cols[0][0]))
    return tuple(_grid(table, height, f"p{number}/t{index}") for index, table in enumerate(texts, 1))


def _grid(table: Any, height: float, name: str) -> Grid:
    """A table as a grid. camelot keeps the picture of a page with each table: nothing of it is kept here."""
    edges = (*(float(left) for left, _ in table.cols), float(table.cols[-1][1]))
    tops = (*(height - float(top) for top, _ in table.rows), height - float(table.rows[-1][1]))
    rows = []
    for r, row in enumerate(table.cells):
        cells = []
        for c, cell in enumerate(row):
            first = (c == 0 or row[c - 1].right or cell.left) and (
                r == 0 or table.cells[r - 1][c].bottom or cell.top
            )
            right, bottom = _reach(table.cells, r, c) if first else (c + 1, r + 1)
            text = "\n".join(filter(None, (line.strip() for line in cell.text.splitlines())))
            box = (edges[c], tops[r], edges[right], tops[bottom])
            cells.append(Cell(text, f"{name}/r{r + 1}c{c + 1}", box, right - c))
        rows.append(tuple(cells))
    return Grid(tuple(rows), edges)


def _reach(cells: Sequence[Sequence[Any]], row: int, column: int) -> tuple[int, int]:
    """One past the last column and row of the merged cell that begins here: where a border stands."""
    right, bottom = column + 1, row + 1
    while right < len(cells[row]) and not (cells[row][right - 1].right or cells[row][right].left):
        right += 1
    while bottom < len(cells) and not (cells[bottom - 1][column].bottom or cells[bottom][column].top):
        bottom += 1
    return right, bottom
