"""Rows shown on the pages of invoices, receipts and credit memos, and who may look at them."""

from typing import Any

from django.http import HttpRequest
from unfold.decorators import display

from accounts.states import Role
from billing.models import CreditMemoApplication, InvoiceLine, ReceiptApplication
from core.console import ReadOnlyInline
from core.quantity import plain

LOOK = {Role.CS, Role.CS_LEAD, Role.PRICING, Role.AUDITOR, Role.OPERATOR}
FINANCE = {Role.FINANCE, Role.FINANCE_APPROVER}
TONES = {
    "draft": "default",
    "posted": "info",
    "sent": "info",
    "partially_paid": "warning",
    "paid": "success",
    "disputed": "danger",
}


class InvoiceLineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = ("product", "quantity", "price", "amount", "tax_amount", "freight_amount", "credited_amount")
    readonly_fields = fields

    @display(description="Quantity")
    def quantity(self, row: InvoiceLine) -> str:
        return plain(row.qty)

    @display(description="Unit price")
    def price(self, row: InvoiceLine) -> str:
        return plain(row.unit_price)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product").order_by("pk")


class AppliedInline(ReadOnlyInline):
    model = ReceiptApplication
    verbose_name_plural = "Receipts applied"
    fields = ("receipt", "invoice", "amount", "applied_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("receipt", "invoice").order_by("pk")


class CreditedInline(ReadOnlyInline):
    model = CreditMemoApplication
    verbose_name_plural = "Credits applied"
    fields = ("credit_memo", "invoice", "amount", "applied_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("credit_memo", "invoice").order_by("pk")
