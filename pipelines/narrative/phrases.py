"""What is said before a number: kind, direction, period, the name of what it speaks of.

Belongs here: the small grammar of ``phrases.yml``, applied to a few words at a time. Does not belong
here: which name is known, and which cell it means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pipelines.model import ClaimKind, Direction
from pipelines.narrative.numbers import Number
from pipelines.vocabulary import load_yaml

_DATA = load_yaml("phrases", "narrative")
_VERBS: dict[str, Direction] = {verb: way for way, verbs in _DATA["change"].items() for verb in verbs}
_VERB = "|".join(_VERBS)
_CHANGE = re.compile(rf"(?P<verb>{_VERB})(?:\((?P<other>{_VERB})\))?{_DATA['change_tail']}$")
_SHARE = re.compile(_DATA["share"])
_SHARE_WORDS = re.compile(_DATA["share_words"])
_COMPLETION = re.compile(_DATA["completion"])
_TAILS = tuple((re.compile(f"(?:{tail['says']})$"), tail.get("period")) for tail in _DATA["tails"])
_COMPARISON = re.compile(_DATA["comparison"])
_BASES = {period: re.compile(says) for period, says in _DATA["comparison_base"].items()}
_HEADS = re.compile(_DATA["heads"])
_YEAR_HEAD = re.compile(_DATA["year_head"])
_REMARK = re.compile(_DATA["remark"])

THIS_YEAR = "本年"
LAST_YEAR = "上年"
BUDGET = "预算"
BUDGETS = ("年初预算", "全年预算", "调整预算", BUDGET)

# So many characters before a number say what it is; a name longer than that is known nowhere.
_LOOK_BACK = 160


@dataclass(frozen=True, slots=True)
class Said:
    """What the words before a number say. ``key`` is what is left of them: the name, or nothing.

    ``base`` is what they compare with; ``whole`` the words for what a share is taken of («占…的»), or ""
    where they only say that it is one. ``counts`` says that things are counted, and not money.
    """

    key: str
    kind: ClaimKind = "金额"
    direction: Direction | None = None
    period: str | None = None
    base: str | None = None
    whole: str = ""
    counts: bool = False


def hear(words: str, number: Number | None, unit_name: str, year: int | None) -> Said:
    """Understand the words before a number, or those that name something without one.

    >>> hear("较上年决算减少", None, "", 2024).base
    '上年'
    """
    words, base = compared(words[-_LOOK_BACK:])
    counts = number is not None and number.kind == "count"
    said = Said(words, "数量" if counts else "金额", base=base, counts=counts)
    if number and number.kind == "share":
        said = _rate(said)
    elif change := _CHANGE.search(words):
        said = replace(_changed(said, change), kind="增减额")
    return named(said, unit_name, year)


def compared(words: str) -> tuple[str, str | None]:
    """The words without a comparison (与上年相比), and what is compared with."""
    match = _COMPARISON.search(words)
    if match is None:
        return words, None
    base = next((period for period, pattern in _BASES.items() if pattern.match(match["base"])), LAST_YEAR)
    base = LAST_YEAR if match["base"][:1].isdecimal() else base
    return words[: match.start()] + words[match.end() :], base


def _rate(said: Said) -> Said:
    words = said.key
    if done := _COMPLETION.search(words):
        budget = done["budget"] or BUDGET
        period = next((one for one in BUDGETS if budget.endswith(one)), BUDGET)
        return replace(said, key=words[: done.start()], kind="完成率", period=period)
    if change := _CHANGE.search(words):
        return replace(_changed(said, change), kind="增减率")
    if share := _SHARE.search(words):
        return replace(said, key=words[: share.start()], kind="占比", whole=share["whole"])
    if share := _SHARE_WORDS.search(words):
        return replace(said, key=words[: share.start()], kind="占比")
    return replace(said, kind="占比")


def _changed(said: Said, change: re.Match[str]) -> Said:
    """«增加(减少)» left both words standing: nobody knows which."""
    way = _VERBS[change["verb"]]
    open_choice = change["other"] is not None and _VERBS[change["other"]] != way
    return replace(said, key=said.key[: change.start()], direction=None if open_choice else way)


def named(said: Said, unit_name: str, year: int | None) -> Said:
    """The same with the key bared of all that is not the name: year, office, 支出决算 …"""
    key, period = said.key, said.period
    while True:
        before = key
        for tail, means in _TAILS:
            if match := tail.search(key):
                key = key[: match.start()]
                period = period or means
        key = _REMARK.sub("", key)
        if key == before:
            break
    while True:
        before = key
        if (printed := _YEAR_HEAD.match(key)) and year is not None and int(printed["year"]) != year:
            period = period or (LAST_YEAR if int(printed["year"]) == year - 1 else printed[0])
        key = _HEADS.sub("", key, count=1)
        if unit_name:
            key = key.removeprefix(unit_name)
        if key == before:
            return replace(said, key=key, period=period)
