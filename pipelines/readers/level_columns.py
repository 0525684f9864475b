"""Columns of a table without upright rules: borders that every word of it proves, or none.

Belongs here: the geometry of columns. Does not belong here: rows, cells, and any word's meaning.

Labels stand over the middle of their columns, and columns touch. So one border and a label give the next
border, that one and the next label the one after it, and so on: the chain must end at the table's right
border. A chain is believed if besides each word of the head stands over the middle of neighbouring
columns, no figure stands on a border, each column has one figure a row, and those end (or begin, or are
centred) alike. If two chains can be believed and put a word in different columns, nothing is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipelines.readers.level_words import Word, lines_of

# A chain ends at the right border, and a label stands over a middle, within these (points).
_CLOSES, _CENTRED = 3.0, 1.5
# A border may be off by so much where it follows from the middles of many labels.
_SLACK = 1.0
_REACHES = (0.0, 0.25, 0.5, 0.75, 1.0)
_NARROWEST = 4.0
# Figures of a column end, begin or are centred within this of each other.
_ALIKE = 2.0
# Labels at the left of their columns are no further from the border.
_MOST_PADDING = 6.0
_MOST_HEAD = 8
# Chains that are tried before the columns count as unprovable.
_MOST_STEPS = 4000

Edges = tuple[float, ...]
Rows = Sequence[Sequence[Word]]


@dataclass(frozen=True, slots=True)
class Space:
    """What is known of a table: its outer borders, its words by the rows between whole rules.

    ``labels`` are the same rows, with the words as they are taken where they are labels. ``stops`` are
    the ends of rules over a part of its width: there is a border of columns.
    """

    left: float
    right: float
    rows: Rows
    labels: Rows
    stops: tuple[float, ...] = ()

    @property
    def first_figures(self) -> int:
        """The first row that holds an amount, or how many rows there are."""
        rows = enumerate(self.rows)
        return next((i for i, row in rows if any(w.is_figure for w in row)), len(self.rows))


def column_of(x: float, edges: Edges) -> int:
    """The column in which a position lies; outside of the table the nearest one."""
    return min(max(bisect_right(edges, x) - 1, 0), len(edges) - 2)


def runs_of(word: Word, edges: Edges) -> list[range]:
    """The neighbouring columns over whose middle a word stands, fewest first."""
    columns = range(len(edges) - 1)
    found = [
        range(i, j + 1)
        for i in columns
        for j in columns[i:]
        if edges[i] - _CENTRED <= word.left
        and word.right <= edges[j + 1] + _CENTRED
        and word.off((edges[i] + edges[j + 1]) / 2) <= _CENTRED
    ]
    return sorted(found, key=len)


def head_length(rows: Rows, edges: Edges) -> int:
    """How many leading rows hold only words that stand over the middle of columns, and no amounts."""
    for index, row in enumerate(rows):
        if not row or any(word.is_figure or not runs_of(word, edges) for word in row):
            return index
    return len(rows)


def find_edges(space: Space) -> Edges | None:
    """The borders of the columns, or None where the words prove none or leave a choice."""
    found = [*_centred(space), *_from_left(space)]
    if not found or not all(alike(edges, found[0]) for edges in found):
        return None
    return _with_code_columns(found[0], space.rows)


def alike(one: Edges, other: Edges) -> bool:
    """Whether two readings are one: as many columns, and borders that differ by less than a padding."""
    return len(one) == len(other) and all(abs(a - b) <= _CLOSES for a, b in zip(one, other, strict=True))


def refines(fine: Edges, coarse: Edges) -> bool:
    """Whether a reading has the borders of another, and more."""
    near = all(any(abs(edge - other) <= _CLOSES for other in fine) for edge in coarse)
    return near and len(fine) > len(coarse)


# --- heads whose labels are centred ----------------------------------------------------------


def _centred(space: Space) -> list[Edges]:
    """The chains that all words prove, the best first. The head ends above the first amount, or earlier.

    A rule reaches beyond its border by its width or so: of several reaches the one counts by which the
    words stand best.
    """
    for first in range(min(space.first_figures, _MOST_HEAD), 0, -1):
        ways = [_proven_chains(space, first, reach) for reach in _REACHES]
        best = min((way for way in ways if way), key=lambda way: way[0][0], default=None)
        if best is not None:
            return [edges for _, edges in best]
    return []


def _proven_chains(space: Space, first: int, reach: float) -> list[tuple[float, Edges]]:
    """The proven chains between borders that lie so far within the rules' ends, the best first.

    Each comes with how far its words are off: labels from the middles of their columns, and the amounts
    of its columns from ending equally far from the border (points, in all).
    """
    head = [word for row in space.labels[:first] for word in row]
    body = space.rows[first:]
    inner = replace(space, left=space.left + reach, right=space.right - reach)
    return sorted(
        (_off(head, body, edges), edges)
        for edges in _chains(inner, head) or ()
        if _share(head, edges)
        and figures_fit(body, edges)
        and all(_fills(word, edges) for row in space.rows[first : space.first_figures] for word in row)
    )


def _off(head: Sequence[Word], body: Rows, edges: Edges) -> float:
    labels = [
        min(word.off((edges[run.start] + edges[run.stop]) / 2) for run in runs_of(word, edges))
        for word in head
    ]
    ends: dict[int, float] = {}
    for word in (word for row in body for word in row if word.is_figure):
        column = column_of((word.left + word.right) / 2, edges)
        ends[column] = max(ends.get(column, 0.0), word.right)
    paddings = [edges[column + 1] - end for column, end in ends.items()]
    return sum(labels) + max(paddings, default=0.0) - min(paddings, default=0.0)


def _share(head: Sequence[Word], edges: Edges) -> bool:
    """Whether every word of a head stands over the middle of columns, those of a line over different ones."""
    for line in lines_of(head):
        free = 0
        for word in line:
            ends = [run.stop for run in runs_of(word, edges) if run.start >= free]
            if not ends:
                return False
            free = min(ends)
    return True


def _chains(space: Space, head: Sequence[Word]) -> list[Edges] | None:
    """Borders that follow from label to label and end at the right; None if there are too many ways."""
    figures = [w for row in space.rows for w in row if w.is_figure]
    found: list[Edges] = []
    steps = 0
    ways: list[Edges] = [(space.left,)]
    while ways:
        edges = ways.pop()
        steps += 1
        if steps > _MOST_STEPS:
            return None
        for end in _next_borders(space, head, edges[-1]):
            if abs(end - space.right) <= _CLOSES:
                found.append((*edges, space.right))
            elif not any(f.left + _SLACK < end < f.right - _SLACK for f in figures) and _can_be_centred(
                head, (*edges, end)
            ):
                ways.append((*edges, end))
    return [edges for edges in found if len(edges) > 2]


def _can_be_centred(head: Sequence[Word], edges: Edges) -> bool:
    """Whether each word left of the last border stands over a middle, or may with borders to come."""
    for word in head:
        if word.right > edges[-1] + _SLACK:
            continue
        ends = [
            2 * middle - edge for middle in word.middles for edge in edges if edge <= word.left + _CENTRED
        ]
        if not any(end > edges[-1] or any(abs(end - edge) <= 2 * _CENTRED for edge in edges) for end in ends):
            return False
    return True


def _next_borders(space: Space, head: Sequence[Word], start: float) -> Iterator[float]:
    """Where a column that begins here can end: a label stands over its middle and within it."""
    seen: list[float] = []
    for middle in sorted(m for word in head for m in word.middles if m > start + _NARROWEST / 2):
        end = 2 * middle - start
        end = next((stop for stop in space.stops if abs(stop - end) <= _CENTRED), end)
        if end > space.right + _CLOSES or any(start + _CLOSES < s < end - _CLOSES for s in space.stops):
            return
        fits = any(
            w.off((start + end) / 2) <= _SLACK and start - _SLACK <= w.left and w.right <= end + _SLACK
            for w in head
        )
        if fits and not any(abs(end - other) <= _SLACK / 2 for other in seen):
            seen.append(end)
            yield end


def figures_fit(rows: Rows, edges: Edges) -> bool:
    """Whether each amount stands in one column, alone in its row, and aligned with its column's."""
    columns: dict[int, list[Word]] = {}
    for row in rows:
        taken = set()
        for word in row:
            if not word.is_figure:
                continue
            column = column_of((word.left + word.right) / 2, edges)
            inside = edges[column] - _SLACK <= word.left and word.right <= edges[column + 1] + _SLACK
            if not inside or column in taken:
                return False
            taken.add(column)
            columns.setdefault(column, []).append(word)
    return all(_are_aligned(words) for words in columns.values())


def _are_aligned(words: Sequence[Word]) -> bool:
    ways = (
        [word.right for word in words],
        [word.left for word in words],
        [(word.left + word.right) / 2 for word in words],
    )
    return any(max(places) - min(places) <= _ALIKE for places in ways)


# --- heads whose labels stand at the left ----------------------------------------------------


def _from_left(space: Space) -> list[Edges]:
    """The borders left of the labels, if all else begins or ends as far from them as the labels begin.

    The labels are those of the fullest line above the first amount.
    """
    above = [word for row in space.labels[: space.first_figures] for word in row]
    labels = max(lines_of(above), key=len, default=[])
    padding = labels[0].left - space.left if labels else 0.0
    if len(labels) < 2 or not 0 < padding <= _MOST_PADDING or any(w.is_number for w in labels):
        return []
    edges = (space.left, *(label.left - padding for label in labels[1:]), space.right)
    body = [word for row in space.labels[space.first_figures :] for word in row]
    figures = [w for row in space.rows[space.first_figures :] for w in row if w.is_figure]
    begun = all(_fills(w, edges, padding) for w in [*above, *body] if not w.is_figure)
    ended = all(
        abs(edges[column_of(w.right - _SLACK, edges) + 1] - w.right - padding) <= _ALIKE for w in figures
    )
    fit = figures_fit(space.rows[space.first_figures :], edges)
    return [edges] if figures and begun and ended and fit else []


def _fills(word: Word, edges: Edges, padding: float | None = None) -> bool:
    """Whether a word begins at the left of a column, ends at its right, or stands over its middle.

    Without a known ``padding`` any usual distance from the border counts.
    """
    first, last = column_of(word.left + _SLACK, edges), column_of(word.right - _SLACK, edges)
    gaps = (word.left - edges[first], word.box[0] - edges[first], edges[last + 1] - word.right)
    if any(abs(gap) <= _MOST_PADDING if padding is None else abs(gap - padding) <= _ALIKE for gap in gaps):
        return True
    return any(len(run) == 1 for run in runs_of(word, edges))


# --- codes in several columns under one label -------------------------------------------------


def _with_code_columns(edges: Edges, rows: Rows) -> Edges:
    """The borders, and those between 类, 款 and 项 where one label of the head covers them."""
    parted = [edges[0]]
    for start, end in pairwise(edges):
        inner = [w for row in rows for w in row if w.left >= start - _SLACK and w.right <= end + _SLACK]
        parted += [*_code_borders(lines_of(inner), start, end), end]
    return tuple(parted)


def _code_borders(lines: Rows, start: float, end: float) -> list[float]:
    """The borders left of labels in a line of their own, if each number below fills one of the columns.

    A number begins or ends as far from the borders of its column as the labels begin.
    """
    for index, labels in enumerate(lines):
        below = lines[index + 1 :]
        numbers = [word for words in below for word in words if word.is_number]
        if len(labels) < 2 or any(w.is_number or w.is_figure for w in labels) or not numbers:
            continue
        padding = labels[0].left - start
        borders = (start, *(label.left - padding for label in labels[1:]), end)
        places = [[column_of((w.left + w.right) / 2, borders) for w in words] for words in below]
        alone = all(len(set(columns)) == len(columns) for columns in places)
        fill = all(
            min(abs(w.left - borders[c] - padding), abs(borders[c + 1] - w.right - padding)) <= _ALIKE
            for words, columns in zip(below, places, strict=True)
            for w, c in zip(words, columns, strict=True)
        )
        return list(borders[1:-1]) if 0 < padding <= _MOST_PADDING and alone and fill else []
    return []
