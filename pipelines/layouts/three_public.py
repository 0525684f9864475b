"""三公 tables: twelve numbered columns in one row, or the items downwards beside 预算数 and 决算数.

Belongs here: both prints, read into the same two rows (预算数, 决算数) of the same items.
"""

from __future__ import annotations

from pipelines.header import Row
from pipelines.layouts.table import Table, UnreadableError, is_empty
from pipelines.model import Cell
from pipelines.sheet import RowKey, Sheet
from pipelines.vocabulary import Form
from pipelines.wording import measure_names, name_key


def read(sheet: Sheet, table: Table) -> None:
    """Read either print; the head says which."""
    sheet.claim_head(table.head)
    labels = {name_key(word) for word in sheet.form.label_columns}
    label = next((i for row in table.head for i, c in enumerate(row) if name_key(c.text) in labels), None)
    if label is None:
        _read_across(sheet, table)
    else:
        _read_down(sheet, table, label)


def _key(form: Form, basis: str) -> RowKey:
    return RowKey(form.bases.index(basis) + 1, item=basis, name_printed=basis)


def _read_across(sheet: Sheet, table: Table) -> None:
    form = sheet.form
    numbers = table.numbers
    if not numbers:
        places = _columns_by_words(form, table)
    elif len(numbers) == len(form.columns):
        _check_words(form, table, numbers)
        places = [(*column, index) for column, index in zip(form.columns, numbers, strict=True)]
    else:
        raise UnreadableError(f"栏次有 {len(numbers)} 栏，本表应有 {len(form.columns)} 栏")
    rows = [row for row in table.full_rows(sheet) if not is_empty(row)]
    if len(rows) > 1:
        raise UnreadableError("横排的三公经费表有不止一行数")
    for row in rows:
        sheet.rows += 1
        for basis, measure, index in places:
            sheet.amount(_key(form, basis), measure, row[index])


def _columns_by_words(form: Form, table: Table) -> list[tuple[str, str, int]]:
    """Basis, measure and column of every column, by the words above it, merged cells counted in full."""
    names = measure_names(form)
    bases = {name_key(basis): basis for basis in form.bases}
    places: list[tuple[str, str, int]] = []
    for index in range(table.width):
        above = [name_key(cell.text) for row in table.head for cell in _over(row, index)]
        basis = next((bases[word] for word in reversed(above) if word in bases), None)
        measure = next((names[word][0] for word in reversed(above) if word in names), None)
        if basis is None or measure is None:
            raise UnreadableError(f"第 {index + 1} 列上面的列名不全")
        places.append((basis, measure, index))
    if len({(basis, measure) for basis, measure, _ in places}) != len(places):
        raise UnreadableError("两列的列名相同")
    return sorted(places, key=lambda p: (form.bases.index(p[0]), p[2]))


def _over(row: Row, index: int) -> list[Cell]:
    """The cell of a head row that covers a column, if it holds something."""
    return [cell for i, cell in enumerate(row) if cell.text and i <= index < i + cell.span]


def _check_words(form: Form, table: Table, numbers: list[int]) -> None:
    """The words above each numbered column must be those of its measure, or be missing."""
    names = measure_names(form)
    bases = {name_key(basis): basis for basis in form.bases}
    for (basis, measure), index in zip(form.columns, numbers, strict=True):
        above = _nearest(table.head, index)
        if above and measure not in names.get(above, ()):
            raise UnreadableError(f"第 {index + 1} 列印「{above}」，按栏次应是{measure}")
        heading = [bases[k] for c in table.head[0][: index + 1] if (k := name_key(c.text)) in bases]
        if not heading or heading[-1] != basis:
            raise UnreadableError(f"{basis}一侧的列与栏次不合")


def _nearest(head: tuple[Row, ...], index: int) -> str | None:
    """The lowest head word over a column, above the row of column numbers."""
    texts = [row[index].text for row in head[:-1] if index < len(row) and row[index].text]
    return name_key(texts[-1]) if texts else None


def _read_down(sheet: Sheet, table: Table, label: int) -> None:
    form = sheet.form
    head = table.head[-1]
    places = [
        (basis, i)
        for i, cell in enumerate(head)
        for basis in form.bases
        if name_key(cell.text) == name_key(basis)
    ]
    if [basis for basis, _ in places] != list(form.bases):
        raise UnreadableError("表头里找不到预算数和决算数两列")
    names = measure_names(form)
    taken: dict[tuple[str, str], Cell] = {}
    for row in table.full_rows(sheet):
        if is_empty(row):
            continue
        measure = next(
            (m for m in names.get(name_key(row[label].text), ()) if (form.bases[0], m) not in taken), None
        )
        if measure is None:
            sheet.hold_row(row, "三公经费表里不认识的项目")
            continue
        sheet.rows += 1
        sheet.claim_label(row[label], "name")
        for basis, index in places:
            taken[basis, measure] = row[index]
    for basis in form.bases:
        for measure in (m.name for m in form.measures):
            if (basis, measure) in taken:
                sheet.amount(_key(form, basis), measure, taken[basis, measure])
