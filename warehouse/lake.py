"""The lake: parts of documents (a cache) and year tables (the record), as Parquet.

Belongs here: writing and reading both, and assembling a year from its parts. Does not belong here:
what the rows mean, when a year is to be assembled, and anything that only the build knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.locators import page_of
from pipelines.model import CellRole, DocumentPart
from warehouse.home import Home
from warehouse.schema import lake_tables

# Which field of DocumentPart fills which table.
PART_TABLES = {
    "dim_document": "document",
    "document_evidence": "evidence",
    "unit_relation": "relations",
    "dim_statement": "statements",
    "fact_line_item": "line_items",
    "dim_cell": "cells",
    "repair": "repairs",
    "fact_claim": "claims",
    "ignored_number": "ignored_numbers",
    "text_mark": "marks",
    "fact_performance_form": "performance_forms",
    "performance_field": "performance_fields",
    "fact_performance_funding": "performance_funding",
    "fact_performance_task": "performance_tasks",
    "fact_performance_indicator": "performance_indicators",
    "personal_datum": "persons",
    "issue": "issues",
}

# The sides of a cell's box as columns, in the order of the box.
BOX_COLUMNS = ("box_left", "box_top", "box_right", "box_bottom")

# Documents without a fiscal year are filed under this one.
NO_YEAR = 0


class LakeError(RuntimeError):
    """The lake was given, or holds, something that its schema does not allow."""


def part_path(home: Home, document_id: str, reader_version: str) -> Path:
    """Where the part of a document lies, as read by that version of the reader."""
    return home.lake / "parts" / document_id[:2] / f"{document_id}.{reader_version}.parquet"


def has_part(home: Home, document_id: str, reader_version: str) -> bool:
    """Whether a whole part of today's schema is there; one that a power cut left in pieces is not."""
    path = part_path(home, document_id, reader_version)
    try:
        return pl.read_parquet_schema(path) == dict(_part_schema())
    except (OSError, pl.exceptions.PolarsError):
        return False


def write_part(home: Home, part: DocumentPart) -> Path:
    """Keep what was read from one document as one file of one row; its path.

    ``LakeError`` if an amount has more decimals than are kept: a cast would round it without a word.
    """
    document = part.document
    row: dict[str, Any] = {"document_id": document.document_id, "fiscal_year": document.fiscal_year}
    for table, name in PART_TABLES.items():
        value = getattr(part, name)
        scales = _scales(table)
        records = value if isinstance(value, tuple) else (value,)
        row[table] = [_record(record, scales) for record in records]
    frame = pl.DataFrame({name: [value] for name, value in row.items()}, schema=_part_schema())
    path = part_path(home, document.document_id, document.reader_version)
    # A part can be read again from its source, so the disk need not be waited for.
    home.put(path, lambda scratch: frame.write_parquet(scratch, compression="zstd"), durable=False)
    return path


def _part_schema() -> pl.Schema:
    tables = lake_tables()
    nested = {name: pl.List(pl.Struct(tables[name].record_schema())) for name in PART_TABLES}
    return pl.Schema({"document_id": pl.String(), "fiscal_year": pl.Int32(), **nested})


@cache
def _scales(table: str) -> dict[str, int]:
    """How many decimals each column of a table keeps: of money two, of other figures six."""
    kinds = lake_tables()[table].record_schema().items()
    return {name: kind.scale for name, kind in kinds if isinstance(kind, pl.Decimal)}


def _record(record: Any, scales: Mapping[str, int]) -> dict[str, Any]:
    values = {f.name: getattr(record, f.name) for f in fields(record)}
    for name, scale in scales.items():
        value: Decimal | None = values[name]
        if value is not None and (not value.is_finite() or value != round(value, scale)):
            raise LakeError(f"{type(record).__name__}.{name} has more than {scale} decimals: {value}")
    if isinstance(record, CellRole):
        box = values.pop("box") or (None,) * len(BOX_COLUMNS)
        page = page_of(record.cell_id.partition("/")[2])
        values |= {"page": page, **dict(zip(BOX_COLUMNS, box, strict=True))}
    return values


def assemble_year(
    home: Home, fiscal_year: int, document_ids: Sequence[str], reader_version: str
) -> dict[str, int]:
    """Write the tables of a year from the parts of its documents; rows by table.

    A year without documents loses its files. ``LakeError`` names a document whose part is missing.
    """
    if not document_ids:
        for table in lake_tables():
            year_path(home, table, fiscal_year).unlink(missing_ok=True)
        return dict.fromkeys(PART_TABLES, 0)
    paths = [part_path(home, document_id, reader_version) for document_id in sorted(set(document_ids))]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise LakeError(
            f"lake/parts lacks {missing[0]} and {len(missing) - 1} more; they have to be read again"
        )
    parts = pl.read_parquet(paths, hive_partitioning=False)
    rows = {}
    for table in PART_TABLES:
        frame = _table_of(parts, table)
        write_year(home, table, fiscal_year, frame)
        rows[table] = frame.height
    return rows


def _table_of(parts: pl.DataFrame, table: str) -> pl.DataFrame:
    """The rows of one table in the order of the parts, with the columns that the lake adds."""
    stored = lake_tables()[table]
    added = [c.name for c in stored.stored_columns() if c.added]
    return parts.select(*added, table).explode(table).unnest(table).select(stored.polars_schema().names())


def year_path(home: Home, table: str, fiscal_year: int) -> Path:
    """The file of a table for a year."""
    return home.lake / table / f"fiscal_year={fiscal_year}.parquet"


def read_year(home: Home, table: str, fiscal_year: int) -> pl.DataFrame:
    """The rows of a table for a year; no rows where there is no file."""
    schema = lake_tables()[table].polars_schema()
    path = year_path(home, table, fiscal_year)
    return pl.read_parquet(path, hive_partitioning=False) if path.is_file() else pl.DataFrame(schema=schema)


def write_year(home: Home, table: str, fiscal_year: int, frame: pl.DataFrame) -> None:
    """Write the rows of a table for a year, whole. ``LakeError`` if they are not of its schema."""
    conformed = _conform(table, frame)
    home.put(
        year_path(home, table, fiscal_year),
        lambda scratch: conformed.write_parquet(scratch, compression="zstd"),
    )


def years(home: Home) -> list[int]:
    """The years that the lake holds documents of, in order; ``NO_YEAR`` among them where there are such."""
    return sorted(
        int(path.stem.removeprefix("fiscal_year="))
        for path in (home.lake / "dim_document").glob("fiscal_year=*.parquet")
    )


def _conform(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame in the columns of the schema; only casts that lose nothing are made."""
    schema = lake_tables()[table].polars_schema()
    if set(frame.columns) != set(schema.names()):
        odd = sorted(set(frame.columns) ^ set(schema.names()))
        raise LakeError(f"{table}: columns missing or unknown: {', '.join(odd)}")
    for name, wanted in schema.items():
        given = frame.schema[name]
        if given != wanted and not _same_values(given, wanted):
            raise LakeError(f"{table}.{name} is {given}, not {wanted}")
    return frame.select(pl.col(name).cast(wanted, strict=True) for name, wanted in schema.items())


def _same_values(given: pl.DataType, wanted: pl.DataType) -> bool:
    if given == pl.Null():
        return True
    if isinstance(given, pl.Decimal) and isinstance(wanted, pl.Decimal):
        return given.scale == wanted.scale
    return given.is_integer() and wanted.is_integer()
