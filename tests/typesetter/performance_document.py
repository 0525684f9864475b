"""Composes filled performance forms into documents: on their own, or as the attachments of a disclosure.

Belongs here: what stands around the forms, and where a page cuts one. Does not belong here: a form's rows
(``performance_layout``), bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tests.typesetter.compose import Block, Composition, PageBreak, Words, compose
from tests.typesetter.docx import reach
from tests.typesetter.figures import Disclosure
from tests.typesetter.layout import ABOVE, LEFT, Box, Table, ordinal
from tests.typesetter.manner import Manner
from tests.typesetter.paged import Rows, continued
from tests.typesetter.performance import FilledForm
from tests.typesetter.performance_layout import Row, lay_out
from tests.typesetter.truth import Truth

Merged = Literal["kept", "left out", "dropped"]
_HEAD = "一级指标"


@dataclass(frozen=True)
class Cut:
    """A page that ends after so many rows of the grid.

    ``again`` repeats the text of the cells that go on; ``headed`` the head of the indicators' columns,
    where the page ends among them.
    """

    after: int
    again: bool = False
    headed: bool = False


def rows_of(form: FilledForm) -> int:
    """How many rows the grid of the form has."""
    return len(lay_out(form).rows)


def form_blocks(form: FilledForm, cut: Cut | None = None) -> list[Block]:
    """A form as blocks that know no medium; cut, its grid stands on two pages."""
    laid = lay_out(form)
    blocks: list[Block] = [] if form.style.titled else [Words(laid.title, "title")]
    blocks += [Words(text, "head") for text in laid.above]
    rows = laid.rows
    if cut is None:
        blocks.append(_table(rows))
    else:
        rest = continued(rows, cut.after, again=cut.again)
        if cut.headed:
            rest = [*_head_again(rows, cut.after), *rest]
        blocks += [_table(rows[: cut.after]), PageBreak(), _table(rest)]
    return [*blocks, *(Words(text, "note") for text in laid.below)]


def _head_again(rows: tuple[Row, ...], after: int) -> Rows:
    """The head of the indicators' columns, where the page ends between two of them."""
    place = next(n for n, row in enumerate(rows) if any(box.text == _HEAD for box in row))
    last_of_head, last = (reach(rows, place, column)[1] for column in (1, 0))
    if not last_of_head < after <= last:
        return []
    return continued(rows[: last_of_head + 1], place)


def _table(rows: Sequence[Sequence[Box]]) -> Table:
    return Table("performance", (), tuple(map(tuple, rows)), len(rows))


def on_their_own(forms: Sequence[FilledForm], cuts: Sequence[Cut | None] = ()) -> Composition:
    """A document of nothing but forms, each on a page of its own."""
    blocks: list[Block] = []
    for place, form in enumerate(forms):
        blocks += [PageBreak(), *form_blocks(form, cuts[place] if place < len(cuts) else None)]
    truth = Truth(forms[0].unit, 2024, "单位", "事业单位", "", None, (), ())
    return Composition(tuple(blocks), Manner(), truth)


def attached(
    disclosure: Disclosure,
    forms: Sequence[FilledForm],
    cuts: Sequence[Cut | None] = (),
    manner: Manner | None = None,
) -> Composition:
    """The disclosure with the forms in its last part, each under its «附件1»."""
    composition = compose(disclosure, manner)
    parts = sum(isinstance(block, Words) and block.style == "part" for block in composition.blocks)
    blocks: list[Block] = [*composition.blocks, PageBreak()]
    blocks.append(Words(f"第{ordinal(parts + 1)}部分 附件", "part"))
    for place, form in enumerate(forms):
        cut = cuts[place] if place < len(cuts) else None
        blocks += [PageBreak(), Words(f"附件{place + 1}", "number"), *form_blocks(form, cut)]
    return replace(composition, blocks=tuple(blocks))


def flattened(composition: Composition, merged: Merged) -> Composition:
    """The composition as text was taken from it: merged cells kept as empty ones, or left out of a row.

    ``left out`` is what a cell covers to its right, ``dropped`` also what it covers below. Rows stay as
    long as they were, with empty cells at their end.
    """
    if merged == "kept":
        return composition
    gone = {LEFT} if merged == "left out" else {LEFT, ABOVE}

    def row(boxes: tuple[Box, ...]) -> tuple[Box, ...]:
        left = [box for box in boxes if box.merged not in gone]
        return (*left, *[Box()] * (len(boxes) - len(left)))

    blocks = tuple(
        replace(block, body=tuple(map(row, block.body)))
        if isinstance(block, Table) and block.form == "performance"
        else block
        for block in composition.blocks
    )
    return replace(composition, blocks=blocks)
