"""From what came in and went out by 科目 to the rows of the statements.

Belongs here: the sums that each statement makes of the same lines, in hundredths of 万元, as integers.
Does not belong here: the invention of the lines (``consistent``), printing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random

import yaml

from pipelines.vocabulary import forms, subjects
from tests.typesetter.figures import TOTAL, Row

STEP = Decimal(100)  # one hundredth of 万元, in 元

Cells = dict[str, int]


class Dice(Random):
    """A seeded source of amounts, the greatest of which has so many ``digits`` (in 0.01 万元)."""

    digits = 7

    def amount(self) -> int:
        """Small amounts are as likely as great ones; never nothing."""
        return self.randrange(1, int(10 ** self.randrange(1, self.digits + 1)))


@dataclass
class Line:
    """One 科目 of one unit: what came in for it and what was spent, by fund."""

    code: str
    fund: str
    opening: int = 0
    closing: int = 0
    basic: int = 0
    project: int = 0
    other: Cells = field(default_factory=dict)  # from money that is no appropriation
    other_income: Cells = field(default_factory=dict)

    @property
    def appropriated(self) -> int:
        return self.basic + self.project + self.closing - self.opening

    def income(self) -> Cells:
        return with_total("本年收入合计", {"财政拨款收入": self.appropriated, **self.other_income})

    def spending(self) -> Cells:
        other = dict(self.other)
        basic = self.basic + other.pop("基本支出", 0)
        project = self.project + other.pop("项目支出", 0)
        return with_total("本年支出合计", {"基本支出": basic, "项目支出": project, **other})

    def by_fund(self, total: str) -> Cells:
        return with_total(total, {"基本支出": self.basic, "项目支出": self.project})


def with_total(total: str, cells: Cells) -> Cells:
    return {total: sum(cells.values()), **cells}


@cache
def functional_names() -> Mapping[str, str]:
    """The name that most documents print for each functional 科目, and those of ``subjects.yml``."""
    names = {c: max(s, key=lambda x: x.documents).name for c, s in subjects("functional").items()}
    more: dict[str, str] = yaml.safe_load((Path(__file__).parent / "subjects.yml").read_text("utf-8"))
    return names | more


class Writer:
    """Turns integers into rows; a nothing is a blank, or once in a while a printed zero."""

    def __init__(self, random: Dice, zeros: bool):
        self.random = random
        self.zeros = zeros

    def row(self, key: str, cells: Cells, name: str | None = None) -> Row:
        amounts = {
            m: n * STEP for m, n in cells.items() if n or (self.zeros and self.random.randrange(8) == 0)
        }
        return Row(key, amounts, name)

    def subjects(self, entries: Sequence[tuple[str, Cells]], levels: Sequence[int]) -> tuple[Row, ...]:
        """合计 and a row for each 科目, with the rows of 类 and 款 where the template prints them."""
        names = functional_names()
        entries = [(code, cells) for code, cells in entries if any(cells.values())]
        if not entries:
            return ()
        total: Cells = defaultdict(int)
        sums: dict[str, Cells] = {}
        for code, cells in entries:
            for measure, number in cells.items():
                total[measure] += number
                for level in levels[:-1]:
                    sums.setdefault(code[:level], defaultdict(int))[measure] += number
        if len(levels) > 1:
            details: dict[str, Cells] = defaultdict(lambda: defaultdict(int))
            for code, cells in entries:
                for measure, number in cells.items():
                    details[code][measure] += number
            entries = sorted((details | sums).items())
        return (self.row(TOTAL, total), *(self.row(code, cells, names[code]) for code, cells in entries))


def merged(entries: Sequence[tuple[str, Cells]]) -> list[tuple[str, Cells]]:
    """One entry a code, in the order of their first: how stacked units stand in 收入决算表."""
    found: dict[str, Cells] = {}
    for code, cells in entries:
        into = found.setdefault(code, defaultdict(int))
        for measure, number in cells.items():
            into[measure] += number
    return list(found.items())


def _summary_rows(writer: Writer, form: str, named: Mapping[str, Cells]) -> tuple[Row, ...]:
    return tuple(writer.row(i.name, named[i.name]) for i in forms()[form].items if i.name in named)


def fund_cells(line: Line) -> Cells:
    """The six measures of 政府性基金预算财政拨款收入支出决算表."""
    return {
        "年初结转和结余": line.opening,
        "本年收入": line.appropriated,
        **line.by_fund("本年支出小计"),
        "年末结转和结余": line.closing,
    }


def capital_cells(line: Line, six: bool) -> Cells:
    """The three measures of 国有资本经营预算财政拨款支出决算表, and 本年收入 where six are printed."""
    income = {"本年收入": line.appropriated} if six else {}
    return {**income, **line.by_fund("合计")}


def summary(writer: Writer, lines: list[Line], other: Cells) -> tuple[Row, ...]:
    """收入支出决算总表; ``other`` holds the balances of money that is no appropriation."""
    form = "income_expenditure_summary"
    funds: Cells = defaultdict(int)
    income: Cells = defaultdict(int)
    spent: Cells = defaultdict(int)
    for line in lines:
        funds[line.fund] += line.appropriated
        spent[line.code[:3]] += line.spending()["本年支出合计"]
        for measure, number in line.other_income.items():
            income[measure] += number
    named: dict[str, int] = {
        "一般公共预算财政拨款收入": funds["general"],
        "政府性基金预算财政拨款收入": funds["fund"],
        "国有资本经营预算财政拨款收入": funds["capital"],
        **income,
        "本年收入合计": sum(funds.values()) + sum(income.values()),
        "使用非财政拨款结余": other.get("使用", 0),
        "年初结转和结余": sum(line.opening for line in lines) + other.get("年初", 0),
        **{i.name: spent[i.subject] for i in forms()[form].items if i.subject},
        "本年支出合计": sum(spent.values()),
        "结余分配": other.get("分配", 0),
        "年末结转和结余": sum(line.closing for line in lines) + other.get("年末", 0),
    }
    named["收入总计"] = sum(named[n] for n in ("本年收入合计", "使用非财政拨款结余", "年初结转和结余"))
    named["支出总计"] = sum(named[n] for n in ("本年支出合计", "结余分配", "年末结转和结余"))
    return _summary_rows(writer, form, {name: {"金额": number} for name, number in named.items()})


def fund_summary(
    writer: Writer, general: list[Line], fund: list[Line], capital: list[Line]
) -> tuple[Row, ...]:
    form = "appropriation_summary"
    columns = {
        "一般公共预算财政拨款": general,
        "政府性基金预算财政拨款": fund,
        "国有资本经营预算财政拨款": capital,
    }

    def spending(numbers: Cells) -> Cells:
        return with_total("合计", numbers)

    opening = {name: sum(line.opening for line in lines) for name, lines in columns.items()}
    closing = {name: sum(line.closing for line in lines) for name, lines in columns.items()}
    spent = {name: sum(line.basic + line.project for line in lines) for name, lines in columns.items()}
    named: dict[str, Cells] = {}
    for name, lines in columns.items():
        named[f"本年{name}"] = {"金额": sum(line.appropriated for line in lines)}
        named[f"年初{name}"] = {"金额": opening[name]}
    income = sum(named[f"本年{name}"]["金额"] for name in columns)
    named["本年收入合计"] = {"金额": income}
    named["年初财政拨款结转和结余"] = {"金额": sum(opening.values())}
    named["收入总计"] = {"金额": income + sum(opening.values())}
    for item in forms()[form].items:
        if item.subject:
            named[item.name] = spending(
                {
                    name: sum(x.basic + x.project for x in lines if x.code[:3] == item.subject)
                    for name, lines in columns.items()
                }
            )
    named["本年支出合计"] = spending(spent)
    named["年末财政拨款结转和结余"] = spending(closing)
    named["支出总计"] = spending({name: spent[name] + closing[name] for name in columns})
    return _summary_rows(writer, form, named)
