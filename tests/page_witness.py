"""What a page of a PDF shows, asked of others than the reader: playa for words, a picture for ink.

Belongs here: the words in a box, and whether a box of one page looks as it looked on another.
Does not belong here: what was read, and what is true.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache

import numpy as np
import playa
import pypdfium2

from pipelines.model import Box

logging.getLogger("playa").setLevel(logging.CRITICAL)

# So many dots a point: a figure of 9 points is 18 dots high.
_SCALE = 2.0
# Borders are left out: a rule that moved by a hair is no other figure.
_INSET = 1.5
# Grey levels that differ by more are another ink.
_OTHER_INK = 96


class Witness:
    """One file: its pages are looked at when they are asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def text(self, page: int, box: Box) -> str | None:
        """The characters whose middle lies in a box, without blanks; None where playa fails."""
        found = self._characters(page)
        if found is None:
            return None
        left, top, right, bottom = box
        inner = [c for c in found if left < c[0] < right and top < c[1] < bottom]
        return re.sub(r"\s", "", "".join(c[2] for c in sorted(inner, key=lambda c: (round(c[1]), c[0]))))

    def ink(self, page: int, box: Box) -> np.ndarray | None:
        """The dots of a box; None where the page cannot be drawn."""
        picture = self._picture(page)
        if picture is None:
            return None
        left, top, right, bottom = (
            round(v * _SCALE) for v in (box[0] + _INSET, box[1] + _INSET, box[2] - _INSET, box[3] - _INSET)
        )
        return picture[max(top, 0) : bottom, max(left, 0) : right]

    @lru_cache(maxsize=64)  # noqa: B019 a witness lives as long as its file is judged
    def _characters(self, page: int) -> list[tuple[float, float, str]] | None:
        try:
            with playa.parse(self._data) as document:
                return [
                    ((b[0] + b[2]) / 2, (b[1] + b[3]) / 2, glyph.text or "\ufffd")
                    for text in document.pages[page - 1].texts
                    for glyph in text
                    for b in [glyph.bbox]
                ]
        except Exception:  # what a damaged file raises there is not foreseeable
            return None

    @lru_cache(maxsize=64)  # noqa: B019
    def _picture(self, page: int) -> np.ndarray | None:
        try:
            with pypdfium2.PdfDocument(self._data) as document:
                return document[page - 1].render(scale=_SCALE, grayscale=True).to_numpy().squeeze()
        except Exception:
            return None


def same_ink(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Whether two boxes look alike."""
    if one is None or other is None or one.shape != other.shape or not one.size:
        return False
    return not (np.abs(one.astype(int) - other.astype(int)) > _OTHER_INK).any()
