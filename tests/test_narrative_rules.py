"""Rules on the running text: each has an example that keeps it and one that breaks it; none breaks down."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import polars as pl
import pytest

from expectations.figures import year_of
from expectations.reconcile import reconcile
from expectations.registry import FUNCTIONS
from expectations.rules_data import Rule, load_rules
from tests.narrative_frames import (
    DOCUMENT,
    YEAR,
    Cells,
    Claim,
    budget,
    change,
    claim,
    count,
    done,
    rate,
    share,
    tables,
)

RULES = {rule.id: rule for rule in load_rules() if rule.id.startswith("N")}
EVALUATED = [rule.id for rule in RULES.values() if not rule.impossible]

INCOME, EXPENDITURE = "income/合计/本年收入合计", "expenditure/合计/本年支出合计"
APPROPRIATED, OTHER = "income/合计/财政拨款收入", "income/合计/其他收入"
IN, OUT = "income_expenditure_summary/收入总计/金额", "income_expenditure_summary/支出总计/金额"
GENERAL = "general_budget_expenditure/合计/小计"
SECURITY, HEALTH = "general_budget_expenditure/208/小计", "general_budget_expenditure/210/小计"
STAFF, OFFICE = "basic_expenditure/人员经费合计/决算数", "basic_expenditure/公用经费合计/决算数"
THREE = "three_public/决算数/合计"
THREE_BUDGET = "three_public/预算数/合计"
BOUGHT = "disclosure_statistic/政府采购合计/统计数"
GOODS, SERVICES = "disclosure_statistic/政府采购货物/统计数", "disclosure_statistic/政府采购服务/统计数"
VEHICLES, OTHERS = "disclosure_statistic/车辆数合计/统计数", "disclosure_statistic/其他用车/统计数"
DUTY = "disclosure_statistic/执法执勤用车/统计数"
FUND = "government_fund/合计/本年支出小计"
LEFT, OPENING = (
    "income_expenditure_summary/年末结转和结余/金额",
    "income_expenditure_summary/年初结转和结余/金额",
)
SMALL = "授予中小企业合同金额"

Told = tuple[list[Claim], Cells]


def said(*claims: Claim, cells: Cells | None = None) -> Told:
    return list(claims), cells or {}


def in_sentence(made: Claim, sentence: str) -> Claim:
    return made | {"sentence": sentence}


def shares(first: str, second: str) -> Told:
    return said(
        claim("财政拨款收入", "70.00", APPROPRIATED), share("财政拨款收入", first, APPROPRIATED, INCOME),
        claim("其他收入", "30.00", OTHER), share("其他收入", second, OTHER, INCOME),
        cells={INCOME: "100.00", APPROPRIATED: "70.00", OTHER: "30.00"},
    )  # fmt: skip


def grown(way: str, percent: str, rate_way: str | None = None, now: str = "198.19") -> Told:
    return said(
        claim("收入总计", now, IN), change("收入总计", way, "8.65", IN),
        rate("收入总计", rate_way or way, percent, IN),
        cells={IN: now},
    )  # fmt: skip


def together(told: Told) -> Told:
    """A change and its rate share their sentence."""
    claims, cells = told
    return [in_sentence(made, "与上年相比，收入总计有增减。") for made in claims], cells


def bought(total: str, small: str, percent: str) -> Told:
    section = {"section": "情况说明/政府采购支出情况"}
    return said(
        claim("政府采购支出总额", total, BOUGHT, **section), claim("货物", "2.03", GOODS, **section),
        claim("服务", "157.69", SERVICES, **section), claim(SMALL, small, **section),
        share(SMALL, percent, of=BOUGHT, **section),
    )  # fmt: skip


def vehicles(total: str, kept: str) -> Told:
    return said(
        count("车辆数合计", total, "辆", VEHICLES), count("执法执勤用车", "2", "辆", DUTY),
        count("其他用车", "21", "辆", OTHERS), count("公务用车保有量", kept, "辆"),
    )  # fmt: skip


def listed(name: str) -> Told:
    made = in_sentence(claim("公用经费", "0.86", OFFICE), f"公用经费0.86万元，主要包括办公费、{name}。")
    return said(made, cells={OFFICE: "0.86", "basic_expenditure/30201/决算数": "0.86", HIRED: None})


# «决算数与预算数持平».
LEVEL = change("支出", "平", "持平", GENERAL, period="年初预算")
HIRED = "basic_expenditure/30226/决算数"

# Rule: what keeps it, what breaks it.
EXAMPLES: dict[str, list[tuple[Told, Told]]] = {
    "N01": [
        (
            said(claim("收入总计", "2,792.57", IN), cells={IN: "2792.57"}),
            said(claim("收入总计", "2,792.75", IN), cells={IN: "2792.57"}),
        ),
        (
            said(claim("收入总计", "1.98", IN, unit="亿元"), cells={IN: "19800.00"}),
            said(claim("收入总计", "1.98", IN, unit="亿元"), cells={IN: "19919.00"}),
        ),
    ],
    "N02": [(shares("70.00", "30.00"), shares("70.08", "30.00"))],
    "N03": [(shares("70.0", "30.0"), shares("70.3", "30.0"))],
    "N04": [
        (
            said(
                budget("支出", "204.22", GENERAL),
                claim("支出", "198.19", GENERAL),
                done("支出", "97.05", GENERAL),
            ),
            said(
                budget("支出", "204.22", GENERAL),
                claim("支出", "198.19", GENERAL),
                done("支出", "97.50", GENERAL),
            ),
        ),
        (
            said(
                budget("支出", "10.00", GENERAL),
                budget("社保", "4.00", SECURITY),
                budget("卫生", "6.00", HEALTH),
            ),
            said(
                budget("支出", "10.50", GENERAL),
                budget("社保", "4.00", SECURITY),
                budget("卫生", "6.00", HEALTH),
            ),
        ),
    ],
    "N05": [
        (
            said(claim("本年支出合计", "198.19", EXPENDITURE), cells={EXPENDITURE: "198.19"}),
            said(claim("本年支出合计", "198.91", EXPENDITURE), cells={EXPENDITURE: "198.19"}),
        )
    ],
    "N06": [
        (
            said(
                claim("收入合计", "100.00", INCOME),
                claim("拨款", "70.00", APPROPRIATED),
                claim("其他", "30.00", OTHER),
            ),
            said(claim("收入合计", "100.00", INCOME), claim("拨款", "70.00", APPROPRIATED)),
        )
    ],
    "N07": [
        (
            said(claim("人员经费", "137.88", STAFF), cells={STAFF: "137.88"}),
            said(claim("人员经费", "137.88", STAFF), cells={STAFF: None}),
        )
    ],
    "N08": [
        (
            said(claim("社保", "24.28", SECURITY), cells={SECURITY: "24.28"}),
            said(claim("社保", "24.31", SECURITY), cells={SECURITY: "24.28"}),
        )
    ],
    "N09": [
        (together(grown("增", "4.56")), together(grown("增", "12"))),
        (together(grown("减", "4.18")), together(grown("减", "4.18", rate_way="增"))),
    ],
    "N10": [
        (
            said(change("收入总计", "增", "8.65", IN), change("支出总计", "增", "8.65", OUT)),
            said(change("收入总计", "增", "8.65", IN), change("支出总计", "减", "8.65", OUT)),
        ),
        (
            said(
                change("支出", "增", "8.65", GENERAL),
                change("社保", "增", "9.95", SECURITY),
                change("卫生", "减", "1.30", HEALTH),
            ),
            said(
                change("支出", "增", "8.65", GENERAL),
                change("社保", "增", "9.95", SECURITY),
                change("卫生", "增", "1.30", HEALTH),
            ),
        ),
    ],
    "N11": [
        (
            said(claim("机关运行经费", "11.37"), cells={OFFICE: "11.37"}),
            said(claim("机关运行经费", "53.29"), cells={OFFICE: "11.37"}),
        )
    ],
    "N12": [
        (
            said(claim("三公", "1.06", THREE), cells={THREE: "1.06"}),
            said(claim("三公", "1.60", THREE), cells={THREE: "1.06"}),
        ),
        (
            said(
                claim("三公", "1.06", THREE),
                done("三公", "33", THREE, whole=THREE_BUDGET),
                cells={THREE: "1.06", THREE_BUDGET: "3.20"},
            ),
            said(
                claim("三公", "1.06", THREE),
                done("三公", "33", THREE, whole=THREE_BUDGET),
                cells={THREE: "1.06", THREE_BUDGET: "1.06"},
            ),
        ),
    ],
    "N13": [(listed("办公费"), listed("劳务费"))],
    "N14": [
        (
            said(
                claim("年末结转", "5.00", LEFT),
                change("年末结转", "增", "2.00", LEFT),
                cells={LEFT: "5.00", OPENING: "3.00"},
            ),
            said(
                claim("年末结转", "5.00", LEFT),
                change("年末结转", "增", "2.00", LEFT),
                cells={LEFT: "5.00", OPENING: "7.00"},
            ),
        ),
        (
            said(change("年末结转", None, "0", LEFT), cells={LEFT: None, OPENING: None}),
            said(change("年末结转", None, "0", LEFT), cells={LEFT: None, OPENING: "0.50"}),
        ),
    ],
    "N15": [
        (bought("159.72", "80.52", "50.41"), bought("160.72", "80.52", "50.10")),
        (bought("159.72", "80.52", "50.41"), bought("159.72", "180.52", "113.02")),
        (bought("159.72", "80.52", "50.41"), bought("159.72", "80.52", "54.10")),
    ],
    "N16": [
        (
            said(in_sentence(count("项目", "2", "个"), "对《甲》《乙》2个项目开展评价。")),
            said(in_sentence(count("项目", "2", "个"), "对《甲》《乙》、《丙》2个项目开展评价。")),
        ),
        (
            said(in_sentence(count("项目", "2", "个"), "对“甲项”“乙项”2个项目开展评价。")),
            said(in_sentence(count("项目", "3", "个"), "对“甲项”“乙项”3个项目开展评价。")),
        ),
    ],
    "N17": [
        (
            said(claim("基金支出", "无此项收支", FUND), cells={FUND: None}),
            said(claim("基金支出", "无此项收支", FUND), cells={FUND: "4500.00"}),
        )
    ],
    "N18": [
        (
            said(
                count("编制", "25", "人"),
                count("在职", "23", "人"),
                count("编制", "17", "人"),
                count("在职", "17", "人"),
            ),
            said(
                count("编制", "25", "人"),
                count("在职", "23", "人"),
                count("编制", "17", "人"),
                count("在职", "18", "人"),
            ),
        )
    ],
    "N19": [
        (said(change("收入", "增", "8.65", IN)), said(change("收入", "增", "-8.65", IN))),
        (
            said(
                claim("收入", "9.00", IN),
                claim("收入", "5.00", IN, period="上年", cell_id=None),
                change("收入", "增", "4.00", IN),
            ),
            said(
                claim("收入", "9.00", IN),
                claim("收入", "5.00", IN, period="上年", cell_id=None),
                change("收入", "减", "4.00", IN),
            ),
        ),
        (
            said(change("收入", "平", "基本持平", IN), rate("收入", "增", "4.56", IN)),
            said(change("收入", "平", "基本持平", IN), rate("收入", "增", "34.56", IN)),
        ),
    ],
    "N20": [(vehicles("23", "2"), vehicles("24", "2")), (vehicles("23", "23"), vehicles("23", "24"))],
    "N21": [
        (
            said(claim("三公", "0", THREE), cells={THREE: "0.00"}),
            said(claim("三公", "0", THREE), cells={THREE: "1.06"}),
        )
    ],
    "N23": [
        (
            said(claim("社保", "24.28", SECURITY), claim("社保", "24.28", SECURITY, section="情况说明/又")),
            said(claim("社保", "24.28", SECURITY), claim("社保", "24.31", SECURITY, section="情况说明/又")),
        )
    ],
    "N24": [
        (said(claim("收入", "1,999.00", IN)), said(claim("收入", "19,99.00", IN))),
        (said(claim("收入", "900", IN)), said(claim("收入", "15906.989", IN))),
        (said(claim("收", "1,999.00", IN)), said(claim("收", "1,999.00", IN), claim("支", "1999.00", OUT))),
    ],
    "N25": [
        (
            said(budget("支出", "0", GENERAL), claim("支出", "2.00", GENERAL), done("支出", "0", GENERAL)),
            said(budget("支出", "0", GENERAL), claim("支出", "2.00", GENERAL), done("支出", "100", GENERAL)),
        ),
        (together(grown("增", "4.56")), together(grown("增", "100", now="8.65"))),
    ],
    "N26": [
        (
            said(in_sentence(done("支出", "33", GENERAL), "完成预算的33%，决算数小于预算数的主要原因")),
            said(in_sentence(done("支出", "0", GENERAL), "完成预算的0%，决算数大于年初预算数的原因")),
        ),
        (
            said(budget("支出", "10.00", GENERAL), claim("支出", "10.00", GENERAL), LEVEL),
            said(budget("支出", "10.00", GENERAL), claim("支出", "9.00", GENERAL), LEVEL),
        ),
    ],
}


def verdicts(rule: Rule, found: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    reconcile(YEAR, found, {}, rules=[])
    return FUNCTIONS[rule.function or ""](rule, year_of(YEAR, found))


def conclusions(rule: str, told: Told) -> set[str]:
    claims, cells = told
    units = dict.fromkeys((VEHICLES, DUTY, OTHERS), "辆")
    return set(verdicts(RULES[rule], tables([dict(c) for c in claims], cells, units=units))["conclusion"])


@pytest.mark.parametrize("rule", EVALUATED)
def test_a_rule_holds_where_it_is_kept_and_is_broken_where_it_is_not(rule: str) -> None:
    assert EXAMPLES[rule]
    for kept, broken in EXAMPLES[rule]:
        assert "成立" in conclusions(rule, kept)
        assert "不成立" not in conclusions(rule, kept)
        assert "不成立" in conclusions(rule, broken)


def test_what_cannot_be_evaluated_says_why() -> None:
    impossible = {rule.id: rule.impossible for rule in RULES.values() if rule.impossible}
    assert set(impossible) == {"N22"}
    assert len(RULES) == 26
    found = reconcile(YEAR, tables(), {}, rules=[RULES["N22"]])
    assert found["note"].to_list() == list(impossible.values())


@pytest.mark.parametrize(
    "found",
    [
        tables(),
        tables([], {INCOME: "0.00", EXPENDITURE: None}),
        tables(
            [
                claim("收入合计", "0.00", INCOME), share("拨款", "0", APPROPRIATED, INCOME),
                claim("拨款", "0", APPROPRIATED), done("拨款", "0", APPROPRIATED),
                change("收入合计", "减", "0", INCOME), rate("收入合计", None, "0", INCOME),
            ],
            {INCOME: "0.00", APPROPRIATED: None},
        ),
        tables([rate("收入", "减", "100", IN), claim("收入", "0.00", IN)], {IN: "0.00"}),
        tables([claim("收入", "无", None), count("编制", "3", "人")]),
    ],
    ids=["no narrative", "tables only", "zeros", "all gone", "nothing known"],
)  # fmt: skip
def test_nothing_breaks_down_and_every_rule_answers(found: dict[str, pl.DataFrame]) -> None:
    answered = reconcile(YEAR, found, {}, rules=list(RULES.values()))
    assert set(answered["rule"]) == set(RULES)
    assert "不成立" not in answered["conclusion"].to_list()
    assert answered.filter(pl.col("conclusion") == "不适用")["note"].null_count() == 0


def test_a_year_without_the_table_of_claims_is_a_year_without_claims() -> None:
    found = tables(cells={INCOME: "1.00"})
    del found["fact_claim"]
    answered = reconcile(YEAR, found, {}, rules=list(RULES.values()))
    assert set(answered.filter(pl.col("rule") != "N22")["conclusion"]) == {"不适用"}


def test_a_figure_in_yuan_is_the_same_figure() -> None:
    told = tables([claim("收入总计", "1,981,900.00", IN, unit="元")], {IN: "198.19"})
    only = verdicts(RULES["N01"], told).row(0, named=True)
    assert (only["conclusion"], only["unit"], only["left_value"]) == ("成立", "元", Decimal("1981900.000000"))
    assert only["tolerance"] == Decimal("50.005000")


def test_a_verdict_shows_both_figures_and_both_places() -> None:
    only = verdicts(RULES["N08"], tables([claim("社保", "24.31", SECURITY)], {SECURITY: "24.28"})).row(
        0, named=True
    )
    assert only["subject"] == "一般公共预算财政拨款支出决算表.208.小计.本年"
    assert only["left_text"] == "说明·社保 24.31万元"
    assert only["right_text"] == "一般公共预算财政拨款支出决算表·208 208·小计 24.28"
    assert (only["left_locator"], only["right_locator"]) == ("L1", "L100")
    assert only["right_cell"] == f"{DOCUMENT}/L100/c3"
    assert only["difference"] == Decimal("0.030000")
    assert only["tolerance"] == Decimal("0.010000")


@pytest.mark.parametrize(
    ("printed", "conclusion"), [("24.28", "成立"), ("24.29", "尾差"), ("24.30", "不成立"), ("24.3", "尾差")]
)
def test_a_repeated_figure_may_differ_by_the_rounding_of_what_is_printed(
    printed: str, conclusion: str
) -> None:
    assert conclusions("N08", said(claim("社保", printed, SECURITY), cells={SECURITY: "24.28"})) == {
        conclusion
    }


def test_a_bare_zero_is_exact() -> None:
    told = said(claim("社保", "0", SECURITY), cells={SECURITY: "0.30"})
    assert conclusions("N08", told) == {"不成立"}


@pytest.mark.parametrize(
    ("percent", "conclusion"),
    # 0.02 ± 0.005 of 0.06 ± 0.005: from 23.08 % to 45.45 %.
    [("33.33", "成立"), ("40.00", "尾差"), ("45.45", "尾差"), ("45.46", "不成立"), ("23.07", "不成立")],
)
def test_a_share_of_small_figures_has_the_room_of_their_rounding(percent: str, conclusion: str) -> None:
    told = said(share("拨款", percent, APPROPRIATED, INCOME), cells={APPROPRIATED: "0.02", INCOME: "0.06"})
    assert conclusions("N02", told) == {conclusion}


def test_a_rate_that_follows_from_the_text_is_not_wrong_where_the_text_itself_is() -> None:
    """The amount is held against the cell by N01; its share follows from what the text says."""
    told = said(
        claim("拨款", "50.00", APPROPRIATED), share("拨款", "50.00", APPROPRIATED, INCOME),
        cells={INCOME: "100.00", APPROPRIATED: "70.00"},
    )  # fmt: skip
    assert conclusions("N02", told) == {"成立"}
    assert conclusions("N01", told) == {"不成立"}


def test_a_statement_that_lost_rows_decides_nothing() -> None:
    told = tables(
        [claim("社保", "24.31", SECURITY)], {SECURITY: "24.28"}, {"general_budget_expenditure": "不完整"}
    )
    assert verdicts(RULES["N08"], told)["conclusion"].to_list() == ["无法核对"]


def test_a_figure_without_a_cell_is_counted() -> None:
    told = tables([claim("社保", "24.31", SECURITY)])
    only = verdicts(RULES["N08"], told).row(0, named=True)
    assert (only["conclusion"], only["note"]) == ("不适用", "说明中的 1 个数在表中没有对应的单元格")


def test_a_list_that_is_not_complete_bounds_its_whole_only() -> None:
    alone = said(count("车辆数合计", "5", "辆", VEHICLES), count("执法执勤用车", "3", "辆", DUTY))
    assert conclusions("N20", alone) == {"成立"}
    more = said(count("车辆数合计", "2", "辆", VEHICLES), count("执法执勤用车", "3", "辆", DUTY))
    assert conclusions("N20", more) == {"不成立"}


def test_words_that_are_both_left_open_say_nothing() -> None:
    open_words = in_sentence(done("支出", "0", GENERAL), "完成预算的0%，决算数小于（大于）预算数的主要原因")
    assert conclusions("N26", said(open_words)) == set()


def test_parts_that_bear_the_name_of_their_whole_are_not_it() -> None:
    part = in_sentence(claim("社保", "4.96", SECURITY), "(3)社保4.96万元，主要是保险。")
    told = said(claim("社保", "24.28", SECURITY), part, cells={SECURITY: "24.28"})
    assert conclusions("N08", told) == {"成立"}
    assert conclusions("N23", told) == {"成立"} or conclusions("N23", told) == set()


def test_full_width_digits_are_digits() -> None:
    told = said(claim("社保", "２４．２８", SECURITY, value=Decimal("24.28")), cells={SECURITY: "24.29"})
    assert conclusions("N08", told) == {"尾差"}
    apart = said(claim("社保", "２４．２８", SECURITY, value=Decimal("24.28")), cells={SECURITY: "24.30"})
    assert conclusions("N08", apart) == {"不成立"}


def test_posts_of_two_kinds_are_added_up() -> None:
    told = said(count("编制", "20", "人"), count("编制", "15", "人"), count("在职", "34", "人"))
    assert conclusions("N18", told) == {"成立"}
