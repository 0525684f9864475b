"""The witness itself: its figures add up, its samples are what is committed, its truth counts right."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.vocabulary import forms
from tests.typesetter.consistent import closing_balances, consistent_disclosure
from tests.typesetter.figures import TOTAL, Disclosure
from tests.typesetter.manner import Hand, Manner
from tests.typesetter.samples import FOLDER, archives, samples
from tests.typesetter.templates import TEMPLATES
from tests.typesetter.text import print_text

SEEDS = Path(__file__).parents[2] / "shared" / "documents"

SUMMARY, FUNDS, GENERAL = "income_expenditure_summary", "appropriation_summary", "general_budget_expenditure"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    template_id=st.sampled_from(TEMPLATES),
    nature=st.sampled_from(("行政单位", "参公事业单位", "事业单位")),
    general=st.integers(1, 8),
    funds=st.integers(0, 3),
    capital=st.integers(0, 2),
    members=st.sampled_from(((), ("示例市综合服务中心本级", "示例市综合服务分中心"))),
)
def test_consistent_figures_add_up(seed, template_id, nature, general, funds, capital, members):
    d = consistent_disclosure(
        seed,
        template_id=template_id,
        nature=nature,
        general=general,
        funds=funds,
        capital=capital,
        members=members,
    )
    assert_identities(d)


def assert_identities(d: Disclosure) -> None:
    v = d.value

    def one(key):
        return v(SUMMARY, key, "金额")

    income = [i for i in forms()[SUMMARY].items if i.side == "收入" and i.line_no <= 8]
    kinds = [i for i in forms()[SUMMARY].items if i.subject]
    assert one("本年收入合计") == sum(one(i.name) for i in income)
    assert one("收入总计") == one("本年收入合计") + one("使用非财政拨款结余") + one("年初结转和结余")
    assert one("本年支出合计") == sum(one(i.name) for i in kinds)
    assert one("支出总计") == one("本年支出合计") + one("结余分配") + one("年末结转和结余")
    assert one("收入总计") == one("支出总计") > 0

    funds = {
        "一般公共预算财政拨款": (GENERAL, "小计"),
        "政府性基金预算财政拨款": ("government_fund", "本年支出小计"),
        "国有资本经营预算财政拨款": ("state_capital", "合计"),
    }
    for name, (form, total) in funds.items():
        assert v(FUNDS, f"本年{name}", "金额") + v(FUNDS, f"年初{name}", "金额") == v(FUNDS, "支出总计", name)
        assert v(form, TOTAL, total) == v(FUNDS, "本年支出合计", name)
        assert v(FUNDS, f"本年{name}", "金额") == one(f"{name}收入")
    assert v(FUNDS, "收入总计", "金额") == v(FUNDS, "支出总计", "合计")
    assert v(FUNDS, "年初财政拨款结转和结余", "金额") == sum(v(FUNDS, f"年初{n}", "金额") for n in funds)
    for key in [*(i.name for i in kinds), "本年支出合计", "年末财政拨款结转和结余", "支出总计"]:
        assert v(FUNDS, key, "合计") == sum(v(FUNDS, key, n) for n in funds)

    assert v("income", TOTAL, "本年收入合计") == one("本年收入合计")
    assert v("income", TOTAL, "财政拨款收入") == v(FUNDS, "本年收入合计", "金额")
    for name in ("上级补助收入", "事业收入", "经营收入", "附属单位上缴收入", "其他收入"):
        assert v("income", TOTAL, name) == one(name)
    assert v("expenditure", TOTAL, "本年支出合计") == one("本年支出合计")
    for form in ("income", "expenditure", GENERAL, "government_fund", "state_capital"):
        assert_subject_rows(d, form)

    basic = "basic_expenditure"
    for code in {c[:3] for block in forms()[basic].blocks[d.template] for c in block}:
        rows = [r for r in d.statement(basic).rows if len(r.key) == 5 and r.key.startswith(code)]
        assert v(basic, code, "决算数") == sum(r.amounts.get("决算数", 0) for r in rows)
        assert not (forms()[basic].is_closed(code) and rows)
    assert v(basic, "人员经费合计", "决算数") + v(basic, "公用经费合计", "决算数") == v(
        GENERAL, TOTAL, "基本支出"
    )
    assert v("three_public", "决算数", "合计") <= v("three_public", "预算数", "合计")
    assert v("three_public", "决算数", "公务接待费") == v(basic, "30217", "决算数")


def assert_subject_rows(d: Disclosure, form: str) -> None:
    rows = d.statement(form).rows
    if not rows:
        return
    identity = forms()[form].row_identity
    if identity:
        for row in rows:
            assert row.amounts.get(identity[0], 0) == sum(row.amounts.get(m, 0) for m in identity[1])
    for measure in {m for row in rows for m in row.amounts}:
        by_level = defaultdict(Decimal)
        for row in rows[1:]:
            by_level[len(row.key)] += row.amounts.get(measure, 0)
        assert set(by_level.values()) == {rows[0].amounts.get(measure, Decimal(0))}, (form, measure)


def test_the_samples_are_what_the_script_makes():
    made = samples()
    assert {p.name for p in FOLDER.glob("*.txt")} == made.keys()
    for name, printed in made.items():
        assert (FOLDER / name).read_bytes() == printed.data, name


def test_the_invented_unit_carries_its_balances_over():
    before, after = archives(2023), archives(2024)
    assert_identities(before)
    assert_identities(after)
    assert (
        after.value(SUMMARY, "年初结转和结余", "金额") == before.value(SUMMARY, "年末结转和结余", "金额") > 0
    )
    carried = before.value(FUNDS, "年末财政拨款结转和结余", "合计")
    assert (
        after.value(FUNDS, "年初财政拨款结转和结余", "金额")
        == carried
        == 100 * closing_balances(before).general
    )


@pytest.mark.skipif(not SEEDS.exists(), reason="the real documents lie beside the project, not in it")
def test_the_public_sample_has_the_figures_of_its_source():
    printed = samples()["阳泉市卫生健康委员会医事管理中心2024年度单位决算.txt"]
    with (SEEDS / "seed_statements.csv").open(encoding="utf-8-sig") as lines:
        expected = {row["表名"]: row for row in csv.DictReader(lines) if row["文件"].startswith("000")}
    for statement in printed.truth.statements:
        if statement.state == "缺失":
            assert forms()[statement.form].name not in expected
            continue
        row = expected[forms()[statement.form].name]
        counts = (statement.rows, len(statement.cells), statement.non_blank, statement.closed)
        assert counts == tuple(int(row[k]) for k in ("行数", "单元格数", "非空", "关闭"))
    source = next((SEEDS / "seeds").glob("000_*")).read_text("utf-8").split("\n")
    grid = {line.rstrip("\t") for line in source if "\t" in line and "：" not in line}
    made = {line.replace("———", "——").rstrip("\t") for line in printed.text.split("\n") if "\t" in line}
    rows = {line for line in made if any(c.isdigit() for c in line) and "、" not in line.split("\t")[0][:3]}
    assert rows <= grid


def test_an_amount_is_printed_exactly_or_not_at_all():
    assert Hand(Manner()).amount(Decimal("49600")) == "4.96"
    assert Hand(Manner(spaced_every=1)).amount(Decimal("49600")) == "4. 96"
    assert Hand(Manner(thousands=True)).amount(Decimal("1345836400")) == "134,583.64"
    assert Hand(Manner(full_width_digits=True)).amount(Decimal("49600")) == "４．９６"
    assert Hand(Manner(money_unit="元")).amount(Decimal("49600.01")) == "49600.01"
    with pytest.raises(ValueError, match="two decimals"):
        Hand(Manner()).amount(Decimal("49600.01"))


def test_a_page_break_leaves_a_blank_line_and_may_repeat_the_head():
    d = consistent_disclosure(1)
    once = print_text(d).text
    again = print_text(d, Manner(break_every=20, repeat_header=True)).text
    head = "科目代码\t科目名称\t决算数"
    assert again.count(head) > once.count(head)
    assert "\n\n" + head not in once
