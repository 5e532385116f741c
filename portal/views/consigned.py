"""What of our stock lies on the customer's own shelf, as it is at this moment, and what was used of it lately."""

from collections import defaultdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from catalog.queries import product_snapshots
from core import clock
from core.quantity import plain
from inventory.field_queries import FieldStock, UsageView, field_sites, field_stock, usages
from inventory.states import StockStatus
from portal.access import PORTAL, PortalRequest, access

LATELY = 20
NEAR = 90  # days


@access(PORTAL)
def consigned(request: PortalRequest) -> HttpResponse:
    """By place and lot. Four statements for any number of places and products."""
    account = request.buying.account
    sites = field_sites(account_ids=[account.id])
    ids = [s.id for s in sites]
    stock = [x for x in field_stock(ids) if x.status == StockStatus.AVAILABLE] if ids else []
    used = usages(site_ids=ids, limit=LATELY) if ids else []
    products = product_snapshots({x.product_id for x in stock}) if stock else {}
    today = clock.local_date(clock.now(), account.time_zone)
    lines: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for x in stock:
        lines[x.site_id].append(_line(x, products[x.product_id], today))
    page = {"places": [{"site": s, "lines": lines[s.id]} for s in sites], "used": [_used(u) for u in used]}
    return render(request, "portal/consigned.html", {"page": page, "here": "orders"})


def _line(x: FieldStock, product: Any, today: Any) -> dict[str, Any]:
    left = None if x.expiry_date is None else (x.expiry_date - today).days
    return {
        "sku": product.sku,
        "name": product.name,
        "lot": x.lot,
        "expiry": x.expiry_date,
        "is_near": left is not None and left <= NEAR,
        "left": left,
        "qty": plain(x.free),
        "unit": product.base_unit,
    }


def _used(u: UsageView) -> dict[str, Any]:
    return {
        "number": u.number,
        "used_at": u.used_at,
        "case": u.case_reference,
        "po_number": u.po_number,
        "waits_for_po": u.is_po_awaited and not u.po_number,
    }
