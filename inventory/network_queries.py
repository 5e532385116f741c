"""How goods get to a customer: sites, lanes and calendars, read in one statement."""

import json
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from core import sql
from core.calendars import ALWAYS_OPEN, BusinessCalendar
from inventory.rules.network import Lane, Network
from inventory.rules.promise import SiteTimes

# One statement, a row per site and then a row per calendar: lanes travel with their site.
_NETWORK = """
    SELECT s.id, s.time_zone, s.cutoff_time, s.lead_days, s.transit_days, c.time_zone, c.week::text,
           (SELECT array_agg(h.date) FROM core_calendarholiday h WHERE h.calendar_id = s.calendar_id)::text,
           (SELECT json_agg(json_build_array(t.region, t.transit_days, t.cost_per_shipment::text, t.cost_per_kg::text,
                                             t.cost_per_unit::text, t.distance_km, t.calendar_id))
            FROM inventory_transitlane t WHERE t.site_id = s.id)::text, NULL::bigint
    FROM inventory_site s LEFT JOIN core_calendar c ON c.id = s.calendar_id
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, c.time_zone, c.week::text,
           (SELECT array_agg(h.date) FROM core_calendarholiday h WHERE h.calendar_id = c.id)::text, NULL, c.id
    FROM core_calendar c"""


def site_times() -> Network:
    """Calendars, cut-offs and lead times of all sites, their lanes, and the calendars customers receive by."""
    return sql.answer(reading_site_times())


def reading_site_times() -> sql.Statement[Network]:
    """The same to be read in somebody's round trip."""
    return sql.Statement(_NETWORK, {}, _network)


def _network(rows: list[tuple[Any, ...]]) -> Network:
    sites = {row[0]: _site_times(*row[:8]) for row in rows if row[0] is not None}
    lanes = [lane for row in rows if row[8] for lane in _lanes(row[0], row[8])]
    calendars = {row[9]: _calendar(*row[5:8]) for row in rows if row[9] is not None}
    return Network(sites, lanes, calendars)


@lru_cache(maxsize=1024)
def _lanes(site_id: int, packed: str) -> tuple[Lane, ...]:
    return tuple(
        Lane(site_id, region, days, Decimal(shipment), Decimal(kg), Decimal(unit), km, calendar_id)
        for region, days, shipment, kg, unit, km, calendar_id in json.loads(packed)
    )


@lru_cache(maxsize=4096)  # by what is stored: a changed site or calendar is another key
def _site_times(
    site_id: int,
    time_zone: str,
    cutoff: time | None,
    lead_days: int,
    transit_days: int,
    zone: str | None,
    week: str | None,
    days_off: str | None,
) -> SiteTimes:
    return SiteTimes(site_id, _calendar(zone, week, days_off), time_zone, cutoff, lead_days, transit_days)


@lru_cache(maxsize=1024)
def _calendar(zone: str | None, week: str | None, days_off: str | None) -> BusinessCalendar:
    days = json.loads(week or "{}")
    if not days:  # no calendar, or one that was never filled in: open every day rather than never
        return ALWAYS_OPEN
    hours = {
        int(d): tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans) for d, spans in days.items()
    }
    off = frozenset(date.fromisoformat(day) for day in (days_off or "").strip("{}").split(",") if day)
    return BusinessCalendar(zone or "UTC", hours, off)
