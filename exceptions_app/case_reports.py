"""What became of cases: by kind, cause, owner or team, and by day; how fast, how often too late, what it gained or cost.

1 SQL each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal

from core import sql
from core.chart import Count, every_day
from core.periods import Period
from exceptions_app import kinds

BY = {
    "kind": "c.kind",
    "cause": "c.kind || ': ' || "
    "coalesce(nullif(regexp_replace(split_part(c.cause_key, ':', 1), '[0-9]+', '', 'g'), ''), 'any')",
    "owner": "coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username, 'nobody')",
    "team": "q.name",
}


@dataclass(frozen=True)
class ReportLine:
    """Cases opened in the period. Times are medians in minutes of the wall clock, None where nothing is measured yet;
    `saved` and `lost` are what the resolutions that were applied gained and gave away, in `currency`."""

    what: str
    currency: str
    opened: int
    live: int
    by_themselves: int
    respond_minutes: Decimal | None
    resolve_minutes: Decimal | None
    breached: int
    breach_percent: Decimal
    reopened: int
    at_risk: Decimal
    saved: Decimal
    lost: Decimal


_REPORT = """
SELECT {what} AS what, c.currency, count(*), count(*) FILTER (WHERE c.resolved_at IS NULL),
       count(*) FILTER (WHERE c.resolved_at IS NOT NULL AND c.resolution_code = '' AND c.responded_at IS NULL),
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.responded_at - c.opened_at))
              FILTER (WHERE c.responded_at IS NOT NULL) / 60)::numeric, 1),
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.resolved_at - c.opened_at))
              FILTER (WHERE c.resolved_at IS NOT NULL) / 60)::numeric, 1),
       count(*) FILTER (WHERE c.breached_at IS NOT NULL),
       round(100.0 * count(*) FILTER (WHERE c.breached_at IS NOT NULL) / count(*), 1),
       count(*) FILTER (WHERE c.reopened_times > 0),
       coalesce(sum(c.money_at_risk) FILTER (WHERE c.resolved_at IS NULL), 0),
       coalesce(sum(c.money_effect) FILTER (WHERE c.money_effect > 0), 0),
       coalesce(-sum(c.money_effect) FILTER (WHERE c.money_effect < 0), 0)
  FROM exceptions_app_case c JOIN exceptions_app_queue q ON q.id = c.queue_id
  LEFT JOIN accounts_user u ON u.id = c.assignee_id
 WHERE c.opened_at >= %(since)s AND c.opened_at < %(until)s
 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""


def case_report(by: str, *, since: datetime, until: datetime) -> Sequence[ReportLine]:
    """One line per kind, cause, owner or team and currency, the most cases first. Raises KeyError for another `by`."""
    rows = sql.rows(_REPORT.replace("{what}", BY[by]), {"since": since, "until": until})
    return [ReportLine(_named(by, row[0]), *row[1:]) for row in rows]


def breaches_by_day(period: Period) -> list[Count]:
    """Cases opened on each day of the period (UTC, both ends needed), and as the part of them those that breached a clock
    at any time since. The days of a period add up to what `case_report` counts over it."""
    rows = sql.rows(
        "SELECT (opened_at AT TIME ZONE 'UTC')::date, count(*), count(breached_at) FROM exceptions_app_case "
        "WHERE opened_at >= %(since)s AND opened_at < %(until)s GROUP BY 1",
        dict(zip(("since", "until"), bounds(period), strict=True)),
    )
    return every_day(period, {day: (opened, breached) for day, opened, breached in rows})


def bounds(period: Period) -> tuple[datetime, datetime]:
    """The midnights (UTC) a period with both ends lies between. Raises ValueError for one that is open."""
    if period.start is None or period.end is None:
        raise ValueError("a report is of a period with both ends")
    return datetime.combine(period.start, time(), UTC), datetime.combine(period.end, time(), UTC)


def _named(by: str, what: str) -> str:
    if by == "kind":
        return kinds.label(what)
    if by == "cause":
        kind, _, cause = what.partition(": ")
        return f"{kinds.label(kind)}: {cause}"
    return what
