"""Tables of a year made from the typesetter's figures, without printing and reading them.

Belongs here: disclosures as the rows that a right reading of them gives, figures changed in them, and
frames of many documents. Does not belong here: any rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import polars as pl

from pipelines.vocabulary import forms
from tests.expectations_examples import frame
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.figures import Disclosure, Row, StatementFigures
from tests.typesetter.layout import Layout
from tests.typesetter.manner import Hand, Manner
from tests.typesetter.templates import template
from warehouse.lake import PART_TABLES

Change = tuple[str, str, str, str | None]
_WAN = Decimal(10_000)


def tables_of(*disclosures: Disclosure, manner: Manner | None = None) -> dict[str, pl.DataFrame]:
    """The tables of the year of those disclosures; the n-th has the document id ``doc00000000n``."""
    documents, statements, cells, relations = [], [], [], []
    for number, disclosure in enumerate(disclosures):
        name = f"doc{number:09d}"
        documents.append(_document(name, disclosure))
        relations += _relations(name, disclosure)
        for figures in disclosure.statements:
            rows = _cells(name, disclosure, figures, manner or Manner())
            statements.append(_statement(name, disclosure, figures, rows))
            cells += rows
    made: dict[str, list[dict[str, object]]] = {
        "dim_document": documents,
        "dim_statement": statements,
        "fact_line_item": cells,
        "unit_relation": relations,
    }
    return {name: frame(name, made.get(name, [])) for name in PART_TABLES}


def _document(name: str, disclosure: Disclosure) -> dict[str, object]:
    return {
        "document_id": name,
        "kind": "决算",
        "unit_name": disclosure.unit,
        "unit_nature": disclosure.nature,
        "fiscal_year": disclosure.year,
        "level": disclosure.level,
        "template": disclosure.template,
    }


def _relations(name: str, disclosure: Disclosure) -> list[dict[str, object]]:
    related = [("上级", disclosure.parent)] if disclosure.parent else []
    related += [("所属", member) for member in disclosure.members]
    return [
        {"document_id": name, "relation": relation, "name": other, "locator": "L60"}
        for relation, other in related
    ]


def _statement(
    name: str, disclosure: Disclosure, figures: StatementFigures, cells: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    return {
        "statement_id": f"{name}/{figures.form}",
        "document_id": name,
        "fiscal_year": disclosure.year,
        "form": figures.form,
        "state": "无数据" if figures.empty else "有数",
        "template": disclosure.template,
        "money_unit": "万元",
        "cells": len(cells),
    }


def _cells(
    name: str, disclosure: Disclosure, figures: StatementFigures, manner: Manner
) -> list[dict[str, object]]:
    form = forms()[figures.form]
    table = Layout(form, figures, template(disclosure.template), Hand(manner)).table()
    line = 1000 * (list(forms()).index(form.id) + 1)
    return [
        {
            **{key: getattr(fact, key) for key in fact.__dataclass_fields__},
            # A figure in a closed cell is what a reader finds there.
            **({"status": "printed"} if fact.amount is not None else {}),
            "statement_id": f"{name}/{form.id}",
            "document_id": name,
            "fiscal_year": disclosure.year,
            "cell_id": f"{name}/L{line + fact.row_seq}/c{number}",
        }
        for number, fact in enumerate(table.facts)
    ]


def changed(disclosure: Disclosure, *changes: Change) -> Disclosure:
    """The disclosure with figures changed: form, key, column and what is printed there in 万元 (辆, 台).

    ``+0.10`` adds to what stands there, None blanks it. A key that the statement does not have becomes its
    last row.
    """
    for form, key, measure, text in changes:
        found = disclosure.statement(form)
        assert found is not None, f"there is no {form}"
        rows = list(found.rows)
        place = next((n for n, row in enumerate(rows) if row.key == key), None)
        if place is None:
            rows.append(Row(key, {}, key))
            place = len(rows) - 1
        amounts = dict(rows[place].amounts)
        scale = 1 if _is_count(form, key) else _WAN
        if text is None:
            amounts.pop(measure, None)
        elif text[0] in "+":
            amounts[measure] = amounts.get(measure, Decimal(0)) + Decimal(text) * scale
        else:
            amounts[measure] = Decimal(text) * scale
        rows[place] = replace(rows[place], amounts=amounts)
        statement = StatementFigures(form, tuple(rows))
        disclosure = replace(
            disclosure, statements=tuple(statement if s.form == form else s for s in disclosure.statements)
        )
    return disclosure


def _is_count(form: str, key: str) -> bool:
    return any(item.name == key and item.unit not in (None, "万元") for item in forms()[form].items)


def replicated(tables: Mapping[str, pl.DataFrame], times: int) -> dict[str, pl.DataFrame]:
    """The documents of the tables so many times over, each with an id and a unit of its own."""
    copies = pl.DataFrame({"nth": [f"{n:06x}" for n in range(times)]})
    made = {}
    for name, rows in tables.items():
        told = rows.join(copies, how="cross")
        ids = {
            column: pl.concat_str("nth", pl.col(column).str.slice(6))
            for column in ("document_id", "statement_id", "cell_id")
            if column in rows.columns
        }
        units = {"unit_name": pl.concat_str("unit_name", "nth")} if "unit_name" in rows.columns else {}
        made[name] = told.with_columns(**ids, **units).drop("nth")
    return made


def sample(number: int = 30) -> Iterable[Disclosure]:
    """Consistent disclosures of every template, small and large, with and without funds."""
    templates = ("shanxi-yangquan", "liaoning-qianshan", "shanghai-putuo")
    natures = ("事业单位", "行政单位", "参公事业单位")
    for seed in range(number):
        yield consistent_disclosure(
            seed,
            template_id=templates[seed % 3],
            unit=f"示例市第{seed}中心",
            nature=natures[seed // 3 % 3],
            general=(4, 9, 2, 14)[seed % 4],
            funds=seed % 3,
            capital=seed % 2,
            zeros=bool(seed % 2),
        )
