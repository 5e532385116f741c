"""Open demands for document lines: everything backordered at first."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core import sql
from core.uow import require_uow
from inventory.rules.asks import DemandSpec
from inventory.services.plan_routes import plan_routes

COLUMNS = {
    "product_id": "bigint",
    "account_id": "bigint",
    "site_id": "bigint",
    "ref_kind": "text",
    "ref_id": "bigint",
    "ref_number": "text",
    "line_no": "int",
    "ordered_qty": "numeric",
    "backordered_qty": "numeric",
    "requested_date": "date",
    "min_shelf_life_days": "int",
    "is_blocked": "bool",
    "backorder_allowed": "bool",
    "priority": "smallint",
    "tier_rank": "smallint",
    "sla_penalty": "numeric",
    "is_contract": "bool",
    "margin_band": "smallint",
    "ship_complete_group": "text",
    "ship_complete": "text",
    "ship_to_id": "bigint",
    "unit_margin": "numeric",
}
_NAMES = ", ".join(COLUMNS)
_OPEN = f"""
    INSERT INTO inventory_demand ({_NAMES}, opened_at, cancelled_qty, reserved_qty, allocated_qty, released_qty,
                                  picked_qty, shipped_qty, route, region, receiving_calendar_id, receiving_days)
    SELECT {", ".join(f"d.{name}" for name in COLUMNS)}, %(now)s::timestamptz, 0, 0, 0, 0, 0, 0,
           '{{}}', coalesce(t.region, ''),
           t.calendar_id, coalesce(t.delivery_days, '{{}}')
    FROM json_to_recordset(%(specs)s::json) AS d({", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())})
    LEFT JOIN accounts_shipto t ON t.id = d.ship_to_id
    RETURNING id, ref_kind, ref_id, line_no, (SELECT EXISTS (SELECT FROM inventory_sourcingrule WHERE is_active))"""


@require_uow
def open_demands(specs: Sequence[DemandSpec], *, now: datetime) -> dict[str, int]:
    """{spec key: demand id}, each with the sites it is served from where a sourcing rule says so.

    One statement, five more where there are rules. A document line that has a demand already is refused by the
    database (constraint one_demand_per_document_line).
    """
    if not specs:
        return {}
    rows = json.dumps([dict(zip(COLUMNS, _values(spec), strict=True)) for spec in specs])
    opened = sql.rows(_OPEN, {"now": now, "specs": rows})
    ids = {(kind, ref_id, line_no): demand_id for demand_id, kind, ref_id, line_no, _ in opened}
    if opened[0][4]:
        plan_routes(sorted(ids.values()), now=now)
    return {spec.key: ids[spec.ref.kind, spec.ref.id, spec.line_no] for spec in specs}


def _values(spec: DemandSpec) -> tuple[Any, ...]:
    rank, qty = spec.rank, str(spec.qty)
    return (
        spec.product_id,
        spec.account_id,
        spec.site_id,
        spec.ref.kind,
        spec.ref.id,
        spec.ref.number,
        spec.line_no,
        qty,
        qty,
        spec.requested_date.isoformat(),
        spec.min_shelf_life_days,
        spec.is_blocked,
        spec.backorder_allowed,
        rank.priority,
        rank.tier_rank,
        str(rank.sla_penalty),
        rank.is_contract,
        rank.margin_band,
        rank.ship_complete_group,
        rank.ship_complete,
        spec.ship_to_id,
        None if rank.unit_margin is None else str(rank.unit_margin),
    )
