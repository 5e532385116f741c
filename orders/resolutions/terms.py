"""An order that credit holds because nobody knows its payment terms: one click says what they mean, once and for all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.actors import Actor
from core.overrides import Reason
from credit.queries import all_terms, terms_by_code
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Asked, Family, Resolution, register
from orders.exception_kinds import AGED_CREDIT_HOLD, CREDIT_HOLD
from orders.queries import holds_of, pictures
from orders.rules.terms_words import likely
from orders.services.name_terms import name_terms

CODE = "terms"
MOST_OFFERED = 5


def unknown_terms(order_id: int) -> str:
    """What the order says its terms are, where that is no terms here; else nothing. 3 SQL at most."""
    order = pictures([order_id], with_demands=False).get(order_id)
    said = order.terms_code if order else ""
    return "" if not said or terms_by_code({said}) else said


def offered(kind: str, case: CaseSnapshot) -> Sequence[Resolution]:
    said = unknown_terms(case.subject.id)
    if not said:
        return []
    return [_meaning(kind, said, code, name) for code, name in likely(said, all_terms())[:MOST_OFFERED]]


def _meaning(kind: str, said: str, code: str, name: str) -> Resolution:
    words = f"“{said}” is read as {name} on every order and contract from now on; credit looks at this order again"

    def preview(case: CaseSnapshot, now: datetime) -> Effect:
        return Effect(words)

    def apply(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
        reason = Reason("terms_words", f"Decided on case {case.number}: {said} means {name}")
        done = name_terms(order_id=case.subject.id, terms_code=code, reason=reason, actor=actor, now=now)
        if case.subject.id not in done.still_held:
            return done
        left = " ".join(h.message for h in holds_of([case.subject.id]).get(case.subject.id, ()))
        return Asked(f"“{said}” is read as {name} now. Something else still holds the order: {left}"[:500])

    return Resolution(kind, f"{CODE}:{code}", f"“{said}” means {name} ({code})", preview, apply)


def _family(kind: str) -> Family:
    return Family(kind, CODE, lambda case, now: offered(kind, case))


register(_family(CREDIT_HOLD), _family(AGED_CREDIT_HOLD))
