"""The indicators of a performance form, whatever its family.

Belongs here: handing a form's indicator rows to the reader of its manner, and what comes back.
Does not belong here: the manners themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pipelines.model import CellRole, Issue
from pipelines.performance.cut import FormBlock
from pipelines.performance.liaoning import read_liaoning
from pipelines.performance.notes import Notes
from pipelines.performance.records import PerformanceField, PerformanceIndicator, PerformanceTask
from pipelines.performance.split_columns import read_split_columns
from pipelines.performance.tree import read_tree
from pipelines.performance.twin_lists import read_twin_lists


@dataclass(frozen=True, slots=True)
class IndicatorReading:
    """What the indicator block of a form says; ``fields`` are the scores and weights of first levels."""

    indicators: tuple[PerformanceIndicator, ...]
    tasks: tuple[PerformanceTask, ...]
    fields: tuple[PerformanceField, ...]
    cells: tuple[CellRole, ...]
    issues: tuple[Issue, ...]


def read_indicators(
    form: FormBlock, form_id: str, document_id: str, money_unit: str | None = None
) -> IndicatorReading:
    """Read the indicator block of a form; of families D and E the whole form below its title.

    ``money_unit`` is that of amounts in D and E. Never raises for what a form holds: what is doubtful is
    held.
    """
    notes = Notes(form_id, document_id, {cell.locator: cell for row in form.rows for cell in row})
    tasks: list[PerformanceTask] = []
    rows = form.indicator_rows
    if form.family == "F":
        indicators = read_twin_lists(rows, notes)
    elif form.family in ("D", "E"):
        indicators = read_split_columns(rows, notes, form.family)
        scores = [one.score for one in indicators]
        complete = not notes.issues and None not in scores
        total = sum((score for score in scores if score is not None), Decimal(0)) if complete else None
        tasks = read_liaoning(form, notes, money_unit, total)
    else:
        indicators = read_tree(rows, notes, scored=form.family != "B")
    return IndicatorReading(
        tuple(indicators), tuple(tasks), tuple(notes.fields), tuple(notes.cells), tuple(notes.issues)
    )
