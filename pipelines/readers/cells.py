"""Glyphs put into cells and lines: by the middle of each, gaps as blanks, figures over borders seen.

Belongs here: what one page's glyphs make. Does not belong here: pages, rules, and what a text means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.model import Box, Cell, Grid
from pipelines.readers.compiled import compiled
from pipelines.readers.glyphs import Glyphs, text_of
from pipelines.readers.rules import Array, Frame

# Baselines nearer than this share of the glyphs' height are one line.
_SAME_LINE = 0.45
# A gap wider than this share of the glyphs' height is a blank.
_BLANK = 0.5
# Figures nearer than this share of their height on both sides of a border are one figure.
_TORN_GAP = 0.15
# No cell: what stands outside of every table.
FREE = -1


def inside(glyphs: Glyphs, box: Box) -> Array:
    """Which glyphs have their middle in a box."""
    found = np.empty(len(glyphs), bool)
    _lie_inside(glyphs.boxes, box, found)
    return found


def owned(glyphs: Glyphs, frames: Sequence[Frame]) -> tuple[Array, list[tuple[Frame, int]]]:
    """The cell of each glyph, and those frames that hold any with the number of each one's first cell.

    Cells are numbered over all tables of the page, so that a figure between two tables is seen too; a
    glyph belongs to the merged cell in which its middle lies, of the first frame that it lies in.
    """
    owners = np.full(len(glyphs), FREE)
    tables: list[tuple[Frame, int]] = []
    start = 0
    for frame in frames:
        if _own(glyphs.boxes, owners, np.array(frame.xs), np.array(frame.ys), frame.cell_of, start):
            tables.append((frame, start))
            start += frame.cell_of.size
    return owners, tables


def torn_cells(glyphs: Glyphs, owners: Array) -> set[int]:
    """The cells between which, or from which to outside of the table, a figure runs over a border."""
    codes = glyphs.codes
    figures = np.flatnonzero((codes >= 0x30) & (codes <= 0x39) | (codes == 0x2C) | (codes == 0x2E))
    boxes = glyphs.boxes[figures]
    order = figures[np.lexsort((boxes[:, 0], np.rint(boxes[:, 4])))]
    torn = np.empty(2 * len(order), np.intp)
    return set(torn[: _torn(glyphs.boxes, owners, order, torn)].tolist())


def texts_of(glyphs: Glyphs, owners: Array) -> tuple[dict[int, str], list[tuple[str, Box]]]:
    """The text of each cell, its lines parted by line feeds, and the free lines with their boxes.

    Lines run from the top down, each from left to right. They follow baselines, for glyphs of different
    fonts share those where their boxes differ. A gap wider than half a glyph's height is a blank.
    """
    count = len(glyphs)
    codes, boxes = np.empty(2 * count, np.uint32), np.empty((count, 4))
    owner, ends = np.empty(count, np.intp), np.empty(count, np.intp)
    order = np.lexsort((glyphs.boxes[:, 4], owners))
    lines = _lines(glyphs.codes, glyphs.boxes, owners, order, codes, owner, ends, boxes)
    text, start = text_of(codes[: ends[lines - 1]]) if lines else "", 0
    cells: dict[int, str] = {}
    free: list[tuple[str, Box]] = []
    for one, end, (left, top, right, bottom) in zip(
        owner[:lines].tolist(), ends[:lines].tolist(), boxes[:lines].tolist(), strict=True
    ):
        if one == FREE:
            free.append((text[start:end], (left, top, right, bottom)))
        elif one in cells:
            cells[one] += "\n" + text[start:end]
        else:
            cells[one] = text[start:end]
        start = end
    return cells, free


def ruled_grid(texts: dict[int, str], torn: set[int], frame: Frame, start: int, name: str) -> Grid:
    """A frame with the texts of its cells; a merged cell's text stands in its first elementary cell."""
    xs, ys = frame.xs, frame.ys
    columns = range(len(xs) - 1)
    extents = np.empty((2, *frame.cell_of.shape), np.intp)
    _extend(frame.cell_of, extents)
    rights, bottoms = extents.tolist()
    table = []
    for r, (right, bottom) in enumerate(zip(rights, bottoms, strict=True)):
        row, flat = f"{name}/r{r + 1}c", start + r * len(columns)
        table.append(
            tuple(
                [
                    Cell(
                        texts.get(flat + c, ""),
                        f"{row}{c + 1}",
                        (xs[c], ys[r], xs[right[c]], ys[bottom[c]]),
                        right[c] - c,
                        flat + c in torn,
                    )
                    for c in columns
                ]
            )
        )
    return Grid(tuple(table), frame.xs, frame.inferred)


def plain(glyphs: Glyphs) -> list[tuple[float, float, float, float, str]]:
    """Baseline, left, right, height and text of each glyph."""
    return [
        (b[4], b[0], b[2], b[3] - b[1], t) for t, b in zip(glyphs.text, glyphs.boxes.tolist(), strict=True)
    ]


# --- loops, each after those that it calls -----------------------------------------------------


@compiled("none(intp[:, ::1], intp[:, :, ::1])")
def _extend(cell_of: Array, extents: Array) -> None:
    """One past the last column and row of each merged cell, at its first elementary cell.

    An elementary cell that begins none reaches no further than itself.
    """
    rows, columns = cell_of.shape
    for r in range(rows):
        for c in range(columns):
            flat, right, bottom = r * columns + c, c + 1, r + 1
            if cell_of[r, c] == flat:
                while right < columns and cell_of[r, right] == flat:
                    right += 1
                while bottom < rows and cell_of[bottom, c] == flat:
                    bottom += 1
            extents[0, r, c], extents[1, r, c] = right, bottom


@compiled("none(float64[:, ::1], UniTuple(float64, 4), boolean[::1])")
def _lie_inside(boxes: Array, box: Box, found: Array) -> None:
    left, top, right, bottom = box
    for i in range(len(boxes)):
        x, y = (boxes[i, 0] + boxes[i, 2]) / 2, (boxes[i, 1] + boxes[i, 3]) / 2
        found[i] = left < x < right and top < y < bottom


@compiled("intp(float64[::1], float64)")
def _gap(borders: Array, at: float) -> int:
    """The gap between borders in which a position lies; on a border, the one before it."""
    low, high = 0, len(borders) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if borders[middle] < at:
            low = middle
        else:
            high = middle
    return low


@compiled("intp(float64[:, ::1], intp[::1], float64[::1], float64[::1], intp[:, ::1], intp)")
def _own(boxes: Array, owners: Array, xs: Array, ys: Array, cell_of: Array, start: int) -> int:
    """Give the free glyphs within a frame to its cells; how many there were."""
    count = 0
    for i in range(len(boxes)):
        x, y = (boxes[i, 0] + boxes[i, 2]) / 2, (boxes[i, 1] + boxes[i, 3]) / 2
        if owners[i] == FREE and xs[0] < x < xs[-1] and ys[0] < y < ys[-1]:
            owners[i] = start + cell_of[_gap(ys, y), _gap(xs, x)]
            count += 1
    return count


@compiled("intp(float64[:, ::1], intp[::1], intp[::1], intp[::1])")
def _torn(boxes: Array, owners: Array, order: Array, torn: Array) -> int:
    """Write the owners of neighbours on one baseline that are one figure and have not one owner."""
    count = 0
    for k in range(1, len(order)):
        left, right = order[k - 1], order[k]
        gap, height = boxes[right, 0] - boxes[left, 2], boxes[right, 3] - boxes[right, 1]
        if (
            owners[left] != owners[right]
            and abs(boxes[left, 4] - boxes[right, 4]) < 1
            and abs(gap) < _TORN_GAP * height
        ):
            torn[count], torn[count + 1] = owners[left], owners[right]
            count += 2
    return count


@compiled("none(float64[:, ::1], intp[::1], intp, intp)")
def _from_left(boxes: Array, order: Array, start: int, stop: int) -> None:
    """Put a part of the order from left to right: by insertion, for it nearly is."""
    for k in range(start + 1, stop):
        i, at = order[k], k
        while at > start and boxes[order[at - 1], 0] > boxes[i, 0]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = i


@compiled("boolean(float64[:, ::1], intp[::1], intp, intp)")
def _on_one_line(boxes: Array, owners: Array, above: int, below: int) -> bool:
    least = min(boxes[above, 3] - boxes[above, 1], boxes[below, 3] - boxes[below, 1])
    near = boxes[below, 4] - boxes[above, 4] <= _SAME_LINE * least
    return bool(near and owners[above] == owners[below])


@compiled(
    "intp(uint32[::1], float64[:, ::1], intp[::1], intp[::1],"
    " uint32[::1], intp[::1], intp[::1], float64[:, ::1])"
)
def _lines(
    codes: Array,
    boxes: Array,
    owners: Array,
    order: Array,
    text: Array,
    owner: Array,
    ends: Array,
    extents: Array,
) -> int:
    """Write the texts of all lines, and each line's owner, end in those texts, and box; how many lines.

    ``order`` is by owner and baseline; it is put from left to right within each line.
    """
    lines = written = start = 0
    for stop in range(1, len(order) + 1):
        if stop < len(order) and _on_one_line(boxes, owners, order[stop - 1], order[stop]):
            continue
        _from_left(boxes, order, start, stop)
        i = order[start]
        left, top, right, bottom = boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]
        end = right
        for k in range(start, stop):
            i = order[k]
            if boxes[i, 0] - end > _BLANK * (boxes[i, 3] - boxes[i, 1]):
                text[written] = 0x20
                written += 1
            text[written] = codes[i]
            written += 1
            end = boxes[i, 2]
            top, right, bottom = min(top, boxes[i, 1]), max(right, end), max(bottom, boxes[i, 3])
        owner[lines], ends[lines] = owners[i], written
        extents[lines, 0], extents[lines, 1], extents[lines, 2], extents[lines, 3] = left, top, right, bottom
        lines += 1
        start = stop
    return lines
