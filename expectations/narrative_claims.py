"""The figures of the running text as rules see them: what each says, how exactly, and the cell that it means.

Belongs here: making ``fact_claim`` ready once for all rules on narratives, what
several of them ask. Does not belong here: any rule, and the arithmetic of rounded figures (``intervals``).
"""

from __future__ import annotations

import polars as pl

from expectations.figures import BROKEN_STATES, MAY_BE_EMPTY, YUAN, Year
from pipelines.vocabulary import forms
from pipelines.wording import wording

# What a claim and the cell that it speaks of are told by.
DOCUMENT, KEY = "document_id", "key"
_CLAIM_COLUMNS: dict[str, pl.DataType] = {
    "document_id": pl.String(),
    "claim_id": pl.String(),
    "seq": pl.Int64(),
    "section": pl.String(),
    "object": pl.String(),
    "kind": pl.String(),
    "value": pl.Decimal(24, 6),
    "unit": pl.String(),
    "value_printed": pl.String(),
    "direction": pl.String(),
    "period": pl.String(),
    "form": pl.String(),
    "item": pl.String(),
    "subject_code": pl.String(),
    "measure": pl.String(),
    "cell_id": pl.String(),
    "whole": pl.String(),
    "whole_cell_id": pl.String(),
    "sentence": pl.String(),
    "locator": pl.String(),
}
_DIGIT = r"\d"
# A part of an enumeration that begins with its own number: «(3)», «- (3)», «1.».
_NUMBERED = r"^[\s\-—]*[(（]?\d{1,2}[)）.、]"


def claims_of(year: Year) -> pl.DataFrame:
    """The claims of a year, made ready once: see :func:`read_claims`."""
    return year.once("claims", lambda: read_claims(year))


def read_claims(year: Year) -> pl.DataFrame:
    """Every claim of the year's disclosures in reading order, with its cell.

    ``amount`` and ``half`` (half of the last printed digit; 0 for a bare 0, a word and what is counted) are
    in 元, % or what is counted; ``factor`` is its unit in 元. ``key`` is the address of what it speaks of,
    else section and object; ``about`` is that in names of the forms, for people, and ``heading`` the section
    without its title. ``nil`` says that the figure is a word. ``shown`` is the claim in a few words.
    ``cell_value`` (0 where blank), ``cell_half``, ``cell_shown``, ``doubt`` (why the cell cannot be relied
    upon) and ``form_state`` are of the cell and of the statement; the same with ``whole_``.
    """
    table = year.tables.get("fact_claim")
    if table is None:
        table = pl.DataFrame(schema=_CLAIM_COLUMNS)
    claims = table.select(list(_CLAIM_COLUMNS)).join(year.documents.select(DOCUMENT), on=DOCUMENT, how="semi")
    claims = _with_amounts(claims.sort(DOCUMENT, "seq"))
    cells = _cells(year)
    states = year.statements.filter(pl.col("copy") == 0).select(DOCUMENT, "form", form_state="state")
    whole_measure = pl.col("whole").str.split("/").list.last()
    return (
        claims.join(
            cells,
            left_on=["cell_id", "measure"],
            right_on=["cell", "column"],
            how="left",
            maintain_order="left",
        )
        .with_columns(whole_measure=whole_measure)
        .join(
            cells.rename({name: f"whole_{name}" for name in _CELL_COLUMNS}),
            left_on=["whole_cell_id", "whole_measure"],
            right_on=["cell", "column"],
            how="left",
            maintain_order="left",
        )
        .join(states, on=[DOCUMENT, "form"], how="left", maintain_order="left")
        .with_columns(nested=_nested())
    )


_CELL_COLUMNS = ("cell_value", "cell_half", "cell_shown", "cell_printed", "doubt")


def _with_amounts(claims: pl.DataFrame) -> pl.DataFrame:
    factors = pl.col("unit").replace_strict(dict(wording().money_factors), default=1, return_dtype=pl.Int64)
    digits = pl.col("value_printed").str.normalize("NFKC").str.replace_all(r"\s", "")
    decimals = digits.str.extract(r"\.(\d+)").str.len_chars().fill_null(0).cast(pl.Int64)
    address = pl.concat_str("form", pl.coalesce("item", "subject_code"), "measure", separator="/")
    claims = (
        claims.with_columns(
            factor=factors,
            decimals=pl.min_horizontal(decimals, 6),
            nil=~pl.col("value_printed").str.contains(_DIGIT),
            key=pl.coalesce(address, pl.concat_str("section", pl.lit("/"), "object")),
            about=pl.coalesce(named(address), pl.concat_str(_under_title(), "object", separator=".")),
            heading=_under_title(),
        )
        .join(_half_digits(), on="decimals", how="left", maintain_order="left")
        .with_columns(
            amount=(pl.col("value").cast(YUAN) * pl.col("factor").cast(pl.Decimal(12, 0))).cast(YUAN)
        )
    )
    exact = pl.col("nil") | ((pl.col("value") == 0) & (pl.col("decimals") == 0)) | (pl.col("kind") == "数量")
    half = (pl.col("half_digit") * pl.col("factor").cast(pl.Decimal(12, 0))).cast(YUAN)
    return claims.with_columns(
        half=pl.when(exact).then(pl.lit(0).cast(YUAN)).otherwise(half),
        shown=pl.concat_str(pl.lit("说明·"), "object", _words(), pl.lit(" "), _printed(digits)),
        place=pl.col("locator").str.split("/").list.first(),
    )


def _under_title() -> pl.Expr:
    """The headings below the first, which often names unit and year."""
    headings = pl.col("section").str.split("/")
    below = headings.list.slice(1).list.join("/")
    return pl.when(headings.list.len() > 1).then(below).otherwise("section")


def named(address: pl.Expr) -> pl.Expr:
    """An address (``income/合计/本年收入合计``) in the name of its form: ``收入决算表.合计.本年收入合计``."""
    parts = address.str.split("/")
    form = parts.list.first().replace_strict({form.id: form.name for form in forms().values()}, default=None)
    return pl.concat_str(form, parts.list.slice(1).list.join("."), separator=".")


def _half_digits() -> pl.DataFrame:
    halves = ["0." + "0" * decimals + "5" for decimals in range(7)]
    # Of figures with six decimals the half is below what is kept: the last kept digit stands for it.
    halves[6] = "0.000001"
    return pl.DataFrame({"decimals": range(7), "half_digit": halves}).with_columns(
        pl.col("half_digit").cast(YUAN)
    )


def _words() -> pl.Expr:
    """What kind of figure it is, in the words of the narratives."""
    period, way = pl.col("period"), pl.col("direction").fill_null("变动")
    return (
        pl.when(pl.col("kind") == "占比")
        .then(pl.lit("占比"))
        .when(pl.col("kind").is_in(["增减额", "增减率"]))
        .then(pl.concat_str(pl.lit("比"), period, way))
        .when(pl.col("kind") == "完成率")
        .then(pl.concat_str(pl.lit("完成"), period))
        .when(period != "本年")
        .then(period)
        .otherwise(pl.lit(""))
    )


def _printed(digits: pl.Expr) -> pl.Expr:
    return pl.when(digits.str.contains(r"\d$")).then(pl.concat_str(digits, "unit")).otherwise(digits)


def _cells(year: Year) -> pl.DataFrame:
    """Every cell once: its value (0 where it is blank), its text, and why it cannot be relied upon."""
    states = year.statements.select("statement_id", "state")
    parts = [
        cells.select(
            "statement_id",
            "cell_id",
            "measure",
            "value",
            "half",
            "doubtful",
            "printed",
            shown=pl.concat_str(pl.lit(f"{forms()[form].name}·"), "label", pl.lit("·"), "measure"),
            empty=pl.lit(form not in MAY_BE_EMPTY),
        )
        for form, cells in year.figures.items()
    ]
    lost = pl.col("state").is_in(BROKEN_STATES) | (pl.col("empty") & (pl.col("state") == "空表"))
    zero = pl.lit(0).cast(YUAN)
    number = pl.col("value").is_not_null()
    return (
        pl.concat(parts)
        .join(states, on="statement_id", how="left")
        .unique(["cell_id", "measure"], keep="first", maintain_order=True)
        .select(
            cell="cell_id",
            column="measure",
            cell_value=pl.col("value").fill_null(zero),
            cell_half=pl.when(number & (pl.col("value") != 0)).then("half").otherwise(zero),
            cell_shown=pl.concat_str(
                "shown", pl.lit(" "), pl.when(number).then("printed").otherwise(pl.lit("空白"))
            ),
            cell_printed=number,
            doubt=pl.when("doubtful")
            .then(pl.lit("所需的数待核"))
            .when(lost)
            .then(pl.concat_str(pl.lit("所需的报表"), "state")),
        )
    )


def _nested() -> pl.Expr:
    """Whether it is a numbered part that bears the name of the whole it stands under.

    «社会保障和就业支出 24.31 万元，具体包括：… (3) 社会保障和就业支出 4.96 万元» names one amount twice, and
    means two.
    """
    numbered = pl.col("sentence").str.contains(_NUMBERED)
    earlier = (~numbered).cast(pl.Int32).cum_max().over(DOCUMENT, "section", KEY, "kind", "period")
    return numbered & (earlier > 0)


def of_kind(claims: pl.DataFrame, *kinds: str) -> pl.DataFrame:
    """The claims of those kinds, without parts that bear the name of their whole."""
    return claims.filter(pl.col("kind").is_in(kinds) & ~pl.col("nested"))


def stated(claims: pl.DataFrame, period: str = "本年") -> pl.DataFrame:
    """The amounts that the text states of a period, in the order of reading."""
    return of_kind(claims, "金额").filter(pl.col("period") == period)


def changed(claims: pl.DataFrame) -> pl.DataFrame:
    """The changes over the year before whose direction is known, with it as the sign of ``amount``."""
    way = pl.col("direction")
    known = way.is_in(["增", "减", "平"]) | (pl.col("amount") == 0)
    changes = of_kind(claims, "增减额").filter((pl.col("period") == "上年") & known)
    signed = pl.when(pl.col("direction") == "减").then(-pl.col("amount")).otherwise("amount")
    return changes.with_columns(amount=signed.cast(YUAN))


def once(amounts: pl.DataFrame, *within: str) -> pl.DataFrame:
    """The first claim of each key in a document (and ``within`` each section, say)."""
    return amounts.unique([DOCUMENT, *within, KEY], keep="first", maintain_order=True)


def last_before(claims: pl.DataFrame, others: pl.DataFrame, prefix: str, *columns: str) -> pl.DataFrame:
    """``claims`` with those columns of the last of ``others`` before it in its section with its key.

    They are named with ``prefix``, and null where there is none.
    """
    by = [DOCUMENT, "section", KEY]
    named = others.select(*by, "seq", *(pl.col(column).alias(f"{prefix}{column}") for column in columns))
    joined = claims.sort("seq").join_asof(
        named.sort("seq"), on="seq", by=by, strategy="backward", check_sortedness=False
    )
    return joined.sort(DOCUMENT, "seq")


def worst_of_subject(found: pl.DataFrame) -> pl.DataFrame:
    """One verdict for each subject of a document: the first of those that say worst."""
    order = pl.Enum(["不成立", "无法核对", "尾差", "成立", "不适用"])
    return (
        found.with_columns(rank=pl.col("conclusion").cast(order))
        .sort("rank", maintain_order=True)
        .unique([DOCUMENT, "subject"], keep="first", maintain_order=True)
        .drop("rank")
        .sort(DOCUMENT, maintain_order=True)
    )
