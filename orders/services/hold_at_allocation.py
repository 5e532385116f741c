"""An allocation run kept an order's stock soft because credit does not pass: the order is held, and finance asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core import journal, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.services.check import check
from credit.services.lock_accounts import lock_accounts
from credit.states import CheckPoint
from orders.firmness import asks_of, not_passing
from orders.line_queries import orders_of_demands
from orders.locks import lock_orders
from orders.models import Hold
from orders.queries import pictures
from orders.rules.asks import GateResult
from orders.rules.holds import HoldSpec, holds_for, is_by_rule
from orders.rules.picture import OpenHold, OrderPicture
from orders.services.bump_versions import bump_versions
from orders.services.hold_rows import insert_holds, merged
from orders.states import Blocks, OrderStatus

BLOCKS = (str(Blocks.ALLOCATE), str(Blocks.RELEASE))


@door_verb
def hold_at_allocation(*, demand_ids: Collection[int], actor: Actor, now: datetime) -> tuple[int, ...]:
    """The orders of these demands that are held from now on: what waits of them is reserved, not allocated, until credit
    passes or somebody clears the hold. One that credit held before keeps its hold, which from now on blocks allocation
    too, and its case. What passes meanwhile stays as it is. Safe to run twice; a constant number of statements.

    Locks the accounts' credit (10), then the orders (20).
    """
    accounts = orders_of_demands(demand_ids)
    lock_accounts(accounts.values())
    rows = lock_orders(accounts)
    alive = [i for i, row in rows.items() if row.status == OrderStatus.SUBMITTED]
    orders = {i: replace(o, version=rows[i].version + 1) for i, o in pictures(alive).items()} if alive else {}
    asks = asks_of(orders)
    decisions = check(asks, point=CheckPoint.ALLOCATION, now=now) if asks else []
    wider, new = _changes(orders, not_passing(orders, decisions, now=now))
    Hold.objects.filter(pk__in=[hold.hold_id for _, hold in wider]).update(blocks=list(BLOCKS))
    told = merged(insert_holds(new, actor=actor, now=now).values())
    held = sorted({order.order_id for order, _ in (*wider, *new)})
    bump_versions(held)
    journal.write([*told.entries, *(_entry(order, hold) for order, hold in wider)], actor=actor, now=now)
    outbox.publish_many(told.notes, now=now, actor=actor)
    return tuple(held)


@require_uow
def _changes(
    orders: Mapping[int, OrderPicture], failing: Mapping[int, Sequence[GateResult]]
) -> tuple[list[tuple[OrderPicture, OpenHold]], list[tuple[OrderPicture, HoldSpec]]]:
    """Holds that are there and block more from now on, and holds that are new."""
    wider, new = [], []
    for order_id, results in failing.items():
        order = orders[order_id]
        present = {(h.reason, h.rule): h for h in order.open_holds}
        for spec in holds_for(results):
            hold = present.get((spec.reason, spec.rule))
            if hold is None:
                new.append((order, replace(spec, blocks=BLOCKS)))
            elif is_by_rule(hold) and Blocks.ALLOCATE not in hold.blocks:
                wider.append((order, hold))
    return wider, new


def _entry(order: OrderPicture, hold: OpenHold) -> journal.Entry:
    ref = DocumentRef("order", order.order_id, order.number)
    words = "Credit does not pass at allocation: what waits stays reserved and is not allocated"
    return journal.Entry(ref, "held", words, {"hold": hold.hold_id})
