"""A module of ours run as a process of its own, and the messages that the two exchange.

Belongs here: starting and ending such a process, framing of messages, and what both ends owe each other.
Does not belong here: what is asked and answered (``expectations.worker``, ``assets.fanout``). It stands
in the lowest folder because every folder above may need it; it imports nothing but the standard library.

The process is ``python -P -m module``, not a ``multiprocessing`` child: it never imports the caller's
main module, so it behaves the same under the command line, Dagster and pytest. A message is a JSON header
and byte strings, each with its length before it, over stdin and stdout. In the process, stdout belongs to
these messages: what any library prints goes to stderr, and stderr to a temporary file that is shown only
when the process fails. When the caller goes away, however that happens, the process ends too.
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
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

Message = tuple[dict[str, Any], list[bytes]]

_LENGTH = struct.Struct(">Q")
# No message of ours is longer: a greater length is not ours.
_LONGEST = 1 << 32
_WATCH_SECONDS = 0.5


class GarbledError(RuntimeError):
    """What came over the pipe is not a message."""


class Child:
    """One running process of ``module``; it starts, and starts importing, when this is made.

    Only one thread may send and receive; ``kill`` may be called by any.
    """

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        # -P: a stray pandas.py in the working directory must not be imported instead of the library.
        self._process = subprocess.Popen(  # noqa: S603 (our own modules and words, none from outside)
            [sys.executable, "-P", "-m", module, str(os.getpid()), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, **(environment or {}), "PYTHONPATH": path},
        )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def send(self, header: Mapping[str, Any], bodies: Sequence[bytes] = ()) -> None:
        """Ask; ``BrokenPipeError`` when the process is gone."""
        if self._process.stdin is None:
            raise BrokenPipeError
        _send(self._process.stdin, header, bodies)

    def receive(self) -> Message:
        """Wait for the answer; ``EOFError`` when the process is gone, ``GarbledError`` when it is none."""
        if self._process.stdout is None:
            raise EOFError
        return _receive(self._process.stdout)

    def kill(self) -> None:
        """End the process at once: it keeps nothing that could be lost."""
        self._process.kill()

    def wait(self) -> int:
        """Wait until the process has ended; its exit code, or minus the signal that ended it."""
        return self._process.wait()

    def last_words(self) -> str:
        """The end of what the process wrote to stderr."""
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace").strip()[-2000:]

    def close(self) -> None:
        """Kill the process if it still runs, and give back what it took."""
        self.kill()
        self.wait()
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            with suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()


class Caller:
    """The process's side of the pipe: what the caller asks, and how it is answered."""

    def __init__(self) -> None:
        caller = int(sys.argv[1])
        if os.name == "posix":  # elsewhere a launcher may stand between the two; the end of stdin must do
            threading.Thread(target=_end_with, args=(caller,), daemon=True).start()
        self._answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def receive(self) -> Message:
        """The next question; ``EOFError`` when the caller is gone."""
        return _receive(sys.stdin.buffer)

    def send(self, header: Mapping[str, Any], bodies: Sequence[bytes] = ()) -> None:
        """Answer."""
        _send(self._answers, header, bodies)


def serve(answer: Callable[[Caller], None]) -> None:
    """Run the process's side until its caller is gone: ``answer`` imports what it needs, then loops."""
    try:
        answer(Caller())
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        # The caller is gone: there is nobody left to tell.
        os._exit(0)


def _send(stream: IO[bytes], header: Mapping[str, Any], bodies: Sequence[bytes]) -> None:
    head = json.dumps({**header, "bodies": len(bodies)}, ensure_ascii=False).encode()
    for part in (head, *bodies):
        stream.write(_LENGTH.pack(len(part)))
        stream.write(part)
    stream.flush()


def _receive(stream: IO[bytes]) -> Message:
    try:
        header = json.loads(_read_part(stream))
        bodies = header.pop("bodies")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise GarbledError(str(error)) from None
    return header, [_read_part(stream) for _ in range(bodies)]


def _read_part(stream: IO[bytes]) -> bytes:
    (length,) = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))
    if length > _LONGEST:
        raise GarbledError(f"a message of {length} bytes")
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
