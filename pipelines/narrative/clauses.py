"""A passage cut into clauses, and the sentence around a figure.

Belongs here: where clauses and sentences begin and end. Does not belong here: what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.narrative.numbers import Number
from pipelines.narrative.passages import Passage

SEPARATOR = re.compile(r"[,;:。、!?.]")
# A sentence is kept up to this length.
_LONGEST_SENTENCE = 600


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a passage between two marks, with its figures; ``before`` is the mark before it."""

    start: int
    end: int
    before: str
    numbers: tuple[Number, ...]


def clauses(text: str, found: Sequence[Number], figures: Sequence[Number]) -> Iterator[Clause]:
    """The clauses of a passage with their figures; a point or comma inside of a number parts nothing."""
    inside = {i for number in found for i in range(number.start, number.end)}
    cuts = [m.start() for m in SEPARATOR.finditer(text) if m.start() not in inside]
    start, before, at = 0, "。", 0
    for cut in [*cuts, len(text)]:
        own = []
        while at < len(figures) and figures[at].start < cut:
            own.append(figures[at])
            at += 1
        if cut > start:
            yield Clause(start, cut, before, tuple(own))
            before = ""
        # Several marks in a row part as their strongest does.
        mark = text[cut : cut + 1]
        before = mark if not before or mark in "。;" else before
        start = cut + 1


def sentence(passage: Passage, text: str, position: int) -> str:
    """The printed sentence around a position, shortened to what a reader can take in."""
    start = text.rfind("。", max(0, position - _LONGEST_SENTENCE // 2), position) + 1
    start = max(start, position - _LONGEST_SENTENCE // 2, 0)
    end = text.find("。", position, position + _LONGEST_SENTENCE // 2)
    end = min(position + _LONGEST_SENTENCE // 2, len(text)) if end < 0 else end + 1
    return passage.sentence(start, end)
