"""How the rules of form say what they found: a place a row, turned into verdicts.

Belongs here: what all rules of form share, from the places that a rule looked at to its verdicts. Does not
belong here: any rule (``form_statements``, ``form_codes``, ``form_text``).

A rule looks at places. Each place that is not in order is a verdict of its own; those that are in order are
counted together, so that a document of a thousand cells does not bring a thousand verdicts.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from expectations.figures import Year
from pipelines.vocabulary import forms
from pipelines.wording import fold

PLACE_SCHEMA: dict[str, pl.DataType] = {
    "document_id": pl.String(),
    "about": pl.String(),
    "place": pl.String(),
    "conclusion": pl.String(),
    "left_text": pl.String(),
    "right_text": pl.String(),
    "left_cell": pl.String(),
    "left_locator": pl.String(),
    "right_locator": pl.String(),
    "note": pl.String(),
}
# Statements of these states were found in the document; only listed (缺失) ones were not.
PRINTED = ("有数", "无数据", "空表", "不完整", "待核")
BROKEN = ("不完整", "待核")
WHOLE = "整份文档"
ATTACHMENTS = "附件"


def conclusion(ok: pl.Expr, unknown: pl.Expr | None = None) -> pl.Expr:
    """成立 where ``ok``, else 不成立; 无法核对 where ``unknown`` and not ``ok``."""
    failed = pl.lit("不成立")
    if unknown is not None:
        failed = pl.when(unknown.fill_null(False)).then(pl.lit("无法核对")).otherwise(failed)
    return pl.when(ok.fill_null(False)).then(pl.lit("成立")).otherwise(failed)


def verdicts(places: pl.DataFrame) -> pl.DataFrame:
    """Verdicts from places: columns of ``PLACE_SCHEMA`` that are left out are null.

    ``about`` is the statement or part that a place belongs to; ``place`` tells places of it apart in names
    that stay the same for every version of a disclosure. Two places of one name are numbered.
    """
    missing = [pl.lit(None, dtype).alias(n) for n, dtype in PLACE_SCHEMA.items() if n not in places.columns]
    places = places.with_columns(missing).select(pl.col(n).cast(t) for n, t in PLACE_SCHEMA.items())
    in_order = pl.col("conclusion") == "成立"
    count = pl.format("核对 {} 处", pl.len())
    passed = (
        places.filter(in_order)
        .group_by("document_id", "about", maintain_order=True)
        .agg(
            conclusion=pl.lit("成立"),
            left_text=pl.when(pl.len() == 1).then(pl.col("left_text").first()),
            right_text=pl.when(pl.len() == 1).then(pl.col("right_text").first()),
            left_locator=pl.col("left_locator").first(),
            note=pl.when(pl.col("note").is_not_null().any()).then(pl.col("note").first()).otherwise(count),
        )
        .rename({"about": "subject"})
    )
    name = pl.concat_str("about", "place", separator=".", ignore_nulls=True)
    twin = pl.int_range(pl.len()).over("document_id", "subject")
    failed = (
        places.filter(in_order.not_())
        .with_columns(subject=name)
        .with_columns(
            subject=pl.when(twin > 0).then(pl.format("{}#{}", "subject", twin + 1)).otherwise("subject")
        )
        .drop("about", "place")
    )
    # What is in order keeps a subject of its own beside the findings of the same statement.
    passed = passed.join(
        failed.select("document_id", "subject", taken=True), on=["document_id", "subject"], how="left"
    ).with_columns(subject=pl.when(pl.col("taken")).then(pl.col("subject") + "（其余）").otherwise("subject"))
    return pl.concat([failed, passed.drop("taken")], how="diagonal")


def statements(year: Year, states: tuple[str, ...] = PRINTED) -> pl.DataFrame:
    """The disclosures' statements in these states, with ``about``: the name of their form for people.

    The second statement of one form in a document is told apart by its number. ``broken`` says that rows may
    be lost: the statement is 不完整 or 待核, or a scrap in its range could not be read.
    """
    scraps = roles(year, "held").select("statement_id", scrap=True).unique()
    name = pl.col("form").replace_strict({form.id: form.name for form in forms().values()})
    number = pl.when(pl.col("copy") > 0).then(pl.format("（第 {} 张）", pl.col("copy") + 1))
    return (
        year.statements.filter(pl.col("state").is_in(states))
        .join(scraps, on="statement_id", how="left", maintain_order="left")
        .with_columns(
            about=pl.concat_str(name, number, ignore_nulls=True),
            broken=pl.col("state").is_in(BROKEN) | pl.col("scrap").fill_null(False),
        )
    )


def rows(year: Year, classification: str | None = None) -> pl.DataFrame:
    """The printed rows of statements by 科目, one a row, totals left out; with what ``statements`` has.

    ``name`` is the printed name as it is compared, ``classification`` that of the form (functional,
    economic; None: both).
    """
    kinds = {form.id: form.classification for form in forms().values() if form.classification}
    found = year.subject_rows.join(
        statements(year).select("statement_id", "document_id", "form", "about", "broken", "locator"),
        on="statement_id",
        how="inner",
        maintain_order="left",
    ).with_columns(classification=pl.col("form").replace_strict(kinds), left_locator=place_of("cell_id"))
    found = found if classification is None else found.filter(pl.col("classification") == classification)
    return folded(found, "name_printed", "name")


def place_of(cell: str) -> pl.Expr:
    """The place of a cell within its document: ``8f34…/p10/t1/r4c4`` → ``p10/t1/r4c4``."""
    return pl.col(cell).str.replace(r"^[^/]*/", "")


def folded(frame: pl.DataFrame, column: str, into: str, key: Callable[[str], str] = fold) -> pl.DataFrame:
    """The frame with a column of texts as they are compared; each distinct text is folded once."""
    texts = frame[column].drop_nulls().unique().to_list()
    keys = pl.DataFrame(
        {column: texts, into: [key(text) for text in texts]}, schema={column: pl.String, into: pl.String}
    )
    return frame.join(keys, on=column, how="left", maintain_order="left")


def marks(year: Year, *names: str) -> pl.DataFrame:
    """The marks of these names in the text of the year's disclosures."""
    return (
        year.tables["text_mark"]
        .filter(pl.col("mark").is_in(names))
        .join(year.documents.select("document_id"), on="document_id", how="semi", maintain_order="left")
    )


def roles(year: Year, role: str) -> pl.DataFrame:
    """The cells and lines of statements that have this role."""
    return year.tables["dim_cell"].filter(pl.col("role") == role)
