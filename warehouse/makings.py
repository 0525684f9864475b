"""What the files of some tables of a year were made of, kept beside them: so that nothing is made twice.

Belongs here: noting it and asking for it. Does not belong here: the files (``lake``), and what a maker says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from warehouse.home import Home
from warehouse.lake import year_path
from warehouse.schema import lake_tables


def note(home: Home, tables: Sequence[str], fiscal_year: int, makings: Any) -> None:
    """Keep what the files of some tables for a year were made of, as JSON of their maker's choosing."""
    text = json.dumps({"of": digest_of(home, tables, fiscal_year), "makings": makings}, ensure_ascii=False)
    home.put(_path(home, tables[0], fiscal_year), lambda scratch: scratch.write_text(text, "utf-8"))


def noted(home: Home, tables: Sequence[str], fiscal_year: int) -> Any:
    """What the files of some tables were made of; ``None`` where nobody said so of these very files."""
    try:
        kept = json.loads(_path(home, tables[0], fiscal_year).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return kept["makings"] if kept["of"] == digest_of(home, tables, fiscal_year) else None


def forget(home: Home, fiscal_year: int) -> None:
    """Let what follows from the tables of a year be made again, whatever it was made of."""
    for table in lake_tables():
        _path(home, table, fiscal_year).unlink(missing_ok=True)


def _path(home: Home, table: str, fiscal_year: int) -> Path:
    return year_path(home, table, fiscal_year).with_suffix(".json")


def digest_of(home: Home, tables: Iterable[str], fiscal_year: int) -> str:
    """A digest of the files of some tables for a year."""
    found = hashlib.sha256()
    for table in tables:
        path = year_path(home, table, fiscal_year)
        found.update(hashlib.sha256(path.read_bytes()).digest() if path.is_file() else table.encode())
    return found.hexdigest()
