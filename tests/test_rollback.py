"""Going back to a file that was published before: whole, told, and not undone by a run without news."""

from __future__ import annotations

import multiprocessing
import os
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assets import run as run_module
from assets import steps
from assets.run import run
from juesuan import app
from tests.test_assets import NoFindings
from tests.warehouse_fixtures import a_home, day, document, full_part, keep
from warehouse import published
from warehouse.build import build
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.lock import alone
from warehouse.query import query


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that was published with one, two and three documents."""
    place = a_home(tmp_path)
    for number in range(3):
        publish(place, number)
    return place


def publish(home: Home, number: int) -> None:
    keep(home, full_part(document(f"{number}", unit_name=f"示例{number}局")), at=day(number))
    report = build(home, now=day(number))
    Ledger(home).published(at=day(number), digest=report.digest, decided=report.decided)


def documents(home: Home) -> int:
    return int(query(home, "SELECT count(*) FROM dim_document").rows[0][0])


def go_back(home: Home) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rollback", "--home", str(home.root)])
    return result.exit_code, result.output


def test_each_rollback_goes_one_further_back_until_there_is_nothing(home: Home) -> None:
    assert documents(home) == 3
    for left in (2, 1):
        code, said = go_back(home)
        assert (code, documents(home)) == (0, left)
        assert "已退回" in said
    code, said = go_back(home)
    assert (code, documents(home), len(said.splitlines())) == (1, 1, 1)
    assert "没有更早发布的仓库可退" in said


def test_the_next_publish_goes_on_and_is_no_rollback_any_more(home: Home) -> None:
    go_back(home)
    assert published.rolled_back(home, Ledger(home).state())
    publish(home, 3)
    assert documents(home) == 4
    assert not published.rolled_back(home, Ledger(home).state())
    go_back(home)
    assert documents(home) == 2  # the file that it took the place of; what was dropped stays so


def test_only_so_many_earlier_files_stay(home: Home) -> None:
    for number in range(3, 6):
        publish(home, number)
    assert len(home.earlier_files()) == published.EARLIER_KEPT
    assert [go_back(home)[0] for _ in range(4)] == [0, 0, 0, 1]
    assert documents(home) == 3


def test_nothing_published_is_told_in_one_line(tmp_path: Path) -> None:
    code, said = go_back(a_home(tmp_path))
    assert (code, len(said.splitlines())) == (1, 1)


def test_a_rollback_that_was_killed_before_the_rename_was_none(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            published.rollback(home, day(4))
    assert documents(home) == 3
    assert not published.rolled_back(home, Ledger(home).state())
    assert published.rollback(home, day(4))
    assert documents(home) == 2


def test_a_publish_that_was_killed_between_its_renames_is_not_gone_back_to(home: Home) -> None:
    os.link(home.warehouse_file, home.earlier_file(published.made_at(home.warehouse_file)))
    go_back(home)
    assert documents(home) == 2


def _hold(root: Path, held: multiprocessing.Event, done: multiprocessing.Event) -> None:  # type: ignore[valid-type]
    with alone(Home(root), "juesuan run"):
        held.set()  # type: ignore[attr-defined]
        done.wait(20)  # type: ignore[attr-defined]


def test_while_a_run_writes_there_is_no_rollback(home: Home) -> None:
    context = multiprocessing.get_context("fork")
    held, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(home.root, held, done))
    other.start()
    try:
        assert held.wait(20)
        code, said = go_back(home)
    finally:
        done.set()
        other.join()
    assert (code, documents(home)) == (1, 3)
    assert "juesuan run" in said


def test_a_run_without_news_leaves_it_and_says_so_and_status_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "ValidationWorker", NoFindings)
    home = a_home(tmp_path)
    (home.inbox / "一.txt").write_text("第一号附注。\n", "utf-8")
    assert run(home.root).changed
    (home.inbox / "二.txt").write_text("第二号附注。\n", "utf-8")
    assert run(home.root).documents == 2
    go_back(home)
    quiet = run(home.root)
    assert (quiet.changed, documents(home), quiet.remarks) == (False, 1, (run_module.ROLLED_BACK,))
    assert not steps.publish_is_due(home)
    status = CliRunner().invoke(app, ["status", "--home", str(home.root)]).output
    assert run_module.ROLLED_BACK in status


def test_the_time_of_a_file_is_kept_under_its_other_name(home: Home) -> None:
    made = published.made_at(home.warehouse_file)
    publish(home, 3)
    assert home.earlier_file(made) == home.earlier_files()[0]
    assert published.rollback(home, datetime.now(made.tzinfo)) == made
