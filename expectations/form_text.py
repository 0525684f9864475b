"""Rules of form on the text: its years, names and dates, its contents, what was left of the template.

Belongs here: what is judged by the marks of the text (``pipelines/text_marks``) and by what a document says
of itself. Does not belong here: patterns (``pipelines/forms/marks.yml``), and figures in sentences.
"""

from __future__ import annotations

import polars as pl

from expectations.figures import Year
from expectations.form_statements import unit_key
from expectations.form_verdicts import WHOLE, conclusion, folded, marks, statements, verdicts
from expectations.registry import rule_function
from expectations.rules_data import Rule


@rule_function("no_marks")
def no_marks(rule: Rule, year: Year) -> pl.DataFrame:
    """The text bears none of the marks of ``marks``; each that it bears is a place of its own.

    ``marks`` gives the words for each mark; ``units`` gives, for some, the pattern of the units for which it
    is out of place. ``together``: all marks of a kind are one place, the first, with their number. ``needs``:
    only documents with this mark or in this section are asked.
    """
    words: dict[str, str] = rule.options["marks"]
    found = marks(year, *words).join(
        year.documents.select("document_id", "unit_name"), on="document_id", how="left", maintain_order="left"
    )
    for mark, units in rule.options.get("units", {}).items():
        found = found.filter((pl.col("mark") != mark) | pl.col("unit_name").str.contains(units))
    if rule.options.get("together"):
        found = found.group_by("document_id", "mark", "section", maintain_order=True).agg(
            pl.col("text", "locator").first(), times=pl.len()
        )
    else:
        found = found.with_columns(times=pl.lit(1))
    said = pl.col("mark").replace_strict(words)
    bad = found.with_columns(
        about=pl.col("section"),
        place=pl.col("mark"),
        conclusion=pl.lit("不成立"),
        left_text=pl.col("text"),
        left_locator=pl.col("locator"),
        note=pl.when(pl.col("times") > 1).then(pl.format("{}（共 {} 处）", said, "times")).otherwise(said),
    )
    asked = year.documents.select("document_id")
    if section := rule.options.get("section"):
        of_section = year.tables["text_mark"].filter(pl.col("section") == section)
        asked = asked.join(of_section, on="document_id", how="semi")
    clean = asked.join(bad, on="document_id", how="anti").with_columns(
        about=pl.lit(rule.options.get("section", WHOLE)),
        conclusion=pl.lit("成立"),
        note=pl.lit("全文查过，没有见到"),
    )
    return verdicts(pl.concat([bad, clean], how="diagonal"))


@rule_function("place_names")
def place_names(rule: Rule, year: Year) -> pl.DataFrame:
    """F13: without a list of places only names one character off the document's own are seen; and whether
    such a name is a slip or another place, nobody can tell here."""
    similar = marks(year, "相近名称").unique(["document_id", "text"], keep="first", maintain_order=True)
    found = year.documents.select("document_id").join(
        similar, on="document_id", how="left", maintain_order="left"
    )
    return verdicts(
        found.with_columns(
            about=pl.lit(WHOLE),
            place=pl.col("text"),
            conclusion=pl.lit("无法核对"),
            left_text=pl.col("text"),
            right_text=pl.col("value"),
            left_locator=pl.col("locator"),
            note=pl.when(pl.col("text").is_not_null())
            .then(pl.lit("与本单位名称差一字，没有地名录，不能断定是错字还是别处"))
            .otherwise(pl.lit("没有地名录和机构名录；没有见到与本单位名称只差一字的写法")),
        )
    )


@rule_function("one_name_of_unit")
def one_name_of_unit(rule: Rule, year: Year) -> pl.DataFrame:
    """F17: cover and table heads name the unit alike."""
    names = (
        year.tables["document_evidence"]
        .filter(pl.col("attribute") == "单位")
        .select("document_id", "value", "locator", where="rule")
    )
    # The line that says what kind of document it is, is its title.
    title = (
        year.tables["document_evidence"]
        .filter(pl.col("attribute") == "类别")
        .select(
            "document_id",
            "locator",
            value=pl.col("printed").str.replace_all(r"\s", "").str.extract(rule.options["title"]),
            where=pl.lit("题名"),
        )
    )
    found = (
        pl.concat([names, title], how="diagonal")
        .filter(pl.col("value").is_not_null() & (pl.col("value") != ""))
        .join(year.documents.select("document_id", "unit_name"), on="document_id", how="inner")
        .pipe(folded, "value", "name", unit_key)
        .pipe(folded, "unit_name", "own", unit_key)
        .unique(["document_id", "where", "name"], keep="first", maintain_order=True)
    )
    alike = pl.col("name") == pl.col("own")
    return verdicts(
        found.with_columns(
            about=pl.col("where"),
            conclusion=conclusion(alike),
            left_text=pl.col("value"),
            right_text=pl.when(alike.not_()).then("unit_name"),
            left_locator=pl.col("locator"),
            note=pl.when(alike.not_()).then(pl.lit("同一单位在文中名称写法不同")),
        )
    )


@rule_function("renaming")
def renaming(rule: Rule, year: Year) -> pl.DataFrame:
    """F31: a unit that says it was renamed does not use both names above its tables."""
    heads = (
        year.tables["document_evidence"]
        .filter(pl.col("attribute") == "单位")
        .select("document_id", "value")
        .unique()
        .group_by("document_id")
        .agg(names=pl.col("value"))
    )
    found = (
        marks(year, "更名")
        .unique(["document_id", "value"], keep="first", maintain_order=True)
        .join(heads, on="document_id", how="left", maintain_order="left")
    )
    both = pl.col("names").list.contains(pl.col("value")) & (pl.col("names").list.len() > 1)
    return verdicts(
        found.with_columns(
            about=pl.lit(WHOLE),
            place=pl.col("value"),
            conclusion=conclusion(both.not_()),
            left_text=pl.col("text"),
            left_locator=pl.col("locator"),
            note=pl.when(both.fill_null(False))
            .then(pl.lit("表头新旧名称并用"))
            .otherwise(pl.format("文中写明更名（{}），另一名称应登记为别名", "value")),
        )
    )


@rule_function("contents_pages")
def contents_pages(rule: Rule, year: Year) -> pl.DataFrame:
    """F38: page numbers of the contents never fall, and lie as far from the pages as one another."""
    entries = marks(year, "目录页码").with_columns(page=pl.col("value").cast(pl.Int32, strict=False))
    entries = entries.with_columns(
        falls=(pl.col("page") < pl.col("page").shift(1).over("document_id")).fill_null(False)
    )
    stands = (
        statements(year)
        .with_columns(stands=pl.col("locator").str.extract(r"^p(\d+)/").cast(pl.Int32))
        .select("document_id", "stands", text="about")
        .unique(["document_id", "text"], keep="first")
    )
    entries = entries.join(
        stands, on=["document_id", "text"], how="left", maintain_order="left"
    ).with_columns(shift=pl.col("stands") - pl.col("page"))
    usual = pl.col("shift").drop_nulls().mode().min().over("document_id")
    off = (pl.col("shift") != usual).fill_null(False)
    fine = (pl.col("falls") | off).not_()
    paged = pl.col("stands").is_not_null().any().over("document_id")
    return verdicts(
        entries.with_columns(off=off, paged=paged).with_columns(
            about=pl.lit("目录"),
            place=pl.col("text"),
            conclusion=conclusion(fine),
            left_text=pl.when(fine.not_()).then(pl.format("{} {}", "text", "value")),
            left_locator=pl.col("locator"),
            note=pl.when("falls")
            .then(pl.lit("页码比上一条还小"))
            .when("off")
            .then(pl.format("此表在第 {} 页，与其余各条对不上", "stands"))
            .when(pl.col("paged").not_())
            .then(pl.lit("文本没有页，只核对了页码的先后")),
        )
    )


@rule_function("one_year")
def one_year(rule: Rule, year: Year) -> pl.DataFrame:
    """F39: cover, table heads and explanations speak of the same year."""
    said = (
        year.tables["document_evidence"]
        .filter(pl.col("attribute") == "年度")
        .join(year.documents.select("document_id"), on="document_id", how="semi", maintain_order="left")
        .select("document_id", "value", "locator", about="rule", text="printed")
    )
    told = marks(year, "说明年度").select("document_id", "value", "locator", "text", about=pl.lit("情况说明"))
    # A document of no certain year is compared with what it says first.
    years = year.documents.select("document_id", fiscal_year=pl.col("fiscal_year").cast(pl.String))
    found = (
        pl.concat([said, told], how="diagonal")
        .join(years, on="document_id", how="left", maintain_order="left")
        .with_columns(year=pl.coalesce("fiscal_year", pl.col("value").first().over("document_id")))
    )
    own = pl.col("value") == pl.col("year")
    return verdicts(
        found.with_columns(
            conclusion=conclusion(own),
            left_text=pl.when(own.not_()).then(pl.col("text").str.head(40)),
            left_locator=pl.col("locator"),
            right_text=pl.when(own.not_()).then(pl.format("{}年度决算", "year")),
            note=pl.when(own.not_()).then(pl.format("这里写的是 {} 年", "value")),
        )
    )


@rule_function("one_level")
def one_level(rule: Rule, year: Year) -> pl.DataFrame:
    """F40: wherever the document says 部门 or 单位 of itself, it says the same."""
    levels = (
        year.tables["document_evidence"]
        .filter(pl.col("attribute") == "层级")
        .group_by("document_id", maintain_order=True)
        .agg(
            kinds=pl.col("value").n_unique(),
            left_text=pl.col("value").unique(maintain_order=True).str.join("、"),
            left_locator=pl.col("locator").first(),
            right_locator=pl.col("locator").filter(pl.col("value") != pl.col("value").first()).first(),
        )
        .join(
            year.documents.select("document_id", "level", "consolidation"),
            on="document_id",
            how="inner",
            maintain_order="left",
        )
    )
    gathered_unit = (pl.col("level") == "单位") & (pl.col("consolidation") == "汇总")
    fine = (pl.col("kinds") == 1) & gathered_unit.fill_null(False).not_()
    return verdicts(
        levels.with_columns(
            about=pl.lit(WHOLE),
            conclusion=conclusion(fine),
            note=pl.when(pl.col("kinds") > 1)
            .then(pl.lit("封面与题名所写的层级不一"))
            .when(gathered_unit)
            .then(pl.lit("单位决算却写着汇总")),
        )
    )


@rule_function("published_after_year")
def published_after_year(rule: Rule, year: Year) -> pl.DataFrame:
    """F42: a date of publication that is printed lies after the year; seals cannot be seen here."""
    day = pl.col("published_on")
    return verdicts(
        year.documents.select("document_id", "published_on", "fiscal_year").with_columns(
            about=pl.lit(WHOLE),
            conclusion=conclusion(day.dt.year() > pl.col("fiscal_year"), day.is_null()),
            left_text=day.dt.to_string("%Y-%m-%d"),
            note=pl.when(day.is_null())
            .then(pl.lit("文中没有印公开日期（多登在网页上）；签章是图像，读不到"))
            .when(day.dt.year() <= pl.col("fiscal_year"))
            .then(pl.lit("公开日期早于决算年度终了")),
        )
    )


@rule_function("document_ends")
def document_ends(rule: Rule, year: Year) -> pl.DataFrame:
    """F14: the text does not break off at its end, and the last part of the contents is there."""
    listed = (
        marks(year, "目录")
        .filter(pl.col("value").str.contains("部分"))
        .group_by("document_id", maintain_order=True)
        .agg(last=pl.col("value").last(), entry=pl.col("text").last(), right_locator=pl.col("locator").last())
    )
    there = marks(year, "部分").select("document_id", last="value", there=True).unique()
    attached = marks(year, "附件标题").select("document_id", attached=True).unique()
    broken = marks(year, "文末断裂").select("document_id", broken_text="text", left_locator="locator")
    found = (
        year.documents.select("document_id")
        .join(listed, on="document_id", how="left", maintain_order="left")
        .join(there, on=["document_id", "last"], how="left", maintain_order="left")
        .join(attached, on="document_id", how="left", maintain_order="left")
        .join(broken, on="document_id", how="left", maintain_order="left")
    )
    is_attachment = pl.col("entry").str.contains("附件").fill_null(False)
    present = pl.col("there").fill_null(False) | (is_attachment & pl.col("attached").fill_null(False))
    lost = pl.col("last").is_not_null() & present.not_()
    cut = pl.col("broken_text").is_not_null()
    return verdicts(
        found.with_columns(
            about=pl.lit("文末"),
            conclusion=conclusion((lost | cut).not_()),
            left_text=pl.when(cut).then("broken_text"),
            right_text=pl.when(lost).then("entry"),
            note=pl.when(cut)
            .then(pl.lit("文末一句没有写完"))
            .when(lost)
            .then(pl.lit("目录的最后一部分在正文里没有见到")),
        )
    )
