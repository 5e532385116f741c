"""Borrow firm stock of an order that is wanted later, or of a customer served later: what it does to both is shown first."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from core.actors import Actor
from core.errors import DomainError, Refused
from core.overrides import Reason
from core.quantity import plain
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import NEVER, Effect
from exceptions_app.suggestions import Resolution, register
from inventory.exception_kinds import PROMISE_LOST, PROMISE_MOVED
from inventory.lenders import lenders
from inventory.services.reallocate import Impact, impact_of, reallocate
from orders.exception_kinds import AGED_BACKORDER, CANCEL_DATE_AT_RISK
from orders.resolutions.goods import DEALERS, waiting_lines

NOBODY_LENDS = "No order that is wanted later holds enough of it for good."


class NobodyLends(Refused):
    template = NOBODY_LENDS
    remedy_template = "Look for other stock, or take a new date."


def best_loan(case: CaseSnapshot, now: datetime) -> Impact | None:
    """The first lender that can give all that a waiting line misses; one whose own promise stays comes first."""
    _, waiting = waiting_lines(case)
    found: list[Impact] = []
    for line in waiting[:1]:
        if line.demand is None:
            continue
        for giver_id, _, held in lenders(line.demand.demand_id):
            qty = min(line.demand.backordered, held)
            try:
                found.append(impact_of(from_id=giver_id, to_id=line.demand.demand_id, qty=qty, now=now))
            except DomainError:  # this one cannot give it (too short a life, wrong place): the next may
                continue
    return min(found, key=_harm, default=None)


def _harm(impact: Impact) -> tuple[bool, Decimal]:
    return (impact.giver.was != impact.giver.now, -impact.money_effect)


def preview_borrow(case: CaseSnapshot, now: datetime) -> Effect:
    loan = best_loan(case, now)
    if loan is None:
        return Effect("", is_possible=False, why_not=NOBODY_LENDS)
    qty = plain(loan.giver.before - loan.giver.after)
    theirs = "its promise stays" if loan.giver.was == loan.giver.now else f"its promise moves to {_day(loan.giver.now)}"
    words = f"borrow {qty} from {loan.giver.document}: {theirs}; ours {_day(loan.taker.now)}"
    return Effect(words, loan.money_effect, _days_late(case, loan))


def _days_late(case: CaseSnapshot, loan: Impact) -> int:
    """Behind the day that was asked for, so that it is ranked beside the others by the same measure."""
    order, waiting = waiting_lines(case)
    if loan.taker.now is None:
        return NEVER
    asked = next((x.requested_date for x in waiting[:1]), None) or (order.requested_date if order else None)
    return max((loan.taker.now - asked).days, 0) if asked else 0


def borrow(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    loan = best_loan(case, now)
    if loan is None:
        raise NobodyLends
    return reallocate(
        from_id=loan.giver.demand_id,
        to_id=loan.taker.demand_id,
        qty=loan.giver.before - loan.giver.after,
        reason=Reason("case", f"Borrowed on case {case.number}: {case.summary}"[:300]),
        actor=actor,
        now=now,
    )


def _day(day: Any) -> str:
    return f"{day.day} {day:%b}" if day else "without a date yet"


for waits in (PROMISE_MOVED.code, PROMISE_LOST.code, AGED_BACKORDER, CANCEL_DATE_AT_RISK):
    register(Resolution(waits, "borrow", "Borrow from an order wanted later", preview_borrow, borrow, DEALERS))
