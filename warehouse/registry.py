"""The registers that the build makes: units and their names, subjects and their names, source files.

Belongs here: turning what documents, references and ledger say into rows of ``dim_unit``,
``dim_unit_alias``, ``dim_subject`` and ``source_file``. Does not belong here: SQL over facts.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.vocabulary import Subject, subjects
from warehouse.ledger import FileState, LedgerState

Row = dict[str, Any]

CLASSIFICATIONS: dict[str, Literal["functional", "economic"]] = {"功能": "functional", "经济": "economic"}
_LEVELS = {3: "类", 5: "款", 7: "项"}


# --- units -------------------------------------------------------------------------------


def normal_name(name: str) -> str:
    """A unit's name without what differs by typesetting alone: width, blanks, form of brackets."""
    narrow = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))
    return narrow.replace("(", "（").replace(")", "）")


def unit_id(name: str) -> str:
    """The stable id of the unit of that name: ``u_`` and ten hex digits."""
    return "u_" + hashlib.sha256(normal_name(name).encode()).hexdigest()[:10]


def units(
    documents: Iterable[Row], evidence: Iterable[Row], relations: Iterable[Row]
) -> tuple[list[Row], list[Row]]:
    """Rows of ``dim_unit`` and ``dim_unit_alias`` from what the documents say of themselves and of others.

    Later years win for 单位性质 and 上级; nothing is taken from outside the documents.
    """
    found: dict[str, Row] = {}
    aliases: dict[tuple[str, str, str, str], Row] = {}

    def unit(name: str, source: str) -> Row:
        blank = {"parent_name": None, "nature": None, "division": None, "evidence": source}
        return found.setdefault(unit_id(name), {"unit_id": unit_id(name), "name": normal_name(name), **blank})

    def alias(of: str, name: str, row: Row, rule: str) -> None:
        key = (of, name, row["document_id"], row["locator"])
        aliases.setdefault(key, dict(zip(_ALIAS_COLUMNS, (*key, rule), strict=True)))

    owner: dict[str, Row] = {}
    for document in sorted(documents, key=lambda d: (d["fiscal_year"] or 0, d["document_id"])):
        if document["unit_name"]:
            row = owner[document["document_id"]] = unit(document["unit_name"], document["document_id"])
            row["nature"] = document["unit_nature"] or row["nature"]
    for said in evidence:
        subject = owner.get(said["document_id"])
        if said["attribute"] == "单位" and subject and said["value"]:
            alias(subject["unit_id"], said["value"], said, said["rule"])
    rank = {document_id: number for number, document_id in enumerate(owner)}
    for said in sorted(relations, key=lambda r: rank.get(r["document_id"], -1)):
        place = f"{said['document_id']}/{said['locator']}"
        other = unit(said["name"], place)
        alias(other["unit_id"], said["name"], said, f"机构设置：{said['relation']}")
        subject = owner.get(said["document_id"])
        if subject and subject is not other:
            child, parent = (subject, other) if said["relation"] == "上级" else (other, subject)
            child["parent_name"] = parent["name"]
    return sorted(found.values(), key=lambda u: str(u["name"])), [aliases[key] for key in sorted(aliases)]


_ALIAS_COLUMNS = ("unit_id", "name_printed", "document_id", "locator", "rule")


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
