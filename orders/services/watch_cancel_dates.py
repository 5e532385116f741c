"""Keep the customer's cancel-after date: what is not in the warehouse's hands when it is over is cancelled."""

from datetime import date, datetime

from core import outbox
from core.actors import Actor
from core.quantity import plain
from core.uow import door_verb
from orders.cancel_dates import Dated, past_their_date
from orders.events import CancelDatePassed
from orders.queries import pictures
from orders.rules.asks import CancelOutcome
from orders.services.cancel import NothingToCancel, cancel_what_is_open

BATCH = 200


def watch_cancel_dates(*, actor: Actor, now: datetime) -> list[int]:
    """The orders cancelled, in part where some of it is in the warehouse; buyer and rep are told of each. One transaction
    an order, so that one which fails stops no other. Late, twice or never does no harm: an order that is cancelled is not
    found again. (That a date is near is a detector's to say.)
    """
    cancelled = []
    for order in past_their_date(now=now, limit=BATCH):
        try:
            _cancel(order, actor=actor, now=now)
        except NothingToCancel:  # the warehouse was faster
            continue
        cancelled.append(order.order_id)
    return cancelled


@door_verb
def _cancel(order: Dated, *, actor: Actor, now: datetime) -> None:
    outcome = cancel_what_is_open(order.order_id, reason=_why(order.cancel_after), actor=actor, now=now)
    picture = pictures([order.order_id])[order.order_id]
    skus = {line.line_no: line.sku for line in picture.lines}
    fact = CancelDatePassed(
        order.order_id, order.number, order.account_id, order.cancel_after.isoformat(), _lines(outcome, skus)
    )
    outbox.publish(fact, stream=f"order:{order.order_id}", seq=picture.version, now=now, actor=actor)


def _lines(outcome: CancelOutcome, skus: dict[int, str]) -> tuple[str, ...]:
    """ "Line 1: 6 of GLOVE-L" """
    return tuple(f"Line {n}: {plain(qty)} of {skus[n]}" for n, qty in sorted(outcome.cancelled.items()) if qty)


def _why(day: date) -> str:
    return f"wanted until {day.day} {day:%b %Y}, and not shipped by then"
