"""What a report shows, as rows of the published file, by sets: one query a view for many documents at once.

Belongs here: choosing the pages and asking for their rows. Does not belong here: what a page says of them.
"""

# ruff: noqa: S608 - the statements are made of our own names and quoted texts

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.vocabulary import forms
from warehouse.findings import FINDINGS
from warehouse.query import Published, QueryError, QueryResult
from warehouse.rows import Row
from warehouse.schema import identifier, literal

# Of so many units everything is gathered at once: what a report takes of memory does not grow with them.
BATCH = 50
_LEVELS = {"部门": "department", "单位": "unit", None: "other"}
_ID = re.compile(r"[ud]_[0-9a-f]+")
_NO_UNIT = "（没有认出单位）"

_DOCUMENTS = """
SELECT d.*, f.unit, f.level AS page_level, e.parent_name, e.nature, e.division
FROM document_in_force f
JOIN dim_document d USING (document_id)
LEFT JOIN dim_unit e USING (unit_id)
WHERE {chosen}
ORDER BY f.unit NULLS LAST, f.fiscal_year, f.level NULLS LAST, d.kind <> '决算', d.kind, d.document_id
"""
# Named, so that a file published by another version is known by what it lacks.
_HELD = "文档, 阶段, 对象, 原因, 怎么办, 位置, 文件, 单元格"
# What waits for a person and belongs to no page: no year is known of its document, or it has none.
_HELD_ELSEWHERE = f"""
SELECT {_HELD} FROM 待核 h
WHERE h.文档 IS NULL OR h.文档 NOT IN (SELECT document_id FROM document_in_force)
ORDER BY h.文件, h.位置
"""
_PLACES = """
SELECT cell_id, any_value(statement_id) AS statement_id, any_value(page) AS page,
    any_value(box_left) AS box_left, any_value(box_top) AS box_top,
    any_value(box_right) AS box_right, any_value(box_bottom) AS box_bottom
FROM (
    SELECT cell_id, statement_id, page, box_left, box_top, box_right, box_bottom FROM dim_cell
    WHERE document_id IN ({documents})
    UNION ALL BY NAME
    SELECT cell_id, statement_id FROM fact_line_item WHERE document_id IN ({documents})
)
WHERE cell_id IN ({cells})
GROUP BY cell_id
"""


@dataclass(frozen=True, slots=True)
class Key:
    """A page: a unit, a year and a level; a document of no known unit has a page of its own.

    ``name`` is what its files are called, made of ids alone.
    """

    unit_id: str
    unit: str
    year: int
    level: str | None

    @property
    def name(self) -> str:
        """``u_0159edc730-2024-unit``."""
        if not _ID.fullmatch(self.unit_id):
            raise QueryError(f"单位编号「{self.unit_id!r}」不是仓库自己编的：用 juesuan run 重新发布一次")
        return f"{self.unit_id}-{self.year}-{_LEVELS.get(self.level, 'other')}"


@dataclass(slots=True)
class Gathered:
    """The rows of one page: its documents, and by view what is said of them, in the order of print."""

    key: Key
    documents: list[Row]
    statements: list[Row] = field(default_factory=list)
    rows: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    cells: list[Row] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)
    held: list[Row] = field(default_factory=list)
    quality: Row | None = None


class Reported(Published):
    """The published file as a report asks it."""

    def query(self, sql: str) -> QueryResult:
        """As of any published file; ``QueryError`` also says that it may be of another version."""
        try:
            return super().query(sql)
        except QueryError as error:
            raise QueryError(f"{error}；仓库由别的版本发布的，用 juesuan run 重新发布一次") from error

    def pages(self, unit: str | None, year: int | None) -> dict[Key, list[Row]]:
        """The documents in force of each page, of units with that in their name and of that year."""
        chosen = [f"contains(f.unit, {literal(unit)})"] if unit else []
        chosen += [f"f.fiscal_year = {int(year)}"] if year is not None else []
        pages: dict[Key, list[Row]] = defaultdict(list)
        for row in self.select(_DOCUMENTS.format(chosen=" AND ".join(chosen) or "true")):
            unit_id = row["unit_id"] or f"d_{row['document_id']}"
            key = Key(unit_id, row["unit"] or _NO_UNIT, row["fiscal_year"], row["page_level"])
            pages[key].append(row)
        return dict(pages)

    def gather(self, pages: Sequence[tuple[Key, list[Row]]]) -> list[Gathered]:
        """The rows of some pages."""
        found = [Gathered(key, documents) for key, documents in pages]
        of = {d["document_id"]: page for page in found for d in page.documents}
        chosen = _listed(of)
        for row in self._of("报表", chosen):
            of[row["文档"]].statements.append(row)
        for form in forms().values():
            for row in self._of(form.name, chosen, "文档, 序号"):
                of[row["文档"]].rows.setdefault((row["文档"], form.name), []).append(row)
        for row in self._of("单元格", chosen, "文档, 表名, 序号"):
            of[row["文档"]].cells.append(row)
        for row in self.select(FINDINGS.format(chosen=f"p.文档 IN ({chosen})")):
            of[row["文档"]].findings.append(row)
        for row in self.select(f"SELECT {_HELD} FROM 待核 WHERE 文档 IN ({chosen}) ORDER BY 文件, 位置"):
            of[row["文档"]].held.append(row)
        for row in self._of("披露质量", chosen):
            page = of[row["文档"]]
            page.quality = page.quality or row
        return found

    def held_elsewhere(self) -> list[Row]:
        """What is held of documents that have no page."""
        return self.select(_HELD_ELSEWHERE)

    def documents(self, ids: set[str]) -> dict[str, Row]:
        """Rows of dim_document by their id."""
        rows = self.select(f"SELECT * FROM dim_document WHERE document_id IN ({_listed(ids)})")
        return {row["document_id"]: row for row in rows}

    def places(self, cell_ids: set[str]) -> dict[str, Row]:
        """Statement, page and box of those cells that are known, by their id."""
        documents = _listed({cell_id.partition("/")[0] for cell_id in cell_ids})
        rows = self.select(_PLACES.format(documents=documents, cells=_listed(cell_ids)))
        return {row["cell_id"]: row for row in rows}

    def extents(self, statement_ids: set[str]) -> dict[str, tuple[str, str]]:
        """Where statements begin and end, by their id."""
        rows = self.select(
            "SELECT statement_id, locator, locator_end FROM dim_statement "
            f"WHERE statement_id IN ({_listed(statement_ids)}) AND locator_end IS NOT NULL"
        )
        return {row["statement_id"]: (row["locator"], row["locator_end"]) for row in rows}

    def _of(self, view: str, documents: str, order: str = "文档") -> Iterator[Row]:
        sql = f"SELECT * FROM {identifier(view)} WHERE 文档 IN ({documents}) ORDER BY {order}"
        yield from self.select(sql)


def _listed(ids: Sequence[str] | set[str] | dict[str, Any]) -> str:
    """Ids as a list for IN; one that no document has where there are none."""
    return ", ".join(map(literal, sorted(ids))) or "''"
