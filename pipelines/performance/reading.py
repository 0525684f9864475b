"""All performance forms of a document: cut, read, put together, second printings pointed to their first.

Belongs here: the order of the steps, and the row of the form made from its fields.
Does not belong here: how fields, funds, indicators and persons are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby

from pipelines.locators import row_place
from pipelines.model import Block, Cell, CellRole, Grid, Issue, Line
from pipelines.performance import head_values as values
from pipelines.performance.cut import FormBlock, Row, cut_blocks, mark_of, said
from pipelines.performance.duplicates import point_to_first
from pipelines.performance.funds import FundReading, read_funds
from pipelines.performance.head import CUT_OFF, UNKNOWN, HeadReading, read_fields
from pipelines.performance.indicators import IndicatorReading, read_indicators
from pipelines.performance.labels import Entry, entries
from pipelines.performance.limits import held_beyond
from pipelines.performance.records import (
    Family,
    FormState,
    PerformanceField,
    PerformanceForm,
    PerformanceFunding,
    PerformanceIndicator,
    PerformanceTask,
    PersonalDatum,
)
from pipelines.performance.signatures import part_of_persons, read_persons
from pipelines.scans.certainty import UNREAD, is_sure
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_FUNDS = load_yaml("funds", "performance")
_FORMS = load_yaml("forms", "performance")["families"]
READER = "栏目名"
_ADVICE = "对照原件补正；公开文件本身如此的，请填报单位说明"
_UNKNOWN_ADVICE = "看一眼原件；若是绩效表，把它的题名和栏目名补进 pipelines/performance/forms.yml"
_UNSURE_ADVICE = "换一份文字可选可复制的文件重新放入"
_LONGEST_EXCERPT, _TOLD = 80, 3
# Labels are short; a sentence may have a unit in brackets that says nothing of the form.
_LONGEST_LABEL = 30
_UNIT = re.compile(r"\(\)?(万元|元)\)")
_ONLY_BELOW = "值的格是空的，来源行却印有数"
_NO_SPAN = "照录原文，不是认得的起止两日"
_UNIT_BY_SISTERS = "本表没有印金额单位，依同一文件里其他绩效表所印的{unit}"


@dataclass(slots=True)
class PerformanceReading:
    """What the performance forms of a document say."""

    forms: list[PerformanceForm] = field(default_factory=list)
    fields: list[PerformanceField] = field(default_factory=list)
    funding: list[PerformanceFunding] = field(default_factory=list)
    tasks: list[PerformanceTask] = field(default_factory=list)
    indicators: list[PerformanceIndicator] = field(default_factory=list)
    persons: list[PersonalDatum] = field(default_factory=list)
    cells: list[CellRole] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """A form with what must be known of all forms before one is read."""

    block: FormBlock
    form_id: str
    units: frozenset[str]


def read_performance(document_id: str, blocks: Sequence[Block]) -> PerformanceReading:
    """Read all performance forms of the blocks: the attachments of a disclosure, or a whole document.

    Never raises for what a form holds: what is doubtful is held, a grid of no family is an issue.
    """
    cut = cut_blocks(blocks)
    parts = [_part(block, document_id) for block in cut.forms]
    reading = PerformanceReading()
    for part in parts:
        if blurred := _blurred(part.block):
            reading.issues.append(_unsure(part.block, blurred))
            continue
        unit, by_sisters = _money_unit(part, parts)
        used = _read(part, len(reading.forms) + 1, document_id, unit, reading)
        if by_sisters and not used:
            reading.forms[-1] = replace(reading.forms[-1], money_unit=None)
        elif by_sisters:
            reason = _UNIT_BY_SISTERS.format(unit=unit)
            reading.issues.append(
                Issue("noted", "规整", "绩效表金额单位", reason, "无需处理", part.block.locator)
            )
    reading.forms = point_to_first(reading)
    reading.issues += [_unknown(grid) for grid in cut.unknown]
    return reading


def _blurred(block: FormBlock) -> list[Cell | Line]:
    """What a recogniser saw in a form without being sure of its figures: no sum of the form tells them."""
    cells: list[Cell | Line] = [*block.above, *(cell for row in block.rows for cell in row)]
    return [one for one in cells if one.reading and _is_blurred(one.text, one.reading.confidence)]


def _is_blurred(text: str, confidence: float) -> bool:
    return not is_sure(confidence) and any(c.isdigit() or c == UNREAD for c in text)


def _unsure(block: FormBlock, blurred: Sequence[Cell | Line]) -> Issue:
    places = "、".join(one.locator for one in blurred[:_TOLD])
    reason = f"图像里有 {len(blurred)} 格的数读不准（{places}），这张绩效表没有入库"
    return Issue("held", "规整", "绩效表", reason, _UNSURE_ADVICE, block.locator)


def _part(block: FormBlock, document_id: str) -> _Part:
    """The form with the units of money that its labels print, even where they are torn over cells."""
    texts = (
        "".join(fold(cell.text) for cell in row if len(cell.text) <= _LONGEST_LABEL) for row in block.head
    )
    units = frozenset(unit for text in texts for unit in _UNIT.findall(text))
    return _Part(block, f"{document_id}/{row_place(block.locator)}/form", units)


def _entries(block: FormBlock, signed: slice, taken: set[str], document_id: str) -> list[Entry]:
    """The labels with their values of all that the readers of indicators and of persons leave."""
    above: list[Row] = [(_cell(line),) for line in block.above]
    found: list[Entry] = []
    number = 0
    for rows in ([*above, *block.head], block.tail[: signed.start], block.tail[signed.stop :]):
        left = [row for row in (_without(row, taken, document_id) for row in rows) if said(row)]
        found += entries(left, block.family, number)
        number += len(left)
    return found


def _cell(line: Line) -> Cell:
    return Cell(line.text, line.locator, line.box, reading=line.reading)


def _without(row: Row, taken: set[str], document_id: str) -> Row:
    """A row whose cells that have been read already are empty."""
    return tuple(cell._replace(text="") if f"{document_id}/{cell.locator}" in taken else cell for cell in row)


def _money_unit(part: _Part, parts: Sequence[_Part]) -> tuple[str | None, bool]:
    """The unit that the form prints, else the one that all its sisters print (those of its family, else all
    of the document); and whether it is theirs."""
    if part.units:
        return (next(iter(part.units)), False) if len(part.units) == 1 else (None, False)
    own = {unit for other in parts if other.block.family == part.block.family for unit in other.units}
    sisters = own or {unit for other in parts for unit in other.units}
    return (sisters.pop(), True) if len(sisters) == 1 else (None, False)


def _read(part: _Part, seq: int, document_id: str, unit: str | None, reading: PerformanceReading) -> bool:
    """Read a form into ``reading``; whether it has amounts that ``unit`` was used for."""
    block, form_id = part.block, part.form_id
    indicators = read_indicators(block, form_id, document_id, unit)
    signed = part_of_persons(block.tail)
    found = _entries(block, signed, {role.cell_id for role in indicators.cells}, document_id)
    last_empty, below = _last_column(found, block.family)
    cut_off = last_empty and not below
    why = CUT_OFF if cut_off else _ONLY_BELOW if last_empty else None
    head = read_fields(found, form_id, document_id, unit, cut_off=cut_off, no_amount=why)
    funds = read_funds(found, block.family, form_id, document_id, unit, cut_off=cut_off)
    people = read_persons(block.tail[signed], form_id, document_id)
    if block.title:
        head.role(_cell(block.title), "title")
    for line in block.noise:
        head.role(_cell(line), "ignored", "页眉页脚")
    printed = {f"{document_id}/{cell.locator}": cell.text for row in block.rows for cell in row}
    # What is held at the head has its issue with the other fields, below.
    own, _ = held_beyond([*head.fields, *_of_totals(head, funds, block.family)])
    funding, _ = held_beyond(funds.rows)
    scores, beyond = held_beyond(indicators.fields)
    tasks, beyond_tasks = held_beyond(indicators.tasks)
    rows, beyond_rows = held_beyond(indicators.indicators)
    fields = [*own, *scores]
    fields = [
        replace(one, seq=number, printed=printed.get(one.cell_id, one.printed) if one.printed else "")
        for number, one in enumerate(fields, 1)
    ]
    reading.fields += fields
    reading.funding += funding
    reading.tasks += tasks
    reading.indicators += rows
    reading.persons += [*head.persons, *people.persons]
    roles = dict(head.roles)
    roles |= {role.cell_id: role for role in (*people.cells, *indicators.cells, *funds.cells)}
    # Of a text that goes on in other cells each role has the text of its own cell.
    reading.cells += [
        role if role.role == "person" else replace(role, text=printed.get(role.cell_id, role.text))
        for role in roles.values()
    ]
    form = _form(part, seq, unit, fields, funding, cut_off=cut_off)
    reading.forms.append(form)
    reading.issues += [*_held(form, fields, funding, indicators), *indicators.issues]
    reading.issues += [*beyond, *beyond_tasks, *beyond_rows]
    amounts = (one.amount for one in fields)
    figures = (
        getattr(row, f"{name}_amount") for row in funding for name in ("budget", "received", "executed")
    )
    given = (task.allotted_amount or task.executed_amount for task in tasks)
    return any(amount is not None for amount in (*amounts, *figures, *given))


def _last_column(found: Sequence[Entry], family: Family) -> tuple[bool, bool]:
    """Whether the last amount at the head is empty while those before it are not, and whether its column
    has figures below: without any the form lost its right edge."""
    columns = _FUNDS.get(family, {}).get("repeated")
    amounts = [e for e in found if e.label and e.label.kind == "amount"]
    if not columns or len(amounts) != len(columns) or not amounts[0].values or amounts[-1].values:
        return False, False
    funds = [e for e in found if e.label and e.label.kind == "fund"]
    rows = [list(row) for _, row in groupby(funds, key=lambda entry: entry.row)]
    return True, any(len(row) == len(columns) and row[-1].values for row in rows)


def _of_totals(head: HeadReading, funds: FundReading, family: Family) -> list[PerformanceField]:
    """The amounts of the form where the total of its sources prints them (年度资金总额)."""
    if "totals" not in _FUNDS.get(family, {}):
        return []
    total = next((row for row in funds.rows if row.kind == "合计" and row.period == "年度"), None)
    if total is None:
        return []
    names = {"预算金额": "budget", "执行金额": "executed", "执行率": "rate"}
    found = []
    for name, column in names.items():
        printed, cell_id = getattr(total, f"{column}_printed"), getattr(total, f"{column}_cell")
        held = total.reason if column != "rate" else None
        if cell_id is None and held and total.seq in funds.held:
            cell = funds.held[total.seq]
            printed, cell_id = cell.text, head.cell_id(cell)
        if cell_id is None:
            continue
        value = getattr(total, "execution_rate" if column == "rate" else f"{column}_amount")
        found.append(
            PerformanceField(
                form_id=head.form_id,
                seq=0,
                field=name,
                text=None,
                amount=value if column != "rate" else None,
                number=value if column == "rate" else None,
                unit="%" if column == "rate" else None,
                printed=printed or "",
                status="held" if held else "printed",
                reason=held,
                cell_id=cell_id,
            )
        )
    return found


class _Fields:
    """The fields of a form by name: the first printed one counts."""

    def __init__(self, fields: Sequence[PerformanceField]) -> None:
        self._printed: dict[str, PerformanceField] = {}
        for one in fields:
            if one.status == "printed":
                self._printed.setdefault(one.field, one)

    def text(self, *names: str) -> str | None:
        return next((self._printed[name].text for name in names if name in self._printed), None)

    def amount(self, *names: str) -> Decimal | None:
        return next((self._printed[name].amount for name in names if name in self._printed), None)

    def number(self, *names: str) -> Decimal | None:
        return next((self._printed[name].number for name in names if name in self._printed), None)


def _form(
    part: _Part,
    seq: int,
    unit: str | None,
    fields: Sequence[PerformanceField],
    funding: Sequence[PerformanceFunding],
    *,
    cut_off: bool,
) -> PerformanceForm:
    said = _Fields(fields)
    block = part.block
    period = values.span(said.text("项目起止时间") or "")
    year = said.number("评价年度", "年度")
    held = [(one.reason, one.field) for one in fields if one.status == "held"]
    held += [(row.reason, row.source) for row in funding if row.status == "held"]
    if period is None and said.text("项目起止时间"):
        held.append((_NO_SPAN, "项目起止时间"))
    names: dict[str | None, dict[str, None]] = {}
    for reason, name in held:
        names.setdefault(reason, {})[name] = None
    return PerformanceForm(
        form_id=part.form_id,
        seq=seq,
        family=block.family,
        variant=_variant(block.family, fields, funding),
        title_printed=block.title.text if block.title else None,
        state=_state(block, cut_off=cut_off),
        project_name=said.text("项目名称"),
        implementing_unit=said.text("实施单位"),
        department=said.text("主管部门", "地方主管部门"),
        money_unit=unit,
        budget_amount=said.amount("预算金额", "年初预算支出金额"),
        received_amount=said.amount("到位金额"),
        executed_amount=said.amount("执行金额"),
        execution_rate=said.number("执行率"),
        execution_score=said.number("执行得分"),
        output_score=said.number("产出得分"),
        benefit_score=said.number("效益得分"),
        satisfaction_score=said.number("满意度得分"),
        indicator_subtotal=said.number("指标小计"),
        deduction=said.number("减分"),
        total_score=said.number("总分"),
        grade=said.text("结论等级"),
        evaluated_year=int(year) if year is not None else None,
        starts_on=period[0] if period else None,
        ends_on=period[1] if period else None,
        filled_on=values.day(said.text("填报日期") or ""),
        duplicate_of=None,
        note="；".join(f"{'、'.join(held)}：{reason}" for reason, held in names.items()) or None,
        reader=READER,
        locator=row_place(block.locator),
        locator_end=block.locator_end,
    )


def _state(block: FormBlock, *, cut_off: bool) -> FormState:
    """Whether all parts of the form are there: head, indicators, and the rows that its family ends with."""
    if not block.has_head:
        return "无头"
    marks = {mark_of(row) for row in block.tail}
    wanted: set[str | None] = set(_FORMS[block.family]["whole"])
    # A total is never the last row of a form.
    ended = len(block.tail) > 1 or "total" not in wanted
    return "完整" if block.indicator_rows and wanted <= marks and ended and not cut_off else "不完整"


def _variant(
    family: Family, fields: Sequence[PerformanceField], funding: Sequence[PerformanceFunding]
) -> str | None:
    """The manner of the form, by the sources that it prints."""
    manners: dict[str, list[str]] = _FUNDS["variants"].get(family, {})
    printed = {row.source for row in funding}
    named = {one.field for one in fields}
    for manner, name in _FUNDS["variant_fields"].items():
        if manners and name in named:
            return str(manner)
    return next((manner for manner, sources in manners.items() if set(sources) <= printed), None)


def _held(
    form: PerformanceForm,
    fields: Sequence[PerformanceField],
    funding: Sequence[PerformanceFunding],
    indicators: IndicatorReading,
) -> list[Issue]:
    """An issue for each field and row of funds that is held; those of indicators come with them."""
    about = f"绩效表 {form.project_name or form.implementing_unit or form.locator}"
    printed_in = {one.cell_id for one in indicators.fields}
    held = [one for one in fields if one.status == "held" and one.cell_id not in printed_in]
    unknown = [one for one in held if one.field == UNKNOWN]
    found = [
        (one.field, one.reason or "", one.cell_id.partition("/")[2], one.printed)
        for one in held
        if one.field != UNKNOWN
    ]
    if unknown:
        reason = f"有 {len(unknown)} 行的文字没有认得的栏目名"
        excerpt = " | ".join(one.printed for one in unknown)
        found.append((UNKNOWN, reason, unknown[0].cell_id.partition("/")[2], excerpt))
    found += [
        (f"资金来源 {row.source}", row.reason or "", row.locator, "")
        for row in funding
        if row.status == "held"
    ]
    return [
        Issue("held", "规整", f"{about} · {name}", reason, _ADVICE, place, printed[:_LONGEST_EXCERPT])
        for name, reason, place, printed in found
    ]


def _unknown(grid: Grid) -> Issue:
    row = next((said(row) for row in grid.rows if said(row)), list(grid.rows[0]))
    return Issue(
        "held",
        "识别",
        "附件表格",
        f"附件里一个 {len(grid.rows)} 行的表格不属于认得的绩效表式，未读入",
        _UNKNOWN_ADVICE,
        row_place(row[0].locator),
        " ".join(cell.text for cell in row)[:_LONGEST_EXCERPT],
    )
