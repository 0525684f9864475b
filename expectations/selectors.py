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

A side of a 勾稽 rule says more: its rows and columns may be several, joined by ``、`` and then added up,
and beyond the rows above there are

    各行            each printed row by itself
    每类            each 类 by itself; where no 类 is printed, what stands highest under it, added up
    最上级          every row with a 科目代码 that no printed row stands above, added up
    类之下、款之下   what stands directly under each printed 类 or 款, added up
    各列            each measure of the form by itself
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pipelines.vocabulary import Form, forms

# Digits of a 科目代码 at each level.
LEVELS = {"类": 3, "款": 5, "项": 7}
# Rows of which there is one sum for each 科目代码, printed row, or document: what tells sums apart.
ROW_KEYS: dict[str, Literal["code", "row"]] = {
    "类": "code",
    "款": "code",
    "项": "code",
    "每类": "code",
    "类之下": "code",
    "款之下": "code",
    "各行": "row",
}
TOP = "最上级"
# Rows directly under a printed code of so many digits.
UNDER = {"类之下": 3, "款之下": 5}
EACH_MEASURE = "各列"
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
class Addend:
    """Figures that a side of a rule adds up: those of ``rows`` × ``measures`` of one form, with a sign."""

    sign: Literal[1, -1]
    form: str
    rows: tuple[str, ...]
    measures: tuple[str, ...]

    @property
    def key(self) -> Literal["code", "row", ""]:
        """What tells its sums apart within a document."""
        return ROW_KEYS.get(self.rows[0], "")

    @property
    def each_measure(self) -> bool:
        """Whether there is one sum for each measure."""
        return self.measures == (EACH_MEASURE,)

    @property
    def needs_codes(self) -> bool:
        """Whether it has to know the 科目代码 of every row: one that nobody knows may belong to it."""
        return self.key == "code" or self.rows == (TOP,)

    @property
    def written(self) -> str:
        """The address as it is shown to people: ``支出决算表·合计·基本支出``."""
        return "·".join((forms()[self.form].name, "、".join(self.rows), "、".join(self.measures)))


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
    return tuple(Term(sign, parse_selector(address)) for sign, address in _signed(text))


def parse_side(text: str) -> tuple[Addend, ...]:
    """Read a side of a rule; ``ValueError`` with a sentence when a name in it is not known."""
    addends = tuple(_addend(sign, address) for sign, address in _signed(text))
    if len({(addend.key, addend.each_measure) for addend in addends}) > 1:
        raise ValueError(f"{text}: the addends of a side stand for the same: one sum, each row, each code")
    return addends


def _addend(sign: Literal[1, -1], text: str) -> Addend:
    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError(f"{text}: an address is 表.行.列")
    name, rows, measures = parts[0], tuple(parts[1].split("、")), tuple(parts[2].split("、"))
    form = _forms_by_name().get(name)
    if form is None:
        raise ValueError(f"{text}: there is no form {name}")
    for measure in () if measures == (EACH_MEASURE,) else measures:
        if measure not in {m.name for m in form.measures}:
            raise ValueError(f"{text}: {name} has no column {measure}")
    word = rows[0] if len(rows) == 1 and (rows[0] in ROW_KEYS or rows[0] == TOP) else None
    for row in () if word else rows:
        if row not in _rows(form) and not _CODE.fullmatch(row):
            raise ValueError(f"{text}: {name} has no row {row}")
    return Addend(sign, form.id, rows, measures)


def _signed(text: str) -> list[tuple[Literal[1, -1], str]]:
    words = text.split()
    if len(words) % 2 == 0:
        raise ValueError(f"{text}: a formula is addresses joined by + and −")
    signed: list[tuple[Literal[1, -1], str]] = [(1, words[0])]
    for sign, address in zip(words[1::2], words[2::2], strict=True):
        if sign not in _SIGNS:
            raise ValueError(f"{text}: {sign} is not + or −")
        signed.append((_SIGNS[sign], address))
    return signed


@cache
def _forms_by_name() -> dict[str, Form]:
    return {form.name: form for form in forms().values()}


def _rows(form: Form) -> frozenset[str]:
    totals = ("合计",) if form.layout == "subjects" else ()
    return frozenset((*totals, *form.totals, *form.bases, *(item.name for item in form.items)))
