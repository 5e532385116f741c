"""Rank 40: invoices and what pays them; rank 45: commission statements.

Tables of one rank are taken in the order of their names, so no cycle can form."""

from collections.abc import Iterable

from django.db.models import Q

from billing.models import CommissionStatement, CreditMemo, Invoice, Receipt, WriteOff
from billing.states import TO_PAY, InvoiceStatus
from core.locks import Rank, take


def lock_invoices(invoice_ids: Iterable[int]) -> list[Invoice]:
    return take(Rank.INVOICE, Invoice.objects.filter(pk__in=set(invoice_ids)))


def lock_drafts(keys: Iterable[str]) -> list[Invoice]:
    return take(Rank.INVOICE, Invoice.objects.filter(status=InvoiceStatus.DRAFT, draft_key__in=list(keys)))


def lock_payable(account_ids: Iterable[int], invoice_ids: Iterable[int]) -> list[Invoice]:
    """All invoices of the accounts with something to pay, and those named, in one climb."""
    unpaid = Q(account_id__in=set(account_ids), status__in=TO_PAY)
    return take(Rank.INVOICE, Invoice.objects.filter(unpaid | Q(pk__in=set(invoice_ids))))


def lock_receipt_and_invoice(receipt_id: int, invoice_id: int) -> tuple[Receipt, Invoice | None]:
    """The receipt, and the invoice if there is one. Both under the account's credit lock, so no cycle can form."""
    invoices = lock_invoices([invoice_id])
    (receipt,) = take(Rank.INVOICE, Receipt.objects.filter(pk=receipt_id))
    return receipt, invoices[0] if invoices else None


def lock_credit_memo_and_invoice(credit_memo_id: int, invoice_id: int) -> tuple[CreditMemo, Invoice | None]:
    (memo,) = take(Rank.INVOICE, CreditMemo.objects.filter(pk=credit_memo_id))
    invoices = lock_invoices([invoice_id])
    return memo, invoices[0] if invoices else None


def lock_write_off(write_off_id: int) -> WriteOff:
    (row,) = take(Rank.INVOICE, WriteOff.objects.filter(pk=write_off_id))
    return row


def lock_statements(statement_ids: Iterable[int]) -> list[CommissionStatement]:
    return take(Rank.COMMISSION, CommissionStatement.objects.filter(pk__in=list(statement_ids)))
