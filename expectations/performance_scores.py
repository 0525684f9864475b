"""Rules on the scores of performance forms: sums, full marks, and none lost for nothing.

Belongs here: what is judged by scores. Does not belong here: rates and amounts (``performance_rates``,
``performance_amounts``), and what indicators reached (``performance_indicators``).
"""

from __future__ import annotations

import polars as pl

from expectations.figures import YUAN, Year
from expectations.performance import (
    FORM,
    KEYS,
    as_cells,
    beside,
    figures_of,
    indicators_of,
    lacking,
    name_of,
    of_family,
    tasks_of,
    told,
    unless_broken,
    whole,
    with_allowance,
    written,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import place

_SHOWN = pl.Decimal(24, 6)


# --- sums ---------------------------------------------------------------------------------------


@rule_function("scores_make_total")
def scores_make_total(rule: Rule, year: Year) -> pl.DataFrame:
    """P01: the total is the sum of its parts.

    ``options.parts`` are the parts by family; in families of ``options.rows`` the total is that of the scores
    of tasks and indicators. ``options.within`` is how far scores may differ.
    """
    figures, within = figures_of(year), rule.options["within"]
    found = []
    for family, parts in rule.options["parts"].items():
        forms, wanted = of_family(year, family), ("total_score", *parts)
        printed = whole(figures.join(forms, on=FORM, how="semi"), wanted)
        total = with_allowance(printed.filter(what="total_score"), within)
        found += [
            told(year, beside("=", total, printed.filter(pl.col("what").is_in(parts))), "总分"),
            told(year, lacking(forms, figures, wanted), "总分"),
        ]
    forms = of_family(year, *rule.options["rows"])
    total = figures.join(forms, on=FORM, how="semi").filter(what="total_score")
    found.append(
        told(
            year,
            unless_broken(year, beside("=", with_allowance(total, within), scores_of_rows(year))),
            "总分",
        )
    )
    return pl.concat(found, how="diagonal_relaxed")


@rule_function("total_of_subtotals")
def total_of_subtotals(rule: Rule, year: Year) -> pl.DataFrame:
    """P03: total = indicators + execution − deduction, and the subtotal of indicators is their sum."""
    figures, within = figures_of(year), rule.options["within"]
    forms = of_family(year, *rule.options["families"])
    wanted = ("total_score", "indicator_subtotal", "execution_score")
    printed = whole(figures.join(forms, on=FORM, how="semi"), wanted)
    taken = figures.filter(what="deduction").join(printed, on=FORM, how="semi")
    parts = pl.concat(
        [
            printed.filter(pl.col("what") != "total_score"),
            taken.with_columns(value=-pl.col("value"), taken=pl.lit(True)),
        ]
    )
    total = with_allowance(printed.filter(what="total_score"), within)
    subtotal = figures.filter(what="indicator_subtotal").join(forms, on=FORM, how="semi")
    return pl.concat(
        [
            told(year, beside("=", total, parts), "总分"),
            told(year, lacking(forms, figures, wanted), "总分"),
            told(
                year,
                unless_broken(year, beside("=", with_allowance(subtotal, within), scores_of_rows(year))),
                "指标得分小计",
            ),
        ],
        how="diagonal_relaxed",
    )


def scores_of_rows(year: Year) -> pl.DataFrame:
    """The scores of tasks and indicators as cells; a row that has a weight and no score is doubtful."""
    columns = (*KEYS, "form", "score", "score_cell", "weight")
    tasks = tasks_of(year).select(*columns, name=pl.concat_str("project", pl.lit("·得分")))
    indicators = indicators_of(year).select(*columns, name=pl.concat_str("level3", pl.lit("·得分")))
    rows = pl.concat([tasks, indicators]).filter(
        pl.col("score").is_not_null() | pl.col("weight").is_not_null()
    )
    return as_cells(
        rows.select(
            *KEYS,
            "form",
            "name",
            value=pl.col("score").cast(YUAN),
            printed=written("score"),
            unit=pl.lit("分"),
            held=pl.col("score").is_null(),
            cell_id=pl.coalesce("score_cell", FORM),
        )
    )


# --- full marks ---------------------------------------------------------------------------------


@rule_function("score_within_full_marks")
def score_within_full_marks(rule: Rule, year: Year) -> pl.DataFrame:
    """P19: no score is above its full mark: those of ``options.full`` by family, or the row's own weight."""
    marks = [
        {"family": family, "what": what, "mark": str(mark)}
        for family, full in rule.options["full"].items()
        for what, mark in full.items()
    ]
    full = pl.DataFrame(marks, schema={"family": pl.String, "what": pl.String, "mark": pl.String})
    figures = figures_of(year).join(full, on=["family", "what"], how="inner")
    names = {column: name_of(column) for column in full["what"].unique()}
    scores = figures.filter(~pl.col("doubtful")).select(
        *KEYS,
        "form",
        "shown",
        "cell_id",
        value="value",
        mark=pl.col("mark").cast(YUAN),
        about=pl.col("what").replace_strict(names, return_dtype=pl.String),
    )
    rows = rows_with_weights(year).select(
        *KEYS,
        "form",
        shown=pl.concat_str("name", pl.lit("·得分 "), written("score")),
        cell_id="score_cell",
        value=pl.col("score").cast(YUAN),
        mark=pl.col("weight").cast(YUAN),
        about="name",
    )
    found = pl.concat([scores, rows])
    over = found["value"] > found["mark"]
    bad = told(year, _against_mark(found.filter(over)), pl.col("about"))
    good = found.filter(~over).join(bad, on=FORM, how="anti").unique(FORM, keep="first", maintain_order=True)
    return pl.concat([bad, told(year, _against_mark(good), "各项得分")], how="diagonal_relaxed")


def _against_mark(scores: pl.DataFrame) -> pl.DataFrame:
    over = pl.col("value") > pl.col("mark")
    return scores.select(
        *KEYS,
        "about",
        conclusion=pl.when(over).then(pl.lit("不成立")).otherwise(pl.lit("成立")),
        left_value=pl.col("value").cast(_SHOWN),
        right_value=pl.col("mark").cast(_SHOWN),
        difference=(pl.col("value") - pl.col("mark")).cast(_SHOWN),
        tolerance=pl.lit(0).cast(_SHOWN),
        unit=pl.lit("分"),
        left_text="shown",
        right_text=pl.format("满分 {}", written("mark")),
        left_cell="cell_id",
        left_locator=place("cell_id"),
    )


def rows_with_weights(year: Year) -> pl.DataFrame:
    """The tasks and indicators that print a weight and a score, with ``share``: how far each was done."""
    columns = (*KEYS, "form", "family", "weight", "score", "score_cell", "weight_cell")
    tasks = tasks_of(year).select(*columns, name="project", share=pl.col("execution_rate") / 100)
    indicators = indicators_of(year).select(*columns, name="level3", share="completion")
    rows = pl.concat([tasks, indicators], how="vertical_relaxed")
    return rows.filter(pl.col("weight").is_not_null() & pl.col("score").is_not_null())


@rule_function("score_follows_completion")
def score_follows_completion(rule: Rule, year: Year) -> pl.DataFrame:
    """P05: the score of a task or indicator is its weight times how far it was done."""
    rows = rows_with_weights(year).filter(pl.col("share").is_not_null())
    product = (pl.col("weight").cast(YUAN) * pl.col("share").cast(YUAN)).cast(YUAN)
    far = (pl.col("score").cast(YUAN) - product).cast(_SHOWN)
    allowed = pl.lit(rule.options["within"]).cast(_SHOWN)
    verdicts = rows.select(
        *KEYS,
        "name",
        conclusion=pl.when(far == 0)
        .then(pl.lit("成立"))
        .when(far.abs() <= allowed)
        .then(pl.lit("尾差"))
        .otherwise(pl.lit("不成立")),
        left_value=pl.col("score").cast(_SHOWN),
        right_value=product.cast(_SHOWN),
        difference=far,
        tolerance=allowed,
        unit=pl.lit("分"),
        left_text=pl.concat_str("name", pl.lit("·得分 "), written("score")),
        right_text=pl.concat_str(
            pl.lit("分值 "), written("weight"), pl.lit(" × 完成程度 "), written("share")
        ),
        left_cell="score_cell",
        right_cell="weight_cell",
        left_locator=place("score_cell"),
        right_locator=place("weight_cell"),
    )
    return told(year, verdicts, pl.col("name"))


@rule_function("nothing_of_nothing")
def nothing_of_nothing(rule: Rule, year: Year) -> pl.DataFrame:
    """P13: where nothing was allotted and nothing spent, no score is lost for the rate of it."""
    tasks = (
        tasks_of(year)
        .filter((pl.col("allotted_amount") == 0) & (pl.col("executed_amount") == 0))
        .filter(pl.col("weight").is_not_null() & pl.col("score").is_not_null())
    )
    rows = tasks.select(
        *KEYS,
        name="project",
        value=pl.col("score").cast(YUAN),
        mark=pl.col("weight").cast(YUAN),
        cell_id="score_cell",
    )
    score = figures_of(year).filter(what="execution_score").filter(~pl.col("doubtful"))
    forms = of_family(year, *rule.options["families"]).filter(
        (pl.col("budget_amount") == 0) & (pl.col("executed_amount") == 0)
    )
    heads = score.join(forms, on=FORM, how="semi").select(
        *KEYS,
        name=pl.lit("执行得分"),
        value="value",
        mark=pl.lit(rule.options["mark"]).cast(YUAN),
        cell_id="cell_id",
    )
    found = pl.concat([rows, heads])
    lost = pl.col("value") < pl.col("mark")
    return told(
        year,
        found.select(
            *KEYS,
            "name",
            conclusion=pl.when(lost).then(pl.lit("不成立")).otherwise(pl.lit("成立")),
            left_value=pl.col("value").cast(_SHOWN),
            right_value=pl.col("mark").cast(_SHOWN),
            difference=(pl.col("value") - pl.col("mark")).cast(_SHOWN),
            unit=pl.lit("分"),
            left_text=pl.concat_str("name", pl.lit(" 得 "), written("value"), pl.lit(" 分")),
            right_text=pl.concat_str(pl.lit("下达 0、执行 0，分值 "), written("mark")),
            left_cell="cell_id",
            left_locator=place("cell_id"),
            note=pl.when(lost).then(pl.lit("没有下达资金，谈不上执行率，却按执行率 0 计了失分")),
        ),
        pl.col("name"),
    )
