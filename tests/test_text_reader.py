"""The text reader: encodings, line ends, cells and their locators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.model import Grid, Line
from pipelines.readers.text import decode, read_text, split_lines, text_at
from pipelines.wording import spaced_fold, wording

TABLE = '收入决算表\n合计\t\t197.71\n201\t支出\t<td colspan="1">0.21</td>\n\n注：完'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_give_the_same_blocks(encoding: str, line_end: str) -> None:
    data = TABLE.replace("\n", line_end).encode(encoding)
    blocks = read_text(data).blocks
    assert [type(block) for block in blocks] == [Line, Grid, Line]
    grid = blocks[1]
    assert isinstance(grid, Grid)
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["合计", "", "197.71"],
        ["201", "支出", "0.21"],
    ]
    assert grid.rows[1][2].locator == "L3/c3"
    assert text_at(data, "L3/c3") == "0.21"


def test_a_blank_line_parts_grids_and_form_feeds_do_not_count_as_lines() -> None:
    content = read_text("a\tb\n\n\x0cc\td\u2028e\n".encode())
    assert [block.rows[0][0].locator for block in content.blocks if isinstance(block, Grid)] == [
        "L1/c1",
        "L3/c1",
    ]


@pytest.mark.parametrize(
    "data", [b"", b"  \n\n", b"\x00\x01\x02", b"\xff\xfe\x00", b"PK\x03\x04\x14\x00\x00", b"%PDF\x80\xff"]
)
def test_what_is_no_text_is_refused_with_a_sentence(data: bytes) -> None:
    content = read_text(data)
    assert content.blocks == ()
    assert [(issue.kind, bool(issue.reason and issue.advice)) for issue in content.issues] == [
        ("failed", True)
    ]


def test_words_and_places_past_the_end() -> None:
    data = "一 二  三\n四\t五".encode()
    assert [text_at(data, f"L1/w{n}") for n in (1, 3, 4)] == ["一", "三", ""]
    assert text_at(data, "L2/c9") == ""
    assert text_at(data, "L1") == "一 二  三"


@pytest.mark.parametrize("locator", ["L0", "L3", "p1/t1/r1c1", "L1/x2", "", "../etc/passwd"])
def test_a_place_that_is_not_there_is_an_error(locator: str) -> None:
    with pytest.raises(LookupError, match="no such place"):
        text_at(b"a\nb", locator)


@given(st.binary(max_size=300))
def test_no_bytes_ever_raise(data: bytes) -> None:
    content = read_text(data)
    assert content.blocks or content.issues
    for block in content.blocks:
        for cell in (cell for row in block.rows for cell in row) if isinstance(block, Grid) else ():
            assert text_at(data, cell.locator) == cell.text


@given(st.text(alphabet="ab\t\n\r ", max_size=60))
def test_lines_are_counted_as_editors_count_them(text: str) -> None:
    assert split_lines(text) == text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert decode(text.encode()) == text


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("编制单位：示例市某局 单位：万元", "示例市某局"),
        ("单位： 万元", None),
        ("编制单位：　金额单位：　元", None),
    ],
)
def test_a_unit_of_money_is_no_unit(line: str, unit: str | None) -> None:
    match = wording().unit.match(spaced_fold(line))
    assert (match["unit"].strip() or None if match else None) == unit
