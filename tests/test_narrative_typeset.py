"""Typeset narratives are read back: every claim with its kind, value, unit and cell, and nothing else."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from pipelines.document import read_document
from tests.checks import assert_claims_read, assert_reads_as
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.corpus import LOOKS, PRINTERS
from tests.typesetter.figures import Disclosure
from tests.typesetter.manner import Manner
from tests.typesetter.text import print_text

TEMPLATES = ("shanxi-yangquan", "liaoning-qianshan", "shanghai-putuo")
NATURES = ("行政单位", "参公事业单位", "事业单位")
OUT_OF_ORDER = ("explanations", "tables", "terms", "overview")

MANNERS = {
    "plain": Manner(),
    "separators": Manner(text_separators=True),
    "元": Manner(text_unit="元", text_separators=True),
    "亿元": Manner(text_unit="亿元"),
    "blanks within numbers": Manner(spaced_every=1),
    "full-width digits": Manner(full_width_digits=True),
    "half-width marks": Manner(half_width=True),
    "pages end within sentences": Manner(text_cut_every=1),
    "parts out of order": Manner(parts=OUT_OF_ORDER),
    "statements in 元": Manner(money_unit="元"),
    "no contents": Manner(contents=False),
    "watermark": Manner(watermark="仅供内部审核"),
    "gb18030": Manner(encoding="gb18030", newline="\r\n"),
}


def disclosure(seed: int, template_id: str) -> Disclosure:
    return consistent_disclosure(
        seed,
        template_id=template_id,
        nature=NATURES[seed % 3],
        funds=seed % 3,
        capital=seed % 2,
        zeros=bool(seed % 2),
        digits=(7, 4, 9)[seed % 3],
    )


@pytest.mark.parametrize("template_id", TEMPLATES)
@pytest.mark.parametrize("name", MANNERS)
def test_every_claim_of_a_text_is_read_as_it_was_printed(name: str, template_id: str) -> None:
    manner = replace(MANNERS[name], narrative="full")
    for seed in range(4):
        printed = print_text(disclosure(seed, template_id), manner)
        part = read_document(printed.data, name="x.txt")
        assert len(printed.truth.claims) > 80
        assert_claims_read(printed.truth, part)


def test_a_department_of_two_units_binds_nothing_that_either_may_mean() -> None:
    members = ("示例市综合服务中心本级", "示例市综合服务分中心")
    stacked = consistent_disclosure(5, template_id="liaoning-qianshan", level="部门", members=members)
    printed = print_text(stacked, Manner(narrative="full"))
    assert_claims_read(printed.truth, read_document(printed.data, name="x.txt"))


@pytest.mark.parametrize(("printer", "template_id"), list(itertools.product(PRINTERS, TEMPLATES)))
def test_every_claim_of_a_pdf_is_read_as_it_was_printed(printer: str, template_id: str) -> None:
    manner = Manner(narrative="full", text_separators=True)
    pdf = PRINTERS[printer].print_pdf(disclosure(1, template_id), manner, LOOKS["plain"])
    part = read_document(pdf.data, name="x.pdf")
    assert_claims_read(pdf.truth, part)


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_a_disclosure_without_a_narrative_claims_nothing(template_id: str) -> None:
    printed = print_text(disclosure(2, template_id), Manner(narrative="none"))
    part = read_document(printed.data, name="x.txt")
    assert part.claims == ()
    assert {i.rule for i in part.ignored_numbers} <= {"年份"}


def test_a_statement_that_is_missing_leaves_its_claims_without_a_cell() -> None:
    whole = disclosure(1, "shanxi-yangquan")
    lacking = replace(whole, statements=tuple(s for s in whole.statements if s.form != "expenditure"))
    part = read_document(print_text(lacking, Manner(narrative="full")).data, name="x.txt")
    spent = [c for c in part.claims if c.form == "expenditure"]
    assert spent
    assert all(c.cell_id is None for c in spent)


@pytest.mark.parametrize("template_id", TEMPLATES[:2])
def test_the_full_narrative_does_not_disturb_the_statements(template_id: str) -> None:
    printed = print_text(disclosure(3, template_id), Manner(narrative="full"))
    assert_reads_as(printed.truth, read_document(printed.data, name="x.txt"))
