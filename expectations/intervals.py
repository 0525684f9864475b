"""The arithmetic of rounded figures: what a printed rate allows its parts to be.

Belongs here: whether rates follow from rounded figures. Does not belong here: which figures (the rules).

A printed figure stands for every number within half of its last digit, so a printed p % = a/b lies within

    100·(a − a½)/(b + b½) − p½   and   100·(a + a½)/(b − b½) + p½

Both bounds are multiplied out and compared as whole numbers (Int128 millionths): nothing is divided and
no float is made before a verdict is known. The quotients that are shown are cut at six decimals.
"""

from __future__ import annotations

import polars as pl

_MILLION = 1_000_000
_SHOWN = pl.Decimal(24, 6)


def judge_rates(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds what is said of rates: ``conclusion``, ``rank``, ``computed``, ``difference``, ``tolerance``.

    ``amount`` and ``half`` are the printed rate in %, ``part_value``, ``part_half``, ``base_value`` and
    ``base_half`` what it must follow from, in the same unit. ``conclusion`` is null where one of them is,
    and where the base is not above 0. 成立: the quotient rounds to what is printed; 尾差: it does for some
    figures that round to the printed ones.
    """
    ints = frame.with_columns(
        a=_whole("part_value"),
        ah=_whole("part_half"),
        b=_whole("base_value"),
        bh=_whole("base_half"),
        p=_whole("amount"),
        ph=_whole("half"),
    ).with_columns(b=pl.when(pl.col("b") > 0).then("b"))
    a, ah, b, bh, p, ph = (pl.col(name) for name in ("a", "ah", "b", "bh", "p", "ph"))
    hundred = 100 * _MILLION
    exact = (hundred * a <= (p + ph) * b) & (hundred * a >= (p - ph) * b)
    low = hundred * (a - ah) <= (p + ph) * (b + bh)
    high = (hundred * (a + ah) >= (p - ph) * (b - bh)) | (b <= bh)
    computed = hundred * a // b
    # How far the printed rate may be from the quotient, on the side where it is.
    room = (
        pl.when(p < computed)
        .then(computed - (hundred * (a - ah)) // (b + bh))
        .otherwise((hundred * (a + ah)) // pl.when(b > bh).then(b - bh) + 1 - computed)
    )
    return ints.with_columns(
        conclusion=pl.when(exact)
        .then(pl.lit("成立"))
        .when(low & high)
        .then(pl.lit("尾差"))
        .when(low.is_not_null() & high.is_not_null())
        .then(pl.lit("不成立")),
        computed=_shown(computed),
        difference=_shown(p - computed),
        tolerance=_shown(room + ph),
    ).with_columns(rank=pl.col("conclusion").replace_strict({"成立": 0, "尾差": 1, "不成立": 2}, default=3))


def _whole(column: str) -> pl.Expr:
    return (pl.col(column) * _MILLION).cast(pl.Int128)


def _shown(millionths: pl.Expr) -> pl.Expr:
    number = millionths.cast(pl.Decimal(38, 6)) / pl.lit(_MILLION).cast(pl.Decimal(38, 6))
    return number.cast(_SHOWN, strict=False)
