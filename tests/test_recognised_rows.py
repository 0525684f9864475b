"""Recognised codes, names and 行次: settled with evidence or held; digital text stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from pipelines.model import Block, Cell, Grid, Line, Reading, Repair
from pipelines.recognised_rows import sister_codes
from pipelines.scans.certainty import confused, is_sure
from pipelines.second_route import read_regions
from pipelines.sheet import Sheet
from pipelines.vocabulary import forms, subjects
from tests.typesetter.consistent import consistent_disclosure

# A text, where it is not sure with the recogniser's confidence and another reading.
Text = str | tuple[str, float] | tuple[str, float, str]
GENERAL, INCOME = "一般公共预算财政拨款支出决算表", "收入决算表"
HEADS = {
    GENERAL: ("科目代码", "科目名称", "小计", "基本支出", "项目支出"),
    INCOME: (
        *("科目代码", "科目名称", "本年收入合计", "财政拨款收入", "上级补助收入", "事业收入", "经营收入"),
        *("附属单位上缴收入", "其他收入"),
    ),
}


def cell(text: Text, place: str, digital: bool = False) -> Cell:
    said = (text, 1.0) if isinstance(text, str) else text
    others = ((said[2], 0.1),) if len(said) == 3 else ()
    reading = None if digital or not said[0] else Reading(said[1], others)
    return Cell(said[0], place, reading=reading)


def grid_of(rows: Sequence[Sequence[Text]], page: int = 1, digital: bool = False) -> Grid:
    """A grid of a page, every text of it recognised where it is not digital."""
    return Grid(
        tuple(
            tuple(cell(text, f"p{page}/t1/r{r}c{c}", digital) for c, text in enumerate(row, 1))
            for r, row in enumerate(rows, 1)
        )
    )


def table(title: str, rows: Sequence[Sequence[Text]], page: int = 1, digital: bool = False) -> list[Block]:
    """A statement by 科目代码: rows of a code (in one cell or three), a name and an amount."""
    codes = len(rows[0]) - 2
    head = HEADS[title]
    heads: list[list[Text]] = [
        [*([head[0]] * codes), *head[1:]],
        ["栏次", *([""] * codes), *(str(n) for n in range(1, len(head) - 1))],
    ]
    heads.append(["合计", *([""] * codes), "9.00", *([""] * (len(head) - 3))])
    full = [*heads, *([*row, *([""] * (len(head) - 3))] for row in rows)]
    return [Line(title, f"p{page}/l1"), Line("单位：万元", f"p{page}/l2"), grid_of(full, page, digital)]


def read(*tables: list[Block]) -> list[Sheet]:
    reading = read_regions("0123456789ab", [block for blocks in tables for block in blocks])
    return [one.sheet for one in reading.found]


def labels(sheet: Sheet) -> list[tuple[str | None, str | None]]:
    """Code and name of each row that was taken, but 合计."""
    return list(dict.fromkeys((i.subject_code, i.name_printed) for i in sheet.items if i.item != "合计"))


def held(sheet: Sheet) -> list[str]:
    return [issue.reason for issue in sheet.issues if issue.kind == "held"]


ABOVE: list[tuple[Text, ...]] = [("201", "一般公共服务支出", "9.00"), ("20106", "财政事务", "9.00")]
RUN: tuple[Text, ...] = ("2010601", "行政运行", "9.00")
TRUE = [("201", "一般公共服务支出"), ("20106", "财政事务"), ("2010601", "行政运行")]


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        (("2O10601", 0.999), "名称、次序与科目表"),
        (("201060", 0.5), "名称、次序与科目表"),
        (("2010801", 0.7), "名称、次序与科目表"),
        (("2010301", 0.7, "2010601"), "名称、次序与科目表"),
        (("2010601\n2010801", 0.5), "名称、次序与科目表"),
    ],
)
def test_a_misread_code_is_the_one_that_bears_the_name_in_its_place(code: Text, rule: str) -> None:
    (sheet,) = read(table(GENERAL, [*ABOVE, (code, *RUN[1:])]))
    assert labels(sheet) == TRUE
    (repair,) = sheet.repairs
    assert (repair.attribute, repair.printed, repair.repaired) == ("科目代码", code[0], "2010601")
    assert (repair.row_seq, repair.cell_id, repair.rule) == (4, "0123456789ab/p1/t1/r6c1", rule)
    assert "2010601 行政运行" in repair.evidence
    assert f"把握 {float(code[1]):.2f}" in repair.evidence
    assert held(sheet) == []


def test_an_uncertain_code_that_its_name_and_place_bear_out_is_taken_as_it_is() -> None:
    (sheet,) = read(table(GENERAL, [*ABOVE, (("2010601", 0.6), *RUN[1:])]))
    assert (labels(sheet), sheet.repairs, held(sheet)) == (TRUE, [], [])


@pytest.mark.parametrize(
    ("row", "why"),
    [
        # Nobody knows the name.
        ((("2010601", 0.7), "某项特别工作", "9.00"), "名称和次序也断不定"),
        # The code of the name is another one, which the recogniser does not mistake for this.
        ((("2010201", 0.7), "行政运行", "9.00"), "可能是 2010601"),
        # Nothing was seen, and only the references know a code.
        ((("〓", 0.0), "行政运行", "9.00"), "可能是 2010601"),
        # A sure code contradicts its name and its place; a usual misreading would explain that.
        (("2010801", "行政运行", "9.00"), "又可能是误读（2010601）"),
    ],
)
def test_a_row_that_may_be_another_is_held(row: tuple[Text, ...], why: str) -> None:
    (sheet,) = read(table(GENERAL, [*ABOVE, row]))
    assert (labels(sheet), sheet.repairs) == (TRUE[:2], [])
    (reason,) = held(sheet)
    assert why in reason


def test_a_sure_code_that_no_list_knows_is_taken() -> None:
    (sheet,) = read(table(GENERAL, [*ABOVE, ("2010677", "某项特别工作", "9.00")]))
    assert (labels(sheet), held(sheet)) == ([*TRUE[:2], ("2010677", "某项特别工作")], [])


def test_a_code_that_looks_as_much_like_another_is_not_put_right() -> None:
    # 2011301 by one digit, 2010301 by two that are usually confused.
    (sheet,) = read(table(GENERAL, [(("2018301", 0.7), "行政运行", "9.00")]))
    assert labels(sheet) == []


def test_without_the_level_above_it_several_codes_may_be_meant() -> None:
    (sheet,) = read(table(GENERAL, [(("2010801", 0.7), "行政运行", "9.00")]))
    assert labels(sheet) == []
    assert "2010301、2010601" in held(sheet)[0]


@pytest.mark.parametrize("seen", [("2010801", 0.7), ("〓", 0.0), ("2010I01", 0.7)])
def test_a_sister_statement_says_which_code_of_that_name_the_document_has(seen: Text) -> None:
    rows = [(seen, "行政运行", "9.00")]
    alone = read(table(GENERAL, rows))[0]
    general, _ = read(table(GENERAL, rows), table(INCOME, [*ABOVE, RUN], page=2))
    assert labels(alone) == []
    assert labels(general) == [TRUE[2]]
    assert general.repairs[0].rule == "名称、次序与同文"
    # One that is itself uncertain bears nothing out.
    unsure = table(INCOME, [*ABOVE, (("2010601", 0.9), *RUN[1:])], page=2)
    assert labels(read(table(GENERAL, rows), unsure)[0]) == []


def test_a_code_in_three_columns_is_corrected_where_it_was_misread() -> None:
    above: list[tuple[Text, ...]] = [
        ("201", "", "", "一般公共服务支出", "9.00"),
        ("201", "06", "", "财政事务", "9.00"),
    ]
    (sheet,) = read(table(GENERAL, [*above, ("201", ("0b", 0.5), "01", "行政运行", "9.00")]))
    assert labels(sheet) == TRUE
    (repair,) = sheet.repairs
    assert (repair.printed, repair.repaired, repair.cell_id[-4:]) == ("0b", "06", "r6c2")


def test_a_line_of_a_code_that_was_seen_twice_is_not_two_parts_of_it() -> None:
    rows = [("201", "", "", "一般公共服务支出", "9.00"), ("201", "32\n32", "", "组织事务", "9.00")]
    (sheet,) = read(table(GENERAL, [*rows, ("201", "32", "99", "其他组织事务支出", "9.00")]))
    assert [code for code, _ in labels(sheet)] == ["201", "2013299"]
    assert held(sheet)


def test_codes_of_digital_text_stay_as_they_are_printed() -> None:
    rows: list[tuple[Text, ...]] = [*ABOVE, ("2010801", "行政运行", "9.00")]
    (sheet,) = read(table(GENERAL, rows, digital=True))
    assert (labels(sheet)[2], sheet.repairs, held(sheet)) == (("2010801", "行政运行"), [], [])


def test_a_damaged_name_is_that_of_its_code() -> None:
    (sheet,) = read(table(GENERAL, [*ABOVE, ("2010601", ("章行政运行", 0.4), "9.00")]))
    assert labels(sheet) == TRUE
    assert [(r.attribute, r.printed, r.repaired, r.rule) for r in sheet.repairs] == [
        ("科目名称", "章行政运行", "行政运行", "代码与近似名称")
    ]


def test_a_word_of_the_dictionary_in_the_place_of_what_was_seen_is_told() -> None:
    blocks = table(GENERAL, [*ABOVE, RUN])
    grid = blocks[2]
    assert isinstance(grid, Grid)
    name = grid.rows[5][1]._replace(reading=Reading(0.6, seen="行政运亍"))
    rows = (*grid.rows[:5], (grid.rows[5][0], name, *grid.rows[5][2:]))
    (sheet,) = read([*blocks[:2], Grid(rows)])
    assert sheet.repairs == [
        Repair(
            sheet.statement_id,
            4,
            "0123456789ab/p1/t1/r6c2",
            "科目名称",
            "行政运亍",
            "行政运行",
            "字典",
            "识别为「行政运亍」，把握 0.60，字典里只可能是「行政运行」",
        )
    ]


def test_codes_beside_their_names_are_seen_wherever_they_stand() -> None:
    texts = ["301", "工资福利支出", "8,123", "302", "01", "办公费", "1234", "303", "99", "其他"]
    row = tuple(cell(text, f"p1/t1/r1c{c}") for c, text in enumerate(texts, 1))
    own, sister = Grid(((cell("301", "p2/t1/r1c1"),),)), Grid((row,))
    told = {"301": {"工资福利支出"}, "30201": {"办公费"}, "30399": {"其他"}}
    assert sister_codes([own], [own, sister]) == told
    # A statement is no witness for itself, and what is uncertain is none for another.
    assert sister_codes([sister], [own, sister]) == {}
    doubted = row[4]._replace(reading=Reading(0.9))
    assert "30201" not in sister_codes([own], [Grid(((*row[:4], doubted, *row[5:]),))])
    # Digital text is never corrected, and needs no witness.
    assert sister_codes([Grid(((cell("301", "p2/t1/r1c1", digital=True),),))], [sister]) == {}


# --- the property --------------------------------------------------------------------------------


def typeset(seed: int) -> list[tuple[Text, ...]]:
    """The rows by 科目代码 of a consistent disclosure, for even seeds with the 类 and 款 above them."""
    disclosure = consistent_disclosure(seed, template_id="liaoning-qianshan", general=9)
    (statement,) = (s for s in disclosure.statements if s.form == "general_budget_expenditure")
    known = subjects("functional")
    names = {row.key: row.name or known[row.key][0].name for row in statement.rows if row.key in known}
    if seed % 2 == 0:
        above = {code[:end] for code in names for end in (3, 5)}
        names |= {code: known[code][0].name for code in above if code in known}
    return [(code, name, "1.00") for code, name in sorted(names.items())]


@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_digit_in_a_code_is_put_right_or_its_row_is_held(seed: int) -> None:
    rows = typeset(seed)
    true = {(str(code), str(name)) for code, name, _ in rows}
    random, put_right = Random(seed), 0  # noqa: S311 nothing is secret here
    for number, (code, *rest) in enumerate(rows):
        for place, digit in enumerate(str(code)):
            # As the recogniser errs, and anyhow; unsure, and where it errs usually also sure.
            usual = [other for other in "0123456789" if digit in confused(other)]
            errors = [(random.choice("0123456789"), 0.8), *((one, c) for one in usual for c in (0.8, 1.0))]
            for other, confidence in errors:
                if other == digit:
                    continue
                seen = f"{code}"[:place] + other + f"{code}"[place + 1 :]
                changed = [*rows[:number], ((seen, confidence), *rest), *rows[number + 1 :]]
                (sheet,) = read(table(GENERAL, changed))
                found = set(labels(sheet))
                assert found <= true, seen
                assert len(found) == len(rows) or held(sheet)
                put_right += len(found) == len(rows)
    assert put_right > len(rows)


# --- 行次 -----------------------------------------------------------------------------------------

SUMMARY = forms()["income_expenditure_summary"]


def halves(changed: dict[str, tuple[Text, Text]]) -> Sheet:
    """收入支出决算总表 with the form's own items and 行次, but for those changed (name, 行次)."""
    sides = [[item for item in SUMMARY.items if item.side == side] for side in SUMMARY.sides]
    rows: list[list[Text]] = [
        ["项目", "行次", "决算数", "项目", "行次", "决算数"],
        ["栏次", "", "1", "栏次", "", "2"],
    ]
    for i in range(max(map(len, sides))):
        row: list[Text] = []
        for side in sides:
            item = side[i] if i < len(side) else None
            own: tuple[Text, Text] = (item.printed, str(item.line_no)) if item else ("", "")
            row += [*(changed.get(item.name, own) if item else own), "1.00" if item else ""]
        rows.append(row)
    (sheet,) = read([Line(SUMMARY.titles[0], "p1/l1"), Line("单位：万元", "p1/l2"), grid_of(rows)])
    return sheet


def item_amount(sheet: Sheet, name: str) -> list[tuple[str, str | None]]:
    return [(i.status, i.line_no_printed) for i in sheet.items if i.item == name]


INCOME_ITEM = next(item for item in SUMMARY.items if item.side == SUMMARY.sides[0])


def test_a_misread_line_number_is_that_of_its_item() -> None:
    name, line = INCOME_ITEM.name, str(INCOME_ITEM.line_no)
    sheet = halves({name: (INCOME_ITEM.printed, ("l7", 0.5))})
    assert item_amount(sheet, name) == [("printed", line)]
    assert [(r.attribute, r.printed, r.repaired) for r in sheet.repairs] == [("行次", "l7", line)]


@pytest.mark.parametrize("line", [("5", 0.5), "5"])
def test_an_uncertain_name_with_the_line_number_of_another_item_is_held(line: Text) -> None:
    sheet = halves({INCOME_ITEM.name: ((INCOME_ITEM.printed, 0.5), line)})
    assert [status for status, _ in item_amount(sheet, INCOME_ITEM.name)] == ["held"]
    assert any("行次读作 5" in reason for reason in held(sheet))


def test_a_sure_name_with_another_sure_line_number_is_what_was_printed() -> None:
    sheet = halves({INCOME_ITEM.name: (INCOME_ITEM.printed, "5")})
    assert item_amount(sheet, INCOME_ITEM.name) == [("printed", "5")]
    assert sheet.repairs == []


def test_what_is_sure_and_what_is_confused_comes_from_the_measured_figures() -> None:
    assert is_sure(1.0)
    assert not is_sure(0.9)
    assert "6" in confused("8")
    assert confused("税") == ""


def test_each_block_of_codes_is_settled_by_itself() -> None:
    form = forms()["basic_expenditure"]
    rows: list[list[Text]] = [
        ["科目代码", "科目名称", "决算数"] * 2,
        ["301", "工资福利支出", "1.00", "302", "商品和服务支出", "1.00"],
        ["30101", "基本工资", "1.00", ("3O201", 0.5), "办公费", "1.00"],
        [("30701", 0.5), "津贴补贴", "1.00", ("30202", 0.5), "印刷费", "1.00"],
    ]
    (sheet,) = read([Line(form.titles[0], "p1/l1"), Line("单位：万元", "p1/l2"), grid_of(rows)])
    codes = [item.subject_code for item in sheet.items]
    assert codes == ["301", "30101", "302", "30201", "30202"]
    assert [(r.printed, r.repaired, r.row_seq) for r in sheet.repairs] == [("3O201", "30201", 4)]
    # 30701 is no usual misreading of the code of that name: it is held, and not its neighbour.
    assert ["可能是 30102" in reason for reason in held(sheet)] == [True]


STATISTIC = forms()["disclosure_statistic"]


def statistic(changed: dict[int, tuple[Text, Text]]) -> Sheet:
    """The statistic with the form's own items and 行次, but for the name and 行次 of those changed."""
    rows: list[list[Text]] = [["项目", "行次", "统计数"]]
    for section in STATISTIC.headings:
        rows.append([section, "", ""])
        for item in (one for one in STATISTIC.items if one.section == section and one.line_no):
            name, line = changed.get(item.line_no or 0, (item.printed, str(item.line_no)))
            rows.append([name, line, "1.00"])
    (sheet,) = read([Line(STATISTIC.titles[0], "p1/l1"), Line("单位：万元", "p1/l2"), grid_of(rows)])
    return sheet


def test_the_statistics_items_stand_in_its_order() -> None:
    as_printed = statistic({})
    assert [i.line_no for i in as_printed.items] == [i.line_no for i in STATISTIC.items if i.line_no]
    assert (as_printed.repairs, held(as_printed)) == ([], [])
    misread = statistic({3: ("工程", ("B", 0.4))})
    assert [(r.attribute, r.printed, r.repaired) for r in misread.repairs] == [("行次", "B", "3")]
    # An uncertain name of a row further down is not believed.
    moved = statistic({2: (("服务", 0.6), ("2", 0.6))})
    assert 2 not in [i.line_no for i in moved.items]
    assert any("次序不合" in reason or "行次读作" in reason for reason in held(moved))
