"""Text files: lines, and grids where cells are parted by tabs.

Belongs here: decoding, lines, cells, locators ``L257``, ``L257/c3``, ``L257/w4`` (line, tab cell,
word) and their way back to the text. Does not belong here: what any of it means.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.model import Block, Cell, Content, Grid, Issue, Line
from pipelines.wording import strip_tags

MEDIA_TYPE = "text/plain"
_LINE_END = re.compile(r"\r\n|\r|\n")
_LOCATOR = re.compile(r"L(\d+)(?:/([cw])(\d+))?")
# C0 controls that no text carries; tab, line ends and form feed are text.
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decode(data: bytes) -> str | None:
    """The text of UTF-8 (with or without BOM), UTF-16 with BOM or GB18030 bytes; None if it is no text."""
    encodings = [name for bom, name in _BOMS if data.startswith(bom)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if _BINARY.search(text) else text
    return None


def split_lines(text: str) -> list[str]:
    """Lines as editors count them: parted by LF, CRLF or CR and by nothing else."""
    return _LINE_END.split(text)


def read_text(data: bytes) -> Content:
    """The lines and grids of a text file. Lines in a row that hold tabs make one grid."""
    text = decode(data)
    if text is None:
        return _unreadable(
            "不是可读的文本（既非 UTF-8 也非 GB18030，或含二进制内容）", "换成文本文件或原 PDF 重新放入"
        )
    if not text.strip():
        return _unreadable("文件是空的", "换上有内容的文件；若本就无内容可从收件夹移走")
    lines = split_lines(text)
    blocks: list[Block] = []
    rows: list[tuple[Cell, ...]] = []
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            rows.append(tuple(_cells(line, number)))
            continue
        if rows:
            blocks.append(Grid(tuple(rows)))
            rows = []
        if words := strip_tags(line):
            blocks.append(Line(words, f"L{number}"))
    if rows:
        blocks.append(Grid(tuple(rows)))
    if not blocks:
        return _unreadable("文件里只有标记，没有文字", "换上有内容的文件；若本就无内容可从收件夹移走")
    return Content(MEDIA_TYPE, None, len(lines), tuple(blocks))


def _cells(line: str, number: int) -> list[Cell]:
    return [Cell(strip_tags(cell), f"L{number}/c{column}") for column, cell in enumerate(line.split("\t"), 1)]


def words(line: Line) -> list[Cell]:
    """The words of a line as cells, for a table that was pressed into one line (``L463/w4``)."""
    return [Cell(word, f"{line.locator}/w{column}") for column, word in enumerate(line.text.split(), 1)]


def text_at(data: bytes, locator: str) -> str:
    """The text at a locator of this reader; past the end of its line it is empty.

    Raises ``LookupError`` where the locator is none of this reader's or its line does not exist.
    """
    match = _LOCATOR.fullmatch(locator)
    lines = _lines_of(data)
    if match is None or not 0 < int(match[1]) <= len(lines):
        raise LookupError(f"no such place in the text: {locator}")
    line = lines[int(match[1]) - 1]
    if match[2] is None:
        return strip_tags(line)
    parts = line.split("\t") if match[2] == "c" else strip_tags(line).split()
    column = int(match[3]) - 1
    return strip_tags(parts[column]) if 0 <= column < len(parts) else ""


@lru_cache(maxsize=2)
def _lines_of(data: bytes) -> list[str]:
    text = decode(data)
    return split_lines(text) if text is not None else []


def _unreadable(reason: str, advice: str) -> Content:
    return Content(MEDIA_TYPE, None, 0, (), (Issue("failed", "读取", "文件", reason, advice),))
