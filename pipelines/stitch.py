"""Grids of one table on several pages, brought to the same columns by the borders on the page.

Belongs here: the alignment of columns, and whether a page can continue another.
Does not belong here: which grids belong together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from pipelines.model import Cell, Grid

# Borders that are one column's on two pages differ by less than this (points).
_SAME = 3.0


def aligned(grids: Sequence[Grid]) -> list[Grid]:
    """The grids with the columns of all of them, where their borders are known and begin and end alike.

    A page without a head has fewer borders (no merged head cells part its columns) or more: a cell
    then stands in the first of the columns that it covers. Grids without borders stay as they are.
    """
    if len(grids) < 2 or not all(grid.edges for grid in grids):
        return list(grids)
    first = grids[0].edges
    if any(abs(g.edges[0] - first[0]) > _SAME or abs(g.edges[-1] - first[-1]) > _SAME for g in grids):
        return list(grids)
    edges: list[float] = []
    for edge in sorted(edge for grid in grids for edge in grid.edges):
        if not edges or edge - edges[-1] > _SAME:
            edges.append(edge)
    return [_spread(grid, edges) for grid in grids]


def continues(first: Grid, grid: Grid) -> bool:
    """Whether every border of a page's table is one of the page with the head, where both are known.

    A border more parts a column that has one name: it is another table's, or one on the first page is lost.
    """
    return not first.edges or all(any(abs(edge - e) <= _SAME for e in first.edges) for edge in grid.edges)


def same_columns(one: Grid, other: Grid) -> bool:
    """Whether two grids have the same borders, where they are known."""
    return bool(one.edges) and len(one.edges) == len(other.edges) and continues(one, other)


def _spread(grid: Grid, edges: Sequence[float]) -> Grid:
    """A grid laid out on more columns."""
    places = [min(bisect_left(edges, edge - _SAME), len(edges) - 1) for edge in grid.edges]
    if places == list(range(len(edges))):
        return grid
    rows = []
    for row in grid.rows:
        wide: list[Cell] = []
        for index, cell in enumerate(row):
            start, stop = places[index], places[index + 1]
            last = places[min(index + cell.span, len(places) - 1)]
            wide.append(cell._replace(span=last - start))
            wide += [Cell("", cell.locator, cell.box)] * (stop - start - 1)
        rows.append(tuple(wide))
    return Grid(tuple(rows), tuple(edges), grid.inferred)
