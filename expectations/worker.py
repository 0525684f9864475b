"""Validation in a process of its own, which imports Great Expectations while others read documents.

Belongs here: what is asked of that process and what it answers; frames travel as Arrow IPC bytes.
Does not belong here: how such a process is started, talked to and ended (``pipelines.child``), what is
validated (``suites``, ``bridge``) and what follows from it.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from types import TracebackType
from typing import TYPE_CHECKING

from pipelines.child import Caller, Child, serve

if TYPE_CHECKING:
    import polars as pl

    from expectations.bridge import Validation


class ValidationFailedError(RuntimeError):
    """The worker could not validate; the message says what went wrong there."""


class ValidationWorker:
    """A context manager around one worker process; the process starts importing on entry."""

    def __init__(self) -> None:
        self._child: Child | None = None

    def __enter__(self) -> ValidationWorker:
        self._child = Child("expectations.worker")
        return self

    def validate(
        self, fiscal_year: int, tables: Mapping[str, pl.DataFrame], *, today: date | None = None
    ) -> Validation:
        """As ``bridge.validate``, done by the worker; waits for it if it is still importing.

        Raises ``ValidationFailedError`` when the worker reports an error or has died.
        """
        from expectations.bridge import Validation
        from expectations.suites_data import TABLES

        child = self._child
        if child is None:
            raise RuntimeError("the worker is not running: enter its context first")
        header = {"fiscal_year": fiscal_year, "today": (today or date.today()).isoformat()}
        try:
            child.send(header, _packed([tables[name] for name in TABLES]))
            answer, bodies = child.receive()
        except (EOFError, BrokenPipeError):
            why = child.last_words() or "没有留下原因"
            raise ValidationFailedError(f"校验进程意外结束：{why}") from None
        if "error" in answer:
            raise ValidationFailedError(f"校验未能完成：{answer['error']}")
        results, failures = _unpacked(bodies)
        return Validation(results=results, failures=failures)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()


def _packed(frames: Sequence[pl.DataFrame]) -> list[bytes]:
    bodies = []
    for frame in frames:
        body = BytesIO()
        frame.write_ipc(body)
        bodies.append(body.getvalue())
    return bodies


def _unpacked(bodies: Sequence[bytes]) -> list[pl.DataFrame]:
    import polars as pl

    return [pl.read_ipc(body) for body in bodies]


def _answer(caller: Caller) -> None:
    """The worker's side: import first, then answer."""
    from expectations.deferral import deferred_imports

    with deferred_imports():
        from expectations.bridge import prepare, validate

        prepare()
    from expectations.suites_data import TABLES

    while True:
        header, bodies = caller.receive()
        tables = dict(zip(TABLES, _unpacked(bodies), strict=True))
        try:
            found = validate(header["fiscal_year"], tables, today=date.fromisoformat(header["today"]))
        except Exception:
            caller.send({"error": traceback.format_exc(limit=-3).strip()})
        else:
            caller.send({}, _packed([found.results, found.failures]))


if __name__ == "__main__":
    serve(_answer)
