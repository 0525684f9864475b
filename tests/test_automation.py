"""The graph left alone: what starts a run and what does not, what is tried again, what a failure tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pytest

from assets import alerts, due, reports, steps
from assets import run as run_module
from assets.alerts import Alert
from assets.automation import alert_of, carry_on, next_runs, nightly, sources_sensor, year_tags
from assets.definitions import definitions
from assets.instance import InstanceError, environment
from assets.progress import silent
from assets.resources import HomeResource, may_pass, told
from assets.taking import take_files
from tests.expectations_examples import frame
from tests.test_assets import NOW, ROOT, compute, filled, ingest, no_findings
from warehouse.build import BuildError
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.lock import HomeBusyError
from warehouse.settings import SettingsError

RANGE = "dagster/asset_partition_range"


@pytest.fixture(autouse=True)
def unjudged(monkeypatch) -> None:
    monkeypatch.setattr("expectations.reconcile.reconcile", lambda *_: frame("reconciliation", []))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return filled(tmp_path / "home")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def recorded(tmp_path) -> Iterator[dg.DagsterInstance]:
    """An instance that a schedule can open again."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def settled(home: Home) -> None:
    """Every file as if it had been written an hour ago."""
    for path in home.inbox.iterdir():
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))


def tick(
    home: Home, instance: dg.DagsterInstance, cursor: str | None = None
) -> tuple[dg.RunRequest | str, str | None]:
    """What one look of the sensor asks for, or why for nothing, and the cursor that it leaves."""
    resources = {"home": HomeResource(root=str(home.root))}
    seen = sources_sensor.evaluate_tick(dg.build_sensor_context(instance, cursor, resources=resources))
    return (seen.run_requests[0] if seen.run_requests else seen.skip_message), seen.cursor


def after(job: str, home: Home, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    event = dg.DagsterEvent("PIPELINE_SUCCESS", job)
    context = dg.build_run_status_sensor_context("carry_on", event, instance, dg.DagsterRun(job_name=job))
    said = carry_on(context, home=HomeResource(root=str(home.root)))
    return [] if isinstance(said, dg.SkipReason) else list(said.run_requests)


def keys(requests: list[dg.RunRequest]) -> list[str]:
    return [request.run_key for request in requests]


# --- the sensor on the sources ---------------------------------------------------------------


def test_the_same_news_have_the_same_key_and_other_news_another(home, instance) -> None:
    settled(home)
    first, _ = tick(home, instance)
    again, _ = tick(home, instance)
    assert first.run_key == again.run_key
    assert first.tags["juesuan/news"] == "新增或改动 2 · 读不了 0 · 撤回 0"
    ingest(home)
    assert isinstance(tick(home, instance)[0], str)
    changed = next(home.inbox.iterdir())
    changed.write_text(changed.read_text("utf-8") + "\n", "utf-8")
    settled(home)
    assert tick(home, instance)[0].run_key != first.run_key


def test_a_file_that_is_being_written_is_waited_for(home, instance) -> None:
    growing = home.inbox / "新.txt"
    growing.write_text("一", "utf-8")
    waits, cursor = tick(home, instance)
    assert "刚写过" in waits
    growing.write_text("一二", "utf-8")
    waits, cursor = tick(home, instance, cursor)
    assert "刚写过" in waits
    assert isinstance(tick(home, instance, cursor)[0], dg.RunRequest)


def test_a_file_that_is_withdrawn_is_news_each_time(home) -> None:
    for number in range(20):
        (home.inbox / f"{number}.txt").write_text(f"{number}", "utf-8")
    ingest(home)
    gone = home.inbox / "1.txt"
    gone.rename(home.root / "away")
    first = due.news(home, NOW)
    assert (first.new, first.gone) == (0, 1)
    take_files(home, [home.inbox], NOW + timedelta(minutes=1), silent)
    assert not due.news(home, NOW)
    (home.root / "away").rename(gone)
    take_files(home, [home.inbox], NOW + timedelta(minutes=2), silent)
    gone.unlink()
    again = due.news(home, NOW)
    assert (again.gone, again.key != first.key) == (1, True)


HOLD = """
import sys
from pathlib import Path
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.lock import alone
with alone(Home(Path(sys.argv[1])), "juesuan run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_reading_starts_neither_twice_nor_beside_a_run_of_the_command_line(home, recorded) -> None:
    instance = recorded

    def night() -> dg.RunRequest | dg.SkipReason:
        return nightly(dg.build_schedule_context(instance), home=HomeResource(root=str(home.root)))

    settled(home)
    assert isinstance(night(), dg.RunRequest)
    command = [sys.executable, "-c", HOLD, str(home.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as other:
        assert other.stdout.readline()
        assert "juesuan run" in night().skip_message
        assert "juesuan run" in tick(home, instance)[0]
        other.stdin.close()
    assert isinstance(night(), dg.RunRequest)
    instance.add_run(dg.DagsterRun(job_name="ingest_job", status=dg.DagsterRunStatus.STARTED))
    assert "读入" in night().skip_message
    assert "读入" in tick(home, instance)[0]


# --- the chain -------------------------------------------------------------------------------


def test_the_touched_years_are_one_run_and_then_there_is_one_publish(home, instance) -> None:
    ingest(home)
    [years] = after("ingest_job", home, instance)
    assert years.job_name == "year_job"
    assert (years.tags[f"{RANGE}_start"], years.tags[f"{RANGE}_end"]) == ("2023", "2024")
    assert keys(after("ingest_job", home, instance)) == [years.run_key]
    compute(home, [2023, 2024])
    [publish] = after("year_job", home, instance)
    assert publish.job_name == "publish_job"
    # Another ingest that found nothing asks for the same publish.
    assert keys(after("ingest_job", home, instance)) == [publish.run_key]
    steps.publish(home, NOW, silent)
    assert after("year_job", home, instance) == []
    # What is wrong with the settings is said by a publish that fails, not by a sensor that does.
    home.settings_file.write_text("甲: 乙", "utf-8")
    [fails] = after("ingest_job", home, instance)
    assert fails.job_name == "publish_job"
    home.settings_file.unlink()
    assert after("publish_job", home, instance) == []
    [look] = after("ingest_job", home, instance)
    assert (look.job_name, look.run_key) != (publish.job_name, publish.run_key)
    assert keys(after("ingest_job", home, instance)) == [look.run_key]


def test_years_with_a_gap_are_two_runs_and_publish_waits_for_both(home, instance, monkeypatch) -> None:
    ingest(home)
    monkeypatch.setattr(due, "stale_years", lambda *_: [2019, 2021, 2022])
    ranges = [(r.tags[f"{RANGE}_start"], r.tags[f"{RANGE}_end"]) for r in after("ingest_job", home, instance)]
    assert ranges == [("2019", "2019"), ("2021", "2022")]
    monkeypatch.undo()
    first = after("ingest_job", home, instance)
    compute(home, [2023])
    rest = after("year_job", home, instance)
    assert [(r.job_name, r.tags[f"{RANGE}_start"]) for r in rest] == [("year_job", "2024")]
    assert keys(rest) != keys(first)


def test_a_year_that_is_read_again_after_it_was_computed_has_another_key(home, instance) -> None:
    ingest(home)
    first = keys(after("ingest_job", home, instance))
    compute(home, [2023, 2024])
    file = next(home.inbox.glob("*2023*"))
    text = file.read_text("utf-8")
    for content in (text + "\n", text):  # changed, and changed back
        file.write_text(content, "utf-8")
        ingest(home)
        again = keys(after("ingest_job", home, instance))
        assert not {*again} & {*first}
        first += again
        compute(home, [2023, 2024])


def test_what_failed_is_asked_for_once_more_by_the_next_run_and_no_oftener(home, instance) -> None:
    ingest(home)
    [request] = next_runs(instance, home, True)
    failed = dg.DagsterRun(job_name="year_job", tags=request.tags, status=dg.DagsterRunStatus.FAILURE)
    instance.add_run(failed)
    [again] = next_runs(instance, home, True)
    assert again.run_key != request.run_key
    assert keys(next_runs(instance, home, True)) == [again.run_key]


def test_a_quiet_night_leaves_the_file_and_counts_as_fresh(home, instance) -> None:
    ingest(home)
    compute(home, [2023, 2024])
    graph = definitions(home=HomeResource(root=str(home.root)), validate=no_findings)
    seen, made = [], []
    for _ in range(2):
        result = graph.resolve_job_def("publish_job").execute_in_process(
            instance=instance, run_config=run_module.QUIET
        )
        seen.append({event.asset_key.to_user_string() for event in result.get_asset_materialization_events()})
        made.append(home.warehouse_file.stat())
        [check] = result.get_asset_check_evaluations()
        assert check.passed
    assert seen == [{*steps.built_tables(), "warehouse"}, {"warehouse"}]
    assert made[0] == made[1]
    home.warehouse_file.write_bytes(b"broken")
    graph.resolve_job_def("publish_job").execute_in_process(instance=instance, run_config=run_module.QUIET)
    assert due.publish_key(home) is None
    history = [summary for _, summary in run_module.runs(home)]
    assert [summary.changed for summary in history] == [True, False, True]
    assert reports.published(home, history[-1])["文档"] == 2


def test_the_years_of_a_range_backfill_are_one_run_and_published_once(home, instance) -> None:
    ingest(home)
    graph = definitions(home=HomeResource(root=str(home.root)), validate=no_findings)
    result = graph.resolve_job_def("reread_job").execute_in_process(
        instance=instance, tags=year_tags(2018, 2024), run_config=run_module.QUIET | reread()
    )
    assert result.success
    [publish] = after("reread_job", home, instance)
    assert publish.job_name == "publish_job"


def reread() -> dict[str, object]:
    return {"ops": {"year_tables": {"config": {"reread": True}}}}


# --- failures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "passes", "words"),
    [
        (HomeBusyError("数据目录 x 正由「juesuan run」使用"), True, "正由「juesuan run」使用"),
        (OSError(28, "No space left on device", "/x"), True, "No space left on device（/x）"),
        (ConnectionRefusedError(111, "Connection refused"), True, "Connection refused"),
        (PermissionError(13, "Permission denied", "/x"), False, "Permission denied"),
        (BuildError("两处合计不等"), False, "两处合计不等"),
        (SettingsError("settings.yml 里没有「a」"), False, "没有「a」"),
        (ValueError("张三 13800000000"), False, "ValueError"),
    ],
)
def test_what_may_pass_is_tried_again_and_what_will_not_is_said_at_once(error, passes, words) -> None:
    why, advice = told(error)
    assert may_pass(error) is passes
    assert words in why
    assert "张三" not in why + advice
    assert advice


def failing(home: Home, instance: dg.DagsterInstance, attended: bool = False) -> dg.ExecuteInProcessResult:
    graph = definitions(home=HomeResource(root=str(home.root), attended=attended), validate=no_findings)
    job = graph.resolve_job_def("ingest_job")
    return job.execute_in_process(instance=instance, run_config=run_module.QUIET, raise_on_error=False)


def retries(result: dg.ExecuteInProcessResult) -> int:
    return sum(event.event_type_value == "STEP_UP_FOR_RETRY" for event in result.all_events)


def test_a_step_is_tried_again_only_where_that_may_help_and_nobody_waits(home, instance, monkeypatch) -> None:
    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", lambda *_: 0)
    errors = [OSError(5, "Input/output error"), BuildError("坏")]

    def take(*_: object) -> dict[str, int | str]:
        raise errors[0]

    monkeypatch.setattr("assets.taking.take_files", take)
    assert retries(failing(home, instance)) == 3
    assert retries(failing(home, instance, attended=True)) == 0
    errors.reverse()
    assert retries(failing(home, instance)) == 0


def test_a_failed_run_is_told_in_words_and_cleared_by_a_publish(home, instance, monkeypatch) -> None:
    def take(*_: object) -> dict[str, int | str]:
        raise SettingsError("settings.yml 里没有「甲」")

    monkeypatch.setattr("assets.taking.take_files", take)
    result = failing(home, instance)
    run = instance.get_run_by_id(result.run_id)
    event = next(e for e in result.all_events if e.event_type_value == "PIPELINE_FAILURE")
    context = dg.build_run_status_sensor_context("alert_on_failure", event, instance, run).for_run_failure()
    alert = alert_of(context)
    assert (alert.job, alert.where) == ("ingest_job", "source_files")
    assert (alert.why, alert.advice) == ("settings.yml 里没有「甲」", "改正 settings.yml 后再运行一次")
    assert alert.link.endswith(f"/runs/{run.run_id}")
    alerts.send(home, alert)
    assert alerts.standing(home) == alert
    alerts.clear(home, NOW)
    assert alerts.standing(home) is None
    alerts.clear(home, NOW)
    assert len(home.alerts_file.read_text("utf-8").splitlines()) == 2


ALERT = Alert(
    NOW.isoformat(), "year_job", "reconciliation", "磁盘已满", "腾出空间", "http://127.0.0.1:3000/runs/a"
)


def test_an_alert_is_posted_where_the_operator_says(home, monkeypatch) -> None:
    posted = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv(alerts.URL_VARIABLE, f"http://127.0.0.1:{server.server_port}/hook")
        alerts.send(home, ALERT)
    assert posted[0]["why"] == "磁盘已满"
    assert "year_job 失败（reconciliation）：磁盘已满 → 腾出空间" in posted[0]["text"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/secret", "file:///etc/passwd", "nonsense"])
def test_an_alert_that_cannot_be_posted_fails_nothing_and_tells_no_address(
    home, url, monkeypatch, caplog
) -> None:
    monkeypatch.setenv(alerts.URL_VARIABLE, url)
    alerts.send(home, ALERT)
    assert "没有送到" in caplog.text
    assert url not in caplog.text
    with home.alerts_file.open("a", encoding="utf-8") as file:
        file.write('{"event": "fai')
    assert alerts.standing(home) == ALERT


# --- what is shown ---------------------------------------------------------------------------


def test_what_a_document_says_is_inert_in_a_report() -> None:
    hostile = "<script>x</script>|[a](http://b)\n`c` ![d](e)\u202e" + "长" * 300
    shown = reports.table(("文件",), [(hostile,)])
    last = shown.splitlines()[-1]
    assert len(shown.splitlines()) == 3
    assert "<script" not in last
    assert "\\|\\[a\\]\\(http" in last
    assert "\u202e" not in shown
    assert "…" in last
    assert "```\n```" not in reports.bars({"```\n# x": 1})
    assert reports.bars({"2023": 10, "2024": 0}).splitlines()[1:-1] == [
        "2023  " + "█" * 24 + " 10",
        "2024  · 0",
    ]


def test_unread_files_are_named_with_why_and_what_to_do(home) -> None:
    ingest(home)
    assert reports.reading(home) == {"读不了的文件": 0}
    Ledger(home).failed(path="/in/<b>.txt", reason="没有读取权限", advice="给权限", at=NOW)
    shown = reports.reading(home)
    assert shown["读不了的文件"] == 1
    assert str(shown["读不了的"]).endswith("| &lt;b&gt;\\.txt | 没有读取权限 | 给权限 |")


# --- where Dagster keeps its records ---------------------------------------------------------


def test_a_settings_file_of_ones_own_is_left_alone_and_ours_is_renewed(home) -> None:
    path = home.root / ".dagster" / "dagster.yaml"
    environment(home, 3000, {})
    ours = path.read_text("utf-8")
    path.write_text(ours + "# more\n", "utf-8")
    environment(home, 3000, {})
    assert path.read_text("utf-8") == ours
    path.write_text("telemetry:\n  enabled: false\nnux:\n  enabled: false\n", "utf-8")
    environment(home, 3000, {})
    assert path.read_text("utf-8") == ours
    path.write_text("telemetry: {enabled: false}\n", "utf-8")
    assert environment(home, 3001, {})["JUESUAN_DAGSTER_URL"] == "http://127.0.0.1:3001"
    assert path.read_text("utf-8") == "telemetry: {enabled: false}\n"


def test_dagster_accepts_the_settings_file(home, monkeypatch) -> None:
    for name, value in environment(home, 3000, {}).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(home.root / ".dagster")) as made:
        pools = made.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, pools.pool_granularity.value) == (1, "run")
        assert (made.run_retries_enabled, made.run_retries_max_retries) == (True, 2)
        assert not made.run_retries_retry_on_asset_or_op_failure


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:secret@127.0.0.1:1/d", "连不上"),
        ("mysql://u:secret@h/d", "应如"),
        ("postgresql://u:secret@h:port/d", "JUESUAN_DAGSTER_POSTGRES"),
    ],
)
def test_a_database_that_does_not_answer_is_said_in_a_line_without_the_password(home, url, words) -> None:
    with pytest.raises(InstanceError, match=words) as refused:
        environment(home, 3000, {"JUESUAN_DAGSTER_POSTGRES": url})
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_records_in_a_database_are_not_left_for_an_empty_file_without_a_word(home) -> None:
    environment(home, 3000, {})
    path = home.root / ".dagster" / "dagster.yaml"
    path.write_text(
        path.read_text("utf-8") + "storage: {postgres: {postgres_url: {env: JUESUAN_DAGSTER_POSTGRES}}}"
    )
    with pytest.raises(InstanceError, match="JUESUAN_DAGSTER_POSTGRES"):
        environment(home, 3000, {})
