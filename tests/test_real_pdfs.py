"""The real PDFs: nine statements exact, a blank template, two budgets, against figures found otherwise."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path

import pypdfium2
import pytest

from pipelines.document import read_document
from pipelines.model import DocumentPart
from pipelines.readers import read
from tests.checks import assert_blocks_accounted, assert_texts_stand_at_their_places
from tests.shared_documents import SHARED, needs_shared

pytestmark = needs_shared

# Pages of the disclosure with statements; from the next on stand sentences with figures of their own.
STATEMENT_PAGES = range(6, 21)
AMOUNT = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})*\.\d\d(?!\d)")


def disclosure() -> Path:
    return next((SHARED / "pdf").glob("*财政局*.pdf"))


def every_pdf() -> list[Path]:
    return sorted(SHARED.glob("*/*.pdf"))


@cache
def part_of(path: Path) -> DocumentPart:
    return read_document(path.read_bytes(), name=path.name)


def test_the_disclosure_has_nine_statements_with_their_rows_and_cells() -> None:
    part = part_of(disclosure())
    document = part.document
    assert (document.kind, document.unit_name, document.fiscal_year, document.level, document.template) == (
        "决算",
        "上海市普陀区财政局",
        2024,
        "部门",
        "shanghai-putuo",
    )
    states = Counter(s.state for s in part.statements)
    assert states == {"有数": 7, "无数据": 2}
    assert {s.form for s in part.statements if s.state == "无数据"} == {"government_fund", "state_capital"}
    totals = [sum(x) for x in zip(*((s.rows, s.cells, s.non_blank) for s in part.statements), strict=True)]
    assert totals == [209, 577, 195]
    assert not [i for i in part.issues if i.kind in ("held", "failed")]


def test_the_amounts_of_the_disclosure_are_the_figures_that_pdfium_prints() -> None:
    path = disclosure()
    document = pypdfium2.PdfDocument(path.read_bytes())
    text = "\n".join(document[n - 1].get_textpage().get_text_range() for n in STATEMENT_PAGES)
    printed = Counter(Decimal(figure.replace(",", "")) for figure in AMOUNT.findall(text))
    read_as = Counter(i.amount / 10_000 for i in part_of(path).line_items if i.amount is not None)
    assert read_as == printed


@pytest.mark.parametrize(
    ("form", "row", "measure", "wan"),
    [
        ("income_expenditure_summary", "年末结转和结余", "金额", "55.34"),
        ("income", "2010602", "其他收入", "6.19"),
        ("expenditure", "2010608", "项目支出", "449.52"),
        ("appropriation_summary", "年初一般公共预算财政拨款", "金额", "21.63"),
        ("appropriation_summary", "支出总计", "一般公共预算财政拨款", "2961.68"),
        ("general_budget_expenditure", "合计", "小计", "2940.05"),
        ("basic_expenditure", "31002", "决算数", "13.58"),
        ("basic_expenditure", "公用经费合计", "决算数", "184.65"),
        ("three_public", "预算数", "公务接待费", "0.95"),
    ],
)
def test_cells_chosen_by_eye(form: str, row: str, measure: str, wan: str) -> None:
    found = [
        i.amount
        for i in part_of(disclosure()).line_items
        if i.form == form and i.measure == measure and row in (i.item, i.subject_code)
    ]
    assert found == [Decimal(wan) * 10_000]


def test_the_blank_template_gives_no_facts_and_says_why() -> None:
    part = part_of(next((SHARED / "pdf").glob("*模板*.pdf")))
    assert (part.document.kind, part.statements, part.line_items) == ("其他", (), ())
    assert "空白模板" in part.issues[0].reason
    assert part.document.unit_name is None


def test_budgets_are_listed_and_not_read_as_accounts() -> None:
    found = {}
    for path in sorted((SHARED / "budget").glob("*.pdf")):
        part = part_of(path)
        found[part.document.unit_name] = (part.document.kind, part.document.fiscal_year, part.line_items)
    assert found == {
        "上海市普陀区商务委员会": ("预算", 2025, ()),
        "江苏省政协办公厅": ("预算", None, ()),
    }


@pytest.mark.parametrize("name", [path.name for path in every_pdf()])
def test_nothing_is_lost_and_each_text_stands_at_its_place(name: str) -> None:
    path = next(SHARED.glob(f"*/{name}"))
    data = path.read_bytes()
    assert_blocks_accounted(read(data), part_of(path))
    assert_texts_stand_at_their_places(data, part_of(path))


def test_names_are_read_as_one_line_and_known_by_the_dictionary() -> None:
    """Punctuation of another font shares the line's baseline, not its box."""
    items = [i for i in part_of(disclosure()).line_items if i.form.endswith("summary")]
    assert all(i.item for i in items)
    assert {i.line_no for i in items if i.side == "收入" and i.form == "appropriation_summary"} == {
        *range(1, 4),
        *range(27, 33),
    }
