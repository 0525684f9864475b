"""What a form says outside its funds and indicators: fields, persons, and what became of each cell.

Belongs here: turning labels with their values (``labels``) into fields, each printed, blank or held.
Does not belong here: the sources of funds (``funds``), indicators, and the row of the form itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pipelines.amounts import to_yuan
from pipelines.model import Cell, CellRole
from pipelines.performance import head_values as values
from pipelines.performance.labels import Entry, Label, Value
from pipelines.performance.records import PerformanceField, PersonalDatum
from pipelines.performance.signatures import looks_like_person, masked
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold, without_blanks

_DATA = load_yaml("fields", "performance")
_GOES_ON = re.compile(_DATA["goes_on"]["says"])
_IGNORED = [(entry["rule"], re.compile(entry["says"])) for entry in _DATA["ignored"]]
_CODED = re.compile(r"(?P<before>\d{3,6})?-?(?P<name>.*?[^\d-])(?P<after>-\d*)?")
# A text shorter than this that no label explains may be a figure or a name; a longer one is a sentence.
_SENTENCE = 12
UNKNOWN = "未识别"
OTHER = "其他文字"
CUT_OFF = "值的格是空的，表的右侧疑似被裁切"
_NOT_PLAIN = "不是一个单纯的数"
_TWO_VALUES = "同一栏印了不同的值"
_PIECES = "这一栏的文字散在几格里，拼不准"
_NO_LABEL = "没有栏目名，不知是什么"
_NO_DATE = "不是认得的日期或年度"
_BEYOND = "得分大于满分"
_NO_UNIT = "没有印金额单位，同类表里也没有可依据的"
_NOT_EXACT = "换算成元不是整分"


@dataclass(slots=True)
class HeadReading:
    """The fields of a form in printed order, its persons, and the roles of its cells."""

    form_id: str
    document_id: str
    fields: list[PerformanceField] = field(default_factory=list)
    persons: list[PersonalDatum] = field(default_factory=list)
    roles: dict[str, CellRole] = field(default_factory=dict)

    def cell_id(self, cell: Cell) -> str:
        """The id of a cell of this document."""
        return f"{self.document_id}/{cell.locator}"

    def role(self, cell: Cell, role: str, rule: str | None = None) -> None:
        """Say what became of a cell; a value in a label's cell makes it a value, a person stays masked."""
        cell_id = self.cell_id(cell)
        before = self.roles.get(cell_id)
        if before is None or before.role == "label":
            self.roles[cell_id] = CellRole(self.form_id, cell_id, cell.text, role, rule, cell.box)

    def add(
        self,
        name: str,
        cell: Cell,
        *,
        text: str | None = None,
        amount: Decimal | None = None,
        number: Decimal | None = None,
        unit: str | None = None,
        reason: str | None = None,
        blank: bool = False,
    ) -> None:
        """A field of the form; with a ``reason`` it is held."""
        status = "held" if reason else "blank" if blank else "printed"
        self.fields.append(
            PerformanceField(
                form_id=self.form_id,
                seq=len(self.fields) + 1,
                field=name,
                text=text,
                amount=amount,
                number=number,
                unit=unit,
                printed="" if blank else cell.text,
                status=status,  # type: ignore[arg-type]  # one of the three
                reason=reason,
                cell_id=self.cell_id(cell),
            )
        )


def read_fields(
    entries: Sequence[Entry],
    form_id: str,
    document_id: str,
    money_unit: str | None,
    *,
    cut_off: bool,
    no_amount: str | None,
) -> HeadReading:
    """The fields of the entries (those of funds left out).

    ``money_unit`` is that of amounts without one of their own; ``cut_off`` says that the form lost its right
    edge: then an empty cell of a row's last label is held, not blank. ``no_amount`` is why the empty cell of
    an amount is held, ``None`` where it is but blank.
    """
    reading = HeadReading(form_id, document_id)
    said, row = "", -1
    for entry in entries:
        label = entry.label
        if label is None:
            row = _unlabelled(reading, entry, said, row)
            continue
        if label.kind == "fund":
            continue
        said = label.name
        if entry.cell.locator not in {value.cell.locator for value in entry.values}:
            reading.role(entry.cell, "label")
        weight = Decimal(entry.weight) if entry.weight is not None and label.weight else None
        if label.weight and weight is not None:
            reading.add(label.weight, entry.cell, number=weight, unit="分")
        if entry.values:
            _field(reading, entry, label, money_unit)
            _hold_beyond(reading, weight)
        elif not label.group or (label.kind == "execution" and not entry.heads):
            if label.kind in ("heading", "person", "telephone"):
                continue
            lost = _PIECES if entry.lost else CUT_OFF if cut_off and entry.last and entry.blank else None
            reason = no_amount if label.kind == "amount" else lost
            # What is held for want of a cell shows its label.
            blank = entry.blank is not None or reason is None
            reading.add(label.name, entry.blank or entry.cell, reason=reason, blank=blank)
    _hold_contradictions(reading)
    return reading


def _unlabelled(reading: HeadReading, entry: Entry, said: str, row: int) -> int:
    """A text without a label: a note that goes on, a rule's, a person's, a sentence, or nobody knows.

    What nobody knows is one field a row: ``row`` is the last such row, and so is what comes back.
    """
    value = entry.values[0]
    cell, folded = value.cell, fold(value.text)
    rule = next((rule for rule, pattern in _IGNORED if pattern.search(folded)), None)
    if rule:
        reading.role(cell, "ignored", rule)
    elif said == _DATA["goes_on"]["field"] and _GOES_ON.search(folded):
        reading.role(cell, "note")
        reading.add(said, cell, text=value.text)
    elif looks_like_person(value.text):
        _person(reading, "未标明", value)
    elif len(folded) >= _SENTENCE:
        reading.role(cell, "text")
        reading.add(OTHER, cell, text=value.text)
    else:
        reading.role(cell, "held")
        if entry.row != row:
            reading.add(UNKNOWN, cell, reason=_NO_LABEL)
        return entry.row
    return row


def _person(reading: HeadReading, attribute: str, value: Value) -> None:
    cell_id = reading.cell_id(value.cell)
    reading.persons.append(PersonalDatum(reading.form_id, attribute, value.text, cell_id))
    reading.roles[cell_id] = masked(reading.form_id, cell_id, value.cell)


def _field(reading: HeadReading, entry: Entry, label: Label, money_unit: str | None) -> None:
    if label.kind in ("person", "telephone"):
        for value in entry.values:
            _person(reading, label.name, value)
        return
    if label.kind == "heading":
        for value in entry.values:
            alone = Entry(None, value.cell, entry.row, value.column, entry.width, [value])
            _unlabelled(reading, alone, "", -1)
        return
    value, *more = entry.values
    if label.second and len(more) == 1:
        _text(reading, label.name, value)
        _text(reading, label.second, more[0])
        return
    if label.kind == "amount":
        reading.role(value.cell, "amount")
        amount, reason = amount_of(value, entry.unit or money_unit)
        reading.add(label.name, value.cell, amount=amount, reason=reason)
    else:
        _READ[label.kind](reading, label.name, value)
    others = [other for other in more if fold(other.text) != fold(value.text)]
    for other in more:
        reading.role(other.cell, "held" if others else "text")
    if others and reading.fields:
        # Nobody knows which of several values counts, nor how the pieces of one go together.
        reading.fields[-1] = _held(reading.fields[-1], _TWO_VALUES if len(more) == 1 else _PIECES)


def amount_of(value: Value, money_unit: str | None) -> tuple[Decimal | None, str | None]:
    """The amount of a value in 元; else the reason why it is held."""
    figure, own_unit = values.money(value.text)
    unit = own_unit or money_unit
    if figure is None:
        return None, _NOT_PLAIN
    if unit is None:
        return None, _NO_UNIT
    amount = to_yuan(figure, unit)
    return amount, None if amount is not None else _NOT_EXACT


def _hold_beyond(reading: HeadReading, weight: Decimal | None) -> None:
    """A score above the full mark that its own label prints is no score that anybody gave."""
    last = reading.fields[-1] if reading.fields else None
    if weight is not None and last and last.unit == "分" and last.number is not None and last.number > weight:
        reading.fields[-1] = _held(last, _BEYOND)


def _held(one: PerformanceField, reason: str) -> PerformanceField:
    return replace(one, text=None, amount=None, number=None, status="held", reason=reason)


# --- what a value of each kind says -------------------------------------------------------


def _text(reading: HeadReading, name: str, value: Value) -> None:
    reading.role(value.cell, "note" if name == _DATA["goes_on"]["field"] else "text")
    reading.add(name, value.cell, text=value.text)


def _organisation(reading: HeadReading, name: str, value: Value) -> None:
    """An organisation, its code apart (063-某市某局, 038001某局-210311000)."""
    reading.role(value.cell, "text")
    match = _CODED.fullmatch(without_blanks(value.text))
    if match is None:
        reading.add(name, value.cell, reason=_NO_LABEL)
        return
    reading.add(name, value.cell, text=match["name"])
    if match["before"]:
        reading.add(f"{name}代码", value.cell, text=match["before"])


def _span(reading: HeadReading, name: str, value: Value) -> None:
    reading.role(value.cell, "text")
    reading.add(name, value.cell, text=value.text)


def _date(reading: HeadReading, name: str, value: Value) -> None:
    reading.role(value.cell, "text")
    day = values.day(value.text)
    reading.add(name, value.cell, text=day.isoformat() if day else None, reason=None if day else _NO_DATE)


def _year(reading: HeadReading, name: str, value: Value) -> None:
    reading.role(value.cell, "number")
    year = values.year(value.text)
    number = Decimal(year) if year else None
    reading.add(name, value.cell, number=number, unit="年", reason=None if year else _NO_DATE)


def _total(reading: HeadReading, name: str, value: Value) -> None:
    reading.role(value.cell, "score")
    score = values.points(value.text)
    reason = None if score is not None else _NOT_PLAIN
    reading.add(name, value.cell, number=score, unit="分", reason=reason)


def _rate(reading: HeadReading, name: str, value: Value) -> None:
    reading.role(value.cell, "number")
    rate = values.rate(value.text)
    reading.add(name, value.cell, number=rate, unit="%", reason=None if rate is not None else _NOT_PLAIN)


def _execution(reading: HeadReading, name: str, value: Value) -> None:
    plain = values.points(value.text) is not None
    reading.role(value.cell, "score" if plain else "text")
    if not plain:
        reading.add(name, value.cell, text=value.text)
    score, rate = values.execution(value.text)
    if score is not None:
        reading.add("执行得分", value.cell, number=score, unit="分")
    if rate is not None:
        reading.add("执行率", value.cell, number=rate, unit="%")


def _conclusion(reading: HeadReading, name: str, value: Value) -> None:
    reading.role(value.cell, "text")
    reading.add(name, value.cell, text=value.text)
    score, grade = values.conclusion(value.text)
    if score is not None:
        reading.add("结论得分", value.cell, number=score, unit="分")
    if grade is not None:
        reading.add("结论等级", value.cell, text=grade)


def _scale(reading: HeadReading, name: str, value: Value) -> None:
    reading.role(value.cell, "note")
    reading.add(name, value.cell, text=value.text)
    for weight, number in values.scale_weights(value.text).items():
        reading.add(weight, value.cell, number=number, unit="分")


def _counts(reading: HeadReading, name: str, value: Value) -> None:
    reading.role(value.cell, "text")
    reading.add(name, value.cell, text=value.cell.text)
    for count, number in values.counts(value.cell.text).items():
        reading.add(count, value.cell, number=number, unit="人")


_READ: dict[str, Callable[[HeadReading, str, Value], None]] = {
    "text": _text,
    "organisation": _organisation,
    "span": _span,
    "date": _date,
    "year": _year,
    "total": _total,
    "rate": _rate,
    "execution": _execution,
    "conclusion": _conclusion,
    "scale": _scale,
    "counts": _counts,
}


def _hold_contradictions(reading: HeadReading) -> None:
    """A field that the form prints twice with different values is held in both places."""
    for name in dict.fromkeys(one.field for one in reading.fields if one.status == "printed"):
        printed = [one for one in reading.fields if one.field == name and one.status == "printed"]
        said = {(fold(one.text or ""), one.amount, one.number) for one in printed}
        if len(said) > 1 and name not in (OTHER, _DATA["goes_on"]["field"]):
            reading.fields = [_held(one, _TWO_VALUES) if one in printed else one for one in reading.fields]
