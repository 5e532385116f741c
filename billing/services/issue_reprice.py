"""Issue an approved repricing: a credit memo for what was too dear, an invoice per order for what was too cheap. Once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts.queries import approvals
from accounts.rules.asks import Approval
from accounts.states import Role
from billing.models import InvoiceLine, Repricing
from billing.rules.asks import CreditSpec
from billing.rules.spread import Billed, spread
from billing.services.issue_credit_memo import credit_lines
from billing.services.rebill import More, rebill
from billing.states import CreditKind, InvoiceStatus
from core.actors import Actor
from core.errors import NotFound, NotPermitted, Refused
from core.refs import DocumentRef
from core.uow import door_verb
from credit.services.lock_accounts import lock_accounts
from orders.repriced import Difference
from orders.services.settle_reprice import settle_reprice
from orders.states import REPRICE

ZERO = Decimal(0)
WHO = frozenset({Role.FINANCE, Role.FINANCE_APPROVER})


class NotBilledEnough(Refused):
    template = "Order {number} line {line_no}: {asked:,} is to be {verb}, and its invoices leave {left:,}."
    remedy_template = "Invoice what shipped first; where goods came back, propose the repricing again."


@dataclass(frozen=True)
class Issued:
    """What the repricing became. `credit` and `rebill` are not negative."""

    credit_memo_id: int | None
    invoice_ids: tuple[int, ...]
    credit: Decimal
    rebill: Decimal
    currency: str


@door_verb
def issue_reprice(*, approval_id: int, actor: Actor, now: datetime) -> Issued:
    """The documents of an approved repricing; the same again when it was issued before. Locks credit 10, approval 18,
    orders 20, invoices 40, numbers 90.

    Raises NotFound, NotPermitted, ApprovalMissing, ApprovalExpired, ContentChanged (propose it again), NotBilledEnough.
    """
    if actor.user_id is not None and not actor.has_role(*WHO):
        raise NotPermitted(actor=actor.label, verb="issue a repricing", roles=", ".join(sorted(WHO)))
    given = approvals([approval_id]).get(approval_id)
    if given is None or given.kind != REPRICE or given.account_id is None:
        raise NotFound(kind="approved repricing", ident=approval_id)
    lock_accounts([given.account_id])
    if known := Repricing.objects.filter(approval_id=approval_id).first():
        return _issued(known)
    found = settle_reprice(
        account_id=given.account_id, since=date.fromisoformat(str(given.content["since"])),
        until=date.fromisoformat(str(given.content["until"])), approval_id=approval_id, actor=actor, now=now,
    )  # fmt: skip
    billed = _billed(found)
    memo_id = _credit([d for d in found if d.effect < 0], billed, given, actor, now)
    dearer = [d for d in found if d.effect > 0]
    for d in dearer:
        if _billed_qty(billed.get(d.line_id, [])) < d.qty:
            raise _too_little(d, billed.get(d.line_id, []), "rebilled")
    more = [
        More(d.order_id, d.line_id, billed[d.line_id][0].pk, billed[d.line_id][0].product_id, d.qty, d.effect)
        for d in dearer
    ]
    rebills = rebill(more, account_id=given.account_id, actor=actor, now=now)
    row = Repricing.objects.create(
        approval_id=approval_id, account_id=given.account_id, currency=given.currency,
        credit_amount=-sum((d.effect for d in found if d.effect < 0), ZERO),
        rebill_amount=sum((d.effect for d in found if d.effect > 0), ZERO),
        credit_memo_id=memo_id, issued_at=now, issued_by=actor.label,
    )  # fmt: skip
    row.rebills.set(rebills)
    return _issued(row)


def is_issued(approval_id: int) -> bool:
    return Repricing.objects.filter(approval_id=approval_id).exists()


def _issued(row: Repricing) -> Issued:
    ids = tuple(row.rebills.order_by("pk").values_list("pk", flat=True))
    return Issued(row.credit_memo_id, ids, row.credit_amount, row.rebill_amount, row.currency)


def _billed(found: Sequence[Difference]) -> dict[int, list[InvoiceLine]]:
    """The posted invoice lines of each order line, the oldest first, with what was billed anew or more of them since."""
    rows = InvoiceLine.objects.filter(order_line__in=[d.line_id for d in found])
    lines: dict[int, list[InvoiceLine]] = {}
    for row in rows.exclude(invoice__status=InvoiceStatus.DRAFT).order_by("pk"):
        lines.setdefault(row.order_line_id, []).append(row)
    return lines


def _credit(
    found: Sequence[Difference], billed: Mapping[int, list[InvoiceLine]], given: Approval, actor: Actor, now: datetime
) -> int | None:
    specs = []
    for d in found:
        rows = billed.get(d.line_id, [])
        parts = spread(-d.effect, [_left_of(x) for x in rows], given.currency)
        if sum(parts.values(), ZERO) != -d.effect or _billed_qty(rows) < d.qty:
            raise _too_little(d, rows, "credited")
        specs += [CreditSpec(line_id, amount=amount) for line_id, amount in parts.items()]
    if not specs:
        return None
    return credit_lines(
        account_id=given.account_id or 0, kind=CreditKind.PRICE, lines=specs,
        reason=f"Price corrected: {given.reason}"[:200], key=f"reprice:{given.id}",
        source=DocumentRef("approval", given.id), actor=actor, now=now,
    )  # fmt: skip


def _left_of(line: InvoiceLine) -> Billed:
    qty = ZERO if line.rebills_id is not None else line.qty - line.credited_qty
    return Billed(line.pk, line.amount - line.credited_amount, qty)


def _billed_qty(rows: Sequence[InvoiceLine]) -> Decimal:
    """Base units: what bills a difference bills no further goods."""
    return sum((x.qty for x in rows if x.rebills_id is None), ZERO)


def _too_little(d: Difference, rows: Sequence[InvoiceLine], verb: str) -> NotBilledEnough:
    left = sum((x.amount - x.credited_amount for x in rows), ZERO)
    return NotBilledEnough(number=d.order_number, line_no=d.line_no, asked=abs(d.effect), verb=verb, left=left)
