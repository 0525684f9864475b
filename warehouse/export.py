"""The analyst's views of the published file as files of another kind, with their dictionary.

Belongs here: which views, to which folder, in one piece or not at all; Parquet and CSV. Does not belong
here: workbooks (``export_xlsx``), the package's description (``datapackage``), and what a view says.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from warehouse.catalogue import View, views
from warehouse.datapackage import description
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.query import one_line
from warehouse.schema import identifier, literal

if TYPE_CHECKING:
    import duckdb

Format = Literal["parquet", "csv", "xlsx"]
# Views that other views are made from are no one's to analyse.
_INNER = ("document_in_force", "verdict_in_force")
# A text that begins with one of these is a formula to a spreadsheet; so it stands behind an apostrophe.
FORMULA = "=+-@\t\r"
_LIST = "、"


class ExportError(RuntimeError):
    """Why nothing was exported: one line for the person who asked."""


@dataclass(frozen=True, slots=True)
class Table:
    """A view that is exported: its columns with their types, and its rows' number."""

    view: View
    types: dict[str, str]
    rows: int

    def select(self, *, plain: bool) -> str:
        """Its SELECT; ``plain`` writes lists as texts and lets no text be a formula."""
        columns = ", ".join(
            _plain(name, kind) if plain else identifier(name) for name, kind in self.types.items()
        )
        return f"SELECT {columns} FROM {identifier(self.view.name)}"  # noqa: S608 - our own names


def export(home: Home, target: Path, format: Format) -> list[Table]:
    """Write every analyst's view into the folder ``target``, which must be new or empty.

    The folder is there with all its files or not at all. ``ExportError`` says in one line why not.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExportError(f"{target} 已经有东西了，不去覆盖：换一个新文件夹，或先清空它")
    published = str((Ledger(home).state().published or {}).get("at", ""))
    with _opened(home) as connection, _in_one_piece(target) as folder:
        tables = [_table(connection, view) for view in views() if view.name not in _INNER]
        if format == "xlsx":
            from warehouse.export_xlsx import write_workbook

            write_workbook(connection, tables, folder / "决算仓.xlsx", published=published)
        else:
            for table in tables:
                _copy(connection, table, folder / f"{table.view.name}.{format}", format)
            package = description(tables, format, published)
            text = json.dumps(package, ensure_ascii=False, indent=1)
            (folder / "datapackage.json").write_text(text + "\n", "utf-8")
        return tables


@contextmanager
def _opened(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, read-only; it may write files, for that is what COPY does."""
    import duckdb

    if not home.warehouse_file.is_file():
        raise ExportError(f"还没有发布过仓库（{home.warehouse_file} 不存在）：先用 juesuan run 读入文件")
    try:
        with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
            yield connection
    except duckdb.Error as error:
        raise ExportError(one_line(error)) from error


@contextmanager
def _in_one_piece(target: Path) -> Iterator[Path]:
    """A folder beside the target that takes its place once all is written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ExportError(f"{target} 写不进去：{error.strerror}") from error
    try:
        yield folder
        folder.chmod(0o755)
        if target.is_dir():
            target.rmdir()
        folder.rename(target)
    except OSError as error:
        raise ExportError(f"{target} 写不进去：{error.strerror}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _table(connection: duckdb.DuckDBPyConnection, view: View) -> Table:
    name = identifier(view.name)
    described = connection.execute(f"DESCRIBE {name}").fetchall()
    (rows,) = connection.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,)  # noqa: S608
    return Table(view, {row[0]: row[1] for row in described}, rows)


def _copy(
    connection: duckdb.DuckDBPyConnection, table: Table, path: Path, format: Literal["parquet", "csv"]
) -> None:
    options = "FORMAT parquet, COMPRESSION zstd" if format == "parquet" else "FORMAT csv, HEADER"
    connection.execute(f"COPY ({table.select(plain=format == 'csv')}) TO {literal(str(path))} ({options})")


def _plain(name: str, kind: str) -> str:
    column = identifier(name)
    text = f"array_to_string({column}, {literal(_LIST)})" if kind.endswith("[]") else column
    if kind not in ("VARCHAR", "VARCHAR[]"):
        return f"{text} AS {column}"
    starts = ", ".join(f"chr({ord(character)})" for character in FORMULA)
    return f"CASE WHEN left({text}, 1) IN ({starts}) THEN '''' || {text} ELSE {text} END AS {column}"
