"""Every portal page and every door, for everybody: both themes, from 1360 px down to 320, with nothing left to mend."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from billing.models import Invoice, Payment
from tests.browser import company
from tests.browser.routes import address, is_page, routes, visitor_of
from tests.browser.visit import DESKTOP, NARROW, PHONE, THEMES, Surfer, faults_of
from tests.factories.doors import browser_of

WIDTHS = (DESKTOP, PHONE, NARROW)
BUYERS = (*company.BUYING, "rep")
# the arguments of addresses that have any and are pages
ARGUMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "order": lambda: {"number": company.order("PO-SHIPPED").number},
    "options": lambda: {"number": company.order("PO-BACK").number},
    "substitutes": lambda: {"number": company.order("PO-OPEN").number},
    "amend": lambda: {"number": company.order("PO-OPEN").number},
    "cancel": lambda: {"number": company.order("PO-OPEN").number},
    "ask-price": lambda: {"number": company.order("PO-OPEN").number},
    "ask": lambda: {"number": company.order("PO-OPEN").number},
    "request": lambda: {"about": "credit-limit"},
    "return": lambda: {"number": company.order("PO-SHIPPED").number},
    "discard": lambda: {"number": company.order("PO-DRAFT").number},
    "invoice-dispute": lambda: {"number": Invoice.objects.latest("pk").number},
    "payment": lambda: {"public_id": str(Payment.objects.latest("pk").public_id)},
    "packing-slip": lambda: {"number": company.shipment("PO-SHIPPED").number},
    "delivery-proof": lambda: {"number": company.shipment("PO-SHIPPED").number},
    "invoice-pdf": lambda: {"number": Invoice.objects.latest("pk").number},
}
# what else a page can show: who looks, and where
STATES: dict[str, tuple[str | None, Callable[[], str]]] = {
    "quick-order-paste": ("buyer", lambda: "/quick-order/?mode=paste"),
    "quick-order-file": ("buyer", lambda: "/quick-order/?mode=file"),
    "quick-order-goods-held": ("buyer", lambda: f"/quick-order/?draft={company.order('PO-CART').number}"),
    "quick-order-hold-over": ("buyer", lambda: f"/quick-order/?draft={company.order('PO-CART-OVER').number}"),
    "order-held": ("buyer", lambda: f"/orders/{company.order('PO-HELD').number}/"),
    "order-backordered": ("buyer", lambda: f"/orders/{company.order('PO-BACK').number}/"),
    "order-open": ("approver", lambda: f"/orders/{company.order('PO-OPEN').number}/"),
    "approvals-waiting": ("approver", lambda: "/approvals/"),
    "home-of-rep": ("rep", lambda: "/"),
    "home-of-viewer": ("viewer", lambda: "/"),
    "request-release": ("buyer", lambda: f"/requests/release/?order={company.order('PO-HELD').number}"),
    "request-terms": ("buyer", lambda: f"/requests/terms/?order={company.order('PO-OPEN').number}"),
    "orders-found-none": ("buyer", lambda: "/orders/?q=nothing-is-called-so"),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", sorted(routes("portal")))
def test_a_page_can_be_used_by_everybody_at_every_width(walker: Surfer, name: str, theme: str) -> None:
    path = address("portal", name, ARGUMENTS)
    who = visitor_of(path, BUYERS)
    if who is None:
        return  # it is posted to: no page to look at
    page = walker.open(path, who, theme=theme)
    faults = faults_of(page, f"portal-{name}", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", THEMES)
def test_invoices_can_be_paid_by_everybody_where_a_provider_is_set_up(walker: Surfer, theme: str) -> None:
    with override_settings(PAYMENT_PROVIDER="sandbox"):
        page = walker.open(reverse("portal:pay"), "buyer", theme=theme)
        assert page.get_by_role("button", name="Pay").count() == 1
        faults = faults_of(page, "portal-pay-online", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", STATES)
def test_a_state_of_a_page_can_be_used_by_everybody(walker: Surfer, name: str, theme: str) -> None:
    who, path = STATES[name]
    page = walker.page(who, theme=theme)
    assert walker.go(page, path()).status == 200
    faults = faults_of(page, f"portal-{name}", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)


def test_the_walk_meets_the_pages_there_are(site: str) -> None:
    found = {name for name in routes("portal") if visitor_of(address("portal", name, ARGUMENTS), BUYERS)}
    assert found >= {"home", "quick-order", "orders", "order", "invoices"}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("who", [None, "buyer"])
def test_the_pages_of_the_doors_can_be_used_by_everybody(walker: Surfer, who: str | None, theme: str) -> None:
    names, faults = [], []
    page = walker.page(who, theme=theme)
    for name, route in routes("").items():
        if route.pattern.converters or route.pattern.regex.groups or not name.startswith(("account_", "mfa_")):
            continue
        path = reverse(name)
        if not is_page((browser_of(company.person(who)) if who else Client()).get(path)):
            continue
        names.append(name)
        walker.go(page, path)
        faults += faults_of(page, f"door-{name}-{who or 'stranger'}", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)
    assert ("account_login" if who is None else "account_logout") in names


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("who", "path", "status"), [("buyer", "/orders/SO-0/", 404), (None, "/no/such/page/", 404)])
def test_a_page_that_is_not_there_says_so_to_everybody(
    walker: Surfer, who: str | None, path: str, status: int, theme: str
) -> None:
    page = walker.page(who, theme=theme)
    walker.recorder(page).expect(str(status))  # the answer, and the browser's own line about it
    assert walker.go(page, path).status == status
    faults = faults_of(page, f"refusal-{status}-{who or 'stranger'}", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_wrong_and_the_review_can_be_read_by_everybody(walker: Surfer, theme: str) -> None:
    page, faults = walker.open("/quick-order/", "buyer", theme=theme), []
    for number, (item, qty) in enumerate([("GHOST", "2"), ("cath-16f", "many"), ("HV-100", "4")], start=1):
        page.fill(f"#item-{number}", item)
        page.fill(f"#qty-{number}", qty)
    page.click("button[value=preview]")
    faults += faults_of(page, "portal-quick-order-wrong", theme=theme, widths=WIDTHS)
    with page.expect_navigation(wait_until="load"):
        page.locator("button[value=review]:visible").first.click()
    assert page.locator("h1").inner_text() == "Review and place"
    faults += faults_of(page, "portal-review", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", THEMES)
def test_what_a_change_of_an_order_would_do_can_be_read_by_everybody(walker: Surfer, theme: str) -> None:
    page = walker.page("buyer", theme=theme)
    assert walker.go(page, f"/orders/{company.order('PO-OPEN').number}/change").status == 200
    page.fill("[name=qty-1]", "14")
    page.fill("[name=qty-2]", "0")
    with page.expect_navigation(wait_until="load"):
        page.click("button[value=look]")
    assert page.locator("#seen-title").is_visible()
    assert page.locator("button[value=amend]").is_visible()
    faults = faults_of(page, "portal-amend-seen", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)
