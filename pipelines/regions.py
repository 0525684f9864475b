"""Where a document's statements stand: its blocks cut into regions, its table of contents read.

Belongs here: what opens a region (title, number, unit line, a head of columns), what continues it
over page breaks, what ends it (notes, headings). Does not belong here: columns and rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipelines.header import opens_head, signature
from pipelines.locators import order, row_place
from pipelines.model import Block, Grid, Line
from pipelines.vocabulary import Form
from pipelines.wording import fold, is_watermark, name_key, spaced_fold, title_form, wording

_LEADERS = re.compile(r"[.…·\s]*\d*$")
# A line longer than this is a paragraph, not a title, a heading or a damaged scrap of a table.
_LONGEST_SCRAP = 40
_LONGEST_ENTRY = 60
_LONGEST_LOOK = 300
# A line that was wrapped is nearly as long as the page is wide; one that ends a sentence was not.
_WRAPPED_FROM = 25
_SENTENCE_ENDS = frozenset("。;!?.)")
# A table pressed into one line holds at least this many words.
_FEWEST_PRESSED_WORDS = 6


@dataclass(slots=True)
class Region:
    """One statement's place in the document, from its first line to its last note."""

    title: Line | None = None
    numbers: list[Line] = field(default_factory=list)
    meta: list[Line] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    pressed: list[Line] = field(default_factory=list)
    strays: list[Line] = field(default_factory=list)
    noise: list[Line] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)

    @property
    def form(self) -> Form | None:
        """The form that the title names."""
        return title_form(self.title.text) if self.title else None

    @property
    def has_table(self) -> bool:
        """Whether anything of a table has been seen."""
        return bool(self.grids or self.pressed)

    def locators(self) -> list[str]:
        """The places of all lines and rows of the region, unsorted."""
        lines = [*self.numbers, *self.meta, *self.pressed, *self.strays, *self.noise, *self.notes]
        found = [line.locator for line in ([self.title] if self.title else []) + lines]
        return found + [row_place(row[0].locator) for grid in self.grids for row in grid.rows]

    @property
    def begins(self) -> str:
        """The place of its first line or row."""
        return min(self.locators(), key=order)


@dataclass(slots=True)
class Layout:
    """A document cut up: its table of contents, its statements' regions, its attachments and the rest."""

    contents: list[Line]
    regions: list[Region]
    text: list[Line]
    attachments: list[Block]
    other_grids: list[Grid]


def cut(blocks: Sequence[Block]) -> Layout:
    """Cut a document's blocks into regions. Every block is in exactly one part of the result."""
    contents, rest = _contents(blocks)
    cutter = _Cutter(Layout(contents, [], [], [], []))
    for block in rest:
        if isinstance(block, Grid):
            for grid in _apart(block):
                cutter.grid(grid)
        else:
            cutter.line(block)
    cutter.close()
    return cutter.layout


def _apart(grid: Grid) -> list[Grid]:
    """A grid cut where the head of another form begins in it: two tables that lost what was between."""
    named = signature(grid.rows)
    for i in range(1, len(grid.rows)):
        if not opens_head(grid.rows[i]) or opens_head(grid.rows[i - 1]):
            continue
        other = signature(grid.rows[i:])
        if other and named and not set(other) & set(named):
            return [replace(grid, rows=grid.rows[:i]), *_apart(replace(grid, rows=grid.rows[i:]))]
    return [grid]


def entry_key(text: str) -> str:
    """A contents entry or heading as compared: folded, without leaders and page number."""
    return name_key(_LEADERS.sub("", spaced_fold(text)))


def _contents(blocks: Sequence[Block]) -> tuple[list[Line], list[Block]]:
    """The entries of the table of contents, and all blocks that are not in it."""
    start = next(
        (
            i
            for i, b in enumerate(blocks)
            if isinstance(b, Line) and len(b.text) <= _LONGEST_ENTRY and wording().toc.search(fold(b.text))
        ),
        None,
    )
    if start is None:
        return [], list(blocks)
    entries: list[Line] = []
    for i in range(start + 1, len(blocks)):
        lines = _entries(blocks[i])
        first = entry_key(entries[0].text) if entries else None
        if lines is None or (first and entry_key(lines[0].text) == first):
            end = i
            # A title that was taken for an entry belongs to the table whose first line came now.
            if lines is None and entries and blocks[i - 1] == entries[-1] and _opens(blocks[i]):
                entries.pop()
                end = i - 1
            return entries, [*blocks[:start], *blocks[end:]]
        entries += lines
    return entries, list(blocks[:start])


def _entries(block: Block) -> list[Line] | None:
    """The contents entries that a block holds, or None if it is none of the contents."""
    if isinstance(block, Line):
        folded = fold(block.text[:_LONGEST_LOOK])
        if len(folded) > _LONGEST_ENTRY or "。" in folded or _opens(block):
            return None
        return [block]
    entries = []
    for row in block.rows:
        texts = [cell for cell in row if cell.text]
        if len(texts) > 2 or (len(texts) == 2 and not fold(texts[1].text).strip(".…·").isdigit()):
            return None
        if texts:
            entries.append(Line(" ".join(cell.text for cell in texts), row_place(texts[0].locator)))
    return entries or None


def _opens(block: Block) -> bool:
    """Whether a line is one that only stands above a table (number, unit or money line)."""
    if not isinstance(block, Line):
        return False
    return _is_number(block) or _is_meta(block)


def _is_number(line: Line) -> bool:
    return len(line.text) <= _LONGEST_ENTRY and bool(wording().table_number.search(fold(line.text)))


def _is_meta(line: Line) -> bool:
    """A line of unit, year or money unit and nothing else."""
    w, text = wording(), spaced_fold(line.text[:_LONGEST_LOOK])
    if len(text) > _LONGEST_ENTRY * 2 or "。" in text:
        return False
    return bool(w.money_unit.search(text) or w.unit.match(text) or w.year.fullmatch(text))


def _speaks(line: Line) -> bool:
    """Whether a line that every page repeats says something of the table below it."""
    return title_form(line.text) is not None or _is_number(line) or _is_meta(line)


class _Cutter:
    """Walks over the blocks once, with the region that is open."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.open: Region | None = None
        self.in_attachments = False

    def close(self) -> None:
        region, self.open = self.open, None
        if region is None:
            return
        if region.title is None and not region.has_table and not region.strays:
            # Only a unit or year line: text of the cover or of an attachment.
            self.layout.text += [*region.numbers, *region.meta, *region.noise, *region.notes]
            return
        self.layout.regions.append(region)

    def _begin(self) -> Region:
        self.close()
        self.open = Region()
        return self.open

    def line(self, line: Line) -> None:
        # Nothing that stands at a table is as long as a paragraph; a note is known by its beginning.
        folded = fold(line.text[:_LONGEST_LOOK])
        w = wording()
        if is_watermark(line.text) or (line.furniture and not _speaks(line)):
            (self.open.noise if self.open else self.layout.text).append(line)
        elif title_form(line.text) is not None:
            self._begin().title = line
            self.in_attachments = False
        elif w.attachment_section.search(folded) or w.is_attachment_title(folded):
            self.close()
            self.in_attachments = True
            self.layout.attachments.append(line)
        elif self.in_attachments and not w.opens_part(folded):
            self.layout.attachments.append(line)
        elif _is_number(line):
            self._preamble().numbers.append(line)
        elif (
            self.open and self.open.numbers and w.table_number_tail.search(folded) and not self.open.has_table
        ):
            self.open.numbers.append(line)
        elif self.open and self._is_note(folded):
            self.open.notes.append(line)
        elif self.open and self._is_pressed(line):
            self.open.pressed.append(line)
        elif _is_meta(line):
            self._preamble().meta.append(line)
        elif self.open is None or self.open.notes or len(folded) > _LONGEST_SCRAP or w.is_heading(folded):
            self.close()
            self.in_attachments = False
            self.layout.text.append(line)
        else:
            self.open.strays.append(line)

    def _is_note(self, folded: str) -> bool:
        """Whether a line is a note, or goes on with one that was wrapped at the page's width."""
        if wording().is_note(folded):
            return self._is_below_table()
        if self.open is None or not self.open.notes or wording().is_heading(folded):
            return False
        before = fold(self.open.notes[-1].text)
        return len(before) >= _WRAPPED_FROM and before[-1] not in _SENTENCE_ENDS

    def _is_below_table(self) -> bool:
        return self.open is not None and (
            self.open.has_table or bool(self.open.notes) or self.open.title is not None
        )

    def _is_pressed(self, line: Line) -> bool:
        """A whole table in one line: many words, 栏次 among them, and no grid yet."""
        words = line.text.split()
        if self.open is None or self.open.grids or len(words) < _FEWEST_PRESSED_WORDS:
            return False
        return any(fold(word) in wording().column_numbers for word in words)

    def _preamble(self) -> Region:
        """The region that a unit, year or number line belongs to: a new one after notes."""
        if self.open is None or self.open.notes:
            return self._begin()
        if self.open.grids and self.open.title is None and not self.open.numbers:
            return self._begin()
        return self.open

    def grid(self, grid: Grid) -> None:
        named = signature(grid.rows)
        region = self.open
        if region and region.notes and not region.has_table and region.form in named:
            region.grids.append(grid)
            return
        if region and region.notes:
            self.close()
            region = None
        if region and region.grids and named:
            earlier = signature(region.grids[0].rows)
            if earlier and not set(named) & set(earlier):
                self.close()
                region = None
        if region is not None:
            region.grids.append(grid)
        elif named and not self.in_attachments:
            self._begin().grids.append(grid)
        elif self.in_attachments:
            self.layout.attachments.append(grid)
        else:
            self.layout.other_grids.append(grid)
