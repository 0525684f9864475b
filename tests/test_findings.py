"""Verdicts as they are kept and shown: 勾稽结果, 问题, 规则覆盖, 披露质量, and ``juesuan findings``."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from typer.testing import CliRunner

import juesuan
from assets import reconciling, steps
from assets.progress import silent
from expectations.reconcile import RECONCILIATION_SCHEMA
from tests.expectations_examples import frame, schema, verdict
from tests.shown import README
from tests.warehouse_fixtures import DAY, UNIT, a_home, day, document, full_part, keep
from warehouse import decisions, lake
from warehouse.build import build
from warehouse.ledger import Ledger
from warehouse.query import query
from warehouse.schema import load_yaml

DOC = document("a").document_id
RULES = [
    {"rule": "T01-1", "family": "T 表内", "statement": "本年收入合计等于各项收入之和", "severity": "E"},
    {"rule": "X24", "family": "X 表间", "statement": "养老保险与科目相近", "severity": "W"},
    {"rule": "F42", "family": "F 形式", "statement": "签章齐全", "severity": "F", "impossible": "没有签章"},
    {"rule": "N01", "family": "N 情况说明与表", "statement": "收入金额等于表中金额", "severity": "E"},
]
RULES = [{"scope": "某处", "impossible": None, **rule} for rule in RULES]


def of(number, *figures, doc=DOC, **changes):
    """A verdict on document ``a`` whose 编号 ends in that number."""
    made = verdict(*figures, document_id=doc, **changes)
    return made | {"check_id": f"{made['rule']}-{number:08}", "left_cell": f"{doc}/L1/c1"}


def judge(home, *verdicts, year=2024):
    lake.write_year(home, "reconciliation", year, frame("reconciliation", verdicts))


def decide(home, name="a.yml", **entry):
    known = {
        "编号": "T01-1-00000001", "处理": "已说明", "理由": "调账", "何人": "审计组", "何日": "2026-11-20",
        "披露值": "12.30", "对照值": "12.50",
    }  # fmt: skip
    lines = [f"{key}: {value}" for key, value in (known | entry).items() if value is not None]
    text = "- " + "\n  ".join(lines) + "\n"
    path = home.decisions / name
    path.write_text((path.read_text("utf-8") if path.exists() else "") + text, "utf-8")


def rows(home, sql):
    return query(home, sql).rows


@pytest.fixture
def home(tmp_path):
    place = a_home(tmp_path)
    keep(place, full_part(document("a")))
    return place


def test_the_table_has_the_columns_of_a_verdict():
    assert schema("reconciliation") == RECONCILIATION_SCHEMA


# --- the views -------------------------------------------------------------------------------


def test_every_verdict_is_shown_and_a_rounding_difference_is_of_its_own_severity(home):
    judge(
        home,
        of(1, "12.30", "12.50"),
        of(2, "1.00", "1.01"),
        of(3, "1.00", "1.00", rule="X24", severity="W"),
        of(4, None, None, conclusion="不适用", note="没有这张表", right_locator=None),
    )
    build(home, now=DAY, rules=RULES)
    shown = rows(home, "SELECT 编号, 级别, 结论, 左值, 差额, 左位置, 右位置, 说明 FROM 勾稽结果 ORDER BY 1")
    assert shown == [
        ("T01-1-00000001", "E", "不成立", Decimal("12.300000"), Decimal("-0.200000"), "L1", "L2", None),
        ("T01-1-00000002", "T", "尾差", Decimal("1.000000"), Decimal("-0.010000"), "L1", "L2", None),
        ("T01-1-00000004", "E", "不适用", None, None, "L1", None, "没有这张表"),
        ("X24-00000003", "W", "成立", Decimal("1.000000"), Decimal("0.000000"), "L1", "L2", None),
    ]
    found = "SELECT 编号, 单位, 年度, 披露值, 对照值, 容差, 披露文字, 对照位置, 处理, 文件 FROM 问题"
    assert rows(home, found) == [
        (
            "T01-1-00000001", UNIT, 2024, Decimal("12.300000"), Decimal("12.500000"), Decimal("0.010000"),
            "12.30", "L2", None, f"inbox/{DOC}.txt",
        )
    ]  # fmt: skip


def test_only_versions_in_force_have_findings(home):
    keep(home, full_part(document("b")), at=day(1))
    later = document("b").document_id
    judge(home, of(1, "12.30", "12.50"), of(1, "12.30", "12.40", doc=later))
    build(home, now=day(1), rules=RULES)
    assert rows(home, "SELECT 文档, 对照值 FROM 问题") == [(later, Decimal("12.400000"))]


def test_a_comparison_with_a_version_that_was_set_aside_counts_only_within_one_disclosure(home):
    other = [full_part(document(text, unit_name="乙局", level="单位")) for text in ("old", "new")]
    keep(home, other[0])
    keep(home, other[1], at=day(1))
    old, new = (part.document.document_id for part in other)
    judge(
        home,
        of(1, "2.00", "1.00", rule="D08", counterpart_document_id=old),
        of(2, "2.00", "1.50", rule="D08", counterpart_document_id=new),
        of(3, "2.00", "1.00", rule="D08", doc=new, counterpart_document_id=old),
    )
    build(home, now=day(1), rules=RULES)
    assert rows(home, "SELECT 编号 FROM 问题 ORDER BY 1") == [("D08-00000002",), ("D08-00000003",)]


def test_a_verdict_on_a_held_cell_proves_nothing(home):
    judge(home, of(1, "10.50", "12.50") | {"left_cell": f"{DOC}/L20/c3"}, of(2, "4.96", "4.00"))
    result = {"suite": "s", "table_name": "fact_line_item", "expectation": "e", "severity": "critical"}
    result |= {"fiscal_year": 2024, "description": "合计", "success": False, "checked": 1, "failed": 1}
    failure = {"fiscal_year": 2024, "suite": "s", "expectation": "e", "document_id": DOC, "value": "坏"}
    lake.write_year(home, "expectation_result", 2024, frame("expectation_result", [result]))
    failures = frame("expectation_failure", [failure | {"cell_id": f"{DOC}/L20/c3"}])
    lake.write_year(home, "expectation_failure", 2024, failures)
    build(home, now=DAY, rules=RULES)
    assert rows(home, "SELECT 编号, 结论, 说明 FROM 勾稽结果 ORDER BY 1") == [
        ("T01-1-00000001", "无法核对", "所用的单元格待核"),
        ("T01-1-00000002", "不成立", None),
    ]


def test_every_rule_has_a_row_for_every_final_account(home):
    keep(home, full_part(document("budget", kind="预算")))
    judge(
        home,
        of(1, "12.30", "12.50"),
        of(2, "1.00", "1.01"),
        of(3, "1.00", "1.00"),
        of(4, None, conclusion="无法核对", note="收入决算表不完整"),
        of(5, None, rule="X24", severity="W", conclusion="不适用", note="没有这张表"),
    )
    build(home, now=DAY, rules=RULES)
    names = "规则, 状态, 核对, 成立, 尾差, 不成立, 不适用, 无法核对, 原因"
    assert rows(home, f"SELECT {names} FROM 规则覆盖 ORDER BY 规则") == [  # noqa: S608
        ("F42", "不能核对", 0, 0, 0, 0, 0, 0, "没有签章"),
        ("N01", "没有结论", 0, 0, 0, 0, 0, 0, None),
        ("T01-1", "已核对", 3, 1, 1, 1, 0, 1, "收入决算表不完整"),
        ("X24", "不适用", 0, 0, 0, 0, 1, 0, "没有这张表"),
    ]


def test_the_score_can_be_recomputed_from_its_parts(home):
    judge(
        home,
        of(1, "12.30", "12.50"),
        of(2, "12.30", "12.50"),
        of(3, "1.00", "1.01", rule="T01-2"),
        of(4, "1.00", "1.00", rule="X09"),
        of(5, "1.00", "2.00", rule="X20", severity="W"),
        of(6, None, rule="X11", conclusion="不适用", note="没有"),
        of(7, "1.00", "9.00", rule="F12", severity="O"),
    )
    build(home, now=DAY, rules=RULES)
    parts = "E核对, E不成立, E权重, W核对, W不成立, W权重, F核对, F不成立, F权重"
    # One of three E rules and the only W rule: 100 × (1 − (10 + 3) ÷ (30 + 3)).
    assert rows(home, f"SELECT 得分, {parts} FROM 披露质量") == [  # noqa: S608
        (Decimal("60.61"), 3, 1, 10, 1, 1, 3, 0, 0, 1)
    ]
    decide(home, 处理="误报")
    decide(home, 编号="T01-1-00000002", 处理="误报")
    decide(home, 编号="X20-00000005", 处理="已说明", 披露值="1", 对照值="2")
    build(home, now=DAY, rules=RULES)
    assert rows(home, "SELECT 得分, E不成立, W不成立 FROM 披露质量") == [(Decimal("90.91"), 0, 1)]


def test_a_document_in_which_nothing_was_checked_has_no_score(home):
    judge(home, of(1, None, conclusion="不适用", note="没有"))
    build(home, now=DAY, rules=RULES)
    assert rows(home, "SELECT 得分, E核对 FROM 披露质量") == [(None, 0)]


def test_only_what_the_office_printed_weighs_in_the_score():
    weights = {key: said["weight"] for key, said in load_yaml("severities.yml").items()}
    assert {key for key, weight in weights.items() if weight} == {"E", "W", "F"}
    assert all(said["reason"] for said in load_yaml("severities.yml").values())


# --- what is computed when -------------------------------------------------------------------


def test_a_year_is_reconciled_again_with_the_year_before_it(home, monkeypatch):
    keep(home, full_part(document("earlier", fiscal_year=2023)), full_part(document("far", fiscal_year=2026)))
    asked = []

    def reconcile(year, tables, before):
        asked.append((year, tables["dim_document"].height, before["dim_document"].height))
        return frame("reconciliation", [of(1, "12.30", "12.50", fiscal_year=year)])

    monkeypatch.setattr("expectations.reconcile.reconcile", reconcile)
    written = steps.reconcile_years(home, [2023], silent)
    assert asked == [(2023, 1, 0), (2024, 1, 1)]
    assert written == {2023: {"reconciliation": 1}, 2024: {"reconciliation": 1}}
    # A year that has lost its documents is not written, the year after it is.
    lake.assemble_year(home, 2023, {}, at=DAY)
    asked.clear()
    steps.reconcile_years(home, [2023], silent)
    assert asked == [(2024, 1, 0)]


def test_a_family_shows_its_counts_and_its_worst_findings_and_fails_by_the_grave_ones(home):
    judge(
        home,
        of(1, "1.00", "2.00"),
        of(2, "1.00", "9.00"),
        of(3, None, conclusion="不成立"),
        of(4, "1.00", "99.00", severity="W"),
        of(5, "1.00", "1.00"),
        of(6, "1.00", "2.00", rule="F01", severity="F"),
    )
    found = reconciling.family_verdict(home, "T")
    assert (found.passed, found.conclusions) == (False, {"不成立": 4, "成立": 1})
    assert [each["check_id"][-1] for each in found.worst] == ["2", "1", "3", "4"]
    assert found.worst[0] | {"check_id": ""} == {
        "rule": "T01-1", "unit": UNIT, "fiscal_year": 2024, "difference": "-8.000000", "check_id": "",
    }  # fmt: skip
    form = reconciling.family_verdict(home, "F")
    assert (form.passed, len(form.worst)) == (True, 1)
    assert reconciling.family_verdict(home, "D").conclusions == {}


def test_the_rules_of_the_program_are_rows_of_the_warehouse(home):
    given = reconciling.rule_rows()
    build(home, now=DAY, rules=given)
    columns = "rule, family, statement, severity, scope, impossible"
    kept = rows(home, f"SELECT {columns} FROM rule ORDER BY rule")  # noqa: S608
    assert kept == sorted(tuple(row.values()) for row in given)


def test_years_that_other_rules_judged_are_pending(home, monkeypatch):
    ledger = Ledger(home)
    ledger.published(at=DAY, digest="d")
    assert steps.pending_years(home) == [2024]
    ledger.judged(fiscal_year=2024, version=steps.expectations_version(), at=DAY)
    ledger.published(at=DAY, digest="d")
    assert steps.pending_years(home) == []
    monkeypatch.setattr(steps, "expectations_version", lambda: "newer")
    assert steps.pending_years(home) == [2024]
    with pytest.raises(steps.StaleYearsError, match="2024"):
        steps.publish(home, DAY, silent)


# --- juesuan findings ------------------------------------------------------------------------


def ask(home, *arguments):
    return CliRunner().invoke(juesuan.app, ["findings", "--home", str(home.root), *arguments])


def test_findings_are_sentences_sorted_by_severity_and_size(home):
    judge(
        home,
        of(1, "12.30", "12.50", right_text="10.00＋2.50", note="第 3 行未计入"),
        of(2, "1234567.00", "12.50"),
        of(3, "1.00", "99.00", rule="X24", severity="W", unit="%", tolerance="0"),
        of(4, None, None, rule="F42", severity="F", conclusion="不成立", left_text="(盖章)", note="没有落款"),
        of(5, "1.00", "1.00"),
    )
    decide(home)
    build(home, now=DAY, rules=RULES)
    result = ask(home)
    assert result.exit_code == 0
    blocks = result.output.split("\n\n")
    assert [block.split("　")[0] for block in blocks[:-1]] == [
        "【错误】T01-1-00000002", "【错误】T01-1-00000001", "【存疑】X24-00000003", "【形式】F42-00000004",
    ]  # fmt: skip
    assert blocks[1].splitlines() == [
        f"【错误】T01-1-00000001　{UNIT} 2024 年度 部门",
        "按规则 T01-1「本年收入合计等于各项收入之和」（支出决算表.合计.基本支出），"
        "披露的是 12.30 万元（L1），对照的是 12.5 万元（L2：「10.00＋2.50」），"
        "相差 -0.2 万元，超出容差 0.01 万元。",
        "说明：第 3 行未计入。",
        "处理：已说明，调账（审计组，2026-11-20）。",
        f"文件：inbox/{DOC}.txt",
    ]
    assert "披露的是 1234567.00 万元（L1）" in blocks[0]
    assert "相差 1,234,554.5 万元" in blocks[0]
    assert "相差 -98%，这里不容许有差" in blocks[2]
    assert "披露的是「(盖章)」（L1）" in blocks[3]
    assert blocks[-1] == "共核对 5 处，问题 4 条（E 2 · W 1 · F 1），其中已处理 1 条。\n"


def test_findings_are_chosen_by_unit_year_and_severity(home):
    keep(home, full_part(document("b", unit_name="乙局")))
    judge(home, of(1, "1.00", "2.00"), of(2, "1.00", "2.00", doc=document("b").document_id, severity="W"))
    build(home, now=DAY, rules=RULES)
    assert ask(home, "--unit", "乙").output.count("【") == 1
    assert "【存疑】T01-1-00000002" in ask(home, "--unit", "乙").output
    assert "T01-1-00000001" in ask(home, "--severity", "E", "--year", "2024").output
    assert ask(home, "--unit", "乙", "--severity", "E").output.startswith("没有发现问题")


def test_without_findings_it_says_how_much_was_asked(home):
    judge(home, of(1, "1.00", "1.00"), of(2, None, conclusion="不适用", note="没有"))
    build(home, now=DAY, rules=RULES)
    assert ask(home).output == "没有发现问题；共核对 1 处。\n"
    judge(home)
    build(home, now=DAY, rules=RULES)
    assert ask(home).output == "没有发现问题，但也没有核对过任何一处。\n"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--unit", "没有这个'单位"], 1, "没有这个'单位"),
        (["--year", "2021"], 1, "2021"),
        (["--severity", "Z"], 2, "Z"),
        (["--year", "去年"], 2, "--year"),
    ],
)
def test_a_wrong_question_is_an_error(home, arguments, code, word):
    build(home, now=DAY)
    result = ask(home, *arguments)
    assert (result.exit_code, word in result.output) == (code, True)
    if code == 1:
        assert result.output.count("\n") == 1


def test_without_a_warehouse_it_says_what_to_do(home):
    result = ask(home)
    assert (result.exit_code, result.output.count("\n"), "juesuan run" in result.output) == (1, 1, True)


# --- decisions -------------------------------------------------------------------------------


def decided(home):
    build(home, now=DAY, rules=RULES)
    return rows(home, "SELECT 处理, 说明 FROM 问题 ORDER BY 编号")


def test_a_decision_holds_while_both_figures_are_as_they_were(home):
    judge(home, of(1, "12.30", "12.50", note="第 3 行"))
    decide(home, 披露值="12.3")
    assert decided(home) == [("已说明", "第 3 行")]
    judge(home, of(1, "12.30", "12.60", note="第 3 行"))
    [(treatment, note)] = decided(home)
    assert treatment is None
    assert note.startswith("第 3 行；原来的处理「已说明」（审计组，2026-11-20）已不适用")
    assert "披露值 12.3、对照值 12.5" in note
    assert rows(home, "FROM 待核") == []


def test_a_finding_without_figures_is_decided_with_empty_ones(home):
    judge(home, of(1, None, None, conclusion="不成立", note="没有落款"))
    decide(home, 披露值="", 对照值="")
    assert decided(home) == [("已说明", "没有落款")]
    judge(home, of(1, "1200.00", None, conclusion="不成立", note="没有落款"))
    assert "披露值 空、对照值 空" in decided(home)[0][1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- 编号: [", "读不了"),
        ("编号: T01-1-00000001\n", "不是一列条目"),
        ("- T01-1-00000001\n", "各写一行"),
        ("- 编号: T01-1-00000001\n  原因: x\n", "缺少 处理、理由、何人、何日、披露值、对照值；多出 原因"),
    ],
)
def test_a_malformed_file_is_told_in_a_sentence_and_stops_nothing(home, text, reason):
    judge(home, of(1, "12.30", "12.50"))
    (home.decisions / "坏.yml").write_text(text, "utf-8")
    decide(home, "好.yml")
    assert decided(home) == [("已说明", None)]
    [(stage, told, advice, file)] = rows(home, "SELECT 阶段, 原因, 怎么办, 文件 FROM 待核")
    assert (stage, file) == ("处理", "decisions/坏.yml")
    assert reason in told
    assert "\n" not in told
    assert "README" in advice


def test_bytes_that_are_no_text_and_a_folder_stop_nothing(home):
    judge(home, of(1, "12.30", "12.50"))
    (home.decisions / "a.yml").write_bytes(b"\xff\xfe\x00")
    (home.decisions / "b.yml").mkdir()
    assert decided(home) == [(None, None)]
    assert rows(home, "SELECT count(*) FROM 待核") == [(1,)]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"何日": "昨天"}, "何日「昨天」"),
        ({"何日": "2026-13-01"}, "何日「2026-13-01」"),
        ({"披露值": "约 12"}, "披露值「约 12」"),
        ({"披露值": "1e3"}, "披露值「1e3」"),
        ({"对照值": "!!float 12.5"}, "对照值「12.5」"),
        ({"理由": "''"}, "理由没有写"),
        ({"编号": "X09-ffffffff"}, "没有编号为 X09-ffffffff 的核对"),
    ],
)
def test_an_entry_that_cannot_be_used_is_told_with_its_place(home, entry, reason):
    judge(home, of(1, "12.30", "12.50"), of(2, "12.30", "12.50"))
    decide(home, 编号="T01-1-00000002")
    decide(home, **entry)
    assert decided(home) == [(None, None), ("已说明", None)]
    [(told, place, file)] = rows(home, "SELECT 原因, 位置, 文件 FROM 待核")
    assert reason in told
    assert (place, file) == ("第 2 条", "decisions/a.yml")


def test_of_two_decisions_the_first_counts_and_the_second_is_told(home):
    judge(home, of(1, "12.30", "12.50"))
    decide(home, "a.yml")
    decide(home, "b.yaml", 处理="误报")
    assert decided(home) == [("已说明", None)]
    [(told,)] = rows(home, "SELECT 原因 FROM 待核 WHERE 文件 = 'decisions/b.yaml'")
    assert "decisions/a.yml 第 1 条" in told


def test_figures_of_decisions_are_exact(home):
    judge(home, of(1, "123456789012345678.900001", "0.10"))
    decide(home, 披露值="123,456,789,012,345,678.900001", 对照值="0.1")
    assert decided(home) == [("已说明", None)]
    judge(home, of(1, "-0.300000", "0.10"))
    decide(home, "b.yml", 编号="T01-1-00000001")
    assert decided(home)[0][0] is None


def test_the_example_of_the_readme_is_well_formed(home):
    example, *_ = re.findall(r"^```yaml\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (home.decisions / "a.yml").write_text(example, "utf-8")
    told = decisions.load(home)
    assert (len(told.rows), told.issues) == (1, ())
    assert told.rows[0]["left_value"] == Decimal("239.37")


def test_a_decision_alone_is_due_to_be_published(home):
    ledger = Ledger(home)
    ledger.judged(fiscal_year=2024, version=steps.expectations_version(), at=DAY)
    judge(home, of(1, "12.30", "12.50"))
    report = build(home, now=DAY, rules=RULES)
    ledger.published(at=DAY, digest=report.digest, decided=report.decided)
    assert not steps.publish_is_due(home)
    decide(home)
    assert steps.publish_is_due(home)
    later = build(home, now=DAY, rules=RULES)
    assert later.digest != report.digest
    ledger.published(at=DAY, digest=later.digest, decided=later.decided)
    assert not steps.publish_is_due(home)
