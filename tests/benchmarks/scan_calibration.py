"""At which confidence a recognised amount is right, and what it is taken for where it is not.

Belongs here: readings of cells against the texts printed in them, before any arithmetic, shown in the shape
of ``pipelines/scans/scans.yml``. Does not belong here: what is published.

Of ``n`` readings without an error the rate of errors is below ``3 / n``, with 95 % confidence: that is what
"no error seen" means, and why a threshold is printed only with its ``n``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.benchmarks.scan_samples import Sample
from tests.scan_checks import plain

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


class Seeing(NamedTuple):
    """All amount cells of a document: those recognised, those lost as empty, grids of another shape."""

    seen: tuple[Seen, ...]
    emptied: tuple[str, ...]
    misshapen: tuple[str, ...]


def see(sample: Sample) -> Seeing:
    """The recognised amount cells of a scan, by the locators of the print."""
    from pipelines.model import Grid
    from pipelines.readers import read

    grids = {
        block.rows[0][0].locator.rpartition("/")[0]: block
        for block in read(sample.path.read_bytes()).blocks
        if isinstance(block, Grid) and block.rows and block.rows[0]
    }
    shapes = {name: (len(grid.rows), len(grid.rows[0])) for name, grid in grids.items()}
    misshapen = tuple(
        f"{sample.name} {name}: {shapes.get(name)}, printed {shape}"
        for name, shape in sample.grids.items()
        if shapes.get(name) != shape
    )
    cells = {
        cell.locator: cell
        for name, grid in grids.items()
        if shapes[name] == sample.grids.get(name)
        for row in grid.rows
        for cell in row
    }
    seen, emptied = [], []
    for locator, text in sample.texts.items():
        cell = cells.get(locator)
        if cell is not None and cell.reading is not None:
            others = tuple(plain(other) for other, _ in cell.reading.others)
            where = f"{sample.name} {locator}"
            seen.append(Seen(where, plain(cell.text), plain(text), cell.reading.confidence, others))
        elif cell is not None and text and not cell.text:
            emptied.append(f"{sample.name} {locator}: printed {text!r}")
    return Seeing(tuple(seen), tuple(emptied), misshapen)


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


def calibrate(qualities: Sequence[str], amounts: int, first: int) -> None:
    """Read every quality's documents and print what follows for confidence."""
    seen: list[Seen] = []
    for quality in qualities:
        done = list(_all(quality, amounts, first))
        own = [one for seeing in done for one in seeing.seen]
        wrong = sum(one.wrong for one in own)
        among = sum(one.true in one.others for one in own if one.wrong)
        sure = threshold(own)
        errors = f"{wrong} wrong, {among} of which have the truth among their other readings"
        print(f"{quality}: {len(own)} amount cells recognised, {errors}")
        if sure:
            print(f"  no wrong amount from {sure[0]:.4f} on ({sure[1]} readings)")
        _tell("empty where something is printed", [place for seeing in done for place in seeing.emptied])
        _tell("another grid", [place for seeing in done for place in seeing.misshapen])
        seen += own
    _show(seen)


def _tell(title: str, places: Sequence[str]) -> None:
    for place in places[:SHOWN]:
        print(f"  {title}: {place}")
    if len(places) > SHOWN:
        print(f"  {title}: … and {len(places) - SHOWN} more")


def _all(quality: str, amounts: int, first: int) -> Iterator[Seeing]:
    from tests.benchmarks.bench_scans import PROCESSES, processes, samples

    with TemporaryDirectory(prefix="juesuan-scans-") as folder, processes(PROCESSES) as pool:
        yield from pool.map(see, list(samples(Path(folder), quality, amounts, first)))


def _show(seen: Sequence[Seen]) -> None:
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
