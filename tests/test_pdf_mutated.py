"""PDFs damaged in every way that leaves them readable: what is published of them is what their pages show.

``python -m tests.benchmarks.mutate_pdf`` does the same with as many files as there is time for.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from pipelines.document import read_document
from pipelines.model import Cell, Grid
from pipelines.readers.glyphs import Glyphs
from pipelines.readers.intact import DAMAGED, MISNAMED, why_not_intact
from pipelines.readers.overprint import overprinted_cells
from pipelines.stitch import continues, same_columns
from tests.benchmarks.mutate_pdf import FORMS, cases, run
from tests.typesetter.corpus import LOOKS, printed
from tests.typesetter.damage_pdf import encrypted
from tests.typesetter.mutations import KINDS, mutant

# Some files of each kind.
FILES, SEED = 4 * len(KINDS), 40_000


@pytest.fixture(scope="module")
def sound() -> bytes:
    return printed("fpdf", 0, LOOKS["plain"], FORMS).data


def test_no_damage_makes_a_wrong_figure_and_no_page_shows_a_figure_that_is_lost_in_silence():
    counts: Counter[str] = Counter()
    found = []
    for case, judged in run(cases(FILES, SEED)):
        if judged is not None:
            counts["right"] += judged.right
            found += [(case.name, f) for f in judged.findings if f.cause.startswith(("wrong", "lost: still"))]
    assert not found, f"{len(found)} figures: {found[:5]}"
    assert counts["right"] > 50 * FILES, "most damage leaves most figures alone"


def test_damage_is_the_same_for_the_same_seed(sound):
    for kind in KINDS:
        assert mutant(kind, sound, 3) == mutant(kind, sound, 3)
        assert mutant(kind, sound, 3).data != sound


# --- each check that holds what damage makes unsure ----------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reason"), [("packed-bytes", DAMAGED), ("packed-cut", DAMAGED), ("to-unicode-digits", MISNAMED)]
)
def test_a_file_that_contradicts_itself_says_why(sound, kind, reason):
    damaged = next(d for seed in range(9) if why_not_intact(d := mutant(kind, sound, seed).data))
    part = read_document(damaged, name="x.pdf")
    assert part.line_items == ()
    assert [issue.reason for issue in part.issues if issue.kind == "failed"] == [reason]


def test_sound_files_contradict_nothing(sound):
    files = [
        printed(printer, 1, LOOKS[look], FORMS).data
        for printer, look in (("typst", "plain"), ("fpdf", "stamp"))
    ]
    for data in (sound, *files, encrypted(sound)):
        assert not why_not_intact(data)


def test_a_stream_without_its_checksum_is_whole(sound):
    end = sound.index(b"endstream", sound.index(b"/FlateDecode"))
    start = sound.rindex(b"stream", 0, end)
    assert not why_not_intact(sound[: end - 5] + sound[end - 1 :])
    assert why_not_intact(sound[: start + 20] + sound[end:]) == DAMAGED


def test_text_over_text_is_seen_and_tight_text_is_not():
    def cells(*lefts: float) -> list[int]:
        boxes = np.array([(x, 0.0, x + 5, 10.0, 9.0) for x in lefts]).reshape(-1, 5)
        codes = np.full(len(lefts), ord("1"), np.uint32)
        return sorted(overprinted_cells(Glyphs(codes, boxes), np.arange(len(lefts))))

    assert cells(0, 5, 10) == []
    assert cells(0, 4, 8) == []
    assert cells(0, 2, 7) == [0, 1]
    assert cells() == []


def test_a_page_with_more_borders_continues_no_table():
    def grid(*edges: float) -> Grid:
        return Grid(((Cell("", "p1/t1/r1c1"),),), edges)

    first = grid(0, 10, 20, 30)
    assert continues(first, grid(0, 11, 30))
    assert not continues(first, grid(0, 10, 15, 20, 30))
    assert continues(grid(), first)
    assert same_columns(first, grid(1, 10, 20, 30))
    assert not same_columns(first, grid(0, 10, 30))
    assert not same_columns(grid(), grid())
