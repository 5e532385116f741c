"""What follows when an invoice's money changed: its status, and the cases that are done with."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from billing.events import InvoicePaid
from billing.exception_kinds import INVOICE_DISPUTE, SHORT_PAYMENT
from billing.models import Invoice
from billing.rules.settle import Balance, status_of
from billing.services.book_invoices import invoice_ref
from billing.states import INVOICE, InvoiceStatus
from core import outbox
from core.actors import Actor
from core.uow import require_uow
from exceptions_app.services.close_causes import Cause, close_many

MONEY = ["paid_amount", "credited_amount", "written_off_amount", "disputed_amount", "status", "version"]
DONE = (InvoiceStatus.PAID, InvoiceStatus.CREDITED, InvoiceStatus.WRITTEN_OFF)


def restate(invoice: Invoice) -> Invoice:
    """Its status as its amounts say, one version on. What is paid is not disputed any more."""
    invoice.disputed_amount = min(invoice.disputed_amount, invoice.open_amount)
    target = status_of(
        Balance(
            invoice.total_amount,
            invoice.paid_amount,
            invoice.credited_amount,
            invoice.written_off_amount,
            invoice.disputed_amount,
            is_sent=invoice.sent_at is not None,
        )
    )
    if invoice.status != target:
        invoice.status = INVOICE.require(InvoiceStatus(invoice.status), target)
    invoice.version += 1
    return invoice


@require_uow
def save_settled(invoices: Iterable[Invoice], was_open: Iterable[int], *, actor: Actor, now: datetime) -> None:
    """Write the amounts of the restated invoices and tell which were paid by this. `was_open`: those that had something
    open before. Locks rank 40 by the caller."""
    changed, before = list(invoices), set(was_open)
    Invoice.objects.bulk_update(changed, MONEY)
    notes = [
        outbox.Note(InvoicePaid(i.pk, i.order_id, i.account_id), f"invoice:{i.pk}", i.version)
        for i in changed
        if i.status == InvoiceStatus.PAID and i.pk in before
    ]
    outbox.publish_many(notes, now=now, actor=actor)


@require_uow
def close_cases(invoices: Sequence[Invoice], *, actor: Actor, now: datetime, answered: Sequence[Cause] = ()) -> None:
    """Nobody has to ask about an invoice with nothing open, or about what was answered. Rank 80: only a number may
    follow."""
    causes = [*answered] + [
        Cause(kind.code, invoice_ref(i))
        for i in invoices
        if i.status in DONE
        for kind in (SHORT_PAYMENT, INVOICE_DISPUTE)
    ]
    if causes:
        close_many(causes, now=now, actor=actor, why="It is answered, or nothing of the invoice is open.")
