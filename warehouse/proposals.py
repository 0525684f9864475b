"""Which names may mean the same unit: what is proposed to people, with its evidence and an entry to paste.

Belongs here: looking for such pairs. Does not belong here: what people decided (``units``): a name never
becomes another unit's by itself, and a pair that an entry has settled is proposed no more.

Pairs are looked for among names that share a key, or stand in one block of at most ``BLOCK`` names: never
every name with every other.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import NamedTuple

import yaml

from pipelines.vocabulary import load_yaml
from warehouse import entries, units
from warehouse.registry import Register, Row
from warehouse.units import Registry, Unit, apart

# So many names are compared each with each; a larger block is cut by one more character of their beginnings.
BLOCK = 400
# So many names that differ in the same one character are a pattern (张村小学, 李村小学 …) and no slips.
_PATTERN = 4
# A renamed unit keeps at least so much of what stands behind the place in its name.
_ALIKE = 0.6
# The least that is a name of its own: what is left of others says nothing.
_SHORTEST = 4
_IN_BRACKETS = re.compile(r"（[^（）]*）|(本级|汇总)$")
_ORGANISATION = re.compile(load_yaml("identity")["organisations"])
# Units that differ in these alone are numbered or placed side by side.
_ORDINALS = frozenset("0123456789一二三四五六七八九十百甲乙丙丁东西南北中上下")


@dataclass(slots=True)
class _Name:
    """A unit as far as proposals need it; ``own`` are the years of its 决算, ``years`` all of its years."""

    id: str
    name: str
    parent: str | None
    place: str
    entry: Unit | None
    own: set[int] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)

    @property
    def rank(self) -> tuple[bool, int, int, int, str]:
        """The greater keeps its name: without codes and brackets, later, better documented, longer."""
        bare = _bare(self.name) == self.name
        return bare, max(self.years, default=0), len(self.own), len(self.name), self.name


class _Pair(NamedTuple):
    """The name that may be an alias, the one that it may mean, why, and the last year of the alias."""

    alias: _Name
    other: _Name
    why: str
    until: int | None = None


def propose(found: Register, documents: Iterable[Row], known: Registry) -> list[Row]:
    """Rows of ``unit_proposal``; ``documents`` have ``unit_id``, ``fiscal_year`` and ``kind``."""
    names = _names(found, documents, known)
    pairs: dict[frozenset[str], list[_Pair]] = defaultdict(list)
    for pair in itertools.chain.from_iterable(rule(names) for rule in _RULES):
        if not _settled(pair.alias, pair.other):
            pairs[frozenset((pair.alias.id, pair.other.id))].append(pair)
    return sorted(map(_row, pairs.values()), key=lambda row: (row["other"], row["unit"]))


def _names(found: Register, documents: Iterable[Row], known: Registry) -> list[_Name]:
    registered = {unit.id: unit for unit in known.units}
    by_id = {
        row["unit_id"]: _Name(
            row["unit_id"], row["name"], row["parent_name"], row["evidence"], registered.get(row["unit_id"])
        )
        for row in found.units
    }
    for document in documents:
        if document["unit_id"] and document["fiscal_year"]:
            by_id[document["unit_id"]].years.add(document["fiscal_year"])
            if document["kind"] == "决算":
                by_id[document["unit_id"]].own.add(document["fiscal_year"])
    for member in found.members:
        name = by_id[member["unit_id"]]
        if member["fiscal_year"]:
            name.years.add(member["fiscal_year"])
        if member["rule"].endswith("所属"):
            name.listed.add(member["document_id"])
    return list(by_id.values())


def _settled(one: _Name, other: _Name) -> bool:
    """Whether people know both for units of their own, or said that one is not the other.

    So did a document that lists both of them side by side.
    """
    if one.entry and other.entry:
        return True
    said = any(a.entry and b.name in a.entry.others for a, b in ((one, other), (other, one)))
    return said or bool(one.listed & other.listed)


# --- what may be the same ------------------------------------------------------------------


def _grouped(names: Iterable[_Name], key: Mapping[str, Hashable]) -> Iterator[list[_Name]]:
    groups: dict[Hashable, list[_Name]] = defaultdict(list)
    for name in names:
        if name.id in key:
            groups[key[name.id]].append(name)
    return (group for group in groups.values() if len(group) > 1)


def _bare(name: str) -> str:
    return _IN_BRACKETS.sub("", apart(name).name)


def _spelt_otherwise(names: Sequence[_Name]) -> Iterator[_Pair]:
    """Names that are the same without codes and what stands in brackets: each with the best of them."""
    bare = {n.id: text for n in names if len(text := _bare(n.name)) >= _SHORTEST}
    for group in _grouped(names, bare):
        best = max(group, key=lambda n: n.rank)
        for name in group:
            if name is not best:
                same = apart(name.name).name == apart(best.name).name
                why = "去掉代码后相同" if same else "去掉代码和括号里的内容后相同"
                yield _Pair(name, best, why)


def _cut_short(names: Sequence[_Name]) -> Iterator[_Pair]:
    """Names that begin another one and do not end as an organisation's does."""
    cut = {
        n.name: n for n in names if len(n.name) >= _SHORTEST + 2 and not _ORGANISATION.search(_bare(n.name))
    }
    for name in names:
        for length in range(_SHORTEST + 2, len(name.name)):
            if short := cut.get(name.name[:length]):
                yield _Pair(short, name, "前者是后者的开头，可能没有印全")


def _blocks(names: Iterable[_Name], length: int = 3) -> Iterator[list[_Name]]:
    """Names with one beginning, at most ``BLOCK`` of them."""
    groups: dict[str, list[_Name]] = defaultdict(list)
    for name in names:
        groups[name.name[:length]].append(name)
    for group in groups.values():
        if len(group) > BLOCK:
            yield from _blocks(group, length + 1)
        elif len(group) > 1:
            yield group


def _of_parents(names: Sequence[_Name]) -> Iterator[tuple[str | None, list[_Name]]]:
    groups: dict[str | None, list[_Name]] = defaultdict(list)
    for name in names:
        groups[name.parent].append(name)
    yield from groups.items()


def _abbreviated(names: Sequence[_Name]) -> Iterator[_Pair]:
    """Names under one parent, with one beginning, of which the longer has every character of the shorter."""
    for parent, group in _of_parents(names):
        for block in _blocks(group):
            block.sort(key=lambda n: len(n.name))
            for short, long in itertools.combinations([(n, set(n.name)) for n in block], 2):
                lengths = len(short[0].name), len(long[0].name)
                if (
                    short[1] <= long[1]
                    and lengths[0] + 2 <= lengths[1] <= 2 * lengths[0]
                    and not short[0].own & long[0].own
                    and _within(short[0].name, long[0].name)
                ):
                    yield _Pair(short[0], long[0], f"前者可能是后者的简称，{_beside(parent)}")


def _within(short: str, long: str) -> bool:
    """Whether the characters stand in the longer name in their order, which does not begin with it."""
    rest = iter(long)
    kept = all(character in rest for character in short) and not long.startswith(short)
    return kept and not _ORDINALS & (set(long) - set(short))


def _beside(parent: str | None) -> str:
    return f"上级都是{parent}" if parent else "都没有写明上级"


def _one_character(names: Sequence[_Name]) -> Iterator[_Pair]:
    """Names under one parent that differ in one character, which is no number."""
    keys: dict[tuple[str, str], list[_Name]] = defaultdict(list)
    for name in names:
        if name.parent and len(name.name) > _SHORTEST:
            text = name.name
            for key in {text, *(text[:i] + text[i + 1 :] for i in range(len(text)))}:
                keys[name.parent, key].append(name)
    seen = set()
    for (parent, _), group in keys.items():
        if len(group) > _PATTERN:
            continue
        for pair in itertools.combinations(group, 2):
            worse, better = sorted(pair, key=lambda n: n.rank)
            if (worse.id, better.id) not in seen and _is_slip(worse.name, better.name):
                seen.add((worse.id, better.id))
                yield _Pair(worse, better, f"只差一个字，{_beside(parent)}")


def _is_slip(one: str, other: str) -> bool:
    """Whether two names that are the same without a character of each differ in it alone."""
    there, here = Counter(one), Counter(other)
    places = sum(a != b for a, b in zip(one, other, strict=True)) if len(one) == len(other) else 1
    return places == 1 and not _ORDINALS & {*(there - here), *(here - there)}


def _renamed(names: Sequence[_Name]) -> Iterator[_Pair]:
    """Names alike under one parent, one of which is last seen in the year before the other is first seen."""
    for parent, group in _of_parents([n for n in names if n.parent and n.years]):
        begun: dict[int, list[_Name]] = defaultdict(list)
        ended: dict[int, list[_Name]] = defaultdict(list)
        for name in group:
            begun[min(name.years)].append(name)
            ended[max(name.years)].append(name)
        for year, later in begun.items():
            earlier = ended.get(year - 1, [])
            # Where most names changed at once the list is written in another way, and nothing was renamed.
            if len(earlier) * len(later) <= BLOCK:
                for before, after in itertools.product(earlier, later):
                    if _alike(before.name, after.name, parent or ""):
                        why = f"前者见到 {year - 1} 年为止，后者从 {year} 年起，{_beside(parent)}，可能更名"
                        yield _Pair(before, after, why, year - 1)


def _alike(one: str, other: str, parent: str) -> bool:
    """Whether two names share most of what stands behind the place that the parent's begins with too."""
    place = sum(1 for _ in itertools.takewhile(lambda each: len(set(each)) == 1, zip(one, other, parent)))  # noqa: B905
    return SequenceMatcher(None, one[place:], other[place:], autojunk=False).ratio() >= _ALIKE


# Of rules that find the same pair the first one says which is the alias.
_RULES = (_spelt_otherwise, _renamed, _cut_short, _abbreviated, _one_character)


# --- what is shown of it -------------------------------------------------------------------


def _row(pairs: Sequence[_Pair]) -> Row:
    """A row of what rules found of one pair; the first one says which of the names is the alias."""
    alias, other = pairs[0].alias, pairs[0].other
    until = next((pair.until for pair in pairs if pair.until and pair.alias is alias), None)
    if alias.entry:
        alias, other, until = other, alias, None
    reason = "；".join(dict.fromkeys(pair.why for pair in pairs))
    return {
        "unit_id": alias.id,
        "unit": alias.name,
        "other_id": other.id,
        "other": other.name,
        "reason": reason,
        "evidence": "；".join(f"{n.name}：{n.entry.where if n.entry else n.place}" for n in (alias, other)),
        "entry": _entry(alias, other, until, reason),
    }


def _entry(alias: _Name, other: _Name, until: int | None, reason: str) -> str:
    """YAML to paste; 何人 and 何日 are for who decides."""
    name = {units.NAMED: alias.name, units.UNTIL: until} if until else alias.name
    if other.entry:
        said = _yaml({units.ALIASES: [name]})
        return f"# 并入 {other.entry.where}（{other.name}）\n{said}"
    who = {entries.WHO: None, entries.WHEN: None}
    return _yaml([{units.NAME: other.name, units.ALIASES: [name], units.BASIS: reason, **who}])


def _yaml(value: object) -> str:
    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=1000)
    return text.replace(": null\n", ":\n").rstrip()
