"""How far a step is: what is told to whoever watches, a bar of the command line or nobody.

Belongs here: the shape of that telling. Does not belong here: how it is drawn (``terminal``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

# Called with the stage, how many of how many are done, and the thing that is being done.
Progress = Callable[[str, int, int, str], None]


def silent(stage: str, done: int, total: int, what: str) -> None:
    """Progress that nobody watches."""


def watched(
    stage: str, things: Sequence[T], progress: Progress, name: Callable[[T], str] = str
) -> Iterator[T]:
    """The things one by one, each announced before it is done."""
    for done, thing in enumerate(things):
        progress(stage, done, len(things), name(thing))
        yield thing
    if things:
        progress(stage, len(things), len(things), "")
