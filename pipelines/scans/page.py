"""A picture of a page as lines and grids: cells by their rules, the ink in each recognised.

Belongs here: which ink is a cell's or a line's, what is blank, closed, torn or covered, and the blocks.
Does not belong here: the picture's making, rules, letters, and what a text means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.model import Block, Cell, Grid, Line, Reading
from pipelines.readers.rules import Frame, frames
from pipelines.scans.certainty import UNREAD
from pipelines.scans.ink import PixelBox, Speck, free_lines, lines_of, specks_of
from pipelines.scans.picture import DARK, LEAST_LETTER, Picture
from pipelines.scans.recogniser import Recognised, recognise
from pipelines.scans.ruling import Ruling, ruling
from pipelines.scans.structure import odd_cells, without_strips
from pipelines.scans.words import in_words

Array = NDArray[Any]

# Around the ink of a line the recogniser wants this much paper (pixels): above and below, and at the sides.
_ABOVE, _BESIDE = 4, 6
# A smaller frame (points) is part of a letter.
_LEAST_WIDTH = 100
# 「——」: flat ink, this many times as wide as high, this wide at least, and this much of its cell at most.
_DASH_SHAPE, _DASH_WIDTH, _DASH_HEIGHT, _DASH_SHARE = 5.0, 15, 8, 0.7
CLOSED = "——"
# A stamp over so many pixels may hide a digit: nobody knows what stands in a cell without ink there.
_HIDES = 30
# A stamp over so much of a table's height (a share) may hide a border of it.
_HIDES_BORDER = 0.4
# A stamp hides nothing if so much (a share) of the rules beneath it is seen, of so many pixels at least;
# rules wander by so many.
_RULES_SEEN, _RULES_BENEATH, _WANDER = 0.9, 60, 3
# What a stamp lies over or a border touches is never certain.
_DOUBTFUL = 0.5
# So many other texts of a cell are told.
_TOLD = 5


@dataclass(slots=True)
class _Place:
    """The ink of a cell or a line of text: its lines, what was seen in each, and what is said of it."""

    lines: list[PixelBox]
    torn: bool = False
    doubtful: bool = False
    covered: bool = False
    text: str | None = None
    found: list[Recognised] = field(default_factory=list)


@dataclass(slots=True)
class Sight:
    """What is seen in a picture: the cells of its tables by their frames, and its lines in pieces.

    A ``bare`` one has nothing but empty tables; under a stamp nobody knows.
    """

    picture: Picture
    tables: list[tuple[Frame, dict[int, _Place]]]
    lines: list[list[_Place]]
    bare: bool

    @property
    def legibility(self) -> float:
        """How well its characters could be read on the whole, from 0 to 1; 1 where there are none."""
        places = [p for _, cells in self.tables for p in cells.values()] + [
            p for line in self.lines for p in line
        ]
        found = [(len(one.text), one.mean) for place in places for one in place.found if one.text]
        return sum(n * mean for n, mean in found) / sum(n for n, _ in found) if found else 1.0

    def blocks(self, number: int) -> tuple[Block, ...]:
        """The lines and grids from the top down, as page ``number``; boxes are of the page as displayed."""
        return _placed(self.picture, number, self.tables, self.lines)


def see(picture: Picture, rules: tuple[Array, Array] | None = None) -> Sight:
    """What stands in a level picture as it lies.

    ``rules``, level and upright in points, are those of the page where it has its own.
    """
    found = ruling(picture)
    level, upright = rules or (found.level / picture.scale, found.upright / picture.scale)
    specks = specks_of(picture.ink, found.ink)
    ink = np.where(found.ink, np.uint8(255), picture.ink)
    hidden = _hidden(picture, found)
    tables: list[tuple[Frame, dict[int, _Place]]] = []
    free = specks
    for frame in frames(level, upright):
        if frame.xs[-1] - frame.xs[0] < _LEAST_WIDTH:
            continue
        inside, free = _owned(free, frame, picture.scale)
        if inside:
            places = _cells(hidden, ink, frame, inside, picture.scale)
            if _may_hide_border(hidden, frame, picture.scale):
                for place in places.values():
                    place.torn = True
            frame, named = without_strips(frame, places)
            tables.append((frame, {named[cell]: place for cell, place in places.items()}))
    lines = _text_lines(free, ink)
    _read(ink, [*(p for _, places in tables for p in places.values()), *(p for line in lines for p in line)])
    has_letters = any(max(s.box[2] - s.box[0], s.box[3] - s.box[1]) >= LEAST_LETTER for s in specks)
    return Sight(picture, tables, lines, not has_letters and not picture.stamped.any())


# --- whose ink -------------------------------------------------------------------------------


def _owned(specks: Sequence[Speck], frame: Frame, scale: float) -> tuple[dict[int, list[Speck]], list[Speck]]:
    """The specks of each merged cell of a frame, and those outside of it."""
    xs, ys = np.array(frame.xs) * scale, np.array(frame.ys) * scale
    inside: dict[int, list[Speck]] = {}
    free = []
    for speck in specks:
        left, top, right, bottom = speck.box
        x, y = (left + right) / 2, (top + bottom) / 2
        if xs[0] < x < xs[-1] and ys[0] < y < ys[-1]:
            row, column = int(np.searchsorted(ys, y)) - 1, int(np.searchsorted(xs, x)) - 1
            inside.setdefault(int(frame.cell_of[row, column]), []).append(speck)
        else:
            free.append(speck)
    return inside, free


def _hidden(picture: Picture, found: Ruling) -> Array:
    """Where a stamp may hide what is printed: nowhere if the rules beneath it are seen."""
    near = picture.near_stamp
    beneath = seen = 0
    for rules, stamped, grey in (
        (found.level, near, picture.lines),
        (found.upright, near.T, picture.lines.T),
    ):
        for at, start, end in rules.astype(int).tolist():
            under = stamped[at, start:end]
            dark = (grey[max(at - _WANDER, 0) : at + _WANDER + 1, start:end] < DARK).any(0)
            beneath += int(under.sum())
            seen += int((under & dark).sum())
    through = beneath >= _RULES_BENEATH and seen >= _RULES_SEEN * beneath
    return np.zeros_like(near) if through else near


def _cells(
    hidden: Array, ink: Array, frame: Frame, inside: dict[int, list[Speck]], scale: float
) -> dict[int, _Place]:
    """What stands in each cell of a frame that has ink, or may have some that is ``hidden``."""
    places: dict[int, _Place] = {}
    for cell, box in _boxes(frame, scale).items():
        specks = inside.get(cell, [])
        lines = lines_of(specks, ink)
        covered = int(hidden[box[1] : box[3], box[0] : box[2]].sum()) >= _HIDES
        if not lines:
            if covered:
                places[cell] = _Place([], covered=True, text=UNREAD)
            continue
        place = _Place(lines, torn=any(speck.crosses for speck in specks), covered=covered)
        # What a stamp hides may be the first digit.
        place.doubtful = covered or any(speck.touches for speck in specks)
        if _is_dash(specks, box):
            place.text = CLOSED
        places[cell] = place
    return places


def _may_hide_border(hidden: Array, frame: Frame, scale: float) -> bool:
    """Whether an upright rule may lie under a stamp unseen: every column after it would be another."""
    left, top, right, bottom = (round(side * scale) for side in frame.box)
    part = hidden[top:bottom, left:right]
    return bool(part.any() and part.mean(0).max() > _HIDES_BORDER)


def _boxes(frame: Frame, scale: float) -> dict[int, PixelBox]:
    """The box of each merged cell, in pixels."""
    columns = len(frame.xs) - 1
    boxes: dict[int, PixelBox] = {}
    for cell in np.unique(frame.cell_of).tolist():
        rows, across = np.nonzero(frame.cell_of == cell)
        first_row, first_column = divmod(cell, columns)
        boxes[cell] = (
            round(frame.xs[first_column] * scale),
            round(frame.ys[first_row] * scale),
            round(frame.xs[across.max() + 1] * scale),
            round(frame.ys[rows.max() + 1] * scale),
        )
    return boxes


def _is_dash(specks: Sequence[Speck], cell: PixelBox) -> bool:
    """Whether the ink of a cell is a level stroke or two in one line: 「——」."""
    boxes = np.array([speck.box for speck in specks])
    left, top, right, bottom = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
    width, height = right - left, bottom - top
    middle = abs((top + bottom) / 2 - (cell[1] + cell[3]) / 2) < (cell[3] - cell[1]) / 4
    flat = all(s.box[2] - s.box[0] >= 2 * (s.box[3] - s.box[1]) for s in specks)
    return bool(
        flat
        and middle
        and height <= _DASH_HEIGHT
        and width >= max(_DASH_WIDTH, _DASH_SHAPE * height)
        and width <= _DASH_SHARE * (cell[2] - cell[0])
    )


def _text_lines(free: Sequence[Speck], ink: Array) -> list[list[_Place]]:
    """The lines of running text, from the top down, each in pieces from left to right."""
    lines: list[list[PixelBox]] = []
    for box in sorted(free_lines(free, ink), key=lambda box: box[1] + box[3]):
        if lines and _beside(lines[-1][-1], box):
            lines[-1].append(box)
        else:
            lines.append([box])
    return [[_Place([box]) for box in sorted(line)] for line in lines]


def _beside(one: PixelBox, other: PixelBox) -> bool:
    """Whether two pieces stand in one line of text."""
    common = min(one[3], other[3]) - max(one[1], other[1])
    return common > 0.5 * min(one[3] - one[1], other[3] - other[1])


# --- reading ---------------------------------------------------------------------------------


def _read(ink: Array, places: Sequence[_Place]) -> None:
    """Recognise every line of ink that no rule has read."""
    wanted = [(place, line) for place in places if place.text is None for line in place.lines]
    for (place, _), one in zip(wanted, recognise([_crop(ink, line) for _, line in wanted]), strict=True):
        place.found.append(one)


def _crop(ink: Array, line: PixelBox) -> Array:
    left, top, right, bottom = line
    part: Array = ink[max(0, top - _ABOVE) : bottom + _ABOVE, max(0, left - _BESIDE) : right + _BESIDE]
    return part


def _said(place: _Place) -> tuple[str, Reading]:
    """The text of a place and its reading."""
    if place.text is not None:
        return place.text, Reading(0.0 if place.text == UNREAD else _DOUBTFUL if place.doubtful else 1.0)
    texts = [one.text for one in place.found]
    text = "\n".join(text for text in texts if text)
    others = [
        ("\n".join([*texts[:i], other, *texts[i + 1 :]]), likely)
        for i, one in enumerate(place.found)
        for other, likely in one.others
    ]
    confidence = min(one.confidence for one in place.found)
    if place.doubtful:
        confidence = min(confidence, _DOUBTFUL)
    others.sort(key=lambda other: -other[1])
    if not text:
        return UNREAD, Reading(0.0, tuple(others[:_TOLD]))
    return in_words(text, Reading(confidence, tuple(others[:_TOLD])))


# --- blocks ----------------------------------------------------------------------------------


def _placed(
    picture: Picture,
    number: int,
    tables: Sequence[tuple[Frame, dict[int, _Place]]],
    lines: Sequence[Sequence[_Place]],
) -> tuple[Block, ...]:
    """The blocks from the top down."""
    placed: list[tuple[float, Block]] = []
    for index, line in enumerate(lines, start=1):
        boxes = np.array([place.lines[0] for place in line]) / picture.scale
        box = (boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max())
        said = [_said(place) for place in line]
        text = " ".join(text for text, _ in said)
        figures = min(one.figures for place in line for one in place.found)
        reading = Reading(figures, seen=said[0][1].seen if len(said) == 1 else None)
        placed.append((box[1], Line(text, f"p{number}/l{index}", picture.displayed(box), reading=reading)))
    for index, (frame, places) in enumerate(tables, start=1):
        placed.append((frame.ys[0], _grid(picture, frame, places, f"p{number}/t{index}")))
    placed.sort(key=lambda one: one[0])
    return tuple(block for _, block in placed)


def _grid(picture: Picture, frame: Frame, places: dict[int, _Place], name: str) -> Grid:
    """A frame with what was read in its cells; a merged cell's text stands in its first elementary cell."""
    columns = len(frame.xs) - 1
    boxes, unlike = _boxes(frame, picture.scale), odd_cells(frame, places)
    # A stamp over a cell of several may hide what parts them.
    several = np.bincount(frame.cell_of.ravel(), minlength=frame.cell_of.size) > 1
    covered = {cell for cell, place in places.items() if place.covered and several[cell]}
    odd = unlike | covered
    rows = []
    for r in range(len(frame.ys) - 1):
        row = []
        for c in range(columns):
            flat = r * columns + c
            box = (frame.xs[c], frame.ys[r], frame.xs[c + 1], frame.ys[r + 1])
            span, text, reading, torn = 1, "", None, False
            merged = int(frame.cell_of[r, c])
            place = places.get(merged)
            said = _said(place) if place else ("", None)
            is_odd = merged in odd and any(letter.isdigit() or letter == UNREAD for letter in said[0])
            if flat in boxes:
                _, _, right, bottom = boxes[flat]
                box = (frame.xs[c], frame.ys[r], right / picture.scale, bottom / picture.scale)
                span = int((frame.cell_of[r] == flat).sum())
                text, reading = said
                torn = is_odd or (place is not None and place.torn)
            elif is_odd or merged in covered & unlike:
                # The figure may be this column's, and so may be one that was lost.
                text, reading, torn = UNREAD, Reading(0.0), True
            row.append(Cell(text, f"{name}/r{r + 1}c{c + 1}", picture.displayed(box), span, torn, reading))
        rows.append(tuple(row))
    return Grid(tuple(rows), frame.xs)
