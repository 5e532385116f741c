"""Units with serial numbers: where each one is, and what a scanned code names."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from core import journal, refs
from core.access import allow
from core.console import LedgerAdmin, row_id
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin.stock import LOOKERS
from inventory.models import Serial
from inventory.scan_queries import StockScan, Whereabouts, scan_stock, serials_where

MOST_CODES = 50


@admin.register(Serial)
class SerialAdmin(LedgerAdmin):
    access = allow(view=LOOKERS)
    list_display = ("code", "product", "where", "document", "expiry_date", "recalled")
    list_filter = ("is_recalled", "expiry_date")
    search_fields = ("code", "product__sku")
    search_help_text = "Serial number or SKU"
    list_select_related = ("product",)
    ordering = ("-id",)
    actions_list = ("scan",)
    fields = readonly_fields = (
        "code",
        "product",
        "where",
        "document",
        "maker_lot",
        "expiry_date",
        "is_recalled",
        "lot",
    )
    export_columns = (
        ("Serial number", "code"), ("SKU", "product__sku"), ("Maker's lot", "maker_lot"), ("Expires", "expiry_date"),
        ("Recalled", "is_recalled"),
    )  # fmt: skip
    change_form_template = "admin/inventory/page.html"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Where the page's units are, asked once for all of them."""
        found = super().get_changelist_instance(request)
        where = serials_where([unit.pk for unit in found.result_list])
        for unit in found.result_list:
            unit.whereabouts = where[unit.pk]
        return found

    @display(description="Where")
    def where(self, unit: Serial) -> str:
        found = _where(unit)
        status = "" if found.status in ("", "available") else f", {found.status}"
        return f"{found.state} at {found.site}{status}" if found.site else found.state

    @display(description="For")
    def document(self, unit: Serial) -> Any:
        ref = _where(unit).document
        if ref is None:
            return "–"
        url = refs.url_of(ref)
        return format_html('<a href="{}">{}</a>', url, str(ref)) if url else str(ref)

    @display(description="Recalled", label={"recalled": "danger"})
    def recalled(self, unit: Serial) -> Any:
        return ("recalled", "Recalled") if unit.is_recalled else None

    @display(description="Recall and history")
    def lot(self, unit: Serial) -> Any:
        url = reverse("admin:inventory_lot_change", args=[unit.pk])
        return format_html('<a href="{}">Recall it, or see every shipment it was in</a>', url)

    @action(description="Scan a code", url_path="scan", permissions=["view"])
    def scan(self, request: HttpRequest) -> HttpResponse:
        """GET only; a code a line. A scanner types the code and Enter, which asks."""
        given = request.GET.get("codes", "")[:10_000]
        codes = [line for line in (text.strip(" \r\t") for text in given.split("\n")) if line]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Scan stock",
            "codes": given,
            "left_out": max(len(codes) - MOST_CODES, 0),
            "scans": [(s, _lies(s)) for s in scan_stock(codes[:MOST_CODES])],
        }
        return TemplateResponse(request, "admin/inventory/scan.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        timeline = journal.timeline(DocumentRef("lot", row_id(object_id)))
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "timeline": timeline})


def _where(unit: Any) -> Whereabouts:
    if not hasattr(unit, "whereabouts"):
        unit.whereabouts = serials_where([unit.pk])[unit.pk]
    found: Whereabouts = unit.whereabouts
    return found


def _lies(s: StockScan) -> str:
    return ", ".join(f"{plain(h.on_hand)} {h.status} at {h.site}" for h in s.holdings)
