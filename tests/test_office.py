"""Office files: the same disclosure as text, .xlsx, .xls, .docx and HTML gives the same facts.

Belongs here: round trips through the office backends of the typesetter, what each format shows and hides,
and files that are damaged, refused or made to do harm. Does not belong here: forms and their layouts.
"""

from __future__ import annotations

import io
import random
import time
import zipfile
from dataclasses import replace
from decimal import Decimal
from functools import cache

import olefile
import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from openpyxl import Workbook

from pipelines import limits
from pipelines.document import read_document
from pipelines.model import Content, DocumentPart, Grid, Line
from pipelines.readers import containers, read, text_at
from pipelines.readers.number_format import BUILT_IN, show, stored_number
from tests.checks import assert_keys_unique, assert_reads_as
from tests.test_golden import SWITCHES, emptied, everything
from tests.typesetter.compose import PageBreak, Table, compose
from tests.typesetter.docx import print_docx
from tests.typesetter.html import PageLook, print_html
from tests.typesetter.manner import Manner
from tests.typesetter.samples import documents, samples
from tests.typesetter.text import Printed
from tests.typesetter.xls import as_xls, print_xls
from tests.typesetter.xlsx import SheetLook, print_xlsx

PLAIN = SheetLook(numbers=False, ruled=False, sheets=False, merged=False)

FORMATS = {
    "xlsx": print_xlsx,
    "xlsx, one sheet without rules or merged cells": lambda d, m: print_xlsx(d, m, PLAIN),
    "xls": print_xls,
    "docx": print_docx,
    "html": print_html,
    "html in a layout table, tags left open, GB18030": lambda d, m: print_html(
        d, m, PageLook(layout=True, sloppy=True, encoding="gb18030")
    ),
}


def assert_round_trip(printed: Printed) -> DocumentPart:
    """Every field of every cell was read, at its place, and its text is found there again."""
    part = read_document(printed.data, name="sample")
    assert_keys_unique(part)
    assert_reads_as(printed.truth, part)
    places = {(i.form, i.row_seq, i.measure): i.cell_id.partition("/")[2] for i in part.line_items}
    for cell, locator in printed.locators.items():
        assert places[cell.form, cell.row_seq, cell.measure] == locator
    assert_texts_at_locators(printed.data, part)
    assert_accounted(read(printed.data), part)
    return part


def assert_texts_at_locators(data: bytes, part: DocumentPart) -> None:
    texts = [(i.cell_id, i.amount_printed) for i in part.line_items]
    for cell_id, text in texts + [(c.cell_id, c.text) for c in part.cells]:
        assert text_at(data, cell_id.partition("/")[2]) == text


def assert_accounted(content: Content, part: DocumentPart) -> None:
    """Every non-empty cell of a table that a statement was read from has a role or an issue."""
    named = {cell.cell_id.partition("/")[2] for cell in part.cells} | {i.locator for i in part.issues}
    for grid in (block for block in content.blocks if isinstance(block, Grid)):
        cells = [cell for row in grid.rows for cell in row if cell.text]
        if any(cell.locator in named for cell in cells):
            assert [cell for cell in cells if cell.locator not in named] == []


def facts(part: DocumentPart) -> list[object]:
    return [replace(item, cell_id="", statement_id="") for item in part.line_items]


@cache
def text_facts(name: str) -> list[object]:
    return facts(read_document(samples()[name].data, name=name))


# --- the same facts -------------------------------------------------------------------------


@pytest.mark.parametrize("format_", FORMATS)
def test_the_samples_give_the_same_facts_as_their_text(format_):
    for name, (disclosure, manner) in documents().items():
        assert facts(assert_round_trip(FORMATS[format_](disclosure, manner))) == text_facts(name)


@pytest.mark.parametrize(
    ("switch", "template_id"),
    [
        ("pages break", "shanxi-yangquan"),
        ("pages break and repeat the head", "liaoning-qianshan"),
        ("thousands, spaced and full-width", "liaoning-qianshan"),
        ("empty columns on the right", "shanxi-yangquan"),
        ("unit, year and money without blanks", "liaoning-qianshan"),
        ("number over two lines", "shanxi-yangquan"),
    ],
)
@pytest.mark.parametrize("format_", ["xlsx, one sheet without rules or merged cells", "xls", "docx", "html"])
def test_manners_are_read_exactly(format_, switch, template_id):
    assert_round_trip(FORMATS[format_](everything(template_id), SWITCHES[switch]))


@pytest.mark.parametrize("format_", FORMATS)
def test_empty_tables_are_empty(format_):
    empty = emptied(everything("shanxi-yangquan"), "government_fund", "state_capital", "three_public")
    part = assert_round_trip(FORMATS[format_](empty, Manner()))
    assert {s.form: s.state for s in part.statements}["state_capital"] == "无数据"


@pytest.mark.parametrize("format_", ["xlsx", "xls", "docx", "html"])
def test_all_words_and_cells_come_in_their_order(format_):
    disclosure = everything("shanxi-yangquan")
    composition = compose(disclosure, Manner())
    printed: list[str] = []
    for block in composition.blocks:
        if isinstance(block, Table):
            printed += [box.text for row in (*block.header, *block.body) for box in row if box.text]
        elif not isinstance(block, PageBreak):
            printed.append(block.text)
    seen: list[str] = []
    for found in read(FORMATS[format_](disclosure, Manner()).data).blocks:
        rows = [[found]] if isinstance(found, Line) else found.rows
        seen += [cell.text for row in rows for cell in row if cell.text]
    assert "".join("".join(seen).split()) == "".join("".join(printed).split())


# --- what a sheet shows ------------------------------------------------------------------------

NUMBERS = [
    ("197.71", "General", "197.71"),
    ("197.71000000000001", "General", "197.71"),
    ("0.30000000000000004", "0.00", "0.30"),
    ("1.9771E2", "General", "197.71"),
    ("1234.5", "#,##0.00", "1,234.50"),
    ("1234567.891", "#,##0.00", "1,234,567.89"),
    ("-12.5", BUILT_IN[43], "-12.50"),
    ("-12.5", "0.00_);(0.00)", "(12.50)"),
    ("0", BUILT_IN[43], "0"),
    ("0", "0.00;-0.00;", ""),
    ("0", '0.00;-0.00;"——"', "——"),
    ("12", '0.00"元"', "12.00元"),
    ("123456", "0!.0,", "12.3"),
    ("123456", "0.00,", "123.46"),
    ("0.1234", "0.00%", "12.34%"),
    ("45292", BUILT_IN[31], "2024年1月1日"),
    ("45292.5", "yyyy-mm-dd hh:mm", "2024-01-01 12:00"),
    ("-0.001", "0.00", "0.00"),
    ("1.005", "0.00", "1.01"),
    ("2010501", "General", "2010501"),
    ("999999999999.99", "0.00", "999999999999.99"),
]


@pytest.mark.parametrize(("stored", "code", "shown"), NUMBERS)
def test_a_number_is_read_as_its_cell_shows_it(stored, code, shown):
    found = show(stored_number(stored), code)
    assert found.text == shown


@pytest.mark.parametrize("code", ["# ?/?", "0.00E+00", "[>1]0", "[DBNum1]0", 'yyyy"年"AM/PM', "0.00;0;0;0;0"])
def test_a_format_that_is_not_known_shows_no_number(code):
    assert show(Decimal("12.5"), code) is None


def sheet_of(*rows: str, styles: str = "", head: str = "", more: str = "", workbook: str = "") -> bytes:
    """A workbook of one sheet written by hand: what no library would write."""
    sheets = '<sheets><sheet name="表" sheetId="1" r:id="a"/></sheets>'
    body = f"{head}<sheetData>{''.join(rows)}</sheetData>{more}"
    parts = {
        "xl/workbook.xml": f'<workbook xmlns:r="r">{workbook}{sheets}</workbook>',
        "xl/_rels/workbook.xml.rels": (
            '<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/>'
            '<Relationship Id="b" Target="styles.xml"/></Relationships>'
        ),
        "xl/styles.xml": f"<styleSheet>{styles}</styleSheet>",
        "xl/worksheets/sheet1.xml": f"<worksheet>{body}</worksheet>",
    }
    return zipped(parts)


def zipped(parts: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


def texts_of(data: bytes) -> list[list[str]]:
    """The texts of each block: of a line one, of a grid its cells."""
    return [
        [block.text] if isinstance(block, Line) else [cell.text for row in block.rows for cell in row]
        for block in read(data).blocks
    ]


def test_stored_digits_formulas_and_errors():
    styles = (
        '<numFmts><numFmt numFmtId="170" formatCode="# ?/?"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="4"/><xf numFmtId="170"/></cellXfs>'
    )
    row = (
        '<row><c t="inlineStr"><is><r><t>行</t></r><r><t>次</t></r><rPh><t>x</t></rPh></is></c>'
        '<c s="1"><v>197.71000000000001</v></c><c s="1"><v>1234.567</v></c><c><f>SUM(A1)</f></c>'
        '<c><f>B1</f><v>5</v></c><c t="e"><v>#REF!</v></c><c t="b"><v>1</v></c><c s="2"><v>0.5</v></c></row>'
    )
    data = sheet_of(row, styles=styles)
    assert texts_of(data) == [["行次", "197.71", "1,234.57", "=SUM(A1)", "5", "#REF!", "TRUE", "0.5 [# ?/?]"]]
    assert text_at(data, "s1/D1") == "=SUM(A1)"
    kinds = [(i.kind, i.locator) for i in read(data).issues]
    assert kinds == [("noted", "s1/C1"), ("held", "s1/D1")]


def test_results_that_are_to_be_computed_anew_are_not_taken():
    row = "<row><c><v>1</v></c><c><f>B2</f><v>0</v></c></row>"
    assert texts_of(sheet_of(row, workbook='<calcPr fullCalcOnLoad="1"/>')) == [["1", "=B2"]]


def test_what_a_workbook_hides_is_not_printed_and_is_named():
    book = Workbook()
    sheet = book.active
    for row in (["甲", "1", "隐"], ["乙", "2", "隐"], ["丙", "3", "隐"]):
        sheet.append(row)
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["C"].hidden = True
    hidden = book.create_sheet("草稿")
    hidden.append(["丁", "4"])
    hidden.sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    data = stream.getvalue()
    assert texts_of(data) == [["甲", "1", "丙", "3"]]
    assert [(i.kind, i.locator) for i in read(data).issues] == [("ignored", "s1/C1"), ("ignored", "s2")]
    old = as_xls(book)
    assert texts_of(old) == [["甲", "1", "隐", "丙", "3", "隐"]]
    assert [(i.kind, i.locator) for i in read(old).issues] == [("ignored", "s1/A2"), ("ignored", "s2")]


def test_zeros_that_a_sheet_does_not_show_are_blank():
    row = "<row><c><v>1</v></c><c><v>0</v></c><c><v>2</v></c></row>"
    assert texts_of(sheet_of(row)) == [["1", "0", "2"]]
    view = '<sheetViews><sheetView showZeros="0"/></sheetViews>'
    assert texts_of(sheet_of(row, head=view)) == [["1", "", "2"]]


# --- what a document shows ---------------------------------------------------------------------


def test_word_reads_what_is_printed():
    document = Document()
    w = nsdecls("w")
    document.add_paragraph("一")
    runs = (
        f"<w:p {w}><w:r><w:t>二</w:t></w:r><w:del><w:r><w:delText>删</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>移</w:t></w:r></w:moveFrom><w:ins><w:r><w:t>增</w:t></w:r></w:ins>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>藏</w:t></w:r><w:r><w:br/><w:t>三</w:t></w:r>"
        "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>框</w:t></w:r></w:p></w:txbxContent></w:pict></w:r></w:p>"
    )
    body = document.element.body
    body.insert(1, parse_xml(runs))
    rows = "".join(
        f"<w:tr>{head}<w:tc>{merge}<w:p><w:r><w:t>{a}</w:t></w:r></w:p></w:tc>"
        f"<w:tc><w:p><w:r><w:t>{b}</w:t></w:r></w:p><w:p><w:r><w:t>乙</w:t></w:r></w:p></w:tc></w:tr>"
        for head, merge, a, b in [
            ("", '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>', "上", "1"),
            ("", "<w:tcPr><w:vMerge/></w:tcPr>", "藏", "2"),
            ("<w:trPr><w:del/></w:trPr>", "", "删", "3"),
        ]
    )
    body.insert(2, parse_xml(f"<w:tbl {w}>{rows}</w:tbl>"))
    stream = io.BytesIO()
    document.save(stream)
    data = stream.getvalue()
    assert texts_of(data) == [["一"], ["二增"], ["三"], ["上", "1\n乙", "", "2\n乙"]]
    assert [text_at(data, at) for at in ("b1", "b2/l1", "b2/l2", "b3/r2c2")] == ["一", "二增", "三", "2\n乙"]
    assert [(i.kind, i.object, i.text) for i in read(data).issues] == [("ignored", "文本框", "框")]
    with pytest.raises(LookupError):
        text_at(data, "b9")


def test_a_page_reads_what_it_shows():
    page = (
        "<html><head><title>题</title><style>td{}</style></head><body><p>一&nbsp;&#12288;<b>二</b><br>三</p>"
        "<div style='display: none'>藏</div><table><caption>表名</caption><tr><td rowspan=2>甲<td>1"
        "<tr><td>2<script>x()</script><tr><td colspan=2>合<table><tr><td>计</table></td></tr></table></body>"
    )
    for data in (page.encode(), ("\ufeff" + page).encode("utf-16-le")):
        assert texts_of(data) == [["一 \u3000二"], ["三"], ["表名"], ["甲", "1", "", "2", "合\n计", ""]]
        assert text_at(data, "b3/r2c2") == "2"
        assert [i.kind for i in read(data).issues] == ["ignored"]
    grid = next(block for block in read(page.encode()).blocks if isinstance(block, Grid))
    assert [[cell.span for cell in row] for row in grid.rows] == [[1, 1], [1, 1], [2, 1]]


# --- files that are not read ---------------------------------------------------------------------


def ole(*streams: str) -> bytes:
    """An OLE file whose top holds streams of these names: one sector of directory, one of allocation."""
    head = bytearray(b"\xff" * 512)
    head[:80] = (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + bytes.fromhex("3e000300feff09000600") + bytes(46)
    )
    head[44:76] = b"".join(n.to_bytes(4, "little") for n in (1, 0, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0))
    head[48:52] = (0).to_bytes(4, "little")
    head[56:60] = (4096).to_bytes(4, "little")
    head[76:80] = (1).to_bytes(4, "little")
    entries = [("Root Entry", 5, 1), *((name, 2, 0xFFFFFFFF) for name in streams)]
    directory = b""
    for place, (name, kind, child) in enumerate(entries):
        after = place + 1 if 0 < place < len(entries) - 1 else 0xFFFFFFFF
        raw = name.encode("utf-16-le")
        directory += raw.ljust(64, b"\0") + (len(raw) + 2).to_bytes(2, "little") + bytes([kind, 1])
        directory += b"\xff" * 4 + after.to_bytes(4, "little") + child.to_bytes(4, "little") + bytes(36)
        directory += (0xFFFFFFFE).to_bytes(4, "little") + bytes(8)
    fat = (0xFFFFFFFE).to_bytes(4, "little") + (0xFFFFFFFD).to_bytes(4, "little")
    return bytes(head) + directory.ljust(512, b"\0") + fat.ljust(512, b"\xff") + bytes(512)


def test_the_ole_files_of_these_tests_are_ole_files():
    assert olefile.OleFileIO(io.BytesIO(ole("WordDocument", "1Table"))).listdir() == [
        ["1Table"],
        ["WordDocument"],
    ]


REFUSED = {
    "doc": (ole("WordDocument", "1Table"), "旧式文字文件"),
    "wps": (ole("WpsDocument", "Contents"), "旧式办公文件"),
    "encrypted xlsx": (ole("EncryptedPackage", "EncryptionInfo"), "密码"),
    "archive": (zipped({"决算.pdf": b"%PDF-1.7"}), "压缩包"),
    "ofd": (zipped({"OFD.xml": "<x/>"}), ".ofd"),
    "xlsb": (zipped({"xl/workbook.bin": b"x"}), ".xlsb"),
    "rtf": (rb"{\rtf1\ansi 2024}", "RTF"),
    "mht": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", ".mht"),
    "rar": (b"Rar!\x1a\x07\x01\x00xxx", "压缩包"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_with_advice(name):
    data, word = REFUSED[name]
    content = read(data)
    assert content.blocks == ()
    [issue] = content.issues
    assert (issue.kind, issue.stage) == ("failed", "读取")
    assert word in issue.reason
    assert len(issue.advice) > 5
    with pytest.raises(LookupError):
        text_at(data, "b1")


# --- files made to do harm ---------------------------------------------------------------------

_ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
_BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def merged_areas(count: int) -> bytes:
    areas = "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(1, count + 1))
    return sheet_of("<row><c><v>1</v></c><c><v>2</v></c></row>", more=f"<mergeCells>{areas}</mergeCells>")


HARMFUL = {
    "bomb": lambda: zipped({"xl/workbook.xml": b" " * 300_000_000}),
    "entity": lambda: zipped({"word/document.xml": f"{_ENTITY}<x>&e;</x>"}),
    "entities": lambda: zipped({"word/document.xml": f"{_BOMB}<x>&b;</x>"}),
    "entity in UTF-16": lambda: zipped({"word/document.xml": f"{_ENTITY}<x>&e;</x>".encode("utf-16")}),
    "nested": lambda: zipped({"word/document.xml": "<w:tbl xmlns:w='w'>" * 100_000}),
    "merged cells": lambda: merged_areas(1_000_000),
    "html nested": lambda: b"<html><body>" + b"<div>" * 100_000 + b"x",
    "html tables nested": lambda: b"<html>" + b"<table><tr><td>" * 50_000 + b"x",
    "wide table": lambda: b"<html><table>" + b"<tr><td colspan=1000>1<td>2" * 20_000 + b"</table>",
    "members": lambda: zipped(
        {"xl/workbook.xml": "<x/>", **{f"x{n}": "" for n in range(limits.MAX_MEMBERS)}}
    ),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_files_end_in_an_issue(name):
    data = HARMFUL[name]()
    start = time.process_time()
    content = read(data)
    assert time.process_time() - start < 5
    assert content.blocks == ()
    assert [issue.kind for issue in content.issues] == ["failed"]


def test_an_area_over_a_whole_sheet_is_no_harm():
    areas = '<mergeCells><mergeCell ref="A2:XFD1048576"/><mergeCell ref="C1:XFD1"/></mergeCells>'
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c><c><v>4</v></c></row>"
    assert texts_of(sheet_of(rows, more=areas)) == [["1", "2", "3", ""]]


# --- files that are damaged ----------------------------------------------------------------------


@cache
def small(format_: str) -> bytes:
    """A document of a few kilobytes: one statement that is read, in each format."""
    book = Workbook()
    document = Document()
    for row in [["2024年度部门决算"], ["收入决算表"], ["金额单位：万元"]]:
        book.active.append(row)
        document.add_paragraph(row[0])
    rows = [["科目代码", "科目名称", "合计"], ["2010501", "行政运行", "1,234.50"], ["合计", "", "1,234.50"]]
    table = document.add_table(3, 3)
    for r, row in enumerate(rows):
        book.active.append(row)
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    stream = io.BytesIO()
    if format_ == "xls":
        return as_xls(book)
    if format_ == "html":
        cells = "".join(f"<tr>{''.join(f'<td>{t}</td>' for t in row)}</tr>" for row in rows)
        return f"<html><body><p>收入决算表<p>金额单位：万元<table>{cells}</table>".encode()
    (book if format_ == "xlsx" else document).save(stream)
    return stream.getvalue()


def damaged_copies(data: bytes, count: int, seed: int) -> list[bytes]:
    dice = random.Random(seed)  # noqa: S311
    copies = []
    for _ in range(count):
        copy = bytearray(data)
        for _ in range(dice.choice((1, 1, 4, 32))):
            copy[dice.randrange(len(copy))] = dice.randrange(256)
        end = dice.randrange(len(copy)) if dice.randrange(4) == 0 else len(copy)
        copies.append(bytes(copy[:end]))
    return copies


def damaged_parts(data: bytes, count: int, seed: int) -> list[bytes]:
    """Copies of a package whose XML is damaged inside an archive that is whole."""
    dice = random.Random(seed)  # noqa: S311
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    wanted = [
        n
        for n in parts
        if n.endswith(("workbook.xml", "sheet1.xml", "Strings.xml", "document.xml", "styles.xml"))
    ]
    parts = {name: parts[name] for name in parts if "theme" not in name and "media" not in name}
    copies = []
    for _ in range(count):
        copy = dict(parts)
        name = dice.choice([n for n in wanted if n in parts])
        copy[name] = damaged_copies(parts[name], 1, dice.randrange(1 << 30))[0]
        copies.append(zipped(copy))
    return copies


@pytest.mark.parametrize(("format_", "count"), [("xlsx", 600), ("docx", 150), ("xls", 600), ("html", 1500)])
def test_damaged_files_are_read_or_refused_within_a_second(format_, count):
    copies = damaged_copies(small(format_), count, seed=7)
    if format_ in ("xlsx", "docx"):
        copies += damaged_parts(small(format_), count, seed=8)
    for copy in copies:
        start = time.process_time()
        content = read(copy)
        assert time.process_time() - start < 1
        assert content.blocks or content.issues


def test_random_bytes_are_refused_whatever_they_begin_with():
    dice = random.Random(3)  # noqa: S311
    for mark in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html>", b"PK\x05\x06"):
        for _ in range(100):
            content = read(mark + dice.randbytes(dice.randrange(4000)))
            assert content.blocks or content.issues


def test_kinds_are_told_by_content():
    assert containers.kind_of(small("xls")) == "xls"
    assert containers.kind_of(small("xlsx")) == "xlsx"
    assert containers.kind_of(small("docx")) == "docx"
    assert containers.is_html(small("html"))
    assert not containers.is_html("2024年度部门决算 <table>".encode())
    assert not containers.is_html(b"<td>1</td>")
