"""Exports: the analyst's views of the published file as Parquet, CSV or workbooks, with their dictionary.

Belongs here: the folder, which appears whole or not at all, and the files of Parquet and CSV. Does not belong
here: what views mean (``dictionary``), the description for programs (``datapackage``), the sheets
(``workbook``).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from warehouse import datapackage
from warehouse.dictionary import Described, chapter, described
from warehouse.home import Home
from warehouse.query import one_line, open_read_only, require_published
from warehouse.render import FORMULA_LEADS
from warehouse.schema import identifier, literal

if TYPE_CHECKING:
    import duckdb

Format = Literal["parquet", "csv", "xlsx"]
DICTIONARY = "数据字典.md"
DESCRIPTOR = "datapackage.json"
# Excel takes a CSV without this mark for the local code page, which is no UTF-8 on Chinese systems; DuckDB,
# pandas, R and Frictionless skip it.
_BOM = "\ufeff"


class ExportError(RuntimeError):
    """Why nothing was exported: one line for the person who asked."""


def export(home: Home, target: Path, form: Format) -> list[str]:
    """Write the published views into the new folder ``target``; what was written, and what to know of it.

    The folder is whole or not there. ``ExportError`` if it is there already and not empty, or cannot be
    written; ``QueryError`` if there is no published file to export.
    """
    import duckdb

    target = target.absolute()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise ExportError(f"{target} 已经存在，里面有别的内容：换一个新文件夹，或先把它移走再导出")
    try:
        source = _source(home)
        with _whole(target) as folder, open_read_only(home, copies_to=folder) as connection:
            if _standing(home) != source.standing:
                raise ExportError("正在发布新的仓库：请再导出一次")
            views = _in_order(view for view in described(connection) if view.for_analysts)
            if form == "xlsx":
                from warehouse.workbook import write_workbooks

                return write_workbooks(connection, views, folder, source)
            return _files(connection, views, folder, form, source)
    except duckdb.Error as error:
        raise ExportError(f"没有导出：{one_line(error)}") from error
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ExportError(
            f"没有导出，{error.filename or target} 写不进（{why}）：换一个文件夹，或腾出空间再导出"
        ) from error


def _in_order(views: Iterable[Described]) -> list[Described]:
    """Views in the order of ``exports.yml``, those that it does not know at the end."""
    known = [name for names in datapackage.settings()["workbooks"].values() for name in names]
    return sorted(views, key=lambda view: known.index(view.name) if view.name in known else len(known))


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder beside ``target`` that takes its name when the block ends well, and is gone else."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    try:
        yield folder
        folder.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _source(home: Home) -> datapackage.Source:
    """What is exported: the moment and the digest of the published file; ``QueryError`` if there is none."""
    standing = _standing(home)
    with home.warehouse_file.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    made = datetime.fromtimestamp(standing[1] // 10**9, UTC)
    return datapackage.Source(made.strftime("%Y-%m-%dT%H:%M:%SZ"), digest, standing)


def _standing(home: Home) -> tuple[int, int]:
    """Which file is published: every publish puts another one in place."""
    require_published(home)
    found = home.warehouse_file.stat()
    return found.st_ino, found.st_mtime_ns


# --- Parquet and CSV -------------------------------------------------------------------------


def _files(
    connection: duckdb.DuckDBPyConnection,
    views: list[Described],
    folder: Path,
    form: Literal["parquet", "csv"],
    source: datapackage.Source,
) -> list[str]:
    """One file a view, ``datapackage.json`` and the dictionary; what was written, in a line."""
    copy = {"parquet": _parquet, "csv": _csv}[form]
    tables = []
    for view in views:
        path = folder / f"{view.name}.{form}"
        row = connection.execute(copy(view, literal(str(path)))).fetchone()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        rows = int(row[0]) if row else 0
        tables.append(datapackage.Table(view, path.name, rows, path.stat().st_size, digest))
    described_as = datapackage.descriptor(source, version("juesuan"), tables)
    (folder / DESCRIPTOR).write_text(json.dumps(described_as, ensure_ascii=False, indent=1), "utf-8")
    (folder / DICTIONARY).write_text(_dictionary(views, source, form), "utf-8")
    rows = sum(table.rows for table in tables)
    return [f"{len(tables)} 个视图、{rows:,} 行：{form} 文件一个视图一个，{DESCRIPTOR}，{DICTIONARY}"]


def _parquet(view: Described, path: str) -> str:
    return f"COPY (FROM {identifier(view.name)}) TO {path} (FORMAT parquet, COMPRESSION zstd)"


def _csv(view: Described, path: str) -> str:
    """COPY with the mark of UTF-8 before the first name, ISO times, NULL as nothing, no formulas."""
    heads = [column.name for column in view.columns]
    cells = [_csv_cell(column.name, column.type) for column in view.columns]
    heads[0] = _BOM + heads[0]
    body = ", ".join(f"{cell} AS {identifier(head)}" for cell, head in zip(cells, heads, strict=True))
    return (
        f"COPY (SELECT {body} FROM {identifier(view.name)}) TO {path} "  # noqa: S608 - our own names
        f"(FORMAT csv, HEADER, TIMESTAMPFORMAT {literal(datapackage.TIME_FORMAT)})"
    )


def _csv_cell(name: str, kind: str) -> str:
    """A column as a CSV shows it; only texts can begin as a formula does, a number keeps its sign."""
    column = identifier(name)
    if kind.endswith("[]"):
        column = f"array_to_string({column}, {literal(datapackage.LIST_SEPARATOR)})"
    elif kind != "VARCHAR":
        return column
    leads = ", ".join(f"chr({ord(lead)})" for lead in FORMULA_LEADS)
    return f"CASE WHEN left({column}, 1) IN ({leads}) THEN '''' || {column} ELSE {column} END"


def _dictionary(views: list[Described], source: datapackage.Source, form: str) -> str:
    """The dictionary of what was exported, for people."""
    lines = [
        "# 数据字典",
        "",
        f"导出自 {source.published} 发布的仓库（warehouse.duckdb，sha256 {source.sha256}）。",
        "",
        *(f"- {hazard}。" for hazard in datapackage.settings()["hazards"]),
    ]
    if form == "csv":
        lines += [
            "- UTF-8 带 BOM；时间是世界协调时；列表的各项以顿号分开；空单元格是没有值。",
            "- 以 = + - @ 等开头的文字前面加了一个 '，以免表格软件当作公式；"
            "以 ' 开头的文字去掉第一个 ' 就是原文。",
        ]
    return "\n".join([*lines, "", *chapter(views)]).rstrip() + "\n"
