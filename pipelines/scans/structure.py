"""Whether the cells of a recognised table are those that were printed.

Belongs here: dropping rows and columns that only a stroke parted, and finding the cells that a rule parts or
joins where the other rows have it otherwise. Does not belong here: rules, ink, what a text means.

A rule that a stamp hides makes one cell of two, and a stroke that is taken for a rule two of one: the
recogniser reads the figure in it with full confidence, in the wrong place. The rows of a table's body are
parted alike; where one is not, nobody knows which column its figure is in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.readers.rules import Frame

Array = NDArray[Any]

# A row lower than this share of the usual, without any ink, is none; a column narrower than this likewise.
_LOW, _NARROW = 0.75, 30.0
# In a table with more odd cells than these no rule is to be relied upon.
_MOST_ODD = 6
# So many rows (a share) are parted alike where a table has a body.
_ALIKE = 0.4
# An empty column has its borders in so many rows (a share).
_BORDERED = 0.9


def without_strips(frame: Frame, inked: Collection[int]) -> tuple[Frame, dict[int, int]]:
    """The frame without low rows and narrow columns that hold no ink, and the new index of each inked cell.

    ``inked`` are the flat indices of merged cells, as in ``Frame.cell_of``.
    """
    heights, widths = np.diff(frame.ys), np.diff(frame.xs)
    starts = _starts(frame.cell_of, inked)
    low = (heights < _LOW * np.median(heights)) & ~starts.any(1)
    narrow = (widths < _NARROW) & ~starts.any(0)
    if not (low.any() or narrow.any()) or low.all() or narrow.all():
        return frame, {cell: cell for cell in inked}
    rows, columns = np.flatnonzero(~low), np.flatnonzero(~narrow)
    kept = frame.cell_of[np.ix_(rows, columns)]
    names: dict[int, int] = {}
    for place, cell in enumerate(kept.ravel().tolist()):
        names.setdefault(cell, place)
    # What was dropped goes to the row above and the column before it.
    ys = (*(frame.ys[r] for r in rows), frame.ys[-1])
    xs = (*(frame.xs[c] for c in columns), frame.xs[-1])
    renamed = np.vectorize(names.__getitem__, otypes=[kept.dtype])(kept)
    return Frame(xs, ys, renamed, frame.inferred), {cell: names[cell] for cell in inked}


def _starts(cell_of: Array, inked: Collection[int]) -> Array:
    """Where the merged cells with ink begin."""
    columns = cell_of.shape[1]
    starts = np.zeros(cell_of.shape, bool)
    for cell in inked:
        starts[divmod(cell, columns)] = True
    return starts


def odd_cells(frame: Frame, inked: Collection[int]) -> set[int]:
    """The merged cells that nobody knows the column of: flat indices; of a table full of them, all.

    A cell is odd if it begins or ends where most rows have no border, covers a border that they have, or
    reaches over several rows of the body, which begins with the first row that is parted as most rows are.
    A column in which nothing begins is one only if nearly all rows have its borders; else all are odd.
    """
    odd = _odd(frame)
    unused = ~_starts(frame.cell_of, inked).any(0) & ~_bordered(frame)
    if unused.any() or len(odd & set(inked)) > _MOST_ODD:
        return set(inked)
    return odd


def _bordered(frame: Frame) -> Array:
    """Which columns have their borders in nearly all rows: no stroke is as high as a table."""
    borders = (frame.cell_of[:, 1:] != frame.cell_of[:, :-1]).mean(0) >= _BORDERED
    edges = np.concatenate(([True], borders, [True]))
    both: Array = edges[:-1] & edges[1:]
    return both


def _odd(frame: Frame) -> set[int]:
    cell_of = frame.cell_of
    rows, columns = cell_of.shape
    borders = cell_of[:, 1:] != cell_of[:, :-1]
    patterns = Counter(map(bytes, borders))
    usual, count = patterns.most_common(1)[0]
    alike = [bytes(row) == usual for row in borders]
    if count < _ALIKE * rows or columns < 2:
        return set()
    first = alike.index(True)
    odd: set[int] = set()
    for row in range(first, rows):
        if row and row > first:
            odd |= set(cell_of[row][cell_of[row] == cell_of[row - 1]].tolist())
        for column in np.flatnonzero(borders[row] != borders[first]).tolist():
            odd |= {int(cell_of[row, column]), int(cell_of[row, column + 1])}
    return odd
