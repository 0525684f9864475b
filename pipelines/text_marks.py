"""What the text of a disclosure shows of its own form: contents entries, remains of the template, slips.

Belongs here: finding them by the patterns of ``forms/marks.yml``, with their places. Does not belong here:
whether a mark is a defect (the rules of form judge), and what the text says in figures.

Attachments name persons beside what is wanted, so an excerpt from there is the matched words alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pipelines.locators import row_place
from pipelines.model import Block, Grid, Line, TextMark
from pipelines.readers.text import decode, split_lines
from pipelines.regions import Layout, entry_key
from pipelines.vocabulary import load_yaml
from pipelines.wording import fold, is_watermark, strip_tags, title_form, without_blanks, wording

_LONGEST_EXCERPT = 40
# After the matched words, so much of the sentence that a reader finds it again.
_CONTEXT = 16
# A line that goes on in the next one is nearly as long as the page is wide.
_WRAPPED_FROM = 25
_SENTENCE_ENDS = frozenset('。;!?.):"》…')
# A title or heading has none of these.
_PARTS_OF_SENTENCE = re.compile(r"[,。;:、]")
_STARTS_ANEW = re.compile(
    r"^(?:[-·●]|\d{1,2}[.、](?!\d)|\([一二三四五六七八九十\d]+\)|[一二三四五六七八九十]+、|第[一二三四五六七八九十]+(?:部分|条)|附件|注:)"
)
_PART = re.compile(r"^第[一二三四五六七八九十]+部分")
_PAGE_NUMBER = re.compile(r"[\s.…·]+(\d{1,3})$")
# Around the row that names the project stand the title and date above, unit and amounts below.
_ROWS_ABOVE, _ROWS_BELOW = 6, 8


@dataclass(frozen=True, slots=True)
class _Pattern:
    mark: str
    section: str | None
    says: re.Pattern[str]
    raw: bool
    one_line: bool


@dataclass(frozen=True, slots=True)
class _Passage:
    """Lines that belong together, folded and joined; ``starts`` are where each of them begins."""

    section: str
    text: str
    starts: tuple[int, ...]
    lines: tuple[Line, ...]

    def locator(self, position: int) -> str:
        return self.lines[bisect_right(self.starts, position) - 1].locator


@dataclass(slots=True)
class _Text:
    """The text of a document outside of its statements, cut into its two sections."""

    body: list[list[Line]] = field(default_factory=lambda: [[]])
    attachments: list[tuple[tuple[str, ...], Line]] = field(default_factory=list)
    titles: list[Line] = field(default_factory=list)


@cache
def _rules() -> tuple[tuple[_Pattern, ...], dict[str, re.Pattern[str]], re.Pattern[str]]:
    raw: dict[str, Any] = load_yaml("marks")
    patterns = tuple(
        _Pattern(
            one["mark"],
            one.get("section"),
            re.compile(one["says"]),
            one.get("raw", False),
            one.get("one_line", False),
        )
        for one in raw["marks"]
    )
    labels = {name: re.compile(pattern) for name, pattern in raw["attachments"].items()}
    return patterns, labels, re.compile(raw["place"])


def text_marks(blocks: Sequence[Block], layout: Layout, unit_name: str | None = None) -> tuple[TextMark, ...]:
    """Every mark of a document whose blocks were cut into ``layout``, in the order of their kinds.

    ``unit_name`` is the document's unit: names that differ from it by one character are marked too.
    """
    text = _outside_statements(blocks, layout)
    passages = [*_body(text), *_attachments(text)]
    found = [*_contents(layout), *_watermarks(blocks), *_parts(text), *_unfinished(passages)]
    found += _by_pattern(passages)
    found += _forms(text)
    found += _similar_names(passages, unit_name) if unit_name else []
    return tuple(found)


def html_remains(data: bytes) -> tuple[TextMark, ...]:
    """The lines of a text file that still hold HTML tags, which reading takes out."""
    marks = []
    for number, line in enumerate(split_lines(decode(data) or ""), 1):
        if "<" in line and strip_tags(line) != line.strip():
            tag = re.search(r"<[^<>]*>", line)
            marks.append(TextMark("网页标记", "全文", None, _short(tag[0] if tag else ""), f"L{number}"))
    return tuple(marks)


def _outside_statements(blocks: Sequence[Block], layout: Layout) -> _Text:
    """The lines and rows that are in no statement and not in the contents, in their order."""
    taken = {line.locator for line in layout.contents}
    for region in layout.regions:
        taken.update(region.locators())
    text = _Text()
    inside = False
    for block in blocks:
        if isinstance(block, Grid):
            place = row_place(block.rows[0][0].locator)
            if inside and place not in taken:
                text.attachments += [_row(row) for row in block.rows]
            text.body.append([])
            continue
        folded = fold(block.text)
        if block.locator in taken or wording().toc.search(folded):
            inside = inside and title_form(block.text) is None
            text.body.append([])
        elif block.furniture or is_watermark(block.text):
            continue
        elif wording().attachment_section.search(folded) or wording().is_attachment_title(folded):
            inside = True
            text.titles.append(block)
            text.attachments.append(((block.text,), block))
        elif inside:
            text.attachments.append(((block.text,), block))
        else:
            text.body[-1].append(block)
    return text


def _row(row: Sequence[Any]) -> tuple[tuple[str, ...], Line]:
    cells = tuple(cell.text for cell in row if cell.text)
    return cells, Line(" ".join(cells), row_place(row[0].locator))


def _body(text: _Text) -> Iterator[_Passage]:
    for stretch in text.body:
        together: list[Line] = []
        for line in stretch:
            if together and not _goes_on(together[-1], line):
                yield _joined("正文", together)
                together = []
            together.append(line)
        if together:
            yield _joined("正文", together)


def _goes_on(line: Line, following: Line) -> bool:
    """Whether a line was wrapped at the page's width, so that the next one goes on with it."""
    folded, after = fold(line.text), fold(following.text)
    if len(folded) < _WRAPPED_FROM or folded[-1] in _SENTENCE_ENDS:
        return False
    return not _STARTS_ANEW.match(after)


def _joined(section: str, lines: Sequence[Line]) -> _Passage:
    texts = [fold(line.text) for line in lines]
    starts = [0]
    for one in texts[:-1]:
        starts.append(starts[-1] + len(one))
    return _Passage(section, "".join(texts), tuple(starts), tuple(lines))


def _attachments(text: _Text) -> Iterator[_Passage]:
    for _, line in text.attachments:
        if line.text:
            yield _joined("附件", [line])


def _contents(layout: Layout) -> Iterator[TextMark]:
    """Each entry of the table of contents: the form or part it names, and its page number."""
    for entry in layout.contents:
        form, part = title_form(entry_key(entry.text)), _PART.match(fold(entry.text))
        value = form.name if form else part[0] if part else None
        title = _PAGE_NUMBER.sub("", entry.text.strip())
        yield TextMark("目录", "目录", value, _short(without_blanks(title)), entry.locator)
        if page := _PAGE_NUMBER.search(entry.text):
            yield TextMark(
                "目录页码",
                "目录",
                page[1],
                _short(form.name if form else without_blanks(title)),
                entry.locator,
            )


def _watermarks(blocks: Sequence[Block]) -> Iterator[TextMark]:
    for block in blocks:
        if isinstance(block, Line) and is_watermark(block.text):
            yield TextMark("水印", "正文", None, _short(block.text), block.locator)


def _parts(text: _Text) -> Iterator[TextMark]:
    """The headings of parts in the body, and the titles of attachments."""
    for stretch in text.body:
        for line in stretch:
            if part := _PART.match(fold(line.text)):
                yield TextMark("部分", "正文", part[0], _short(without_blanks(line.text)), line.locator)
    for line in text.titles:
        yield TextMark("附件标题", "附件", None, _short(without_blanks(line.text)), line.locator)


def _unfinished(passages: Sequence[_Passage]) -> Iterator[TextMark]:
    """Paragraphs that break off, and one that ends the document."""
    for passage in passages:
        first = fold(passage.lines[0].text)
        sentence = passage.section == "正文" and _PARTS_OF_SENTENCE.search(passage.text)
        if not sentence or wording().is_heading(first):
            continue
        if len(passage.text) >= _WRAPPED_FROM and passage.text[-1] not in _SENTENCE_ENDS:
            mark = "文末断裂" if passage is passages[-1] else "断句"
            yield TextMark(mark, "正文", None, passage.text[-_CONTEXT:], passage.lines[-1].locator)


def _by_pattern(passages: Sequence[_Passage]) -> Iterator[TextMark]:
    patterns, _, _ = _rules()
    for passage in passages:
        for pattern in patterns:
            if pattern.section not in (None, passage.section):
                continue
            if pattern.raw:
                for line in passage.lines:
                    if match := pattern.says.search(line.text):
                        yield TextMark(pattern.mark, passage.section, None, _short(match[0]), line.locator)
                continue
            for match in pattern.says.finditer(passage.text):
                where = passage.locator(match.start())
                if pattern.one_line and passage.locator(match.end() - 1) != where:
                    continue
                more = _CONTEXT if passage.section == "正文" else 0
                words = passage.text[match.start() : match.end() + more]
                value = next((said for said in match.groupdict().values() if said), None)
                yield TextMark(pattern.mark, passage.section, value, _short(words), where)


def _forms(text: _Text) -> Iterator[TextMark]:
    """Each self-evaluation form of the attachments: its project, whose it is, its amounts, what it lacks."""
    _, labels, _ = _rules()
    rows = text.attachments
    folded = [fold(line.text) for _, line in rows]
    begins = [i for i, (cells, _) in enumerate(rows) if cells and labels["project"].search(fold(cells[0]))]
    for at, i in enumerate(begins):
        cells, line = rows[i]
        after = folded[i : min(i + _ROWS_BELOW, begins[at + 1] if at + 1 < len(begins) else len(rows))]
        before = folded[max(i - _ROWS_ABOVE, begins[at - 1] + 1 if at else 0) : i]
        name = without_blanks(cells[1]) if len(cells) > 1 else ""
        unit = _first(labels["unit"], after) or _first(labels["sealed"], before)
        amounts = next((match for row in after if (match := labels["amounts"].search(row))), None)
        if name and amounts and unit:
            # One self-evaluation form is told from another by all that stands at its head.
            value = "|".join((unit, *amounts.groups()))
            yield TextMark("自评表", "附件", value, _short(name), line.locator)
        if name:
            yield TextMark("项目名", "附件", None, _short(name), line.locator)
        if any(labels["dated"].search(row) for row in before):
            if not unit:
                yield TextMark("附件缺单位", "附件", None, _short(name), line.locator)
            if not any(labels["date"].search(row) for row in (*before, *after)):
                yield TextMark("附件缺日期", "附件", None, _short(name), line.locator)


def _first(pattern: re.Pattern[str], rows: Sequence[str]) -> str | None:
    return next((match["value"] for row in rows if (match := pattern.search(row))), None)


def _similar_names(passages: Sequence[_Passage], unit_name: str) -> Iterator[TextMark]:
    """Words that differ by one character from the unit's name or from the place that it names."""
    _, _, place = _rules()
    name = fold(unit_name).split("(")[0]
    where = place.match(name)
    for wanted in dict.fromkeys((name, where[0] if where else name)):
        if len(wanted) < 6:
            continue
        one_off = re.compile(
            "|".join(
                f"{re.escape(wanted[:i])}[^{re.escape(wanted[i])}\\W\\d]{re.escape(wanted[i + 1 :])}"
                for i in range(len(wanted))
            )
        )
        for passage in passages:
            for match in one_off.finditer(passage.text):
                place_of = passage.locator(match.start())
                yield TextMark("相近名称", passage.section, wanted, _short(match[0]), place_of)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_EXCERPT else text[: _LONGEST_EXCERPT - 1] + "…"
