"""Small literal documents for the tests of the warehouse, made from the records alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.model import (
    CellRole,
    Document,
    DocumentPart,
    Evidence,
    LineItem,
    Statement,
    UnitRelation,
)
from warehouse import lake
from warehouse.home import Home
from warehouse.ledger import Ledger

DAY = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
VERSION = "1-test"
UNIT = "某市某局"


def day(number: int) -> datetime:
    return DAY + timedelta(days=number)


def yuan(wan: str | None) -> Decimal | None:
    return None if wan is None else Decimal(wan) * 10000


def document(text: str, **changes: Any) -> Document:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    made = Document(
        document_id=sha256[:12],
        sha256=sha256,
        media_type="text/plain",
        bytes=len(text.encode()),
        pages=None,
        lines=text.count("\n") + 1,
        kind="决算",
        unit_name=UNIT,
        unit_nature="行政单位",
        fiscal_year=2024,
        level="部门",
        consolidation=None,
        template="shanxi-yangquan",
        published_on=None,
        title=f"{UNIT}2024年度部门决算",
        reader_version=VERSION,
    )
    return replace(made, **changes)


def statement(doc: Document, form: str, **changes: Any) -> Statement:
    made = Statement(
        statement_id=f"{doc.document_id}/{form}",
        form=form,
        title_printed=form,
        number_printed="公开01表",
        state="有数",
        reason=None,
        rows=1,
        cells=1,
        non_blank=1,
        closed=0,
        reader="文本",
        template=doc.template,
        money_unit="万元",
        money_unit_evidence="L1",
        unit_printed=doc.unit_name,
        year_printed="2024",
        locator="L1",
        locator_end="L9",
    )
    return replace(made, **changes)


def item(
    doc: Document, form: str, row: int, measure: str, wan: str | None, place: str, **changes: Any
) -> LineItem:
    made = LineItem(
        statement_id=f"{doc.document_id}/{form}",
        form=form,
        row_seq=row,
        side=None,
        item=None,
        line_no=None,
        line_no_printed=None,
        subject_code=None,
        subject_code_printed=None,
        name_printed=None,
        measure=measure,
        amount=yuan(wan),
        quantity=None,
        quantity_unit=None,
        amount_printed=wan or "",
        money_unit="万元",
        status="blank" if wan is None else "printed",
        cell_id=f"{doc.document_id}/{place}",
    )
    return replace(made, **changes)


def full_part(doc: Document) -> DocumentPart:
    """One document with a row or two of each layout, blank, closed and repaired cells among them."""
    code = {
        "subject_code": "2080505",
        "subject_code_printed": "2080",
        "name_printed": "机关事业单位 基本养老",
    }
    income = {
        "side": "收入",
        "item": "收入总计",
        "line_no": 31,
        "line_no_printed": "31",
        "name_printed": "总计",
    }
    spent = {
        "side": "支出",
        "item": "教育支出",
        "line_no": 36,
        "line_no_printed": "五、36",
        "subject_code": "205",
        "name_printed": "教育 支出",
    }
    paper = {"item": "车辆数合计", "line_no": 7, "line_no_printed": "7", "name_printed": "车辆数合计（辆）"}
    closed = {"subject_code": "30901", "subject_code_printed": "30901", "name_printed": "房屋建筑物购建"}
    pay = {"subject_code": "30101", "subject_code_printed": "30101", "name_printed": "基本工资"}
    total = {"name_printed": "合　计"}
    items = (
        item(doc, "income_expenditure_summary", 1, "金额", "8178.89", "L10/c3", **income),
        item(doc, "income_expenditure_summary", 2, "金额", None, "L10/c6", **spent),
        item(doc, "income", 1, "本年收入合计", "10.50", "L20/c3", **total),
        item(doc, "income", 1, "财政拨款收入", "10.50", "L20/c4", **total),
        item(doc, "income", 2, "本年收入合计", "4.96", "L21/c3", **code),
        item(doc, "income", 2, "财政拨款收入", "4.96", "L21/c4", **code),
        item(doc, "basic_expenditure", 1, "决算数", "3.10", "L30/c3", **pay),
        item(
            doc, "basic_expenditure", 2, "决算数", None, "L31/c3",
            **{**closed, "status": "closed", "amount_printed": "——"},
        ),
        item(doc, "three_public", 1, "合计", "2.00", "L40/c1", item="预算数"),
        item(doc, "three_public", 1, "公务接待费", "2.00", "L40/c6", item="预算数"),
        item(doc, "three_public", 2, "合计", "1.25", "L40/c7", item="决算数"),
        item(doc, "three_public", 2, "公务接待费", "1.25", "L40/c12", item="决算数"),
        item(doc, "disclosure_statistic", 1, "统计数", "6.00", "L50/c3", item="政府采购合计", line_no=1),
        item(
            doc, "disclosure_statistic", 2, "统计数", None, "L51/c3",
            **{**paper, "quantity": Decimal("3.00"), "quantity_unit": "辆", "amount_printed": "3",
               "status": "printed", "money_unit": None},
        ),
    )  # fmt: skip
    used = list(dict.fromkeys(i.form for i in items))
    return DocumentPart(
        document=doc,
        evidence=(Evidence("单位", "某市某局(本级)", "某市某局 (本级)", "L2", "表头"),),
        relations=(UnitRelation("所属", "某市某局服务中心", "某市某局服务中心", "L5"),),
        statements=tuple(statement(doc, form) for form in used),
        line_items=items,
        cells=(CellRole(items[0].statement_id, items[0].cell_id, "8178.89", "amount"),),
    )


def keep(home: Home, *parts: DocumentPart, path: str | None = None, at: datetime = DAY) -> None:
    """Put parts into the home as a run would: seen, kept, written, read, and their years assembled."""
    ledger = Ledger(home.ensure())
    for part in parts:
        doc = part.document
        lake.write_part(home, part)
        given = path or f"inbox/{doc.document_id}.txt"
        ledger.seen(path=given, sha256=doc.sha256, size=doc.bytes, mark=1, at=at)
        ledger.read(sha256=doc.sha256, reader_version=VERSION, fiscal_year=doc.fiscal_year, at=at)
    state = ledger.state()
    for year in state.pending_years:
        lake.forget_year(home, year)  # a part of the same version may be another one here
        lake.assemble_year(home, year, state.documents_of(year), at=at)


def dated(text: str, published: date | None) -> DocumentPart:
    return full_part(document(text, published_on=published))


def a_home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()
