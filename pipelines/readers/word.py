"""Word documents (.docx) as lines and grids: ``b12`` the twelfth block of the body, ``b13/r4c4`` a cell.

Read is what is printed: deletions under tracked changes, hidden words and deleted rows are left out,
insertions and results of fields stay. Headers, footers, footnotes and comments are not part of the body;
text boxes and embedded objects are left aside with an issue each. No macro, no external part is opened.
Belongs here: the elements of WordprocessingML. Does not belong here: the layout of a table's cells.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pipelines.limits import LimitError
from pipelines.model import Content, Issue
from pipelines.readers.flow import Flow, FlowCell
from pipelines.readers.package import DAMAGE, Package, beyond_limit, damaged, failed
from pipelines.readers.places import look_up, texts_by_place

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOCUMENT = "word/document.xml"

# What stands under these is not printed in the flow of the body.
_SKIPPED = frozenset(
    {"del", "moveFrom", "drawing", "pict", "object", "Fallback", "txbxContent", "altChunk", "rt"}
)
_BREAKS = {"br": "\n", "cr": "\n", "tab": "\t", "noBreakHyphen": "-", "ptab": "\t"}
_LONGEST_EXCERPT = 200


def read_docx(data: bytes) -> Content:
    """The paragraphs and tables of a document's body. Never raises for what the file holds."""
    try:
        body = _Body(Package(data))
    except LimitError as error:
        return beyond_limit(MEDIA_TYPE, error)
    except DAMAGE as error:
        return damaged(MEDIA_TYPE, error)
    flow, issues = body.flow, (*body.flow.issues, *body.left_aside())
    if not flow.blocks and not issues:
        return failed(MEDIA_TYPE, "文档里没有文字", "换上有内容的文件；若内容是图片，请换一份能选中文字的")
    return Content(MEDIA_TYPE, None, flow.number, tuple(flow.blocks), issues)


@lru_cache(maxsize=2)
def _texts(data: bytes) -> dict[str, str]:
    return texts_by_place(read_docx(data))


def text_at(data: bytes, locator: str) -> str:
    """The text at ``b12``, ``b12/l2`` or ``b13/r4c4``. Raises ``LookupError`` where nothing stands."""
    return look_up(_texts(data), locator)


class _Body:
    """Walks over the events of the body once."""

    def __init__(self, package: Package) -> None:
        self.flow = Flow()
        self.boxes = 0
        self.box_words: list[str] = []
        self.objects = 0
        self._skipped: list[str] = []
        self._path: list[str] = []
        self._in_text = False
        self._hidden = False
        self._row_deleted = False
        for kind, name, attributes in package.events(DOCUMENT):
            if kind == "text":
                self._words(name)
            elif kind == "start":
                self._start(name, attributes)
            else:
                self._end(name)
        self.flow.finish()

    def _words(self, words: str) -> None:
        if not self._in_text:
            return
        if not self._skipped:
            self.flow.text(words)
        elif "txbxContent" in self._skipped and "Fallback" not in self._skipped:
            self.box_words.append(words)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._path[-1] if self._path else ""
        self._path.append(name)
        if name == "t":
            self._in_text = not self._hidden
        if name == "del" and parent == "trPr":
            self._row_deleted = True
        elif name in _SKIPPED:
            self._skipped.append(name)
            self.boxes += name == "txbxContent" and "Fallback" not in self._skipped
            self.objects += name in ("object", "altChunk")
        elif not self._skipped:
            self._element(name, parent, attributes)

    def _element(self, name: str, parent: str, attributes: dict[str, str]) -> None:
        flow = self.flow
        if name in _BREAKS and parent == "r" and not self._hidden:
            flow.text(_BREAKS[name])
        elif name == "sym" and not self._hidden:
            flow.text(_symbol(attributes.get("char", "")))
        elif name == "r":
            self._hidden = False
        elif name == "vanish" and parent == "rPr" and "pPr" not in self._path:
            self._hidden = _on(attributes)
        elif name == "tbl":
            flow.begin_table()
        elif name == "tr":
            self._row_deleted = False
            flow.begin_row()
        elif name == "tc":
            flow.begin_cell(FlowCell())
        elif parent == "trPr":
            self._row(name, attributes)
        elif parent == "tcPr" and (cell := flow.cell) is not None:
            self._cell(name, attributes, cell)

    def _row(self, name: str, attributes: dict[str, str]) -> None:
        if name == "gridBefore" and (columns := _count(attributes)):
            self.flow.begin_cell(FlowCell(columns))
            self.flow.end_cell()
        elif name == "hidden":
            self._row_deleted |= _on(attributes)

    def _cell(self, name: str, attributes: dict[str, str], cell: FlowCell) -> None:
        if name == "gridSpan":
            cell.columns = max(1, _count(attributes))
        elif name in ("vMerge", "hMerge"):
            cell.continued |= attributes.get("val", "continue") == "continue"
        elif name == "cellDel":
            cell.continued = True

    def _end(self, name: str) -> None:
        if self._path:
            self._path.pop()
        if name == "t":
            self._in_text = False
        elif self._skipped and name == self._skipped[-1]:
            self._skipped.pop()
        elif self._skipped:
            return
        else:
            self._close(name)

    def _close(self, name: str) -> None:
        actions: dict[str, Callable[[], None]] = {
            "p": lambda: self.flow.end_paragraph(counts_empty=True),
            "tc": self.flow.end_cell,
            "tbl": self.flow.end_table,
        }
        if name == "tr" and self._row_deleted:
            self.flow.drop_row()
            self._row_deleted = False
        elif name == "r":
            self._hidden = False
        elif name in actions:
            actions[name]()

    def left_aside(self) -> list[Issue]:
        """What the body shows and the reader leaves aside."""
        issues = []
        if self.boxes and "".join(self.box_words).strip():
            issues.append(
                Issue(
                    "ignored",
                    "读取",
                    "文本框",
                    f"文中有 {self.boxes} 个文本框，其中的文字未读入",
                    "看一眼原件；若封面或表题写在文本框里，改成正文后重新放入",
                    text="".join(self.box_words)[:_LONGEST_EXCERPT],
                )
            )
        if self.objects:
            issues.append(
                Issue(
                    "held",
                    "读取",
                    "嵌入对象",
                    f"文中嵌有 {self.objects} 个对象（如 Excel 表格），其中的数未读入",
                    "把嵌入的表格另存为 .xlsx 一并放入，或把全文另存为 PDF",
                )
            )
        return issues


def _on(attributes: dict[str, str]) -> bool:
    return attributes.get("val", "1") not in ("0", "false", "off")


def _count(attributes: dict[str, str]) -> int:
    value = attributes.get("val", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0


def _symbol(code: str) -> str:
    """The character of a symbol font, by its number."""
    try:
        number = int(code, 16)
    except ValueError:
        return "\ufffd"
    return chr(number) if 0x20 <= number < 0xD800 or 0xE000 <= number < 0x10000 else "\ufffd"
