"""The records of the performance attachments (绩效附件), named as the columns of ``warehouse/schema.yml``.

Belongs here: plain frozen records. Does not belong here: how they are read off a form.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

# A project's self-evaluation, a transfer's, a department's (two manners), a project's with 减分, a target.
Family = Literal["A", "B", "C", "D", "E", "F"]
FormState = Literal["完整", "不完整", "无头"]
FieldStatus = Literal["printed", "blank", "held"]


@dataclass(frozen=True, slots=True)
class PerformanceForm:
    """One performance form as printed: what it is about, its amounts, its scores.

    Amounts are in 元, exact; scores in 分; ``execution_rate`` is the printed one in %. ``None`` is not
    printed, blank, or held; ``note`` names what is held and why. Every value here is one of the form's
    ``PerformanceField`` rows, where its cell and its print stand. ``duplicate_of`` is the first printing of
    the same form in this document. ``form_id`` is document and the place where the form begins
    (``00fb7930f711/L831/form``).
    """

    form_id: str
    seq: int
    family: Family
    variant: str | None
    title_printed: str | None
    state: FormState
    project_name: str | None
    implementing_unit: str | None
    department: str | None
    money_unit: str | None
    budget_amount: Decimal | None
    received_amount: Decimal | None
    executed_amount: Decimal | None
    execution_rate: Decimal | None
    execution_score: Decimal | None
    output_score: Decimal | None
    benefit_score: Decimal | None
    satisfaction_score: Decimal | None
    indicator_subtotal: Decimal | None
    deduction: Decimal | None
    total_score: Decimal | None
    grade: str | None
    evaluated_year: int | None
    starts_on: date | None
    ends_on: date | None
    filled_on: date | None
    duplicate_of: str | None
    note: str | None
    reader: str
    locator: str
    locator_end: str


@dataclass(frozen=True, slots=True)
class PerformanceField:
    """One thing that a form says outside its funding rows and indicators, with its cell.

    ``field`` is the name of ``performance/fields.yml`` (项目名称, 预算金额, 执行得分, 自评结论 …). Of
    ``text``, ``amount`` (元) and ``number`` (in ``unit``: 分, %, 年 …) the one of its kind is given where it
    is ``printed``; a ``blank`` cell has none, and a ``held`` one has none and a ``reason``.
    """

    form_id: str
    seq: int
    field: str
    text: str | None
    amount: Decimal | None
    number: Decimal | None
    unit: str | None
    printed: str
    status: FieldStatus
    reason: str | None
    cell_id: str


@dataclass(frozen=True, slots=True)
class PerformanceFunding:
    """One source of a form's funds, or one line of its 收支情况. Amounts in 元, exact.

    ``source`` is the name in the dictionary (中央财政, 省财政, 中央、省财政, 市财政, 年度资金总额 …),
    ``kind`` 来源 / 合计 / 收入 / 支出; ``period`` is 年度 or 实施期. Each of the three amounts has its print
    and cell; where one is not printed its three are ``None``, and ``reason`` says what is held. The one
    figure of a line of 收入 is ``received_amount``, that of a line of 支出 ``executed_amount``.
    """

    form_id: str
    seq: int
    kind: str
    source: str
    source_printed: str
    period: str
    budget_amount: Decimal | None
    budget_printed: str | None
    budget_cell: str | None
    received_amount: Decimal | None
    received_printed: str | None
    received_cell: str | None
    executed_amount: Decimal | None
    executed_printed: str | None
    executed_cell: str | None
    execution_rate: Decimal | None
    rate_printed: str | None
    rate_cell: str | None
    status: FieldStatus
    reason: str | None
    locator: str


@dataclass(frozen=True, slots=True)
class PerformanceTask:
    """One task of a department's form (年度主要任务 × 对应项目): amounts in 元, rate in %, scores in 分."""

    form_id: str
    seq: int
    task: str | None
    project: str
    allotted_amount: Decimal | None
    allotted_printed: str | None
    allotted_cell: str | None
    executed_amount: Decimal | None
    executed_printed: str | None
    executed_cell: str | None
    execution_rate: Decimal | None
    rate_printed: str | None
    rate_cell: str | None
    weight: Decimal | None
    weight_cell: str | None
    score: Decimal | None
    score_cell: str | None
    status: FieldStatus
    reason: str | None
    cell_id: str


@dataclass(frozen=True, slots=True)
class PerformanceIndicator:
    """One indicator of a form: what was wanted, what was reached, what it scored.

    ``level1`` and ``level2`` are without their weights (产出指标, 数量指标); ``ordinal`` is 指标1 or 任务1 as
    printed. ``target`` and ``achieved`` are as printed (operator, content and unit joined where they have
    columns of their own); ``*_value`` and ``*_unit`` are their plain number, where they are one.
    ``completion`` is 完成程度 as a share of 1. ``weight`` and ``score`` are the indicator's own: a score that
    is printed once for a merged cell of the first level is a field of the form, not of its indicators.
    ``period`` is 年度, or 实施期 in the forms that have both. ``cell_id`` is the cell of the name.
    """

    form_id: str
    seq: int
    period: str
    level1: str | None
    level2: str | None
    ordinal: str | None
    level3: str
    operator: str | None
    target: str | None
    target_value: Decimal | None
    target_unit: str | None
    target_cell: str | None
    achieved: str | None
    achieved_value: Decimal | None
    achieved_unit: str | None
    achieved_cell: str | None
    completion: Decimal | None
    completion_cell: str | None
    weight: Decimal | None
    weight_cell: str | None
    score: Decimal | None
    score_cell: str | None
    deviation: str | None
    improvement: str | None
    status: FieldStatus
    reason: str | None
    cell_id: str


@dataclass(frozen=True, slots=True)
class PersonalDatum:
    """A person's name or telephone number in a form, and in what part: kept apart from everything else."""

    form_id: str
    attribute: str
    text: str
    cell_id: str
