"""Spreadsheets: .xlsx and .xls as lines and grids with locators ``s2/D9``.

A cell's text is what the sheet shows: its stored number under its number format, exactly, so that
``1,234.50`` is read where 1234.5 is stored. A number that its format shows rounded is read as shown, with
an issue that says so; a formula without a stored result and a format not known are never taken for a
number; a dash that stands for zero is read as ``0``. What is hidden is not printed, and an issue names it.
Belongs here: the way from bytes to content, and back from a locator to its text.
Does not belong here: parts of the file formats, what a table means.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pipelines.limits import Counter, LimitError
from pipelines.model import Block, Content, Issue
from pipelines.readers import workbook, xls
from pipelines.readers.package import DAMAGE, Package, beyond_limit, damaged, failed
from pipelines.readers.places import look_up, texts_by_place
from pipelines.readers.sheets import Sheet, sheet_blocks

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS_MEDIA_TYPE = "application/vnd.ms-excel"


def read_xlsx(data: bytes) -> Content:
    """The lines and grids of a workbook, sheet by sheet. Never raises for what the file holds."""
    cells = Counter()
    try:
        return _content(MEDIA_TYPE, workbook.read_sheets(Package(data), cells))
    except LimitError as error:
        return beyond_limit(MEDIA_TYPE, error)
    except DAMAGE as error:
        return damaged(MEDIA_TYPE, error)


def read_xls(data: bytes) -> Content:
    """As :func:`read_xlsx`, for workbooks of the old format."""
    try:
        return _content(XLS_MEDIA_TYPE, xls.read_sheets(data, Counter()))
    except LimitError as error:
        return beyond_limit(XLS_MEDIA_TYPE, error)
    except DAMAGE as error:
        if xls.is_encrypted(data):
            return failed(XLS_MEDIA_TYPE, "工作簿加了密码，打不开", "去掉密码后另存一份再放入")
        return damaged(XLS_MEDIA_TYPE, error)


def _content(media_type: str, sheets: Iterable[Sheet]) -> Content:
    blocks: list[Block] = []
    issues: list[Issue] = []
    shown = Counter()
    for sheet in sheets:
        found, problems = sheet_blocks(sheet, shown)
        blocks += found
        issues += problems
    if not blocks and not issues:
        return failed(media_type, "工作簿里没有内容", "换上有内容的文件；若本就无内容可从收件夹移走")
    return Content(media_type, None, len(blocks), tuple(blocks), tuple(issues))


@lru_cache(maxsize=2)
def _texts(data: bytes) -> dict[str, str]:
    return texts_by_place(read_xlsx(data) if data.startswith(b"PK") else read_xls(data))


def text_at(data: bytes, locator: str) -> str:
    """The text at ``s2/D9`` (or a word of it, ``s2/A1/w4``). Raises ``LookupError`` where nothing stands."""
    return look_up(_texts(data), locator)
