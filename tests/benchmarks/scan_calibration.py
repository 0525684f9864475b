"""At which confidence a recognised amount is right, and what it is taken for where it is not.

Belongs here: readings of cells against the amounts printed there, before any arithmetic, shown in the shape
of ``pipelines/scans/scans.yml``. Does not belong here: what is published.

Of ``n`` readings without an error the rate of errors is below ``3 / n``, with 95 % confidence: that is what
"no error seen" means, and why a threshold is printed only with its ``n``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

BANDS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999)
ENOUGH = 300
SHOWN = 25
# Errors at this confidence and above are told one by one.
TOLD_FROM = 0.9
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")


class Seen(NamedTuple):
    """One cell of amounts as recognised and as printed, both without blanks and separators."""

    where: str
    read: str
    true: str
    confidence: float
    others: tuple[str, ...]

    @property
    def wrong(self) -> bool:
        """Whether the reading is not what was printed."""
        return self.read != self.true

    @property
    def amount(self) -> bool:
        """Whether the reading could be published: what is no amount never is, however sure."""
        return bool(_AMOUNT.fullmatch(self.read))


def threshold(seen: Sequence[Seen]) -> tuple[float, int] | None:
    """The smallest confidence at and above which no publishable reading is wrong, and how many there are."""
    amounts = [one for one in seen if one.amount]
    worst = max((one.confidence for one in amounts if one.wrong), default=-1.0)
    above = [one.confidence for one in amounts if one.confidence > worst]
    return (min(above), len(above)) if len(above) >= ENOUGH else None


def confusions(seen: Iterable[Seen]) -> Counter[tuple[str, str]]:
    """What was read for what, piece by piece of the wrong readings; "" where a piece is missing."""
    found: Counter[tuple[str, str]] = Counter()
    for one in seen:
        if one.wrong:
            pieces = SequenceMatcher(None, one.read, one.true, autojunk=False).get_opcodes()
            for kind, a, b, c, d in pieces:
                if kind != "equal":
                    found[one.read[a:b], one.true[c:d]] += 1
    return found


def show(seen: Sequence[Seen]) -> None:
    """Print how many readings were wrong at which confidence, and what follows for ``scans.yml``."""
    print(f"\n{'confidence':>18} {'readings':>9} {'amounts':>9} {'wrong':>6} {'wrong amounts':>14}")
    for low, high in zip(BANDS, [*BANDS[1:], 1.01], strict=True):
        band = [one for one in seen if low <= one.confidence < high]
        amounts = [one for one in band if one.amount]
        counts = (len(band), len(amounts), sum(o.wrong for o in band), sum(o.wrong for o in amounts))
        print(f"{low:>9} – {min(high, 1):>6} {counts[0]:>9} {counts[1]:>9} {counts[2]:>6} {counts[3]:>14}")
    told = [one for one in seen if one.wrong and one.confidence >= TOLD_FROM]
    for one in sorted(told, key=lambda one: -one.confidence):
        print(f"  {one.where}: {one.read!r} for {one.true!r}, {one.confidence:.4f}, others {one.others}")
    print()
    if sure := threshold(seen):
        print(f"# no error among {sure[1]} readings: below {3 / sure[1]:.5f} of them are wrong (95 %)")
        print(f"certain: {sure[0]:.4f}")
    else:
        print(f"# no confidence has {ENOUGH} readings above it and no error")
    print("confusions:  # read: printed, times seen")
    for (read, true), times in confusions(seen).most_common(SHOWN):
        print(f'  - ["{read}", "{true}"]  # {times}')
