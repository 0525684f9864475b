"""What the rules on performance forms say of the real disclosures: the list, each seen in its text."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from expectations.reconcile import reconcile
from expectations.rules_data import load_rules
from tests.shared_documents import needs_shared, part_of
from tests.warehouse_fixtures import DAY
from warehouse import lake
from warehouse.home import Home

# The D rules that speak of performance forms.
ON_FORMS = (*(f"D{number:02}" for number in range(1, 8)), "D14")
RULES = [rule for rule in load_rules() if rule.id.startswith("P") or rule.id in ON_FORMS]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Every verdict on the forms of the seeds, with ``number``."""
    home = Home(Path(tmp_path_factory.mktemp("home")))
    parts = {number: part_of(number) for number in ("000", "001", "002", "003", "004")}
    version = next(iter(parts.values())).document.reader_version
    for part in parts.values():
        lake.write_part(home, part)
    lake.assemble_year(home, 2024, {part.document.document_id: version for part in parts.values()}, at=DAY)
    tables = {name: lake.read_year(home, name, 2024) for name in lake.PART_TABLES}
    names = {part.document.document_id: number for number, part in parts.items()}
    verdicts = reconcile(2024, tables, {}, rules=RULES)
    return verdicts.with_columns(number=pl.col("document_id").replace_strict(names, return_dtype=pl.String))


def told(found: pl.DataFrame, severity: str) -> list[str]:
    """Rule, document and place of every finding of a severity."""
    wrong = found.filter((pl.col("conclusion") == "不成立") & (pl.col("severity") == severity))
    return sorted(f"{r} {n} {p}" for r, n, p in wrong.select("rule", "number", "left_locator").iter_rows())


@needs_shared
def test_the_certain_contradictions_are_those_seen_in_the_text(found: pl.DataFrame) -> None:
    assert told(found, "E") == [
        "D02 004 L159",
        "D05 000 L462",
        "D05 000 L462",
        "D05 000 L462",
        "P01 001 L1089",
        "P01 001 L2171",
        "P01 001 L2504",
        "P01 001 L864",
        "P01 003 L676",
        "P04 001 L1218",
        "P04 001 L1218",
        "P05 004 L639",
        "P05 004 L641",
        "P05 004 L642",
        "P05 004 L644",
        "P07 001 L1376",
        "P09 001 L2424",
        "P09 001 L2847",
        "P11 001 L2150",
        "P12 003 L629",
        "P12 004 L523",
        "P16 001 L2807",
        "P16 003 L798",
    ]


@needs_shared
def test_what_a_person_should_look_at_is_there_in_the_text(found: pl.DataFrame) -> None:
    assert told(found, "W") == [
        "D01 004 L634",
        "D03 001 L530",
        "D07 000 L460",
        "D07 001 L530",
        "D07 004 L159",
        "P02 001 L1881",
        "P06 000 L521",
        "P06 001 L1085",
        "P06 001 L1179",
        "P06 001 L1184",
        "P06 001 L1264",
        "P06 001 L1268",
        "P06 001 L1269",
        "P06 001 L1270",
        "P06 001 L1348",
        "P06 001 L1968",
        "P06 001 L2034",
        "P06 001 L2043",
        "P06 001 L2098",
        "P06 001 L2099",
        "P06 001 L2100",
        "P06 001 L2101",
        "P06 001 L2104",
        "P06 001 L2105",
        "P06 001 L768",
        "P06 001 L769",
        "P06 001 L770",
        "P06 001 L771",
        "P06 001 L772",
        "P06 001 L773",
        "P06 002 L85",
        "P11 001 L2144",
        "P14 001 L1274",
        "P14 001 L1757",
        "P14 001 L1796",
        "P14 001 L1802",
        "P14 001 L1845",
        "P16 001 L2847",
        "P16 001 L850",
        "P16 001 L897",
        "P18 002 L32",
        "P18 002 L42",
        "P18 002 L85",
    ]


@needs_shared
def test_the_transfers_make_the_amount_that_the_text_states(found: pl.DataFrame) -> None:
    held = found.filter((pl.col("rule") == "D14") & (pl.col("conclusion") == "成立"))
    assert held.select("number", "left_value", "right_value").cast(pl.String).rows() == [
        ("001", "14915.060000", "14915.060000")
    ]
