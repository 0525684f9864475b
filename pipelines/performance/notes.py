"""What a part of a form yields while it is read: fields, the roles of its cells, issues.

Belongs here: keeping them together and saying each in one way. Does not belong here: reading anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.locators import row_place
from pipelines.model import Cell, CellRole, Issue
from pipelines.performance.records import PerformanceField

HELD_ROLE = "held"
_ADVICE = "对照原文，补上或更正读法后重新读取"
_LONGEST_EXCERPT = 80


@dataclass(slots=True)
class Notes:
    """The fields, cells and issues of one form, gathered in the order in which they are read."""

    form_id: str
    document_id: str
    # The cells as printed: those that were joined into others are read from one and shown each by itself.
    printed: dict[str, Cell] = field(default_factory=dict)
    fields: list[PerformanceField] = field(default_factory=list)
    cells: list[CellRole] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def cell_id(self, cell: Cell) -> str:
        """The id of a cell."""
        return f"{self.document_id}/{cell.locator}"

    def as_printed(self, cell: Cell) -> str:
        """What stands at the place of a cell, though others were joined into it."""
        return self.printed.get(cell.locator, cell).text

    def role(self, cells: Iterable[Cell], role: str, rule: str | None = None) -> None:
        """Say what became of cells; blank ones need no role."""
        for cell in cells:
            if cell.text:
                text = self.as_printed(cell)
                self.cells.append(CellRole(self.form_id, self.cell_id(cell), text, role, rule, cell.box))

    def held(self, cells: Iterable[Cell], subject: str, reason: str) -> None:
        """Hold cells: their role, and one issue that shows them."""
        printed = [cell for cell in cells if cell.text]
        if not printed:
            return
        self.role(printed, HELD_ROLE)
        excerpt = " | ".join(cell.text for cell in printed)[:_LONGEST_EXCERPT]
        place = printed[0].locator if len(printed) == 1 else row_place(printed[0].locator)
        self.issues.append(Issue("held", "规整", subject, reason, _ADVICE, place, excerpt))

    def number(
        self, name: str, cell: Cell, value: Decimal | None, unit: str, reason: str | None = None
    ) -> None:
        """A field that is a number: printed, blank where its cell is, held where ``reason`` says why."""
        status = "held" if reason else "blank" if value is None else "printed"
        self._field(
            name, cell, None if reason else value, None, None if value is None else unit, status, reason
        )

    def amount(self, name: str, cell: Cell, yuan: Decimal | None, reason: str | None = None) -> None:
        """A field that is an amount in 元, or held."""
        self._field(name, cell, None, None, None, "held" if reason else "printed", reason, yuan)

    def text(self, name: str, cell: Cell, text: str | None, reason: str | None = None) -> None:
        """A field that is a text, or held."""
        self._field(name, cell, None, text, None, "held" if reason else "printed", reason)

    def _field(
        self,
        name: str,
        cell: Cell,
        number: Decimal | None,
        text: str | None,
        unit: str | None,
        status: str,
        reason: str | None,
        amount: Decimal | None = None,
    ) -> None:
        self.fields.append(
            PerformanceField(
                form_id=self.form_id,
                seq=len(self.fields) + 1,
                field=name,
                text=text,
                amount=None if reason else amount,
                number=number,
                unit=unit if number is not None else None,
                printed=self.as_printed(cell),
                status="held" if status == "held" else "blank" if status == "blank" else "printed",
                reason=reason,
                cell_id=self.cell_id(cell),
            )
        )
