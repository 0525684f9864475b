"""A statement's grids as one table: head rows, body rows, their width.

Belongs here: what every layout needs of a table. Does not belong here: any one layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.header import Row, numbering
from pipelines.model import Cell
from pipelines.sheet import Sheet


class UnreadableError(Exception):
    """The table cannot be taken as this form; the message says why, in words for people."""


@dataclass(frozen=True, slots=True)
class Table:
    """Head and body of a statement. ``head`` is empty where it was lost."""

    head: tuple[Row, ...]
    body: tuple[Row, ...]

    @property
    def width(self) -> int:
        """The number of columns: that of the head, or of most rows where the head is lost."""
        if self.head:
            return max(len(row) for row in self.head)
        widths = [len(row) for row in self.body]
        return max(set(widths), key=widths.count)

    @property
    def numbers(self) -> list[int]:
        """Indexes of the columns that the row of column numbers (栏次) numbers 1, 2, 3 …"""
        return next((found for row in reversed(self.head) if (found := numbering(row))), [])

    @property
    def numbering_row(self) -> Row | None:
        """The row of column numbers, or None."""
        return next((row for row in reversed(self.head) if numbering(row)), None)

    def full_rows(self, sheet: Sheet) -> Iterator[Row]:
        """Body rows that have every column; others are held, for their cells may have moved.

        Empty columns beyond the head are taken only where every row has them: in a single longer
        row a cell was put in, and those after it have moved.
        """
        alike = len({len(row) for row in self.body}) == 1
        for row in self.body:
            surplus = row[self.width :]
            if len(row) == self.width or (surplus and alike and not any(cell.text for cell in surplus)):
                yield row[: self.width]
            elif any(cell.text for cell in row):
                more = "多" if len(row) > self.width else "少"
                sheet.hold_row(row, f"这一行有 {len(row)} 格，比表头的 {self.width} 列{more}，格子可能错位")


def is_empty(row: Row) -> bool:
    """Whether nothing is printed in the row."""
    return not any(cell.text for cell in row)


def joined(cells: list[Cell] | Row) -> str:
    """The texts of cells as one, as a label that was cut over several cells is read."""
    return "".join(cell.text for cell in cells)
