"""The build: one new DuckDB file, whole, from the lake and the ledger; verified, then put in place at once.

Belongs here: the order of the steps. Does not belong here: what a step does (``facts``, ``registry``,
``history``, ``catalogue``), what must hold (``verify``), and the files that are published (``published``).
"""

# ruff: noqa: S608 - the statements are made of names of our own schema, never of what a document says

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse import (
    as_of,
    catalogue,
    facts,
    history,
    judged,
    lake,
    performance,
    persons,
    proposals,
    registry,
    schema,
    settings,
    units,
)
from warehouse.home import Home
from warehouse.ledger import Ledger, LedgerState
from warehouse.published import publish
from warehouse.rows import Row, as_parquet, insert
from warehouse.verify import violations

if TYPE_CHECKING:
    import duckdb

# What DuckDB may take of memory before it spills to the home's scratch folder; each thread wants its share.
MEMORY = "1500MB"
MOST_THREADS = 4
# The oldest DuckDB that can open the file. Its storage compresses strings in one way instead of two rivals
# that are both tried: a quarter of the time and a tenth of the size less.
STORAGE = "v1.3.0"


class BuildError(RuntimeError):
    """The new file would break one of our own invariants; the published one stays as it was."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What was published: the file, rows by table, cells held by expectations, a digest of its makings.

    ``decided`` is the fingerprint of the decisions and settings that it shows.
    """

    path: Path
    rows: dict[str, int]
    held: int
    digest: str
    decided: str
    at: datetime


def build(home: Home, *, now: datetime, rules: Sequence[Row] = ()) -> BuildReport:
    """Build the warehouse from the lake and publish it; the file published before is kept.

    ``rules`` are the rows of ``rule``: what was to be reconciled is known to the caller alone.
    ``BuildError`` names the invariants that do not hold, ``SettingsError`` what is wrong with the settings;
    then nothing is published. The caller tells the ledger.
    """
    import duckdb

    home.ensure()
    keeps_persons = settings.load(home).persons
    state, decided = Ledger(home).state(), settings.chosen(home)
    files = {
        table: [p for year in lake.years(home) if (p := lake.year_path(home, table, year)).is_file()]
        for table in schema.lake_tables()
    }
    read_persons = files[persons.TABLE]
    if not keeps_persons:
        files[persons.TABLE] = []
    folder = home.scratch / f"build-{uuid.uuid4().hex}"
    folder.mkdir()
    scratch = folder / home.warehouse_file.name
    try:
        with duckdb.connect(str(scratch), config=_limits(folder)) as connection:
            connection.execute("BEGIN")  # one commit instead of a thousand: COMMENTs are statements too
            held, added = _fill(connection, home, state, files)
            if held:
                connection.execute(facts.HELD_VERDICTS)
            judged.fill(connection, home, rules)
            for each in relations():
                for statement in each.statements():
                    connection.execute(statement)
            connection.execute("COMMIT")
            broken = [*violations(connection, files, added), *persons.leaks(connection, read_persons)]
            if broken:
                raise BuildError("新仓库没有通过核对，原有的仓库没有动：" + "；".join(broken))
            rows = {name: _count(connection, name) for name in schema.tables()}
            connection.execute("CHECKPOINT")
        publish(home, scratch, persons_kept=keeps_persons)
    except duckdb.Error as error:
        full = os.strerror(errno.ENOSPC)
        if full in str(error):
            raise OSError(errno.ENOSPC, full, str(home.warehouse_file)) from error
        raise BuildError(f"新仓库没有建成，原有的仓库没有动：{error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    digest = _digest(files, state, decided, rules)
    return BuildReport(home.warehouse_file, rows, held, digest, decided, now)


def relations() -> list[catalogue.View | catalogue.Macro]:
    """The views and macros of a file, in an order in which they can be created."""
    views = catalogue.views()
    return [*views, catalogue.last_subjects(), *as_of.macros(views)]


def _limits(folder: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "memory_limit": MEMORY,
        "temp_directory": str(folder / "spilled"),
        "threads": min(os.cpu_count() or 1, MOST_THREADS),
        # Files that were inserted in their order leave row groups half filled; filling them up at the end
        # would compress every table again, which takes twice as long as all the rest and doubles the file.
        "max_vacuum_tasks": 0,
        "storage_compatibility_version": STORAGE,
    }


def _digest(files: dict[str, list[Path]], state: LedgerState, decided: str, rules: Sequence[Row]) -> str:
    """A digest over the lake's year files, the state of every source, decisions, rules, and the schema."""
    found = hashlib.sha256(f"{schema.digest()}\0{decided}\0{list(rules)!r}".encode())
    for table, paths in sorted(files.items()):
        for path in paths:
            found.update(f"{table}/{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    for key, file in sorted(state.files.items()):
        found.update(f"{key}\0{file.status}\0{file.reason}\0{file.first_seen.isoformat()}\n".encode())
    for sha256, document in sorted(state.documents.items()):
        found.update(f"{sha256}\0{document.reason}\n".encode())
    return found.hexdigest()[:16]


# --- filling -----------------------------------------------------------------------------


def _fill(
    connection: duckdb.DuckDBPyConnection, home: Home, state: LedgerState, files: dict[str, list[Path]]
) -> tuple[int, dict[str, int]]:
    """What was read: the number of held cells, and how many rows the build added to which table."""
    for table in schema.tables().values():
        connection.execute(table.ddl())
        for comment in table.comments():
            connection.execute(comment)
    issues = _documents(connection, home, state)
    for table in facts.plain_lake_tables():
        _copy(connection, table.name, files[table.name])
    _line_items(connection, files)
    performance.fill(connection, files)
    for name in facts.DERIVED_TABLES:
        connection.execute(facts.derived_insert(name))
    held = _count(connection, "held_cell")
    added = _issues(connection, home, files["issue"], issues)
    insert(connection, home, "dim_form", facts.form_rows())
    insert(connection, home, "dim_form_item", facts.item_rows())
    connection.execute(facts.REPAIRED_ROWS)
    _subjects(connection, home)
    for _, statement in facts.wide_inserts():
        connection.execute(statement)
    insert(connection, home, "source_file", registry.source_rows(state, _verdicts(connection)))
    return held, {"issue": added}


def _copy(connection: duckdb.DuckDBPyConnection, table: str, paths: list[Path]) -> None:
    if paths:
        source = facts.read_parquet(paths)
        connection.execute(f"INSERT INTO {schema.identifier(table)} BY NAME FROM {source}")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {schema.identifier(table)}").fetchone()
    return int(row[0]) if row else 0


def _documents(connection: duckdb.DuckDBPyConnection, home: Home, state: LedgerState) -> list[Row]:
    """Documents with their history, and units; the issues of versions that were set aside."""
    read = {
        table: [row for year in lake.years(home) for row in lake.read_year(home, table, year).to_dicts()]
        for table in ("dim_document", "document_evidence", "unit_relation")
    }
    documents = read["dim_document"]
    unknown = [d["document_id"] for d in documents if d["sha256"] not in state.documents]
    if unknown:
        raise BuildError(
            f"台账里没有文档 {unknown[0]}（共 {len(unknown)} 份），不知道首次见到的时间；"
            "从备份恢复 lake/ledger.jsonl，或把原文件放回 inbox 再运行"
        )
    known = units.load(home)
    for document in documents:
        name, year = document["unit_name"], document["fiscal_year"]
        document["unit_id"] = known.identify(name, year)[0] if name else None
    versions = [_version(d, state) for d in documents]
    standing = history.standings(versions)
    main = registry.main_paths(state)
    for document in documents:
        place = standing[document["document_id"]]
        document["path"] = main.get(document["sha256"])
        document["known_from"], document["known_to"] = place.known_from, place.known_to
        document["supersedes"], document["superseded_by"] = place.supersedes, place.superseded_by
    insert(connection, home, "dim_document", documents)
    insert(connection, home, "document_standing", map(asdict, history.spans(versions)))
    found = registry.units(documents, read["document_evidence"], read["unit_relation"], known)
    insert(connection, home, "dim_unit", found.units)
    insert(connection, home, "dim_unit_alias", found.aliases)
    insert(connection, home, "unit_member", found.members)
    insert(connection, home, "unit_proposal", proposals.propose(found, documents, known))
    insert(connection, home, "input_issue", [*known.issues, *(units.unused(home, u) for u in found.unused)])
    return [
        _superseded(document, standing[document["document_id"]])
        for document in documents
        if document["superseded_by"]
    ]


def _version(document: Row, state: LedgerState) -> history.Version:
    identity = None
    # What is not known to be about the same thing supersedes nothing.
    if document["unit_id"] and document["fiscal_year"] is not None and document["kind"] != "其他":
        identity = (
            document["unit_id"],
            document["fiscal_year"],
            document["level"],
            document["consolidation"],
            document["kind"],
        )
    known = state.documents[document["sha256"]]
    return history.Version(
        document["document_id"],
        document["sha256"],
        identity,
        document["published_on"],
        known.first_seen,
        known.withdrawn_at,
    )


def _superseded(document: Row, standing: history.Standing) -> Row:
    """The issue of a version that was set aside: it is in no view, and a person should know why."""
    about = f"{document['unit_name']} {document['fiscal_year']} 年度{document['kind']}"
    if standing.arbitrary:
        reason = "没有发布日期可比，又同时首次见到：只按内容指纹取了后一份，这个选择是任意的"
        advice = "核对哪一份是正式公开的，把另一份移出文件夹再运行一次"
    else:
        reason = "发布日期或首次见到的时间更晚的一份是现行版本，本份不进视图"
        advice = "后一份是更正版的，不必处理；两份其实不是同一份决算的，核对单位、层级、汇总口径"
    return {
        "document_id": document["document_id"],
        "kind": "ignored",
        "stage": "入库",
        "object": about,
        "reason": f"同一单位、年度和层级有两份：{reason}（现行的一侧是文档 {standing.superseded_by}）",
        "advice": advice,
        "locator": "",
        "text": "",
        "first_seen": standing.known_from,
    }


def _line_items(connection: duckdb.DuckDBPyConnection, files: dict[str, list[Path]]) -> None:
    """Line items with their units, what was read of derived values, and the cells that expectations hold."""
    for table, view, extra in (
        ("fact_line_item", "line_item_read", "file_row_number"),
        *((table, f"{table}_read", "") for table in facts.DERIVED_TABLES),
    ):
        numbered = f", {extra} = true" if extra else ""
        stored = [c.name for c in schema.tables()[table].stored_columns()]
        nothing = ", ".join([*map(schema.identifier, stored), *([f"0 AS {extra}"] if extra else [])])
        source = (
            f"FROM {facts.read_parquet(files[table], numbered)}"
            if files[table]
            else f"SELECT {nothing} FROM {table} LIMIT 0"
        )
        connection.execute(f"CREATE TEMP VIEW {view} AS {source}")
    connection.execute(facts.HELD_CELLS)
    connection.execute(facts.DOCUMENT_PLACES)
    connection.execute(facts.LINE_ITEM_VIEW)
    connection.execute(facts.LINE_ITEMS)


def _issues(connection: duckdb.DuckDBPyConnection, home: Home, paths: list[Path], own: list[Row]) -> int:
    """Issues of the lake, of held rows and of versions set aside; how many the build added."""
    if paths:
        connection.execute(
            "INSERT INTO issue BY NAME "
            "SELECT i.* EXCLUDE (file_row_number), d.known_from AS first_seen "
            f"FROM {facts.read_parquet(paths, ', file_row_number = true')} i "
            # The verdict on a document gives the first of its reasons: a join alone keeps no order.
            "LEFT JOIN dim_document d USING (document_id) ORDER BY document_id, i.file_row_number"
        )
    before = _count(connection, "issue")
    connection.execute(facts.HELD_ISSUES)
    insert(connection, home, "issue", own)
    return _count(connection, "issue") - before


def _subjects(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """The register of subjects, and the best-known name of each code in each year, for the wide tables."""
    import polars as pl

    rows = connection.execute(facts.printed_subjects()).fetchall()
    printed = [registry.PrintedSubject(*row) for row in rows]
    insert(connection, home, "dim_subject", registry.subject_rows(printed))
    used = connection.execute(facts.USED_SUBJECTS).fetchall()
    columns = {
        "classification": pl.String(),
        "subject_code": pl.String(),
        "fiscal_year": pl.Int32(),
        "name": pl.String(),
    }
    names = pl.DataFrame(registry.standard_names(used, printed), schema=columns, orient="row")
    with as_parquet(home, names) as source:
        connection.execute(f"CREATE TEMP TABLE standard_name AS FROM {source}")


def _verdicts(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str, str]]:
    """For each document, the state of its files, why, and what to do."""
    rows = connection.execute(facts.VERDICTS).fetchall()
    return {document: (state, reason or "", advice or "") for document, state, reason, advice in rows}
