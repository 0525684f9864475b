"""A statement while it is being read: every cell claimed once, every number taken or held.

Belongs here: the one way in which a cell becomes a line item, a role or an issue. Does not belong
here: which cell is which (the layouts know), and what a title says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pipelines.amounts import read_amount, to_yuan
from pipelines.header import Row, cell_labels, form_words
from pipelines.locators import row_place
from pipelines.model import Cell, CellReading, CellRole, Issue, Line, LineItem, Repair, Status
from pipelines.vocabulary import Form
from pipelines.wording import fold, wording

_CENT = Decimal("0.01")
# Labels of rows that were read from a picture, as analysts know them, and the rule of a dictionary's word.
_LABELS, _BY_DICTIONARY = {"code": "科目代码", "line_no": "行次"}, "字典"
HOLD_ROW = "核对原件；若是转换所致，换一份完整的文件重新放入"
HOLD_CELL = "核对原件上的这个数；读不准的数不入库"


@dataclass(frozen=True, slots=True)
class RowKey:
    """What a printed row is about; all its line items share it."""

    row_seq: int
    side: str | None = None
    item: str | None = None
    line_no: int | None = None
    line_no_printed: str | None = None
    subject_code: str | None = None
    subject_code_printed: str | None = None
    name_printed: str | None = None


@dataclass(slots=True)
class Sheet:
    """Collects what one statement says. ``money_unit`` None holds every amount of it."""

    document_id: str
    statement_id: str
    form: Form
    money_unit: str | None
    items: list[LineItem] = field(default_factory=list)
    roles: dict[str, CellRole] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    readings: dict[str, CellReading] = field(default_factory=dict)
    # Where each row's 科目代码 is printed.
    code_cells: dict[int, Cell] = field(default_factory=dict)
    rows: int = 0
    # Codes with their names as the document surely prints them, where pictures of it were recognised.
    sisters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # Why a recognised label is not what was seen (rule, evidence), and why one is not certain, by its place.
    grounds: dict[str, tuple[str, str]] = field(default_factory=dict)
    doubted: dict[str, str] = field(default_factory=dict)
    # A figure ran over a border: no other way of reading may settle it.
    torn: bool = False

    def cell_id(self, locator: str) -> str:
        """The readable and stable id of the cell at this locator."""
        return f"{self.document_id}/{locator}"

    def claim(self, cell: Cell | Line, role: str, rule: str | None = None) -> None:
        """Say what became of a text. Empty cells need no role, but a measure's has its place on the page."""
        if cell.text or (role == "amount" and cell.box):
            self.roles[cell.locator] = CellRole(
                self.statement_id, self.cell_id(cell.locator), cell.text, role, rule, cell.box
            )
            if cell.reading and cell.text:
                self.readings[cell.locator] = CellReading(
                    self.statement_id,
                    self.cell_id(cell.locator),
                    cell.text,
                    cell.reading.confidence,
                    tuple(text for text, _ in cell.reading.others),
                    tuple(confidence for _, confidence in cell.reading.others),
                    cell.reading.seen,
                )

    def claim_label(self, cell: Cell, role: str) -> None:
        """Claim a cell that says what the present row is about; where it is not what was seen, say why."""
        self.claim(cell, role)
        if cell.reading is None or cell.reading.seen is None:
            return
        name = "科目名称" if self.form.layout in ("subjects", "blocks") else "项目"
        seen, confidence = cell.reading.seen, cell.reading.confidence
        said = f"识别为「{seen}」，把握 {confidence:.2f}，字典里只可能是「{cell.text}」"
        rule, evidence = self.grounds.get(cell.locator, (_BY_DICTIONARY, said))
        self.repair(self.rows, cell, _LABELS.get(role, name), cell.text, rule=rule, evidence=evidence)

    def claim_head(self, rows: Iterable[Row]) -> None:
        """Claim the cells of the head that the form knows; what it does not know is left over."""
        known = form_words(self.form) | wording().structural
        for cell in (cell for row in rows for cell in row if cell.text):
            if fold(cell.text).isdigit() or all(
                key in known or key in wording().total for key in cell_labels(cell)
            ):
                self.claim(cell, "header", "表头")

    def note(self, reason: str, advice: str, locator: str, text: str = "") -> None:
        """Record a choice that was made with evidence; nothing is held."""
        self.issues.append(Issue("noted", "识别", self.form.name, reason, advice, locator, text))

    def repair(
        self, row_seq: int, cell: Cell, attribute: str, value: str, *, rule: str, evidence: str
    ) -> None:
        """Record that a code or name of a row is not what is printed, and why."""
        self.repairs.append(
            Repair(
                self.statement_id,
                row_seq,
                self.cell_id(cell.locator),
                attribute,
                (cell.reading and cell.reading.seen) or cell.text,
                value,
                rule,
                evidence,
            )
        )

    def amount(self, key: RowKey, measure: str, cell: Cell, quantity_unit: str | None = None) -> None:
        """Take one cell of a measure's column: a number, blank, closed, or held with its reason."""
        printed = read_amount(cell.text)
        status: Status = "printed"
        amount = quantity = None
        if printed.kind == "blank":
            status = "blank"
        elif printed.kind == "closed":
            status = "closed"
        elif printed.value is None:
            status = "held"
            self.hold(cell, f"「{cell.text}」不是合规的数字", HOLD_CELL)
        elif cell.torn:
            status, self.torn = "held", True
            self.hold(cell, f"「{cell.text}」所在的数越过了格线，或与别的字叠印，断不定是什么数", HOLD_CELL)
        elif quantity_unit is not None:
            quantity = (
                printed.value.quantize(_CENT) if printed.value == printed.value.quantize(_CENT) else None
            )
            status = "printed" if quantity is not None else "held"
        elif self.money_unit is None:
            status = "held"
        else:
            amount = to_yuan(printed.value, self.money_unit)
            if amount is None:
                status = "held"
                self.hold(cell, f"「{cell.text}」{self.money_unit}不能精确到分", HOLD_CELL)
        self._add(key, measure, cell, status, amount, quantity, quantity_unit)
        self.claim(cell, "amount")

    def holds_label(self, cells: Sequence[Cell], row: Sequence[Cell]) -> bool:
        """Hold a row whose label or code runs over a border, lies over other text, or was not surely read."""
        reason = next((self.doubted[c.locator] for c in cells if c.locator in self.doubted), None)
        if any(cell.torn for cell in cells):
            self.torn = True
            reason = "这一行的名称或代码越过了格线，或与别的字叠印，断不定是哪一项"
        if reason:
            self.hold_row(row, reason)
        return reason is not None

    def held_amount(self, key: RowKey, measure: str, cell: Cell) -> None:
        """A cell whose place in its row is not certain: its text is kept, its number is not taken."""
        self._add(key, measure, cell, "held", None, None, None)
        self.claim(cell, "amount", "行待核")

    def hold(self, cell: Cell | Line, reason: str, advice: str) -> None:
        """Hold one cell or line with its reason."""
        self.issues.append(Issue("held", "规整", self.form.name, reason, advice, cell.locator, cell.text))
        if cell.locator not in self.roles:
            self.claim(cell, "held")

    def hold_row(self, row: Sequence[Cell], reason: str, advice: str = HOLD_ROW) -> None:
        """Hold a whole row: one issue that names it, a role for each of its cells."""
        text = "\t".join(cell.text for cell in row)
        place = row_place(row[0].locator)
        self.issues.append(Issue("held", "规整", self.form.name, reason, advice, place, text))
        for cell in row:
            if cell.locator not in self.roles:
                self.claim(cell, "held", "行待核")

    @property
    def has_held(self) -> bool:
        """Whether a text of it was held whose row nobody knows."""
        return any(role.role == "held" for role in self.roles.values())

    def hold_everything(self) -> None:
        """Hold every number of the statement: its printed texts stay, its amounts go."""
        self.items = [
            replace(item, amount=None, quantity=None, status="held") if item.status == "printed" else item
            for item in self.items
        ]

    def leftovers(self, rows: Iterable[Row]) -> None:
        """Signal every non-empty cell that nothing has claimed."""
        for cell in (cell for row in rows for cell in row):
            if cell.text and cell.locator not in self.roles:
                self.issues.append(
                    Issue(
                        "ignored",
                        "识别",
                        self.form.name,
                        "表格范围内有不认识的文字，未当作数据",
                        "看一眼原件；若是新的列名或项目，补进表式字典",
                        cell.locator,
                        cell.text,
                    )
                )
                self.claim(cell, "unknown", "不认识的文字")

    def _add(
        self,
        key: RowKey,
        measure: str,
        cell: Cell,
        status: Status,
        amount: Decimal | None,
        quantity: Decimal | None,
        quantity_unit: str | None,
    ) -> None:
        self.items.append(
            LineItem(
                statement_id=self.statement_id,
                form=self.form.id,
                row_seq=key.row_seq,
                side=key.side,
                item=key.item,
                line_no=key.line_no,
                line_no_printed=key.line_no_printed,
                subject_code=key.subject_code,
                subject_code_printed=key.subject_code_printed,
                name_printed=key.name_printed,
                measure=measure,
                amount=amount,
                quantity=quantity,
                quantity_unit=quantity_unit,
                amount_printed=cell.text,
                money_unit=None if quantity_unit else self.money_unit,
                status=status,
                cell_id=self.cell_id(cell.locator),
            )
        )
