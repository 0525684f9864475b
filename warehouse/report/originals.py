"""The printed originals of a page's cells: the pages of a PDF with a place for each cell, else their lines.

Belongs here: what is shown of each cell that is printed. Does not belong here: the places of findings
(``places``), and drawing pages and writing out lines (``pipelines.evidence``).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipelines.evidence import page_sheets, suffix
from pipelines.passage import lines_html
from pipelines.performance.persons import Persons
from pipelines.readers import read
from warehouse.evidence import EvidenceError, source_of
from warehouse.lake import BOX_COLUMNS
from warehouse.persons import boxes_on, persons_among
from warehouse.report.gather import Gathered, Reported
from warehouse.rows import Row


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a cell stands on its page, in per cent of the page's width and height."""

    cell_id: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a document: its picture, its width and height in points, and the cells on it."""

    page: int
    picture: str
    width: int
    height: int
    spots: tuple[Spot, ...]


@dataclass(slots=True)
class Originals:
    """Of the documents of one page of the report: their pages, by cell its line (HTML, escaped), and why
    nothing is shown of some document.
    """

    sheets: list[tuple[Row, list[Sheet]]] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)
    missing: list[tuple[Row, str]] = field(default_factory=list)

    @property
    def spotted(self) -> set[str]:
        """The cells that have a place on a page that is shown."""
        return {spot.cell_id for _, sheets in self.sheets for sheet in sheets for spot in sheet.spots}


def originals(published: Reported, page: Gathered, put: Callable[[str, bytes], None]) -> Originals:
    """What is shown of the cells of a page that are not blank; ``put`` keeps a picture under its name."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for cell in page.cells:
        if cell["状态"] != "blank":
            wanted[cell["文档"]].append(cell["单元格"])
    documents = published.documents(set(wanted))
    persons = persons_among(published.home, documents.values())
    found = Originals()
    for document_id, document in documents.items():
        try:
            data = source_of(published.home, document["sha256"])
            if suffix(document["media_type"]) == ".png":
                placed = published.places(set(wanted[document_id]))
                sheets = list(_sheets(published, document, data, placed, persons[document_id], put))
                found.sheets.append((document, sheets))
            else:
                content = persons[document_id].hide_content(read(data))
                at = {cell_id.partition("/")[2]: cell_id for cell_id in wanted[document_id]}
                found.lines |= {at[locator]: line for locator, line in lines_html(content, at)}
        except (EvidenceError, LookupError) as error:
            found.missing.append((document, str(error.args[0])))
    return found


def _sheets(
    published: Reported,
    document: Row,
    data: bytes,
    placed: dict[str, Row],
    persons: Persons,
    put: Callable[[str, bytes], None],
) -> Iterator[Sheet]:
    """The pages on which cells stand; one whose persons cannot be covered is not shown."""
    on: dict[int, list[Row]] = defaultdict(list)
    for row in placed.values():
        if row["box_left"] is not None:
            on[row["page"]].append(row)
    hidden = {}
    for page in on:
        try:
            hidden[page] = boxes_on(published, document, page, persons) if persons.cells else []
        except LookupError:
            continue
    for sheet in page_sheets(data, hidden, hidden):
        name = hashlib.sha256(f"{document['sha256']} {sheet.page}".encode()).hexdigest()[:16] + ".webp"
        put(name, sheet.picture)
        spots = tuple(_spot(row, sheet.width, sheet.height) for row in on[sheet.page])
        yield Sheet(sheet.page, name, round(sheet.width), round(sheet.height), spots)


def _spot(row: Row, width: float, height: float) -> Spot:
    left, top, right, bottom = (row[side] for side in BOX_COLUMNS)
    across, down = 100 / width, 100 / height
    return Spot(
        row["cell_id"],
        round(left * across, 2),
        round(top * down, 2),
        round((right - left) * across, 2),
        round((bottom - top) * down, 2),
    )
