"""Each expectation has an example that it accepts and one that it refuses, and names what it refuses."""

from datetime import date
from decimal import Decimal

import pytest

from expectations.bridge import FAILURE_SCHEMA, RESULT_SCHEMA, validate
from expectations.deferral import deferred_imports
from expectations.frames import FRAMES
from expectations.rules_data import Rule
from expectations.suites_data import TABLES, Suite, fill, load_suites, vocabulary
from pipelines.vocabulary import forms
from tests.expectations_examples import (
    DOCUMENT,
    cell,
    document,
    performance_field,
    performance_form,
    performance_funding,
    performance_indicator,
    performance_money,
    performance_tables,
    schema,
    statement,
    tables,
    verdict,
)

TODAY = date(2026, 3, 1)
SUMMARY = "income_expenditure_summary"
BASIC = "basic_expenditure"
STATISTIC = "disclosure_statistic"
EVERY = {e.id: (suite, e) for suite in load_suites() for e in suite.expectations}


def dictionary_cells(form_id, template="shanxi-yangquan", without=()):
    """A blank cell for each row that the form's dictionary asks for, but for those named in ``without``."""
    form = forms()[form_id]
    rows = [
        {"item": i.name, "line_no": i.line_no, "subject_code": i.subject, "side": i.side} for i in form.items
    ]
    rows += [{"line_no": n, "side": side} for side, numbers in form.unnamed.items() for n in numbers]
    rows += [{"subject_code": code} for block in form.blocks.get(template, ()) for code in block]
    rows += [{"item": total} for total in form.totals]
    kept = [r for r in rows if not {r.get("item"), r.get("subject_code"), r.get("line_no")} & set(without)]
    return [cell(form_id, n, form.measures[0].name, "", **row) for n, row in enumerate(kept, start=1)]


def docs(**changes):
    return tables([document(**changes)])


def stmts(*rows, cells=()):
    return tables(statements=rows, cells=cells)


def cells(*rows, **statement_changes):
    if statement_changes:
        return tables(statements=[statement(rows[0]["form"], **statement_changes)], cells=rows)
    return tables(cells=rows)


def judged(*verdicts):
    return tables([document()], verdicts=verdicts)


FORM = performance_form()
SECOND = performance_form(form_id=f"{DOCUMENT}/L99/form", seq=2)
SCORED = performance_form(total_score=Decimal("90"))


def forms_of(*rows):
    return performance_tables(rows)


# A list of rules for these tests: one that is asked, one that cannot be.
RULES = (
    Rule(id="T01-1", statement="本年收入合计等于各项之和", severity="E", scope="表内"),
    Rule(id="F42", statement="签章齐全", severity="F", scope="形式", impossible="文字里没有签章"),
)

# expectation → accepted tables, refused tables, the values that stand in expectation_failure
EXAMPLES = {
    "document-id-form": (docs(), docs(document_id="0123"), ["0123"]),
    "document-id-unique": (
        tables([document(), document(document_id="ffffffffffff")]),
        tables([document(), document()]),
        [DOCUMENT, DOCUMENT],
    ),
    "document-kind-known": (docs(), docs(kind=None), [""]),
    "document-kind-in-vocabulary": (docs(kind="其他"), docs(kind="合同"), ["合同"]),
    "document-unit-known": (docs(), docs(unit_name=None), [DOCUMENT]),
    "document-level-in-vocabulary": (docs(level="部门"), docs(level="科室"), ["科室"]),
    "fiscal-year-plausible": (docs(fiscal_year=2027), docs(fiscal_year=2028), ["2028"]),
    "statement-id-unique": (
        stmts(statement(), statement("income")),
        stmts(statement(), statement()),
        [f"{DOCUMENT}/expenditure"] * 2,
    ),
    "statement-form-known": (stmts(statement()), stmts(statement("payroll")), ["payroll"]),
    "statement-state-known": (stmts(statement()), stmts(statement(state="丢失")), ["丢失"]),
    "statement-of-document": (
        stmts(statement()),
        stmts(statement(statement_id="ffffffffffff/expenditure")),
        ["ffffffffffff/expenditure"],
    ),
    "statement-held-with-reason": (
        stmts(statement(state="不完整", reason="缺行")),
        stmts(statement(state="不完整")),
        [f"{DOCUMENT}/expenditure"],
    ),
    "statement-rows-counted": (
        stmts(statement(rows=2), cells=[cell(row=1), cell(row=2)]),
        stmts(statement(rows=3), cells=[cell(row=1), cell(row=2)]),
        ["3 / 2"],
    ),
    "statement-cells-counted": (
        stmts(statement(cells=1), cells=[cell()]),
        stmts(statement(cells=1)),
        ["1 / 0"],
    ),
    "statement-non-blank-counted": (
        stmts(statement(non_blank=1), cells=[cell(), cell(row=2, printed=""), cell(row=3, printed="——")]),
        stmts(statement(non_blank=2), cells=[cell(), cell(row=2, printed="")]),
        ["2 / 1"],
    ),
    "statement-closed-counted": (
        stmts(statement(closed=1), cells=[cell(), cell(row=2, printed="——")]),
        stmts(statement(closed=0), cells=[cell(row=2, printed="——")]),
        ["0 / 1"],
    ),
    "cell-id-present": (cells(cell()), cells(cell(cell_id=None)), [f"{DOCUMENT}/expenditure / 1 / 基本支出"]),
    "cell-id-unique": (
        cells(cell(), cell(row=2)),
        cells(cell(cell_id=f"{DOCUMENT}/L1"), cell(row=2, cell_id=f"{DOCUMENT}/L1")),
        [f"{DOCUMENT}/L1"] * 2,
    ),
    "cell-of-document": (cells(cell()), cells(cell(cell_id="ffffffffffff/L1")), ["ffffffffffff/L1"]),
    "row-and-measure-unique": (
        cells(cell(), cell(measure="项目支出"), cell(row=2)),
        cells(cell(), cell(cell_id=f"{DOCUMENT}/L1")),
        [f"{DOCUMENT}/expenditure / 1 / 基本支出"] * 2,
    ),
    "statement-registered": (
        cells(cell()),
        tables(cells=[cell()]) | {"dim_statement": tables()["dim_statement"]},
        [f"{DOCUMENT}/expenditure"],
    ),
    "row-seq-from-one": (cells(cell()), cells(cell(row=0)), ["0"]),
    "form-known": (cells(cell()), cells(cell("payroll")), ["payroll"]),
    "measure-of-form": (
        cells(cell("three_public", measure="公务接待费")),
        cells(cell("expenditure", measure="公务接待费")),
        ["expenditure.公务接待费"],
    ),
    "side-known": (cells(cell(SUMMARY, side="收入")), cells(cell(SUMMARY, side="左")), ["左"]),
    "side-present": (
        cells(cell(SUMMARY, side="支出")),
        cells(cell(SUMMARY, row=7)),
        [f"{DOCUMENT}/{SUMMARY} / 7"],
    ),
    "functional-code-form": (
        cells(cell(subject_code="208"), cell(row=2, subject_code="2080505"), cell(row=3)),
        cells(cell(subject_code="20805"), cell(row=2, subject_code="2080"), cell(row=3, subject_code="20８")),
        ["2080", "20８"],
    ),
    "economic-code-form": (
        cells(cell(BASIC, subject_code="30101")),
        cells(cell(BASIC, subject_code="3010101")),
        ["3010101"],
    ),
    "total-has-no-code": (
        cells(cell(item="合计")),
        cells(cell(BASIC, item="人员经费合计", subject_code="301")),
        ["301"],
    ),
    "row-has-code": (
        cells(cell(item="合计"), cell(row=2, subject_code="208")),
        cells(cell(row=2, name_printed="教育支出")),
        [f"{DOCUMENT}/expenditure / 2 / 教育支出"],
    ),
    "repair-only-completes": (
        cells(cell(subject_code="2080505", subject_code_printed="2080"), cell(row=2)),
        cells(cell(subject_code="2100505", subject_code_printed="2080")),
        ["2080 / 2100505"],
    ),
    "functional-code-seen": (
        cells(cell(subject_code="208")),
        cells(cell(subject_code="2999999")),
        ["2999999"],
    ),
    "economic-code-seen": (
        cells(cell(BASIC, subject_code="301")),
        cells(cell(BASIC, subject_code="398")),
        ["398"],
    ),
    "status-present": (cells(cell()), cells(cell(status=None)), [f"{DOCUMENT}/expenditure/r1/基本支出"]),
    "status-known": (cells(cell()), cells(cell(status="guessed")), ["guessed"]),
    "printed-has-amount": (
        cells(cell(), cell(row=2, printed=""), cell(STATISTIC, quantity_unit="辆", amount=None)),
        cells(cell(amount=None)),
        ["1.00"],
    ),
    "printed-has-money-unit": (cells(cell()), cells(cell(money_unit=None)), ["1.00"]),
    "amount-as-printed": (
        cells(
            cell(printed="0.01"),
            cell(row=2, amount=49600, amount_printed="4. 96"),
            cell(row=3, amount=12345600, amount_printed="1,234.56"),
            cell(row=4, amount=7, amount_printed="7", money_unit="元"),
        ),
        cells(cell(printed="197.71", amount=1977000)),
        ["197.71 / 1977000.00"],
    ),
    "counted-has-quantity": (
        cells(
            cell(STATISTIC, measure="统计数", quantity_unit="辆", quantity=3, amount=None, amount_printed="3")
        ),
        cells(cell(STATISTIC, measure="统计数", quantity_unit="辆", amount=None, amount_printed="3")),
        ["3"],
    ),
    "counted-is-not-money": (
        cells(cell(STATISTIC, quantity_unit="辆", quantity=3, amount=None)),
        cells(cell(STATISTIC, quantity_unit="辆", quantity=3, amount=3)),
        ["3.00"],
    ),
    "no-amount-unless-printed": (
        cells(cell(), cell(row=2, printed="")),
        cells(cell(status="held")),
        ["10000.00"],
    ),
    "no-quantity-unless-printed": (
        cells(cell(STATISTIC, quantity_unit="辆", status="held", amount=None)),
        cells(cell(STATISTIC, quantity_unit="辆", status="held", amount=None, quantity=4)),
        ["4.00"],
    ),
    "printed-text-kept": (
        cells(cell(), cell(row=2, printed="")),
        cells(cell(amount_printed=" ")),
        [f"{DOCUMENT}/expenditure/r1/基本支出"],
    ),
    "printed-text-present": (
        cells(cell(printed="")),
        cells(cell(printed="", amount_printed=None)),
        [f"{DOCUMENT}/expenditure/r1/基本支出"],
    ),
    "blank-prints-nothing": (cells(cell(printed="")), cells(cell(status="blank", amount=None)), ["1.00"]),
    "nil-statement-has-no-amount": (
        cells(cell(printed=""), state="无数据"),
        cells(cell(), state="空表"),
        ["10000.00"],
    ),
    "closed-subject-empty": (
        cells(cell(BASIC, printed="——", subject_code="30901"), cell(BASIC, row=2, subject_code="301")),
        cells(cell(BASIC, printed="5.00", subject_code="311")),
        ["311 / 5.00"],
    ),
    "closed-only-where-form-closes": (
        cells(cell(BASIC, printed="——", subject_code="309")),
        cells(cell(BASIC, printed="——", subject_code="301")),
        ["——"],
    ),
    "summary-rows-complete": (
        cells(*dictionary_cells(SUMMARY)),
        cells(*dictionary_cells(SUMMARY, without=["上级补助收入", 61])),
        ["上级补助收入", "61"],
    ),
    "summary-rows-complete-other-template": (
        cells(*dictionary_cells("appropriation_summary"), template=None),
        cells(*dictionary_cells("appropriation_summary", without=["外交支出"]), template=None),
        ["外交支出"],
    ),
    "summary-line-numbers": (
        cells(cell(SUMMARY, item="事业收入", line_no=5)),
        cells(cell(SUMMARY, item="事业收入", line_no=6)),
        ["事业收入 / 6"],
    ),
    "summary-row-in-dictionary": (
        cells(cell(SUMMARY, line_no=9)),
        cells(cell(SUMMARY, name_printed="其他款项", line_no_printed="9")),
        ["其他款项 / 9"],
    ),
    "basic-expenditure-rows-complete": (
        cells(*dictionary_cells(BASIC, "liaoning-qianshan"), template="liaoning-qianshan"),
        cells(
            *dictionary_cells(BASIC, "liaoning-qianshan", without=["30231", "公用经费合计"]),
            template="liaoning-qianshan",
        ),
        ["30231", "公用经费合计"],
    ),
    "statistic-rows-complete": (
        cells(*dictionary_cells(STATISTIC)),
        cells(*dictionary_cells(STATISTIC, without=["其他用车"])),
        ["其他用车"],
    ),
    "base-known": (
        cells(cell("three_public", measure="合计", item="预算数")),
        cells(cell("three_public", measure="合计", item="合计")),
        ["合计"],
    ),
    "verdict-conclusion-present": (judged(verdict()), judged(verdict(conclusion=None)), ["T01-1-00000001"]),
    "verdict-conclusion-known": (judged(verdict()), judged(verdict(conclusion="相符")), ["相符"]),
    "verdict-severity-known": (
        judged(verdict(severity="O")),
        judged(verdict(severity="T")),
        ["T01-1-00000001 / T"],
    ),
    "verdict-of-document": (
        judged(verdict()),
        judged(verdict(document_id="ffffffffffff")),
        ["T01-1-00000001"],
    ),
    "verdict-rule-known": (judged(verdict()), judged(verdict(rule="T99")), ["T99-00000001 / T99"]),
    "check-id-present": (
        judged(verdict()),
        judged(verdict(check_id=None)),
        ["T01-1 / 支出决算表.合计.基本支出"],
    ),
    "check-id-unique-in-document": (
        judged(verdict(), verdict(document_id="ffffffffffff")),
        judged(verdict(), verdict("2.00", "3.00")),
        ["T01-1-00000001"] * 2,
    ),
    "verdict-difference-restated": (
        judged(verdict("8.00", "9.00"), verdict(left=None, difference=1)),
        judged(verdict("8.00", "9.00", difference=Decimal("1.00")), verdict("8.00", "8.00", difference=None)),
        [
            "T01-1-00000001 / 8.000000 / 9.000000 / 1.000000",
            "T01-1-00000001 / 8.000000 / 8.000000 / ",
        ],
    ),
    "rounding-within-tolerance": (
        judged(verdict("1.00", "1.01"), verdict("1.00", "5.00")),
        judged(verdict("1.00", "1.02", conclusion="尾差")),
        ["T01-1-00000001 / -0.020000 / 0.010000"],
    ),
    "rounding-is-measured": (
        judged(verdict("1.00", "1.01")),
        judged(verdict("1.00", "1.01", tolerance=None, conclusion="尾差")),
        ["T01-1-00000001"],
    ),
    "broken-beyond-tolerance": (
        judged(verdict("1.00", "5.00"), verdict(None, "5.00", conclusion="不成立")),
        judged(verdict("1.00", "1.01", conclusion="不成立")),
        ["T01-1-00000001 / -0.010000 / 0.010000"],
    ),
    "unevaluated-with-note": (
        judged(verdict(None, conclusion="不适用", note="没有这张表"), verdict()),
        judged(verdict(None, conclusion="不适用"), verdict(None, conclusion="无法核对", note=" ")),
        ["T01-1-00000001"] * 2,
    ),
    "every-rule-asked": (judged(verdict()), judged(), ["T01-1"]),
    "form-id-unique": (forms_of(FORM, SECOND), forms_of(FORM, FORM | {"seq": 2}), [FORM["form_id"]] * 2),
    "form-of-document": (
        forms_of(FORM),
        forms_of(FORM | {"form_id": "ffffffffffff/L9/form"}),
        ["ffffffffffff/L9/form"],
    ),
    "form-seq-unique": (forms_of(FORM, SECOND), forms_of(FORM, SECOND | {"seq": 1}), [f"{DOCUMENT} / 1"] * 2),
    "form-family-known": (forms_of(FORM), forms_of(FORM | {"family": "G"}), ["G"]),
    "form-state-known": (forms_of(FORM), forms_of(FORM | {"state": "待核"}), ["待核"]),
    "form-second-printing": (
        forms_of(FORM, SECOND | {"duplicate_of": FORM["form_id"]}),
        forms_of(FORM | {"duplicate_of": SECOND["form_id"]}, SECOND | {"duplicate_of": "x/L1/form"}),
        [SECOND["form_id"], "x/L1/form"],
    ),
    "form-held-with-reason": (
        forms_of(FORM | {"state": "不完整", "note": "总分待核"}),
        forms_of(FORM | {"state": "不完整"}),
        [FORM["form_id"]],
    ),
    "form-figure-in-field": (
        performance_tables(
            [SCORED | {"budget_amount": Decimal("10000")}],
            [performance_field(), performance_money("年初预算支出金额", seq=2)],
        ),
        performance_tables(
            [SCORED, SCORED | {"form_id": SECOND["form_id"]}],
            [performance_field(status="held"), performance_field(form_id=SECOND["form_id"], number="80")],
        ),
        ["total_score / 90.000000000000"] * 2,
    ),
    "form-of-row": (
        performance_tables([FORM], [performance_field()], [performance_funding()], [performance_indicator()]),
        performance_tables(
            [FORM | {"document_id": "ffffffffffff"}], [performance_field()], [performance_funding()]
        ),
        [f"{table} / {FORM['form_id']}" for table in ("performance_field", "fact_performance_funding")],
    ),
    "form-row-unique": (
        performance_tables([FORM], [performance_field(), performance_money(seq=2)], [performance_funding()]),
        performance_tables([FORM], [performance_field(), performance_money()]),
        [f"performance_field / {FORM['form_id']} / 1"] * 2,
    ),
    "form-cell-of-document": (
        performance_tables([FORM], [performance_field()], [performance_funding()]),
        performance_tables([FORM], [performance_field(cell_id="ffffffffffff/L1")]),
        ["ffffffffffff/L1"],
    ),
    "form-row-status-known": (
        performance_tables([FORM], [performance_field(), performance_money(seq=2, status="blank")]),
        performance_tables([FORM], [performance_field(status="closed")]),
        ["closed"],
    ),
    "form-row-held-with-reason": (
        performance_tables([FORM], [performance_field(status="held", reason="看不清")]),
        performance_tables([FORM], [performance_field(status="held")]),
        [f"performance_field / {DOCUMENT}/L10/c2"],
    ),
    "form-amount-as-printed": (
        performance_tables([FORM], [performance_money(printed="0.0048")], [performance_funding()]),
        performance_tables(
            [FORM | {"money_unit": "元"}], [performance_money(amount=Decimal(1))], [performance_funding()]
        ),
        ["1.00 / 1.00", "1.00 / 10000.00"],
    ),
    "field-no-value-unless-printed": (
        performance_tables([FORM], [performance_field(number=None, status="blank")]),
        performance_tables(
            [FORM], [performance_field(status="held"), performance_money(seq=2, status="blank")]
        ),
        ["总分 / 90.000000000000", "预算金额 / 10000.000000000000"],
    ),
    "score-plausible": (
        performance_tables([FORM], [performance_field(number="100")], (), [performance_indicator("0")]),
        performance_tables(
            [FORM],
            [performance_field(number="-1"), performance_field(seq=2, number="936", unit="%")],
            (),
            [performance_indicator("101")],
        ),
        ["指标得分 / 101.000000000000", "总分 / -1.000000000000"],
    ),
}


@pytest.fixture(scope="module", autouse=True)
def great_expectations():
    with deferred_imports():
        import great_expectations  # noqa: F401


@pytest.fixture(autouse=True)
def few_rules(monkeypatch):
    for module in ("frames", "suites_data"):
        monkeypatch.setattr(f"expectations.{module}.load_rules", lambda: RULES)


def run(name, frames):
    suite, expectation = EVERY[name]
    return validate(2024, frames, today=TODAY, suites=[Suite(suite.name, suite.zh, (expectation,))])


@pytest.mark.parametrize("name", sorted(EVERY))
def test_expectation_accepts_its_good_example(name):
    good, _, _ = EXAMPLES[name]
    validation = run(name, good)
    result = validation.results.row(0, named=True)
    assert result["checked"] > 0, "the example must have a row that the expectation looks at"
    assert (result["success"], result["failed"], validation.failures.height) == (True, 0, 0)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_expectation_refuses_its_bad_example_and_names_the_rows(name):
    _, bad, values = EXAMPLES[name]
    validation = run(name, bad)
    result = validation.results.row(0, named=True)
    assert (result["success"], result["failed"]) == (False, len(values))
    failures = validation.failures
    assert sorted(failures["value"]) == sorted(values)
    assert set(failures["expectation"]) == {name}
    assert failures["document_id"].null_count() == 0
    if EVERY[name][1].table in ("dim_statement", "fact_line_item"):
        assert failures["statement_id"].null_count() == 0
    if EVERY[name][1].frame == "fact_line_item":
        named = bad["fact_line_item"]["cell_id"]
        assert set(failures["cell_id"]) <= set(named)
        assert failures["row_seq"].null_count() == 0


def test_examples_are_of_expectations_that_exist():
    assert set(EXAMPLES) == set(EVERY)


def test_results_and_failures_have_the_columns_of_the_schema():
    assert schema("expectation_result") == RESULT_SCHEMA
    assert schema("expectation_failure") == FAILURE_SCHEMA


def test_every_suite_runs_on_one_year_and_on_an_empty_one():
    year = tables(
        [document()], [statement(rows=1, cells=1, non_blank=1)], [cell(subject_code="208")], [verdict()]
    )
    for frames, checked in ((year, len(RULES)), (tables(), 0)):
        validation = validate(2024, frames, today=TODAY)
        assert validation.results.schema == RESULT_SCHEMA
        assert validation.failures.schema == FAILURE_SCHEMA
        assert validation.results["expectation"].to_list() == list(EVERY)
        assert validation.results["success"].all()
        assert validation.results["checked"].max() == checked


def test_suites_speak_about_known_frames_and_in_the_words_of_the_vocabulary():
    words = vocabulary(TODAY)
    for suite, expectation in EVERY.values():
        assert expectation.frame in FRAMES
        assert expectation.table in TABLES
        columns = FRAMES[expectation.frame](tables()).columns
        assert {*expectation.where, *expectation.columns, *expectation.value} <= set(columns), expectation.id
        for accepted in fill(expectation.where, words).values():
            assert isinstance(accepted, list), f"{suite.name}: where takes a list of values"


def test_an_expectation_that_cannot_be_evaluated_is_an_error_not_a_pass():
    suite, expectation = EVERY["row-seq-from-one"]
    broken = type(expectation)(
        **{name: getattr(expectation, name) for name in expectation.__dataclass_fields__}
        | {"kwargs": {"column": "status", "min_value": 1}}
    )
    with pytest.raises(RuntimeError, match="row-seq-from-one"):
        validate(2024, cells(cell()), today=TODAY, suites=[Suite(suite.name, suite.zh, (broken,))])
