"""The ink of a picture as connected specks, and the lines of writing that specks make.

Belongs here: specks, what touches a rule, and the parting of lines. Does not belong here: cells, letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.scans.picture import DARK

Array = NDArray[Any]
PixelBox = tuple[int, int, int, int]

# Smaller ink (pixels) is dust; the dot of a figure has nine at 200 dpi.
_DUST = 4
# Ink thinner than this along a rule is what is left of the rule.
_REMAIN = 3
_TAIL = 9
# The ink of a letter, paler than this, still belongs to it.
_PALE = 170
# Larger ink (pixels) is a picture, no letter.
_HUGE = 160
# Letters nearer than this share of their height are one piece of a line; how far dots stand off below them.
_NEAR = 0.9
# A piece of a line lower than this share of the usual is part of its neighbour; higher is several lines.
_LOW, _HIGH = 0.5, 1.55
# Letters that are torn level, as thin prints are, have halves lower than this, and so far apart (pixels).
_HALF, _TORN = 10, 2
# Letters in a table are no higher than this (pixels at 200 dpi).
_HIGHEST = 40


@dataclass(frozen=True, slots=True)
class Speck:
    """One connected piece of ink. ``touches`` a rule from one side; ``crosses`` an upright one."""

    box: PixelBox
    area: int
    touches: bool = False
    crosses: bool = False


def specks_of(ink: Array, rules: Array) -> list[Speck]:
    """The ink of a picture without its rules (a mask), as specks."""
    import cv2

    beside = cv2.dilate(rules.astype(np.uint8), np.ones((3, 3), np.uint8))
    dark = ((ink < _PALE) & (beside == 0)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    close = cv2.dilate(beside, np.ones((3, 3), np.uint8))
    touching, solid = np.zeros(count, bool), np.zeros(count, bool)
    touching[labels[close > 0]] = True
    solid[labels[ink < DARK]] = True
    specks = []
    for label, (left, top, width, height, area) in enumerate(stats.tolist()):
        if label == 0 or area < _DUST or not solid[label]:
            continue
        touches = bool(touching[label])
        if touches and min(width, height) <= _REMAIN:
            continue
        box = (left, top, left + width, top + height)
        # The tail of a comma on a rule below it takes nothing from the figure.
        touches = touches and max(width, height) > _TAIL
        specks.append(Speck(box, area, touches, touches and _crosses(dark, rules, box)))
    return specks


def _crosses(dark: Array, rules: Array, box: PixelBox) -> bool:
    """Whether ink goes on beyond the upright rule at a side of it."""
    left, top, right, bottom = box
    if bottom - top < 8:
        return False
    for side, step in ((left - 1, -1), (right, 1)):
        columns = range(side, side + step * 12, step)
        inside = [c for c in columns if 0 <= c < dark.shape[1]]
        ruled = [bool(rules[top:bottom, c].mean() > 0.8) for c in inside]
        if not any(ruled):
            continue
        beyond = inside[max(i for i, is_ruled in enumerate(ruled) if is_ruled) + 2 :][:2]
        if any(dark[top:bottom, c].any() for c in beyond):
            return True
    return False


def lines_of(specks: Sequence[Speck], ink: Array) -> list[PixelBox]:
    """The lines of writing that some specks make, from the top down, each with the box of its ink."""
    if not specks:
        return []
    boxes = np.array([speck.box for speck in specks])
    left, top, right, bottom = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
    shown = np.zeros((bottom - top, right - left), bool)
    for x, y, z, w in boxes.tolist():
        shown[y - top : w - top, x - left : z - left] |= ink[y:w, x:z] < DARK
    runs = _whole(_runs(np.any(shown, axis=1)))
    if not runs:
        return [(int(left), int(top), int(right), int(bottom))]
    usual = min(max(b - a for a, b in runs), _HIGHEST)
    profile = shown.sum(1)
    parts = [part for run in _merged(runs, usual) for part in _split(run, usual, profile)]
    found = []
    for start, end in parts:
        across = np.flatnonzero(shown[start:end].any(0))
        if len(across):
            found.append(
                (int(left + across[0]), int(top + start), int(left + across[-1] + 1), int(top + end))
            )
    return found


def _runs(shown: Any) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], shown.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _whole(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of rows with ink, halves of one line joined: so low and so near to each other no lines are."""
    found: list[tuple[int, int]] = []
    for start, end in runs:
        if found and start - found[-1][1] <= _TORN and max(end - start, found[-1][1] - found[-1][0]) < _HALF:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _merged(runs: list[tuple[int, int]], usual: float) -> list[tuple[int, int]]:
    """Runs of rows with ink, low ones joined to the neighbour that is nearer: parts of letters."""
    runs = list(runs)
    while len(runs) > 1:
        low = [i for i, (a, b) in enumerate(runs) if b - a < _LOW * usual]
        if not low:
            break
        i = min(low, key=lambda i: runs[i][1] - runs[i][0])
        before = runs[i][0] - runs[i - 1][1] if i else 1 << 20
        after = runs[i + 1][0] - runs[i][1] if i + 1 < len(runs) else 1 << 20
        if min(before, after) > usual:
            break
        j = i - 1 if before <= after else i
        runs[j : j + 2] = [(runs[j][0], runs[j + 1][1])]
    return runs


def _split(run: tuple[int, int], usual: float, profile: Array) -> list[tuple[int, int]]:
    """A run as high as several lines, parted where it has the least ink."""
    start, end = run
    count = round((end - start) / usual)
    if end - start < _HIGH * usual or count < 2:
        return [run]
    step = (end - start) / count
    parts, at = [], start
    for k in range(1, count):
        middle, reach = start + round(k * step), max(2, round(step / 4))
        low = middle - reach + int(profile[middle - reach : middle + reach].argmin())
        parts.append((at, low))
        at = low
    return [*parts, (at, end)]


def free_lines(specks: Sequence[Speck], ink: Array) -> list[PixelBox]:
    """The pieces of lines that specks outside of tables make: letters near each other, in one height."""
    import cv2

    letters = [s for s in specks if max(s.box[2] - s.box[0], s.box[3] - s.box[1]) <= _HUGE * 2]
    letters = [s for s in letters if s.box[3] - s.box[1] <= _HUGE]
    if not letters:
        return []
    heights = sorted(s.box[3] - s.box[1] for s in letters)
    usual = max(heights[int(len(heights) * 0.75)], 10)
    shown = np.zeros(ink.shape, np.uint8)
    for speck in letters:
        left, top, right, bottom = speck.box
        shown[top:bottom, left:right] = 1
    reach = max(3, round(_NEAR * usual))
    joined = cv2.morphologyEx(shown, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))
    _, labels, _, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    groups: dict[int, list[Speck]] = {}
    for speck in letters:
        groups.setdefault(int(labels[speck.box[1], speck.box[0]]), []).append(speck)
    lines = [line for group in groups.values() for line in lines_of(group, ink)]
    return _together(lines, usual)


def _together(lines: Sequence[PixelBox], usual: float) -> list[PixelBox]:
    """Pieces with others that stand in their height, near them or over them (the dots of a letter)."""
    before = list(lines)
    while True:
        found: list[PixelBox] = []
        for box in sorted(before, key=lambda box: box[1] - box[3]):
            for i, other in enumerate(found):
                if _near(box, other, usual):
                    least, most = np.minimum(box, other).tolist(), np.maximum(box, other).tolist()
                    found[i] = (least[0], least[1], most[2], most[3])
                    break
            else:
                found.append(box)
        if len(found) == len(before):
            return [box for box in found if box[3] - box[1] >= 6 or box[2] - box[0] >= 12]
        before = found


def _near(low: PixelBox, high: PixelBox, usual: float) -> bool:
    """Whether a piece belongs to one that is as high or higher."""
    height = low[3] - low[1]
    common = min(low[3], high[3]) - max(low[1], high[1])
    apart = max(low[0], high[0]) - min(low[2], high[2])
    beside = common > 0.5 * height or (height < _LOW * usual and common > -0.25 * usual)
    return beside and apart <= _NEAR * max(usual, high[3] - high[1])
