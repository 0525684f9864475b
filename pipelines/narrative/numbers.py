"""The numbers of a passage: every one with its unit, or with the rule by which it states no figure.

Belongs here: what is a number, its unit, and the rules of ``numbers.yml``. Does not belong here: what a
number speaks of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipelines.vocabulary import load_yaml

UnitKind = Literal["money", "share", "count"]

_DATA = load_yaml("numbers", "narrative")
_NUMBER = re.compile(r"(?:(?<![0-9A-Za-z.,)%-])-)?(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)(?:\.\d+)?")
_IGNORED = tuple((entry["rule"], re.compile(entry["says"])) for entry in _DATA["ignored"])
_UNITS: dict[str, tuple[UnitKind, str]] = {
    fold: (kind, unit)
    for kind, units in _DATA["units"].items()
    for unit, printed in units.items()
    for fold in printed
}
_UNIT = re.compile("|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True)))
# A figure of more digits than this is a number of something else (an account, a code).
_MOST_DIGITS = 15
_MOST_DECIMALS = 6

CONTACT = "联系方式"
NO_UNIT = "没有单位的数"


@dataclass(frozen=True, slots=True)
class Number:
    """A number at ``start`` … ``end`` of a passage; with its unit it ends at ``unit_end``.

    ``rule`` names why it states no figure; then it has no unit.
    """

    start: int
    end: int
    unit_end: int
    value: Decimal
    unit: str
    kind: UnitKind | None
    rule: str | None = None


def numbers(text: str) -> list[Number]:
    """Every number of a folded passage, in order."""
    found = list(_NUMBER.finditer(text))
    if not found:
        return []
    rules = _rules(text)
    result = []
    for match in found:
        start, end = match.span()
        rule = rules.get(next((i for i in range(start, end) if text[i].isdecimal()), start))
        unit = None if rule else _UNIT.match(text, end)
        digits = match[0].lstrip("-").replace(",", "")
        if unit is None or len(digits) > _MOST_DIGITS or len(digits.partition(".")[2]) > _MOST_DECIMALS:
            result.append(Number(start, end, end, Decimal(0), "", None, rule or NO_UNIT))
        else:
            kind, name = _UNITS[unit[0]]
            value = Decimal(match[0].replace(",", ""))
            result.append(Number(start, end, unit.end(), value, name, kind))
    return result


def _rules(text: str) -> dict[int, str]:
    """The rule that takes each position of the text; the first of the list that fits."""
    taken: dict[int, str] = {}
    for rule, pattern in _IGNORED:
        for match in pattern.finditer(text):
            for position in range(*match.span()):
                taken.setdefault(position, rule)
    return taken
