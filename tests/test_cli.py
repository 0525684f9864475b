"""The front door as people and nightly jobs use it: exit codes, what is printed, one-line errors."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

import juesuan
from assets import told
from assets.summary import Reason, RunSummary
from tests.shown import publish_samples

ROOT = Path(__file__).parent.parent
CELL = "SELECT 单元格 FROM 单元格 WHERE 状态 = 'printed' AND 计量单位 = '万元' ORDER BY ALL LIMIT 1"


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A home in which the samples were run once, by a process of its own, and what that printed."""
    home = tmp_path_factory.mktemp("home")
    return home, publish_samples(home)


@pytest.fixture
def home(first, monkeypatch) -> Path:
    monkeypatch.setenv("JUESUAN_HOME", str(first[0]))
    monkeypatch.chdir(ROOT)
    return first[0]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(juesuan.app, list(arguments))


def test_the_first_run_publishes_and_ends_with_a_summary(first) -> None:
    home, done = first
    assert done.returncode == 0, done.stderr
    assert str(home / "warehouse.duckdb") in done.stdout
    assert "文档 6 · 报表 58 · 事实 " in done.stdout
    assert done.stderr == ""


def test_a_second_run_says_that_nothing_is_new(home) -> None:
    before = (home / "warehouse.duckdb").stat()
    result = invoke("run", "data/samples")
    assert (result.exit_code, "没有新内容" in result.output) == (0, True)
    assert (home / "warehouse.duckdb").stat() == before


def test_nothing_to_read_is_exit_1_with_a_sentence(tmp_path) -> None:
    result = invoke("run", "--home", str(tmp_path / "empty"))
    assert result.exit_code == 1
    assert "inbox" in result.output


def test_a_wrong_option_is_exit_2() -> None:
    assert invoke("run", "--no-such-option").exit_code == 2
    assert invoke("sql", "SELECT 1", "--format", "xml").exit_code == 2


@pytest.mark.parametrize(
    ("summary", "arguments", "code", "words"),
    [
        (RunSummary(True, True, documents=1), ["--strict"], 0, "已发布"),
        (RunSummary(True, True, held=1, open=1), [], 0, "待核 1"),
        (RunSummary(True, True, held=1, open=1), ["--strict"], 3, "待核 1"),
        (RunSummary(False, False, remarks=("什么也没有发布",)), ["--strict"], 1, "什么也没有发布"),
    ],
)
def test_the_exit_code_and_the_words_follow_the_summary(
    summary, arguments, code, words, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr("assets.run.run", lambda *_, **__: summary)
    result = invoke("run", "--home", str(tmp_path), *arguments)
    assert (result.exit_code, words in result.output) == (code, True)


def test_the_summary_counts_checks_and_findings_by_severity(monkeypatch, tmp_path) -> None:
    summary = RunSummary(True, True, checked=1234, findings={"E": 2, "W": 1}, decided=3)
    monkeypatch.setattr("assets.run.run", lambda *_, **__: summary)
    output = invoke("run", "--home", str(tmp_path)).output
    said = "勾稽 核对 1,234 处，问题 3 条（E 2 · W 1），见 juesuan findings，另有 3 条已处理"
    assert said in output.splitlines()


def test_reasons_are_shown_with_advice_and_the_rest_is_counted(monkeypatch, tmp_path) -> None:
    reasons = tuple(Reason(f"{n}.txt", "表", "L1、L2", "看不清", "换一份", 2) for n in range(20))
    summary = RunSummary(True, True, held=50, open=50, reasons=reasons)
    monkeypatch.setattr("assets.run.run", lambda *_, **__: summary)
    output = invoke("run", "--home", str(tmp_path)).output
    assert "0.txt 表 L1、L2：看不清 → 换一份" in output
    assert output.count("看不清") == told.REASONS_SHOWN
    assert f"另有 {50 - 2 * told.REASONS_SHOWN} 条" in output


def test_an_unexpected_error_is_one_line_and_whole_on_request(monkeypatch, tmp_path) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("磁盘\n满了")

    monkeypatch.setattr("assets.run.run", broken)
    result = invoke("run", "--home", str(tmp_path))
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "磁盘 满了" in result.output
    monkeypatch.setenv("JUESUAN_DEBUG", "1")
    assert isinstance(invoke("run", "--home", str(tmp_path)).exception, OSError)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EEXIST, "应是文件夹"),
        (errno.ENOSPC, "磁盘已满"),
        (errno.EROFS, "只读"),
        (errno.EACCES, "不可写"),
    ],
)
def test_what_the_system_refuses_is_told_in_words(monkeypatch, tmp_path, number, words) -> None:
    def refused(*_: object, **__: object) -> RunSummary:
        raise OSError(number, os.strerror(number), "/somewhere")

    monkeypatch.setattr("assets.run.run", refused)
    result = invoke("run", "--home", str(tmp_path))
    assert result.exit_code == 1
    assert words in result.stderr
    assert "/somewhere" in result.stderr
    assert os.strerror(number) not in result.stderr


def test_sql_prints_a_table_csv_and_json_with_exact_decimals(home) -> None:
    query = "SELECT 1.50::DECIMAL(9,2) AS 金额, NULL AS 空, '阳泉' AS 单位"
    table = invoke("sql", query).output
    assert "1.50" in table
    assert "1 行" in table
    assert list(csv.reader(io.StringIO(invoke("sql", query, "--format", "csv").output))) == [
        ["金额", "空", "单位"],
        ["1.50", "", "阳泉"],
    ]
    assert json.loads(invoke("sql", query, "--format", "json").output) == [
        {"金额": "1.50", "空": None, "单位": "阳泉"}
    ]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 没有 FROM 这张表",
        "SELEC",
        "",
        "SELECT 1; SELECT 2",
        "DROP TABLE dim_document",
        "SET enable_external_access = true",
        "SELECT * FROM read_text('juesuan.py')",
        "COPY dim_document TO 'out.csv'",
        "ATTACH 'x.duckdb'",
        "INSTALL httpfs",
    ],
)
def test_sql_refuses_in_one_line(home, query) -> None:
    result = invoke("sql", query)
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert result.output.strip()


def test_sql_status_and_explain_say_what_to_do_in_a_new_home(tmp_path) -> None:
    for arguments in (["sql", "SELECT 1"], ["status"], ["explain", "a/L1"]):
        result = invoke(*arguments, "--home", str(tmp_path))
        assert result.exit_code == 1
        assert "juesuan run" in result.output
        assert result.output.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_status_shows_runs_and_the_age_of_the_file(home) -> None:
    output = invoke("status").output
    assert str(home / "warehouse.duckdb") in output
    assert "文档 6 · 报表 58" in output


def test_status_tells_of_a_damaged_ledger_in_one_line(tmp_path) -> None:
    ledger = tmp_path / "lake" / "ledger.jsonl"
    ledger.parent.mkdir()
    ledger.write_text('{"x\n', "utf-8")
    result = invoke("status", "--home", str(tmp_path))
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "第 1 行损坏" in result.output


def test_names_of_files_do_not_steer_the_terminal() -> None:
    reason = Reason("红\x1b[31m\n.txt", "文件", "", "文件是空的", "换一份", 1)
    lines = told.reason_lines(RunSummary(True, True, open=1, reasons=(reason,)), 1)
    assert [*lines] == ["  · 红\\x1b[31m\\x0a.txt 文件：文件是空的 → 换一份"]


def test_explain_leads_from_the_printed_cell_to_the_warehouse(home) -> None:
    cell = json.loads(invoke("sql", CELL, "--format", "json").output)[0]["单元格"]
    query = f"SELECT 印刷文字, 金额 FROM 单元格 WHERE 单元格 = '{cell}'"  # noqa: S608 - of our own query
    shown = invoke("sql", query, "--format", "json").output
    printed, amount = json.loads(shown)[0].values()
    result = invoke("explain", cell)
    assert result.exit_code == 0
    steps = dict(line.split(maxsplit=1) for line in result.output.splitlines())
    assert steps["原文"] == f"「{printed}」"
    assert steps["位置"] == cell.split("/", 1)[1]
    assert steps["换算"].startswith(f"「{printed}」万元")
    assert steps["视图"].endswith(f"：{amount} 万元")
    assert steps["文件"].startswith("data/samples/")


def test_explain_shows_a_repaired_code_with_its_evidence(home) -> None:
    query = "SELECT cell_id, repaired, evidence FROM repair ORDER BY ALL LIMIT 1"
    repair = json.loads(invoke("sql", query, "--format", "json").output)[0]
    output = invoke("explain", repair["cell_id"]).output
    assert repair["repaired"] in output
    assert repair["evidence"] in output


def test_explain_of_a_cell_that_is_not_there(home) -> None:
    for cell in ("没有", "0123456789ab/L1/c1", "'; DROP TABLE x; --/L1"):
        result = invoke("explain", cell)
        assert (result.exit_code, result.output.count("\n")) == (1, 1)


def test_help_and_version_name_every_command() -> None:
    output = invoke("--help").output
    for command in ("run", "backfill", "sql", "findings", "status", "explain", "evidence", "dev"):
        assert command in output
        assert invoke(command, "--help").exit_code == 0
        assert "--home" in invoke(command, "--help").output
    assert invoke("--version").output.startswith("juesuan ")


def test_dev_becomes_dagster_on_the_home_with_telemetry_off(tmp_path, monkeypatch) -> None:
    called = {}
    monkeypatch.setattr(os, "execve", lambda path, command, env: called.update(command=command, env=env))
    assert invoke("dev", "--port", "3999", "--home", str(tmp_path)).exit_code == 0
    assert called["command"][1:] == ["-m", "dagster", "dev", "-m", "assets.definitions", "--port", "3999"]
    assert called["env"]["JUESUAN_HOME"] == str(tmp_path.resolve())
    settings = yaml.safe_load((Path(called["env"]["DAGSTER_HOME"]) / "dagster.yaml").read_text("utf-8"))
    assert settings["telemetry"] == settings["nux"] == {"enabled": False}


def test_the_front_door_opens_without_anything_heavy() -> None:
    heavy = ("dagster", "great_expectations", "polars", "duckdb", "pandas")
    code = f"import sys, juesuan; print([m for m in {heavy} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_a_url_reaches_the_run_as_it_was_typed(monkeypatch, tmp_path) -> None:
    given = []

    def noted(home: Path, paths: list[str], **_: object) -> RunSummary:
        given.extend(paths)
        return RunSummary(True, True)

    monkeypatch.setattr("assets.run.run", noted)
    invoke("run", "--home", str(tmp_path), "s3://bucket/reports", "inbox/a.txt")
    assert given == ["s3://bucket/reports", "inbox/a.txt"]


def test_the_status_says_what_is_still_to_be_read_again_and_no_age_before_now(home, monkeypatch) -> None:
    monkeypatch.setattr("assets.attempts.left", lambda *_: ("还有 3 份",))
    os.utime(home / "warehouse.duckdb", (4_000_000_000, 4_000_000_000))
    result = invoke("status")
    assert "还有 3 份" in result.output.splitlines()
    assert "-" not in result.output.splitlines()[0].partition("（")[2]
