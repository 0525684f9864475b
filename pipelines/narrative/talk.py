"""What carries over from clause to clause of a passage: what is spoken of, and against what.

Belongs here: that memory and when it ends. Does not belong here: what fills it (``reading``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.narrative.objects import Subject
from pipelines.narrative.phrases import BUDGET


@dataclass(slots=True)
class Talk:
    """What carries over from clause to clause of a passage."""

    subject: Subject | None = None
    budget: str = BUDGET
    base: str | None = None
    # reason, purpose, plain (nothing here stands in a statement) or part (it speaks of a part of the office).
    zone: str | None = None
    when: str | None = None
    spoken: set[str] = field(default_factory=set)

    def sentence_ends(self) -> None:
        """After 。 or ; what was one of several is spoken of no longer."""
        if len(self.spoken) > 1:
            self.subject = None
        self.spoken.clear()
        self.base = None
        self.when = None
