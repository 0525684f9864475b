"""The description of an export for programs: a Data Package (v2) with the columns of the Fiscal Data Package.

Belongs here: the descriptor as plain values. Does not belong here: writing files, and what columns mean
(``dictionary``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.vocabulary import forms
from warehouse.dictionary import Described, Entry
from warehouse.schema import load_yaml

_PACKAGE = "https://datapackage.org/profiles/2.0/datapackage.json"
_SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"
# The taxonomy that column types are of.
_FISCAL = "https://frictionlessdata.io/taxonomies/fiscal/budgets.json"
_MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_TYPES = {
    "VARCHAR": "string",
    "VARCHAR[]": "list",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
}
# What stands between the entries of a list where a cell is text, and how a time is written there.
LIST_SEPARATOR = "、"
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Source:
    """What was exported: when the warehouse file was published (UTC), the sha256 of its bytes, which file."""

    published: str
    sha256: str
    standing: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Table:
    """A file of the export: what it holds, its name in the folder, rows, bytes, and sha256."""

    view: Described
    path: str
    rows: int
    bytes: int
    sha256: str


@cache
def settings() -> dict[str, Any]:
    """``exports.yml``: workbooks, hazards, keys, values and column types."""
    return load_yaml("exports.yml")


def column_type(view: str, column: str) -> str | None:
    """The Fiscal Data Package's type of a column; ``None`` where it has none."""
    fiscal: dict[str, str] = settings()["fiscal"]
    return fiscal.get(f"{view}.{column}") or fiscal.get(column) or _measures().get((view, column))


@cache
def _measures() -> dict[tuple[str, str], str]:
    """The columns of the statements that are money; a statistic may be a number of cars."""
    money = (form for form in forms().values() if form.layout != "statistic")
    return {(form.name, measure.name): "value" for form in money for measure in form.measures}


def descriptor(source: Source, version: str, tables: Sequence[Table]) -> dict[str, Any]:
    """``datapackage.json`` of an export in CSV or Parquet."""
    return {
        "$schema": _PACKAGE,
        "name": "juesuan",
        "title": "部门（单位）决算公开",
        "description": "；".join(settings()["hazards"]) + "。",
        "created": source.published,
        "version": version,
        "taxonomy": _FISCAL,
        "sources": [{"title": f"warehouse.duckdb（sha256 {source.sha256}）", "version": source.published}],
        "resources": [_resource(table) for table in tables],
    }


def _resource(table: Table) -> dict[str, Any]:
    view, kind = table.view, table.path.rpartition(".")[2]
    told = f"{view.meaning}。" + (f"注意：{view.hazard}。" if view.hazard else "")
    made: dict[str, Any] = {
        "name": view.name,
        "type": "table",
        "title": view.name,
        "description": told,
        "path": table.path,
        "format": kind,
        "mediatype": _MEDIA[kind],
        "bytes": table.bytes,
        "hash": f"sha256:{table.sha256}",
        "rows": table.rows,
        "schema": _schema(view, kind),
    }
    if kind == "csv":
        made |= {"encoding": "utf-8", "dialect": {"header": True, "delimiter": ",", "lineTerminator": "\n"}}
    return made


def _schema(view: Described, kind: str) -> dict[str, Any]:
    key: list[str] = settings()["keys"].get(view.name, [])
    made: dict[str, Any] = {
        "$schema": _SCHEMA,
        "fields": [_field(view.name, column, kind, column.name in key) for column in view.columns],
        "missingValues": [""],
    }
    fiscal = {column_type(view.name, column.name) for column in view.columns}
    if key:
        made["primaryKey"] = key
    if "value" in fiscal:
        # Said once for the table, as the Fiscal Data Package says what is no column of the file.
        made["extraFields"] = [
            {"name": "币种", "type": "string", "columnType": "value-currency:code", "constant": "CNY"}
        ]
    return made


def _field(view: str, column: Entry, kind: str, in_key: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": column.name,
        "type": "number" if column.type.startswith("DECIMAL") else _TYPES.get(column.type, "any"),
        "title": column.name,
        "description": column.meaning,
    }
    if fiscal := column_type(view, column.name):
        made["columnType"] = fiscal
    if fiscal == "value":
        made["unit"] = "万元"
    if made["type"] == "list":
        # A list is written between separators, an array is one in the file.
        made |= {"delimiter": LIST_SEPARATOR, "itemType": "string"} if kind == "csv" else {"type": "array"}
    if made["type"] == "datetime" and kind == "csv":
        made["format"] = TIME_FORMAT
    if constraints := _constraints(view, column, in_key):
        made["constraints"] = constraints
    return made


def _constraints(view: str, column: Entry, in_key: bool) -> dict[str, Any]:
    values: dict[str, list[str]] = settings()["values"]
    allowed = values.get(f"{view}.{column.name}") or values.get(column.name)
    made: dict[str, Any] = {"enum": allowed} if allowed else {}
    if in_key:
        made["required"] = True
    if column.name == "序号":
        made["minimum"] = 1
    return made
