"""Key figures of a page, where its money came from and went, and how they changed over the years.

Belongs here: which figures, and the charts as records that the charting library draws. Does not belong
here: any sum: every figure is a printed one. A chart is drawn from binary floats; its table is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.vocabulary import forms
from warehouse.report.gather import Gathered, Key
from warehouse.report.statements import Amount, Cells, amount
from warehouse.rows import Row

SUMMARY, FUNDS, THREE_PUBLIC = (
    forms()[name].name for name in ("income_expenditure_summary", "appropriation_summary", "three_public")
)
# What is shown of a page first: its name, the statement, what chooses the row, the column.
_KEY_FIGURES = (
    ("收入总计", SUMMARY, ("收入", 31), "金额"),
    ("支出总计", SUMMARY, ("支出", 62), "金额"),
    ("财政拨款本年收入", FUNDS, ("收入", 27), "金额"),
    ("财政拨款本年支出", FUNDS, ("支出", 59), "合计"),
    ("“三公”经费决算数", THREE_PUBLIC, "决算数", "合计"),
)
_COLOURS = ("#2f6f8f", "#b0672b", "#5b7f3a", "#7a5a96", "#a8324a")
_LAYOUT = {
    "font": {"family": "inherit", "size": 13, "color": "#1d2733"},
    "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
}


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A figure of a page; ``amount`` is None where its statement or row is not there."""

    name: str
    amount: Amount | None


@dataclass(frozen=True, slots=True)
class Flow:
    """A row of the table beside the chart: 收入 or 支出, what, how much."""

    side: str
    name: str
    amount: Amount


def key_figures(page: Gathered, cells: Cells) -> list[KeyFigure]:
    """The key figures of a page, in their order."""
    return [
        KeyFigure(name, _found(page, cells, form, which, column))
        for name, form, which, column in _KEY_FIGURES
    ]


def _found(page: Gathered, cells: Cells, form: str, which: Any, column: str) -> Amount | None:
    for row in _rows(page, form):
        at = row["口径"] if form == THREE_PUBLIC else (row["方向"], row["行次"])
        if at == which:
            return amount(row, form, column, cells)
    return None


def _rows(page: Gathered, form: str) -> Iterator[Row]:
    """The rows of a statement of the first document that has it."""
    of = (
        page.rows[(d["document_id"], form)] for d in page.documents if (d["document_id"], form) in page.rows
    )
    yield from next(of, [])


def flows(page: Gathered, cells: Cells) -> list[Flow]:
    """The parts of 收入总计 and 支出总计 that are printed, with an amount other than nought."""
    totals = {
        item.line_no
        for item in forms()["income_expenditure_summary"].items
        if "合计" in item.name or "总计" in item.name
    }
    known = {item.line_no for item in forms()["income_expenditure_summary"].items} - totals
    return [
        Flow(row["方向"], row["项目"], amount(row, SUMMARY, "金额", cells))
        for row in _rows(page, SUMMARY)
        if row["行次"] in known and row["金额"]
    ]


def flow_chart(parts: Sequence[Flow]) -> dict[str, Any] | None:
    """A sankey of the flows through the whole; None where one side is missing or a part is below nought."""
    if {part.side for part in parts} != {"收入", "支出"} or any((p.amount.value or 0) < 0 for p in parts):
        return None
    whole = len(parts)
    income = [part.side == "收入" for part in parts]
    return {
        "data": [
            {
                "type": "sankey",
                "valueformat": ",.2f",
                "valuesuffix": " 万元",
                "node": {
                    "label": [*(f"{part.name} {part.amount.shown}" for part in parts), "收支总计"],
                    "color": [*(_COLOURS[0] if i else _COLOURS[1] for i in income), "#56616d"],
                    "pad": 14,
                    "thickness": 14,
                },
                "link": {
                    "source": [n if i else whole for n, i in enumerate(income)],
                    "target": [whole if i else n for n, i in enumerate(income)],
                    "value": [float(part.amount.value or 0) for part in parts],
                    "color": ["rgba(47,111,143,.28)" if i else "rgba(176,103,43,.28)" for i in income],
                },
            }
        ],
        "layout": _LAYOUT | {"height": max(320, 34 * max(sum(income), whole - sum(income)) + 40)},
    }


@dataclass(frozen=True, slots=True)
class Year:
    """The key figures of a year, the change of each since the year before in %, and the page."""

    key: Key
    figures: tuple[KeyFigure, ...]
    changes: tuple[str, ...]


def years(of: Sequence[tuple[Key, list[KeyFigure]]]) -> list[Year]:
    """The years of a unit, with changes since the year before where that was published too."""
    known = {key.year: figures for key, figures in of}
    found = []
    for key, figures in sorted(of, key=lambda one: one[0].year):
        before = known.get(key.year - 1)
        changes = tuple(
            _change(now, then.amount) if before else ""
            for now, then in zip(figures, before or figures, strict=True)
        )
        found.append(Year(key, tuple(figures), changes))
    return found


def _change(now: KeyFigure, then: Amount | None) -> str:
    if not now.amount or not then:
        return ""
    new, old = now.amount.value, then.value
    if new is None or not old:
        return ""
    return f"{((new - old) / abs(old) * 100).quantize(Decimal('0.1')):+}%"


def year_chart(found: Sequence[Year]) -> dict[str, Any]:
    """A bar for each year and key figure."""
    return {
        "data": [
            {
                "type": "bar",
                "name": _KEY_FIGURES[n][0],
                "x": [str(year.key.year) for year in found],
                "y": [_float(year.figures[n]) for year in found],
                "marker": {"color": colour},
                "hovertemplate": "%{x} 年 %{y:,.2f} 万元",
            }
            for n, colour in enumerate(_COLOURS)
        ],
        "layout": _LAYOUT
        | {
            "height": 340,
            "barmode": "group",
            "margin": {"l": 8, "r": 8, "t": 8, "b": 30},
            "xaxis": {"type": "category"},
            "yaxis": {
                "automargin": True,
                "title": {"text": "万元"},
                "tickformat": ",",
                "gridcolor": "#8a949e55",
            },
            "legend": {"orientation": "h", "y": -0.15},
        },
    }


def _float(figure: KeyFigure) -> float | None:
    value = figure.amount.value if figure.amount else None
    return None if value is None else float(value)
