"""From straight rules to tables: frames of columns and rows, cells merged where no rule parts them.

Belongs here: the geometry of ruled tables. Does not belong here: pdfium, and what a table means.
Everything is in points from the upper left corner of the page as seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rule = tuple[float, float, float]
Array = NDArray[Any]

# Rules nearer than this are one: double strokes, both edges of a thick line, borders drawn by each cell.
_SAME_COLUMN, _SAME_ROW = 3.0, 2.0
# Rules touch where their ends come this near.
_TOUCH = 3.0
# A side is open where level rules reach further than this beyond the outermost upright one.
_OPEN = 6.0
_TALLEST_ROW = 40.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A ruled table: borders of its columns and rows, and which elementary cells are one.

    ``cell_of`` has shape (rows, columns) and names each elementary cell's merged cell by the flat index
    of its first (upper left) elementary cell.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cell_of: Array

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return (self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])


def frames(level: Sequence[Rule], upright: Sequence[Rule]) -> list[Frame]:
    """The ruled tables of a page from the top down: connected rules with two rows or columns at least."""
    if not level or not upright:
        return []
    h, v = _joined(level, _SAME_ROW), _joined(upright, _SAME_COLUMN)
    found = []
    groups = _connected(h, v)
    free = np.ones(len(h), bool)
    for group_h, _ in groups:
        free[group_h] = False
    whole = _joined_groups([(_with_open_rows(h, a, v[b], free), v[b]) for a, b in groups])
    for rules_h, rules_v in whole:
        frame = _frame(rules_h, rules_v)
        if frame is not None:
            found.append(frame)
    return sorted(found, key=lambda frame: (frame.ys[0], frame.xs[0]))


def _joined(rules: Sequence[Rule], tolerance: float) -> Array:
    """Rules that continue each other as one: programs draw the border of each cell by itself."""
    rows: list[list[Rule]] = []
    for rule in sorted(rules):
        if rows and rule[0] - rows[-1][-1][0] <= tolerance:
            rows[-1].append(rule)
        else:
            rows.append([rule])
    joined: list[Rule] = []
    for row in rows:
        position = sum(rule[0] for rule in row) / len(row)
        start, end = None, 0.0
        for _, left, right in sorted(row, key=lambda rule: rule[1]):
            if start is not None and left <= end + _TOUCH:
                end = max(end, right)
                continue
            if start is not None:
                joined.append((position, start, end))
            start, end = left, right
        if start is not None:
            joined.append((position, start, end))
    return np.array(joined)


def _connected(h: Array, v: Array) -> list[tuple[Array, Array]]:
    """Groups of level and upright rules that touch each other, as indexes."""
    touch = (
        (v[None, :, 0] >= h[:, None, 1] - _TOUCH)
        & (v[None, :, 0] <= h[:, None, 2] + _TOUCH)
        & (h[:, None, 0] >= v[None, :, 1] - _TOUCH)
        & (h[:, None, 0] <= v[None, :, 2] + _TOUCH)
    )
    left_h = np.ones(len(h), bool)
    groups = []
    while left_h.any():
        rows: Array = np.zeros(len(h), bool)
        rows[int(np.argmax(left_h))] = True
        columns: Array = np.zeros(len(v), bool)
        while True:
            more_columns = np.asarray(touch[rows].any(axis=0))
            more_rows = np.asarray(rows | touch[:, more_columns].any(axis=1))
            if (more_columns == columns).all() and (more_rows == rows).all():
                break
            rows, columns = more_rows, more_columns
        left_h &= ~rows
        if columns.any():
            groups.append((np.flatnonzero(rows), np.flatnonzero(columns)))
    return groups


def _with_open_rows(h: Array, group: Array, v: Array, free: Array) -> Array:
    """The level rules of a group, and those that bound rows which no upright rule crosses.

    Where the sides are open, a row of one cell touches no upright rule: its level rule begins and ends
    as the group's do, a row's height away.
    """
    rules = h[group]
    left, right = float(rules[:, 1].min()), float(rules[:, 2].max())
    if not _is_open(rules, v):
        return rules
    same = free & (np.abs(h[:, 1] - left) <= _TOUCH) & (np.abs(h[:, 2] - right) <= _TOUCH)
    for rule in sorted(h[same].tolist(), key=lambda r: -r[0]):
        if 0 < rules[:, 0].min() - rule[0] <= _TALLEST_ROW:
            rules = np.vstack((rules, rule))
    for rule in sorted(h[same].tolist()):
        if 0 < rule[0] - rules[:, 0].max() <= _TALLEST_ROW:
            rules = np.vstack((rules, rule))
    return rules


def _joined_groups(groups: list[tuple[Array, Array]]) -> list[tuple[Array, Array]]:
    """Groups with open sides that share a row of one cell between them, as one table."""
    joined: list[tuple[Array, Array]] = []
    for h, v in sorted(groups, key=lambda group: float(group[0][:, 0].min())):
        if joined and _is_open(h, v) and _is_open(*joined[-1]):
            before = joined[-1][0]
            ends = abs(before[:, 1].min() - h[:, 1].min()), abs(before[:, 2].max() - h[:, 2].max())
            if max(ends) <= _TOUCH and h[:, 0].min() - before[:, 0].max() <= _TALLEST_ROW:
                joined[-1] = (np.vstack((before, h)), np.vstack((joined[-1][1], v)))
                continue
        joined.append((h, v))
    return joined


def _is_open(h: Array, v: Array) -> bool:
    """Whether level rules reach beyond the outermost upright one on some side."""
    return bool(h[:, 1].min() < v[:, 0].min() - _OPEN or h[:, 2].max() > v[:, 0].max() + _OPEN)


def _frame(h: Array, v: Array) -> Frame | None:
    ys, xs = _positions(h[:, 0], _SAME_ROW), _positions(v[:, 0], _SAME_COLUMN)
    left, right = float(h[:, 1].min()), float(h[:, 2].max())
    xs = [*([left] if left < xs[0] - _OPEN else []), *xs, *([right] if right > xs[-1] + _OPEN else [])]
    top, bottom = float(v[:, 1].min()), float(v[:, 2].max())
    ys = [*([top] if top < ys[0] - _OPEN else []), *ys, *([bottom] if bottom > ys[-1] + _OPEN else [])]
    if len(xs) < 2 or len(ys) < 2 or len(xs) + len(ys) < 5:
        return None
    below = _covered(h, np.array(ys), np.array(xs))
    beside = _covered(v, np.array(xs), np.array(ys))
    # The outer borders part the table from the page, drawn or not.
    beside[0] = beside[-1] = True
    below[0] = below[-1] = True
    return Frame(tuple(xs), tuple(ys), _merged(below, beside.T))


def _positions(values: Array, tolerance: float) -> list[float]:
    """Sorted distinct positions; neighbours nearer than the tolerance are one, at their mean."""
    found: list[list[float]] = []
    for value in np.sort(values):
        if found and value - found[-1][-1] <= tolerance:
            found[-1].append(float(value))
        else:
            found.append([float(value)])
    return [sum(group) / len(group) for group in found]


def _covered(rules: Array, positions: Array, others: Array) -> Array:
    """For each position and each gap between neighbouring others: whether a rule runs along it there."""
    middles = (others[:-1] + others[1:]) / 2
    covered = np.zeros((len(positions), len(middles)), bool)
    nearest = np.abs(positions[None, :] - rules[:, None, 0]).argmin(axis=1)
    first = np.searchsorted(middles, rules[:, 1] - 1)
    last = np.searchsorted(middles, rules[:, 2] + 1)
    for line, start, stop in zip(nearest, first, last, strict=True):
        covered[line, start:stop] = True
    return covered


def _merged(below: Array, beside: Array) -> Array:
    """Elementary cells joined where no rule parts them, if what they make together is a rectangle."""
    rows, columns = below.shape[0] - 1, beside.shape[1] - 1
    cell_of = np.arange(rows * columns).reshape(rows, columns)
    if below[1:-1].all() and beside[:, 1:-1].all():
        return cell_of
    done = np.zeros((rows, columns), bool)
    for r in range(rows):
        for c in range(columns):
            if done[r, c]:
                continue
            right = c + 1
            while right < columns and not beside[r, right] and not done[r, right]:
                right += 1
            bottom = r + 1
            while bottom < rows and _one(below, beside, done, bottom, c, right):
                bottom += 1
            cell_of[r:bottom, c:right] = r * columns + c
            done[r:bottom, c:right] = True
    return cell_of


def _one(below: Array, beside: Array, done: Array, row: int, left: int, right: int) -> bool:
    """Whether the next row of elementary cells belongs to the merged cell above it."""
    return not (
        below[row, left:right].any() or beside[row, left + 1 : right].any() or done[row, left:right].any()
    ) and bool(beside[row, left] and beside[row, right])
