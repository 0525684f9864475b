"""Pages that are pictures: what is seen in them, cell by cell, on small rasters made here."""

from __future__ import annotations

import io
import re
from typing import Any

import cv2
import numpy as np
import pikepdf
import pytest
from fpdf import FPDF
from numpy.typing import NDArray
from PIL import Image

from pipelines.model import Grid, Line, Reading
from pipelines.readers.pdf import read_pdf, text_at
from pipelines.readers.rules import Frame
from pipelines.scans import recogniser
from pipelines.scans.certainty import is_sure
from pipelines.scans.ink import Speck, lines_of
from pipelines.scans.picture import Picture, level, ways
from pipelines.scans.recogniser import recognise
from pipelines.scans.ruling import ruling
from pipelines.scans.structure import odd_cells, without_strips
from pipelines.scans.words import in_words
from tests.typesetter.corpus import LOOKS, printed
from tests.typesetter.scan import ScanManner, scanned

Array = NDArray[Any]
WIDTH, HEIGHT = 1654, 1100
ROWS = (("2010101", "2,940.05"), ("2010102", "--"), ("2010103", ""), ("2010104", "-61.38"))


def written(image: Array, text: str, x: int, y: int, colour: tuple[int, int, int] = (0, 0, 0)) -> None:
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, colour, 2, cv2.LINE_AA)


def page(rows: tuple[tuple[str, str], ...] = ROWS) -> Array:
    """A table of two columns below a line of text; «--» is drawn as a dash."""
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    written(image, "Table 2024", 600, 120)
    for row, cells in enumerate(rows):
        top = 200 + 60 * row
        for column, text in enumerate(cells):
            left = 200 + 500 * column
            cv2.rectangle(image, (left, top), (left + 500, top + 60), (0, 0, 0), 2)
            if text == "--":
                cv2.line(image, (left + 220, top + 30), (left + 280, top + 30), (0, 0, 0), 2)
            else:
                written(image, text, left + 30, top + 42)
    return image


def pdf_of(*images: Array) -> bytes:
    pdf = FPDF(unit="pt", format=(WIDTH * 0.36, HEIGHT * 0.36))
    pdf.set_margin(0)
    for image in images:
        pdf.add_page()
        out = io.BytesIO()
        Image.fromarray(image).save(out, "JPEG", quality=80)
        pdf.image(io.BytesIO(out.getvalue()), 0, 0, WIDTH * 0.36, HEIGHT * 0.36)
    return bytes(pdf.output())


def grid_of(data: bytes) -> Grid:
    (grid,) = (block for block in read_pdf(data).blocks if isinstance(block, Grid))
    return grid


def askew(image: Array, degrees: float) -> Array:
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(image, turn, (WIDTH, HEIGHT), borderValue=(255, 255, 255)))


TEXTS = [["2010101", "2,940.05"], ["2010102", "——"], ["2010103", ""], ["2010104", "-61.38"]]


@pytest.mark.parametrize("turned", [0, 2], ids=["upright", "upside down"])
def test_a_table_is_read_cell_by_cell_whichever_way_it_lies(turned: int) -> None:
    grid = grid_of(pdf_of(np.ascontiguousarray(np.rot90(askew(page(), 1.3), turned))))
    assert [[cell.text for cell in row] for row in grid.rows] == TEXTS
    amount = grid.rows[0][1]
    assert amount.locator == "p1/t1/r1c2"
    assert amount.reading is not None
    assert amount.reading.confidence > 0.9
    # A blank cell was not recognised: there was nothing to see.
    assert grid.rows[2][1].reading is None


def test_boxes_are_places_on_the_page_as_it_is_displayed() -> None:
    upright, turned = (
        grid_of(pdf_of(image)).rows[0][1].box for image in (page(), np.ascontiguousarray(np.rot90(page(), 2)))
    )
    assert upright == pytest.approx((700 * 0.36, 200 * 0.36, 1200 * 0.36, 260 * 0.36), abs=1.5)
    assert turned is not None
    assert turned == pytest.approx(
        ((WIDTH - 1200) * 0.36, (HEIGHT - 260) * 0.36, (WIDTH - 700) * 0.36, (HEIGHT - 200) * 0.36), abs=1.5
    )


def test_the_same_text_is_found_again_at_its_place() -> None:
    data = pdf_of(page())
    line = next(block for block in read_pdf(data).blocks if isinstance(block, Line))
    assert line.text == "Table 2024"
    assert text_at(data, line.locator) == line.text
    assert text_at(data, "p1/t1/r4c2") == "-61.38"


def test_a_blank_sheet_is_no_page_that_could_not_be_read() -> None:
    content = read_pdf(pdf_of(page(), np.full((HEIGHT, WIDTH, 3), 255, np.uint8)))
    assert content.pages == 2
    assert content.issues == ()


@pytest.mark.parametrize("figure", ["", "7"])
def test_dust_noise_a_fold_and_a_dark_edge_are_no_writing_but_one_figure_is(figure: str) -> None:
    chance = np.random.default_rng(1)
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    image[500:540] = 200
    image[:, :25] = 30
    for x, y in chance.integers(100, 1000, (30, 2)).tolist():
        image[y : y + 3, x : x + 4] = 40
    written(image, figure, 800, 300)
    image = np.clip(image + chance.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
    content = read_pdf(pdf_of(page(), image))
    assert content.pages == 2
    seen = any(block.locator.startswith("p2/") for block in content.blocks if isinstance(block, Line))
    held = [issue.locator for issue in content.issues] == ["p2"]
    assert (seen or held) == bool(figure)


@pytest.mark.parametrize("figure", ["", "7"])
def test_a_sheet_with_an_empty_table_is_blank_but_not_with_one_figure_in_it(figure: str) -> None:
    content = read_pdf(pdf_of(page(), page((("", figure), ("", "")))[180:]))
    assert content.issues == ()
    cells = [
        cell.text
        for block in content.blocks
        if isinstance(block, Grid) and block.rows[0][0].locator.startswith("p2/")
        for row in block.rows
        for cell in row
    ]
    assert any(cells) == bool(figure)


def test_a_document_half_digital_and_half_scanned_every_way_is_read_as_one() -> None:
    """Pages: upside down, on its side, upright but displayed on its side, digital."""
    printed_pdf = printed("fpdf", 1, LOOKS["portrait"], ("income_expenditure_summary", "three_public"))
    first = printed_pdf.grids[0].page
    with pikepdf.open(io.BytesIO(printed_pdf.data)) as pdf:
        source = pdf.pages[first - 1]
        out = pikepdf.new()
        for _ in range(4):
            out.pages.append(source)
        kept = io.BytesIO()
        out.save(kept)
    manner = ScanManner(pages=(1, 2, 3), upside_down=(1,), turned={2: 1})
    with pikepdf.open(io.BytesIO(scanned(kept.getvalue(), manner))) as pdf:
        pdf.pages[2].obj.Rotate = 270
        turned = io.BytesIO()
        pdf.save(turned)
    content = read_pdf(turned.getvalue())
    amounts = [
        [[re.sub(r"[^0-9.-]", "", cell.text) for cell in row] for row in block.rows]
        for block in content.blocks
        if isinstance(block, Grid)
    ]
    assert [issue for issue in content.issues if issue.kind != "ignored"] == []
    assert len(amounts) == 4
    assert amounts[0] == amounts[1] == amounts[2] == amounts[3]


def test_the_lines_of_a_picture_tell_whether_it_lies_on_its_side() -> None:
    grey = cv2.cvtColor(page(), cv2.COLOR_RGB2GRAY)
    assert ways(plain(grey)) == (0, 2)
    assert ways(plain(np.ascontiguousarray(np.rot90(grey)))) == (1, 3)


def stamped(opaque: bool, rows: tuple[tuple[str, str], ...]) -> Grid:
    """The table with a red bar down its second column, of ink or covering."""
    image, red = page(rows), (220, 50, 50)
    bar = np.full_like(image, 255)
    cv2.rectangle(bar, (720, 205), (840, 395), red, -1)
    seen = np.where(bar < 255, bar, image) if opaque else np.minimum(image, bar)
    return grid_of(pdf_of(seen.astype(np.uint8)))


def test_a_cell_under_a_stamp_is_blank_only_if_the_rules_are_seen_through_it() -> None:
    rows = (("2010101", "1.05"), ("2010102", ""), ("2010103", "7.77"), ("2010104", ""))
    assert [row[1].text for row in stamped(False, rows).rows] == ["1.05", "", "7.77", ""]
    assert [row[1].text for row in stamped(True, rows).rows] == ["〓"] * 4


def test_a_border_under_a_stamp_leaves_no_blank_beside_the_joined_cell() -> None:
    image = page()
    cv2.rectangle(image, (640, 255), (780, 385), (220, 50, 50), -1)
    for row in grid_of(pdf_of(image)).rows[1:3]:
        assert all(cell.torn or cell.text not in ("", "——") for cell in row)


def test_what_a_stamp_covers_is_never_certain_and_never_blank() -> None:
    image = page((("2010101", "2,940.05"), ("2010102", "61.38"), ("2010103", "7.77")))
    cv2.rectangle(image, (690, 262), (1210, 330), (220, 40, 40), -1)
    covered, beside = (grid_of(pdf_of(image)).rows[r][1] for r in (1, 0))
    assert covered.text not in ("", "61.38")
    assert covered.reading is not None
    assert covered.reading.confidence <= 0.5
    assert beside.text == "2,940.05"


def test_a_figure_that_went_under_a_stamp_with_its_border_is_no_blank() -> None:
    """What is left of the row reads like a name that reaches over both columns: no digit is in it."""
    rows = (("Alpha", "1.05"), ("Beta", ""), ("Gamma", "7.77"), ("Delta", "2.00"), ("Zeta", "3.00"))
    image = page(rows)
    cv2.rectangle(image, (690, 264), (710, 316), (255, 255, 255), -1)
    cv2.rectangle(image, (720, 264), (810, 316), (220, 40, 40), -1)
    written(image, "+", 830, 302)
    cells = [row[1].text for row in grid_of(pdf_of(image)).rows]
    assert cells == ["1.05", "〓", "7.77", "2.00", "3.00"]


def test_a_red_seal_through_which_figures_are_seen_is_taken_away() -> None:
    image = page()
    seal = np.full_like(image, 255)
    cv2.circle(seal, (800, 260), 120, (220, 60, 60), 10)
    cv2.line(seal, (700, 232), (900, 228), (220, 60, 60), 12)
    grid = grid_of(pdf_of(np.minimum(image, seal)))
    assert [[cell.text for cell in row] for row in grid.rows] == TEXTS


def plain(grey: np.ndarray) -> Picture:
    """A grey picture without stamp or watermark, a pixel a point."""
    return Picture(grey, grey, np.zeros(grey.shape, bool), 1.0, np.eye(3)[:2], 0)


def test_the_strokes_of_letters_are_no_rules() -> None:
    grey = cv2.cvtColor(page(), cv2.COLOR_RGB2GRAY)
    cv2.line(grey, (300, 266), (300, 296), 0, 3)  # as long as a letter, beside a rule
    found = ruling(plain(grey))
    assert sorted(round(x) for x in found.upright[:, 0]) == pytest.approx([200, 700, 1200], abs=2)
    assert sorted({round(y / 60) for y in found.level[:, 0]}) == [3, 4, 5, 6, 7]


def test_a_rule_goes_on_where_a_little_of_it_is_lost() -> None:
    grey = cv2.cvtColor(page(), cv2.COLOR_RGB2GRAY)
    grey[290:306, 695:706] = 255
    found = ruling(plain(grey))
    middle = found.upright[np.abs(found.upright[:, 0] - 700) < 3]
    assert len(middle) == 1
    assert middle[0, 1:].tolist() == pytest.approx([200, 440], abs=4)


def test_a_skewed_picture_is_made_level() -> None:
    grey = cv2.cvtColor(askew(page(), 2.4), cv2.COLOR_RGB2GRAY)
    found = ruling(level(plain(grey)))
    assert (found.level[:, 2] - found.level[:, 1]).max() > 980


def test_an_uncertain_character_comes_with_what_else_it_may_be() -> None:
    picture = np.full((60, 400), 255, np.uint8)
    cv2.putText(picture, "1,234.56", (20, 42), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2, cv2.LINE_AA)
    (clear,) = recognise([picture])
    (blurred,) = recognise([np.asarray(cv2.GaussianBlur(picture, (0, 0), 5))])
    assert clear.text == "1,234.56"
    assert clear.confidence > 0.95 > blurred.confidence
    assert blurred.others
    assert all(text != blurred.text and 0 < likely <= 1 for text, likely in blurred.others)


def steps(*told: str | dict[str, float]) -> np.ndarray:
    """What the model may say step by step: a character it is sure of, or several with their likelihoods."""
    characters = recogniser._session()[2]
    said = np.zeros((len(told), len(characters)), np.float32)
    for step, one in enumerate(told):
        for character, likely in (one if isinstance(one, dict) else {one: 1.0}).items():
            said[step, characters.index(character)] = likely
    return said


POINT, COMMA = {".": 0.7, ",": 0.3}, {",": 0.6, "，": 0.4}


@pytest.mark.parametrize(
    ("told", "text", "sure"),
    [
        (["6", POINT, "6", "2", "8", POINT, "1", "0"], "6,628.10", True),
        (["-", "6", POINT, "6", "2", "8", COMMA, "1"], "-6,628.1", True),
        (["6", "6", COMMA, "1", "", "0"], "6.10", True),
        # Steps of one mark that look now like the one, now like the other.
        (["7", ".", ",", "1", "2"], "7.12", True),
        # A digit is as doubtful as it was.
        (["6", POINT, "1", {"3": 0.6, "5": 0.4}], "6.13", False),
        # Three digits at the end are a thousand or decimals; nobody knows from the looks.
        (["6", POINT, "6", "2", "8"], "6.628", False),
        (["6", POINT, "6", "2", "7", "2"], "6.6272", False),
        # A digit was lost, or one too many was read.
        (["6", POINT, "6", "2", POINT, "1", "0"], "6.62.10", False),
        (["6", COMMA, "", COMMA, "6", "2", "8", POINT, "1", "0"], "6,,628.10", False),
    ],
)
def test_the_marks_of_a_figure_are_told_by_their_places(told, text: str, sure: bool) -> None:
    said = steps(*told)
    found = recogniser._as_figure(said, recogniser._decoded(said))
    assert (found.text, is_sure(found.confidence)) == (text, sure)


def test_other_texts_of_a_figure_are_figures_of_its_kind() -> None:
    said = steps("6", POINT, "6", {"2": 0.6, "7": 0.3, "": 0.1}, "8", POINT, "1", "0")
    found = recogniser._as_figure(said, recogniser._decoded(said))
    assert (found.text, [text for text, _ in found.others]) == ("6,628.10", ["6,678.10"])
    assert found.confidence == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("text", "confidence", "others", "word"),
    [
        ("收入決算表", 0.6, (), "收入决算表"),
        ("日录", 0.4, (("目录", 0.3),), "目录"),
        ("日录", 0.99, (("目录", 0.01),), "日录"),
        ("2,940.O5", 0.3, (("2,940.05", 0.3),), "2,940.O5"),
        ("张三李四", 0.3, (), "张三李四"),
        ("财政拨款收\n1", 0.4, (), "财政拨款收入"),
        ("2024年度收入", 0.4, (), "2024年度收入"),
        ("米\n类", 0.4, (), "类"),
        ("财务", 0.4, (), "财务"),
        ("财务", 0.4, (("服务", 0.3),), "服务"),
    ],
)
def test_an_uncertain_word_becomes_the_only_one_that_it_can_be(
    text: str, confidence: float, others: tuple[tuple[str, float], ...], word: str
) -> None:
    said, reading = in_words(text, Reading(confidence, others))
    assert said == word
    assert reading.seen == (text if said != text else None)


def frame(cells: list[list[int]], heights: tuple[float, ...] = ()) -> Frame:
    """A frame of those cells, 50 points wide each, rows 20 points high where nothing else is said."""
    rows, columns = len(cells), len(cells[0])
    ys = np.concatenate(([0.0], np.cumsum(heights or (20.0,) * rows)))
    return Frame(tuple(50.0 * c for c in range(columns + 1)), tuple(ys.tolist()), np.array(cells))


WHOLE = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11], [12, 13, 14]]


@pytest.mark.parametrize(("height", "gap", "lines"), [(6, 1, 1), (9, 2, 1), (9, 4, 2), (14, 2, 2)])
def test_halves_of_thin_letters_are_one_line(height: int, gap: int, lines: int) -> None:
    ink = np.full((60, 60), 255, np.uint8)
    boxes = [(10, 10, 24, 10 + height), (10, 10 + height + gap, 24, 10 + 2 * height + gap)]
    for left, top, right, bottom in boxes:
        ink[top:bottom, left:right] = 0
    assert len(lines_of([Speck(box, 20) for box in boxes], ink)) == lines


def test_cells_that_a_hidden_or_a_false_rule_makes_are_odd() -> None:
    inked = range(15)
    assert odd_cells(frame(WHOLE), inked) == set()
    joined = [*WHOLE[:3], [9, 10, 10], WHOLE[4]]
    assert odd_cells(frame(joined), [c for c in inked if c != 11]) == {10}
    high = [*WHOLE[:3], [9, 10, 11], [12, 10, 14]]
    assert odd_cells(frame(high), [c for c in inked if c != 13]) == {10}
    # The head may be parted as it likes.
    head = [[0, 1, 1], *WHOLE[1:]]
    assert odd_cells(frame(head), [c for c in inked if c != 2]) == set()


def test_an_empty_column_is_one_only_if_nearly_all_rows_have_its_borders() -> None:
    inked = [0, 1, 3, 4, 6, 7, 9, 10, 12, 13]
    assert odd_cells(frame(WHOLE), inked) == set()
    stroke = [[0, 1, 2], [3, 4, 4], [6, 7, 7], [9, 10, 10], [12, 13, 13]]
    assert odd_cells(frame(stroke), inked) == set(inked)


def test_a_low_row_without_ink_is_none() -> None:
    inked = [c for c in range(15) if c not in (9, 10, 11)]
    kept, named = without_strips(frame(WHOLE, (20, 20, 14, 6, 20)), inked)
    assert kept.cell_of.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]
    assert kept.ys == (0.0, 20.0, 40.0, 60.0, 80.0)
    assert (named[8], named[12]) == (8, 9)
    assert without_strips(frame(WHOLE), range(15))[0].cell_of.tolist() == WHOLE
