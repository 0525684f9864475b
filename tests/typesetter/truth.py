"""What a reader has to find in a printed document, as far as the program's records go.

Belongs here: the records of the truth. They are filled while the figures are laid out, from the figures
and the dictionary of the form; nothing here has seen a reader.
Does not belong here: the comparison with what was read (``tests.checks``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tests.typesetter.claims import TruthClaim


@dataclass(frozen=True)
class TruthCell:
    """One printed cell of a statement, named as the fields of ``pipelines.model.LineItem``."""

    form: str
    row_seq: int
    side: str | None
    item: str | None
    line_no: int | None
    line_no_printed: str | None
    subject_code: str | None
    subject_code_printed: str | None
    name_printed: str | None
    measure: str
    amount: Decimal | None
    quantity: Decimal | None
    quantity_unit: str | None
    amount_printed: str
    money_unit: str | None
    status: str


@dataclass(frozen=True)
class TruthStatement:
    """One form as the document prints it, declares it or merely lists it."""

    form: str
    state: str
    title_printed: str | None
    number_printed: str | None
    money_unit: str | None
    rows: int
    cells: tuple[TruthCell, ...]

    @property
    def non_blank(self) -> int:
        return sum(cell.status == "printed" for cell in self.cells)

    @property
    def closed(self) -> int:
        return sum(cell.status == "closed" for cell in self.cells)


@dataclass(frozen=True)
class Truth:
    """All that is true of a printed document."""

    unit_name: str
    fiscal_year: int
    level: str
    nature: str
    template: str
    parent: str | None
    members: tuple[str, ...]
    statements: tuple[TruthStatement, ...]
    claims: tuple[TruthClaim, ...] = ()

    @property
    def cells(self) -> tuple[TruthCell, ...]:
        return tuple(cell for statement in self.statements for cell in statement.cells)
