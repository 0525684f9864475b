"""勾稽: every rule that applies, evaluated for all documents of a year at once, both sides shown.

Belongs here: what a verdict is. Does not belong here: any rule (``rules/*.yml``), and what follows from a
verdict: a rule that does not hold is a finding, it never holds anything back.

A verdict (结论) is one of

    成立       both sides agree to the last printed digit
    尾差       they differ by no more than what rounding of the printed figures explains
    不成立     they differ by more: a finding
    不适用     the document has nothing that the rule speaks of; ``note`` says what
    无法核对   a figure it needs is held, or stands in a statement that is 不完整; ``note`` says which

Every rule leaves at least one verdict for every document, so that a rule that found nothing can be told
from one that was never asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Literal

import polars as pl

from expectations import compare
from expectations.figures import Year, year_of
from expectations.registry import FUNCTIONS
from expectations.rules_data import Rule, load_rules

Conclusion = Literal["成立", "尾差", "不成立", "不适用", "无法核对"]

# Values are in ``unit`` (万元, 元, %, 人, 辆, 台（套）, 分 …), as the two sides are printed.
RECONCILIATION_SCHEMA: dict[str, pl.DataType] = {
    "check_id": pl.String(),
    "document_id": pl.String(),
    "fiscal_year": pl.Int32(),
    "rule": pl.String(),
    "severity": pl.String(),
    "conclusion": pl.String(),
    "subject": pl.String(),
    "left_value": pl.Decimal(24, 6),
    "right_value": pl.Decimal(24, 6),
    "difference": pl.Decimal(24, 6),
    "tolerance": pl.Decimal(24, 6),
    "unit": pl.String(),
    "left_text": pl.String(),
    "right_text": pl.String(),
    "left_cell": pl.String(),
    "right_cell": pl.String(),
    "left_locator": pl.String(),
    "right_locator": pl.String(),
    "note": pl.String(),
    "counterpart_document_id": pl.String(),
}

_SEPARATOR = "\x1f"
# Modules that enter functions in the register when they are imported.
_FUNCTION_MODULES = (
    "expectations.table_functions",
    "expectations.document_functions",
    "expectations.form_statements",
    "expectations.form_figures",
    "expectations.form_codes",
    "expectations.form_text",
    "expectations.form_attachments",
    "expectations.narrative_amounts",
    "expectations.narrative_rates",
    "expectations.narrative_sums",
    "expectations.narrative_words",
    "expectations.prior",
)


def reconcile(
    fiscal_year: int,
    tables: Mapping[str, pl.DataFrame],
    before: Mapping[str, pl.DataFrame],
    *,
    rules: Sequence[Rule] | None = None,
) -> pl.DataFrame:
    """Every rule on every disclosure of a year: rows of ``reconciliation``.

    ``tables`` are the tables of the year in the lake by name, ``before`` those of the year before, empty
    where there are none. ``rules`` are evaluated, or all that there are.
    """
    for module in _FUNCTION_MODULES:
        import_module(module)
    year = year_of(fiscal_year, tables, before)
    asked = load_rules() if rules is None else rules
    nothing = pl.DataFrame(schema=RECONCILIATION_SCHEMA)
    verdicts = pl.concat([nothing, *(_verdicts(rule, year) for rule in asked)])
    return _numbered(verdicts, year)


def _verdicts(rule: Rule, year: Year) -> pl.DataFrame:
    """The verdicts of one rule in the columns of the schema, at least one for each document."""
    if rule.impossible:
        parts = [_one_each(year.documents, "无法核对", rule.impossible)]
    else:
        parts = [compare.evaluate(rule, year)] if rule.checks else []
        parts += [FUNCTIONS[rule.function](rule, year)] if rule.function else []
    outside = _outside(rule, year)
    found = _settled(pl.concat([_conformed(part, rule, year) for part in parts])).join(
        outside, on="document_id", how="anti"
    )
    silent = year.documents.join(found, on="document_id", how="anti")
    notes = [
        _one_each(outside, "不适用", "这条规则不用于这个模板或年度"),
        _one_each(
            silent.join(outside, on="document_id", how="anti"),
            "不适用",
            rule.silence or "文中没有这条规则所说的数",
        ),
    ]
    return pl.concat([found, *(_conformed(note, rule, year) for note in notes)])


def _outside(rule: Rule, year: Year) -> pl.DataFrame:
    """The documents that the rule does not speak of, by their template or the year."""
    first, last = rule.years or (year.fiscal_year, year.fiscal_year)
    outside = pl.lit(not first <= year.fiscal_year <= last)
    if rule.templates:
        outside = outside | ~pl.col("template").fill_null("").is_in(rule.templates)
    return year.documents.filter(outside)


def _one_each(documents: pl.DataFrame, conclusion: str, note: str) -> pl.DataFrame:
    return documents.select(
        "document_id", conclusion=pl.lit(conclusion), note=pl.lit(note), subject=pl.lit("整份文档")
    )


def _conformed(found: pl.DataFrame, rule: Rule, year: Year) -> pl.DataFrame:
    """The columns of the schema; what the rule did not give is null, its severity is the rule's."""
    given = {name: pl.col(name) for name in found.columns if name in RECONCILIATION_SCHEMA}
    severity = given.get("severity", pl.lit(None, pl.String)).fill_null(rule.severity)
    columns: dict[str, pl.Expr] = {name: pl.lit(None, kind) for name, kind in RECONCILIATION_SCHEMA.items()}
    columns |= given | {
        "severity": severity,
        "rule": pl.lit(rule.id),
        "fiscal_year": pl.lit(year.fiscal_year),
    }
    return found.select(columns[name].cast(kind).alias(name) for name, kind in RECONCILIATION_SCHEMA.items())


def _settled(found: pl.DataFrame) -> pl.DataFrame:
    """Without the 不适用 of documents of which the rule said more, and each note of a document once."""
    idle = pl.col("conclusion") == "不适用"
    busy = found.filter(~idle).select("document_id").unique()
    kept = found.filter(~idle)
    notes = (
        found.filter(idle)
        .join(busy, on="document_id", how="anti")
        .unique(["document_id", "note"], keep="first", maintain_order=True)
    )
    return pl.concat([kept, notes])


def _numbered(verdicts: pl.DataFrame, year: Year) -> pl.DataFrame:
    """With ``check_id``, in the order of documents and rules."""
    about = year.documents.select("document_id", "unit_name", "level")
    named = verdicts.join(about, on="document_id", how="left", maintain_order="left").with_columns(
        about=_about(*map(pl.col, ("unit_name", "fiscal_year", "level", "rule", "subject")))
    )
    numbers = [_number(text) for text in named["about"]]
    return (
        named.with_columns(check_id=pl.concat_str("rule", pl.lit("-"), pl.Series(numbers, dtype=pl.String)))
        .select(RECONCILIATION_SCHEMA.keys())
        .sort("document_id", maintain_order=True)
    )


def check_id(unit: str | None, fiscal_year: int | None, level: str | None, rule: str, subject: str) -> str:
    """The stable number of a check: ``X09-3fa2c81b``. The same for every version of a disclosure.

    ``subject`` tells the checks of one rule in one document apart, in the names of the forms
    (``支出决算表.2080505.基本支出``), never by row numbers, places or figures.
    """
    about = _SEPARATOR.join((unit or "", str(fiscal_year or ""), level or "", rule, subject))
    return f"{rule}-{_number(about)}"


def _about(*parts: pl.Expr) -> pl.Expr:
    """What ``check_id`` is a number of, for a column of verdicts."""
    texts = [part.cast(pl.String).fill_null("") for part in parts]
    return pl.concat_str(texts, separator=_SEPARATOR)


def _number(about: str) -> str:
    return hashlib.sha256(about.encode()).hexdigest()[:8]
