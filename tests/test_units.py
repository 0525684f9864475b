"""The registry of units: whose name it is in which year, what follows from it, what is said of bad ones."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.model import DocumentPart, UnitRelation
from tests.shared_documents import needs_shared, part_of
from tests.warehouse_fixtures import DAY, VERSION, a_home, day, document, item, keep, statement
from warehouse import registry, settings, units
from warehouse.build import build
from warehouse.home import Home
from warehouse.query import query
from warehouse.units import Named, apart

SUMMARY = "income_expenditure_summary"
OLD, NEW = "某市医疗保险管理服务中心", "某市医疗保险中心"
BUREAU = "某市医疗保障局"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return a_home(tmp_path)


def part(
    name: str,
    year: int = 2024,
    spent: str | None = "1.00",
    *,
    level: str | None = "单位",
    members: tuple[str, ...] = (),
    parent: str | None = None,
    **changes: Any,
) -> DocumentPart:
    """A disclosure of that unit with its 本年支出合计 in 万元 and the units that it names."""
    text = f"{name}{year}{spent}{level}{members}{parent}{changes}"
    doc = document(text, unit_name=name, fiscal_year=year, level=level, **changes)
    total = {"side": "支出", "item": "本年支出合计", "line_no": 58, "name_printed": "本年支出合计"}
    relations = [UnitRelation("所属", member, member, f"L{n}") for n, member in enumerate(members, start=60)]
    if parent:
        relations.append(UnitRelation("上级", parent, f"隶属于{parent}", "L50"))
    return DocumentPart(
        document=doc,
        relations=tuple(relations),
        statements=(statement(doc, SUMMARY),),
        line_items=(item(doc, SUMMARY, 1, "金额", spent, "L10/c6", **total),),
    )


def entry(unit: str, **said: str) -> str:
    lines = "".join(f"  {key}: {value}\n" for key, value in said.items())
    return f"- 单位: {unit}\n{lines}  依据: 机构改革文件\n  何人: 审计一组\n  何日: 2026-11-22\n"


def write(home: Home, *entries: str, name: str = "a.yml") -> None:
    (home.units / name).write_text("".join(entries), "utf-8")


def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    return list(query(home, sql).rows)


def told(home: Home) -> list[tuple[Any, ...]]:
    return rows(home, "SELECT 文件, 位置, 原因 FROM 待核 WHERE 文件 LIKE 'units/%' ORDER BY ALL")


def named(home: Home) -> list[tuple[Any, ...]]:
    return rows(home, "SELECT 单位, 年度 FROM 文件清单 ORDER BY 年度, 单位")


# --- whose name it is --------------------------------------------------------------------------


def test_without_an_entry_two_spellings_stay_two_units(home: Home) -> None:
    keep(home, part(OLD, 2023), part(NEW, 2024))
    build(home, now=DAY)
    assert named(home) == [(OLD, 2023), (NEW, 2024)]
    assert len(rows(home, "SELECT DISTINCT unit_id FROM dim_document")) == 2


def test_a_series_goes_on_over_a_rename(home: Home) -> None:
    keep(home, *(part(name, year) for name, year in ((OLD, 2023), (OLD, 2024), (NEW, 2025), (OLD, 2026))))
    write(home, entry(NEW, 别名=f"[{{名称: {OLD}, 至: 2025-03}}]"))
    build(home, now=DAY)
    assert named(home) == [(NEW, 2023), (NEW, 2024), (NEW, 2025), (OLD, 2026)]
    ids = rows(home, "SELECT unit_id, count(*) FROM fact_line_item GROUP BY ALL ORDER BY 2")
    assert ids == [(units.unit_id(OLD), 1), (units.unit_id(NEW), 3)]
    [aliases] = rows(home, "SELECT 别名, 依据 FROM 单位表 WHERE 依据 LIKE '%units%'")
    assert aliases == ([OLD], "机构改革文件（审计一组，2026-11-22，units/a.yml 第 1 条）")
    assert rows(home, "SELECT rule, locator FROM dim_unit_alias") == [
        ("单位登记至 2025-03", "units/a.yml 第 1 条")
    ]
    assert told(home) == []


def test_a_new_version_under_another_spelling_supersedes(home: Home) -> None:
    first = part(OLD, spent="1.00", published_on=date(2025, 8, 1))
    second = part(NEW, spent="2.00", published_on=date(2025, 9, 1))
    keep(home, first)
    keep(home, second, at=day(1))
    build(home, now=day(2))
    shown = "SELECT 单位, 金额 FROM 收入支出决算总表 ORDER BY 金额"
    assert rows(home, shown) == [(OLD, 1), (NEW, 2)]
    write(home, entry(NEW, 别名=f"[{OLD}]"))
    build(home, now=day(2))
    assert rows(home, shown) == [(NEW, 2)]
    assert rows(home, "SELECT 原值, 新值, 变动 FROM 重述") == [(10000, 20000, "改数")]
    then = "SELECT 单位, 金额 FROM 收入支出决算总表_截至('{:%Y-%m-%d}')"
    assert rows(home, then.format(day(0))) == [(NEW, 1)]


@pytest.mark.parametrize(
    ("since", "until", "years"),
    [
        (None, None, [None, 2023, 2024, 2025]),
        ("2024-12-31", None, [2024, 2025]),
        (None, "2024-01-01", [2023, 2024]),
        ("2024", "2024", [2024]),
    ],
)
def test_a_name_counts_in_the_years_in_which_it_was_one_on_any_day(
    since: str | None, until: str | None, years: list[int | None]
) -> None:
    name = Named("某局", since, until)
    assert [year for year in (None, 2023, 2024, 2025) if name.holds(year)] == years


@pytest.mark.parametrize(
    ("printed", "code", "name", "division"),
    [
        ("063-123-某市某中心", "063-123", "某市某中心", None),
        ("038001 某区某局本级-210311000", "038001", "某区某局本级", "210311"),
        ("某区某局-210311", None, "某区某局", "210311"),
        ("某市120急救中心", None, "某市120急救中心", None),
        ("某局", None, "某局", None),
    ],
)
def test_codes_are_told_from_names(printed: str, code: str | None, name: str, division: str | None) -> None:
    found = apart(printed)
    assert (found.code, found.name, found.division) == (code, name, division)


def test_a_code_and_a_name_that_an_entry_has_mean_its_unit(home: Home) -> None:
    coded, other = "038001某区某局-210311000", "038002某区某局"
    keep(home, part(coded, 2023), part("某区某局", 2024), part(other, 2025))
    write(home, entry("某区某局", 代码="[038001]", 行政区划="210399"))
    build(home, now=DAY)
    assert named(home) == [("某区某局", 2023), ("某区某局", 2024), (other, 2025)]
    shown = "SELECT 单位, 代码, 行政区划 FROM 单位表 ORDER BY 单位"
    assert rows(home, shown) == [(other, [], None), ("某区某局", ["038001"], "210399")]


def test_a_division_is_what_is_printed_behind_a_name_and_nothing_else() -> None:
    both = [part("038001某区某局-210311000"), part("千山区某局")]
    found = registry.units([asdict(p.document) for p in both], [], [], units.Registry())
    assert [row["division"] for row in found.units] == ["210311", None]


def test_parents_and_natures_are_those_of_entries_before_those_of_documents(home: Home) -> None:
    keep(
        home, part("甲中心", 2024, parent="乙局", unit_nature="事业单位"), part("丁站", 2024, parent="甲中心")
    )
    changed = f"[{{名称: 乙局, 至: 2023}}, {{名称: {BUREAU}, 自: 2024}}]"
    write(home, entry("甲中心", 上级=changed, 单位性质="参公事业单位"), entry(BUREAU, 上级="某市"))
    build(home, now=DAY)
    shown = "SELECT 单位, 上级, 单位性质, 层级路径, 下属数 FROM 单位表 WHERE 单位 <> '乙局' ORDER BY 层级路径"
    assert rows(home, shown) == [
        ("某市", None, None, "某市", 1),
        (BUREAU, "某市", None, f"某市 / {BUREAU}", 1),
        ("甲中心", BUREAU, "参公事业单位", f"某市 / {BUREAU} / 甲中心", 1),
        ("丁站", "甲中心", "行政单位", f"某市 / {BUREAU} / 甲中心 / 丁站", 0),
    ]
    assert told(home) == []


def test_documents_that_name_each_other_as_parents_end_in_no_circle() -> None:
    both = [part("甲局", parent="乙局"), part("乙局", parent="甲局")]
    found = registry.units([asdict(p.document) for p in both], [], _relations(both), units.Registry())
    assert [row["path"] for row in found.units] == ["甲局 / 乙局", "乙局 / 甲局"]


def _relations(parts: list[DocumentPart]) -> list[dict[str, Any]]:
    return [{"document_id": p.document.document_id, **asdict(r)} for p in parts for r in p.relations]


# --- entries that cannot be used -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "place", "said"),
    [
        (entry("乙局", 行政区划="2103"), "第 1 条", "行政区划「2103」不是 140300 那样的六位代码"),
        (entry("乙局", 行政区划="21031a"), "第 1 条", "行政区划「21031a」不是"),
        (entry("乙局", 别名="[{名称: 乙, 自: 二月}]"), "第 1 条", "别名第 1 项的「二月」不是 2025、2025-03"),
        (entry("乙局", 别名="[{名称: 乙, 自: 2025-13}]"), "第 1 条", "「2025-13」不是"),
        (entry("乙局", 别名="[{名称: 乙, 自: 2025, 至: 2024-12}]"), "第 1 条", "自「2025」晚于至「2024-12」"),
        (entry("乙局", 别名="[乙, {名字: 丙}]"), "第 1 条", "别名第 2 项「{'名字': '丙'}」不是名称"),
        (entry("乙局", 上级="[甲局, 丙局]"), "第 1 条", "上级同一年有两个"),
        (entry("乙局", 上级="乙局"), "第 1 条", "上级写的是它自己"),
        (entry("乙局", 不是="[{名称: 丙}]"), "第 1 条", "不是「{'名称': '丙'}」不是一个值"),
        (entry("乙局", 简称="乙"), "第 1 条", "多出 简称"),
        ("- 单位: 乙局\n  依据: 甲\n  何人: 乙\n", "第 1 条", "缺少 何日"),
        ("- 单位: 乙局\n  依据:\n  何人: 乙\n  何日: 2026-11-22\n", "第 1 条", "依据没有写"),
        ("- 单位: [\n", "", "这个文件读不了"),
    ],
)
def test_an_entry_that_is_wrong_is_told_in_one_line_and_the_others_count(
    home: Home, bad: str, place: str, said: str
) -> None:
    write(home, bad, name="a.yml")
    write(home, entry(NEW, 别名=OLD), name="b.yml")
    found = units.load(home)
    [issue] = found.issues
    assert (issue["file"], issue["place"]) == ("units/a.yml", place)
    assert said in issue["reason"]
    assert "\n" not in issue["reason"]
    assert "README「单位登记」" in issue["advice"]
    assert [unit.name for unit in found.units] == [NEW]


def test_a_name_is_one_units_in_a_year(home: Home) -> None:
    keep(home, part(OLD, 2024))
    first, then = entry("甲中心", 别名=f"[{{名称: {OLD}, 至: 2024}}]"), f"[{{名称: {OLD}, 自: %s}}]"
    write(home, first, entry("乙中心", 别名=then % 2024))
    build(home, now=DAY)
    [(file, place, reason)] = told(home)
    assert (file, place) == ("units/a.yml", "第 2 条")
    assert reason == (
        f"单位「乙中心」这一条没有用上：名称「{OLD}」至 2024已经是 units/a.yml 第 1 条的单位「甲中心」的"
    )
    assert named(home) == [("甲中心", 2024)]
    write(home, first, entry("乙中心", 别名=then % 2025))
    assert [unit.name for unit in units.load(home).units] == ["甲中心", "乙中心"]


def test_parents_in_a_circle_are_refused_where_the_circle_is_closed(home: Home) -> None:
    write(home, entry("甲", 上级="乙"), entry("乙", 别名="乙局", 上级="丙"), entry("丙", 上级="甲"))
    found = units.load(home)
    assert [unit.name for unit in found.units] == ["甲", "乙"]
    assert [i["reason"] for i in found.issues] == [
        "单位「丙」这一条没有用上：上级绕成了一圈（丙 → 甲 → 乙 → 丙）"
    ]
    write(home, entry("甲", 上级="{名称: 乙, 至: 2020}"), entry("乙", 上级="{名称: 甲, 自: 2021}"))
    assert units.load(home).issues == []


def test_an_entry_whose_names_occur_nowhere_is_told(home: Home) -> None:
    keep(home, part(NEW, 2024))
    write(home, entry(NEW, 上级=BUREAU), entry(BUREAU), entry("某市档案馆", 别名="[市档案馆]"))
    build(home, now=DAY)
    [(_, place, reason)] = told(home)
    assert place == "第 3 条"
    assert "没有一处印着单位「某市档案馆」" in reason


def test_what_is_written_is_due_to_be_published(home: Home) -> None:
    before = settings.chosen(home)
    write(home, entry(NEW))
    assert settings.chosen(home) != before


# --- roll-up ------------------------------------------------------------------------------------


def department(home: Home) -> None:
    """A 部门 of 10 万元 that lists three units; one is missing, one is known by an earlier name."""
    listed = (f"{BUREAU}（本级）", OLD, "某市医保服务站")
    keep(
        home,
        part(BUREAU, 2024, "10.00", level="部门", members=listed),
        part(BUREAU, 2024, "3.33"),
        part(NEW, 2024, "4.44"),
        part(NEW, 2023, "99.00"),
        part("某市医保信息中心", 2024, "2.22", parent=BUREAU),
    )
    write(home, entry(NEW, 别名=OLD), entry(BUREAU, 别名=f"{BUREAU}（本级）"))


def test_the_roll_up_is_exact_and_says_what_is_missing(home: Home) -> None:
    department(home)
    build(home, now=DAY)
    shown = (
        "SELECT 单位, 有无单位文档, 单位支出合计, 依据, 位置 FROM 单位汇总 WHERE 部门 = '{}' ORDER BY 单位"
    )
    assert rows(home, shown.format(BUREAU)) == [
        ("某市医保信息中心", "有", Decimal("2.22"), "机构设置：上级", "L50"),
        ("某市医保服务站", "无", None, "机构设置：所属", "L62"),
        (NEW, "有", Decimal("4.44"), "机构设置：所属", "L61"),
        (BUREAU, "有", Decimal("3.33"), "机构设置：所属", "L60"),
    ]
    sums = "SELECT DISTINCT 年度, 各单位合计, 部门支出合计, 差额, 缺数单位 FROM 单位汇总"
    assert rows(home, sums) == [(2024, Decimal("9.99"), Decimal("10.00"), Decimal("0.01"), 1)]
    [missing] = rows(home, "SELECT 部门, 年度, 单位, 位置, 文件 FROM 缺失单位")
    whole = part(BUREAU, 2024, "10.00", level="部门", members=(f"{BUREAU}（本级）", OLD, "某市医保服务站"))
    path = f"inbox/{whole.document.document_id}.txt"
    assert missing == (BUREAU, 2024, "某市医保服务站", "L62", path)


def test_the_roll_up_of_a_day_has_the_documents_of_that_day(home: Home) -> None:
    keep(home, part(BUREAU, 2024, "10.00", level="部门", members=(NEW,)))
    keep(home, part(NEW, 2024, "4.44"), at=day(3))
    build(home, now=day(4))
    twin = "SELECT 单位, 有无单位文档, 差额 FROM 单位汇总_截至('{:%Y-%m-%d}')"
    assert rows(home, twin.format(day(1))) == [(NEW, "无", None)]
    assert rows(home, twin.format(day(3))) == [(NEW, "有", Decimal("5.56"))]
    gone = "SELECT 单位 FROM 缺失单位_截至('{:%Y-%m-%d}')"
    assert [rows(home, gone.format(day(n))) for n in (1, 3)] == [[(NEW,)], []]


def test_an_entry_puts_a_unit_under_a_department_that_does_not_list_it(home: Home) -> None:
    keep(home, part(BUREAU, 2023, level="部门"), part(BUREAU, 2024, level="部门"), part(NEW, 2023))
    write(home, entry(NEW, 上级=f"{{名称: {BUREAU}, 自: 2024}}"))
    build(home, now=DAY)
    assert rows(home, "SELECT 年度, 单位, 依据, 位置, 文档 FROM 缺失单位") == [
        (2024, NEW, "单位登记", "units/a.yml 第 1 条", None)
    ]


def test_the_own_office_counts_where_nobody_lists_it(home: Home) -> None:
    keep(home, part(BUREAU, 2024, "10.00", level="部门"), part(BUREAU, 2024, "10.00"))
    build(home, now=DAY)
    assert rows(home, "SELECT 单位, 依据, 差额 FROM 单位汇总") == [(BUREAU, "本级决算", 0)]


# --- the README, and the real documents ----------------------------------------------------------


def test_the_entries_that_the_readme_shows_are_some(home: Home) -> None:
    text = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    write(home, text.partition("### 单位登记")[2].partition("```yaml\n")[2].partition("```")[0])
    found = units.load(home)
    assert found.issues == []
    [unit] = found.units
    assert found.find("阳泉市医疗保险管理服务中心", 2024) is unit
    assert found.find("阳泉市医疗保险管理服务中心", 2026) is None
    assert found.find("063-123-阳泉市医疗保险中心", 2024) is unit


@needs_shared
def test_of_the_real_health_commission_fifteen_units_are_missing(home: Home) -> None:
    for number in ("000", "001"):
        real = part_of(number)
        keep(home, replace(real, document=replace(real.document, reader_version=VERSION)))
    build(home, now=DAY)
    assert rows(home, "SELECT count(*), count(DISTINCT 单位) FROM 缺失单位") == [(15, 15)]
    shown = "SELECT 单位, 单位支出合计, 部门支出合计 FROM 单位汇总 WHERE 有无单位文档 = '有'"
    assert rows(home, shown) == [
        ("阳泉市卫生健康委员会医事管理中心", Decimal("198.19"), Decimal("133027.87"))
    ]
    assert rows(home, "SELECT 单位 FROM 单位建议") == []
