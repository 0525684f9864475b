"""Rules on performance forms as wholes: what must be there, dates and years, cut columns, second printings.

Belongs here: what is judged by the head of a form and by how it was printed. Does not belong here: its
amounts and scores.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from expectations.figures import Year
from expectations.performance import (
    DOCUMENT,
    FORM,
    KEYS,
    fields_of,
    figures_known,
    figures_of,
    forms_of,
    funding_of,
    indicators_of,
    of_family,
    table_of,
    told,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import place


@rule_function("required_fields_given")
def required_fields_given(rule: Rule, year: Year) -> pl.DataFrame:
    """P10: a form gives what it must: ``options.required`` by family, columns with their names."""
    held = figures_of(year).filter("doubtful").select(FORM, "what", held=pl.lit(True))
    found = []
    for family, columns in rule.options["required"].items():
        forms = of_family(year, family)
        names = {column: _name(column, rule) for column in columns}
        absent = pl.concat(
            forms.filter(pl.col(column).is_null()).select(*KEYS, "locator", what=pl.lit(column))
            for column in columns
        ).join(held, on=[FORM, "what"], how="left", maintain_order="left")
        named = (
            absent.with_columns(
                named=pl.col("what").replace_strict(names, return_dtype=pl.String),
                held=pl.col("held").fill_null(False),
            )
            .group_by(*KEYS, "locator", maintain_order=True)
            .agg(
                blank=pl.col("named").filter(~pl.col("held")).str.join("、"),
                held=pl.col("named").filter("held").str.join("、"),
            )
        )
        bad = pl.col("blank") != ""
        found += [
            named.select(
                *KEYS,
                conclusion=pl.when(bad).then(pl.lit("不成立")).otherwise(pl.lit("无法核对")),
                left_locator="locator",
                note=pl.when(bad)
                .then(pl.format("没有印出或没有读出：{}", "blank"))
                .otherwise(pl.format("待核：{}", "held")),
            ),
            forms.join(named, on=FORM, how="anti", maintain_order="left").select(
                *KEYS, conclusion=pl.lit("成立"), left_locator="locator"
            ),
        ]
    return told(year, pl.concat(found, how="diagonal_relaxed"), "必填的格")


def _name(column: str, rule: Rule) -> str:
    names: dict[str, str] = rule.options["names"]
    return names[column] if column in names else figures_known()[column].name


@rule_function("columns_whole")
def columns_whole(rule: Rule, year: Year) -> pl.DataFrame:
    """P15: no column was cut off: the form is whole, its executed amounts are there, names are not cut.

    ``options.cut``: names of the second list of indicators that end after so many characters.
    """
    forms = forms_of(year)
    broken = forms.filter(pl.col("state") != "完整").select(
        *KEYS,
        "locator",
        note=pl.format(
            "表{}", pl.col("state").replace_strict({"不完整": "不完整", "无头": "没有表头"}, default="不完整")
        ),
    )
    figures = figures_of(year).select(FORM, "what").unique()
    given = figures.filter(pl.col("what").is_in(["budget_amount", "received_amount"]))
    there = given.group_by(FORM).len().filter(pl.col("len") == 2)
    executed = pl.concat([figures, funding_of(year).select(FORM, "what")]).filter(what="executed_amount")
    column = (
        of_family(year, *rule.options["families"])
        .join(there, on=FORM, how="semi", maintain_order="left")
        .join(executed, on=FORM, how="anti", maintain_order="left")
        .select(*KEYS, "locator", note=pl.lit("印有预算和到位金额，没有执行金额一列"))
    )
    length = rule.options["cut"]
    names = indicators_of(year).with_columns(name=pl.col("level3").str.replace_all(r"\s", ""))
    whole = names.filter(period="实施期").select(FORM, long="name")
    short = names.filter((pl.col("period") == "年度") & (pl.col("name").str.len_chars() == length))
    cut = (
        short.join(whole, on=FORM, how="inner", maintain_order="left")
        .filter(pl.col("long").str.starts_with(pl.col("name")) & (pl.col("long").str.len_chars() > length))
        .unique([FORM, "seq"], keep="first", maintain_order=True)
        .group_by(KEYS, maintain_order=True)
        .agg(pl.len())
        .filter(pl.col("len") > 1)
        .join(forms.select(FORM, "locator"), on=FORM, how="left", maintain_order="left")
        .select(
            *KEYS, "locator", note=pl.format("年度指标的名称只印出前 {} 个字（{} 个）", pl.lit(length), "len")
        )
    )
    bad = pl.concat([broken, column, cut]).group_by(*KEYS, "locator", maintain_order=True)
    faults = bad.agg(pl.col("note").str.join("；")).select(
        *KEYS, conclusion=pl.lit("不成立"), left_locator="locator", note="note"
    )
    fine = forms.join(faults, on=FORM, how="anti", maintain_order="left").select(
        *KEYS, conclusion=pl.lit("成立"), left_locator="locator"
    )
    return told(year, pl.concat([faults, fine], how="diagonal_relaxed"), "各列")


@rule_function("dates_sensible")
def dates_sensible(rule: Rule, year: Year) -> pl.DataFrame:
    """P16: a self-evaluation is filled in after the year that it evaluates, and speaks of that year.

    ``options.fields`` are the fields where the dates stand; ``options.conclusion`` by field the pattern whose
    group is a year that the text claims for what was done; ``options.achieved`` the same of achievements.
    """
    forms = of_family(year, *rule.options["families"])
    last, first = date(year.fiscal_year, 12, 31), date(year.fiscal_year, 1, 1)
    filled, begins, ends = pl.col("filled_on"), pl.col("starts_on"), pl.col("ends_on")
    checks = {
        "填报日期": (filled, filled > last, f"填报日期早于 {year.fiscal_year} 年度结束"),
        "评价年度": (
            pl.col("evaluated_year"),
            pl.col("evaluated_year") == year.fiscal_year,
            f"评价年度不是 {year.fiscal_year} 年",
        ),
        "起止时间": (
            begins,
            (begins <= ends).fill_null(True) & (ends >= first).fill_null(True) & (begins <= last),
            "项目起止时间与决算年度不相交，或止于起之前",
        ),
    }
    found = []
    for about, (value, right, fault) in checks.items():
        cells = (
            fields_of(year, *rule.options["fields"][about])
            .unique(FORM, keep="first", maintain_order=True)
            .select(FORM, "printed", "cell_id")
        )
        asked = forms.filter(value.is_not_null()).join(cells, on=FORM, how="left", maintain_order="left")
        verdicts = asked.select(
            *KEYS,
            conclusion=pl.when(right).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
            left_text=pl.concat_str(
                pl.lit(f"{about} "),
                pl.coalesce(
                    pl.col("printed").str.replace(rf"^\s*{about}\s*[:：]?\s*", ""), value.cast(pl.String)
                ),
            ),
            left_cell="cell_id",
            left_locator=pl.coalesce(place("cell_id"), "locator"),
            right_text=pl.lit(f"{year.fiscal_year} 年度决算"),
            note=pl.when(~right).then(pl.lit(fault)),
        )
        found.append(told(year, verdicts, about))
    return pl.concat([*found, _years_in_words(rule, year)], how="diagonal_relaxed")


def _years_in_words(rule: Rule, year: Year) -> pl.DataFrame:
    """Years that conclusions and achievements claim for what was done, where they are not the year's (W)."""
    of_fields = [
        fields_of(year, field)
        .with_columns(said=pl.col("text").str.replace_all(r"\s", "").str.extract(pattern))
        .select(*KEYS, "family", "said", "cell_id", about=pl.lit(field))
        for field, pattern in rule.options["conclusion"].items()
    ]
    achieved = indicators_of(year).select(
        *KEYS,
        "family",
        said=pl.col("achieved").str.replace_all(r"\s", "").str.extract(rule.options["achieved"]),
        cell_id=pl.coalesce("achieved_cell", "cell_id"),
        about="level3",
    )
    rows = pl.concat([*of_fields, achieved], how="diagonal_relaxed").filter(
        pl.col("said").is_not_null() & pl.col("family").is_in(rule.options["families"])
    )
    right = pl.col("said") == str(year.fiscal_year)
    verdicts = rows.select(
        *KEYS,
        "about",
        conclusion=pl.when(right).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
        severity=pl.lit("W"),
        left_text=pl.format("「{}」写的是 {} 年", "about", "said"),
        right_text=pl.lit(f"{year.fiscal_year} 年度"),
        left_cell="cell_id",
        left_locator=place("cell_id"),
        note=pl.when(~right).then(pl.lit("文字所说的年份不是评价年度")),
    )
    return told(year, verdicts, pl.concat_str("about", pl.lit("·年份")))


@rule_function("printed_once")
def printed_once(rule: Rule, year: Year) -> pl.DataFrame:
    """P21: no form is printed twice in a document."""
    table = table_of(year, "fact_performance_form").sort(DOCUMENT, "seq")
    first = forms_of(year).select("form", duplicate_of=FORM, first="locator")
    again = table.join(first, on="duplicate_of", how="inner", maintain_order="left")
    number = pl.int_range(pl.len()).over("duplicate_of") + 2
    bad = again.select(
        DOCUMENT,
        conclusion=pl.lit("不成立"),
        subject=pl.format("{}.第 {} 次印出", "form", number),
        left_text=pl.format("「{}」", pl.coalesce("project_name", "form")),
        right_text=pl.lit("先印的同一张表"),
        left_locator="locator",
        right_locator="first",
        note=pl.lit("同一张表印了不止一遍，汇总时只能算一次"),
    )
    fine = (
        table.filter(pl.col("duplicate_of").is_null())
        .group_by(DOCUMENT, maintain_order=True)
        .agg(pl.len(), left_locator=pl.col("locator").first())
        .select(
            DOCUMENT,
            "left_locator",
            conclusion=pl.lit("成立"),
            subject=pl.lit("绩效表"),
            note=pl.format("不同的绩效表 {} 张", "len"),
        )
    )
    return pl.concat([bad, fine], how="diagonal_relaxed")
