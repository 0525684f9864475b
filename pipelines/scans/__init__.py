"""Pages that are pictures: cleaned, ruled, recognised, and put into the lines and grids of a reader.

Belongs here: everything between the drawing of a page and its blocks. Does not belong here: the order of
a document's pages (``readers.pdf``), and what a text means or an amount must be. Nothing heavy is imported
before the first such page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.model import Block

if TYPE_CHECKING:
    from pipelines.readers.pdfium import PageContent
    from pipelines.scans.page import Sight

# Characters upside down are read with likelihoods of up to 0.85, upright ones from 0.92 on.
_LEGIBLE = 0.9


def read_page(document: Any, number: int, content: PageContent, *, ruled: bool) -> tuple[Block, ...] | None:
    """The lines and grids of page ``number`` (from 1) of an open pdfium document, as it looks.

    ``ruled`` pages have their own rules, in ``content``, and lie upright and level; of others the rules are
    found in the picture. Boxes are in points of the page as it is displayed. None where nothing is
    written; ``ValueError`` where pdfium cannot draw it.
    """
    from pipelines.scans.page import see
    from pipelines.scans.picture import cleaned, drawn, level, turned, ways

    picture = cleaned(*drawn(document, number - 1, content.turned))
    if picture.is_blank:
        return None
    if ruled:
        return see(picture, (content.level, content.upright)).blocks(number)
    sights: list[Sight] = []
    for quarters in ways(picture):
        sights.append(see(level(turned(picture, quarters))))
        if sights[-1].legibility >= _LEGIBLE:
            break
    best = max(sights, key=lambda sight: sight.legibility)
    return None if best.bare else best.blocks(number)
