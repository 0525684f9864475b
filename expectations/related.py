"""Which disclosures bear on each other's verdicts: those that are judged again when one of them changes.

Belongs here: what documents share that makes a rule look from one to another. Does not belong here: the
rules that look (``document_functions``, ``prior``, ``performance_links``), and when anything is judged.

Documents hang together where they share a *bond*: the name of a unit, or a project of performance forms.
A rule between documents whose partners share no bond would be missed; a test judges whole years and
changed years side by side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import polars as pl

from expectations.form_verdicts import folded
from expectations.performance_links import FEWEST_OF_UNIT, name_key

# One row for each bond of a document, one without a bond where it has none. ``scope`` is the year that is
# judged (this) or the year before (before).
STANDING_SCHEMA: dict[str, pl.DataType] = {
    "scope": pl.String(),
    "document_id": pl.String(),
    "reader_version": pl.String(),
    "bond": pl.String(),
}
_DOCUMENT = ["scope", "document_id", "reader_version"]


def normal(column: str) -> pl.Expr:
    """The name of a unit as it is compared: in half width, without blanks."""
    return pl.col(column).str.normalize("NFKC").str.replace_all(r"\s", "")


def standing(tables: Mapping[str, pl.DataFrame], before: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The documents that the verdicts on a year rest on, with their bonds: rows of ``STANDING_SCHEMA``."""
    bonds = pl.concat([_unit(tables), _members(tables), _projects(tables)]).unique()
    both = [
        ("this", tables["dim_document"], bonds),
        ("before", before["dim_document"], _unit(before).unique()),
    ]
    rows = [
        documents.select(pl.lit(scope).alias("scope"), "document_id", "reader_version").join(
            bonds, on="document_id", how="left"
        )
        for scope, documents, bonds in both
    ]
    return pl.concat(rows).select(STANDING_SCHEMA.keys()).sort(STANDING_SCHEMA.keys())


def touched(then: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """``scope`` and ``document_id`` of the documents whose verdicts may be others than they were.

    ``then`` and ``now`` are what ``standing`` said. They are the documents that came, went or were read
    anew, and all that hang together with one of them, then or now.
    """
    changed = pl.concat([then.join(now, on=_DOCUMENT, how="anti"), now.join(then, on=_DOCUMENT, how="anti")])
    reached, bonds = 0, changed.select("bond").drop_nulls().unique()
    while bonds.height > reached:
        reached = bonds.height
        near = now.join(bonds, on="bond", how="semi")
        widened = now.join(near, on=["scope", "document_id"], how="semi").select("bond").drop_nulls()
        bonds = pl.concat([bonds, widened]).unique()
    near = pl.concat([changed, now.join(bonds, on="bond", how="semi")])
    return near.select("scope", "document_id").unique().sort("scope", "document_id")


def _unit(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    return _bonds(tables["dim_document"].select("document_id", name=normal("unit_name")), "name")


def _members(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """A 部门 and the units that it lists, a unit and the 部门 that it names."""
    return _bonds(tables["unit_relation"].select("document_id", name=normal("name")), "name")


def _projects(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Forms of one unit and one project or budget, as ``performance_links`` pairs them."""
    forms = tables["fact_performance_form"].filter(
        pl.col("project_name").is_not_null() & pl.col("implementing_unit").is_not_null()
    )
    keyed = folded(folded(forms, "project_name", "key", name_key), "implementing_unit", "unit", name_key)
    unit = pl.col("unit").str.slice(0, FEWEST_OF_UNIT)  # one of two names may be cut off
    budget = pl.col("budget_amount").cast(pl.String)
    return pl.concat(
        [
            _bonds(keyed.select("document_id", pl.concat_str(unit, what, separator="\x1f").alias("b")), "b")
            for what in (pl.col("key"), budget)
        ]
    )


def _bonds(named: pl.DataFrame, column: str) -> pl.DataFrame:
    """``document_id`` and ``bond``: digests, since names of projects are no business of who keeps them."""
    given = named.filter(pl.col(column).is_not_null() & (pl.col(column) != ""))
    return folded(given, column, "bond", _digest).select("document_id", "bond")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]
