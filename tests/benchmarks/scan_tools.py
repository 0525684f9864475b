"""Other recognisers on the same scanned pages: rapidocr on full pages, and tesseract where it is installed.

Belongs here: these tools as they come, and the one measure that they share with us. Does not belong here:
what is published of a document, for these tools know no cells.

The measure: which share of the amounts printed on a page stand among the words that a tool read there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.scan_samples import Sample
from tests.scan_checks import plain

PAGES = 6
DPI = 200
_FIGURE = re.compile(r"-?\d[\d,，]*\.\d+|-?\d+")

# A scan, and the page (from 1) that is looked at.
Tool = Callable[[Sample, int], Iterable[str]]


def ours(sample: Sample, page: int) -> Iterator[str]:
    """Our reader, of the whole document."""
    from pipelines.model import Grid
    from pipelines.readers import read

    for block in read(sample.path.read_bytes()).blocks:
        items = [cell for row in block.rows for cell in row] if isinstance(block, Grid) else [block]
        yield from (item.text for item in items if item.locator.startswith(f"p{page}/"))


def rapidocr(sample: Sample, page: int) -> Iterable[str]:
    """rapidocr as it comes: it finds lines on the page and reads them."""
    return _engine()(_picture(sample, page)).txts or ()


def tesseract(sample: Sample, page: int) -> Iterable[str]:
    """tesseract as it comes, with the Chinese of its distribution."""
    import cv2

    done, png = cv2.imencode(".png", _picture(sample, page))
    if not done:
        return ()
    words = ["tesseract", "-", "-", "-l", "chi_sim", "--psm", "6", "--dpi", str(DPI)]
    return subprocess.run(words, input=png.tobytes(), capture_output=True, check=True).stdout.decode().split()


def tools() -> Mapping[str, Tool]:
    """The tools that are installed here."""
    found: dict[str, Tool] = {"ours": ours, "rapidocr, full page": rapidocr}
    if shutil.which("tesseract"):
        languages = subprocess.run(["tesseract", "--list-langs"], capture_output=True, check=True).stdout
        if b"chi_sim" in languages:
            found["tesseract, chi_sim"] = tesseract
    return found


def against(qualities: Sequence[str]) -> None:
    """Each tool on a few pages of each quality: share of amounts read, seconds a page."""
    from tests.benchmarks.bench_scans import samples

    found = tools()
    print(f"{'quality':<16}{'pages':>6}{'amounts':>9}" + "".join(f"{name:>30}" for name in found))
    for quality in qualities:
        with TemporaryDirectory(prefix="juesuan-scans-") as folder:
            chosen = _few_pages(list(samples(Path(folder), quality, 1)))
            amounts = sum(len(sample.amount_pages[page]) for sample, page in chosen)
            shown = "".join(f"{_measure(tool, chosen):>30}" for tool in found.values())
            print(f"{quality:<16}{len(chosen):>6}{amounts:>9}{shown}", flush=True)


def _few_pages(files: Sequence[Sample]) -> list[tuple[Sample, int]]:
    """The pages with most amounts, as many of each document."""
    each = PAGES // len(files)
    return [
        (sample, page)
        for sample in files
        for page in sorted(sample.amount_pages, key=lambda n: -len(sample.amount_pages[n]))[:each]
    ]


def _measure(tool: Tool, chosen: Sequence[tuple[Sample, int]]) -> str:
    right = total = 0
    seconds = 0.0
    for sample, page in chosen:
        started = time.perf_counter()
        words = list(tool(sample, page))
        seconds += time.perf_counter() - started
        true = Counter(map(plain, sample.amount_pages[page]))
        read = Counter(plain(figure) for word in words for figure in _FIGURE.findall(word))
        right += (true & read).total()
        total += true.total()
    pages = sum(sample.pages for sample, _ in chosen) if tool is ours else len(chosen)
    return f"{right / total:.4f}, {seconds / pages:.2f} s/page"


@cache
def _engine() -> Any:
    import logging

    from rapidocr import RapidOCR

    logging.disable(logging.WARNING)
    return RapidOCR()


def _picture(sample: Sample, page: int) -> Any:
    import numpy as np
    import pypdfium2

    with pypdfium2.PdfDocument(sample.path) as document:
        return np.ascontiguousarray(document[page - 1].render(scale=DPI / 72).to_numpy()[..., :3])
