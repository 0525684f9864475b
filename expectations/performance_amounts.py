"""Rules on the amounts of performance forms: sources and totals, amounts in words, the department's accounts.

Belongs here: what is judged by amounts. Does not belong here: rates (``performance_rates``), and amounts in
the narratives of 情况说明 (``performance_narrative``).
"""

from __future__ import annotations

import polars as pl

from expectations import sides
from expectations.figures import YUAN, Year
from expectations.performance import (
    AMOUNTS,
    DOCUMENT,
    FORM,
    KEYS,
    as_cells,
    beside,
    fields_of,
    figures_of,
    forms_of,
    funding_of,
    name_of,
    of_family,
    told,
)
from expectations.registry import rule_function
from expectations.rules_data import Rule
from expectations.verdicts import judge, place
from pipelines.vocabulary import forms as statement_forms

_COLUMN = (*KEYS, "what", "period")
_NAMES = {column: name_of(column) for column in AMOUNTS}


# --- sources ------------------------------------------------------------------------------------


@rule_function("sources_make_amounts")
def sources_make_amounts(rule: Rule, year: Year) -> pl.DataFrame:
    """P11: the sources add up to the amount, and a project named after a level is paid by that level.

    ``options.families`` print their total in the head or as a row of 合计; ``options.levels`` are what the
    name of a project says, with the sources that may bear it (a W).
    """
    families = rule.options["families"]
    cells = funding_of(year).filter(pl.col("family").is_in(families))
    sources, totals = cells.filter(kind="来源"), cells.filter(kind="合计")
    heads = (
        figures_of(year)
        .filter(pl.col("family").is_in(families) & pl.col("what").is_in(AMOUNTS))
        .with_columns(period=pl.lit("年度"))
        .join(totals, on=_COLUMN, how="anti")
    )
    total = pl.concat([totals, heads], how="diagonal_relaxed")
    sums = beside("=", total, sources, _COLUMN)
    what = pl.col("what").replace_strict(_NAMES, return_dtype=pl.String)
    about = (
        pl.when(pl.col("period") == "年度").then(what).otherwise(pl.concat_str("period", pl.lit("·"), what))
    )
    return pl.concat(
        [told(year, sums, about), told(year, _levels(rule, cells), "资金来源")], how="diagonal_relaxed"
    )


def _levels(rule: Rule, cells: pl.DataFrame) -> pl.DataFrame:
    """Whether the budget of a project that is named after a level of government stands in its rows."""
    found = []
    for pattern, sources in rule.options["levels"].items():
        named = cells.filter(
            pl.col("project_name").str.contains(pattern)
            & (pl.col("what") == "budget_amount")
            & (pl.col("kind") == "来源")
            & (pl.col("value") > 0)
        )
        fits = pl.col("source").is_in(sources)
        found.append(
            named.group_by(*KEYS, "project_name", maintain_order=True)
            .agg(
                good=fits.any(),
                source=pl.col("shown").first(),
                cell=pl.col("cell_id").first(),
            )
            .select(
                *KEYS,
                conclusion=pl.when("good").then(pl.lit("成立")).otherwise(pl.lit("不成立")),
                severity=pl.lit("W"),
                left_text=pl.format("项目名称「{}」", "project_name"),
                right_text="source",
                left_locator=pl.col(FORM).str.split("/").list.get(1),
                right_cell="cell",
                right_locator=place("cell"),
                note=pl.when(~pl.col("good")).then(pl.lit("项目名称写明的资金级次与资金所在的来源行不符")),
            )
        )
    return pl.concat(found)


@rule_function("transfers_add_up")
def transfers_add_up(rule: Rule, year: Year) -> pl.DataFrame:
    """P20: of a transfer, 中央, 地方 and 其他 make the total, and no row spends more than its budget."""
    cells = funding_of(year).filter(pl.col("family").is_in(rule.options["families"]))
    totals, sources = cells.filter(kind="合计"), cells.filter(kind="来源")
    sums = beside("=", totals, sources, _COLUMN)
    row = (*KEYS, "source", "period")
    spent, budget = cells.filter(what="executed_amount"), cells.filter(what="budget_amount")
    within = beside("≤", spent, budget, row)
    return pl.concat(
        [
            told(year, sums, pl.col("what").replace_strict(_NAMES, return_dtype=pl.String)),
            told(year, within, pl.concat_str("source", pl.lit("·执行数 ≤ 预算数"))),
        ],
        how="diagonal_relaxed",
    )


# --- amounts in words ---------------------------------------------------------------------------


@rule_function("amounts_in_text")
def amounts_in_text(rule: Rule, year: Year) -> pl.DataFrame:
    """P04: where a text of the form clearly speaks of one of its amounts, it is that of the head.

    ``options.says`` by column: patterns that match a whole clause; their groups are ``number`` and ``unit``.
    """
    texts = fields_of(year, *rule.options["fields"]).filter(
        pl.col("family").is_in(rule.options["families"]) & pl.col("text").is_not_null()
    )
    clauses = (
        texts.with_columns(
            clause=pl.col("text")
            .str.replace_all(r"\s", "")
            .str.replace_all(r"[，,；;。：:（）()]", "\n")
            .str.split("\n")
        )
        .explode("clause")
        .filter(pl.col("clause").is_not_null())
    )
    found = []
    says = [(column, said) for column, patterns in rule.options["says"].items() for said in patterns]
    for column, pattern in says:
        said = clauses.with_columns(said=pl.col("clause").str.extract_groups(pattern)).with_columns(
            digits=pl.col("said").struct.field("number"), unit=pl.col("said").struct.field("unit")
        )
        stated = _amounts(said.filter(pl.col("digits").is_not_null()), pl.col("clause"))
        key = (*KEYS, "field", "clause")
        head = figures_of(year).filter(what=column).join(stated.select(key), on=list(KEYS), how="inner")
        found.append(
            told(
                year,
                beside("=", stated, head, key),
                pl.concat_str("field", pl.lit(f"里的{name_of(column)}")),
            )
        )
    return pl.concat(found, how="diagonal_relaxed")


def _amounts(rows: pl.DataFrame, shown: pl.Expr) -> pl.DataFrame:
    """Amounts that stand in texts (``digits`` in ``unit``) as cells."""
    plain = pl.col("digits").str.replace_all(",", "")
    value = plain.cast(YUAN, strict=False)
    factor = pl.when(pl.col("unit") == "万元").then(pl.lit("10000")).otherwise(pl.lit("1"))
    return as_cells(
        rows.with_columns(
            name=shown,
            value=(value * factor.cast(pl.Decimal(12, 0))).cast(YUAN),
            printed="digits",
            held=pl.lit(False),
        )
    ).with_columns(shown=shown)


@rule_function("parts_and_products_in_text")
def parts_and_products_in_text(rule: Rule, year: Year) -> pl.DataFrame:
    """P07: amounts that a text enumerates make its total or the budget, and count × price the amount.

    ``options.lists``: ``item`` is one numbered part with its amount, ``number`` the number that each part
    begins with; ``options.together`` runs of amounts and the total they state, ``not_together`` words of one
    whose amounts are not all parts; ``options.products`` patterns with the groups ``count``, ``price`` (元),
    ``total`` (万元) and ``times``.
    """
    texts = (
        fields_of(year, *rule.options["fields"])
        .filter(pl.col("text").is_not_null())
        .with_columns(line=pl.col("text").str.replace_all(r"\s", ""))
    )
    found = [_enumerated(rule, year, texts), *_together(rule, texts), *_products(rule, texts)]
    return told(year, pl.concat(found, how="diagonal_relaxed"), pl.col("about"))


def _enumerated(rule: Rule, year: Year, texts: pl.DataFrame) -> pl.DataFrame:
    """Numbered parts, each with an amount in 万元, against the budget of the form."""
    options = rule.options["lists"]
    parts = texts.with_columns(
        parts=pl.col("line").str.extract_all(options["item"]),
        numbers=pl.col("line").str.count_matches(options["number"]),
    ).filter(
        (pl.col("parts").list.len() >= options["fewest"]) & (pl.col("parts").list.len() == pl.col("numbers"))
    )
    each = parts.explode("parts").with_columns(
        digits=pl.col("parts").str.extract(r"([\d.]+)万元$"), unit=pl.lit("万元")
    )
    items = _amounts(each, pl.col("parts"))
    budget = (
        figures_of(year).filter(what="budget_amount").join(parts.select(*KEYS, "field"), on=KEYS, how="inner")
    )
    return beside("=", budget, items, (*KEYS, "field")).with_columns(
        about=pl.concat_str("field", pl.lit("里的分项之和"))
    )


def _together(rule: Rule, texts: pl.DataFrame) -> list[pl.DataFrame]:
    """Runs of amounts «A 4 万元，B 5 万元，共 9 万元», each text by the first pattern that it fits."""
    found, left = [], texts
    for says in rule.options["together"]:
        said = left.with_columns(run=pl.col("line").str.extract_groups(says)).with_columns(
            run=pl.col("run").struct.field("parts"), total=pl.col("run").struct.field("total")
        )
        said = said.filter(
            pl.col("total").is_not_null() & ~pl.col("run").str.contains(rule.options["not_together"])
        )
        left = left.join(said, on=(*KEYS, "field"), how="anti", maintain_order="left")
        total = _amounts(
            said.with_columns(digits="total", unit=pl.lit("万元")), pl.format("共 {} 万元", "total")
        )
        each = (
            said.with_columns(part=pl.col("run").str.extract_all(r"[\d.]+万元"))
            .explode("part")
            .with_columns(digits=pl.col("part").str.strip_suffix("万元"), unit=pl.lit("万元"))
        )
        sums = beside("=", total, _amounts(each, pl.col("part")), (*KEYS, "field"))
        found.append(sums.with_columns(about=pl.concat_str("field", pl.lit("里的合计"))))
    return found


def _products(rule: Rule, texts: pl.DataFrame) -> list[pl.DataFrame]:
    """Counts times prices that a text states with their amount."""
    found = []
    for product in rule.options["products"]:
        groups = pl.col("line").str.extract_groups(product["says"])
        said = (
            texts.with_columns(said=groups)
            .with_columns(
                count=pl.col("said").struct.field("count"),
                price=pl.col("said").struct.field("price"),
                digits=pl.col("said").struct.field("total"),
                unit=pl.lit("万元"),
            )
            .filter(pl.col("digits").is_not_null())
        )
        product_of = (
            pl.col("count").cast(pl.Decimal(12, 0))
            * pl.col("price").cast(YUAN)
            * pl.lit(product["times"]).cast(pl.Decimal(12, 0))
        ).cast(YUAN)
        times = f" × {product['times']}" if product["times"] > 1 else ""
        made = as_cells(
            said.with_columns(
                name=pl.lit(""),
                value=product_of,
                printed=pl.lit(None, pl.String),
                unit=pl.lit("万元"),
                held=pl.lit(False),
            )
        ).with_columns(
            shown=pl.concat_str("count", pl.lit(" × "), "price", pl.lit(f" 元{times}")),
            half=pl.lit(0).cast(YUAN),
        )
        stated = _amounts(said, pl.format("{} 万元", "digits"))
        found.append(
            beside("=", stated, made, (*KEYS, "field")).with_columns(
                about=pl.concat_str("field", pl.lit("里的数量 × 单价"))
            )
        )
    return found


# --- the department's accounts ------------------------------------------------------------------


@rule_function("accounts_of_department")
def accounts_of_department(rule: Rule, year: Year) -> pl.DataFrame:
    """P22: what a department's form says of its income and expenditure is what its statements say.

    ``options.rows``: a row of the form and the address in the statements of the same document. Within the
    form, the parts make the totals: ``options.parts`` by total.
    """
    cells = funding_of(year).filter(
        pl.col("family").is_in(rule.options["families"]) & (pl.col("what") == "budget_amount")
    )
    alone = of_family(year, *rule.options["families"]).filter(pl.len().over(DOCUMENT) == 1).select(FORM)
    found = []
    for source, address in rule.options["rows"].items():
        form, item, measure = address.split(".")
        name = next(f.id for f in statement_forms().values() if f.name == form)
        stated = (
            year.told[name]
            .filter((pl.col("item") == item) & (pl.col("measure") == measure))
            .with_columns(
                shown=pl.concat_str(pl.lit(f"{form}·{item}·{measure} "), "printed"), taken=pl.lit(False)
            )
        )
        row = cells.filter(pl.col("source") == source).join(alone, on=FORM, how="semi")
        both = sides.sums(row, KEYS).join(
            sides.sums(stated, (DOCUMENT,)), on=DOCUMENT, how="inner", suffix="_right"
        )
        found.append(told(year, judge("=", both, KEYS), source))
    for total, parts in rule.options["parts"].items():
        sums = beside(
            "=", cells.filter(pl.col("source") == total), cells.filter(pl.col("source").is_in(parts))
        )
        found.append(told(year, sums, f"{total}的构成"))
    others = forms_of(year).filter(pl.col("family").is_in(rule.options["without"]))
    found.append(
        told(
            year,
            others.select(
                *KEYS, conclusion=pl.lit("不适用"), note=pl.lit("整体表只印年初预算，没有决算的收支")
            ),
            "收支",
        )
    )
    return pl.concat(found, how="diagonal_relaxed")
