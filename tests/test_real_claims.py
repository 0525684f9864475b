"""The narratives of the real disclosures: no number is lost, and claims are what a person reads there.

``claims_truth.csv`` holds every figure of five narratives as read by eye: where it stands, what it is, and
the cell that it speaks of where the document prints one. The sentences stay where they are.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from pipelines.document import read_document
from pipelines.model import Claim, DocumentPart, Line
from pipelines.readers import read
from tests.shared_documents import SHARED, needs_shared, part_of, seed

TRUTH = Path(__file__).parent / "claims_truth.csv"
PUTUO = SHARED / "pdf" / "上海市普陀区财政局2024年度部门决算.pdf"
DOCUMENTS = ("000", "001", "003", "004", "putuo")
# Where the narratives stand, as seen by eye: lines of the texts, pages of the PDF.
PLACES = {
    "000": ((53, 62), (344, 468)),
    "001": ((52, 62), (408, 536)),
    "003": ((37, 48), (407, 525)),
    "004": ((34, 66), (68, 172)),
    "putuo": ((4, 5), (21, 24)),
}


@cache
def part(name: str) -> DocumentPart:
    return part_of(name) if name != "putuo" else read_document(PUTUO.read_bytes(), name=PUTUO.name)


def lines_of(name: str) -> list[Line]:
    """The lines of the narrative, running heads and page numbers left out."""
    content = read((seed(name) if name != "putuo" else PUTUO).read_bytes())
    lines = [block for block in content.blocks if isinstance(block, Line) and not block.furniture]
    places = [(line, int(re.findall(r"\d+", line.locator)[0])) for line in lines]
    return [line for line, at in places if any(first <= at <= last for first, last in PLACES[name])]


def digits(text: str) -> list[str]:
    return re.findall(r"\d+", unicodedata.normalize("NFKC", text))


@needs_shared
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_number_of_a_narrative_is_a_claim_or_ignored_by_a_rule(name: str) -> None:
    found: Counter[str] = Counter()
    for claim in part(name).claims:
        found.update(f"{claim.locator} {run}" for run in digits(claim.value_printed))
    for number in part(name).ignored_numbers:
        assert number.rule
        found.update(f"{number.locator} {run}" for run in digits(number.text))
    told = lines_of(name)
    there = Counter(f"{line.locator} {run}" for line in told for run in digits(line.text))
    assert sum(there.values()) > 100
    assert there - found == Counter(), "numbers of the text that were lost"
    own = {line.locator for line in told}
    surplus = {key: n for key, n in (found - there).items() if key.split(" ")[0] in own}
    # 无此项收支 speaks of two figures with one word, and has no digit.
    assert not surplus, "numbers that the text does not print"


@needs_shared
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_number_is_ignored_only_because_nothing_is_known_of_it(name: str) -> None:
    assert [n for n in part(name).ignored_numbers if n.rule == "没有单位的数"] == []


def test_a_figurative_document_claims_nothing() -> None:
    """Targets of 绩效 are no disclosure: nothing of their text is claimed."""
    if not SHARED.is_dir():
        pytest.skip("the real disclosures are not beside the project")
    assert part_of("002").claims == ()


def _true(name: str) -> list[dict[str, str]]:
    with TRUTH.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["document"] == name]


def _pairs(name: str) -> Iterator[tuple[dict[str, str], Claim | None]]:
    """Each figure read by eye with the claim of its line that has its place there."""
    read_by_line: dict[str, list[Claim]] = {}
    for claim in part(name).claims:
        read_by_line.setdefault(claim.locator, []).append(claim)
    for row in _true(name):
        claims = read_by_line.get(row["locator"], [])
        yield row, claims.pop(0) if claims else None


@needs_shared
@pytest.mark.parametrize("name", DOCUMENTS)
def test_claims_have_the_kind_value_and_unit_that_a_person_reads(name: str) -> None:
    pairs = list(_pairs(name))
    right = sum(
        claim is not None
        and (claim.kind, claim.unit, claim.value) == (row["kind"], row["unit"], Decimal(row["value"]))
        for row, claim in pairs
    )
    assert len(pairs) == len(part(name).claims)
    assert right / len(pairs) >= 0.99


@needs_shared
def test_claims_are_bound_to_the_cell_that_a_person_reads_and_to_no_other() -> None:
    bound = cells = 0
    for name in DOCUMENTS:
        for row, claim in _pairs(name):
            place = (row["form"], row["row"], row["measure"]) if row["form"] else None
            assert claim is not None
            own = (claim.form, claim.item or claim.subject_code, claim.measure) if claim.cell_id else None
            assert own in (None, place), f"{name} {claim.claim_id} is bound to {own}, not {place}"
            cells += place is not None
            bound += place is not None and own == place
    assert cells > 300
    assert bound / cells >= 0.95


@needs_shared
@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_claim_prints_stands_in_its_sentence(name: str) -> None:
    for claim in part(name).claims:
        plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", claim.sentence))
        assert re.sub(r"\s", "", unicodedata.normalize("NFKC", claim.value_printed)) in plain
