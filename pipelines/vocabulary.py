"""The field's vocabulary as the rest of the program sees it: forms, templates, wording, references.

Belongs here: loading ``forms/*.yml`` and ``references/*.csv`` into frozen records, once.
Does not belong here: any document, and any decision about one.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

import yaml

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Layout = Literal["halves", "subjects", "blocks", "three_public", "statistic"]

# The forms in the order of the national template; their files carry the same names.
FORM_IDS = (
    "income_expenditure_summary",
    "income",
    "expenditure",
    "appropriation_summary",
    "general_budget_expenditure",
    "basic_expenditure",
    "government_fund",
    "state_capital",
    "three_public",
    "disclosure_statistic",
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of a form. ``key`` is its English column name, ``name`` its Chinese one."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a form that has a name of its own. ``name`` is unique in the form."""

    name: str
    printed: str
    line_no: int | None = None
    side: str | None = None
    section: str | None = None
    subject: str | None = None
    unit: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One of the standard tables: its titles, its columns, its rows. See ``forms/*.yml``."""

    id: str
    name: str
    layout: Layout
    titles: tuple[str, ...]
    notes: tuple[str, ...]
    classification: str | None
    measures: tuple[Measure, ...]
    items: tuple[Item, ...]
    sides: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    code_columns: tuple[str, ...]
    name_columns: tuple[str, ...]
    label_columns: tuple[str, ...]
    line_columns: tuple[str, ...]
    headings: tuple[str, ...]
    totals: tuple[str, ...]
    bases: tuple[str, ...]
    optional: frozenset[str]
    closed: tuple[str, ...]
    row_identity: tuple[str, tuple[str, ...]] | None
    witness: str | None
    unnamed: dict[str, tuple[int, ...]]
    blocks: dict[str, tuple[tuple[str, ...], ...]]
    budget_meaning: tuple[tuple[str, str], ...]

    def measure(self, name: str) -> Measure:
        """The measure of that Chinese name; ``KeyError`` if the form has none."""
        for measure in self.measures:
            if measure.name == name:
                return measure
        raise KeyError(f"{self.name} has no measure {name}")

    def is_closed(self, code: str | None) -> bool:
        """Whether the form closes the cells of this economic 科目代码 (309, 311 and their 款)."""
        return code is not None and code[:3] in self.closed


@dataclass(frozen=True, slots=True)
class Subject:
    """A 科目代码 with one of its names and the years in which real documents printed it."""

    code: str
    name: str
    level: str
    first_year: int
    last_year: int
    documents: int


def _package(name: str) -> Traversable:
    return files("pipelines").joinpath(name)


@cache
def load_yaml(name: str, folder: str = "forms") -> Any:
    """The parsed content of ``pipelines/<folder>/<name>.yml``, one for all who ask: nobody changes it."""
    return parse_yaml(_package(folder).joinpath(f"{name}.yml").read_text("utf-8"))


def parse_yaml(text: str) -> Any:
    """The content of a YAML text, read by the loader in C where there is one: it is ten times as fast."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(str(v) for v in value or ())


def _item(raw: dict[str, Any]) -> Item:
    return Item(
        name=raw["name"],
        printed=raw.get("printed", raw["name"]),
        line_no=raw.get("line_no"),
        side=raw.get("side"),
        section=raw.get("section"),
        subject=raw.get("subject"),
        unit=raw.get("unit"),
        aliases=_strings(raw.get("aliases")),
    )


def _form(form_id: str) -> Form:
    raw = load_yaml(form_id)
    identity = raw.get("row_identity")
    return Form(
        id=raw["id"],
        name=raw["name"],
        layout=raw["layout"],
        titles=_strings(raw["titles"]),
        notes=_strings(raw.get("notes")),
        classification=raw.get("classification"),
        measures=tuple(
            Measure(m["key"], m["name"], _strings(m.get("aliases")), _strings(m.get("sides")))
            for m in raw["measures"]
        ),
        items=tuple(_item(i) for i in raw.get("items", ())),
        sides=_strings(raw.get("sides")),
        columns=tuple((a, b) for a, b in raw.get("columns", ())),
        code_columns=_strings(raw.get("code_columns")),
        name_columns=_strings(raw.get("name_columns")),
        label_columns=_strings(raw.get("label_columns")),
        line_columns=_strings(raw.get("line_columns")),
        headings=_strings(raw.get("headings")),
        totals=_strings(raw.get("totals")),
        bases=_strings(raw.get("bases")),
        optional=frozenset(_strings(raw.get("optional"))),
        closed=_strings(raw.get("closed")),
        row_identity=(identity["total"], _strings(identity["parts"])) if identity else None,
        witness=raw.get("witness"),
        unnamed={side: tuple(numbers) for side, numbers in (raw.get("unnamed") or {}).items()},
        blocks={
            template: tuple(_strings(block) for block in variant["blocks"])
            for template, variant in (raw.get("variants") or {}).items()
        },
        budget_meaning=tuple((m["says"], m["meaning"]) for m in raw.get("budget_meaning", ())),
    )


@cache
def forms() -> dict[str, Form]:
    """Every form by its id, in the order of the national template."""
    return {form_id: _form(form_id) for form_id in FORM_IDS}


@cache
def subjects(classification: Literal["functional", "economic"]) -> dict[str, tuple[Subject, ...]]:
    """Names seen for each 科目代码 of a classification, with the years in which they were seen.

    The lists are evidence from real documents, not the official classification: a code that is
    missing here is unknown, not wrong.
    """
    text = _package("references").joinpath(f"{classification}_subjects.csv").read_text("utf-8")
    found: dict[str, list[Subject]] = {}
    for row in csv.DictReader(text.splitlines()):
        subject = Subject(
            row["code"],
            row["name"],
            row["level"],
            int(row["first_year_seen"]),
            int(row["last_year_seen"]),
            int(row["documents"]),
        )
        found.setdefault(subject.code, []).append(subject)
    return {code: tuple(names) for code, names in found.items()}


@cache
def digest() -> str:
    """A digest over the reader's code, forms, aliases and references: the version of what reads.

    Any change of them changes it, so that no part in the lake is older than what reads now; a new
    template or alias rescues what was held.
    """
    found = hashlib.sha256()
    _digest_folder(files("pipelines"), found)
    return found.hexdigest()[:12]


def _digest_folder(folder: Traversable, found: Any) -> None:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            _digest_folder(entry, found)
        elif entry.name.endswith((".py", ".yml", ".csv")):
            found.update(entry.name.encode() + b"\0" + entry.read_bytes())
