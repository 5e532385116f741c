"""Receipts: typed in, applied by themselves or by hand."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from accounts.states import Role
from billing.admin.applying import apply_step
from billing.admin.inlines import FINANCE, LOOK, AppliedInline
from billing.models import Invoice, Payment, Receipt
from billing.payments import provider, provider_in_use
from billing.services.apply_receipt import apply_receipt
from billing.services.post_receipt import post_receipt
from core import clock, journal
from core.access import allow
from core.choices import words
from core.console import LedgerAdmin, actor_of, row_id
from core.lists import typed
from core.refs import DocumentRef
from inventory.admin import steps


class ReceiptForm(forms.ModelForm):
    """What finance types when money came in; the rest follows."""

    received_date = forms.DateField(widget=UnfoldAdminDateWidget, initial=lambda: clock.company_day(clock.now()))
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
    change_form_template = "admin/inventory/page.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.apply_view)
        return [path("<int:receipt_id>/apply/", view, name="billing_receipt_apply"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row, extra = Receipt.objects.filter(pk=row_id(object_id)).first(), dict(extra_context or {})
        if row is not None:
            extra["timeline"] = journal.timeline(DocumentRef("receipt", row.pk))
            if row.applied_amount < row.amount and self.access.may_act(request.user):
                extra["steps"] = [(reverse("admin:billing_receipt_apply", args=[row.pk]), "Apply what is left…")]
        return super().change_view(request, object_id, form_url, extra)

    def apply_view(self, request: HttpRequest, receipt_id: int) -> HttpResponse:
        """What is left on the receipt, put on an invoice by hand."""
        self.require_act(request)
        row = Receipt.objects.select_related("account").filter(pk=receipt_id).first()
        if row is None:
            return HttpResponseRedirect(reverse("admin:billing_receipt_changelist"))
        left = row.amount - row.applied_amount
        step, number, amount, wrong = apply_step(
            request, row.account_id, row.currency, left, f"Apply receipt {row.number}",
            reverse("admin:billing_receipt_change", args=[row.pk]),
        )  # fmt: skip

        def act() -> str:
            apply_receipt(
                receipt_id=receipt_id, invoice_id=number, amount=amount, actor=actor_of(request), now=clock.now()
            )
            return f"{amount:,} {row.currency} applied."

        return steps.run(self, request, step, act, wrong=wrong)

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


@admin.register(Payment)
class PaymentAdmin(LedgerAdmin):
    """Payments through a provider: what was asked, what the provider said."""

    access = allow(view={Role.CS, Role.CS_LEAD, Role.AUDITOR, Role.OPERATOR} | FINANCE)
    list_display = ("started_at", "account", "amount", "currency", "status", "paid_by", "reason")
    list_filter = ("status", "provider", typed("account code", "account__code"), "started_at")
    search_fields = ("reference", "account__code")
    list_select_related = ("account",)
    ordering = ("-pk",)
    fields = (
        *("account", "amount", "currency", "status", "reason", "paid_by", "pays", "receipt", "provider", "reference"),
        *("started_at", "started_by", "ended_at"),
    )
    readonly_fields = fields

    @admin.display(description="method", ordering="method")
    def paid_by(self, row: Payment) -> str:
        """As the provider calls it while it is in use."""
        offered = dict(provider(row.provider).methods) if row.provider == provider_in_use() else {}
        return offered.get(row.method, words(row.method))

    @admin.display(description="invoices")
    def pays(self, row: Payment) -> str:
        """What was chosen to be paid, by invoice."""
        numbers = dict(Invoice.objects.filter(pk__in=list(row.remittance)).values_list("pk", "number"))
        told = ((numbers[int(i)], f"{Decimal(amount):,}") for i, amount in sorted(row.remittance.items()))
        return ", ".join(f"{number}: {amount}" for number, amount in told) or "–"
