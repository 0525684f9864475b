"""A consistent text contradicts nothing, however it is printed; a changed figure in it is found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from expectations.reconcile import reconcile
from expectations.rules_data import load_rules
from pipelines.document import read_document
from pipelines.model import DocumentPart
from tests.test_narrative_typeset import MANNERS, TEMPLATES, disclosure
from tests.typesetter.text import print_text
from tests.warehouse_fixtures import DAY
from warehouse import lake
from warehouse.home import Home

RULES = [rule for rule in load_rules() if rule.id[0] == "N" or rule.id in ("X25", "X26", "X27")]
HOW = ("plain", "元", "亿元", "full-width digits", "pages end within sentences", "parts out of order")


def read(name: str, template_id: str, seed: int) -> DocumentPart:
    printed = print_text(disclosure(seed, template_id), replace(MANNERS[name], narrative="full"))
    return read_document(printed.data, name="x.txt")


def verdicts(folder: Path, parts: Iterable[DocumentPart]) -> pl.DataFrame:
    home, parts = Home(folder), list(parts)
    for part in parts:
        lake.write_part(home, part)
    years = {part.document.fiscal_year for part in parts}
    assert len(years) == 1
    year = years.pop() or 0
    version = parts[0].document.reader_version
    lake.assemble_year(home, year, {part.document.document_id: version for part in parts}, at=DAY)
    tables = {name: lake.read_year(home, name, year) for name in lake.PART_TABLES}
    return reconcile(year, tables, {}, rules=RULES)


def test_a_consistent_text_contradicts_nothing(tmp_path: Path) -> None:
    parts = [read(name, template_id, seed) for seed, name in enumerate(HOW) for template_id in TEMPLATES]
    found = verdicts(tmp_path, parts)
    wrong = found.filter(pl.col("conclusion") == "不成立")
    assert wrong.select("rule", "subject", "left_text", "right_text").rows() == []
    assert found.filter(pl.col("conclusion") == "成立").height > 100 * len(parts)
    # Sums of what is stated, shares, changes and the tables were all asked.
    held = set(found.filter(pl.col("conclusion").is_in(["成立", "尾差"]))["rule"])
    assert held >= {"N01", "N02", "N03", "N04", "N05", "N06", "N07", "N08", "N09", "N10", "N15", "N20", "N23"}


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_every_changed_amount_that_has_a_cell_is_found(tmp_path: Path, template_id: str) -> None:
    part = read("plain", template_id, 0)
    whole = [c for c in part.claims if c.kind == "金额" and c.cell_id and c.value]
    assert len(whole) > 20
    missed = []
    for number, told in enumerate(whole[:: max(1, len(whole) // 12)]):
        changed = replace(told, value=told.value + Decimal("0.10"))
        claims = tuple(changed if c is told else c for c in part.claims)
        found = verdicts(tmp_path / str(number), [replace(part, claims=claims)])
        broken = found.filter((pl.col("conclusion") == "不成立") & (pl.col("severity") == "E"))
        missed += [] if broken.height else [told.object]
    assert missed == []
