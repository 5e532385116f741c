"""Applying received money to locked invoices: shared by the receipt and the later application."""

from collections.abc import Mapping, Sequence
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

_PAID = ["paid_amount", "status", "version"]


@require_uow
def apply_money(
    receipt: Receipt, applications: Sequence[Application], invoices: dict[int, Invoice], *, actor: Actor, now: datetime
) -> None:
    """Write the applications, move the exposure and tell. Receipt and invoices are locked by the caller."""
    apply_all([(receipt, applications)], invoices, actor=actor, now=now)


@require_uow
def apply_all(
    plans: Sequence[tuple[Receipt, Sequence[Application]]],
    invoices: Mapping[int, Invoice],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """The same for several receipts, one after the other: the statements of one."""
    parts = [(receipt, a) for receipt, applications in plans for a in applications]
    if not parts:
        return
    ReceiptApplication.objects.bulk_create(
        ReceiptApplication(receipt=receipt, invoice_id=a.invoice_id, amount=a.amount, applied_at=now)
        for receipt, a in parts
    )
    specs, entries, paid = [], [], []
    for receipt, a in parts:
        invoice = _pay(invoices[a.invoice_id], a.amount)
        receipt.applied_amount += a.amount
        specs += _exposure(receipt, invoice, a.amount)
        entries.append(_entry(receipt, invoice, a.amount))
        if invoice.status == InvoiceStatus.PAID:
            fact = InvoicePaid(invoice.pk, invoice.order_id, invoice.account_id)
            paid.append(outbox.Note(fact, f"invoice:{invoice.pk}", invoice.version))
    Invoice.objects.bulk_update({a.invoice_id: invoices[a.invoice_id] for _, a in parts}.values(), _PAID)
    Receipt.objects.bulk_update([r for r, applications in plans if applications], ["applied_amount"])
    post(specs, now=now)
    journal.write(entries, actor=actor, now=now)
    outbox.publish_many(paid, now=now, actor=actor)


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


def _entry(receipt: Receipt, invoice: Invoice, amount: Decimal) -> journal.Entry:
    return journal.Entry(
        DocumentRef("invoice", invoice.pk, invoice.number),
        "paid" if invoice.status == InvoiceStatus.PAID else "partially paid",
        f"{amount} {invoice.currency} of receipt {receipt.number} applied to {invoice.number}",
    )
