"""Rules of form on 科目: their codes and names, level by level, against what is known of them.

Belongs here: what is judged by rows with a 科目代码. Does not belong here: any figure.

The references are codes and names seen in real documents, not the official classification of a year: a code
that is not among them is 无法核对, never 不成立. A name contradicts a code only where enough documents print
another one for it, or where the very same document prints more of it elsewhere.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from expectations.figures import Year
from expectations.form_verdicts import conclusion, place_of, rows, statements, verdicts
from expectations.registry import rule_function
from expectations.rules_data import Rule
from pipelines.vocabulary import subjects
from pipelines.wording import fold

_LENGTHS = {"functional": (3, 5, 7), "economic": (3, 5)}
_broken = pl.col("broken")
_length = pl.col("subject_code").str.len_chars()


@cache
def known_subjects() -> pl.DataFrame:
    """Codes and names seen in real documents: classification, code, folded name, years, documents."""
    return pl.DataFrame(
        [
            (kind, one.code, one.name, fold(one.name), one.first_year, one.last_year, one.documents)
            for kind in ("functional", "economic")
            for names in subjects(kind).values()
            for one in names
        ],
        schema={
            "classification": pl.String,
            "subject_code": pl.String,
            "known_printed": pl.String,
            "known": pl.String,
            "first_year": pl.Int32,
            "last_year": pl.Int32,
            "documents": pl.Int32,
        },
        orient="row",
    )


def _codes(year: Year) -> pl.DataFrame:
    """Rows with a code that is known to us; their number in the statement and what the code's level is."""
    return rows(year).filter(pl.col("subject_code").is_not_null())


def _listing(column: str) -> pl.Expr:
    """The first codes of a group in words, with how many there are."""
    some = pl.col(column).unique(maintain_order=True)
    more = pl.when(some.len() > 4).then(pl.format(" 等 {} 个", some.len())).otherwise(pl.lit(""))
    return pl.concat_str(some.head(4).str.join("、"), more)


@rule_function("codes_whole_and_known")
def codes_whole_and_known(rule: Rule, year: Year) -> pl.DataFrame:
    """F01: codes have 3, 5 or 7 digits (economic ones 3 or 5), are printed whole, and are known.

    A statement is one place: its codes that were printed cut short, or its codes that nobody has seen.
    """
    cut = (
        year.tables["repair"]
        .filter(pl.col("attribute") == "科目代码")
        .select("statement_id", "row_seq", cut=True)
        .unique()
    )
    known = known_subjects().select("classification", "subject_code", known=True).unique()
    right_length = pl.any_horizontal(
        (pl.col("classification") == kind)
        & pl.col("subject_code_printed").str.len_chars().is_in(list(lengths))
        for kind, lengths in _LENGTHS.items()
    )
    found = (
        rows(year)
        .filter(pl.col("subject_code_printed").is_not_null())
        .join(cut, on=["statement_id", "row_seq"], how="left", maintain_order="left")
        .join(known, on=["classification", "subject_code"], how="left", maintain_order="left")
        .with_columns(
            conclusion=pl.when(pl.col("cut").fill_null(False) | right_length.not_())
            .then(pl.lit("不成立"))
            .when(pl.col("known").is_null())
            .then(pl.lit("无法核对"))
            .otherwise(pl.lit("成立"))
        )
        .group_by("document_id", "about", "conclusion", maintain_order=True)
        .agg(
            rows=pl.len(),
            left_text=_listing("subject_code_printed"),
            right_text=_listing("subject_code"),
            left_locator=pl.col("left_locator").first(),
        )
    )
    failed, unknown = pl.col("conclusion") == "不成立", pl.col("conclusion") == "无法核对"
    return verdicts(
        found.with_columns(
            place=pl.when(failed).then(pl.lit("代码")).when(unknown).then(pl.lit("未见过的代码")),
            right_text=pl.when(failed).then("right_text"),
            note=pl.when(failed)
            .then(pl.format("{} 行的代码没有印全", "rows"))
            .when(unknown)
            .then(pl.lit("这些代码不在所见过的科目里；没有当年的官方科目表，不能断定对错"))
            .otherwise(pl.format("核对 {} 行", "rows")),
        )
    )


@rule_function("names_of_codes")
def names_of_codes(rule: Rule, year: Year) -> pl.DataFrame:
    """F02, F10: the printed name is one that the code is known by; ``classification`` says which codes."""
    kind = rule.options["classification"]
    found = rows(year, kind).filter(pl.col("subject_code").is_not_null() & (pl.col("name") != ""))
    known = known_subjects().filter(pl.col("classification") == kind)
    by_code = known.group_by("subject_code").agg(
        pl.col("known").alias("names"),
        pl.col("known_printed").sort_by("documents").last().alias("usual"),
        pl.col("documents").max(),
    )
    told = found.group_by("document_id", "subject_code").agg(
        pl.col("name").unique().alias("told"), pl.col("name_printed").alias("told_printed")
    )
    found = found.join(by_code, on="subject_code", how="left", maintain_order="left").join(
        told, on=["document_id", "subject_code"], how="left", maintain_order="left"
    )
    distinct = found.select("subject_code", "name", "names", "told").unique(["subject_code", "name", "told"])
    fuller = (
        distinct.with_columns(
            other=pl.concat_list(
                pl.col("names").fill_null(pl.lit([], dtype=pl.List(pl.String))), pl.col("told")
            )
        )
        .explode("other")
        .filter(
            pl.col("other").str.starts_with(pl.col("name"))
            & (pl.col("other").str.len_chars() > pl.col("name").str.len_chars())
        )
        .group_by("subject_code", "name", "told")
        .agg(fuller=pl.col("other").sort_by(pl.col("other").str.len_chars()).first())
    )
    found = found.join(fuller, on=["subject_code", "name", "told"], how="left", maintain_order="left")
    its_own = pl.col("names").list.contains(pl.col("name")).fill_null(False)
    cut = its_own.not_() & pl.col("fuller").is_not_null()
    other = its_own.not_() & (pl.col("documents") >= rule.options["documents"])
    return verdicts(
        found.with_columns(
            conclusion=pl.when(its_own)
            .then(pl.lit("成立"))
            .when((cut | other).fill_null(False))
            .then(pl.lit("不成立"))
            .otherwise(pl.lit("无法核对")),
            cut=cut,
            other=other.fill_null(False),
        )
        .pipe(_unknown_together)
        .with_columns(
            place=pl.when(pl.col("together")).then(pl.lit("未见过的名称")).otherwise("subject_code"),
            left_text=pl.when(pl.col("conclusion") != "成立").then("name_printed"),
            right_text=pl.when(pl.col("cut"))
            .then("fuller")
            .when(pl.col("conclusion") == "不成立")
            .then("usual"),
            note=pl.when(pl.col("conclusion") == "成立")
            .then(None)
            .when(pl.col("together"))
            .then(pl.lit("所见过的科目里没有这些代码或名称；没有当年的官方科目表，不能断定对错"))
            .when(pl.col("cut"))
            .then(pl.format("{} 的名称没有印全", "subject_code"))
            .otherwise(pl.format("{} 在 {} 份文件里都不叫这个名称", "subject_code", "documents")),
        )
    )


def _unknown_together(found: pl.DataFrame) -> pl.DataFrame:
    """Rows of a statement that cannot be judged as one place, with their codes listed."""
    unknown = pl.col("conclusion") == "无法核对"
    listed = (
        found.filter(unknown)
        .group_by("document_id", "about", maintain_order=True)
        .agg(
            pl.col("conclusion", "left_locator").first(),
            name_printed=_listing("name_printed"),
            together=True,
        )
    )
    return pl.concat([found.filter(unknown.not_()).with_columns(together=False), listed], how="diagonal")


@rule_function("names_of_the_year")
def names_of_the_year(rule: Rule, year: Year) -> pl.DataFrame:
    """F36: a code is not printed with a name that it bore before, when later documents name it anew."""
    known = known_subjects()
    span = pl.lit(year.fiscal_year).is_between("first_year", "last_year")
    today = (
        known.filter(span)
        .sort("documents")
        .group_by("classification", "subject_code")
        .agg(today=pl.col("known_printed").last())
    )
    same = known.select("classification", "subject_code", "first_year", "last_year", name="known", seen=True)
    found = (
        _codes(year)
        .join(same, on=["classification", "subject_code", "name"], how="left", maintain_order="left")
        .join(today, on=["classification", "subject_code"], how="left", maintain_order="left")
    )
    old = (pl.col("last_year") < year.fiscal_year) & pl.col("today").is_not_null()
    now = pl.lit(year.fiscal_year).is_between("first_year", "last_year")
    judged = found.with_columns(
        conclusion=pl.when(now)
        .then(pl.lit("成立"))
        .when(old)
        .then(pl.lit("不成立"))
        .otherwise(pl.lit("无法核对"))
    )
    unknown = pl.col("conclusion") == "无法核对"
    listed = (
        judged.filter(unknown)
        .group_by("document_id", "about", "conclusion", maintain_order=True)
        .agg(
            left_text=_listing("subject_code"),
            left_locator=pl.col("left_locator").first(),
            place=pl.lit("未见过的代码"),
            note=pl.lit("这一年没有别的文件印过这些代码和名称；没有当年的官方科目表，不能断定是否有效"),
        )
    )
    failed = pl.col("conclusion") == "不成立"
    plain = judged.filter(unknown.not_()).with_columns(
        place=pl.col("subject_code"),
        left_text=pl.when(failed).then("name_printed"),
        right_text=pl.when(failed).then("today"),
        note=pl.when(failed).then(pl.format("此名只在 {} 年及以前见过", "last_year")),
    )
    return verdicts(pl.concat([plain, listed], how="diagonal"))


@rule_function("same_levels")
def same_levels(rule: Rule, year: Year) -> pl.DataFrame:
    """F03: the statements of a document by 功能分类 go down to the same levels."""
    levels = pl.col("subject_code").str.len_chars().replace_strict({3: "类", 5: "款", 7: "项"}, default=None)
    found = (
        rows(year, "functional")
        .group_by("document_id", "about", "broken", "locator", maintain_order=True)
        .agg(
            unknown=pl.col("subject_code").is_null().any(),
            levels=pl.concat_str(
                [
                    pl.when((levels == each).any()).then(pl.lit(each)).otherwise(pl.lit(""))
                    for each in "类款项"
                ]
            ).first(),
        )
        .filter((pl.col("levels") != "") & (pl.len().over("document_id") > 1))
    )
    # Most statements of a document show how far it goes; of as many, those that go further.
    usual = (
        found.group_by("document_id", "levels", maintain_order=True)
        .agg(tables=pl.len())
        .sort("tables", pl.col("levels").str.len_chars(), descending=True)
        .unique("document_id", keep="first", maintain_order=True)
        .select("document_id", usual="levels")
    )
    found = found.join(usual, on="document_id", how="left", maintain_order="left")
    alike = pl.col("levels") == pl.col("usual")
    return verdicts(
        found.with_columns(
            conclusion=conclusion(alike, _broken | pl.col("unknown")),
            left_text=pl.col("levels"),
            right_text=pl.when(alike.not_()).then("usual"),
            left_locator=pl.col("locator"),
            note=pl.when(alike.not_()).then(pl.lit("本表所列级次与同文别的表不同")),
        )
    )


@rule_function("codes_once")
def codes_once(rule: Rule, year: Year) -> pl.DataFrame:
    """F04: a statement prints each code once; where it does not, units may be stacked without a column."""
    found = (
        _codes(year)
        .group_by("document_id", "about", "subject_code", maintain_order=True)
        .agg(
            times=pl.len(),
            left_text=pl.col("name_printed").first(),
            left_locator=pl.col("left_locator").first(),
            right_locator=pl.col("left_locator").get(1, null_on_oob=True),
        )
    )
    once = pl.col("times") == 1
    return verdicts(
        found.with_columns(
            place=pl.col("subject_code"),
            conclusion=conclusion(once),
            left_text=pl.when(once.not_()).then(pl.format("{} {}", "subject_code", "left_text")),
            note=pl.when(once.not_()).then(
                pl.format("同一代码印了 {} 行，表里没有分清各属哪个单位", "times")
            ),
        )
    )


@rule_function("all_levels")
def all_levels(rule: Rule, year: Year) -> pl.DataFrame:
    """F05: under a statement's 类 stand its 款 and 项, above each 项 its 款 and 类."""
    found = rows(year, "functional")
    codes = found.select("statement_id", above="subject_code", there=True).unique()
    above = pl.when(_length > 3).then(pl.col("subject_code").str.head(_length - 2))
    lonely = (
        found.with_columns(above=above)
        .join(codes, on=["statement_id", "above"], how="left", maintain_order="left")
        .with_columns(orphan=pl.col("above").is_not_null() & pl.col("there").is_null())
        .group_by("document_id", "about", "broken", "locator", maintain_order=True)
        .agg(
            unknown=pl.col("subject_code").is_null().any(),
            deepest=_length.max(),
            missing=pl.col("above").filter("orphan").unique(maintain_order=True),
        )
        .filter(pl.col("deepest").is_not_null())
    )
    orphans, shallow = pl.col("missing").list.len() > 0, pl.col("deepest") < 7
    return verdicts(
        lonely.with_columns(
            conclusion=conclusion((orphans | shallow).not_(), _broken | pl.col("unknown")),
            left_text=pl.when(orphans).then(pl.col("missing").list.head(4).list.join("、")),
            left_locator=pl.col("locator"),
            note=pl.when(orphans)
            .then(pl.format("有下级而没有上级的行：缺 {} 个类、款", pl.col("missing").list.len()))
            .when(shallow)
            .then(pl.lit("没有列到项级")),
        )
    )


@rule_function("names_beside_codes")
def names_beside_codes(rule: Rule, year: Year) -> pl.DataFrame:
    """F44: codes and names have not slipped against each other by a row."""
    known = known_subjects().group_by("classification", "subject_code").agg(names=pl.col("known").unique())
    found = (
        _codes(year)
        .join(known, on=["classification", "subject_code"], how="left", maintain_order="left")
        .with_columns(
            pl.col("names").shift(step).over("statement_id").alias(where)
            for step, where in ((1, "before"), (-1, "after"))
        )
    )
    own = pl.col("names").list.contains(pl.col("name"))
    neighbour = pl.any_horizontal(
        pl.col(where).list.contains(pl.col("name")).fill_null(False) for where in ("before", "after")
    )
    slipped = own.not_().fill_null(False) & neighbour
    return verdicts(
        found.with_columns(
            place=pl.col("subject_code"),
            conclusion=conclusion(slipped.not_()),
            left_text=pl.when(slipped).then(pl.format("{} {}", "subject_code", "name_printed")),
            note=pl.when(slipped).then(pl.lit("这个名称是上一行或下一行代码的")),
        )
    )


@rule_function("names_readable")
def names_readable(rule: Rule, year: Year) -> pl.DataFrame:
    """F25: the printed names are words: no characters of other scripts, none that stand for nothing."""
    items = year.tables["fact_line_item"].filter(pl.col("name_printed").is_not_null())
    distinct = items.select("name_printed").unique()
    odd = pl.col("name_printed").str.contains(rule.options["unreadable"])
    unreadable = distinct.filter(odd)["name_printed"].implode()
    odd = pl.col("name_printed").is_in(unreadable)
    names = items.group_by("statement_id", "row_seq", "name_printed", maintain_order=True).agg(
        pl.col("subject_code", "item", "cell_id").first()
    )
    return verdicts(
        names.join(
            statements(year).select("statement_id", "document_id", "about"),
            on="statement_id",
            how="inner",
            maintain_order="left",
        ).with_columns(
            place=pl.coalesce("subject_code", "item", pl.lit("名称")),
            conclusion=conclusion(odd.not_()),
            left_text=pl.when(odd).then("name_printed"),
            left_locator=place_of("cell_id"),
            note=pl.when(odd).then(pl.lit("名称里有读不出的字")),
        )
    )
