"""情况说明数据: figures of the text beside the cells they speak of, each in the unit of the text."""

from dataclasses import replace
from decimal import Decimal

import duckdb
import pytest

from pipelines.model import Claim, IgnoredNumber
from tests.warehouse_fixtures import DAY, a_home, document, full_part, keep
from warehouse import lake
from warehouse.build import build

COLUMNS = [
    "单位", "年度", "层级", "序号", "章节", "对象", "类别", "数值", "计量单位", "方向",
    "对照值", "对照单元格", "句子", "文档", "文件", "位置", "印刷文字", "期间", "编号",
]  # fmt: skip


def claim(doc, seq, value, unit, place, kind="金额", **changes) -> Claim:
    made = Claim(
        claim_id=f"{doc.document_id}/L90/n{seq}",
        seq=seq,
        section="收入支出决算总体情况说明",
        object="收入总计",
        kind=kind,
        value=Decimal(value),
        unit=unit,
        value_printed=value,
        direction=None,
        period="本年",
        form=None,
        item=None,
        subject_code=None,
        measure="金额",
        cell_id=f"{doc.document_id}/{place}" if place else None,
        whole=None,
        whole_cell_id=None,
        sentence="某市某局收入总计若干。",
        locator="p3/l90",
    )
    return replace(made, **changes)


@pytest.fixture
def part():
    doc = document("told")
    claims = (
        claim(doc, 1, "8178.89", "万元", "L10/c3"),
        claim(doc, 2, "81788900", "元", "L10/c3"),
        claim(doc, 3, "0.817889", "亿元", "L10/c3"),
        claim(doc, 4, "3", "辆", "L51/c3", "数量", measure="统计数"),
        claim(
            doc, 5, "62.50", "%", "L40/c7", "完成率", measure="合计",
            whole="three_public/预算数/合计", whole_cell_id=f"{doc.document_id}/L40/c1",
        ),
        claim(doc, 6, "1.5", "万元", "L10/c3", "增减额", direction="增", period="上年"),
        claim(doc, 7, "8000", "万元", None, period="年初预算"),
        claim(doc, 8, "5", "万元", "L10/c6"),
    )  # fmt: skip
    return replace(full_part(doc), claims=claims, ignored_numbers=(IgnoredNumber("2024", "年份", "p3/l90"),))


def test_each_claim_stands_beside_its_cell_in_its_own_unit(tmp_path, part) -> None:
    home = a_home(tmp_path)
    keep(home, part)
    build(home, now=DAY)
    with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
        found = connection.execute("SELECT * FROM 情况说明数据 ORDER BY 序号")
        assert [column[0] for column in found.description] == COLUMNS
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in found.fetchall()]
        ignored = connection.execute("SELECT text, rule FROM ignored_number").fetchall()
    # A blank cell (8) and one that nobody prints (7) say nothing; a change (6) is not what its cell holds.
    compared = ["8178.89", "81788900", "0.817889", "3", "62.5", None, None, None]
    assert [row["对照值"] for row in rows] == [value and Decimal(value) for value in compared]
    assert [row["数值"] for row in rows] == [c.value for c in part.claims]
    assert [row["对照单元格"] for row in rows] == [c.cell_id for c in part.claims]
    assert {row["位置"] for row in rows} == {"p3"}
    assert rows[5]["方向"] == "增"
    assert ignored == [("2024", "年份")]


def test_a_claim_of_more_decimals_than_are_kept_is_refused(tmp_path, part) -> None:
    odd = replace(part, claims=(replace(part.claims[0], value=Decimal("0.0000001")),))
    with pytest.raises(lake.LakeError, match="Claim"):
        lake.write_part(a_home(tmp_path), odd)
