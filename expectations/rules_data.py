"""The rules of 勾稽 as data: loading ``rules/*.yml`` and refusing what makes no sense.

Belongs here: what a rule may say. Does not belong here: how one is evaluated (``compare``, the functions
of the register), and any rule.

An entry has ``id``, ``statement`` (the 表述), ``severity`` (E W F O I), ``scope``, and one of

    checks      relations between two sides, or on one: ``left``, ``relation``, ``right``; see ``RELATIONS``.
                A check may hold ``when`` (a condition of ``conditions``), ``severity``, ``templates`` and
                ``years`` of its own; ``over: left`` speaks of the codes or rows of the left side alone.
    function    the name of a function in the register (also beside checks); ``options`` are its parameters
    impossible  why it cannot be evaluated

``templates`` and ``years`` (first, last) bound where it applies, ``silence`` is the note for documents
that a function says nothing of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from expectations.selectors import UNDER, Addend, parse_side
from pipelines.vocabulary import load_yaml, parse_yaml

FAMILIES = ("t", "x", "f", "n", "p", "d")
SEVERITIES = ("E", "W", "F", "O", "I")
# Rules of these scopes speak of performance forms, in whatever document they stand.
OF_PERFORMANCE = ("附件", "附件之间")
# What may be said of two sides, and of the cells of one.
RELATIONS = ("=", "≤", "≥", "空则空")
OF_ONE_SIDE = ("空", "非负")
CONDITIONS = (
    "单户行政单位",
    "单户事业单位",
    "单户行政或参公单位",
    "无非财政资金",
    "表里没有会议费和培训费",
)
# Of which sums a check speaks: those of one side, or of either.
OVER = ("left", "right", "both")
_RULE_KEYS = {"id", "statement", "severity", "scope", "checks", "function", "options", "impossible"}
_BOUNDS = {"templates", "years"}


@dataclass(frozen=True, slots=True)
class Check:
    """One relation of a rule: ``left`` ``relation`` ``right``, as read and as written."""

    left: tuple[Addend, ...]
    relation: str
    right: tuple[Addend, ...]
    written: str
    over: str = "both"
    when: str | None = None
    severity: str | None = None
    templates: tuple[str, ...] = ()
    years: tuple[int, int] | None = None

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms that it speaks of, in the order of their first figure."""
        return tuple(dict.fromkeys(addend.form for addend in (*self.left, *self.right)))


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with ``checks``, a ``function`` or both, or the reason why it is ``impossible``."""

    id: str
    statement: str
    severity: str
    scope: str
    checks: tuple[Check, ...] = ()
    function: str | None = None
    impossible: str | None = None
    silence: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    years: tuple[int, int] | None = None

    @property
    def of_performance(self) -> bool:
        """Whether it is asked of every document with performance forms, be it no 决算."""
        return self.scope in OF_PERFORMANCE


@cache
def load_rules() -> tuple[Rule, ...]:
    """Every rule of the families in their order; ``ValueError`` with a sentence where one makes no sense."""
    found: list[Rule] = []
    for family in FAMILIES:
        file = files("expectations").joinpath(f"rules/{family}.yml")
        if file.is_file():
            found += [read_rule(entry) for entry in parse_yaml(file.read_text("utf-8"))]
    twice = sorted({rule.id for rule in found if sum(rule.id == other.id for other in found) > 1})
    if twice:
        raise ValueError(f"rules with the same id: {', '.join(twice)}")
    return tuple(found)


def read_rule(entry: Mapping[str, Any]) -> Rule:
    """One entry of a rules file; ``ValueError`` with a sentence where it makes no sense."""
    name = entry.get("id", entry)
    unknown = set(entry) - _RULE_KEYS - _BOUNDS - {"silence"}
    if unknown:
        raise ValueError(f"{name}: a rule has no {', '.join(sorted(unknown))}")
    for key in ("id", "statement", "severity", "scope"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise ValueError(f"{name}: a rule needs a {key}")
    if ("impossible" in entry) == ("checks" in entry or "function" in entry):
        raise ValueError(f"{name}: a rule has checks or a function, or a reason why it is impossible")
    _known(name, entry["severity"], SEVERITIES, "severity")
    checks = tuple(read_check(name, raw) for raw in entry.get("checks", ()))
    said = [(check.written, check.when) for check in checks]
    if len(set(said)) < len(said):
        raise ValueError(f"{name}: a check stands there twice")
    return Rule(
        id=entry["id"],
        statement=entry["statement"],
        severity=entry["severity"],
        scope=entry["scope"],
        checks=checks,
        function=entry.get("function"),
        impossible=entry.get("impossible"),
        silence=entry.get("silence"),
        options=entry.get("options", {}),
        templates=_templates(name, entry),
        years=_years(name, entry),
    )


def read_check(name: str, raw: Mapping[str, Any]) -> Check:
    """One check of the rule ``name``; ``ValueError`` with a sentence where it makes no sense."""
    unknown = set(raw) - {"left", "relation", "right", "over", "when", "severity"} - _BOUNDS
    if unknown:
        raise ValueError(f"{name}: a check has no {', '.join(sorted(unknown))}")
    relation = raw.get("relation", "=")
    _known(name, relation, (*RELATIONS, *OF_ONE_SIDE), "relation")
    if (relation in OF_ONE_SIDE) == ("right" in raw):
        raise ValueError(f"{name}: {relation} is said of {'one side' if relation in OF_ONE_SIDE else 'two'}")
    if "when" in raw:
        _known(name, raw["when"], CONDITIONS, "condition")
    if "severity" in raw:
        _known(name, raw["severity"], SEVERITIES, "severity")
    over = raw.get("over", "both")
    _known(name, over, OVER, "side")
    try:
        left = parse_side(raw["left"])
        right = parse_side(raw["right"]) if "right" in raw else ()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if right and (left[0].key, left[0].each_measure) != (right[0].key, right[0].each_measure):
        raise ValueError(f"{name}: {raw['left']} and {raw['right']} are not told apart by the same")
    if right and right[0].rows[0] in UNDER:
        over = "right"  # a code with nothing printed under it is no contradiction
    written = " ".join(str(raw[key]) for key in ("left", "relation", "right") if key in raw)
    return Check(
        left=left,
        relation=relation,
        right=right,
        written=written,
        over=over,
        when=raw.get("when"),
        severity=raw.get("severity"),
        templates=_templates(name, raw),
        years=_years(name, raw),
    )


def _known(name: str, value: Any, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise ValueError(f"{name}: {value} is not a {what} ({', '.join(known)})")


def _templates(name: str, raw: Mapping[str, Any]) -> tuple[str, ...]:
    wanted = tuple(raw.get("templates", ()))
    for template in wanted:
        known = tuple(known["id"] for known in load_yaml("templates"))
        _known(name, template, known, "template")
    return wanted


def _years(name: str, raw: Mapping[str, Any]) -> tuple[int, int] | None:
    if "years" not in raw:
        return None
    years = raw["years"]
    if not isinstance(years, list) or len(years) != 2 or years[0] > years[1]:
        raise ValueError(f"{name}: years are the first and the last")
    return years[0], years[1]
