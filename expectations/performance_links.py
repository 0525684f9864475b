"""Which performance forms speak of the same: targets, the same project in another document, its 科目.

Belongs here: from the names, units and amounts of forms to rows of ``performance_link``, and the rules that
ask whether what is linked agrees. Does not belong here: the text of 情况说明 (``performance_narrative``).
Nothing is linked on a guess: names agree after folding, or differ by one character while unit and amount are
the same; the evidence says which.
"""

from __future__ import annotations

import re
import unicodedata

import polars as pl

from expectations.figures import Tables, Year, year_of
from expectations.form_verdicts import folded
from expectations.performance import (
    AMOUNTS,
    DOCUMENT,
    FORM,
    KEYS,
    beside,
    figures_of,
    forms_of,
    indicators_of,
    name_of,
    told,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.sides import sums
from expectations.verdicts import judge, place

LINK_SCHEMA: dict[str, pl.DataType] = {
    "document_id": pl.String(),
    "fiscal_year": pl.Int32(),
    "form_id": pl.String(),
    "relation": pl.String(),
    "other_form_id": pl.String(),
    "subject_code": pl.String(),
    "evidence": pl.String(),
}
_EVALUATIONS = ("A", "E")
_OF_PROJECTS = ("A", "B", "E")
_EXPENDITURE = "expenditure"
# A unit's name that is cut off is known by so many characters, the name of a 科目 by so many.
FEWEST_OF_UNIT, _FEWEST_OF_SUBJECT = 6, 4
# Names of 科目 that many projects bear without being meant.
_VAGUE = r"^其他|^一般行政管理事务$|^行政运行$|^事业运行$|^机关服务$"
_SIGNS = re.compile(r"[\s()《》<>\[\]「」“”\"'、,，·.。:：;；\-—_]")


def name_key(name: str) -> str:
    """A name as it is compared: without blanks, brackets and marks, in half width."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", name))


def one_apart(left: str, right: str) -> bool:
    """Whether two names differ by one character: another one, one more or one less."""
    if left == right or abs(len(left) - len(right)) > 1:
        return False
    start = next((i for i, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return True
    rest = (left[start + (len(left) >= len(right)) :], right[start + (len(right) >= len(left)) :])
    return rest[0] == rest[1]


def link(fiscal_year: int, tables: Tables) -> pl.DataFrame:
    """Rows of ``performance_link`` for a year, from the tables that were read of it."""
    return links_of(year_of(fiscal_year, tables))


def links_of(year: Year) -> pl.DataFrame:
    """The links of a year, found once."""
    return year.once("performance links", lambda: _links(year))


def _links(year: Year) -> pl.DataFrame:
    named = _named(year)
    targets = named.filter(family="F")
    evaluations = named.filter(pl.col("family").is_in(_EVALUATIONS))
    aims = _pairs(targets, evaluations).with_columns(relation=pl.lit("目标"))
    projects = named.filter(pl.col("family").is_in(_OF_PROJECTS))
    same = (
        _pairs(projects, projects)
        .filter(
            (pl.col(DOCUMENT) != pl.col("other_document"))
            # One row for both directions.
            & (pl.col(FORM) < pl.col("other_form_id"))
        )
        .with_columns(relation=pl.lit("同一项目"))
    )
    found = pl.concat([aims, same, _subjects(year, projects)], how="diagonal_relaxed")
    columns = {name: pl.col(name) if name in found.columns else pl.lit(None) for name in LINK_SCHEMA}
    columns["fiscal_year"] = pl.lit(year.fiscal_year)
    return (
        found.select(columns[name].cast(kind).alias(name) for name, kind in LINK_SCHEMA.items())
        .unique([FORM, "relation", "other_form_id", "subject_code"], keep="first", maintain_order=True)
        .sort(DOCUMENT, FORM, "relation", maintain_order=True)
    )


def _named(year: Year) -> pl.DataFrame:
    """The forms with a project, with their names and units as they are compared."""
    forms = forms_of(year).filter(pl.col("project_name").is_not_null())
    return folded(folded(forms, "project_name", "key", name_key), "implementing_unit", "unit", name_key)


def _pairs(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Forms of one name and unit, and those whose names differ by one character but not their amounts."""
    columns = (DOCUMENT, FORM, "key", "unit", "budget_amount")
    ones = left.select(columns)
    others = right.select(
        other_document=DOCUMENT,
        other_form_id=FORM,
        other_key="key",
        other_unit="unit",
        other_budget="budget_amount",
    )
    same = ones.join(others, left_on="key", right_on="other_key", how="inner").filter(_one_unit())
    near = ones.join(others, left_on="budget_amount", right_on="other_budget", how="inner").filter(
        _one_unit()
    )
    apart = [one_apart(*pair) for pair in near.select("key", "other_key").iter_rows()]
    near = near.filter(pl.Series(apart, dtype=pl.Boolean))
    evidence = "项目名称相同，实施单位相同", "项目名称只差一个字，实施单位和预算金额相同"
    kept = (DOCUMENT, FORM, "other_document", "other_form_id", "evidence")
    found = [
        pairs.filter(pl.col(FORM) != pl.col("other_form_id")).with_columns(evidence=pl.lit(said)).select(kept)
        for pairs, said in zip((same, near), evidence, strict=True)
    ]
    return pl.concat(found)


def _one_unit() -> pl.Expr:
    """Whether two names are of one unit; one of them may be cut off at its end."""
    one, other = pl.col("unit"), pl.col("other_unit")
    begins = one.str.starts_with(other) | other.str.starts_with(one)
    long = pl.min_horizontal(one.str.len_chars(), other.str.len_chars()) >= FEWEST_OF_UNIT
    return ((one == other) | (begins & long)).fill_null(False)


def _subjects(year: Year, projects: pl.DataFrame) -> pl.DataFrame:
    """Projects whose name holds the name of exactly one 科目 with 项目支出 in the same document."""
    cells = year.told[_EXPENDITURE].filter(
        (pl.col("measure") == "项目支出") & (pl.col("level") == 7) & (pl.col("value") > 0)
    )
    subjects = cells.select(
        DOCUMENT, "subject_code", subject=pl.col("label").str.replace(r"^\d+\s*", "")
    ).unique(maintain_order=True)
    subjects = folded(subjects, "subject", "short", name_key).filter(
        (pl.col("short").str.len_chars() >= _FEWEST_OF_SUBJECT) & ~pl.col("short").str.contains(_VAGUE)
    )
    held = (
        projects.select(*KEYS, "key")
        .join(subjects, on=DOCUMENT, how="inner")
        .filter(pl.col("key").str.contains(pl.col("short"), literal=True))
    )
    return held.filter(pl.col("subject_code").n_unique().over(FORM) == 1).select(
        DOCUMENT,
        FORM,
        "subject_code",
        relation=pl.lit("科目"),
        evidence=pl.format("项目名称含有科目名称「{}」，同一文档的支出决算表里有它的项目支出", "subject"),
    )


# --- rules on what is linked --------------------------------------------------------------------


@rule_function("targets_as_evaluated")
def targets_as_evaluated(rule: Rule, year: Year) -> pl.DataFrame:
    """D06: the self-evaluation of a project has the budget and the targets of its target form."""
    pairs = (
        links_of(year)
        .filter(relation="目标")
        .select(DOCUMENT, FORM, "other_form_id", "evidence")
        .join(
            forms_of(year).select(other_form_id=FORM, other_document=DOCUMENT), on="other_form_id", how="left"
        )
    )
    figures = figures_of(year).filter(what="budget_amount")
    others = figures.rename({FORM: "other_form_id"}).join(
        pairs.select(FORM, "other_form_id"), on="other_form_id"
    )
    key = [FORM, "other_form_id"]
    ours = figures.join(pairs.select(FORM, "other_form_id"), on=FORM)
    both = sums(ours, [DOCUMENT, *key]).join(sums(others, key), on=key, how="inner", suffix="_right")
    amounts = judge("=", both, [DOCUMENT, *key])
    verdicts = pl.concat(
        [told(year, amounts, "预算金额"), told(year, _targets(year, pairs), pl.col("name"))],
        how="diagonal_relaxed",
    )
    counterpart = pairs.select(FORM, "other_form_id", counterpart_document_id="other_document")
    return verdicts.join(counterpart, on=key, how="left", maintain_order="left")


def _targets(year: Year, pairs: pl.DataFrame) -> pl.DataFrame:
    """The targets of indicators that bear one name in both forms; a name that is cut off is the same."""
    rows = folded(indicators_of(year), "level3", "key", name_key).filter(pl.col("target").is_not_null())
    rows = rows.with_columns(said=pl.col("target").str.replace_all(r"\s", ""))
    ours = rows.filter(period="年度").join(pairs, on=FORM, how="inner")
    theirs = rows.select(
        other_form_id=FORM, key="key", other_said="said", other_target="target", other_cell="target_cell"
    )
    both = ours.join(theirs, on=["other_form_id", "key"], how="inner")
    same = pl.col("said") == pl.col("other_said")
    return both.select(
        *KEYS,
        "other_form_id",
        name="level3",
        conclusion=pl.when(same).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
        left_text=pl.format("「{}」目标 {}", "level3", "target"),
        right_text=pl.format("自评表的指标值 {}", "other_target"),
        left_cell="target_cell",
        right_cell="other_cell",
        left_locator=place("target_cell"),
        right_locator=place("other_cell"),
    )


@rule_function("projects_within_subject")
def projects_within_subject(rule: Rule, year: Year) -> pl.DataFrame:
    """D04: what the projects of a 科目 spent is within the 项目支出 of that 科目."""
    forms = forms_of(year).filter(pl.col("family").is_in(rule.options["families"])).select(FORM)
    linked = (
        links_of(year)
        .filter(relation="科目")
        .join(forms, on=FORM, how="semi")
        .select(FORM, key="subject_code")
    )
    executed = figures_of(year).filter(what=AMOUNTS[-1]).join(linked, on=FORM, how="inner")
    named = executed.with_columns(
        shown=pl.concat_str(
            "form", pl.lit(f"·{name_of(AMOUNTS[-1])} "), pl.col("shown").str.split(" ").list.last()
        )
    )
    cells = year.told[_EXPENDITURE].filter(pl.col("measure") == "项目支出")
    subjects = cells.with_columns(
        key="subject_code",
        shown=pl.concat_str(pl.lit("支出决算表·"), "label", pl.lit("·项目支出 "), "printed"),
        taken=pl.lit(False),
    )
    verdicts = beside("≤", named, subjects, (DOCUMENT, "key"))
    return verdicts.with_columns(subject=pl.format("支出决算表.{}.项目支出", "key"))
