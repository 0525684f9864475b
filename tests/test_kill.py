"""The campaign of kills in small: a run killed while it publishes, and that it sees damage."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.benchmarks.bench_kill import Campaign, State, prepared
from warehouse.home import Home


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_publishes_is_completed_by_the_next(tmp_path) -> None:
    campaign = prepared(tmp_path, 1, 1, ("publish",))
    campaign.round("publish")
    assert campaign.violations == []
    assert campaign.kills
    assert campaign.reads
    home = Home(tmp_path / "new" / "home")
    new = campaign.states["new"]
    assert campaign._found(home, new, "publish") == "新"
    table = next(home.lake.rglob("fiscal_year=2024.parquet"))
    for damaged in (table, home.warehouse_file):
        whole = damaged.read_bytes()
        damaged.write_bytes(whole[: len(whole) // 2])
        assert campaign._found(home, new, "publish").startswith("坏")
        damaged.write_bytes(whole)
    home.warehouse_file.unlink()
    assert campaign._found(home, new, "publish").startswith("坏")


def test_what_a_killed_run_left_among_the_temporary_files_is_a_violation(tmp_path: Path, monkeypatch) -> None:
    home = Home(tmp_path / "home").ensure()
    monkeypatch.setattr("tests.benchmarks.bench_kill.contents", lambda _: {})
    monkeypatch.setattr("tests.benchmarks.bench_kill.different", lambda *_: "")
    campaign = Campaign(tmp_path, {}, {}, random.Random(1))  # noqa: S311 - no secret
    (home.scratch / "left.parquet").touch()
    campaign._compare(tmp_path, "run", State({}, {}))
    assert len(campaign.violations) == 1
