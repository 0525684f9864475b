"""How far a run is, drawn on a terminal.

Belongs here: bars. Does not belong here: what is told of a run (``progress``, ``told``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assets.progress import Progress, silent


@contextmanager
def bars() -> Iterator[Progress]:
    """Progress that draws one bar a stage; silent where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}"),
    )
    with Bars(*columns, console=Console(stderr=True)) as drawn:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int, what: str) -> None:
            if stage not in tasks:
                tasks[stage] = drawn.add_task(stage, total=total, what="")
            drawn.update(tasks[stage], completed=done, total=total, what=what)

        yield show
