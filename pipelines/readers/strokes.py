"""The straight rules of a page, as pdfium has them: strokes, thin rectangles, forms included.

Belongs here: page objects. Does not belong here: glyphs, and what rules make together.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pypdfium2.raw as raw

from pipelines.model import Box

# A filled rectangle this thin (points) is a rule; a stroke has no width of its own here.
_THIN = 3.0
# A shorter stroke is a tick or part of a letter.
_SHORTEST_RULE = 4.0
# Form XObjects in form XObjects: deeper nesting than any office program writes.
_DEEPEST = 8
# Beyond these a page is no table of this genre; what more there is is not read.
_MOST_OBJECTS = 200_000
_MOST_SEGMENTS = 400_000
# Paths of so few segments are a line or a rectangle, known by their bounds.
_SIMPLE = 5
# Text is turned where its matrix has more than this beside its diagonal.
_SLANT = 0.02
# Text is coloured where a channel is brighter than this, or it lets the page through.
_DARK, _OPAQUE = 110, 200

Rule = tuple[float, float, float]
Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def point(x: float, y: float, matrix: Matrix) -> tuple[float, float]:
    """A point after a matrix."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def seen_box(box: Box, matrix: Matrix) -> Box:
    """A box (two corners) as left, top, right, bottom after the matrix."""
    ax, ay = point(box[0], box[1], matrix)
    bx, by = point(box[2], box[3], matrix)
    return (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


class Strokes:
    """The straight rules of a page, from strokes and from thin filled rectangles, forms included.

    Everything is kept in the page's own coordinates until :meth:`rules` turns it as the page is seen.
    ``turned_text`` says whether any text is written at an angle, ``coloured_text`` whether any is not dark.
    """

    def __init__(self, page: Any) -> None:
        self.images: list[Box] = []
        self.overflow = False
        self.turned_text = self.coloured_text = False
        self._channels = [ctypes.c_uint() for _ in range(4)]
        self._channel_refs = [ctypes.byref(channel) for channel in self._channels]
        self._lines: list[Box] = []
        self._texts: list[Any] = []
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
        if not self._lines:
            return [], []
        a, b, c, d, e, f = matrix
        lines = np.array(self._lines)
        x, y = lines[:, [0, 2]], lines[:, [1, 3]]
        sx, sy = np.sort(a * x + c * y + e, axis=1), np.sort(b * x + d * y + f, axis=1)
        level = sx[:, 1] - sx[:, 0] > sy[:, 1] - sy[:, 0]
        flat = np.column_stack((sy.mean(axis=1), sx))[level]
        steep = np.column_stack((sx.mean(axis=1), sy))[~level]
        return [(p, q, r) for p, q, r in flat.tolist()], [(p, q, r) for p, q, r in steep.tolist()]

    def mostly_hidden(self) -> bool:
        """Whether a page with pictures shows less than half of its text objects."""
        if not self.images or not self._texts:
            return False
        modes: list[int] = [raw.FPDFTextObj_GetTextRenderMode(item) for item in self._texts]
        return 2 * modes.count(int(raw.FPDF_TEXTRENDERMODE_INVISIBLE)) > len(modes)

    def _object(self, item: Any, outer: Matrix, depth: int) -> None:
        self._objects += 1
        if self._objects > _MOST_OBJECTS or self._segments > _MOST_SEGMENTS:
            self.overflow = True
            return
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            self._path(item, outer)
        elif kind == raw.FPDF_PAGEOBJ_TEXT:
            self._texts.append(item)
            if not self.coloured_text and raw.FPDFPageObj_GetFillColor(item, *self._channel_refs):
                red, green, blue, alpha = (channel.value for channel in self._channels)
                self.coloured_text = max(red, green, blue) > _DARK or alpha < _OPAQUE
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
            corners = [point(u, v, matrix) for u in (0, 1) for v in (0, 1)]
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
        corner = point(x.value, y.value, matrix)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_LINETO:
            points.append(corner)
        else:
            if len(points) > 1:
                yield points
            points = [corner]
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
