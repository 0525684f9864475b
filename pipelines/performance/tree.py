"""The indicator tree of families A, B, C: indicators under their levels, scores of the first levels.

Belongs here: what a row inherits from the rows above it, and which first level a score belongs to.
Does not belong here: the cells of one row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.model import Cell
from pipelines.performance.cut import Row
from pipelines.performance.levels import ORDER, first_of, full_marks, group_of
from pipelines.performance.notes import Notes
from pipelines.performance.records import PerformanceIndicator
from pipelines.performance.tree_columns import TreeHead, by_columns, head_of, keeps_columns
from pipelines.performance.tree_rows import TreeRow, assigned, is_filler, is_head_row, shape_of, tree_row
from pipelines.performance.values import clean, is_remark, joined, quantity
from pipelines.wording import fold

_DIGITS = re.compile(r"\d+")
_SUBJECT = "绩效指标"
_RESTARTED = "指标序号重新开始而没有印二级指标，归属不明"
_LEVELS_DIFFER = "印出的一级指标与二级指标不相符"
_SCATTERED = "一级指标内有不止一个得分，归属不明"
_TOO_HIGH = "得分大于满分"
_NO_GROUP = "得分所在的行不知属于哪个一级指标"
_TWO_WEIGHTS = "一级指标的分值印了两个不同的数"
_UNKNOWN = "不认识的标签"
_FILLER_RULE = "省略号"
_EMPTY_RULE = "空指标行的备注"


@dataclass(frozen=True, slots=True)
class _Stood:
    """A row with the levels that it stands under; ``reason`` says why one of them is held."""

    row: TreeRow
    first: str | None
    second: str | None
    group: str | None
    reason: str | None


@dataclass(slots=True)
class _Group:
    """The scores and weights printed for one first level; ``own`` are those in its label's own row."""

    scores: list[tuple[Decimal, Cell]] = field(default_factory=list)
    own: list[Cell] = field(default_factory=list)
    weights: list[tuple[Decimal, Cell]] = field(default_factory=list)
    label: Cell | None = None


def read_tree(rows: Sequence[Row], notes: Notes, *, scored: bool) -> list[PerformanceIndicator]:
    """The indicators of a tree; the scores of its first levels and the roles of its cells go to ``notes``."""
    offset = 1
    head: TreeHead | None = None
    body: list[Row] = []
    for row in rows:
        if is_head_row(row):
            notes.role(row, "label")
            offset = _target_offset(row) or offset
            head = head or head_of(row)
        elif is_filler(row):
            notes.role(row, "ignored", _FILLER_RULE)
        else:
            body.append(row)
    parsed = [tree_row(row, scored) for row in body]
    shape = shape_of(parsed)
    widths = Counter(map(len, rows))
    columns = head if keeps_columns(parsed, [len(cells) for cells in body], head) else None
    stood = _levels(
        [
            (by_columns(row, columns) if columns and len(cells) == columns.width else None)
            or assigned(row, shape, offset, ragged=_is_ragged(len(cells), widths))
            for row, cells in zip(parsed, body, strict=True)
        ]
    )
    found: list[PerformanceIndicator] = []
    for one in stood:
        notes.role(one.row.labels, "label")
        notes.held(one.row.unknown, _SUBJECT, _UNKNOWN)
        if one.row.name is not None and one.row.name_cell is not None:
            found.append(_indicator(one, one.row.name, one.row.name_cell, len(found) + 1, notes))
        elif all(is_remark(clean(cell.text)) for cell in one.row.doubtful):
            notes.role(one.row.doubtful, "ignored", _EMPTY_RULE)
        else:
            notes.held(one.row.doubtful, _SUBJECT, one.row.reason or "")
    if scored:
        _scores(stood, notes)
    return found


def _is_ragged(width: int, widths: Counter[int]) -> bool:
    """Whether no other row is as wide, while rows of the form have a width: a cell of it may be lost."""
    return widths[width] == 1 and max(widths.values()) > 1


def _target_offset(head: Row) -> int | None:
    """How many columns 指标值 stands right of 三级指标 in the head."""
    texts = [fold(clean(cell.text)) for cell in head]
    if "三级指标" not in texts:
        return None
    third = texts.index("三级指标")
    return next((i - third for i in range(third + 1, len(texts)) if texts[i]), None)


def _levels(rows: Sequence[TreeRow]) -> list[_Stood]:
    """Each row under its levels.

    A level goes on until the next label. A second level that belongs under another first level shows that
    the label of that one was lost. Where the ordinals begin anew without a label, the second level is not
    known, and the first only where the labels before and after are of the same one.
    """
    stood: list[_Stood] = []
    first: str | None = None
    second: str | None = None
    group: str | None = None
    number = 0
    restarted = False
    for i, row in enumerate(rows):
        own = int(_DIGITS.findall(row.ordinal)[0]) if row.ordinal else 0
        reason = None
        if row.first is not None:
            first = row.first.name or (first_of(row.second) if row.second else None)
            second, group, number, restarted = None, first, 0, False
        if row.second is not None:
            second, number, restarted = row.second, 0, False
            if first is None or (row.first is None and _comes_after(first_of(second), first)):
                first = group = first_of(second)
        elif row.ordinal and own <= number:
            restarted = first != ORDER[-1] or (second is not None and first_of(second) != first)
            second = None if restarted else second
            if restarted:
                first = group = _bounded(first, rows[i + 1 :])
        if own:
            number = own
        shown = first
        if restarted:
            reason = _RESTARTED
        elif second is not None and first is not None and first_of(second) != first:
            reason, shown = _LEVELS_DIFFER, None
        stood.append(_Stood(row, shown, second, group, reason))
    return stood


def _comes_after(one: str, other: str) -> bool:
    return ORDER.index(one) > ORDER.index(other)


def _bounded(first: str | None, rows: Sequence[TreeRow]) -> str | None:
    """The first level of rows without a label: the one before them, where the next label allows no other."""
    for row in rows:
        label = row.first.name if row.first else None
        after = label or (first_of(row.second) if row.second else None)
        if first is None or after is None:
            continue
        # The label of a first level stands at its first row: rows before it are not of that level.
        between = ORDER[ORDER.index(first) : ORDER.index(after) + (0 if row.first else 1)]
        return first if after == first or between == (first,) else None
    return None


def _indicator(stood: _Stood, name: str, cell: Cell, seq: int, notes: Notes) -> PerformanceIndicator:
    row = stood.row
    reasons = [reason for reason in (stood.reason, row.reason) if reason]
    cells = (row.target, row.achieved, row.remark)
    notes.role([cell, *(value for value in cells if value is not None)], "indicator")
    if row.reason:
        notes.held(row.doubtful, f"{_SUBJECT} {name}", row.reason)
    target = quantity(clean(row.target.text)) if row.target else None
    achieved = quantity(clean(row.achieved.text)) if row.achieved else None
    return PerformanceIndicator(
        form_id=notes.form_id,
        seq=seq,
        period="年度",
        level1=stood.first,
        level2=stood.second,
        ordinal=row.ordinal,
        level3=name,
        operator=target.operator if target else None,
        target=clean(row.target.text) if row.target else None,
        target_value=target.value if target else None,
        target_unit=target.unit if target else None,
        target_cell=notes.cell_id(row.target) if row.target else None,
        achieved=clean(row.achieved.text) if row.achieved else None,
        achieved_value=achieved.value if achieved else None,
        achieved_unit=achieved.unit if achieved else None,
        achieved_cell=notes.cell_id(row.achieved) if row.achieved else None,
        completion=None,
        completion_cell=None,
        weight=None,
        weight_cell=None,
        score=None,
        score_cell=None,
        deviation=joined(row.remark.text) if row.remark else None,
        improvement=None,
        status="held" if reasons else "printed",
        reason="；".join(reasons) or None,
        cell_id=notes.cell_id(cell),
    )


def _scores(stood: Sequence[_Stood], notes: Notes) -> None:
    """The scores and weights of the first levels, as fields of the form."""
    groups: dict[str, _Group] = {}
    astray: list[Cell] = []
    for one in stood:
        row = one.row
        if one.group is not None:
            group = groups.setdefault(one.group, _Group())
            if row.first is not None and row.first_cell is not None:
                group.label = group.label or row.first_cell
                if row.weight is not None:
                    group.weights.append((row.weight, row.first_cell))
            if row.score is not None and row.score_cell is not None:
                group.scores.append((row.score, row.score_cell))
                if row.first is not None:
                    group.own.append(row.score_cell)
        elif row.score_cell is not None:
            astray.append(row.score_cell)
    notes.held(astray, "一级指标得分", _NO_GROUP)
    if not astray:
        _in_order(groups)
    uncertain = bool(astray)
    for first in ORDER:
        if first in groups:
            uncertain = _group_fields(first, groups[first], notes, uncertain)


def _in_order(groups: dict[str, _Group]) -> None:
    """As many scores as first levels, in order: a merged cell's score may stand a row too high."""
    scores = [score for first in ORDER if first in groups for score in groups[first].scores]
    if set(groups) != set(ORDER) or len(scores) != len(ORDER):
        return
    # A stray number is seldom as high as a score; what is not likely one is left to be held.
    paired = list(zip(ORDER, scores, strict=True))
    if not all(full_marks(first) / 2 <= value <= full_marks(first) for first, (value, _) in paired):
        return
    for first, score in paired:
        groups[first].scores = [score]
        groups[first].own = [score[1]]


def _group_fields(first: str, group: _Group, notes: Notes, uncertain: bool) -> bool:
    """The fields of one first level; returns whether the scores after it are uncertain too."""
    name = group_of(first)
    weights = {value for value, _ in group.weights}
    for value, cell in group.weights[:1]:
        notes.number(f"{name}权重", cell, value, "分", _TWO_WEIGHTS if len(weights) > 1 else None)
    if not group.scores:
        if group.label is not None and not uncertain:
            notes.number(f"{name}得分", group.label, None, "分")
        return uncertain
    values = {value for value, _ in group.scores}
    value, cell = group.scores[0]
    reason = None
    if len(values) > 1 or (uncertain and not group.own):
        reason = _SCATTERED
    elif value > max([full_marks(first), *weights]):
        reason = _TOO_HIGH
    notes.number(f"{name}得分", cell, value, "分", reason)
    cells = [cell for _, cell in group.scores]
    if reason:
        notes.held(cells, f"{name}得分", reason)
    else:
        notes.role(cells, "score")
    return uncertain or len(values) > 1
