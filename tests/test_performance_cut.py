"""Forms are cut at titles and heads, through page breaks, and known by their labels."""

from __future__ import annotations

from pipelines.model import Grid, Line
from pipelines.performance.cut import FormBlock, cut_blocks, cut_forms, mark_of
from pipelines.readers.text import read_text

HEAD = """项目名称\t甲项目
项目负责人\t张三\t联系电话\t0000-0000000
主管部门\t某市某局\t实施单位\t某市某中心
项目起止时间\t2024.1.1-2024.12.31\t绩效自评评价年度\t2024
项目预算金额（万元）\t5\t实际到位金额（万元）\t5\t实际执行金额（万元）\t4
"""
INDICATORS = """\t一级指标\t二级指标\t三级指标\t年度指标值\t全年完成值\t未完成原因和改进措施\t自评得分
绩效指标\t产出指标（50分）\t数量指标\t指标1\t次数\t1次\t1次\t\t50
"""
BENEFIT = """效益指标（30分）\t社会效益指标\t指标1\t提升水平\t提升\t提升\t\t30
"""
TAIL = """总分\t\t98
自评结论及结果分析\t等级优
主要经验做法\t无
存在问题与整改措施\t无
"""
SIGNED = "\n填报人：张三\n\n联系电话：0000000\n"
TITLE = "附件1\n\n某市项目支出绩效自评表\n\n单位（盖章）：某市某中心\n\n填报日期：2025.4.1\n\n"
WHOLE = HEAD + INDICATORS + BENEFIT + TAIL + SIGNED


def cut(text: str) -> list[FormBlock]:
    return cut_forms(read_text(text.encode()).blocks)


def test_a_title_and_its_lines_belong_to_the_form_below() -> None:
    forms = cut(TITLE + WHOLE + TITLE + WHOLE)
    assert [form.family for form in forms] == ["A", "A"]
    first, second = forms
    assert first.title is not None
    assert first.title.text == "某市项目支出绩效自评表"
    assert [line.text for line in second.above] == ["附件1", "单位（盖章）：某市某中心", "填报日期：2025.4.1"]
    assert first.locator == "L3"
    assert first.rows[-1][0].text == "联系电话：0000000"


def test_a_head_row_after_a_whole_form_begins_the_next_one() -> None:
    forms = cut(WHOLE + "\n" + WHOLE)
    assert [form.title for form in forms] == [None, None]
    assert all(form.has_head for form in forms)


def test_the_rest_of_a_form_whose_head_is_lost_is_a_form_without_head() -> None:
    forms = cut(TITLE + WHOLE + "\n" + BENEFIT + TAIL + SIGNED + TITLE + WHOLE)
    assert [form.has_head for form in forms] == [True, False, True]
    assert forms[1].indicators == slice(0, 1)


def test_a_form_cut_over_two_pages_at_any_row_is_one_form() -> None:
    rows = (HEAD + INDICATORS + BENEFIT + TAIL).splitlines()
    whole = cut(TITLE + "\n".join(rows) + "\n" + SIGNED)[0]
    for i in range(1, len(rows)):
        (form,) = cut(TITLE + "\n".join(rows[:i]) + "\n\n" + "\n".join(rows[i:]) + "\n" + SIGNED)
        assert [c.text for row in form.rows for c in row] == [c.text for row in whole.rows for c in row]
        assert form.indicators == whole.indicators


def test_indicators_go_from_their_head_to_before_the_total() -> None:
    form = cut(TITLE + HEAD + "绩效目标自评情况\n" + INDICATORS + BENEFIT + INDICATORS + TAIL + SIGNED)[0]
    assert mark_of(form.indicator_rows[0]) == "indicator_head"
    assert len(form.indicator_rows) == 5
    assert form.tail[0][0].text == "总分"
    assert form.head[-1][0].text == "绩效目标自评情况"


def test_a_grid_of_no_family_is_kept_apart() -> None:
    other = "序号\t设备\t数量\n1\t显微镜\t3\n"
    found = cut_blocks(read_text((TITLE + WHOLE + "\n设备购置明细表\n\n" + other).encode()).blocks)
    assert len(found.forms) == 1
    assert [grid.rows[1][1].text for grid in found.unknown] == ["显微镜"]
    assert not cut_forms([Line("某单位绩效自评表", "L1"), Grid(((),))])


def test_the_score_scale_is_no_total() -> None:
    (form,) = cut(
        TITLE + HEAD + INDICATORS + "总 分 99\n总分设置为100分：预算执行率10分\n" + TAIL.partition("\n")[2]
    )
    assert form.tail[0][0].text == "总 分 99"
    assert len(form.indicator_rows) == 2
