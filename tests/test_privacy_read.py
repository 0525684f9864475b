"""Persons in forms as the real reader meets them: wherever their names stand, one table alone has them."""

from __future__ import annotations

import time
from dataclasses import fields, replace

import pytest

from pipelines.document import read_document
from pipelines.model import DocumentPart
from pipelines.performance.persons import MASK, hide_told
from pipelines.performance.told_persons import told_persons
from tests.performance_checks import assert_persons_apart
from tests.test_performance_typeset import disclosure_for, form
from tests.typesetter.docx import set_docx
from tests.typesetter.performance_document import on_their_own
from tests.typesetter.text import set_text
from tests.warehouse_fixtures import DAY, VERSION, a_home, keep
from warehouse.build import build
from warehouse.query import query

NAMES = ("赵钱孙", "孙李周", "吴郑王")
MOBILE = "13800000000"
FORM = form("A1", 2)
LINES = set_text(on_their_own([FORM])).text.splitlines()
UNIT = str(FORM.implementing_unit)
STRANGE = (
    "示例项目绩效运行监控表",
    f"监控人\t{NAMES[0]}\t联系电话\t{MOBILE}",
    f"监控人：{NAMES[0]}\t无\t无\t无",
)


def under(*lines: str) -> list[str]:
    return [*LINES, *lines]


def instead(printed: str, told: str) -> list[str]:
    return [line.replace(printed, told) for line in LINES]


PLACES = {
    "lines under the form": under(f"制表人：{NAMES[0]}", f"审核人：{NAMES[1]}  财务负责人：{NAMES[2]}"),
    "signatures": under(f"单位负责人（签字）：{NAMES[0]}", f"分管领导：{NAMES[1]}", f"手机：{MOBILE}"),
    "a lone name": [*LINES[:8], f"\t{NAMES[0]}\t", *LINES[8:]],
    "the foot of a page": [*LINES[:12], f"填表人：{NAMES[0]} 联系电话：{MOBILE}", *LINES[12:]],
    "a sentence": instead(FORM.said[1], f"{FORM.said[1]}如有疑问请联系{NAMES[0]}，电话{MOBILE}。"),
    "behind a unit": instead(UNIT, f"{UNIT}（联系人{NAMES[0]}{MOBILE}）"),
    "behind a project": instead(str(FORM.project_name), f"{FORM.project_name} 项目负责人：{NAMES[0]}"),
    "unknown labels": [*LINES[:2], f"单位负责人\t{NAMES[0]}\t手机号码\t{MOBILE}", *LINES[2:]],
    "a form of no family": [*set_text(disclosure_for("A1", FORM)).text.splitlines(), "", *STRANGE],
}  # fmt: skip


def telling(part: DocumentPart) -> list[str]:
    """The fields of the part, persons left out, in which one of the invented persons stands."""
    said = {f.name: repr(getattr(part, f.name)) for f in fields(part) if f.name != "persons"}
    return [name for name, text in said.items() if any(who in text for who in (*NAMES, MOBILE))]


@pytest.mark.parametrize("place", PLACES)
def test_a_person_at_any_place_is_in_no_record_but_its_own(place: str) -> None:
    text = "\n".join(PLACES[place])
    assert any(who in text for who in NAMES)
    part = read_document(text.encode(), name="x.txt")
    assert part.performance_forms
    assert telling(part) == []


def test_an_office_itself_is_no_person_and_a_name_behind_an_office_is() -> None:
    for said, hidden in (("本级", False), (NAMES[0], True)):
        part = read_document("\n".join(instead(UNIT, f"{UNIT}（{said}）")).encode(), name="x.txt")
        stands = [cell.text for cell in part.cells if UNIT in cell.text]
        assert [text for text in stands if text == f"{UNIT}（{said}）"] == ([] if hidden else stands)
        assert any(datum.text == f"{UNIT}（{said}）" for datum in part.persons) is hidden


def test_persons_that_words_tell_join_the_others() -> None:
    part = read_document("\n".join(PLACES["lines under the form"]).encode(), name="x.txt")
    assert [(one.attribute, one.text) for one in part.persons][-3:] == [
        ("制表人", NAMES[0]), ("审核人", NAMES[1]), ("负责人", NAMES[2]),
    ]  # fmt: skip
    assert f"制表人：{MASK}" in {cell.text for cell in part.cells}


def test_a_word_document_keeps_its_persons_apart() -> None:
    part = read_document(set_docx(on_their_own([FORM])).data, name="x.docx")
    assert_persons_apart([FORM], part)


def test_no_byte_of_the_published_file_tells_of_a_person(tmp_path) -> None:
    home = a_home(tmp_path)
    text = "\n".join(line for name in list(PLACES)[:3] for line in PLACES[name])
    part = read_document(text.encode(), name="x.txt")
    keep(home, replace(part, document=replace(part.document, fiscal_year=2024, reader_version=VERSION)))
    build(home, now=DAY)
    published = home.warehouse_file.read_bytes()
    secret = (*NAMES, MOBILE, *FORM.persons, *FORM.telephones)
    assert [who for who in secret if who.encode() in published] == []
    assert len(query(home, "FROM 绩效表").rows) == 3


# --- what is told, and what is not ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("审核人：张 三　复核人：李四", f"审核人：{MASK} {MASK}　复核人：{MASK}"),
        ("成员：张三、李四", f"成员：{MASK}、{MASK}"),
        ("联系电话：2045123", f"联系电话：{MASK}"),
        ("请拨0353-2000000咨询", f"请拨{MASK}咨询"),
        ("邮箱a.b@example.com", f"邮箱{MASK}"),
    ],
)
def test_who_is_told_is_hidden(text: str, hidden: str) -> None:
    assert hide_told(text) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "填报人： 联系电话：",
        "主要负责人用车",
        "成员：各科室",
        "联系方式：见网站",
        "领导小组办公室疫情防控经费",
        "支出13800000000元，增长13800000000.5",
        "20240315093251",
        "通过电话回访100人次",
    ],
)
def test_what_tells_of_nobody_stays(text: str) -> None:
    assert hide_told(text) == text


@pytest.mark.parametrize("piece", ["填报人：", "电话1-", "a.b", "张 ", "@", "0353", " "])
def test_no_text_is_slow_to_search(piece: str) -> None:
    started = time.process_time()
    told_persons(piece * (200_000 // len(piece)))
    assert time.process_time() - started < 2
