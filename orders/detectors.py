"""What finds trouble with orders. One statement each, whatever the number of open lines. Days are the customer's."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core import sql
from core.choices import counted
from core.money import places_in_sql
from core.refs import DocumentRef
from exceptions_app.detection import Detector, Watch, ended, pushed, register
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.severity import DAYS_LATE
from orders import case_worth
from orders.case_ends import parts_are_known
from orders.exception_kinds import (
    AGED_BACKORDER,
    AGED_CREDIT_HOLD,
    CANCEL_DATE_AT_RISK,
    CREDIT_HOLD,
    ORDER_HOLD,
    ORDER_STUCK,
    PRICE_MISMATCH,
    UNRESOLVED_LINES,
    USAGE_WITHOUT_PO,
)
from orders.late_penalties import LATE, Late, penalties

PLACES = places_in_sql("o.currency")

BACKORDER_IS_OLD = timedelta(days=7)  # after the day the customer asked for
HOLD_IS_OLD = timedelta(days=2)
ORDER_IS_STUCK = timedelta(days=3)  # ready, held by nothing, and not released
CANCEL_DATE_IS_NEAR = timedelta(days=7)

# `latest` is the latest day it may be anywhere: an index narrows by it before each customer's own day decides.
_BACKORDERS = f"""
SELECT o.id, o.number, o.account_id, o.currency, sum(round(d.backordered_qty * l.unit_price, {PLACES})), count(*),
       min(d.requested_date), (o.submitted_at AT TIME ZONE a.time_zone)::date, sum(n.today - d.requested_date), n.today
  FROM inventory_demand d JOIN orders_orderline l ON l.demand_id = d.id JOIN orders_order o ON o.id = l.order_id
  JOIN accounts_account a ON a.id = o.account_id
  CROSS JOIN LATERAL (SELECT (%(now)s::timestamptz AT TIME ZONE a.time_zone)::date AS today) n
 WHERE d.ordered_qty > d.cancelled_qty + d.shipped_qty AND d.backordered_qty > 0
   AND d.requested_date < %(latest)s::date AND d.requested_date < n.today - %(days)s::int
 GROUP BY o.id, a.time_zone, n.today ORDER BY o.id
"""


def aged_backorders(now: datetime) -> list[CaseSpec]:
    """Orders of which part still waits for stock a week after the day asked for, with the contract's penalties."""
    latest = now.date() + timedelta(days=1) - BACKORDER_IS_OLD
    rows = sql.rows(_BACKORDERS, {"now": now, "latest": latest, "days": BACKORDER_IS_OLD.days})
    late = [Late(account, on, money, lines, int(days)) for _, _, account, money, _, lines, _, on, days, _ in rows]
    return [
        replace(
            _spec(
                AGED_BACKORDER, order, "old", worth + owed, f"{counted(lines, 'line')} backordered since {_day(asked)}"
            ),
            evidence={DAYS_LATE: (today - asked).days},
        )
        for (*order, worth, lines, asked, _, _, today), owed in zip(rows, penalties(late), strict=True)
    ]


_HOLDS = """
SELECT o.id, o.number, o.account_id, o.currency, o.total_amount, h.id, (h.placed_at AT TIME ZONE a.time_zone)::date
  FROM orders_hold h JOIN orders_order o ON o.id = h.order_id JOIN accounts_account a ON a.id = o.account_id
 WHERE h.cleared_at IS NULL AND h.reason = 'credit' AND h.placed_at < %(before)s ORDER BY h.id
"""


def aged_credit_holds(now: datetime) -> list[CaseSpec]:
    rows = sql.rows(_HOLDS, {"before": now - HOLD_IS_OLD})
    return [
        _spec(AGED_CREDIT_HOLD, order, f"hold:{hold_id}", worth, f"Held by credit since {_day(placed)}")
        for *order, worth, hold_id, placed in rows
    ]


_STUCK = """
SELECT o.id, o.number, o.account_id, o.currency, o.total_amount, (o.submitted_at AT TIME ZONE a.time_zone)::date,
       s.late_lines, s.late_days
  FROM orders_order o JOIN accounts_account a ON a.id = o.account_id
  CROSS JOIN LATERAL (SELECT (%(now)s::timestamptz AT TIME ZONE a.time_zone)::date AS today) n
  JOIN LATERAL (SELECT sum(d.reserved_qty + d.allocated_qty) AS ready, sum(d.backordered_qty) AS missing,
                       sum(d.released_qty + d.picked_qty + d.shipped_qty) AS gone, min(d.requested_date) AS asked,
                       count(*) FILTER (WHERE d.requested_date < n.today) AS late_lines,
                       sum(greatest(n.today - d.requested_date, 0)) AS late_days
                  FROM orders_orderline l JOIN inventory_demand d ON d.id = l.demand_id WHERE l.order_id = o.id) s ON TRUE
 WHERE o.status = 'submitted' AND o.submitted_at < %(before)s
   AND s.ready > 0 AND s.missing = 0 AND s.gone = 0 AND s.asked <= n.today
   AND NOT EXISTS (SELECT FROM orders_hold h WHERE h.order_id = o.id AND h.cleared_at IS NULL)
 ORDER BY o.id
"""


def stuck_orders(now: datetime) -> list[CaseSpec]:
    """Due, whole, held by nothing, and still nobody released them; at risk with them the penalties of lines past their
    day."""
    rows = sql.rows(_STUCK, {"before": now - ORDER_IS_STUCK, "now": now})
    late = [Late(account, on, money, lines, int(days)) for _, _, account, money, _, on, lines, days in rows]
    return [
        _spec(ORDER_STUCK, order, "not released", worth + owed, f"Ready since {_day(on)} and not released")
        for (*order, worth, on, _, _), owed in zip(rows, penalties(late), strict=True)
    ]


_CANCEL_DATES = f"""
SELECT o.id, o.number, o.account_id, o.currency, sum(late_part.worth), count(*), o.cancel_after_date,
       (o.submitted_at AT TIME ZONE a.time_zone)::date,
       count(*) FILTER (WHERE late.days > 0), sum(late.days)
  FROM orders_order o JOIN accounts_account a ON a.id = o.account_id
  JOIN orders_orderline l ON l.order_id = o.id JOIN inventory_demand d ON d.id = l.demand_id
  JOIN LATERAL (SELECT sum(round(p.qty * l.unit_price, {PLACES})) AS worth, count(*) AS parts FROM inventory_promise p
                 WHERE p.demand_id = d.id AND p.is_current
                   AND (p.delivery_date IS NULL OR p.delivery_date > o.cancel_after_date)) late_part ON late_part.parts > 0
  {LATE}
 WHERE o.status = 'submitted'
   AND o.cancel_after_date <= (%(now)s::timestamptz AT TIME ZONE a.time_zone)::date + %(days)s::int
   AND d.ordered_qty > d.cancelled_qty + d.shipped_qty
 GROUP BY o.id, a.time_zone ORDER BY o.id
"""


def cancel_dates_at_risk(now: datetime) -> list[CaseSpec]:
    """Orders whose customer takes nothing after a day within the week that a promise does not keep: at risk are what is
    promised beyond it and what the contract asks for its lateness."""
    rows = sql.rows(_CANCEL_DATES, {"now": now, "days": CANCEL_DATE_IS_NEAR.days})
    late = [
        Late(account, on, money, late_lines, int(days)) for _, _, account, money, _, _, _, on, late_lines, days in rows
    ]
    return [
        _spec(
            CANCEL_DATE_AT_RISK,
            order,
            "cancel date",
            worth + owed,
            f"{counted(lines, 'line')} promised after {_day(last)}",
        )
        for (*order, worth, lines, last, _, _, _), owed in zip(rows, penalties(late), strict=True)
    ]


def _spec(kind: str, order: list[Any], cause: str, worth: Decimal, summary: str) -> CaseSpec:
    pk, number, account_id, currency = order
    return CaseSpec(kind, DocumentRef("order", pk, number), cause, account_id, worth, currency, summary)


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


register(
    Detector(AGED_BACKORDER, "old", aged_backorders),
    Detector(AGED_CREDIT_HOLD, "hold:", aged_credit_holds),
    Detector(ORDER_STUCK, "not released", stuck_orders),
    Detector(CANCEL_DATE_AT_RISK, "cancel date", cancel_dates_at_risk),
    Watch(UNRESOLVED_LINES, parts_are_known),
)
__all__ = ["case_worth"]  # says what cases of the rooms below put at risk

for opened_by_hold in (CREDIT_HOLD, PRICE_MISMATCH, ORDER_HOLD, USAGE_WITHOUT_PO):
    pushed(opened_by_hold, "the fact HoldPlaced")
    ended(opened_by_hold, "the fact HoldCleared")
pushed(UNRESOLVED_LINES, "the fact OrderUnresolved")
