"""Persons in the forms: masked wherever a document is kept or shown; published where a setting says so."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

from assets import run as run_module
from assets import steps
from juesuan import app
from pipelines.document import read_document
from pipelines.evidence import page_png
from pipelines.model import Cell as GridCell
from pipelines.model import CellRole, Claim, Content, Grid, Issue, Line
from pipelines.performance.persons import MASK, Persons, without_persons
from tests.performance_records import NAMES, NUMBER, performance_part
from tests.test_evidence import BLOCK, typeset
from tests.warehouse_fixtures import DAY, a_home, day, document, keep
from warehouse import lake, schema, settings
from warehouse.build import BuildError, build
from warehouse.evidence import EvidenceError, write_evidence
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.listing import Listing
from warehouse.persons import boxes_on, holds_persons
from warehouse.published import rollback
from warehouse.query import Published, query
from warehouse.vanished import Vanished

FICTION = (*NAMES, NUMBER)
PRINTED = "\n".join(
    ["封面"] * 100
    + [
        "项目名称\t样例项目",
        f"项目负责人\t{NAMES[0]}\t联系电话\t{NUMBER}",
        "项目预算金额\t30.00\t实际到位金额\t30.00\t实际执行金额\t10.00",
        *[f"栏目{n}\t值{n}" for n in range(104, 112)],
        f"总分\t93.33\t结论\t等级优。组长{NAMES[0]}\t成员\t{'、'.join(NAMES)}",
        f"{NAMES[1]}签字：周 吴 郑 王",
    ]
)


@pytest.fixture
def home(tmp_path) -> Home:
    """A home with a document that names persons everywhere, read as its reader would."""
    home = a_home(tmp_path)
    data = PRINTED.encode()
    doc = document(PRINTED, sha256=hashlib.sha256(data).hexdigest())
    part = performance_part(doc)
    told = Claim(
        f"{doc.document_id}/L90/n1", 1, "概况", "金额", "金额", Decimal(1), "万元", "1", None, "本年",
        None, None, None, None, None, None, None, f"{NAMES[0]}说收入1万元。", "L90",
    )  # fmt: skip
    held = Issue(
        "held", "规整", f"签字{NAMES[1]}", f"{NAMES[0]}写的数看不清", "看原件", "L103", f"{NUMBER} 3 0"
    )
    keep(home, without_persons(replace(part, claims=(told,), issues=(held,))))
    (home.sources / doc.sha256).write_bytes(data)
    verdict = dict.fromkeys(schema.tables()["reconciliation"].polars_schema()) | {
        "check_id": "P08-1", "document_id": doc.document_id, "fiscal_year": 2024, "rule": "P08",
        "severity": "E", "conclusion": "不成立", "subject": "等级", "left_locator": "L112/c4",
        "left_cell": f"{doc.document_id}/L112/c4",
        "left_text": lake.read_year(home, "performance_field", 2024).filter(field="自评结论")["text"][0],
    }  # fmt: skip
    frame = pl.DataFrame([verdict], schema=schema.tables()["reconciliation"].polars_schema())
    lake.write_year(home, "reconciliation", 2024, frame)
    return home


def publish(home: Home, at=DAY) -> None:
    report = build(home, now=at)
    Ledger(home).published(at=at, digest=report.digest, decided=report.decided)


def keep_persons(home: Home, word: str = "保留") -> None:
    home.settings_file.write_text(f"个人信息: {word}\n", "utf-8")


def showing(home: Home) -> set[str]:
    """The tables and views of the published file in which a fictional person stands."""
    names = [name for (name,) in query(home, "SELECT table_name FROM information_schema.tables").rows]
    found = set()
    for name in names:
        text = str(query(home, f'FROM "{name}"').rows)
        found |= {name for person in FICTION if person in text}
    return found


def said(home: Home, *command: str) -> str:
    result = CliRunner().invoke(app, [*command, "--home", str(home.root)])
    assert result.exit_code == 0, result.output
    return result.output


# --- what is published ------------------------------------------------------------------------


def test_nothing_that_is_published_names_a_person(home) -> None:
    publish(home)
    assert showing(home) == set()
    data = home.warehouse_file.read_bytes()
    assert not [person for person in FICTION if person.encode() in data]
    assert query(home, "SELECT count(*) FROM personal_datum").rows == [(0,)]
    assert lake.read_year(home, "personal_datum", 2024)["text"].to_list() == [
        NAMES[0], NUMBER, "、".join(NAMES),
    ]  # fmt: skip


def test_with_the_setting_one_table_names_them(home) -> None:
    keep_persons(home)
    publish(home)
    assert showing(home) == {"personal_datum"}
    assert len(query(home, "FROM personal_datum").rows) == 3


@pytest.mark.parametrize("kept", [False, True], ids=["withheld", "kept"])
def test_no_command_names_a_person(home, tmp_path, kept) -> None:
    if kept:
        keep_persons(home)
    publish(home)
    doc = query(home, "SELECT 文档 FROM 绩效表").rows[0][0]
    out = said(home, "findings")
    assert "等级优。组长***" in out
    out += said(home, "sql", "FROM 待核") + said(home, "sql", "FROM 绩效项目栏", "--format", "json")
    for place in ("L102/c2", "L102/c4", "L103/c2", "L112/c4", "L112/c6"):
        out += said(home, "explain", f"{doc}/{place}")
        target = tmp_path / "x.html"
        said(home, "evidence", f"{doc}/{place}", "-o", str(target))
        shown = target.read_text("utf-8")
        assert "样例项目" in shown
        out += shown
    summary = run_module.published_summary(home)
    Ledger(home).run(at=DAY, **summary.as_event())
    out += said(home, "status")
    assert "看不清" in out
    said(home, "report", str(tmp_path / "site"))
    pages = "".join(page.read_text("utf-8") for page in (tmp_path / "site").glob("*.html"))
    assert "等级优。组长***" in pages
    out += pages
    assert [person for person in FICTION if person in out] == []
    assert "周 吴" not in out


def test_the_cell_of_a_person_is_explained_without_the_person(home) -> None:
    publish(home)
    doc = query(home, "SELECT 文档 FROM 绩效表").rows[0][0]
    lines = said(home, "explain", f"{doc}/L102/c2").splitlines()
    assert f"原文　　　 「{MASK}」" in lines
    assert "去向　　　 个人信息，按规则 个人信息 遮盖" in lines


def test_a_reader_that_forgets_to_mask_is_not_published(home) -> None:
    keep(home, performance_part(document("unmasked")))
    with pytest.raises(BuildError, match="dim_cell shows the person of"):
        build(home, now=DAY)


# --- the setting ------------------------------------------------------------------------------


def test_turned_off_again_no_published_file_has_them(home) -> None:
    publish(home)
    keep_persons(home)
    publish(home, day(1))
    publish(home, day(2))
    assert holds_persons(home.warehouse_file)
    assert [holds_persons(file) for file in home.earlier_files()] == [True, False]
    keep_persons(home, "不发布")
    killed = home.scratch / "build-killed" / "warehouse.duckdb"
    killed.parent.mkdir()
    killed.write_bytes(home.warehouse_file.read_bytes())
    publish(home, day(3))
    assert list(home.scratch.iterdir()) == []
    assert not holds_persons(home.warehouse_file)
    assert not any(map(holds_persons, home.earlier_files()))
    publish(home, day(4))
    assert not any(map(holds_persons, home.earlier_files()))
    assert list(home.scratch.iterdir()) == []


def test_a_rollback_goes_back_to_no_file_that_has_them_where_they_are_not_kept(home) -> None:
    publish(home)
    keep_persons(home)
    publish(home, day(1))
    publish(home, day(2))
    keep_persons(home, "不发布")
    assert rollback(home, day(3))
    assert not holds_persons(home.warehouse_file)


def test_a_changed_setting_is_published_by_the_next_run_without_reading(home) -> None:
    publish(home)
    Ledger(home).judged(fiscal_year=2024, version=steps.expectations_version(), at=DAY)
    publish(home)
    assert not steps.publish_is_due(home)
    digest = Ledger(home).state().published["digest"]
    keep_persons(home, "不发布")
    assert not steps.publish_is_due(home)
    keep_persons(home)
    assert steps.publish_is_due(home)
    assert not run_module.quiet(home, Ledger(home).state(), Listing(), Vanished())
    publish(home)
    assert Ledger(home).state().published["digest"] != digest
    home.settings_file.unlink()
    assert steps.publish_is_due(home)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("个人资料: 保留", "没有「个人资料」这一项"),
        ("个人信息: 是", "写的是「是」"),
        ("个人信息: true", "写的是「True」"),
        ("- 个人信息", "不是「项: 值」的写法"),
        ("个人信息: [", "读不了"),
        ("\x00", "读不了"),
    ],
)
def test_a_setting_that_is_none_stops_the_run_and_says_what_to_write(home, text, why) -> None:
    publish(home)
    before = home.warehouse_file.read_bytes()
    home.settings_file.write_text(text, "utf-8")
    result = CliRunner().invoke(app, ["run", "--home", str(home.root)])
    assert result.exit_code == 1
    assert why in result.output
    assert "「个人信息: 保留」或「个人信息: 不发布」" in result.output
    assert home.warehouse_file.read_bytes() == before


@pytest.mark.parametrize("text", ["", "# 什么也没写\n", "{}", "个人信息: 不发布"])
def test_by_default_persons_are_withheld(home, text) -> None:
    home.settings_file.write_text(text, "utf-8")
    assert settings.load(home) == settings.Settings(persons=False)


# --- masking ----------------------------------------------------------------------------------


def test_names_and_numbers_are_masked_wherever_they_stand() -> None:
    persons = Persons([("L1/c2", "张三、李四王"), ("L1/c4", "0000-0000000"), ("L2/c2", "李 五")])
    assert persons.hide("组长张三，电话0000-0000000") == f"组长{MASK}，电话{MASK}"
    assert persons.hide("张 三和李五") == f"{MASK} {MASK}和{MASK}"
    assert persons.hide("预算100.00") == "预算100.00"


def test_what_is_no_name_is_masked_in_its_own_cell_alone() -> None:
    persons = Persons([("L1/c2", "局长"), ("L1/c3", "某"), ("L1/c4", "卫生健康委员会"), ("L1/c5", "12")])
    assert persons.hide("局长某卫生健康委员会12") == "局长某卫生健康委员会12"
    for place, text in (("L1/c2", "局长"), ("L1/c3", "某"), ("L1/c4", "卫生健康委员会"), ("L1/c5", "12")):
        assert persons.hide(text, place) == MASK


def test_a_cell_whose_person_is_printed_otherwise_shows_nothing() -> None:
    assert Persons([("L1/c2", "赵钱孙")]).hide("赵钱孫", "L1/c2") == MASK


def test_a_number_is_not_masked_within_another() -> None:
    persons = Persons([("L1/c2", "1234567")])
    assert persons.hide("91234567.00 1234567") == f"91234567.00 {MASK}"


def test_the_words_of_a_line_keep_their_number() -> None:
    content = Content(
        "text/plain", None, 2,
        (Line("组长 赵 钱孙 2025", "L1"), Grid(((GridCell("赵钱孙", "L2/c1"), GridCell("9", "L2/c2")),))),
    )  # fmt: skip
    hidden = Persons([("L1/w2", "赵 钱孙")]).hide_content(content)
    assert hidden.blocks[0].text == f"组长 {MASK} {MASK} 2025"
    assert [cell.text for cell in hidden.blocks[1].rows[0]] == [MASK, "9"]
    assert Persons([]).hide_content(content) == content


def test_a_date_beside_a_name_stays() -> None:
    part = performance_part(document("x"))
    beside = part.performance_fields[0]
    beside = replace(beside, cell_id=part.persons[0].cell_id, printed="2025.4.3", text=None)
    hidden = without_persons(replace(part, performance_fields=(beside,)))
    assert hidden.performance_fields == (beside,)


def test_a_part_without_persons_is_left_as_it_is() -> None:
    part = replace(performance_part(document("x")), persons=(), cells=(), performance_fields=())
    assert without_persons(part) == part


# --- pages ------------------------------------------------------------------------------------


def painted(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_a_person_on_a_page_is_painted_over() -> None:
    box = (80.0, 128.0, 120.0, 140.0)
    open_page = painted(page_png(typeset(BLOCK), 1, (10, 10, 20, 20), dpi=144))
    closed = painted(page_png(typeset(BLOCK), 1, (10, 10, 20, 20), dpi=144, hidden=[box]))
    blue = (open_page[..., 2] > 100) & (open_page[..., 0] < 60)
    assert blue.any()
    assert (closed[blue] == 150).all()
    outside = np.ones(blue.shape, dtype=bool)
    outside[250:290, 150:250] = False
    assert (closed[outside] == open_page[outside]).all()


def test_a_page_with_a_person_at_an_unknown_place_is_not_shown(tmp_path) -> None:
    home = a_home(tmp_path)
    data = typeset(BLOCK)
    doc = document("p", sha256=hashlib.sha256(data).hexdigest(), media_type="application/pdf", pages=1)
    doc = replace(doc, document_id=doc.sha256[:12])
    part = performance_part(doc)
    form = part.performance_forms[0]
    cell = CellRole(form.form_id, f"{doc.document_id}/p1/t1/r1c1", "9", "amount", None, (80, 128, 120, 140))
    known = CellRole(
        form.form_id, f"{doc.document_id}/p1/t1/r1c2", MASK, "person", "个人信息", (10, 10, 30, 20)
    )
    placed = replace(part.persons[0], cell_id=known.cell_id)
    for persons, cells, shown in (
        ((placed,), (cell, known), True),
        ((placed, replace(placed, cell_id=f"{doc.document_id}/p1/t1/r1c3")), (cell, known), False),
    ):
        keep(home, replace(part, persons=persons, cells=cells))
        (home.sources / doc.sha256).write_bytes(data)
        build(home, now=DAY)
        target = tmp_path / "x.png"
        if shown:
            row = query(home, "SELECT document_id, fiscal_year FROM dim_document").rows[0]
            told = dict(zip(("document_id", "fiscal_year"), row, strict=True))
            with Published(home) as published:
                assert boxes_on(published, told, 1) == [(10, 10, 30, 20)]
                assert boxes_on(published, told, 2) == []
            write_evidence(home, cell.cell_id, target)
            assert (painted(target.read_bytes())[25:35, 30:50] == 150).all()
        else:
            with pytest.raises(EvidenceError, match="个人信息"):
                write_evidence(home, cell.cell_id, target)


def test_masking_is_the_last_step_of_reading(monkeypatch) -> None:
    masked = without_persons(performance_part(document("x")))
    monkeypatch.setattr("pipelines.document.without_persons", lambda part: masked)
    assert read_document("任意文本".encode(), name="x.txt") is masked
