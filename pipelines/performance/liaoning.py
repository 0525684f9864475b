"""The forms of 辽宁 (families D, E) outside their indicators: head, tasks, scores, opinions.

Belongs here: which row of these forms says what, after ``liaoning.yml``.
Does not belong here: indicators, and the joining of torn cells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.amounts import read_amount, to_yuan
from pipelines.model import Cell
from pipelines.performance.cut import FormBlock, Row
from pipelines.performance.notes import Notes
from pipelines.performance.records import PerformanceTask
from pipelines.performance.tasks import read_task
from pipelines.performance.torn import Found, Part, find, numbers, parts, row_text
from pipelines.performance.values import clean, joined
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_DATA = load_yaml("liaoning", "performance")
_LABELS: dict[str, list[tuple[str, re.Pattern[str]]]] = {
    family: [(entry["field"], re.compile(entry["label"])) for entry in entries]
    for family, entries in _DATA["labels"].items()
}
_ENTRIES: dict[str, dict[str, dict[str, str]]] = {
    family: {entry["field"]: entry for entry in entries} for family, entries in _DATA["labels"].items()
}
_TASKS_HEAD, _TASKS_END, _GOALS_HEAD, _ADVICE_HEAD, _ORGANISATION, _CHECK, _SCRAP, _YEAR = (
    re.compile(_DATA[key])
    for key in (
        "tasks_head", "tasks_end", "goals_head", "advice_head", "organisation", "check", "scrap", "year",
    )
)  # fmt: skip
_SECTIONS = {name: re.compile(pattern) for name, pattern in _DATA["sections"].items()}
_TORN = "文字被撕成几格，字迹可能不全"
_TORN_FIGURE = "数字被撕成几格，或不止一个数"
_NO_UNIT = "没有印出金额单位"
_NOT_EXACT = "换算成元不是整分"
_NO_LABEL = "没有读出属于哪一栏"
_SCRAP_RULE = "表格线残迹"
_OPTION_RULE = "未勾选的建议选项"
_SUBTOTAL = "指标小计"


@dataclass(slots=True)
class _Reader:
    """Walks over a form's rows outside the indicators; the part of the form that is open is kept."""

    family: str
    notes: Notes
    money_unit: str | None
    indicator_sum: Decimal | None
    tasks: list[PerformanceTask] = field(default_factory=list)
    in_tasks: bool = False
    goals: tuple[int, ...] = ()
    section: str | None = None
    advice: int | None = None


def read_liaoning(
    form: FormBlock, notes: Notes, money_unit: str | None, indicator_sum: Decimal | None
) -> list[PerformanceTask]:
    """The tasks of a form of 辽宁; its fields, and the roles of its cells, go to ``notes``.

    ``money_unit`` is that of the form's amounts (``None``: they are held).
    ``indicator_sum`` is the sum of the scores of all indicators, where none of them is missing: it tells a
    subtotal from a scrap beside it.
    """
    reader = _Reader(form.family, notes, money_unit, indicator_sum)
    for row in form.head:
        _head_row(reader, row)
    for row in form.tail:
        _tail_row(reader, row)
    return reader.tasks


def _head_row(reader: _Reader, row: Row) -> None:
    text = row_text(row)
    if _fields(reader, row):
        return
    if reader.in_tasks and _TASKS_END.search(text):
        reader.in_tasks = False
    if _TASKS_HEAD.search(text) and not reader.in_tasks:
        reader.in_tasks = True
        reader.notes.role(row, "label")
    elif _GOALS_HEAD.search(text):
        reader.goals = tuple(part.column for part in parts(row) if part.column)
        reader.notes.role(row, "label")
    elif reader.in_tasks:
        task = read_task(row, len(reader.tasks) + 1, reader.notes, reader.money_unit)
        if task is None:
            _left(reader, row)
        else:
            reader.tasks.append(task)
    elif reader.goals and len(parts(row)) > 1:
        _goal(reader, row)
    else:
        _left(reader, row)


def _fields(reader: _Reader, row: Row) -> bool:
    """Read the labelled fields of a row; whether it has any."""
    found = find(row, _LABELS[reader.family])
    if not found:
        return False
    known: set[int] = set()
    for one in found:
        reader.notes.role(one.labels, "label")
        known |= {id(cell) for cell in one.labels} | {id(part.cell) for part in one.value}
        _field(reader, one)
    scraps = [cell for cell in row if cell.text and id(cell) not in known]
    reader.notes.role(scraps, "ignored", _SCRAP_RULE)
    return True


def _field(reader: _Reader, found: Found) -> None:
    entry = _ENTRIES[reader.family][found.field]
    value = [part for part in found.value if not _SCRAP.match(part.text) or part.text.isdigit()]
    reader.notes.role((part.cell for part in found.value if part not in value), "ignored", _SCRAP_RULE)
    if not value:
        for cell in found.labels[-1:]:
            reader.notes.number(found.field, cell, None, "分")
        return
    first = value[0].cell._replace(text="".join(part.text for part in value))
    if entry["kind"] in ("organisation", "project", "text"):
        _words(reader, found.field, entry["kind"], first, value)
    else:
        _figure(reader, found.field, entry, first, value)


def _words(reader: _Reader, name: str, kind: str, first: Cell, value: Sequence[Part]) -> None:
    """A text: as it stands in one cell; of several, an organisation's name that came out whole."""
    notes = reader.notes
    text: str | None = first.text if len(value) == 1 else None
    match = _ORGANISATION.match(first.text) if kind == "organisation" else None
    if match:
        text = match["name"]
    cells = [part.cell for part in value]
    notes.text(name, first, text, None if text else _TORN)
    if text:
        notes.role(cells, "text")
    else:
        notes.held(cells, name, _TORN)


def _figure(reader: _Reader, name: str, entry: dict[str, str], first: Cell, value: Sequence[Part]) -> None:
    """An amount, rate or score: the one number behind the label."""
    notes = reader.notes
    found = [(_number(text), text, used) for text, used in numbers(value)]
    if len(found) > 1:
        found = [one for one in found if not _SCRAP.match(one[1])]
    if name == _SUBTOTAL and len(found) > 1 and reader.indicator_sum is not None:
        # A scrap stands beside the subtotal: the scores say which of the two it is.
        found = [one for one in found if one[0] is not None and _rounds(reader.indicator_sum, one[0])]
    number = found[0][0] if len(found) == 1 else None
    reason = None if number is not None else _TORN_FIGURE
    role = "score" if entry["kind"] == "points" else "number"
    cell = found[0][2][0].cell._replace(text=found[0][1]) if number is not None else first
    if entry["kind"] == "amount":
        role = "amount"
        unit = reader.money_unit
        yuan = to_yuan(number, unit) if number is not None and unit else None
        reason = reason or (_NO_UNIT if unit is None else _NOT_EXACT if yuan is None else None)
        notes.amount(name, cell, yuan, reason)
    else:
        notes.number(name, cell, number, "%" if entry["kind"] == "rate" else "分", reason)
    used = [part.cell for part in found[0][2]] if number is not None else []
    scraps = [part.cell for part in value if part.cell not in used]
    if reason:
        notes.held([part.cell for part in value], name, reason)
    else:
        notes.role(used, role)
        notes.role(scraps, "ignored", _SCRAP_RULE)


def _number(text: str) -> Decimal | None:
    return read_amount(text.removesuffix("%").removesuffix("分")).value


def _rounds(exact: Decimal, printed: Decimal) -> bool:
    """Whether a number is another one rounded or cut to its places."""
    exponent = printed.as_tuple().exponent
    step = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(0)
    return abs(exact - printed) < step


def _goal(reader: _Reader, row: Row) -> None:
    """The two goals of a row: each where it stands in one cell under its heading, else held."""
    placed = [part for part in parts(row) if part.column]
    reader.notes.role((part.cell for part in parts(row) if not part.column), "label")
    if len(placed) == len(_DATA["goals"][reader.family]) and len(placed) == len(reader.goals):
        for name, part in zip(_DATA["goals"][reader.family], placed, strict=True):
            reader.notes.text(name, part.cell, clean(part.cell.text))
            reader.notes.role([part.cell], "text")
    else:
        reader.notes.held([part.cell for part in placed], "年度目标", _TORN)
    reader.goals = ()


def _tail_row(reader: _Reader, row: Row) -> None:
    if _fields(reader, row):
        return
    cells = parts(row)
    text = "".join(part.text for part in cells)
    advice_head = _ADVICE_HEAD.search(text)
    if advice_head:
        reader.notes.role(row, "label")
        reader.section, reader.advice = next(iter(_SECTIONS)), _column_at(cells, advice_head.start())
        return
    section, labels = _section(cells)
    reader.section = section or reader.section
    if reader.section is None:
        _left(reader, row)
        return
    scraps = [
        part for part in cells if _SCRAP.match(part.text) or (part not in labels and part.text == section)
    ]
    reader.notes.role((part.cell for part in scraps), "ignored", _SCRAP_RULE)
    rest = [part for part in cells if part not in labels and part not in scraps]
    reader.notes.role((part.cell for part in labels), "label")
    if any(_CHECK.fullmatch(part.text) for part in rest):
        _checked(reader, rest)
        return
    advice = [part for part in rest if reader.advice is not None and part.column >= reader.advice]
    options = [part for part in rest if part not in advice]
    if section and len(rest) == 1 and rest[0].column > labels[-1].column and section.endswith("总体意见"):
        reader.notes.text(reader.section, rest[0].cell, clean(rest[0].cell.text))
        reader.notes.role([rest[0].cell], "text")
        return
    reader.notes.role((part.cell for part in options), "ignored", _OPTION_RULE)
    reader.notes.held([part.cell for part in advice], reader.section, _TORN)


def _column_at(cells: Sequence[Part], position: int) -> int:
    """The column of the cell that holds a position of the joined text."""
    for part in cells:
        position -= len(part.text)
        if position < 0:
            return part.column
    return cells[-1].column


def _section(cells: Sequence[Part]) -> tuple[str | None, list[Part]]:
    """The section that a row opens, and the cells of its label: one of them, or the first ones joined."""
    for name, pattern in _SECTIONS.items():
        for part in cells:
            if len(part.text) <= _DATA["longest_section"] and pattern.search(part.text):
                return name, [part]
        together = ""
        for i, part in enumerate(cells):
            together += part.text
            if len(together) > _DATA["longest_section"]:
                break
            if pattern.search(together):
                return name, list(cells[: i + 1])
    return None, []


def _checked(reader: _Reader, cells: Sequence[Part]) -> None:
    """An option with its check mark, and the words beside it."""
    at = next(i for i, part in enumerate(cells) if _CHECK.fullmatch(part.text))
    section = reader.section or ""
    option, words = cells[:at], cells[at + 1 :]
    reader.notes.role([cells[at].cell], "label")
    for name, found in ((section, option), (f"{section}具体建议", words)):
        if not found:
            continue
        first = found[0].cell._replace(text="".join(joined(part.cell.text) for part in found))
        whole = len(found) == 1
        reader.notes.text(name, first, first.text if whole else None, None if whole else _TORN)
        if whole:
            reader.notes.role([found[0].cell], "text")
        else:
            reader.notes.held([part.cell for part in found], name, _TORN)


def _left(reader: _Reader, row: Row) -> None:
    """A row that is no part of what is known: labels and scraps are named so, the rest is held."""
    cells = [cell for cell in row if fold(clean(cell.text))]
    scraps = [cell for cell in cells if _SCRAP.match(fold(clean(cell.text)))]
    reader.notes.role(scraps, "ignored", _SCRAP_RULE)
    rest = [cell for cell in cells if cell not in scraps]
    year = _YEAR.fullmatch("".join(fold(clean(cell.text)) for cell in rest))
    if year:
        reader.notes.number("年度", rest[0], Decimal(year[1]), "年")
        reader.notes.role(rest, "number")
    elif all(_heading(cell.text) for cell in rest) or _heading("".join(cell.text for cell in rest)):
        reader.notes.role(rest, "label")
    else:
        reader.notes.held(rest, "绩效表", _NO_LABEL)


def _heading(printed: str) -> bool:
    text = fold(clean(printed))
    return text in _DATA["headings"]
