"""Columns of tables with level rules only: what the words prove is read, what leaves a choice is not."""

from __future__ import annotations

import pytest

from pipelines.readers.level_rules import Columns, Stack, level_table

HEIGHT, LETTER = 9.0, 6.0
ROW = 20.0


def page(*rows):
    """Glyphs of rows 20 points high; a word is its text with where it begins, as wide as 6 a letter."""
    return [
        (ROW * number + 14.0, left + LETTER * k, left + LETTER * (k + 1), HEIGHT, letter)
        for number, row in enumerate(rows)
        for text, left in row
        for k, letter in enumerate(text)
    ]


def centred(text, left, right):
    return text, (left + right - LETTER * len(text)) / 2


def ending(text, right):
    return text, right - 3.0 - LETTER * len(text)


def stack(rows, right=300.0, part=()):
    return Stack(0.0, right, tuple(ROW * k for k in range(rows + 1)), part)


HEAD = (centred("名称", 0, 100), centred("收入", 100, 220), centred("支出", 220, 300))
BODY = (("甲项", 3.0), ending("12.00", 220), ending("3.00", 300))


def edges_of(*rows, **known):
    table = level_table(stack(len(rows), **known), page(*rows))
    return None if table is None else [round(edge) for edge in table.columns.edges]


def test_labels_over_the_middle_of_columns_give_their_borders():
    assert edges_of(HEAD, BODY, BODY) == [0, 100, 220, 300]


def test_a_column_without_a_figure_has_its_place_by_its_label():
    assert edges_of(HEAD, BODY[:2], BODY[:2]) == [0, 100, 220, 300]


def test_a_heading_covers_the_columns_below_it():
    rows = ((centred("类别", 0, 100), centred("金额", 100, 300)), HEAD, BODY)
    table = level_table(stack(3), page(*rows))
    assert table is not None
    assert table.frame.cell_of[0].tolist() == [0, 1, 1]


def test_labels_at_the_left_are_believed_where_the_figures_end_at_the_next_border():
    head = (("名称", 3.0), ("收入", 103.0), ("支出", 223.0))
    assert edges_of(head, BODY, BODY) == [0, 100, 220, 300]


def test_codes_in_three_columns_under_one_label_are_parted_by_their_own_labels():
    head = (centred("科目编码", 0, 90), centred("名称", 90, 200), centred("金额", 200, 300))
    labels = (("类", 3.0), ("款", 33.0), ("项", 63.0), ("合计", 93.0), ending("9.00", 300))
    codes = (("201", 3.0), ("02", 45.0), ("01", 75.0), ("甲项", 93.0), ending("9.00", 300))
    assert edges_of(head, labels, codes) == [0, 30, 60, 90, 200, 300]


HELD = {
    "a label that is missing": (HEAD[:2], BODY, BODY),
    "a figure on a border": (HEAD, (BODY[0], ("12.00", 205.0), BODY[2]), BODY),
    "two figures of a row in one column": (HEAD, (BODY[0], ("1.00", 110.0), *BODY[1:]), BODY),
    "figures of a column that end differently": (HEAD, BODY, (BODY[0], ("1.00", 150.0), BODY[2]), BODY),
    "labels that are not centred": ((HEAD[0], ("收入", 130.0), HEAD[2]), BODY, BODY),
    "no head": (BODY, BODY, BODY),
}


@pytest.mark.parametrize("rows", HELD.values(), ids=HELD)
def test_what_is_not_proven_is_not_read(rows):
    assert edges_of(*rows) is None


def test_a_rule_that_ends_within_a_column_contradicts_it():
    part = ((10.0, 0.0, 160.0),)
    assert edges_of(HEAD, BODY, BODY, part=part) is None


def test_two_lines_of_labels_that_contradict_each_other_leave_a_choice():
    one = (centred("甲", 0, 60), centred("乙", 60, 140), centred("丙", 140, 200))
    other = (centred("丁", 0, 80), centred("戊", 80, 120), centred("己", 120, 200))
    assert edges_of(one, other, right=200.0) is None


def test_a_page_goes_on_with_the_columns_before_it_if_its_figures_fit_in():
    before = Columns((0.0, 100.0, 220.0, 300.0))
    read = level_table(stack(1), page(BODY), before)
    assert read is not None
    assert read.columns.edges == before.edges
    across = (BODY[0], ("12.00", 205.0))
    assert level_table(stack(1), page(across), before) is None


def test_a_page_that_shows_other_columns_than_the_one_before_is_not_read():
    before = Columns((0.0, 80.0, 220.0, 300.0))
    assert level_table(stack(3), page(HEAD, BODY, BODY), before) is None
