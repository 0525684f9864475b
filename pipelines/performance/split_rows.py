"""The cells of one row of an indicator list with split columns (families D, E), told by their kinds.

Columns: 运算符号, 指标值 or 内容, 度量单位, 完成值, 完成程度, 分值, 得分, 原因, 改进措施. A qualitative
indicator has no operator and no unit; its 完成值 is a step of the scale.

Belongs here: which cell of a row is which, and rows whose cells run down over many lines.
Does not belong here: levels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from pipelines.model import Cell
from pipelines.performance.cut import Row
from pipelines.performance.values import clean, completion, is_step, joined, operator, quantity, score

Placed = tuple[int, Cell]
# The columns that a head has to name, each by one of its labels.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("三级指标",),
    "operator": ("运算符号",),
    "target": ("指标值", "内容", "年度指标值"),
    "unit": ("度量单位",),
    "achieved": ("全年完成值", "完成值"),
    "completion": ("完成程度",),
    "weight": ("分值",),
    "score": ("得分",),
}
_FEWEST_PIECES = 3
_SENTENCE_ENDS = ("。", "；", ";")
_NO_OPERATOR = "运算符号没有读出"
_NO_OPERATOR_NO_UNIT = "运算符号、度量单位没有读出"


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One row with the cells of its columns; ``reason`` says which columns were lost.

    ``pieces`` are further cells of the document that run on in one of them.
    """

    labels: tuple[Placed, ...]
    name: Placed
    target: Cell
    achieved: Cell
    completion: Cell
    weight: Cell
    score: Cell
    operator: Cell | None = None
    unit: Cell | None = None
    remarks: tuple[Placed, ...] = ()
    reason: str | None = None
    pieces: tuple[Cell, ...] = ()
    placed: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Gathered:
    """A row, with the cells that were joined into its own."""

    row: Row
    pieces: tuple[Cell, ...] = field(default=())


def split_row(row: Row) -> SplitRow | None:
    """The columns of a row, or None where its cells do not fit them.

    A row without its operator (or its unit besides) is taken only where 完成程度 is a percentage, so that the
    run of kinds fits in one way.
    """
    placed = [(i, cell) for i, cell in enumerate(row) if clean(cell.text)]
    texts = [clean(cell.text) for _, cell in placed]
    at = next((i for i, text in enumerate(texts) if operator(text)), None)
    if at is not None:
        return _quantitative(placed, at, at + 1, placed[at][1], None)
    step = next((i for i, text in enumerate(texts) if is_step(text)), None)
    if step is not None:
        return _qualitative(placed, step)
    for i in range(1, len(placed)):
        found = _quantitative(placed, i, i, None, _NO_OPERATOR) or _without_unit(placed, i)
        if found is not None and clean(found.completion.text).endswith("%"):
            return found
    return None


def aligned_row(row: Row, columns: Mapping[str, int]) -> SplitRow | None:
    """The columns of a row that stands in those of its head (``columns`` by label), else None.

    Every cell has to be in a column, and of its kind: what is shifted by one does not pass.
    """
    at = {
        name: next((columns[label] for label in labels if label in columns), None)
        for name, labels in _COLUMNS.items()
    }
    if any(column is None or column >= len(row) for column in at.values()):
        return None
    cells = {name: row[column] for name, column in at.items() if column is not None}
    placed = [(i, cell) for i, cell in enumerate(row) if clean(cell.text)]
    texts = {name: clean(cell.text) for name, cell in cells.items()}
    name_column = columns["三级指标"]
    marks = [(0, cells["completion"]), (0, cells["weight"]), (0, cells["score"])]
    if not texts["name"] or quantity(texts["name"]) is not None or not texts["target"] or not _marks(marks):
        return None
    if texts["operator"] and not (operator(texts["operator"]) and _is_number(texts["target"])):
        return None
    last = columns["得分"]
    inside = set(at.values())
    if any(name_column < i <= last and i not in inside for i, _ in placed):
        return None
    return SplitRow(
        labels=tuple((i, cell) for i, cell in placed if i < name_column),
        name=(name_column, cells["name"]),
        target=cells["target"],
        achieved=cells["achieved"],
        completion=cells["completion"],
        weight=cells["weight"],
        score=cells["score"],
        operator=cells["operator"] if texts["operator"] else None,
        unit=cells["unit"] if texts["unit"] else None,
        remarks=tuple((i, cell) for i, cell in placed if i > last),
        placed=tuple(placed),
    )


def _marks(cells: Sequence[Placed]) -> bool:
    """Whether three cells are 完成程度, 分值, 得分."""
    if len(cells) < 3:
        return False
    part, weight, points = (clean(cell.text) for _, cell in cells[:3])
    full, got = score(weight), score(points)
    return completion(part) is not None and full is not None and got is not None and got <= full


def _quantitative(
    placed: Sequence[Placed], end: int, start: int, sign: Cell | None, reason: str | None
) -> SplitRow | None:
    """Name before ``end``; 指标值, 度量单位, 完成值 from ``start``, then 完成程度, 分值, 得分."""
    values = placed[start : start + 3]
    if end < 1 or len(values) < 3 or not _marks(placed[start + 3 :]):
        return None
    target, unit, achieved = (clean(cell.text) for _, cell in values)
    if not _is_number(target) or not _is_number(achieved) or any(sign.isdigit() for sign in unit):
        return None
    if _is_number(clean(placed[end - 1][1].text)):
        return None
    return _row(placed, end, values[0], values[2], start + 3, sign, values[1][1], reason)


def _without_unit(placed: Sequence[Placed], start: int) -> SplitRow | None:
    values = placed[start : start + 2]
    if start < 1 or len(values) < 2 or not _marks(placed[start + 2 :]):
        return None
    if not all(_is_number(clean(cell.text)) for _, cell in values):
        return None
    if quantity(clean(placed[start - 1][1].text)) is not None:
        return None
    return _row(placed, start, values[0], values[1], start + 2, None, None, _NO_OPERATOR_NO_UNIT)


def _qualitative(placed: Sequence[Placed], step: int) -> SplitRow | None:
    if step < 2 or not _marks(placed[step + 1 :]):
        return None
    return _row(placed, step - 1, placed[step - 1], placed[step], step + 1, None, None, None)


def _row(
    placed: Sequence[Placed],
    end: int,
    target: Placed,
    achieved: Placed,
    marks: int,
    sign: Cell | None,
    unit: Cell | None,
    reason: str | None,
) -> SplitRow:
    return SplitRow(
        labels=tuple(placed[: end - 1]),
        name=placed[end - 1],
        target=target[1],
        achieved=achieved[1],
        completion=placed[marks][1],
        weight=placed[marks + 1][1],
        score=placed[marks + 2][1],
        operator=sign,
        unit=unit,
        remarks=tuple(placed[marks + 3 :]),
        reason=reason,
        placed=tuple(placed),
    )


def _is_number(text: str) -> bool:
    found = quantity(text)
    return found is not None and found.unit is None and found.operator is None


def score_of(cell: Cell) -> Decimal | None:
    """The score that a cell holds."""
    return score(clean(cell.text))


def gather(rows: Sequence[Row], whole: Collection[Row] = ()) -> list[Gathered]:
    """Rows whose cells run down over many lines made one, by the row with 完成程度, 分值, 得分.

    Rows in ``whole`` are known to be complete. Where two such indicators follow each other, the border is
    where all their remarks end a sentence; where that is not found once, the lines stay as they are.
    """
    result: list[Gathered] = []
    i = 0
    while i < len(rows):
        end = i
        while (
            end < len(rows)
            and len(rows[end]) == len(rows[i])
            and not (rows[end] in whole or split_row(rows[end]))
        ):
            end += 1
        run = rows[i:end]
        anchors = [k for k, row in enumerate(run) if _anchor(row) is not None]
        if len(run) > _FEWEST_PIECES and anchors:
            groups = _groups(run, anchors)
            result += [_joined(group) for group in groups] if groups else [Gathered(row) for row in run]
        else:
            result += [Gathered(row) for row in run]
        if end < len(rows):
            result.append(Gathered(rows[end]))
            end += 1
        i = end
    return result


def _anchor(row: Row) -> int | None:
    """Where 完成程度 stands in a row that has it, 分值 and 得分."""
    placed = [(i, cell) for i, cell in enumerate(row) if clean(cell.text)]
    return next(
        (
            placed[k][0]
            for k in range(len(placed))
            if clean(placed[k][1].text).endswith("%") and _marks(placed[k:])
        ),
        None,
    )


def _groups(run: Sequence[Row], anchors: Sequence[int]) -> list[Sequence[Row]]:
    """The rows of each indicator, or none where the borders are not certain."""
    first = next(k for k, row in enumerate(run) if any(_text(cell) for cell in row))
    borders = [first]
    for one, following in pairwise(anchors):
        column = _anchor(run[one]) or 0
        found = [k for k in range(one + 1, following + 1) if _sentences_end(run[borders[-1] : k], column + 3)]
        if len(found) != 1:
            return []
        borders.append(found[0])
    borders.append(len(run))
    head = [run[:first]] if first else []
    return [*head, *(run[one:following] for one, following in pairwise(borders))]


def _text(cell: Cell) -> bool:
    """Whether a cell holds more than a single sign, which a ruling may be."""
    return len(joined(cell.text)) > 1


def _sentences_end(rows: Sequence[Row], start: int) -> bool:
    """Whether the last text of every column of remarks ends a sentence."""
    last: dict[int, str] = {}
    for row in rows:
        for i, cell in enumerate(row):
            if i >= start and _text(cell):
                last[i] = clean(cell.text)
    return bool(last) and all(text.endswith(_SENTENCE_ENDS) for text in last.values())


def _joined(rows: Sequence[Row]) -> Gathered:
    """One row of the texts of each column, at the place of its first cell."""
    width = max(len(row) for row in rows)
    cells: list[Cell] = []
    pieces: list[Cell] = []
    for i in range(width):
        column = [row[i] for row in rows if i < len(row) and row[i].text]
        if not column:
            cells.append(Cell("", rows[0][0].locator))
            continue
        first, *others = column
        pieces += others
        cells.append(first._replace(text="".join(joined(cell.text) for cell in column)))
    return Gathered(tuple(cells), tuple(pieces))
