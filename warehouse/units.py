"""What people know about units: ``HOME/units/*.yml``, and which unit a printed name means in a year.

Belongs here: what an entry says, which entries contradict each other, and finding the unit of a name. Does
not belong here: reading the files (``entries``), the rows of ``dim_unit`` (``registry``), and which names may
mean the same (``proposals``).

A file is a list of entries, one a unit; 单位, 依据, 何人 and 何日 must be there, the others may:

    单位        its name; it always means this unit
    别名        other names: earlier ones, short ones, spellings with a code. Each is a name, or
                {名称: …, 自: 2010, 至: 2025-03} where it is one only from and until then
    代码        codes that are printed before its names (063-123-…, 038001…)
    上级        its parent, or several with 自 and 至
    单位性质    行政单位, 参公事业单位, 事业单位 …
    行政区划    six digits
    不是        names of units that look like it and are others: they are no longer proposed
    依据        why
    何人        who decided
    何日        on which day, 2026-11-22

A name counts for a fiscal year in which it was the unit's on any day. Nothing is concluded from names that
no entry has: each spelling is then a unit of its own.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from warehouse import entries
from warehouse.entries import Entry, Kind, Row
from warehouse.home import Home

NAME, BASIS, NOT = "单位", "依据", "不是"
ALIASES, CODES, PARENTS, NATURE, DIVISION = "别名", "代码", "上级", "单位性质", "行政区划"
NAMED, SINCE, UNTIL = "名称", "自", "至"
_SPAN = f"名称，也不是「{{{NAMED}: …, {SINCE}: 2010, {UNTIL}: 2025-03}}」"
_MOMENT = re.compile(r"(?P<year>[12]\d{3})(-(?P<month>\d\d)(-(?P<day>\d\d))?)?")
_DIVISION = re.compile(r"[1-9]\d{5}")
# 063-123-某中心, 038001某局本级-210311000: a code before a name, a division and three digits more behind.
_CODED = re.compile(r"((?P<code>\d{3,}(-\d+)*)-?)?(?P<name>\D.*?)(-(?P<division>[1-9]\d{5})(\d{3})?)?")


def normal_name(name: str) -> str:
    """A unit's name without what differs by typesetting alone: width, blanks, form of brackets."""
    narrow = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))
    return narrow.replace("(", "（").replace(")", "）")


def unit_id(name: str) -> str:
    """The stable id of the unit of that name: ``u_`` and ten hex digits."""
    return "u_" + hashlib.sha256(normal_name(name).encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Printed:
    """A normal name taken apart: the code before it and the six digits of the division behind it, if any."""

    code: str | None
    name: str
    division: str | None


def apart(name: str) -> Printed:
    """What stands before and behind a unit's own name where it is printed with codes."""
    found = _CODED.fullmatch(normal_name(name))
    return Printed(found["code"], found["name"], found["division"]) if found else Printed(None, name, None)


@dataclass(frozen=True, slots=True)
class Named:
    """A name and the first and last day, month or year in which it counts; ``None``: without limit."""

    name: str
    since: str | None = None
    until: str | None = None

    def holds(self, year: int | None) -> bool:
        """Whether it counts in a fiscal year; in an unknown one if it always does."""
        if year is None:
            return self.since is None and self.until is None
        return (_year(self.since) or year) <= year <= (_year(self.until) or year)

    def overlaps(self, other: Named) -> bool:
        """Whether there is a year in which both count."""
        starts, ends = (_year(self.since), _year(other.since)), (_year(self.until), _year(other.until))
        first, last = [y for y in starts if y], [y for y in ends if y]
        return not first or not last or max(first) <= min(last)

    @property
    def span(self) -> str:
        """The years and days in Chinese; empty where it always counts."""
        parts = ((SINCE, self.since), (UNTIL, self.until))
        return "".join(f"{word} {when}" for word, when in parts if when)


def _year(moment: str | None) -> int | None:
    return int(moment[:4]) if moment else None


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as an entry has it; names are normal, the first of ``names`` is its own."""

    names: tuple[Named, ...]
    codes: frozenset[str]
    parents: tuple[Named, ...]
    nature: str | None
    division: str | None
    others: frozenset[str]
    evidence: str
    file: str
    place: str

    @property
    def name(self) -> str:
        """Its own name."""
        return self.names[0].name

    @property
    def id(self) -> str:
        """Its id, made of its own name."""
        return unit_id(self.name)

    @property
    def where(self) -> str:
        """File and entry."""
        return f"{self.file} {self.place}"

    @property
    def years(self) -> set[int]:
        """The years in which a name or a parent of it begins or ends."""
        moments = (moment for named in (*self.names, *self.parents) for moment in (named.since, named.until))
        return {int(moment[:4]) for moment in moments if moment}

    def parent(self, year: int | None) -> str | None:
        """The name of its parent in a year, if an entry has one."""
        return next((parent.name for parent in self.parents if parent.holds(year)), None)


class Registry:
    """The units of all entries that can be used; ``issues`` are rows of ``input_issue`` for the others."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.issues: list[Row] = []
        self.years: set[int] = {date.max.year}
        self._claims: dict[str, list[tuple[Named, Unit]]] = defaultdict(list)

    def add(self, unit: Unit) -> None:
        """A unit that contradicts none that is there."""
        self.units.append(unit)
        self.years |= unit.years
        for named in unit.names:
            self._claims[named.name].append((named, unit))

    def claims(self, name: str) -> list[tuple[Named, Unit]]:
        """The units of which a normal name is one at some time."""
        return self._claims.get(name, [])

    def find(self, name: str, year: int | None) -> Unit | None:
        """The unit that a printed name means in a fiscal year; ``None`` where no entry says so.

        A name with a code means a unit that has both.
        """
        normal = normal_name(name)
        if (unit := self._claimant(normal, year)) or not self.units:
            return unit
        printed = apart(normal)
        coded = self._claimant(printed.name, year)
        if coded is None or (printed.code is None and printed.division is None):
            return None
        same = printed.code in coded.codes if printed.code else printed.division == coded.division
        return coded if same else None

    def _claimant(self, name: str, year: int | None) -> Unit | None:
        return next((unit for named, unit in self.claims(name) if named.holds(year)), None)

    def identify(self, name: str, year: int | None) -> tuple[str, str]:
        """The id and name of the unit that a printed name means; the spelling's own where none is known."""
        unit = self.find(name, year)
        return (unit.id, unit.name) if unit else (unit_id(name), normal_name(name))


# --- the files ---------------------------------------------------------------------------


def load(home: Home) -> Registry:
    """Every entry of the home that can be used. One that contradicts an earlier one is an issue."""
    told, registry = entries.load(home.units, KIND), Registry()
    registry.issues += told.issues
    for unit in map(_unit, told.rows):
        if reason := _taken(unit, registry):
            advice = "一个名称同一年只能是一个单位的：改掉其中一处，或给两处写明不重叠的自、至"
        elif reason := _circle(unit, registry):
            advice = "改掉其中一条的上级，或给各条上级写明不重叠的自、至"
        else:
            registry.add(unit)
            continue
        why = f"单位「{unit.name}」这一条没有用上：{reason}"
        registry.issues.append(entries.issue(KIND, home.root / unit.file, unit.place, why, advice))
    return registry


def unused(home: Home, unit: Unit) -> Row:
    """The row of ``input_issue`` of an entry whose names occur nowhere."""
    why = f"仓库里没有一处印着单位「{unit.name}」的名称或别名，这一条单位登记没有用上"
    advice = "名称照抄视图 单位表 或 单位建议 里的，看自、至是否写得太窄；文档还没有到的不必处理"
    return entries.issue(KIND, home.root / unit.file, unit.place, why, advice)


def _taken(unit: Unit, registry: Registry) -> str:
    for named in unit.names:
        for other, owner in registry.claims(named.name):
            if named.overlaps(other):
                return f"名称「{named.name}」{other.span}已经是 {owner.where}的单位「{owner.name}」的"
    return ""


def _circle(unit: Unit, registry: Registry) -> str:
    """The circle that a unit closes among the parents, in one of the years in which anything changes."""
    for year in sorted(registry.years | unit.years):
        path, above = [unit.name], unit.parent(year)
        while above is not None:
            if any(named.name == above and named.holds(year) for named in unit.names):
                return f"上级绕成了一圈（{' → '.join([*path, unit.name])}）"
            path.append(above)
            known = registry.find(above, year)
            above = known.parent(year) if known else None
    return ""


# --- an entry ----------------------------------------------------------------------------


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(entry: Entry, key: str) -> list[str]:
    return [str(value).strip() for value in _listed(entry.get(key))]


def _names(entry: Entry, key: str) -> Iterator[Named]:
    for value in _listed(entry.get(key)):
        told = value if isinstance(value, dict) else {NAMED: value}
        since, until = (str(told[k]).strip() if told.get(k) else None for k in (SINCE, UNTIL))
        yield Named(normal_name(told[NAMED]), since, until)


def _wrong(entry: Entry) -> str:
    for key in (ALIASES, PARENTS):
        for number, value in enumerate(_listed(entry.get(key)), start=1):
            if wrong := _wrong_name(value):
                return f"{key}第 {number} 项{wrong}"
    for key in (CODES, NOT):
        for value in _listed(entry.get(key)):
            if not isinstance(value, str) or not value.strip():
                return f"{key}「{_short(value)}」不是一个值，几个的写成 [一, 二]"
    division = str(entry.get(DIVISION) or "").strip()
    if division and not _DIVISION.fullmatch(division):
        return f"{DIVISION}「{division}」不是 140300 那样的六位代码"
    parents = list(_names(entry, PARENTS))
    for place, parent in enumerate(parents):
        if parent.name == normal_name(entry[NAME]):
            return f"{PARENTS}写的是它自己"
        if any(parent.overlaps(other) for other in parents[:place]):
            return f"{PARENTS}同一年有两个，给各项写明不重叠的自、至"
    return ""


def _wrong_name(value: Any) -> str:
    """What is wrong with a name and its span; empty where nothing is."""
    told = value if isinstance(value, dict) else {NAMED: value}
    texts = all(isinstance(v, str | None) for v in told.values())
    if not texts or not (told.get(NAMED) or "").strip() or set(told) - {NAMED, SINCE, UNTIL}:
        return f"「{_short(value)}」不是{_SPAN}"
    moments = [str(told[key]).strip() for key in (SINCE, UNTIL) if told.get(key)]
    for moment in moments:
        if not _is_moment(moment):
            return f"的「{moment}」不是 2025、2025-03 或 2025-03-01 那样的日子"
    if len(moments) == 2 and moments[0] > moments[1] and not moments[0].startswith(moments[1]):
        return f"的{SINCE}「{moments[0]}」晚于{UNTIL}「{moments[1]}」"
    return ""


def _is_moment(text: str) -> bool:
    found = _MOMENT.fullmatch(text)
    try:
        return bool(found and date(*(int(found[part] or 1) for part in ("year", "month", "day"))))
    except ValueError:
        return False


def _short(value: Any) -> str:
    return " ".join(str(value).split())[:60]


def _row(entry: Entry) -> Row:
    return {
        "names": tuple(dict.fromkeys((Named(normal_name(entry[NAME])), *_names(entry, ALIASES)))),
        "codes": frozenset(_texts(entry, CODES)),
        "parents": tuple(_names(entry, PARENTS)),
        "nature": str(entry.get(NATURE) or "").strip() or None,
        "division": str(entry.get(DIVISION) or "").strip() or None,
        "others": frozenset(map(normal_name, _texts(entry, NOT))),
    }


def _unit(row: Row) -> Unit:
    said = {key: row[key] for key in ("names", "codes", "parents", "nature", "division", "others")}
    who = f"{row['decided_by']}，{row['decided_on']}，{row['file']} {row['place']}"
    return Unit(**said, evidence=f"{row['reason']}（{who}）", file=row["file"], place=row["place"])


KIND = Kind(
    name="单位登记",
    folder="units",
    keys=(NAME, BASIS, entries.WHO, entries.WHEN),
    written=(NAME, BASIS, entries.WHO),
    named=NAME,
    wrong=_wrong,
    row=_row,
    optional=(ALIASES, CODES, PARENTS, NATURE, DIVISION, NOT),
    lists=(ALIASES, CODES, PARENTS, NOT),
    why=BASIS,
)
