"""An invoice bills another price than was confirmed: the confirmed price counts, or the invoice's, said by whom it may."""

from datetime import datetime
from decimal import Decimal

from accounts.approval_queries import has_authority
from accounts.approvals import AuthorityExceeded
from accounts.states import Role
from billing import locks
from billing.mismatches import Mismatch, mismatches_of
from billing.models import InvoiceLine
from billing.rules.asks import CreditSpec
from billing.services.issue_credit_memo import credit_lines
from billing.services.rebill import More, rebill
from billing.states import CreditKind
from core import journal, overrides
from core.actors import Actor
from core.errors import NotPermitted, Refused
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.services.lock_accounts import lock_accounts

ZERO = Decimal(0)
WHO = frozenset({Role.FINANCE, Role.FINANCE_APPROVER, Role.PRICING})


class NothingDiffers(Refused):
    template = "No line of the invoice differs from what was confirmed any more."
    remedy_template = "Nothing is left to do."


@door_verb
def bill_as_confirmed(*, invoice_id: int, reason: str, actor: Actor, now: datetime) -> Decimal:
    """What was billed too much is credited, what was billed too little is billed; the sum given back (below 0: asked for).
    Locks credit 10, invoices 40, numbers 90. Raises NotPermitted, NothingDiffers, InvalidInput (credited meanwhile)."""
    found = _lock(invoice_id, actor)
    account_id, ref = found[0].account_id, DocumentRef("invoice", invoice_id, found[0].invoice_number)
    _settle(found, ref, f"The confirmed price counts: {reason}", actor, now)
    dear = [m for m in found if m.difference > 0]
    if dear:
        credit_lines(
            account_id=account_id, kind=CreditKind.PRICE, reason=reason[:200],
            key=f"confirmed:{invoice_id}:{dear[0].line_id}",
            lines=[CreditSpec(m.line_id, amount=m.difference) for m in dear], source=ref, actor=actor, now=now,
        )  # fmt: skip
    products = dict(InvoiceLine.objects.filter(invoice=invoice_id).values_list("pk", "product_id"))
    more = [
        More(m.order_id, m.order_line_id, m.line_id, products[m.line_id], m.qty, -m.difference)
        for m in found
        if m.difference < 0
    ]
    rebill(more, account_id=account_id, actor=actor, now=now)
    return sum((m.difference for m in found), ZERO)


@door_verb
def keep_invoice(*, invoice_id: int, reason: overrides.Reason, actor: Actor, now: datetime) -> int:
    """The billed price stands: an override of price, within the actor's authority over its sum; its id. Locks credit 10,
    invoices 40. Raises NotPermitted, AuthorityExceeded, NothingDiffers, ReasonTooShort."""
    found = _lock(invoice_id, actor)
    effect = sum((m.difference for m in found), ZERO)
    at_stake = sum((abs(m.difference) for m in found), ZERO)
    if actor.user_id is not None and not has_authority(actor, kind="price", amount=at_stake):
        raise AuthorityExceeded(
            actor=actor.label, kind="price", amount=at_stake, currency=found[0].currency, roles="finance approver"
        )
    ref = DocumentRef("invoice", invoice_id, found[0].invoice_number)
    _settle(found, ref, f"The invoice stands: {reason.note}", actor, now)
    return overrides.record(
        kind="price",
        subject=ref,
        actor=actor,
        reason=reason,
        before={"confirmed": [[m.order_number, m.line_no, m.confirmed_price] for m in found]},
        after={"billed": [[m.order_number, m.line_no, m.billed_price] for m in found]},
        money_effect=effect,
        currency=found[0].currency,
        account_id=found[0].account_id,
        now=now,
    )


@require_uow
def _lock(invoice_id: int, actor: Actor) -> list[Mismatch]:
    if actor.user_id is not None and not actor.has_role(*WHO):
        raise NotPermitted(actor=actor.label, verb="settle a price", roles=", ".join(sorted(WHO)))
    before = mismatches_of([invoice_id])
    if not before:
        raise NothingDiffers
    lock_accounts([before[0].account_id])
    locks.lock_invoices([invoice_id])
    found = mismatches_of([invoice_id])
    if not found:
        raise NothingDiffers
    return found


@require_uow
def _settle(found: list[Mismatch], ref: DocumentRef, words: str, actor: Actor, now: datetime) -> None:
    InvoiceLine.objects.filter(pk__in=[m.line_id for m in found]).update(price_settled_at=now)
    journal.write([journal.Entry(ref, "price_settled", words[:300])], actor=actor, now=now)
