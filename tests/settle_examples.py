"""Recognised documents without a scan: the figures of a disclosure as a recogniser may have seen them.

Belongs here: disclosures as parts with readings, and misreadings of them. Does not belong here: what follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from pipelines.model import CellReading, CellRole, Document, DocumentPart, LineItem, Statement
from tests.reconcile_frames import tables_of
from tests.typesetter.figures import Disclosure

NAME = "doc000000000"
# Form, item or code, measure.
Address = tuple[str, str, str]
SURE = 0.9999


def part_of(disclosure: Disclosure, *, recognised: bool = True) -> DocumentPart:
    """The part that a right reading gives; each printed cell ``recognised`` with certainty, or digital."""
    tables = tables_of(disclosure)
    items = tuple(
        LineItem(**{field.name: row[field.name] for field in fields(LineItem)})
        for row in tables["fact_line_item"].iter_rows(named=True)
    )
    statements = tuple(_statement(row, items) for row in tables["dim_statement"].iter_rows(named=True))
    part = DocumentPart(_document(disclosure), statements=statements, line_items=items)
    if not recognised:
        return part
    printed = [item for item in items if item.amount_printed.strip()]
    return replace(
        part,
        cells=tuple(CellRole(i.statement_id, i.cell_id, i.amount_printed, "amount") for i in printed),
        readings=tuple(CellReading(i.statement_id, i.cell_id, i.amount_printed, SURE) for i in printed),
    )


def _document(disclosure: Disclosure) -> Document:
    return Document(
        document_id=NAME,
        sha256=NAME.ljust(64, "0"),
        media_type="application/pdf",
        bytes=1,
        pages=1,
        lines=1,
        kind="决算",
        unit_name=disclosure.unit,
        unit_nature=disclosure.nature,
        fiscal_year=disclosure.year,
        level=disclosure.level,
        consolidation=None,
        template=disclosure.template,
        published_on=None,
        title=None,
        reader_version="0",
    )


def _statement(row: Mapping[str, object], items: Sequence[LineItem]) -> Statement:
    printed = {field.name: row.get(field.name) for field in fields(Statement)}
    printed["non_blank"] = sum(
        item.statement_id == row["statement_id"] and bool(item.amount_printed.strip()) for item in items
    )
    return Statement(**{**printed, "locator": "L1", "locator_end": "L9", "reader": "图像识别"})


def find(part: DocumentPart, address: Address) -> LineItem:
    """The cell at an address."""
    form, row, measure = address
    (found,) = (
        item
        for item in part.line_items
        if (item.form, item.measure) == (form, measure) and row in (item.item, item.subject_code)
    )
    return found


def read_as(
    part: DocumentPart,
    cell: LineItem,
    text: str,
    confidence: float,
    others: Mapping[str, float] | None = None,
) -> DocumentPart:
    """The part with one cell recognised as that text, which may be others."""
    from expectations.readings import amount_of

    value = amount_of(cell, text)
    counted = cell.quantity_unit is not None
    read = replace(
        cell,
        amount_printed=text,
        amount=None if counted else value,
        quantity=value if counted else None,
        status="held" if value is None else "printed",
    )
    told = others or {}
    reading = CellReading(
        cell.statement_id, cell.cell_id, text, confidence, tuple(told), tuple(told.values())
    )
    return replace(
        part,
        line_items=tuple(read if item.cell_id == cell.cell_id else item for item in part.line_items),
        readings=tuple(reading if r.cell_id == cell.cell_id else r for r in part.readings),
    )
