"""Harmful and damaged PDFs, read as they are in a run: in worker processes, within limits.

Each ends as a part with its reason or as a failure with its advice, and the sound ones beside it are read.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from assets.fanout import Job, Limits, Outcome, read_all
from assets.recipe import terms_of
from tests.typesetter.corpus import LOOKS, printed
from tests.typesetter.damage_pdf import encrypted, harmful, mutated, random_bytes, truncated
from warehouse import lake
from warehouse.home import Home
from warehouse.store import store_of

LIMITS = Limits(seconds=4, memory_mb=600)
FORMS = ("income_expenditure_summary", "three_public")


@pytest.fixture(scope="module")
def sound() -> bytes:
    return printed("fpdf", 0, LOOKS["plain"], FORMS).data


class Read(NamedTuple):
    """What became of a file: its outcome, and what its part holds (empty where it has none)."""

    outcome: Outcome
    issues: list[dict[str, Any]]
    line_items: list[dict[str, Any]]


def read(folder: Path, contents: dict[str, bytes], limits: Limits = LIMITS) -> dict[str, Read]:
    home = Home(folder / "home").ensure()
    jobs = [Job(hashlib.sha256(content).hexdigest(), name) for name, content in contents.items()]
    for job in jobs:
        (home.sources / job.sha256).write_bytes(contents[job.name])
    terms = terms_of(store_of(home), 2026)
    found = {}
    for one in read_all(jobs, terms, workers=2, limits=limits):
        if one.failure:
            found[one.job.name] = Read(one, [], [])
            continue
        part = lake.read_parts(home, [one.job.sha256[:12]], terms.reader_version)
        found[one.job.name] = Read(one, part["issue"][0].to_list(), part["fact_line_item"][0].to_list())
    return found


def said(read: Read) -> str:
    """The reasons that a person finds for a document; empty where there is none."""
    failure = read.outcome.failure
    issues = [asdict(failure)] if failure else read.issues
    return "；".join(f"{one['reason']}→{one['advice']}" for one in issues if one["kind"] != "noted")


def test_each_harmful_file_ends_within_its_limits_with_a_reason(tmp_path, sound):
    contents = {name: make() for name, make in harmful(sound).items()}
    found = read(tmp_path, {**contents, "sound": sound})
    assert set(found) == {*contents, "sound"}
    assert len(found["sound"].line_items) > 70
    # Its owner's password keeps nobody from reading it: it is harmful in name only.
    assert found.pop("owner-password").outcome.failure is None
    for name in contents.keys() & found.keys():
        outcome = found[name].outcome
        assert said(found[name]), f"{name} says nothing"
        assert outcome.seconds < LIMITS.seconds + 3, f"{name} took {outcome.seconds} s"
        assert outcome.peak_mb < LIMITS.memory_mb + 200, f"{name} took {outcome.peak_mb} MiB"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda sound: encrypted(sound, user="x"), "有密码"),
        (lambda sound: random_bytes(1), "不是完整的 PDF"),
        (lambda sound: truncated(sound, 0.02), "不是完整的 PDF"),
        (lambda sound: b"%PDF-1.7\n", "不是完整的 PDF"),
    ],
    ids=["locked", "noise", "cut", "empty"],
)
def test_what_cannot_be_opened_says_why(tmp_path, sound, make, reason):
    found = read(tmp_path, {"x": make(sound)})["x"]
    assert reason in said(found)
    assert found.outcome.failure is None
    assert found.line_items == []


def test_an_owner_password_alone_keeps_nobody_from_reading(tmp_path, sound):
    assert len(read(tmp_path, {"x": encrypted(sound)})["x"].line_items) > 70


def test_mutated_files_never_end_a_run(tmp_path, sound):
    contents = {f"m{seed}": mutated(sound, seed) for seed in range(60)}
    found = read(tmp_path, contents)
    assert len(found) == len(contents)
    assert all(said(one) or one.outcome.failure is None for one in found.values())
