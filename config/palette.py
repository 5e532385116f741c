"""What Ctrl+K finds: an order, a PO, a SKU, a customer, a shipment's tracking number, an invoice, a case, a receipt."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

# Screens in the order people look for things, each by its list's own search and access.
SCREENS = (
    ("orders", "order", "list_alt"),
    ("accounts", "account", "domain"),
    ("catalog", "product", "category"),
    ("fulfillment", "shipment", "local_shipping"),
    ("billing", "invoice", "receipt_long"),
    ("exceptions_app", "case", "crisis_alert"),
    ("billing", "receipt", "payments"),
)
EACH = 5
SHORTEST = 2


def found(request: HttpRequest, term: str) -> list[SearchResult]:
    """Unfold's search_callback: two statements a screen, whatever there is. What is exactly the term comes first."""
    term = term.strip()
    if len(term) < SHORTEST:
        return []
    results = [result for app, model, icon in SCREENS for result in _of_screen(request, app, model, icon, term)]
    return sorted(results, key=lambda result: result.title.lower() != term.lower())


def _of_screen(request: HttpRequest, app: str, model: str, icon: str, term: str) -> Iterator[SearchResult]:
    screens: dict[tuple[str, str], Any] = {
        (m._meta.app_label, m._meta.model_name or ""): screen for m, screen in admin.site._registry.items()
    }
    screen = screens.get((app, model))
    if screen is None or not screen.has_view_permission(request):
        return
    rows, _ = screen.get_search_results(request, screen.get_queryset(request), term)
    for row in rows.order_by("-pk")[:EACH]:
        address = reverse(f"admin:{app}_{model}_change", args=[row.pk])
        yield SearchResult(title=str(row), description=_described(row), link=address, icon=icon)


def _described(row: Any) -> str:
    """ "Order · PO 4711", "Shipment · 1Z…": what tells two rows apart, and which word was found."""
    kind = str(row._meta.verbose_name).capitalize()
    for name, words in (("po_number", "PO {}"), ("tracking_number", "{}"), ("subject_number", "{}"), ("name", "{}")):
        if value := getattr(row, name, ""):
            return f"{kind} · {words.format(value)}"
    return kind
