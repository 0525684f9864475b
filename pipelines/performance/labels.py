"""The labels of a form: what a cell is (a label, a value, both) and which value belongs to which label.

Belongs here: matching labels of ``fields.yml`` and ``funds.yml``, and pairing by order in row and column.
Does not belong here: what a value means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from pipelines.model import Cell
from pipelines.performance.cut import Row
from pipelines.performance.records import Family
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_DATA = load_yaml("fields", "performance")
_FUNDS = load_yaml("funds", "performance")
_AS_PRINTED = {"(": "[(（《]", ")": "[)）》]", ":": "[:：]", "、": "[、,，]", "*": "[*×]"}
_UNIT = r"(?:\s*[(（]\s*(?:(?P<unit>万元|元)|(?P<weight>\d+(?:\.\d+)?)\s*分)\s*[)）])?"
# A comma or a full stop is what a text layer makes of a colon.
_END = rf"{_UNIT}\s*(?P<colon>[:：,，。;；])?\s*(?P<rest>.*)"
_OF_WHICH = r"(?:其中\s*[:：,，]?\s*)?"
_FIGURE = re.compile(r"[-\d(（]")
_COLONS = "|".join(re.escape(label) for label in _DATA["inner"]["colon"])
_BLANKS = "|".join(re.escape(label) for label in _DATA["inner"]["blank"])
_INNER = re.compile(rf"(?<=\S)\s*(?=(?:{_COLONS})\s*[:：,，])|(?<=\S)\s+(?=(?:{_BLANKS}))")
_SAID = [(entry, re.compile(entry["says"])) for entry in _DATA["said"]]
# A value that is long is never a label: nothing is looked for in it but at its beginning.
_LONGEST_SAID = 400


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a form: the field or the source of funds that it names.

    ``kind`` is that of ``fields.yml``, or ``fund``; ``side`` of a fund is 来源, 合计, 收入 or 支出.
    """

    name: str
    kind: str
    glued: str | None = None
    group: bool = False
    second: str | None = None
    weight: str | None = None
    side: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A printed value: what it says, the whole cell that it stands in, and where that is in its row."""

    text: str
    cell: Cell
    column: int


@dataclass(slots=True)
class Entry:
    """A label with its values, in order; without a label a text that belongs to none.

    It stands in ``column`` of a row of ``width`` cells. ``blank`` is the empty cell where a value would
    stand, ``last`` says that the label is the last of several in its row, ``heads`` that others follow,
    ``unit`` and ``weight`` are what stands in the label's brackets. A cell that is a field by its own words
    is ``complete``; ``lost`` says that what stands where the value should be could not be told to be it.
    """

    label: Label | None
    cell: Cell
    row: int
    column: int
    width: int
    values: list[Value] = field(default_factory=list)
    unit: str | None = None
    weight: str | None = None
    blank: Cell | None = None
    last: bool = False
    complete: bool = False
    heads: bool = False
    lost: bool = False

    @property
    def waits(self) -> bool:
        """Whether its value may stand in another row: that of a heading or a fund does not."""
        return self.label is not None and self.label.kind not in ("heading", "fund")


@dataclass(frozen=True, slots=True)
class _Segment:
    label: Label | None
    text: str
    cell: Cell
    column: int
    unit: str | None = None
    weight: str | None = None


def _value(segment: _Segment) -> Value:
    return Value(segment.text, segment.cell, segment.column)


def _spread(alias: str) -> str:
    """A pattern for a label whose characters may stand apart and whose brackets may be full-width."""
    return r"\s*".join(_AS_PRINTED.get(c, re.escape(c)) for c in fold(alias))


@cache
def _labels(family: Family) -> tuple[re.Pattern[str], tuple[Label, ...]]:
    """One pattern for all labels of a family, longest first, and the label of each of its groups."""
    known: list[tuple[str, Label]] = []
    for raw in _DATA["fields"]:
        if family in raw.get("families", (family,)):
            label = Label(
                raw["field"],
                raw["kind"],
                raw.get("glued"),
                raw.get("group", False),
                raw.get("second"),
                raw.get("weight"),
            )
            known += [(alias, label) for alias in raw["labels"]]
    known += [(alias, Label(alias, "heading")) for alias in _DATA["headings"].get(family, ())]
    funds = _FUNDS.get(family, {})
    for key, side in (("sources", "来源"), ("totals", "合计"), ("income", "收入"), ("spending", "支出")):
        for name, aliases in funds.get(key, {}).items():
            known += [(alias, Label(name, "fund", "figure", side=side)) for alias in aliases]
    known.sort(key=lambda entry: -len(fold(entry[0])))
    words = "|".join(
        f"(?P<l{i}>{_OF_WHICH if label.kind == 'fund' else ''}{_spread(alias)})"
        for i, (alias, label) in enumerate(known)
    )
    return re.compile(rf"\s*(?:{words}){_END}", re.DOTALL), tuple(label for _, label in known)


def _match(text: str, family: Family) -> tuple[Label, re.Match[str]] | None:
    """The label with which a text begins, if what follows may follow it."""
    pattern, labels = _labels(family)
    match = pattern.match(text)
    if match is None:
        return None
    number = next(int(name[1:]) for name, found in match.groupdict().items() if found and name[1:].isdigit())
    label, rest = labels[number], match["rest"]
    if rest and (again := _match(rest, family)) and again[0] == label:
        # A cell that prints its label several times over says it once.
        return again
    fits = (
        not rest
        or (label.glued == "text" and label.kind != "heading")
        or (label.glued == "figure" and _FIGURE.match(rest) is not None)
        or (label.glued is None and label.kind != "heading" and (match["colon"] or "") in ("：", ":"))
        or (label.name == "注")
    )
    return (label, match) if fits else None


def _segments(row: Row, family: Family) -> Iterator[_Segment]:
    """What a row says, cell by cell; a cell with two labels gives two segments."""
    before: Label | None = None
    for column, cell in enumerate(row):
        if not cell.text:
            continue
        for part in _INNER.split(cell.text):
            found = _match(part, family)
            if found and found[1]["rest"] and before and before.kind in ("text", "conclusion"):
                # Beside a label that waits for its text, a sentence that begins like a label is that text.
                found = None
            if found is None:
                yield _Segment(None if before else _by_words(part), part, cell, column)
                before = None
                continue
            label, match = found
            yield _Segment(label, match["rest"].strip(), cell, column, match["unit"], match["weight"])
            before = label if not match["rest"] and not label.group else None


def _by_words(text: str) -> Label | None:
    folded = fold(text[:_LONGEST_SAID])
    for entry, pattern in _SAID:
        if pattern.search(folded):
            return Label(entry["field"], entry["kind"])
    return None


def entries(rows: Sequence[Row], family: Family, first: int = 0) -> list[Entry]:
    """All labels of the rows with their values, and the texts that belong to none, in order.

    ``first`` is the number of the first row; no value is looked for beyond the last.

    A value stands in its label's cell, behind it in the row, or, where nothing does, in the next rows:
    below its label, or in the order of the labels.
    """
    found: list[Entry] = []
    waiting: list[tuple[Entry, int]] = []
    for number, row in enumerate(rows, first):
        segments = list(_segments(row, family))
        # The margin of a block stands beside its labels, and once more beside their values.
        margin = [s for s in segments if s.label and s.label.kind == "heading"] if waiting else []
        if not any(segment.label for segment in segments if segment not in margin):
            found += [Entry(s.label, s.cell, number, s.column, len(row)) for s in margin]
            segments = [segment for segment in segments if segment not in margin]
            left = _assign(waiting, segments)
            if segments and left == segments:
                for entry, _ in waiting:
                    entry.lost = True
            found += [Entry(None, s.cell, number, s.column, len(row), [_value(s)]) for s in left]
            continue
        own: list[tuple[Entry, int]] = []
        for segment in segments:
            if segment.label is not None:
                entry = Entry(
                    segment.label,
                    segment.cell,
                    number,
                    segment.column,
                    len(row),
                    [],
                    segment.unit,
                    segment.weight,
                    _after(row, segment),
                )
                if segment.text:
                    entry.values.append(_value(segment))
                    entry.complete = segment.text == segment.cell.text
                own.append((entry, segment.column))
            elif own and not own[-1][0].complete:
                own[-1][0].values.append(_value(segment))
            else:
                found.append(Entry(None, segment.cell, number, segment.column, len(row), [_value(segment)]))
        own[-1][0].last = len(own) > 1
        found += [entry for entry, _ in own]
        for entry, _ in own[:-1]:
            entry.heads = True
        unfilled = [
            (e, c) for e, c in own if not e.values and e.label and e.label.kind not in ("heading", "fund")
        ]
        filled = any(entry.values for entry, _ in own)
        waiting = [] if filled else [*waiting, *unfilled]
    return found


def _after(row: Row, segment: _Segment) -> Cell | None:
    """The empty cell beside a label."""
    cell = row[segment.column + 1] if segment.column + 1 < len(row) else None
    return cell if cell is not None and not cell.text else None


def _assign(waiting: list[tuple[Entry, int]], segments: Sequence[_Segment]) -> list[_Segment]:
    """Give the values of a row to the labels that wait; what is given is taken off both. Returns the rest."""
    open_to = [one for one in waiting if not (one[0].label and one[0].label.group)] or waiting[-1:]
    if len(segments) != len(open_to):
        below = [one for one in waiting if any(s.column == one[1] for s in segments)]
        if len(below) == len(segments) == len({column for _, column in below}):
            open_to = below
        elif len(segments) > len(open_to):
            return list(segments)
    elif len(segments) == 1 and segments[0].column < open_to[0][1]:
        # Left of the label stands what belongs to another label, which was lost.
        return list(segments)
    left = list(segments)
    for (entry, _), segment in zip(list(open_to), segments, strict=False):
        entry.values.append(_value(segment))
        left.remove(segment)
        waiting[:] = [one for one in waiting if one[0] is not entry]
    return left
