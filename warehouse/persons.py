"""The persons of a home's documents: in the lake always, in the published file only where a setting says so.

Belongs here: finding them for what is shown of a document, and keeping them out of published files. Does not
belong here: how a text is masked (``pipelines.performance.persons``).
"""

# ruff: noqa: S608 - the statements are made of names of our own schema, never of what a document says

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.model import Box
from pipelines.performance.persons import MASK, Persons
from warehouse import lake
from warehouse.facts import read_parquet
from warehouse.home import Home
from warehouse.query import Published
from warehouse.schema import literal

if TYPE_CHECKING:
    import duckdb

TABLE = "personal_datum"


def persons_of(home: Home, document: dict[str, Any]) -> Persons:
    """The persons of a document (a row of dim_document), by the locators of their cells."""
    return persons_among(home, [document])[document["document_id"]]


def persons_among(home: Home, documents: Iterable[dict[str, Any]]) -> dict[str, Persons]:
    """The persons of each document (rows of dim_document), by its id; the lake is read once a year."""
    of_year: dict[int, list[str]] = {}
    for document in documents:
        year = document["fiscal_year"]
        of_year.setdefault(lake.NO_YEAR if year is None else year, []).append(document["document_id"])
    known: dict[str, list[tuple[str, str]]] = {}
    for year, ids in of_year.items():
        known |= {document_id: [] for document_id in ids}
        rows = lake.read_year(home, TABLE, year)
        rows = rows.filter(rows["document_id"].is_in(ids)).select("document_id", "cell_id", "text")
        for document_id, cell_id, text in rows.iter_rows():
            known[document_id].append((cell_id.partition("/")[2], text))
    return {document_id: Persons(said) for document_id, said in known.items()}


def boxes_on(
    published: Published, document: dict[str, Any], page: int, persons: Persons | None = None
) -> list[Box]:
    """Where the persons of a document stand on a page; ``persons`` are those of it, where they are known.

    ``LookupError`` if one stands there at a place that is not known: such a page cannot be shown.
    """
    document_id = document["document_id"]
    cells = {
        cell_id: box
        for cell_id, *box in published.query(
            "SELECT cell_id, box_left, box_top, box_right, box_bottom FROM dim_cell "
            f"WHERE document_id = {literal(document_id)} AND page = {page} AND box_left IS NOT NULL",
        ).rows
    }
    boxes: list[Box] = []
    for place in (persons or persons_of(published.home, document)).cells:
        if place.partition("/")[0] != f"p{page}":
            continue
        if f"{document_id}/{place}" not in cells:
            raise LookupError(f"第 {page} 页有个人信息，没有记下它的位置，遮不住")
        left, top, right, bottom = cells[f"{document_id}/{place}"]
        boxes.append((left, top, right, bottom))
    return boxes


def leaks(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> Iterator[str]:
    """Cells of persons whose text the new file shows: the reader masks them all."""
    if not paths:
        return
    shown = connection.execute(
        f"SELECT min(c.cell_id) FROM dim_cell c JOIN {read_parquet(paths)} p USING (cell_id) "
        f"WHERE p.text <> {literal(MASK)} AND contains(c.text, p.text)"
    ).fetchone()
    if shown and shown[0] is not None:
        yield f"dim_cell shows the person of {shown[0]}"


def holds_persons(published: Path) -> bool:
    """Whether a published file has persons; one that cannot be asked may have."""
    import duckdb

    try:
        with duckdb.connect(str(published), read_only=True) as connection:
            there = connection.execute(
                f"SELECT count(*) FROM duckdb_tables() WHERE table_name = {literal(TABLE)}"
            ).fetchone()
            if not there or not there[0]:
                return False
            found = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchone()
    except duckdb.Error:
        return True
    return bool(found and found[0])
