"""The asset graph: what is made from what, for which fiscal year.

Belongs here: assets, checks, partitions; bodies of ten lines. Does not belong here: when it runs
(``automation.py``), and how anything is done (``steps.py`` and the other folders).
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of these functions.
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import dagster as dg

from assets import alerts, due, reading, reconciling, reports, steps, taking
from assets.automation import JOBS, SCHEDULES, SENSORS
from assets.following import FOLLOWING, Following, follow_years
from assets.progress import Progress, silent
from assets.readers import ReadingResource
from assets.resources import POOL, RETRY, HomeResource, IngestConfig, YearConfig
from assets.run import noted, published_summary
from assets.steps import Validate
from assets.summary import RunSummary
from warehouse.build import BuildError
from warehouse.home import Home
from warehouse.query import QueryError
from warehouse.schema import lake_tables

# Backfill policies and partition mappings are marked beta: the version is locked, the graph has tests.
warnings.filterwarnings("ignore", category=dg.BetaWarning, module=r"dagster|assets\.definitions")

FISCAL_YEARS = dg.TimeWindowPartitionsDefinition(
    start="2000", fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=1, timezone="Asia/Shanghai"
)
# 期初 of a year is reconciled with 期末 of the year before.
WITH_YEAR_BEFORE = dg.TimeWindowPartitionMapping(start_offset=-1, allow_nonexistent_upstream_partitions=True)
ONE_RUN = dg.BackfillPolicy.single_run()
# The nightly run looks at what is published even where nothing is new: two nights missed is a fault.
FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=50), warn_window=timedelta(hours=26))


def now() -> datetime:
    """The one place where the graph looks at the clock."""
    return datetime.now(UTC)


def years_of(context: dg.AssetExecutionContext) -> list[int]:
    """The fiscal years of this run: one partition or a range of them."""
    return [int(key) for key in context.partition_keys]


def shown(report: reports.Shown) -> dict[str, Any]:
    """What is told of a step, as Dagster's metadata."""
    return {
        name: dg.MetadataValue.md(value) if isinstance(value, reports.Markdown) else value
        for name, value in report.items()
    }


def materialized(
    context: dg.AssetExecutionContext,
    rows: dict[int, dict[str, int]],
    tables: Iterable[str],
    reported: Mapping[str, reports.Shown] = MappingProxyType({}),
) -> Iterator[dg.MaterializeResult[None]]:
    """The result of each table: each of its years with its rows, all with what is reported of the table."""
    own = years_of(context)
    for table in tables:
        for year, counts in rows.items():
            if year not in own:
                continue  # a following year that was computed along: Dagster takes no word of it here
            context.add_asset_metadata({"dagster/row_count": counts[table]}, table, str(year))
        yield dg.MaterializeResult(asset_key=table, metadata=shown(reported.get(table, {})))


# --- ingest ----------------------------------------------------------------------------------


@dg.asset(
    group_name="ingest",
    description="看到的文件：内容存入 sources，台账记下路径、指纹和时间",
    pool=POOL,
    retry_policy=RETRY,
)
def source_files(
    config: IngestConfig, home: HomeResource, progress: dg.ResourceParam[Progress]
) -> dg.MaterializeResult[None]:
    """Every file that was given, kept by its content and noted in the ledger."""
    with home.alone("source_files") as place:
        paths = config.paths or due.standing_sources(place)
        return dg.MaterializeResult(metadata=taking.take_files(place, paths, now(), progress))


@dg.asset(
    group_name="ingest",
    deps=[source_files],
    description="每份文档读出的内容，一份文档一个文件",
    pool=POOL,
    retry_policy=RETRY,
)
def document_parts(
    home: HomeResource, readers: ReadingResource, progress: dg.ResourceParam[Progress]
) -> dg.MaterializeResult[None]:
    """What is new, or was read by an older reader, read into parts; documents without a year filed."""
    with home.alone("document_parts") as place:
        counts = reading.read_documents(place, now(), progress, read_all=readers.reads())
        return dg.MaterializeResult(metadata=shown({**counts, **reports.reading(place)}))


# --- facts -----------------------------------------------------------------------------------


@dg.multi_asset(
    name="year_tables",
    specs=[
        dg.AssetSpec(table, deps=[document_parts], description=meaning, group_name="facts")
        for table, meaning in steps.year_tables().items()
    ],
    partitions_def=FISCAL_YEARS,
    backfill_policy=ONE_RUN,
    pool=POOL,
    retry_policy=RETRY,
)
def year_tables(
    context: dg.AssetExecutionContext,
    config: YearConfig,
    home: HomeResource,
    readers: ReadingResource,
    progress: dg.ResourceParam[Progress],
) -> Iterator[dg.MaterializeResult[None]]:
    """The tables of a fiscal year, one file a table, assembled from the parts of its documents."""
    years = years_of(context)
    with home.alone("year_tables") as place:
        if config.reread:
            reading.read_anew(place, years, now(), progress, read_all=readers.reads())
        rows = steps.assemble_years(place, years, now(), progress, readers.reads())
        held = {} if home.attended else reports.held(place, years)
    yield from materialized(context, rows, steps.year_tables(), {"dim_statement": held})


# --- assurance -------------------------------------------------------------------------------


def following_asset(following: Following) -> dg.AssetsDefinition:
    """A table that follows from others of the same year; it never stands in the statement views."""

    @dg.asset(
        name=following.table,
        group_name="assurance",
        deps=[*following.sources],
        partitions_def=FISCAL_YEARS,
        backfill_policy=ONE_RUN,
        description=lake_tables()[following.table].meaning,
        pool=POOL,
        retry_policy=RETRY,
    )
    def follow(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
        with home.alone(following.table) as place:
            rows = follow_years(place, following.table, years_of(context))
        yield from materialized(context, rows, [following.table])

    return follow


following_assets = [following_asset(following) for following in FOLLOWING.values()]


@dg.asset(
    group_name="assurance",
    deps=[dg.AssetDep(table, partition_mapping=WITH_YEAR_BEFORE) for table in steps.year_tables()],
    partitions_def=FISCAL_YEARS,
    backfill_policy=ONE_RUN,
    description="每条勾稽规则在每份文档里的结论：两边的值、差额、容差和位置",
    pool=POOL,
    retry_policy=RETRY,
)
def reconciliation(
    context: dg.AssetExecutionContext, home: HomeResource, progress: dg.ResourceParam[Progress]
) -> Iterator[dg.MaterializeResult[None]]:
    """Every rule on the year's documents, and again on the following year's: rules look one year back."""
    with home.alone("reconciliation") as place:
        rows = steps.reconcile_years(place, years_of(context), progress)
        found = {} if home.attended else reports.findings(place, sorted(rows))
    yield from materialized(context, rows, [reconciling.RECONCILED], {reconciling.RECONCILED: found})


def family_check(family: str, name: str) -> dg.AssetChecksDefinition:
    """The check that shows what a family of rules found, all years; what it finds stops nothing."""

    @dg.asset_check(
        asset=reconciling.RECONCILED, name=f"family_{family}", description=f"勾稽：{name}（{family}）"
    )
    def check(home: HomeResource) -> dg.AssetCheckResult:
        found = reconciling.family_verdict(home.open(), family)
        metadata: dict[str, dg.MetadataValue[Any]] = {
            conclusion: dg.MetadataValue.int(count) for conclusion, count in found.conclusions.items()
        }
        metadata["worst"] = dg.MetadataValue.json(found.worst)
        severity = dg.AssetCheckSeverity.WARN
        return dg.AssetCheckResult(passed=found.passed, severity=severity, metadata=metadata)

    return check


@dg.multi_asset(
    name="expectations",
    specs=[
        dg.AssetSpec(table, deps=[*steps.VALIDATED], description=meaning, group_name="assurance")
        for table, meaning in steps.verdict_tables().items()
    ],
    partitions_def=FISCAL_YEARS,
    backfill_policy=ONE_RUN,
    pool=POOL,
    retry_policy=RETRY,
)
def expectations(
    context: dg.AssetExecutionContext,
    home: HomeResource,
    validate: dg.ResourceParam[Validate],
    progress: dg.ResourceParam[Progress],
) -> Iterator[dg.MaterializeResult[None]]:
    """Every suite run over the tables of the year: results, and the rows that failed."""
    with home.alone("expectations") as place:
        rows = steps.validate_years(place, years_of(context), now(), validate, progress)
    yield from materialized(context, rows, steps.VERDICTS)


def suite_check(suite: str, table: str, description: str) -> dg.AssetChecksDefinition:
    """The check that shows what a suite found in a table, all years; rows are held by the build, not here.

    It is not partitioned: Dagster does not say which years a check of a range of partitions was about.
    """

    @dg.asset_check(
        asset=table,
        name=suite,
        description=description,
        additional_deps=["expectation_result", "expectation_failure"],
    )
    def check(home: HomeResource) -> dg.AssetCheckResult:
        verdict = steps.verdict(home.open(), suite, table)
        severity = dg.AssetCheckSeverity.ERROR if verdict.critical else dg.AssetCheckSeverity.WARN
        return dg.AssetCheckResult(passed=verdict.passed, severity=severity, metadata=verdict.failed)

    return check


# --- publish ---------------------------------------------------------------------------------


def invariants(passed: bool, reason: str = "") -> dg.AssetCheckResult:
    """Whether what must hold in every warehouse held: the build verifies before it puts the file in place."""
    metadata = {"reason": reason} if reason else {}
    return dg.AssetCheckResult(
        passed=passed, asset_key="warehouse", check_name="invariants", metadata=metadata
    )


def standing(home: Home) -> RunSummary | None:
    """What the published file holds; ``None`` where it does not hold everything, or does not open."""
    try:
        return None if steps.publish_is_due(home) else published_summary(home)
    except QueryError:
        return None


@dg.multi_asset(
    name="publish",
    specs=[
        *(
            dg.AssetSpec(table, deps=sources, description=meaning, group_name="publish", skippable=True)
            for table, (sources, meaning) in steps.built_tables().items()
        ),
        dg.AssetSpec(
            "warehouse",
            deps=[
                *steps.built_tables(),
                *steps.year_tables(),
                *FOLLOWING,
                reconciling.RECONCILED,
                *steps.verdict_tables(),
            ],
            group_name="publish",
            description="warehouse.duckdb：整体重建、核对之后一次替换；没有新内容的夜里只查看一遍，也算新鲜",
            freshness_policy=FRESH,
        ),
    ],
    check_specs=[dg.AssetCheckSpec("invariants", asset="warehouse", blocking=True)],
    pool=POOL,
    retry_policy=RETRY,
)
def publish(
    home: HomeResource, progress: dg.ResourceParam[Progress]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The DuckDB file, built whole from the lake, verified, put in place; looked at if nothing is due."""
    started, built = time.monotonic(), None
    report: reports.Shown = {}
    try:
        with home.alone("publish") as place:
            # Whoever waits asked for a build; its summary is made by ``juesuan run``.
            summary = None if home.attended else standing(place)
            if summary is None:
                built = steps.publish(place, now(), progress)
            alerts.clear(place, now())
            if not home.attended:
                summary = replace(summary or published_summary(place), changed=built is not None)
                report = reports.published(place, noted(place, summary, started))
    except dg.Failure as failure:
        if isinstance(failure.__cause__, BuildError):
            yield invariants(False, str(failure.__cause__))
        raise
    rows = built.rows if built else {}
    for table in steps.built_tables() if built else ():
        yield dg.MaterializeResult(asset_key=table, metadata={"dagster/row_count": rows[table]})
    note = f"重建并替换，指纹 {built.digest}" if built else "没有新内容，仓库照旧：打得开，读到的它都有"
    counts = reports.table(("表", "行数"), ((name, n) for name, n in rows.items() if n))
    metadata = shown({"说明": note, **report, **({"各表行数": counts} if built else {})})
    yield dg.MaterializeResult(asset_key="warehouse", metadata=metadata, check_results=[invariants(True)])


def definitions(
    home: HomeResource | None = None,
    validate: Validate = steps.validate_here,
    progress: Progress = silent,
    readers: ReadingResource | None = None,
) -> dg.Definitions:
    """The whole graph. ``juesuan run`` passes its own home, its validating process and its progress bar."""
    return dg.Definitions(
        assets=[
            source_files,
            document_parts,
            year_tables,
            *following_assets,
            reconciliation,
            expectations,
            publish,
        ],
        asset_checks=[
            *(suite_check(*check) for check in steps.checks()),
            *(family_check(*family) for family in reconciling.FAMILIES.items()),
        ],
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        # Each run is a process of its own already; a process for every step costs seconds and gains nothing.
        executor=dg.in_process_executor,
        resources={
            "home": home or HomeResource(),
            "readers": readers or ReadingResource(),
            "validate": validate,
            "progress": progress,
        },
    )


defs = definitions()
