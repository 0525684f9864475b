"""What does not add up, in Chinese sentences that can be sent to the office that disclosed it.

Belongs here: choosing findings and putting them into words. Does not belong here: what a finding is (the
view 问题), and any printing.
"""

# ruff: noqa: S608 - the statements are made of our own names and quoted texts

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from warehouse.home import Home
from warehouse.query import query
from warehouse.schema import literal

# The findings of chosen documents (``d``), gravest and largest first, with all that their words need.
FINDINGS = """
SELECT
    p.*, s.name AS severity_name, r.statement, v.subject, v.right_text, d.level,
    v.left_cell, v.right_cell, v.left_locator, v.right_locator, v.counterpart_document_id,
    c.reason AS decided_why, c.decided_by, c.decided_on,
    CASE WHEN v.counterpart_document_id <> p.文档 THEN o.path END AS other_file
FROM 问题 p
JOIN document_in_force d ON d.document_id = p.文档
JOIN verdict_in_force v ON v.document_id = p.文档 AND v.check_id = p.编号
LEFT JOIN severity s ON s.severity = p.级别
LEFT JOIN rule r ON r.rule = p.规则
LEFT JOIN decision c ON c.check_id = p.编号 AND p.处理 IS NOT NULL
LEFT JOIN dim_document o ON o.document_id = v.counterpart_document_id
WHERE {chosen}
QUALIFY row_number() OVER (PARTITION BY p.文档, p.编号 ORDER BY 1) = 1
ORDER BY s.position NULLS LAST, abs(p.差额) DESC NULLS LAST, p.单位, p.年度, p.规则, p.编号
"""
_EVALUATED = """
SELECT count(*) FROM verdict_in_force v JOIN document_in_force d USING (document_id)
WHERE v.conclusion IN ('成立', '尾差', '不成立') AND {chosen}
"""


def report(
    home: Home, unit: str | None = None, year: int | None = None, severity: str | None = None
) -> Iterator[str]:
    """A block for each finding, gravest and largest first, then one line that counts them.

    ``unit`` is a unit's name or a part of it. ``LookupError`` where no document is of that unit and year,
    ``QueryError`` where nothing was published.
    """
    of_documents = [f"contains(d.unit, {literal(unit)})"] if unit else []
    of_documents += [f"d.fiscal_year = {int(year)}"] if year is not None else []
    chosen = " AND ".join(of_documents) or "true"
    [(documents,)] = query(home, f"SELECT count(*) FROM document_in_force d WHERE {chosen}").rows
    if of_documents and not documents:
        about = " ".join(filter(None, (unit, f"{year} 年度" if year is not None else "")))
        raise LookupError(f"仓库里没有「{about}」的文档；有哪些，见视图 文件清单")
    kept = f" AND p.级别 = {literal(severity)}" if severity else ""
    columns, rows = query(home, FINDINGS.format(chosen=chosen + kept))
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    yield from (_block(finding) + "\n" for finding in found)
    of_severity = f" AND v.severity = {literal(severity)}" if severity else ""
    [(evaluated,)] = query(home, _EVALUATED.format(chosen=chosen + of_severity)).rows
    yield _ending(found, evaluated)


def _ending(found: list[dict[str, Any]], evaluated: int) -> str:
    asked = f"共核对 {evaluated:,} 处"
    if not found:
        return f"没有发现问题；{asked}。" if evaluated else "没有发现问题，但也没有核对过任何一处。"
    counts = {f["级别"]: sum(1 for each in found if each["级别"] == f["级别"]) for f in found}
    by_severity = " · ".join(f"{severity} {count:,}" for severity, count in counts.items())
    decided = sum(1 for f in found if f["处理"])
    return f"{asked}，问题 {len(found):,} 条（{by_severity}），其中已处理 {decided:,} 条。"


def _block(f: dict[str, Any]) -> str:
    """A finding as a paragraph with its heading."""
    about = " ".join(filter(None, (f["单位"], f"{f['年度']} 年度", f["level"])))
    return "\n".join([f"【{f['severity_name'] or f['级别']}】{f['编号']}　{about}", *words(f)])


def words(f: dict[str, Any]) -> list[str]:
    """A row of ``FINDINGS`` as sentences; what is not known is left out, never made up."""
    rule = f"规则 {f['规则']}" + (f"「{f['statement']}」" if f["statement"] else "")
    subject = f"（{f['subject']}）" if f["subject"] else ""
    lines = [f"按{rule}{subject}，{_figures(f)}。"]
    if f["说明"]:
        lines.append(f"说明：{f['说明'].rstrip('。')}。")
    if f["处理"]:
        lines.append(f"处理：{f['处理']}，{f['decided_why']}（{f['decided_by']}，{f['decided_on']}）。")
    lines.append(f"文件：{f['文件']}" + (f"；对照文件：{f['other_file']}" if f["other_file"] else ""))
    return lines


def _figures(f: dict[str, Any]) -> str:
    unit = f["计量单位"] or ""
    left = _side("披露的是", f["披露值"], unit, f["披露文字"], f["位置"])
    right = _side("对照的是", f["对照值"], unit, f["right_text"], f["对照位置"])
    said = "，".join(filter(None, (left, right))) or "这里不成立"
    if f["差额"] is not None:
        said += f"，相差 {_amount(f['差额'], unit)}"
        if f["容差"]:
            said += f"，超出容差 {_amount(f['容差'], unit)}"
        elif f["容差"] is not None:
            said += "，这里不容许有差"
    return said


def _side(word: str, value: Decimal | None, unit: str, text: str | None, place: str | None) -> str:
    """One side in words: the figure as it is printed, or its value beside what is printed, and where."""
    if value is None and not text and not place:
        return ""
    if value is None:
        shown, printed = f"「{text}」" if text else "空白", ""
    elif text and _says(text, value):
        shown, printed = _with_unit(text.strip(), unit), ""
    else:
        shown, printed = _amount(value, unit), f"「{text}」" if text else ""
    remark = "：".join(filter(None, (place, printed)))
    gap = " " if shown[0].isascii() else ""
    return f"{word}{gap}{shown}" + (f"（{remark}）" if remark else "")


def _says(text: str, value: Decimal) -> bool:
    try:
        return Decimal(text.replace(",", "").strip()) == value
    except InvalidOperation:
        return False


def _amount(value: Decimal, unit: str) -> str:
    """A value with the digits that it needs, thousands apart."""
    digits = format(value, "f")
    short = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return _with_unit(f"{Decimal(short):,f}", unit)


def _with_unit(digits: str, unit: str) -> str:
    return digits + unit if unit == "%" else f"{digits} {unit}".rstrip()
