"""The asset graph: what is made from what, for which fiscal year, in which job, when.

Belongs here: assets, checks, partitions, jobs, the schedule and the sensors that chain the jobs; bodies
of ten lines. Does not belong here: how anything is done (``steps.py`` and the other folders).
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of these functions.
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from assets import reconciling, steps
from assets.following import FOLLOWING, Following, follow_years
from assets.steps import Progress, Validate
from warehouse.build import BuildError
from warehouse.home import Home
from warehouse.lock import alone
from warehouse.schema import lake_tables

# Backfill policies and partition mappings are marked beta: the version is locked, the graph has tests.
warnings.filterwarnings("ignore", category=dg.BetaWarning, module=r"dagster|assets\.definitions")

FISCAL_YEARS = dg.TimeWindowPartitionsDefinition(
    start="2000", fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=1, timezone="Asia/Shanghai"
)
# 期初 of a year is reconciled with 期末 of the year before.
WITH_YEAR_BEFORE = dg.TimeWindowPartitionMapping(start_offset=-1, allow_nonexistent_upstream_partitions=True)
ONE_RUN = dg.BackfillPolicy.single_run()
# A run of a province is over sooner; a step that waits longer says who holds the home.
WAIT_SECONDS = 3600
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic over nothing we use
    """Where the user's data live; by default JUESUAN_HOME, else ./data."""

    root: str = ""

    def open(self) -> Home:
        """The home, with its folders made."""
        home = Home(Path(self.root or os.environ.get("JUESUAN_HOME") or "data").resolve())
        home.ensure()
        return home

    @contextmanager
    def alone(self, what: str) -> Iterator[Home]:
        """The home for a step that writes: it waits a while for another run to end, then fails."""
        home = self.open()
        with alone(home, f"Dagster {what}", wait=WAIT_SECONDS):
            yield home


class IngestConfig(dg.Config):
    """What to read: files and folders; empty means the inbox of the home."""

    paths: list[str] = []


def now() -> datetime:
    """The one place where the graph looks at the clock."""
    return datetime.now(UTC)


def years_of(context: dg.AssetExecutionContext) -> list[int]:
    """The fiscal years of this run: one partition or a range of them."""
    return [int(key) for key in context.partition_keys]


def materialized(
    context: dg.AssetExecutionContext, rows: dict[int, dict[str, int]], tables: Iterable[str]
) -> Iterator[dg.MaterializeResult[None]]:
    """The result of each table, each of its years with the rows of that year."""
    own = years_of(context)
    for table in tables:
        for year, counts in rows.items():
            if year not in own:
                continue  # a following year that was computed along: Dagster takes no word of it here
            context.add_asset_metadata({"dagster/row_count": counts[table]}, table, str(year))
        yield dg.MaterializeResult(asset_key=table)


# --- ingest ----------------------------------------------------------------------------------


@dg.asset(group_name="ingest", description="看到的文件：内容存入 sources，台账记下路径、指纹和时间")
def source_files(
    config: IngestConfig, home: HomeResource, progress: dg.ResourceParam[Progress]
) -> dg.MaterializeResult[None]:
    """Every file that was given, kept by its content and noted in the ledger."""
    with home.alone("source_files") as place:
        paths = [Path(path) for path in config.paths] or [place.inbox]
        return dg.MaterializeResult(metadata=steps.take_files(place, paths, now(), progress))


@dg.asset(group_name="ingest", deps=[source_files], description="每份文档读出的内容，一份文档一个文件")
def document_parts(home: HomeResource, progress: dg.ResourceParam[Progress]) -> dg.MaterializeResult[None]:
    """What is new, or was read by an older reader, read into parts; documents without a year filed."""
    with home.alone("document_parts") as place:
        return dg.MaterializeResult(metadata=steps.read_documents(place, now(), progress))


# --- facts -----------------------------------------------------------------------------------


@dg.multi_asset(
    name="year_tables",
    specs=[
        dg.AssetSpec(table, deps=[document_parts], description=meaning, group_name="facts")
        for table, meaning in steps.year_tables().items()
    ],
    partitions_def=FISCAL_YEARS,
    backfill_policy=ONE_RUN,
)
def year_tables(
    context: dg.AssetExecutionContext, home: HomeResource, progress: dg.ResourceParam[Progress]
) -> Iterator[dg.MaterializeResult[None]]:
    """The tables of a fiscal year, one file a table, assembled from the parts of its documents."""
    with home.alone("year_tables") as place:
        rows = steps.assemble_years(place, years_of(context), now(), progress)
    yield from materialized(context, rows, steps.year_tables())


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
)
def reconciliation(
    context: dg.AssetExecutionContext, home: HomeResource, progress: dg.ResourceParam[Progress]
) -> Iterator[dg.MaterializeResult[None]]:
    """Every rule on the year's documents, and again on the following year's: rules look one year back."""
    with home.alone("reconciliation") as place:
        rows = steps.reconcile_years(place, years_of(context), progress)
    yield from materialized(context, rows, [reconciling.RECONCILED])


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


@dg.multi_asset(
    name="publish",
    specs=[
        *(
            dg.AssetSpec(table, deps=sources, description=meaning, group_name="publish")
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
            description="warehouse.duckdb：整体重建、核对之后一次替换",
        ),
    ],
    check_specs=[dg.AssetCheckSpec("invariants", asset="warehouse", blocking=True)],
    pool="publish",
)
def publish(
    home: HomeResource, progress: dg.ResourceParam[Progress]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The DuckDB file, built whole from the lake, verified and put in place at once."""
    try:
        with home.alone("publish") as place:
            built = steps.publish(place, now(), progress)
    except BuildError as broken:
        yield invariants(False, str(broken))
        raise
    for table in steps.built_tables():
        yield dg.MaterializeResult(asset_key=table, metadata={"dagster/row_count": built.rows[table]})
    metadata: dict[str, int | str] = {**built.rows, "held_cells": built.held, "digest": built.digest}
    yield dg.MaterializeResult(asset_key="warehouse", metadata=metadata, check_results=[invariants(True)])


# --- jobs and when they run ------------------------------------------------------------------

ingest_job = dg.define_asset_job("ingest_job", dg.AssetSelection.groups("ingest"))
year_job = dg.define_asset_job("year_job", dg.AssetSelection.groups("facts", "assurance"))
publish_job = dg.define_asset_job("publish_job", dg.AssetSelection.groups("publish"))

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=ingest_job,
    cron_schedule="0 2 * * *",
    execution_timezone="Asia/Shanghai",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="每晚读入 inbox；年度任务和发布随后由传感器接上，与 juesuan run 相同",
)


def year_tags(first: int, last: int) -> dict[str, str]:
    """The tags that make one run of a range of fiscal years."""
    return {RANGE_START: str(first), RANGE_END: str(last)}


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[ingest_job],
    request_jobs=[year_job, publish_job],
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def after_ingest(context: dg.RunStatusSensorContext, home: HomeResource) -> dg.RunRequest | dg.SkipReason:
    """Recompute the years that reading touched, as one run; with none touched, publish what else changed."""
    key, years = context.dagster_run.run_id, steps.pending_years(home.open())
    if years:
        return dg.RunRequest(key, job_name="year_job", tags=year_tags(years[0], years[-1]))
    if steps.publish_is_due(home.open()):
        return dg.RunRequest(key, job_name="publish_job")
    return dg.SkipReason("nothing new since the last publish")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[year_job],
    request_job=publish_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def after_years(context: dg.RunStatusSensorContext) -> dg.RunRequest:
    """Publish when a year is done."""
    return dg.RunRequest(run_key=context.dagster_run.run_id)


def definitions(
    home: HomeResource | None = None,
    validate: Validate = steps.validate_here,
    progress: Progress = steps.silent,
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
        jobs=[ingest_job, year_job, publish_job],
        schedules=[nightly],
        sensors=[after_ingest, after_years],
        # Each run is a process of its own already; a process for every step costs seconds and gains nothing.
        executor=dg.in_process_executor,
        resources={"home": home or HomeResource(), "validate": validate, "progress": progress},
    )


defs = definitions()
