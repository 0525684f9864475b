"""What follows from the tables of a year alone: derived values, values of the year before, links of forms.

Belongs here: which table follows from which others, by which function, and writing it for the years of a
run. Does not belong here: the functions themselves (``expectations``), and verdicts on a year.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse import lake
from warehouse.home import Home

if TYPE_CHECKING:
    import polars as pl

_PRINTED = ("dim_document", "dim_statement", "fact_line_item")


@dataclass(frozen=True, slots=True)
class Following:
    """A table of the lake that is computed from others of the same year."""

    table: str
    sources: tuple[str, ...]
    rows: Callable[[int, Mapping[str, pl.DataFrame]], pl.DataFrame]


def _derived(year: int, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    from expectations.derive import derive
    from expectations.performance_derive import derive_forms

    of_statements = derive(year, tables["dim_statement"], tables["fact_line_item"])
    return pl.concat([of_statements, derive_forms(year, tables)])


def _prior(year: int, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    from expectations.prior import prior_values

    return prior_values(year, tables)


def _linked(year: int, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    from expectations.performance_links import link

    return link(year, tables)


FOLLOWING = {
    following.table: following
    for following in (
        Following(
            "fact_derived",
            (*_PRINTED, "fact_performance_form", "performance_field", "fact_performance_funding"),
            _derived,
        ),
        Following("fact_prior", (*_PRINTED, "fact_claim"), _prior),
        Following("performance_link", (*_PRINTED, "fact_performance_form"), _linked),
    )
}


def follow_years(home: Home, table: str, years: Sequence[int]) -> dict[int, dict[str, int]]:
    """Compute one of the tables for each year that the lake holds; by year, the rows that were written."""
    following, rows = FOLLOWING[table], {}
    for year in sorted(set(lake.years(home)) & set(years)):
        found = following.rows(
            year, {source: lake.read_year(home, source, year) for source in following.sources}
        )
        lake.write_year(home, table, year, found)
        rows[year] = {table: found.height}
    return rows
