"""Applying received money to locked invoices: shared by the receipt and the later application."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from billing.events import InvoicePaid
from billing.models import Invoice, Receipt, ReceiptApplication
from billing.rules.apply import Application
from billing.states import INVOICE, InvoiceStatus
from core import journal, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket


@require_uow
def apply_money(
    receipt: Receipt, applications: Sequence[Application], invoices: dict[int, Invoice], *, actor: Actor, now: datetime
) -> None:
    """Write the applications, move the exposure and tell. Receipt and invoices are locked by the caller."""
    if not applications:
        return
    ReceiptApplication.objects.bulk_create(
        ReceiptApplication(receipt=receipt, invoice_id=a.invoice_id, amount=a.amount, applied_at=now)
        for a in applications
    )
    touched = [_pay(invoices[a.invoice_id], a.amount) for a in applications]
    Invoice.objects.bulk_update(touched, ["paid_amount", "status", "version"])
    receipt.applied_amount += sum((a.amount for a in applications), Decimal(0))
    receipt.save(update_fields=["applied_amount"])
    post([s for a in applications for s in _exposure(receipt, invoices[a.invoice_id], a.amount)], now=now)
    _tell(receipt, touched, applications, actor, now)


def _pay(invoice: Invoice, amount: Decimal) -> Invoice:
    invoice.paid_amount += amount
    target = InvoiceStatus.PAID if invoice.paid_amount == invoice.total_amount else InvoiceStatus.PARTIALLY_PAID
    if invoice.status != target:
        invoice.status = INVOICE.require(InvoiceStatus(invoice.status), target)
    invoice.version += 1
    return invoice


def _exposure(receipt: Receipt, invoice: Invoice, amount: Decimal) -> list[PostingSpec]:
    key = f"receipt:{receipt.pk}:invoice:{invoice.pk}"
    money = DocumentRef("receipt", receipt.pk, receipt.number)
    bill = DocumentRef("invoice", invoice.pk, invoice.number)
    return [
        PostingSpec(receipt.account_id, money, Bucket.UNAPPLIED, -amount, f"{key}:applied"),
        PostingSpec(receipt.account_id, bill, Bucket.RECEIVABLE, -amount, f"{key}:paid", due_date=invoice.due_date),
    ]


def _tell(
    receipt: Receipt, invoices: list[Invoice], applications: Sequence[Application], actor: Actor, now: datetime
) -> None:
    entries = [
        journal.Entry(
            DocumentRef("invoice", i.pk, i.number),
            "paid" if i.status == InvoiceStatus.PAID else "partially paid",
            f"{a.amount} {i.currency} of receipt {receipt.number} applied to {i.number}",
        )
        for i, a in zip(invoices, applications, strict=True)
    ]
    journal.write(entries, actor=actor, now=now)
    paid = [i for i in invoices if i.status == InvoiceStatus.PAID]
    notes = [outbox.Note(InvoicePaid(i.pk, i.order_id, i.account_id), f"invoice:{i.pk}", i.version) for i in paid]
    if notes:
        outbox.publish_many(notes, now=now, actor=actor)
