"""Rules on the words around the figures: nothing, level, more, less, the names and numbers of what is listed.

Belongs here: words against figures. Does not belong here: figures against figures.
"""

from __future__ import annotations

import polars as pl

from expectations.figures import EMPTY_STATES, YUAN, Year
from expectations.narrative_amounts import in_unit
from expectations.narrative_claims import (
    DOCUMENT,
    changed,
    claims_of,
    last_before,
    of_kind,
    stated,
    worst_of_subject,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import place

# What stands between the names of a list, and what an item of it may carry behind its name.
_BETWEEN = "[、，,。；;：:]"
_BEHIND = r"(?:支出|费用)?-?\d[\d,]*(?:\.\d+)?(?:万|亿|千)?元.*$|等(?:支出|费用)?$"
_BEFORE = r"^(?:主要)?(?:包括|是|为|用于)|^其中|^[一二三四五六七八九]是|^[一二三四五六七八九]为"
# «决算数小于预算数»; «小于（大于）» left both open.
_BUDGET_WORD = r"决算数(?:与预算数)?(大于|高于|超过|小于|低于|等于|持平)[^。；;（(]{0,6}"
_OPEN = r"决算数[^。；;]{0,8}[（(](?:大于|小于|等于|高于|低于)"
_NAMED_NUMBER = r"((?:《[^《》]+》[、，和及]?){2,}|(?:[“\"][^“”\"]{2,60}[”\"][、，和及]?){2,})(\d+)个"


@rule_function("said_to_be_nothing")
def said_to_be_nothing(rule: Rule, year: Year) -> pl.DataFrame:
    """What is said not to have been is not in the tables; what is stated stands in a table with figures.

    ``options``: ``forms``, ``measures`` of them (all, if none are named), ``zero``: whether a 0 says so too.
    """
    options = rule.options
    claims = stated(claims_of(year)).filter(pl.col("form").is_in(options["forms"]))
    if "measures" in options:
        claims = claims.filter(pl.col("measure").is_in(options["measures"]))
    zero = pl.col("amount") == 0
    nothing = zero if options.get("zero") else zero & pl.col("nil")
    empty = pl.col("form_state").is_in(EMPTY_STATES)
    value = pl.col("cell_value")
    conclusion = (
        pl.when(pl.col("form_state").is_null())
        .then(pl.lit("不适用"))
        .when(pl.col("doubt").is_not_null() & ~empty)
        .then(pl.lit("无法核对"))
        .when(nothing & (empty | (value == 0)))
        .then(pl.lit("成立"))
        .when(nothing & (value != 0))
        .then(pl.lit("不成立"))
        .when((pl.col("amount") != 0) & empty)
        .then(pl.lit("不成立"))
        .when((pl.col("amount") != 0) & (value != 0))
        .then(pl.lit("成立"))
    )
    found = claims.with_columns(conclusion=conclusion).filter(pl.col("conclusion").is_not_null())
    return found.select(
        DOCUMENT,
        "conclusion",
        subject=pl.concat_str("about", pl.lit(".有无")),
        left_value=in_unit(pl.col("amount")),
        right_value=in_unit(value),
        unit="unit",
        left_text="shown",
        right_text=pl.coalesce("cell_shown", pl.concat_str(pl.lit("报表"), "form_state")),
        right_cell="cell_id",
        left_locator="place",
        right_locator=place("cell_id"),
        note=pl.when(pl.col("form_state").is_null()).then(pl.lit("文中没有这张表")).otherwise("doubt"),
    ).pipe(worst_of_subject)


@rule_function("listed_items")
def listed_items(rule: Rule, year: Year) -> pl.DataFrame:
    """What the text lists under 人员经费 and 公用经费 has an amount in the table of basic expenditure.

    A name counts where it is that of a printed subject, letter for letter; others are not judged.
    """
    totals = stated(claims_of(year)).filter(pl.col("item").is_in(["人员经费合计", "公用经费合计"]))
    names = (
        totals.unique([DOCUMENT, "item"], keep="first", maintain_order=True)
        .select(DOCUMENT, "item", "place", name=_folded(pl.col("sentence")).str.replace_all(_BETWEEN, "、"))
        .with_columns(pl.col("name").str.split("、"))
        .explode("name")
        .with_columns(pl.col("name").str.replace_all(_BEFORE, "").str.replace_all(_BEHIND, ""))
        .unique([DOCUMENT, "name"], keep="first", maintain_order=True)
    )
    states = year.statements.select("statement_id", "state")
    cells = (
        year.figures["basic_expenditure"]
        .filter((pl.col("copy") == 0) & pl.col("subject_code").is_not_null())
        .join(states, on="statement_id", how="left")
        .select(
            DOCUMENT,
            "cell_id",
            "value",
            "label",
            name=_folded(pl.col("name_printed")),
            doubtful=pl.col("doubtful") | (pl.col("state") != "有数"),
        )
        .unique([DOCUMENT, "name"], keep="none")
    )
    found = names.join(cells, on=[DOCUMENT, "name"], how="inner", maintain_order="left")
    blank = pl.col("value").fill_null(pl.lit(0).cast(YUAN)) == 0
    return found.select(
        DOCUMENT,
        conclusion=pl.when("doubtful")
        .then(pl.lit("无法核对"))
        .when(blank)
        .then(pl.lit("不成立"))
        .otherwise(pl.lit("成立")),
        subject=pl.concat_str(pl.lit("列举."), "name"),
        left_text=pl.concat_str(pl.lit("说明·列举 "), "name"),
        right_text=pl.concat_str(
            pl.lit("基本支出决算明细表·"),
            "label",
            pl.when(blank).then(pl.lit(" 没有金额")).otherwise(pl.lit(" 有金额")),
        ),
        right_cell="cell_id",
        left_locator="place",
        right_locator=place("cell_id"),
        note=pl.when("doubtful").then(pl.lit("所需的数待核，或报表不完整")),
    ).pipe(worst_of_subject)


def _folded(text: pl.Expr) -> pl.Expr:
    """Text without blanks, brackets in one form."""
    return text.str.replace_all(r"\s", "").str.replace_many(["（", "）"], ["(", ")"])


@rule_function("counted_names")
def counted_names(rule: Rule, year: Year) -> pl.DataFrame:
    """«《甲》《乙》 2 个项目»: the number after a list of quoted names is how many they are."""
    sentences = (
        claims_of(year)
        .select(DOCUMENT, "heading", "sentence", "place")
        .unique([DOCUMENT, "sentence"], keep="first", maintain_order=True)
    )
    found = (
        sentences.with_columns(
            found=pl.col("sentence").str.replace_all(r"\s", "").str.extract_all(_NAMED_NUMBER)
        )
        .explode("found")
        .filter(pl.col("found").is_not_null())
        .with_columns(
            number=pl.col("found").str.extract(r"(\d+)个$").cast(pl.Int64),
            names=pl.col("found").str.count_matches(r"《|[“\"][^“”\"、，]+[”\"]"),
            again=pl.int_range(pl.len()).over(DOCUMENT, "heading"),
        )
    )
    later = pl.when(pl.col("again") > 0).then(pl.concat_str(pl.lit("（"), pl.col("again") + 1, pl.lit("）")))
    return found.select(
        DOCUMENT,
        conclusion=pl.when(pl.col("number") == pl.col("names"))
        .then(pl.lit("成立"))
        .otherwise(pl.lit("不成立")),
        subject=pl.concat_str("heading", pl.lit(".所列名称的个数"), later.otherwise(pl.lit(""))),
        left_value=pl.col("number").cast(pl.Decimal(24, 6)),
        right_value=pl.col("names").cast(pl.Decimal(24, 6)),
        difference=(pl.col("number") - pl.col("names")).cast(pl.Decimal(24, 6)),
        tolerance=pl.lit(0).cast(pl.Decimal(24, 6)),
        unit=pl.lit("个"),
        left_text=pl.concat_str(pl.lit("说明·"), "number", pl.lit("个")),
        right_text=pl.concat_str(pl.lit("列出 "), "names", pl.lit(" 个名称")),
        left_locator="place",
        right_locator="place",
    )


@rule_function("posts")
def posts(rule: Rule, year: Year) -> pl.DataFrame:
    """The people in post are no more than the posts named before them: 在职 against 编制.

    Posts of several kinds (行政编制, 事业编制) before one number of people are added up; those before the
    number of another office are its own.
    """
    people = of_kind(claims_of(year), "数量").filter(
        (pl.col("unit") == "人") & pl.col("object").is_in(["编制", "在职"])
    )
    filled = pl.col("object") == "在职"
    # The numbers of 在职 so far: the posts that lead up to one carry the number of those before it.
    people = people.with_columns(turn=filled.cast(pl.Int64).cum_sum().over(DOCUMENT, "section") - filled)
    allowed = (
        people.filter(~filled)
        .group_by(DOCUMENT, "section", "turn", maintain_order=True)
        .agg(
            post_amount=pl.col("amount").sum().cast(YUAN),
            post_shown=pl.col("shown").str.join(" + "),
            post_place=pl.col("place").first(),
        )
    )
    both = people.filter(filled).join(
        allowed, on=[DOCUMENT, "section", "turn"], how="inner", maintain_order="left"
    )
    both = both.with_columns(again=pl.int_range(pl.len()).over(DOCUMENT))
    later = pl.when(pl.col("again") > 0).then(pl.concat_str(pl.lit("（"), pl.col("again") + 1, pl.lit("）")))
    more = pl.col("amount") > pl.col("post_amount")
    return both.select(
        DOCUMENT,
        conclusion=pl.when(more).then(pl.lit("不成立")).otherwise(pl.lit("成立")),
        subject=pl.concat_str(pl.lit("在职 ≤ 编制"), later.otherwise(pl.lit(""))),
        left_value=pl.col("amount").cast(pl.Decimal(24, 6)),
        right_value=pl.col("post_amount").cast(pl.Decimal(24, 6)),
        difference=(pl.col("amount") - pl.col("post_amount")).cast(pl.Decimal(24, 6)),
        tolerance=pl.lit(0).cast(pl.Decimal(24, 6)),
        unit=pl.lit("人"),
        left_text="shown",
        right_text="post_shown",
        left_locator="place",
        right_locator="post_place",
    )


@rule_function("words_of_change")
def words_of_change(rule: Rule, year: Year) -> pl.DataFrame:
    """增 and 减 go with a figure above 0 and with the two years that are stated; 持平 with no change.

    «基本持平» may hide a change of up to ``options.about_level`` %.
    """
    claims = claims_of(year)
    changes = of_kind(claims, "增减额", "增减率").filter(pl.col("period") == "上年")
    negative = changes.filter(pl.col("direction").is_in(["增", "减"])).select(
        DOCUMENT,
        conclusion=pl.when(pl.col("amount") < 0).then(pl.lit("不成立")).otherwise(pl.lit("成立")),
        subject=pl.concat_str("about", "kind", pl.lit("的正负"), separator="."),
        left_text="shown",
        left_locator="place",
        note=pl.when(pl.col("amount") < 0).then(pl.lit("用词已说明增减，数又为负")),
    )
    # Both years in the text: the sign of their difference is that of the words.
    told = last_before(changed(claims), stated(claims), "own_", "amount", "half", "shown", "place")
    told = last_before(told, stated(claims, "上年"), "old_", "amount", "half", "shown", "place")
    apart = (pl.col("own_amount") - pl.col("old_amount")).cast(YUAN)
    room = (pl.col("own_half") + pl.col("old_half")).cast(YUAN)
    against = (apart * pl.col("amount").sign() < 0) & (apart.abs() > room)
    years = told.filter(pl.col("old_amount").is_not_null() & pl.col("own_amount").is_not_null())
    signs = years.filter(pl.col("amount") != 0).select(
        DOCUMENT,
        conclusion=pl.when(against).then(pl.lit("不成立")).otherwise(pl.lit("成立")),
        subject=pl.concat_str("about", pl.lit(".增减与两年的数")),
        left_text="shown",
        right_text=pl.concat_str("own_shown", pl.lit("，"), "old_shown"),
        left_locator="place",
        right_locator="old_place",
    )
    level = changes.filter((pl.col("direction") == "平") & (pl.col("kind") == "增减额"))
    rates = of_kind(claims, "增减率").filter((pl.col("period") == "上年") & (pl.col("unit") == "%"))
    level = level.join(
        rates.select(
            DOCUMENT, "key", rate="amount", rate_shown="shown", rate_place="place", rate_direction="direction"
        ).filter(pl.col("rate_direction") != "平"),
        on=[DOCUMENT, "key"],
        how="inner",
    )
    allowed = pl.when(pl.col("value_printed").str.contains("基本")).then(_percent(rule)).otherwise(pl.lit(0))
    held = pl.col("rate").abs() <= allowed.cast(YUAN)
    levels = level.select(
        DOCUMENT,
        conclusion=pl.when(held).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
        subject=pl.concat_str("about", pl.lit(".持平")),
        left_text="shown",
        right_text="rate_shown",
        left_locator="place",
        right_locator="rate_place",
    )
    return worst_of_subject(pl.concat([negative, signs, levels], how="diagonal_relaxed"))


def _percent(rule: Rule) -> pl.Expr:
    return pl.lit(rule.options["about_level"]).cast(YUAN)


@rule_function("words_of_budget")
def words_of_budget(rule: Rule, year: Year) -> pl.DataFrame:
    """«决算数小于预算数» goes with a completion below 100 %, «持平» with two figures that are level.

    A word is that of the completion it shares its sentence with, if there is one only. «基本持平» may hide
    up to ``options.about_level`` % of the budget.
    """
    claims = claims_of(year)
    text = pl.col("sentence").str.replace_all(r"\s", "")
    done = of_kind(claims, "完成率").filter(pl.len().over(DOCUMENT, "sentence") == 1)
    done = done.with_columns(word=text.str.extract(_BUDGET_WORD), open=text.str.contains(_OPEN))
    done = done.filter(pl.col("word").is_not_null() & ~pl.col("open"))
    rate, half, hundred = pl.col("amount"), pl.col("half"), pl.lit(100).cast(YUAN)
    more = pl.col("word").is_in(["大于", "高于", "超过"])
    less = pl.col("word").is_in(["小于", "低于"])
    wrong = (
        pl.when(more)
        .then(rate + half < hundred)
        .when(less)
        .then(rate - half > hundred)
        .otherwise((rate - hundred).abs() > half)
    )
    words = done.select(
        DOCUMENT,
        conclusion=pl.when(wrong).then(pl.lit("不成立")).otherwise(pl.lit("成立")),
        subject=pl.concat_str("about", pl.lit(".决算数与预算数的用语")),
        left_value=rate.cast(pl.Decimal(24, 6)),
        right_value=hundred.cast(pl.Decimal(24, 6)),
        unit=pl.lit("%"),
        left_text=pl.concat_str("shown", pl.lit("，决算数"), "word", pl.lit("预算数")),
        right_text=pl.lit("完成率 100% 为两数相等"),
        left_locator="place",
        right_locator="place",
    )
    return worst_of_subject(pl.concat([words, _level_with_budget(rule, claims)], how="diagonal_relaxed"))


def _level_with_budget(rule: Rule, claims: pl.DataFrame) -> pl.DataFrame:
    budget_period = pl.col("period").str.contains("预算")
    level = of_kind(claims, "增减额").filter((pl.col("direction") == "平") & budget_period)
    money = ("amount", "half", "shown", "place")
    budgets = of_kind(claims, "金额").filter(budget_period)
    level = last_before(last_before(level, stated(claims), "own_", *money), budgets, "budget_", *money)
    level = level.filter(pl.col("own_amount").is_not_null() & pl.col("budget_amount").is_not_null())
    apart = (pl.col("own_amount") - pl.col("budget_amount")).abs().cast(YUAN)
    room = (pl.col("own_half") + pl.col("budget_half")).cast(YUAN)
    about = pl.col("value_printed").str.contains("基本")
    allowed = (
        pl.when(about).then(pl.col("budget_amount").abs() * _percent(rule)).otherwise(pl.lit(0).cast(YUAN))
    )
    conclusion = (
        pl.when(apart == 0)
        .then(pl.lit("成立"))
        .when((apart <= room) | (apart * 100 <= allowed.cast(YUAN)))
        .then(pl.lit("尾差"))
        .otherwise(pl.lit("不成立"))
    )
    return level.select(
        DOCUMENT,
        conclusion=conclusion,
        subject=pl.concat_str("about", pl.lit(".决算数与预算数的用语")),
        left_value=in_unit(pl.col("own_amount")),
        right_value=in_unit(pl.col("budget_amount")),
        difference=in_unit(pl.col("own_amount") - pl.col("budget_amount")),
        tolerance=in_unit(room),
        unit="unit",
        left_text=pl.concat_str("own_shown", pl.lit("，与预算数"), "value_printed"),
        right_text="budget_shown",
        left_locator="own_place",
        right_locator="budget_place",
    )
