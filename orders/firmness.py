"""Which demands of orders are allocated only softly, because credit checks their account at allocation and it does not
pass (docs/adr/0013). Registered with `inventory.firmness`; reads only.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from core import sql
from credit import queries as credit
from credit.rules.asks import CreditAsk, CreditDecision
from credit.states import CheckPoint
from inventory.firmness import KeptSoft
from orders.queries import credit_held_pictures, pictures
from orders.rules import gates as rules
from orders.rules.asks import GateResult
from orders.rules.credit_queue import asks_at_allocation, unreleased_lines
from orders.rules.picture import OrderPicture
from orders.states import Verdict

_HELD = """
SELECT l.demand_id FROM orders_hold h JOIN orders_order o ON o.id = h.order_id JOIN orders_orderline l ON l.order_id = o.id
 WHERE h.cleared_at IS NULL AND h.reason = 'credit' AND NOT h.is_forced AND 'allocate' = ANY(h.blocks)
   AND o.account_id = ANY(%(accounts)s::bigint[]) AND l.demand_id IS NOT NULL
"""
# What is allocated stays so: nobody asks about it again before release.
_WAITING = """
SELECT o.id, o.account_id, EXISTS (SELECT FROM orders_hold h WHERE h.order_id = o.id AND h.cleared_at IS NULL
                                    AND h.reason = 'credit' AND NOT h.is_forced) AS is_held
  FROM orders_order o
 WHERE o.account_id = ANY(%(accounts)s::bigint[]) AND o.status = 'submitted'
   AND EXISTS (SELECT FROM orders_orderline l JOIN inventory_demand d ON d.id = l.demand_id
                WHERE l.order_id = o.id AND d.backordered_qty + d.reserved_qty > 0 AND NOT d.is_blocked)
   AND NOT EXISTS (SELECT FROM orders_hold h WHERE h.order_id = o.id AND h.cleared_at IS NULL AND h.reason = 'credit'
                      AND NOT h.is_forced AND 'allocate' = ANY(h.blocks))
"""


def kept_soft(account_ids: Collection[int], now: datetime) -> KeptSoft:
    """Two statements where no account is checked at allocation; four more where all that are pass, at most ten more for
    those that do not, whatever the number of orders."""
    known = frozenset(pk for (pk,) in sql.rows(_HELD, {"accounts": list(account_ids)}))
    standings = credit.looks(account_ids, point=CheckPoint.ALLOCATION, now=now)
    waiting = sql.rows(_WAITING, {"accounts": list(standings)}) if standings else []
    asked = [pk for pk, account_id, is_held in waiting if is_held or not standings[account_id].is_approved]
    orders = pictures(asked) if asked else {}
    asks = asks_of(orders)
    decisions = credit.outlook(asks, point=CheckPoint.ALLOCATION, now=now) if asks else []
    failing = not_passing(orders, decisions, now=now)
    lines = (x for i in failing for x in unreleased_lines(orders[i]) if x.demand)
    return KeptSoft(known, frozenset(x.demand.demand_id for x in lines if x.demand))


def asks_of(orders: Mapping[int, OrderPicture]) -> list[CreditAsk]:
    held = credit_held_pictures({o.account_id for o in orders.values()}) if orders else {}
    return asks_at_allocation(orders.values(), held)


def not_passing(
    orders: Mapping[int, OrderPicture], decisions: Iterable[CreditDecision], *, now: datetime
) -> dict[int, Sequence[GateResult]]:
    """{order: what credit's gate says}, of those it does not let pass and nobody let go."""
    found: dict[int, Sequence[GateResult]] = {}
    for decision in decisions:
        order = orders[decision.doc.id]
        results = rules.after_waivers(order, rules.credit(order, decision), order.total, now)
        if any(r.verdict != Verdict.PASS for r in results):
            found[order.order_id] = results
    return found
