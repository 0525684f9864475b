"""Makes ``data/samples``: ``python -m tests.typesetter.samples``.

Belongs here: which documents the samples are. Their figures are public (``sample_figures``) or of
units that do not exist. Running it twice makes the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from tests.typesetter.consistent import closing_balances, consistent_disclosure
from tests.typesetter.figures import Disclosure, Row, StatementFigures, load_disclosure
from tests.typesetter.manner import Manner
from tests.typesetter.performance import FilledForm, Source
from tests.typesetter.performance_consistent import consistent_form, grade_of
from tests.typesetter.performance_document import attached
from tests.typesetter.text import Printed, print_text, set_text

FOLDER = Path(__file__).parents[2] / "data" / "samples"
_FIGURES = Path(__file__).parent / "sample_figures"

_ARCHIVES = {
    "template_id": "liaoning-qianshan",
    "unit": "示例市档案服务中心",
    "nature": "事业单位",
    "parent": "示例市档案局",
    "duties": "承担档案资料的接收、整理、保管和查阅服务工作",
    "codes": ("2012604", "2080505", "2080506", "2101102", "2210201"),
    "digits": 4,
}
_BUREAU = "示例市档案局"
_BUREAU_ITSELF = "示例市档案局（本级）"
_ATTACHED = f"{_BUREAU_ITSELF}2024年度单位决算.txt"


def archives(year: int) -> Disclosure:
    """The invented 示例市档案服务中心: its opening balances are the closing ones of the year before."""
    if year == 2023:
        return consistent_disclosure(20232, year=2023, **_ARCHIVES)  # type: ignore[arg-type]
    before = closing_balances(archives(year - 1))
    return consistent_disclosure(20240 + year, year=year, opening=before, **_ARCHIVES)  # type: ignore[arg-type]


def bureau_itself() -> Disclosure:
    """The office above it, on its own: it buys, spends government funds, and has its projects evaluated."""
    made = consistent_disclosure(
        191,
        unit=_BUREAU_ITSELF,
        nature="行政单位",
        parent=_BUREAU,
        duties="主管全市档案工作",
        codes=("2012601", "2012604", "2080505", "2101101", "2210201"),
        funds=1,
        digits=5,
    )
    bought = made.value("disclosure_statistic", "政府采购合计", "统计数")
    small = (bought * 22 / 10_000).quantize(Decimal(1)) * 100
    remark = f"授予中小企业合同金额{small / 10_000:.2f}万元，占政府采购支出总额的{small / bought:.2%}。"
    return replace(made, remarks=(remark,))


def bureau() -> Disclosure:
    """The department: the office and the 中心 below it, added up."""
    members = (bureau_itself(), archives(2024))
    return replace(
        members[0],
        unit=_BUREAU,
        level="部门",
        parent=None,
        members=tuple(member.unit for member in members),
        remarks=(),
        statements=tuple(_together(s.form, members) for s in members[0].statements),
    )


def _together(form: str, members: tuple[Disclosure, ...]) -> StatementFigures:
    """One statement of all members; the 项 of those that print no 类 and 款 count for these too."""
    above = form in ("income", "expenditure", "general_budget_expenditure", "government_fund")
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for member in members:
        rows = member.statement(form).rows if member.statement(form) else ()  # type: ignore[union-attr]
        summed = above and not any(len(row.key) == 3 for row in rows)
        for row in rows:
            levels = (row.key[:3], row.key[:5]) if summed and row.key.isdigit() else ()
            for key in (*levels, row.key):
                for measure, amount in row.amounts.items():
                    sums[key][measure] += amount
    keys = sorted(sums, key=lambda key: (key.isdigit(), key)) if above else list(sums)
    return StatementFigures(form, tuple(Row(key, dict(sums[key])) for key in keys))


def _project(seed: int, name: str, received: int, executed: int) -> FilledForm:
    """A self-evaluated project that keeps its form's arithmetic: full marks but for what was not spent."""
    made = consistent_form("A", seed, "A2")
    rate = (Decimal(executed) * 100 / received).quantize(Decimal(1))
    scores = {
        "execution_score": rate / 10,
        "output_score": Decimal(50),
        "benefit_score": Decimal(30),
        "satisfaction_score": Decimal(10),
    }
    total = sum(scores.values(), Decimal(0))
    amounts = (Decimal(received), Decimal(received), Decimal(executed))
    return replace(
        made,
        **scores,
        style=replace(made.style, dates=0, spare=0),
        unit=_BUREAU_ITSELF,
        implementing_unit=_BUREAU_ITSELF,
        department=_BUREAU,
        project_name=name,
        budget_amount=amounts[0],
        received_amount=amounts[1],
        executed_amount=amounts[2],
        execution_rate=rate,
        total_score=total,
        grade=grade_of(total),
        sources=tuple(
            Source("来源", source.name, *(amounts if place == 1 else ()))
            for place, source in enumerate(made.sources)
        ),
    )


def _policy() -> FilledForm:
    """A project one of whose indicators has full marks for less than was aimed at."""
    made = consistent_form("E", 7)
    return replace(made, unit=_BUREAU_ITSELF, implementing_unit=_BUREAU_ITSELF, department=_BUREAU, region="")


def projects() -> tuple[FilledForm, ...]:
    """The performance forms that the office attaches."""
    return (
        _project(2, "示例档案库房修缮经费", 200_000, 82_000),
        _project(8, "示例档案数字化经费", 150_000, 0),
        _policy(),
    )


def documents() -> dict[str, tuple[Disclosure, Manner]]:
    """What each sample discloses and how it is printed, by its file name."""
    worn = Manner(break_every=23, watermark="仅供内部审核", split_numbers="line", closed_mark="———")
    return {
        "阳泉市卫生健康委员会医事管理中心2024年度单位决算.txt": (
            load_disclosure(_FIGURES / "yangquan-yishi-2024.yml"),
            worn,
        ),
        "上海市普陀区财政局2024年度部门决算.txt": (
            load_disclosure(_FIGURES / "putuo-czj-2024.yml"),
            Manner(thousands=True),
        ),
        "示例市档案服务中心2023年度单位决算.txt": (archives(2023), Manner()),
        "示例市档案服务中心2024年度单位决算.txt": (
            archives(2024),
            Manner(spaced_every=3, wrapped_every=4, truncated_codes=True, extra_columns=1),
        ),
        _ATTACHED: (bureau_itself(), Manner(narrative="full")),
        f"{_BUREAU}2024年度部门决算.txt": (bureau(), Manner(narrative="full")),
    }


def samples() -> dict[str, Printed]:
    """Each sample by its file name."""
    printed = {name: print_text(disclosure, manner) for name, (disclosure, manner) in documents().items()}
    disclosure, manner = documents()[_ATTACHED]
    return printed | {_ATTACHED: set_text(attached(disclosure, projects(), manner=manner))}


def main() -> None:
    """Write the samples."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, printed in samples().items():
        (FOLDER / name).write_bytes(printed.data)


if __name__ == "__main__":
    main()
