"""Reading in worker processes, one document each at a time, within limits: a document that crashes, stalls
or fills the memory of its reader is a failure in the list, and the run goes on.

Belongs here: the workers, and how they are held to their limits. Does not belong here: how a document is
read and its part kept (``recipe``), and what becomes of an answer (``reading``).

Workers take bytes from the store and put parts there themselves; their answer is a line of JSON. They live
as long as there is anything to read, so that they import the reader once; one that was ended, or has grown,
is replaced. Each is spoken to by a thread, and one more thread holds all to their limits. A few small plain
texts are read in this process instead: each takes 60 ms and cannot crash, and a worker takes a second of a
core to start while the suites are being imported on another. Memory is what the process really holds (RSS),
watched 20 times a second where ``/proc`` shows it: a limit of the address space would count what polars,
OpenBLAS and camelot only reserve.
"""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assets.limits import PASSING, Limits, failure, limits_from, workers_from
from assets.recipe import FIRST_YEAR, Answer, Job, Terms, failed, raise_for_all, read_and_keep, told
from pipelines.child import Child, GarbledError
from pipelines.model import Issue
from warehouse.sources import source_key
from warehouse.store import Store, store_at

# Every process brings its own parallelism: a pool of threads in each only takes memory.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
# Where a process keeps temporary files: in a folder of its own, for one that was ended clears nothing away.
_SCRATCH = ("TMPDIR", "TEMP", "TMP")
_POLL_SECONDS = 0.05
# Of so many documents the small texts are read here: two seconds of work.
_FEW = 40
_SMALL_TEXT = 1 << 20
_HEAD = 4096
# What no plain text begins with: formats that are written in text.
_NO_PLAIN_TEXT = (b"<", b"{\\rtf")
_CONTROLS = frozenset(range(32)) - set(b"\t\n\r\f")

# What a worker does not do to itself: somebody, or the system for want of memory, ended it.
_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a document: ``failure`` says why it has no part, else its part is kept.

    ``fiscal_year`` is that of the part. Wall seconds, and the most MiB that the worker held (0: read here).
    ``passing``: what went wrong lay not in the document, and may be over when it is tried again.
    """

    job: Job
    fiscal_year: int | None
    failure: Issue | None
    seconds: float = 0.0
    peak_mb: float = 0.0
    passing: bool = False


def read_all(
    jobs: Sequence[Job], terms: Terms, *, workers: int | None = None, limits: Limits | None = None
) -> Generator[Outcome]:
    """Read documents and keep their parts; the outcome of every job, in the order in which they are done.

    Never raises for a document; ``StoreError``, ``ReadingError`` or ``OSError`` for what would be so for
    any. ``workers`` and ``limits`` are those of the environment. No worker outlives this iterator.
    """
    workers, limits = workers or workers_from(), limits or limits_from()
    store = store_at(terms.store)
    small = [job for job in jobs if is_small_text(store, job)] if len(jobs) <= _FEW else []
    here = set(small)
    large = [job for job in jobs if job not in here]
    with _Pool(large, min(workers, len(large)), terms, limits) as pool:
        for job in small:
            yield _read_here(job, terms, store)
        for _ in large:
            done = pool.outcomes.get()
            if isinstance(done, Exception):
                raise done
            yield done


def is_small_text(store: Store, job: Job) -> bool:
    """Whether a document is plain text of at most 1 MiB, by its size and its first 4 KiB."""
    key = source_key(job.sha256)
    try:
        size, head = store.size(key), store.read(key, _HEAD)
    except OSError:
        return True  # reading it will say so
    if size is None or size > _SMALL_TEXT or b"%PDF-" in head or _CONTROLS & set(head):
        return False
    return not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_NO_PLAIN_TEXT)


def _read_here(job: Job, terms: Terms, store: Store) -> Outcome:
    started = time.monotonic()
    return outcome_of(job, terms, Limits(), read_and_keep(job, terms, store), time.monotonic() - started)


def outcome_of(
    job: Job, terms: Terms, limits: Limits, answer: Answer, seconds: float = 0.0, peak_mb: float = 0.0
) -> Outcome:
    """What an answer says of its document, whoever gave it; raises what it says of more than that."""
    raise_for_all(answer, terms)
    if "failed" in answer:
        cause = str(answer["failed"])
        said = failure(cause, str(answer.get("why", "")), limits=limits)
        return Outcome(job, None, said, seconds, peak_mb, cause in PASSING)
    return Outcome(job, answer["year"], None, seconds, peak_mb)


def _is_answer(answer: Answer, terms: Terms) -> bool:
    """Whether it is one that the recipe gives: who read what strangers wrote may say anything."""
    if set(answer) == {"year"}:
        year = answer["year"]
        return year is None or (type(year) is int and FIRST_YEAR <= year <= terms.this_year)
    return "failed" in answer


# --- the workers -----------------------------------------------------------------------------


class _Pool:
    """So many threads over one queue of jobs, each of which has documents read by a crew."""

    def __init__(self, jobs: Sequence[Job], size: int, terms: Terms, limits: Limits) -> None:
        self.outcomes: queue.SimpleQueue[Outcome | Exception] = queue.SimpleQueue()
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in jobs:
            self._jobs.put(job)
        self._over = threading.Event()
        self._terms, self._limits = terms, limits
        self._crew = Crew(terms, limits)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]

    def __enter__(self) -> _Pool:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._crew.dismiss()
        for thread in self._threads:
            thread.join()
        self._crew.close()

    def _work(self) -> None:
        with suppress(queue.Empty):
            while not self._over.is_set():
                job = self._jobs.get_nowait()
                try:
                    self.outcomes.put(outcome_of(job, self._terms, self._limits, **self._crew.read(job)))
                except Exception as error:  # it is the caller's
                    self.outcomes.put(error)


class Crew:
    """Workers that are kept from one document to the next, as many as there are threads that ask.

    After ``idle_seconds`` without a document a worker is ended; the next document gets a new one.
    """

    def __init__(self, terms: Terms, limits: Limits, idle_seconds: float = 60) -> None:
        self._terms, self._limits, self._idle_seconds = terms, limits, idle_seconds
        self._lock = threading.Lock()
        self._free: list[_Worker] = []
        self._all: list[_Worker] = []
        self._over = threading.Event()
        self._watching: threading.Thread | None = None

    def read(self, job: Job) -> dict[str, Any]:
        """Have one document read: ``answer``, ``seconds`` and ``peak_mb``, all of it plain JSON."""
        with self._lock:
            if self._watching is None:
                self._watching = threading.Thread(target=self._watch, daemon=True)
                self._watching.start()
            if self._free:
                worker = self._free.pop()
            else:
                self._all.append(worker := _Worker(self._terms, self._limits))
                if self._over.is_set():
                    worker.dismiss()
        try:
            return worker.read(job)
        finally:
            with self._lock:
                self._free.append(worker)

    def dismiss(self) -> None:
        """End all workers, whatever they do, and start none again."""
        with self._lock:
            self._over.set()
            crew = list(self._all)
        for worker in crew:
            worker.dismiss()

    def close(self) -> None:
        """Give back what the workers took, when none of them reads any more."""
        self.dismiss()
        if self._watching is not None:
            self._watching.join()
        for worker in self._all:
            worker.close()

    def _watch(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            with self._lock:
                for worker in self._free:
                    if worker.idle_seconds > self._idle_seconds:
                        worker.close()
                crew = list(self._all)
            for worker in crew:
                worker.hold_to_limits()


class _Worker:
    """One process at a time that reads one document at a time, started when it is first needed.

    ``read`` and ``close`` are called by one thread at a time, ``hold_to_limits`` and ``dismiss`` by any.
    """

    def __init__(self, terms: Terms, limits: Limits) -> None:
        self._terms = terms
        self._limits = limits
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._prepared, self._fresh_mb = 0, 0.0
        self._began = 0.0
        self._since: float | None = None
        self._broken = ""
        self._dismissed = False
        self._peak_mb = 0.0

    @property
    def idle_seconds(self) -> float:
        """Seconds since it was last given a document; 0 without a process."""
        return time.monotonic() - self._began if self._child is not None else 0.0

    def read(self, job: Job) -> dict[str, Any]:
        """Have one document read; whatever becomes of the process is the answer."""
        self._began = time.monotonic()
        self._peak_mb = 0.0
        try:
            answer = self._ask(job)
        except Exception as error:  # no process can be started
            answer = failed("system", told(error))
        return {"answer": answer, "seconds": time.monotonic() - self._began, "peak_mb": self._peak_mb}

    def _ask(self, job: Job) -> Answer:
        child = self._started()
        try:
            if child.pid != self._prepared:
                child.send(asdict(self._terms))
                child.receive()
                self._prepared, (self._fresh_mb, _) = child.pid, memory_mb(child.pid)
            self._time(child)
            child.send(asdict(job))
            answer, _ = child.receive()
            if not _is_answer(answer, self._terms):
                raise GarbledError(" ".join(str(answer).split())[:200])
        except (EOFError, BrokenPipeError):
            return self._ended(child)
        except GarbledError as error:
            self.close()
            return failed("garbled", told(error))
        finally:
            with self._lock:
                self._since = None
        held, peak = memory_mb(child.pid)
        self._peak_mb = max(self._peak_mb, peak)
        # What documents have left in it must not weigh on the next one.
        if self._broken or held > (self._fresh_mb + self._limits.memory_mb) / 2:
            self.close()
        return answer

    def _started(self) -> Child:
        """The process, a new one if there is none. To become ready takes no document's time."""
        with self._lock:
            if self._dismissed:
                raise RuntimeError("nobody waits for this document any more")
            if self._child is None:
                self._scratch = TemporaryDirectory(prefix="juesuan-read-")
                environment = {**_ONE_THREAD, **dict.fromkeys(_SCRATCH, self._scratch.name)}
                self._child = Child("assets.read_worker", environment=environment)
            return self._child

    def _time(self, child: Child) -> None:
        """Let a document's time and memory be counted from now."""
        with self._lock:
            self._broken, self._began = "", time.monotonic()
            self._since = self._began
            forget_peak(child.pid)

    def _ended(self, child: Child) -> Answer:
        why = _exit_told(code := child.wait())
        if words := child.last_words():
            why += f"，最后的话：{' '.join(words.splitlines()[-1].split())[:200]}"
        broken = self._broken or ("killed" if -code in _FROM_OUTSIDE else "ended")
        self.close()
        return failed(broken, why)

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


def _exit_told(code: int) -> str:
    if code >= 0:
        return f"退出码 {code}"
    with suppress(ValueError):
        return f"信号 {signal.Signals(-code).name}"
    return f"信号 {-code}"
