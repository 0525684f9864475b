"""``juesuan report``: pages of HTML in a folder, put in its place whole.

Belongs here: which files a report has, and writing them. Does not belong here: what a page says
(``figures``, ``statements``, ``places``, ``originals``), how it looks (``templates``, ``assets``), and
queries (``gather``).
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.findings import words
from warehouse.home import Home
from warehouse.report import figures, places, statements
from warehouse.report.gather import BATCH, Gathered, Key, Reported
from warehouse.report.originals import Originals, originals
from warehouse.rows import Row
from warehouse.schema import package_file

if TYPE_CHECKING:
    from jinja2 import Environment

# A folder with this file is a report and may be replaced by another.
MARK = "juesuan-report.json"
_CHARTS = "plotly.min.js"


class ReportError(RuntimeError):
    """Why there is no report: one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page in the index: how good its disclosure is."""

    key: Key
    quality: Row | None
    kinds: str
    statements: int
    severities: Counter[str]
    held: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding on its page: its words, what is shown of each side, and the cells of both.

    A side is what it is called, its place, and the finding above that shows the same, if one does.
    """

    row: Row
    words: list[str]
    sides: list[tuple[str, places.Place, str]]
    left: places.Cells
    right: places.Cells


@dataclass(slots=True)
class _Site:
    """What is written so far."""

    root: Path
    environment: Environment
    listed: list[Listed] = field(default_factory=list)
    pictures: set[str] = field(default_factory=set)

    def page(self, name: str, template: str, **said: Any) -> None:
        text = self.environment.get_template(template).render(**said)
        (self.root / f"{name}.html").write_text(text, "utf-8")

    def picture(self, name: str, data: bytes) -> None:
        if name not in self.pictures:
            (self.root / "crops" / name).write_bytes(data)
            self.pictures.add(name)


def write_report(home: Home, target: Path, unit: str | None = None, year: int | None = None) -> str:
    """Write the report of the published file to the folder ``target``; one line that says what it has.

    Only units with ``unit`` in their name and only that ``year``, where they are given. The folder is new,
    empty, or a report, which is replaced; ``ReportError`` for any other, ``LookupError`` where there is no
    document of that unit and year, ``QueryError`` where nothing was published.
    """
    target = target.resolve()
    _check(target)
    scratch = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        (scratch / "crops").mkdir(parents=True)
        site = _Site(scratch, environment(home))
        with Reported(home) as published:
            _write(published, site, unit, year)
        _put(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    findings = sum(sum(one.severities.values()) for one in site.listed)
    return (
        f"报告已写入 {target / 'index.html'}："
        f"{len(site.listed):,} 个单位年度，问题 {findings:,} 条，原文图片 {len(site.pictures):,} 张"
    )


def _check(target: Path) -> None:
    """Refuse a target that is not ours to replace, before anything is asked."""
    if not target.parent.is_dir():
        raise ReportError(f"文件夹 {target.parent} 不存在：先建好它，或换一个位置")
    if target.exists() and not target.is_dir():
        raise ReportError(f"{target} 是文件：报告要写成文件夹，换一个名字")
    if target.is_dir() and not (target / MARK).is_file() and any(target.iterdir()):
        raise ReportError(f"文件夹 {target} 里有别的东西：给一个新的或空的文件夹，报告不覆盖它们")


def _put(scratch: Path, target: Path) -> None:
    """Set the new report in the place of the old one, which is gone only then."""
    old = scratch.with_suffix(".old")
    if target.exists():
        target.replace(old)
    try:
        scratch.replace(target)
    except OSError:
        if old.exists():
            old.replace(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def environment(home: Home) -> Environment:
    """Templates that escape whatever they are given, and fail where they are given nothing."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("warehouse.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": statements.figure, "count": statements.count}
    published = home.warehouse_file.stat().st_mtime if home.warehouse_file.is_file() else 0
    made = datetime.fromtimestamp(published, UTC).astimezone()
    environment.globals |= {"published": made.strftime("%Y-%m-%d %H:%M"), "site": "决算仓报告"}
    return environment


def _write(published: Reported, site: _Site, unit: str | None, year: int | None) -> None:
    pages = published.pages(unit, year)
    if not pages:
        about = " ".join(filter(None, (unit, f"{year} 年度" if year is not None else "")))
        raise LookupError(f"仓库里没有{f'「{about}」的' if about else ''}文档；有哪些，见视图 文件清单")
    # Pages of a unit stand together, so that its years are known when they are written.
    units = _by_unit(pages)
    for start in range(0, len(units), BATCH):
        gathered = published.gather([page for group in units[start : start + BATCH] for page in group])
        shown = places.shown(published, (f for page in gathered for f in page.findings), site.picture)
        for group in _groups(gathered):
            printed = [originals(published, page, site.picture) for page in group]
            _write_unit(site, group, printed, shown)
    elsewhere = [] if unit or year is not None else published.held_elsewhere()
    if elsewhere:
        site.page("held", "held.html", held=elsewhere)
    severities = published.select("SELECT severity, name, meaning FROM severity ORDER BY position")
    site.page("index", "index.html", listed=site.listed, severities=severities, elsewhere=len(elsewhere))
    assets = site.root / "assets"
    assets.mkdir()
    for name in ("report.css", "report.js"):
        (assets / name).write_bytes(package_file("report", "assets", name).read_bytes())
    charts = distribution("plotly").locate_file(f"plotly/package_data/{_CHARTS}")
    shutil.copyfile(str(charts), assets / _CHARTS)
    (site.root / MARK).write_text(json.dumps({"pages": len(site.listed)}), "utf-8")


def _by_unit(pages: dict[Key, list[Row]]) -> list[list[tuple[Key, list[Row]]]]:
    found: dict[str, list[tuple[Key, list[Row]]]] = defaultdict(list)
    for key, documents in pages.items():
        found[key.unit_id].append((key, documents))
    return list(found.values())


def _groups(gathered: Sequence[Gathered]) -> list[list[Gathered]]:
    found: dict[str, list[Gathered]] = defaultdict(list)
    for page in gathered:
        found[page.key.unit_id].append(page)
    return list(found.values())


def _write_unit(
    site: _Site, group: list[Gathered], printed: list[Originals], shown: dict[places.Cells, places.Place]
) -> None:
    """The pages of all years of a unit."""
    cells = [statements.cells_of(page) for page in group]
    key_figures = [figures.key_figures(page, of) for page, of in zip(group, cells, strict=True)]
    for page, of, known, original in zip(group, cells, key_figures, printed, strict=True):
        level = [
            (other.key, theirs)
            for other, theirs in zip(group, key_figures, strict=True)
            if other.key.level == page.key.level and any(figure.amount for figure in theirs)
        ]
        years = figures.years(level) if len(level) > 1 else []
        _write_page(site, page, of, original, known, years, shown)


def _write_page(
    site: _Site,
    page: Gathered,
    cells: statements.Cells,
    original: Originals,
    key_figures: list[figures.KeyFigure],
    years: list[figures.Year],
    shown: dict[places.Cells, places.Place],
) -> None:
    tables = list(statements.tables(page, cells))
    printed = list(statements.printed(page))
    parts = figures.flows(page, cells)
    findings = list(_findings(page.findings, shown))
    linked = {one.cell_id for one in printed}
    site.page(
        page.key.name,
        "unit.html",
        key=page.key,
        page=page,
        tables=tables,
        key_figures=key_figures,
        flows=parts,
        flow_chart=figures.flow_chart(parts),
        years=years,
        year_chart=figures.year_chart(years) if years else None,
        findings=findings,
        linked=linked,
    )
    site.page(f"{page.key.name}-cells", "cells.html", key=page.key, printed=printed, original=original)
    site.listed.append(
        Listed(
            key=page.key,
            quality=page.quality,
            kinds="、".join(dict.fromkeys(d["kind"] for d in page.documents if d["kind"])),
            statements=sum(1 for s in page.statements if s["状态"] in ("有数", "无数据", "空表")),
            severities=Counter(f["级别"] for f in page.findings),
            held=len(page.held),
        )
    )


def _findings(rows: Sequence[Row], shown: dict[places.Cells, places.Place]) -> Iterator[Finding]:
    """The findings of a page; what stands on a place that is shown above points there."""
    above: dict[object, str] = {}
    for row in rows:
        sides = []
        for word, side in places.sides(row):
            if side not in shown:
                continue
            place = shown[side]
            seen = place.pictures or side
            sides.append((word, place, above.get(seen, "")))
            above.setdefault(seen, row["编号"])
        left, right = places.cells(row["left_cell"]), places.cells(row["right_cell"])
        yield Finding(row, words(row), sides, left, right)
