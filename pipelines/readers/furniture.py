"""Running heads and page numbers: what belongs to the paper and not to the text.

Belongs here: telling them by place and repetition. Does not belong here: what else a line says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from pipelines.model import Block, Line

# Page numbers and running heads stand in this share of the page, above and below.
_MARGIN = 0.09
_PAGE_NUMBER = re.compile(
    r"[-—–·\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／]\s*\d{1,4}|\s*共\s*\d{1,4}\s*页)?[-—–·\s]*"
)
# A line is a running head where so many pages print it in the same margin.
_FEWEST_REPEATS = 3

Pages = Sequence[tuple[float, tuple[Block, ...]]]


def marked_furniture(pages: Pages) -> list[tuple[Block, ...]]:
    """The blocks of pages (height, blocks) with running heads and page numbers marked.

    Tables join over marked lines.
    """
    repeated = Counter(
        (text, where)
        for height, blocks in pages
        for text, where in {(line.text, where) for line, where in _margin_lines(height, blocks)}
    )
    marked = []
    for height, blocks in pages:
        furniture = {
            line.locator
            for line, where in _margin_lines(height, blocks)
            if _PAGE_NUMBER.fullmatch(line.text) or repeated[line.text, where] >= _FEWEST_REPEATS
        }
        marked.append(
            tuple(
                replace(block, furniture=True)
                if isinstance(block, Line) and block.locator in furniture
                else block
                for block in blocks
            )
        )
    return marked


def _margin_lines(height: float, blocks: Sequence[Block]) -> list[tuple[Line, str]]:
    found = []
    for block in blocks:
        if isinstance(block, Line) and block.box is not None:
            if block.box[3] < _MARGIN * height:
                found.append((block, "top"))
            elif block.box[1] > (1 - _MARGIN) * height:
                found.append((block, "bottom"))
    return found
