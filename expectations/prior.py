"""推得上年: what the year before was, as it follows from a stated amount and its stated change.

Belongs here: the prior-year values and the rules that compare them. Does not belong here: what a change
says of itself (``narrative_rates``, ``narrative_words``).

A change in money gives the value to within half of the last digit of both figures. Where a text gives the
growth in % only, it gives an interval: the value is its quotient cut to the fen, and ``tolerance`` reaches
to its farther end.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from expectations import sides
from expectations.document_functions import same_unit_before
from expectations.figures import YUAN, Year, year_of
from expectations.narrative_amounts import JUDGED, judged
from expectations.narrative_claims import (
    DOCUMENT,
    KEY,
    changed,
    claims_of,
    last_before,
    of_kind,
    stated,
    worst_of_subject,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.selectors import parse_side
from expectations.verdicts import place

PRIOR_SCHEMA: dict[str, pl.DataType] = {
    "document_id": pl.String(),
    "fiscal_year": pl.Int32(),
    "prior_year": pl.Int32(),
    "object": pl.String(),
    "form": pl.String(),
    "item": pl.String(),
    "subject_code": pl.String(),
    "measure": pl.String(),
    "amount": pl.Decimal(20, 2),
    "tolerance": pl.Decimal(20, 2),
    "basis": pl.String(),
    "formula": pl.String(),
    "evidence": pl.String(),
}
_MILLION = 1_000_000


def prior_values(fiscal_year: int, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows of ``fact_prior`` for a year, from its tables of the lake: amounts and tolerances in 元.

    An amount is that of the cell that the change speaks of, else the one that the text states. One row for
    each value that a document gives an address or object; ``evidence`` names claims and cells.
    """
    years = {"fiscal_year": pl.lit(fiscal_year), "prior_year": pl.lit(fiscal_year - 1)}
    found = _prior(year_of(fiscal_year, tables)).with_columns(**years)
    return found.select(pl.col(name).cast(kind) for name, kind in PRIOR_SCHEMA.items())


def _prior(year: Year) -> pl.DataFrame:
    """The prior values with ``key``, ``about``, ``place``, ``shown`` and ``factor`` of their change."""
    claims = claims_of(year)
    own = ("amount", "half", "shown", "claim_id")
    by_change = _now(last_before(changed(claims).filter(pl.col("unit") != "%"), stated(claims), "own_", *own))
    money = pl.col("unit").is_in(["万元", "元", "亿元", "千元"])
    by_change = by_change.filter(money).with_columns(
        value=(pl.col("now") - pl.col("amount")).cast(YUAN),
        room=(pl.col("now_half") + pl.col("half")).cast(YUAN),
        basis=pl.lit("增减额"),
    )
    way = pl.col("direction")
    rates = of_kind(claims, "增减率").filter((pl.col("period") == "上年") & (pl.col("unit") == "%"))
    rates = rates.filter(way.is_in(["增", "减"]) & (pl.col("amount") > 0))
    alone = rates.join(by_change, on=[DOCUMENT, KEY], how="anti")
    by_rate = _now(last_before(alone, stated(claims), "own_", *own)).with_columns(
        signed=pl.when(way == "减").then(-pl.col("amount")).otherwise("amount").cast(YUAN),
        basis=pl.lit("增减率"),
        factor=pl.lit(10_000, pl.Int64),
    )
    by_rate = _from_rate(by_rate.filter((pl.col("signed") - pl.col("half")) > -100))
    columns = [
        DOCUMENT,
        KEY,
        "about",
        "object",
        "form",
        "item",
        "subject_code",
        "measure",
        "value",
        "room",
        "basis",
        "now_shown",
        "shown",
        "claim_id",
        "now_id",
        "place",
        "factor",
        "seq",
    ]
    found = pl.concat([by_change.select(columns), by_rate.select(columns)])
    return (
        found.filter(pl.col("value").is_not_null() & (pl.col("value") >= 0))
        .sort(DOCUMENT, "seq")
        .unique([DOCUMENT, KEY, "value"], keep="first", maintain_order=True)
        .with_columns(
            amount=pl.col("value").round(2).cast(pl.Decimal(20, 2)),
            tolerance=pl.col("room").round(2).cast(pl.Decimal(20, 2)),
            formula=pl.concat_str("now_shown", pl.lit(" 扣除 "), "shown"),
            evidence=pl.concat_str("now_id", "claim_id", separator=","),
        )
    )


def _now(found: pl.DataFrame) -> pl.DataFrame:
    """With this year's amount: the cell if it can be relied upon, else what the text states.

    Where the two contradict each other, nobody knows what the change belongs to, and nothing follows; nor
    does it from a change that is «基本持平».
    """
    sure = pl.col("cell_value").is_not_null() & pl.col("doubt").is_null()
    apart = (pl.col("cell_value") - pl.col("own_amount")).abs() > pl.col("cell_half") + pl.col("own_half")
    vague = pl.col("nil") & pl.col("value_printed").str.contains("基本")
    usable = ~(sure & apart.fill_null(False)) & ~vague
    return (
        found.filter(usable)
        .with_columns(
            now=pl.when(sure).then("cell_value").otherwise("own_amount"),
            now_half=pl.when(sure).then("cell_half").otherwise("own_half"),
            now_shown=pl.when(sure).then("cell_shown").otherwise("own_shown"),
            now_id=pl.when(sure).then("cell_id").otherwise("own_claim_id"),
        )
        .filter(pl.col("now").is_not_null())
    )


def _from_rate(found: pl.DataFrame) -> pl.DataFrame:
    """The value before a growth of ``signed`` %: 100·now/(100 + growth), and how far it may be off."""
    now, nh, g, gh = (
        (pl.col(name) * _MILLION).cast(pl.Int128) for name in ("now", "now_half", "signed", "half")
    )
    hundred = 100 * _MILLION
    value = (hundred * now) // (hundred + g)
    low = (hundred * (now - nh)) // (hundred + g + gh)
    high = (hundred * (now + nh)) // (hundred + g - gh) + 1
    found = found.with_columns(value=value, low=low, high=high)
    farther = pl.max_horizontal(pl.col("high") - pl.col("value"), pl.col("value") - pl.col("low"))
    return found.with_columns(value=_yuan(pl.col("value")), room=_yuan(farther))


def _yuan(millionths: pl.Expr) -> pl.Expr:
    return (millionths.cast(YUAN) / pl.lit(_MILLION).cast(YUAN)).cast(YUAN)


@rule_function("carried_over")
def carried_over(rule: Rule, year: Year) -> pl.DataFrame:
    """What was left at the end of the year before, as it follows, is what this year began with.

    ``options.pairs``: ``closing`` addresses, those in ``less`` taken off, and the ``opening`` of the tables.
    """
    prior = _prior(year).filter(pl.col("basis") == "增减额")
    found = []
    for pair in rule.options["pairs"]:
        less = pair.get("less", [])
        wanted = prior.filter(pl.col(KEY).is_in([*pair["closing"], *less])).unique(
            [DOCUMENT, KEY], keep="first", maintain_order=True
        )
        taken = pl.col(KEY).is_in(less)
        left = (
            wanted.group_by(DOCUMENT, maintain_order=True)
            .agg(
                left=pl.when(taken).then(-pl.col("value")).otherwise("value").sum().cast(YUAN),
                left_half=pl.col("room").sum().cast(YUAN),
                number=pl.len(),
                left_text=pl.col("formula").str.join("；"),
                left_locator=pl.col("place").first(),
                about=pl.col("about").first(),
                factor=pl.lit(10_000, pl.Int64),
            )
            .filter(pl.col("number") == len(pair["closing"]) + len(less))
        )
        both = left.join(_opening(pair["opening"], year), on=DOCUMENT, how="inner", maintain_order="left")
        found.append(_told(both.with_columns(judged()), pl.lit(pair["opening"])))
    return worst_of_subject(pl.concat(found, how="diagonal_relaxed"))


def _opening(address: str, year: Year) -> pl.DataFrame:
    """The cell of an address in each document that prints one; blank is 0."""
    cells = sides.figures(parse_side(address), year, one_form=False)
    return cells.group_by(DOCUMENT, maintain_order=True).agg(
        right=pl.col("value").sum().cast(YUAN),
        right_half=pl.col("half").filter(pl.col("value") != 0).sum().cast(YUAN),
        text=pl.concat_str(
            "shown", pl.when(pl.col("value").is_null()).then(pl.lit("空白")), ignore_nulls=True
        ).first(),
        cells=pl.col("cell_id").first(),
        doubt=pl.col("cell_id").filter("doubtful").first(),
    )


def _told(both: pl.DataFrame, right: pl.Expr) -> pl.DataFrame:
    return both.select(
        DOCUMENT,
        *JUDGED,
        conclusion=pl.when(pl.col("doubt").is_null()).then("conclusion").otherwise(pl.lit("无法核对")),
        subject=pl.concat_str(pl.lit("推得上年."), "about", pl.lit(" 与 "), right),
        unit=pl.lit("万元"),
        left_text="left_text",
        right_text="text",
        right_cell="cells",
        left_locator="left_locator",
        right_locator=place("cells"),
        note=pl.when(pl.col("doubt").is_not_null()).then(pl.lit("所需的数待核")),
    )


@rule_function("prior_as_disclosed")
def prior_as_disclosed(rule: Rule, year: Year) -> pl.DataFrame:
    """The prior values are those that the same unit's document of the year before prints."""
    nothing = year.documents.select(DOCUMENT, conclusion=pl.lit("不适用"), subject=pl.lit("")).clear()
    if year.before is None:
        return nothing
    pairs = same_unit_before(year, year.before)
    prior = _prior(year).filter(pl.col("form").is_not_null()).join(pairs, on=DOCUMENT, how="inner")
    address = ["form", "item", "subject_code", "measure"]
    states = year.before.statements.select("statement_id", "state")
    printed = pl.concat(
        [
            cells.filter(pl.col("copy") == 0).select(
                DOCUMENT, "statement_id", *address, "value", "half", "doubtful", "cell_id", "label", "printed"
            )
            for cells in year.before.figures.values()
        ]
    ).join(states, on="statement_id", how="left")
    printed = printed.unique([DOCUMENT, *address], keep="none").rename({DOCUMENT: "before"})
    zero = pl.lit(0).cast(YUAN)
    both = prior.drop("shown").join(
        printed, on=["before", *address], how="inner", nulls_equal=True, suffix="_old"
    )
    both = both.with_columns(
        left="value",
        left_half="room",
        right=pl.col("value_old").fill_null(zero),
        right_half=pl.when(pl.col("value_old").is_not_null()).then("half").otherwise(zero),
        doubt=pl.col("doubtful") | (pl.col("state") != "有数"),
    ).with_columns(judged())
    return both.select(
        DOCUMENT,
        *JUDGED,
        conclusion=pl.when("doubt").then(pl.lit("无法核对")).otherwise("conclusion"),
        subject=pl.concat_str(pl.lit("推得上年."), "about"),
        unit=pl.lit("万元"),
        left_text="formula",
        right_text=pl.concat_str(
            pl.lit("上年文档·"),
            "label",
            pl.lit("·"),
            "measure",
            pl.lit(" "),
            pl.col("printed").fill_null("空白"),
        ),
        right_cell="cell_id",
        left_locator="place",
        right_locator=place("cell_id"),
        note=pl.when("doubt").then(pl.lit("上年文档的数待核，或报表不完整")),
        counterpart_document_id="before",
    ).pipe(worst_of_subject)
