"""The performance forms of a year as rules see them: their figures, each with its print and its cell.

Belongs here: making the tables of performance forms ready once for all rules, and what several rules share.
Does not belong here: any rule (``performance_*.py``), and how a form is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, get_type_hints

import polars as pl

from expectations.figures import YUAN, Year
from expectations.sides import sums
from expectations.verdicts import judge
from pipelines.performance import records
from pipelines.vocabulary import parse_yaml
from pipelines.wording import wording

DOCUMENT, FORM = "document_id", "form_id"
KEYS = (DOCUMENT, FORM)
SCORES = ("execution_score", "output_score", "benefit_score", "satisfaction_score")
AMOUNTS = ("budget_amount", "received_amount", "executed_amount")
# Forms leave out the zeros at the end of an amount: each is right to two decimals at least.
_FEWEST_DECIMALS, _MOST_DECIMALS = 2, 6
_DIGITS = r"^-?[\d,.]+$"
_RECORDS: dict[str, type] = {
    "fact_performance_form": records.PerformanceForm,
    "performance_field": records.PerformanceField,
    "fact_performance_funding": records.PerformanceFunding,
    "fact_performance_task": records.PerformanceTask,
    "fact_performance_indicator": records.PerformanceIndicator,
}
_KINDS: dict[type, pl.DataType] = {
    str: pl.String(),
    int: pl.Int32(),
    Decimal: pl.Decimal(24, 6),
    date: pl.Date(),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a form: its column, its name for people, its unit and the fields that hold it."""

    column: str
    name: str
    unit: str
    fields: tuple[str, ...]


@cache
def vocabulary() -> dict[str, Any]:
    """What ``performance.yml`` says: figures, identities, full marks."""
    raw: dict[str, Any] = parse_yaml(files("expectations").joinpath("performance.yml").read_text("utf-8"))
    return raw


@cache
def figures_known() -> dict[str, Figure]:
    """The figures of ``performance.yml`` by column."""
    entries = vocabulary()["figures"]
    return {entry["column"]: Figure(**entry | {"fields": tuple(entry["fields"])}) for entry in entries}


def name_of(column: str) -> str:
    """What people are told that a column of figures is."""
    return figures_known()[column].name


@cache
def _schema(table: str) -> dict[str, pl.DataType]:
    columns: dict[str, pl.DataType] = {DOCUMENT: pl.String()}
    for name, hint in get_type_hints(_RECORDS[table]).items():
        kinds = [_KINDS[kind] for kind in (hint, *getattr(hint, "__args__", ())) if kind in _KINDS]
        columns[name] = kinds[0] if kinds else pl.String()
    return columns


def table_of(year: Year, name: str) -> pl.DataFrame:
    """A table of performance forms; without rows where the year was read without it."""
    return year.tables.get(name, pl.DataFrame(schema=_schema(name)))


def forms_of(year: Year) -> pl.DataFrame:
    """The forms of a year, second printings left out, with ``form``: what tells one from others in names.

    ``form`` is family, project and unit (项目自评表·馆藏修复（示例市档案馆）); a further form of the same is
    numbered in the order of printing.
    """

    def find() -> pl.DataFrame:
        table = table_of(year, "fact_performance_form")
        unit = pl.col("implementing_unit")
        about = pl.coalesce("project_name", unit, pl.lit("名称没有读出"))
        whose = pl.when(unit.is_not_null() & (unit != about)).then(pl.format("（{}）", unit))
        family = pl.col("family").replace_strict(vocabulary()["families"], return_dtype=pl.String)
        name = pl.concat_str(family, pl.lit("·"), about, whose, ignore_nulls=True)
        again = pl.int_range(pl.len()).over(DOCUMENT, "form")
        return (
            table.filter(pl.col("duplicate_of").is_null())
            .sort(DOCUMENT, "seq")
            .with_columns(form=name)
            .with_columns(
                form=pl.when(again > 0).then(pl.format("{}（第 {} 张）", "form", again + 1)).otherwise("form")
            )
        )

    return year.once("performance forms", find)


def of_family(year: Year, *families: str) -> pl.DataFrame:
    """The forms of those families."""
    return forms_of(year).filter(pl.col("family").is_in(families))


def fields_of(year: Year, *names: str) -> pl.DataFrame:
    """The fields of those names (or all) of the forms of :func:`forms_of`, with their family and name."""
    table = table_of(year, "performance_field")
    chosen = table.filter(pl.col("field").is_in(names)) if names else table
    return _of_forms(year, chosen)


def indicators_of(year: Year) -> pl.DataFrame:
    """The indicators of the forms, with the family and name of each form."""
    return _of_forms(year, table_of(year, "fact_performance_indicator"))


def tasks_of(year: Year) -> pl.DataFrame:
    """The tasks of the forms, with the family, name and money unit of each form."""
    return _of_forms(year, table_of(year, "fact_performance_task"))


def _of_forms(year: Year, rows: pl.DataFrame) -> pl.DataFrame:
    about = forms_of(year).select(*KEYS, "family", "form", "money_unit", "project_name")
    return rows.join(about, on=KEYS, how="inner", maintain_order="left")


# --- figures ------------------------------------------------------------------------------------


def figures_of(year: Year) -> pl.DataFrame:
    """Every figure of a form outside its rows: what ``sides.sums`` needs of a cell, ``what`` and the form.

    Values in 元, 分 or %. A figure that is held is ``doubtful`` and has no value; one that is blank, or not
    printed, is not there.
    """
    return year.once("performance figures", lambda: _figures(year))


def _figures(year: Year) -> pl.DataFrame:
    known = figures_known()
    fields = {field: column for column, figure in known.items() for field in figure.fields}
    held = pl.col("status") == "held"
    cells = (
        table_of(year, "performance_field")
        .filter(pl.col("field").is_in(list(fields)))
        .with_columns(what=pl.col("field").replace_strict(fields, return_dtype=pl.String))
        .sort(held)
        .unique([FORM, "what"], keep="first", maintain_order=True)
        .select(FORM, "what", "printed", "cell_id", held=held)
    )
    forms = forms_of(year)
    long = pl.concat(
        forms.select(
            *KEYS, "family", "form", "money_unit", what=pl.lit(column), value=pl.col(column).cast(YUAN)
        )
        for column in known
    )
    found = long.join(cells, on=[FORM, "what"], how="left", maintain_order="left").filter(
        pl.col("value").is_not_null() | pl.col("held").fill_null(False)
    )
    units = {column: figure.unit for column, figure in known.items()}
    names = {column: figure.name for column, figure in known.items()}
    unit = pl.col("what").replace_strict(units, return_dtype=pl.String)
    return as_cells(
        found.with_columns(
            name=pl.col("what").replace_strict(names, return_dtype=pl.String),
            unit=pl.when(unit == "万元").then(pl.col("money_unit").fill_null("万元")).otherwise(unit),
            cell_id=pl.coalesce("cell_id", "form_id"),
        )
    )


def funding_of(year: Year) -> pl.DataFrame:
    """The amounts of the funding rows as cells, with ``kind``, ``source``, ``period`` and ``what``."""
    table = _of_forms(year, table_of(year, "fact_performance_funding"))
    parts = []
    for column in AMOUNTS:
        stem = column.removesuffix("_amount")
        parts.append(
            table.select(
                *KEYS,
                "family",
                "form",
                "kind",
                "source",
                "period",
                "seq",
                "project_name",
                what=pl.lit(column),
                value=pl.col(column).cast(YUAN),
                printed=f"{stem}_printed",
                # A row is held as a whole: of its amounts those that were printed and not read.
                held=(pl.col("status") == "held")
                & pl.col(column).is_null()
                & pl.col(f"{stem}_printed").is_not_null(),
                unit=pl.col("money_unit").fill_null("万元"),
                cell_id=pl.coalesce(f"{stem}_cell", FORM),
                # Of income and expenditure there is one amount: the row alone names it.
                name=pl.when(pl.col("kind").is_in(["收入", "支出"]))
                .then("source")
                .otherwise(pl.concat_str("source", pl.lit(f"·{name_of(column)}"))),
            )
        )
    rows: pl.DataFrame = pl.concat(parts)
    return as_cells(rows.filter(pl.col("value").is_not_null() | pl.col("held")))


def as_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with ``name``, ``value``, ``printed``, ``unit``, ``held`` and ``cell_id`` as ``sides.sums`` wants
    cells: with ``half``, ``factor``, ``quantity_unit``, ``doubtful``, ``shown`` and ``taken``."""
    factors = dict(wording().money_factors)
    factor = pl.col("unit").replace_strict(factors, default=None, return_dtype=pl.Int64)
    digits = pl.col("printed").str.normalize("NFKC").str.replace_all(r"\s", "")
    decimals = digits.str.extract(r"\.(\d+)").str.len_chars().fill_null(0).cast(pl.Int64)
    halves = {n: f"0.{'0' * n}5" if n < _MOST_DECIMALS else "0.000001" for n in range(_MOST_DECIMALS + 1)}
    half = (
        decimals.clip(_FEWEST_DECIMALS, _MOST_DECIMALS)
        .replace_strict(halves, return_dtype=pl.String)
        .cast(YUAN)
    )
    zero = pl.lit(0).cast(YUAN)
    money = factor.is_not_null()
    plain = pl.when(digits.str.contains(_DIGITS)).then(digits)
    in_unit = (pl.col("value") / pl.coalesce(factor, pl.lit(1, pl.Int64)).cast(pl.Decimal(12, 0))).cast(YUAN)
    return rows.with_columns(in_unit=in_unit).with_columns(
        half=pl.when(money).then((half * factor.cast(pl.Decimal(12, 0))).cast(YUAN)).otherwise(zero),
        factor=pl.coalesce(factor, pl.lit(1, pl.Int64)),
        quantity_unit=pl.when(~money).then("unit"),
        doubtful=pl.col("held").fill_null(False),
        shown=pl.concat_str("name", pl.lit(" "), pl.coalesce(plain, written("in_unit"))),
        taken=pl.lit(False),
    )


def written(column: str) -> pl.Expr:
    """A figure without the zeros at its end."""
    return pl.col(column).cast(pl.String).str.replace(r"\.?0+$", "")


# --- verdicts -----------------------------------------------------------------------------------


def beside(
    relation: str, left: pl.DataFrame, right: pl.DataFrame, keys: Sequence[str] = KEYS
) -> pl.DataFrame:
    """Verdicts on the sums of cells side by side, where both sides have any."""
    both = sums(left, keys).join(sums(right, keys), on=keys, how="inner", suffix="_right")
    return judge(relation, both, keys)


def with_allowance(cells: pl.DataFrame, allowed: str) -> pl.DataFrame:
    """The cells, each right to within half of ``allowed``: what scores may differ by."""
    return cells.with_columns(half=(pl.lit(allowed).cast(YUAN) / pl.lit(2).cast(YUAN)).cast(YUAN))


def told(year: Year, found: pl.DataFrame, about: str | pl.Expr) -> pl.DataFrame:
    """Verdicts by form with their subject: the name of the form and what of it was looked at."""
    what = pl.lit(about) if isinstance(about, str) else about
    names = forms_of(year).select(FORM, "form")
    given = found.drop("form", strict=False).join(names, on=FORM, how="left", maintain_order="left")
    named = given.with_columns(subject=pl.concat_str("form", pl.lit("."), what))
    again = pl.int_range(pl.len()).over(DOCUMENT, "subject")
    return named.with_columns(
        subject=pl.when(again > 0).then(pl.format("{}#{}", "subject", again + 1)).otherwise("subject")
    )


def lacking(
    forms: pl.DataFrame, figures: pl.DataFrame, wanted: Sequence[str], ignoring: Sequence[str] = ()
) -> pl.DataFrame:
    """The forms that do not print all of the figures ``wanted``: 无法核对, with the names of those.

    A form that prints none of them, those of ``ignoring`` apart, is not spoken of at all.
    """
    printed = figures.filter(pl.col("what").is_in(wanted)).select(FORM, "what")
    asked = forms.select(*KEYS, "locator").join(pl.DataFrame({"what": list(wanted)}), how="cross")
    some = printed.filter(~pl.col("what").is_in(ignoring)).select(FORM).unique()
    names = pl.col("what").replace_strict({column: name_of(column) for column in wanted})
    return (
        asked.join(printed, on=[FORM, "what"], how="anti", maintain_order="left")
        .join(some, on=FORM, how="semi", maintain_order="left")
        .with_columns(names=names)
        .group_by(*KEYS, "locator", maintain_order=True)
        .agg(pl.col("names").str.join("、"))
        .select(
            *KEYS,
            conclusion=pl.lit("无法核对"),
            note=pl.format("没有印出{}", "names"),
            left_locator="locator",
        )
    )


def unless_broken(year: Year, found: pl.DataFrame) -> pl.DataFrame:
    """Verdicts on sums over the rows of forms: where a row may be lost, one that does not hold shows nothing.

    It may be where the form is not whole, or the weights of its rows do not make the full marks
    (``row_weights`` of ``performance.yml``).
    """
    full = {family: str(mark) for family, mark in vocabulary()["row_weights"].items()}
    columns = (FORM, "family", "weight")
    rows = pl.concat(
        [table.select(columns) for table in (tasks_of(year), indicators_of(year))], how="vertical_relaxed"
    )
    mark = pl.col("family").replace_strict(full, default=None, return_dtype=pl.String).cast(YUAN)
    short = (
        rows.group_by(FORM, "family").agg(pl.col("weight").sum().cast(YUAN)).filter(pl.col("weight") < mark)
    )
    lost_rows = forms_of(year).filter(pl.col("state") != "完整").select(FORM)
    broken = pl.concat([lost_rows, short.select(FORM)]).unique().with_columns(broken=pl.lit(True))
    lost = pl.col("broken").fill_null(False) & (pl.col("conclusion") == "不成立")
    return (
        found.join(broken, on=FORM, how="left", maintain_order="left")
        .with_columns(
            conclusion=pl.when(lost).then(pl.lit("无法核对")).otherwise("conclusion"),
            note=pl.when(lost).then(pl.lit("这张表不完整，或各行分值不足满分，可能少了行")).otherwise("note"),
        )
        .drop("broken")
    )


def whole(figures: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
    """The figures ``wanted`` of the forms that print all of them."""
    chosen = figures.filter(pl.col("what").is_in(wanted))
    return chosen.filter(pl.col("what").n_unique().over(FORM) == len(wanted))
