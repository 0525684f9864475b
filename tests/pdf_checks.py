"""What was read of a typeset PDF against its truth: checks for the tests of PDFs.

Belongs here: grids of a reader by page, facts compared without the blanks that a page cannot show, and
the weaker promise that nothing wrong is published. Does not belong here: printing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from pipelines.model import Content, DocumentPart, Grid
from tests.checks import assert_reads_as
from tests.typesetter.truth import Truth

_PAGE = re.compile(r"p(\d+)/")


def grids_by_page(content: Content) -> dict[int, list[list[list[str]]]]:
    """The texts of every grid that was read, by its page from 1."""
    found: dict[int, list[list[list[str]]]] = {}
    for block in content.blocks:
        if isinstance(block, Grid) and block.rows and block.rows[0]:
            page = _PAGE.match(block.rows[0][0].locator)
            assert page, f"not a place on a page: {block.rows[0][0].locator}"
            found.setdefault(int(page[1]), []).append([[cell.text for cell in row] for row in block.rows])
    return found


def assert_pdf_reads_as(truth: Truth, part: DocumentPart) -> None:
    """All facts are the truth; where lines of a cell break is the page's own affair."""
    statements = tuple(replace(s, cells=tuple(map(_plain, s.cells))) for s in truth.statements)
    items = tuple(map(_plain, part.line_items))
    assert_reads_as(replace(truth, statements=statements), replace(part, line_items=items))


def _plain(fact):
    return replace(
        fact, **{name: _joined(getattr(fact, name)) for name in ("name_printed", "amount_printed")}
    )


def _joined(text: str | None) -> str | None:
    return re.sub(r"\s", "", text) if text else text


def assert_nothing_wrong(truth: Truth, part: DocumentPart) -> None:
    """Every number that is published stands in the truth under the same form, row and measure."""
    true = Counter(_fact(cell) for cell in truth.cells if cell.status == "printed")
    read = Counter(_fact(item) for item in part.line_items if item.status == "printed")
    assert not read - true, f"published and not true: {list((read - true).items())[:4]}"


def _fact(cell) -> tuple[object, ...]:
    key = cell.subject_code or cell.item
    return cell.form, cell.side, key, cell.measure, cell.amount, cell.quantity
