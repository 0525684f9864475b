"""Harmful and damaged PDFs, read as they are in a run: in worker processes, within limits.

Each ends as a part with its reason or as a failure with its advice, and the sound ones beside it are read.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.fanout import Job, Limits, Outcome, read_all
from tests.typesetter.corpus import LOOKS, printed
from tests.typesetter.damage_pdf import encrypted, harmful, mutated, random_bytes, truncated

LIMITS = Limits(seconds=4, memory_mb=600)
FORMS = ("income_expenditure_summary", "three_public")


@pytest.fixture(scope="module")
def sound() -> bytes:
    return printed("fpdf", 0, LOOKS["plain"], FORMS).data


def read(folder: Path, contents: dict[str, bytes], limits: Limits = LIMITS) -> dict[str, Outcome]:
    jobs = []
    for number, (name, content) in enumerate(contents.items()):
        source = folder / str(number)
        source.write_bytes(content)
        jobs.append(Job(f"{number:064}", source, name))
    return {one.job.name: one for one in read_all(jobs, workers=2, limits=limits)}


def said(outcome: Outcome) -> str:
    """The reasons that a person finds for a document; empty where there is none."""
    issues = [outcome.failure] if outcome.failure else list(outcome.part.issues if outcome.part else ())
    return "；".join(f"{issue.reason}→{issue.advice}" for issue in issues if issue.kind != "noted")


def test_each_harmful_file_ends_within_its_limits_with_a_reason(tmp_path, sound):
    contents = {name: make() for name, make in harmful(sound).items()}
    found = read(tmp_path, {**contents, "sound": sound})
    assert set(found) == {*contents, "sound"}
    assert found["sound"].part is not None
    assert len(found["sound"].part.line_items) > 70
    # Its owner's password keeps nobody from reading it: it is harmful in name only.
    assert found.pop("owner-password").part is not None
    for name in contents.keys() & found.keys():
        outcome = found[name]
        assert (outcome.part is None) != (outcome.failure is None)
        assert said(outcome), f"{name} says nothing"
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
    outcome = read(tmp_path, {"x": make(sound)})["x"]
    assert reason in said(outcome)
    assert outcome.part is not None
    assert outcome.part.line_items == ()


def test_an_owner_password_alone_keeps_nobody_from_reading(tmp_path, sound):
    outcome = read(tmp_path, {"x": encrypted(sound)})["x"]
    assert outcome.part is not None
    assert len(outcome.part.line_items) > 70


def test_mutated_files_never_end_a_run(tmp_path, sound):
    contents = {f"m{seed}": mutated(sound, seed) for seed in range(60)}
    found = read(tmp_path, contents)
    assert len(found) == len(contents)
    assert all(one.part is not None or one.failure is not None for one in found.values())
