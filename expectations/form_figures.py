"""Rules of form on figures: how they are printed, and that no table prints them twice.

Belongs here: what is judged by the cells of statements without asking what they add up to. Does not belong
here: heads, titles and notes (``form_statements``).
"""

from __future__ import annotations

import polars as pl

from expectations.figures import Year
from expectations.form_verdicts import (
    ATTACHMENTS,
    WHOLE,
    conclusion,
    marks,
    place_of,
    statements,
    verdicts,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule


@rule_function("no_table_twice")
def no_table_twice(rule: Rule, year: Year) -> pl.DataFrame:
    """F24: no statement stands there twice with the same figures, no self-evaluation form twice."""
    # Of two statements of one form the second is held, so held figures are compared as well.
    figures = (
        year.tables["fact_line_item"]
        .filter(pl.col("status").is_in(["printed", "held"]) & (pl.col("amount_printed") != ""))
        .group_by("statement_id", maintain_order=True)
        .agg(print=pl.struct("row_seq", "measure", "amount_printed").hash().sort())
        .with_columns(print=pl.col("print").list.eval(pl.element().cast(pl.String)).list.join(","))
    )
    tables = (
        statements(year)
        .join(figures, on="statement_id", how="inner", maintain_order="left")
        .select("document_id", "locator", about="about", key=pl.concat_str("form", "print", separator="|"))
    )
    evaluations = marks(year, "自评表").select(
        "document_id",
        "locator",
        about=pl.lit(ATTACHMENTS),
        place="text",
        left_text="text",
        key=pl.concat_str("text", "value", separator="|"),
    )
    found = pl.concat([tables, evaluations], how="diagonal")
    together = ["document_id", "key"]
    first = pl.int_range(pl.len()).over(together) == 0
    again = pl.col("locator").shift(-1).over(together)
    return verdicts(
        found.with_columns(again=again, copies=pl.len().over(together), first=first)
        .filter(pl.col("first"))
        .with_columns(
            conclusion=conclusion(pl.col("copies") == 1),
            left_locator=pl.col("locator"),
            right_locator=pl.col("again"),
            right_text=pl.when(pl.col("copies") > 1).then(pl.col("left_text")),
            note=pl.when(pl.col("copies") > 1).then(pl.format("同样的表印了 {} 次，相加会重复", "copies")),
        )
    )


@rule_function("one_money_unit")
def one_money_unit(rule: Rule, year: Year) -> pl.DataFrame:
    """F33: all statements of a document are in the same unit of money."""
    by_document = (
        statements(year)
        .filter(pl.col("money_unit").is_not_null())
        .group_by("document_id", maintain_order=True)
        .agg(
            units=pl.col("money_unit").unique(maintain_order=True),
            left_locator=pl.col("locator").first(),
            right_locator=pl.col("locator")
            .filter(pl.col("money_unit") != pl.col("money_unit").first())
            .first(),
        )
    )
    one = pl.col("units").list.len() == 1
    return verdicts(
        by_document.with_columns(
            about=pl.lit(WHOLE),
            conclusion=conclusion(one),
            left_text=pl.col("units").list.join("、"),
            note=pl.when(one)
            .then(pl.format("各表都以{}列示，入库一律折成元", pl.col("units").list.first()))
            .otherwise(pl.lit("同一份公开里各表的金额单位不一")),
        )
    )


@rule_function("closed_cells_alike")
def closed_cells_alike(rule: Rule, year: Year) -> pl.DataFrame:
    """F32: within a statement cells that nobody may fill are closed by one and the same sign."""
    signs = (
        year.tables["fact_line_item"]
        .filter(pl.col("status") == "closed")
        .with_columns(sign=pl.col("amount_printed").str.replace_all(r"\s", ""))
        .group_by("statement_id", "sign", maintain_order=True)
        .agg(pl.len(), where=place_of("cell_id").first())
        .group_by("statement_id", maintain_order=True)
        .agg(
            kinds=pl.len(),
            left_text=pl.format("{} {} 处", "sign", "len").str.join("、"),
            left_locator=pl.col("where").first(),
            right_locator=pl.when(pl.len() > 1).then(pl.col("where").get(1, null_on_oob=True)),
        )
    )
    alike = pl.col("kinds") == 1
    return verdicts(
        statements(year)
        .join(signs, on="statement_id", how="inner", maintain_order="left")
        .with_columns(
            conclusion=conclusion(alike),
            note=pl.when(alike.not_()).then(pl.lit("关闭格的写法不一")),
        )
    )


@rule_function("two_decimals")
def two_decimals(rule: Rule, year: Year) -> pl.DataFrame:
    """F37: amounts of money are printed with two decimals. Blanks within a figure do not matter here."""
    money = year.tables["fact_line_item"].filter(
        (pl.col("status") == "printed") & pl.col("amount").is_not_null() & pl.col("quantity").is_null()
    )
    found = (
        money.select(
            "statement_id", "row_seq", "subject_code", "item", "measure", "amount_printed", "cell_id"
        )
        .join(
            statements(year).filter(pl.col("money_unit") == rule.options["unit"]),
            on="statement_id",
            how="inner",
            maintain_order="left",
        )
        .with_columns(figure=pl.col("amount_printed").str.replace_all(r"\s", ""))
    )
    fine = pl.col("figure").str.contains(rule.options["figure"])
    return verdicts(
        found.with_columns(
            conclusion=conclusion(fine),
            place=pl.concat_str(
                pl.coalesce("subject_code", "item"), "measure", separator=".", ignore_nulls=True
            ),
            left_text=pl.when(fine.not_()).then(pl.col("amount_printed")),
            left_cell=pl.when(fine.not_()).then(pl.col("cell_id")),
            left_locator=place_of("cell_id"),
            note=pl.when(fine.not_()).then(pl.lit("金额没有印足两位小数")),
        )
    )


@rule_function("figures_unbroken")
def figures_unbroken(rule: Rule, year: Year) -> pl.DataFrame:
    """F43: no figure holds blanks or full-width digits; counted by statement and by part of the text."""
    odd = pl.col("amount_printed").str.contains(rule.options["broken"])
    tables = (
        year.tables["fact_line_item"]
        .filter(pl.col("status") == "printed")
        .group_by("statement_id", maintain_order=True)
        .agg(
            seen=pl.len(),
            odd=odd.sum(),
            left_text=pl.col("amount_printed").filter(odd).first(),
            left_locator=place_of("cell_id").filter(odd).first(),
        )
        .join(statements(year).select("statement_id", "document_id", "about"), on="statement_id")
    )
    text = (
        marks(year, *rule.options["marks"])
        .group_by("document_id", "section", maintain_order=True)
        .agg(
            seen=pl.len(),
            odd=pl.len(),
            left_text=pl.col("text").first(),
            left_locator=pl.col("locator").first(),
        )
        .rename({"section": "about"})
    )
    return verdicts(
        pl.concat([tables, text], how="diagonal_relaxed").with_columns(
            conclusion=conclusion(pl.col("odd") == 0),
            note=pl.when(pl.col("odd") > 0)
            .then(pl.format("{} 处数字里夹有空格或全角字符，读数时已去掉", "odd"))
            .otherwise(pl.format("核对 {} 处", "seen")),
        )
    )
