"""What a check may ask of a document before it applies: ``when`` in ``rules/*.yml``.

Belongs here: the conditions by name. Does not belong here: what is then checked.

A condition gives ``document_id`` and ``unmet``: why the document does not meet it, null where it does.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from expectations import sides
from expectations.figures import Year
from expectations.selectors import parse_side

Condition = Callable[[Year], pl.DataFrame]


def _single(*natures: str) -> Condition:
    """A disclosure of one unit (not of a 部门 with its units) of one of those 单位性质."""

    def condition(year: Year) -> pl.DataFrame:
        wanted = "、".join(natures)
        return year.documents.select(
            "document_id",
            unmet=pl.when(pl.col("level").fill_null("") != "单位")
            .then(pl.lit("不是一个单位的决算（部门汇总，或没有写明层级）"))
            .when(pl.col("unit_nature").is_null())
            .then(pl.lit("文中没有写明单位性质"))
            .when(~pl.col("unit_nature").is_in(natures))
            .then(pl.concat_str(pl.lit("单位性质是"), "unit_nature", pl.lit(f"，不是{wanted}"))),
        )

    return condition


# Income and opening balances that are not appropriations, and what proves that there are none of them.
_OTHER_MONEY = (
    ("收入决算表.合计.本年收入合计", "收入决算表.合计.财政拨款收入"),
    ("收入支出决算总表.年初结转和结余.金额", "财政拨款收入支出决算总表.年初财政拨款结转和结余.金额"),
)
_RESERVES = "收入支出决算总表.使用非财政拨款结余.金额"


def _appropriations_only(year: Year) -> pl.DataFrame:
    """All money spent was appropriated: income and opening balance are, and no reserve was used."""
    found = year.documents.select("document_id", gap=pl.lit(0).cast(pl.Decimal(38, 6)))
    for all_money, appropriated in _OTHER_MONEY:
        found = _add(found, _sum(all_money, year), 1)
        found = _add(found, _sum(appropriated, year), -1)
    found = _add(found, _sum(_RESERVES, year), 1)
    needed = ("income", "income_expenditure_summary", "appropriation_summary")
    whole = (
        year.statements.filter(pl.col("form").is_in(needed) & (pl.col("state") == "有数"))
        .group_by("document_id")
        .agg(pl.col("form").n_unique().alias("forms"))
    )
    return found.join(whole, on="document_id", how="left").select(
        "document_id",
        unmet=pl.when(pl.col("forms").fill_null(0) < len(needed))
        .then(pl.lit("看不出有没有非财政资金"))
        .when(pl.col("gap") != 0)
        .then(pl.lit("有非财政拨款资金")),
    )


def _sum(address: str, year: Year) -> pl.DataFrame:
    """The sum of an address by document, null where a cell of it is held."""
    found = sides.sums(sides.figures(parse_side(address), year, one_form=False))
    return found.select(
        "document_id", pl.when(pl.col("doubt").is_null()).then("value").alias("value"), there=True
    )


def _add(found: pl.DataFrame, values: pl.DataFrame, sign: int) -> pl.DataFrame:
    value = pl.when("there").then("value").otherwise(pl.lit(0).cast(pl.Decimal(38, 6)))
    return found.join(values, on="document_id", how="left", maintain_order="left").select(
        "document_id", gap=pl.col("gap") + value * sign
    )


def _no_meetings(year: Year) -> pl.DataFrame:
    """三公 without 会议费 and 培训费, which some templates print beside it and count into 合计."""
    printed = year.figures["three_public"].filter(pl.col("measure").is_in(["会议费", "培训费"]))
    found = year.documents.join(
        printed.select("document_id", there=True).unique(), on="document_id", how="left"
    )
    return found.select("document_id", unmet=pl.when("there").then(pl.lit("表里印有会议费或培训费")))


CONDITION: dict[str, Condition] = {
    "单户行政单位": _single("行政单位"),
    "单户事业单位": _single("事业单位"),
    "单户行政或参公单位": _single("行政单位", "参公事业单位"),
    "无非财政资金": _appropriations_only,
    "表里没有会议费和培训费": _no_meetings,
}
