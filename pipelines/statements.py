"""From a region to a statement: its form, its unit of money, its rows, its state.

Belongs here: recognition by title *and* columns, what may continue over pages, what is held.
Does not belong here: the columns and rows of a layout, and anything of other documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.amounts import read_amount
from pipelines.header import Row, head_length, signature
from pipelines.layouts import READERS, Table, UnreadableError
from pipelines.locators import order, row_place
from pipelines.model import Grid, Issue, Line, Statement, StatementState
from pipelines.pictured import is_pictured, why_doubtful
from pipelines.pressed import read_pressed
from pipelines.proof import columns_proven, rows_add_up
from pipelines.recognised_rows import sister_codes
from pipelines.regions import Region
from pipelines.sheet import HOLD_ROW, Sheet
from pipelines.stitch import aligned, continues, same_columns
from pipelines.table_words import money_unit, printed_number, printed_unit, sister_unit, units_differ
from pipelines.vocabulary import Form, forms
from pipelines.wording import fold, spaced_fold, wording

# No 行次 has more digits.
_LONGEST_NUMBER = 3

# 读法: by which route a statement was read.
READING_FIRST, READING_SECOND, READING_PLACES, READING_PICTURE = "直读", "camelot", "按字位", "图像识别"


@dataclass(slots=True)
class Found:
    """A statement as read, with the sheet that its cells went to."""

    region: Region
    sheet: Sheet
    table: Table
    state: StatementState
    reasons: list[str]
    reader: str = READING_FIRST


def read_statements(
    document_id: str, regions: Sequence[Region], orphans: Sequence[Grid] = (), text: Sequence[Line] = ()
) -> tuple[list[Found], list[Issue]]:
    """Read every region whose form is certain; the others come back as issues.

    ``orphans`` are the tables that belong to no region, ``text`` the lines outside of them.
    """
    found: list[Found] = []
    issues: list[Issue] = []
    sister = sister_unit(regions)
    for region in regions:
        form, reason = recognise(region)
        if form is None:
            if region.form is None:
                issues.append(_unrecognised(region, reason))
                continue
            found.append(_held_whole(document_id, region, region.form, reason, found))
            continue
        statement_id, seen = _statement_id(document_id, form, found)
        unit = money_unit(region) or (sister[0] if sister else None)
        sisters = sister_codes(region.grids, (grid for other in regions for grid in other.grids))
        one = _read(region, Sheet(document_id, statement_id, form, unit, sisters=sisters))
        if is_pictured(region) and units_differ(regions):
            hold(one, "同一文档各表的金额单位读得不一样，图像里断不定是哪一个")
        if seen:
            hold(one, "同一文档里第二次印出这张表，两次都入库会重复计数")
        found.append(one)
    for one in found:
        if one.state != "待核" and (
            doubt := why_doubtful(one.region, one.sheet, one.table.body, text, orphans)
        ):
            hold(one, doubt)
        _settle(one, found)
        _mark_incomplete(one, orphans)
    return found, issues


def _statement_id(document_id: str, form: Form, found: Sequence[Found]) -> tuple[str, int]:
    """The id of the next statement of a form, and how many there are already."""
    seen = sum(1 for f in found if f.sheet.form is form)
    return f"{document_id}/{form.id}" + (f"#{seen + 1}" if seen else ""), seen


def _held_whole(document_id: str, region: Region, form: Form, reason: str, found: Sequence[Found]) -> Found:
    """A statement whose title is known and whose table is not: every row of it is held."""
    sheet = Sheet(document_id, _statement_id(document_id, form, found)[0], form, None)
    _claim_surroundings(region, sheet)
    one = Found(region, sheet, Table((), ()), "有数", [])
    hold(one, reason)
    for grid in region.grids:
        for row in grid.rows:
            if any(cell.text for cell in row):
                sheet.hold_row(row, reason)
    return one


def recognise(region: Region) -> tuple[Form | None, str]:
    """The form of a region, or None with the reason.

    Title and columns must agree. Without a title the columns decide if they fit one form only, or
    if the note below the table names the form; without columns the note must confirm the title's
    place (see :mod:`pipelines.proof`), and the printed number never decides anything.
    """
    titled = region.form
    noted = _noted_form(region)
    rows = tuple(row for grid in region.grids for row in grid.rows)
    named = signature(rows) if rows else ()
    if titled is not None:
        if not rows or titled in named:
            return titled, ""
        if named:
            return None, f"标题是「{titled.name}」，列却是「{'」或「'.join(f.name for f in named)}」"
        if _numbered_as(titled, rows) or noted is titled:
            return titled, ""
        return None, f"「{titled.name}」的表头认不出列"
    if noted is not None and (noted in named or not named):
        return noted, ""
    if len(named) == 1:
        return named[0], ""
    return None, "没有标题，列名合于多张表" if named else "没有标题，也没有认得的表头"


def _noted_form(region: Region) -> Form | None:
    texts = [fold(line.text) for line in region.notes]
    for form in forms().values():
        if any(fold(note) in text for note in form.notes for text in texts):
            return form
    return None


def _numbered_as(form: Form, rows: Sequence[Row]) -> bool:
    """A damaged head still fits its title if its row of column numbers has the form's columns."""
    table = Table(tuple(rows[: head_length(rows)]), ())
    return bool(form.columns) and len(table.numbers) == len(form.columns)


def _read(region: Region, sheet: Sheet) -> Found:
    _claim_surroundings(region, sheet)
    table = _table(region, sheet)
    one = Found(region, sheet, table, "有数", [])
    if any(grid.inferred for grid in region.grids):
        one.reader = READING_PLACES
    try:
        if region.pressed:
            read_pressed(sheet, region.pressed)
        elif region.grids:
            READERS[sheet.form.layout](sheet, table)
    except UnreadableError as error:
        sheet.items.clear()
        sheet.rows = 0
        hold(one, str(error))
        for row in (*table.head, *table.body):
            if any(cell.text and cell.locator not in sheet.roles for cell in row):
                sheet.hold_row(row, str(error))
    sheet.leftovers((*table.head, *table.body))
    if is_pictured(region):
        one.reader = READING_PICTURE
    return one


def _claim_surroundings(region: Region, sheet: Sheet) -> None:
    for line, role in [
        *([(region.title, "title")] if region.title else []),
        *((line, "table_number") for line in region.numbers),
        *((line, "meta") for line in region.meta),
        *((line, "note") for line in region.notes),
    ]:
        sheet.claim(line, role)
    for line in region.noise:
        sheet.claim(line, "ignored", "页眉页脚" if line.furniture else "水印")
    for line in region.strays:
        sheet.hold(line, "表格范围内有一行残文，所在的行可能已经丢失", HOLD_ROW)


def _table(region: Region, sheet: Sheet) -> Table:
    """Stitch the region's grids: page breaks cut them, heads may come again."""
    head: tuple[Row, ...] = ()
    body: list[Row] = []
    for number, grid in enumerate(aligned(region.grids)):
        rows = grid.rows
        # A table of sections repeats its head in each of them; its own layout knows them.
        length = head_length(rows) if number == 0 or sheet.form.layout != "statistic" else 0
        if number == 0:
            head, rows = rows[:length], rows[length:]
        elif reason := _other_columns(region.grids[0], region.grids[number], head, rows[:length]):
            for row in rows:
                sheet.hold_row(row, reason)
            continue
        body += rows
    return Table(head, tuple(_without_repeats(sheet, head, body)))


def _other_columns(first: Grid, grid: Grid, head: Sequence[Row], again: Sequence[Row]) -> str:
    """Why a further grid's columns cannot be those of the first; empty if they can."""
    if again and _texts(again) != _texts(head):
        return "续表的表头与前页不同，无法断定列"
    return "" if continues(first, grid) else "续表的竖线与前页不合，无法断定列"


def _without_repeats(sheet: Sheet, head: Sequence[Row], body: Sequence[Row]) -> list[Row]:
    """The body without the heads that a page break printed again between its rows."""
    wanted, kept, i = _texts(head), [], 0
    while i < len(body):
        if wanted and _texts(body[i : i + len(wanted)]) == wanted:
            for row in body[i : i + len(wanted)]:
                for cell in row:
                    sheet.claim(cell, "header", "续页重印的表头")
            i += len(wanted)
        else:
            kept.append(body[i])
            i += 1
    return kept


def _texts(rows: Sequence[Row]) -> list[list[str]]:
    return [[fold(cell.text) for cell in row] for row in rows]


def _settle(one: Found, all_found: Sequence[Found]) -> None:
    """Say in which state the statement is, and hold what is not certain."""
    sheet, region = one.sheet, one.region
    has_numbers = any(item.status == "printed" for item in sheet.items)
    if one.table.body and not one.table.head and one.state != "待核":
        _settle_headless(one, all_found)
    if region.strays and has_numbers:
        places = "、".join(line.locator for line in region.strays)
        one.reasons.append(f"{places} 处只剩残文，有行丢失")
    if one.reader == READING_PLACES and not rows_add_up(sheet.form, sheet.items):
        hold(one, "表没有竖线，列是按字的位置推断的，行内恒等式又不成立，无法断定列")
    if one.state == "待核":
        sheet.hold_everything()
        return
    if sheet.money_unit is None and any(item.status == "held" for item in sheet.items):
        hold(one, "整份文档都没有印金额单位，金额大小无从断定", "核对原件的金额单位，补进文件后重新放入")
        return
    declared = any(wording().declares_nil(fold(line.text)) for line in [*region.notes, *region.strays])
    if one.reasons or _lacks_total(one):
        if _lacks_total(one):
            one.reasons.append("没有合计行")
        one.state = "不完整"
    elif has_numbers:
        if declared:
            sheet.note("注里说本表无数据，表里却有数", "核对原件", region.begins)
    elif any(item.status == "held" for item in sheet.items) or sheet.has_held:
        one.state = "不完整"
        one.reasons.append("有数的单元格都待核")
    elif declared:
        one.state = "无数据"
    elif region.has_table:
        one.state = "空表"
    elif region.strays:
        hold(one, "标题下没有框线分明的表格，只有散行，读不出列")
    else:
        one.state = "缺失"
        one.reasons.append("有标题，没有表格，也没有写明无数据")


def _mark_incomplete(one: Found, orphans: Sequence[Grid]) -> None:
    """Say of a statement with figures that rows of it are elsewhere or nowhere."""
    if one.state not in ("有数", "不完整"):
        return
    grids = one.region.grids
    apart = [grid for grid in orphans if grids and same_columns(grids[0], grid)]
    reasons = [
        f"{row_place(grid.rows[0][0].locator)} 的表格与本表竖线相同，却没有接在本表之后" for grid in apart
    ]
    reasons += [f"行次 {number} 不在表里" for number in _missing_lines(one)[:1]]
    unknown = [role.text for role in one.sheet.roles.values() if role.role == "unknown"]
    if unknown := [text for text in unknown if read_amount(text).kind == "number"]:
        reasons.append(f"表里有数不在认得的任何一列：{'、'.join(unknown[:3])}")
    if reasons:
        one.state = "不完整"
        one.reasons += reasons


def _missing_lines(one: Found) -> list[int]:
    """行次 that the halves of a table skip."""
    missing: list[int] = []
    for side in one.sheet.form.sides if one.sheet.form.layout == "halves" else ():
        texts = [fold(item.line_no_printed or "") for item in one.sheet.items if item.side == side]
        numbers = {int(text) for text in texts if text.isdecimal() and len(text) <= _LONGEST_NUMBER}
        if numbers:
            missing += sorted(set(range(min(numbers), max(numbers))) - numbers)
    return missing


def _settle_headless(one: Found, all_found: Sequence[Found]) -> None:
    witness = next((f for f in all_found if f.sheet.form.id == one.sheet.form.witness), None)
    if witness is None or not columns_proven(
        one.sheet.form, one.sheet.items, witness.sheet.form, witness.sheet.items
    ):
        hold(one, "表头缺失，表内和同文其他表的数不足以证明各列是什么")
        return
    one.reasons.append(f"表头缺失，各列由行内恒等式和同文「{witness.sheet.form.name}」逐行证明")


def _lacks_total(one: Found) -> bool:
    """A table by 科目代码 always prints 合计, one of two halves a 总计 below each; else rows were lost."""
    form, printed = one.sheet.form, {item.item for item in one.sheet.items}
    wanted = (
        {"合计"} if form.layout == "subjects" else _last_items(form) if form.layout == "halves" else set()
    )
    return one.sheet.rows > 0 and not wanted <= printed


def _last_items(form: Form) -> set[str]:
    """The last row of each half: its 总计."""
    return {[item.name for item in form.items if item.side == side][-1] for side in form.sides}


def hold(one: Found, reason: str, advice: str = HOLD_ROW) -> None:
    """Hold a whole statement: its texts stay, its numbers are not taken."""
    one.state = "待核"
    one.reasons.append(reason)
    one.sheet.issues.append(Issue("held", "识别", one.sheet.form.name, reason, advice, one.region.begins))
    one.sheet.hold_everything()


def _unrecognised(region: Region, reason: str) -> Issue:
    texts = [region.title.text] if region.title else [line.text for line in region.numbers]
    return Issue(
        "held",
        "识别",
        texts[0] if texts else "表格",
        reason,
        "核对原件；若是新的模板，补进表式数据",
        region.begins,
    )


def to_statement(one: Found, template: str | None, sisters: Sequence[Region]) -> Statement:
    """The record of a statement: its state, its counts, where its unit of money comes from."""
    sheet, region = one.sheet, one.region
    states = Counter(
        "closed" if i.status == "closed" else "text" if i.amount_printed else "blank" for i in sheet.items
    )
    printed = money_unit(region)
    sister = sister_unit(sisters)
    evidence = (
        "本表印出" if printed else f"同文其他表印出（{sister[1]}）" if sister and sheet.money_unit else None
    )
    head = " ".join(spaced_fold(line.text) for line in region.meta)
    year = wording().year.search(head)
    locators = sorted(region.locators(), key=order)
    return Statement(
        statement_id=sheet.statement_id,
        form=sheet.form.id,
        title_printed=region.title.text if region.title else None,
        number_printed=printed_number(region),
        state=one.state,
        reason="；".join(one.reasons) or None,
        rows=sheet.rows,
        cells=len(sheet.items),
        non_blank=states["text"],
        closed=states["closed"],
        reader=one.reader,
        template=template,
        money_unit=sheet.money_unit,
        money_unit_evidence=evidence,
        unit_printed=printed_unit(region),
        year_printed=year[0] if year else None,
        locator=locators[0],
        locator_end=locators[-1],
    )
