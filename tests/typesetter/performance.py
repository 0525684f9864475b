"""A performance form (绩效附件) as an office filled it in: its figures, and the spoiling of one of them.

Belongs here: the plain records of a filled form. Does not belong here: inventing figures that add up
(``performance_consistent``), rows and cells (``performance_layout``), documents and bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Family = Literal["A", "B", "C", "D", "E", "F"]

# Each family with its variants; «A1-情况» has its 项目执行情况 in five rows.
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "A": ("A1", "A1-情况", "A2", "A3"),
    "B": ("B",),
    "C": ("C",),
    "D": ("D",),
    "E": ("E",),
    "F": ("F",),
}


@cache
def words() -> dict[str, Any]:
    """The vocabulary of invented forms."""
    text = Path(__file__).with_suffix(".yml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@dataclass(frozen=True)
class Style:
    """How a form is written: the choices that leave its figures as they are.

    ``decimals`` of amounts: ``None`` prints no more than are needed. ``dates`` numbers the spellings of
    ``performance_layout``. ``spare`` is how many empty 指标n rows follow those of a 二级指标.
    """

    money_unit: str = "万元"
    decimals: int | None = None
    thousands: bool = False
    dates: int = 0
    points: bool = False  # 49分 rather than 49
    spare: int = 0
    joined: bool = False  # 指标1 and the name in one cell
    unit_shown: bool = True  # D: the unit of money in its labels, as its real forms do not have it
    titled: bool = False  # the title is the first row of the grid
    signed_below: bool = False  # 填报人 under the grid rather than in its last row
    spaced: bool = False  # 10. 04, as some text layers have numbers
    half_width: bool = False  # brackets and colons
    rate: Literal["no", "sentence", "brackets"] = "no"


@dataclass(frozen=True)
class Source:
    """One source of funds, or one line of 收支情况 (收入 is received, 支出 executed). Amounts in 元; ``None``
    is blank."""

    kind: Literal["来源", "合计", "收入", "支出"]
    name: str
    budget_amount: Decimal | None = None
    received_amount: Decimal | None = None
    executed_amount: Decimal | None = None
    execution_rate: Decimal | None = None
    period: str = "年度"


@dataclass(frozen=True)
class Task:
    """One project of a department's 年度主要任务; amounts in 元, rate in %."""

    project: str
    allotted_amount: Decimal
    executed_amount: Decimal
    execution_rate: Decimal
    weight: Decimal
    score: Decimal


@dataclass(frozen=True)
class Indicator:
    """One row of the indicators. Without a name it is an empty 指标n row.

    ``target`` has its operator and unit where the form has no columns for them.
    """

    level1: str
    level2: str
    ordinal: str = ""
    level3: str = ""
    operator: str = ""
    target: str = ""
    unit: str = ""
    achieved: str = ""
    completion: Decimal | None = None
    weight: Decimal | None = None
    score: Decimal | None = None
    deviation: str = ""
    improvement: str = ""
    period: str = "年度"


@dataclass(frozen=True)
class FilledForm:
    """A form as its office filled it in. Fields are those of ``PerformanceForm``; ``None`` is not printed.

    ``code`` is what some forms print before the name of the department or unit, and ``region`` behind it.
    """

    family: Family
    variant: str
    title: str
    style: Style
    unit: str
    code: str = ""
    region: str = ""
    project_name: str | None = None
    implementing_unit: str | None = None
    department: str | None = None
    budget_amount: Decimal | None = None
    received_amount: Decimal | None = None
    executed_amount: Decimal | None = None
    execution_rate: Decimal | None = None
    execution_score: Decimal | None = None
    output_score: Decimal | None = None
    benefit_score: Decimal | None = None
    satisfaction_score: Decimal | None = None
    indicator_subtotal: Decimal | None = None
    deduction: Decimal | None = None
    total_score: Decimal | None = None
    grade: str | None = None
    evaluated_year: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    filled_on: date | None = None
    sources: tuple[Source, ...] = ()
    tasks: tuple[Task, ...] = ()
    rows: tuple[Indicator, ...] = ()
    said: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    telephones: tuple[str, ...] = ()
    salt: int = field(default=0, compare=False)

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """The rows that are indicators."""
        return tuple(row for row in self.rows if row.level3)


_FIGURES = (
    "budget_amount", "received_amount", "executed_amount", "execution_rate", "execution_score",
    "output_score", "benefit_score", "satisfaction_score", "indicator_subtotal", "deduction", "total_score",
)  # fmt: skip
_OF_ROWS = {
    "sources": ("budget_amount", "received_amount", "executed_amount", "execution_rate"),
    "tasks": ("allotted_amount", "executed_amount", "execution_rate", "score"),
    "rows": ("completion", "score"),
}


def figures(form: FilledForm) -> tuple[str, ...]:
    """The names of all figures that the form prints: ``total_score``, ``sources.0.budget_amount`` …

    B and F print their amounts in the row of 合计 and nowhere else: there they are figures of that source.
    """
    found = [] if form.family in "BF" else [name for name in _FIGURES if getattr(form, name) is not None]
    for many, names in _OF_ROWS.items():
        for place, row in enumerate(getattr(form, many)):
            found += [f"{many}.{place}.{name}" for name in names if getattr(row, name) is not None]
    return tuple(found)


def damaged(form: FilledForm, name: str) -> FilledForm:
    """The form with one figure changed past any rounding: amounts by 1000 元, others by one.

    The score of a row is halved and its 完成程度 becomes 0.7, so that neither is more than it can be.
    ``name`` is one of ``figures``; ``ValueError`` where the form does not print it.
    """
    if name not in figures(form):
        raise ValueError(f"the form prints no {name}")
    many, _, rest = name.partition(".")
    if not rest:
        return replace(form, **{name: _spoilt(name, getattr(form, name))})
    place, _, own = rest.partition(".")
    rows = list(getattr(form, many))
    row = rows[int(place)]
    value = _spoilt(own, getattr(row, own))
    rows[int(place)] = replace(row, **{own: value})
    if many == "sources" and row.kind == "合计" and row.period == "年度":
        form = replace(form, **{own: value})
    return replace(form, **{many: tuple(rows)})


def _spoilt(name: str, value: Decimal) -> Decimal:
    if name.endswith("_amount"):
        return value + 1000
    if name == "completion":
        return Decimal("0.7")
    if name == "score":
        return value / 2
    return value - 1 if value >= 2 else value + 1
