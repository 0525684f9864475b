"""读法变更: what another version of the reader reads otherwise in the same document, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.model import DocumentPart, LineItem
from tests.warehouse_fixtures import DAY, VERSION, a_home, document, full_part
from warehouse import lake
from warehouse.build import build
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.query import query

LATER = DAY + timedelta(days=30)
NEWER = "reader-newer"


def the_part() -> DocumentPart:
    return full_part(document("a"))


def read(home: Home, part: DocumentPart, version: str = NEWER, at=LATER) -> None:
    """Read the document as a run would: its part kept, noted, its year assembled."""
    doc = replace(part.document, reader_version=version)
    lake.write_part(home, replace(part, document=doc))
    ledger = Ledger(home)
    ledger.seen(path="inbox/某局.txt", sha256=doc.sha256, size=doc.bytes, mark=1, at=at)
    ledger.read(sha256=doc.sha256, reader_version=version, fiscal_year=doc.fiscal_year, at=at)
    lake.assemble_year(home, 2024, ledger.state().documents_of(2024), at=at)


def changed(part: DocumentPart, place: str, **values: object) -> DocumentPart:
    items = [replace(i, **values) if f"{place}/" in f"{i.cell_id}/" else i for i in part.line_items]
    return replace(part, line_items=tuple(items))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = a_home(tmp_path)
    read(made, the_part(), VERSION, DAY)
    return made


def told(home: Home, columns: str) -> list[tuple]:
    build(home, now=LATER)
    return query(home, f"SELECT {columns} FROM 读法变更").rows  # noqa: S608 - of this test


def test_the_same_reading_by_another_version_is_no_change(home: Home) -> None:
    read(home, the_part())
    assert told(home, "*") == []


def test_another_figure_shows_both_readings_and_their_readers(home: Home) -> None:
    read(home, changed(the_part(), "L10/c3", amount=Decimal("81788900.00"), amount_printed="8178.890"))
    columns = (
        "单位, 年度, 变动, 表名, 项目, 列, 原值, 新值, 原印刷文字, 新印刷文字, 原读取版本, 新读取版本, 位置"
    )
    columns = "单位, 年度, 变动, 表名, 项目, 列, 原值, 新值, 原印刷文字, 新印刷文字, 原读取版本, 新读取版本"
    assert told(home, f"{columns}, 位置, 时间") == []
    read(home, changed(the_part(), "L10/c3", amount=Decimal("81788910.00"), amount_printed="8178.891"), "3")
    columns = "单位, 年度, 变动, 表名, 项目, 列, 原值, 新值, 原印刷文字, 新印刷文字, 原读取版本, 新读取版本"
    assert told(home, f"{columns}, 位置, 时间") == [
        (
            "某市某局", 2024, "改数", "收入支出决算总表", "收入总计", "金额",
            Decimal("81788900.00"), Decimal("81788910.00"), "8178.890", "8178.891", NEWER, "3", "L10",
            LATER.replace(tzinfo=None),
        )
    ]  # fmt: skip
    assert query(home, "SELECT count(*) FROM 重述").rows == [(0,)]


@pytest.mark.parametrize(
    ("place", "values", "change", "belonged"),
    [
        ("L21", {"subject_code": "2080599"}, "改位", "2080505"),
        ("L21/c3", {"measure": "事业收入"}, "改位", "本年收入合计"),
        ("L21/c3", {"status": "corrected"}, "改状态", ""),
        ("L21/c3", {"status": "held", "amount": None}, "转为待核", ""),
        ("L21/c3", {"status": "blank", "amount": None}, "不再读出", ""),
    ],
)
def test_what_kind_of_change_it_is(home: Home, place: str, values: dict, change: str, belonged: str) -> None:
    read(home, changed(the_part(), place, **values))
    found = told(home, "变动, coalesce(原归属, ''), 位置")
    assert {(kind, at) for kind, _, at in found} == {(change, "L21")}
    assert all(belonged in before for _, before, _ in found)


def test_a_cell_that_was_held_is_released(home: Home) -> None:
    read(home, changed(the_part(), "L21/c3", status="held", amount=None))
    read(home, the_part(), "3")
    assert told(home, "变动, 原值, 新值") == [
        ("转为待核", Decimal("49600.00"), None),
        ("解除待核", None, Decimal("49600.00")),
    ]


def test_a_row_that_is_found_now(home: Home) -> None:
    part = the_part()
    last = part.line_items[-1]
    more = replace(last, row_seq=9, item="离退休干部服务用车", cell_id=last.cell_id.replace("L51", "L52"))
    read(home, replace(part, line_items=(*part.line_items, replace(more, quantity=Decimal(2)))))
    assert told(home, "变动, 原值, 新值, 计量单位, 原单元格") == [
        ("新读出", None, Decimal("2.00"), "辆", None)
    ]


def test_the_same_figure_at_another_address_is_no_change(home: Home) -> None:
    def moved(item: LineItem) -> LineItem:
        return replace(item, cell_id=item.cell_id.replace("/c", "/d"))

    part = the_part()
    read(home, replace(part, line_items=tuple(map(moved, part.line_items)), cells=()))
    assert told(home, "*") == []


def test_they_are_kept_when_the_year_is_made_from_nothing_and_told_once(home: Home) -> None:
    wrong = changed(the_part(), "L21/c3", amount=Decimal("1.00"))
    lake.forget_year(home, 2024)  # as a backfill by the newer reader does
    read(home, wrong)
    lake.forget_year(home, 2024)
    lake.assemble_year(home, 2024, Ledger(home).state().documents_of(2024), at=LATER)
    assert told(home, "变动, 新值") == [("改数", Decimal("1.00"))]


def test_a_run_that_was_killed_finds_the_same_again_and_tells_it_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = changed(the_part(), "L21/c3", amount=Decimal("1.00"))
    real = lake.write_year

    def killed(at: Home, table: str, year: int, frame: object) -> None:
        if table == "repair":
            raise KeyboardInterrupt
        real(at, table, year, frame)  # type: ignore[arg-type]

    monkeypatch.setattr(lake, "write_year", killed)
    with pytest.raises(KeyboardInterrupt):
        read(home, wrong)
    monkeypatch.undo()
    lake.assemble_year(home, 2024, Ledger(home).state().documents_of(2024), at=LATER + timedelta(days=1))
    assert told(home, "变动, 时间") == [("改数", LATER.replace(tzinfo=None))]


def test_what_people_correct_is_no_change_of_reading(home: Home) -> None:
    name = the_part().document.document_id
    row = {
        "cell_id": f"{name}/L21/c3", "printed": "4.96", "corrected": "5.00", "reason": "看错",
        "decided_by": "甲", "decided_on": DAY.date(), "file": "corrections/a.yml", "place": "第 1 条",
    }  # fmt: skip
    documents = Ledger(home).state().documents_of(2024)
    lake.assemble_year(home, 2024, documents, {name: [row]}, at=LATER)
    amounts = lake.read_year(home, "fact_line_item", 2024).filter(cell_id=row["cell_id"])["amount"]
    assert amounts.to_list() == [Decimal("50000.00")]
    assert told(home, "*") == []
