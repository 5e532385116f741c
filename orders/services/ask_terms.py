"""Ask for other payment terms of one order: done at once by whoever may, else a second person decides."""

from datetime import datetime

from accounts.approval_queries import is_of_the_house
from accounts.approvals import AuthorityExceeded
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import NotPermitted
from core.overrides import Reason, SelfApproval
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from credit.queries import terms_by_code
from orders.models import Order
from orders.queries import pictures
from orders.rules.requests import CREDIT_APPROVAL, TERMS_PART, Requested, terms_hash
from orders.services.ask_second_person import ask_second_person
from orders.services.change_terms import locked_for_terms, require_may_change, set_terms


@door_verb
def ask_terms(*, order_id: int, terms_code: str, reason: Reason, actor: Actor, now: datetime) -> Requested:
    """What finance may change alone is changed; else it waits for an approval of kind "credit", bound to what the order is
    worth and to its terms now. The terms it came with may be asked for too: that is how worse ones than the account's are
    agreed to. What a customer or their rep asks for always waits. Asked twice, it is one request.

    Raises NotFound, IllegalTransition (over), InvalidInput (unknown terms), ReasonTooShort.
    """
    if len(reason.note.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.note.strip()))
    row = locked_for_terms(order_id, terms_code)
    if is_of_the_house(actor) and _may_alone(row, actor, now):
        before, _ = set_terms(row, terms_code, reason=reason, actor=actor, now=now)
        return Requested(was=before)
    words = f"Other payment terms were asked for: {terms_by_code({terms_code})[terms_code].name}"
    journal.write(
        [journal.Entry(DocumentRef("order", order_id, row.number), "terms_asked", words)], actor=actor, now=now
    )
    return Requested((_ask(row, terms_code, reason, actor, now),))


def _may_alone(row: Order, actor: Actor, now: datetime) -> bool:
    try:
        require_may_change(row, actor, on=company_day(now))
    except (NotPermitted, AuthorityExceeded, SelfApproval):
        return False  # not theirs to do alone: it is asked for
    return True


def _ask(row: Order, terms_code: str, reason: Reason, actor: Actor, now: datetime) -> int:
    order = pictures([row.pk])[row.pk]
    return ask_second_person(
        order,
        kind=CREDIT_APPROVAL,
        content_hash=terms_hash(row.pk, order.total, order.currency, row.terms_code, terms_code),
        amount=order.total,
        content={
            "part": TERMS_PART,
            "what": f"Order {row.number} paid by {terms_by_code({terms_code})[terms_code].name}",
            "terms now": row.terms_code or "as the account",
            "terms asked": terms_code,
            "order worth": plain(order.total),
        },
        reason=reason,
        actor=actor,
        now=now,
    )
