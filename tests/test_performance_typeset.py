"""Typeset performance forms are read back: every amount, score, date and indicator, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipelines.document import read_document
from pipelines.model import DocumentPart
from tests.performance_checks import assert_forms_read, assert_nothing_wrong, contradictions
from tests.typesetter.compose import Composition, PageBreak, Words
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.corpus import PRINTERS
from tests.typesetter.docx import set_docx
from tests.typesetter.html import PageLook, set_html
from tests.typesetter.layout import Box, Table
from tests.typesetter.look import Look
from tests.typesetter.manner import Manner
from tests.typesetter.performance import VARIANTS, FilledForm, damaged, figures
from tests.typesetter.performance_consistent import consistent_form
from tests.typesetter.performance_document import (
    Cut,
    Merged,
    attached,
    flattened,
    form_blocks,
    on_their_own,
    rows_of,
)
from tests.typesetter.performance_layout import lay_out
from tests.typesetter.text import set_text
from tests.typesetter.xlsx import SheetLook, set_xlsx

FORMS = tuple((family, variant) for family, variants in VARIANTS.items() for variant in variants)
# Forms of 17 and 18 columns do not stand on an upright page.
WIDE = "DE"


def form(variant: str, seed: int) -> FilledForm:
    family = next(family for family, known in FORMS if known == variant)
    return consistent_form(family, seed, variant)  # type: ignore[arg-type]


def from_text(composition: Composition, merged: Merged = "kept") -> DocumentPart:
    return read_document(set_text(flattened(composition, merged)).data, name="x.txt")


def from_pdf(composition: Composition, printer: str, variant: str) -> DocumentPart:
    look = Look(landscape=variant in WIDE)
    return read_document(PRINTERS[printer].set_pdf(composition, look).data, name="x.pdf")


def disclosure_for(variant: str, composition_of: FilledForm) -> Composition:
    template = "liaoning-qianshan" if variant in WIDE else "shanxi-yangquan"
    return attached(consistent_disclosure(3, template_id=template), [composition_of])


every_form = pytest.mark.parametrize("variant", [variant for _, variant in FORMS])


# --- the forms themselves ---------------------------------------------------------------------


@every_form
def test_an_invented_form_adds_up_and_a_damaged_one_differs_in_one_figure(variant: str) -> None:
    for seed in range(9):
        assert list(contradictions(form(variant, seed))) == []
    for seed in range(2):
        filled = form(variant, seed)
        printed = lay_out(filled).rows
        for name in figures(filled):
            spoilt = damaged(filled, name)
            assert lay_out(spoilt).rows != printed
            if not _stands_alone(filled, name):
                assert list(contradictions(spoilt)), name


def _stands_alone(filled: FilledForm, name: str) -> bool:
    """Whether nothing else in the form depends on the figure."""
    if filled.family == "A" and name.endswith("_amount"):
        return all(source.budget_amount is None for source in filled.sources)
    return name.startswith("sources") and name.endswith("rate")


# --- read back ----------------------------------------------------------------------------------


@every_form
@pytest.mark.parametrize("merged", ["kept", "left out"])
def test_a_form_is_read_from_text_as_it_was_printed(variant: str, merged: Merged) -> None:
    for seed in range(5):
        filled = form(variant, seed)
        assert_forms_read([filled], from_text(on_their_own([filled]), merged))


@every_form
def test_rows_that_lost_the_cells_merged_from_above_are_read_right_or_held(variant: str) -> None:
    for seed in range(5):
        filled = form(variant, seed)
        assert_nothing_wrong([filled], from_text(on_their_own([filled]), "dropped"))


@every_form
def test_a_form_attached_to_a_disclosure_is_read_as_it_was_printed(variant: str) -> None:
    for seed in (0, 5):
        filled = form(variant, seed)
        part = from_text(disclosure_for(variant, filled))
        assert part.document.kind == "决算"
        assert_forms_read([filled], part)


def test_amounts_of_which_no_form_of_the_document_prints_the_unit_are_held() -> None:
    filled = form("D", 1)
    silent = replace(filled, style=replace(filled.style, unit_shown=False))
    part = from_text(on_their_own([silent]))
    assert_nothing_wrong([silent], part)
    assert part.performance_forms[0].budget_amount is None
    assert all(task.allotted_amount is None for task in part.performance_tasks)
    assert any(issue.kind == "held" and "单位" in issue.reason for issue in part.issues)


@every_form
@pytest.mark.parametrize("printer", PRINTERS)
def test_a_form_is_read_from_a_pdf_as_it_was_printed(printer: str, variant: str) -> None:
    filled = form(variant, 2)
    assert_forms_read([filled], from_pdf(on_their_own([filled]), printer, variant))


@pytest.mark.parametrize(("printer", "variant"), [("fpdf", "A2"), ("typst", "D")])
def test_a_form_attached_to_a_disclosure_is_read_from_a_pdf(printer: str, variant: str) -> None:
    filled = form(variant, 4)
    part = from_pdf(disclosure_for(variant, filled), printer, "D")
    assert part.document.kind == "决算"
    assert_forms_read([filled], part)


@every_form
def test_a_form_is_read_from_office_files_as_it_was_printed(variant: str) -> None:
    filled = form(variant, 6)
    composition = on_their_own([filled])
    for name, data in {
        "x.html": set_html(composition, PageLook()).data,
        "x.docx": set_docx(composition).data,
        "x.xlsx": set_xlsx(composition, SheetLook()).data,
    }.items():
        assert_forms_read([filled], read_document(data, name=name))


@every_form
def test_a_form_is_read_as_printed_and_not_as_it_ought_to_be(variant: str) -> None:
    filled = form(variant, 0)
    for name in figures(filled):
        spoilt = damaged(filled, name)
        assert_forms_read([spoilt], from_text(on_their_own([spoilt])))


# --- cut over two pages --------------------------------------------------------------------------


@every_form
@pytest.mark.parametrize("first", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_form_cut_after_any_row_is_read_from_text_as_the_whole(variant: str, first: int) -> None:
    filled = form(variant, 4)
    for after in range(first, rows_of(filled), 2):
        assert_forms_read([filled], from_text(on_their_own([filled], [Cut(after)])))


@every_form
@pytest.mark.parametrize(("again", "headed"), [(True, False), (False, True)])
def test_what_a_page_repeats_of_a_cut_form_is_read_once(variant: str, again: bool, headed: bool) -> None:
    filled = form(variant, 4)
    for after in range(10, rows_of(filled), 5):
        cut = Cut(after, again=again, headed=headed)
        assert_forms_read([filled], from_text(on_their_own([filled], [cut])))


@every_form
@pytest.mark.parametrize("furniture", ["仅供内部审核", "- 12 -", "12", "第 3 页 共 9 页"])
def test_what_stands_between_two_pages_is_no_part_of_a_form(variant: str, furniture: str) -> None:
    filled = form(variant, 4)
    for after in range(5, rows_of(filled), 9):
        composition = replace(on_their_own([filled], [Cut(after)]), manner=Manner(watermark=furniture))
        assert_forms_read([filled], from_text(composition))


@every_form
def test_a_form_cut_over_pages_of_a_pdf_is_read_as_the_whole(variant: str) -> None:
    filled = form(variant, 4)
    places = range(7, rows_of(filled), 17)
    for after, printer in zip(places, itertools.cycle(PRINTERS), strict=False):
        composition = on_their_own([filled], [Cut(after)])
        assert_forms_read([filled], from_pdf(composition, printer, variant))


@pytest.mark.slow
@every_form
def test_a_form_cut_after_any_row_is_read_from_a_pdf_as_the_whole(variant: str) -> None:
    filled = form(variant, 7)
    cuts = [Cut(after, again=after % 3 == 0) for after in range(1, rows_of(filled))]
    for start, printer in zip(range(0, len(cuts), 8), itertools.cycle(PRINTERS), strict=False):
        group = cuts[start : start + 8]
        forms = [filled] * len(group)
        composition = on_their_own(forms, group)
        assert_forms_read(forms, from_pdf(composition, printer, variant))


# --- damaged ---------------------------------------------------------------------------------------


def without_each_cell(filled: FilledForm, step: int) -> Iterator[Composition]:
    """The form with one cell of its grid empty, each n-th in turn.

    Levels and names of indicators stay: rows without them are rows of the level above, or of no name. So do
    operators and units in columns of their own, for they are part of what is wanted.
    """
    composition = on_their_own([filled])
    at = next(n for n, block in enumerate(composition.blocks) if isinstance(block, Table))
    table = composition.blocks[at]
    assert isinstance(table, Table)
    names = {name for row in filled.rows for name in (row.level1, row.level2, row.level3) if name}
    apart = {text for row in filled.rows for text in (row.operator, row.unit)}
    places = [
        (r, c)
        for r, row in enumerate(table.body)
        for c, box in enumerate(row)
        if box.text and box.text not in apart and not any(name in box.text for name in names)
    ]
    for r, c in places[::step]:
        row = tuple(Box() if n == c else box for n, box in enumerate(table.body[r]))
        body = (*table.body[:r], row, *table.body[r + 1 :])
        blocks = (*composition.blocks[:at], replace(table, body=body), *composition.blocks[at + 1 :])
        yield replace(composition, blocks=blocks)


@every_form
def test_an_empty_cell_makes_no_other_value_wrong(variant: str) -> None:
    filled = form(variant, 5)
    for composition in without_each_cell(filled, 5):
        assert_nothing_wrong([filled], from_text(composition), persons=False)


@pytest.mark.slow
@every_form
def test_no_empty_cell_makes_any_other_value_wrong(variant: str) -> None:
    for seed in (2, 5):
        filled = form(variant, seed)
        for composition in without_each_cell(filled, 1):
            assert_nothing_wrong([filled], from_text(composition), persons=False)


# --- several forms in a document -----------------------------------------------------------------


@pytest.mark.parametrize("merged", ["kept", "left out"])
def test_forms_one_after_another_are_read_each_for_itself(merged: Merged) -> None:
    forms = [form(variant, seed) for seed in (1, 2) for _, variant in FORMS]
    part = from_text(on_their_own(forms), merged)
    assert_forms_read(forms, part)
    assert not any(read.duplicate_of for read in part.performance_forms)


def test_the_second_printing_of_a_form_says_what_it_repeats() -> None:
    first, other = form("A2", 2), form("A2", 5)
    part = from_text(on_their_own([first, other, first]))
    assert_forms_read([first, other, first], part)
    one, two, again = part.performance_forms
    assert (one.duplicate_of, two.duplicate_of, again.duplicate_of) == (None, None, one.form_id)


_STRANGE = (
    ("监控事项", "监控情况", "整改要求"),
    ("示例事项", "按期进行", "无"),
    ("其他事项", "尚未开始", "限期"),
)


@pytest.mark.parametrize("title", ["示例项目绩效运行监控表", "示例政策绩效自评表"])
def test_a_form_of_no_known_family_is_held_and_listed(title: str) -> None:
    known = form("A2", 3)
    strange = replace(
        on_their_own([known]),
        blocks=(
            *form_blocks(known),
            PageBreak(),
            Words(title, "title"),
            Table("performance", (), tuple(tuple(map(Box, row)) for row in _STRANGE), len(_STRANGE)),
        ),
    )
    part = from_text(strange)
    assert_forms_read([known], part)
    lines = set_text(strange).text.splitlines()
    places = {f"L{lines.index(text) + 1}" for text in (title, "\t".join(_STRANGE[0]))}
    held = [issue for issue in part.issues if issue.kind == "held"]
    assert any(issue.locator.partition("/")[0] in places for issue in held), held
