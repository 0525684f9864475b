"""Which column is which, proven by figures, where a table lost its head.

Belongs here: the proof by the form's row identity and by a witness statement of the same document.
Without a full proof the statement is held: a wrong column is a wrong number.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipelines.model import LineItem
from pipelines.vocabulary import Form

# Half the last printed digit (0.005 万元) for each figure of the identity, in 元.
_HALF_DIGIT = Decimal(50)

Rows = dict[str, dict[str, Decimal]]


def columns_proven(
    form: Form, items: Sequence[LineItem], witness_form: Form, witness: Sequence[LineItem]
) -> bool:
    """Whether the figures of a table without a head prove its columns to be the form's.

    In every row the whole must equal its parts (rounding allowed), and no part may exceed the same
    part of the witness's row of the same code; rows must tell the parts apart from each other, so
    that the other order is disproved.
    """
    if form.row_identity is None or witness_form.row_identity is None:
        return False
    total, parts = form.row_identity
    rows, witnessed = _rows(items), _rows(witness)
    for row in witnessed.values():
        # The whole has a name of its own in each form (小计, 本年支出合计).
        row[total] = row.pop(witness_form.row_identity[0], Decimal(0))
    tolerance = _HALF_DIGIT * (len(parts) + 1)
    for code, row in rows.items():
        if code not in witnessed:
            return False
        if abs(row.get(total, Decimal(0)) - sum(row.get(part, Decimal(0)) for part in parts)) > tolerance:
            return False
        if any(_exceeds(row, part, witnessed[code], part) for part in (total, *parts)):
            return False
    return bool(rows) and all(
        any(_exceeds(row, a, witnessed[code], b) for code, row in rows.items())
        for a in (total, *parts)
        for b in (total, *parts)
        if a != b and b != total
    )


def rows_add_up(form: Form, items: Sequence[LineItem]) -> bool:
    """Whether in every row the whole equals its parts, rounding allowed.

    True where the form has no such identity.
    """
    if form.row_identity is None:
        return True
    total, parts = form.row_identity
    tolerance = _HALF_DIGIT * (len(parts) + 1)
    rows: dict[int, dict[str, Decimal]] = {}
    for item in items:
        if item.amount is not None:
            rows.setdefault(item.row_seq, {})[item.measure] = item.amount
    return all(
        abs(row[total] - sum((row.get(part, Decimal(0)) for part in parts), Decimal(0))) <= tolerance
        for row in rows.values()
        if total in row
    )


def _exceeds(row: dict[str, Decimal], part: str, witness: dict[str, Decimal], other: str) -> bool:
    return row.get(part, Decimal(0)) > witness.get(other, Decimal(0)) + 2 * _HALF_DIGIT


def _rows(items: Sequence[LineItem]) -> Rows:
    rows: Rows = {}
    for item in items:
        if item.subject_code is not None:
            row = rows.setdefault(item.subject_code, {})
            if item.amount is not None:
                row[item.measure] = item.amount
    return rows
