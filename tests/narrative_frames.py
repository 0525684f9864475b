"""Tiny tables for the rules on narratives: what a text states, and the cells that it speaks of.

Belongs here: builders whose defaults make rows of the lake. An example states only what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl

from warehouse.schema import lake_tables

DOCUMENT = "0123456789ab"
YEAR = 2024
MONEY = {"万元": 10_000, "元": 1, "亿元": 100_000_000}
NAMES = {"30201": "办公费", "30226": "劳务费"}
COUNTED = ("辆", "台（套）")

Claim = dict[str, Any]
Cells = Mapping[str, str | None]


def claim(what: str, printed: str, at: str | None = None, **changes: Any) -> Claim:
    """An amount that the text states of the year; ``at`` is the address ``form/item or code/measure``.

    Its cell is the one that the example prints there; a budget or a year before has none.
    """
    digits = printed.replace(",", "").replace(" ", "")
    number = digits.replace(".", "").replace("-", "").isdigit()
    made: Claim = {
        "section": "情况说明/某节", "object": what, "kind": "金额", "unit": "万元", "period": "本年",
        "value_printed": printed, "value": Decimal(digits) if number else Decimal(0), "at": at,
    }  # fmt: skip
    return made | changes


def budget(what: str, printed: str, at: str | None = None, **changes: Any) -> Claim:
    """An amount of the 年初预算."""
    return claim(what, printed, at, **({"period": "年初预算", "cell_id": None} | changes))


def share(what: str, printed: str, at: str | None = None, of: str | None = None, **changes: Any) -> Claim:
    """A share in %; ``of`` is the address of the whole."""
    return claim(what, printed, at, **({"kind": "占比", "unit": "%", "whole": of} | changes))


def done(what: str, printed: str, at: str | None = None, **changes: Any) -> Claim:
    """A rate of completion of the 年初预算 in %."""
    return claim(what, printed, at, **({"kind": "完成率", "unit": "%", "period": "年初预算"} | changes))


def change(what: str, way: str | None, printed: str, at: str | None = None, **changes: Any) -> Claim:
    """A change over the year before, 增, 减 or 平."""
    return claim(what, printed, at, **({"kind": "增减额", "period": "上年", "direction": way} | changes))


def rate(what: str, way: str | None, printed: str, at: str | None = None, **changes: Any) -> Claim:
    """A change over the year before in %."""
    return change(what, way, printed, at, **({"kind": "增减率", "unit": "%"} | changes))


def count(what: str, printed: str, unit: str, at: str | None = None, **changes: Any) -> Claim:
    """A number of things."""
    return claim(what, printed, at, **({"kind": "数量", "unit": unit} | changes))


def tables(
    claims: Iterable[Claim] = (),
    cells: Cells | None = None,
    states: Mapping[str, str] | None = None,
    document: str = DOCUMENT,
    year: int = YEAR,
    units: Mapping[str, str] | None = None,
    **about: Any,
) -> dict[str, pl.DataFrame]:
    """The tables of a year with one document.

    ``cells`` are printed amounts by address (None is a blank cell) in 万元, or in what ``units`` says;
    ``states`` are those of statements that are not 有数.
    """
    cells, states, units = cells or {}, states or {}, units or {}
    places = {address: f"{document}/L{number}/c3" for number, address in enumerate(cells, 100)}
    forms = dict.fromkeys([*(address.split("/")[0] for address in cells), *states])
    dims = [
        {"statement_id": f"{document}/{form}", "document_id": document, "form": form, "fiscal_year": year}
        | {"state": states.get(form, "有数"), "money_unit": "万元"}
        for form in forms
    ]
    told = {"document_id": document, "kind": "决算", "fiscal_year": year, "level": "单位"}
    told |= {"unit_name": "某市某局", "unit_nature": "行政单位"} | about
    return {
        "dim_document": _frame("dim_document", [told]),
        "dim_statement": _frame("dim_statement", dims),
        "fact_line_item": _frame(
            "fact_line_item",
            [_item(document, year, *pair, places, units.get(pair[0], "万元")) for pair in cells.items()],
        ),
        "fact_claim": _frame(
            "fact_claim", [_claim(document, year, seq, row, places) for seq, row in enumerate(claims, 1)]
        ),
    }


def _item(
    document: str, year: int, address: str, printed: str | None, places: Mapping[str, str], unit: str
) -> dict[str, Any]:
    form, row, measure = address.split("/")
    number = None if printed is None else Decimal(printed.replace(",", ""))
    counted = unit in COUNTED
    return {
        "document_id": document,
        "statement_id": f"{document}/{form}",
        "fiscal_year": year,
        "form": form,
        "row_seq": list(places).index(address) + 1,
        "item": None if row.isdigit() else row,
        "subject_code": row if row.isdigit() else None,
        "name_printed": NAMES.get(row, row),
        "measure": measure,
        "amount": None if counted or number is None else number * MONEY[unit],
        "quantity": number if counted else None,
        "quantity_unit": unit if counted else None,
        "amount_printed": printed or "",
        "money_unit": None if counted else unit,
        "status": "blank" if printed is None else "printed",
        "cell_id": places[address],
    }


def _claim(document: str, year: int, seq: int, row: Claim, places: Mapping[str, str]) -> dict[str, Any]:
    at, whole = row.pop("at"), row.get("whole")
    form, name, measure = at.split("/") if at else (None, None, None)
    code = name if name and name.isdigit() else None
    made = {
        "document_id": document,
        "fiscal_year": year,
        "claim_id": f"{document}/L{seq}/1",
        "seq": seq,
        "form": form,
        "item": None if code else name,
        "subject_code": code,
        "measure": measure,
        "cell_id": places.get(at) if at else None,
        "whole_cell_id": places.get(whole) if whole else None,
        "sentence": f"{row['object']}{row['value_printed']}{row['unit']}",
        "locator": f"L{seq}",
    }
    return made | row


@cache
def _schema(table: str) -> pl.Schema:
    return lake_tables()[table].polars_schema()


def _frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = _schema(table)
    return pl.DataFrame([{name: row.get(name) for name in schema.names()} for row in rows], schema=schema)
