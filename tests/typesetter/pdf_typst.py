"""Prints a composition as PDF with typst: it lays out tables, lines and pages in its own way.

Belongs here: the source that says what stands in which cell, and asking typst where it put the cells.
Does not belong here: any geometry of columns, rows and page breaks; what is done to the finished file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import typst

from tests.typesetter.compose import Composition, PageBreak, Pressed, Words, compose
from tests.typesetter.figures import Disclosure
from tests.typesetter.layout import Box, Table
from tests.typesetter.look import WATERMARK, Look
from tests.typesetter.manner import Manner
from tests.typesetter.paged import (
    NUMBER,
    PlacedGrid,
    PrintedPdf,
    Rows,
    Span,
    font_folder,
    numbered,
    odd_spacing,
    parts,
    placed,
    spans,
)
from tests.typesetter.pdf_finish import finish

RULES = ("strokes", "double", "horizontal", "none")

# A row says where it came to stand: part, row, page. A repeated header says it on each of its pages.
_PRELUDE = """
#let m(t, r) = context [#metadata((t, r, here().page()))<row>]
#let words(size, above, where, body) = block(above: above, below: 4pt, width: 100%,
  align(where, text(size: size, body)))
#let mark(body) = text(size: 64pt, fill: luma(205), body)
#set document(date: none)
#set par(justify: false, leading: 0.5em)
#set table.cell(breakable: false)
"""
# Style of words: size, space above, alignment.
_STYLES = {
    "cover": (26, 80, "center"),
    "title": (16, 8, "center"),
    "number": (9, 4, "right"),
    "head": (9, 4, "left"),
    "part": (20, 50, "center"),
    "section": (13, 10, "left"),
    "paragraph": (11, 8, "left"),
    "contents": (11, 7, "left"),
    "note": (8, 5, "left"),
    "watermark": (9, 4, "center"),
}
# Letters of a table by its number of columns: at most so many columns, this size in points.
_SIZES = ((7, 9.0), (9, 8.0), (12, 6.2), (99, 5.5))
_NARROW_NAME = 5


class Source:
    """The typst source of one composition; ``rows`` are the rows of each part of a table."""

    def __init__(self, composition: Composition, look: Look):
        if look.rules not in RULES:
            raise ValueError(f"typst does not draw rules as {look.rules}")
        self.look = look
        self.manner = composition.manner
        self.rows: list[tuple[str, list[Sequence[Box]]]] = []
        self.lines = [self._page_setup(), _PRELUDE]
        for block in composition.blocks:
            if isinstance(block, PageBreak):
                self.lines.append("#pagebreak(weak: true)")
            elif isinstance(block, Table):
                self._table(block)
            elif isinstance(block, Pressed):
                self._words(Words(block.text, "paragraph"))
            else:
                self._words(block)
        self.text = "\n".join(self.lines)

    def _page_setup(self) -> str:
        width, height = self.look.size
        mark = ""
        if self.look.watermark != "none":
            turn = "rotate(-38deg, " if self.look.watermark == "oblique" else "("
            where = "foreground" if self.look.watermark_over else "background"
            mark = f", {where}: {turn}mark[{WATERMARK}])"
        font = "Noto Serif SC" if self.look.serif else "Noto Sans SC"
        bold = ", stroke: 0.3pt" if self.look.fake_bold else ""
        return (
            "#let mark(body) = text(size: 64pt, fill: luma(205), body)\n"
            f"#set text(font: {_string(font)}, size: 9pt, lang: {_string('zh')}, ligatures: false,"
            f" features: (ccmp: 0){bold})\n"
            f"#set page(width: {width}pt, height: {height}pt, margin: 42pt{mark},\n"
            '  footer: context align(center, text(size: 9pt, "第 " + counter(page).display() + " 页")))'
        )

    def _words(self, words: Words) -> None:
        size, above, where = _STYLES[words.style]
        texts = [words.text]
        if words.split != "no":
            texts = [words.text[:-1].rstrip(), words.text[-1]]
        for text in texts:
            title, _, page = text.partition("\t")
            body = f"#{_string(title)}"
            if page:
                body += f" #box(width: 1fr, repeat[.]) #{_string(page)}"
            elif words.style == "paragraph":
                body = f"#h(2em)#{_string(title)}"
            elif words.style == "head" and text.count(" ") == 2:
                body = "#h(1fr)".join(f"#{_string(t)}" for t in text.split(" "))
            self.lines.append(f"#words({size}pt, {above}pt, {where})[{body}]")

    # --- tables -----------------------------------------------------------------------------

    def _table(self, table: Table) -> None:
        cut = parts(table, self.manner, self.look)
        columns = len((*table.header, *table.body)[0])
        size = next(size for most, size in _SIZES if columns <= most)
        if not self.look.landscape and self.look.paper == "A4":
            size *= 0.8
        widths = self._widths([*table.header, *table.body], size, fixed=len(cut) > 1)
        for number, (header, body) in enumerate(cut):
            if number:
                self.lines.append("#pagebreak()")
            self._part(table.form, header, body, size, widths)
            if self.look.stamp:
                self.lines.append(_stamp())

    def _widths(self, rows: Rows, size: float, *, fixed: bool) -> str:
        """Columns as typst finds them; by their longest texts where parts must have the same."""
        longest = [2] * len(rows[0])
        for span in spans(rows):
            if span.columns == 1:
                text = span.box.text
                letters = len(text) * (0.6 if NUMBER.fullmatch(text) else 1)
                most = 99 if NUMBER.fullmatch(text) else 5 if span.row < 3 else 14
                longest[span.column] = max(longest[span.column], min(math.ceil(letters), most))
        if fixed and not self.look.wrapped_names:
            return ", ".join(f"{n}fr" for n in longest)
        if self.look.wrapped_names:
            return ", ".join(
                f"{min(n, _NARROW_NAME) * size + 9 if n > 9 else n * size + 9}pt" for n in longest
            )
        return ", ".join(["auto"] * len(longest))

    def _part(self, form: str, header: Rows, body: Rows, size: float, widths: str) -> None:
        rows = [*header, *body]
        part = len(self.rows)
        self.rows.append((form, rows))
        head: list[str] = []
        rest: list[str] = []
        marked: set[int] = set()
        for span in spans(rows):
            mark = "" if span.row in marked else f"#m({part},{span.row})"
            marked.add(span.row)
            (head if span.row < len(header) else rest).append(self._cell(mark, span, len(header), rows))
        repeat = "true" if self.manner.repeat_header or self.look.repeat_header else "false"
        gutter = ", gutter: 1.2pt" if self.look.rules == "double" else ""
        stroke = {"none": "none", "horizontal": "(x: none, y: 0.5pt)"}.get(self.look.rules, "0.5pt")
        top = f"table.header(repeat: {repeat}, {', '.join(head)})," if head else ""
        self.lines.append(
            f"#[#set text(size: {size}pt)\n#table(columns: ({widths},), inset: 3pt{gutter}, stroke: {stroke},"
            f" {top}\n{', '.join(rest)})]"
        )

    def _cell(self, mark: str, span: Span, head: int, rows: Rows) -> str:
        text = span.box.text
        number = bool(NUMBER.fullmatch(text)) or span.box.fact is not None
        where = "center" if span.row < head else "right" if number and span.column else "left"
        settings = [f"align: {where} + horizon"]
        if span.rows > 1:
            settings.append(f"rowspan: {span.rows}")
        if span.columns > 1:
            settings.append(f"colspan: {span.columns}")
        if self.look.filled_header and span.row < head:
            settings.append("fill: luma(221)")
        if self.look.open_sides and self.look.rules == "strokes":
            left = "0pt" if span.column == 0 else "0.5pt"
            right = "0pt" if span.column + span.columns == len(rows[0]) else "0.5pt"
            settings.append(f"stroke: (left: {left}, right: {right}, top: 0.5pt, bottom: 0.5pt)")
        return f"table.cell({', '.join(settings)})[{mark}{self._run(text)}]"

    def _run(self, text: str) -> str:
        if not text:
            return ""
        if not self.look.odd_spacing:
            return f"#{_string(text)}"
        if NUMBER.fullmatch(text):
            cut = len(text) // 2
            return f"#text(tracking: 0.35pt)[#{_string(text[:cut])}#{_string(text[cut:])}]"
        return f"#{_string(odd_spacing(text) or text)}"


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _stamp() -> str:
    """A red seal over the lower right of what stands above it."""
    red, radius = "rgb(220, 20, 20)", 45
    name = "示例市财政局决算专用章"
    points = [math.radians(-90 + k * 144) for k in range(5)]
    star = ", ".join(
        f"({radius + 14 * math.cos(a):.2f}pt, {radius + 14 * math.sin(a):.2f}pt)" for a in points
    )
    letters = []
    for k, letter in enumerate(name):
        angle = -110 + 220 * k / (len(name) - 1)
        a = math.radians(angle - 90)
        x, y = radius + 34 * math.cos(a), radius + 34 * math.sin(a)
        letters.append(
            f"#place(dx: {x - 4.5:.2f}pt, dy: {y - 4.5:.2f}pt, rotate({angle:.1f}deg,"
            f" text(size: 9pt, fill: {red}, {_string(letter)})))"
        )
    return (
        f"#place(right, dx: -30pt, dy: {-2 * radius}pt, box(width: {2 * radius}pt, height: {2 * radius}pt)["
        f"#place(circle(radius: {radius}pt, stroke: 2pt + {red}))"
        f"#place(polygon(fill: {red}, fill-rule: {_string('non-zero')}, {star}))"
        + "".join(letters)
        + f"#place(dx: 29pt, dy: 62pt, text(size: 8pt, fill: {red}, {_string('公开专用')}))])"
    )


def _grids(
    rows: Sequence[tuple[str, list[Sequence[Box]]]], places: Sequence[Sequence[int]]
) -> list[PlacedGrid]:
    """The part of each table on each page: rows in printed order, a repeated header where it stands."""
    pages: dict[tuple[int, int], set[int]] = {}
    for part, row, page in places:
        pages.setdefault((page, part), set()).add(row)
    grids = []
    for (page, part), marked in sorted(pages.items()):
        form, boxes = rows[part]
        grids.append(PlacedGrid(page, 0, form, placed([boxes[row] for row in sorted(marked)])))
    return grids


def print_pdf(disclosure: Disclosure, manner: Manner | None = None, look: Look | None = None) -> PrintedPdf:
    """The disclosure as a PDF by typst in the given manner and look."""
    return set_pdf(compose(disclosure, manner), look or Look())


def set_pdf(composition: Composition, look: Look) -> PrintedPdf:
    """A composition as a PDF by typst."""
    source = Source(composition, look)
    text = source.text.encode()
    fonts = {"font_paths": [str(font_folder())], "ignore_system_fonts": True}
    data = typst.compile(text, format="pdf", **fonts)
    places = json.loads(typst.query(text, "<row>", field="value", **fonts))
    grids = numbered(_grids(source.rows, places))
    return PrintedPdf(finish(data, look, {g.page for g in grids}), composition.truth, grids, look)
