"""What a printed value of a form says: figures, dates, periods, and what sentences say of scores.

Belongs here: text in, exact value out, or ``None``. Does not belong here: labels, and which cell it is.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from pipelines.amounts import has_other_digits, read_amount
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_DATA = load_yaml("fields", "performance")
_EXECUTION = {name: re.compile(pattern) for name, pattern in _DATA["execution"].items()}
_CONCLUSION = {name: re.compile(pattern) for name, pattern in _DATA["conclusion"].items()}
_SCALE = {name: re.compile(pattern) for name, pattern in _DATA["scale_weights"].items()}
_COUNTS = {name: re.compile(pattern) for name, pattern in _DATA["counts"].items()}
_DAY = r"(\d{4})(?:年|[./-])(\d{1,2})(?:月|[./-])(\d{1,2})日?"
_DAYS = re.compile(_DAY)
_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{6})?")
_YEAR = re.compile(r"\(?(\d{4})年?度?\)?")
_TO = r"(?:-|—|–|~|至|到)+"
_SPAN = re.compile(rf"{_DAY}{_TO}{_DAY}")
_STAMPS = re.compile(rf"(\d{{4}})(\d{{2}})(\d{{2}}){_TO}(\d{{4}})(\d{{2}})(\d{{2}})")
_MONEY = re.compile(r"(?P<figure>.*?)\s*(?P<unit>万元|元)?")
_FIRST_YEAR, _LAST_YEAR = 1990, 2099


def money(text: str) -> tuple[Decimal | None, str | None]:
    """The figure of an amount as printed, and its unit where it has one of its own.

    >>> money("10. 04"), money("11184元"), money("约5")
    ((Decimal('10.04'), None), (Decimal('11184'), '元'), (None, None))
    """
    match = _MONEY.fullmatch(text.strip())
    read = read_amount(match["figure"]) if match else read_amount("?")
    return (read.value, match["unit"] if match else None) if read.kind == "number" else (None, None)


def points(text: str) -> Decimal | None:
    """A score, with or without 分 (``98.4分``); None where it is no plain number."""
    return read_amount(text.strip().removesuffix("分")).value


def rate(text: str) -> Decimal | None:
    """A rate in % (``99.84%``, ``100.00 %``); None where no % is printed."""
    tight = text.strip().replace("％", "%")
    return read_amount(tight[:-1]).value if tight.endswith("%") else None


def day(text: str) -> date | None:
    """A day, however it is written: 2025.4.17, 2025年4月1日, 20250415, 20240124094437."""
    folded = fold(text)
    match = _DAYS.fullmatch(folded) or _STAMP.fullmatch(folded)
    return _day(*match.groups()) if match else None


def span(text: str) -> tuple[date, date] | None:
    """First and last day of a period (20240101-20241231 too); of a bare year its first and last."""
    folded = fold(text)
    if match := _SPAN.fullmatch(folded) or _STAMPS.fullmatch(folded):
        numbers = match.groups()
        first, last = _day(*numbers[:3]), _day(*numbers[3:])
        return (first, last) if first and last and first <= last else None
    number = year(text)
    return (date(number, 1, 1), date(number, 12, 31)) if number else None


def year(text: str) -> int | None:
    """A year: 2024, 2024年, 2024年度, (2024年度)."""
    match = _YEAR.fullmatch(fold(text))
    number = int(match[1]) if match else 0
    return number if _FIRST_YEAR <= number <= _LAST_YEAR else None


def execution(text: str) -> tuple[Decimal | None, Decimal | None]:
    """Score and rate (%) that 项目执行情况 says: a bare score, «97.7% (8分)», «执行率为68%,得分6.8分».

    None is not said, or said twice and differently.
    """
    plain = points(text)
    if plain is not None:
        return plain, None
    return _only(_EXECUTION["score"], text), _only(_EXECUTION["rate"], text)


def conclusion(text: str) -> tuple[Decimal | None, str | None]:
    """Score and grade that a conclusion states (自评96分，等级优)."""
    grades = {match[1] for match in _CONCLUSION["grade"].finditer(fold(text))}
    return _only(_CONCLUSION["score"], text), grades.pop() if len(grades) == 1 else None


def scale_weights(text: str) -> dict[str, Decimal]:
    """The weights that the line on scoring prints, by field."""
    found = {name: _only(pattern, text) for name, pattern in _SCALE.items()}
    return {name: weight for name, weight in found.items() if weight is not None}


def counts(text: str) -> dict[str, Decimal]:
    """The numbers of staff that a sentence states, by field."""
    found = {name: _only(pattern, text) for name, pattern in _COUNTS.items()}
    return {name: number for name, number in found.items() if number is not None}


def _only(pattern: re.Pattern[str], text: str) -> Decimal | None:
    if has_other_digits(text):
        return None
    found = {next(group for group in match.groups() if group) for match in pattern.finditer(fold(text))}
    return Decimal(found.pop()) if len(found) == 1 else None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None
