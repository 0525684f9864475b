"""The rows of performance forms that expectations are evaluated on.

Belongs here: one small function a frame, from the tables of a year to a frame, as in ``frames``. Does not
belong here: any judgement about the rows, and whether a form's figures agree (the rules of 勾稽 ask that).

In every frame ``statement_id`` is the form's id: what fails is named by its form, and held with it.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipelines.wording import wording

Tables = Mapping[str, pl.DataFrame]

FORM = "fact_performance_form"
FIELD = "performance_field"
FUNDING = "fact_performance_funding"
TASK = "fact_performance_task"
INDICATOR = "fact_performance_indicator"
PERFORMANCE = (FORM, FIELD, FUNDING, TASK, INDICATOR)

# A figure of a form is one of its fields: column of the form → the names that the field has.
FIELDS_OF = {
    "budget_amount": ("预算金额", "年初预算支出金额"),
    "received_amount": ("到位金额",),
    "executed_amount": ("执行金额",),
    "execution_rate": ("执行率",),
    "execution_score": ("执行得分",),
    "output_score": ("产出得分",),
    "benefit_score": ("效益得分",),
    "satisfaction_score": ("满意度得分",),
    "indicator_subtotal": ("指标小计",),
    "deduction": ("减分",),
    "total_score": ("总分",),
}
# Table → its amounts, each with its print and cell in the columns of the same stem.
AMOUNTS = {FUNDING: ("budget", "received", "executed"), TASK: ("allotted", "executed")}

# Wide enough for every figure of a form: some are printed with eight decimals.
FIGURE = pl.Decimal(38, 12)
_NUMBER = r"^-?\d+(\.\d+)?$"


def forms_read(tables: Tables) -> pl.DataFrame:
    """``fact_performance_form`` with ``form_document`` (the document that its id names).

    ``is_second`` says whether it is a second printing, ``comes_first`` whether the form that it repeats is
    one of the same document that stands before it.
    """
    forms = tables[FORM]
    first = forms.select("document_id", duplicate_of="form_id", first_seq="seq")
    return (
        forms.join(first, on=["document_id", "duplicate_of"], how="left", maintain_order="left")
        .with_columns(
            statement_id="form_id",
            row_seq="seq",
            form_document=pl.col("form_id").str.split("/").list.first(),
            is_second=pl.col("duplicate_of").is_not_null(),
        )
        .with_columns(comes_first=(pl.col("first_seq") < pl.col("seq")).fill_null(False))
    )


def fields(tables: Tables) -> pl.DataFrame:
    """``performance_field`` with ``figure``: its amount, else its number."""
    return tables[FIELD].with_columns(
        statement_id="form_id",
        row_seq="seq",
        figure=_figure(),
    )


def rows_of_forms(tables: Tables) -> pl.DataFrame:
    """Every field, source, task and indicator: ``part`` (its table), place, ``status``, ``reason``.

    ``form_seq`` is the number of its form in the same document, null where there is no such form;
    ``cell_document`` the document that its cell names.
    """
    forms = tables[FORM].select("document_id", "form_id", form_seq="seq")
    common = ("form_id", "document_id", "fiscal_year", "seq", "status", "reason")
    parts = [
        tables[table].select(
            *common,
            part=pl.lit(table),
            cell_id=pl.concat_str("document_id", pl.lit("/"), "locator") if table == FUNDING else "cell_id",
        )
        for table in PERFORMANCE[1:]
    ]
    return (
        pl.concat(parts)
        .join(forms, on=["document_id", "form_id"], how="left", maintain_order="left")
        .with_columns(
            statement_id="form_id", row_seq="seq", cell_document=pl.col("cell_id").str.split("/").list.first()
        )
    )


def figures_of_forms(tables: Tables) -> pl.DataFrame:
    """One row for each figure of a form: ``figure`` (its column), ``shown``, and ``told``.

    ``told`` says whether a printed field of that name has the same figure (money in 元, else as printed).
    """
    names = {name: figure for figure, all_names in FIELDS_OF.items() for name in all_names}
    shown = (
        tables[FORM]
        .select("form_id", "document_id", pl.col(list(FIELDS_OF)).cast(FIGURE))
        .unpivot(
            list(FIELDS_OF), index=["form_id", "document_id"], variable_name="figure", value_name="shown"
        )
        .drop_nulls("shown")
    )
    told = (
        tables[FIELD]
        .filter(pl.col("field").is_in(list(names)), status="printed")
        .select(
            "form_id", figure=pl.col("field").replace_strict(names, return_dtype=pl.String), shown=_figure()
        )
        .unique()
        .with_columns(told=True)
    )
    return shown.join(
        told, on=["form_id", "figure", "shown"], how="left", maintain_order="left"
    ).with_columns(pl.col("told").fill_null(False), statement_id="form_id")


def amounts_of_forms(tables: Tables) -> pl.DataFrame:
    """One row for each amount of a field, source or task: ``amount`` (元), its print, and ``restated``.

    ``restated`` is the amount made anew of the print and its unit alone (of a source or task, its form's);
    null where that is no plain number, or the unit is not known.
    """
    units = tables[FORM].select("form_id", unit="money_unit").unique("form_id")
    fields = tables[FIELD].select(
        "form_id", "document_id", "seq", "cell_id", "amount", "printed", "unit", "status"
    )
    parts = [fields]
    for table, stems in AMOUNTS.items():
        rows = tables[table].join(units, on="form_id", how="left", maintain_order="left")
        parts += [
            rows.select(
                "form_id",
                "document_id",
                "seq",
                cell_id=f"{stem}_cell",
                amount=f"{stem}_amount",
                printed=f"{stem}_printed",
                unit="unit",
                status="status",
            )
            for stem in stems
        ]
    digits = pl.col("printed").str.replace_all(r"[\s,，]|万?元$", "")
    number = pl.when(digits.str.contains(_NUMBER)).then(digits).cast(pl.Decimal(24, 6), strict=False)
    factors = dict(wording().money_factors)
    factor = pl.col("unit").replace_strict(factors, default=None, return_dtype=pl.Int64)
    return pl.concat(parts).with_columns(
        statement_id="form_id",
        row_seq="seq",
        restated=(number * factor.cast(pl.Decimal(10, 0))).cast(pl.Decimal(38, 6)),
    )


def scores_of_forms(tables: Tables) -> pl.DataFrame:
    """One row for each score (分) of a field, task or indicator: ``score``, and the cell where it stands."""
    fields = (
        tables[FIELD]
        .filter(unit="分")
        .select(
            "form_id",
            "document_id",
            "seq",
            what="field",
            score=pl.col("number").cast(FIGURE),
            cell_id="cell_id",
        )
    )
    own = [
        tables[table].select(
            "form_id",
            "document_id",
            "seq",
            what=pl.lit(what),
            score=pl.col("score").cast(FIGURE),
            cell_id="score_cell",
        )
        for table, what in ((TASK, "任务得分"), (INDICATOR, "指标得分"))
    ]
    scores = pl.concat([fields, *own])
    return scores.drop_nulls("score").with_columns(statement_id="form_id", row_seq="seq")


def _figure() -> pl.Expr:
    """What stands in a field: its amount, else its number."""
    return pl.coalesce(pl.col("amount").cast(FIGURE), pl.col("number").cast(FIGURE))
