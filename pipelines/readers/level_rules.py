"""Tables with level rules only: rows from the rules, columns from where the words stand.

Belongs here: the geometry of such tables. Does not belong here: any word's meaning; only that a row
of the numbers 1, 2, 3 … is one of column numbers, which stands in every column once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from pipelines.model import Box, Cell, Grid

# Level rules of one table begin and end within this of each other (points).
_SAME_ENDS = 6.0
_FEWEST_RULES = 3
# A gap wider than this share of the glyphs' height parts two words of a row.
_WORD_GAP = 0.9
_SAME_LINE = 0.45
_AMOUNT = re.compile(r"-?[\d,]+\.\d{2,}")

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


def grid(stack: Sequence[Rule], glyphs: Sequence[Glyph], name: str) -> Grid | None:
    """The table between level rules, or None where its columns cannot be told apart."""
    ys = [rule[0] for rule in stack]
    rows: list[list[Word]] = [[] for _ in ys[1:]]
    for row, (top, bottom) in enumerate(pairwise(ys)):
        rows[row] = _words([g for g in glyphs if top < g[0] - g[3] / 3 <= bottom])
    columns = _columns(rows)
    if len(columns) < 2:
        return None
    edges = [
        stack[0][1],
        *((a[1] + b[0]) / 2 for a, b in pairwise(columns)),
        stack[0][2],
    ]
    cells = []
    for r, words in enumerate(rows):
        texts = _assigned(words, columns)
        cells.append(
            tuple(
                Cell(texts.get(c, ""), f"{name}/r{r + 1}c{c + 1}", (edges[c], ys[r], edges[c + 1], ys[r + 1]))
                for c in range(len(columns))
            )
        )
    return Grid(tuple(cells), tuple(edges))


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
            if len(words) > start and left - words[-1].right <= _WORD_GAP * height:
                words[-1].text += text
                words[-1].right = max(words[-1].right, right)
            else:
                words.append(Word(left, right, baseline, text))
    return words


def _columns(rows: Sequence[Sequence[Word]]) -> list[tuple[float, float]]:
    """The columns' extents: where words of the body stand in two rows at least, or a column number does.

    A word that lies over several of them (合计 over code and name, a heading over its group) makes none.
    """
    numbered = next((i for i, row in enumerate(rows) if _is_numbering(row)), None)
    first = numbered if numbered is not None else _first_figures(rows)
    body = [word for row in rows[first:] for word in row]
    forced = [w for w in (rows[numbered] if numbered is not None else ()) if w.text.isdigit()]
    found = _supported(rows[first:], forced)
    for word in [w for row in rows[:first] for w in row] if numbered is None else []:
        if not any(c[0] < word.right and word.left < c[1] for c in found):
            found = sorted([*found, (word.left, word.right)])
    return found if body else []


def _is_numbering(row: Sequence[Word]) -> bool:
    numbers = [w.text for w in sorted(row, key=attrgetter("left")) if w.text.isdigit()]
    return len(numbers) >= 3 and numbers == [str(k) for k in range(1, len(numbers) + 1)]


def _first_figures(rows: Sequence[Sequence[Word]]) -> int:
    return next((i for i, row in enumerate(rows) if any(_AMOUNT.fullmatch(w.text) for w in row)), len(rows))


def _supported(rows: Sequence[Sequence[Word]], forced: Sequence[Word]) -> list[tuple[float, float]]:
    """Extents covered by the words of at least two rows; a forced word counts for two."""
    marks: list[tuple[float, int]] = []
    for row in rows:
        for left, right in _union([(w.left, w.right) for w in row]):
            marks += [(left, 1), (right, -1)]
    for word in forced:
        marks += [(word.left, 1), (word.right, -1)]
    found: list[tuple[float, float]] = []
    depth, start = 0, 0.0
    for x, step in sorted(marks, key=lambda mark: (mark[0], -mark[1])):
        before, depth = depth, depth + step
        if before < 2 <= depth:
            start = x
        elif depth < 2 <= before:
            found.append((start, x))
    return _union(found)


def _union(extents: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for left, right in sorted(extents):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _assigned(words: Sequence[Word], columns: Sequence[tuple[float, float]]) -> dict[int, str]:
    """Each word in the column that it overlaps most, else the nearest; lines of a cell parted."""
    texts: dict[int, list[Word]] = {}
    for word in words:
        overlap = [min(word.right, c[1]) - max(word.left, c[0]) for c in columns]
        texts.setdefault(overlap.index(max(overlap)), []).append(word)
    return {
        column: "\n".join(w.text for w in sorted(inner, key=lambda w: (round(w.baseline), w.left)))
        for column, inner in texts.items()
    }
