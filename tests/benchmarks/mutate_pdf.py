"""``python -m tests.benchmarks.mutate_pdf N --seed S``: damaged PDFs of known figures, judged.

Belongs here: which published figures are not those of the sound file, whether the damaged page itself
shows them, and which figures are missing from a statement that is published as whole.
Does not belong here: damaging (``typesetter.mutations``), and looking at a page (``page_witness``).
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from tempfile import TemporaryDirectory

from assets.fanout import Job, Limits, read_all
from assets.recipe import terms_of
from pipelines.locators import page_of, row_place
from pipelines.model import CellRole, DocumentPart, LineItem
from tests.page_witness import Witness, same_ink
from tests.typesetter.corpus import LOOKS, printed
from tests.typesetter.mutations import KINDS, Mutant, mutant
from tests.typesetter.paged import PrintedPdf
from warehouse.sources import source_key
from warehouse.store import store_at

THIS_YEAR = 2026
FORMS = ("income_expenditure_summary", "expenditure", "three_public")
SHEETS = (
    ("fpdf", 0, "plain"),
    ("typst", 1, "plain"),
    ("fpdf", 3, "last-row-alone"),
    ("typst", 3, "repeated-header"),
    ("fpdf", 1, "cells"),
    ("fpdf", 2, "fills"),
    ("fpdf", 0, "horizontal"),
    ("fpdf", 1, "wrapped-names"),
)
LIMITS = Limits(seconds=20)
# 类 are rounded each by itself (元).
_ROUNDED = Decimal(2_000)

Key = tuple[str, str | None, str | None, str]
Figure = Decimal | None


def key_of(fact: object) -> Key:
    return fact.form, fact.side, fact.subject_code or fact.item, fact.measure  # type: ignore[attr-defined]


def figure_of(fact: object) -> Figure:
    value: Figure = fact.quantity if fact.amount is None else fact.amount  # type: ignore[attr-defined]
    return value


@dataclass(frozen=True)
class Finding:
    """A figure that is not as it was: what became of it, where, and both readings."""

    cause: str
    key: Key
    true: str
    read: str
    place: str
    route: str
    why: str = ""


@dataclass
class Judged:
    """What was found in one damaged file."""

    right: int = 0
    findings: list[Finding] = field(default_factory=list)


class Judge:
    """Judges readings of damaged copies of one printed file."""

    def __init__(self, pdf: PrintedPdf) -> None:
        self.pdf = pdf
        self.sound = Witness(pdf.data)
        self.true = {key_of(c): c for c in pdf.truth.cells if c.status == "printed"}
        self.place = {key_of(c): place for c, place in pdf.locators.items() if c.status == "printed"}

    def judge(self, copy: Mutant, part: DocumentPart, sound: DocumentPart) -> Judged:
        """Every published figure against the truth, and every true figure against what was published."""
        judged = Judged()
        witness = Witness(copy.data)
        roles = {c.cell_id: c for c in part.cells}
        routes = {s.statement_id: s.reader for s in part.statements}
        told: set[str] = set()
        for item in (i for i in part.line_items if i.status == "printed"):
            true = self.true.get(key_of(item))
            if true is not None and figure_of(true) == figure_of(item):
                judged.right += 1
                continue
            told.add(item.cell_id)
            cause, why = self._cause(copy, witness, item, roles)
            judged.findings.append(
                Finding(
                    cause,
                    key_of(item),
                    true.amount_printed if true else "–",
                    item.amount_printed,
                    item.cell_id.partition("/")[2],
                    routes[item.statement_id],
                    why,
                )
            )
        judged.findings += self._lost(copy, witness, part, sound)
        return judged

    def _cause(
        self, copy: Mutant, witness: Witness, item: LineItem, roles: Mapping[str, CellRole]
    ) -> tuple[str, str]:
        """Whether the page shows what was read: the figure, the words of its row, and the head over it."""
        own = roles[item.cell_id]
        place = item.cell_id.partition("/")[2]
        page = page_of(place)
        if own.box is None or page is None:
            return "wrong: no place", ""
        row, table = row_place(item.cell_id), item.cell_id.rpartition("/")[0]
        around = [
            role
            for role in roles.values()
            if role.box
            and role is not own
            and (
                (row_place(role.cell_id) == row and role.role in ("code", "name", "line_no"))
                or (
                    role.role == "header"
                    and role.cell_id.rpartition("/")[0] == table
                    and role.box[0] < own.box[2]
                    and own.box[0] < role.box[2]
                )
            )
        ]
        before = copy.page_before(page)
        # A cell of the row that lost its text has no words to compare: its ink tells.
        boxes = [r.box for r in roles.values() if r.box and row_place(r.cell_id) == row]
        band = (min(b[0] for b in boxes), own.box[1], max(b[2] for b in boxes), own.box[3])
        changed = not before or not same_ink(witness.ink(page, band), self.sound.ink(before, band))
        for role in (own, *around):
            assert role.box
            text = witness.text(page, role.box)
            wanted = "".join(role.text.split())
            if text != wanted:
                return f"wrong: {role.role} misread", f"{wanted!r} {text!r}"
            if not before or not same_ink(witness.ink(page, role.box), self.sound.ink(before, role.box)):
                changed = True
            elif before and self.sound.text(before, role.box) != wanted:
                return f"wrong: {role.role} looks as before", f"{wanted!r}"
        return ("shown" if changed else "wrong: nothing changed"), ""

    def _lost(
        self, copy: Mutant, witness: Witness, part: DocumentPart, sound: DocumentPart
    ) -> Iterator[Finding]:
        """True figures of statements published as whole that are neither published nor held."""
        states = {s.form: s for s in part.statements}
        boxes = {key_of(i): c.box for i in sound.line_items for c in [self._role(sound, i)] if c}
        present = {key_of(i): i for i in part.line_items if i.status in ("printed", "held")}
        named = {(page_of(i.cell_id.partition("/")[2]), figure_of(i)) for i in part.line_items}
        held = " ".join(issue.text for issue in part.issues if issue.kind == "held")
        held_rows = {issue.locator for issue in part.issues if issue.kind == "held"}
        for key, true in self.true.items():
            found = states.get(key[0])
            if key in present or found is None or found.state not in ("有数", "空表", "无数据"):
                continue
            page = page_of(self.place[key])
            assert page
            now = [n for n in range(1, (part.document.pages or 0) + 1) if copy.page_before(n) == page]
            if (
                any((n, figure_of(true)) in named for n in now)
                or true.amount_printed in held
                or row_place(self.place[key]) in held_rows
            ):
                continue  # it is published under another name, and judged there; or an issue names it
            box = boxes.get(key)
            stands = box and any(same_ink(witness.ink(n, box), self.sound.ink(page, box)) for n in now)
            cause = f"lost: {'still shown' if stands else 'page gone' if not now else 'not shown'}"
            if self._sums_differ(part, key[0]):
                cause += ", sums differ"
            yield Finding(cause, key, true.amount_printed, "", self.place[key], found.reader, found.state)

    @staticmethod
    def _sums_differ(part: DocumentPart, form: str) -> bool:
        """Whether 合计 is not the sum of its 类 in some column: then a reconciliation names the statement."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for item in part.line_items:
            if item.form == form and item.amount is not None:
                if item.item == "合计":
                    sums[item.measure] += item.amount
                elif item.subject_code and len(item.subject_code) == 3 and not item.side:
                    sums[item.measure] -= item.amount
        return any(abs(rest) > _ROUNDED for rest in sums.values())

    @staticmethod
    def _role(part: DocumentPart, item: LineItem) -> CellRole | None:
        return next((c for c in part.cells if c.cell_id == item.cell_id), None)


@dataclass(frozen=True)
class Case:
    """One damaged file: of which sheet, by which damage and seed."""

    sheet: tuple[str, int, str]
    kind: str
    seed: int

    @property
    def name(self) -> str:
        return "/".join((*map(str, self.sheet), self.kind, str(self.seed)))


def cases(count: int, seed: int, kinds: Sequence[str] = KINDS) -> list[Case]:
    """So many files: sheets and kinds in turn."""
    return [
        Case(SHEETS[(n // len(kinds)) % len(SHEETS)], kinds[n % len(kinds)], seed + n) for n in range(count)
    ]


def run(todo: Sequence[Case], workers: int = 1, batch: int = 200) -> Iterator[tuple[Case, Judged | None]]:
    """Each case with its judgement; None where nothing was read of it."""
    from pipelines.document import read_document

    judges, sounds = {}, {}
    for sheet in dict.fromkeys(case.sheet for case in todo):
        printer, seed, look = sheet
        judges[sheet] = Judge(printed(printer, seed, LOOKS[look], FORMS))
        sounds[sheet] = read_document(judges[sheet].pdf.data, name="sound.pdf")
    for start in range(0, len(todo), batch):
        with TemporaryDirectory() as folder:
            store = store_at(folder)
            made: dict[str, tuple[Case, Mutant]] = {}
            jobs = []
            for case in todo[start : start + batch]:
                copy = mutant(case.kind, judges[case.sheet].pdf.data, case.seed)
                made[case.name] = case, copy
                jobs.append(Job(hashlib.sha256(copy.data).hexdigest(), case.name))
                store.write(source_key(jobs[-1].sha256), copy.data)
            for outcome in read_all(jobs, terms_of(store, THIS_YEAR), workers=workers, limits=LIMITS):
                case, copy = made[outcome.job.name]
                # A worker keeps its part; what it could read within its limits can be read here as well.
                part = None if outcome.failure else read_document(copy.data, name=case.name)
                yield case, part and judges[case.sheet].judge(copy, part, sounds[case.sheet])


def main() -> None:
    """Damage, read, judge, and print the counts by kind of damage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--list", action="store_true", help="every finding on a line")
    asked = parser.parse_args()
    table: dict[str, Counter[str]] = defaultdict(Counter)
    started = time.monotonic()
    for case, judged in run(cases(asked.count, asked.seed, asked.kinds.split(","))):
        row = table[case.kind]
        row["files"] += 1
        if judged is None:
            row["none"] += 1
            continue
        row["right"] += judged.right
        row.update(f.cause for f in judged.findings)
        if asked.list:
            for f in judged.findings:
                if f.cause != "shown":
                    print(case.name, f, flush=True)
    columns = sorted({c for row in table.values() for c in row})
    print("kind", *columns, sep="\t")
    for kind, row in table.items():
        print(kind, *(row[c] for c in columns), sep="\t")
    print("all", *(sum(row[c] for row in table.values()) for c in columns), sep="\t")
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
