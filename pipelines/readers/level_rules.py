"""Tables with level rules only: where they are, and their cells once the columns are known.

Belongs here: stacks of rules, and which cells are one. Does not belong here: how columns are proven
(``level_columns``), and any word's meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from pipelines.model import Box
from pipelines.readers.glyphs import Glyphs
from pipelines.readers.level_columns import (
    Edges,
    Space,
    alike,
    column_of,
    figures_fit,
    find_edges,
    head_length,
    refines,
    runs_of,
)
from pipelines.readers.level_words import NARROW, WIDE, Glyph, Word, in_rows, words_of
from pipelines.readers.rules import Array, Frame, Rule, joined

# Level rules of one table begin and end within this of each other, and lie further apart (points).
_SAME_ENDS, _SAME_ROW = 6.0, 2.0
# Fewer rules only continue a table, so many at least.
_FEWEST_RULES, _FEWEST_TO_CONTINUE = 3, 2
# A rule so near to a box (points) belongs to it.
_BESIDE = 2.0
# Letters so much higher than those of the table are a title between two tables.
_TITLE = 1.3
# A name begins where others of its column do, within this (points).
_SAME_START = 2.0

Cell = tuple[int, range]


@dataclass(frozen=True, slots=True)
class Stack:
    """The level rules of one table: the heights of whole ones, and those over a part of its width."""

    left: float
    right: float
    ys: tuple[float, ...]
    part: tuple[Rule, ...] = ()

    @property
    def box(self) -> Box:
        """Left, top, right, bottom."""
        return self.left, self.ys[0], self.right, self.ys[-1]


@dataclass(frozen=True, slots=True)
class Columns:
    """The borders of the columns of a table, which the next page may continue."""

    edges: Edges

    def fits(self, stack: Stack) -> bool:
        """Whether a stack of rules begins and ends where this table does."""
        return (
            abs(self.edges[0] - stack.left) <= _SAME_ENDS and abs(self.edges[-1] - stack.right) <= _SAME_ENDS
        )


@dataclass(frozen=True, slots=True)
class LevelTable:
    """A table as a frame, with the merged cell of each glyph (its flat index in the frame)."""

    frame: Frame
    owners: Array
    columns: Columns


def stacks(level: Array, taken: Sequence[Box], glyphs: Glyphs) -> list[Stack]:
    """Level rules that begin and end alike, two at least, outside of the boxes already taken.

    ``level`` has one row a rule: its height, left and right end.
    """
    outside = np.ones(len(level), bool)
    for left, top, right, bottom in taken:
        beside = (left - _BESIDE <= level[:, 1]) & (level[:, 2] <= right + _BESIDE)
        outside &= ~(beside & (top - _BESIDE <= level[:, 0]) & (level[:, 0] <= bottom + _BESIDE))
    if outside.sum() < _FEWEST_TO_CONTINUE:
        return []
    free = [(y, left, right) for y, left, right in joined(level[outside], _SAME_ROW).tolist()]
    groups: list[list[Rule]] = []
    for rule in free:
        for group in groups:
            if max(abs(group[0][1] - rule[1]), abs(group[0][2] - rule[2])) <= _SAME_ENDS:
                group.append(rule)
                break
        else:
            groups.append([rule])
    found = []
    for group in (part for whole in groups for part in _without_titles(whole, glyphs)):
        if len(group) >= _FEWEST_TO_CONTINUE:
            box = (group[0][1], group[0][0], group[0][2], group[-1][0])
            inner = tuple(rule for rule in free if rule not in group and _inside(rule, box))
            found.append(Stack(box[0], box[2], tuple(rule[0] for rule in group), inner))
    return found


def _inside(rule: Rule, box: Box) -> bool:
    left, top, right, bottom = box
    return (
        left - _BESIDE <= rule[1]
        and rule[2] <= right + _BESIDE
        and top - _BESIDE <= rule[0] <= bottom + _BESIDE
    )


def _without_titles(group: Sequence[Rule], glyphs: Glyphs) -> list[list[Rule]]:
    """The rules of each table, where a title of larger letters stands between two."""
    left, upper, _, lower, baseline = glyphs.boxes.T
    level = (left >= group[0][1]) & (left <= group[0][2])
    heights = [
        (lower - upper)[level & (baseline > top) & (baseline <= bottom)].tolist()
        for (top, _, _), (bottom, _, _) in pairwise(group)
    ]
    usual = median([height for row in heights for height in row] or [0.0])
    parts = [[group[0]]]
    for row, rule in zip(heights, group[1:], strict=True):
        if max(row, default=0.0) > _TITLE * usual:
            parts.append([])
        parts[-1].append(rule)
    return parts


def level_table(stack: Stack, glyphs: Sequence[Glyph], before: Columns | None = None) -> LevelTable | None:
    """The table between level rules, or None where its columns cannot be proven.

    ``before`` are the columns of the table that this one continues, if it does (and ends where it does).
    """
    found = _edges(stack, glyphs, before)
    if found is None:
        return None
    edges, gap = found
    ys = tuple(sorted({*stack.ys, *(y for y, _, _ in stack.part)}))
    cells = _Cells(edges, ys, _extents(stack, edges, ys))
    rows = [] if gap is None else in_rows(words_of(glyphs, gap), stack.ys)
    head = rows[: head_length(rows, edges)]
    cells.place_head([word for row in head for word in row])
    cells.place_body(in_rows(words_of(glyphs, WIDE, edges), stack.ys)[len(head) :])
    frame = Frame(edges, ys, cells.cell_of(), inferred=True)
    return LevelTable(frame, cells.owners(len(glyphs), frame), Columns(edges))


def _edges(
    stack: Stack, glyphs: Sequence[Glyph], before: Columns | None
) -> tuple[Edges, float | None] | None:
    """The borders of the columns: those proven here, or those of the page before if the amounts fit in.

    None if the two contradict each other. A head that came again may show fewer columns than the first.
    With them comes the gap that parts the words of the head; None where the page has no head of its own.
    """
    rows = in_rows(words_of(glyphs, NARROW), stack.ys)
    proven = _proven(stack, glyphs, rows) if len(stack.ys) >= _FEWEST_RULES else None
    if before is None or not before.fits(stack):
        return proven
    edges = (stack.left, *before.edges[1:-1], stack.right)
    if not figures_fit(rows, edges):
        return proven
    if proven is None or refines(edges, proven[0]):
        return edges, proven[1] if proven else None
    return proven if alike(proven[0], edges) else None


def _proven(
    stack: Stack, glyphs: Sequence[Glyph], rows: Sequence[Sequence[Word]]
) -> tuple[Edges, float | None] | None:
    """The borders that follow from the words of this page, those of the head taken narrowly or widely."""
    stops = tuple(sorted({x for _, *ends in stack.part for x in ends}))
    for gap in (NARROW, WIDE):
        labels = rows if gap == NARROW else in_rows(words_of(glyphs, gap), stack.ys)
        edges = find_edges(Space(stack.left, stack.right, rows, labels, stops))
        if edges is not None:
            return edges, gap
    return None


def _extents(stack: Stack, edges: Edges, ys: Sequence[float]) -> list[list[range]]:
    """By column and row: the rows that no rule parts from this one in that column."""
    whole = [(y, stack.left, stack.right) for y in stack.ys]
    extents = []
    for left, right in pairwise(edges):
        middle = (left + right) / 2
        cuts = sorted({ys.index(y) for y, start, end in (*whole, *stack.part) if start <= middle <= end})
        extents.append([range(a, b) for a, b in pairwise(cuts) for _ in range(a, b)])
    return extents


class _Cells:
    """The words of a table in their cells: the first row of a cell, and the columns that it covers."""

    def __init__(self, edges: Edges, ys: Sequence[float], extents: list[list[range]]) -> None:
        self.edges, self.ys, self.extents = edges, ys, extents
        self.places: list[tuple[Word, Cell]] = []

    def _rows(self, word: Word, column: int) -> range:
        """The rows of the cell in which a word stands."""
        row = sum(y < word.level for y in self.ys[1:-1])
        return self.extents[column][row]

    def _runs(self, word: Word) -> list[range]:
        """The columns that a word may cover: it stands over their middle, in cells of the same rows."""
        return [
            run for run in runs_of(word, self.edges) if len({self._rows(word, column) for column in run}) == 1
        ]

    # --- words of the head ----------------------------------------------------------------

    def place_head(self, words: Sequence[Word]) -> None:
        """Labels over the columns whose middle they mark; where there is a choice, so that none is bare."""
        segments: dict[tuple[range, int], list[tuple[Word, list[range]]]] = {}
        for word in words:
            runs = self._runs(word)
            if not runs:
                self._place(word, self._body_run(word))
                continue
            rows = self._rows(word, runs[0].start)
            start = runs[0].start
            while start and self.extents[start - 1][rows.start] == rows:
                start -= 1
            segments.setdefault((rows, start), []).append((word, runs))
        for (rows, start), found in segments.items():
            end = start
            while end < len(self.extents) and self.extents[end][rows.start] == rows:
                end += 1
            found.sort(key=lambda pair: min(pair[0].middles))
            choices = [runs for _, runs in found]
            chosen = _tiling(choices, start, end) or [runs[0] for runs in choices]
            for (word, _), run in zip(found, chosen, strict=True):
                self._place(word, run)

    def _place(self, word: Word, run: range) -> None:
        self.places.append((word, (self._rows(word, run.start).start, run)))

    # --- words of the body ----------------------------------------------------------------

    def place_body(self, rows: Sequence[Sequence[Word]]) -> None:
        """Words in the column where they begin; those that run over a border cover several."""
        edges = self.edges
        names = [w for row in rows for w in row if not w.is_figure and not w.is_number]
        figures = {column_of((w.left + w.right) / 2, edges) for row in rows for w in row if w.is_figure}
        starts = [
            self._start([w.left for w in names if column_of(w.left + 1, edges) == c])
            for c in range(len(edges) - 1)
        ]
        for row in rows:
            taken = {column_of((w.left + w.right) / 2, edges) for w in row}
            for word in row:
                run = self._body_run(word)
                common = abs(word.left - starts[run.start]) <= _SAME_START
                if word in names and len(run) == 1 and not common:
                    free = (
                        other
                        for other in self._runs(word)
                        if len(taken & set(other)) == 1 and not figures & set(other)
                    )
                    run = next(free, run)
                self._place(word, run)

    def _start(self, lefts: Sequence[float]) -> float:
        """Where most names of a column begin."""
        return max(lefts, key=lambda x: sum(abs(x - y) <= _SAME_START for y in lefts), default=0.0)

    def _body_run(self, word: Word) -> range:
        if word.is_figure or word.is_number:
            column = column_of((word.left + word.right) / 2, self.edges)
            return range(column, column + 1)
        first, last = column_of(word.left + 1, self.edges), column_of(word.right - 1, self.edges)
        return range(first, last + 1)

    # --- the frame ------------------------------------------------------------------------

    def cell_of(self) -> Array:
        """The merged cell of each elementary one: no rule parts its rows, one text covers its columns."""
        columns = len(self.extents)
        flat = [
            [rows.start * columns + c for c, own in enumerate(self.extents) for rows in (own[r],)]
            for r in range(len(self.ys) - 1)
        ]
        held = Counter((row, column) for row, column in {(row, run.start) for _, (row, run) in self.places})
        runs: dict[tuple[int, int], set[range]] = {}
        for _, (row, run) in self.places:
            runs.setdefault((row, run.start), set()).add(run)
        for (row, first), own in runs.items():
            run = max(own, key=len)
            rows = self.extents[first][row]
            same = all(self.extents[c][row] == rows for c in run)
            if len(own) == 1 and same and not any(held[row, c] for c in run[1:]):
                for r in rows:
                    for c in run:
                        flat[r][c] = rows.start * columns + first
        return np.array(flat)

    def owners(self, count: int, frame: Frame) -> Array:
        """The merged cell of each glyph."""
        owners: Array = np.zeros(count, int)
        for word, (row, run) in self.places:
            owners[list(word.glyphs)] = frame.cell_of[row, run.start]
        return owners


def _tiling(choices: Sequence[Sequence[range]], start: int, end: int) -> list[range] | None:
    """One of the runs for each word so that they follow each other from start to end.

    The lines of one label have the same run.
    """
    if not choices:
        return [] if start == end else None
    for run in choices[0]:
        if run.start != start:
            continue
        lines = 1
        while True:
            rest = _tiling(choices[lines:], run.stop, end)
            if rest is not None:
                return [run] * lines + rest
            if lines >= len(choices) or run not in choices[lines]:
                break
            lines += 1
    return None
