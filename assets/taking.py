"""The recipe of ``source_files``: files are listed, their bytes kept, what was seen noted in the ledger.

Belongs here: plain functions, as in ``steps.py``, that know nothing of Dagster. Does not belong here: how
files are listed and kept (``warehouse``), and reading what they say (``reading.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from assets.progress import Progress, watched
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.listing import ListedFile, SourceProblem, discover, name_of
from warehouse.sources import kept_sources, take
from warehouse.store import Store, opened
from warehouse.vanished import vanished


def take_files(
    home: Home, paths: Sequence[str | Path], now: datetime, progress: Progress
) -> dict[str, int | str]:
    """Keep the bytes of every file that is new or changed, and note in the ledger what was seen.

    A file that cannot be taken is noted as failed, one that is gone from a scanned folder as withdrawn. A
    file that is named by itself, and that the reader has given up on, is to be tried again.
    Returns how many, and why nothing of a folder was marked as withdrawn where that was refused.
    """
    ledger = Ledger(home)
    state, listing = ledger.state(), discover(paths)
    store = opened(home)
    there = kept_sources(store)  # what is lost there is taken again
    fresh = [file for file in listing.files if state.known_sha256(file) not in there]
    gone = vanished(state, listing)
    failed = len(listing.problems)
    with ledger.together():
        for problem in listing.problems:
            ledger.failed(path=problem.path, reason=problem.reason, advice=problem.advice, at=now)
        for file in watched("收文件", fresh, progress, lambda file: name_of(file.path)):
            failed += not _take(store, ledger, file, now)
        for path in gone.paths:
            ledger.withdrawn(path=path, at=now)
        for sha256 in state.asked_again(listing):
            ledger.again(sha256=sha256, at=now)
    counts = {
        "文件": len(listing.files),
        "新增或改动": len(fresh),
        "读不了": failed,
        "略过": len(listing.skipped),
    }
    return {**counts, "撤回": len(gone.paths), "未标撤回": "；".join(gone.refused)}


def _take(store: Store, ledger: Ledger, file: ListedFile, now: datetime) -> bool:
    path, size, mark = file.path, file.size, file.mark
    try:
        sha256 = take(store, file).sha256
    except SourceProblem as problem:
        why, advice = problem.reason, problem.advice
        ledger.failed(path=path, size=size, mark=mark, reason=why, advice=advice, at=now)
        return False
    ledger.seen(path=path, size=size, mark=mark, sha256=sha256, at=now)
    return True
