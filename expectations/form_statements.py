"""Rules of form on statements: titles, numbers, units, notes, and that each is there once and whole.

Belongs here: what is judged by the statements of a document as they are printed. Does not belong here:
their 科目 (``form_codes``), the text around them (``form_text``), any word list (``rules/f.yml``).
"""

from __future__ import annotations

import re

import polars as pl

from expectations.figures import Year
from expectations.form_verdicts import (
    WHOLE,
    conclusion,
    folded,
    marks,
    place_of,
    roles,
    statements,
    verdicts,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from pipelines.vocabulary import forms, load_yaml
from pipelines.wording import fold, name_key, wording

_YEAR_BEFORE = re.compile(r"^\d{4}年(?:度)?")
_GATHERED = re.compile(r"(?:\((?:汇总|本级)\)|汇总|本级)$")
_broken = pl.col("broken")


def title_key(title: str) -> str:
    """A statement's title as compared: without ordinal, year and table number."""
    return _YEAR_BEFORE.sub("", wording().number_beside_title.sub("", name_key(title)))


def unit_key(name: str) -> str:
    """A unit's name as compared: without the words on what is gathered."""
    return _GATHERED.sub("", fold(name))


@rule_function("unit_on_each_table")
def unit_on_each_table(rule: Rule, year: Year) -> pl.DataFrame:
    """F06: where a document prints its unit above tables, every table has it, and it is the same unit."""
    own = year.documents.select("document_id", "unit_name").pipe(folded, "unit_name", "unit", unit_key)
    found = (
        statements(year)
        .filter(pl.col("unit_printed").is_not_null().any().over("document_id"))
        .join(own, on="document_id", how="left", maintain_order="left")
        .pipe(folded, "unit_printed", "printed", unit_key)
    )
    missing = pl.col("printed").is_null()
    return verdicts(
        found.with_columns(
            conclusion=conclusion(pl.col("printed") == pl.col("unit"), missing & _broken),
            left_text=pl.col("unit_printed"),
            right_text=pl.col("unit_name"),
            left_locator=pl.col("locator"),
            note=pl.when(missing & _broken)
            .then(pl.lit("本表不完整，表头可能已经丢失"))
            .when(missing)
            .then(pl.lit("表头没有印单位名称"))
            .when(pl.col("printed") != pl.col("unit"))
            .then(pl.lit("表头的单位与本文单位不同")),
        )
    )


@rule_function("money_unit_on_each_table")
def money_unit_on_each_table(rule: Rule, year: Year) -> pl.DataFrame:
    """F07: each table prints the unit of its money itself."""
    itself = pl.col("money_unit_evidence") == "本表印出"
    return verdicts(
        statements(year).with_columns(
            conclusion=conclusion(itself, _broken),
            left_text=pl.when(itself).then(pl.col("money_unit")),
            left_locator=pl.col("locator"),
            note=pl.when(itself.fill_null(False).not_()).then(
                pl.format("本表没有印金额单位；{}", pl.col("money_unit_evidence").fill_null("同文也无从得知"))
            ),
        )
    )


@rule_function("empty_table_declared")
def empty_table_declared(rule: Rule, year: Year) -> pl.DataFrame:
    """F08: a table without a figure says that it has none."""
    condition = roles(year, "note").filter(
        pl.col("text").str.replace_all(r"\s", "").str.contains(rule.options["condition"])
    )
    found = statements(year, ("无数据", "空表")).join(
        condition.select("statement_id", "text").unique("statement_id", keep="first"),
        on="statement_id",
        how="left",
        maintain_order="left",
    )
    declared = (pl.col("state") == "无数据") | pl.col("text").is_not_null()
    return verdicts(
        found.with_columns(
            conclusion=conclusion(declared),
            left_locator=pl.col("locator"),
            note=pl.when(declared.not_()).then(pl.lit("空表，没有写明本表无数据")),
        )
    )


@rule_function("title_as_listed")
def title_as_listed(rule: Rule, year: Year) -> pl.DataFrame:
    """F09: a statement bears the title that the table of contents gives it."""
    listed = _listed(year).pipe(folded, "text", "entry", title_key)
    found = (
        statements(year)
        .join(listed, on=["document_id", "about"], how="inner", maintain_order="left")
        .pipe(folded, "title_printed", "title", title_key)
    )
    return verdicts(
        found.with_columns(
            conclusion=conclusion(pl.col("title") == pl.col("entry"), pl.col("title").is_null()),
            left_text=pl.col("title_printed"),
            right_text=pl.col("text"),
            left_locator=pl.col("locator"),
            right_locator=pl.col("entry_locator"),
            note=pl.when(pl.col("title").is_null())
            .then(pl.lit("本表没有印标题"))
            .when(pl.col("title") != pl.col("entry"))
            .then(pl.lit("表上的标题与目录所列不同")),
        )
    )


@rule_function("listed_tables_present")
def listed_tables_present(rule: Rule, year: Year) -> pl.DataFrame:
    """F19: every statement that the table of contents lists stands in the document."""
    printed = statements(year).select("document_id", "about", "locator").unique(["document_id", "about"])
    there = pl.col("locator").is_not_null()
    return verdicts(
        _listed(year)
        .join(printed, on=["document_id", "about"], how="left", maintain_order="left")
        .with_columns(
            conclusion=conclusion(there),
            left_text=pl.col("text"),
            left_locator=pl.col("entry_locator"),
            right_locator=pl.col("locator"),
            note=pl.when(there.not_()).then(pl.lit("目录列有此表，正文没有")),
        )
    )


def _listed(year: Year) -> pl.DataFrame:
    """The statements that tables of contents list: document, ``about``, the entry and its place."""
    names = [form.name for form in forms().values()]
    return (
        marks(year, "目录")
        .filter(pl.col("value").is_in(names))
        .select("document_id", "text", about="value", entry_locator="locator")
        .unique(["document_id", "about"], keep="first", maintain_order=True)
    )


@rule_function("budget_basis_said")
def budget_basis_said(rule: Rule, year: Year) -> pl.DataFrame:
    """F16: it is said whether the budget figures of 三公经费 are the first or the adjusted ones."""
    notes = (
        roles(year, "note")
        .with_columns(basis=pl.col("text").str.replace_all(r"\s", "").str.extract(rule.options["says"]))
        .filter(pl.col("basis").is_not_null())
        .select("statement_id", "basis", "text", where=place_of("cell_id"))
        .unique("statement_id", keep="first", maintain_order=True)
    )
    told = (
        marks(year, rule.options["mark"])
        .select("document_id", told="value", told_text="text", told_at="locator")
        .unique("document_id", keep="first", maintain_order=True)
    )
    found = (
        statements(year, ("有数", "不完整"))
        .filter(pl.col("form") == rule.options["form"])
        .join(notes, on="statement_id", how="left", maintain_order="left")
        .join(told, on="document_id", how="left", maintain_order="left")
    )
    basis = pl.coalesce("basis", "told")
    return verdicts(
        found.with_columns(
            conclusion=conclusion(basis.is_not_null()),
            left_text=pl.coalesce("text", "told_text").str.head(40),
            left_locator=pl.coalesce("where", "told_at", "locator"),
            note=pl.when(pl.col("basis").is_not_null())
            .then(pl.format("表注：预算数是{}数", pl.col("basis")))
            .when(pl.col("told").is_not_null())
            .then(pl.format("表注没有写；情况说明：{}", pl.col("told")))
            .otherwise(pl.lit("没有写明预算数是年初预算数还是全年预算数")),
        )
    )


@rule_function("number_in_one_line")
def number_in_one_line(rule: Rule, year: Year) -> pl.DataFrame:
    """F21: the table's number is not broken over two lines."""
    pieces = roles(year, "table_number").with_columns(
        tail=pl.col("text").str.strip_chars().is_in(["表", "表)", "表）"]), left_locator=place_of("cell_id")
    )
    by_statement = pieces.group_by("statement_id", maintain_order=True).agg(
        parted=pl.col("tail").any(),
        left_text=pl.col("text").str.join(" / "),
        left_locator=pl.col("left_locator").first(),
    )
    return verdicts(
        statements(year)
        .join(by_statement, on="statement_id", how="inner", maintain_order="left")
        .with_columns(
            conclusion=conclusion(pl.col("parted").not_()),
            note=pl.when(pl.col("parted")).then(pl.lit("表号断成两行，已接上")),
        )
    )


@rule_function("table_whole")
def table_whole(rule: Rule, year: Year) -> pl.DataFrame:
    """F22: no row of the table was lost on the way to us."""
    return verdicts(
        statements(year).with_columns(
            conclusion=conclusion(_broken.not_(), pl.col("state") == "待核"),
            left_locator=pl.col("locator"),
            right_locator=pl.col("locator_end"),
            note=pl.when(_broken).then(pl.col("reason").fill_null("表格范围内有读不成行的残文")),
        )
    )


@rule_function("number_and_title")
def number_and_title(rule: Rule, year: Year) -> pl.DataFrame:
    """F23: each table has its title and, where the document numbers its tables at all, its number."""
    numbered = pl.col("number_printed").is_not_null().any().over("document_id")
    lacks = [
        pl.when(pl.col("title_printed").is_null()).then(pl.lit("标题")),
        pl.when(numbered & pl.col("number_printed").is_null()).then(pl.lit("表号")),
    ]
    found = statements(year).with_columns(
        lacking=pl.concat_str(lacks, separator="和", ignore_nulls=True).replace("", None)
    )
    fine = pl.col("lacking").is_null()
    return verdicts(
        found.with_columns(
            conclusion=conclusion(fine, _broken),
            left_text=pl.concat_str("number_printed", "title_printed", separator=" ", ignore_nulls=True),
            left_locator=pl.col("locator"),
            note=pl.when(fine.not_()).then(
                pl.format(
                    "没有印{}{}",
                    "lacking",
                    pl.when(_broken).then(pl.lit("；本表不完整")).otherwise(pl.lit("")),
                )
            ),
        )
    )


@rule_function("table_has_head")
def table_has_head(rule: Rule, year: Year) -> pl.DataFrame:
    """F26: each table has a head of columns, and every word in it is understood."""
    heads = roles(year, "header").select("statement_id", headed=True).unique()
    odd = (
        roles(year, "unknown")
        .group_by("statement_id", maintain_order=True)
        .agg(pl.col("text").str.join(" / "), where=pl.col("cell_id").first())
        .with_columns(where=place_of("where"))
    )
    found = (
        statements(year, ("有数", "不完整"))
        .join(heads, on="statement_id", how="left", maintain_order="left")
        .join(odd, on="statement_id", how="left", maintain_order="left")
    )
    headed, clear = pl.col("headed").fill_null(False), pl.col("text").is_null()
    return verdicts(
        found.with_columns(
            conclusion=conclusion(headed & clear),
            left_text=pl.col("text"),
            left_locator=pl.coalesce("where", "locator"),
            note=pl.when(headed.not_())
            .then(pl.lit("没有表头"))
            .when(clear.not_())
            .then(pl.lit("表头附近有读不通的文字")),
        )
    )


@rule_function("line_dictionary_of_year")
def line_dictionary_of_year(rule: Rule, year: Year) -> pl.DataFrame:
    """F35: the dictionary of rows that the document was read with is made for its year."""
    known = pl.DataFrame(
        [(one["id"], one["name"], *one["years"]) for one in load_yaml("templates")],
        schema={"template": pl.String, "name": pl.String, "first": pl.Int64, "last": pl.Int64},
        orient="row",
    )
    found = year.documents.select("document_id", "template", "fiscal_year").join(
        known, on="template", how="left", maintain_order="left"
    )
    covered = pl.col("fiscal_year").is_between("first", "last")
    return verdicts(
        found.with_columns(
            about=pl.lit(WHOLE),
            conclusion=conclusion(covered, pl.lit(True)),
            note=pl.when(covered.fill_null(False))
            .then(pl.format("行次按{} {}–{} 年的表式", "name", "first", "last"))
            .otherwise(pl.lit("没有这个模板或这个年度的行次字典")),
        )
    )


@rule_function("notes_in_place")
def notes_in_place(rule: Rule, year: Year) -> pl.DataFrame:
    """F41: where the tables of a document carry notes, every table has its own."""
    noted = roles(year, "note").select("statement_id", noted=True).unique()
    found = (
        statements(year)
        .join(noted, on="statement_id", how="left", maintain_order="left")
        .with_columns(pl.col("noted").fill_null(False))
        .filter(pl.col("noted").mean().over("document_id") > rule.options["share"])
    )
    return verdicts(
        found.with_columns(
            conclusion=conclusion(pl.col("noted"), _broken),
            left_locator=pl.col("locator_end"),
            note=pl.when(pl.col("noted").not_()).then(pl.lit("别的表都有表注，本表没有")),
        )
    )
