"""The reading of sentences, on small ones of our own: kinds, values, units, what is ignored and bound."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from pipelines.model import Claim, Line, LineItem, Reading
from pipelines.narrative import Narrative, read_narrative
from pipelines.narrative.numbers import numbers
from pipelines.narrative.passages import fold_line, passages
from tests.warehouse_fixtures import document, item

DOC = document("narrative", unit_name="示例市某局", level="单位", fiscal_year=2024)

SUMMARY = "一、收入支出决算总体情况说明"
SPENT = "三、支出决算情况说明"
GENERAL = "五、一般公共预算财政拨款支出决算情况说明"
THREE = "九、财政拨款“三公”经费支出决算情况说明"
OTHER = "（二）政府采购情况说明"
SETTING = "二、机构设置情况"


def _row(form: str, measure: str, place: str, **known: Any) -> LineItem:
    return item(DOC, form, 1, measure, "1.00", place, **known)


ITEMS = (
    _row("income_expenditure_summary", "金额", "L1/c3", side="收入", item="收入总计"),
    _row("income_expenditure_summary", "金额", "L1/c6", side="支出", item="支出总计"),
    _row("expenditure", "本年支出合计", "L2/c3", item="合计"),
    _row("expenditure", "基本支出", "L2/c4", item="合计"),
    _row("general_budget_expenditure", "小计", "L3/c3", item="合计"),
    _row(
        "general_budget_expenditure", "小计", "L4/c3", subject_code="208", name_printed="社会保障和就业支出"
    ),
    _row(
        "general_budget_expenditure", "小计", "L5/c3", subject_code="2080501", name_printed="行政单位离退休"
    ),
    _row("general_budget_expenditure", "小计", "L6/c3", subject_code="2210201", name_printed="住房公积金"),
    _row("general_budget_expenditure", "小计", "L7/c3", subject_code="2210201", name_printed="住房公积金"),
    _row("three_public", "合计", "L8/c1", item="预算数"),
    _row("three_public", "合计", "L8/c7", item="决算数"),
)


def told(*lines: str, heading: str = SUMMARY) -> Narrative:
    placed = [Line(text, f"L{n}") for n, text in enumerate((heading, *lines), start=100)]
    return read_narrative(DOC, placed, ITEMS, ())


def claims(*lines: str, heading: str = SUMMARY) -> tuple[Claim, ...]:
    return told(*lines, heading=heading).claims


def cells(*lines: str, heading: str = SUMMARY) -> list[str | None]:
    return [c.cell_id and c.cell_id.split("/", 1)[1] for c in claims(*lines, heading=heading)]


@pytest.mark.parametrize(
    ("sentence", "value", "unit", "printed"),
    [
        ("收入总计1,234.50万元。", "1234.50", "万元", "1,234.50"),
        ("收入总计 4. 96 万元。", "4.96", "万元", "4. 96"),
        ("收入总计１２．５０万元。", "12.50", "万元", "１２．５０"),
        ("收入总计49600元。", "49600", "元", "49600"),
        ("收入总计0.5亿元。", "0.5", "亿元", "0.5"),
        ("收入总计-3.20万元。", "-3.20", "万元", "-3.20"),
        ("收入总计为0。", "0", "万元", "0"),
    ],
)
def test_an_amount_is_taken_as_printed_in_its_unit(sentence, value, unit, printed) -> None:
    (claim,) = claims(sentence)
    assert (claim.kind, claim.value, claim.unit, claim.value_printed) == (
        "金额",
        Decimal(value),
        unit,
        printed,
    )
    assert (claim.form, claim.item, claim.measure) == ("income_expenditure_summary", "收入总计", "金额")
    assert claim.cell_id == f"{DOC.document_id}/L1/c3"
    assert claim.section == "收入支出决算总体情况说明"
    assert claim.claim_id == f"{DOC.document_id}/L101/n1"


@pytest.mark.parametrize(
    ("sentence", "kind", "direction", "period"),
    [
        ("收入总计比上年增加1万元。", "增减额", "增", "上年"),
        ("收入总计较2023年减少1万元。", "增减额", "减", "上年"),
        ("与年初预算相比，收入总计减少1万元。", "增减额", "减", "年初预算"),
        ("收入总计增加（减少）1万元。", "增减额", None, "上年"),
        ("收入总计同比下降1%。", "增减率", "减", "上年"),
        ("收入总计完成年初预算的1%。", "完成率", None, "年初预算"),
        ("收入总计年初预算1万元。", "金额", None, "年初预算"),
        ("2023年收入总计1万元。", "金额", None, "上年"),
        ("收入总计与上年持平。", "增减额", "平", "上年"),
    ],
)
def test_kind_direction_and_period_are_in_the_words(sentence, kind, direction, period) -> None:
    (claim,) = claims(sentence)
    assert (claim.kind, claim.direction, claim.period) == (kind, direction, period)
    assert claim.item == "收入总计"


def test_an_amount_that_no_statement_prints_has_an_address_and_no_cell() -> None:
    assert cells("收入总计年初预算1万元，支出决算1万元。") == [None, "L1/c3"]
    assert cells("2023年，收入总计1万元。2024年，收入总计1万元。") == [None, "L1/c3"]


def test_a_share_knows_its_whole() -> None:
    (_, named), (_, implied) = (
        claims("基本支出1万元，占支出总计的100%。"),
        claims("基本支出1万元，占比100%。", heading=SPENT),
    )
    assert named.whole == "income_expenditure_summary/支出总计/金额"
    assert implied.whole == "expenditure/合计/本年支出合计"
    assert implied.whole_cell_id == f"{DOC.document_id}/L2/c3"
    assert named.cell_id == implied.cell_id == f"{DOC.document_id}/L2/c4"


def test_subjects_are_found_by_their_levels_and_names() -> None:
    chain = "社会保障和就业支出（类）行政事业单位养老支出（款）行政单位离退休（项）"
    assert cells("社会保障和就业支出（类）1万元。", heading=GENERAL) == ["L4/c3"]
    # 款 are not printed here: the chain is not followed beyond what is known.
    assert cells(f"1、{chain}。年初预算1万元，支出决算1万元。", heading=GENERAL) == [None, None]
    assert cells("行政单位离退休1万元。", heading=GENERAL) == ["L5/c3"]


@pytest.mark.parametrize(
    ("lines", "heading"),
    [
        (("住房公积金1万元。",), GENERAL),  # two rows bear the code
        (("某某医院收入总计1万元。",), SUMMARY),
        (("某某中心：收入总计1万元，支出总计1万元。",), SUMMARY),
        (("主要原因是收入总计中财政拨款增加，收入总计增加1万元。",), SUMMARY),
        (("其他收入来源1万元，其中：收入总计1万元。",), SUMMARY),
        (("与上年相比，总额增加1万元，增长1%。",), SUMMARY),
        (("收入总计1人。",), SUMMARY),
        (("1、社会保障和就业支出1万元，包括：", "（1）社会保障和就业支出0.5万元。"), GENERAL),
        (("收入总计1万元。",), OTHER),
    ],
)
def test_what_may_mean_something_else_is_not_bound(lines, heading) -> None:
    found = cells(*lines, heading=heading)
    assert found
    assert all(cell is None for cell in found[-1:])
    assert len([cell for cell in found if cell]) <= 1


def test_a_reason_ends_with_its_sentence() -> None:
    found = cells("收入总计1万元，主要原因是支出总计多1万元；二是支出总计增加1万元。支出总计1万元。")
    assert found == ["L1/c3", None, None, "L1/c6"]


def test_the_budget_of_three_public_is_bound_only_where_the_note_says_what_it_is() -> None:
    assert cells("“三公”经费支出全年预算1万元，支出决算1万元，完成全年预算的100%。", heading=THREE) == [
        None,
        "L8/c7",
        "L8/c7",
    ]


def test_nothing_said_in_words_is_a_claim() -> None:
    found = claims("本年度无此项收支。", heading="七、政府性基金预算财政拨款收支决算情况说明")
    assert [(c.object, c.value, c.value_printed) for c in found] == [
        ("政府性基金预算财政拨款收入", 0, "无此项收支"),
        ("政府性基金预算财政拨款支出", 0, "无此项收支"),
    ]
    assert [
        c.value_printed for c in claims("本单位无机关运行经费。", heading="（一）机关运行经费支出情况")
    ] == ["无机关运行经费"]


def test_posts_and_staff_are_counted() -> None:
    found = claims("示例市某局核定行政编制35名，现有在编人员36人，内设科室15个。", heading=SETTING)
    assert [(c.object, c.value, c.unit) for c in found] == [
        ("编制", 35, "人"),
        ("在职", 36, "人"),
        ("内设机构", 15, "个"),
    ]
    assert all(c.form is None for c in found)


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("2024年工作完成。", "年份"),
        ("2024年12月31日完成。", "日期"),
        ("完成于2024.04.15。", "日期"),
        ("按照〔2023〕5号执行。", "文号"),
        ("按《办法》第12条办理。", "条款"),
        ("见《2024版工作手册》。", "名称"),
        ("联系电话：0353-2290000。", "联系方式"),
        ("请拨13900000000。", "联系方式"),
        ("单价100万元（含）以上设备已盘点。", "标准线"),
        ("1.完善制度。", "序号"),
        ("会议于9:30开始。", "时间"),
        ("历时30天。", "期限"),
        ("主要是0等。", "模板残留"),
        ("一共15。", "没有单位的数"),
    ],
)
def test_a_number_that_states_nothing_is_ignored_by_a_named_rule(sentence, rule) -> None:
    found = told(sentence)
    assert found.claims == ()
    assert {number.rule for number in found.ignored} == {rule}


def test_what_leads_to_a_person_is_masked() -> None:
    found = told("联系人：某某，联系电话：0353-2290000，收入总计1万元。")
    assert all(not any(c.isdigit() for c in n.text) for n in found.ignored)
    assert found.claims == ()


def test_lines_are_joined_over_wraps_and_page_ends() -> None:
    lines = ("示例市某局2024年度的收入总计12", ".50万元，为示例市某局的全部收入", "，与上年持平。")
    placed = [Line(SUMMARY, "p1/l1"), Line(lines[0], "p1/l2"), Line("— 3 —", "p1/l3", furniture=True)]
    placed += [Line(lines[1], "p2/l1"), Line(lines[2], "p2/l2")]
    found = read_narrative(DOC, placed, ITEMS, ())
    assert [(c.value, c.unit, c.locator) for c in found.claims] == [
        (Decimal("12.50"), "万元", "p1/l2"),
        (0, "万元", "p2/l2"),
    ]
    assert found.claims[0].sentence == "".join(lines)
    assert [(n.text, n.rule) for n in found.ignored] == [("2024", "年份"), ("3", "页眉页脚")]


def test_explanations_of_terms_and_attachments_are_not_read() -> None:
    assert told("第四部分 名词解释", "一、收入总计：共100万元。", "附件1", "收入总计3万元。") == Narrative()


def test_folding_keeps_numbers_apart() -> None:
    assert fold_line("- 1. 2024 年共 3 项") == "1、2024年共3项"
    assert fold_line("15. 16%；") == "15.16%;"
    assert [n.value for n in numbers("1,234万元、5 6万元")] == [1234, 0, 6]


def test_headings_make_the_section() -> None:
    placed = [
        Line(t, "L1")
        for t in ("第三部分 情况说明", GENERAL, "（二）一般公共预算财政拨款支出决算结构情况", "文。")
    ]
    found, _ = passages(placed)
    assert found[-1].section == "general"
    assert found[-1].headings[0] == "情况说明"


@pytest.mark.parametrize(
    "text",
    [
        "1,111" * 100_000,
        "收入总计1万元，" * 40_000,
        "a1" * 200_000,
        "《" * 300_000,
        "（" * 100_000 + "类）款）项）1万元",
        "与上年" * 100_000 + "1万元",
        "1.1." * 100_000,
    ],
    ids=range(7),
)
def test_a_hostile_line_takes_no_long(text) -> None:
    begin = time.perf_counter()
    found = told(text)
    assert time.perf_counter() - begin < 15
    assert len(found.claims) + len(found.ignored) <= 10_000


def test_a_text_of_too_much_is_read_in_part_and_says_so() -> None:
    found = told("收入总计1万元。", "文" * 1_000_001, "支出总计1万元。")
    assert [c.item for c in found.claims] == ["收入总计"]
    assert [i.kind for i in found.issues] == ["held"]


def test_a_figure_that_a_recogniser_was_not_sure_of_states_nothing() -> None:
    lines = [
        Line(SUMMARY, "p1/l1", reading=Reading(1.0)),
        Line("收入总计1,234.50万元，支出总计", "p1/l2", reading=Reading(1.0)),
        Line("1,234.50万元。基本支出30.00万元。", "p1/l3", reading=Reading(0.6)),
    ]
    said = read_narrative(DOC, lines, ITEMS, ())
    assert [claim.object for claim in said.claims] == ["收入总计"]
    assert [number.text for number in said.ignored if number.locator == "p1/l3"] == ["1,234.50", "30.00"]
    assert [(issue.kind, issue.locator, issue.text) for issue in said.issues] == [
        ("held", "p1/l3", lines[2].text)
    ]
