"""From passages to claims: the walk over clauses and numbers, with what is being spoken of.

Belongs here: what carries over from clause to clause (what is spoken of, which budget, what compared
with), where reasons and purposes begin and end. Does not belong here: the words (``phrases``), the names
(``objects``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate

from pipelines.model import (
    CellRole,
    Claim,
    Document,
    IgnoredNumber,
    Issue,
    Line,
    LineItem,
)
from pipelines.narrative.clauses import SEPARATOR, Clause, clauses, sentence
from pipelines.narrative.numbers import CONTACT, Number, numbers
from pipelines.narrative.objects import Address, Objects, Subject, measured, sections
from pipelines.narrative.passages import Passage, passages
from pipelines.narrative.phrases import BUDGET, BUDGETS, LAST_YEAR, THIS_YEAR, Said, hear
from pipelines.narrative.talk import Talk
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_DATA = load_yaml("phrases", "narrative")
_REASON = re.compile(_DATA["reason"])
_PURPOSE = re.compile(_DATA["purpose"])
_GOES_ON = re.compile(_DATA["goes_on"])
_UNCHANGED = re.compile(f"(?:{_DATA['unchanged']})$")
_NOTHING = re.compile(_DATA["nothing"])
_PART_OF = re.compile(_DATA["part_of"])
_SPLITS = re.compile(_DATA["splits"])
_ENUMERATES = re.compile(_DATA["enumerates"])
_OF_ONE_UNIT = re.compile(load_yaml("sections", "narrative")["of_one_unit"])
_YEAR = re.compile(r"(?:19|20)\d{2}(?=年)")
_NIL_ITEM = re.compile(_DATA["nil_item"])
_NIL_WORDS: dict[str, list[str]] = _DATA["nil_words"]
_ZERO = re.compile(r"(?:为|均为|都为|都是)$")

_WAN = "万元"
_HEADING_NUMBER, _PAPER_NUMBER, _UNSURE = "标题里的数字", "页眉页脚", "图像读不准"
# A document is read up to so many figures …
_MOST_FIGURES = 10_000
# … and up to so many characters: the longest disclosures have a hundredth of it.
_MOST_TEXT = 1_000_000
# An unknown thing is called by the last words before its figure.
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Narrative:
    """What the running text states, the numbers that state nothing, and what could not be read."""

    claims: tuple[Claim, ...] = ()
    ignored: tuple[IgnoredNumber, ...] = ()
    issues: tuple[Issue, ...] = ()


def read_narrative(
    document: Document, lines: Sequence[Line], items: Sequence[LineItem], roles: Sequence[CellRole]
) -> Narrative:
    """The claims of the text outside of statements, bound to the cells of ``items``.

    ``lines`` are those of the text in reading order; ``roles`` tell by their notes what the budget of the
    三公 statement is. Never raises for what the text says.
    """
    reader = _Reader(document, Objects(items, roles, _own_nature(document)))
    length = list(accumulate(len(line.text) for line in lines))
    readable = bisect_right(length, _MOST_TEXT)
    found, furniture = passages(lines[:readable])
    for passage in found:
        reader.read(passage)
    for line in furniture:
        reader.paper(line)
    issues = [_unsure(line) for line in reader.unsure.values()]
    if reader.full or readable < len(lines):
        issues.append(
            Issue(
                "held",
                "识别",
                "情况说明",
                f"文字多于 {_MOST_TEXT} 字或其中的数多于 {_MOST_FIGURES} 个，其余未读",
                "核对原件：表格是否被转成了文字",
            )
        )
    return Narrative(tuple(reader.claims), tuple(reader.ignored), tuple(issues))


def _unsure(line: Line) -> Issue:
    """A recognised line with figures that are not certain: it states nothing."""
    confidence = line.reading.confidence if line.reading else 0.0
    reason = f"图像识别的把握只有 {confidence:.2f}，这一行里的数断不定，没有当作陈述"
    advice = "核对原件；要用这一行的数，换一份文字可选可复制的文件"
    return Issue("held", "识别", "情况说明", reason, advice, line.locator, line.text)


def _own_nature(document: Document) -> str | None:
    """The nature that decides which row is the office's own; a department has units of several natures."""
    return document.unit_nature if document.level == "单位" else None


class _Reader:
    def __init__(self, document: Document, objects: Objects) -> None:
        self.document_id = document.document_id
        self.year = document.fiscal_year
        self.unit_name = fold(document.unit_name or "")
        self.objects = objects
        self.claims: list[Claim] = []
        self.ignored: list[IgnoredNumber] = []
        self._of_line: dict[str, int] = {}
        # In a list, what is split up into items: one of them that bears its name is not it.
        self._split: tuple[tuple[str, ...], str | None] = ((), None)
        self._last: tuple[Passage, Talk] | None = None
        # The lines of which a figure could not be read with certainty, by their places.
        self.unsure: dict[str, Line] = {}

    @property
    def full(self) -> bool:
        return len(self.claims) + len(self.ignored) >= _MOST_FIGURES

    def paper(self, line: Line) -> None:
        """Numbers of a running head or a page number."""
        for match in re.finditer(r"\d+", line.text):
            self.ignored.append(IgnoredNumber(match[0], _PAPER_NUMBER, line.locator))

    def read(self, passage: Passage) -> None:
        """Every number of a passage, as a claim or ignored."""
        if self.full:
            return
        text = passage.text
        found = numbers(text)
        figures = []
        for number in found:
            if self.full:
                return
            if number.rule is None and not passage.is_heading:
                figures.append(number)
            elif zero := self._zero(text, number):
                figures.append(zero)
            else:
                self._ignore(passage, number)
        if not passage.is_heading:
            self._walk(passage, text, found, figures)

    def _zero(self, text: str, number: Number) -> Number | None:
        """«均为0»: an amount without its unit."""
        before = text[max(0, number.start - 4) : number.start]
        if number.rule is None or text[number.start : number.end] != "0" or not _ZERO.search(before):
            return None
        return replace(number, unit=_WAN, kind="money", rule=None)

    def _ignore(self, passage: Passage, number: Number) -> None:
        text = passage.printed(number.start, number.end)
        rule = number.rule or _HEADING_NUMBER
        if rule == CONTACT:
            text = re.sub(r"\d", "*", text)
        self.ignored.append(IgnoredNumber(text, rule, self._locator(passage, number.start)))

    def _locator(self, passage: Passage, position: int) -> str:
        return passage.lines[passage.place(position)].locator

    # --- clauses --------------------------------------------------------------------------

    def _walk(self, passage: Passage, text: str, found: Sequence[Number], figures: Sequence[Number]) -> None:
        talk = self._taken_up(passage)
        for clause in clauses(text, found, figures):
            if clause.before in "。;!?.":
                talk.sentence_ends()
            self._zone(talk, passage, clause, text)
            begin = clause.start
            for number in clause.numbers:
                if self.full:
                    return
                words = text[begin : number.start]
                self._figure(talk, passage, text, words, number)
                begin = number.unit_end
            self._words(talk, passage, text, begin, clause)
        self._last = (passage, talk)
        if passage.depth < 2:
            heads = passage.headings
            opened = self._opened(passage, text)
            if opened or self._split[0] != heads:
                self._split = (heads, opened)

    def _taken_up(self, passage: Passage) -> Talk:
        """What is spoken of at the beginning of a passage: a line or page may have ended just after a 。"""
        if self._last is None:
            return Talk()
        last, talk = self._last
        if last.headings != passage.headings or passage.depth:
            return Talk()
        talk.sentence_ends()
        return Talk(subject=talk.subject, budget=talk.budget)

    def _opened(self, passage: Passage, text: str) -> str | None:
        """The name that the first amount of a passage is about, for the items of a list below it."""
        prefix = f"{self.document_id}/{passage.lines[0].locator}/n1"
        first = next((c for c in reversed(self.claims) if c.claim_id == prefix), None)
        return first.object if first and first.kind == "金额" else None

    def _zone(self, talk: Talk, passage: Passage, clause: Clause, text: str) -> None:
        """Whether a clause tells a reason or a purpose, and not what the tables say."""
        of_one_unit = any(
            _OF_ONE_UNIT.search(title) and self.unit_name not in title for title in passage.headings[1:]
        )
        if sections()[passage.section].plain or of_one_unit:
            talk.zone = "plain"
            return
        words = text[clause.start : clause.end]
        over = clause.before in "。!?." or (clause.before == ";" and self._names_anew(passage, clause, text))
        if over or (talk.zone == "purpose" and clause.before in ",;" and _GOES_ON.match(words)):
            talk.zone = None
        if talk.zone == "part" and clause.before == ";":
            talk.zone = None
        if _REASON.search(words):
            talk.zone = "reason"
        elif talk.zone is None and _PURPOSE.search(words):
            talk.zone = "purpose"
        elif talk.zone is None and _SPLITS.match(words) and talk.subject and not talk.subject.known:
            talk.zone = "part"

    def _names_anew(self, passage: Passage, clause: Clause, text: str) -> bool:
        if not clause.numbers:
            return False
        words = text[clause.start : clause.numbers[0].start]
        said = hear(words, clause.numbers[0], self.unit_name, self.year)
        if _ENUMERATES.match(words) or said.kind != "金额":
            return False
        return bool(said.key) and self.objects.look_up(passage.section, said.key) is not None

    # --- one figure -------------------------------------------------------------------------

    def _figure(self, talk: Talk, passage: Passage, text: str, words: str, number: Number) -> None:
        said = hear(words, number, self.unit_name, self.year)
        if said.base:
            talk.base = said.base
        subject = self._spoken_of(talk, passage, said)
        if not subject.name and number.kind == "count":
            subject = Subject(SEPARATOR.split(text[number.unit_end : number.unit_end + _LONGEST_NAME])[0])
        printed = passage.printed(number.start, number.end)
        self._claim(talk, passage, said, subject, number.value, number.unit, printed, number.start, text)

    def _spoken_of(self, talk: Talk, passage: Passage, said: Said) -> Subject:
        """What a figure speaks of; what carries over is told to ``talk``."""
        if not said.key:
            if talk.zone in ("reason", "purpose"):
                return Subject("")
            several = said.base is not None and len(talk.spoken) > 1
            return talk.subject if talk.subject and not several else Subject("")
        found = self.objects.look_up(passage.section, said.key)
        subject = found or Subject(said.key[-_LONGEST_NAME:])
        if talk.zone in ("reason", "purpose"):
            return Subject(subject.name)
        if passage.depth == 2 and self._split == (passage.headings, subject.name):
            subject = Subject(subject.name)
        talk.subject = subject
        talk.spoken.add(subject.name)
        return subject

    def _words(self, talk: Talk, passage: Passage, text: str, begin: int, clause: Clause) -> None:
        """A clause, or its end, without a number: 持平, 无此项, or what is spoken of from here on."""
        words = text[begin : clause.end]
        if not words or talk.zone in ("reason", "purpose"):
            return
        same = _UNCHANGED.search(words)
        said = hear(words[: same.start()] if same else words, None, self.unit_name, self.year)
        if said.base:
            talk.base = said.base
        elif not said.key and (years := _YEAR.findall(words)):
            talk.when = said.period if int(years[-1]) != self.year else None
        if same and talk.zone is None:
            base = said.base or talk.base
            if base or said.key or talk.subject:
                still = replace(said, kind="增减额", direction="平", period=None)
                subject = self._spoken_of(talk, passage, still)
                at = begin + same.start()
                shown = passage.sentence(at, begin + same.end())
                self._claim(talk, passage, still, subject, Decimal(0), _WAN, shown, at, text)
            return
        if talk.zone is None and begin == clause.start and (none := _NOTHING.match(said.key)):
            self._nothing(talk, passage, none, begin, text)
        elif said.key and talk.zone is None and not clause.numbers:
            found = self.objects.look_up(passage.section, said.key)
            if found and found.known:
                talk.subject = found
                talk.spoken = {found.name}
            elif found is None and _PART_OF.search(said.key):
                talk.zone = "part"

    def _nothing(self, talk: Talk, passage: Passage, none: re.Match[str], begin: int, text: str) -> None:
        """«无此项收支», «无机关运行经费»: nothing, said in words."""
        what = none["what"]
        section = sections()[passage.section]
        item = _NIL_ITEM.match(what)
        if item:
            names = [section.nil[word] for word in _NIL_WORDS[item["word"]] if word in section.nil]
            subjects = [self.objects.object_named(passage.section, name) for name in names]
        else:
            subjects = [self.objects.look_up(passage.section, what)]
            for words, each in _NIL_WORDS.items():
                if subjects == [None] and len(each) > 1 and what.endswith(words):
                    stem = what.removesuffix(words)
                    subjects = [self.objects.look_up(passage.section, stem + word) for word in each]
        for subject in subjects:
            if subject is not None:
                said = Said("", "金额")
                at = max(text.find(none[0], begin), begin)
                shown = passage.sentence(at, at + len(none[0]))
                self._claim(talk, passage, said, subject, Decimal(0), _WAN, shown, at, text)

    # --- the claim --------------------------------------------------------------------------

    def _claim(
        self,
        talk: Talk,
        passage: Passage,
        said: Said,
        subject: Subject,
        value: Decimal,
        unit: str,
        printed: str,
        position: int,
        text: str,
    ) -> None:
        period = self._period(talk, said)
        fitting = tuple(a for a in subject.addresses if measured(a) == (unit if said.counts else _WAN))
        addresses = fitting if talk.zone is None else ()
        address, cell = self.objects.choose(addresses)
        whole: tuple[Address | None, str | None] = (None, None)
        if said.kind == "占比" and talk.zone is None:
            whole = self.objects.choose(self._whole(passage, said))
        elif said.kind == "完成率":
            whole = self.objects.choose(self.objects.budgeted(addresses, period))
        elif said.kind in ("金额", "数量") and period != THIS_YEAR:
            budgeted = self.objects.budgeted(addresses, period)
            address, cell = self.objects.choose(budgeted) if budgeted else (address, None)
        locator = self._locator(passage, position)
        if line := passage.unsure(position, position + len(printed)):
            self.unsure[line.locator] = line
            self.ignored.append(IgnoredNumber(printed, _UNSURE, locator))
            return
        self._of_line[locator] = self._of_line.get(locator, 0) + 1
        self.claims.append(
            Claim(
                claim_id=f"{self.document_id}/{locator}/n{self._of_line[locator]}",
                seq=len(self.claims) + 1,
                section="/".join(passage.headings),
                object=subject.name,
                kind=said.kind,
                value=value,
                unit=unit,
                value_printed=printed,
                direction=said.direction,
                period=period,
                form=address.form if address else None,
                item=address.item if address else None,
                subject_code=address.subject_code if address else None,
                measure=address.measure if address else None,
                cell_id=cell,
                whole=str(whole[0]) if whole[0] else None,
                whole_cell_id=whole[1],
                sentence=sentence(passage, text, position),
                locator=locator,
            )
        )

    def _period(self, talk: Talk, said: Said) -> str:
        """The year or budget of an amount, or what a change or completion is measured against."""
        if said.kind in ("增减额", "增减率"):
            base = said.base or talk.base or LAST_YEAR
            return talk.budget if base == BUDGET else base
        period = said.period or (BUDGET if said.kind == "完成率" else talk.when or THIS_YEAR)
        if period in BUDGETS and period != BUDGET:
            talk.budget = period
        return talk.budget if period == BUDGET else period

    def _whole(self, passage: Passage, said: Said) -> tuple[Address, ...]:
        """What a share is taken of: as said, else what the section divides up."""
        if said.whole:
            found = self.objects.look_up(passage.section, said.whole)
            return found.addresses if found else ()
        return sections()[passage.section].share_of
