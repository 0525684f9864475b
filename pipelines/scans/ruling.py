"""The level and upright rules of a picture of a page, however thin, broken or stamped over.

Belongs here: finding straight ink. Does not belong here: the tables that rules make (``readers.rules``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.scans.picture import Picture

Array = NDArray[Any]

# Pixels at 200 dpi. Ink that runs on for so long is a piece of a rule; letters have shorter strokes.
_LEVEL_PIECE, _UPRIGHT_PIECE = 36, 28
# Pieces in one line are one rule over a gap of this, short ones, which a letter may have, over a smaller
# gap only; so many apart across they are still in one line.
_GAP, _SHORT_GAP, _SHORT, _WANDER = 30, 3, 60, 4
# Under a stamp, which covers so much of the gap, it may be wider.
_WIDEST_GAP, _STAMPED = 160, 0.5
# A shorter rule is none.
_SHORTEST_LEVEL, _SHORTEST_UPRIGHT = 70, 30
# The end of an upright rule and a level one meet if they come so near.
_MEET = 4
# So much of a rule (a share of its length) is seen in the clean ink.
_BORNE_OUT = 0.4
# Where fewer level rules (a share) go on beyond the last upright one, the table has no open side.
_OPEN = 0.5
# Level rules nearer to each other than this share of the usual height of rows.
_NEAR = 0.75
# An upright rule parts more rows than one, where there are more level rules than these.
_ROWS, _FEW = 1.5, 8
# An upright rule that meets no level rule at its ends must be this long.
_LONG = 200
# A letter's stroke in line with a rule is no longer than this.
_STROKE = 60
# Ink this much darker than its surroundings is ink, whatever the paper.
_CONTRAST, _AROUND = 14, 41


@dataclass(slots=True)
class Ruling:
    """The rules of a picture in its pixels, each (position, start, end), and the ink that is theirs."""

    level: Array
    upright: Array
    ink: Array


def ruling(picture: Picture) -> Ruling:
    """The rules of a level picture; one goes on where it is stamped over."""
    grey, stamped = picture.lines, picture.stamped
    # Strokes of a watermark are as pale as thin rules: what nothing of the clean ink bears out is none.
    clean = _dark(picture.ink) if picture.ink is not picture.lines else None
    dark = _dark(grey)
    level_ink = _straight(dark, _LEVEL_PIECE, upright=False)
    upright_ink = _straight(dark, _UPRIGHT_PIECE, upright=True)
    level = _joined(_pieces(level_ink, upright=False), _SHORTEST_LEVEL, stamped)
    upright = _joined(_pieces(upright_ink, upright=True), _SHORTEST_UPRIGHT, stamped.T)
    if clean is not None:
        level = _borne_out(level, _straight(clean, _LEVEL_PIECE // 2, upright=False))
        upright = _borne_out(upright, _straight(clean, _UPRIGHT_PIECE // 2, upright=True).T)
    upright = _under_stamp(upright, level, stamped.T)
    level = _under_stamp(level, upright, stamped)
    if clean is not None:
        upright = _seen(upright, _straight(clean, _UPRIGHT_PIECE // 2, upright=True).T, stamped.T)
    upright = _meeting(upright, level)
    level = _ending(level, upright)
    ink = np.zeros(grey.shape, np.uint8)
    _mark(ink, level_ink, level, upright=False)
    _mark(ink, upright_ink, upright, upright=True)
    return Ruling(level, upright, ink > 0)


def _dark(grey: Array) -> Array:
    """The ink of a picture: what is darker than its surroundings."""
    import cv2

    smooth = cv2.blur(grey, (3, 3))
    around = cv2.blur(grey, (_AROUND, _AROUND)).astype(np.int16)
    return ((smooth.astype(np.int16) < around - _CONTRAST) & (smooth < 225)).astype(np.uint8)


def _borne_out(rules: Array, straight: Array) -> Array:
    """The rules of which straight ink covers enough; ``straight`` is indexed by position and place along."""
    kept = [
        rule
        for rule in rules.astype(int).tolist()
        if straight[max(rule[0] - _WANDER, 0) : rule[0] + _WANDER + 1, rule[1] : rule[2]].any(0).mean()
        >= _BORNE_OUT
    ]
    return np.array(kept, float).reshape(-1, 3)


def _seen(rules: Array, straight: Array, stamped: Array) -> Array:
    """The rules that are long, or seen where no stamp hides them."""
    kept = []
    for position, start, end in rules.tolist():
        at, along = round(position), slice(round(start), round(end))
        open_: Array = ~np.asarray(stamped[max(at - 2, 0) : at + 3, along].any(0))
        ink: Array = np.asarray(straight[max(at - _WANDER, 0) : at + _WANDER + 1, along].any(0))
        hidden = open_.mean() < _BORNE_OUT
        if end - start >= _LONG or hidden or ink[open_].mean() >= _BORNE_OUT:
            kept.append((position, start, end))
    return np.array(kept, float).reshape(-1, 3)


def _straight(dark: Array, length: int, *, upright: bool) -> Array:
    """The ink that runs straight on for a length, a pixel of wandering to both sides allowed."""
    import cv2

    across, along = ((1, 3), (length, 1)) if upright else ((3, 1), (1, length))
    thick = cv2.dilate(dark, np.ones(across, np.uint8))
    straight: Array = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones(along, np.uint8))
    return straight


def _pieces(ink: Array, *, upright: bool) -> Array:
    """The connected pieces of straight ink as (position, start, end)."""
    import cv2

    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, width, height = (
        stats[1:count, k].astype(float)
        for k in (cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT)
    )
    if upright:
        x, y, width, height = y, x, height, width
    pieces = np.column_stack((y + height / 2, x, x + width))
    # A block of ink is no rule.
    thin: Array = pieces[(height <= 0.34 * width) & (height <= 24)]
    return thin


def _joined(pieces: Array, shortest: int, stamped: Array) -> Array:
    """Pieces that continue each other as one rule; what stays short is left out.

    ``stamped`` is indexed by position and place along the rules.
    """
    rules: list[list[float]] = []
    for position, start, end in pieces[np.lexsort((pieces[:, 1],))].tolist():
        for rule in rules:
            if abs(rule[3] - position) <= _WANDER and _goes_on(rule, start, end, stamped):
                weight = (end - start) / max(end - start + rule[2] - rule[1], 1.0)
                rule[0] += (position - rule[0]) * min(max(weight, 0.0), 1.0)
                if end > rule[2]:
                    rule[2], rule[3] = end, position
                break
        else:
            rules.append([position, start, end, position])
    kept = [rule[:3] for rule in rules if rule[2] - rule[1] >= shortest]
    return np.array(kept, float).reshape(-1, 3)


def _goes_on(rule: Sequence[float], start: float, end: float, stamped: Array) -> bool:
    """Whether a piece from start to end is a rule's next, in one line with it."""
    gap = start - rule[2]
    if min(end - start, rule[2] - rule[1]) < _SHORT:
        return gap <= _SHORT_GAP
    if gap <= _GAP or gap > _WIDEST_GAP:
        return gap <= _GAP
    at = round(rule[3])
    return float(stamped[max(at - 2, 0) : at + 3, round(rule[2]) : round(start)].mean()) > _STAMPED


def _under_stamp(rules: Array, across: Array, stamped: Array) -> Array:
    """The rules made longer, as far as a stamp hides them, to the rules across that they would meet.

    A border that is hidden would else make one cell of two, the second of them without its figure.
    """
    if not stamped.any() or not len(across):
        return rules
    longer = rules.copy()
    for rule in longer:
        at = round(rule[0])
        reached = across[(across[:, 1] - _GAP <= at) & (at <= across[:, 2] + _GAP)][:, 0]
        hidden: Array = np.asarray(stamped[max(at - 2, 0) : at + 3].any(0))
        for to in reached:
            if to > rule[2] + _MEET and hidden[round(rule[2]) : round(to)].mean() > _STAMPED:
                rule[2] = to
            if to < rule[1] - _MEET and hidden[round(to) : round(rule[1])].mean() > _STAMPED:
                rule[1] = to
    return longer


def _meeting(upright: Array, level: Array) -> Array:
    """The upright rules that run from one level rule to another, and the long ones, made to end there.

    What stands out beyond the last level rule that it crosses is the stroke of a letter above or below; one
    that parts a single row is a stroke too.
    """
    kept = []
    shortest = _ROWS * float(np.median(np.diff(np.sort(level[:, 0])))) if len(level) > _FEW else 0.0
    for position, start, end in upright.tolist():
        at = level[(level[:, 1] - _GAP <= position) & (position <= level[:, 2] + _GAP)][:, 0]
        crossed = at[(start - _MEET <= at) & (at <= end + _MEET)]
        if len(crossed):
            first, last = float(crossed.min()), float(crossed.max())
            start, end = (
                first if first - start < _STROKE else start,
                last if end - last < _STROKE else end,
            )
        if end - start >= _LONG or (len(crossed) > 1 and end - start >= shortest):
            kept.append((position, start, end))
    return np.array(kept, float).reshape(-1, 3)


def _ending(level: Array, upright: Array) -> Array:
    """The level rules, made to end at the outermost upright one that they cross, where most of them do.

    What stands out of one of them is a stroke beside the table; of all of them, a table with an open side.
    One that alone goes on at both sides, and parts a row, is a fold of the paper and none.
    """
    if not len(level) or not len(upright):
        return level
    ended, out = level.copy(), np.zeros(len(level), int)
    crossed = (
        (upright[None, :, 1] - _MEET <= level[:, None, 0])
        & (level[:, None, 0] <= upright[None, :, 2] + _MEET)
        & (level[:, None, 1] - _MEET <= upright[None, :, 0])
        & (upright[None, :, 0] <= level[:, None, 2] + _MEET)
    )
    for side, beyond_all, outermost in ((1, np.inf, np.argmin), (2, -np.inf, np.argmax)):
        last = outermost(np.where(crossed, upright[None, :, 0], beyond_all), axis=1)
        for which in np.unique(last[crossed.any(1)]):
            meeting = crossed.any(1) & (last == which)
            beyond = meeting & (np.abs(level[:, side] - upright[which, 0]) > _MEET)
            if beyond.sum() < _OPEN * meeting.sum():
                ended[beyond, side] = upright[which, 0]
                out += beyond
    return ended[(out < 2) | ~_between(level[:, 0])]


def _between(positions: Array) -> Array:
    """Which of some level rules lie nearer to another than rows are high."""
    order = np.sort(positions)
    gaps = np.diff(order)
    if not len(gaps):
        return np.zeros(len(positions), bool)
    nearest = np.minimum(np.concatenate(([np.inf], gaps)), np.concatenate((gaps, [np.inf])))
    near: Array = nearest[np.searchsorted(order, positions)] < _NEAR * np.median(gaps)
    return near


def _mark(ink: Array, straight: Array, rules: Array, *, upright: bool) -> None:
    """Mark the straight ink that lies along the rules."""
    for position, start, end in rules.astype(int).tolist():
        low, high = max(position - _WANDER - 2, 0), position + _WANDER + 3
        along = slice(max(start - 2, 0), end + 3)
        place = (along, slice(low, high)) if upright else (slice(low, high), along)
        ink[place] |= straight[place]
