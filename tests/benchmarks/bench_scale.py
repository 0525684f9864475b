"""How a home grows with its documents: ``python -m tests.benchmarks.bench_scale [N…] [--modes 1,2,dask]``.

Typesets N disclosures (units × ten years) and loads them into a new home, whole, with 1 and 2 workers that
read and with a local Dask cluster; then nothing new, then one changed document, then one unit over its years
through the views. Prints a Markdown table; ``--json FILE`` keeps the figures. Homes are temporary.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

SIZES = (100, 1_000, 10_000)
MODES = ("1", "2", "dask")
YEARS = range(2015, 2025)
DISTINCT = 300
TEMPLATES = ("shanxi-yangquan", "liaoning-qianshan", "shanghai-putuo")
QUERIES = {
    "一般公共预算财政拨款支出决算表": "单位 = ?",
    "收入支出决算总表": "单位 = ?",
    "单元格": "单位 = ?",
    "问题": "单位 = ?",
    "勾稽结果": "文档 IN (SELECT 文档 FROM 文件清单 WHERE 单位 = ?)",
}
REPEATED = 5
MIB = 1 << 20


def typeset(number: int, folder: Path, distinct: int = DISTINCT) -> None:
    """``number`` disclosures as texts: each unit over ten years, with the figures of one of ``distinct``."""
    from tests.typesetter.consistent import consistent_disclosure
    from tests.typesetter.text import print_text

    folder.mkdir()
    printed: dict[int, tuple[str, int, str]] = {}
    for place in range(number):
        unit, year = divmod(place, len(YEARS))
        seed = unit % distinct
        if seed not in printed:
            template = TEMPLATES[seed % len(TEMPLATES)]
            made = consistent_disclosure(seed, template_id=template, general=4 + seed % 5)
            printed[seed] = (made.unit, made.year, print_text(made).text)
        name, printed_year, text = printed[seed]
        text = text.replace(name, _unit(unit, name)).replace(str(printed_year), str(YEARS[year]))
        (folder / f"{place:06d}.txt").write_text(text, "utf-8")


def _unit(number: int, name: str) -> str:
    return f"示例省第{number:05d}号{name[-4:]}"


def load(home: Path, folder: Path, dask: str) -> dict[str, Any]:
    """One run, in this process: documents, line items, and when each stage began and ended, in seconds."""
    from assets.run import run

    started = time.monotonic()
    stages: dict[str, list[float]] = {}

    def progress(stage: str, done: int, total: int, what: str) -> None:
        moment = round(time.monotonic() - started, 2)
        stages.setdefault(stage, [moment, moment])[1] = moment

    summary = run(home, [folder], progress=progress, dask=dask)
    return {"documents": summary.documents, "facts": summary.facts, "stages": stages}


def measured(home: Path, folder: Path, workers: int, dask: str = "") -> dict[str, Any]:
    """``load`` in a process of its own: what it says, its seconds, and the most memory it took."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_scale", "--load", str(home), str(folder)]
    command += [dask]
    started = time.monotonic()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "JUESUAN_READ_WORKERS": str(workers)},
    ) as child:
        with peak_memory(child.pid) as peak:
            told, _ = child.communicate()
        if child.returncode:
            raise SystemExit(f"the load of {folder} failed: {child.returncode}")
    return {**json.loads(told), "seconds": round(time.monotonic() - started, 2), "peak_mib": peak[0] // MIB}


@contextmanager
def peak_memory(pid: int) -> Iterator[list[int]]:
    """The most bytes that a process and all its children hold for themselves, seen twice a second."""
    import psutil

    peak, over = [0], Event()

    def watch() -> None:
        while not over.wait(0.5):
            total = 0
            try:
                root = psutil.Process(pid)
                processes = [root, *root.children(recursive=True)]
            except psutil.Error:
                return
            for process in processes:
                try:
                    total += process.memory_full_info().uss
                except psutil.Error:  # it ended meanwhile
                    continue
            peak[0] = max(peak[0], total)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def latencies(home: Path) -> dict[str, float]:
    """Milliseconds of one unit over its years through each view: the median, connected beforehand."""
    from warehouse.home import Home
    from warehouse.query import open_read_only, query

    unit = query(Home(home), "SELECT min(单位) FROM 单位表").rows[0][0]
    found = {}
    for view, where in QUERIES.items():
        taken = []
        for _ in range(REPEATED):
            with open_read_only(Home(home)) as connection:
                started = time.perf_counter()
                connection.execute(f"SELECT * FROM {view} WHERE {where}", [unit]).fetchall()  # noqa: S608
                taken.append(1000 * (time.perf_counter() - started))
        found[view] = round(sorted(taken)[REPEATED // 2], 1)
    return found


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """The address of a Dask scheduler with so many workers of one thread, all processes of this machine."""
    with tempfile.TemporaryDirectory() as place:
        told = Path(place) / "scheduler.json"
        begin = [sys.executable, "-m", "dask", "scheduler", "--port", "0", "--no-dashboard"]
        join = [sys.executable, "-m", "dask", "worker", "--nthreads", "1", "--no-dashboard"]
        processes = [subprocess.Popen([*begin, "--scheduler-file", str(told)], stderr=subprocess.DEVNULL)]
        try:
            for _ in range(workers):
                command = [*join, "--scheduler-file", str(told), "--local-directory", place]
                processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
            for _ in range(300):
                if told.is_file() and told.stat().st_size:
                    break
                time.sleep(0.1)
            yield json.loads(told.read_text())["address"]
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()


def bench(number: int, mode: str, distinct: int = DISTINCT) -> dict[str, Any]:
    """Every figure of one size in one mode: 1 or 2 workers that read, or two of a Dask cluster."""
    with tempfile.TemporaryDirectory(prefix="juesuan-scale-") as place:
        folder, home = Path(place) / "documents", Path(place) / "home"
        typeset(number, folder, distinct)
        if mode == "dask":
            with cluster(2) as address:
                whole = measured(home, folder, 2, address)
        else:
            whole = measured(home, folder, int(mode))
        quiet = measured(home, folder, 2)
        first = folder / f"{0:06d}.txt"
        first.write_text(first.read_text("utf-8") + "\n更正后重新发布\n", "utf-8")
        changed = measured(home, folder, 2)
        begun, ended = whole["stages"]["读文档"]
        return {
            "documents": number,
            "mode": mode,
            "seconds": whole["seconds"],
            "documents_per_second": round(number / whole["seconds"], 2),
            "read_per_second": round(number / max(ended - begun, 0.01), 2),
            "items": whole["facts"],
            "items_per_second": round(whole["facts"] / whole["seconds"]),
            "peak_mib": whole["peak_mib"],
            "warehouse_mib": round((home / "warehouse.duckdb").stat().st_size / MIB, 1),
            "parts_mib": round(_size(home / "lake" / "parts") / MIB, 1),
            "sources_mib": round(_size(home / "sources") / MIB, 1),
            "quiet_seconds": quiet["seconds"],
            "changed_seconds": changed["seconds"],
            "changed_peak_mib": changed["peak_mib"],
            "stages": whole["stages"],
            "changed_stages": changed["stages"],
            "milliseconds": latencies(home),
        }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


COLUMNS = {
    "文档": "documents",
    "方式": "mode",
    "秒": "seconds",
    "文档/秒": "documents_per_second",
    "读文档/秒": "read_per_second",
    "数/秒": "items_per_second",
    "内存峰值 MiB": "peak_mib",
    "仓库 MiB": "warehouse_mib",
    "无新文件 秒": "quiet_seconds",
    "改一份 秒": "changed_seconds",
}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The figures as a Markdown table, the slowest query of each last."""
    lines = ["| " + " | ".join([*COLUMNS, "查一个单位 毫秒"]) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for row in rows:
        view, slowest = max(row["milliseconds"].items(), key=lambda each: each[1])
        shown = [f"{row[key]:,}" if key != "mode" else row[key] for key in COLUMNS.values()]
        lines.append("| " + " | ".join([*shown, f"≤ {slowest}（{view}）"]) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Measure what was asked for and print it."""
    if arguments[:1] == ["--load"]:
        home, folder, dask = arguments[1:]
        print(json.dumps(load(Path(home), Path(folder), dask), ensure_ascii=False))
        return
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_scale")
    parser.add_argument("sizes", type=int, nargs="*", metavar="N", help=f"documents; without: {SIZES}")
    parser.add_argument("--modes", default=",".join(MODES), help="of 1,2,dask")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures are kept")
    asked = parser.parse_args(arguments)
    rows = []
    for number in asked.sizes or SIZES:
        for mode in asked.modes.split(","):
            rows.append(bench(number, mode))
            print(json.dumps(rows[-1], ensure_ascii=False), file=sys.stderr, flush=True)
    print(table(rows))
    if asked.json:
        asked.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
