"""Where the two figures of a finding stand: a crop of the page (PDF) or an excerpt of the text, once each.

Belongs here: which places are wanted, and having each document opened once for all of its own. Does not
belong here: drawing and writing out a place (``pipelines.evidence``), and the words of a finding.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipelines.evidence import Spot, page_crops, suffix
from pipelines.locators import page_of
from pipelines.model import Box
from pipelines.passage import excerpts_html
from pipelines.performance.persons import Persons
from pipelines.readers import read
from warehouse.evidence import EvidenceError, source_of
from warehouse.lake import BOX_COLUMNS
from warehouse.persons import boxes_on, persons_among
from warehouse.report.gather import Reported
from warehouse.rows import Row

_NOT_FOUND = "来源里找不到这个位置：用 juesuan run 重读后再试"


# The cells of one side of a finding, in one document: what is shown of them is shown together.
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What is shown of a place: names of pictures, or a piece of HTML (escaped), or why there is neither.

    ``marked`` says that the cells are marked on the pictures, which are whole pages otherwise.
    """

    cells: Cells
    document: Row
    pictures: tuple[str, ...] = ()
    marked: bool = False
    excerpt: str = ""
    missing: str = ""


def sides(finding: Row) -> list[tuple[str, Cells]]:
    """The sides of a finding: what each is called and the cells it stands on; only those that have some."""
    other = finding["counterpart_document_id"] or finding["文档"]
    left = cells(finding["left_cell"]) or _at(finding["文档"], finding["left_locator"])
    right = cells(finding["right_cell"]) or _at(other, finding["right_locator"])
    return [(word, side) for word, side in (("披露", left), ("对照", right)) if side]


def cells(listed: str | None) -> Cells:
    """The cells of a side, which a verdict lists between commas."""
    return tuple(listed.split(",")) if listed else ()


def _at(document_id: str, locator: str | None) -> Cells:
    return (f"{document_id}/{locator}",) if locator else ()


def shown(
    published: Reported, findings: Iterable[Row], put: Callable[[str, bytes], None]
) -> dict[Cells, Place]:
    """What is shown of each side of some findings; ``put`` keeps a picture under its name."""
    wanted: dict[str, list[Cells]] = defaultdict(list)
    for side in dict.fromkeys(side for finding in findings for _, side in sides(finding)):
        wanted[side[0].partition("/")[0]].append(side)
    documents = published.documents(set(wanted))
    known = published.places({cell for of in wanted.values() for side in of for cell in side})
    extents = published.extents({row["statement_id"] for row in known.values()})
    persons = persons_among(published.home, documents.values())
    found: dict[Cells, Place] = {}
    for document_id, document in documents.items():
        of = wanted[document_id]
        try:
            data = source_of(published.home, document["sha256"])
            if suffix(document["media_type"]) == ".png":
                places = _crops(published, document, data, of, known, persons[document_id], put)
            else:
                places = _excerpts(document, data, of, known, extents, persons[document_id])
            found |= {place.cells: place for place in places}
        except (EvidenceError, LookupError) as error:
            found |= {side: Place(side, document, missing=str(error.args[0])) for side in of}
        for side in of:
            found.setdefault(side, Place(side, document, missing=_NOT_FOUND))
    return found


def _crops(
    published: Reported,
    document: Row,
    data: bytes,
    wanted: list[Cells],
    known: dict[str, Row],
    persons: Persons,
    put: Callable[[str, bytes], None],
) -> Iterator[Place]:
    """The pictures of places in a PDF, what is known of a person covered as in ``juesuan evidence``."""
    spots = {side: _spots(side, known) for side in wanted}
    hidden = {}
    unfit: dict[int, str] = {}
    for page in {spot.page for of in spots.values() for spot in of}:
        try:
            # Nobody stands in most documents: those need not be asked for.
            hidden[page] = boxes_on(published, document, page, persons) if persons.cells else []
        except LookupError as error:
            unfit[page] = str(error.args[0])
    names = {}
    drawn = {spot for of in spots.values() for spot in of if spot.page in hidden}
    for spot, picture in page_crops(data, drawn, hidden):
        # One place, one picture: named by what it shows, never by what a document says.
        names[spot] = hashlib.sha256(f"{document['sha256']} {spot}".encode()).hexdigest()[:16] + ".webp"
        put(names[spot], picture)
    for side, of in spots.items():
        pictures = tuple(names[spot] for spot in of if spot in names)
        why = next((unfit[spot.page] for spot in of if spot.page in unfit), _NOT_FOUND)
        marked = any(spot.boxes for spot in of)
        yield Place(side, document, pictures, marked, missing="" if pictures else why)


def _spots(side: Cells, known: dict[str, Row]) -> list[Spot]:
    """Where the cells of a side stand, one spot a page."""
    boxes: dict[int, list[Box]] = defaultdict(list)
    for cell_id in side:
        row = known.get(cell_id)
        if row is not None and row["box_left"] is not None:
            left, top, right, bottom = (row[edge] for edge in BOX_COLUMNS)
            boxes[row["page"]].append((left, top, right, bottom))
        else:
            boxes.setdefault(page_of(cell_id.partition("/")[2]) or 0, [])
    return [Spot(page, tuple(of)) for page, of in boxes.items()]


def _excerpts(
    document: Row,
    data: bytes,
    wanted: list[Cells],
    known: dict[str, Row],
    extents: dict[str, tuple[str, str]],
    persons: Persons,
) -> Iterator[Place]:
    """The passages of places in a document without pages, persons masked."""
    content = persons.hide_content(read(data))
    sides_at = {tuple(cell_id.partition("/")[2] for cell_id in side): side for side in wanted}
    extent_of = {
        locators: extents.get(known[side[0]]["statement_id"]) if side[0] in known else None
        for locators, side in sides_at.items()
    }
    for locators, excerpt in excerpts_html(content, extent_of):
        yield Place(sides_at[locators], document, excerpt=excerpt)
