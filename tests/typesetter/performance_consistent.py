"""Invents performance forms that add up: sources to amounts, rates to scores, scores to the total.

Belongs here: the figures of a form of each family, made from a seed. Does not belong here: where they
are printed (``performance_layout``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from itertools import groupby
from random import Random
from typing import Literal

from tests.typesetter.performance import (
    VARIANTS,
    Family,
    FilledForm,
    Indicator,
    Source,
    Style,
    Task,
    words,
)

_CENT = Decimal("0.01")
_MANY = 10_000
_YEAR = 2024
# Names of indicators begin with two of these, so that no two are alike even where they are shortened.
_LETTERS = "甲乙丙丁戊己庚辛壬癸"


def grade_of(total: Decimal) -> str:
    """优, 良, 中 or 差 by the usual scale."""
    return next(name for least, name in ((90, "优"), (80, "良"), (60, "中"), (0, "差")) if total >= least)


def consistent_form(family: Family, seed: int, variant: str | None = None) -> FilledForm:
    """A form of the family in which every sum and every score holds; the same seed makes the same form."""
    variants = VARIANTS[family]
    variant = variant or variants[seed % len(variants)]
    made = Random(f"{variant}-{seed}")  # noqa: S311 nothing is secret here
    return _Maker(family, variant, seed, made).form()


class _Maker:
    def __init__(self, family: Family, variant: str, seed: int, made: Random):
        self.family: Family = family
        self.variant = variant
        self.seed = seed
        self.made = made
        self.named = -1
        self.style = Style(
            money_unit="元" if family == "F" else "万元",
            decimals=(None, 2, 4)[seed % 3] if family in "AB" else None,
            thousands=family == "F" or (family == "B" and seed % 2 == 1),
            dates=seed,
            points=seed % 2 == 1,
            spare=seed % 3 if family == "A" else 0,
            joined=family == "C" or (variant != "A3" and seed % 4 == 2),
            titled=seed % 5 == 3,
            signed_below=seed % 3 == 1,
            spaced=seed % 7 == 6,
            half_width=seed % 4 == 3,
            rate=self._rate_style(),
        )

    def _rate_style(self) -> Literal["no", "sentence", "brackets"]:
        """How 项目执行情况 says rate and score; in five rows it is always a sentence."""
        if self.family != "A":
            return "no"
        if self.variant == "A1-情况":
            return "sentence"
        styles: tuple[Literal["no", "sentence", "brackets"], ...] = ("no", "sentence", "brackets")
        return styles[self.seed // 2 % 3]

    def form(self) -> FilledForm:
        w, made = words(), self.made
        unit = made.choice(w["units"])
        base = FilledForm(
            family=self.family,
            variant=self.variant,
            title=made.choice(w["titles"][self.family]),
            style=self.style,
            unit=unit,
            said=tuple(made.sample(w["sentences"], 3)),
            persons=tuple(made.sample(w["persons"], {"A": 3, "C": 3, "F": 2}.get(self.family, 0))),
            telephones=(w["telephones"][0],) if self.family in "ACF" else (),
            salt=self.seed,
        )
        filled: FilledForm = getattr(self, f"_{self.family.lower()}")(base)
        return filled

    # --- amounts ----------------------------------------------------------------------------

    def _amount(self, low: int = 3, high: int = 900) -> Decimal:
        """An amount in 元 that the form's unit and decimals print exactly."""
        digits = {None: 2, 2: 2, 4: 4}[self.style.decimals] if self.style.money_unit == "万元" else 0
        step = Decimal(_MANY if self.style.money_unit == "万元" else 100).scaleb(-digits)
        return (Decimal(self.made.randint(low * _MANY, high * _MANY)) // step) * step

    def _part(self, amount: Decimal) -> Decimal:
        """Something less than the amount, or all of it, printable like it."""
        step = Decimal(100) if self.style.decimals != 4 else Decimal(1)
        share = self.made.choice((100, 100, self.made.randint(55, 99)))
        return (amount * share / 100) // step * step

    def _split(self, amount: Decimal, count: int) -> list[Decimal]:
        first = self._part(amount) if count > 1 else amount
        return [first, amount - first] if amount - first else [amount]

    # --- families ---------------------------------------------------------------------------

    def _a(self, base: FilledForm) -> FilledForm:
        made = self.made
        names = words()["sources"][self.variant]
        places = sorted(made.sample(range(len(names)), made.choice((1, 2))))
        parts = {}
        for place in places:
            budget = self._amount()
            received = self._part(budget)
            parts[place] = (budget, received, self._part(received))
        filled = self.seed % 4 != 1  # some offices leave the sources blank
        sources = tuple(
            Source("来源", name, *(parts.get(place, ()) if filled else ()))
            for place, name in enumerate(names)
        )
        budget, received, executed = (sum((p[i] for p in parts.values()), Decimal(0)) for i in range(3))
        share = (executed / received * 100).quantize(Decimal("0.1"), ROUND_DOWN)
        scores = {
            "execution_score": share / 10,
            "output_score": Decimal(made.randint(80, 100)) / 2,
            "benefit_score": Decimal(made.randint(20, 30)),
            "satisfaction_score": Decimal(made.randint(7, 10)),
        }
        total = sum(scores.values(), Decimal(0))
        return replace(
            base,
            **scores,
            project_name=made.choice(words()["projects"]),
            implementing_unit=base.unit,
            department=made.choice(words()["departments"]),
            budget_amount=budget,
            received_amount=received,
            executed_amount=executed,
            execution_rate=share if self.style.rate != "no" else None,
            total_score=total,
            grade=grade_of(total) if self.seed % 3 else None,
            evaluated_year=_YEAR,
            starts_on=date(_YEAR, 1, 1),
            ends_on=date(_YEAR, 12, 31),
            filled_on=date(_YEAR + 1, made.randint(1, 9), made.randint(1, 28)),
            sources=sources,
            rows=tuple(self._rows("A", "指标")),
        )

    def _b(self, base: FilledForm) -> FilledForm:
        made = self.made
        names = words()["sources"]["B"]
        count = made.choice((1, 2, 3))
        budgets = [self._amount() for _ in range(count)]
        spent = [self._part(budget) for budget in budgets]
        own = [
            Source("来源", name, b, None, e, _rate(e, b))
            for name, b, e in zip(names, budgets, spent, strict=False)
        ]
        own += [Source("来源", name) for name in names[count:]]
        budget, executed = sum(budgets, Decimal(0)), sum(spent, Decimal(0))
        rate = _rate(executed, budget)
        return replace(
            base,
            project_name=made.choice(words()["projects"]),
            implementing_unit=base.unit,
            department=made.choice(words()["departments"]),
            budget_amount=budget,
            executed_amount=executed,
            execution_rate=rate,
            evaluated_year=_YEAR,
            sources=(Source("合计", "年度资金总额", budget, None, executed, rate), *own),
            rows=tuple(self._rows("A", "")),
        )

    def _c(self, base: FilledForm) -> FilledForm:
        made = self.made
        carried, granted, basic = self._amount(1, 50), self._amount(), Decimal(0)
        income = carried + granted
        basic = (granted * made.randint(20, 70) / 100) // 100 * 100
        left = (carried * made.randint(0, 50) / 100) // 100 * 100
        project = income - basic - left
        amounts = {
            "收入合计": income,
            "其中:上年结转": carried,
            "公共财政拨款": granted,
            "支出合计": basic + project,
            "其中:基本支出": basic,
            "项目支出": project,
            "结余": left,
        }
        sources = []
        for row in words()["accounts"]:
            if row[0]:
                sources.append(Source("收入", row[0], received_amount=amounts.get(row[0])))
        for row in words()["accounts"]:
            if row[1]:
                sources.append(Source("支出", row[1], executed_amount=amounts.get(row[1])))
        scores = {
            "execution_score": Decimal(made.randint(60, 100)) / 10,
            "output_score": Decimal(made.randint(80, 100)) / 2,
            "benefit_score": Decimal(made.randint(20, 30)),
            "satisfaction_score": Decimal(made.randint(7, 10)),
        }
        total = sum(scores.values(), Decimal(0))
        return replace(
            base,
            **scores,
            implementing_unit=base.unit,
            total_score=total,
            grade=grade_of(total) if self.seed % 2 else None,
            evaluated_year=_YEAR,
            filled_on=date(_YEAR + 1, made.randint(1, 9), made.randint(1, 28)),
            sources=tuple(sources),
            rows=tuple(self._rows("A", "任务")),
        )

    def _d(self, base: FilledForm) -> FilledForm:
        made = self.made
        names = words()["tasks"]
        weights = [Decimal("13.3"), Decimal("13.3"), Decimal("13.4")]
        tasks = []
        for name, weight in zip(names, weights, strict=True):
            allotted = self._amount()
            executed = self._part(allotted)
            rate = _rate(executed, allotted)
            tasks.append(Task(name, allotted, executed, rate, weight, _cents(weight * rate / 100)))
        rows = tuple(self._rows("D", ""))
        total = sum((t.score for t in tasks), Decimal(0)) + sum(
            (row.score for row in rows if row.score), Decimal(0)
        )
        budget = sum((t.allotted_amount for t in tasks), Decimal(0))
        return replace(
            base,
            implementing_unit=base.unit,
            code=f"{made.randint(30, 60):03d}001",
            region="-210000000",
            budget_amount=budget,
            total_score=total,
            evaluated_year=_YEAR,
            tasks=tuple(tasks),
            rows=rows,
        )

    def _e(self, base: FilledForm) -> FilledForm:
        made = self.made
        budget = self._amount()
        executed = self._part(budget)
        rate = _rate(executed, budget)
        rows = tuple(self._rows("E", ""))
        subtotal = sum((row.score for row in rows if row.score), Decimal(0))
        score = _cents(rate / 10)
        deduction = Decimal(made.choice((0, 0, 2)))
        return replace(
            base,
            project_name=made.choice(words()["projects"]),
            department=made.choice(words()["departments"]),
            implementing_unit=base.unit,
            region="-210000000",
            budget_amount=budget,
            executed_amount=executed,
            execution_rate=rate,
            execution_score=score,
            indicator_subtotal=subtotal,
            deduction=deduction,
            total_score=subtotal + score - deduction,
            evaluated_year=_YEAR,
            rows=rows,
        )

    def _f(self, base: FilledForm) -> FilledForm:
        made = self.made
        names = words()["sources"]["F"]
        chosen = made.randrange(len(names) - 1)
        amount = self._amount()
        sources = []
        for period in ("实施期", "年度"):
            sources.append(Source("合计", f"{period}资金总额", amount, period=period))
            for place, name in enumerate(names):
                own = amount if place == chosen else None if place == len(names) - 1 else Decimal(0)
                sources.append(Source("来源", name, own, period=period))
        wanted = list(self._rows("A", ""))
        yearly = []
        for _, same in groupby(wanted, key=lambda row: row.level2):
            rows = [self._shortened(row) for row in same]
            yearly += made.sample(rows, len(rows))
        return replace(
            base,
            project_name=made.choice(words()["projects"]),
            implementing_unit=base.unit,
            department=made.choice(words()["departments"]),
            code=f"{made.randint(10, 99):03d}-",
            budget_amount=amount,
            evaluated_year=_YEAR,
            filled_on=date(_YEAR, made.randint(1, 9), made.randint(1, 28)),
            sources=tuple(sources),
            rows=(*(replace(row, period="实施期") for row in wanted), *yearly),
        )

    def _shortened(self, row: Indicator) -> Indicator:
        """A name of the annual list: its narrow column prints but the first letters of it."""
        return replace(row, level3=row.level3[:7]) if self.seed % 2 else row

    # --- indicators -------------------------------------------------------------------------

    def _rows(self, tree: str, numbered: str) -> Iterator[Indicator]:
        """The indicators of each 二级指标, with empty rows where the form has them."""
        for level1, below in words()["levels"][tree].items():
            common = words()["common"] if tree == "D" else {}
            counts = {level2: len(common.get(level2, ())) or self.made.choice((1, 1, 2)) for level2 in below}
            if tree == "A":
                bare = [level2 for level2 in below if self.made.random() < 0.25]
                counts |= dict.fromkeys(bare[: len(below) - 1], 0)
            marks = words()["marks"][tree][level1]
            weights = iter(_shares(Decimal(marks), sum(counts.values())))
            for level2, count in counts.items():
                spare = max(self.style.spare, 0 if count else 1) if tree == "A" else 0
                for place in range(count + spare):
                    ordinal = f"{numbered}{place + 1}" if numbered else ""
                    if place >= count:
                        yield Indicator(level1, level2, ordinal)
                        continue
                    row = Indicator(level1, level2, ordinal)
                    if level2 in common:
                        row = _common(row, common[level2][place])
                    else:
                        row = self._row(row, columns=tree != "A")
                    yield row if tree == "A" else self._scored(row, next(weights))

    def _row(self, row: Indicator, *, columns: bool) -> Indicator:
        made, w = self.made, words()
        reason = made.choice(w["reasons"]) if self.family in "ABC" and made.random() < 0.4 else ""
        self.named += 1
        place = _LETTERS[self.named // 10 % 10] + _LETTERS[self.named % 10]
        if made.random() < 0.4:
            name, target, achieved = made.choice(w["told"])
            row = replace(row, level3=f"{place}{name}", target=target, achieved=achieved)
        else:
            name, wanted, reached, unit, operator = made.choice(w["measured"])
            row = replace(row, level3=f"{place}{name}", operator=operator)
            if columns:
                operator = {"≥": ">=", "≤": "<=", "": "="}[operator]
                row = replace(row, operator=operator, target=str(wanted), unit=unit, achieved=str(reached))
            else:
                row = replace(
                    row, operator="", target=f"{operator}{wanted}{unit}", achieved=f"{reached}{unit}"
                )
        return replace(row, deviation=reason, achieved=row.achieved if self.family != "F" else "")

    def _scored(self, row: Indicator, weight: Decimal) -> Indicator:
        share = Decimal(self.made.choice(("1", "1", "0.5", "0.9")))
        steps, shortfall = words()["steps"], words()["shortfall"]
        achieved = row.achieved if row.unit else steps["reached" if share > Decimal("0.8") else "missed"]
        row = replace(row, achieved=achieved, completion=share, weight=weight, score=weight * share)
        if share == 1:
            return row
        return replace(row, deviation=shortfall["why"], improvement=shortfall["what"])


def _common(row: Indicator, name: str) -> Indicator:
    if name.endswith("率"):
        return replace(row, level3=name, operator="=", target="100", unit="%", achieved="100")
    return replace(row, level3=name, target="管理规范", achieved="管理规范")


def _rate(executed: Decimal, budget: Decimal) -> Decimal:
    """Per cent with two decimals."""
    return _cents(executed / budget * 100)


def _cents(number: Decimal) -> Decimal:
    return number.quantize(_CENT, ROUND_HALF_UP)


def _shares(marks: Decimal, count: int) -> Sequence[Decimal]:
    """The marks in so many parts with one decimal, the last of which has the rest."""
    if not count:
        return ()
    each = (marks / count).quantize(Decimal("0.1"), ROUND_DOWN)
    return (*[each] * (count - 1), marks - each * (count - 1))
