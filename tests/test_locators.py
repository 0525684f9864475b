"""Places in a document: which page, which row, and what comes first."""

from __future__ import annotations

import pytest

from pipelines.locators import order, page_of, place, row_place


@pytest.mark.parametrize(
    ("locator", "where", "row", "page"),
    [
        ("L257", "L257", "L257", None),
        ("L257/c3", "L257", "L257", None),
        ("p10/t1/r4c4", "p10", "p10/t1/r4", 10),
        ("p10", "p10", "p10", 10),
        ("s2/D9", "s2", "s2/9", None),
        ("b13/r4c4", "b13", "b13/r4", None),
    ],
)
def test_a_locator_names_its_place_row_and_page(locator, where, row, page) -> None:
    assert (place(locator), row_place(locator), page_of(locator)) == (where, row, page)


@pytest.mark.parametrize(
    "places",
    [
        ["L9", "L257", "L257/c3", "L257/c12", "L1000"],
        ["s2/A1", "s2/A9", "s2/B9", "s2/AA9", "s2/10", "s2/A39", "s10/A1"],
        ["b12", "b13/r4c4", "b13/r11c1", "b14"],
    ],
)
def test_places_sort_as_they_are_read(places) -> None:
    keys = [order(locator) for locator in places]
    assert keys == sorted(set(keys))


def test_what_stands_on_one_page_keeps_the_order_it_is_given_in() -> None:
    assert sorted(["p10/t1/r4", "p9/l7", "p10/l3"], key=order) == ["p9/l7", "p10/t1/r4", "p10/l3"]
