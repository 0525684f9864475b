"""The funds of a form: which figure of which source is budget, received, executed, or its rate.

Belongs here: the rows of sources, by the description of ``funds.yml``; a row whose figures cannot be told
apart is held. Does not belong here: the amounts at the head of the form (they are its fields).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from pipelines.locators import row_place
from pipelines.model import Cell, CellRole
from pipelines.performance import head_values as values
from pipelines.performance.head import CUT_OFF, amount_of
from pipelines.performance.labels import Entry, Value
from pipelines.performance.records import Family, FieldStatus, PerformanceFunding
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_DATA = load_yaml("funds", "performance")
_NOT_APPLICABLE = frozenset(_DATA["not_applicable"])
_LOST = "这一行的数比栏少，分不清各属哪一栏"
_LABELS_LOST = "这一行的来源名与栏数不合，分不清各数属哪一栏"
_LABEL_LOST = "数印在另一来源名之后的栏里，那个来源名没有印出"
_TOO_MANY = "同一栏印了不同的数"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a source: its cell, and its amount in 元 (or its rate in %), or why it is held."""

    cell: Cell
    value: Decimal | None
    reason: str | None = None


@dataclass(slots=True)
class FundReading:
    """The sources of a form in printed order, the roles of their cells, and by the number of a row the first
    figure that was held in it."""

    rows: list[PerformanceFunding] = field(default_factory=list)
    cells: list[CellRole] = field(default_factory=list)
    held: dict[int, Cell] = field(default_factory=dict)


class _Reader:
    def __init__(self, family: Family, form_id: str, document_id: str, money_unit: str | None) -> None:
        self.manner = _DATA.get(family, {})
        self.form_id = form_id
        self.document_id = document_id
        self.money_unit = money_unit
        self.reading = FundReading()
        self.cut_off = False
        # The columns in which rows of two labels have their second, with the widths of those rows.
        self.seconds: frozenset[tuple[int, int]] = frozenset()
        # The columns by their place in rows of the head's width, where every figure stands below its head.
        self.heads: dict[int, str] = {}

    def role(self, cell: Cell, role: str) -> None:
        cell_id = f"{self.document_id}/{cell.locator}"
        self.reading.cells.append(CellRole(self.form_id, cell_id, cell.text, role, None, cell.box))

    def row(self, entries: Sequence[Entry]) -> None:
        """One row of the form: its labels of funds with their values."""
        for entry in entries:
            own = {value.cell.locator for value in entry.values}
            if entry.cell.locator not in own:
                self.role(entry.cell, "label")
        if "repeated" in self.manner:
            self._repeated(entries)
        elif "periods" in self.manner:
            for number, entry in enumerate(entries):
                self._of_period(entry, number, len(entries))
        elif "columns" in self.manner:
            for entry in entries:
                self._in_columns(entry)
        else:
            for entry in entries:
                self._of_account(entry, alone=len(entries) == 1)

    def _repeated(self, entries: Sequence[Entry]) -> None:
        """A source whose label stands before each of its figures."""
        columns: list[str] = self.manner["repeated"]
        filled = any(entry.values for entry in entries)
        same = len({entry.label for entry in entries}) == 1
        if filled and (len(entries) != len(columns) or not same):
            self._hold(entries[0], [v for entry in entries for v in entry.values], _LABELS_LOST)
            return
        found = {
            column: self._one(entry)
            for column, entry in zip(columns, entries, strict=False)
            if filled and entry.values
        }
        lost = bool(found) and self.cut_off and columns[-1] not in found
        self._add(entries[0], found, CUT_OFF if lost else None)

    def _of_period(self, entry: Entry, number: int, count: int) -> None:
        """A source that the form has twice: for the whole term and for the year, side by side."""
        periods: list[str] = self.manner["periods"]
        named = [p for p in periods if entry.label and entry.label.name.startswith(p)]
        if entry.values and not named and count != len(periods):
            self._hold(entry, entry.values, _LABELS_LOST)
            return
        period = named[0] if named else periods[min(number, len(periods) - 1)]
        self._add(entry, {"budget": self._one(entry)} if entry.values else {}, period=period)

    def _of_account(self, entry: Entry, *, alone: bool) -> None:
        """A line of income or of spending, side by side: its one figure stands before the next label.

        Where the label is ``alone`` in its row, the other may be lost, and its figure left.
        """
        if alone and any(self._beyond(entry, value) for value in entry.values):
            self._hold(entry, entry.values, _LABEL_LOST)
            return
        side = entry.label.side if entry.label else None
        column: str = self.manner["accounts"][side]
        self._add(entry, {column: self._one(entry)} if entry.values else {})

    def _beyond(self, entry: Entry, value: Value) -> bool:
        """Whether a value stands where other rows have the label of the other side, or right of it."""
        return any(
            width == entry.width and entry.column < column <= value.column for width, column in self.seconds
        )

    def _in_columns(self, entry: Entry) -> None:
        """A source with all its figures behind its label; a rate is known by its %."""
        printed = [value for value in entry.values if fold(value.text) not in _NOT_APPLICABLE]
        for value in entry.values:
            if value not in printed:
                self.role(value.cell, "text")
        amounts = [value for value in printed if values.rate(value.text) is None]
        rates = [value for value in printed if value not in amounts]
        columns = [column for column in self.manner["columns"] if column != "rate"]
        found: dict[str, Figure] = {}
        if len(rates) == 1:
            self.role(rates[0].cell, "number")
            found["rate"] = Figure(rates[0].cell, values.rate(rates[0].text))
        elif rates:
            amounts = printed
        if amounts and len(amounts) != len(columns):
            if self.heads and len(rates) < 2:
                found |= {self.heads[value.column]: self._figure(value) for value in amounts}
                self._add(entry, found)
            else:
                self._hold(entry, amounts, _LOST, found)
            return
        found |= {column: self._figure(value) for column, value in zip(columns, amounts, strict=False)}
        self._add(entry, found)

    def _figure(self, value: Value) -> Figure:
        self.role(value.cell, "amount")
        return Figure(value.cell, *amount_of(value, self.money_unit))

    def _one(self, entry: Entry) -> Figure:
        """The one figure of a label; a second one must say the same."""
        first, *more = [self._figure(value) for value in entry.values]
        if any(other.value != first.value for other in more):
            return Figure(first.cell, None, _TOO_MANY)
        return first

    def _hold(
        self, entry: Entry, printed: Sequence[Value], reason: str, rate: dict[str, Figure] | None = None
    ) -> None:
        for value in printed:
            self.role(value.cell, "held")
        self.reading.held[len(self.reading.rows) + 1] = printed[0].cell
        self._add(entry, rate or {}, reason)

    def _add(
        self, entry: Entry, found: dict[str, Figure], reason: str | None = None, period: str = "年度"
    ) -> None:
        label = entry.label
        if label is None or label.side is None:
            raise ValueError("a row of funds has no label of funds")
        reasons = [reason, *(figure.reason for figure in found.values())]
        why = "；".join(dict.fromkeys(one for one in reasons if one)) or None
        status: FieldStatus = "held" if why else "printed" if found else "blank"

        def amount(column: str) -> Decimal | None:
            return found[column].value if column in found else None

        def printed(column: str) -> str | None:
            return found[column].cell.text if column in found else None

        def cell(column: str) -> str | None:
            return f"{self.document_id}/{found[column].cell.locator}" if column in found else None

        self.reading.rows.append(
            PerformanceFunding(
                form_id=self.form_id,
                seq=len(self.reading.rows) + 1,
                kind=label.side,
                source=label.name,
                source_printed=entry.cell.text,
                period=period,
                budget_amount=amount("budget"),
                budget_printed=printed("budget"),
                budget_cell=cell("budget"),
                received_amount=amount("received"),
                received_printed=printed("received"),
                received_cell=cell("received"),
                executed_amount=amount("executed"),
                executed_printed=printed("executed"),
                executed_cell=cell("executed"),
                execution_rate=amount("rate"),
                rate_printed=printed("rate"),
                rate_cell=cell("rate"),
                status=status,
                reason=why,
                locator=row_place(entry.cell.locator),
            )
        )


def read_funds(
    entries: Sequence[Entry],
    family: Family,
    form_id: str,
    document_id: str,
    money_unit: str | None,
    *,
    cut_off: bool,
) -> FundReading:
    """The sources of funds of a form. ``cut_off``: the form lost its right edge, and the last column with it.

    ``money_unit`` is that of its figures; without it they are held.
    """
    reader = _Reader(family, form_id, document_id, money_unit)
    reader.cut_off = cut_off
    funds = [entry for entry in entries if entry.label and entry.label.kind == "fund"]
    rows = [list(row) for _, row in groupby(funds, key=lambda entry: entry.row)]
    reader.seconds = frozenset((row[1].width, row[1].column) for row in rows if len(row) > 1)
    reader.heads = _heads(entries, funds, reader.manner.get("heads", {}))
    for row in rows:
        reader.row(row)
    return reader.reading


def _heads(
    entries: Sequence[Entry], funds: Sequence[Entry], names: Mapping[str, Sequence[str]]
) -> dict[int, str]:
    """The columns of figures by their place, as their head row says; none if it does not fit every figure.

    A rate stands in the column of rates and in no other, no two figures of a row in one column.
    """
    heads = {
        entry.column: (column, entry.width)
        for entry in entries
        for column, written in names.items()
        if entry.label and entry.label.kind == "heading" and entry.label.name in written
    }
    if sorted(column for column, _ in heads.values()) != sorted(names):
        return {}
    for entry in funds:
        for value in entry.values:
            column, width = heads.get(value.column, ("", 0))
            is_rate = values.rate(value.text) is not None
            applies = fold(value.text) not in _NOT_APPLICABLE
            if width != entry.width or (applies and is_rate != (column == "rate")):
                return {}
    return {place: column for place, (column, _) in heads.items()}
