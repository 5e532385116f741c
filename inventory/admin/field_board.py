"""The board of trunks and consignments: what is there, what is to be there, what is coming, what waits for somebody."""

from collections import Counter
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.queries import product_snapshots
from core import clock
from core.console import ServiceAdmin
from core.quantity import plain
from inventory.field_papers import disputes, incoming, offers
from inventory.field_queries import FieldSite, field_sites, field_stock, par_levels, usages

ZERO = Decimal(0)
MOST = 200


def board_page(request: HttpRequest, model_admin: ServiceAdmin) -> HttpResponse:
    """All open sites at a glance; with `site` (a code) also what lies there by lot. Nine statements for any number."""
    sites = field_sites()
    wanted = request.GET.get("site", "").strip().upper()
    chosen = next((s for s in sites if s.code.upper() == wanted), None)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": "Trunks and consignments",
        "rows": _rows(sites),
        "chosen": chosen,
        "is_unknown": bool(wanted) and chosen is None,
        "asked": wanted,
    }
    if chosen is not None:
        context |= _detail(chosen)
    return TemplateResponse(request, "inventory/field_board.html", context)


def _rows(sites: list[FieldSite]) -> list[dict[str, Any]]:
    ids = [s.id for s in sites]
    units, below, coming = Counter[int](), Counter[int](), Counter[int]()
    there: dict[int, Decimal] = {}
    for stock in field_stock(ids):
        there[stock.site_id] = there.get(stock.site_id, ZERO) + stock.on_hand
        units[stock.site_id] += 1
    for site_id, levels in par_levels(ids).items():
        below[site_id] = sum(1 for x in levels if x.there < x.par)
    for transfer in incoming(ids):
        coming[transfer.to_site_id] += 1
    disputed = Counter(d.to_site_id for d in disputes(ids))
    waiting = Counter(u.site_id for u in usages(site_ids=ids, is_waiting=True, limit=MOST))
    offered = Counter(i for o in offers(ids) if o.status == "offered" for i in {o.from_site_id, o.to_site_id})
    return [
        {
            "site": s,
            "url": f"?{urlencode({'site': s.code})}",
            "units": plain(there.get(s.id, ZERO)),
            "places": units[s.id],
            "below": below[s.id],
            "coming": coming[s.id],
            "coming_url": _list("transfer", {"to_site__id__exact": s.id}),
            "disputed": disputed[s.id],
            "disputed_url": _list("transferdispute", {"status__exact": "open"}),
            "waiting": waiting[s.id],
            "waiting_url": _list("fieldusage", {"site__id__exact": s.id}),
            "offered": offered[s.id],
            "offered_url": _list("transferoffer", {"status__exact": "offered"}),
        }
        for s in sites
    ]


def _detail(site: FieldSite) -> dict[str, Any]:
    stock, levels = field_stock([site.id]), par_levels([site.id]).get(site.id, [])
    products = product_snapshots({x.product_id for x in stock} | {x.product_id for x in levels})
    today = clock.local_date(clock.now(), site.time_zone)
    return {
        "stock": [
            {
                "product": products[x.product_id],
                "lot": x.lot,
                "expiry": x.expiry_date,
                "days": None if x.expiry_date is None else (x.expiry_date - today).days,
                "status": x.status,
                "on_hand": plain(x.on_hand),
                "free": plain(x.free),
            }
            for x in stock
        ],
        "levels": [
            {
                "product": products[x.product_id],
                **{n: plain(getattr(x, n)) for n in ("par", "there", "coming", "asked")},
                "missing": plain(max(ZERO, x.par - x.position)),
            }
            for x in levels
        ],
    }


def _list(model: str, query: dict[str, Any]) -> str:
    return f"{reverse(f'admin:inventory_{model}_changelist')}?{urlencode(query)}"
