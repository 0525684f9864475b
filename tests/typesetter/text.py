"""The text backend: a composition as the lines that a PDF turned into text has.

Belongs here: lines, tabs, page breaks as blank lines, encodings, and where each cell came to stand.
Does not belong here: what is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.typesetter.compose import Block, Composition, Pressed, Words, compose
from tests.typesetter.figures import Disclosure
from tests.typesetter.layout import Box, Table
from tests.typesetter.manner import Manner
from tests.typesetter.truth import Truth, TruthCell


@dataclass(frozen=True)
class Printed:
    """The bytes of a document, what is true of it, and where its cells stand (``L12/c3``).

    Cells of a table that is pressed into one line stand nowhere of their own.
    """

    data: bytes
    truth: Truth
    locators: Mapping[TruthCell, str]

    @property
    def text(self) -> str:
        return self.data.decode("utf-8-sig")


class _Sheet:
    def __init__(self, composition: Composition):
        self.manner = composition.manner
        self.lines: list[str] = []
        self.locators: dict[TruthCell, str] = {}
        self.listing = False
        self.cells = 0
        for block in composition.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        if isinstance(block, Words):
            if block.style == "contents" and self.listing:
                self.lines.pop()  # the lines of a table of contents stand together
            self._line(*self._split(block))
        elif isinstance(block, Pressed):
            self._line(block.text)
        elif isinstance(block, Table):
            self._table(block)
        elif self.manner.watermark:
            self._line(self.manner.watermark)
        self.listing = isinstance(block, Words) and block.style == "contents"

    def _split(self, words: Words) -> list[str]:
        if words.split == "no":
            return [words.text]
        between = [""] if words.split == "blank" else []
        return [words.text[:-1].rstrip(), *between, words.text[-1]]

    def _line(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def _table(self, table: Table) -> None:
        self._rows(table.header)
        for place, row in enumerate(table.body):
            if place and self.manner.break_every and place % self.manner.break_every == 0:
                self.lines.append("")
                if self.manner.watermark:
                    self._line(self.manner.watermark)
                if self.manner.repeat_header:
                    self._rows(table.header)
            self._rows((row,))
        self.lines.append("")

    def _rows(self, rows: tuple[tuple[Box, ...], ...]) -> None:
        for row in rows:
            self.lines.append("\t".join(self._cell(box.text) for box in row))
            for column, box in enumerate(row, start=1):
                if box.fact:
                    self.locators[box.fact] = f"L{len(self.lines)}/c{column}"

    def _cell(self, text: str) -> str:
        """A cell's text; of those with text each n-th carries the remains of its HTML."""
        self.cells += bool(text)
        if text and self.manner.html_every and self.cells % self.manner.html_every == 0:
            return f'<td colspan="1">{text}</td>'
        return text


def print_text(disclosure: Disclosure, manner: Manner | None = None) -> Printed:
    """The disclosure as a text file in the given manner."""
    return set_text(compose(disclosure, manner))


def set_text(composition: Composition) -> Printed:
    """A composition as a text file."""
    sheet = _Sheet(composition)
    data = composition.manner.newline.join(sheet.lines).encode(composition.manner.encoding)
    return Printed(data, composition.truth, sheet.locators)
