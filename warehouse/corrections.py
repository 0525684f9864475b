"""What people corrected in cells: ``HOME/corrections/*.yml``, and how it gets into the tables of a year.

Belongs here: what an entry says, and laying it over the rows that were read. Does not belong here: reading
the files (``entries``), and what a reader or the arithmetic of a scan corrects (``pipelines``,
``expectations``).

A file is a list of entries, each with all of these keys:

    单元格    the cell, as 单元格 and ``juesuan explain`` name it: it names the content of one document
    印作      what is read there, as 印刷文字 of 单元格 shows it; empty where nothing is
    改为      the amount or number that it is, in the unit that the statement prints
    理由      why
    何人      who decided
    何日      on which day, 2026-11-22

An entry holds while the cell is read as it says. It never changes what is kept of the reading: the amount
becomes another, its status ``corrected``, and a row of ``repair`` says what was there and who changed it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipelines.amounts import read_amount, to_yuan
from warehouse import entries
from warehouse.entries import Entries, Entry, Kind, Row
from warehouse.home import Home

if TYPE_CHECKING:
    import polars as pl

RULE = "更正"
_PARTED = "+"


def load(home: Home) -> Entries:
    """Every correction of the home: rows of ``correction``."""
    return entries.load(home.corrections, KIND)


def by_document(home: Home) -> dict[str, list[Row]]:
    """The corrections of each document that has some, by its id."""
    found: dict[str, list[Row]] = {}
    for row in load(home).rows:
        found.setdefault(row["cell_id"].partition("/")[0], []).append(row)
    return found


def versions(documents: Mapping[str, str], told: Mapping[str, Sequence[Row]]) -> dict[str, str]:
    """Under which version tables are to hold documents: that of their reader, and of their corrections.

    ``documents``: id → version of the reader. Others are corrected anew when what is said of them changes.
    """
    return {
        name: f"{version}{_PARTED}{_digest(told[name])}" if name in told else version
        for name, version in documents.items()
    }


def reader_of(version: str) -> str:
    """The version of the reader in such a version."""
    return version.partition(_PARTED)[0]


def _digest(rows: Sequence[Row]) -> str:
    told = [[str(row[key]) for key in sorted(row) if key not in ("file", "place")] for row in rows]
    return hashlib.sha256(repr(sorted(told)).encode()).hexdigest()[:8]


def corrected(
    tables: Mapping[str, pl.DataFrame], told: Mapping[str, Sequence[Row]]
) -> dict[str, pl.DataFrame]:
    """The tables of some documents with what people corrected: line items, repairs and issues.

    An entry that does not fit what was read is left aside; the build reports it.
    """
    import polars as pl

    items = tables["fact_line_item"]
    named = {row["cell_id"]: row for rows in told.values() for row in rows}
    meant = items.filter(pl.col("cell_id").is_in(list(named)))
    changes = [
        change for item in meant.to_dicts() if (change := _change(item, named[item["cell_id"]])) is not None
    ]
    if not changes:
        return dict(tables)
    key = ["cell_id", "statement_id", "row_seq", "measure"]
    values = ["amount", "quantity", "status"]
    changed = pl.DataFrame(
        [{name: item[name] for name in (*key, *values)} for item, _ in changes],
        schema={name: items.schema[name] for name in (*key, *values)},
    )
    repairs = tables["repair"]
    said = pl.DataFrame(
        [_repair(item, row) for item, row in changes],
        schema=repairs.schema,
    )
    released = [item["cell_id"] for item, _ in changes]
    cell = pl.concat_str("document_id", pl.lit("/"), "locator")
    held = (pl.col("kind") == "held") & cell.is_in(released)
    return {
        **tables,
        "fact_line_item": items.update(changed, on=key, include_nulls=True),
        "repair": pl.concat([repairs, said]).sort("document_id", maintain_order=True),
        "issue": tables["issue"].filter(~held),
    }


def _change(item: Row, row: Row) -> tuple[Row, Row] | None:
    """The item with its new value, and the entry that gives it; None where the entry does not fit."""
    value = read_amount(row["corrected"]).value
    if not fits(item["amount_printed"], row["printed"]) or value is None:
        return None
    if item["money_unit"] is None:
        changed = {"quantity": value} if item["quantity_unit"] else None
    else:
        yuan = to_yuan(value, item["money_unit"])
        changed = {"amount": yuan} if yuan is not None else None
    return None if changed is None else ({**item, **changed, "status": "corrected"}, row)


def fits(read: str | None, expected: str | None) -> bool:
    """Whether a cell is read as a correction says, blanks apart."""
    return "".join((read or "").split()) == "".join((expected or "").split())


def _repair(item: Row, row: Row) -> Row:
    return {
        **{name: item[name] for name in ("document_id", "fiscal_year", "statement_id", "row_seq", "cell_id")},
        "attribute": item["measure"],
        "printed": item["amount_printed"],
        "repaired": row["corrected"],
        "rule": RULE,
        "evidence": f"{row['reason']}（{row['decided_by']}，{row['decided_on']}，{row['file']}）",
    }


def unused(home: Home, row: Row, read: str | None, *, there: bool) -> Row:
    """The row of ``input_issue`` of a correction that changed nothing: what stands in its cell now."""
    name = row["cell_id"]
    if not there:
        why = f"仓库里没有单元格 {name} 的数，这一条更正没有用上"
        advice = "单元格照抄视图 单元格 里的；文档已移走或换了新文件的，核对新文件后改写或删去这一条"
    elif not fits(read, row["printed"]):
        why = (
            f"{name} 现在读作「{read or ''}」，不是这一条所写的「{row['printed'] or ''}」，这一条更正没有用上"
        )
        advice = "核对原件：已经读对的，删去这一条；仍要更正的，照现在的读法改写印作"
    else:
        why = f"{name} 的计量单位不明，或改后的数小于一分，这一条更正没有用上"
        advice = "核对该表的计量单位和改为的数"
    return entries.issue(KIND, home.root / row["file"], row["place"], why, advice)


def _wrong(entry: Entry) -> str:
    cell, corrected = str(entry["单元格"]).strip(), str(entry["改为"]).strip()
    if "/" not in cell:
        return f"单元格「{cell}」不是 8f3451943585/L257/c3 那样的编号"
    return "" if read_amount(corrected).value is not None else f"改为「{corrected}」不是一个数"


def _entry_row(entry: Entry) -> Row:
    return {
        "cell_id": str(entry["单元格"]).strip(),
        "printed": entry["印作"],
        "corrected": str(entry["改为"]).strip(),
    }


KIND = Kind(
    name="更正",
    folder="corrections",
    keys=("单元格", "印作", "改为", entries.WHY, entries.WHO, entries.WHEN),
    written=("单元格", "改为", entries.WHY, entries.WHO),
    named="单元格",
    wrong=_wrong,
    row=_entry_row,
)
