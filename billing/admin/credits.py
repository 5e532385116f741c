"""Credit memos, disputes and write-offs: what was given back, what is in question, what was given up."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from billing.admin.applying import apply_step
from billing.admin.inlines import FINANCE, LOOK, CreditedInline
from billing.admin.statement import pdf_answer
from billing.models import CreditMemo, CreditMemoLine, Dispute, WriteOff
from billing.papers.invoice import credit_memo_pdf
from billing.services.issue_credit_memo import apply_credit
from core import clock, journal
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, actor_of, row_id
from core.lists import typed
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin import steps


class CreditMemoLineInline(ReadOnlyInline):
    model = CreditMemoLine
    fields = ("invoice", "product", "quantity", "amount", "tax_amount", "freight_amount", "words")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.select_related("invoice_line__invoice", "invoice_line__product").order_by("pk")

    @display(description="Invoice")
    def invoice(self, row: CreditMemoLine) -> str:
        return str(row.invoice_line.invoice) if row.invoice_line else "–"

    @display(description="Product")
    def product(self, row: CreditMemoLine) -> str:
        return str(row.invoice_line.product) if row.invoice_line else "–"

    @display(description="Quantity")
    def quantity(self, row: CreditMemoLine) -> str:
        return plain(row.qty) if row.qty else "–"


@admin.register(CreditMemo)
class CreditMemoAdmin(LedgerAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("number", "account", "kind", "total_amount", "left", "issued_date", "reason")
    list_filter = ("kind", typed("account code", "account__code"), "currency", "issued_date")
    search_fields = ("number", "account__code", "account__name", "source_number", "reason")
    list_select_related = ("account",)
    ordering = ("-pk",)
    inlines = (CreditMemoLineInline, CreditedInline)
    change_form_template = "admin/inventory/page.html"
    export_columns = (
        ("Credit memo", "number"), ("Account", "account__code"), ("Kind", "kind"), ("Total", "total_amount"),
        ("Applied", "applied_amount"), ("Currency", "currency"), ("Issued", "issued_date"), ("Reason", "reason"),
    )  # fmt: skip

    @display(description="On account")
    def left(self, row: CreditMemo) -> str:
        return f"{row.total_amount - row.applied_amount:,}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:credit_memo_id>/pdf/", view(self.pdf_view), name="billing_creditmemo_pdf"),
            path("<int:credit_memo_id>/apply/", view(self.apply_view), name="billing_creditmemo_apply"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row, extra = CreditMemo.objects.filter(pk=row_id(object_id)).first(), dict(extra_context or {})
        if row is not None:
            extra["timeline"] = journal.timeline(DocumentRef("credit_memo", row.pk))
            extra["steps"] = [(reverse("admin:billing_creditmemo_pdf", args=[row.pk]), "PDF")]
            if row.applied_amount < row.total_amount and self.access.may_act(request.user):
                extra["steps"] += [(reverse("admin:billing_creditmemo_apply", args=[row.pk]), "Apply what is left…")]
        return super().change_view(request, object_id, form_url, extra)

    def pdf_view(self, request: HttpRequest, credit_memo_id: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = CreditMemo.objects.filter(pk=credit_memo_id).first()
        if row is None:
            return HttpResponseRedirect(reverse("admin:billing_creditmemo_changelist"))
        return pdf_answer(f"{row.number}.pdf", credit_memo_pdf(row.pk))

    def apply_view(self, request: HttpRequest, credit_memo_id: int) -> HttpResponse:
        self.require_act(request)
        row = CreditMemo.objects.filter(pk=credit_memo_id).first()
        if row is None:
            return HttpResponseRedirect(reverse("admin:billing_creditmemo_changelist"))
        step, invoice_id, amount, wrong = apply_step(
            request, row.account_id, row.currency, row.total_amount - row.applied_amount,
            f"Apply credit memo {row.number}", reverse("admin:billing_creditmemo_change", args=[row.pk]),
        )  # fmt: skip

        def act() -> str:
            apply_credit(
                credit_memo_id=row.pk, invoice_id=invoice_id, amount=amount, actor=actor_of(request), now=clock.now()
            )
            return f"{amount:,} {row.currency} applied."

        return steps.run(self, request, step, act, wrong=wrong)


@admin.register(Dispute)
class DisputeAdmin(LedgerAdmin):
    access = allow(view=LOOK | FINANCE)
    list_display = ("invoice", "reason", "amount", "status", "note", "opened_at", "opened_by")
    list_filter = ("status", "reason", "opened_at")
    search_fields = ("invoice__number", "note")
    list_select_related = ("invoice",)
    ordering = ("-pk",)


@admin.register(WriteOff)
class WriteOffAdmin(LedgerAdmin):
    access = allow(view=LOOK | FINANCE)
    list_display = ("invoice", "amount", "status", "reason", "asked_at", "asked_by", "ended_at")
    list_filter = ("status", "asked_at")
    search_fields = ("invoice__number", "reason")
    list_select_related = ("invoice",)
    ordering = ("-pk",)
