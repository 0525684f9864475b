"""From the drawing of a page to a grey picture, clean, upright and level, and the way back to the page.

Belongs here: drawing, coloured ink, watermarks, turning, skew. Does not belong here: rules, cells, letters
(which way is up is told by who can read: the caller tries each way).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as raw
from numpy.typing import NDArray

from pipelines.model import Box

Array = NDArray[Any]

_POINTS = 72
# Dots an inch; a larger page is drawn coarser, for a poster would fill the memory.
_DPI, _MOST_PIXELS = 200, 12_000_000
# Ink is darker than this once the paper is white; a watermark lies between this and the paper.
DARK, _LIGHT, _PAPER = 140, 150, 235
# Ink of a letter: higher than dust (pixels), lower than a scanner's dark edge or a fold.
LEAST_LETTER, _MOST_LETTER = 7, 160
# Half as many rows are looked at first.
_BAND = 150
# Red above the other channels by this is stamp ink; so many pixels of it (a share of all) are a stamp.
_REDNESS, _LEAST_RED = 36, 0.0008
# Grey away from any ink on more of the page than this is a watermark.
_LEAST_GREY = 0.004
# Degrees: how far askew a page may lie, and the steps of the search, coarse and fine.
_MOST_SKEW, _COARSE, _FINE = 3.0, 0.25, 0.02
_LEAST_SKEW = 0.02
_SKEW_POINTS = 60_000
# Letters nearer than this (pixels of half size) stand in one line; so much fewer pieces (a share) one way
# than the other say which way the lines run.
_IN_LINE, _FEWER = 9, 0.8


@dataclass(slots=True)
class Picture:
    """A page as a grey picture, upright and level.

    ``ink`` is clean: no stamp, no watermark; ``lines`` has the watermark still, for thin rules are as pale;
    ``stamped`` says where coloured ink was taken away. ``scale`` is pixels a point. ``back`` is the matrix
    (2, 3) from its pixels to points of the page as displayed, ``quarters`` by how many clockwise quarters it
    was turned.
    """

    ink: Array
    lines: Array
    stamped: Array
    scale: float
    back: Array
    quarters: int

    @property
    def is_blank(self) -> bool:
        """Whether nothing is written on it: dust, noise and a dark edge are no writing."""
        # Most pages have writing in the middle, and need not be looked at whole.
        middle = len(self.lines) // 2
        return not (
            _has_letters(self.lines[middle - _BAND : middle + _BAND], inside=True) or _has_letters(self.lines)
        )

    @property
    def near_stamp(self) -> Array:
        """Where coloured ink lies or is near."""
        import cv2

        near: Array = cv2.dilate(self.stamped.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        return near

    @property
    def height(self) -> float:
        """Its height in points, upright."""
        return float(self.ink.shape[0] / self.scale)

    def displayed(self, box: Box) -> Box:
        """A box in points of the upright picture as a box in points of the page as displayed."""
        x, y = (box[0] + box[2]) / 2 * self.scale, (box[1] + box[3]) / 2 * self.scale
        across, down = self.back @ np.array([x, y, 1.0])
        width, height = box[2] - box[0], box[3] - box[1]
        if self.quarters % 2:
            width, height = height, width
        return (
            float(across - width / 2),
            float(down - height / 2),
            float(across + width / 2),
            float(down + height / 2),
        )


def drawn(document: Any, number: int, turned: int) -> tuple[Array, float]:
    """A page (from 0) of an open pdfium document as displayed and turned by clockwise quarters, in colour
    (blue, green, red), and its pixels a point. ``ValueError`` where pdfium cannot load or draw it."""
    page = raw.FPDF_LoadPage(document, number)
    if not page:
        raise ValueError("pdfium cannot load the page")
    try:
        width, height = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
        if turned % 2:
            width, height = height, width
        area = max(width * height, 1.0)
        scale = min(_DPI / _POINTS, math.sqrt(_MOST_PIXELS / area))
        columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = np.full((rows, columns, 4), 255, np.uint8)
        bitmap = raw.FPDFBitmap_CreateEx(columns, rows, raw.FPDFBitmap_BGRx, pixels.ctypes.data, columns * 4)
        if not bitmap:
            raise ValueError("pdfium cannot draw the page")
        try:
            raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, columns, rows, turned, raw.FPDF_ANNOT)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
    finally:
        raw.FPDF_ClosePage(page)
    return pixels, scale


def cleaned(pixels: Array, scale: float) -> Picture:
    """The drawing in grey, its coloured ink and watermark gone, turned by nothing yet."""
    import cv2

    grey = cv2.cvtColor(pixels, cv2.COLOR_BGRA2GRAY)
    paper = max(float(np.percentile(grey[::4, ::4], 75)), 128.0)
    lines, stamped = _without_stamp(pixels, _whitened(grey, paper), paper)
    ink = _without_watermark(lines)
    back = np.array([[1 / scale, 0.0, 0.0], [0.0, 1 / scale, 0.0]])
    return Picture(ink, lines, stamped, scale, back, 0)


def ways(picture: Picture) -> tuple[int, ...]:
    """The clockwise quarters by which a picture may have to be turned, likeliest first.

    Letters stand nearer to each other in a line than lines do: closing the gaps along the lines leaves
    fewer pieces than closing those across.
    """
    import cv2

    small = cv2.resize(picture.ink, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((small < _LIGHT).astype(np.uint8))
    higher = stats[:, 2:4].max(1)
    is_letter = (higher >= LEAST_LETTER // 2) & (higher <= _MOST_LETTER // 4)
    is_letter[0] = False
    letters = is_letter[labels].astype(np.uint8)

    def pieces(shape: tuple[int, int]) -> int:
        closed = cv2.morphologyEx(letters, cv2.MORPH_CLOSE, np.ones(shape, np.uint8))
        return int(cv2.connectedComponents(closed)[0])

    level, sideways = pieces((1, _IN_LINE)), pieces((_IN_LINE, 1))
    if level < _FEWER * sideways:
        return (0, 2)
    return (1, 3) if sideways < _FEWER * level else (0, 2, 1, 3)


def level(picture: Picture) -> Picture:
    """The picture with its lines level."""
    angle = _skew(picture.lines)
    if abs(angle) < _LEAST_SKEW:
        return picture
    import cv2

    rows, columns = picture.ink.shape
    forth = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, 1.0)
    inverse = np.vstack((cv2.invertAffineTransform(forth), (0.0, 0.0, 1.0)))

    def turn(image: Array, outside: int) -> Array:
        turned: Array = cv2.warpAffine(
            image, forth, (columns, rows), flags=cv2.INTER_LINEAR, borderValue=(outside,)
        )
        return turned

    return Picture(
        turn(picture.ink, 255),
        turn(picture.lines, 255),
        turn(picture.stamped.astype(np.uint8), 0) > 0,
        picture.scale,
        picture.back @ inverse,
        picture.quarters,
    )


def turned(picture: Picture, quarters: int) -> Picture:
    """The picture turned by clockwise quarters."""
    if quarters == 0:
        return picture
    rows, columns = picture.ink.shape
    # From the turned picture's pixels to those before.
    before = {
        1: np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, rows], [0.0, 0.0, 1.0]]),
        2: np.array([[-1.0, 0.0, columns], [0.0, -1.0, rows], [0.0, 0.0, 1.0]]),
        3: np.array([[0.0, -1.0, columns], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    }[quarters]

    def turn(image: Array) -> Array:
        return np.ascontiguousarray(np.rot90(image, -quarters))

    return Picture(
        turn(picture.ink),
        turn(picture.lines),
        turn(picture.stamped),
        picture.scale,
        picture.back @ before,
        (picture.quarters + quarters) % 4,
    )


def _has_letters(grey: Array, *, inside: bool = False) -> bool:
    """Whether there is ink as high as a letter, what runs along the edge left out.

    Of a part of a page only what is all ``inside`` counts: the rest may go on beyond it.
    """
    import cv2

    # Pale ink is ink: a page is never blank for being printed badly.
    _, _, stats, _ = cv2.connectedComponentsWithStats((grey < _LIGHT).astype(np.uint8))
    left, top, width, height = stats[1:, :4].T
    rows, columns = grey.shape
    at_edge = (left == 0) | (top == 0) | (left + width == columns) | (top + height == rows)
    higher = np.maximum(width, height)
    left_out = at_edge if inside else at_edge & (higher > _MOST_LETTER)
    return bool(((higher >= LEAST_LETTER) & ~left_out).any())


def _whitened(grey: Array, paper: float) -> Array:
    """The picture with its paper white: lighter pixels are paper, darker ones as much darker as they were."""
    import cv2

    whitened: Array = cv2.LUT(grey, np.clip(np.arange(256) * (255.0 / paper), 0, 255).astype(np.uint8))
    return whitened


def _without_stamp(pixels: Array, grey: Array, paper: float) -> tuple[Array, Array]:
    """The picture without red ink, and where it was: what is dark in the red channel lies under it."""
    import cv2

    blue, green, red = (pixels[:, :, channel] for channel in range(3))
    over = cv2.subtract(red, cv2.max(blue, green))
    is_red = over > _REDNESS
    if is_red.mean() < _LEAST_RED:
        return grey, np.zeros(grey.shape, bool)
    # The compression spreads colour over its neighbours.
    near = cv2.dilate(is_red.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    # Red ink is as bright as the paper there, and what is printed beneath stays dark.
    brightest = float(np.percentile(red[is_red], 50))
    under = np.clip(red.astype(np.float32) * (255.0 / max(min(brightest, paper), 1.0)), 0, 255)
    clean = np.where(near, np.maximum(under.astype(np.uint8), grey), grey)
    return clean, is_red


def _without_watermark(grey: Array) -> Array:
    """The picture with a grey watermark made white, where one is seen."""
    import cv2

    smooth = cv2.blur(grey, (3, 3))
    dark = cv2.dilate((smooth < DARK).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    between = (smooth >= DARK) & (smooth < _PAPER - 10) & ~dark
    if between.mean() < _LEAST_GREY:
        return grey
    # What is beside ink keeps its shades, which make letters legible.
    return np.where(
        (grey > _LIGHT) & ~(cv2.dilate((grey < DARK).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0),
        255,
        grey,
    ).astype(np.uint8)


def _skew(grey: Array) -> float:
    """By how many degrees its lines fall to the right (negative: rise), where a search finds them."""
    ys, xs = np.nonzero(grey < DARK)
    if len(ys) < 100:
        return 0.0
    if len(ys) > _SKEW_POINTS:
        some = np.linspace(0, len(ys) - 1, _SKEW_POINTS).astype(np.intp)
        ys, xs = ys[some], xs[some]
    xs = xs - grey.shape[1] / 2

    def sharpness(degrees: float, step: float) -> float:
        rows = ((ys - xs * math.tan(math.radians(degrees))) / step).astype(np.intp)
        counts = np.bincount(rows - rows.min()).astype(float)
        return float((counts**2).sum())

    coarse = np.arange(-_MOST_SKEW, _MOST_SKEW + _COARSE, _COARSE)
    around = max(coarse, key=lambda degrees: sharpness(degrees, 4.0))
    fine = np.arange(around - _COARSE, around + _COARSE + _FINE, _FINE)
    return float(max(fine, key=lambda degrees: sharpness(degrees, 1.5)))
