"""The SQL that fills the fact tables: rows held by expectations, line items, wide tables by pivot.

Belongs here: statements over the tables of one database, generated from schema and forms.
Does not belong here: opening or publishing the file (``build``), and what must hold in it (``verify``).
"""

# ruff: noqa: S608 - the statements are made of names of our own schema, never of what a document says

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.vocabulary import Form, forms
from warehouse.schema import Table, identifier, literal, tables, wide_table

# A failed critical expectation names rows by cell, by row, by statement, or by document.
HELD_CELLS = """
CREATE TEMP TABLE held_cell AS
WITH named AS (
    SELECT DISTINCT f.document_id, f.statement_id, f.cell_id, f.row_seq
    FROM expectation_failure f
    JOIN expectation_result r USING (fiscal_year, suite, expectation)
    WHERE r.severity = 'critical' AND NOT r.success
)
SELECT l.statement_id, l.row_seq, l.measure, l.cell_id
FROM line_item_read l SEMI JOIN (FROM named WHERE cell_id IS NOT NULL) USING (cell_id)
UNION
SELECT l.statement_id, l.row_seq, l.measure, l.cell_id
FROM line_item_read l
SEMI JOIN (FROM named WHERE cell_id IS NULL AND row_seq IS NOT NULL) USING (statement_id, row_seq)
UNION
SELECT l.statement_id, l.row_seq, l.measure, l.cell_id
FROM line_item_read l
SEMI JOIN (FROM named WHERE cell_id IS NULL AND row_seq IS NULL AND statement_id IS NOT NULL)
USING (statement_id)
UNION
SELECT l.statement_id, l.row_seq, l.measure, l.cell_id
FROM line_item_read l
SEMI JOIN (FROM named WHERE cell_id IS NULL AND row_seq IS NULL AND statement_id IS NULL)
USING (document_id)
"""

# Documents in the order of the tables: a number is sorted by faster than three texts.
DOCUMENT_PLACES = """
CREATE TEMP TABLE document_place AS
SELECT document_id, unit_id, row_number() OVER (ORDER BY unit_id, fiscal_year, document_id) AS place
FROM dim_document
"""

# Line items as they are shown, from the lake: the tables are filled from here and not from one another,
# because what a transaction has written itself is read by one thread only.
LINE_ITEM_VIEW = """
CREATE TEMP VIEW line_item AS
SELECT l.* EXCLUDE (amount, quantity, status), d.unit_id, d.place,
    CASE WHEN h.cell_id IS NULL THEN l.amount END AS amount,
    CASE WHEN h.cell_id IS NULL THEN l.quantity END AS quantity,
    CASE WHEN h.cell_id IS NULL THEN l.status ELSE 'held' END AS status
FROM line_item_read l
LEFT JOIN document_place d USING (document_id)
LEFT JOIN held_cell h USING (statement_id, row_seq, measure, cell_id)
"""

LINE_ITEMS = """
INSERT INTO fact_line_item BY NAME
SELECT * EXCLUDE (place, file_row_number) FROM line_item ORDER BY place, file_row_number
"""

# The codes that line items use in a year.
USED_SUBJECTS = """
SELECT DISTINCT c.classification, l.subject_code, l.fiscal_year
FROM line_item l JOIN dim_form c USING (form)
WHERE c.classification IS NOT NULL AND l.subject_code IS NOT NULL AND l.fiscal_year IS NOT NULL
"""

# Tables of values that follow from others, with the cells they rest on in ``evidence``.
DERIVED_TABLES = ("fact_derived", "fact_prior")

# Filled without the figures of forms that are held, see ``performance``.
PERFORMANCE_TABLES = (
    "fact_performance_form",
    "performance_field",
    "fact_performance_funding",
    "fact_performance_task",
    "fact_performance_indicator",
)

# What rests on a held value is itself not known.
RESTS_ON_HELD = """list_has_any(
    list_transform(string_split(coalesce(f.evidence, ''), ','), lambda c: trim(c)),
    (SELECT coalesce(list(DISTINCT cell_id), []) FROM held_cell)
)"""

HELD_ISSUES = """
INSERT INTO issue BY NAME
SELECT f.document_id, 'held' AS kind, '校验' AS stage,
    coalesce(f.statement_id, f.document_id) AS object,
    '没有通过校验“' || any_value(r.description) || '”，涉及 ' || count(*) || ' 处，金额不进视图' AS reason,
    '对照原文核对所指的行；是读错的，报给维护者；是文档印错的，见校验未过表' AS advice,
    coalesce(substr(min(f.cell_id), length(f.document_id) + 2), '') AS locator,
    coalesce(min(f.value), '') AS text,
    any_value(d.known_from) AS first_seen
FROM expectation_failure f
JOIN expectation_result r USING (fiscal_year, suite, expectation)
LEFT JOIN dim_document d ON d.document_id = f.document_id
WHERE r.severity = 'critical' AND NOT r.success
GROUP BY f.document_id, f.statement_id, f.suite, f.expectation
ORDER BY f.document_id, f.statement_id, f.suite, f.expectation
"""

# A comparison with a held figure proves nothing, whichever way it came out.
HELD_VERDICTS = """
UPDATE reconciliation
SET conclusion = '无法核对', note = concat_ws('；', '所用的单元格待核', nullif(note, ''))
WHERE conclusion IN ('成立', '尾差', '不成立') AND list_has_any(
    string_split(concat_ws(',', left_cell, right_cell), ','),
    (SELECT coalesce(list(DISTINCT cell_id), []) FROM held_cell)
)
"""

# What became of a document, for its files: failed, held whole, held in part, or loaded.
VERDICTS = """
WITH told AS (
    SELECT document_id,
        count(*) FILTER (WHERE kind IN ('held', 'failed')) AS things,
        bool_or(kind = 'failed') AS failed,
        arg_min(reason, i.rowid) FILTER (WHERE kind IN ('held', 'failed')) AS reason,
        arg_min(advice, i.rowid) FILTER (WHERE kind IN ('held', 'failed')) AS advice
    FROM issue i GROUP BY document_id
), loaded AS (
    SELECT document_id FROM dim_statement UNION SELECT document_id FROM fact_performance_form
)
SELECT d.document_id,
    CASE
        WHEN t.failed AND l.document_id IS NULL THEN '失败'
        WHEN d.fiscal_year IS NULL THEN '待核'
        WHEN t.things > 0 AND l.document_id IS NULL THEN '待核'
        WHEN t.things > 0 THEN '部分待核'
        ELSE '已入库'
    END AS state,
    coalesce(
        CASE WHEN t.things > 1 THEN t.reason || '（等 ' || t.things || ' 处，见待核）' ELSE t.reason END,
        CASE WHEN d.fiscal_year IS NULL THEN '不知道是哪一年度' END
    ) AS reason,
    coalesce(t.advice, CASE WHEN d.fiscal_year IS NULL THEN '核对封面和表头的年度' END) AS advice
FROM dim_document d
LEFT JOIN told t USING (document_id)
LEFT JOIN loaded l USING (document_id)
"""

# Where a row begins: the place of the first of its cells in its document.
_FIRST_PLACE = "arg_min(substr(l.cell_id, length(l.document_id) + 2), l.file_row_number) AS cell_locator"

# Which columns of a row a repair names.
REPAIRED_ROWS = """
CREATE TEMP TABLE repaired_row AS
SELECT statement_id, row_seq, list(DISTINCT attribute) AS attributes FROM repair GROUP BY ALL
"""

# Names as printed, without blanks, of rows whose code was taken as printed: a repaired code may
# stand beside a name that was cut short with it.
PRINTED_SUBJECTS = """
SELECT c.classification, l.subject_code, {name} AS name,
    min(l.fiscal_year), max(l.fiscal_year), count(DISTINCT l.document_id)
FROM line_item l JOIN dim_form c USING (form)
WHERE c.classification IS NOT NULL AND l.subject_code = l.subject_code_printed
    AND l.fiscal_year IS NOT NULL AND {name} <> ''
GROUP BY ALL ORDER BY ALL
"""


def without_blanks(column: str) -> str:
    """SQL for a printed text without its blanks, the wide ones included; NULL stays NULL."""
    return rf"regexp_replace({column}, '[\s\x{{3000}}\x{{00A0}}]+', '', 'g')"


def read_parquet(paths: Sequence[Path], extra: str = "") -> str:
    """SQL for the rows of those files; column types are the files' own, and are checked by the insert."""
    listed = ", ".join(literal(str(path)) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true{extra})"


def derived_insert(table: str) -> str:
    """SQL that fills a table of values that follow from others from the view of what was read of it."""
    values = [c.name for c in tables()[table].columns if c.name in ("amount", "number")]
    known = ", ".join(f"CASE WHEN NOT {RESTS_ON_HELD} THEN f.{name} END AS {name}" for name in values)
    return f"INSERT INTO {table} BY NAME SELECT f.* REPLACE ({known}) FROM {table}_read f"


def printed_subjects() -> str:
    """SQL for the codes that documents print, with their names, years and number of documents."""
    return PRINTED_SUBJECTS.format(name=without_blanks("l.name_printed"))


def wide_inserts() -> Iterator[tuple[Table, str]]:
    """For every form, its wide table and the statement that fills it from ``line_item``."""
    for form in forms().values():
        table = wide_table(form.id)
        yield table, _wide_insert(form, table)


def _wide_insert(form: Form, table: Table) -> str:
    measures = {m.key: m.name for m in form.measures}
    keys = []
    values = []
    for column in table.columns:
        if column.name in measures:
            values.append(_measure("max(l.amount)", measures[column.name], column.name))
        elif column.name == "not_as_printed":
            values.append(f"{_not_as_printed(form)} AS not_as_printed")
        elif column.name == "cell_locator":
            values.append(_FIRST_PLACE)
        elif column.name == "closed":
            values.append("bool_or(l.status = 'closed') AS closed")
        elif column.name == "quantity":
            values.append("max(l.quantity) AS quantity")
        elif column.name == "name_standard":
            values.append("any_value(s.name) AS name_standard")
        elif column.name == "item_name":
            values.append("any_value(i.name) AS item_name")
        else:
            keys.append(f"l.{identifier(column.source)} AS {identifier(column.name)}")
    names = (
        ""
        if not form.classification
        else (
            "LEFT JOIN standard_name s ON s.subject_code = l.subject_code "
            "AND s.fiscal_year = l.fiscal_year AND s.classification = "
            f"(SELECT classification FROM dim_form WHERE form = {literal(form.id)}) "
        )
    )
    items = "LEFT JOIN dim_form_item i ON i.form = l.form AND i.item = l.item " if form.items else ""
    repaired = "LEFT JOIN repaired_row r ON r.statement_id = l.statement_id AND r.row_seq = l.row_seq "
    return (
        f"INSERT INTO {identifier(table.name)} BY NAME "
        f"SELECT {', '.join([*keys, *values])} FROM line_item l {names}{items}{repaired}"
        f"WHERE l.form = {literal(form.id)} GROUP BY ALL "
        "ORDER BY unit_id, fiscal_year, statement_id, row_seq"
    )


def _measure(aggregate: str, measure: str, alias: str) -> str:
    return f"{aggregate} FILTER (WHERE l.measure = {literal(measure)}) AS {identifier(alias)}"


def _not_as_printed(form: Form) -> str:
    """A list of Chinese column names, in the order of the form's columns."""
    entries = ["CASE WHEN list_contains(any_value(r.attributes), '项目') THEN '项目' END"]
    if form.layout in ("subjects", "blocks"):
        entries.append(
            "CASE WHEN bool_or(l.subject_code IS DISTINCT FROM l.subject_code_printed) THEN '科目代码' END"
        )
    for measure in form.measures:
        name = literal(measure.name)
        entries.append(
            f"CASE WHEN bool_or(l.measure = {name} AND l.status IN ('corrected', 'held')) THEN {name} END"
        )
    return f"list_filter([{', '.join(entries)}], lambda x: x IS NOT NULL)"


def item_rows() -> list[dict[str, str | int | None]]:
    """Rows of ``dim_form_item``: the named rows of every form."""
    return [
        {
            "form": form.id,
            "item": item.name,
            "name": item.printed,
            "side": item.side,
            "section": item.section,
            "line_no": item.line_no,
            "subject_code": item.subject,
            "unit": item.unit,
        }
        for form in forms().values()
        for item in form.items
    ]


def form_rows() -> list[dict[str, str | None]]:
    """Rows of ``dim_form``."""
    chinese = {"functional": "功能", "economic": "经济", None: None}
    return [
        {"form": f.id, "name": f.name, "classification": chinese[f.classification]} for f in forms().values()
    ]


def plain_lake_tables() -> list[Table]:
    """The tables that the build copies from the lake as they are."""
    made = {"dim_document", "issue", "fact_line_item", *DERIVED_TABLES, *PERFORMANCE_TABLES}
    return [t for t in tables().values() if t.in_lake and t.name not in made]
