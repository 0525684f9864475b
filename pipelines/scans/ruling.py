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
# After so many pieces, rules that have ended are set aside.
_LOOK_BACK = 50
# A short rule reaches those across at its ends: only so much may be lacking (letters stand a little off), or
# stand out.
_LACKING, _OUT = 1.5, 8
# A shorter rule is none.
_SHORTEST_LEVEL, _SHORTEST_UPRIGHT = 70, 30
# The end of an upright rule and a level one meet if they come so near.
_MEET = 4
# A letter's stroke in line with a rule is no longer than this.
_STROKE = 60
# Straight ink for so long is a rule whatever it meets: no letter, no stroke of a seal runs on like that.
_CERTAIN_LEVEL, _CERTAIN_UPRIGHT = 400, 150
# A rule is narrower than this: shades, folds and the ring of a seal are wider.
_THICKEST = 9
# Rules stand out from the paper by this (grey levels) at least, and by this share of what the long ones do:
# what is paler is a fold, a watermark or noise.
_CONTRAST, _OF_LONG = 16, 0.3
_BLUR = 5


@dataclass(slots=True)
class Ruling:
    """The rules of a picture in its pixels, each (position, start, end), and the ink that is theirs."""

    level: Array
    upright: Array
    ink: Array


def ruling(picture: Picture) -> Ruling:
    """The rules of a level picture; one goes on where it is stamped over."""
    grey, stamped = picture.lines, picture.stamped
    thin_level, thin_upright = _thin(grey, upright=False), _thin(grey, upright=True)
    # Where rules cross, neither is thin: each goes on through the other.
    crossing = _straight(thin_level, _LEVEL_PIECE, upright=False)
    upright_ink = _straight(thin_upright | crossing, _UPRIGHT_PIECE, upright=True)
    level_ink = _straight(thin_level | upright_ink, _LEVEL_PIECE, upright=False)
    level = _joined(_pieces(level_ink, upright=False), _SHORTEST_LEVEL, stamped)
    upright = _joined(_pieces(upright_ink, upright=True), _SHORTEST_UPRIGHT, stamped.T)
    upright = _under_stamp(upright, level, stamped.T)
    level = _under_stamp(level, upright, stamped)
    level, upright = _framed(level, upright)
    ink = np.zeros(grey.shape, np.uint8)
    _mark(ink, level_ink, level, upright=False)
    _mark(ink, upright_ink, upright, upright=True)
    return Ruling(level, upright, ink > 0)


def _thin(grey: Array, *, upright: bool) -> Array:
    """The ink that is thin across and stands out as much as the long rules of the page do.

    Wider shades vanish before: folds, the ring of a seal, paper that grows dark towards a corner.
    """
    import cv2

    across, along = ((_THICKEST, 1), (1, _BLUR)) if upright else ((1, _THICKEST), (_BLUR, 1))
    smooth = cv2.blur(grey, along)
    contrast: Array = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, np.ones(across[::-1], np.uint8))
    dark = (contrast > _CONTRAST).astype(np.uint8)
    long = _straight(dark, _CERTAIN_UPRIGHT, upright=upright)
    shown = contrast[(long > 0) & (dark > 0)]
    if not len(shown):
        return dark
    return (contrast > max(_CONTRAST, _OF_LONG * float(np.percentile(shown, 75)))).astype(np.uint8)


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
    ended: list[list[float]] = []
    for number, (position, start, end) in enumerate(pieces[np.lexsort((pieces[:, 1],))].tolist()):
        if number % _LOOK_BACK == 0:
            # Pieces come in the order of their starts: nothing that is left can go on these.
            ended += [rule for rule in rules if start - rule[2] > _WIDEST_GAP]
            rules = [rule for rule in rules if start - rule[2] <= _WIDEST_GAP]
        for rule in rules:
            if abs(rule[3] - position) <= _WANDER and _goes_on(rule, start, end, stamped):
                weight = (end - start) / max(end - start + rule[2] - rule[1], 1.0)
                rule[0] += (position - rule[0]) * min(max(weight, 0.0), 1.0)
                if end > rule[2]:
                    rule[2], rule[3] = end, position
                break
        else:
            rules.append([position, start, end, position])
    kept = [rule[:3] for rule in (*ended, *rules) if rule[2] - rule[1] >= shortest]
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


def _framed(level: Array, upright: Array) -> tuple[Array, Array]:
    """The rules that are certain by their length, and those that run from one such rule to another.

    What stands out beyond the last rule that it crosses is the stroke of a letter or of a seal.
    """
    levels = level[level[:, 2] - level[:, 1] >= _CERTAIN_LEVEL]
    uprights = upright[upright[:, 2] - upright[:, 1] >= _CERTAIN_UPRIGHT]
    for _ in range(2):
        uprights = _meeting(upright, levels, _CERTAIN_UPRIGHT)
        levels = _meeting(level, uprights, _CERTAIN_LEVEL)
    return _trimmed(levels, uprights), _trimmed(uprights, levels)


def _meeting(rules: Array, across: Array, certain: int) -> Array:
    """The rules that are certain, and those that end at rules across on both ends."""
    kept = []
    for rule in rules.tolist():
        crossed = _crossed(rule, across)
        ends = (rule[1] - crossed[0], crossed[-1] - rule[2]) if len(crossed) > 1 else ()
        if rule[2] - rule[1] >= certain or (ends and max(ends) <= _LACKING and min(ends) >= -_OUT):
            kept.append(rule)
    return np.array(kept, float).reshape(-1, 3)


def _crossed(rule: Sequence[float], across: Array) -> list[float]:
    """Where along a rule those across meet it, in order."""
    position, start, end = rule
    reaches = (across[:, 1] - _GAP <= position) & (position <= across[:, 2] + _GAP)
    at = across[reaches & (start - _MEET - 2 <= across[:, 0]) & (across[:, 0] <= end + _MEET + 2)][:, 0]
    return sorted(at.tolist())


def _trimmed(rules: Array, across: Array) -> Array:
    """The rules without what stands out beyond the last rule across, where few rules do so there.

    A table that is open at a side has all its rules stand out.
    """
    crossed = [_crossed(rule, across) for rule in rules.tolist()]
    cut = rules.copy()
    for rule, at in zip(cut, crossed, strict=True):
        for side, end, sign in ((1, 0, 1), (2, -1, -1)):
            over = sign * (at[end] - rule[side]) if at else 0.0
            if 0 < over < _STROKE and not _is_open(at[end], sign, rules, crossed, (side, end)):
                rule[side] = at[end]
    return cut


def _is_open(
    at: float, sign: int, rules: Array, crossed: Sequence[Sequence[float]], place: tuple[int, int]
) -> bool:
    """Whether most rules that end about there stand out."""
    side, end = place
    overs = [
        sign * (met[end] - rule[side])
        for rule, met in zip(rules, crossed, strict=True)
        if met and abs(met[end] - at) <= _WANDER
    ]
    return bool(np.mean(np.array(overs) > _MEET) > 0.5)


def _mark(ink: Array, straight: Array, rules: Array, *, upright: bool) -> None:
    """Mark the straight ink that lies along the rules."""
    for position, start, end in rules.astype(int).tolist():
        low, high = max(position - _WANDER - 2, 0), position + _WANDER + 3
        along = slice(max(start - 2, 0), end + 3)
        place = (along, slice(low, high)) if upright else (slice(low, high), along)
        ink[place] |= straight[place]
