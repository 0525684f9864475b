"""What a disclosure states: unit, year and the figures of its statements, as plain data.

Belongs here: the records of the figures and reading them from YAML.
Does not belong here: how they are printed, and whether they add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import yaml

WAN = Decimal(10_000)

TOTAL = "合计"


@dataclass(frozen=True)
class Row:
    """A row of a statement that holds figures.

    ``key`` is the item's name in the form's dictionary, a 科目代码, the name of a total or a 口径.
    ``amounts`` holds 元 by measure (辆 or 台 where the form counts things); a measure without an entry is
    blank, and zero is a printed zero.
    """

    key: str
    amounts: Mapping[str, Decimal]
    name: str | None = None


@dataclass(frozen=True)
class StatementFigures:
    """The figures of one form. No rows: the statement is printed empty."""

    form: str
    rows: tuple[Row, ...] = ()

    @property
    def empty(self) -> bool:
        return not any(row.amounts for row in self.rows)

    def get(self, key: str, measure: str) -> Decimal | None:
        """The figure of the first row of that key, or None if it is blank."""
        return next((row.amounts.get(measure) for row in self.rows if row.key == key), None)

    def value(self, key: str, measure: str) -> Decimal:
        """The same with a blank as nothing: what sums take it for."""
        return self.get(key, measure) or Decimal(0)


@dataclass(frozen=True)
class Disclosure:
    """One 部门/单位决算公开: who, when, and its statements.

    A form of the template that is not among the statements is listed in the table of contents and
    printed nowhere.
    """

    unit: str
    year: int
    level: str
    nature: str
    template: str
    statements: tuple[StatementFigures, ...]
    parent: str | None = None
    members: tuple[str, ...] = ()
    duties: str = "承担本领域的日常业务工作"
    remarks: tuple[str, ...] = field(default=())

    def statement(self, form: str) -> StatementFigures | None:
        return next((s for s in self.statements if s.form == form), None)

    def value(self, form: str, key: str, measure: str) -> Decimal:
        """A figure in 元; nothing where it is blank or the statement is not printed."""
        statement = self.statement(form)
        return statement.value(key, measure) if statement else Decimal(0)


def _row(raw: list[str], measures: list[str]) -> Row:
    """``[key, name, amount, …]``: amounts in 万元 in the order of the measures, blanks as ''."""
    key, name, *texts = raw
    amounts = {m: Decimal(t.replace(",", "")) * WAN for m, t in zip(measures, texts, strict=False) if t}
    return Row(key, amounts, name or None)


def load_disclosure(path: Path) -> Disclosure:
    """A disclosure from a YAML file that holds the figures as printed, in 万元."""
    raw = yaml.safe_load(path.read_text("utf-8"))
    statements = tuple(
        StatementFigures(form, tuple(_row(r, body["measures"]) for r in body["rows"]))
        for form, body in raw["statements"].items()
    )
    return Disclosure(
        unit=raw["unit"],
        year=raw["year"],
        level=raw["level"],
        nature=raw["nature"],
        template=raw["template"],
        statements=statements,
        parent=raw.get("parent"),
        members=tuple(raw.get("members", ())),
        duties=raw["duties"],
        remarks=tuple(raw.get("remarks", ())),
    )
