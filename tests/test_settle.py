"""Recognised amounts are settled by arithmetic: corrected with evidence, held with reasons, never guessed."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expectations import hypotheses, identities, version
from expectations.hypotheses import Identity, Term, settlement
from expectations.identities import identities_of
from expectations.readings import Figure, Usual, figures_of, is_certain, usual_decimals
from expectations.reconcile import reconcile
from expectations.rules_data import load_rules
from expectations.settle import settle
from pipelines.model import CellReading, DocumentPart, LineItem
from pipelines.scans.certainty import confused
from tests.reconcile_frames import changed, sample, tables_of
from tests.settle_examples import SURE, Address, find, part_of, read_as
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.figures import Disclosure

CODES = ("2010301", "2080505", "2080506", "2101101", "2210201")
SUMMARY, INCOME, SPENDING = "income_expenditure_summary", "income", "expenditure"
BASIC = "basic_expenditure"
TOTAL: Address = (SUMMARY, "本年支出合计", "金额")
PROJECT: Address = (SPENDING, "2010301", "项目支出")


# Digits for which no usual confusion gives the key.
_UNLIKE = dict(zip("0123456789.", "2556795521,", strict=True))


# Digits that the recogniser usually takes for others.
_CONFUSED = {digit: seen for seen in "0123456789" for digit in confused(seen) if digit.isdigit()}


@cache
def disclosure() -> Disclosure:
    return consistent_disclosure(8, nature="事业单位", codes=CODES, funds=0, capital=0, other_money=True)


@cache
def scan() -> DocumentPart:
    """A faultless scan, every cell of which was read with certainty."""
    return part_of(disclosure())


@pytest.fixture(autouse=True)
def found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Identities are found once for all documents that print the same cells: figures play no part in them."""

    def find(part: DocumentPart, about: Collection[str]) -> list[Identity]:
        name = part.statements, tuple(item.cell_id for item in part.line_items)
        if name not in _FOUND:
            _FOUND[name] = identities_of(part, {item.cell_id for item in part.line_items})
        return [identity for identity in _FOUND[name] if identity.cells & set(about)]

    monkeypatch.setattr(identities, "identities_of", find)


_FOUND: dict[object, list[Identity]] = {}


def swapped(text: str, place: int = 0) -> str:
    """A text with another digit at a place: one that no usual confusion gives back."""
    place %= len(text)
    return text[:place] + _UNLIKE[text[place]] + text[place + 1 :]


def status(part: DocumentPart, address: Address) -> str:
    return find(part, address).status


def issues(part: DocumentPart, address: Address) -> list[str]:
    place = find(part, address).cell_id.partition("/")[2]
    return [issue.reason for issue in part.issues if issue.locator == place]


# --- the document as a whole ---------------------------------------------------------------------


def test_a_digital_document_comes_back_as_it_is_and_costs_nothing() -> None:
    part = part_of(changed(disclosure(), (*TOTAL, "+0.10")), recognised=False)
    assert settle(part) is part
    code = (
        "import sys; from expectations.settle import settle; import expectations.hypotheses;"
        "print([m for m in ('polars', 'great_expectations') if m in sys.modules])"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"


def test_a_scan_of_certain_readings_stays_as_it_is() -> None:
    assert settle(scan()) == scan()


def test_a_misread_cell_is_corrected_with_the_evidence() -> None:
    true = find(scan(), TOTAL)
    wrong = swapped(true.amount_printed)
    part = settle(read_as(scan(), true, wrong, 0.6, {true.amount_printed: 0.3}))
    found = find(part, TOTAL)
    assert (found.status, found.amount, found.amount_printed) == ("corrected", true.amount, wrong)
    (repair,) = part.repairs
    assert (repair.attribute, repair.printed, repair.repaired, repair.rule) == (
        "金额",
        wrong,
        true.amount_printed,
        "算术",
    )
    assert "T01-3 收入支出决算总表" in repair.evidence
    assert f"{float(true.amount_printed):,.2f} = {float(true.amount_printed):,.2f}" in repair.evidence
    assert part.issues == ()


def test_a_figure_that_the_recogniser_leaves_no_room_for_is_no_correction() -> None:
    """A printed error read as it stands, only its point unsure: what the sums ask for is not printed."""
    true = find(scan(), TOTAL)
    place, digit = next((n, c) for n, c in enumerate(true.amount_printed) if c in _CONFUSED)
    wrong = true.amount_printed[:place] + _CONFUSED[digit] + true.amount_printed[place + 1 :]
    other = wrong.replace(".", ",")
    assert status(settle(read_as(scan(), true, wrong, 0.6, {other: 0.1392})), TOTAL) == "corrected"
    held = settle(read_as(scan(), true, wrong, 0.86, {other: 0.1392}))
    assert status(held, TOTAL) == "held"
    assert held.repairs == ()


def test_a_point_that_was_lost_is_put_back() -> None:
    true = find(scan(), TOTAL)
    part = settle(read_as(scan(), true, true.amount_printed.replace(".", ""), SURE))
    assert find(part, TOTAL).status == "corrected"
    assert find(part, TOTAL).amount == true.amount


def test_what_is_no_amount_is_corrected_too_and_its_issue_goes() -> None:
    true = find(scan(), TOTAL)
    part = settle(read_as(scan(), true, f"{true.amount_printed}|", 0.99))
    assert find(part, TOTAL).amount == true.amount
    assert find(part, TOTAL).status == "corrected"


def test_an_uncertain_reading_that_the_identities_bear_out_is_printed() -> None:
    true = find(scan(), TOTAL)
    part = settle(read_as(scan(), true, true.amount_printed, 0.5, {swapped(true.amount_printed): 0.3}))
    assert (status(part, TOTAL), part.repairs, part.issues) == ("printed", (), ())


def test_a_total_and_its_part_are_corrected_together() -> None:
    part = scan()
    for address in (TOTAL, (SUMMARY, "201", "金额")):
        cell = next(
            i
            for i in part.line_items
            if i.form == SUMMARY and (i.item == address[1] or i.subject_code == address[1])
        )
        part = read_as(part, cell, swapped(cell.amount_printed), 0.6, {cell.amount_printed: 0.3})
    part = settle(part)
    assert len(part.repairs) == 2
    true = {i.cell_id: i.amount for i in scan().line_items}
    assert all(i.amount == true[i.cell_id] for i in part.line_items)


# --- what is held --------------------------------------------------------------------------------


def test_two_explanations_within_rounding_are_held_with_what_each_implies() -> None:
    true = find(scan(), TOTAL)
    last = true.amount_printed[-1]
    near = true.amount_printed[:-1] + str(int(last) + 1 if last < "9" else 8)
    part = settle(read_as(scan(), true, true.amount_printed, 0.6, {near: 0.3}))
    assert (status(part, TOTAL), find(part, TOTAL).amount) == ("held", None)
    (reason,) = issues(part, TOTAL)
    assert f"读作 {true.amount_printed}（0.60）则各式成立" in reason
    assert f"读作 {near}（0.30）则各式成立" in reason


def test_a_cell_of_which_no_reading_comes_out_is_held_alone() -> None:
    true = find(scan(), PROJECT)
    part = settle(read_as(scan(), true, swapped(swapped(true.amount_printed), -1), 0.6))
    held = [item for item in part.line_items if item.status == "held"]
    assert [item.cell_id for item in held] == [true.cell_id]
    assert "差" in issues(part, PROJECT)[0]
    assert {s.state for s in part.statements} == {s.state for s in scan().statements}


def test_an_uncertain_cell_that_no_identity_touches_is_held_and_a_certain_one_published() -> None:
    part = scan()
    touched = {cell for i in identities_of(part, {r.cell_id for r in part.readings}) for cell in i.cells}
    cell = next(i for i in part.line_items if i.status == "printed" and i.cell_id not in touched)
    text = cell.amount_printed
    uncertain = settle(read_as(part, cell, text, 0.9))
    assert [i.cell_id for i in uncertain.line_items if i.status == "held"] == [cell.cell_id]
    assert "没有能核对的恒等式" in uncertain.issues[0].reason
    assert settle(read_as(part, cell, text, SURE)).issues == ()


def test_a_statement_with_a_cell_in_doubt_and_a_contradiction_elsewhere_is_held_whole() -> None:
    broken = part_of(changed(disclosure(), (SPENDING, "2210201", "基本支出", "+12.34")))
    assert settle(broken) == broken
    cell = find(broken, PROJECT)
    part = settle(read_as(broken, cell, swapped(swapped(cell.amount_printed), -1), 0.6))
    assert {s.form for s in part.statements if s.state == "待核"} == {SPENDING}
    assert not [i for i in part.line_items if i.form == SPENDING and i.amount is not None]
    assert [i for i in part.line_items if i.form == SUMMARY and i.amount is not None]


def test_a_contradiction_that_was_printed_stays() -> None:
    misprint = part_of(changed(disclosure(), (*TOTAL, "+12.34")))
    assert settle(misprint) == misprint


def test_a_contradiction_that_a_usual_confusion_would_explain_is_held() -> None:
    true = find(scan(), TOTAL)
    text = true.amount_printed
    place = next(n for n, digit in enumerate(text) if digit in "0356")
    taken_for = text[:place] + "8" + text[place + 1 :]
    part = settle(read_as(scan(), true, taken_for, SURE))
    assert status(part, TOTAL) == "held"
    assert "常见误读" in issues(part, TOTAL)[0]
    assert part.repairs == ()


def test_a_blank_cell_in_which_a_figure_must_stand_is_held() -> None:
    true = find(scan(), TOTAL)
    blank = replace(true, status="blank", amount=None, amount_printed="")
    items = tuple(blank if item.cell_id == true.cell_id else item for item in scan().line_items)
    readings = tuple(r for r in scan().readings if r.cell_id != true.cell_id)
    page = {r.cell_id: f"{r.cell_id.split('/')[0]}/p1/{r.cell_id.split('/')[1]}" for r in scan().readings}
    page |= {
        item.cell_id: f"{item.cell_id.split('/')[0]}/p1/{item.cell_id.split('/')[1]}c{n}"
        for n, item in enumerate(items)
    }
    part = replace(
        scan(),
        line_items=tuple(replace(i, cell_id=page[i.cell_id]) for i in items),
        readings=tuple(replace(r, cell_id=page[r.cell_id]) for r in readings),
        cells=tuple(replace(c, cell_id=page[c.cell_id]) for c in scan().cells),
    )
    settled = settle(part)
    assert [i.status for i in settled.line_items if i.status == "held"] == ["held"]
    found = find(settled, TOTAL)
    assert (found.status, found.amount_printed) == ("held", "〓")
    assert "可能有数没有读到" in issues(settled, TOTAL)[0]


def test_a_certain_reading_is_never_corrected() -> None:
    true = find(scan(), TOTAL)
    part = settle(read_as(scan(), true, swapped(true.amount_printed), SURE, {true.amount_printed: 0.001}))
    assert status(part, TOTAL) == "held"


def test_a_cell_held_for_its_place_is_not_settled() -> None:
    true = find(scan(), TOTAL)
    part = read_as(scan(), true, swapped(true.amount_printed), 0.6, {true.amount_printed: 0.3})
    torn = replace(find(part, TOTAL), status="held", amount=None)
    items = tuple(torn if item.cell_id == true.cell_id else item for item in part.line_items)
    assert status(settle(replace(part, line_items=items)), TOTAL) == "held"
    unread = read_as(scan(), true, f"{true.amount_printed}|", 0.99)
    unplaced = tuple(role for role in unread.cells if role.cell_id != true.cell_id)
    assert status(settle(replace(unread, cells=unplaced)), TOTAL) == "held"


def test_a_cell_without_any_amount_leaves_its_neighbours_alone() -> None:
    true, project = find(scan(), TOTAL), find(scan(), PROJECT)
    part = read_as(scan(), true, true.amount_printed, 0.5, {swapped(true.amount_printed): 0.3})
    part = settle(read_as(part, project, "〓", 0.0))
    assert [item.cell_id for item in part.line_items if item.status == "held"] == [project.cell_id]
    assert "识别成「〓」（0.00），不是合规的数字" in issues(part, PROJECT)[0]


# --- readings ------------------------------------------------------------------------------------


def test_what_is_certain() -> None:
    cell = find(scan(), TOTAL)
    usual = usual_decimals(scan().line_items)

    def certain(text: str, confidence: float) -> bool:
        return is_certain(cell, CellReading(cell.statement_id, cell.cell_id, text, confidence), usual)

    assert certain("12.34", 0.995)
    assert not certain("12.34", 0.5)
    assert not certain("12.3", SURE)
    assert not certain("1234", SURE)
    assert not certain("12.34|", SURE)


def test_candidates_are_amounts_each_once() -> None:
    cell = find(scan(), TOTAL)
    reading = CellReading(
        cell.statement_id, cell.cell_id, "1284", 0.9, ("12.B4", "12.84", "12.84"), (0.3, 0.2, 0.1)
    )
    figures = figures_of(cell, reading, usual_decimals(scan().line_items))
    assert [f.text for f in figures[:2]] == ["1284", "12.84"]
    assert len({f.value for f in figures}) == len(figures)
    assert "1234" in [f.text for f in figures if f.weak]
    assert figures[0].half == figures[1].half


@pytest.mark.parametrize("text", ["〓", "N", "0.0O", "00", "0", "0.0"])
def test_what_does_not_read_like_a_printed_zero_is_none(text: str) -> None:
    """No sum tells a 0 from a blank cell in which the scanner left a speck."""
    cell = find(scan(), TOTAL)
    reading = CellReading(cell.statement_id, cell.cell_id, text, 0.08, ("0.00", "——"), (0.05, 0.02))
    values = [figure.value for figure in figures_of(cell, reading, usual_decimals(scan().line_items))]
    assert (0 in values) == (text == "0.0O")
    assert values or not any(character.isdigit() for character in text)


# --- the reasoning -------------------------------------------------------------------------------


def fig(value: int, confidence: float | None = 0.5, half: int = 0) -> Figure:
    return Figure(str(value), value, half, confidence)


def equal(left: str, right: str) -> Identity:
    terms = [tuple(Term(cell, 1) for cell in side) for side in (left, right)]
    return Identity("T00", f"{left}={right}", *terms)


def test_a_usual_confusion_needs_two_identities() -> None:
    fixed = {"b": fig(3), "c": fig(3)}
    free = {"a": (fig(8), fig(3, None))}
    assert settlement(fixed, {}, free, [equal("a", "b")]).settled == {}
    assert settlement(fixed, {}, free, [equal("a", "b"), equal("a", "c")]).settled == {"a": fig(3, None)}
    assert settlement(fixed, {}, {"a": (fig(8), fig(3))}, [equal("a", "b")]).settled == {"a": fig(3)}


def test_a_usual_confusion_must_come_out_to_the_last_digit() -> None:
    free = {"a": (fig(50, half=5), fig(49, None, half=5))}
    found = settlement({"b": fig(50, half=5)}, {}, free, [equal("a", "b")])
    assert found.settled == {"a": fig(50, half=5)}


def test_nothing_is_settled_by_rounding_alone() -> None:
    free = {"a": (fig(51, half=5),)}
    found = settlement({"b": fig(50, half=5)}, {}, free, [equal("a", "b")])
    assert (found.settled, found.unsettled) == ({}, {"a"})


def test_two_uncertain_cells_need_two_identities_that_say_more_than_that_they_are_equal() -> None:
    free = {"a": (fig(8), fig(3)), "b": (fig(3),)}
    fixed = {"c": fig(1), "d": fig(1), "e": fig(2), "f": fig(2)}
    same, more, again = equal("a", "b"), equal("ac", "bd"), equal("ae", "bf")
    assert settlement(fixed, {}, free, [same]).settled == {}
    assert settlement(fixed, {}, free, [same, more]).settled == {}
    assert set(settlement(fixed, {}, free, [more, again]).settled) == {"a", "b"}


def test_uncertain_cells_that_only_bear_each_other_out_are_held() -> None:
    free = {"a": (fig(3),), "b": (fig(1),), "c": (fig(4),), "d": (fig(4),), "e": (fig(2),), "f": (fig(6),)}
    assert settlement({}, {}, free, [equal("ab", "c"), equal("abe", "f"), equal("abe", "fg")]).settled == {}


def test_what_is_settled_settles_the_next() -> None:
    free = {"a": (fig(8), fig(3)), "b": (fig(4), fig(9))}
    found = settlement({"c": fig(3), "d": fig(12)}, {}, free, [equal("a", "c"), equal("ab", "d")])
    assert found.settled == {"a": fig(3), "b": fig(9)}


def test_one_identity_that_does_not_come_out_is_enough_to_doubt() -> None:
    free = {"a": (fig(8), fig(3))}
    found = settlement({"b": fig(3), "c": fig(8)}, {}, free, [equal("a", "b"), equal("a", "c")])
    assert (found.settled, found.unsettled) == ({}, {"a"})


def test_what_has_too_many_combinations_waits(monkeypatch) -> None:
    monkeypatch.setattr(hypotheses, "_MOST_COMBINATIONS", 3)
    free = {"a": (fig(8), fig(3)), "b": (fig(8), fig(3))}
    assert settlement({}, {}, free, [equal("a", "b"), equal("b", "a")]).unsettled == {"a", "b"}


def test_identities_come_out_as_the_rules_judge() -> None:
    """What is 不成立 in the reconciliation does not hold here, and only that."""
    rules = [rule for rule in load_rules() if rule.id[0] in "TX" and rule.severity == "E"]
    mistakes = ((SUMMARY, "本年支出合计", "金额", "+0.03"), (SPENDING, "合计", "基本支出", "+0.01"))
    documents = [one for whole in sample(2) for one in (whole, changed(whole, *mistakes))]
    verdicts = reconcile(documents[0].year, tables_of(*documents), {}, rules=rules)
    failing = 0
    for number, document in enumerate(documents):
        told = {
            (row["rule"], row["subject"]): row["conclusion"] != "不成立"
            for row in verdicts.filter(document_id=f"doc{number:09d}").iter_rows(named=True)
            if row["conclusion"] in ("成立", "尾差", "不成立")
        }
        found = _come_out(part_of(document))
        common = found.keys() & told.keys()
        assert len(common) > 100
        assert {key: found[key] for key in common} == {key: told[key] for key in common}, number
        failing += sum(not holds for holds in told.values())
    assert failing > 2


def _come_out(part: DocumentPart) -> dict[tuple[str, str], bool | None]:
    usual = usual_decimals(part.line_items)
    held = {
        i.cell_id: Figure("", int((i.amount or i.quantity or 0) * 10**6), _half(i, usual))
        for i in part.line_items
    }
    about = {reading.cell_id for reading in part.readings}
    return {(i.rule, i.subject): hypotheses.holds(i, held) for i in identities_of(part, about)}


def _half(item: LineItem, usual: Usual) -> int:
    reading = CellReading(item.statement_id, item.cell_id, item.amount_printed, 1.0)
    figures = figures_of(item, reading, usual)
    return figures[0].half if figures else 0


# --- what must never happen ----------------------------------------------------------------------


@example(seed=2959, few=False)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), few=st.booleans())
def test_no_wrong_amount_is_published(seed: int, few: bool) -> None:
    chance = random.Random(seed)  # noqa: S311 - examples
    part = scan()
    true = {
        item.cell_id: item.amount if item.amount is not None else item.quantity for item in part.line_items
    }
    printed = [item for item in part.line_items if item.status == "printed"]
    for cell in chance.sample(printed, chance.randint(1, 4 if few else 25)):
        part = _misread(part, cell, chance)
    for item in settle(part).line_items:
        if item.status in ("printed", "corrected"):
            assert (item.amount if item.amount is not None else item.quantity) == true[item.cell_id], item


def _misread(part: DocumentPart, cell: LineItem, chance: random.Random) -> DocumentPart:
    """One cell read with little confidence: rightly or not, the truth among the others or not."""
    text = cell.amount_printed

    def another() -> str:
        place = chance.choice([n for n, one in enumerate(text) if one.isdigit()])
        digit = chance.choice("0123456789")
        return chance.choice(
            [
                text[:place] + digit + text[place + 1 :],
                text[:place] + text[place + 1 :],
                text.replace(".", ""),
            ]
        )

    read = chance.choice([text, another(), another()])
    others = {another(): 0.1 for _ in range(chance.randint(0, 3))}
    if chance.random() < 0.5:
        others[text] = 0.2
    others.pop(read, None)
    return read_as(part, cell, read, chance.uniform(0.2, 0.97), others)


# --- the version ---------------------------------------------------------------------------------


def test_the_version_is_of_everything_that_settles() -> None:
    code = (
        "import sys; import expectations.settle, expectations.identities;"
        "print(*sorted(m.partition('.')[2] + '.py' for m in sys.modules if m.startswith('expectations.')))"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert set(done.stdout.split()) <= set(version.SETTLING)


@pytest.mark.parametrize("name", version.SETTLING)
def test_everything_in_the_version_is_there(name: str) -> None:
    assert (Path(version.__file__).parent / name).is_file()
