"""推算值: figures that an incomplete statement lost and that other printed figures prove.

Belongs here: loading ``derivations.yml`` and evaluating it for all documents of a year at once.
Does not belong here: the formulas (data) and any judgement about what is printed. A derived value
never stands beside printed ones: it goes to ``fact_derived`` with its formula and its evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from expectations.selectors import Selector, Term, parse_formula, parse_selector
from pipelines.vocabulary import forms, parse_yaml

DERIVED_SCHEMA: dict[str, pl.DataType] = {
    "document_id": pl.String(),
    "fiscal_year": pl.Int32(),
    "form": pl.String(),
    "item": pl.String(),
    "subject_code": pl.String(),
    "measure": pl.String(),
    "amount": pl.Decimal(20, 2),
    "rule": pl.String(),
    "formula": pl.String(),
    "evidence": pl.String(),
    "form_id": pl.String(),
    "number": pl.Decimal(24, 6),
    "unit": pl.String(),
}
# What only the values of performance forms have.
_OF_FORMS = ("form_id", "number", "unit")
# Where a figure stands in a document: one cell has one place, if it is printed once.
_PLACE = ("document_id", "form", "item", "subject_code", "measure")
_SIGN_PRINTED = {1: " + ", -1: " − "}


@dataclass(frozen=True, slots=True)
class Derivation:
    """One way to a figure: the 勾稽 ``rule`` that proves ``target`` equal to the sum of ``terms``."""

    rule: str
    target: Selector
    terms: tuple[Term, ...]


@cache
def load_derivations() -> tuple[Derivation, ...]:
    """Every derivation of ``derivations.yml`` in its order; ``ValueError`` where one says no sense."""
    raw = parse_yaml(files("expectations").joinpath("derivations.yml").read_text("utf-8"))
    found = tuple(
        Derivation(entry["rule"], parse_selector(entry["target"]), parse_formula(entry["formula"]))
        for entry in raw
    )
    for derivation in found:
        levels = {derivation.target.level, *(term.selector.level for term in derivation.terms)}
        if len(levels) > 1 or derivation.terms[0].sign < 0:
            raise ValueError(f"{derivation.target}: a formula stays on one level and begins with a sum")
    return found


def derive(fiscal_year: int, statements: pl.DataFrame, line_items: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``fact_derived`` for a year, from its ``dim_statement`` and ``fact_line_item``.

    A figure is derived only where its statement is 不完整, its row is not printed, and every figure
    of the formula is printed in one place of the document (or derived before, with that evidence). A
    blank figure counts as 0, but one that is added must be printed. Amounts are exact 元.
    """
    broken = _incomplete(statements)
    line_items = line_items.join(broken.select("document_id").unique(), on="document_id", how="semi")
    known = _known_figures(line_items)
    derived = pl.DataFrame(schema=DERIVED_SCHEMA)
    while not broken.is_empty():
        before = derived.height
        for derivation in load_derivations():
            new = _apply(derivation, broken, line_items, known, derived)
            if not new.is_empty():
                nothing = [pl.lit(None, DERIVED_SCHEMA[name]).alias(name) for name in _OF_FORMS]
                rows = new.with_columns(pl.lit(fiscal_year, pl.Int32).alias("fiscal_year"), *nothing)
                derived = pl.concat([derived, rows.select(DERIVED_SCHEMA.keys())])
                known = pl.concat([known, new.select(known.columns)])
        if derived.height == before:
            break
    return derived.sort("document_id", maintain_order=True)


def _incomplete(statements: pl.DataFrame) -> pl.DataFrame:
    """Documents and forms with one statement, which is 不完整: of two, nobody knows which lost the row."""
    alone = statements.filter(pl.len().over("document_id", "form") == 1)
    return alone.filter(pl.col("state") == "不完整").select("document_id", "form")


def _known_figures(line_items: pl.DataFrame) -> pl.DataFrame:
    """Figures that formulas may use: printed or blank, and in one place only. ``amount`` null is blank."""
    printed = pl.col("status").is_in(["printed", "corrected"]) & pl.col("amount").is_not_null()
    usable = printed | (pl.col("status") == "blank")
    return line_items.filter(usable & (pl.len().over(_PLACE) == 1)).select(
        *_PLACE, "amount", pl.col("cell_id").alias("evidence")
    )


def _apply(
    derivation: Derivation,
    broken: pl.DataFrame,
    line_items: pl.DataFrame,
    known: pl.DataFrame,
    derived: pl.DataFrame,
) -> pl.DataFrame:
    """The figures that this derivation adds: columns of ``fact_derived`` without the year."""
    target = derivation.target
    values = broken.filter(pl.col("form") == target.form).select("document_id")
    if values.is_empty():
        return values
    values = _evaluate(derivation, values, known)
    values = values.join(_rows(target, line_items), on=["document_id", "key"], how="anti")
    done = derived.filter(pl.col("measure") == target.measure)
    values = values.join(_rows(target, done), on=["document_id", "key"], how="anti")
    item, code = _address(target)
    return values.select(
        "document_id",
        pl.lit(target.form).alias("form"),
        item.alias("item"),
        code.alias("subject_code"),
        pl.lit(target.measure).alias("measure"),
        pl.col("amount").cast(pl.Decimal(20, 2)),
        pl.lit(derivation.rule).alias("rule"),
        pl.concat_str(_written(target), pl.lit(" = "), "formula").alias("formula"),
        pl.col("evidence").str.split(",").list.unique(maintain_order=True).list.join(","),
    )


def _evaluate(derivation: Derivation, documents: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """``document_id``, ``key`` (the code, where the formula runs over a level), ``amount``, ``formula``
    (with figures) and ``evidence`` wherever all figures are known."""
    values = pl.DataFrame()
    for number, term in enumerate(derivation.terms):
        figures = _rows(
            term.selector, known.filter(pl.col("measure") == term.selector.measure), "amount", "evidence"
        )
        signed = pl.col("amount").fill_null(0).cast(pl.Decimal(38, 2)) * term.sign
        shown = pl.coalesce(pl.col("amount").cast(pl.String), pl.lit("空白（作 0）"))
        figures = figures.join(documents, on="document_id", how="semi").select(
            "document_id",
            "key",
            amount=signed,
            added=pl.col("amount").is_not_null() & (term.sign > 0),
            formula=pl.concat_str(_written(term.selector), pl.lit(" "), shown),
            evidence="evidence",
        )
        if number == 0:
            values = figures
            continue
        values = values.join(figures, on=["document_id", "key"], suffix="_next").select(
            "document_id",
            "key",
            amount=pl.col("amount") + pl.col("amount_next"),
            added=pl.col("added") | pl.col("added_next"),
            formula=pl.concat_str("formula", pl.lit(_SIGN_PRINTED[term.sign]), "formula_next"),
            evidence=pl.concat_str("evidence", pl.lit(","), "evidence_next"),
        )
    return values.filter("added")


def _rows(selector: Selector, frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The rows of ``frame`` that the selector names: ``document_id``, ``key`` and ``columns``."""
    code = pl.col("subject_code")
    if selector.level is not None:
        chosen, key = code.str.len_chars() == selector.level, code
    else:
        chosen, key = (code if selector.is_code else pl.col("item")) == selector.row, pl.lit("")
    rows = frame.filter(chosen & (pl.col("form") == selector.form))
    return rows.select("document_id", key.alias("key"), *columns)


def _written(selector: Selector) -> pl.Expr:
    """The address as text, a level written as the code it stands for."""
    row = pl.col("key") if selector.level is not None else pl.lit(selector.row)
    name = forms()[selector.form].name
    return pl.concat_str(pl.lit(f"{name}."), row, pl.lit(f".{selector.measure}"))


def _address(target: Selector) -> tuple[pl.Expr, pl.Expr]:
    """Item and 科目代码 of a derived figure: as the row would have had them, had it been printed."""
    nothing = pl.lit(None, pl.String)
    if target.level is None:
        return (nothing, pl.lit(target.row)) if target.is_code else (pl.lit(target.row), nothing)
    items = {item.subject: item.name for item in forms()[target.form].items if item.subject}
    return pl.col("key").replace_strict(items, default=None, return_dtype=pl.String), pl.col("key")
