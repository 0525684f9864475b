"""A small home for the tests that look at a report: a text, a PDF, and hostile names.

Belongs here: the documents and what is found in them. Does not belong here: what is tested.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.document import read_document
from pipelines.model import DocumentPart, LineItem
from tests.expectations_examples import frame, verdict
from tests.typesetter import pdf_fpdf
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.look import Look
from tests.typesetter.manner import Manner
from tests.typesetter.text import print_text
from tests.warehouse_fixtures import DAY, VERSION, a_home, keep
from warehouse import lake
from warehouse.build import build
from warehouse.home import Home

# What a document can print as its name and the reader takes, and what only a forged record could hold.
PRINTED = """../某市"档案'&amp;局"""
FORGED = """</script><script>alert`1`</script><img/src=x/onerror=alert`2`>某局"""
PLAIN = "示例市综合服务中心"
RULES = [
    {"rule": "T01-1", "family": "T 表内", "statement": "合计等于各项之和 <b>&", "severity": "E"},
    {"rule": "X24", "family": "X 表间", "statement": "两表一致", "severity": "W"},
]


def text(unit: str, year: int) -> bytes:
    return print_text(consistent_disclosure(year, unit=unit, year=year)).data


def pdf(unit: str, year: int) -> bytes:
    return pdf_fpdf.print_pdf(consistent_disclosure(5, unit=unit, year=year), Manner(), Look()).data


def read_as(data: bytes, name: str, **changes: Any) -> DocumentPart:
    """What is read of a document, as the fixtures keep it; ``changes`` to its document."""
    part = read_document(data, name=name)
    return replace(part, document=replace(part.document, reader_version=VERSION, **changes))


def take(home: Home, data: bytes, name: str, **changes: Any) -> DocumentPart:
    """A document read, kept and assembled, as a run would; ``changes`` to what was read of it."""
    part = read_as(data, name, **changes)
    keep(home, part, path=f"inbox/{name}")
    (home.sources / part.document.sha256).write_bytes(data)
    return part


def item(part: DocumentPart, form: str, n: int = 0) -> LineItem:
    """The n-th amount of a statement."""
    found = [i for i in part.line_items if i.statement_id.endswith(f"/{form}") and i.amount]
    return found[n]


def finding(number: int, left: LineItem, right: LineItem, **changes: Any) -> dict[str, Any]:
    """A verdict that does not hold, on two printed cells."""
    sides = {}
    for side, one in (("left", left), ("right", right)):
        sides[f"{side}_cell"] = one.cell_id
        sides[f"{side}_locator"] = one.cell_id.partition("/")[2]
        sides[f"{side}_text"] = one.amount_printed
    document = left.cell_id.partition("/")[0]
    return (
        verdict("12.30", "12.50", document_id=document, **sides)
        | {"check_id": f"T01-1-{number:08}"}
        | changes
    )


def make_home(place: Path) -> Home:
    """The hostile unit in two years as text, a forged name, the plain unit as a PDF; findings on each."""
    home = a_home(place)
    first = take(home, text(PRINTED, 2023), "<img src=x onerror=alert(3)>.txt")
    second = take(home, text(PRINTED, 2024), "二.txt")
    forged = take(home, text("另一局", 2024), "三.txt", unit_name=FORGED, title=FORGED)
    paged = take(home, pdf(PLAIN, 2024), "四.pdf")
    income, expenditure = "income", "expenditure"
    several = f"{item(paged, expenditure, 1).cell_id},{item(paged, expenditure, 2).cell_id}"
    verdicts = [
        finding(
            1, item(second, income), item(second, expenditure), note="</script><script>alert(4)</script>"
        ),
        finding(2, item(second, income), item(second, income, 2)),
        finding(3, item(paged, income), item(paged, expenditure), right_cell=several),
        finding(4, item(forged, income), item(forged, expenditure), subject="<i>表</i>"),
        finding(
            5, item(second, income), item(first, income), counterpart_document_id=first.document.document_id
        ),
    ]
    lake.write_year(home, "reconciliation", 2024, frame("reconciliation", verdicts))
    build(home, now=DAY, rules=RULES)
    return home
