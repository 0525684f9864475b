"""The asset graph and the run: what is made from what, and that a run loses nothing whatever happens."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets import attempts, reading, recipe, steps, taking
from assets import run as run_module
from assets.following import FOLLOWING, follow_years
from assets.progress import silent
from assets.reconciling import RECONCILED
from assets.run import ranges, run, runs
from assets.summary import Reason, RunSummary
from assets.version import reader_version
from expectations.bridge import FAILURE_SCHEMA, RESULT_SCHEMA, Validation
from pipelines import document
from pipelines.model import Document, DocumentPart
from tests.expectations_examples import frame, verdict
from warehouse import lake
from warehouse.build import BuildError
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.listing import ListedFile
from warehouse.query import query
from warehouse.schema import lake_tables, tables

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "data" / "samples"
SNAPSHOT = Path(__file__).parent / "asset_graph.txt"
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)


def graph() -> str:
    """The asset graph as text, one asset a line: a rewire shows as a diff in review."""
    from assets.definitions import definitions

    repository = definitions().get_repository_def()
    nodes = sorted(repository.asset_graph.asset_nodes, key=lambda node: (node.group_name, node.key))
    lines = []
    for node in nodes:
        deps = ", ".join(sorted(parent.to_user_string() for parent in node.parent_keys))
        years = " [fiscal year]" if node.is_partitioned else ""
        checks = ", ".join(sorted(check.name for check in node.check_keys))
        lines.append(f"{node.group_name}: {node.key.to_user_string()}{years} <- {deps or 'nothing'}")
        lines += [f"    checks: {checks}"] if checks else []
    for job in sorted(repository.get_all_jobs(), key=lambda job: job.name):
        if not job.name.startswith("__"):
            groups = {repository.asset_graph.get(k).group_name for k in job.asset_layer.executable_asset_keys}
            lines.append(f"job {job.name}: {', '.join(sorted(groups))}")
    for schedule in repository.schedule_defs:
        when = f"{schedule.cron_schedule} {schedule.execution_timezone}"
        lines.append(f"schedule {schedule.name}: {schedule.job_name} at {when}")
    lines += [f"sensor {sensor.name}" for sensor in repository.sensor_defs]
    return "\n".join(lines) + "\n"


def asset_keys() -> set[str]:
    return {line.split(": ")[1].split()[0] for line in graph().splitlines() if " <- " in line}


# --- the graph -------------------------------------------------------------------------------


def test_the_asset_graph_is_the_one_that_was_reviewed() -> None:
    """After a change that is meant: ``python -m tests.test_assets > tests/asset_graph.txt``."""
    assert graph() == SNAPSHOT.read_text("utf-8")


def test_every_table_of_the_schema_is_an_asset() -> None:
    assert set(tables()) <= asset_keys()


def test_the_years_are_partitions_from_2000_to_the_current_year() -> None:
    from assets.definitions import FISCAL_YEARS

    keys = FISCAL_YEARS.get_partition_keys(current_time=NOW)
    assert (keys[0], keys[-1], len(keys)) == ("2000", "2026", 27)


def test_a_home_in_dagster_is_that_of_the_environment(monkeypatch, tmp_path) -> None:
    from assets.resources import HomeResource

    monkeypatch.setenv("JUESUAN_HOME", str(tmp_path))
    assert HomeResource().open().root == tmp_path.resolve()
    assert HomeResource(root=str(tmp_path / "other")).open().inbox.is_dir()


def one_finding(year: int, tables: dict[str, pl.DataFrame], before: object) -> pl.DataFrame:
    """A rule of the family T that does not hold in any document."""
    found = verdict("1.00", "2.00", fiscal_year=year)
    documents = tables["dim_document"]["document_id"]
    return frame("reconciliation", [found | {"document_id": each} for each in documents])


def test_dagster_shows_the_rows_of_each_year_and_what_each_suite_found(home, monkeypatch) -> None:
    import dagster as dg

    from assets.automation import year_tags
    from assets.definitions import definitions
    from assets.resources import HomeResource

    monkeypatch.setattr("expectations.reconcile.reconcile", one_finding)
    ingest(home)
    graph = definitions(home=HomeResource(root=str(home.root)), validate=no_findings)
    with dg.DagsterInstance.ephemeral() as instance:
        result = graph.resolve_job_def("year_job").execute_in_process(
            instance=instance, tags=year_tags(2023, 2024), run_config=run_module.QUIET
        )
    shown = {
        (event.asset_key.to_user_string(), event.partition): event.materialization.metadata
        for event in result.all_events
        if event.event_type_value == "ASSET_MATERIALIZATION"
    }
    for table in lake_tables():
        for year in (2023, 2024):
            rows = lake.read_year(home, table, year).height
            assert shown[table, str(year)]["dagster/row_count"].value == rows
    found = {
        (check.check_name, check.asset_key.to_user_string()) for check in result.get_asset_check_evaluations()
    }
    suites = {(suite, table) for suite, table, _ in steps.checks()}
    assert found == suites | {(f"family_{family}", RECONCILED) for family in "TXNDFP"}
    [family] = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert (family.check_name, family.severity) == ("family_T", dg.AssetCheckSeverity.WARN)
    assert family.metadata["不成立"].value == 2
    assert family.metadata["worst"].value[0]["unit"] == "示例市档案服务中心"
    steps.publish(home, NOW, silent)
    assert query(home, "SELECT count(*) FROM 问题").rows == [(2,)]


def test_ranges_are_contiguous_years() -> None:
    assert list(ranges([2021, 2022, 2024])) == [(2021, 2022), (2024, 2024)]
    assert list(ranges([])) == []


# --- the steps -------------------------------------------------------------------------------


def no_findings(fiscal_year: int, tables: dict[str, pl.DataFrame], *, today: object) -> Validation:
    """Suites that look at a year and find nothing: the real ones take seconds to import."""
    result = dict.fromkeys(RESULT_SCHEMA) | {"fiscal_year": fiscal_year, "suite": "none"}
    result |= {"table_name": "dim_document", "success": True, "checked": tables["dim_document"].height}
    return Validation(pl.DataFrame([result], schema=RESULT_SCHEMA), pl.DataFrame(schema=FAILURE_SCHEMA))


def filled(root: Path) -> Home:
    """A home whose inbox holds the two years of one unit."""
    place = Home(root).ensure()
    for path in SAMPLES.glob("示例市档案服务中心*.txt"):
        shutil.copy(path, place.inbox)
    return place


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return filled(tmp_path / "home")


@pytest.fixture
def unjudged(monkeypatch) -> None:
    """For tests of what is computed when, to which it does not matter what the rules say."""

    def reconcile(*_: object) -> pl.DataFrame:
        return frame("reconciliation", [])

    monkeypatch.setattr("expectations.reconcile.reconcile", reconcile)


def ingest(home: Home) -> None:
    taking.take_files(home, [home.inbox], NOW, silent)
    reading.read_documents(home, NOW, silent)


def compute(home: Home, years: list[int]) -> None:
    steps.assemble_years(home, years, NOW, silent)
    follow_years(home, "fact_derived", years)
    steps.reconcile_years(home, years, silent)
    steps.validate_years(home, years, NOW, no_findings, silent)


def finish(home: Home) -> None:
    compute(home, steps.pending_years(home))
    steps.publish(home, NOW, silent)


def documents(home: Home) -> list[str]:
    return [row[0] for row in query(home, "SELECT document_id FROM dim_document ORDER BY 1").rows]


def test_the_steps_take_files_to_a_published_warehouse(home) -> None:
    ingest(home)
    assert steps.pending_years(home) == [2023, 2024]
    finish(home)
    assert steps.pending_years(home) == []
    assert not steps.publish_is_due(home)
    assert query(home, "SELECT count(DISTINCT 年度) FROM 收入支出决算总表").rows == [(2,)]


def test_what_each_step_makes_covers_the_lake_and_the_build() -> None:
    assurance = {*FOLLOWING, RECONCILED}
    made = {*steps.year_tables(), *steps.verdict_tables(), *assurance}
    assert made == set(lake_tables())
    assert {*made, *steps.built_tables()} == set(tables())
    assert set(steps.BUILT_FROM) <= set(steps.built_tables())


def test_a_document_that_breaks_the_reader_stops_nothing_and_is_listed(home, monkeypatch) -> None:
    read = document.read_document

    def sometimes(data: bytes, *, name: str) -> DocumentPart:
        if "2023" in name:
            raise RuntimeError("坏了\n两行")
        return read(data, name=name)

    monkeypatch.setattr(document, "read_document", sometimes)
    ingest(home)
    finish(home)
    assert len(documents(home)) == 1
    reason, advice = query(home, "SELECT 原因, 怎么办 FROM 待核 WHERE 文件 LIKE '%2023%'").rows[0]
    assert "RuntimeError" in reason
    assert "\n" not in reason
    assert advice
    monkeypatch.setattr(document, "read_document", read)
    ingest(home)
    assert steps.pending_years(home) == []
    taking.take_files(home, list(home.inbox.glob("*2023*")), NOW, silent)
    ingest(home)
    assert steps.pending_years(home) == [2023]


def test_a_file_that_vanishes_during_the_run_is_listed_and_the_rest_is_whole(home, monkeypatch) -> None:
    take = taking.take

    def too_late(place: Home, file: ListedFile) -> object:
        if "2023" in file.path:
            Path(file.path).unlink()
        return take(place, file)

    monkeypatch.setattr(taking, "take", too_late)
    ingest(home)
    finish(home)
    assert len(documents(home)) == 1
    assert query(home, "SELECT count(*) FROM 待核 WHERE 文件 LIKE '%2023%' AND 怎么办 <> ''").rows == [(1,)]


def test_a_part_that_the_cache_lost_is_made_again_from_the_kept_source(run_home, unjudged) -> None:
    for path in run_home.inbox.iterdir():
        path.unlink()
    for part in (run_home.lake / "parts").rglob("*.parquet"):
        part.unlink()
    compute(run_home, [2024])
    assert lake.read_year(run_home, "fact_line_item", 2024).height > 0


def test_a_publish_that_would_forget_a_touched_year_is_refused(home, unjudged) -> None:
    ingest(home)
    compute(home, [2023])
    with pytest.raises(steps.StaleYearsError, match="2024"):
        steps.publish(home, NOW, silent)
    compute(home, [2024])
    lake.forget_year(home, 2024)
    with pytest.raises(steps.StaleYearsError, match="2024"):
        steps.publish(home, NOW, silent)
    finish(home)
    assert len(documents(home)) == 2


def test_a_document_of_an_impossible_year_is_held_without_one(home) -> None:
    def dated(year: int | None) -> DocumentPart:
        about = dict.fromkeys(Document.__dataclass_fields__, None)
        return DocumentPart(Document(**{**about, "document_id": "a" * 12, "fiscal_year": year}))

    for year in (None, 2000, 2026):
        assert recipe.in_known_years(dated(year), NOW.year) == dated(year)
    for year in (1999, 2027):
        held = recipe.in_known_years(dated(year), NOW.year)
        assert held.document.fiscal_year is None
        assert [issue.kind for issue in held.issues] == ["held"]
        assert str(year) in held.issues[0].reason


def test_a_document_without_a_year_reaches_the_warehouse_and_the_list(home) -> None:
    (home.inbox / "无年度.txt").write_text("某单位的说明\n没有表，也没有年度。\n", "utf-8")
    ingest(home)
    assert steps.pending_years(home) == [2023, 2024]
    finish(home)
    assert query(home, "SELECT count(*) FROM dim_document WHERE fiscal_year IS NULL").rows == [(1,)]
    assert query(home, "SELECT count(*) > 0 FROM 待核 WHERE 文件 LIKE '%无年度.txt'").rows == [(True,)]


def test_the_verdict_of_a_suite_is_what_the_lake_says_of_its_table(home, unjudged) -> None:
    ingest(home)
    compute(home, [2023, 2024])
    said = [
        ("fact_line_item", "a", "critical", 2),
        ("fact_line_item", "b", "info", 3),
        ("dim_document", "c", "info", 1),
    ]
    names = ("table_name", "expectation", "severity", "failed")
    known = {"fiscal_year": 2024, "suite": "keys", "success": False}
    rows = [{**dict.fromkeys(RESULT_SCHEMA), **known, **dict(zip(names, row, strict=True))} for row in said]
    frame = pl.DataFrame(rows, schema=RESULT_SCHEMA)
    lake.write_year(home, "expectation_result", 2024, frame)
    found = steps.verdict(home, "keys", "fact_line_item")
    assert (found.passed, found.critical, found.failed) == (False, True, {"a 2024": 2, "b 2024": 3})
    only_informs = steps.verdict(home, "keys", "dim_document")
    assert (only_informs.passed, only_informs.failed) == (True, {"c 2024": 1})


# --- the run ---------------------------------------------------------------------------------


class NoFindings:
    """Stands in for the validating process."""

    started = 0

    def __enter__(self) -> NoFindings:
        NoFindings.started += 1
        return self

    def __exit__(self, *_: object) -> None: ...

    validate = staticmethod(no_findings)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(run_module, "ValidationWorker", NoFindings)
    NoFindings.started = 0


@pytest.fixture(scope="module")
def first_run(tmp_path_factory) -> tuple[Home, Path]:
    """A home that was run once, and a copy of all that is in it."""
    place = filled(tmp_path_factory.mktemp("once") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "ValidationWorker", NoFindings)
        run(place.root)
    return place, Path(shutil.copytree(place.root, place.root.with_name("kept")))


@pytest.fixture
def run_home(first_run, quick) -> Home:
    """The home as its first run left it, at the same place: the ledger knows files by their paths."""
    place, kept = first_run
    shutil.rmtree(place.root)
    shutil.copytree(kept, place.root)
    return place


def test_a_run_publishes_and_the_next_one_changes_nothing(home, quick) -> None:
    watched = []
    first = run(home.root, progress=lambda *step: watched.append(step))
    assert (first.published, first.changed, first.documents) == (True, True, 2)
    assert first.facts == query(home, "SELECT count(*) FROM fact_line_item").rows[0][0] > 0
    assert {step[0] for step in watched} == {"收文件", "读文档", "编年度表", "勾稽", "校验", "建库"}
    made = home.warehouse_file.stat()
    second = run(home.root)
    assert (second.published, second.changed, second.facts) == (True, False, first.facts)
    assert home.warehouse_file.stat() == made
    assert NoFindings.started == 1
    assert [summary.changed for _, summary in runs(home)] == [True, False]


def test_a_decision_is_published_by_the_next_run_and_computes_no_year(run_home) -> None:
    (run_home.decisions / "a.yml").write_text("- 编号: 没有\n", "utf-8")
    assert run(run_home.root).changed
    assert query(run_home, "SELECT 文件 FROM 待核").rows == [("decisions/a.yml",)]
    assert NoFindings.started == 0
    assert not run(run_home.root).changed


def test_a_program_with_other_rules_judges_every_year_again(run_home, unjudged, monkeypatch) -> None:
    for module in (steps, run_module):
        monkeypatch.setattr(module, "expectations_version", lambda: "newer")
    assert run(run_home.root).changed
    assert NoFindings.started == 1
    assert Ledger(run_home).state().judged == {2023: "newer", 2024: "newer"}
    assert not run(run_home.root).changed


def test_the_findings_of_a_run_are_in_its_summary(home, quick, monkeypatch) -> None:
    def reconcile(year: int, tables: dict[str, pl.DataFrame], before: object) -> pl.DataFrame:
        return frame(
            "reconciliation",
            [
                verdict("1.00", "2.00", document_id=document_id, check_id=f"{document_id}{severity}")
                | {"severity": severity}
                for document_id in tables["dim_document"]["document_id"]
                for severity in ("W", "E")
            ],
        )

    monkeypatch.setattr("expectations.reconcile.reconcile", reconcile)
    summary = run(home.root)
    assert (summary.checked, summary.findings, summary.decided) == (4, {"E": 2, "W": 2}, 0)
    assert list(summary.findings) == ["E", "W"]
    number, left, right = query(home, "SELECT 编号, 披露值, 对照值 FROM 问题 WHERE 级别 = 'W'").rows[0]
    words = {"编号": number, "处理": "误报", "理由": "口径", "何人": "甲", "何日": "2026-11-22"}
    words |= {"披露值": left, "对照值": right}
    entry = "\n  ".join(f"{key}: {value}" for key, value in words.items())
    (home.decisions / "a.yml").write_text(f"- {entry}\n", "utf-8")
    summary = run(home.root)
    assert (summary.findings, summary.decided) == ({"E": 2, "W": 1}, 1)
    assert run(home.root).findings == summary.findings


def test_only_touched_years_are_computed_again(run_home, unjudged, monkeypatch) -> None:
    asked = []
    execute = run_module.execute
    monkeypatch.setattr(
        run_module, "execute", lambda *args, **kw: (asked.append(kw.get("tags")), execute(*args, **kw))
    )
    sample = next(run_home.inbox.glob("*2023*"))
    sample.write_text(sample.read_text("utf-8") + "\n", "utf-8")
    run(run_home.root)
    assert [tags["dagster/asset_partition_range_start"] for tags in asked if tags] == ["2023"]
    assert [tags["dagster/asset_partition_range_end"] for tags in asked if tags] == ["2023"]


def test_a_run_that_was_killed_after_reading_is_finished_by_the_next(home, quick, unjudged) -> None:
    ingest(home)
    assert not home.warehouse_file.exists()
    assert run(home.root).documents == 2


def test_a_broken_invariant_leaves_the_published_file_and_says_so(run_home, unjudged, monkeypatch) -> None:
    made = run_home.warehouse_file.stat()
    (run_home.inbox / "又一份.txt").write_text("别的内容\n", "utf-8")
    monkeypatch.setattr("warehouse.build.violations", lambda *_: ["两处合计不等"])
    with pytest.raises(BuildError, match="两处合计不等"):
        run(run_home.root)
    assert run_home.warehouse_file.stat() == made
    monkeypatch.undo()
    monkeypatch.setattr(run_module, "ValidationWorker", NoFindings)
    assert run(run_home.root).documents == 3


def test_a_run_with_nothing_to_read_says_what_to_do(tmp_path) -> None:
    summary = run(tmp_path / "new")
    assert not summary.published
    assert "inbox" in summary.remarks[0]
    assert summary.exit_code(strict=False) == 1


def test_a_path_that_is_not_there_publishes_nothing_and_is_named(tmp_path) -> None:
    summary = run(tmp_path / "new", [tmp_path / "missing"])
    assert summary.exit_code(strict=False) == 1
    assert "missing" in summary.remarks[1]


def test_bad_files_are_counted_once_and_skipped_ones_are_named(home, quick) -> None:
    (home.inbox / "空.txt").touch()
    (home.inbox / "乱.txt").write_bytes(bytes(range(256)) * 9)
    shutil.copy(next(home.inbox.glob("*2024*")), home.inbox / "重复.txt")
    (home.inbox / "照片.jpg").touch()
    summary = run(home.root)
    assert (summary.documents, summary.unread, summary.held) == (4, 2, 0)
    assert summary.open == 3
    assert [Path(reason.file).name for reason in summary.reasons] == ["乱.txt", "空.txt", "重复.txt"]
    assert all(reason.reason and reason.advice for reason in summary.reasons)
    assert "照片.jpg" in summary.remarks[0]
    assert run(home.root).remarks == summary.remarks


def test_a_folder_that_vanishes_is_not_withdrawn_and_the_run_says_so(run_home) -> None:
    for path in run_home.inbox.iterdir():
        path.unlink()
    summary = run(run_home.root)
    assert (summary.published, summary.documents) == (True, 2)
    assert "撤回" in summary.remarks[0]


def test_a_quiet_run_imports_nothing_heavy(run_home) -> None:
    code = (
        "import sys; from pathlib import Path; from assets.run import run;"
        f"summary = run(Path({str(run_home.root)!r})); assert not summary.changed;"
        "print([m for m in ('dagster', 'great_expectations', 'polars', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_new_reader_reads_everything_again(run_home, unjudged, monkeypatch) -> None:
    version = "9-" + reader_version()
    read = document.read_document

    def newer(data: bytes, *, name: str) -> DocumentPart:
        from dataclasses import replace

        part = read(data, name=name)
        return replace(part, document=replace(part.document, reader_version=version))

    monkeypatch.setattr(document, "read_document", newer)
    for module in (attempts, reading, recipe):
        monkeypatch.setattr(module, "reader_version", lambda: version)
    assert run(run_home.root).changed
    assert query(run_home, "SELECT DISTINCT reader_version FROM dim_document").rows == [(version,)]


def test_a_new_reader_reads_so_many_a_night_and_the_others_stay_published(
    run_home, unjudged, monkeypatch
) -> None:
    version, read = "9-" + reader_version(), document.read_document

    def newer(data: bytes, *, name: str) -> DocumentPart:
        from dataclasses import replace

        part = read(data, name=name)
        return replace(part, document=replace(part.document, reader_version=version))

    facts = query(run_home, "SELECT count(*) FROM fact_line_item").rows
    monkeypatch.setattr(document, "read_document", newer)
    for module in (attempts, reading, recipe):
        monkeypatch.setattr(module, "reader_version", lambda: version)
    run_home.settings_file.write_text("每次重读: 1\n", "utf-8")
    first = run(run_home.root)
    versions = "SELECT fiscal_year, reader_version = ? FROM dim_document ORDER BY 1".replace(
        "?", f"'{version}'"
    )
    assert query(run_home, versions).rows == [(2023, False), (2024, True)]
    assert query(run_home, "SELECT count(*) FROM fact_line_item").rows == facts
    assert "还有 1 份文档是较早的读取程序读的" in first.remarks[-1]
    second = run(run_home.root)
    assert query(run_home, versions).rows == [(2023, True), (2024, True)]
    assert second.remarks == ()
    assert not run(run_home.root).changed


def test_a_clock_set_back_is_said_and_changes_nothing(run_home) -> None:
    [(_, summary)] = runs(run_home)
    ahead = datetime.now(UTC) + timedelta(days=2, minutes=5)
    Ledger(run_home).run(at=ahead, **summary.as_event())
    for _ in range(2):
        again = run(run_home.root)
        assert not again.changed
        assert again.remarks[0].startswith("系统时钟比上次运行早 2 天：")
    times = [at for at, _ in runs(run_home)]
    assert times == sorted(times)
    assert [said.documents for _, said in runs(run_home)] == [2] * 4


def test_the_standing_sources_are_read_when_none_is_named(run_home, tmp_path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run_home.settings_file.write_text(f"来源: [inbox, {elsewhere}]\n", "utf-8")
    assert not run(run_home.root).changed
    (elsewhere / "无年度.txt").write_text("某单位的说明\n", "utf-8")
    assert run(run_home.root).documents == 3
    assert not run(run_home.root).changed


@pytest.mark.parametrize(
    ("summary", "strict", "code"),
    [
        (RunSummary(published=True, changed=True), True, 0),
        (RunSummary(published=True, changed=True, held=1), False, 0),
        (RunSummary(published=True, changed=True, held=1), True, 3),
        (RunSummary(published=True, changed=False, unread=1), True, 3),
        (RunSummary(published=True, changed=True, open=4), True, 0),
        (RunSummary(published=False, changed=False, held=1), True, 1),
    ],
)
def test_exit_codes(summary, strict, code) -> None:
    assert summary.exit_code(strict=strict) == code


def test_a_summary_survives_the_ledger(home) -> None:
    reason = Reason("a.txt", "表", "L1", "为什么", "怎么办", 1)
    said = RunSummary(True, True, 1, 2, 3, held=1, open=2, reasons=(reason,), remarks=("略过",))
    Ledger(home).run(at=NOW, **said.as_event())
    assert runs(home) == [(NOW, said)]


if __name__ == "__main__":
    sys.stdout.write(graph())
