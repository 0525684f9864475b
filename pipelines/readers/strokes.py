"""The straight rules of a page, as pdfium has them: strokes, thin rectangles, forms included.

Belongs here: page objects. Does not belong here: glyphs, and what rules make together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as raw
from numpy.typing import NDArray

from pipelines.model import Box
from pipelines.readers import compiled as pdfium
from pipelines.readers.compiled import address_of, compiled

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
# A text narrower than this (points) is none to pdfium, wherefore it is made as wide as twice that.
_NO_EXTENT, _LEAST_EXTENT = 0.01, 0.02
_TEXT, _PATH, _IMAGE, _FORM = (
    raw.FPDF_PAGEOBJ_TEXT,
    raw.FPDF_PAGEOBJ_PATH,
    raw.FPDF_PAGEOBJ_IMAGE,
    raw.FPDF_PAGEOBJ_FORM,
)
_LINE_TO, _INVISIBLE = raw.FPDF_SEGMENT_LINETO, raw.FPDF_TEXTRENDERMODE_INVISIBLE
_OUTLINED = raw.FPDF_TEXTRENDERMODE_STROKE

Array = NDArray[Any]
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Strokes:
    """The straight rules and the pictures of a page in its own coordinates, forms included.

    ``lines`` and ``images`` have shape (n, 4): two corners each. ``hidden`` says that the page has pictures
    and shows less than half of its text objects; ``overflow`` that it holds more than was read.
    """

    lines: Array
    images: Array
    hidden: bool
    overflow: bool

    def rules(self, matrix: Matrix) -> tuple[Array, Array]:
        """Level and upright rules as seen, each (position, start, end)."""
        rules = np.empty((len(self.lines), 3))
        level = _rules(self.lines, matrix, rules)
        return rules[:level], rules[level:]


def strokes(page: Any) -> Strokes:
    """What is drawn on an open page. To be asked before its text is loaded: see ``_widen``."""
    lines, rules, images, pictures, texts, invisible, overflow = _drawn(address_of(page))
    return Strokes(lines[:rules], images[:pictures], pictures > 0 and 2 * invisible > texts, overflow)


def seen_box(box: Array, matrix: Matrix) -> Box:
    """A box (two corners) as left, top, right, bottom after the matrix."""
    a, b, c, d, e, f = matrix
    left, bottom, right, top = box.tolist()
    ax, ay = a * left + c * bottom + e, b * left + d * bottom + f
    bx, by = a * right + c * top + e, b * right + d * top + f
    return (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


# --- loops, each after those that it calls -----------------------------------------------------


@compiled("intp(float64[:, ::1], UniTuple(float64, 6), float64[:, ::1])")
def _rules(lines: Array, matrix: Matrix, rules: Array) -> int:
    """Write the level rules to the front of ``rules`` and the upright ones to its end; how many are level."""
    a, b, c, d, e, f = matrix
    level, upright = 0, len(lines)
    for i in range(len(lines)):
        ax, bx = a * lines[i, 0] + c * lines[i, 1] + e, a * lines[i, 2] + c * lines[i, 3] + e
        ay, by = b * lines[i, 0] + d * lines[i, 1] + f, b * lines[i, 2] + d * lines[i, 3] + f
        if abs(bx - ax) > abs(by - ay):
            rules[level, 0], rules[level, 1], rules[level, 2] = (ay + by) / 2, min(ax, bx), max(ax, bx)
            level += 1
        else:
            upright -= 1
            rules[upright, 0], rules[upright, 1], rules[upright, 2] = (ax + bx) / 2, min(ay, by), max(ay, by)
    return level


@compiled("float64[:, ::1](float64[:, ::1], intp, float64, float64, float64, float64)")
def _keep(boxes: Array, count: int, left: float, bottom: float, right: float, top: float) -> Array:
    """An array of ``count`` boxes with one more; it grows as it must."""
    if count == len(boxes):
        larger = np.empty((2 * count, 4))
        for i in range(count):
            for k in range(4):
                larger[i, k] = boxes[i, k]
        boxes = larger
    boxes[count, 0], boxes[count, 1], boxes[count, 2], boxes[count, 3] = left, bottom, right, top
    return boxes


@compiled("Tuple((float64[:, ::1], intp))(float64[:, ::1], intp, float64, float64, float64, float64)")
def _keep_rule(
    lines: Array, rules: int, left: float, bottom: float, right: float, top: float
) -> tuple[Array, int]:
    """Keep a level or upright line, or a rectangle as thin as one; anything else is no rule."""
    width, height = right - left, top - bottom
    if max(width, height) < _SHORTEST_RULE or min(width, height) > _THIN:
        return lines, rules
    return _keep(lines, rules, left, bottom, right, top), rules + 1


@compiled("Tuple((float64[:, ::1], intp))(float64[:, ::1], intp, boolean, boolean, float64[:, ::1], intp)")
def _subpath(
    corners: Array, held: int, fill: bool, stroke: bool, lines: Array, rules: int
) -> tuple[Array, int]:
    """The rules of one run of corners: each side where it is stroked, its extent where it is filled."""
    if held < 2:
        return lines, rules
    left, bottom = right, top = corners[0, 0], corners[0, 1]
    for i in range(1, held):
        x0, y0, x1, y1 = corners[i - 1, 0], corners[i - 1, 1], corners[i, 0], corners[i, 1]
        if stroke:
            lines, rules = _keep_rule(lines, rules, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        left, bottom, right, top = min(left, x1), min(bottom, y1), max(right, x1), max(top, y1)
    if fill:
        lines, rules = _keep_rule(lines, rules, left, bottom, right, top)
    return lines, rules


@compiled("UniTuple(float64, 6)(intp)")
def _matrix(item: int) -> Matrix:
    m: Array = np.zeros(6, np.float32)
    m[0] = m[3] = 1.0
    pdfium.matrix_of(item, m.ctypes.data)
    return (m[0], m[1], m[2], m[3], m[4], m[5])


@compiled("UniTuple(float64, 6)(UniTuple(float64, 6), UniTuple(float64, 6))")
def _times(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that applies ``first``, then ``then``."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


@compiled("Tuple((float64[:, ::1], intp))(intp, UniTuple(float64, 6), boolean, float64[:, ::1], intp)")
def _path(item: int, outer: Matrix, inner: bool, lines: Array, rules: int) -> tuple[Array, int]:
    """A path's rules. Few segments are known by their bounds, which spares most calls."""
    modes, xy = np.zeros(2, np.int32), np.zeros(2, np.float32)
    bounds: Array = np.zeros(4, np.float32)
    pdfium.draw_mode_of(item, modes.ctypes.data, modes.ctypes.data + 4)
    fill, stroke = modes[0] != 0, modes[1] != 0
    if not fill and not stroke:
        return lines, rules
    count = min(pdfium.count_segments(item), _MOST_SEGMENTS)
    if count <= _SIMPLE and not inner:
        at = bounds.ctypes.data
        pdfium.bounds_of(item, at, at + 4, at + 8, at + 12)
        if min(bounds[2] - bounds[0], bounds[3] - bounds[1]) <= _THIN:
            return _keep_rule(lines, rules, bounds[0], bounds[1], bounds[2], bounds[3])
    a, b, c, d, e, f = _times(_matrix(item), outer)
    # Each segment may add its own corner and one that closes the run.
    corners, held, at = np.empty((2 * count, 2)), 0, xy.ctypes.data
    for i in range(count):
        segment = pdfium.segment_of(item, i)
        pdfium.segment_point(segment, at, at + 4)
        # A curve ends a run of corners as a move does: it is no rule.
        if pdfium.segment_type(segment) != _LINE_TO:
            lines, rules = _subpath(corners, held, fill, stroke, lines, rules)
            held = 0
        corners[held, 0], corners[held, 1] = a * xy[0] + c * xy[1] + e, b * xy[0] + d * xy[1] + f
        held += 1
        if held > 2 and pdfium.segment_closes(segment):
            corners[held, 0], corners[held, 1] = corners[0, 0], corners[0, 1]
            held += 1
    return _subpath(corners, held, fill, stroke, lines, rules)


@compiled("UniTuple(float64, 6)(float64[:, ::1], intp)")
def _row(matrices: Array, row: int) -> Matrix:
    m = matrices
    return (m[row, 0], m[row, 1], m[row, 2], m[row, 3], m[row, 4], m[row, 5])


@compiled("none(intp)")
def _widen(item: int) -> None:
    """Give a text without extent one, so that pdfium's text of the page, which is loaded later, has it.

    Where a font is not embedded and the system has none with the letters, pdfium knows no shape of them:
    a letter that stands alone, or a turned line, is left out of the page's text as if it were nothing.
    Outlining widens a text by the outline; it is put back at once, the extent stays until the page is
    closed. Of a font that is embedded a letter without shape shows nothing, and is left as it is.
    """
    if pdfium.is_embedded(pdfium.font_of(item)) == 1:
        return
    mode = pdfium.render_mode_of(item)
    pdfium.set_stroke_width(item, _LEAST_EXTENT)
    pdfium.set_render_mode(item, _OUTLINED)
    pdfium.transform(item, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0)  # measures it anew
    pdfium.set_render_mode(item, mode)


@compiled("Tuple((float64[:, ::1], intp, float64[:, ::1], intp, intp, intp, boolean))(intp)")
def _drawn(page: int) -> tuple[Array, int, Array, int, int, int, bool]:
    """Rules, pictures, how many text objects there are and are not shown, and whether there was too much.

    Forms are walked into with a stack: what holds the objects, the next of them, their matrix.
    """
    lines, images = np.empty((64, 4)), np.empty((4, 4))
    rules = pictures = texts = invisible = objects = segments = depth = 0
    overflow = False
    holders, upcoming = np.zeros(_DEEPEST + 1, np.intp), np.zeros(_DEEPEST + 1, np.intp)
    counts, matrices = np.zeros(_DEEPEST + 1, np.intp), np.zeros((_DEEPEST + 1, 6))
    matrices[0, 0] = matrices[0, 3] = 1.0
    counts[0] = pdfium.count_objects(page)
    bounds: Array = np.zeros(4, np.float32)
    at = bounds.ctypes.data
    while depth >= 0 and not overflow:
        if upcoming[depth] == counts[depth]:
            depth -= 1
            continue
        number = upcoming[depth]
        upcoming[depth] += 1
        item = pdfium.form_object_of(holders[depth], number) if depth else pdfium.object_of(page, number)
        objects += 1
        kind = pdfium.type_of(item)
        if kind == _TEXT:
            texts += 1
            invisible += pdfium.render_mode_of(item) == _INVISIBLE
            pdfium.bounds_of(item, at, at + 4, at + 8, at + 12)
            if bounds[2] - bounds[0] < _NO_EXTENT:
                _widen(item)
        elif kind == _PATH:
            segments += pdfium.count_segments(item)
            lines, rules = _path(item, _row(matrices, depth), depth > 0, lines, rules)
        elif kind == _IMAGE:
            a, b, c, d, e, f = _times(_matrix(item), _row(matrices, depth))
            left, bottom = e + min(a, 0.0) + min(c, 0.0), f + min(b, 0.0) + min(d, 0.0)
            right, top = e + max(a, 0.0) + max(c, 0.0), f + max(b, 0.0) + max(d, 0.0)
            images = _keep(images, pictures, left, bottom, right, top)
            pictures += 1
        elif kind == _FORM and depth < _DEEPEST:
            matrix = _times(_matrix(item), _row(matrices, depth))
            depth += 1
            holders[depth], upcoming[depth], counts[depth] = item, 0, pdfium.count_form_objects(item)
            for k in range(6):
                matrices[depth, k] = matrix[k]
        overflow = objects > _MOST_OBJECTS or segments > _MOST_SEGMENTS
    return lines, rules, images, pictures, texts, invisible, overflow
