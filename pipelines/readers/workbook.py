"""Workbooks of the .xlsx format: their parts as sheets of shown texts.

Belongs here: shared strings, styles, sheets of SpreadsheetML, read as streams. A number's digits are
taken from the file's text and never pass through a float.
Does not belong here: lines and grids, the meaning of a format code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipelines.limits import Counter
from pipelines.readers.number_format import BUILT_IN, GENERAL, stored_number
from pipelines.readers.package import DamagedError, Event, Package
from pipelines.readers.sheets import Place, Sheet, column_number

WORKBOOK = "xl/workbook.xml"
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9]\d{0,6})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MAX_ROW, _MAX_COLUMN = 1_048_576, 16_384
# Texts of a workbook may be many times as long as its cells: a cell holds at most 32,767 characters.
_LONGEST_TEXT = 32_767


@dataclass(slots=True)
class _Book:
    """What all sheets of a workbook share."""

    strings: list[str] = field(default_factory=list)
    formats: list[str | None] = field(default_factory=list)
    ruled: list[bool] = field(default_factory=list)
    from_1904: bool = False
    recalculated: bool = False


@dataclass(slots=True)
class _Cell:
    place: Place
    kind: str
    style: int
    value: list[str] = field(default_factory=list)
    formula: list[str] | None = None


def read_sheets(package: Package, cells: Counter) -> Iterator[Sheet]:
    """The sheets of a workbook in their order. Raises ``LimitError`` or one of ``package.DAMAGE``."""
    book = _Book()
    listed: list[tuple[str, str, bool]] = []
    for kind, name, attributes in package.events(WORKBOOK):
        if kind != "start":
            continue
        if name == "sheet":
            hidden = attributes.get("state", "visible") != "visible"
            listed.append((attributes.get("name", ""), attributes.get("id", ""), hidden))
        elif name == "workbookPr":
            book.from_1904 = _true(attributes.get("date1904"))
        elif name == "calcPr":
            book.recalculated = _true(attributes.get("fullCalcOnLoad"))
    relations = package.relations(WORKBOOK)
    _styles(package, _part(relations, "styles.xml"), book, cells)
    _strings(package, _part(relations, "sharedstrings.xml"), book, cells)
    for number, (name, relation, hidden) in enumerate(listed, start=1):
        sheet = Sheet(number, name or f"s{number}", hidden)
        part = relations.get(relation)
        if part is None:
            raise DamagedError(f"工作表 {name} 没有内容")
        _sheet(package.events(part), book, sheet, cells)
        yield sheet


def _true(value: str | None) -> bool:
    return value in ("1", "true", "on")


def _part(relations: Mapping[str, str], ending: str) -> str:
    """The part of the workbook whose name ends so; empty where it has none."""
    return next((part for part in relations.values() if part.lower().endswith(ending)), "")


def _strings(package: Package, part: str, book: _Book, cells: Counter) -> None:
    """The shared strings: rich text joined, phonetic guides left out."""
    if not part or not package.has(part):
        return
    words: list[str] = []
    inside = phonetic = False
    for kind, name, _ in package.events(part):
        if kind == "text":
            if inside and not phonetic:
                words.append(name)
        elif name == "t":
            inside = kind == "start"
        elif name == "rPh":
            phonetic = kind == "start"
        elif name == "si":
            if kind == "end":
                cells.add(1)
                book.strings.append(_text("".join(words)))
            words = []


def _text(raw: str) -> str:
    """A text as shown: its escaped characters in place, line ends as ``\\n``, outer blanks removed."""
    plain = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), raw[:_LONGEST_TEXT]) if "_x" in raw else raw
    return plain[:_LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n").strip()


def _styles(package: Package, part: str, book: _Book, cells: Counter) -> None:
    """The number format and the rules at the sides of each cell style."""
    if not part or not package.has(part):
        return
    own: dict[int, str] = {}
    borders: list[bool] = []
    inside: set[str] = set()
    for kind, name, attributes in package.events(part):
        if kind == "text":
            continue
        if kind == "end":
            inside.discard(name)
            continue
        cells.add(1)
        inside.add(name)
        if name == "numFmt" and "numFmts" in inside:
            own[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "border" and "borders" in inside:
            borders.append(False)
        elif name in ("left", "right", "start", "end") and "borders" in inside and borders:
            borders[-1] |= attributes.get("style", "none") != "none"
        elif name == "xf" and "cellXfs" in inside:
            code = _number(attributes.get("numFmtId"))
            border = _number(attributes.get("borderId"))
            book.formats.append(own.get(code, BUILT_IN.get(code)))
            book.ruled.append(border < len(borders) and borders[border])


def _number(value: str | None) -> int:
    """A small number of an attribute; 0 where there is none."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 8 else 0


def _sheet(found: Iterator[Event], book: _Book, sheet: Sheet, cells: Counter) -> None:
    row = column = 0
    cell: _Cell | None = None
    taking: list[str] | None = None
    zeros = True
    inside_phonetic = False
    for kind, name, attributes in found:
        if kind == "text":
            if taking is not None and not inside_phonetic:
                taking.append(name)
        elif kind == "end":
            if name in ("v", "t", "f"):
                taking = None
            elif name == "rPh":
                inside_phonetic = False
            elif name == "c" and cell is not None:
                _take(cell, book, sheet, zeros)
                cell = None
        elif name == "row":
            cells.add(1)
            row = _number(attributes.get("r")) or row + 1
            column = 0
            if _true(attributes.get("hidden")):
                sheet.hidden_rows.add(row)
        elif name == "c":
            cells.add(1)
            place = _place(attributes["r"]) if "r" in attributes else (row, column + 1)
            if not (0 < place[0] <= _MAX_ROW and 0 < place[1] <= _MAX_COLUMN):
                raise DamagedError("单元格的位置超出工作表")
            row, column = place
            cell = _Cell(place, attributes.get("t", "n"), _number(attributes.get("s")))
        elif name in ("v", "t") and cell is not None:
            taking = cell.value
        elif name == "f" and cell is not None:
            cell.formula = taking = []
        elif name == "rPh":
            inside_phonetic = True
        elif name == "col" and _true(attributes.get("hidden")):
            first, last = _number(attributes.get("min")), min(_number(attributes.get("max")), _MAX_COLUMN)
            cells.add(max(0, last - first + 1))
            sheet.hidden_columns.update(range(first, last + 1))
        elif name == "sheetView" and attributes.get("showZeros") in ("0", "false"):
            zeros = False
        elif name == "mergeCell":
            corner, _, opposite = attributes.get("ref", "").partition(":")
            sheet.merge(*_place(corner), *_place(opposite or corner))


def _place(reference: str) -> Place:
    match = _PLACE.fullmatch(reference)
    if match is None:
        raise DamagedError(f"单元格的位置「{reference[:20]}」读不懂")
    return int(match[2]), column_number(match[1])


def _take(cell: _Cell, book: _Book, sheet: Sheet, zeros: bool) -> None:
    """Put what a cell shows into its sheet."""
    if cell.style < len(book.ruled) and book.ruled[cell.style]:
        sheet.ruled.add(cell.place)
    text = _shown(cell, book, sheet, zeros)
    if text:
        sheet.texts[cell.place] = text


def _shown(cell: _Cell, book: _Book, sheet: Sheet, zeros: bool) -> str:
    raw = "".join(cell.value)
    if cell.formula is not None and (book.recalculated or (not raw and cell.kind != "str")):
        # Without a result of its own, or with one that the program is told to compute anew.
        sheet.unknown.append(cell.place)
        return _text("=" + "".join(cell.formula))
    if cell.kind == "s":
        index = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else -1
        if not 0 <= index < len(book.strings):
            raise DamagedError("单元格指向不存在的文字")
        return book.strings[index]
    if cell.kind == "b":
        return "TRUE" if raw.strip() == "1" else "FALSE"
    value = stored_number(raw.strip()) if cell.kind == "n" else None
    if value is None:
        return _text(raw)
    if not value and not zeros:
        return ""
    code = book.formats[cell.style] if cell.style < len(book.formats) else GENERAL
    return sheet.show_number(cell.place, value, code, from_1904=book.from_1904)
