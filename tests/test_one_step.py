"""Every published number leads in one step to where it is printed: a line, a passage, a page.

Belongs here: the step itself, from what the views give. Does not belong here: how a passage or page looks
(``test_evidence``), and the report's own links (``test_report``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.run import run
from tests.shared_documents import SHARED, needs_shared
from warehouse import schema
from warehouse.evidence import write_evidence
from warehouse.explain import explain
from warehouse.home import Home
from warehouse.query import query

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
# For each view the column that names where a number is printed, and what is printed there.
VIEWS = {
    "单元格": ("单元格", "印刷文字", "状态 NOT IN ('blank', 'held')"),
    "情况说明数据": ("编号", "印刷文字", "true"),
    "绩效项目栏": ("单元格", "印刷文字", "单元格 IS NOT NULL"),
    "绩效指标": ("得分单元格", "NULL", "得分单元格 IS NOT NULL"),
    "问题": ("unnest(string_split(concat_ws(',', 披露单元格, 对照单元格), ','))", "NULL", "true"),
    "报表": ("文档 || '/' || 位置", "NULL", "位置 IS NOT NULL"),
    "缺失单位": ("文档 || '/' || 位置", "NULL", "true"),
}


def published(folder: Path, *sources: Path) -> Home:
    assert run(folder, sources).published
    return Home(folder)


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Home:
    return published(tmp_path_factory.mktemp("samples"), SAMPLES)


@pytest.fixture(scope="module")
def documents(tmp_path_factory) -> Home:
    return published(tmp_path_factory.mktemp("documents"), SHARED)


def places(home: Home) -> Iterator[tuple[str, str, str | None]]:
    """View, place and what is printed there: of each view and document one, chosen by no order of ours."""
    for view, (place, printed, condition) in VIEWS.items():
        sql = f"""
            WITH found AS (
                SELECT DISTINCT *
                FROM (SELECT {place} AS 位, {printed} AS 印, 文档 FROM {view} WHERE {condition})
                WHERE 位 IS NOT NULL
            )
            SELECT 位, 印 FROM found
            QUALIFY row_number() OVER (PARTITION BY 文档 ORDER BY md5(位)) = 1
        """  # noqa: S608 - of this table
        yield from ((view, *row) for row in query(home, sql).rows)


def missing(home: Home, tmp_path: Path) -> list[str]:
    """The places that explain or evidence do not lead to."""
    pdfs = {
        d for (d,) in query(home, "SELECT document_id FROM dim_document WHERE media_type LIKE '%/pdf'").rows
    }
    found, seen = [], set()
    for view, place, printed in places(home):
        seen.add(view)
        told = dict(explain(home, place))["原文"]
        if printed and bare(printed) not in bare(told):
            found.append(f"{view} {place}: {printed!r} is not in {told!r}")
        target = tmp_path / ("x.png" if place.partition("/")[0] in pdfs else "x.html")
        write_evidence(home, place, target)
        if target.suffix == ".html" and "<mark>" not in target.read_text("utf-8"):
            found.append(f"{view} {place}: nothing is marked")
    assert seen == set(VIEWS), "a view without any place proves nothing"
    return found


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_numbers_of_the_samples_lead_to_where_it_is_printed(samples: Home, tmp_path: Path) -> None:
    assert missing(samples, tmp_path) == []


@needs_shared
def test_numbers_of_the_real_documents_lead_to_where_it_is_printed(documents, tmp_path) -> None:
    assert missing(documents, tmp_path) == []


def unsaid(home: Home) -> list[tuple[str, str, str]]:
    """The codes of a published file that have no word for a reader."""
    coded = [(t.name, c.name) for t in schema.tables().values() for c in t.columns if c.values]
    assert ("dim_cell", "role") in coded
    return [
        (table, column, code)
        for table, column in coded
        for (code,) in query(home, f"SELECT DISTINCT {column} FROM {table}").rows  # noqa: S608
        if code is not None and schema.word(table, column, code) == code
    ]


def test_every_code_has_a_word(samples: Home) -> None:
    assert unsaid(samples) == []


@needs_shared
def test_every_code_of_the_real_documents_has_a_word(documents: Home) -> None:
    assert unsaid(documents) == []


def test_a_figure_of_the_text_is_told_with_what_it_is_compared_with(samples: Home) -> None:
    sql = """SELECT 编号, 数值, 对照单元格, 序号 FROM 情况说明数据
        WHERE 对照单元格 IS NOT NULL AND 类别 = '金额' ORDER BY 编号 LIMIT 1"""
    [(name, value, cell, number)] = query(samples, sql).rows
    told = dict(explain(samples, name))
    assert f"编号 {name}" in told["情况说明"]
    assert f"{value:,f}".rstrip("0").rstrip(".") in told["数值"]
    assert told["对照"].startswith(cell)
    assert told["视图"] == f"情况说明数据：序号 {number}"
    # The line has all of its figures, the figure only itself.
    line = explain(samples, name.rpartition("/")[0])
    assert ("情况说明", told["情况说明"]) in line


@pytest.mark.parametrize("place", ["L99999", "p1", "../L1", "s1/A1"])
def test_a_place_that_the_document_does_not_have_is_said(samples: Home, place: str) -> None:
    [(document,)] = query(samples, "SELECT 文档 FROM 文件清单 LIMIT 1").rows
    with pytest.raises(LookupError, match="没有单元格或位置"):
        explain(samples, f"{document}/{place}")
