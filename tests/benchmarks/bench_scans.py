"""Scans against what was printed: ``python -m tests.benchmarks.bench_scans``.

Belongs here: the run over qualities, the table of what became of the amounts, pages a second, and peak
memory. Does not belong here: making scans (``scan_samples``), judging one (``tests.scan_checks``), what
confidence is worth (``scan_calibration``, shown at the end), other tools (``scan_tools``).

Each quality is a number of amounts of typeset documents and the bureau's real one, where it lies beside the
project. They are read as the product reads them, one document after the other in each of two processes.
``--amounts 4200`` is the full campaign: 50,000 amounts over all qualities.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import scan_calibration
from tests.benchmarks.scan_calibration import Seen
from tests.benchmarks.scan_samples import BUREAU, BUREAUS, DIGITAL, Sample, make, one_page
from tests.scan_checks import Mistake, Verdict, judge
from tests.typesetter.scan import QUALITIES

PROCESSES = 2
# As a worker of the product has it: cores are shared out by documents.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
SHOWN_MISTAKES = 40


@dataclass(frozen=True)
class Read:
    """What came of one document, the seconds it took, and the most MiB that its process ever held."""

    verdict: Verdict
    seconds: float
    peak: float


def read(sample: Sample) -> Read:
    """Read a scan the product's own way, and judge it."""
    from assets.fanout import memory_mb
    from assets.recipe import READER, resolve, settled

    data = sample.path.read_bytes()
    started = time.perf_counter()
    part = settled(resolve(READER)(data, name=sample.path.name))
    seconds = time.perf_counter() - started
    return Read(judge(sample.name, sample.facts, part), seconds, memory_mb(os.getpid())[1])


def warmed(data: bytes) -> None:
    """Read a small scan, so that everything that reading needs is loaded."""
    from assets.recipe import READER, resolve, settled

    settled(resolve(READER)(data, name="一页.pdf"))


def processes(count: int) -> ProcessPoolExecutor:
    """Fresh processes: what this one holds is not counted as theirs."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def samples(folder: Path, quality: str, amounts: int, first: int = 0) -> Iterator[Sample]:
    """Scans in a quality until they hold so many amounts, and the bureau's document where it is there."""
    with processes(PROCESSES) as pool:
        if BUREAU.exists():
            yield pool.submit(make, folder, quality, BUREAUS).result()
        seed, left = first, amounts
        while left > 0:
            made = [pool.submit(make, folder, quality, seed + n) for n in range(PROCESSES)]
            for sample in (one.result() for one in made):
                if left > 0:
                    left -= sample.amounts
                    yield sample
            seed += PROCESSES


@dataclass
class Result:
    """One quality: its documents' verdicts together, their pages, the seconds they took, and peak MiB."""

    fates: Counter[str] = field(default_factory=Counter)
    before: int = 0
    mistakes: list[Mistake] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    pages: int = 0
    seconds: float = 0.0
    peak: float = 0.0

    @property
    def amounts(self) -> int:
        """How many amounts are printed; those published where none is are no part of it."""
        return sum(self.fates.values()) - self.fates["surplus"]

    def share(self, *fates: str) -> float:
        """The share of the amounts with one of those fates."""
        return sum(self.fates[fate] for fate in fates) / self.amounts if self.amounts else 0.0


def measured(files: Sequence[Sample], count: int) -> Result:
    """The files read by so many processes, each of which read a page before time is taken."""
    result = Result()
    with processes(count) as pool:
        for warm in [pool.submit(warmed, one_page()) for _ in range(count)]:
            warm.result()
        started = time.perf_counter()
        for sample, done in zip(files, pool.map(read, files), strict=True):
            result.fates += done.verdict.fates
            result.before += done.verdict.right_before
            result.mistakes += done.verdict.mistakes
            result.seen += done.verdict.seen
            result.pages += sample.pages
            result.peak = max(result.peak, done.peak)
        result.seconds = time.perf_counter() - started
    return result


def campaign(qualities: Sequence[str], amounts: int, first: int) -> dict[str, Result]:
    """Every quality, its files made before and removed after it."""
    results = {}
    for quality in qualities:
        with TemporaryDirectory(prefix="juesuan-scans-") as folder:
            files = list(samples(Path(folder), quality, amounts, first))
            results[quality] = measured(files, PROCESSES)
        result = results[quality]
        wrong, published = result.fates["wrong"] + result.fates["surplus"], result.share("right", "corrected")
        told = f"{result.amounts} amounts, {wrong} wrong, {published:.2%} published, {result.pages} pages"
        print(f"  {quality}: {told} in {result.seconds:.0f} s", file=sys.stderr)
        for one in result.mistakes:
            print(f"    {one}", file=sys.stderr)
    return results


def show(results: dict[str, Result]) -> None:
    """The table of qualities, and the mistakes one by one."""
    from rich.console import Console
    from rich.table import Table

    machine = f"{os.cpu_count()} cores, {PROCESSES} processes, load {os.getloadavg()[0]:.1f}"
    table = Table(title=f"scans on {machine}")
    table.add_column("quality", no_wrap=True)
    headings = ("amounts", "published\nright", "published\nWRONG", "corrected", "held", "missing")
    more = ("read right\nbefore", "right of\npublished", "pages", "pages/s", "peak\nMiB")
    for heading in (*headings, *more):
        table.add_column(heading, justify="right")
    for quality, result in [*results.items(), ("all", _together(results))]:
        published = sum(result.fates[f] for f in ("right", "corrected", "wrong", "surplus"))
        right = result.fates["right"] + result.fates["corrected"]
        table.add_row(
            quality,
            f"{result.amounts:,}",
            f"{result.share('right', 'corrected'):.2%}",
            str(result.fates["wrong"] + result.fates["surplus"]),
            f"{result.share('corrected'):.2%}",
            f"{result.share('held'):.2%}",
            f"{result.share('missing'):.2%}",
            f"{result.before / result.amounts:.4f}" if result.amounts else "",
            f"{right / published:.5f}" if published else "",
            f"{result.pages:,}",
            f"{result.pages / result.seconds:.2f}" if result.seconds else "",
            f"{result.peak:.0f}",
        )
    console = Console(width=140)
    console.print(table)
    for quality, result in results.items():
        for one in result.mistakes[:SHOWN_MISTAKES]:
            where = f"{one.document} {one.locator}".strip()
            sure = "" if one.confidence is None else f", confidence {one.confidence:.4f}"
            about = "/".join(str(part) for part in one.place if part is not None)
            print(f"WRONG {where} {about}: read {one.read!r}, printed {one.true!r}{sure}")
        if len(result.mistakes) > SHOWN_MISTAKES:
            print(f"WRONG … and {len(result.mistakes) - SHOWN_MISTAKES} more in {quality}")
    scan_calibration.show(_together(results).seen)


def _together(results: dict[str, Result]) -> Result:
    whole = Result()
    for result in results.values():
        whole.fates += result.fates
        whole.before += result.before
        whole.seen += result.seen
        whole.pages += result.pages
        whole.seconds += result.seconds
        whole.peak = max(whole.peak, result.peak)
    return whole


def rates(amounts: int) -> None:
    """Pages a second of one process and of two, on the same files of a middling quality.

    Every page of them is scanned; reading and settling are counted, starting and the first page are not.
    """
    with TemporaryDirectory(prefix="juesuan-scans-") as folder:
        files = list(samples(Path(folder), "jpeg60", amounts))
        for count in (1, PROCESSES):
            result = measured(files, count)
            rate = f"{result.pages / result.seconds:.2f} pages/s over {result.pages} scanned pages"
            print(f"{count} process(es): {rate}, peak {result.peak:.0f} MiB, load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Measure and print."""
    known = [DIGITAL, *QUALITIES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--amounts", type=int, default=400, help="typeset amounts in each quality")
    parser.add_argument("--first", type=int, default=0, help="the first seed: other documents")
    parser.add_argument("--qualities", nargs="*", default=known, choices=known)
    parser.add_argument("--rates", action="store_true", help="pages a second of one process and of two")
    parser.add_argument("--against", action="store_true", help="other recognisers on a few pages")
    chosen = parser.parse_args()
    os.environ.update(ONE_THREAD)
    scans = [quality for quality in chosen.qualities if quality != DIGITAL]
    if chosen.against:
        from tests.benchmarks.scan_tools import against

        against(scans)
    elif chosen.rates:
        rates(chosen.amounts)
    else:
        show(campaign(chosen.qualities, chosen.amounts, chosen.first))


if __name__ == "__main__":
    main()
