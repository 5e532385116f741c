"""The day a customer would have goods: by the calendars, lanes and receiving days every promise is made with."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from core import sql
from inventory.network_queries import reading_site_times
from inventory.rules.network import Destination
from inventory.rules.promise import dates_for, earliest_ship_date, ship_date_after

_GOING = """
SELECT d.id, d.requested_date, d.region, d.receiving_calendar_id, d.receiving_days
  FROM inventory_demand d WHERE d.id = ANY(%(demands)s::bigint[])
"""


def arrival_days(
    demand_ids: Collection[int], *, now: datetime, landing: Mapping[int, date] | None = None
) -> dict[int, dict[int, date]]:
    """{demand: {site: the day its customer has what leaves there first}}: from stock, of every site; with `landing` ({site:
    the day supply comes in}) from that supply, of those sites. Not before the day asked for. One round trip."""
    if not demand_ids:
        return {}
    asked = sql.Statement(_GOING, {"demands": sorted(set(demand_ids))}, list)
    rows, network = sql.answers(asked, reading_site_times())
    found: dict[int, dict[int, date]] = {}
    for pk, requested, region, calendar_id, days in rows:
        times = network.times_to(Destination(region, calendar_id, tuple(days)))
        leaves = (
            {i: earliest_ship_date(site, now=now) for i, site in times.items()}
            if landing is None
            else {i: ship_date_after(times[i], day) for i, day in landing.items()}
        )
        found[pk] = {i: dates_for(times[i], earliest=day, requested=requested)[1] for i, day in leaves.items()}
    return found
