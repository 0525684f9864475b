"""The benchmark of scale itself: a few documents go the whole way, and every figure is there."""

from __future__ import annotations

import pytest

from tests.benchmarks import bench_scale


@pytest.mark.slow
def test_three_documents_go_the_whole_way() -> None:
    row = bench_scale.bench(3, "1", distinct=1)
    assert row["documents"] == 3
    assert row["items"] > 3 * 100
    assert 50 < row["peak_mib"] < 4096
    assert 0 < row["quiet_seconds"] < row["seconds"]
    assert set(row["stages"]) >= {"读文档", "编年度表", "勾稽", "校验", "建库"}
    assert "读文档" in row["changed_stages"]
    assert set(row["milliseconds"]) == set(bench_scale.QUERIES)
    assert "| 3 | 1 |" in bench_scale.table([row])
