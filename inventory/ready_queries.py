"""What is allocated and about to go, and how full the day of its sites is: reads for the gates of release."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from core import sql
from inventory.network_queries import reading_site_times
from inventory.rules.network import Destination, Network
from inventory.rules.promise import earliest_ship_date, working_day
from inventory.rules.ready import ReadyStock, SiteLoad

_READY = """
SELECT c.demand_id, b.site_id, s.code, coalesce(l.code, ''), l.expiry_date,
       b.status = 'available' AND NOT coalesce(l.is_recalled, false), d.min_shelf_life_days, d.region,
       d.receiving_calendar_id, d.receiving_days
  FROM inventory_claim c JOIN inventory_stockbalance b ON b.id = c.balance_id JOIN inventory_site s ON s.id = b.site_id
  JOIN inventory_demand d ON d.id = c.demand_id LEFT JOIN inventory_lot l ON l.id = b.lot_id
 WHERE c.state = 'open' AND c.kind = 'hard' AND c.demand_id = ANY(%(demands)s::bigint[])
 ORDER BY c.id
"""
_LOADS = """
SELECT s.id, s.code, s.lines_per_day, coalesce(r.lines, 0)
  FROM inventory_site s
  JOIN unnest(%(sites)s::bigint[], %(days)s::date[]) AS w(id, day) ON w.id = s.id
  LEFT JOIN inventory_siteday r ON r.site_id = s.id AND r.day = w.day
 WHERE s.lines_per_day IS NOT NULL
"""


def ready_stock(demand_ids: Collection[int], *, now: datetime) -> dict[int, list[ReadyStock]]:
    """Every hard claim of the demands, in the order they were made, as if it left now. One round trip."""
    found: dict[int, list[ReadyStock]] = {i: [] for i in demand_ids}
    if not found:
        return found
    asked = sql.Statement(_READY, {"demands": list(found)}, list)
    rows, network = sql.answers(asked, reading_site_times())
    for row in rows:
        found[row[0]].append(_ready(network, row, now))
    return found


def _ready(network: Network, row: Sequence[Any], now: datetime) -> ReadyStock:
    demand_id, site_id, site, lot, expiry, is_usable, min_days, region, calendar_id, days = row
    times = network.times_to(Destination(region, calendar_id, tuple(days)))[site_id]
    ships = earliest_ship_date(times, now=now)
    return ReadyStock(demand_id, site_id, site, lot, expiry, is_usable, min_days, ships, times.arrival(ships))


def site_loads(site_ids: Collection[int], *, now: datetime) -> dict[int, SiteLoad]:
    """Of the sites that say how many lines a day they handle: how many were released for the day they work on now. Two
    statements, none without sites."""
    if not site_ids:
        return {}
    days = working_days(site_ids, now=now)
    rows = sql.rows(_LOADS, {"sites": list(days), "days": list(days.values())})
    return {pk: SiteLoad(code, days[pk], limit, lines) for pk, code, limit, lines in rows}


def working_days(site_ids: Collection[int], *, now: datetime) -> Mapping[int, date]:
    """The day each site works on what reaches it now. One statement."""
    network = sql.answer(reading_site_times())
    return {i: working_day(network[i], now=now) for i in sorted(site_ids)}
