"""Where the real disclosures lie beside the project, and the mark for tests that need them.

They are never part of the project: where the folder is absent, such tests skip and say so.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from pipelines.document import read_document
from pipelines.model import DocumentPart

SHARED = Path(__file__).resolve().parents[2] / "shared" / "documents"
SEEDS = SHARED / "seeds"

needs_shared = pytest.mark.skipif(
    not SEEDS.is_dir(), reason="the real disclosures (../shared/documents) are not beside the project"
)


def seed(number: str) -> Path:
    """The path of the seed document whose file name begins with ``number`` (000 … 004)."""
    return next(SEEDS.glob(f"{number}_*.txt"))


def seed_numbers() -> list[str]:
    """The numbers of the seed documents that are there; all five where the folder is absent."""
    return sorted(path.name[:3] for path in SEEDS.glob("*.txt")) or ["000", "001", "002", "003", "004"]


@cache
def part_of(number: str) -> DocumentPart:
    """What is read from a seed document, once a test run."""
    path = seed(number)
    return read_document(path.read_bytes(), name=path.name)


def seed_statements() -> list[tuple[str, str, tuple[int, int, int, int]]]:
    """(number, 表名, (行数, 单元格数, 非空, 关闭)) of each statement of the seeds."""
    with (SHARED / "seed_statements.csv").open(encoding="utf-8", newline="") as file:
        return [
            (
                row["文件"][:3],
                row["表名"],
                (int(row["行数"]), int(row["单元格数"]), int(row["非空"]), int(row["关闭"])),
            )
            for row in csv.DictReader(file)
        ]
