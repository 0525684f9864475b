"""The lake: parts of documents (a cache) and year tables (the record), as Parquet.

Belongs here: writing and reading both, and assembling a year from its parts. Does not belong here:
what the rows mean, when a year is to be assembled, and anything that only the build knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from pipelines.locators import page_of
from pipelines.model import CellRole, DocumentPart
from warehouse import corrections, reading_changes
from warehouse.entries import Row
from warehouse.home import Home, sync
from warehouse.schema import lake_tables
from warehouse.store import Store, store_of

# Which field of DocumentPart fills which table.
PART_TABLES = {
    "dim_document": "document",
    "document_evidence": "evidence",
    "unit_relation": "relations",
    "dim_statement": "statements",
    "fact_line_item": "line_items",
    "dim_cell": "cells",
    "repair": "repairs",
    "cell_reading": "readings",
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

# The table that says of which documents a year is, and by which version of the reader each was read.
DOCUMENTS = "dim_document"
FACTS = "fact_line_item"
CELLS = "dim_cell"
# The sides of a cell's box as columns, in the order of the box.
BOX_COLUMNS = ("box_left", "box_top", "box_right", "box_bottom")

# Rows of a group in a year's file: as many as DuckDB keeps together, so that it takes them whole.
_ROW_GROUP = 122_880

# Parts that are unfolded in memory at a time.
PARTS_AT_ONCE = 200

# Documents without a fiscal year are filed under this one.
NO_YEAR = 0


class LakeError(RuntimeError):
    """The lake was given, or holds, something that its schema does not allow."""


@dataclass(frozen=True, slots=True)
class KeptPart:
    """What a part that is there says of its document."""

    fiscal_year: int | None


def part_key(document_id: str, reader_version: str) -> str:
    """Where in the store the part of a document lies, as read by that version of the reader."""
    return f"lake/parts/{document_id[:2]}/{document_id}.{reader_version}.parquet"


def has_part(owner: Home | Store, document_id: str, reader_version: str) -> bool:
    """Whether a whole part of today's schema is there; one that a power cut left in pieces is not."""
    return kept_part(owner, document_id, reader_version) is not None


def kept_part(owner: Home | Store, document_id: str, reader_version: str) -> KeptPart | None:
    """What a whole part of today's schema says of its document; ``None`` where there is no such part."""
    try:
        with store_of(owner).opened(part_key(document_id, reader_version)) as file:
            if pl.read_parquet_schema(file) != _part_schema():
                return None
            file.seek(0)
            row = pl.read_parquet(file, columns=["document_id", "fiscal_year"]).row(0)
    except (pl.exceptions.PolarsError, OSError):
        return None
    return KeptPart(row[1]) if row[0] == document_id else None


def write_part(owner: Home | Store, part: DocumentPart) -> str:
    """Keep what was read from one document as one thing of one row; its key in the store.

    ``LakeError`` if an amount has more decimals than are kept: a cast would round it without a word.
    """
    document = part.document
    tables = [_nested(table, getattr(part, name)) for table, name in PART_TABLES.items()]
    ids = {"document_id": [document.document_id], "fiscal_year": [document.fiscal_year]}
    frame = pl.DataFrame(ids, schema_overrides={"fiscal_year": pl.Int32()}).with_columns(tables)
    body = BytesIO()
    # Statistics are for whoever reads some of many rows.
    frame.write_parquet(body, compression="zstd", statistics=False)
    key = part_key(document.document_id, document.reader_version)
    # A part can be read again from its source, so the disk need not be waited for.
    store_of(owner).write(key, body.getvalue(), durable=False)
    return key


def read_parts(owner: Home | Store, document_ids: Iterable[str], reader_version: str) -> pl.DataFrame:
    """The parts of documents, a row each, in the order of their ids, once each: the ids, the year, and of
    every table of ``PART_TABLES`` a list of its rows.

    ``LakeError`` names a document whose part is missing.
    """
    keys = [part_key(document_id, reader_version) for document_id in sorted(set(document_ids))]
    if not keys:
        return pl.DataFrame(schema=_part_schema())
    try:
        bodies = store_of(owner).read_many(keys)
    except FileNotFoundError as error:
        raise LakeError(f"{error.filename or error} is missing; it has to be read again") from error
    return pl.read_parquet(bodies, hive_partitioning=False)


@cache
def _part_schema() -> pl.Schema:
    nested = {table: pl.List(pl.Struct(_record_schema(table))) for table in PART_TABLES}
    return pl.Schema({"document_id": pl.String(), "fiscal_year": pl.Int32(), **nested})


@cache
def _record_schema(table: str) -> pl.Schema:
    return pl.Schema(lake_tables()[table].record_schema())


def _nested(table: str, value: Any) -> pl.Series:
    """The records of one table as one list of rows; made by columns, which takes half the time."""
    records = value if isinstance(value, tuple) else (value,)
    schema = _record_schema(table)
    if not records:
        return pl.Series(table, [[]], dtype=pl.List(pl.Struct(schema)))
    cells = table == CELLS
    columns = _cell_columns(records) if cells else _columns(records, schema.names())
    for name, kind in schema.items():
        if isinstance(kind, pl.Decimal):
            _check_decimals(f"{type(records[0]).__name__}.{name}", columns[name], kind.scale)
    return pl.Series(table, [pl.DataFrame(columns, schema=schema).to_struct(table)])


def _columns(records: Sequence[Any], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [getattr(record, name) for record in records] for name in names}


def _cell_columns(cells: Sequence[CellRole]) -> dict[str, list[Any]]:
    """The columns of cells, with the page and the sides of the box that stand for their place."""
    names = [name for name in _record_schema(CELLS).names() if name not in (*BOX_COLUMNS, "page")]
    boxes = zip(*(cell.box or (None,) * len(BOX_COLUMNS) for cell in cells), strict=True)
    sides = {side: list(column) for side, column in zip(BOX_COLUMNS, boxes, strict=True)}
    pages = [page_of(cell.cell_id.partition("/")[2]) for cell in cells]
    return {**_columns(cells, names), "page": pages, **sides}


def _check_decimals(name: str, values: Iterable[Decimal | None], scale: int) -> None:
    for value in values:
        if value is not None and (not value.is_finite() or value != round(value, scale)):
            raise LakeError(f"{name} has more than {scale} decimals: {value}")


def assemble_year(
    home: Home,
    fiscal_year: int,
    documents: Mapping[str, str],
    corrected: Mapping[str, Sequence[Row]] = MappingProxyType({}),
    *,
    at: datetime,
) -> dict[str, int]:
    """Make the tables of a year hold ``documents``, in the order of their ids; rows by table.

    ``documents``: id → version of the reader that read it, ``corrected``: id → what people corrected in it.
    What the tables hold already of that version and so corrected stays, only other parts are read; the rows
    are those that assembling from nothing would give. A year without documents loses its files. What
    another version of the reader reads otherwise than the tables had it is noted (``reading_changes``), as
    of ``at``; these notes are a record, and stay.
    ``LakeError`` names a document whose part is missing.
    """
    documents = corrections.versions(documents, corrected)
    if not documents:
        forget_year(home, fiscal_year)
        record = year_path(home, reading_changes.TABLE, fiscal_year)
        for path in home.lake.glob(f"*/{record.stem}.*"):
            if path != record:
                path.unlink()
        return dict.fromkeys(PART_TABLES, 0)
    before = held_whole(home, fiscal_year)
    kept = {name for name, version in documents.items() if before.get(name) == version}
    if len(kept) == len(documents) == len(before):
        return {table: _height(year_path(home, table, fiscal_year)) for table in PART_TABLES}
    fresh = _tables_of_parts(home, {name: documents[name] for name in documents.keys() - kept}, corrected)
    _note_changes(home, fiscal_year, documents, fresh[FACTS], at)
    listed = _merged(home, DOCUMENTS, fiscal_year, kept, fresh.pop(DOCUMENTS))
    # What says which documents the tables hold goes first and comes last: tables of which some were
    # written and others not, because the run was killed, are then never taken for whole.
    forget_year(home, fiscal_year)
    rows = {}
    for table, packed in fresh.items():
        frame = _merged(home, table, fiscal_year, kept, packed)
        write_year(home, table, fiscal_year, frame)
        rows[table] = frame.height
    write_year(home, DOCUMENTS, fiscal_year, listed)
    _before(home, fiscal_year).unlink(missing_ok=True)
    return {**rows, DOCUMENTS: listed.height}


def forget_year(home: Home, fiscal_year: int) -> None:
    """Let the next assembly of a year begin from nothing. Until then the lake does not hold that year."""
    path = year_path(home, DOCUMENTS, fiscal_year)
    if path.is_file():
        path.replace(_before(home, fiscal_year))
        sync(path.parent)


def _before(home: Home, fiscal_year: int) -> Path:
    """The list of documents of a year that is to be assembled from nothing, as its tables still have them."""
    return year_path(home, DOCUMENTS, fiscal_year).with_suffix(".before")


def _note_changes(
    home: Home, fiscal_year: int, documents: Mapping[str, str], fresh: Iterable[BytesIO], at: datetime
) -> None:
    """Note what is read otherwise than the year's tables have it, before they are written anew."""
    listed, facts = year_path(home, DOCUMENTS, fiscal_year), year_path(home, FACTS, fiscal_year)
    if not listed.is_file():
        listed = _before(home, fiscal_year)
    try:
        had = pl.read_parquet(listed, columns=["document_id", "reader_version"], hive_partitioning=False)
        before = pl.read_parquet(facts, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError):
        return
    versions = reading_changes.reread(dict(had.iter_rows()), documents)
    if not versions or not set(reading_changes.COLUMNS) <= set(before.columns):
        return
    now = pl.concat(pl.read_ipc(body.getvalue()) for body in fresh)
    found = reading_changes.changes(before, now, versions, fiscal_year, at)
    if found.height:
        known = read_year(home, reading_changes.TABLE, fiscal_year)
        write_year(home, reading_changes.TABLE, fiscal_year, reading_changes.added(known, found))


def held_whole(home: Home, fiscal_year: int) -> dict[str, str]:
    """The documents that the tables of a year hold, with the version of their reader.

    None where a table is missing or is not of today's schema, as one of an older program may be.
    """
    for table in PART_TABLES:
        try:
            schema = pl.read_parquet_schema(year_path(home, table, fiscal_year))
        except (OSError, pl.exceptions.PolarsError):
            return {}
        if schema != dict(lake_tables()[table].polars_schema()):
            return {}
    return held(home, fiscal_year)


def held(home: Home, fiscal_year: int) -> dict[str, str]:
    """The documents that the tables of a year say they hold, with the version of their reader."""
    documents = read_year(home, DOCUMENTS, fiscal_year).select("document_id", "reader_version")
    return dict(documents.iter_rows())


def _height(path: Path) -> int:
    return int(pl.scan_parquet(path, hive_partitioning=False).select(pl.len()).collect().item())


def _tables_of_parts(
    home: Home, documents: Mapping[str, str], corrected: Mapping[str, Sequence[Row]]
) -> dict[str, list[BytesIO]]:
    """The rows of each table of some documents, in the order of their ids, packed.

    Parts are unfolded some at a time and kept packed: 1,000 take 0.8 GB unfolded, and 10 MB so.
    """
    packed: dict[str, list[BytesIO]] = {table: [] for table in PART_TABLES}
    names = sorted(documents)
    for start in range(0, len(names), PARTS_AT_ONCE):
        some: dict[str, list[str]] = {}
        for name in names[start : start + PARTS_AT_ONCE]:
            some.setdefault(corrections.reader_of(documents[name]), []).append(name)
        parts = pl.concat([read_parts(home, ids, version) for version, ids in some.items()])
        parts = parts.sort("document_id")
        tables = {table: _table_of(parts, table) for table in PART_TABLES}
        if told := {name: corrected[name] for name in parts["document_id"] if name in corrected}:
            tables = corrections.corrected(tables, told)
        held_as = pl.col("document_id").replace(documents).alias("reader_version")
        tables[DOCUMENTS] = tables[DOCUMENTS].with_columns(held_as)
        for table, rows in tables.items():
            body = BytesIO()
            rows.write_ipc(body, compression="zstd")
            packed[table].append(body)
    return packed


def _merged(
    home: Home, table: str, fiscal_year: int, kept: Collection[str], fresh: Iterable[BytesIO]
) -> pl.DataFrame:
    """The rows that stay and the new ones of a table, in the order of the ids of their documents."""
    frames = [pl.read_ipc(body.getvalue()) for body in fresh]
    if not kept:
        return pl.concat(frames)
    stays = read_year(home, table, fiscal_year).filter(pl.col("document_id").is_in(list(kept)))
    return pl.concat([stays, *frames]).sort("document_id", maintain_order=True)


def _table_of(parts: pl.DataFrame, table: str) -> pl.DataFrame:
    """The rows of one table in the order of the parts, with the columns that the lake adds."""
    stored = lake_tables()[table]
    added = [c.name for c in stored.stored_columns() if c.added]
    return parts.select(*added, table).explode(table).unnest(table).select(stored.polars_schema().names())


def year_path(home: Home, table: str, fiscal_year: int) -> Path:
    """The file of a table for a year."""
    return home.lake / table / f"fiscal_year={fiscal_year}.parquet"


def read_year(home: Home, table: str, fiscal_year: int) -> pl.DataFrame:
    """The rows of a table for a year; no rows where there is no file, ``LakeError`` where it is damaged."""
    path = year_path(home, table, fiscal_year)
    if not path.is_file():
        return pl.DataFrame(schema=lake_tables()[table].polars_schema())
    try:
        return pl.read_parquet(path, hive_partitioning=False)
    except pl.exceptions.PolarsError as error:
        again = f"juesuan backfill {fiscal_year}" if fiscal_year else "juesuan run"
        raise LakeError(f"年度表 {path} 已损坏；删去这个文件，再用 {again} 从留存的原文重做") from error


def write_year(home: Home, table: str, fiscal_year: int, frame: pl.DataFrame) -> None:
    """Write the rows of a table for a year, whole. ``LakeError`` if they are not of its schema."""
    conformed = _conform(table, frame)
    home.put(
        year_path(home, table, fiscal_year),
        lambda scratch: conformed.write_parquet(scratch, compression="zstd", row_group_size=_ROW_GROUP),
    )


def years(home: Home) -> list[int]:
    """The years that the lake holds documents of, in order; ``NO_YEAR`` among them where there are such."""
    return sorted(
        int(path.stem.removeprefix("fiscal_year="))
        for path in (home.lake / DOCUMENTS).glob("fiscal_year=*.parquet")
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
