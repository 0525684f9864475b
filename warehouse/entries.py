"""Lists of entries that people write as YAML in a folder of the home: decisions, corrections, units.

Belongs here: reading such files, what every entry must have, and the fingerprint by which a change of them
is noticed. Does not belong here: what an entry means (``decisions``, ``corrections``, ``units``). The
module imports nothing heavy, because a run that finds nothing new asks for the fingerprint.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

Row = dict[str, Any]
Entry = Mapping[str, Any]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Who decided, when and why, of every kind.
WHO, WHEN, WHY = "何人", "何日", "理由"


@dataclass(frozen=True, slots=True)
class Kind:
    """What the entries of a folder are: their name, the section of the README that shows them, their keys.

    ``keys`` must be there, of which ``written`` must not be empty; ``optional`` may. Behind ``lists`` there
    may be more than a text, which is for ``wrong`` to look at. ``named`` is the key that tells one entry from
    others, ``why`` the one that gives the reason. ``wrong`` says what else is wrong with an entry ("" for
    nothing), ``row`` makes a row of its own columns from it.
    """

    name: str
    folder: str
    keys: tuple[str, ...]
    written: tuple[str, ...]
    named: str
    wrong: Callable[[Entry], str]
    row: Callable[[Entry], Row]
    optional: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    why: str = WHY


@dataclass(frozen=True, slots=True)
class Entries:
    """What the files say: rows, and rows of ``input_issue`` for what cannot be used."""

    rows: tuple[Row, ...]
    issues: tuple[Row, ...]


class _Loader(yaml.SafeLoader):
    """YAML with every scalar as the text that stands there: a figure must never become a float."""


# Booleans, numbers and dates are told from texts by these alone; null is kept.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def files(folder: Path) -> list[Path]:
    """The files of a folder, sorted by name; none where there is no folder."""
    return sorted(path for path in folder.glob("*.y*ml") if path.is_file())


def fingerprint(folder: Path) -> str:
    """A digest over the names and contents of the files: another one means that something was written."""
    found = hashlib.sha256()
    for path in files(folder):
        found.update(path.name.encode() + b"\0" + hashlib.sha256(_bytes(path)).digest())
    return found.hexdigest()[:16]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        return str(error).encode()


def load(folder: Path, kind: Kind) -> Entries:
    """Every entry of a folder. What is malformed, or said twice, is an issue and never an error.

    Of two entries about the same thing the first counts, files in the order of their names.
    """
    rows: dict[str, Row] = {}
    issues: list[Row] = []
    for path in files(folder):
        for named, found in _entries(path, kind):
            if named is None:
                issues.append(found)
            elif named in rows:
                first = f"{rows[named]['file']} {rows[named]['place']}"
                why = f"{named} 已经在 {first}里写过，只用先写的那一条"
                issues.append(issue(kind, path, found["place"], why, "留下一条，删去另一条"))
            else:
                rows[named] = found
    return Entries(tuple(rows.values()), tuple(issues))


def issue(kind: Kind, path: Path, place: str, reason: str, advice: str) -> Row:
    """A row of ``input_issue``."""
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None
    return {
        "object": kind.name,
        "reason": reason,
        "advice": advice,
        "file": f"{kind.folder}/{path.name}",
        "place": place,
        "first_seen": changed,
    }


def _entries(path: Path, kind: Kind) -> Iterator[tuple[str | None, Row]]:
    """Each entry of a file: by what it is named, a row; or without a name an issue."""
    shown = f"按 README「{kind.name}」一节的格式改好"
    fix_file = f"{shown}这个文件，再运行一次；其他文件不受影响"
    try:
        listed = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        yield (
            None,
            issue(kind, path, "", f"这个文件读不了（{why}），其中的{kind.name}都没有用上", fix_file),
        )
        return
    if listed is None:
        return
    if not isinstance(listed, list):
        yield None, issue(kind, path, "", f"这个文件不是一列条目，其中的{kind.name}都没有用上", fix_file)
        return
    for number, entry in enumerate(listed, start=1):
        place = f"第 {number} 条"
        if wrong := _wrong(entry, kind):
            fix_entry = f"{shown}这一条，再运行一次；其他各条不受影响"
            yield None, issue(kind, path, place, f"这一条没有用上：{wrong}", fix_entry)
        else:
            who = {"reason": kind.why, "decided_by": WHO}
            said = {column: str(entry[key]).strip() for column, key in who.items()}
            where = {"file": f"{kind.folder}/{path.name}", "place": place}
            decided = {"decided_on": _day(entry[WHEN])}
            yield str(entry[kind.named]).strip(), {**kind.row(entry), **said, **decided, **where}


def _wrong(entry: Any, kind: Kind) -> str:
    """What is wrong with an entry; empty where nothing is."""
    if not isinstance(entry, dict):
        return f"不是「{'、'.join(kind.keys)}」各写一行的条目"
    odd = [str(key) for key in entry if key not in (*kind.keys, *kind.optional)]
    missing = [key for key in kind.keys if key not in entry]
    if odd or missing:
        return "；".join(
            said + "、".join(keys) for said, keys in (("缺少 ", missing), ("多出 ", odd)) if keys
        )
    for key in (*kind.written, WHEN):
        if not isinstance(entry[key], str) or not entry[key].strip():
            return f"{key}没有写"
    if _day(entry[WHEN]) is None:
        return f"{WHEN}「{entry[WHEN]}」不是 2026-11-22 那样的日期"
    for key, value in entry.items():
        if not isinstance(value, str | None) and key not in kind.lists:
            return f"{key}「{' '.join(str(value).split())[:60]}」不是一个值"
    return kind.wrong(entry)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
