"""What the holds of drafts keep for them."""

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from inventory.models import Demand
from inventory.states import STOCK_HOLD


class HeldLine(NamedTuple):
    """A line of a hold in base units: what the draft asked for, and what its hold keeps (also if it has just run out)."""

    demand_id: int
    line_no: int
    product_id: int
    asked: Decimal
    held: Decimal


def held_lines(hold_ids: Collection[int]) -> dict[int, list[HeldLine]]:
    """{hold: its lines in their order}; a hold without lines is absent. One statement, none for no ids."""
    found: dict[int, list[HeldLine]] = {}
    if not hold_ids:
        return found
    rows = Demand.objects.filter(ref_kind=STOCK_HOLD, ref_id__in=list(hold_ids)).order_by("ref_id", "line_no")
    for row in rows.values_list("ref_id", "id", "line_no", "product_id", "ordered_qty", "reserved_qty"):
        found.setdefault(row[0], []).append(HeldLine(*row[1:]))
    return found
