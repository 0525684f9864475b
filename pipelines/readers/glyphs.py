"""The characters of a page, as pdfium has them: codes, boxes, baselines, angles, colours.

Belongs here: what is a printed character, and what only lies over the page. Does not belong here:
lines, cells, and anything that is no glyph.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as raw
from numpy.typing import NDArray

from pipelines.readers import compiled as pdfium
from pipelines.readers.compiled import address_of, compiled
from pipelines.readers.strokes import Matrix

# Glyphs further than this from upright or level are a watermark (radians).
_OBLIQUE = math.radians(4)
_QUARTER = math.pi / 2
MOST_GLYPHS = 60_000
# What stands for a character that is none.
_REPLACED = np.uint32(0xFFFD)
# A glyph over its own twin: nearer than this share of its width, within these bounds (points).
_OVERPRINT_SHARE, _OVERPRINT_LEAST, _OVERPRINT_MOST = 0.25, 0.6, 1.3
_RECENT = 4
# Coloured text this much larger than the page's own is a watermark.
_LARGE = 1.8
# A colour is none of black and grey ink where a channel is brighter than this, or it lets the page through.
_DARK, _OPAQUE = 110, 200

Array = NDArray[Any]


@dataclass(slots=True)
class Glyphs:
    """The characters of a page where they are seen: one code point and one row of ``boxes`` each.

    ``boxes`` is an array of shape (n, 5): left, top, right, bottom, and the height of the baseline.
    """

    codes: Array
    boxes: Array

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def text(self) -> str:
        """All of them, one after the other."""
        return text_of(self.codes)

    def take(self, which: Array) -> Glyphs:
        """The glyphs of a mask or of indexes."""
        return Glyphs(self.codes[which], self.boxes[which])


@dataclass(slots=True)
class Characters:
    """Characters in the page's own coordinates, one row each.

    ``places`` has shape (n, 6): left, top, right, bottom of the loose box, and the origin; ``angles`` are
    radians, ``colours`` are red, green, blue and alpha in one number. ``unmapped`` counts those whose
    meaning is not known.
    """

    codes: Array
    places: Array
    angles: Array
    colours: Array
    unmapped: int


def text_of(codes: Array) -> str:
    """Code points as a text."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le")


def characters(page: Any) -> Characters:
    """Every printed character with its loose box and origin, and how many have no meaning.

    Loose boxes are as high as the font, tight ones would put low punctuation on another line.
    """
    text_page = raw.FPDFText_LoadPage(page)
    if not text_page:
        return Characters(np.empty(0, np.uint32), np.empty((0, 6)), np.empty(0), np.empty(0, np.uint32), 0)
    try:
        text = address_of(text_page)
        most = min(raw.FPDFText_CountChars(text_page), MOST_GLYPHS)
        codes, places, angles = np.empty(most, np.uint32), np.empty((most, 6)), np.empty(most)
        colours = np.empty(most, np.uint32)
        printed, unmapped = _printed(text, codes, places, angles, colours)
        return Characters(codes[:printed], places[:printed], angles[:printed], colours[:printed], unmapped)
    finally:
        raw.FPDFText_ClosePage(text_page)


def overlay(colours: Array, oblique: Array, heights: Array) -> Array:
    """Which upright glyphs lie over the page as a stamp or a watermark does.

    They are coloured otherwise than the page's own text, and either as oblique glyphs are (the writing
    around a seal) or far larger than the page's. A figure printed in red is none: it is neither.
    """
    coloured = np.empty(len(colours), bool)
    if not _may_lie_over(colours, coloured):
        return np.zeros(len(colours), bool)
    each, counts = np.unique(colours, return_counts=True)
    own = each[counts.argmax()]
    usual = float(np.median(heights[colours == own]))
    over: Array = (
        coloured & (colours != own) & (np.isin(colours, colours[oblique]) | (heights > _LARGE * usual))
    )
    return over


def quarters(angles: Array) -> tuple[Array, int]:
    """The quarter turn (0–3) nearest to each angle, or -1 where it is oblique; and the most frequent one.

    So many quarters, clockwise, most of the glyphs are turned in the page's own coordinates.
    """
    turned, counts = np.empty(len(angles), np.int8), np.zeros(4, np.int64)
    _turn(angles, turned, counts)
    return turned, int(counts.argmax())


def seen_boxes(places: Array, matrix: Matrix) -> Array:
    """Left, top, right, bottom and baseline of each character as seen."""
    boxes = np.empty((len(places), 5))
    _see(places, matrix, boxes)
    return boxes


def once(glyphs: Glyphs) -> Glyphs:
    """Without glyphs printed over themselves (fake bold): the same, a fraction of a width away."""
    kept = np.ones(len(glyphs), bool)
    if _repeats(glyphs.codes, glyphs.boxes, np.argsort(glyphs.codes, kind="stable"), kept):
        return glyphs.take(kept)
    return glyphs


# --- loops, each after those that it calls -----------------------------------------------------


@compiled("boolean(uint32)")
def _is_blank(code: int) -> bool:
    """Blanks, control characters and pdfium's own marks (2 hyphen, 0xFFFE no character) are not printed."""
    return code in (0, 2, 9, 10, 13, 0x20, 0xA0, 0x3000, 0x200B, 0xFEFF, 0xFFFE, 0xFFFF)


@compiled("boolean(uint32)")
def _is_private(code: int) -> bool:
    return 0xE000 <= code <= 0xF8FF or 0xF0000 <= code <= 0x10FFFF


@compiled("UniTuple(intp, 2)(intp, uint32[::1], float64[:, ::1], float64[::1], uint32[::1])")
def _printed(text_page: int, codes: Array, places: Array, angles: Array, colours: Array) -> tuple[int, int]:
    """Fill the arrays with the printed characters among the first ones of a page; how many, and unmapped."""
    box, origin, channels = np.zeros(4, np.float32), np.zeros(2), np.zeros(4, np.uint32)
    x, rgba = origin.ctypes.data, channels.ctypes.data
    printed = unmapped = 0
    for i in range(len(codes)):
        code = pdfium.unicode_of(text_page, i)
        if _is_blank(code):
            continue
        if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            code = _REPLACED
        unmapped += code == _REPLACED or _is_private(code) or pdfium.has_map_error(text_page, i) == 1
        pdfium.loose_box_of(text_page, i, box.ctypes.data)
        pdfium.origin_of(text_page, i, x, x + 8)
        pdfium.fill_colour_of(text_page, i, rgba, rgba + 4, rgba + 8, rgba + 12)
        codes[printed], angles[printed] = code, pdfium.angle_of(text_page, i)
        for k in range(4):
            places[printed, k] = box[k]
        places[printed, 4], places[printed, 5] = origin[0], origin[1]
        colours[printed] = channels[0] << 24 | channels[1] << 16 | channels[2] << 8 | channels[3]
        printed += 1
    return printed, unmapped


@compiled("boolean(uint32)")
def _is_coloured(colour: int) -> bool:
    red, green, blue, alpha = colour >> 24, colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF
    return max(red, green, blue) > _DARK or alpha < _OPAQUE


@compiled("boolean(uint32[::1], boolean[::1])")
def _may_lie_over(colours: Array, coloured: Array) -> bool:
    """Whether there are several colours and one of them is no ink; mark those glyphs in ``coloured``."""
    several = any_coloured = False
    for i in range(len(colours)):
        coloured[i] = _is_coloured(colours[i])
        any_coloured |= coloured[i]
        several |= colours[i] != colours[0]
    return bool(several and any_coloured)


@compiled("none(float64[::1], int8[::1], intp[::1])")
def _turn(angles: Array, turned: Array, counts: Array) -> None:
    for i in range(len(angles)):
        turns = math.floor(angles[i] / _QUARTER + 0.5)
        turned[i] = -1
        if abs(angles[i] - turns * _QUARTER) <= _OBLIQUE:
            turned[i] = turns % 4
            counts[turned[i]] += 1


@compiled("none(float64[:, ::1], UniTuple(float64, 6), float64[:, ::1])")
def _see(places: Array, matrix: Matrix, boxes: Array) -> None:
    a, b, c, d, e, f = matrix
    for i in range(len(places)):
        left, top, right, bottom = places[i, 0], places[i, 1], places[i, 2], places[i, 3]
        ax, bx = a * left + c * top + e, a * right + c * bottom + e
        ay, by = b * left + d * top + f, b * right + d * bottom + f
        boxes[i, 0], boxes[i, 2] = min(ax, bx), max(ax, bx)
        boxes[i, 1], boxes[i, 3] = min(ay, by), max(ay, by)
        boxes[i, 4] = b * places[i, 4] + d * places[i, 5] + f


@compiled("intp(uint32[::1], float64[:, ::1], intp[::1], boolean[::1])")
def _repeats(codes: Array, boxes: Array, order: Array, kept: Array) -> int:
    """Take out of ``kept`` each glyph that stands over one of the last few of its character; how many."""
    recent = np.zeros(_RECENT, np.intp)
    held = repeats = 0
    for k in range(len(order)):
        i = order[k]
        if k == 0 or codes[order[k - 1]] != codes[i]:
            held = 0
        width = boxes[i, 2] - boxes[i, 0]
        near = min(max(_OVERPRINT_LEAST, _OVERPRINT_SHARE * width), _OVERPRINT_MOST)
        for n in range(min(held, _RECENT)):
            j = recent[n]
            if abs(boxes[j, 0] - boxes[i, 0]) < near and abs(boxes[j, 4] - boxes[i, 4]) < near:
                kept[i] = False
        if kept[i]:
            recent[held % _RECENT] = i
            held += 1
        else:
            repeats += 1
    return repeats
