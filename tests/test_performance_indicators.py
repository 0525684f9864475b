"""Indicators of performance forms: every damage that a row may show, on small invented forms."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipelines.model import Cell
from pipelines.performance.cut import FormBlock, Row
from pipelines.performance.indicators import IndicatorReading, read_indicators
from pipelines.performance.levels import label_of
from pipelines.performance.records import Family, PerformanceIndicator
from pipelines.performance.values import Quantity, completion, quantity, score

A_HEAD = "|一级指标|二级指标|三级指标|年度指标值|全年完成值|未完成原因和改进措施|自评得分|"
B_HEAD = "绩效指标|一级指标|二级指标|三级指标|指标值|全年实际完成值|未完成原因和改进措施"
E_HEAD = (
    "绩效指标|一级指标|二级指标|三级指标|运算符号|内容|度量单位|全年完成值|完成程度|分值|得分"
    "|经费保障|制度保障|人员保障|硬件条件保障|其他|原因说明|改进措施"
)


def rows(text: str, first: int = 1) -> list[Row]:
    """Rows of cells parted by «|», as the text reader places them."""
    return [
        tuple(Cell(cell, f"L{number}/c{column}") for column, cell in enumerate(line.split("|"), 1))
        for number, line in enumerate(text.strip("\n").split("\n"), first)
    ]


def read(
    family: Family, text: str, *, head: str = "", tail: str = "", money_unit: str | None = None
) -> IndicatorReading:
    """The reading of a form whose indicator rows are ``text``."""
    above = rows(head) if head else []
    body = rows(text, 101)
    below = rows(tail, 201) if tail else []
    block = FormBlock(
        family=family,
        title=None,
        above=(),
        rows=(*above, *body, *below),
        indicators=slice(len(above), len(above) + len(body)),
        has_head=True,
    )
    reading = read_indicators(block, "d/L1/form", "d", money_unit)
    outside = family in ("D", "E")
    placed = {cell.cell_id for cell in reading.cells}
    for row in block.rows if outside else body:
        assert {f"d/{cell.locator}" for cell in row if cell.text} <= placed, "a cell went without a role"
    assert len({cell.cell_id for cell in reading.cells}) == len(reading.cells), "a cell has two roles"
    return reading


def one(reading: IndicatorReading) -> PerformanceIndicator:
    (indicator,) = reading.indicators
    return indicator


def points(reading: IndicatorReading) -> dict[str, Decimal | None]:
    return {field.field: field.number for field in reading.fields}


# --- single cells ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("≥95%", Quantity(Decimal(95), "≥", "%")),
        (">=20", Quantity(Decimal(20), "≥", None)),
        ("大于4.9‰", Quantity(Decimal("4.9"), ">", "‰")),
        ("8640元/人/年", Quantity(Decimal(8640), None, "元/人/年")),
        ("2. 1万", Quantity(Decimal("2.1"), None, "万")),
        ("1,200元", Quantity(Decimal(1200), None, "元")),
        ("满意度≥95%", Quantity(Decimal(95), "≥", "%")),
        ("12", Quantity(Decimal(12), None, None)),
    ],
)
def test_a_plain_number_is_a_quantity(text: str, expected: Quantity) -> None:
    assert quantity(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "5/8指标",
        "2024年",
        "2024年1-12月",
        "11月前",
        "约3万元",
        "100%已完成",
        "每月1次",
        "600人左右",
        "较高",
        "35元或40元",
    ],
)
def test_anything_else_is_no_quantity(text: str) -> None:
    assert quantity(text) is None


@pytest.mark.parametrize("text", ["1 2", "12²", "②", "٣", "9 8 分", "4 5%"])
def test_figures_apart_and_other_digits_are_no_figure(text: str) -> None:
    assert (score(text), completion(text), quantity(text)) == (None, None, None)


def test_scores_and_shares() -> None:
    assert (score("49分"), score("6. 2"), score("95%"), score("已完成")) == (
        Decimal(49),
        Decimal("6.2"),
        None,
        None,
    )
    assert (completion("32.0%"), completion("1"), completion("1.2")) == (Decimal("0.32"), Decimal(1), None)


@pytest.mark.parametrize(
    ("text", "level", "name"),
    [
        ("产出指标（50分）", 1, "产出指标"),
        ("服务对象满意度指", 2, "服务对象满意度指标"),
        ("可持续影标", 2, "可持续影响指标"),
        ("社会效益指标（30分）", 1, "效益指标"),
        ("前置指标(10分)", 0, None),
    ],
)
def test_labels_whole_and_damaged(text: str, level: int, name: str | None) -> None:
    label = label_of(text)
    assert label is not None
    assert (label.level, label.name) == (level, name)


def test_a_name_is_no_label() -> None:
    assert label_of("满意度") is None
    assert label_of("成本") is None


# --- trees (A, B, C) ------------------------------------------------------------------------------


def test_a_whole_tree_reads_exactly() -> None:
    reading = read(
        "A",
        f"""
{A_HEAD}
绩效指标|产出指标(50分)|数量指标|指标1|修桥数量|≥3座|3座|已完成|49
|||指标2|||||
||质量指标|指标1|验收合格率|100%|98%|一座待复验|
|效益指标(30分)|社会效益指标|指标1|出行便利|有效提升|有效提升||28.5
|满意度指标(10分)|服务对象满意度指标|指标1|居民满意度|≥90%|95%||9
""",
    )
    assert [(i.level1, i.level2, i.level3, i.target, i.achieved) for i in reading.indicators] == [
        ("产出指标", "数量指标", "修桥数量", "≥3座", "3座"),
        ("产出指标", "质量指标", "验收合格率", "100%", "98%"),
        ("效益指标", "社会效益指标", "出行便利", "有效提升", "有效提升"),
        ("满意度指标", "服务对象满意度指标", "居民满意度", "≥90%", "95%"),
    ]
    assert [i.deviation for i in reading.indicators] == ["已完成", "一座待复验", None, None]
    assert {i.status for i in reading.indicators} == {"printed"}
    assert all(i.score is None and i.weight is None for i in reading.indicators)
    assert points(reading) == {
        "产出权重": 50,
        "产出得分": 49,
        "效益权重": 30,
        "效益得分": Decimal("28.5"),
        "满意度权重": 10,
        "满意度得分": 9,
    }
    assert not reading.issues


def test_the_ordinal_may_be_in_the_cell_of_the_name() -> None:
    found = one(read("A", f"{A_HEAD}\n|产出指标(50分)|数量指标|指标1 修桥 数量|3座|2座|缺料|44|"))
    assert (found.ordinal, found.level3, found.target, found.achieved) == ("指标1", "修桥数量", "3座", "2座")


def test_rows_shifted_left_or_right_are_read_by_their_labels() -> None:
    reading = read(
        "A",
        f"""
{A_HEAD}
绩效指标|产出指标(50分)|数量指标|指标1|修桥数量|3座|3座|已完成|49
|||时效指标|指标1|完工时间|年底前|年底前|已完成
效益指标(30分)|社会效益指标|指标1|出行便利|提升|提升|已完成|28|
||||||||
""",
    )
    assert [(i.level2, i.level3, i.target, i.achieved, i.deviation) for i in reading.indicators] == [
        ("数量指标", "修桥数量", "3座", "3座", "已完成"),
        ("时效指标", "完工时间", "年底前", "年底前", "已完成"),
        ("社会效益指标", "出行便利", "提升", "提升", "已完成"),
    ]
    assert points(reading)["效益得分"] == 28


def test_a_blank_column_between_two_numbers_does_not_make_the_second_a_reason() -> None:
    reading = read("A", f"{A_HEAD}\n||质量指标||指标1|合格率|100%||98%")
    found = one(reading)
    assert (found.target, found.achieved, found.deviation) == ("100%", "98%", None)


def test_where_a_column_was_lost_the_remark_is_not_taken_for_the_achieved_value() -> None:
    reading = read(
        "A",
        f"""
{A_HEAD}
绩效指标|产出指标(50分)|数量指标|指标1|修桥数量|≥3座|已完成|47|
||质量指标|指标1|合格率|100%|99%||
""",
    )
    first, second = reading.indicators
    assert (first.status, first.target, first.achieved, first.deviation) == ("held", None, None, None)
    assert first.reason == "少了一栏，指标值、完成值分不清"
    assert (second.status, second.target, second.achieved) == ("printed", "100%", "99%")
    assert points(reading)["产出得分"] == 47
    assert [issue.text for issue in reading.issues] == ["≥3座 | 已完成"]


def test_a_blank_achieved_value_is_blank_where_the_reason_stands_in_its_column() -> None:
    reading = read(
        "A",
        f"""
{A_HEAD}
绩效指标|产出指标(50分)|数量指标|指标1|修桥数量|3座|3座|已完成|49
||成本指标|指标1|单价|2万元/座||未拨付经费|
""",
    )
    found = reading.indicators[1]
    assert (found.target, found.achieved, found.deviation, found.status) == (
        "2万元/座",
        None,
        "未拨付经费",
        "printed",
    )


def test_bare_numbers_a_column_too_far_right_are_no_score() -> None:
    reading = read("A", f"{A_HEAD}\n|产出指标(50分)|数量指标|指标1|座数|3座|3座|无|49\n|||指标2|里数||4|5|")
    assert (reading.indicators[1].target, reading.indicators[1].achieved) == ("4", "5")
    assert points(reading)["产出得分"] == 49


def test_a_row_that_lost_a_cell_is_not_read_by_its_columns() -> None:
    reading = read(
        "A",
        f"{A_HEAD}\n|产出指标(50分)|数量指标|指标1|座数|3座|3座|无|49\n||质量指标|指标1|合格率|98%|已完成|",
    )
    assert [(i.target, i.status) for i in reading.indicators] == [("3座", "printed"), (None, "held")]


def test_a_garbled_first_level_is_known_by_its_second() -> None:
    reading = read(
        "A",
        f"{A_HEAD}\n绩效指标(50分)|数量指标|指标1|手册|200份|390份||48.06分|\n前置指标(10分)|服务对象满意度指标|指标1|满意率|≥9成|≥9成||9分|",
    )
    assert [i.level1 for i in reading.indicators] == ["产出指标", "满意度指标"]
    assert points(reading) == {
        "产出权重": 50,
        "产出得分": Decimal("48.06"),
        "满意度权重": 10,
        "满意度得分": 9,
    }


def test_levels_that_contradict_each_other_are_held() -> None:
    found = one(read("A", f"{A_HEAD}\n|效益指标(30分)|成本指标|指标1|单价|2万元|2万元|无|30"))
    assert (found.level1, found.status, found.target) == (None, "held", "2万元")


def test_ordinals_that_begin_anew_without_a_label_leave_the_second_level_open() -> None:
    reading = read(
        "C",
        f"""
{A_HEAD}
绩效指标|产出指标(50分)|数量指标|任务1|保障人数|14人|14人||43分
|||任务1|保障覆盖率|≥95%|≥95%||
||成本指标|任务1|补助成本|10万元|6万元|财政未审核|
|||任务1|提升待遇|有效提升|有效提升||
|满意度指标(10分)|服务对象满意度指标|任务1|满意度|≥95%|90%||9分
""",
    )
    levels = [(i.level1, i.level2) for i in reading.indicators]
    assert levels[1] == ("产出指标", None)
    assert levels[3] == (None, None)
    assert [i.status for i in reading.indicators] == ["printed", "held", "printed", "held", "printed"]
    assert (reading.indicators[3].target, reading.indicators[3].achieved) == ("有效提升", "有效提升")


def test_a_group_score_printed_again_on_the_next_page_counts_once() -> None:
    reading = read(
        "C",
        f"""
{A_HEAD}
|产出指标(50分)|数量指标|任务1 保障人数|14人|14人||43分|
绩效指标|产出指标 (50分)|成本指标|任务1|补助成本|10万元|6万元|未审核|43分
""",
    )
    assert [(f.field, f.number) for f in reading.fields if f.field == "产出得分"] == [("产出得分", 43)]


def test_scattered_group_scores_are_held() -> None:
    reading = read(
        "A",
        f"""
{A_HEAD}
|产出指标(50分)|数量指标|指标1|次数|2次|2次|已完成|44
||质量指标|指标1|覆盖率|100%|100%|已完成|30
||成本指标|指标1|单价|5元|5元|已完成|9
|||生态效益指标|指标1||||0
|满意度指标(10分)|服务对象满意度指标|指标1|满意度|90%|90%|已完成|9
""",
    )
    scores = points(reading)
    assert (scores["产出得分"], scores["效益得分"], scores["满意度得分"]) == (None, None, 9)
    held = {f.field: f.reason for f in reading.fields if f.status == "held"}
    assert set(held) == {"产出得分", "效益得分"}


def test_as_many_scores_as_first_levels_belong_to_them_in_order() -> None:
    reading = read(
        "A",
        f"""
{A_HEAD}
|产出指标(50分)|数量指标|指标1|村数|620个|100%||50
||质量指标|指标1|标准|250元/月|100%||25
||社会效益指标|指标1|积极性|保障|保障||10
|满意度指标(10分)|服务对象满意度指标|指标1|满意度|90%|80%||
""",
    )
    scores = points(reading)
    assert (scores["产出得分"], scores["效益得分"], scores["满意度得分"]) == (50, 25, 10)


def test_a_score_above_full_marks_is_held() -> None:
    reading = read("A", f"{A_HEAD}\n|效益指标(50分)|社会效益指标|指标1|便利|提升|提升|无|59分")
    assert points(reading)["效益得分"] is None
    assert [f.reason for f in reading.fields if f.status == "held"] == ["得分大于满分"]


def test_a_first_level_without_a_score_is_blank() -> None:
    reading = read("A", f"{A_HEAD}\n|产出指标(50分)|数量指标|指标1|人数|15人|15人||")
    (blank,) = [f for f in reading.fields if f.field == "产出得分"]
    assert (blank.status, blank.number, blank.reason) == ("blank", None, None)


def test_a_transfer_has_no_scores_and_bare_numbers_are_values() -> None:
    reading = read(
        "B", f"{B_HEAD}\n|产出指标|数量指标|监测点数量|5|4|\n||质量指标||规范率|90%|93.5%|\n||省略|…|||"
    )
    assert [(i.level2, i.target_value, i.achieved_value) for i in reading.indicators[:2]] == [
        ("数量指标", 5, 4),
        ("质量指标", 90, Decimal("93.5")),
    ]
    assert not reading.fields


# --- two lists (F) --------------------------------------------------------------------------------

F_HEAD = "绩效指标|一级指标|二级指标|三级指标|指标值||二级指标|三级指标|指标值"


def test_two_lists_side_by_side_are_two_lists() -> None:
    reading = read(
        "F",
        f"""
{F_HEAD}
|产出指标|数量指标|考试人数|≤440人/年||数量指标|考务次数|1次/年
|||考场数|≥20个||||
|||监考人数|≥80人|||考试人|≤310人/年
|效益指标|经济效益指标||||经济效益指标||
|生态效益指标||||生态效益指标|||
|满意度指标|服务对象满意度|考生满意度|≥90%||服务对象满意度指|考生满|≥90%
""",
    )
    lists = {"实施期": [], "年度": []}  # type: dict[str, list[tuple[str | None, str, str | None]]]
    for i in reading.indicators:
        lists[i.period].append((i.level2, i.level3, i.target))
    assert lists["实施期"] == [
        ("数量指标", "考试人数", "≤440人/年"),
        ("数量指标", "考场数", "≥20个"),
        ("数量指标", "监考人数", "≥80人"),
        ("服务对象满意度指标", "考生满意度", "≥90%"),
    ]
    assert lists["年度"] == [
        ("数量指标", "考务次数", "1次/年"),
        ("数量指标", "考试人", "≤310人/年"),
        ("服务对象满意度指标", "考生满", "≥90%"),
    ]
    assert not reading.issues


def test_a_row_that_fits_neither_list_is_held() -> None:
    reading = read("F", f"{F_HEAD}\n|产出指标|数量指标|考试人数|≤440人/年|1次/年|||")
    assert not reading.indicators
    assert len(reading.issues) == 1


# --- split columns (D, E) -------------------------------------------------------------------------


def test_split_columns_in_a_whole_grid() -> None:
    reading = read(
        "E",
        f"{E_HEAD}\n|产出指标|数量指标|办班场次|>=|4|次|3|75%|10|7.5|||||√|讲师病休|补办一场\n"
        "||质量指标|办班质量||质量提高||未达成预期指标且效果较差60%-0%|50.0%|10|5|||||||",
    )
    first, second = reading.indicators
    assert (first.operator, first.target, first.target_value, first.target_unit) == ("≥", ">=4次", 4, "次")
    assert (first.achieved, first.completion, first.weight, first.score) == (
        "3",
        Decimal("0.75"),
        10,
        Decimal("7.5"),
    )
    assert (first.deviation, first.improvement) == ("讲师病休", "补办一场")
    assert (second.level1, second.level2, second.operator, second.target) == (
        "产出指标",
        "质量指标",
        None,
        "质量提高",
    )
    assert (second.achieved, second.score) == ("未达成预期指标且效果较差60%-0%", 5)


def test_rows_that_lost_their_operator_are_read_by_their_kinds_and_say_so() -> None:
    reading = read(
        "E",
        f"{E_HEAD}\n|产出指标|数量指标|覆盖率|100|%|100|100%|12. 5|12. 5\n|||核销次数|40|40|100%|12.5|12.5",
    )
    first, second = reading.indicators
    assert (first.target_value, first.target_unit, first.operator, first.reason) == (
        100,
        "%",
        None,
        "运算符号没有读出",
    )
    assert (second.target_value, second.target_unit, second.status) == (40, None, "held")
    assert [i.weight for i in reading.indicators] == [Decimal("12.5"), Decimal("12.5")]


def test_a_damaged_row_is_held_and_so_is_the_rest_of_a_name_below_it() -> None:
    reading = read(
        "D",
        "||甲乙丙|<= <=|0|%|0|||\n"
        "社会效益||外地结算直接|100|%|100|1|2.5|2.5|\n"
        "||覆盖率|>=|100|%|100|1|6.6|6.6\n"
        "|服务对象满意度|群众满意度|>=|100|%|100|1|6.6|6. 6",
    )
    assert [(i.level1, i.level2, i.level3, i.score) for i in reading.indicators] == [
        ("社会效应", "服务对象满意度", "群众满意度", Decimal("6.6"))
    ]
    assert len(reading.issues) == 3


def test_a_name_broken_over_lines_and_over_a_page() -> None:
    reading = read("D", '运行成本|成本控制成效|"三 公" 经费 变动|<=|0|%|0|1|2.5|2.5\n||率|||||||')
    found = one(reading)
    assert (found.level3, found.level1, found.status) == ('"三公"经费变动率', "运行成本", "printed")


def test_a_department_s_indicator_is_placed_by_its_name_where_labels_stand_in_the_middle() -> None:
    reading = read(
        "D",
        "|基础管理|依法行政能力||规范||全部或基本达成预期指标100%-80%(含)|1|3.3|3.3\n"
        "||预算执行率|=|100|%|100|1|1.6|1.6\n"
        "预算执行|预算执行效率|预算调整率|<=|5|%|5|1|1.6|1.6\n"
        "||本地特色指标|=|5|次|5|1|1.6|1.6",
    )
    assert [i.level2 for i in reading.indicators] == ["基础管理", "预算执行效率", "预算执行效率", None]
    assert [i.status for i in reading.indicators][1:] == ["printed", "printed", "held"]


def test_a_damaged_name_is_held_with_what_it_likely_is() -> None:
    found = one(read("D", "|预算编制管理|预 绩 目 覆 率|=|100|%|100|1|0.7|0.7"))
    assert (found.level3, found.status) == ("预绩目覆率", "held")
    assert found.reason is not None
    assert "预算绩效目标覆盖率" in found.reason


def test_cells_that_run_down_over_lines_are_joined_by_their_figures() -> None:
    lines = [
        ("", "", "", "", "", "", "", "", "人手不够", ""),
        ("", "保障合", "", "未达成预", "", "", "", "", "用了。", "多招"),
        ("社会效益指标", "法权益", "满足", "期指标60%-0%", "50.0%", "10", "5", "√", "", "人。"),
        ("", "增加收", "", "未达成预", "", "", "", "", "设备", "要换。"),
        ("", "入", "完成", "期指标60%-0%", "50.0%", "8", "4", "√", "旧了。", ""),
    ]
    reading = read("E", "\n".join("|".join(line) for line in lines))
    assert [(i.level3, i.score, i.weight, i.deviation, i.improvement) for i in reading.indicators] == [
        ("保障合法权益", 5, 10, "人手不够用了。", "多招人。"),
        ("增加收入", 4, 8, "设备旧了。", "要换。"),
    ]
    # A line more between them, and the border may be above or below it: nothing is taken.
    lines.insert(3, ("", "", "续", "", "", "", "", "", "", ""))
    assert not read("E", "\n".join("|".join(line) for line in lines)).indicators


# --- the forms of 辽宁 outside their indicators ----------------------------------------------------

D_ROW = "|成本控制成效|在职人员控制率|<=|100|%|100|1|2.5|2.5"


def test_a_department_s_head_and_tasks_where_nothing_is_torn() -> None:
    reading = read(
        "D",
        D_ROW,
        head="部门(单位)名称|038009 某市某区档案局本级-210300000||||||\n"
        "部门年初预算收入金额|58.67||||||\n部门年初预算支出金额|58.67||||||\n"
        "年度主要任务|对应项目|项目下达金额|项目执行金额|项目执行率|分值|得分\n"
        "|基本支出人员经费|8.00|6.00|75.00%|10|7.5",
        tail="总评价得分|85.86",
        money_unit="万元",
    )
    fields = {f.field: (f.text, f.amount, f.number) for f in reading.fields}
    assert fields["实施单位"] == ("某市某区档案局本级", None, None)
    assert fields["年初预算收入金额"] == (None, Decimal("586700.00"), None)
    assert fields["总分"] == (None, None, Decimal("85.86"))
    (task,) = reading.tasks
    assert (task.project, task.allotted_amount, task.executed_amount) == (
        "基本支出人员经费",
        Decimal("80000.00"),
        Decimal("60000.00"),
    )
    assert (task.execution_rate, task.weight, task.score, task.status) == (75, 10, Decimal("7.5"), "printed")


def test_torn_figures_are_joined_at_their_point_and_checked_by_the_rate() -> None:
    head = "年度主要任务|对应项目|项目下达金额||项目执行金额||项目执行率||分值|得分\n"
    whole = read("D", D_ROW, head=head + "|人员|1|. 76|1.|53|87.|22%|10|8. 72", money_unit="万元")
    assert (whole.tasks[0].allotted_amount, whole.tasks[0].execution_rate) == (
        Decimal("17600.00"),
        Decimal("87.22"),
    )
    twice = read("D", D_ROW, head=head + "|人员|8.|. 445|7.|. 4|87.|68%|10|8. 76", money_unit="万元")
    assert (twice.tasks[0].allotted_amount, twice.tasks[0].executed_amount) == (None, None)
    assert (twice.tasks[0].score, twice.tasks[0].status) == (Decimal("8.76"), "held")


def test_without_a_money_unit_amounts_are_held() -> None:
    reading = read("D", D_ROW, head="部门年初预算收入金额|58.67")
    (held,) = reading.fields
    assert (held.amount, held.status, held.reason) == (None, "held", "没有印出金额单位")


def test_a_torn_project_name_is_held_and_a_whole_one_taken() -> None:
    torn = read("E", E_HEAD, head="项|目(政策)名|称|重フ|大会议|5动经费")
    assert [(f.field, f.text, f.status) for f in torn.fields] == [("项目名称", None, "held")]
    whole = read(
        "E",
        E_HEAD,
        head="项目(政策)名称|会议经费\n项目预算金额(万元)|4.41|全年执行数|1.41|执行率|31.97%",
        money_unit="万元",
    )
    assert {f.field: (f.text, f.amount, f.number) for f in whole.fields} == {
        "项目名称": ("会议经费", None, None),
        "预算金额": (None, Decimal("44100.00"), None),
        "执行金额": (None, Decimal("14100.00"), None),
        "执行率": (None, None, Decimal("31.97")),
    }


def test_the_row_of_scores_and_a_scrap_beside_the_subtotal() -> None:
    reading = read(
        "E",
        f"{E_HEAD}\n|产出指标|数量指标|场次|>=|4|次|3|75%|10|7.5",
        tail="指标|自评得分|小计|6|7. 5|预|算执行率得|分|3.|17|减分|项|0|绩效自评|总得分|10.67",
    )
    assert points(reading) == {
        "指标小计": Decimal("7.5"),
        "执行得分": Decimal("3.17"),
        "减分": 0,
        "总分": Decimal("10.67"),
    }


def test_a_check_mark_shows_the_opinion() -> None:
    reading = read(
        "E",
        E_HEAD,
        tail="财政部门审核意见|规范资金管理|✓|加快支出进度。\n|进行政策调整||\n财政部门总体意见|加快支出进度。||",
    )
    assert [(f.field, f.text) for f in reading.fields] == [
        ("财政部门审核意见", "规范资金管理"),
        ("财政部门审核意见具体建议", "加快支出进度。"),
        ("财政部门总体意见", "加快支出进度。"),
    ]
