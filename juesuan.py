"""The front door: a thin command line over pipelines, warehouse, expectations and assets.

Belongs here: arguments, what is printed, exit codes. Does not belong here: any work. Nothing heavy is
imported at module level, so that ``--help`` and a run that finds nothing new are immediate.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from warehouse.home import Home
    from warehouse.query import QueryResult

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="决算仓：把部门/单位决算公开文档变成可查询的数据仓库。",
    epilog="每个命令都接受 --home DIR，否则用环境变量 JUESUAN_HOME，再否则用 ./data。",
)

HomeOption = Annotated[
    Path,
    typer.Option("--home", envvar="JUESUAN_HOME", metavar="DIR", help="数据目录；仓库、来源和台账都在里面"),
]
DaskOption = Annotated[
    str,
    typer.Option(
        "--dask", envvar="JUESUAN_DASK", metavar="URL", help="在这个 Dask 集群上读取，如 tcp://host:8786"
    ),
]
DEFAULT_HOME = Path("data")


class Severity(StrEnum):
    """The severities that a finding can have; see the table severity."""

    E = "E"
    W = "W"
    F = "F"
    I = "I"  # noqa: E741 - the field's own letter
    O = "O"  # noqa: E741


class Format(StrEnum):
    """How the rows of ``juesuan sql`` are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


# --- what is common to the commands ----------------------------------------------------------


def fail(message: str, code: int = 1) -> typer.Exit:
    """Print one line to stderr and give the exit to raise."""
    typer.echo(message, err=True)
    return typer.Exit(code)


def open_home(root: Path) -> Home:
    """The home at ``root``; paths inside it are resolved against the working directory."""
    from warehouse.home import Home

    return Home(root.resolve())


@contextmanager
def one_line_errors(what: str) -> Iterator[None]:
    """Turn an unexpected error into one line (what, why, what to do); JUESUAN_DEBUG=1 shows it whole."""
    from warehouse.refusals import of_the_system

    try:
        yield
    except (typer.Exit, KeyboardInterrupt):
        raise
    except Exception as error:
        if os.environ.get("JUESUAN_DEBUG"):
            raise
        why = of_the_system(error) or " ".join(str(error).split()) or type(error).__name__
        raise fail(f"{what}没有完成：{why}（加环境变量 JUESUAN_DEBUG=1 可看全部细节）") from error


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="显示版本")] = False,
) -> None:
    """Answer ``--version``; everything else is a command."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"juesuan {installed('juesuan')}")
        raise typer.Exit


# --- run -------------------------------------------------------------------------------------


@app.command()
def run(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="文件、文件夹或网址（s3://…）；默认 settings.yml 的来源"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="有待核或读不了的，以 3 结束")] = False,
    dask: DaskOption = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """读入文件、文件夹和网址，校验，发布 HOME/warehouse.duckdb，最后给出汇总。"""
    from assets import told
    from assets.run import run as run_graph
    from assets.terminal import bars

    with one_line_errors("运行"), bars() as progress:
        summary = run_graph(home.resolve(), paths or (), progress=progress, dask=dask)
    say(told.summary_lines(summary, open_home(home).warehouse_file))
    raise typer.Exit(summary.exit_code(strict=strict))


@app.command()
def backfill(
    span: Annotated[str, typer.Argument(metavar="FROM..TO", help="年度，如 2018..2024；一年写 2024")],
    strict: Annotated[bool, typer.Option("--strict", help="有待核或读不了的，以 3 结束")] = False,
    dask: DaskOption = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """从留存的原文重新计算这些年度，不用缓存，发布一次，最后给出汇总。"""
    from assets import told
    from assets.run import backfill as run_backfill
    from assets.terminal import bars

    first, last = fiscal_years(span)
    with one_line_errors("重算"), bars() as progress:
        summary = run_backfill(home.resolve(), first, last, progress=progress, dask=dask)
    say(told.summary_lines(summary, open_home(home).warehouse_file))
    raise typer.Exit(summary.exit_code(strict=strict))


def fiscal_years(span: str) -> tuple[int, int]:
    """First and last year of ``2018..2024`` or ``2024``; an exit with 2 where it is neither."""
    form = re.fullmatch(r"([0-9]{4})(?:\.\.([0-9]{4}))?", span)
    first, last = (int(form[1]), int(form[2] or form[1])) if form else (1, 0)
    if first > last:
        raise fail(f"年度「{span}」写得不对：应如 2018..2024（从早到晚），只算一年写 2024", 2)
    return first, last


def say(lines: Iterable[str]) -> None:
    """Print lines as they are."""
    for line in lines:
        typer.echo(line)


# --- sql -------------------------------------------------------------------------------------


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(metavar="SQL", help="一条只读查询")],
    format: Annotated[Format, typer.Option("--format", help="输出格式")] = Format.TABLE,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """执行一条只读查询；不能读写文件，不能联网。"""
    from warehouse import render
    from warehouse.query import QueryError, query

    try:
        result = query(open_home(home), statement)
    except QueryError as error:
        raise fail(str(error)) from error
    shown = {Format.TABLE: to_terminal, Format.CSV: render.to_csv, Format.JSON: render.to_json}
    typer.echo(shown[format](result), nl=False)


def to_terminal(result: QueryResult) -> str:
    """A table as wide as the terminal, or as wide as it needs where stdout is none."""
    from warehouse.render import to_table

    return to_table(result, shutil.get_terminal_size().columns if sys.stdout.isatty() else None)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="写到哪个新文件夹")],
    format: Annotated[Literal["parquet", "csv", "xlsx"], typer.Option("--format", help="文件格式")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """把分析视图连同数据字典写成文件：Parquet、CSV 或 Excel 工作簿。"""
    from warehouse.export import ExportError
    from warehouse.export import export as write
    from warehouse.query import QueryError

    try:
        say(write(open_home(home), folder, format))
    except (QueryError, ExportError) as error:
        raise fail(str(error)) from error


# --- findings --------------------------------------------------------------------------------


@app.command()
def findings(
    unit: Annotated[str | None, typer.Option("--unit", metavar="U", help="单位名称或其中一段")] = None,
    year: Annotated[int | None, typer.Option("--year", metavar="Y", help="决算年度")] = None,
    severity: Annotated[Severity | None, typer.Option("--severity", metavar="E", help="级别")] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """对不上的地方：两个数、差额、容差、各在哪里，一处一段，可以发给单位。"""
    from warehouse.findings import report
    from warehouse.query import QueryError

    try:
        for block in report(open_home(home), unit, year, severity):
            typer.echo(block)
    except (QueryError, LookupError) as error:
        raise fail(str(error.args[0])) from error


# --- status, explain, evidence, dev ------------------------------------------------------------


@app.command()
def status(home: HomeOption = DEFAULT_HOME) -> None:
    """最近的运行、待核的内容和原因、仓库文件的时间。"""
    from assets import told
    from assets.alerts import standing
    from assets.run import put_back, runs, still_to_reread

    place = open_home(home)
    with one_line_errors("查看"):
        history = runs(place)
    if not history:
        raise fail(f"{place.root} 里还没有运行过：先用 juesuan run 读入文件。")
    if place.warehouse_file.exists():
        made = datetime.fromtimestamp(place.warehouse_file.stat().st_mtime, UTC)
        age = datetime.now(UTC) - made
        # A clock that was set back since knows no age.
        since = f"{age.days} 天 {age.seconds // 3600} 小时前" if age.days >= 0 else "系统时钟在此之前"
        typer.echo(f"仓库 {place.warehouse_file}  发布于 {local_time(made)}（{since}）")
        say(put_back(place))
    else:
        typer.echo("还没有发布过仓库。")
    typer.echo("最近的运行：")
    for at, summary in history[-5:]:
        ending = "发布" if summary.changed else "没有新内容" if summary.published else "没有发布"
        typer.echo(f"  {local_time(at)}  {ending}  {told.counts(summary)}")
    if alert := standing(place):
        typer.echo(f"告警 {local_time(datetime.fromisoformat(alert.at))}  {alert}")
    for waiting in still_to_reread(place):
        typer.echo(waiting)
    latest = history[-1][1]
    say(told.performance_lines(latest))
    typer.echo("待核和读不了的：" if latest.reasons else "没有待核的内容。")
    say(told.reason_lines(latest, len(latest.reasons)))
    if latest.reasons:
        typer.echo(
            "逐格核对：视图 待核 的 单元格 是格的编号，juesuan evidence 单元格 -o x.png 画出它所在的页；"
        )
        typer.echo("认定了的写进 corrections/（见 README「更正」），再运行一次。")


def local_time(moment: datetime) -> str:
    """A moment in the reader's own time zone, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


@app.command()
def rollback(home: HomeOption = DEFAULT_HOME) -> None:
    """退回前一次发布的仓库；下次有新内容发布时照常前进。"""
    from warehouse.published import rollback as go_back

    place = open_home(home)
    with one_line_errors("退回"):
        shown = go_back(place, datetime.now(UTC))
    if shown is None:
        raise fail(
            "没有更早发布的仓库可退，现在的照旧；内容不对的，改正原因后用 juesuan backfill 年度 重新发布"
        )
    typer.echo(f"已退回 {local_time(shown)} 发布的仓库：{place.warehouse_file}")
    typer.echo("没有新内容的运行不会改动它；有新内容的照常发布。要立即重新发布：juesuan backfill 年度")


@app.command()
def explain(
    cell: Annotated[str, typer.Argument(metavar="CELL", help="单元格编号，如 8f3451943585/L257/c3")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """一个数从印刷的单元格到仓库的经过。"""
    from warehouse.explain import explain as explain_cell
    from warehouse.query import QueryError

    try:
        steps = explain_cell(open_home(home), cell)
    except (QueryError, LookupError) as error:
        raise fail(str(error.args[0])) from error
    for label, text in steps:
        typer.echo(f"{label.ljust(5, '　')} {text}")


@app.command()
def evidence(
    cell: Annotated[str, typer.Argument(metavar="CELL", help="单元格编号，如 8f3451943585/L257/c3")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="写到哪里：PDF 为 x.png，其他为 x.html")
    ],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """一个数印在哪里：标出单元格的那一页（PNG）或那一段（HTML）。"""
    from warehouse.evidence import EvidenceError, write_evidence
    from warehouse.query import QueryError

    try:
        write_evidence(open_home(home), cell, output)
    except (QueryError, LookupError, EvidenceError) as error:
        raise fail(str(error.args[0])) from error
    typer.echo(f"证据已写入 {output}")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="写到哪个文件夹：新的、空的，或原来的报告")],
    unit: Annotated[str | None, typer.Option("--unit", metavar="U", help="单位名称或其中一段")] = None,
    year: Annotated[int | None, typer.Option("--year", metavar="Y", help="决算年度")] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """写一份可以直接打开的报告（静态网页，不联网）：质量、报表、收支去向、问题和依据。"""
    from warehouse.query import QueryError
    from warehouse.report.site import ReportError, write_report

    with one_line_errors("写报告"):
        try:
            typer.echo(write_report(open_home(home), folder, unit, year))
        except (QueryError, LookupError, ReportError) as error:
            raise fail(str(error.args[0])) from error


@app.command()
def dev(
    port: Annotated[int, typer.Option("--port", help="界面的端口")] = 3000,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """打开这个数据目录的 Dagster 界面、后台进程和定时任务。"""
    from assets.instance import InstanceError, environment

    place = open_home(home)
    with one_line_errors("启动"):
        place.ensure()
        try:
            started_with = environment(place, port, os.environ)
        except InstanceError as error:
            raise fail(str(error)) from error
    command = [sys.executable, "-m", "dagster", "dev", "-m", "assets.definitions", "--port", str(port)]
    # Dagster takes the place of this process, so that whoever stops it stops the daemon with it.
    os.execve(command[0], command, started_with)  # noqa: S606 - our own interpreter and module


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
