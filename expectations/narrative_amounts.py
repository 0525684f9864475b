"""Rules on amounts and numbers of things in the running text: what the tables print, and what is said twice.

Belongs here: a stated figure against its cell, against another statement of it, and how it is written.
Does not belong here: sums of stated figures (``narrative_sums``) and rates (``narrative_rates``).
"""

from __future__ import annotations

import polars as pl

from expectations.figures import BROKEN_STATES, YUAN, Year
from expectations.narrative_claims import DOCUMENT, claims_of, named, of_kind, stated, worst_of_subject
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import concluded, place

_STATED = ("金额", "数量")
# What ``judged`` gives beside the conclusion, under the names of a verdict.
JUDGED = ("left_value", "right_value", "difference", "tolerance")


def judged(relation: str = "=") -> list[pl.Expr]:
    """What is said of ``left`` and ``right`` with ``left_half`` and ``right_half``, shown by ``factor``.

    ``conclusion``, and ``left_value``, ``right_value``, ``difference``, ``tolerance`` in the printed unit.
    """
    difference = (pl.col("left") - pl.col("right")).cast(YUAN)
    tolerance = (pl.col("left_half") + pl.col("right_half")).cast(YUAN)
    excess = {"=": difference.abs(), "≤": difference, "≥": -difference}[relation]
    return [
        concluded(excess, tolerance).alias("conclusion"),
        in_unit(pl.col("left")).alias("left_value"),
        in_unit(pl.col("right")).alias("right_value"),
        in_unit(difference).alias("difference"),
        in_unit(tolerance).alias("tolerance"),
    ]


def in_unit(value: pl.Expr) -> pl.Expr:
    """A value in 元 in the unit that ``factor`` stands for."""
    return (value.cast(YUAN) / pl.col("factor").cast(YUAN)).cast(pl.Decimal(24, 6), strict=False)


def unbound(claims: pl.DataFrame) -> pl.DataFrame:
    """不适用 for documents whose figures could not be brought to a cell, with how many they are."""
    counted = claims.filter(pl.col("cell_id").is_null()).group_by(DOCUMENT).agg(pl.len().alias("figures"))
    return counted.select(
        DOCUMENT,
        conclusion=pl.lit("不适用"),
        subject=pl.lit("整份文档"),
        note=pl.concat_str(pl.lit("说明中的 "), "figures", pl.lit(" 个数在表中没有对应的单元格")),
    )


@rule_function("stated_in_table")
def stated_in_table(rule: Rule, year: Year) -> pl.DataFrame:
    """Each figure that the text states is the one in its cell.

    ``options``: ``forms`` whose cells are meant, ``items`` of them (all, if none are named).
    """
    options = rule.options
    meant = pl.col("form").is_in(options["forms"])
    if "items" in options:
        meant &= pl.col("item").is_in(options["items"])
    claims = of_kind(claims_of(year), *_STATED).filter(meant)
    return pl.concat([against_cells(claims), unbound(claims)], how="diagonal_relaxed")


def against_cells(claims: pl.DataFrame) -> pl.DataFrame:
    """A verdict for each address and period that claims are bound to: the claim that differs most."""
    bound = claims.filter(pl.col("cell_value").is_not_null()).with_columns(
        left="amount", right="cell_value", left_half="half", right_half="cell_half"
    )
    apart = (pl.col("amount") - pl.col("cell_value")).abs().cast(YUAN)
    bound = bound.sort(DOCUMENT, apart, descending=[False, True], maintain_order=True)
    judged_columns = bound.with_columns(judged())
    sure = pl.col("doubt").is_null()
    return judged_columns.select(
        DOCUMENT,
        *JUDGED,
        conclusion=pl.when(sure).then("conclusion").otherwise(pl.lit("无法核对")),
        subject=pl.concat_str("about", "period", separator="."),
        unit="unit",
        left_text="shown",
        right_text="cell_shown",
        right_cell="cell_id",
        left_locator="place",
        right_locator=place("cell_id"),
        note="doubt",
    ).pipe(worst_of_subject)


@rule_function("stated_twice")
def stated_twice(rule: Rule, year: Year) -> pl.DataFrame:
    """A figure that the text states in several places is the same in all of them.

    The greatest and the smallest of one address, kind, period and whole are compared. Without an address
    only ``options.objects`` are one thing wherever they are named.
    """
    meant = pl.col("form").is_not_null() | pl.col("object").is_in(rule.options["objects"])
    claims = claims_of(year).filter(meant & ~pl.col("nested") & ~pl.col("nil"))
    # An increase and a decrease of one thing are two figures, and so are shares of two wholes.
    signed = pl.when(pl.col("direction") == "减").then(-pl.col("amount")).otherwise("amount").cast(YUAN)
    same_unit = pl.when(pl.col("kind").is_in(["金额", "增减额"])).then(pl.lit("元")).otherwise("unit")
    told = [DOCUMENT, "about", "kind", "period", "same_unit", "whole"]
    claims = claims.with_columns(signed=signed, same_unit=same_unit).filter((pl.len() > 1).over(told))
    ordered = claims.sort("signed", maintain_order=True)
    columns = ["signed", "half", "shown", "place", "unit", "factor"]
    ends = ordered.group_by(told, maintain_order=True).agg(
        *(pl.col(c).first().alias(f"low_{c}") for c in columns),
        *(pl.col(c).last().alias(f"high_{c}") for c in columns),
        times=pl.len(),
    )
    ends = ends.with_columns(
        left="high_signed",
        right="low_signed",
        left_half="high_half",
        right_half="low_half",
        factor="high_factor",
    )
    return ends.with_columns(judged()).select(
        DOCUMENT,
        *JUDGED,
        "conclusion",
        subject=pl.concat_str(
            "about", "kind", "period", "same_unit", named(pl.col("whole")), separator=".", ignore_nulls=True
        ),
        unit="high_unit",
        left_text="high_shown",
        right_text="low_shown",
        left_locator="high_place",
        right_locator="low_place",
        note=pl.concat_str(pl.lit("文中 "), "times", pl.lit(" 处")),
    )


@rule_function("running_costs_within_public_funds")
def running_costs_within_public_funds(rule: Rule, year: Year) -> pl.DataFrame:
    """机关运行经费 is a part of the 公用经费 of the basic expenditure."""
    stated_costs = stated(claims_of(year)).filter(pl.col("object") == "机关运行经费")
    cells = year.figures["basic_expenditure"].filter(pl.col("item") == "公用经费合计")
    return _against(stated_costs, _total(cells, year), "机关运行经费 ≤ 公用经费合计", "≤")


def _total(cells: pl.DataFrame, year: Year) -> pl.DataFrame:
    """The cells of each document added up, where one is printed."""
    states = year.statements.select("statement_id", "state")
    broken = pl.col("state").is_in(BROKEN_STATES) | pl.col("doubtful")
    return (
        cells.filter(pl.col("copy") == 0)
        .join(states, on="statement_id", how="left")
        .group_by(DOCUMENT, maintain_order=True)
        .agg(
            right=pl.col("value").sum().cast(YUAN),
            right_half=pl.col("half").filter(pl.col("value") != 0).sum().cast(YUAN),
            figures=pl.col("value").is_not_null().sum(),
            right_cell=pl.col("cell_id").filter(pl.col("value").is_not_null()).str.join(","),
            right_text=pl.concat_str("label", pl.lit(" "), pl.col("printed"), ignore_nulls=True)
            .filter(pl.col("value").is_not_null())
            .str.join(" + "),
            doubtful=broken.any(),
        )
        .filter((pl.col("figures") > 0) | pl.col("doubtful"))
    )


def _against(claims: pl.DataFrame, totals: pl.DataFrame, subject: str, relation: str) -> pl.DataFrame:
    both = claims.join(totals, on=DOCUMENT, how="inner", maintain_order="left")
    both = both.with_columns(left="amount", left_half="half").with_columns(judged(relation))
    return both.select(
        DOCUMENT,
        *JUDGED,
        conclusion=pl.when("doubtful").then(pl.lit("无法核对")).otherwise("conclusion"),
        subject=pl.lit(subject),
        unit="unit",
        left_text="shown",
        right_text="right_text",
        right_cell="right_cell",
        left_locator="place",
        right_locator=place("right_cell"),
        note=pl.when("doubtful").then(pl.lit("所需的数待核，或报表不完整")),
    ).pipe(worst_of_subject)


@rule_function("written_numbers")
def written_numbers(rule: Rule, year: Year) -> pl.DataFrame:
    """How amounts are written: thousands marked right or not at all, no more than two decimals in 万元."""
    claims = claims_of(year).filter(pl.col("kind").is_in(["金额", "增减额"]) & ~pl.col("nil"))
    digits = pl.col("value_printed").str.normalize("NFKC").str.replace_all(r"\s", "")
    grouped = digits.str.contains(",", literal=True)
    wrong = grouped & ~digits.str.contains(r"^-?\d{1,3}(,\d{3})+(\.\d+)?$")
    long = (pl.col("unit") == "万元") & (pl.col("decimals") > 2)
    claims = claims.with_columns(
        fault=pl.when(wrong).then(pl.lit("千分位不规范")).when(long).then(pl.lit("万元的小数多于两位")),
        grouped=grouped,
        plain=~grouped & digits.str.contains(r"^-?\d{4,}"),
    )
    single = claims.filter(pl.col("fault").is_not_null()).select(
        DOCUMENT,
        conclusion=pl.lit("不成立"),
        subject=pl.concat_str("about", "kind", "period", separator="."),
        left_text="shown",
        left_locator="place",
        note="fault",
    )
    mixed = claims.group_by(DOCUMENT, maintain_order=True).agg(
        pl.col("shown").filter("grouped").first().alias("left_text"),
        pl.col("place").filter("grouped").first().alias("left_locator"),
        pl.col("shown").filter("plain").first().alias("right_text"),
        pl.col("place").filter("plain").first().alias("right_locator"),
    )
    both = pl.col("left_text").is_not_null() & pl.col("right_text").is_not_null()
    mixed = mixed.with_columns(
        conclusion=pl.when(both).then(pl.lit("不成立")).otherwise(pl.lit("成立")),
        subject=pl.lit("千分位写法一致"),
        note=pl.when(both).then(pl.lit("千分位有的写、有的不写")),
    )
    return pl.concat([mixed, single], how="diagonal_relaxed").pipe(worst_of_subject)
