"""The state of a day as table macros: ``as_of(日期)``, and ``名称_截至(日期)`` beside each view of documents.

Belongs here: making the twin of a view, the same SELECT over the documents, figures and decisions of that
day. Does not belong here: the views (``catalogue``), and which version was in force when (``history``).

A day is taken as at its end, in UTC as all times of the warehouse are. What a person corrected later has its
printed value; verdicts are not made again, they are those of the figures as they are now.
"""

# ruff: noqa: S608 - the statements are made of names of our own schema, never of what a document says

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipelines.vocabulary import Form, forms
from warehouse.catalogue import Macro, View
from warehouse.schema import identifier, literal, load_yaml, package_file, wide_table

_PARAMETER = "日期"
DAY = identifier(_PARAMETER)
_DOCUMENTS = "document_in_force"
_ITEMS = "fact_line_item"
_READ_FROM = re.compile(r'\b(FROM|JOIN)\s+"?(\w+)"?(?=[\s)]|$)')
# A figure that a later correction changed, as it stood before; another as it is.
_BEFORE = (
    "CASE WHEN list_contains(b.measures, {measure}) "
    "THEN b.{kind}[list_position(b.measures, {measure})] ELSE {now} END"
)


def macros(views: Sequence[View]) -> list[Macro]:
    """``as_of``, the twins of tables that entries of people change, and those of the views of documents."""
    said = load_yaml("views.yml")["as_of"]
    own = [
        Macro(
            name, _PARAMETER, package_file("views", f"{name}.macro.sql").read_text("utf-8").strip(), meaning
        )
        for name, meaning in said["macros"].items()
    ]
    wide = [_wide(form, said["figures"].format(table=form.name)) for form in forms().values()]
    twins = {_DOCUMENTS: "as_of", "decision": "decision_截至", _ITEMS: f"{_ITEMS}_截至"}
    twins |= {
        wide_table(form.id).name: macro.name for form, macro in zip(forms().values(), wide, strict=True)
    }
    made = [*own, *wide]
    of_documents = {_DOCUMENTS}
    for view in views:
        if view.name == _DOCUMENTS or not of_documents.intersection(_read_from(view.select)):
            continue
        of_documents.add(view.name)
        twin = Macro(
            f"{view.name}_截至",
            _PARAMETER,
            _on_the_day(view.select, twins),
            said["twin"].format(view=view.comment),
        )
        twins[view.name] = twin.name
        made.append(twin)
    return made


def _read_from(select: str) -> set[str]:
    return {name for _, name in _READ_FROM.findall(select)}


def _on_the_day(select: str, twins: Mapping[str, str]) -> str:
    """The SELECT over the twins of what it reads from."""
    return _READ_FROM.sub(
        lambda found: f"{found[1]} {identifier(twins[found[2]])}({DAY})" if found[2] in twins else found[0],
        select,
    )


def _wide(form: Form, meaning: str) -> Macro:
    """The wide table of a form, with the figures that were corrected later as they were printed."""
    table = wide_table(form.id)
    before = [
        _BEFORE.format(measure=literal(m.name), kind="amounts", now=f"t.{identifier(m.key)}")
        + f" AS {identifier(m.key)}"
        for m in form.measures
    ]
    if "quantity" in (column.name for column in table.columns):
        [measure] = form.measures
        before.append(
            _BEFORE.format(measure=literal(measure.name), kind="quantities", now="t.quantity")
            + " AS quantity"
        )
    return Macro(
        f"{table.name}_截至",
        _PARAMETER,
        f"SELECT t.* REPLACE ({', '.join(before)}, "
        "list_filter(t.not_as_printed, lambda m: NOT coalesce(list_contains(b.printed, m), false)) "
        "AS not_as_printed) "
        f"FROM {identifier(table.name)} t "
        f"LEFT JOIN corrected_later_截至({DAY}) b USING (statement_id, row_seq)",
        meaning,
    )
