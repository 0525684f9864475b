"""Tiny frames for the tests of suites and derivations, written cell by cell.

Belongs here: builders of rows with the columns of ``warehouse/schema.yml``. A builder's defaults make
a row that every suite accepts; a test changes the one thing that it is about.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib.resources import files

import polars as pl
import yaml

from expectations.performance_frames import PERFORMANCE

DOCUMENT = "0123456789ab"
_TYPES = {
    "VARCHAR": pl.String(),
    "INTEGER": pl.Int32(),
    "BIGINT": pl.Int64(),
    "BOOLEAN": pl.Boolean(),
    "DATE": pl.Date(),
    "DOUBLE": pl.Float64(),
    "VARCHAR[]": pl.List(pl.String()),
    "DOUBLE[]": pl.List(pl.Float64()),
    "DECIMAL(20,2)": pl.Decimal(20, 2),
    "DECIMAL(24,6)": pl.Decimal(24, 6),
    "DECIMAL(24,8)": pl.Decimal(24, 8),
    "DECIMAL(24,12)": pl.Decimal(24, 12),
}


@cache
def schema(table: str) -> dict[str, pl.DataType]:
    """The columns of a table as the year files hold them: without those that the build adds."""
    return {
        name: _TYPES[column["type"]]
        for name, column in _described()[table]["columns"].items()
        if column.get("added") != "build"
    }


@cache
def _described():
    return yaml.safe_load(files("warehouse").joinpath("schema.yml").read_text("utf-8"))


def document(**changes):
    row = {
        "document_id": DOCUMENT,
        "kind": "决算",
        "unit_name": "某市某局",
        "fiscal_year": 2024,
        "level": "单位",
        "media_type": "text/plain",
    }
    return row | changes


def statement(form="expenditure", **changes):
    row = {
        "statement_id": f"{DOCUMENT}/{form}",
        "document_id": DOCUMENT,
        "fiscal_year": 2024,
        "form": form,
        "state": "有数",
        "template": "shanxi-yangquan",
        "money_unit": "万元",
        "rows": 0,
        "cells": 0,
        "non_blank": 0,
        "closed": 0,
    }
    return row | changes


def cell(form="expenditure", row=1, measure="基本支出", printed="1.00", **changes):
    """One line item; 万元 unless said otherwise, status and amount follow from ``printed``."""
    status = "blank" if not printed else "closed" if printed == "——" else "printed"
    document_id = changes.get("document_id", DOCUMENT)
    line = {
        "statement_id": f"{document_id}/{form}",
        "document_id": document_id,
        "fiscal_year": 2024,
        "form": form,
        "row_seq": row,
        "measure": measure,
        "amount": Decimal(printed) * 10000 if status == "printed" else None,
        "amount_printed": printed,
        "money_unit": "万元",
        "status": status,
        "cell_id": f"{document_id}/{form}/r{row}/{measure}",
    }
    return line | changes


def verdict(left="1.00", right="1.00", tolerance="0.01", rule="T01-1", **changes):
    """One verdict on two figures in 万元; difference and conclusion follow from them."""
    values = [None if text is None else Decimal(text) for text in (left, right, tolerance)]
    difference = None if None in values[:2] else values[0] - values[1]
    within = not difference or (values[2] is not None and abs(difference) <= values[2])
    conclusion = "不成立" if not within else "尾差" if difference else "成立"
    row = {
        "check_id": f"{rule}-00000001",
        "document_id": DOCUMENT,
        "fiscal_year": 2024,
        "rule": rule,
        "severity": "E",
        "conclusion": conclusion,
        "subject": "支出决算表.合计.基本支出",
        "left_value": values[0],
        "right_value": values[1],
        "difference": difference,
        "tolerance": values[2],
        "unit": "万元",
        "left_text": left,
        "right_text": right,
        "left_locator": "L1/c1",
        "right_locator": "L2/c1",
    }
    return row | changes


def performance_form(**changes):
    """A form with nothing in it."""
    row = {
        "form_id": f"{DOCUMENT}/L9/form",
        "document_id": DOCUMENT,
        "fiscal_year": 2024,
        "seq": 1,
        "family": "A",
        "state": "完整",
        "money_unit": "万元",
    }
    return row | changes


def _form_row(place, **changes):
    row = {
        "form_id": f"{DOCUMENT}/L9/form",
        "document_id": DOCUMENT,
        "fiscal_year": 2024,
        "seq": 1,
        "status": "printed",
        "cell_id": f"{DOCUMENT}/{place}",
    }
    return row | changes


def performance_field(name="总分", number="90", **changes):
    """A score in its field."""
    figure = {"field": name, "number": number and Decimal(number), "unit": "分", "printed": number or ""}
    return _form_row("L10/c2", **figure | changes)


def performance_money(name="预算金额", printed="1.00", **changes):
    """An amount in its field, in 万元."""
    figure = {"field": name, "amount": Decimal(printed) * 10000, "unit": "万元", "printed": printed}
    return _form_row("L10/c3", **figure | changes)


def performance_funding(printed="1.00", **changes):
    """A source with its budget, in the unit of its form."""
    row = _form_row("L11/c3", source="市财政", locator="L11")
    row |= {"budget_cell": row.pop("cell_id"), "budget_printed": printed}
    return row | {"budget_amount": Decimal(printed) * 10000} | changes


def performance_indicator(score="9", **changes):
    return _form_row(
        "L12/c1", level3="人次", score=Decimal(score), score_cell=f"{DOCUMENT}/L12/c5", **changes
    )


def performance_tables(forms=(), fields=(), funding=(), indicators=()):
    """The tables of a year with forms alone."""
    rows = {
        "fact_performance_form": forms,
        "performance_field": fields,
        "fact_performance_funding": funding,
        "fact_performance_indicator": indicators,
    }
    return tables() | {name: frame(name, table_rows) for name, table_rows in rows.items()}


def tables(documents=(), statements=(), cells=(), verdicts=()):
    """The tables of a year; statements that cells stand in are added where they are not given."""
    statements = list(statements)
    given = {row["statement_id"] for row in statements}
    for line in cells:
        if line["statement_id"] not in given:
            given.add(line["statement_id"])
            statements.append(
                statement(line["form"], statement_id=line["statement_id"], document_id=line["document_id"])
            )
    rows = {
        "dim_document": documents,
        "dim_statement": statements,
        "fact_line_item": cells,
        "reconciliation": verdicts,
        **dict.fromkeys(PERFORMANCE, ()),
    }
    return {name: frame(name, table_rows) for name, table_rows in rows.items()}


@cache
def _without_rows(table):
    return pl.DataFrame(schema=schema(table))


def frame(table, rows):
    if not rows:
        return _without_rows(table)
    columns = schema(table)
    filled = [{name: row.get(name) for name in columns} for row in rows]
    assert all(set(row) <= set(columns) for row in rows), "a column that the schema does not have"
    return pl.DataFrame(filled, schema=columns, orient="row")
