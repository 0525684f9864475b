"""``make bench``: our reading of PDFs against other tools, on the same files, in one run.

Belongs here: the tools side by side, pages a second, share of cells exactly right, peak memory, and the
time from file to facts. Does not belong here: what must hold (that is tested).

Each tool has a process of its own, so that its memory is its own. Rounds go over all tools before the next
one begins and medians are shown, for the machine is rarely quiet: compare the ratios, not the seconds.
Files are the real ones of ``../shared/documents``, where they are, and typeset ones of which every cell is
known: every ruled look in turn from both printers, and those with level rules or none.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

from pipelines.child import Caller, Child, serve

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = ROOT.parent / "shared" / "documents"
DISCLOSURE = SHARED / "pdf" / "上海市普陀区财政局2024年度部门决算.pdf"
# A form of many rows and one of merged headers; all of them would only take longer.
FORMS = ("income_expenditure_summary", "expenditure")
SEED = 2
UNRULED = ("horizontal", "no-rules")
NO_TEXT = ("no-to-unicode", "scanned")

Texts = list[list[str]]
Found = Mapping[int, Sequence[Texts]]


# --- the tools -------------------------------------------------------------------------------


def pdfium(path: Path) -> tuple[int, Found]:
    """Load every page and read its text: nothing over pdfium can be faster."""
    import ctypes

    import pypdfium2.raw as raw

    from pipelines.readers.pdfium import open_pdf

    with open_pdf(path.read_bytes()) as document:
        count = raw.FPDF_GetPageCount(document)
        for index in range(count):
            page = raw.FPDF_LoadPage(document, index)
            text = raw.FPDFText_LoadPage(page)
            length = raw.FPDFText_CountChars(text)
            raw.FPDFText_GetText(text, 0, length, (ctypes.c_ushort * (length + 1))())
            raw.FPDFText_ClosePage(text)
            raw.FPDF_ClosePage(page)
        return count, {}


def pdfium_boxes(path: Path) -> tuple[int, Found]:
    """Load every page, read its text, and ask where each character stands, as any reader of tables must."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path.read_bytes())
    for page in document:
        text = page.get_textpage()
        text.get_text_range()
        for index in range(text.count_chars()):
            text.get_charbox(index, loose=True)
        text.close()
        page.close()
    return len(document), {}


def ours(path: Path) -> tuple[int, Found]:
    """The direct route, text lines included."""
    from pipelines.model import Grid
    from pipelines.readers.pdf import read_pdf

    content = read_pdf(path.read_bytes())
    found: dict[int, list[Texts]] = {}
    for block in content.blocks:
        if isinstance(block, Grid):
            page = int(block.rows[0][0].locator.split("/")[0].removeprefix("p"))
            found.setdefault(page, []).append([[cell.text for cell in row] for row in block.rows])
    return content.pages or 0, found


def camelot_tuned(path: Path) -> tuple[int, Found]:
    """The second route: camelot as we set it, on our clean copy."""
    from pipelines.readers.camelot_route import read_pages

    count = _pages(path)
    found = read_pages(path.read_bytes(), range(1, count + 1))
    return count, {
        page: [[[cell.text for cell in row] for row in grid.rows] for grid in grids]
        for page, grids in found.items()
    }


def camelot_default(path: Path) -> tuple[int, Found]:
    """camelot as it comes."""
    import logging

    from camelot.io import read_pdf

    logging.disable(logging.WARNING)
    found: dict[int, list[Texts]] = {}
    for table in read_pdf(str(path), pages="all", suppress_stdout=True):
        found.setdefault(table.page, []).append(table.df.values.tolist())
    return _pages(path), found


def pdfplumber(path: Path) -> tuple[int, Found]:
    """pdfplumber as it comes."""
    import pdfplumber as library

    with library.open(path) as document:
        found = {
            page.page_number: [
                [[cell or "" for cell in row] for row in table] for table in page.extract_tables()
            ]
            for page in document.pages
        }
        return len(document.pages), found


def facts(path: Path) -> tuple[int, Found]:
    """From the file to statements, line items and issues."""
    from pipelines.document import read_document

    part = read_document(path.read_bytes(), name=path.name)
    return part.document.pages or 0, {}


def _pages(path: Path) -> int:
    import pypdfium2.raw as raw

    from pipelines.readers.pdfium import open_pdf

    with open_pdf(path.read_bytes()) as document:
        return int(raw.FPDF_GetPageCount(document))


TOOLS: Mapping[str, Callable[[Path], tuple[int, Found]]] = {
    "pdfium": pdfium,
    "pdfium_boxes": pdfium_boxes,
    "ours": ours,
    "camelot_tuned": camelot_tuned,
    "pdfplumber": pdfplumber,
    "camelot_default": camelot_default,
    "facts": facts,
}
SHOWN = {
    "pdfium": "pdfium, load + text (the limit)",
    "pdfium_boxes": "pdfium, load + text + boxes from Python",
    "ours": "direct route (ours)",
    "camelot_tuned": "camelot, tuned (second route)",
    "pdfplumber": "pdfplumber",
    "camelot_default": "camelot, defaults",
}
# They say nothing of cells.
BARE = ("pdfium", "pdfium_boxes")
# They take minutes: one round is enough to see it.
SLOW = ("camelot_default", "pdfplumber")


def _answer(caller: Caller) -> None:
    """A tool's process: reads each file that it is told and answers with pages, seconds and grids."""
    tool = TOOLS[sys.argv[2]]
    while True:
        asked, _ = caller.receive()
        started = time.perf_counter()
        try:
            pages, found = tool(Path(asked["path"]))
        except Exception as error:  # a tool that fails on a file has found nothing there
            pages, found = 0, {}
            print(asked["path"], error, file=sys.stderr)
        caller.send({"pages": pages, "seconds": time.perf_counter() - started, "found": found})


# --- the run ---------------------------------------------------------------------------------


@dataclass
class Result:
    """What a tool did on one set of files: seconds of each round, pages, and accuracy of each file."""

    seconds: list[float] = field(default_factory=list)
    pages: int = 0
    accuracy: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Pages a second in the median round."""
        return self.pages / median(self.seconds) if self.seconds and self.pages else 0.0

    def accurate(self, names: Iterable[str]) -> float:
        """Mean share of cells exactly right over the looks of those names."""
        chosen = [value for name, value in self.accuracy.items() if name.split("/")[0] in names]
        return mean(chosen) if chosen else 0.0


class Tool:
    """A tool's process and what it did."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.child = Child("tests.benchmarks.bench_pdf", name)

    def read(self, path: Path) -> tuple[int, float, dict[int, list[Texts]]]:
        """Pages, seconds and grids of a file."""
        self.child.send({"path": str(path)})
        answer, _ = self.child.receive()
        return answer["pages"], answer["seconds"], {int(k): v for k, v in answer["found"].items()}

    def round(self, files: Sequence[Path]) -> Result:
        """Every file once."""
        result = Result(seconds=[0.0])
        for path in files:
            pages, seconds, _ = self.read(path)
            result.pages += pages
            result.seconds[0] += seconds
        return result


def typeset(folder: Path) -> dict[Path, object]:
    """The typeset files with what is true of them: printers in turn, and both where uprights lack."""
    from tests.typesetter.corpus import LOOKS, printed, printers

    made: dict[Path, object] = {}
    for number, (name, look) in enumerate(LOOKS.items()):
        if name in NO_TEXT:
            continue
        able = printers(look)
        for printer in able if name in UNRULED else (able[number % len(able)],):
            pdf = printed(printer, SEED, look, FORMS)
            path = folder / f"{name}.{printer}.pdf"
            path.write_bytes(pdf.data)
            made[path] = pdf.grids
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the fast tools")
    rounds = parser.parse_args().rounds
    real = sorted(SHARED.rglob("*.pdf"))
    with TemporaryDirectory() as folder:
        truth = typeset(Path(folder))
        tools = {name: Tool(name) for name in SHOWN}
        measured = measure(tools, {"real": real, "typeset": list(truth)}, truth, rounds)
        peaks = {name: peak(tool) for name, tool in tools.items()}
        for tool in tools.values():
            tool.child.close()
    show(measured, peaks, len(real))
    if DISCLOSURE.exists():
        show_facts(rounds)


def measure(
    tools: Mapping[str, Tool], sets: Mapping[str, Sequence[Path]], truth: Mapping[Path, object], rounds: int
) -> dict[tuple[str, str], Result]:
    """Results by tool and set. A first pass warms each tool and gives its accuracy; slow ones are timed."""
    from tests.typesetter.corpus import cell_accuracy

    results = {(name, files): Result() for name in tools for files in sets}
    for name, tool in tools.items():
        result, spent = results[name, "typeset"], 0.0
        for path, grids in truth.items():
            pages, seconds, found = tool.read(path)
            result.pages, spent = result.pages + pages, spent + seconds
            if name not in BARE:
                accuracy = cell_accuracy(grids, found)  # type: ignore[arg-type]
                result.accuracy[path.stem.replace(".", "/")] = accuracy
        if name in SLOW:
            result.seconds.append(spent)
        print(f"  {SHOWN[name]}: warm after {spent:.1f} s", file=sys.stderr)
    for turn in range(rounds):
        for (name, files), result in results.items():
            if name not in SLOW or not (turn or result.seconds):
                one = tools[name].round(sets[files])
                result.pages, result.seconds = one.pages, result.seconds + one.seconds
        print(f"  round {turn + 1} of {rounds}", file=sys.stderr)
    return results


def peak(tool: Tool) -> float:
    """The most MiB that a tool's process held."""
    from assets.fanout import memory_mb

    return memory_mb(tool.child.pid)[1]


def show(measured: Mapping[tuple[str, str], Result], peaks: Mapping[str, float], real: int) -> None:
    """The table of tools."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"PDFs on {os.cpu_count()} cores, one process a tool, load {os.getloadavg()[0]:.1f}")
    table.add_column("tool", no_wrap=True)
    pages = {files: measured["pdfium", files].pages for files in ("real", "typeset")}
    for heading in (
        f"{real} real files,\n{pages['real']} pages:\npages/s",
        "of\npdfium",
        f"typeset,\n{pages['typeset']} pages:\npages/s",
        "of\npdfium",
        "cells right\nruled",
        "cells right\nlevel rules",
        "cells right\nno rules",
        "peak\nMiB",
    ):
        table.add_column(heading, justify="right")
    ruled = {name.split("/")[0] for name in measured["ours", "typeset"].accuracy} - set(UNRULED)
    for name, shown in SHOWN.items():
        row = []
        for files in ("real", "typeset"):
            rate, limit = measured[name, files].rate, measured["pdfium", files].rate
            row += [f"{rate:.1f}" if rate else "–", f"{rate / limit:.2f}" if limit else "–"]
        result = measured[name, "typeset"]
        looks = (ruled, UNRULED[:1], UNRULED[1:])
        row += [f"{result.accurate(names):.4f}" if result.accuracy else "" for names in looks]
        table.add_row(shown, *row, f"{peaks[name]:.0f}")
    console = Console(width=120)
    console.print(table)
    if not real:
        console.print("../shared/documents is not beside the project: typeset files only")
    short = {n: a for n, a in measured["ours", "typeset"].accuracy.items() if a < 1}
    for name, accuracy in sorted(short.items(), key=lambda pair: pair[1]):
        console.print(f"  direct route, {name}: {accuracy:.4f} of the cells right")


def show_facts(rounds: int) -> None:
    """From the file to facts, once warm."""
    tool = Tool("facts")
    tool.read(DISCLOSURE)
    runs = [tool.read(DISCLOSURE) for _ in range(max(rounds, 5))]
    seconds = median(run[1] for run in runs)
    print(
        f"{DISCLOSURE.name}: {runs[0][0]} pages from file to facts in {seconds:.3f} s once warm "
        f"(best {min(run[1] for run in runs):.3f} s), peak {peak(tool):.0f} MiB"
    )
    tool.child.close()


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[2] in TOOLS:
        serve(_answer)
    else:
        main()
