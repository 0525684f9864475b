"""What is kept and shown of performance forms: views, held forms, invariants, explain, evidence, summary."""

# ruff: noqa: S608 - the statements are made of names of our own

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import juesuan
from assets import told
from assets.run import published_summary
from assets.summary import RunSummary
from pipelines.model import CellRole, Issue
from pipelines.performance.persons import without_persons
from tests.performance_records import performance_part
from tests.warehouse_fixtures import DAY, UNIT, a_home, day, document, keep
from warehouse import lake, performance, schema
from warehouse.build import BuildError, build
from warehouse.evidence import write_evidence
from warehouse.explain import explain
from warehouse.home import Home
from warehouse.query import query

MONEY = "DECIMAL(24,6)"
SCORE = "DECIMAL(24,8)"  # some are printed with eight decimals
# What analysts were promised, behind 单位, 年度 and 层级 as in 情况说明数据; more may follow.
PROMISED = {
    "绩效表": "序号 表式 项目名称 实施单位 预算金额 到位金额 执行金额 执行率 执行得分 产出得分 "
    "效益得分 满意度得分 指标小计 减分 总分 等级 填报日期 重复于 文档 文件 位置",
    "绩效资金": "绩效表序号 来源 预算金额 到位金额 执行金额 文档 文件 位置",
    "绩效指标": "绩效表序号 一级指标 二级指标 三级指标 指标值 完成值 分值 得分 偏差原因 文档 文件 位置",
}
FIGURES = {"金额", "得分", "率", "减分", "总分", "分值", "小计", "数值"}
README = Path(__file__).parent.parent / "README.md"


@pytest.fixture
def home(tmp_path) -> Home:
    return a_home(tmp_path)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Home:
    home = a_home(tmp_path_factory.mktemp("forms"))
    keep(home, a_part())
    build(home, now=DAY)
    return home


def a_part(text: str = "forms", **changes):
    return without_persons(performance_part(document(text, **changes)))


def cell(place: str) -> str:
    return f"{document('forms').document_id}/{place}"


def rows(home: Home, sql: str) -> list[tuple]:
    return query(home, sql).rows


@pytest.mark.parametrize("view", PROMISED)
def test_the_views_have_the_promised_columns_in_their_order(published, view) -> None:
    kinds = {name: kind for name, kind, *_ in rows(published, f"DESCRIBE {view}")}
    wanted = ["单位", "年度", "层级", *PROMISED[view].split()]
    assert list(kinds)[: len(wanted)] == wanted
    figures = {name: kind for name, kind in kinds.items() if any(map(name.endswith, FIGURES))}
    assert figures
    money = {name: kind for name, kind in figures.items() if name.endswith(("金额", "口径执行率"))}
    assert set(money.values()) <= {MONEY}
    assert {kind for name, kind in figures.items() if name not in money} <= {SCORE}


def test_a_form_is_shown_with_its_amounts_scores_and_both_rates(published) -> None:
    shown = "序号, 表式, 预算金额, 到位金额, 执行金额, 总分, 等级, 重复于, 到位口径执行率, 位置, 待核说明"
    thirty, ten, score = Decimal("30"), Decimal("10"), Decimal("93.33")
    assert rows(published, f"SELECT {shown} FROM 绩效表 ORDER BY 序号") == [
        (1, "A", thirty, thirty, ten, score, "优", None, Decimal("33.333333"), "L101", None),
        (2, "A", thirty, thirty, None, score, "优", 1, None, "L121", "执行金额待核：两个数粘连"),
        (3, "F", Decimal("1.1184"), None, None, None, None, None, None, "L201", None),
    ]


@pytest.mark.parametrize(
    ("executed", "received", "rate"),
    [("48", "48", "100"), ("2", "3", "66.666667"), ("0", "5", "0"), ("5", "0", None), (None, "5", None)],
)
def test_a_rate_is_exact_to_six_places_or_not_there(home, executed, received, rate) -> None:
    part = a_part()
    money = [amount and Decimal(amount) for amount in (executed, received)]
    first = replace(part.performance_forms[2], executed_amount=money[0], received_amount=money[1])
    keep(home, replace(part, performance_forms=(*part.performance_forms[:2], first)))
    build(home, now=DAY)
    [(shown,)] = rows(home, "SELECT 到位口径执行率 FROM 绩效表 WHERE 序号 = 3")
    assert shown == (rate and Decimal(rate))


def test_sources_and_indicators_name_their_form(published) -> None:
    doc = document("forms").document_id
    funding = "绩效表序号, 来源, 期间, 预算金额, 执行金额, 状态, 重复于, 文档"
    assert rows(published, f"SELECT {funding} FROM 绩效资金 ORDER BY 1") == [
        (1, "市财政", "年度", Decimal(30), Decimal(10), "printed", None, doc),
        (2, "市财政", "年度", Decimal(30), None, "held", 1, doc),
        (3, "中央财政", "实施期", Decimal("1.1184"), None, "printed", None, doc),
    ]
    indicators = "绩效表序号, 三级指标, 指标值, 完成值, 分值, 得分, 指标数值, 项目名称, 位置"
    assert rows(published, f"SELECT {indicators} FROM 绩效指标 ORDER BY 序号") == [
        (1, "培训人次", "≥100人", "80人", Decimal(10), Decimal(10), Decimal(100), "样例项目", "L109"),
        (1, "到课率", "≥100人", "80人", Decimal(10), Decimal("9.5"), Decimal(100), "样例项目", "L110"),
    ]
    assert rows(published, "SELECT 对应项目, 下达金额, 得分 FROM 绩效任务") == [
        ("样例项目", Decimal(5), Decimal("13.4"))
    ]
    fields = "SELECT 栏目, 金额, 数值, 计量单位, 印刷文字, 状态 FROM 绩效项目栏"
    chosen = "WHERE 栏目 IN ('总分', '预算金额', '项目效果') ORDER BY 序号"
    assert rows(published, f"{fields} {chosen}") == [
        ("预算金额", Decimal(30), None, "万元", "30.00", "printed"),
        ("总分", None, Decimal("93.33"), "分", "93.33", "printed"),
        ("项目效果", None, None, None, "", "blank"),
    ]


def test_a_link_names_both_forms_or_the_subject(home) -> None:
    part = a_part()
    keep(home, part)
    first, second = (form.form_id for form in part.performance_forms[:2])
    blank = dict.fromkeys(schema.tables()["performance_link"].polars_schema())
    own = {"document_id": part.document.document_id, "fiscal_year": 2024, "form_id": first}
    links = [
        blank | own | {"relation": "同一项目", "other_form_id": second, "evidence": "名称相同"},
        blank | own | {"relation": "科目", "subject_code": "2100409", "evidence": "含科目名称"},
    ]
    frame = pl.DataFrame(links, schema=schema.tables()["performance_link"].polars_schema())
    lake.write_year(home, "performance_link", 2024, frame)
    build(home, now=DAY)
    shown = "绩效表序号, 项目名称, 关系, 对方序号, 科目代码, 依据"
    assert rows(home, f"SELECT {shown} FROM 绩效关联 ORDER BY 关系") == [
        (1, "样例项目", "同一项目", 2, None, "名称相同"),
        (1, "样例项目", "科目", None, "2100409", "含科目名称"),
    ]


def test_only_documents_in_force_are_shown(home) -> None:
    keep(home, a_part("early"))
    keep(home, a_part("late"), at=day(1))
    build(home, now=day(1))
    late = document("late").document_id
    for view in ("绩效表", "绩效资金", "绩效指标", "绩效任务", "绩效项目栏"):
        assert rows(home, f"SELECT DISTINCT 文档 FROM {view}") == [(late,)], view


def fail(home: Home, **names: object) -> None:
    """One failed critical expectation of 2024 that names a form or a document."""
    result = {
        "fiscal_year": 2024, "suite": "performance", "table_name": "fact_performance_form",
        "expectation": "e", "description": "金额一致", "severity": "critical", "success": False,
        "checked": 9, "failed": 1,
    }  # fmt: skip
    blank = dict.fromkeys(("document_id", "statement_id", "cell_id", "row_seq"))
    failure = {"fiscal_year": 2024, "suite": "performance", "expectation": "e", **blank, "value": "坏"}
    for table, row in (("expectation_result", result), ("expectation_failure", failure | names)):
        frame = pl.DataFrame([row], schema=schema.tables()[table].polars_schema())
        lake.write_year(home, table, 2024, frame)


@pytest.mark.parametrize("whole", [False, True], ids=["form", "document"])
def test_a_form_that_fails_an_expectation_shows_no_figure(home, whole) -> None:
    keep(home, a_part())
    doc = document("forms").document_id
    fail(home, document_id=doc, statement_id=None if whole else f"{doc}/L101/form", row_seq=None)
    build(home, now=DAY)
    failed = "WHERE 待核说明 LIKE '%没有通过校验“金额一致”' ORDER BY 序号"
    held = rows(home, f"SELECT 序号, 总分, 预算金额, 状态 FROM 绩效表 {failed}")
    assert held[0] == (1, None, None, "不完整")
    assert len(held) == (3 if whole else 1)
    assert rows(home, "SELECT 三级指标, 指标值, 得分, 状态 FROM 绩效指标 ORDER BY 序号")[0] == (
        "培训人次", "≥100人", None, "held",
    )  # fmt: skip
    [(amount, number)] = rows(home, "SELECT count(金额), count(数值) FROM 绩效项目栏 WHERE 绩效表序号 = 1")
    assert (amount, number) == (0, 0)
    kept = rows(home, "SELECT count(预算金额) FROM 绩效资金 WHERE 绩效表序号 > 1")
    assert kept == [(0 if whole else 2,)]
    assert ("校验",) in rows(home, "SELECT 阶段 FROM 待核")
    assert rows(home, "SELECT 状态 FROM 文件清单") == [("部分待核",)]


def test_what_rests_on_a_held_form_is_not_known(home) -> None:
    keep(home, a_part())
    doc = document("forms").document_id
    fail(home, document_id=doc, statement_id=f"{doc}/L101/form")
    verdict = dict.fromkeys(schema.tables()["reconciliation"].polars_schema()) | {
        "check_id": "P01-1", "document_id": doc, "fiscal_year": 2024, "rule": "P01", "severity": "E",
        "conclusion": "不成立", "left_cell": cell("L112/c2"),
    }  # fmt: skip
    frame = pl.DataFrame([verdict], schema=schema.tables()["reconciliation"].polars_schema())
    lake.write_year(home, "reconciliation", 2024, frame)
    build(home, now=DAY)
    assert rows(home, "SELECT 结论 FROM 勾稽结果") == [("无法核对",)]


BROKEN = {
    "there twice": lambda p: replace(p, performance_forms=(p.performance_forms[0], p.performance_forms[0])),
    "performance_field.form_id": lambda p: replace(p, performance_forms=p.performance_forms[1:]),
    "duplicate_of": lambda p: replace(
        p,
        performance_forms=(
            p.performance_forms[0],
            replace(p.performance_forms[1], duplicate_of="no/such/form"),
            p.performance_forms[2],
        ),
    ),
}


@pytest.mark.parametrize("told", BROKEN)
def test_forms_that_contradict_themselves_are_not_published(home, told) -> None:
    keep(home, BROKEN[told](a_part()))
    with pytest.raises(BuildError, match=told):
        build(home, now=DAY)
    assert not home.warehouse_file.exists()


def test_a_build_that_changes_money_is_not_published(home, monkeypatch) -> None:
    keep(home, a_part())
    real = performance._insert

    def with_a_fen_more(table, files):
        changed = "t.* REPLACE (t.budget_amount + 0.01 AS budget_amount)"
        statement = real(table, files)
        if table != "fact_performance_funding":
            return statement
        return re.sub(r"t\.\* REPLACE \(.*\) FROM", f"{changed} FROM", statement)

    monkeypatch.setattr(performance, "_insert", with_a_fen_more)
    with pytest.raises(BuildError, match=r"fact_performance_funding\.budget_amount sums to"):
        build(home, now=DAY)


# --- explain and evidence ---------------------------------------------------------------------


def steps(home: Home, place: str) -> dict[str, str]:
    return dict(explain(home, cell(place)))


def test_explain_tells_a_field_an_amount_and_a_score(published) -> None:
    field = steps(published, "L103/c6")
    assert field["绩效表"] == "项目支出绩效自评表（第 1 张，A 式，完整，L101） · 样例项目"
    assert (field["栏目"], field["状态"]) == ("执行金额（第 4 行）", "照印")
    assert field["换算"] == "「10.00」万元 → 100,000.00 元"
    assert field["视图"] == "绩效项目栏：绩效表序号 1"
    funding = steps(published, "L204/c3")
    assert (funding["资金"], funding["列"]) == ("实施期、来源、中央财政（第 1 行）", "预算金额")
    assert funding["换算"] == "「11184」元 → 11,184.00 元"
    indicator = steps(published, "L110/c8")
    assert indicator["指标"] == "年度、产出指标、数量指标、指标2、到课率（第 2 行）"
    assert (indicator["列"], indicator["数值"]) == ("得分", "9.5 分")
    assert steps(published, "L109/c5")["文字"] == "「80人」"


def test_explain_says_why_a_field_is_held_and_which_printing_it_is(published) -> None:
    held = steps(published, "L123/c6")
    assert (held["状态"], held["原因"]) == ("待核", "两个数粘连")
    assert held["绩效表"].startswith("项目支出绩效自评表（第 2 张，A 式，不完整，L121，第 1 张的第二次印刷）")
    assert "换算" not in held


def test_explain_knows_a_label_and_a_blank_field(home) -> None:
    part = a_part()
    label = CellRole(part.performance_forms[0].form_id, cell("L103/c1"), "项目预算金额", "label")
    keep(home, replace(part, cells=(*part.cells, label)))
    build(home, now=DAY)
    said = steps(home, "L103/c1")
    assert (said["去向"], "绩效表" in said, "栏目" in said) == ("标签", True, False)
    assert steps(home, "L107/c2")["状态"] == "空白"
    with pytest.raises(LookupError, match="绩效项目栏"):
        explain(home, cell("L999/c1"))


def test_explain_says_why_a_cell_that_became_nothing_waits(home) -> None:
    part = a_part()
    of = part.performance_forms[0].form_id
    cells = [CellRole(of, cell(f"L106/c{n}"), "?", "held") for n in (1, 2)]
    why = Issue("held", "规整", "绩效指标", "不认识的标签", "对照原文", "L106/c1", "?")
    row = Issue("held", "规整", "绩效指标", "少了一栏", "看原件", "L106", "?")
    keep(home, replace(part, cells=(*part.cells, *cells), issues=(why, row)))
    build(home, now=DAY)
    said = [text for label, text in explain(home, cells[0].cell_id) if label == "待核"]
    assert said == ["绩效指标：不认识的标签 → 对照原文", "绩效指标：少了一栏 → 看原件"]
    assert steps(home, "L106/c2")["待核"] == "绩效指标：少了一栏 → 看原件"


def test_evidence_shows_the_form_around_a_cell(home, tmp_path) -> None:
    printed = "\n".join(["封面"] * 100 + [f"栏目{n}\t值{n}" for n in range(101, 210)])
    data = printed.encode()
    doc = document("forms", sha256=hashlib.sha256(data).hexdigest())
    doc = replace(doc, document_id=doc.sha256[:12])
    keep(home, without_persons(performance_part(doc)))
    (home.sources / doc.sha256).write_bytes(data)
    build(home, now=DAY)
    for place, text in (("L103/c2", "值103"), ("L107/c2", "值107")):
        write_evidence(home, f"{doc.document_id}/{place}", tmp_path / "x.html")
        shown = (tmp_path / "x.html").read_text("utf-8")
        assert re.findall(r"<mark>(.*?)</mark>", shown) == [text]
        assert "L101<" in shown
        assert "L100<" not in shown
        assert "项目支出绩效自评表" in shown


# --- the summary and the README ---------------------------------------------------------------


def test_the_summary_counts_forms_held_forms_and_unknown_grids(home) -> None:
    grid = Issue(
        "held", "识别", "附件表格", "附件里一个 9 行的表格不属于认得的绩效表式，未读入", "看原件", "L300"
    )
    keep(home, replace(a_part(), issues=(grid,)))
    build(home, now=DAY)
    summary = published_summary(home)
    assert (summary.forms, summary.forms_held, summary.forms_unknown) == (3, 1, 1)
    assert [*told.performance_lines(summary)] == ["绩效表 3（其中有待核的 1） · 附件里认不出的表格 1"]
    assert rows(home, "SELECT 对象, 位置 FROM 待核") == [("附件表格", "L300")]


def test_the_summary_of_a_home_without_forms_says_nothing_of_them(monkeypatch, tmp_path) -> None:
    assert [*told.performance_lines(RunSummary(True, True))] == []
    summary = RunSummary(True, True, forms=1234)
    monkeypatch.setattr("assets.run.run", lambda *_, **__: summary)
    output = CliRunner().invoke(juesuan.app, ["run", "--home", str(tmp_path)]).output
    assert "绩效表 1,234" in output.splitlines()


def test_the_queries_of_the_readme_find_what_they_are_for(published) -> None:
    section = README.read_text("utf-8").partition("## Performance forms")[2].partition("\n## ")[0]
    queries = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    found = [query(published, sql) for sql in queries]
    assert [len(each.rows) for each in found] == [1, 1]
    assert (found[0].columns[0], found[0].rows[0][0]) == ("单位", UNIT)
    assert "培训人次" in found[1].rows[0]
