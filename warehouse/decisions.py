"""What people decided about findings: ``HOME/decisions/*.yml`` as rows, and what in them cannot be used.

Belongs here: what an entry says. Does not belong here: reading the files (``entries``), and whether a
decision still fits its finding (the view 问题 says so).

A file is a list of entries, each with all of these keys:

    编号      the finding's number, as 问题 and ``juesuan findings`` show it
    处理      已说明, 误报 or another word
    理由      why
    何人      who decided
    何日      on which day, 2026-11-22
    披露值    both figures as 问题 showed them when it was decided; empty where it showed none.
    对照值    While both are as they were the decision holds; when one changes the finding is open again.
"""

from __future__ import annotations

import re
from decimal import Decimal

from warehouse import entries
from warehouse.entries import Entries, Entry, Kind, Row
from warehouse.home import Home

_WORDS = {"编号": "check_id", "处理": "treatment"}
_FIGURES = {"披露值": "left_value", "对照值": "right_value"}
_FIGURE = re.compile(r"[-−]?\d{1,18}(\.\d{1,6})?")


def load(home: Home) -> Entries:
    """Every decision of the home: rows of ``decision``."""
    return entries.load(home.decisions, KIND)


def unknown(home: Home, row: Row) -> Row:
    """The row of ``input_issue`` of a decision about a check that no document has."""
    why = f"没有编号为 {row['check_id']} 的核对，这一条处理意见没有用上"
    advice = "编号照抄 juesuan findings 或视图 问题 里的；文档已移走或规则已改的，删去这一条"
    return entries.issue(KIND, home.root / row["file"], row["place"], why, advice)


def _wrong(entry: Entry) -> str:
    for key in _FIGURES:
        figure = entry[key]
        if figure and not _FIGURE.fullmatch(figure.replace(",", "")):
            return f"{key}「{figure}」不是一个数"
    return ""


def _row(entry: Entry) -> Row:
    words = {name: str(entry[key]).strip() for key, name in _WORDS.items()}
    figures = {
        name: Decimal(text.replace(",", "").replace("−", "-")) if (text := entry[key]) else None
        for key, name in _FIGURES.items()
    }
    return {**words, **figures}


KIND = Kind(
    name="处理意见",
    folder="decisions",
    keys=(*_WORDS, entries.WHY, entries.WHO, entries.WHEN, *_FIGURES),
    written=(*_WORDS, entries.WHY, entries.WHO),
    named="编号",
    wrong=_wrong,
    row=_row,
)
