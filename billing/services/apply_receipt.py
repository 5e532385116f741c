"""Apply money that lay on account to an invoice."""

from datetime import datetime
from decimal import Decimal

from billing import locks
from billing.models import Receipt
from billing.rules.apply import Application, OpenInvoice, apply_oldest_first
from billing.services.apply_money import apply_money
from billing.states import InvoiceStatus
from core.actors import Actor
from core.errors import NotFound, Refused
from core.uow import door_verb
from credit.services.lock_accounts import lock_accounts


class CannotApply(Refused):
    status = 422
    template = "{asked} cannot be applied: {unapplied} is left on the receipt and {open} is open on the invoice."
    remedy_template = "Apply at most the smaller of the two."


@door_verb
def apply_receipt(*, receipt_id: int, invoice_id: int, amount: Decimal, actor: Actor, now: datetime) -> None:
    """Apply `amount` of the receipt to one open invoice of the same account. Raises NotFound, CannotApply."""
    account_id = Receipt.objects.filter(pk=receipt_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise NotFound(kind="receipt", ident=receipt_id)
    lock_accounts([account_id])
    receipt, invoice = locks.lock_receipt_and_invoice(receipt_id, invoice_id)
    if (
        invoice is None
        or invoice.status == InvoiceStatus.DRAFT
        or invoice.account_id != account_id
        or invoice.currency != receipt.currency
    ):
        raise NotFound(kind="invoice", ident=invoice_id)
    left, due = receipt.amount - receipt.applied_amount, invoice.open_amount
    if not 0 < amount <= min(left, due):
        raise CannotApply(asked=amount, unapplied=left, open=due)
    apply_money(receipt, [Application(invoice_id, amount)], {invoice_id: invoice}, actor=actor, now=now)


class NothingToApply(Refused):
    template = "Nothing of receipt {number} can be applied: {unapplied} is left, and {open} is open."
    remedy_template = "Leave it on account."


@door_verb
def apply_on_account(*, receipt_id: int, actor: Actor, now: datetime) -> Decimal:
    """Apply what is left of the receipt to the account's open invoices of its currency, the first due first; how much it
    was. Raises NotFound, NothingToApply."""
    account_id = Receipt.objects.filter(pk=receipt_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise NotFound(kind="receipt", ident=receipt_id)
    lock_accounts([account_id])
    invoices = {i.pk: i for i in locks.lock_payable([account_id], [])}
    receipt, _ = locks.lock_receipt_and_invoice(receipt_id, 0)
    due = [OpenInvoice(i.pk, i.due_date, i.open_amount) for i in invoices.values() if i.currency == receipt.currency]
    left = receipt.amount - receipt.applied_amount
    plan = apply_oldest_first(left, due)
    if not plan:
        raise NothingToApply(number=receipt.number, unapplied=left, open=sum((o.open_amount for o in due), Decimal(0)))
    apply_money(receipt, plan, invoices, actor=actor, now=now)
    return sum((part.amount for part in plan), Decimal(0))
