"""Reading in worker processes, one document each at a time, within limits: a document that crashes, stalls
or fills the memory of its reader is a failure in the list, and the run goes on.

Belongs here: the workers, their limits, and what is said of a document that broke one. Does not belong
here: how a document is read (``pipelines``) and what becomes of a part or a failure (``steps``).

Workers live as long as there is anything to read, so that they import the reader once; one that was
ended, or has grown, is replaced. Each is spoken to by a thread, and one more thread holds all to their
limits. A small plain text is read in this process instead: it takes 50 ms and cannot crash, and a worker
takes 0.3 s of a core to start while the suites are being imported on another. Memory is what the process
really holds (RSS), watched 20 times a second where ``/proc`` shows it: a limit of the address space would
count what polars, OpenBLAS and camelot only reserve.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assets.read_worker import resolve, told
from pipelines import model
from pipelines.child import Child, GarbledError
from pipelines.model import DocumentPart, Issue
from pipelines.performance import records

READER = "pipelines.document:read_document"
WORKERS, SECONDS, MEMORY = "JUESUAN_READ_WORKERS", "JUESUAN_READ_SECONDS", "JUESUAN_READ_MB"

# Every process brings its own parallelism: a pool of threads in each only takes memory.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# Where a process keeps temporary files: in a folder of its own, for one that was ended clears nothing away.
_SCRATCH = ("TMPDIR", "TEMP", "TMP")
_POLL_SECONDS = 0.05
_SMALL_TEXT = 1 << 20
_HEAD = 4096
# What no plain text begins with: formats that are written in text.
_NO_PLAIN_TEXT = (b"<", b"{\\rtf")
_CONTROLS = frozenset(range(32)) - set(b"\t\n\r\f")

_TRY_ANOTHER_COPY = "文件可能损坏或异常：用阅读器打开后另存一份再放入；仍然不行，把文件交给维护者"


@dataclass(frozen=True, slots=True)
class Job:
    """A document to read: its sha256, where its kept bytes lie, and the name it came by, for messages."""

    sha256: str
    source: Path
    name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take: seconds of wall time, and MiB that its process holds.

    Pages, cells and sizes of archives are limits of the readers themselves (``pipelines.limits``).
    """

    seconds: float = 120
    memory_mb: int = 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """A part, or why there is none; wall seconds, and the most MiB that the worker held (0: read here)."""

    job: Job
    part: DocumentPart | None
    failure: Issue | None
    seconds: float = 0.0
    peak_mb: float = 0.0


def workers_from(environment: Mapping[str, str] = os.environ) -> int:
    """How many processes read: JUESUAN_READ_WORKERS, else one a core up to four."""
    return int(_number(environment, WORKERS, min(4, os.cpu_count() or 1)))


def limits_from(environment: Mapping[str, str] = os.environ) -> Limits:
    """JUESUAN_READ_SECONDS and JUESUAN_READ_MB over the defaults; ``ValueError`` if one is no number."""
    usual = Limits()
    return Limits(
        seconds=_number(environment, SECONDS, usual.seconds),
        memory_mb=int(_number(environment, MEMORY, usual.memory_mb)),
    )


def _number(environment: Mapping[str, str], name: str, usual: float) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return usual
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"环境变量 {name} 应为正整数，现为「{text}」")
    return int(text)


def read_all(jobs: Iterable[Job], *, workers: int, limits: Limits, reader: str = READER) -> Iterator[Outcome]:
    """The outcome of every job, in the order in which they are done. Never raises for a document.

    ``reader`` names the function (``package.module:function``) that makes a part of bytes and a name.
    No worker outlives this iterator.
    """
    small: list[Job] = []
    large: list[Job] = []
    for job in jobs:
        (small if is_small_text(job.source) else large).append(job)
    with _Pool(large, min(workers, len(large)), limits, reader) as pool:
        for job in small:
            yield _read_here(job, reader)
        for _ in large:
            yield pool.outcomes.get()


def is_small_text(source: Path) -> bool:
    """Whether a file is plain text of at most 1 MiB, by its size and its first 4 KiB."""
    try:
        with source.open("rb") as file:
            head = file.read(_HEAD)
            size = os.fstat(file.fileno()).st_size
    except OSError:
        return True  # reading it will say so
    if size > _SMALL_TEXT or b"%PDF-" in head or _CONTROLS & set(head):
        return False
    return not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_NO_PLAIN_TEXT)


def _read_here(job: Job, reader: str) -> Outcome:
    started = time.monotonic()
    try:
        data = job.source.read_bytes()
    except OSError:
        return Outcome(job, None, _failure("source"))
    try:
        part, failure = resolve(reader)(data, name=job.name), None
    except Exception as error:  # one document never stops a run
        part, failure = None, broken_by(error)
    return Outcome(job, part, failure, time.monotonic() - started)


def broken_by(error: Exception) -> Issue:
    """What is said of a document on which the program itself broke."""
    return _failure("error", told(error))


# --- the workers -----------------------------------------------------------------------------


class _Pool:
    """So many workers, each with its thread, over one queue of jobs, and the thread that watches them."""

    def __init__(self, jobs: Iterable[Job], size: int, limits: Limits, reader: str) -> None:
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in jobs:
            self._jobs.put(job)
        self._over = threading.Event()
        self._workers = [_Worker(limits, reader) for _ in range(size)]
        self._threads = [threading.Thread(target=self._work, args=(w,), daemon=True) for w in self._workers]
        if size:
            self._threads.append(threading.Thread(target=self._watch, daemon=True))

    def __enter__(self) -> _Pool:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for worker in self._workers:
            worker.dismiss()
        for thread in self._threads:
            thread.join()

    def _work(self, worker: _Worker) -> None:
        with suppress(queue.Empty):
            while not self._over.is_set():
                self.outcomes.put(worker.read(self._jobs.get_nowait()))
        worker.close()

    def _watch(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            for worker in self._workers:
                worker.hold_to_limits()


class _Worker:
    """One process at a time that reads one document at a time, started when it is first needed.

    ``read`` and ``close`` are called by its thread, ``hold_to_limits`` and ``dismiss`` by others.
    """

    def __init__(self, limits: Limits, reader: str) -> None:
        self._limits = limits
        self._reader = reader
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._prepared = 0
        self._began = 0.0
        self._since: float | None = None
        self._broken = ""
        self._dismissed = False
        self._peak_mb = 0.0

    def read(self, job: Job) -> Outcome:
        """Have one document read; whatever becomes of the process is the outcome."""
        self._began = time.monotonic()
        self._peak_mb = 0.0
        try:
            part, failure = self._ask(job), None
        except _FailedError as failed:
            part, failure = None, failed.issue
        except Exception as error:  # no process can be started
            part, failure = None, broken_by(error)
        return Outcome(job, part, failure, time.monotonic() - self._began, self._peak_mb)

    def _ask(self, job: Job) -> DocumentPart:
        child = self._started()
        try:
            if child.pid != self._prepared:
                child.receive()
                self._prepared = child.pid
            self._time(child)
            child.send({"source": str(job.source), "name": job.name})
            answer, bodies = child.receive()
            part = _unpickled(bodies[0]) if bodies else None
        except (EOFError, BrokenPipeError):
            raise self._ended(child) from None
        except (GarbledError, pickle.UnpicklingError) as error:
            self.close()
            raise _FailedError(_failure("garbled", told(error))) from None
        finally:
            with self._lock:
                self._since = None
        held, peak = memory_mb(child.pid)
        self._peak_mb = max(self._peak_mb, peak)
        if self._broken or held > self._limits.memory_mb / 2:
            self.close()
        if part is None:
            raise _FailedError(
                _failure(str(answer.get("failed")), str(answer.get("why")), limits=self._limits)
            )
        return part

    def _started(self) -> Child:
        """The process, a new one if there is none. To become ready takes no document's time."""
        with self._lock:
            if self._dismissed:
                raise RuntimeError("nobody waits for this document any more")
            if self._child is None:
                self._scratch = TemporaryDirectory(prefix="juesuan-read-")
                environment = {**_ONE_THREAD, **dict.fromkeys(_SCRATCH, self._scratch.name)}
                self._child = Child("assets.read_worker", self._reader, environment=environment)
            return self._child

    def _time(self, child: Child) -> None:
        """Let a document's time and memory be counted from now."""
        with self._lock:
            self._broken, self._began = "", time.monotonic()
            self._since = self._began
            forget_peak(child.pid)

    def _ended(self, child: Child) -> _FailedError:
        why = _exit_told(child.wait())
        if words := child.last_words():
            why += f"，最后的话：{' '.join(words.splitlines()[-1].split())[:200]}"
        broken = self._broken or "ended"
        self.close()
        return _FailedError(_failure(broken, why, limits=self._limits))

    def hold_to_limits(self) -> None:
        """End the process if the document that it reads has taken more than it may."""
        with self._lock:
            if self._child is None or self._since is None or self._broken:
                return
            held, _ = memory_mb(self._child.pid)
            self._peak_mb = max(self._peak_mb, held)
            if time.monotonic() - self._since > self._limits.seconds:
                self._broken = "seconds"
            elif held > self._limits.memory_mb:
                self._broken = "memory"
            if self._broken:
                self._child.kill()

    def dismiss(self) -> None:
        """End the process, whatever it does, and start none again."""
        with self._lock:
            self._dismissed = True
            if self._child is not None:
                self._child.kill()

    def close(self) -> None:
        """End the process and forget it: the next document gets a new one."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.close()
            self._scratch.cleanup()


def memory_mb(pid: int) -> tuple[float, float]:
    """MiB of memory that a process holds, and the most it held; zeros where the system does not show it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return (0.0, 0.0)
    fields = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Vm"))
    held, peak = (int(fields.get(name, "0 kB").split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return held, peak


def forget_peak(pid: int) -> None:
    """Let the most that a process held count from now."""
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")


# --- what comes back -------------------------------------------------------------------------


class _FailedError(Exception):
    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.reason)
        self.issue = issue


# The modules whose records a part is made of.
_RECORDS = {module.__name__: module for module in (model, records)}


class _Unpickler(pickle.Unpickler):
    """Makes the records of a part and nothing else: the worker has read what strangers wrote."""

    def find_class(self, module: str, name: str) -> Any:
        """The classes that a part is made of."""
        record = vars(_RECORDS[module]).get(name) if module in _RECORDS else None
        if isinstance(record, type) and is_dataclass(record):
            return record
        if (module, name) in (("decimal", "Decimal"), ("datetime", "date")):
            return {"Decimal": Decimal, "date": date}[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a document")


def _unpickled(body: bytes) -> DocumentPart:
    try:
        part = _Unpickler(BytesIO(body)).load()
    except Exception as error:  # what garbage raises is not foreseeable
        raise pickle.UnpicklingError(told(error)) from None
    if not isinstance(part, DocumentPart):
        raise pickle.UnpicklingError(f"{type(part).__name__} is not a part of a document")
    return part


def _exit_told(code: int) -> str:
    if code >= 0:
        return f"退出码 {code}"
    with suppress(ValueError):
        return f"信号 {signal.Signals(-code).name}"
    return f"信号 {-code}"


_SAID: Mapping[str, tuple[Callable[[str, Limits], str], str]] = {
    "seconds": (
        lambda _, limits: f"读取超过 {limits.seconds:g} 秒，已中止",
        f"{_TRY_ANOTHER_COPY}；确是很大的文件，把环境变量 {SECONDS} 调大后再运行",
    ),
    "memory": (
        lambda _, limits: f"读取占用的内存超过 {limits.memory_mb} MiB，已中止",
        f"{_TRY_ANOTHER_COPY}；确是很大的文件，把环境变量 {MEMORY} 调大后再运行",
    ),
    "ended": (lambda why, _: f"读取进程意外结束（{why}）", _TRY_ANOTHER_COPY),
    "garbled": (lambda why, _: f"读取进程的回答无法辨认（{why}）", _TRY_ANOTHER_COPY),
    "source": (lambda *_: "留存的原文读不到", "把原文件放回 inbox 再运行一次 juesuan run"),
    "error": (
        lambda why, _: f"读取程序出错（{why}）",
        "这是程序的问题：把文件和这句话交给维护者；修好后再运行一次",
    ),
}


def _failure(cause: str, why: str = "", *, limits: Limits = Limits()) -> Issue:
    reason, advice = _SAID.get(cause, _SAID["garbled"])
    return Issue("failed", "读取", "文件", reason(why, limits), advice)
