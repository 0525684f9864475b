"""From a locator back to its text, for readers whose content knows all its places.

Belongs here: the texts of a content by their locators, words of a line included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.model import Content, Grid

_WORD = re.compile(r"(.+)/w([1-9]\d{0,5})")


def texts_by_place(content: Content) -> dict[str, str]:
    """The text of every line and cell by its locator."""
    found: dict[str, str] = {}
    for block in content.blocks:
        cells = [cell for row in block.rows for cell in row] if isinstance(block, Grid) else [block]
        found |= {cell.locator: cell.text for cell in cells}
    return found


def look_up(texts: Mapping[str, str], locator: str) -> str:
    """The text at a locator; of a word past the end of its line, nothing.

    Raises ``LookupError`` where there is no such place.
    """
    word = _WORD.fullmatch(locator)
    text = texts.get(word[1] if word else locator)
    if text is None:
        raise LookupError(f"no such place in the document: {locator}")
    if word is None:
        return text
    words = text.split()
    return words[int(word[2]) - 1] if int(word[2]) <= len(words) else ""
