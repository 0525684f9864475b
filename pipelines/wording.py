"""Words as they are compared, and the phrases around tables.

Belongs here: folding of text (full-width forms, blanks, brackets, ordinals) and the patterns of
``forms/wording.yml``. Does not belong here: amounts, and any knowledge of a particular form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from pipelines.vocabulary import Form, forms, load_yaml

# Cells and titles come again and again and are short; a paragraph is not worth keeping.
_CACHED_LENGTH = 120
_BLANKS = re.compile(r"[\s\u3000\u200b\ufeff]+")
_TAGS = re.compile(r"</?[A-Za-z][^<>\t]{0,80}>")
_YEAR_BEFORE = re.compile(r"^\d{4}年(?:度)?")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "〞": '"', "〝": '"'})
_ORDINAL = re.compile(
    r"^(?:-|其中:|[*]+)*(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十\d]+\)|\d{1,2}[.、])*(?:其中:)?"
    r"(?:\([一二三四五六七八九十\d]+\))?"
)


def fold(text: str) -> str:
    """The text without blanks and with full-width forms, brackets and quotes made one."""
    return _fold_short(text) if len(text) <= _CACHED_LENGTH else _fold(text)


@lru_cache(maxsize=65536)
def _fold_short(text: str) -> str:
    return _fold(text)


def _fold(text: str) -> str:
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text)).translate(_QUOTES)


def spaced_fold(text: str) -> str:
    """As :func:`fold`, but blanks stay (as single spaces): for patterns where they matter."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).translate(_QUOTES).strip()


def without_blanks(text: str) -> str:
    """The printed text without its blanks; otherwise as printed."""
    return _BLANKS.sub("", text)


def strip_tags(text: str) -> str:
    """The text without HTML remains (``<td colspan="1">61.3</td>`` → ``61.3``) and outer blanks."""
    return _TAGS.sub("", text).strip() if "<" in text else text.strip()


def joined_code(pieces: Iterable[str]) -> str:
    """One code of what stands in the columns 类, 款 and 项 (201 | 06 | 01, or 201 | 20106 | 2010601)."""
    code = ""
    for piece in map(fold, pieces):
        code = piece if code and piece.startswith(code) else code + piece
    return code


def name_key(text: str) -> str:
    """A row or column name as it is compared: folded, without its ordinal (一、 (一) 1. 其中:)."""
    folded = fold(text)
    return _ORDINAL.sub("", folded, count=1) or folded


@dataclass(frozen=True)
class Wording:
    """The compiled phrases of ``forms/wording.yml``."""

    watermarks: frozenset[str]
    table_number: re.Pattern[str]
    table_number_tail: re.Pattern[str]
    number_beside_title: re.Pattern[str]
    unit: re.Pattern[str]
    money_unit: re.Pattern[str]
    year: re.Pattern[str]
    money_factors: dict[str, int]
    notes: tuple[re.Pattern[str], ...]
    nil: re.Pattern[str]
    nil_condition: re.Pattern[str]
    headings: tuple[re.Pattern[str], ...]
    toc: re.Pattern[str]
    attachments: tuple[re.Pattern[str], ...]
    attachment_section: re.Pattern[str]
    part: re.Pattern[str]
    structural: frozenset[str]
    column_numbers: frozenset[str]
    total: frozenset[str]
    closed: re.Pattern[str]

    def is_note(self, folded: str) -> bool:
        """Whether a line is one of the notes that end a table."""
        return any(p.search(folded) for p in self.notes)

    def is_heading(self, folded: str) -> bool:
        """Whether a line is a heading of the document's text, which ends a table's region."""
        return any(p.search(folded) for p in self.headings)

    def is_attachment_title(self, folded: str) -> bool:
        """Whether a line is the title of a performance attachment."""
        return len(folded) < 60 and any(p.search(folded) for p in self.attachments)

    def opens_part(self, folded: str) -> bool:
        """Whether a line opens one of the disclosure's own parts, which ends attachments."""
        return len(folded) < 60 and bool(self.part.search(folded))

    def declares_nil(self, folded: str) -> bool:
        """Whether a note says that the table has nothing to show (and not only what if)."""
        return bool(self.nil.search(folded)) and not self.nil_condition.search(folded)


@cache
def wording() -> Wording:
    """The phrases around tables, compiled once."""
    raw = load_yaml("wording")
    label = raw["unit_label"]
    money = raw["money_unit"]
    return Wording(
        watermarks=frozenset(fold(w) for w in raw["watermarks"]),
        table_number=re.compile(raw["table_number"]),
        table_number_tail=re.compile(raw["table_number_tail"]),
        number_beside_title=re.compile(raw["number_beside_title"]),
        unit=re.compile(
            rf"(?<!金额){label}\s*:\s*(?P<unit>(?!\s*(?:万元|亿元|千元|元)).*?)\s*(?=\d{{4}}\s*年|{money}|$)"
        ),
        money_unit=re.compile(money),
        year=re.compile(raw["year"]),
        money_factors=dict(raw["money_factors"]),
        notes=tuple(re.compile(p) for p in raw["notes"]),
        nil=re.compile(raw["nil"]),
        nil_condition=re.compile(raw["nil_condition"]),
        headings=tuple(re.compile(p) for p in raw["headings"]),
        toc=re.compile(raw["toc"]),
        attachments=tuple(re.compile(p) for p in raw["attachments"]),
        attachment_section=re.compile(raw["attachment_section"]),
        part=re.compile(raw["part"]),
        structural=frozenset(fold(w) for w in raw["structural"]),
        column_numbers=frozenset(fold(w) for w in raw["column_numbers"]),
        total=frozenset(raw["total"]),
        closed=re.compile(raw["closed"]),
    )


@cache
def titles() -> dict[str, Form]:
    """Every title of every form, folded, with its form."""
    return {fold(title): form for form in forms().values() for title in form.titles}


def is_watermark(text: str) -> bool:
    """Whether a line is nothing but one of the known watermarks."""
    return len(text) <= _CACHED_LENGTH and fold(text) in wording().watermarks


def title_form(text: str) -> Form | None:
    """The form whose title this line is, or None.

    An ordinal, a year or the table's number beside the title do not matter; any other word does.
    """
    if len(text) > _CACHED_LENGTH:
        return None
    return titles().get(_YEAR_BEFORE.sub("", wording().number_beside_title.sub("", name_key(text))))


@cache
def measure_names(form: Form) -> dict[str, tuple[str, ...]]:
    """Folded header words of a form, each with the measures that it may name."""
    names: dict[str, tuple[str, ...]] = {}
    for measure in form.measures:
        for word in (measure.name, *measure.aliases):
            key = name_key(word)
            if measure.name not in names.get(key, ()):
                names[key] = (*names.get(key, ()), measure.name)
    return names
