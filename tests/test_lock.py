"""One writer a home, and a disk that refuses: said in words, with nothing lost and no lock left behind."""

import errno
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from assets.run import run
from tests.warehouse_fixtures import a_home
from warehouse.build import build
from warehouse.home import Home
from warehouse.lock import HomeBusyError, alone

HOLDER = """
import sys, time
from pathlib import Path
from warehouse.home import Home
from warehouse.lock import alone
with alone(Home(Path(sys.argv[1])), "juesuan run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return a_home(tmp_path)


@pytest.fixture
def holder(home: Home):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_run_is_refused_and_told_who_holds_the_home(home: Home, holder: subprocess.Popen) -> None:
    before = sorted(home.lake.rglob("*"))
    with pytest.raises(HomeBusyError) as refused:
        run(home.root)
    assert f"「juesuan run」（{os.uname().nodename} 上的进程 {holder.pid}，始于 " in str(refused.value)
    assert sorted(home.lake.rglob("*")) == before


def test_a_killed_run_leaves_no_lock(home: Home, holder: subprocess.Popen) -> None:
    holder.kill()
    holder.wait()
    with alone(home, "test"):
        assert f'"pid": {os.getpid()}' in home.lock_holder_file.read_text("utf-8")


def test_a_full_disk_is_told_as_such_and_leaves_what_was_there(home: Home, monkeypatch) -> None:
    target = home.lake / "table.parquet"
    home.put(target, lambda scratch: scratch.write_text("before", "utf-8"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))

    def broken(scratch: Path) -> None:
        raise RuntimeError("Invalid thrift: transport error")

    with pytest.raises(OSError, match="No space left") as full:
        home.put(target, broken)
    assert full.value.errno == errno.ENOSPC
    assert target.read_text("utf-8") == "before"
    assert not list(home.scratch.iterdir())


def test_a_disk_that_fills_while_the_warehouse_is_built_is_told_as_such(home: Home, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise duckdb.FatalException('Could not write file "x": No space left on device')

    monkeypatch.setattr("warehouse.build._fill", full)
    with pytest.raises(OSError, match="No space left") as told:
        build(home, now=datetime(2026, 11, 22, tzinfo=UTC))
    assert told.value.errno == errno.ENOSPC
    assert not list(home.scratch.iterdir())


def test_a_run_clears_away_what_a_killed_one_left(home: Home) -> None:
    (home.scratch / "build-1.duckdb.tmp").mkdir()
    (home.scratch / "left.parquet").touch()
    with alone(home, "test"):
        assert not list(home.scratch.iterdir())
        (home.scratch / "own.parquet").touch()
        with alone(home, "step"):
            assert list(home.scratch.iterdir())


def test_who_waits_gets_the_lock_when_it_is_free(home: Home, holder: subprocess.Popen) -> None:
    started = time.monotonic()
    with pytest.raises(HomeBusyError), alone(home, "test", wait=0.2):
        pass
    assert time.monotonic() - started >= 0.2
    holder.kill()
    with alone(home, "test", wait=10):
        pass


def test_the_steps_of_a_run_hold_the_lock_of_their_run(home: Home) -> None:
    with alone(home, "juesuan run"):
        with alone(home, "Dagster publish"):
            pass
        told = home.lock_holder_file.read_text("utf-8")
        assert "juesuan run" in told
        refused = subprocess.run(
            [sys.executable, "-c", HOLDER, str(home.root)], capture_output=True, text=True, timeout=60
        )
        assert "HomeBusyError" in refused.stderr
