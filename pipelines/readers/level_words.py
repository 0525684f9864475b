"""Words of a table without upright rules: the glyphs of one line that stand close together.

Belongs here: glyphs into words, and what a word's letters alone say of it (an amount, a number).
Does not belong here: columns, and what a word means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

# Glyphs of one line have one baseline (points). Other cells may have lines half a line higher.
_SAME_LINE = 1.0
# A wider gap parts two words, as a share of the glyphs' height. Where a border of columns is known to
# lie in the gap, a narrow one does: cells are padded.
NARROW, WIDE = 0.25, 0.9
_BORDER = 1.0
_AMOUNT = re.compile(r"-?[\d,]+\.\d+|[—―─–-]{1,4}")
# Brackets and stops fill half of their square; some programs let the empty half hang over the border.
_OPENING, _CLOSING = frozenset("（《〈【「『“‘"), frozenset("）》〉】」』”’，。、；：")
_SQUARE = 0.6
# The middle of a line of letters above its baseline, as a share of their height.
_MIDDLE = 1 / 3

# Baseline, left, right, height, text; in points from the upper left corner of the page.
Glyph = tuple[float, float, float, float, str]


@dataclass(frozen=True, slots=True)
class Word:
    """Glyphs of one line, and which they are in the list of glyphs.

    ``left`` and ``right`` are where its ink begins and ends, ``box`` with the empty half of a bracket there.
    ``level`` is the height of its middle.
    """

    left: float
    right: float
    box: tuple[float, float]
    level: float
    text: str
    glyphs: tuple[int, ...]

    @property
    def middles(self) -> set[float]:
        """Its horizontal middles, with and without the empty halves: programs centre either."""
        return {(a + b) / 2 for a in (self.box[0], self.left) for b in (self.box[1], self.right)}

    @property
    def is_figure(self) -> bool:
        """Whether it is an amount or a closed cell's mark."""
        return _AMOUNT.fullmatch(self.text) is not None

    @property
    def is_number(self) -> bool:
        """Whether it is a code, a 行次 or the number of a column."""
        return self.text.isdigit()

    def off(self, middle: float) -> float:
        """How far its middle is from another (points)."""
        return min(abs(own - middle) for own in self.middles)


def words_of(glyphs: Sequence[Glyph], gap: float, edges: Sequence[float] = ()) -> list[Word]:
    """The words of all lines from the top down and from left to right.

    ``gap`` is the widest gap within a word as a share of the glyphs' height; less parts two words where
    one of ``edges`` lies in it.
    """
    lines: list[list[int]] = []
    for index in sorted(range(len(glyphs)), key=lambda i: glyphs[i][0]):
        if lines and glyphs[index][0] - glyphs[lines[-1][0]][0] <= _SAME_LINE:
            lines[-1].append(index)
        else:
            lines.append([index])
    words: list[Word] = []
    for line in lines:
        line.sort(key=lambda i: glyphs[i][1])
        run = line[:1]
        for before, index in pairwise(line):
            if _parts(glyphs[before], glyphs[index], gap, edges):
                words.append(_word(glyphs, run))
                run = []
            run.append(index)
        words.append(_word(glyphs, run))
    return words


def _parts(one: Glyph, other: Glyph, gap: float, edges: Sequence[float]) -> bool:
    """Whether the gap between two neighbouring glyphs parts two words."""
    if other[1] - one[2] > gap * other[3]:
        return True
    right, left = _ink(one)[1], _ink(other)[0]
    return left - right > NARROW * other[3] and any(right - _BORDER < edge < left + _BORDER for edge in edges)


def _ink(glyph: Glyph) -> tuple[float, float]:
    """Where a glyph's ink begins and ends, if it is a bracket; else its box."""
    _, left, right, height, text = glyph
    half = (right - left) / 2 if right - left > _SQUARE * height else 0.0
    return left + half * (text in _OPENING), right - half * (text in _CLOSING)


def _word(glyphs: Sequence[Glyph], run: Sequence[int]) -> Word:
    first, last = glyphs[run[0]], glyphs[max(run, key=lambda i: glyphs[i][2])]
    text = "".join(glyphs[i][4] for i in run)
    level = first[0] - first[3] * _MIDDLE
    return Word(_ink(first)[0], _ink(last)[1], (first[1], last[2]), level, text, tuple(run))


def in_rows(words: Sequence[Word], ys: Sequence[float]) -> list[list[Word]]:
    """The words between each two neighbouring heights."""
    rows: list[list[Word]] = [[] for _ in ys[1:]]
    for word in sorted(words, key=attrgetter("level")):
        for row, (top, bottom) in zip(rows, pairwise(ys), strict=True):
            if top < word.level <= bottom:
                row.append(word)
                break
    return rows


def lines_of(words: Sequence[Word]) -> list[list[Word]]:
    """The words by the lines on which they are printed, from left to right."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=attrgetter("level")):
        if lines and word.level - lines[-1][0].level <= _SAME_LINE:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=attrgetter("left")) for line in lines]
