"""The spreadsheet backend: a composition as a workbook, a sheet for each page.

Belongs here: sheets, cells, merged areas, rules, number formats, and where each cell came to stand.
Does not belong here: what is printed.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.styles import Border, Side
from openpyxl.utils import get_column_letter

from tests.typesetter.compose import Composition, PageBreak, Pressed, Table, Words, compose
from tests.typesetter.figures import Disclosure
from tests.typesetter.layout import ABOVE, LEFT, Box
from tests.typesetter.manner import Manner
from tests.typesetter.text import Printed
from tests.typesetter.truth import TruthCell

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d\d)?")
_GROUPED = re.compile(r"-?[1-9]\d{0,2}(?:,\d{3})+\.\d\d")
_RULE = Border(*(Side(style="thin") for _ in range(4)))


@dataclass(frozen=True)
class SheetLook:
    """How a workbook is made: what Excel users do differently with the same table."""

    numbers: bool = True
    ruled: bool = True
    sheets: bool = True
    merged: bool = True
    head_in_a_row: bool = True


class _Workbook:
    def __init__(self, composition: Composition, look: SheetLook):
        self.look = look
        self.manner = composition.manner
        self.book = Workbook()
        self.sheet = self.book.active
        self.row = 0
        self.locators: dict[TruthCell, str] = {}
        for block in composition.blocks:
            if isinstance(block, PageBreak):
                self._page()
            elif isinstance(block, Table):
                self._table(block)
            else:
                self._words(block)

    def _page(self) -> None:
        if self.look.sheets:
            self.sheet = self.book.create_sheet()
            self.row = 0
        else:
            self.row += 1

    def _words(self, block: Words | Pressed) -> None:
        parts = [block.text]
        if isinstance(block, Words) and block.style == "head" and self.look.head_in_a_row:
            parts = block.text.split(" ") if block.text.count(" ") == 2 else parts
        if isinstance(block, Words) and block.split != "no":
            parts = [block.text[:-1].rstrip(), block.text[-1]]
            for part in parts:
                self._put(1, part)
            return
        self.row += 1
        for column, part in enumerate(parts):
            self.sheet.cell(self.row, 1 + 3 * column, part)
        if len(parts) == 1 and self.look.merged:
            self.sheet.merge_cells(start_row=self.row, end_row=self.row, start_column=1, end_column=8)

    def _put(self, column: int, text: str) -> None:
        self.row += 1
        self.sheet.cell(self.row, column, text)

    def _table(self, table: Table) -> None:
        first = self.row + 1
        rows = (*table.header, *table.body)
        for boxes in rows:
            self.row += 1
            for column, box in enumerate(boxes, start=1):
                self._box(column, box)
        if self.look.merged:
            self._merge(rows, first)

    def _box(self, column: int, box: Box) -> None:
        cell = self.sheet.cell(self.row, column)
        if self.look.ruled:
            cell.border = _RULE
        text = box.text
        if self.look.numbers and box.fact and (_NUMBER.fullmatch(text) or _GROUPED.fullmatch(text)):
            cell.value = float(text.replace(",", ""))
            decimals = ".00" if "." in text else ""
            cell.number_format = ("#,##0" if self.manner.thousands else "0") + decimals
        elif text:
            cell.value = text
            cell.data_type = "s"
        if box.fact:
            self.locators[box.fact] = f"s{len(self.book.sheetnames)}/{get_column_letter(column)}{self.row}"

    def _merge(self, rows: tuple[tuple[Box, ...], ...], first: int) -> None:
        for r, boxes in enumerate(rows):
            for c, box in enumerate(boxes):
                if box.merged:
                    continue
                right = c
                while right + 1 < len(boxes) and boxes[right + 1].merged == LEFT:
                    right += 1
                down = r
                while down + 1 < len(rows) and rows[down + 1][c].merged == ABOVE:
                    down += 1
                if (right, down) != (c, r):
                    self.sheet.merge_cells(
                        start_row=first + r, end_row=first + down, start_column=c + 1, end_column=right + 1
                    )


def lay_out(composition: Composition, look: SheetLook) -> tuple[Workbook, dict[TruthCell, str]]:
    """A composition as a workbook, with the places of its cells."""
    made = _Workbook(composition, look)
    return made.book, made.locators


def print_xlsx(
    disclosure: Disclosure, manner: Manner | None = None, look: SheetLook | None = None
) -> Printed:
    """The disclosure as an .xlsx workbook."""
    return set_xlsx(compose(disclosure, manner), look or SheetLook())


def set_xlsx(composition: Composition, look: SheetLook) -> Printed:
    """A composition as an .xlsx workbook."""
    book, locators = lay_out(composition, look)
    stream = io.BytesIO()
    book.save(stream)
    return Printed(stream.getvalue(), composition.truth, locators)
