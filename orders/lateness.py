"""How late a customer has what waits: the one measure by which everything that could be done about it is ranked.

It is the number of days after the day asked for (or promised first) on which the customer has the last of it: `NEVER` while
part of it has no date. What an action does not serve comes as it is promised now. Source: domain.md §11.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from exceptions_app.rules.ranking import NEVER
from inventory.arrival_queries import arrival_days
from inventory.queries import first_promised_days, promises
from inventory.rules.asks import Availability
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.promising import last_day

ZERO = Decimal(0)
Days = Mapping[int, date | None]  # by demand: when its customer has the last of it; None: no date


def behind(order: OrderPicture, lines: Sequence[LinePicture], days: Days) -> int:
    """Of the line that is latest; 0 without lines. Where nobody asked for a day, the first day that was promised counts."""
    asked = {x.demand.demand_id: x.requested_date or order.requested_date for x in lines if x.demand is not None}
    unasked = [pk for pk, day in asked.items() if day is None]
    firsts = first_promised_days(unasked) if unasked else {}
    return max((_behind(days.get(pk), day or firsts.get(pk)) for pk, day in asked.items()), default=0)


def _behind(day: date | None, due: date | None) -> int:
    if day is None:
        return NEVER
    return max((day - due).days, 0) if due else 0


def as_promised(lines: Sequence[LinePicture]) -> Days:
    """One statement."""
    ids = [x.demand.demand_id for x in lines if x.demand is not None]
    found = promises(ids)
    return {i: last_day(found.get(i, ())) for i in ids}


def with_stock(
    lines: Sequence[LinePicture],
    there: Mapping[int, Availability],
    *,
    now: datetime,
    wanted: Mapping[int, Decimal] | None = None,
) -> Days:
    """With what is free served from the sites that are soonest, where it is enough; else as promised. `wanted` {demand:
    quantity} is what is to be served where that is not what waits. Two statements."""
    promised = as_promised(lines)
    arrivals = arrival_days(list(promised), now=now)
    found: dict[int, date | None] = {}
    for line in lines:
        if line.demand is not None:
            pk = line.demand.demand_id
            missing = line.demand.backordered if wanted is None else wanted[pk]
            day = _served(missing, there.get(line.product_id or 0), arrivals[pk])
            found[pk] = promised[pk] if day is None else day
    return found


def _served(missing: Decimal, there: Availability | None, arrivals: Mapping[int, date]) -> date | None:
    """The day the last of it is there; None where there is too little."""
    free = [(arrivals[s.site_id], s.available) for s in (there.sites if there else ()) if s.available > ZERO]
    if there is None or there.available < missing:
        return None
    for day, qty in sorted(free):
        missing -= qty
        if missing <= ZERO:
            return day
    return None


def with_part(line: LinePicture, qty: Decimal, day: date) -> Days:
    """With `qty` of what waits there on `day`; the rest as promised."""
    if line.demand is None:
        return {}
    pk = line.demand.demand_id
    if qty >= line.demand.backordered:
        return {pk: day}
    rest = as_promised([line])[pk]
    return {pk: None if rest is None else max(rest, day)}
