"""Rows whose labels and values a text layer has parted over many cells (families D, E).

Belongs here: finding a label in the joined text of a row, and the cells that are its value.
Does not belong here: what the value means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.model import Cell
from pipelines.performance.cut import Row
from pipelines.performance.values import clean
from pipelines.wording import fold, spaced_fold

# «4. 96» is one number: a text layer puts blanks beside the point.
_BLANK_AT_POINT = re.compile(r"(?<=\.) (?=\d)|(?<=\d) (?=\.)")


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a cell that belongs to a value: its folded text, and where the cell stands in the row."""

    column: int
    cell: Cell
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A label found in a row: its name, the cells that it takes up, the parts of its value."""

    field: str
    labels: tuple[Cell, ...]
    value: tuple[Part, ...]


def parts(row: Row) -> list[Part]:
    """The cells of a row that say anything."""
    return [Part(i, cell, fold(clean(cell.text))) for i, cell in enumerate(row) if fold(clean(cell.text))]


def row_text(row: Row) -> str:
    """The joined, folded text of a row."""
    return "".join(part.text for part in parts(row))


def find(row: Row, labels: Sequence[tuple[str, re.Pattern[str]]]) -> list[Found]:
    """The labels that the joined text of a row holds, in order, each with the parts up to the next one."""
    cells = parts(row)
    text = "".join(part.text for part in cells)
    marks: list[tuple[int, int, str]] = []
    at = 0
    for name, pattern in labels:
        match = pattern.search(text, at) if at else pattern.search(text)
        if match:
            marks.append((*match.span(), name))
            at = match.end()
    found = []
    for i, (start, end, name) in enumerate(marks):
        stop = marks[i + 1][0] if i + 1 < len(marks) else len(text)
        inside = tuple(part.cell for part in _between(cells, start, end))
        value = tuple(_between(cells, end, stop))
        whole = {id(part.cell) for part in value}
        found.append(Found(name, tuple(cell for cell in inside if id(cell) not in whole), value))
    return found


def _between(cells: Sequence[Part], start: int, stop: int) -> list[Part]:
    """The parts of cells from one position of the joined text to another."""
    result = []
    at = 0
    for part in cells:
        low, high = max(start, at), min(stop, at + len(part.text))
        if low < high:
            result.append(Part(part.column, part.cell, part.text[low - at : high - at]))
        at += len(part.text)
    return result


def numbers(value: Sequence[Part]) -> list[tuple[str, list[Part]]]:
    """The numbers that parts hold, joined where one was parted at its point (``87.`` ``22%``).

    Parts between are joined only at a point that stands on one side: a digit or a point on both sides may be
    one sign that was read twice, and then nobody can tell.
    """
    found: list[tuple[str, list[Part]]] = []
    for part in value:
        words = _BLANK_AT_POINT.sub("", spaced_fold(clean(part.cell.text))).split()
        words = words if "".join(words) == part.text else [part.text]
        for word in words:
            if found and _parted(found[-1][0], word):
                found[-1] = (found[-1][0] + word, [*found[-1][1], part])
            else:
                found.append((word, [part]))
    return found


def _parted(left: str, right: str) -> bool:
    """Whether two texts are a number that was parted at its point."""
    if left[:-1].isdigit() and left.endswith("."):
        return right[:1].isdigit()
    return left.isdigit() and right.startswith(".") and right[1:2].isdigit()
