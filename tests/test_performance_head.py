"""Form by form what a label may do to its value: glued, below, torn, cut off, twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipelines.performance import head_values as values
from pipelines.performance.reading import PerformanceReading, read_performance
from pipelines.performance.records import PerformanceField, PerformanceForm
from pipelines.performance.signatures import MASK, looks_like_person
from pipelines.readers.text import read_text

TITLE = "某市项目支出绩效自评表\n\n单位（盖章）：某市某中心填报日期：2025.4.14\n\n"
ABOUT = """项目名称\t甲项目
项目负责人\t张三\t联系电话0000-0000000
主管部门\t063-某市某局\t实施单位某市某中心
项目起止时间\t2024. 1. 1-2024. 12. 31\t绩效自评评价年度2024年
"""
AMOUNTS = """项目预算金额（万元）\t10. 04\t实际到位金额（万元）\t10. 04\t实际执行金额（万元）9. 56
其中，中央、省财政\t\t其中，中央、省财政\t\t其中，中央、省财政
市财政\t10. 04\t市财政\t10. 04\t市财政9. 56
其它\t\t其它\t\t其它
"""
NOT_EXECUTED = "项目预算金额（万元）\t5\t实际到位金额（万元）\t5\t实际执行金额（万元）\t\n"
GOALS = """项目预期绩效目标\t项目提供的公共产品和服务的数量\t提供服务三次。
\t项目效果\t提高水平。
"""
EXECUTED = "项目执行情况（10分）\t9\n"
INDICATORS = """\t一级指标\t二级指标\t三级指标\t年度指标值\t全年完成值\t未完成原因和改进措施\t自评得分
绩效指标\t产出指标（50分）\t数量指标\t指标1\t培训次数\t≥2次\t2次\t\t50
"""
TOTAL = "总 分\t\t\t99\n"
TAIL = """总分设置为100分：预算执行率10分、产出指标50分、效益指标30分、满意度指标10分。等级一般划分为四档。
自评结论及结果分析\t本项目自评99分，等级优，按期完成。
主要经验做法\t专款专用。
存在问题与整改措施\t无
评价人员\t\t姓名\t职称/职务\t工作单位\t签字
\t组长\t张三\t科长\t某市某中心\t张三 李四
\t成员\t李四\t初级\t某市某中心
填报人：王五联系电话：0000-1111111
"""


def read(text: str) -> PerformanceReading:
    return read_performance("0" * 12, read_text(text.encode()).blocks)


def form_of(
    about: str = ABOUT,
    amounts: str = AMOUNTS,
    goals: str = GOALS,
    executed: str = EXECUTED,
    total: str = TOTAL,
    tail: str = TAIL,
) -> tuple[PerformanceForm, PerformanceReading]:
    reading = read(TITLE + about + amounts + goals + executed + INDICATORS + total + tail)
    (form,) = reading.forms
    return form, reading


def field(reading: PerformanceReading, name: str) -> PerformanceField:
    (found,) = [one for one in reading.fields if one.field == name]
    return found


def test_labels_glued_to_their_values_blanks_in_figures_and_commas_for_colons() -> None:
    form, reading = form_of()
    assert (form.budget_amount, form.executed_amount) == (Decimal(100400), Decimal(95600))
    assert (form.department, form.implementing_unit) == ("某市某局", "某市某中心")
    assert field(reading, "主管部门代码").text == "063"
    assert (form.starts_on, form.ends_on) == (date(2024, 1, 1), date(2024, 12, 31))
    assert (form.evaluated_year, form.filled_on) == (2024, date(2025, 4, 14))
    assert field(reading, "单位(盖章)").text == "某市某中心"
    assert (form.execution_score, form.total_score, form.grade) == (Decimal(9), Decimal(99), "优")
    assert (form.variant, form.state, form.note) == ("A2", "完整", None)
    assert [(row.source, row.executed_amount, row.status) for row in reading.funding] == [
        ("中央、省财政", None, "blank"),
        ("市财政", Decimal(95600), "printed"),
        ("其他", None, "blank"),
    ]
    printed = field(reading, "执行金额")
    assert printed.printed == "实际执行金额（万元）9. 56"


def test_persons_stand_in_their_own_table_alone() -> None:
    _, reading = form_of()
    assert {(one.attribute, one.text) for one in reading.persons} >= {
        ("项目负责人", "张三"), ("联系电话", "0000-0000000"), ("组长", "张三"), ("组长", "张三 李四"),
        ("成员", "李四"), ("填报人", "王五"), ("联系电话", "0000-1111111"),
    }  # fmt: skip
    elsewhere = repr((reading.forms, reading.fields, reading.funding, reading.cells, reading.issues))
    assert not [name for name in ("张三", "李四", "王五", "0000") if name in elsewhere.replace("0" * 12, "")]
    assert {role.text for role in reading.cells if role.role == "person"} == {MASK}
    assert {role.text for role in reading.cells if role.rule == "评价人员的职务与单位"} >= {"科长", "初级"}


def test_a_form_that_fell_apart_into_lines_is_read_in_the_order_of_its_labels() -> None:
    goals = "项目预期绩效目标\n项目提供的公共产品和服务的数量\n项目效果\n提供服务三次。\n提高水平。\n"
    form, reading = form_of(goals=goals, executed="项目执行概况（10分）\n\n8\n\n")
    assert field(reading, "项目提供的公共产品和服务的数量").text == "提供服务三次。"
    assert field(reading, "项目效果").text == "提高水平。"
    assert form.execution_score == 8


def test_values_that_slid_a_row_down_belong_to_the_label_above_them() -> None:
    goals = (
        "项目预期绩效目标\t\t项目提供的公共产品和服务的数量\n\t\t提供服务三次。\n"
        "项目执行概况（10分）\t\t项目效果\n\t\t提高水平。\n7\t\t\n"
    )
    form, reading = form_of(goals=goals, executed="")
    assert form.execution_score == 7
    assert field(reading, "项目效果").text == "提高水平。"


def test_a_right_column_that_was_cut_off_is_held_not_blank() -> None:
    amounts = f"{NOT_EXECUTED}市财政\t5\t市财政\t5\t市财政\t\n"
    form, reading = form_of(about=ABOUT.replace("实施单位某市某中心", "实施单位\t"), amounts=amounts)
    assert (form.budget_amount, form.executed_amount, form.state) == (Decimal(50000), None, "不完整")
    assert form.note is not None
    assert {one.field for one in reading.fields if one.status == "held"} == {"执行金额", "实施单位"}
    assert [(row.budget_amount, row.executed_amount, row.status) for row in reading.funding] == [
        (Decimal(50000), None, "held")
    ]
    assert len([issue for issue in reading.issues if issue.kind == "held"]) == 3


def test_an_empty_total_over_printed_sources_is_held_for_that() -> None:
    amounts = f"{NOT_EXECUTED}市财政\t5\t市财政\t5\t市财政\t4\n"
    form, reading = form_of(amounts=amounts)
    assert (form.executed_amount, form.state) == (None, "完整")
    assert field(reading, "执行金额").reason == "值的格是空的，来源行却印有数"
    assert reading.funding[0].executed_amount == Decimal(40000)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("约5", "不是一个单纯的数"), ("5\t6", "同一栏印了不同的值"), ("0.0000001", "换算成元不是整分")],
)
def test_a_figure_that_is_not_plain_is_held(cell: str, reason: str) -> None:
    form, reading = form_of(amounts=f"项目预算金额（万元）\t{cell}\n")
    assert (form.budget_amount, field(reading, "预算金额").reason) == (None, reason)


def test_the_same_figure_twice_is_one_figure() -> None:
    form, reading = form_of(amounts='项目预算金额（万元） <td colspan="1">61.3</td>\t61.3\n')
    assert (form.budget_amount, field(reading, "预算金额").status) == (Decimal(613000), "printed")


def test_a_row_of_sources_with_a_label_too_few_is_held() -> None:
    _, reading = form_of(amounts=AMOUNTS + "县（区）财政\t3\t县（区）财政\t3\n")
    row = next(row for row in reading.funding if row.source == "县(区)财政")
    assert (row.status, row.budget_amount, row.budget_printed) == ("held", None, None)


def test_without_a_printed_unit_that_of_the_sisters_counts_and_says_so() -> None:
    bare = (TITLE + ABOUT + AMOUNTS + GOALS + EXECUTED + INDICATORS + TOTAL + TAIL).replace("（万元）", "")
    alone, beside = read(bare), read(bare + "\n" + bare.replace("项目预算金额", "项目预算金额（万元）"))
    assert (alone.forms[0].budget_amount, alone.forms[0].money_unit) == (None, None)
    assert beside.forms[0].budget_amount == Decimal(100400)
    assert [issue.kind for issue in beside.issues if issue.object == "绩效表金额单位"] == ["noted"]


@pytest.mark.parametrize(
    ("total", "expected"),
    [("总分：99分\t\n", 99), ("总 分99\t\n", 99), ("总分\t\t98.4分\n", Decimal("98.4")),
     ("总 分\t\n91\t\n", 91), ("总分\n\n96\n\n", 96), ("总 分\t\t\n", None)],
)  # fmt: skip
def test_a_total_is_read_however_it_is_printed(total: str, expected: Decimal | None) -> None:
    form, reading = form_of(total=total)
    assert form.total_score == expected
    assert field(reading, "总分").status == ("blank" if expected is None else "printed")


@pytest.mark.parametrize(
    ("text", "score", "rate"),
    [
        ("10", 10, None),
        ("7.3分", Decimal("7.3"), None),
        ("预算执行率为68%,得分6.8分。", Decimal("6.8"), 68),
        ("97.7% (8分)", 8, Decimal("97.7")),
        ("本项内容主要填报预算执行率99.9%（10分）", 10, Decimal("99.9")),
        ("资金预算数4万元，资金执行率100%。", None, 100),
        ("主要填报预算执行率（实际执行金额/实际到位金额×100%）", None, None),
        ("执行率50%，上年执行率60%", None, None),
        ("按期完成11例。", None, None),
    ],
)
def test_what_the_execution_says_of_score_and_rate(
    text: str, score: Decimal | None, rate: Decimal | None
) -> None:
    assert values.execution(text) == (score, rate)


def test_a_score_above_its_full_mark_is_held() -> None:
    form, reading = form_of(executed="项目执行情况（10分）\t30\n")
    assert (form.execution_score, field(reading, "执行得分").reason) == (None, "得分大于满分")


@pytest.mark.parametrize(
    ("text", "score", "grade"),
    [
        ("本项目自评96分，等级优。有100分的把握。", 96, "优"),
        ("本项目自评等级为“等级优”。1、完成。", None, "优"),
        ("本项目自评等级为良。", None, "良"),
        ("等级：优，基本完成", None, "优"),
        ("优。 完成了任务", None, "优"),
        ("优化了流程，提升了等级", None, None),
        ("自评得分 99 分，等级优，不是等级良。", 99, None),
    ],
)
def test_what_a_conclusion_says(text: str, score: Decimal | None, grade: str | None) -> None:
    assert values.conclusion(text) == (score, grade)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2025.4.17", date(2025, 4, 17)), ("2025. 4. 3", date(2025, 4, 3)), ("2025年4月1日", date(2025, 4, 1)),
     ("20250415", date(2025, 4, 15)), ("20240124094437", date(2024, 1, 24)), ("2025.13.1", None),
     ("4月", None)],
)  # fmt: skip
def test_days_are_read_however_they_are_written(text: str, expected: date | None) -> None:
    assert values.day(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2024.1.1-2024.12.31", (date(2024, 1, 1), date(2024, 12, 31))),
     ("2024年1月1日—2024年6月30日", (date(2024, 1, 1), date(2024, 6, 30))),
     ("2024年度", (date(2024, 1, 1), date(2024, 12, 31))), ("2024年起", None), ("2024.12.31-2024.1.1", None)],
)  # fmt: skip
def test_periods(text: str, expected: tuple[date, date] | None) -> None:
    assert values.span(text) == expected


def test_a_value_without_a_label_is_held_and_a_name_without_one_is_a_persons() -> None:
    form, reading = form_of(about=ABOUT.replace("主管部门\t063-某市某局", "\t某市某局") + "\t王五\n")
    assert (form.department, field(reading, "未识别").printed) == (None, "某市某局")
    assert ("未标明", "王五") in {(one.attribute, one.text) for one in reading.persons}
    assert looks_like_person("0000-0000000")
    assert not looks_like_person("金额")


def test_two_different_values_for_one_field_are_both_held() -> None:
    form, reading = form_of(about=ABOUT + "实施单位\t另一中心\n")
    assert form.implementing_unit is None
    held = [one for one in reading.fields if one.field == "实施单位"]
    assert [(one.status, one.text) for one in held] == [("held", None)] * 2


TRANSFER = """某市转移支付区域（项目）绩效目标自评表

(2024年度)

转移支付（项目）名称\t乙补助
中央主管部门\t某部
地方主管部门\t某局\t资金使用单位\t某委
资金投入情况 (万元)\t\t全年预算数（A）\t全年执行数（B）\t预算执行率（B/A×100%）
\t年度资金总额：\t{total}
\t其中：中央财政资金\t2,492.73\t2,488.65\t99.84%
\t其他资金\t/\t/\t/
资金管理情况\t\t情况说明\t\t存在问题和改进措施
\t分配科学性\t按规定分配。\t\t无
总体目标完成情况\t总体目标\t全年实际完成情况
\t服务三次。\t服务了三次。
绩效指标\t一级指标\t二级指标\t三级指标\t指标值\t全年实际完成值\t未完成原因和改进措施
\t产出指标\t数量指标\t次数\t3次\t3次
说明 无

注：1. 一。

2. 二。
"""


def test_a_transfer_has_its_figures_behind_one_label() -> None:
    reading = read(TRANSFER.format(total="2,492.73\t2,488.65\t99.84%"))
    (form,) = reading.forms
    assert (form.family, form.state, form.evaluated_year) == ("B", "完整", 2024)
    assert (form.budget_amount, form.executed_amount) == (Decimal(24927300), Decimal(24886500))
    assert (form.execution_rate, form.implementing_unit, form.department) == (
        Decimal("99.84"),
        "某委",
        "某局",
    )
    assert [(row.kind, row.source, row.status) for row in reading.funding] == [
        ("合计", "年度资金总额", "printed"), ("来源", "中央财政资金", "printed"),
        ("来源", "其他资金", "blank"),
    ]  # fmt: skip
    said = {one.field: one.text for one in reading.fields}
    assert (said["分配科学性"], said["分配科学性问题与措施"]) == ("按规定分配。", "无")
    assert (said["总体目标"], said["全年实际完成情况"]) == ("服务三次。", "服务了三次。")
    assert [one.text for one in reading.fields if one.field == "注"] == ["1. 一。", "2. 二。"]


def test_one_of_two_amounts_is_that_of_the_head_above_it() -> None:
    reading = read(TRANSFER.format(total="2,492.73\t\t100%"))
    form, row = reading.forms[0], reading.funding[0]
    assert (form.budget_amount, form.executed_amount) == (Decimal(24927300), None)
    assert (row.status, row.budget_amount, row.executed_amount) == ("printed", Decimal(24927300), None)
    reading = read(TRANSFER.format(total="\t2,488.65\t100%"))
    assert (reading.funding[0].budget_amount, reading.funding[0].executed_amount) == (None, Decimal(24886500))


def test_one_of_two_amounts_below_no_head_is_nobodys_but_the_rate_is_a_rate() -> None:
    reading = read(TRANSFER.format(total="2,492.73\t100%"))
    form, row = reading.forms[0], reading.funding[0]
    assert (form.budget_amount, form.executed_amount, form.execution_rate) == (None, None, Decimal(100))
    assert (row.status, row.budget_amount, row.executed_amount) == ("held", None, None)
    assert row.execution_rate == 100


TARGET = """某市市级预算部门（单位）项目支出绩效目标表

(2024年度)

项目名称\t\t丙考试费
主管部门及代码\t\t063-某市某局\t实施单位\t某市某中心
项目属性\t\t一次性项目（1年结束）\t项目期\t1年
项目资金 （元）\t\t实施期资金总额：\t550,000\t年度资金总额：\t500,000
\t\t其中：中央财政资金\t0\t其中：中央财政资金\t0
\t\t市县（区）财政资\t550,000\t市县（区）财政资金\t500,000
\t\t其他资金\t\t其他资金
项目概况\t\t概况。
实施期目标\t\t\t年度目标
总体目标\t三次。\t\t一次。
绩效指标\t一级指标\t二级指标\t三级指标\t指标值\t二级指标\t三级指标\t指标值
\t产出指标\t数量指标\t次数\t3次\t数量指标\t次数\t1次
负责人：\t张三\t经办人：\t\t联系电话：\t\t填报日期：\t20240124094437
"""


def test_a_target_has_its_sources_for_the_term_and_for_the_year_in_yuan() -> None:
    reading = read(TARGET)
    (form,) = reading.forms
    assert (form.family, form.money_unit, form.budget_amount) == ("F", "元", Decimal(500000))
    assert (form.filled_on, form.state) == (date(2024, 1, 24), "完整")
    assert [(row.source, row.period, row.budget_amount) for row in reading.funding if row.budget_amount] == [
        ("实施期资金总额", "实施期", Decimal(550000)), ("年度资金总额", "年度", Decimal(500000)),
        ("市县(区)财政资金", "实施期", Decimal(550000)), ("市县(区)财政资金", "年度", Decimal(500000)),
    ]  # fmt: skip
    said = {one.field: one.text for one in reading.fields}
    assert (said["实施期总体目标"], said["年度总体目标"]) == ("三次。", "一次。")
    assert [one.text for one in reading.persons] == ["张三"]


def test_a_total_of_sources_that_is_no_plain_number_is_held_alone() -> None:
    reading = read(TARGET.replace("年度资金总额：\t500,000", "年度资金总额：\t约50万"))
    assert (reading.forms[0].budget_amount, field(reading, "预算金额").status) == (None, "held")
    assert [row.source for row in reading.funding if row.status == "held"] == ["年度资金总额"]
    assert "执行金额" not in {one.field for one in reading.fields}


def test_second_printings_point_to_the_first_and_equal_amounts_alone_do_not() -> None:
    whole = TITLE + ABOUT + AMOUNTS + GOALS + EXECUTED + INDICATORS + TOTAL + TAIL
    misread = whole.replace("甲项目", "申项目").replace("提高水平", "提高水干")
    other = whole.replace("甲项目", "甲类工程").replace("提供服务三次。", "购置设备，改造机房，更换线路。")
    other = other.replace("培训次数", "采购台数").replace("专款专用", "统筹安排采购进度")
    reading = read("\n".join((whole, other, misread)))
    first, second, third = reading.forms
    assert (first.duplicate_of, second.duplicate_of, third.duplicate_of) == (None, None, first.form_id)


def test_second_printings_may_have_what_the_first_lacks_and_nothing_is_merged() -> None:
    whole = TITLE + ABOUT + AMOUNTS + GOALS + EXECUTED + INDICATORS + TOTAL + TAIL
    reading = read(whole.replace("\t9\n", "\t\n") + "\n" + whole)
    first, second = reading.forms
    assert (first.execution_score, second.execution_score) == (None, Decimal(9))
    assert second.duplicate_of == first.form_id


DEPARTMENT = """某市部门（单位）整体支出绩效自评表
(2024年度)

部门名称: 某市某中心\t\t填报日期: 20250415
部门基本信息: 所属部门: 3个\t\t下属预算单位: 1个
核定的人员编制数42人; 其中, 局本级20人; 二级机构22人。\t实际在职人员总数40人; 在编人员数38人; 其他人员数2人。
承担某市的示例工作，逐项落实，专人负责。
部门(单位)收支情况\t年度收入情况\t局机关及二级机构汇总(万元)\t年度支出和结余情况\t局机关及二级机构汇总(万元)
\t收入合计\t12.5\t支出合计\t12
\t其中: 上年结转\t\t其中: 基本支出\t5
\t其他收入\t\t结余\t0.5
执行情况(10分)\t\t7.3分
绩效目标自评情况
绩效指标\t一级指标\t二级指标\t三级指标\t年度指标值\t全年完成值\t未完成原因和改进措施\t自评得分
\t产出指标(50分)\t数量指标\t任务1\t培训次数\t2次\t2次\t\t43分
总分\t\t98
自评结论及整体运行绩效情况分析\t按期完成。
取得的成绩及主要经验做法\t逐项落实。
存在问题与整改措施\t无
填报人: 张三\t联系电话: 0000-0000000
"""


def test_a_department_has_income_and_spending_side_by_side() -> None:
    reading = read(DEPARTMENT)
    (form,) = reading.forms
    assert (form.family, form.implementing_unit, form.filled_on) == ("C", "某市某中心", date(2025, 4, 15))
    assert [(row.kind, row.source, row.received_amount, row.executed_amount) for row in reading.funding] == [
        ("收入", "收入合计", 125000, None), ("支出", "支出合计", None, 120000),
        ("收入", "上年结转", None, None), ("支出", "基本支出", None, 50000),
        ("收入", "其他收入", None, None), ("支出", "结余", None, 5000),
    ]  # fmt: skip
    assert all(row.budget_amount is None for row in reading.funding)
    numbers = {one.field: one.number for one in reading.fields if one.unit == "人"}
    assert numbers == {
        "核定编制数": 42, "局本级编制数": 20, "二级机构编制数": 22,
        "在职人数": 40, "在编人数": 38, "其他人数": 2,
    }  # fmt: skip
    assert field(reading, "其他文字").text == "承担某市的示例工作，逐项落实，专人负责。"
    assert form.execution_score == Decimal("7.3")
    assert "张三" not in repr((reading.fields, reading.cells))
