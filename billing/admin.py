"""Finance's console: invoices, receipts and their applications. Numbers are read; money moves through services."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from accounts.states import Role
from billing.models import Invoice, InvoiceLine, Receipt, ReceiptApplication
from billing.services.post_receipt import post_receipt
from core import clock
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, actor_of
from core.lists import typed
from core.quantity import plain

LOOK = {Role.CS, Role.CS_LEAD, Role.PRICING, Role.AUDITOR, Role.OPERATOR}
FINANCE = {Role.FINANCE, Role.FINANCE_APPROVER}
TONES = {"posted": "info", "partially_paid": "warning", "paid": "success", "disputed": "danger"}


class InvoiceLineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = ("product", "quantity", "price", "amount")
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
    fields = ("receipt", "invoice", "amount", "applied_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("receipt", "invoice").order_by("pk")


@admin.register(Invoice)
class InvoiceAdmin(LedgerAdmin):
    access = allow(view=LOOK | FINANCE)
    list_display = ("number", "account", "order", "status_pill", "total", "paid", "due_date")
    list_filter = ("status", typed("account code", "account__code"), "currency", "due_date", "issued_date")
    export_columns = (
        ("Invoice", "number"),
        ("Account", "account__code"),
        ("Account name", "account__name"),
        ("Order", "order__number"),
        ("Status", "status"),
        ("Net", "net_amount"),
        ("Total", "total_amount"),
        ("Paid", "paid_amount"),
        ("Currency", "currency"),
        ("Issued", "issued_date"),
        ("Due", "due_date"),
    )
    search_fields = ("number", "account__code", "account__name", "order__number", "order__po_number")
    list_select_related = ("account", "order")
    ordering = ("-pk",)
    inlines = (InvoiceLineInline, AppliedInline)

    @display(description="Status", ordering="status", label=TONES)
    def status_pill(self, row: Invoice) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Total", ordering="total_amount")
    def total(self, row: Invoice) -> str:
        return f"{row.total_amount:,} {row.currency}"

    @display(description="Paid", ordering="paid_amount")
    def paid(self, row: Invoice) -> str:
        return f"{row.paid_amount:,}"


class ReceiptForm(forms.ModelForm):
    """What finance types when money came in; the rest follows."""

    received_date = forms.DateField(widget=UnfoldAdminDateWidget, initial=lambda: clock.now().date())
    currency = forms.CharField(max_length=3, initial="USD", widget=UnfoldAdminTextInputWidget)
    amount = forms.DecimalField(min_value=Decimal("0.001"), widget=UnfoldAdminDecimalFieldWidget)
    reference = forms.CharField(
        max_length=80, widget=UnfoldAdminTextInputWidget, help_text="Bank reference or cheque number: counted once."
    )

    class Meta:
        model = Receipt
        fields = ("account", "amount", "currency", "received_date", "method", "reference")

    def _get_validation_exclusions(self) -> set[str]:
        """The service refuses a doubled reference, with its own words."""
        return {*super()._get_validation_exclusions(), "reference"}  # type: ignore[misc]  # Django has it, its stubs do not


@admin.register(Receipt)
class ReceiptAdmin(LedgerAdmin):
    access = allow(view=LOOK, act=FINANCE)
    form = ReceiptForm
    list_display = ("number", "account", "amount", "applied_amount", "currency", "received_date", "reference")
    list_filter = (typed("account code", "account__code"), "currency", "method", "received_date")
    search_fields = ("number", "reference", "account__code", "account__name")
    list_select_related = ("account",)
    autocomplete_fields = ("account",)
    ordering = ("-pk",)
    inlines = (AppliedInline,)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Receipt, form: Any, change: bool) -> None:
        """Post the receipt; it is applied to the oldest open invoices."""
        typed = form.cleaned_data
        obj.pk = post_receipt(
            account_id=typed["account"].pk,
            amount=typed["amount"],
            currency=typed["currency"],
            received_date=typed["received_date"],
            reference=typed["reference"],
            method=typed["method"],
            actor=actor_of(request),
            now=clock.now(),
        )
        obj.refresh_from_db()
