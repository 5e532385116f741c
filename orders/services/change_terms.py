"""Give one order other payment terms than its account's: an override, within finance's authority."""

from datetime import date, datetime
from decimal import Decimal

from accounts.approval_queries import has_authority
from accounts.approvals import AuthorityExceeded
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.authority import authority_of
from credit.queries import terms_by_code
from credit.services.lock_accounts import lock_accounts
from orders.locks import lock_orders
from orders.models import Order
from orders.queries import account_of
from orders.services.reevaluate_credit_holds import look_again
from orders.states import ORDER, OrderStatus


@door_verb
def change_terms(
    *, order_id: int, terms_code: str, reason: overrides.Reason, actor: Actor, now: datetime
) -> tuple[str, str]:
    """(before, after). What is invoiced from now on is due by the new terms; what is invoiced already keeps its day. The
    order's credit hold is looked at again: terms that were agreed hold it no longer.

    Raises NotFound, IllegalTransition (over), InvalidInput (unknown terms), NotPermitted, AuthorityExceeded (an order
    worth more than the actor may approve), SelfApproval (who entered the order), ReasonTooShort.
    """
    row = locked_for_terms(order_id, terms_code)
    require_may_change(row, actor, on=company_day(now))
    return set_terms(row, terms_code, reason=reason, actor=actor, now=now)


@require_uow
def locked_for_terms(order_id: int, terms_code: str) -> Order:
    """The order, locked behind its account's credit, if terms of that code are there and it is not over. Raises NotFound,
    IllegalTransition, InvalidInput."""
    account_id = account_of(order_id)
    if account_id is None:
        raise NotFound(kind="order", ident=order_id)
    if terms_code not in terms_by_code({terms_code}):
        raise InvalidInput([FieldError("/terms_code", "unknown", f"There are no payment terms {terms_code!r}.")])
    lock_accounts([account_id])
    row = lock_orders([order_id])[order_id]
    if ORDER.is_terminal(OrderStatus(row.status)):
        ORDER.require(OrderStatus(row.status), OrderStatus.SUBMITTED)
    return row


def require_may_change(row: Order, actor: Actor, *, on: date) -> None:
    """Raises NotPermitted, SelfApproval, AuthorityExceeded, RateMissing."""
    if authority_of(actor) is None:
        raise NotPermitted(actor=actor.label, verb="change payment terms", roles="finance")
    require_authority(row, actor, on=on)


@require_uow
def set_terms(
    row: Order,
    terms_code: str,
    *,
    reason: overrides.Reason,
    actor: Actor,
    now: datetime,
    approval_id: int | None = None,
    approver: Actor | None = None,
) -> tuple[str, str]:
    """Of what `locked_for_terms` gave, for whoever may: `actor`, or `approver` on a request of `actor`."""
    before, ref = row.terms_code, DocumentRef("order", row.pk, row.number)
    override_id = overrides.record(
        kind="payment_terms",
        subject=ref,
        actor=actor,
        reason=reason,
        before={"terms": before or "as the account", "contract": row.contract_terms_code},
        after={"terms": terms_code, "order_amount": row.total_amount},
        money_effect=Decimal(0),
        currency=row.currency,
        approval_id=approval_id,
        approver=approver,
        account_id=row.account_id,
        now=now,
    )
    Order.objects.filter(pk=row.pk).update(
        terms_code=terms_code, terms_override_id=override_id, version=row.version + 1
    )
    summary = f"Payment terms changed from {before or 'the account’s'} to {terms_code}: {reason.note}"
    journal.write([journal.Entry(ref, "terms_changed", summary)], actor=actor, now=now)
    if row.status == OrderStatus.SUBMITTED:
        look_again(row.account_id, actor=actor, now=now)
    return before, terms_code


def require_authority(row: Order, actor: Actor, *, on: date) -> None:
    """Never who entered the order, and nobody beyond the worth they may let go. Raises SelfApproval, AuthorityExceeded,
    RateMissing."""
    if actor.user_id is not None and actor.user_id == row.entered_by_id:
        raise overrides.SelfApproval(actor=actor.label)
    if not has_authority(actor, kind="credit", amount=row.total_amount, currency=row.currency, on=on):
        raise AuthorityExceeded(
            actor=actor.label,
            kind="payment terms",
            amount=row.total_amount,
            currency=row.currency,
            roles="finance approver",
        )
