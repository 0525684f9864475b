"""The rows that expectations are evaluated on: base tables with what their sister tables say of them.

Belongs here: one small function a frame, from the tables of a year to a frame; a suite names it.
Does not belong here: any judgement about the rows (that is the suite's) and Great Expectations.

Every frame keeps the columns ``document_id``, ``statement_id``, ``cell_id`` and ``row_seq`` where it
has them: by them a failing row is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import polars as pl

from expectations import performance_frames as performance
from expectations.rules_data import load_rules
from pipelines.vocabulary import Form, forms
from pipelines.wording import wording

Tables = Mapping[str, pl.DataFrame]

_COUNTS = ("rows_read", "cells_read", "non_blank_read", "closed_read")
_NUMBER = r"^-?\d+(\.\d+)?$"


def documents(tables: Tables) -> pl.DataFrame:
    """``dim_document`` as it is."""
    return tables["dim_document"]


def statements(tables: Tables) -> pl.DataFrame:
    """``dim_statement`` with its form's ``layout`` and what its line items count to.

    ``rows_read``, ``cells_read``, ``non_blank_read`` and ``closed_read`` are counted anew from
    ``fact_line_item``; a statement without a line item has 0. ``statement_document`` is the document
    that its id names.
    """
    closed = pl.col("status") == "closed"
    counted = (
        tables["fact_line_item"]
        .group_by("statement_id")
        .agg(
            rows_read=pl.col("row_seq").n_unique(),
            cells_read=pl.len(),
            non_blank_read=(pl.col("amount_printed").str.contains(r"\S") & ~closed).sum(),
            closed_read=closed.sum(),
        )
    )
    return (
        tables["dim_statement"]
        .join(counted, on="statement_id", how="left", maintain_order="left")
        .with_columns(pl.col(name).cast(pl.Int64).fill_null(0) for name in _COUNTS)
        .with_columns(statement_document=_document_in("statement_id"))
        .join(_form_facts(), on="form", how="left", maintain_order="left")
    )


def line_items(tables: Tables) -> pl.DataFrame:
    """``fact_line_item`` with what its form and its statement say, and two restatements of its print.

    ``layout``, ``classification`` (of the form), ``state``, ``template`` (of the statement; null where
    there is no such statement), ``form_measure`` (``form.measure``), ``closed_subject`` (whether the
    form closes this row), ``amount_restated`` (元, from the printed text alone; null where that is not
    a plain number or has no unit), ``code_head`` (the code cut to the printed length),
    ``cell_document`` (the document that the cell's id names).
    """
    closes = pl.any_horizontal(
        (pl.col("form") == form.id) & pl.col("subject_code").str.slice(0, 3).is_in(list(form.closed))
        for form in forms().values()
        if form.closed
    )
    digits = pl.col("amount_printed").str.replace_all(r"[\s,，]", "")
    number = pl.when(digits.str.contains(_NUMBER)).then(digits).cast(pl.Decimal(24, 6), strict=False)
    factor = pl.col("money_unit").replace_strict(
        dict(wording().money_factors), default=None, return_dtype=pl.Int64
    )
    statement = tables["dim_statement"].select("statement_id", "state", "template").unique("statement_id")
    return (
        tables["fact_line_item"]
        .join(_form_facts(), on="form", how="left", maintain_order="left")
        .join(statement, on="statement_id", how="left", maintain_order="left")
        .with_columns(
            cell_document=_document_in("cell_id"),
            form_measure=pl.concat_str("form", pl.lit("."), "measure"),
            closed_subject=closes.fill_null(False),
            amount_restated=(number * factor.cast(pl.Decimal(10, 0))).cast(pl.Decimal(38, 6)),
            code_head=pl.col("subject_code").str.slice(0, pl.col("subject_code_printed").str.len_chars()),
        )
    )


def dictionary_rows(tables: Tables) -> pl.DataFrame:
    """One row for each row that the dictionary of a statement's form asks for.

    ``expected`` names it (item, 科目代码, or 行次 where the form prints no name), ``line_no`` is its
    行次 in the dictionary; ``row_seq`` and ``line_no_found`` are those of the line item that matches
    it, null where there is none. The codes of blocks are known for a statement of a known template only.
    """
    found = (
        tables["fact_line_item"]
        .with_columns(expected=pl.coalesce("item", "subject_code", pl.col("line_no").cast(pl.String)))
        .group_by("statement_id", "expected")
        .agg(row_seq=pl.col("row_seq").min(), line_no_found=pl.col("line_no").first())
    )
    statement = tables["dim_statement"].select("statement_id", "document_id", "form", "state", "template")
    return (
        statement.join(_form_facts(), on="form")
        .join(_dictionary(), on="form")
        .filter(pl.col("of_template").is_null() | (pl.col("of_template") == pl.col("template")))
        .join(found, on=["statement_id", "expected"], how="left")
        .sort("statement_id", "line_no", "expected")
    )


def verdicts(tables: Tables) -> pl.DataFrame:
    """``reconciliation`` with restatements of what a verdict says.

    ``kind`` (of its document; null where that was not read), ``both_values``, ``difference_agrees`` (with
    left − right), ``within_tolerance`` (null where difference or tolerance is), ``note_or_nothing`` (an
    empty text for a missing note). Figures are compared here, where it takes a hundredth of the time.
    """
    kinds = tables["dim_document"].select("document_id", "kind").unique("document_id")
    return (
        tables["reconciliation"]
        .join(kinds, on="document_id", how="left", maintain_order="left")
        .with_columns(
            both_values=pl.col("left_value").is_not_null() & pl.col("right_value").is_not_null(),
            difference_agrees=pl.col("difference").eq_missing(pl.col("left_value") - pl.col("right_value")),
            within_tolerance=pl.col("difference").abs() <= pl.col("tolerance"),
            note_or_nothing=pl.col("note").fill_null(""),
        )
    )


def rule_coverage(tables: Tables) -> pl.DataFrame:
    """One row for each rule and each 决算 of the year: ``document_id``, ``rule``, ``answered``.

    A rule is answered for a document by a verdict, whatever it is, or for all by the reason why it
    cannot be evaluated at all.
    """
    rules = load_rules()
    asked = pl.DataFrame(
        {"rule": [rule.id for rule in rules], "impossible": [bool(rule.impossible) for rule in rules]},
        schema={"rule": pl.String, "impossible": pl.Boolean},
    )
    given = tables["reconciliation"].select("document_id", "rule").unique().with_columns(given=True)
    return (
        tables["dim_document"]
        .filter(kind="决算")
        .select("document_id")
        .join(asked, how="cross")
        .join(given, on=["document_id", "rule"], how="left", maintain_order="left")
        .select("document_id", "rule", answered=pl.col("given").fill_null(False) | pl.col("impossible"))
    )


FRAMES: dict[str, Callable[[Tables], pl.DataFrame]] = {
    "dim_document": documents,
    "dim_statement": statements,
    "fact_line_item": line_items,
    "dictionary_rows": dictionary_rows,
    "reconciliation": verdicts,
    "rule_coverage": rule_coverage,
    performance.FORM: performance.forms_read,
    performance.FIELD: performance.fields,
    "rows_of_forms": performance.rows_of_forms,
    "figures_of_forms": performance.figures_of_forms,
    "amounts_of_forms": performance.amounts_of_forms,
    "scores_of_forms": performance.scores_of_forms,
}


def rows_where(frame: pl.DataFrame, where: Mapping[str, Any]) -> pl.DataFrame:
    """The rows of ``frame`` whose columns hold one of the accepted values; ``None`` accepts null."""
    for column, accepted in where.items():
        values = [value for value in accepted if value is not None]
        test = pl.col(column).is_in(values) if values else pl.lit(False)
        frame = frame.filter(test.fill_null(False) | (pl.col(column).is_null() & pl.lit(None in accepted)))
    return frame


def _document_in(column: str) -> pl.Expr:
    return pl.col(column).str.split("/").list.first()


@cache
def _form_facts() -> pl.DataFrame:
    known = forms().values()
    return pl.DataFrame(
        {
            "form": [form.id for form in known],
            "layout": [form.layout for form in known],
            "classification": [form.classification for form in known],
        }
    )


@cache
def _dictionary() -> pl.DataFrame:
    schema = {"form": pl.String, "of_template": pl.String, "expected": pl.String, "line_no": pl.Int64}
    rows = [row for form in forms().values() for row in _dictionary_of(form)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _dictionary_of(form: Form) -> list[tuple[str, str | None, str, int | None]]:
    rows: list[tuple[str, str | None, str, int | None]] = []
    rows += [(form.id, None, item.name, item.line_no) for item in form.items]
    rows += [(form.id, None, str(number), number) for side in form.unnamed.values() for number in side]
    rows += [(form.id, None, total, None) for total in form.totals]
    for template, blocks in form.blocks.items():
        rows += [(form.id, template, code, None) for block in blocks for code in block]
    return rows
