"""What another version of the reader reads otherwise in the same document, cell by cell.

Belongs here: comparing the cells that a year's tables held with those that replace them. Does not belong
here: when a document is read again (``assets``), and what an office changed (重述, a view).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from warehouse import corrections
from warehouse.schema import lake_tables

TABLE = "reading_change"
# What is said of a cell, besides its place; each twice, as it was before and as it is now.
_SAID = ("form", "side", "item", "subject_code", "measure", "amount", "quantity", "amount_printed", "status")
# What the figure of a cell is about: the same said from another place is no change.
_ABOUT = ("form", "side", "item", "subject_code", "measure", "amount", "quantity")
_HELD = "held"
# The columns of ``fact_line_item`` without which cells cannot be compared.
COLUMNS = ("document_id", "cell_id", *_SAID, "name_printed", "quantity_unit")


def reread(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The documents that another version of the reader has read since: both versions.

    ``before`` and ``now``: id → the version under which tables hold a document. What people corrected
    meanwhile is no other reading.
    """
    pairs = {
        name: (corrections.reader_of(before[name]), corrections.reader_of(now[name]))
        for name in before.keys() & now.keys()
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def changes(
    before: pl.DataFrame,
    now: pl.DataFrame,
    versions: Mapping[str, tuple[str, str]],
    fiscal_year: int,
    at: datetime,
) -> pl.DataFrame:
    """Rows of ``reading_change``: each cell of those documents that is read otherwise, with both readings.

    ``before`` and ``now`` are rows of ``fact_line_item``; ``versions`` as ``reread`` gives them. A blank cell
    is nothing read. Cells are the same by their id; a figure that is about the same and only stands at
    another id is no change.
    """
    old, new = (_cells(rows, list(versions)) for rows in (before, now))
    key = ["document_id", "cell_id"]
    both = old.join(new, on=key, how="full", suffix="_now", coalesce=True).with_columns(
        cell_before=pl.when(pl.col("measure").is_not_null()).then("cell_id"),
        cell_now=pl.when(pl.col("measure_now").is_not_null()).then("cell_id"),
    )
    found = _without_moved(both.filter(_differs(*_ABOUT, "status")))
    stored = lake_tables()[TABLE].polars_schema()
    readers = pl.DataFrame(
        [(name, *pair) for name, pair in versions.items()],
        schema={"document_id": pl.String(), "reader_before": pl.String(), "reader_now": pl.String()},
        orient="row",
    )
    return (
        found.join(readers, on="document_id")
        .with_columns(
            fiscal_year=pl.lit(fiscal_year, pl.Int32()),
            changed_at=pl.lit(at.replace(tzinfo=None), pl.Datetime("us")),
            change=_kind(),
            quantity_unit=pl.coalesce("quantity_unit_now", "quantity_unit"),
        )
        .rename({name: f"{name}_before" for name in _SAID})
        .sort("document_id", pl.coalesce("cell_now", "cell_before"), "cell_now", nulls_last=True)
        .select(stored.names())
    )


def added(known: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """What is known and what is found now, once each: a run that was killed finds the same again."""
    same = [name for name in lake_tables()[TABLE].polars_schema() if name != "changed_at"]
    every = pl.concat([known, more], how="diagonal")
    return every.unique(same, keep="first", maintain_order=True)


def _cells(rows: pl.DataFrame, documents: list[str]) -> pl.DataFrame:
    """The cells of some documents in which something was read: a figure, or what is held."""
    read = pl.col("amount").is_not_null() | pl.col("quantity").is_not_null() | (pl.col("status") == _HELD)
    return (
        rows.filter(pl.col("document_id").is_in(documents) & read)
        .with_columns(item=pl.coalesce("item", "name_printed"))
        .select("document_id", "cell_id", *_SAID, "quantity_unit")
        .unique(["document_id", "cell_id"], keep="first", maintain_order=True)
    )


def _without_moved(found: pl.DataFrame) -> pl.DataFrame:
    """Without the pairs of a cell that is gone and one that is new which say the same of the same."""
    gone, new = pl.col("cell_now").is_null(), pl.col("cell_before").is_null()
    about = ["document_id", *_ABOUT, "nth"]

    def side(rows: pl.DataFrame, suffix: str) -> pl.DataFrame:
        named = rows.select("document_id", "cell_id", *(pl.col(f"{n}{suffix}").alias(n) for n in _ABOUT))
        return named.with_columns(nth=pl.col("cell_id").cum_count().over("document_id", *_ABOUT))

    left, right = side(found.filter(gone), ""), side(found.filter(new), "_now")
    moved = left.join(right, on=about, how="inner", nulls_equal=True, suffix="_now")
    return found.filter(
        ~(gone & pl.col("cell_id").is_in(moved["cell_id"].to_list()))
        & ~(new & pl.col("cell_id").is_in(moved["cell_id_now"].to_list()))
    )


def _differs(*names: str) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in names)


def _kind() -> pl.Expr:
    return (
        pl.when(pl.col("cell_before").is_null())
        .then(pl.lit("新读出"))
        .when(pl.col("cell_now").is_null())
        .then(pl.lit("不再读出"))
        .when((pl.col("status") == _HELD) & (pl.col("status_now") != _HELD))
        .then(pl.lit("解除待核"))
        .when((pl.col("status") != _HELD) & (pl.col("status_now") == _HELD))
        .then(pl.lit("转为待核"))
        .when(_differs("amount", "quantity"))
        .then(pl.lit("改数"))
        .when(_differs(*_ABOUT))
        .then(pl.lit("改位"))
        .otherwise(pl.lit("改状态"))
    )
