"""Persons told in running text: 「审核人：某某」, a name beside its telephone number, a number in a sentence.

Belongs here: finding them in any text, whatever cell or line it stands in. Does not belong here:
the fields of a form that are persons' (``head``, ``signatures``), and hiding what was found (``persons``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipelines.performance.signatures import could_be_name, looks_like_person
from pipelines.vocabulary import load_yaml

_DATA = load_yaml("signatures", "performance")["told"]
_HAN = r"[\u3400-\u9fff·]"
# The characters of a short name may stand apart (张 三); what a colon follows is the next label.
_NAME = rf"(?:{_HAN} {{1,3}}{_HAN}|{_HAN}{{2,4}})(?!{_HAN}|\s{{0,4}}[:：])"
_SIGNED = re.compile(
    rf"(?P<label>{_DATA['labels']})[)）]?(?:[(（][^()（）]{{1,6}}[)）])?(?P<mark>\s{{0,4}}[:：]\s{{0,8}}|\s{{1,8}})"
    rf"(?P<names>{_NAME}(?:\s{{0,4}}[、,，]\s{{0,4}}{_NAME}){{0,30}})"
)
_NUMBER = rf"(?<![\d.])(?:{_DATA['number']})(?![\d.]{{0,4}}[\d万亿元])"
_CALLED = re.compile(
    rf"(?P<label>{_DATA['calls']})\s{{0,4}}[:：]?\s{{0,8}}(?P<number>{_DATA['labelled_number']})"
)
_BESIDE = re.compile(
    rf"(?:联系人?|(?<!{_HAN}))(?P<name>{_HAN}{{2,4}})[\s，,（(:：]{{0,4}}(?:{_DATA['calls']})?\s{{0,4}}[:：]?\s{{0,8}}{_NUMBER}"
)
_ALONE = re.compile(_NUMBER)
_BETWEEN = re.compile(r"[、,，]")


class Told(NamedTuple):
    """A name or number of a person in a text: what it is called there, its words, and where they stand."""

    attribute: str
    text: str
    start: int
    end: int


def told_persons(text: str) -> tuple[Told, ...]:
    """The names and numbers that the text tells, in their order; none stands within another."""
    free = 0
    found = []
    for told in sorted(_told(text), key=lambda one: (one.start, -one.end)):
        if told.start >= free:
            found.append(told)
            free = told.end
    return tuple(found)


def _told(text: str) -> Iterator[Told]:
    for match in _SIGNED.finditer(text):
        is_name = could_be_name if match["mark"].strip() else looks_like_person
        start = match.start("names")
        for piece in _BETWEEN.split(match["names"]):
            name = piece.strip()
            if is_name(name):
                at = start + piece.index(name)
                yield Told(match["label"], name, at, at + len(name))
            start += len(piece) + 1
    for match in _CALLED.finditer(text):
        yield Told(match["label"], match["number"], match.start("number"), match.end("number"))
    for match in _BESIDE.finditer(text):
        if looks_like_person(match["name"]):
            yield Told("姓名", match["name"], match.start("name"), match.end("name"))
    for match in _ALONE.finditer(text):
        yield Told("号码", match[0], match.start(), match.end())
