"""The recipes behind the assets: which calls of the other folders make a step, and in what order.

Belongs here: plain functions, one or two a step, that know nothing of Dagster. Does not belong here:
how a document is read, kept, believed or built; partitions, jobs and schedules (``definitions.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from assets.fanout import read_all as read_all_here
from assets.following import FOLLOWING
from assets.progress import Progress, silent, watched
from assets.reading import ReadAll, read_documents
from assets.reconciling import RECONCILED, reconcile_year, rule_rows, with_following
from expectations.performance_frames import PERFORMANCE
from expectations.suites_data import load_suites
from expectations.version import expectations_version
from warehouse import corrections, lake, makings, reading_changes, schema, settings
from warehouse.home import Home
from warehouse.ledger import Ledger, LedgerState
from warehouse.schema import lake_tables, tables

if TYPE_CHECKING:
    import polars as pl

    from expectations.bridge import Validation
    from warehouse.build import BuildReport


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
    "unit_member": ("dim_document", "unit_relation"),
    "unit_proposal": ("dim_document", "document_evidence", "unit_relation"),
    "dim_subject": ("fact_line_item",),
    "correction": ("fact_line_item",),
    "input_issue": (RECONCILED, "fact_line_item", "dim_document", "unit_relation"),
}
WIDE_FROM = ("dim_document", "dim_statement", "fact_line_item", "expectation_failure")


class Validate(Protocol):
    """What runs the suites over the tables of a year, in this process or in another."""

    def __call__(self, fiscal_year: int, tables: Mapping[str, pl.DataFrame], *, today: date) -> Validation:
        """Results and failures of every suite; ``today`` bounds the years that are plausible."""
        ...


def validate_here(fiscal_year: int, tables: Mapping[str, pl.DataFrame], *, today: date) -> Validation:
    """Run the suites in this process; Great Expectations is imported at the first call."""
    from expectations.bridge import validate

    return validate(fiscal_year, tables, today=today)


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


# --- facts and assurance ---------------------------------------------------------------------


def pending_years(home: Home) -> list[int]:
    """The fiscal years that are to be computed, without that of undated documents.

    Those that reading has touched since the last publish, those that other rules or suites judged, and
    those whose tables are lost.
    """
    return _pending(home, Ledger(home).state())


def _pending(home: Home, state: LedgerState) -> list[int]:
    touched = state.pending_years | state.unjudged(expectations_version()) | _lost(home, state)
    return sorted(year for year in touched | _recorrected(home, state) if year)


def _recorrected(home: Home, state: LedgerState) -> set[int]:
    """The years of documents of which people corrected something since they were assembled."""
    try:
        if (state.published or {}).get("decided") == settings.chosen(home):
            return set()
    except settings.SettingsError:  # no publish without them, and that says so
        return set()
    corrected = corrections.by_document(home)
    return {
        year
        for year in lake.years(home)
        if lake.held(home, year) != corrections.versions(state.documents_of(year), corrected)
    }


def _lost(home: Home, state: LedgerState) -> set[int]:
    """The years (0: none) of documents that were read and of which the lake lacks a table.

    A home that was restored from its ledger and sources has none at all.
    """
    read = {d.fiscal_year or 0 for d in state.documents.values() if d.reader_version}
    return {
        year for year in read for table in lake.PART_TABLES if not lake.year_path(home, table, year).is_file()
    }


def publish_is_due(home: Home) -> bool:
    """Whether anything was read, decided or set that the published file does not show."""
    state = Ledger(home).state()
    shown = state.published or {}
    return (
        state.changed_since_publish
        or shown.get("decided") != settings.chosen(home)
        or shown.get("schema") != schema.digest()
        or not home.warehouse_file.exists()
    )


def assemble_years(
    home: Home, years: Sequence[int], now: datetime, progress: Progress, read_all: ReadAll = read_all_here
) -> dict[int, dict[str, int]]:
    """One file a table for each year, from the parts of its documents; by year, the rows of each table.

    Parts are a cache: those that are lost, or have another schema, are made again first.
    """
    read_documents(home, now, progress, years, read_all=read_all)
    state, corrected = Ledger(home).state(), corrections.by_document(home)
    rows = {}
    for year in watched("编年度表", years, progress):
        rows[year] = lake.assemble_year(home, year, state.documents_of(year), corrected, at=now)
        rows[year][reading_changes.TABLE] = lake.read_year(home, reading_changes.TABLE, year).height
    return rows


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
        rows[year] = _validate_year(home, year, now.date(), validate)
        ledger.judged(fiscal_year=year, version=expectations_version(), at=now)
    return rows


def _validate_year(home: Home, year: int, today: date, validate: Validate) -> dict[str, int]:
    """Every suite on a year, unless its tables are those that were validated last; the rows written."""
    seen = {"year_of_today": today.year, **_seen_by_suites(home, year)}
    if makings.noted(home, VERDICTS, year) != seen:
        frames = {table: lake.read_year(home, table, year) for table in VALIDATED}
        found = validate(year, frames, today=today)
        for table, frame in zip(VERDICTS, (found.results, found.failures), strict=True):
            lake.write_year(home, table, year, frame)
        makings.note(home, VERDICTS, year, seen)
    return {table: lake.read_year(home, table, year).height for table in VERDICTS}


def _seen_by_suites(home: Home, year: int) -> dict[str, str]:
    """What the verdicts of the suites rest on: rules and suites, and the tables that they look at."""
    return {"suites": expectations_version(), "tables": makings.digest_of(home, VALIDATED, year)}


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
    if stale := stale_years(home, state):
        years = "、".join(map(str, stale))
        raise StaleYearsError(
            f"{years} 年度读入了新文档，或规则有了改动，年度表和校验还没有跟上；先运行 year_job，再发布"
        )
    if 0 in state.pending_years | _lost(home, state):
        assemble_years(home, [0], now, silent)
    progress("建库", 0, 1, home.warehouse_file.name)
    report = build(home, now=now, rules=rule_rows())
    Ledger(home).published(at=now, digest=report.digest, decided=report.decided, rows=report.rows)
    progress("建库", 1, 1, "")
    return report


def stale_years(home: Home, state: LedgerState) -> list[int]:
    """The years to be computed whose tables and verdicts in the lake are behind what was read and judged."""
    corrected = corrections.by_document(home)
    return [
        year
        for year in _pending(home, state)
        if not _up_to_date(home, state, year, corrections.versions(state.documents_of(year), corrected))
    ]


def _up_to_date(home: Home, state: LedgerState, year: int, wanted: Mapping[str, str]) -> bool:
    """Whether the tables of a year hold the ``wanted`` documents (id → version), and were judged so."""
    if not wanted:
        return not lake.year_path(home, "fact_line_item", year).exists()
    validated = makings.noted(home, VERDICTS, year) or {}
    return (
        wanted == lake.held(home, year)
        and _seen_by_suites(home, year).items() <= validated.items()
        and year not in state.unjudged(expectations_version())
    )
