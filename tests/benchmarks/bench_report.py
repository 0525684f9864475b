"""``make bench`` for the report: 200 unit-years, 500 findings, half of them on pages of PDFs.

Belongs here: a home of that size, the seconds that its report takes, and how its pages open in Chromium.
Does not belong here: what must be on a page (that is tested).

    python -m tests.benchmarks.bench_report [HOME]

A HOME that is given is made once and used again: its hundred PDFs take some minutes to print and to read.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.model import DocumentPart
from tests.chromium import PROGRAM, chromium
from tests.expectations_examples import frame
from tests.report_site import RULES, finding, item, pdf, read_as, text
from tests.warehouse_fixtures import DAY, keep
from warehouse import lake
from warehouse.build import build
from warehouse.home import Home
from warehouse.report.site import write_report

YEARS = (2021, 2022, 2023, 2024)
UNITS, FINDINGS = 50, 500


def disclosure(number: int, year: int) -> tuple[DocumentPart, bytes]:
    """The document of a unit and a year, read: every other unit prints PDFs."""
    unit = f"示例市第{number:03}服务中心"
    data = (pdf if number % 2 else text)(unit, year)
    return read_as(data, "x"), data


def make(home: Home) -> None:
    """Every document read and kept, findings on the cells of each, published."""
    wanted = [(number, year) for number in range(UNITS) for year in YEARS]
    with ProcessPoolExecutor() as workers:
        made = list(workers.map(disclosure, *zip(*wanted, strict=True)))
    keep(home, *(part for part, _ in made))
    for part, data in made:
        (home.sources / part.document.sha256).write_bytes(data)
    verdicts: dict[int, list[dict[str, Any]]] = {year: [] for year in YEARS}
    for n in range(FINDINGS):
        part = made[n % len(made)][0]
        left, right = item(part, "income", n // len(made)), item(part, "expenditure", n // len(made))
        (_, year) = wanted[n % len(made)]
        verdicts[year].append(finding(n, left, right, fiscal_year=year))
    for year, rows in verdicts.items():
        lake.write_year(home, "reconciliation", year, frame("reconciliation", rows))
    build(home, now=DAY, rules=RULES)


def measured(home: Home, site: Path) -> Iterator[str]:
    """What a report took, and how its pages open."""
    started, before = time.monotonic(), time.process_time()
    told = write_report(home, site)
    wall, cpu = time.monotonic() - started, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    yield told
    yield f"{wall:.1f} s ({cpu:.1f} CPU-s), peak {peak} MiB, {size / 1e6:.1f} MB"
    if PROGRAM is None:
        yield "no Chromium here: pages were not opened"
        return
    pages = sorted(site.glob("*.html"))
    with chromium() as tab:
        seen = [tab.open(page) for page in pages]
    slowest = max(seen, key=lambda one: one.seconds)
    over = sum(one.seconds >= 1 for one in seen)
    errors = sum(len(one.errors) for one in seen)
    yield f"{len(pages)} pages: slowest {slowest.seconds:.2f} s, {over} of 1 s or more, {errors} complaints"


def main() -> None:
    """Make the home where it is not there, and measure."""
    with TemporaryDirectory() as scratch:
        home = Home(Path(sys.argv[1] if len(sys.argv) > 1 else f"{scratch}/home").resolve())
        if not home.warehouse_file.exists():
            make(home.ensure())
        for line in measured(home, Path(scratch) / "site"):
            print(line, flush=True)


if __name__ == "__main__":
    main()
