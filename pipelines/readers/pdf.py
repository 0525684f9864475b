"""Digital PDFs: page triage, text lines and ruled grids in reading order, with boxes.

Belongs here: which pages can be read, and turning glyphs and frames into lines and cells. Does not
belong here: the calls into pdfium (``pdfium``), the geometry of rules (``rules``), and any meaning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal

import numpy as np

from pipelines.limits import MAX_PAGES
from pipelines.locators import second_place
from pipelines.model import PDF, Block, Box, Cell, Content, Grid, Issue, Line
from pipelines.readers.glyphs import Glyphs
from pipelines.readers.level_rules import Columns, grid, stacks
from pipelines.readers.pdfium import PageContent, page_content
from pipelines.readers.rules import Array, Frame, frames

# Fewer glyphs than this and a picture over half of the page: a scan.
_FEWEST_GLYPHS, _MOST_PICTURE = 10, 0.5
# A greater share of characters without meaning: the text layer is broken.
_MOST_UNMAPPED = 0.05
# Baselines nearer than this share of the glyphs' height are one line.
_SAME_LINE = 0.45
# A gap wider than this share of the glyphs' height is a blank.
_BLANK = 0.5
# Page numbers and running heads stand in this share of the page, above and below.
_MARGIN = 0.09
_PAGE_NUMBER = re.compile(
    r"[-—–·\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／]\s*\d{1,4}|\s*共\s*\d{1,4}\s*页)?[-—–·\s]*"
)
_MARGIN_ABOVE = 30.0
# A line is a running head where so many pages print it in the same margin.
_FEWEST_REPEATS = 3

# Baseline, left, right, height, text.
_Glyph = tuple[float, float, float, float, str]
_BASELINE, _LEFT = itemgetter(0), itemgetter(1)

Triage = Literal["healthy", "broken", "scanned", "blank"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page as read: its lines and grids from the top down, and what kind of page it is.

    ``columns`` are those of its last table without upright rules, for the next page may continue it.
    """

    number: int
    triage: Triage
    width: float
    height: float
    blocks: tuple[Block, ...]
    columns: Columns | None = None
    overlay: str = ""
    overflow: bool = False


def read_pdf(data: bytes) -> Content:
    """Lines and grids of every healthy page; a held issue for each page that cannot be read."""
    pages, issues = _pages(data)
    if not pages and not issues:
        issues = [_failed("文件里没有一页", "换一份完整的文件重新放入")]
    if pages and not issues and all(page.triage == "blank" for page in pages):
        issues = [_failed("每一页都是空白的，没有一个字", "换一份能看到文字的文件重新放入")]
    blocks = [block for page in _without_furniture(pages) for block in page.blocks]
    lines = sum(isinstance(block, Line) for block in blocks)
    return Content(PDF, len(pages), lines, tuple(blocks), (*issues, *_page_issues(pages)))


def text_at(data: bytes, locator: str) -> str:
    """The text at ``p10/l3`` or ``p10/t1/r4c4``; past the end of a row it is empty.

    Raises ``LookupError`` where the locator is none of this reader's or nothing stands there.
    """
    match = re.fullmatch(r"p(\d+)/(?:l\d+|([tk])\d+/r\d+c\d+)", locator)
    texts = {} if match is None else _texts(data) if match[2] != "k" else _second_texts(data, int(match[1]))
    found = texts.get(locator)
    if found is None:
        raise LookupError(f"no such place in the document: {locator}")
    return found


@lru_cache(maxsize=2)
def _second_texts(data: bytes, page: int) -> dict[str, str]:
    from pipelines.readers.camelot_route import read_pages

    grids = read_pages(data, [page]).get(page, ())
    return {second_place(cell.locator): cell.text for grid in grids for row in grid.rows for cell in row}


@lru_cache(maxsize=2)
def _texts(data: bytes) -> dict[str, str]:
    texts: dict[str, str] = {}
    for block in read_pdf(data).blocks:
        for item in [block] if isinstance(block, Line) else [cell for row in block.rows for cell in row]:
            texts[item.locator] = item.text
    return texts


# --- pages -----------------------------------------------------------------------------------


@contextmanager
def open_pdf(data: bytes) -> Iterator[Any]:
    """An open pdfium document; ``ValueError`` with a sentence for people where it cannot be opened."""
    import pypdfium2.raw as raw

    _initialise()
    document = raw.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD:
            raise ValueError("文件有密码，打不开")
        raise ValueError("不是完整的 PDF，打不开")
    try:
        yield document
    finally:
        raw.FPDF_CloseDocument(document)


@lru_cache(maxsize=1)
def _initialise() -> None:
    import pypdfium2

    # Importing the package initialises the library and registers its end.
    assert pypdfium2.raw is not None  # noqa: S101


def _pages(data: bytes) -> tuple[list[Page], list[Issue]]:
    import pypdfium2.raw as raw

    pages: list[Page] = []
    issues: list[Issue] = []
    try:
        with open_pdf(data) as document:
            count = raw.FPDF_GetPageCount(document)
            if count > MAX_PAGES:
                return [], [_failed(f"有 {count} 页，超过上限 {MAX_PAGES} 页", "拆成几份再放入")]
            for index in range(count):
                try:
                    pages.append(
                        _page(page_content(document, index), index + 1, pages[-1].columns if pages else None)
                    )
                except ValueError:
                    issues.append(_unreadable_page(index + 1, "这一页打不开"))
    except ValueError as error:
        return [], [_failed(str(error), "换一份没有密码的完整文件重新放入")]
    return pages, issues


def _page(content: PageContent, number: int, before: Columns | None) -> Page:
    triage = _triage(content)
    blocks, columns = _blocks(content, number, before) if triage == "healthy" else ((), None)
    return Page(
        number, triage, content.width, content.height, blocks, columns, content.overlay, content.overflow
    )


def _triage(content: PageContent) -> Triage:
    count = len(content.glyphs)
    if count < _FEWEST_GLYPHS:
        area = content.width * content.height or 1.0
        pictures = sum((r - x) * (b - t) for x, t, r, b in content.images)
        if pictures > _MOST_PICTURE * area:
            return "scanned"
        if count == 0:
            return "blank"
    if count and content.unmapped > _MOST_UNMAPPED * count:
        return "broken"
    return "healthy"


def _page_issues(pages: Sequence[Page]) -> list[Issue]:
    heavy = [
        _unreadable_page(page.number, "这一页的线条或文字多得不像公开表，没有读完")
        for page in pages
        if page.overflow
    ]
    over = [
        Issue(
            "ignored",
            "读取",
            f"第 {page.number} 页",
            "页面上盖着印章或水印的字，未当作正文",
            "无需处理；若盖住了表里的数，核对原件",
            f"p{page.number}",
            page.overlay,
        )
        for page in pages
        if page.overlay
    ]
    reasons = {"broken": "这一页的文字层是坏的，字认不出来", "scanned": "这一页是扫描图，没有文字层"}
    return (
        heavy
        + over
        + [_unreadable_page(page.number, reasons[page.triage]) for page in pages if page.triage in reasons]
    )


def _unreadable_page(number: int, reason: str) -> Issue:
    return Issue(
        "held",
        "读取",
        f"第 {number} 页",
        reason,
        "换一份文字可选可复制的 PDF 或 Excel 重新放入",
        f"p{number}",
    )


def _failed(reason: str, advice: str) -> Issue:
    return Issue("failed", "读取", "文件", reason, advice)


# --- blocks of a page ------------------------------------------------------------------------


def _blocks(
    content: PageContent, number: int, before: Columns | None
) -> tuple[tuple[Block, ...], Columns | None]:
    """Text lines and grids of a page, from the top down."""
    glyphs = content.glyphs
    free = np.ones(len(glyphs), bool)
    placed: list[tuple[float, Block]] = []
    tables = 0
    found = frames(content.level, content.upright)
    for frame in found:
        inside = _inside(glyphs, frame.box) & free
        if not inside.any():
            continue
        free &= ~inside
        tables += 1
        placed.append((frame.ys[0], _grid(glyphs.take(inside), frame, f"p{number}/t{tables}")))
    for stack in stacks(content.level, [frame.box for frame in found]):
        box = (stack[0][1], stack[0][0], stack[0][2], stack[-1][0])
        inside = _inside(glyphs, box) & free
        inner = glyphs.take(inside)
        # What stands above a table on its page is its title: only the first thing on a page continues.
        above = bool((free & (glyphs.boxes[:, 4] < box[1]) & (glyphs.boxes[:, 4] > _MARGIN_ABOVE)).any())
        if made := grid(stack, _plain(inner), f"p{number}/t{tables + 1}", None if above else before):
            table, before = made
            free &= ~inside
            tables += 1
            placed.append((box[1], table))
    lines = _lines(glyphs.take(free))
    for index, (text, box) in enumerate(lines, 1):
        placed.append((box[1], Line(text, f"p{number}/l{index}", box)))
    return tuple(block for _, block in sorted(placed, key=lambda pair: pair[0])), before


def _centres(glyphs: Glyphs) -> tuple[Array, Array]:
    boxes = glyphs.boxes
    return (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2


def _inside(glyphs: Glyphs, box: Box) -> Array:
    x, y = _centres(glyphs)
    inside: Array = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
    return inside


def _grid(glyphs: Glyphs, frame: Frame, name: str) -> Grid:
    """A frame with its glyphs in their cells; a merged cell's text stands in its first elementary cell."""
    rows, columns = frame.cell_of.shape
    x, y = _centres(glyphs)
    column = np.clip(np.searchsorted(frame.xs, x) - 1, 0, columns - 1)
    row = np.clip(np.searchsorted(frame.ys, y) - 1, 0, rows - 1)
    owner = frame.cell_of[row, column].tolist()
    by_cell: dict[int, list[_Glyph]] = {}
    for glyph, cell in zip(_plain(glyphs), owner, strict=True):
        by_cell.setdefault(cell, []).append(glyph)
    texts = {cell: "\n".join(_join(line) for line in _by_baseline(inner)) for cell, inner in by_cell.items()}
    cell_of = frame.cell_of.tolist()
    plain = bool((frame.cell_of == np.arange(rows * columns).reshape(rows, columns)).all())
    table = []
    for r in range(rows):
        cells = []
        for c in range(columns):
            flat = r * columns + c
            own = plain or cell_of[r][c] == flat
            right, bottom = (c + 1, r + 1) if plain or not own else _extent(cell_of, r, c)
            box = (frame.xs[c], frame.ys[r], frame.xs[right], frame.ys[bottom])
            text = texts.get(flat, "") if own else ""
            cells.append(Cell(text, f"{name}/r{r + 1}c{c + 1}", box, right - c))
        table.append(tuple(cells))
    return Grid(tuple(table), frame.xs)


def _plain(glyphs: Glyphs) -> list[_Glyph]:
    """Baseline, left, right, height and text of each glyph."""
    return [
        (b[4], b[0], b[2], b[3] - b[1], t) for t, b in zip(glyphs.texts, glyphs.boxes.tolist(), strict=True)
    ]


def _extent(cell_of: list[list[int]], row: int, column: int) -> tuple[int, int]:
    """One past the last column and row of the merged cell that begins here."""
    flat = cell_of[row][column]
    right, bottom = column + 1, row + 1
    while right < len(cell_of[row]) and cell_of[row][right] == flat:
        right += 1
    while bottom < len(cell_of) and cell_of[bottom][column] == flat:
        bottom += 1
    return right, bottom


def _lines(glyphs: Glyphs) -> list[tuple[str, Box]]:
    """Lines of free text from the top down, with their boxes."""
    boxes = glyphs.boxes.tolist()
    inner = [(b[4], b[0], b[2], b[3] - b[1], t, b[1], b[3]) for t, b in zip(glyphs.texts, boxes, strict=True)]
    return [
        (
            _join(line),
            (
                min(g[1] for g in line),
                min(g[5] for g in line),
                max(g[2] for g in line),
                max(g[6] for g in line),
            ),
        )
        for line in _by_baseline(inner)
    ]


def _by_baseline(glyphs: list[Any]) -> list[list[Any]]:
    """Glyphs (baseline, left, right, height, text, …) as lines from the top down, each from left to right.

    By baselines, for glyphs of different fonts share those where their boxes differ.
    """
    if len(glyphs) < 2:
        return [glyphs] if glyphs else []
    glyphs.sort(key=_BASELINE)
    lines = [[glyphs[0]]]
    before = glyphs[0]
    for glyph in glyphs[1:]:
        if glyph[0] - before[0] > _SAME_LINE * min(glyph[3], before[3]):
            lines.append([])
        lines[-1].append(glyph)
        before = glyph
    for line in lines:
        line.sort(key=_LEFT)
    return lines


def _join(line: list[Any]) -> str:
    """The text of a line's glyphs; a gap wider than half a glyph's height is a blank."""
    parts = [line[0][4]]
    end = line[0][2]
    for glyph in line[1:]:
        if glyph[1] - end > _BLANK * glyph[3]:
            parts.append(" ")
        parts.append(glyph[4])
        end = glyph[2]
    return "".join(parts)


# --- running heads and page numbers ----------------------------------------------------------


def _without_furniture(pages: Sequence[Page]) -> list[Page]:
    """Pages with their running heads and page numbers marked, so that tables join over them."""
    repeated = Counter(
        (text, where)
        for page in pages
        for text, where in {(line.text, where) for line, where in _margin_lines(page)}
    )
    marked = []
    for page in pages:
        furniture = {
            line.locator
            for line, where in _margin_lines(page)
            if _PAGE_NUMBER.fullmatch(line.text) or repeated[line.text, where] >= _FEWEST_REPEATS
        }
        blocks = tuple(
            replace(block, furniture=True)
            if isinstance(block, Line) and block.locator in furniture
            else block
            for block in page.blocks
        )
        marked.append(replace(page, blocks=blocks))
    return marked


def _margin_lines(page: Page) -> list[tuple[Line, str]]:
    found = []
    for block in page.blocks:
        if isinstance(block, Line) and block.box is not None:
            if block.box[3] < _MARGIN * page.height:
                found.append((block, "top"))
            elif block.box[1] > (1 - _MARGIN) * page.height:
                found.append((block, "bottom"))
    return found
