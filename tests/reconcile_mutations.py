"""Single figures of consistent disclosures changed, and what the rules on tables find of it.

Belongs here: the changes, which cells identities hold together, and the shares that are found. Printing and
reading are left out: a change is made in the line items.
"""

from __future__ import annotations

import polars as pl

from expectations import compare, sides
from expectations.figures import Year, year_of
from expectations.reconcile import reconcile
from expectations.rules_data import Rule, load_rules
from tests.reconcile_frames import tables_of
from tests.typesetter.figures import Disclosure

# 0.10 万元 in 元.
CHANGE = 1000
RULES = tuple(rule for rule in load_rules() if rule.id[0] in "TX" and not rule.impossible)


def mutants(disclosure: Disclosure) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """One document for each amount of the disclosure that is not blank, with 0.10 万元 added to it.

    The tables of their year, and of each document the ``cell_id`` and ``form`` that was changed.
    """
    tables = tables_of(disclosure)
    cells = tables["fact_line_item"].filter(pl.col("amount").is_not_null())
    changes = cells.select("cell_id", "form", "measure", document=_document_id())
    made = {name: _for_each(rows, changes.select("document")) for name, rows in tables.items()}
    changed = changes.select(document_id="document", cell="cell_id", there=True)
    items = made["fact_line_item"].join(
        changed, left_on=["document_id", "cell_id"], right_on=["document_id", "cell"], how="left"
    )
    amount = pl.when("there").then(pl.col("amount") + CHANGE).otherwise("amount")
    made["fact_line_item"] = items.with_columns(amount=amount).drop("there")
    return made, changes.rename({"document": "document_id"})


def _document_id() -> pl.Expr:
    return pl.concat_str(pl.lit("m"), pl.int_range(pl.len()).cast(pl.String).str.zfill(11))


def _for_each(rows: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    copies = rows.join(documents, how="cross")
    names = {"document_id": pl.col("document")}
    if "statement_id" in rows.columns:
        form = pl.col("statement_id").str.split("/").list.last()
        names["statement_id"] = pl.concat_str("document", pl.lit("/"), form)
    return copies.with_columns(**names).drop("document")


def found(disclosure: Disclosure) -> pl.DataFrame:
    """The changed cells (``form``, ``cell_id``), and whether a T or X rule at E or W says 不成立."""
    tables, changes = mutants(disclosure)
    verdicts = reconcile(disclosure.year, tables, {}, rules=RULES)
    wrong = verdicts.filter((pl.col("conclusion") == "不成立") & pl.col("severity").is_in(["E", "W"]))
    told = wrong.group_by("document_id").agg(pl.col("rule").unique().sort())
    return changes.join(told, on="document_id", how="left").with_columns(found=pl.col("rule").is_not_null())


def participants(disclosure: Disclosure) -> pl.DataFrame:
    """The cells that stand in an identity of a T or X rule: an equation that was evaluated on them.

    Worked out from the sides of the rules; an equation of so many figures that 0.10 万元 may be rounding
    (more than 19) does not count.
    """
    tables = tables_of(disclosure)
    year = year_of(disclosure.year, tables)
    parts = [
        _of_check(rule, number, year)
        for rule in RULES
        for number, check in enumerate(rule.checks)
        if check.relation == "=" and (check.severity or rule.severity) in ("E", "W")
    ]
    return pl.concat(parts).unique()


def _of_check(rule: Rule, number: int, year: Year) -> pl.DataFrame:
    check = rule.checks[number]
    one_form = len(check.forms) == 1
    able = compare.applicability(check, year, one_form).filter(pl.col("conclusion").is_null())
    both = [sides.figures(side, year, one_form) for side in (check.left, check.right)]
    if check.over != "both":
        addend = (check.left if check.over == "left" else check.right)[0]
        both = [side.join(sides.rows(addend, year, one_form), on=sides.KEY, how="semi") for side in both]
    cells = pl.concat(both).join(able, on=["document_id", "copy"], how="semi")
    few = cells.filter(pl.len().over(sides.KEY) < 20)
    return few.select("cell_id")
