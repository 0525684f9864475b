"""How fast 勾稽 is, and what it finds: ``python -m tests.benchmarks.bench_reconcile [DOCUMENTS…]``.

Documents a second at 100, 1,000 and 10,000 typeset disclosures (the figures of fifty, with ids of their own),
and for each form the share of its amounts of which a change by 0.10 万元 breaks a T or X rule.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import polars as pl

from expectations.reconcile import reconcile
from pipelines.vocabulary import forms
from tests.reconcile_frames import replicated, sample, tables_of
from tests.reconcile_mutations import found, participants

DISTINCT = 50
SIZES = (100, 1_000, 10_000)
MUTATED = 12


def speed(sizes: Sequence[int]) -> None:
    """Documents a second, all rules, by number of documents."""
    base = tables_of(*sample(DISTINCT))
    print(f"{'文档':>8} {'单元格':>10} {'结论':>10} {'秒':>8} {'文档/秒':>8}")
    for size in sizes:
        tables = replicated(base, size // DISTINCT)
        start = time.perf_counter()
        verdicts = reconcile(2024, tables, {})
        seconds = time.perf_counter() - start
        cells = tables["fact_line_item"].height
        print(f"{size:>8,} {cells:>10,} {verdicts.height:>10,} {seconds:>8.2f} {size / seconds:>8.0f}")


def mutations(number: int) -> None:
    """Shares by form: of all amounts, and of those that an identity holds."""
    parts = []
    for disclosure in sample(number):
        held = participants(disclosure).with_columns(held=True)
        parts.append(found(disclosure).join(held, on="cell_id", how="left"))
    changed = pl.concat(parts).with_columns(pl.col("held").fill_null(False))
    shares = changed.group_by("form").agg(
        pl.len(),
        pl.col("found").sum(),
        pl.col("held").sum(),
        (pl.col("held") & pl.col("found")).sum().alias("both"),
    )
    rows = {row["form"]: row for row in shares.iter_rows(named=True)}
    heads = "".join(f"{head:>8}" for head in ("改动", "查出", "查出率", "在恒等式中", "其中查出"))
    print(f"\n{'改动一个数 0.10 万元':<24}{heads}")
    for form in forms().values():
        if form.id in rows:
            _line(form.name, rows[form.id])
    _line("全部", shares.select(pl.exclude("form").sum()).row(0, named=True))


def _line(name: str, row: dict[str, int]) -> None:
    share = row["found"] / row["len"]
    print(f"{name:<24}{row['len']:>8,} {row['found']:>8,} {share:>8.1%} {row['held']:>8,} {row['both']:>8,}")


if __name__ == "__main__":
    speed([int(size) for size in sys.argv[1:]] or SIZES)
    mutations(MUTATED)
