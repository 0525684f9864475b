"""Which documents a run is to read: the new ones, those worth another try, and of those that an older
reader has read as many as the home re-reads in one run.

Belongs here: that choice, and what is said of it. Does not belong here: reading them (``reading.py``), and
what the ledger knows of them (``warehouse``). Imports nothing heavy: a quiet run asks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from assets.limits import limits_from
from assets.version import reader_version
from warehouse import settings
from warehouse.home import Home
from warehouse.ledger import DocumentState, LedgerState

# What is added to the advice for a document that the reader gives up on.
NOT_AGAIN = (
    "文件、读取程序和限额不变就不再自动重试；要再试：juesuan run 这个文件，或 juesuan backfill 它的年度"
)

_STILL_OLD = "还有 {count:,} 份文档是较早的读取程序读的，照旧在库；每次运行重读 {most:,} 份，年度近的在先"
_ALL_AT_ONCE = "表结构变了：较早的读取程序读的 {count:,} 份文档这次全部重读，不受「{setting}」限制"
# Parts of one reader have one schema; more are looked at because the cache may have lost some.
_SAMPLE = 3


def attempt() -> tuple[str, str]:
    """The reader and the limits within which it reads: with the same, the same documents break it."""
    limits = limits_from()
    return reader_version(), f"{limits.seconds:g} s, {limits.memory_mb} MiB"


def to_read(home: Home, state: LedgerState) -> list[str]:
    """The sha256 of the documents that this run is to read, those that no reader has read first."""
    others = state.read_by_others(reader_version())
    outdated = [d.sha256 for d in _outdated(home, others)]
    kept = {d.sha256 for d in others}.difference(outdated)
    at_leisure = (d.sha256 for d in others if d.sha256 in kept)
    return [*state.unread(*attempt()), *outdated, *islice(at_leisure, settings.load(home).reread)]


def anything(state: LedgerState) -> bool:
    """Whether there is any document to read, now or in later runs."""
    return bool(state.unread(*attempt()) or state.read_by_others(reader_version()))


def upgrading(home: Home, state: LedgerState) -> tuple[str, ...]:
    """What to say before documents are read: that a limit on re-reading cannot be kept."""
    outdated = _outdated(home, state.read_by_others(reader_version()))
    if not outdated:
        return ()
    return (_ALL_AT_ONCE.format(count=len(outdated), setting=settings.REREAD),)


def left(home: Home, state: LedgerState) -> tuple[str, ...]:
    """What to say of the documents that an older reader has read and a later run will read again."""
    count, most = len(state.read_by_others(reader_version())), settings.load(home).reread
    return (_STILL_OLD.format(count=count, most=most),) if count and most else ()


def _outdated(home: Home, others: Sequence[DocumentState]) -> list[DocumentState]:
    """Those of the documents whose parts are of another schema than today's, where a limit is set.

    They cannot stand beside others in one table. Without a limit all are read again in any case.
    """
    if settings.load(home).reread is None:
        return []
    from warehouse import lake

    by_version: dict[str, list[DocumentState]] = {}
    for document in others:
        by_version.setdefault(document.reader_version or "", []).append(document)
    return [
        document
        for version, documents in by_version.items()
        if not any(lake.has_part(home, d.document_id, version) for d in documents[:_SAMPLE])
        for document in documents
    ]
