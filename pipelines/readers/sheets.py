"""Sheets of cells as lines and grids: the same for every spreadsheet format.

Belongs here: a sheet's record, its places (``s2/D9``), merged and hidden cells, rows that are words and
rows that are a table. Does not belong here: files, number formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.limits import MAX_MERGED_AREAS, SAVE_AGAIN, Counter, LimitError
from pipelines.model import Block, Cell, Grid, Issue
from pipelines.readers.number_format import digits, show
from pipelines.readers.surroundings import Row, is_around, split_rows, stands_above

Place = tuple[int, int]
"""Row and column of a cell, counted from 1."""


@dataclass(slots=True)
class Sheet:
    """A sheet as it is shown: its texts by place, and what bears on where they stand.

    ``ruled`` holds the places with a line at their left or right; ``rounded`` those that show fewer
    digits than they store; ``unknown`` those whose format or formula could not be followed.
    """

    number: int
    name: str
    hidden: bool = False
    texts: dict[Place, str] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    ruled: set[Place] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    rounded: list[Place] = field(default_factory=list)
    unknown: list[Place] = field(default_factory=list)

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        """Note an area of merged cells. Raises ``LimitError`` past their limit."""
        if len(self.merged) >= MAX_MERGED_AREAS:
            raise LimitError(f"一张工作表有超过 {MAX_MERGED_AREAS} 处合并单元格", SAVE_AGAIN)
        if bottom >= top and right >= left and (bottom, right) != (top, left):
            self.merged.append((top, left, bottom, right))

    def show_number(self, place: Place, value: Decimal, code: str | None, *, from_1904: bool) -> str:
        """What a cell with that number format shows of a number.

        Under a format that is not known the stored digits stand beside the format, so that nobody takes
        for the shown number what may be shown a thousand times smaller.
        """
        shown = show(value, code, from_1904=from_1904) if code is not None else None
        if shown is None:
            self.unknown.append(place)
            return f"{digits(value)} [{code or '?'}]"
        if not shown.whole:
            self.rounded.append(place)
        return shown.text

    def locator(self, place: Place) -> str:
        """The locator of a place: ``s2/D9``."""
        return f"s{self.number}/{column_letters(place[1])}{place[0]}"


def column_letters(column: int) -> str:
    """1 → A, 27 → AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """A → 1, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def sheet_blocks(sheet: Sheet, cells: Counter) -> tuple[list[Block], list[Issue]]:
    """The lines and grids of a sheet in reading order, and what was left out of it."""
    issues = _issues(sheet)
    if sheet.hidden:
        return [], issues
    spans = _show_only_what_is_seen(sheet, issues)
    blocks: list[Block] = []
    for run in _runs(sheet, spans, cells):
        blocks += _run_blocks(sheet, run)
    return _trimmed(blocks), issues


def _trimmed(blocks: list[Block]) -> list[Block]:
    """The grids of a sheet without the columns at its edges where only words around the tables stand."""
    rows = [row for block in blocks if isinstance(block, Grid) for row in block.rows]
    used = {i for row in rows for i, cell in enumerate(row) if cell.text}
    used |= {i + cell.span - 1 for row in rows for i, cell in enumerate(row) if cell.span > 1}
    if not used:
        return blocks
    seen = slice(min(used), max(used) + 1)
    return [
        Grid(tuple(row[seen] for row in block.rows)) if isinstance(block, Grid) else block for block in blocks
    ]


def _show_only_what_is_seen(sheet: Sheet, issues: list[Issue]) -> dict[Place, int]:
    """Take hidden and covered texts out; the width in columns of each merged cell."""
    hidden = [
        place for place in sheet.texts if place[0] in sheet.hidden_rows or place[1] in sheet.hidden_columns
    ]
    if hidden:
        words = " ".join(sheet.texts[place] for place in sorted(hidden)[:20])[:200]
        issues.append(
            Issue(
                "ignored",
                "读取",
                sheet.name,
                f"隐藏的行或列里有 {len(hidden)} 个单元格，没有公开印出，未读入",
                "若是误藏，取消隐藏后重新放入",
                sheet.locator(min(hidden)),
                words,
            )
        )
    for place in hidden:
        del sheet.texts[place]
    spans: dict[Place, int] = {}
    rows = {row for row, _ in sheet.texts}
    by_row: dict[int, list[int]] = {}
    for row, column in sheet.texts:
        by_row.setdefault(row, []).append(column)
    work = Counter()
    for top, left, bottom, right in sheet.merged:
        if (top, left) in sheet.texts:
            spans[top, left] = right - left + 1
        inside = range(top, bottom + 1) if bottom - top < len(rows) else rows
        for row in inside:
            columns = by_row.get(row, []) if top <= row <= bottom else []
            work.add(1 + len(columns))
            for column in columns:
                if left <= column <= right and (row, column) != (top, left):
                    sheet.texts.pop((row, column), None)
    return spans


def _runs(sheet: Sheet, spans: dict[Place, int], cells: Counter) -> Iterator[list[Row]]:
    """Rectangles of rows without a blank row between them; a ruled or hidden one parts nothing."""
    if not sheet.texts:
        return
    filled = sorted({row for row, _ in sheet.texts})
    parts_nothing = {row for row, _ in sheet.ruled} | sheet.hidden_rows
    left = min(column for _, column in sheet.texts)
    right = max(column for _, column in sheet.texts)
    run: list[Row] = []
    before = filled[0]
    for row in filled:
        if any(between not in parts_nothing for between in range(before + 1, row)):
            yield run
            run = []
        cells.add(right - left + 1)
        run.append(
            tuple(
                Cell(
                    sheet.texts.get((row, column), ""),
                    sheet.locator((row, column)),
                    span=min(spans.get((row, column), 1), right - column + 1),
                )
                for column in range(left, right + 1)
            )
        )
        before = row
    yield run


def _run_blocks(sheet: Sheet, run: list[Row]) -> list[Block]:
    """A run as lines and grids. A row of a single text is a line, unless rules or neighbours say table."""
    wide = [i for i, row in enumerate(run) if _filled(row) > 1 and not is_around(row)]

    def ruled(row: Row) -> bool:
        return any(cell.text and _place(cell) in sheet.ruled for cell in row)

    def around(row: Row) -> bool:
        if is_around(row):
            return True
        if _filled(row) > 1:
            # A page number or a remark may stand beside the unit and the unit of money.
            return bool(sheet.ruled) and not ruled(row) and any(stands_above(c.text) for c in row if c.text)
        return not (ruled(row) if sheet.ruled else wide)

    return split_rows(run, around)


def _filled(row: Row) -> int:
    return sum(bool(cell.text) for cell in row)


_PLACE = re.compile(r"s\d+/([A-Z]{1,3})(\d{1,7})")


def _place(cell: Cell) -> Place:
    match = _PLACE.fullmatch(cell.locator)
    return (int(match[2]), column_number(match[1])) if match else (0, 0)


def _issues(sheet: Sheet) -> list[Issue]:
    """What a sheet does not show, or shows otherwise than it stores it."""
    if sheet.hidden:
        if not sheet.texts:
            return []
        return [
            Issue(
                "ignored",
                "读取",
                sheet.name,
                "隐藏的工作表，没有公开印出，未读入",
                "若是误藏，取消隐藏后重新放入",
                f"s{sheet.number}",
            )
        ]
    issues = []
    if sheet.rounded:
        issues.append(
            Issue(
                "noted",
                "读取",
                sheet.name,
                f"{len(sheet.rounded)} 个数存的位数比显示的多，按显示的数读入",
                "无需处理；要全部位数请改单元格格式",
                sheet.locator(sheet.rounded[0]),
            )
        )
    if sheet.unknown:
        issues.append(
            Issue(
                "held",
                "读取",
                sheet.name,
                f"{len(sheet.unknown)} 个单元格的公式没有存下结果，或数字格式不认识，不当作数读入",
                "用表格软件打开，重新计算并另存；或把格式改成普通数字",
                sheet.locator(sheet.unknown[0]),
                sheet.texts.get(sheet.unknown[0], ""),
            )
        )
    return issues
