"""Every rule on performance forms holds where it should and is broken where it should, in literal forms."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from expectations.reconcile import reconcile
from expectations.rules_data import load_rules
from tests.narrative_frames import budget, claim, count
from tests.performance_frames import UNIT, form, funding, indicator, joined, tables, task

RULES = {rule.id: rule for rule in load_rules()}
OF_PROJECTS = ("D01", "D02", "D03", "D04", "D05", "D06", "D07", "D14")
OURS = [*sorted(name for name in RULES if name[0] == "P"), *OF_PROJECTS]
Tables = dict[str, pl.DataFrame]
SPENT = "expenditure/合计/项目支出"
SECTION = {"section": "情况说明/预算绩效情况说明"}
WEIGHTS = "总分设置为100分：预算执行率10分、产出指标50分、效益指标{}分、服务对象满意度指标10分。"
LISTED = "1、装裱经费{}万元；2、纸张经费3万元；3、人工经费5万元。"
WAGES = "长期聘用5名专业人员，每人每月2000元，一年共需{}万元。"
NAMED = "需如下费用：110专线、光纤租赁费2万元；系统运维费3万元。资费卡4万元，合计{}万元。"
ENUMERATED = "弥补办公经费4万元，差旅费3万元，耗材2万元，共{}万元"


def conclusion(text: str, field: str = "自评结论", **more: Any) -> Tables:
    return tables(form(fields={field: text}, **more))


def transfer(*, total: str = "30.00", spent: str = "18.00") -> Tables:
    rows = [
        funding("年度资金总额", total, None, "28.00", kind="合计"),
        funding("中央财政资金", "20.00", None, spent),
        funding("地方资金", "10.00", None, "10.00"),
    ]
    return tables(form("B", funding=rows))


def accounts(income: str) -> Tables:
    rows = [funding("收入合计", income, kind="收入"), funding("公共财政拨款", "90.00", kind="收入")]
    rows += [funding("支出合计", "90.00", kind="支出"), funding("基本支出", "60.00", kind="支出")]
    rows += [funding("项目支出", "30.00", kind="支出")]
    cells = {
        "income_expenditure_summary/本年收入合计/金额": "90.00",
        "expenditure/合计/本年支出合计": "90.00",
        "expenditure/合计/基本支出": "60.00",
        SPENT: "30.00",
    }
    return tables(form("C", funding=rows), cells=cells)


def target_form(term: str, name: str = "修复数量") -> Tables:
    rows = [indicator(name, term, period="实施期"), indicator(name, "100 件", period="年度")]
    return tables(form("F", fields={"项目期": "1年"}, indicators=rows))


def targets_and_evaluation(amount: str) -> Tables:
    aim = tables(form("F", budget_amount="10.00"), document="bbbbbbbbbbbb", kind="绩效")
    return joined(tables(form(budget_amount=amount, received_amount=amount, executed_amount=amount)), aim)


def said_of_project(score: str, *, paid: str = "6.00") -> Tables:
    sentence = "(1)“馆藏档案修复”项目自评综述：项目自评得分"
    where = SECTION | {"locator": "L169"}
    claims = [
        count("项目自评得分", score, "分", **where, sentence=sentence),
        budget("项目", "10.00", **where, sentence="项目全年预算数为10.00万元", period="全年预算"),
        claim("执行数", paid, **where, sentence="项目全年预算数为10.00万元"),
    ]
    return tables(form(), claims=claims)


def said_of_many(number: str, what: str, sentence: str, *forms: dict[str, Any]) -> Tables:
    return tables(*forms, claims=[count(what, number, "个", **SECTION, sentence=sentence)])


def said_of_units(score: str) -> Tables:
    sentence = "对2024年度项目支出全面开展绩效自评，自评得分"
    whole = form("D", total_score="85.86")
    return tables(form(), whole, claims=[count("自评得分", score, "分", **SECTION, sentence=sentence)])


def transfers_said(amount: str) -> Tables:
    rows = [funding("年度资金总额", "30.00", None, "28.00", kind="合计")]
    sentence = "组织对《示例补助》开展了部门评价，涉及资金"
    said = claim("涉及资金", amount, **SECTION, sentence=sentence)
    return tables(form("B", funding=rows), claims=[said])


def spent_on(code: str, amount: str) -> Tables:
    project = form(project_name="档案馆修复经费", executed_amount="6.00")
    made = tables(project, cells={f"expenditure/{code}/项目支出": amount})
    items = made["fact_line_item"].with_columns(name_printed=pl.lit("档案馆修复"))
    return made | {"fact_line_item": items}


def dated(year: int) -> Tables:
    return tables(form(filled_on=date(year, 4, 15), fields={"填报日期": f"{year}.4.15"}))


def held_tasks(rate: str) -> Tables:
    """Two tasks whose amounts were not read, and a rate of the whole."""
    tasks = [task(name, None, None, of, "20", "18") for name, of in (("甲", "90"), ("乙", "98"))]
    return tables(form("D", tasks=tasks, indicators=[indicator("预算执行率", "100 %", f"{rate} %")]))


TASK = ("示例任务", "10", "9", "90", "10")
WHOLE = ("示例任务", "10", "9", "90", "100", "90")
OWN = {"weight": "10", "completion": "0.9"}

EXAMPLES: dict[str, list[tuple[Tables, Tables]]] = {
    "P01": [
        (tables(form()), tables(form(total_score="96.5"))),
        (
            tables(form("D", total_score="90", tasks=[task(*WHOLE)])),
            tables(form("D", total_score="80", tasks=[task(*WHOLE)])),
        ),
    ],
    "P02": [
        (tables(form()), tables(form(execution_score="10"))),
        (tables(form("E")), tables(form("E", execution_rate="91.70"))),
        (
            tables(form("D", tasks=[task(*TASK, "9")])),
            tables(form("D", tasks=[task("示例任务", "10", "5", "90", "10", "9")])),
        ),
    ],
    "P03": [
        (tables(form("E")), tables(form("E", total_score="63.17"))),
        (
            tables(form("E", indicators=[indicator("次数", weight="90", score="60")])),
            tables(form("E", indicators=[indicator("次数", weight="90", score="59")])),
        ),
    ],
    "P04": [
        (conclusion("资金预算数10.00万元，资金执行数6万元。"), conclusion("资金预算数10.03万元。")),
        (
            conclusion("2024年市级财政根据预算安排拨付资金8万元。", "资金落实情况"),
            conclusion("2024年市级财政根据预算安排拨付资金9万元。", "资金落实情况"),
        ),
    ],
    "P05": [
        (tables(form("D", tasks=[task(*TASK, "9")])), tables(form("D", tasks=[task(*TASK, "8")]))),
        (
            tables(form("E", indicators=[indicator("次数", **OWN, score="9")])),
            tables(form("E", indicators=[indicator("次数", **OWN, score="5")])),
        ),
    ],
    "P06": [
        (
            tables(form(indicators=[indicator("筛查", "849 例", "655 例")])),
            tables(form(indicators=[indicator("筛查", "849 例", "77 %")])),
        ),
        (
            tables(form(indicators=[indicator("管理率", "90 %", "93.51 %")])),
            tables(form(indicators=[indicator("管理率", "90 %", "104 %")])),
        ),
        (
            tables(form("F", indicators=[indicator("修复费用", "3500 元")])),
            tables(form("F", indicators=[indicator("修复费用", "3500 例")])),
        ),
    ],
    "P07": [
        (conclusion(LISTED.format(2)), conclusion(LISTED.format(4))),
        (conclusion(WAGES.format(12)), conclusion(WAGES.format(15))),
        (conclusion(ENUMERATED.format(9)), conclusion(ENUMERATED.format(10))),
        (conclusion(NAMED.format(9)), conclusion(NAMED.format(7))),
    ],
    "P08": [
        (tables(form()), tables(form(grade="良"))),
        (
            tables(
                form("E", indicators=[indicator("效果", "有效", "基本达成100%-80%(含)", completion="0.9")])
            ),
            tables(
                form("E", indicators=[indicator("效果", "有效", "基本达成100%-80%(含)", completion="0.5")])
            ),
        ),
    ],
    "P09": [(conclusion("本项目自评95.5分，等级优。"), conclusion("本项目自评93分，等级优。"))],
    "P10": [(tables(form()), tables(form(output_score=None)))],
    "P11": [
        (
            tables(form(funding=[funding("市财政", "10.00", "8.00", "6.00")])),
            tables(form(funding=[funding("市财政", "10.00", "8.00", "7.00")])),
        ),
        (
            tables(form(project_name="示例补助（中央）", funding=[funding("中央、省财政", "10.00")])),
            tables(form(project_name="示例补助（中央）", funding=[funding("市财政", "10.00")])),
        ),
    ],
    "P12": [
        (conclusion("项目预算执行率为75%。"), conclusion("项目预算执行率为64%。")),
        (
            tables(
                form(
                    "D",
                    tasks=[task("任务", "10", "10", "100", "10", "10")],
                    indicators=[indicator("预算执行率", "100 %", "100 %")],
                )
            ),
            tables(
                form("D", tasks=[task(*TASK, "9")], indicators=[indicator("预算执行率", "100 %", "100 %")])
            ),
        ),
        (held_tasks("95"), held_tasks("100")),
    ],
    "P13": [
        (
            tables(form("D", tasks=[task("任务", "0", "0", "0", "10", "10")])),
            tables(form("D", tasks=[task("任务", "0", "0", "0", "10", "0")])),
        )
    ],
    "P14": [
        (
            tables(form(indicators=[indicator("数量", "16 人", "11 人")])),
            tables(form(output_score="50", indicators=[indicator("数量", "16 人", "11 人")])),
        ),
        (
            tables(form(executed_amount="0.5", total_score="70")),
            tables(form(executed_amount="0.00", total_score="85")),
        ),
    ],
    "P15": [
        (tables(form()), tables(form(executed_amount=None))),
        (tables(form()), tables(form(state="不完整"))),
    ],
    "P16": [
        (dated(2025), dated(2024)),
        (tables(form()), tables(form(evaluated_year=2025))),
        (conclusion("2024年共修复2次。"), conclusion("2021年共修复2次。")),
    ],
    "P17": [
        (conclusion(WEIGHTS.format(30), "计分说明"), conclusion(WEIGHTS.format(20), "计分说明")),
        (
            tables(form("E", indicators=[indicator("次数", weight="90", score="60")])),
            tables(form("E", indicators=[indicator("次数", weight="95", score="60")])),
        ),
    ],
    "P18": [
        (target_form("100 件"), target_form("200 件")),
        (
            target_form("100 件"),
            tables(
                form(
                    "F",
                    fields={"项目期": "1年"},
                    indicators=[indicator("购置时间", "考试前", period="实施期", level2="成本指标")],
                )
            ),
        ),
    ],
    "P19": [
        (tables(form()), tables(form(benefit_score="59"))),
        (tables(form("D", tasks=[task(*TASK, "9")])), tables(form("D", tasks=[task(*TASK, "11")]))),
    ],
    "P20": [(transfer(), transfer(total="31.00")), (transfer(), transfer(spent="21.00"))],
    "P21": [(tables(form()), tables(form(), form(duplicate_of="0123456789ab/L100/form")))],
    "P22": [(accounts("90.00"), accounts("91.00"))],
    "D01": [(tables(form(), cells={SPENT: "30.00"}), tables(form(), cells={SPENT: "5.00"}))],
    "D02": [(said_of_units("95.50"), said_of_units("85.86"))],
    "D03": [
        (
            said_of_many("2", "等", "组织对《甲》《乙》2个项目开展了部门评价", form("B")),
            said_of_many("3", "等", "组织对《甲》《乙》3个项目开展了部门评价", form("B")),
        ),
        (
            said_of_many("1", "组织对", "组织对1个单位开展整体绩效自评", form("D")),
            said_of_many("2", "组织对", "组织对2个单位开展整体绩效自评", form("D")),
        ),
    ],
    "D04": [(spent_on("2013299", "8.00"), spent_on("2013299", "5.00"))],
    "D05": [
        (said_of_project("95.5"), said_of_project("97")),
        (said_of_project("95.5"), said_of_project("95.5", paid="9.00")),
        (
            said_of_many("1", "个数", "馆藏档案修复项目自评等级为“优”", form()),
            said_of_many("1", "个数", "馆藏档案修复项目自评等级为“良”", form()),
        ),
        (
            said_of_many("1", '项目自评等级为"优"', "1个项目自评等级为优", form()),
            said_of_many("0", '项目自评等级为"优"', "0个项目自评等级为优", form()),
        ),
    ],
    "D06": [(targets_and_evaluation("10.00"), targets_and_evaluation("10.25"))],
    "D07": [
        (
            said_of_many("1", "绩效自评项目", "涉及二级项目1个", form()),
            said_of_many("2", "绩效自评项目", "涉及二级项目2个", form()),
        ),
    ],
    "D14": [(transfers_said("30.00"), transfers_said("31.00"))],
}


def verdicts(rule: str, told: Tables) -> pl.DataFrame:
    return reconcile(2024, told, {}, rules=[RULES[rule]])


@pytest.mark.parametrize("rule", OURS)
def test_a_rule_holds_where_it_is_kept_and_is_broken_where_it_is_not(rule: str) -> None:
    assert not RULES[rule].impossible
    for kept, broken in EXAMPLES[rule]:
        fine, wrong = verdicts(rule, kept), verdicts(rule, broken)
        assert "成立" in set(fine["conclusion"]), fine.rows()
        assert "不成立" not in set(fine["conclusion"]), fine.rows()
        found = wrong.filter(conclusion="不成立")
        assert not found.is_empty(), wrong.rows()
        assert found["left_locator"].is_not_null().all() or found["right_locator"].is_not_null().all()
        assert found.select(pl.any_horizontal(pl.col("note", "left_text").is_not_null())).to_series().all()


def test_there_are_the_22_rules_on_attachments() -> None:
    assert [name for name in OURS if name[0] == "P"] == [f"P{n:02}" for n in range(1, 23)]
    assert sorted(EXAMPLES) == sorted(OURS)


@pytest.mark.parametrize("rule", OURS)
def test_a_document_of_forms_alone_is_judged_by_the_rules_of_forms(rule: str) -> None:
    found = verdicts(rule, tables(form(), kind="绩效"))
    assert found.is_empty() != RULES[rule].of_performance
    nothing = verdicts(rule, tables())
    assert set(nothing["conclusion"]) == {"不适用"}
    assert nothing["note"].is_not_null().all()


def only(rule: str, *forms: dict[str, Any]) -> dict[str, Any]:
    return verdicts(rule, tables(*forms)).row(0, named=True)


def test_a_verdict_shows_both_sides_and_where_they_stand() -> None:
    found = only("P01", form(total_score="96.5"))
    assert found["subject"] == f"项目自评表·馆藏档案修复（{UNIT}）.总分"
    assert (found["left_text"], found["unit"], found["difference"]) == ("总分 96.5", "分", 1)
    assert found["left_cell"].startswith("0123456789ab/L1")
    assert found["right_locator"] == "L105"


@pytest.mark.parametrize(("total", "said"), [("95.51", "尾差"), ("95.52", "不成立")])
def test_scores_are_exact_to_the_printed_digit(total: str, said: str) -> None:
    assert only("P01", form(total_score=total))["conclusion"] == said


def test_a_score_that_is_held_or_absent_cannot_be_added() -> None:
    held = only("P01", form(output_score=None, held=["output_score"]))
    absent = only("P01", form(output_score=None))
    assert (held["conclusion"], absent["conclusion"]) == ("无法核对", "无法核对")
    assert "待核" in held["note"]
    assert absent["note"] == "没有印出产出得分"


@pytest.mark.parametrize(
    ("score", "said"), [("7.5", "成立"), ("8", "成立"), ("8.4", "尾差"), ("8.6", "不成立"), ("6", "成立")]
)
def test_an_execution_score_may_follow_either_denominator_and_be_cut_short(score: str, said: str) -> None:
    found = only("P02", form(execution_score=score))
    assert found["conclusion"] == said
    assert ("预算金额" in found["note"]) == (score == "6" or said == "不成立")


def test_rows_that_do_not_make_the_full_marks_prove_no_sum() -> None:
    lost = form("D", total_score="85", tasks=[task("示例任务", "10", "9", "90", "90", "81")])
    found = only("P01", lost)
    assert found["conclusion"] == "无法核对"
    assert "可能少了行" in found["note"]


def test_a_second_printing_is_not_judged_again() -> None:
    again = form(total_score="1", duplicate_of="0123456789ab/L100/form")
    assert set(verdicts("P01", tables(form(), again))["conclusion"]) == {"成立"}


def test_two_forms_of_one_project_are_told_apart() -> None:
    found = verdicts("P01", tables(form(), form(total_score="1")))
    assert found["check_id"].n_unique() == 2


def test_amounts_of_four_decimals_are_compared_to_the_last() -> None:
    rows = [funding("市财政", "0.0048"), funding("其他", "0.0001")]
    found = verdicts("P11", tables(form(budget_amount="0.0048", funding=rows)))
    assert found.row(0, named=True)["conclusion"] == "尾差"


def test_a_grade_beside_a_total_that_its_parts_contradict_is_left_open() -> None:
    found = only("P08", form(total_score="55.5"))
    assert found["conclusion"] == "无法核对"


def test_one_score_of_several_units_is_no_score_of_theirs() -> None:
    def of_units(*totals: str | None) -> dict[str, Any]:
        where = SECTION | {"sentence": "组织对2个单位开展整体绩效自评，自评得分85.86分"}
        claims = [count("组织对", "2", "个", **where), count("自评得分", "85.86", "分", **where)]
        forms = [form("D", total_score=total) for total in totals]
        return verdicts("D02", tables(*forms, claims=claims)).row(0, named=True)

    found = of_units("85.86", "95")
    assert (found["conclusion"], found["severity"]) == ("不成立", "W")
    assert found["note"].startswith("说明写的是 2 个对象")
    assert of_units("85.86", None)["conclusion"] == "无法核对"
    assert of_units("85.86", "85.86")["conclusion"] == "成立"


def test_the_coverage_is_shown() -> None:
    [note] = verdicts("D01", tables(form(), cells={SPENT: "30.00"}))["note"]
    assert note == "自评项目执行数占项目支出的 20.0%"


def test_a_name_one_character_off_is_the_project_where_it_is_the_only_one() -> None:
    told = said_of_project("97")
    forms = told["fact_performance_form"].with_columns(project_name=pl.lit("馆藏档修复"))
    found = verdicts("D05", told | {"fact_performance_form": forms})
    assert "不成立" in set(found["conclusion"])
    assert found["note"].str.contains("只差一个字").any()
