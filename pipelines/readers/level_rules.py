"""Tables with level rules only: rows from the rules, columns from where the words stand.

Belongs here: the geometry of such tables. Does not belong here: any word's meaning; only that a row
of the numbers 1, 2, 3 … is one of column numbers, which stands in every column once.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from pipelines.model import Box, Cell, Grid

# Level rules of one table begin and end within this of each other (points).
_SAME_ENDS = 6.0
_FEWEST_RULES = 3
# A gap wider than this share of the glyphs' height parts two words of a row; between a figure and a
# name less is enough, for figures end at the right border and names begin at the left one.
_WORD_GAP, _FIGURE_GAP = 0.9, 0.25
_FIGURE = frozenset("0123456789.,-")
_SAME_LINE = 0.45
_AMOUNT = re.compile(r"-?[\d,]+\.\d+|[—―─–-]{1,4}")
# Nearer than this to a column number a word of the head stands over it (points).
_NEAR = 4.0
_SAME_HEAD_LINE = 3.0
_FAR = 1e6

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


def stacks(level: Sequence[Rule], taken: Sequence[Box]) -> list[list[Rule]]:
    """Level rules that begin and end alike, three at least, outside of the boxes already taken."""
    free = [
        rule
        for rule in sorted(level)
        if not any(
            b[0] - 2 <= rule[1] and rule[2] <= b[2] + 2 and b[1] - 2 <= rule[0] <= b[3] + 2 for b in taken
        )
    ]
    found: list[list[Rule]] = []
    for rule in free:
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
    """The columns of a table without upright rules: the middle of each one's head, and their borders."""

    marks: tuple[float, ...]
    edges: tuple[float, ...]

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
    ys = [rule[0] for rule in stack]
    rows = [_words([g for g in glyphs if top < g[0] - g[3] / 3 <= bottom]) for top, bottom in pairwise(ys)]
    marks = _marks(rows)
    if before is not None and before.fits(stack):
        columns = before
    elif len(marks) > 1:
        columns = Columns(tuple(marks), tuple(_edges(stack, rows, marks)))
    else:
        return None
    edges = columns.edges
    cells = []
    for r, words in enumerate(rows):
        texts = _assigned(words, columns.marks)
        cells.append(
            tuple(
                Cell(texts.get(c, ""), f"{name}/r{r + 1}c{c + 1}", (edges[c], ys[r], edges[c + 1], ys[r + 1]))
                for c in range(len(columns.marks))
            )
        )
    return Grid(tuple(cells), edges, inferred=True), columns


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


def _edges(stack: Sequence[Rule], rows: Sequence[Sequence[Word]], marks: Sequence[float]) -> list[float]:
    """Borders midway between what stands in neighbouring columns."""
    lefts, rights = list(marks), list(marks)
    for word in (word for row in rows[_first_figures(rows) :] for word in row):
        column = _column(word, marks)
        lefts[column], rights[column] = min(lefts[column], word.left), max(rights[column], word.right)
    middles = [
        min(max((rights[k] + lefts[k + 1]) / 2, marks[k]), marks[k + 1]) for k in range(len(marks) - 1)
    ]
    return [stack[0][1], *middles, stack[0][2]]


def _column(word: Word, marks: Sequence[float]) -> int:
    """The column of a word: figures end right of their column's middle, names begin left of it."""
    if word.is_figure:
        return max(bisect_right(marks, word.right) - 1, 0)
    if word.text.isdigit():
        return min(range(len(marks)), key=lambda k: abs(marks[k] - word.middle))
    return min(bisect_left(marks, word.left), len(marks) - 1)


def _words(glyphs: Sequence[Glyph]) -> list[Word]:
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
            gap = _FIGURE_GAP if turns else _WORD_GAP
            if len(words) > start and left - words[-1].right <= gap * height:
                words[-1].text += text
                words[-1].right = max(words[-1].right, right)
            else:
                words.append(Word(left, right, baseline, text))
    return words


def _assigned(words: Sequence[Word], marks: Sequence[float]) -> dict[int, str]:
    """Each word in its column; lines of a cell parted."""
    texts: dict[int, list[Word]] = {}
    for word in words:
        texts.setdefault(_column(word, marks), []).append(word)
    return {
        column: "\n".join(w.text for w in sorted(inner, key=lambda w: (round(w.baseline), w.left)))
        for column, inner in texts.items()
    }
