"""Reading in worker processes: whatever a document does to its reader, the others are read."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets import fanout, steps
from assets.fanout import Job, Limits, is_small_text, limits_from, read_all, workers_from
from tests.rogue_reader import PREFIX
from tests.test_expectations_worker import ended
from warehouse.home import Home
from warehouse.query import query

ROOT = Path(__file__).parent.parent
ROGUE = "tests.rogue_reader:read"
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
LIMITS = Limits(seconds=4, memory_mb=300)
# A text that is not small: it is read by a worker.
PLAIN = "甲单位的说明\n".encode() + b"\x0b"


@pytest.fixture
def jobs(tmp_path):
    """Makes a job of every content."""

    def make(*contents: bytes) -> list[Job]:
        made = []
        for number, content in enumerate(contents):
            source = tmp_path / str(number)
            source.write_bytes(content)
            made.append(Job(f"{number:064}", source, f"{number}.pdf"))
        return made

    return make


def order(text: str) -> bytes:
    return PREFIX + text.encode()


def read(jobs: list[Job], workers: int = 2, limits: Limits = LIMITS) -> dict[str, fanout.Outcome]:
    return {one.job.name: one for one in read_all(jobs, workers=workers, limits=limits, reader=ROGUE)}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("crash", "读取进程意外结束（信号 SIGABRT"),
        ("exit 3", "读取进程意外结束（退出码 3，最后的话：说过的话）"),
        ("stall 60", "读取超过 1 秒，已中止"),
        ("eat", "读取占用的内存超过 300 MiB，已中止"),
        ("run_out", "读取占用的内存超过 300 MiB，已中止"),
        ("raise", "读取程序出错（RuntimeError：坏了 两行）"),
        ("nothing", "读取进程的回答无法辨认"),
        ("noise 乱码乱码", "读取进程的回答无法辨认"),
        ("noise " + "\0" * 7 + "\3abc", "读取进程的回答无法辨认"),
    ],
)
def test_a_document_that_breaks_its_reader_is_a_failure_and_the_next_one_is_read(jobs, told, reason) -> None:
    limits = Limits(seconds=1 if "stall" in told else 20, memory_mb=300)
    started = time.monotonic()
    outcomes = read(jobs(order(told), PLAIN), workers=1, limits=limits)
    assert time.monotonic() - started < 10
    broken, whole = outcomes["0.pdf"], outcomes["1.pdf"]
    assert broken.part is None
    assert broken.failure.reason.startswith(reason)
    assert broken.failure.advice
    assert (broken.failure.kind, broken.failure.stage) == ("failed", "读取")
    assert whole.failure is None
    assert whole.part.document.bytes == len(PLAIN)


def test_what_a_worker_sends_runs_nothing_in_its_caller(jobs, tmp_path, monkeypatch) -> None:
    trap = tmp_path / "trap"
    monkeypatch.setenv("TRAP", str(trap))
    outcome = read(jobs(order("trap")))["0.pdf"]
    assert "无法辨认" in outcome.failure.reason
    assert not trap.exists()


def test_parts_come_back_whole_and_in_any_order(jobs) -> None:
    samples = sorted((ROOT / "data" / "samples").glob("*.txt"))
    made = [Job(path.name, path, path.name) for path in samples]
    slow = jobs(order("stall 1"))
    outcomes = list(read_all(slow + made, workers=2, limits=LIMITS))
    assert {one.job.sha256 for one in outcomes} == {job.sha256 for job in slow + made}
    from pipelines.document import read_document

    for outcome in outcomes[:-1]:
        assert outcome.part == read_document(outcome.job.source.read_bytes(), name=outcome.job.name)


def test_a_worker_reads_many_documents_and_a_grown_one_is_replaced(jobs) -> None:
    where = [order("where")] * 3
    same = {one.part.document.title for one in read(jobs(*where), workers=1).values()}
    assert len(same) == 1
    outcomes = read(jobs(order("where"), order("grow 200"), order("where")), workers=1)
    first, grown, after = (outcomes[f"{n}.pdf"].part.document.title for n in range(3))
    assert first == grown != after
    assert outcomes["1.pdf"].peak_mb > 200 > outcomes["2.pdf"].peak_mb > 5
    for pid in {*same, first, after}:
        assert ended(int(pid), within=1)


def test_a_broken_worker_leaves_no_temporary_files(jobs, tmp_path, monkeypatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    outcomes = read(jobs(order("litter"), order("where")))
    assert outcomes["0.pdf"].failure.reason.startswith("读取进程意外结束")
    assert outcomes["1.pdf"].part is not None
    assert list(scratch.iterdir()) == []


def test_an_iterator_that_is_left_ends_its_workers_at_once(jobs) -> None:
    outcomes = read_all(
        jobs(order("where"), *[order("stall 60")] * 3), workers=2, limits=Limits(), reader=ROGUE
    )
    pid = int(next(outcomes).part.document.title)
    started = time.monotonic()
    outcomes.close()
    assert time.monotonic() - started < 2
    assert ended(pid, within=1)


def test_workers_end_with_a_caller_that_is_killed(tmp_path) -> None:
    for number, told in enumerate(("where", "stall 60")):
        (tmp_path / str(number)).write_bytes(order(told))
    code = f"""
        import os
        from pathlib import Path
        from assets.fanout import Job, Limits, read_all
        jobs = [Job(n, Path({str(tmp_path)!r}, n), n) for n in ("0", "1")]
        outcome = next(read_all(jobs, workers=1, limits=Limits(), reader={ROGUE!r}))
        print(outcome.part.document.title, flush=True)
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended(int(done.stdout), within=5)


def test_a_source_that_is_gone_is_a_failure(jobs) -> None:
    made = jobs(PLAIN, PLAIN)
    made[0].source.unlink()
    outcomes = read(made)
    assert outcomes["0.pdf"].failure.reason == "留存的原文读不到"
    assert outcomes["1.pdf"].part is not None


@pytest.mark.parametrize(
    ("content", "small"),
    [
        ("单位决算\n科目\t金额\n".encode(), True),
        ("单位决算".encode("gb18030"), True),
        (b"", True),
        (b"a" * (1 << 20), True),
        (b"a" * ((1 << 20) + 1), False),
        (b"%PDF-1.7\n", False),
        (b"junk before\n%PDF-1.7\n", False),
        (b"PK\x03\x04", False),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", False),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><p>", False),
        ("2024年度".encode("utf-16"), False),
    ],
)
def test_only_small_plain_text_is_read_in_the_callers_process(tmp_path, content, small) -> None:
    source = tmp_path / "x"
    source.write_bytes(content)
    assert is_small_text(source) is small


def test_no_process_is_started_for_small_texts(jobs, monkeypatch) -> None:
    monkeypatch.setattr(fanout, "Child", None)
    outcomes = list(read_all(jobs("甲\n".encode(), "乙\n".encode()), workers=2, limits=LIMITS))
    assert [one.failure for one in outcomes] == [None, None]


def test_settings_have_defaults_and_come_from_the_environment() -> None:
    assert limits_from({}) == Limits(seconds=120, memory_mb=1024)
    assert limits_from({"JUESUAN_READ_SECONDS": "5", "JUESUAN_READ_MB": "64"}) == Limits(5, 64)
    assert workers_from({}) == min(4, os.cpu_count() or 1)
    assert workers_from({"JUESUAN_READ_WORKERS": "7"}) == 7
    for wrong in ("0", "-1", "x", "1.5"):
        with pytest.raises(ValueError, match="JUESUAN_READ_WORKERS"):
            workers_from({"JUESUAN_READ_WORKERS": wrong})


def test_a_run_lists_what_broke_its_reader_and_publishes_the_rest(tmp_path, monkeypatch) -> None:
    home = Home(tmp_path / "home").ensure()
    (home.inbox / "崩溃.txt").write_bytes(order("crash"))
    (home.inbox / "停住.txt").write_bytes(order("stall 60"))
    (home.inbox / "完好.txt").write_bytes(PLAIN)
    monkeypatch.setenv("JUESUAN_READ_SECONDS", "2")
    monkeypatch.setattr(steps, "read_all", lambda *args, **kw: read_all(*args, **kw, reader=ROGUE))
    watched = []
    steps.take_files(home, [home.inbox], NOW, steps.silent)
    counts = steps.read_documents(home, NOW, lambda *step: watched.append(step))
    assert counts == {"文档": 3, "读入": 1, "失败": 2}
    assert [done for _, done, _, _ in watched] == [0, 1, 2, 3]
    steps.assemble_years(home, steps.pending_years(home), NOW, steps.silent)
    steps.publish(home, NOW, steps.silent)
    listed = query(home, "SELECT 文件, 原因, 怎么办 <> '' FROM 待核 WHERE 阶段 = '读取'").rows
    assert sorted((Path(file).name, reason.split("（")[0], advised) for file, reason, advised in listed) == [
        ("停住.txt", "读取超过 2 秒，已中止", True),
        ("崩溃.txt", "读取进程意外结束", True),
    ]
    assert query(home, "SELECT count(*) FROM dim_document").rows == [(1,)]
    steps.read_documents(home, NOW, steps.silent)
    assert not steps.publish_is_due(home)
    monkeypatch.undo()
    assert steps.read_documents(home, NOW, steps.silent)["失败"] == 0
    assert steps.publish_is_due(home)
