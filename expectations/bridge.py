"""The bridge to Great Expectations: suites in, one row a result and one row a failing row out.

Belongs here: how an expectation is run on a frame and how what it says becomes our two tables.
Does not belong here: the expectations (``suites/``), the rows they see (``frames``), the process that
pays for importing Great Expectations (``worker``).

Great Expectations runs on pandas frames in one ephemeral context a process: nothing on disk, no
telemetry, no progress bars. Expectations that look at the same rows are evaluated as one batch that
carries only the columns they name, and failing rows come back by position, so that Decimals and
printed texts are taken from our own frame, untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.frames import FRAMES, rows_where
from expectations.suites_data import Expectation, Suite, fill, load_suites, vocabulary

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition

RESULT_SCHEMA: dict[str, pl.DataType] = {
    "fiscal_year": pl.Int32(),
    "suite": pl.String(),
    "table_name": pl.String(),
    "expectation": pl.String(),
    "description": pl.String(),
    "severity": pl.String(),
    "success": pl.Boolean(),
    "checked": pl.Int64(),
    "failed": pl.Int64(),
}
FAILURE_SCHEMA: dict[str, pl.DataType] = {
    "fiscal_year": pl.Int32(),
    "suite": pl.String(),
    "expectation": pl.String(),
    "document_id": pl.String(),
    "statement_id": pl.String(),
    "cell_id": pl.String(),
    "row_seq": pl.Int32(),
    "value": pl.String(),
}
_NAMES_OF_A_ROW = ("document_id", "statement_id", "cell_id", "row_seq")
# Positions of all failing rows, nothing rendered and no query for finding them again.
_RESULT_FORMAT = {"result_format": "COMPLETE", "return_unexpected_index_query": False}


# Of so many rows distinct ones are shown instead, where they are no more than this share.
_MANY_ROWS, _FEW = 20_000, 0.2


@dataclass(frozen=True, slots=True)
class Validation:
    """What the suites said of a year: rows of ``expectation_result`` and ``expectation_failure``."""

    results: pl.DataFrame
    failures: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Task:
    """An expectation with its suite and its filled-in filter and arguments."""

    suite: str
    expectation: Expectation
    where: dict[str, Any]
    kwargs: dict[str, Any]

    @property
    def rows(self) -> tuple[str, str]:
        """What two expectations share that look at the same rows."""
        return self.expectation.frame, repr(sorted(self.where.items()))


def validate(
    fiscal_year: int,
    tables: Mapping[str, pl.DataFrame],
    *,
    today: date | None = None,
    suites: Sequence[Suite] | None = None,
) -> Validation:
    """Run ``suites`` (left out: every suite) on the tables of a year.

    ``tables`` are frames by table name with the columns of ``warehouse/schema.yml``; ``today`` bounds
    the years that are plausible (left out: the day of the call). Results stand in the order of the
    suites; an expectation that found no rows to look at has ``checked`` 0 and passes. Raises
    ``KeyError`` for a table that is missing and ``RuntimeError`` for an expectation that Great
    Expectations could not evaluate.
    """
    words = vocabulary(today or date.today())
    tasks = [
        _Task(suite.name, each, fill(each.where, words), fill(each.kwargs, words))
        for suite in (load_suites() if suites is None else suites)
        for each in suite.expectations
    ]
    frames = {name: FRAMES[name](tables) for name in {task.expectation.frame for task in tasks}}
    outcomes: dict[str, tuple[int, pl.DataFrame]] = {}
    for _, group in groupby(sorted(tasks, key=lambda task: task.rows), key=lambda task: task.rows):
        together = list(group)
        rows = rows_where(frames[together[0].expectation.frame], together[0].where)
        outcomes.update(_evaluate(together, rows))
    return Validation(
        results=_results(fiscal_year, tasks, outcomes), failures=_failures(fiscal_year, tasks, outcomes)
    )


def prepare() -> None:
    """Import Great Expectations and build its context, so that the first ``validate`` need not."""
    _batches()


def _evaluate(tasks: list[_Task], rows: pl.DataFrame) -> Iterable[tuple[str, tuple[int, pl.DataFrame]]]:
    """For each task the number of rows it looked at and its failing rows."""
    failing: dict[str, pl.DataFrame] = {}
    for columns, together in _by_columns(tasks, rows):
        shown = rows.select(columns).unique(maintain_order=True) if columns else rows
        for name, positions in _unexpected(together, shown).items():
            failing[name] = rows[positions] if not columns else _rows_of(rows, shown[positions])
    return [(name, (rows.height, failing.get(name, rows.clear()))) for name in _names(tasks)]


def _by_columns(tasks: Sequence[_Task], rows: pl.DataFrame) -> Iterable[tuple[tuple[str, ...], list[_Task]]]:
    """The tasks by the columns of which each distinct row is enough to be shown; none where all rows are.

    Of half a million rows most say the same: 42 measures, 5,000 amounts. Only what is unique has to be
    looked for in all of them.
    """
    if rows.is_empty():
        return []
    by_columns: dict[tuple[str, ...], list[_Task]] = {}
    for task in tasks:
        columns = tuple(task.expectation.columns)
        local = rows.height >= _MANY_ROWS and not task.expectation.type.endswith("_unique")
        few = local and rows.select(columns).n_unique() <= rows.height * _FEW
        by_columns.setdefault(columns if few else (), []).append(task)
    return by_columns.items()


def _rows_of(rows: pl.DataFrame, distinct: pl.DataFrame) -> pl.DataFrame:
    """The rows that hold one of those distinct ones."""
    return rows.join(distinct, on=distinct.columns, how="semi", nulls_equal=True, maintain_order="left")


def _names(tasks: Iterable[_Task]) -> list[str]:
    return [task.expectation.id for task in tasks]


def _unexpected(tasks: Sequence[_Task], rows: pl.DataFrame) -> dict[str, list[int]]:
    """For each task the positions of the failing rows, as Great Expectations finds them."""
    import great_expectations as gx

    columns = sorted({name for task in tasks for name in task.expectation.columns})
    batch = _batches().get_batch({"dataframe": rows.select(columns).to_pandas()})
    suite = gx.ExpectationSuite(
        name="rows",
        expectations=[
            {"type": task.expectation.type, "kwargs": task.kwargs, "meta": {"id": task.expectation.id}}
            for task in tasks
        ],
    )
    found = {}
    for verdict in batch.validate(suite, result_format=_RESULT_FORMAT).results:
        if verdict.expectation_config is None:
            raise RuntimeError("Great Expectations gave a result without its expectation")
        name = verdict.expectation_config.meta["id"]
        positions = verdict.result.get("unexpected_index_list")
        if positions is None and not verdict.success:
            raise RuntimeError(f"校验 {name} 无法执行：{verdict.exception_info}")
        found[name] = sorted(positions or [])
    return found


@cache
def _batches() -> BatchDefinition[Any]:
    """The one batch definition of this process, in a context that lives in memory only."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    asset = context.data_sources.add_pandas("lake").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("all")


def _results(
    fiscal_year: int, tasks: list[_Task], outcomes: Mapping[str, tuple[int, pl.DataFrame]]
) -> pl.DataFrame:
    rows = []
    for task in tasks:
        expectation = task.expectation
        checked, failing = outcomes[expectation.id]
        rows.append(
            (
                fiscal_year,
                task.suite,
                expectation.table,
                expectation.id,
                expectation.description,
                expectation.severity,
                failing.is_empty(),
                checked,
                failing.height,
            )
        )
    return pl.DataFrame(rows, schema=RESULT_SCHEMA, orient="row")


def _failures(
    fiscal_year: int, tasks: list[_Task], outcomes: Mapping[str, tuple[int, pl.DataFrame]]
) -> pl.DataFrame:
    frames = [pl.DataFrame(schema=FAILURE_SCHEMA)]
    for task in tasks:
        _, failing = outcomes[task.expectation.id]
        if failing.is_empty():
            continue
        shown = task.expectation.value or task.expectation.columns
        value = pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in shown], separator=" / ")
        known = [pl.col(name) for name in _NAMES_OF_A_ROW if name in failing.columns]
        frames.append(
            failing.select(
                pl.lit(fiscal_year).alias("fiscal_year"),
                pl.lit(task.suite).alias("suite"),
                pl.lit(task.expectation.id).alias("expectation"),
                *known,
                value.alias("value"),
            )
        )
    cast = [frame.cast({n: t for n, t in FAILURE_SCHEMA.items() if n in frame.columns}) for frame in frames]
    return pl.concat(cast, how="diagonal")
