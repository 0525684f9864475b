"""The rule on what 情况说明 says of single projects: their scores, amounts and grades.

Belongs here: the text against the forms of the same document. Does not belong here: forms against other
documents (``performance_links``) and what a form says of itself.
"""

from __future__ import annotations

import polars as pl

from expectations import sides
from expectations.figures import YUAN, Year
from expectations.form_verdicts import folded, marks
from expectations.narrative_claims import claims_of
from expectations.performance import (
    DOCUMENT,
    FORM,
    figures_of,
    name_of,
    of_family,
    written,
)
from expectations.performance_grades import graded, scale_of, with_sound_totals
from expectations.performance_links import name_key, one_apart
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import judge, place

_SHOWN = pl.Decimal(24, 6)
_NOTHING = {"document_id": pl.String, "conclusion": pl.String, "subject": pl.String}
_LEAST_NAME = 4


def spoken(year: Year, rule: Rule) -> pl.DataFrame:
    """The claims of the sections on performance, with ``what`` of a form they state (``options.states``)."""
    claims = claims_of(year).filter(pl.col("section").str.contains(rule.options["section"]))
    what = pl.lit(None, pl.String)
    for column, says in rule.options.get("states", {}).items():
        fits = pl.col("object").str.contains(says["object"]) & (pl.col("kind") == says["kind"])
        fits = fits & pl.col("period").is_in(says["periods"]) & (pl.col("unit") == says["unit"])
        what = pl.when(fits).then(pl.lit(column)).otherwise(what)
    return claims.with_columns(what=what)


def _named_projects(rule: Rule, year: Year, claims: pl.DataFrame) -> pl.DataFrame:
    """Which project each paragraph is about: ``document_id``, ``place``, ``name``, ``project_key``.

    A paragraph names one between quotation marks in the sentence of its first figure, or begins with its
    name (the mark of ``options.mark``).
    """
    quoted = claims.with_columns(name=pl.col("sentence").str.extract(rule.options["names"])).filter(
        pl.col("name").is_not_null()
    )
    begun = marks(year, rule.options["mark"]).select(
        DOCUMENT, place=pl.col("locator").str.split("/").list.first(), name="value"
    )
    found = (
        pl.concat([quoted.select(DOCUMENT, "place", "name"), begun]).drop_nulls().unique(maintain_order=True)
    )
    alone = found.filter(pl.col("name").n_unique().over(DOCUMENT, "place") == 1)
    return folded(alone, "name", "project_key", name_key)


def _forms_of_projects(year: Year, rule: Rule) -> pl.DataFrame:
    forms = of_family(year, *rule.options["families"]).filter(pl.col("project_name").is_not_null())
    return folded(forms, "project_name", "form_key", name_key)


def _matched(named: pl.DataFrame, forms: pl.DataFrame) -> pl.DataFrame:
    """Each name with the form that it means: of the same name, or the only one that is a character off."""
    both = named.join(forms.select(DOCUMENT, FORM, "form_key", "project_name"), on=DOCUMENT, how="inner")
    near = [one_apart(*pair) for pair in both.select("project_key", "form_key").iter_rows()]
    long = pl.col("project_key").str.len_chars() > _LEAST_NAME
    both = both.with_columns(
        same=pl.col("project_key") == pl.col("form_key"), near=pl.Series(near, dtype=pl.Boolean)
    )
    meant = both.filter(pl.col("same") | (pl.col("near") & long))
    meant = meant.filter(pl.col("same") | ~pl.col("same").any().over(DOCUMENT, "project_key"))
    return meant.filter(pl.len().over(DOCUMENT, "place", "project_key") == 1)


# --- what is said of a project ------------------------------------------------------------------


@rule_function("text_of_projects")
def text_of_projects(rule: Rule, year: Year) -> pl.DataFrame:
    """D05: scores, amounts and grades that 情况说明 states of projects are those of their forms."""
    claims = spoken(year, rule)
    found = [
        _stated_figures(rule, year, claims),
        _stated_grades(rule, year, claims),
        _stated_totals(rule, year, claims),
        _counted_grades(rule, year, claims),
    ]
    return pl.concat(found, how="diagonal_relaxed")


def _stated_figures(rule: Rule, year: Year, claims: pl.DataFrame) -> pl.DataFrame:
    named = _named_projects(rule, year, claims)
    matched = _matched(named, _forms_of_projects(year, rule))
    stated = (
        claims.filter(pl.col("what").is_not_null())
        .unique([DOCUMENT, "place", "what"], keep="first", maintain_order=True)
        .join(named, on=[DOCUMENT, "place"], how="inner", maintain_order="left")
    )
    key = [DOCUMENT, FORM, "what"]
    cells = stated.join(
        matched.select(DOCUMENT, "place", FORM, "near", "project_name"), on=[DOCUMENT, "place"]
    )
    left = sides.sums(claim_cells(cells), key)
    right = sides.sums(figures_of(year), key)
    verdicts = judge("=", left.join(right, on=key, how="inner", suffix="_right"), key)
    names = matched.unique(FORM, keep="first", maintain_order=True).select(
        FORM,
        project="name",
        note_of=pl.when("near").then(
            pl.format("说明写作「{}」，自评表写作「{}」，只差一个字", "name", "project_name")
        ),
    )
    columns = {column: name_of(column) for column in rule.options["states"]}
    judged = verdicts.join(names, on=FORM, how="left", maintain_order="left").with_columns(
        subject=pl.concat_str(
            pl.lit("情况说明."),
            "project",
            pl.lit("."),
            pl.col("what").replace_strict(columns, return_dtype=pl.String),
        ),
        note=pl.coalesce("note", "note_of"),
        left_cell=pl.lit(None, pl.String),
    )
    lost = (
        stated.join(
            matched.select(DOCUMENT, "project_key"),
            on=[DOCUMENT, "project_key"],
            how="anti",
            maintain_order="left",
        )
        .group_by(DOCUMENT, "name", maintain_order=True)
        .agg(pl.col("shown").first(), pl.col("place").first())
        .select(
            DOCUMENT,
            conclusion=pl.lit("无法核对"),
            subject=pl.format("情况说明.{}", "name"),
            left_text="shown",
            left_locator="place",
            note=pl.format("附件里没有「{}」的自评表", "name"),
        )
    )
    return pl.concat([judged, lost], how="diagonal_relaxed")


def claim_cells(claims: pl.DataFrame) -> pl.DataFrame:
    """Claims as cells; money in 元, the rest as it is counted."""
    money = pl.col("kind") == "金额"
    return claims.with_columns(
        value=pl.col("amount").cast(YUAN),
        half=pl.when(money).then(pl.col("half").cast(YUAN)).otherwise(pl.lit(0).cast(YUAN)),
        factor=pl.col("factor").cast(pl.Int64),
        quantity_unit=pl.when(~money).then("unit"),
        doubtful=pl.lit(False),
        cell_id=pl.concat_str(DOCUMENT, pl.lit("/"), "place"),
        taken=pl.lit(False),
    )


def _stated_grades(rule: Rule, year: Year, claims: pl.DataFrame) -> pl.DataFrame:
    """Grades that the text gives to projects by name, against the grade of the form's total."""
    said = (
        claims.unique([DOCUMENT, "sentence"], keep="first", maintain_order=True)
        .with_columns(one=pl.col("sentence").str.extract_all(rule.options["grade"]["each"]))
        .explode("one")
        .filter(pl.col("one").is_not_null())
        .with_columns(said=pl.col("one").str.extract_groups(rule.options["grade"]["each"]))
        .with_columns(name=pl.col("said").struct.field("name"), stated=pl.col("said").struct.field("grade"))
    )
    named = folded(said.select(DOCUMENT, "place", "name", "stated"), "name", "project_key", name_key)
    forms = graded(with_sound_totals(_forms_of_projects(year, rule)), scale_of(rule))
    matched = _matched(named, forms).join(
        forms.select(FORM, "expected", "sound", "grade", "total_score", "locator"), on=FORM
    )
    totals = figures_of(year).filter(what="total_score").select(FORM, total_cell="cell_id")
    own = pl.coalesce("grade", "expected")
    right = (pl.col("stated") == own) | (pl.col("stated") == pl.col("expected"))
    unsure = own.is_null() | (~right & ~pl.col("sound"))
    return matched.join(totals, on=FORM, how="left", maintain_order="left").select(
        DOCUMENT,
        conclusion=pl.when(unsure)
        .then(pl.lit("无法核对"))
        .when(right)
        .then(pl.lit("成立"))
        .otherwise(pl.lit("不成立")),
        subject=pl.format("情况说明.{}.等级", "name"),
        left_text=pl.format("说明中「{}」等级「{}」", "name", "stated"),
        right_text=pl.format("自评表总分 {}，为「{}」", written("total_score"), "expected"),
        left_locator="place",
        right_cell="total_cell",
        right_locator=pl.coalesce(place("total_cell"), "locator"),
        note=pl.when(unsure).then(pl.lit("自评表的总分没有印出，或与各项得分之和不符")),
    )


def _stated_totals(rule: Rule, year: Year, claims: pl.DataFrame) -> pl.DataFrame:
    """The money of so many projects that the text states, where all their forms are there."""
    found = []
    for group in rule.options["totals"]:
        forms = of_family(year, *group["families"])
        counted = counts(claims, group["count"])
        money = claims.filter(
            (pl.col("kind") == "金额")
            & pl.col("object").str.contains(group["money"])
            & (pl.col("amount") > 0)
        ).unique([DOCUMENT, "sentence"], keep="first", maintain_order=True)
        both = money.join(
            counted.select(DOCUMENT, "sentence", said="amount"),
            on=[DOCUMENT, "sentence"],
            how="inner",
            maintain_order="left",
        ).unique(DOCUMENT, keep="first", maintain_order=True)
        there = forms.group_by(DOCUMENT).agg(there=pl.len())
        asked = both.join(there, on=DOCUMENT, how="inner", maintain_order="left")
        short = asked.filter(pl.col("said") != pl.col("there"))
        whole = asked.filter(pl.col("said") == pl.col("there"))
        figures = figures_of(year).join(forms, on=FORM, how="semi")
        sums = sides.sums(figures, (DOCUMENT, "what"))
        printed = figures.group_by(DOCUMENT, "what").agg(with_figure=pl.len())
        left = sides.sums(claim_cells(whole), (DOCUMENT,))
        candidates = (
            sums.filter(pl.col("what").is_in(group["columns"]))
            .join(printed, on=[DOCUMENT, "what"])
            .join(there, on=DOCUMENT)
            .filter(pl.col("with_figure") == pl.col("there"))
        )
        pairs = left.join(candidates, on=DOCUMENT, how="inner", suffix="_right")
        best = (
            judge("=", pairs, (DOCUMENT, "what"))
            .with_columns(far=pl.col("difference").abs())
            .sort("far", maintain_order=True)
            .unique(DOCUMENT, keep="first", maintain_order=True)
        )
        names = {column: name_of(column) for column in group["columns"]}
        fits = pl.col("conclusion").is_in(["成立", "尾差"])
        found += [
            best.with_columns(
                subject=pl.lit(group["subject"]),
                severity=pl.lit("W"),
                left_cell=pl.lit(None, pl.String),
                note=pl.when(fits)
                .then(
                    pl.format(
                        "是各自评表{}之和", pl.col("what").replace_strict(names, return_dtype=pl.String)
                    )
                )
                .when(pl.col("conclusion") == "不成立")
                .then(pl.lit("与各自评表预算、到位、执行金额之和都不符，对照的是最接近的一个"))
                .otherwise("note"),
            ),
            short.select(
                DOCUMENT,
                conclusion=pl.lit("无法核对"),
                subject=pl.lit(group["subject"]),
                left_text="shown",
                left_locator="place",
                note=pl.format("说明写 {} 个，附件里有 {} 张，不能核对总额", written("said"), "there"),
            ),
        ]
    return pl.concat(found, how="diagonal_relaxed")


def counts(claims: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """The claims that say how many there are."""
    return claims.filter(
        (pl.col("kind") == "数量") & (pl.col("unit") == "个") & pl.col("object").str.contains(pattern)
    )


def _counted_grades(rule: Rule, year: Year, claims: pl.DataFrame) -> pl.DataFrame:
    """No more forms have a grade than the text says that projects have."""
    said = counts(claims, rule.options["grade"]["counted"]).with_columns(
        stated=pl.col("object").str.extract(rule.options["grade"]["counted"])
    )
    forms = graded(with_sound_totals(_forms_of_projects(year, rule)), scale_of(rule)).filter("sound")
    own = forms.with_columns(stated=pl.coalesce("grade", "expected")).group_by(DOCUMENT, "stated")
    counted = own.agg(there=pl.len(), right_locator=pl.col("locator").first())
    there = forms.select(DOCUMENT).unique()
    both = said.join(there, on=DOCUMENT, how="semi", maintain_order="left").join(
        counted, on=[DOCUMENT, "stated"], how="left", maintain_order="left"
    )
    forms_there = pl.col("there").fill_null(0).cast(_SHOWN)
    stated = pl.col("value").cast(_SHOWN)
    return both.select(
        DOCUMENT,
        conclusion=pl.when(forms_there <= stated).then(pl.lit("成立")).otherwise(pl.lit("不成立")),
        subject=pl.format("情况说明.等级「{}」的个数", "stated"),
        left_value=stated,
        right_value=forms_there,
        difference=stated - forms_there,
        tolerance=pl.lit(0).cast(_SHOWN),
        unit=pl.lit("个"),
        left_text=pl.format("说明：{} 个项目等级为「{}」", "value_printed", "stated"),
        right_text=pl.format("附件里等级为「{}」的自评表 {} 张", "stated", pl.col("there").fill_null(0)),
        left_locator="place",
        right_locator="right_locator",
        note=pl.when(forms_there <= stated).then(pl.lit("附件里的不多于说明所说的")),
    )
