"""Glyphs put into cells and lines: by the middle of each, gaps as blanks, figures over borders seen.

Belongs here: what one page's glyphs make. Does not belong here: pages, rules, and what a text means.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import numpy as np

from pipelines.model import Box, Cell, Grid
from pipelines.readers.glyphs import Glyphs
from pipelines.readers.rules import Array, Frame

# Baselines nearer than this share of the glyphs' height are one line.
_SAME_LINE = 0.45
# A gap wider than this share of the glyphs' height is a blank.
_BLANK = 0.5
# Figures nearer than this share of their height on both sides of a border are one figure.
_TORN_GAP = 0.15
_FIGURES = frozenset("0123456789.,")

# Baseline, left, right, height, text.
_Glyph = tuple[float, float, float, float, str]
_BASELINE, _LEFT = itemgetter(0), itemgetter(1)


def centres(glyphs: Glyphs) -> tuple[Array, Array]:
    """The middles of the glyphs, horizontally and vertically."""
    boxes = glyphs.boxes
    return (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2


def inside(glyphs: Glyphs, box: Box) -> Array:
    """Which glyphs have their middle in a box."""
    x, y = centres(glyphs)
    inside: Array = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
    return inside


def owners_of(glyphs: Glyphs, frame: Frame) -> Array:
    """The merged cell in which the middle of each glyph lies."""
    rows, columns = frame.cell_of.shape
    x, y = centres(glyphs)
    column = np.clip(np.searchsorted(frame.xs, x) - 1, 0, columns - 1)
    row = np.clip(np.searchsorted(frame.ys, y) - 1, 0, rows - 1)
    owners: Array = frame.cell_of[row, column]
    return owners


def torn_cells(glyphs: Glyphs, owners: Array) -> Array:
    """The cells between which, or from which to outside of the table, a figure runs over a border."""
    if not len(glyphs):
        return np.empty(0, int)
    figure = np.array([text in _FIGURES for text in glyphs.texts])
    boxes = glyphs.boxes
    order = np.lexsort((boxes[:, 0], np.round(boxes[:, 4])))
    left, right = order[:-1], order[1:]
    gap = boxes[right, 0] - boxes[left, 2]
    height = boxes[right, 3] - boxes[right, 1]
    cut = (
        (owners[left] != owners[right])
        & figure[left]
        & figure[right]
        & (np.abs(boxes[left, 4] - boxes[right, 4]) < 1)
        & (np.abs(gap) < _TORN_GAP * height)
    )
    torn: Array = np.unique(np.concatenate((owners[left[cut]], owners[right[cut]])))
    return torn


def ruled_grid(glyphs: Glyphs, owners: Array, torn: Array, frame: Frame, name: str) -> Grid:
    """A frame with its glyphs in their cells; a merged cell's text stands in its first elementary cell."""
    rows, columns = frame.cell_of.shape
    by_cell: dict[int, list[_Glyph]] = {}
    for glyph, cell in zip(plain(glyphs), owners.tolist(), strict=True):
        by_cell.setdefault(cell, []).append(glyph)
    crossed = set(torn.tolist())
    texts = {cell: "\n".join(_join(line) for line in _by_baseline(inner)) for cell, inner in by_cell.items()}
    cell_of = frame.cell_of.tolist()
    unmerged = bool((frame.cell_of == np.arange(rows * columns).reshape(rows, columns)).all())
    table = []
    for r in range(rows):
        cells = []
        for c in range(columns):
            flat = r * columns + c
            own = unmerged or cell_of[r][c] == flat
            right, bottom = (c + 1, r + 1) if unmerged or not own else _extent(cell_of, r, c)
            box = (frame.xs[c], frame.ys[r], frame.xs[right], frame.ys[bottom])
            text = texts.get(flat, "") if own else ""
            cells.append(Cell(text, f"{name}/r{r + 1}c{c + 1}", box, right - c, flat in crossed))
        table.append(tuple(cells))
    return Grid(tuple(table), frame.xs)


def plain(glyphs: Glyphs) -> list[_Glyph]:
    """Baseline, left, right, height and text of each glyph."""
    return [
        (b[4], b[0], b[2], b[3] - b[1], t) for t, b in zip(glyphs.texts, glyphs.boxes.tolist(), strict=True)
    ]


def _extent(cell_of: list[list[int]], row: int, column: int) -> tuple[int, int]:
    """One past the last column and row of the merged cell that begins here."""
    flat = cell_of[row][column]
    right, bottom = column + 1, row + 1
    while right < len(cell_of[row]) and cell_of[row][right] == flat:
        right += 1
    while bottom < len(cell_of) and cell_of[bottom][column] == flat:
        bottom += 1
    return right, bottom


def lines_of(glyphs: Glyphs) -> list[tuple[str, Box]]:
    """Lines of free text from the top down, with their boxes."""
    boxes = glyphs.boxes.tolist()
    inner = [(b[4], b[0], b[2], b[3] - b[1], t, b[1], b[3]) for t, b in zip(glyphs.texts, boxes, strict=True)]
    return [
        (
            _join(line),
            (
                min(g[1] for g in line),
                min(g[5] for g in line),
                max(g[2] for g in line),
                max(g[6] for g in line),
            ),
        )
        for line in _by_baseline(inner)
    ]


def _by_baseline(glyphs: list[Any]) -> list[list[Any]]:
    """Glyphs (baseline, left, right, height, text, …) as lines from the top down, each from left to right.

    By baselines, for glyphs of different fonts share those where their boxes differ.
    """
    if len(glyphs) < 2:
        return [glyphs] if glyphs else []
    glyphs.sort(key=_BASELINE)
    lines = [[glyphs[0]]]
    before = glyphs[0]
    for glyph in glyphs[1:]:
        if glyph[0] - before[0] > _SAME_LINE * min(glyph[3], before[3]):
            lines.append([])
        lines[-1].append(glyph)
        before = glyph
    for line in lines:
        line.sort(key=_LEFT)
    return lines


def _join(line: list[Any]) -> str:
    """The text of a line's glyphs; a gap wider than half a glyph's height is a blank."""
    parts = [line[0][4]]
    end = line[0][2]
    for glyph in line[1:]:
        if glyph[1] - end > _BLANK * glyph[3]:
            parts.append(" ")
        parts.append(glyph[4])
        end = glyph[2]
    return "".join(parts)
