"""The old spreadsheet backend: the workbook of the ``xlsx`` backend written as .xls by xlwt.

Belongs here: values, number formats, rules and merged areas in that format.
Does not belong here: where a cell stands.
"""

from __future__ import annotations

import io
from functools import cache

import xlwt
from openpyxl import Workbook
from openpyxl.cell import MergedCell

from tests.typesetter.compose import compose
from tests.typesetter.figures import Disclosure
from tests.typesetter.manner import Manner
from tests.typesetter.text import Printed
from tests.typesetter.xlsx import SheetLook, lay_out


def print_xls(disclosure: Disclosure, manner: Manner | None = None, look: SheetLook | None = None) -> Printed:
    """The disclosure as an .xls workbook."""
    composition = compose(disclosure, manner)
    book, locators = lay_out(composition, look or SheetLook())
    return Printed(as_xls(book), composition.truth, locators)


def as_xls(book: Workbook) -> bytes:
    """A workbook in the old format."""
    copy = xlwt.Workbook()

    @cache
    def style(number_format: str, ruled: bool) -> xlwt.XFStyle:
        made = xlwt.easyxf("borders: left thin, right thin, top thin, bottom thin" if ruled else "")
        made.num_format_str = number_format
        return made

    for source in book:
        sheet = copy.add_sheet(source.title, cell_overwrite_ok=True)
        sheet.visibility = 0 if source.sheet_state == "visible" else 1
        for row in source.iter_rows():
            for cell in row:
                if cell.value is None and (isinstance(cell, MergedCell) or not cell.border.left.style):
                    continue
                made = style(cell.number_format, bool(cell.border.left.style))
                sheet.write(cell.row - 1, cell.column - 1, cell.value, made)
        for area in source.merged_cells.ranges:
            sheet.merge(area.min_row - 1, area.max_row - 1, area.min_col - 1, area.max_col - 1)
        for row, shape in source.row_dimensions.items():
            sheet.row(row - 1).hidden = shape.hidden
    stream = io.BytesIO()
    copy.save(stream)
    return stream.getvalue()
