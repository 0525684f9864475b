"""Tiny tables for the rules on performance forms: forms written figure by figure.

Belongs here: builders whose defaults make a form that no rule has anything against. An example states only
what it is about. Names and amounts are made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from expectations.performance import figures_known
from tests.expectations_examples import frame
from tests.narrative_frames import Claim
from tests.narrative_frames import tables as narrative_tables
from warehouse.lake import PART_TABLES

DOCUMENT = "0123456789ab"
UNIT = "示例市档案服务中心"
YEAR = 2024
_WAN = 10_000
_MONEY = ("budget", "received", "executed")
Row = dict[str, Any]
Form = dict[str, Any]

# Columns of a form in the order in which an example may name them; the rest are given as they are.
_A = {
    "family": "A",
    "project_name": "馆藏档案修复",
    "implementing_unit": UNIT,
    "evaluated_year": YEAR,
    "budget_amount": "10.00",
    "received_amount": "8.00",
    "executed_amount": "6.00",
    "execution_score": "7.5",
    "output_score": "48",
    "benefit_score": "30",
    "satisfaction_score": "10",
    "total_score": "95.5",
    "grade": "优",
}
_OTHERS: dict[str, Row] = {
    "B": {"project_name": "示例补助", "implementing_unit": UNIT},
    "C": {
        "project_name": None,
        "implementing_unit": UNIT,
        "execution_score": "9",
        "output_score": "43",
        "benefit_score": "30",
        "satisfaction_score": "9",
        "total_score": "91",
    },
    "D": {"project_name": None, "implementing_unit": UNIT, "budget_amount": "58.67"},
    "E": {
        "project_name": "示例宣传活动",
        "implementing_unit": UNIT,
        "budget_amount": "10.60",
        "executed_amount": "3.36",
        "execution_rate": "31.70",
        "indicator_subtotal": "60",
        "execution_score": "3.17",
        "deduction": "1",
        "total_score": "62.17",
    },
    "F": {"project_name": "馆藏档案修复", "implementing_unit": UNIT, "budget_amount": "10.00"},
}


def form(family: str = "A", **changes: Any) -> Form:
    """A form: columns of ``fact_performance_form`` (amounts in 万元 as they are printed), and its rows.

    ``fields`` are texts by field, ``held`` names columns that are held, ``funding``, ``tasks`` and
    ``indicators`` are rows made by the functions of those names.
    """
    return {**(_A if family == "A" else {"family": family, **_OTHERS[family]}), **changes}


def funding(
    source: str,
    budget: str | None = None,
    received: str | None = None,
    executed: str | None = None,
    **more: Any,
) -> Row:
    """A row of funds in 万元."""
    amounts = dict(zip(_MONEY, (budget, received, executed), strict=True))
    return {"source": source, "kind": "来源", "period": "年度", "amounts": amounts} | more


def task(
    project: str,
    allotted: str | None,
    executed: str | None,
    rate: str,
    weight: str | None,
    score: str | None,
    **more: Any,
) -> Row:
    """A task with its amounts in 万元, its rate in % and its scores."""
    return {
        "project": project,
        "execution_rate": Decimal(rate),
        "amounts": {"allotted": allotted, "executed": executed},
        "weight": weight and Decimal(weight),
        "score": score and Decimal(score),
    } | more


def indicator(name: str, target: str | None = None, achieved: str | None = None, **more: Any) -> Row:
    """An indicator; ``target`` and ``achieved`` are a number and its unit parted by a blank, or a text."""
    row: Row = {"level3": name, "period": "年度", "level1": "产出指标", "level2": "数量指标"}
    for column, text in (("target", target), ("achieved", achieved)):
        number, _, unit = (text or "").partition(" ")
        plain = number.replace(".", "").isdigit()
        row[column] = text and text.replace(" ", "")
        row[f"{column}_value"] = Decimal(number) if plain else None
        row[f"{column}_unit"] = (unit or None) if plain else None
    decimals = {key: Decimal(more.pop(key)) for key in ("completion", "weight", "score") if key in more}
    return row | decimals | more


def tables(
    *forms: Form,
    claims: Iterable[Claim] = (),
    cells: Mapping[str, str | None] | None = None,
    document: str = DOCUMENT,
    marks: Sequence[tuple[str, str, str]] = (),
    **about: Any,
) -> dict[str, pl.DataFrame]:
    """The tables of a year with one document and its forms; ``marks`` are mark, value and locator."""
    told = narrative_tables(claims, cells, document=document, **{"unit_name": UNIT} | about)
    made = {name: frame(name, []) for name in PART_TABLES} | told
    rows: dict[str, list[Row]] = {}
    for seq, given in enumerate(forms, 1):
        for table, found in _rows(document, seq, given).items():
            rows.setdefault(table, []).extend(found)
    texts = [
        {
            "document_id": document,
            "fiscal_year": YEAR,
            "mark": mark,
            "section": "正文",
            "value": value,
            "text": value,
            "locator": place,
        }
        for mark, value, place in marks
    ]
    return (
        made
        | {name: frame(name, found) for name, found in rows.items()}
        | {"text_mark": frame("text_mark", texts)}
    )


def joined(*several: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables of a year with the documents of all of them."""
    return {name: pl.concat([tables[name] for tables in several]) for name in several[0]}


def _rows(document: str, seq: int, given: Form) -> dict[str, list[Row]]:
    place = 100 * seq
    form_id = given.get("form_id", f"{document}/L{place}/form")
    key = {"form_id": form_id, "document_id": document, "fiscal_year": YEAR}
    head = {
        name: value
        for name, value in given.items()
        if name not in ("fields", "held", "funding", "tasks", "indicators")
    }
    known, held = figures_known(), given.get("held", ())
    fields = []
    for number, (column, figure) in enumerate(known.items(), 1):
        printed = head.get(column)
        if printed is None and column not in held:
            continue
        status = "held" if column in held else "printed"
        value = None if column in held else Decimal(printed)
        money = figure.unit == "万元"
        head[column] = value * _WAN if money and value is not None else value
        fields.append(
            {
                **key,
                "seq": number,
                "field": figure.fields[0],
                "printed": printed or "？",
                "status": status,
                "reason": "看不清" if status == "held" else None,
                "unit": figure.unit,
                "amount": head[column] if money else None,
                "number": None if money else value,
                "cell_id": f"{document}/L{place + number}/c2",
            }
        )
    for number, (field, text) in enumerate(given.get("fields", {}).items(), 30):
        fields.append(
            {
                **key,
                "seq": number,
                "field": field,
                "text": text,
                "printed": text,
                "status": "printed",
                "cell_id": f"{document}/L{place + number}/c2",
            }
        )
    state = {"seq": seq, "state": "完整", "money_unit": "万元", "reader": "示例", "locator": f"L{place}"}
    return {
        "fact_performance_form": [{**key, **state, "locator_end": f"L{place + 99}", **head}],
        "performance_field": fields,
        "fact_performance_funding": [
            _with_amounts(key, place + 40 + n, n, row, _MONEY) | {"source_printed": row["source"]}
            for n, row in enumerate(given.get("funding", ()), 1)
        ],
        "fact_performance_task": [
            _with_amounts(key, place + 50 + n, n, row, ("allotted", "executed"))
            | {f"{name}_cell": f"{document}/L{place + 50 + n}/{name}" for name in ("rate", "weight", "score")}
            for n, row in enumerate(given.get("tasks", ()), 1)
        ],
        "fact_performance_indicator": [
            {
                **key,
                "seq": n,
                "status": "printed",
                "cell_id": f"{document}/L{place + 60 + n}/c3",
                **{
                    f"{name}_cell": f"{document}/L{place + 60 + n}/{name}"
                    for name in ("target", "achieved", "completion", "weight", "score")
                },
                **row,
            }
            for n, row in enumerate(given.get("indicators", ()), 1)
        ],
    }


def _with_amounts(key: Row, line: int, seq: int, row: Row, stems: Sequence[str]) -> Row:
    made = {
        **key,
        "seq": seq,
        "status": "printed",
        **{name: value for name, value in row.items() if name != "amounts"},
    }
    place = f"{key['document_id']}/L{line}"
    made |= {"locator": f"L{line}"} if "source" in row else {"cell_id": f"{place}/c1"}
    for stem in stems:
        if (printed := row["amounts"].get(stem)) is not None:
            made |= {
                f"{stem}_amount": Decimal(printed) * _WAN,
                f"{stem}_printed": printed,
                f"{stem}_cell": f"{place}/{stem}",
            }
    return made
