"""Orders whose customer stops wanting them: what is past its cancel-after date. One statement."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core import sql

# A day is the customer's own: the date has passed when it is over where the account is.
_ORDERS = """
    SELECT o.id, o.number, o.account_id, o.cancel_after_date, o.currency,
           sum(round((d.backordered_qty + d.reserved_qty + d.allocated_qty) * x.unit_price, 2)),
           sum(d.backordered_qty)
    FROM orders_order o JOIN accounts_account a ON a.id = o.account_id
    JOIN orders_orderline x ON x.order_id = o.id JOIN inventory_demand d ON d.id = x.demand_id
    WHERE o.status = 'submitted' AND o.cancel_after_date IS NOT NULL
      AND d.backordered_qty + d.reserved_qty + d.allocated_qty > 0 AND {when}
    GROUP BY o.id ORDER BY o.cancel_after_date, o.id LIMIT %(limit)s::int"""
_PAST = _ORDERS.format(when="o.cancel_after_date < (%(now)s::timestamptz AT TIME ZONE a.time_zone)::date")


@dataclass(frozen=True)
class Dated:
    """`worth` of what is not in the warehouse's hands, `short` of it backordered (base units)."""

    order_id: int
    number: str
    account_id: int
    cancel_after: date
    currency: str
    worth: Decimal
    short: Decimal


def past_their_date(*, now: datetime, limit: int) -> list[Dated]:
    """Open orders with something unreleased whose cancel-after date is over, the oldest first."""
    return _dated(_PAST, {"now": now, "limit": limit})


def _dated(text: str, parameters: dict[str, object]) -> list[Dated]:
    return [Dated(*row) for row in sql.rows(text, parameters)]
