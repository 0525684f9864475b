"""Printed numbers: the strict grammar, and that nothing outside it ever becomes an amount."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.amounts import read_amount, to_yuan


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("197.71", "197.71"),
        ("0.00", "0.00"),
        ("4. 96", "4.96"),
        ("214 .04", "214.04"),
        ("1,234,567.80", "1234567.80"),
        ("１２３．４５", "123.45"),
        ("-0.48", "-0.48"),
        ("－0.48", "-0.48"),
        ("−0.48", "-0.48"),
        (" 19.1795 ", "19.1795"),
        ("7187", "7187"),
    ],
)
def test_numbers(text: str, value: str) -> None:
    printed = read_amount(text)
    assert (printed.kind, printed.value) == ("number", Decimal(value))


@pytest.mark.parametrize(
    "text",
    ["1,23.4.5", "12 34", "12²", "197.71①", "1,2345.00", "1e3", "0x10", "(0.48)", "12.", ".5", "--5",
     "1.2.3", "-",
     "—", "97.7% (8分)", "十二", "٣", "1,,234", "1234567890123456.00", "NaN", "inf", "+5"],
)  # fmt: skip
def test_everything_else_is_unreadable(text: str) -> None:
    assert read_amount(text).kind == "unreadable"
    assert read_amount(text).value is None


@pytest.mark.parametrize("text", ["——", "———", "— —", "--", "――"])
def test_closed_is_not_blank(text: str) -> None:
    assert read_amount(text).kind == "closed"


@pytest.mark.parametrize("text", ["", " ", "\u3000", "\xa0"])
def test_blank(text: str) -> None:
    assert read_amount(text).kind == "blank"


@pytest.mark.parametrize(
    ("value", "unit", "yuan"),
    [
        ("197.71", "万元", "1977100.00"),
        ("0.0048", "万元", "48.00"),
        ("1.23", "元", "1.23"),
        ("0.12", "亿元", "12000000.00"),
        ("1.5", "千元", "1500.00"),
        ("0.0000001", "万元", None),
        ("1.234", "元", None),
    ],
)
def test_yuan_is_exact_or_nothing(value: str, unit: str, yuan: str | None) -> None:
    assert to_yuan(Decimal(value), unit) == (Decimal(yuan) if yuan else None)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_printed_amount_reads_back_exactly(value: Decimal) -> None:
    for text in (f"{value:f}", f"{value:,f}", f"{value:f}".replace(".", ". ")):
        assert read_amount(text).value == value


@given(st.text(max_size=20))
def test_no_text_ever_raises_or_becomes_a_float(text: str) -> None:
    printed = read_amount(text)
    assert (printed.value is not None) == (printed.kind == "number")
    assert printed.value is None or isinstance(printed.value, Decimal)
