"""The page "scan a code": what a barcode, a UDI or a number is, or why it is nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from catalog import queries
from catalog.rules.asks import Scan
from core.console import ServiceAdmin

MOST_CODES = 50


def scan_page(request: HttpRequest, model_admin: ServiceAdmin) -> HttpResponse:
    """GET only; a code a line. A scanner types the code and Enter, which asks."""
    given = request.GET.get("codes", "")[:10_000]
    codes = [line for line in (text.strip(" \r\t") for text in given.split("\n")) if line]
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": "Scan a code",
        "codes": given,
        "most": MOST_CODES,
        "left_out": max(len(codes) - MOST_CODES, 0),
        "scans": [_row(scan) for scan in queries.scan(codes[:MOST_CODES])],
    }
    return TemplateResponse(request, "catalog/scan.html", context)


HOW = {
    "sku": "our number",
    "gtin": "GTIN",
    "maker_part": "the maker's number",
    "customer_part": "the customer's number",
}


def _row(scan: Scan) -> dict[str, Any]:
    shown = scan.code.replace("\x1d", "␝")
    if scan.product is None:
        return {"code": shown, "refusal": scan.refusal}
    unit = scan.unit or scan.product.base_unit
    return {"code": shown, "scan": scan, "product": scan.product, "unit": unit, "how": HOW[scan.how]}
