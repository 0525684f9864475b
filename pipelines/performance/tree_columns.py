"""Rows of an indicator tree (families A, B, C) that stand in the columns of their head.

Belongs here: whether a form keeps the columns that its head names, and what a row then is by them alone.
Does not belong here: rows that are shifted, joined or cut off (``tree_rows``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.performance.cut import Row
from pipelines.performance.tree_rows import NO_NAME, TreeRow, held, is_value, without_name
from pipelines.performance.values import clean
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_COLUMNS: dict[str, list[str]] = load_yaml("indicators", "performance")["tree_columns"]
_VALUES = 3


@dataclass(frozen=True, slots=True)
class TreeHead:
    """Where a head of so many cells has 三级指标 (its first column), and 指标值 … 得分 in a run."""

    width: int
    third: int
    target: int

    @property
    def score(self) -> int:
        """The column of 得分."""
        return self.target + _VALUES

    def names(self, column: int | None) -> bool:
        """Whether the name of an indicator may stand in a column."""
        return column is not None and self.third <= column < self.target


def head_of(row: Row) -> TreeHead | None:
    """The columns that a head row names, or None where they are not those of a tree in their order."""
    at = {
        name: next((i for i, cell in enumerate(row) if fold(clean(cell.text)) in labels), None)
        for name, labels in _COLUMNS.items()
    }
    third, target, achieved, remark = (at[name] for name in ("name", "target", "achieved", "remark"))
    if third is None or target is None or not third < target:
        return None
    if (achieved, remark) != (target + 1, target + 2) or at["score"] not in (None, target + _VALUES):
        return None
    return TreeHead(len(row), third, target)


def keeps_columns(rows: Sequence[TreeRow], widths: Sequence[int], head: TreeHead | None) -> bool:
    """Whether the rows of a form stand in the columns of their head.

    Most names do; a row that is complete, or a score, shows it; and none shows that a column was lost.
    """
    if head is None:
        return False
    own = [row for row, width in zip(rows, widths, strict=True) if width == head.width]
    named = [row for row in own if row.name_column is not None]
    if 2 * sum(head.names(row.name_column) for row in named) <= len(named):
        return False
    scores = {column for row in own if (column := _score_column(row)) is not None}
    places = list(range(head.target, head.score))
    whole = [[i for i, _ in row.values] for row in named if len(row.values) == _VALUES]
    if any(columns != places for columns in whole) or scores & {head.score - 1, head.score + 1}:
        return False
    return bool(whole) or head.score in scores


def _score_column(row: TreeRow) -> int | None:
    if row.name_column is None or row.score_offset is None:
        return None
    return row.name_column + row.score_offset


def by_columns(row: TreeRow, head: TreeHead) -> TreeRow | None:
    """A row of a form that keeps its columns: each value is what its column says.

    None for a row that stands left of them as a whole, or has a number where 原因 is told.
    """
    values = list(row.values)
    column = _score_column(row)
    if column is not None and column != head.score and row.score_cell is not None:
        values.append((column, row.score_cell))
        row = replace(row, values=tuple(values), score=None, score_cell=None, score_offset=None)
    if row.name_column is not None and not head.names(row.name_column):
        if row.name_column < head.third and values:
            return None
        # What stands right of the names is a value, and what stands alone left of them is no indicator.
        row = without_name(row)
    if row.name is None:
        return held(row, NO_NAME) if row.values else row
    placed = {i - head.target: cell for i, cell in values}
    remark = placed.get(2)
    if not set(placed) <= set(range(_VALUES)) or (remark and is_value(clean(remark.text))):
        return None
    return replace(row, target=placed.get(0), achieved=placed.get(1), remark=remark)
