"""Rules on how many self-evaluations there are, to whom a score belongs, and what they cover.

Belongs here: statements of 情况说明 about the forms together. Does not belong here: what it says of one
project (``performance_narrative``).
"""

from __future__ import annotations

import polars as pl

from expectations import sides
from expectations.figures import Year
from expectations.form_verdicts import folded
from expectations.performance import DOCUMENT, FORM, figures_of, forms_of, funding_of, of_family, table_of
from expectations.performance_links import name_key
from expectations.performance_narrative import claim_cells, counts, spoken
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import judge

_SHOWN = pl.Decimal(24, 6)


# --- to whom a score belongs --------------------------------------------------------------------


@rule_function("scores_of_their_objects")
def scores_of_their_objects(rule: Rule, year: Year) -> pl.DataFrame:
    """D02: a score stated of projects is that of a project's form, one of units that of a unit's form.

    One score stated of several is that of none of them: a W where the other forms have other totals.
    """
    claims = spoken(year, rule)
    scores = claims.filter(what="total_score").with_columns(value=pl.col("value").cast(_SHOWN))
    several = counts(claims, "").group_by(DOCUMENT, "sentence").agg(said=pl.col("value").max())
    forms = forms_of(year).select(
        DOCUMENT, FORM, "family", "form", "locator", value=pl.col("total_score").cast(_SHOWN)
    )
    found = [
        _attributed(
            about,
            scores.filter(pl.col("sentence").str.contains(group["says"])).join(
                several, on=[DOCUMENT, "sentence"], how="left", maintain_order="left"
            ),
            forms.filter(pl.col("family").is_in(group["families"])),
            forms.filter(pl.col("family").is_in(group["others"])),
        )
        for about, group in rule.options["objects"].items()
    ]
    return pl.concat(found, how="diagonal_relaxed")


def _attributed(about: str, scores: pl.DataFrame, own: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Scores stated of ``about``, whose forms are ``own``: whether one of these has it."""
    key = [DOCUMENT, "value"]
    mine = own.group_by(key, maintain_order=True).agg(
        good=pl.len(), own_form=pl.col("form").first(), form_place=pl.col("locator").first()
    )
    known_of = own.group_by(DOCUMENT).agg(forms=pl.len(), totals=pl.col("value").count())
    wrong = others.drop_nulls("value").unique(key, keep="first", maintain_order=True)
    judged = (
        scores.join(known_of, on=DOCUMENT, how="inner", maintain_order="left")
        .join(mine.drop_nulls("value"), on=key, how="left", maintain_order="left")
        .join(
            wrong.select(*key, other="form", other_place="locator"),
            on=key,
            how="left",
            maintain_order="left",
        )
    )
    good, belongs = pl.col("good").is_not_null(), pl.col("other").is_not_null()
    shared = good & (pl.col("said") > 1) & (pl.col("good") < pl.col("forms"))
    known = pl.col("totals") == pl.col("forms")
    return judged.select(
        DOCUMENT,
        conclusion=pl.when((shared & known) | (~good & belongs))
        .then(pl.lit("不成立"))
        .when(shared | ~good)
        .then(pl.lit("无法核对"))
        .otherwise(pl.lit("成立")),
        severity=pl.when(shared).then(pl.lit("W")),
        subject=pl.format("情况说明.{}的得分 {}", pl.lit(about), pl.int_range(pl.len()).over(DOCUMENT) + 1),
        left_text="shown",
        right_text=pl.when(good).then("own_form").otherwise("other"),
        left_locator="place",
        right_locator=pl.when(good).then("form_place").otherwise("other_place"),
        note=pl.when(shared)
        .then(
            pl.format(
                "说明写的是 {} 个对象，这个得分却只是其中「{}」的总分",
                pl.col("said").cast(pl.Int64),
                "own_form",
            )
        )
        .when(~good & belongs)
        .then(pl.format(f"这是「{{}}」的总分，说明写作{about}的得分", "other"))
        .when(~good)
        .then(pl.lit("附件里没有这个总分的自评表")),
    )


# --- how many there are -------------------------------------------------------------------------


@rule_function("forms_as_many_as_stated")
def forms_as_many_as_stated(rule: Rule, year: Year) -> pl.DataFrame:
    """D03, D07: as many forms are attached as the text says were evaluated (``options.counts``).

    A sentence that lists the names of projects (《…》) is held to their number as well.
    """
    claims = spoken(year, rule)
    found = []
    for group in rule.options["counts"]:
        forms = of_family(year, *group["families"])
        there = forms.group_by(DOCUMENT, maintain_order=True).agg(
            there=pl.len(), right_locator=pl.col("locator").first()
        )
        said = counts(claims, group["object"]).filter(pl.col("sentence").str.contains(group["says"]))
        said = said.unique([DOCUMENT], keep="first", maintain_order=True)
        both = said.join(there, on=DOCUMENT, how="left", maintain_order="left")
        if group.get("listed"):
            both = both.with_columns(
                there=pl.col("sentence").str.count_matches(group["listed"]), right_locator="place"
            )
            both = both.filter(pl.col("there") > 1)
        stated, count = pl.col("value").cast(_SHOWN), pl.col("there").fill_null(0).cast(_SHOWN)
        right = stated == count
        found.append(
            both.select(
                DOCUMENT,
                conclusion=pl.when(right).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
                subject=pl.lit(f"情况说明.{group['name']}"),
                left_value=stated,
                right_value=count,
                difference=stated - count,
                tolerance=pl.lit(0).cast(_SHOWN),
                unit=pl.lit("个"),
                left_text=pl.format("说明：{} 个", "value_printed"),
                right_text=pl.format(
                    f"{group['counted']} {{}} {group['measure']}", pl.col("there").fill_null(0)
                ),
                left_locator="place",
                right_locator="right_locator",
            )
        )
    return pl.concat(found, how="diagonal_relaxed")


# --- sums of forms ------------------------------------------------------------------------------


@rule_function("evaluated_within_projects")
def evaluated_within_projects(rule: Rule, year: Year) -> pl.DataFrame:
    """D01: what the evaluated projects spent is within the 项目支出; the note gives the share of it."""
    forms = of_family(year, *rule.options["families"])
    executed = figures_of(year).filter(what="executed_amount").join(forms, on=FORM, how="semi")
    known = executed.filter(~pl.col("doubtful"))
    unknown = forms.join(known, on=FORM, how="anti").group_by(DOCUMENT).agg(unknown=pl.len())
    total = year.told["expenditure"].filter((pl.col("item") == "合计") & (pl.col("measure") == "项目支出"))
    named = total.with_columns(
        shown=pl.concat_str(pl.lit("支出决算表·合计·项目支出 "), "printed"), taken=pl.lit(False)
    )
    left, right = sides.sums(known, (DOCUMENT,)), sides.sums(named, (DOCUMENT,))
    both = left.join(right, on=DOCUMENT, how="inner", suffix="_right")
    share = (pl.col("left_value") * 100 / pl.col("right_value")).cast(pl.Float64).round(2).cast(pl.String)
    coverage = pl.when(pl.col("right_value") > 0).then(pl.format("自评项目执行数占项目支出的 {}%", share))
    missing = pl.when(pl.col("unknown").is_not_null()).then(
        pl.format("另有 {} 张自评表的执行金额没有印出或待核", "unknown")
    )
    return (
        judge("≤", both, (DOCUMENT,))
        .join(unknown, on=DOCUMENT, how="left", maintain_order="left")
        .with_columns(
            subject=pl.lit("自评项目执行数之和"),
            # A sum that is small is no rounding: only above the 项目支出 is there something to explain.
            note=pl.concat_str([pl.col("note"), coverage, missing], separator="；", ignore_nulls=True),
        )
    )


@rule_function("transfers_as_stated")
def transfers_as_stated(rule: Rule, year: Year) -> pl.DataFrame:
    """D14: the budgets of the evaluated transfers make the amount that the text states of them.

    It is meant where the sentence names at least one of them. A row that prints its executed amount and a
    rate of 100 % alone has a budget of that amount.
    """
    forms = of_family(year, *rule.options["families"])
    claims = spoken(year, rule).filter(
        (pl.col("kind") == "金额")
        & pl.col("object").str.contains(rule.options["money"])
        & (pl.col("amount") > 0)
    )
    names = folded(
        forms.filter(pl.col("project_name").is_not_null()), "project_name", "project_key", name_key
    )
    named = folded(claims, "sentence", "folded", name_key).join(
        names.select(DOCUMENT, "project_key"), on=DOCUMENT, how="inner"
    )
    meant = named.filter(pl.col("folded").str.contains(pl.col("project_key"), literal=True))
    stated = claims.join(meant, on=[DOCUMENT, "claim_id"], how="semi", maintain_order="left").unique(
        DOCUMENT, keep="first", maintain_order=True
    )
    totals = funding_of(year).filter(
        (pl.col("kind") == "合计") & pl.col("family").is_in(rule.options["families"])
    )
    budgets = totals.filter(what="budget_amount")
    rows = table_of(year, "fact_performance_funding")
    whole = rows.filter((pl.col("kind") == "合计") & (pl.col("execution_rate") == 100)).select(FORM)
    spent = (
        totals.filter(what="executed_amount")
        .join(budgets, on=FORM, how="anti")
        .join(whole, on=FORM, how="semi")
    )
    cells = pl.concat([budgets, spent]).with_columns(
        shown=pl.concat_str("form", pl.lit(" "), pl.col("shown").str.split(" ").list.last())
    )
    without = forms.join(cells, on=FORM, how="anti").group_by(DOCUMENT).agg(without=pl.len())
    both = sides.sums(claim_cells(stated), (DOCUMENT,)).join(
        sides.sums(cells, (DOCUMENT,)), on=DOCUMENT, how="inner", suffix="_right"
    )
    unsure = pl.col("without").is_not_null()
    return (
        judge("=", both, (DOCUMENT,))
        .join(without, on=DOCUMENT, how="left", maintain_order="left")
        .with_columns(
            subject=pl.lit("情况说明.转移支付项目的资金"),
            left_cell=pl.lit(None, pl.String),
            conclusion=pl.when(unsure & (pl.col("conclusion") == "不成立"))
            .then(pl.lit("无法核对"))
            .otherwise("conclusion"),
            note=pl.when(unsure)
            .then(pl.format("有 {} 张自评表的预算数没有印出或待核", "without"))
            .otherwise("note"),
        )
    )
