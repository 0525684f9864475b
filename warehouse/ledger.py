"""The ledger: what was seen, read, failed, withdrawn and published, as append-only JSON Lines.

Belongs here: writing events and reading them back. Does not belong here: what they add up to (``replay``),
rows of the lake, and what documents say. Imports nothing heavy, because every run reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from warehouse import schema
from warehouse.home import Home, sync
from warehouse.listing import place_of
from warehouse.replay import DocumentState, FileState, LedgerState

__all__ = ["DocumentState", "FileState", "Ledger", "LedgerError", "LedgerState"]


class LedgerError(RuntimeError):
    """The ledger cannot be replayed; the message says where and what to do."""


class Ledger:
    """The ledger of a home. Each event is on disk when its call returns; ``together`` syncs once for many.

    No event is stamped before the last one, whatever the clock says: the order of events is what history,
    ``known_from`` and the question whether a run came after a publish go by.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._pending: list[tuple[datetime, dict[str, Any]]] | None = None

    def seen(
        self, *, path: str | Path, sha256: str, size: int | None, mark: int | str | None, at: datetime
    ) -> None:
        """A file was read and its content kept."""
        self._append("seen", at, **_where(path), sha256=sha256, size=size, mark=mark)

    def read(self, *, sha256: str, reader_version: str, fiscal_year: int | None, at: datetime) -> None:
        """A document was read by this version of the reader, and is of this year (``None``: unknown)."""
        self._append("read", at, sha256=sha256, reader_version=reader_version, fiscal_year=fiscal_year)

    def unreadable(
        self, *, sha256: str, reason: str, advice: str, at: datetime, gave_up: tuple[str, str] | None = None
    ) -> None:
        """A document's content is kept, but reading it failed.

        ``gave_up``: the reader version and limits with which it would fail again, and so is not tried;
        without them it is tried in the next run.
        """
        self._append("unreadable", at, sha256=sha256, reason=reason, advice=advice, gave_up=gave_up)

    def again(self, *, sha256: str, at: datetime) -> None:
        """A person asks that a document be tried again that a reader gave up on."""
        self._append("again", at, sha256=sha256)

    def failed(
        self,
        *,
        path: str | Path,
        reason: str,
        advice: str,
        at: datetime,
        size: int | None = None,
        mark: int | str | None = None,
    ) -> None:
        """A file could not be read; size and change mark are those of the listing, where it had them."""
        self._append("failed", at, **_where(path), size=size, mark=mark, reason=reason, advice=advice)

    def withdrawn(self, *, path: str | Path, at: datetime) -> None:
        """A file is gone from a folder that was scanned (see ``vanished``)."""
        self._append("withdrawn", at, path=str(path))

    def judged(self, *, fiscal_year: int, version: str, at: datetime) -> None:
        """The documents of a year were judged by this version of the rules and suites; not published yet."""
        self._append("judged", at, fiscal_year=fiscal_year, version=version)

    def published(self, *, at: datetime, digest: str, **counts: Any) -> None:
        """A warehouse was put in place; ``counts`` are plain JSON values to be shown by ``status``."""
        self._append("published", at, digest=digest, schema=schema.digest(), **counts)

    def rolled_back(self, *, to: datetime, at: datetime) -> None:
        """The file that was made at ``to`` is about to be put in place again."""
        self._append("rolled_back", at, to=to.isoformat())

    def run(self, *, at: datetime, **summary: Any) -> None:
        """A run ended; ``summary`` holds plain JSON values.

        With ``as_before`` it holds only what differs from the run before, for a quiet night is as the last.
        """
        self._append("run", at, **summary)

    @contextmanager
    def together(self) -> Iterator[Ledger]:
        """Events of the block are written and synced at its end, also where it ends in an error."""
        self._pending = []
        try:
            yield self
        finally:
            events, self._pending = self._pending, None
            self._write(events)

    def state(self) -> LedgerState:
        """The ledger replayed. A torn last line is dropped; ``LedgerError`` if another one is damaged."""
        state = LedgerState(self._home.warehouse_file)
        for event in self._events():
            state.apply(event)
        state.mark_withdrawn()
        return state

    def _append(self, event: str, at: datetime, **values: Any) -> None:
        if at.tzinfo is None:
            raise ValueError("the ledger keeps times with their zone")
        stamped = (at, {**values, "event": event})
        if self._pending is None:
            self._write([stamped])
        else:
            self._pending.append(stamped)

    def _write(self, events: list[tuple[datetime, dict[str, Any]]]) -> None:
        if not events:
            return
        path = self._home.ledger_file
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        with path.open("ab+") as file:
            last = _last_time(file.fileno(), _drop_torn_tail(file.fileno()))
            file.write("".join(_line(event, at, last) for at, event in events).encode())
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
    place = place_of(str(path))
    return {"path": str(path)} if place == str(path) else {"path": str(path), "place": place}


def _line(event: dict[str, Any], at: datetime, last: datetime | None) -> str:
    """An event as a line, later than the last one that was written before where the clock says earlier."""
    stamp = at if last is None or at >= last else last + timedelta(microseconds=1)
    return json.dumps({**event, "at": stamp.isoformat()}, ensure_ascii=False) + "\n"


def _drop_torn_tail(handle: int) -> int:
    """Cut what a killed run left behind the last whole line, so that the next event starts a line.

    Returns where the file ends then.
    """
    size = os.fstat(handle).st_size
    end = _line_start(handle, size)
    if end != size:
        os.ftruncate(handle, end)
    return end


def _last_time(handle: int, end: int) -> datetime | None:
    """The time of the event on the last line; ``None`` where there is no such (``state`` says so)."""
    start = _line_start(handle, end - 1)
    try:
        return datetime.fromisoformat(json.loads(os.pread(handle, end - start, start))["at"])
    except (ValueError, TypeError, LookupError):
        return None


def _line_start(handle: int, end: int) -> int:
    """Where the line begins that ``end`` stands in: behind the last line end before it."""
    while end > 0:
        start = max(0, end - 4096)
        newline = os.pread(handle, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
