"""Every rule on tables holds where it should and is broken where it should: examples in typeset figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

import polars as pl
import pytest

from expectations.reconcile import RECONCILIATION_SCHEMA, check_id, reconcile
from expectations.rules_data import Rule, load_rules
from tests import narrative_frames
from tests.expectations_examples import frame
from tests.narrative_frames import Claim, change, claim
from tests.reconcile_frames import Change, changed, sample, tables_of
from tests.typesetter.consistent import closing_balances, consistent_disclosure
from tests.typesetter.figures import Disclosure, StatementFigures
from tests.typesetter.manner import Manner

Tables = dict[str, pl.DataFrame]

RULES = [rule for rule in load_rules() if rule.id[0] in "TXD"]
# Rules on projects have their examples in test_performance_rules.
OF_PROJECTS = ("D01", "D02", "D03", "D04", "D05", "D06", "D07", "D14")
EVALUATED = [rule for rule in RULES if not rule.impossible and rule.id not in OF_PROJECTS]
SUMMARY, INCOME, SPENDING = "income_expenditure_summary", "income", "expenditure"
FUNDS, GENERAL, BASIC = "appropriation_summary", "general_budget_expenditure", "basic_expenditure"
FUND, CAPITAL = "government_fund", "state_capital"
THREE, STATISTIC = "three_public", "disclosure_statistic"
PUBLIC = "一般公共预算财政拨款"
CODES = ("2010301", "2080505", "2080506", "2101101", "2210201")


@cache
def unit(nature: str = "事业单位", **more: object) -> Disclosure:
    """One unit with every kind of money; an office has appropriations alone."""
    return consistent_disclosure(
        8, nature=nature, codes=CODES, funds=4, capital=2, other_money=nature == "事业单位", **more
    )


def office(**more: object) -> Disclosure:
    return unit("行政单位", **more)


@dataclass(frozen=True)
class Example:
    """What breaks a rule: a few figures changed in a disclosure that keeps it."""

    broken: Sequence[Change] = ()
    of: Callable[[], Disclosure] = unit
    kept: Sequence[Change] = ()
    tables: Callable[[Tables], Tables] | None = None


def cell(form: str, key: str, measure: str, text: str | None = "+0.10") -> Example:
    return Example([(form, key, measure, text)])


def printed_line(form: str, item: str) -> Callable[[Tables], Tables]:
    """Prints a wrong 行次 beside an item."""
    return lambda tables: (
        tables
        | {
            "fact_line_item": tables["fact_line_item"].with_columns(
                line_no_printed=pl.when((pl.col("form") == form) & (pl.col("item") == item))
                .then(pl.lit("99"))
                .otherwise("line_no_printed")
            )
        }
    )


def printed_name(code: str, name: str) -> Callable[[Tables], Tables]:
    return lambda tables: (
        tables
        | {
            "fact_line_item": tables["fact_line_item"].with_columns(
                name_printed=pl.when(pl.col("subject_code") == code)
                .then(pl.lit(name))
                .otherwise("name_printed")
            )
        }
    )


EXAMPLES: dict[str, Example] = {
    "T01-1": cell(SUMMARY, "事业收入", "金额"),
    "T01-2": cell(SUMMARY, "收入总计", "金额"),
    "T01-3": cell(SUMMARY, "社会保障和就业支出", "金额"),
    "T01-4": cell(SUMMARY, "结余分配", "金额"),
    "T01-5": cell(SUMMARY, "支出总计", "金额"),
    "T01-6": cell(SUMMARY, "结余分配", "金额", "-3.00"),
    "T01-7": Example(tables=printed_line(SUMMARY, "事业收入")),
    "T02-1": cell(INCOME, "2080505", "财政拨款收入"),
    "T02-2": cell(INCOME, "208", "财政拨款收入"),
    "T02-3": cell(INCOME, "20805", "财政拨款收入"),
    "T02-4": cell(INCOME, "2080505", "财政拨款收入"),
    "T02-5": cell(INCOME, "2080505", "其他收入", "-0.01"),
    "T03-1": cell(SPENDING, "2080505", "基本支出"),
    "T03-2": cell(SPENDING, "208", "基本支出"),
    "T03-3": cell(SPENDING, "20805", "本年支出合计"),
    "T03-4": cell(SPENDING, "2080505", "本年支出合计"),
    "T03-5": Example([(SPENDING, "2080505", "经营支出", "0.01")], office),
    "T04-1": cell(FUNDS, "本年政府性基金预算财政拨款", "金额"),
    "T04-2": cell(FUNDS, "年初政府性基金预算财政拨款", "金额"),
    "T04-3": cell(FUNDS, "收入总计", "金额"),
    "T04-4": cell(FUNDS, "社会保障和就业支出", PUBLIC),
    "T04-5": cell(FUNDS, "本年支出合计", "合计"),
    "T04-6": cell(FUNDS, "年末财政拨款结转和结余", PUBLIC),
    "T04-8": cell(FUNDS, "收入总计", "金额"),
    "T04-9": cell(FUNDS, "支出总计", "政府性基金预算财政拨款"),
    "T04-10": cell(FUNDS, "国有资本经营预算支出", PUBLIC, "0.01"),
    "T05-1": cell(GENERAL, "2080505", "小计"),
    "T05-2": cell(GENERAL, "合计", "小计"),
    "T05-3": cell(GENERAL, "208", "小计"),
    "T05-4": cell(GENERAL, "20805", "小计"),
    "T06-1": cell(BASIC, "301", "决算数"),
    "T06-2": cell(BASIC, "人员经费合计", "决算数"),
    "T06-3": cell(BASIC, "公用经费合计", "决算数"),
    "T06-4": cell(BASIC, "30905", "决算数", "0.01"),
    "T06-5": Example(tables=printed_name("30108", "机关事业单位基本养老保险")),
    "T07-1": cell(FUND, "2120803", "项目支出"),
    "T07-2": cell(FUND, "合计", "本年收入"),
    "T07-3": cell(FUND, "212", "本年收入"),
    "T07-4": cell(FUND, "21208", "本年收入"),
    "T07-5": cell(FUND, "2120803", "本年收入"),
    "T07-6": cell(GENERAL, "2120803", "小计", "1.00"),
    "T08-1": cell(CAPITAL, "合计", "项目支出"),
    "T08-2": cell(CAPITAL, "223", "合计"),
    "T09-1": cell(THREE, "决算数", "合计"),
    "T09-2": cell(THREE, "预算数", "公务用车购置及运行维护费"),
    "T09-3": cell(THREE, "决算数", "公务接待费", "+99999.00"),
    "T10-1": cell(STATISTIC, "政府采购合计", "统计数"),
    "T10-2": cell(STATISTIC, "车辆数合计", "统计数", "+1"),
    "T10-3": Example(tables=printed_line(STATISTIC, "车辆数合计")),
    "T10-4": cell(STATISTIC, "机关运行经费（行政单位）", "统计数", "1.00"),
    "X01": cell(INCOME, "合计", "本年收入合计"),
    "X02": cell(INCOME, "合计", "财政拨款收入"),
    "X03": cell(SUMMARY, "上级补助收入", "金额"),
    "X04": cell(SUMMARY, "事业收入", "金额"),
    "X05": cell(SUMMARY, "经营收入", "金额"),
    "X06": cell(SUMMARY, "附属单位上缴收入", "金额"),
    "X07": cell(SUMMARY, "其他收入", "金额"),
    "X08": cell(SPENDING, "合计", "本年支出合计"),
    "X09": cell(SPENDING, "208", "本年支出合计"),
    "X10": cell(SUMMARY, "政府性基金预算财政拨款收入", "金额"),
    "X11": cell(FUNDS, "本年收入合计", "金额"),
    "X12": cell(GENERAL, "208", "小计"),
    "X13": Example([(SPENDING, "合计", "基本支出", "+0.10")], office),
    "X14": Example([(SPENDING, "合计", "项目支出", "+0.10")], office),
    "X15": cell(BASIC, "公用经费合计", "决算数"),
    "X16": cell(FUND, "合计", "本年支出小计"),
    "X17": cell(CAPITAL, "223", "合计"),
    "X18": cell(GENERAL, "2080505", "项目支出", "+99999999.00"),
    "X19": Example(
        [(SPENDING, "2050299", "本年支出合计", "99999999.00")],
        kept=[(SPENDING, "2050299", "本年支出合计", "0.01"), (SUMMARY, "年初结转和结余", "金额", "+0.01")],
    ),
    "X20": cell(FUND, "2120803", "本年支出小计"),
    "X21": Example(
        [(BASIC, "30231", "决算数", "9.02")],
        kept=[(BASIC, "30231", "决算数", "9.00"), (THREE, "决算数", "公务用车运行维护费", "9.00")],
    ),
    "X22": cell(BASIC, "30217", "决算数", "+99999999.00"),
    "X23": cell(THREE, "决算数", "合计", "+99999999.00"),
    "X24": Example(
        [(BASIC, "30108", "决算数", "+0.10")],
        kept=[
            *((BASIC, code, "决算数", "7.00") for code in ("30108", "30109", "30113", "30110")),
            (BASIC, "30111", "决算数", None),
            *((GENERAL, code, "基本支出", "7.00") for code in ("2080505", "2080506", "2210201", "2101101")),
        ],
    ),
    "X25": Example([(STATISTIC, "机关运行经费（行政单位）", "统计数", "+0.10")], office),
    "X28": cell(FUNDS, "年末财政拨款结转和结余", "合计", "+99999999.00"),
}


def verdicts(tables: Tables, rule: str, before: Tables | None = None) -> pl.DataFrame:
    return reconcile(2024, tables, before or {}, rules=[r for r in RULES if r.id == rule])


def conclusions(found: pl.DataFrame) -> set[str]:
    return set(found["conclusion"])


def example(rule: Rule) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The verdicts of a rule where it is kept, and where it is broken."""
    if rule.id in OTHERS:
        return tuple(verdicts(*arguments) for arguments in OTHERS[rule.id](rule.id))
    given = EXAMPLES[rule.id]
    kept = changed(given.of(), *given.kept)
    tables = tables_of(changed(kept, *given.broken))
    broken = given.tables(tables) if given.tables else tables
    return verdicts(tables_of(kept), rule.id), verdicts(broken, rule.id)


Asked = Sequence[tuple[Tables, str, Tables | None]]


def department_and_unit(*change: Change) -> Tables:
    """A 部门 of one unit: the same figures twice, of which some are changed in the unit's."""
    whole = office(level="部门", members=("示例市某局本级",), unit="示例市某局")
    part = office(level="单位", parent="示例市某局", unit="示例市某局本级")
    return tables_of(whole, changed(part, *change))


def within(*change: Change) -> Callable[[str], Asked]:
    return lambda rule: [(department_and_unit(), rule, None), (department_and_unit(*change), rule, None)]


def listed(rule: str) -> Asked:
    alone = tables_of(office(level="部门", members=("示例市某局本级",), unit="示例市某局"))
    return [(department_and_unit(), rule, None), (alone, rule, None)]


def carried(rule: str) -> Asked:
    last = unit(year=2023)
    this = unit(opening=closing_balances(last))
    before = tables_of(last)
    wrong = changed(this, (SUMMARY, "年初结转和结余", "金额", "+0.10"))
    return [(tables_of(this), rule, before), (tables_of(wrong), rule, before)]


def _claims(*said: Claim) -> pl.DataFrame:
    return narrative_frames.tables(said, document="doc000000000")["fact_claim"]


def claimed(item: str, unit_of: str) -> Callable[[str], Asked]:
    def asked(rule: str) -> Asked:
        tables = tables_of(changed(unit(), (STATISTIC, item, "统计数", "5")))
        cell = tables["fact_line_item"].filter(form=STATISTIC, item=item)["cell_id"].item()
        right, wrong = (
            _claims(
                claim(item, text, kind="金额" if unit_of == "万元" else "数量", unit=unit_of)
                | {"at": f"{STATISTIC}/{item}/统计数", "cell_id": cell}
            )
            for text in ("5", "6")
        )
        return [(tables | {"fact_claim": right}, rule, None), (tables | {"fact_claim": wrong}, rule, None)]

    return asked


def prior(rule: str) -> Asked:
    total = f"{SUMMARY}/收入总计/金额"
    last = [
        narrative_frames.tables(cells={total: was}, document="bbbbbbbbbbbb", year=2023)
        for was in ("189.54", "190.54")
    ]
    told = [claim("收入总计", "198.19", total), change("收入总计", "增", "8.65", total)]
    this = narrative_frames.tables(told, {total: "198.19"})
    return [(this, rule, before) for before in last]


OTHERS: dict[str, Callable[[str], Asked]] = {
    "D11": prior,
    "X26": claimed("政府采购货物", "万元"),
    "X27": claimed("机要通信用车", "辆"),
    "D08": within((GENERAL, "合计", "小计", "+0.10")),
    "D09": within((FUNDS, "收入总计", "金额", "+0.10")),
    "D10": carried,
    "D12": listed,
    "D13": within((THREE, "决算数", "合计", "+0.10")),
}


@pytest.mark.parametrize("rule", EVALUATED, ids=lambda rule: rule.id)
def test_a_rule_holds_where_it_is_kept_and_is_broken_where_it_is_not(rule: Rule) -> None:
    kept, broken = example(rule)
    assert "成立" in conclusions(kept), kept["note"].to_list()
    assert "不成立" not in conclusions(kept), kept.filter(pl.col("conclusion") == "不成立").rows()
    assert "不成立" in conclusions(broken), broken["note"].to_list()


def test_the_families_are_whole() -> None:
    assert {family: sum(rule.id[0] == family for rule in RULES) for family in "TXD"} == {
        "T": 51,
        "X": 28,
        "D": 14,
    }


def test_consistent_disclosures_of_every_template_contradict_no_rule() -> None:
    found = reconcile(2024, tables_of(*sample(12)), {}, rules=EVALUATED)
    assert found.schema == RECONCILIATION_SCHEMA
    assert found["check_id"].is_unique().all()
    # Reference rules (I) compare what is counted differently; the typesetter draws those figures freely.
    wrong = found.filter((pl.col("conclusion") == "不成立") & (pl.col("severity") != "I"))
    assert wrong.select("document_id", "rule", "subject", "difference").rows() == []


def test_every_rule_leaves_a_verdict_for_every_document() -> None:
    tables = tables_of(*sample(3))
    found = reconcile(2024, tables, {}, rules=RULES)
    pairs = found.select("document_id", "rule").unique()
    assert pairs.height == 3 * len(RULES)
    silent = found.filter(pl.col("conclusion").is_in(["不适用", "无法核对"]))
    assert silent["note"].is_not_null().all()


def test_a_year_without_documents_has_no_verdicts() -> None:
    tables = {name: rows.clear() for name, rows in tables_of(unit()).items()}
    found = reconcile(2024, tables, tables)
    assert found.is_empty()
    assert found.schema == RECONCILIATION_SCHEMA


def verdict(rule: str, disclosure: Disclosure, subject: str, **how: object) -> dict[str, object]:
    found = verdicts(tables_of(disclosure, **how), rule)
    return found.filter(pl.col("subject") == subject).row(0, named=True)


def test_a_verdict_shows_both_sides_and_where_they_stand() -> None:
    disclosure = unit()
    total = disclosure.value(SUMMARY, "本年支出合计", "金额") / 10_000
    found = verdict("X08", disclosure, "收入支出决算总表.本年支出合计.金额")
    assert found["left_text"] == f"收入支出决算总表·本年支出合计·金额 {total:.2f}"
    assert found["right_text"] == f"支出决算表·合计·本年支出合计 {total:.2f}"
    assert (found["left_value"], found["difference"], found["unit"]) == (total, 0, "万元")
    assert found["left_locator"].startswith("L1")
    assert found["right_locator"] == "L3001"
    assert found["left_cell"].startswith("doc000000000/L1")
    about = (disclosure.unit, 2024, disclosure.level, "X08", found["subject"])
    assert found["check_id"] == check_id(*about)


@pytest.mark.parametrize(
    ("change", "conclusion", "tolerance"),
    [("+0.01", "尾差", "0.015"), ("+0.02", "不成立", "0.015"), ("+0.00", "成立", "0.015")],
)
def test_rounding_of_each_printed_figure_is_allowed_for(change: str, conclusion: str, tolerance: str) -> None:
    two = [(STATISTIC, "政府采购货物", "统计数", "3.00"), (STATISTIC, "政府采购工程", "统计数", "4.00")]
    rest = [(STATISTIC, "政府采购服务", "统计数", None), (STATISTIC, "政府采购合计", "统计数", "7.00")]
    disclosure = changed(unit(), *two, *rest, (STATISTIC, "政府采购合计", "统计数", change))
    found = verdict("T10-1", disclosure, "部门决算公开相关信息统计表.政府采购合计.统计数")
    assert (found["conclusion"], found["tolerance"]) == (conclusion, Decimal(tolerance))


def test_amounts_in_yuan_are_rounded_and_shown_in_yuan() -> None:
    wrong = changed(unit(), (STATISTIC, "政府采购合计", "统计数", "+0.000003"))
    subject = "部门决算公开相关信息统计表.政府采购合计.统计数"
    found = verdict("T10-1", wrong, subject, manner=Manner(money_unit="元"))
    assert (found["conclusion"], found["difference"], found["unit"]) == ("不成立", Decimal("0.03"), "元")


def test_a_figure_that_is_held_makes_only_its_own_checks_impossible() -> None:
    tables = tables_of(unit())
    here = (
        (pl.col("form") == SPENDING)
        & (pl.col("subject_code") == "2080505")
        & (pl.col("measure") == "基本支出")
    )
    items = tables["fact_line_item"].with_columns(
        status=pl.when(here).then(pl.lit("held")).otherwise("status"),
        amount=pl.when(~here).then("amount"),
    )
    found = verdicts(tables | {"fact_line_item": items}, "T03-4")
    refused = found.filter(pl.col("conclusion") == "无法核对")
    assert refused["subject"].to_list() == ["支出决算表.20805.基本支出"]
    assert "待核" in refused["note"].item()
    assert "不成立" not in conclusions(found)


def test_what_an_expectation_holds_back_is_held_here_too() -> None:
    tables = tables_of(changed(unit(), (SUMMARY, "本年收入合计", "金额", "+0.10")))
    failure = {"suite": "rows", "expectation": "x", "statement_id": f"doc000000000/{SUMMARY}"}
    verdict_of_suite = {"suite": "rows", "expectation": "x", "severity": "critical", "success": False}
    held = {
        "expectation_result": frame("expectation_result", [verdict_of_suite]),
        "expectation_failure": frame("expectation_failure", [failure]),
    }
    assert conclusions(verdicts(tables, "T01-1")) == {"不成立"}
    assert conclusions(verdicts(tables | held, "T01-1")) == {"无法核对"}


@pytest.mark.parametrize("state", ["不完整", "待核", "缺失"])
def test_a_statement_that_may_have_lost_a_row_is_not_held_against_anyone(state: str) -> None:
    tables = tables_of(changed(unit(), (SPENDING, "合计", "本年支出合计", "+0.10")))
    broken = tables["dim_statement"].with_columns(
        state=pl.when(pl.col("form") == SPENDING).then(pl.lit(state)).otherwise("state")
    )
    for rule in ("T03-1", "T03-2", "X08"):
        found = verdicts(tables | {"dim_statement": broken}, rule)
        assert conclusions(found) == {"无法核对"}
        assert f"「支出决算表」{state}" in found["note"].item()


def test_a_table_that_is_not_there_is_said() -> None:
    whole = unit()
    without = replace(whole, statements=tuple(s for s in whole.statements if s.form != FUND))
    found = verdicts(tables_of(without), "X16")
    assert conclusions(found) == {"不适用"}
    assert found["note"].item() == "文中没有「政府性基金预算财政拨款收入支出决算表」"


def test_a_table_declared_empty_counts_as_nothing() -> None:
    whole = unit()
    empty = tuple(StatementFigures(s.form) if s.form == FUND else s for s in whole.statements)
    found = verdicts(tables_of(replace(whole, statements=empty)), "X16")
    assert "不成立" in conclusions(found)


def test_a_row_without_a_known_code_makes_sums_over_codes_impossible() -> None:
    tables = tables_of(unit())
    items = tables["fact_line_item"].with_columns(
        subject_code=pl.when((pl.col("form") == SPENDING) & (pl.col("subject_code") == "2080505"))
        .then(None)
        .otherwise("subject_code")
    )
    for rule in ("T03-2", "T03-4", "X09"):
        assert conclusions(verdicts(tables | {"fact_line_item": items}, rule)) == {"无法核对"}
    assert conclusions(verdicts(tables | {"fact_line_item": items}, "T03-1")) == {"成立"}


def test_a_class_without_anything_printed_under_it_is_no_contradiction() -> None:
    whole = unit()
    rows = tuple(
        row for row in whole.statement(SPENDING).rows if not (row.key > "208" and row.key[:3] == "208")
    )
    short = tuple(replace(s, rows=rows) if s.form == SPENDING else s for s in whole.statements)
    found = verdicts(tables_of(replace(whole, statements=short)), "T03-3")
    assert conclusions(found) == {"成立"}
    assert not found["subject"].str.contains("208").any()


def test_zero_totals_divide_nothing() -> None:
    blank = replace(unit(), statements=tuple(StatementFigures(s.form) for s in unit().statements))
    found = reconcile(2024, tables_of(blank), {}, rules=RULES)
    assert not {"不成立", "尾差"} & conclusions(found.filter(pl.col("rule") != "D12"))


def test_two_copies_of_a_form_are_told_apart() -> None:
    tables = tables_of(unit())
    copied = pl.col("form") == SPENDING
    second = {"statement_id": pl.concat_str("statement_id", pl.lit("-2"))}
    cells, statements = tables["fact_line_item"], tables["dim_statement"]
    again = {
        "fact_line_item": pl.concat([cells, cells.filter(copied).with_columns(**second)]),
        "dim_statement": pl.concat([statements, statements.filter(copied).with_columns(**second)]),
    }
    within = verdicts(tables | again, "T03-2")
    assert conclusions(within) == {"成立"}
    assert within["subject"].str.starts_with("支出决算表（2）.").sum() == within.height / 2
    assert conclusions(verdicts(tables | again, "X08")) == {"无法核对"}
