"""推得上年: what a text says of the year before follows from amounts and changes, with how exact it is."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from expectations.prior import PRIOR_SCHEMA, prior_values
from tests.narrative_frames import DOCUMENT, YEAR, Cells, Claim, change, claim, rate, tables
from warehouse.schema import lake_tables

IN = "income_expenditure_summary/收入总计/金额"


def values(claims: list[Claim], cells: Cells | None = None) -> list[tuple[str, str, str]]:
    found = prior_values(YEAR, tables(claims, cells))
    return [(str(row["amount"]), str(row["tolerance"]), row["basis"]) for row in found.to_dicts()]


def test_a_value_follows_from_the_cell_and_the_change() -> None:
    found = prior_values(YEAR, tables([change("收入总计", "增", "8.65", IN)], {IN: "198.19"})).to_dicts()
    assert found == [
        {
            "document_id": DOCUMENT,
            "fiscal_year": 2024,
            "prior_year": 2023,
            "object": "收入总计",
            "form": "income_expenditure_summary",
            "item": "收入总计",
            "subject_code": None,
            "measure": "金额",
            "amount": Decimal("1895400.00"),
            "tolerance": Decimal("100.00"),
            "basis": "增减额",
            "formula": "收入支出决算总表·收入总计·金额 198.19 扣除 说明·收入总计比上年增 8.65万元",
            "evidence": f"{DOCUMENT}/L100/c3,{DOCUMENT}/L1/1",
        }
    ]


def test_a_decrease_is_added_and_no_change_is_the_same() -> None:
    cells = {IN: "198.19"}
    assert values([change("收入总计", "减", "1.81", IN)], cells) == [("2000000.00", "100.00", "增减额")]
    assert values([change("收入总计", "平", "相同", IN)], cells) == [("1981900.00", "50.00", "增减额")]


def test_without_a_cell_the_stated_amount_serves() -> None:
    told = [claim("机关运行经费", "94.84"), change("机关运行经费", "增", "18.34")]
    assert values(told) == [("765000.00", "100.00", "增减额")]


def test_growth_alone_gives_the_value_within_its_rounding() -> None:
    """50 at 25 % ± 0.5 % more: from 49.995/1.255 = 39.8367 to 50.005/1.245 = 40.1647, in 万元."""
    assert values([rate("收入总计", "增", "25", IN)], {IN: "50.00"}) == [("400000.00", "1646.59", "增减率")]


def test_growth_beside_its_change_adds_nothing() -> None:
    told = [change("收入总计", "增", "8.65", IN), rate("收入总计", "增", "4.56", IN)]
    assert len(values(told, {IN: "198.19"})) == 1


def test_what_says_neither_way_or_no_amount_gives_nothing() -> None:
    assert values([change("收入总计", None, "8.65", IN)], {IN: "198.19"}) == []
    assert values([change("收入总计", "增", "8.65", IN)]) == []
    assert values([rate("收入总计", "减", "100", IN)], {IN: "0.00"}) == []
    assert values([change("收入总计", "平", "基本持平", IN)], {IN: "198.19"}) == []
    contradicted = [claim("收入总计", "0.3", IN), change("收入总计", "增", "8.65", IN)]
    assert values(contradicted, {IN: "198.19"}) == []
    assert prior_values(YEAR, tables()).schema == pl.Schema(PRIOR_SCHEMA)


def test_the_table_of_the_lake_has_these_columns() -> None:
    assert lake_tables()["fact_prior"].polars_schema() == pl.Schema(PRIOR_SCHEMA)
