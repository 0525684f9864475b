"""One read-only query, shut off from files, network and settings.

Belongs here: opening the published file for reading and running a statement.
Does not belong here: how rows are shown (``render``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from warehouse.home import Home
from warehouse.rows import Row
from warehouse.schema import identifier, literal

if TYPE_CHECKING:
    import duckdb


class QueryError(RuntimeError):
    """Why a query was not run or did not end: one line for the person who typed it."""


class QueryResult(NamedTuple):
    """Column names and rows of Python values; money is ``Decimal``, NULL is ``None``, a LIST is a list."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def open_read_only(home: Home, copies_to: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to the published file that can neither write, nor reach files, nor change its settings.

    ``copies_to`` is the one folder that COPY may write into. ``QueryError`` if nothing has been published, or
    if the file cannot be opened.
    """
    import duckdb

    require_published(home)
    shut: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    try:
        connection = duckdb.connect(str(home.warehouse_file), read_only=True, config=shut)
        if copies_to:
            connection.execute(f"SET allowed_directories = [{literal(str(copies_to))}]")
        connection.execute("SET enable_external_access = false")
        # A query must not find the caller's variables either; this one is known only once connected.
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        raise QueryError(one_line(error)) from error
    return connection


def require_published(home: Home) -> None:
    """``QueryError`` if nothing has been published."""
    if not home.warehouse_file.is_file():
        raise QueryError(f"还没有发布过仓库（{home.warehouse_file} 不存在）：先用 juesuan run 读入文件")


class Published:
    """The published file, opened once: what is gathered for one answer is of the same file, whoever
    publishes meanwhile.

    ``QueryError`` if nothing has been published, or if the file cannot be opened.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._connection = open_read_only(home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._connection.close()

    def query(self, sql: str) -> QueryResult:
        """Run one SELECT (also WITH, FROM, VALUES, PIVOT, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN).

        ``QueryError`` says in one line what is wrong with the statement.
        """
        import duckdb

        try:
            _check(self._connection, sql)
            cursor = self._connection.execute(sql)
            return QueryResult([d[0] for d in cursor.description or ()], cursor.fetchall())
        except duckdb.Error as error:
            raise QueryError(one_line(error)) from error

    def select(self, sql: str) -> list[Row]:
        """The rows of a query by the names of their columns."""
        columns, rows = self.query(sql)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def rows(self, table: str, **where: str | int) -> list[Row]:
        """The rows of a table or view in which the columns have those values."""
        condition = " AND ".join(f"{identifier(k)} = {literal(str(value))}" for k, value in where.items())
        return self.select(f"SELECT * FROM {identifier(table)} WHERE {condition}")  # noqa: S608 - quoted


def query(home: Home, sql: str) -> QueryResult:
    """Run one statement alone, as :meth:`Published.query` does."""
    with Published(home) as published:
        return published.query(sql)


def _check(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    import duckdb

    statements = connection.extract_statements(sql)
    if not statements:
        raise QueryError("没有查询：请给出一条 SELECT")
    # A PIVOT is taken apart into nameless CREATE TYPEs and its SELECT.
    own = [s for s in statements if not (s.type == duckdb.StatementType.CREATE and not s.query)]
    if len(own) > 1:
        raise QueryError("一次只能执行一条查询")
    if own[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise QueryError(f"只能查询（SELECT、DESCRIBE、EXPLAIN 等），不能执行 {own[0].type.name}")


def one_line(error: Exception) -> str:
    """A database error as one line: its first sentences, without the copy of the statement."""
    told = str(error).split("\nLINE ", 1)[0]
    return "查询出错：" + " ".join(told.split())
