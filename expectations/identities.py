"""The identities of one document: which of its cells each adds up on its two sides.

Belongs here: finding them with the rules of 勾稽 and their engine, and what a rule must be to serve as one.
Does not belong here: what the cells may hold (``readings``), and what follows from identities
(``hypotheses``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, fields
from functools import cache
from itertools import chain

import polars as pl

from expectations import compare, sides
from expectations.figures import PLACE, Year, year_of
from expectations.hypotheses import Identity, Term
from expectations.rules_data import Check, Rule, load_rules
from pipelines.model import DocumentPart, LineItem

_FAMILIES = ("T", "X")
_STATEMENT = ("statement_id", "form", "state")
_KINDS: dict[str, pl.DataType] = {
    "row_seq": pl.Int32(),
    "line_no": pl.Int32(),
    "amount": pl.Decimal(20, 2),
    "quantity": pl.Decimal(20, 2),
}


@cache
def identity_rules() -> tuple[tuple[Rule, Check], ...]:
    """The checks within and between statements by which two sums are equal, whatever the figures are.

    A check with a condition is none: the figures that it is about decide whether it applies.
    """
    return tuple(
        (rule, check)
        for rule in load_rules()
        if rule.id.startswith(_FAMILIES)
        for check in rule.checks
        if check.relation == "=" and check.when is None and (check.severity or rule.severity) == "E"
    )


def identities_of(part: DocumentPart, about: Collection[str]) -> list[Identity]:
    """The identities of a document in which one of the cells ``about`` stands."""
    year = _year(part)
    wanted = frozenset(about)
    found = chain.from_iterable(_of_check(rule, check, year) for rule, check in identity_rules())
    return [identity for identity in found if identity.cells & wanted]


def _of_check(rule: Rule, check: Check, year: Year) -> Iterator[Identity]:
    if not _speaks_of(rule, year):
        return
    places = compare.applicability(check, year, len(check.forms) == 1)
    able = places.filter(pl.col("conclusion").is_null()).select(PLACE)
    if able.is_empty():
        return
    terms: dict[tuple[str, ...], tuple[list[Term], list[Term]]] = {}
    subjects: dict[tuple[str, ...], str] = {}
    for side, cells in enumerate(compare.both_sides(check, year, able)):
        told = cells.select(*sides.KEY, "cell_id", "taken", compare.subject_of(check).alias("subject"))
        for *key, cell, taken, subject in told.iter_rows():
            terms.setdefault(tuple(key), ([], []))[side].append(Term(cell, -1 if taken else 1))
            subjects[tuple(key)] = subject
    for name, (left, right) in terms.items():
        yield Identity(rule.id, subjects[name], tuple(left), tuple(right))


def _speaks_of(rule: Rule, year: Year) -> bool:
    """Whether a rule speaks of documents of this template and year; its checks say that of themselves."""
    of_template = year.documents["template"].is_in(rule.templates).all() if rule.templates else True
    return of_template and (rule.years is None or rule.years[0] <= year.fiscal_year <= rule.years[1])


def _year(part: DocumentPart) -> Year:
    """The document as the tables of a year in which it stands alone."""
    document = part.document
    about = {
        "document_id": document.document_id,
        "kind": document.kind,
        "level": document.level,
        "unit_nature": document.unit_nature,
        "template": document.template,
    }
    names = {"document_id": document.document_id, "template": document.template}
    statements = [{name: getattr(one, name) for name in _STATEMENT} | names for one in part.statements]
    items = [asdict(item) | {"document_id": document.document_id} for item in part.line_items]
    columns = ("document_id", *(field.name for field in fields(LineItem)))
    tables = {
        "dim_document": pl.DataFrame([about], schema=dict.fromkeys(about, pl.String())),
        "dim_statement": pl.DataFrame(
            statements, schema=dict.fromkeys((*_STATEMENT, *names), pl.String()), orient="row"
        ),
        "fact_line_item": pl.DataFrame(
            items, schema={name: _KINDS.get(name, pl.String()) for name in columns}, orient="row"
        ),
    }
    return year_of(document.fiscal_year or 0, tables)
