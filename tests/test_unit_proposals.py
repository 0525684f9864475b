"""Which names are proposed as the same unit, why, and that nobody is asked twice."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from pipelines.model import DocumentPart
from tests.test_units import BUREAU, NEW, OLD, entry, part, rows, write
from tests.warehouse_fixtures import DAY, a_home, keep
from warehouse import proposals, registry, units
from warehouse.build import build
from warehouse.home import Home

CODED = f"063-123-{NEW}"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return a_home(tmp_path)


def proposed(home: Home, *parts: DocumentPart) -> list[dict[str, Any]]:
    """The rows of ``unit_proposal`` of some documents, under the entries of the home."""
    known, documents = units.load(home), [asdict(p.document) for p in parts]
    for d in documents:
        d["unit_id"] = known.identify(d["unit_name"], d["fiscal_year"])[0]
    said = [{"document_id": p.document.document_id, **asdict(r)} for p in parts for r in p.relations]
    return proposals.propose(registry.units(documents, [], said, known), documents, known)


def pairs(home: Home, *parts: DocumentPart) -> list[tuple[str, str, str]]:
    return [(row["unit"], row["other"], row["reason"]) for row in proposed(home, *parts)]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (part(CODED, 2023), part(NEW, 2024), "去掉代码后相同"),
        (part(f"{BUREAU}(汇总)"), part(BUREAU), "去掉代码和括号里的内容后相同"),
        (part(f"038001{BUREAU}本级-210311000"), part(BUREAU), "去掉代码和括号里的内容后相同"),
        (part("某市卫生委医事管理"), part("某市卫生委医事管理中心"), "前者是后者的开头，可能没有印全"),
        (
            part("某市疾控中心", 2022, parent=BUREAU),
            part("某市疾病预防控制中心", 2024, parent=BUREAU),
            f"前者可能是后者的简称，上级都是{BUREAU}",
        ),
        (
            part("某市卫健委", 2023),
            part("某市卫生健康委", 2024),
            "前者可能是后者的简称，都没有写明上级",
        ),
        (
            part("某市中心血占", 2024, parent=BUREAU),
            part("某市中心血站", 2024, parent=BUREAU),
            f"只差一个字，上级都是{BUREAU}",
        ),
        (
            part("某市经济局", 2023, parent=BUREAU),
            part("某市经济委", 2024, parent=BUREAU),
            f"前者见到 2023 年为止，后者从 2024 年起，上级都是{BUREAU}，可能更名；"
            f"只差一个字，上级都是{BUREAU}",
        ),
    ],
)
def test_names_that_may_be_the_same_are_proposed_with_the_reason(
    home: Home, one: DocumentPart, other: DocumentPart, reason: str
) -> None:
    alias, kept = (units.normal_name(p.document.unit_name or "") for p in (one, other))
    assert pairs(home, one, other) == pairs(home, other, one) == [(alias, kept, reason)]


@pytest.mark.parametrize(
    "parts",
    [
        # numbered, placed side by side, one part of the other, without a common parent
        (part("某市第一医院", parent=BUREAU), part("某市第二医院", parent=BUREAU)),
        (part("某市东城小学", parent=BUREAU), part("某市西城小学", parent=BUREAU)),
        (part("某市财政局"), part("某市财政局财政所")),
        (part("某市中心血占", parent="甲局"), part("某市中心血站", parent="乙局")),
        # both publish for the same year
        (part("某市文化局", parent=BUREAU), part("某市文化旅游局", parent=BUREAU)),
        # renamed, but nothing is alike; alike, but a year lies between
        (part("某市口腔医院", 2023, parent=BUREAU), part("某市档案中心", 2024, parent=BUREAU)),
        (part(OLD, 2020, parent=BUREAU), part("某市医保经办服务中心", 2024, parent=BUREAU)),
        # one document lists both side by side
        (part(BUREAU, level="部门", members=("某市疾控中心", "某市疾病预防控制中心")),),
        # a pattern of names, no slips
        tuple(part(f"某市{name}村小学", parent=BUREAU) for name in "张王李赵刘"),
    ],
)
def test_names_of_units_that_are_two_are_not(home: Home, parts: tuple[DocumentPart, ...]) -> None:
    assert pairs(home, *parts) == []


def test_a_renamed_unit_is_proposed_with_the_year_until_which_the_old_name_counts(home: Home) -> None:
    [row] = proposed(home, part(OLD, 2023, parent=BUREAU), part(NEW, 2024, parent=BUREAU))
    assert (row["unit"], row["other"]) == (OLD, NEW)
    assert "前者见到 2023 年为止，后者从 2024 年起" in row["reason"]
    ids = [part(name, year, parent=BUREAU).document.document_id for name, year in ((OLD, 2023), (NEW, 2024))]
    assert row["evidence"] == f"{OLD}：{ids[0]}；{NEW}：{ids[1]}"
    assert f"- 名称: {OLD}\n    至: 2023\n" in row["entry"]


def test_the_entry_is_ready_but_for_who_decides_and_then_nothing_is_proposed(home: Home) -> None:
    both = part(CODED, 2023), part(NEW, 2024)
    keep(home, *both)
    build(home, now=DAY)
    [(unit, other, text)] = rows(home, "SELECT 单位, 可能是, 建议条目 FROM 单位建议")
    assert (unit, other) == (CODED, NEW)
    write(home, text + "\n")
    assert "何人没有写" in units.load(home).issues[0]["reason"]
    write(home, text.replace("何人:", "何人: 审计一组").replace("何日:", "何日: 2026-11-22") + "\n")
    build(home, now=DAY)
    assert rows(home, "FROM 单位建议") == []
    assert rows(home, "SELECT 单位, 别名 FROM 单位表") == [(NEW, [CODED])]


@pytest.mark.parametrize("by", [CODED, NEW])
def test_what_is_said_to_be_another_unit_is_proposed_no_more(home: Home, by: str) -> None:
    both = part(CODED, 2023), part(NEW, 2024)
    write(home, entry(by, 不是=f"[{NEW if by == CODED else CODED}]"))
    assert pairs(home, *both) == []
    write(home, entry(by, 不是="[某市档案馆]"))
    assert len(pairs(home, *both)) == 1


def test_two_that_have_entries_of_their_own_are_two(home: Home) -> None:
    write(home, entry(CODED), entry(NEW))
    assert pairs(home, part(CODED, 2023), part(NEW, 2024)) == []


def test_what_belongs_to_an_entry_is_proposed_for_that_entry(home: Home) -> None:
    write(home, entry(CODED))
    [row] = proposed(home, part(CODED, 2023), part(NEW, 2024))
    assert (row["unit"], row["other"]) == (NEW, CODED)
    assert row["entry"].splitlines() == [f"# 并入 units/a.yml 第 1 条（{CODED}）", "别名:", f"- {NEW}"]


def test_many_names_are_not_compared_each_with_each(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    within = proposals._within

    def counted(short: str, long: str) -> bool:
        nonlocal compared
        compared += 1
        return within(short, long)

    monkeypatch.setattr(proposals, "_within", counted)
    monkeypatch.setattr(proposals, "BLOCK", 10)
    names = [f"某市{chr(0x4E00 + n // 10)}镇{chr(0x5000 + n)}站" for n in range(300)]
    proposed(home, *(part(name, parent=BUREAU) for name in names))
    blocks = list(proposals._blocks([proposals._Name(n, n, BUREAU, "", None) for n in names]))
    assert max(map(len, blocks)) == 10
    assert compared <= 300 * 10
