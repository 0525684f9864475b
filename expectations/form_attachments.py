"""Rules of form on attachments: their years, dates, units and the names of their projects.

Belongs here: what is judged by the marks of the attachments. Does not belong here: their scores and amounts.
"""

from __future__ import annotations

import polars as pl

from expectations.figures import Year
from expectations.form_verdicts import ATTACHMENTS, conclusion, marks, verdicts
from expectations.registry import rule_function
from expectations.rules_data import Rule


@rule_function("years_of_attachments")
def years_of_attachments(rule: Rule, year: Year) -> pl.DataFrame:
    """F15: attachments evaluate the year of the accounts, and their targets are of that year."""
    words: dict[str, str] = rule.options["marks"]
    years = year.documents.select("document_id", year=pl.col("fiscal_year").cast(pl.String))
    own = pl.col("value") == pl.col("year")
    return verdicts(
        marks(year, *words)
        .join(years.drop_nulls(), on="document_id", how="inner", maintain_order="left")
        .with_columns(
            about=pl.lit(ATTACHMENTS),
            place=pl.col("mark"),
            conclusion=conclusion(own),
            left_text=pl.when(own.not_()).then("text"),
            right_text=pl.when(own.not_()).then(pl.format("{}年度决算", "year")),
            left_locator=pl.col("locator"),
            note=pl.when(own.not_()).then(
                pl.format("{}写的是 {} 年", pl.col("mark").replace_strict(words), "value")
            ),
        )
    )


@rule_function("project_names_whole")
def project_names_whole(rule: Rule, year: Year) -> pl.DataFrame:
    """F18: names of projects are not cut off: brackets close, and they do not end in a joining word."""
    text = pl.col("text").str.strip_suffix("…")
    opened = text.str.count_matches(r"[(（]") > text.str.count_matches(r"[)）]")
    long = pl.col("text").str.ends_with("…")
    cut = (opened & long.not_()) | text.str.contains(rule.options["joins"])
    return verdicts(
        marks(year, "项目名").with_columns(
            about=pl.lit(ATTACHMENTS),
            place=pl.col("text"),
            conclusion=conclusion(cut.not_()),
            left_text=pl.when(cut).then("text"),
            left_locator=pl.col("locator"),
            note=pl.when(cut).then(pl.lit("项目名称没有印全")),
        )
    )


@rule_function("project_name_is_key")
def project_name_is_key(rule: Rule, year: Year) -> pl.DataFrame:
    """F29: forms of one project name are one form; else the name does not tell projects apart."""
    found = (
        marks(year, "自评表")
        .unique(["document_id", "text", "value"], keep="first", maintain_order=True)
        .group_by("document_id", "text", maintain_order=True)
        .agg(
            kinds=pl.len(),
            left_locator=pl.col("locator").first(),
            right_locator=pl.col("locator").get(1, null_on_oob=True),
        )
    )
    one = pl.col("kinds") == 1
    return verdicts(
        found.with_columns(
            about=pl.lit(ATTACHMENTS),
            place=pl.col("text"),
            conclusion=conclusion(one),
            left_text=pl.when(one.not_()).then("text"),
            note=pl.when(one.not_()).then(
                pl.format("{} 张单位或金额不同的自评表用同一个项目名称，不能凭名称分辨项目", "kinds")
            ),
        )
    )


@rule_function("attachment_heads")
def attachment_heads(rule: Rule, year: Year) -> pl.DataFrame:
    """F30: self-evaluation forms say whose they are and when they were filled in."""
    words: dict[str, str] = rule.options["marks"]
    bad = marks(year, *words).with_columns(
        conclusion=pl.lit("不成立"),
        place=pl.concat_str("text", "mark", separator="."),
        left_text=pl.col("text"),
        note=pl.col("mark").replace_strict(words),
    )
    all_forms = marks(year, "项目名").with_columns(conclusion=pl.lit("成立"))
    fine = all_forms.join(bad, on=["document_id", "locator"], how="anti", maintain_order="left")
    return verdicts(
        pl.concat([bad, fine], how="diagonal").with_columns(
            about=pl.lit(ATTACHMENTS), left_locator=pl.col("locator")
        )
    )


@rule_function("dates_alike")
def dates_alike(rule: Rule, year: Year) -> pl.DataFrame:
    """F34: the dates of a document's attachments are dates, and written in one manner."""
    value = pl.col("value")
    manner = (
        pl.when(value.str.contains("年"))
        .then(pl.lit("年月日"))
        .when(value.str.contains(r"^\d+$"))
        .then(pl.lit("连写"))
        .otherwise(value.str.extract(r"^\d{4}(.)"))
    )
    found = (
        marks(year, "填报日期")
        .with_columns(manner=manner)
        .group_by("document_id", "manner", maintain_order=True)
        .agg(pl.len(), pl.col("value", "locator").first())
        .group_by("document_id", maintain_order=True)
        .agg(
            kinds=pl.len(),
            left_text=pl.format("{}（{} 处）", "value", "len").str.join("、"),
            left_locator=pl.col("locator").first(),
            right_locator=pl.col("locator").get(1, null_on_oob=True),
        )
    )
    alike = pl.col("kinds") == 1
    return verdicts(
        found.with_columns(
            about=pl.lit(ATTACHMENTS),
            place=pl.lit("填报日期"),
            conclusion=conclusion(alike),
            note=pl.when(alike.not_()).then(pl.format("填报日期有 {} 种写法", "kinds")),
        )
    )
