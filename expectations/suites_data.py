"""The suites as data: ``suites/*.yml`` loaded into frozen records, and the vocabulary that fills them.

Belongs here: the shape of a suite file, its checks when it is loaded, and the ``$names`` it may use.
Does not belong here: how an expectation is evaluated (``bridge``) and which rows it sees (``frames``).

A suite file is a mapping ``suite`` (its name), ``zh`` (its Chinese name) and ``expectations``, a list of

    id           stable name of the expectation, unique over all suites
    description  what must hold, in Chinese
    severity     critical: a failure means that our reading may be wrong, so what it names is held:
                 a cell, a row, or the statement or document where it can name nothing smaller
                 warning / info: an observation about what the discloser printed, or about verdicts of
                 ours; nothing is held
    table        the table of ``warehouse/schema.yml`` it speaks about
    frame        the rows it is evaluated on, by the name of a function in ``frames``; default: the table
    where        optional filter of those rows: column → list of accepted values (``null`` is a value)
    type         the Great Expectations type
    kwargs       its arguments
    value        optional columns whose content stands in expectation_failure.value;
                 default: the columns that the kwargs name

Values that the field's vocabulary already holds are never repeated in a suite: a string ``$forms``,
in ``where`` or in ``kwargs``, is replaced by what ``vocabulary`` gives under that name when the suite
runs, so that a new form, measure or template is checked as soon as its data file exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from expectations.performance_frames import PERFORMANCE
from expectations.reconcile import Conclusion
from expectations.rules_data import load_rules
from pipelines.model import StatementState, Status
from pipelines.performance.records import Family, FieldStatus, FormState
from pipelines.vocabulary import forms, parse_yaml, subjects

Severity = Literal["critical", "warning", "info"]

# The tables that suites may speak about: those that a year's files hold and that the frames are made of.
TABLES = ("dim_document", "dim_statement", "fact_line_item", "reconciliation", *PERFORMANCE)

_COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must hold, as its suite file says it; ``$names`` are not filled in yet."""

    id: str
    description: str
    severity: Severity
    table: str
    frame: str
    where: Mapping[str, Any]
    type: str
    kwargs: Mapping[str, Any]
    value: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the arguments name."""
        return tuple(
            name
            for argument in _COLUMN_ARGUMENTS
            if argument in self.kwargs
            for name in _as_list(self.kwargs[argument])
        )


@dataclass(frozen=True, slots=True)
class Suite:
    """A file of expectations that belong together."""

    name: str
    zh: str
    expectations: tuple[Expectation, ...]


def vocabulary(today: date) -> dict[str, Any]:
    """Every ``$name`` a suite may use and what it stands for on that day."""
    known = forms().values()
    return {
        "forms": [form.id for form in known],
        "form_measures": [f"{form.id}.{measure.name}" for form in known for measure in form.measures],
        "sides": sorted({side for form in known for side in form.sides}),
        "totals": ["合计", *sorted({total for form in known for total in form.totals})],
        "bases": sorted({base for form in known for base in form.bases}),
        "templates": sorted({template for form in known for template in form.blocks}),
        "quantity_units": sorted(
            {i.unit for form in known for i in form.items if i.unit and i.unit != "万元"}
        ),
        "functional_subjects": sorted(
            {*subjects("functional"), *(i.subject for f in known for i in f.items if i.subject)}
        ),
        "economic_subjects": sorted(
            {
                *subjects("economic"),
                *(c for f in known for blocks in f.blocks.values() for block in blocks for c in block),
            }
        ),
        "statuses": list(get_args(Status)),
        "conclusions": list(get_args(Conclusion)),
        "rules": [rule.id for rule in load_rules()],
        "states": list(get_args(StatementState)),
        "families": list(get_args(Family)),
        "form_states": list(get_args(FormState)),
        "field_statuses": list(get_args(FieldStatus)),
        "next_year": today.year + 1,
    }


def fill(value: Any, words: Mapping[str, Any]) -> Any:
    """``value`` with every ``$name`` in it replaced; ``KeyError`` for a name that is not known."""
    if isinstance(value, str) and value.startswith("$"):
        return words[value[1:]]
    if isinstance(value, Mapping):
        return {key: fill(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, words) for inner in value]
    return value


@cache
def load_suites() -> tuple[Suite, ...]:
    """Every suite of ``suites/*.yml``, sorted by name.

    Raises ``ValueError`` that names the file and the expectation when one is not well formed.
    """
    folder = files("expectations").joinpath("suites")
    entries = sorted((e for e in folder.iterdir() if e.name.endswith(".yml")), key=lambda e: e.name)
    suites = tuple(_suite(entry.name, parse_yaml(entry.read_text("utf-8"))) for entry in entries)
    seen: set[str] = set()
    for expectation in (e for suite in suites for e in suite.expectations):
        if expectation.id in seen:
            raise ValueError(f"expectation {expectation.id} stands in the suites twice")
        seen.add(expectation.id)
    return suites


def _suite(file: str, raw: dict[str, Any]) -> Suite:
    expectations = tuple(_expectation(file, entry) for entry in raw["expectations"])
    return Suite(name=raw["suite"], zh=raw["zh"], expectations=expectations)


def _expectation(file: str, raw: dict[str, Any]) -> Expectation:
    place = f"{file}: {raw.get('id', '?')}"
    try:
        expectation = Expectation(
            id=raw["id"],
            description=raw["description"],
            severity=cast(Severity, raw["severity"]),
            table=raw["table"],
            frame=raw.get("frame", raw["table"]),
            where=raw.get("where", {}),
            type=raw["type"],
            kwargs=raw["kwargs"],
            value=tuple(_as_list(raw.get("value", ()))),
        )
        fill([expectation.where, expectation.kwargs], vocabulary(date.min))
    except KeyError as missing:
        raise ValueError(f"{place}: {missing} is missing or not known") from missing
    unknown = set(raw) - set(Expectation.__dataclass_fields__)
    if unknown:
        raise ValueError(f"{place}: {', '.join(sorted(unknown))} is not part of an expectation")
    if expectation.severity not in get_args(Severity):
        raise ValueError(f"{place}: {expectation.severity} is not a severity")
    if expectation.table not in TABLES:
        raise ValueError(f"{place}: {expectation.table} is not a table that suites speak about")
    return expectation


def _as_list(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)
