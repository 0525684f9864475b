"""Rules that make no sense are refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from expectations.reconcile import reconcile
from expectations.registry import FUNCTIONS
from expectations.rules_data import load_rules, read_rule
from expectations.selectors import parse_side
from tests.reconcile_frames import tables_of

SOUND: dict[str, Any] = {
    "id": "T99",
    "statement": "本年收入合计等于收入总计",
    "severity": "E",
    "scope": "表内",
    "checks": [{"left": "收入支出决算总表.本年收入合计.金额", "right": "收入支出决算总表.收入总计.金额"}],
}
CHECK = SOUND["checks"][0]


def of_one(left: str) -> dict[str, Any]:
    return {"checks": [{"left": left, "relation": "非负"}]}


def with_check(**change: Any) -> dict[str, Any]:
    return {"checks": [CHECK | change]}


def test_a_sound_rule_is_read() -> None:
    assert read_rule(SOUND).checks[0].forms == ("income_expenditure_summary",)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"severty": "E"}, "T99: a rule has no severty"),
        ({"severity": "X"}, "T99: X is not a severity"),
        ({"statement": ""}, "T99: a rule needs a statement"),
        ({"impossible": "没有官方科目表"}, "T99: a rule has checks or a function, or a reason"),
        ({"templates": ["shanxi"]}, "T99: shanxi is not a template"),
        ({"years": [2025, 2020]}, "T99: years are the first and the last"),
        (of_one("收支总表.合计.金额"), "there is no form 收支总表"),
        (of_one("收入决算表.合计.金额"), "收入决算表 has no column 金额"),
        (
            of_one("收入决算表.总计.其他收入"),
            "收入决算表 has no row 总计",
        ),
        (of_one("收入决算表.合计"), "an address is 表.行.列"),
        ({"checks": [{"left": "收入决算表.合计.其他收入"}]}, "= is said of two"),
        (with_check(relation="非负"), "非负 is said of one side"),
        (with_check(relation="<"), "< is not a relation"),
        (with_check(when="闰年"), "闰年 is not a condition"),
        (
            with_check(right="收入决算表.各行.其他收入"),
            "not told apart by the same",
        ),
        ({"checks": [CHECK, CHECK]}, "a check stands there twice"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match="T99") as refused:
        read_rule(SOUND | change)
    assert complaint in str(refused.value)


def test_addends_of_a_side_stand_for_the_same() -> None:
    with pytest.raises(ValueError, match="stand for the same"):
        parse_side("收入决算表.合计.其他收入 + 收入决算表.项.其他收入")


def test_every_function_that_a_rule_names_is_in_the_register() -> None:
    reconcile(2024, tables_of(), {}, rules=[])
    assert {rule.function for rule in load_rules() if rule.function} == set(FUNCTIONS)
