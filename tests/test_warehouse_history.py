"""Which version is in force, and which unit and name is meant: pure decisions."""

from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse_fixtures import day
from warehouse.history import Version, in_order, standings
from warehouse.registry import (
    PrintedSubject,
    standard_names,
    subject_rows,
    units,
)
from warehouse.units import Registry, normal_name, unit_id

ABOUT = ("u_1", 2024, "部门", None, "决算")


def version(name, published=None, seen=0, withdrawn=None, about=ABOUT):
    return Version(name, name * 4, about, published, day(seen), withdrawn)


@pytest.mark.parametrize(
    ("versions", "order"),
    [
        # the later printed date, whatever was seen first
        ([version("a", date(2025, 9, 1), 0), version("b", date(2025, 8, 1), 5)], "ba"),
        # no date, or only one: the later seen
        ([version("a", None, 3), version("b", None, 1)], "ba"),
        ([version("a", date(2025, 8, 1), 3), version("b", None, 1)], "ba"),
        ([version("a", date(2025, 8, 1), 1), version("b", None, 3)], "ab"),
        # the same date: the later seen; the same moment: the greater sha256
        ([version("a", date(2025, 8, 1), 3), version("b", date(2025, 8, 1), 1)], "ba"),
        ([version("b", None, 1), version("a", None, 1)], "ab"),
        # pairs alone would go round in a circle here
        (
            [version("a", date(2025, 1, 1), 3), version("b", None, 2), version("c", date(2025, 2, 1), 1)],
            "acb",
        ),
    ],
)
def test_the_order_of_versions(versions, order):
    for mixed in permutations(versions):
        assert "".join(v.document_id for v in in_order(mixed)) == order


def test_a_later_publication_takes_the_place_of_an_earlier_one():
    found = standings([version("a", date(2025, 8, 1), 0), version("b", date(2025, 9, 1), 4)])
    assert (found["a"].known_from, found["a"].known_to) == (day(0), day(4))
    assert (found["a"].superseded_by, found["b"].supersedes) == ("b", "a")
    assert found["b"].known_to is None
    assert not found["a"].arbitrary


def test_an_earlier_publication_that_came_later_was_never_in_force():
    found = standings([version("a", date(2025, 9, 1), 0), version("b", date(2025, 8, 1), 4)])
    assert (found["b"].known_from, found["b"].known_to) == (day(4), day(4))
    assert found["a"].known_to is None


def test_a_choice_by_sha256_alone_is_called_arbitrary():
    found = standings([version("a"), version("b")])
    assert found["a"].arbitrary
    assert found["a"].superseded_by == "b"


def test_what_is_not_known_to_be_the_same_stands_alone():
    other_level = (*ABOUT[:2], "单位", None, "决算")
    found = standings(
        [version("a", about=None), version("b", about=None), version("c"), version("d", about=other_level)]
    )
    assert all(s.known_to is None and s.superseded_by is None for s in found.values())


def test_withdrawing_the_later_one_brings_back_the_earlier():
    found = standings([version("a", seen=0), version("b", seen=1, withdrawn=day(3))])
    assert found["a"].known_to is None
    assert found["b"].known_to == day(3)


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.dates(date(2025, 1, 1), date(2025, 1, 4))), st.integers(0, 3)),
        min_size=1,
        max_size=7,
    )
)
def test_exactly_one_version_is_in_force_and_the_chain_is_whole(cases):
    versions = [version(f"{n:02}", published, seen) for n, (published, seen) in enumerate(cases)]
    found = standings(versions)
    assert sum(s.known_to is None for s in found.values()) == 1
    for name, standing in found.items():
        assert standing.known_to is None or standing.known_to >= standing.known_from
        if standing.superseded_by:
            assert found[standing.superseded_by].supersedes == name


@pytest.mark.parametrize(
    "other", ["某市某局（本级）", "某市 某局(本级)", "某市某局（本级)", "某市某局　（本级）"]
)
def test_typesetting_does_not_make_another_unit(other):
    assert normal_name(other) == "某市某局（本级）"
    assert unit_id(other) == unit_id("某市某局（本级）")
    assert unit_id(other).startswith("u_")
    assert len(unit_id(other)) == 12


def test_units_take_parents_from_both_sides():
    document = {
        "document_id": "d1", "unit_name": "局", "fiscal_year": 2024, "unit_nature": "行政单位",
        "kind": "决算", "level": "部门", "consolidation": None,
    }  # fmt: skip
    said = [
        {"document_id": "d1", "relation": "上级", "name": "委", "printed": "委", "locator": "L1"},
        {"document_id": "d1", "relation": "所属", "name": "中心", "printed": "中心", "locator": "L2"},
    ]
    found = units([document], [], said, Registry())
    assert {r["name"]: r["parent_name"] for r in found.units} == {"局": "委", "中心": "局", "委": None}
    assert {r["name"]: r["path"] for r in found.units}["中心"] == "委 / 局 / 中心"
    assert {a["name_printed"]: a["rule"] for a in found.aliases} == {
        "委": "机构设置：上级",
        "中心": "机构设置：所属",
    }


def printed(code, name, first=2024, last=2024, documents=1):
    return PrintedSubject("功能", code, name, first, last, documents)


def test_the_best_known_name_is_of_the_nearest_years_else_the_one_printed_most():
    found = standard_names(
        [("功能", "2080505", 2024), ("功能", "2999999", 2024), ("功能", "2888888", 2024)],
        [printed("2999999", "少见的名称"), printed("2999999", "常见的名称", documents=3)],
    )
    assert found == [
        ("功能", "2080505", 2024, "机关事业单位基本养老保险缴费支出"),
        ("功能", "2999999", 2024, "常见的名称"),
    ]


def test_names_of_documents_stand_beside_the_references_unless_they_are_cut_short():
    rows = subject_rows(
        [
            printed("2080505", "机关事业单位基本养老"),
            printed("2999999", "新科目"),
            printed("2080505", "另一名称"),
        ]
    )
    ours = [r for r in rows if r["evidence"].startswith("文档")]
    assert [(r["subject_code"], r["name"], r["parent_code"], r["level"]) for r in ours] == [
        ("2080505", "另一名称", "20805", "项"),
        ("2999999", "新科目", "29999", "项"),
    ]
