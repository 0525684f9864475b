"""The performance forms on their way from the lake to the warehouse: whole, but for forms that are held.

Belongs here: the SQL that fills their tables, what a failed expectation holds of a form, and what must hold
between them. Does not belong here: the analyst's views, and the persons of a form (``persons``).
"""

# ruff: noqa: S608 - the statements are made of names of our own schema, never of what a document says

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.facts import PERFORMANCE_TABLES, read_parquet
from warehouse.schema import identifier, tables

if TYPE_CHECKING:
    import duckdb

FORM, *CHILDREN = PERFORMANCE_TABLES

# The figures of a form are believed together or not at all: they are checked against each other. A failed
# critical expectation names a form, or its document. ``{forms}`` is what the lake holds of the forms.
HELD_FORMS = """
CREATE TEMP TABLE held_form AS
WITH named AS (
    SELECT f.document_id, f.statement_id, f.cell_id, f.row_seq, r.description
    FROM expectation_failure f
    JOIN expectation_result r USING (fiscal_year, suite, expectation)
    WHERE r.severity = 'critical' AND NOT r.success
), read AS ({forms})
SELECT form_id, '没有通过校验“' || string_agg(DISTINCT description, '”“' ORDER BY description) || '”' AS why
FROM (
    SELECT r.form_id, n.description FROM read r JOIN named n ON n.statement_id = r.form_id
    UNION ALL
    SELECT r.form_id, n.description FROM read r JOIN named n ON n.document_id = r.document_id
    WHERE n.statement_id IS NULL AND n.cell_id IS NULL AND n.row_seq IS NULL
)
GROUP BY form_id
"""

# The cells of held forms, beside those of held rows: what rests on them is not known either.
HELD_FORM_CELLS = """
INSERT INTO held_cell (statement_id, cell_id)
SELECT c.statement_id, c.cell_id FROM dim_cell c JOIN held_form h ON h.form_id = c.statement_id
"""

# What a held form says instead of its figures.
_INSTEAD = {
    "state": "'不完整'",
    "note": "concat_ws('；', t.note, h.why)",
    "status": "'held'",
    "reason": "concat_ws('；', t.reason, h.why)",
}


def fill(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[Path]]) -> None:
    """The tables of the forms, without the figures of held ones; their cells join ``held_cell``."""
    forms = "SELECT form_id, document_id FROM " + _source(FORM, files)
    connection.execute(HELD_FORMS.format(forms=forms))
    for table in PERFORMANCE_TABLES:
        if files[table]:
            connection.execute(_insert(table, files))
    connection.execute(HELD_FORM_CELLS)


def _source(table: str, files: Mapping[str, Sequence[Path]]) -> str:
    """The rows of the lake; with no files, the empty table."""
    return read_parquet(files[table]) if files[table] else identifier(table)


def figures(table: str) -> list[str]:
    """The columns of a table that are figures."""
    return [c.name for c in tables()[table].columns if c.type.startswith("DECIMAL")]


def _insert(table: str, files: Mapping[str, Sequence[Path]]) -> str:
    names = {c.name for c in tables()[table].columns}
    instead = dict.fromkeys(figures(table), "NULL") | {n: s for n, s in _INSTEAD.items() if n in names}
    shown = ", ".join(
        f"CASE WHEN h.form_id IS NULL THEN t.{identifier(n)} ELSE {said} END AS {identifier(n)}"
        for n, said in instead.items()
    )
    order = "t.document_id, t.seq" if table == FORM else "t.document_id, t.form_id, t.seq"
    return (
        f"INSERT INTO {identifier(table)} BY NAME SELECT t.* REPLACE ({shown}) "
        f"FROM {_source(table, files)} t LEFT JOIN held_form h ON h.form_id = t.form_id ORDER BY {order}"
    )


def violations(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[Path]]) -> Iterator[str]:
    """What does not hold: money and scores of lake and warehouse, and rows whose form is not there."""
    for table in PERFORMANCE_TABLES:
        sums = ", ".join(f"coalesce(sum({identifier(name)}), 0)" for name in figures(table))
        lake = f"SELECT {sums} FROM {_source(table, files)} ANTI JOIN held_form USING (form_id)"
        read = connection.execute(lake).fetchone() or ()
        here = connection.execute(f"SELECT {sums} FROM {identifier(table)}").fetchone() or ()
        for name, there, shown in zip(figures(table), read, here, strict=True):
            if there != shown:
                yield f"{table}.{name} sums to {shown}, the lake to {there}"
    for table, column in (*((child, "form_id") for child in CHILDREN), (FORM, "duplicate_of")):
        lost = connection.execute(
            f"SELECT min(t.{column}) FROM {identifier(table)} t "
            f"ANTI JOIN {FORM} f ON f.form_id = t.{column} AND f.document_id = t.document_id "
            f"WHERE t.{column} IS NOT NULL"
        ).fetchone()
        if lost and lost[0] is not None:
            yield f"{table}.{column} {lost[0]} is not in {FORM}"
