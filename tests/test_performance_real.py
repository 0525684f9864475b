"""The performance forms of the five real disclosures, against a truth made by reading them.

The four ``performance_*_truth.csv`` were written by reading the texts, with no reader at hand. A cell of
theirs says what stands in the form:

* a value: the reader gives it, or nothing with a reason; how often it gives nothing is pinned;
* nothing: the place is blank or not printed, so nothing may be read;
* ``?``: cut off, or nobody can tell: nothing may be read;
* a value with ``?``: legible, but impossible or put together from damaged print: that value or nothing;
* values parted by ``‖``: any of them is right.

Amounts stand in 万元 (表式 F: in 元), as printed. A form is known by its document and its first line.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from pipelines.performance.records import PerformanceForm
from tests.shared_documents import needs_shared, part_of, seed_numbers

Row = dict[str, str]
FormKey = tuple[str, str]

HERE = Path(__file__).parent
WAN = Decimal(10000)
# A form's place is that of its title or of its first row: in between stand unit, date and number lines.
HEAD_LINES = 9

AMOUNTS = {"budget": "budget_amount", "received": "received_amount", "executed": "executed_amount"}
NUMBERS = (
    "execution_rate",
    "execution_score",
    "output_score",
    "benefit_score",
    "satisfaction_score",
    "indicator_subtotal",
    "deduction",
    "total_score",
    "evaluated_year",
)
TEXTS = ("project_name", "implementing_unit", "grade", "filled_on")

# How many legible values the reader leaves open (with a reason): it may become less, never more.
OPEN_VALUES = {"forms": 1, "funding": 0, "tasks": 10, "indicators": 19}


def _normal(text: object) -> str:
    """``text`` without blanks and in one width, the operators as one sign each."""
    wide = unicodedata.normalize("NFKC", str(text))
    return re.sub(r"\s", "", wide).replace(">=", "≥").replace("<=", "≤")


def _unit(text: object) -> str:
    """A unit's name without the code before it and the region's code behind it."""
    return re.sub(r"^\d+-?|-\d*$", "", _normal(text))


def _level(text: object) -> str:
    """A level's name without its last word, which the forms print, cut or leave out (服务对象满意度指)."""
    return re.sub(r"指标?$", "", _normal(text))


def _source(text: object) -> str:
    return _normal(text).removeprefix("其中").strip(":,")


def _number(text: object) -> str:
    return format(Decimal(str(text)).normalize(), "f")


class Comparison:
    """What of one document's reading differs from the truth, and which legible values stay open.

    ``reason`` is why the record at hand leaves something open; left open without one is a difference.
    """

    def __init__(self) -> None:
        self.differences: list[str] = []
        self.open: list[str] = []
        self.reason: str | None = None

    def value(
        self,
        place: str,
        truth: str,
        read: object,
        normal: Callable[[object], str] = _normal,
        scale: Decimal | None = None,
    ) -> None:
        """Compares one value; ``scale`` is what an amount of the truth is multiplied by."""
        allowed = [text for text in truth.rstrip("?").split("‖") if text]
        if scale is not None:
            allowed = [_number(Decimal(text) * scale) for text in allowed]
            normal = _number
        if read is not None:
            if normal(read) not in [normal(text) for text in allowed]:
                self.differences.append(f"{place}: 文本 {truth or '空白'}, 读作 {read}")
        elif allowed and not truth.endswith("?"):
            left_open = self.open if self.reason else self.differences
            left_open.append(f"{place}: 文本 {truth}, 未读, {self.reason or '没有原因'}")


@cache
def _truth(table: str) -> dict[FormKey, list[Row]]:
    """The rows of a truth's table, by form."""
    rows: dict[FormKey, list[Row]] = defaultdict(list)
    with (HERE / f"{table}_truth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows[row["document"], row["line"]].append(row)
    return rows


def _forms(document: str) -> list[Row]:
    return [row for (number, _), rows in _truth("performance").items() if number == document for row in rows]


def _line(form: PerformanceForm) -> int:
    match = re.search(r"L(\d+)", form.form_id)
    assert match, form.form_id
    return int(match[1])


def _read_forms(document: str) -> dict[str, PerformanceForm]:
    """The forms read, by the first line that the truth gives them; those it does not know by their own."""
    known = [int(row["line"]) for row in _forms(document)]
    forms: dict[str, PerformanceForm] = {}
    for form in part_of(document).performance_forms:
        start = _line(form)
        nearest = min(known, key=lambda line: abs(line - start))
        key = str(nearest) if abs(nearest - start) <= HEAD_LINES else f"{start} (unknown)"
        assert key not in forms, f"two forms at L{key}: {forms[key].form_id}, {form.form_id}"
        forms[key] = form
    return forms


def _scale(family: str) -> Decimal:
    return Decimal(1) if family == "F" else WAN


def _place(row: Row) -> str:
    return f"{row['document']} L{row['line']}"


def _compare_forms(document: str) -> Comparison:
    result = Comparison()
    read = _read_forms(document)
    for row in _forms(document):
        if row["line"] not in read:
            continue
        form = read[row["line"]]
        result.reason = form.note
        for column, field in AMOUNTS.items():
            result.value(
                f"{_place(row)} {column}", row[column], getattr(form, field), scale=_scale(row["family"])
            )
        for column in NUMBERS:
            result.value(f"{_place(row)} {column}", row[column], getattr(form, column), normal=_number)
        for column in TEXTS:
            found = getattr(form, column)
            if column == "implementing_unit":
                # 表式 C and D name a department where the others name a unit.
                found = found or (form.department if row["family"] in "CD" else None)
                result.value(f"{_place(row)} {column}", row[column], found, normal=_unit)
            else:
                result.value(f"{_place(row)} {column}", row[column], found)
    return result


def _compare_funding(document: str) -> Comparison:
    result = Comparison()
    part = part_of(document)
    truth = _truth("performance_funding")
    for row in _forms(document):
        form = _read_forms(document).get(row["line"])
        if form is None:
            continue
        read = {
            (fund.period, _source(fund.source_printed)): fund
            for fund in part.performance_funding
            if fund.form_id == form.form_id
        }
        for wanted in truth[document, row["line"]]:
            place = f"{_place(row)} {wanted['period']} {wanted['source']}"
            fund = read.pop((wanted["period"], _source(wanted["source"])), None)
            result.reason = getattr(fund, "reason", None)
            for column, field in AMOUNTS.items():
                found = getattr(fund, field, None)
                result.value(f"{place} {column}", wanted[column], found, scale=_scale(row["family"]))
            result.value(
                f"{place} rate", wanted["rate"], getattr(fund, "execution_rate", None), normal=_number
            )
        for (period, source), fund in read.items():
            amounts = [getattr(fund, field) for field in (*AMOUNTS.values(), "execution_rate")]
            if any(amount is not None for amount in amounts):
                result.differences.append(f"{_place(row)} {period} {source}: 文本无金额, 读作 {amounts}")
    return result


def _compare_tasks(document: str) -> Comparison:
    """Tasks are told by their order: their names are damaged print."""
    result = Comparison()
    part = part_of(document)
    columns = {"allotted": "allotted_amount", "executed": "executed_amount"}
    for row in _forms(document):
        form = _read_forms(document).get(row["line"])
        if form is None:
            continue
        wanted = _truth("performance_task")[document, row["line"]]
        read = [task for task in part.performance_tasks if task.form_id == form.form_id]
        if len(read) != len(wanted):
            result.differences.append(f"{_place(row)}: 文本 {len(wanted)} 项任务, 读得 {len(read)}")
        for truth, task in zip(wanted, read, strict=False):
            place = f"{_place(row)} {truth['project']}"
            result.reason = task.reason
            for column, field in columns.items():
                result.value(f"{place} {column}", truth[column], getattr(task, field), scale=WAN)
            result.value(f"{place} rate", truth["rate"], task.execution_rate, normal=_number)
            result.value(f"{place} weight", truth["weight"], task.weight, normal=_number)
            result.value(f"{place} score", truth["score"], task.score, normal=_number)
    return result


def _compare_indicators(document: str) -> Comparison:
    """Indicators are told by name and order of that name, within a form and a period."""
    result = Comparison()
    for row in _forms(document):
        key = (document, row["line"])
        form = _read_forms(document).get(row["line"])
        if form is None or key not in _truth("performance_indicator"):
            continue
        read = defaultdict(list)
        for indicator in part_of(document).performance_indicators:
            if indicator.form_id == form.form_id:
                read[indicator.period, _normal(indicator.level3)].append(indicator)
        for wanted in _truth("performance_indicator")[key]:
            place = f"{_place(row)} {wanted['period']} {wanted['level3']}"
            names = [_normal(name) for name in wanted["level3"].rstrip("?").split("‖")]
            found = next(
                (read[wanted["period"], name] for name in names if read[wanted["period"], name]), None
            )
            if not found:
                if not wanted["level3"].endswith("?"):
                    result.differences.append(f"{place}: 未读")
                continue
            indicator = found.pop(0)
            result.reason = indicator.reason
            for column in ("level1", "level2"):
                result.value(f"{place} {column}", wanted[column], getattr(indicator, column), normal=_level)
            for column in ("target", "achieved"):
                result.value(f"{place} {column}", wanted[column], getattr(indicator, column))
            for column in ("weight", "score"):
                result.value(f"{place} {column}", wanted[column], getattr(indicator, column), normal=_number)
        for (period, name), left in read.items():
            result.differences.extend(f"{_place(row)} {period} {name}: 文本中没有" for _ in left)
    return result


def test_the_truth_is_whole() -> None:
    """67 forms, seven of them printed twice, and every other table's rows belong to one of them."""
    forms = _truth("performance")
    families = [row["family"] for rows in forms.values() for row in rows]
    assert {family: families.count(family) for family in "ABCDEF"} == {
        "A": 54,
        "B": 6,
        "C": 1,
        "D": 2,
        "E": 2,
        "F": 2,
    }
    twice = [row for rows in forms.values() for row in rows if row["duplicate_of"]]
    assert len(twice) == 7
    assert all((row["document"], row["duplicate_of"]) in forms for row in twice)
    for table in ("performance_funding", "performance_task", "performance_indicator"):
        assert set(_truth(table)) <= set(forms)


@pytest.mark.parametrize(
    ("truth", "read", "reason", "differs", "stays_open"),
    [
        ("12.50", Decimal("125000.00"), None, False, False),
        ("12.50", Decimal("12.50"), None, True, False),
        ("12.50", None, "held", False, True),
        ("12.50", None, None, True, False),
        ("", Decimal(0), None, True, False),
        ("?", Decimal(0), "held", True, False),
        ("?", None, None, False, False),
        ("30?", Decimal(300000), None, False, False),
        ("30?", None, None, False, False),
        ("30?", Decimal(100000), None, True, False),
        ("1‖2", Decimal(20000), None, False, False),
    ],
)
def test_a_value_is_right_or_open_with_a_reason(
    truth: str, read: Decimal | None, reason: str | None, differs: bool, stays_open: bool
) -> None:
    result = Comparison()
    result.reason = reason
    result.value("L1", truth, read, scale=WAN)
    assert (bool(result.differences), bool(result.open)) == (differs, stays_open)


@needs_shared
@pytest.mark.parametrize("document", seed_numbers())
def test_every_form_is_found_once_with_its_family(document: str) -> None:
    wanted = {row["line"]: row["family"] for row in _forms(document)}
    assert {line: form.family for line, form in _read_forms(document).items()} == wanted


@needs_shared
@pytest.mark.parametrize("document", seed_numbers())
def test_second_printings_point_to_the_first(document: str) -> None:
    read = _read_forms(document)
    place = {form.form_id: line for line, form in read.items()}
    found = {line: place[form.duplicate_of] for line, form in read.items() if form.duplicate_of}
    assert found == {row["line"]: row["duplicate_of"] for row in _forms(document) if row["duplicate_of"]}


@needs_shared
@pytest.mark.parametrize("document", seed_numbers())
def test_no_value_of_a_form_is_wrong(document: str) -> None:
    assert _compare_forms(document).differences == []


@needs_shared
@pytest.mark.parametrize("document", seed_numbers())
def test_no_amount_of_a_source_is_wrong(document: str) -> None:
    assert _compare_funding(document).differences == []


@needs_shared
@pytest.mark.parametrize("document", seed_numbers())
def test_no_task_is_wrong(document: str) -> None:
    assert _compare_tasks(document).differences == []


@needs_shared
@pytest.mark.parametrize("document", seed_numbers())
def test_no_indicator_is_missing_invented_or_wrong(document: str) -> None:
    assert _compare_indicators(document).differences == []


@needs_shared
@pytest.mark.parametrize("document", ["000", "002", "003", "004"])
def test_of_an_indicator_only_its_levels_may_stay_open(document: str) -> None:
    levels = re.compile(r" level[12]: ")
    assert [text for text in _compare_indicators(document).open if not levels.search(text)] == []


@needs_shared
@pytest.mark.parametrize(
    ("table", "compare"),
    [
        ("forms", _compare_forms),
        ("funding", _compare_funding),
        ("tasks", _compare_tasks),
        ("indicators", _compare_indicators),
    ],
)
def test_what_stays_open_does_not_grow(table: str, compare: Callable[[str], Comparison]) -> None:
    left_open = [text for document in seed_numbers() for text in compare(document).open]
    assert len(left_open) == OPEN_VALUES[table], "\n".join(left_open)
