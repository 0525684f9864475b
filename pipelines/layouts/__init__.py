"""How the rows of each layout are read: one module a layout, data from the form, cells to the sheet.

Every module offers ``read(sheet, table)``. A layout knows where labels, codes and measures stand;
it knows no unit, no year and no template.
"""

from __future__ import annotations

from collections.abc import Callable

from pipelines.layouts import blocks, halves, statistic, subjects, three_public
from pipelines.layouts.table import Table, UnreadableError
from pipelines.sheet import Sheet

READERS: dict[str, Callable[[Sheet, Table], None]] = {
    "halves": halves.read,
    "subjects": subjects.read,
    "blocks": blocks.read,
    "three_public": three_public.read,
    "statistic": statistic.read,
}

__all__ = ["READERS", "Table", "UnreadableError"]
