"""What must hold in a warehouse before it is published; these are invariants of ours, not of documents.

Belongs here: comparing the new file with the lake and with itself. Does not belong here: whether a
document's figures are believable: that never blocks a publish.
"""

# ruff: noqa: S608 - the statements are made of names of our own schema, never of what a document says

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.vocabulary import forms
from warehouse import performance
from warehouse.facts import read_parquet
from warehouse.schema import identifier, tables, wide_table

if TYPE_CHECKING:
    import duckdb


def violations(
    connection: duckdb.DuckDBPyConnection, files: dict[str, list[Path]], added: dict[str, int]
) -> list[str]:
    """Every invariant that does not hold, a sentence each; ``added`` rows a table are the build's own."""
    return [
        *_rows(connection, files, added),
        *_keys(connection),
        *_sums(connection, files["fact_line_item"]),
        *_orphans(connection),
        *performance.violations(connection, files),
        *_comments(connection),
    ]


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()
    return row[0] if row else None


def _rows(
    connection: duckdb.DuckDBPyConnection, files: dict[str, list[Path]], added: dict[str, int]
) -> Iterator[str]:
    for table, paths in files.items():
        there = _one(connection, f"SELECT count(*) FROM {identifier(table)}")
        lake = _one(connection, f"SELECT count(*) FROM {read_parquet(paths)}") if paths else 0
        if there != lake + added.get(table, 0):
            yield f"{table} has {there} rows, the lake {lake} and the build added {added.get(table, 0)}"


def _keys(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for table in tables().values():
        if not table.key:
            continue
        key = ", ".join(identifier(column) for column in table.key)
        # Counting hashes takes half the time of grouping by texts; keys that are the same hash the same.
        if _one(connection, f"SELECT count(*) = count(DISTINCT hash({key})) FROM {identifier(table.name)}"):
            continue
        double = connection.execute(
            f"SELECT {key} FROM {identifier(table.name)} GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
        ).fetchone()
        if double:
            yield f"{table.name}: {', '.join(table.key)} is there twice: {double}"


def _sums(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> Iterator[str]:
    """Money to the fen: the lake against the line items, and these against each wide table."""
    held = "(SELECT 1 FROM held_cell h WHERE h.statement_id = l.statement_id AND h.row_seq = l.row_seq "
    held += "AND h.measure = l.measure AND h.cell_id = l.cell_id)"
    sums = "SELECT sum(amount), sum(quantity) FROM "
    lake = f"{read_parquet(paths)} l WHERE NOT EXISTS {held}" if paths else ""
    read = (connection.execute(sums + lake).fetchone() if lake else None) or (None, None)
    here = connection.execute(sums + "fact_line_item").fetchone() or (None, None)
    for column, there, shown in zip(("amount", "quantity"), read, here, strict=True):
        if _zero(there) != _zero(shown):
            yield f"fact_line_item.{column} sums to {shown}, the lake to {there}"
    items = {
        (form, measure): total
        for form, measure, total in connection.execute(
            "SELECT form, measure, sum(amount) FROM fact_line_item GROUP BY ALL"
        ).fetchall()
    }
    for form in forms().values():
        table = wide_table(form.id)
        totals = ", ".join(f"sum({identifier(m.key)})" for m in form.measures)
        wide = connection.execute(f"SELECT {totals} FROM {identifier(table.name)}").fetchone() or ()
        for measure, total in zip(form.measures, wide, strict=True):
            told = items.pop((form.id, measure.name), None)
            if _zero(total) != _zero(told):
                yield f"{table.name}.{measure.key} sums to {total}, its line items to {told}"
    for form_id, unknown in sorted(items):
        yield f"fact_line_item holds the measure {unknown} of {form_id}, which no wide table has"


def _zero(value: Decimal | None) -> Decimal:
    return Decimal(0) if value is None else value


def _orphans(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for child, column, parent in (
        ("fact_line_item", "statement_id", "dim_statement"),
        ("dim_statement", "document_id", "dim_document"),
        ("dim_document", "unit_id", "dim_unit"),
    ):
        lost = _one(
            connection,
            f"SELECT min({column}) FROM {child} ANTI JOIN {parent} USING ({column}) "
            f"WHERE {column} IS NOT NULL",
        )
        if lost is not None:
            yield f"{child}.{column} {lost} is not in {parent}"


def _comments(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    bare = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE NOT internal AND database_name = current_database() AND comment IS NULL "
        "UNION ALL SELECT table_name, '' FROM duckdb_tables() "
        "WHERE NOT internal AND database_name = current_database() AND comment IS NULL "
        "UNION ALL SELECT view_name, '' FROM duckdb_views() "
        "WHERE NOT internal AND database_name = current_database() AND comment IS NULL "
        "UNION ALL SELECT function_name, '' FROM duckdb_functions() "
        "WHERE NOT internal AND database_name = current_database() AND comment IS NULL"
    ).fetchall()
    for table, column in bare:
        yield f"{table} {column} has no comment"
