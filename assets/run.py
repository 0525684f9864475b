"""``juesuan run`` and ``backfill``: the asset graph, run in this process on a home, for the years due.

Belongs here: deciding from the ledger that there is nothing to do, running the jobs one after another,
and the summary. Does not belong here: what the jobs do. Dagster, polars and Great Expectations are
imported only once it is known that there is work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets import attempts
from assets.progress import silent
from assets.summary import REASONS_KEPT, Reason, RunSummary
from expectations.version import expectations_version
from expectations.worker import ValidationWorker
from warehouse import settings
from warehouse.home import Home
from warehouse.ledger import Ledger, LedgerState
from warehouse.listing import SKIP_RULES, Listing, discover, name_of
from warehouse.lock import alone
from warehouse.published import rolled_back
from warehouse.store import opened
from warehouse.vanished import Vanished, vanished

if TYPE_CHECKING:
    import dagster as dg

    from assets.progress import Progress

NOTHING_FOUND = "没有找到可读的文件，什么也没有发布：把文档放进 {asked}，或给出路径：juesuan run 文件或文件夹"
CLOCK_BACK = "系统时钟比上次运行早 {behind}：次序照台账的算，新的记录记在上次之后；请校准时钟"
NO_SUCH_YEARS = "{asked} 没有文档，什么也没有发布：{there}"
ROLLED_BACK = "现在的仓库是用 juesuan rollback 退回的，不是最后发布的；有新内容发布时照常前进"
SKIPPED = "按规则略过 {count} 个文件（{rule}：{meaning}），例如 {example}"
# Dagster's own log says nothing that the progress bar and the summary do not say.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

# A file that could not be read counts once, whether the disk or its content was at fault.
COUNTS = """
    WITH unread AS (SELECT path, document_id FROM source_file WHERE state = '失败')
    SELECT
        (SELECT count(*) FROM dim_document),
        (SELECT count(*) FROM dim_statement),
        (SELECT count(*) FROM fact_line_item),
        (SELECT count(*) FROM issue ANTI JOIN unread USING (document_id) WHERE kind IN ('held', 'failed')),
        (SELECT count(*) FROM unread),
        (SELECT count(*) FROM 待核),
        (SELECT count(*) FROM 勾稽结果 WHERE 结论 IN ('成立', '尾差', '不成立')),
        (SELECT count(处理) FROM 问题),
        (SELECT count(*) FROM fact_performance_form),
        (SELECT count(*) FROM fact_performance_form WHERE state <> '完整' OR note IS NOT NULL),
        (SELECT count(*) FROM issue WHERE kind <> 'noted' AND object = '附件表格')
"""
# Open findings by severity, from grave to slight.
FINDINGS = """
    SELECT p.级别, count(*) FROM 问题 p LEFT JOIN severity s ON s.severity = p.级别
    WHERE p.处理 IS NULL GROUP BY p.级别, s.position ORDER BY s.position, p.级别
"""
# What waits for a person first, then what was left aside by rule; alike rows of a file as one.
REASONS = f"""
    WITH waiting AS (
        SELECT DISTINCT document_id, object, reason, true AS held FROM issue WHERE kind IN ('held', 'failed')
    )
    SELECT
        coalesce(文件, 文档, '') AS file,
        对象 AS object,
        string_agg(DISTINCT 位置, '、' ORDER BY 位置) AS places,
        原因 AS reason,
        怎么办 AS advice,
        count(*) AS rows
    FROM 待核 LEFT JOIN waiting ON 文档 = document_id AND 对象 = object AND 原因 = reason
    GROUP BY 文件, 文档, 阶段, 对象, 原因, 怎么办, held
    ORDER BY held NULLS LAST, 阶段 <> '读取', max(首次见到) DESC, 1, 2, 3
    LIMIT {REASONS_KEPT}
"""  # noqa: S608 - our own number


def run(
    home: Path,
    paths: Sequence[str | Path] = (),
    *,
    progress: Progress | None = None,
    dask: str = "",
) -> RunSummary:
    """Read files, folders and URLs (default: the standing sources) into a home and publish its warehouse.

    Documents are read in processes of this machine, or on the Dask cluster at the address ``dask``.

    A run that finds nothing new writes only that it took place. A document that fails stops nothing.
    Raises what makes publishing impossible, ``HomeBusyError`` where another run holds the home; the file
    published before then stays in place.
    """
    place = Home(home)
    with alone(place, "juesuan run"):
        return _run(place.ensure(), paths, progress, dask)


def _run(place: Home, paths: Sequence[str | Path], progress: Progress | None, dask: str) -> RunSummary:
    started = time.monotonic()
    chosen = settings.load(place)  # before an hour of reading, not after
    asked = [str(path) for path in paths] or chosen.places(place)
    state, listing = Ledger(place).state(), discover(asked)
    gone = vanished(state, listing)
    said = (*clock_back(state, datetime.now(UTC)), *left_aside(listing), *gone.refused)
    if not (listing.files or state.documents):
        said += tuple(f"{problem.path}：{problem.reason} → {problem.advice}" for problem in listing.problems)
        nothing = NOTHING_FOUND.format(asked="、".join(chosen.places(place)))
        return RunSummary(published=False, changed=False, remarks=(nothing, *said))
    summary = last_summary(state) if quiet(place, state, listing, gone) else None
    if summary is None:
        check_reach(place, dask)
        said += attempts.upgrading(place, state)
        run_jobs(place, asked, progress, anything_to_read(state, listing), dask)
        summary = published_summary(place)
        said += still_to_reread(place)
    else:
        said += put_back(place)
    return noted(place, replace(summary, remarks=said), started)


def backfill(
    home: Path, first: int, last: int, *, progress: Progress | None = None, dask: str = ""
) -> RunSummary:
    """Recompute the fiscal years from ``first`` to ``last`` from the kept sources, and publish once.

    Every document of these years is read again, whatever part of it is cached; one whose source is lost
    is listed, and its year keeps the others. Of other years only what a run would compute is computed.
    Raises as ``run`` does.
    """
    place = Home(home)
    known = sorted({d.fiscal_year for d in Ledger(place).state().documents.values() if d.fiscal_year})
    years = [year for year in known if first <= year <= last]
    if not years:
        asked = f"{first}" if first == last else f"{first}..{last}"
        there = f"有文档的年度是 {'、'.join(map(str, known))}" if known else "先用 juesuan run 读入文件"
        nothing = NO_SUCH_YEARS.format(asked=asked, there=there)
        return RunSummary(published=False, changed=False, remarks=(nothing,))
    with alone(place, "juesuan backfill"):
        started = time.monotonic()
        settings.load(place.ensure())
        check_reach(place, dask)
        backfill_jobs(place, years, progress, dask)
        return noted(place, published_summary(place), started)


def check_reach(place: Home, dask: str) -> None:
    """Reach for the store and the cluster before anything is done; raises what each says of itself."""
    opened(place)
    if dask:
        from assets import cluster

        cluster.check(dask)


def noted(place: Home, summary: RunSummary, started: float) -> RunSummary:
    """The summary with the seconds since ``started``, as the ledger now has it."""
    summary = replace(summary, seconds=round(time.monotonic() - started, 2))
    Ledger(place).run(
        at=datetime.now(UTC), **(summary.as_event() if summary.changed else summary.as_before())
    )
    return summary


def quiet(home: Home, state: LedgerState, listing: Listing, gone: Vanished) -> bool:
    """Whether what stands is what a run would publish: nothing new to read, to judge by, decided or set."""
    return (
        state.unchanged(listing)
        and not gone.paths
        and not attempts.anything(state)
        and not state.unjudged(expectations_version())
        and (state.published or {}).get("decided") == settings.chosen(home)
    )


def runs(home: Home) -> list[tuple[datetime, RunSummary]]:
    """When this home was run and how each run ended, oldest first."""
    return [(event["at"], RunSummary.from_event(event)) for event in Ledger(home).state().runs]


def still_to_reread(home: Home) -> tuple[str, ...]:
    """What is to be said of documents that an older reader has read and later runs will read again."""
    return attempts.left(home, Ledger(home).state())


def put_back(home: Home) -> tuple[str, ...]:
    """What is to be said where the file that stands is not the one that was published last."""
    return (ROLLED_BACK,) if rolled_back(home, Ledger(home).state()) else ()


def left_aside(listing: Listing) -> tuple[str, ...]:
    """What the listing says that no row of the warehouse does: files left aside by a rule."""
    by_rule: dict[str, list[str]] = {}
    for skipped in listing.skipped:
        by_rule.setdefault(skipped.rule, []).append(skipped.path)
    return tuple(
        SKIPPED.format(count=len(paths), rule=rule, meaning=SKIP_RULES[rule], example=name_of(paths[0]))
        for rule, paths in by_rule.items()
    )


def clock_back(state: LedgerState, now: datetime) -> tuple[str, ...]:
    """What to say where the clock is over a minute before the last event; less is its upkeep."""
    seconds = (state.last_at - now).total_seconds() if state.last_at else 0
    if seconds <= 60:
        return ()
    days, hours, minutes = int(seconds // 86400), int(seconds // 3600), int(seconds // 60)
    behind = f"{days} 天" if days else f"{hours} 小时" if hours else f"{minutes} 分钟"
    return (CLOCK_BACK.format(behind=behind),)


def last_summary(state: LedgerState) -> RunSummary | None:
    """What the last run said, if it said it of the warehouse that stands now."""
    if not state.runs or state.published is None or state.runs[-1]["at"] < state.published["at"]:
        return None
    return replace(RunSummary.from_event(state.runs[-1]), changed=False)


def anything_to_read(state: LedgerState, listing: Listing) -> bool:
    """Whether a year will be touched, so that its suites will have to run."""
    waiting = attempts.anything(state) or any(state.pending_years) or state.unjudged(expectations_version())
    anew = state.asked_again(listing) or any(state.known_sha256(file) is None for file in listing.files)
    return bool(waiting or anew)


def run_jobs(
    home: Home, paths: Sequence[str], progress: Progress | None, validating: bool, dask: str = ""
) -> None:
    """Ingest, then the touched years, then publish: the jobs that the nightly schedule chains."""
    with jobs_of(home, progress, validating, dask) as start:
        config = {"source_files": {"config": {"paths": list(paths)}}}
        start("ingest_job", run_config={**QUIET, "ops": config})
        finish(home, start)


def backfill_jobs(home: Home, years: Sequence[int], progress: Progress | None, dask: str = "") -> None:
    """Read the documents of the years anew, then these years and those that are due, then publish."""
    with jobs_of(home, progress, validating=True, dask=dask) as start:
        from assets import reading
        from assets.readers import ReadingResource

        read_all = ReadingResource(dask=dask).reads()
        reading.read_anew(home, years, datetime.now(UTC), progress or silent, read_all=read_all)
        finish(home, start, years)


def finish(home: Home, start: Callable[..., None], asked: Sequence[int] = ()) -> None:
    """Compute the years that were asked for and those that are due, and publish."""
    from assets import automation, steps

    for first, last in ranges(sorted({*asked, *steps.pending_years(home)})):
        start("year_job", tags=automation.year_tags(first, last), run_config=QUIET)
    start("publish_job", run_config=QUIET)


@contextmanager
def jobs_of(
    home: Home, progress: Progress | None, validating: bool, dask: str = ""
) -> Iterator[Callable[..., None]]:
    """What starts a job of the graph on a home by its name; ``validating`` gives the suites a process."""
    with ExitStack() as stack:
        # First of all, so that its imports run beside everything else.
        worker = stack.enter_context(ValidationWorker()) if validating else None
        import dagster as dg

        from assets import definitions, resources, steps
        from assets.readers import ReadingResource

        graph = definitions.definitions(
            home=resources.HomeResource(root=str(home.root), attended=True),
            validate=worker.validate if worker else steps.validate_here,
            progress=progress or silent,
            readers=ReadingResource(dask=dask),
        )
        instance = stack.enter_context(
            dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}})
        )
        yield lambda job, **options: execute(graph, job, instance, **options)


def execute(graph: dg.Definitions, job: str, instance: dg.DagsterInstance, **options: Any) -> None:
    """Run a job in this process; raises what a step raised, without Dagster's wrapping."""
    from dagster import DagsterExecutionStepExecutionError, Failure

    try:
        graph.resolve_job_def(job).execute_in_process(instance=instance, **options)
    except DagsterExecutionStepExecutionError as error:
        raise error.user_exception from None
    except Failure as failure:
        raise failure.__cause__ or failure from None


def ranges(years: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Sorted years as ranges without gaps: 2021, 2022, 2024 → (2021, 2022), (2024, 2024)."""
    for _, run_of_years in groupby(enumerate(years), key=lambda pair: pair[1] - pair[0]):
        block = [year for _, year in run_of_years]
        yield block[0], block[-1]


def published_summary(home: Home) -> RunSummary:
    """What the published warehouse holds, and what it holds back."""
    from warehouse.query import query

    counted = query(home, COUNTS).rows[0]
    documents, statements, facts, held, unread, listed, checked, decided, forms, doubtful, unknown = counted
    return RunSummary(
        published=True,
        changed=True,
        documents=documents,
        statements=statements,
        facts=facts,
        held=held,
        unread=unread,
        open=listed,
        checked=checked,
        findings=dict(query(home, FINDINGS).rows),
        decided=decided,
        forms=forms,
        forms_held=doubtful,
        forms_unknown=unknown,
        reasons=tuple(Reason(*row) for row in query(home, REASONS).rows),
    )
