"""Invoices in the console, and the choice of how many shipments go on one."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from accounts.states import Role
from billing.admin.inlines import FINANCE, LOOK, TONES, AppliedInline, CreditedInline, InvoiceLineInline
from billing.admin.statement import pdf_answer, statement_page
from billing.admin.verbs import run_step, verbs_for
from billing.models import Invoice, InvoicingChoice
from billing.papers.invoice import invoice_pdf
from billing.queries import invoice_by_number
from billing.states import InvoiceStatus
from core import journal, panels
from core.access import allow
from core.console import LedgerAdmin, ReferenceAdmin, row_id
from core.lists import typed
from core.refs import DocumentRef


@admin.register(Invoice)
class InvoiceAdmin(LedgerAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("number", "account", "order", "status_pill", "total", "open", "due")
    list_filter = ("status", typed("account code", "account__code"), "currency", "due_date", "issued_date")
    export_columns = (
        ("Invoice", "number"),
        ("Account", "account__code"),
        ("Account name", "account__name"),
        ("Order", "order__number"),
        ("Status", "status"),
        ("Net", "net_amount"),
        ("Tax", "tax_amount"),
        ("Freight", "freight_amount"),
        ("Total", "total_amount"),
        ("Paid", "paid_amount"),
        ("Credited", "credited_amount"),
        ("Written off", "written_off_amount"),
        ("Currency", "currency"),
        ("Issued", "issued_date"),
        ("Due", "due_date"),
    )
    search_fields = ("number", "account__code", "account__name", "order__number", "order__po_number")
    list_select_related = ("account", "order")
    ordering = ("-pk",)
    inlines = (InvoiceLineInline, AppliedInline, CreditedInline)
    change_form_template = "admin/inventory/page.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("statement/", view(self.statement_view), name="billing_invoice_statement"),
            path("<int:invoice_id>/pdf/", view(self.pdf_view), name="billing_invoice_pdf"),
            path("<int:invoice_id>/step/<slug:verb>/", view(self.step_view), name="billing_invoice_step"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row, extra = Invoice.objects.filter(pk=row_id(object_id)).first(), dict(extra_context or {})
        if row is not None:
            ref = DocumentRef("invoice", row.pk)
            extra |= {"timeline": journal.timeline(ref), "panels": panels.rendered(ref, request)}
            extra["steps"] = self._steps(request, row)
        return super().change_view(request, object_id, form_url, extra)

    def _steps(self, request: HttpRequest, row: Invoice) -> list[tuple[str, str]]:
        links = []
        if row.status != InvoiceStatus.DRAFT:
            links.append((reverse("admin:billing_invoice_pdf", args=[row.pk]), "PDF"))
        statement = f"?account={row.account_id}&currency={row.currency}"
        links.append((reverse("admin:billing_invoice_statement") + statement, "Statement"))
        if self.access.may_act(request.user):
            url = "admin:billing_invoice_step"
            links += [(reverse(url, args=[row.pk, verb]), label) for verb, label in verbs_for(row)]
        return links

    def pdf_view(self, request: HttpRequest, invoice_id: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        number = Invoice.objects.filter(pk=invoice_id).values_list("number", flat=True).first()
        found = invoice_by_number(number or "", None)
        if found is None:
            messages.error(request, "There is no such posted invoice.")
            return HttpResponseRedirect(reverse("admin:billing_invoice_changelist"))
        return pdf_answer(f"{found.number}.pdf", invoice_pdf(found))

    def statement_view(self, request: HttpRequest) -> HttpResponseBase:
        """What an account owes, by age; as PDF or CSV with ?form=."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return statement_page(self, request)

    def step_view(self, request: HttpRequest, invoice_id: int, verb: str) -> HttpResponse:
        self.require_act(request)
        row = Invoice.objects.select_related("account").filter(pk=invoice_id).first()
        if row is None or verb not in dict(verbs_for(row)):
            messages.error(request, "There is no such invoice, or it is past this step.")
            return HttpResponseRedirect(reverse("admin:billing_invoice_changelist"))
        return run_step(self, request, row, verb)

    @display(description="Status", ordering="status", label=TONES)
    def status_pill(self, row: Invoice) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Total", ordering="total_amount")
    def total(self, row: Invoice) -> str:
        return f"{row.total_amount:,} {row.currency}"

    @display(description="Due", ordering="due_date")
    def due(self, row: Invoice) -> str:
        """A draft is due once it is posted."""
        return "–" if row.status == InvoiceStatus.DRAFT else f"{row.due_date.day} {row.due_date:%b %Y}"

    @display(description="Open")
    def open(self, row: Invoice) -> str:
        return f"{row.open_amount:,}"


@admin.register(InvoicingChoice)
class InvoicingChoiceAdmin(ReferenceAdmin):
    access = allow(view=LOOK, act=FINANCE | {Role.CS_LEAD})
    list_display = ("account", "grouping", "delivery")
    list_filter = ("grouping", "delivery")
    search_fields = ("account__code", "account__name")
    list_select_related = ("account",)
    autocomplete_fields = ("account",)
    ordering = ("account__code",)
