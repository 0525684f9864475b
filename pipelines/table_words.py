"""What the lines about a table say of it: its unit of money, its unit, its number.

Belongs here: those lines. Does not belong here: the table, and what its title makes of it (``statements``).
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.regions import Region
from pipelines.scans.certainty import is_sure
from pipelines.wording import fold, spaced_fold, without_blanks, wording


def money_unit(region: Region) -> str | None:
    """The unit of money that the region prints above its table, or None; none that was not read surely."""
    for line in [*region.meta, *region.pressed]:
        sure = line.reading is None or is_sure(line.reading.confidence)
        if sure and (match := wording().money_unit.search(spaced_fold(line.text))):
            return match[1]
    return None


def sister_unit(regions: Sequence[Region]) -> tuple[str, str] | None:
    """The one unit of money that the document's statements print, with a place; None if they differ."""
    printed = [(unit, region.begins) for region in regions if (unit := money_unit(region))]
    return printed[0] if printed and not units_differ(regions) else None


def units_differ(regions: Sequence[Region]) -> bool:
    """Whether the document's statements print several units of money."""
    return len({money_unit(region) for region in regions} - {None}) > 1


def printed_number(region: Region) -> str | None:
    """The printed number of the table (公开02表): on lines of its own, or beside the title."""
    lines = without_blanks("".join(line.text for line in region.numbers))
    beside = wording().number_beside_title.search(fold(region.title.text)) if region.title else None
    return lines or (beside[0] if beside else None)


def printed_unit(region: Region) -> str | None:
    """The name of the unit as the lines above the table print it, without blanks; None if left open."""
    for line in region.meta:
        match = wording().unit.match(spaced_fold(line.text))
        if match and (name := without_blanks(match["unit"])):
            return name
    return None
