"""One side of a rule for all documents of a year: the figures that it names, added up.

Belongs here: from addresses to sums, each with its figures, cells and rounding. Does not belong here: what
is then said of two sums (``compare``).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from expectations.figures import PLACE, YUAN, Year
from expectations.selectors import EACH_MEASURE, LEVELS, TOP, UNDER, Addend
from pipelines.vocabulary import forms

KEY = (*PLACE, "key", "measure")
# So many addends of a sum are written out, and so many of its cells are named.
SHOWN = 3
CELLS = 8


def figures(addends: Sequence[Addend], year: Year, one_form: bool) -> pl.DataFrame:
    """The cells that the addends name and that are not blank: columns of ``Year.told`` with ``key``.

    A check within ``one_form`` looks at each copy of it by itself; between forms there is one of each.

    ``key`` is the code or row that the addend runs over, "" where there is one sum; ``measure`` is ""
    unless it runs over measures; ``row`` and ``column`` are where the cell stands.
    """
    named = len({addend.form for addend in addends}) > 1
    parts = []
    for addend in addends:
        cells = year.figures[addend.form]
        rows, key = _rows(addend)
        chosen = (
            rows if addend.measures == (EACH_MEASURE,) else rows & pl.col("measure").is_in(addend.measures)
        )
        parts.append(
            cells.filter(chosen).select(
                "document_id",
                "copy" if one_form else pl.lit(0, pl.Int64).alias("copy"),
                key.alias("key"),
                (pl.col("measure") if addend.each_measure else pl.lit("")).alias("measure"),
                "row",
                pl.col("measure").alias("column"),
                pl.col("value") * addend.sign,
                "half",
                "factor",
                "quantity_unit",
                "doubtful",
                "cell_id",
                _shown(addend, named).alias("shown"),
                pl.lit(addend.sign < 0).alias("taken"),
            )
        )
    return pl.concat(parts)


def rows(addend: Addend, year: Year, one_form: bool) -> pl.DataFrame:
    """Where the form prints a row and column that the addend names, be it blank: ``KEY``, each once."""
    chosen, key = _chosen(addend)

    def find() -> pl.DataFrame:
        return (
            year.figures[addend.form]
            .filter(chosen)
            .select(
                "document_id",
                "copy" if one_form else pl.lit(0, pl.Int64).alias("copy"),
                key.alias("key"),
                (pl.col("measure") if addend.each_measure else pl.lit("")).alias("measure"),
            )
            .unique()
        )

    return year.once(("rows", addend, one_form), find)


def _chosen(addend: Addend) -> tuple[pl.Expr, pl.Expr]:
    """Which cells of its form the addend names, and what tells its sums apart."""
    rows, key = _rows(addend)
    if addend.measures == (EACH_MEASURE,):
        return rows, key
    return rows & pl.col("measure").is_in(addend.measures), key


def _rows(addend: Addend) -> tuple[pl.Expr, pl.Expr]:
    """Which rows of its form the addend names, and what tells its sums apart."""
    code, nothing = pl.col("subject_code"), pl.lit("")
    word = addend.rows[0]
    top = code.is_not_null() & pl.col("parent").is_null()
    if word == "各行":
        return pl.lit(True), pl.col("row")
    if word == TOP:
        return top, nothing
    if word == "每类":
        return top, code.str.slice(0, 3)
    if word in UNDER:
        return pl.col("parent").str.len_chars() == UNDER[word], pl.col("parent")
    if word in LEVELS:
        return pl.col("level") == LEVELS[word], code
    codes = [row for row in addend.rows if row.isdigit()]
    return pl.col("item").is_in(addend.rows) | code.is_in(codes), nothing


def _shown(addend: Addend, named: bool) -> pl.Expr:
    """A cell written out; a side of several forms names the form of each."""
    form = f"{forms()[addend.form].name}·" if named else ""
    return pl.concat_str(pl.lit(form), "label", pl.lit("·"), "measure", pl.lit(" "), "printed")


def sums(cells: pl.DataFrame, keys: Sequence[str] = KEY) -> pl.DataFrame:
    """The sums of the cells by ``keys``.

    ``value`` in 元 counts a blank as 0; ``figures`` how many were printed, ``half`` the rounding of those
    that are not zero and ``coarsest`` the greatest half of one; ``factor`` the smallest printed unit;
    ``doubt`` a cell that is held; ``text`` the first figures written out; ``cells`` their ids.
    """
    value = pl.col("value")
    printed = value.is_not_null()
    many = pl.when(pl.col("figures") > SHOWN).then(
        pl.concat_str(pl.lit(" + …（共 "), "figures", pl.lit(" 个数）"))
    )
    sign = pl.when("taken").then(pl.lit("− ")).otherwise(pl.lit(""))
    return (
        cells.with_columns(shown=pl.concat_str(sign, "shown"))
        .group_by(*keys, maintain_order=True)
        .agg(
            value.sum().cast(YUAN).alias("value"),
            printed.sum().alias("figures"),
            pl.col("half").filter(value != 0).sum().alias("half"),
            pl.col("half").max().alias("coarsest"),
            pl.col("factor").min().alias("factor"),
            pl.col("quantity_unit").filter(printed).first().alias("counted_in"),
            pl.col("cell_id").filter(pl.col("doubtful")).first().alias("doubt"),
            pl.col("shown").filter(printed).head(SHOWN).alias("text"),
            pl.col("cell_id").filter(printed).head(CELLS).alias("cells"),
        )
        .with_columns(
            text=pl.concat_str(
                pl.col("text").list.join(" + ").str.replace_all("+ − ", "− ", literal=True),
                many.otherwise(pl.lit("")),
            ),
            locator=pl.col("cells").list.first().str.split("/").list.get(1, null_on_oob=True),
            cells=pl.col("cells").list.join(","),
        )
    )
