"""Reading on a Dask cluster: the same documents, recipe and limits, on the machines of others.

Belongs here: batches, what runs on a Dask worker, and a cluster that cannot be reached, is of another
version, loses workers or goes away. Does not belong here: how a process is held to its limits (``fanout``)
and how a document is read (``recipe``). Dask is imported here alone, and only where a cluster is used.

Dask workers take bytes from the shared store and write parts to it; to and fro go sha256s and plain JSON.
Each thread of a Dask worker has a process of its own that reads, so that a document that breaks its reader
ends that process and not the Dask worker.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from assets.fanout import Crew, Outcome, outcome_of
from assets.limits import Limits, limits_from
from assets.recipe import Answer, Job, ReadingError, Terms, failed, raise_for_all, refusal
from warehouse.store import StoreError, store_at

if TYPE_CHECKING:
    import distributed

DASK = "JUESUAN_DASK"

_BATCH = 16
_CONNECT_SECONDS = 8
_GREET_SECONDS = 60
# A scheduler that is gone, or has had no worker, for so long is not waited for.
_GONE_SECONDS = 20
_NO_WORKER_SECONDS = 120
_POLL_SECONDS = 0.5


class ClusterError(ReadingError):
    """The cluster cannot be reached, or went away: one line that says what to do."""


def reads_at(address: str) -> Callable[[Sequence[Job], Terms], Generator[Outcome]]:
    """What reads documents on the cluster at an address (``tcp://host:8786``)."""
    return partial(read_all, address=address)


def check(address: str) -> None:
    """``ClusterError`` if there is no cluster at an address, or it has no worker."""
    with _connected(address):
        pass


def read_all(
    jobs: Sequence[Job], terms: Terms, *, address: str, limits: Limits | None = None
) -> Generator[Outcome]:
    """Read documents on a cluster and keep their parts; the outcome of every job, as they come.

    As ``fanout.read_all``; ``ClusterError`` if the cluster cannot be reached or goes away, ``ReadingError``
    if a worker is of another version or does not see the store.
    """
    if not jobs:
        return
    limits = limits or limits_from()
    terms = replace(terms, stamp=store_at(terms.store).stamped())
    with _connected(address) as client:
        _greet(client, terms)
        reading = _Reading(client, terms, limits, address)
        for batch in batches(jobs, sum(_threads(client))):
            reading.submit(batch)
        yield from reading.outcomes(len(jobs))


def batches(jobs: Sequence[Job], threads: int) -> Iterator[Sequence[Job]]:
    """Batches of at most 16, smaller towards the end, so that no worker has the last ones alone."""
    start = 0
    while start < len(jobs):
        size = min(_BATCH, -(-(len(jobs) - start) // (4 * max(threads, 1))))
        yield jobs[start : start + size]
        start += size


@contextmanager
def _connected(address: str) -> Iterator[distributed.Client]:
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError("在 Dask 集群上读取还缺程序包：先运行 pip install 'juesuan[cluster]'") from error
    # What it says of a connection that is lost is said here in one line.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"连不上 Dask 调度器 {address}：确认地址、网络和 dask scheduler 在运行，或不加 --dask"
        ) from error
    try:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        if not _threads(client):
            raise ClusterError(f"Dask 集群 {address} 里没有 worker：先启动 dask worker {address}")
        yield client
    finally:
        with suppress(Exception):  # nobody is left to say goodbye to
            client.close(timeout=1)


def _threads(client: distributed.Client) -> list[int]:
    """How many documents each worker reads at a time; empty where there is none, or nobody answers."""
    with suppress(OSError, TimeoutError):
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        return [worker["nthreads"] for worker in workers]
    return []


def _greet(client: distributed.Client, terms: Terms) -> None:
    """Have every worker say whether it may read on these terms; ``ReadingError`` if one may not."""
    for worker, answer in client.run(greet, asdict(terms), on_error="return").items():
        if isinstance(answer, OSError):
            continue  # it went away meanwhile; what it would have read another will
        if isinstance(answer, BaseException):
            raise _strange(answer) from answer
        raise_for_all(answer, terms, f"Dask worker {worker} ")


def _strange(error: BaseException) -> ReadingError:
    why = " ".join(str(error).split())[:200]
    return ReadingError(
        f"Dask worker 上的程序出错（{type(error).__name__}：{why}）："
        "确认各台机器装了同一版本的 juesuan 后再运行一次，读完的不受影响"
    )


class _Reading:
    """Batches on their way: what is done comes in, what a lost worker had is sent again, one by one."""

    def __init__(self, client: distributed.Client, terms: Terms, limits: Limits, address: str) -> None:
        self._client, self._terms, self._limits, self._address = client, terms, limits, address
        self._done: queue.SimpleQueue[distributed.Future] = queue.SimpleQueue()
        # Their keys name them; a future that nobody holds would be cancelled.
        self._sent: dict[str, tuple[distributed.Future, Sequence[Job]]] = {}

    def submit(self, batch: Sequence[Job]) -> None:
        """Send a batch to whichever worker is free first."""
        asked = [asdict(job) for job in batch]
        future = self._client.submit(read_batch, asdict(self._terms), asdict(self._limits), asked, pure=False)
        self._sent[future.key] = future, batch
        future.add_done_callback(self._done.put)

    def outcomes(self, count: int) -> Generator[Outcome]:
        """As many outcomes as there are jobs, as their batches are done."""
        while count:
            future, batch = self._sent.pop(self._next().key)
            if future.status == "finished":
                answers = self._result(future)
            elif future.status != "error":
                raise self._gone()
            else:
                self._lost(future, batch)
                answers = self._failures(batch)
            for job, answer in zip(batch, answers, strict=False):
                count -= 1
                yield outcome_of(job, self._terms, self._limits, **answer)

    def _next(self) -> distributed.Future:
        """The next future that is done; ``ClusterError`` once there is nobody left to wait for."""
        well = time.monotonic()
        while True:
            with suppress(queue.Empty):
                return self._done.get(timeout=_POLL_SECONDS)
            running = self._client.status == "running"
            if running and _threads(self._client):
                well = time.monotonic()
            elif time.monotonic() - well > (_NO_WORKER_SECONDS if running else _GONE_SECONDS):
                raise self._gone()

    def _result(self, future: distributed.Future) -> list[dict[str, Any]]:
        try:
            answers: list[dict[str, Any]] = future.result(timeout=_GREET_SECONDS)
        except Exception as error:  # the answer was on a worker, or the scheduler, that is gone
            raise self._gone() from error
        return answers

    def _lost(self, future: distributed.Future, batch: Sequence[Job]) -> None:
        """Send each document of a batch again that several workers were lost over, alone."""
        from distributed import KilledWorker

        error = future.exception(timeout=_GREET_SECONDS)
        if not isinstance(error, KilledWorker):
            raise _strange(error) from error
        if len(batch) > 1:
            for job in batch:
                self.submit([job])

    def _failures(self, batch: Sequence[Job]) -> list[dict[str, Any]]:
        """What is answered for a batch whose workers were lost: of one document, that it did that."""
        answer = failed("ended", "读它的 Dask worker 一再失去")
        return [{"answer": answer}] if len(batch) == 1 else []

    def _gone(self) -> ClusterError:
        return ClusterError(
            f"Dask 集群 {self._address} 断开了：读完的都已留存，恢复后再运行一次就接着读，或不加 --dask"
        )


# --- what runs on a Dask worker --------------------------------------------------------------

_crews: dict[tuple[Terms, Limits], Crew] = {}
_crews_lock = threading.Lock()


def greet(terms: dict[str, Any]) -> Answer:
    """Why this Dask worker may not read on these terms; empty if it may."""
    asked = Terms(**terms)
    try:
        return refusal(asked, store_at(asked.store)) or {}
    except StoreError as error:
        return failed("store", str(error))


def read_batch(
    terms: dict[str, Any], limits: dict[str, Any], jobs: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Read documents in this thread's process, which stays for the next batch; an answer for each."""
    asked = Terms(**terms), Limits(**limits)
    with _crews_lock:
        crew = _crews.setdefault(asked, Crew(*asked))
    return [crew.read(Job(**job)) for job in jobs]
