"""Rank 40: invoices and receipts. Invoices come first, so that both fit under one rank without a cycle."""

from collections.abc import Iterable

from django.db.models import Q

from billing.models import Invoice, Receipt
from core.locks import Rank, take


def lock_invoices(invoice_ids: Iterable[int]) -> list[Invoice]:
    return take(Rank.INVOICE, Invoice.objects.filter(pk__in=set(invoice_ids)))


def lock_payable(account_ids: Iterable[int], invoice_ids: Iterable[int]) -> list[Invoice]:
    """All invoices of the accounts with something open, and those named, in one climb."""
    unpaid = Q(account_id__in=set(account_ids), status__in=("posted", "partially_paid"))
    return take(Rank.INVOICE, Invoice.objects.filter(unpaid | Q(pk__in=set(invoice_ids))))


def lock_receipt_and_invoice(receipt_id: int, invoice_id: int) -> tuple[Receipt, Invoice | None]:
    """The receipt, and the invoice if there is one. Both under the account's credit lock, so no cycle can form."""
    invoices = lock_invoices([invoice_id])
    (receipt,) = take(Rank.INVOICE, Receipt.objects.filter(pk=receipt_id))
    return receipt, invoices[0] if invoices else None
