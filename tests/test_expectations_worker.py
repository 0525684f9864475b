"""The validation worker: its round trip, its ends, and the imports that it defers."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import polars as pl
import pytest

from expectations.bridge import FAILURE_SCHEMA, RESULT_SCHEMA
from expectations.worker import ValidationFailedError, ValidationWorker
from tests.expectations_examples import DOCUMENT, cell, document, tables

ROOT = Path(__file__).resolve().parent.parent


def python(code, **options):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def ended(pid, within=10.0):
    """Whether the process is gone (or waits to be reaped) within that many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        if not state.stdout.strip() or state.stdout.strip().startswith("Z"):
            return True
        time.sleep(0.05)
    return False


def test_a_year_goes_to_the_worker_and_its_validation_comes_back():
    year = tables([document()], cells=[cell(amount=None, subject_code="2080")])
    with ValidationWorker() as worker:
        first = worker.validate(2024, year)
        broken = year | {"fact_line_item": year["fact_line_item"].drop("status")}
        with pytest.raises(ValidationFailedError, match="status"):
            worker.validate(2024, broken)
        second = worker.validate(2024, year)
    assert first.results.schema == RESULT_SCHEMA
    assert first.failures.schema == FAILURE_SCHEMA
    named = first.failures.filter(expectation="functional-code-form").row(0, named=True)
    assert named == {
        "fiscal_year": 2024,
        "suite": "codes",
        "expectation": "functional-code-form",
        "document_id": DOCUMENT,
        "statement_id": f"{DOCUMENT}/expenditure",
        "cell_id": f"{DOCUMENT}/expenditure/r1/基本支出",
        "row_seq": 1,
        "value": "2080",
    }
    failed = first.results.filter(~pl.col("success"))["expectation"].to_list()
    assert {"functional-code-form", "printed-has-amount"} <= set(failed)
    assert second.results.equals(first.results)
    assert second.failures.equals(first.failures)


def test_a_worker_that_nobody_asks_ends_at_once():
    with ValidationWorker() as worker:
        pid = worker._child.pid
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert ended(pid)


def test_an_exception_in_the_caller_ends_the_worker():
    worker = ValidationWorker()

    def interrupted():
        with worker:
            pids.append(worker._child.pid)
            raise KeyboardInterrupt

    pids = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ended(pids[0])


def test_a_worker_that_dies_is_a_clear_error():
    with ValidationWorker() as worker:
        os.kill(worker._child.pid, signal.SIGKILL)
        with pytest.raises(ValidationFailedError, match="校验进程意外结束"):
            worker.validate(2024, tables())


def test_a_worker_outside_its_context_is_refused():
    with pytest.raises(RuntimeError, match="not running"):
        ValidationWorker().validate(2024, tables())


def test_the_worker_ends_with_a_caller_that_is_killed():
    caller = python(
        """
        import os
        from expectations.worker import ValidationWorker
        worker = ValidationWorker().__enter__()
        print(worker._child.pid, flush=True)
        os.kill(os.getpid(), 9)
        """,
        timeout=60,
    )
    assert ended(int(caller.stdout), within=5)


def test_starting_a_worker_imports_nothing_heavy_in_the_caller():
    caller = python(
        """
        import sys
        from expectations.worker import ValidationWorker
        with ValidationWorker():
            pass
        print(sorted({"polars", "pandas", "great_expectations"} & set(sys.modules)))
        """,
        timeout=60,
    )
    assert caller.stdout.strip() == "[]", caller.stderr


def test_deferred_imports_load_on_first_use_and_leave_no_hook_behind():
    caller = python(
        """
        import sys
        from expectations.deferral import deferred_imports
        before = list(sys.meta_path)
        with deferred_imports(deferred=["json.tool", "colorsys"], absent=["sqlite3"]):
            import colorsys
            try:
                import sqlite3
            except ImportError:
                print("absent")
        assert sys.meta_path == before
        print("rgb_to_hsv" in object.__getattribute__(colorsys, "__dict__"))
        print(colorsys.rgb_to_hsv(0, 0, 0))
        print("rgb_to_hsv" in object.__getattribute__(colorsys, "__dict__"))
        import sqlite3
        print(sqlite3.connect(":memory:").execute("select 1").fetchone())
        """,
        timeout=60,
    )
    assert caller.stdout.split("\n")[:5] == ["absent", "False", "(0.0, 0.0, 0)", "True", "(1,)"], (
        caller.stderr
    )


def test_great_expectations_works_with_deferred_imports_even_where_it_needs_one():
    caller = python(
        """
        import sys
        from expectations.deferral import deferred_imports
        with deferred_imports():
            from expectations.bridge import _batches, prepare
            prepare()
            import great_expectations as gx
        loaded = [m for m in sys.modules if m.startswith(("altair.", "scipy.stats.", "sqlalchemy"))]
        assert not loaded, loaded
        import pandas
        batch = _batches().get_batch({"dataframe": pandas.DataFrame({"a": ["x", "y", "x", "y"]})})
        even = {"values": ["x", "y"], "weights": [0.5, 0.5]}
        needs_scipy = gx.expectations.ExpectColumnKLDivergenceToBeLessThan(
            column="a", partition_object=even, threshold=0.1
        )
        print(batch.validate(needs_scipy).success)
        print("scipy.stats._stats_py" in sys.modules)
        """,
        timeout=120,
    )
    assert (caller.stdout.split(), caller.stderr) == (["True", "True"], "")


def test_what_a_library_prints_never_reaches_the_channel():
    worker = python(
        """
        import os, sys, types
        noisy = types.ModuleType("expectations.bridge")
        noisy.prepare, noisy.validate = lambda: print("noise", flush=True), None
        sys.modules["expectations.bridge"] = noisy
        sys.argv[1:] = [str(os.getppid())]
        from expectations.worker import _answer
        from pipelines.child import serve
        serve(_answer)
        """,
        timeout=60,
        input="",
    )
    assert (worker.returncode, worker.stdout, worker.stderr) == (0, "", "noise\n")
