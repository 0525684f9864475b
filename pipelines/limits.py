"""What a document may cost before it is refused: pages, cells, bytes of an archive, nesting.

Belongs here: the limits that a reader keeps by itself, and what keeps them while a container is opened.
Does not belong here: time and memory of a reading process, which its keeper limits.
"""

from __future__ import annotations

import io
import zipfile
from typing import IO

MAX_PAGES = 2_000
# Pages that are read as they look, a few seconds each: no disclosure that was scanned has more.
MAX_PICTURES = 150
MAX_CELLS = 2_000_000
MAX_DEPTH = 200
# Bytes of one packed stream of a PDF that are checked; the content of a page has some hundred thousand.
MAX_PACKED = 1 << 26
# Areas of merged cells in a workbook: a disclosure has some hundreds.
MAX_MERGED_AREAS = 100_000
# The widest row that is still a table, a merged cell counted by the columns that it covers.
MAX_COLUMNS = 16_384

MAX_MEMBERS = 10_000
MAX_MEMBER_BYTES = 256 * 1024 * 1024
MAX_MEMBER_RATIO = 200
# Short members of blanks compress beyond any ratio and harm nobody.
_RATIO_COUNTS_FROM = 1024 * 1024

SAVE_AGAIN = "用原软件打开后另存一份再放入"


class LimitError(Exception):
    """A document goes beyond a limit: ``reason`` and ``advice`` are Chinese sentences for people."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


class Counter:
    """Counts cells of one document and raises ``LimitError`` past the limit."""

    def __init__(self, limit: int = MAX_CELLS) -> None:
        self.limit = limit
        self.count = 0

    def add(self, cells: int) -> None:
        """Count so many cells more."""
        self.count += cells
        if self.count > self.limit:
            raise LimitError(
                f"单元格超过 {self.limit} 个，不像一份决算公开",
                "删去用不到的空白格式或拆成几个文件，再重新放入",
            )


def check_depth(depth: int) -> None:
    """Raise ``LimitError`` where elements are nested deeper than any real document's."""
    if depth > MAX_DEPTH:
        raise LimitError(
            f"内容嵌套超过 {MAX_DEPTH} 层，文件可能已损坏或有意为之", "用原软件打开后另存一份再放入"
        )


def open_archive(data: bytes) -> zipfile.ZipFile:
    """The zip archive of some bytes. Raises ``LimitError`` or ``zipfile.BadZipFile``."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    if len(archive.infolist()) > MAX_MEMBERS:
        raise LimitError(
            f"压缩包里超过 {MAX_MEMBERS} 个文件，不像一份决算公开", "用原软件打开后另存一份再放入"
        )
    return archive


def open_member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """A member to read from, no larger than it says and than the limits let it be.

    Raises ``LimitError``, or ``KeyError`` where there is no such member. What is read never exceeds the
    size that was checked: zipfile stops there.
    """
    info = archive.getinfo(name)
    bomb = info.file_size > max(_RATIO_COUNTS_FROM, info.compress_size * MAX_MEMBER_RATIO)
    if info.file_size > MAX_MEMBER_BYTES or bomb:
        raise LimitError(
            f"压缩包里的 {name} 展开后有 {info.file_size} 字节，超过限度，疑似压缩炸弹",
            "确认来源可靠后，用原软件打开并另存一份再放入",
        )
    return archive.open(info)
