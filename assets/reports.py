"""What a person on call sees on the assets: counts, what is unread and why, the worst findings, bars.

Belongs here: plain functions from the ledger, the lake and the published file to names with numbers or
Markdown. Does not belong here: Dagster (``definitions.py``), and how analysts see the same (``warehouse``).
Everything that a document, or the name of a file, may say is escaped: the pages show it to an engineer.
"""

from __future__ import annotations

import html
import string
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assets.reconciling import SHOWN, family_verdict, verdict_counts
from assets.summary import RunSummary
from warehouse import lake
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.query import query

# Enough to act on; the whole list is the view 待核.
ROWS = 20
_WIDEST = 120
_BAR = 24
_MARKS = {ord(mark): "\\" + mark for mark in string.punctuation} | {
    ord(mark): html.escape(mark) for mark in "<>&\"'"
}
# 得分 in tens; 100 counts with the nineties.
_QUALITY = """
    SELECT CASE WHEN 得分 IS NULL THEN '未核对' ELSE printf('%d–%d', least(得分 // 10, 9)::INT * 10,
        least(得分 // 10, 9)::INT * 10 + 10) END, count(*)
    FROM 披露质量 GROUP BY 1 ORDER BY min(coalesce(得分, -1)) DESC
"""


class Markdown(str):
    """Text to be shown as Markdown; what it quotes is escaped."""

    __slots__ = ()


Shown = Mapping[str, int | float | str]


def escaped(value: object) -> str:
    """A value as inert text in a cell of a Markdown table, on one line, cut where it is very long."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return (text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…").translate(_MARKS)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Markdown:
    """A Markdown table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (header, ["---"] * len(header))]
    lines += ["| " + " | ".join("" if cell is None else escaped(cell) for cell in row) + " |" for row in rows]
    return Markdown("\n".join(lines))


def bars(counts: Mapping[str, int]) -> Markdown:
    """A bar for each name, the greatest as long as there is room, in a block of fixed width."""
    most = max([1, *counts.values()])
    lines = (f"{_plain(name)}  {'█' * -(-_BAR * n // most) or '·'} {n:,}" for name, n in counts.items())
    return Markdown("```text\n" + "\n".join(lines) + "\n```")


def _plain(name: str) -> str:
    """A name that cannot end the block."""
    return " ".join(name.replace("`", "'").split())


# --- what each step shows --------------------------------------------------------------------


def reading(home: Home) -> Shown:
    """The files that could not be taken or read: how many, why, and what to do."""
    state = Ledger(home).state()
    unread = [
        (Path(file.path).name, reason, advice)
        for file in state.current.values()
        if file.status != "withdrawn"
        for reason, advice in [_why_not(file.reason, file.advice, state.documents.get(file.sha256))]
        if reason
    ]
    shown: dict[str, int | float | str] = {"读不了的文件": len(unread)}
    if unread:
        shown["读不了的"] = table(("文件", "原因", "怎么办"), unread[:ROWS])
    return shown


def _why_not(reason: str, advice: str, document: Any) -> tuple[str, str]:
    return (
        (document.reason, document.advice) if document is not None and document.reason else (reason, advice)
    )


def held(home: Home, years: Sequence[int]) -> Shown:
    """How many statements of some years are held, and by kind what was held of their documents."""
    import polars as pl

    statements = sum(
        lake.read_year(home, "dim_statement", year).filter(state="待核").height for year in years
    )
    issues = pl.concat([lake.read_year(home, "issue", year).filter(kind="held") for year in years])
    by_object = issues.group_by("object").len().sort("len", "object", descending=[True, False]).head(ROWS)
    shown: dict[str, int | float | str] = {"待核的报表": statements, "待核": issues.height}
    if issues.height:
        shown["待核的对象"] = table(("对象", "处数"), by_object.iter_rows())
    return shown


def findings(home: Home, years: Sequence[int]) -> Shown:
    """Verdicts of some years by severity and conclusion, the worst findings, and how many a year has."""
    counts = verdict_counts(home, years)
    broken: dict[str, int] = dict.fromkeys(map(str, sorted(years)), 0)
    conclusions = sorted({conclusion for _, _, conclusion, _ in counts})
    by_severity: dict[str, dict[str, int]] = {}
    for year, severity, conclusion, count in counts:
        row = by_severity.setdefault(severity, dict.fromkeys(conclusions, 0))
        row[conclusion] += count
        if conclusion == "不成立" and severity in SHOWN:
            broken[str(year)] += count
    worst = family_verdict(home, "", years).worst
    shown: dict[str, int | float | str] = {
        "结论": table(("级别", *conclusions), ((key, *row.values()) for key, row in by_severity.items())),
        f"不成立（{'、'.join(SHOWN)}），按年度": bars(broken),
    }
    if worst:
        keys = ("unit", "fiscal_year", "rule", "difference", "check_id")
        rows = ([row[key] for key in keys] for row in worst)
        shown["差得最多的"] = table(("单位", "年度", "规则", "差额（元）", "编号"), rows)
    return shown


def published(home: Home, summary: RunSummary) -> Shown:
    """What the published file holds, by the summary of a run, and how good the disclosures are."""
    waiting = ((Path(r.file).name, r.object, r.reason, r.advice, r.rows) for r in summary.reasons[:ROWS])
    years = query(home, "SELECT 年度, count(*) FROM 问题 WHERE 处理 IS NULL GROUP BY 1 ORDER BY 1").rows
    shown: dict[str, int | float | str] = {
        "文档": summary.documents,
        "报表": summary.statements,
        "事实": summary.facts,
        "大小（MB）": round(home.warehouse_file.stat().st_size / 1e6, 1),
        "待核": summary.held,
        "读不了": summary.unread,
        "用时（秒）": summary.seconds,
        "问题，按级别": table(("级别", "条数"), summary.findings.items()),
        "问题，按年度": bars({str(year): count for year, count in years}),
        "披露质量得分": bars(dict(query(home, _QUALITY).rows)),
    }
    if summary.reasons:
        shown["待核和读不了的"] = table(("文件", "对象", "原因", "怎么办", "处数"), waiting)
    return shown
