"""The home: where everything that belongs to the user lies, and how a file gets into its place there.

Belongs here: the folders and files of a home, and writing by temporary file and rename.
Does not belong here: what the files mean.
"""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

# Less than this left, and what could not be written could not be written for want of room.
_FULL_BELOW = 1 << 20


@dataclass(frozen=True, slots=True)
class Home:
    """A home directory. Nothing is made until ``ensure`` is called."""

    root: Path

    @property
    def inbox(self) -> Path:
        """Where documents are looked for when no path is given."""
        return self.root / "inbox"

    @property
    def sources(self) -> Path:
        """The bytes of every document ever taken, named by their sha256."""
        return self.root / "sources"

    @property
    def lake(self) -> Path:
        """The Parquet record: parts, year tables, ledger."""
        return self.root / "lake"

    @property
    def ledger_file(self) -> Path:
        """The append-only record of what was seen, read and published."""
        return self.lake / "ledger.jsonl"

    @property
    def corrections(self) -> Path:
        """Corrections that people make."""
        return self.root / "corrections"

    @property
    def decisions(self) -> Path:
        """What people decided about findings."""
        return self.root / "decisions"

    @property
    def units(self) -> Path:
        """What people know about units."""
        return self.root / "units"

    @property
    def settings_file(self) -> Path:
        """How this home is to be published, where it is not as by default."""
        return self.root / "settings.yml"

    @property
    def warehouse_file(self) -> Path:
        """The published DuckDB file."""
        return self.root / "warehouse.duckdb"

    def earlier_file(self, made_at: datetime) -> Path:
        """The name of a DuckDB file that was published before, by when it was made."""
        return self.root / f"warehouse.{made_at:%Y%m%dT%H%M%S.%fZ}.duckdb"

    def earlier_files(self) -> list[Path]:
        """The DuckDB files that were published before, the latest first."""
        return sorted(self.root.glob("warehouse.*.duckdb"), key=lambda f: -f.stat().st_mtime_ns)

    @property
    def lock_file(self) -> Path:
        """What the one process that may write holds locked."""
        return self.root / ".lock"

    @property
    def lock_holder_file(self) -> Path:
        """Which process that is, for whoever is refused."""
        return self.root / ".lock.holder"

    @property
    def alerts_file(self) -> Path:
        """What people on call were told of runs that failed."""
        return self.root / "alerts.jsonl"

    @property
    def scratch(self) -> Path:
        """Temporary files; on the same filesystem, so that a rename is atomic."""
        return self.root / ".scratch"

    def ensure(self) -> Home:
        """Make the folders that are missing; the home itself, for chaining. ``OSError`` if it cannot."""
        for folder in (
            self.inbox,
            self.sources,
            self.lake,
            self.corrections,
            self.decisions,
            self.units,
            self.scratch,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        return self

    def clear_scratch(self) -> None:
        """Delete what runs that were killed left among the temporary files; only for who writes alone."""
        for left in self.scratch.iterdir() if self.scratch.is_dir() else ():
            if left.is_dir():  # where DuckDB spills
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)

    def put(self, target: Path, write: Callable[[Path], object], *, durable: bool = True) -> None:
        """Make ``target`` whole or not at all: ``write`` fills a scratch file, which is then renamed.

        ``durable`` waits for the disk first; what can be made again (a cache) need not.
        """
        self.scratch.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.scratch / f"{uuid.uuid4().hex}{target.suffix}"
        try:
            write(temporary)
            if durable:
                sync(temporary)
            temporary.replace(target)
        except Exception as error:
            # Libraries tell a full disk in words of their own, as a fault of the format.
            if isinstance(error, OSError) or shutil.disk_usage(self.scratch).free > _FULL_BELOW:
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from error
        finally:
            temporary.unlink(missing_ok=True)
        if durable:
            sync(target.parent)


def sync(path: Path) -> None:
    """Ask the disk to keep a file, or the entries of a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
