"""The registers that the build makes: units and their names, subjects and their names, source files.

Belongs here: turning what documents, references, ledger and people's entries say into rows of ``dim_unit``,
``dim_unit_alias``, ``unit_member``, ``dim_subject`` and ``source_file``. Does not belong here: SQL over
facts, and what an entry about a unit says (``units``).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.vocabulary import Subject, subjects
from warehouse.ledger import FileState, LedgerState
from warehouse.units import KIND, Registry, Unit, apart, normal_name, unit_id

Row = dict[str, Any]

CLASSIFICATIONS: dict[str, Literal["functional", "economic"]] = {"功能": "functional", "经济": "economic"}
_LEVELS = {3: "类", 5: "款", 7: "项"}


# --- units -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Register:
    """The units of all documents.

    ``units``, ``aliases`` and ``members`` are rows of ``dim_unit``, ``dim_unit_alias`` and ``unit_member``;
    ``unused`` the units of entries of which no name occurs.
    """

    units: list[Row]
    aliases: list[Row]
    members: list[Row]
    unused: list[Unit]


def units(
    documents: Iterable[Row], evidence: Iterable[Row], relations: Iterable[Row], known: Registry
) -> Register:
    """The units that the documents speak of, by what they say of themselves and of others.

    Names mean the units that the entries of people (``known``) say for the year of their document. Later
    years win for 单位性质 and 上级, and what an entry says wins over all; nothing else is taken from outside
    the documents.
    """
    found = _Found(known)
    ordered = sorted(documents, key=lambda d: (d["fiscal_year"] or 0, d["document_id"]))
    about = {document["document_id"]: document for document in ordered}
    owner: dict[str, Row] = {}
    for document in ordered:
        if document["unit_name"]:
            row = found.unit(document["unit_name"], document["fiscal_year"], document["document_id"])
            owner[document["document_id"]] = row
            found.nature(row, document["unit_nature"])
    for said in evidence:
        subject = owner.get(said["document_id"])
        if said["attribute"] == "单位" and subject and said["value"]:
            found.alias(subject, said["value"], said, said["rule"])
    rank = {document_id: number for number, document_id in enumerate(owner)}
    for said in sorted(relations, key=lambda r: rank.get(r["document_id"], -1)):
        year = about[said["document_id"]]["fiscal_year"] if said["document_id"] in about else None
        other = found.unit(said["name"], year, f"{said['document_id']}/{said['locator']}")
        rule = f"机构设置：{said['relation']}"
        found.alias(other, said["name"], said, rule)
        subject = owner.get(said["document_id"])
        if subject:
            child, parent = (subject, other) if said["relation"] == "上级" else (other, subject)
            if child is not parent:
                child["parent_name"] = parent["name"]
            if child is not parent or said["relation"] == "所属":  # a 部门 lists its own office too
                found.member(parent, child, year, said, rule)
    found.as_registered(max((d["fiscal_year"] for d in ordered if d["fiscal_year"]), default=None))
    _of_departments(found, [(d, owner[d["document_id"]]) for d in ordered if d["document_id"] in owner])
    return found.register()


class _Found:
    """The units found so far, by their id."""

    def __init__(self, known: Registry) -> None:
        self.known = known
        self.rows: dict[str, Row] = {}
        self.registered: dict[str, Unit] = {}
        self.aliases: dict[tuple[str, ...], Row] = {}
        self.members: dict[tuple[Any, ...], Row] = {}

    def unit(self, name: str, year: int | None, source: str) -> Row:
        """The row of the unit that a name means in a year; a new one where it is the first time."""
        unit = self.known.find(name, year)
        key = unit.id if unit else unit_id(name)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = {
                "unit_id": key,
                "name": unit.name if unit else normal_name(name),
                "parent_name": None,
                "nature": unit.nature if unit else None,
                "division": unit.division if unit else None,
                "codes": sorted(unit.codes) if unit else [],
                "evidence": unit.evidence if unit else source,
            }
            if unit:
                self.registered[key] = unit
        row["division"] = row["division"] or apart(name).division
        return row

    def nature(self, row: Row, said: str | None) -> None:
        unit = self.registered.get(row["unit_id"])
        row["nature"] = (unit.nature if unit else None) or said or row["nature"]

    def alias(self, unit: Row, name: str, said: Row, rule: str) -> None:
        key = (unit["unit_id"], name, said["document_id"], said["locator"])
        self.aliases.setdefault(key, dict(zip(_ALIAS_COLUMNS, (*key, rule), strict=True)))

    def member(self, whole: Row, part: Row, year: int | None, said: Row, rule: str) -> None:
        values = (whole["unit_id"], part["unit_id"], year, said["document_id"], said["locator"])
        row = dict(zip(_MEMBER_COLUMNS, (*values, said["name"], rule), strict=True))
        self.members.setdefault(values, row)

    def as_registered(self, year: int | None) -> None:
        """Parents and names that entries give the units found; ``year`` is the latest of all documents."""
        waiting = list(self.registered)
        for key in waiting:
            unit = self.registered[key]
            if parent := unit.parent(year):
                above = self.unit(parent, year, unit.evidence)
                self.rows[key]["parent_name"] = above["name"]
                if above["unit_id"] in self.registered and above["unit_id"] not in waiting:
                    waiting.append(above["unit_id"])
            for named in unit.names[1:]:
                told = {"document_id": None, "locator": unit.where}
                self.alias(self.rows[key], named.name, told, f"{KIND.name}{named.span}")

    def register(self) -> Register:
        parents = {row["name"]: row["parent_name"] for row in self.rows.values()}
        for row in self.rows.values():
            row["path"] = _path(row["name"], parents)
        return Register(
            units=sorted(self.rows.values(), key=lambda u: str(u["name"])),
            aliases=[self.aliases[key] for key in sorted(self.aliases, key=repr)],
            members=[self.members[key] for key in sorted(self.members, key=repr)],
            unused=[unit for unit in self.known.units if unit.id not in self.registered],
        )


def _path(name: str, parents: Mapping[str, str | None]) -> str:
    """The parents of a unit, the highest first, and itself; what documents say may be a circle."""
    path, above = [name], parents.get(name)
    while above and above not in path:
        path.append(above)
        above = parents.get(above)
    return " / ".join(reversed(path))


def _of_departments(found: _Found, owned: Sequence[tuple[Row, Row]]) -> None:
    """What belongs to a 部门 and stands in no 机构设置: its own office, and whom an entry puts there."""
    accounts = [(d, unit) for d, unit in owned if d["kind"] == "决算" and d["fiscal_year"]]
    of_department = [d["level"] == "部门" and d["consolidation"] != "本级" for d, _ in accounts]
    departments = {
        (unit["unit_id"], d["fiscal_year"]): unit
        for (d, unit), whole in zip(accounts, of_department, strict=True)
        if whole
    }
    for (document, unit), whole in zip(accounts, of_department, strict=True):
        if not whole and (unit["unit_id"], document["fiscal_year"]) in departments:
            said = {"document_id": document["document_id"], "locator": "", "name": document["unit_name"]}
            found.member(unit, unit, document["fiscal_year"], said, "本级决算")
    years = sorted({year for _, year in departments})
    for registered, year in itertools.product(found.registered.values(), years):
        if parent := registered.parent(year):
            department = departments.get((found.known.identify(parent, year)[0], year))
            if department:
                said = {"document_id": None, "locator": registered.where, "name": registered.name}
                found.member(department, found.rows[registered.id], year, said, KIND.name)


_ALIAS_COLUMNS = ("unit_id", "name_printed", "document_id", "locator", "rule")
_MEMBER_COLUMNS = (
    "department_id",
    "unit_id",
    "fiscal_year",
    "document_id",
    "locator",
    "name_printed",
    "rule",
)


# --- subjects ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PrintedSubject:
    """A 科目代码 that documents print as it stands, with one of its names and how often."""

    classification: str
    code: str
    name: str
    first_year: int
    last_year: int
    documents: int


def subject_rows(printed: Iterable[PrintedSubject]) -> list[Row]:
    """Rows of ``dim_subject``: every span of the references, and what documents print beyond them."""
    rows = []
    for classification, key in CLASSIFICATIONS.items():
        for names in subjects(key).values():
            for s in names:
                evidence = f"参考资料（{s.documents} 份公开文档）"
                rows.append(
                    _subject_row(classification, s.code, s.name, s.level, s.first_year, s.last_year, evidence)
                )
    for p in printed:
        if not _in_references(p):
            level = _LEVELS.get(len(p.code), "")
            evidence = f"文档印出（{p.documents} 份）"
            rows.append(
                _subject_row(p.classification, p.code, p.name, level, p.first_year, p.last_year, evidence)
            )
    order = ("classification", "subject_code", "from_year", "name")
    return sorted(rows, key=lambda r: tuple(r[c] for c in order))


def _subject_row(
    classification: str, code: str, name: str, level: str, first: int, last: int, evidence: str
) -> Row:
    return {
        "classification": classification,
        "subject_code": code,
        "name": name,
        "level": level or None,
        "parent_code": code[:-2] if len(code) > 3 else None,
        "from_year": first,
        "to_year": last,
        "evidence": evidence,
    }


def _in_references(printed: PrintedSubject) -> bool:
    """Whether the references know this name in these years, or it is one of theirs cut short."""
    for known in subjects(CLASSIFICATIONS[printed.classification]).get(printed.code, ()):
        if known.name == printed.name:
            return known.first_year <= printed.first_year and printed.last_year <= known.last_year
        if known.name.startswith(printed.name):
            return True
    return False


def standard_names(
    used: Iterable[tuple[str, str, int]], printed: Iterable[PrintedSubject]
) -> list[tuple[str, str, int, str]]:
    """(classification, code, year, name): the best-known name of each code in each year it is used.

    A name of the references whose span covers the year, else of the span nearest to it; among several
    the one that more documents print. Codes that the references lack take the name printed most.
    """
    by_code: dict[tuple[str, str], list[PrintedSubject]] = defaultdict(list)
    for p in printed:
        by_code[p.classification, p.code].append(p)
    found = []
    for classification, code, year in sorted(set(used)):
        known: Iterable[Subject | PrintedSubject] = subjects(CLASSIFICATIONS[classification]).get(code, ())
        candidates = list(known) or by_code[classification, code]
        if candidates:
            best = min(candidates, key=lambda s: (_distance(s, year), -s.documents, -s.last_year, s.name))
            found.append((classification, code, year, best.name))
    return found


def _distance(subject: Subject | PrintedSubject, year: int) -> int:
    return max(subject.first_year - year, year - subject.last_year, 0)


# --- source files ------------------------------------------------------------------------


def main_paths(state: LedgerState) -> dict[str, str]:
    """The path that a content is known by: the first seen of those that are still there, else of all."""
    chosen: dict[str, FileState] = {}
    for file in sorted(state.files.values(), key=_file_rank):
        chosen.setdefault(file.sha256, file)
    return {sha256: file.path for sha256, file in chosen.items() if sha256}


def _file_rank(file: FileState) -> tuple[bool, Any, str]:
    return file.status == "withdrawn", file.first_seen, file.path


def source_rows(state: LedgerState, verdicts: Mapping[str, tuple[str, str, str]]) -> list[Row]:
    """Rows of ``source_file``. ``verdicts``: document id → (state, reason, advice) of what was read."""
    main = main_paths(state)
    rows = []
    for file in sorted(state.files.values(), key=lambda f: (f.path, f.first_seen, f.sha256)):
        # A failure that a later look at the same path has settled is no longer a state of anything.
        if not file.sha256 and (state.current[file.path] is not file or file.status == "withdrawn"):
            continue
        verdict, reason, advice = _file_verdict(file, state, main, verdicts)
        rows.append(
            {
                "path": file.path,
                "document_id": file.sha256[:12] or None,
                "sha256": file.sha256 or None,
                "bytes": file.size,
                "state": verdict,
                "reason": reason or None,
                "advice": advice or None,
                "first_seen": file.first_seen,
                "last_seen": file.last_seen,
            }
        )
    return rows


def _file_verdict(
    file: FileState,
    state: LedgerState,
    main: Mapping[str, str],
    verdicts: Mapping[str, tuple[str, str, str]],
) -> tuple[str, str, str]:
    if file.status == "withdrawn":
        return "已撤回", "文件夹里已没有这个文件", "仍要用的，把文件放回原处再运行一次"
    if not file.sha256:
        return "失败", file.reason, file.advice
    if main[file.sha256] != file.path:
        reason = f"内容与 {main[file.sha256]} 完全相同，只入库一次"
        return "重复", reason, "不影响结果；不需要的那一份可以移走"
    document = state.documents[file.sha256]
    verdict, reason, advice = verdicts.get(
        document.document_id,
        (
            "失败",
            document.reason or "内容已留存，但没有读出任何东西",
            document.advice or "再运行一次；仍然如此的，把文件交给维护者",
        ),
    )
    current = state.current[file.path]
    if current is not file and current.sha256:
        reason = "；".join(
            filter(None, [reason, f"这个路径上后来是另一份内容（文档 {current.sha256[:12]}）"])
        )
    return verdict, reason, advice
