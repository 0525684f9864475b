"""Two halves side by side: 项目, 行次 and amounts of income left, of expenditure right.

Belongs here: columns of both halves and the alignment of rows with the form's dictionary.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from pipelines.header import Row
from pipelines.layouts.table import Table, UnreadableError, is_empty
from pipelines.model import Cell
from pipelines.recognised_rows import settled_lines
from pipelines.sheet import HOLD_CELL, RowKey, Sheet
from pipelines.vocabulary import Form, Item
from pipelines.wording import fold, measure_names, name_key, wording

# A damaged name (one wrong character in eight) is known by its 行次 and this likeness.
_LIKENESS = 0.75
# So many other rows of the half must print their dictionary's 行次 before a 行次 may name a row.
_WITNESSES = 5


@dataclass(frozen=True, slots=True)
class Half:
    """The columns of one half: the label, the 行次 (where printed), the measures."""

    side: str
    label: int
    line: int | None
    measures: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _HalfRow:
    label: Cell
    line: Cell | None
    amounts: list[tuple[str, Cell]]
    item: Item | None = None
    fuzzy: bool = False

    @property
    def line_no(self) -> int | None:
        text = fold(self.line.text) if self.line else ""
        return int(text) if text.isdigit() and len(text) <= 3 else None


def read(sheet: Sheet, table: Table) -> None:
    """Read the income half downwards, then the expenditure half."""
    halves = columns(sheet.form, table)
    sheet.claim_head(table.head)
    rows = [row for row in table.full_rows(sheet) if not is_empty(row)]
    for half in halves:
        printed = [found for row in rows if (found := _half_row(row, half))]
        _align(sheet, half.side, printed)
        agreed = _numbering_agrees(printed)
        if _are_line_numbers(printed):
            raise UnreadableError(f"{half.side}一侧的金额列里印的是行次，无法断定列")
        for half_row in printed:
            sheet.rows += 1
            _take(sheet, half, half_row, agreed)


def columns(form: Form, table: Table) -> tuple[Half, ...]:
    """The columns of both halves, from the row of column numbers or from the words of the head."""
    row = table.numbering_row
    if row is None:
        return _columns_by_words(form, table)
    numbers = table.numbers
    labels = [i for i, cell in enumerate(row) if fold(cell.text) in wording().column_numbers]
    if len(numbers) != len(form.columns) or len(labels) != len(form.sides):
        raise UnreadableError(f"栏次有 {len(numbers)} 栏，本表应有 {len(form.columns)} 栏")
    halves = []
    for side, label in zip(form.sides, labels, strict=True):
        mine = [
            (measure, i) for (where, measure), i in zip(form.columns, numbers, strict=True) if where == side
        ]
        start = mine[0][1]
        if not label < start <= label + 2:
            raise UnreadableError("栏次与项目列的位置不合")
        halves.append(Half(side, label, label + 1 if start == label + 2 else None, tuple(mine)))
    return tuple(halves)


def _columns_by_words(form: Form, table: Table) -> tuple[Half, ...]:
    """Without column numbers the words must stand where the columns are: 项目, 行次, measures, twice."""
    words = {name_key(word) for word in form.label_columns}
    head = next(
        (row for row in table.head if sum(name_key(c.text) in words for c in row) == len(form.sides)), None
    )
    if head is None:
        raise UnreadableError("表头里找不到左右两个项目列")
    starts = [i for i, cell in enumerate(head) if name_key(cell.text) in words]
    halves = []
    for k, side in enumerate(form.sides):
        end = starts[k + 1] if k + 1 < len(starts) else len(head)
        line = next(
            (i for i in range(starts[k], end) if head[i].text and fold(head[i].text) in form.line_columns),
            None,
        )
        wanted = [measure for where, measure in form.columns if where == side]
        mine = [
            (measure, i)
            for i in range(starts[k] + 1, end)
            for measure in measure_names(form).get(name_key(head[i].text), ())
            if measure in wanted
        ]
        if [measure for measure, _ in mine] != wanted:
            raise UnreadableError(f"{side}一侧的列名不全")
        halves.append(Half(side, starts[k], line, tuple(mine)))
    return tuple(halves)


def _half_row(row: Row, half: Half) -> _HalfRow | None:
    """The half of a row, or None where it prints neither name nor 行次 nor amount."""
    line = row[half.line] if half.line is not None else None
    amounts = [(measure, row[i]) for measure, i in half.measures]
    if not row[half.label].text and not (line and line.text) and not any(c.text for _, c in amounts):
        return None
    return _HalfRow(row[half.label], line, amounts)


def _align(sheet: Sheet, side: str, rows: list[_HalfRow]) -> None:
    """Give each named row its dictionary item: exact names in order first, then damaged names by 行次."""
    items = [item for item in sheet.form.items if item.side == side]
    after = 0
    for row in rows:
        key = name_key(row.label.text)
        for index in [*range(after, len(items)), *range(after)] if key else []:
            if key in _names(items[index]) and not any(r.item is items[index] for r in rows):
                row.item, after = items[index], max(after, index + 1)
                break
    lines = settled_lines(sheet, [(row.item, row.label, row.line) for row in rows])
    for row, line in zip(rows, lines, strict=True):
        row.line = line
    if not _numbering_agrees(rows):
        return
    for row in rows:
        if row.item is None and row.label.text:
            item = next((i for i in items if i.line_no is not None and i.line_no == row.line_no), None)
            if item and not any(r.item is item for r in rows) and _alike(row.label.text, item):
                row.item, row.fuzzy = item, True


def _names(item: Item) -> set[str]:
    return {name_key(name) for name in (item.printed, *item.aliases)}


def _alike(text: str, item: Item) -> bool:
    return difflib.SequenceMatcher(None, name_key(text), name_key(item.printed)).ratio() >= _LIKENESS


def _numbering_agrees(rows: list[_HalfRow]) -> bool:
    """Whether the half prints the dictionary's own 行次: then a 行次 says which row it is."""
    checked = [row.line_no == row.item.line_no for row in rows if row.item and row.line_no is not None]
    return len(checked) >= _WITNESSES and all(checked)


def _are_line_numbers(rows: list[_HalfRow]) -> bool:
    """Whether a column of amounts shows the dictionary's 行次: the columns were not told apart."""
    shown = [
        fold(cell.text) == str(row.item.line_no)
        for row in rows
        if row.item and row.item.line_no
        for _, cell in row.amounts
        if cell.text
    ]
    return sum(shown) >= _WITNESSES and 2 * sum(shown) > len(shown)


def _take(sheet: Sheet, half: Half, row: _HalfRow, agreed: bool) -> None:
    line_no = row.item.line_no if row.item else None
    if (
        row.item is None
        and not row.label.text
        and agreed
        and row.line_no in sheet.form.unnamed.get(half.side, ())
    ):
        line_no = row.line_no
    key = RowKey(
        sheet.rows,
        side=half.side,
        item=row.item.name if row.item else None,
        line_no=line_no,
        line_no_printed=row.line.text if row.line and row.line.text else None,
        subject_code=row.item.subject if row.item else None,
        name_printed=row.label.text or None,
    )
    if row.label.text and row.item is None:
        sheet.note(
            "项目名不在表式字典里",
            "若是新项目，补进表式字典；补进之前这一行待核",
            row.label.locator,
            row.label.text,
        )
    if row.fuzzy and row.item:
        sheet.claim(row.label, "name")
        sheet.repair(
            sheet.rows,
            row.label,
            "项目",
            row.item.printed,
            rule="行次与近似名称",
            evidence=f"印刷行次 {line_no}，同侧其余各行的行次都合于字典，名称相近",
        )
    else:
        sheet.claim_label(row.label, "name")
    if row.line:
        sheet.claim_label(row.line, "line_no")
    torn = sheet.holds_label([row.label, *([row.line] if row.line else [])], [c for _, c in row.amounts])
    for measure, cell in row.amounts:
        if cell.text and (torn or row.item is None):
            sheet.hold(cell, "这一行没有认得的项目名，断不定是哪一项的数", HOLD_CELL)
            sheet.held_amount(key, measure, cell)
        else:
            sheet.amount(key, measure, cell)
