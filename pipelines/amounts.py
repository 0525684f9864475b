"""Printed numbers: what a cell says, exactly, or why it cannot be taken.

Belongs here: the strict grammar of amounts and the change into 元. Does not belong here: which
cell is an amount. No float is ever made; a text outside the grammar is never cast.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipelines.wording import spaced_fold, wording

# Damage of text layers: a blank beside the point or a thousands comma («4. 96»), never between digits.
_BLANK_AT_MARK = re.compile(r"(?<=[.,]) (?=\d)|(?<=\d) (?=[.,])|(?<=^-) (?=\d)")
_AMOUNT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
# Fits DECIMAL(20,2) in 元 with room for sums; a longer run of digits is not an amount of this field.
_MAX_DIGITS = 15
# What no printer prints: a damaged map of characters put it where a digit is seen.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CENT = Decimal("0.01")

AmountKind = Literal["number", "blank", "closed", "unreadable"]


@dataclass(frozen=True, slots=True)
class Printed:
    """What a printed cell is; ``value`` (in the printed unit) only where it is a number."""

    kind: AmountKind
    value: Decimal | None = None


def read_amount(text: str) -> Printed:
    """Read one cell: a number, blank, closed (——) or unreadable.

    >>> read_amount("4. 96").value, read_amount("1,234.50").value, read_amount("——").kind
    (Decimal('4.96'), Decimal('1234.50'), 'closed')
    >>> read_amount("1,23.4.5").kind, read_amount("12 34").kind, read_amount("").kind
    ('unreadable', 'unreadable', 'blank')
    """
    if _CONTROL.search(text) or has_other_digits(text):
        return Printed("unreadable")
    folded = spaced_fold(text)
    if not folded:
        return Printed("blank")
    tight = folded.replace(" ", "")
    if wording().closed.fullmatch(tight):
        return Printed("closed")
    number = _BLANK_AT_MARK.sub("", folded.replace("−", "-"))
    if (
        not number.isascii()
        or not _AMOUNT.fullmatch(number)
        or sum(c.isdigit() for c in number) > _MAX_DIGITS
    ):
        return Printed("unreadable")
    return Printed("number", Decimal(number.replace(",", "")))


def has_other_digits(text: str) -> bool:
    """Whether a text has digits that are no plain ones (², ①, ٣).

    They are footnotes and exponents, which folding would make digits of the figure beside them.
    """
    return not text.isascii() and any(
        c.isdigit() and not ("0" <= c <= "9" or "０" <= c <= "９") for c in text
    )


def to_yuan(value: Decimal, money_unit: str) -> Decimal | None:
    """The amount in 元 with two decimals, or None where that would not be exact.

    >>> to_yuan(Decimal("19.1795"), "万元")
    Decimal('191795.00')
    >>> to_yuan(Decimal("0.0000001"), "万元") is None
    True
    """
    yuan = value * wording().money_factors[money_unit]
    cents = yuan.quantize(_CENT)
    return cents if cents == yuan else None
