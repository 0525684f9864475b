"""The whole narrative of a disclosure, in our own words, with the claims that its figures make.

Belongs here: what each section says in the manner of the template, with figures that agree with the
statements; budgets and the year before, which no statement prints, are made from them. Does not belong
here: how a figure is printed (``claims``), in which order a template prints the parts (``compose``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipelines.vocabulary import forms
from tests.typesetter.claims import Place, Sentence, Teller, Thing
from tests.typesetter.figures import Disclosure
from tests.typesetter.layout import economic_name
from tests.typesetter.manner import Manner
from tests.typesetter.rows import functional_names
from tests.typesetter.templates import template

_SUMMARY = "income_expenditure_summary"
_FUNDS = "appropriation_summary"
_GENERAL = "general_budget_expenditure"
_BASIC = "basic_expenditure"
_FUND = "government_fund"
_CAPITAL = "state_capital"
_THREE = "three_public"
_STATISTIC = "disclosure_statistic"
_TOTAL = "合计"
_STEP = Decimal(100)

_THREE_ITEMS = {
    "因公出国（境）费": "因公出国境费",
    "公务用车购置费": "公务用车购置费",
    "公务用车运行维护费": "公务用车运行维护费",
    "公务接待费": "公务接待费",
}
# What a template's note says that its 预算数 is.
_BUDGET = {"shanxi-yangquan": "全年预算", "liaoning-qianshan": "年初预算"}


class Narrator:
    """Tells one disclosure in one manner."""

    def __init__(self, disclosure: Disclosure, manner: Manner):
        self.d = disclosure
        self.teller = Teller(disclosure, manner)
        self.numbered = disclosure.template == "liaoning-qianshan"
        self.chained = disclosure.template == "shanghai-putuo"

    # --- figures that no statement prints -------------------------------------------------------

    def _made(self, amount: Decimal, salt: int) -> Decimal:
        """A part of an amount, up to some thirty per cent of it, to the fen of 万元; it may be nothing."""
        share = Decimal((int(amount / _STEP) + salt) % 61 - 30)
        return (amount * share / 100 / _STEP).quantize(Decimal(1)) * _STEP

    def _value(self, place: Place) -> Decimal:
        return self.d.value(*place)

    def _where(self, *places: Place) -> Place:
        """The first address that is printed, else the first."""
        return next((place for place in places if self.teller.printed(place)), places[0])

    # --- the sections ---------------------------------------------------------------------------

    def overview(self) -> tuple[list[Sentence], list[Sentence]]:
        """职责 and 机构设置."""
        d, t = self.d, self.teller
        kind = {
            "行政单位": "政府工作部门",
            "参公事业单位": "参照公务员法管理的事业单位",
            "事业单位": "公益一类事业单位",
        }[d.nature]
        belongs = f"隶属于{d.parent}，" if d.parent else ""
        posts, staff = Thing("编制"), Thing("在职")
        setting: list[Sentence] = [
            (
                f"{d.unit}，{belongs}为{kind}，核定编制",
                t.count(posts, 20 + d.year % 7, "名", "人"),
                "，实有人数",
                t.count(staff, 15 + d.year % 5, "人"),
                "。",
            )
        ]
        if d.members:
            setting.append((f"纳入{d.unit}{d.year}年度部门决算编制范围的单位包括：",))
            setting += [(f"{i}.{name}",) for i, name in enumerate(d.members, start=1)]
        return [(f"{d.unit}{d.duties}。",)], setting

    def sections(self) -> list[tuple[str, list[Sentence | str]]]:
        """Title and paragraphs of each section; a paragraph that is a string is a heading."""
        return [
            ("收入支出决算总体情况说明", list(self._summary())),
            ("收入决算情况说明", list(self._split("收入", "income", "本年收入合计"))),
            ("支出决算情况说明", list(self._split("支出", "expenditure", "本年支出合计"))),
            ("财政拨款收支决算总体情况说明", list(self._funds())),
            ("一般公共预算财政拨款支出决算情况说明", list(self._general())),
            ("一般公共预算财政拨款基本支出决算情况说明", list(self._basic())),
            ("政府性基金预算财政拨款收支决算情况说明", list(self._fund())),
            ("国有资本经营预算财政拨款支出决算情况说明", list(self._capital())),
            ("财政拨款“三公”经费支出决算情况说明", list(self._three())),
            ("其他重要事项情况说明", list(self._other())),
        ]

    def _against(self, thing: Thing, said: str, change: Decimal, now: Decimal) -> Sentence:
        """«X增加…，增长…»; «X持平» where nothing changed."""
        if not change:
            return (said, self.teller.unchanged(thing))
        more = change > 0
        said_rate: Sentence = (
            ("，增长" if more else "，下降", self.teller.growth(thing, change, now - change))
            if now - change > 0
            else ()
        )
        return (said, "增加" if more else "减少", self.teller.change(thing, change), *said_rate)

    def _summary(self) -> Iterator[Sentence]:
        t, y = self.teller, self.d.year
        came = Thing("收入总计", (_SUMMARY, "收入总计", "金额"))
        went = Thing("支出总计", (_SUMMARY, "支出总计", "金额"))
        rest = Thing("年末结转和结余", (_SUMMARY, "年末结转和结余", "金额"))
        income, spent = self._value(came.place or ("", "", "")), self._value(went.place or ("", "", ""))
        change = self._change()
        yield (
            f"{y}年度收入总计",
            t.amount(came, income),
            "，支出总计",
            t.amount(went, spent),
            "，其中年末结转和结余",
            t.amount(rest, self._value((_SUMMARY, "年末结转和结余", "金额"))),
            f"。与{y - 1}年度相比，",
            *self._against(came, "收入总计", change, income),
            "；",
            *self._against(went, "支出总计", change, spent),
            "。变动原因：",
            "人员进出",
            t.count(Thing("人员进出"), 2, "人"),
            "，项目进度有先后。",
        )

    def _change(self) -> Decimal:
        return sum((self._made(a, 3) for _, _, a in self._classes()), Decimal(0))

    def _classes(self) -> list[tuple[str, Place, Decimal]]:
        """Name, address and amount of the 类 of the general budget."""
        found = []
        for item in forms()[_FUNDS].items:
            place = (_FUNDS, item.name, "一般公共预算财政拨款")
            if item.subject and (amount := self._value(place)):
                found.append((item.name, self._where((_GENERAL, item.subject, "小计"), place), amount))
        return found

    def _split(self, word: str, form: str, total: str) -> Iterator[Sentence]:
        t, y = self.teller, self.d.year
        whole: Place = (form, _TOTAL, total)
        amount = self._value(whole)
        all_of = Thing(total, whole)
        parts = [
            (m.name, (form, _TOTAL, m.name), self._value((form, _TOTAL, m.name)))
            for m in forms()[form].measures[1:]
        ]
        parts = [part for part in parts if part[2]]
        if self.numbered:
            yield (f"{y}年度本年{word}合计", t.amount(all_of, amount), "。")
            for i, (name, place, part) in enumerate(parts, start=1):
                thing = Thing(name, place)
                yield (
                    f"{i}.{name}",
                    t.amount(thing, part),
                    f"，占{total}的",
                    t.share(thing, part, amount, whole),
                    "。",
                )
            return
        pieces: list[Sentence] = [
            self._part(name, Thing(name, place), part, "占比", amount, whole) for name, place, part in parts
        ]
        yield (f"{y}年度{word}合计", t.amount(all_of, amount), *_listed(pieces))

    def _part(
        self, said: str, thing: Thing, part: Decimal, word: str, amount: Decimal, whole: Place | None
    ) -> Sentence:
        """«X…，占…%»."""
        t = self.teller
        return (said, t.amount(thing, part), f"，{word}", t.share(thing, part, amount, whole))

    def _funds(self) -> Iterator[Sentence]:
        t, y = self.teller, self.d.year
        came = Thing("财政拨款收入总计", (_FUNDS, "收入总计", "金额"))
        went = Thing("财政拨款支出总计", (_FUNDS, "支出总计", "合计"))
        income = self._value((_FUNDS, "收入总计", "金额"))
        spent = self._value((_FUNDS, "支出总计", "合计"))
        yield (
            f"{self.d.unit}{y}年度财政拨款收入总计",
            t.amount(came, income),
            "，支出总计",
            t.amount(went, spent),
            "。与上年相比，",
            *self._against(came, "财政拨款收入总计", self._change(), income),
            "，",
            *self._against(went, "财政拨款支出总计", self._change(), spent),
            "。",
        )

    def _general_thing(self) -> tuple[Thing, Decimal]:
        place = self._where((_GENERAL, _TOTAL, "小计"), (_FUNDS, "本年支出合计", "一般公共预算财政拨款"))
        return Thing("一般公共预算财政拨款支出", place), self._value(place)

    def _general(self) -> Iterator[Sentence | str]:
        t, y = self.teller, self.d.year
        thing, amount = self._general_thing()
        spent: Place = ("expenditure", _TOTAL, "本年支出合计")
        classes = self._classes()
        yield "（一）一般公共预算财政拨款支出决算总体情况"
        of_all: Sentence = (
            ("，占本年支出合计的", t.share(thing, amount, self._value(spent), spent))
            if self._value(spent)
            else ()
        )
        yield (
            f"{y}年一般公共预算财政拨款支出",
            t.amount(thing, amount),
            *of_all,
            f"。比{y - 1}年，",
            *self._against(thing, "一般公共预算财政拨款支出", self._change(), amount),
            "。",
        )
        yield "（二）一般公共预算财政拨款支出决算结构情况"
        pieces: list[Sentence] = [
            self._part(f"{name}（类）", Thing(name, place), part, "占", amount, thing.place)
            for name, place, part in classes
        ]
        yield (f"{y}年度一般公共预算财政拨款支出", t.amount(thing, amount), *_listed(pieces))
        yield "（三）一般公共预算财政拨款支出决算具体情况"
        budget = sum((self._budget(part) for _, _, part in classes), Decimal(0))
        yield (
            "一般公共预算财政拨款支出年初预算为",
            t.amount(thing, budget, "年初预算"),
            "，支出决算为",
            t.amount(thing, amount),
            *self._done(thing, amount, budget),
            "。其中：",
        )
        yield from self._chain() if self.chained else self._by_class(classes)

    def _budget(self, amount: Decimal) -> Decimal:
        return amount + self._made(amount, 11)

    def _done(self, thing: Thing, amount: Decimal, budget: Decimal) -> Sentence:
        if not budget:
            return ()
        return ("，完成年初预算的", self.teller.completion(thing, amount, budget, "年初预算"))

    def _by_class(self, classes: Sequence[tuple[str, Place, Decimal]]) -> Iterator[Sentence]:
        for name, place, amount in classes:
            thing, budget = Thing(name, place), self._budget(amount)
            yield (
                f"{name}年初预算",
                self.teller.amount(thing, budget, "年初预算"),
                "，支出决算",
                self.teller.amount(thing, amount),
                *self._done(thing, amount, budget),
                "，用于本领域人员和日常开支。",
                *self._against(thing, "较上年决算", self._made(amount, 3), amount),
                "，主要原因是工作任务有增有减。",
            )

    def _chain(self) -> Iterator[Sentence]:
        names = functional_names()
        statement = self.d.statement(_GENERAL)
        entries = (
            [r for r in statement.rows if len(r.key) == 7 and r.amounts.get("小计")] if statement else []
        )
        for i, row in enumerate(entries, start=1):
            code, amount = row.key, row.amounts["小计"]
            levels = f"{names[code[:3]]}（类）{names[code[:5]]}（款）{names[code]}（项）"
            budget = self._budget(amount)
            thing = Thing(names[code], (_GENERAL, code, "小计"))
            yield (
                f"{i}、{levels}。主要用于：本领域的日常工作。年初预算为",
                self.teller.amount(thing, budget, "年初预算"),
                "，支出决算为",
                self.teller.amount(thing, amount),
                "。决算数与预算数有别，原因是按实际需要安排。",
            )

    def _basic(self) -> Iterator[Sentence]:
        t, y = self.teller, self.d.year
        place: Place = (_GENERAL, _TOTAL, "基本支出")
        thing = Thing("一般公共预算财政拨款基本支出", place)
        statement = self.d.statement(_BASIC)
        rows = [
            r
            for r in (statement.rows if statement else ())
            if len(r.key) == 5 and r.amounts.get("决算数") and economic_name(r.key) not in self._twice()
        ]
        yield (f"{y}年度一般公共预算财政拨款基本支出", t.amount(thing, self._value(place)), "，其中：")
        for total, said, own in (
            ("人员经费合计", "人员经费", ("301", "303")),
            ("公用经费合计", "公用经费", ("302", "307", "310", "312", "313", "399")),
        ):
            parts: list[Sentence] = [
                (
                    name := economic_name(r.key),
                    t.amount(Thing(name, (_BASIC, r.key, "决算数")), r.amounts["决算数"]),
                )
                for r in rows
                if r.key[:3] in own
            ]
            listed = [piece for i, part in enumerate(parts) for piece in (("、",) if i else ()) + part]
            yield (
                said,
                t.amount(Thing(total, (_BASIC, total, "决算数")), self._value((_BASIC, total, "决算数"))),
                *(("，主要包括", *listed) if listed else ()),
                "；" if said == "人员经费" else "。",
            )

    def _twice(self) -> set[str]:
        """Names that two economic 科目 of the template bear: the text does not say which is meant."""
        codes = [
            code
            for blocks in template(self.d.template)["statements"][_BASIC].get("blocks", ())
            for code in blocks
        ] or [c for blocks in forms()[_BASIC].blocks.values() for block in blocks for c in block]
        seen: dict[str, set[str]] = {}
        for code in codes:
            if not forms()[_BASIC].is_closed(code):
                seen.setdefault(economic_name(code), set()).add(code)
        return {name for name, found in seen.items() if len(found) > 1}

    def _fund(self) -> Iterator[Sentence]:
        t = self.teller
        came = Thing("政府性基金预算财政拨款收入", (_FUND, _TOTAL, "本年收入"))
        went = Thing("政府性基金预算财政拨款支出", (_FUND, _TOTAL, "本年支出小计"))
        income, spent = self._value(came.place or ("", "", "")), self._value(went.place or ("", "", ""))
        if not income and not spent:
            words = "无此项收支"
            yield (
                "本年度",
                t.word(self._or_funds(came, "本年政府性基金预算财政拨款", "金额"), words, words),
                t.word(self._or_funds(went, "本年支出合计", "政府性基金预算财政拨款"), "", words),
                "。",
            )
            return
        yield ("本年收入", t.amount(came, income), "，本年支出", t.amount(went, spent), "。")

    def _capital(self) -> Iterator[Sentence]:
        t = self.teller
        went = Thing("国有资本经营预算财政拨款支出", (_CAPITAL, _TOTAL, "合计"))
        spent = self._value((_CAPITAL, _TOTAL, "合计"))
        if spent:
            yield ("国有资本经营预算财政拨款本年支出", t.amount(went, spent), "。")
        else:
            words = "无此项支出"
            went = self._or_funds(went, "本年支出合计", "国有资本经营预算财政拨款")
            yield ("本年度", t.word(went, words, words), "。")

    def _or_funds(self, thing: Thing, item: str, measure: str) -> Thing:
        """The thing where its own statement is printed, else where the summary of the funds has it."""
        if thing.place and self.d.statement(thing.place[0]):
            return thing
        return Thing(thing.name, (_FUNDS, item, measure)) if self.d.statement(_FUNDS) else thing

    def _three(self) -> Iterator[Sentence | str]:
        t, y = self.teller, self.d.year
        meaning = _BUDGET.get(self.d.template)
        word = meaning or "年初预算"
        yield "（一）“三公”经费财政拨款支出决算总体情况说明"

        def both(said: str, name: str, measure: str) -> Sentence:
            spent_at: Place = (_THREE, "决算数", measure)
            planned_at: Place = (_THREE, "预算数", measure)
            spent, planned = self._value(spent_at), self._value(planned_at)
            thing = Thing(name, spent_at)
            budget = Thing(name, planned_at if meaning else spent_at)
            of = planned_at if meaning else None
            change = self._made(spent, 5)
            done: Sentence = (
                (f"，完成{word}的", t.completion(thing, spent, planned, word, of)) if planned else ()
            )
            return (
                f"{said}{word}",
                t.amount(budget, planned, word, cell=bool(meaning)),
                "，支出决算",
                t.amount(thing, spent),
                *done,
                "，",
                *self._against(thing, "比上年" if change else "与上年", change, spent),
            )

        yield (f"{y}年度", *both("“三公”经费", "“三公”经费", "合计"), "。其中：")
        for name, measure in _THREE_ITEMS.items():
            yield (*both(name, name, measure), "；主要原因是按规定从严管理。")
        yield "（二）“三公”经费财政拨款支出决算具体情况说明"
        running: Place = (_THREE, "决算数", "公务用车运行维护费")
        cars: Place = (_STATISTIC, "车辆数合计", "统计数")
        yield (
            "1、公务用车运行维护费",
            t.amount(Thing("公务用车运行维护费", running), self._value(running)),
            "，公务用车保有量为",
            t.count(Thing("公务用车保有量"), min(3, int(self._value(cars))), "辆"),
            "。",
        )

    def _other(self) -> Iterator[Sentence | str]:
        t, d = self.teller, self.d
        yield "（一）机关运行经费支出情况说明"
        row = {
            "行政单位": "机关运行经费（行政单位）",
            "参公事业单位": "机关运行经费（参照公务员法管理事业单位）",
        }.get(d.nature)
        place: Place | None = (_STATISTIC, row, "统计数") if row and d.level == "单位" else None
        thing = Thing("机关运行经费", place)
        if row:
            amount = self._value((_STATISTIC, row, "统计数"))
            yield (f"{d.year}年机关运行经费支出", t.amount(thing, amount), "。")
        else:
            words = "无机关运行经费"
            yield ("本单位", t.word(thing, words, words), "。")
        yield "（二）政府采购情况说明"
        bought = [
            (said, Thing(said, (_STATISTIC, item, "统计数")), self._value((_STATISTIC, item, "统计数")))
            for said, item in (
                ("政府采购支出总额", "政府采购合计"),
                ("政府采购货物支出", "政府采购货物"),
                ("政府采购工程支出", "政府采购工程"),
                ("政府采购服务支出", "政府采购服务"),
            )
        ]
        head, *kinds = bought
        listed = [
            piece
            for i, (said, kind, part) in enumerate(kinds)
            for piece in (("、",) if i else ()) + (said, t.amount(kind, part))
        ]
        yield (f"{d.year}年度{head[0]}", t.amount(head[1], head[2]), "，其中：", *listed, "。")
        yield "（三）国有资产占用情况说明"
        cars: Place = (_STATISTIC, "车辆数合计", "统计数")
        devices: Place = (_STATISTIC, "单价100万元（含）以上设备", "统计数")
        yield (
            f"截至{d.year}年12月31日，共有车辆",
            t.count(Thing("车辆数合计", cars), int(self._value(cars)), "辆"),
            "。单价100万元（含）以上设备（不含车辆）",
            t.count(Thing("单价100万元（含）以上设备", devices), int(self._value(devices)), "台（套）"),
            "。",
        )
        yield "（四）预算绩效情况说明"
        yield (f"按照〔{d.year}〕8号文的要求，{d.year}年开展绩效自评，联系电话：0000-1234567。",)
        yield from ((remark,) for remark in d.remarks)


def _listed(parts: Sequence[Sentence]) -> Sentence:
    """«，其中：A；B。»; nothing but the end where there are none."""
    if not parts:
        return ("。",)
    joined = [piece for i, part in enumerate(parts) for piece in (("；",) if i else ()) + part]
    return ("，其中：", *joined, "。")
