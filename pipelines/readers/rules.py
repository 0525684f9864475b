"""From straight rules to tables: frames of columns and rows, cells merged where no rule parts them.

Belongs here: the geometry of ruled tables. Does not belong here: pdfium, and what a table means.
Everything is in points from the upper left corner of the page as seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.readers.compiled import compiled

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
    of its first (upper left) elementary cell. ``inferred`` columns follow from where words stand.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cell_of: Array
    inferred: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return (self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])


def frames(level: Array, upright: Array) -> list[Frame]:
    """The ruled tables of a page from the top down: connected rules with two rows or columns at least."""
    if not len(level) or not len(upright):
        return []
    h, v = joined(level, _SAME_ROW), joined(upright, _SAME_COLUMN)
    of_h, of_v = np.full(len(h), -1), np.full(len(v), -1)
    groups = range(_group(h, v, of_h, of_v))
    connected = [(h[of_h == group], v[of_v == group]) for group in groups]
    if any(_is_open(*group) for group in connected):
        free = h[of_h < 0]
        connected = _joined_groups([(_with_open_rows(a, b, free), b) for a, b in connected])
    found = []
    for rules_h, rules_v in connected:
        frame = _frame(rules_h, rules_v)
        if frame is not None:
            found.append(frame)
    return sorted(found, key=lambda frame: (frame.ys[0], frame.xs[0]))


def joined(rules: Array, tolerance: float) -> Array:
    """Rules that continue each other as one: programs draw the border of each cell by itself."""
    whole = np.empty((len(rules), 3))
    return whole[: _join(rules, rules[:, 0].argsort(kind="stable"), tolerance, whole)]


def _with_open_rows(h: Array, v: Array, free: Array) -> Array:
    """The level rules of a group, and those ``free`` ones that bound rows which no upright rule crosses.

    Where the sides are open, a row of one cell touches no upright rule: its level rule begins and ends
    as the group's do, a row's height away.
    """
    if not _is_open(h, v):
        return h
    left, right = h[:, 1].min(), h[:, 2].max()
    same = free[(np.abs(free[:, 1] - left) <= _TOUCH) & (np.abs(free[:, 2] - right) <= _TOUCH)]
    for rule in sorted(same.tolist(), reverse=True):
        if 0 < h[:, 0].min() - rule[0] <= _TALLEST_ROW:
            h = np.vstack((h, rule))
    for rule in sorted(same.tolist()):
        if 0 < rule[0] - h[:, 0].max() <= _TALLEST_ROW:
            h = np.vstack((h, rule))
    return h


def _joined_groups(groups: list[tuple[Array, Array]]) -> list[tuple[Array, Array]]:
    """Groups with open sides that share a row of one cell between them, as one table."""
    whole: list[tuple[Array, Array]] = []
    for h, v in sorted(groups, key=lambda group: float(group[0][:, 0].min())):
        if whole and _is_open(h, v) and _is_open(*whole[-1]):
            before = whole[-1][0]
            ends = abs(before[:, 1].min() - h[:, 1].min()), abs(before[:, 2].max() - h[:, 2].max())
            if max(ends) <= _TOUCH and h[:, 0].min() - before[:, 0].max() <= _TALLEST_ROW:
                whole[-1] = (np.vstack((before, h)), np.vstack((whole[-1][1], v)))
                continue
        whole.append((h, v))
    return whole


def _is_open(h: Array, v: Array) -> bool:
    """Whether level rules reach beyond the outermost upright one on some side."""
    return bool(h[:, 1].min() < v[:, 0].min() - _OPEN or h[:, 2].max() > v[:, 0].max() + _OPEN)


def _frame(h: Array, v: Array) -> Frame | None:
    xs = _borders(v[:, 0], h[:, 1].min(), h[:, 2].max(), _SAME_COLUMN)
    ys = _borders(h[:, 0], v[:, 1].min(), v[:, 2].max(), _SAME_ROW)
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 1 or columns < 1 or rows + columns < 3:
        return None
    below, beside = np.zeros((rows + 1, columns), bool), np.zeros((columns + 1, rows), bool)
    _cover(h, np.array(ys), np.array(xs), below)
    _cover(v, np.array(xs), np.array(ys), beside)
    # The outer borders part the table from the page, drawn or not.
    beside[0] = beside[-1] = True
    below[0] = below[-1] = True
    cell_of = np.full((rows, columns), -1)
    _merge(below, beside, cell_of)
    return Frame(tuple(xs), tuple(ys), cell_of)


def _borders(positions: Array, first: float, last: float, tolerance: float) -> list[float]:
    """The distinct positions of rules, and those where a side is open: the rules across reach further.

    Neighbours nearer than the tolerance are one, at their mean.
    """
    found: list[list[float]] = []
    for position in sorted(positions.tolist()):
        if found and position - found[-1][-1] <= tolerance:
            found[-1].append(position)
        else:
            found.append([position])
    borders = [sum(group) / len(group) for group in found]
    opens, closes = first < borders[0] - _OPEN, last > borders[-1] + _OPEN
    return [*([float(first)] if opens else []), *borders, *([float(last)] if closes else [])]


# --- loops, each after those that it calls -----------------------------------------------------


@compiled("intp(float64[:, ::1], intp[::1], float64, float64[:, ::1])")
def _join(rules: Array, order: Array, tolerance: float, whole: Array) -> int:
    """Write the joined rules; how many. ``order`` is by position; it is put by starts along each line."""
    count = start = 0
    for stop in range(1, len(order) + 1):
        if stop < len(order) and rules[order[stop], 0] - rules[order[stop - 1], 0] <= tolerance:
            continue
        for k in range(start + 1, stop):  # by insertion: few rules lie in one line, and mostly in order
            i, at = order[k], k
            while at > start and rules[order[at - 1], 1] > rules[i, 1]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = i
        position, first = 0.0, count
        for k in range(start, stop):
            i = order[k]
            position += rules[i, 0] / (stop - start)
            if count > first and rules[i, 1] <= whole[count - 1, 2] + _TOUCH:
                whole[count - 1, 2] = max(whole[count - 1, 2], rules[i, 2])
                continue
            whole[count, 1], whole[count, 2] = rules[i, 1], rules[i, 2]
            count += 1
        for k in range(first, count):
            whole[k, 0] = position
        start = stop
    return count


@compiled("boolean(float64[:, ::1], intp, float64[:, ::1], intp)")
def _touch(h: Array, i: int, v: Array, j: int) -> bool:
    crosses = h[i, 1] - _TOUCH <= v[j, 0] <= h[i, 2] + _TOUCH
    return bool(crosses and v[j, 1] - _TOUCH <= h[i, 0] <= v[j, 2] + _TOUCH)


@compiled("intp(float64[:, ::1], float64[:, ::1], intp[::1], intp[::1])")
def _group(h: Array, v: Array, of_h: Array, of_v: Array) -> int:
    """Write which group of touching rules each belongs to, if it touches any; how many groups."""
    # Rules whose neighbours are still to be looked for; level ones are counted on from the upright ones.
    waiting = np.empty(len(h) + len(v), np.intp)
    groups = 0
    for first in range(len(v)):
        if of_v[first] >= 0:
            continue
        of_v[first], waiting[0], left, alone = groups, first, 1, True
        while left:
            left -= 1
            one = waiting[left]
            if one < len(v):
                for i in range(len(h)):
                    if of_h[i] < 0 and _touch(h, i, v, one):
                        of_h[i], waiting[left] = groups, len(v) + i
                        left += 1
                        alone = False
            else:
                for j in range(len(v)):
                    if of_v[j] < 0 and _touch(h, one - len(v), v, j):
                        of_v[j], waiting[left] = groups, j
                        left += 1
        if alone:
            of_v[first] = -1
        else:
            groups += 1
    return groups


@compiled("none(float64[:, ::1], float64[::1], float64[::1], boolean[:, ::1])")
def _cover(rules: Array, positions: Array, others: Array, covered: Array) -> None:
    """Mark for each position and each gap between neighbouring others whether a rule runs along it there."""
    for i in range(len(rules)):
        nearest = 0
        for k in range(len(positions)):
            if abs(positions[k] - rules[i, 0]) < abs(positions[nearest] - rules[i, 0]):
                nearest = k
        for k in range(len(others) - 1):
            middle = (others[k] + others[k + 1]) / 2
            if rules[i, 1] - 1 <= middle < rules[i, 2] + 1:
                covered[nearest, k] = True


@compiled("boolean(boolean[:, ::1], boolean[:, ::1], intp[:, ::1], intp, intp, intp)")
def _continues(below: Array, beside: Array, cell_of: Array, row: int, left: int, right: int) -> bool:
    """Whether the next row of elementary cells belongs to the merged cell above it."""
    for c in range(left, right):
        if below[row, c] or cell_of[row, c] >= 0 or (c > left and beside[c, row]):
            return False
    return bool(beside[left, row] and beside[right, row])


@compiled("none(boolean[:, ::1], boolean[:, ::1], intp[:, ::1])")
def _merge(below: Array, beside: Array, cell_of: Array) -> None:
    """Join elementary cells (-1) where no rule parts them, if what they make together is a rectangle."""
    rows, columns = cell_of.shape
    for r in range(rows):
        for c in range(columns):
            if cell_of[r, c] >= 0:
                continue
            right, bottom = c + 1, r + 1
            while right < columns and not beside[right, r] and cell_of[r, right] < 0:
                right += 1
            while bottom < rows and _continues(below, beside, cell_of, bottom, c, right):
                bottom += 1
            for i in range(r, bottom):
                for j in range(c, right):
                    cell_of[i, j] = r * columns + c
