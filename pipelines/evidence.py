"""The place where a number is printed, for people: the page as a picture, the passage as a small HTML page.

Belongs here: drawing a page with a cell marked, and writing a passage with a cell marked. Does not belong
here: what the cell means and which place is shown (the caller says), and files.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from pipelines.locators import row_place
from pipelines.model import Box, Cell, Content, Line

if TYPE_CHECKING:
    from PIL.Image import Image

# A picture larger than this (pixels) is drawn coarser: a poster at 150 dpi fills the memory.
_MOST_PIXELS = 40_000_000
_POINTS = 72
# The frame stands off the cell by this much (points), so that it hides no rule and no digit.
_MARGIN = 0.5
_FRAME_WIDTH = 1.5
_FRAME, _TINT, _COVER = (208, 0, 0), (255, 240, 170), (150, 150, 150)

# What is marked: a locator, and which word of it where not the whole.
_Marks = Mapping[str, int | None]

# Rows of a passage: those that open it (title, unit, head), those around the cell, those that end it.
_OPENING, _AROUND, _ENDING = 14, 8, 4
# Of an excerpt: enough to show the columns' heads and the rows beside the cell.
_EXCERPT_OPENING, _EXCERPT_AROUND = 6, 1
# So few rows are not worth leaving out.
_SHORT_GAP = 6
# Set to the right, as tables do; whether it is a number that can be taken is not asked here.
_NUMBER = re.compile(r"[-−+]?\d[\d,，.． ]*%?")
_WORD = re.compile(r"(.+)/w(\d+)")

# A crop is a band across its page, this much (points) above and below the cell; a whole page is coarser.
_CROP_DPI, _CROP_MARGIN, _PAGE_DPI = 110, 36, 60
_WEBP = {"quality": 70, "method": 1}


def suffix(media_type: str) -> str:
    """What the evidence of such a document ends in: ``.png`` where it has pages, else ``.html``."""
    return ".png" if media_type == "application/pdf" else ".html"


# --- the page --------------------------------------------------------------------------------


def page_png(
    data: bytes,
    page: int,
    box: Box,
    *,
    dpi: int = 150,
    about: Sequence[tuple[str, str]] = (),
    hidden: Sequence[Box] = (),
) -> bytes:
    """A whole page of a PDF as it is read, the cell in a red frame and lightly tinted.

    ``page`` counts from 1; ``box`` is as in ``Cell``; ``about``, label and text, is kept as the picture's
    own description; what stands in the ``hidden`` boxes is painted over. ``LookupError`` if the bytes are no
    PDF that pdfium opens or lack that page.
    """
    from PIL.PngImagePlugin import PngInfo

    with _opened(data, page) as document:
        image, scale = _drawn(document, page, dpi, hidden)
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


# --- the passage -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of text or one row of a table with its place; ``table`` counts the tables, None for text."""

    place: str
    cells: tuple[Cell | Line, ...]
    table: int | None = None


def passage_html(
    content: Content, locator: str, extent: tuple[str, str], about: Sequence[tuple[str, str]]
) -> str:
    """A page of HTML, complete in itself, that shows a cell or line in its passage, marked.

    ``extent`` is where the passage begins and ends (places of a statement); of a long one its opening, the
    rows around the cell and its ending are shown. ``about`` is what stands above it, label and text.
    Everything is escaped and nothing is fetched or run. ``LookupError`` if the content has no such place.
    """
    rows = list(_rows(content))
    at, word = _find(rows, locator)
    places = {row.place: i for i, row in enumerate(rows)}
    first = min(places.get(extent[0], at - _AROUND), at)
    last = max(places.get(extent[1], at + _AROUND), at)
    marks = {rows[at].cells[0].locator if word else locator: word}
    body = "\n".join(_shown(rows, _chosen(max(first, 0), min(last, len(rows) - 1), at), marks))
    head = "\n".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in about)
    title = escape(next((text for label, text in about if label == "文件"), locator))
    return _PAGE.format(title=title, style=_STYLE, head=head, body=body)


def excerpts_html(
    content: Content, wanted: Mapping[tuple[str, ...], tuple[str, str] | None]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """For some cells or lines the rows beside them and those that open their passage, as a piece of HTML.

    ``wanted`` is by their locators the ``extent`` as in ``passage_html``, or None where the passage is not
    known. Everything is escaped; locators of which the content has none are left out.
    """
    rows = list(_rows(content))
    places = {row.place: i for i, row in enumerate(rows)}
    for locators, extent in wanted.items():
        marks: dict[str, int | None] = {}
        chosen: set[int] = set()
        for locator in locators:
            try:
                at, word = _find(rows, locator)
            except LookupError:
                continue
            first = min(places.get(extent[0], at) if extent else at, at)
            chosen |= {*range(first, min(first + _EXCERPT_OPENING, at))}
            chosen |= {*range(max(at - _EXCERPT_AROUND, 0), min(at + _EXCERPT_AROUND + 1, len(rows)))}
            marks[rows[at].cells[0].locator if word else locator] = word
        if marks:
            yield locators, "\n".join(_shown(rows, sorted(chosen), marks))


def _rows(content: Content) -> Iterator[_Row]:
    for number, block in enumerate(content.blocks):
        if isinstance(block, Line):
            yield _Row(block.locator, (block,))
        else:
            yield from (_Row(row_place(row[0].locator), row, number) for row in block.rows if row)


def _find(rows: Sequence[_Row], locator: str) -> tuple[int, int | None]:
    """The row in which a locator stands, and which word of it (from 1) where the locator names one."""
    for i, row in enumerate(rows):
        if locator == row.place or any(cell.locator == locator for cell in row.cells):
            return i, None
    word = _WORD.fullmatch(locator)
    line = next((i for i, row in enumerate(rows) if word and row.place == word[1]), None)
    if word and line is not None:
        return line, int(word[2])
    raise LookupError(f"来源里找不到位置 {locator}")


def _chosen(first: int, last: int, at: int) -> list[int]:
    """Which rows of a passage are shown: all of a short one, else opening, surroundings and ending."""
    wanted = {*range(first, first + _OPENING), *range(at - _AROUND, at + _AROUND + 1)}
    wanted |= {*range(last - _ENDING + 1, last + 1)}
    chosen = sorted(i for i in wanted if first <= i <= last)
    for before, after in pairwise(tuple(chosen)):
        if after - before <= _SHORT_GAP:
            chosen += range(before + 1, after)
    return sorted(chosen)


def _shown(rows: Sequence[_Row], chosen: Sequence[int], marks: _Marks) -> Iterator[str]:
    """The chosen rows as HTML: text as paragraphs, rows of one table as a table, what is left out counted."""
    before = chosen[0] - 1
    for table, group in groupby(chosen, key=lambda i: rows[i].table):
        yield "" if table is None else "<table>"
        for i in group:
            if left_out := i - before - 1:
                words = f"……（此处略去 {left_out} 行）……"
                if table is None:
                    yield f'<p class="gap">{words}</p>'
                else:
                    yield f'<tr class="gap"><th></th><td colspan="99">{words}</td></tr>'
            yield _row(rows[i], marks)
            before = i
        yield "" if table is None else "</table>"


def _row(row: _Row, marks: _Marks) -> str:
    place = f'<span class="place">{escape(row.place)}</span>'
    if row.table is None:
        line = row.cells[0]
        word = marks.get(line.locator)
        text = _words(line.text, word) if word else escape(line.text)
        whole = line.locator in marks and not word
        return f"<p>{place}{_mark_text(text) if whole else text}</p>"
    return f"<tr><th>{place}</th>{''.join(_cells(row.cells, marks, whole=row.place in marks))}</tr>"


def _cells(cells: Iterable[Cell | Line], marks: _Marks, *, whole: bool) -> Iterator[str]:
    covered = 0
    for cell in cells:
        hit = cell.locator in marks or (whole and bool(cell.text))
        if covered and not cell.text and not hit:
            covered -= 1
            continue
        covered = getattr(cell, "span", 1) - 1
        span = f' colspan="{covered + 1}"' if covered else ""
        number = ' class="number"' if _NUMBER.fullmatch(cell.text) else ""
        text = escape(cell.text)
        yield f"<td{span}{number}>{_mark_text(text) if hit else text}</td>"


def _words(text: str, word: int | None) -> str:
    """A line with one of its words marked."""
    found = list(re.finditer(r"\S+", text))
    if word is None or not 0 < word <= len(found):
        return escape(text)
    start, end = found[word - 1].span()
    return escape(text[:start]) + _mark_text(escape(text[start:end])) + escape(text[end:])


def _mark_text(escaped: str) -> str:
    return f"<mark>{escaped}</mark>"


_STYLE = """
@page { size: A4 landscape; margin: 12mm }
body { font: 14px/1.5 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; margin: 24px auto;
  max-width: 1200px; padding: 0 16px; color: #1a1a1a; background: #fff }
h1 { font-size: 18px; margin: 0 0 8px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0 0 16px;
  padding: 12px 16px; border: 1px solid #ccc; background: #fafafa }
dt { color: #666 } dd { margin: 0; overflow-wrap: anywhere }
p { margin: 4px 0; white-space: pre-wrap; overflow-wrap: anywhere }
table { border-collapse: collapse; margin: 4px 0; font-size: 12px }
td { border: 1px solid #999; padding: 2px 6px; white-space: pre-line; min-width: 1em }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
th { border: 0; padding: 0; text-align: left }
.place { display: inline-block; min-width: 4.5em; color: #999; font: 11px/1.5 monospace }
.gap, .gap td { color: #999 }
mark { background: #fff0aa; color: inherit; outline: 2px solid #d00000; outline-offset: 1px;
  display: inline-block; min-width: 1em; min-height: 1.2em; padding: 0 2px; print-color-adjust: exact;
  -webkit-print-color-adjust: exact }
tr { break-inside: avoid }
"""

_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>证据：{title}</title>
<style>{style}</style>
</head>
<body>
<h1>证据：原文所在</h1>
<dl>
{head}
</dl>
{body}
</body>
</html>
"""
