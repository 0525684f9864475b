"""The register of rules that are functions: by which name ``rules/*.yml`` asks for them.

Belongs here: the register and what such a function is given and gives. Does not belong here: any rule.

A function looks like this, and is named in the rule's entry by ``function: line_numbers``::

    @rule_function("line_numbers")
    def line_numbers(rule: Rule, year: Year) -> pl.DataFrame:
        ...

It judges all documents of ``year.documents`` at once and gives verdicts: at least the columns
``document_id``, ``conclusion`` and ``subject``, and of the others of ``RECONCILIATION_SCHEMA`` those that
it has something to say in. ``check_id``, ``fiscal_year``, ``rule`` and, where it gives none, ``severity``
are filled in by the engine. A document that it says nothing of gets 不适用 with the note of
``rule.silence``. Its parameters are ``rule.options``.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from expectations.figures import Year
from expectations.rules_data import Rule

RuleFunction = Callable[[Rule, Year], pl.DataFrame]
FUNCTIONS: dict[str, RuleFunction] = {}


def rule_function(name: str) -> Callable[[RuleFunction], RuleFunction]:
    """Enter a function under the name that rules know it by; ``ValueError`` if the name is taken."""

    def enter(function: RuleFunction) -> RuleFunction:
        if name in FUNCTIONS:
            raise ValueError(f"there are two rule functions {name}")
        FUNCTIONS[name] = function
        return function

    return enter
