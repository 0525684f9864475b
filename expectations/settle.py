"""Recognised amounts settled by arithmetic: kept, corrected with evidence, or held for a person.

Belongs here: which cells of a document are asked about, and what becomes of each. Does not belong here: the
reasoning (``hypotheses``), what a cell may hold (``readings``), which identities there are (``identities``).

A cell that was read from digital text is never touched, and neither is a certain reading, but for one
thing: where certain readings contradict each other and a usual confusion of one of them would explain that,
it is held, because nobody can tell the discloser's error from the recogniser's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from expectations.hypotheses import Identity, Settlement, difference, holds, settlement
from expectations.readings import (
    SCALE,
    Figure,
    Usual,
    amount_of,
    figures_of,
    is_certain,
    is_open,
    is_sure,
    printed_figure,
    usual_decimals,
)
from pipelines.amounts import read_amount
from pipelines.model import CellReading, DocumentPart, Issue, LineItem, Repair, Statement
from pipelines.scans.certainty import UNREAD
from pipelines.vocabulary import forms
from pipelines.wording import wording

RULE = "算术"
_ADVICE = "核对原件上的这个数，用 corrections/ 的一条更正放行"
_HELD_WITH_IT = "表里有读不准的数，其余的数之间又不平，断不定错在哪里"
_TOLD_READINGS, _TOLD_IDENTITIES = 4, 3


@dataclass(frozen=True)
class _Case:
    """A document under question: its recognised amount cells, and what they and all others hold.

    ``fixed`` are certain or digital cells, ``others`` what the certain ones may hold beside their reading,
    ``free`` what the uncertain ones may.
    """

    items: Mapping[str, LineItem]
    readings: Mapping[str, CellReading]
    fixed: Mapping[str, Figure]
    others: Mapping[str, Sequence[Figure]]
    free: Mapping[str, Sequence[Figure]]


def settle(part: DocumentPart) -> DocumentPart:
    """The document with its recognised amounts settled; without any it is the same object."""
    readings = {reading.cell_id: reading for reading in part.readings}
    if part.document.kind != "决算" or not any(item.cell_id in readings for item in part.line_items):
        return part
    from expectations.identities import identities_of

    case = _case(part, readings)
    identities = identities_of(part, case.others.keys() | case.free.keys())
    told = settlement(case.fixed, case.others, case.free, identities)
    return _settled(part, case, told, identities)


def _case(part: DocumentPart, readings: Mapping[str, CellReading]) -> _Case:
    usual = _usual(part, readings)
    held = {statement.statement_id for statement in part.statements if statement.state == "待核"}
    pages = {cell.split("/")[1] for cell in readings}
    placed = {role.cell_id for role in part.cells if role.role == "amount" and role.rule is None}
    fixed: dict[str, Figure] = {}
    others: dict[str, Sequence[Figure]] = {}
    free: dict[str, Sequence[Figure]] = {}
    items: dict[str, LineItem] = {}
    asked: dict[str, CellReading] = {}
    for item in part.line_items:
        reading = readings.get(item.cell_id)
        if reading is None or item.status == "blank":
            if figure := printed_figure(item, usual):
                fixed[item.cell_id] = figure
            if item.status == "blank" and item.cell_id.split("/")[1] in pages:
                items[item.cell_id], others[item.cell_id] = item, ()
                asked[item.cell_id] = CellReading(item.statement_id, item.cell_id, "", 1.0)
            continue
        if item.statement_id in held or _is_misplaced(item, placed):
            continue
        items[item.cell_id], asked[item.cell_id] = item, reading
        figures = figures_of(item, reading, usual)
        if is_certain(item, reading, usual):
            fixed[item.cell_id] = figures[0]
            others[item.cell_id] = tuple(_seen(figure) for figure in figures[1:])
        else:
            free[item.cell_id] = figures if is_open(reading) else [f for f in figures if not f.weak]
    return _Case(items, asked, fixed, others, free)


def _usual(part: DocumentPart, readings: Mapping[str, CellReading]) -> Usual:
    """The usual decimals of statements, by their surest readings where there are any."""
    recognised = [item for item in part.line_items if item.cell_id in readings]
    sure = [item for item in recognised if is_sure(readings[item.cell_id])]
    return {**usual_decimals(recognised), **usual_decimals(sure)}


def _is_misplaced(item: LineItem, placed: Collection[str]) -> bool:
    """Whether a cell is held for something else than its figure, which nobody could read."""
    readable = read_amount(item.amount_printed).kind == "number"
    return item.status == "held" and (readable or item.cell_id not in placed)


def _seen(figure: Figure) -> Figure:
    """A figure that counts as an explanation, however unlikely."""
    return figure._replace(confidence=figure.confidence or 0.0)


# --- what becomes of the cells -------------------------------------------------------------------


def _settled(
    part: DocumentPart, case: _Case, told: Settlement, identities: Sequence[Identity]
) -> DocumentPart:
    known = {**case.fixed, **told.settled}
    for cell in told.suspects:
        del known[cell]
    touching: dict[str, list[Identity]] = defaultdict(list)
    for identity in identities:
        for cell in identity.cells & case.items.keys():
            touching[cell].append(identity)
    doubted = told.suspects | told.unsettled
    broken = _broken_statements(part, case, told.unsettled, touching, known)
    items, repairs, issues = [], list(part.repairs), []
    for item in part.line_items:
        cell = item.cell_id
        if cell in doubted:
            issues.append(_held_issue(case, cell, cell in told.suspects, touching[cell], known))
        if cell in doubted or (item.statement_id in broken and item.status == "printed"):
            text = item.amount_printed or UNREAD
            items.append(replace(item, amount=None, quantity=None, amount_printed=text, status="held"))
        elif cell in told.settled and item.statement_id not in broken:
            new = _with(item, told.settled[cell])
            items.append(new)
            if new.status == "corrected":
                repairs.append(_repair(case, new, told.settled[cell], touching[cell], known))
        else:
            items.append(item)
    statements = [_held_whole(one) if one.statement_id in broken else one for one in part.statements]
    statements = _counted(statements, part.line_items, items)
    issues += [_statement_issue(one) for one in statements if one.statement_id in broken]
    answered = {cell.partition("/")[2] for cell in doubted | told.settled.keys()}
    left = [i for i in part.issues if not (i.kind == "held" and i.stage == "规整" and i.locator in answered)]
    return replace(
        part,
        line_items=tuple(items),
        repairs=tuple(repairs),
        statements=tuple(statements),
        issues=(*left, *issues),
    )


def _counted(
    statements: Sequence[Statement], before: Sequence[LineItem], after: Sequence[LineItem]
) -> list[Statement]:
    """The statements with the blank cells counted that turned out to be unseen."""
    unseen = Counter(
        b.statement_id
        for b, a in zip(before, after, strict=True)
        if a.amount_printed and not b.amount_printed
    )
    return [replace(one, non_blank=one.non_blank + unseen[one.statement_id]) for one in statements]


def _with(item: LineItem, figure: Figure) -> LineItem:
    """A line item with the figure that was settled: as printed, or corrected."""
    if figure.text == item.amount_printed:
        return item
    value = amount_of(item, figure.text)
    counted = item.quantity_unit is not None
    return replace(
        item,
        amount=None if counted else value,
        quantity=value if counted else None,
        status="corrected",
    )


def _repair(
    case: _Case, item: LineItem, figure: Figure, touching: Sequence[Identity], known: Mapping[str, Figure]
) -> Repair:
    exact = [identity for identity in touching if difference(identity, known) == 0]
    evidence = "；".join(_both_sides(case, identity, known) for identity in exact[:_TOLD_IDENTITIES])
    return Repair(
        item.statement_id,
        item.row_seq,
        item.cell_id,
        item.measure,
        item.amount_printed,
        figure.text,
        RULE,
        evidence,
    )


def _broken_statements(
    part: DocumentPart,
    case: _Case,
    unsettled: set[str],
    touching: Mapping[str, Sequence[Identity]],
    known: Mapping[str, Figure],
) -> set[str]:
    """The statements with a cell of which nothing is known, and a contradiction among their other cells."""
    in_doubt = {case.items[cell].statement_id for cell in unsettled}
    return {
        item.statement_id
        for cell, item in case.items.items()
        if item.statement_id in in_doubt and any(holds(one, known) is False for one in touching[cell])
    }


def _held_whole(statement: Statement) -> Statement:
    reason = "；".join(filter(None, (statement.reason, _HELD_WITH_IT)))
    return replace(statement, state="待核", reason=reason)


def _statement_issue(statement: Statement) -> Issue:
    name = forms()[statement.form].name
    return Issue("held", "校验", name, _HELD_WITH_IT, _ADVICE, statement.locator)


# --- what a person is told -----------------------------------------------------------------------


def _held_issue(
    case: _Case,
    cell: str,
    suspect: bool,
    touching: Sequence[Identity],
    known: Mapping[str, Figure],
) -> Issue:
    item, reading = case.items[cell], case.readings[cell]
    figures = (case.fixed[cell], *case.others[cell]) if suspect else case.free[cell]
    told = [(figure, _implied(case, cell, figure, touching, known)) for figure in figures]
    # What the recogniser saw, and of the usual confusions those that come out.
    likely = [one for one in told if one[0].confidence or one[1] == _COMES_OUT][:_TOLD_READINGS]
    readings = "；".join(f"读作 {' '.join(f.text.split())}{_sure(f)}则{implied}" for f, implied in likely)
    why = "把握虽高，却与别的数矛盾，又可能是误读" if suspect else "读不准，恒等式也断不定"
    if not figures:
        readings = f"识别成「{' '.join(reading.text.split())}」（{reading.confidence:.2f}），不是合规的数字"
    elif not reading.text:
        why, readings = "读作空白，却与别的数矛盾，可能有数没有读到", f"若是空白则{told[0][1]}"
    row = item.item or " ".join(filter(None, (item.subject_code, item.name_printed)))
    about = " · ".join(filter(None, (forms()[item.form].name, "".join(row.split()), item.measure)))
    return Issue(
        "held", "校验", about, f"{why}：{readings}", _ADVICE, cell.partition("/")[2], item.amount_printed
    )


_COMES_OUT, _NOTHING_TO_CHECK = "各式成立", "没有能核对的恒等式"


def _sure(figure: Figure) -> str:
    return "（常见误读）" if not figure.confidence else f"（{figure.confidence:.2f}）"


def _implied(
    case: _Case, cell: str, figure: Figure, touching: Sequence[Identity], known: Mapping[str, Figure]
) -> str:
    """What follows if a cell holds a figure: which identities do not come out, and by how much."""
    held = {**known, cell: figure}
    judged = [(identity, holds(identity, held)) for identity in touching]
    if all(verdict is None for _, verdict in judged):
        return _NOTHING_TO_CHECK
    failing = [identity for identity, verdict in judged if verdict is False]
    told = (
        f"{one.rule} {one.subject} 差 {_amount(case, cell, difference(one, held) or 0)}"
        for one in failing[:2]
    )
    return "、".join(told) or _COMES_OUT


def _both_sides(case: _Case, identity: Identity, known: Mapping[str, Figure]) -> str:
    """«T02-1 收入决算表.合计.财政拨款收入：1,234.56 = 1,234.56», in the unit of the statement."""
    cell = next(iter(sorted(identity.cells & case.items.keys())))
    left, right = (
        _amount(case, cell, sum(sign * known[name].value for name, sign in side))
        for side in (identity.left, identity.right)
    )
    return f"{identity.rule} {identity.subject}：{left} = {right}"


def _amount(case: _Case, cell: str, value: int) -> str:
    """A value in millionths as the statement of a cell prints its amounts."""
    item = case.items[cell]
    factor = 1 if item.quantity_unit else wording().money_factors[item.money_unit or "元"]
    places = 0 if item.quantity_unit else max(2, len(item.amount_printed.partition(".")[2]))
    return f"{Decimal(value) / SCALE / factor:,.{places}f}"
