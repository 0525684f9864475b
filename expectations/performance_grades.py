"""Rules on what performance forms conclude from their scores: grades, the concluded score, the weights.

Belongs here: what is judged by a scale or by the words about scores. Does not belong here: sums of scores
(``performance_scores``).
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from expectations.figures import YUAN, Year
from expectations.performance import (
    FORM,
    KEYS,
    SCORES,
    as_cells,
    beside,
    fields_of,
    figures_of,
    indicators_of,
    of_family,
    told,
    unless_broken,
    with_allowance,
    written,
)
from expectations.performance_scores import rows_with_weights
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import place

_SHOWN = pl.Decimal(24, 6)


def scale_of(rule: Rule) -> pl.DataFrame:
    """``options.scale`` as rows: family, the lowest score of a grade and the grade."""
    rows = [
        {"family": family, "least": str(least), "grade": grade}
        for family, grades in rule.options["scale"].items()
        for grade, least in grades.items()
    ]
    schema = {"family": pl.String, "least": pl.String, "grade": pl.String}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("least").cast(_SHOWN))


def graded(forms: pl.DataFrame, scale: pl.DataFrame) -> pl.DataFrame:
    """The forms with ``expected``: the grade that the scale gives to their total, null without one."""
    steps = scale.sort("least").rename({"grade": "expected", "least": "total_score"})
    scored = forms.filter(pl.col("total_score").is_not_null()).with_columns(
        pl.col("total_score").cast(_SHOWN)
    )
    found = scored.sort("total_score").join_asof(
        steps.with_columns(least=pl.col("total_score")),
        on="total_score",
        by="family",
        strategy="backward",
        check_sortedness=False,
    )
    return forms.join(found.select(FORM, "expected", "least"), on=FORM, how="left", maintain_order="left")


def with_sound_totals(forms: pl.DataFrame, within: str = "0.01") -> pl.DataFrame:
    """Adds ``sound``: whether the parts, where all four are printed, add up to the total."""
    parts = pl.sum_horizontal(pl.col(column).cast(YUAN) for column in SCORES)
    complete = pl.all_horizontal(pl.col(column).is_not_null() for column in SCORES)
    close = (parts - pl.col("total_score").cast(YUAN)).abs() <= pl.lit(Decimal(within)).cast(YUAN)
    return forms.with_columns(sound=pl.when(complete).then(close).otherwise(pl.lit(True)).fill_null(True))


@rule_function("grade_of_score")
def grade_of_score(rule: Rule, year: Year) -> pl.DataFrame:
    """P08: the printed grade is that of the total; a completion lies in the bracket that is printed."""
    forms = of_family(year, *rule.options["scale"])
    known = graded(with_sound_totals(forms), scale_of(rule)).filter(pl.col("grade").is_not_null())
    total, right = pl.col("total_score"), pl.col("grade") == pl.col("expected")
    cells = (
        fields_of(year, rule.options["concludes"])
        .unique(FORM, keep="first", maintain_order=True)
        .select(FORM, "cell_id")
    )
    totals = figures_of(year).filter(what="total_score").select(FORM, total_cell="cell_id")
    grades = (
        known.join(cells, on=FORM, how="left", maintain_order="left")
        .join(totals, on=FORM, how="left", maintain_order="left")
        .select(
            *KEYS,
            conclusion=pl.when(total.is_null() | (~right & ~pl.col("sound")))
            .then(pl.lit("无法核对"))
            .when(right)
            .then(pl.lit("成立"))
            .otherwise(pl.lit("不成立")),
            left_text=pl.format("等级「{}」", "grade"),
            right_value=total.cast(_SHOWN),
            right_text=pl.format("总分 {}，应为「{}」", written("total_score"), "expected"),
            unit=pl.lit("分"),
            left_cell="cell_id",
            right_cell="total_cell",
            left_locator=pl.coalesce(place("cell_id"), "locator"),
            right_locator=place("total_cell"),
            note=pl.when(total.is_null())
            .then(pl.lit("总分没有印出或待核"))
            .when(~right & ~pl.col("sound"))
            .then(pl.lit("总分与各项得分之和不符，不能断定等级"))
            .when(~right)
            .then(pl.lit("等级与总分所在的档不符")),
        )
    )
    return pl.concat(
        [told(year, grades, "等级"), told(year, _in_bracket(rule, year), pl.col("name"))],
        how="diagonal_relaxed",
    )


def _in_bracket(rule: Rule, year: Year) -> pl.DataFrame:
    """Indicators that print the bracket of their completion («…60%-0%») beside it."""
    found = indicators_of(year).with_columns(
        said=pl.col("achieved").str.replace_all(r"\s", "").str.extract_groups(rule.options["bracket"])
    )
    high, low = (pl.col("said").struct.field(name).cast(_SHOWN, strict=False) for name in ("high", "low"))
    share = pl.col("completion").cast(_SHOWN) * 100
    inside = (share >= low) & (share <= high)
    return (
        found.filter(high.is_not_null() & pl.col("completion").is_not_null())
        .select(
            *KEYS,
            name="level3",
            conclusion=pl.when(inside).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
            left_value=share.cast(_SHOWN),
            right_value=pl.when(share > high).then(high).otherwise(low),
            difference=(share - pl.when(share > high).then(high).otherwise(low)).cast(_SHOWN),
            tolerance=pl.lit(0).cast(_SHOWN),
            unit=pl.lit("%"),
            left_text=pl.concat_str("level3", pl.lit("·完成程度")),
            right_text="achieved",
            left_cell="completion_cell",
            right_cell="achieved_cell",
            left_locator=place("completion_cell"),
            right_locator=place("achieved_cell"),
        )
        .with_columns(
            # Within the bracket there is no bound that it differs from.
            pl.when(pl.col("conclusion") == "不成立").then(pl.col(name)).alias(name)
            for name in ("right_value", "difference")
        )
    )


@rule_function("concluded_score")
def concluded_score(rule: Rule, year: Year) -> pl.DataFrame:
    """P09: the score that the conclusion states is the total."""
    texts = fields_of(year, rule.options["concludes"]).with_columns(
        said=pl.col("text").str.replace_all(r"\s", "").str.extract(rule.options["says"])
    )
    stated = as_cells(
        texts.filter(pl.col("said").is_not_null())
        .unique(FORM, keep="first", maintain_order=True)
        .select(
            *KEYS,
            "form",
            name=pl.lit("自评结论·得分"),
            value=pl.col("said").cast(YUAN),
            printed="said",
            unit=pl.lit("分"),
            held=pl.lit(False),
            cell_id="cell_id",
        )
    )
    total = figures_of(year).filter(what="total_score")
    unknown = stated.join(total, on=FORM, how="anti").select(
        *KEYS,
        conclusion=pl.lit("无法核对"),
        note=pl.lit("总分没有印出"),
        left_text="shown",
        left_cell="cell_id",
        left_locator=place("cell_id"),
    )
    return told(
        year, pl.concat([beside("=", stated, total), unknown], how="diagonal_relaxed"), "自评结论得分"
    )


@rule_function("weights_as_prescribed")
def weights_as_prescribed(rule: Rule, year: Year) -> pl.DataFrame:
    """P17: the printed weights are those prescribed, and the weights of a form's rows make its full marks."""
    parts: dict[str, int] = rule.options["weights"]
    line = pl.col("text").str.replace_all(r"\s", "")
    said = fields_of(year, rule.options["field"]).with_columns(
        line.str.extract(rf"{name}[^\d，,、；;。]*(\d+)分").alias(f"w{number}")
        for number, name in enumerate(parts)
    )
    columns = [f"w{number}" for number in range(len(parts))]
    right = pl.all_horizontal(
        pl.col(column) == str(weight) for column, weight in zip(columns, parts.values(), strict=True)
    )
    printed = (
        said.filter(pl.any_horizontal(pl.col(column).is_not_null() for column in columns))
        .unique(FORM, keep="first", maintain_order=True)
        .select(
            *KEYS,
            conclusion=pl.when(right.fill_null(False)).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
            left_text=pl.concat_str(
                [
                    pl.concat_str(pl.lit(f"{name} "), pl.col(column).fill_null("没有印出"))
                    for name, column in zip(parts, columns, strict=True)
                ],
                separator="、",
            ),
            right_text=pl.lit("、".join(f"{name} {weight}" for name, weight in parts.items())),
            left_cell="cell_id",
            left_locator=place("cell_id"),
        )
    )
    rows = rows_with_weights(year)
    full = {family: str(mark) for family, mark in rule.options["rows"].items()}
    cells = as_cells(
        rows.filter(pl.col("family").is_in(list(full))).select(
            *KEYS,
            "form",
            "family",
            name=pl.concat_str("name", pl.lit("·分值")),
            value=pl.col("weight").cast(YUAN),
            printed=written("weight"),
            unit=pl.lit("分"),
            held=pl.lit(False),
            cell_id=pl.coalesce("weight_cell", "score_cell"),
        )
    )
    marks = cells.unique(FORM, keep="first", maintain_order=True).with_columns(
        value=pl.col("family").replace_strict(full, return_dtype=pl.String).cast(YUAN),
        shown=pl.format("满分 {}", pl.col("family").replace_strict(full, return_dtype=pl.String)),
        cell_id=pl.col(FORM),
    )
    return pl.concat(
        [
            told(year, printed, "计分标准"),
            told(year, unless_broken(year, beside("=", with_allowance(cells, "0"), marks)), "各行分值"),
        ],
        how="diagonal_relaxed",
    )
