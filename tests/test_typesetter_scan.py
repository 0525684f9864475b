"""The maker of scans: pictures of the right size, the same each time, and nothing else on their pages."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pypdfium2
import pytest

from pipelines.readers.pdf import _triage
from pipelines.readers.pdfium import open_pdf, page_content
from tests.typesetter.corpus import LOOKS, printed
from tests.typesetter.paged import PrintedPdf
from tests.typesetter.scan import QUALITIES, ScanManner, scanned, with_broken_text

FORMS = ("income_expenditure_summary", "three_public")
SMALL = 60  # dpi: enough to see that something was done


@cache
def print_of(look: str = "plain") -> PrintedPdf:
    return printed("fpdf", 1, LOOKS[look], FORMS)


def pictures(data: bytes, dpi: int = SMALL) -> list[np.ndarray]:
    with pypdfium2.PdfDocument(data) as document:
        return [page.render(scale=dpi / 72).to_numpy()[..., :3].astype(int) for page in document]


def triage(data: bytes) -> list[str]:
    with open_pdf(data) as document, pypdfium2.PdfDocument(data) as counted:
        return [_triage(page_content(document, index)) for index in range(len(counted))]


def turned(page: np.ndarray) -> np.ndarray:
    return page[::-1, ::-1]


def far(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference in levels of grey, after a blur that forgives the raster."""
    soft = [cv2.blur(picture.astype(np.float32), (5, 5)) for picture in (one, other)]
    return float(np.abs(soft[0] - soft[1]).mean())


@pytest.mark.parametrize("name", QUALITIES)
def test_a_scan_is_the_same_each_time_and_has_no_letters(name):
    manner = replace(QUALITIES[name], dpi=SMALL)
    first = scanned(print_of().data, manner, 7)
    assert first == scanned(print_of().data, manner, 7)
    kinds = triage(first)
    assert kinds == [
        "scanned" if number in manner.pages else "healthy" for number in range(1, len(kinds) + 1)
    ]


@pytest.mark.parametrize("name", ["skewed", "noisy", "stamped", "folded", "all-together"])
def test_another_seed_is_another_scan(name):
    manner = replace(QUALITIES[name], dpi=SMALL)
    assert scanned(print_of().data, manner, 1) != scanned(print_of().data, manner, 2)


@pytest.mark.parametrize("look", ["plain", "portrait", "rotate-90", "cropbox"])
def test_a_page_keeps_its_size_and_what_is_seen_on_it(look):
    pdf = print_of(look)
    scan = scanned(pdf.data, ScanManner(dpi=SMALL))
    with pypdfium2.PdfDocument(pdf.data) as before, pypdfium2.PdfDocument(scan) as after:
        assert [p.get_size() for p in after] == [pytest.approx(p.get_size(), abs=0.01) for p in before]
    for one, other in zip(pictures(pdf.data), pictures(scan), strict=True):
        assert far(one, other) < 2


@pytest.mark.parametrize("name", ["noisy", "stamped", "watermarked", "folded", "covered", "photocopied"])
def test_each_wear_is_seen(name):
    clean = pictures(scanned(print_of().data, ScanManner(dpi=SMALL), 3))
    worn = pictures(scanned(print_of().data, replace(QUALITIES[name], dpi=SMALL), 3))
    assert min(np.abs(a - b).mean() for a, b in zip(clean, worn, strict=True)) > 0.5


def test_only_a_stamp_of_ink_or_one_that_covers_is_red():
    def red(name: str) -> int:
        page = pictures(scanned(print_of().data, replace(QUALITIES[name], dpi=SMALL), 3))[0]
        return int(((page[..., 2] - page[..., 0]) > 60).sum())  # rendered as blue, green, red

    assert red("stamped") > 200
    assert red("covered") > 200
    assert red("photocopied") == red("clean200") == 0


def test_pages_laid_in_the_wrong_way_stand_on_their_head():
    upright = pictures(scanned(print_of().data, ScanManner(dpi=SMALL)))
    mixed = pictures(scanned(print_of().data, ScanManner(dpi=SMALL, upside_down=(2,))))
    assert far(upright[0], mixed[0]) == 0
    assert far(upright[1], turned(mixed[1])) < 2 < far(upright[1], mixed[1])


def test_pages_that_are_not_scanned_stay_as_they_were():
    pdf = print_of()
    scan = scanned(pdf.data, ScanManner(dpi=SMALL, pages=(2,)))
    with pypdfium2.PdfDocument(pdf.data) as before, pypdfium2.PdfDocument(scan) as after:
        texts = [[page.get_textpage().get_text_range() for page in file] for file in (before, after)]
    assert texts[1][0] == texts[0][0]
    assert (texts[1][1], texts[1][2:]) == ("", texts[0][2:])


def test_a_hidden_reading_is_wrong_and_under_the_picture():
    scan = scanned(print_of().data, ScanManner(dpi=SMALL, hidden_text=True))
    with pypdfium2.PdfDocument(scan) as document:
        words = "".join(page.get_textpage().get_text_range() for page in document)
    assert len(words) > 200
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in words)
    assert set(triage(scan)) == {"scanned"}


@pytest.mark.parametrize("kind", ["missing", "private"])
def test_a_broken_text_layer_shows_the_same_and_says_nothing(kind):
    pdf = print_of()
    broken = with_broken_text(pdf.data, kind)
    assert set(triage(broken)) == {"broken"}
    for one, other in zip(pictures(pdf.data), pictures(broken), strict=True):
        assert (one == other).all()
