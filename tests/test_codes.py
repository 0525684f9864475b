"""Codes that were cut short: repaired only with evidence, and only where they were cut."""

from __future__ import annotations

from decimal import Decimal

from pipelines.document import read_document
from pipelines.model import DocumentPart

MEASURES = {
    "收入决算表": [
        "本年收入合计",
        "财政拨款收入",
        "上级补助收入",
        "事业收入",
        "经营收入",
        "附属单位上缴收入",
        "其他收入",
    ],
    "支出决算表": [
        "本年支出合计",
        "基本支出",
        "项目支出",
        "上缴上级支出",
        "经营支出",
        "对附属单位补助支出",
    ],
    "一般公共预算财政拨款支出决算表": ["小计", "基本支出", "项目支出"],
}


def disclosure(**tables: list[tuple[str, str, str]]) -> DocumentPart:
    """A document of tables by 科目代码: rows of (code, name, total), every total spent at once."""
    text = "某局\n2024年度部门决算公开\n\n"
    for title, rows in tables.items():
        total = sum(Decimal(amount) for _, _, amount in rows)
        measures = MEASURES[title]
        rest = "\t" * (len(measures) - 1)
        lines = [
            "\t".join(["科目代码", "科目名称", *measures]),
            "\t".join(["栏次", "", *(str(n) for n, _ in enumerate(measures, 1))]),
            f"合计\t\t{total}{rest}",
            *(f"{code}\t{name}\t{amount}{rest}" for code, name, amount in rows),
        ]
        text += f"{title}\n部门：某局 2024年度 金额单位：万元\n" + "\n".join(lines) + "\n\n注：完。\n\n"
    return read_document(text.encode(), name="codes.txt")


def codes(part: DocumentPart, form: str) -> list[str | None]:
    """The codes of a form's rows, in order."""
    leading = {"income": "本年收入合计", "expenditure": "本年支出合计", "general_budget_expenditure": "小计"}
    return [
        i.subject_code
        for i in part.line_items
        if i.form == form and i.measure == leading[form] and i.item is None
    ]


FULL = [("2080505", "机关事业单位基本养老保险缴费支出", "4.96"), ("2210201", "住房公积金", "3.97")]


def test_same_name_and_amount_of_a_sister_repair_a_cut_code() -> None:
    part = disclosure(
        支出决算表=[("20805", "机关事业单位基本养老保险缴费", "4.96"), ("22102", "住房公积金", "3.97")],
        一般公共预算财政拨款支出决算表=FULL,
    )
    assert codes(part, "expenditure") == ["2080505", "2210201"]
    assert [r.printed for r in part.repairs] == ["20805", "22102"]
    assert "4.96" in part.repairs[0].evidence
    assert {i.subject_code_printed for i in part.line_items if i.form == "expenditure"} == {
        "20805",
        "22102",
        None,
    }


def test_a_sum_of_stacked_rows_is_evidence() -> None:
    part = disclosure(
        收入决算表=[("2210", "住房公积金", "16.82")],
        一般公共预算财政拨款支出决算表=[
            ("2210201", "住房公积金", "3.97"),
            ("2210201", "住房公积金", "12.85"),
        ],
    )
    assert codes(part, "income") == ["2210201"]
    assert "3.97+12.85=16.82" in part.repairs[0].evidence


def test_real_kuan_codes_are_left_alone() -> None:
    rows = [("208", "社会保障和就业支出", "4.96"), ("20805", "行政事业单位养老支出", "4.96"), *FULL[:1]]
    part = disclosure(支出决算表=rows, 一般公共预算财政拨款支出决算表=rows)
    assert codes(part, "expenditure") == ["208", "20805", "2080505"]
    assert part.repairs == ()


def test_a_table_down_to_kuan_only_is_left_alone_even_where_kuan_and_xiang_share_a_name() -> None:
    part = disclosure(
        支出决算表=[("210", "卫生健康支出", "5.00"), ("21099", "其他卫生健康支出", "5.00")],
        一般公共预算财政拨款支出决算表=[
            ("210", "卫生健康支出", "5.00"),
            ("21099", "其他卫生健康支出", "5.00"),
            ("2109999", "其他卫生健康支出", "5.00"),
        ],
    )
    assert codes(part, "expenditure") == ["210", "21099"]
    assert part.repairs == ()


def test_a_cut_code_with_several_candidates_is_left_out_and_said() -> None:
    part = disclosure(收入决算表=[("2080", "谁也不认识的科目", "1.00")])
    assert codes(part, "income") == [None]
    assert part.repairs == ()
    issue = next(i for i in part.issues if "2080" in i.reason)
    assert issue.kind == "held"
    amounts = [i.amount for i in part.line_items if i.row_seq == 2 and i.measure == "本年收入合计"]
    assert amounts == [Decimal("10000.00")]


def test_an_amount_of_another_row_is_no_evidence() -> None:
    part = disclosure(
        收入决算表=[("2101", "行政运行", "7.00")],
        一般公共预算财政拨款支出决算表=[("2101501", "行政运行", "8.00"), ("2101601", "行政运行", "9.00")],
    )
    assert codes(part, "income") == [None]
