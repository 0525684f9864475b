"""How a page looks: the switches of paper, rules, letters and file that printed disclosures show.

Belongs here: the switches. They can be combined; what a printer cannot do it refuses.
Does not belong here: what is printed (``manner``), and how a printer does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Rules = Literal["strokes", "fills", "cells", "double", "horizontal", "none"]

WATERMARK = "内部资料"

# Portrait, in points.
PAPERS = {"A4": (595.28, 841.89), "A3": (841.89, 1190.55)}


@dataclass(frozen=True)
class Look:
    """The switches of a printed PDF. The defaults print a clean one with stroked rules."""

    # paper
    paper: Literal["A4", "A3"] = "A4"
    landscape: bool = True
    serif: bool = False
    # rules
    rules: Rules = "strokes"
    open_sides: bool = False
    filled_header: bool = False
    # letters
    fake_bold: bool = False
    odd_spacing: bool = False
    wrapped_names: bool = False
    # tables over pages
    repeat_header: bool = False
    last_row_alone: bool = False
    empty_row: bool = False
    # under and over the page
    watermark: Literal["none", "oblique", "upright"] = "none"
    watermark_over: bool = False
    stamp: bool = False
    # the file
    rotate: Literal[0, 90, 180, 270] = 0  # /Rotate, the page as seen being upright
    turned: Literal[0, 90, 270] = 0  # pages of tables lie on their side, without /Rotate
    cropbox: bool = False
    form_xobject: bool = False
    fonts: Literal["embedded", "named", "gbk"] = "embedded"  # not in the file: by ToUnicode, or in GBK
    to_unicode: bool = True
    scanned: bool = False

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page in points, as it is read."""
        short, long = PAPERS[self.paper]
        return (long, short) if self.landscape else (short, long)

    @property
    def ruled(self) -> bool:
        """Whether rules stand between rows and between columns."""
        return self.rules not in ("horizontal", "none")

    @property
    def has_text(self) -> bool:
        """Whether the file says which characters stand on its pages."""
        return self.to_unicode and not self.scanned
