"""Where a product stands, on its page: what is there by site, what is on its way, and who waits for it in which order."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from core import clock, refs
from core.quantity import plain
from core.refs import DocumentRef
from inventory.models import Demand, InboundSupply
from inventory.queries import availability, promises
from inventory.rules.asks import AvailabilityQuery, PromiseSlice
from inventory.rules.offer import in_words

SHOWN = 20
# `rules.allocate.rank`, as an order of rows
RANKED = (
    "is_blocked", "-priority", "tier_rank", "-sla_penalty", "-is_contract", "-margin_band", "requested_date",
    "opened_at", "pk",
)  # fmt: skip


def stock_panel(ref: DocumentRef, request: HttpRequest) -> str:
    """Seven statements, six more with pools, for any number of rows; of deliveries and orders the first twenty."""
    query = AvailabilityQuery((ref.id,), None, clock.now().date())
    coming = InboundSupply.objects.filter(product_id=ref.id, is_closed=False).select_related("site")
    found = availability(query)[ref.id]
    context = {
        "sites": [_figures(site) for site in found.sites],
        "words": in_words(found) if found.protected or found.safety else "",
        "coming": [_delivery(row) for row in coming.order_by("eta_date", "pk")[:SHOWN]],
        "waiting": _waiting(ref.id),
        "shown": SHOWN,
    }
    return render_to_string("inventory/product_stock.html", context, request=request)


def _figures(site: Any) -> Mapping[str, str]:
    names = ("on_hand", "reserved", "allocated", "released", "protected", "safety", "available")
    figures = {name: plain(getattr(site, name)) for name in names}
    return {"code": site.site_code, **figures}


def _delivery(row: InboundSupply) -> Mapping[str, Any]:
    url = refs.url_of(DocumentRef("inbound_supply", row.pk))
    still = plain(row.ordered_qty - row.received_qty)
    return {"reference": row.reference, "url": url, "site": row.site.code, "qty": still, "day": row.eta_date}


def _waiting(product_id: int) -> list[Mapping[str, Any]]:
    short = Demand.objects.filter(product_id=product_id, backordered_qty__gt=0).select_related("account")
    rows = list(short.order_by(*RANKED)[:SHOWN])
    promised = promises([row.pk for row in rows])
    return [_place(n, row, promised[row.pk]) for n, row in enumerate(rows, start=1)]


def _place(n: int, row: Demand, slices: tuple[PromiseSlice, ...]) -> Mapping[str, Any]:
    ref = DocumentRef(row.ref_kind, row.ref_id, row.ref_number)
    last = slices[-1] if slices else None
    return {
        "place": n,
        "document": f"{row.ref_number or ref} line {row.line_no}",
        "url": refs.url_of(ref),
        "account": row.account,
        "short": plain(row.backordered_qty),
        "ordered": plain(row.ordered_qty),
        "day": last.delivery_date if last else None,
        "first": last.first_delivery_date if last and last.first_delivery_date != last.delivery_date else None,
        "cause": last.slip_cause if last else "",
    }
