"""What people decided about findings: ``HOME/decisions/*.yml`` as rows, and what in them cannot be used.

Belongs here: reading those files, and the fingerprint by which a change of them is noticed. Does not
belong here: whether a decision still fits its finding (the view 问题 says so). The module imports nothing
heavy, because a run that finds nothing new asks for the fingerprint.

A file is a list of entries, each with all of these keys:

    编号      the finding's number, as 问题 and ``juesuan findings`` show it
    处理      已说明, 误报 or another word
    理由      why
    何人      who decided
    何日      on which day, 2026-11-22
    披露值    both figures as 问题 showed them when it was decided; empty where it showed none.
    对照值    While both are as they were the decision holds; when one changes the finding is open again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from warehouse.home import Home

Row = dict[str, Any]

KEYS = ("编号", "处理", "理由", "何人", "何日", "披露值", "对照值")
_WORDS = {"编号": "check_id", "处理": "treatment", "理由": "reason", "何人": "decided_by"}
_FIGURES = {"披露值": "left_value", "对照值": "right_value"}
_FIGURE = re.compile(r"[-−]?\d{1,18}(\.\d{1,6})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
FIX_FILE = "按 README「处理意见」一节的格式改好这个文件，再运行一次；其他文件不受影响"
FIX_ENTRY = "按 README「处理意见」一节的格式改好这一条，再运行一次；其他各条不受影响"


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the files say: rows of ``decision``, and rows of ``input_issue`` for what cannot be used."""

    rows: tuple[Row, ...]
    issues: tuple[Row, ...]


class _Loader(yaml.SafeLoader):
    """YAML with every scalar as the text that stands there: a figure must never become a float."""


# Booleans, numbers and dates are told from texts by these alone; null is kept.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def files(home: Home) -> list[Path]:
    """The files of decisions, sorted by name; none where there is no folder."""
    return sorted(path for path in home.decisions.glob("*.y*ml") if path.is_file())


def fingerprint(home: Home) -> str:
    """A digest over the names and contents of the files: another one means that something was decided."""
    found = hashlib.sha256()
    for path in files(home):
        found.update(path.name.encode() + b"\0" + hashlib.sha256(_bytes(path)).digest())
    return found.hexdigest()[:16]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        return str(error).encode()


def load(home: Home) -> Decisions:
    """Every decision of the home. What is malformed, or decided twice, is an issue and never an error.

    Of two entries with the same 编号 the first counts, files in the order of their names.
    """
    rows: dict[str, Row] = {}
    issues: list[Row] = []
    for path in files(home):
        for found in _entries(path):
            number = found.get("check_id")
            if number is None:
                issues.append(found)
            elif number in rows:
                first = f"{rows[number]['file']} {rows[number]['place']}"
                why = f"{number} 已经在 {first}里处理过，只用先写的那一条"
                issues.append(_issue(path, found["place"], why, "留下一条，删去另一条"))
            else:
                rows[number] = found
    return Decisions(tuple(rows.values()), tuple(issues))


def unknown(home: Home, row: Row) -> Row:
    """The row of ``input_issue`` of a decision about a check that no document has."""
    why = f"没有编号为 {row['check_id']} 的核对，这一条处理意见没有用上"
    advice = "编号照抄 juesuan findings 或视图 问题 里的；文档已移走或规则已改的，删去这一条"
    return _issue(home.root / row["file"], row["place"], why, advice)


def _issue(path: Path, place: str, reason: str, advice: str) -> Row:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None
    return {
        "object": "处理意见",
        "reason": reason,
        "advice": advice,
        "file": f"decisions/{path.name}",
        "place": place,
        "first_seen": changed,
    }


def _entries(path: Path) -> Iterator[Row]:
    """Each entry of a file: a row of ``decision``, or an issue, which has no check_id."""
    try:
        listed = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        yield _issue(path, "", f"这个文件读不了（{why}），其中的处理意见都没有用上", FIX_FILE)
        return
    if listed is None:
        return
    if not isinstance(listed, list):
        yield _issue(path, "", "这个文件不是一列条目，其中的处理意见都没有用上", FIX_FILE)
        return
    for number, entry in enumerate(listed, start=1):
        place = f"第 {number} 条"
        wrong = _wrong(entry)
        if wrong:
            yield _issue(path, place, f"这一条没有用上：{wrong}", FIX_ENTRY)
        else:
            yield {**_row(entry), "file": f"decisions/{path.name}", "place": place}


def _wrong(entry: Any) -> str:
    """What is wrong with an entry; empty where nothing is."""
    if not isinstance(entry, dict):
        return f"不是「{'、'.join(KEYS)}」各写一行的条目"
    odd = [str(key) for key in entry if key not in KEYS]
    missing = [key for key in KEYS if key not in entry]
    if odd or missing:
        return "；".join(
            said + "、".join(keys) for said, keys in (("缺少 ", missing), ("多出 ", odd)) if keys
        )
    for key in (*_WORDS, "何日"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            return f"{key}没有写"
    if not _DAY.fullmatch(entry["何日"]) or _day(entry["何日"]) is None:
        return f"何日「{entry['何日']}」不是 2026-11-22 那样的日期"
    for key in _FIGURES:
        figure = entry[key]
        if figure and not (isinstance(figure, str) and _FIGURE.fullmatch(figure.replace(",", ""))):
            return f"{key}「{figure}」不是一个数"
    return ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _row(entry: dict[str, str | None]) -> Row:
    words = {name: str(entry[key]).strip() for key, name in _WORDS.items()}
    figures = {
        name: Decimal(text.replace(",", "").replace("−", "-")) if (text := entry[key]) else None
        for key, name in _FIGURES.items()
    }
    return {**words, "decided_on": _day(str(entry["何日"])), **figures}
