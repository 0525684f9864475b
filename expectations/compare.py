"""Checks on one or two sides, evaluated for all documents of a year at once.

Belongs here: where a check applies, and the words of its verdicts. Does not belong here: what a side adds
up (``sides``), how two sums are judged (``verdicts``), rules that are functions, any rule.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from expectations import sides
from expectations.conditions import CONDITION
from expectations.figures import BROKEN_STATES, EMPTY_STATES, MAY_BE_EMPTY, PLACE, Year
from expectations.rules_data import OF_ONE_SIDE, Check, Rule
from expectations.selectors import Addend
from expectations.verdicts import doubt_note, in_unit, judge, place, unit_of_money
from pipelines.vocabulary import forms


def evaluate(rule: Rule, year: Year) -> pl.DataFrame:
    """The verdicts of a rule that is made of checks."""
    found = [_check(rule, check, year) for check in rule.checks]
    return pl.concat(found, how="diagonal_relaxed")


def _check(rule: Rule, check: Check, year: Year) -> pl.DataFrame:
    one_form = len(check.forms) == 1
    places = applicability(check, year, one_form)
    able = places.filter(pl.col("conclusion").is_null()).select(PLACE)
    if check.relation in OF_ONE_SIDE:
        verdicts = _cells(check, _figures(check.left, year, one_form, able), able)
    else:
        left, right = both_sides(check, year, able)
        verdicts = compare(check, sides.sums(left), sides.sums(right))
    refused = places.filter(pl.col("conclusion").is_not_null())
    names = "、".join(f"「{forms()[form].name}」" for form in check.forms)
    blank = able.join(verdicts, on=PLACE, how="anti").with_columns(
        conclusion=pl.lit("不适用"), note=pl.lit(rule.silence or f"{names}里的这些数都是空白")
    )
    others = pl.concat([refused, blank], how="diagonal_relaxed").with_columns(
        key=pl.lit(None, pl.String), measure=pl.lit("")
    )
    return described(rule, check, pl.concat([verdicts, others], how="diagonal_relaxed"))


def both_sides(check: Check, year: Year, able: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cells of the two sides of a check, as ``sides.figures``, where it is able to be evaluated."""
    one_form = len(check.forms) == 1
    left, right = (_figures(side, year, one_form, able) for side in (check.left, check.right))
    for addend in {"left": check.left[:1], "right": check.right[:1]}.get(check.over, ()):
        spoken_of = sides.rows(addend, year, one_form)
        left = left.join(spoken_of, on=sides.KEY, how="semi")
        right = right.join(spoken_of, on=sides.KEY, how="semi")
    return left, right


def _figures(addends: tuple[Addend, ...], year: Year, one_form: bool, able: pl.DataFrame) -> pl.DataFrame:
    return sides.figures(addends, year, one_form).join(able, on=PLACE, how="semi")


def figures_of(check: Check, addends: tuple[Addend, ...], year: Year) -> pl.DataFrame:
    """The cells of one side of a check between documents, of the documents that can be asked for them."""
    able = applicability(replace(check, left=addends, right=()), year, one_form=False)
    found = sides.figures(addends, year, one_form=False)
    return found.join(able.filter(pl.col("conclusion").is_null()), on=PLACE, how="semi")


# --- where a check applies ----------------------------------------------------------------------


def applicability(check: Check, year: Year, one_form: bool) -> pl.DataFrame:
    """Every document (and copy, where the check is within one form): ``conclusion`` and ``note`` say why it
    cannot be evaluated there, null where it can."""
    places = _printed(check, year, one_form)
    reasons = [_by_bounds(check, year)] if check.templates or check.years else []
    reasons += [_by_condition(check.when, year)] if check.when else []
    reasons += [_by_statement(form, year, places, one_form) for form in check.forms]
    addends = (*check.left, *check.right)
    reasons += [_by_unknown_rows(addend, year, one_form) for addend in addends if _needs_names(addend)]
    reasons += [_by_rows(addend, year, places, one_form) for addend in addends]
    # The first reason of a place is given: 不适用 by bounds and condition, then the state of statements.
    given = [reason.with_columns(order=pl.lit(number)) for number, reason in enumerate(reasons)]
    first = (
        pl.concat(given, how="diagonal_relaxed")
        .sort("order", maintain_order=True)
        .unique(subset=PLACE, keep="first", maintain_order=True)
        .drop("order")
    )
    return places.join(first, on=PLACE, how="left", maintain_order="left")


def _printed(check: Check, year: Year, one_form: bool) -> pl.DataFrame:
    everyone = year.documents.select("document_id", copy=pl.lit(0, pl.Int64))
    if not one_form:
        return everyone
    copies = year.statements.filter(pl.col("form") == check.forms[0]).select(PLACE)
    return pl.concat([everyone, copies]).unique(maintain_order=True)


def _reason(frame: pl.DataFrame, conclusion: str, note: pl.Expr) -> pl.DataFrame:
    return frame.select(*PLACE, conclusion=pl.lit(conclusion), note=note)


def _by_bounds(check: Check, year: Year) -> pl.DataFrame:
    outside = pl.lit(False)
    if check.templates:
        outside = outside | ~pl.col("template").fill_null("").is_in(check.templates)
    if check.years:
        outside = outside | ~pl.lit(year.fiscal_year).is_between(*check.years)
    rows = year.documents.filter(outside).with_columns(copy=pl.lit(0, pl.Int64))
    return _reason(rows, "不适用", pl.lit("这条规则不用于这个模板或年度"))


def _by_condition(condition: str, year: Year) -> pl.DataFrame:
    met = CONDITION[condition](year)
    rows = met.filter(pl.col("unmet").is_not_null()).with_columns(copy=pl.lit(0, pl.Int64))
    return _reason(rows, "不适用", pl.col("unmet"))


def _by_statement(form: str, year: Year, places: pl.DataFrame, one_form: bool) -> pl.DataFrame:
    """Reasons that the state of the statement of that form gives."""

    def find() -> pl.DataFrame:
        name = forms()[form].name
        printed = year.statements.filter(pl.col("form") == form)
        if one_form:
            found = places.join(printed.select(*PLACE, "state"), on=PLACE, how="left")
            many = pl.lit(False)
        else:
            of_document = printed.group_by("document_id").agg(
                pl.col("state").first(), pl.len().alias("printed")
            )
            found = places.join(of_document, on="document_id", how="left")
            many = pl.col("printed") > 1
        absent, broken = pl.col("state").is_null(), pl.col("state").is_in(BROKEN_STATES)
        lost = pl.lit(False) if form in MAY_BE_EMPTY else pl.col("state") == "空表"
        return pl.concat(
            [
                _reason(found.filter(absent), "不适用", pl.lit(f"文中没有「{name}」")),
                _reason(found.filter(many), "无法核对", pl.lit(f"「{name}」印了不止一张")),
                _reason(
                    found.filter(broken | lost),
                    "无法核对",
                    pl.concat_str(pl.lit(f"「{name}」"), pl.col("state").replace("空表", "是空表")),
                ),
            ]
        )

    return year.once(("statement", form, one_form), find)


def _needs_names(addend: Addend) -> bool:
    """Whether a row that nobody knows may be one that the addend names."""
    return addend.needs_codes or (addend.key == "" and forms()[addend.form].layout == "halves")


def _by_unknown_rows(addend: Addend, year: Year, one_form: bool) -> pl.DataFrame:
    name = forms()[addend.form].name
    rows = year.unknown_rows.filter(pl.col("form") == addend.form)
    if not one_form:
        rows = rows.with_columns(copy=pl.lit(0, pl.Int64))
    note = pl.concat_str(pl.lit(f"「{name}」有认不出项目或科目的行（"), place("cell_id"), pl.lit("）"))
    return _reason(rows, "无法核对", note)


def _by_rows(addend: Addend, year: Year, places: pl.DataFrame, one_form: bool) -> pl.DataFrame:
    """Documents whose statement prints none of the rows that the addend names, unless it is empty."""

    def find() -> pl.DataFrame:
        there = sides.rows(addend, year, one_form).select(PLACE)
        empty = year.statements.filter(
            (pl.col("form") == addend.form) & pl.col("state").is_in(EMPTY_STATES)
        ).select("document_id", "copy" if one_form else pl.lit(0, pl.Int64).alias("copy"))
        missing = places.join(pl.concat([there, empty]), on=PLACE, how="anti")
        return _reason(missing, "不适用", pl.lit(f"没有印出「{_short(addend)}」"))

    return year.once(("missing", addend, one_form), find)


def _short(addend: Addend) -> str:
    return "·".join((forms()[addend.form].name, _some_rows(addend), "、".join(addend.measures)))


def _some_rows(addend: Addend) -> str:
    return "、".join(addend.rows[:3]) + ("…" if len(addend.rows) > 3 else "")


# --- what is said of two sides ------------------------------------------------------------------


def compare(check: Check, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Verdicts on the sums of both sides by ``sides.KEY``, those of one side beside nothing as well."""
    both = left.join(right, on=sides.KEY, how="full", coalesce=True, suffix="_right")
    return judge(check.relation, both, sides.KEY).with_columns(
        left_text=_text(check.left, "left_text"), right_text=_text(check.right, "right_text")
    )


def described(rule: Rule, check: Check, verdicts: pl.DataFrame) -> pl.DataFrame:
    """The verdicts with what they are about, without their keys."""
    return verdicts.with_columns(
        subject=subject_of(check), severity=pl.lit(check.severity or rule.severity)
    ).drop("copy", "key", "measure", "row", "column", strict=False)


def _text(addends: tuple[Addend, ...], column: str) -> pl.Expr:
    """The side written out; what is blank says so."""
    one_form = len({addend.form for addend in addends}) == 1
    form = f"{forms()[addends[0].form].name}·" if one_form else ""
    blank = pl.concat_str(_named(addends[0]), pl.lit(" 空白"))
    return pl.coalesce(pl.concat_str(pl.lit(form), column), blank)


def _named(addend: Addend) -> pl.Expr:
    """The address of a sum as people know it: the code or row in place of the words for each."""
    row = pl.col("key") if addend.key else pl.lit(_some_rows(addend))
    measure = pl.col("measure") if addend.each_measure else pl.lit("、".join(addend.measures))
    return pl.concat_str(pl.lit(f"{forms()[addend.form].name}·"), row, pl.lit("·"), measure)


def subject_of(check: Check) -> pl.Expr:
    """What tells the checks of a rule in a document apart, in names."""
    form = forms()[check.left[0].form].name
    rows = "、".join(dict.fromkeys(row for addend in check.left for row in addend.rows))
    measures = "、".join(dict.fromkeys(name for addend in check.left for name in addend.measures))
    relation = "" if check.relation == "=" else f" {check.relation}"
    condition = f"（{check.when}）" if check.when else ""
    copy = pl.when(pl.col("copy") > 0).then(pl.concat_str(pl.lit("（"), pl.col("copy") + 1, pl.lit("）")))
    return pl.concat_str(
        pl.lit(form),
        copy.otherwise(pl.lit("")),
        pl.lit("."),
        _or(pl.col("key"), rows),
        pl.lit("."),
        _or(pl.col("measure"), measures),
        pl.lit(relation + condition),
    )


def _or(column: pl.Expr, otherwise: str) -> pl.Expr:
    return pl.when(column.fill_null("") != "").then(column).otherwise(pl.lit(otherwise))


# --- what is said of the cells of one side ------------------------------------------------------


def _cells(check: Check, cells: pl.DataFrame, able: pl.DataFrame) -> pl.DataFrame:
    """Each cell that is not what it must be, and for the others of a place one verdict.

    非负: no figure is below 0; the smallest one stands for those that hold. 空: nothing but blanks and zeros.
    """
    value = pl.col("value")
    wrong = (value < 0 if check.relation == "非负" else value != 0).fill_null(False)
    bad = _of_cells(check, cells.filter(wrong), "不成立").with_columns(key="row", measure="column")
    held = cells.filter("doubtful").unique(PLACE, keep="first", maintain_order=True)
    refused = held.select(*PLACE, conclusion=pl.lit("无法核对"), note=doubt_note("cell_id"))
    others = pl.concat([bad.select(PLACE), held.select(PLACE)])
    if check.relation == "非负":
        good = cells.join(others, on=PLACE, how="anti").sort("value", maintain_order=True)
        holds = _of_cells(check, good.unique(PLACE, keep="first", maintain_order=True), "成立")
    else:
        blank = "、".join(f"{_short(addend)} 空白" for addend in check.left)
        holds = able.join(others, on=PLACE, how="anti").with_columns(
            conclusion=pl.lit("成立"), left_text=pl.lit(blank), right_text=pl.lit("应为空白")
        )
    rest = pl.concat([refused, holds], how="diagonal_relaxed")
    return pl.concat([bad, rest.with_columns(key=pl.lit(""), measure=pl.lit(""))], how="diagonal_relaxed")


def _of_cells(check: Check, cells: pl.DataFrame, conclusion: str) -> pl.DataFrame:
    """A verdict on each of the cells: on the left what stands there, on the right what must."""
    form = forms()[check.left[0].form].name
    must = "不小于 0" if check.relation == "非负" else "应为空白"
    if conclusion == "成立":
        form = f"最小的数 {form}"
    value = in_unit("value")
    return cells.select(
        *PLACE,
        "row",
        "column",
        conclusion=pl.lit(conclusion),
        left_value=value,
        right_value=pl.lit(0).cast(pl.Decimal(24, 6)),
        difference=value,
        tolerance=pl.lit(0).cast(pl.Decimal(24, 6)),
        unit=pl.coalesce("quantity_unit", unit_of_money()),
        left_text=pl.concat_str(pl.lit(f"{form}·"), "shown"),
        right_text=pl.lit(must),
        left_cell="cell_id",
        left_locator=place("cell_id"),
    )
