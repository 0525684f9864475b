"""Tables with level rules only: rows from the rules, columns from where the words stand.

Belongs here: the geometry of such tables. Does not belong here: any word's meaning; only that a row
of the numbers 1, 2, 3 … is one of column numbers, which stands in every column once.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from operator import attrgetter

import numpy as np

from pipelines.model import Box, Cell, Grid
from pipelines.readers.rules import Array

# Level rules of one table begin and end within this of each other (points).
_SAME_ENDS = 6.0
_FEWEST_RULES = 3
# A rule so near to a box (points) belongs to it.
_BESIDE = 2.0
# A gap wider than this share of the glyphs' height parts two words of a row; between a figure and a
# name less is enough, for figures end at the right border and names begin at the left one.
_WORD_GAP, _HEAD_GAP, _FIGURE_GAP = 0.9, 0.3, 0.25
_FIGURE = frozenset("0123456789.,-")
_SAME_LINE = 0.45
_AMOUNT = re.compile(r"-?[\d,]+\.\d+|[—―─–-]{1,4}")
# Nearer than this to a column number a word of the head stands over it (points).
_NEAR = 4.0
# Lines of one wrapped word of the head are no further apart; its row's middle is that of its letters.
_WRAPPED, _HALF_LETTER, _OFF_MIDDLE = 14.0, 3.2, 2.5
_SAME_HEAD_LINE = 3.0
_FAR = 1e6
# 行次 have so many digits, 科目代码 more.
_LINE_NUMBER = 2

Glyph = tuple[float, float, float, float, str]
Rule = tuple[float, float, float]


@dataclass(slots=True)
class Word:
    """Glyphs of one row that stand close together."""

    left: float
    right: float
    baseline: float
    text: str

    @property
    def middle(self) -> float:
        """The horizontal middle."""
        return (self.left + self.right) / 2

    @property
    def is_figure(self) -> bool:
        """Whether it is an amount or a closed cell's mark."""
        return _AMOUNT.fullmatch(self.text) is not None


def stacks(level: Array, taken: Sequence[Box]) -> list[list[Rule]]:
    """Level rules that begin and end alike, three at least, outside of the boxes already taken."""
    free = np.ones(len(level), bool)
    for left, top, right, bottom in taken:
        within_x = (left - _BESIDE <= level[:, 1]) & (level[:, 2] <= right + _BESIDE)
        free &= ~(within_x & (top - _BESIDE <= level[:, 0]) & (level[:, 0] <= bottom + _BESIDE))
    if free.sum() < _FEWEST_RULES:
        return []
    found: list[list[Rule]] = []
    for rule in sorted((y, left, right) for y, left, right in level[free].tolist()):
        for stack in found:
            if abs(stack[0][1] - rule[1]) <= _SAME_ENDS and abs(stack[0][2] - rule[2]) <= _SAME_ENDS:
                if rule[0] - stack[-1][0] > 2.0:
                    stack.append(rule)
                break
        else:
            found.append([rule])
    return [stack for stack in found if len(stack) >= _FEWEST_RULES]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table without upright rules: the middle of each one's head, and their borders.

    ``starts`` is where the names of a column begin; None where it holds no names. ``from_left`` says that
    the head's words stand at the left of their columns, and the marks with them.
    """

    marks: tuple[float, ...]
    edges: tuple[float, ...]
    starts: tuple[float | None, ...] = ()
    from_left: bool = False

    def fits(self, stack: Sequence[Rule]) -> bool:
        """Whether a stack of rules begins and ends where this table does."""
        return (
            abs(self.edges[0] - stack[0][1]) <= _SAME_ENDS and abs(self.edges[-1] - stack[0][2]) <= _SAME_ENDS
        )


def grid(
    stack: Sequence[Rule], glyphs: Sequence[Glyph], name: str, before: Columns | None = None
) -> tuple[Grid, Columns] | None:
    """The table between level rules, or None where its columns cannot be told apart.

    ``before`` are the columns of the table that this one continues, if it does (and ends where it does).
    """
    ys, rows = _rows([rule[0] for rule in stack], glyphs)
    columns = before if before is not None and before.fits(stack) else _columns(stack, rows)
    if columns is None:
        return None
    edges = columns.edges
    body = _first_figures(rows)
    cells = []
    for r, words in enumerate(rows):
        below = [word for row in rows[r + 1 : body] if not _numbers(row) for word in row]
        texts = _assigned(words, columns, below, head=r < body)
        cells.append(
            tuple(
                Cell(texts.get(c, ""), f"{name}/r{r + 1}c{c + 1}", (edges[c], ys[r], edges[c + 1], ys[r + 1]))
                for c in range(len(columns.marks))
            )
        )
    return Grid(tuple(cells), edges, inferred=True), columns


def _columns(stack: Sequence[Rule], rows: Sequence[Sequence[Word]]) -> Columns | None:
    """The columns that the head shows, or None where it shows fewer than two."""
    lefts = _left_marks(stack, rows)
    if lefts:
        return Columns(tuple(lefts), (stack[0][1], *lefts[1:], stack[0][2]), from_left=True)
    marks = _marks(rows)
    if len(marks) < 2:
        return None
    plain = Columns(tuple(marks), (stack[0][1], *marks))
    return Columns(plain.marks, tuple(_edges(stack, rows, plain)), tuple(_starts(rows, plain)))


def _left_marks(stack: Sequence[Rule], rows: Sequence[Sequence[Word]]) -> list[float]:
    """Where columns begin, if the fullest line of the head begins at the table's left border."""
    if any(_numbers(row) for row in rows):
        return []
    first = _first_figures(rows)
    line: list[Word] = max(_lines(rows[:first]), key=lambda words: len(words), default=[])
    lefts = sorted(word.left for word in line)
    if len(lefts) < 2 or lefts[0] - stack[0][1] > _SAME_ENDS:
        return []
    # Where two kinds of texts begin in one column, the head's words are centred after all.
    begun = Counter(
        (bisect_right(lefts, word.left + _NEAR / 2), round(word.left / _NEAR))
        for row in rows[first:]
        for word in row
        if not word.is_figure and not (word.text.isdigit() and len(word.text) <= _LINE_NUMBER)
    )
    often = Counter(column for (column, _), count in begun.items() if count > 2)
    return lefts if max(often.values(), default=0) < 2 else []


def _rows(ys: Sequence[float], glyphs: Sequence[Glyph]) -> tuple[list[float], list[list[Word]]]:
    """Rows between the rules; a row of the head that holds two is parted at its middle.

    A heading stands above the middle of such a row, its words below, and what spans both at the middle.
    """
    rows = [_words([g for g in glyphs if top < g[0] - g[3] / 3 <= bottom]) for top, bottom in pairwise(ys)]
    first = _first_figures(rows)
    borders, parted = [ys[0]], []
    for number, (words, (top, bottom)) in enumerate(zip(rows, pairwise(ys), strict=True)):
        if number < first and not _numbers(words):
            head = _words([g for g in glyphs if top < g[0] - g[3] / 3 <= bottom], _HEAD_GAP)
            upper, lower = _halves(head, (top + bottom) / 2)
            if upper and lower:
                parted.append(upper)
                borders.append((top + bottom) / 2)
                words = lower
            else:
                words = head
        parted.append(words)
        borders.append(bottom)
    return borders, parted


def _halves(words: Sequence[Word], middle: float) -> tuple[list[Word], list[Word]]:
    """The words of the upper and of the lower row that a row of the head holds.

    Wrapped words stay together.
    """
    blocks: list[list[Word]] = []
    for word in sorted(words, key=attrgetter("baseline")):
        for block in blocks:
            near = word.baseline - block[-1].baseline <= _WRAPPED
            if near and abs(block[0].middle - word.middle) <= _NEAR:
                block.append(word)
                break
        else:
            blocks.append([word])
    upper: list[Word] = []
    lower: list[Word] = []
    above = False
    for block in blocks:
        height = sum(word.baseline for word in block) / len(block) - _HALF_LETTER
        (lower if height > middle + _OFF_MIDDLE else upper).extend(block)
        above |= height < middle - _OFF_MIDDLE
    return (upper, lower) if above else ([*upper, *lower], [])


def _starts(rows: Sequence[Sequence[Word]], columns: Columns) -> list[float | None]:
    """Where the names of each column begin, if two begin there."""
    starts: list[float | None] = []
    names = [
        w for row in rows[_first_figures(rows) :] for w in row if not w.is_figure and not w.text.isdigit()
    ]
    for column in range(len(columns.marks)):
        lefts = sorted(w.left for w in names if _column(w, columns) == column)
        best = max(lefts, key=lambda x: sum(abs(x - y) <= _NEAR / 2 for y in lefts), default=None)
        enough = best is not None and sum(abs(best - y) <= _NEAR / 2 for y in lefts) > 1
        starts.append(best if enough else None)
    return starts


def _marks(rows: Sequence[Sequence[Word]]) -> list[float]:
    """The middle of each column's head.

    A row of column numbers marks the measures; between its numbers the fullest row of the head marks
    the names, codes and 行次. Without such a row the fullest row of the head marks them all.
    """
    numbered = next((i for i, row in enumerate(rows) if _numbers(row)), None)
    head = _lines(rows[: _first_figures(rows) if numbered is None else numbered])
    if numbered is None:
        return sorted(w.middle for w in max(head, key=len, default=[]))
    numbers = _numbers(rows[numbered])
    labels = [word for word in rows[numbered] if not word.text.isdigit()]
    marks = [word.middle for word in numbers]
    for left, right in pairwise([-_FAR, *marks]):
        if left == -_FAR or any(left < label.middle < right for label in labels):
            over = [[w for w in line if left < w.middle < right and not _over(w, numbers)] for line in head]
            marks = [*marks, *(w.middle for w in max(over, key=len, default=[]))]
    return sorted(marks)


def _lines(rows: Sequence[Sequence[Word]]) -> list[list[Word]]:
    """The words of a head by the lines that they are printed on."""
    lines: list[list[Word]] = []
    for word in sorted((w for row in rows for w in row), key=attrgetter("baseline")):
        if lines and word.baseline - lines[-1][0].baseline < _SAME_HEAD_LINE:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _over(word: Word, numbers: Sequence[Word]) -> bool:
    """Whether a word of the head stands over a column number."""
    return any(word.left - _NEAR <= number.middle <= word.right + _NEAR for number in numbers)


def _numbers(row: Sequence[Word]) -> list[Word]:
    """The words 1, 2, 3 … n of a row of column numbers; empty if it is none."""
    numbers = sorted((w for w in row if w.text.isdigit()), key=attrgetter("left"))
    right = [w.text for w in numbers] == [str(k) for k in range(1, len(numbers) + 1)]
    others = [w for w in row if not w.text.isdigit()]
    return numbers if right and len(numbers) >= 2 and len(others) <= 2 else []


def _first_figures(rows: Sequence[Sequence[Word]]) -> int:
    return next((i for i, row in enumerate(rows) if any(w.is_figure for w in row)), len(rows))


def _edges(stack: Sequence[Rule], rows: Sequence[Sequence[Word]], columns: Columns) -> list[float]:
    """Borders midway between what stands in neighbouring columns."""
    marks = columns.marks
    lefts, rights = list(marks), list(marks)
    for word in (word for row in rows[_first_figures(rows) :] for word in row):
        column = _column(word, columns)
        lefts[column], rights[column] = min(lefts[column], word.left), max(rights[column], word.right)
    middles = [
        min(max((rights[k] + lefts[k + 1]) / 2, marks[k]), marks[k + 1]) for k in range(len(marks) - 1)
    ]
    return [stack[0][1], *middles, stack[0][2]]


def _column(word: Word, columns: Columns) -> int:
    """The column of a word: figures end right of their column's middle, names begin left of it."""
    marks = columns.marks
    if columns.from_left:
        return max(bisect_right(marks, word.left + _NEAR / 2) - 1, 0)
    if word.is_figure:
        return max(bisect_right(marks, word.right) - 1, 0)
    if word.text.isdigit():
        return min(range(len(marks)), key=lambda k: abs(marks[k] - word.middle))
    return min(bisect_left(marks, word.left), len(marks) - 1)


def _words(glyphs: Sequence[Glyph], parting: float = _WORD_GAP) -> list[Word]:
    words: list[Word] = []
    lines: list[list[Glyph]] = []
    for glyph in sorted(glyphs):
        if lines and glyph[0] - lines[-1][-1][0] <= _SAME_LINE * glyph[3]:
            lines[-1].append(glyph)
        else:
            lines.append([glyph])
    for line in lines:
        line.sort(key=lambda g: g[1])
        start = len(words)
        for baseline, left, right, height, text in line:
            turns = len(words) > start and ((words[-1].text[-1] in _FIGURE) != (text in _FIGURE))
            gap = _FIGURE_GAP if turns else parting
            if len(words) > start and left - words[-1].right <= gap * height:
                words[-1].text += text
                words[-1].right = max(words[-1].right, right)
            else:
                words.append(Word(left, right, baseline, text))
    return words


def _assigned(
    words: Sequence[Word], columns: Columns, below: Sequence[Word], *, head: bool
) -> dict[int, str]:
    """Each word in its column, a word over several in the first of them; lines of a cell parted.

    ``below`` are the words of the next rows of the head: what stands over one of them is their heading.
    """
    texts: dict[int, list[Word]] = {}
    headings = _headings(words, columns, {_nearest(word, columns) for word in below}) if head else {}
    for word in words:
        column = headings.get(id(word), _column(word, columns))
        if (
            not columns.from_left
            and not word.is_figure
            and not word.text.isdigit()
            and id(word) not in headings
        ):
            column = _first_covered(word, column, columns, head=head)
        texts.setdefault(column, []).append(word)
    return {
        column: "\n".join(w.text for w in sorted(inner, key=lambda w: (round(w.baseline), w.left)))
        for column, inner in texts.items()
    }


def _nearest(word: Word, columns: Columns) -> int:
    """The column whose head's middle is nearest to a word's."""
    return min(range(len(columns.marks)), key=lambda k: abs(columns.marks[k] - word.middle))


def _headings(words: Sequence[Word], columns: Columns, covered: Collection[int]) -> dict[int, int]:
    """The first column of each heading (by its ``id``): a word with words of the head below it.

    The headings over neighbouring columns share them so that each stands over the middle of its own.
    """
    if columns.from_left:
        return {}
    shared: dict[range, list[Word]] = {}
    for word in sorted(words, key=attrgetter("left")):
        column = _nearest(word, columns)
        if column in covered:
            shared.setdefault(_group(column, covered), []).append(word)
    found: dict[int, int] = {}
    for group, over in shared.items():
        if len(over) > len(group):
            continue
        parts = min(
            combinations(range(group.start + 1, group.stop), len(over) - 1),
            key=lambda cuts, group=group, over=over: sum(  # type: ignore[misc]
                abs((columns.edges[a] + columns.edges[b]) / 2 - word.middle)
                for word, (a, b) in zip(over, pairwise([group.start, *cuts, group.stop]), strict=True)
            ),
        )
        found |= {id(word): first for word, first in zip(over, [group.start, *parts], strict=True)}
    return found


def _group(column: int, covered: Collection[int]) -> range:
    """The neighbouring columns around one that have words below."""
    first = end = column
    while first - 1 in covered:
        first -= 1
    while end in covered:
        end += 1
    return range(first, end)


def _first_covered(word: Word, column: int, columns: Columns, *, head: bool) -> int:
    """The first column that a centred word covers: its own, or of several over whose middle it stands.

    Names begin where the others of their column do; they are not centred. In the body only the columns
    of names and codes are ever merged (合计 over code and name).
    """
    start = columns.starts[column] if columns.starts else None
    if start is not None and abs(word.left - start) <= _NEAR:
        return column
    marks, edges = columns.marks, columns.edges
    best, distance = column, abs(marks[column] - word.middle)
    widest = len(marks) if head else 2
    for first in range(len(marks)):
        for end in range(first + 2, min(len(marks), first + widest) + 1):
            off = abs((edges[first] + edges[end]) / 2 - word.middle)
            if off < distance - _NEAR:
                best, distance = first, off
    return best
