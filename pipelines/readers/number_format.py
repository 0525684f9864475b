"""Number formats of spreadsheets: a stored number as its cell shows it, without any float.

Belongs here: the grammar of format codes (sections, digits, thousands, scaling, percent, dates) and the
built-in codes. Does not belong here: cells. A format outside of this grammar shows nothing: its numbers
are not guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache

# Spreadsheets know 15 digits of a number: a stored 197.71000000000001 is their 197.71.
_KNOWN_DIGITS = Context(prec=15, rounding=ROUND_HALF_UP)
_ROOM = Context(prec=60, rounding=ROUND_HALF_UP)
_STORED = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?")
_LARGEST, _SMALLEST = 30, -30

GENERAL = "General"
# Built-in codes by their id, those of a Chinese system where they depend on it.
BUILT_IN = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
    14: "yyyy/m/d", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm",
    27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"', 30: "m/d/yy", 31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"', 33: 'h"时"mm"分"ss"秒"', 36: 'yyyy"年"m"月"',
    37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00",
    41: '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', 42: '_ "¥"* #,##0_ ;_ "¥"* -#,##0_ ;_ "¥"* "-"_ ;_ @_ ',
    43: '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    44: '_ "¥"* #,##0.00_ ;_ "¥"* -#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ',
    49: "@", 50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: 'm"月"d"日"',
    57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|_(?P<blank>.)|\*(?P<fill>.)'
    r"|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]|\[(?P<colour>(?:Black|Blue|Cyan|Green|Magenta|Red|White|Yellow"
    r"|Color ?\d+|黑色|蓝色|青色|绿色|洋红|红色|白色|黄色))\]"
    r"|(?P<general>General|G/通用格式)|(?P<date>[yY]+|[mM]+|[dD]+|[hH]+|[sS]+)"
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<text>@)"
    r"|(?P<plain>[^\[\]A-Za-z/])|(?P<slash>/)",
    re.IGNORECASE,
)
_DATE_LIMIT = 2_958_466


@dataclass(frozen=True, slots=True)
class Shown:
    """What a cell shows of a number; ``whole`` says that it shows every stored digit."""

    text: str
    whole: bool = True


Token = tuple[str, str]


def stored_number(text: str) -> Decimal | None:
    """The number of a cell's stored text to the 15 digits that a spreadsheet knows; None if it is none.

    >>> stored_number("197.71000000000001"), stored_number("1.9771E2"), stored_number("x")
    (Decimal('197.71'), Decimal('197.71'), None)
    """
    if not _STORED.fullmatch(text):
        return None
    value = _KNOWN_DIGITS.create_decimal(text)
    if not value:
        return Decimal(0)
    if not _SMALLEST <= value.adjusted() <= _LARGEST:
        return None
    return Decimal(digits(value))


def digits(value: Decimal) -> str:
    """All digits of a number, no more: ``1500``, ``0.5``."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def show(value: Decimal, code: str, *, from_1904: bool = False) -> Shown | None:
    """A number as a cell of that format shows it, outer blanks removed; None for a format not known here.

    A dash that stands for zero (accounting formats) is shown as ``0``: the number is certain.

    >>> show(Decimal("1234.5"), "#,##0.00").text, show(Decimal("1234.567"), "0.0")
    ('1,234.50', Shown(text='1234.6', whole=False))
    >>> show(Decimal("12"), "# ?/?") is None
    True
    """
    sections = _sections(code)
    if sections is None or len(sections) > 4:
        return None
    if len(sections) > 1 and any(kind == "text" for kind, _ in sections[-1]):
        sections = sections[:-1]  # the section for text says nothing of numbers
    number = 1 if value < 0 and len(sections) > 1 else 2 if value == 0 and len(sections) > 2 else 0
    tokens = sections[number]
    kinds = {kind for kind, _ in tokens}
    if "date" in kinds:
        return _date(value, tokens, from_1904) if value >= 0 else None
    if "slash" in kinds:
        return None
    if kinds & {"general", "text"}:
        return Shown(_around(tokens, digits(abs(value) if number == 1 else value)))
    shown = _number(abs(value), tokens)
    if shown is None:
        return None
    sign = "-" if value < 0 and number == 0 and re.search("[1-9]", shown.text) else ""
    text = (sign + shown.text).strip()
    return Shown("0", True) if value == 0 and text in ("-", "¥-") else Shown(text, shown.whole)


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[tuple[Token, ...], ...] | None:
    """The tokens of each section of a format code; None where a sign in it is not known."""
    sections: list[list[Token]] = [[]]
    at = 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None or match.lastgroup is None:
            return None
        kind, word = match.lastgroup, match[match.lastgroup]
        at = match.end()
        if kind == "plain" and word == ";":
            sections.append([])
        elif kind in ("quoted", "escaped", "currency", "plain"):
            sections[-1].append(("word", word))
        elif kind == "blank":
            sections[-1].append(("word", " "))
        elif kind not in ("fill", "colour"):
            sections[-1].append((kind, word))
    return tuple(tuple(section) for section in sections)


def _around(tokens: tuple[Token, ...], text: str) -> str:
    """The words of a section with ``text`` at the place of General or @."""
    return "".join(text if kind in ("general", "text") else word for kind, word in tokens).strip()


def _number(value: Decimal, tokens: tuple[Token, ...]) -> Shown | None:
    """A number that is not negative under a section of digits; its words alone where it has no digit."""
    if not any(kind == "digit" for kind, _ in tokens):
        if any(kind == "percent" for kind, _ in tokens):
            return None
        return Shown("".join(word for kind, word in tokens if kind == "word"))
    if sum(kind == "point" for kind, _ in tokens) > 1:
        return None
    places = [i for i, (kind, _) in enumerate(tokens) if kind in ("digit", "point")]
    point = next((i for i, (kind, _) in enumerate(tokens) if kind == "point"), len(tokens))
    whole = [i for i, (kind, _) in enumerate(tokens) if kind == "digit" and i < point]
    broken = [i for i, (kind, _) in enumerate(tokens) if kind == "digit" and i > point]
    commas = [i for i, (kind, _) in enumerate(tokens) if kind == "comma"]
    grouped = any(whole and whole[0] < i < whole[-1] for i in commas)
    scale = sum(((not whole or i > whole[-1]) and i < point) or i > places[-1] for i in commas)
    inner = any(kind == "word" and whole[0] < i < whole[-1] for i, (kind, _) in enumerate(tokens) if whole)
    if grouped and inner:
        return None
    percent = sum(kind == "percent" for kind, _ in tokens)
    scaled = value.scaleb(2 * percent - 3 * scale, _ROOM)
    try:
        rounded = scaled.quantize(Decimal(1).scaleb(-len(broken)), context=_ROOM)
    except InvalidOperation:
        return None
    units, _, decimals = f"{rounded:f}".partition(".")
    text = _whole_part(tokens[:point], units.lstrip("0"), grouped=grouped)
    text += _broken_part(tokens[point:], decimals)
    return Shown(text, rounded == scaled)


def _whole_part(tokens: tuple[Token, ...], units: str, *, grouped: bool) -> str:
    """Digits are filled in from the right; those that are left stand at the first place."""
    out: list[str] = []
    left, placed = units, 0
    first = next((i for i, (kind, _) in enumerate(tokens) if kind == "digit"), -1)
    for i in range(len(tokens) - 1, -1, -1):
        kind, word = tokens[i]
        if kind == "digit":
            take = left if i == first else left[-1:]
            left = "" if i == first else left[:-1]
            for digit in reversed(take or {"0": "0", "?": " "}.get(word, "")):
                if grouped and placed and placed % 3 == 0 and digit != " ":
                    out.append(",")
                out.append(digit)
                placed += 1
        elif kind in ("word", "percent"):
            out.append(word)
    return ("" if first >= 0 else units) + "".join(reversed(out))


def _broken_part(tokens: tuple[Token, ...], decimals: str) -> str:
    places = [i for i, (kind, _) in enumerate(tokens) if kind == "digit"]
    shown = list(decimals)
    for number in range(len(places) - 1, -1, -1):
        mark = tokens[places[number]][1]
        if shown[number] != "0" or mark == "0":
            break
        shown[number] = " " if mark == "?" else ""
    by_place = dict(zip(places, shown, strict=True))
    return "".join(
        by_place[i] if kind == "digit" else word
        for i, (kind, word) in enumerate(tokens)
        if kind in ("digit", "point", "word", "percent")
    )


def _date(value: Decimal, tokens: tuple[Token, ...], from_1904: bool) -> Shown | None:
    if value >= _DATE_LIMIT or any(kind not in ("date", "word", "slash", "text") for kind, _ in tokens):
        return None
    # Day 60 of the 1900 calendar is a 29 February that never was.
    base = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 if value >= 60 else 31)
    day = int(value)
    seconds = int(((value - day) * 86_400).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    try:
        moment = base + timedelta(days=day, seconds=seconds)
    except OverflowError:
        return None
    out, before = [], ""
    for i, (kind, word) in enumerate(tokens):
        if kind != "date":
            out.append(word if kind != "text" else "")
            continue
        letters = word.lower()
        after = next((w.lower() for k, w in tokens[i + 1 :] if k == "date"), "")
        part = _date_part(letters, moment, minutes=before[:1] == "h" or after[:1] == "s")
        if part is None:
            return None
        out.append(part)
        before = letters
    return Shown("".join(out).strip())


def _date_part(letters: str, moment: datetime, *, minutes: bool) -> str | None:
    if letters in ("yyyy", "yy"):
        return str(moment.year)[-len(letters) :]
    numbers = {
        "m": moment.minute if minutes else moment.month,
        "d": moment.day,
        "h": moment.hour,
        "s": moment.second,
    }
    if letters[0] not in numbers or len(letters) > 2:
        return None
    return f"{numbers[letters[0]]:0{len(letters)}d}"
