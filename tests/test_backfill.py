"""``juesuan backfill``: years computed again from the kept sources, whatever the cache holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import juesuan
from assets import run as run_module
from assets.run import backfill, run, runs
from assets.version import reader_version
from tests.expectations_examples import frame
from tests.test_assets import SAMPLES, NoFindings, filled
from warehouse import lake
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.query import query


@pytest.fixture(scope="module", autouse=True)
def unjudged() -> Iterator[None]:
    """It does not matter here what the rules and suites say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "ValidationWorker", NoFindings)
        patch.setattr("expectations.reconcile.reconcile", lambda *_: frame("reconciliation", []))
        yield


@pytest.fixture(scope="module")
def published(tmp_path_factory, unjudged) -> Home:
    """A home that was run once: a document of 2023, two of 2024."""
    place = filled(tmp_path_factory.mktemp("published") / "home")
    shutil.copy(next(SAMPLES.glob("上海市*2024*")), place.inbox)
    assert run(place.root).documents == 3
    return place


@pytest.fixture
def home(published, tmp_path) -> Home:
    """A copy of that home; its documents were taken from the inbox of the first."""
    return Home(Path(shutil.copytree(published.root, tmp_path / "home")))


def ids(home: Home, year: int) -> list[str]:
    return list(Ledger(home).state().documents_of(year))


def part(home: Home, document_id: str) -> Path:
    return home.root / lake.part_key(document_id, reader_version())


def year_files(home: Home, year: int) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in home.lake.glob(f"*/fiscal_year={year}.parquet")}


def times(home: Home, year: int) -> dict[Path, int]:
    """When the parts and the tables of a year were written."""
    parts = [part(home, each) for each in ids(home, year)]
    paths = [*home.lake.glob(f"*/fiscal_year={year}.parquet"), *parts]
    return {path: path.stat().st_mtime_ns for path in paths}


def publishes(home: Home) -> list[str]:
    """The digests of what was published, oldest first."""
    events = [json.loads(line) for line in home.ledger_file.read_text("utf-8").splitlines()]
    return [event["digest"] for event in events if event["event"] == "published"]


def source_of(home: Home, document_id: str) -> Path:
    return next(home.sources.glob(f"{document_id}*"))


def invoke(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(juesuan.app, ["backfill", *arguments, "--home", str(home.root)])


def test_a_year_is_restored_from_the_sources_whatever_the_cache_says(home, published) -> None:
    tables, parts = year_files(home, 2024), {each: part(home, each).read_bytes() for each in ids(home, 2024)}
    others, facts = times(home, 2023), query(home, "SELECT count(*) FROM fact_line_item").rows
    wrong, lost = parts
    # A whole part of today's schema with the content of another document: nothing but reading shows it.
    shutil.copy(part(home, ids(home, 2023)[0]), part(home, wrong))
    part(home, lost).unlink()
    lake.year_path(home, "fact_line_item", 2024).unlink()
    watched = []
    summary = backfill(home.root, 2024, 2024, progress=lambda *step: watched.append(step))
    assert (summary.published, summary.changed, summary.documents, summary.unread) == (True, True, 3, 0)
    assert year_files(home, 2024) == tables
    assert {each: part(home, each).read_bytes() for each in parts} == parts
    assert times(home, 2023) == others
    assert query(home, "SELECT count(*) FROM fact_line_item").rows == facts
    before, after = publishes(home)
    assert before == after
    assert ("读文档", 2, 2) in {step[:3] for step in watched}
    assert {step[0] for step in watched} == {"读文档", "编年度表", "勾稽", "校验", "建库"}
    assert runs(home)[-1][1] == summary
    assert not run(home.root, [published.inbox]).changed


def test_what_another_year_still_needs_is_computed_so_that_it_can_be_published(home) -> None:
    state = Ledger(home).state()
    [other] = [d.sha256 for d in state.documents.values() if d.fiscal_year == 2023]
    at = runs(home)[0][0]
    Ledger(home).read(sha256=other, reader_version=reader_version(), fiscal_year=2023, at=at)
    lake.year_path(home, "fact_line_item", 2023).unlink()
    assert backfill(home.root, 2024, 2024).documents == 3
    assert lake.year_path(home, "fact_line_item", 2023).is_file()


def test_a_source_that_is_lost_is_named_and_its_year_keeps_the_others(home, published) -> None:
    lost, whole = ids(home, 2024)
    source = source_of(home, lost)
    source.unlink()
    result = invoke(home, "2024", "--strict")
    assert (result.exit_code, len(publishes(home))) == (3, 2)
    assert "留存的原文读不到 → 把原文件放回 inbox" in result.output
    assert ids(home, 2024) == [whole]
    documents = "SELECT document_id FROM dim_document WHERE fiscal_year = 2024"
    assert query(home, documents).rows == [(whole,)]
    # What is advised helps, also where the file never left the inbox.
    assert run(home.root, [published.inbox]).unread == 0
    assert source.is_file()
    assert ids(home, 2024) == [lost, whole]


def test_a_source_that_is_damaged_is_named_until_it_is_put_back(home) -> None:
    [only] = ids(home, 2023)
    source = source_of(home, only)
    kept = source.read_bytes()
    source.write_bytes(kept.replace(b"0", b"1", 1))
    before = times(home, 2024)
    result = invoke(home, "2018..2024")
    assert (result.exit_code, result.output.count("与它的指纹不符 → 删去")) == (0, 1)
    assert year_files(home, 2023) == {}
    after = times(home, 2024)
    assert all(after[path] > before[path] for path in before)
    source.write_bytes(kept)
    assert backfill(home.root, 2023, 2023).unread == 0
    first, without, last = publishes(home)
    assert first == last != without


@pytest.mark.parametrize("span", ["2018..2022", "2025"])
def test_years_without_documents_publish_nothing_and_say_which_there_are(home, span) -> None:
    before = home.ledger_file.read_bytes()
    result = invoke(home, span)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert result.output.startswith(f"{span} 没有文档")
    assert "2023、2024" in result.output
    assert home.ledger_file.read_bytes() == before


def test_a_new_home_has_no_year_and_stays_empty(tmp_path) -> None:
    result = invoke(Home(tmp_path), "2024")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "juesuan run" in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("span", ["2024..2018", "abc", "2018-2024", "", "2018..", "18..24", "２０２４"])
def test_what_is_no_range_is_exit_2_with_the_form(span, tmp_path) -> None:
    result = invoke(Home(tmp_path), span)
    assert result.exit_code == 2
    assert "2018..2024" in result.output
    assert result.output.count("\n") == 1
