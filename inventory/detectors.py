"""What finds trouble with stock and promises, and what tells that it is over. One statement each."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from core import sql
from core.choices import counted
from core.quantity import plain
from core.refs import DocumentRef
from exceptions_app.detection import Detector, Watch, ended, pushed, register
from exceptions_app.rules.asks import CaseSnapshot, CaseSpec
from exceptions_app.severity import DAYS_LATE
from inventory import case_ends, failed_wins
from inventory.exception_kinds import (
    ALLOCATION_CONFLICT,
    CLAIMS_GAVE_WAY,
    CONSIGNMENT_VARIANCE,
    COUNT_PENDING,
    FIELD_EXPIRY,
    FILL_UP_DISPUTED,
    LATE_SUPPLY,
    LOT_EXPIRED,
    LOT_RECALLED,
    PROMISE_LOST,
    PROMISE_MOVED,
    TRANSFER_SHORT,
)
from inventory.queries import demand_states, moved_promises, promises

SOON = timedelta(days=7)  # a conflict about later days may still solve itself

_LATE = """
SELECT i.id, i.product_id, p.sku, i.reference, i.eta_date, i.ordered_qty - i.received_qty, w.qty, w.lines,
       n.today - i.eta_date
  FROM inventory_inboundsupply i JOIN catalog_product p ON p.id = i.product_id JOIN inventory_site s ON s.id = i.site_id
  CROSS JOIN LATERAL (SELECT (%(now)s::timestamptz AT TIME ZONE s.time_zone)::date AS today) n
  JOIN LATERAL (SELECT sum(d.backordered_qty) AS qty, count(*) AS lines FROM inventory_demand d
                 WHERE d.product_id = i.product_id AND d.ordered_qty > d.cancelled_qty + d.shipped_qty
                   AND d.backordered_qty > 0) w ON w.lines > 0
 WHERE NOT i.is_closed AND i.received_qty < i.ordered_qty AND i.eta_date < n.today
 ORDER BY i.id
"""


def late_supply(now: datetime) -> list[CaseSpec]:
    """Supply that has not come on its day, by the calendar of its site, while somebody waits for the product."""
    return [
        CaseSpec(
            LATE_SUPPLY.code,
            DocumentRef("product", product_id, sku),
            f"supply:{pk}",
            summary=f"{reference}: {plain(open_qty)} due {_day(eta)} have not come; "
            f"{counted(lines, 'line')} wait for {plain(waiting)}",
            evidence={
                "reference": reference,
                "due": eta.isoformat(),
                "open": plain(open_qty),
                "waiting": plain(waiting),
                DAYS_LATE: late,
            },
        )
        for pk, product_id, sku, reference, eta, open_qty, waiting, lines, late in sql.rows(_LATE, {"now": now})
    ]


_CONFLICTS = """
WITH wanted AS (
    SELECT d.product_id, min(d.tier_rank) AS rank, sum(d.backordered_qty) AS qty, count(*) AS lines
      FROM inventory_demand d LEFT JOIN accounts_account a ON a.id = d.account_id
     WHERE d.ordered_qty > d.cancelled_qty + d.shipped_qty AND d.backordered_qty > 0 AND NOT d.is_blocked
       AND d.requested_date <= (%(now)s::timestamptz AT TIME ZONE coalesce(a.time_zone, 'UTC'))::date + %(days)s::int
     GROUP BY d.product_id
), held AS (
    SELECT d.product_id, sum(d.allocated_qty) AS qty, count(*) AS lines
      FROM inventory_demand d JOIN wanted w ON w.product_id = d.product_id
     WHERE d.ordered_qty > d.cancelled_qty + d.shipped_qty AND d.allocated_qty > 0 AND d.tier_rank > w.rank
     GROUP BY d.product_id
)
SELECT w.product_id, p.sku, w.qty, w.lines, h.qty, h.lines
  FROM wanted w JOIN held h USING (product_id) JOIN catalog_product p ON p.id = w.product_id ORDER BY w.product_id
"""


def allocation_conflicts(now: datetime) -> list[CaseSpec]:
    """Products of which a better tier goes without this week, by the customer's day, while a worse one holds firm claims."""
    return [
        CaseSpec(
            ALLOCATION_CONFLICT.code,
            DocumentRef("product", product_id, sku),
            "tiers",
            summary=f"{plain(wanted)} missing on {counted(lines, 'line')}; "
            f"{counted(held_lines, 'line')} of lower tiers hold {plain(held)}",
            evidence={"missing": plain(wanted), "held below": plain(held)},
        )
        for product_id, sku, wanted, lines, held, held_lines in sql.rows(_CONFLICTS, {"now": now, "days": SOON.days})
    ]


def kept_again(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Cases of a moved or lost promise that is kept again, or whose goods left or are no longer wanted."""
    ids = {case.id: _number(case.cause_key) for case in cases}
    states, moved = demand_states(set(ids.values())), moved_promises(set(ids.values()))
    return {
        pk
        for pk, demand_id in ids.items()
        if demand_id not in states or not states[demand_id].open or not moved.get(demand_id)
    }


def dated_again(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Cases of a lost promise whose every open unit has a date again, or is open no more."""
    ids = {case.id: _number(case.cause_key) for case in cases}
    states, current = demand_states(set(ids.values())), promises(set(ids.values()))
    return {
        pk
        for pk, demand_id in ids.items()
        if demand_id not in states
        or not states[demand_id].open
        or all(part.delivery_date for part in current.get(demand_id, ()))
    }


def _number(cause_key: str) -> int:
    """The id a cause such as "demand:12" names; 0 for one that names none."""
    last = cause_key.rpartition(":")[2]
    return int(last) if last.isdecimal() else 0


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


register(
    Detector(LATE_SUPPLY.code, "supply:", late_supply),
    Detector(ALLOCATION_CONFLICT.code, "tiers", allocation_conflicts),
    Watch(PROMISE_MOVED.code, kept_again),
    Watch(PROMISE_LOST.code, dated_again),
    Watch(ALLOCATION_CONFLICT.code, failed_wins.won),
    Watch(CLAIMS_GAVE_WAY.code, case_ends.served_again),
    Watch(ALLOCATION_CONFLICT.code, case_ends.given_back),
    Watch(LOT_RECALLED.code, case_ends.not_held_any_more),
    Watch(CONSIGNMENT_VARIANCE.code, case_ends.explained),
    Watch(LOT_EXPIRED.code, case_ends.scrapped),
    Watch(FIELD_EXPIRY.code, case_ends.left_the_field),
)
pushed(PROMISE_MOVED.code, "the fact PromiseMoved")
pushed(PROMISE_LOST.code, "the fact PromiseMoved, without a new date")
pushed(CLAIMS_GAVE_WAY.code, "adjust_stock, change_stock_status, recall_lot, post_count")
pushed(LOT_EXPIRED.code, "expire_lots")
pushed(ALLOCATION_CONFLICT.code, "run_by_policy, and the fact WinsFailed")
pushed(TRANSFER_SHORT.code, "receive_transfer")
pushed(COUNT_PENDING.code, "post_count")
pushed(LOT_RECALLED.code, "recall_lot")
pushed(FILL_UP_DISPUTED.code, "acknowledge_transfer")
pushed(CONSIGNMENT_VARIANCE.code, "post_count")
pushed(FIELD_EXPIRY.code, "push_expiring")
ended(TRANSFER_SHORT.code, "receive_transfer, close_transfer: all arrived, or the rest is given up")
ended(COUNT_PENDING.code, "post_count: a count agrees")
ended(FILL_UP_DISPUTED.code, "settle_dispute")
