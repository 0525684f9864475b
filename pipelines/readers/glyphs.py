"""The characters of a page, as pdfium has them: texts, boxes, baselines, angles, colours.

Belongs here: what is a printed character, and what only lies over the page. Does not belong here:
lines, cells, and anything that is no glyph.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as raw
from numpy.typing import NDArray

from pipelines.readers.strokes import Matrix

# Glyphs further than this from upright or level are a watermark (radians).
_OBLIQUE = math.radians(4)
MOST_GLYPHS = 60_000
_PRIVATE_USE = ((0xE000, 0xF8FF), (0xF0000, 0x10FFFF))
# Control characters and pdfium's own marks (2 hyphen, 0xFFFE no character) carry no text.
_NO_TEXT = frozenset({0, 2, 9, 10, 13, 0xFFFE, 0xFFFF})
_BLANKS = frozenset({0x20, 0xA0, 0x3000, 0x200B, 0xFEFF})
# Every so many-eth character is asked for its map; one without makes all of them be asked.
_EVERY = 16
# A glyph over its own twin: nearer than this share of its width, within these bounds (points).
_OVERPRINT_SHARE, _OVERPRINT_LEAST, _OVERPRINT_MOST = 0.25, 0.6, 1.3
_RECENT = 4
# Coloured text this much larger than the page's own is a watermark.
_LARGE = 1.8

Array = NDArray[Any]


@dataclass(slots=True)
class Glyphs:
    """The characters of a page where they are seen: one text and one row of ``boxes`` each.

    ``boxes`` is an array of shape (n, 5): left, top, right, bottom, and the height of the baseline.
    """

    texts: list[str]
    boxes: Array

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, which: Array) -> Glyphs:
        """The glyphs of a mask or of indexes."""
        indexes = np.flatnonzero(which) if which.dtype == bool else which
        return Glyphs([self.texts[i] for i in indexes], self.boxes[indexes])


@dataclass(slots=True)
class Characters:
    """Characters in the page's own coordinates: loose boxes (n, 4), origins (n, 2).

    ``angles`` is empty where no text is turned, ``colours`` where all of it is dark.
    """

    texts: list[str]
    loose: Array
    origins: Array
    angles: list[float]
    colours: list[int]
    unmapped: int


def characters(page: Any, *, angles: bool, colours: bool) -> Characters:
    """Every printed character with its loose box and origin, and how many have no meaning.

    Loose boxes are those of the font: tight ones put Chinese punctuation out of order.
    """
    nothing = Characters([], np.empty((0, 4)), np.empty((0, 2)), [], [], 0)
    text_page = raw.FPDFText_LoadPage(page)
    if not text_page:
        return nothing
    try:
        codes = _codes(text_page, min(raw.FPDFText_CountChars(text_page), MOST_GLYPHS))
        printed = [i for i, code in enumerate(codes) if code not in _NO_TEXT and code not in _BLANKS]
        if not printed:
            return nothing
        boxes = (raw.FS_RECTF * len(printed))()
        origins: list[tuple[float, float]] = []
        loose_box, origin, at = raw.FPDFText_GetLooseCharBox, raw.FPDFText_GetCharOrigin, ctypes.byref
        x, y = ctypes.c_double(), ctypes.c_double()
        x_ref, y_ref = at(x), at(y)
        for row, i in enumerate(printed):
            loose_box(text_page, i, at(boxes[row]))
            origin(text_page, i, x_ref, y_ref)
            origins.append((x.value, y.value))
        return Characters(
            [_character(codes[i]) for i in printed],
            np.frombuffer(boxes, np.float32).reshape(-1, 4).astype(np.float64),
            np.array(origins),
            [raw.FPDFText_GetCharAngle(text_page, i) for i in printed] if angles else [],
            [_colour(text_page, i) for i in printed] if colours else [],
            _unmapped(text_page, codes, printed),
        )
    finally:
        raw.FPDFText_ClosePage(text_page)


def _codes(text_page: Any, count: int) -> list[int]:
    """The code points of a page's characters: at once where pdfium gives one unit each, else one by one."""
    units = (ctypes.c_ushort * (count + 1))()
    if raw.FPDFText_GetText(text_page, 0, count, units) == count + 1:
        codes: list[int] = units[:count]
        if not any(0xD800 <= code < 0xE000 for code in codes):
            return codes
    return [raw.FPDFText_GetUnicode(text_page, i) for i in range(count)]


def _unmapped(text_page: Any, codes: list[int], printed: list[int]) -> int:
    """How many characters have no known meaning: private, replaced, or without a map in their font."""
    error = raw.FPDFText_HasUnicodeMapError
    strange = sum(1 for i in printed if _is_private(codes[i]) or codes[i] == 0xFFFD)
    if any(error(text_page, i) == 1 for i in printed[::_EVERY]):
        return max(strange, sum(1 for i in printed if error(text_page, i) == 1))
    return strange


def _colour(text_page: Any, index: int) -> int:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    refs = [ctypes.byref(channel) for channel in (red, green, blue, alpha)]
    raw.FPDFText_GetFillColor(text_page, index, *refs)
    return red.value << 24 | green.value << 16 | blue.value << 8 | alpha.value


def overlay(found: Characters, oblique: Array, heights: Array) -> Array:
    """Which upright glyphs lie over the page as a stamp or a watermark does.

    They have not the page's own colour, and either that of oblique glyphs (the writing around a seal)
    or a size far above the page's. A figure printed in red is none: it is neither.
    """
    if not found.colours:
        return np.zeros(len(found.texts), bool)
    colours = np.array(found.colours)
    own = Counter(found.colours).most_common(1)[0][0]
    usual = float(np.median(heights[colours == own]))
    foreign: Array = (colours != own) & (np.isin(colours, colours[oblique]) | (heights > _LARGE * usual))
    return foreign


def _character(code: int) -> str:
    return chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"


def _is_private(code: int) -> bool:
    return code >= 0xE000 and any(low <= code <= high for low, high in _PRIVATE_USE)


def quarter(angle: float) -> int | None:
    """The quarter turn nearest to an angle, or None where it is oblique."""
    quarter = round(angle / (math.pi / 2))
    return quarter % 4 if abs(angle - quarter * math.pi / 2) <= _OBLIQUE else None


def lean(angles: list[float]) -> int:
    """By how many quarters, clockwise, most of the glyphs are turned in the page's own coordinates."""
    quarters: Counter[int] = Counter(q for a in angles if (q := quarter(a)) is not None)
    lean: int = max(quarters, key=lambda q: (quarters[q], -q), default=0)
    return lean


def seen_boxes(found: Characters, matrix: Matrix) -> Array:
    """Left, top, right, bottom and baseline of each character as seen."""
    a, b, c, d, e, f = matrix
    # FS_RECTF is left, top, right, bottom in the page's own coordinates (upwards).
    x, y = found.loose[:, [0, 2]], found.loose[:, [3, 1]]
    sx, sy = a * x + c * y + e, b * x + d * y + f
    base = b * found.origins[:, 0] + d * found.origins[:, 1] + f
    return np.column_stack((sx.min(axis=1), sy.min(axis=1), sx.max(axis=1), sy.max(axis=1), base))


def once(glyphs: Glyphs) -> Glyphs:
    """Without glyphs printed over themselves (fake bold): the same, a fraction of a width away."""
    if not _may_repeat(glyphs):
        return glyphs
    kept: list[int] = []
    recent: dict[str, list[tuple[float, float]]] = {}
    lefts, widths = glyphs.boxes[:, 0].tolist(), (glyphs.boxes[:, 2] - glyphs.boxes[:, 0]).tolist()
    bases = glyphs.boxes[:, 4].tolist()
    for i, text in enumerate(glyphs.texts):
        near = min(max(_OVERPRINT_LEAST, _OVERPRINT_SHARE * widths[i]), _OVERPRINT_MOST)
        left, base = lefts[i], bases[i]
        same = recent.setdefault(text, [])
        if any(abs(x - left) < near and abs(y - base) < near for x, y in same[-_RECENT:]):
            continue
        same.append((left, base))
        kept.append(i)
    return glyphs if len(kept) == len(glyphs) else glyphs.take(np.array(kept))


def _may_repeat(glyphs: Glyphs) -> bool:
    """Whether two of the same glyph lie in one square of a coarse net, in any of four positions of it."""
    if len(glyphs) < 2:
        return False
    codes = np.array([ord(text) for text in glyphs.texts], np.int64) << 40
    size = 2 * _OVERPRINT_MOST
    for shift_x in (0.0, 0.5):
        for shift_y in (0.0, 0.5):
            x = (glyphs.boxes[:, 0] / size + shift_x).astype(np.int64)
            y = (glyphs.boxes[:, 4] / size + shift_y).astype(np.int64)
            keys = np.sort(codes + (y << 20) + x)
            if (keys[1:] == keys[:-1]).any():
                return True
    return False
