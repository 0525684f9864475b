"""Figures that add up: a disclosure in which every identity between and within the statements holds
to the fen of 万元, made from a seed.

Belongs here: the invention of such figures. All of it counts in hundredths of 万元, as integers.
Does not belong here: printing, and the checks themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random

import yaml

from pipelines.vocabulary import forms, subjects
from tests.typesetter.figures import TOTAL, Disclosure, Row, StatementFigures
from tests.typesetter.templates import template

FUND_SUBJECTS = ("2120803", "2120804", "2290401", "2290402")
CAPITAL_SUBJECTS = ("2230105", "2230299")
_OTHER_INCOME = ("上级补助收入", "事业收入", "经营收入", "附属单位上缴收入", "其他收入")
_OTHER_SPENDING = ("上缴上级支出", "经营支出", "对附属单位补助支出")
_STEP = Decimal(100)  # one hundredth of 万元, in 元

Cells = dict[str, int]


@dataclass
class _Line:
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
        return _with_total("本年收入合计", {"财政拨款收入": self.appropriated, **self.other_income})

    def spending(self) -> Cells:
        other = dict(self.other)
        basic = self.basic + other.pop("基本支出", 0)
        project = self.project + other.pop("项目支出", 0)
        return _with_total("本年支出合计", {"基本支出": basic, "项目支出": project, **other})

    def by_fund(self, total: str) -> Cells:
        return _with_total(total, {"基本支出": self.basic, "项目支出": self.project})


def _with_total(total: str, cells: Cells) -> Cells:
    return {total: sum(cells.values()), **cells}


@cache
def functional_names() -> Mapping[str, str]:
    """The name that most documents print for each functional 科目, and those of ``subjects.yml``."""
    names = {c: max(s, key=lambda x: x.documents).name for c, s in subjects("functional").items()}
    more = yaml.safe_load((Path(__file__).parent / "subjects.yml").read_text("utf-8"))
    return names | more


@cache
def general_subjects() -> tuple[str, ...]:
    """项 that a unit may spend its general public budget on: known up to their 类.

    Those whose name no other 项 of the same first four digits has: only such a 项 is known again when its
    code and name are cut short.
    """
    names = functional_names()
    alike = Counter((c[:4], name[:8]) for c, name in names.items() if len(c) == 7)
    kinds = {i.subject for i in forms()["appropriation_summary"].items if i.subject}
    funds = {c[:5] for c in (*FUND_SUBJECTS, *CAPITAL_SUBJECTS)}
    return tuple(
        c
        for c in sorted(names)
        if len(c) == 7
        and {c[:3], c[:5]} <= names.keys()
        and c[:3] in kinds
        and c[:5] not in funds
        and alike[c[:4], names[c][:8]] == 1
    )


class _Dice(Random):
    """A seeded source of amounts, the greatest of which has so many ``digits`` (in 0.01 万元)."""

    digits = 7

    def amount(self) -> int:
        """Small amounts are as likely as great ones; never nothing."""
        return self.randrange(1, int(10 ** self.randrange(1, self.digits + 1)))


def _parts(random: _Dice, whole: int, names: Sequence[str]) -> Cells:
    """The whole cut into parts for some of the names; none of them is nothing."""
    chosen = random.sample(list(names), k=min(whole, random.randrange(1, len(names) + 1)))
    cuts = sorted(random.sample(range(1, whole), k=len(chosen) - 1)) if whole > 1 else []
    return {n: b - a for n, a, b in zip(chosen, [0, *cuts], [*cuts, whole], strict=False)} if whole else {}


def _lines(random: _Dice, codes: Sequence[str], fund: str, opening: int | None) -> list[_Line]:
    lines = []
    for code in codes:
        shape = random.randrange(3)
        line = _Line(code, fund)
        line.basic = random.amount() if shape != 1 and fund != "capital" else 0
        line.project = random.amount() if shape != 0 or not line.basic else 0
        line.closing = random.amount() if random.randrange(4) == 0 and fund != "capital" else 0
        lines.append(line)
    if opening is None:
        for line in lines:
            used = line.basic + line.project + line.closing
            line.opening = random.randrange(used + 1) if random.randrange(4) == 0 else 0
    else:
        _carry(lines, opening)
    return lines


def _carry(lines: list[_Line], opening: int) -> None:
    """Spread the balance of the year before over the lines; what they cannot use, stays."""
    for line in lines:
        line.opening = min(opening, line.basic + line.project + line.closing)
        opening -= line.opening
    if opening:
        if not lines:
            raise ValueError("a balance was carried over into a fund without a line")
        lines[0].opening += opening
        lines[0].closing += opening


# --- rows of statements -------------------------------------------------------------------------


class _Writer:
    """Turns integers into rows; a nothing is a blank, or once in a while a printed zero."""

    def __init__(self, random: _Dice, zeros: bool):
        self.random = random
        self.zeros = zeros

    def row(self, key: str, cells: Cells, name: str | None = None) -> Row:
        amounts = {
            m: n * _STEP for m, n in cells.items() if n or (self.zeros and self.random.randrange(8) == 0)
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


def _merged(entries: Sequence[tuple[str, Cells]]) -> list[tuple[str, Cells]]:
    """One entry a code, in the order of their first: how stacked units stand in 收入决算表."""
    found: dict[str, Cells] = {}
    for code, cells in entries:
        into = found.setdefault(code, defaultdict(int))
        for measure, number in cells.items():
            into[measure] += number
    return list(found.items())


def _summary_rows(writer: _Writer, form: str, named: Mapping[str, Cells]) -> tuple[Row, ...]:
    return tuple(writer.row(i.name, named[i.name]) for i in forms()[form].items if i.name in named)


@dataclass(frozen=True)
class Balances:
    """What one year leaves to the next, in hundredths of 万元."""

    general: int = 0
    fund: int = 0
    other: int = 0


def closing_balances(disclosure: Disclosure) -> Balances:
    """The balances at the end of the year: next year's opening ones."""
    funds = [
        int(disclosure.value("appropriation_summary", "年末财政拨款结转和结余", m) / _STEP)
        for m in ("合计", "一般公共预算财政拨款", "政府性基金预算财政拨款")
    ]
    whole = int(disclosure.value("income_expenditure_summary", "年末结转和结余", "金额") / _STEP)
    return Balances(funds[1], funds[2], whole - funds[0])


def consistent_disclosure(
    seed: int,
    *,
    template_id: str = "shanxi-yangquan",
    year: int = 2024,
    unit: str = "示例市综合服务中心",
    level: str = "单位",
    nature: str = "事业单位",
    parent: str | None = None,
    members: tuple[str, ...] = (),
    duties: str = "承担本领域的日常业务工作",
    codes: Sequence[str] | None = None,
    general: int = 4,
    funds: int = 0,
    capital: int = 0,
    other_money: bool = True,
    zeros: bool = False,
    digits: int = 7,
    opening: Balances | None = None,
) -> Disclosure:
    """A disclosure whose figures satisfy every identity of the domain, made from ``seed``.

    ``codes`` are the 项 of the general public budget, or ``general`` of them are drawn; ``funds`` and
    ``capital`` say how many 项 the other two budgets have. Two or more ``members`` in a template without
    类 and 款 rows are stacked, so that codes repeat. ``digits`` bounds the amounts that are drawn, in
    hundredths of 万元. ``opening`` are the balances carried over.
    """
    random = _Dice(seed)
    random.digits = digits
    writer = _Writer(random, zeros)
    style = template(template_id)
    stacked = len(members) > 1 and style["levels"] == [7]
    lines: list[_Line] = []
    for _ in members if stacked else ("",):
        drawn = list(codes or _draw(random, general_subjects(), general))
        first = not lines
        lines += _lines(random, drawn, "general", _opening(opening, "general", first))
        lines += _lines(random, _draw(random, FUND_SUBJECTS, funds), "fund", _opening(opening, "fund", first))
        lines += _lines(random, _draw(random, CAPITAL_SUBJECTS, capital), "capital", 0)
    other = _other_money(random, lines, nature, opening) if other_money and nature == "事业单位" else {}
    statements = _statements(writer, style, lines, other, nature)
    return Disclosure(unit, year, level, nature, template_id, statements, parent, members, duties)


def _draw(random: _Dice, pool: Sequence[str], number: int) -> list[str]:
    return sorted(random.sample(list(pool), k=min(number, len(pool))))


def _opening(opening: Balances | None, fund: str, first: bool) -> int | None:
    if opening is None:
        return None
    return int(getattr(opening, fund)) if first else 0


def _other_money(random: _Dice, lines: list[_Line], nature: str, opening: Balances | None) -> Cells:
    """Money that is no appropriation: spread over the general lines, and its balances."""
    general = [line for line in lines if line.fund == "general"]
    for line in general:
        if random.randrange(2):
            line.other = _parts(random, random.amount(), ("基本支出", "项目支出", *_OTHER_SPENDING))
    spent = sum(sum(line.other.values()) for line in general)
    cells = {name: random.amount() if random.randrange(2) else 0 for name in ("使用", "年初", "分配", "年末")}
    if opening:
        cells["年初"] = opening.other
    short = cells["使用"] + cells["年初"] - spent - cells["分配"] - cells["年末"]
    cells["年末"] += max(short, 0)
    for code, number in _parts(random, max(-short, 0), [str(i) for i in range(len(general))]).items():
        general[int(code)].other_income = _parts(random, number, _OTHER_INCOME)
    return cells


def _statements(
    writer: _Writer, style: Mapping[str, object], lines: list[_Line], other: Cells, nature: str
) -> tuple[StatementFigures, ...]:
    levels: Sequence[int] = style["levels"]  # type: ignore[assignment]
    general = [line for line in lines if line.fund == "general"]
    fund = [line for line in lines if line.fund == "fund"]
    capital = [line for line in lines if line.fund == "capital"]
    income = _merged([(line.code, line.income()) for line in lines])
    basic = _basic(writer, sum(line.basic for line in general), str(style["id"]))
    three = _three_public(writer, basic)
    rows = {
        "income_expenditure_summary": _summary(writer, lines, other),
        "income": writer.subjects(income, levels),
        "expenditure": writer.subjects([(line.code, line.spending()) for line in lines], levels),
        "appropriation_summary": _funds(writer, general, fund, capital),
        "general_budget_expenditure": writer.subjects([(x.code, x.by_fund("小计")) for x in general], levels),
        "basic_expenditure": tuple(writer.row(key, {"决算数": number}) for key, number in basic.items()),
        "government_fund": writer.subjects([(x.code, _fund_cells(x)) for x in fund], levels),
        "state_capital": writer.subjects([(x.code, x.by_fund("合计")) for x in capital], levels),
        "three_public": tuple(writer.row(key, cells) for key, cells in three.items() if cells),
        "disclosure_statistic": _statistic(writer, basic, nature),
    }
    return tuple(StatementFigures(form, rows[form]) for form in style["statements"])  # type: ignore[attr-defined]


def _fund_cells(line: _Line) -> Cells:
    return {
        "年初结转和结余": line.opening,
        "本年收入": line.appropriated,
        **line.by_fund("本年支出小计"),
        "年末结转和结余": line.closing,
    }


def _summary(writer: _Writer, lines: list[_Line], other: Cells) -> tuple[Row, ...]:
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


def _funds(writer: _Writer, general: list[_Line], fund: list[_Line], capital: list[_Line]) -> tuple[Row, ...]:
    form = "appropriation_summary"
    columns = {
        "一般公共预算财政拨款": general,
        "政府性基金预算财政拨款": fund,
        "国有资本经营预算财政拨款": capital,
    }

    def spending(numbers: Cells) -> Cells:
        return _with_total("合计", numbers)

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


def _basic(writer: _Writer, whole: int, template_id: str) -> Cells:
    """基本支出 by economic 科目: personal and public, 类 as the sum of their 款, closed ones left alone."""
    form = forms()["basic_expenditure"]
    codes = [c for block in form.blocks[template_id] for c in block if not form.is_closed(c)]
    # A 类 is named by the three digits, also where the template prints it without any 款.
    details = [c for c in codes if len(c) == 5]
    numbers = _parts(writer.random, whole, details)
    for code in sorted({c[:3] for c in numbers}):
        numbers[code] = sum(n for c, n in numbers.items() if len(c) == 5 and c[:3] == code)
    if not numbers:
        return {}
    kinds = {c: n for c, n in numbers.items() if len(c) == 3}
    personal, public = form.totals
    numbers[personal] = sum(n for c, n in kinds.items() if c in ("301", "303"))
    numbers[public] = sum(n for c, n in kinds.items() if c not in ("301", "303"))
    return numbers


def _three_public(writer: _Writer, basic: Cells) -> dict[str, Cells]:
    """三公: at least what 基本支出 says of it; the budget is no less than the accounts."""
    random = writer.random

    def cells(abroad: int, purchase: int, running: int, reception: int) -> Cells:
        vehicles = purchase + running
        return {
            "合计": abroad + vehicles + reception,
            "因公出国境费": abroad,
            "公务用车购置及运行维护费": vehicles,
            "公务用车购置费": purchase,
            "公务用车运行维护费": running,
            "公务接待费": reception,
        }

    spent = [basic.get(code, 0) for code in ("30212", "31013", "30231", "30217")]
    if not any(spent):
        return {}
    planned = [n + (random.amount() if n and random.randrange(2) else 0) for n in spent]
    return {"预算数": cells(*planned), "决算数": cells(*spent)}


def _statistic(writer: _Writer, basic: Cells, nature: str) -> tuple[Row, ...]:
    random = writer.random
    bought = _parts(random, random.amount(), ("政府采购货物", "政府采购工程", "政府采购服务"))
    offices = {
        "行政单位": "机关运行经费（行政单位）",
        "参公事业单位": "机关运行经费（参照公务员法管理事业单位）",
    }
    money = {**_with_total("政府采购合计", bought)}
    if nature in offices:
        money[offices[nature]] = basic.get("公用经费合计", 0)
    items = [i for i in forms()["disclosure_statistic"].items if i.unit == "辆"]
    cars = _parts(random, random.randrange(9), [i.name for i in items[1:]])
    counts = _with_total(items[0].name, cars) | {"单价100万元（含）以上设备": random.randrange(4)}
    rows = [writer.row(name, {"统计数": number}) for name, number in money.items()]
    rows += [Row(name, {"统计数": Decimal(n)}) for name, n in counts.items() if n]
    return tuple(rows)
