"""Rules on rates of execution in performance forms: from which amounts they follow, and whether they agree.

Belongs here: what is judged by a rate. Does not belong here: the arithmetic of rounded rates (``intervals``)
and amounts that are only added up (``performance_amounts``).
"""

from __future__ import annotations

import polars as pl

from expectations.figures import YUAN, Year
from expectations.intervals import judge_rates
from expectations.performance import (
    FORM,
    KEYS,
    as_cells,
    fields_of,
    figures_of,
    forms_of,
    indicators_of,
    name_of,
    of_family,
    tasks_of,
    told,
    written,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import place

_SHOWN = pl.Decimal(24, 6)
# A rate that is printed with n decimals is right to half of its last digit.
_HALVES = {0: "0.5", 1: "0.05", 2: "0.005", 3: "0.0005", 4: "0.00005", 5: "0.000005", 6: "0.000001"}
# A score out of ten is a rate with one digit less.
_TEN = 10


@rule_function("rates_follow")
def rates_follow(rule: Rule, year: Year) -> pl.DataFrame:
    """P02: printed rates and execution scores follow from the amounts, over one of the denominators.

    ``options.over`` are the denominators by family: a rate that fits any of them holds, and the note says
    which. ``options.score`` and ``options.rate`` are how far a score (分) or a rate (%) may be cut short.
    """
    figures = figures_of(year).filter(~pl.col("doubtful"))
    executed = figures.filter(what="executed_amount").select(
        FORM, part_value="value", part_half="half", part_shown="shown"
    )
    bases = pl.concat(
        figures.filter((pl.col("what") == base) & pl.col("family").is_in(families)).select(
            FORM,
            base_value="value",
            base_half="half",
            base_shown="shown",
            base_cell="cell_id",
            base=pl.lit(name_of(base)),
        )
        for base, families in rule.options["over"].items()
    )
    amounts = executed.join(bases, on=FORM, how="inner")
    rates = figures.filter(what="execution_rate").select(
        *KEYS, "cell_id", "shown", amount="value", half=_half("shown"), about=pl.lit("预算执行率")
    )
    scores = figures.filter(what="execution_score").select(
        *KEYS,
        "cell_id",
        "shown",
        amount=(pl.col("value") * pl.lit(_TEN).cast(pl.Decimal(12, 0))).cast(YUAN),
        half=pl.lit(rule.options["half_point"]).cast(YUAN) * pl.lit(_TEN).cast(pl.Decimal(12, 0)),
        about=pl.lit("执行得分"),
    )
    of_scores = scores.join(amounts, on=FORM, how="inner")
    of_rates = rates.join(amounts, on=FORM, how="inner")
    tasks = _rows_of_tasks(year)
    sources = _rows_of_sources(year)
    found = [
        told(year, _best(of_scores, rule.options["score"], tens=True), "执行得分"),
        told(
            year,
            _best(pl.concat([of_rates, tasks, sources], how="diagonal_relaxed"), rule.options["rate"]),
            pl.col("about"),
        ),
    ]
    return pl.concat(found, how="diagonal_relaxed")


def _half(shown: str) -> pl.Expr:
    decimals = pl.col(shown).str.extract(r"\.(\d+)%?$").str.len_chars().fill_null(0).cast(pl.Int64)
    return decimals.clip(0, 6).replace_strict(_HALVES, return_dtype=pl.String).cast(YUAN)


def _rows_of_tasks(year: Year) -> pl.DataFrame:
    """The printed rates of tasks beside their amounts."""
    tasks = tasks_of(year).filter(pl.col("execution_rate").is_not_null())
    return _rated(
        tasks.with_columns(
            about=pl.concat_str("project", pl.lit("·执行率")),
            budget_amount="allotted_amount",
            budget_printed="allotted_printed",
            budget_cell="allotted_cell",
        ),
        "下达金额",
    )


def _rows_of_sources(year: Year) -> pl.DataFrame:
    """The printed rates of funding rows beside their amounts."""
    about = forms_of(year).select(FORM, "form", "money_unit")
    table = year.tables.get("fact_performance_funding")
    if table is None:
        return pl.DataFrame()
    rows = table.filter(pl.col("execution_rate").is_not_null()).join(about, on=FORM, how="inner")
    return _rated(rows.with_columns(about=pl.concat_str("source", pl.lit("·执行率"))), "预算数")


def _rated(rows: pl.DataFrame, base: str) -> pl.DataFrame:
    """Rows that print two amounts and their rate, as :func:`_best` wants them."""
    unit = pl.col("money_unit").fill_null("万元")

    def cells(stem: str, name: str) -> pl.DataFrame:
        return as_cells(
            rows.select(
                FORM,
                "seq",
                name=pl.lit(name),
                value=pl.col(f"{stem}_amount").cast(YUAN),
                printed=f"{stem}_printed",
                unit=unit,
                held=pl.lit(False),
                cell_id=pl.coalesce(f"{stem}_cell", FORM),
            )
        ).filter(pl.col("value").is_not_null())

    part = cells("executed", "执行金额").select(
        FORM, "seq", part_value="value", part_half="half", part_shown="shown"
    )
    whole = cells("budget", base).select(
        FORM,
        "seq",
        base_value="value",
        base_half="half",
        base_shown="shown",
        base_cell="cell_id",
        base=pl.lit(base),
    )
    printed = pl.coalesce("rate_printed", written("execution_rate")).str.replace_all(r"[\s%％]", "")
    rates = rows.select(
        *KEYS,
        "seq",
        "about",
        cell_id=pl.coalesce("rate_cell", FORM),
        shown=pl.concat_str("about", pl.lit(" "), printed, pl.lit("%")),
        amount=pl.col("execution_rate").cast(YUAN),
    ).with_columns(half=_half("shown"))
    return rates.join(part, on=[FORM, "seq"], how="inner").join(whole, on=[FORM, "seq"], how="inner")


def _best(rates: pl.DataFrame, allowed: str, tens: bool = False) -> pl.DataFrame:
    """Verdicts on rates, each over the denominator that fits it best; ``allowed`` in the printed unit."""
    judged = judge_rates(rates).filter(pl.col("conclusion").is_not_null())
    scale = pl.lit(_TEN).cast(pl.Decimal(12, 0)) if tens else pl.lit(1).cast(pl.Decimal(12, 0))
    judged = judged.with_columns(
        (pl.col(name).cast(YUAN) / scale).cast(_SHOWN).alias(name)
        for name in ("amount", "computed", "difference")
    )
    near = pl.col("difference").abs() < pl.lit(allowed).cast(_SHOWN)
    judged = judged.with_columns(
        conclusion=pl.when((pl.col("conclusion") == "不成立") & near)
        .then(pl.lit("尾差"))
        .otherwise("conclusion")
    ).with_columns(
        rank=pl.col("conclusion").replace_strict({"成立": 0, "尾差": 1, "不成立": 2}, return_dtype=pl.Int64)
    )
    order = [*KEYS, "about", "cell_id"]
    fitting = judged.with_columns(best=pl.col("rank").min().over(order), tried=pl.len().over(order))
    names = pl.col("base").filter(pl.col("rank") == pl.col("best")).unique(maintain_order=True).str.join("、")
    chosen = (
        fitting.with_columns(far=pl.col("difference").abs())
        .sort("rank", "far", maintain_order=True)
        .unique(order, keep="first", maintain_order=True)
        .join(fitting.group_by(order).agg(fit=names), on=order, how="left", maintain_order="left")
    )
    broken = pl.col("conclusion") == "不成立"
    several = pl.col("tried") > 1
    return chosen.select(
        *KEYS,
        "about",
        "conclusion",
        left_value=pl.col("amount").cast(_SHOWN),
        right_value="computed",
        difference=(pl.col("amount") - pl.col("computed")).cast(_SHOWN),
        tolerance=pl.lit(allowed).cast(_SHOWN),
        unit=pl.lit("分" if tens else "%"),
        left_text="shown",
        right_text=pl.concat_str(pl.lit("10 × " if tens else ""), "part_shown", pl.lit(" ÷ "), "base_shown"),
        left_cell="cell_id",
        right_cell="base_cell",
        left_locator=place("cell_id"),
        right_locator=place("base_cell"),
        note=pl.when(broken & several)
        .then(pl.lit("以到位金额、以预算金额为分母都不符"))
        .when(broken)
        .then(pl.format("以{}为分母不符", "base"))
        .otherwise(pl.format("以{}为分母", "fit")),
    )


# --- two rates of one form ----------------------------------------------------------------------


@rule_function("rates_agree_within_form")
def rates_agree_within_form(rule: Rule, year: Year) -> pl.DataFrame:
    """P12: what a form says in words or as an indicator of its rate of execution is what its amounts say.

    ``options.texts`` by field: the pattern whose group is the rate; ``options.indicator`` names the
    indicators that are such rates; ``options.rate`` is how many percentage points may lie between.
    """
    said = [
        fields_of(year, field)
        .with_columns(said=pl.col("text").str.replace_all(r"\s", "").str.extract(pattern))
        .filter(pl.col("said").is_not_null() & pl.col("family").is_in(rule.options["families"]))
        .select(
            *KEYS,
            "family",
            about=pl.lit(field),
            shown=pl.format("{}里的执行率 {}%", pl.lit(field), "said"),
            amount=pl.col("said").cast(YUAN),
            cell_id="cell_id",
        )
        for field, pattern in rule.options["texts"].items()
    ]
    indicators = (
        indicators_of(year)
        .filter(
            pl.col("level3").str.replace_all(r"\s", "").str.contains(rule.options["indicator"])
            & pl.col("achieved_value").is_not_null()
            & (pl.coalesce("achieved_unit", "target_unit") == "%")
        )
        .select(
            *KEYS,
            "family",
            about="level3",
            shown=pl.concat_str(
                pl.lit("指标「"), "level3", pl.lit("」完成 "), written("achieved_value"), pl.lit("%")
            ),
            amount=pl.col("achieved_value").cast(YUAN),
            cell_id=pl.coalesce("achieved_cell", "cell_id"),
        )
    )
    spoken = pl.concat([*said, indicators], how="diagonal_relaxed").with_columns(
        half=pl.lit("0.005").cast(YUAN)
    )
    verdicts = _best(spoken.join(_amounts(rule, year), on=FORM, how="inner"), rule.options["rate"])
    beyond = _beyond_tasks(rule, year, indicators.join(verdicts, on=FORM, how="anti"))
    return told(year, pl.concat([verdicts, beyond], how="diagonal_relaxed"), pl.col("about"))


def _beyond_tasks(rule: Rule, year: Year, indicators: pl.DataFrame) -> pl.DataFrame:
    """Rates of the whole beside those of all tasks: it lies between the lowest and the highest of them.

    A task of 0 % may have had nothing to spend; the tasks are all there where their weights make
    ``options.tasks``.
    """
    rates = (
        tasks_of(year)
        .group_by(FORM, maintain_order=True)
        .agg(
            known=(pl.col("execution_rate").count() == pl.len())
            & (pl.col("weight").sum() == pl.lit(rule.options["tasks"]).cast(_SHOWN)),
            least=pl.col("execution_rate").filter(pl.col("execution_rate") > 0).min().cast(_SHOWN),
            most=pl.col("execution_rate").max().cast(_SHOWN),
            cell=pl.col("rate_cell").first(),
        )
        .filter(pl.col("known") & (pl.col("most") > 0))
    )
    room = pl.lit(rule.options["rate"]).cast(_SHOWN)
    said = pl.col("amount").cast(_SHOWN)
    nearest = said.clip(pl.col("least"), pl.col("most")).cast(_SHOWN)
    within = (said - nearest).abs() < room
    return indicators.join(rates, on=FORM, how="inner", maintain_order="left").select(
        *KEYS,
        "about",
        conclusion=pl.when(within).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
        left_value=said,
        right_value=nearest,
        difference=(said - nearest).cast(_SHOWN),
        tolerance=room,
        unit=pl.lit("%"),
        left_text="shown",
        right_text=pl.format("各项目执行率 {}% 至 {}%", written("least"), written("most")),
        left_cell="cell_id",
        right_cell="cell",
        left_locator=place("cell_id"),
        right_locator=place("cell"),
        note=pl.when(~within).then(pl.lit("总的执行率只能在各项目的执行率之间")),
    )


def _amounts(rule: Rule, year: Year) -> pl.DataFrame:
    """The executed amount of each form over each of its denominators: the head's, else those of its tasks."""
    figures = figures_of(year).filter(~pl.col("doubtful"))
    executed = figures.filter(what="executed_amount").select(
        FORM, part_value="value", part_half="half", part_shown="shown"
    )
    heads = pl.concat(
        figures.filter(what=base).select(
            FORM,
            base_value="value",
            base_half="half",
            base_shown="shown",
            base_cell="cell_id",
            base=pl.lit(name_of(base)),
        )
        for base in rule.options["over"]
    )
    of_heads = executed.join(heads, on=FORM, how="inner")
    tasks = tasks_of(year).filter(
        pl.col("allotted_amount").is_not_null()
        & pl.col("executed_amount").is_not_null()
        & (pl.len() == pl.col("allotted_amount").count()).over(FORM)
    )
    zero = pl.lit(0).cast(YUAN)
    of_tasks = (
        tasks.group_by(FORM, maintain_order=True)
        .agg(
            part_value=pl.col("executed_amount").sum().cast(YUAN),
            base_value=pl.col("allotted_amount").sum().cast(YUAN),
            base_cell=pl.col("allotted_cell").first(),
            count=pl.len(),
        )
        .with_columns(
            part_half=zero,
            base_half=zero,
            part_shown=pl.format("{} 个项目执行金额之和", "count"),
            base_shown=pl.lit("下达金额之和"),
            base=pl.lit("各项目下达金额之和"),
        )
        .drop("count")
        .join(of_heads, on=FORM, how="anti")
    )
    families = of_family(year, *rule.options["families"]).select(FORM)
    return pl.concat([of_heads, of_tasks], how="diagonal_relaxed").join(families, on=FORM, how="semi")
