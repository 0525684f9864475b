"""Rules on rates in the running text: shares, completion of a budget, growth over a year before.

Belongs here: from a printed rate to the figures that it must follow from. Does not belong here: the
arithmetic of rounded figures (``intervals``) and rules that compare amounts.

A rate may follow from the cells or from the amounts that the text itself gives: where the two differ, the
rules on amounts say so, and the rate is wrong only if it follows from neither.
"""

from __future__ import annotations

import polars as pl

from expectations.figures import YUAN, Year
from expectations.intervals import judge_rates
from expectations.narrative_amounts import stated_in_table
from expectations.narrative_claims import (
    DOCUMENT,
    KEY,
    claims_of,
    last_before,
    named,
    of_kind,
    once,
    stated,
    worst_of_subject,
)
from expectations.narrative_sums import bounds, parts_of_whole, sums
from expectations.registry import rule_function
from expectations.rules_data import Rule

_MONEY = ("amount", "half", "shown", "place")


def in_scope(claims: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """The claims that the rule speaks of: those of ``options.topic`` (三公, 采购), or of neither."""
    three = pl.col("form").eq_missing("three_public") | pl.col("section").str.contains("三公")
    bought = pl.col("section").str.contains("政府采购")
    topics = {"三公": three, "采购": bought & ~three}
    return claims.filter(topics.get(rule.options.get("topic", ""), ~three & ~bought))


@rule_function("shares")
def shares(rule: Rule, year: Year) -> pl.DataFrame:
    """Each printed share is the part over the whole, both as printed."""
    claims = claims_of(year)
    found = of_kind(in_scope(claims, rule), "占比").filter(pl.col("unit") == "%")
    found = last_before(found, stated(claims), "own_", *_MONEY)
    text = once(stated(claims)).select(
        DOCUMENT, whole=KEY, **{f"total_{column}": pl.col(column) for column in _MONEY}
    )
    found = found.join(text, on=[DOCUMENT, "whole"], how="left", maintain_order="left")
    pairs = [
        (part, whole) for whole in (_cell("whole_"), _text("total_")) for part in (_cell(""), _text("own_"))
    ]
    return _rate_verdicts(found, pairs, "占比")


@rule_function("completions")
def completions(rule: Rule, year: Year) -> pl.DataFrame:
    """Each printed rate of completion is the year's amount over the budget that it names.

    ``options.sums`` are sums of budgets, as in ``parts_of_whole``.
    """
    claims = claims_of(year)
    found = of_kind(in_scope(claims, rule), "完成率").filter(pl.col("unit") == "%")
    found = last_before(found, stated(claims), "own_", *_MONEY)
    budgets = of_kind(claims, "金额").filter(pl.col("period").str.contains("预算"))
    found = last_before(found, budgets, "budget_", *_MONEY)
    pairs = [
        (part, whole) for whole in (_text("budget_"), _cell("whole_")) for part in (_cell(""), _text("own_"))
    ]
    rated = _rate_verdicts(found, pairs, "完成率")
    return pl.concat([rated, sums(rule, year, "年初预算")], how="diagonal_relaxed")


@rule_function("growth")
def growth(rule: Rule, year: Year) -> pl.DataFrame:
    """Each printed growth is the change over the year's amount without the change; both say the same way."""
    found = in_scope(changes(year), rule).filter(pl.col("change_amount").is_not_null())
    pairs = [(_change(), _without_change(now)) for now in (_cell(""), _text("own_"))]
    rated = _rate_verdicts(found, pairs, "增减率")
    ways = found.filter(
        pl.col("direction").is_in(["增", "减"])
        & pl.col("change_direction").is_in(["增", "减"])
        & (pl.col("direction") != pl.col("change_direction"))
        & (pl.col("amount") != 0)
        & (pl.col("change_amount") != 0)
    ).select(
        DOCUMENT,
        conclusion=pl.lit("不成立"),
        subject=pl.concat_str("about", pl.lit(".增减方向")),
        left_text="change_shown",
        right_text="shown",
        left_locator="change_place",
        right_locator="place",
        note=pl.lit("增减额与增减率的方向相反"),
    )
    return pl.concat([rated, ways], how="diagonal_relaxed")


@rule_function("zero_bases")
def zero_bases(rule: Rule, year: Year) -> pl.DataFrame:
    """Nothing is said in % of 0: a rate stands for a part of a whole, budget or year before that is not 0."""
    claims = claims_of(year)
    grown = changes(year).filter(pl.col("change_amount").is_not_null())
    bases = [_base(grown, _without_change(now), claims) for now in (_text("own_"), _cell(""))]
    budgets = of_kind(claims, "金额").filter(pl.col("period").str.contains("预算"))
    done = last_before(of_kind(claims, "完成率"), budgets, "budget_", *_MONEY)
    bases += [_base(done, base, claims) for base in (_text("budget_"), _cell("whole_"))]
    text = once(stated(claims)).select(
        DOCUMENT, whole=KEY, **{f"total_{column}": pl.col(column) for column in _MONEY}
    )
    parts = of_kind(claims, "占比").join(text, on=[DOCUMENT, "whole"], how="left", maintain_order="left")
    bases += [_base(parts, base, claims) for base in (_text("total_"), _cell("whole_"))]
    found = pl.concat(bases).unique("claim_id", keep="first", maintain_order=True)
    wrong = (pl.col("base") == 0) & (pl.col("rate") != 0)
    return found.select(
        DOCUMENT,
        conclusion=pl.when(wrong).then(pl.lit("不成立")).otherwise(pl.lit("成立")),
        subject=pl.concat_str("about", pl.lit("."), "kind", pl.lit("的基数")),
        left_value=pl.col("rate").cast(pl.Decimal(24, 6)),
        unit=pl.lit("%"),
        left_text="shown",
        right_text="base_shown",
        left_locator="place",
        right_cell="base_cell",
        right_locator="base_place",
        note=pl.when(wrong).then(pl.lit("基数为 0，不能有百分比")),
    ).pipe(worst_of_subject)


def changes(year: Year) -> pl.DataFrame:
    """Printed growth with the change (``change_``) and the year's amount (``own_``) that the text gives."""
    claims = claims_of(year)
    found = of_kind(claims, "增减率").filter(pl.col("unit") == "%")
    amounts = of_kind(claims, "增减额").filter(pl.col("unit") != "个百分点")
    found = last_before(found, amounts, "change_", *_MONEY, "direction", "period", "sentence")
    same = (pl.col("change_period") == pl.col("period")) & (pl.col("change_sentence") == pl.col("sentence"))
    found = found.with_columns(
        pl.when(same).then(f"change_{column}").alias(f"change_{column}") for column in (*_MONEY, "direction")
    )
    return last_before(found, stated(claims), "own_", *_MONEY)


@rule_function("three_public")
def three_public(rule: Rule, year: Year) -> pl.DataFrame:
    """What the text says of 三公: amounts as in the table, shares, completion and growth that follow."""
    found = [look(rule, year) for look in (stated_in_table, shares, completions, growth)]
    return pl.concat(found, how="diagonal_relaxed")


@rule_function("procurement")
def procurement(rule: Rule, year: Year) -> pl.DataFrame:
    """What the text says of 政府采购: kinds add up, parts are within their wholes, shares follow."""
    found = [look(rule, year) for look in (parts_of_whole, bounds, shares)]
    return pl.concat(found, how="diagonal_relaxed")


# --- the figures that a rate may follow from ----------------------------------------------------

_Side = dict[str, pl.Expr]


def _cell(prefix: str) -> _Side:
    """The cell of the claim itself, or of its whole."""
    sure = pl.when(pl.col(f"{prefix}doubt").is_null())
    cell = pl.col(f"{prefix}cell_id")
    return {
        "value": sure.then(f"{prefix}cell_value"),
        "half": pl.col(f"{prefix}cell_half"),
        "shown": pl.col(f"{prefix}cell_shown"),
        "cell": cell,
        "place": cell.str.split("/").list.get(1, null_on_oob=True),
    }


def _text(prefix: str) -> _Side:
    """An amount of the text that was joined to the claim."""
    return {
        "value": pl.col(f"{prefix}amount"),
        "half": pl.col(f"{prefix}half"),
        "shown": pl.col(f"{prefix}shown"),
        "cell": pl.lit(None, pl.String),
        "place": pl.col(f"{prefix}place"),
    }


def _change() -> _Side:
    return _text("change_") | {"value": pl.col("change_amount").abs()}


def _without_change(now: _Side) -> _Side:
    """The year before: the year's amount without its change."""
    way, change = pl.col("change_direction"), pl.col("change_amount")
    # A change that says neither way is none, or nobody knows which.
    signed = pl.when(way == "减").then(-change).when((way == "增") | (change == 0)).then(change)
    before = (now["value"] - signed).cast(YUAN)
    shown = pl.concat_str(pl.lit("（"), now["shown"], pl.lit(" 扣除增减）"))
    return now | {"value": before, "half": (now["half"] + pl.col("change_half")).cast(YUAN), "shown": shown}


def _base(found: pl.DataFrame, base: _Side, claims: pl.DataFrame) -> pl.DataFrame:
    """What a rate is in % of, where that is known and a cell is not in doubt."""
    given = [pl.col(name) for name in claims.columns]
    kept = [*given, pl.col("amount").alias("rate"), base["value"].alias("base")]
    named_base = [base[name].alias(f"base_{name}") for name in ("shown", "cell", "place")]
    return found.select(*kept, *named_base).filter(pl.col("base").is_not_null())


def _subject(what: str) -> pl.Expr:
    """What tells rates apart: what has it, what it is, of what whole or against which period."""
    whole = pl.coalesce(named(pl.col("whole")), "whole").fill_null("整体")
    of = pl.concat_str(pl.lit(" 占 "), whole) if what == "占比" else pl.concat_str(pl.lit(" 比"), "period")
    return pl.concat_str("about", of, pl.lit(f".{what}"))


def _rate_verdicts(found: pl.DataFrame, pairs: list[tuple[_Side, _Side]], what: str) -> pl.DataFrame:
    """A verdict for each claim: of the pairs of part and whole that are known, the one that it fits best."""
    known = [
        "claim_id",
        DOCUMENT,
        "about",
        "whole",
        "period",
        "seq",
        "amount",
        "half",
        "shown",
        "place",
        "doubt",
    ]
    candidates = [
        found.select(
            *known,
            pl.lit(order).alias("order"),
            **{f"part_{name}": expr for name, expr in part.items()},
            **{f"base_{name}": expr for name, expr in whole.items()},
        )
        for order, (part, whole) in enumerate(pairs)
    ]
    judged = judge_rates(pl.concat(candidates))
    best = (
        judged.filter(pl.col("conclusion").is_not_null())
        .sort("rank", "order")
        .unique("claim_id", keep="first", maintain_order=True)
    )
    left_out = found.join(best, on="claim_id", how="anti")
    doubt = pl.coalesce("doubt", "whole_doubt")
    return pl.concat(
        [
            best.sort(DOCUMENT, "seq").select(
                DOCUMENT,
                "conclusion",
                subject=_subject(what),
                left_value=pl.col("amount").cast(pl.Decimal(24, 6)),
                right_value="computed",
                difference="difference",
                tolerance="tolerance",
                unit=pl.lit("%"),
                left_text="shown",
                right_text=pl.concat_str(pl.lit("100 × "), "part_shown", pl.lit(" ÷ "), "base_shown"),
                right_cell=pl.concat_str("part_cell", "base_cell", separator=",", ignore_nulls=True),
                left_locator="place",
                right_locator=pl.coalesce("part_place", "base_place"),
            ),
            left_out.select(
                DOCUMENT,
                conclusion=pl.when(doubt.is_null()).then(pl.lit("不适用")).otherwise(pl.lit("无法核对")),
                subject=_subject(what),
                left_text="shown",
                left_locator="place",
                note=pl.coalesce(doubt, pl.lit(f"没有可用来验算{what}的数，或基数为 0")),
            ),
        ],
        how="diagonal_relaxed",
    ).pipe(worst_of_subject)
