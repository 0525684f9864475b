"""From the figures of a statement to its grid: header rows, rows, and the truth of every cell.

Belongs here: where a cell stands in each of the five layouts, for any template.
Does not belong here: titles and notes around the grid, lines of text, bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pipelines.vocabulary import Form, Item, subjects
from tests.typesetter.figures import TOTAL, Row, StatementFigures
from tests.typesetter.manner import Hand
from tests.typesetter.truth import TruthCell

LEFT, ABOVE = "<", "^"
_DIGITS = "一二三四五六七八九"


def ordinal(number: int) -> str:
    """1 → 一, 12 → 十二, 26 → 二十六."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else f"{_DIGITS[tens - 1]}十")
    return head + (_DIGITS[ones - 1] if ones else "")


@dataclass(frozen=True)
class Box:
    """A cell of a grid. ``merged`` says that it continues the cell on the left or above."""

    text: str = ""
    merged: str = ""
    fact: TruthCell | None = None


@dataclass(frozen=True)
class Table:
    """The grid of a statement. ``row_count`` counts its rows of data as people would."""

    form: str
    header: tuple[tuple[Box, ...], ...]
    body: tuple[tuple[Box, ...], ...]
    row_count: int

    @property
    def facts(self) -> tuple[TruthCell, ...]:
        found = [box.fact for row in self.body for box in row if box.fact]
        return tuple(sorted(found, key=lambda cell: cell.row_seq))


class Layout:
    """Lays out one statement. ``style`` is the statement's part of the template."""

    def __init__(self, form: Form, figures: StatementFigures, template: dict[str, Any], hand: Hand):
        self.form = form
        self.figures = figures
        self.template = template
        self.style: dict[str, Any] = template["statements"][form.id]
        self.hand = hand
        self.manner = hand.manner

    def table(self) -> Table:
        """The grid, in the layout that the form asks for."""
        header, body, rows = getattr(self, self.form.layout)()
        extra = (Box(),) * self.manner.extra_columns
        return Table(
            self.form.id,
            tuple((*row, *extra) for row in header),
            tuple((*row, *extra) for row in body),
            rows,
        )

    # --- cells ----------------------------------------------------------------------------

    def header(self) -> list[tuple[Box, ...]]:
        return [self._labels(row) for row in self.style["header"]]

    def _labels(self, texts: list[str]) -> tuple[Box, ...]:
        return tuple(
            Box(merged=text) if text in (LEFT, ABOVE) else Box(self.hand.header(text)) for text in texts
        )

    def _row(self, row_seq: int, **known: Any) -> TruthCell:
        """A row's truth, of which each of its cells is a copy."""
        blank = dict.fromkeys(TruthCell.__dataclass_fields__)
        return TruthCell(**{**blank, "form": self.form.id, "row_seq": row_seq, **known})

    def amount(self, row: TruthCell, measure: str, value: Decimal | None, unit: str | None = None) -> Box:
        """The box of one figure. ``unit`` is what it counts where that is no money."""
        closed = self.form.is_closed(row.subject_code)
        text = self.manner.closed_mark if closed else ""
        if value is not None:
            text = self.hand.digits(f"{value:f}") if unit else self.hand.amount(value)
        return Box(
            text,
            fact=replace(
                row,
                measure=measure,
                amount=None if unit else value,
                quantity=value if unit else None,
                quantity_unit=unit,
                amount_printed=text,
                money_unit=None if unit else self.manner.money_unit,
                status="closed" if closed else "blank" if value is None else "printed",
            ),
        )

    # --- layouts: each yields header rows, body rows and the number of rows of data ----------

    def halves(self) -> tuple[list[tuple[Box, ...]], list[tuple[Box, ...]], int]:
        """收入 on the left, 支出 on the right; row_seq runs down the left half first."""
        halves: list[list[tuple[Box, ...]]] = []
        row_seq = 0
        for side in self.form.sides:
            items: dict[int, Item | None] = {
                i.line_no: i for i in self.form.items if i.side == side and i.line_no
            }
            items |= dict.fromkeys(self.form.unnamed[side])
            measures = [m.name for m in self.form.measures if side in m.sides]
            half = []
            for place, line_no in enumerate(sorted(items), start=1):
                if items[line_no] is None and not self._lines:
                    half.append((Box(),) * (1 + len(measures)))
                    continue
                row_seq += 1
                half.append(self._half_row(row_seq, side, place, line_no, items[line_no], measures))
            halves.append(half)
        body = [left + right for left, right in zip(*halves, strict=True)]
        return self.header(), [row for row in body if any(box.text for box in row)], row_seq

    @property
    def _lines(self) -> bool:
        """Whether the template prints 行次."""
        return bool(self.template.get("lines", True))

    def _half_row(
        self, row_seq: int, side: str, place: int, line_no: int, item: Item | None, measures: list[str]
    ) -> tuple[Box, ...]:
        label = ""
        if item:
            printed = self.style.get("printed", {}).get(item.name, item.printed)
            numbered = place <= self.style["ordinals"][side]
            label = self.hand.name(f"{ordinal(place)}、{printed}" if numbered else printed)
        row = self._row(
            row_seq,
            side=side,
            item=item.name if item else None,
            line_no=line_no,
            line_no_printed=self.hand.digits(str(line_no)) if self._lines else None,
            subject_code=item.subject if item else None,
            name_printed=label,
        )
        boxes = [self.amount(row, m, self.figures.get(item.name, m) if item else None) for m in measures]
        number = (Box(self.hand.digits(str(line_no))),) if self._lines else ()
        return (Box(label), *number, *boxes)

    def subjects(self) -> tuple[list[tuple[Box, ...]], list[tuple[Box, ...]], int]:
        """合计, then a row for each 科目, or 合计 last. Two stacked units repeat their codes."""
        measures = self.style.get("measures") or [m.name for m in self.form.measures]
        total = next((r for r in self.figures.rows if r.key == TOTAL), Row(TOTAL, {}))
        rows = [r for r in self.figures.rows if r.key != TOTAL]
        rows = [*rows, total] if self.style.get("total") == "last" else [total, *rows]
        body: list[tuple[Box, ...]] = []
        for row_seq, figures in enumerate(rows, start=1):
            if figures.key == TOTAL:
                known = self._row(row_seq, item=TOTAL, name_printed=TOTAL)
                labels = self._total()
            else:
                code, name = self._code(figures.key), self._name(figures)
                known = self._row(
                    row_seq, subject_code=figures.key, subject_code_printed=code, name_printed=name
                )
                labels = (*self._code_boxes(code), Box(name))
            body.append((*labels, *(self.amount(known, m, figures.amounts.get(m)) for m in measures)))
        return self.header(), body, len(body)

    def _code_boxes(self, code: str) -> tuple[Box, ...]:
        """A 科目代码 in one column, or its 类, 款 and 项 in a column each."""
        parts = self.style.get("code_parts", self.template.get("code_parts"))
        if not parts:
            return (Box(self.hand.digits(code)),)
        ends = [3, 5, 7][: len(parts)]
        return tuple(Box(self.hand.digits(code[max(end - 2, 0) if end > 3 else 0 : end])) for end in ends)

    def _total(self) -> tuple[Box, ...]:
        parts = self.style.get("code_parts", self.template.get("code_parts"))
        if parts:
            heads = parts if self.style.get("total") == "header" else [""] * len(parts)
            return (*(Box(text) for text in heads), Box(TOTAL))
        shape = self.manner.total or self.template["total"]
        return {
            "merged": (Box(TOTAL), Box(merged=LEFT)),
            "second": (Box(), Box(TOTAL)),
            "split": (Box(TOTAL[0]), Box(TOTAL[1])),
        }[shape]

    def _code(self, code: str) -> str:
        keep = self.template.get("truncated", {}).get(self.form.id)
        return code[:keep] if self.manner.truncated_codes and keep else code

    def _name(self, row: Row) -> str:
        name = row.name or ""
        if self.manner.truncated_names and self.form.id in self.template.get("truncated", {}):
            name = name[:8]
        return self.hand.name(name)

    def blocks(self) -> tuple[list[tuple[Box, ...]], list[tuple[Box, ...]], int]:
        """Columns of economic 科目 side by side; each total follows the last row of its blocks."""
        personal, public = self.form.totals
        measure = self.form.measures[0].name
        columns: list[list[tuple[Box, ...]]] = []
        totals: dict[str, Box] = {}
        row_seq = 0
        for number, codes in enumerate(economic_blocks(self.form, self.template)):
            column: list[tuple[Box, ...]] = []
            for code in codes:
                row_seq += 1
                name = self.hand.name(economic_name(code))
                row = self._row(row_seq, subject_code=code, subject_code_printed=code, name_printed=name)
                column.append(
                    (
                        *self._code_boxes(code),
                        Box(name),
                        self.amount(row, measure, self.figures.get(code, measure)),
                    )
                )
            columns.append(column)
            if number == 0:
                row_seq += 1
                totals[personal] = self._block_total(row_seq, personal, measure)
        row_seq += 1
        totals[public] = self._block_total(row_seq, public, measure)
        body = [
            tuple(
                box
                for column in columns
                for box in (column[i] if i < len(column) else (Box(),) * len(column[0]))
            )
            for i in range(max(map(len, columns)))
        ]
        return self.header(), [*body, self._block_totals(totals)], row_seq

    def _block_total(self, row_seq: int, name: str, measure: str) -> Box:
        return self.amount(
            self._row(row_seq, item=name, name_printed=name), measure, self.figures.get(name, measure)
        )

    def _block_totals(self, totals: dict[str, Box]) -> tuple[Box, ...]:
        boxes: list[Box] = []
        for text in self.style["totals"]:
            if text.endswith("="):
                boxes.append(totals[text[:-1]])
            elif text == LEFT:
                boxes.append(Box(merged=LEFT))
            else:
                boxes.append(Box(text))
        if self.manner.total == "split":
            place = next(i for i, box in enumerate(boxes) if box.text == self.form.totals[1])
            boxes[place : place + 2] = [Box(self.form.totals[1][:3]), Box(self.form.totals[1][3:])]
        return tuple(boxes)

    def three_public(self) -> tuple[list[tuple[Box, ...]], list[tuple[Box, ...]], int]:
        """预算数 is row 1 and 决算数 row 2 however the table is printed: in one row or downwards."""
        bases = {
            basis: self._row(row_seq, item=basis, name_printed=basis)
            for row_seq, basis in enumerate(self.form.bases, start=1)
        }
        if "rows" not in self.style:
            columns = list(self.form.columns)
            if self.style.get("columns") == "paired":
                measures = [m for b, m in columns if b == self.form.bases[0]]
                columns = [(basis, measure) for measure in measures for basis in self.form.bases]
            row = tuple(self.amount(bases[b], m, self.figures.get(b, m)) for b, m in columns)
            return self.header(), [] if self.figures.empty else [row], 0 if self.figures.empty else 1
        body = [
            (
                Box(self.hand.words(label)),
                *(
                    self.amount(row, measure, self.figures.get(basis, measure))
                    for basis, row in bases.items()
                ),
            )
            for measure, label in self.style["rows"].items()
        ]
        return self.header(), body, len(body)

    def statistic(self) -> tuple[list[tuple[Box, ...]], list[tuple[Box, ...]], int]:
        """Groups of rows under headings; the unit of a row is the unit of its item."""
        items = {item.name: item for item in self.form.items}
        measure = self.form.measures[0].name
        body: list[tuple[Box, ...]] = []
        row_seq = 0
        for group in self.style["groups"]:
            body.append((Box(self.hand.words(group["heading"])), Box(merged=LEFT), Box(merged=LEFT)))
            if "header" in group:
                body.append(self._labels(group["header"]))
            for name, label in group["rows"].items():
                row_seq += 1
                item = items[name]
                text = self.hand.words(label)
                row = self._row(
                    row_seq,
                    item=name,
                    line_no=item.line_no,
                    line_no_printed=self.hand.digits(str(item.line_no)),
                    name_printed=text,
                )
                unit = None if item.unit == "万元" else item.unit
                figure = self.amount(row, measure, self.figures.get(name, measure), unit)
                body.append((Box(text), Box(self.hand.digits(str(item.line_no))), figure))
        return [], body, row_seq


def economic_blocks(form: Form, template: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    """The economic 科目代码 of each block of columns, as the template or the dictionary lists them."""
    listed = template["statements"][form.id].get("blocks")
    return listed or form.blocks[str(template["id"])]


def economic_name(code: str) -> str:
    """The name of an economic 科目 that most documents print."""
    return max(subjects("economic")[code], key=lambda subject: subject.documents).name


def printed_cells(rows: tuple[tuple[Box, ...], ...]) -> Iterator[str]:
    """The words of a grid in reading order, blanks left out."""
    return (box.text for row in rows for box in row if box.text)
