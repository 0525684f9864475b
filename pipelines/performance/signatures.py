"""Persons in a form: the part of 评价人员, and who looks like a person elsewhere.

Belongs here: finding names and telephone numbers, so that they stand in ``PersonalDatum`` alone.
Does not belong here: hiding them in the rest of the document (``persons``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.model import Cell, CellRole
from pipelines.performance.cut import Row, said
from pipelines.performance.records import PersonalDatum
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

PERSON_RULE = "个人信息"
OFFICE_RULE = "评价人员的职务与单位"
MASK = "***"

_DATA = load_yaml("signatures", "performance")
_BEGINS = re.compile(_DATA["begins"])
_HEADS = frozenset(fold(head) for head in _DATA["heads"])
_PARTS = frozenset(fold(part) for part in _DATA["parts"])
_ORGANISATION = re.compile(_DATA["organisation"])
_OFFICE = re.compile(_DATA["office"])
_TELEPHONE = re.compile(_DATA["telephone"])
_TERMS = re.compile(_DATA["terms"])
_SURNAMES = frozenset(_DATA["surnames"]) - {" "}
_NAME = re.compile(r"[\u3400-\u9fff·]{2,4}")
_SIGNED = re.compile("^填报人")
_FEWEST_HEADS = 2


@dataclass(frozen=True, slots=True)
class Signatures:
    """The persons of the part of 评价人员, and what became of each of its cells."""

    persons: tuple[PersonalDatum, ...]
    cells: tuple[CellRole, ...]


def part_of_persons(rows: Sequence[Row]) -> slice:
    """The rows of 评价人员: from their head to before 填报人; empty where a form has none."""
    start = next((i for i, row in enumerate(rows) if _opens(row)), len(rows))
    end = next((i for i in range(start, len(rows)) if _SIGNED.search(fold(said(rows[i])[0].text))), len(rows))
    return slice(start, end)


def _opens(row: Row) -> bool:
    texts = [fold(cell.text) for cell in said(row)]
    heads = sum(text in _HEADS for text in texts)
    return bool(_BEGINS.search(texts[0])) or (heads >= _FEWEST_HEADS and heads >= len(texts) - 1)


def looks_like_person(text: str) -> bool:
    """Whether a text that no label explains may be a name or a telephone number: then it is kept as one."""
    folded = fold(text)
    if _TELEPHONE.search(folded):
        return True
    return folded[:1] in _SURNAMES and could_be_name(folded)


def could_be_name(text: str) -> bool:
    """Whether a text that a label calls a person may be a name: short, no office, no term of the forms."""
    folded = fold(text)
    return bool(_NAME.fullmatch(folded)) and not (_known(folded) or _TERMS.search(folded))


def _known(folded: str) -> bool:
    return bool(_ORGANISATION.search(folded) or _OFFICE.search(folded))


def read_persons(rows: Sequence[Row], form_id: str, document_id: str) -> Signatures:
    """The persons of those rows; every cell gets its role, a person's text is masked."""
    persons: list[PersonalDatum] = []
    cells: list[CellRole] = []
    for row in rows:
        part = next((fold(cell.text) for cell in said(row) if fold(cell.text) in _PARTS), None)
        for cell in said(row):
            folded, cell_id = fold(cell.text), f"{document_id}/{cell.locator}"
            if folded in _HEADS | _PARTS or _BEGINS.search(folded):
                cells.append(CellRole(form_id, cell_id, cell.text, "label", None, cell.box))
            elif _known(folded) and not _TELEPHONE.search(folded):
                cells.append(CellRole(form_id, cell_id, cell.text, "ignored", OFFICE_RULE, cell.box))
            else:
                persons.append(PersonalDatum(form_id, part or "评价人员", cell.text, cell_id))
                cells.append(masked(form_id, cell_id, cell))
    return Signatures(tuple(persons), tuple(cells))


def masked(form_id: str, cell_id: str, cell: Cell) -> CellRole:
    """The role of a cell with a person in it: its text does not leave the form."""
    return CellRole(form_id, cell_id, MASK, "person", PERSON_RULE, cell.box)
