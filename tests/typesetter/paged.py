"""What printers of pages share: spans and parts of a table, and the record of where its cells stand.

Belongs here: a table as a grid of elementary cells, cut for pages. Does not belong here: any geometry of
a page or layout of text: each printer has its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pipelines.model import Box as PageBox
from pipelines.vocabulary import forms
from tests.typesetter.layout import ABOVE, LEFT, Box, Table
from tests.typesetter.look import Look
from tests.typesetter.manner import Manner
from tests.typesetter.truth import Truth, TruthCell

Rows = Sequence[Sequence[Box]]
PlacedRows = tuple[tuple["PlacedCell", ...], ...]

NUMBER = re.compile(r"-?[\d,]+(?:\.\d+)?")
# A part of fewer rows is not cut so that one stands alone.
_FEWEST_ROWS = 3


@dataclass(frozen=True)
class PlacedCell:
    """An elementary cell where it stands; a covered one has no text.

    ``box`` is left, top, right, bottom in points from the upper left corner of the page as seen, where
    the printer knows it.
    """

    text: str
    fact: TruthCell | None = None
    box: PageBox | None = None


@dataclass(frozen=True)
class PlacedGrid:
    """The part of a table that stands on one page; ``page`` and ``table`` count from 1."""

    page: int
    table: int
    form: str
    rows: PlacedRows

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(cell.text for cell in row) for row in self.rows)


@dataclass(frozen=True)
class PrintedPdf:
    """The bytes of a PDF, what is true of it, the grids on its pages, and its name in the corpus."""

    data: bytes
    truth: Truth
    grids: tuple[PlacedGrid, ...]
    look: Look
    name: str = ""

    @cached_property
    def locators(self) -> Mapping[TruthCell, str]:
        """Where each cell of the truth stands: ``p10/t1/r4c4``."""
        return {
            cell.fact: f"p{grid.page}/t{grid.table}/r{r}c{c}"
            for grid in self.grids
            for r, row in enumerate(grid.rows, start=1)
            for c, cell in enumerate(row, start=1)
            if cell.fact
        }


@dataclass(frozen=True)
class Span:
    """A cell with the elementary rows and columns that it covers, from 0."""

    row: int
    column: int
    rows: int
    columns: int
    box: Box


def spans(rows: Rows) -> Iterator[Span]:
    """The cells of a grid from its upper left corner; each merged cell once."""
    roots: dict[tuple[int, int], tuple[int, int]] = {}
    reach: dict[tuple[int, int], tuple[int, int]] = {}
    for r, row in enumerate(rows):
        for c, box in enumerate(row):
            before = {LEFT: (r, c - 1), ABOVE: (r - 1, c)}.get(box.merged)
            root = roots[before] if before else (r, c)
            roots[r, c] = root
            down, right = reach.get(root, (0, 0))
            reach[root] = (max(down, r - root[0] + 1), max(right, c - root[1] + 1))
    for (r, c), (down, right) in reach.items():
        yield Span(r, c, down, right, rows[r][c])


def continued(rows: Rows, start: int, *, again: bool = False) -> Rows:
    """The rows from ``start`` on as a page of their own has them: what is merged from above begins anew.

    Such a cell is empty there, or bears its text ``again``.
    """
    if start >= len(rows):
        return []
    covering = {
        column: span
        for span in spans(rows)
        if span.row < start < span.row + span.rows
        for column in range(span.column, span.column + span.columns)
    }
    first = []
    for column, box in enumerate(rows[start]):
        span = covering.get(column)
        if span is None:
            first.append(box)
        elif column == span.column:
            first.append(Box(span.box.text if again else ""))
        else:
            first.append(Box(merged=LEFT))
    return [tuple(first), *rows[start + 1 :]]


def placed(
    rows: Rows, boxes: Mapping[tuple[int, int], PageBox] | None = None
) -> tuple[tuple[PlacedCell, ...], ...]:
    """The grid that a page shows of these rows: a border that no cell of the page has divides nothing.

    ``boxes`` are the places of cells by the row and column of their upper left corner.
    """
    cells = list(spans(rows))
    places = sorted({s.column for s in cells})
    levels = sorted({s.row for s in cells})
    grid = [[PlacedCell("")] * len(places) for _ in levels]
    for s in cells:
        box = boxes.get((s.row, s.column)) if boxes else None
        grid[levels.index(s.row)][places.index(s.column)] = PlacedCell(s.box.text, s.box.fact, box)
    return tuple(map(tuple, grid))


def parts(table: Table, manner: Manner, look: Look) -> list[tuple[Rows, Rows]]:
    """Header and body rows of each part that begins on a page of its own; the first has the header."""
    body = list(table.body)
    if look.empty_row and forms()[table.form].layout == "subjects" and len(body) > 1:
        body.insert(len(body) - 1, tuple(Box() for _ in body[0]))
    cuts = set(range(manner.break_every, len(body), manner.break_every)) if manner.break_every else set()
    if look.last_row_alone and len(body) > _FEWEST_ROWS:
        cuts.add(len(body) - 1)
    starts = [0, *sorted(cuts)]
    again = table.header if manner.repeat_header or look.repeat_header else ()
    return [
        (again if start else table.header, body[start:end])
        for start, end in zip(starts, [*starts[1:], len(body)], strict=True)
    ]


def numbered(grids: Sequence[PlacedGrid]) -> tuple[PlacedGrid, ...]:
    """The grids in order, those of a page counted from its top."""
    seen: dict[int, int] = {}
    result = []
    for grid in grids:
        seen[grid.page] = seen.get(grid.page, 0) + 1
        result.append(replace(grid, table=seen[grid.page]))
    return tuple(result)


def font_folder() -> Path:
    """The folder of the package that brings Noto Sans SC and Noto Serif SC."""
    import pylopdf_fonts_zh_cn

    return Path(pylopdf_fonts_zh_cn.__file__).parent


def odd_spacing(text: str) -> str | None:
    """A name of two characters as offices stretch it (小　计), or None where that is not done."""
    return f"{text[0]}\u3000{text[1]}" if len(text) == 2 and text.isalpha() else None
