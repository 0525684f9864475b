"""What a cell of the indicator tree holds: a quantity, a score, a share, a step of a scale.

Belongs here: the grammar of single cells, after the patterns of ``indicators.yml``.
Does not belong here: which cell is which column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from pipelines.amounts import has_other_digits
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold, strip_tags, without_blanks

_DATA = load_yaml("indicators", "performance")
_QUANTITY, _SCORE, _SHARE, _PART, _STEP, _CHECK, _OPERATOR, _NO_UNIT, _DATE = (
    re.compile(_DATA[key])
    for key in ("quantity", "score", "share", "part", "step", "check", "operator", "no_unit", "date")
)
_REMARKS = frozenset(_DATA["remarks"])
_OPERATORS: dict[str, str] = _DATA["operators"]
_HUNDRED = Decimal(100)
# A text layer puts blanks beside a point; between digits they part two figures.
_APART = re.compile(r"\d\s+\d")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One plain number with its operator (≥ ≤ > < =) and unit, where they are printed."""

    value: Decimal
    operator: str | None = None
    unit: str | None = None


def quantity(text: str) -> Quantity | None:
    """The one plain number that a text is; None for ranges, dates, fractions, sentences.

    >>> quantity("≥95%"), quantity("6. 45万"), quantity("5/8指标"), quantity("2024年")
    (Quantity(value=Decimal('95'), operator='≥', unit='%'), Quantity(value=Decimal('6.45'), operator=None, unit='万'), None, None)
    """  # noqa: E501
    folded = _figure(text)
    found = _QUANTITY.match(folded)
    if not found or _DATE.match(folded) or _NO_UNIT.search(found["unit"]):
        return None
    return Quantity(
        Decimal(found["number"].replace(",", "")), operator(found["operator"]), found["unit"] or None
    )


def _figure(text: str) -> str:
    """The text folded; nothing where it may be several figures, or one with a footnote or exponent."""
    return "" if _APART.search(text) or has_other_digits(text) else fold(text)


def operator(text: str | None) -> str | None:
    """The operator as one sign (``>=`` is ≥); None where the text is none."""
    folded = fold(text or "")
    if folded in _OPERATORS:
        return _OPERATORS[folded]
    return folded if _OPERATOR.match(folded) else None


def score(text: str) -> Decimal | None:
    """A score: a plain number, with or without 分. ``49分`` is 49, ``6. 2`` is 6.2."""
    folded = _figure(text)
    return Decimal(folded.removesuffix("分")) if _SCORE.match(folded) else None


def completion(text: str) -> Decimal | None:
    """完成程度 as a share of 1: ``32.0%`` is 0.32, ``1`` is 1; None for anything else."""
    folded = _figure(text)
    if _SHARE.match(folded):
        return Decimal(folded.removesuffix("%")) / _HUNDRED
    return Decimal(folded) if _PART.match(folded) else None


def is_step(text: str) -> bool:
    """Whether a text is a step of the scale of qualitative indicators."""
    return bool(_STEP.search(fold(text)))


def is_check(text: str) -> bool:
    """Whether a text is a check mark, or what a text layer makes of one."""
    return bool(_CHECK.match(fold(text)))


def is_remark(text: str) -> bool:
    """Whether a text says no more than done or nothing (已完成, 无)."""
    return fold(text) in _REMARKS


def clean(text: str) -> str:
    """The text of a cell without HTML remains."""
    return strip_tags(text)


def joined(text: str) -> str:
    """The text of a cell without the blanks and breaks that a narrow column puts into it."""
    return without_blanks(clean(text))
