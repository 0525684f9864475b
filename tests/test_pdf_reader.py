"""The direct route through PDFs on small pages made for one question each."""

from __future__ import annotations

import io
from decimal import Decimal

import pikepdf
import pytest
from fpdf import FPDF
from PIL import Image

from pipelines.document import read_document
from pipelines.model import DocumentPart, Grid, Line
from pipelines.readers import read
from tests.typesetter.paged import font_folder
from tests.typesetter.pdf_fonts import name_only

FONT = next(path for path in sorted(font_folder().rglob("*")) if path.suffix in (".ttf", ".otf"))
EDGES = (40, 110, 260, 360, 460, 560)
HEAD = ("科目代码", "科目名称", "小计", "基本支出", "项目支出")
ROWS = (("合计", "", "12.00", "7.00", "5.00"), ("2010601", "行政运行", "12.00", "7.00", "5.00"))


def page(pdf: FPDF) -> None:
    pdf.add_page()
    pdf.set_font("song", size=9)


def new() -> FPDF:
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_font("song", fname=str(FONT))
    page(pdf)
    return pdf


def table(pdf: FPDF, rows=ROWS, *, shift: float = 0.0) -> None:
    """A statement of a made-up office; ``shift`` moves the figures of the last column left."""
    pdf.text(200, 60, "某市某局2024年度部门决算公开")
    pdf.text(200, 90, "一般公共预算财政拨款支出决算表")
    pdf.text(40, 110, "部门：某市某局 2024年度 金额单位：万元")
    lines = (HEAD, *rows)
    for row in range(len(lines) + 1):
        pdf.line(EDGES[0], 120 + 20 * row, EDGES[-1], 120 + 20 * row)
    for edge in EDGES:
        pdf.line(edge, 120, edge, 120 + 20 * len(lines))
    for row, texts in enumerate(lines):
        for column, text in enumerate(texts):
            right = EDGES[column + 1] - 3 - (shift if column == 4 and row else 0)
            left = EDGES[column] + 3 if column < 2 or not row else right - pdf.get_string_width(text)
            pdf.text(left, 134 + 20 * row, text)
    pdf.text(40, 140 + 20 * len(lines), "注：本表反映部门本年度一般公共预算财政拨款支出情况。")


def part_of(pdf: FPDF) -> DocumentPart:
    return read_document(bytes(pdf.output()), name="x.pdf")


def amounts(part: DocumentPart) -> dict[tuple[int, str], Decimal | None]:
    return {(i.row_seq, i.measure): i.amount for i in part.line_items}


def test_a_plain_page_is_read():
    pdf = new()
    table(pdf)
    assert amounts(part_of(pdf)) == {
        (row, measure): Decimal(value)
        for row in (1, 2)
        for measure, value in (("小计", 120000), ("基本支出", 70000), ("项目支出", 50000))
    }


@pytest.mark.parametrize("shift", [60, 75, 92])
def test_a_figure_over_a_border_is_held_in_both_cells(shift):
    """Its digits left and right of the rule would each be a number of their own."""
    pdf = new()
    table(pdf, (ROWS[0], ("2010601", "行政运行", "123456.70", "", "123456.70")), shift=shift)
    part = part_of(pdf)
    torn = [i for i in part.line_items if i.row_seq == 2 and i.measure in ("基本支出", "项目支出")]
    assert all(i.amount is None for i in torn)
    assert any(i.status == "held" for i in torn)
    assert any("越过了格线" in issue.reason for issue in part.issues)
    assert amounts(part)[2, "小计"] == Decimal("1234567000.00")


def test_a_figure_that_leaves_the_table_is_held():
    pdf = new()
    table(pdf, (ROWS[0], ("2010601", "行政运行", "12.00", "7.00", "5.00")), shift=-9)
    part = part_of(pdf)
    assert amounts(part)[2, "项目支出"] is None
    assert amounts(part)[2, "基本支出"] == Decimal("70000.00")


def test_hidden_text_under_a_picture_is_a_scan():
    pdf = new()
    pdf.image(Image.new("L", (60, 80), 255), 0, 0, 595, 842)
    table(pdf)
    with pikepdf.open(io.BytesIO(bytes(pdf.output()))) as made:
        made.pages[0].contents_add(b"3 Tr", prepend=True)
        out = io.BytesIO()
        made.save(out)
    part = read_document(out.getvalue(), name="x.pdf")
    assert part.line_items == ()
    assert any("扫描" in issue.reason and issue.locator == "p1" for issue in part.issues)


def test_text_over_a_picture_of_the_whole_page_is_read():
    pdf = new()
    pdf.image(Image.new("L", (60, 80), 255), 0, 0, 595, 842)
    table(pdf)
    assert amounts(part_of(pdf))[2, "小计"] == Decimal("120000.00")


def named_only(data: bytes) -> bytes:
    """The file without the programs of its fonts."""
    with pikepdf.open(io.BytesIO(data)) as made:
        name_only(made)
        out = io.BytesIO()
        made.save(out)
        return out.getvalue()


@pytest.mark.parametrize("pen", [0, 0.57, 9])
@pytest.mark.parametrize("angle", [0, 90])
def test_letters_of_a_font_that_is_nowhere_are_read_one_by_one(pen, angle):
    """No shape is known of them, and each is a text of its own; twins beside each other are two."""
    pdf = new()
    pdf.set_line_width(pen)
    words = "本级一一公务费，类款项行次"
    with pdf.rotation(angle, 300, 400):
        for place, letter in enumerate(words):
            pdf.text(200 + 9 * place, 400, letter)
        pdf.text(200, 450, words)
    blocks = read(named_only(bytes(pdf.output()))).blocks
    assert [block.text for block in blocks] == [words, words]


def test_a_table_in_a_font_that_is_nowhere_is_read():
    pdf = new()
    table(pdf, (*ROWS, ("2010602", "费", "1.00", "", "1.00")))
    part = read_document(named_only(bytes(pdf.output())), name="x.pdf")
    assert [item.name_printed for item in part.line_items if item.row_seq == 3] == ["费"] * 3
    assert amounts(part)[3, "项目支出"] == Decimal("10000.00")


def test_hidden_letters_of_a_font_that_is_nowhere_stay_hidden():
    pdf = new()
    pdf.image(Image.new("L", (60, 80), 255), 0, 0, 595, 842)
    for place, letter in enumerate("本级一一公务费，类款项行次"):
        pdf.text(200 + 9 * place, 400, letter)
    with pikepdf.open(io.BytesIO(named_only(bytes(pdf.output())))) as made:
        made.pages[0].contents_add(b"3 Tr", prepend=True)
        out = io.BytesIO()
        made.save(out)
    content = read(out.getvalue())
    assert not content.blocks
    assert any("扫描" in issue.reason for issue in content.issues)


def test_lines_and_grids_come_in_reading_order():
    pdf = new()
    table(pdf)
    blocks = read(bytes(pdf.output())).blocks
    assert [type(block) for block in blocks] == [Line, Line, Line, Grid, Line]
    assert blocks[3].rows[2][2].locator == "p1/t1/r3c3"
