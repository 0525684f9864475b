"""What a recognised row is about: code and name settled by dictionary and sister statements, or doubted.

Belongs here: 科目代码, names and 行次 that were read from a picture. Does not belong here: digital text
(codes printed cut short: ``codes``), amounts, and where labels stand (the layouts).

A reading is taken if it is sure, or if the references, a sister statement or the form bear it out. One that
is not is corrected where exactly one label can stand there; else its row is held, as is a sure code that
contradicts its name or the order of the table where a usual confusion would explain that.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from pipelines.header import Row
from pipelines.model import Cell, Grid
from pipelines.scans.certainty import confused, is_sure
from pipelines.sheet import Sheet
from pipelines.vocabulary import Item, subjects
from pipelines.wording import fold, joined_code, wording

# Names by code, as the references or sister statements have them.
Names = Mapping[str, frozenset[str]]

# Digits of a code down to its 类, 款 and (functional only) 项.
_LENGTHS = {"functional": (3, 5, 7), "economic": (3, 5)}
# So many characters of a code may be misread, lost or doubled, and so alike is a damaged name.
_MISREAD, _LIKENESS = 2, 0.75
_TOLD = 4


def sister_codes(own: Sequence[Grid], all_grids: Iterable[Grid]) -> Names:
    """The codes that a document prints beside their names elsewhere than in a statement's own grids.

    Only those where both are read with certainty; none for a statement without any recognised cell.
    """
    if not any(cell.reading for grid in own for row in grid.rows for cell in row):
        return {}
    found: dict[str, set[str]] = {}
    for row in (row for grid in all_grids if not any(grid is one for one in own) for row in grid.rows):
        filled = [cell for cell in row if cell.text]
        for i, cell in enumerate(filled[1:], start=1):
            code, used = _code_before(filled[:i])
            if code and not fold(cell.text)[0].isdigit() and all(map(_is_sure, (*used, cell))):
                found.setdefault(code, set()).add(fold(cell.text))
    return {code: frozenset(names) for code, names in found.items()}


def _code_before(cells: Sequence[Cell]) -> tuple[str, Sequence[Cell]]:
    """The code that the last of these cells end with, and those cells: 201 | 06 | 01, or one cell."""
    code = ""
    for k in range(len(cells) - 1, max(-1, len(cells) - 4), -1):
        piece = fold(cells[k].text)
        if not piece.isdecimal():
            break
        code = piece + code
        if len(piece) != 2:
            return (code, cells[k:]) if len(code) in _LENGTHS["functional"] else ("", ())
    return "", ()


def _is_sure(cell: Cell) -> bool:
    return cell.reading is None or is_sure(cell.reading.confidence)


# --- codes ---------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Label:
    """The code and the name of one row; ``code`` is the settled one, None while nobody knows."""

    columns: list[int]
    pieces: list[Cell]
    place: int
    name: Cell
    seen: str
    code: str | None = None
    doubted: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether its code was read with certainty; one in two lines may be one that was seen twice."""
        return all(_is_sure(cell) and "\n" not in cell.text.strip() for cell in self.pieces)


def settled_codes(sheet: Sheet, rows: Sequence[Row], columns: Sequence[tuple[range, int]]) -> list[Row]:
    """The rows with codes and names settled; ``columns`` are those of the codes and of their name.

    Rows of digital text come back as they are. A label that cannot be settled is doubted in the sheet.
    """
    settled = [list(row) for row in rows]
    for codes, place in columns:
        if any(row[i].reading for row in rows for i in (*codes, place)):
            _Column(sheet, settled, codes, place).settle()
    return [tuple(row) for row in settled]


class _Column:
    """The codes of a table one under another, settled together: each stands between those around it."""

    def __init__(self, sheet: Sheet, rows: list[list[Cell]], codes: range, place: int) -> None:
        self.sheet = sheet
        kind = "economic" if sheet.form.layout == "blocks" else "functional"
        self.lengths = _LENGTHS[kind]
        listed = _listed(kind)
        first = {code[0] for code in listed}
        self.sisters = {c: names for c, names in sheet.sisters.items() if c[0] in first}
        self.names = {c: listed.get(c, frozenset()) | self.sisters.get(c, frozenset()) for c in listed}
        self.names |= {c: names for c, names in self.sisters.items() if c not in listed}
        found = [_label(row, codes, place) for row in rows]
        self.labels = [label for label in found if label]
        self.ordered = True
        self.levels: set[int] = set()
        self.rows = {label: row for label, row in zip(found, rows, strict=True) if label}

    def settle(self) -> None:
        """Settle every code, write those that were corrected, and doubt the others."""
        for label in self.labels:
            # Digits that are surely read are what is printed, even where it was cut short.
            if label.is_sure and label.seen.isdecimal():
                label.code = label.seen
        self.levels = {len(label.code) for label in self.labels if label.code}
        for suspect in [label for label in self.labels if label.code and self._is_suspect(label)]:
            suspect.code, suspect.doubted = None, True
        codes = [code for i in range(len(self.labels)) if (code := self._known(i))]
        self.ordered = all(a < b for a, b in pairwise(codes))
        while any(self._settle(label) for label in self.labels if label.code is None):
            pass
        for label in self.labels:
            if label.code is None and not label.doubted:
                self._doubt(label, self._why(label))
            elif label.code is not None:
                self._settle_name(label)

    def _is_code(self, text: str) -> bool:
        return text.isdecimal() and len(text) in self.lengths

    def _settle(self, label: _Label) -> bool:
        """Whether the code of a label could be settled now."""
        if label.doubted:
            return False
        exact = [code for code in self._bearing(label) if self._fits(label, code)]
        fitting = exact or [code for code in self._bearing_alike(label) if self._fits(label, code)]
        reachable = [code for code in exact if self._is_reachable(label, code)]
        known = [code for code in reachable if code in self.sisters]
        if label.seen in fitting:
            rivals = [code for code in fitting if 0 < _distance(label.seen, code) <= _MISREAD]
            sister = label.seen in self.sisters and not any(code in self.sisters for code in rivals)
            if not rivals or sister:
                label.code = label.seen
        elif len(known or reachable) == 1:
            (code,) = known or reachable
            apart = _distance(label.seen, code)
            # What looks as much like the reading may be meant too, unless only this one is in the document.
            if known or all(_distance(label.seen, one) > apart for one in exact if one != code):
                self._correct(label, code)
        return label.code is not None

    def _bearing(self, label: _Label) -> list[str]:
        """The codes that bear the name of a row."""
        name = fold(label.name.text)
        return [code for code, names in self.names.items() if name in names]

    def _bearing_alike(self, label: _Label) -> list[str]:
        """The codes that bear a name like that of a row, which was read damaged."""
        name = fold(label.name.text)
        return [code for code, names in self.names.items() if any(_alike(name, one) for one in names)]

    def _is_reachable(self, label: _Label, code: str) -> bool:
        """Whether the recogniser may have made what it saw of this code.

        Of a whole code only by its doubts and usual confusions, for it may be what was printed; of nothing
        only where a sister statement has the code, and the name is sure.
        """
        if code in _others(label):
            return True
        if self._is_code(label.seen):
            return _confusable(label.seen, code)
        if not any(character.isdecimal() for character in label.seen):
            return code in self.sisters and _is_sure(label.name)
        lines = label.pieces[0].text.split("\n") if len(label.pieces) == 1 else []
        return any(_distance(text, code) <= _MISREAD for text in (label.seen, *lines))

    def _fits(self, label: _Label, code: str) -> bool:
        """Whether a code can stand in its row: codes ascend, and each stands under its 款 or 类."""
        if not self.ordered:
            return True
        place = self.labels.index(label)
        before = next((i for i in range(place - 1, -1, -1) if self._known(i)), None)
        after = next((i for i in range(place + 1, len(self.labels)) if self._known(i)), None)
        if before is not None:
            last = self._known(before) or ""
            if last >= code or (before == place - 1 and not self._stands_under(code, last)):
                return False
        if after is not None:
            following = self._known(after) or ""
            if following <= code or (after == place + 1 and not self._stands_under(following, code)):
                return False
        return True

    def _known(self, place: int) -> str | None:
        code = self.labels[place].code
        return code if code and self._is_code(code) else None

    def _stands_under(self, code: str, before: str) -> bool:
        """Whether a code may follow another at once, in a table that prints the level above it."""
        above = code[:-2]
        return len(code) <= self.lengths[0] or len(above) not in self.levels or before.startswith(above)

    def _is_suspect(self, label: _Label) -> bool:
        """Whether a sure code contradicts its name or its place, and a usual confusion would not."""
        code, bearing = label.code or "", self._bearing(label)
        borne = code in bearing or not bearing
        others = [
            other
            for other in _confusions(code)
            if other in (bearing or self.names) and self._fits(label, other)
        ]
        if not self._is_code(code) or not others or (borne and self._fits(label, code)):
            return False
        reason = f"科目代码读作「{code}」，与名称或上下行不合，又可能是误读（{'、'.join(others[:_TOLD])}）"
        self._doubt(label, reason)
        return True

    # --- what becomes of a label ---

    def _correct(self, label: _Label, code: str) -> None:
        name, sister = fold(label.name.text), code in self.sisters
        source = "同文其他表把握十足地印有" if sister else "科目表里有"
        evidence = f"{source}「{code} {name}」，名称与上下行的次序只合于它；{_told(label)}"
        pieces = [code] if len(label.pieces) == 1 else _split(label, code)
        if pieces is None:
            return
        for column, cell, text in zip(label.columns, label.pieces, pieces, strict=True):
            if fold(cell.text) != text:
                rule = "名称、次序与同文" if sister else "名称、次序与科目表"
                self.rows[label][column] = corrected(self.sheet, cell, text, rule, evidence)
        label.code = code

    def _settle_name(self, label: _Label) -> None:
        """An uncertain name that is nearly the only one of its code is that one."""
        name, known = fold(label.name.text), self.names.get(label.code or "", frozenset())
        if _is_sure(label.name) or name in known or not name:
            return
        near = [one for one in known if _alike(name, one)]
        if len(near) == 1:
            rule, evidence = "代码与近似名称", f"{label.code} 的名称里只有「{near[0]}」与识别的相近"
            self.rows[label][label.place] = corrected(self.sheet, label.name, near[0], rule, evidence)

    def _doubt(self, label: _Label, reason: str) -> None:
        for cell in label.pieces:
            self.sheet.doubted[cell.locator] = reason

    def _why(self, label: _Label) -> str:
        fitting = [code for code in self._bearing(label) if self._fits(label, code)]
        may_be = f"可能是 {'、'.join(sorted(fitting)[:_TOLD])}" if fitting else "名称和次序也断不定"
        return f"科目代码读不准：{_told(label)}，{may_be}"


def _label(row: Sequence[Cell], codes: range, place: int) -> _Label | None:
    """The label of a row; None for 合计, a head, and a row without code."""
    columns = [i for i in codes if row[i].text and fold(row[i].text) not in wording().structural]
    whole = fold("".join(row[i].text for i in (*columns, place)))
    if not columns or whole in wording().total:
        return None
    pieces = [row[i] for i in columns]
    return _Label(columns, pieces, place, row[place], joined_code(cell.text for cell in pieces))


def _split(label: _Label, code: str) -> list[str] | None:
    """A code as its row prints it in several cells; None where they are not one a level."""
    ends = [end for end in (3, 5, 7) if end <= len(code)]
    if len(ends) != len(label.pieces) or ends[-1] != len(code):
        return None
    if len(fold(label.pieces[-1].text)) > ends[0]:
        return [code[:end] for end in ends]
    return [code[start:end] for start, end in zip((0, *ends), ends, strict=False)]


def _others(label: _Label) -> list[str]:
    """The codes that the recogniser's other readings of one of the pieces make."""
    found = []
    for i, cell in enumerate(label.pieces):
        for other, _ in cell.reading.others if cell.reading else ():
            texts = [one.text for one in label.pieces]
            texts[i] = other
            found.append(joined_code(texts))
    return found


def _confusions(code: str) -> list[str]:
    """The codes of which one digit is usually mistaken so that this one is read."""
    return [code[:i] + true + code[i + 1 :] for i, read in enumerate(code) for true in confused(read)]


def _confusable(seen: str, code: str) -> bool:
    if len(seen) != len(code):
        return False
    apart = [(read, true) for read, true in zip(seen, code, strict=True) if read != true]
    return len(apart) <= _MISREAD and all(true in confused(read) for read, true in apart)


def _distance(seen: str, code: str) -> int:
    """How many characters of a code were changed, lost or put in."""
    last = list(range(len(code) + 1))
    for i, read in enumerate(seen, start=1):
        line = [i]
        for j, true in enumerate(code, start=1):
            line.append(min(last[j] + 1, line[-1] + 1, last[j - 1] + (read != true)))
        last = line
    return last[-1]


def _alike(name: str, known: str) -> bool:
    return bool(name) and difflib.SequenceMatcher(None, name, known).ratio() >= _LIKENESS


def _told(label: _Label) -> str:
    confidence = min((cell.reading.confidence for cell in label.pieces if cell.reading), default=1.0)
    return f"识别为「{label.seen} {fold(label.name.text)}」，把握 {confidence:.2f}"


@cache
def _listed(kind: str) -> Names:
    listed = subjects("economic" if kind == "economic" else "functional")
    return {code: frozenset(fold(one.name) for one in names) for code, names in listed.items()}


# --- 行次 -----------------------------------------------------------------------------------------


def corrected(sheet: Sheet, cell: Cell, text: str, rule: str, evidence: str) -> Cell:
    """The cell with the text that it must hold; the sheet keeps why."""
    sheet.grounds[cell.locator] = (rule, evidence)
    reading = cell.reading and cell.reading._replace(seen=cell.reading.seen or cell.text)
    return cell._replace(text=text, reading=reading)


def settled_lines(sheet: Sheet, rows: Sequence[tuple[Item | None, Cell, Cell | None]]) -> list[Cell | None]:
    """The cells of the 行次 of a form's items, settled: ``rows`` are item, its name's cell, its 行次's.

    Where a table numbers its rows as the form does, an uncertain 行次 is that of its certain name, and a
    row is doubted whose name is uncertain and whose 行次 is that of another item. So is one whose uncertain
    name stands out of the form's order.
    """
    lines = [line for _, _, line in rows]
    if not any(cell and cell.reading for _, name, line in rows for cell in (name, line)):
        return lines
    compared = [(item, line) for item, _, line in rows if item and item.line_no and line and line.text]
    agreeing = sum(fold(line.text) == str(item.line_no) for item, line in compared)
    numbered = agreeing >= _WITNESSES and 4 * agreeing >= 3 * len(compared)
    for i, (item, name, line) in enumerate(rows):
        if item is None:
            continue
        sure = _is_sure(name)
        if not sure and not _in_order(sheet.form.items, [one for one, _, _ in rows], i):
            sheet.doubted[name.locator] = f"项目名读作「{name.text}」，把握不足，与本表项目的次序不合"
        if not numbered or not line or not line.text or fold(line.text) == str(item.line_no):
            continue
        digits = fold(line.text).isdecimal()
        if not sure and digits:
            sheet.doubted[name.locator] = (
                f"项目名读作「{name.text}」，把握不足；行次读作 {fold(line.text)}，表式里它是 {item.line_no}"
            )
        elif not _is_sure(line) and item.line_no is not None:
            evidence = f"表式里「{item.printed}」是行次 {item.line_no}，同侧其余的行次都合于表式"
            lines[i] = corrected(sheet, line, str(item.line_no), "名称与表式", evidence)
    return lines


# So many rows must print the form's own 行次 before a 行次 says anything.
_WITNESSES = 5


def _in_order(items: Sequence[Item], found: Sequence[Item | None], place: int) -> bool:
    """Whether an item stands between those of the rows above and below it."""
    index = {item.name: i for i, item in enumerate(items)}
    above = next((index[one.name] for one in found[:place][::-1] if one), -1)
    below = next((index[one.name] for one in found[place + 1 :] if one), len(items))
    one = found[place]
    return one is None or above < index[one.name] < below
