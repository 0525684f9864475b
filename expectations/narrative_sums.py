"""Rules on sums of what the text states: parts and their whole, shares, changes that go together.

Belongs here: sums over claims of one document. Does not belong here: sums over cells (the rules on tables).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from expectations.conditions import CONDITION
from expectations.figures import YUAN, Year
from expectations.narrative_amounts import JUDGED, judged
from expectations.narrative_claims import (
    DOCUMENT,
    KEY,
    changed,
    claims_of,
    named,
    of_kind,
    once,
    worst_of_subject,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from pipelines.vocabulary import forms

# So many parts of a sum are written out.
_SHOWN = 4


@rule_function("parts_of_whole")
def parts_of_whole(rule: Rule, year: Year) -> pl.DataFrame:
    """What the text lists under a total adds up to it; see :func:`sums`."""
    return sums(rule, year, "本年")


def sums(rule: Rule, year: Year, period: str) -> pl.DataFrame:
    """Verdicts on ``options.sums``, over what the text states of that period within one section.

    A sum has ``whole`` and ``parts``: addresses, or 类 for those of the general budget, and ``objects`` that
    have no address where they stand. Without the part ``last`` a list is not complete, and only bounds the
    whole. ``name`` is what the parts are called.
    """
    amounts = once(of_kind(claims_of(year), "金额", "数量").filter(pl.col("period") == period), "section")
    found = [_sum(entry, amounts) for entry in rule.options.get("sums", ())]
    empty = year.documents.select(DOCUMENT, conclusion=pl.lit("不适用"), subject=pl.lit("")).clear()
    return worst_of_subject(pl.concat([empty, *found], how="diagonal_relaxed"))


def _sum(entry: Mapping[str, Any], amounts: pl.DataFrame) -> pl.DataFrame:
    parts_named = pl.col("form").is_null() & pl.col("object").is_in(entry.get("objects", ()))
    parts_named |= is_class() if entry["parts"] == "类" else pl.col(KEY).is_in(entry["parts"])
    listed = pl.col("shown").str.replace("说明·", "", literal=True)
    last = pl.col(KEY).eq(entry["last"]).any() if "last" in entry else pl.lit(True)
    parts = (
        amounts.filter(parts_named)
        .group_by(DOCUMENT, "section", maintain_order=True)
        .agg(
            right=pl.col("amount").sum().cast(YUAN),
            right_half=pl.col("half").sum().cast(YUAN),
            number=pl.len(),
            complete=last,
            right_text=listed.head(_SHOWN).str.join(" + "),
            right_locator=pl.col("place").first(),
        )
    )
    both = (
        amounts.filter(pl.col(KEY) == entry["whole"])
        .join(parts, on=[DOCUMENT, "section"], how="inner", maintain_order="left")
        .with_columns(left="amount", left_half="half")
    )
    more = pl.when(pl.col("number") > _SHOWN).then(
        pl.concat_str(pl.lit(" + …（共 "), "number", pl.lit(" 个数）"))
    )
    told = [
        both.filter("complete").with_columns(judged()),
        both.filter(~pl.col("complete")).with_columns(judged("≥")),
    ]
    return pl.concat(told).select(
        DOCUMENT,
        *JUDGED,
        "conclusion",
        subject=pl.concat_str(
            "heading", pl.lit("."), "about", pl.lit(f" 与{entry.get('name', '所列各项之和')}")
        ),
        unit="unit",
        left_text="shown",
        right_text=pl.concat_str(pl.lit("说明·"), "right_text", more.otherwise(pl.lit(""))),
        left_locator="place",
        right_locator="right_locator",
    )


def is_class() -> pl.Expr:
    """Whether a claim is of a 类 of the general budget, in either table that prints them."""
    items = [item.name for item in forms()["appropriation_summary"].items if item.subject]
    column = pl.concat_str("form", pl.lit("/"), "measure")
    general = column.is_in(["general_budget_expenditure/小计", "appropriation_summary/一般公共预算财政拨款"])
    named = pl.col("item").is_in(items) | (pl.col("subject_code").str.len_chars() == 3)
    return general & named.fill_null(False)


@rule_function("shares_of_all")
def shares_of_all(rule: Rule, year: Year) -> pl.DataFrame:
    """The shares of a list that is complete add up to 100 %, within the rounding of each.

    A list is what one section says in shares of one whole. It is complete where the amounts of its parts,
    in the text or in their cells, add up to the whole.
    """
    claims = claims_of(year)
    shares = once(of_kind(claims, "占比").filter(pl.col("whole").is_not_null()), "section", "whole")
    amounts = once(of_kind(claims, "金额").filter(pl.col("period") == "本年"), "section")
    own = amounts.select(DOCUMENT, "section", KEY, own="amount", own_half="half")
    totals = once(amounts).select(DOCUMENT, whole=KEY, total="amount", total_half="half")
    shares = shares.join(own, on=[DOCUMENT, "section", KEY], how="left", maintain_order="left")
    sure, whole_sure = pl.col("doubt").is_null(), pl.col("whole_doubt").is_null()
    shares = shares.join(totals, on=[DOCUMENT, "whole"], how="left", maintain_order="left").with_columns(
        part=pl.coalesce("own", pl.when(sure).then("cell_value")),
        part_half=pl.coalesce("own_half", "cell_half"),
        base=pl.coalesce(pl.when(whole_sure).then("whole_cell_value"), "total"),
        base_half=pl.coalesce("whole_cell_half", "total_half"),
    )
    listed = pl.col("shown").str.replace("说明·", "", literal=True)
    lists = (
        shares.filter(pl.col("unit") == "%")
        .group_by(DOCUMENT, "section", "heading", "whole", maintain_order=True)
        .agg(
            left=pl.col("amount").sum().cast(YUAN),
            left_half=pl.col("half").filter(pl.col("amount") != 0).sum().cast(YUAN),
            number=pl.len(),
            gap=(pl.col("part").sum() - pl.col("base").first()).abs().cast(YUAN),
            room=(pl.col("part_half").sum() + pl.col("base_half").first()).cast(YUAN),
            known=pl.col("part").is_not_null().all() & (pl.col("base").first() > 0),
            left_text=listed.str.join(" + "),
            left_locator=pl.col("place").first(),
        )
        .filter((pl.col("number") > 1) & pl.col("known") & (pl.col("gap") <= pl.col("room")))
    )
    hundred = pl.lit(100).cast(YUAN)
    lists = lists.with_columns(right=hundred, right_half=pl.lit(0).cast(YUAN), factor=pl.lit(1, pl.Int64))
    return lists.with_columns(judged()).select(
        DOCUMENT,
        *JUDGED,
        "conclusion",
        subject=pl.concat_str("heading", named(pl.col("whole")), pl.lit("占比合计"), separator="."),
        unit=pl.lit("%"),
        left_text=pl.concat_str(pl.lit("说明·"), "left_text"),
        right_text=pl.lit("100%"),
        left_locator="left_locator",
        right_locator="left_locator",
    )


@rule_function("changes_together")
def changes_together(rule: Rule, year: Year) -> pl.DataFrame:
    """Changes over the year before that go together are told alike.

    ``options.pairs``: ``left`` and ``right`` (addresses) that were equal in both years, so their changes are;
    a pair may ask a condition (``when``) and have a ``severity`` of its own. ``options.classes``: the address
    of the general budget's total, whose change is the sum of those of its 类, unless a 类 of the year before
    has gone: its severity is ``options.classes_severity``.
    """
    changes = once(changed(claims_of(year)))
    found = [_pair(pair, changes, year) for pair in rule.options["pairs"]]
    total = changes.filter(pl.col(KEY).is_in(rule.options["classes"])).unique(
        DOCUMENT, keep="first", maintain_order=True
    )
    listed = pl.col("shown").str.replace("说明·", "", literal=True)
    classes = (
        changes.filter(is_class())
        .group_by(DOCUMENT, maintain_order=True)
        .agg(
            right=pl.col("amount").sum().cast(YUAN),
            right_half=pl.col("half").sum().cast(YUAN),
            right_text=listed.str.join("；"),
            right_place=pl.col("place").first(),
        )
    )
    both = total.join(classes, on=DOCUMENT, how="inner", maintain_order="left")
    of_classes = _changes(both, pl.lit("一般公共预算财政拨款支出.增减额 与各类增减额之和")).with_columns(
        severity=pl.lit(rule.options["classes_severity"]),
        note=pl.lit("上年有、本年没有的类，文中不会提到"),
    )
    return worst_of_subject(pl.concat([*found, of_classes], how="diagonal_relaxed"))


def _pair(pair: Mapping[str, Any], changes: pl.DataFrame, year: Year) -> pl.DataFrame:
    right = changes.filter(pl.col(KEY) == pair["right"]).select(
        DOCUMENT,
        right="amount",
        right_half="half",
        right_text="shown",
        right_place="place",
        right_about="about",
    )
    both = changes.filter(pl.col(KEY) == pair["left"]).join(
        right, on=DOCUMENT, how="inner", maintain_order="left"
    )
    if "when" in pair:
        met = CONDITION[pair["when"]](year).filter(pl.col("unmet").is_null())
        both = both.join(met, on=DOCUMENT, how="semi")
    told = _changes(both, pl.concat_str("about", pl.lit(".增减额 与 "), "right_about", pl.lit(".增减额")))
    return told.with_columns(severity=pl.lit(pair["severity"])) if "severity" in pair else told


def _changes(both: pl.DataFrame, subject: pl.Expr) -> pl.DataFrame:
    return _shown(both.with_columns(left="amount", left_half="half").with_columns(judged()), subject)


def _shown(both: pl.DataFrame, subject: pl.Expr) -> pl.DataFrame:
    return both.select(
        DOCUMENT,
        *JUDGED,
        "conclusion",
        subject=subject,
        unit="unit",
        left_text="shown",
        right_text="right_text",
        left_locator="place",
        right_locator="right_place",
    )


@rule_function("vehicles")
def vehicles(rule: Rule, year: Year) -> pl.DataFrame:
    """The vehicles of each kind add up to all; 公务用车保有量 is a part of them."""
    return pl.concat([parts_of_whole(rule, year), bounds(rule, year)], how="diagonal_relaxed")


def bounds(rule: Rule, year: Year) -> pl.DataFrame:
    """Verdicts on ``options.bounds``: ``part`` and ``whole`` are objects, anywhere in a text."""
    amounts = of_kind(claims_of(year), "金额", "数量").filter(pl.col("period") == "本年")
    amounts = amounts.unique([DOCUMENT, "object"], keep="first", maintain_order=True)
    found = []
    for bound in rule.options["bounds"]:
        whole = amounts.filter(pl.col("object") == bound["whole"]).select(
            DOCUMENT, "unit", right="amount", right_half="half", right_text="shown", right_place="place"
        )
        both = amounts.filter(pl.col("object") == bound["part"]).join(
            whole, on=[DOCUMENT, "unit"], how="inner", maintain_order="left"
        )
        both = both.with_columns(left="amount", left_half="half").with_columns(judged("≤"))
        found.append(_shown(both, pl.lit(f"{bound['part']} ≤ {bound['whole']}")))
    return pl.concat(found)
