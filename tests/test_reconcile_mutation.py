"""A single figure that is changed is found: every cell that an identity holds, in every template."""

from __future__ import annotations

import polars as pl
import pytest

from tests.reconcile_frames import sample
from tests.reconcile_mutations import found, participants

DISCLOSURES = list(sample(3))


@pytest.mark.parametrize("disclosure", DISCLOSURES, ids=lambda d: f"{d.template}-{d.nature}")
def test_every_cell_of_an_identity_that_is_changed_is_found(disclosure) -> None:
    changed = found(disclosure)
    held = participants(disclosure)
    missed = changed.filter(~pl.col("found")).join(
        held.select(cell_id=pl.col("cell_id")), on="cell_id", how="semi"
    )
    assert missed.select("form", "cell_id", "measure").rows() == []
    assert changed.filter(pl.col("found")).height > 0.9 * changed.height
