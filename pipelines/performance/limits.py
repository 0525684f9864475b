"""Figures that no field can keep exactly: they are held, so that the rest of the document is not lost.

Belongs here: how many digits a figure of a form may have. Does not belong here: what a figure means.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, TypeVar

from pipelines.model import Issue
from pipelines.performance.records import (
    PerformanceField,
    PerformanceFunding,
    PerformanceIndicator,
    PerformanceTask,
)

# Digits before the point and behind it, as the warehouse keeps them: amounts in 元, and all other numbers.
_AMOUNT = (18, 2)
_NUMBER = (16, 8)
_TOO_LONG = "数字的位数过多，不能照原样记下"
_ADVICE = "对照原件补正；公开文件本身如此的，请填报单位说明"


Record = TypeVar("Record", PerformanceField, PerformanceFunding, PerformanceTask, PerformanceIndicator)


def is_kept(value: Decimal, *, amount: bool = False) -> bool:
    """Whether a figure (an ``amount`` in 元, or any other number) can be kept without losing a digit.

    >>> is_kept(Decimal("7.92255819")), is_kept(Decimal("7.922558191")), is_kept(Decimal("9" * 21))
    (True, False, False)
    """
    before, behind = _AMOUNT if amount else _NUMBER
    digits, exponent = value.as_tuple()[1:]
    if not isinstance(exponent, int):
        return False
    text = "".join(map(str, digits))
    zeros = len(text) - len(text.rstrip("0"))
    return len(text) + exponent <= before and -(exponent + zeros) <= behind


def held_beyond(records: Iterable[Record]) -> tuple[list[Record], list[Issue]]:
    """The records, held where a figure is too long (it is left open), and an issue for each of those."""
    kept: list[Record] = []
    issues: list[Issue] = []
    for record in records:
        long: dict[str, Any] = {
            one.name: None
            for one in fields(record)
            if isinstance(value := getattr(record, one.name), Decimal)
            and not is_kept(value, amount=one.name.endswith("amount"))
        }
        if not long:
            kept.append(record)
            continue
        reason = "；".join(filter(None, (record.reason, _TOO_LONG)))
        kept.append(replace(record, **long, status="held", reason=reason))
        issues.append(Issue("held", "规整", _name(record), _TOO_LONG, _ADVICE, _place(record), ""))
    return kept, issues


def _name(record: PerformanceField | PerformanceFunding | PerformanceTask | PerformanceIndicator) -> str:
    match record:
        case PerformanceField():
            return record.field
        case PerformanceFunding():
            return f"资金来源 {record.source}"
        case PerformanceTask():
            return f"年度主要任务 {record.project}"
        case PerformanceIndicator():
            return f"绩效指标 {record.level3}"


def _place(record: PerformanceField | PerformanceFunding | PerformanceTask | PerformanceIndicator) -> str:
    return record.locator if isinstance(record, PerformanceFunding) else record.cell_id.partition("/")[2]
