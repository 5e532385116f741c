"""Keep the customer's cancel-after date: what is not in the warehouse's hands when it is over is cancelled."""

from datetime import datetime

from core.actors import Actor
from orders.cancel_dates import Dated, past_their_date
from orders.services.cancel import NothingToCancel, cancel_order

BATCH = 200


def watch_cancel_dates(*, actor: Actor, now: datetime) -> list[int]:
    """The orders cancelled, in part where some of it is in the warehouse. One transaction an order, so that one which
    fails stops no other. Late, twice or never does no harm: an order that is cancelled is not found again. (That a date
    is near is a detector's to say.)
    """
    cancelled = []
    for order in past_their_date(now=now, limit=BATCH):
        try:
            cancel_order(order_id=order.order_id, reason=_why(order), actor=actor, now=now)
        except NothingToCancel:  # the warehouse was faster
            continue
        cancelled.append(order.order_id)
    return cancelled


def _why(order: Dated) -> str:
    day = order.cancel_after
    return f"wanted until {day.day} {day:%b %Y}, and not shipped by then"
