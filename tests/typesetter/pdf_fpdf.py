"""Prints a composition as PDF with fpdf2: it places every letter and draws every rule itself.

Belongs here: the geometry of these pages: columns, rows, page breaks, rules, watermark, stamp.
Does not belong here: what is printed, and what is done to the finished file (``pdf_finish``).
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from functools import cache, lru_cache
from pathlib import Path

import fpdf
from fontTools import subset
from fontTools.ttLib import TTFont

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
    continued,
    font_folder,
    numbered,
    odd_spacing,
    parts,
    placed,
    spans,
)
from tests.typesetter.pdf_finish import PRINTED_AT, finish

MARGIN = 42.0
LEADING = 1.28
PAD = 2.4
RULE = 0.5
_SPACING = 0.35
_SIZES = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0, 4.5)
_LEADER = "."
# Style of words: size, alignment, space above.
_STYLES = {
    "cover": (26.0, "C", 90.0),
    "title": (16.0, "C", 8.0),
    "number": (9.0, "L", 2.0),
    "head": (9.0, "L", 2.0),
    "part": (20.0, "C", 60.0),
    "section": (13.0, "L", 8.0),
    "paragraph": (11.0, "J", 4.0),
    "contents": (11.0, "T", 4.0),
    "note": (8.0, "L", 3.0),
    "watermark": (9.0, "C", 2.0),
}


@cache
def _alphabet() -> str:
    """Every character that the typesetter and the forms know: what the corpus can print."""
    root = Path(__file__).parents[2]
    folders = ("pipelines/forms", "pipelines/references", "tests/typesetter")
    files = [p for f in folders for p in (root / f).rglob("*") if p.suffix in (".yml", ".csv", ".py")]
    text = "".join(p.read_text("utf-8") for p in files) + "".join(map(chr, range(32, 127)))
    return "".join(sorted(set(text) | set("示例市县区局中心服务０１２３４５６７８９．，"))).replace("\n", "")


@cache
def _font_file(serif: bool) -> Path:
    """A font of the alphabet alone: cutting the whole one for each document takes seconds."""
    name = "NotoSerifSC-Regular.otf" if serif else "NotoSansSC-Regular.otf"
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.desubroutinize = True
    options.drop_tables += ["vhea", "vmtx", "VORG", "GSUB", "GPOS", "GDEF", "BASE"]
    font = TTFont(font_folder() / name, lazy=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=_alphabet())
    subsetter.subset(font)
    folder = Path(tempfile.mkdtemp(prefix="typesetter-"))
    font.save(folder / name)
    return folder / name


class Press:
    """Prints one composition."""

    def __init__(self, composition: Composition, look: Look):
        self.look = look
        self.manner = composition.manner
        self.width, self.height = look.size
        self.pdf = fpdf.FPDF(unit="pt", format=look.size)
        self.pdf.set_creation_date(PRINTED_AT)
        self.pdf.set_auto_page_break(False)
        self.pdf.add_font("body", "", _font_file(look.serif))
        # Of all that is done to embed a font this takes longest, and changes nothing here.
        self.pdf.fonts["body"].ttfont.recalcBBoxes = False
        self.pdf.set_font("body", "", 10)
        self.widths = lru_cache(maxsize=None)(self._letter)
        self.grids: list[PlacedGrid] = []
        self.table_pages: set[int] = set()
        self.y = self.height
        for block in composition.blocks:
            if isinstance(block, PageBreak):
                self._page()
            elif isinstance(block, Table):
                self._table(block)
            elif isinstance(block, Pressed):
                self._words(Words(block.text, "paragraph"))
            else:
                self._words(block)
        self._end_page()

    # --- pages ------------------------------------------------------------------------------

    def _page(self) -> None:
        self._end_page()
        self.pdf.add_page()
        self.y = MARGIN
        if self.look.filled_header:
            self._fill(0, 0, self.width, self.height, 255)
        if not self.look.watermark_over:
            self._watermark()

    def _end_page(self) -> None:
        if not self.pdf.page:
            return
        if self.look.watermark_over:
            self._watermark()
        text = f"- {self.pdf.page} -"
        self._text((self.width - self._length(text, 9)) / 2, self.height - MARGIN / 2, text, 9)

    def _room(self, height: float) -> None:
        """Go to a new page unless so much height is left."""
        if not self.pdf.page or self.y + height > self.height - MARGIN:
            self._page()

    def _watermark(self) -> None:
        if self.look.watermark == "none":
            return
        size = 64.0
        x, y = self.width / 2, self.height / 2
        length = self._length(WATERMARK, size)
        oblique = self.look.watermark == "oblique"
        self.pdf.set_text_color(205, 205, 205)
        with self.pdf.rotation(38, x, y) if oblique else nullcontext():
            self._text(x - length / 2, y, WATERMARK, size)
        self.pdf.set_text_color(0, 0, 0)

    def _stamp(self, x: float, y: float, radius: float) -> None:
        """A red seal: circle, star, the office's name along the circle, and a line across."""
        self.pdf.set_draw_color(220, 20, 20)
        self.pdf.set_fill_color(220, 20, 20)
        self.pdf.set_text_color(220, 20, 20)
        self.pdf.set_line_width(2)
        self.pdf.circle(x, y, radius, style="D")
        points = [math.radians(-90 + k * 144) for k in range(5)]
        star = [(x + radius * 0.3 * math.cos(a), y + radius * 0.3 * math.sin(a)) for a in points]
        self.pdf.polygon(star, style="F")
        name, size = "示例市财政局决算专用章", 9.0
        for k, letter in enumerate(name):
            angle = -110 + 220 * k / (len(name) - 1)
            with self.pdf.rotation(-angle, x, y):
                self._text(x - size / 2, y - radius + size + 4, letter, size)
        self._text(x - self._length("公开专用", 8) / 2, y + radius * 0.55, "公开专用", 8)
        self.pdf.set_text_color(0, 0, 0)
        self.pdf.set_draw_color(0, 0, 0)

    # --- words ------------------------------------------------------------------------------

    def _letter(self, letter: str) -> float:
        """The width of a letter in ems."""
        self.pdf.set_font_size(1000)
        return float(self.pdf.get_string_width(letter)) / 1000

    def _length(self, text: str, size: float) -> float:
        return sum(map(self.widths, text)) * size

    def _text(self, x: float, baseline: float, text: str, size: float) -> None:
        self.pdf.set_font_size(size)
        self.pdf.text(x, baseline, text)
        if self.look.fake_bold:
            self.pdf.text(x + 0.3, baseline, text)

    def _wrap(self, text: str, size: float, width: float) -> list[str]:
        """Lines no wider than the width; a number is never cut."""
        lines, line = [], ""
        for word in re.findall(r"[\d.,%\-]+|.", text):
            if line and self._length(line + word, size) > width:
                lines.append(line)
                line = ""
            line += word
        return [*lines, line]

    def _words(self, words: Words) -> None:
        size, align, above = _STYLES[words.style]
        if not self.pdf.page:
            self._page()
        width = self.width - 2 * MARGIN
        if words.style == "head" and words.text.count(" ") == 2:
            self._spread(words.text.split(" "), size, above)
            return
        texts = [words.text]
        if words.split != "no":
            texts = [words.text[:-1].rstrip(), words.text[-1]]
        indent = 2 * size if align == "J" else 0
        self.y += above
        for text in texts:
            if align == "T":
                self._contents(text, size, width)
                continue
            lines = self._wrap("\u3000\u3000" + text if indent else text, size, width)
            for line in lines:
                self._room(size * LEADING)
                length = self._length(line, size)
                x = MARGIN + ((width - length) / 2 if align == "C" else 0)
                self._text(x, self.y + size, line, size)
                self.y += size * LEADING * (1.2 if align == "J" else 1)

    def _spread(self, texts: Sequence[str], size: float, above: float) -> None:
        """Left, middle and right of one line."""
        self.y += above
        self._room(size * LEADING)
        free = self.width - 2 * MARGIN
        for share, text in zip((0, 0.5, 1), texts, strict=True):
            self._text(MARGIN + share * (free - self._length(text, size)), self.y + size, text, size)
        self.y += size * LEADING

    def _contents(self, text: str, size: float, width: float) -> None:
        title, _, page = text.partition("\t")
        self._room(size * LEADING)
        if page:
            dots = int((width - self._length(title + page, size)) / self._length(_LEADER, size)) - 2
            title = title + _LEADER * dots + page
        self._text(MARGIN, self.y + size, title, size)
        self.y += size * LEADING

    # --- tables -----------------------------------------------------------------------------

    def _table(self, table: Table) -> None:
        cut = parts(table, self.manner, self.look)
        size, edges = self._columns([*table.header, *table.body])
        first = True
        for header, body in cut:
            if not first:
                self._page()
            first = False
            self._part(table.form, header, list(body), size, edges)
        self.y += 6

    def _columns(self, rows: Rows) -> tuple[float, list[float]]:
        """Size of letters and edges of columns: numbers whole, names and headers in a few lines."""
        count = len(rows[0])
        room = self.width - 2 * MARGIN
        longest_name = 5 if self.look.wrapped_names else 14
        for size in _SIZES:
            widths = [2 * size] * count
            for span in spans(rows):
                text = span.box.text
                if span.columns > 1 or not text:
                    continue
                if NUMBER.fullmatch(text) or span.box.fact:
                    need = self._length(text, size) + (0.4 * len(text) if self.look.odd_spacing else 0)
                else:
                    need = min(self._length(text, size), longest_name * size)
                    if span.row < 3:
                        need = min(need, 5 * size)
                widths[span.column] = max(widths[span.column], need + 2 * PAD + 1)
            if sum(widths) <= room:
                break
        else:
            raise ValueError("the table is too wide for its page")
        more = (room - sum(widths)) / count if not self.look.wrapped_names else 0
        edges = [MARGIN]
        for width in widths:
            edges.append(edges[-1] + width + more)
        return size, edges

    def _part(
        self, form: str, header: Rows, body: list[Sequence[Box]], size: float, edges: list[float]
    ) -> None:
        """Print rows, breaking pages where they are full; a header stays whole."""
        again = self.look.repeat_header or self.manner.repeat_header
        pending: list[Sequence[Box]] = list(header)
        fixed = len(header)
        heights = self._heights([*header, *body], size, edges)
        head_height = sum(heights[:fixed])
        used = head_height
        if self.y + used + (heights[fixed] if body else 0) > self.height - MARGIN:
            self._page()
        rows_heights = heights[:fixed]
        whole = [*header, *body]
        for place, (row, height) in enumerate(zip(body, heights[fixed:], strict=True), start=fixed):
            if self.y + used + height > self.height - MARGIN:
                self._fragment(form, pending, rows_heights, size, edges, fixed)
                self._page()
                pending = list(header) if again else []
                rows_heights = heights[: len(header)] if again else []
                fixed = len(pending)
                used = head_height if again else 0.0
                row = continued(whole, place)[0]
            pending.append(row)
            rows_heights = [*rows_heights, height]
            used += height
        if pending:
            self._fragment(form, pending, rows_heights, size, edges, fixed)

    def _heights(self, rows: Rows, size: float, edges: list[float]) -> list[float]:
        heights = [size * LEADING + 2 * PAD] * len(rows)
        for span in sorted(spans(rows), key=lambda s: s.rows):
            if span.box.text:
                width = edges[span.column + span.columns] - edges[span.column] - 2 * PAD
                need = len(self._wrap(span.box.text, size, width)) * size * LEADING + 2 * PAD
                short = need - sum(heights[span.row : span.row + span.rows])
                heights[span.row + span.rows - 1] += max(short, 0)
        return heights

    def _fragment(
        self, form: str, rows: Rows, heights: list[float], size: float, edges: list[float], head: int
    ) -> None:
        """Print the rows of one page."""
        levels = [self.y]
        for height in heights:
            levels.append(levels[-1] + height)
        cells = list(spans(rows))
        if self.look.filled_header and head:
            self._fill(edges[0], levels[0], edges[-1], levels[head], 221)
        self._rules(cells, edges, levels)
        for span in cells:
            self._cell(span, size, edges, levels, head)
        if self.look.stamp:
            radius = min(50.0, (levels[-1] - levels[0]) / 2)
            self._stamp(edges[-1] - radius - 30, levels[-1] - radius, radius)
        boxes = {}
        for s in cells:
            right, bottom = edges[s.column + s.columns], levels[s.row + s.rows]
            boxes[s.row, s.column] = (edges[s.column], levels[s.row], right, bottom)
        shown = placed(rows, None if self.look.turned else boxes)
        self.grids.append(PlacedGrid(self.pdf.page, 0, form, shown))
        self.table_pages.add(self.pdf.page)
        self.y = levels[-1]

    def _cell(self, span: Span, size: float, edges: list[float], levels: list[float], head: int) -> None:
        text = span.box.text
        if not text:
            return
        left, right = edges[span.column] + PAD, edges[span.column + span.columns] - PAD
        number = bool(NUMBER.fullmatch(text)) or span.box.fact is not None
        lines = self._wrap(text, size, right - left)
        middle = (levels[span.row] + levels[span.row + span.rows]) / 2
        y = middle - len(lines) * size * LEADING / 2
        for line in lines:
            length = self._length(line, size)
            x = left
            if span.row < head or text in ("合计", "总计"):
                x = (left + right - length) / 2
            elif number and span.column > 0:
                x = right - length
            self._run(x, y + size * 1.02, line, size, left, right)
            y += size * LEADING

    def _run(self, x: float, baseline: float, text: str, size: float, left: float, right: float) -> None:
        """One line of a cell: in one run, or in two with odd spacing where there is room."""
        length = self._length(text, size)
        if not self.look.odd_spacing or len(text) < 2:
            self._text(x, baseline, text, size)
            return
        cut = len(text) // 2
        spaced = _SPACING if NUMBER.fullmatch(text) else 0.0
        apart = size if odd_spacing(text) else 0.0
        more = spaced * len(text) + apart
        if length + more > right - left:
            spaced = apart = more = 0.0
        x = max(left, min(x, right - length - more))
        self.pdf.set_char_spacing(spaced)
        self._text(x, baseline, text[:cut], size)
        self._text(x + self._length(text[:cut], size) + spaced * cut + apart, baseline, text[cut:], size)
        self.pdf.set_char_spacing(0)

    # --- rules ------------------------------------------------------------------------------

    def _rules(self, cells: Sequence[Span], edges: list[float], levels: list[float]) -> None:
        rules = self.look.rules
        if rules == "none":
            return
        self.pdf.set_line_width(RULE)
        if rules == "cells":
            for s in cells:
                x, y = edges[s.column], levels[s.row]
                self.pdf.rect(x, y, edges[s.column + s.columns] - x, levels[s.row + s.rows] - y)
            return
        level, upright = _borders(cells)
        for place, runs in sorted(level.items()):
            for start, end in runs:
                self._rule(edges[start], levels[place], edges[end], levels[place])
        if rules == "horizontal":
            return
        last = len(edges) - 1
        for place, runs in sorted(upright.items()):
            if self.look.open_sides and place in (0, last):
                continue
            for start, end in runs:
                self._rule(edges[place], levels[start], edges[place], levels[end])

    def _rule(self, x1: float, y1: float, x2: float, y2: float) -> None:
        if self.look.rules == "fills":
            self._fill(x1 - RULE / 2, y1 - RULE / 2, x2 + RULE / 2, y2 + RULE / 2, 0)
        elif self.look.rules == "double":
            dx, dy = (0.8, 0.0) if x1 == x2 else (0.0, 0.8)
            self.pdf.line(x1 - dx, y1 - dy, x2 - dx, y2 - dy)
            self.pdf.line(x1 + dx, y1 + dy, x2 + dx, y2 + dy)
        else:
            self.pdf.line(x1, y1, x2, y2)

    def _fill(self, x1: float, y1: float, x2: float, y2: float, grey: int) -> None:
        self.pdf.set_fill_color(grey, grey, grey)
        self.pdf.rect(x1, y1, x2 - x1, y2 - y1, style="F")


Runs = dict[int, list[tuple[int, int]]]


def _borders(cells: Iterable[Span]) -> tuple[Runs, Runs]:
    """Level and upright borders as runs of elementary edges, each drawn once and as long as it is."""
    level: set[tuple[int, int]] = set()
    upright: set[tuple[int, int]] = set()
    for s in cells:
        for c in range(s.column, s.column + s.columns):
            level |= {(s.row, c), (s.row + s.rows, c)}
        for r in range(s.row, s.row + s.rows):
            upright |= {(s.column, r), (s.column + s.columns, r)}
    return _runs(level), _runs(upright)


def _runs(steps: set[tuple[int, int]]) -> Runs:
    runs: Runs = {}
    for place, step in sorted(steps):
        found = runs.setdefault(place, [])
        if found and found[-1][1] == step:
            found[-1] = (found[-1][0], step + 1)
        else:
            found.append((step, step + 1))
    return runs


def print_pdf(disclosure: Disclosure, manner: Manner | None = None, look: Look | None = None) -> PrintedPdf:
    """The disclosure as a PDF by fpdf2 in the given manner and look."""
    return set_pdf(compose(disclosure, manner), look or Look())


def set_pdf(composition: Composition, look: Look) -> PrintedPdf:
    """A composition as a PDF by fpdf2."""
    press = Press(composition, look)
    data = finish(bytes(press.pdf.output()), look, press.table_pages)
    return PrintedPdf(data, composition.truth, numbered(press.grids), look)
