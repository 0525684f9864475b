"""Validation in a process of its own, which imports Great Expectations while others read documents.

Belongs here: starting and ending that process, and the messages between the two.
Does not belong here: what is validated (``suites``, ``bridge``) and what follows from it.

The process is ``python -m expectations.worker``, not a ``multiprocessing`` child: it never imports the
caller's main module, so it behaves the same under the command line, Dagster and pytest. Frames travel
as Arrow IPC bytes over stdin and stdout, each message a length-prefixed JSON header and the bytes of
its frames. In the worker, stdout belongs to these messages: what any library prints goes to stderr,
and stderr to a temporary file that is shown only if the worker fails. When the caller goes away, however
that happens, the worker sees that its parent is gone, or that stdin has ended, and ends too.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from expectations.bridge import Validation

_LENGTH = struct.Struct(">Q")
_WATCH_SECONDS = 0.5


class ValidationFailedError(RuntimeError):
    """The worker could not validate; the message says what went wrong there."""


class ValidationWorker:
    """A context manager around one worker process; the process starts importing on entry."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None

    def __enter__(self) -> ValidationWorker:
        root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._stderr = tempfile.TemporaryFile()
        # -P: a stray pandas.py in the working directory must not be imported instead of the library.
        self._process = subprocess.Popen(  # noqa: S603 (our own module and a number, no outside words)
            [sys.executable, "-P", "-m", "expectations.worker", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, "PYTHONPATH": path},
        )
        return self

    def validate(
        self, fiscal_year: int, tables: Mapping[str, pl.DataFrame], *, today: date | None = None
    ) -> Validation:
        """As ``bridge.validate``, done by the worker; waits for it if it is still importing.

        Raises ``ValidationFailedError`` when the worker reports an error or has died.
        """
        from expectations.bridge import Validation
        from expectations.suites_data import TABLES

        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the worker is not running: enter its context first")
        header = {"fiscal_year": fiscal_year, "today": (today or date.today()).isoformat()}
        try:
            _send(process.stdin, header, {name: tables[name] for name in TABLES})
            answer, frames = _receive(process.stdout)
        except (EOFError, BrokenPipeError):
            raise ValidationFailedError(f"校验进程意外结束：{self._last_words()}") from None
        if "error" in answer:
            raise ValidationFailedError(f"校验未能完成：{answer['error']}")
        return Validation(results=frames["results"], failures=frames["failures"])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process, stderr = self._process, self._stderr
        self._process = self._stderr = None
        if process is None or process.stdin is None or process.stdout is None or stderr is None:
            return
        # The worker keeps nothing that could be lost: it need not finish what nobody waits for.
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, stderr):
            with suppress(BrokenPipeError):
                stream.close()

    def _last_words(self) -> str:
        if self._stderr is None:
            return ""
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace").strip()[-2000:] or "没有留下原因"


def _send(stream: IO[bytes], header: Mapping[str, Any], frames: Mapping[str, pl.DataFrame]) -> None:
    bodies = []
    for frame in frames.values():
        body = BytesIO()
        frame.write_ipc(body)
        bodies.append(body.getvalue())
    head = json.dumps({**header, "frames": list(frames)}, ensure_ascii=False).encode()
    for part in (head, *bodies):
        stream.write(_LENGTH.pack(len(part)))
        stream.write(part)
    stream.flush()


def _receive(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """The next message; ``EOFError`` when the other side is gone."""
    import polars as pl

    header = json.loads(_read_part(stream))
    return header, {name: pl.read_ipc(_read_part(stream)) for name in header["frames"]}


def _read_part(stream: IO[bytes]) -> bytes:
    (length,) = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))
    return _read_exactly(stream, length)


def _read_exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def _end_with(caller: int) -> None:
    """End this process when ``caller``, its parent, is gone, even in the middle of an import."""
    while os.getppid() == caller:
        time.sleep(_WATCH_SECONDS)
    os._exit(0)


def _serve(caller: int) -> None:
    """The worker's side: import first, then answer messages until stdin ends."""
    if os.name == "posix":  # elsewhere a launcher may stand between the two, and the end of stdin must do
        threading.Thread(target=_end_with, args=(caller,), daemon=True).start()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    from expectations.deferral import deferred_imports

    with deferred_imports():
        from expectations.bridge import prepare, validate

        prepare()
    while True:
        try:
            header, tables = _receive(sys.stdin.buffer)
        except EOFError:
            return
        try:
            found = validate(header["fiscal_year"], tables, today=date.fromisoformat(header["today"]))
        except Exception:
            _send(answers, {"error": traceback.format_exc(limit=-3).strip()}, {})
        else:
            _send(answers, {}, {"results": found.results, "failures": found.failures})


if __name__ == "__main__":
    try:
        _serve(int(sys.argv[1]))
    except (BrokenPipeError, KeyboardInterrupt):
        # The caller is gone: there is nobody left to tell.
        os._exit(0)
