"""From a locator back to its text, for readers whose content knows all its places.

Belongs here: the look into lines and cells of a content, words of a line included.
"""

from __future__ import annotations

import re

from pipelines.model import Content, Grid

_WORD = re.compile(r"(.+)/w([1-9]\d{0,5})")


def text_in(content: Content, locator: str) -> str:
    """The text of the line or cell at a locator; of a word past the end of its line, nothing.

    Raises ``LookupError`` where the content has no such place.
    """
    word = _WORD.fullmatch(locator)
    wanted = word[1] if word else locator
    for block in content.blocks:
        cells = (cell for row in block.rows for cell in row) if isinstance(block, Grid) else (block,)
        for cell in cells:
            if cell.locator == wanted:
                if word is None:
                    return cell.text
                words = cell.text.split()
                return words[int(word[2]) - 1] if int(word[2]) <= len(words) else ""
    raise LookupError(f"no such place in the document: {locator}")
