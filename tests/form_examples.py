"""A disclosure in good form, and for each rule of form the change that it has to notice.

Belongs here: texts made by the typesetter and changed in one place, and what is read of them as the tables
of a year. Does not belong here: what the rules have to say of them (``test_form_rules``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from functools import cache

import polars as pl

from pipelines.document import read_document
from pipelines.locators import page_of
from pipelines.model import CellRole, DocumentPart
from tests.expectations_examples import schema
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.manner import Manner
from tests.typesetter.text import print_text
from warehouse.lake import PART_TABLES

UNIT = "示例市档案服务中心"
_ATTACHMENT = f"""
第五部分 附件

项目支出绩效自评表

单位（盖章）：{UNIT}

填报日期：2025.4.1

项目名称\t馆藏档案修复
主管部门\t示例市档案局\t实施单位\t{UNIT}
项目起止时间\t2024.1.1-2024.12.31\t绩效自评评价年度\t2024
项目预算金额（万元）\t10.00\t实际到位金额（万元）\t10.00\t实际执行金额（万元）\t9.00
"""
_SECOND = _ATTACHMENT.replace("第五部分 附件\n", "")

Change = Callable[[str], str]


@cache
def in_good_form() -> str:
    """The text of a disclosure that no rule of form has anything against."""
    disclosure = consistent_disclosure(
        7,
        unit=UNIT,
        parent="示例市档案局",
        codes=("2013299", "2080505", "2080506", "2101102", "2210201"),
    )
    text = print_text(disclosure, Manner()).data.decode()
    text = text.replace("为公益一类事业单位。", "为公益一类事业单位。2025年3月更名为示例市档案馆。", 1)
    return f"{text}\n公开日期：2025年9月1日\n{_ATTACHMENT}"


def swap(old: str, new: str, times: int = 1) -> Change:
    """The change of ``old`` into ``new``; the text has to hold it."""

    def change(text: str) -> str:
        assert old in text, f"the disclosure does not hold {old}"
        return text.replace(old, new, times)

    return change


def within(title: str, number: str, change: Change) -> Change:
    """The change, made within one statement only."""

    def inner(text: str) -> str:
        begin = text.index(f"{title}\n\n{number}")
        end = text.index("\n注：", begin) + 3
        return text[:begin] + change(text[begin:end]) + text[end:]

    return inner


def _without_levels(text: str) -> str:
    return re.sub(r"^(?:\d{3}|\d{5})\t.*\n", "", text, flags=re.M)


def _without_codes_of_one_row(text: str) -> str:
    return re.sub(r"^20132\t.*\n", "", text, count=1, flags=re.M)


def _row_twice(text: str) -> str:
    return re.sub(r"^(2210201\t.*\n)", r"\1\1", text, count=1, flags=re.M)


def _without_statistic(text: str) -> str:
    return re.sub(r"部门决算公开相关信息统计表\n\n公开10表.*?\n注：[^\n]*\n", "", text, flags=re.S)


def _scrap_of_rows(text: str) -> str:
    return re.sub(r"^(208\t.*\n)20805\t.*\n", r"\1\n20805\n\n", text, count=1, flags=re.M)


_SPENT = ("支出决算表", "公开03表")
_HEAD = f"部门名称：{UNIT} 2024年度 金额单位：万元"

# What each rule must notice.
FAULTS: dict[str, Change] = {
    "F01": within(*_SPENT, swap("2013299\t", "2013\t")),
    "F02": within(*_SPENT, swap("机关事业单位职业年金缴费支出", "机关事业单位职业年金")),
    "F03": within(*_SPENT, _without_levels),
    "F04": within(*_SPENT, _row_twice),
    "F05": within(*_SPENT, _without_codes_of_one_row),
    "F06": within(*_SPENT, swap(_HEAD, "2024年度 金额单位：万元")),
    "F07": within(*_SPENT, swap(_HEAD, f"部门名称：{UNIT} 2024年度")),
    "F08": swap("说明：本表无数据\n", ""),
    "F09": swap("六、一般公共预算财政拨款基本支出决算明细表", "六、一般公共预算财政拨款基本支出决算表"),
    "F10": swap("30109\t职业年金缴费\t", "30109\t职业年金\t"),
    "F11": swap("本年度无此项收支。", "与上年相比增加（减少）0万元。"),
    "F12": swap("本年度无此项收支。", "本年度没有安排此项收入，也没有安排此项支出，因此没有按支出功"),
    "F13": swap(f"{UNIT}承担", "示例市档案服各中心承担"),
    "F14": swap("第四部分 名词解释\n", "第四部分 名词解释\n第六部分 结语\n"),
    "F15": swap("评价年度\t2024", "评价年度\t2025"),
    "F16": swap("预算数为“三公”经费全年预算数，", ""),
    "F17": swap(f"{UNIT}\n\n2024年度单位决算公开", "示例市档案中心\n\n2024年度单位决算公开"),
    "F18": swap("馆藏档案修复", "馆藏档案修复（含设备"),
    "F19": _without_statistic,
    "F20": swap("\n\n第一部分 概况\n\n", "\n\n仅供内部审核\n\n第一部分 概况\n\n"),
    "F21": swap("公开02表", "公开02\n表"),
    "F22": within(*_SPENT, _scrap_of_rows),
    "F23": swap("公开03表\n", ""),
    "F24": lambda text: text + _SECOND,
    "F25": within(*_SPENT, swap("其他组织事务支出", "其他组织사务支出")),
    "F26": within(*_SPENT, swap("栏次\t\t1", "栏次\t判形\t1")),
    "F27": swap("本年度无此项收支。", "<u>本年度无此项收支。</u>"),
    "F28": lambda text: text + "\n说明 请在此处简要说明审计发现的问题。\n",
    "F29": lambda text: text + _SECOND.replace("10.00", "12.00"),
    "F30": swap("填报日期：2025.4.1\n", ""),
    "F31": within(*_SPENT, swap(UNIT, "示例市档案馆")),
    "F32": swap("\t——", "\t———"),
    "F33": within(*_SPENT, swap("金额单位：万元", "金额单位：元")),
    "F34": lambda text: text + _SECOND.replace("2025.4.1", "2025年4月1日").replace("馆藏", "特藏"),
    "F35": lambda text: text.replace("2024", "2035"),
    "F36": within(*_SPENT, swap("行政事业单位养老支出", "行政事业单位离退休")),
    "F37": within(*_SPENT, lambda text: re.sub(r"(\t\d+\.\d)\d\t", r"\1\t", text, count=1)),
    "F38": swap("二、收入决算表\t2", "二、收入决算表\t0"),
    "F39": swap("2024年度收入合计", "2023年度收入合计"),
    "F40": swap("2024年度单位决算公开", "2024年度单位决算汇总"),
    "F41": swap("注：本表反映部门本年度各项支出情况。\n", ""),
    "F42": swap("公开日期：2025年9月1日", "公开日期：2023年9月1日"),
    "F43": within(*_SPENT, lambda text: re.sub(r"(\t\d+\.)(\d\d\t)", r"\1 \2", text, count=1)),
    "F44": within(
        *_SPENT, swap("2080506\t机关事业单位职业年金缴费支出", "2080506\t机关事业单位基本养老保险缴费支出")
    ),
    "F45": swap("本年度无此项收支。", "本年度无此项收支。。"),
}


def tables_of(parts: list[DocumentPart]) -> dict[str, pl.DataFrame]:
    """What was read as the tables of a year, with the columns that the lake adds."""
    found: dict[str, pl.DataFrame] = {}
    for table, name in PART_TABLES.items():
        rows = []
        for part in parts:
            value = getattr(part, name)
            added = {"document_id": part.document.document_id, "fiscal_year": part.document.fiscal_year}
            rows += [added | _record(one) for one in (value if isinstance(value, tuple) else (value,))]
        columns = schema(table)
        found[table] = pl.DataFrame(
            [{column: row.get(column) for column in columns} for row in rows], schema=columns, orient="row"
        )
    return found


def _record(record: object) -> dict[str, object]:
    values = {f.name: getattr(record, f.name) for f in fields(record)}  # type: ignore[arg-type]
    if isinstance(record, CellRole):
        values |= {"page": page_of(record.cell_id.partition("/")[2])}
    return values


def read(text: str) -> dict[str, pl.DataFrame]:
    """The tables of a year with this one document."""
    return tables_of([read_document(text.encode(), name="公开.txt")])
