"""Second printings: the same form printed twice in one document, its text taken off differently.

Belongs here: telling a second printing from another project of equal amounts. Does not belong here: filling
what one printing lacks from the other; values are never merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Protocol

from pipelines.performance.records import (
    PerformanceField,
    PerformanceForm,
    PerformanceIndicator,
)
from pipelines.wording import fold

# What must be equal in two printings wherever both have it; these alone would merge different projects.
_EQUAL = ("family", "implementing_unit", "budget_amount", "received_amount", "executed_amount", "total_score",
          "execution_score", "starts_on", "ends_on")  # fmt: skip
_NEEDED = ("project_name", "implementing_unit")
_FIGURES = ("budget_amount", "total_score")
# Measured on seven second printings (names alike from 0.67 on, texts from 0.8) and all pairs of different
# projects of one unit with equal amounts (texts below 0.4).
_ALIKE_NAMES = 0.6
_ALIKE_TEXTS = 0.6
_FREE_TEXTS = frozenset(
    {"项目提供的公共产品和服务的数量", "项目效果", "自评结论", "主要经验做法", "存在问题"}
)


class Reading(Protocol):
    """What is compared: the forms of a document with their fields and indicators."""

    forms: list[PerformanceForm]
    fields: list[PerformanceField]
    indicators: list[PerformanceIndicator]


@dataclass(frozen=True, slots=True)
class _Printing:
    form: PerformanceForm
    pairs: frozenset[str]


def point_to_first(reading: Reading) -> list[PerformanceForm]:
    """The forms, each second printing with the id of the first one in ``duplicate_of``."""
    firsts: list[_Printing] = []
    found = []
    written = _written(reading.fields, reading.indicators)
    for form in reading.forms:
        own = _Printing(form, _pairs(written[form.form_id]))
        first = next((other for other in firsts if _same(other, own)), None)
        if first is None:
            firsts.append(own)
            found.append(form)
        else:
            found.append(replace(form, duplicate_of=first.form.form_id))
    return found


def _written(
    fields: Sequence[PerformanceField], indicators: Sequence[PerformanceIndicator]
) -> defaultdict[str, list[str | None]]:
    """What the office wrote itself, by form."""
    texts: defaultdict[str, list[str | None]] = defaultdict(list)
    for field in fields:
        if field.field in _FREE_TEXTS:
            texts[field.form_id].append(field.text)
    for one in indicators:
        texts[one.form_id] += [one.level3, one.target, one.achieved]
    return texts


def _pairs(texts: Sequence[str | None]) -> frozenset[str]:
    """The pairs of neighbouring characters in some texts."""
    folded = [fold(text) for text in texts if text]
    return frozenset(text[i : i + 2] for text in folded for i in range(len(text) - 1))


def _same(first: _Printing, second: _Printing) -> bool:
    one, other = first.form, second.form
    if any(getattr(one, name) is None and getattr(other, name) is None for name in (*_NEEDED, *_FIGURES)):
        return False
    for name in _EQUAL:
        left, right = getattr(one, name), getattr(other, name)
        if left != right and left is not None and right is not None:
            return False
    names = fold(one.project_name or ""), fold(other.project_name or "")
    if SequenceMatcher(None, names[0], names[1], autojunk=False).ratio() < _ALIKE_NAMES:
        return False
    both, all_pairs = first.pairs & second.pairs, first.pairs | second.pairs
    return bool(all_pairs) and len(both) >= _ALIKE_TEXTS * len(all_pairs)
