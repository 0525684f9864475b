"""The analyst's views and their macro as records: name, SELECT, comments.

Belongs here: making the ten statement views from the forms, and loading the others from ``views/*.sql``
with their meanings from ``views.yml``. Does not belong here: base tables, the state of a day (``as_of``), and
running anything.

Every view reads its documents from ``document_in_force`` alone: a twin for another day is the same
SELECT over another list of documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.vocabulary import Form, forms
from warehouse.facts import without_blanks
from warehouse.schema import identifier, literal, load_yaml, package_file, wide_table

_MONEY = "CAST(t.{key} * 0.0001 AS DECIMAL(24,6))"


@dataclass(frozen=True, slots=True)
class View:
    """A view: its name, its SELECT, its meaning, and the meaning of each column in order."""

    name: str
    select: str
    comment: str
    columns: dict[str, str]

    def statements(self) -> Iterator[str]:
        """CREATE VIEW and its COMMENTs."""
        name = identifier(self.name)
        yield f"CREATE VIEW {name} AS {self.select}"
        yield f"COMMENT ON VIEW {name} IS {literal(self.comment)}"
        for column, meaning in self.columns.items():
            yield f"COMMENT ON COLUMN {name}.{identifier(column)} IS {literal(f'{column}：{meaning}')}"


@dataclass(frozen=True, slots=True)
class Macro:
    """A table macro: its name, its one parameter, its SELECT, its meaning."""

    name: str
    parameter: str
    select: str
    comment: str

    def statements(self) -> Iterator[str]:
        """CREATE MACRO and its COMMENT."""
        name = identifier(self.name)
        yield f"CREATE MACRO {name}({identifier(self.parameter)}) AS TABLE {self.select}"
        yield f"COMMENT ON MACRO TABLE {name} IS {literal(self.comment)}"


def views() -> list[View]:
    """Every view, in an order in which they can be created."""
    raw = load_yaml("views.yml")
    written = [_written(name, said) for name, said in raw["views"].items()]
    return [written[0], *(_statement(form, raw["statement"]) for form in forms().values()), *written[1:]]


def last_subjects() -> Macro:
    """``末级科目('表')``: the rows of a statement view that may be added up.

    ``query_table`` takes the name of the view as a name alone: neither SQL nor a file gets in with it.
    """
    said = load_yaml("views.yml")["last_subjects"]
    statements = [form.name for form in forms().values() if form.layout in said["layouts"]]
    select = package_file("views", f"{said['name']}.macro.sql").read_text("utf-8").strip()
    return Macro(
        said["name"],
        said["parameter"],
        select.format(statements=", ".join(map(literal, statements))),
        _comment(said["name"], said["meaning"], said["hazard"]),
    )


def _comment(name: str, meaning: str, hazard: str) -> str:
    return f"{name}：{meaning}" + (f"。注意：{hazard}" if hazard else "")


def _written(name: str, said: dict[str, Any]) -> View:
    select = package_file("views", f"{name}.sql").read_text("utf-8").strip()
    return View(name, select, _comment(name, said["meaning"], said.get("hazard", "")), said["columns"])


def _statement(form: Form, shared: dict[str, Any]) -> View:
    """A form's view: shared columns, keys of its layout, measures in 万元, shared columns."""
    layout = form.layout
    money = {
        m.name: {"sql": _MONEY.format(key=identifier(m.key)), "meaning": shared["measure"]}
        for m in form.measures
    }
    columns: dict[str, dict[str, str]] = {
        **shared["begin"],
        **shared["keys"][layout],
        **shared["measures"].get(layout, money),
        **shared["extra"].get(layout, {}),
        **shared["end"],
    }
    table = wide_table(form.id)
    name = without_blanks("t.name_printed")
    body = ", ".join(f"{c['sql'].replace('{name}', name)} AS {identifier(n)}" for n, c in columns.items())
    select = f"SELECT {body} FROM {identifier(table.name)} t JOIN document_in_force d USING (document_id)"  # noqa: S608 - our own names
    meaning = shared["meaning"].format(form=form.name)
    return View(
        form.name,
        select,
        _comment(form.name, meaning, shared["hazards"][layout].format(form=form.name)),
        {n: c["meaning"] for n, c in columns.items()},
    )
