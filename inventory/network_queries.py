"""How goods get to a customer: sites, lanes and calendars, read in one statement."""

import json
from datetime import date, time
from decimal import Decimal
from typing import Any

from core import sql
from core.calendars import ALWAYS_OPEN, BusinessCalendar
from inventory.rules.network import Lane, Network
from inventory.rules.promise import SiteTimes

# Read with every claim, and hardly ever changed: a process says which version it knows, and is told the rest when there
# is another. A version is which rows there are, by who wrote each and where it lies: whatever writes one, by whatever
# way, makes another of it.
_NETWORK = """
    WITH now_is AS MATERIALIZED (
        SELECT coalesce(md5(string_agg(written, ' ')), '') AS version FROM (
            SELECT xmin::text || ctid::text AS written FROM inventory_site
            UNION ALL SELECT '/' || xmin::text || ctid::text FROM inventory_transitlane
            UNION ALL SELECT '|' || xmin::text || ctid::text FROM core_calendar
            UNION ALL SELECT '-' || xmin::text || ctid::text FROM core_calendarholiday) every)
    SELECT version,
           CASE WHEN version <> %(known)s::text THEN
           (SELECT json_agg(json_build_array(s.id, s.time_zone, s.cutoff_time, s.lead_days, s.transit_days,
                                             s.calendar_id, l.lanes) ORDER BY s.id)
            FROM inventory_site s LEFT JOIN (
                SELECT t.site_id, json_agg(json_build_array(
                    t.region, t.transit_days, t.cost_per_shipment::text, t.cost_per_kg::text, t.cost_per_unit::text,
                    t.distance_km, t.calendar_id)) AS lanes
                FROM inventory_transitlane t GROUP BY t.site_id) l ON l.site_id = s.id)::text END,
           CASE WHEN version <> %(known)s::text THEN
           (SELECT json_agg(json_build_array(c.id, c.time_zone, c.week, h.days) ORDER BY c.id)
            FROM core_calendar c LEFT JOIN (
                SELECT calendar_id, json_agg(date ORDER BY date) AS days FROM core_calendarholiday GROUP BY calendar_id
            ) h ON h.calendar_id = c.id)::text END
    FROM now_is"""
_known: tuple[str, Network] = "none", Network({})  # the last this process was told


def site_times() -> Network:
    """Calendars, cut-offs and lead times of all sites, their lanes, and the calendars customers receive by."""
    return sql.answer(reading_site_times())


def reading_site_times() -> sql.Statement[Network]:
    """The same to be read in somebody's round trip."""
    known = _known
    return sql.Statement(_NETWORK, {"known": known[0]}, lambda rows: _told(known, *rows[0]))


def _told(known: tuple[str, Network], version: str, sites: str | None, calendars: str | None) -> Network:
    global _known
    if version != known[0]:
        known = _known = version, _network(sites, calendars)
    return known[1]


def _network(sites: str | None, calendars: str | None) -> Network:
    known = {row[0]: _calendar(*row[1:]) for row in json.loads(calendars or "[]")}
    rows = json.loads(sites or "[]")
    lanes = [_lane(site_id, *lane) for site_id, *_, served in rows for lane in served or ()]
    return Network({row[0]: _site_times(known, *row[:6]) for row in rows}, lanes, known)


def _lane(
    site_id: int, region: str, days: int, shipment: str, kg: str, unit: str, km: int | None, calendar_id: int | None
) -> Lane:
    return Lane(site_id, region, days, Decimal(shipment), Decimal(kg), Decimal(unit), km, calendar_id)


def _site_times(
    calendars: dict[int, BusinessCalendar],
    site_id: int,
    time_zone: str,
    cutoff: str | None,
    lead_days: int,
    transit_days: int,
    calendar_id: int | None,
) -> SiteTimes:
    calendar = calendars.get(calendar_id or 0, ALWAYS_OPEN)
    return SiteTimes(
        site_id, calendar, time_zone, time.fromisoformat(cutoff) if cutoff else None, lead_days, transit_days
    )


def _calendar(zone: str, week: dict[str, Any] | None, days_off: list[str] | None) -> BusinessCalendar:
    if not week:  # never filled in: open every day rather than never
        return ALWAYS_OPEN
    hours = {
        int(d): tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans) for d, spans in week.items()
    }
    return BusinessCalendar(zone, hours, frozenset(date.fromisoformat(day) for day in days_off or ()))
