"""The build and the views: what is published is what the lake holds, whole or not at all."""

# ruff: noqa: S608 - the statements are made of names of our own

from dataclasses import replace
from datetime import date
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from pipelines.model import DocumentPart, Issue
from tests.warehouse_fixtures import (
    DAY,
    UNIT,
    VERSION,
    a_home,
    dated,
    day,
    document,
    full_part,
    item,
    keep,
    statement,
)
from warehouse import facts, lake, schema
from warehouse.build import BuildError, build
from warehouse.catalogue import views
from warehouse.ledger import Ledger
from warehouse.query import query

# What analysts were promised: names, order and types of every view.
BEGIN = {"单位": "VARCHAR", "年度": "INTEGER", "层级": "VARCHAR", "序号": "INTEGER"}
END = {"更正": "VARCHAR[]", "文档": "VARCHAR", "文件": "VARCHAR", "位置": "VARCHAR"}
MONEY = "DECIMAL(24,6)"
HALVES = {
    "方向": "VARCHAR",
    "行次": "INTEGER",
    "印刷行次": "VARCHAR",
    "项目": "VARCHAR",
    "科目代码": "VARCHAR",
}
SUBJECTS = dict.fromkeys(("科目代码", "印刷代码", "科目名称", "标准名称"), "VARCHAR")


def measures(*names):
    return dict.fromkeys(names, MONEY)


STATEMENTS = {
    "收入支出决算总表": HALVES | measures("金额"),
    "收入决算表": SUBJECTS
    | measures(
        "本年收入合计", "财政拨款收入", "上级补助收入", "事业收入", "经营收入",
        "附属单位上缴收入", "其他收入",
    ),
    "支出决算表": SUBJECTS
    | measures("本年支出合计", "基本支出", "项目支出", "上缴上级支出", "经营支出", "对附属单位补助支出"),
    "财政拨款收入支出决算总表": HALVES
    | measures("金额", "合计", "一般公共预算财政拨款", "政府性基金预算财政拨款", "国有资本经营预算财政拨款"),
    "一般公共预算财政拨款支出决算表": SUBJECTS | measures("小计", "基本支出", "项目支出"),
    "一般公共预算财政拨款基本支出决算明细表": SUBJECTS | measures("决算数") | {"关闭": "BOOLEAN"},
    "政府性基金预算财政拨款收入支出决算表": SUBJECTS
    | measures("年初结转和结余", "本年收入", "本年支出小计", "基本支出", "项目支出", "年末结转和结余"),
    "国有资本经营预算财政拨款支出决算表": SUBJECTS
    | measures("年初结转和结余", "本年收入", "合计", "基本支出", "项目支出", "年末结转和结余"),
    "财政拨款三公经费支出决算表": {"口径": "VARCHAR"}
    | measures(
        "合计", "因公出国境费", "公务用车购置及运行维护费", "公务用车购置费", "公务用车运行维护费",
        "公务接待费", "会议费", "培训费",
    ),
    "部门决算公开相关信息统计表": {"行次": "INTEGER", "印刷行次": "VARCHAR", "项目": "VARCHAR"}
    | measures("统计数")
    | {"计量单位": "VARCHAR"},
}  # fmt: skip

OTHERS = {
    "单元格": "单位 年度 层级 表名 序号 行次 科目代码 列 金额 计量单位 印刷文字 状态 单元格 文档 文件 位置",
    "报表": "单位 年度 层级 表名 印刷标题 印刷表号 状态 行数 单元格数 非空 关闭 读法 文档 文件 位置",
    "推得上年": "单位 年度 层级 上年 对象 表名 项目 科目代码 列 金额 误差 推法 算式 依据 文档 文件",
    "推算值": "单位 年度 层级 表名 项目 科目代码 列 金额 数值 计量单位 规则 算式 依据 文档 文件",
    "待核": "阶段 对象 原因 怎么办 文档 文件 位置 首次见到 单元格",
    "文件清单": "文档 文件 类别 单位 年度 层级 模板 页数 状态 原因 发布日期 首次见到 取代 被取代",
    "单位表": "单位 别名 上级 单位性质 行政区划 依据 编号 代码 层级路径 下属数",
    "单位建议": "单位 可能是 理由 依据 建议条目",
    "单位汇总": "部门 年度 单位 有无单位文档 单位支出合计 各单位合计 部门支出合计 差额 缺数单位 "
    "印刷名称 依据 位置 文档 文件 单位文档 部门文档",
    "缺失单位": "部门 年度 单位 印刷名称 依据 位置 文档 文件 部门文档",
    "勾稽结果": "编号 规则 级别 结论 左值 右值 差额 容差 计量单位 左文字 右文字 "
    "左单元格 右单元格 左位置 右位置 说明 文档 对方文档",
    "问题": "编号 规则 级别 单位 年度 披露值 对照值 差额 容差 计量单位 披露文字 位置 "
    "对照位置 说明 处理 文档 文件 披露单元格 对照单元格",
    "规则覆盖": "规则 级别 范围 表述 单位 年度 层级 状态 核对 成立 尾差 不成立 不适用 "
    "无法核对 原因 文档 文件",
    "披露质量": "单位 年度 层级 得分 E核对 E不成立 E权重 W核对 W不成立 W权重 F核对 F不成立 F权重 文档 文件",
    "科目表": "分类 科目代码 名称 级次 上级代码 起始年度 终止年度 依据",
}


@pytest.fixture
def home(tmp_path):
    return a_home(tmp_path)


def rows(home, sql):
    return query(home, sql).rows


def columns(home, view):
    return {name: kind for name, kind, *_ in rows(home, f'DESCRIBE "{view}"')}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    home = a_home(tmp_path_factory.mktemp("published"))
    keep(home, full_part(document("a")))
    build(home, now=DAY)
    return home


@pytest.mark.parametrize("view", STATEMENTS)
def test_statement_views_are_as_promised(published, view):
    wanted = BEGIN | STATEMENTS[view] | END
    assert list(columns(published, view).items()) == list(wanted.items())


@pytest.mark.parametrize("view", OTHERS)
def test_other_views_are_as_promised(published, view):
    found = columns(published, view)
    assert list(found) == OTHERS[view].split()
    assert found.get("金额", MONEY) == MONEY


def test_every_table_view_and_column_has_a_comment(published):
    for kind in ("duckdb_tables()", "duckdb_views()", "duckdb_columns()"):
        told = rows(published, f"SELECT comment FROM {kind} WHERE NOT internal")
        assert told
        assert all(comment for (comment,) in told)
    hazard = "SELECT comment FROM duckdb_views() WHERE view_name = '收入决算表'"
    assert "相加会重复" in rows(published, hazard)[0][0]


def test_documented_columns_are_the_columns(published):
    for view in views():
        assert list(view.columns) == list(columns(published, view.name))


def test_the_views_show_what_is_printed(published):
    doc, path = document("a").document_id, f"inbox/{document('a').document_id}.txt"
    assert rows(published, "FROM 收入支出决算总表 ORDER BY 序号") == [
        (
            UNIT,
            2024,
            "部门",
            1,
            "收入",
            31,
            "31",
            "总计",
            None,
            Decimal("8178.890000"),
            [],
            doc,
            path,
            "L10",
        ),
        (UNIT, 2024, "部门", 2, "支出", 36, "五、36", "教育支出", "205", None, [], doc, path, "L10"),
    ]
    names = "序号, 科目代码, 印刷代码, 科目名称, 标准名称"
    assert rows(published, f"SELECT {names}, 财政拨款收入, 更正 FROM 收入决算表 ORDER BY 序号") == [
        (1, None, None, "合计", None, Decimal("10.500000"), []),
        (
            2,
            "2080505",
            "2080",
            "机关事业单位基本养老",
            "机关事业单位基本养老保险缴费支出",
            Decimal("4.960000"),
            ["科目代码"],
        ),
    ]
    assert rows(
        published, "SELECT 科目代码, 决算数, 关闭 FROM 一般公共预算财政拨款基本支出决算明细表 ORDER BY 序号"
    ) == [("30101", Decimal("3.100000"), False), ("30901", None, True)]
    assert rows(
        published, "SELECT 序号, 口径, 合计, 公务接待费, 会议费 FROM 财政拨款三公经费支出决算表 ORDER BY 1"
    ) == [
        (1, "预算数", Decimal("2.000000"), Decimal("2.000000"), None),
        (2, "决算数", Decimal("1.250000"), Decimal("1.250000"), None),
    ]
    assert rows(
        published, "SELECT 行次, 项目, 统计数, 计量单位 FROM 部门决算公开相关信息统计表 ORDER BY 1"
    ) == [
        (1, "合计", Decimal("6.000000"), "万元"),
        (7, "车辆数合计（辆）", Decimal("3.000000"), "辆"),
    ]


def test_cells_tell_blank_from_closed_and_money_from_things(published):
    found = rows(
        published,
        "SELECT 列, 金额, 计量单位, 印刷文字, 状态, 位置 FROM 单元格 "
        "WHERE 状态 <> 'printed' OR 计量单位 <> '万元' ORDER BY 单元格",
    )
    assert found == [
        ("金额", None, "万元", "", "blank", "L10"),
        ("决算数", None, "万元", "——", "closed", "L31"),
        ("统计数", Decimal("3.000000"), "辆", "3", "printed", "L51"),
    ]


def test_units_are_registered_with_names_and_parents(published):
    assert rows(published, "SELECT 单位, 别名, 上级 FROM 单位表 ORDER BY 单位") == [
        (UNIT, ["某市某局(本级)"], None),
        ("某市某局服务中心", [], UNIT),
    ]


def test_a_build_changes_nothing_the_second_time(home):
    keep(home, full_part(document("a")))
    first = build(home, now=DAY)
    tables = {t: rows(home, f"FROM {t} ORDER BY ALL") for t in schema.tables()}
    second = build(home, now=day(1))
    assert (first.digest, first.rows) == (second.digest, second.rows)
    assert {t: rows(home, f"FROM {t} ORDER BY ALL") for t in schema.tables()} == tables
    assert len(home.earlier_files()) == 1
    assert list(home.scratch.iterdir()) == []


def test_without_documents_the_failures_are_still_published(home):
    Ledger(home).failed(path="big.txt", size=9, mark=1, reason="文件太大", advice="拆开", at=DAY)
    build(home, now=DAY)
    assert rows(home, "SELECT 阶段, 原因, 怎么办, 文档, 文件 FROM 待核") == [
        ("读取", "文件太大", "拆开", None, "big.txt")
    ]
    assert rows(home, "SELECT 文件, 状态, 原因 FROM 文件清单") == [("big.txt", "失败", "文件太大")]


def test_two_files_of_the_same_content_are_one_document(home):
    keep(home, full_part(document("a")), path="a.txt")
    keep(home, full_part(document("a")), path="copy.txt", at=day(1))
    build(home, now=day(1))
    assert rows(home, "SELECT 文件, 状态 FROM 文件清单 ORDER BY 文件") == [
        ("a.txt", "已入库"),
        ("copy.txt", "重复"),
    ]
    assert rows(home, "SELECT 文件 FROM 待核") == [("copy.txt",)]
    assert rows(home, "SELECT count(*), any_value(文件) FROM 收入决算表") == [(2, "a.txt")]


def test_a_file_that_was_overwritten_keeps_both_contents(home):
    keep(home, full_part(document("old")), path="a.txt")
    keep(home, full_part(document("new")), path="a.txt", at=day(1))
    build(home, now=day(1))
    assert len(rows(home, "FROM 文件清单")) == 2
    assert rows(home, "SELECT DISTINCT 文档 FROM 收入决算表") == [(document("new").document_id,)]


def test_the_later_publication_is_shown_and_the_earlier_listed(home):
    early, late = dated("early", date(2025, 8, 1)), dated("late", date(2025, 9, 1))
    keep(home, late)
    keep(home, early, at=day(2))
    build(home, now=day(2))
    assert rows(home, "SELECT DISTINCT 文档 FROM 单元格") == [(late.document.document_id,)]
    assert rows(home, "SELECT 文档, 被取代 FROM 文件清单 WHERE 被取代 IS NOT NULL") == [
        (early.document.document_id, late.document.document_id)
    ]
    assert rows(home, "SELECT 阶段, 文档 FROM 待核") == [("入库", early.document.document_id)]


def test_an_arbitrary_choice_is_said_to_be_one(home):
    keep(home, full_part(document("a")), full_part(document("b")))
    build(home, now=DAY)
    [(shown,)] = rows(home, "SELECT DISTINCT 文档 FROM 单元格")
    assert shown == max((document("a"), document("b")), key=lambda d: d.sha256).document_id
    [(reason, advice)] = rows(home, "SELECT 原因, 怎么办 FROM 待核")
    assert "任意" in reason
    assert "核对" in advice


def test_a_document_without_a_year_is_held_and_in_no_statement_view(home):
    lost = document("a", fiscal_year=None)
    why = Issue("held", "识别", "年度", "没有写年度", "核对封面", "L1")
    keep(home, replace(full_part(lost), issues=(why,)))
    build(home, now=DAY)
    assert rows(home, "FROM 收入决算表") == []
    assert rows(home, "FROM 报表") == []
    assert rows(home, "SELECT 对象, 位置 FROM 待核") == [("年度", "L1")]
    assert rows(home, "SELECT 状态, 年度, 原因 FROM 文件清单") == [("待核", None, "没有写年度")]


def test_notes_hold_nothing_back(home):
    note = Issue("noted", "规整", "名称", "取了长的", "不必处理")
    keep(home, replace(full_part(document("a")), issues=(note,)))
    build(home, now=DAY)
    assert rows(home, "FROM 待核") == []
    assert rows(home, "SELECT 状态 FROM 文件清单") == [("已入库",)]


def fail(home, severity="critical", **names):
    """One failed expectation of 2024 that names rows."""
    result = {
        "fiscal_year": 2024, "suite": "s", "table_name": "fact_line_item", "expectation": "e",
        "description": "合计不为空", "severity": severity, "success": False, "checked": 9, "failed": 1,
    }  # fmt: skip
    blank = dict.fromkeys(("document_id", "statement_id", "cell_id", "row_seq"))
    failure = {"fiscal_year": 2024, "suite": "s", "expectation": "e", **blank, "value": "坏", **names}
    for table, row in (("expectation_result", result), ("expectation_failure", failure)):
        frame = pl.DataFrame([row], schema=schema.tables()[table].polars_schema())
        lake.write_year(home, table, 2024, frame)


DOC = document("a").document_id


@pytest.mark.parametrize(
    ("names", "held"),
    [
        ({"cell_id": f"{DOC}/L21/c3"}, 1),
        ({"statement_id": f"{DOC}/income", "row_seq": 2}, 2),
        ({"statement_id": f"{DOC}/income"}, 4),
        ({}, 14),
    ],
    ids=["cell", "row", "statement", "document"],
)
def test_a_critical_failure_holds_the_rows_it_names(home, names, held):
    keep(home, full_part(document("a")))
    fail(home, document_id=DOC, **names)
    assert build(home, now=DAY).held == held
    assert rows(home, "SELECT count(*), count(金额) FROM 单元格 WHERE 状态 = 'held'") == [(held, 0)]
    assert rows(home, "SELECT 阶段 FROM 待核") == [("校验",)]
    assert rows(home, "SELECT 状态 FROM 文件清单") == [("部分待核",)]


def test_a_held_measure_is_named_in_its_row_and_in_what_rests_on_it(home):
    keep(home, full_part(document("a")))
    fail(home, document_id=DOC, cell_id=f"{DOC}/L20/c3")
    derived = {
        "document_id": DOC, "fiscal_year": 2024, "form": "income", "item": None, "subject_code": "208",
        "measure": "本年收入合计", "rule": "r", "formula": "a", "amount": Decimal("1.00"),
    }  # fmt: skip
    evidence = [f"{DOC}/L20/c4,{DOC}/L20/c3", f"{DOC}/L20/c4"]
    frame = pl.DataFrame(
        [derived | {"evidence": e} for e in evidence], schema=schema.tables()["fact_derived"].polars_schema()
    )
    lake.write_year(home, "fact_derived", 2024, frame)
    build(home, now=DAY)
    assert rows(home, "SELECT 本年收入合计, 财政拨款收入, 更正 FROM 收入决算表 WHERE 序号 = 1") == [
        (None, Decimal("10.500000"), ["本年收入合计"])
    ]
    assert rows(home, "SELECT 金额 FROM 推算值 ORDER BY 依据") == [(Decimal("0.000100"),), (None,)]


def test_a_prior_value_that_rests_on_a_held_cell_is_not_known(home):
    keep(home, full_part(document("a")))
    fail(home, document_id=DOC, cell_id=f"{DOC}/L20/c3")
    prior = {
        "document_id": DOC, "fiscal_year": 2024, "prior_year": 2023, "object": "收入合计", "form": "income",
        "item": "合计", "subject_code": None, "measure": "本年收入合计", "amount": Decimal("85000.00"),
        "tolerance": Decimal("100.00"), "basis": "增减额", "formula": "a",
    }  # fmt: skip
    evidence = [f"{DOC}/L20/c4,{DOC}/L9/1", f"{DOC}/L20/c3,{DOC}/L9/1"]
    frame = pl.DataFrame(
        [prior | {"evidence": e} for e in evidence], schema=schema.tables()["fact_prior"].polars_schema()
    )
    lake.write_year(home, "fact_prior", 2024, frame)
    build(home, now=DAY)
    assert rows(home, "SELECT 表名, 金额, 误差 FROM 推得上年 ORDER BY 依据") == [
        ("收入决算表", None, Decimal("0.010000")),
        ("收入决算表", Decimal("8.500000"), Decimal("0.010000")),
    ]


def test_a_warning_holds_nothing(home):
    keep(home, full_part(document("a")))
    fail(home, severity="warning", document_id=DOC, cell_id=f"{DOC}/L21/c3")
    assert build(home, now=DAY).held == 0
    assert rows(home, "FROM 待核") == []


def broken_lines(home):
    """Ways in which the lake can break an invariant of ours: each with a word of what is said of it."""
    doc = document("a")
    good = item(doc, "income", 1, "本年收入合计", "1.00", "L1/c1", name_printed="合计")
    return {
        "there twice": (good, good),
        "which no wide table has": (replace(good, measure="没有的列"),),
        "is not in dim_statement": (replace(good, statement_id="x/income"),),
        # one printed row with two names would become two rows of the wide table
        "fact_income: statement_id, row_seq": (
            good,
            replace(good, name_printed="别的", measure="财政拨款收入", cell_id=f"{DOC}/L1/c2"),
        ),
        # the same measure twice in a row: only one of them would be shown
        "sums to": (good, replace(good, cell_id=f"{DOC}/L1/c2")),
    }


@pytest.mark.parametrize("told", broken_lines(None))
def test_a_broken_invariant_publishes_nothing(home, told):
    keep(home, full_part(document("first", unit_name="甲")))
    build(home, now=DAY)
    before = home.warehouse_file.read_bytes()
    doc = document("a")
    keep(home, DocumentPart(doc, statements=(statement(doc, "income"),), line_items=broken_lines(home)[told]))
    with pytest.raises(BuildError, match=told):
        build(home, now=DAY)
    assert home.warehouse_file.read_bytes() == before
    assert list(home.scratch.iterdir()) == []


@pytest.mark.parametrize("column", ["amount", "quantity"])
def test_line_items_that_lost_a_fen_are_not_published(home, monkeypatch, column):
    keep(home, full_part(document("a")))
    lost = facts.LINE_ITEMS.replace(
        "(place, file_row_number)", f"(place, file_row_number) REPLACE ({column} - 0.01 AS {column})"
    )
    monkeypatch.setattr(facts, "LINE_ITEMS", lost)
    with pytest.raises(BuildError, match=f"fact_line_item.{column} sums to"):
        build(home, now=DAY)
    assert not home.warehouse_file.exists()


def test_the_first_reason_of_a_document_is_the_one_its_file_shows(home):
    reasons = [f"第{number}处" for number in range(1, 41)]
    held = tuple(Issue("held", "识别", "年度", reason, "核对", "L1") for reason in reasons)
    keep(home, *(replace(full_part(document(name, unit_name=name)), issues=held) for name in "abc"))
    build(home, now=DAY)
    assert rows(home, "SELECT reason FROM issue ORDER BY rowid") == [(reason,) for reason in reasons] * 3
    assert rows(home, "SELECT DISTINCT 原因 FROM 文件清单") == [("第1处（等 40 处，见待核）",)]


def test_a_lake_that_the_ledger_does_not_know_is_not_published(home):
    keep(home, full_part(document("a")))
    home.ledger_file.unlink()
    with pytest.raises(BuildError, match="台账"):
        build(home, now=DAY)
    assert not home.warehouse_file.exists()


def test_readers_keep_the_file_that_they_opened(home):
    keep(home, full_part(document("a")))
    build(home, now=DAY)
    with duckdb.connect(str(home.warehouse_file), read_only=True) as reader:
        keep(home, full_part(document("b", unit_name="乙局")))
        build(home, now=day(1))
        assert reader.execute("SELECT count(*) FROM dim_document").fetchall() == [(1,)]
    assert rows(home, "SELECT count(*) FROM dim_document") == [(2,)]
    with duckdb.connect(str(home.earlier_files()[0]), read_only=True) as before:
        assert before.execute("SELECT count(*) FROM dim_document").fetchall() == [(1,)]


def test_a_withdrawn_file_leaves_the_views_and_stays_in_the_list(home):
    keep(home, full_part(document("a")), path="a.txt")
    Ledger(home).withdrawn(path="a.txt", at=day(1))
    build(home, now=day(1))
    assert rows(home, "FROM 收入决算表") == []
    assert rows(home, "SELECT 文件, 状态 FROM 文件清单") == [("a.txt", "已撤回")]
    assert rows(home, "SELECT reader_version FROM dim_document")[0][0] == VERSION
