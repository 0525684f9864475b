"""What stands beside the verdicts in the new file: rules, severities, and what people decided and corrected.

Belongs here: those tables, and finding what of people's entries changed nothing. Does not belong here: what
the entries say (``decisions``, ``corrections``).
"""

# ruff: noqa: S608 - the statements are made of names of our own schema, never of what a document says

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipelines.amounts import read_amount, to_yuan
from warehouse import corrections, decisions, schema
from warehouse.home import Home
from warehouse.rows import Row, insert

if TYPE_CHECKING:
    import duckdb


def fill(connection: duckdb.DuckDBPyConnection, home: Home, rules: Sequence[Row]) -> None:
    """Fill ``rule``, ``severity``, ``decision``, ``correction`` and ``input_issue``."""
    insert(connection, home, "rule", rules)
    severities = schema.load_yaml("severities.yml").items()
    said = [{"severity": key, "position": place, **about} for place, (key, about) in enumerate(severities, 1)]
    insert(connection, home, "severity", said)
    insert(connection, home, "input_issue", [*_decided(connection, home), *_corrected(connection, home)])


def _decided(connection: duckdb.DuckDBPyConnection, home: Home) -> Iterator[Row]:
    """Decisions into the file; what of them cannot be used."""
    told = decisions.load(home)
    insert(connection, home, "decision", told.rows)
    yield from told.issues
    if not told.rows:  # nothing to look for among millions of comparisons
        return
    columns = ("check_id", "file", "place")
    unknown = connection.execute(
        f"SELECT {', '.join(columns)} FROM decision ANTI JOIN reconciliation USING (check_id) ORDER BY ALL"
    ).fetchall()
    for row in unknown:
        yield decisions.unknown(home, dict(zip(columns, row, strict=True)))


def _corrected(connection: duckdb.DuckDBPyConnection, home: Home) -> Iterator[Row]:
    """Corrections into the file; what of them changed nothing."""
    told = corrections.load(home)
    yield from told.issues
    if not told.rows:
        return
    insert(connection, home, "correction", [{**row, "applied": False} for row in told.rows])
    connection.execute(
        "UPDATE correction SET applied = true FROM repair r "
        "WHERE r.cell_id = correction.cell_id AND r.rule = $rule AND r.repaired = correction.corrected",
        {"rule": corrections.RULE},
    )
    for before in _before(connection):
        connection.execute(
            "UPDATE correction SET amount_before = $amount, quantity_before = $quantity "
            "WHERE cell_id = $cell_id",
            before,
        )
    read = dict(
        connection.execute(
            "SELECT cell_id, any_value(amount_printed) FROM fact_line_item "
            "WHERE cell_id IN (SELECT cell_id FROM correction WHERE NOT applied) GROUP BY ALL"
        ).fetchall()
    )
    idle = connection.execute("SELECT cell_id FROM correction WHERE NOT applied ORDER BY ALL").fetchall()
    by_cell = {row["cell_id"]: row for row in told.rows}
    for (cell_id,) in idle:
        yield corrections.unused(home, by_cell[cell_id], read.get(cell_id), there=cell_id in read)


def _before(connection: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    """What the corrected cells of digital text said, in 元 or as a number.

    What was recognised in a picture may have been held, or corrected by arithmetic: of that nothing is known.
    """
    read = connection.execute(
        "SELECT c.cell_id, c.printed, any_value(l.money_unit) FROM correction c "
        "JOIN fact_line_item l USING (cell_id) ANTI JOIN cell_reading USING (cell_id) "
        "WHERE c.applied GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for cell_id, printed, money_unit in read:
        value = read_amount(printed or "").value
        amount = None if value is None or money_unit is None else to_yuan(value, money_unit)
        yield {"cell_id": cell_id, "amount": amount, "quantity": None if money_unit else value}
