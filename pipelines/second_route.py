"""A second opinion on PDF pages whose statements failed the checks of the first reading.

Belongs here: when camelot is asked, how its tables take the place of the first ones, and which reading
is believed. Does not belong here: camelot itself (``readers.camelot_route``), and any layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.locators import page_of, second_place
from pipelines.model import PDF, Block, Cell, Content, Grid, Issue, Line
from pipelines.regions import Layout, cut
from pipelines.statements import READING_SECOND, Found, hold, read_statements

# More pages than a disclosure's tables have: a second reading of more would cost minutes.
_MOST_PAGES = 60
DISAGREE = "两条读法读出的数不一致，无法断定哪个对"


@dataclass(slots=True)
class Reading:
    """One reading of a document's statements."""

    layout: Layout
    found: list[Found]
    problems: list[Issue]


def read_regions(document_id: str, blocks: Sequence[Block]) -> Reading:
    """Cut the blocks and read every statement."""
    layout = cut(blocks)
    found, problems = read_statements(document_id, layout.regions, layout.other_grids, layout.text)
    return Reading(layout, found, problems)


def with_second_opinion(data: bytes, document_id: str, content: Content, first: Reading) -> Reading:
    """The reading after the pages of doubtful statements were read by the second route as well.

    A doubtful statement is replaced if the second reading of it passes all checks and no number that
    both could read differs; if one differs, the statement is held.
    """
    seen = _picture_pages(content.blocks)
    pages = [page for page in _doubtful_pages(first) if page not in seen] if content.media_type == PDF else []
    if not pages or len(pages) > _MOST_PAGES:
        return first
    from pipelines.readers.camelot_route import read_pages

    tables = {page: grids for page, grids in read_pages(data, pages).items() if grids}
    if not tables:
        return first
    second = read_regions(document_id, _replaced(content.blocks, tables))
    return _chosen(first, second)


def is_doubtful(one: Found) -> bool:
    """Whether a statement failed a check of its reading: it is held, or a cell of it is."""
    return one.state == "待核" or any(item.status == "held" for item in one.sheet.items)


def _doubtful_pages(reading: Reading) -> list[int]:
    places = [
        p for one in reading.found if is_doubtful(one) and one.region.grids for p in one.region.locators()
    ]
    places += [issue.locator for issue in reading.problems]
    return sorted({page for place in places if (page := page_of(place)) is not None})


def _picture_pages(blocks: Sequence[Block]) -> set[int | None]:
    """The pages that were read as they look: there is no text on them for the second route."""
    return {
        page_of(item.locator)
        for block in blocks
        for item in ([block] if isinstance(block, Line) else [cell for row in block.rows for cell in row])
        if item.reading
    }


def _replaced(blocks: Sequence[Block], tables: dict[int, tuple[Grid, ...]]) -> list[Block]:
    """The blocks with the tables of those pages instead of the first ones, in reading order."""
    result: list[Block] = []
    done: set[int] = set()
    for block in blocks:
        page = page_of(_first_place(block))
        if page is None or page not in tables:
            result.append(block)
        elif page not in done:
            done.add(page)
            result += _page(page, blocks, tables[page])
    return result


def _page(page: int, blocks: Sequence[Block], grids: Sequence[Grid]) -> list[Block]:
    marked = [_marked(grid) for grid in grids]
    lines = [
        block
        for block in blocks
        if isinstance(block, Line)
        and page_of(block.locator) == page
        and not any(_within(block, grid) for grid in marked)
    ]
    return sorted([*lines, *marked], key=_top)


def _marked(grid: Grid) -> Grid:
    """A grid whose places say that the second route found them."""
    return replace(
        grid,
        rows=tuple(
            tuple(Cell(cell.text, second_place(cell.locator), cell.box, cell.span) for cell in row)
            for row in grid.rows
        ),
    )


def _within(line: Line, grid: Grid) -> bool:
    first, last = grid.rows[0][0].box, grid.rows[-1][-1].box
    if line.box is None or first is None or last is None:
        return False
    middle = (line.box[1] + line.box[3]) / 2
    return first[1] < middle < last[3] and line.box[0] < last[2] and line.box[2] > first[0]


def _first_place(block: Block) -> str:
    return block.locator if isinstance(block, Line) else block.rows[0][0].locator


def _top(block: Block) -> float:
    box = block.box if isinstance(block, Line) else block.rows[0][0].box
    return box[1] if box else 0.0


def _chosen(first: Reading, second: Reading) -> Reading:
    """Each statement by the reading that can be believed."""
    others = {one.sheet.statement_id: one for one in second.found}
    known = {one.sheet.statement_id for one in first.found}
    found = []
    for one in first.found:
        other = others.get(one.sheet.statement_id)
        if (
            not is_doubtful(one)
            or one.sheet.torn
            or other is None
            or is_doubtful(other)
            or other.state == "缺失"
        ):
            found.append(one)
        elif _disagree(one, other):
            hold(one, DISAGREE)
            found.append(one)
        else:
            other.reader = READING_SECOND
            found.append(other)
    added = [one for one in second.found if one.sheet.statement_id not in known and not is_doubtful(one)]
    for one in added:
        one.reader = READING_SECOND
    settled = {page_of(place) for one in added for place in one.region.locators()}
    problems = [issue for issue in first.problems if page_of(issue.locator) not in settled]
    return Reading(first.layout, [*found, *added], problems)


def _disagree(one: Found, other: Found) -> bool:
    """Whether a number that both readings took differs between them."""
    numbers = {
        (i.row_seq, i.item, i.subject_code, i.measure): i.amount
        for i in other.sheet.items
        if i.amount is not None
    }
    return any(
        numbers.get((i.row_seq, i.item, i.subject_code, i.measure), i.amount) != i.amount
        for i in one.sheet.items
        if i.amount is not None
    )
