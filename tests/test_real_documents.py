"""The real disclosures: every statement, cell and repair, against figures found without the reader."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import pytest

from pipelines.vocabulary import forms
from tests.checks import assert_accounted, assert_printed_text_at_locator
from tests.shared_documents import needs_shared, part_of, seed, seed_numbers, seed_statements

pytestmark = needs_shared

# A figure as a person sees it in a cell: digits, perhaps a blank beside the point.
_FIGURE = re.compile(r"\d[\d,]*\s?(?:\.\s?\d+)?")


@pytest.mark.parametrize("number", seed_numbers())
def test_nothing_between_title_and_note_is_lost(number: str) -> None:
    assert_accounted(seed(number).read_bytes(), part_of(number))


@pytest.mark.parametrize("number", seed_numbers())
def test_each_printed_text_stands_at_its_locator(number: str) -> None:
    assert_printed_text_at_locator(seed(number).read_bytes(), part_of(number))


def test_every_statement_has_the_rows_and_cells_that_are_printed() -> None:
    expected = {(number, name): counts for number, name, counts in seed_statements()}
    found = {
        (number, forms()[s.form].name): (s.rows, s.cells, s.non_blank, s.closed)
        for number in seed_numbers()
        for s in part_of(number).statements
        if s.state != "缺失"
    }
    assert len(expected) == 37
    assert found == expected


@pytest.mark.parametrize("number", ["000", "001", "003", "004"])
def test_the_amounts_are_the_figures_of_the_lines(number: str) -> None:
    """Per statement: the figures that a plain look at its lines finds are the amounts that were read.

    Cells of 行次, 栏次 and 科目代码 are whole numbers of this field's lengths; amounts have a point or
    stand in a column of amounts: where the look cannot tell (whole numbers), it leaves both sides out.
    """
    part = part_of(number)
    lines = seed(number).read_text("utf-8").split("\n")
    for statement in part.statements:
        if statement.state == "缺失":
            continue
        first, last = (int(place[1:]) for place in (statement.locator, statement.locator_end))
        cells = [
            cell.replace(" ", "").replace(",", "")
            for line in lines[first - 1 : last]
            if "\t" in line
            for cell in line.split("\t")
            if _FIGURE.fullmatch(cell.strip()) and "." in cell
        ]
        read = [
            item.amount / 10_000
            for item in part.line_items
            if item.statement_id == statement.statement_id
            and item.amount is not None
            and "." in item.amount_printed
        ]
        assert Counter(map(Decimal, cells)) == Counter(read), statement.statement_id


# Cells chosen by eye over the documents: (document, place, form, side or code, measure, 万元).
_BY_EYE = [
    ("000", "L74/c3", "income_expenditure_summary", "一般公共预算财政拨款收入", "金额", "197.71"),
    ("000", "L103/c3", "income_expenditure_summary", "年初结转和结余", "金额", "0.48"),
    ("000", "L105/c6", "income_expenditure_summary", "支出总计", "金额", "198.19"),
    ("000", "L167/c5", "expenditure", "2109999", "项目支出", "50.89"),
    ("000", "L212/c3", "appropriation_summary", "年初一般公共预算财政拨款", "金额", "0.48"),
    ("000", "L291/c12", "basic_expenditure", "公用经费合计", "决算数", "6.22"),
    ("001", "L101/c3", "income_expenditure_summary", "使用非财政拨款结余", "金额", "960.40"),
    ("001", "L117/c9", "income", "合计", "其他收入", "683.77"),
    ("001", "L204/c5", "expenditure", "2100405", "项目支出", "351.38"),
    ("001", "L267/c8", "appropriation_summary", "其他支出", "政府性基金预算财政拨款", "5019.28"),
    ("001", "L290/c4", "general_budget_expenditure", "2100410", "基本支出", "73.75"),
    ("001", "L367/c7", "government_fund", "2290402", "项目支出", "4500.00"),
    ("001", "L404/c11", "three_public", "决算数", "公务用车运行维护费", "35.56"),
    ("003", "L308/c6", "basic_expenditure", None, "决算数", None),
    ("003", "L311/c6", "basic_expenditure", "30299", "决算数", "13.60"),
    ("003", "L392/c3", "disclosure_statistic", "机关运行经费（参照公务员法管理事业单位）", "统计数", "50.56"),
    ("004", "L331/c6", "appropriation_summary", "社会保障和就业支出", "合计", "24.28"),
    ("004", "L302/c4", "expenditure", "2101599", "基本支出", "2.60"),
    ("004", "L385/c4", "general_budget_expenditure", "2101550", "基本支出", "118.94"),
    ("004", "L435/c9", "basic_expenditure", "公用经费合计", "决算数", "11.37"),
    ("004", "L482/c3", "three_public", "决算数", "公务用车运行维护费", "1.06"),
]


@pytest.mark.parametrize(("number", "place", "form", "row", "measure", "wan"), _BY_EYE)
def test_cells_chosen_by_eye(
    number: str, place: str, form: str, row: str | None, measure: str, wan: str | None
) -> None:
    part = part_of(number)
    items = [i for i in part.line_items if i.cell_id == f"{part.document.document_id}/{place}"]
    assert len(items) == 1
    item = items[0]
    assert (item.form, item.measure) == (form, measure)
    if row is not None:
        assert row in (item.item, item.subject_code)
    assert item.amount == (None if wan is None else Decimal(wan) * 10_000)


def test_what_the_documents_say_of_themselves() -> None:
    found = {
        number: (d.kind, d.unit_name, d.unit_nature, d.fiscal_year, d.level, d.consolidation, d.template)
        for number in seed_numbers()
        for d in [part_of(number).document]
    }
    assert found == {
        "000": (
            "决算",
            "阳泉市卫生健康委员会医事管理中心",
            "事业单位",
            2024,
            "单位",
            None,
            "shanxi-yangquan",
        ),
        "001": ("决算", "阳泉市卫生健康委员会", "行政单位", 2024, "部门", None, "shanxi-yangquan"),
        "002": ("绩效", "阳泉市卫生健康委员会医事管理", None, 2024, None, None, None),
        "003": ("决算", "阳泉市医疗保险管理服务中心", "参公事业单位", 2024, "单位", None, "shanxi-yangquan"),
        "004": ("决算", "鞍山市千山区医疗保障局(中心)", None, 2024, "部门", "汇总", "liaoning-qianshan"),
    }
    for number in seed_numbers():
        for evidence in part_of(number).evidence:
            assert evidence.printed or evidence.attribute == "模板"


def test_parents_and_members_are_kept() -> None:
    relations = {number: Counter(r.relation for r in part_of(number).relations) for number in seed_numbers()}
    assert relations == {
        "000": {"上级": 1},
        "001": {"所属": 16},
        "002": {},
        "003": {"上级": 1, "所属": 1},
        "004": {"所属": 2},
    }


def test_every_cut_code_is_repaired_and_no_other() -> None:
    repairs = {
        number: sum(r.attribute == "科目代码" for r in part_of(number).repairs) for number in seed_numbers()
    }
    assert repairs == {"000": 0, "001": 0, "002": 0, "003": 0, "004": 27}
    names = {(i.statement_id, i.row_seq): i.name_printed for i in part_of("004").line_items}
    codes = [r for r in part_of("004").repairs if r.attribute == "科目代码"]
    by_name = {
        (r.statement_id.rsplit("/", 1)[1], r.printed, names[r.statement_id, r.row_seq]): r.repaired
        for r in codes
    }
    assert by_name["income", "2101", "其他行政事业单位"] == "2101199"
    assert by_name["income", "2080", "机关事业单位基本"] == "2080505"
    assert by_name["expenditure", "21015", "事业运行"] == "2101550"
    assert all(len(r.repaired) == 7 and r.repaired.startswith(r.printed) for r in codes)


def test_a_damaged_name_is_known_by_its_line_number() -> None:
    found = [
        (r.repaired, r.cell_id.split("/", 1)[1]) for r in part_of("004").repairs if r.attribute == "项目"
    ]
    assert found == [("年初财政拨款结转和结余", "L351/c1")]


def test_repaired_rows_are_those_of_the_sister_statement() -> None:
    """支出决算表 of 004, repaired, has the rows of the statement that printed full codes."""
    rows = {
        form: [
            (i.subject_code, i.amount)
            for i in part_of("004").line_items
            if i.form == form and i.measure == measure and i.subject_code
        ]
        for form, measure in (("expenditure", "本年支出合计"), ("general_budget_expenditure", "小计"))
    }
    assert rows["expenditure"] == rows["general_budget_expenditure"]
    assert len(rows["expenditure"]) == 15


def test_the_damaged_statement_is_incomplete_and_says_why() -> None:
    statement = next(s for s in part_of("001").statements if s.form == "general_budget_expenditure")
    assert statement.state == "不完整"
    assert "L286、L287、L288" in (statement.reason or "")
    assert "没有合计行" in (statement.reason or "")
    amounts = [
        i for i in part_of("001").line_items if i.statement_id == statement.statement_id and i.amount_printed
    ]
    assert len(amounts) == 37
    assert all(i.status == "printed" for i in amounts)


def test_what_the_contents_list_and_the_body_lacks_is_missing() -> None:
    missing = {
        number: [s.form for s in part_of(number).statements if s.state == "缺失"] for number in seed_numbers()
    }
    assert missing == {
        "000": ["disclosure_statistic"],
        "001": ["disclosure_statistic"],
        "002": [],
        "003": [],
        "004": [],
    }


def test_nil_is_told_apart_from_empty() -> None:
    states = {
        number: {s.form: s.state for s in part_of(number).statements} for number in ("000", "001", "004")
    }
    assert states["000"]["three_public"] == "无数据"
    assert states["001"]["state_capital"] == "无数据"
    assert states["004"]["state_capital"] == "空表"
    assert states["004"]["government_fund"] == "空表"
