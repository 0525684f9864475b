"""Reading in worker processes: whatever a document does to its reader, the others are read."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets import fanout, reading, recipe, steps, taking
from assets.fanout import Job, Limits, Terms, is_small_text, limits_from, read_all, workers_from
from assets.progress import silent
from assets.recipe import ReadingError, terms_of
from assets.version import reader_version
from tests.rogue_reader import PREFIX
from tests.test_expectations_worker import ended
from warehouse import lake
from warehouse.home import Home
from warehouse.query import query
from warehouse.store import store_at, store_of

ROOT = Path(__file__).parent.parent
ROGUE = "tests.rogue_reader:read"
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
LIMITS = Limits(seconds=4, memory_mb=600)
# A text that is not small: it is read by a worker.
PLAIN = "甲单位的说明\n".encode() + b"\x0b"


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home").ensure()


@pytest.fixture
def jobs(home):
    """Makes a job of every content, each of which is another document."""

    def make(*contents: bytes) -> list[Job]:
        made = []
        for number, content in enumerate(contents):
            own = content + b"\n" * number
            made.append(Job(hashlib.sha256(own).hexdigest(), f"{number}.pdf"))
            (home.sources / made[-1].sha256).write_bytes(own)
        return made

    return make


@pytest.fixture
def terms(home) -> Terms:
    return rogue(home)


@pytest.fixture
def read(terms):
    """Reads jobs with the rogue reader; the outcomes by the names of the documents."""

    def reading(jobs: list[Job], workers: int = 2, limits: Limits = LIMITS) -> dict[str, fanout.Outcome]:
        return {one.job.name: one for one in read_all(jobs, terms, workers=workers, limits=limits)}

    return reading


def rogue(home: Home) -> Terms:
    return replace(terms_of(store_of(home), NOW.year), reader=ROGUE)


def part(home: Home, job: Job) -> dict:
    """The document of a part that was kept."""
    return lake.read_parts(home, [job.sha256[:12]], reader_version())["dim_document"][0].to_list()[0]


def whom(home: Home, outcome: fanout.Outcome) -> int:
    """The process that read a document whose title says it."""
    return int(part(home, outcome.job)["title"])


def order(text: str) -> bytes:
    return PREFIX + text.encode()


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("crash", "读取进程意外结束（信号 SIGABRT"),
        ("exit 3", "读取进程意外结束（退出码 3，最后的话：说过的话）"),
        ("stall 60", "读取超过 1 秒，已中止"),
        ("eat", "读取占用的内存超过 300 MiB，已中止"),
        ("run_out", "读取占用的内存超过 300 MiB，已中止"),
        ("raise", "读取程序出错（RuntimeError：坏了 两行）"),
        ("nothing", "读取程序出错（AttributeError"),
        ('answer {"year": "<b>2024</b>"}', "读取进程的回答无法辨认"),
        ('answer {"year": 99999}', "读取进程的回答无法辨认"),
        ('answer {"year": true}', "读取进程的回答无法辨认"),
        ("answer {}", "读取进程的回答无法辨认"),
        ("noise 乱码乱码", "读取进程的回答无法辨认"),
        ("noise " + "\0" * 7 + "\3abc", "读取进程的回答无法辨认"),
    ],
)
def test_a_document_that_breaks_its_reader_is_a_failure_and_the_next_one_is_read(
    home, jobs, read, told, reason
) -> None:
    limits = Limits(seconds=1 if "stall" in told else 20, memory_mb=300)
    started = time.monotonic()
    outcomes = read(jobs(order(told), PLAIN), workers=1, limits=limits)
    assert time.monotonic() - started < 40
    broken, whole = outcomes["0.pdf"], outcomes["1.pdf"]
    assert broken.failure.reason.startswith(reason)
    assert broken.failure.advice
    assert (broken.failure.kind, broken.failure.stage) == ("failed", "读取")
    assert whole.failure is None
    assert not lake.has_part(home, broken.job.sha256[:12], reader_version())
    assert part(home, whole.job)["bytes"] == len(PLAIN) + 1


def test_what_a_worker_sends_runs_nothing_in_its_caller(jobs, read, tmp_path, monkeypatch) -> None:
    trap = tmp_path / "trap"
    monkeypatch.setenv("TRAP", str(trap))
    outcome = read(jobs(order("trap")))["0.pdf"]
    assert "无法辨认" in outcome.failure.reason
    assert not trap.exists()


def test_workers_keep_the_parts_that_reading_here_would_keep(home, jobs, terms, tmp_path) -> None:
    samples = sorted((ROOT / "data" / "samples").glob("*.txt"))
    made = [*jobs(order("stall 1")), *jobs(*(path.read_bytes() + b"\x0b" for path in samples))]
    outcomes = list(read_all(made, terms, workers=2, limits=LIMITS))
    assert {one.job.sha256 for one in outcomes} == {job.sha256 for job in made}
    here = replace(terms, store=str(Home(tmp_path / "here").ensure().root))
    store = store_at(here.store)
    for job in made[1:]:
        store.write(f"sources/{job.sha256}", (home.sources / job.sha256).read_bytes())
        assert "failed" not in recipe.read_and_keep(job, here, store)
        key = lake.part_key(job.sha256[:12], reader_version())
        assert store_of(home).read(key) == store.read(key)


def test_a_part_that_a_killed_run_left_is_not_read_again_unless_it_is_asked(home, jobs, terms, read) -> None:
    [job] = jobs(order("where"))
    first = whom(home, read([job])["0.pdf"])
    read([job])
    assert whom(home, read([job])["0.pdf"]) == first
    [anew] = read_all([job], replace(terms, anew=True), workers=1, limits=LIMITS)
    assert whom(home, anew) != first


def test_bytes_that_were_changed_are_not_read(home, jobs, read) -> None:
    changed, whole = jobs(PLAIN, PLAIN)
    (home.sources / changed.sha256).write_bytes(PLAIN + b"!")
    outcomes = read([changed, whole])
    assert outcomes["0.pdf"].failure.reason.endswith("与它的指纹不符")
    assert outcomes["1.pdf"].failure is None


@pytest.mark.parametrize("change", [{"reader_version": "older"}, {"schema": "older"}])
def test_a_worker_of_another_program_writes_nothing(home, jobs, terms, change) -> None:
    with pytest.raises(ReadingError, match="装上同一版本"):
        list(read_all(jobs(PLAIN), replace(terms, **change), workers=1, limits=LIMITS))
    assert not list(home.lake.rglob("*.parquet"))


def test_a_store_that_a_worker_does_not_see_fails_no_document(home, jobs, terms) -> None:
    [job] = jobs(PLAIN)
    with pytest.raises(ReadingError, match="看不到存放原文的地方"):
        list(read_all([job], replace(terms, stamp="of another store"), workers=1, limits=LIMITS))


def test_a_full_disk_of_a_worker_is_the_disk_and_no_fault_of_the_document(jobs, terms, read) -> None:
    told = 'answer {"failed": "disk", "errno": 28, "why": "/mnt/x"}'
    with pytest.raises(OSError, match="No space left") as caught:
        read(jobs(order(told)))
    assert (caught.value.errno, caught.value.filename) == (28, "/mnt/x")


def test_a_worker_reads_many_documents_and_a_grown_one_is_replaced(home, jobs, read) -> None:
    where = [order("where")] * 3
    same = {whom(home, one) for one in read(jobs(*where), workers=1).values()}
    assert len(same) == 1
    outcomes = read(jobs(order("where "), order("grow 300"), order("where ")), workers=1)
    first, grown, after = (whom(home, outcomes[f"{n}.pdf"]) for n in range(3))
    assert first == grown != after
    assert outcomes["1.pdf"].peak_mb > 300
    assert outcomes["1.pdf"].peak_mb > 250 + outcomes["2.pdf"].peak_mb
    for pid in {*same, first, after}:
        assert ended(pid, within=1)


def test_a_worker_that_has_nothing_to_read_for_a_while_ends(home, jobs, terms) -> None:
    crew = fanout.Crew(terms, LIMITS, idle_seconds=0.2)
    first, second = jobs(order("where"), order("where"))
    crew.read(first)
    pid = int(part(home, first)["title"])
    assert ended(pid, within=3)
    crew.read(second)
    assert int(part(home, second)["title"]) != pid
    crew.close()


def test_a_broken_worker_leaves_no_temporary_files(jobs, read, tmp_path, monkeypatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    outcomes = read(jobs(order("litter"), order("where")))
    assert outcomes["0.pdf"].failure.reason.startswith("读取进程意外结束")
    assert outcomes["1.pdf"].failure is None
    assert list(scratch.iterdir()) == []


def test_an_iterator_that_is_left_ends_its_workers_at_once(home, jobs, terms) -> None:
    made = jobs(order("where"), *[order("stall 60")] * 3)
    outcomes = read_all(made, terms, workers=2, limits=Limits())
    pid = whom(home, next(outcomes))
    started = time.monotonic()
    outcomes.close()
    assert time.monotonic() - started < 2
    assert ended(pid, within=1)


def test_workers_end_with_a_caller_that_is_killed(home, jobs, terms) -> None:
    made = jobs(order("where"), order("stall 60"))
    code = f"""
        import os
        from assets.fanout import Job, Limits, Terms, read_all
        from tests.test_fanout import Home, Path, whom
        jobs = [Job(*each) for each in {[astuple(job) for job in made]!r}]
        outcome = next(read_all(jobs, Terms(*{astuple(terms)!r}), workers=1, limits=Limits()))
        print(whom(Home(Path({str(home.root)!r})), outcome), flush=True)
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


def test_a_source_that_is_gone_is_a_failure(home, jobs, read) -> None:
    made = jobs(PLAIN, PLAIN)
    (home.sources / made[0].sha256).unlink()
    outcomes = read(made)
    assert outcomes["0.pdf"].failure.reason == "留存的原文读不到"
    assert outcomes["1.pdf"].failure is None


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
def test_only_small_plain_text_is_read_in_the_callers_process(home, jobs, content, small) -> None:
    assert is_small_text(store_of(home), *jobs(content)) is small


def test_no_process_is_started_for_a_few_small_texts(jobs, terms, monkeypatch) -> None:
    monkeypatch.setattr(fanout, "Child", None)
    outcomes = list(read_all(jobs(*["甲\n".encode()] * 40), terms, workers=2, limits=LIMITS))
    assert [one.failure for one in outcomes] == [None] * 40


def test_many_small_texts_are_read_by_the_workers(home, jobs, read) -> None:
    outcomes = read(jobs(*["甲\n".encode()] * 41))
    assert {one.peak_mb > 0 for one in outcomes.values()} == {True}


def test_settings_have_defaults_and_come_from_the_environment() -> None:
    assert limits_from({}) == Limits(seconds=600, memory_mb=1024)
    assert limits_from({"JUESUAN_READ_SECONDS": "5", "JUESUAN_READ_MB": "64"}) == Limits(5, 64)
    assert workers_from({}) == min(4, os.cpu_count() or 1)
    assert workers_from({"JUESUAN_READ_WORKERS": "7"}) == 7
    for wrong in ("0", "-1", "x", "1.5"):
        with pytest.raises(ValueError, match="JUESUAN_READ_WORKERS"):
            workers_from({"JUESUAN_READ_WORKERS": wrong})


def test_a_run_lists_what_broke_its_reader_and_publishes_the_rest(home, monkeypatch) -> None:
    (home.inbox / "崩溃.txt").write_bytes(order("crash"))
    (home.inbox / "停住.txt").write_bytes(order("stall 60"))
    (home.inbox / "完好.txt").write_bytes(PLAIN)
    monkeypatch.setenv("JUESUAN_READ_SECONDS", "2")
    rogue_reads = lambda jobs, terms: read_all(jobs, replace(terms, reader=ROGUE))  # noqa: E731
    watched = []
    taking.take_files(home, [home.inbox], NOW, silent)
    counts = reading.read_documents(home, NOW, lambda *step: watched.append(step), read_all=rogue_reads)
    assert counts == {"文档": 3, "读入": 1, "失败": 2}
    assert [done for _, done, _, _ in watched] == [0, 1, 2, 3]
    steps.assemble_years(home, steps.pending_years(home), NOW, silent)
    steps.publish(home, NOW, silent)
    listed = query(home, "SELECT 文件, 原因, 怎么办 <> '' FROM 待核 WHERE 阶段 = '读取'").rows
    assert sorted((Path(file).name, reason.split("（")[0], advised) for file, reason, advised in listed) == [
        ("停住.txt", "读取超过 2 秒，已中止", True),
        ("崩溃.txt", "读取进程意外结束", True),
    ]
    assert query(home, "SELECT count(*) FROM dim_document").rows == [(1,)]
    reading.read_documents(home, NOW, silent, read_all=rogue_reads)
    assert not steps.publish_is_due(home)
    monkeypatch.undo()
    assert reading.read_documents(home, NOW, silent)["失败"] == 0
    assert steps.publish_is_due(home)


@pytest.mark.parametrize(
    ("told", "reason", "passing"),
    [
        ("killed", "读取进程被外部结束（信号 SIGKILL", True),
        ("full", "这台机器读不下去（OSError", True),
        ("crash", "读取进程意外", False),
    ],
)
def test_what_did_not_lie_in_the_document_may_pass(read, jobs, told, reason, passing) -> None:
    [outcome] = read(jobs(order(told)), workers=1).values()
    assert outcome.failure.reason.startswith(reason)
    assert outcome.passing == passing
