"""What a run tells the person who started it: counts, what was held or unread, how it ended.

Belongs here: the record, its exit code, and its form in the ledger. Does not belong here: how it is
shown (``juesuan.py``) and how it came about (``run.py``). Imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

# Enough to act on; the whole list is the view 待核.
REASONS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Reason:
    """Rows of 待核 that say the same of a file: what, where in it, why, what a person can do, how many."""

    file: str
    object: str
    places: str
    reason: str
    advice: str
    rows: int


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How a run ended. Counts are of the published warehouse as a whole, not of this run alone.

    ``held`` counts what was held of documents, ``unread`` the files that could not be read, ``open`` the rows
    of 待核 (both, and what was left aside by rule); ``reasons`` has what was held or unread first.
    ``checked`` counts the 勾稽 checks that were evaluated, ``findings`` the open rows of 问题 by severity,
    ``decided`` those that somebody dealt with. ``forms`` counts the performance forms, ``forms_held`` those
    that are not whole or hold something back, ``forms_unknown`` the grids of the attachments that are none
    of the known forms. ``published`` says that a warehouse stands that holds everything that
    was read; ``changed`` that this run made it; ``remarks`` are sentences that stand in no table: why nothing
    was published, what was skipped.
    """

    published: bool
    changed: bool
    documents: int = 0
    statements: int = 0
    facts: int = 0
    held: int = 0
    unread: int = 0
    open: int = 0
    checked: int = 0
    findings: dict[str, int] = field(default_factory=dict)
    decided: int = 0
    forms: int = 0
    forms_held: int = 0
    forms_unknown: int = 0
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0

    def exit_code(self, *, strict: bool) -> int:
        """0 published · 1 nothing published · with ``strict`` 3 when anything is held or unread."""
        if not self.published:
            return 1
        return 3 if strict and (self.held or self.unread) else 0

    def as_event(self) -> dict[str, Any]:
        """The summary as the ledger keeps it: plain JSON values."""
        return asdict(self)

    def as_before(self) -> dict[str, Any]:
        """The summary of a run that changed nothing, as the ledger keeps it after that of the run before."""
        own = {name: getattr(self, name) for name in ("published", "changed", "seconds", "remarks")}
        return {"as_before": True, **own}

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> RunSummary:
        """The summary that a ledger event holds; keys it does not know are left aside."""
        known = {f.name: event[f.name] for f in fields(cls) if f.name in event}
        known["reasons"] = tuple(Reason(**reason) for reason in event.get("reasons", ()))
        known["remarks"] = tuple(event.get("remarks", ()))
        return cls(**known)
