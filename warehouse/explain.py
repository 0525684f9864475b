"""A number's way: from the printed cell to the warehouse, as lines that a person can follow.

Belongs here: gathering what the published file and the kept source say of one cell.
Does not belong here: how it is shown, and reading documents beyond the text at a place.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pipelines.evidence import suffix
from pipelines.locators import is_page, page_of, row_place
from pipelines.readers import text_at
from warehouse.explain_claim import claim_steps, claims_of
from warehouse.explain_form import form_steps
from warehouse.home import Home
from warehouse.lake import BOX_COLUMNS
from warehouse.listing import SourceProblem
from warehouse.persons import persons_of
from warehouse.query import Published
from warehouse.schema import word
from warehouse.sources import kept

Step = tuple[str, str]


def explain(home: Home, name: str) -> list[Step]:
    """The way of one cell as (label, text) steps; of any other place what stands there.

    ``name`` is the id of a cell or of a figure in the text, or a document and a place in it.
    ``LookupError`` if the published file has no such place, ``QueryError`` if there is no published file.
    """
    with Published(home) as published:
        return steps_of(published, name)


def steps_of(published: Published, name: str) -> list[Step]:
    """As :func:`explain`, from a file that is open."""
    cell_id, claims = claims_of(published, name)
    found = published.rows("dim_cell", cell_id=cell_id)
    facts = published.rows("fact_line_item", cell_id=cell_id)
    of_forms = form_steps(published, cell_id, {cell["statement_id"] for cell in found})
    document_id, _, locator = cell_id.partition("/")
    documents = published.rows("dim_document", document_id=document_id)
    known = found or facts or of_forms or claims
    if not documents or not (known or _stands(published, documents[0], locator)):
        raise LookupError(
            f"仓库里没有单元格或位置 {name}：编号见视图 单元格、绩效项目栏、绩效指标 的“单元格”列和 "
            "情况说明数据 的“编号”列，形如 8f3451943585/L257/c3；"
            "别的位置写作 文档/位置，如 8f3451943585/L257。"
        )
    document = documents[0]
    steps = _source(published, document, locator)
    steps += [step for cell in found for step in _role(cell)]
    steps += _readings(published, cell_id)
    steps += [step for fact in facts for step in _fact(published, fact)] + of_forms
    steps += claim_steps(claims)
    steps += _repairs(published, cell_id, facts) + _failures(published, cell_id)
    if any(told["status" if "status" in told else "role"] == "held" for told in (*found, *facts)):
        steps += _waiting(published, cell_id)
    return [*steps, ("证据", f"juesuan evidence {name} -o x{suffix(document['media_type'])}")]


def _stands(published: Published, document: dict[str, Any], locator: str) -> bool:
    """Whether the kept source has such a place; a page is one."""
    if is_page(locator):
        return 0 < (page_of(locator) or 0) <= (document["pages"] or 0)
    try:
        text_at(kept(published.home, document["sha256"]), locator)
    except (SourceProblem, LookupError):
        return False
    return True


def _source(published: Published, document: dict[str, Any], locator: str) -> list[Step]:
    about = [document["unit_name"], document["fiscal_year"], document["level"], document["kind"]]
    version = f"（文档 {document['document_id']}，读取版本 {document['reader_version']}）"
    return [
        ("文件", f"{document['path'] or ''}{version}"),
        ("关于", " · ".join(str(value) for value in about if value is not None)),
        ("位置", locator),
        ("原文", _printed(published, document, locator)),
    ]


def _printed(published: Published, document: dict[str, Any], locator: str) -> str:
    """What stands in the kept source at the place, read anew; persons are masked."""
    if is_page(locator):
        return "整页"
    try:
        printed = text_at(kept(published.home, document["sha256"]), locator)
        return f"「{persons_of(published.home, document).hide(printed, locator)}」"
    except SourceProblem:
        return "来源文件不在了，无法核对"
    except LookupError:
        return "来源里没有这个位置，无法核对：用 juesuan run 重读"


def _readings(published: Published, cell_id: str) -> list[Step]:
    """What was recognised in the cell of a scan, and what else it may be."""
    return [
        ("识别", "，或 ".join(f"「{text}」（{sure:.2f}）" for text, sure in _texts(reading)))
        for reading in published.rows("cell_reading", cell_id=cell_id)
    ]


def _texts(reading: dict[str, Any]) -> list[tuple[str, float]]:
    seen = (reading["seen"] or reading["text"], reading["confidence"])
    return [seen, *zip(reading["others"], reading["others_confidence"], strict=True)]


def _role(cell: dict[str, Any]) -> list[Step]:
    done = "遮盖" if cell["role"] == "person" else "略过"
    ignored = f"，按规则 {cell['rule']} {done}" if cell["rule"] else ""
    steps = [("去向", f"{word('dim_cell', 'role', cell['role'])}{ignored}")]
    if cell["box_left"] is not None:
        left, top, right, bottom = (f"{cell[side]:.1f}" for side in BOX_COLUMNS)
        steps.insert(0, ("页面", f"第 {cell['page']} 页，自左上角 ({left}, {top}) 至 ({right}, {bottom}) 点"))
    return steps


def _fact(published: Published, fact: dict[str, Any]) -> list[Step]:
    statement = published.rows("dim_statement", statement_id=fact["statement_id"])[0]
    title = statement["title_printed"] or statement["form"]
    row = [
        f"第 {fact['row_seq']} 行",
        fact["side"],
        f"行次 {fact['line_no_printed']}" if fact["line_no_printed"] else None,
        fact["subject_code"],
        fact["name_printed"],
    ]
    money_unit = fact["money_unit"] or ""
    printed = "更正后" if fact["status"] == "corrected" else f"「{fact['amount_printed']}」"
    steps = [
        ("报表", f"{title}（{statement['state']}，{statement['locator']}）"),
        ("行", " · ".join(part for part in row if part)),
        ("列", fact["measure"]),
        ("状态", word("fact_line_item", "status", fact["status"])),
    ]
    if fact["amount"] is not None:
        evidence = statement["money_unit_evidence"]
        why = f"；{money_unit}：{evidence}" if evidence else ""
        steps.append(("换算", f"{printed}{money_unit} → {_exact(fact['amount'])} 元{why}"))
    if fact["quantity"] is not None:
        steps.append(("数量", f"{printed} → {_exact(fact['quantity'])} {fact['quantity_unit'] or ''}"))
    stored = f"fact_line_item、fact_{fact['form']}（statement_id {fact['statement_id']}）"
    return [*steps, ("入库", stored), ("视图", _shown(published, fact["cell_id"]))]


def _shown(published: Published, cell_id: str) -> str:
    """What the analyst's views show of the cell, or why they do not."""
    shown = published.rows("单元格", 单元格=cell_id)
    if not shown:
        return "不进视图：这份文档不是现行版本（已被取代或撤回）"
    value = "空" if shown[0]["金额"] is None else f"{shown[0]['金额']:f} {shown[0]['计量单位']}"
    return f"{shown[0]['表名']}：{value}"


def _exact(value: Decimal) -> str:
    return f"{value:,f}"


def _repairs(published: Published, cell_id: str, facts: list[dict[str, Any]]) -> list[Step]:
    """What was repaired in the cell itself, or in the code or name of the row that it stands in."""
    repairs = published.rows("repair", cell_id=cell_id)
    for fact in facts:
        repairs += published.rows("repair", statement_id=fact["statement_id"], row_seq=fact["row_seq"])
    return [
        ("修复", f"{r['attribute']} {r['printed']} → {r['repaired']}（{r['rule']}：{r['evidence']}）")
        for r in repairs
    ]


def _waiting(published: Published, cell_id: str) -> list[Step]:
    """Why a cell that became nothing waits for a person: what is said of it, or of the row it stands in."""
    document_id, _, locator = cell_id.partition("/")
    waiting = published.rows("issue", document_id=document_id, kind="held")
    said = [i for i in waiting if i["locator"] in (locator, row_place(locator))]
    return [("待核", f"{i['object']}：{i['reason']} → {i['advice']}") for i in said]


def _failures(published: Published, cell_id: str) -> list[Step]:
    steps = []
    for failure in published.rows("expectation_failure", cell_id=cell_id):
        said = published.rows("expectation_result", expectation=failure["expectation"])[0]
        severity = word("expectation_result", "severity", said["severity"])
        told = f"{severity}：{said['description']}（{failure['value']}）"
        steps.append(("校验", f"{told}，{failure['expectation']}"))
    return steps
