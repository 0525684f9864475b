"""What pages, narrow columns and damage add to a form or take from it makes no value of it wrong."""

from __future__ import annotations

import random
import re
from decimal import Decimal

import pytest

from pipelines.document import read_document
from pipelines.model import DocumentPart, Line
from pipelines.performance.cut import cut_blocks, cut_forms
from pipelines.performance.head_values import span
from pipelines.performance.limits import is_kept
from pipelines.performance.reading import PerformanceReading, read_performance
from pipelines.readers import text_at
from pipelines.readers.text import read_text
from pipelines.wording import fold
from tests.shared_documents import needs_shared, seed, seed_numbers

HEAD = """项目名称\t甲项目
主管部门\t某市某局\t实施单位\t某市某中心
项目起止时间\t20240101-20241231\t绩效自评评价年度\t2024
项目预算金额（万元）\t5\t实际到位金额（万元）\t5\t实际执行金额（万元）\t4
项目执行情况（10分）\t8
"""
COLUMNS = "\t一级指标\t二级指标\t三级指标\t\t年度指标值\t全年完成值\t未完成原因和改进措施\t自评得分\n"
FIRST = "绩效指标\t产出指标（50分）\t数量指标\t指标1\t次数\t≥8次\t9次\t已完成\t49\n"
SECOND = "\t\t质量指标\t指标1\t合格率\t{}\t{}\t{}\t\n"
TAIL = """总分\t\t\t\t\t\t\t\t98
总分设置为100分：预算执行率10分、产出指标50分、效益指标30分、满意度指标10分。等级一般划分为四档。
自评结论及结果分析\t等级优
主要经验做法\t无
存在问题与整改措施\t无
"""
SIGNED = "填报人：张三\n"


def read(text: str) -> PerformanceReading:
    return read_performance("0" * 12, read_text(text.encode()).blocks)


def with_rows(*rows: str, tail: str = TAIL) -> PerformanceReading:
    return read(HEAD + COLUMNS + FIRST + "".join(rows) + tail + SIGNED)


# --- what stands between pages -------------------------------------------------------------


@pytest.mark.parametrize("number", ["- 12 -", "—3—", "第 3 页 共 9 页", "第3页"])
def test_the_number_of_a_page_is_ignored_by_its_rule(number: str) -> None:
    reading = with_rows(f"\n{number}\n\n", SECOND.format("95%", "96%", ""))
    assert [one.level3 for one in reading.indicators] == ["次数", "合格率"]
    assert reading.indicators[1].level1 == "产出指标"
    assert [(cell.role, cell.rule) for cell in reading.cells if cell.text == number] == [
        ("ignored", "页眉页脚")
    ]


def test_a_head_row_that_the_next_page_repeats_opens_no_second_form() -> None:
    again = HEAD.splitlines(keepends=True)[0]
    reading = read(HEAD + COLUMNS + FIRST + "\n" + again + SECOND.format("95%", "96%", "") + TAIL + SIGNED)
    (form,) = reading.forms
    assert (form.project_name, len(reading.indicators), form.total_score) == ("甲项目", 2, 98)
    other = read((HEAD + COLUMNS + FIRST + TAIL + "\n") * 2)
    assert len(other.forms) == 2


def test_a_title_and_head_that_a_table_repeats_are_of_the_form_above() -> None:
    title = "某市项目支出绩效自评表\t\n"
    head = title + HEAD.splitlines(keepends=True)[0]
    reading = read(title + HEAD + COLUMNS + FIRST + "\n" + head + SECOND.format("95%", "96%", "") + TAIL)
    (form,) = reading.forms
    assert (form.total_score, len(reading.indicators)) == (98, 2)


def test_the_year_over_each_of_several_forms_is_no_running_head() -> None:
    def page(number: int) -> list[Line]:
        lines = ["某市项目支出绩效自评表", "（2024年度）"]
        return [
            Line(text, f"p{number}/l{i}", (0.0, 0.0, 1.0, 1.0), furniture=True)
            for i, text in enumerate(lines)
        ]

    forms = []
    for number in (1, 2):
        forms += [*page(number), *read_text((HEAD + COLUMNS + FIRST + TAIL).encode()).blocks]
    first, second = cut_forms(forms)
    for form in (first, second):
        assert form.title is not None
        assert [line.text for line in form.above] == ["（2024年度）"]
    running = [
        *read_text((HEAD + COLUMNS + FIRST).encode()).blocks,
        *page(2),
        *read_text(TAIL.encode()).blocks,
    ]
    (one,) = cut_blocks(running).forms
    assert [line.text for line in one.noise] == ["某市项目支出绩效自评表", "（2024年度）"]


# --- empty cells ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (("", "96%", "示例原因"), (None, "96%", "示例原因")),
        (("95%", "", "已完成"), ("95%", None, "已完成")),
        (("", "", "无"), (None, None, "无")),
        (("", "已完成", "已完成"), (None, "已完成", "已完成")),
    ],
)
def test_an_empty_value_leaves_the_others_in_their_columns(
    cells: tuple[str, ...], wanted: tuple[str | None, ...]
) -> None:
    row = with_rows(SECOND.format(*cells)).indicators[1]
    assert (row.target, row.achieved, row.deviation) == wanted


@pytest.mark.parametrize("target", ["有效提升", "95%"])
def test_an_empty_name_makes_no_value_the_name(target: str) -> None:
    reading = with_rows(SECOND.format(target, "达到", "无").replace("合格率", ""))
    assert [one.level3 for one in reading.indicators] == ["次数"]
    assert any(issue.reason == "三级指标名称没有读出" for issue in reading.issues)


def test_without_the_label_of_the_total_no_sentence_is_an_indicator() -> None:
    reading = with_rows(tail=TAIL.replace("总分\t", "\t", 1))
    assert [one.level3 for one in reading.indicators] == ["次数"]


def test_a_figure_whose_label_is_lost_is_not_given_to_the_source_before_it() -> None:
    rows = "部门名称：某市某中心\t填报日期：2025.4.1\n部门基本信息：3个\t下属预算单位：1个\n"
    rows += "部门（单位）收支情况\t年度收入情况\t局机关及二级机构汇总（万元）\t年度支出和结余情况\t\n"
    rows += "\t收入合计\t12.5\t支出合计\t12\n\t其他收入\t\t{}\t0.5\n自评结论及整体运行绩效情况分析\t良好\n"
    whole = {row.source: row for row in read(rows.format("结余")).funding}
    assert (whole["收入合计"].received_amount, whole["支出合计"].executed_amount) == (125000, 120000)
    assert (whole["其他收入"].received_amount, whole["结余"].executed_amount) == (None, 5000)
    lost = {row.source: row for row in read(rows.format("")).funding}
    assert (lost["其他收入"].status, lost["其他收入"].received_amount) == ("held", None)
    assert "来源名没有印出" in (lost["其他收入"].reason or "")


def test_a_period_is_read_without_marks_and_named_where_it_is_none() -> None:
    found = span("20240101-20241231")
    assert found is not None
    assert [day.isoformat() for day in found] == ["2024-01-01", "2024-12-31"]
    assert span("20241231-20240101") is None
    (form,) = read(HEAD.replace("20240101-20241231", "长期") + COLUMNS + FIRST + TAIL).forms
    assert (form.starts_on, form.note) == (None, "项目起止时间：照录原文，不是认得的起止两日")


# --- figures that are too long ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "amount", "kept"),
    [
        ("7.92255819", False, True),
        ("7.922558191", False, False),
        ("1.00000000000", False, True),
        ("9" * 16, False, True),
        ("9" * 21, False, False),
        ("123.45", True, True),
        ("123.456", True, False),
        ("9" * 19, True, False),
    ],
)
def test_a_figure_is_kept_whole_or_not_at_all(text: str, amount: bool, kept: bool) -> None:
    assert is_kept(Decimal(text), amount=amount) is kept


@pytest.mark.parametrize("target", ["9" * 21 + "次", "1.123456789次"])
def test_an_indicator_with_a_figure_that_is_too_long_is_held(target: str) -> None:
    reading = with_rows(SECOND.format(target, "96%", ""))
    row = reading.indicators[1]
    assert (row.target, row.target_value, row.status) == (target, None, "held")
    assert row.achieved_value == 96
    assert "位数过多" in (row.reason or "")
    assert any("位数过多" in issue.reason for issue in reading.issues)


def test_scores_and_amounts_that_are_too_long_are_held_and_named_in_the_note() -> None:
    text = HEAD.replace("\t8\n", "\t8.1234567891\n").replace("\t5\t", "\t0.00000012\t", 1)
    reading = read(text + COLUMNS + FIRST.replace("\t49", "\t49.1234567891") + TAIL + SIGNED)
    (form,) = reading.forms
    assert (form.execution_score, form.output_score, form.budget_amount) == (None, None, None)
    for name in ("执行得分", "产出得分", "预算金额"):
        assert name in (form.note or "")
    assert form.total_score == 98


# --- damaged copies of the real forms ----------------------------------------------------------

FIRST_LINES = {"000": 495, "001": 560, "002": 1, "003": 540, "004": 488}


def damaged(lines: list[str], made: random.Random, first: int) -> str:
    """A copy with cells emptied, lost, doubled, out of order or strange, and lines lost, moved or cut."""
    strange = ["12", "9" * 25, "1.123456789012", "- 3 -", "无", "98%", "指标1"]
    lines = list(lines)
    for _ in range(made.randint(1, 25)):
        at = made.randrange(first, len(lines))
        cells = lines[at].split("\t")
        place = made.randrange(len(cells))
        match made.randrange(8):
            case 0:
                cells[place] = ""
            case 1:
                del cells[place]
            case 2:
                cells.insert(place, cells[place])
            case 3:
                made.shuffle(cells)
            case 4:
                cells.insert(place, made.choice(strange))
            case 5:
                cells = [*cells[:place], cells[place][: len(cells[place]) // 2]]
            case 6:
                lines.insert(at, lines[made.randrange(first, len(lines))])
                continue
            case 7:
                del lines[at]
                continue
        lines[at] = "\t".join(cells)
    return "\n".join(lines)


def wrong_prints(part: DocumentPart, data: bytes) -> list[object]:
    """The records whose print is not what stands at their place, or whose figure is not in their print."""

    def at(cell_id: str | None) -> str:
        return text_at(data, (cell_id or "").partition("/")[2])

    found: list[object] = []
    for one in part.performance_fields:
        if one.status != "blank" and one.printed != at(one.cell_id) and "***" not in one.printed:
            found.append(one)
        if one.number is not None and one.number not in _numbers(at(one.cell_id)):
            # A number that was torn at its point stands in two cells of a row.
            row = at(one.cell_id.partition("/c")[0]) if "/c" in one.cell_id else ""
            found += [] if one.number in _numbers(row.replace("\t", "")) else [one]
    for fund in part.performance_funding:
        for column in ("budget", "received", "executed"):
            value, cell = getattr(fund, f"{column}_amount"), getattr(fund, f"{column}_cell")
            if value is not None and not {value, value / 10000} & _numbers(at(cell)):
                found.append(fund)
    for row_ in part.performance_indicators:
        for column in ("target", "achieved"):
            value, cell = getattr(row_, f"{column}_value"), getattr(row_, f"{column}_cell")
            if value is not None and value not in _numbers(at(cell)):
                found.append(row_)
    return found


def _numbers(text: str) -> set[Decimal]:
    return {Decimal(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", fold(text))}


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("number", seed_numbers())
def test_damage_raises_nothing_and_no_figure_is_read_that_is_not_printed_at_its_place(number: str) -> None:
    lines = seed(number).read_text("utf-8").split("\n")
    for salt in range(12):
        made = random.Random(f"{number}-{salt}")  # noqa: S311 nothing is secret here
        data = damaged(lines, made, FIRST_LINES[number]).encode()
        part = read_document(data, name="x.txt")
        assert not wrong_prints(part, data)
