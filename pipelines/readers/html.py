"""HTML pages as lines and grids: ``b12`` the twelfth text block or table, ``b13/r4c4`` a cell of it.

Read is what the page shows: scripts, styles and hidden elements are left out, blanks run together, a
``<br>`` begins a new line. Nothing is fetched.
Belongs here: encodings and tags. Does not belong here: the layout of a table's cells.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree

from pipelines.limits import LimitError, check_depth
from pipelines.model import Content, Issue
from pipelines.readers.flow import Flow, FlowCell
from pipelines.readers.package import beyond_limit, failed
from pipelines.readers.places import look_up, texts_by_place

MEDIA_TYPE = "text/html"

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSET = re.compile(rb"(?i)(?:charset|encoding)\s*=\s*[\"']?\s*([a-z0-9_:.-]{1,40})")
_CHARSET_WITHIN = 2048
_CHINESE = {"gb2312", "gbk", "gb_2312-80", "x-gbk", "cp936", "chinese", "hz-gb-2312"}
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_XML_HEAD = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all")

_SKIPPED = frozenset(
    {"script", "style", "head", "title", "noscript", "template", "iframe", "object", "svg", "select",
     "textarea", "button"}
)  # fmt: skip
_INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "basefont", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn",
     "em", "font", "i", "img", "input", "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s",
     "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "o:p"}
)  # fmt: skip
_MAX_COLSPAN, _MAX_ROWSPAN = 1_000, 65_534


def read_html(data: bytes) -> Content:
    """The text blocks and tables of a page. Never raises for what the file holds."""
    text, replaced = _decode(data)
    try:
        root = etree.fromstring(
            _XML_HEAD.sub("", text.replace("\x00", "")).encode(),
            etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True),
        )
        if root is None:
            raise etree.ParserError("empty")
        page = _Page(root)
    except LimitError as error:
        return beyond_limit(MEDIA_TYPE, error)
    except (etree.LxmlError, ValueError) as error:
        return failed(
            MEDIA_TYPE, f"网页读不出内容（{type(error).__name__}）", "用浏览器打开后另存为 PDF 再放入"
        )
    if not page.flow.blocks:
        return failed(
            MEDIA_TYPE, "网页里没有文字", "换上有内容的文件；若内容由脚本显示，用浏览器另存为 PDF 再放入"
        )
    return Content(
        MEDIA_TYPE,
        None,
        page.flow.number,
        tuple(page.flow.blocks),
        (*page.issues(), *_about_encoding(replaced)),
    )


@lru_cache(maxsize=2)
def _texts(data: bytes) -> dict[str, str]:
    return texts_by_place(read_html(data))


def text_at(data: bytes, locator: str) -> str:
    """The text at ``b12``, ``b12/l2`` or ``b13/r4c4``. Raises ``LookupError`` where nothing stands."""
    return look_up(_texts(data), locator)


def _decode(data: bytes) -> tuple[str, bool]:
    """The text by its BOM, by what it declares, as UTF-8 or as GB18030; whether anything was no text."""
    named = [encoding for bom, encoding in _BOMS if data.startswith(bom)]
    if not named and (match := _CHARSET.search(data[:_CHARSET_WITHIN])):
        declared = match[1].decode("ascii").lower()
        named = ["gb18030" if declared in _CHINESE else declared]
    for encoding in (*named, "utf-8", "gb18030"):
        try:
            return data.decode(encoding).removeprefix("\ufeff"), False
        except (UnicodeError, LookupError):
            continue
    return data.decode("utf-8", "replace"), True


def _about_encoding(replaced: bool) -> list[Issue]:
    if not replaced:
        return []
    return [
        Issue(
            "held",
            "读取",
            "文件",
            "网页里有无法识别的字节，其中的文字可能有误",
            "用浏览器打开后另存为 PDF 再放入",
        )
    ]


class _Page:
    """Walks over the elements of a page once."""

    def __init__(self, root: etree._Element) -> None:
        self.flow = Flow()
        self.hidden = 0
        self._depth = 0
        self._skip_from: int | None = None
        self._preformatted = 0
        for event, element in etree.iterwalk(root, events=("start", "end")):
            name = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                self._depth += 1
                check_depth(self._depth)
                self._start(name, element)
            else:
                self._end(name, element)
                self._depth -= 1
        self.flow.finish()

    def _start(self, name: str, element: etree._Element) -> None:
        if self._skip_from is not None:
            return
        hidden = element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style", "")))
        if name in _SKIPPED or not name or hidden:
            self._skip_from = self._depth
            self.hidden += hidden and any(text.strip() for text in element.itertext())
            return
        flow = self.flow
        self._preformatted += name == "pre"
        if name == "table":
            flow.begin_table()
        elif name == "tr":
            flow.begin_row()
        elif name in ("td", "th"):
            flow.begin_cell(
                FlowCell(
                    _span(element.get("colspan"), _MAX_COLSPAN),
                    _span(element.get("rowspan"), _MAX_ROWSPAN, zero=_MAX_ROWSPAN),
                )
            )
        elif name == "br":
            flow.text("\n")
        elif name not in _INLINE:
            flow.end_paragraph()
        self._words(element.text)

    def _end(self, name: str, element: etree._Element) -> None:
        if self._skip_from is None:
            self._preformatted -= name == "pre"
            if name == "table":
                self.flow.end_table()
            elif name in ("td", "th"):
                self.flow.end_cell()
            elif name not in _INLINE and name != "br":
                self.flow.end_paragraph()
        elif self._skip_from == self._depth:
            self._skip_from = None
        if self._skip_from is None:
            self._words(element.tail)

    def _words(self, text: str | None) -> None:
        if text:
            text = text if self._preformatted else _BLANKS.sub(" ", text)
            self.flow.text(text.replace("\xa0", " "))

    def issues(self) -> list[Issue]:
        """What the page holds and does not show."""
        if not self.hidden:
            return []
        return [
            Issue(
                "ignored",
                "读取",
                "文件",
                f"网页里有 {self.hidden} 处隐藏的内容，没有显示出来，未读入",
                "若是误藏，用浏览器打开后另存为 PDF 再放入",
            )
        ]


def _span(value: str | None, limit: int, zero: int = 1) -> int:
    """How many columns or rows a cell says that it covers."""
    number = int(value) if value and value.isascii() and value.isdigit() and len(value) < 7 else 1
    return min(number, limit) or zero
