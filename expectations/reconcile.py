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
from collections.abc import Iterator, Mapping, Sequence
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

# The columns that a rule may give; the others follow from the rule and the year.
_GIVEN = {
    name: kind
    for name, kind in RECONCILIATION_SCHEMA.items()
    if name not in ("check_id", "fiscal_year", "rule")
}
# A rule, by its place in the order, asked of a document.
_ASKED = ("order", "document_id")
_NOTHING = pl.DataFrame(schema=_GIVEN | {"order": pl.Int32()})
_RULE_SCHEMA: dict[str, pl.DataType] = {
    "order": pl.Int32(),
    "rule": pl.String(),
    "rule_severity": pl.String(),
    "of_performance": pl.Boolean(),
    "in_years": pl.Boolean(),
    "templates": pl.List(pl.String()),
    "conclusion": pl.String(),
    "note": pl.String(),
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
    "expectations.performance_scores",
    "expectations.performance_grades",
    "expectations.performance_rates",
    "expectations.performance_amounts",
    "expectations.performance_indicators",
    "expectations.performance_heads",
    "expectations.performance_links",
    "expectations.performance_narrative",
    "expectations.performance_coverage",
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
    rules = load_rules() if rules is None else rules
    known = _described(rules, year)
    asked = _asked(known, year)
    found = pl.concat([_NOTHING, *_found(rules, year)], how="diagonal")
    said = _settled(found).join(asked.filter("outside"), on=_ASKED, how="anti", maintain_order="left")
    silent = asked.join(said, on=_ASKED, how="anti", maintain_order="left")
    return _numbered(pl.concat([said, silent.drop("outside")], how="diagonal"), known, year)


def _described(rules: Sequence[Rule], year: Year) -> pl.DataFrame:
    """A row of each rule: the place in their ``order``, and what it says where it finds nothing."""
    rows = [
        {
            "order": order,
            "rule": rule.id,
            "rule_severity": rule.severity,
            "of_performance": rule.of_performance,
            "in_years": rule.years is None or rule.years[0] <= year.fiscal_year <= rule.years[1],
            "templates": list(rule.templates) or None,
            "conclusion": "无法核对" if rule.impossible else "不适用",
            "note": rule.impossible or rule.silence or "文中没有这条规则所说的数",
        }
        for order, rule in enumerate(rules)
    ]
    return pl.DataFrame(rows, schema=_RULE_SCHEMA)


def _asked(known: pl.DataFrame, year: Year) -> pl.DataFrame:
    """Every rule with every document that it is asked of, and the verdict where it finds nothing.

    ``outside`` are the documents that the rule does not speak of, by their template or the year.
    """
    disclosed = pl.col("kind") == "决算"
    spoken_of = pl.col("templates").is_null() | pl.col("template").fill_null("").is_in(pl.col("templates"))
    outside = ~(pl.col("in_years") & spoken_of)
    about = year.with_performance.select("document_id", "kind", "template")
    return (
        known.join(about, how="cross")
        .filter(pl.col("of_performance") | disclosed)
        .select(
            *_ASKED,
            outside=outside,
            conclusion=pl.when(outside).then(pl.lit("不适用")).otherwise("conclusion"),
            note=pl.when(outside).then(pl.lit("这条规则不用于这个模板或年度")).otherwise("note"),
            subject=pl.lit("整份文档"),
        )
    )


def _found(rules: Sequence[Rule], year: Year) -> Iterator[pl.DataFrame]:
    """What the rules find, in the columns of the schema that they give, with their ``order``."""
    for order, rule in enumerate(rules):
        parts = [compare.evaluate(rule, year)] if rule.checks else []
        parts += [FUNCTIONS[rule.function](rule, year)] if rule.function else []
        for part in parts:
            given = [pl.col(name).cast(kind) for name, kind in _GIVEN.items() if name in part.columns]
            yield part.select(*given, order=pl.lit(order, pl.Int32))


def _settled(found: pl.DataFrame) -> pl.DataFrame:
    """Without the 不适用 of documents of which the rule said more, and each note of a document once."""
    idle = pl.col("conclusion") == "不适用"
    kept = found.filter(~idle)
    notes = (
        found.filter(idle)
        .join(kept, on=_ASKED, how="anti", maintain_order="left")
        .unique([*_ASKED, "note"], keep="first", maintain_order=True)
    )
    return pl.concat([kept, notes])


def _numbered(verdicts: pl.DataFrame, known: pl.DataFrame, year: Year) -> pl.DataFrame:
    """With ``check_id`` and what is the rule's, in the order of documents and rules."""
    of_rule = known.select("order", "rule", "rule_severity")
    about = year.with_performance.select("document_id", "unit_name", "level")
    named = (
        verdicts.join(of_rule, on="order", how="left", maintain_order="left")
        .join(about, on="document_id", how="left", maintain_order="left")
        .with_columns(
            severity=pl.col("severity").fill_null(pl.col("rule_severity")),
            fiscal_year=pl.lit(year.fiscal_year, pl.Int32),
        )
        .with_columns(about=_about(*map(pl.col, ("unit_name", "fiscal_year", "level", "rule", "subject"))))
        .sort("document_id", "order", maintain_order=True)
    )
    numbers = [_number(text) for text in named["about"]]
    numbered = pl.concat_str("rule", pl.lit("-"), pl.Series(numbers, dtype=pl.String))
    return named.with_columns(check_id=numbered).select(RECONCILIATION_SCHEMA.keys())


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
