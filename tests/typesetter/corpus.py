"""The corpus of PDFs: looks by name, disclosures printed in them, and how well any tool read them.

Belongs here: which looks there are, which printer can print them, and the measure of cells.
Does not belong here: printing, and any reader.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import ModuleType

from tests.typesetter import pdf_fpdf, pdf_typst
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.figures import Disclosure
from tests.typesetter.look import Look
from tests.typesetter.manner import Manner
from tests.typesetter.paged import PlacedGrid, PrintedPdf

PRINTERS: Mapping[str, ModuleType] = {"fpdf": pdf_fpdf, "typst": pdf_typst}
TEMPLATES = ("shanxi-yangquan", "liaoning-qianshan", "shanghai-putuo")

LOOKS: Mapping[str, Look] = {
    "plain": Look(),
    "portrait": Look(landscape=False),
    "A3": Look(paper="A3", serif=True),
    "fills": Look(rules="fills"),
    "cells": Look(rules="cells"),
    "double": Look(rules="double"),
    "open-sides": Look(open_sides=True),
    "filled-header": Look(filled_header=True),
    "fake-bold": Look(fake_bold=True),
    "odd-spacing": Look(odd_spacing=True),
    "wrapped-names": Look(wrapped_names=True),
    "repeated-header": Look(repeat_header=True, landscape=True),
    "last-row-alone": Look(last_row_alone=True),
    "empty-row": Look(empty_row=True),
    "oblique-watermark": Look(watermark="oblique"),
    "oblique-watermark-over": Look(watermark="oblique", watermark_over=True),
    "upright-watermark": Look(watermark="upright"),
    "stamp": Look(stamp=True),
    "rotate-90": Look(rotate=90),
    "rotate-180": Look(rotate=180),
    "rotate-270": Look(rotate=270),
    "turned-90": Look(turned=90),
    "turned-270": Look(turned=270),
    "cropbox": Look(cropbox=True),
    "form-xobject": Look(form_xobject=True),
    "not-embedded": Look(fonts="named"),
    "not-embedded-gbk": Look(fonts="gbk"),
    "not-embedded-turned": Look(fonts="gbk", turned=90, fake_bold=True),
    "worn": Look(rules="fills", watermark="oblique", last_row_alone=True, fake_bold=True, rotate=90),
    "horizontal": Look(rules="horizontal"),
    "no-rules": Look(rules="none"),
    "no-to-unicode": Look(to_unicode=False),
    "scanned": Look(scanned=True),
}


def printers(look: Look) -> tuple[str, ...]:
    """The names of the printers that can print a look."""
    return tuple(n for n in PRINTERS if n != "typst" or look.rules in pdf_typst.RULES)


def disclosure(seed: int, forms: Collection[str] = ()) -> Disclosure:
    """The disclosure of a seed, or those of its statements; its template goes round with the seed."""
    whole = consistent_disclosure(
        seed,
        template_id=TEMPLATES[seed % len(TEMPLATES)],
        general=(4, 9, 2, 14)[seed % 4],
        funds=seed % 3,
        capital=seed % 2,
    )
    if not forms:
        return whole
    return replace(whole, statements=tuple(s for s in whole.statements if s.form in forms))


def printed(printer: str, seed: int, look: Look, forms: Collection[str] = ()) -> PrintedPdf:
    """The disclosure of a seed as a PDF of that printer and look; of some forms only, without contents."""
    manner = Manner(thousands=bool(seed % 2), contents=not forms)
    result: PrintedPdf = PRINTERS[printer].print_pdf(disclosure(seed, forms), manner, look)
    return result


def corpus(looks: Mapping[str, Look], seeds: Iterable[int]) -> Iterator[PrintedPdf]:
    """Every look with every seed from each printer that can do it, named ``look/printer/seed``."""
    for seed in seeds:
        for name, look in looks.items():
            for printer in printers(look):
                yield replace(printed(printer, seed, look), name=f"{name}/{printer}/{seed}")


Texts = Sequence[Sequence[str]]


def cell_accuracy(truth: Iterable[PlacedGrid], found: Mapping[int, Sequence[Texts]]) -> float:
    """Share of the non-empty cells that stand with exactly their text at the same row and column.

    ``found`` holds the grids of each page (from 1); a true grid is compared with the one of its page that
    fits it best. Blanks and line breaks in a text do not count.
    """
    right = total = 0
    for grid in truth:
        total += sum(bool(text) for row in grid.texts for text in row)
        right += max((_hits(grid.texts, other) for other in found.get(grid.page, ())), default=0)
    return right / total if total else 1.0


def _hits(true: Texts, found: Texts) -> int:
    return sum(
        1
        for row, other in zip(true, found, strict=False)
        for text, read in zip(row, other, strict=False)
        if text and _plain(text) == _plain(read)
    )


def _plain(text: str) -> str:
    return re.sub(r"\s", "", text)
