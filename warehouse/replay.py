"""What the ledger's events add up to: each file, document and year as it stands after the last of them.

Belongs here: the state, what an event does to it, and what can be asked of it. Does not belong here: how
events are written and read back (``ledger``), and which files have gone (``vanished``). Imports nothing
heavy, because a run that finds nothing new is decided from this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from warehouse import schema
from warehouse.listing import ListedFile, Listing, place_of

FileStatus = Literal["seen", "failed", "withdrawn"]


@dataclass(slots=True)
class FileState:
    """What is known of one content at one path. ``sha256`` is empty where the file could not be read.

    ``size`` and ``mark`` are those of the listing (see ``ListedFile``).
    """

    path: str
    place: str
    sha256: str
    size: int | None
    mark: int | str | None
    status: FileStatus
    first_seen: datetime
    last_seen: datetime
    reason: str = ""
    advice: str = ""


@dataclass(slots=True)
class DocumentState:
    """What is known of one content, whatever paths it has. ``withdrawn_at`` is set while it has none.

    ``reader_version`` is empty while no reader has read it; why not is ``reason``, where one has tried, and
    ``gave_up`` the version and limits with which trying again would end alike (``None``: it may pass).
    """

    sha256: str
    first_seen: datetime
    reader_version: str | None = None
    fiscal_year: int | None = None
    withdrawn_at: datetime | None = None
    reason: str = ""
    advice: str = ""
    gave_up: tuple[str, str] | None = None

    @property
    def document_id(self) -> str:
        """The first twelve hex digits of the sha256."""
        return self.sha256[:12]


@dataclass(slots=True)
class LedgerState:
    """The ledger replayed. ``files`` is keyed by (path, sha256), ``current`` is each path's last state.

    ``contents`` is each path's last content, also where the path could not be read any more after it.
    ``runs`` are the events of runs, oldest first; ``last_at`` is the time of the last event of all.
    ``rolled_back_to`` is when the file was made that a rollback put in place, if none was published since.
    """

    warehouse_file: Path
    files: dict[tuple[str, str], FileState] = field(default_factory=dict)
    current: dict[str, FileState] = field(default_factory=dict)
    contents: dict[str, FileState] = field(default_factory=dict)
    documents: dict[str, DocumentState] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    published: dict[str, Any] | None = None
    rolled_back_to: datetime | None = None
    changed_since_publish: bool = False
    pending_years: set[int] = field(default_factory=set)
    judged: dict[int, str] = field(default_factory=dict)
    last_at: datetime | None = None

    def known_sha256(self, listed: ListedFile) -> str | None:
        """The sha256 of a file whose path, size and change mark are as at last sight, else ``None``."""
        last = self._same(listed)
        return last.sha256 if last and last.status == "seen" else None

    def changed(self, listed: ListedFile) -> bool:
        """Whether a file is not as at last sight, whether it could be read then or not."""
        return self._same(listed) is None

    def unread(self, reader_version: str, limits: str) -> list[str]:
        """The sha256 of every document that no reader has read, in order of first sight.

        Without those that this reader, within these limits, has given up on: nothing has changed for them.
        """
        tried = (reader_version, limits)
        return [d.sha256 for d in self.documents.values() if d.reader_version is None and d.gave_up != tried]

    def read_by_others(self, reader_version: str) -> list[DocumentState]:
        """The documents that another version of the reader has read, the latest fiscal years first."""
        others = [d for d in self.documents.values() if d.reader_version not in (None, reader_version)]
        return sorted(others, key=lambda d: -(d.fiscal_year or 0))

    def documents_of(self, fiscal_year: int) -> dict[str, str]:
        """The documents of a year (0: of none) that were read: id → version of the reader, by id.

        On others it broke, and they stand as failed.
        """
        dated = (d for d in self.documents.values() if (d.fiscal_year or 0) == fiscal_year)
        return dict(sorted((d.document_id, d.reader_version) for d in dated if d.reader_version))

    def asked_again(self, listing: Listing) -> list[str]:
        """The sha256 of the documents that a reader gave up on, and whose files are named by themselves."""
        named = (self.current[path].sha256 for path in listing.named if path in self.current)
        return [sha256 for sha256 in named if sha256 and self.documents[sha256].gave_up]

    def unjudged(self, version: str) -> set[int]:
        """The years of documents that were last judged by other rules and suites than these, or never."""
        years = {d.fiscal_year for d in self.documents.values() if d.fiscal_year and d.reader_version}
        return {year for year in years if self.judged.get(year) != version}

    def unchanged(self, listing: Listing) -> bool:
        """Whether the files listed, and the published file, are as this program left them; without hashing.

        Every listed file is as at last sight, what could not be listed failed before for the same
        reason, and the published file is there, made by this program after the last event.
        """
        return (
            self.published is not None
            and not self.changed_since_publish
            and self.published.get("schema") == schema.digest()
            and self.warehouse_file.is_file()
            and all(self._same(listed) for listed in listing.files)
            and all(self.failed_before(p.path, p.reason) for p in listing.problems)
            and not self.asked_again(listing)
        )

    def _same(self, listed: ListedFile) -> FileState | None:
        last = self.current.get(listed.path)
        if (
            last is None
            or last.status == "withdrawn"
            or listed.mark is None
            or (last.size, last.mark) != (listed.size, listed.mark)
            or last.place != place_of(listed.path)
        ):
            return None
        return last

    def failed_before(self, path: str, reason: str) -> bool:
        """Whether a path failed at last sight already, for the same reason."""
        last = self.current.get(path)
        return last is not None and last.status == "failed" and last.reason == reason

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take in the next event of the ledger."""
        kind, at = event["event"], datetime.fromisoformat(event["at"])
        self.last_at = at
        if kind in ("seen", "failed"):
            self._apply_file(event, at)
        elif kind == "read":
            self._apply_read(event, at)
        elif kind == "unreadable":
            self._apply_unreadable(event, at)
        elif kind == "again":
            self.documents[event["sha256"]].gave_up = None
        elif kind == "withdrawn" and event["path"] in self.current:
            for states in (self.current, self.contents):
                if last := states.get(event["path"]):
                    last.status, last.last_seen = "withdrawn", at
        elif kind == "published":
            self.published = {**event, "at": at}
            self.rolled_back_to = None
            self.changed_since_publish = False
            self.pending_years.clear()
        elif kind == "rolled_back":
            self.rolled_back_to = datetime.fromisoformat(event["to"])
        elif kind == "judged":
            self.judged[event["fiscal_year"]] = event["version"]
            self.pending_years.add(event["fiscal_year"])
        elif kind == "run":
            before = self.runs[-1] if event.get("as_before") and self.runs else {}
            self.runs.append({**before, **event, "at": at})
        if kind in ("seen", "failed", "read", "withdrawn", "judged"):
            self.changed_since_publish = True

    def _apply_read(self, event: Mapping[str, Any], at: datetime) -> None:
        document = self.documents.setdefault(event["sha256"], DocumentState(event["sha256"], at))
        if document.reader_version is not None:
            self.pending_years.add(document.fiscal_year or 0)
        document.reader_version = event["reader_version"]
        document.fiscal_year = event["fiscal_year"]
        document.reason = document.advice = ""
        document.gave_up = None
        self.pending_years.add(document.fiscal_year or 0)

    def _apply_unreadable(self, event: Mapping[str, Any], at: datetime) -> None:
        document = self.documents.setdefault(event["sha256"], DocumentState(event["sha256"], at))
        # A failure that is known already changes nothing that is published.
        self.changed_since_publish |= (document.reason, document.advice) != (event["reason"], event["advice"])
        document.reason, document.advice = event["reason"], event["advice"]
        document.gave_up = tuple(event["gave_up"]) if event.get("gave_up") else None
        if document.reader_version is not None:
            self.pending_years.add(document.fiscal_year or 0)
            document.reader_version = None

    def _apply_file(self, event: Mapping[str, Any], at: datetime) -> None:
        path, sha256 = event["path"], event.get("sha256", "")
        known = self.files.get((path, sha256))
        file = FileState(
            path=path,
            place=event.get("place", path),
            sha256=sha256,
            size=event["size"],
            # Marks were times of change alone once, and called so.
            mark=event["mark"] if "mark" in event else event["mtime_ns"],
            status="seen" if sha256 else "failed",
            first_seen=known.first_seen if known else at,
            last_seen=at,
            reason=event.get("reason", ""),
            advice=event.get("advice", ""),
        )
        self.files[path, sha256] = self.current[path] = file
        if sha256:
            self.contents[path] = file
            self.documents.setdefault(sha256, DocumentState(sha256, at))

    def mark_withdrawn(self) -> None:
        """After the last event: a document is withdrawn when every path that it came by is."""
        last: dict[str, datetime | None] = {}
        for file in self.files.values():
            if not file.sha256:
                continue
            gone = file.last_seen if file.status == "withdrawn" else None
            before = last.get(file.sha256, gone)
            last[file.sha256] = None if gone is None or before is None else max(gone, before)
        for sha256, gone in last.items():
            self.documents[sha256].withdrawn_at = gone
