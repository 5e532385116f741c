"""Two pages to read: what happened to the stock of a product, and what is short by product, site and day."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.queries import product_snapshots, products_by_sku
from core import clock, refs
from core.console import ServiceAdmin
from core.quantity import plain
from core.refs import DocumentRef
from inventory.filters import LedgerEvent, Shortage, ledger_of, shortages
from inventory.movement_papers import Paper, Source, papers_of
from inventory.queries import availability
from inventory.rules.asks import AvailabilityQuery
from inventory.rules.offer import in_words
from inventory.states import ClaimEnd, ClaimKind

SUGGESTED = 8  # products that are short, to begin with
EVENTS, SHORT = 200, 200
FIGURES = ("on_hand", "reserved", "allocated", "released", "unusable", "protected", "safety", "available")
WORDS = {
    "claimed": "Claimed", "freed": "Claim ended", "ship": "Shipped", "transfer_in": "Came by transfer",
    "transfer_out": "Left by transfer", "receipt": "Received", "adjust": "Corrected", "count": "Counted",
    "consumption": "Used in the field", "return": "Came back", "scrap": "Scrapped", "status": "Changed status",
}  # fmt: skip
HELD = {
    ClaimKind.SOFT: "Reserved", ClaimKind.HARD: "Allocated", ClaimKind.RELEASED: "Released to the warehouse",
    ClaimKind.PICKED: "Picked",
}  # fmt: skip
ENDED = {
    ClaimEnd.SHIPPED: "Shipped", ClaimEnd.FREED: "Given back", ClaimEnd.SHORT: "Not found at the pick",
    ClaimEnd.EXPIRED: "Ran out of time",
}  # fmt: skip


def ledger_page(request: HttpRequest, model_admin: ServiceAdmin) -> HttpResponse:
    """GET with `sku`: the product's figures as a customer without terms of their own sees them, and what made them."""
    sku = request.GET.get("sku", "").strip()[:80]
    product_id = next(iter(products_by_sku([sku]).values()), None) if sku else None
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": "Availability ledger",
        "sku": sku,
        "is_unknown": bool(sku) and product_id is None,
        "most": EVENTS,
    }
    if not sku:
        worst = list(dict.fromkeys(row.product_id for row in shortages(limit=SHORT)))[:SUGGESTED]
        context["short"] = [product.sku for product in product_snapshots(worst).values()]
    if product_id is not None:
        product = product_snapshots([product_id])[product_id]
        context |= {"product": product, "product_url": refs.url_of(DocumentRef("product", product_id))}
        context |= {"figures": _figures(product_id), "events": _events(ledger_of(product_id, limit=EVENTS))}
    return TemplateResponse(request, "inventory/ledger.html", context)


def _figures(product_id: int) -> dict[str, Any]:
    found = availability(AvailabilityQuery((product_id,), None, clock.now().date()))[product_id]
    return {
        "names": [name.replace("_", " ").capitalize() for name in FIGURES],
        "sites": [(s.site_code, _named(s)) for s in found.sites],
        "total": _named(found),
        "words": in_words(found) if found.protected or found.safety else "",
        "atp": [(point.day, plain(point.qty)) for point in found.atp],
        "coming": [(day, plain(qty)) for day, qty in sorted(found.in_transit.items())],
    }


def _named(figures: Any) -> list[tuple[str, str]]:
    return [(name.replace("_", " ").capitalize(), plain(getattr(figures, name))) for name in FIGURES]


def _events(found: Sequence[LedgerEvent]) -> list[dict[str, Any]]:
    """Each with what it links to: its document, or the movement itself where there is none."""
    moved = [e for e in found if e.movement_id is not None]
    papers = papers_of([Source(e.what, e.kind, e.id, e.note) for e in moved])
    by_movement = {e.movement_id: paper for e, paper in zip(moved, papers, strict=True)}
    claims = refs.numbered(DocumentRef(e.kind, e.id, e.number) for e in found if e.movement_id is None)
    claimed = iter(Paper(str(ref), ref) for ref in claims)
    return [_event(e, next(claimed) if e.movement_id is None else by_movement[e.movement_id]) for e in found]


def _event(event: LedgerEvent, paper: Paper) -> dict[str, Any]:
    return {
        "at": event.at,
        "what": WORDS.get(event.what, event.what.replace("_", " ").capitalize()),
        "place": f"{event.site} · lot {event.lot}" if event.lot else event.site,
        "qty": f"+{plain(event.qty)}" if event.qty > 0 else plain(event.qty),
        "document": paper.words,
        "url": paper.url or (reverse("admin:inventory_stockmovement_change", args=[event.movement_id])),
        "note": _note(event, paper),
    }


def _note(event: LedgerEvent, paper: Paper) -> str:
    if event.what == "claimed":
        return HELD[ClaimKind(event.note)] if event.note in set(ClaimKind) else f"{ENDED[ClaimEnd(event.note)]} since"
    if event.what == "freed":
        return ENDED[ClaimEnd(event.note)]
    return "" if event.note and event.note in paper.words else event.note


def shortage_page(request: HttpRequest, model_admin: ServiceAdmin) -> HttpResponse:
    """What is wanted and has no stock, the earliest day first."""
    found = shortages(limit=SHORT)
    products = product_snapshots({row.product_id for row in found})
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": "Shortages",
        "rows": [_shortage(row, products[row.product_id]) for row in found],
        "most": SHORT,
        "today": clock.now().date(),
    }
    return TemplateResponse(request, "inventory/shortages.html", context)


def _shortage(row: Shortage, product: Any) -> dict[str, Any]:
    ledger = f"{reverse('admin:inventory_stockbalance_ledger')}?{urlencode({'sku': product.sku})}"
    waiting = f"{reverse('admin:inventory_demand_changelist')}?{urlencode({'q': product.sku, 'progress': 'short'})}"
    return {
        "product": product,
        "ledger_url": ledger,
        "demands_url": waiting,
        "site": row.site,
        "day": row.day,
        "short": plain(row.short),
        "demands": row.demands,
        "pegged": plain(row.pegged),
        "uncovered": plain(row.short - row.pegged),
        "free": plain(row.free),
    }
