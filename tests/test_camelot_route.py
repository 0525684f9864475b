"""The second route: camelot reads what was printed, at the places where the direct route finds it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipelines.model import Grid
from pipelines.readers import camelot_route
from pipelines.readers.camelot_route import read_pages
from pipelines.readers.pdf import read_pdf
from tests.shared_documents import SHARED, needs_shared
from tests.typesetter.corpus import LOOKS, cell_accuracy, printed

ROOT = Path(__file__).parent.parent
SHANGHAI = SHARED / "pdf" / "上海市普陀区财政局2024年度部门决算.pdf"
# The forms that fill few pages: a form of many rows, one with merged headers.
FORMS = ("income_expenditure_summary", "expenditure")


def texts(grids: dict[int, tuple[Grid, ...]]) -> dict[int, list[list[list[str]]]]:
    return {
        page: [[[cell.text for cell in row] for row in grid.rows] for grid in found]
        for page, found in grids.items()
    }


def direct(data: bytes) -> dict[int, tuple[Grid, ...]]:
    """The grids of the direct route by page."""
    grids: dict[int, tuple[Grid, ...]] = {}
    for block in read_pdf(data).blocks:
        if isinstance(block, Grid):
            page = int(block.rows[0][0].locator.split("/")[0].removeprefix("p"))
            grids[page] = (*grids.get(page, ()), block)
    return grids


@pytest.mark.parametrize(
    ("printer", "look"),
    [
        ("fpdf", "plain"),
        ("typst", "wrapped-names"),
        ("fpdf", "cells"),
        ("fpdf", "fake-bold"),
        ("fpdf", "oblique-watermark-over"),
        ("typst", "oblique-watermark-over"),
        ("fpdf", "rotate-90"),
        ("typst", "rotate-180"),
        ("fpdf", "turned-270"),
        ("typst", "cropbox"),
        ("fpdf", "form-xobject"),
        ("fpdf", "worn"),
    ],
)
def test_what_was_printed_is_read_at_its_place(printer, look) -> None:
    pdf = printed(printer, 2, LOOKS[look], FORMS)
    found = read_pages(pdf.data, sorted({grid.page for grid in pdf.grids}))
    assert cell_accuracy(pdf.grids, texts(found)) == 1.0
    other = direct(pdf.data)
    for page, grids in found.items():
        assert len(grids) == len(other[page])
        for one, two in zip(grids, other[page], strict=True):
            assert one.edges == pytest.approx(two.edges, abs=2.5)
            for row, twin in zip(one.rows, two.rows, strict=True):
                assert [(c.locator, c.span) for c in row] == [(c.locator, c.span) for c in twin]
                for cell, same in zip(row, twin, strict=True):
                    assert cell.box == pytest.approx(same.box, abs=2.5)


def test_pages_are_read_in_any_order_and_one_without_tables_has_none() -> None:
    pdf = printed("fpdf", 2, LOOKS["plain"])
    pages = sorted({grid.page for grid in pdf.grids})
    bare = next(page for page in range(1, pages[-1]) if page not in pages)
    found = read_pages(pdf.data, [pages[-1], bare, pages[0]])
    assert list(found) == [pages[-1], bare, pages[0]]
    assert found[bare] == ()
    assert found[pages[0]] == read_pages(pdf.data, [pages[0]])[pages[0]]
    assert found[pages[-1]][0].rows[0][0].locator == f"p{pages[-1]}/t1/r1c1"
    assert read_pages(pdf.data, []) == {}


def test_a_page_on_which_camelot_fails_has_no_grid_and_the_others_have_theirs(monkeypatch) -> None:
    from camelot import io

    real = io.read_pdf

    def sometimes(path: str, *, pages: str, **settings: object) -> object:
        if "2" in pages.split(","):
            raise ZeroDivisionError
        return real(path, pages=pages, **settings)

    pdf = printed("fpdf", 2, LOOKS["plain"], FORMS)
    pages = sorted({grid.page for grid in pdf.grids})
    whole = read_pages(pdf.data, pages)
    monkeypatch.setattr(io, "read_pdf", sometimes)
    assert read_pages(pdf.data, pages) == whole | {pages[1]: ()}


def test_the_picture_of_a_page_is_searched_for_rules_only_where_no_stroke_draws_them(monkeypatch) -> None:
    asked = []
    real = camelot_route._tables
    monkeypatch.setattr(
        camelot_route, "_tables", lambda copy, at, engine: (asked.append(engine), real(copy, at, engine))[1]
    )
    for look, engines in (("plain", ["vector"]), ("scanned", ["vector", "combined"])):
        pdf = printed("fpdf", 2, LOOKS[look], FORMS[1:])
        read_pages(pdf.data, [pdf.grids[0].page])
        assert asked == engines
        asked.clear()


def test_what_is_no_pdf_and_pages_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="打不开"):
        read_pages(b"%PDF-1.7 nothing", [1])
    pdf = printed("fpdf", 2, LOOKS["plain"], FORMS[1:])
    for pages in ([0], [99]):
        with pytest.raises(IndexError):
            read_pages(pdf.data, pages)


def test_nothing_is_left_on_the_disk_or_said(tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pdf = printed("fpdf", 2, LOOKS["plain"], FORMS[1:])
    assert read_pages(pdf.data, [pdf.grids[0].page])
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_camelot_is_imported_only_when_it_is_asked() -> None:
    code = (
        "import sys, pipelines.readers.camelot_route;"
        "print([m for m in ('camelot', 'cv2', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@needs_shared
def test_both_routes_agree_on_the_tables_of_a_real_disclosure() -> None:
    data = SHANGHAI.read_bytes()
    one = direct(data)
    two = read_pages(data, sorted(one))
    agreed = [
        "".join(cell.text.split()) == "".join(same.text.split())
        for page in one
        for grid, twin in zip(one[page], two[page], strict=True)
        for row, other in zip(grid.rows, twin.rows, strict=True)
        for cell, same in zip(row, other, strict=True)
    ]
    assert len(agreed) > 1000
    assert all(agreed)
