"""The recipe of 勾稽: which years are reconciled with which, and what the checks of Dagster show of it.

Belongs here: plain functions, as in ``steps.py``, that know nothing of Dagster. Does not belong here: any
rule and how it is evaluated (``expectations``), and what of the verdicts analysts see (``warehouse/views``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expectations.version import expectations_version
from warehouse import lake, makings
from warehouse.home import Home
from warehouse.schema import lake_tables

if TYPE_CHECKING:
    import polars as pl

RECONCILED = "reconciliation"
# The families of rules that speak of 决算 themselves, with their Chinese names; a rule's id begins with its
# family's letter.
FAMILIES = {"T": "表内", "X": "表间", "N": "情况说明与表", "D": "文档之间", "F": "形式", "P": "附件"}
# A failed check of these severities is what somebody should look at first.
SHOWN = ("E", "W")
WORST = 5
_SHOWN_COLUMNS = (
    "check_id", "document_id", "fiscal_year", "rule", "severity", "conclusion", "difference",
)  # fmt: skip


def with_following(home: Home, years: Sequence[int]) -> list[int]:
    """The years and those that follow them, as far as the lake holds documents of them.

    A year is reconciled with the year before: when one changes, so may the verdicts on the next.
    """
    wanted = {*years, *(year + 1 for year in years)}
    return [year for year in lake.years(home) if year in wanted]


def reconcile_year(home: Home, year: int) -> int:
    """Every rule on the documents of a year; how many verdicts the year now has.

    Verdicts on documents that nothing has touched since they were judged stay as they are.
    """
    from expectations.reconcile import reconcile
    from expectations.related import standing, touched

    tables, before = _YearTables(home, year), _YearTables(home, year - 1)
    now, then = standing(tables, before), _judged_then(home, year)
    if then is None:
        found = reconcile(year, tables, before)
        lake.write_year(home, RECONCILED, year, found)
    else:
        again = touched(then, now)
        own, earlier = (again.filter(scope=scope).select("document_id") for scope in ("this", "before"))
        known = lake.read_year(home, RECONCILED, year)
        stays = known.join(own, on="document_id", how="anti", maintain_order="left")
        fresh = reconcile(year, tables.only(own), before.only(earlier))
        found = stays.vstack(fresh).sort("document_id", maintain_order=True)
        if not found.equals(known):
            lake.write_year(home, RECONCILED, year, found)
    judged = {"rules": expectations_version(), "standing": now.to_dict(as_series=False)}
    makings.note(home, [RECONCILED], year, judged)
    return found.height


def _judged_then(home: Home, year: int) -> pl.DataFrame | None:
    """The documents that the verdicts on a year rest on; ``None`` where other rules judged, or none did."""
    import polars as pl

    from expectations.related import STANDING_SCHEMA

    judged = makings.noted(home, [RECONCILED], year)
    if judged is None or judged["rules"] != expectations_version():
        return None
    return pl.DataFrame(judged["standing"], schema=STANDING_SCHEMA)


@dataclass(frozen=True, slots=True)
class _YearTables(Mapping[str, "pl.DataFrame"]):
    """What was read of a year: the tables that are made of parts, each read when it is first asked for.

    Of the year before most tables are asked for by no rule.
    """

    home: Home
    year: int
    documents: pl.DataFrame | None = None
    _read: dict[str, pl.DataFrame] = field(default_factory=dict)

    def only(self, documents: pl.DataFrame) -> _YearTables:
        """The rows of those documents alone (``document_id``)."""
        return _YearTables(self.home, self.year, documents)

    def __getitem__(self, table: str) -> pl.DataFrame:
        if table not in lake.PART_TABLES:
            raise KeyError(table)
        if table not in self._read:
            rows = lake.read_year(self.home, table, self.year)
            if self.documents is not None:
                rows = rows.join(self.documents, on="document_id", how="semi", maintain_order="left")
            self._read[table] = rows
        return self._read[table]

    def __iter__(self) -> Iterator[str]:
        return iter(lake.PART_TABLES)

    def __len__(self) -> int:
        return len(lake.PART_TABLES)


def rule_rows() -> list[dict[str, Any]]:
    """Rows of the table ``rule``."""
    from expectations.rules_data import load_rules

    return [
        {
            "rule": rule.id,
            "family": f"{rule.id[0]} {FAMILIES.get(rule.id[0], '')}",
            "statement": rule.statement,
            "severity": rule.severity,
            "scope": rule.scope,
            "impossible": rule.impossible,
        }
        for rule in load_rules()
    ]


def _all_years(home: Home, table: str, years: Sequence[int], *columns: str) -> pl.LazyFrame:
    """Columns of a table for all years, read only as far as they are asked for."""
    import polars as pl

    none = pl.LazyFrame(schema=lake_tables()[table].polars_schema())
    paths = [path for year in years if (path := lake.year_path(home, table, year)).is_file()]
    return (pl.scan_parquet(paths, hive_partitioning=False) if paths else none).select(columns)


@dataclass(frozen=True, slots=True)
class FamilyVerdict:
    """What the rules of a family found in all years: verdicts by conclusion, and the worst findings."""

    passed: bool
    conclusions: dict[str, int]
    worst: list[dict[str, str | int | None]]


def verdict_counts(home: Home, years: Sequence[int]) -> list[tuple[int, str, str, int]]:
    """How many verdicts there are of each year, severity and conclusion."""
    verdicts = _all_years(home, RECONCILED, years, "fiscal_year", "severity", "conclusion")
    keys = ("fiscal_year", "severity", "conclusion")
    return verdicts.group_by(keys).len().sort(keys).collect().rows()


def family_verdict(home: Home, family: str, years: Sequence[int] | None = None) -> FamilyVerdict:
    """The verdicts of a family of rules in the lake (all years by default; "": every family).

    It passes where no E or W is 不成立.

    The worst are those of the gravest severity, of these the ones that differ most.
    """
    import polars as pl

    years = lake.years(home) if years is None else years
    verdicts = _all_years(home, RECONCILED, years, *_SHOWN_COLUMNS).filter(
        pl.col("rule").str.starts_with(family)
    )
    units = _all_years(home, "dim_document", years, "document_id", "unit_name").unique("document_id")
    broken = verdicts.filter(conclusion="不成立").join(units, on="document_id", how="left").collect()
    worst = (
        broken.with_columns(
            rank=pl.col("severity").replace_strict({"E": 0, "W": 1, "F": 2}, default=3),
            size=pl.col("difference").abs(),
        )
        .sort("rank", "size", "check_id", descending=[False, True, False], nulls_last=True)
        .head(WORST)
    )
    counts = verdicts.group_by("conclusion").len().sort("conclusion").collect().rows()
    return FamilyVerdict(
        passed=broken.filter(pl.col("severity").is_in(SHOWN)).is_empty(),
        conclusions=dict(counts),
        worst=[
            {
                "rule": row["rule"],
                "unit": row["unit_name"],
                "fiscal_year": row["fiscal_year"],
                "difference": None if row["difference"] is None else format(row["difference"], "f"),
                "check_id": row["check_id"],
            }
            for row in worst.to_dicts()
        ],
    )
