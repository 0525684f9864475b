"""Rows that were made in this process, into a table of the new DuckDB file.

Belongs here: the one way in which they get there. Does not belong here: what they say, and rows of the lake,
which the file reads by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from warehouse import schema
from warehouse.facts import read_parquet
from warehouse.home import Home

if TYPE_CHECKING:
    import duckdb
    import polars as pl

Row = dict[str, Any]


def insert(connection: duckdb.DuckDBPyConnection, home: Home, table: str, rows: Iterable[Row]) -> None:
    """Rows into a table of the schema; times are kept in UTC without their zone."""
    import polars as pl

    wanted = schema.tables()[table].polars_schema(stored=False)
    times = [name for name, kind in wanted.items() if kind == pl.Datetime]
    plain = [row | {name: _naive(row.get(name)) for name in times} for row in rows]
    with as_parquet(home, pl.DataFrame(plain, schema=wanted)) as source:
        connection.execute(f"INSERT INTO {schema.identifier(table)} BY NAME FROM {source}")


@contextmanager
def as_parquet(home: Home, frame: pl.DataFrame) -> Iterator[str]:
    """SQL for a frame, by way of a scratch file: handing it over in memory would import pandas (1 s)."""
    path = home.scratch / f"rows-{uuid.uuid4().hex}.parquet"
    try:
        frame.write_parquet(path)
        yield read_parquet([path])
    finally:
        path.unlink(missing_ok=True)


def _naive(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
