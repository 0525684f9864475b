"""The dictionary: what every view, table and column of a warehouse file means.

Belongs here: reading it from the COMMENTs of a file, and the page that is made of it. Does not belong here:
the meanings themselves (``schema.yml``, ``views.yml``), and what an export adds to them (``exports.yml``).

``python -m warehouse.dictionary`` renews ``docs/数据字典.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse import schema
from warehouse.build import relations

if TYPE_CHECKING:
    import duckdb

PAGE = Path(__file__).parent.parent / "docs" / "数据字典.md"
# What stands between a meaning and a hazard in the COMMENT of a table or view.
_HAZARD = "。注意："


@dataclass(frozen=True, slots=True)
class Entry:
    """A column: its name, DuckDB type and COMMENT without its own name before the colon."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Described:
    """A table or view: its name and 中文名, what it holds, what a careless sum gets wrong, its columns."""

    name: str
    zh: str
    meaning: str
    hazard: str
    columns: tuple[Entry, ...]

    @property
    def for_analysts(self) -> bool:
        """Whether it is one of the analyst's views: they alone have Chinese names."""
        return not self.name.isascii()


def described(connection: duckdb.DuckDBPyConnection) -> list[Described]:
    """Every view and table of a file as its own COMMENTs tell, views first, in the order of their making."""
    columns: dict[str, list[Entry]] = {}
    for table, name, kind, comment in connection.execute(
        "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
        "WHERE NOT internal ORDER BY table_oid, column_index"
    ).fetchall():
        zh, _, meaning = (comment or "").partition("：")
        # The columns of views are Chinese and say their name; those of tables say their 中文名.
        columns.setdefault(table, []).append(Entry(name, kind, meaning if zh == name else comment or ""))
    relations = connection.execute(
        "SELECT view_name, comment FROM (SELECT view_name, comment, 1 AS part, view_oid AS oid "
        "FROM duckdb_views() WHERE NOT internal UNION ALL "
        "SELECT table_name, comment, 2, table_oid FROM duckdb_tables() WHERE NOT internal) ORDER BY part, oid"
    ).fetchall()
    return [_described(name, comment or "", columns[name]) for name, comment in relations]


def _described(name: str, comment: str, columns: list[Entry]) -> Described:
    zh, _, told = comment.partition("：")
    meaning, _, hazard = told.partition(_HAZARD)
    return Described(name, zh, meaning, hazard, tuple(columns))


def functions(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Every function that a file has of its own, as it is called, and its COMMENT."""
    rows = connection.execute(
        "SELECT function_name || '(' || array_to_string(parameters, ', ') || ')', comment "
        "FROM duckdb_functions() WHERE NOT internal ORDER BY function_oid"
    ).fetchall()
    return {call: comment or "" for call, comment in rows}


@contextmanager
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """What this version of the program builds, without rows."""
    import duckdb

    with duckdb.connect() as connection:
        for table in schema.tables().values():
            connection.execute(table.ddl())
            for statement in table.comments():
                connection.execute(statement)
        for each in relations():
            for statement in each.statements():
                connection.execute(statement)
        yield connection


def chapter(relations: Iterable[Described]) -> Iterator[str]:
    """The lines of a Markdown chapter: for each view or table its meaning, hazard and columns."""
    for relation in relations:
        yield f"### {relation.name}"
        yield ""
        yield f"{relation.meaning}。" if relation.for_analysts else f"{relation.zh}：{relation.meaning}。"
        yield ""
        if relation.hazard:
            yield f"> **注意**：{relation.hazard}。"
            yield ""
        yield "| 列 | 类型 | 含义 |"
        yield "|---|---|---|"
        for column in relation.columns:
            yield f"| {_cell(column.name)} | {column.type} | {_cell(column.meaning)} |"
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def page() -> str:
    """``docs/数据字典.md``: the analyst's views, the functions, then what both are made of."""
    with empty_warehouse() as connection:
        relations, calls = described(connection), functions(connection)
    shown = [relation for relation in relations if relation.for_analysts]
    base = [relation for relation in relations if not relation.for_analysts]
    lines = [
        "# 数据字典",
        "",
        "由 `python -m warehouse.dictionary` 从 `warehouse/schema.yml`、`views.yml` 生成，不要手改。",
        "同样的话在仓库里是每个视图、表和列的 COMMENT，在 `juesuan export` 写出的文件旁边也有。",
        "",
        "## 分析视图",
        "",
        "日常查询用这些视图：名称和列不会随便改动，只含各文档的现行版本，金额以万元计。",
        "",
        *chapter(shown),
        "## 表函数",
        "",
        "写在 FROM 后面，如 `FROM 收入决算表_截至('2026-11-22')`。",
        "",
        "| 函数 | 含义 |",
        "|---|---|",
        *(f"| {_cell(call)} | {_cell(meaning)} |" for call, meaning in calls.items()),
        "",
        "## 底表和内部视图",
        "",
        "视图由它们做成；金额以元计，各版本的文档都在内，可能随程序版本改动。",
        "",
        *chapter(base),
    ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
