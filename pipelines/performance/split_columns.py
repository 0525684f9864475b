"""The indicators of families D and E, each with its own weight and score in split columns.

Belongs here: the levels of their rows, and rows that do not fit. Does not belong here: the cells of one row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipelines.model import Cell
from pipelines.performance.cut import Row
from pipelines.performance.levels import first_of, is_margin, label_of
from pipelines.performance.notes import Notes
from pipelines.performance.records import Family, PerformanceIndicator
from pipelines.performance.split_rows import Gathered, SplitRow, aligned_row, gather, score_of, split_row
from pipelines.performance.tree_rows import is_head_row
from pipelines.performance.values import clean, completion, is_check, joined, operator, quantity
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_DATA = load_yaml("indicators", "performance")
_DEPARTMENT: dict[str, dict[str, list[str]]] = _DATA["department"]
_FIRST_OF = {second: first for first, seconds in _DEPARTMENT.items() for second in seconds}
_SECOND_OF = {
    fold(name): second
    for seconds in _DEPARTMENT.values()
    for second, names in seconds.items()
    for name in names
}
_CAUSES = frozenset(_DATA["causes"])
_RULING = re.compile(_DATA["ruling"])
_SUBJECT = "绩效指标"
_DAMAGED = "本行各栏不全，指标读不出"
_AFTER_DAMAGE = "上一行残缺，本行的名称可能不全"
_NO_LEVELS = "一、二级指标没有读出"
_REMARKS_UNCLEAR = "偏差原因与改进措施分不清"
_NAME_DAMAGED = "三级指标名称字迹不全"
_FEWEST_SIGNS = 4
_RULING_RULE = "表格线残迹"
_CHECK_RULE = "原因勾选"

Levels = tuple[str | None, str | None]


@dataclass(slots=True)
class _Read:
    """A row that fits, with its name (which may go on in the next row) and levels."""

    row: SplitRow
    width: int
    name: str
    levels: Levels = (None, None)


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the head has the remarks, for rows as wide as it is."""

    width: int = 0
    columns: dict[str, int] = field(default_factory=dict)

    def with_row(self, row: Row) -> _Head:
        """The head with one more row of labels: where a cell is merged downwards, the first row names it."""
        found = {fold(clean(cell.text)): i for i, cell in enumerate(row) if cell.text}
        return _Head(len(row), {**found, **self.columns} if self.width == len(row) else found)


def read_split_columns(rows: Sequence[Row], notes: Notes, family: Family) -> list[PerformanceIndicator]:
    """The indicators of a list with split columns; what does not fit its columns is held, row by row."""
    read: list[_Read] = []
    head = _Head()
    damaged = 0
    body: list[Row] = []
    for row in rows:
        labels = {fold(clean(cell.text)) for cell in row}
        if is_head_row(row) or {"一级指标", "二级指标"} <= labels:
            notes.role(row, "label")
            head = head.with_row(row)
        elif all(_RULING.match(fold(cell.text)) for cell in row):
            notes.role(row, "ignored", _RULING_RULE)
        else:
            body.append(row)
    whole = [row for row in body if len(row) == head.width and aligned_row(row, head.columns)]
    for gathered in gather(body, whole):
        row, width = gathered.row, len(gathered.row)
        found = (aligned_row(row, head.columns) if width == head.width else None) or split_row(row)
        if found and whole and width == head.width and found.name[0] != head.columns["三级指标"]:
            # In a form that keeps its columns, what stands in another one is no name.
            found = None
        if found is None and _goes_on(row, read, damaged):
            read[-1].name += joined(next(cell.text for cell in row if cell.text))
            notes.role(row, "indicator")
            continue
        if found is None or (damaged == width and not _labelled(found, family)):
            notes.held((*row, *gathered.pieces), _SUBJECT, _AFTER_DAMAGE if found else _DAMAGED)
            damaged = width
            continue
        damaged = 0
        read.append(_Read(_with_pieces(found, gathered), width, joined(found.name[1].text)))
    (_department_levels if family == "D" else _project_levels)(read)
    return [_indicator(one, seq, head, notes) for seq, one in enumerate(read, 1)]


def _with_pieces(row: SplitRow, gathered: Gathered) -> SplitRow:
    return replace(row, pieces=gathered.pieces)


def _goes_on(row: Row, read: Sequence[_Read], damaged: int) -> bool:
    """Whether a row is the rest of the name above it, alone in the same column after a page break."""
    cells = [(i, cell) for i, cell in enumerate(row) if cell.text]
    if damaged or len(cells) != 1 or not read or read[-1].width != len(row):
        return False
    column, cell = cells[0]
    return column == read[-1].row.name[0] and label_of(clean(cell.text)) is None


def _labelled(row: SplitRow, family: Family) -> bool:
    """Whether a row begins with a label of its own, so that it begins something new."""
    texts = [clean(cell.text) for _, cell in row.labels]
    if family == "D":
        return any(fold(text) in _FIRST_OF or fold(text) in _DEPARTMENT for text in texts)
    return any(label_of(text) is not None for text in texts)


def _project_levels(read: Sequence[_Read]) -> None:
    """Levels of a project's indicators: those of a merged cell go on until the next label."""
    first: str | None = None
    second: str | None = None
    for one in read:
        texts = [clean(cell.text) for _, cell in one.row.labels if not is_margin(cell.text)]
        known = [label for label in map(label_of, texts) if label is not None]
        if texts and not known:
            first = second = None
        for label in known:
            if label.level == 2 and label.name:
                first, second = first_of(label.name), label.name
            elif label.level == 1:
                first, second = label.name, None
        one.levels = (first, second)


def _department_levels(read: Sequence[_Read]) -> None:
    """Levels of a department's indicators: by the name of one that every department has, else by the label.

    Labels of merged cells go on downwards only where no indicator that is known contradicts that: often they
    stand in the middle of their rows.
    """
    own = [_own_levels(one.row) for one in read]
    for i in range(1, len(read)):
        # A label broken over two rows: 体制机制 / 改革.
        together = _last_label(read[i - 1].row) + _last_label(read[i].row)
        if own[i - 1] == own[i] == (None, None) and together in _FIRST_OF:
            own[i - 1] = own[i] = (_FIRST_OF[together], together)
    passed: list[Levels] = []
    for levels in own:
        passed.append(levels if levels[1] or not passed else passed[-1])
    named = [_by_name(one.name) for one in read]
    downwards = all(name in ((None, None), down) for name, down in zip(named, passed, strict=True))
    for one, name, levels, down in zip(read, named, own, passed, strict=True):
        one.levels = name if name[0] else levels if levels[0] else down if downwards else (None, None)


def _by_name(name: str) -> Levels:
    second = _SECOND_OF.get(fold(name)) or _SECOND_OF.get(_likely(name) or "")
    return (_FIRST_OF[second], second) if second else (None, None)


def _likely(name: str) -> str | None:
    """The one indicator of every department whose signs a damaged name has, some of them or in disorder."""
    signs = Counter(fold(name))
    found = [known for known in _SECOND_OF if signs <= Counter(known) and 2 * len(fold(name)) >= len(known)]
    return found[0] if len(found) == 1 and len(fold(name)) >= _FEWEST_SIGNS else None


def _name_doubt(cell: Cell, name: str) -> str | None:
    """Why a name is not to be trusted: signs of a narrow column are lost or in disorder."""
    likely = _likely(name)
    if likely is not None and likely != fold(name):
        return f"{_NAME_DAMAGED}，疑为“{likely}”"
    lines = clean(cell.text).split()
    # A line of a narrow column is as long as the others but for the last.
    return _NAME_DAMAGED if any(len(line) == 1 and not line.isascii() for line in lines[:-1]) else None


def _own_levels(row: SplitRow) -> Levels:
    texts = [fold(clean(cell.text)) for _, cell in row.labels]
    second = next((text for text in texts if text in _FIRST_OF), None)
    first = next((text for text in texts if text in _DEPARTMENT), None)
    return (_FIRST_OF[second], second) if second else (first, None)


def _last_label(row: SplitRow) -> str:
    return fold(clean(row.labels[-1][1].text)) if row.labels else ""


def _indicator(one: _Read, seq: int, head: _Head, notes: Notes) -> PerformanceIndicator:
    row = one.row
    doubts = (row.reason, _name_doubt(row.name[1], one.name), None if one.levels[1] else _NO_LEVELS)
    reasons = [reason for reason in doubts if reason]
    notes.role((cell for _, cell in row.labels), "label")
    values = (row.name[1], row.operator, row.target, row.unit, row.achieved, row.completion)
    notes.role([cell for cell in values if cell is not None], "indicator")
    notes.role((row.weight, row.score), "score")
    notes.role(row.pieces, "indicator")
    deviation, improvement, unclear = _remarks(one, head, notes)
    if unclear:
        reasons.append(_REMARKS_UNCLEAR)
        notes.held(unclear, f"{_SUBJECT} {one.name}", _REMARKS_UNCLEAR)
    sign, unit = (joined(cell.text) if cell else "" for cell in (row.operator, row.unit))
    target = quantity(clean(row.target.text)) if row.operator or row.reason else None
    achieved = quantity(clean(row.achieved.text)) if target else None
    return PerformanceIndicator(
        form_id=notes.form_id,
        seq=seq,
        period="年度",
        level1=one.levels[0],
        level2=one.levels[1],
        ordinal=None,
        level3=one.name,
        operator=operator(sign),
        target=sign + joined(row.target.text) + unit,
        target_value=target.value if target else None,
        target_unit=unit or None,
        target_cell=notes.cell_id(row.target),
        achieved=joined(row.achieved.text) or None,
        achieved_value=achieved.value if achieved else None,
        achieved_unit=unit or None if achieved else None,
        achieved_cell=notes.cell_id(row.achieved) if row.achieved.text else None,
        completion=completion(clean(row.completion.text)),
        completion_cell=notes.cell_id(row.completion),
        weight=score_of(row.weight),
        weight_cell=notes.cell_id(row.weight),
        score=score_of(row.score),
        score_cell=notes.cell_id(row.score),
        deviation=deviation,
        improvement=improvement,
        status="held" if reasons else "printed",
        reason="；".join(reasons) or None,
        cell_id=notes.cell_id(row.name[1]),
    )


def _keeps_columns(one: _Read, head: _Head) -> bool:
    """Whether a row stands in the columns of its head, and those of the remarks stand there in order."""
    column = next((i for i, cell in one.row.placed if cell is one.row.score), None)
    score, improving = head.columns.get("得分"), head.columns.get("改进措施")
    causes = [i for label, i in head.columns.items() if label in _CAUSES]
    return (
        one.width == head.width
        and one.row.name[0] == head.columns.get("三级指标")
        and score is not None
        and improving is not None
        and column == score
        and bool(causes)
        and score < min(causes)
        and max(causes) < improving
    )


def _remarks(one: _Read, head: _Head, notes: Notes) -> tuple[str | None, str | None, list[Cell]]:
    """偏差原因 and 改进措施 of a row: by the head's columns where it keeps them, else the two in order."""
    checks = [cell for _, cell in one.row.remarks if is_check(clean(cell.text))]
    notes.role(checks, "ignored", _CHECK_RULE)
    texts = [(i, cell) for i, cell in one.row.remarks if not is_check(clean(cell.text))]
    improving = head.columns.get("改进措施")
    if improving is not None and _keeps_columns(one, head):
        notes.role((cell for _, cell in texts), "indicator")
        deviation = "；".join(joined(cell.text) for i, cell in texts if i < improving)
        improvement = "；".join(joined(cell.text) for i, cell in texts if i >= improving)
        return deviation or None, improvement or None, []
    if len(texts) == 2:
        notes.role((cell for _, cell in texts), "indicator")
        return joined(texts[0][1].text), joined(texts[1][1].text), []
    return None, None, [cell for _, cell in texts]
