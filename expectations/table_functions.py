"""Rules within and between tables that no relation of two sides expresses.

Belongs here: one function of a few lines a rule, entered in the register. Does not belong here: rules that
are data, rules on narratives, forms or several documents.
"""

from __future__ import annotations

import polars as pl

from expectations.figures import YUAN, Year
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import concluded, place
from pipelines.vocabulary import forms, subjects

_WAN = pl.lit(10_000).cast(YUAN)


@rule_function("line_numbers")
def line_numbers(rule: Rule, year: Year) -> pl.DataFrame:
    """Each printed 行次 of ``options.form`` is the one of its item in the dictionary of the form."""
    form = rule.options["form"]
    rows = (
        _rows_of(year, form)
        .filter(pl.col("line_no").is_not_null() & pl.col("line_no_printed").is_not_null())
        .with_columns(wrong=pl.col("line_no_printed").str.strip_chars() != pl.col("line_no").cast(pl.String))
    )
    said = pl.concat_str("label", pl.lit(" 印刷行次 "), "line_no_printed")
    return _row_verdicts(form, rows, "行次", said, pl.concat_str(pl.lit("字典行次 "), "line_no"))


@rule_function("subject_names")
def subject_names(rule: Rule, year: Year) -> pl.DataFrame:
    """The printed name of each 科目代码 of ``options.form`` is one that the references know for it.

    Blanks and width apart. The references are evidence, not the official list: a code that they do not
    hold is passed over.
    """
    form = rule.options["form"]
    known = [(s.code, s.name) for names in subjects(rule.options["classification"]).values() for s in names]
    names = pl.DataFrame(known, schema=["subject_code", "name"], orient="row").select(
        "subject_code", name=_normal("name")
    )
    listed = names.group_by("subject_code").agg(pl.col("name").alias("names"))
    rows = (
        _rows_of(year, form)
        .filter(pl.col("name_printed").is_not_null())
        .join(listed, on="subject_code", how="inner", maintain_order="left")
        .with_columns(wrong=~pl.col("names").list.contains(_normal("name_printed")))
    )
    said = pl.concat_str(pl.lit("科目名称 "), "label")
    return _row_verdicts(form, rows, "名称", said, pl.col("names").list.join(" 或 "))


@rule_function("fund_subjects")
def fund_subjects(rule: Rule, year: Year) -> pl.DataFrame:
    """No 项 of 政府性基金 stands in 一般公共预算 as well; those of ``options.known`` 款 are funds.

    There is no official list here: of a 款 that is neither known nor in both tables, nothing can be said.
    """
    form, general = "government_fund", "general_budget_expenditure"
    of_general = (
        year.figures[general]
        .filter((pl.col("level") == 7) & (pl.col("value") != 0))
        .select("document_id", "subject_code", pl.lit(True).alias("in_both"))
        .unique()
    )
    rows = (
        _rows_of(year, form)
        .filter(pl.col("level") == 7)
        .join(of_general, on=["document_id", "subject_code"], how="left", maintain_order="left")
        .with_columns(wrong=pl.col("in_both").fill_null(False))
    )
    told = rows.with_columns(known=pl.col("subject_code").str.slice(0, 5).is_in(rule.options["known"]))
    unsure = told.filter(~pl.col("known") & ~pl.col("wrong")).select(
        "document_id",
        conclusion=pl.lit("无法核对"),
        subject=pl.concat_str(pl.lit(f"{forms()[form].name}."), "row", pl.lit(".科目")),
        note=pl.concat_str(
            pl.lit("没有官方科目表，断不定 "), "subject_code", pl.lit(" 是不是政府性基金科目")
        ),
    )
    right = told.filter(pl.col("known") | pl.col("wrong"))
    same = pl.lit(f"同一科目也在「{forms()[general].name}」列支")
    return pl.concat(
        [_row_verdicts(form, right, "科目", pl.col("label"), same), unsure], how="diagonal_relaxed"
    )


@rule_function("items_of_one_side")
def items_of_one_side(rule: Rule, year: Year) -> pl.DataFrame:
    """项 with expenditure alone are paid from balances, 项 with income alone go to them.

    What is spent on the former is no more than 年初结转和结余 and 使用非财政拨款结余 together; what comes
    in for the latter no more than 年末结转和结余 and 结余分配.
    """
    whole = year.statements.filter(
        pl.col("form").is_in(["income", "expenditure", "income_expenditure_summary"])
        & (pl.col("state") == "有数")
    )
    able = (
        whole.group_by("document_id")
        .agg(pl.col("form").n_unique(), pl.len())
        .filter((pl.col("form") == 3) & (pl.col("len") == 3))
    )
    income = _items(year, "income", "本年收入合计").join(able, on="document_id", how="semi")
    spent = _items(year, "expenditure", "本年支出合计").join(able, on="document_id", how="semi")
    sides = (
        (spent, income, ("年初结转和结余", "使用非财政拨款结余"), "支出决算表", "只有支出没有收入"),
        (income, spent, ("年末结转和结余", "结余分配"), "收入决算表", "只有收入没有支出"),
    )
    return pl.concat([_only(*side, year) for side in sides], how="diagonal_relaxed")


def _items(year: Year, form: str, measure: str) -> pl.DataFrame:
    """The figures of the 项 of a form by document and code; documents that print no 项 have none."""
    return (
        year.figures[form]
        .filter((pl.col("level") == 7) & (pl.col("measure") == measure))
        .group_by("document_id", "subject_code", maintain_order=True)
        .agg(
            pl.col("value").sum(),
            pl.col("half").sum(),
            pl.col("cell_id").first(),
            pl.col("doubtful").any(),
        )
    )


def _only(
    one: pl.DataFrame, other: pl.DataFrame, balances: tuple[str, ...], form: str, what: str, year: Year
) -> pl.DataFrame:
    alone = (
        one.filter(pl.col("value") > 0)
        .join(other.filter(pl.col("value") != 0), on=["document_id", "subject_code"], how="anti")
        .join(other.select("document_id").unique(), on="document_id", how="semi")
    )
    held = pl.concat([one, other]).filter("doubtful").select("document_id")
    codes = (
        alone.join(held, on="document_id", how="anti")
        .group_by("document_id", maintain_order=True)
        .agg(
            pl.col("value").sum(),
            pl.col("half").sum(),
            pl.col("subject_code").str.join("、").alias("codes"),
            pl.col("cell_id").str.join(",").alias("left_cell"),
            pl.col("cell_id").first().alias("first"),
        )
    )
    balance = (
        year.figures["income_expenditure_summary"]
        .filter(pl.col("item").is_in(balances))
        .group_by("document_id")
        .agg(
            pl.col("value").sum().alias("covered"),
            pl.col("half").sum().alias("half_covered"),
            pl.col("cell_id").str.join(",").alias("right_cell"),
            pl.col("cell_id").first().alias("second"),
        )
    )
    found = codes.join(balance, on="document_id", how="inner").with_columns(
        difference=pl.col("value") - pl.col("covered"), tolerance=pl.col("half") + pl.col("half_covered")
    )
    return found.select(
        "document_id",
        conclusion=concluded(pl.col("difference"), pl.col("tolerance")),
        subject=pl.lit(f"{form}.{what}的项"),
        left_value=pl.col("value") / _WAN,
        right_value=pl.col("covered") / _WAN,
        difference=pl.col("difference") / _WAN,
        tolerance=pl.col("tolerance") / _WAN,
        unit=pl.lit("万元"),
        left_text=pl.concat_str(pl.lit(f"{form}·{what}的 "), "codes"),
        right_text=pl.lit("收入支出决算总表·" + "、".join(balances)),
        left_cell="left_cell",
        right_cell="right_cell",
        left_locator=place("first"),
        right_locator=place("second"),
    )


# --- what the functions share -------------------------------------------------------------------


def _rows_of(year: Year, form: str) -> pl.DataFrame:
    """One line for each printed row of a form."""
    return year.figures[form].unique(["statement_id", "row_seq", "item"], keep="first", maintain_order=True)


def _row_verdicts(form: str, rows: pl.DataFrame, what: str, said: pl.Expr, wanted: pl.Expr) -> pl.DataFrame:
    """不成立 for each row that is ``wrong``, and one 成立 for a document in which none is."""
    name = forms()[form].name
    wrong = rows.filter("wrong")
    right = rows.join(wrong, on="document_id", how="anti").group_by("document_id").agg(pl.len())
    return pl.concat(
        [
            wrong.select(
                "document_id",
                conclusion=pl.lit("不成立"),
                subject=pl.concat_str(pl.lit(f"{name}."), "row", pl.lit(f".{what}")),
                left_text=pl.concat_str(pl.lit(f"{name}·"), said),
                right_text=wanted,
                left_cell="cell_id",
                left_locator=place("cell_id"),
            ),
            right.select(
                "document_id",
                conclusion=pl.lit("成立"),
                subject=pl.lit(f"{name}.{what}"),
                left_text=pl.concat_str(pl.lit(f"{name}：核对了 "), "len", pl.lit(" 行")),
            ),
        ],
        how="diagonal_relaxed",
    )


def _normal(column: str) -> pl.Expr:
    """A name without what differs by typesetting alone."""
    return pl.col(column).str.normalize("NFKC").str.replace_all(r"[\s“”\"、,]", "")
