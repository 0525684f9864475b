"""The passage in which a number is printed, for people: a small HTML page, an excerpt, a line.

Belongs here: writing out lines and tables with cells marked. Does not belong here: pages (``evidence``),
what a cell means and which place is shown (the caller says), and files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise

from pipelines.locators import row_place
from pipelines.model import Cell, Content, Line

# What is marked: a locator, and which word of it where not the whole.
_Marks = Mapping[str, int | None]

# Rows of a passage: those that open it (title, unit, head), those around the cell, those that end it.
_OPENING, _AROUND, _ENDING = 14, 8, 4
# Of an excerpt: enough to show the columns' heads and the rows beside the cell.
_EXCERPT_OPENING, _EXCERPT_AROUND = 6, 1
# So few rows are not worth leaving out.
_SHORT_GAP = 6
# Set to the right, as tables do; whether it is a number that can be taken is not asked here.
_NUMBER = re.compile(r"[-−+]?\d[\d,，.． ]*%?")
_WORD = re.compile(r"(.+)/w(\d+)")


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of text or one row of a table with its place; ``table`` counts the tables, None for text."""

    place: str
    cells: tuple[Cell | Line, ...]
    table: int | None = None


def passage_html(
    content: Content, locator: str, extent: tuple[str, str] | None, about: Sequence[tuple[str, str]]
) -> str:
    """A page of HTML, complete in itself, that shows a cell or line in its passage, marked.

    ``extent`` is where the passage begins and ends (places of a statement), None where it is none; of a long
    one its opening, the rows around the cell and its ending are shown. ``about`` is what stands above it,
    label and text. Everything is escaped and nothing is fetched or run. ``LookupError`` if the content has
    no such place.
    """
    rows = list(_rows(content))
    at, word = _find(rows, locator)
    places = {row.place: i for i, row in enumerate(rows)}
    start, end = extent or ("", "")
    first = min(places.get(start, at - _AROUND), at)
    last = max(places.get(end, at + _AROUND), at)
    marks = {rows[at].cells[0].locator if word else locator: word}
    body = "\n".join(_shown(rows, _chosen(max(first, 0), min(last, len(rows) - 1), at), marks))
    head = "\n".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in about)
    title = escape(next((text for label, text in about if label == "文件"), locator))
    return _PAGE.format(title=title, style=_STYLE, head=head, body=body)


def excerpts_html(
    content: Content, wanted: Mapping[tuple[str, ...], tuple[str, str] | None]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """For some cells or lines the rows beside them and those that open their passage, as a piece of HTML.

    ``wanted`` is by their locators the ``extent`` as in ``passage_html``, or None where the passage is not
    known. Everything is escaped; locators of which the content has none are left out.
    """
    rows = list(_rows(content))
    places = {row.place: i for i, row in enumerate(rows)}
    for locators, extent in wanted.items():
        marks: dict[str, int | None] = {}
        chosen: set[int] = set()
        for locator in locators:
            try:
                at, word = _find(rows, locator)
            except LookupError:
                continue
            first = min(places.get(extent[0], at) if extent else at, at)
            chosen |= {*range(first, min(first + _EXCERPT_OPENING, at))}
            chosen |= {*range(max(at - _EXCERPT_AROUND, 0), min(at + _EXCERPT_AROUND + 1, len(rows)))}
            marks[rows[at].cells[0].locator if word else locator] = word
        if marks:
            yield locators, "\n".join(_shown(rows, sorted(chosen), marks))


def lines_html(content: Content, locators: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The line in which each of some cells stands, the cell marked, as a piece of HTML (escaped).

    Locators of which the content has none are left out.
    """
    rows: dict[str, _Row] = {}
    for row in _rows(content):
        rows[row.place] = row
        rows |= {cell.locator: row for cell in row.cells}
    for locator in locators:
        word = _WORD.fullmatch(locator)
        found = rows.get(locator) or (rows.get(word[1]) if word else None)
        if found is None:
            continue
        if found.table is None:
            yield locator, _words(found.cells[0].text, int(word[2]) if word else None)
        else:
            told = ((cell.locator == locator, escape(cell.text)) for cell in found.cells if cell.text)
            yield locator, " ｜ ".join(_mark_text(text) if hit else text for hit, text in told)


def _rows(content: Content) -> Iterator[_Row]:
    for number, block in enumerate(content.blocks):
        if isinstance(block, Line):
            yield _Row(block.locator, (block,))
        else:
            yield from (_Row(row_place(row[0].locator), row, number) for row in block.rows if row)


def _find(rows: Sequence[_Row], locator: str) -> tuple[int, int | None]:
    """The row in which a locator stands, and which word of it (from 1) where the locator names one."""
    for i, row in enumerate(rows):
        if locator == row.place or any(cell.locator == locator for cell in row.cells):
            return i, None
    word = _WORD.fullmatch(locator)
    line = next((i for i, row in enumerate(rows) if word and row.place == word[1]), None)
    if word and line is not None:
        return line, int(word[2])
    raise LookupError(f"来源里找不到位置 {locator}")


def _chosen(first: int, last: int, at: int) -> list[int]:
    """Which rows of a passage are shown: all of a short one, else opening, surroundings and ending."""
    wanted = {*range(first, first + _OPENING), *range(at - _AROUND, at + _AROUND + 1)}
    wanted |= {*range(last - _ENDING + 1, last + 1)}
    chosen = sorted(i for i in wanted if first <= i <= last)
    for before, after in pairwise(tuple(chosen)):
        if after - before <= _SHORT_GAP:
            chosen += range(before + 1, after)
    return sorted(chosen)


def _shown(rows: Sequence[_Row], chosen: Sequence[int], marks: _Marks) -> Iterator[str]:
    """The chosen rows as HTML: text as paragraphs, rows of one table as a table, what is left out counted."""
    before = chosen[0] - 1
    for table, group in groupby(chosen, key=lambda i: rows[i].table):
        yield "" if table is None else "<table>"
        for i in group:
            if left_out := i - before - 1:
                words = f"……（此处略去 {left_out} 行）……"
                if table is None:
                    yield f'<p class="gap">{words}</p>'
                else:
                    yield f'<tr class="gap"><th></th><td colspan="99">{words}</td></tr>'
            yield _row(rows[i], marks)
            before = i
        yield "" if table is None else "</table>"


def _row(row: _Row, marks: _Marks) -> str:
    place = f'<span class="place">{escape(row.place)}</span>'
    if row.table is None:
        line = row.cells[0]
        word = marks.get(line.locator)
        text = _words(line.text, word) if word else escape(line.text)
        whole = line.locator in marks and not word
        return f"<p>{place}{_mark_text(text) if whole else text}</p>"
    return f"<tr><th>{place}</th>{''.join(_cells(row.cells, marks, whole=row.place in marks))}</tr>"


def _cells(cells: Iterable[Cell | Line], marks: _Marks, *, whole: bool) -> Iterator[str]:
    covered = 0
    for cell in cells:
        hit = cell.locator in marks or (whole and bool(cell.text))
        if covered and not cell.text and not hit:
            covered -= 1
            continue
        covered = getattr(cell, "span", 1) - 1
        span = f' colspan="{covered + 1}"' if covered else ""
        number = ' class="number"' if _NUMBER.fullmatch(cell.text) else ""
        text = escape(cell.text)
        yield f"<td{span}{number}>{_mark_text(text) if hit else text}</td>"


def _words(text: str, word: int | None) -> str:
    """A line with one of its words marked."""
    found = list(re.finditer(r"\S+", text))
    if word is None or not 0 < word <= len(found):
        return escape(text)
    start, end = found[word - 1].span()
    return escape(text[:start]) + _mark_text(escape(text[start:end])) + escape(text[end:])


def _mark_text(escaped: str) -> str:
    return f"<mark>{escaped}</mark>"


_STYLE = """
@page { size: A4 landscape; margin: 12mm }
body { font: 14px/1.5 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; margin: 24px auto;
  max-width: 1200px; padding: 0 16px; color: #1a1a1a; background: #fff }
h1 { font-size: 18px; margin: 0 0 8px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0 0 16px;
  padding: 12px 16px; border: 1px solid #ccc; background: #fafafa }
dt { color: #666 } dd { margin: 0; overflow-wrap: anywhere }
p { margin: 4px 0; white-space: pre-wrap; overflow-wrap: anywhere }
table { border-collapse: collapse; margin: 4px 0; font-size: 12px }
td { border: 1px solid #999; padding: 2px 6px; white-space: pre-line; min-width: 1em }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
th { border: 0; padding: 0; text-align: left }
.place { display: inline-block; min-width: 4.5em; color: #999; font: 11px/1.5 monospace }
.gap, .gap td { color: #999 }
mark { background: #fff0aa; color: inherit; outline: 2px solid #d00000; outline-offset: 1px;
  display: inline-block; min-width: 1em; min-height: 1.2em; padding: 0 2px; print-color-adjust: exact;
  -webkit-print-color-adjust: exact }
tr { break-inside: avoid }
"""

_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>证据：{title}</title>
<style>{style}</style>
</head>
<body>
<h1>证据：原文所在</h1>
<dl>
{head}
</dl>
{body}
</body>
</html>
"""
