"""PDFs: page triage, text lines and ruled grids in reading order, with boxes.

Belongs here: which pages can be read and how, and turning glyphs and frames into lines and cells. Does not
belong here: the calls into pdfium (``pdfium``), the geometry of rules (``rules``), pages that are pictures
(``pipelines.scans``), and any meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal

import pypdfium2.raw as raw

from pipelines.limits import MAX_PAGES, MAX_PICTURES
from pipelines.locators import second_place
from pipelines.model import PDF, Block, Box, Cell, Content, Issue, Line
from pipelines.readers.cells import FREE, inside, owned, plain, ruled_grid, texts_of, torn_cells
from pipelines.readers.furniture import marked_furniture
from pipelines.readers.intact import why_not_intact
from pipelines.readers.level_rules import Columns, level_table, stacks
from pipelines.readers.overprint import overprinted_cells
from pipelines.readers.pdfium import PageContent, open_pdf, page_content
from pipelines.readers.rules import frames

# A picture over half of the page, and fewer glyphs than this or only hidden ones: a scan.
_FEWEST_GLYPHS, _MOST_PICTURE = 10, 0.5
# A greater share of characters without meaning: the text layer is broken.
_MOST_UNMAPPED = 0.05
_MARGIN_ABOVE = 30.0


Triage = Literal["healthy", "broken", "scanned", "blank"]
# Pages of these kinds are read as they look.
_PICTURES = ("broken", "scanned")


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
    left_out: bool = False


def read_pdf(data: bytes) -> Content:
    """Lines and grids of every page, of some as they look; a held issue for each page that cannot be read."""
    pages, issues = _pages(data, range(1, MAX_PAGES + 1))
    if not pages and not issues:
        issues = [_failed("文件里没有一页", "换一份完整的文件重新放入")]
    if pages and not issues and all(page.triage == "blank" for page in pages):
        issues = [_failed("每一页都是空白的，没有一个字", "换一份能看到文字的文件重新放入")]
    marked = marked_furniture([(page.height, page.blocks) for page in pages])
    blocks = [block for page in marked for block in page]
    lines = sum(isinstance(block, Line) for block in blocks)
    return Content(PDF, len(pages), lines, tuple(blocks), (*issues, *_page_issues(pages)))


def text_at(data: bytes, locator: str) -> str:
    """The text at ``p10/l3`` or ``p10/t1/r4c4``; past the end of a row it is empty.

    Raises ``LookupError`` where the locator is none of this reader's or nothing stands there.
    """
    return _at(data, locator).text


def box_at(data: bytes, locator: str) -> Box | None:
    """Where a place stands on its page, None where that is not known; ``LookupError`` as in ``text_at``."""
    return _at(data, locator).box


def _at(data: bytes, locator: str) -> Line | Cell:
    match = re.fullmatch(r"p(\d+)/(?:l\d+|([tk])\d+/r\d+c\d+)", locator)
    found = None
    if match and match[2] == "k":
        found = _second_places(data, int(match[1])).get(locator)
    elif match:
        found = _places(data).get(locator) or _picture_places(data, int(match[1])).get(locator)
    if found is None:
        raise LookupError(f"no such place in the document: {locator}")
    return found


@lru_cache(maxsize=2)
def _second_places(data: bytes, page: int) -> dict[str, Line | Cell]:
    from pipelines.readers.camelot_route import read_pages

    grids = read_pages(data, [page]).get(page, ())
    return {second_place(cell.locator): cell for grid in grids for row in grid.rows for cell in row}


@lru_cache(maxsize=2)
def _places(data: bytes) -> dict[str, Line | Cell]:
    return _places_of(_pages(data, range(0))[0])


@lru_cache(maxsize=8)
def _picture_places(data: bytes, page: int) -> dict[str, Line | Cell]:
    """The places of a page that is read as it looks: of it alone, for that takes a second a page."""
    return _places_of([one for one in _pages(data, range(page, page + 1))[0] if one.number == page])


def _places_of(pages: Sequence[Page]) -> dict[str, Line | Cell]:
    places: dict[str, Line | Cell] = {}
    for block in (block for page in pages for block in page.blocks):
        for item in [block] if isinstance(block, Line) else [cell for row in block.rows for cell in row]:
            places[item.locator] = item
    return places


# --- pages -----------------------------------------------------------------------------------


def _pages(data: bytes, pictures: range) -> tuple[list[Page], list[Issue]]:
    """Every page; of those that are to be read as they look the ones with these numbers."""
    pages: list[Page] = []
    issues: list[Issue] = []
    try:
        with open_pdf(data) as document:
            if reason := why_not_intact(data):
                return [], [_failed(reason, "重新下载，或请提供者另存一份再放入")]
            count = raw.FPDF_GetPageCount(document)
            if count > MAX_PAGES:
                return [], [_failed(f"有 {count} 页，超过上限 {MAX_PAGES} 页", "拆成几份再放入")]
            for index in range(count):
                try:
                    content = page_content(document, index)
                    page = _page(content, index + 1, pages[-1].columns if pages else None)
                    if page.triage in _PICTURES and page.number in pictures and not page.overflow:
                        page = _seen(document, page, content, sum(p.triage in _PICTURES for p in pages))
                    pages.append(page)
                except ValueError:
                    issues.append(_unreadable_page(index + 1, "这一页打不开"))
    except ValueError as error:
        return [], [_failed(str(error), "换一份没有密码的完整文件重新放入")]
    return pages, issues


def _page(content: PageContent, number: int, before: Columns | None) -> Page:
    triage = _triage(content)
    readable = triage == "healthy" and not content.overflow
    blocks, columns = _blocks(content, number, before) if readable else ((), None)
    return Page(
        number, triage, content.width, content.height, blocks, columns, content.overlay, content.overflow
    )


def _seen(document: Any, page: Page, content: PageContent, before: int) -> Page:
    """The page as it looks; ``before`` it so many pages were read so."""
    if before >= MAX_PICTURES:
        return replace(page, left_out=True)
    from pipelines.scans import read_page

    blocks = read_page(document, page.number, content, ruled=page.triage == "broken")
    # Letters that are nowhere seen are a reason to look at the page.
    empty = blocks is None and not len(content.glyphs)
    return replace(page, triage="blank") if empty else replace(page, blocks=blocks or ())


def _triage(content: PageContent) -> Triage:
    count = len(content.glyphs)
    area = content.width * content.height or 1.0
    pictures = sum((r - x) * (b - t) for x, t, r, b in content.images)
    if pictures > _MOST_PICTURE * area and (count < _FEWEST_GLYPHS or content.hidden):
        return "scanned"
    if count == 0:
        return "blank"
    if content.unmapped > _MOST_UNMAPPED * count:
        return "broken"
    return "healthy"


def _page_issues(pages: Sequence[Page]) -> list[Issue]:
    heavy = [
        _unreadable_page(page.number, "这一页的线条或文字多得不像公开表，没有读")
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
    return (
        heavy
        + over
        + [_unread_picture(page) for page in pages if page.triage in _PICTURES and not page.blocks]
    )


def _unread_picture(page: Page) -> Issue:
    if page.left_out:
        reason = f"扫描图或坏文字层的页超过 {MAX_PICTURES} 页，这一页没有识别"
        return replace(_unreadable_page(page.number, reason), advice="拆成几份再放入")
    reasons = {"broken": "这一页的文字层是坏的，按图像也认不出字", "scanned": "这一页是扫描图，认不出字"}
    return _unreadable_page(page.number, reasons[page.triage])


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
    owners, tables = owned(glyphs, frames(content.level, content.upright))
    last: Columns | None = None
    for stack in stacks(content.level, [frame.box for frame, _ in tables], glyphs):
        free = owners == FREE
        within = inside(glyphs, stack.box) & free
        # What stands above a table on its page is its title: only the first thing on a page continues.
        baselines = glyphs.boxes[free, 4]
        above = bool(((baselines < stack.ys[0]) & (baselines > _MARGIN_ABOVE)).any())
        made = level_table(stack, plain(glyphs.take(within)), None if above else before)
        before = last = made.columns if made else None
        if made:
            start = sum(frame.cell_of.size for frame, _ in tables)
            owners[within] = start + made.owners
            tables.append((made.frame, start))
    torn = torn_cells(glyphs, owners) | overprinted_cells(glyphs, owners) if tables else set()
    texts, lines = texts_of(glyphs, owners)
    placed: list[tuple[float, Block]] = [
        (box[1], Line(text, f"p{number}/l{index}", box)) for index, (text, box) in enumerate(lines, 1)
    ]
    for table, (frame, start) in enumerate(tables, 1):
        placed.append((frame.ys[0], ruled_grid(texts, torn, frame, start, f"p{number}/t{table}")))
    return tuple(block for _, block in sorted(placed, key=itemgetter(0))), last
