"""部门决算公开相关信息统计表: sections of items, each with a 行次 and a figure of its own unit.

Belongs here: sections, items and figures of that layout.
"""

from __future__ import annotations

from pipelines.header import Row
from pipelines.layouts.table import Table, UnreadableError, is_empty
from pipelines.model import Cell
from pipelines.recognised_rows import settled_lines
from pipelines.sheet import RowKey, Sheet
from pipelines.vocabulary import Form, Item
from pipelines.wording import measure_names, name_key, wording


def read(sheet: Sheet, table: Table) -> None:
    """Read the items under their sections; a repeated head within the table is a head."""
    form = sheet.form
    label, line, figure = _columns(form, table)
    sheet.claim_head(table.head)
    headings = {name_key(heading): heading for heading in form.headings}
    taken: list[tuple[Row, Item]] = []
    section = next((h for row in table.head for c in row if (h := headings.get(name_key(c.text)))), None)
    for row in table.full_rows(sheet):
        words = [name_key(cell.text) for cell in row if cell.text]
        if is_empty(row):
            continue
        if len(words) == 1 and words[0] in headings:
            section = headings[words[0]]
            sheet.claim_head([row])
        elif all(word in wording().structural or word in measure_names(form) for word in words):
            sheet.claim_head([row])
        elif item := _item(form, section, row[label].text):
            taken.append((row, item))
        else:
            sheet.hold_row(row, "统计表里不认识的项目，计量单位不明", "若是新项目，补进表式字典")
    found = [(item, row[label], row[line] if line is not None else None) for row, item in taken]
    for (row, item), number in zip(taken, settled_lines(sheet, found), strict=True):
        _take(sheet, row, item, row[label], number, row[figure])


def _columns(form: Form, table: Table) -> tuple[int, int | None, int]:
    for row in (*table.head, *table.body):
        keys = [name_key(cell.text) for cell in row]
        label = next((i for i, k in enumerate(keys) if k in {name_key(w) for w in form.label_columns}), None)
        figure = next((i for i, k in enumerate(keys) if k in measure_names(form)), None)
        line = next((i for i, k in enumerate(keys) if k in form.line_columns), None)
        if label is not None and figure is not None:
            return label, line, figure
    raise UnreadableError("表头里找不到项目列和统计数列")


def _item(form: Form, section: str | None, text: str) -> Item | None:
    key = name_key(text)
    for item in form.items:
        if item.section == section and key in {name_key(n) for n in (item.printed, item.name, *item.aliases)}:
            return item
    return None


def _take(sheet: Sheet, row: Row, item: Item, label: Cell, line: Cell | None, figure: Cell) -> None:
    if sheet.holds_label([label, *([line] if line else [])], row):
        return
    sheet.rows += 1
    key = RowKey(
        sheet.rows,
        item=item.name,
        line_no=item.line_no,
        line_no_printed=line.text or None if line else None,
        name_printed=label.text,
    )
    sheet.claim_label(label, "name")
    if line:
        sheet.claim_label(line, "line_no")
    unit = None if item.unit in wording().money_factors else item.unit
    sheet.amount(key, sheet.form.measures[0].name, figure, unit)
