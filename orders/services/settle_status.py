"""What an order is once less of it is wanted: open still, closed, or cancelled. Part of cancel and of amend."""

from collections.abc import Collection
from datetime import datetime

from core import outbox
from core.actors import Actor
from core.uow import require_uow
from inventory.queries import demand_states
from inventory.rules.asks import DemandState
from orders.events import OrderClosed
from orders.models import Order
from orders.rules.exposure import unreleased
from orders.rules.picture import OrderPicture
from orders.rules.progress import is_all_cancelled, is_finished
from orders.services.hold_rows import Told, clear_all, clear_of_credit, merged
from orders.states import ORDER, OrderStatus


@require_uow
def settle_status(
    order: OrderPicture, demand_ids: Collection[int], *, actor: Actor, now: datetime
) -> tuple[OrderStatus, Told]:
    """The status by the quantities of all the order's demands as they are written now, and what is to be told of it.
    `order` is locked, was submitted, and carries its new version."""
    states = list(demand_states(list(demand_ids)).values())
    status = _status_of(states)
    told = Told()
    if status != OrderStatus.SUBMITTED:
        ORDER.require(OrderStatus.SUBMITTED, status)
        Order.objects.filter(pk=order.order_id).update(status=status, closed_at=now)
        told = clear_all([order], why=f"the order is {status}", actor=actor, now=now)
    elif not any(unreleased(s) for s in states):
        told = clear_of_credit(order, why="nothing of the order is left to release", actor=actor, now=now)
    if status == OrderStatus.CLOSED:
        note = outbox.Note(OrderClosed(order.order_id, order.account_id), f"order:{order.order_id}", order.version)
        told = merged([Told(notes=(note,)), told])
    return status, told


def _status_of(states: list[DemandState]) -> OrderStatus:
    if is_all_cancelled(states):
        return OrderStatus.CANCELLED
    return OrderStatus.CLOSED if is_finished(states) else OrderStatus.SUBMITTED
