"""Queries are read-only and shut off; rows are shown exactly."""

import csv
import io
import json
from datetime import datetime
from decimal import Decimal

import pytest

from tests.warehouse_fixtures import DAY, a_home, document, full_part, keep
from warehouse.build import build
from warehouse.home import Home
from warehouse.query import QueryError, QueryResult, query
from warehouse.render import to_csv, to_json, to_table


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = a_home(tmp_path_factory.mktemp("query"))
    keep(home, full_part(document("a")))
    build(home, now=DAY)
    return home


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "WITH a AS (SELECT 1) FROM a",
        "FROM 收入决算表",
        "DESCRIBE 收入决算表",
        "SHOW TABLES",
        "SUMMARIZE 收入决算表",
        "EXPLAIN SELECT 1",
        "PIVOT fact_line_item ON measure USING count(*) GROUP BY form",
        "VALUES (1)",
        "SELECT 1;",
    ],
)
def test_questions_are_answered(home, sql):
    assert query(home, sql).columns


@pytest.mark.parametrize(
    "sql",
    [
        "COPY dim_document TO '{out}'",
        "EXPORT DATABASE '{out}'",
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM glob('/*')",
        "ATTACH '{out}'",
        "ATTACH ':memory:' AS m",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA threads = 1",
        "SET VARIABLE a = 1",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TABLE a (b INTEGER)",
        "CREATE TEMP TABLE a (b INTEGER)",
        "DELETE FROM dim_document",
        "DROP TABLE dim_document",
        "CHECKPOINT",
        "SELECT 1; SELECT 2",
        "",
        "SELEC 1",
        "SELECT nothing FROM dim_document",
        "SELECT * FROM secret_frame",
    ],
)
def test_everything_else_is_refused_in_one_line(home, tmp_path, sql):
    secret_frame = {"a": [1]}
    out = tmp_path / "out"
    with pytest.raises(QueryError) as refused:
        query(home, sql.format(out=out))
    assert "\n" not in str(refused.value)
    assert not out.exists()
    assert secret_frame


def test_without_a_warehouse_it_says_what_to_do(tmp_path):
    with pytest.raises(QueryError, match="juesuan run"):
        query(Home(tmp_path), "SELECT 1")


RESULT = QueryResult(
    ["名称", "金额", "更正", "金额", "时间", "对"],
    [("甲,乙", Decimal("0.000100"), ["a", "b"], None, datetime(2026, 1, 2, 3, 4, 5), True)],
)


def test_csv_has_the_digits_of_decimals():
    assert list(csv.reader(io.StringIO(to_csv(RESULT)))) == [
        ["名称", "金额", "更正", "金额", "时间", "对"],
        ["甲,乙", "0.000100", "a、b", "", "2026-01-02 03:04:05", "true"],
    ]


def test_json_keeps_decimals_exact_and_columns_apart():
    assert json.loads(to_json(RESULT)) == [
        {
            "名称": "甲,乙",
            "金额": "0.000100",
            "更正": ["a", "b"],
            "金额_2": None,
            "时间": "2026-01-02 03:04:05",
            "对": True,
        }
    ]
    assert json.loads(to_json(QueryResult(["a"], []))) == []


def test_a_table_shows_marks_of_its_own_as_they_are():
    shown = to_table(QueryResult(["a"], [("[bold]x",), (Decimal("1.50"),)]))
    assert "[bold]x" in shown
    assert "1.50" in shown
    assert shown.endswith("2 行\n")
