"""What a run that is killed leaves: ``python -m tests.benchmarks.bench_kill [KILLS [SEED]]`` (default 50).

Runs of the command line over typeset documents (two years, PDFs and texts) are killed, the whole process
group with SIGKILL, at moments drawn from a seed: anywhere in a first run, in a run that adds documents and
replaces one, in a backfill, while a file is being built and published; and the processes that read or
validate alone. After each kill the published file must be as it was or as an undisturbed run makes it, and
every file of the lake must open; after one to three kills a run to the end must publish the contents of the
undisturbed run, every table, times excepted. All the while two processes query the published file. Exit
code 1 if anything was violated.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.typesetter.consistent import consistent_disclosure
from tests.typesetter.pdf_fpdf import print_pdf
from tests.typesetter.text import print_text
from warehouse.home import Home
from warehouse.ledger import Ledger
from warehouse.query import QueryError, open_read_only, query
from warehouse.schema import identifier, tables

ROOT = Path(__file__).parent.parent.parent
KILLS, SEED, DOCUMENTS = 50, 6, 6
# The unit whose disclosure is replaced by a corrected one.
CORRECTED = "示例市更正中心"
# What a reader asks of a published file: its answers are all of one state, or the file is a mixture.
FIGURES = (
    "SELECT count(*) FROM dim_document",
    "SELECT sum(amount) FROM fact_line_item",
    f"SELECT sum(金额) FROM 收入支出决算总表 WHERE 单位 = '{CORRECTED}'",  # noqa: S608 - our own name
    f"SELECT sum(小计) FROM 一般公共预算财政拨款支出决算表 WHERE 单位 = '{CORRECTED}'",  # noqa: S608
    "SELECT count(*) FROM reconciliation",
)
READING, VALIDATING = "assets.read_worker", "expectations.worker"

Contents = dict[str, list[tuple[Any, ...]]]
Figures = tuple[str, ...]


# --- documents and homes ------------------------------------------------------------------------


def write_documents(folder: Path, added: int) -> None:
    """The documents of the old state, or with ``added`` more and the corrected one those of the new."""
    folder.mkdir(parents=True, exist_ok=True)
    corrected = consistent_disclosure(1_000 + bool(added), unit=CORRECTED)
    (folder / "更正.txt").write_bytes(print_text(corrected).data)
    (folder / "原有.txt").write_bytes(print_text(consistent_disclosure(1, year=2023)).data)
    for seed in range(added):
        disclosure = consistent_disclosure(seed, unit=f"示例市第{seed}中心", year=2023 + seed % 2)
        if seed % 4 < 2:
            (folder / f"{seed}.pdf").write_bytes(print_pdf(disclosure).data)
        else:
            (folder / f"{seed}.txt").write_bytes(print_text(disclosure).data)


def contents(home: Home) -> Contents:
    """Every row of every table of the published file, sorted, without columns that hold times."""
    found = {}
    with open_read_only(home) as connection:
        for table in tables().values():
            columns = [identifier(c.name) for c in table.columns if c.type != "TIMESTAMP"]
            rows = f"SELECT {', '.join(columns)} FROM {identifier(table.name)}"  # noqa: S608 - our own schema
            found[table.name] = sorted(connection.execute(rows).fetchall(), key=repr)
    return found


def different(found: Contents, wanted: Contents) -> str:
    """Which tables differ, with the numbers of rows; empty where none does."""
    return "、".join(
        f"{name} {len(found[name])}/{len(rows)} 行" for name, rows in wanted.items() if found[name] != rows
    )


def figures(home: Home, pause: float = 0) -> Figures:
    """The answers to ``FIGURES``, asked one after another over one connection."""
    with open_read_only(home) as connection:
        answers = []
        for asked in FIGURES:
            answers.append(str((connection.execute(asked).fetchone() or ("",))[0]))
            time.sleep(pause)
    return tuple(answers)


@dataclass(frozen=True)
class State:
    """A published warehouse: its contents and its figures."""

    contents: Contents
    figures: Figures

    @classmethod
    def of(cls, home: Home) -> State:
        return cls(contents(home), figures(home))


# --- runs and readers ---------------------------------------------------------------------------


def start(place: Path, *words: str) -> subprocess.Popen[str]:
    """The command line on the home at ``place``, in a process group of its own."""
    temporary = place / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    return subprocess.Popen(
        [sys.executable, "-m", "juesuan", *words, "--home", "home"],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(place: Path, *words: str) -> float:
    """The same run to its end; wall seconds."""
    began = time.monotonic()
    process = start(place, *words)
    printed, errors = process.communicate()
    if process.returncode or errors:
        raise RuntimeError(f"{' '.join(words)} 以 {process.returncode} 结束：{printed}{errors}")
    return time.monotonic() - began


def workers(process: subprocess.Popen[str], module: str) -> list[int]:
    """The processes of a module that a run has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = status.read_bytes().split(b"\0")
            if module.encode() in words and os.getpgid(int(status.parent.name)) == process.pid:
                found.append(int(status.parent.name))
    return found


READ = "import sys; from tests.benchmarks.bench_kill import read; read(*sys.argv[1:])"


def read(home: str, over: str, pause: str) -> None:
    """Query the published file until the file ``over`` is there; what was seen, as JSON.

    Without a pause every question opens the file anew; with one a connection is kept while five are asked.
    """
    place, states, errors, count = Home(Path(home)), list[Figures](), list[str](), 0
    together = "SELECT " + ", ".join(f"({asked})" for asked in FIGURES)
    while not Path(over).exists():
        if place.warehouse_file.exists() or states:
            try:
                if float(pause):
                    seen = figures(place, float(pause))
                else:
                    seen = tuple(map(str, query(place, together).rows[0]))
            except QueryError as error:
                errors.append(str(error))
            else:
                count += 1
                if states[-1:] != [seen]:
                    states.append(seen)
        time.sleep(0.1)
    print(json.dumps({"reads": count, "states": states, "errors": errors}))


@contextmanager
def readers(place: Path) -> Iterator[list[dict[str, Any]]]:
    """Two processes that query while the block runs; the list has what they saw once it is over."""
    over, seen = place / "over", list[dict[str, Any]]()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", READ, str(place / "home"), str(over), pause],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for pause in ("0", "0.1")
    ]
    try:
        yield seen
    finally:
        over.touch()
        seen.extend(json.loads(process.communicate()[0]) for process in processes)


# --- the campaign -------------------------------------------------------------------------------


@dataclass
class Campaign:
    """The states that runs lead from and to, where their homes are, and what was found.

    ``moments`` bounds the kills by kind: wall seconds that a run took at least.
    """

    place: Path
    states: dict[str, State]
    moments: dict[str, float]
    dice: random.Random
    violations: list[str] = field(default_factory=list)
    reads: int = 0
    kills: int = 0

    def round(self, kind: str) -> None:
        """One to three kills of a kind, then a run to the end."""
        place = self.place / f"{self.kills}-{kind}"
        wanted = self._lay_out(place, kind)
        allowed = (
            [self.states["new"].figures]
            if kind == "backfill"
            else [self.states["old"].figures, wanted.figures]
        )
        with readers(place) as seen:
            for _ in range(self.dice.choice((1, 2, 3, 3))):
                self._kill_once(place, kind, wanted)
            completed = finish(place, "run", "inbox")
        # A machine is not equally fast at all times: a kill is to fall within a run.
        self.moments[kind] = min(self.moments[kind], completed)
        self._compare(place, kind, wanted)
        for reader in seen:
            self.reads += reader["reads"]
            mixed = [state for state in map(tuple, reader["states"]) if state not in allowed]
            if kind != READING and mixed:  # a document whose reader was killed is published as failed
                self._violated(f"{kind}：读到了既非旧也非新的数 {mixed[0]}")
            if len(reader["states"]) > 2 and kind != READING:
                self._violated(f"{kind}：读到的数退了回去")
            for error in reader["errors"][:1]:
                self._violated(f"{kind}：读者出错 {error}")
        shutil.rmtree(place)

    def _violated(self, what: str) -> None:
        self.violations.append(what)
        print(f"✗ {what}", flush=True)

    def _lay_out(self, place: Path, kind: str) -> State:
        """The home and inbox of a round, and the state that it has to lead to."""
        place.mkdir()
        shutil.copytree(self.place / "new" / "inbox", place / "inbox", copy_function=shutil.copy2)
        if kind == "first":
            return self.states["first"]
        shutil.copytree(self.place / ("new" if kind == "backfill" else "old") / "home", place / "home")
        return self.states["new"]

    def _kill_once(self, place: Path, kind: str, wanted: State) -> None:
        words = ("backfill", "2023..2024") if kind == "backfill" else ("run", "inbox")
        began = time.monotonic()
        process = start(place, *words)
        struck = {"publish": self._while_publishing, READING: self._worker, VALIDATING: self._worker}
        struck.get(kind, self._anywhere)(process, place / "home", kind)
        moment = time.monotonic() - began
        # What a run that lost a worker says, it may say in its own time.
        _, errors = process.communicate()
        self.kills += 1
        held = self._found(Home(place / "home"), wanted, kind)
        ended = "已被杀" if process.returncode == -signal.SIGKILL else f"以 {process.returncode} 结束"
        if process.returncode not in (0, -signal.SIGKILL) and (
            errors.count("\n") != 1 or "Traceback" in errors
        ):
            held += "，错误不是一行"
        bad = held.startswith("坏") or "错误不是一行" in held
        if bad:
            self._violated(f"{kind} {moment:.2f} 秒：{held}")
        said = " ".join(errors.split())[:100]
        print(
            f"{self.kills:>4} {kind:<20} {moment:>6.2f} 秒 {ended:<8} {held} {'✗' if bad else '✓'} {said}",
            flush=True,
        )

    def _anywhere(self, process: subprocess.Popen[str], _: Path, kind: str) -> None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(self.dice.uniform(0, self.moments[kind]))
        _strike(process)

    def _while_publishing(self, process: subprocess.Popen[str], home: Path, kind: str) -> None:
        while process.poll() is None and not any((home / ".scratch").glob("build-*")):
            time.sleep(0.002)
        with suppress(subprocess.TimeoutExpired):
            process.wait(self.dice.uniform(0, self.moments[kind]))
        _strike(process)

    def _worker(self, process: subprocess.Popen[str], _: Path, kind: str) -> None:
        while process.poll() is None and not workers(process, kind):
            time.sleep(0.01)
        with suppress(subprocess.TimeoutExpired):
            process.wait(self.dice.uniform(0, self.moments[kind]))
        for worker in workers(process, kind)[:1]:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    def _found(self, home: Home, wanted: State, kind: str) -> str:
        """What the killed run left: the published file, the lake, the ledger."""
        import polars as pl

        try:
            Ledger(home).state()
            for path in home.lake.rglob("*.parquet"):
                pl.read_parquet(path, hive_partitioning=False)
            if not home.warehouse_file.exists():
                return "未发布" if kind == "first" else "坏：仓库不见了"
            found = contents(home)
        except Exception as error:
            return f"坏：{type(error).__name__} {error}"
        if kind != "first" and found == self.states["old"].contents:
            return "旧"
        if found == wanted.contents:
            return "新"
        return "新，少读了文档" if kind == READING else f"坏：{different(found, wanted.contents)}"

    def _compare(self, place: Path, kind: str, wanted: State) -> None:
        home = Home(place / "home")
        if differing := different(contents(home), wanted.contents):
            self._violated(f"{kind}：跑完之后与未被打断的不同：{differing}")
        if left := list(home.scratch.iterdir()):
            self._violated(f"{kind}：跑完之后 .scratch 里还有 {len(left)} 个文件，如 {left[0].name}")


def _strike(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


KINDS: Sequence[str] = (
    "run",
    "publish",
    "first",
    "run",
    "backfill",
    "run",
    READING,
    "publish",
    VALIDATING,
    "run",
)


def prepared(place: Path, added: int, seed: int, kinds: Sequence[str] = KINDS) -> Campaign:
    """The undisturbed runs that kills of these kinds are measured by.

    An old state, the new one that follows it, and the new documents alone in an empty home.
    """
    moments = {"publish": 1.5, READING: 1.0, VALIDATING: 3.0}
    write_documents(place / "old" / "inbox", 0)
    finish(place / "old", "run", "inbox")
    write_documents(place / "new" / "inbox", added)
    shutil.copytree(place / "old" / "home", place / "new" / "home")
    moments["run"] = finish(place / "new", "run", "inbox")
    states = {name: State.of(Home(place / name / "home")) for name in ("old", "new")}
    if "first" in kinds:
        shutil.copytree(place / "new" / "inbox", place / "first" / "inbox")
        moments["first"] = finish(place / "first", "run", "inbox")
        states["first"] = State.of(Home(place / "first" / "home"))
    if "backfill" in kinds:
        moments["backfill"] = finish(place / "new", "backfill", "2023..2024")
    return Campaign(place, states, moments, random.Random(seed))  # noqa: S311 - no secret


def main(kills: int = KILLS, seed: int = SEED) -> int:
    """Kill so many times; 1 if anything was violated."""
    with tempfile.TemporaryDirectory(prefix="juesuan-kill-") as folder:
        campaign = prepared(Path(folder), DOCUMENTS, seed)
        print(
            "未被打断：" + "，".join(f"{kind} {seconds:.1f} 秒" for kind, seconds in campaign.moments.items())
        )
        number = 0
        while campaign.kills < kills:
            campaign.round(KINDS[number % len(KINDS)])
            number += 1
    print(f"{campaign.kills} 次，读者读了 {campaign.reads:,} 次，违例 {len(campaign.violations)}")
    return int(bool(campaign.violations))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
