"""Rank 40: invoices and receipts. Invoices come first, so that both fit under one rank without a cycle."""

from collections.abc import Iterable

from billing.models import Invoice, Receipt
from core.locks import Rank, take


def lock_invoices(invoice_ids: Iterable[int]) -> list[Invoice]:
    return take(Rank.INVOICE, Invoice.objects.filter(pk__in=set(invoice_ids)))


def lock_open_invoices(account_id: int, currency: str) -> list[Invoice]:
    """All invoices of the account with something open."""
    unpaid = Invoice.objects.filter(account_id=account_id, currency=currency)
    return take(Rank.INVOICE, unpaid.filter(status__in=("posted", "partially_paid")))


def lock_receipt_and_invoice(receipt_id: int, invoice_id: int) -> tuple[Receipt, Invoice | None]:
    """The receipt, and the invoice if there is one. Both under the account's credit lock, so no cycle can form."""
    invoices = lock_invoices([invoice_id])
    (receipt,) = take(Rank.INVOICE, Receipt.objects.filter(pk=receipt_id))
    return receipt, invoices[0] if invoices else None
