"""A small literal document with performance forms, all of it invented, to test what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.model import CellRole, Document, DocumentPart
from pipelines.performance.records import (
    PerformanceField,
    PerformanceForm,
    PerformanceFunding,
    PerformanceIndicator,
    PerformanceTask,
    PersonalDatum,
)
from tests.warehouse_fixtures import full_part, yuan

# Nobody is called so, and no telephone has this number.
NAMES = ("赵钱孙", "周吴郑王")
NUMBER = "0000-1234567"


def form(doc: Document, seq: int, start: str, **changes: Any) -> PerformanceForm:
    """A form of family A that says nothing but its project; ``start`` is the place where it begins."""
    nothing = dict.fromkeys(PerformanceForm.__dataclass_fields__)
    made = PerformanceForm(
        **nothing
        | {
            "form_id": f"{doc.document_id}/{start}/form",
            "seq": seq,
            "family": "A",
            "state": "完整",
            "project_name": "样例项目",
            "implementing_unit": "某市某局",
            "money_unit": "万元",
            "reader": "文本",
            "locator": start,
            "locator_end": start,
        }
    )
    return replace(made, **changes)


def field(
    form: PerformanceForm, seq: int, name: str, printed: str, place: str, **changes: Any
) -> PerformanceField:
    """A printed field; give ``text``, ``amount`` or ``number``."""
    document_id = form.form_id.partition("/")[0]
    made = PerformanceField(
        form.form_id, seq, name, None, None, None, None, printed, "printed", None, f"{document_id}/{place}"
    )
    return replace(made, **changes)


def performance_part(doc: Document) -> DocumentPart:
    """``full_part`` with three forms: one that scored well on little, its second printing, and a target."""
    first = form(
        doc, 1, "L101",
        budget_amount=yuan("30"), received_amount=yuan("30"), executed_amount=yuan("10"),
        execution_score=Decimal("3.33"), output_score=Decimal("50"), benefit_score=Decimal("30"),
        satisfaction_score=Decimal("10"), total_score=Decimal("93.33"), grade="优",
        filled_on=date(2025, 4, 3), variant="A2", title_printed="项目支出绩效自评表", locator_end="L112",
    )  # fmt: skip
    second = replace(
        first, form_id=f"{doc.document_id}/L121/form", seq=2, duplicate_of=first.form_id,
        executed_amount=None, note="执行金额待核：两个数粘连", state="不完整", locator="L121",
        locator_end="L129",
    )  # fmt: skip
    target = form(
        doc, 3, "L201", family="F", project_name="样例目标", money_unit="元",
        budget_amount=Decimal("11184.00"),
        variant=None, title_printed="项目支出绩效目标表", locator_end="L209",
    )  # fmt: skip
    cell = f"{doc.document_id}/"
    fields = (
        field(first, 1, "项目名称", "样例项目", "L101/c2", text="样例项目"),
        field(first, 2, "预算金额", "30.00", "L103/c2", amount=yuan("30"), unit="万元"),
        field(first, 3, "到位金额", "30.00", "L103/c4", amount=yuan("30"), unit="万元"),
        field(first, 4, "执行金额", "10.00", "L103/c6", amount=yuan("10"), unit="万元"),
        field(first, 5, "执行得分", "3.33", "L108/c2", number=Decimal("3.33"), unit="分"),
        field(first, 6, "产出得分", "50", "L109/c7", number=Decimal("50"), unit="分"),
        field(first, 7, "效益得分", "30", "L110/c7", number=Decimal("30"), unit="分"),
        field(first, 8, "满意度得分", "10", "L111/c7", number=Decimal("10"), unit="分"),
        field(first, 9, "总分", "93.33", "L112/c2", number=Decimal("93.33"), unit="分"),
        field(first, 10, "自评结论", f"等级优。组长{NAMES[0]}", "L112/c4", text=f"等级优。组长{NAMES[0]}"),
        field(first, 11, "项目效果", "", "L107/c2", status="blank"),
        field(second, 1, "执行金额", "10.0030.00", "L123/c6", status="held", reason="两个数粘连"),
    )
    source = PerformanceFunding(
        first.form_id, 1, "来源", "市财政", "市财政", "年度",
        yuan("30"), "30.00", f"{cell}L104/c3", yuan("30"), "30.00", f"{cell}L104/c4",
        yuan("10"), "10.00", f"{cell}L104/c5", None, None, None, "printed", None, "L104",
    )  # fmt: skip
    funding = (
        source,
        replace(
            source, form_id=second.form_id, executed_amount=None, executed_printed="10.0030.00",
            budget_cell=f"{cell}L124/c3", received_cell=f"{cell}L124/c4", executed_cell=f"{cell}L124/c5",
            locator="L124", status="held", reason="执行金额：两个数粘连",
        ),
        replace(
            source, form_id=target.form_id, source="中央财政", source_printed="中央", period="实施期",
            budget_amount=Decimal("11184.00"), budget_printed="11184", budget_cell=f"{cell}L204/c3",
            received_amount=None, received_printed=None, received_cell=None,
            executed_amount=None, executed_printed=None, executed_cell=None, locator="L204",
        ),
    )  # fmt: skip
    task = PerformanceTask(
        first.form_id, 1, "保障运转", "样例项目", yuan("5"), "5.00", f"{cell}L105/c3", yuan("5"), "5.00",
        f"{cell}L105/c4", Decimal(100), "100%", f"{cell}L105/c5", Decimal("13.4"), f"{cell}L105/c6",
        Decimal("13.4"), f"{cell}L105/c7", "printed", None, f"{cell}L105/c2",
    )  # fmt: skip
    indicator = PerformanceIndicator(
        first.form_id, 1, "年度", "产出指标", "数量指标", "指标1", "培训人次", "≥", "≥100人",
        Decimal(100), "人", f"{cell}L109/c4", "80人", Decimal(80), "人", f"{cell}L109/c5", None, None,
        Decimal(10), f"{cell}L109/c6", Decimal(10), f"{cell}L109/c8", None, None, "printed", None,
        f"{cell}L109/c3",
    )  # fmt: skip
    indicators = (
        indicator,
        replace(
            indicator, seq=2, ordinal="指标2", level3="到课率", score=Decimal("9.5"),
            cell_id=f"{cell}L110/c3",
            target_cell=f"{cell}L110/c4", achieved_cell=f"{cell}L110/c5", weight_cell=f"{cell}L110/c6",
            score_cell=f"{cell}L110/c8", deviation=f"{NAMES[0]}未到课",
        ),
    )  # fmt: skip
    persons = (
        PersonalDatum(first.form_id, "项目负责人", NAMES[0], f"{cell}L102/c2"),
        PersonalDatum(first.form_id, "联系电话", NUMBER, f"{cell}L102/c4"),
        PersonalDatum(first.form_id, "成员", "、".join(NAMES), f"{cell}L112/c6"),
    )
    seen = [f for f in fields if f.printed]
    roles = [CellRole(f.form_id, f.cell_id, f.printed, "text") for f in seen]
    roles += [CellRole(p.form_id, p.cell_id, p.text, "person", "个人信息") for p in persons]
    part = full_part(doc)
    return replace(
        part,
        cells=(*part.cells, *roles),
        performance_forms=(first, second, target),
        performance_fields=fields,
        performance_funding=funding,
        performance_tasks=(task,),
        performance_indicators=indicators,
        persons=persons,
    )
