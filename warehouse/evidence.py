"""A published cell as evidence: the page (PNG) or the passage (HTML) of its kept source, with it marked.

Belongs here: finding the cell in the published file and its source in the home, and writing the file that
was asked for. Does not belong here: drawing and writing out a place (``pipelines.evidence``).
"""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

from pipelines.evidence import page_png, suffix
from pipelines.locators import is_page, page_of
from pipelines.model import Box
from pipelines.passage import passage_html
from pipelines.readers import box_at, read
from warehouse.explain import steps_of
from warehouse.explain_claim import claims_of
from warehouse.explain_form import form_rows, forms_of
from warehouse.home import Home
from warehouse.lake import BOX_COLUMNS
from warehouse.listing import SourceProblem
from warehouse.persons import boxes_on, persons_of
from warehouse.query import Published
from warehouse.sources import kept

# What a person calls a document of such a media type; any other has no pages either.
KINDS = {
    "application/pdf": " PDF",
    "text/plain": "文本文件",
    "text/html": "网页",
    "application/vnd.ms-excel": "电子表格",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "电子表格",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": " Word 文档",
}
SHOWS = {".png": "图片", ".html": " HTML"}
# The steps of an explanation that stand above a passage.
ABOUT = (
    "文件", "关于", "报表", "行", "绩效表", "栏目", "资金", "任务", "指标", "列", "状态", "原因", "换算",
    "数量", "数值", "文字", "情况说明", "修复", "校验", "位置",
)  # fmt: skip


class EvidenceError(RuntimeError):
    """Why there is no evidence: one line that says what to do."""


def write_evidence(home: Home, name: str, target: Path) -> None:
    """Write the page or passage of a published cell or place to ``target``; a file there is replaced.

    ``name`` and ``LookupError`` are as in ``explain``, ``QueryError`` if nothing is published,
    ``EvidenceError`` for a target or a source that does not do.
    """
    with Published(home) as published:
        shown = _shown(published, name, target)
    _put(target, shown)


def _shown(published: Published, name: str, target: Path) -> bytes:
    steps = [(label, text) for label, text in steps_of(published, name) if label in ABOUT]
    cell_id, _ = claims_of(published, name)
    document = published.rows("dim_document", document_id=cell_id.partition("/")[0])[0]
    _check(target, document["media_type"])
    data = source_of(published.home, document["sha256"])
    steps += [("单元格", name), ("来源指纹", f"sha256 {document['sha256']}")]
    try:
        return _evidence(published, cell_id, document, data, steps)
    except LookupError as error:
        raise EvidenceError(f"{error.args[0]}；用 juesuan run 重读后再试") from error


def _check(target: Path, media_type: str) -> None:
    """Refuse a target that cannot be, before anything is drawn."""
    wanted = suffix(media_type)
    if target.is_dir():
        raise EvidenceError(f"{target} 是文件夹：请给出文件名，如 -o {target / ('x' + wanted)}")
    if target.suffix.lower() != wanted:
        kind = KINDS.get(media_type, "没有页的文件")
        raise EvidenceError(f"这是{kind}，证据是{SHOWS[wanted]}：请用 -o x{wanted}")
    if not target.parent.is_dir():
        raise EvidenceError(f"文件夹 {target.parent} 不存在：先建好它，或换一个位置")


def source_of(home: Home, sha256: str) -> bytes:
    """The kept bytes of a document, ``EvidenceError`` if they are not what was read: evidence is never made
    from others.
    """
    try:
        data = kept(home, sha256)
    except SourceProblem as problem:
        raise EvidenceError(f"{problem.reason}：{problem.advice}") from problem
    if hashlib.sha256(data).hexdigest() != sha256:
        raise EvidenceError(f"留存的原文 sources/{sha256} 已被改动，不能作证据：从备份恢复它")
    return data


def _evidence(
    published: Published, cell_id: str, document: dict[str, Any], data: bytes, steps: list[tuple[str, str]]
) -> bytes:
    """The page or the passage, without the persons that stand there."""
    cells = published.rows("dim_cell", cell_id=cell_id)
    locator = cell_id.partition("/")[2]
    if suffix(document["media_type"]) == ".png":
        page = page_of(locator)
        if page is None:
            raise LookupError(f"{locator} 不在哪一页上")
        hidden = boxes_on(published, document, page)
        return page_png(data, page, _box(data, locator, cells), about=steps, hidden=hidden)
    content = persons_of(published.home, document).hide_content(read(data))
    return passage_html(content, locator, _extent(published, cell_id, cells), steps).encode("utf-8")


def _box(data: bytes, locator: str, cells: list[dict[str, Any]]) -> Box | None:
    """Where a place stands on its page; None of a whole page, or where that is not known."""
    placed = next((cell for cell in cells if cell["box_left"] is not None), None)
    if placed is not None:
        left, top, right, bottom = (placed[side] for side in BOX_COLUMNS)
        return left, top, right, bottom
    return None if is_page(locator) else box_at(data, locator)


def _extent(published: Published, cell_id: str, cells: list[dict[str, Any]]) -> tuple[str, str] | None:
    """Where the statement or form of a cell begins and ends; a blank cell is known by its figure alone.

    None for a place in the text.
    """
    facts = cells or published.rows("fact_line_item", cell_id=cell_id)
    owners = [cell["statement_id"] for cell in facts]
    owners += [row["form_id"] for _, row in form_rows(published, cell_id)]
    for owner in owners[:1]:
        for row in published.rows("dim_statement", statement_id=owner) or forms_of(published, owner):
            return row["locator"], row["locator_end"]
    return None


def _put(target: Path, shown: bytes) -> None:
    """Write the file whole or not at all."""
    scratch = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        scratch.write_bytes(shown)
        scratch.replace(target)
    except OSError as error:
        raise EvidenceError(f"写不了 {target}（{error.strerror or error}）：换一个能写的位置") from error
    finally:
        scratch.unlink(missing_ok=True)
