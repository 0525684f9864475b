"""What is kept and shown of recognised amounts: corrected, held, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from expectations.settle import settle
from tests.settle_examples import find, part_of, read_as
from tests.typesetter.consistent import consistent_disclosure
from tests.warehouse_fixtures import DAY, VERSION, a_home, keep
from warehouse.build import build
from warehouse.explain import explain
from warehouse.query import query

CODES = ("2010301", "2080505")
TOTAL = ("income_expenditure_summary", "本年支出合计", "金额")
PROJECT = ("expenditure", "2010301", "项目支出")


@pytest.fixture(scope="module")
def recognised(tmp_path_factory):
    """A home with one scan in which a total is corrected and a cell held, and the two cells."""
    scan = part_of(consistent_disclosure(8, nature="事业单位", codes=CODES, funds=0, capital=0))
    total, project = find(scan, TOTAL), find(scan, PROJECT)
    wrong = "9" + total.amount_printed
    part = read_as(scan, total, wrong, 0.6, {total.amount_printed: 0.3})
    part = settle(read_as(part, project, "77.77", 0.51))
    home = a_home(tmp_path_factory.mktemp("scan"))
    about = replace(part.document, reader_version=VERSION)
    keep(home, replace(part, document=about))
    build(home, now=DAY)
    return home, total, project, wrong


def test_the_views_show_what_was_corrected_and_held(recognised) -> None:
    home, total, project, wrong = recognised
    shown = query(
        home, "SELECT 单元格, 印刷文字, 金额, 状态 FROM 单元格 WHERE 状态 IN ('corrected', 'held')"
    ).rows
    amount = total.amount / 10000
    assert set(shown) == {
        (total.cell_id, wrong, amount, "corrected"),
        (project.cell_id, "77.77", None, "held"),
    }
    assert query(home, "SELECT DISTINCT 更正 FROM 支出决算表 WHERE 科目代码 = '2010301'").rows == [
        (["项目支出"],)
    ]


def test_a_held_cell_stands_in_the_list_with_its_readings_and_place(recognised) -> None:
    home, _, project, _ = recognised
    ((what, reason, advice, place),) = query(
        home, "SELECT 对象, 原因, 怎么办, 位置 FROM 待核 WHERE 阶段 = '校验'"
    ).rows
    assert what.startswith("支出决算表 · 2010301")
    assert what.endswith(" · 项目支出")
    assert "读作 77.77（0.51）则" in reason
    assert "corrections/" in advice
    assert project.cell_id.split("/")[1] == place


def test_explain_shows_the_readings_the_repair_and_why_a_cell_is_held(recognised, monkeypatch) -> None:
    home, total, project, wrong = recognised
    monkeypatch.setattr("warehouse.explain._printed", lambda *_: "")
    steps = dict(explain(home, total.cell_id))
    assert steps["识别"] == f"「{wrong}」（0.60），或 「{total.amount_printed}」（0.30）"
    assert steps["状态"] == "更正"
    assert steps["修复"].startswith(f"金额 {wrong} → {total.amount_printed}（算术：")
    assert "读作 77.77（0.51）" in dict(explain(home, project.cell_id))["待核"]
