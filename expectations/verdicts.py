"""What two sums side by side come to: 成立, 尾差, 不成立 or 无法核对, with both sides written out.

Belongs here: the judgement itself, shared by checks and functions. Does not belong here: which sums.

Tolerance: every printed figure is right to half of its last digit, so a sum of n figures that are not zero
and its total may differ by (n + 1) halves: 0.005·(n + 1) in 万元 with two decimals (domain handbook §2).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from expectations.figures import YUAN

_RESULT = pl.Decimal(24, 6)
ZERO = pl.lit(0).cast(YUAN)


def judge(relation: str, both: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Verdicts on the rows of ``both``: sums of ``sides.sums`` and, ending in ``_right``, those beside them.

    A side that is absent counts as blank. Where neither has a figure, there is no check. ``left_text`` and
    ``right_text`` are null for a blank side.
    """
    both = (
        both.with_columns(
            pl.col("value", "value_right", "half", "half_right").fill_null(ZERO),
            pl.col("figures", "figures_right").fill_null(0),
            factor=pl.min_horizontal("factor", "factor_right"),
            counted_in=pl.coalesce("counted_in", "counted_in_right"),
            doubt=pl.coalesce("doubt", "doubt_right"),
            # A side of blanks and zeros is rounded as the figures of the other one are.
            coarsest=pl.max_horizontal("coarsest", "coarsest_right"),
        )
        .filter((pl.col("figures") + pl.col("figures_right") > 0) | pl.col("doubt").is_not_null())
        .with_columns(
            difference=pl.col("value") - pl.col("value_right"),
            tolerance=ZERO if relation == "空则空" else _rounding("half") + _rounding("half_right"),
        )
    )
    excess = {
        "=": pl.col("difference").abs(),
        "≤": pl.col("difference"),
        "≥": -pl.col("difference"),
        # What is blank on the left must be blank on the right.
        "空则空": pl.when(pl.col("value") == 0).then(pl.col("value_right").abs()).otherwise(ZERO),
    }[relation]
    doubtful = pl.col("doubt").is_not_null()
    return both.select(
        *keys,
        conclusion=pl.when(doubtful)
        .then(pl.lit("无法核对"))
        .otherwise(concluded(excess, pl.col("tolerance"))),
        note=pl.when(doubtful).then(doubt_note("doubt")),
        left_value=in_unit("value"),
        right_value=in_unit("value_right"),
        difference=in_unit("difference"),
        tolerance=in_unit("tolerance"),
        unit=pl.coalesce("counted_in", unit_of_money()),
        left_text=pl.when(pl.col("figures") > 0).then("text"),
        right_text=pl.when(pl.col("figures_right") > 0).then("text_right"),
        left_cell="cells",
        right_cell="cells_right",
        left_locator="locator",
        right_locator="locator_right",
    )


def concluded(excess: pl.Expr, tolerance: pl.Expr) -> pl.Expr:
    """The conclusion from how much more there is than there may be."""
    return (
        pl.when(excess <= 0)
        .then(pl.lit("成立"))
        .when(excess <= tolerance)
        .then(pl.lit("尾差"))
        .otherwise(pl.lit("不成立"))
    )


def in_unit(column: str) -> pl.Expr:
    """The value in the printed unit: 万元 where every figure is in 万元, else 元; counts as they are."""
    whole = pl.col(column)
    return (
        pl.when(pl.col("factor") == 10_000)
        .then(whole / pl.lit(10_000).cast(YUAN))
        .otherwise(whole)
        .cast(_RESULT, strict=False)
    )


def unit_of_money() -> pl.Expr:
    """The unit that ``in_unit`` gives."""
    return pl.when(pl.col("factor") == 10_000).then(pl.lit("万元")).otherwise(pl.lit("元"))


def place(cell: str) -> pl.Expr:
    """The line, page or sheet of a cell: ``8f34…/L257/c3`` → ``L257``."""
    return pl.col(cell).str.split("/").list.get(1, null_on_oob=True)


def doubt_note(cell: str) -> pl.Expr:
    """The note of a check that needs a held cell."""
    return pl.concat_str(pl.lit("所需的数待核（"), place(cell), pl.lit("）"))


def _rounding(half: str) -> pl.Expr:
    return pl.when(pl.col(half) > 0).then(half).otherwise("coarsest")
