"""The HTML backend: a composition as a web page.

Belongs here: tags, entities, encodings, and where each cell came to stand.
Does not belong here: what is printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from tests.typesetter.compose import Composition, PageBreak, Pressed, Table, Words, compose
from tests.typesetter.docx import reach
from tests.typesetter.figures import Disclosure
from tests.typesetter.layout import Box
from tests.typesetter.manner import Manner
from tests.typesetter.text import Printed
from tests.typesetter.truth import TruthCell


@dataclass(frozen=True)
class PageLook:
    """How a page is made: ``layout`` wraps all in a table, ``sloppy`` leaves closing tags out."""

    layout: bool = False
    sloppy: bool = False
    encoding: str = "utf-8"


class _Page:
    def __init__(self, composition: Composition, look: PageLook):
        self.look = look
        self.manner = composition.manner
        self.blocks = 0
        self.parts: list[str] = []
        self.locators: dict[TruthCell, str] = {}
        for block in composition.blocks:
            if isinstance(block, PageBreak):
                self.parts.append("<hr>")
                if self.manner.watermark:
                    self._paragraph(self.manner.watermark)
            elif isinstance(block, Table):
                self._tables(block)
            else:
                self._words(block)

    def page(self) -> str:
        body = "\n".join(self.parts)
        if self.look.layout:
            body = (
                "<table class=frame><tr><td>首页<td><div>\n"
                f"<table width=100%><tr><td>{body}</td></tr></table></div></td></tr></table>"
            )
        return (
            f'<!DOCTYPE html><html><head><meta charset="{self.look.encoding}"><title>x</title>'
            "<style>td{color:red}</style><script>var a = '<table>';</script></head>"
            f"<body>{body}</body></html>"
        )

    def _paragraph(self, *lines: str) -> None:
        self.blocks += 1
        self.parts.append(f"<p>{'<br/>'.join(self._escaped(line) for line in lines)}</p>")

    def _escaped(self, text: str) -> str:
        return escape(text).replace(" ", "&nbsp;")

    def _words(self, block: Words | Pressed) -> None:
        if isinstance(block, Pressed) or block.split == "no":
            self._paragraph(block.text)
        elif block.split == "line":
            self._paragraph(block.text[:-1].rstrip(), block.text[-1])
        else:
            self._paragraph(block.text[:-1].rstrip())
            self._paragraph(block.text[-1])

    def _tables(self, table: Table) -> None:
        size = self.manner.break_every or len(table.body) or 1
        for start in range(0, max(len(table.body), 1), size):
            head = table.header if start == 0 or self.manner.repeat_header else ()
            if start and self.manner.watermark:
                self._paragraph(self.manner.watermark)
            self._table((*head, *table.body[start : start + size]))

    def _table(self, rows: tuple[tuple[Box, ...], ...]) -> None:
        self.blocks += 1
        end = "" if self.look.sloppy else "</td>"
        self.parts.append("<table border=1>")
        for r, boxes in enumerate(rows):
            cells = []
            for c, box in enumerate(boxes):
                if box.fact:
                    self.locators[box.fact] = f"b{self.blocks}/r{r + 1}c{c + 1}"
                if box.merged:
                    continue
                right, down = reach(rows, r, c)
                spans = f' colspan="{right - c + 1}"' if right > c else ""
                spans += f" rowspan={down - r + 1}" if down > r else ""
                cells.append(f"<td{spans}> <span>{self._escaped(box.text)}</span>\n{end}")
            self.parts.append(f"<tr>{''.join(cells)}" + ("" if self.look.sloppy else "</tr>"))
        self.parts.append("</table>")


def print_html(disclosure: Disclosure, manner: Manner | None = None, look: PageLook | None = None) -> Printed:
    """The disclosure as a web page."""
    return set_html(compose(disclosure, manner), look or PageLook())


def set_html(composition: Composition, look: PageLook) -> Printed:
    """A composition as a web page."""
    made = _Page(composition, look)
    offset = 1 if look.layout else 0  # the frame's own words come first
    locators = {
        cell: f"b{int(place.split('/')[0][1:]) + offset}/{place.split('/')[1]}"
        for cell, place in made.locators.items()
    }
    return Printed(made.page().encode(look.encoding), composition.truth, locators)
