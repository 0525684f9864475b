"""Rules on the indicators of performance forms: units, what was reached, targets of two periods.

Belongs here: what is judged by targets and achievements. Does not belong here: the sums of scores
(``performance_scores``).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from expectations.figures import YUAN, Year
from expectations.performance import (
    FORM,
    KEYS,
    beside,
    figures_of,
    funding_of,
    indicators_of,
    name_of,
    of_family,
    told,
    written,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import place

_SHOWN = pl.Decimal(24, 6)


def _class_of(unit: pl.Expr, classes: dict[str, str]) -> pl.Expr:
    """The kind of thing that a unit measures: the first pattern of ``classes`` that it matches."""
    found = pl.lit(None, pl.String)
    for name, pattern in reversed(classes.items()):
        found = pl.when(unit.str.contains(pattern)).then(pl.lit(name)).otherwise(found)
    return found


@rule_function("units_of_indicators")
def units_of_indicators(rule: Rule, year: Year) -> pl.DataFrame:
    """P06: target and achievement measure the same, what is an amount is in money, no rate is above 100 %.

    ``options.classes`` are kinds of units; a number without a unit is no share. ``options.amounts`` names
    what must be in money, ``options.rates`` and ``options.unbounded`` the rates that cannot, or may, pass
    100.
    """
    classes: dict[str, str] = rule.options["classes"]
    rows = indicators_of(year).with_columns(
        name=pl.col("level3").str.replace_all(r"\s", ""),
        wanted=_class_of(pl.col("target_unit"), classes),
        done=_class_of(pl.col("achieved_unit"), classes),
    )
    number, value = pl.col("target_value").is_not_null(), pl.col("achieved_value").is_not_null()
    wanted, done = pl.col("wanted"), pl.col("done")
    share = (wanted == "比率").fill_null(False) != (done == "比率").fill_null(False)
    other = wanted.is_not_null() & done.is_not_null() & (wanted != done)
    both = number & value
    names = pl.col("name")
    money = names.str.contains(rule.options["amounts"]) & number & wanted.is_not_null()
    rates = (
        names.str.contains(rule.options["rates"])
        & ~names.str.contains(rule.options["unbounded"])
        & value
        & (done == "比率")
    )
    above = rates & (pl.col("achieved_value") > 100)
    fault = (
        pl.when(both & (share | other))
        .then(pl.lit("指标值与完成值的计量单位不同，不能比较"))
        .when(money & (wanted != "金额"))
        .then(pl.lit("指标说的是金额，指标值的单位却不是金额"))
        .when(above)
        .then(pl.lit("完成值大于 100%"))
    )
    judged = rows.filter(both | money | rates).with_columns(fault=fault)
    return _faults(year, judged, rule.options["fine"])


def _faults(year: Year, judged: pl.DataFrame, fine: str) -> pl.DataFrame:
    """A verdict on each indicator with a ``fault``, and one 成立 for each form without any."""
    reached, wanted = pl.col("achieved").is_not_null(), pl.col("target").fill_null("空白")
    bad = judged.filter(pl.col("fault").is_not_null()).select(
        *KEYS,
        "name",
        conclusion=pl.lit("不成立"),
        left_text=pl.when(reached)
        .then(pl.format("「{}」完成值 {}", "name", "achieved"))
        .otherwise(pl.format("「{}」指标值 {}", "name", wanted)),
        right_text=pl.when(reached).then(pl.format("指标值 {}", wanted)),
        left_cell=pl.coalesce("achieved_cell", "target_cell", "cell_id"),
        right_cell=pl.when(reached).then("target_cell"),
        left_locator=place("cell_id"),
        right_locator=pl.when(reached).then(place("target_cell")),
        note="fault",
    )
    good = (
        judged.join(bad, on=FORM, how="anti")
        .group_by(KEYS, maintain_order=True)
        .agg(pl.len(), cell=pl.col("cell_id").first())
        .select(
            *KEYS,
            conclusion=pl.lit("成立"),
            note=pl.format("核对指标 {} 个", "len"),
            left_cell="cell",
            left_locator=place("cell"),
        )
    )
    return pl.concat([told(year, bad, pl.col("name")), told(year, good, fine)], how="diagonal_relaxed")


@rule_function("full_marks_are_earned")
def full_marks_are_earned(rule: Rule, year: Year) -> pl.DataFrame:
    """P14: what stays below its target has no full marks, and what was hardly begun no high score.

    ``options.groups``: of the families that score whole groups, the score and its full mark by 一级指标;
    ``options.less_is_better`` are the 二级指标 whose targets are upper bounds. ``options.begun`` is the
    least share (%) of the money to have been spent for a total of ``options.high`` or more.
    """
    judged = _below(rule, year).with_columns(
        fault=pl.when(pl.col("below") & (pl.col("got") >= pl.col("full"))).then(
            pl.concat_str(
                pl.lit("没有达到指标值，"), "scored", pl.lit("仍得满分 "), written("got"), pl.lit(" 分")
            )
        )
    )
    return pl.concat(
        [_faults(year, judged, "满分"), told(year, _hardly_begun(rule, year), "零执行")],
        how="diagonal_relaxed",
    )


def _below(rule: Rule, year: Year) -> pl.DataFrame:
    """Indicators with numbers on both sides and a score of their own or of their group: ``below``."""
    operator = pl.coalesce("operator", pl.col("target").str.extract(r"^\s*([≥≤<>＞＜=]=?|大于|小于)"))
    at_most = operator.str.contains(r"^(?:≤|<|＜|小于)") | (
        operator.is_null() & pl.col("level2").str.contains(rule.options["less_is_better"])
    )
    same = pl.col("target_unit").fill_null("") == pl.col("achieved_unit").fill_null("")
    short = (
        pl.when(at_most.fill_null(False))
        .then(pl.col("achieved_value") > pl.col("target_value"))
        .otherwise(pl.col("achieved_value") < pl.col("target_value"))
    )
    rows = (
        indicators_of(year)
        .filter(same & pl.col("target_value").is_not_null() & pl.col("achieved_value").is_not_null())
        .with_columns(name="level3", below=short)
    )
    own = rows.filter(pl.col("weight").is_not_null() & pl.col("score").is_not_null()).with_columns(
        got=pl.col("score").cast(YUAN), full=pl.col("weight").cast(YUAN), scored=pl.lit("该指标")
    )
    scores = figures_of(year).filter(~pl.col("doubtful")).select(FORM, "what", got="value")
    groups: list[dict[str, Any]] = rule.options["groups"]
    table = pl.DataFrame(
        [{key: str(value) for key, value in group.items()} for group in groups],
        schema={"level1": pl.String, "what": pl.String, "full": pl.String},
    ).with_columns(
        pl.col("full").cast(YUAN),
        scored=pl.col("what").replace_strict({group["what"]: name_of(group["what"]) for group in groups}),
    )
    of_group = (
        rows.filter(pl.col("family").is_in(rule.options["grouped"]))
        .with_columns(level1=pl.col("level1").str.replace_all(r"\s", "").str.strip_suffix("指标"))
        .join(table, on="level1", how="inner", maintain_order="left")
        .join(scores, on=[FORM, "what"], how="inner", maintain_order="left")
    )
    return pl.concat([own, of_group], how="diagonal_relaxed")


def _hardly_begun(rule: Rule, year: Year) -> pl.DataFrame:
    """Forms that spent hardly anything of what they were given, with their totals."""
    forms = of_family(year, *rule.options["families"]).with_columns(
        given=pl.coalesce("received_amount", "budget_amount")
    )
    asked = forms.filter(
        (pl.col("given") > 0)
        & pl.col("executed_amount").is_not_null()
        & pl.col("total_score").is_not_null()
        & (pl.col("executed_amount") * 100 < pl.col("given") * rule.options["begun"])
    )
    totals = figures_of(year).filter(what="total_score").select(FORM, total_cell="cell_id")
    executed = figures_of(year).filter(what="executed_amount").select(FORM, "shown", executed_cell="cell_id")
    high = pl.col("total_score") >= rule.options["high"]
    return (
        asked.join(totals, on=FORM, how="left", maintain_order="left")
        .join(executed, on=FORM, how="left", maintain_order="left")
        .select(
            *KEYS,
            conclusion=pl.when(high).then(pl.lit("不成立")).otherwise(pl.lit("成立")),
            left_value=pl.col("total_score").cast(_SHOWN),
            unit=pl.lit("分"),
            left_text=pl.concat_str(pl.lit("总分 "), written("total_score")),
            right_text="shown",
            left_cell="total_cell",
            right_cell="executed_cell",
            left_locator=place("total_cell"),
            right_locator=place("executed_cell"),
            note=pl.when(high).then(
                pl.lit(f"资金执行不到 {rule.options['begun']}%，总分仍在 {rule.options['high']} 分以上")
            ),
        )
    )


@rule_function("targets_of_both_periods")
def targets_of_both_periods(rule: Rule, year: Year) -> pl.DataFrame:
    """P18: a target form of one year has the same amount and targets for both periods, each in its class.

    ``options.one_year`` are forms of one year by their fields; ``options.misplaced`` by 二级指标 names that
    belong elsewhere.
    """
    forms = of_family(year, *rule.options["families"])
    fields = year.tables.get("performance_field")
    pattern = rule.options["one_year"]
    one = (
        fields.filter(
            pl.col("field").is_in(list(pattern["fields"])) & pl.col("text").str.contains(pattern["says"])
        )
        if fields is not None
        else forms
    )
    single = forms.join(one.select(FORM).unique(), on=FORM, how="semi", maintain_order="left")
    rows = indicators_of(year).join(single, on=FORM, how="semi", maintain_order="left")
    rows = rows.with_columns(name=pl.col("level3"), said=pl.col("target").str.replace_all(r"\s", ""))
    whole_term = rows.filter(period="实施期").select(FORM, "level1", "level2", term="said")
    of_year = rows.filter(period="年度")
    level = pl.col("level2").str.slice(0, rule.options["level"])
    pairs = of_year.with_columns(level=level).join(
        whole_term.with_columns(level=level), on=[FORM, "level"], how="left", maintain_order="left"
    )
    # A text that is cut off says the same as far as it goes.
    same = (pl.col("said") == pl.col("term")) | (
        (pl.col("said").str.len_chars() >= rule.options["cut"])
        & (pl.col("term").str.starts_with(pl.col("said")) | pl.col("said").str.starts_with(pl.col("term")))
    )
    both = of_year.join(whole_term, on=FORM, how="semi", maintain_order="left")
    found = pairs.filter(same.fill_null(False)).select(FORM, "seq").unique()
    elsewhere = both.join(found, on=[FORM, "seq"], how="anti").select(FORM, "seq", odd=pl.lit(True))
    judged = both.join(elsewhere, on=[FORM, "seq"], how="left", maintain_order="left").with_columns(
        fault=pl.when(pl.col("odd")).then(
            pl.lit("一年期的项目，年度目标的这个指标值在实施期目标的同类指标里没有")
        )
    )
    misplaced = pl.lit(False)
    for level2, pattern_of in rule.options["misplaced"].items():
        misplaced = misplaced | (
            pl.col("level2").str.contains(level2) & pl.col("level3").str.contains(pattern_of)
        )
    classed = rows.filter(misplaced.fill_null(False) & (pl.col("period") == "实施期")).with_columns(
        fault=pl.format("指标不属于{}", "level2")
    )
    return pl.concat(
        [
            _faults(year, pl.concat([judged.drop("odd"), classed], how="diagonal_relaxed"), "两个期间的指标"),
            told(year, _amounts_of_both(year, single), "资金总额"),
        ],
        how="diagonal_relaxed",
    )


def _amounts_of_both(year: Year, forms: pl.DataFrame) -> pl.DataFrame:
    totals = funding_of(year).filter(kind="合计", what="budget_amount").join(forms, on=FORM, how="semi")
    return beside("=", totals.filter(period="年度"), totals.filter(period="实施期"))
