"""A folder with broken files of every kind: the run ends, each is named with its reason, the rest is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets import fanout, steps, told
from assets.definitions import HomeResource, definitions
from assets.progress import silent
from assets.run import published_summary
from tests import broken_folder
from tests.expectations_examples import frame
from tests.test_assets import NoFindings
from warehouse.home import Home
from warehouse.query import query

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
SOUND = 4


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> tuple[Home, dict[str, str], Mapping[str, object]]:
    """The home once Dagster has read the folder, what is to be said, and the counts of the run."""
    place = tmp_path_factory.mktemp("broken")
    home, folder = Home(place / "home").ensure(), place / "folder"
    broken_folder.write_sound(folder, SOUND)
    words = broken_folder.write_broken(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUESUAN_READ_SECONDS", str(broken_folder.SECONDS))
        patch.setenv("JUESUAN_READ_MB", "500")
        patch.setattr("expectations.reconcile.reconcile", lambda *_: frame("reconciliation", []))
        read_all = fanout.read_all
        by = "tests.broken_folder:read"
        patch.setattr(fanout, "read_all", lambda jobs, terms: read_all(jobs, replace(terms, reader=by)))
        job = definitions(HomeResource(root=str(home.root))).resolve_job_def("ingest_job")
        config = {"ops": {"source_files": {"config": {"paths": [str(folder)]}}}}
        done = job.execute_in_process(run_config=config)
        assert done.success
        counts = {
            name: value.value
            for node in ("source_files", "document_parts")
            for event in done.asset_materializations_for_node(node)
            for name, value in event.metadata.items()
        }
        years = steps.pending_years(home)
        steps.assemble_years(home, years, NOW, silent)
        steps.reconcile_years(home, years, silent)
        steps.validate_years(home, years, NOW, NoFindings().validate, silent)
        steps.publish(home, NOW, silent)
    return home, words, counts


def test_every_sound_document_is_read_whatever_its_name(published) -> None:
    home, _, _ = published
    there = {Path(file).name for (file,) in query(home, "SELECT path FROM dim_document").rows}
    sound = {path.name for path in (home.root.parent / "folder").glob("好*")}
    assert (len(sound), sound | set(filter(_is_utf8, broken_folder.ODD_NAMES)) <= there) == (SOUND, True)


def test_every_broken_file_is_named_with_its_reason_and_advice(published) -> None:
    home, words, _ = published
    rows = query(home, "SELECT 文件, 原因, 怎么办 FROM 待核").rows
    told: dict[str, str] = {}
    for file, reason, advice in rows:
        assert advice, (file, reason)
        told[Path(file).name] = told.get(Path(file).name, "") + reason
    assert words.keys() <= told.keys()
    assert not [(name, told[name]) for name, said in words.items() if said not in told[name]]
    assert "链接" in told["断链.txt"]
    assert "超过上限" in told["太大.pdf"]
    assert "完全相同" in told["复本二.txt"]
    assert any("UTF-8" in reason for reason in told.values())
    if os.geteuid():
        assert "权限" in told["无权限.txt"]


def test_the_run_of_dagster_and_the_command_line_count_them(published) -> None:
    home, words, counts = published
    assert counts["失败"] >= 4
    assert counts["读不了"] >= 2
    assert counts["略过"] == 2
    summary = published_summary(home)
    assert (summary.exit_code(strict=True), summary.exit_code(strict=False)) == (3, 0)
    assert summary.unread >= len(words) - 2
    lines = [*told.reason_lines(summary, len(summary.reasons))]
    assert len(lines) == len(summary.reasons)
    assert any("乱\\x1b[31m\\x0a.txt" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def _is_utf8(name: str) -> bool:
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False
