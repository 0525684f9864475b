"""How fast exports are, and whether every reader finds the same figures in them.

``python -m tests.benchmarks.bench_export HOME [ROWS] [--xlsx]``: ROWS line items (a million) of the file
published in HOME, which is only read, under the real views; with ``--xlsx`` workbooks too (minutes).
"""

# ruff: noqa: S608 - the statements are made of names of our own

from __future__ import annotations

import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd

from warehouse import catalogue, schema
from warehouse.export import export
from warehouse.home import Home

TIMES = 3
Total = tuple[Decimal, int]


def some_of(source: Path, target: Path, rows: int) -> None:
    """A warehouse with so many line items of another one, and nothing else but what their view needs."""
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"ATTACH {schema.literal(str(source))} AS source (READ_ONLY)")
        for table in schema.tables().values():
            connection.execute(table.ddl())
        for name, limit in (("dim_document", ""), ("dim_form", ""), ("fact_line_item", f"LIMIT {rows}")):
            connection.execute(f"INSERT INTO {name} BY NAME FROM source.{name} {limit}")
        for view in catalogue.views():
            for statement in view.statements():
                connection.execute(statement)


def totals(folder: Path, form: str) -> dict[str, Total]:
    """The sum of the amounts and the number of rows, as each reader of the format finds them."""
    path = folder / f"单元格.{form}"
    if form == "xlsx":
        return {"openpyxl": _of_sheets(path)}
    columns = ", types = {'金额': 'DECIMAL(24,6)'}" if form == "csv" else ""
    row = duckdb.sql(f"SELECT sum(金额), count(*) FROM read_{form}('{path}'{columns})").fetchone()
    assert row
    frame = pd.read_parquet(path) if form == "parquet" else pd.read_csv(path, dtype=str)
    amounts = frame["金额"].dropna()
    return {"DuckDB": (row[0], row[1]), "pandas": (sum(map(Decimal, amounts), Decimal(0)), len(frame))}


def _of_sheets(path: Path) -> Total:
    total, number = Decimal(0), 0
    book = openpyxl.load_workbook(path, read_only=True)
    for sheet in book.worksheets[1:]:
        rows = sheet.iter_rows(values_only=True)
        place = next(rows).index("金额")
        for row in rows:
            number += 1
            total += Decimal(0 if row[place] is None else f"{row[place]:.6f}")
    return total, number


def main(home: Path, rows: int, forms: tuple[str, ...]) -> None:
    """Print seconds and MB of each format, and stop where a reader finds other figures."""
    with tempfile.TemporaryDirectory() as folder:
        place = Home(Path(folder))
        some_of(Home(home).warehouse_file, place.warehouse_file, rows)
        with duckdb.connect(str(place.warehouse_file), read_only=True) as connection:
            wanted = connection.execute("SELECT sum(金额), count(*) FROM 单元格").fetchone()
        assert wanted
        print(f"{wanted[1]:,} 个单元格，合计 {wanted[0]:,} 万元")
        for form in forms:
            took = []
            for turn in range(1 if form == "xlsx" else TIMES):
                target = Path(folder) / f"{form}-{turn}"
                start = time.perf_counter()
                export(place, target, form)  # type: ignore[arg-type]
                took.append(time.perf_counter() - start)
            size = sum(path.stat().st_size for path in target.iterdir()) / 1e6
            print(f"{form:<8} {' / '.join(f'{seconds:.2f}' for seconds in took)} 秒  {size:.1f} MB")
            for reader, found in totals(target, form).items():
                assert found == wanted, f"{reader} finds {found}"
                print(f"{'':<8} {reader} 读回：行数和合计相同")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[2:] if word.isdecimal()]
    also = ("xlsx",) if "--xlsx" in sys.argv else ()
    main(Path(sys.argv[1]), (numbers or [1_000_000])[0], ("parquet", "csv", *also))
