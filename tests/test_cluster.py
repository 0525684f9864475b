"""Reading on a Dask cluster: a real scheduler and real workers, as processes."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import juesuan
from assets import attempts, cluster
from assets.limits import Limits
from assets.recipe import Job, ReadingError, Terms, terms_of
from tests.rogue_reader import PREFIX
from warehouse import lake
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.store import store_of

ROOT = Path(__file__).parent.parent
ROGUE = "tests.rogue_reader:read"
LIMITS = Limits(seconds=20, memory_mb=600)


def started(*arguments: str) -> subprocess.Popen[bytes]:
    """A process of Dask, which sees the same modules as this one."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    }
    command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL)


class Cluster:
    """A scheduler and workers of one thread each, on a port that was free."""

    def __init__(self, workers: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = started("scheduler", "--host", "127.0.0.1", "--port", str(port))
        self.workers = [self.add_worker() for _ in range(workers)]

    def add_worker(self) -> subprocess.Popen[bytes]:
        return started("worker", self.address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def two() -> Iterator[Cluster]:
    running = Cluster(workers=2)
    yield running
    running.stop()


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home").ensure()


def jobs(home: Home, *contents: bytes) -> list[Job]:
    made = [Job(hashlib.sha256(content).hexdigest(), f"{n}.txt") for n, content in enumerate(contents)]
    for job, content in zip(made, contents, strict=True):
        (home.sources / job.sha256).write_bytes(content)
    return made


def rogue(home: Home) -> Terms:
    return replace(terms_of(store_of(home), 2026), reader=ROGUE)


def has_part(home: Home, job: Job) -> bool:
    return lake.has_part(home, job.sha256[:12], rogue(home).reader_version)


def kill_when(worker: subprocess.Popen[bytes], home: Home) -> None:
    """Kill a worker once there is a part: everybody is at work."""
    while not list(home.lake.rglob("*.parquet")):
        time.sleep(0.1)
    worker.kill()


def patient(address: str) -> None:
    """Wait until there are workers: on a busy machine they take more than a run waits for."""
    end = time.monotonic() + 60
    while True:
        try:
            return cluster.check(address)
        except ReadingError:
            assert time.monotonic() < end


def test_documents_are_read_and_the_one_that_breaks_its_reader_is_a_failure(home, two) -> None:
    patient(two.address)
    made = jobs(home, b"a\n", PREFIX + b"crash", b"b\n")
    outcomes = {
        one.job: one for one in cluster.read_all(made, rogue(home), address=two.address, limits=LIMITS)
    }
    assert [outcomes[job].failure is None for job in made] == [True, False, True]
    assert outcomes[made[1]].failure.reason.startswith("读取进程意外结束（信号 SIGABRT")
    assert [has_part(home, job) for job in made] == [True, False, True]


def test_a_worker_of_another_version_is_refused_before_anything_is_read(home, two) -> None:
    patient(two.address)
    [job] = jobs(home, b"a\n")
    terms = replace(rogue(home), reader_version="another")
    with pytest.raises(ReadingError, match=r"Dask worker tcp.*装上同一版本"):
        list(cluster.read_all([job], terms, address=two.address, limits=LIMITS))
    assert not list(home.lake.rglob("*.parquet"))


def test_a_worker_that_does_not_see_the_home_says_so(home, two) -> None:
    patient(two.address)
    elsewhere = replace(rogue(home), stamp="of the home of another machine")
    with (
        cluster._connected(two.address) as connected,
        pytest.raises(ReadingError, match="看不到存放原文的地方"),
    ):
        cluster._greet(connected, elsewhere)


def test_a_document_whose_workers_are_lost_is_found_alone_and_the_others_are_read(home) -> None:
    running = Cluster(workers=2)
    try:
        patient(running.address)
        made = jobs(home, PREFIX + b"stall 4", *(b"%d\n" % n for n in range(20)))
        reading = cluster.read_all(made, rogue(home), address=running.address, limits=LIMITS)
        lost = threading.Thread(target=kill_when, args=(running.workers[0], home))
        lost.start()
        done = list(reading)
        lost.join()
        assert len(done) == len(made)
        failures = {one.job: one.failure.reason for one in done if one.failure}
        # The one that was being read may be told as the loss of its worker; the stalling one has no part.
        assert made[0] in failures
        assert all("Dask worker" in reason for job, reason in failures.items() if job != made[0])
        assert len(failures) <= 2
        assert all(has_part(home, job) for job in set(made) - set(failures))
    finally:
        running.stop()


@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_one_line_and_what_was_read_is_kept(
    home, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(cluster, "_GONE_SECONDS", 1)
    running = Cluster(workers=1)
    try:
        patient(running.address)
        made = jobs(home, b"a\n", *(PREFIX + b"stall 30" + b"\n" * n for n in range(9)))
        reading = cluster.read_all(made, rogue(home), address=running.address, limits=LIMITS)
        assert next(reading).failure is None
        running.scheduler.kill()
        with pytest.raises(ReadingError, match="断开了：读完的都已留存"):
            list(reading)
        assert has_part(home, made[0])
    finally:
        running.stop()


def test_no_scheduler_is_one_line_before_anything_is_done(home) -> None:
    (home.inbox / "a.txt").write_text("2024年度部门决算", "utf-8")
    started = time.monotonic()
    result = CliRunner().invoke(juesuan.app, ["run", "--dask", "tcp://127.0.0.1:1", "--home", str(home.root)])
    assert time.monotonic() - started < 15
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "连不上 Dask 调度器 tcp://127.0.0.1:1" in result.output
    assert not home.ledger_file.exists()


@pytest.mark.slow
def test_a_run_on_a_cluster_publishes(home, two) -> None:
    patient(two.address)
    for sample in (ROOT / "data" / "samples").glob("示例市档案服务中心*"):
        (home.inbox / sample.name).write_bytes(sample.read_bytes())
    result = CliRunner().invoke(juesuan.app, ["run", "--dask", two.address, "--home", str(home.root)])
    assert result.exit_code == 0
    assert "文档 2 " in result.output
    assert not Ledger(home).state().unread(*attempts.attempt())


@pytest.mark.parametrize(("count", "threads"), [(1, 1), (5, 2), (100, 2), (1000, 8)])
def test_batches_hold_every_job_once_and_get_smaller(count, threads) -> None:
    made = [Job(str(number), "") for number in range(count)]
    found = list(cluster.batches(made, threads))
    assert [job for batch in found for job in batch] == made
    sizes = [len(batch) for batch in found]
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes) <= 16
    assert sizes[-1] == 1
