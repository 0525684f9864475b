"""What a run reads again: not what has broken this reader, and of an upgrade only so much in one night."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assets import attempts, reading, taking
from assets.progress import silent
from assets.version import reader_version
from pipelines import document
from tests.warehouse_fixtures import DAY, VERSION, a_home, day, full_part, keep
from tests.warehouse_fixtures import document as a_document
from warehouse import lake
from warehouse.lake import read_year
from warehouse.ledger import Ledger

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)


@pytest.fixture
def poisoned(tmp_path, monkeypatch):
    """A home with a document on which the reader breaks, and the names that it was asked to read."""
    home, asked = a_home(tmp_path), []
    (home.inbox / "坏.txt").write_text("一份文档\n", "utf-8")

    def breaks(data: bytes, *, name: str):
        asked.append(name)
        raise RuntimeError("坏了")

    monkeypatch.setattr(document, "read_document", breaks)
    return home, asked


def a_night(home, *paths) -> None:
    """What a run does before it computes anything."""
    taking.take_files(home, paths or [home.inbox], NOW, silent)
    reading.read_documents(home, NOW, silent)


def test_a_document_that_broke_the_reader_is_listed_and_not_tried_every_night(poisoned) -> None:
    home, asked = poisoned
    a_night(home)
    a_night(home)
    assert asked == ["坏.txt"]
    [known] = Ledger(home).state().documents.values()
    assert "坏了" in known.reason
    assert attempts.NOT_AGAIN in known.advice
    assert not attempts.anything(Ledger(home).state())


@pytest.mark.parametrize("limit", ["JUESUAN_READ_SECONDS", "JUESUAN_READ_MB"])
def test_it_is_tried_again_within_other_limits(poisoned, monkeypatch, limit) -> None:
    home, asked = poisoned
    a_night(home)
    monkeypatch.setenv(limit, "3000")
    assert attempts.anything(Ledger(home).state())
    a_night(home)
    a_night(home)
    assert len(asked) == 2


def test_it_is_tried_again_by_another_reader(poisoned, monkeypatch) -> None:
    home, asked = poisoned
    a_night(home)
    monkeypatch.setattr(attempts, "reader_version", lambda: "newer")
    a_night(home)
    a_night(home)
    assert len(asked) == 2


def test_it_is_tried_again_when_a_person_names_it_or_asks_for_its_year(poisoned) -> None:
    home, asked = poisoned
    a_night(home)
    taking.take_files(home, [home.inbox / "坏.txt"], NOW, silent)
    assert attempts.anything(Ledger(home).state())
    reading.read_documents(home, NOW, silent)
    a_night(home)
    assert len(asked) == 2
    reading.read_anew(home, [2024], NOW, silent)
    assert len(asked) == 3


def test_it_is_read_when_it_has_changed(poisoned) -> None:
    home, asked = poisoned
    a_night(home)
    (home.inbox / "坏.txt").write_text("另一份文档\n", "utf-8")
    a_night(home)
    assert len(asked) == 2


def test_what_may_have_passed_is_tried_in_the_next_run(poisoned) -> None:
    home, asked = poisoned
    taking.take_files(home, [home.inbox], NOW, silent)
    [sha256] = Ledger(home).state().documents
    kept = (home.sources / sha256).read_bytes()
    (home.sources / sha256).unlink()
    reading.read_documents(home, NOW, silent)
    assert (asked, attempts.anything(Ledger(home).state())) == ([], True)
    (home.sources / sha256).write_bytes(kept)
    reading.read_documents(home, NOW, silent)
    assert asked == ["坏.txt"]


@pytest.fixture
def upgraded(tmp_path):
    """A home with a document of each of four years and one of none, as an older reader has read them."""
    home = a_home(tmp_path)
    made = [full_part(a_document(f"文档{year}", fiscal_year=year)) for year in (2022, None, 2024, 2021, 2023)]
    keep(home, *made)
    return home


def years_to_read(home) -> list[int | None]:
    state = Ledger(home).state()
    return [state.documents[sha256].fiscal_year for sha256 in attempts.to_read(home, state)]


def test_an_upgrade_re_reads_the_latest_years_first_and_so_many_in_one_run(upgraded) -> None:
    home = upgraded
    assert years_to_read(home) == [2024, 2023, 2022, 2021, None]
    home.settings_file.write_text("每次重读: 2\n", "utf-8")
    assert years_to_read(home) == [2024, 2023]
    assert "还有 5 份" in attempts.left(home, Ledger(home).state())[0]
    assert attempts.upgrading(home, Ledger(home).state()) == ()
    Ledger(home).seen(path="new.txt", sha256="f" * 64, size=1, mark=1, at=day(1))
    state = Ledger(home).state()
    first, *others = attempts.to_read(home, state)
    assert (first, len(others)) == ("f" * 64, 2)
    for sha256 in others:
        year = state.documents[sha256].fiscal_year
        Ledger(home).read(sha256=sha256, reader_version=reader_version(), fiscal_year=year, at=day(1))
    assert years_to_read(home)[1:] == [2022, 2021]
    assert "还有 3 份" in attempts.left(home, Ledger(home).state())[0]


def test_parts_of_another_schema_are_all_read_at_once_and_it_is_said(upgraded, monkeypatch) -> None:
    home = upgraded
    home.settings_file.write_text("每次重读: 2\n", "utf-8")
    monkeypatch.setattr(lake, "has_part", lambda *_: False)
    assert years_to_read(home) == [2024, 2023, 2022, 2021, None]
    assert "5 份" in attempts.upgrading(home, Ledger(home).state())[0]


def test_a_year_is_assembled_from_what_each_document_was_last_read_with(tmp_path) -> None:
    home = a_home(tmp_path)
    old, other = (full_part(a_document(text)) for text in ("旧", "新"))
    newer = replace(other, document=replace(other.document, reader_version="2-newer"))
    keep(home, old, other)
    lake.write_part(home, newer)
    sha256 = newer.document.sha256
    Ledger(home).read(sha256=sha256, reader_version="2-newer", fiscal_year=2024, at=day(1))
    documents = Ledger(home).state().documents_of(2024)
    versions = {old.document.document_id: VERSION, newer.document.document_id: "2-newer"}
    assert documents == versions
    lake.assemble_year(home, 2024, documents, at=DAY)
    stored = read_year(home, "dim_document", 2024).select("document_id", "reader_version")
    assert dict(stored.iter_rows()) == versions
