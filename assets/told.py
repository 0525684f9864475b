"""The summary of a run, and what was held or unread, as the lines that a person reads.

Belongs here: the words and their order. Does not belong here: how the figures came about (``run.py``), and
printing (``juesuan.py``). Imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assets.summary import RunSummary

# So many reasons fit a screen; ``juesuan status`` and the view 待核 have more.
REASONS_SHOWN = 12


def summary_lines(summary: RunSummary, warehouse: Path) -> Iterator[str]:
    """How a run ended; of one that published nothing only why."""
    yield from map(visible, summary.remarks)
    if not summary.published:
        return
    yield f"{'已发布' if summary.changed else '没有新内容，仓库照旧'}：{warehouse}"
    yield f"{counts(summary)} · 用时 {summary.seconds:.1f} 秒"
    yield from performance_lines(summary)
    yield _findings(summary)
    yield from reason_lines(summary, REASONS_SHOWN)


def counts(summary: RunSummary) -> str:
    """What the warehouse holds, and what it holds back."""
    return (
        f"文档 {summary.documents:,} · 报表 {summary.statements:,} · 事实 {summary.facts:,}"
        f" · 待核 {summary.held:,} · 读不了 {summary.unread:,}"
    )


def performance_lines(summary: RunSummary) -> Iterator[str]:
    """How many performance forms there are, and of them and of the attachments what waits; none for none."""
    if not (summary.forms or summary.forms_unknown):
        return
    held = f"（其中有待核的 {summary.forms_held:,}）" if summary.forms_held else ""
    unknown = f" · 附件里认不出的表格 {summary.forms_unknown:,}" if summary.forms_unknown else ""
    yield f"绩效表 {summary.forms:,}{held}{unknown}"


def _findings(summary: RunSummary) -> str:
    """How much was reconciled, and how many findings of each severity are open."""
    total = sum(summary.findings.values())
    by_severity = " · ".join(f"{severity} {count:,}" for severity, count in summary.findings.items())
    decided = f"，另有 {summary.decided:,} 条已处理" if summary.decided else ""
    listed = f"（{by_severity}），见 juesuan findings" if total else ""
    return f"勾稽 核对 {summary.checked:,} 处，问题 {total:,} 条{listed}{decided}"


def reason_lines(summary: RunSummary, shown: int) -> Iterator[str]:
    """What was held or unread, why, and what to do; the rest is counted and where it stands is said."""
    for reason in summary.reasons[:shown]:
        where = " ".join(filter(None, (reason.file, reason.object, reason.places)))
        yield f"  · {visible(where)}：{visible(reason.reason)} → {visible(reason.advice)}"
    rest = summary.open - sum(reason.rows for reason in summary.reasons[:shown])
    if rest > 0:
        yield f"  另有 {rest:,} 条，见视图 待核"


def visible(text: str) -> str:
    """The text on one line, its control characters as signs: names of files are not to steer a terminal."""
    return "".join(c if c.isprintable() or c == "　" else f"\\x{ord(c):02x}" for c in text)
