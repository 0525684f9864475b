"""The recipe of ``document_parts``: what this reader has not read yet is read, and its parts are kept.

Belongs here: plain functions, as in ``steps.py``, that know nothing of Dagster. Does not belong here: where
the reading is done (``fanout.py``), and how a document is read (``pipelines``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from assets import attempts
from assets.fanout import Outcome
from assets.fanout import read_all as read_all_here
from assets.progress import Progress
from assets.recipe import Job, Terms, terms_of
from assets.version import reader_version
from warehouse import lake, makings
from warehouse.home import Home
from warehouse.ledger import Ledger, LedgerState
from warehouse.store import opened, store_of

_NOTED_EVERY = 1.0


# What reads documents and keeps their parts, worker processes (``fanout``) or a cluster (``cluster``): the
# outcome of every job, as they come; what is left early reads no further.
ReadAll = Callable[[Sequence[Job], Terms], Generator[Outcome]]


def read_documents(
    home: Home,
    now: datetime,
    progress: Progress,
    years: Sequence[int] | None = None,
    *,
    read_all: ReadAll = read_all_here,
) -> dict[str, int]:
    """Read what this reader has not read yet, of all documents or of those of some years; keep the parts.

    Of some years also what the cache of parts has lost. A document that could not be read is noted
    with the reason, and tried again when that may have passed (see ``attempts``). Where nothing can be
    read at all, what was read so far is noted before that is raised.
    """
    state = Ledger(home).state()
    unread = attempts.to_read(home, state) if years is None else _without_part(home, state, years)
    return _read(home, state, unread, now, progress, read_all)


def read_anew(
    home: Home,
    years: Sequence[int],
    now: datetime,
    progress: Progress,
    *,
    read_all: ReadAll = read_all_here,
) -> dict[str, int]:
    """Read every document of some years from its kept source, whatever part of it is cached.

    Those too that a reader gave up on and that may be of these years, since nobody knows theirs.
    """
    state = Ledger(home).state()
    dated = [
        d.sha256
        for d in state.documents.values()
        if d.fiscal_year in years or (d.gave_up and d.fiscal_year is None)
    ]
    counts = _read(home, state, dated, now, progress, read_all, anew=True)
    for year in years:
        lake.forget_year(home, year)  # its tables are a cache of the parts, too, and its verdicts of these
        makings.forget(home, year)
    return counts


def _read(
    home: Home,
    state: LedgerState,
    unread: Sequence[str],
    now: datetime,
    progress: Progress,
    read_all: ReadAll,
    *,
    anew: bool = False,
) -> dict[str, int]:
    failed = 0
    if unread:
        names = {file.sha256: Path(file.path).name for file in reversed(state.files.values()) if file.sha256}
        jobs = [Job(sha256, names.get(sha256, sha256)) for sha256 in unread]
        terms = terms_of(opened(home), now.year, anew=anew)
        progress("读文档", 0, len(jobs), "")
        with _noting(Ledger(home), now) as note, closing(read_all(jobs, terms)) as outcomes:
            for done, outcome in enumerate(outcomes, 1):
                note(outcome)
                failed += outcome.failure is not None
                progress("读文档", done, len(jobs), outcome.job.name)
    return {"文档": len(state.documents), "读入": len(unread) - failed, "失败": failed}


@contextmanager
def _noting(ledger: Ledger, now: datetime) -> Iterator[Callable[[Outcome], None]]:
    """What notes outcomes in the ledger, about once a second and at the end, however that comes.

    A run that is killed loses the notes of a second; the parts are there, and the next run finds them.
    """
    waiting: list[Outcome] = []
    noted = time.monotonic()

    def write() -> None:
        with ledger.together():
            for outcome in waiting:
                _note(ledger, outcome, now)
        waiting.clear()

    def note(outcome: Outcome) -> None:
        nonlocal noted
        waiting.append(outcome)
        if time.monotonic() - noted >= _NOTED_EVERY:
            write()
            noted = time.monotonic()

    try:
        yield note
    finally:
        write()


def _note(ledger: Ledger, outcome: Outcome, now: datetime) -> None:
    sha256, failure = outcome.job.sha256, outcome.failure
    if failure is not None:
        gave_up = None if outcome.passing else attempts.attempt()
        advice = failure.advice if outcome.passing else f"{failure.advice}；{attempts.NOT_AGAIN}"
        ledger.unreadable(sha256=sha256, reason=failure.reason, advice=advice, at=now, gave_up=gave_up)
    else:
        year, version = outcome.fiscal_year, reader_version()
        ledger.read(sha256=sha256, reader_version=version, fiscal_year=year, at=now)


def _without_part(home: Home, state: LedgerState, years: Sequence[int]) -> list[str]:
    """The documents of some years whose part is lost, and that the tables of their year do not hold."""
    store, held = store_of(home), {year: lake.held_whole(home, year) for year in years}
    dated = (d for d in state.documents.values() if (d.fiscal_year or 0) in held)
    read = ((d, d.reader_version) for d in dated if d.reader_version)
    return [
        d.sha256
        for d, version in read
        if held[d.fiscal_year or 0].get(d.document_id) != version
        and not lake.has_part(store, d.document_id, version)
    ]
