"""What an export holds, for programs and people: a Frictionless data package with fiscal column types.

Belongs here: the description of tables that are exported, after the published specifications (Data Package
v1, Table Schema, Fiscal Data Package). Does not belong here: writing tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from warehouse.schema import load_yaml

if TYPE_CHECKING:
    from warehouse.export import Table

# DuckDB's types in the terms of Table Schema.
_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "DOUBLE": "number",
    "FLOAT": "number",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def description(tables: Sequence[Table], format: str, published: str) -> dict[str, Any]:
    """The ``datapackage.json`` of some tables that lie beside it, one file each of that format."""
    return {
        "profile": "fiscal-data-package",
        "name": "juesuan",
        "title": "决算仓：部门/单位决算公开数据",
        "description": "金额以万元计，除非列里写明；层级为部门的行含其单位，不可与单位一并相加。",
        "created": published,
        "resources": [_resource(table, format) for table in tables],
    }


def _resource(table: Table, format: str) -> dict[str, Any]:
    fields = [_field(table, name, kind, format) for name, kind in table.types.items()]
    resource: dict[str, Any] = {
        # Names of resources are of small letters by the specification; the title is the view's.
        "name": f"view-{_number(table.view.name)}",
        "title": table.view.name,
        "description": table.view.comment,
        "path": f"{table.view.name}.{format}",
        "format": format,
        "rows": table.rows,
        "schema": {"fields": fields, "missingValues": [""]},
    }
    if format == "csv":
        resource |= {"mediatype": "text/csv", "encoding": "utf-8", "profile": "tabular-data-resource"}
    return resource


def _number(name: str) -> str:
    """A view's name in the letters that names of resources may have."""
    return name.encode("utf-8").hex()


def _field(table: Table, name: str, kind: str, format: str) -> dict[str, Any]:
    field = {
        "name": name,
        "title": name,
        "description": table.view.columns[name],
        "type": _type(kind, format),
    }
    if fiscal := _fiscal(table.view.name, name, kind):
        field["columnType"] = fiscal
    return field


def _type(kind: str, format: str) -> str:
    if kind.endswith("[]"):
        return "string" if format == "csv" else "array"
    if decimal := _DECIMAL.fullmatch(kind):
        return "integer" if decimal[2] == "0" else "number"
    return _TYPES.get(kind, "integer" if "INT" in kind else "string")


def _fiscal(view: str, name: str, kind: str) -> str | None:
    said = load_yaml("export.yml")
    types = said["column_types"] | (said["economic_types"] if view in said["economic"] else {})
    if name in types:
        return str(types[name])
    return str(said["value"]) if _DECIMAL.fullmatch(kind) else None
