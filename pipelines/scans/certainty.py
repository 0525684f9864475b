"""How sure the recogniser must be, and what it is used to mistake: the one reader of ``scans.yml``.

Belongs here: those measured figures. Does not belong here: what follows from them for an amount or a code.
Imports nothing heavy.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pipelines.vocabulary import load_yaml

# Ink that nothing could be made of: never taken for a blank cell.
UNREAD = "〓"


def is_sure(confidence: float) -> bool:
    """Whether the recogniser is as sure of a text as it was of none that was wrong."""
    return bool(confidence >= _scans()["certain"])


def confused(character: str) -> str:
    """The digits that may be printed where a character was recognised, by what is usually confused."""
    return str(_scans()["confusions"].get(character, ""))


@cache
def _scans() -> dict[str, Any]:
    found: dict[str, Any] = load_yaml("scans", "scans")
    return found
