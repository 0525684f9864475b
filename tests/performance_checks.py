"""Compares performance forms that were read with those that were printed.

Belongs here: the comparison of ``tests.typesetter.performance`` with ``pipelines.performance.records``,
and whether a printed form adds up. Does not belong here: printing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

from pipelines.model import DocumentPart
from pipelines.performance.records import PerformanceForm, PerformanceFunding, PerformanceIndicator
from tests.typesetter.performance import FilledForm, Indicator, Source

FIELDS = (
    "project_name", "implementing_unit", "department", "budget_amount", "received_amount",
    "executed_amount", "execution_rate", "execution_score", "output_score", "benefit_score",
    "satisfaction_score", "indicator_subtotal", "deduction", "total_score", "grade", "evaluated_year",
    "starts_on", "ends_on", "filled_on",
)  # fmt: skip
_FUNDS = ("budget_amount", "received_amount", "executed_amount", "execution_rate")
_TASK = ("allotted_amount", "executed_amount", "execution_rate", "weight", "score")


def assert_forms_read(forms: Sequence[FilledForm], part: DocumentPart) -> None:
    """Every form with every value, nothing else, and persons in no record but their own."""
    assert len(part.performance_forms) == len(forms), [f.family for f in part.performance_forms]
    found = [
        f"{form.variant}#{form.salt} {text}"
        for form, read in zip(forms, part.performance_forms, strict=True)
        for text in differences(form, part, read)
    ]
    assert not found, "\n".join(found[:20])
    assert_persons_apart(forms, part)


def assert_nothing_wrong(forms: Sequence[FilledForm], part: DocumentPart, *, persons: bool = True) -> None:
    """As above, but what is not read is allowed; no value is one that was not printed."""
    assert len(part.performance_forms) == len(forms), [f.family for f in part.performance_forms]
    found = [
        text
        for form, read in zip(forms, part.performance_forms, strict=True)
        for text in differences(form, part, read)
        if not text.endswith(" is None") and not text.startswith("rows:")
    ]
    assert not found, "\n".join(found[:20])
    if persons:
        assert_persons_apart(forms, part)


def assert_persons_apart(forms: Sequence[FilledForm], part: DocumentPart) -> None:
    """Names and numbers of persons stand in ``persons``, and in no other record."""
    printed = {text for form in forms for text in (*form.persons, *form.telephones)}
    assert printed <= {datum.text for datum in part.persons}
    others = (
        part.performance_forms, part.performance_fields, part.performance_funding, part.performance_tasks,
        part.performance_indicators, part.cells, part.issues, part.claims, part.marks, part.evidence,
    )  # fmt: skip
    leaks = [repr(record) for records in others for record in records if _says(record, printed)]
    assert not leaks, leaks[:3]


def _says(record: object, texts: set[str]) -> bool:
    said = repr(record)
    return any(text in said for text in texts)


def differences(form: FilledForm, part: DocumentPart, read: PerformanceForm) -> Iterator[str]:
    """What was read otherwise than it was printed, one line each."""
    if read.family != form.family:
        yield f"family: {form.family} is {read.family}"
    for name in FIELDS:
        yield from _unlike(name, getattr(form, name), getattr(read, name))
    yield from _funding(form, [row for row in part.performance_funding if row.form_id == read.form_id])
    tasks = {row.project: row for row in part.performance_tasks if row.form_id == read.form_id}
    for task in form.tasks:
        done = tasks.pop(task.project, None)
        if done is None:
            yield f"rows: task {task.project} was not read"
            continue
        for name in _TASK:
            yield from _unlike(f"{task.project}.{name}", getattr(task, name), getattr(done, name))
    yield from (f"task {project}: was not printed" for project in tasks)
    yield from _indicators(form, part, read)


def _funding(form: FilledForm, rows: Sequence[PerformanceFunding]) -> Iterator[str]:
    """Sources are compared by their names."""
    left = {(s.period, _bare(s.name)): s for s in form.sources if _has_amount(s)}
    for row in rows:
        name = (row.period, _bare(row.source_printed))
        if all(getattr(row, amount) is None for amount in _FUNDS):
            continue
        source = left.pop(name, None)
        if source is None:
            yield f"funding {name}: was not printed"
            continue
        for amount in _FUNDS:
            yield from _unlike(f"funding {name}.{amount}", getattr(source, amount), getattr(row, amount))
    for period, name in left:
        yield f"rows: funding {period} {name} was not read"


def _indicators(form: FilledForm, part: DocumentPart, read: PerformanceForm) -> Iterator[str]:
    """Indicators are compared by their names, then by their order."""
    rows = [row for row in part.performance_indicators if row.form_id == read.form_id]
    yield from indicator_differences(form, rows)


def indicator_differences(form: FilledForm, rows: Sequence[PerformanceIndicator]) -> Iterator[str]:
    """How the indicators that were read differ from those of the form, one line each."""
    left = list(form.indicators)
    order = []
    for row in rows:
        name = (row.period, _bare(row.level3))
        printed = next((one for one in left if (one.period, _bare(one.level3)) == name), None)
        if printed is None:
            yield f"{name}: was not printed"
            continue
        left.remove(printed)
        order.append(form.indicators.index(printed))
        for field, value in _wanted(printed).items():
            yield from _unlike(f"{name}.{field}", value, getattr(row, field))
    for printed in left:
        yield f"rows: {printed.period} {printed.level3} was not read"
    for period in ("实施期", "年度"):
        own = [place for place in order if form.indicators[place].period == period]
        if own != sorted(own):
            yield f"order of {period}: {own}"


def _wanted(row: Indicator) -> dict[str, Any]:
    return {
        "level1": row.level1,
        "level2": row.level2,
        "ordinal": row.ordinal or None,
        "level3": row.level3,
        "target": f"{row.operator}{row.target}{row.unit}",
        "achieved": row.achieved or None,
        "completion": row.completion,
        "weight": row.weight,
        "score": row.score,
        "deviation": row.deviation or None,
        "improvement": row.improvement or None,
    }


def _unlike(name: str, printed: Any, read: Any) -> Iterator[str]:
    if isinstance(printed, str) and isinstance(read, str):
        printed, read = _bare(printed), _bare(read)
    if printed != read:
        yield f"{name}: {_told(printed)} is {_told(read)}"


def _told(value: Any) -> str:
    return str(value.normalize()) if isinstance(value, Decimal) else str(value)


def _bare(text: str) -> str:
    """A text without blanks, 其中 and colons, brackets half-width."""
    return re.sub(r"\s|其中[:：]|[:：]$", "", text).translate(str.maketrans("（）：，", "():,"))


def _has_amount(source: Source) -> bool:
    return any(getattr(source, name) is not None for name in _FUNDS)


def contradictions(form: FilledForm) -> Iterator[str]:
    """Which of a printed form's own sums, rates and scores do not hold."""
    yield from _sums(form)
    rows = [row.score for row in (*form.tasks, *form.rows) if row.score is not None]
    said = [getattr(form, name) for name in _SCORES if getattr(form, name) is not None]
    if form.total_score is not None and form.total_score != sum(said or rows) - (form.deduction or 0):
        yield "total_score"
    if form.indicator_subtotal is not None and form.indicator_subtotal != sum(rows):
        yield "indicator_subtotal"
    if form.received_amount and form.executed_amount is not None:
        share = form.executed_amount / form.received_amount * 100
        for rate in (form.execution_rate, (form.execution_score or Decimal(0)) * 10):
            if rate is not None and not 0 <= share - rate < Decimal("0.1"):
                yield "execution_score"
    elif form.executed_amount and form.budget_amount:
        yield from _rate("execution_rate", form.executed_amount, form.budget_amount, form.execution_rate)
    for task in form.tasks:
        yield from _rate("task rate", task.executed_amount, task.allotted_amount, task.execution_rate)
    for row in form.rows:
        if row.weight and row.completion is not None and row.score != row.weight * row.completion:
            yield "indicator score"


_SCORES = ("execution_score", "output_score", "benefit_score", "satisfaction_score", "indicator_subtotal")


def _rate(name: str, part: Decimal, whole: Decimal, rate: Decimal | None) -> Iterator[str]:
    if rate is not None and abs(part / whole * 100 - rate) > Decimal("0.005"):
        yield name


def _sums(form: FilledForm) -> Iterator[str]:
    for period, name in product(("实施期", "年度"), _FUNDS[:3]):
        own = [(s.kind, getattr(s, name)) for s in form.sources if s.period == period]
        parts = [amount for kind, amount in own if kind == "来源" and amount is not None]
        wholes = [amount for kind, amount in own if kind == "合计"]
        wholes += [getattr(form, name)] if period == "年度" else []
        if parts and any(whole is not None and whole != sum(parts) for whole in wholes):
            yield f"sources of {name}"
    lines = {s.name: s.received_amount or Decimal(0) for s in form.sources if s.kind == "收入"}
    lines |= {s.name: s.executed_amount or Decimal(0) for s in form.sources if s.kind == "支出"}
    if lines:
        if lines["收入合计"] != lines["其中:上年结转"] + lines["公共财政拨款"]:
            yield "收入合计"
        if lines["支出合计"] != lines["其中:基本支出"] + lines["项目支出"]:
            yield "支出合计"
        if lines["收入合计"] != lines["支出合计"] + lines["结余"]:
            yield "结余"
    if form.tasks and form.budget_amount != sum(task.allotted_amount for task in form.tasks):
        yield "budget_amount"
