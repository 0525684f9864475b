"""``juesuan report``: every page is sound, every published amount is on it and leads to its printed cell."""

# ruff: noqa: S608 - the statements are made of our own names

from __future__ import annotations

import io
import re
import shutil
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import html
from PIL import Image
from typer.testing import CliRunner

from juesuan import app
from pipelines.evidence import Spot, page_crops
from pipelines.vocabulary import forms
from tests.chromium import PROGRAM, chromium
from tests.report_site import FORGED, PLAIN, PRINTED, make_home
from tests.test_evidence import BLOCK, BOX, blue, pixels, typeset
from tests.warehouse_fixtures import DAY, a_home, document, full_part, keep
from warehouse.build import build
from warehouse.home import Home
from warehouse.query import query
from warehouse.report.figures import Flow, flow_chart
from warehouse.report.site import MARK, ReportError, environment, write_report
from warehouse.report.statements import Amount, amount, figure
from warehouse.schema import literal

SCRIPTS = {"assets/report.js"}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    return make_home(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def site(home, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("site") / "报告"
    write_report(home, target)
    return target


@pytest.fixture(scope="module")
def pages(site) -> dict[str, html.HtmlElement]:
    return {path.name: html.fromstring(path.read_text("utf-8")) for path in site.glob("*.html")}


def units(pages):
    return {n: p for n, p in pages.items() if n.startswith(("u_", "d_")) and not n.endswith("-cells.html")}


def page_of(home, pages, unit, year=2024):
    unit_id = query(home, "SELECT name, unit_id FROM dim_unit").rows
    [name] = [f"{i}-{year}-unit.html" for n, i in unit_id if n == unit]
    return pages[name]


# --- every page ------------------------------------------------------------------------------


def test_every_unit_and_year_has_a_page_that_the_index_leads_to(home, pages):
    listed = pages["index.html"].xpath("//table[@class='index']//tbody//a")
    assert len(listed) == len(units(pages)) == 4
    assert {a.get("href") for a in listed} == set(units(pages))
    assert sorted(a.text for a in listed) == sorted([PRINTED, PRINTED, FORGED, PLAIN])


def test_files_are_called_by_ids_and_never_by_names(site):
    names = [str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()]
    pattern = (
        r"(u_[0-9a-f]+-\d{4}-\w+(-cells)?|index|held)\.html|crops/[0-9a-f]{16}\.webp|assets/[\w.]+|" + MARK
    )
    assert [name for name in names if not re.fullmatch(pattern, name)] == []


def test_every_page_has_its_landmarks_headings_and_heads_of_tables(pages):
    for name, page in pages.items():
        assert page.get("lang") == "zh-CN"
        assert [len(page.xpath(f"//{tag}")) for tag in ("main", "h1", "title")] == [1, 1, 1], name
        assert page.xpath("//a[@class='skip']/@href") == ["#main"]
        levels = [int(h.tag[1]) for h in page.xpath("//h1|//h2|//h3")]
        assert all(after - before <= 1 for before, after in pairwise(levels)), name
        ids = page.xpath("//@id")
        assert [i for i, n in Counter(ids).items() if n > 1] == []
        for table in page.xpath("//table[not(ancestor::*[contains(@class, 'excerpt')])]"):
            assert table.find("caption") is not None, name
            assert {th.get("scope") for th in table.iter("th")} <= {"col", "row"}, name
        assert all(img.get("alt") for img in page.iter("img"))
        for region in page.xpath("//*[@role='region']"):
            assert region.get("aria-label") or region.get("aria-labelledby"), name
        assert set(page.xpath("//*/@aria-labelledby")) <= set(ids)


def test_links_lead_somewhere(site, pages):
    for name, page in pages.items():
        for link in {*page.xpath("//@href"), *page.xpath("//@src")} - {"data:,"}:
            file, _, fragment = link.partition("#")
            assert (site / (file or name)).is_file(), f"{name}: {link}"
            if fragment:
                assert pages[file or name].xpath("//*[@id=$id]", id=unquote(fragment)), f"{name}: {link}"


def test_nothing_that_a_document_says_becomes_markup(pages):
    for page in pages.values():
        assert {s.get("src") for s in page.iter("script") if s.get("type") != "application/json"} == SCRIPTS
        assert {e.tag for e in page.iter("b", "i", "iframe", "object")} == set()
        assert all(img.get("src").startswith("crops/") for img in page.iter("img"))
        assert not [a for a in page.xpath("//@*") if a.attrname.startswith("on")]
        [policy] = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert "script-src 'self'" in policy
        assert "default-src 'none'" in policy


# --- what a page says ------------------------------------------------------------------------


def test_every_published_amount_stands_on_its_page_and_leads_to_its_cell(home, pages):
    for form in forms().values():
        columns, rows = query(home, f'SELECT * FROM "{form.name}" ORDER BY 文档, 序号')
        by_unit = {}
        for row in (dict(zip(columns, row, strict=True)) for row in rows):
            amounts = [row[m.name] for m in form.measures if row[m.name] is not None]
            by_unit.setdefault((row["单位"], row["年度"]), []).extend(amounts)
        for (unit, year), amounts in by_unit.items():
            page = page_of(home, pages, unit, year)
            table = f"//section[@class='statement'][starts-with(normalize-space(h3), '{form.name}')]"
            shown = page.xpath(f"{table}//tbody//data")
            assert [Decimal(data.get("value")) for data in shown] == amounts
            for data in shown:
                assert Decimal(data.text.replace(",", "")) == Decimal(data.get("value"))
                assert data.getparent().get("href").partition("#")[2].count("/") >= 2
    assert by_unit


def test_every_printed_cell_leads_to_its_line_or_its_place_on_the_page(home, pages):
    """The id that figures point to: a row with the line in which the cell is marked, or a spot on a page."""
    _, rows = query(
        home,
        """SELECT 单元格, c.印刷文字, c.位置, c.文件, p.page, p.box_left, p.box_top, p.box_right, p.box_bottom
        FROM 单元格 c LEFT JOIN dim_cell p ON p.cell_id = c.单元格 WHERE c.状态 <> 'blank'""",
    )
    cells = [page for name, page in pages.items() if name.endswith("-cells.html")]
    at = {element.get("id"): element for page in cells for element in page.xpath("//*[@id]")}
    kinds = set()
    for cell, text, place, file, number, *box in rows:
        element = at[cell]
        kinds.add(element.tag)
        row = at.get(f"r-{cell}", element)
        assert row.tag == "tr"
        heads = [head.text for head in row.getparent().getparent().xpath("./thead//th")]
        shown = dict(zip(heads, row, strict=True))
        assert ((shown["印刷文字"].text or ""), shown["位置"].text_content()) == (text or "", place)
        if element.tag == "tr":
            assert not file.endswith(".pdf")
            (marked,) = shown["所在的行"].xpath("./mark")
            assert marked.text_content().split() == (text or "").split()
        else:
            (picture,) = element.getparent().xpath("./img")
            assert picture.get("alt") == f"原件第 {number} 页"
            width, height = int(picture.get("width")), int(picture.get("height"))
            sides = dict(side.split(":") for side in element.get("style").split(";"))
            left, top = float(sides["left"][:-1]) * width / 100, float(sides["top"][:-1]) * height / 100
            assert (left, top) == pytest.approx((box[0], box[1]), abs=1)
            assert float(sides["width"][:-1]) * width / 100 == pytest.approx(box[2] - box[0], abs=1)
    assert kinds == {"tr", "a"}
    assert len([i for i in at if i.count("/")]) == len(rows) + sum(i.startswith("r-") for i in at)


def test_blank_and_closed_are_told_apart(home, pages):
    page = page_of(home, pages, PRINTED)
    unit = literal(PRINTED)
    cells = query(home, f"SELECT 状态, count(*) FROM 单元格 WHERE 单位 = {unit} AND 年度 = 2024 GROUP BY 1")
    told = dict(cells.rows)
    assert told["closed"]
    statements = "//section[@class='statement']"
    assert len(page.xpath(f"{statements}//td//span[@class='kind closed']")) == told["closed"]
    assert len(page.xpath(f"{statements}//td/span[text()='空白']")) == told["blank"]


def test_the_key_figures_are_the_printed_ones(home, pages):
    page = page_of(home, pages, PLAIN)
    shown = [d.get("value") for d in page.xpath("//dl[@class='keys']//data")]
    sql = "SELECT 金额 FROM 收入支出决算总表 WHERE 单位 = '{}' AND 行次 IN (31, 62) ORDER BY 行次"
    assert shown[:2] == [str(value) for (value,) in query(home, sql.format(PLAIN)).rows]


def test_the_years_of_a_unit_stand_beside_each_other(home, pages):
    page = page_of(home, pages, PRINTED)
    rows = page.xpath("//section[@id='years']//tbody/tr")
    assert [row[0].text_content() for row in rows] == ["2023", "2024"]
    assert rows[0][0].find("a").get("href") in pages
    assert "%" not in rows[0].text_content()
    assert re.search(r"（[+-][\d.]+%）", rows[1].text_content())
    assert not page_of(home, pages, PLAIN).xpath("//section[@id='years']")


def test_a_finding_is_said_as_the_command_says_it(home, pages):
    done = CliRunner().invoke(app, ["findings", "--home", str(home.root)])
    said = {line for line in done.output.splitlines() if line.startswith(("按规则", "说明", "文件"))}
    shown = {p.text for page in units(pages).values() for p in page.xpath("//article[@class='finding']/p")}
    assert shown == said
    page = page_of(home, pages, PLAIN)
    assert page.xpath("//dl[@class='sides']/div/dd/descendant-or-self::*/text()")
    sides = {d[0].text: d[1].text_content().strip() for d in page.xpath("//dl[@class='sides']/div")}
    assert sides == {"披露值": "12.3 万元", "对照值": "12.5 万元", "差额": "-0.2 万元", "容差": "0.01 万元"}


def test_a_finding_in_a_text_shows_both_passages_marked_once(home, pages):
    page = page_of(home, pages, PRINTED)
    first, second, third = page.xpath("//article[@class='finding']")
    marks = first.xpath(".//div[contains(@class, 'excerpt')]//mark")
    assert len(marks) == 2
    assert all(mark.text for mark in marks)
    assert second.xpath(".//p[@class='above']//a/@href") == [f"#{first.get('id')}"]
    assert len(second.xpath(".//mark")) == 1
    assert "<img src=x onerror=alert(3)>.txt" in third.text_content()


def test_a_finding_in_a_pdf_shows_a_band_of_its_page(home, site, pages):
    page = page_of(home, pages, PLAIN)
    pictures = page.xpath("//article[@class='finding']//a[@class='band']/img/@src")
    assert len(pictures) == 2
    for name in pictures:
        picture = Image.open(site / name)
        assert picture.format == "WEBP"
        assert picture.height < picture.width
        assert (site / name).stat().st_size < 60_000


def test_a_document_of_no_known_unit_has_its_own_page(tmp_path):
    home = a_home(tmp_path)
    part = full_part(document("a", unit_name=None))
    keep(home, part)
    build(home, now=DAY)
    write_report(home, tmp_path / "site")
    name = f"d_{part.document.document_id}-2024-department"
    assert "没有认出单位" in (tmp_path / "site" / f"{name}.html").read_text("utf-8")
    assert (tmp_path / "site" / f"{name}-cells.html").is_file()


def test_a_source_that_is_gone_leaves_the_words(home, tmp_path):
    place = tmp_path / "home"
    shutil.copytree(home.root, place)
    for source in (place / "sources").iterdir():
        source.unlink()
    write_report(Home(place), tmp_path / "site")
    told = [p.read_text("utf-8") for p in (tmp_path / "site").glob("u_*-unit.html")]
    assert sum("读不到" in text for text in told) == 3
    assert not list((tmp_path / "site" / "crops").iterdir())


# --- figures and crops -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1234.500000", "1,234.50"), ("0.000000", "0.00"), ("0.123400", "0.1234"), ("-12.000000", "-12.00")],
)
def test_a_figure_keeps_every_digit(value, shown):
    assert figure(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("status", "value", "unit", "shown"),
    [
        ("printed", "12.300000", "万元", "12.30"),
        ("printed", "3.000000", "辆", "3"),
        ("corrected", "0.100000", "万元", "0.10"),
        ("blank", None, "万元", ""),
        ("closed", None, "万元", "——"),
        ("held", None, "万元", "待核"),
        ("missing", None, "万元", "缺失"),
    ],
)
def test_why_a_cell_has_no_value_is_told(status, value, unit, shown):
    row = {"文档": "d", "序号": 1, "决算数": value and Decimal(value)}
    cell = {"状态": status, "印刷文字": "1O.1", "计量单位": unit, "单元格": "d/L1/c1"}
    found = amount(row, "某表", "决算数", {("d", "某表", 1, "决算数"): cell})
    assert found == Amount(shown, status, "d/L1/c1", row["决算数"], "1O.1")
    assert amount(row, "某表", "决算数", {}).status == "absent"


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("corrected", "1.00更正"),
        ("held", "待核"),
        ("closed", "——"),
        ("blank", "空白"),
        ("absent", "未印此格"),
    ],
)
def test_a_reader_sees_why_a_cell_has_no_value(status, shown):
    value = Decimal(1) if status == "corrected" else None
    words = {"corrected": "1.00", "held": "待核", "closed": "——"}.get(status, "")
    parts = environment(Home(Path("nowhere"))).get_template("parts.html").module
    told = html.fromstring(f"<p>{parts.amount(Amount(words, status, 'd/L1/c1', value), None, ())}</p>")
    assert told.text_content() == shown
    assert bool(told.xpath("//*[contains(@class, 'kind')]")) == bool(words)


def test_what_is_below_nought_has_no_chart():
    part = Flow("收入", "甲", Amount("1.00", "printed", value=Decimal(1)))
    less = Flow("支出", "乙", Amount("-1.00", "printed", value=Decimal(-1)))
    more = Flow("支出", "乙", Amount("1.00", "printed", value=Decimal(1)))
    assert flow_chart([part, less]) is None
    assert flow_chart([part]) is None
    chart = flow_chart([part, more])
    assert chart is not None
    assert chart["data"][0]["link"] | {"color": None} == {
        "source": [0, 2], "target": [2, 1], "value": [1.0, 1.0], "color": None,
    }  # fmt: skip


def test_a_crop_is_a_band_with_its_cells_framed_and_a_page_is_whole():
    spots = [Spot(1, (BOX,)), Spot(1, ()), Spot(2, (BOX,)), Spot(9, ())]
    found = dict(page_crops(typeset(BLOCK, pages=2), spots, {2: [BOX]}))
    assert set(found) == set(spots[:3])
    scale = 110 / 72
    band = Image.open(io.BytesIO(found[spots[0]]))
    assert (band.width, band.height) == pytest.approx((260 * scale, (12 + 72) * scale), abs=3)
    assert Image.open(io.BytesIO(found[spots[1]])).size == pytest.approx((260 * scale, 180 * scale), abs=3)
    assert blue(pixels(found[spots[0]])).any()
    assert not blue(pixels(found[spots[2]])).any()


# --- the folder ------------------------------------------------------------------------------


def test_a_report_is_replaced_whole_and_nothing_else_is(home, tmp_path):
    target = tmp_path / "site"
    target.mkdir()
    write_report(home, target)
    (target / "left.html").write_text("alt", "utf-8")
    write_report(home, target, unit=PLAIN)
    assert not (target / "left.html").exists()
    assert len(list(target.glob("u_*-unit.html"))) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_a_folder_with_other_things_is_left_alone(home, tmp_path):
    (tmp_path / "mine.txt").write_text("x", "utf-8")
    with pytest.raises(ReportError, match="里有别的东西"):
        write_report(home, tmp_path)
    with pytest.raises(ReportError, match="是文件"):
        write_report(home, tmp_path / "mine.txt")
    with pytest.raises(ReportError, match="不存在"):
        write_report(home, tmp_path / "no" / "site")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_says_what_it_wrote_or_why_not(home, tmp_path):
    def said(*arguments):
        done = CliRunner().invoke(app, ["report", *map(str, arguments), "--home", str(home.root)])
        return done.exit_code, done.output.strip()

    target = tmp_path / "site"
    assert said(target) == (0, f"报告已写入 {target / 'index.html'}：4 个单位年度，问题 5 条，原文图片 13 张")
    assert said(target, "--unit", "没有") == (1, "仓库里没有「没有」的文档；有哪些，见视图 文件清单")
    done = CliRunner().invoke(app, ["report", str(target), "--home", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "还没有发布过仓库" in done.output


# --- in a browser ----------------------------------------------------------------------------


# Kept once the first chart is drawn.
DRAWN = """new Promise(done => {
    document.querySelectorAll('[data-chart]').forEach(plot => plot.scrollIntoView());
    const look = () => document.querySelector('.drawn svg') ? done(1) : setTimeout(look, 50);
    look();
})"""
YEARS = """[...document.querySelectorAll('.index tbody tr')]
    .filter(row => !row.hidden).map(row => row.cells[1].textContent)"""


@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (chromium, google-chrome)")
def test_pages_open_in_a_browser_without_a_complaint(home, site, pages):
    with chromium() as tab:
        tab.open(site / "index.html")  # the browser itself is slow to begin
        for width in (1280, 390):
            tab.resize(width, 900)
            for name in sorted(pages):
                seen = tab.open(site / name)
                assert seen.errors == [], name
                assert seen.seconds < 1, name
                assert tab.evaluate("document.documentElement.scrollWidth") <= width, name
        name = next(n for n, page in pages.items() if page is page_of(home, pages, PRINTED))
        tab.open(site / name)
        tab.evaluate(DRAWN)
        assert tab.evaluate("document.querySelectorAll('.plot').length") == 2
        tab.open(site / "index.html")
        tab.evaluate("document.querySelectorAll('.index thead button')[1].click()")
        assert tab.evaluate(YEARS) == ["2023", "2024", "2024", "2024"]
        assert tab.evaluate("document.querySelector('[aria-sort]').getAttribute('aria-sort')") == "ascending"
        tab.evaluate(
            "(() => { const i = document.getElementById('search'); i.value = '档案 2023';"
            " i.dispatchEvent(new Event('input')) })()"
        )
        assert tab.evaluate(YEARS) == ["2023"]
        assert tab.evaluate("document.querySelector('output').textContent") == "1 行"
