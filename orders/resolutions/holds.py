"""What lets a held order go: checked again, cleared, released with a ceiling, on a limit lent for a while; or cancelled."""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.choices import words
from core.clock import company_day
from core.overrides import Reason
from credit import queries as credit
from credit.services.grant_addition import AdditionSpec
from credit.states import AdditionKind
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import NEVER, Effect
from exceptions_app.suggestions import Asked, Resolution, register
from orders.exception_kinds import (
    AGED_CREDIT_HOLD,
    CREDIT_HOLD,
    ORDER_HOLD,
    PRICE_MISMATCH,
    UNRESOLVED_LINES,
    USAGE_WITHOUT_PO,
)
from orders.queries import holds_of, pictures
from orders.rules.asks import HoldView
from orders.rules.gates import NOT_WAIVED
from orders.services.cancel import cancel_order
from orders.services.clear_hold import clear_hold
from orders.services.lend_limit import lend_limit
from orders.services.reevaluate_credit_holds import Reevaluated, reevaluate_credit_holds

ZERO, HUNDRED = Decimal(0), Decimal(100)
SELLERS = frozenset({Role.CS, Role.CS_LEAD, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER})  # as at the workbench
RELEASED_FOR = timedelta(days=3)
LENT_FOR = timedelta(days=7)
GONE = "The hold is gone already."


def hold_of(case: CaseSnapshot) -> HoldView | None:
    """The hold the case is about: its cause is "hold:<id>"; else the oldest open one of the order."""
    holds = holds_of([case.subject.id]).get(case.subject.id, ())
    named = [h for h in holds if case.cause_key == f"hold:{h.hold_id}"]
    return next(iter(named or holds), None)


def preview_recheck(case: CaseSnapshot, now: datetime) -> Effect:
    standing = credit.exposure([case.account_id], on=company_day(now)).get(case.account_id) if case.account_id else None
    if standing is None:
        return Effect("", is_possible=False, why_not="The account has no credit account.")
    room = f"{standing.available:,} {standing.currency} of credit are free"
    if standing.available < ZERO:
        return Effect(f"stays held: {room}", days_late=NEVER)
    return Effect(f"lets the order go if credit approves it now: {room}", money_effect=case.money_at_risk)


def recheck(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Reevaluated | Asked:
    """While credit holds the order still, its case goes on: nothing would open another."""
    done = reevaluate_credit_holds(account_id=case.account_id or 0, actor=actor, now=now)
    return _still_held(case, "Credit looked again") or done


def _still_held(case: CaseSnapshot, what: str) -> Asked | None:
    hold = hold_of(case)
    if hold is None or case.cause_key != f"hold:{hold.hold_id}":
        return None
    return Asked(f"{what} and still holds the order: {hold.message}"[:500])


def preview_clear(case: CaseSnapshot, now: datetime) -> Effect:
    hold = hold_of(case)
    if hold is None:
        return Effect("", is_possible=False, why_not=GONE)
    if hold.rule in NOT_WAIVED:
        return Effect("", is_possible=False, why_not=f"Nobody sets that aside. {hold.message}")
    roles = " or ".join(words(role) for role in hold.clearable_by)
    return Effect(f"the order goes on up to its value now; recorded as an override by {roles}")


def clear(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    hold = hold_of(case)
    return clear_hold(hold_id=hold.hold_id if hold else 0, reason=_reason(case), actor=actor, now=now)


def ceiling_of(case: CaseSnapshot) -> Decimal:
    """Room for small changes: the order's value, up to the next hundred."""
    picture = pictures([case.subject.id], with_demands=False).get(case.subject.id)
    return ((picture.total if picture else ZERO) / HUNDRED).to_integral_value(ROUND_CEILING) * HUNDRED


def preview_ceiling(case: CaseSnapshot, now: datetime) -> Effect:
    hold = hold_of(case)
    if hold is None:
        return Effect("", is_possible=False, why_not=GONE)
    if hold.rule in NOT_WAIVED:
        return Effect("", is_possible=False, why_not=f"Nobody sets that aside. {hold.message}")
    until = now + RELEASED_FOR
    roles = " or ".join(words(role) for role in hold.clearable_by)
    return Effect(
        f"release with ceiling {ceiling_of(case):,} {case.currency} until {until.day} {until:%b}; an override by {roles}"
    )


def release_with_ceiling(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    hold = hold_of(case)
    return clear_hold(
        hold_id=hold.hold_id if hold else 0,
        reason=_reason(case),
        actor=actor,
        now=now,
        ceiling=ceiling_of(case),
        valid_until=now + RELEASED_FOR,
    )


def missing_credit(case: CaseSnapshot, now: datetime) -> tuple[Decimal, str]:
    """What the account would owe beyond its limit with this order, and the currency; zero where it has room."""
    account = case.account_id or 0
    standing = credit.exposure([account], on=company_day(now)).get(account)
    return (max(-standing.available, ZERO), standing.currency) if standing else (ZERO, "")


def preview_lending(case: CaseSnapshot, now: datetime) -> Effect:
    if hold_of(case) is None:
        return Effect("", is_possible=False, why_not=GONE)
    short, currency = missing_credit(case, now)
    if not short:
        return Effect("", is_possible=False, why_not="The limit is not what is missing.")
    until = company_day(now + LENT_FOR)
    return Effect(
        f"lends {short:,} {currency} of limit until {until.day} {until:%b}; every order held for credit is looked at"
    )


def lend(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Reevaluated | Asked:
    """What the limit lets go is gone with the click; what something else holds keeps its case."""
    short, currency = missing_credit(case, now)
    today = company_day(now)
    lent = AdditionSpec(AdditionKind.TEMPORARY, short, today, today + LENT_FOR, case.number)
    done = lend_limit(account_id=case.account_id or 0, addition=lent, reason=_reason(case), actor=actor, now=now)
    return _still_held(case, f"Credit was lent {short:,} {currency}, looked again") or done


def preview_cancel(case: CaseSnapshot, now: datetime) -> Effect:
    picture = pictures([case.subject.id], with_demands=False).get(case.subject.id)
    if picture is None:
        return Effect("", is_possible=False, why_not="The order is not there any more.")
    return Effect(f"gives up {picture.total:,} {picture.currency} of sales", -picture.total, days_late=NEVER)


def cancel(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return cancel_order(order_id=case.subject.id, reason=told_outside(case), actor=actor, now=now)


def told_outside(case: CaseSnapshot) -> str:
    """Why something was cancelled, on the customer's own timeline: the case's words are ours, and may name a floor."""
    return f"Decided on case {case.number}"


def _reason(case: CaseSnapshot) -> Reason:
    return Reason("case", f"Decided on case {case.number}: {case.summary}"[:300])


register(
    Resolution(CREDIT_HOLD, "recheck_credit", "Check credit again", preview_recheck, recheck),
    Resolution(AGED_CREDIT_HOLD, "recheck_credit", "Check credit again", preview_recheck, recheck),
    Resolution(PRICE_MISMATCH, "clear_hold", "Accept our price", preview_clear, clear),
    Resolution(USAGE_WITHOUT_PO, "clear_hold", "Invoice without a PO", preview_clear, clear),
    Resolution(ORDER_HOLD, "clear_hold", "Clear the hold", preview_clear, clear),
    Resolution(CREDIT_HOLD, "clear_hold", "Clear the hold", preview_clear, clear),
)
for held_for_credit in (CREDIT_HOLD, AGED_CREDIT_HOLD):
    register(
        Resolution(
            held_for_credit, "release_with_ceiling", "Release with a ceiling", preview_ceiling, release_with_ceiling
        ),
        Resolution(held_for_credit, "lend_limit", "Lend a limit for a week", preview_lending, lend),
    )
for about_an_order in (CREDIT_HOLD, AGED_CREDIT_HOLD, PRICE_MISMATCH, ORDER_HOLD, UNRESOLVED_LINES):
    register(Resolution(about_an_order, "cancel_order", "Cancel the order", preview_cancel, cancel, SELLERS))
