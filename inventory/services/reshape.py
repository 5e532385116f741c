"""Make locked demands what the customer wants now, before what is short of them is claimed. Part of reserve."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from core import sql
from core.clock import local_date
from core.uow import require_uow
from inventory.rules.asks import DemandAmendment
from inventory.rules.sourcing import lives_long_enough
from inventory.services.cancel import cancellable_of, take_off
from inventory.services.claim import Ledger
from inventory.states import ClaimEnd, ClaimKind

_REDATE = """
    UPDATE inventory_demand d SET requested_date = n.day
    FROM unnest(%(ids)s::bigint[], %(days)s::date[]) AS n(id, day) WHERE d.id = n.id RETURNING d.id, d.requested_date"""
# The old route led to the old address; where a rule decides about the new one, `weigh_again` plans it.
_REDIRECT = """
    UPDATE inventory_demand d SET ship_to_id = t.id, region = coalesce(t.region, ''), route = '{}',
           receiving_calendar_id = t.calendar_id, receiving_days = coalesce(t.delivery_days, '{}')
    FROM unnest(%(ids)s::bigint[], %(places)s::bigint[]) AS n(id, place) JOIN accounts_shipto t ON t.id = n.place
    WHERE d.id = n.id RETURNING d.id, d.region, d.receiving_calendar_id, d.receiving_days"""

_ADDRESSES = """
    SELECT n.id, coalesce(t.region, ''), t.calendar_id, coalesce(t.delivery_days, '{}')
    FROM unnest(%(ids)s::bigint[], %(places)s::bigint[]) AS n(id, place) JOIN accounts_shipto t ON t.id = n.place"""

_LOTS = """
    SELECT b.id, l.expiry_date, s.transit_days FROM inventory_stockbalance b
    JOIN inventory_lot l ON l.id = b.lot_id JOIN inventory_site s ON s.id = b.site_id
    WHERE b.id = ANY(%(balances)s::bigint[]) AND l.expiry_date IS NOT NULL"""


@require_uow
def reshape(ledger: Ledger, changes: Mapping[int, DemandAmendment], *, now: datetime) -> set[int]:
    """Apply the changes to the demands in the ledger; quantities are written with it, dates and addresses at once. More
    is first taken back from what was cancelled, so that less and then more again leaves a demand as it was.

    The demands that gave back a claim because its lot is too old by their new day: they are to be served again. Up to
    three statements, none without changes. Raises AlreadyInTheWarehouse.
    """
    _resize(ledger, changes)
    days = _days(changes)
    if days:
        sql.rows(_REDATE, {"ids": list(days), "days": list(days.values())})
    _redate(ledger, days)
    _redirect(ledger, changes, _REDIRECT)
    return _give_back_too_old(ledger, days, now)


def reshape_on_paper(ledger: Ledger, changes: Mapping[int, DemandAmendment], *, now: datetime) -> set[int]:
    """The same in the ledger alone: nothing is written."""
    _resize(ledger, changes)
    days = _days(changes)
    _redate(ledger, days)
    _redirect(ledger, changes, _ADDRESSES)
    return _give_back_too_old(ledger, days, now)


def _resize(ledger: Ledger, changes: Mapping[int, DemandAmendment]) -> None:
    less = {i: c.less for i, c in changes.items() if c.less}
    for demand_id, qty in less.items():
        demand = ledger.demands[demand_id]
        take_off(demand, cancellable_of(demand, {demand_id: qty}), ledger)
    for demand_id, change in changes.items():
        back = min(change.more, ledger.demands[demand_id].cancelled_qty)
        if back:
            ledger.put(demand_id, "cancelled_qty", "backordered_qty", back)
        if change.more > back:
            ledger.grow(demand_id, change.more - back)


def _days(changes: Mapping[int, DemandAmendment]) -> dict[int, date]:
    return {i: c.requested_date for i, c in sorted(changes.items()) if c.requested_date is not None}


def _redate(ledger: Ledger, days: Mapping[int, date]) -> None:
    for demand_id, day in days.items():
        ledger.demands[demand_id].requested_date = day


def _give_back_too_old(ledger: Ledger, redated: Collection[int], now: datetime) -> set[int]:
    """What the warehouse has is not called back: it goes out as it was asked for."""
    held = [h for h in ledger.open_claims(ClaimKind.SOFT, ClaimKind.HARD) if h.demand_id in redated and h.lot_id]
    lots = {b: rest for b, *rest in sql.rows(_LOTS, {"balances": [h.balance_id for h in held]})} if held else {}
    given_back = set()
    for claim in [h for h in held if h.balance_id in lots]:
        demand, (expiry, transit_days) = ledger.demands[claim.demand_id], lots[claim.balance_id]
        terms = demand.requested_date, transit_days, demand.min_shelf_life_days
        if not lives_long_enough(expiry, *terms, local_date(now, "UTC")):
            ledger.end(claim, ClaimEnd.FREED)
            given_back.add(demand.pk)
    return given_back


def _redirect(ledger: Ledger, changes: Mapping[int, DemandAmendment], text: str) -> None:
    places = {i: c.ship_to_id for i, c in sorted(changes.items()) if c.ship_to_id is not None}
    if not places:
        return
    for demand_id, region, calendar_id, days in sql.rows(text, {"ids": list(places), "places": [*places.values()]}):
        demand = ledger.demands[demand_id]
        demand.region, demand.receiving_calendar_id, demand.receiving_days = region, calendar_id, days
        demand.route = ()
