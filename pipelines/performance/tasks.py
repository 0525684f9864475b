"""The tasks of a department's form (family D): each project with its funds, rate, weight and score.

Belongs here: the rows of 年度主要任务. Does not belong here: the rest of the form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from pipelines.amounts import read_amount, to_yuan
from pipelines.model import Cell
from pipelines.performance.cut import Row
from pipelines.performance.notes import Notes
from pipelines.performance.records import PerformanceTask
from pipelines.performance.torn import Part, numbers, parts
from pipelines.performance.values import score
from pipelines.wording import fold

_SUBJECT = "年度主要任务"
_TORN_NAME = "项目名称被撕成几格，字迹可能不全"
_AMOUNTS = "下达金额、执行金额分不清"
_RATE = "执行率与得分除以分值不符，字迹可能不全"
_POINTS = "分值、得分没有读全"
_NO_UNIT = "没有印出金额单位"
_NOT_EXACT = "换算成元不是整分"
_RATE_TOLERANCE = Decimal("0.5")
_FIGURES = re.compile(r"^[\d.,%(-]+$")
_HALF = Decimal("0.5")
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure of a row: its value, print, and the cells that it was joined from."""

    value: Decimal
    printed: str
    parts: tuple[Part, ...]

    @property
    def cell(self) -> Cell:
        """The cell where it begins."""
        return self.parts[0].cell

    @property
    def half_step(self) -> Decimal:
        """Half of its last printed place."""
        exponent = self.value.as_tuple().exponent
        return _HALF.scaleb(exponent) if isinstance(exponent, int) else Decimal(0)


def read_task(row: Row, seq: int, notes: Notes, money_unit: str | None) -> PerformanceTask | None:
    """The task of a row, or None where the row has no figures; what is doubtful is held.

    下达金额 and 执行金额 are taken where there are just two figures before the rate and they agree with it
    (or were not torn); 分值 and 得分 where there are just two behind it.
    """
    cells = parts(row)
    begin = max((i for i, part in enumerate(cells) if not _FIGURES.match(part.text)), default=-1) + 1
    if begin in (0, len(cells)):
        return None
    names, values = cells[:begin], cells[begin:]
    labels = [part for part in names if part.column == 0 and len(names) > 1]
    project = [part for part in names if part not in labels]
    found = numbers(values)
    at = next((i for i, (text, _) in enumerate(found) if text.endswith("%")), None)
    if at is None:
        return None
    amounts = [_figure(text, used) for text, used in found[:at]]
    rate = _figure(found[at][0].removesuffix("%"), found[at][1])
    points = [_figure(text, used, score(text)) for text, used in found[at + 1 :]]
    torn = len(values) > len(found) or any(figure is None for figure in amounts)
    reasons: list[str] = [] if len(project) == 1 else [_TORN_NAME]
    allotted, executed = _amounts(amounts, rate, torn)
    if allotted is None:
        reasons.append(_AMOUNTS)
    elif money_unit is None:
        reasons.append(_NO_UNIT)
    yuan = [to_yuan(one.value, money_unit) if one and money_unit else None for one in (allotted, executed)]
    if allotted is not None and money_unit is not None and None in yuan:
        reasons.append(_NOT_EXACT)
    weight, got = (points[0], points[1]) if len(points) == 2 else (None, None)
    if weight is None or got is None:
        reasons.append(_POINTS)
        weight = got = None
    elif rate is not None and weight.value:
        share = got.value / weight.value * _HUNDRED
        if abs(share - rate.value) > _RATE_TOLERANCE and (torn or allotted is None):
            reasons.append(_RATE)
            rate = None
    notes.role((part.cell for part in labels), "label")
    notes.role((part.cell for part in project), "text")
    _roles(notes, values, (allotted, executed), (rate, weight, got), reasons)
    first = project[0].cell
    return PerformanceTask(
        form_id=notes.form_id,
        seq=seq,
        task=labels[0].text if labels and len(labels[0].text) > len(fold(_SUBJECT)) else None,
        project="".join(part.text for part in project),
        allotted_amount=yuan[0],
        allotted_printed=allotted.printed if allotted else None,
        allotted_cell=notes.cell_id(allotted.cell) if allotted else None,
        executed_amount=yuan[1],
        executed_printed=executed.printed if executed else None,
        executed_cell=notes.cell_id(executed.cell) if executed else None,
        execution_rate=rate.value if rate else None,
        rate_printed=rate.printed + "%" if rate else None,
        rate_cell=notes.cell_id(rate.cell) if rate else None,
        weight=weight.value if weight else None,
        weight_cell=notes.cell_id(weight.cell) if weight else None,
        score=got.value if got else None,
        score_cell=notes.cell_id(got.cell) if got else None,
        status="held" if reasons else "printed",
        reason="；".join(reasons) or None,
        cell_id=notes.cell_id(first),
    )


def _figure(text: str, used: list[Part], value: Decimal | None = None) -> _Figure | None:
    number = read_amount(text).value if value is None else value
    return _Figure(number, text, tuple(used)) if number is not None else None


def _amounts(
    found: list[_Figure | None], rate: _Figure | None, torn: bool
) -> tuple[_Figure | None, _Figure | None]:
    """下达金额 and 执行金额, or neither."""
    if len(found) != 2:
        return None, None
    allotted, executed = found
    if allotted is None or executed is None:
        return None, None
    if torn and not _agree(allotted, executed, rate):
        return None, None
    return allotted, executed


def _agree(allotted: _Figure, executed: _Figure, rate: _Figure | None) -> bool:
    """Whether the rate is that of the two amounts, as exactly as they are printed."""
    if rate is None or allotted.value <= allotted.half_step:
        return False
    low = (executed.value - executed.half_step) / (allotted.value + allotted.half_step) * _HUNDRED
    high = (executed.value + executed.half_step) / (allotted.value - allotted.half_step) * _HUNDRED
    return low - rate.half_step <= rate.value <= high + rate.half_step


def _roles(
    notes: Notes,
    values: list[Part],
    amounts: tuple[_Figure | None, ...],
    points: tuple[_Figure | None, ...],
    reasons: list[str],
) -> None:
    taken: set[int] = set()
    for figures, role in ((amounts, "amount"), (points, "score")):
        for figure in figures:
            used = [part.cell for part in figure.parts if id(part.cell) not in taken] if figure else []
            notes.role(used, role)
            taken |= {id(cell) for cell in used}
    left = [part.cell for part in values if id(part.cell) not in taken]
    notes.held(left, _SUBJECT, "；".join(reasons))
