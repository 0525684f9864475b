"""The figures of a year as rules see them: who disclosed what, in which state, and every printed cell.

Belongs here: making the tables of a year ready once, for all rules. Does not belong here: any rule.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from pipelines.vocabulary import forms
from pipelines.wording import wording

Tables = Mapping[str, pl.DataFrame]

YUAN = pl.Decimal(38, 6)
# A figure stands in one of two copies of a form where a document prints it twice; of one, it is 0.
PLACE = ("document_id", "copy")
# Statements of these states hold no figure, and that is known.
EMPTY_STATES = ("无数据", "空表")
# Statements of these may have lost a row.
BROKEN_STATES = ("不完整", "待核", "缺失")
# Only these forms may well have nothing: elsewhere an empty table (空表) has lost its figures.
MAY_BE_EMPTY = ("government_fund", "state_capital", "three_public", "disclosure_statistic")
_READ = (
    *("statement_id", "document_id", "form", "row_seq", "item", "line_no", "line_no_printed"),
    *("subject_code", "name_printed", "measure", "amount", "quantity", "quantity_unit"),
    *("amount_printed", "money_unit", "status", "cell_id"),
)
ROW = ("sheet", "row_seq")
# What sums need of a cell.
TOLD = (
    *PLACE,
    *("item", "subject_code", "level", "parent", "row", "label", "measure"),
    *("value", "half", "factor", "quantity_unit", "printed", "doubtful", "cell_id"),
)
_MOST_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Year:
    """A fiscal year: its tables as they are, and what rules need of them.

    ``documents`` are the disclosures (类别 决算) of ``dim_document``; ``statements`` are ``dim_statement``
    with ``copy`` and a number, ``sheet``; ``before`` is the year before, for rules that compare two.
    """

    fiscal_year: int
    tables: Tables
    documents: pl.DataFrame
    statements: pl.DataFrame
    before: Year | None = None
    _found: dict[Hashable, pl.DataFrame] = field(default_factory=dict)

    def once(self, name: Hashable, find: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What ``find`` gives, found once a year: rules ask the same of it again and again."""
        if name not in self._found:
            self._found[name] = find()
        return self._found[name]

    @cached_property
    def with_performance(self) -> pl.DataFrame:
        """The disclosures, and the documents of other kinds that hold performance forms."""
        forms = self.tables.get("fact_performance_form")
        if forms is None:
            return self.documents
        others = self.tables["dim_document"].filter(pl.col("kind") != "决算")
        return pl.concat([self.documents, others.join(forms, on="document_id", how="semi")])

    @cached_property
    def told(self) -> dict[str, pl.DataFrame]:
        """``figures`` without the blank cells, in the columns that sums need."""
        return {
            form: cells.filter(pl.col("value").is_not_null() | pl.col("doubtful")).select(TOLD)
            for form, cells in self.figures.items()
        }

    @cached_property
    def figures(self) -> dict[str, pl.DataFrame]:
        """Every cell by form: its value in 元 (辆, 台), what it is called, where it stands.

        ``value`` is null unless it was printed; ``half`` is half of its last printed digit, in 元;
        ``factor`` is what its printed unit is in 元 (1 for things that are counted); ``doubtful`` cells
        are held or missing. ``row`` names a row, stable over versions: item, 科目代码 or printed name, with
        a number where the form prints it again; ``label`` is what people are shown. ``parent`` is the
        nearest printed code above a 科目代码, null for the highest.
        """
        cells = self._cells()
        blank = cells["status"].is_in(["blank", "closed"]) & ~cells["doubtful"]
        # Most cells are blank: only of the others is there a figure to read.
        whole = pl.concat([_with_values(cells.filter(~blank)), cells.filter(blank)], how="diagonal")
        whole = whole.with_columns(printed=pl.coalesce("printed", "amount_printed"))
        rows = _rows(cells)
        return {
            form: part.sort(ROW, maintain_order=True).join(rows, on=ROW, how="left", maintain_order="left")
            for form, part in _by_form(whole)
        }

    @cached_property
    def unknown_rows(self) -> pl.DataFrame:
        """Rows with a figure of which nobody knows the item or code: form, document, copy, ``cell_id``."""
        rows = [
            part.filter(pl.col("named").not_() & (pl.col("value").is_not_null() | pl.col("doubtful")))
            .group_by(*PLACE)
            .agg(pl.col("cell_id").first())
            .with_columns(form=pl.lit(form))
            for form, part in self.figures.items()
            if form in forms()
        ]
        empty = {"document_id": pl.String, "copy": pl.Int64, "cell_id": pl.String, "form": pl.String}
        return pl.concat([pl.DataFrame(schema=empty), *rows])

    @cached_property
    def subject_rows(self) -> pl.DataFrame:
        """The printed rows of statements by 科目, in their order, totals left out: codes, name, one cell."""
        by_subject = [form.id for form in forms().values() if form.classification]
        return (
            self.tables["fact_line_item"]
            .filter(pl.col("form").is_in(by_subject) & pl.col("item").is_null())
            .select(
                "statement_id", "row_seq", "subject_code", "subject_code_printed", "name_printed", "cell_id"
            )
            .unique(["statement_id", "row_seq"], keep="first", maintain_order=True)
        )

    def _cells(self) -> pl.DataFrame:
        cells = (
            self.tables["fact_line_item"]
            .select(_READ)
            .join(
                self.statements.select("statement_id", "copy", "sheet"),
                on="statement_id",
                maintain_order="left",
            )
        )
        held = held_cells(self.tables)
        if held is None:
            return cells.with_columns(doubtful=pl.col("status").is_in(["held", "missing"]))
        return cells.join(
            held.with_columns(held=True), on=["statement_id", "row_seq", "measure", "cell_id"], how="left"
        ).with_columns(doubtful=pl.col("status").is_in(["held", "missing"]) | pl.col("held").fill_null(False))


def year_of(fiscal_year: int, tables: Tables, before: Tables | None = None) -> Year:
    """The year of those tables; ``before`` are the tables of the year before, where there are any."""
    documents = tables["dim_document"].filter(pl.col("kind") == "决算")
    statements = (
        tables["dim_statement"]
        .join(documents.select("document_id"), on="document_id", how="semi", maintain_order="left")
        .with_row_index("sheet")
        .with_columns(
            copy=pl.col("statement_id").rank("ordinal").over("document_id", "form").cast(pl.Int64) - 1
        )
    )
    earlier = before if before and "dim_document" in before else None
    return Year(
        fiscal_year, tables, documents, statements, year_of(fiscal_year - 1, earlier) if earlier else None
    )


def held_cells(tables: Tables) -> pl.DataFrame | None:
    """The cells that a failed critical expectation holds back; None where nothing failed.

    A failure names a cell, a row, a statement or a whole document.
    """
    if "expectation_failure" not in tables or tables["expectation_failure"].is_empty():
        return None
    critical = tables["expectation_result"].filter((pl.col("severity") == "critical") & ~pl.col("success"))
    failed = tables["expectation_failure"].join(critical, on=["suite", "expectation"], how="semi")
    cell, row, statement = (pl.col(name) for name in ("cell_id", "row_seq", "statement_id"))
    cells = tables["fact_line_item"]
    wide = cell.is_null() & row.is_null()
    named = [
        (failed.filter(cell.is_not_null()), ["cell_id"]),
        (failed.filter(cell.is_null() & row.is_not_null()), ["statement_id", "row_seq"]),
        (failed.filter(wide & statement.is_not_null()), ["statement_id"]),
        (failed.filter(wide & statement.is_null()), ["document_id"]),
    ]
    columns = ["statement_id", "row_seq", "measure", "cell_id"]
    found = [cells.join(rows, on=on, how="semi").select(columns) for rows, on in named if not rows.is_empty()]
    return pl.concat(found).unique() if found else None


def _by_form(cells: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    parts = cells.partition_by("form", as_dict=True)
    return [(form, parts.get((form,), cells.clear())) for form in forms()]


def _with_values(cells: pl.DataFrame) -> pl.DataFrame:
    """Adds ``value``, ``half``, ``factor``, ``printed`` (without blanks)."""
    printed = pl.col("amount_printed").str.replace_all(r"\s", "")
    decimals = (
        printed.str.normalize("NFKC").str.extract(r"\.(\d+)").str.len_chars().fill_null(0).cast(pl.Int64)
    )
    known = pl.col("status").is_in(["printed", "corrected"]) & ~pl.col("doubtful")
    value = pl.coalesce(pl.col("amount").cast(YUAN), pl.col("quantity").cast(YUAN))
    return (
        cells.with_columns(
            value=pl.when(known).then(value),
            printed=printed,
            decimals=pl.min_horizontal(decimals, pl.lit(_MOST_DECIMALS)),
        )
        .with_columns(counted=pl.col("amount").is_null() & pl.col("quantity").is_not_null())
        .with_columns(money_unit=pl.when("counted").then(None).otherwise("money_unit"))
        .join(_halves(), on=["money_unit", "decimals"], how="left", nulls_equal=True, maintain_order="left")
    )


def _halves() -> pl.DataFrame:
    """Half of the last printed digit, in 元, by money unit and decimals; nothing for what is counted."""
    rows: list[tuple[str | None, int, int, str]] = [
        (unit, decimals, factor, f"{factor * 5 / 10 ** (decimals + 1):.6f}")
        for unit, factor in wording().money_factors.items()
        for decimals in range(_MOST_DECIMALS + 1)
    ]
    rows += [(None, decimals, 1, "0") for decimals in range(_MOST_DECIMALS + 1)]
    schema = {"money_unit": pl.String, "decimals": pl.Int64, "factor": pl.Int64, "half": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("half").cast(YUAN))


def _rows(cells: pl.DataFrame) -> pl.DataFrame:
    """Of each printed row ``named``, ``row``, ``label``, ``level`` (digits of the code) and ``parent``."""
    code, again = pl.col("subject_code"), pl.col("again")
    name = pl.col("name_printed").str.replace_all(r"\s", "")
    rows = (
        cells.select(*ROW, "item", "subject_code", name)
        .unique(ROW, keep="first", maintain_order=True)
        .with_columns(base=pl.coalesce("item", code, "name_printed", pl.lit("（无名行）")))
        .with_columns(again=pl.int_range(pl.len()).over("sheet", "base"))
    )
    parents = _parents(rows.select("sheet", "subject_code").unique().drop_nulls())
    of_code = pl.concat_str(code, "name_printed", separator=" ", ignore_nulls=True)
    return rows.join(parents, on=["sheet", "subject_code"], how="left", maintain_order="left").select(
        *ROW,
        "parent",
        named=pl.col("item").is_not_null() | code.is_not_null(),
        row=pl.when(again == 0).then("base").otherwise(pl.concat_str("base", pl.lit("#"), again + 1)),
        label=pl.when(pl.col("item").is_null() & code.is_not_null()).then(of_code).otherwise("base"),
        level=code.str.len_chars(),
    )


def _parents(codes: pl.DataFrame) -> pl.DataFrame:
    """For each code of a statement the longest code printed there that it begins with, else null."""
    found = codes.with_columns(parent=pl.lit(None, pl.String))
    for digits in (3, 5):
        above = codes.rename({"subject_code": "above"})
        found = (
            found.with_columns(above=pl.col("subject_code").str.slice(0, digits))
            .join(above.with_columns(there=True), on=["sheet", "above"], how="left")
            .with_columns(
                parent=pl.when(pl.col("there") & (pl.col("above") != pl.col("subject_code")))
                .then("above")
                .otherwise("parent")
            )
            .drop("above", "there")
        )
    return found
