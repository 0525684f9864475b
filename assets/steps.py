"""The recipes behind the assets: which calls of the other folders make a step, and in what order.

Belongs here: plain functions, one or two a step, that know nothing of Dagster. Does not belong here:
how a document is read, kept, believed or built; partitions, jobs and schedules (``definitions.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from assets.fanout import Job, broken_by, limits_from, read_all, workers_from
from assets.following import FOLLOWING
from assets.reconciling import RECONCILED, reconcile_year, rule_rows, with_following
from expectations.performance_frames import PERFORMANCE
from expectations.suites_data import load_suites
from expectations.version import expectations_version
from pipelines.document import reader_version
from pipelines.model import DocumentPart, Issue
from warehouse import lake, settings
from warehouse.home import Home
from warehouse.ledger import Ledger, LedgerState, vanished
from warehouse.schema import lake_tables, tables
from warehouse.sources import ListedFile, SourceProblem, discover, take

if TYPE_CHECKING:
    import polars as pl

    from expectations.bridge import Validation
    from warehouse.build import BuildReport

T = TypeVar("T")

# Called with the stage, how many of how many are done, and the thing that is being done.
Progress = Callable[[str, int, int, str], None]

FIRST_YEAR = 2000
# Made by assurance; every other table of the lake is made by facts.
VERDICTS = ("expectation_result", "expectation_failure")
# What the suites look at.
VALIDATED = ("dim_document", "dim_statement", "fact_line_item", RECONCILED, *PERFORMANCE)
# What the tables that only the build makes are made from, where it is not the program's own data alone;
# the wide tables of the forms share the last.
BUILT_FROM = {
    "source_file": ("document_parts",),
    "dim_unit": ("dim_document", "document_evidence", "unit_relation"),
    "dim_unit_alias": ("dim_document", "document_evidence", "unit_relation", "dim_statement"),
    "dim_subject": ("fact_line_item",),
    "input_issue": (RECONCILED,),
}
WIDE_FROM = ("dim_document", "dim_statement", "fact_line_item", "expectation_failure")


class Validate(Protocol):
    """What runs the suites over the tables of a year, in this process or in another."""

    def __call__(self, fiscal_year: int, tables: Mapping[str, pl.DataFrame], *, today: date) -> Validation:
        """Results and failures of every suite; ``today`` bounds the years that are plausible."""
        ...


def silent(stage: str, done: int, total: int, what: str) -> None:
    """Progress that nobody watches."""


def validate_here(fiscal_year: int, tables: Mapping[str, pl.DataFrame], *, today: date) -> Validation:
    """Run the suites in this process; Great Expectations is imported at the first call."""
    from expectations.bridge import validate

    return validate(fiscal_year, tables, today=today)


def watched(
    stage: str, things: Sequence[T], progress: Progress, name: Callable[[T], str] = str
) -> Iterator[T]:
    """The things one by one, each announced before it is done."""
    for done, thing in enumerate(things):
        progress(stage, done, len(things), name(thing))
        yield thing
    if things:
        progress(stage, len(things), len(things), "")


# --- which tables a step makes ---------------------------------------------------------------


def year_tables() -> dict[str, str]:
    """The tables of the lake that *facts* makes, with their meaning."""
    later = (*VERDICTS, *FOLLOWING, RECONCILED)
    return {n: t.meaning for n, t in lake_tables().items() if n not in later}


def verdict_tables() -> dict[str, str]:
    """The tables of the lake that the suites make, with their meaning."""
    return {name: lake_tables()[name].meaning for name in VERDICTS}


def built_tables() -> dict[str, tuple[tuple[str, ...], str]]:
    """The tables that only the build makes: what each is made from, and its meaning."""
    built = {name: table for name, table in tables().items() if not table.in_lake}
    return {
        name: (WIDE_FROM if table.form else BUILT_FROM.get(name, ()), table.meaning)
        for name, table in built.items()
    }


# --- ingest ----------------------------------------------------------------------------------


def take_files(home: Home, paths: Sequence[Path], now: datetime, progress: Progress) -> dict[str, int | str]:
    """Keep the bytes of every file that is new or changed, and note in the ledger what was seen.

    A file that cannot be taken is noted as failed, one that is gone from a scanned folder as withdrawn.
    Returns how many, and why nothing of a folder was marked as withdrawn where that was refused.
    """
    ledger = Ledger(home)
    state, listing = ledger.state(), discover(paths)
    fresh = [file for file in listing.files if not _kept(home, state.known_sha256(file))]
    gone = vanished(state, listing)
    failed = len(listing.problems)
    with ledger.together():
        for problem in listing.problems:
            ledger.failed(path=problem.path, reason=problem.reason, advice=problem.advice, at=now)
        for file in watched("收文件", fresh, progress, lambda file: file.path.name):
            failed += not _take(home, ledger, file, now)
        for path in gone.paths:
            ledger.withdrawn(path=path, at=now)
    counts = {
        "文件": len(listing.files),
        "新增或改动": len(fresh),
        "读不了": failed,
        "略过": len(listing.skipped),
    }
    return {**counts, "撤回": len(gone.paths), "未标撤回": "；".join(gone.refused)}


def _kept(home: Home, sha256: str | None) -> bool:
    """Whether a content is known and its kept bytes are still there; lost ones are taken again."""
    return sha256 is not None and (home.sources / sha256).is_file()


def _take(home: Home, ledger: Ledger, file: ListedFile, now: datetime) -> bool:
    path, size, mtime_ns = file.path, file.size, file.mtime_ns
    try:
        sha256 = take(home, file).sha256
    except SourceProblem as problem:
        why, advice = problem.reason, problem.advice
        ledger.failed(path=path, size=size, mtime_ns=mtime_ns, reason=why, advice=advice, at=now)
        return False
    ledger.seen(path=path, size=size, mtime_ns=mtime_ns, sha256=sha256, at=now)
    return True


def read_documents(
    home: Home, now: datetime, progress: Progress, years: Sequence[int] | None = None
) -> dict[str, int]:
    """Read what this reader has not read yet, of all documents or of those of some years; keep the parts.

    Of some years also what the cache of parts has lost. A document that could not be read is noted
    with the reason and tried again in the next run.
    """
    state, version = Ledger(home).state(), reader_version()
    unread = state.unread(version) if years is None else _without_part(home, state, version, years)
    return _read(home, state, unread, now, progress)


def read_anew(home: Home, years: Sequence[int], now: datetime, progress: Progress) -> dict[str, int]:
    """Read every document of some years from its kept source, whatever part of it is cached."""
    state = Ledger(home).state()
    dated = [d.sha256 for d in state.documents.values() if d.fiscal_year in years]
    return _read(home, state, dated, now, progress)


def _read(
    home: Home, state: LedgerState, unread: Sequence[str], now: datetime, progress: Progress
) -> dict[str, int]:
    ledger, version = Ledger(home), reader_version()
    names = {file.sha256: Path(file.path).name for file in reversed(state.files.values()) if file.sha256}
    jobs = [Job(sha256, home.sources / sha256, names[sha256]) for sha256 in unread]
    failed = 0
    if jobs:
        progress("读文档", 0, len(jobs), "")
    outcomes = read_all(jobs, workers=workers_from(), limits=limits_from())
    for done, outcome in enumerate(outcomes, 1):
        sha256, failure = outcome.job.sha256, outcome.failure
        if outcome.part is not None and outcome.part.document.document_id != sha256[:12]:
            failure = _damaged(sha256)
        elif outcome.part is not None:
            part = in_known_years(outcome.part, now)
            try:
                lake.write_part(home, part)
            except OSError:  # the home's disk, not the document
                raise
            except Exception as error:  # one document never stops a run
                failure = broken_by(error)
            else:
                year = part.document.fiscal_year
                ledger.read(sha256=sha256, reader_version=version, fiscal_year=year, at=now)
        if failure is not None:
            ledger.unreadable(sha256=sha256, reason=failure.reason, advice=failure.advice, at=now)
            failed += 1
        progress("读文档", done, len(jobs), outcome.job.name)
    return {"文档": len(state.documents), "读入": len(unread) - failed, "失败": failed}


def _without_part(home: Home, state: LedgerState, version: str, years: Sequence[int]) -> list[str]:
    dated = [d for d in state.documents.values() if d.reader_version and (d.fiscal_year or 0) in years]
    return [d.sha256 for d in dated if not lake.has_part(home, d.document_id, version)]


def _damaged(sha256: str) -> Issue:
    """What is said of a document whose kept bytes are no longer those that were taken."""
    return Issue(
        kind="failed",
        stage="读取",
        object="文件",
        reason=f"留存的原文 sources/{sha256} 与它的指纹不符",
        advice="删去这个留存的文件，把原文件放回 inbox 再运行一次 juesuan run",
    )


def in_known_years(part: DocumentPart, now: datetime) -> DocumentPart:
    """The part as it is, or held without a year where its year is one that no partition stands for."""
    year = part.document.fiscal_year
    if year is None or FIRST_YEAR <= year <= now.year:
        return part
    issue = Issue(
        kind="held",
        stage="识别",
        object="年度",
        reason=f"文中的年度 {year} 不在 {FIRST_YEAR}–{now.year} 之间",
        advice="核对文档的年度；印错的，请发布单位更正后重新放入",
    )
    return replace(part, document=replace(part.document, fiscal_year=None), issues=(*part.issues, issue))


# --- facts and assurance ---------------------------------------------------------------------


def pending_years(home: Home) -> list[int]:
    """The fiscal years that are to be computed, without that of undated documents.

    Those that reading has touched since the last publish, and those that other rules or suites judged.
    """
    return _pending(Ledger(home).state())


def _pending(state: LedgerState) -> list[int]:
    return sorted({year for year in state.pending_years if year} | state.unjudged(expectations_version()))


def publish_is_due(home: Home) -> bool:
    """Whether anything was read, decided or set that the published file does not show."""
    state = Ledger(home).state()
    decided = (state.published or {}).get("decided") != settings.chosen(home)
    return state.changed_since_publish or decided or not home.warehouse_file.exists()


def assemble_years(
    home: Home, years: Sequence[int], now: datetime, progress: Progress
) -> dict[int, dict[str, int]]:
    """One file a table for each year, from the parts of its documents; by year, the rows of each table.

    Parts are a cache: those that are lost, or that an older reader made, are made again first.
    """
    read_documents(home, now, progress, years)
    state, version = Ledger(home).state(), reader_version()
    return {
        year: lake.assemble_year(home, year, state.documents_of(year, version), version)
        for year in watched("编年度表", years, progress)
    }


def reconcile_years(home: Home, years: Sequence[int], progress: Progress) -> dict[int, dict[str, int]]:
    """Every 勾稽 rule on each year and on the years that follow; by year, the verdicts that were written."""
    wanted = with_following(home, years)
    return {year: {RECONCILED: reconcile_year(home, year)} for year in watched("勾稽", wanted, progress)}


def validate_years(
    home: Home, years: Sequence[int], now: datetime, validate: Validate, progress: Progress
) -> dict[int, dict[str, int]]:
    """Every suite on each year and on the years that follow, which were reconciled anew with them.

    Results and failing rows are written; by year, the rows of both tables. It is the last of what is
    said of a year, so the ledger then notes that the year was judged.
    """
    rows: dict[int, dict[str, int]] = {}
    ledger = Ledger(home)
    for year in watched("校验", with_following(home, years), progress):
        frames = {table: lake.read_year(home, table, year) for table in VALIDATED}
        found = validate(year, frames, today=now.date())
        for table, frame in zip(VERDICTS, (found.results, found.failures), strict=True):
            lake.write_year(home, table, year, frame)
            rows.setdefault(year, {})[table] = frame.height
        ledger.judged(fiscal_year=year, version=expectations_version(), at=now)
    return rows


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a suite says of a table in all years; ``failed`` counts failing rows by expectation and year.

    An expectation that only informs is counted, but does not make a suite fail.
    """

    passed: bool
    critical: bool
    failed: dict[str, int]


def checks() -> list[tuple[str, str, str]]:
    """Each suite once for every table that it speaks about: suite, table, Chinese name of the suite."""
    return [
        (suite.name, table, suite.zh)
        for suite in load_suites()
        for table in sorted({expectation.table for expectation in suite.expectations})
    ]


def verdict(home: Home, suite: str, table: str) -> Verdict:
    """The verdict of a suite on a table, from the results that are in the lake."""
    import polars as pl

    empty = pl.DataFrame(schema=lake_tables()["expectation_result"].polars_schema())
    results = pl.concat([empty, *(lake.read_year(home, "expectation_result", y) for y in lake.years(home))])
    failed = results.filter(suite=suite, table_name=table, success=False).sort("expectation", "fiscal_year")
    counts = failed.select("expectation", "fiscal_year", "failed").iter_rows()
    return Verdict(
        passed=failed.filter(pl.col("severity") != "info").is_empty(),
        critical="critical" in failed["severity"],
        failed={f"{expectation} {year}": count for expectation, year, count in counts},
    )


# --- publish ---------------------------------------------------------------------------------


class StaleYearsError(RuntimeError):
    """Documents were read that the tables of their year do not hold yet."""


def publish(home: Home, now: datetime, progress: Progress) -> BuildReport:
    """Build the DuckDB file from the lake, verify it, put it in place, and note it in the ledger.

    Raises ``StaleYearsError`` where a year that reading touched has not been assembled and validated
    since: publishing would forget that it is due.
    """
    from warehouse.build import build

    state = Ledger(home).state()
    stale = [year for year in _pending(state) if not _up_to_date(home, state, year)]
    if stale:
        years = "、".join(map(str, stale))
        raise StaleYearsError(
            f"{years} 年度读入了新文档，或规则有了改动，年度表和校验还没有跟上；先运行 year_job，再发布"
        )
    if 0 in state.pending_years:
        assemble_years(home, [0], now, silent)
    progress("建库", 0, 1, home.warehouse_file.name)
    report = build(home, now=now, rules=rule_rows())
    Ledger(home).published(at=now, digest=report.digest, decided=report.decided, rows=report.rows)
    progress("建库", 1, 1, "")
    return report


def _up_to_date(home: Home, state: LedgerState, year: int) -> bool:
    version = reader_version()
    wanted = {(document_id, version) for document_id in state.documents_of(year, version)}
    held = lake.read_year(home, "dim_document", year).select("document_id", "reader_version").iter_rows()
    facts, verdicts = (lake.year_path(home, table, year) for table in ("fact_line_item", VERDICTS[-1]))
    if not wanted:
        return not facts.exists()
    return (
        wanted == set(held)
        and verdicts.exists()
        and facts.stat().st_mtime_ns <= verdicts.stat().st_mtime_ns
        and year not in state.unjudged(expectations_version())
    )
