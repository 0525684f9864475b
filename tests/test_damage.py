"""Damaged documents: the reader never fails, never reads a number wrong, and says what it held and why."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.document import read_document
from pipelines.model import DocumentPart
from tests.checks import assert_sound
from tests.typesetter.samples import samples

COVER = "示例市综合服务中心\n\n2024年度单位决算公开\n\n"

MONEY = "部门名称：示例市综合服务中心 2024年度 金额单位：万元\n\n"

INCOME_HEAD = (
    "项目\t\t本年收入合计\t财政拨款收入\t上级补助收入\t事业收入\t经营收入\t附属单位上缴收入\t其他收入\n"
    "科目代码\t科目名称\t\t\t\t\t\t\t\n"
    "栏次\t\t1\t2\t3\t4\t5\t6\t7\n"
)
INCOME_ROWS = (
    "合计\t\t30.50\t30.00\t\t\t\t\t0.50\n"
    "208\t社会保障和就业支出\t10.50\t10.00\t\t\t\t\t0.50\n"
    "20805\t行政事业单位养老支出\t10.50\t10.00\t\t\t\t\t0.50\n"
    "2080505\t机关事业单位基本养老保险缴费支出\t10.50\t10.00\t\t\t\t\t0.50\n"
    "221\t住房保障支出\t20.00\t20.00\t\t\t\t\t\n"
    "22102\t住房改革支出\t20.00\t20.00\t\t\t\t\t\n"
    "2210201\t住房公积金\t20.00\t20.00\t\t\t\t\t\n"
)
INCOME_NOTE = "\n注：本表反映部门本年度取得的各项收入情况。\n\n"
INCOME = "收入决算表\n\n公开02表\n\n" + MONEY + INCOME_HEAD + INCOME_ROWS + INCOME_NOTE

SPENDING_HEAD = (
    "项目\t\t本年支出合计\t基本支出\t项目支出\t上缴上级支出\t经营支出\t对附属单位补助支出\n"
    "科目代码\t科目名称\t\t\t\t\t\t\n"
    "栏次\t\t1\t2\t3\t4\t5\t6\n"
)
SPENDING_ROWS = (
    "合计\t\t20.00\t5.00\t15.00\t\t\t\n"
    "221\t住房保障支出\t20.00\t5.00\t15.00\t\t\t\n"
    "22102\t住房改革支出\t20.00\t5.00\t15.00\t\t\t\n"
    "2210201\t住房公积金\t20.00\t5.00\t15.00\t\t\t\n"
)
SPENDING_NOTE = "\n注：本表反映部门本年度各项支出情况。\n\n"
SPENDING = "支出决算表\n\n公开03表\n\n" + MONEY + SPENDING_HEAD + SPENDING_ROWS + SPENDING_NOTE


def read(text: str | bytes) -> DocumentPart:
    """Read a document; whatever is wrong with it, nothing may be lost, misplaced or misread."""
    data = text.encode() if isinstance(text, str) else text
    part = read_document(data, name="damaged.txt")
    assert_sound(data, part)
    return part


def amounts(part: DocumentPart, form: str = "income") -> dict[tuple[str | None, str], Decimal]:
    """The amounts of a form by 科目代码 (None for the total) and measure, in 万元."""
    return {
        (i.subject_code, i.measure): i.amount / 10_000
        for i in part.line_items
        if i.form == form and i.amount is not None
    }


WHOLE_INCOME = {
    (code, measure): Decimal(value)
    for code, values in {
        None: ("30.50", "30.00", "0.50"),
        "208": ("10.50", "10.00", "0.50"),
        "20805": ("10.50", "10.00", "0.50"),
        "2080505": ("10.50", "10.00", "0.50"),
        "221": ("20.00", "20.00", ""),
        "22102": ("20.00", "20.00", ""),
        "2210201": ("20.00", "20.00", ""),
    }.items()
    for measure, value in zip(("本年收入合计", "财政拨款收入", "其他收入"), values, strict=True)
    if value
}


def issue_at(part: DocumentPart, text: str, words: str) -> None:
    """Some issue that holds something names the line on which these words stand."""
    number = next(n for n, line in enumerate(text.split("\n"), start=1) if words in line)
    places = [i.locator.partition("/")[0] for i in part.issues if i.kind in ("held", "failed", "ignored")]
    assert f"L{number}" in places, (number, part.issues)


def assert_advice(part: DocumentPart) -> None:
    """What was held or failed says why and what a person can do."""
    assert part.issues
    for issue in part.issues:
        assert issue.reason
        assert issue.advice


def test_the_undamaged_document_is_read_whole():
    part = read(COVER + INCOME + SPENDING)
    assert amounts(part) == WHOLE_INCOME
    assert [s.state for s in part.statements] == ["有数", "有数"]
    assert not [i for i in part.issues if i.kind != "noted"]


@pytest.mark.parametrize(
    "row",
    [
        "221\t住房保障支出\t20.00\n",
        "221\t20.00\t20.00\t\t\t\t\t\n",
        "221\t住房保障支出\t20.00\t20.00\t\t\t\t\t\t7.00\n",
        "221\t住房保障支出\t\t20.00\t20.00\t\t\t\t\t\t\n",
    ],
)
def test_a_ragged_row_is_held_and_the_others_are_read(row):
    text = COVER + INCOME.replace("221\t住房保障支出\t20.00\t20.00\t\t\t\t\t\n", row)
    part = read(text)
    assert amounts(part) == {k: v for k, v in WHOLE_INCOME.items() if k[0] != "221"}
    issue_at(part, text, row.strip())
    assert_advice(part)


@pytest.mark.parametrize(
    "number",
    ["1,23.4.5", "1.2.3", "12,34.00", "20.00.", "二十", "20.00元", "20.0O", "—"],
)
def test_a_number_that_is_none_is_held_and_its_neighbours_are_read(number):
    text = COVER + INCOME.replace("22102\t住房改革支出\t20.00", f"22102\t住房改革支出\t{number}")
    part = read(text)
    assert amounts(part) == {k: v for k, v in WHOLE_INCOME.items() if k != ("22102", "本年收入合计")}
    issue_at(part, text, f"\t{number}")
    held = [i for i in part.line_items if i.status == "held"]
    assert [(i.amount, i.amount_printed) for i in held] == [(None, number)]


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("-20.00", "-20"),
        ("－20.00", "-20"),
        ("20", "20"),
        ("0.00", "0"),
        ("20. 00", "20"),
        ("1,020.00", "1020"),
    ],
)
def test_a_number_in_another_writing_is_a_number(printed, value):
    part = read(COVER + INCOME.replace("22102\t住房改革支出\t20.00", f"22102\t住房改革支出\t{printed}"))
    assert amounts(part)["22102", "本年收入合计"] == Decimal(value)


def test_a_duplicated_statement_is_told_apart_from_the_first():
    part = read(COVER + INCOME + INCOME.replace("20.00", "21.00"))
    found = [s for s in part.statements if s.form == "income"]
    assert len({s.statement_id for s in found}) == len(found) == 2
    first, second = (
        {(i.subject_code, i.measure): i.amount for i in part.line_items if i.statement_id == s.statement_id}
        for s in found
    )
    assert first["221", "本年收入合计"] == 200_000
    assert second["221", "本年收入合计"] in (None, 210_000)
    assert any("重复" in i.reason or "两" in i.reason or "不止" in i.reason for i in part.issues), part.issues


def test_a_table_without_its_head_is_held_or_right():
    part = read(COVER + INCOME.replace(INCOME_HEAD, "") + SPENDING)
    assert amounts(part).items() <= WHOLE_INCOME.items()
    state = next(s for s in part.statements if s.form == "income")
    assert state.state in ("待核", "不完整")
    assert state.reason
    assert amounts(part, "expenditure")


def test_an_unknown_table_is_no_statement():
    part = read(COVER + INCOME + "车辆登记表\n\n序号\t车牌\t金额\n1\t无\t12.00\n2\t无\t13.00\n\n")
    assert amounts(part) == WHOLE_INCOME
    assert [s.form for s in part.statements] == ["income"]


def test_a_title_that_contradicts_its_columns_is_held():
    text = COVER + "收入决算表\n\n公开02表\n\n" + MONEY + SPENDING_HEAD + SPENDING_ROWS + "\n"
    part = read(text)
    assert not amounts(part)
    assert not amounts(part, "expenditure")
    assert [s.state for s in part.statements] == ["待核"]
    assert_advice(part)


def test_without_any_money_unit_every_amount_is_held():
    part = read((COVER + INCOME + SPENDING).replace(" 金额单位：万元", ""))
    assert not [i for i in part.line_items if i.amount is not None]
    printed = [i for i in part.line_items if i.amount_printed]
    assert len(printed) == len(WHOLE_INCOME) + 12
    assert {i.status for i in printed} == {"held"}
    assert_advice(part)


def test_a_money_unit_comes_from_the_sister_statement_with_its_evidence():
    part = read(COVER + INCOME.replace(" 金额单位：万元", "") + SPENDING)
    assert amounts(part) == WHOLE_INCOME
    statement = next(s for s in part.statements if s.form == "income")
    assert statement.money_unit == "万元"
    assert statement.money_unit_evidence


def test_contradicting_money_units_are_no_evidence_for_a_third_table():
    other = SPENDING.replace("万元", "元")
    part = read(COVER + INCOME + other + INCOME.replace(" 金额单位：万元", "").replace("02", "03"))
    third = [s for s in part.statements if s.form == "income"][1]
    assert not [i for i in part.line_items if i.statement_id == third.statement_id and i.amount is not None]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n \t \n",
        bytes(n * n * 31 % 251 for n in range(4096)),
        b"\x00" * 64,
        b"%PDF-1.7\n\x00\xff",
    ],
    ids=["empty", "blank", "junk", "zeros", "pdf"],
)
def test_what_is_no_text_fails_with_a_reason(data):
    part = read(data)
    assert part.document.kind == "其他"
    assert not part.line_items
    assert [i.kind for i in part.issues] == ["failed"]
    assert_advice(part)


def test_a_document_without_a_year_is_held():
    part = read((COVER + INCOME).replace("2024年度", ""))
    assert part.document.fiscal_year is None
    assert any(i.kind == "held" and "年" in i.reason for i in part.issues)


def test_garbage_inside_a_table_is_signalled_and_changes_nothing():
    garbage = "判形 乱码 Hb1 1:\n"
    text = COVER + INCOME.replace("221\t住房保障", garbage + "221\t住房保障")
    part = read(text)
    assert amounts(part) == WHOLE_INCOME
    issue_at(part, text, "判形")


def test_garbage_cells_in_a_table_are_signalled_and_change_nothing():
    text = COVER + INCOME.replace("栏次\t", "中11:\t\t20\t24 平\t支\t\t立\t\t\n栏次\t")
    part = read(text)
    assert amounts(part).items() <= WHOLE_INCOME.items()
    issue_at(part, text, "中11:")


@pytest.mark.parametrize("between", ["", "公开03表\n", "支出决算表\n"])
def test_two_tables_glued_together_are_not_mixed(between):
    text = COVER + "收入决算表\n\n公开02表\n\n" + MONEY + INCOME_HEAD + INCOME_ROWS + between
    part = read(text + SPENDING_HEAD + SPENDING_ROWS + SPENDING_NOTE)
    assert amounts(part).items() <= WHOLE_INCOME.items()
    spent = amounts(part, "expenditure")
    assert spent.get(("221", "项目支出")) in (None, Decimal(15))
    held = {s.form for s in part.statements if s.state == "待核"}
    assert "income" in held or amounts(part) == WHOLE_INCOME
    assert "expenditure" in held or spent or any(i.kind == "held" for i in part.issues)


def test_a_row_moved_by_one_cell_is_not_read_into_the_next_column():
    row = "22102\t住房改革支出\t20.00\t20.00\t\t\t\t\t\n"
    text = COVER + INCOME.replace(
        row, row.replace("住房改革支出\t", "住房改革支出\t\t").replace("\t\n", "\n")
    )
    part = read(text)
    moved = {k: v for k, v in amounts(part).items() if k[0] == "22102"}
    assert amounts(part).items() >= {k: v for k, v in WHOLE_INCOME.items() if k[0] != "22102"}.items()
    # The row has its right number of cells, so its place is what is printed: 勾稽 finds it, reading cannot.
    assert moved in ({}, {("22102", "财政拨款收入"): 20, ("22102", "上级补助收入"): 20})


# --- random damage ------------------------------------------------------------------------------

SOURCES = [p.data.decode() for p in samples().values()]
SCRAPS = [
    "\t",
    "\n",
    " ",
    "0",
    "9",
    ".",
    ",",
    "—",
    "万",
    "合计",
    "公开03表",
    "　",
    "Ａ",
    "<td>",
    "注：",
    "1,23.4.5",
]


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A sample with some characters or lines lost, doubled, swapped or put in."""
    text = draw(st.sampled_from(SOURCES))
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(
            st.sampled_from(("drop", "insert", "drop line", "double line", "swap lines", "cut", "join"))
        )
        lines = text.split("\n")
        at, line = draw(st.integers(0, len(text) - 1)), draw(st.integers(0, len(lines) - 2))
        if kind == "drop":
            text = text[:at] + text[at + draw(st.integers(1, 8)) :]
        elif kind == "insert":
            text = text[:at] + draw(st.sampled_from(SCRAPS)) + text[at:]
        elif kind == "cut":
            text = text[: max(at, 200)]
        elif kind == "join":
            text = "\n".join([*lines[:line], lines[line] + lines[line + 1], *lines[line + 2 :]])
        else:
            pair = lines[line : line + 2]
            pair = {"drop line": pair[1:], "double line": [pair[0], *pair], "swap lines": pair[::-1]}[kind]
            text = "\n".join([*lines[:line], *pair, *lines[line + 2 :]])
    return text


@settings(max_examples=60, deadline=None, derandomize=True)
@given(mutations())
def test_no_damage_loses_misplaces_or_misreads_anything(text):
    read(text)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(sorted(samples())),
    row=st.integers(0, 10_000),
    column=st.integers(0, 12),
    put=st.sampled_from((None, "", "7.77")),
)
def test_a_cell_lost_or_put_in_never_moves_a_number_into_another_column(name, row, column, put):
    printed = samples()[name]
    lines = printed.data.decode().split("\n")
    places = sorted({int(place[1:].partition("/")[0]) for place in printed.locators.values()})
    line = places[row % len(places)] - 1
    cells = lines[line].split("\t")
    at = column % len(cells)
    cells[at : at + 1] = [] if put is None else [put, cells[at]]
    lines[line] = "\t".join(cells)
    part = read("\n".join(lines))
    true = {(c.form, c.side, c.item, c.subject_code, c.measure, c.amount) for c in printed.truth.cells}
    for i in part.line_items:
        key = (i.form, i.side, i.item, i.subject_code, i.measure, i.amount)
        assert i.status != "printed" or i.quantity is not None or key in true, (lines[line], key)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_nothing_at_all_makes_the_reader_fail(data):
    read(data)
