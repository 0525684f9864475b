"""When the graph runs without anybody asking: jobs, the nightly schedule, and the sensors.

Belongs here: what starts which job, under which run key, and what is told when one fails. Does not belong
here: what is due (``due.py``), assets (``definitions.py``), and how an alert is sent (``alerts.py``).

The chain is the same whoever starts it: reading, then the touched years, a run for each range without a gap,
then one publish when no year is behind. Every link is asked for under a key of what it is about, so that a
tick more, or an ingest that found nothing, starts nothing twice.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of these functions.
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import dagster as dg
from dagster import DagsterRunStatus as Status

from assets import alerts, due
from assets.resources import ADVICE, REASON, HomeResource
from warehouse.home import Home
from warehouse.lock import HomeBusyError, alone

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
ZONE = "Asia/Shanghai"
# Where people open the pages of this Dagster; ``juesuan dev`` sets it.
URL_VARIABLE = "JUESUAN_DAGSTER_URL"
# What a run was asked for; with it, how often that has failed already.
_ABOUT = "juesuan/about"
_BACKFILL = "dagster/backfill"
_UNFINISHED = [Status.QUEUED, Status.NOT_STARTED, Status.STARTING, Status.STARTED, Status.CANCELING]
_FAILED = [Status.FAILURE, Status.CANCELED]
_YEARS = dg.AssetSelection.groups("facts", "assurance")

ingest_job = dg.define_asset_job(
    "ingest_job", dg.AssetSelection.groups("ingest"), description="列出来源，收下新的文件，读出内容"
)
year_job = dg.define_asset_job(
    "year_job", _YEARS, description="编年度表、勾稽、校验：一个年度或一段年度，用读出的内容"
)
reread_job = dg.define_asset_job(
    "reread_job",
    _YEARS,
    description="同 year_job，先从留存的原文把这些年度的文档重读一遍，不用缓存（同 juesuan backfill）",
    config={"ops": {"year_tables": {"config": {"reread": True}}}},
)
publish_job = dg.define_asset_job(
    "publish_job",
    dg.AssetSelection.groups("publish"),
    description="有未发布的内容就建库、核对、替换；没有就只查一遍",
)


def year_tags(first: int, last: int) -> dict[str, str]:
    """The tags that make one run of a range of fiscal years."""
    return {RANGE_START: str(first), RANGE_END: str(last)}


def occupied(instance: dg.DagsterInstance, home: Home) -> str:
    """Why reading is not to be started now, in Chinese; empty where nothing stands against it.

    Other runs of this Dagster do not: they queue for the pool. A run outside of it does.
    """
    unfinished = instance.get_runs(filters=dg.RunsFilter(statuses=_UNFINISHED))
    if any(run.job_name == ingest_job.name for run in unfinished):
        return "上一次读入还在排队或运行"
    if unfinished:
        return ""
    try:
        with alone(home, "Dagster 查看是否空闲"):
            return ""
    except HomeBusyError as busy:
        return str(busy)


@dg.schedule(
    job=ingest_job,
    cron_schedule="0 2 * * *",
    execution_timezone=ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="每晚读入 inbox；年度任务和发布随后由传感器接上，与 juesuan run 相同",
)
def nightly(context: dg.ScheduleEvaluationContext, home: HomeResource) -> dg.RunRequest | dg.SkipReason:
    """Read what is there, whether the sensor saw it or not: this is what tries again what failed."""
    reason = occupied(context.instance, home.open())
    return dg.SkipReason(reason) if reason else dg.RunRequest()


@dg.sensor(
    job=ingest_job,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="每五分钟看一次来源；有新的、改动的、撤回的文件，且都已写完，就读入一次",
)
def sources_sensor(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.RunRequest | dg.SkipReason:
    """One run for what is new. Files that were touched just now are waited for until nothing moves."""
    found = due.news(home.open(), datetime.now(UTC))
    if not found:
        return dg.SkipReason("来源里没有新的、改动的或撤回的文件")
    if reason := occupied(context.instance, home.open()):
        return dg.SkipReason(reason)
    if found.unsettled and context.cursor != found.key:
        context.update_cursor(found.key)
        return dg.SkipReason(f"{found.unsettled} 个文件刚写过，可能还没写完；下次再看")
    return dg.RunRequest(run_key=f"来源 {found.key}", tags={"juesuan/news": str(found)})


def request(instance: dg.DagsterInstance, job: str, about: str, tags: dict[str, str]) -> dg.RunRequest:
    """A run of a job, once for what it is about; where that failed, once more each time it is asked for."""
    tags = {**tags, _ABOUT: about}
    failed = instance.get_runs_count(dg.RunsFilter(job_name=job, tags={_ABOUT: about}, statuses=_FAILED))
    return dg.RunRequest(f"{about} 第 {failed + 1} 次" if failed else about, job_name=job, tags=tags)


@dg.run_status_sensor(
    run_status=Status.SUCCESS,
    request_jobs=[year_job, publish_job],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="一次运行成功之后：读入触及的年度（每段一次），全部跟上之后发布一次；补算也一样",
)
def carry_on(context: dg.RunStatusSensorContext, home: HomeResource) -> dg.SensorResult | dg.SkipReason:
    """What a run that succeeded has made due; backfills of the user interface are such runs as well."""
    run, place = context.dagster_run, home.open()
    if run.job_name == publish_job.name:
        return dg.SkipReason("发布之后没有下一步")
    backfill = context.instance.get_backfill(run.tags[_BACKFILL]) if _BACKFILL in run.tags else None
    if backfill and backfill.status.name == "REQUESTED" and any(due.spans(place)):
        # Dagster does a backfill in two runs, because 勾稽 looks one year back: the second comes by itself.
        return dg.SkipReason("补算还没有完，等它的下一个运行")
    requests = list(next_runs(context.instance, place, run.job_name == ingest_job.name))
    return (
        dg.SensorResult(run_requests=requests)
        if requests
        else dg.SkipReason("没有要算的年度，也没有要发布的")
    )


def next_runs(instance: dg.DagsterInstance, home: Home, after_ingest: bool) -> Iterator[dg.RunRequest]:
    """The years that are behind; with none, the publish that is due; after reading, at least a look a day.

    That look is what keeps the warehouse fresh on a quiet night: the file stands, and nothing is missing.
    """
    behind = False
    for span in due.spans(home):
        behind = True
        tags = year_tags(span.first, span.last)
        yield request(instance, year_job.name, f"年度 {span} {span.key}", tags)
    if behind:
        return
    if key := due.publish_key(home):
        yield request(instance, publish_job.name, f"发布 {key}", {})
    elif after_ingest:
        yield request(instance, publish_job.name, f"查看 {datetime.now(ZoneInfo(ZONE)):%Y-%m-%d}", {})


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="运行失败时：写入 alerts.jsonl，设有 JUESUAN_ALERT_URL 的再送到那里",
)
def alert_on_failure(context: dg.RunFailureSensorContext, home: HomeResource) -> None:
    """Tell the person on call, unless the run is going to be tried again by itself."""
    if context.dagster_run.tags.get("dagster/will_retry") != "true":
        alerts.send(home.open(), alert_of(context))


def alert_of(context: dg.RunFailureSensorContext) -> alerts.Alert:
    """What is told of a failed run: what our own steps say of themselves, never the text of other errors."""
    run = context.dagster_run
    where, why = "运行进程", "运行中断：进程被结束、内存不足或机器重启"
    advice = "下一次运行会补上；反复出现时，打开运行日志看最后一步"
    for event in context.get_step_failure_events():
        failure = event.step_failure_data.user_failure_data
        said = failure.metadata if failure else {}
        where, why = event.step_key or where, str(said[REASON].value) if REASON in said else "程序出错"
        advice = str(said[ADVICE].value) if ADVICE in said else "打开运行日志看全部细节"
        break
    years = "-".join(dict.fromkeys(run.tags[tag] for tag in (RANGE_START, RANGE_END) if tag in run.tags))
    base = os.environ.get(URL_VARIABLE, "http://127.0.0.1:3000").rstrip("/")
    return alerts.Alert(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        job=run.job_name,
        where=f"{where}，{years} 年度" if years else where,
        why=why,
        advice=advice,
        link=f"{base}/runs/{run.run_id}",
    )


JOBS = [ingest_job, year_job, reread_job, publish_job]
SCHEDULES = [nightly]
SENSORS = [sources_sensor, carry_on, alert_on_failure]
