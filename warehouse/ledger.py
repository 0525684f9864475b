"""The ledger: what was seen, read, failed, withdrawn and published, as append-only JSON Lines.

Belongs here: writing events, replaying them, and the decisions that need nothing else (is a run quiet,
what has vanished). Does not belong here: rows of the lake and what documents say. Imports nothing heavy,
because a run that finds nothing new is decided here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from warehouse import schema
from warehouse.home import Home, sync
from warehouse.sources import ListedFile, Listing

FileStatus = Literal["seen", "failed", "withdrawn"]

# The tenth of a folder: more than that missing at once is a mount that failed, not a withdrawal.
VANISH_SHARE = 10


class LedgerError(RuntimeError):
    """The ledger cannot be replayed; the message says where and what to do."""


@dataclass(slots=True)
class FileState:
    """What is known of one content at one path. ``sha256`` is empty where the file could not be read."""

    path: str
    place: str
    sha256: str
    size: int | None
    mtime_ns: int | None
    status: FileStatus
    first_seen: datetime
    last_seen: datetime
    reason: str = ""
    advice: str = ""


@dataclass(slots=True)
class DocumentState:
    """What is known of one content, whatever paths it has. ``withdrawn_at`` is set while it has none.

    ``reader_version`` is empty while no reader has read it; why not is ``reason``, where one has tried.
    """

    sha256: str
    first_seen: datetime
    reader_version: str | None = None
    fiscal_year: int | None = None
    withdrawn_at: datetime | None = None
    reason: str = ""
    advice: str = ""

    @property
    def document_id(self) -> str:
        """The first twelve hex digits of the sha256."""
        return self.sha256[:12]


@dataclass(frozen=True, slots=True)
class Vanished:
    """Paths to mark as withdrawn; ``refused`` says in Chinese why nothing of a folder was marked."""

    paths: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(slots=True)
class LedgerState:
    """The ledger replayed. ``files`` is keyed by (path, sha256), ``current`` is each path's last content."""

    warehouse_file: Path
    files: dict[tuple[str, str], FileState] = field(default_factory=dict)
    current: dict[str, FileState] = field(default_factory=dict)
    documents: dict[str, DocumentState] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    published: dict[str, Any] | None = None
    changed_since_publish: bool = False
    pending_years: set[int] = field(default_factory=set)
    judged: dict[int, str] = field(default_factory=dict)

    def known_sha256(self, listed: ListedFile) -> str | None:
        """The sha256 of a file whose path, size and time of change are as at last sight, else ``None``."""
        last = self._same(listed)
        return last.sha256 if last and last.status == "seen" else None

    def unread(self, reader_version: str) -> list[str]:
        """The sha256 of every document that this reader has not read, in order of first sight."""
        return [d.sha256 for d in self.documents.values() if d.reader_version != reader_version]

    def documents_of(self, fiscal_year: int, reader_version: str) -> list[str]:
        """The ids of the documents of a year (0: of none) that this reader has read.

        On others it broke, and they stand as failed.
        """
        read = (d for d in self.documents.values() if d.reader_version == reader_version)
        return sorted(d.document_id for d in read if (d.fiscal_year or 0) == fiscal_year)

    def unjudged(self, version: str) -> set[int]:
        """The years of documents that were last judged by other rules and suites than these, or never."""
        years = {d.fiscal_year for d in self.documents.values() if d.fiscal_year and d.reader_version}
        return {year for year in years if self.judged.get(year) != version}

    def unchanged(self, listing: Listing, reader_version: str) -> bool:
        """Whether a run over this listing would publish what stands already; decided without hashing.

        Every listed file is as at last sight, what could not be listed failed before for the same
        reason, nothing is to be withdrawn, every document is read with this reader, and the published
        file is there, made by this program after the last event.
        """
        return (
            self.published is not None
            and not self.changed_since_publish
            and self.published.get("schema") == schema.digest()
            and self.warehouse_file.is_file()
            and not self.unread(reader_version)
            and all(self._same(listed) for listed in listing.files)
            and all(self._failed_before(str(p.path), p.reason) for p in listing.problems)
            and not vanished(self, listing).paths
        )

    def _same(self, listed: ListedFile) -> FileState | None:
        last = self.current.get(str(listed.path))
        if (
            last is None
            or last.status == "withdrawn"
            or (last.size, last.mtime_ns) != (listed.size, listed.mtime_ns)
            or last.place != _place(listed.path)
        ):
            return None
        return last

    def _failed_before(self, path: str, reason: str) -> bool:
        last = self.current.get(path)
        return last is not None and last.status == "failed" and last.reason == reason


def _place(path: str | Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - links must stay as given, which resolve() would not do


def vanished(state: LedgerState, listing: Listing) -> Vanished:
    """Which known files of the scanned folders are gone.

    Only folders that were scanned in this run are judged, and of those only the parts that could be
    listed. Where over a tenth of a folder's files are gone at once, none of that folder is marked.
    """
    there = {_place(f.path) for f in listing.files} | {_place(s.path) for s in listing.skipped}
    unlisted = [_place(p.path) for p in listing.problems]
    gone_paths: dict[str, None] = {}
    refused = []
    for folder in listing.folders:
        inside = _place(folder).rstrip(os.sep) + os.sep
        known = [f for f in state.current.values() if f.status != "withdrawn" and f.place.startswith(inside)]
        gone = [
            f
            for f in known
            if f.place not in there
            and not any(f.place == u or f.place.startswith(u + os.sep) for u in unlisted)
        ]
        if len(gone) * VANISH_SHARE > len(known):
            refused.append(
                f"{folder} 里原有 {len(known)} 个文件，这次少了 {len(gone)} 个，超过一成，"
                "一个也没有标为撤回；确要撤回的，请分批移走"
            )
        else:
            gone_paths.update(dict.fromkeys(f.path for f in gone))
    return Vanished(tuple(gone_paths), tuple(refused))


class Ledger:
    """The ledger of a home. Each event is on disk when its call returns; ``together`` syncs once for many."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._pending: list[str] | None = None

    def seen(self, *, path: str | Path, sha256: str, size: int, mtime_ns: int, at: datetime) -> None:
        """A file was read and its content kept."""
        self._append("seen", at, **_where(path), sha256=sha256, size=size, mtime_ns=mtime_ns)

    def read(self, *, sha256: str, reader_version: str, fiscal_year: int | None, at: datetime) -> None:
        """A document was read by this version of the reader, and is of this year (``None``: unknown)."""
        self._append("read", at, sha256=sha256, reader_version=reader_version, fiscal_year=fiscal_year)

    def unreadable(self, *, sha256: str, reason: str, advice: str, at: datetime) -> None:
        """A document's content is kept, but reading it failed; it is tried again in the next run."""
        self._append("unreadable", at, sha256=sha256, reason=reason, advice=advice)

    def failed(
        self,
        *,
        path: str | Path,
        reason: str,
        advice: str,
        at: datetime,
        size: int | None = None,
        mtime_ns: int | None = None,
    ) -> None:
        """A file could not be read; size and time of change are those of the listing, where it had them."""
        self._append("failed", at, **_where(path), size=size, mtime_ns=mtime_ns, reason=reason, advice=advice)

    def withdrawn(self, *, path: str | Path, at: datetime) -> None:
        """A file is gone from a folder that was scanned (see ``vanished``)."""
        self._append("withdrawn", at, path=str(path))

    def judged(self, *, fiscal_year: int, version: str, at: datetime) -> None:
        """The documents of a year were judged by this version of the rules and suites; not published yet."""
        self._append("judged", at, fiscal_year=fiscal_year, version=version)

    def published(self, *, at: datetime, digest: str, **counts: Any) -> None:
        """A warehouse was put in place; ``counts`` are plain JSON values to be shown by ``status``."""
        self._append("published", at, digest=digest, schema=schema.digest(), **counts)

    def run(self, *, at: datetime, **summary: Any) -> None:
        """A run ended; ``summary`` holds plain JSON values."""
        self._append("run", at, **summary)

    @contextmanager
    def together(self) -> Iterator[Ledger]:
        """Events of the block are written and synced at its end, also where it ends in an error."""
        self._pending = []
        try:
            yield self
        finally:
            lines, self._pending = self._pending, None
            self._write(lines)

    def state(self) -> LedgerState:
        """The ledger replayed. A torn last line is dropped; ``LedgerError`` if another one is damaged."""
        state = LedgerState(self._home.warehouse_file)
        for event in self._events():
            _apply(state, event)
        _mark_withdrawn(state)
        return state

    def _append(self, event: str, at: datetime, **values: Any) -> None:
        if at.tzinfo is None:
            raise ValueError("the ledger keeps times with their zone")
        line = json.dumps({**values, "event": event, "at": at.isoformat()}, ensure_ascii=False) + "\n"
        if self._pending is None:
            self._write([line])
        else:
            self._pending.append(line)

    def _write(self, lines: list[str]) -> None:
        if not lines:
            return
        path = self._home.ledger_file
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        with path.open("ab+") as file:
            _drop_torn_tail(file.fileno())
            file.write("".join(lines).encode())
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync(path.parent)

    def _events(self) -> Iterator[dict[str, Any]]:
        try:
            content = self._home.ledger_file.read_bytes()
        except FileNotFoundError:
            return
        # What stands behind the last line end was not written whole.
        for number, line in enumerate(content.split(b"\n")[:-1], start=1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise LedgerError(
                    f"台账 {self._home.ledger_file} 第 {number} 行损坏；"
                    "从备份恢复这个文件，或删去这一行后再运行"
                ) from error


def _where(path: str | Path) -> dict[str, str]:
    """The path as given, and its absolute place where that differs."""
    place = _place(path)
    return {"path": str(path)} if place == str(path) else {"path": str(path), "place": place}


def _drop_torn_tail(handle: int) -> None:
    """Cut what a killed run left behind the last whole line, so that the next event starts a line."""
    size = end = os.fstat(handle).st_size
    while end:
        start = max(0, end - 4096)
        chunk = os.pread(handle, end - start, start)
        newline = chunk.rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(handle, end)


def _apply(state: LedgerState, event: Mapping[str, Any]) -> None:
    kind = event["event"]
    at = datetime.fromisoformat(event["at"])
    if kind in ("seen", "failed"):
        _apply_file(state, event, at)
    elif kind == "read":
        document = state.documents.setdefault(event["sha256"], DocumentState(event["sha256"], at))
        if document.reader_version is not None:
            state.pending_years.add(document.fiscal_year or 0)
        document.reader_version = event["reader_version"]
        document.fiscal_year = event["fiscal_year"]
        document.reason = document.advice = ""
        state.pending_years.add(document.fiscal_year or 0)
    elif kind == "unreadable":
        _apply_unreadable(state, event, at)
    elif kind == "withdrawn" and event["path"] in state.current:
        last = state.current[event["path"]]
        last.status, last.last_seen = "withdrawn", at
    elif kind == "published":
        state.published = {**event, "at": at}
        state.changed_since_publish = False
        state.pending_years.clear()
    elif kind == "judged":
        state.judged[event["fiscal_year"]] = event["version"]
        state.pending_years.add(event["fiscal_year"])
    elif kind == "run":
        state.runs.append({**event, "at": at})
    if kind in ("seen", "failed", "read", "withdrawn", "judged"):
        state.changed_since_publish = True


def _apply_unreadable(state: LedgerState, event: Mapping[str, Any], at: datetime) -> None:
    document = state.documents.setdefault(event["sha256"], DocumentState(event["sha256"], at))
    # A failure that is known already changes nothing that is published.
    state.changed_since_publish |= (document.reason, document.advice) != (event["reason"], event["advice"])
    document.reason, document.advice = event["reason"], event["advice"]
    if document.reader_version is not None:
        state.pending_years.add(document.fiscal_year or 0)
        document.reader_version = None


def _apply_file(state: LedgerState, event: Mapping[str, Any], at: datetime) -> None:
    path, sha256 = event["path"], event.get("sha256", "")
    known = state.files.get((path, sha256))
    file = FileState(
        path=path,
        place=event.get("place", path),
        sha256=sha256,
        size=event["size"],
        mtime_ns=event["mtime_ns"],
        status="seen" if sha256 else "failed",
        first_seen=known.first_seen if known else at,
        last_seen=at,
        reason=event.get("reason", ""),
        advice=event.get("advice", ""),
    )
    state.files[path, sha256] = state.current[path] = file
    if sha256 and sha256 not in state.documents:
        state.documents[sha256] = DocumentState(sha256, at)


def _mark_withdrawn(state: LedgerState) -> None:
    """A document is withdrawn when every path that it came by is."""
    last: dict[str, datetime | None] = {}
    for file in state.files.values():
        if not file.sha256:
            continue
        gone = file.last_seen if file.status == "withdrawn" else None
        before = last.get(file.sha256, gone)
        last[file.sha256] = None if gone is None or before is None else max(gone, before)
    for sha256, gone in last.items():
        state.documents[sha256].withdrawn_at = gone
