"""The published file and the few before it: putting a new one in place, and going back.

Belongs here: which files stay, and the renames. Does not belong here: making the file (``build``).
"""

from __future__ import annotations

import os
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path

from warehouse import settings
from warehouse.home import Home, sync
from warehouse.ledger import Ledger, LedgerState
from warehouse.lock import alone

# So many files that were published before stay: one can go back so often.
EARLIER_KEPT = 3


def publish(home: Home, built: Path, *, persons_kept: bool) -> None:
    """Put a whole, closed DuckDB file in place; readers of the one before keep what they opened.

    The file before stays as an earlier one. Where persons are not kept, no file that has them does.
    """
    from warehouse import persons

    sync(built)
    if home.warehouse_file.is_file():
        _keep(home)
    if not persons_kept:
        for earlier in home.earlier_files():
            if persons.holds_persons(earlier):
                earlier.unlink()
    built.replace(home.warehouse_file)
    for too_old in home.earlier_files()[EARLIER_KEPT:]:
        too_old.unlink()
    if not persons_kept:
        # What a killed build left may have them too.
        for killed in (*home.scratch.glob("build-*"), *home.scratch.glob("earlier-*")):
            if killed.is_dir():
                shutil.rmtree(killed, ignore_errors=True)
            else:
                killed.unlink(missing_ok=True)
    sync(home.root)


def _keep(home: Home) -> None:
    """Give the published file its name among the earlier ones besides."""
    linked = home.scratch / f"earlier-{uuid.uuid4().hex}.duckdb"
    try:
        os.link(home.warehouse_file, linked)
    except OSError:  # a filesystem without hard links
        shutil.copy2(home.warehouse_file, linked)
    linked.replace(home.earlier_file(made_at(home.warehouse_file)))
    # A rename of a file to another name of itself does nothing: a killed run had come as far.
    linked.unlink(missing_ok=True)


def made_at(published: Path) -> datetime:
    """When a published file was made: it keeps that time under any name."""
    return datetime.fromtimestamp(published.stat().st_mtime, UTC)


def rollback(home: Home, now: datetime) -> datetime | None:
    """Bring back the file that was published before the one that stands; when that was made, if there is one.

    What stands now is dropped. The ledger is told first: one that was killed is whole or was none.
    ``HomeBusyError`` where another process writes.
    """
    from warehouse import persons

    with alone(home, "juesuan rollback"):
        keeps_persons = settings.load(home).persons
        current = made_at(home.warehouse_file) if home.warehouse_file.is_file() else None
        for earlier in home.earlier_files():
            if made_at(earlier) == current or (not keeps_persons and persons.holds_persons(earlier)):
                continue
            shown = made_at(earlier)
            Ledger(home).rolled_back(to=shown, at=now)
            earlier.replace(home.warehouse_file)
            sync(home.root)
            return shown
    return None


def rolled_back(home: Home, state: LedgerState) -> bool:
    """Whether the file that stands was brought back by a rollback, and nothing was published since."""
    to = state.rolled_back_to
    return to is not None and home.warehouse_file.is_file() and made_at(home.warehouse_file) == to
