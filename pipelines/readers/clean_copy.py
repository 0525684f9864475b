"""A copy of some pages for readers that trip over what ours do not: upright, from the corner (0, 0),
without oblique text and without text that is printed over itself (fake bold).

Belongs here: making that copy with pdfium. Does not belong here: reading it.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2.raw as raw

from pipelines.readers.pdfium import open_pdf, page_content

# A text object: left and bottom, width and height, text.
_Text = tuple[float, float, float, float, str]

# As the direct route: text further from level and upright than this is a watermark (radians), and
# text no further from its own twin than this is printed over itself (points).
_OBLIQUE = math.radians(4)
_OVERPRINT = 1.3
# The sizes of twins differ by rounding only.
_SAME_SIZE = 0.05
# A twin is printed soon after.
_RECENT = 40
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class CleanPage:
    """A page of the copy: its height, and whether a picture may hold rules that no stroke draws."""

    height: float
    pictures: bool


def clean_copy(data: bytes, pages: Sequence[int], target: Path) -> list[CleanPage]:
    """Write those pages (from 1) as a PDF to ``target``.

    ``ValueError`` where pdfium cannot open the document or a page, ``IndexError`` where it has no such page.
    """
    with open_pdf(data) as document, _new_document() as copy:
        if not all(0 < number <= raw.FPDF_GetPageCount(document) for number in pages):
            raise IndexError(f"no such pages: {pages}")
        indexes = (ctypes.c_int * len(pages))(*(number - 1 for number in pages))
        if not raw.FPDF_ImportPagesByIndex(copy, document, indexes, len(pages), 0):
            raise ValueError("pdfium cannot copy the pages")
        made = []
        for index in range(len(pages)):
            content = page_content(copy, index)
            _clean(copy, index, content.turned)
            made.append(CleanPage(content.height, bool(content.images)))
        _save(copy, target)
        return made


@contextmanager
def _new_document() -> Iterator[Any]:
    document = raw.FPDF_CreateNewDocument()
    try:
        yield document
    finally:
        raw.FPDF_CloseDocument(document)


def _clean(document: Any, index: int, turned: int) -> None:
    page = raw.FPDF_LoadPage(document, index)
    try:
        unwanted = _unwanted(page)
        for item in unwanted:
            if raw.FPDFPage_RemoveObject(page, item):
                raw.FPDFPageObj_Destroy(item)
        if unwanted:
            raw.FPDFPage_GenerateContent(page)
        _set_upright(page, turned)
    finally:
        raw.FPDF_ClosePage(page)


def _set_upright(page: Any, turned: int) -> None:
    turn = (raw.FPDFPage_GetRotation(page) + turned) % 4
    rect = raw.FS_RECTF()
    raw.FPDF_GetPageBoundingBox(page, ctypes.byref(rect))
    left, bottom, right, top = rect.left, rect.bottom, rect.right, rect.top
    matrix = (
        (1, 0, 0, 1, -left, -bottom),
        (0, -1, 1, 0, -bottom, right),
        (-1, 0, 0, -1, right, top),
        (0, 1, -1, 0, top, -left),
    )[turn]
    width, height = (top - bottom, right - left) if turn % 2 else (right - left, top - bottom)
    clip = raw.FS_RECTF(0, height, width, 0)
    raw.FPDFPage_TransFormWithClip(page, ctypes.byref(raw.FS_MATRIX(*matrix)), ctypes.byref(clip))
    raw.FPDFPage_SetRotation(page, 0)
    raw.FPDFPage_SetMediaBox(page, 0, 0, width, height)
    raw.FPDFPage_SetCropBox(page, 0, 0, width, height)


def _unwanted(page: Any) -> list[Any]:
    """Text at an oblique angle, forms that hold nothing else, and text that stands on its own twin."""
    items = [raw.FPDFPage_GetObject(page, i) for i in range(raw.FPDFPage_CountObjects(page))]
    text_page = raw.FPDFText_LoadPage(page)
    try:
        seen: list[_Text] = []
        return [item for item in items if _is_oblique(item, 0.0, 0) or _is_twin(item, text_page, seen)]
    finally:
        raw.FPDFText_ClosePage(text_page)


def _is_twin(item: Any, text_page: Any, seen: list[_Text]) -> bool:
    """Whether a text object stands on its own twin: one of the last few, or ``seen`` grows.

    pdfium gives the twin no text, for it has seen the same; where it gives one it must be the same.
    """
    if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_TEXT:
        return False
    length = raw.FPDFTextObj_GetText(item, text_page, None, 0)
    buffer = (ctypes.c_ushort * (length // 2))()
    raw.FPDFTextObj_GetText(item, text_page, buffer, length)
    text = bytes(buffer).decode("utf-16-le", "replace").strip("\0 ")
    sides = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(item, *map(ctypes.byref, sides))
    left, bottom, right, top = (side.value for side in sides)
    for x, y, width, height, other in seen[-_RECENT:]:
        near = abs(left - x) <= _OVERPRINT and abs(bottom - y) <= _OVERPRINT
        alike = abs(right - left - width) <= _SAME_SIZE and abs(top - bottom - height) <= _SAME_SIZE
        if near and alike and other and text in ("", other):
            return True
    seen.append((left, bottom, right - left, top - bottom, text))
    return False


def _is_oblique(item: Any, outer: float, depth: int) -> bool:
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix))
    angle = outer + math.atan2(matrix.b, matrix.a)
    kind = raw.FPDFPageObj_GetType(item)
    if kind == raw.FPDF_PAGEOBJ_TEXT:
        quarter = math.pi / 2
        return abs(angle - round(angle / quarter) * quarter) > _OBLIQUE
    if kind != raw.FPDF_PAGEOBJ_FORM or depth >= _DEEPEST:
        return False
    count = raw.FPDFFormObj_CountObjects(item)
    return count > 0 and all(
        _is_oblique(raw.FPDFFormObj_GetObject(item, i), angle, depth + 1) for i in range(count)
    )


def _save(document: Any, target: Path) -> None:
    with target.open("wb") as file:

        def write(_: Any, start: Any, size: int) -> int:
            file.write(ctypes.string_at(start, size))
            return 1

        writer = raw.FPDF_FILEWRITE()
        writer.version = 1
        # The callback lives as long as this name: pdfium keeps only its address.
        callback = type(writer.WriteBlock)(write)
        writer.WriteBlock = callback
        if not raw.FPDF_SaveAsCopy(document, ctypes.byref(writer), raw.FPDF_NO_INCREMENTAL):
            raise ValueError("pdfium cannot write the copy")
