"""What the rules on tables say of the real disclosures: the exact list, each looked at on its page."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from expectations.reconcile import reconcile
from expectations.rules_data import load_rules
from pipelines.document import read_document
from tests.shared_documents import SHARED, needs_shared, part_of
from tests.warehouse_fixtures import DAY
from warehouse import lake
from warehouse.home import Home

BUREAU = SHARED / "pdf" / "上海市普陀区财政局2024年度部门决算.pdf"
TABLES = ("dim_document", "dim_statement", "fact_line_item", "unit_relation")
# D08 to D13 speak of tables, the other D rules of performance forms.
ON_TABLES = tuple(f"D{number:02}" for number in range(8, 14))
RULES = [rule for rule in load_rules() if rule.id.startswith(("T", "X", *ON_TABLES))]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Every verdict on the tables of the seeds and of the bureau, with ``number``."""
    home = Home(Path(tmp_path_factory.mktemp("home")))
    parts = {number: part_of(number) for number in ("000", "001", "003", "004")}
    parts["财政局"] = read_document(BUREAU.read_bytes(), name=BUREAU.name)
    version = next(iter(parts.values())).document.reader_version
    for part in parts.values():
        lake.write_part(home, part)
    lake.assemble_year(home, 2024, {part.document.document_id: version for part in parts.values()}, at=DAY)
    tables = {name: lake.read_year(home, name, 2024) for name in TABLES}
    names = {part.document.document_id: number for number, part in parts.items()}
    found = reconcile(2024, tables, {}, rules=RULES)
    return found.with_columns(number=pl.col("document_id").replace_strict(names, return_dtype=pl.String))


@needs_shared
def test_the_contradictions_in_tables_are_those_seen_on_the_page(verdicts: pl.DataFrame) -> None:
    """004 prints the whole as 基本支出 in the total of 支出决算表 (L288), its 项目支出 beside it."""
    wrong = verdicts.filter((pl.col("conclusion") == "不成立") & pl.col("severity").is_in(["E", "W"]))
    told = wrong.filter(pl.col("rule") != "D12").select("number", "rule", "subject", "left_locator")
    assert sorted(told.rows()) == [
        ("004", "T03-1", "支出决算表.合计.本年支出合计", "L288"),
        ("004", "T03-2", "支出决算表.合计.基本支出", "L288"),
        ("004", "X13", "支出决算表.合计.基本支出（无非财政资金）", "L288"),
    ]


@needs_shared
def test_rounding_is_no_contradiction(verdicts: pl.DataFrame) -> None:
    tails = verdicts.filter(pl.col("conclusion") == "尾差")
    assert (tails["difference"].abs() <= tails["tolerance"]).all()
    income = tails.filter((pl.col("number") == "004") & (pl.col("rule") == "T02-2"))
    assert income.select("difference", "tolerance").cast(pl.String).rows()[0] == ("0.030000", "0.065000")


@needs_shared
def test_the_gaps_are_the_units_that_the_department_lists(verdicts: pl.DataFrame) -> None:
    gaps = verdicts.filter(pl.col("rule") == "D12")
    of_health = gaps.filter(pl.col("number") == "001")
    assert of_health.height == 16
    held = of_health.filter(pl.col("conclusion") == "成立")
    assert held["subject"].to_list() == ["机构设置.阳泉市卫生健康委员会医事管理中心"]


@needs_shared
def test_a_unit_is_within_its_department(verdicts: pl.DataFrame) -> None:
    within = verdicts.filter((pl.col("rule") == "D08") & (pl.col("number") == "000"))
    assert within.filter(pl.col("conclusion") == "成立").height > 20
    refused = within.filter(pl.col("conclusion") == "无法核对")
    assert refused["subject"].to_list() == ["一般公共预算财政拨款支出决算表"]


@needs_shared
def test_the_broken_table_of_001_is_not_held_against_it(verdicts: pl.DataFrame) -> None:
    broken = verdicts.filter((pl.col("number") == "001") & pl.col("rule").str.starts_with("T05"))
    assert set(broken["conclusion"]) == {"无法核对"}
