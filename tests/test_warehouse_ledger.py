"""Sources and ledger: what is seen is kept, a killed run loses nothing, quiet is decided without hashing."""

import contextlib
import os
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.warehouse_fixtures import DAY, a_home, day
from warehouse.ledger import Ledger, LedgerError
from warehouse.listing import SourceProblem, discover, name_of
from warehouse.registry import source_rows
from warehouse.sources import Limits, kept, take
from warehouse.vanished import vanished

READER = "1-abc"
LIMITS = "120 s, 1024 MiB"


def a_run(home, *paths, at=DAY):
    """What a run does with sources and ledger alone."""
    ledger = Ledger(home)
    for file in discover(paths).files:
        taken = take(home, file)
        ledger.seen(path=file.path, sha256=taken.sha256, size=file.size, mark=file.mark, at=at)
        ledger.read(sha256=taken.sha256, reader_version=READER, fiscal_year=2024, at=at)
    home.warehouse_file.write_bytes(b"published")
    ledger.published(at=at, digest="d")
    return ledger


def folder_of(tmp_path, *names):
    folder = tmp_path / "文件"
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name, "utf-8")
    return folder


def test_a_folder_is_listed_by_named_rules(tmp_path):
    folder = folder_of(tmp_path, "b.txt", "a.TXT", ".hidden.txt", "~$lock.txt", "page.png")
    (folder / "内层").mkdir()
    (folder / "内层" / "c.txt").write_text("c", "utf-8")
    os.mkfifo(folder / "pipe.txt")
    (tmp_path / "outside.txt").write_text("x", "utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    listing = discover([folder])
    assert [name_of(f.path) for f in listing.files] == ["a.TXT", "b.txt", "c.txt"]
    assert {name_of(s.path): s.rule for s in listing.skipped} == {
        ".hidden.txt": "隐藏文件",
        "~$lock.txt": "隐藏文件",
        "link.txt": "链接",
        "page.png": "未知后缀",
        "pipe.txt": "非普通文件",
    }
    assert listing.folders == (str(folder),)


def test_a_named_file_is_taken_whatever_its_ending_and_a_missing_one_is_a_problem(tmp_path):
    folder = folder_of(tmp_path, "page.dat")
    listing = discover([folder / "page.dat", folder / "gone.txt"])
    assert [name_of(f.path) for f in listing.files] == ["page.dat"]
    assert [(name_of(p.path), p.reason) for p in listing.problems] == [("gone.txt", "文件不存在或已被移走")]


def test_bytes_are_kept_once_by_their_content(tmp_path):
    home, folder = a_home(tmp_path), folder_of(tmp_path, "a.txt")
    taken = take(home, discover([folder]).files[0])
    assert taken.data == b"a.txt"
    assert kept(home, taken.sha256) == b"a.txt"
    assert [p.name for p in home.sources.iterdir()] == [taken.sha256]
    with pytest.raises(SourceProblem, match="读不到"):
        kept(home, "0" * 64)


def test_what_cannot_be_taken_says_why(tmp_path):
    home, folder = a_home(tmp_path), folder_of(tmp_path, "a.txt", "b.txt")
    a, b = discover([folder]).files
    with pytest.raises(SourceProblem, match="超过上限"):
        take(home, a, Limits(max_bytes=2))
    Path(a.path).unlink()
    with pytest.raises(SourceProblem, match="不存在"):
        take(home, a)
    Path(b.path).unlink()
    os.mkfifo(b.path)
    with pytest.raises(SourceProblem, match="不是普通文件"):
        take(home, b)
    assert list(home.sources.iterdir()) == []


def test_a_file_that_may_not_be_read_is_a_problem_and_noticed_when_it_may(tmp_path, monkeypatch):
    folder = folder_of(tmp_path, "a.txt")
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "a.txt" and real(path, mode))
    assert [p.reason for p in discover([folder]).problems] == ["没有读取权限"]
    monkeypatch.undo()
    assert [name_of(f.path) for f in discover([folder]).files] == ["a.txt"]


def test_an_empty_ledger_knows_nothing(tmp_path):
    state = Ledger(a_home(tmp_path)).state()
    assert (state.files, state.documents, state.published) == ({}, {}, None)


def test_the_same_folder_again_is_quiet_and_any_change_is_not(tmp_path):
    home, folder = a_home(tmp_path), folder_of(tmp_path, "a.txt", "b.txt")
    a_run(home, folder)
    listing = discover([folder])
    state = Ledger(home).state()
    assert state.unchanged(listing)
    assert state.known_sha256(listing.files[0]) is not None
    (folder / "a.txt").write_text("changed", "utf-8")
    assert not state.unchanged(discover([folder]))
    assert state.known_sha256(discover([folder]).files[0]) is None
    (folder / "c.txt").write_text("c", "utf-8")
    assert not Ledger(home).state().unchanged(discover([folder / "c.txt"]))
    home.warehouse_file.unlink()
    assert not Ledger(home).state().unchanged(discover([folder / "b.txt"]))


def test_a_run_that_was_killed_before_it_published_is_not_quiet(tmp_path):
    home, folder = a_home(tmp_path), folder_of(tmp_path, "a.txt")
    ledger = a_run(home, folder)
    sha256 = next(iter(ledger.state().documents))
    ledger.read(sha256=sha256, reader_version=READER, fiscal_year=2023, at=day(1))
    state = ledger.state()
    assert not state.unchanged(discover([folder]))
    # Both the year that it left and the one that it came to have to be written again.
    assert state.pending_years == {2023, 2024}
    assert state.documents_of(2023) == {sha256[:12]: READER}
    assert state.documents_of(2024) == {}


def test_a_program_with_another_schema_is_not_quiet(tmp_path, monkeypatch):
    home, folder = a_home(tmp_path), folder_of(tmp_path, "a.txt")
    ledger = a_run(home, folder)
    monkeypatch.setattr("warehouse.schema.digest", lambda: "other")
    assert not ledger.state().unchanged(discover([folder]))


def test_a_year_is_unjudged_until_these_rules_have_judged_it(tmp_path):
    home, folder = a_home(tmp_path), folder_of(tmp_path, "a.txt")
    ledger = a_run(home, folder)
    assert ledger.state().unjudged("r1") == {2024}
    ledger.judged(fiscal_year=2024, version="r1", at=day(1))
    state = ledger.state()
    assert (state.unjudged("r1"), state.unjudged("r2")) == (set(), {2024})
    # A run that is killed here has new verdicts that no published file shows.
    assert (state.changed_since_publish, state.pending_years) == (True, {2024})
    ledger.published(at=day(1), digest="d")
    assert (ledger.state().pending_years, ledger.state().judged) == (set(), {2024: "r1"})


def test_a_failure_is_quiet_while_it_stays_the_same(tmp_path):
    home = a_home(tmp_path)
    listing = discover([tmp_path / "gone.txt"])
    problem = listing.problems[0]
    ledger = Ledger(home)
    ledger.failed(path=problem.path, reason=problem.reason, advice=problem.advice, at=DAY)
    home.warehouse_file.write_bytes(b"published")
    ledger.published(at=DAY, digest="d")
    assert ledger.state().unchanged(listing)
    (tmp_path / "gone.txt").write_text("back", "utf-8")
    assert not ledger.state().unchanged(discover([tmp_path / "gone.txt"]))


def test_a_document_that_cannot_be_read_says_why_until_it_is(tmp_path):
    home, folder = a_home(tmp_path), folder_of(tmp_path, "a.txt")
    ledger = a_run(home, folder)
    (sha256,) = ledger.state().documents
    broken = {"sha256": sha256, "reason": "崩溃", "advice": "换一份", "at": day(2)}
    ledger.unreadable(**broken)
    state = ledger.state()
    document = state.documents[sha256]
    assert (document.reason, document.advice, document.reader_version) == ("崩溃", "换一份", None)
    # The year that an older reader put it in has to be written again, without it.
    assert (state.pending_years, state.changed_since_publish) == ({2024}, True)
    assert state.unread(READER, LIMITS) == [sha256]
    assert not state.unchanged(discover([folder]))
    ledger.published(at=day(2), digest="d")
    ledger.unreadable(**broken)
    assert not ledger.state().changed_since_publish
    ledger.unreadable(**broken | {"reason": "停住"})
    assert ledger.state().changed_since_publish
    ledger.read(sha256=sha256, reader_version=READER, fiscal_year=2024, at=day(3))
    assert ledger.state().documents[sha256].reason == ""


def test_a_torn_last_line_is_dropped_and_the_next_event_starts_a_line(tmp_path):
    home = a_home(tmp_path)
    ledger = Ledger(home)
    ledger.seen(path="a.txt", sha256="a" * 64, size=1, mark=1, at=DAY)
    with home.ledger_file.open("ab") as file:
        file.write(b'{"event": "seen", "path": "b.t')
    assert set(ledger.state().current) == {"a.txt"}
    ledger.seen(path="c.txt", sha256="c" * 64, size=1, mark=1, at=DAY)
    assert set(ledger.state().current) == {"a.txt", "c.txt"}


def test_damage_in_the_middle_is_told_with_its_line(tmp_path):
    home = a_home(tmp_path)
    ledger = Ledger(home)
    ledger.run(at=DAY)
    with home.ledger_file.open("ab") as file:
        file.write(b"###\n")
    ledger.run(at=DAY)
    with pytest.raises(LedgerError, match="第 2 行"):
        ledger.state()


def test_events_together_are_written_also_when_the_block_fails(tmp_path):
    ledger = Ledger(a_home(tmp_path))
    with contextlib.suppress(RuntimeError), ledger.together():
        ledger.run(at=DAY, note="kept")
        raise RuntimeError
    assert ledger.state().runs[0]["note"] == "kept"


def test_times_without_a_zone_are_refused(tmp_path):
    with pytest.raises(ValueError, match="zone"):
        Ledger(a_home(tmp_path)).run(at=datetime(2026, 1, 1))


@pytest.mark.parametrize(("files", "removed", "marked"), [(20, 1, 1), (20, 2, 2), (20, 3, 0), (5, 1, 0)])
def test_vanished_files_are_withdrawn_unless_over_a_tenth_go_at_once(tmp_path, files, removed, marked):
    names = [f"{n:02}.txt" for n in range(files)]
    home, folder = a_home(tmp_path), folder_of(tmp_path, *names)
    ledger = a_run(home, folder)
    for name in names[:removed]:
        (folder / name).unlink()
    found = vanished(ledger.state(), discover([folder]))
    assert len(found.paths) == marked
    assert bool(found.refused) == (marked == 0)


def test_only_scanned_folders_are_judged_and_a_return_undoes_a_withdrawal(tmp_path):
    names = [f"{n:02}.txt" for n in range(20)]
    home, folder = a_home(tmp_path), folder_of(tmp_path, *names)
    ledger = a_run(home, folder)
    (folder / "00.txt").unlink()
    assert vanished(ledger.state(), discover([folder / "01.txt"])).paths == ()
    gone = vanished(ledger.state(), discover([folder])).paths
    ledger.withdrawn(path=gone[0], at=day(1))
    state = ledger.state()
    assert [d.withdrawn_at for d in state.documents.values() if d.withdrawn_at] == [day(1)]
    assert vanished(state, discover([folder])).paths == ()
    (folder / "00.txt").write_text("00.txt", "utf-8")
    a_run(home, folder, at=day(2))
    assert not any(d.withdrawn_at for d in ledger.state().documents.values())


def test_a_relative_path_from_another_place_withdraws_nothing(tmp_path, monkeypatch):
    names = [f"{n:02}.txt" for n in range(20)]
    home, folder = a_home(tmp_path), folder_of(tmp_path, *names)
    monkeypatch.chdir(tmp_path)
    ledger = a_run(home, Path(folder.name))
    other = tmp_path / "other"
    (other / folder.name).mkdir(parents=True)
    monkeypatch.chdir(other)
    assert vanished(ledger.state(), discover([Path(folder.name)])).paths == ()


def test_ten_thousand_documents_replay_in_a_second(tmp_path):
    ledger = Ledger(a_home(tmp_path))
    with ledger.together():
        for n in range(10_000):
            sha256 = f"{n:064x}"
            ledger.seen(path=f"inbox/{n}.txt", sha256=sha256, size=n, mark=n, at=DAY)
            ledger.read(sha256=sha256, reader_version=READER, fiscal_year=2024, at=DAY)
    started = time.process_time()
    state = ledger.state()
    assert len(state.documents) == 10_000
    assert time.process_time() - started < 1


def test_an_empty_folder_below_withdraws_nothing_and_says_so(tmp_path):
    home, folder = a_home(tmp_path), folder_of(tmp_path, *(f"{n:02}.txt" for n in range(40)))
    mount = folder / "盘"
    mount.mkdir()
    (mount / "a.txt").write_text("a", "utf-8")
    ledger = a_run(home, folder)
    (mount / "a.txt").unlink()
    found = vanished(ledger.state(), discover([folder]))
    assert found.paths == ()
    assert f"{mount} 是空的，原有的 1 个文件照旧" in found.refused[0]
    mount.rmdir()
    assert vanished(ledger.state(), discover([folder])).paths == (str(mount / "a.txt"),)


def test_a_folder_that_is_missing_or_closed_withdraws_nothing_and_the_others_are_judged(
    tmp_path, monkeypatch
):
    home, folder = a_home(tmp_path), folder_of(tmp_path, *(f"{n:02}.txt" for n in range(10)))
    there, away, closed = (folder / name for name in ("在", "不在", "没有权限"))
    for each in (there, away, closed):
        each.mkdir()
        for n in range(10):
            (each / f"{n}.txt").write_text(f"{each}{n}", "utf-8")
    given = [there, away, closed]
    ledger = a_run(home, *given)
    (there / "0.txt").unlink()
    away.rename(tmp_path / "elsewhere")
    real = os.scandir

    def scandir(path):
        if Path(path) == closed:
            raise PermissionError
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    listing = discover(given)
    found = vanished(ledger.state(), listing)
    assert found.paths == (str(there / "0.txt"),)
    assert [words.partition("；")[0] for words in found.refused] == [
        f"{away}：文件不存在或已被移走",
        f"{closed}：没有读取权限",
    ]
    for problem in listing.problems:
        ledger.failed(path=problem.path, reason=problem.reason, advice=problem.advice, at=day(1))
    assert vanished(ledger.state(), listing) == found
    # Once they can be listed again, that they could not is over.
    monkeypatch.undo()
    (tmp_path / "elsewhere").rename(away)
    found = vanished(ledger.state(), discover(given))
    assert set(found.paths) == {str(there / "0.txt"), str(away), str(closed)}
    for path in found.paths:
        ledger.withdrawn(path=path, at=day(2))
    state = ledger.state()
    assert [d.withdrawn_at for d in state.documents.values() if d.withdrawn_at] == [day(2)]
    assert {row["path"] for row in source_rows(state, {})} >= {str(there / "0.txt"), str(there / "1.txt")}
    assert not {str(away), str(closed)} & {row["path"] for row in source_rows(state, {})}


def test_a_file_that_could_not_be_read_any_more_and_is_gone_is_withdrawn_with_its_content(tmp_path):
    home, folder = a_home(tmp_path), folder_of(tmp_path, *(f"{n:02}.txt" for n in range(20)))
    ledger = a_run(home, folder)
    ledger.failed(path=folder / "00.txt", reason="没有读取权限", advice="给权限", at=day(1))
    (folder / "00.txt").unlink()
    [path] = vanished(ledger.state(), discover([folder])).paths
    ledger.withdrawn(path=path, at=day(2))
    assert [d.withdrawn_at for d in ledger.state().documents.values() if d.withdrawn_at] == [day(2)]


def test_a_clock_set_back_does_not_reorder_what_happened(tmp_path):
    ledger = Ledger(a_home(tmp_path))
    given = {"size": 1, "mark": 1}
    ledger.seen(path="a.txt", sha256="a" * 64, at=day(3), **given)
    with ledger.together():
        ledger.seen(path="b.txt", sha256="b" * 64, at=day(1), **given)
        ledger.seen(path="c.txt", sha256="c" * 64, at=day(1), **given)
    ledger.published(at=day(1), digest="d")
    ledger.run(at=day(0))
    ledger.seen(path="d.txt", sha256="d" * 64, at=day(5), **given)
    state = ledger.state()
    a, b, c, d = (document.first_seen for document in state.documents.values())
    assert day(3) == a < b == c < d == day(5)
    assert c < state.published["at"] < state.runs[0]["at"] < d
    assert state.last_at == day(5)


@pytest.mark.parametrize("mark", [0, 2**62, -(10**9)])
def test_a_time_of_change_in_the_past_or_future_is_a_mark_like_any_other(tmp_path, mark):
    home, folder = a_home(tmp_path), folder_of(tmp_path, "a.txt")
    os.utime(folder / "a.txt", ns=(mark, mark))
    a_run(home, folder)
    assert Ledger(home).state().unchanged(discover([folder]))
    os.utime(folder / "a.txt", ns=(mark, mark + 1000))
    assert not Ledger(home).state().unchanged(discover([folder]))


def test_a_ledger_that_calls_marks_times_of_change_is_still_known(tmp_path):
    home, folder = a_home(tmp_path), folder_of(tmp_path, "a.txt")
    a_run(home, folder)
    text = home.ledger_file.read_text("utf-8")
    assert '"mark"' in text
    home.ledger_file.write_text(text.replace('"mark"', '"mtime_ns"'), "utf-8")
    assert Ledger(home).state().unchanged(discover([folder]))


def test_a_quiet_run_is_kept_as_what_differs_from_the_one_before(tmp_path):
    ledger = Ledger(a_home(tmp_path))
    ledger.run(at=DAY, changed=True, documents=3, reasons=["x"])
    ledger.run(at=day(1), as_before=True, changed=False)
    ledger.run(at=day(2), as_before=True, changed=False)
    said = [(run["changed"], run["documents"], run["reasons"]) for run in ledger.state().runs]
    assert said == [(True, 3, ["x"]), (False, 3, ["x"]), (False, 3, ["x"])]
    assert (tmp_path / "home" / "lake" / "ledger.jsonl").read_text("utf-8").count("reasons") == 1
