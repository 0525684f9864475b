"""Properties of the reading: whatever adds up and however it is printed, it is read back exactly; and
where a cut code leaves a choice, it is never read wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.document import read_document
from pipelines.vocabulary import FORM_IDS
from tests.checks import assert_reads_as, assert_sound
from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.figures import StatementFigures
from tests.typesetter.manner import Manner
from tests.typesetter.rows import functional_names
from tests.typesetter.templates import TEMPLATES
from tests.typesetter.text import print_text

# Without shrinking: a failure names seed and manner, which is enough to print the document again.
EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)

UNITS = ("示例市综合服务中心", "示例县教育局", "示例市第一人民医院", "示例市公安局示例分局")
MEMBERS = ("示例市综合服务中心本级", "示例市综合服务分中心")

SISTERS = {"general_budget_expenditure", "government_fund", "state_capital"}

SOME_FORMS = st.frozensets(st.sampled_from(FORM_IDS), max_size=2)


FIGURES = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**20),
        "template_id": st.sampled_from(TEMPLATES),
        "year": st.integers(2023, 2025),
        "unit": st.sampled_from(UNITS),
        "nature": st.sampled_from(("行政单位", "参公事业单位", "事业单位")),
        "parent": st.sampled_from((None, "示例市综合局")),
        "general": st.integers(1, 6),
        "funds": st.integers(0, 2),
        "capital": st.integers(0, 1),
        "other_money": st.booleans(),
        "zeros": st.booleans(),
    }
)
EMPTY = st.frozensets(st.sampled_from(("government_fund", "state_capital", "three_public")))
LEVELS = st.sampled_from((("单位", ()), ("部门", ()), ("部门", MEMBERS)))


def disclosure(
    figures: dict[str, Any], level: str, members: tuple[str, ...], lacking: set[str], nil: set[str]
):
    """A consistent disclosure; some statements are printed empty, some only listed."""
    made = consistent_disclosure(level=level, members=members, **figures)
    kept = (s for s in made.statements if s.form not in lacking)
    return replace(made, statements=tuple(StatementFigures(s.form) if s.form in nil else s for s in kept))


MANNERS = st.builds(
    Manner,
    break_every=st.sampled_from((0, 7, 20, 23)),
    repeat_header=st.booleans(),
    watermark=st.sampled_from(("", "仅供内部审核")),
    spaced_every=st.sampled_from((0, 1, 3)),
    wrapped_every=st.sampled_from((0, 1, 2)),
    wrapped_headers=st.booleans(),
    html_every=st.sampled_from((0, 1, 5)),
    extra_columns=st.sampled_from((0, 1, 3)),
    full_width_digits=st.booleans(),
    half_width=st.booleans(),
    thousands=st.booleans(),
    money_unit=st.sampled_from(("万元", "元")),
    closed_mark=st.sampled_from(("——", "———")),
    total=st.sampled_from((None, "merged", "second", "split")),
    head=st.sampled_from((None, "line", "lines", "tight")),
    split_numbers=st.sampled_from(("no", "line", "blank")),
    nil=st.sampled_from(("declared", "silent")),
    truncated_codes=st.booleans(),
    missing_titles=SOME_FORMS,
    missing_numbers=st.frozensets(st.sampled_from(FORM_IDS)),
    missing_money=SOME_FORMS,
    contents=st.booleans(),
    newline=st.sampled_from(("\n", "\r\n")),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "gb18030")),
)


@EXAMPLES
@given(figures=FIGURES, level=LEVELS, lacking=SOME_FORMS, nil=EMPTY, manner=MANNERS)
def test_what_is_printed_is_read_back_exactly(figures, level, lacking, nil, manner):
    if manner.truncated_codes:  # cut codes are known from their sister statements: those must be there
        lacking, nil = lacking - SISTERS, nil - SISTERS
    printed = print_text(disclosure(figures, *level, lacking, nil), manner)
    part = read_document(printed.data, name="sample.txt")
    assert_sound(printed.data, part)
    assert_reads_as(printed.truth, part)


@settings(EXAMPLES, max_examples=25)
@given(
    seed=st.integers(0, 2**20),
    codes=st.lists(
        st.sampled_from([c for c in functional_names() if len(c) == 7]), min_size=2, max_size=6, unique=True
    ),
    stacked=st.booleans(),
    names=st.booleans(),
)
def test_a_cut_code_is_known_or_held_but_never_taken_for_another(seed, codes, stacked, names):
    disclosure = consistent_disclosure(
        seed, template_id="liaoning-qianshan", codes=codes, members=MEMBERS if stacked else (), level="部门"
    )
    printed = print_text(disclosure, Manner(truncated_codes=True, truncated_names=names))
    part = read_document(printed.data, name="sample.txt")
    assert_sound(printed.data, part)
    true = {(c.form, c.row_seq, c.measure): c.subject_code for c in printed.truth.cells}
    for item in part.line_items:
        if item.subject_code is not None:
            assert item.subject_code == true[item.form, item.row_seq, item.measure]
