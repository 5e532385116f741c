"""What mends an account that shipped over its credit: look again, or lend it a limit for a week."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from core.actors import Actor
from core.clock import company_day
from core.overrides import Reason
from credit import queries as credit
from credit.rules.asks import CreditDecision
from credit.services.grant_addition import AdditionSpec
from credit.states import AdditionKind, CheckPoint
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Asked, Resolution
from fulfillment.exception_kinds import SHIPPED_OVER_CREDIT
from orders.services.lend_limit import lend_limit
from orders.services.reevaluate_credit_holds import Reevaluated, reevaluate_credit_holds

ZERO = Decimal(0)
LENT_FOR = timedelta(days=7)
PASSES = "Credit passes the account again."


def look_of(case: CaseSnapshot, now: datetime) -> CreditDecision | None:
    """How the account stands now; None: credit is not checked at shipping any more."""
    return credit.looks([case.subject.id], point=CheckPoint.SHIP, now=now).get(case.subject.id)


def _still(case: CaseSnapshot, now: datetime, what: str) -> Asked | None:
    look = look_of(case, now)
    if look is None or not look.reasons:
        return None
    return Asked(f"{what}; credit still does not pass: {' '.join(r.message for r in look.reasons)}"[:500])


def preview_look(case: CaseSnapshot, now: datetime) -> Effect:
    look = look_of(case, now)
    if look is None or not look.reasons:
        return Effect("ends the case: credit passes the account, and its held orders are looked at")
    return Effect(f"stays as it is: {look.words}")


def look_again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Reevaluated | Asked:
    done = reevaluate_credit_holds(account_id=case.subject.id, actor=actor, now=now)
    return _still(case, now, "Looked again") or done


def preview_lend(case: CaseSnapshot, now: datetime) -> Effect:
    look = look_of(case, now)
    if look is None or not look.over:
        return Effect("", is_possible=False, why_not="The limit is not what is missing.")
    until = company_day(now + LENT_FOR)
    return Effect(f"lends {look.over:,} {look.currency} of limit until {until.day} {until:%b}; releases go on")


def lend(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Reevaluated | Asked:
    """Within the authority of who lends; an override."""
    look = look_of(case, now)
    over, today = look.over if look else ZERO, company_day(now)
    lent = AdditionSpec(AdditionKind.TEMPORARY, over, today, today + LENT_FOR, case.number)
    reason = Reason("case", f"Decided on case {case.number}: {case.summary}"[:300])
    done = lend_limit(account_id=case.subject.id, addition=lent, reason=reason, actor=actor, now=now)
    return _still(case, now, "A limit was lent") or done


def credit_resolutions() -> Sequence[Resolution]:
    kind = SHIPPED_OVER_CREDIT.code
    return (
        Resolution(kind, "recheck_credit", "Check credit again", preview_look, look_again),
        Resolution(kind, "lend_limit", "Lend a limit for a week", preview_lend, lend),
    )
