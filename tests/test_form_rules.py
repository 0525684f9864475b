"""Rules of form: what is in order passes, the one change that a rule is about is noticed, and only there."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from expectations.form_verdicts import verdicts
from expectations.reconcile import reconcile
from expectations.rules_data import load_rules
from pipelines.document import read_document
from tests.form_examples import FAULTS, UNIT, in_good_form, read, swap, tables_of
from tests.shared_documents import SHARED, needs_shared, part_of

OF_FORM = [rule for rule in load_rules() if rule.id.startswith("F")]
RULES = {rule.id: rule for rule in OF_FORM}
YEAR = 2024
# Nobody can say that these are in order, or that they are not: what they see is all that they tell.
NEVER_CERTAIN = {"F13"}
NEVER_FAILING = {"F13", "F35"}


def judged(text: str, rule: str) -> pl.DataFrame:
    tables = read(text)
    year = tables["dim_document"]["fiscal_year"].item()
    return reconcile(year, tables, {}, rules=[RULES[rule]])


@pytest.fixture(scope="module")
def good() -> pl.DataFrame:
    return reconcile(YEAR, read(in_good_form()), {}, rules=OF_FORM)


def test_there_are_the_45_rules_of_form_each_with_an_example():
    assert sorted(RULES) == [f"F{n:02}" for n in range(1, 46)]
    assert sorted(FAULTS) == sorted(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_what_is_in_order_passes(good, rule):
    found = good.filter(pl.col("rule") == rule)
    expected = {"无法核对"} if rule in NEVER_CERTAIN else {"成立"}
    assert set(found["conclusion"]) == expected, found.select("subject", "conclusion", "note").to_dicts()
    assert found["left_text"].is_null().all() or rule not in NEVER_CERTAIN


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_fault_is_noticed(rule):
    found = judged(FAULTS[rule](in_good_form()), rule)
    expected = "无法核对" if rule in NEVER_FAILING else "不成立"
    failed = found.filter(pl.col("conclusion") == expected)
    assert not failed.is_empty(), found.select("subject", "conclusion", "left_text", "note").to_dicts()
    assert failed["note"].is_not_null().all()
    if rule not in NEVER_FAILING:
        place = pl.coalesce("left_text", "left_locator", "right_text")
        assert failed.select(place.is_not_null().all()).item(), "a finding shows what stands where"
    if rule == "F13":
        assert failed["left_text"].to_list() == ["示例市档案服各中心"]
    assert found["check_id"].is_unique().all()


def test_what_is_no_fault_of_the_office_is_marked_as_damage():
    assert {name for name, rule in RULES.items() if rule.severity == "O"} == {
        *("F12", "F13", "F14", "F21", "F22", "F25", "F26", "F27", "F43", "F44")
    }
    assert {name for name, rule in RULES.items() if rule.severity == "W"} == {"F15", "F17", "F31"}
    assert {name for name, rule in RULES.items() if rule.severity == "E"} == {"F24"}


def test_every_disclosure_gets_a_verdict_of_every_rule():
    bare = f"{UNIT}\n\n2024年度单位决算公开\n\n没有表，也没有说明。\n"
    found = reconcile(YEAR, read(bare), {}, rules=OF_FORM)
    assert set(found["rule"]) == set(RULES)
    assert not found["conclusion"].is_in(["不成立"]).any(), found.filter(pl.col("conclusion") == "不成立")
    assert found.filter(pl.col("conclusion") == "不适用")["note"].is_not_null().all()


def test_what_is_not_a_disclosure_is_not_judged():
    text = "某市某局2025年部门预算\n\n收支预算总表\n"
    assert reconcile(2025, read(text), {}).is_empty()


# --- what must not be taken for a fault ---------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("F11", "因公出国（境）费支出0万元，与上年相同。"),
        ("F11", "公务用车购置及运行维护费减少1.00万元，下降（按决算口径）30%。"),
        ("F11", "主要用于车辆燃油费、维修费。"),
        ("F12", "一、本年度一般公共预算财政拨款支出决算、政府性基金预算财政拨款支出决算情况"),
        ("F39", "2023年度收入合计比2022年度收入合计少，是因为机构改革。".replace("2023", "与2023", 1)),
        ("F45", "其他支出主要是支付……等费用。"),
        ("F45", "本单位II类、XIX号项目已完成。"),
        ("F43", "截至2024年12月31日，共有车辆3辆。"),
    ],
)
def test_ordinary_sentences_are_no_fault(rule, sentence):
    text = swap("无其他需要说明的事项。", sentence)(in_good_form())
    found = judged(text, rule)
    assert set(found["conclusion"]) == {"成立"}, found.select("subject", "left_text", "note").to_dicts()


def test_a_code_that_nobody_has_seen_is_unknown_not_wrong():
    text = in_good_form().replace("2013299", "2019904").replace("20132\t", "20199\t")
    for rule in ("F01", "F02", "F36"):
        found = judged(text, rule)
        assert "不成立" not in set(found["conclusion"])
        assert "无法核对" in set(found["conclusion"])


def test_a_template_without_units_numbers_and_notes_is_not_at_fault():
    text = in_good_form()
    text = text.replace(f"部门名称：{UNIT} 2024年度 ", "").replace(f"单位名称：{UNIT} 2024年度 ", "")
    for rule in ("F06", "F23"):
        found = judged(text, rule)
        assert "不成立" not in set(found["conclusion"]), found.to_dicts()


def test_statements_that_lost_rows_are_not_blamed_on_the_office():
    found = judged(FAULTS["F22"](in_good_form()), "F05")
    assert "不成立" not in set(found["conclusion"])


def test_two_statements_of_one_form_with_other_figures_are_no_copies():
    text = in_good_form()
    begin = text.index("支出决算表\n\n公开03表")
    end = text.index("\n注：", begin)
    copy = text[begin:end]
    again = copy.replace("\t4.00\t", "\t5.00\t")
    assert again != copy
    twice = judged(text[:end] + "\n\n注：本表反映。\n\n" + copy + text[end:], "F24")
    other = judged(text[:end] + "\n\n注：本表反映。\n\n" + again + text[end:], "F24")
    assert Counter(twice["conclusion"])["不成立"] == 1
    assert Counter(other["conclusion"])["不成立"] == 0


# --- marks of the text --------------------------------------------------------------------------


def marks_of(text: str) -> list[tuple[str, str, str | None]]:
    part = read_document(text.encode(), name="公开.txt")
    return [(mark.mark, mark.locator, mark.value) for mark in part.marks]


def test_contents_name_their_forms_and_pages():
    marks = marks_of(in_good_form())
    assert ("目录", "L9", "收入支出决算总表") in marks
    assert ("目录页码", "L9", "1") in marks
    assert ("目录", "L7", "第一部分") in marks


def test_a_sentence_is_read_over_the_break_of_its_line():
    long = "本年度收入总计和支出总计都比上年有所变化，其中项目支出与上年相比增加"
    text = swap("无其他需要说明的事项。", f"{long}\n（减少）0万元。")(in_good_form())
    found = [mark for mark in marks_of(text) if mark[0] == "两可用语"]
    line = text.splitlines().index(long) + 1
    assert [place for _, place, _ in found] == [f"L{line}"]


def test_a_text_that_breaks_off_at_its_end_is_marked():
    text = in_good_form().split("\n公开日期")[0] + "\n四、其他支出，指除上述各项以外的支出，包括按照规定\n"
    assert [mark for mark, _, _ in marks_of(text)].count("文末断裂") == 1


def test_marks_hold_no_more_than_a_few_words_and_no_persons():
    person = "填报人：张某某\n\n联系电话：2200000\n"
    text = in_good_form() + f"{person}\n说明 请在此处简要说明张某某填报的事项。\n"
    part = read_document(text.encode(), name="公开.txt")
    assert any(mark.mark == "附件填报说明" for mark in part.marks)
    assert all(len(mark.text) <= 40 for mark in part.marks)
    assert not any("张某某" in mark.text or "2200000" in mark.text for mark in part.marks)


def test_places_of_one_name_are_told_apart():
    places = pl.DataFrame(
        {
            "document_id": ["d"] * 3,
            "about": ["正文"] * 3,
            "place": ["空填", "空填", None],
            "conclusion": ["不成立", "不成立", "成立"],
        }
    )
    assert verdicts(places)["subject"].to_list() == ["正文.空填", "正文.空填#2", "正文"]


# --- real disclosures ---------------------------------------------------------------------------

# Findings (不成立) by rule, each looked at in the document. 财政局 has none.
FINDINGS = {
    "000": {"F19": 1, "F20": 1, "F21": 1},
    "001": {
        "F06": 1,
        "F15": 1,
        "F19": 1,
        "F20": 1,
        "F21": 1,
        "F22": 1,
        "F23": 2,
        "F24": 5,
        "F26": 1,
        "F27": 1,
        "F28": 7,
        "F29": 1,
        "F34": 1,
        "F43": 1,
    },
    "003": {"F21": 1, "F27": 1, "F32": 1, "F34": 1},
    "004": {
        "F01": 2,
        "F02": 6,
        "F04": 9,
        "F05": 3,
        "F06": 3,
        "F07": 4,
        "F08": 2,
        "F09": 3,
        "F10": 2,
        "F11": 23,
        "F12": 2,
        "F15": 1,
        "F17": 1,
        "F26": 3,
        "F27": 1,
        "F37": 3,
        "F43": 7,
        "F45": 1,
    },
}


@needs_shared
@pytest.mark.parametrize("number", sorted(FINDINGS))
def test_findings_on_real_disclosures(number):
    found = reconcile(YEAR, tables_of([part_of(number)]), {}, rules=OF_FORM)
    failed = found.filter(pl.col("conclusion") == "不成立")
    assert dict(Counter(failed["rule"])) == FINDINGS[number]


@needs_shared
def test_a_clean_disclosure_has_no_finding():
    path = next((SHARED / "pdf").glob("*财政局*"))
    part = read_document(path.read_bytes(), name=path.name)
    found = reconcile(YEAR, tables_of([part]), {}, rules=OF_FORM)
    assert not found.filter(pl.col("conclusion") == "不成立").height
    assert set(found["rule"]) == set(RULES)
