"""Persons in a document: their names and telephone numbers, hidden wherever its text is kept or shown.

Belongs here: hiding what ``PersonalDatum`` rows name, in a text, a document as read, and its part of the
lake. Does not belong here: finding persons in a form, and the setting that publishes them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pipelines.model import Block, CellReading, CellRole, Content, DocumentPart, Line
from pipelines.performance.records import PersonalDatum
from pipelines.performance.told_persons import told_persons

Record = TypeVar("Record")

MASK = "***"

# What separates the persons of one cell (张三、李四).
_BETWEEN = re.compile(r"[、,，;；/|()（）:：]+")
# Only what can be nothing else is looked for outside the cell where it stands: a Chinese name of two to four
# characters, a number of seven digits or more. Offices are nobody's data, and stand all over a document.
_NAME = re.compile(r"[\u3400-\u9fff·]{2,4}")
_NUMBER = re.compile(r"(?:[-+]?\d){7,}")
_OFFICE = re.compile(
    r"(?:[局处科所部院组校]长|主任|书记|科员|职员|干事|会计|出纳|医师|护士|主管|成员|负责人|[局处科所部院委办室组]|中心)$"
)

# The texts that quote a document, by field of ``DocumentPart``. Names of projects, units and indicators are
# no quotation: they are what the rows are about.
_QUOTED = {
    "evidence": ("printed",),
    "cells": ("text",),
    "claims": ("sentence", "value_printed"),
    "ignored_numbers": ("text",),
    "marks": ("text", "value"),
    "performance_forms": ("note",),
    "performance_fields": ("text", "printed", "reason"),
    "performance_funding": ("reason",),
    "performance_tasks": ("task", "reason"),
    "performance_indicators": ("target", "achieved", "deviation", "improvement", "reason"),
    "issues": ("object", "reason", "text"),
}
# Those names, of which nothing is hidden but what says itself that it is a person's (项目负责人：某某).
_NAMES = {
    "evidence": ("value",),
    "relations": ("name", "printed"),
    "performance_forms": ("title_printed", "project_name", "implementing_unit", "department"),
    "performance_funding": ("source_printed",),
    "performance_tasks": ("project",),
    "performance_indicators": ("level3",),
}
# The roles of cells whose words may tell of a person; figures do not.
_WORDS = frozenset({"title", "label", "text", "indicator", "note", "held", "ignored"})


class Persons:
    """The persons of one document: what they are called, and in which cells they stand.

    ``known`` are pairs of a cell's id or locator (the same kind in every call) and the text printed there;
    ``cells`` has the first of each.
    """

    def __init__(self, known: Iterable[tuple[str, str]]) -> None:
        self._texts: dict[str, list[str]] = defaultdict(list)
        cells = set()
        for place, text in known:
            cells.add(place)
            # A word of a line (L257/w4) stands in the line too.
            for shown in {place, re.sub(r"/w\d+$", "", place)}:
                self._texts[shown].append(text)
        self.cells = frozenset(cells)
        parts = {part for texts in self._texts.values() for text in texts for part in _parts(text)}
        longest_first = sorted(parts, key=lambda part: (-len(part), part))
        self._anywhere = re.compile("|".join(map(_spread, longest_first))) if parts else None

    def hide(self, text: str, place: str = "") -> str:
        """The text without persons, those that it tells itself among them."""
        return hide_told(self.hide_known(text, place))

    def hide_known(self, text: str, place: str = "") -> str:
        """The text without known persons; of a person's own cell, where its words are not found, nothing is
        left.

        Blanks stay where they are, so that the words of a line keep their number.
        """
        shown = text if self._anywhere is None else self._anywhere.sub(_masked, text)
        own = [re.sub(r"\s", "", said) for said in self._texts.get(place, ())]
        for said in filter(None, own):
            found = re.sub(_spread(said), _masked, shown)
            if found == shown and MASK not in shown:
                return _masked_text(text)
            shown = found
        return shown

    def hide_content(self, content: Content) -> Content:
        """A document as read, without its persons; places are locators."""
        return replace(content, blocks=tuple(map(self._hide_block, content.blocks)))

    def _hide_block(self, block: Block) -> Block:
        if isinstance(block, Line):
            return replace(block, text=self.hide(block.text, block.locator))
        rows = (
            tuple(cell._replace(text=self.hide(cell.text, cell.locator)) for cell in row)
            for row in block.rows
        )
        return replace(block, rows=tuple(rows))


def without_persons(part: DocumentPart) -> DocumentPart:
    """The part with its persons in ``persons`` alone: wherever else it quotes them they are masked.

    Persons that the words of a form tell, outside the fields that are theirs, join ``persons``.
    """
    forms = {form.form_id for form in part.performance_forms}
    told = tuple(
        PersonalDatum(cell.statement_id, one.attribute, one.text, cell.cell_id)
        for cell in part.cells
        if cell.role in _WORDS and cell.statement_id in forms
        for one in told_persons(cell.text)
    )
    known = (*part.persons, *told)
    persons = Persons((datum.cell_id, datum.text) for datum in known)
    hidden: dict[str, Any] = {
        name: tuple(_without(persons, record, fields) for record in getattr(part, name))
        for name, fields in _QUOTED.items()
    }
    for name, fields in _NAMES.items():
        records = hidden.get(name, getattr(part, name))
        hidden[name] = tuple(_with(record, fields, hide_told) for record in records)
    hidden["readings"] = _readings(part.readings, hidden["cells"])
    document = _with(part.document, ("unit_name", "title"), hide_told)
    return replace(part, document=document, persons=known, **hidden)


def _readings(readings: Sequence[CellReading], cells: Sequence[CellRole]) -> tuple[CellReading, ...]:
    """The readings with the text of their cells; where that is masked, what else was seen is gone too."""
    texts = {cell.cell_id: cell.text for cell in cells}
    masked = {r.cell_id for r in readings if texts[r.cell_id] != r.text}
    return tuple(
        CellReading(r.statement_id, r.cell_id, texts[r.cell_id], r.confidence) if r.cell_id in masked else r
        for r in readings
    )


def hide_told(text: str) -> str:
    """The text without the persons that it tells itself (「审核人：某某」)."""
    for told in reversed(told_persons(text)):
        text = text[: told.start] + _masked_text(told.text) + text[told.end :]
    return text


def _without(persons: Persons, record: Record, fields: Sequence[str]) -> Record:
    # Only the text of a cell is all that stands there: a date beside a name is to stay.
    place = record.cell_id if isinstance(record, CellRole) else ""
    if isinstance(record, CellRole) and record.role not in _WORDS | {"person"}:
        return _with(record, fields, lambda text: persons.hide_known(text, place))
    return _with(record, fields, lambda text: persons.hide(text, place))


def _with(record: Record, fields: Sequence[str], hide: Callable[[str], str]) -> Record:
    """The record with those of its texts as ``hide`` leaves them; itself, where they stay as they are."""
    values: dict[str, Any] = {name: getattr(record, name) for name in fields}
    hidden = {name: hide(value) for name, value in values.items() if value}
    changed = {name: value for name, value in hidden.items() if value != values[name]}
    return replace(record, **changed) if changed else record  # type: ignore[type-var]  # all are dataclasses


def _parts(text: str) -> Iterable[str]:
    """The names and numbers of a printed text, without blanks."""
    for piece in _BETWEEN.split(text):
        whole = re.sub(r"\s", "", piece)
        for part in {whole, *piece.split()}:
            if _NUMBER.fullmatch(part) or (_NAME.fullmatch(part) and not _OFFICE.search(part)):
                yield part


def _spread(text: str) -> str:
    """A pattern for a text whose characters may stand apart (张 三); a number is no part of another."""
    spread = r"\s*".join(map(re.escape, text))
    return rf"(?<![\d.]){spread}(?!\d)" if _NUMBER.fullmatch(text) else spread


def _masked(found: re.Match[str]) -> str:
    return _masked_text(found[0])


def _masked_text(text: str) -> str:
    return re.sub(r"\S+", MASK, text)
