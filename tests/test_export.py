"""Exports hold what the views hold, to the fen; no text becomes a formula; a folder is whole or not there."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from juesuan import app
from tests.warehouse_fixtures import DAY, a_home, document, full_part, keep
from warehouse import export_xlsx
from warehouse.build import build
from warehouse.export import FORMULA, ExportError, export
from warehouse.home import Home
from warehouse.query import query

HOSTILE = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "普通")
CELLS = "单元格"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """A home whose names are formulas."""
    home = a_home(tmp_path_factory.mktemp("export"))
    part = full_part(document("a"))
    rows = list(dict.fromkeys((item.form, item.row_seq) for item in part.line_items))
    names = dict(zip(rows, HOSTILE * len(rows), strict=False))
    items = [replace(item, name_printed=names[item.form, item.row_seq]) for item in part.line_items]
    items[2] = replace(items[2], amount_printed="-12.30")
    place = f"{part.document.document_id}/L99/c1"
    huge = replace(items[0], row_seq=9, amount=Decimal("99999999999999999.99"), cell_id=place)
    keep(home, replace(part, line_items=(*items, huge)))
    build(home, now=DAY)
    return home


def of_view(home: Home, view: str) -> list[tuple]:
    with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
        return connection.table(view).fetchall()


def total(rows) -> Decimal:
    return sum((row for row in rows if row is not None), Decimal(0))


def amounts(home: Home) -> list[Decimal]:
    sql = "SELECT 金额 FROM 单元格 WHERE 金额 IS NOT NULL"
    return [row[0] for row in query(home, sql).rows]


def test_parquet_has_the_same_figures_for_duckdb_and_pandas(home: Home, tmp_path: Path) -> None:
    tables = export(home, tmp_path / "out", "parquet")
    for table in tables:
        path = tmp_path / "out" / f"{table.view.name}.parquet"
        assert duckdb.read_parquet(str(path)).fetchall() == of_view(home, table.view.name)
    frame = pd.read_parquet(tmp_path / "out" / f"{CELLS}.parquet")
    assert total(frame["金额"].dropna()) == total(amounts(home))


def test_csv_has_the_same_figures_and_no_formula(home: Home, tmp_path: Path) -> None:
    export(home, tmp_path / "out", "csv")
    with (tmp_path / "out" / f"{CELLS}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert total(Decimal(row["金额"]) for row in rows if row["金额"]) == total(amounts(home))
    assert {row["印刷文字"] for row in rows} >= {"'-12.30"}
    for path in (tmp_path / "out").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            kinds = {f["name"]: f["type"] for f in fields(tmp_path / "out", path.stem)}
            for row in csv.DictReader(file):
                for name, text in row.items():
                    assert kinds[name] != "string" or not text.startswith(tuple(FORMULA)), (path, name, text)


def fields(folder: Path, view: str) -> list[dict]:
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    return next(r["schema"]["fields"] for r in package["resources"] if r["title"] == view)


def test_the_package_describes_each_column_and_what_is_fiscal_in_it(home: Home, tmp_path: Path) -> None:
    tables = export(home, tmp_path / "out", "csv")
    package = json.loads((tmp_path / "out" / "datapackage.json").read_text("utf-8"))
    assert package["profile"] == "fiscal-data-package"
    names = [resource["name"] for resource in package["resources"]]
    assert len(set(names)) == len(names) == len(tables)
    for table, resource in zip(tables, package["resources"], strict=True):
        assert (tmp_path / "out" / resource["path"]).is_file()
        assert resource["rows"] == table.rows
        assert [field["name"] for field in resource["schema"]["fields"]] == list(table.types)
        assert all(field["description"] for field in resource["schema"]["fields"])
    income = fiscal(tmp_path / "out", "收入决算表")
    assert income["财政拨款收入"] == "value"
    assert income["科目代码"].startswith("functional-classification")
    basic = fiscal(tmp_path / "out", "一般公共预算财政拨款基本支出决算明细表")
    assert basic["科目代码"].startswith("economic-classification")


def fiscal(folder: Path, view: str) -> dict[str, str]:
    return {field["name"]: field.get("columnType", "") for field in fields(folder, view)}


def test_a_workbook_shows_the_same_amounts_and_texts_stay_texts(home: Home, tmp_path: Path) -> None:
    export(home, tmp_path / "out", "xlsx")
    book = openpyxl.load_workbook(tmp_path / "out" / "决算仓.xlsx")
    assert book.sheetnames[0] == "说明"
    sheet = book[CELLS]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref
    head = [cell.value for cell in sheet[1]]
    at = head.index("金额")
    shown = [row[at] for row in sheet.iter_rows(min_row=2, values_only=True)]
    read = [Decimal(str(value)) for value in shown if value is not None]
    assert sorted(read) == sorted(amounts(home))
    assert [value for value in shown if isinstance(value, str)] == ["9999999999999.999999"]
    for one in book.worksheets:
        assert not any(cell.data_type == "f" for row in one.iter_rows() for cell in row)


def test_a_view_too_large_for_a_sheet_goes_on_in_another(home: Home, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(export_xlsx, "MOST_ROWS", 6)
    export(home, tmp_path / "out", "xlsx")
    book = openpyxl.load_workbook(tmp_path / "out" / "决算仓.xlsx")
    sheets = [name for name in book.sheetnames if name.startswith(CELLS)]
    assert sheets[:2] == [CELLS, f"{CELLS}（2）"]
    rows = [row for name in sheets for row in book[name].iter_rows(min_row=2, values_only=True)]
    assert len(rows) == len(of_view(home, CELLS))


def test_nothing_is_written_over_and_nothing_half_made_stays(home: Home, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    with pytest.raises(ExportError, match="不去覆盖"):
        export(home, tmp_path / "full", "csv")

    def broken(*_args: object, **_known: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("warehouse.export._copy", broken)
    with pytest.raises(ExportError, match="写不进去"):
        export(home, tmp_path / "new", "csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]


def test_the_command_says_what_it_did_and_why_it_did_not(home: Home, tmp_path: Path) -> None:
    def run(*words: str):
        return CliRunner().invoke(app, ["export", str(tmp_path / "out"), "--home", str(home.root), *words])

    done = run("--format", "csv")
    assert (done.exit_code, "已导出" in done.output) == (0, True)
    again = run("--format", "csv")
    assert (again.exit_code, "换一个新文件夹" in again.output) == (1, True)
