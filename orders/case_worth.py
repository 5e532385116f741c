"""What cases of the rooms below put at risk, by the prices of the lines that wait and what contracts ask for lateness:
they know quantities alone."""

from collections.abc import Sequence
from decimal import Decimal

from core import sql
from core.money import places_in_sql
from exceptions_app.detection import Cause, Worth, register
from inventory.exception_kinds import ALLOCATION_CONFLICT, LATE_SUPPLY, PROMISE_LOST, PROMISE_MOVED
from inventory.failed_wins import PREFIX
from orders.late_penalties import LATE, Late, penalties

PLACES = places_in_sql("o.currency")

NOTHING = (Decimal(0), "")

_OF_PRODUCTS = f"""
SELECT d.product_id, o.account_id, coalesce(o.submitted_at, o.received_at)::date, o.currency,
       sum(round(d.backordered_qty * l.unit_price, {PLACES})), count(*) FILTER (WHERE late.days > 0), sum(late.days)
  FROM inventory_demand d JOIN orders_orderline l ON l.demand_id = d.id JOIN orders_order o ON o.id = l.order_id {LATE}
 WHERE d.product_id = ANY(%(ids)s::bigint[]) AND d.ordered_qty > d.cancelled_qty + d.shipped_qty AND d.backordered_qty > 0
 GROUP BY 1, 2, 3, 4
"""
_OF_DEMANDS = f"""
SELECT d.id, o.account_id, coalesce(o.submitted_at, o.received_at)::date, o.currency,
       round((d.ordered_qty - d.cancelled_qty - d.shipped_qty) * l.unit_price, {PLACES}), (late.days > 0)::int, late.days
  FROM inventory_demand d JOIN orders_orderline l ON l.demand_id = d.id JOIN orders_order o ON o.id = l.order_id {LATE}
 WHERE d.id = ANY(%(ids)s::bigint[]) AND l.unit_price IS NOT NULL
"""


def worth_of_products(causes: Sequence[Cause]) -> list[tuple[Decimal, str]]:
    """What waits for the product that each is about, and the penalties of what is late of it."""
    return _asked(_OF_PRODUCTS, [cause.subject.id for cause in causes])


def worth_of_demands(causes: Sequence[Cause]) -> list[tuple[Decimal, str]]:
    """What is still to be sent of the line that each names ("demand:12", "win:12"), and the penalty of its being late."""
    named = [cause.cause_key.rpartition(":")[2] for cause in causes]
    return _asked(_OF_DEMANDS, [int(n) if n.isdecimal() else 0 for n in named])


def worth_of_conflicts(causes: Sequence[Cause]) -> list[tuple[Decimal, str]]:
    """Of a line that had to be served, that line; else of the product. Two statements."""
    both = zip(causes, worth_of_demands(causes), worth_of_products(causes), strict=True)
    return [of_line if c.cause_key.startswith(PREFIX) else of_product for c, of_line, of_product in both]


def _asked(text: str, ids: Sequence[int]) -> list[tuple[Decimal, str]]:
    """Of each in the currency in which most is at risk, where customers pay in several."""
    rows = sql.rows(text, {"ids": list(ids)})
    late = penalties([Late(account, on, money, lines, int(days)) for _, account, on, money, _, lines, days in rows])
    sums: dict[int, dict[str, Decimal]] = {}
    for (pk, _, _, currency, worth, *_), penalty in zip(rows, late, strict=True):
        mine = sums.setdefault(pk, {})
        mine[currency] = mine.get(currency, Decimal(0)) + (worth or Decimal(0)) + penalty
    known = {pk: min(mine.items(), key=lambda found: (-found[1], found[0])) for pk, mine in sums.items()}
    return [(known[pk][1], known[pk][0]) if pk in known else NOTHING for pk in ids]


register(
    Worth(LATE_SUPPLY.code, worth_of_products),
    Worth(ALLOCATION_CONFLICT.code, worth_of_conflicts),
    Worth(PROMISE_MOVED.code, worth_of_demands),
    Worth(PROMISE_LOST.code, worth_of_demands),
)
