"""A home that is restored from what has to be backed up, and from nothing else, publishes the same."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from assets import run as run_module
from assets import steps
from assets.run import run
from tests.benchmarks.bench_kill import contents
from tests.expectations_examples import frame
from tests.test_assets import NoFindings, filled
from warehouse import lake
from warehouse.home import Home
from warehouse.ledger import Ledger

OPERATIONS = Path(__file__).parent.parent / "docs" / "operations.md"
# A document that nobody could file under a year, and one that cannot be read at all.
UNDATED, EMPTY = "示例市档案服务中心\n\n单位决算公开\n", ""


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    """A home with documents of two years, an undated one, one that cannot be read, and a decision."""
    monkeypatch.setattr(run_module, "ValidationWorker", NoFindings)
    monkeypatch.setattr("expectations.reconcile.reconcile", lambda *_: frame("reconciliation", []))
    place = filled(tmp_path / "home")
    (place.inbox / "无年度.txt").write_text(UNDATED, "utf-8")
    (place.inbox / "空.txt").write_text(EMPTY, "utf-8")
    (place.decisions / "甲.yml").write_text("[]", "utf-8")
    place.settings_file.write_text("个人信息: 不发布\n", "utf-8")
    assert run(place.root).documents == 4
    return place


def recipe(name: str) -> list[str]:
    """The commands of a recipe of the operators' guide, those of the system's manager left out."""
    block = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```", OPERATIONS.read_text("utf-8"), re.DOTALL)
    assert block, name
    lines = block[1].splitlines()
    return [line for line in lines if line and not line.startswith(("#", "systemctl", "juesuan"))]


def test_the_backup_and_the_restore_of_the_guide_give_the_same_warehouse(home, tmp_path) -> None:
    before, known = contents(home), Ledger(home).state().documents
    archive, restored = tmp_path / "backup.tar", Home(tmp_path / "restored")
    places = {"/backup/juesuan.tar": str(archive), "/var/lib/juesuan": str(home.root)}
    for command in recipe("backup"):
        words = [replaced(word, places) for word in shlex.split(command)]
        subprocess.run(words, check=True)
    names = subprocess.run(["tar", "-tf", archive], capture_output=True, text=True, check=True).stdout.split()
    assert names[0] == "lake/ledger.jsonl"
    places["/var/lib/juesuan"] = str(restored.root)
    for command in recipe("restore"):
        words = [replaced(word, places) for word in shlex.split(command)]
        subprocess.run(words, check=True)
    assert not restored.warehouse_file.exists()
    home.inbox.rename(restored.inbox)  # the folder of documents is the operator's own
    summary = run(restored.root, [restored.inbox])
    assert summary.changed
    assert Ledger(restored).state().documents.keys() == known.keys()
    after = contents(restored)
    # The paths of the files are those of the new home.
    for table in ("dim_document", "source_file", "input_issue"):
        before[table], after[table] = ([] for _ in range(2))
    assert after == before
    damaged = lake.year_path(restored, "fact_line_item", 2024)
    damaged.write_bytes(damaged.read_bytes()[:1000])
    with pytest.raises(lake.LakeError, match=r"fact_line_item.*已损坏；删去这个文件"):
        lake.read_year(restored, "fact_line_item", 2024)
    assert steps.pending_years(restored) == []
    damaged.unlink()
    assert steps.pending_years(restored) == [2024]


def replaced(word: str, places: dict[str, str]) -> str:
    for known, other in places.items():
        word = word.replace(known, other)
    return word
