"""推算值 of performance forms: the one figure that an identity of a form still lacks.

Belongs here: scores and amounts that the printed rest of a form proves. Does not belong here: statements
(``derive``), and any judgement about what is printed. A derived value never stands beside printed ones.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from expectations.derive import DERIVED_SCHEMA
from expectations.figures import YUAN, Tables, Year, year_of
from expectations.performance import (
    AMOUNTS,
    DOCUMENT,
    FORM,
    KEYS,
    figures_known,
    figures_of,
    forms_of,
    funding_of,
    name_of,
    of_family,
    vocabulary,
)


def _identities() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = vocabulary()["identities"]
    return found


def derive_forms(fiscal_year: int, tables: Tables) -> pl.DataFrame:
    """Rows of ``fact_derived`` of the forms of a year.

    A figure is derived only where it alone is missing or held, all others of the identity are printed, and
    it lies between 0 and the mark that it can have.
    """
    year = year_of(fiscal_year, tables)
    found = [_of_identity(year, identity) for identity in _identities()]
    found.append(_of_sources(year))
    rows = pl.concat([pl.DataFrame(schema=DERIVED_SCHEMA), *(_conformed(one, year) for one in found)])
    return rows.unique(["form_id", "measure"], keep="first", maintain_order=True).sort(
        DOCUMENT, maintain_order=True
    )


def _conformed(found: pl.DataFrame, year: Year) -> pl.DataFrame:
    about = forms_of(year).select(FORM, item="form")
    family = pl.col("item").str.split("·").list.first()
    told = found.join(about, on=FORM, how="left", maintain_order="left").with_columns(
        form=family, fiscal_year=pl.lit(year.fiscal_year), subject_code=pl.lit(None, pl.String)
    )
    return told.select(pl.col(name).cast(kind) for name, kind in DERIVED_SCHEMA.items())


def _of_identity(year: Year, identity: dict[str, Any]) -> pl.DataFrame:
    """The one part of a sum of scores that is missing: total − the rest, or the total."""
    total, parts = identity["total"], identity["parts"]
    columns = [total, *parts]
    signs = {total: 1, **dict.fromkeys(parts, -1)}
    forms = of_family(year, *identity["families"]).select(*KEYS)
    grid = forms.join(pl.DataFrame({"what": columns}), how="cross", maintain_order="left")
    figures = figures_of(year).select(FORM, "what", "value", "shown", "cell_id")
    known = grid.join(figures, on=[FORM, "what"], how="left", maintain_order="left")
    alone = known.filter((pl.col("value").is_null().sum() == 1).over(FORM))
    sign = pl.col("what").replace_strict({name: str(one) for name, one in signs.items()}).cast(YUAN)
    missing = alone.filter(pl.col("value").is_null()).select(*KEYS, "what", own=sign)
    rest = (
        alone.filter(pl.col("value").is_not_null())
        .join(missing.select(FORM, lost="what"), on=FORM)
        .with_columns(sign=sign)
        .with_columns(signed=(pl.col("value") * pl.col("sign")).cast(YUAN))
        .with_columns(adds=(pl.col("what") == total) | (pl.col("lost") == total))
        .sort(~pl.col("adds"), maintain_order=True)
        .group_by(FORM, maintain_order=True)
        .agg(
            pl.col("signed").sum().cast(YUAN),
            formula=pl.concat_str(
                pl.when("adds").then(pl.lit("+ ")).otherwise(pl.lit("− ")), "shown"
            ).str.join(" "),
            evidence=pl.col("cell_id").str.join(","),
        )
    )
    full = {column: str(identity["full"].get(column, identity["full"]["each"])) for column in columns}
    units = {column: figure.unit for column, figure in figures_known().items()}
    names = {column: name_of(column) for column in columns}
    found = missing.join(rest, on=FORM).with_columns(
        number=(-pl.col("signed") * pl.col("own")).cast(pl.Decimal(24, 6)),
        measure=pl.col("what").replace_strict(names, return_dtype=pl.String),
        unit=pl.col("what").replace_strict(units, return_dtype=pl.String),
        mark=pl.col("what").replace_strict(full, return_dtype=pl.String).cast(pl.Decimal(24, 6)),
        amount=pl.lit(None, pl.Decimal(20, 2)),
        rule=pl.lit(identity["rule"]),
    )
    return found.filter(pl.col("number").is_between(0, pl.col("mark"))).with_columns(
        formula=pl.concat_str("measure", pl.lit(" = "), pl.col("formula").str.strip_prefix("+ "))
    )


def _of_sources(year: Year) -> pl.DataFrame:
    """An amount of the head that is missing while the amounts of its sources are printed."""
    figures = figures_of(year).filter(~pl.col("doubtful")).select(FORM, "what")
    sources = funding_of(year).filter(
        (pl.col("kind") == "来源") & (pl.col("family") == "A") & pl.col("what").is_in(AMOUNTS)
    )
    sure = sources.filter(~pl.col("doubtful").any().over(FORM, "what"))
    names = {column: name_of(column) for column in AMOUNTS}
    return (
        sure.join(figures, on=[FORM, "what"], how="anti", maintain_order="left")
        .group_by(*KEYS, "what", maintain_order=True)
        .agg(
            amount=pl.col("value").sum().cast(pl.Decimal(20, 2)),
            formula=pl.col("shown").str.join(" + "),
            evidence=pl.col("cell_id").str.join(","),
        )
        .with_columns(
            measure=pl.col("what").replace_strict(names, return_dtype=pl.String),
            number=pl.lit(None, pl.Decimal(24, 6)),
            unit=pl.lit(None, pl.String),
            rule=pl.lit("P11"),
        )
        .with_columns(formula=pl.concat_str("measure", pl.lit(" = "), "formula"))
    )
