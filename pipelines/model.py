"""The records that reading a document yields, and the blocks that readers hand over.

Belongs here: plain frozen records, named as the columns of ``warehouse/schema.yml``.
Does not belong here: any logic about what a document means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from pipelines.performance.records import (
    PerformanceField,
    PerformanceForm,
    PerformanceFunding,
    PerformanceIndicator,
    PerformanceTask,
    PersonalDatum,
)

Box = tuple[float, float, float, float]

# --- what a reader hands over -------------------------------------------------------------


class Reading(NamedTuple):
    """What a recogniser saw: ``confidence`` (0 to 1) of its least certain character, and what else it may be.

    ``others`` are other texts with their confidence, likeliest first. ``seen`` is the text before a word of
    the form's dictionary took its place, None where nothing did.
    """

    confidence: float
    others: tuple[tuple[str, float], ...] = ()
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of running text with the place where it stands (``L257`` or ``p10/l3``).

    ``furniture`` is a running head or a page number: it parts nothing, for it belongs to the paper.
    ``reading`` is that of a recogniser, where the text was a picture; here its confidence is that of the
    line's figures with their units.
    """

    text: str
    locator: str
    box: Box | None = None
    furniture: bool = False
    reading: Reading | None = None


class Cell(NamedTuple):
    """One cell of a grid: its text as printed (outer blanks removed) and its place (``L257/c3``).

    ``box`` is left, top, right, bottom on the page in points from its upper left corner as it is seen,
    where the reader knows a page; ``span`` is how many columns the cell covers, where it knows that.
    ``torn`` says that a figure runs over the cell's border or lies over other text: nobody can tell
    what it is. ``reading`` is that of a recogniser, where the text was a picture.
    """

    text: str
    locator: str
    box: Box | None = None
    span: int = 1
    torn: bool = False
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as the reader saw it. Rows may be ragged: that is for the statement to judge.

    ``edges`` are the positions of its column borders on the page, where the reader knows them: by them
    a table is continued on the next page. ``inferred`` columns follow from where words stand, not from
    rules. A merged cell stands in its first column; the others are empty.
    """

    rows: tuple[tuple[Cell, ...], ...]
    edges: tuple[float, ...] = ()
    inferred: bool = False


Block = Line | Grid

# The media type of documents that have pages.
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Content:
    """A document as text lines and grids in reading order, whoever read it."""

    media_type: str
    pages: int | None
    lines: int
    blocks: tuple[Block, ...]
    issues: tuple[Issue, ...] = ()


# --- what a document says -----------------------------------------------------------------

Stage = Literal["读取", "识别", "规整", "校验", "入库"]
IssueKind = Literal["held", "failed", "ignored", "noted"]
Status = Literal["printed", "blank", "closed", "missing", "corrected", "held"]
StatementState = Literal["有数", "无数据", "空表", "不完整", "待核", "缺失"]
ClaimKind = Literal["金额", "占比", "增减额", "增减率", "完成率", "数量"]
Direction = Literal["增", "减", "平"]


@dataclass(frozen=True, slots=True)
class Issue:
    """What was held, failed or left aside on our side, and what a person can do about it.

    ``noted`` issues record a choice that was made with evidence; they hold nothing back.
    """

    kind: IssueKind
    stage: Stage
    object: str
    reason: str
    advice: str
    locator: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One place where the document says something of itself: attribute, value, words, place."""

    attribute: str
    value: str
    printed: str
    locator: str
    rule: str


@dataclass(frozen=True, slots=True)
class UnitRelation:
    """A unit that 机构设置 names as the parent (上级) or a member (所属) of the document's unit."""

    relation: Literal["上级", "所属"]
    name: str
    printed: str
    locator: str


@dataclass(frozen=True, slots=True)
class LineItem:
    """One printed cell of a statement. Money is in 元, exact; ``amount_printed`` is what stands there."""

    statement_id: str
    form: str
    row_seq: int
    side: str | None
    item: str | None
    line_no: int | None
    line_no_printed: str | None
    subject_code: str | None
    subject_code_printed: str | None
    name_printed: str | None
    measure: str
    amount: Decimal | None
    quantity: Decimal | None
    quantity_unit: str | None
    amount_printed: str
    money_unit: str | None
    status: Status
    cell_id: str


@dataclass(frozen=True, slots=True)
class CellRole:
    """What became of one non-empty cell or line of a statement's region, and where on its page it stands.

    ``role`` is amount, code, name, line_no, header, title, note … ; ``rule`` names the rule that
    ignored it, where one did. Every non-empty text between a title and its note has one, and so has every
    cell of a measure with a place on a page, even a blank one. ``box`` is as in ``Cell``.
    """

    statement_id: str
    cell_id: str
    text: str
    role: str
    rule: str | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """A code or name that was printed damaged, or an amount that was recognised wrong: what it is, and why.

    ``attribute`` is the column as analysts know it (科目代码, 项目, or that of the amount); the printed text
    is kept. No amount of digital text is ever repaired.
    """

    statement_id: str
    row_seq: int
    cell_id: str
    attribute: str
    printed: str
    repaired: str
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class CellReading:
    """How a claimed cell of a statement was recognised, where its page is a picture.

    ``confidence`` (0 to 1) is that of its least certain character; ``others`` are the other texts that it
    may be, likeliest first, each with its confidence in ``others_confidence``. ``seen`` is what was
    recognised before a word of the form's dictionary took its place.
    """

    statement_id: str
    cell_id: str
    text: str
    confidence: float
    others: tuple[str, ...] = ()
    others_confidence: tuple[float, ...] = ()
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure that the running text states, with the cell of a statement that it speaks of.

    ``value`` is as printed, in ``unit`` (万元, 元, %, 人 …); «持平» and «无此项» are 0 with the words in
    ``value_printed``. ``direction`` is that of a change: 增, 减 or 平. ``period`` is that of an amount or
    number (本年, 上年, 年初预算, 全年预算, 调整预算), and what a change or a rate of completion is measured
    against.
    ``form``, ``item``, ``subject_code`` and ``measure`` are the address of what it speaks of; of a change,
    share or rate the amount that changed, has the share, was completed. ``cell_id`` is the cell of this
    document with that address, ``None`` where the statements print none: there is no cell for a budget or a
    year before that no statement prints. ``whole`` and ``whole_cell_id`` are the address
    (``form/item or code/measure``) and cell of what a share or rate is a part of.
    ``sentence`` is as printed, joined over wrapped lines and pages; ``locator`` is the line of the figure.
    """

    claim_id: str
    seq: int
    section: str
    object: str
    kind: ClaimKind
    value: Decimal
    unit: str
    value_printed: str
    direction: Direction | None
    period: str
    form: str | None
    item: str | None
    subject_code: str | None
    measure: str | None
    cell_id: str | None
    whole: str | None
    whole_cell_id: str | None
    sentence: str
    locator: str


@dataclass(frozen=True, slots=True)
class IgnoredNumber:
    """A number of the running text that states no figure (年份, 文号, 序号 …), and the rule that says so.

    The text of a telephone number or the like (联系方式) is masked.
    """

    text: str
    rule: str
    locator: str


@dataclass(frozen=True, slots=True)
class TextMark:
    """Something that the text shows of its own form: a contents entry, a remain of the template …

    ``section`` is 目录, 正文 or 附件; ``value`` what the mark says in the words of the field (the form
    that a contents entry names, a year), ``text`` a short excerpt as printed.
    """

    mark: str
    section: str
    value: str | None
    text: str
    locator: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One of the forms as this document prints, declares or merely lists it."""

    statement_id: str
    form: str
    title_printed: str | None
    number_printed: str | None
    state: StatementState
    reason: str | None
    rows: int
    cells: int
    non_blank: int
    closed: int
    reader: str
    template: str | None
    money_unit: str | None
    money_unit_evidence: str | None
    unit_printed: str | None
    year_printed: str | None
    locator: str
    locator_end: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a document is about. ``None`` is not known; a document without a year is held."""

    document_id: str
    sha256: str
    media_type: str
    bytes: int
    pages: int | None
    lines: int
    kind: str
    unit_name: str | None
    unit_nature: str | None
    fiscal_year: int | None
    level: str | None
    consolidation: str | None
    template: str | None
    published_on: date | None
    title: str | None
    reader_version: str


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """Everything read from one document: what the lake keeps, and all that it keeps."""

    document: Document
    evidence: tuple[Evidence, ...] = ()
    relations: tuple[UnitRelation, ...] = ()
    statements: tuple[Statement, ...] = ()
    line_items: tuple[LineItem, ...] = ()
    cells: tuple[CellRole, ...] = ()
    repairs: tuple[Repair, ...] = ()
    readings: tuple[CellReading, ...] = ()
    claims: tuple[Claim, ...] = ()
    ignored_numbers: tuple[IgnoredNumber, ...] = ()
    marks: tuple[TextMark, ...] = ()
    performance_forms: tuple[PerformanceForm, ...] = ()
    performance_fields: tuple[PerformanceField, ...] = ()
    performance_funding: tuple[PerformanceFunding, ...] = ()
    performance_tasks: tuple[PerformanceTask, ...] = ()
    performance_indicators: tuple[PerformanceIndicator, ...] = ()
    persons: tuple[PersonalDatum, ...] = ()
    issues: tuple[Issue, ...] = field(default=())
