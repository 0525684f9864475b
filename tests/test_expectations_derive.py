"""推算值: what an incomplete statement lost is derived where others prove it, and nowhere else."""

from decimal import Decimal

import polars as pl
import pytest

from expectations.derive import DERIVED_SCHEMA, derive, load_derivations
from expectations.selectors import LEVELS, parse_formula, parse_selector
from pipelines.vocabulary import forms
from tests.expectations_examples import DOCUMENT, cell, frame, schema, statement

APPROPRIATION = "appropriation_summary"
GENERAL = "general_budget_expenditure"
BASIC = "basic_expenditure"
FUND = "government_fund"
# A 类 for formulas that run over every 类.
CODE = "208"


def derived(cells, incomplete=(GENERAL,), statements=None):
    """fact_derived of a year with these cells, whose statements are 不完整 where they are named."""
    if statements is None:
        listed = dict.fromkeys([*incomplete, *(line["form"] for line in cells)])
        statements = [statement(form, state="不完整" if form in incomplete else "有数") for form in listed]
    rows = derive(2024, frame("dim_statement", statements), frame("fact_line_item", cells))
    assert rows.schema == DERIVED_SCHEMA
    return rows


def figures(rows):
    """(item or code, measure, amount in 元) of each derived row."""
    return [
        (row["item"] or row["subject_code"], row["measure"], row["amount"])
        for row in rows.iter_rows(named=True)
    ]


def at(selector, row, printed, **changes):
    """The cell that a selector names; 类 stands for the code 208."""
    level = CODE if selector.level else None
    code = level or (selector.row if selector.is_code else None)
    item = None if code else selector.row
    return cell(selector.form, row, selector.measure, printed, item=item, subject_code=code, **changes)


def grounded(derivation):
    """The addresses that the derivation rests on, each with its sign.

    A figure of the very row that is lost can only be a derived one: what it is derived from stands for it.
    """
    target = derivation.target
    found = []
    for term in derivation.terms:
        if (term.selector.form, term.selector.row) != (target.form, target.row):
            found.append((term.sign, term.selector))
            continue
        before = next(d for d in load_derivations() if d.target == term.selector)
        found += [(term.sign * sign, selector) for sign, selector in grounded(before)]
    return found


def sources(derivation, blank=False):
    """A printed cell for each address the derivation rests on: 1.01, 2.01, 3.01 … 万元."""
    return [
        at(selector, number, "" if blank else f"{number}.01")
        for number, (_, selector) in enumerate(grounded(derivation), start=1)
    ]


def expected(derivation):
    signs = [sign for sign, _ in grounded(derivation)]
    return sum((sign * Decimal(10000 * n + 100) for n, sign in enumerate(signs, start=1)), Decimal(0))


def name_of(derivation):
    target = derivation.target
    return f"{derivation.rule} {target.form}.{target.row}.{target.measure}"


def of_target(rows, derivation):
    target = derivation.target
    key = CODE if target.level else target.row
    item = pl.col("subject_code") if target.level or target.is_code else pl.col("item")
    return rows.filter(
        (item == key) & (pl.col("form") == target.form) & (pl.col("measure") == target.measure)
    )


every_derivation = pytest.mark.parametrize("derivation", load_derivations(), ids=name_of)


@every_derivation
def test_a_lost_row_is_derived_from_printed_figures(derivation):
    cells = sources(derivation)
    rows = of_target(derived(cells, [derivation.target.form]), derivation)
    assert rows["amount"].to_list() == [expected(derivation)]
    assert rows["rule"].to_list() == [derivation.rule]
    assert rows["evidence"].to_list() == [",".join(line["cell_id"] for line in cells)]


@every_derivation
def test_a_printed_row_is_never_derived(derivation):
    other = forms()[derivation.target.form].measures[-1].name
    row_is_there = at(derivation.target, 99, "") | {"measure": other, "cell_id": f"{DOCUMENT}/L99"}
    rows = derived([*sources(derivation), row_is_there], [derivation.target.form])
    assert of_target(rows, derivation).is_empty()


@every_derivation
def test_nothing_is_derived_in_a_statement_that_is_complete(derivation):
    assert derived(sources(derivation), []).is_empty()


@every_derivation
def test_nothing_follows_from_blank_figures(derivation):
    cells = sources(derivation, blank=True)
    assert of_target(derived(cells, [derivation.target.form]), derivation).is_empty()


@every_derivation
@pytest.mark.parametrize("lost", ["row", "held", "closed"])
def test_nothing_is_derived_when_a_figure_of_the_formula_is_unknown(derivation, lost):
    cells = sources(derivation)
    last = cells.pop()
    if lost != "row":
        cells.append(last | {"status": lost, "amount": None})
    assert of_target(derived(cells, [derivation.target.form]), derivation).is_empty()


def test_what_other_tables_prove_of_a_damaged_general_budget_table():
    spent = "一般公共预算财政拨款"
    rows = derived(
        [
            cell(APPROPRIATION, 59, spent, "300.30", item="本年支出合计"),
            cell(APPROPRIATION, 40, spent, "250.10", item="社会保障和就业支出", subject_code="208"),
            cell(APPROPRIATION, 51, spent, "50.20", item="住房保障支出", subject_code="221"),
            cell(APPROPRIATION, 34, spent, "", item="外交支出", subject_code="202"),
            cell(BASIC, 1, "决算数", "190.00", item="人员经费合计"),
            cell(BASIC, 2, "决算数", "10.05", item="公用经费合计"),
            cell(GENERAL, 1, "小计", "50.20", subject_code="221"),
            cell(GENERAL, 2, "小计", "50.20", subject_code="22102"),
        ]
    )
    assert sorted(figures(rows)) == [
        ("208", "小计", Decimal("2501000.00")),
        ("合计", "基本支出", Decimal("2000500.00")),
        ("合计", "小计", Decimal("3003000.00")),
        ("合计", "项目支出", Decimal("1002500.00")),
    ]


def test_a_derived_figure_says_its_formula_and_carries_its_evidence_along_a_chain():
    rows = derived(
        [
            cell(
                APPROPRIATION,
                59,
                "一般公共预算财政拨款",
                "3.00",
                item="本年支出合计",
                cell_id=f"{DOCUMENT}/L271/c7",
            ),
            cell(BASIC, 1, "决算数", "1.00", item="人员经费合计", cell_id=f"{DOCUMENT}/L350/c3"),
            cell(BASIC, 2, "决算数", "", item="公用经费合计", cell_id=f"{DOCUMENT}/L350/c12"),
        ]
    )
    project = rows.filter(measure="项目支出").row(0, named=True)
    assert project["formula"] == (
        "一般公共预算财政拨款支出决算表.合计.项目支出 = 一般公共预算财政拨款支出决算表.合计.小计 30000.00"
        " − 一般公共预算财政拨款支出决算表.合计.基本支出 10000.00"
    )
    assert project["evidence"] == f"{DOCUMENT}/L271/c7,{DOCUMENT}/L350/c3,{DOCUMENT}/L350/c12"
    assert (project["rule"], project["amount"]) == ("T05-1", Decimal("20000.00"))
    basic = rows.filter(measure="基本支出").row(0, named=True)
    assert basic["formula"].endswith("公用经费合计.决算数 空白（作 0）")


def test_a_blank_that_is_subtracted_from_nothing_printed_gives_nothing():
    balance = [
        cell(FUND, 1, "小计", "5.00", item="合计"),
        cell(APPROPRIATION, 30, "金额", "", item="年初政府性基金预算财政拨款"),
    ]
    assert derived(balance, [FUND]).is_empty()


def test_a_figure_printed_in_two_places_proves_nothing():
    total = cell(APPROPRIATION, 59, "一般公共预算财政拨款", "3.00", item="本年支出合计")
    again = total | {"statement_id": f"{DOCUMENT}/{APPROPRIATION}/2", "cell_id": f"{DOCUMENT}/L9"}
    assert derived([total, again]).is_empty()


def test_nothing_is_derived_when_the_form_stands_twice_in_the_document():
    total = cell(APPROPRIATION, 59, "一般公共预算财政拨款", "3.00", item="本年支出合计")
    twice = [statement(GENERAL, state="不完整"), statement(GENERAL, statement_id=f"{DOCUMENT}/{GENERAL}/2")]
    assert derived([total], statements=twice).is_empty()


def test_documents_do_not_lend_each_other_figures():
    other = "ffffffffffff"
    total = cell(APPROPRIATION, 59, "一般公共预算财政拨款", "3.00", item="本年支出合计", document_id=other)
    whole = statement(APPROPRIATION, document_id=other, statement_id=f"{other}/{APPROPRIATION}")
    assert derived([total], statements=[statement(GENERAL, state="不完整"), whole]).is_empty()


def test_a_derived_row_of_a_summary_carries_item_and_code():
    lost = derived(
        [cell("expenditure", 2, "本年支出合计", "7.00", subject_code="208")], ["income_expenditure_summary"]
    )
    assert lost.select("item", "subject_code", "measure").rows() == [("社会保障和就业支出", "208", "金额")]


def test_derived_rows_have_the_columns_of_the_schema():
    assert schema("fact_derived") == DERIVED_SCHEMA


def test_an_address_is_read_in_the_words_of_the_forms():
    terms = parse_formula("支出决算表.合计.基本支出 + 支出决算表.2080505.项目支出 − 支出决算表.类.项目支出")
    assert [term.sign for term in terms] == [1, 1, -1]
    assert [term.selector.level for term in terms] == [None, None, LEVELS["类"]]
    assert [term.selector.is_code for term in terms] == [False, True, False]


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("支出决算表.合计", "表.行.列"),
        ("工资表.合计.基本支出", "no form"),
        ("支出决算表.合计.公务接待费", "no column"),
        ("支出决算表.本年收入合计.基本支出", "no row"),
        ("支出决算表.20805051.基本支出", "no row"),
    ],
)
def test_an_address_outside_the_vocabulary_is_refused(address, what):
    with pytest.raises(ValueError, match=what):
        parse_selector(address)


@pytest.mark.parametrize(
    "formula", ["", "支出决算表.合计.基本支出 +", "支出决算表.合计.基本支出 × 支出决算表.合计.项目支出"]
)
def test_a_formula_that_is_not_a_sum_is_refused(formula):
    with pytest.raises(ValueError, match=r"joined by|is not"):
        parse_formula(formula)
