"""Exports: whole folders, exact figures in every reader, no formulas, a valid data package."""

# ruff: noqa: S608 - the statements are made of names of our own

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from typer.testing import CliRunner

from juesuan import app
from tests.warehouse_fixtures import DAY, UNIT, a_home, document, full_part, keep
from warehouse import datapackage, workbook
from warehouse.build import build
from warehouse.catalogue import views
from warehouse.export import ExportError, export
from warehouse.home import Home
from warehouse.query import QueryError, QueryResult, query
from warehouse.render import FORMULA_LEADS, to_csv

HOSTILE = [
    "=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "＝1", '=HYPERLINK("x","y")', "a\r=1",
    "=1\n,b", "http://x.cn", "mailto:a", "{=1}", "007", "1e5", "_x000D_", "",
]  # fmt: skip
# What documents can hold: NUL is no character of theirs, surrogates are none at all.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.sampled_from(HOSTILE)
AMOUNTS = st.decimals(-(10**9) + 1, 10**9 - 1, places=6)
ROWS = st.lists(st.tuples(TEXTS | st.none(), AMOUNTS | st.none()), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Home:
    home = a_home(tmp_path_factory.mktemp("published"))
    part = full_part(document("a", unit_name=UNIT))
    keep(home, part)
    build(home, now=DAY)
    return home


def a_file(home: Home, rows: list[tuple], kinds: str = "文字 VARCHAR, 金额 DECIMAL(24,6)") -> Home:
    """A warehouse file with one view of these rows, with the number of each before it."""
    home.warehouse_file.unlink(missing_ok=True)
    with duckdb.connect(str(home.warehouse_file)) as connection:
        connection.execute(f"CREATE TABLE t (序号 INTEGER, {kinds})")
        numbered = [(number, *row) for number, row in enumerate(rows, 1)]
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(numbered[0]))})", numbered)
        connection.execute("CREATE VIEW 样表 AS FROM t")
        connection.execute("COMMENT ON VIEW 样表 IS '样表：说的是什么。注意：勿相加'")
        connection.execute("COMMENT ON COLUMN 样表.文字 IS '文字：一段话'")
    return home


def cells(path: Path, sheet: str = "样表") -> list[list[openpyxl.cell.Cell]]:
    """The cells of a sheet of a_file, without the numbers before them."""
    return [list(row) for row in openpyxl.load_workbook(path)[sheet].iter_rows(min_row=2, min_col=2)]


def read_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


# --- figures ---------------------------------------------------------------------------------


def test_every_reader_finds_the_same_figures_to_the_fen(published, tmp_path):
    wanted = query(published, "SELECT sum(金额), count(金额), count(*) FROM 单元格").rows[0]
    assert wanted[0] > 8000
    for form in ("parquet", "csv", "xlsx"):
        export(published, tmp_path / form, form)
    total = "SELECT sum(金额), count(金额), count(*) FROM"
    csv_file, parquet = tmp_path / "csv/单元格.csv", tmp_path / "parquet/单元格.parquet"
    assert duckdb.sql(f"{total} '{parquet}'").fetchone() == wanted
    typed = f"read_csv('{csv_file}', types = {{'金额': 'DECIMAL(24,6)'}})"
    assert duckdb.sql(f"{total} {typed}").fetchone() == wanted
    frame = pd.read_csv(csv_file, dtype=str)
    assert (sum(map(Decimal, frame["金额"].dropna())), frame["金额"].count(), len(frame)) == wanted
    frame = pd.read_parquet(parquet)
    assert (sum(frame["金额"].dropna()), frame["金额"].count(), len(frame)) == wanted
    sheet = openpyxl.load_workbook(tmp_path / "xlsx/单元格.xlsx", read_only=True)["单元格"]
    head, *rows = sheet.iter_rows(values_only=True)
    amounts = [row[head.index("金额")] for row in rows]
    exact = [Decimal(f"{amount:.6f}") for amount in amounts if amount is not None]
    assert (sum(exact), len(exact), len(amounts)) == wanted


def test_parquet_keeps_decimals_and_lists(published, tmp_path):
    export(published, tmp_path / "x", "parquet")
    described = f"DESCRIBE FROM '{tmp_path / 'x/收入决算表.parquet'}'"
    kinds = {name: kind for name, kind, *_ in duckdb.sql(described).fetchall()}
    assert kinds["财政拨款收入"] == "DECIMAL(24,6)"
    assert kinds["更正"] == "VARCHAR[]"


@settings(max_examples=10, deadline=None)
@given(rows=ROWS)
def test_any_text_and_amount_comes_back_from_a_csv_and_is_no_formula(tmp_path_factory, rows):
    place = tmp_path_factory.mktemp("csv")
    export(a_file(Home(place), rows), place / "x", "csv")
    head, *found = read_csv(place / "x/样表.csv")
    assert head == ["序号", "文字", "金额"]
    assert [(text.removeprefix("'"), amount) for _, text, amount in found] == [
        (text or "", "" if amount is None else f"{amount:f}") for text, amount in rows
    ]
    assert not [text for _, text, _ in found if text.startswith(tuple(FORMULA_LEADS.replace("'", "")))]


@settings(max_examples=10, deadline=None)
@given(rows=ROWS)
def test_any_text_and_amount_comes_back_from_a_sheet_and_is_no_formula(tmp_path_factory, rows):
    place = tmp_path_factory.mktemp("xlsx")
    export(a_file(Home(place), rows), place / "x", "xlsx")
    found = cells(place / "x/样表.xlsx")
    assert not [cell for row in found for cell in row if cell.data_type == "f" or cell.hyperlink]
    shown = [(unescape(a.value or ""), None if b.value is None else f"{b.value:.6f}") for a, b in found]
    assert shown == [(text or "", None if amount is None else f"{amount:f}") for text, amount in rows]


def test_a_number_beyond_a_spreadsheet_is_a_text_and_said(tmp_path):
    home = a_file(Home(tmp_path), [("a", Decimal("10000000000.123456")), ("b", Decimal("10000000000.5"))])
    export(home, tmp_path / "x", "xlsx")
    assert [row[1].value for row in cells(tmp_path / "x/样表.xlsx")] == [
        "10000000000.123456",
        10000000000.5,
    ]
    assert "1 个数超过 15 位" in said(tmp_path / "x/样表.xlsx")


def said(path: Path) -> str:
    rows = openpyxl.load_workbook(path)["说明"].iter_rows(values_only=True)
    return "\n".join(" ".join(str(cell) for cell in row if cell is not None) for row in rows)


# --- sheets ----------------------------------------------------------------------------------


def test_a_sheet_is_as_a_person_would_make_it(published, tmp_path):
    export(published, tmp_path / "x", "xlsx")
    book = openpyxl.load_workbook(tmp_path / "x/决算报表.xlsx")
    assert book.sheetnames[:2] == ["说明", "收入支出决算总表"]
    sheet = book["收入决算表"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:S3"
    assert [cell.value for cell in sheet[1]][:5] == ["单位", "年度", "层级", "序号", "科目代码"]
    assert (sheet["I2"].value, sheet["I2"].number_format, sheet["B2"].number_format) == (
        10.5,
        "#,##0.00",
        "General",
    )
    assert sheet.column_dimensions["A"].width >= 10
    notes = said(tmp_path / "x/决算报表.xlsx")
    assert "部门含其单位" in notes
    assert "类、款、项的行与合计行并存，相加会重复" in notes
    assert "收入决算表 科目代码 VARCHAR 修复后的科目代码；合计行为空" in notes
    assert re.search(r"sha256 [0-9a-f]{64}", notes)


def test_a_view_too_large_for_a_sheet_goes_on_in_further_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    rows = [(str(number), Decimal(number)) for number in range(5)]
    lines = export(a_file(Home(tmp_path), rows), tmp_path / "x", "xlsx")
    assert lines == [
        "1 个视图、5 行：工作簿 样表.xlsx",
        "样表 一张工作表放不下，依次在 样表、样表(2)、样表(3)",
    ]
    found = [cells(tmp_path / "x/样表.xlsx", sheet) for sheet in ("样表", "样表(2)", "样表(3)")]
    assert [[row[0].value for row in sheet] for sheet in found] == [["0", "1"], ["2", "3"], ["4"]]
    assert lines[1] in said(tmp_path / "x/样表.xlsx")


def test_times_are_times_and_a_long_text_is_cut_and_said(tmp_path):
    rows = [("长" * 40_000, date(2024, 1, 2), datetime(2026, 11, 1, 8, 0, 5)), ("=1", date(1, 1, 1), None)]
    home = a_file(Home(tmp_path), rows, "文字 VARCHAR, 日 DATE, 时 TIMESTAMP")
    export(home, tmp_path / "x", "xlsx")
    first, second = cells(tmp_path / "x/样表.xlsx")
    assert first[0].value.endswith("长…（共 40,000 字，全文见 Parquet 或 CSV）")
    assert [cell.value for cell in first[1:]] == [datetime(2024, 1, 2), datetime(2026, 11, 1, 8, 0, 5)]
    assert first[1].number_format == "yyyy-mm-dd"
    assert second[1].value == "0001-01-01"
    assert "1 段文字太长" in said(tmp_path / "x/样表.xlsx")
    export(home, tmp_path / "y", "csv")
    assert read_csv(tmp_path / "y/样表.csv")[1][2:] == ["2024-01-02", "2026-11-01 08:00:05"]


# --- the folder ------------------------------------------------------------------------------


def test_the_files_have_the_names_of_the_views(published, tmp_path):
    export(published, tmp_path / "x", "csv")
    names = {f"{view.name}.csv" for view in views() if not view.name.isascii()}
    assert {path.name for path in (tmp_path / "x").iterdir()} == {*names, "datapackage.json", "数据字典.md"}
    assert "**注意**：类、款、项的行与合计行并存" in (tmp_path / "x/数据字典.md").read_text("utf-8")


def test_an_empty_folder_is_taken_and_another_is_left_alone(published, tmp_path):
    (tmp_path / "empty").mkdir()
    export(published, tmp_path / "empty", "csv")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ExportError, match="已经存在"):
        export(published, tmp_path / "empty", "csv")
    assert sorted(tmp_path.rglob("*")) == before


def test_what_fails_on_the_way_leaves_nothing(published, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr(datapackage, "descriptor", full)
    with pytest.raises(ExportError, match="腾出空间"):
        export(published, tmp_path / "x", "csv")
    assert not list(tmp_path.iterdir())


def test_without_a_published_file_nothing_is_exported(tmp_path):
    with pytest.raises(QueryError, match="还没有发布过仓库"):
        export(Home(tmp_path / "home"), tmp_path / "x", "csv")
    assert not (tmp_path / "x").exists()


def test_the_command_says_what_it_wrote(published, tmp_path):
    arguments = ["export", str(tmp_path / "x"), "--format", "parquet", "--home", str(published.root)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert re.fullmatch(
        r"34 个视图、\d+ 行：parquet 文件一个视图一个，datapackage.json，数据字典.md\n", done.output
    )
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert len(again.output.splitlines()) == 1


# --- the data package --------------------------------------------------------------------------


def test_frictionless_finds_the_package_and_its_data_valid(published, tmp_path, monkeypatch):
    import frictionless

    for form in ("csv", "parquet"):
        export(published, tmp_path / form, form)
    monkeypatch.chdir(tmp_path / "csv")
    report = frictionless.validate("datapackage.json")
    assert report.valid, report.flatten(["type", "note", "fieldName"])
    # Its reader of Parquet takes a whole number beside a NULL for a float, so the data are not asked of it.
    monkeypatch.chdir(tmp_path / "parquet")
    assert len(frictionless.Package("datapackage.json").resources) == len(list(Path().glob("*.parquet")))


def test_the_package_says_what_the_columns_are(published, tmp_path):
    export(published, tmp_path / "x", "parquet")
    told = json.loads((tmp_path / "x/datapackage.json").read_text("utf-8"))
    assert told["$schema"].endswith("/2.0/datapackage.json")
    resources = {resource["name"]: resource for resource in told["resources"]}
    fields = {field["name"]: field for field in resources["收入决算表"]["schema"]["fields"]}
    assert fields["财政拨款收入"] == {
        "name": "财政拨款收入",
        "type": "number",
        "title": "财政拨款收入",
        "description": "金额，万元",
        "columnType": "value",
        "unit": "万元",
    }
    assert fields["年度"]["columnType"] == "date:fiscal-year"
    assert fields["单位"]["columnType"] == "administrative-classification:generic:code"
    assert fields["科目代码"]["columnType"] == "functional-classification:generic:code"
    assert resources["单元格"]["schema"]["primaryKey"] == ["单元格", "序号", "列"]
    assert "注意：类、款、项" in resources["收入决算表"]["description"]
    statistic = {f["name"]: f for f in resources["部门决算公开相关信息统计表"]["schema"]["fields"]}
    assert "columnType" not in statistic["统计数"]


def test_what_exports_say_is_of_columns_that_are_there():
    there = {view.name: set(view.columns) for view in views() if not view.name.isascii()}
    names = {name for columns in there.values() for name in columns}
    told = datapackage.settings()
    assert [v for held in told["workbooks"].values() for v in held] == list(
        dict.fromkeys(v for held in told["workbooks"].values() for v in held)
    )
    assert {v for held in told["workbooks"].values() for v in held} == set(there)
    for view, key in told["keys"].items():
        assert set(key) <= there[view]
    for said_of in (told["values"], told["fiscal"]):
        for name in said_of:
            view, _, column = name.rpartition(".")
            assert column in (there[view] if view else names), name
    kinds = r"(value|direction|phase:id|date|geo|activity|fin-source|(functional|economic|administrative)-)"
    assert all(re.match(kinds, kind) for kind in told["fiscal"].values())


# --- juesuan sql ---------------------------------------------------------------------------------


def test_the_csv_of_a_query_has_no_formulas_either():
    rows = [
        ("=1+1", Decimal("-3.5"), date(2024, 1, 2), -4),
        ("\r=1", None, None, None),
        ("'a", None, None, None),
    ]
    shown = to_csv(QueryResult(["=x", "b", "c", "d"], rows))
    found = list(csv.reader(io.StringIO(shown, newline="")))
    assert found == [
        ["'=x", "b", "c", "d"],
        ["'=1+1", "-3.5", "2024-01-02", "-4"],
        ["'\r=1", "", "", ""],
        ["''a", "", "", ""],
    ]


@settings(max_examples=100)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_any_text_of_a_query_comes_back_from_its_csv(texts):
    rows = list(csv.reader(io.StringIO(to_csv(QueryResult(["a"] * len(texts), [tuple(texts)])), newline="")))
    assert [text.removeprefix("'") for text in rows[1]] == texts
