"""Applying received money to locked invoices: shared by the receipt and the later application."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from billing.exception_kinds import SHORT_PAYMENT
from billing.models import Invoice, Receipt, ReceiptApplication
from billing.rules.apply import Application
from billing.services.book_invoices import invoice_ref
from billing.services.settle_invoices import close_cases, restate, save_settled
from billing.services.take_discounts import earned, take_discounts
from billing.states import InvoiceStatus
from core import journal
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket
from exceptions_app.services.close_causes import Cause


@require_uow
def apply_money(
    receipt: Receipt, applications: Sequence[Application], invoices: dict[int, Invoice], *, actor: Actor, now: datetime
) -> None:
    """Write the applications, move the exposure and tell; money that came early enough earns the discount whenever it is
    applied. Receipt and invoices are locked by the caller."""
    plans = [(receipt, applications)]
    early = earned(plans, invoices)
    apply_all(plans, invoices, early=early, actor=actor, now=now)
    take_discounts(early, invoices, actor=actor, now=now)


@require_uow
def apply_all(
    plans: Sequence[tuple[Receipt, Sequence[Application]]],
    invoices: Mapping[int, Invoice],
    *,
    early: Collection[int] = (),
    actor: Actor,
    now: datetime,
) -> None:
    """The same for several receipts, one after the other: the statements of one. `early` are invoices whose rest is an
    early payer's: nobody has to ask about it."""
    parts = [(receipt, a) for receipt, applications in plans for a in applications]
    if not parts:
        return
    made = ReceiptApplication.objects.bulk_create(
        ReceiptApplication(receipt=receipt, invoice_id=a.invoice_id, amount=a.amount, applied_at=now)
        for receipt, a in parts
    )
    specs, entries = [], []
    touched = {a.invoice_id: invoices[a.invoice_id] for _, a in parts}
    was_open = [i.pk for i in touched.values() if i.open_amount]
    for (receipt, a), application in zip(parts, made, strict=True):
        invoice = invoices[a.invoice_id]
        invoice.paid_amount += a.amount
        restate(invoice)
        receipt.applied_amount += a.amount
        specs += _exposure(receipt, invoice, application)
        entries.append(_entry(receipt, invoice, a.amount))
    save_settled(touched.values(), was_open, actor=actor, now=now)
    Receipt.objects.bulk_update([r for r, applications in plans if applications], ["applied_amount"])
    post(specs, now=now)
    journal.write(entries, actor=actor, now=now)
    kept = [Cause(SHORT_PAYMENT.code, invoice_ref(invoices[i])) for i in early]
    close_cases(list(touched.values()), actor=actor, now=now, answered=kept)


def _exposure(receipt: Receipt, invoice: Invoice, application: ReceiptApplication) -> list[PostingSpec]:
    key = f"receipt:{receipt.pk}:application:{application.pk}"
    amount = application.amount
    money = DocumentRef("receipt", receipt.pk, receipt.number)
    bill = invoice_ref(invoice)
    return [
        PostingSpec(receipt.account_id, money, Bucket.UNAPPLIED, -amount, f"{key}:applied", currency=receipt.currency),
        PostingSpec(
            receipt.account_id,
            bill,
            Bucket.RECEIVABLE,
            -amount,
            f"{key}:paid",
            due_date=invoice.due_date,
            currency=invoice.currency,
        ),
    ]


def _entry(receipt: Receipt, invoice: Invoice, amount: Decimal) -> journal.Entry:
    return journal.Entry(
        invoice_ref(invoice),
        "paid" if invoice.status == InvoiceStatus.PAID else "partially paid",
        f"{amount} {invoice.currency} of receipt {receipt.number} applied to {invoice.number}",
    )
