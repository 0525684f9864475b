"""The running text as passages: lines joined over wraps and page breaks, each under its headings.

Belongs here: folding that can be traced back, joining, headings, the parts that are not read.
Does not belong here: numbers and what they mean.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipelines.model import Line
from pipelines.scans.certainty import is_sure
from pipelines.vocabulary import load_yaml
from pipelines.wording import is_watermark

_DATA = load_yaml("sections", "narrative")
_MARKS = tuple(re.compile(mark) for mark in _DATA["marks"])
_HEADING = re.compile(_DATA["heading"])
_NO_HEADING = re.compile(_DATA["no_heading"])
_SILENT = re.compile(_DATA["silent"])
_ATTACHMENTS = re.compile(_DATA["attachments"])
_SECTIONS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(says)) for name, says in _DATA["sections"].items()
)

# Longer than this is a sentence, not a heading.
_LONGEST_HEADING = 45
# A line that was wrapped, or cut by a page break, is at least so long.
_FEWEST_OF_WRAPPED = 12
# A passage is cut where it grows beyond this: nobody writes so much in one go.
_LONGEST_PASSAGE = 20_000
_ENDS = frozenset("。!?")

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "〞": '"', "〝": '"'})
# Circled and raised digits count and measure: they are no numbers of their own.
_NO_NUMBERS = str.maketrans("", "", "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳²³¹")
_LIST_MARK = re.compile(r"^(?:[-*•·] ?)*(?:\*\* ?)?")
# «1. 2024年» counts; «15. 16%» is a damaged figure.
_LIST_NUMBER = re.compile(r"^(\d{1,2})\.(?= ?(?:[^\d\s]|$|(?:19|20)\d{2} ?年)) ?")
_BLANKS = re.compile(r"[\s\u3000\u200b\ufeff]+")
_BLANK = re.compile(r"(?<![0-9A-Za-z]) | (?![0-9A-Za-z])")
_DIGIT = re.compile(r"\d")
_ITEM = re.compile(r"(?:(?P<first>\d{1,2}(?:、|\.(?!\d)))|(?P<second>\(\d{1,2}\)))")


@dataclass(slots=True)
class Passage:
    """A paragraph as it is read: ``text`` is folded and joined, line ``i`` begins at ``starts[i]`` of it.

    ``headings`` are those above it, without their ordinals; ``section`` is what they make it speak of.
    ``depth`` is 0, 1 for an item (1.) or 2 for an item ((1)) of a list.
    """

    headings: tuple[str, ...]
    section: str | None
    is_heading: bool = False
    lines: list[Line] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)
    size: int = 0
    _digits: dict[int, tuple[list[int], list[int]]] = field(default_factory=dict)

    def add(self, line: Line, folded: str) -> None:
        """Go on with one more line."""
        self.lines.append(line)
        self.starts.append(self.size)
        self.folded.append(folded)
        self.size += len(folded)

    @property
    def text(self) -> str:
        """The whole passage, folded."""
        return "".join(self.folded)

    @property
    def depth(self) -> int:
        """How deep in a list the passage stands, by its first mark."""
        mark = _ITEM.match(self.folded[0])
        return 0 if mark is None else 1 if mark["first"] else 2

    def place(self, position: int) -> int:
        """The line that holds that character of the text."""
        return bisect_right(self.starts, position) - 1

    def unsure(self, start: int, end: int) -> Line | None:
        """The first line of a stretch of the text that was not surely recognised; None if all are."""
        lines = self.lines[self.place(start) : self.place(max(start, end - 1)) + 1]
        return next((line for line in lines if line.reading and not is_sure(line.reading.confidence)), None)

    def printed(self, start: int, end: int) -> str:
        """The characters as printed, where they stand in one line; folded where they run over two.

        Only for a number: digits are neither lost nor made by folding.
        """
        at = self.place(start)
        if self.place(end - 1) != at:
            return self.text[start:end]
        if at not in self._digits:
            self._digits[at] = (_digits(self.folded[at]), _digits(self.lines[at].text))
        folded, line = self._digits[at]
        first = bisect_left(folded, start - self.starts[at])
        last = bisect_left(folded, end - self.starts[at]) - 1
        if len(folded) != len(line) or first > last:
            return self.text[start:end]
        minus = "-" if folded[first] > start - self.starts[at] else ""
        return minus + self.lines[at].text[line[first] : line[last] + 1]

    def sentence(self, start: int, end: int) -> str:
        """The printed words of a stretch of the text, lines joined; whole lines where folding moved them."""
        parts = []
        for at in range(self.place(start), self.place(max(start, end - 1)) + 1):
            line, folded, begin = self.lines[at].text, self.folded[at], self.starts[at]
            a, b = max(start - begin, 0), min(end - begin, len(folded))
            if len(line) != len(folded):
                a, b = _unfolded(line, a), _unfolded(line, b) if b < len(folded) else len(line)
            parts.append(line[a:b])
        return "".join(parts).strip()


def _digits(text: str) -> list[int]:
    """Where the digits stand."""
    return [match.start() for match in _DIGIT.finditer(text)]


def _unfolded(line: str, position: int) -> int:
    """Where the character stands in the line before its blanks and list marks were taken out."""
    seen = 0
    begin = len(line) - len(line.lstrip("-*•· \u3000"))
    for i in range(begin, len(line)):
        if seen >= position and line[i].strip():
            return i
        seen += bool(line[i].strip())
    return len(line)


def fold_line(text: str) -> str:
    """The line with full-width forms made one and without its blanks, but those between two numbers.

    >>> fold_line("- 1. 财政拨款收入 214. 04 万元")
    '1、财政拨款收入214.04万元'
    """
    folded = unicodedata.normalize("NFKC", text.translate(_NO_NUMBERS)).translate(_QUOTES)
    folded = _LIST_MARK.sub("", _BLANKS.sub(" ", folded).strip(), count=1)
    folded = _LIST_NUMBER.sub(r"\1、", folded, count=1)
    return _BLANK.sub("", folded)


def passages(lines: Iterable[Line]) -> tuple[list[Passage], list[Line]]:
    """The passages that are read, in order, and the lines that belong to the paper (page numbers …)."""
    walker = _Walker()
    for line in lines:
        walker.line(line)
    return [passage for passage in walker.passages if passage.lines], walker.furniture


class _Walker:
    def __init__(self) -> None:
        self.passages: list[Passage] = []
        self.furniture: list[Line] = []
        self.headings: list[tuple[int, str]] = []
        self.silent = False
        self.attached = False

    def line(self, line: Line) -> None:
        if line.furniture:
            self.furniture.append(line)
            return
        if is_watermark(line.text):
            return
        folded = fold_line(line.text)
        depth = _heading_depth(folded)
        if depth is not None:
            self._heading(line, folded, depth)
        elif _ATTACHMENTS.match(folded):
            self.attached = True
        elif folded and not self.silent and not self.attached:
            self._running(line, folded)

    def _heading(self, line: Line, folded: str, depth: int) -> None:
        if depth == 0:
            self.attached = False
        title = _MARKS[depth].sub("", folded, count=1).rstrip("。.") if depth < len(_MARKS) else folded
        self.headings = [(d, t) for d, t in self.headings if d < depth] + [(depth, title)]
        self.silent = any(_SILENT.search(title) for _, title in self.headings)
        if not self.silent and not self.attached:
            self._begin(is_heading=True).add(line, folded)

    def _running(self, line: Line, folded: str) -> None:
        last = self.passages[-1] if self.passages else None
        if last is None or last.is_heading or not _goes_on(last, folded):
            last = self._begin()
        last.add(line, folded)

    def _begin(self, *, is_heading: bool = False) -> Passage:
        titles = tuple(title for _, title in self.headings)
        self.passages.append(Passage(titles, _section(titles), is_heading))
        return self.passages[-1]


def _heading_depth(folded: str) -> int | None:
    """The depth of a heading by its mark; None for a line that is none."""
    if len(folded) > _LONGEST_HEADING or not _HEADING.search(folded) or _NO_HEADING.search(folded):
        return 0 if folded.startswith("附件") and _SILENT.fullmatch(folded) else None
    return next((depth for depth, mark in enumerate(_MARKS) if mark.match(folded)), None)


def _section(titles: Sequence[str]) -> str | None:
    """What the innermost heading that says so makes the text speak of."""
    for title in reversed(titles):
        for name, pattern in _SECTIONS:
            if pattern.search(title):
                return name
    return None


def _goes_on(passage: Passage, folded: str) -> bool:
    """Whether the line goes on with the passage: it was wrapped, or a page break cut it."""
    before = passage.folded[-1]
    if passage.size + len(folded) > _LONGEST_PASSAGE or _ITEM.match(folded):
        return False
    if before[-1] in _ENDS or (before[-1] == "." and not before[-2:-1].isdecimal()):
        return False
    return before[-1] in ",、;:" or len(before) >= _FEWEST_OF_WRAPPED
