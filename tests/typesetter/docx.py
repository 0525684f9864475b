"""The Word backend: a composition as a .docx document.

Belongs here: paragraphs, tables with merged cells, and where each cell came to stand.
Does not belong here: what is printed.
"""

from __future__ import annotations

import io

from docx import Document
from docx.enum.text import WD_BREAK

from tests.typesetter.compose import Composition, PageBreak, Pressed, Table, Words, compose
from tests.typesetter.figures import Disclosure
from tests.typesetter.layout import ABOVE, LEFT, Box
from tests.typesetter.manner import Manner
from tests.typesetter.text import Printed
from tests.typesetter.truth import TruthCell


class _Document:
    def __init__(self, composition: Composition):
        self.manner = composition.manner
        self.document = Document()
        self.blocks = 0
        self.locators: dict[TruthCell, str] = {}
        for block in composition.blocks:
            if isinstance(block, PageBreak):
                self._paragraph().add_run().add_break(WD_BREAK.PAGE)
                if self.manner.watermark:
                    self._paragraph(self.manner.watermark)
            elif isinstance(block, Table):
                self._tables(block)
            else:
                self._words(block)

    def _paragraph(self, text: str = ""):
        self.blocks += 1
        return self.document.add_paragraph(text)

    def _words(self, block: Words | Pressed) -> None:
        if isinstance(block, Pressed) or block.split == "no":
            self._paragraph(block.text)
        elif block.split == "line":
            paragraph = self._paragraph(block.text[:-1].rstrip())
            paragraph.add_run().add_break()
            paragraph.add_run(block.text[-1])
        else:
            self._paragraph(block.text[:-1].rstrip())
            self._paragraph()
            self._paragraph(block.text[-1])

    def _tables(self, table: Table) -> None:
        """The table in as many parts as the manner breaks it into."""
        size = self.manner.break_every or len(table.body) or 1
        for start in range(0, max(len(table.body), 1), size):
            head = table.header if start == 0 or self.manner.repeat_header else ()
            if start:
                self._paragraph(self.manner.watermark)
            self._table((*head, *table.body[start : start + size]))

    def _table(self, rows: tuple[tuple[Box, ...], ...]) -> None:
        self.blocks += 1
        width = len(rows[0])
        grid = self.document.add_table(len(rows), width)
        cells = grid._cells  # one look-up for all cells: each look-up lays out the whole table
        for r, boxes in enumerate(rows):
            for c, box in enumerate(boxes):
                if box.text:
                    cells[r * width + c].paragraphs[0].add_run(box.text)
                if box.fact:
                    self.locators[box.fact] = f"b{self.blocks}/r{r + 1}c{c + 1}"
        for r, boxes in enumerate(rows):
            for c, box in enumerate(boxes):
                right, down = reach(rows, r, c)
                if not box.merged and (right, down) != (c, r):
                    cells[r * width + c].merge(cells[down * width + right])


def reach(rows: tuple[tuple[Box, ...], ...], row: int, column: int) -> tuple[int, int]:
    """The last column and the last row that the cell of a box covers."""
    right, down = column, row
    while right + 1 < len(rows[row]) and rows[row][right + 1].merged == LEFT:
        right += 1
    while down + 1 < len(rows) and rows[down + 1][column].merged == ABOVE:
        down += 1
    return right, down


def print_docx(disclosure: Disclosure, manner: Manner | None = None) -> Printed:
    """The disclosure as a .docx document."""
    return set_docx(compose(disclosure, manner))


def set_docx(composition: Composition) -> Printed:
    """A composition as a .docx document."""
    made = _Document(composition)
    stream = io.BytesIO()
    made.document.save(stream)
    return Printed(stream.getvalue(), composition.truth, made.locators)
