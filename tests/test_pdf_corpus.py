"""Typeset PDFs of two printers are read back: every cell at its place, every fact as it was printed."""

from __future__ import annotations

import pypdfium2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pypdfium2 import raw

from expectations.settle import settle
from pipelines.document import read_document
from pipelines.model import Grid
from pipelines.readers import read
from pipelines.readers.pdfium import open_pdf, page_content
from tests.pdf_checks import assert_nothing_wrong, assert_pdf_reads_as, grids_by_page
from tests.typesetter.corpus import LOOKS, PRINTERS, TEMPLATES, cell_accuracy, corpus, printed, printers
from tests.typesetter.look import Look
from tests.typesetter.paged import PrintedPdf

# Short documents of different layouts: whole ones are read in a look that needs no words.
FORMS = ("income_expenditure_summary", "expenditure", "three_public")
RULED, HORIZONTAL = 0.999, 0.995

# Looks that are not read whole yet, by printer, and why: nothing wrong may come out of them.
HARD = {
    ("no-rules", "fpdf"): "columns without any rule are held",
    ("no-rules", "typst"): "columns without any rule are held",
}


def _cases():
    """Look, printer and a seed by which the templates go round."""
    return [
        (printer, name, place)
        for place, (name, look) in enumerate(LOOKS.items())
        for printer in printers(look)
    ]


def _params(found):
    return [pytest.param(*case, id=f"{case[1]}-{case[0]}") for case in found]


UNREADABLE = [case for case in _cases() if not LOOKS[case[1]].has_text]
READABLE = [case for case in _cases() if case not in UNREADABLE and (case[1], case[0]) not in HARD]
HELD = [case for case in _cases() if (case[1], case[0]) in HARD]


def accuracy(pdf: PrintedPdf) -> float:
    return cell_accuracy(pdf.grids, grids_by_page(read(pdf.data)))


@pytest.mark.parametrize("seed", range(len(TEMPLATES)))
@pytest.mark.parametrize("printer", PRINTERS)
def test_a_whole_disclosure_is_read_as_it_was_printed(printer, seed):
    pdf = printed(printer, seed, LOOKS["plain"])
    assert accuracy(pdf) >= RULED
    assert_pdf_reads_as(pdf.truth, read_document(pdf.data, name="x.pdf"))


@pytest.mark.parametrize(("printer", "name", "seed"), _params(READABLE))
def test_a_look_changes_nothing_of_what_is_read(printer, name, seed):
    look = LOOKS[name]
    pdf = printed(printer, seed, look, FORMS)
    assert accuracy(pdf) >= (RULED if look.ruled else HORIZONTAL)
    assert_pdf_reads_as(pdf.truth, read_document(pdf.data, name="x.pdf"))


@pytest.mark.parametrize("seed", range(len(TEMPLATES)))
@pytest.mark.parametrize("printer", PRINTERS)
def test_level_rules_alone_show_the_columns_of_every_template(printer, seed):
    """No rule parts the columns, whether the head numbers them (栏次) or not."""
    pdf = printed(printer, seed, LOOKS["horizontal"])
    assert accuracy(pdf) >= HORIZONTAL
    assert_pdf_reads_as(pdf.truth, read_document(pdf.data, name="x.pdf"))


@pytest.mark.parametrize("seed", range(len(TEMPLATES)))
@pytest.mark.parametrize("printer", PRINTERS)
def test_the_corpus_draws_no_upright_rule_where_rules_are_level(printer, seed):
    with open_pdf(printed(printer, seed, LOOKS["horizontal"], FORMS).data) as document:
        pages = [page_content(document, n) for n in range(raw.FPDF_GetPageCount(document))]
    assert any(len(page.level) for page in pages)
    assert not any(len(page.upright) for page in pages)


@pytest.mark.parametrize(("printer", "name", "seed"), _params(HELD))
def test_what_is_hard_is_held_rather_than_read_wrong(printer, name, seed):
    pdf = printed(printer, seed, LOOKS[name], FORMS)
    part = read_document(pdf.data, name="x.pdf")
    assert_nothing_wrong(pdf.truth, part)
    held = [s for s in part.statements if s.state in ("待核", "缺失")]
    assert all(s.reason for s in held)


@pytest.mark.parametrize(("printer", "name", "seed"), _params(UNREADABLE))
def test_what_is_recognised_of_a_page_without_letters_is_right_or_held(printer, name, seed):
    pdf = printed(printer, seed, LOOKS[name], FORMS)
    part = settle(read_document(pdf.data, name="x.pdf"))
    assert_nothing_wrong(pdf.truth, part)
    assert part.readings
    assert all(issue.reason and issue.advice for issue in part.issues if issue.kind == "held")


# A page is small enough to look at: what fails is not made smaller, which would take minutes.
SLOW = list(HealthCheck)
PHASES = (Phase.explicit, Phase.generate)


@st.composite
def looks(draw) -> Look:
    """Ruled looks with any combination of what a reader has to see through."""
    switch = st.booleans()
    rotate = draw(st.sampled_from((0, 0, 90, 180, 270)))
    return Look(
        paper=draw(st.sampled_from(("A4", "A3"))),  # on portrait ones a note of two lines hides 本表无数据
        rules=draw(st.sampled_from(("strokes", "fills", "cells", "double"))),
        filled_header=draw(switch),
        fake_bold=draw(switch),
        odd_spacing=draw(switch),
        wrapped_names=draw(switch),
        repeat_header=draw(switch),
        last_row_alone=draw(switch),
        empty_row=draw(switch),
        watermark=draw(st.sampled_from(("none", "oblique"))),
        watermark_over=draw(switch),
        rotate=rotate,
        turned=0 if rotate else draw(st.sampled_from((0, 90, 270))),
        cropbox=draw(switch),
        fonts=draw(st.sampled_from(("embedded", "named", "gbk"))),
        form_xobject=draw(switch),
    )


@settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES
)
@given(look=looks(), seed=st.integers(0, 200))
def test_any_ruled_look_is_read_as_it_was_printed(look, seed):
    pdf = printed("fpdf", seed, look, FORMS)
    assert accuracy(pdf) >= RULED
    assert_pdf_reads_as(pdf.truth, read_document(pdf.data, name="x.pdf"))


# --- the witness itself -------------------------------------------------------------------------


def test_every_number_stands_in_the_box_that_the_truth_gives():
    pdf = printed("fpdf", 1, LOOKS["plain"], FORMS)
    with pypdfium2.PdfDocument(pdf.data) as document:
        for grid in pdf.grids:
            page = document[grid.page - 1]
            height, words = page.get_height(), page.get_textpage()
            for cell in (c for row in grid.rows for c in row if c.text):
                left, top, right, bottom = cell.box
                found = words.get_text_bounded(left, height - bottom, right, height - top)
                assert "".join(found.split()) == "".join(cell.text.split()), f"{grid.form} {cell}"


def test_cells_that_were_read_have_the_box_that_was_printed():
    pdf = printed("fpdf", 0, LOOKS["plain"], FORMS)
    true = {
        f"p{grid.page}/t{grid.table}/r{r}c{c}": cell.box
        for grid in pdf.grids
        for r, row in enumerate(grid.rows, start=1)
        for c, cell in enumerate(row, start=1)
        if cell.text
    }
    read_boxes = {
        cell.locator: cell.box
        for block in read(pdf.data).blocks
        if isinstance(block, Grid)
        for row in block.rows
        for cell in row
        if cell.text
    }
    assert true.keys() == read_boxes.keys()
    far = {place: box for place, box in true.items() if _distance(box, read_boxes[place]) > 1.5}
    assert not far


def _distance(one, other) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def test_the_corpus_is_the_same_bytes_each_time():
    for printer in PRINTERS:
        first, second = (printed(printer, 0, LOOKS["stamp"], FORMS[2:]) for _ in range(2))
        assert first.data == second.data
        assert first.grids == second.grids


def test_the_corpus_names_each_of_its_pdfs():
    looks = {name: LOOKS[name] for name in ("plain", "fills")}
    assert [pdf.name for pdf in corpus(looks, (3,))] == ["plain/fpdf/3", "plain/typst/3", "fills/fpdf/3"]


def test_accuracy_counts_cells_out_of_place():
    pdf = printed("fpdf", 0, LOOKS["plain"], FORMS[2:])
    (grid,) = pdf.grids
    texts = [list(row) for row in grid.texts]
    cells = sum(bool(text) for row in texts for text in row)
    assert cell_accuracy(pdf.grids, {grid.page: [texts]}) == 1
    assert cell_accuracy(pdf.grids, {grid.page + 1: [texts]}) == 0
    texts[0][0] = "别的"
    assert cell_accuracy(pdf.grids, {grid.page: [texts]}) == pytest.approx(1 - 1 / cells)


def test_letters_are_gone_where_a_look_takes_them():
    """The files that are held really have rules and glyphs, and no words."""
    pdf = printed("typst", 0, LOOKS["no-to-unicode"], FORMS)
    with pypdfium2.PdfDocument(pdf.data) as document:
        words = document[0].get_textpage()
        count = words.count_chars()
        assert count > 5
        broken = [raw.FPDFText_HasUnicodeMapError(words, i) for i in range(count)]
        assert sum(broken) > count / 2 or not any("\u4e00" <= c <= "\u9fff" for c in words.get_text_range())
