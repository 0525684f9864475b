"""Heads of tables: how far they reach, and which form's columns they name.

Belongs here: the column signature of a grid. Does not belong here: titles, rows of data.
A form is recognised by its columns as much as by its title, never by its printed number.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pipelines.model import Cell
from pipelines.vocabulary import Form, forms
from pipelines.wording import fold, measure_names, name_key, wording

Row = tuple[Cell, ...]

# A head of these tables has at most four rows; damage may put a row or two of rubbish before it.
_MOST_HEAD_ROWS = 8
# Fewer numbers in a row are not a row of column numbers.
_FEWEST_NUMBERS = 3
# One head word alone may be a row's name (合计, 其他收入).
_FEWEST_HEAD_WORDS = 2


def row_labels(row: Row) -> list[str]:
    """The compared texts of the cells that hold something."""
    return [label for cell in row if cell.text for label in cell_labels(cell)]


def cell_labels(cell: Cell) -> tuple[str, ...]:
    """The head words of a cell: its text, or each of its lines where only they are head words.

    A heading and the word below it fall into one cell where no rule parts them (项目 / 科目名称).
    """
    whole = name_key(cell.text)
    if "\n" in cell.text and whole not in head_words():
        lines = tuple(name_key(line) for line in cell.text.split("\n"))
        if all(line in head_words() for line in lines):
            return lines
    return (whole,)


@cache
def form_words(form: Form) -> frozenset[str]:
    """Every word that the head of this form may show, beside the structural ones."""
    words = set(measure_names(form))
    for extra in (form.headings, form.bases, form.sides, form.code_columns, form.name_columns):
        words |= {name_key(word) for word in extra}
    return frozenset(words | {name_key(word) for word in (*form.label_columns, *form.line_columns)})


@cache
def head_words() -> frozenset[str]:
    """Every word that the head of some form may show."""
    return frozenset(word for form in forms().values() for word in form_words(form)) | wording().structural


def numbering(row: Row) -> list[int]:
    """Indexes of the cells 1, 2, 3 … n of a row of column numbers; empty if it is none.

    The row may open with 栏次 (and hold it again where a second half begins).
    """
    marks = [(i, fold(cell.text)) for i, cell in enumerate(row) if cell.text]
    labelled = any(text in wording().column_numbers for _, text in marks)
    numbers = [(i, text) for i, text in marks if text.isdigit()]
    if [text for _, text in numbers] != [str(k) for k in range(1, len(numbers) + 1)] or not numbers:
        return []
    if labelled or (len(numbers) == len(marks) and len(numbers) >= _FEWEST_NUMBERS):
        return [i for i, _ in numbers]
    return []


def head_length(rows: Sequence[Row]) -> int:
    """How many leading rows are the head of a table; 0 where it has none."""
    for i, row in enumerate(rows[:_MOST_HEAD_ROWS]):
        if numbering(row):
            return i + 1
    end = 0
    for i, row in enumerate(rows[:_MOST_HEAD_ROWS]):
        labels = row_labels(row)
        if not labels:
            continue
        if not all(label in head_words() for label in labels):
            if end:
                break
            continue
        if len(labels) < _FEWEST_HEAD_WORDS and not _is_section(labels[0]):
            # One word alone may be a row's name: it is of the head only where the head already
            # stands, and if it names no measure.
            if end == 0:
                continue
            if labels[0] not in wording().structural:
                break
        end = i + 1
    return end


@cache
def _sections() -> frozenset[str]:
    return frozenset(name_key(heading) for form in forms().values() for heading in form.headings)


def _is_section(label: str) -> bool:
    return label in _sections()


def opens_head(row: Row) -> bool:
    """Whether a row holds head words only, two at least."""
    labels = row_labels(row)
    return len(labels) >= _FEWEST_HEAD_WORDS and all(label in head_words() for label in labels)


def unexplained(form: Form, labels: Sequence[str]) -> list[str]:
    """Head texts that this form does not know."""
    known = form_words(form) | wording().structural
    return [label for label in labels if label not in known and not label.isdigit()]


def names_columns_of(form: Form, rows: Sequence[Row], head: int) -> bool:
    """Whether the head shows every column that the form must have, in the form's shape."""
    labels = [label for row in rows[:head] for label in row_labels(row)]
    seen = set(labels)
    if form.layout == "three_public":
        return _three_public(form, seen, rows[head:])
    hits = {measure for label in seen for measure in measure_names(form).get(label, ())}
    if not {m.name for m in form.measures} - form.optional <= hits:
        return False
    if form.layout in ("subjects", "blocks"):
        return any(name_key(word) in seen for word in form.code_columns)
    if form.layout == "halves":
        return {name_key(side) for side in form.sides} <= seen
    return bool({name_key(word) for word in form.label_columns} & seen)


def _three_public(form: Form, seen: set[str], body: Sequence[Row]) -> bool:
    if not {name_key(basis) for basis in form.bases} <= seen:
        return False
    names = measure_names(form)
    required = {m.name for m in form.measures} - form.optional
    across = {measure for label in seen for measure in names.get(label, ())}
    down = {measure for row in body if row for measure in names.get(name_key(row[0].text), ())}
    return required <= across or required <= down


def signature(rows: Sequence[Row]) -> tuple[Form, ...]:
    """The forms whose columns the head of these rows names; several where the columns do not decide."""
    head = head_length(rows)
    if head == 0:
        return ()
    labels = [label for row in rows[:head] for label in row_labels(row)]
    found = [
        (len(unexplained(form, labels)), form)
        for form in forms().values()
        if names_columns_of(form, rows, head)
    ]
    fewest = min((count for count, _ in found), default=0)
    return tuple(form for count, form in found if count == fewest)
