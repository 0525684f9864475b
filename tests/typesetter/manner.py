"""How a document is printed: the switches that real documents were seen to throw, and the printing
of a single number or name under them.

Belongs here: switches and the text of one cell. Does not belong here: where a cell stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

MONEY_UNITS = {"万元": Decimal(10_000), "元": Decimal(1)}

_FULL = str.maketrans("0123456789.,", "０１２３４５６７８９．，")
_HALF = str.maketrans({"（": "(", "）": ")", "：": ":", "“": '"', "”": '"', "，": ","})


@dataclass(frozen=True)
class Manner:
    """The switches. The defaults print a clean document in the manner of its template.

    Sets hold form ids. Numbers that say ``every`` mean each n-th; 0 means never.
    """

    # damage of pages
    break_every: int = 0
    repeat_header: bool = False
    watermark: str = ""
    # damage of cells
    spaced_every: int = 0
    wrapped_every: int = 0
    wrapped_headers: bool = False
    html_every: int = 0
    extra_columns: int = 0
    # writing
    full_width_digits: bool = False
    half_width: bool = False
    thousands: bool = False
    money_unit: Literal["万元", "元"] = "万元"
    closed_mark: str = "——"
    total: Literal["merged", "second", "split"] | None = None
    head: Literal["line", "lines", "tight"] | None = None
    split_numbers: Literal["no", "line", "blank"] = "no"
    nil: Literal["declared", "silent"] = "declared"
    truncated_codes: bool = False
    truncated_names: bool = False
    # what is left out
    missing_titles: frozenset[str] = frozenset()
    missing_numbers: frozenset[str] = frozenset()
    missing_money: frozenset[str] = frozenset()
    pressed: frozenset[str] = frozenset()
    contents: bool = True
    # the narrative: short, with every claim, or none; how its amounts are printed, where its parts stand
    narrative: Literal["brief", "full", "none"] = "brief"
    text_unit: Literal["万元", "元", "亿元"] = "万元"
    text_separators: bool = False
    text_cut_every: int = 0
    parts: tuple[str, ...] = ()
    # the file
    newline: Literal["\n", "\r\n"] = "\n"
    encoding: Literal["utf-8", "utf-8-sig", "gb18030"] = "utf-8"


class Hand:
    """Prints numbers and words one after the other under a manner: it keeps count for ``every``."""

    def __init__(self, manner: Manner):
        self.manner = manner
        self._numbers = 0
        self._names = 0

    def amount(self, amount: Decimal) -> str:
        """An amount in 元 as printed in the manner's unit of money: exact, or ``ValueError``."""
        value = amount / MONEY_UNITS[self.manner.money_unit]
        if value != value.quantize(Decimal("0.01")):
            raise ValueError(f"{amount} 元 cannot be printed with two decimals of {self.manner.money_unit}")
        text = f"{value:,.2f}" if self.manner.thousands else f"{value:.2f}"
        self._numbers += 1
        if self.manner.spaced_every and self._numbers % self.manner.spaced_every == 0:
            text = text.replace(".", ". ")
        return self.digits(text)

    def digits(self, text: str) -> str:
        """A code, a 行次 or a number of things."""
        return text.translate(_FULL) if self.manner.full_width_digits else text

    def name(self, name: str) -> str:
        """The name of a row: wrapped before its last characters as narrow columns do."""
        text = self.words(name)
        if len(text) > 6:
            self._names += 1
            if self.manner.wrapped_every and self._names % self.manner.wrapped_every == 0:
                at = min(len(text) - 1, 9)
                text = f"{text[:at]} {text[at:]}"
        return text

    def header(self, text: str) -> str:
        """A column's header."""
        text = self.words(text)
        if self.manner.wrapped_headers and len(text) > 5:
            text = f"{text[:4]} {text[4:]}"
        return text

    def words(self, text: str) -> str:
        """Running words: titles, notes, sentences."""
        return text.translate(_HALF) if self.manner.half_width else text
