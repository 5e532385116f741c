"""Note that invoices reached their customers: by e-mail, EDI or paper."""

from collections.abc import Iterable
from datetime import datetime

from billing import locks
from billing.models import Invoice
from billing.rules.settle import ZERO
from billing.services.book_invoices import invoice_ref
from billing.services.settle_invoices import restate
from billing.states import InvoiceStatus
from core import journal
from core.actors import Actor
from core.uow import door_verb


@door_verb
def mark_sent(*, invoice_ids: Iterable[int], how: str, actor: Actor, now: datetime) -> int:
    """How many were sent by this; drafts are not, and what was sent before stays as it was. Locks rank 40."""
    found = locks.lock_invoices(invoice_ids)
    fresh = [i for i in found if i.sent_at is None and i.status != InvoiceStatus.DRAFT]
    for invoice in fresh:
        invoice.sent_at = now
        if invoice.open_amount > ZERO:
            restate(invoice)
    Invoice.objects.bulk_update(fresh, ["sent_at", "status", "version"])
    entries = [journal.Entry(invoice_ref(i), "sent", f"{i.number} sent by {how}") for i in fresh]
    journal.write(entries, actor=actor, now=now)
    return len(fresh)
