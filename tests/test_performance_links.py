"""Which forms speak of the same, and what a form proves that it does not print: in literal forms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from expectations.derive import DERIVED_SCHEMA
from expectations.performance_derive import derive_forms
from expectations.performance_links import LINK_SCHEMA, link, one_apart
from tests.performance_frames import UNIT, form, funding, joined, tables
from warehouse.schema import lake_tables

OTHER = "bbbbbbbbbbbb"


@pytest.mark.parametrize(
    ("left", "right", "apart"),
    [
        ("职业鉴定", "职业病鉴定", True),
        ("遗属工资", "资属工资", True),
        ("甲乙", "甲乙丙", True),
        ("甲乙", "甲乙", False),
        ("甲乙丙", "丙乙甲", False),
        ("甲乙", "甲乙丙丁", False),
    ],
)
def test_names_one_character_apart(left: str, right: str, apart: bool) -> None:
    assert one_apart(left, right) is apart
    assert one_apart(right, left) is apart


def linked(target: dict[str, Any], evaluation: dict[str, Any]) -> pl.DataFrame:
    return link(2024, joined(tables(evaluation), tables(target, document=OTHER, kind="绩效")))


def test_a_target_is_linked_to_the_evaluation_of_the_same_name_and_unit() -> None:
    row = linked(
        form("F", project_name="馆藏档案修复(本级)"), form(project_name="馆藏档案 修复（本级）")
    ).row(0, named=True)
    assert (row["relation"], row["document_id"], row["other_form_id"]) == (
        "目标",
        OTHER,
        "0123456789ab/L100/form",
    )
    assert row["evidence"] == "项目名称相同，实施单位相同"


def test_a_unit_that_is_cut_off_is_the_same_unit() -> None:
    assert linked(form("F", implementing_unit=UNIT[:-2]), form()).height == 1
    assert linked(form("F", implementing_unit="示例市"), form()).is_empty()
    assert linked(form("F", implementing_unit=None), form()).is_empty()


@pytest.mark.parametrize(("budget", "rows"), [("10.00", 1), ("10.25", 0)])
def test_a_name_one_character_off_is_the_same_only_with_the_same_amount(budget: str, rows: int) -> None:
    found = linked(form("F", project_name="馆藏档修复", budget_amount=budget), form())
    assert found.height == rows
    assert found["evidence"].str.contains("只差一个字").all()


def test_the_same_project_of_two_documents_is_linked_once() -> None:
    found = link(2024, joined(tables(form()), tables(form(), document=OTHER)))
    assert found["relation"].to_list() == ["同一项目"]


def test_a_project_belongs_to_the_one_subject_whose_name_it_holds() -> None:
    cells = {"expenditure/2013299/项目支出": "8.00", "expenditure/2013298/项目支出": "8.00"}
    made = tables(form(project_name="档案馆修复经费"), cells=cells)
    names = {"2013299": "档案馆修复", "2013298": "其他档案支出"}
    items = made["fact_line_item"].with_columns(name_printed=pl.col("subject_code").replace_strict(names))
    found = link(2024, made | {"fact_line_item": items})
    assert found.select("relation", "subject_code").rows() == [("科目", "2013299")]


def test_the_tables_are_those_of_the_lake() -> None:
    assert lake_tables()["performance_link"].polars_schema() == pl.Schema(LINK_SCHEMA)
    assert link(2024, tables()).schema == pl.Schema(LINK_SCHEMA)
    assert derive_forms(2024, tables()).schema == pl.Schema(DERIVED_SCHEMA)


def derived(**changes: Any) -> list[tuple[Any, ...]]:
    return derive_forms(2024, tables(form(**changes))).select("measure", "number", "amount", "formula").rows()


def test_the_one_score_that_is_missing_follows_from_the_rest() -> None:
    [(measure, number, amount, formula)] = derived(satisfaction_score=None)
    assert (measure, number, amount) == ("满意度得分", Decimal(10), None)
    assert formula == "满意度得分 = 总分 95.5 − 执行得分 7.5 − 产出得分 48 − 效益得分 30"
    [(measure, number, _, formula)] = derived(total_score=None)
    assert (measure, number) == ("总分", Decimal("95.5"))
    assert formula == "总分 = 执行得分 7.5 + 产出得分 48 + 效益得分 30 + 满意度得分 10"


def test_a_held_score_is_missing_too() -> None:
    assert [row[:2] for row in derived(output_score=None, held=["output_score"])] == [
        ("产出得分", Decimal(48))
    ]


def test_what_cannot_be_is_not_derived() -> None:
    assert derived() == []
    assert derived(satisfaction_score=None, output_score=None) == []
    assert derived(satisfaction_score=None, benefit_score="59") == []


def test_an_amount_that_is_missing_is_the_sum_of_its_sources() -> None:
    rows = [funding("市财政", "10.00", "8.00", "4.00"), funding("其他", None, None, "2.00")]
    [(measure, number, amount, _)] = derived(executed_amount=None, funding=rows)
    assert (measure, number, amount) == ("执行金额", None, Decimal("60000.00"))
