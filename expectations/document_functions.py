"""Rules between documents: a unit and the 部门 above it, a year and the one before.

Belongs here: one function a rule, entered in the register. Does not belong here: rules within a document.

Units are matched by name, blanks and width apart, as 机构设置 writes them: a name that is written otherwise
is no match, and nothing is said of it.
"""

from __future__ import annotations

import polars as pl

from expectations import compare, sides
from expectations.figures import BROKEN_STATES, EMPTY_STATES, Year
from expectations.registry import rule_function
from expectations.related import normal
from expectations.rules_data import Rule, read_check
from expectations.verdicts import judge
from pipelines.vocabulary import forms

_NOTHING = {"document_id": pl.String, "conclusion": pl.String, "subject": pl.String}
_CELL = ("form", "row", "measure")
_OWN_OFFICE = "本级|机关|本部"


@rule_function("unit_within_department")
def unit_within_department(rule: Rule, year: Year) -> pl.DataFrame:
    """No figure of a unit is greater than the same one of its 部门: same form, row and column.

    ``options.forms`` are the forms, ``options.measures`` and ``options.rows`` bound them. Where the 部门
    prints no row of that level, or its statement may have lost one, nothing is compared.
    """
    pairs = (
        _members(year)
        .filter(pl.col("held").is_not_null())
        .select(document_id="held", department="document_id")
    )
    if pairs.is_empty():
        return pl.DataFrame(schema=_NOTHING)
    cells = _cells(rule, year)
    unit = cells.join(pairs, on="document_id").filter(pl.col("value") > 0)
    of_department = cells.rename({"document_id": "department"})
    there = of_department.select("department", "form", "level").unique().with_columns(level_there=True)
    both = (
        unit.join(
            of_department.drop("level"),
            on=["department", *_CELL],
            how="left",
            suffix="_right",
            maintain_order="left",
        )
        .join(there, on=["department", "form", "level"], how="left", nulls_equal=True, maintain_order="left")
        .join(_states(year, "department"), on=["department", "form"], how="left", maintain_order="left")
        .join(
            _states(year, "document_id", "_unit"),
            on=["document_id", "form"],
            how="left",
            maintain_order="left",
        )
        .filter(
            pl.col("level_there").fill_null(False) | pl.col("state").is_in([*EMPTY_STATES, *BROKEN_STATES])
        )
    )
    return _judged(both, "≤")


@rule_function("units_make_department")
def units_make_department(rule: Rule, year: Year) -> pl.DataFrame:
    """Where every unit that a 部门 lists is held, their figures add up to those of the 部门.

    Totals and named rows only. The 部门's own office has to be among the units that are listed, by its own
    name or as 本级 or 机关: a list without it is not whole.
    """
    departments = _in_force(year).select("document_id", department="name")
    members = _members(year).join(departments, on="document_id", how="left")
    own = pl.col("name").str.contains(_OWN_OFFICE) | (pl.col("name") == pl.col("department"))
    members = members.filter(own.any().over("document_id")).drop("department")
    counted = members.group_by("document_id", maintain_order=True).agg(
        pl.len().alias("named"), pl.col("held").is_not_null().sum().alias("found")
    )
    short = counted.filter(pl.col("found") < pl.col("named")).select(
        "document_id",
        conclusion=pl.lit("无法核对"),
        subject=pl.lit("机构设置.所属单位"),
        note=pl.concat_str(
            pl.lit("所属单位列有 "), "named", pl.lit(" 个，收到决算的只有 "), "found", pl.lit(" 个")
        ),
    )
    whole = counted.filter(pl.col("found") == pl.col("named"))
    if whole.is_empty():
        return short
    pairs = members.join(whole, on="document_id", how="semi").select("document_id", unit="held")
    cells = _cells(rule, year).filter(pl.col("level").is_null())
    total = cells.join(whole, on="document_id", how="semi")
    parts = (
        cells.rename({"document_id": "unit"})
        .join(pairs, on="unit")
        .group_by("document_id", *_CELL, maintain_order=True)
        .agg(
            pl.col("value", "half", "figures").sum(),
            pl.col("coarsest").max(),
            pl.col("factor").min(),
            pl.col("doubt", "counted_in", "locator").drop_nulls().first(),
            pl.col("text").head(2).str.join(" + "),
            pl.col("cells").str.join(","),
        )
    )
    broken = (
        pl.concat([pairs, whole.select("document_id", unit="document_id")])
        .join(year.statements, left_on="unit", right_on="document_id")
        .filter(pl.col("state").is_in(BROKEN_STATES))
        .group_by("document_id", "form")
        .agg(pl.col("state").first(), pl.col("unit").first())
    )
    both = total.join(parts, on=["document_id", *_CELL], how="full", coalesce=True, suffix="_right").join(
        broken, on=["document_id", "form"], how="left"
    )
    both = both.with_columns(department=pl.lit(None, pl.String), state_unit=pl.lit(None, pl.String))
    return pl.concat([short, _judged(both, "=")], how="diagonal_relaxed")


@rule_function("members_held")
def members_held(rule: Rule, year: Year) -> pl.DataFrame:
    """Each unit that 机构设置 lists has a disclosure of the same year here: the report of gaps."""
    members = _members(year)
    held = pl.col("held").is_not_null()
    return members.select(
        "document_id",
        conclusion=pl.when(held).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
        subject=pl.concat_str(pl.lit("机构设置."), "name"),
        left_text=pl.concat_str(pl.lit("机构设置列有「"), "name", pl.lit("」")),
        right_text=pl.when(held).then(pl.lit("已收到")).otherwise(pl.lit("没有收到它的同年决算")),
        left_locator="locator",
        counterpart_document_id="held",
    )


@rule_function("opening_is_last_closing")
def opening_is_last_closing(rule: Rule, year: Year) -> pl.DataFrame:
    """Each opening balance is the closing one of the year before: ``options.pairs`` of left and right."""
    if year.before is None:
        return pl.DataFrame(schema=_NOTHING)
    pairs = same_unit_before(year, year.before)
    found = [_carried(rule, pair, pairs, year, year.before) for pair in rule.options["pairs"]]
    return pl.concat(found, how="diagonal_relaxed")


def _carried(rule: Rule, pair: dict[str, str], pairs: pl.DataFrame, year: Year, before: Year) -> pl.DataFrame:
    """One pair of addresses: ``left`` this year, ``right`` the year before."""
    check = read_check(rule.id, {**pair, "over": "left"} if ".项." in pair["left"] else pair)
    left = compare.figures_of(check, check.left, year).join(pairs, on="document_id", how="semi")
    right = (
        compare.figures_of(check, check.right, before)
        .rename({"document_id": "before"})
        .join(pairs, on="before")
        .drop("before")
        .select(left.columns)
    )
    # A balance is compared where both years have the statement.
    both = left.select("document_id").unique().join(right.select("document_id").unique(), on="document_id")
    left, right = (side.join(both, on="document_id", how="semi") for side in (left, right))
    verdicts = compare.compare(check, sides.sums(left), sides.sums(right))
    return (
        compare.described(rule, check, verdicts)
        .join(pairs.rename({"before": "counterpart_document_id"}), on="document_id", how="left")
        .with_columns(right_text=pl.concat_str(pl.lit("上年 "), "right_text"))
    )


# --- who belongs to whom ------------------------------------------------------------------------


def same_unit_before(year: Year, before: Year) -> pl.DataFrame:
    """``document_id`` and, in ``before``, the disclosure of the same unit for the year before."""
    same = ["name", "level", "consolidation"]
    both = _in_force(year).join(_in_force(before), on=same, how="inner", nulls_equal=True, suffix="_before")
    return both.select("document_id", before="document_id_before")


def _in_force(year: Year) -> pl.DataFrame:
    """One disclosure for each unit, level and 汇总口径: the one published last, else of the greater id."""
    return (
        year.documents.filter(pl.col("unit_name").is_not_null())
        .with_columns(name=normal("unit_name"))
        .sort("published_on", "document_id", nulls_last=False)
        .unique(["name", "level", "consolidation"], keep="last", maintain_order=True)
        .select("document_id", "name", "level", "consolidation")
    )


def _members(year: Year) -> pl.DataFrame:
    """Units of each 部门 disclosure in force: ``document_id``, ``name``, ``locator``, and ``held``, the
    unit's own disclosure of the year, null where there is none.

    They are the units that its 机构设置 lists, and those that name it as their parent (上级).
    """
    documents = _in_force(year)
    # A disclosure of the 部门's own office (本级) holds no other unit.
    departments = documents.filter(
        (pl.col("level") == "部门") & (pl.col("consolidation").fill_null("") != "本级")
    )
    relations = year.tables["unit_relation"].with_columns(name=normal("name"))
    listed = relations.filter(pl.col("relation") == "所属").join(departments, on="document_id", how="semi")
    units = documents.filter(pl.col("level").fill_null("") != "部门").select("name", held="document_id")
    upward = (
        relations.filter(pl.col("relation") == "上级")
        .join(documents.select("document_id", unit="name"), on="document_id")
        .join(departments.select("name", department="document_id"), on="name")
        .filter(pl.col("department") != pl.col("document_id"))
        .select(document_id="department", name="unit", locator=pl.lit(None, pl.String))
    )
    both = pl.concat([listed.select("document_id", "name", "locator"), upward])
    return both.unique(["document_id", "name"], keep="first", maintain_order=True).join(
        units, on="name", how="left", maintain_order="left"
    )


# --- the cells of documents side by side --------------------------------------------------------


def _cells(rule: Rule, year: Year) -> pl.DataFrame:
    """Every figure of ``options.forms`` by document, form, row and column; a code printed twice is one."""
    parts = []
    for form in rule.options["forms"]:
        cells = year.told[form].filter(pl.coalesce("item", "subject_code").is_not_null())
        for option, column in (("measures", "measure"), ("rows", "item")):
            wanted = rule.options.get(option, {}).get(form)
            cells = cells.filter(pl.col(column).is_in(wanted)) if wanted else cells
        parts.append(
            cells.select(
                "document_id",
                form=pl.lit(form),
                row=pl.coalesce("item", "subject_code"),
                level=pl.when(pl.col("item").is_null()).then("level"),
                measure="measure",
                value="value",
                half="half",
                factor="factor",
                quantity_unit="quantity_unit",
                doubtful="doubtful",
                cell_id="cell_id",
                shown=pl.concat_str(
                    pl.lit(f"{forms()[form].name}·"), "label", pl.lit("·"), "measure", pl.lit(" "), "printed"
                ),
                taken=pl.lit(False),
            )
        )
    return sides.sums(pl.concat(parts), ("document_id", *_CELL, "level"))


def _states(year: Year, key: str, suffix: str = "") -> pl.DataFrame:
    """The state of each form of a document; of two copies, nobody knows which is meant: 待核."""
    state = pl.when(pl.len() > 1).then(pl.lit("待核")).otherwise(pl.col("state").first())
    states = year.statements.group_by("document_id", "form").agg(state.alias(f"state{suffix}"))
    return states.rename({"document_id": key})


def _judged(both: pl.DataFrame, relation: str) -> pl.DataFrame:
    """Verdicts on cells of a document and of its counterpart ``department``, side by side."""
    broken = pl.col("state").is_in(BROKEN_STATES) | pl.col("state_unit").is_in(BROKEN_STATES)
    names = {form.id: form.name for form in forms().values()}
    form = pl.col("form").replace_strict(names, return_dtype=pl.String)
    refused = (
        both.filter(broken)
        .unique(["document_id", "department", "form"], keep="first", maintain_order=True)
        .select(
            "document_id",
            conclusion=pl.lit("无法核对"),
            subject=form,
            note=pl.concat_str(pl.lit("「"), form, pl.lit("」有一方"), pl.coalesce("state", "state_unit")),
            counterpart_document_id="department",
        )
    )
    verdicts = judge(relation, both.filter(~broken.fill_null(False)), ["document_id", "department", *_CELL])
    blank = pl.concat_str(form, pl.lit("·"), "row", pl.lit("·"), "measure", pl.lit(" 空白"))
    told = verdicts.with_columns(
        left_text=pl.coalesce("left_text", blank),
        right_text=pl.coalesce("right_text", blank),
        subject=pl.concat_str(form, pl.lit("."), "row", pl.lit("."), "measure"),
        counterpart_document_id="department",
    )
    return pl.concat([told, refused], how="diagonal_relaxed")
