"""Put what a demand waits for on a demand of its own, with its place in the queue and its promises."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from core.errors import Refused
from core.quantity import plain
from core.uow import require_uow
from inventory import locks

ZERO = Decimal(0)
_KEPT = """product_id, account_id, site_id, ref_kind, ref_id, ref_number, requested_date, min_shelf_life_days, is_blocked,
    backorder_allowed, priority, tier_rank, sla_penalty, is_contract, margin_band, unit_margin, ship_complete_group,
    ship_complete, ship_to_id, region, receiving_calendar_id, receiving_days, route, opened_at"""
_OPEN = f"""
    INSERT INTO inventory_demand ({_KEPT}, line_no, ordered_qty, backordered_qty, cancelled_qty, reserved_qty,
                                  allocated_qty, released_qty, picked_qty, shipped_qty)
    SELECT {_KEPT}, %(line_no)s, backordered_qty, backordered_qty, 0, 0, 0, 0, 0, 0
    FROM inventory_demand WHERE id = %(id)s RETURNING id"""
_EMPTY = """
    UPDATE inventory_demand SET cancelled_qty = cancelled_qty + backordered_qty, backordered_qty = 0 WHERE id = %(id)s"""
# A promise is never rewritten: the one of the old demand ends, its twin on the new one keeps day, first day and cause.
_MOVE = """
    WITH ended AS (
        UPDATE inventory_promise SET is_current = FALSE
        WHERE demand_id = %(id)s AND is_current AND kind IN ('inbound', 'none')
        RETURNING qty, kind, site_id, inbound_id, ship_date, delivery_date, first_delivery_date, slip_cause
    )
    INSERT INTO inventory_promise (demand_id, qty, kind, site_id, inbound_id, ship_date, delivery_date,
                                   first_delivery_date, slip_cause, is_current, made_at)
    SELECT %(new)s, qty, kind, site_id, inbound_id, ship_date, delivery_date, first_delivery_date, slip_cause, TRUE,
           %(now)s
    FROM ended RETURNING qty"""


class NothingToSplit(Refused):
    template = "{document} has no part that waits beside one that does not: {held} held, {waits} waiting."
    remedy_template = "Only a line that is served in part is split."


@dataclass(frozen=True)
class SplitDemand:
    demand_id: int
    qty: Decimal


@require_uow
def split_demand(*, demand_id: int, line_no: int, now: datetime) -> SplitDemand:
    """The new demand (line `line_no` of the same document) and its quantity, which counts as cancelled on the old one.
    Nobody gains or loses: it was opened when the old one was, ranks like it and keeps its dates. Rank 50, four statements.

    Raises NothingToSplit.
    """
    demand = locks.lock_demands([demand_id])[demand_id]
    held = demand.reserved_qty + demand.allocated_qty + demand.released_qty + demand.picked_qty + demand.shipped_qty
    waits = demand.backordered_qty
    if waits <= ZERO or held <= ZERO:
        raise NothingToSplit(document=f"Demand {demand_id}", held=plain(held), waits=plain(waits))
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"id": demand_id, "line_no": line_no})
        (new_id,) = cursor.fetchone()
        cursor.execute(_EMPTY, {"id": demand_id})
        cursor.execute(_MOVE, {"id": demand_id, "new": new_id, "now": now})
    return SplitDemand(new_id, waits)
