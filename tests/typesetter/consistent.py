"""Figures that add up: a disclosure in which every identity between and within the statements holds
to the fen of 万元, made from a seed.

Belongs here: the invention of such figures. All of it counts in hundredths of 万元, as integers.
Does not belong here: printing, and the checks themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from pipelines.vocabulary import forms
from tests.typesetter.figures import Disclosure, Row, StatementFigures
from tests.typesetter.layout import economic_blocks
from tests.typesetter.rows import (
    STEP,
    Cells,
    Dice,
    Line,
    Writer,
    capital_cells,
    functional_names,
    fund_cells,
    fund_summary,
    merged,
    summary,
    with_total,
)
from tests.typesetter.templates import template

FUND_SUBJECTS = ("2120803", "2120804", "2290401", "2290402")
CAPITAL_SUBJECTS = ("2230105", "2230299")
_OTHER_INCOME = ("上级补助收入", "事业收入", "经营收入", "附属单位上缴收入", "其他收入")
_OTHER_SPENDING = ("上缴上级支出", "经营支出", "对附属单位补助支出")


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


def _parts(random: Dice, whole: int, names: Sequence[str]) -> Cells:
    """The whole cut into parts for some of the names; none of them is nothing."""
    chosen = random.sample(list(names), k=min(whole, random.randrange(1, len(names) + 1)))
    cuts = sorted(random.sample(range(1, whole), k=len(chosen) - 1)) if whole > 1 else []
    return {n: b - a for n, a, b in zip(chosen, [0, *cuts], [*cuts, whole], strict=False)} if whole else {}


def _lines(random: Dice, codes: Sequence[str], fund: str, opening: int | None) -> list[Line]:
    lines = []
    for code in codes:
        shape = random.randrange(3)
        line = Line(code, fund)
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


def _carry(lines: list[Line], opening: int) -> None:
    """Spread the balance of the year before over the lines; what they cannot use, stays."""
    for line in lines:
        line.opening = min(opening, line.basic + line.project + line.closing)
        opening -= line.opening
    if opening:
        if not lines:
            raise ValueError("a balance was carried over into a fund without a line")
        lines[0].opening += opening
        lines[0].closing += opening


@dataclass(frozen=True)
class Balances:
    """What one year leaves to the next, in hundredths of 万元."""

    general: int = 0
    fund: int = 0
    other: int = 0


def closing_balances(disclosure: Disclosure) -> Balances:
    """The balances at the end of the year: next year's opening ones."""
    funds = [
        int(disclosure.value("appropriation_summary", "年末财政拨款结转和结余", m) / STEP)
        for m in ("合计", "一般公共预算财政拨款", "政府性基金预算财政拨款")
    ]
    whole = int(disclosure.value("income_expenditure_summary", "年末结转和结余", "金额") / STEP)
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
    random = Dice(seed)
    random.digits = digits
    writer = Writer(random, zeros)
    style = template(template_id)
    stacked = len(members) > 1 and style["levels"] == [7]
    lines: list[Line] = []
    for _ in members if stacked else ("",):
        drawn = list(codes or _draw(random, general_subjects(), general))
        first = not lines
        lines += _lines(random, drawn, "general", _opening(opening, "general", first))
        lines += _lines(random, _draw(random, FUND_SUBJECTS, funds), "fund", _opening(opening, "fund", first))
        lines += _lines(random, _draw(random, CAPITAL_SUBJECTS, capital), "capital", 0)
    other = _other_money(random, lines, nature, opening) if other_money and nature == "事业单位" else {}
    statements = _statements(writer, style, lines, other, nature)
    return Disclosure(unit, year, level, nature, template_id, statements, parent, members, duties)


def _draw(random: Dice, pool: Sequence[str], number: int) -> list[str]:
    return sorted(random.sample(list(pool), k=min(number, len(pool))))


def _opening(opening: Balances | None, fund: str, first: bool) -> int | None:
    if opening is None:
        return None
    return int(getattr(opening, fund)) if first else 0


def _other_money(random: Dice, lines: list[Line], nature: str, opening: Balances | None) -> Cells:
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
    writer: Writer, style: Mapping[str, object], lines: list[Line], other: Cells, nature: str
) -> tuple[StatementFigures, ...]:
    levels: Sequence[int] = style["levels"]  # type: ignore[assignment]
    general = [line for line in lines if line.fund == "general"]
    fund = [line for line in lines if line.fund == "fund"]
    capital = [line for line in lines if line.fund == "capital"]
    income = merged([(line.code, line.income()) for line in lines])
    basic = _basic(writer, sum(line.basic for line in general), style)
    three = _three_public(writer, basic)
    six = "measures" not in style["statements"]["state_capital"]  # type: ignore[index]
    rows = {
        "income_expenditure_summary": summary(writer, lines, other),
        "income": writer.subjects(income, levels),
        "expenditure": writer.subjects([(line.code, line.spending()) for line in lines], levels),
        "appropriation_summary": fund_summary(writer, general, fund, capital),
        "general_budget_expenditure": writer.subjects([(x.code, x.by_fund("小计")) for x in general], levels),
        "basic_expenditure": tuple(writer.row(key, {"决算数": number}) for key, number in basic.items()),
        "government_fund": writer.subjects([(x.code, fund_cells(x)) for x in fund], levels),
        "state_capital": writer.subjects([(x.code, capital_cells(x, six)) for x in capital], levels),
        "three_public": tuple(writer.row(key, cells) for key, cells in three.items() if cells),
        "disclosure_statistic": _statistic(writer, basic, nature),
    }
    return tuple(StatementFigures(form, rows[form]) for form in style["statements"])  # type: ignore[attr-defined]


def _basic(writer: Writer, whole: int, style: Mapping[str, object]) -> Cells:
    """基本支出 by economic 科目: personal and public, 类 as the sum of their 款, closed ones left alone."""
    form = forms()["basic_expenditure"]
    codes = [c for block in economic_blocks(form, style) for c in block if not form.is_closed(c)]
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


def _three_public(writer: Writer, basic: Cells) -> dict[str, Cells]:
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


def _statistic(writer: Writer, basic: Cells, nature: str) -> tuple[Row, ...]:
    random = writer.random
    bought = _parts(random, random.amount(), ("政府采购货物", "政府采购工程", "政府采购服务"))
    offices = {
        "行政单位": "机关运行经费（行政单位）",
        "参公事业单位": "机关运行经费（参照公务员法管理事业单位）",
    }
    money = {**with_total("政府采购合计", bought)}
    if nature in offices:
        money[offices[nature]] = basic.get("公用经费合计", 0)
    items = [i for i in forms()["disclosure_statistic"].items if i.unit == "辆"]
    cars = _parts(random, random.randrange(9), [i.name for i in items[1:]])
    counts = with_total(items[0].name, cars) | {"单价100万元（含）以上设备": random.randrange(4)}
    rows = [writer.row(name, {"统计数": number}) for name, number in money.items()]
    rows += [Row(name, {"统计数": Decimal(n)}) for name, n in counts.items() if n]
    return tuple(rows)
