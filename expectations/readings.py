"""What a recognised cell may hold: whether its reading is certain, and which amounts else it may be.

Belongs here: the candidates of one cell, and the figures of cells as whole numbers to reckon with. Does not
belong here: which candidate is the right one (``hypotheses``). Imports nothing heavy.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from pipelines.amounts import read_amount, to_yuan
from pipelines.model import CellReading, LineItem
from pipelines.scans import certainty
from pipelines.wording import fold, wording

# Figures are reckoned in millionths of 元 (or of a thing counted): half of a last digit is whole then.
SCALE = 1_000_000
_MOST_CANDIDATES = 40
_MARKED_DIGITS = re.compile(r"-?[\d.,·。、:;|' ]+")


class Figure(NamedTuple):
    """What may stand in a cell: its text, its value and half of its last digit in millionths of 元.

    ``confidence`` is the recogniser's, None where only a usual confusion speaks for it. ``value`` is 0 for a
    blank or closed cell, and ``half`` then too.
    """

    text: str
    value: int
    half: int
    confidence: float | None = None

    @property
    def weak(self) -> bool:
        """Whether the recogniser has seen nothing of the kind."""
        return self.confidence is None


# The number of decimals of a statement's amounts, and of the things that it counts.
Usual = Mapping[tuple[str, bool], int]


def usual_decimals(items: Iterable[LineItem]) -> Usual:
    """With how many decimals most amounts (or numbers of things) of each statement are printed."""
    seen: dict[tuple[str, bool], Counter[int]] = {}
    for item in items:
        if read_amount(item.amount_printed).kind == "number":
            seen.setdefault(_sort(item), Counter())[_decimals(item.amount_printed)] += 1
    return {sort: counted.most_common(1)[0][0] for sort, counted in seen.items()}


def is_certain(item: LineItem, reading: CellReading, usual: Usual) -> bool:
    """Whether a cell may be published as it was recognised, without an identity that bears it out."""
    if not is_sure(reading):
        return False
    kind = read_amount(reading.text).kind
    return kind == "closed" or (kind == "number" and _decimals(reading.text) == usual.get(_sort(item)))


def is_sure(reading: CellReading) -> bool:
    """Whether the recogniser is as sure of a text as it was of none that was wrong."""
    return certainty.is_sure(reading.confidence)


def is_open(reading: CellReading) -> bool:
    """Whether something may be printed that the recogniser does not tell.

    Where it is unsure between texts that leave no room for another, only one of these can be printed: a
    figure beside them that arithmetic asks for is the discloser's error.
    """
    return not certainty.is_sure(reading.confidence + sum(reading.others_confidence))


def printed_figure(item: LineItem, usual: Usual) -> Figure | None:
    """What a cell holds that nobody doubts; None for one that is held."""
    if item.status in ("blank", "closed"):
        return Figure(item.amount_printed, 0, 0, 1.0)
    value = item.amount if item.amount is not None else item.quantity
    return None if value is None else _figure(item, item.amount_printed, 1.0, usual)


def figures_of(item: LineItem, reading: CellReading, usual: Usual) -> tuple[Figure, ...]:
    """What a recognised cell may hold, each amount once: the reading first, if it is one, then others.

    No sum tells a 0 from an empty cell with a speck in it: it is only what reads like a 0 that is printed,
    with its decimals, and where digits were read.
    """
    found: dict[int, Figure] = {}
    for text, confidence in _texts(item, reading, usual):
        figure = _figure(item, text, confidence, usual)
        if figure is None or not (figure.value or _shows_nothing(item, text, reading, usual)):
            continue
        if figure.value not in found and len(found) < _MOST_CANDIDATES:
            found[figure.value] = figure
    return tuple(found.values())


def _shows_nothing(item: LineItem, text: str, reading: CellReading, usual: Usual) -> bool:
    """Whether a text of a recognised cell shows a 0, or that the cell is closed."""
    if read_amount(text).kind == "closed":
        return text == reading.text
    seen = fold(reading.text)
    has_digit = any(character.isdigit() for character in seen)
    return has_digit and len(seen) == len(fold(text)) and 0 < usual.get(_sort(item), 0) == _decimals(text)


def _texts(item: LineItem, reading: CellReading, usual: Usual) -> Iterator[tuple[str, float | None]]:
    """The texts that a cell may hold, likeliest first, with the recogniser's confidence."""
    yield reading.text, reading.confidence
    yield from zip(reading.others, reading.others_confidence, strict=True)
    text = fold(reading.text)
    decimals = usual.get(_sort(item), 0)
    marked = bool(_MARKED_DIGITS.fullmatch(text))
    digits = re.sub(r"\D", "", text)
    if marked and 0 < decimals < len(digits):
        # A point that was lost or doubled: the recogniser saw every digit.
        sign = "-" if text.startswith("-") else ""
        lost = read_amount(text).kind != "number" or "." not in text
        yield f"{sign}{digits[:-decimals]}.{digits[-decimals:]}", reading.confidence if lost else None
    for place, character in enumerate(text):
        for other in certainty.confused(character):
            yield text[:place] + other + text[place + 1 :], None


def _figure(item: LineItem, text: str, confidence: float | None, usual: Usual) -> Figure | None:
    printed = read_amount(text)
    if printed.kind == "closed":
        return Figure(text, 0, 0, confidence)
    value = amount_of(item, text)
    if value is None:
        return None
    # Rounding is that of the statement's other amounts: one with fewer decimals was not read whole.
    decimals = max(_decimals(text), usual.get(_sort(item), 0))
    factor = 0 if item.quantity_unit else wording().money_factors[item.money_unit or "元"]
    half = factor * SCALE * 5 // 10 ** (decimals + 1)
    return Figure(text, int(value * SCALE), half, confidence)


def amount_of(item: LineItem, text: str) -> Decimal | None:
    """The amount in 元, or the number of things, that a text in this cell says; None where it says none."""
    value = read_amount(text).value
    if value is None:
        return None
    if item.quantity_unit:
        return value
    return to_yuan(value, item.money_unit) if item.money_unit else None


def _sort(item: LineItem) -> tuple[str, bool]:
    return item.statement_id, item.quantity_unit is not None


def _decimals(text: str) -> int:
    return len(fold(text).partition(".")[2])
