"""Where the performance forms of a document begin and end, and which family each is of.

Belongs here: cutting ordered blocks into forms, and a form into head, indicators and tail.
Does not belong here: what any cell of a form says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from pipelines.locators import row_place
from pipelines.model import Block, Cell, Grid, Line
from pipelines.performance.records import Family
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold, is_watermark

Row = tuple[Cell, ...]
Mark = Literal["opens", "indicator_head", "indicator", "total", "tail"]

_DATA = load_yaml("forms", "performance")
_TITLE = re.compile(_DATA["title"])
_MARKS = _DATA["marks"]
_OPENS, _INDICATOR, _TOTAL, _PARTED_TOTAL, _SCALE, _TAIL = (
    re.compile(_MARKS[mark]) for mark in ("opens", "indicator", "total", "parted_total", "scale", "tail")
)
_PAGE_NUMBER = re.compile(_DATA["page_number"])
_ABOVE = re.compile(_DATA["above"])
_SECTION = re.compile(_DATA["section"])
_OTHER_TITLE = re.compile(_DATA["other_title"])
_FAMILIES: tuple[Family, ...] = get_args(Family)
_TITLES = {
    family: [re.compile(title) for title in _DATA["families"][family]["titles"]] for family in _FAMILIES
}
_SIGNATURES = {
    family: [fold(label) for label in _DATA["families"][family]["signature"]] for family in _FAMILIES
}
_ENDS = re.compile("|".join(end for family in _FAMILIES for end in _DATA["families"][family]["ends"]))
# A mark stands in one of the first cells that say anything; an indicator's levels take up to three.
_FIRST_CELLS = 3
# A page repeats no more rows than these of how a form begins.
_MOST_REPEATED = 3
_STAGE: dict[Mark, int] = {"opens": 0, "indicator_head": 1, "indicator": 1, "total": 2, "tail": 3}


@dataclass(frozen=True, slots=True)
class FormBlock:
    """One form as it stands in the document: its title, the lines above its grid, its rows in order.

    A line of text inside the form is a row of one cell; rows without any text are left out. ``above`` are
    附件号, 年度, 单位(盖章) and 填报日期 that stand outside the grid. ``indicators`` is the slice of ``rows``
    from the row of 一级指标 to before the total; what is before it is the head, the total and all that
    follows the tail. ``noise`` are watermarks and page furniture that stood between.
    """

    family: Family
    title: Line | None
    above: tuple[Line, ...]
    rows: tuple[Row, ...]
    indicators: slice
    has_head: bool
    noise: tuple[Line, ...] = ()

    @property
    def locator(self) -> str:
        """The place where the form begins: its title, else its first row."""
        return self.title.locator if self.title else row_place(self.rows[0][0].locator)

    @property
    def locator_end(self) -> str:
        """The place of its last row."""
        return row_place(self.rows[-1][0].locator)

    @property
    def head(self) -> tuple[Row, ...]:
        """The rows before the indicators."""
        return self.rows[: self.indicators.start]

    @property
    def indicator_rows(self) -> tuple[Row, ...]:
        """The rows of the indicators, their head row or rows among them, without the total."""
        return self.rows[self.indicators]

    @property
    def tail(self) -> tuple[Row, ...]:
        """The total's row and all below it."""
        return self.rows[self.indicators.stop :]


@dataclass(frozen=True, slots=True)
class Cut:
    """The forms of a document, and the grids that are of no family."""

    forms: tuple[FormBlock, ...]
    unknown: tuple[Grid, ...]


def said(row: Iterable[Cell]) -> list[Cell]:
    """The cells of a row that say anything."""
    return [cell for cell in row if cell.text]


def _texts(row: Row) -> list[str]:
    return [fold(cell.text) for cell in said(row)]


def _line(row: Row) -> Line:
    """What a row of one text says, as a line."""
    cell = said(row)[0]
    return Line(cell.text, cell.locator, cell.box)


def _cell(line: Line) -> Cell:
    return Cell(line.text, line.locator, line.box, reading=line.reading)


def mark_of(row: Row) -> Mark | None:
    """What a row marks in a form, by its first cells; None where it marks nothing."""
    first = [fold(cell.text) for cell in said(row)[:_FIRST_CELLS]]
    if not first:
        return None
    head = _MARKS["indicator_head"]
    if head["first"] in first and set(head["also"]) & {fold(cell.text) for cell in row}:
        return "indicator_head"
    if _OPENS.search(first[0]):
        return "opens"
    if any(_TOTAL.fullmatch(text) for text in first[:2]) or _PARTED_TOTAL.search("".join(first)):
        return "total"
    if _SCALE.search(first[0]):
        return "total"
    if _TAIL.search(first[0]):
        return "tail"
    return "indicator" if any(_INDICATOR.fullmatch(text) for text in first) else None


def is_title(text: str) -> bool:
    """Whether a line is the title of a performance form, whatever its family."""
    if len(text) > _DATA["longest_title"]:
        return False
    folded = fold(text)
    return bool(_TITLE.search(folded)) and not any(mark in folded for mark in "。;:")


def cut_forms(blocks: Sequence[Block]) -> list[FormBlock]:
    """The forms that the blocks hold, in order."""
    return list(cut_blocks(blocks).forms)


def cut_blocks(blocks: Sequence[Block]) -> Cut:
    """Cut the ordered blocks of the attachments into forms; grids of no family are kept apart."""
    cutter = _Cutter()
    for block in blocks:
        if isinstance(block, Grid):
            cutter.grid(block)
        else:
            cutter.line(block)
    cutter.end()
    return Cut(tuple(cutter.forms), tuple(cutter.unknown))


@dataclass(slots=True)
class _Open:
    """The form that is being gathered."""

    title: Line | None = None
    above: list[Line] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    noise: list[Line] = field(default_factory=list)
    stage: int = 0
    opened: bool = False
    ended: bool = False
    _seen: int = 0

    def opens(self) -> int | None:
        """The number of the row that opens the form; no row is looked at twice."""
        while self._seen < len(self.rows):
            if mark_of(self.rows[self._seen]) == "opens":
                return self._seen
            self._seen += 1
        return None


class _Cutter:
    """Walks over the blocks once; ``above`` are lines that may belong to the next form."""

    def __init__(self) -> None:
        self.forms: list[FormBlock] = []
        self.unknown: list[Grid] = []
        self.open: _Open | None = None
        self.above: list[Line] = []
        self.elsewhere = False

    def line(self, line: Line) -> None:
        if line.furniture and self._heads_form(line):
            # The same words at the same place of several pages: several forms, each with its own.
            self._over(line)
        elif line.furniture:
            self._noise([line])
        elif not _SECTION.search(fold(line.text)):
            self._row((_cell(line),))

    def grid(self, grid: Grid) -> None:
        if not self._belongs(grid):
            self.unknown.append(grid)
            return
        rows = [row for row in grid.rows if said(row)]
        while rows:
            again = self._repeated(rows)
            if not again:
                self._row(rows[0])
            rows = rows[again or 1 :]
        if self.open:
            self.open.grids.append(grid)

    def _repeated(self, rows: Sequence[Row]) -> int:
        """How many rows say once more how the open form begins, as a table's head does on its next page.

        They are told from another form by what follows: no row that the form's beginning has. What they say
        stays with the form, beside its first printing.
        """
        form = self.open
        start = form.opens() if form else None
        if form is None or start is None or form.ended:
            return 0
        titled = int(form.title is not None and _texts(rows[0]) == [fold(form.title.text)])
        known = [_texts(row) for row in form.rows[start : start + _MOST_REPEATED + 1]]
        own = 0
        while titled + own < len(rows) and own < len(known) and _texts(rows[titled + own]) == known[own]:
            own += 1
        count = titled + own
        if count == len(rows) or not count or own > _MOST_REPEATED:
            return 0
        following = _texts(rows[count])[:2]
        if mark_of(rows[count]) == "opens" or any(_texts(row)[:2] == following for row in form.rows[start:]):
            return 0
        self._noise(_line(rows[i]) for i in range(titled))
        form.rows[start + own : start + own] = rows[titled:count]
        return count

    def _heads_form(self, line: Line) -> bool:
        """Whether a line that is printed like a running head may be what stands over a form."""
        return self._between() and (is_title(line.text) or bool(_ABOVE.fullmatch(fold(line.text))))

    def _over(self, line: Line) -> None:
        """Keep a line that may stand over a form: the open one's where that has only a title."""
        (self.open.above if self.open and not self.open.rows else self.above).append(line)

    def _noise(self, lines: Iterable[Line]) -> None:
        if self.open:
            self.open.noise += lines

    def _belongs(self, grid: Grid) -> bool:
        """Whether a grid is a form or goes on with the one that is open."""
        if any(mark_of(row) or self._is_title(row) for row in grid.rows):
            return True
        return self.open is not None and not self.open.ended and not self.elsewhere

    @staticmethod
    def _is_title(row: Row) -> bool:
        texts = said(row)
        return len(texts) == 1 and is_title(texts[0].text)

    def _row(self, row: Row) -> None:
        texts = said(row)
        folded = fold(texts[0].text)
        alone = _line(row) if len(texts) == 1 else None
        if alone and (is_watermark(alone.text) or _PAGE_NUMBER.fullmatch(folded)):
            self._noise([alone])
            return
        if alone and is_title(alone.text):
            self._begin(alone)
            return
        if alone and _ABOVE.fullmatch(folded) and self._between():
            self._over(alone)
            return
        mark = mark_of(row)
        if mark is not None:
            self.elsewhere = False
        elif alone and len(row) == 1 and _OTHER_TITLE.fullmatch(folded) and self._between():
            self.close()
            self.elsewhere = True
            return
        self._place(row, mark)

    def _between(self) -> bool:
        """Whether what comes may stand above a form: nothing of one is open, or its tail has begun."""
        return self.open is None or not self.open.rows or self.open.stage == _STAGE["tail"]

    def _place(self, row: Row, mark: Mark | None) -> None:
        form = self.open
        again = form is not None and (
            (mark == "opens" and (form.opened or form.stage > 0))
            or (mark in ("indicator", "indicator_head") and form.stage == _STAGE["tail"])
        )
        if form is None and mark is None and not self.above:
            return
        if form is None or again:
            form = self._begin(None)
        if self.above:
            # Lines that seemed to open a form stood inside this one.
            self._noise(line for line in self.above if line.furniture)
            form.rows += [(_cell(line),) for line in self.above if not line.furniture]
            self.above = []
        form.rows.append(row)
        form.opened = form.opened or mark == "opens"
        if mark is not None:
            form.stage = max(form.stage, _STAGE[mark])
        form.ended = form.ended or any(_ENDS.search(fold(cell.text)) for cell in said(row)[:1])

    def _begin(self, title: Line | None) -> _Open:
        left = self.open
        if left is not None and not left.rows:
            # A title without a form belongs to what stands below it.
            above = [*left.above, *([left.title] if left.title else []), *self.above]
            self.open = None
        else:
            self.close()
            above = self.above
        self.above = []
        self.elsewhere = False
        heads = [line for line in above if is_title(line.text)]
        if title is None and heads:
            title = heads[-1]
        self.open = _Open(title, [line for line in above if line is not title])
        return self.open

    def end(self) -> None:
        """End the document."""
        self._noise(line for line in self.above if line.furniture)
        self.close()

    def close(self) -> None:
        """End the form that is open; what is of no family is no form."""
        form, self.open = self.open, None
        if form is None or not form.rows:
            return
        family = _family(form)
        if family is None:
            self.unknown += form.grids
            return
        indicators = _indicators(form.rows)
        self.forms.append(
            FormBlock(
                family=family,
                title=form.title,
                above=tuple(form.above),
                rows=tuple(form.rows),
                indicators=indicators,
                has_head=form.opened or form.title is not None,
                noise=tuple(form.noise),
            )
        )


def _family(form: _Open) -> Family | None:
    """The family with most of its labels in the form; None where none or several fit best."""
    texts = {fold(cell.text) for row in form.rows for cell in said(row)}
    title = fold(form.title.text) if form.title else ""
    scores: dict[Family, int] = {}
    for family in _FAMILIES:
        named = any(pattern.search(title) for pattern in _TITLES[family])
        labels = sum(any(text.startswith(label) for text in texts) for label in _SIGNATURES[family])
        scores[family] = labels + named * _DATA["title_weight"]
    best = max(scores.values())
    winners = [family for family, score in scores.items() if score == best]
    return winners[0] if best >= _DATA["fewest_labels"] and len(winners) == 1 else None


def _indicators(rows: Sequence[Row]) -> slice:
    """From the first row of the indicators to before the total, else before the tail."""
    marks = [mark_of(row) for row in rows]
    starts = [i for i, mark in enumerate(marks) if mark == "indicator_head"]
    starts = starts or [i for i, mark in enumerate(marks) if mark == "indicator"]
    if not starts:
        end = next((i for i, mark in enumerate(marks) if mark in ("total", "tail")), len(rows))
        return slice(end, end)
    start = starts[0]
    ends = [i for i, mark in enumerate(marks) if i > start and mark in ("total", "tail")]
    return slice(start, ends[0] if ends else len(rows))
