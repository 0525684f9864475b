"""What is due in a home, each with a key that says what it is about: the same state gives the same key.

Belongs here: deciding from listing, ledger and lake that files are new, that years are to be computed, that
there is something to publish. Does not belong here: asking Dagster for runs (``automation.py``) and doing
the work (``steps.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from assets.run import ranges
from assets.steps import VERDICTS, publish_is_due, stale_years
from expectations.version import expectations_version
from warehouse import corrections, lake, schema, settings
from warehouse.home import Home
from warehouse.ledger import Ledger, LedgerState
from warehouse.listing import discover
from warehouse.vanished import vanished

# A file that was written to since may still be growing.
SETTLED_SECONDS = 60


@dataclass(frozen=True, slots=True)
class News:
    """What the standing sources hold that no run has taken: how many, how many of them may still grow."""

    key: str
    new: int = 0
    failing: int = 0
    gone: int = 0
    unsettled: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.failing or self.gone)

    def __str__(self) -> str:
        return f"新增或改动 {self.new} · 读不了 {self.failing} · 撤回 {self.gone}"


def standing_sources(home: Home) -> list[str]:
    """Where new documents are looked for when nobody names a place."""
    return settings.load(home).places(home)


def news(home: Home, now: datetime) -> News:
    """What listing the standing sources shows that the ledger does not know; no file is opened."""
    state, listing = Ledger(home).state(), discover(standing_sources(home))
    new = [file for file in listing.files if state.changed(file)]
    failing = [p for p in listing.problems if not state.failed_before(p.path, p.reason)]
    gone = vanished(state, listing).paths
    # When a path was last seen is part of its key: what came, went and came again is new each time.
    seen = {path: file.last_seen for path, file in state.current.items()}
    told = [f"{f.path} {f.size} {f.mark} {seen.get(f.path)}" for f in new]
    told += [f"{p.path} {p.reason}" for p in failing] + [f"{path} {seen.get(path)}" for path in gone]
    young = (now.timestamp() - SETTLED_SECONDS) * 1e9
    # What a store shows is whole; a file of this machine may still be written.
    unsettled = sum(isinstance(file.mark, int) and file.mark > young for file in new)
    return News(_digest(told), len(new), len(failing), len(gone), unsettled)


@dataclass(frozen=True, slots=True)
class Span:
    """Fiscal years without a gap that are to be computed as one run."""

    first: int
    last: int
    key: str

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


def spans(home: Home) -> Iterator[Span]:
    """The years whose tables or verdicts are behind the ledger, as ranges without gaps.

    The key is of the documents that the tables are to hold and of the files that stand in their place:
    another one means that something was read, judged by other rules, or written since.
    """
    state = Ledger(home).state()
    corrected = [repr(sorted(row.items())) for row in corrections.load(home).rows]
    for first, last in ranges(stale_years(home, state)):
        told = [line for year in range(first, last + 1) for line in _year(home, state, year)] + corrected
        yield Span(first, last, _digest(told))


def _year(home: Home, state: LedgerState, year: int) -> Iterator[str]:
    yield f"{year} {expectations_version()}"
    yield from (f"{document} {version}" for document, version in state.documents_of(year).items())
    for table in ("dim_document", VERDICTS[-1]):
        path = lake.year_path(home, table, year)
        yield str(path.stat().st_mtime_ns if path.exists() else 0)


def publish_key(home: Home) -> str | None:
    """The key of the publish that is due; ``None`` where the published file shows everything."""
    try:
        if not publish_is_due(home):
            return None
        chosen = settings.chosen(home)
    except settings.SettingsError as wrong:
        chosen = str(wrong)  # the publish fails, and says so where people look; a sensor that fails does not
    # The ledger only grows, so its length stands for all that is in it.
    length = home.ledger_file.stat().st_size if home.ledger_file.exists() else 0
    return _digest([str(length), chosen, schema.digest()])


def _digest(told: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).hexdigest()[:16]
