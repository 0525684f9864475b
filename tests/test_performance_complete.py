"""Every cell of every form of the real documents is accounted for, and its print is what stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

import pytest

from pipelines.document import read_document
from pipelines.locators import row_place
from pipelines.model import Block
from pipelines.performance.cut import cut_blocks, said
from pipelines.performance.signatures import MASK
from pipelines.readers import read, text_at
from pipelines.regions import cut
from tests.shared_documents import needs_shared, part_of, seed, seed_numbers

pytestmark = needs_shared

_FORMS = {
    "000": {"A": 1},
    "001": {"A": 47, "B": 6},
    "002": {"F": 2},
    "003": {"A": 6, "C": 1},
    "004": {"D": 2, "E": 2},
}


def _blocks(number: str) -> Sequence[Block]:
    """Where the forms of a seed stand, without the reader of forms."""
    blocks = read(seed(number).read_bytes()).blocks
    return blocks if number == "002" else cut(blocks).attachments


@pytest.mark.parametrize("number", seed_numbers())
def test_every_form_is_found_and_of_its_family(number: str) -> None:
    forms = part_of(number).performance_forms
    assert Counter(form.family for form in forms) == _FORMS[number]
    assert not cut_blocks(_blocks(number)).unknown
    assert [form.seq for form in forms] == list(range(1, len(forms) + 1))
    assert len({form.form_id for form in forms}) == len(forms)


def test_one_form_has_no_head_and_seven_are_second_printings() -> None:
    forms = part_of("001").performance_forms
    assert [form.locator for form in forms if form.state == "无头"] == ["L1921"]
    again = {form.locator: (form.duplicate_of or "").split("/")[1] for form in forms if form.duplicate_of}
    assert again == {
        "L2516": "L2144", "L2556": "L2184", "L2597": "L2225", "L2639": "L2267", "L2680": "L2308",
        "L2718": "L2346", "L2760": "L2474",
    }  # fmt: skip


@pytest.mark.parametrize("number", seed_numbers())
def test_every_cell_of_every_form_has_a_role(number: str) -> None:
    part = part_of(number)
    document = part.document.document_id
    roles = Counter(role.cell_id for role in part.cells)
    assert not [cell_id for cell_id, count in roles.items() if count > 1]
    lost = []
    for form in cut_blocks(_blocks(number)).forms:
        cells = [cell for row in form.rows for cell in said(row)]
        places = [cell.locator for cell in cells] + [line.locator for line in (*form.above, *form.noise)]
        lost += [place for place in places if f"{document}/{place}" not in roles]
    assert not lost


@pytest.mark.parametrize("number", seed_numbers())
def test_between_the_first_and_the_last_form_every_line_is_a_forms(number: str) -> None:
    """Forms follow each other without a gap: what is printed between them belongs to one of them."""
    document = cut_blocks(_blocks(number))
    places = {row_place(cell.locator) for form in document.forms for row in form.rows for cell in row}
    lines = [line for form in document.forms for line in (*form.above, *form.noise, form.title) if line]
    places |= {row_place(line.locator) for line in lines}
    first, last = document.forms[0].locator, document.forms[-1].locator_end
    data = seed(number).read_bytes()
    between = range(int(row_place(first)[1:]), int(last[1:]) + 1)
    assert {f"L{n}" for n in between if text_at(data, f"L{n}").strip()} <= places


@pytest.mark.parametrize("number", seed_numbers())
def test_every_print_stands_at_its_place_unless_it_is_a_persons(number: str) -> None:
    part, data = part_of(number), seed(number).read_bytes()
    prints = [(role.cell_id, role.text) for role in part.cells if role.role != "person"]
    prints += [(one.cell_id, one.printed) for one in part.performance_fields if one.status != "blank"]
    for fund in part.performance_funding:
        for column in ("budget", "received", "executed", "rate"):
            cell, printed = getattr(fund, f"{column}_cell"), getattr(fund, f"{column}_printed")
            prints += [(cell, printed)] if cell else []
    wrong = [
        (cell_id, printed)
        for cell_id, printed in prints
        if text_at(data, cell_id.partition("/")[2]) != printed and MASK not in printed
    ]
    assert prints
    assert not wrong


@pytest.mark.parametrize("number", seed_numbers())
def test_persons_stand_in_their_table_alone(number: str) -> None:
    part = part_of(number)
    names = {one.text for one in part.persons}
    kept: list[Any] = [
        *part.performance_forms,
        *part.performance_fields,
        *part.performance_funding,
        *part.cells,
    ]
    kept += [*part.performance_indicators, *part.performance_tasks]
    texts = [value for record in kept for value in astuple(record)]
    said_elsewhere = {name for name in names if any(name in text for text in texts if isinstance(text, str))}
    assert not said_elsewhere


@pytest.mark.parametrize("number", seed_numbers())
def test_what_is_held_says_why_and_has_an_issue(number: str) -> None:
    part = part_of(number)
    rows: list[Any] = [*part.performance_fields, *part.performance_funding]
    held = [one for one in rows if one.status == "held"]
    assert all(one.reason for one in held)
    assert bool(held) <= any((issue.kind, issue.stage) == ("held", "规整") for issue in part.issues)
    for form in part.performance_forms:
        own = {
            one.field
            for one in part.performance_fields
            if (one.form_id, one.status) == (form.form_id, "held")
        }
        assert all(name in (form.note or "") for name in own)


def test_an_attachment_of_no_family_is_held_and_counted() -> None:
    text = (
        "某局2024年度部门决算\n\n第五部分 附件\n\n附件1\n\n设备购置明细表\n\n序号\t设备\t数量\n1\t显微镜\t3\n"
    )
    part = read_document(text.encode(), name="a.txt")
    assert [issue.locator for issue in part.issues if issue.object == "附件表格"] == ["L9"]
    assert not part.performance_forms
