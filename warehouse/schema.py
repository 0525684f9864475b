"""The schema as records: every base table, its columns, and what is made from them.

Belongs here: loading ``schema.yml`` and ``wide.yml`` (completed by the forms' measures), and turning
tables into polars schemas, DDL and COMMENTs. Does not belong here: rows, files, views.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any, Literal

from pipelines.vocabulary import Form, forms, parse_yaml

if TYPE_CHECKING:
    import polars as pl


Grain = Literal["document", "year", "build"]
Added = Literal["", "lake", "build"]


class SchemaError(ValueError):
    """The schema files contradict themselves: a fault of the program, not of a document."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: DuckDB type, 中文名, meaning, unit, and who adds it to the record it comes from.

    ``values`` says in Chinese what each of its codes means, where it has codes.
    """

    name: str
    type: str
    zh: str
    meaning: str
    unit: str = ""
    added: Added = ""
    source: str = ""
    values: tuple[tuple[str, str], ...] = ()

    @property
    def comment(self) -> str:
        """中文名, meaning, codes and unit in one sentence, as the warehouse carries it."""
        codes = " / ".join(f"{code} {word}" for code, word in self.values)
        told = f"{self.meaning}：{codes}" if codes else self.meaning
        return f"{self.zh}：{told}" + (f"（单位：{self.unit}）" if self.unit else "")


@dataclass(frozen=True, slots=True)
class Table:
    """A base table. ``key`` columns are unique together; ``hazard`` is what a careless sum gets wrong."""

    name: str
    zh: str
    meaning: str
    grain: Grain
    hazard: str
    form: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def comment(self) -> str:
        """中文名, meaning and hazard in one sentence."""
        return f"{self.zh}：{self.meaning}" + (f"。注意：{self.hazard}" if self.hazard else "")

    @property
    def in_lake(self) -> bool:
        """Whether the lake keeps files of this table, or the build makes it."""
        return self.grain != "build"

    def stored_columns(self) -> tuple[Column, ...]:
        """The columns that the files of a year hold: all but those added at the build."""
        return tuple(c for c in self.columns if c.added != "build")

    def record_columns(self) -> tuple[Column, ...]:
        """The columns that the records of pipelines/model.py carry: what a part holds."""
        return tuple(c for c in self.columns if not c.added)

    def polars_schema(self, stored: bool = True) -> pl.Schema:
        """Column name → polars type; ``stored=False`` adds the columns that the build adds."""
        import polars as pl

        columns = self.stored_columns() if stored else self.columns
        return pl.Schema({c.name: polars_type(c.type) for c in columns})

    def record_schema(self) -> pl.Schema:
        """Column name → polars type of what a part holds of this table."""
        import polars as pl

        return pl.Schema({c.name: polars_type(c.type) for c in self.record_columns()})

    def ddl(self) -> str:
        """CREATE TABLE, without keys: a primary key would grow the file sixfold."""
        body = ", ".join(f"{identifier(c.name)} {c.type}" for c in self.columns)
        return f"CREATE TABLE {identifier(self.name)} ({body})"

    def comments(self) -> Iterator[str]:
        """COMMENT statements for the table and each of its columns."""
        yield f"COMMENT ON TABLE {identifier(self.name)} IS {literal(self.comment)}"
        for column in self.columns:
            place = f"{identifier(self.name)}.{identifier(column.name)}"
            yield f"COMMENT ON COLUMN {place} IS {literal(column.comment)}"


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a quoted SQL string."""
    return "'" + text.replace("'", "''") + "'"


def polars_type(sql_type: str) -> pl.DataType:
    """The polars type of a column type of schema.yml; ``SchemaError`` for one that it does not use."""
    import polars as pl

    if sql_type.endswith("[]"):
        return pl.List(polars_type(sql_type[:-2]))
    if sql_type.startswith("DECIMAL("):
        precision, scale = sql_type[len("DECIMAL(") : -1].split(",")
        return pl.Decimal(int(precision), int(scale))
    plain: dict[str, pl.DataType] = {
        "VARCHAR": pl.String(),
        "INTEGER": pl.Int32(),
        "BIGINT": pl.Int64(),
        "DOUBLE": pl.Float64(),  # for places on a page only, never for money
        "BOOLEAN": pl.Boolean(),
        "DATE": pl.Date(),
        "TIMESTAMP": pl.Datetime("us"),
    }
    if sql_type not in plain:
        raise SchemaError(f"schema.yml uses the type {sql_type}, which has no counterpart")
    return plain[sql_type]


def package_file(*names: str) -> Traversable:
    """A data file of this package."""
    return files("warehouse").joinpath(*names)


def load_yaml(name: str) -> dict[str, Any]:
    """The parsed content of a data file of this package."""
    loaded: dict[str, Any] = parse_yaml(package_file(name).read_text("utf-8"))
    return loaded


def _columns(raw: dict[str, dict[str, Any]]) -> tuple[Column, ...]:
    return tuple(
        Column(
            name=name,
            type=c["type"],
            zh=c["zh"],
            meaning=c["meaning"],
            unit=c.get("unit", ""),
            added=c.get("added", ""),
            source=c.get("from", name),
            values=tuple(c.get("values", {}).items()),
        )
        for name, c in raw.items()
    )


def _wide_columns(form: Form, wide: dict[str, Any]) -> tuple[Column, ...]:
    measures = tuple(
        Column(m.key, "DECIMAL(20,2)", m.name, f"{form.name}的“{m.name}”列", unit="元", source=m.name)
        for m in form.measures
    )
    return (
        *_columns(wide["common"]),
        *_columns(wide["layouts"][form.layout]),
        *_columns(wide["name"]),
        *measures,
        *_columns(wide["tail"].get(form.layout, {})),
        *_columns(wide["last"]),
    )


@cache
def tables() -> dict[str, Table]:
    """Every base table by its name, in the order of ``schema.yml``."""
    wide = load_yaml("wide.yml")
    found = {}
    for name, raw in load_yaml("schema.yml").items():
        form = raw.get("form", "")
        columns = _wide_columns(forms()[form], wide) if form else _columns(raw["columns"])
        key = ("statement_id", "row_seq") if form else tuple(raw.get("key", ()))
        found[name] = Table(
            name, raw["zh"], raw["meaning"], raw["grain"], raw.get("hazard", ""), form, key, columns
        )
    return found


def word(table: str, column: str, code: str) -> str:
    """What a code of a column means, in Chinese; the code itself where ``schema.yml`` gives no word."""
    return _words(table, column).get(code, code)


@cache
def _words(table: str, column: str) -> dict[str, str]:
    return {code: said for c in tables()[table].columns if c.name == column for code, said in c.values}


@cache
def lake_tables() -> dict[str, Table]:
    """The tables that the lake keeps, by name."""
    return {name: table for name, table in tables().items() if table.in_lake}


@cache
def wide_table(form_id: str) -> Table:
    """The wide fact table of a form; ``KeyError`` if it has none."""
    for table in tables().values():
        if table.form == form_id:
            return table
    raise KeyError(form_id)


@cache
def digest() -> str:
    """A digest over everything here that shapes the warehouse: schema, views and the code that builds it.

    A program with another digest builds the file anew even where no document changed.
    """
    found = hashlib.sha256()
    for folder in ("", "views"):
        place = package_file(folder) if folder else files("warehouse")
        for entry in sorted(place.iterdir(), key=lambda e: e.name):
            if entry.name.endswith((".yml", ".sql", ".py")):
                found.update(entry.name.encode() + b"\0" + entry.read_bytes())
    return found.hexdigest()[:10]
