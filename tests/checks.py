"""What must hold of every document that was read, whatever it says: checks for any test.

Belongs here: completeness (nothing between a title and its note is lost), faithfulness (a printed text
stands at its locator and says the amount), and the comparison with the typesetter's truth. They cut the
file into lines and cells on their own.
Does not belong here: documents, and anything of the reader but its records.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from pipelines.locators import row_place
from pipelines.model import Claim, Content, DocumentPart, Line, LineItem, Statement
from pipelines.readers import text_at
from tests.typesetter.claims import Place, TruthClaim
from tests.typesetter.truth import Truth, TruthCell, TruthStatement

_UNITS = {"元": Decimal(1), "千元": Decimal(1_000), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}
_TAG = re.compile(r"</?[A-Za-z][^<>\t]{0,80}>")
_LINE = re.compile(r"L(\d+)")


def tokens(data: bytes) -> dict[str, str]:
    """Every non-empty text of a file by its locator: cells of lines with tabs, whole lines otherwise."""
    found: dict[str, str] = {}
    for number, line in enumerate(_lines(data), start=1):
        if "\t" not in line:
            found[f"L{number}"] = _text(line)
            continue
        for column, cell in enumerate(line.split("\t"), start=1):
            found[f"L{number}/c{column}"] = _text(cell)
    return {locator: text for locator, text in found.items() if text}


@lru_cache(maxsize=4)
def _lines(data: bytes) -> list[str]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return re.split(r"\r\n|\r|\n", data.decode(encoding))
        except UnicodeDecodeError:
            continue
    return []


def _text(raw: str) -> str:
    """What a reader of the page sees: no HTML remains, no blanks around."""
    return _TAG.sub("", raw).strip()


def _at(data: bytes, locator: str) -> str:
    """The text at a locator, found without the program."""
    line, _, place = locator.partition("/")
    lines = _lines(data)
    number = int(line[1:])
    assert 1 <= number <= len(lines), f"{locator} lies outside of the file"
    text = lines[number - 1]
    if not place:
        return _text(text)
    parts = text.split("\t") if place[0] == "c" else _text(text).split()
    index = int(place[1:]) - 1
    return _text(parts[index]) if index < len(parts) else ""


def _line_of(locator: str) -> int:
    match = _LINE.match(locator)
    assert match, f"not a place in a text: {locator!r}"
    return int(match[1])


def assert_accounted(data: bytes, part: DocumentPart) -> None:
    """Every non-empty cell or line of a statement's region has a role or an issue that names it.

    An entry for a line answers for its cells, and entries for all its words answer for a line.
    """
    document = part.document.document_id
    named = {cell.cell_id.removeprefix(f"{document}/") for cell in part.cells}
    named |= {issue.locator for issue in part.issues}
    lost = []
    printed = tokens(data)
    for statement in part.statements:
        if statement.state == "缺失":
            continue
        first, last = _line_of(statement.locator), _line_of(statement.locator_end)
        assert first <= last, f"{statement.statement_id} ends before it begins"
        for locator, text in printed.items():
            if not first <= _line_of(locator) <= last:
                continue
            words = {f"{locator}/w{n}" for n in range(1, len(text.split()) + 1)}
            if locator in named or locator.partition("/")[0] in named or words <= named:
                continue
            lost.append(f"{statement.form} {locator} {text!r}")
    assert not lost, f"{len(lost)} texts are unaccounted for: {lost[:5]}"


def assert_printed_text_at_locator(data: bytes, part: DocumentPart) -> None:
    """Each published text stands where its locator says, and each amount is what that text says."""
    document = part.document.document_id
    texts = [(item.cell_id, item.amount_printed) for item in part.line_items]
    texts += [(cell.cell_id, cell.text) for cell in part.cells if cell.role != "person"]
    for cell_id, text in texts:
        owner, _, locator = cell_id.partition("/")
        assert owner == document, f"{cell_id} is of another document"
        assert _at(data, locator) == text, (
            f"{cell_id}: {text!r} was read, {_at(data, locator)!r} stands there"
        )
    for item in part.line_items:
        _assert_amount(item)
        if item.amount_printed:
            found = text_at(data, item.cell_id.partition("/")[2])
            assert found == item.amount_printed, f"{item.cell_id}: text_at finds {found!r}"


def _assert_amount(item: LineItem) -> None:
    """The value of a cell is its printed text, read by plain arithmetic; any other cell has none."""
    if item.status != "printed":
        assert item.amount is None, f"{item.cell_id} is {item.status} and has an amount"
        assert item.quantity is None, f"{item.cell_id} is {item.status} and has a quantity"
        return
    plain = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", item.amount_printed)).replace("−", "-")
    value = Decimal(plain)
    if item.quantity_unit:
        assert (item.quantity, item.amount) == (value, None), item
    else:
        assert item.money_unit is not None, item
        assert (item.amount, item.quantity) == (value * _UNITS[item.money_unit], None), item


def assert_keys_unique(part: DocumentPart) -> None:
    """A cell of a statement is read once: its row and measure, and its place."""
    keys = [(i.statement_id, i.row_seq, i.measure) for i in part.line_items]
    assert len(keys) == len(set(keys))
    places = [i.cell_id for i in part.line_items]
    assert len(places) == len(set(places))
    ids = [s.statement_id for s in part.statements]
    assert len(ids) == len(set(ids))


def assert_sound(data: bytes, part: DocumentPart) -> None:
    """All that must hold of any document, damaged or not."""
    assert_accounted(data, part)
    assert_printed_text_at_locator(data, part)
    assert_keys_unique(part)


# --- against the truth of a printed document ----------------------------------------------------


def assert_reads_as(truth: Truth, part: DocumentPart) -> None:
    """Every cell, every statement and the document itself were read as they were printed."""
    read = {(i.form, i.row_seq, i.measure): i for i in part.line_items}
    true = {(c.form, c.row_seq, c.measure): c for c in truth.cells}
    missing, surplus = sorted(true.keys() - read.keys()), sorted(read.keys() - true.keys())
    assert not missing, f"{len(missing)} cells were not read: {missing[:4]}; {_reasons(part)}"
    assert not surplus, f"{len(surplus)} cells were read that are not there: {surplus[:4]}"
    wrong = [f"{key}: {d}" for key in sorted(true) if (d := _difference(true[key], read[key]))]
    assert not wrong, f"{len(wrong)} cells were read wrong: {wrong[:4]}; {_reasons(part)}"
    statements = {s.form: s for s in part.statements}
    assert statements.keys() == {s.form for s in truth.statements}
    for statement in truth.statements:
        found = statements[statement.form]
        assert _summary_of(found) == _summary(statement), f"{statement.form}: {found.reason}"
    document = part.document
    said = {
        "kind": ("决算", document.kind),
        "fiscal_year": (truth.fiscal_year, document.fiscal_year),
        "level": (truth.level, document.level),
        "unit_name": (_plain(truth.unit_name), document.unit_name),
        "unit_nature": (truth.nature, document.unit_nature),
        "template": (truth.template, document.template),
        "relations": (_relations(truth), {(r.relation, r.name) for r in part.relations}),
    }
    misread = {name: pair for name, pair in said.items() if pair[0] != pair[1]}
    assert not misread, f"true and read differ: {misread}"


def assert_claims_read(truth: Truth, part: DocumentPart) -> None:
    """Every claim of the narrative was read as it was printed, in order, and bound to its cell; no other."""
    cells: dict[Place, list[str]] = {}
    for item in part.line_items:
        cells.setdefault((item.form, item.item or item.subject_code or "", item.measure), []).append(
            item.cell_id
        )
    true = [_true_claim(claim, cells) for claim in truth.claims]
    read = [_read_claim(claim) for claim in part.claims]
    wrong = [(t, r) for t, r in zip(true, read, strict=False) if t != r]
    assert not wrong, f"{len(wrong)} of {len(true)} claims were read wrong: {wrong[:2]}"
    assert len(true) == len(read)


def _true_claim(claim: TruthClaim, cells: dict[Place, list[str]]) -> tuple[object, ...]:
    known = cells.get(claim.place, []) if claim.place and claim.cell else []
    return (
        _plain(claim.object),
        claim.kind,
        claim.value,
        claim.unit,
        _joined(claim.value_printed),
        claim.direction,
        claim.period,
        claim.place,
        claim.whole,
        known[0] if len(known) == 1 else None,
    )


def _read_claim(claim: Claim) -> tuple[object, ...]:
    place = (claim.form, claim.item or claim.subject_code, claim.measure) if claim.form else None
    return (
        _plain(claim.object),
        claim.kind,
        claim.value,
        claim.unit,
        _joined(claim.value_printed),
        claim.direction,
        claim.period,
        place,
        tuple(claim.whole.split("/")) if claim.whole else None,
        claim.cell_id,
    )


def _relations(truth: Truth) -> set[tuple[str, str]]:
    parent = {("上级", _plain(truth.parent))} if truth.parent else set()
    return parent | {("所属", _plain(name)) for name in truth.members}


def _difference(true: TruthCell, read: LineItem) -> dict[str, tuple[object, object]]:
    """Each field that differs: what is true, what was read. Nothing printed may be '' or None."""
    return {
        name: (wanted, found)
        for name in TruthCell.__dataclass_fields__
        if (wanted := _given(getattr(true, name))) != (found := _given(getattr(read, name)))
    }


def _given(value: object) -> object:
    return None if value == "" else value


def _summary(true: TruthStatement) -> tuple[object, ...]:
    words = (_joined(true.title_printed), _joined(true.number_printed))
    return (true.state, *words, true.rows, len(true.cells), true.non_blank, true.closed, true.money_unit)


def _summary_of(read: Statement) -> tuple[object, ...]:
    words = (_joined(read.title_printed), _joined(read.number_printed))
    return (read.state, *words, read.rows, read.cells, read.non_blank, read.closed, read.money_unit)


def _plain(name: str) -> str:
    """A unit's name as it is compared: brackets of one kind."""
    return unicodedata.normalize("NFKC", name)


def _joined(text: str | None) -> str | None:
    return re.sub(r"\s", "", text) if text else None


def _reasons(part: DocumentPart) -> list[str]:
    return [f"{s.form} {s.state}: {s.reason}" for s in part.statements if s.reason][:3] + [
        f"{i.kind} {i.object} {i.reason} {i.locator} {i.text[:40]}" for i in part.issues
    ][:3]


def assert_blocks_accounted(content: Content, part: DocumentPart) -> None:
    """As :func:`assert_accounted` for documents that are no lines: by the blocks that a reader hands over.

    Every text from a statement's first block to its last has a role or an issue that names it or its row.
    """
    document = part.document.document_id
    named = {cell.cell_id.removeprefix(f"{document}/") for cell in part.cells}
    named |= {issue.locator for issue in part.issues}
    places = [
        [block.locator] if isinstance(block, Line) else [row_place(row[0].locator) for row in block.rows]
        for block in content.blocks
    ]
    for statement in part.statements:
        if statement.state == "缺失":
            continue
        first = next(i for i, found in enumerate(places) if statement.locator in found)
        last = max(i for i, found in enumerate(places) if statement.locator_end in found)
        assert first <= last, f"{statement.statement_id} ends before it begins"
        lost = [
            f"{statement.form} {text.locator} {text.text!r}"
            for block in content.blocks[first : last + 1]
            for text in ([block] if isinstance(block, Line) else [c for row in block.rows for c in row])
            if text.text and text.locator not in named and row_place(text.locator) not in named
        ]
        assert not lost, f"{len(lost)} texts are unaccounted for: {lost[:5]}"


def assert_texts_stand_at_their_places(data: bytes, part: DocumentPart) -> None:
    """Each published text is the one that the reader finds at its place, asked again; amounts say it."""
    document = part.document.document_id
    for cell_id, text in [(i.cell_id, i.amount_printed) for i in part.line_items] + [
        (c.cell_id, c.text) for c in part.cells
    ]:
        owner, _, locator = cell_id.partition("/")
        assert owner == document
        assert text_at(data, locator) == text, f"{cell_id}: {text!r} was read"
    for item in part.line_items:
        _assert_amount(item)
