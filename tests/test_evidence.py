"""Evidence: a page with the cell in a red frame, a passage with the cell marked, and whole errors."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from juesuan import app
from pipelines import evidence
from pipelines.document import read_document
from pipelines.evidence import page_png
from pipelines.locators import page_of
from pipelines.model import Cell, CellRole, Content, Grid, Line
from pipelines.passage import passage_html
from pipelines.readers import read
from pipelines.readers.pdfium import page_content
from pipelines.sheet import RowKey, Sheet
from pipelines.vocabulary import forms
from tests.shared_documents import SHARED, needs_shared
from tests.typesetter.corpus import LOOKS, disclosure, printed
from tests.typesetter.docx import print_docx
from tests.typesetter.html import print_html
from tests.typesetter.xlsx import print_xlsx
from tests.warehouse_fixtures import a_home, day, document, full_part, keep
from warehouse.build import build
from warehouse.evidence import write_evidence
from warehouse.home import Home
from warehouse.query import query

SAMPLES = sorted((Path(__file__).parent.parent / "data" / "samples").glob("*.txt"))
MARK = re.compile(r"<mark>(.*?)</mark>", re.DOTALL)


# --- a page set by hand ------------------------------------------------------------------------


def typeset(content: str, *, rotate: int = 0, pages: int = 1) -> bytes:
    """A PDF of 300 by 200 points, cropped by 20 at its sides and 10 above and below."""
    page = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /CropBox [20 10 280 190] /Rotate {rotate}"
        " /Resources << /Font << /F 4 0 R >> >> /Contents 3 0 R >>"
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {pages} /Kids [{' '.join(f'{5 + i} 0 R' for i in range(pages))}] >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *[page] * pages,
    ]
    body, places = "%PDF-1.4\n", []
    for number, made in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{made}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode("ascii")


# A blue block where the number would stand.
BLOCK = "0 0 1 rg 100 50 40 12 re f"
BOX = (80.0, 128.0, 120.0, 140.0)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def extent(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels of a mask."""
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def red(image: np.ndarray) -> np.ndarray:
    return (image[..., 0] > 180) & (image[..., 1] < 40) & (image[..., 2] < 40)


def blue(image: np.ndarray) -> np.ndarray:
    return (image[..., 2] > 100) & (image[..., 0] < 60) & (image[..., 1] < 60)


def assert_framed(png: bytes, box: tuple[float, ...], scale: float) -> None:
    """A red frame that is closed, stands off the box by a few points, and holds all that is blue."""
    image = pixels(png)
    left, top, right, bottom = extent(red(image))
    for found, side, sign in zip((left, top, right, bottom), box, (-1, -1, 1, 1), strict=True):
        assert 0 <= sign * (found - side * scale) <= 4 * scale + 3
    assert red(image)[top, left:right].all()
    assert red(image)[bottom - 1, left:right].all()
    assert red(image)[top:bottom, left].all()
    assert red(image)[top:bottom, right - 1].all()
    inner = extent(blue(image))
    assert left < inner[0] < inner[2] < right
    assert top < inner[1] < inner[3] < bottom


@pytest.mark.parametrize(
    ("rotate", "size", "box"),
    [
        (0, (260, 180), BOX),
        (90, (180, 260), (40.0, 80.0, 52.0, 120.0)),
        (180, (260, 180), (140.0, 40.0, 180.0, 52.0)),
        (270, (180, 260), (128.0, 140.0, 140.0, 180.0)),
    ],
)
def test_a_cell_is_framed_on_its_page_as_it_is_seen(rotate, size, box):
    png = page_png(typeset(BLOCK, rotate=rotate), 1, box, dpi=144)
    assert Image.open(io.BytesIO(png)).size == (2 * size[0], 2 * size[1])
    assert_framed(png, box, 2.0)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("matrix", ["1 0 0 1", "0 1 -1 0", "-1 0 0 -1", "0 -1 1 0"])
def test_the_frame_is_where_the_reader_found_the_number(rotate, matrix):
    import pypdfium2

    data = typeset(f"0 0 1 rg BT /F 12 Tf {matrix} 150 100 Tm (239.37) Tj ET", rotate=rotate)
    with pypdfium2.PdfDocument(data) as opened:
        boxes = page_content(opened.raw, 0).glyphs.boxes
    box = (*boxes[:, :2].min(axis=0), *boxes[:, 2:4].max(axis=0))
    assert box[2] - box[0] > box[3] - box[1]  # the line runs level, as it is read
    assert_framed(page_png(data, 1, box, dpi=144), box, 2.0)


def test_the_tint_is_inside_the_frame_only_and_nothing_else_changes():
    plain = pixels(page_png(typeset(BLOCK), 1, (0.0, 0.0, 1.0, 1.0), dpi=72))
    marked = pixels(page_png(typeset(BLOCK), 1, (70.0, 118.0, 130.0, 150.0), dpi=72))
    changed = (plain != marked).any(axis=2)
    changed[:10, :10] = False
    left, top, right, bottom = extent(changed)
    assert (left, top, right, bottom) == extent(red(marked))
    inside = marked[top:bottom, left:right][~red(marked)[top:bottom, left:right]]
    assert {tuple(pixel) for pixel in inside} >= {(255, 240, 170), (0, 0, 170)}


@pytest.mark.parametrize(
    "box", [(-50.0, -50.0, 900.0, 900.0), (259.0, 179.0, 400.0, 400.0), (9.0, 9.0, 9.0, 9.0)]
)
def test_a_box_over_the_edge_or_without_size_is_still_framed(box):
    image = pixels(page_png(typeset(BLOCK), 1, box, dpi=72))
    assert image.shape == (180, 260, 3)
    assert red(image).sum() > 4


def test_a_huge_page_is_drawn_coarser(monkeypatch):
    monkeypatch.setattr(evidence, "_MOST_PIXELS", 10_000)
    png = page_png(typeset(BLOCK), 1, BOX, dpi=600)
    width, height = Image.open(io.BytesIO(png)).size
    assert 9_000 < width * height < 11_000
    assert_framed(png, BOX, width / 260)


@pytest.mark.parametrize(
    ("data", "page"), [(typeset(BLOCK), 2), (typeset(BLOCK), 0), (b"not a PDF", 1), (b"", 1)]
)
def test_a_page_that_is_not_there_is_said(data, page):
    with pytest.raises(LookupError, match=f"第 {page} 页"):
        page_png(data, page, BOX)


def test_the_picture_carries_what_it_shows():
    png = page_png(typeset(BLOCK), 1, BOX, about=[("文件", "某局<2024>.pdf"), ("列", "金额")])
    assert Image.open(io.BytesIO(png)).text == {"Description": "文件：某局<2024>.pdf\n列：金额"}


def test_every_measure_of_a_page_has_a_box_even_a_blank_one():
    sheet = Sheet("0123456789ab", "0123456789ab/income", forms()["income"], "万元")
    for text, place, box in (("1.50", "p1/t1/r4c3", BOX), ("", "p1/t1/r4c4", BOX), ("", "L4/c5", None)):
        sheet.amount(RowKey(1), "事业收入", Cell(text, place, box))
    sheet.claim(Cell("", "p1/t1/r4c1", BOX), "name")
    assert [(role.cell_id, role.text, role.box) for role in sheet.roles.values()] == [
        ("0123456789ab/p1/t1/r4c3", "1.50", BOX),
        ("0123456789ab/p1/t1/r4c4", "", BOX),
    ]


@pytest.mark.parametrize("look", ["rotate-90", "turned-270", "cropbox"])
def test_every_amount_of_a_printed_disclosure_has_its_box(look):
    made = printed("fpdf", 1, LOOKS[look])
    part = read_document(made.data, name="x.pdf")
    places = {role.cell_id: role.box for role in part.cells if role.role == "amount"}
    assert set(places) == {item.cell_id for item in part.line_items}
    true = {
        f"{part.document.document_id}/p{grid.page}/t{grid.table}/r{r}c{c}": cell.box
        for grid in made.grids
        for r, row in enumerate(grid.rows, 1)
        for c, cell in enumerate(row, 1)
        if cell.box
    }
    for cell_id in places.keys() & true.keys():
        assert places[cell_id] == pytest.approx(true[cell_id], abs=0.1)
    # Something is printed in the frame of a number and nothing in that of a blank.
    for item in (*part.line_items[:4], *part.line_items[-4:]):
        page, box = page_of(item.cell_id.partition("/")[2]), places[item.cell_id]
        image = pixels(page_png(made.data, page, box, dpi=72))
        left, top, right, bottom = (round(side) for side in box)
        inside = image[top + 3 : bottom - 3, left + 3 : right - 3]
        assert (inside.sum(axis=2) < 300).any() == bool(item.amount_printed), item


@needs_shared
def test_every_amount_of_the_real_disclosure_stands_in_its_box():
    import pypdfium2

    data = next((SHARED / "pdf").glob("*财政局*.pdf")).read_bytes()
    part = read_document(data, name="x.pdf")
    boxes = {role.cell_id: role.box for role in part.cells if role.box}
    with pypdfium2.PdfDocument(data) as opened:
        texts = [(page.get_textpage(), page.get_height()) for page in opened]
        for item in part.line_items:
            text, height = texts[page_of(item.cell_id.partition("/")[2]) - 1]
            left, top, right, bottom = boxes[item.cell_id]
            seen = text.get_text_bounded(left, height - bottom, right, height - top)
            assert seen.strip() == item.amount_printed, item.cell_id


# --- a passage ---------------------------------------------------------------------------------


class Parsed(HTMLParser):
    """The tags of a page with their attributes, its marked text and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.marked: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)
        if tag == "mark":
            self.marked.append("")

    def handle_endtag(self, tag) -> None:
        while self.open.pop() != tag:
            assert self.open, tag

    def handle_data(self, data) -> None:
        if self.open[-1:] == ["mark"]:
            self.marked[-1] += data
        self.text.append(data)


TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "dl", "dt", "dd", "p", "span"),
    *("table", "tr", "th", "td", "mark"),
}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "class"}
HOSTILE = (
    "<script>alert(1)</script>",
    "</mark></td></table><img src=x onerror=alert(1)>",
    "\"' onmouseover='x' <b>",
    "&lt;script&gt; &amp; {head}",
    "]]><!-- <style>*{display:none}</style>",
)


def content(*blocks: Line | Grid) -> Content:
    return Content("text/plain", None, len(blocks), blocks)


def shown(text: str, about: str) -> Parsed:
    grid = Grid(((Cell(text, "L2/c1"), Cell(text, "L2/c2")), (Cell("1.00", "L3/c1"),)))
    made = content(Line(text, "L1"), grid, Line(text, "L4"))
    return Parsed(passage_html(made, "L2/c2", ("L1", "L4"), [("文件", about), (about, "x")]))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    page = shown(text, text)
    assert (page.tags, page.attributes) == (TAGS, ATTRIBUTES)
    assert page.marked == [text]
    assert page.text.count(text) >= 5


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")), st.text(max_size=20))
def test_any_text_is_shown_as_it_is(text, about):
    page = shown(text, about)
    assert (page.tags, page.attributes) <= (TAGS, ATTRIBUTES)
    assert page.marked == [text]


def assert_every_cell_is_marked(data: bytes) -> None:
    """Every line item and every cell of a statement is marked, once, with the text that is printed there."""
    part, made = read_document(data, name="x"), read(data)
    extents = {s.statement_id: (s.locator, s.locator_end) for s in part.statements}
    extents |= {f.form_id: (f.locator, f.locator_end) for f in part.performance_forms}
    places = {item.cell_id: (item.amount_printed, item.statement_id) for item in part.line_items}
    # Persons are masked before anything is shown (``test_privacy``).
    said = [role for role in part.cells if role.role != "person"]
    places |= {role.cell_id: (role.text, role.statement_id) for role in said}
    assert len(places) > 500
    for cell_id, (text, statement_id) in places.items():
        page = passage_html(made, cell_id.partition("/")[2], extents[statement_id], [])
        assert [unescape(mark) for mark in MARK.findall(page)] == [text], cell_id


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_published_cell_of_the_samples_is_marked_in_its_passage(path):
    assert_every_cell_is_marked(path.read_bytes())


@pytest.mark.parametrize("print_it", [print_docx, print_html, print_xlsx])
def test_every_cell_of_an_office_file_is_marked_in_its_passage(print_it):
    assert_every_cell_is_marked(print_it(disclosure(1)).data)


LONG = content(
    Line("收入决算表", "L1"),
    Line("单位：万元", "L2"),
    Grid(tuple((Cell(f"row {n}", f"L{n}/c1"), Cell(f"{n}.00", f"L{n}/c2")) for n in range(3, 99))),
    Line("注：本表反映收入", "L99"),
    Line("下一张表", "L100"),
)


def test_of_a_long_passage_opening_surroundings_and_ending_are_shown():
    page = Parsed(passage_html(LONG, "L60/c2", ("L1", "L99"), []))
    text = "".join(page.text)
    for wanted in ("收入决算表", "单位：万元", "row 3", "row 52", "row 68", "row 98", "注：本表反映收入"):
        assert wanted in text
    for unwanted in ("row 20\n", "row 51", "row 69", "下一张表"):
        assert unwanted not in text
    assert "略去 37 行" in text
    assert "略去 27 行" in text
    assert page.marked == ["60.00"]


def test_a_short_passage_is_whole_and_a_lost_extent_shows_the_surroundings():
    whole = "".join(Parsed(passage_html(LONG, "L5/c1", ("L1", "L20"), [])).text)
    assert "略去" not in whole
    assert "row 20" in whole
    around = "".join(Parsed(passage_html(LONG, "L60/c2", ("X1", "X2"), [])).text)
    assert "row 52" in around
    assert "row 40" not in around


def test_words_rows_and_merged_cells_are_marked_where_they_stand():
    made = content(
        Line("栏次  1 2   239.37 4", "L7"),
        Grid(((Cell("合计", "b2/r1c1", span=2), Cell("", "b2/r1c2"), Cell("8.00", "b2/r1c3")),)),
    )
    assert MARK.findall(passage_html(made, "L7/w4", ("L7", "L7"), [])) == ["239.37"]
    assert MARK.findall(passage_html(made, "b2/r1", ("b2", "b2"), [])) == ["合计", "8.00"]
    page = passage_html(made, "b2/r1c3", ("b2", "b2"), [])
    assert '<td colspan="2">合计</td><td class="number"><mark>8.00</mark></td>' in page
    for nowhere in ("L8", "L8/w1", "b2/r1c9"):
        with pytest.raises(LookupError, match=nowhere):
            passage_html(made, nowhere, ("L7", "L7"), [])


# --- from the published file --------------------------------------------------------------------


def published(
    tmp_path: Path, data: bytes, place: str, box: tuple[float, ...] | None, media: str
) -> tuple[Home, str]:
    """A home with one document whose first number stands at a place, and the id of that cell."""
    home = a_home(tmp_path)
    sha256 = hashlib.sha256(data).hexdigest()
    part = full_part(document("a", sha256=sha256, document_id=sha256[:12], media_type=media))
    first = replace(part.line_items[0], cell_id=f"{sha256[:12]}/{place}")
    role = CellRole(first.statement_id, first.cell_id, first.amount_printed, "amount", None, box)
    keep(home, replace(part, line_items=(first, *part.line_items[1:]), cells=(role,)))
    (home.sources / sha256).write_bytes(data)
    build(home, now=day(1))
    return home, first.cell_id


TEXT = "收入支出决算总表\n项目\t行次\t金额\n<b>总计</b>\t31\t8178.89\n注：本表反映收支\n".encode()


@pytest.fixture(scope="module")
def text_home(tmp_path_factory):
    return published(tmp_path_factory.mktemp("text"), TEXT, "L3/c3", None, "text/plain")


@pytest.fixture(scope="module")
def pdf_home(tmp_path_factory):
    data = typeset(BLOCK, pages=3)
    return published(tmp_path_factory.mktemp("pdf"), data, "p3/t1/r4c4", BOX, "application/pdf")


def invoke(home: Home, *arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*map(str, arguments), "--home", str(home.root)])
    return done.exit_code, done.output


def test_the_page_of_a_number_is_written_as_a_picture(pdf_home, tmp_path):
    home, cell = pdf_home
    target = tmp_path / "x.PNG"
    target.write_bytes(b"before")
    assert invoke(home, "evidence", cell, "-o", target) == (0, f"证据已写入 {target}\n")
    assert_framed(target.read_bytes(), BOX, 150 / 72)
    said = Image.open(target).text["Description"].splitlines()
    assert f"单元格：{cell}" in said
    assert "列：金额" in said
    assert not list(tmp_path.glob(".*"))


def test_the_place_of_a_number_can_be_asked_in_sql(pdf_home):
    home, cell = pdf_home
    rows = query(
        home,
        "SELECT c.单元格, d.page, d.box_left, d.box_top, d.box_right, d.box_bottom "
        "FROM 单元格 c JOIN dim_cell d ON d.cell_id = c.单元格",
    ).rows
    assert rows == [(cell, 3, *BOX)]


def test_explain_names_the_page_the_box_and_the_command_for_the_picture(pdf_home):
    home, cell = pdf_home
    code, output = invoke(home, "explain", cell)
    assert code == 0
    assert "页面　　　 第 3 页，自左上角 (80.0, 128.0) 至 (120.0, 140.0) 点" in output
    assert f"juesuan evidence {cell} -o x.png" in output


def test_the_passage_of_a_number_is_written_as_html(text_home, tmp_path):
    home, cell = text_home
    target = tmp_path / "x.html"
    assert invoke(home, "evidence", cell, "-o", target)[0] == 0
    page = Parsed(target.read_text("utf-8"))
    assert page.marked == ["8178.89"]
    for word in ("文件", "报表", "收入支出决算总表", "某市某局", "换算", cell, "注：本表反映收支"):
        assert word in "".join(page.text)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.png", "这是文本文件，证据是 HTML：请用 -o x.html"),
        ("x", "请用 -o x.html"),
        ("folder", "是文件夹"),
        ("folder.html", "是文件夹"),
        ("nowhere/x.html", "不存在"),
        ("file/x.html", "不存在"),
    ],
)
def test_a_target_that_does_not_do_is_said_in_one_line(text_home, tmp_path, name, words):
    home, cell = text_home
    for folder in ("folder", "folder.html"):
        (tmp_path / folder).mkdir()
    (tmp_path / "file").write_bytes(b"")
    before = sorted(tmp_path.rglob("*"))
    code, output = invoke(home, "evidence", cell, "-o", tmp_path / name)
    assert (code, output.count("\n")) == (1, 1)
    assert words in output
    assert sorted(tmp_path.rglob("*")) == before


def test_a_pdf_has_no_html(pdf_home, tmp_path):
    home, cell = pdf_home
    code, output = invoke(home, "evidence", cell, "-o", tmp_path / "x.html")
    assert (code, output) == (1, "这是 PDF，证据是图片：请用 -o x.png\n")


def test_a_place_that_cannot_be_written_is_said_in_one_line(text_home, monkeypatch):
    home, cell = text_home

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    code, output = invoke(home, "evidence", cell, "-o", home.root / "x.html")
    assert (code, output.count("\n")) == (1, 1)
    assert "No space left" in output
    assert not (home.root / "x.html").exists()


def test_evidence_is_made_of_the_kept_source_only(pdf_home, tmp_path):
    home, cell = pdf_home
    kept = next(path for path in home.sources.iterdir() if path.name.startswith(cell[:12]))
    data = kept.read_bytes()
    try:
        for damage, words in ((kept.unlink, "读不到"), (lambda: kept.write_bytes(b"x"), "已被改动")):
            damage()
            code, output = invoke(home, "evidence", cell, "-o", tmp_path / "x.png")
            assert (code, output.count("\n"), words in output) == (1, 1, True)
            assert not (tmp_path / "x.png").exists()
    finally:
        kept.write_bytes(data)


@pytest.mark.parametrize(
    "cell", ["", "没有", "0123456789ab/L1/c1", "'; DROP TABLE x; --/L1", "../../etc/passwd"]
)
def test_a_cell_that_is_not_published_is_said_in_one_line(text_home, tmp_path, cell):
    code, output = invoke(text_home[0], "evidence", cell, "-o", tmp_path / "x.html")
    assert (code, output.count("\n")) == (1, 1)
    assert "单元格" in output


def test_a_new_home_says_what_to_do(tmp_path):
    code, output = invoke(Home(tmp_path), "evidence", "a/L1", "-o", tmp_path / "x.html")
    assert (code, output.count("\n"), "juesuan run" in output) == (1, 1, True)
    assert not list(tmp_path.iterdir())


def test_a_source_without_the_place_is_said(text_home, tmp_path, monkeypatch):
    home, cell = text_home
    monkeypatch.setattr(
        "warehouse.evidence.passage_html", lambda *_: (_ for _ in ()).throw(LookupError("没有"))
    )
    assert invoke(home, "evidence", cell, "-o", tmp_path / "x.html")[1].startswith("没有；用 juesuan run")


def test_write_evidence_takes_the_path_as_given(text_home, tmp_path, monkeypatch):
    home, cell = text_home
    monkeypatch.chdir(tmp_path)
    write_evidence(home, cell, Path("x.html"))
    assert (tmp_path / "x.html").is_file()
