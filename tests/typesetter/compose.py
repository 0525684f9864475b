"""Composes a disclosure into blocks that know no medium: words with a style, and grids.

Belongs here: the order of the parts of a document, and what stands around each grid.
Does not belong here: the layout of a grid (``layout``), lines and bytes (``text``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from pipelines.vocabulary import forms
from tests.typesetter import narrative
from tests.typesetter.claims import Sentence, TruthClaim, claims_of, text_of
from tests.typesetter.figures import Disclosure, StatementFigures
from tests.typesetter.layout import Layout, Table, ordinal, printed_cells
from tests.typesetter.manner import Hand, Manner
from tests.typesetter.templates import template
from tests.typesetter.told import Narrator
from tests.typesetter.truth import Truth, TruthStatement

Style = Literal[
    "cover", "title", "number", "head", "part", "section", "paragraph", "contents", "note", "watermark"
]


@dataclass(frozen=True)
class Words:
    """A line of words. ``split`` breaks it in two where the document did."""

    text: str
    style: Style
    split: Literal["no", "line", "blank"] = "no"


@dataclass(frozen=True)
class Pressed:
    """A whole table that stands in one line of words."""

    table: Table
    text: str


@dataclass(frozen=True)
class PageBreak:
    """A new page begins here."""


Block = Words | Table | Pressed | PageBreak


@dataclass(frozen=True)
class Composition:
    """A document ready for any medium, and what is true of it."""

    blocks: tuple[Block, ...]
    manner: Manner
    truth: Truth


class Composer:
    """Composes one disclosure in one manner."""

    def __init__(self, disclosure: Disclosure, manner: Manner):
        self.disclosure = disclosure
        self.template = template(disclosure.template)
        self.manner = replace(manner, half_width=manner.half_width or self.template["half_width"])
        self.hand = Hand(self.manner)
        self.statements: list[TruthStatement] = []
        self.claims: list[TruthClaim] = []
        self._paragraphs = 0

    def compose(self) -> Composition:
        """All blocks in the order of the template."""
        blocks = [*self._cover(), *self._contents()]
        for number, section in enumerate(self._parts(), start=1):
            blocks.append(PageBreak())
            blocks.append(self._words(f"第{ordinal(number)}部分 {self._part(section)}", "part"))
            blocks += getattr(self, f"_{section}")()
        d = self.disclosure
        truth = Truth(
            d.unit, d.year, d.level, d.nature, d.template, d.parent, d.members,
            tuple(self.statements), tuple(self.claims),
        )  # fmt: skip
        return Composition(tuple(blocks), self.manner, truth)

    def _parts(self) -> tuple[str, ...]:
        """The parts of the document in order; without a narrative, its statements and terms alone."""
        wanted = self.manner.parts or tuple(self.template["sections"])
        silent = ("overview", "explanations") if self.manner.narrative == "none" else ()
        return tuple(part for part in wanted if part not in silent)

    def _sentence(self, sentence: Sentence) -> Iterator[Words]:
        """A paragraph of the full narrative; each n-th is cut in two by the end of a page."""
        self.claims += claims_of(sentence)
        text, every = text_of(sentence), self.manner.text_cut_every
        self._paragraphs += 1
        at = len(text) // 2
        # A page ends between two words, and not within the mark of an item or a line too short to wrap.
        if every and self._paragraphs % every == 0 and at > 14:
            yield self._words(text[:at], "paragraph")
            yield self._words(text[at:], "paragraph")
        else:
            yield self._words(text, "paragraph")

    def _words(self, text: str, style: Style) -> Words:
        return Words(self.hand.words(text), style)

    def _part(self, section: str) -> str:
        return str(self.template["part_titles"][section]).format(year=self.disclosure.year)

    def _cover(self) -> Iterator[Block]:
        for line in self.template["cover"]:
            d = self.disclosure
            yield self._words(line.format(unit=d.unit, year=d.year, level=d.level), "cover")

    def _contents(self) -> Iterator[Block]:
        if not self.manner.contents:
            return
        yield PageBreak()
        yield self._words(self.template["contents_heading"], "section")
        titles = {
            "tables": [self._title(form) for form in self.template["statements"]],
            "explanations": [title for title, _ in narrative.explanations(self.disclosure)],
        }
        page = 0
        for number, section in enumerate(self._parts(), start=1):
            yield self._words(f"第{ordinal(number)}部分 {self._part(section)}", "contents")
            for place, title in enumerate(titles.get(section, ()), start=1):
                page += 1
                line = self.template["contents"].format(ordinal=ordinal(place), title=title, page=page)
                yield self._words(line, "contents")

    def _overview(self) -> Iterator[Block]:
        if self.manner.narrative == "full":
            told = Narrator(self.disclosure, self.manner).overview()
            for title, paragraphs in zip(self.template["overview_titles"], told, strict=True):
                yield self._words(title, "section")
                for paragraph in paragraphs:
                    yield from self._sentence(paragraph)
            return
        for title, sentences in zip(
            self.template["overview_titles"], narrative.overview(self.disclosure), strict=True
        ):
            yield self._words(title, "section")
            yield from (self._words(s, "paragraph") for s in sentences)

    def _explanations(self) -> Iterator[Block]:
        if self.manner.narrative == "full":
            told = Narrator(self.disclosure, self.manner).sections()
            for number, (title, paragraphs) in enumerate(told, start=1):
                yield self._words(f"{ordinal(number)}、{title}", "section")
                for paragraph in paragraphs:
                    if isinstance(paragraph, str):
                        yield self._words(paragraph, "section")
                    else:
                        yield from self._sentence(paragraph)
            return
        for number, (title, sentences) in enumerate(narrative.explanations(self.disclosure), start=1):
            yield self._words(f"{ordinal(number)}、{title}", "section")
            yield from (self._words(s, "paragraph") for s in sentences)

    def _terms(self) -> Iterator[Block]:
        yield from (self._words(s, "paragraph") for s in narrative.terms())

    def _tables(self) -> Iterator[Block]:
        for number, (form, style) in enumerate(self.template["statements"].items(), start=1):
            figures = self.disclosure.statement(form)
            if figures is None:
                if self.manner.contents:
                    self.statements.append(TruthStatement(form, "缺失", None, None, None, 0, ()))
                continue
            yield PageBreak()
            yield from self._statement(number, figures, style)

    # --- one statement ----------------------------------------------------------------------

    def _title(self, form: str) -> str:
        return str(self.template["statements"][form].get("title", forms()[form].titles[0]))

    def _statement(self, number: int, figures: StatementFigures, style: dict[str, Any]) -> Iterator[Block]:
        form = forms()[figures.form]
        table = Layout(form, figures, self.template, self.hand).table()
        pressed = form.id in self.manner.pressed and figures.empty
        title = None if form.id in self.manner.missing_titles else self._words(self._title(form.id), "title")
        numbering = None
        if self.template["number"] and form.id not in self.manner.missing_numbers:
            text = self.template["number"].format(number=number)
            numbering = Words(text, "number", self.manner.split_numbers)
        yield from (block for block in (title, numbering) if block)
        if pressed:
            head = " ".join(self._head(form.id, style, unit=False))
            words = " ".join((*printed_cells(table.header), *printed_cells(table.body)))
            yield Pressed(table, f"{head} {words}")
        else:
            yield from self._heads(form.id, style)
            yield table
        declared = figures.empty and self.manner.nil == "declared"
        yield from self._notes(style, form.notes[0])
        if declared:
            yield self._words(self.template["nil"].format(unit=self.disclosure.unit), "note")
        self.statements.append(
            TruthStatement(
                form=form.id,
                state="有数" if not figures.empty else "无数据" if declared else "空表",
                title_printed=title.text if title else None,
                number_printed=numbering.text if numbering else None,
                money_unit=self.manner.money_unit,
                rows=table.row_count,
                cells=table.facts,
            )
        )

    def _head(self, form_id: str, style: dict[str, Any], *, unit: bool) -> list[str]:
        """单位, 年度 and 金额单位 as they stand over the grid, those that are printed."""
        label = style.get("unit_label", self.template["unit_label"])
        parts = [f"{label}{self.disclosure.unit}"] if unit and label else []
        if self.template["year"]:
            parts.append(self.template["year"].format(year=self.disclosure.year))
        # A table in 元 always says so: 万元 is what a silent one is taken for from its sisters.
        silent = form_id in self.template.get("no_money", ()) and self.manner.money_unit == "万元"
        if not silent and form_id not in self.manner.missing_money:
            money = style.get("money_label", self.template["money_label"])
            parts.append(f"{money}{self.manner.money_unit}")
        return [self.hand.words(part) for part in parts]

    def _heads(self, form_id: str, style: dict[str, Any]) -> Iterator[Block]:
        parts = self._head(form_id, style, unit=True)
        shape = self.manner.head or self.template["head"]
        if shape == "lines":
            yield from (Words(part, "head") for part in parts)
        else:
            yield Words((" " if shape == "line" else "").join(parts), "head")

    def _notes(self, style: dict[str, Any], note: str) -> Iterator[Block]:
        if not self.template.get("notes", True):
            return
        text = style.get("note", note) + self.template["notes_end"] + style.get("more_notes", "")
        yield self._words(f"注：{text}", "note")
        if "extra_note" in self.template:
            yield self._words(self.template["extra_note"], "note")


def compose(disclosure: Disclosure, manner: Manner | None = None) -> Composition:
    """The disclosure as blocks, with the truth about it."""
    return Composer(disclosure, manner or Manner()).compose()
