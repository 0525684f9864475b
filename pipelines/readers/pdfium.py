"""What pdfium says of a page: its glyphs and its straight strokes, as the page is seen.

Belongs here: opening a document, and the calls into pdfium, one page at a time, turned into plain
glyphs and rules in points from the upper left corner of the page as seen (/Rotate and turned content
applied). Does not belong here: cells, lines, tables. pdfium is not safe for threads: processes read
documents, never threads.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# Importing anything of the package initialises the library and registers its end.
import pypdfium2.raw as raw

from pipelines.model import Box
from pipelines.readers.glyphs import (
    MOST_GLYPHS,
    Array,
    Glyphs,
    characters,
    once,
    overlay,
    quarters,
    seen_boxes,
)
from pipelines.readers.strokes import Matrix, seen_box, strokes


@dataclass(slots=True)
class PageContent:
    """One page: size as seen, glyphs, level and upright rules, and what triage needs.

    Rules are arrays of (position, start, end): a level one at its y from x to x, an upright one at its x.
    ``unmapped`` counts glyphs whose character is unknown, ``oblique`` those left out as a watermark,
    ``overlay`` is the text of a stamp or an upright watermark that was left out.
    ``hidden`` says that most of its text is not shown, as what a scanner's software read under its picture.
    ``turned`` is by how many clockwise quarters the page as shown is turned to set its text upright.
    """

    width: float
    height: float
    glyphs: Glyphs
    level: Array
    upright: Array
    unmapped: int
    oblique: int
    overlay: str
    images: list[Box]
    overflow: bool = False
    turned: int = 0
    hidden: bool = False


@contextmanager
def open_pdf(data: bytes) -> Iterator[Any]:
    """An open pdfium document; ``ValueError`` with a sentence for people where it cannot be opened."""
    document = raw.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD:
            raise ValueError("文件有密码，打不开")
        raise ValueError("不是完整的 PDF，打不开")
    try:
        yield document
    finally:
        raw.FPDF_CloseDocument(document)


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
    drawn = strokes(page)
    found = characters(page)
    turned, leaning = quarters(found.angles)
    # As its text is upright; a page without text is as /Rotate shows it.
    seen = -leaning % 4 if len(found.codes) else turn
    matrix = _to_seen(box, seen)
    glyphs = Glyphs(found.codes, seen_boxes(found.places, matrix))
    oblique = turned != leaning
    over = overlay(found.colours, oblique, glyphs.boxes[:, 3] - glyphs.boxes[:, 1])
    unwanted = oblique | over
    kept = glyphs.take(~unwanted) if unwanted.any() else glyphs
    width, height = box[2] - box[0], box[3] - box[1]
    if seen % 2:
        width, height = height, width
    level, upright = drawn.rules(matrix)
    return PageContent(
        width,
        height,
        once(kept),
        level,
        upright,
        found.unmapped,
        int(oblique.sum()),
        glyphs.take(over & ~oblique).text if over.any() else "",
        [seen_box(image, matrix) for image in drawn.images],
        drawn.overflow or len(glyphs) >= MOST_GLYPHS,
        (seen - turn) % 4,
        drawn.hidden,
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
