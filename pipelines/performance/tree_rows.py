"""The cells of one row of an indicator tree (families A, B, C): labels, name, values, score.

Belongs here: which cell of a row is which, by labels, order and kind, for rows that are shifted, joined or
cut off. Does not belong here: what a row inherits from those above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipelines.model import Cell
from pipelines.performance.cut import Row
from pipelines.performance.levels import Label, is_margin, label_of
from pipelines.performance.values import clean, is_remark, joined, quantity, score
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_DATA = load_yaml("indicators", "performance")
_ORDINAL = re.compile(_DATA["ordinal"])
_HEAD = frozenset(_DATA["head"])
_FILLER = re.compile(_DATA["filler"])
# Name, 指标值, 完成值, 原因, 得分: the score stands so many columns right of the name, and no row loses
# more than one of those between.
_SCORE_OFFSET = 4
_LEAST_OFFSET = 3
_NAME_REACH = 3
_COLUMN_LOST = "少了一栏，指标值、完成值分不清"
NOT_ALIGNED = "各栏错位，指标值、完成值、原因分不清"
NO_NAME = "三级指标名称没有读出"

Placed = tuple[int, Cell]


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One row as its own cells show it; ``reason`` says why its ``doubtful`` cells are held."""

    labels: tuple[Cell, ...] = ()
    first: Label | None = None
    second: str | None = None
    weight: Decimal | None = None
    first_cell: Cell | None = None
    ordinal: str | None = None
    ordinal_column: int | None = None
    name: str | None = None
    name_cell: Cell | None = None
    name_column: int | None = None
    values: tuple[Placed, ...] = ()
    target: Cell | None = None
    achieved: Cell | None = None
    remark: Cell | None = None
    score: Decimal | None = None
    score_cell: Cell | None = None
    score_offset: int | None = None
    unknown: tuple[Cell, ...] = ()
    doubtful: tuple[Cell, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a form have in common: where names stand, whether a column was lost (``lossy``), or
    every score shows that none was (``regular``). ``reach`` is how far right of its ordinal a name stands,
    ``targets`` how far right of its name 指标值 stands in rows that are complete.
    """

    name_column: int | None = None
    lossy: bool = False
    numbered: bool = False
    regular: bool = False
    reach: int | None = None
    targets: frozenset[int] = frozenset()

    def lacks_name(self, row: TreeRow) -> bool:
        """Whether what is taken for the name of a row stands right of where names stand, or is 指标值."""
        if row.name_column is None or row.name is None:
            return False
        texts = [clean(cell.text) for _, cell in row.values]
        if texts and fold(texts[0]) == fold(row.name):
            return True
        if len(texts) == 3 or _are_target_and_achieved(texts):
            return False
        if row.ordinal_column is not None:
            return self.reach is not None and row.name_column - row.ordinal_column > self.reach
        return not self.numbered and self.name_column is not None and row.name_column > self.name_column


def is_head_row(row: Row) -> bool:
    """Whether a row is the head of the tree, or a part of it: nothing but labels of columns."""
    texts = [fold(clean(cell.text)) for cell in row if cell.text]
    return (
        bool(texts)
        and all(text in _HEAD or is_margin(text) for text in texts)
        and any(text in _HEAD for text in texts)
    )


def is_filler(row: Row) -> bool:
    """Whether a row is dots only."""
    texts = [fold(clean(cell.text)) for cell in row if cell.text]
    return bool(texts) and all(_FILLER.match(text) for text in texts)


def tree_row(row: Row, scored: bool) -> TreeRow:
    """The labels, ordinal, name, values and score of a row; ``scored`` forms have a column of scores."""
    placed = [(i, cell) for i, cell in enumerate(row) if clean(cell.text)]
    marks = [_ORDINAL.match(fold(clean(cell.text))) for _, cell in placed]
    at = next((i for i, mark in enumerate(marks) if mark), None)
    result, rest = _labelled(placed if at is None else placed[:at], stop_at_unknown=at is None)
    last = result.labels[-1] if result.labels else None
    base = next((i for i, cell in placed if cell is last), -1)
    mark = marks[at] if at is not None else None
    if at is not None and mark is not None:
        base, cell = placed[at]
        result = replace(result, unknown=tuple(other for _, other in rest), ordinal=mark["ordinal"])
        result = replace(result, ordinal_column=base)
        rest = placed[at + 1 :]
        if mark["name"]:
            # Ordinal and name in one cell: the name as printed, without its ordinal.
            name = joined(cell.text)[len(mark["ordinal"]) :].lstrip(":：、.")
            result = replace(result, name=name, name_cell=cell, name_column=base)
        else:
            result = replace(result, labels=(*result.labels, cell))
    rest, result = _scored(rest, base, result) if scored else (rest, result)
    if result.name is None and rest and (at is None or rest[0][0] - base <= _NAME_REACH):
        column, cell = rest[0]
        if not is_value(clean(cell.text)) and not is_remark(clean(cell.text)):
            result = replace(result, name=joined(cell.text), name_cell=cell, name_column=column)
            rest = rest[1:]
    if result.score is not None and result.name_column is not None:
        offset = next(i for i, cell in placed if cell is result.score_cell) - result.name_column
        result = replace(result, score_offset=offset)
    return replace(result, values=tuple(rest))


def _labelled(placed: list[Placed], *, stop_at_unknown: bool) -> tuple[TreeRow, list[Placed]]:
    """The labels that a row begins with, and what is not one of them."""
    found: list[tuple[Cell, Label | None]] = []
    rest: list[Placed] = []
    for i, (column, cell) in enumerate(placed):
        text = clean(cell.text)
        label = label_of(text)
        level = max((known.level for _, known in found if known), default=0)
        weighted = label is not None and label.weight is not None
        if is_margin(text) and not found and (not weighted or _next_is_first(placed[i + 1 :])):
            found.append((cell, None))
        elif label is not None and (label.level > level or (weighted and level == 0)):
            found.append((cell, label))
        elif stop_at_unknown:
            rest += placed[i:]
            break
        else:
            rest.append((column, cell))
    first = next(((cell, label) for cell, label in found if label and label.level < 2), None)
    second = next((label.name for _, label in found if label and label.level == 2), None)
    labels = tuple(cell for cell, _ in found)
    if first is None:
        return TreeRow(labels=labels, second=second), rest
    cell, label = first
    return TreeRow(labels, label, second, label.weight, cell), rest


def _next_is_first(placed: list[Placed]) -> bool:
    label = label_of(clean(placed[0][1].text)) if placed else None
    return label is not None and label.level == 1


def _scored(rest: list[Placed], base: int, row: TreeRow) -> tuple[list[Placed], TreeRow]:
    """The score that the last cell of a row is, where it is a plain number that far to the right."""
    if not rest:
        return rest, row
    column, cell = rest[-1]
    value = score(clean(cell.text))
    named = row.name is not None or (len(rest) > 1 and rest[0][0] - base <= _NAME_REACH)
    name_column = row.name_column if row.name_column is not None else rest[0][0] if named else base + 1
    offset = column - name_column
    if value is None or offset < _LEAST_OFFSET - (0 if named else 1):
        return rest, row
    between = set(range(name_column + 1, column)) - {i for i, _ in rest}
    if named and offset == _LEAST_OFFSET and between and row.first is None:
        # Two bare numbers that stand a column too far right are 指标值 and 完成值.
        return rest, row
    return rest[:-1], replace(row, score=value, score_cell=cell)


def shape_of(rows: list[TreeRow]) -> Shape:
    """What the named rows of a form have in common."""
    columns = [row.name_column for row in rows if row.name_column is not None]
    usual = max(set(columns), key=columns.count) if columns else None
    offsets = {row.score_offset for row in rows} - {None}
    numbered = any(row.ordinal is not None for row in rows)
    reaches = [
        row.name_column - row.ordinal_column
        for row in rows
        if row.name_column is not None and row.ordinal_column is not None
    ]
    reach = max(set(reaches), key=reaches.count) if reaches else None
    targets = frozenset(
        row.values[0][0] - row.name_column
        for row in rows
        if row.name_column is not None and len(row.values) == 3
    )
    return Shape(usual, _LEAST_OFFSET in offsets, numbered, offsets == {_SCORE_OFFSET}, reach, targets)


def assigned(row: TreeRow, shape: Shape, target_offset: int, *, ragged: bool = False) -> TreeRow:
    """The row with its values given to 指标值, 完成值 and 原因, or held where that is not certain.

    Three values in order are the three. In a form whose scores show that rows keep all their columns, a
    value is what stands so far right of the name. Elsewhere two values are 指标值 and 完成值 where the second
    is a number or repeats the first, for a reason is neither; and fewer are taken by their columns only
    where no row of the form shows that one was lost.
    """
    if shape.lacks_name(row):
        row = without_name(row)
    if row.name is None:
        return held(row, NO_NAME) if row.values else row
    cells = [cell for _, cell in row.values]
    columns = [column for column, _ in row.values]
    if not cells:
        return row
    texts = [clean(cell.text) for cell in cells]
    if len(cells) == 3 and not is_value(texts[2]):
        return replace(row, target=cells[0], achieved=cells[1], remark=cells[2])
    if shape.numbered and row.ordinal is None and row.name_column != shape.name_column:
        return held(row, NOT_ALIGNED)
    steps = [column - row.name_column for column in columns] if row.name_column is not None else []
    placed = dict(zip(steps, cells, strict=False))
    told = placed.get(3) is None or not is_value(clean(placed[3].text))
    if shape.regular and not ragged and told and set(steps) <= {1, 2, 3}:
        return replace(row, target=placed.get(1), achieved=placed.get(2), remark=placed.get(3))
    if (
        len(cells) == 2
        and not is_remark(texts[0])
        and (is_value(texts[1]) or fold(texts[0]) == fold(texts[1]))
    ):
        return replace(row, target=cells[0], achieved=cells[1])
    if len(cells) > 2 or row.name_column is None:
        return held(row, NOT_ALIGNED)
    if shape.lossy or ragged:
        return held(row, _COLUMN_LOST)
    expected = shape.targets or {1, target_offset}
    if steps[0] not in expected or is_remark(texts[0]):
        return held(row, NOT_ALIGNED)
    if len(cells) == 1:
        if shape.name_column is not None and row.name_column > shape.name_column:
            # The row stands right of the others: what it lacks may have been cut off.
            return replace(held(row, NOT_ALIGNED), target=cells[0], doubtful=())
        return replace(row, target=cells[0])
    gap = steps[1] - steps[0]
    if gap == 1:
        return replace(row, target=cells[0], achieved=cells[1])
    return replace(row, target=cells[0], remark=cells[1]) if gap == 2 else held(row, NOT_ALIGNED)


def _are_target_and_achieved(texts: Sequence[str]) -> bool:
    """Whether two texts are 指标值 and 完成值: the second is a figure or repeats the first, no remark."""
    if len(texts) != 2 or is_remark(texts[0]):
        return False
    return is_value(texts[1]) or fold(texts[0]) == fold(texts[1])


def without_name(row: TreeRow) -> TreeRow:
    """The row with what was taken for its name among its values."""
    if row.name_cell is None or row.name_column is None:
        return row
    values = ((row.name_column, row.name_cell), *row.values)
    return replace(row, name=None, name_cell=None, name_column=None, values=values)


def is_value(text: str) -> bool:
    """Whether a text is a figure, and so no reason."""
    return quantity(text) is not None


def held(row: TreeRow, reason: str) -> TreeRow:
    """The row with its values held."""
    return replace(row, doubtful=tuple(cell for _, cell in row.values), reason=reason)
