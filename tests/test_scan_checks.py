"""The judge of scans: each way in which an amount can be published wrong is seen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pipelines.document import read_document
from pipelines.model import CellReading
from tests.benchmarks.scan_calibration import Seen, confusions, threshold
from tests.benchmarks.scan_samples import misprinted
from tests.scan_checks import facts, judge, plain
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.corpus import LOOKS, printed

FORM = "income_expenditure_summary"


@pytest.fixture(scope="module")
def case():
    """A print, its facts, and the part that a faultless reading makes of it."""
    pdf = printed("fpdf", 0, LOOKS["plain"], (FORM,))
    return facts(pdf.truth.cells), read_document(pdf.data, name="x.pdf")


def with_item(part, index, **changes):
    items = list(part.line_items)
    items[index] = replace(items[index], **changes)
    return replace(part, line_items=tuple(items))


def first(part, status):
    return next(n for n, item in enumerate(part.line_items) if item.status == status)


def test_a_faultless_reading_has_no_mistake(case):
    true, part = case
    verdict = judge("x", true, part)
    amounts = sum(fact.value is not None for fact in true.values())
    assert amounts > 5
    assert (verdict.fates, verdict.right_before, verdict.mistakes) == ({"right": amounts}, amounts, [])


def test_another_amount_is_wrong_and_told_with_its_cell_reading_and_confidence(case):
    true, part = case
    index = first(part, "printed")
    item = part.line_items[index]
    broken = with_item(part, index, amount=item.amount + 1, amount_printed="7.77")
    reading = CellReading(item.statement_id, item.cell_id, "7.77", 0.5)
    verdict = judge("x", true, replace(broken, readings=(reading,)))
    assert verdict.fates["wrong"] == 1
    (mistake,) = verdict.mistakes
    assert mistake.locator == item.cell_id.partition("/")[2]
    assert (mistake.read, mistake.true, mistake.confidence) == ("7.77", item.amount_printed, 0.5)


def test_a_corrected_amount_is_right_after_and_wrong_before(case):
    true, part = case
    index = first(part, "printed")
    verdict = judge("x", true, with_item(part, index, amount_printed="7.77", status="corrected"))
    assert verdict.fates["corrected"] == 1
    assert verdict.right_before == verdict.fates["right"] == verdict.fates.total() - 1


@pytest.mark.parametrize("status", ["blank", "closed", "missing"])
def test_an_amount_taken_for_none_is_wrong(case, status):
    true, part = case
    verdict = judge("x", true, with_item(part, first(part, "printed"), amount=None, status=status))
    assert verdict.fates["wrong"] == len(verdict.mistakes) == 1


def test_a_held_amount_is_held_and_no_mistake(case):
    true, part = case
    verdict = judge("x", true, with_item(part, first(part, "printed"), amount=None, status="held"))
    assert (verdict.fates["held"], verdict.mistakes) == (1, [])


def test_an_amount_where_none_is_printed_is_surplus(case):
    true, part = case
    verdict = judge("x", true, with_item(part, first(part, "blank"), amount=Decimal(1), status="printed"))
    assert verdict.fates["surplus"] == len(verdict.mistakes) == 1


def test_an_amount_under_another_name_is_surplus_and_its_own_place_is_missing(case):
    true, part = case
    verdict = judge("x", true, with_item(part, first(part, "printed"), item="别的", name_printed="别的"))
    assert (verdict.fates["surplus"], verdict.fates["missing"], len(verdict.mistakes)) == (1, 1, 1)


def test_a_statement_that_is_not_found_is_missing_and_one_taken_for_empty_is_wrong(case):
    true, part = case
    amounts = sum(fact.value is not None for fact in true.values())
    assert judge("x", true, replace(part, line_items=(), statements=())).fates == {"missing": amounts}
    empty = replace(part, line_items=(), statements=(replace(part.statements[0], state="空表"),))
    assert judge("x", true, empty).fates == {"wrong": amounts}


def test_thousands_and_blanks_make_no_other_amount():
    assert plain("１,234. 50") == plain("1234.50") != plain("1234.51")
    assert plain("O.5") == "O.5"


@pytest.mark.parametrize("seed", range(5))
def test_a_misprint_is_one_digit_of_one_amount(seed):
    whole = consistent_disclosure(seed, general=4)
    before, after = (_amounts(d) for d in (whole, misprinted(whole, seed)))
    ((one, other),) = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert len(str(one)) == len(str(other))
    assert sum(a != b for a, b in zip(str(one), str(other), strict=True)) == 1
    assert other % 100 == 0


def _amounts(disclosure):
    return [int(a) for s in disclosure.statements for row in s.rows for a in row.amounts.values()]


def seen(read: str, true: str, confidence: float) -> Seen:
    return Seen("p1/t1/r1c1", read, true, confidence, ())


def test_the_threshold_lies_above_the_surest_wrong_amount_and_needs_enough_readings():
    right = [seen("1.00", "1.00", 0.5 + n / 1_000) for n in range(499)]
    wrong_amount, no_amount = seen("7.00", "1.00", 0.6), seen("7.O0", "7.00", 0.99)
    assert threshold([*right, wrong_amount, no_amount]) == (0.601, 398)
    assert threshold([*right, seen("7.00", "1.00", 0.9)]) is None


def test_confusions_are_pieces_that_differ():
    counted = confusions([seen("1.71", "7.71", 0.5), seen("12.5", "125", 0.5), seen("3", "3", 0.5)])
    assert counted == {("1", "7"): 1, (".", ""): 1}
