"""The whole way of one document: bytes in, its part of the lake out.

Belongs here: the order of the steps and the choice of the reader. Does not belong here: any step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pipelines import vocabulary
from pipelines.codes import repair_codes
from pipelines.identity import PLACEHOLDER_RULE, identify, is_member_table, kind_of, text_lines
from pipelines.locators import row_place
from pipelines.model import (
    Block,
    CellRole,
    Content,
    Document,
    DocumentPart,
    Evidence,
    Issue,
    Line,
    Statement,
)
from pipelines.narrative import read_narrative
from pipelines.performance.persons import without_persons
from pipelines.performance.reading import read_performance
from pipelines.readers import prepare, read
from pipelines.readers.text import MEDIA_TYPE as TEXT
from pipelines.regions import Layout, cut, entry_key
from pipelines.second_route import read_regions, with_second_opinion
from pipelines.statements import Found, to_statement
from pipelines.text_marks import html_remains, text_marks
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold, title_form, without_blanks

__all__ = ["prepare", "read_document", "reader_version"]

_ID_LENGTH = 12
_NO_FORMS = "自述为绩效文件，却没有找到一张认得的绩效表"
_NO_YEAR = "文中没有写明决算年度，或封面与各表的年度不一，无法归入年度"


def reader_version() -> str:
    """The version of what reads: a digest of its code, forms, aliases and references."""
    return vocabulary.digest()


def read_document(data: bytes, *, name: str) -> DocumentPart:
    """Everything that a document says, each number with its place.

    Never raises for what a document holds: what is not understood comes back as issues. ``name`` is
    the file's name, for messages only: nothing is read out of it.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    document_id = sha256[:_ID_LENGTH]
    content = read(data)
    lines = text_lines(content.blocks)
    kind = kind_of(lines)
    issues = list(content.issues)
    if kind.value == "决算":
        first = read_regions(document_id, content.blocks)
        reading = with_second_opinion(data, document_id, content, first)
        layout, found = reading.layout, reading.found
        issues += reading.problems + _missing_regions(found, content)
    else:
        layout, found = cut(content.blocks), []
    repair_codes([one.sheet for one in found])
    template = _template(lines) if found else None
    statements = [to_statement(one, template, layout.regions) for one in found]
    identity = identify(content.blocks, statements, kind)
    statements += _listed_only(document_id, layout, statements) if kind.value == "决算" else []
    issues += _about_document(kind, identity.year, identity.unit, layout, content, name)
    issues += [issue for one in found for issue in one.sheet.issues]
    marks = text_marks(content.blocks, layout, identity.unit) if kind.value == "决算" else ()
    marks += html_remains(data) if content.media_type == TEXT else ()
    evidence = list(identity.evidence)
    if template:
        evidence.append(Evidence("模板", template, "", "", "文中合于该模板的标记最多"))
    document = Document(
        document_id=document_id,
        sha256=sha256,
        media_type=content.media_type,
        bytes=len(data),
        pages=content.pages,
        lines=content.lines,
        kind=identity.kind,
        unit_name=identity.unit,
        unit_nature=identity.nature,
        fiscal_year=identity.year,
        level=identity.level,
        consolidation=identity.consolidation,
        template=template,
        published_on=identity.published_on,
        title=identity.title,
        reader_version=reader_version(),
    )
    items = tuple(item for one in found for item in one.sheet.items)
    roles = tuple(_roles(found))
    text = layout.text if kind.value == "决算" else ()
    narrative = read_narrative(document, text, items, roles)
    issues += narrative.issues
    performance = read_performance(document_id, _with_forms(kind.value, layout, content))
    issues += performance.issues
    if kind.value == "绩效" and content.blocks and not performance.forms:
        advice = "核对原件；若表格是图片，换一份能读出表格的文件"
        issues.append(Issue("held", "识别", name, _NO_FORMS, advice))
    part = DocumentPart(
        document=document,
        evidence=tuple(evidence),
        relations=identity.relations,
        statements=tuple(statements),
        line_items=items,
        cells=(*roles, *performance.cells),
        repairs=tuple(repair for one in found for repair in one.sheet.repairs),
        readings=tuple(reading for one in found for reading in one.sheet.readings.values()),
        claims=narrative.claims,
        ignored_numbers=narrative.ignored,
        marks=marks,
        performance_forms=tuple(performance.forms),
        performance_fields=tuple(performance.fields),
        performance_funding=tuple(performance.funding),
        performance_tasks=tuple(performance.tasks),
        performance_indicators=tuple(performance.indicators),
        persons=tuple(performance.persons),
        issues=tuple(issues),
    )
    return without_persons(part)


def _with_forms(kind: str, layout: Layout, content: Content) -> Sequence[Block]:
    """Where performance forms stand: in the attachments of a disclosure, or a document of their own."""
    return {"决算": layout.attachments, "绩效": content.blocks}.get(kind, ())


def _roles(found: Sequence[Found]) -> list[CellRole]:
    return [role for one in found for role in one.sheet.roles.values()]


def _template(lines: Sequence[Line]) -> str | None:
    """The template with most of its signs in the text; None where none or several fit best."""
    text = "\n".join(fold(line.text) for line in lines)
    scores: dict[str, int] = {}
    for raw in load_yaml("templates"):
        template: dict[str, Any] = raw
        if all(fold(need) in text for need in template["needs"]):
            scores[template["id"]] = sum(fold(sign) in text for sign in template["signs"])
    best = max(scores.values(), default=0)
    winners = [name for name, score in scores.items() if score == best]
    return winners[0] if best >= 2 and len(winners) == 1 else None


def _listed_only(document_id: str, layout: Layout, statements: Sequence[Statement]) -> list[Statement]:
    """A row for each form that the table of contents lists and the body lacks (缺失)."""
    present = {statement.form for statement in statements}
    rows = []
    for entry in layout.contents:
        form = title_form(entry_key(entry.text))
        if form is None or form.id in present:
            continue
        present.add(form.id)
        rows.append(
            Statement(
                statement_id=f"{document_id}/{form.id}",
                form=form.id,
                title_printed=None,
                number_printed=None,
                state="缺失",
                reason="目录列有此表，正文没有",
                rows=0,
                cells=0,
                non_blank=0,
                closed=0,
                reader="目录",
                template=None,
                money_unit=None,
                money_unit_evidence=None,
                unit_printed=None,
                year_printed=None,
                locator=entry.locator,
                locator_end=entry.locator,
            )
        )
    return rows


def _missing_regions(found: Sequence[Found], content: Content) -> list[Issue]:
    if found or not content.blocks:
        return []
    return [
        Issue(
            "held",
            "识别",
            "文档",
            "自述为决算，却没有找到一张认得的公开表",
            "核对原件；若表格是图片或未被转成文字，换一份能读出表格的文件",
        )
    ]


def _about_document(
    kind: Evidence, year: int | None, unit: str | None, layout: Layout, content: Content, name: str
) -> list[Issue]:
    if not content.blocks:
        return []
    issues = []
    if kind.rule == PLACEHOLDER_RULE:
        issues.append(
            Issue(
                "ignored",
                "识别",
                name,
                f"这是空白模板：单位名称是占位符「{without_blanks(kind.printed)}」，没有可入库的数",
                "无需处理；要决算数请放入填好的公开文件",
                kind.locator,
                kind.printed,
            )
        )
    elif kind.value == "其他":
        issues.append(
            Issue(
                "held",
                "识别",
                name,
                "看不出这是决算、预算还是绩效文件",
                "若确是决算公开，核对封面或标题；否则移出收件夹",
            )
        )
    elif kind.value not in ("决算", "绩效"):
        issues.append(
            Issue(
                "ignored",
                "识别",
                name,
                f"这是{kind.value}文件，只登记，不当作决算读入",
                "无需处理；要决算数请放入决算公开文件",
            )
        )
    else:
        if year is None:
            issues.append(Issue("held", "识别", name, _NO_YEAR, "核对封面与表头的年度，写明后重新放入"))
        if unit is None:
            issues.append(Issue("held", "识别", name, "文中没有写明单位名称", "核对封面与表头的单位名称"))
    for grid in layout.other_grids if kind.value == "决算" else []:
        if is_member_table(grid):
            continue
        row = grid.rows[0]
        issues.append(
            Issue(
                "ignored",
                "识别",
                "表格",
                f"正文里有一个 {len(grid.rows)} 行的表格，不是认得的公开报表，未读入",
                "看一眼原件；若是公开报表，补进表式数据",
                row_place(row[0].locator),
                " ".join(cell.text for cell in row if cell.text)[:200],
            )
        )
    return issues
