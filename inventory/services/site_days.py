"""A site's day: how many order lines were released to it, so that no batch gives it more than it handles."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from core import sql
from core.uow import require_uow
from inventory import locks
from inventory.ready_queries import site_loads, working_days
from inventory.rules.ready import SiteLoad

_ADD = """
INSERT INTO inventory_siteday (site_id, day, lines)
SELECT w.* FROM unnest(%(sites)s::bigint[], %(days)s::date[], %(lines)s::int[]) AS w
    ON CONFLICT (site_id, day) DO UPDATE SET lines = inventory_siteday.lines + excluded.lines RETURNING site_id
"""
_SET = """
INSERT INTO inventory_siteday (site_id, day, lines)
SELECT w.* FROM unnest(%(sites)s::bigint[], %(days)s::date[], %(lines)s::int[]) AS w
    ON CONFLICT (site_id, day) DO UPDATE SET lines = excluded.lines RETURNING site_id
"""
_LESS = """
UPDATE inventory_siteday r SET lines = greatest(r.lines - w.lines, 0)
  FROM unnest(%(sites)s::bigint[], %(days)s::date[], %(lines)s::int[]) AS w(site_id, day, lines)
 WHERE r.site_id = w.site_id AND r.day = w.day RETURNING r.site_id
"""


@require_uow
def lock_site_days(site_ids: Collection[int], *, now: datetime) -> dict[int, SiteLoad]:
    """The loads of those of the sites that have a limit, which stay as they are until the commit: rank 58. Three
    statements; one where no site of them has a limit."""
    limited = locks.lock_limited_sites(site_ids) if site_ids else []
    return site_loads(limited, now=now)


@require_uow
def count_released(lines: Mapping[int, int], loads: Mapping[int, SiteLoad]) -> None:
    """`lines` more by site id, on the days that were locked; sites without a limit are not counted. One statement."""
    counted = {i: n for i, n in lines.items() if i in loads and n}
    _write(_ADD, counted, {i: loads[i].day for i in counted})


@require_uow
def give_back_lines(site_id: int, lines: int, *, released_at: datetime) -> None:
    """The warehouse gave the lines back: there is room for others on the day they were released for."""
    _write(_LESS, {site_id: lines}, working_days([site_id], now=released_at))


@require_uow
def set_released(lines: Mapping[int, int], loads: Mapping[int, SiteLoad]) -> None:
    """`lines` in all by site id, on the days that were locked. One statement."""
    counted = {i: n for i, n in lines.items() if i in loads}
    _write(_SET, counted, {i: loads[i].day for i in counted})


def _write(text: str, lines: Mapping[int, int], days: Mapping[int, date]) -> None:
    if lines:
        sites = sorted(lines)
        asked = {"sites": sites, "days": [days[i] for i in sites], "lines": [lines[i] for i in sites]}
        sql.rows(text, asked)
