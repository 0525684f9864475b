"""What pdfium says of a page: its glyphs and its straight strokes, as the page is seen.

Belongs here: the calls into pdfium, one page at a time, turned into plain glyphs and rules in points
from the upper left corner of the page as seen (/Rotate and turned content applied). Does not belong
here: cells, lines, tables. pdfium is not safe for threads: processes read documents, never threads.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pypdfium2.raw as raw
from numpy.typing import NDArray

from pipelines.model import Box

# A filled rectangle this thin (points) is a rule; a stroke has no width of its own here.
_THIN = 3.0
# A shorter stroke is a tick or part of a letter.
_SHORTEST_RULE = 4.0
# Glyphs and strokes further than this from upright or level are a watermark (radians).
_OBLIQUE = math.radians(4)
# Form XObjects in form XObjects: deeper nesting than any office program writes.
_DEEPEST = 8
# Beyond these a page is no table of this genre; what more there is is not read.
_MOST_GLYPHS = 60_000
_MOST_OBJECTS = 200_000
_MOST_SEGMENTS = 400_000
_PRIVATE_USE = ((0xE000, 0xF8FF), (0xF0000, 0x10FFFF))
# Control characters and pdfium's own marks (2 hyphen, 0xFFFE no character) carry no text.
_NO_TEXT = frozenset({0, 2, 9, 10, 13, 0xFFFE, 0xFFFF})
_BLANKS = frozenset({0x20, 0xA0, 0x3000, 0x200B, 0xFEFF})

# Every so many-eth character is asked for its map; one without makes all of them be asked.
_EVERY = 16
# A glyph over its own twin: nearer than this share of its width, within these bounds (points).
_OVERPRINT_SHARE, _OVERPRINT_LEAST, _OVERPRINT_MOST = 0.25, 0.6, 1.3
_RECENT = 4
# Paths of so few segments are a line or a rectangle, known by their bounds.
_SIMPLE = 5
# Text is turned where its matrix has more than this beside its diagonal.
_SLANT = 0.02

Array = NDArray[Any]
Rule = tuple[float, float, float]
Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


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
class PageContent:
    """One page: size as seen, glyphs, level and upright rules, and what triage needs.

    Rules are ``(position, start, end)``: a level one at its y from x to x, an upright one at its x.
    ``unmapped`` counts glyphs whose character is unknown, ``oblique`` those left out as a watermark.
    ``turned`` is by how many clockwise quarters the page as shown is turned to set its text upright.
    """

    width: float
    height: float
    glyphs: Glyphs
    level: list[Rule]
    upright: list[Rule]
    unmapped: int
    oblique: int
    images: list[Box]
    overflow: bool = False
    turned: int = 0


def page_content(document: Any, number: int) -> PageContent:
    """Read one page (counted from 0) of an open pdfium document.

    Raises ``ValueError`` where pdfium cannot load it. The page is closed before this returns.
    """
    page = raw.FPDF_LoadPage(document, number)
    if not page:
        raise ValueError("pdfium cannot load the page")
    try:
        return _content(page)
    finally:
        raw.FPDF_ClosePage(page)


def _content(page: Any) -> PageContent:
    box = _visible_box(page)
    turn = raw.FPDFPage_GetRotation(page) % 4
    strokes = _Strokes(page)
    characters = _characters(page, angles=strokes.turned_text)
    lean = _lean(characters.angles)
    # As its text is upright; a page without text is as /Rotate shows it.
    seen = -lean % 4 if characters.texts else turn
    matrix = _to_seen(box, seen)
    upright = np.array([_quarter(a) == lean for a in characters.angles]) if characters.angles else None
    glyphs = Glyphs(characters.texts, _seen_boxes(characters, matrix))
    kept = glyphs if upright is None or upright.all() else glyphs.take(upright)
    width, height = box[2] - box[0], box[3] - box[1]
    if seen % 2:
        width, height = height, width
    level, uprights = strokes.rules(matrix)
    return PageContent(
        width,
        height,
        _once(kept),
        level,
        uprights,
        characters.unmapped,
        len(glyphs) - len(kept),
        [_seen_box(image, matrix) for image in strokes.images],
        strokes.overflow or len(glyphs) >= _MOST_GLYPHS,
        (seen - turn) % 4,
    )


def _visible_box(page: Any) -> Box:
    """Left, bottom, right, top of what is shown of the page, in its own coordinates."""
    rect = raw.FS_RECTF()
    if raw.FPDF_GetPageBoundingBox(page, ctypes.byref(rect)):
        return (rect.left, rect.bottom, rect.right, rect.top)
    return (0.0, 0.0, raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page))


def _to_seen(box: Box, turn: int) -> Matrix:
    """From the page's own coordinates to points from the upper left corner, turned clockwise by quarters."""
    left, bottom, right, top = box
    if turn == 1:
        return (0.0, 1.0, 1.0, 0.0, -bottom, -left)
    if turn == 2:
        return (-1.0, 0.0, 0.0, 1.0, right, -bottom)
    if turn == 3:
        return (0.0, -1.0, -1.0, 0.0, top, right)
    return (1.0, 0.0, 0.0, -1.0, -left, top)


def _point(x: float, y: float, matrix: Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _seen_box(box: Box, matrix: Matrix) -> Box:
    """A box (two corners) as left, top, right, bottom after the matrix."""
    ax, ay = _point(box[0], box[1], matrix)
    bx, by = _point(box[2], box[3], matrix)
    return (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


# --- glyphs ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Characters:
    """Characters in the page's own coordinates: loose boxes (n, 4), origins (n, 2).

    ``angles`` is empty where no text is turned.
    """

    texts: list[str]
    loose: Array
    origins: Array
    angles: list[float]
    unmapped: int


def _characters(page: Any, *, angles: bool) -> _Characters:
    """Every printed character with its loose box and origin, and how many have no meaning.

    Loose boxes are those of the font: tight ones put Chinese punctuation out of order.
    """
    nothing = _Characters([], np.empty((0, 4)), np.empty((0, 2)), [], 0)
    text_page = raw.FPDFText_LoadPage(page)
    if not text_page:
        return nothing
    try:
        codes = _codes(text_page, min(raw.FPDFText_CountChars(text_page), _MOST_GLYPHS))
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
        return _Characters(
            [_character(codes[i]) for i in printed],
            np.frombuffer(boxes, np.float32).reshape(-1, 4).astype(np.float64),
            np.array(origins),
            [raw.FPDFText_GetCharAngle(text_page, i) for i in printed] if angles else [],
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


def _character(code: int) -> str:
    return chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"


def _is_private(code: int) -> bool:
    return code >= 0xE000 and any(low <= code <= high for low, high in _PRIVATE_USE)


def _quarter(angle: float) -> int | None:
    """The quarter turn nearest to an angle, or None where it is oblique."""
    quarter = round(angle / (math.pi / 2))
    return quarter % 4 if abs(angle - quarter * math.pi / 2) <= _OBLIQUE else None


def _lean(angles: list[float]) -> int:
    """By how many quarters, clockwise, most of the glyphs are turned in the page's own coordinates."""
    quarters: Counter[int] = Counter(q for a in angles if (q := _quarter(a)) is not None)
    lean: int = max(quarters, key=lambda q: (quarters[q], -q), default=0)
    return lean


def _seen_boxes(characters: _Characters, matrix: Matrix) -> Array:
    """Left, top, right, bottom and baseline of each character as seen."""
    a, b, c, d, e, f = matrix
    # FS_RECTF is left, top, right, bottom in the page's own coordinates (upwards).
    x, y = characters.loose[:, [0, 2]], characters.loose[:, [3, 1]]
    sx, sy = a * x + c * y + e, b * x + d * y + f
    base = b * characters.origins[:, 0] + d * characters.origins[:, 1] + f
    return np.column_stack((sx.min(axis=1), sy.min(axis=1), sx.max(axis=1), sy.max(axis=1), base))


def _once(glyphs: Glyphs) -> Glyphs:
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


# --- strokes ---------------------------------------------------------------------------------


class _Strokes:
    """The straight rules of a page, from strokes and from thin filled rectangles, forms included.

    Everything is kept in the page's own coordinates until :meth:`rules` turns it as the page is seen.
    ``turned_text`` says whether any text is written at an angle.
    """

    def __init__(self, page: Any) -> None:
        self.images: list[Box] = []
        self.overflow = False
        self.turned_text = False
        self._lines: list[Box] = []
        self._edges = [ctypes.c_float() for _ in range(4)]
        self._edge_refs = [ctypes.byref(edge) for edge in self._edges]
        self._fill, self._stroke = ctypes.c_int(), ctypes.c_int()
        self._fill_ref, self._stroke_ref = ctypes.byref(self._fill), ctypes.byref(self._stroke)
        self._objects = self._segments = 0
        for i in range(raw.FPDFPage_CountObjects(page)):
            self._object(raw.FPDFPage_GetObject(page, i), _IDENTITY, 0)
            if self.overflow:
                break

    def rules(self, matrix: Matrix) -> tuple[list[Rule], list[Rule]]:
        """Level and upright rules as seen."""
        level: list[Rule] = []
        upright: list[Rule] = []
        for line in self._lines:
            left, top, right, bottom = _seen_box(line, matrix)
            if right - left > bottom - top:
                level.append(((top + bottom) / 2, left, right))
            else:
                upright.append(((left + right) / 2, top, bottom))
        return level, upright

    def _object(self, item: Any, outer: Matrix, depth: int) -> None:
        self._objects += 1
        if self._objects > _MOST_OBJECTS or self._segments > _MOST_SEGMENTS:
            self.overflow = True
            return
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            self._path(item, outer)
        elif kind == raw.FPDF_PAGEOBJ_TEXT:
            if not self.turned_text:
                a, b, c, d, _, _ = _times(_matrix(item), outer)
                self.turned_text = abs(b) + abs(c) > _SLANT * (abs(a) + abs(d)) or a < 0 or d < 0
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            inner = _times(_matrix(item), outer)
            for i in range(raw.FPDFFormObj_CountObjects(item)):
                self._object(raw.FPDFFormObj_GetObject(item, i), inner, depth + 1)
                if self.overflow:
                    return
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            matrix = _times(_matrix(item), outer)
            corners = [_point(u, v, matrix) for u in (0, 1) for v in (0, 1)]
            xs, ys = [x for x, _ in corners], [y for _, y in corners]
            self.images.append((min(xs), min(ys), max(xs), max(ys)))

    def _path(self, item: Any, outer: Matrix) -> None:
        """A path's rules. Few segments are known by their bounds, which spares most calls."""
        count = raw.FPDFPath_CountSegments(item)
        self._segments += count
        if count <= _SIMPLE and outer is _IDENTITY:
            left, bottom, right, top = self._edge_refs
            raw.FPDFPageObj_GetBounds(item, left, bottom, right, top)
            box = (self._edges[0].value, self._edges[1].value, self._edges[2].value, self._edges[3].value)
            width, height = box[2] - box[0], box[3] - box[1]
            if min(width, height) <= _THIN:
                if max(width, height) >= _SHORTEST_RULE and self._drawn(item) != (0, 0):
                    self._lines.append(box)
                return
        fill, stroke = self._drawn(item)
        if not fill and not stroke:
            return
        for points in _subpaths(item, _times(_matrix(item), outer), count):
            if stroke:
                for start, end in pairwise(points):
                    self._add(*start, *end)
            if fill:
                xs, ys = [x for x, _ in points], [y for _, y in points]
                self._add(min(xs), min(ys), max(xs), max(ys))

    def _drawn(self, item: Any) -> tuple[int, int]:
        raw.FPDFPath_GetDrawMode(item, self._fill_ref, self._stroke_ref)
        return self._fill.value, self._stroke.value

    def _add(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Keep a level or upright line, or a rectangle as thin as one; anything else is no rule."""
        width, height = abs(x1 - x0), abs(y1 - y0)
        if max(width, height) >= _SHORTEST_RULE and min(width, height) <= _THIN:
            self._lines.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))


def _subpaths(item: Any, matrix: Matrix, count: int) -> Iterator[list[tuple[float, float]]]:
    """The corners of each subpath; a curve ends a run of them, it is no rule."""
    x, y = ctypes.c_float(), ctypes.c_float()
    x_ref, y_ref = ctypes.byref(x), ctypes.byref(y)
    points: list[tuple[float, float]] = []
    for i in range(min(count, _MOST_SEGMENTS)):
        segment = raw.FPDFPath_GetPathSegment(item, i)
        raw.FPDFPathSegment_GetPoint(segment, x_ref, y_ref)
        point = _point(x.value, y.value, matrix)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_LINETO:
            points.append(point)
        else:
            if len(points) > 1:
                yield points
            points = [point]
        if len(points) > 2 and raw.FPDFPathSegment_GetClose(segment) and points[0] != points[-1]:
            points.append(points[0])
    if len(points) > 1:
        yield points


_MATRIX = raw.FS_MATRIX()
_MATRIX_REF = ctypes.byref(_MATRIX)


def _matrix(item: Any) -> Matrix:
    matrix = _MATRIX
    if not raw.FPDFPageObj_GetMatrix(item, _MATRIX_REF):
        return _IDENTITY
    return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)


def _times(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that applies ``first``, then ``then``."""
    if then is _IDENTITY:
        return first
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)
