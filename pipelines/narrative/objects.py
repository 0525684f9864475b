"""What the text speaks of: names looked up by section, addresses, and the cells of this document.

Belongs here: ``objects.yml``, names of 科目 as the document's own rows print them, the cell of an address.
Does not belong here: the words around a name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from pipelines.model import CellRole, LineItem
from pipelines.narrative.passages import fold_line
from pipelines.vocabulary import forms, load_yaml
from pipelines.wording import fold, name_key, without_blanks

_LEVELS = re.compile(load_yaml("phrases", "narrative")["levels"])
_THREE_PUBLIC = "three_public"
_SPENT, _BUDGETED = "决算数", "预算数"
# Where functional 科目 are printed with code and name, the first that prints a name before the others.
_FUNCTIONAL = ("general_budget_expenditure", "expenditure", "income", "government_fund", "state_capital")


class Address(NamedTuple):
    """What a figure is called in the forms: form, item or 科目代码, measure."""

    form: str
    item: str | None
    subject_code: str | None
    measure: str

    def __str__(self) -> str:
        return f"{self.form}/{self.item or self.subject_code}/{self.measure}"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a claim speaks of: its name, and the addresses where the same figure stands, best first."""

    name: str
    addresses: tuple[Address, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the forms know it."""
        return bool(self.addresses)


@dataclass(frozen=True, slots=True)
class _Object:
    name: str
    addresses: tuple[Address, ...]
    nature: Mapping[str, Address]


@dataclass(frozen=True, slots=True)
class Section:
    """What a section speaks of. ``plain``: nothing of it stands in a statement."""

    says: Mapping[str, _Object]
    ends: tuple[tuple[str, _Object], ...]
    plain: bool
    share_of: tuple[Address, ...]
    nil: Mapping[str, str]
    classification: str | None
    subjects: tuple[str, ...]
    classes: tuple[str, ...]


def _address(text: str) -> Address:
    form, row, measure = text.split("/")
    return Address(form, row, None, measure)


def _objects(raw: Mapping[str, Any]) -> tuple[dict[str, _Object], tuple[tuple[str, _Object], ...]]:
    says: dict[str, _Object] = {}
    ends: list[tuple[str, _Object]] = []
    for name, entry in raw.items():
        nature = {kind: _address(at) for kind, at in entry.get("nature", {}).items()}
        made = _Object(name, tuple(map(_address, entry.get("at", ()))), nature)
        says |= {fold(words): made for words in entry.get("says", ())}
        ends += [(fold(words), made) for words in entry.get("ends", ())]
    return says, tuple(sorted(ends, key=lambda pair: -len(pair[0])))


@cache
def sections() -> dict[str | None, Section]:
    """Every section by its id; under None what is known without one."""
    data = load_yaml("objects", "narrative")
    common, _ = _objects(data["common"])
    found: dict[str | None, Section] = {None: Section(common, (), False, (), {}, None, (), ())}
    for name, raw in data["sections"].items():
        says, ends = _objects(raw.get("objects", {}))
        subjects = raw.get("subjects", {})
        found[name] = Section(
            says={**common, **says},
            ends=ends,
            plain=raw.get("plain", False),
            share_of=tuple(map(_address, raw.get("share_of", ()))),
            nil=raw.get("nil", {}),
            classification=subjects.get("classification"),
            subjects=tuple(subjects.get("at", ())),
            classes=tuple(subjects.get("classes", ())),
        )
    return found


@cache
def _classes() -> dict[str, tuple[str, str]]:
    """The 类 of the functional classification by name: 科目代码 and the item that the forms call it."""
    return {
        name_key(name): (item.subject, item.name)
        for item in forms()["appropriation_summary"].items
        if item.subject
        for name in (item.name, *item.aliases)
    }


class Objects:
    """Looks names up for one document, and finds their cells."""

    def __init__(self, items: Sequence[LineItem], notes: Iterable[CellRole], nature: str | None) -> None:
        self.nature = nature
        self._cells: dict[Address, list[LineItem]] = defaultdict(list)
        self._economic: dict[str, set[str]] = defaultdict(set)
        self._functional: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._names: dict[str, str] = {}
        times: dict[str, int] = defaultdict(int)
        for item in items:
            times[item.cell_id] += 1
            self._cells[Address(item.form, item.item, item.subject_code, item.measure)].append(item)
            self._remember(item)
        # A cell that two rows share says which of them is meant to nobody.
        self._shared = {cell for cell, count in times.items() if count > 1}
        self.budget_meaning = _budget_meaning(notes)

    def _remember(self, item: LineItem) -> None:
        if item.subject_code is None or item.name_printed is None:
            return
        name = fold(item.name_printed)
        printed = without_blanks(item.name_printed)
        # A name may be cut short in one statement and whole in another.
        self._names[item.subject_code] = max(self._names.get(item.subject_code, ""), printed, key=len)
        if item.form == "basic_expenditure":
            if item.status != "closed":
                self._economic[name].add(item.subject_code)
        elif item.form in _FUNCTIONAL:
            self._functional[item.form][name].add(item.subject_code)

    # --- names ----------------------------------------------------------------------------

    def look_up(self, section: str | None, key: str) -> Subject | None:
        """What a name means in a section; None for one that is not known there, or has two meanings."""
        known = sections()[section]
        for words in _variants(key):
            if found := known.says.get(words):
                return self._subject(found)
        for words in _variants(key):
            if found_subject := self._by_code(known, words):
                return found_subject
        return next((self._subject(found) for words, found in known.ends if key.endswith(words)), None)

    def object_named(self, section: str | None, name: str) -> Subject | None:
        """What a section's object of that name means (not: what words mean it)."""
        known = sections()[section]
        found = next((one for one in known.says.values() if one.name == name), None)
        return self._subject(found) if found else None

    def _subject(self, found: _Object) -> Subject:
        by_nature = found.nature.get(self.nature or "")
        return Subject(found.name, (by_nature,) if by_nature else found.addresses)

    def _by_code(self, section: Section, key: str) -> Subject | None:
        if section.classification == "economic":
            codes = self._economic.get(key, set())
            return self._coded(codes, section.subjects) if len(codes) == 1 else None
        if section.classification is None:
            return None
        levels = _LEVELS.match(key)
        if levels is None:
            of_class = _classes().get(key)
            codes = {of_class[0]} if of_class else self._codes(key, "")
        else:
            of_class = _classes().get(levels["class"])
            if of_class is None:
                return None
            codes = {of_class[0]}
            for name in filter(None, (levels["group"], levels["entry"])):
                of_class = None
                codes = self._codes(name, next(iter(codes))) if len(codes) == 1 else set()
        if len(codes) != 1:
            return None
        found = self._coded(codes, section.subjects)
        if of_class is None:
            return found
        code, item = of_class
        more = (Address(form, item, code, m) for form, _, m in (at.split("/") for at in section.classes))
        return Subject(item, (*found.addresses, *more))

    def _coded(self, codes: set[str], at: Sequence[str]) -> Subject:
        code = next(iter(codes))
        parts = (text.split("/") for text in at)
        addresses = tuple(Address(form, None, code, measure) for form, _, measure in parts)
        return Subject(self._names.get(code, code), addresses)

    def _codes(self, name: str, prefix: str) -> set[str]:
        """The codes below ``prefix`` that the statements print with that name."""
        for form in _FUNCTIONAL:
            codes = {code for code in self._functional[form].get(name, ()) if code.startswith(prefix)}
            codes.discard(prefix)
            if codes:
                return codes
        return set()

    # --- cells ----------------------------------------------------------------------------

    def choose(self, addresses: Sequence[Address]) -> tuple[Address | None, str | None]:
        """The first address that the document prints, with its cell; else the first, without one."""
        for address in addresses:
            items = self._cells.get(address, ())
            if len(items) == 1 and items[0].cell_id not in self._shared:
                return address, items[0].cell_id
            if items:
                # Rows with the same code: nobody can tell which is meant.
                return address, None
        return (addresses[0] if addresses else None), None

    def budgeted(self, addresses: Sequence[Address], period: str) -> tuple[Address, ...]:
        """The addresses of the budget that a 三公 figure is measured against, where the form prints it."""
        if period not in ("预算", self.budget_meaning):
            return ()
        return tuple(
            address._replace(item=_BUDGETED)
            for address in addresses
            if address.form == _THREE_PUBLIC and address.item == _SPENT
        )


def measured(address: Address) -> str:
    """What the figure at an address is measured in: 万元, 辆, 台（套）."""
    return _measures().get((address.form, address.item), "万元")


@cache
def _measures() -> dict[tuple[str, str | None], str]:
    return {(form.id, item.name): item.unit for form in forms().values() for item in form.items if item.unit}


def _variants(key: str) -> tuple[str, ...]:
    """The name as said, and without or with the 支出 that sentences add and leave out."""
    if key.endswith("支出"):
        return (key, key.removesuffix("支出"))
    return (key, f"{key}支出") if key else ()


def _budget_meaning(notes: Iterable[CellRole]) -> str | None:
    """What 预算数 of the 三公 statement means, as its note says it: 全年预算 or 年初预算."""
    said = {
        meaning.removesuffix("数")
        for note in notes
        if note.role == "note" and note.statement_id.endswith(_THREE_PUBLIC)
        for says, meaning in forms()[_THREE_PUBLIC].budget_meaning
        if fold(says) in fold_line(note.text)
    }
    return said.pop() if len(said) == 1 else None
