"""Golden round trips: what the typesetter printed is read back, cell by cell, with every field.

Belongs here: the samples, and each switch of ``Manner`` alone on a document that has everything.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from pipelines.document import read_document
from pipelines.model import DocumentPart
from pipelines.vocabulary import FORM_IDS
from tests.checks import assert_reads_as, assert_sound
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.figures import Disclosure, StatementFigures
from tests.typesetter.manner import Manner
from tests.typesetter.samples import samples
from tests.typesetter.templates import TEMPLATES, template
from tests.typesetter.text import Printed, print_text

# Each switch alone. Those that leave something out do so on two tables that stand far apart.
SWITCHES = {
    "clean": Manner(),
    "pages break": Manner(break_every=20),
    "pages break and repeat the head": Manner(break_every=20, repeat_header=True),
    "pages break after every row": Manner(break_every=1),
    "watermark": Manner(watermark="仅供内部审核"),
    "watermark on broken pages": Manner(watermark="仅供内部审核", break_every=20),
    "spaces within numbers": Manner(spaced_every=1),
    "wrapped names": Manner(wrapped_every=1),
    "wrapped headers": Manner(wrapped_headers=True),
    "remains of HTML": Manner(html_every=3),
    "empty columns on the right": Manner(extra_columns=3),
    "full-width digits": Manner(full_width_digits=True),
    "half-width brackets": Manner(half_width=True),
    "thousands": Manner(thousands=True),
    "thousands, spaced and full-width": Manner(thousands=True, spaced_every=1, full_width_digits=True),
    "元": Manner(money_unit="元"),
    "long closed mark": Manner(closed_mark="———"),
    "合计 in one merged cell": Manner(total="merged"),
    "合计 in the second cell": Manner(total="second"),
    "合计 over two cells": Manner(total="split"),
    "unit, year and money in a line": Manner(head="line"),
    "unit, year and money in lines": Manner(head="lines"),
    "unit, year and money without blanks": Manner(head="tight"),
    "number over two lines": Manner(split_numbers="line"),
    "number over two lines and a blank": Manner(split_numbers="blank"),
    "truncated codes": Manner(truncated_codes=True),
    "truncated codes and names": Manner(truncated_codes=True, truncated_names=True),
    "no numbers": Manner(missing_numbers=frozenset(FORM_IDS)),
    "no money unit on two tables": Manner(missing_money=frozenset({"expenditure", "government_fund"})),
    "no table of contents": Manner(contents=False),
    "CRLF": Manner(newline="\r\n"),
    "BOM": Manner(encoding="utf-8-sig"),
    "GB18030": Manner(encoding="gb18030"),
}


@cache
def everything(template_id: str) -> Disclosure:
    """A disclosure that has figures in every statement, closed cells, printed zeros and blanks."""
    made = consistent_disclosure(
        11, template_id=template_id, general=6, funds=2, capital=1, zeros=True, parent="示例市综合局"
    )
    assert not any(statement.empty for statement in made.statements)
    return made


def emptied(disclosure: Disclosure, *forms: str) -> Disclosure:
    """The same with some statements printed empty."""
    statements = (StatementFigures(s.form) if s.form in forms else s for s in disclosure.statements)
    return replace(disclosure, statements=tuple(statements))


def read(printed: Printed) -> DocumentPart:
    """Read what was printed; whatever it says, nothing may be lost or misplaced."""
    part = read_document(printed.data, name="sample.txt")
    assert_sound(printed.data, part)
    return part


def assert_round_trip(disclosure: Disclosure, manner: Manner) -> DocumentPart:
    """Printed and read back: every field of every cell, and the place of every cell."""
    printed = print_text(disclosure, manner)
    part = read(printed)
    assert_reads_as(printed.truth, part)
    places = {(i.form, i.row_seq, i.measure): i.cell_id.partition("/")[2] for i in part.line_items}
    for cell, locator in printed.locators.items():
        assert places[cell.form, cell.row_seq, cell.measure] == locator
    return part


@pytest.mark.parametrize("name", samples())
def test_samples_are_read_exactly(name):
    printed = samples()[name]
    assert_reads_as(printed.truth, read(printed))


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("template_id", TEMPLATES)
def test_each_manner_is_read_exactly(template_id, switch):
    assert_round_trip(everything(template_id), SWITCHES[switch])


@pytest.mark.parametrize("form", FORM_IDS)
@pytest.mark.parametrize("template_id", TEMPLATES)
def test_a_table_without_its_title_is_known_by_its_columns(template_id, form):
    if form in template(template_id)["statements"]:
        assert_round_trip(everything(template_id), Manner(missing_titles=frozenset({form})))


@pytest.mark.parametrize("nil", ["declared", "silent"])
@pytest.mark.parametrize("template_id", TEMPLATES)
def test_an_empty_table_is_empty_and_a_declared_one_says_so(template_id, nil):
    empty = emptied(everything(template_id), "government_fund", "state_capital", "three_public")
    part = assert_round_trip(empty, Manner(nil=nil))
    states = {s.form: s.state for s in part.statements}
    assert states["state_capital"] == ("无数据" if nil == "declared" else "空表")


@pytest.mark.parametrize("form", ["government_fund", "state_capital"])
@pytest.mark.parametrize("template_id", TEMPLATES)
def test_an_empty_table_pressed_into_one_line_is_still_a_table(template_id, form):
    empty = emptied(everything(template_id), form)
    assert_round_trip(empty, Manner(pressed=frozenset({form}), nil="silent"))


@pytest.mark.parametrize("form", FORM_IDS)
def test_a_table_that_is_listed_and_not_printed_is_missing(form):
    whole = everything("shanxi-yangquan")
    without = replace(whole, statements=tuple(s for s in whole.statements if s.form != form))
    part = assert_round_trip(without, Manner())
    assert {s.form for s in part.statements if s.state == "缺失"} == {form}


def test_two_stacked_units_keep_their_rows_apart():
    members = ("示例市综合服务中心本级", "示例市综合服务分中心")
    codes = ("2080505", "2101102", "2210201")
    stacked = consistent_disclosure(
        5, template_id="liaoning-qianshan", level="部门", members=members, codes=codes
    )
    part = assert_round_trip(stacked, Manner(truncated_codes=True, truncated_names=True))
    rows = {
        (i.row_seq, i.subject_code) for i in part.line_items if i.form == "expenditure" and i.subject_code
    }
    assert len(rows) == 2 * len({code for _, code in rows})
    repaired = {r.repaired for r in part.repairs if r.attribute == "科目代码"}
    assert repaired == set(codes)


def test_reading_twice_gives_the_same():
    printed = print_text(everything("shanxi-yangquan"))
    assert read(printed) == read(printed)
