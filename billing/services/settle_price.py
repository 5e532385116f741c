"""An invoice bills another price than was confirmed: the confirmed price counts, or the invoice's, said by whom it may."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from accounts import approvals
from accounts.approval_queries import has_authority
from accounts.queries import user_names
from accounts.rules.asks import Approval
from accounts.states import Role
from billing import locks
from billing.mismatches import Mismatch, mismatches_of
from billing.models import InvoiceLine
from billing.rules.asks import CreditSpec
from billing.rules.charges import NONE, Charges
from billing.services.issue_credit_memo import charges_left, credit_lines
from billing.services.rebill import More, rebill
from billing.states import CreditKind
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import NotPermitted, Refused
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.services.lock_accounts import lock_accounts

ZERO = Decimal(0)
PRICE = "price"  # accounts.approvals.request(kind=…)
ASK_FOR = timedelta(days=14)
WHO = frozenset({Role.FINANCE, Role.FINANCE_APPROVER, Role.PRICING})


class NothingDiffers(Refused):
    template = "No line of the invoice differs from what was confirmed any more."
    remedy_template = "Nothing is left to do."


@dataclass(frozen=True)
class Stands:
    """Whether the invoice stands now; else `approval_id` is what it waits for. `effect` above 0 is billed beyond what was
    confirmed."""

    is_applied: bool
    effect: Decimal
    currency: str
    approval_id: int | None = None


@dataclass(frozen=True)
class BilledAnew:
    """`credited` was taken back on the memo, `billed` asked for again on the invoices."""

    credit_memo_id: int | None
    invoice_ids: tuple[int, ...]
    credited: Decimal
    billed: Decimal


@door_verb
def bill_as_confirmed(*, invoice_id: int, reason: str, actor: Actor, now: datetime) -> Decimal:
    """What was billed too much is credited, what was billed too little is billed; the sum given back (below 0: asked for).
    Locks credit 10, invoices 40, numbers 90. Raises NotPermitted, NothingDiffers."""
    found = _lock(invoice_id, actor)
    _settle(found, f"The confirmed price counts: {reason}", actor, now)
    dear = {m.line_id: m.difference for m in found if m.difference > 0}
    _credit(found, dear, {}, "confirmed", reason, actor, now)
    _bill(found, {m.line_id: -m.difference for m in found if m.difference < 0}, {}, actor, now)
    return sum((m.difference for m in found), ZERO)


@door_verb
def reject_invoice(*, invoice_id: int, reason: str, actor: Actor, now: datetime) -> BilledAnew:
    """The lines that differ are taken back whole, for a customer who does not book them, and billed anew as confirmed, an
    invoice an order: in the end it is owed what it is owed by `bill_as_confirmed`. Goods that were given back are not billed
    again. Locks credit 10, invoices 40, numbers 90. Raises NotPermitted, NothingDiffers."""
    found = _lock(invoice_id, actor)
    _settle(found, f"Rejected, and billed anew as confirmed: {reason}", actor, now)
    back = {m.line_id: m.left for m in found if m.left > 0}
    anew = {m.line_id: amount for m in found if (amount := m.left - m.difference) > 0}
    charged = {x.pk: charges_left(x) for x in InvoiceLine.objects.filter(pk__in=list(back))}
    memo_id = _credit(found, back, charged, "rejected", reason, actor, now)
    invoices = _bill(found, anew, charged, actor, now)
    return BilledAnew(memo_id, tuple(invoices), sum(back.values(), ZERO), sum(anew.values(), ZERO))


@door_verb
def keep_invoice(
    *, invoice_id: int, reason: overrides.Reason, actor: Actor, now: datetime, approval_id: int | None = None
) -> Stands:
    """The billed price stands, as an override of price: within the actor's authority over its sum at once, else an approval
    is asked for, and it stands when that is given (`approval_id`). Locks credit 10, the approval 18, invoices 40.

    Raises NotPermitted, NothingDiffers, ReasonTooShort, and with an approval ApprovalMissing, ApprovalExpired,
    ContentChanged (the invoice is not what was approved)."""
    return keep(invoice_id, reason=reason, actor=actor, now=now, approval_id=approval_id)


@require_uow
def keep(
    invoice_id: int, *, reason: overrides.Reason, actor: Actor, now: datetime, approval_id: int | None = None
) -> Stands:
    """The same inside a caller's transaction that holds no lock yet."""
    if len(reason.note.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.note.strip()))
    before = mismatches_of([invoice_id])
    given = None
    if approval_id is not None and before:
        lock_accounts([before[0].account_id])
        given = approvals.require(approval_id=approval_id, content_hash=_hash(before), now=now)
    found = _lock(invoice_id, actor, is_approved=given is not None)
    if given is not None and given.content_hash != _hash(found):
        raise approvals.ContentChanged(approval_id=given.id)
    effect, currency = sum((m.difference for m in found), ZERO), found[0].currency
    if given is None and not _may_alone(found, actor, now):
        return Stands(False, effect, currency, _ask(found, reason, actor, now))
    _settle(found, f"The invoice stands: {reason.note}", actor, now)
    overrides.record(
        kind="price",
        subject=_ref(found),
        actor=actor,
        reason=reason,
        before={"confirmed": [[m.order_number, m.line_no, m.confirmed_price] for m in found]},
        after={"billed": [[m.order_number, m.line_no, m.billed_price] for m in found]},
        money_effect=effect,
        currency=currency,
        account_id=found[0].account_id,
        approval_id=given.id if given else None,
        approver=_approver(given),
        now=now,
    )
    return Stands(True, effect, currency, approval_id)


def _may_alone(found: Sequence[Mismatch], actor: Actor, now: datetime) -> bool:
    at_stake = sum((abs(m.difference) for m in found), ZERO)
    return actor.user_id is None or has_authority(
        actor, kind=PRICE, amount=at_stake, currency=found[0].currency, on=company_day(now)
    )


@require_uow
def _ask(found: Sequence[Mismatch], reason: overrides.Reason, actor: Actor, now: datetime) -> int:
    """Told to nobody outside the house: it is about what we billed, not about a wish of the customer."""
    return approvals.request(
        kind=PRICE,
        subject=_ref(found),
        content_hash=_hash(found),
        amount=sum((abs(m.difference) for m in found), ZERO),
        currency=found[0].currency,
        actor=actor,
        now=now,
        expires_at=now + ASK_FOR,
        reason=reason.note.strip(),
        content={
            "what": f"The invoice stands on {len(found)} lines that were confirmed at another price",
            "reason_code": reason.code,
            "lines": [
                f"{m.order_number} line {m.line_no}: {plain(m.qty)} billed at {plain(m.billed_price)}, confirmed at"
                f" {plain(m.confirmed_price)}"
                for m in found[:50]
            ],
        },
    )


def _hash(found: Sequence[Mismatch]) -> str:
    """Which lines, how many of each, confirmed and billed at what: change any, and the approval no longer counts."""
    body = [[m.line_id, plain(m.qty), plain(m.confirmed_price), plain(m.billed_price)] for m in found]
    return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()


def _approver(given: Approval | None) -> Actor | None:
    if given is None or given.decided_by is None:
        return None
    return Actor(user_names([given.decided_by])[given.decided_by], user_id=given.decided_by)


def _ref(found: Sequence[Mismatch]) -> DocumentRef:
    return DocumentRef("invoice", found[0].invoice_id, found[0].invoice_number)


@require_uow
def _lock(invoice_id: int, actor: Actor, *, is_approved: bool = False) -> list[Mismatch]:
    if not is_approved and actor.user_id is not None and not actor.has_role(*WHO):
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
def _settle(found: Sequence[Mismatch], words: str, actor: Actor, now: datetime) -> None:
    InvoiceLine.objects.filter(pk__in=[m.line_id for m in found]).update(price_settled_at=now)
    journal.write([journal.Entry(_ref(found), "price_settled", words[:300])], actor=actor, now=now)


@require_uow
def _credit(
    found: Sequence[Mismatch], amounts: dict[int, Decimal], charges: Mapping[int, Charges], key: str, reason: str,
    actor: Actor, now: datetime,
) -> int | None:  # fmt: skip
    """Tax and freight were billed as confirmed, whatever the price: only what `charges` say of them goes back."""
    if not amounts:
        return None
    return credit_lines(
        account_id=found[0].account_id, kind=CreditKind.PRICE, reason=reason[:200],
        key=f"{key}:{found[0].invoice_id}:{min(amounts)}",
        lines=[
            CreditSpec(line_id, amount=amount, **charges.get(line_id, NONE)._asdict())
            for line_id, amount in amounts.items()
        ],
        source=_ref(found), actor=actor, now=now,
    )  # fmt: skip


@require_uow
def _bill(
    found: Sequence[Mismatch], amounts: dict[int, Decimal], charges: Mapping[int, Charges], actor: Actor, now: datetime
) -> list[int]:
    products = dict(InvoiceLine.objects.filter(pk__in=list(amounts)).values_list("pk", "product_id"))
    more = [
        More(m.order_id, m.order_line_id, m.line_id, products[m.line_id], m.qty, amounts[m.line_id],
             charges.get(m.line_id, NONE))
        for m in found
        if m.line_id in amounts
    ]  # fmt: skip
    return rebill(more, account_id=found[0].account_id, actor=actor, now=now)
