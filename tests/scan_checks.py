"""What was published of a scan against what was printed, amount by amount.

Belongs here: the facts of a document by what they are about, and what became of each. Does not belong here:
making scans, reading them, and showing results.

A fact is found again by what it says it is about (form, row, measure), not by where it stands: an amount
published under another code or name is as wrong as another amount.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

from pipelines.model import CellReading, DocumentPart, LineItem
from tests.benchmarks.scan_calibration import Seen
from tests.typesetter.truth import TruthCell

# Form, side, code or item or name of the row, measure, and which of those that are alike.
Place = tuple[str, str | None, str | None, str, int]
Fate = Literal["right", "corrected", "held", "missing", "wrong", "surplus"]

PUBLISHED = ("printed", "corrected")


class Fact(NamedTuple):
    """One amount or number of things as printed, with its value; both None and "" where a cell is empty."""

    value: Decimal | None
    printed: str


class Mistake(NamedTuple):
    """An amount that was published and is not what was printed there; ``confidence`` None where unknown."""

    document: str
    locator: str
    place: Place
    read: str
    published: Decimal | None
    true: str
    confidence: float | None


@dataclass
class Verdict:
    """What became of the amounts of a document: how many had which fate, and each mistake.

    Each amount that is printed has one fate; ``surplus`` are those published where none is printed.
    ``right_before`` counts those whose recognised text says the true amount, whatever was published;
    ``seen`` are the recognised ones as they were read.
    """

    fates: Counter[Fate] = field(default_factory=Counter)
    right_before: int = 0
    mistakes: list[Mistake] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def facts(cells: Iterable[TruthCell] | Iterable[LineItem]) -> dict[Place, Fact]:
    """The cells of a document by what they are about."""
    return {place: Fact(_value(cell), cell.amount_printed) for place, cell in _placed(cells).items()}


def judge(name: str, true: Mapping[Place, Fact], part: DocumentPart) -> Verdict:
    """What became of every amount that is printed, and every amount published that is not."""
    verdict = Verdict()
    read = _placed(part.line_items)
    readings = {reading.cell_id: reading for reading in part.readings}
    declared_empty = {s.form for s in part.statements if s.state in ("无数据", "空表")}
    for place, fact in true.items():
        item = read.get(place)
        if fact.value is not None:
            fate = _fate(fact.value, item, place[0] in declared_empty)
            verdict.fates[fate] += 1
            verdict.right_before += item is not None and plain(item.amount_printed) == plain(fact.printed)
            if item is not None and (reading := readings.get(item.cell_id)):
                verdict.seen.append(_seen(name, item, reading, fact.printed))
            if fate == "wrong":
                verdict.mistakes.append(_mistake(name, place, item, fact.printed, readings))
    for place, item in read.items():
        surplus = place not in true or true[place].value is None
        if surplus and item.status in PUBLISHED and _value(item) is not None:
            verdict.fates["surplus"] += 1
            printed = true[place].printed or "（空）" if place in true else "（没有这一格）"
            verdict.mistakes.append(_mistake(name, place, item, printed, readings))
    return verdict


def plain(text: str) -> str:
    """An amount's text without blanks and separators, so that two ways to print it are one."""
    bare = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", text)).replace("−", "-")
    try:
        return str(Decimal(bare))
    except InvalidOperation:
        return bare


def _fate(value: Decimal, item: LineItem | None, declared_empty: bool) -> Fate:
    if item is None:
        return "wrong" if declared_empty else "missing"
    if item.status == "held":
        return "held"
    if item.status not in PUBLISHED or _value(item) != value:
        return "wrong"
    return "corrected" if item.status == "corrected" else "right"


def _placed(cells):
    seen: Counter[tuple[str, str | None, str | None, str]] = Counter()
    placed = {}
    for cell in cells:
        row = cell.item or cell.subject_code or "".join((cell.name_printed or "").split())
        about = (cell.form, cell.side, row, cell.measure)
        seen[about] += 1
        placed[(*about, seen[about])] = cell
    return placed


def _value(cell: TruthCell | LineItem) -> Decimal | None:
    return cell.amount if cell.amount is not None else cell.quantity


def _seen(name: str, item: LineItem, reading: CellReading, true: str) -> Seen:
    where = f"{name} {item.cell_id.partition('/')[2]}"
    others = tuple(plain(other) for other in reading.others)
    return Seen(where, plain(reading.text), plain(true), reading.confidence, others)


def _mistake(
    name: str, place: Place, item: LineItem | None, true: str, readings: Mapping[str, CellReading]
) -> Mistake:
    if item is None:
        return Mistake(name, "", place, "（表说没有数据）", None, true, None)
    locator, reading = item.cell_id.partition("/")[2], readings.get(item.cell_id)
    sure = reading.confidence if reading else None
    return Mistake(name, locator, place, item.amount_printed, _value(item), true, sure)
