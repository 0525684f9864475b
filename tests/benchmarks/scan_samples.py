"""The scans that ``bench_scans`` reads, with what is true of them.

Belongs here: which documents are scanned, and files made ahead of the reading, so that the reading's time
and memory are its own. Does not belong here: how a scan is worn (``tests.typesetter.scan``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random

from tests.scan_checks import Fact, Place, facts
from tests.typesetter.figures import Disclosure

SHARED = Path(__file__).resolve().parents[3] / "shared" / "documents"
BUREAU = SHARED / "pdf" / "上海市普陀区财政局2024年度部门决算.pdf"
# Typeset documents go round through these, each as offices print before they scan.
SCANNED_LOOKS = ("plain", "portrait", "wrapped-names", "filled-header", "fake-bold", "A3", "repeated-header")
BUREAUS = -1  # in the place of a seed: the bureau's own document
# An amount of this has digits enough to change one of them; amounts are printed to hundredths of 万元.
_WHOLE, _FEN = 1_000, 2
DIGITAL = "digital"  # in the place of a quality: not scanned at all, what the others are measured by


@dataclass(frozen=True)
class Sample:
    """A scan on the disk, the facts printed in it, and the texts of its amount cells by locator.

    ``grids`` are rows and columns of each grid by its locator (``p10/t1``): where a reader sees another
    grid, the locators of its cells mean others.
    """

    name: str
    quality: str
    path: Path
    pages: int
    facts: Mapping[Place, Fact]
    texts: Mapping[str, str]
    grids: Mapping[str, tuple[int, int]]
    amount_pages: Mapping[int, tuple[str, ...]]

    @property
    def amounts(self) -> int:
        """How many amounts are printed."""
        return sum(fact.value is not None for fact in self.facts.values())


@dataclass(frozen=True)
class _Print:
    """A digital PDF before it is scanned, and what is true of it."""

    data: bytes
    facts: Mapping[Place, Fact]
    texts: Mapping[str, str]
    grids: Mapping[str, tuple[int, int]]


def make(folder: Path, quality: str, seed: int) -> Sample:
    """Scan the typeset document of a seed, or the bureau's (``BUREAUS``), in a quality, into the folder."""
    import pypdfium2

    from tests.typesetter.scan import QUALITIES, scanned

    print_ = _bureaus() if seed == BUREAUS else _typeset(seed)
    name = f"{'bureau' if seed == BUREAUS else seed}.{quality}"
    path = folder / f"{name}.pdf"
    data = print_.data if quality == DIGITAL else scanned(print_.data, QUALITIES[quality], abs(seed))
    path.write_bytes(data)
    with pypdfium2.PdfDocument(print_.data) as document:
        pages = len(document)
    by_page: dict[int, list[str]] = {}
    for locator, text in print_.texts.items():
        if any(letter.isdigit() for letter in text):
            by_page.setdefault(int(locator[1 : locator.index("/")]), []).append(text)
    return Sample(
        name,
        quality,
        path,
        pages,
        print_.facts,
        print_.texts,
        print_.grids,
        {page: tuple(texts) for page, texts in by_page.items()},
    )


@cache
def one_page() -> bytes:
    """A disclosure of one small table, of which one page is scanned."""
    from tests.typesetter.corpus import LOOKS, printed
    from tests.typesetter.scan import ScanManner, scanned

    pdf = printed("fpdf", 0, LOOKS["plain"], ("three_public",))
    return scanned(pdf.data, ScanManner(pages=(pdf.grids[0].page,)))


def _typeset(seed: int) -> _Print:
    """A disclosure with many rows; template, printer, look and the writing of amounts go round.

    One in four has a misprint: its sums do not hold, and must not be made to.
    """
    from tests.typesetter.consistent import consistent_disclosure
    from tests.typesetter.corpus import LOOKS, PRINTERS, TEMPLATES
    from tests.typesetter.manner import Manner

    disclosure = consistent_disclosure(
        seed,
        template_id=TEMPLATES[seed % len(TEMPLATES)],
        general=(4, 14, 40)[seed // 2 % 3],
        funds=seed % 3,
        capital=seed % 2,
        zeros=seed % 4 == 0,
    )
    if seed % 4 == 3:
        disclosure = misprinted(disclosure, seed)
    look = SCANNED_LOOKS[seed % len(SCANNED_LOOKS)]
    manner = Manner(
        narrative="none",
        contents=False,
        thousands=bool(seed // 3 % 2),
        # On narrower paper long figures lie over each other, and nobody can read them.
        money_unit="元" if look == "A3" else "万元",
    )
    printer = list(PRINTERS.values())[seed % len(PRINTERS)]
    pdf = printer.print_pdf(disclosure, manner, LOOKS[look])
    texts = {locator: fact.amount_printed for fact, locator in pdf.locators.items()}
    grids = {f"p{g.page}/t{g.table}": (len(g.rows), len(g.rows[0])) for g in pdf.grids if g.rows}
    return _Print(pdf.data, facts(pdf.truth.cells), texts, grids)


def misprinted(disclosure: Disclosure, seed: int) -> Disclosure:
    """The disclosure with another digit in one of its amounts, as offices print them: it stays what it is.

    A reader that lets sums correct what it sees is tempted here.
    """
    random = Random(seed)  # noqa: S311 nothing is secret here
    places = [
        (statement, number, measure)
        for statement in disclosure.statements
        if statement.form != "three_public"  # it counts cars, too
        for number, row in enumerate(statement.rows)
        for measure, amount in row.amounts.items()
        if amount >= _WHOLE
    ]
    statement, number, measure = random.choice(places)
    row = statement.rows[number]
    digits = str(int(row.amounts[measure]))
    place = random.randrange(1, len(digits) - _FEN)
    other = random.choice([digit for digit in "0123456789" if digit != digits[place]])
    amount = Decimal(digits[:place] + other + digits[place + 1 :])
    changed = replace(row, amounts={**row.amounts, measure: amount})
    rows = (*statement.rows[:number], changed, *statement.rows[number + 1 :])
    statements = (replace(s, rows=rows) if s is statement else s for s in disclosure.statements)
    return replace(disclosure, statements=tuple(statements))


def _bureaus() -> _Print:
    """The bureau's real document, of which the digital reading is taken for true."""
    from pipelines.document import read_document
    from pipelines.model import Grid
    from pipelines.readers import read

    data = BUREAU.read_bytes()
    part = read_document(data, name=BUREAU.name)
    texts = {item.cell_id.partition("/")[2]: item.amount_printed for item in part.line_items}
    grids = {
        block.rows[0][0].locator.rpartition("/")[0]: (len(block.rows), len(block.rows[0]))
        for block in read(data).blocks
        if isinstance(block, Grid) and block.rows and block.rows[0]
    }
    return _Print(data, facts(part.line_items), texts, grids)
