"""Lays out a filled performance form: the words over it, its grid with merged cells, the words under it.

Belongs here: which cell of each family's form holds what. Does not belong here: the figures, cuts, bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby

from tests.typesetter.layout import ABOVE, LEFT, Box
from tests.typesetter.performance import FilledForm, Indicator, Source, Style, words

Row = tuple[Box, ...]
Cells = Sequence[tuple[str, int]]

_COMPACT = "{y}{m:02}{d:02}"
_DAYS = ("{y}.{m}.{d}", "{y}.{m:02}.{d:02}", "{y}年{m}月{d}日", _COMPACT, "{y}. {m}. {d}")
_YEARS = ("{y}年", "{y}", "{y}年度")
_COLUMNS = {"A": 9, "B": 7, "C": 8, "D": 17, "E": 18, "F": 8}
_HALF = str.maketrans("（）：", "():")
_DECIMAL = re.compile(r"[\d,]+\.\d+分?")
_REASONS = ("经费保障", "制度保障", "人员保障", "硬件条件保障", "其他")


@dataclass(frozen=True)
class LaidOut:
    """A form ready for any medium: title and lines over the grid, the grid, and lines under it."""

    title: str
    above: tuple[str, ...]
    rows: tuple[Row, ...]
    below: tuple[str, ...]


def lay_out(form: FilledForm) -> LaidOut:
    """The form as its family lays it out; a titled form has its title as the first row of the grid."""
    laid = _Layout(form)
    rows = tuple(tuple(replace(box, text=_set(box.text, form.style)) for box in row) for row in laid.rows())
    if form.style.titled:
        rows = (_row((form.title, len(rows[0]))), *rows)
    above, below = (tuple(_set(text, form.style) for text in texts) for texts in (laid.above(), laid.below()))
    return LaidOut(form.title, above, rows, below)


def _set(text: str, style: Style) -> str:
    """The text of a cell as the style writes brackets and numbers."""
    if style.half_width:
        text = text.translate(_HALF)
    return text.replace(".", ". ") if style.spaced and _DECIMAL.fullmatch(text) else text


def _row(*cells: tuple[str, int]) -> Row:
    """Cells by text and width; ``ABOVE`` continues the cell above over the whole width."""
    boxes: list[Box] = []
    for text, width in cells:
        boxes += (
            [Box(merged=ABOVE)] * width if text == ABOVE else [Box(text), *[Box(merged=LEFT)] * (width - 1)]
        )
    return tuple(boxes)


class _Layout:
    def __init__(self, form: FilledForm):
        self.form = form
        self.style = form.style
        self.count = _COLUMNS[form.family] - (form.family == "A" and form.style.joined)

    def rows(self) -> Iterator[Row]:
        """All rows of the grid."""
        found: Iterator[Row] = getattr(self, f"_{self.form.family.lower()}")()
        return found

    def above(self) -> Iterator[str]:
        """The lines between title and grid."""
        if self.form.family in "BCDEF":
            yield "(2024年度)"
        if self.form.family == "A":
            yield f"单位（盖章）：{self.form.unit if self.form.salt % 2 else ''}"
        if self.form.family in "AC":
            yield f"填报日期：{self._day(self.form.filled_on)}"

    def below(self) -> Iterator[str]:
        """The lines under the grid."""
        if self.form.family in "AC" and self.style.signed_below:
            yield from (f"填报人：{self.form.persons[0]}", f"联系电话：{self.form.telephones[0]}")
        if self.form.family == "B":
            yield "注：1.其他资金包括自有资金、社会资金和以前年度的结转结余资金等。"

    # --- words of a cell --------------------------------------------------------------------

    def _amount(self, amount: Decimal | None) -> str:
        if amount is None:
            return ""
        value = amount / (10_000 if self.style.money_unit == "万元" else 1)
        digits = self.style.decimals
        if digits is None:
            text = f"{value.normalize():,f}"
        else:
            if value != round(value, digits):
                raise ValueError(f"{amount} 元 has no {digits} decimals of {self.style.money_unit}")
            text = f"{value:,.{digits}f}"
        return text if self.style.thousands else text.replace(",", "")

    def _score(self, score: Decimal | None) -> str:
        if score is None:
            return ""
        return f"{_plain(score)}分" if self.style.points else _plain(score)

    def _day(self, day: date | None) -> str:
        if day is None:
            return ""
        if self.form.family == "F":
            return f"{day:%Y%m%d}093251"
        return _spelt(day, self.style.dates)

    def _year(self) -> str:
        return _YEARS[self.style.dates % len(_YEARS)].format(y=self.form.evaluated_year)

    def _conclusion(self) -> str:
        total, said = self.form.total_score, self.form.said[0]
        if self.form.grade is None or total is None:
            return said
        return f"本项目自评{_plain(total)}分，等级{self.form.grade}。{said}"

    # --- A ----------------------------------------------------------------------------------

    def _a(self) -> Iterator[Row]:
        f = self.form
        two = 1 if self.style.joined else 2
        rest = self.count - 2
        span = "-".join(_spelt(day, self.style.dates) for day in (f.starts_on, f.ends_on) if day)

        def pair(left: str, value: str, right: str, other: str) -> Row:
            return _row((left, 2), (value, 2), (right, two), (other, self.count - 4 - two))

        person = ("项目负责人", f.persons[0])
        telephone = ("联系电话", f.telephones[0])
        unit = ("实施单位", f.implementing_unit or "")
        if f.variant == "A3":
            yield pair("项目名称", f.project_name or "", *telephone)
            yield pair(*person, *unit)
            yield pair("主管部门", f.department or "", "实施年份", "2024年度")
            yield pair("项目起止时间", span, "绩效自评评价年份", self._year())
        else:
            yield _row(("项目名称", 2), (f.project_name or "", rest))
            yield pair(*person, *telephone)
            yield pair("主管部门", f.department or "", *unit)
            yield pair("项目起止时间", span, "绩效自评评价年度", self._year())
        yield self._threefold(
            ("项目预算金额（万元）", "实际到位金额（万元）", "实际执行金额（万元）"),
            (f.budget_amount, f.received_amount, f.executed_amount),
        )
        for place, source in enumerate(f.sources):
            label = source.name if place else f"其中：{source.name}"
            yield self._threefold(
                (label,) * 3, (source.budget_amount, source.received_amount, source.executed_amount)
            )
        if f.variant == "A3":
            yield _row(("项目预期绩效目标", 2), (f.said[0], rest))
        else:
            aim = "项目提供的公共产品和服务的数量"
            yield _row(("项目预期绩效目标", 2), (aim, 2), (f.said[0], rest - 2))
            yield _row((ABOVE, 2), ("项目效果", 2), (f.said[1], rest - 2))
        yield from self._execution(rest)
        yield _row(("绩效目标自评情况", self.count))
        yield from self._indicators()
        yield from self._scores()
        yield from self._texts(("自评结论及结果分析", "主要经验做法", "存在问题和改进措施"), rest)
        yield from self._people()

    def _threefold(self, labels: Sequence[str], amounts: Sequence[Decimal | None]) -> Row:
        middle = 1 if self.style.joined else 2
        cells: list[tuple[str, int]] = []
        for label, amount, width in zip(labels, amounts, (2, middle, 2), strict=True):
            cells += [(label, width), (self._amount(amount), 1)]
        return _row(*cells)

    def _execution(self, rest: int) -> Iterator[Row]:
        rate, score = self.form.execution_rate, _plain(self.form.execution_score or Decimal(0))
        said = {
            "no": self._score(self.form.execution_score),
            "sentence": f"预算执行率为{_plain(rate or Decimal(0))}%,得分{score}分。",
            "brackets": f"{_plain(rate or Decimal(0))}% ({score}分)",
        }[self.style.rate]
        label = "项目执行状况(10分)" if self.form.variant == "A3" else "项目执行情况（10分）"
        if self.form.variant != "A1-情况":
            yield _row((label, 2), (said, rest))
            return
        for place, name in enumerate(words()["execution"]):
            text = said if place == 0 else self.form.said[place % 3]
            yield _row((ABOVE if place else label, 2), (name, 2), (text, rest - 2))

    # --- indicators of A and C: one score for the merged cell of the first level -----------------

    def _indicators(self) -> Iterator[Row]:
        names: Cells = (("三级指标", 1 if self._joined else 2),)
        tail = ("年度指标值", "全年完成值", "未完成原因和改进措施", "自评得分")
        first = (("绩效指标", 1), ("一级指标", 1), ("二级指标", 1))
        yield _row(*first, *names, *((text, 1) for text in tail))
        scores = {
            "产出指标": self.form.output_score,
            "效益指标": self.form.benefit_score,
            "满意度指标": self.form.satisfaction_score,
        }
        marks = words()["marks"]["A"]
        for row, new1, new2 in _levels(self.form.rows):
            level1 = f"{row.level1}（{marks[row.level1]}分）"
            name: Cells = ((row.ordinal, 1), (row.level3, 1))
            if self._joined:
                name = ((f"{row.ordinal} {row.level3}".strip(), 1),)
            yield _row(
                (ABOVE, 1),
                (level1 if new1 else ABOVE, 1),
                (row.level2 if new2 else ABOVE, 1),
                *name,
                (row.target, 1),
                (row.achieved, 1),
                (row.deviation, 1),
                (self._score(scores[row.level1]) if new1 else ABOVE, 1),
            )

    @property
    def _joined(self) -> bool:
        return self.style.joined

    def _scores(self) -> Iterator[Row]:
        total = self._score(self.form.total_score)
        if self.form.variant == "A3":
            yield _row((f"总分：{total}", self.count))
        else:
            yield _row(("总分", self.count - 1), (total, 1))
        yield _row((words()["scale"], self.count))

    def _texts(self, labels: Sequence[str], rest: int) -> Iterator[Row]:
        for label, text in zip(labels, (self._conclusion(), *self.form.said[1:]), strict=True):
            yield _row((label, 2), (text, rest))

    def _people(self) -> Iterator[Row]:
        rest = self.count - 7
        posts = words()["posts"]
        yield _row(("评价人员", 1), ("", 1), ("姓名", 1), ("职称/职务", 2), ("工作单位", rest), ("签字", 2))
        for place, (role, name) in enumerate(zip(("组长", "成员"), self.form.persons[1:], strict=True)):
            yield _row((ABOVE, 1), (role, 1), (name, 1), (posts[place], 2), (self.form.unit, rest), ("", 2))
        if not self.style.signed_below:
            yield _row(
                (f"填报人：{self.form.persons[0]}", 4),
                (f"联系电话：{self.form.telephones[0]}", self.count - 4),
            )

    # --- B ----------------------------------------------------------------------------------

    def _b(self) -> Iterator[Row]:
        f = self.form
        yield _row(("转移支付（项目）名称", 2), (f.project_name or "", 5))
        yield _row(("中央主管部门", 2), ("示例部", 5))
        yield _row(
            ("地方主管部门", 2), (f.department or "", 2), ("资金使用单位", 1), (f.implementing_unit or "", 2)
        )
        heads = ("全年预算数（A）", "全年执行数（B）", "预算执行率（B/A×100%）")
        yield _row(("资金投入情况（万元）", 2), ("", 1), (heads[0], 1), (heads[1], 1), (heads[2], 2))
        for place, source in enumerate(f.sources):
            label = ("年度资金总额：", f"其中：{source.name}", source.name)[min(place, 2)]
            rate = "" if source.execution_rate is None else f"{_plain(source.execution_rate)}%"
            amounts = ((self._amount(source.budget_amount), 1), (self._amount(source.executed_amount), 1))
            yield _row((ABOVE, 2), (label, 1), *amounts, (rate, 2))
        yield _row(("资金管理情况", 2), ("", 1), ("情况说明", 2), ("存在问题和改进措施", 2))
        for place, name in enumerate(words()["management"]):
            yield _row((ABOVE, 2), (name, 1), (f.said[place % 3], 2), ("无" if place % 2 else "", 2))
        yield _row(("总体目标完成情况", 2), ("总体目标", 2), ("全年实际完成情况", 3))
        yield _row((ABOVE, 2), (f.said[0], 2), (f.said[1], 3))
        heads = (
            "绩效指标",
            "一级指标",
            "二级指标",
            "三级指标",
            "指标值",
            "全年实际完成值",
            "未完成原因和改进措施",
        )
        yield _row(*((head, 1) for head in heads))
        for row, new1, new2 in _levels(f.rows):
            level1, level2 = (row.level1 if new1 else ABOVE, row.level2 if new2 else ABOVE)
            texts = (ABOVE, level1, level2, row.level3, row.target, row.achieved, row.deviation)
            yield _row(*((text, 1) for text in texts))
        yield _row(("说明", 1), ("无。", 6))

    # --- C ----------------------------------------------------------------------------------

    def _c(self) -> Iterator[Row]:
        f = self.form
        yield _row((f"部门名称：{f.implementing_unit}", 4), (f"填报日期：{self._day(f.filled_on)}", 4))
        yield _row(("部门基本信息：所属部门：3个", 4), ("下属预算单位：1个", 4))
        yield _row(
            ("核定的人员编制数42人；其中，局本级20人；二级机构22人。", 4),
            ("实际在职人员总数40人；其中，在编人员数38人；其他人员数2人。", 4),
        )
        yield from (_row((text, 8)) for text in f.said)
        head = "局机关及二级机构汇总（万元）"
        yield _row(
            ("部门（单位）收支情况", 1), ("年度收入情况", 2), (head, 1), ("年度支出和结余情况", 2), (head, 2)
        )
        amounts = {
            (s.kind, s.name): self._amount(s.received_amount if s.kind == "收入" else s.executed_amount)
            for s in f.sources
        }
        for left, right in words()["accounts"]:
            values = (amounts.get(("收入", left), ""), amounts.get(("支出", right), ""))
            yield _row((ABOVE, 1), (left, 2), (values[0], 1), (right, 2), (values[1], 2))
        yield _row(("执行情况（10分）", 2), (self._score(f.execution_score), 6))
        yield _row(("绩效目标自评情况", 8))
        yield from self._indicators()
        yield from self._scores()
        labels = ("自评结论及整体运行绩效情况分析", "取得的成绩及主要经验做法", "存在问题与整改措施")
        yield from self._texts(labels, 6)
        yield from self._people()

    # --- D, E: an operator, a content and a unit; weights and scores of their own ----------------

    def _d(self) -> Iterator[Row]:
        f = self.form
        yield _row(("部门(单位)名称", 4), (f"{f.code}{f.implementing_unit}{f.region}", 13))
        unit = "（万元）" if self.style.unit_shown else ""
        for side in ("收入", "支出"):
            yield _row((f"部门年初预算{side}金额{unit}", 4), (self._amount(f.budget_amount), 13))
        heads = (
            ("对应项目", 6),
            ("项目下达金额", 2),
            ("项目执行金额", 2),
            ("项目执行率", 3),
            ("分值", 1),
            ("得分", 1),
        )
        yield _row(("年度主要任务", 1), ("", 1), *heads)
        for task in f.tasks:
            yield _row(
                (ABOVE, 1),
                ("", 1),
                (task.project, 6),
                (self._amount(task.allotted_amount), 2),
                (self._amount(task.executed_amount), 2),
                (f"{_plain(task.execution_rate)}%", 3),
                (_plain(task.weight), 1),
                (_plain(task.score), 1),
            )
        yield _row(("年度目标", 1), ("年初总体目标", 9), ("全年完成情况", 7))
        yield _row((ABOVE, 1), (f.said[0], 9), (f.said[1], 7))
        heads = ("运算符号", "指标值", "度量单位", "全年完成值", "完成程度", "分值", "得分")
        yield from self._columned(
            heads, "偏差原因分析", tuple(f"{r}原因分析" for r in _REASONS), ("改进措施",)
        )
        yield _row(("总评价得分", 10), (self._score(f.total_score).removesuffix("分"), 7))
        yield _row(("结果应用建议选项", 10), ("具体建议内容", 7))
        yield from self._advice(("主管部门审核意见", "财政部门审核意见"))

    def _columned(
        self, heads: Sequence[str], why: str, reasons: Sequence[str], more: Sequence[str]
    ) -> Iterator[Row]:
        """The indicators with their columns; a head of two rows."""
        names = (("绩效指标", 1), ("一级指标", 1), ("二级指标", 1), ("三级指标", 1))
        wanted = (("年度目标值", 3),) if self.form.family == "E" else tuple((head, 1) for head in heads[:3])
        yield _row(*names, *wanted, *((head, 1) for head in heads[3:]), (why, 5), *((m, 1) for m in more))
        under = tuple((head, 1) for head in heads[:3]) if self.form.family == "E" else ((ABOVE, 3),)
        yield _row((ABOVE, 4), *under, (ABOVE, 4), *((reason, 1) for reason in reasons), (ABOVE, len(more)))
        for row, new1, new2 in _levels(self.form.rows):
            share = row.completion or Decimal(0)
            done = _plain(share) if self.form.family == "D" else f"{share * 100:.1f}%"
            ticks = ["", "", "√" if row.deviation else "", "", ""]
            note = (row.deviation, row.improvement)
            if self.form.family == "D":
                ticks[2], note = row.deviation, (row.improvement,)
            cells = (
                ABOVE, row.level1 if new1 else ABOVE, row.level2 if new2 else ABOVE, row.level3, row.operator,
                row.target, row.unit, row.achieved, done, _plain(row.weight or Decimal(0)),
                _plain(row.score or Decimal(0)), *ticks, *note,
            )  # fmt: skip
            yield _row(*((text, 1) for text in cells))

    def _advice(self, parts: Sequence[str]) -> Iterator[Row]:
        for part in parts:
            for place, option in enumerate(words()["advice"]):
                tick = "√" if place == self.form.salt % 4 else ""
                yield _row((ABOVE if place else part, 4), (option, 6), (tick, 1), ("", self.count - 11))
            if part.endswith("审核意见"):
                overall = part.replace("审核", "总体")
                yield _row((overall, 4), (self.form.said[0], self.count - 4))

    def _e(self) -> Iterator[Row]:
        f = self.form
        yield _row(("项目(政策)名称", 3), (f.project_name or "", 15))
        yield _row(("主管部门", 3), (f"{f.department}{f.region}", 15))
        yield _row(("实施单位", 3), (f"{f.implementing_unit}{f.region}", 15))
        rate = f"{_plain(f.execution_rate or Decimal(0))}%"
        yield _row(
            ("项目预算金额（万元）", 3), (self._amount(f.budget_amount), 3), ("全年执行数", 3),
            (self._amount(f.executed_amount), 4), ("执行率", 3), (rate, 2),
        )  # fmt: skip
        yield _row(("年度总体目标", 1), ("年初设定目标", 9), ("全年实际完成情况", 8))
        yield _row((ABOVE, 1), (f.said[0], 9), (f.said[1], 8))
        heads = ("运算符号", "内容", "度量单位", "全年完成值", "完成程度", "分值", "得分")
        yield from self._columned(heads, "未完成原因分析", _REASONS, ("原因说明", "改进措施"))
        yield _row(
            ("指标自评得分小计", 3), (_plain(f.indicator_subtotal or Decimal(0)), 2), ("预算执行率得分", 3),
            (_plain(f.execution_score or Decimal(0)), 2),
            ("减分项", 2), (_plain(f.deduction or Decimal(0)), 1),
            ("绩效自评总得分", 3), (_plain(f.total_score or Decimal(0)), 2),
        )  # fmt: skip
        yield _row(("结果应用建议选项", 10), ("具体建议内容", 8))
        yield from self._advice(("结果应用建议", "主管部门审核意见", "财政部门审核意见"))

    # --- F ----------------------------------------------------------------------------------

    def _f(self) -> Iterator[Row]:
        f = self.form
        yield _row(("项目名称", 2), (f.project_name or "", 6))
        yield _row(
            ("主管部门及代码", 2),
            (f"{f.code}{f.department}", 3),
            ("实施单位", 1),
            (f.implementing_unit or "", 2),
        )
        yield _row(("项目属性", 2), ("一次性项目（1年结束）", 3), ("项目期", 1), ("1年", 2))
        half = len(f.sources) // 2
        for place, (left, right) in enumerate(zip(f.sources[:half], f.sources[half:], strict=True)):
            yield _row(
                (ABOVE if place else "项目资金（元）", 2),
                *self._fund(place, left, 2),
                *self._fund(place, right, 1),
            )
        labels = ("项目概况", "立项依据", "项目设立必要性", "保证项目实施的制度、措施", "项目实施计划")
        for place, label in enumerate(labels):
            yield _row((label, 2), (f.said[place % 3], 6))
        yield _row(("实施期目标", 5), ("年度目标", 3))
        yield _row(("总体目标", 2), (f.said[0], 3), (f.said[1], 3))
        heads = ("绩效指标", "一级指标", "二级指标", "三级指标", "指标值", "二级指标", "三级指标", "指标值")
        yield _row(*((head, 1) for head in heads))
        yearly = [row for row in f.rows if row.period == "年度"]
        for (row, new1, new2), other in zip(
            _levels([row for row in f.rows if row.period == "实施期"]), yearly, strict=True
        ):
            below = row.level2 if new2 else ABOVE
            texts = (
                ABOVE, row.level1 if new1 else ABOVE, below, row.level3, row.target, below, other.level3,
                other.target,
            )  # fmt: skip
            yield _row(*((text, 1) for text in texts))
        yield _row(
            ("负责人：", 1), (f.persons[0], 1), ("经办人：", 1), (f.persons[1], 1), ("联系电话：", 1),
            (f.telephones[0], 1), ("填报日期：", 1), (self._day(f.filled_on), 1),
        )  # fmt: skip

    def _fund(self, place: int, source: Source, width: int) -> Cells:
        label = (f"{source.name}：", f"其中：{source.name}", source.name)[min(place, 2)]
        return ((label, 3 - width), (self._amount(source.budget_amount), width))


def _levels(rows: Sequence[Indicator]) -> Iterator[tuple[Indicator, bool, bool]]:
    """Each row with whether it begins its first and its second level."""
    for _, group in groupby(rows, key=lambda row: row.level1):
        first = True
        for _, own in groupby(group, key=lambda row: row.level2):
            new = True
            for row in own:
                yield row, first, new
                first = new = False


def _spelt(day: date, spelling: int) -> str:
    return _DAYS[spelling % len(_DAYS)].format(y=day.year, m=day.month, d=day.day)


def _plain(number: Decimal) -> str:
    """A number without zeros at its end."""
    return f"{number.normalize():f}"
