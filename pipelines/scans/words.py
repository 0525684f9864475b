"""Words of the field in the place of what was recognised badly: titles, heads, items, subjects.

Belongs here: which word an uncertain text can only be. Does not belong here: numbers and codes, which no
dictionary knows, and words that were recognised with certainty.
"""

from __future__ import annotations

from functools import cache

from pipelines.header import head_words
from pipelines.model import Reading
from pipelines.vocabulary import forms, subjects
from pipelines.wording import fold, name_key, titles

# A text less certain than this may be another one.
_UNCERTAIN = 0.97
# So many characters of a word may be wrong: of two one that was put in, for 财务 is as near to 服务 as to
# itself; of three or more one, of seven or more two.
_FEWEST, _LONG = 2, 7
# A longer text may hold one digit that is none of the word.
_WITH_DIGIT = 5
_CONTENTS = "目录"


def in_words(text: str, reading: Reading) -> tuple[str, Reading]:
    """The text as the one word of the field that it can only be, and its reading with what was seen.

    Certain texts, those with digits (but for a speck beside a long word), and those that may be several
    words or none stay as they are.
    """
    key = name_key(text)
    digits = sum(c.isdigit() for c in key)
    if reading.confidence >= _UNCERTAIN or len(key) < _FEWEST or digits > (len(key) > _WITH_DIGIT):
        return text, reading
    if key in _words():
        return text, reading
    told = {name_key(other) for other, _ in reading.others} & _words()
    fitting = told or (_near(key) if len(key) > _FEWEST else _words() & set(key))
    if len(fitting) != 1:
        return text, reading
    (word,) = fitting
    folded = fold(text)
    before = folded[: len(folded) - len(key)]
    return before + word, reading._replace(seen=text)


@cache
def _words() -> frozenset[str]:
    words = {_CONTENTS, *titles(), *head_words()}
    for form in forms().values():
        words |= {name_key(name) for item in form.items for name in (item.name, item.printed, *item.aliases)}
        words |= {name_key(word) for word in (*form.totals, *form.notes)}
    for listed in (subjects("functional"), subjects("economic")):
        words |= {name_key(subject.name) for names in listed.values() for subject in names}
    return frozenset(words)


@cache
def _by_length() -> dict[int, tuple[str, ...]]:
    lengths: dict[int, list[str]] = {}
    for word in sorted(_words()):
        lengths.setdefault(len(word), []).append(word)
    return {length: tuple(words) for length, words in lengths.items()}


def _near(key: str) -> set[str]:
    """The words nearest to a text, within the characters that may be wrong."""
    for most in range(1, 3 if len(key) >= _LONG else 2):
        lengths = range(len(key) - most, len(key) + most + 1)
        found = {
            word for length in lengths for word in _by_length().get(length, ()) if _apart(key, word, most)
        }
        if found:
            return found
    return set()


def _apart(one: str, other: str, most: int) -> bool:
    """Whether so many insertions, losses and changes of characters at most make one text the other."""
    if one == other:
        return True
    if not most:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    one, other = one[start:], other[start:]
    return any(_apart(a, b, most - 1) for a, b in ((one[1:], other[1:]), (one[1:], other), (one, other[1:])))
