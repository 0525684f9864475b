"""What the text says at a place: the figures of the 情况说明 that stand there, and their counterparts.

Belongs here: the steps of ``explain`` that are about claims. Does not belong here: the steps that every
place has (``explain``).
"""

from __future__ import annotations

from collections.abc import Iterator

from warehouse.query import Published
from warehouse.rows import Row

Step = tuple[str, str]


def claims_of(published: Published, name: str) -> tuple[str, list[Row]]:
    """The place that a name speaks of, and the claims there: the one of that id, or all of that place."""
    document, _, locator = name.partition("/")
    if found := published.rows("fact_claim", claim_id=name):
        return f"{document}/{found[0]['locator']}", found
    return name, published.rows("fact_claim", document_id=document, locator=locator)


def claim_steps(claims: list[Row]) -> Iterator[Step]:
    """What each of some claims says, in their order."""
    for claim in sorted(claims, key=lambda claim: claim["seq"]):
        about = " · ".join(filter(None, (claim["section"], claim["object"], claim["kind"], claim["period"])))
        value = f"{claim['value']:,f}".rstrip("0").rstrip(".")
        way = f"（{claim['direction']}）" if claim["direction"] else ""
        yield "情况说明", f"{about}（编号 {claim['claim_id']}）"
        yield "数值", f"「{claim['value_printed']}」 → {value} {claim['unit'] or ''}".rstrip() + way
        compared = [cell for cell in (claim["cell_id"], claim["whole_cell_id"]) if cell]
        if compared:
            yield "对照", "，".join(compared)
    if claims:
        yield "视图", f"情况说明数据：序号 {'、'.join(str(claim['seq']) for claim in claims)}"
