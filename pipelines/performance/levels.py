"""The levels of the indicator tree: their labels, and which label belongs under which.

Belongs here: recognising a label of the first or second level, whole or cut off, and the order of the tree.
Does not belong here: rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from pipelines.vocabulary import load_yaml
from pipelines.wording import fold

_DATA = load_yaml("indicators", "performance")
_WEIGHT = re.compile(_DATA["weight"])
_MARGIN = re.compile(_DATA["margin"])
_FIRST: dict[str, dict[str, object]] = _DATA["levels"]
_ALIASES: dict[str, str] = _DATA["first_aliases"]
_SECOND: dict[str, str] = {
    second: first for first, entry in _DATA["levels"].items() for second in entry["second"]
}
ORDER: tuple[str, ...] = tuple(_FIRST)
# A label that is cut off is known from so many signs on, and by so few that it lacks.
_FEWEST_SIGNS = 3
_MOST_LOST = 2


@dataclass(frozen=True, slots=True)
class Label:
    """A label of the tree: its level (0 where only its weight shows that it is one), name and weight."""

    level: int
    name: str | None
    weight: Decimal | None = None


@lru_cache(maxsize=4096)
def label_of(text: str) -> Label | None:
    """The label of the first or second level that a text is, or None.

    A label cut off on its right (``服务对象满意度指``) or lacking a sign or two is known where only one fits.
    """
    folded = fold(text)
    found = _WEIGHT.search(folded)
    weight = Decimal(found["weight"]) if found else None
    bare = _WEIGHT.sub("", folded)
    name = _ALIASES.get(bare, bare)
    if name not in _FIRST and name not in _SECOND:
        name = _mended(bare) or ""
    if name in _FIRST:
        return Label(1, name, weight)
    if name in _SECOND:
        # Only the first level has weights: a weight beside a name of the second is on a damaged label.
        return Label(1, _SECOND[name], weight) if weight is not None else Label(2, name)
    return Label(0, None, weight) if weight is not None else None


def _mended(text: str) -> str | None:
    """The one label that a damaged text was."""
    # 满意度 alone is a name that many indicators have.
    if len(text) < _FEWEST_SIGNS or text == "满意度" or not text.endswith(("指", "标", "满意度")):
        return None
    labels = (*_FIRST, *_SECOND)
    cut_off = [label for label in labels if label.startswith(text)]
    if cut_off:
        return cut_off[0] if len(cut_off) == 1 else None
    lacking = [label for label in labels if 0 < len(label) - len(text) <= _MOST_LOST and _within(text, label)]
    return lacking[0] if len(lacking) == 1 else None


def _within(text: str, label: str) -> bool:
    signs = iter(label)
    return all(sign in signs for sign in text)


def is_margin(text: str) -> bool:
    """Whether a text is the label in the margin of the tree (绩效指标), whole or in part."""
    return bool(fold(text)) and bool(_MARGIN.match(fold(text)))


def first_of(second: str) -> str:
    """The first level that a label of the second stands under."""
    return _SECOND[second]


def group_of(first: str) -> str:
    """What the fields of a first level's score and weight begin with (产出, 效益, 满意度)."""
    return str(_FIRST[first]["group"])


def full_marks(first: str) -> Decimal:
    """The full marks of a first level after the scale that the forms print."""
    return Decimal(str(_FIRST[first]["full"]))
