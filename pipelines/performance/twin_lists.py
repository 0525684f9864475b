"""The two lists of indicators of a target form (family F): 实施期 on the left, 年度 on the right.

Belongs here: telling the lists apart, row by row; each list is an indicator tree of its own.
Does not belong here: the trees of self-evaluations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipelines.model import Cell
from pipelines.performance.cut import Row
from pipelines.performance.levels import Label, first_of, is_margin, label_of
from pipelines.performance.notes import Notes
from pipelines.performance.records import PerformanceIndicator
from pipelines.performance.tree_rows import is_head_row
from pipelines.performance.values import clean, joined, quantity
from pipelines.wording import fold

_PERIODS = ("实施期", "年度")
_COLUMNS = ("二级指标", "三级指标", "指标值")
_NOT_ALIGNED = "各栏错位，分不清属于实施期还是年度"
_NO_HEAD = "没有读出表头，分不清实施期与年度"
_NO_NAME = "指标值没有名称"
_SUBJECT = "绩效指标"


@dataclass(slots=True)
class _List:
    """One of the lists: where its columns stand, and the level that its rows are under."""

    period: str
    columns: dict[str, int]
    second: str | None = None
    found: list[PerformanceIndicator] = field(default_factory=list)


def read_twin_lists(rows: Sequence[Row], notes: Notes) -> list[PerformanceIndicator]:
    """The indicators of both lists, those of 实施期 first; rows that do not fit their columns are held."""
    lists: list[_List] = []
    for row in rows:
        if is_head_row(row):
            notes.role(row, "label")
            lists = lists or _lists(row)
            continue
        cells = {i: cell for i, cell in enumerate(row) if clean(cell.text)}
        labels = {i: label_of(clean(cell.text)) for i, cell in cells.items()}
        if not lists:
            notes.held(cells.values(), _SUBJECT, _NO_HEAD)
            continue
        shift = _shift(labels, lists)
        placed = {i - shift: cell for i, cell in cells.items()} if shift is not None else {}
        if shift is None or not _fits(placed, lists):
            notes.held(cells.values(), _SUBJECT, _NOT_ALIGNED)
            if any(quantity(clean(cell.text)) is None for cell in cells.values()):
                # A label may be lost in it; a bare number (of a page) is none.
                for one in lists:
                    one.second = None
            continue
        left = lists[0].columns["二级指标"]
        notes.role((cell for i, cell in placed.items() if i < left), "label")
        for one in lists:
            _read(one, placed, notes)
    found = [indicator for one in lists for indicator in one.found]
    return [replace(indicator, seq=seq) for seq, indicator in enumerate(found, 1)]


def _lists(head: Row) -> list[_List]:
    """The lists whose columns the head names; one list where it names them once."""
    places: dict[str, list[int]] = {name: [] for name in _COLUMNS}
    for i, cell in enumerate(head):
        if fold(clean(cell.text)) in places:
            places[fold(clean(cell.text))].append(i)
    counts = {len(found) for found in places.values()}
    if counts not in ({1}, {2}):
        return []
    periods = _PERIODS if counts == {2} else _PERIODS[1:]
    return [_List(period, {name: places[name][i] for name in _COLUMNS}) for i, period in enumerate(periods)]


def _shift(labels: dict[int, Label | None], lists: Sequence[_List]) -> int | None:
    """How far right of its head's columns a row stands, by its labels; None where they disagree."""
    seconds = [i for i, label in labels.items() if label is not None and label.level == 2]
    if not seconds:
        return 0
    if len(seconds) > len(lists):
        return None
    columns = [one.columns["二级指标"] for one in lists]
    if len(seconds) < len(lists):
        return 0 if set(seconds) <= set(columns) else None
    shifts = {i - column for i, column in zip(seconds, columns, strict=True)}
    return shifts.pop() if len(shifts) == 1 else None


def _fits(placed: dict[int, Cell], lists: Sequence[_List]) -> bool:
    """Whether every cell of a row stands in a column of a list, or left of both as a label."""
    columns = {column for one in lists for column in one.columns.values()}
    left = lists[0].columns["二级指标"]
    return all(
        i in columns or (i < left and (is_margin(cell.text) or label_of(clean(cell.text)) is not None))
        for i, cell in placed.items()
    )


def _read(one: _List, placed: dict[int, Cell], notes: Notes) -> None:
    """The indicator that a row holds for one list, if any."""
    label, name, value = (placed.get(one.columns[column]) for column in _COLUMNS)
    if label is not None:
        known = label_of(clean(label.text))
        one.second = known.name if known and known.level == 2 else None
        notes.role([label], "label")
    if name is None:
        notes.held([value] if value else [], _SUBJECT, _NO_NAME)
        return
    notes.role([name, *([value] if value else [])], "indicator")
    target = quantity(clean(value.text)) if value else None
    one.found.append(
        PerformanceIndicator(
            form_id=notes.form_id,
            seq=0,
            period=one.period,
            level1=first_of(one.second) if one.second else None,
            level2=one.second,
            ordinal=None,
            level3=joined(name.text),
            operator=target.operator if target else None,
            target=clean(value.text) if value else None,
            target_value=target.value if target else None,
            target_unit=target.unit if target else None,
            target_cell=notes.cell_id(value) if value else None,
            achieved=None,
            achieved_value=None,
            achieved_unit=None,
            achieved_cell=None,
            completion=None,
            completion_cell=None,
            weight=None,
            weight_cell=None,
            score=None,
            score_cell=None,
            deviation=None,
            improvement=None,
            status="printed" if one.second else "held",
            reason=None if one.second else "二级指标没有读出",
            cell_id=notes.cell_id(name),
        )
    )
