"""What the rules on narratives say of the real disclosures: the exact list, each looked at in its text."""

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
RULES = [rule for rule in load_rules() if rule.id[0] == "N" or rule.id in ("X25", "X26", "X27")]

# Number, rule, severity, place in the text, what is printed there and what it should be.
CONTRADICTIONS = [
    ("001", "N16", "E", "L530", "5.000000", "6.000000"),
    ("001", "N18", "W", "L60", "36.000000", "35.000000"),
    ("004", "N01", "E", "L74", "53.290000", "214.040000"),
    ("004", "N02", "E", "L108", "21.100000", "11.343674"),
    ("004", "N02", "E", "L110", "15.000000", "7.858344"),
    ("004", "N02", "E", "L110", "83.000000", "80.793309"),
    ("004", "N03", "E", "L108", "119.100000", "100.000000"),
    ("004", "N03", "E", "L85", "102.000000", "100.000000"),
    ("004", "N05", "E", "L85", "211.070000", "214.040000"),
    ("004", "N05", "E", "L86", "2.970000", "4.380000"),
    ("004", "N06", "W", "L137", "211.070000", "204.190000"),
    ("004", "N06", "W", "L74", "214.040000", "53.290000"),
    ("004", "N06", "W", "L85", "211.070000", "209.660000"),
    ("004", "N07", "E", "L137", "192.820000", "198.290000"),
    ("004", "N08", "E", "L112", "24.310000", "24.280000"),
    ("004", "N08", "E", "L137", "211.070000", "209.660000"),
    ("004", "N09", "E", "L104", "12.000000", "4.358849"),
    ("004", "N09", "E", "L81", "12.000000", "4.358849"),
    ("004", "N11", "E", "L143", "53.290000", "11.370000"),
    ("004", "N12", "E", "L127", "33.000000", "100.000000"),
    ("004", "N12", "E", "L131", "33.000000", "100.000000"),
    ("004", "N13", "W", "L137", "差旅费", "30211 空白"),
    ("004", "N13", "W", "L137", "培训费", "30216 空白"),
    ("004", "N13", "W", "L137", "其他工资福利支出", "30199 空白"),
    ("004", "N23", "E", "L112", "24.310000", "24.280000"),
    ("004", "N26", "E", "L114", "0.000000", "100.000000"),
    ("财政局", "N02", "E", "p21", "71.730000", "71.653883"),
    ("财政局", "N03", "E", "p21", "100.070000", "100.000000"),
    ("财政局", "N08", "E", "p21", "0.300000", "2961.680000"),
    ("财政局", "N13", "W", "p23", "个人农业生产补贴", "30310 空白"),
]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Every verdict on the narratives of the seeds and of the bureau, with ``number``."""
    home = Home(Path(tmp_path_factory.mktemp("home")))
    parts = {number: part_of(number) for number in ("000", "001", "003", "004")}
    parts["财政局"] = read_document(BUREAU.read_bytes(), name=BUREAU.name)
    version = next(iter(parts.values())).document.reader_version
    for part in parts.values():
        lake.write_part(home, part)
    lake.assemble_year(home, 2024, {part.document.document_id: version for part in parts.values()}, at=DAY)
    tables = {name: lake.read_year(home, name, 2024) for name in lake.PART_TABLES}
    names = {part.document.document_id: number for number, part in parts.items()}
    found = reconcile(2024, tables, {}, rules=RULES)
    return found.with_columns(number=pl.col("document_id").replace_strict(names, return_dtype=pl.String))


@needs_shared
def test_the_contradictions_are_those_seen_in_the_text(verdicts: pl.DataFrame) -> None:
    wrong = verdicts.filter((pl.col("conclusion") == "不成立") & pl.col("severity").is_in(["E", "W"]))
    blank = pl.concat_str(pl.col("right_text").str.extract(r"(\d{5})"), pl.lit(" 空白"))
    told = wrong.select(
        "number",
        "rule",
        "severity",
        "left_locator",
        pl.coalesce(pl.col("left_value").cast(pl.String), pl.col("subject").str.strip_prefix("列举.")),
        pl.coalesce(pl.col("right_value").cast(pl.String), blank).alias("right"),
    )
    assert sorted(told.rows()) == sorted(CONTRADICTIONS)


@needs_shared
def test_rounding_is_no_contradiction(verdicts: pl.DataFrame) -> None:
    tails = verdicts.filter((pl.col("conclusion") == "尾差") & pl.col("tolerance").is_not_null())
    assert tails.height > 10
    assert (tails["difference"].abs() <= tails["tolerance"]).all()


@needs_shared
def test_every_verdict_has_a_number_of_its_own(verdicts: pl.DataFrame) -> None:
    judged = verdicts.filter(pl.col("conclusion") != "不适用")
    assert judged["check_id"].n_unique() == judged.height
    assert set(verdicts["rule"]) == {rule.id for rule in RULES}
