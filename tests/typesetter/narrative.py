"""The sentences around the statements: our own words, with figures that agree with the tables.

Belongs here: what the sections say. Does not belong here: in which order a template prints them.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pipelines.vocabulary import forms
from tests.typesetter.figures import WAN, Disclosure

_SUMMARY = "income_expenditure_summary"
_FUNDS = "appropriation_summary"
_GENERAL = "general_budget_expenditure"
_BASIC = "basic_expenditure"


def wan(amount: Decimal) -> str:
    """元 in the words of the text: 万元 with two decimals and separators."""
    return f"{amount / WAN:,.2f}万元"


def share(part: Decimal, whole: Decimal) -> str:
    """A share in per cent with two decimals; a whole of nothing has no share."""
    return f"{part * 100 / whole:.2f}%"


def overview(disclosure: Disclosure) -> tuple[list[str], list[str]]:
    """职责 and 机构设置."""
    duties = [f"{disclosure.unit}{disclosure.duties}。"]
    kind = {
        "行政单位": "政府工作部门",
        "参公事业单位": "参照公务员法管理的事业单位",
        "事业单位": "公益一类事业单位",
    }
    belongs = f"隶属于{disclosure.parent}，" if disclosure.parent else ""
    setting = [f"{disclosure.unit}，{belongs}为{kind[disclosure.nature]}。"]
    if disclosure.members:
        setting.append(f"纳入{disclosure.unit}{disclosure.year}年度部门决算编制范围的单位包括：")
        setting += [f"{i}.{name}" for i, name in enumerate(disclosure.members, start=1)]
    return duties, setting


def explanations(disclosure: Disclosure) -> Iterator[tuple[str, list[str]]]:
    """Title and sentences of each section of 情况说明."""
    value = disclosure.value
    year = disclosure.year
    income = value(_SUMMARY, "本年收入合计", "金额")
    spent = value(_SUMMARY, "本年支出合计", "金额")
    yield (
        "收入支出决算总体情况说明",
        [
            f"{year}年度收入总计{wan(value(_SUMMARY, '收入总计', '金额'))}，"
            f"支出总计{wan(value(_SUMMARY, '支出总计', '金额'))}，"
            f"年末结转和结余{wan(value(_SUMMARY, '年末结转和结余', '金额'))}。"
        ],
    )
    yield "收入决算情况说明", list(_parts(disclosure, "收入", "income", income))
    yield "支出决算情况说明", list(_parts(disclosure, "支出", "expenditure", spent))
    yield (
        "财政拨款收支决算总体情况说明",
        [
            f"{year}年度财政拨款收入总计{wan(value(_FUNDS, '收入总计', '金额'))}，"
            f"支出总计{wan(value(_FUNDS, '支出总计', '合计'))}。"
        ],
    )
    general = value(_GENERAL, "合计", "小计")
    kinds = [
        f"{item.name}（类）{wan(amount)}，占{share(amount, general)}"
        for item in forms()[_FUNDS].items
        if item.subject and general and (amount := value(_FUNDS, item.name, "一般公共预算财政拨款"))
    ]
    yield (
        "一般公共预算财政拨款支出决算情况说明",
        [f"一般公共预算财政拨款支出{wan(general)}" + (f"，其中：{'；'.join(kinds)}。" if kinds else "。")],
    )
    yield (
        "一般公共预算财政拨款基本支出决算情况说明",
        [
            f"人员经费{wan(value(_BASIC, '人员经费合计', '决算数'))}，"
            f"公用经费{wan(value(_BASIC, '公用经费合计', '决算数'))}。"
        ],
    )
    yield "政府性基金预算财政拨款收支决算情况说明", [_nil(disclosure, "government_fund", "本年支出小计")]
    yield "国有资本经营预算财政拨款支出决算情况说明", [_nil(disclosure, "state_capital", "合计")]
    yield (
        "财政拨款“三公”经费支出决算情况说明",
        [
            f"“三公”经费预算{wan(value('three_public', '预算数', '合计'))}，"
            f"决算{wan(value('three_public', '决算数', '合计'))}。"
        ],
    )
    yield "其他重要事项情况说明", list(disclosure.remarks) or ["无其他需要说明的事项。"]


def _parts(disclosure: Disclosure, word: str, form: str, whole: Decimal) -> Iterator[str]:
    parts = [
        f"{measure.name}{wan(amount)}，占{share(amount, whole)}"
        for measure in forms()[form].measures[1:]
        if (amount := disclosure.value(form, "合计", measure.name)) and whole
    ]
    yield f"{disclosure.year}年度{word}合计{wan(whole)}" + (
        f"，其中：{'；'.join(parts)}。" if parts else "。"
    )


def _nil(disclosure: Disclosure, form: str, measure: str) -> str:
    amount = disclosure.value(form, "合计", measure)
    return f"本年支出{wan(amount)}。" if amount else "本年度无此项收支。"


def terms() -> list[str]:
    """名词解释, in our own words."""
    return [
        "一、财政拨款收入：本级财政部门拨给的资金。",
        "二、基本支出：维持机构运转、完成日常工作的人员和公用开支。",
        "三、项目支出：为特定任务另行安排的开支。",
    ]
