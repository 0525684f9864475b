"""The page on which a number is printed, for people: a picture of it, whole or a band of it.

Belongs here: drawing a page with cells marked. Does not belong here: documents without pages (``passage``),
what a cell means and which place is shown (the caller says), and files.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.model import Box

if TYPE_CHECKING:
    from PIL.Image import Image

# A picture larger than this (pixels) is drawn coarser: a poster at 150 dpi fills the memory.
_MOST_PIXELS = 40_000_000
_POINTS = 72
# The frame stands off the cell by this much (points), so that it hides no rule and no digit.
_MARGIN = 0.5
_FRAME_WIDTH = 1.5
_FRAME, _TINT, _COVER = (208, 0, 0), (255, 240, 170), (150, 150, 150)

# A crop is a band across its page, this much (points) above and below the cell; a whole page is coarser.
_CROP_DPI, _CROP_MARGIN, _PAGE_DPI = 110, 36, 60
# A sheet is a whole page, just fine enough to read.
_SHEET_DPI = 96
_WEBP = {"quality": 70, "method": 1}


def suffix(media_type: str) -> str:
    """What the evidence of such a document ends in: ``.png`` where it has pages, else ``.html``."""
    return ".png" if media_type == "application/pdf" else ".html"


def page_png(
    data: bytes,
    page: int,
    box: Box | None,
    *,
    dpi: int = 150,
    about: Sequence[tuple[str, str]] = (),
    hidden: Sequence[Box] = (),
) -> bytes:
    """A whole page of a PDF as it is read, the cell in a red frame and lightly tinted.

    ``page`` counts from 1; ``box`` is as in ``Cell``, None where nothing is to be marked; ``about``, label
    and text, is kept as the picture's own description; what stands in the ``hidden`` boxes is painted over.
    ``LookupError`` if the bytes are no PDF that pdfium opens or lack that page.
    """
    from PIL.PngImagePlugin import PngInfo

    with _opened(data, page) as document:
        image, scale = _drawn(document, page, dpi, hidden)
    if box is not None:
        _mark(image, box, scale)
    fields = PngInfo()
    fields.add_itxt("Description", "\n".join(f"{label}：{text}" for label, text in about))
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=fields, dpi=(scale * _POINTS, scale * _POINTS))
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a page (counted from 1): the boxes of its cells as in ``Cell``, none for the page itself."""

    page: int
    boxes: tuple[Box, ...]


def page_crops(
    data: bytes, spots: Iterable[Spot], hidden: Mapping[int, Sequence[Box]]
) -> Iterator[tuple[Spot, bytes]]:
    """Each spot as a small WebP picture: a band across its page, the cells marked, or the page as a whole.

    The document is opened once and each page drawn once; what stands in the ``hidden`` boxes of a page is
    painted over. A spot on a page that cannot be drawn is left out; ``LookupError`` as in ``page_png``.
    """
    by_page: dict[int, list[Spot]] = {}
    for spot in spots:
        by_page.setdefault(spot.page, []).append(spot)
    with _opened(data, min(by_page, default=1)) as document:
        for page, wanted in sorted(by_page.items()):
            dpi = _CROP_DPI if any(spot.boxes for spot in wanted) else _PAGE_DPI
            try:
                image, scale = _drawn(document, page, dpi, hidden.get(page, ()))
            except LookupError:
                continue
            for spot in wanted:
                yield spot, _crop(image, spot.boxes, scale)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole page (counted from 1) as a WebP picture, with its width and height in points."""

    page: int
    picture: bytes
    width: float
    height: float


def page_sheets(data: bytes, pages: Iterable[int], hidden: Mapping[int, Sequence[Box]]) -> Iterator[Sheet]:
    """Whole pages, nothing marked; what stands in the ``hidden`` boxes of a page is painted over.

    A page that cannot be drawn is left out; ``LookupError`` as in ``page_png``.
    """
    wanted = sorted(set(pages))
    with _opened(data, min(wanted, default=1)) as document:
        for page in wanted:
            try:
                image, scale = _drawn(document, page, _SHEET_DPI, hidden.get(page, ()))
            except LookupError:
                continue
            out = io.BytesIO()
            image.save(out, "WEBP", **_WEBP)
            yield Sheet(page, out.getvalue(), image.width / scale, image.height / scale)


def _crop(image: Image, boxes: Sequence[Box], scale: float) -> bytes:
    shown = image.copy()
    for box in boxes:
        _mark(shown, box, scale)
    if boxes:
        upper, lower = min(box[1] for box in boxes), max(box[3] for box in boxes)
        margin = _CROP_MARGIN * scale
        top, bottom = _side(upper * scale - margin, lower * scale + margin, image.height, 1)
        shown = shown.crop((0, top, image.width, bottom))
    out = io.BytesIO()
    shown.save(out, "WEBP", **_WEBP)
    return out.getvalue()


@contextmanager
def _opened(data: bytes, page: int) -> Iterator[Any]:
    """A document opened for a page; ``LookupError`` if pdfium does not open it."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise LookupError(f"第 {page} 页画不出来：{error}") from error
    with document:
        yield document


def _drawn(document: Any, page: int, dpi: int, hidden: Sequence[Box]) -> tuple[Image, float]:
    """A page as it is read and its pixels a point; ``LookupError`` if it is not there or cannot be drawn."""
    import pypdfium2 as pdfium

    from pipelines.readers.pdfium import page_content

    if not 0 < page <= len(document):
        raise LookupError(f"没有第 {page} 页：这份文件共 {len(document)} 页")
    try:
        seen = page_content(document.raw, page - 1)
        scale = min(dpi / _POINTS, math.sqrt(_MOST_PIXELS / (seen.width * seen.height)))
        drawn = document[page - 1].render(scale=scale, rotation=90 * seen.turned)
        image: Image = drawn.to_pil().convert("RGB")
    except (pdfium.PdfiumError, ValueError) as error:
        raise LookupError(f"第 {page} 页画不出来：{error}") from error
    for covered in hidden:
        _cover(image, covered, image.width / seen.width)
    return image, image.width / seen.width


def _mark(image: Image, box: Box, scale: float) -> None:
    """Tint the box and draw its frame; what reaches over the page's edge is cut off there."""
    from PIL import ImageChops, ImageDraw
    from PIL.Image import new

    width = max(2, round(_FRAME_WIDTH * scale))
    away = round(_MARGIN * scale) + width
    left, right = _side(box[0] * scale - away, box[2] * scale + away, image.width, 3 * width)
    top, bottom = _side(box[1] * scale - away, box[3] * scale + away, image.height, 3 * width)
    inside = image.crop((left, top, right, bottom))
    # Multiplied, so that what is printed stays as black as it was.
    image.paste(ImageChops.multiply(inside, new("RGB", inside.size, _TINT)), (left, top))
    ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), outline=_FRAME, width=width)


def _cover(image: Image, box: Box, scale: float) -> None:
    """Paint over a box, whole pixels and a little more: strokes stand out of the boxes of their text."""
    from PIL import ImageDraw

    left, top = (math.floor(side * scale - _MARGIN * scale) for side in box[:2])
    right, bottom = (math.ceil(side * scale + _MARGIN * scale) for side in box[2:])
    ImageDraw.Draw(image).rectangle((left, top, right, bottom), fill=_COVER)


def _side(low: float, high: float, edge: int, least: int) -> tuple[int, int]:
    """A side of the frame as whole pixels on the picture, never shorter than ``least``."""
    start = min(max(round(low), 0), max(edge - least, 0))
    return start, min(max(round(high), start + least), edge)
