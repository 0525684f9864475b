"""Addresses of figures by the names of forms, rows and columns: ``支出决算表.合计.基本支出``.

Belongs here: what such an address may say, and how a formula of addresses is read from text.
Does not belong here: any formula (``derivations.yml``) and how one is evaluated (``derive``).

An address is ``表.行.列`` in the names of ``pipelines/forms``:

    表  a form's Chinese name
    行  an item of the form's dictionary or a total (本年支出合计, 合计, 人员经费合计);
        a level, 类 / 款 / 项: each row with a 科目代码 of that level, so the formula holds code by code;
        or one 科目代码 (301)
    列  a measure of the form

A formula is addresses joined by `` + `` and `` − ``. Rows are never addressed by a printed number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pipelines.vocabulary import Form, forms

# Digits of a 科目代码 at each level.
LEVELS = {"类": 3, "款": 5, "项": 7}
_SIGNS: dict[str, Literal[1, -1]] = {"+": 1, "−": -1}
_CODE = re.compile(r"\d{3}(?:\d{2}){0,2}")


@dataclass(frozen=True, slots=True)
class Selector:
    """Which cells an address names: ``form`` is the form's id, ``row`` and ``measure`` are names."""

    form: str
    row: str
    measure: str

    @property
    def level(self) -> int | None:
        """The number of digits of the codes it runs over, where its row is a level."""
        return LEVELS.get(self.row)

    @property
    def is_code(self) -> bool:
        """Whether its row is one 科目代码."""
        return _CODE.fullmatch(self.row) is not None


@dataclass(frozen=True, slots=True)
class Term:
    """An address with its sign in a formula."""

    sign: Literal[1, -1]
    selector: Selector


def parse_selector(text: str) -> Selector:
    """Read ``表.行.列``; ``ValueError`` when a name in it is not of the forms' vocabulary."""
    parts = text.strip().split(".")
    if len(parts) != 3:
        raise ValueError(f"{text}: an address is 表.行.列")
    name, row, measure = parts
    form = _forms_by_name().get(name)
    if form is None:
        raise ValueError(f"{text}: there is no form {name}")
    if measure not in {m.name for m in form.measures}:
        raise ValueError(f"{text}: {name} has no column {measure}")
    if row not in _rows(form) and row not in LEVELS and not _CODE.fullmatch(row):
        raise ValueError(f"{text}: {name} has no row {row}")
    return Selector(form.id, row, measure)


def parse_formula(text: str) -> tuple[Term, ...]:
    """Read addresses joined by `` + `` and `` − ``; ``ValueError`` as :func:`parse_selector`."""
    words = text.split()
    if len(words) % 2 == 0:
        raise ValueError(f"{text}: a formula is addresses joined by + and −")
    terms = [Term(1, parse_selector(words[0]))]
    for sign, address in zip(words[1::2], words[2::2], strict=True):
        if sign not in _SIGNS:
            raise ValueError(f"{text}: {sign} is not + or −")
        terms.append(Term(_SIGNS[sign], parse_selector(address)))
    return tuple(terms)


@cache
def _forms_by_name() -> dict[str, Form]:
    return {form.name: form for form in forms().values()}


def _rows(form: Form) -> frozenset[str]:
    totals = ("合计",) if form.layout == "subjects" else ()
    return frozenset((*totals, *form.totals, *form.bases, *(item.name for item in form.items)))
