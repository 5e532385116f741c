"""What mends a case about an order: one service call each, the same as from the order's own page."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from core.actors import Actor
from core.overrides import Reason
from credit import queries as credit
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register
from orders.exception_kinds import CREDIT_HOLD, ORDER_HOLD, PRICE_MISMATCH
from orders.queries import holds_of
from orders.rules.asks import HoldView
from orders.services.clear_hold import clear_hold
from orders.services.reevaluate_credit_holds import Reevaluated, reevaluate_credit_holds

ZERO = Decimal(0)
GONE = "The hold is gone already."


def hold_of(case: CaseSnapshot) -> HoldView | None:
    """The hold the case is about: its cause is "hold:<id>"; else the oldest open one of the order."""
    holds = holds_of([case.subject.id]).get(case.subject.id, ())
    named = [h for h in holds if case.cause_key == f"hold:{h.hold_id}"]
    return next(iter(named or holds), None)


def preview_recheck(case: CaseSnapshot, now: datetime) -> Effect:
    standing = credit.exposure([case.account_id], on=now.date()).get(case.account_id) if case.account_id else None
    if standing is None:
        return Effect("", is_possible=False, why_not="The account has no credit account.")
    room = f"{standing.available:,} {standing.currency} of credit are free"
    if standing.available < ZERO:
        return Effect(f"stays held: {room}", is_possible=True)
    return Effect(f"lets the order go if credit approves it now: {room}", money_effect=case.money_at_risk)


def recheck(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Reevaluated:
    return reevaluate_credit_holds(account_id=case.account_id or 0, actor=actor, now=now)


def preview_clear(case: CaseSnapshot, now: datetime) -> Effect:
    hold = hold_of(case)
    if hold is None:
        return Effect("", is_possible=False, why_not=GONE)
    roles = " or ".join(hold.clearable_by)
    return Effect(f"the order goes on up to its value now; recorded as an override by {roles}")


def clear(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    hold = hold_of(case)
    reason = Reason("case", f"Decided on case {case.number}: {case.summary}"[:300])
    return clear_hold(hold_id=hold.hold_id if hold else 0, reason=reason, actor=actor, now=now)


register(
    Resolution(CREDIT_HOLD, "recheck_credit", "Check credit again", preview_recheck, recheck),
    Resolution(CREDIT_HOLD, "clear_hold", "Clear the hold", preview_clear, clear),
    Resolution(PRICE_MISMATCH, "clear_hold", "Accept our price", preview_clear, clear),
    Resolution(ORDER_HOLD, "clear_hold", "Clear the hold", preview_clear, clear),
)
