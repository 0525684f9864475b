"""科目代码 that were printed cut short: found, repaired with evidence, or left out.

Belongs here: which codes are cut, the candidates (sister statements of the same document, the
references) and the evidence between them. Does not belong here: names and amounts, never changed.
Source: domain handbook §3, «截断代码».
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipelines.model import Issue
from pipelines.sheet import Sheet
from pipelines.vocabulary import subjects
from pipelines.wording import fold

# Full codes of the functional classification have 3 (类), 5 (款) or 7 (项) digits.
_LENGTHS = (3, 5, 7)
_FULL = 7
# So many leading characters of a name that was itself cut short still name it.
_FEWEST_NAME = 4
_WAN = Decimal(10000)


@dataclass(frozen=True, slots=True)
class _Row:
    sheet: Sheet
    seq: int
    code: str
    name: str
    total: Decimal | None


def repair_codes(sheets: Sequence[Sheet]) -> None:
    """Repair the cut codes of a document's statements in place, each with its evidence.

    Exactly one code must fit the printed digits and the printed name; else the code is left out
    (``None``) and an issue says so. A code of 3 or 5 digits is cut only in a statement that prints no
    full code at all, and if neither another statement nor the references give it the printed name.
    """
    by_sheet = {id(sheet): _rows(sheet) for sheet in sheets}
    everything = [row for rows in by_sheet.values() for row in rows]
    for sheet in sheets:
        _repair_sheet(by_sheet[id(sheet)], everything)


def _repair_sheet(rows: Sequence[_Row], everything: Sequence[_Row]) -> None:
    complete = any(len(row.code) == _FULL for row in rows)
    cut = [
        row
        for row in rows
        if len(row.code) not in _LENGTHS
        or (not complete and not _is_own_name(row, everything) and _choose(row, everything)[0])
    ]
    for row in cut:
        code, candidates = _choose(row, everything)
        if code is not None:
            _repair(row, code, everything)
        else:
            _leave_out(row, candidates)
    if cut and not complete:
        _settle_shared_names([row for row in rows if row not in cut], everything)


def _settle_shared_names(rows: Sequence[_Row], everything: Sequence[_Row]) -> None:
    """Rows of a table with cut codes whose name is that of the printed 款 and of a 项 below it as well.

    The 项 is meant where a sister statement prints it, and the 款 nowhere; else nobody can tell.
    """
    for row in rows:
        code, candidates = _choose(row, everything)
        others = {other.code for other in everything if other.sheet is not row.sheet}
        if code in others and row.code not in others:
            _repair(row, code, everything)
        elif candidates:
            _leave_out(row, [row.code, *candidates])


def _rows(sheet: Sheet) -> list[_Row]:
    if sheet.form.layout != "subjects" or sheet.form.row_identity is None:
        return []
    leading = sheet.form.row_identity[0]
    return [
        _Row(sheet, item.row_seq, item.subject_code, fold(item.name_printed or ""), item.amount)
        for item in sheet.items
        if item.subject_code is not None and item.measure == leading
    ]


def _is_own_name(row: _Row, everything: Sequence[_Row]) -> bool:
    """Whether the printed name is a name of the printed code, by the references or another statement."""
    known = {fold(subject.name) for subject in subjects("functional").get(row.code, ())}
    known |= {other.name for other in everything if other.code == row.code and other.sheet is not row.sheet}
    return row.name in known


def _choose(row: _Row, everything: Sequence[_Row]) -> tuple[str | None, list[str]]:
    """The one full code that fits, and all that do: those of sister statements before the references."""
    sisters = {r.code: r.name for r in everything if len(r.code) == _FULL}
    printed = _fitting(row, {code: {name} for code, name in sisters.items()})
    listed = _fitting(
        row,
        {
            code: {fold(subject.name) for subject in names}
            for code, names in subjects("functional").items()
            if len(code) == _FULL
        },
    )
    candidates = sorted({*printed, *listed})
    if len(printed) == 1 and (len(candidates) == 1 or _amount_evidence(row, printed[0], everything)):
        return printed[0], candidates
    if not printed and len(candidates) == 1:
        return candidates[0], candidates
    return None, candidates


def _fitting(row: _Row, names: dict[str, set[str]]) -> list[str]:
    """Codes that begin with the printed digits and bear the printed name; whole names before cut ones."""
    below = {code: known for code, known in names.items() if code.startswith(row.code)}
    exact = [code for code, known in below.items() if row.name in known]
    if exact or len(row.name) < _FEWEST_NAME:
        return exact
    return [code for code, known in below.items() if any(name.startswith(row.name) for name in known)]


def _amount_evidence(row: _Row, code: str, everything: Sequence[_Row]) -> str | None:
    """How a sister statement with full codes confirms the amount, in words; None if it does not."""
    for form in dict.fromkeys(
        r.sheet.form for r in everything if r.code == code and r.sheet is not row.sheet
    ):
        amounts = [
            r.total for r in everything if r.code == code and r.sheet.form is form and r.total is not None
        ]
        if row.total is None or not amounts:
            continue
        if row.total in amounts:
            return f"「{form.name}」{code} 有同额的一行 {_wan(row.total)} 万元"
        if len(amounts) > 1 and row.total == sum(amounts):
            return f"「{form.name}」{code} 各行 {'+'.join(map(_wan, amounts))}={_wan(row.total)} 万元"
    return None


def _wan(amount: Decimal) -> str:
    return f"{(amount / _WAN).normalize():f}"


def _repair(row: _Row, code: str, everything: Sequence[_Row]) -> None:
    evidence = _amount_evidence(row, code, everything)
    row.sheet.repair(
        row.seq,
        row.sheet.code_cells[row.seq],
        "科目代码",
        code,
        rule="前缀、名称与同文金额" if evidence else "前缀与名称唯一",
        evidence=evidence or f"以 {row.code} 开头、名称合于「{row.name}」的代码只有 {code}",
    )
    _set_code(row, code)


def _leave_out(row: _Row, candidates: Sequence[str]) -> None:
    cell = row.sheet.code_cells[row.seq]
    _set_code(row, None)
    row.sheet.issues.append(
        Issue(
            "held",
            "规整",
            row.sheet.form.name,
            f"科目代码「{row.code}」印得不全，无法断定全码（候选：{'、'.join(candidates) or '无'}）",
            "核对原件上的科目代码；金额照录，代码留空",
            cell.locator,
            f"{row.code} {row.name}",
        )
    )


def _set_code(row: _Row, code: str | None) -> None:
    row.sheet.items = [
        replace(item, subject_code=code) if item.row_seq == row.seq and item.item is None else item
        for item in row.sheet.items
    ]
