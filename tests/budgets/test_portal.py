"""Every page of the portal takes as many statements for 1 as for 50 rows or 200 lines, and few."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from billing.models import Invoice
from core import clock
from fulfillment.models import Shipment
from inventory.models import Promise
from orders.models import Order
from orders.services.place import place
from tests.factories.accounts import AccountFactory, BuyerFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.flow import shipped, stocked_world
from tests.factories.inventory import SiteFactory, StockedProductFactory, stock
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = pytest.mark.django_db

ROWS, LINES = 50, 200
# Statements of a page: session, user, what the user sees, the customer, then its own.
MOST = {
    "home": 18,
    "orders": 10,
    "orders found": 13,
    "orders-csv": 8,
    "order": 30,
    "ask-price": 25,
    "ask": 20,
    "request": 12,
    "request credit": 15,
    "amend": 40,
    "cancel": 13,
    "return": 17,
    "substitutes": 42,
    "options": 20,
    "notices": 10,
    "invoices": 9,
    "invoices to pay": 9,
    "invoice-pdf": 15,
    "invoice-dispute": 11,
    "packing-slip": 18,
    "delivery-proof": 10,
    "statement": 11,
    "pay": 10,
    "payment": 8,
    "approvals": 9,
    "approval-decide": 8,
    "choose": 6,
    "quick-order empty": 9,
    "quick-order rows": 34,
    "quick-order-row": 34,
    "quick-order draft": 38,
    "quick-order again": 38,
    "quick-order save": 50,
    "review": 64,
    "place": 65,  # six of them count the order towards its buyer's limits
    "act-for": 7,
    "consigned": 11,
    "discard": 18,
}


def count(call: Any) -> tuple[int, Any]:
    with CaptureQueriesContext(connection) as queries:
        answer = call()
    noise = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return len([q for q in queries if not q["sql"].startswith(noise)]), answer


def measured(page: str, small: Any, large: Any, capsys: Any, status: int = 200) -> None:
    (few, first), (many, second) = count(small), count(large)
    with capsys.disabled():
        print(f"\n{page}: {few} statements, {many} for many")
    assert (first.status_code, second.status_code) == (status, status)
    assert few == many
    assert many <= MOST[page]


def browser_for(world: Any) -> Any:
    """A browser that has been here: what is read once a process is read."""
    browser = browser_of(buyer_for(world.account))
    browser.get("/quick-order/")
    return browser


def crowded(orders: int, *, lines: int = 1) -> Any:
    """A customer with this many of each: orders placed and moved, drafts, held orders are among them."""
    world = make_world(products=lines, stock=1_000_000, limit=15)
    for n in range(orders):
        place(world.draft(*[1] * lines, po_number=f"PO-{world.account.pk}-{n}"), actor=CLERK, now=NOW)
    late = Promise.objects.filter(demand__account_id=world.account.pk, delivery_date__isnull=False)
    for promise in late:
        assert promise.delivery_date is not None
        moved = promise.delivery_date - timedelta(days=3)
        Promise.objects.filter(pk=promise.pk).update(first_delivery_date=moved)
    return world


def test_home_and_the_lists_take_the_same_statements_for_2_and_50_orders(capsys):
    small, large = (browser_for(crowded(n)) for n in (2, ROWS))
    for page, address in (
        ("home", "/"),
        ("orders", "/orders/"),
        ("orders found", "/orders/?q=po-&status=submitted&from=2026-01-01&to=2026-12-31"),
        ("orders-csv", "/orders.csv?status=submitted"),
    ):
        measured(page, lambda a=address: small.get(a), lambda a=address: large.get(a), capsys)


def test_an_order_its_cancel_and_its_return_page_take_the_same_statements_for_1_and_200_lines(capsys):
    small, large = crowded(1), crowded(1, lines=LINES)
    for page, tail in (
        ("order", "/"),
        ("cancel", "/cancel"),
        ("return", "/return"),
        ("substitutes", "/substitutes"),
        ("options", "/options"),
        ("ask-price", "/price"),
        ("ask", "/ask"),
        ("amend", "/change"),
    ):
        calls = []
        for world in (small, large):
            browser = browser_for(world)
            number = Order.objects.get(account=world.account).number
            calls.append(lambda b=browser, n=number, t=tail: b.get(f"/orders/{n}{t}"))
        measured(page, *calls, capsys)


def test_what_is_asked_of_the_house_takes_the_same_statements_for_1_and_200_lines_and_orders(capsys):
    small, large = crowded(1), crowded(1, lines=LINES)
    for about in ("release", "terms"):
        calls = []
        for world in (small, large):
            browser = browser_for(world)
            number = Order.objects.get(account=world.account).number
            calls.append(lambda b=browser, n=number, a=about: b.get(f"/requests/{a}/?order={n}"))
        measured("request", *calls, capsys)
    one, many = (browser_for(crowded(n)) for n in (1, ROWS))
    asked = "/requests/credit-limit/"
    measured("request credit", lambda: one.get(asked), lambda: many.get(asked), capsys)


def test_how_one_is_told_takes_the_same_statements_for_1_and_50_orders(capsys):
    small, large = (browser_for(crowded(n)) for n in (1, ROWS))
    measured("notices", lambda: small.get("/notices/"), lambda: large.get("/notices/"), capsys)


def test_invoices_take_the_same_statements_for_1_and_50(capsys):
    small, large = (stocked_world(stock_qty=1000) for _ in range(2))
    shipped(small, 1)
    for _ in range(26):
        shipped(large, 1)
    Invoice.objects.update(due_date=clock.now().date() - timedelta(days=1))
    browsers = browser_for(small), browser_for(large)
    assert Invoice.objects.count() == 27
    for page, address in (("invoices", "/invoices/"), ("invoices to pay", "/invoices/?show=to-pay")):
        measured(page, *(lambda b=b, a=address: b.get(a) for b in browsers), capsys)
    measured("pay", *(lambda b=b: b.get("/pay/") for b in browsers), capsys)
    nothing = "/pay/00000000-0000-4000-8000-000000000000/"
    measured("payment", *(lambda b=b: b.get(nothing) for b in browsers), capsys, status=404)
    measured("statement", *(lambda b=b: b.get("/statement/") for b in browsers), capsys)
    numbers = [Invoice.objects.filter(account=world.account).latest("pk").number for world in (small, large)]
    for page, tail in (("invoice-pdf", "pdf"), ("invoice-dispute", "dispute")):
        pairs = list(zip(browsers, numbers, strict=True))
        measured(page, *(lambda b=b, n=n, t=tail: b.get(f"/invoices/{n}/{t}") for b, n in pairs), capsys)
    numbers = [Shipment.objects.filter(account=world.account).latest("pk").number for world in (small, large)]
    for page, tail, status in (("packing-slip", "slip", 200), ("delivery-proof", "proof", 302)):
        pairs = list(zip(browsers, numbers, strict=True))
        calls = (lambda b=b, n=n, t=tail: b.get(f"/shipments/{n}/{t}") for b, n in pairs)
        measured(page, *calls, capsys, status=status)


def test_approvals_take_few_statements(capsys):
    browser, nothing = browser_for(make_world()), "00000000-0000-4000-8000-000000000000"
    page = lambda: browser.get("/approvals/")  # noqa: E731
    measured("approvals", page, page, capsys)
    decide = lambda: browser.post(f"/approvals/{nothing}/decide", {"decision": "approve"})  # noqa: E731
    measured("approval-decide", decide, decide, capsys, status=404)


@pytest.fixture
def wide():
    return make_world(products=LINES, stock=1_000_000, limit=99_000_000)


def rows(world, n):
    return {"item": [p.sku for p in world.products[:n]], "qty": ["2"] * n}


def text(world, n):
    return "\n".join(f"{p.sku}\t2" for p in world.products[:n])


def test_quick_order_takes_the_same_statements_for_1_and_200_lines(wide, capsys):
    browser = browser_for(wide)
    browser.post("/quick-order/", rows(wide, 2))
    post = lambda n, **more: browser.post("/quick-order/", {**rows(wide, n), **more})  # noqa: E731
    measured("quick-order rows", lambda: post(1), lambda: post(LINES), capsys)
    part = lambda n: browser.post("/quick-order/row", rows(wide, n), headers={"HX-Target": "answer-1"})  # noqa: E731
    measured("quick-order-row", lambda: part(1), lambda: part(LINES), capsys)
    measured("review", lambda: post(1, do="review"), lambda: post(LINES, do="review"), capsys)
    save = lambda n: post(n, do="save", key=f"k{n}")  # noqa: E731
    measured("quick-order save", lambda: save(1), lambda: save(LINES), capsys, status=302)
    short, long = Order.objects.order_by("pk").values_list("number", flat=True)
    opened = lambda n: browser.get(f"/quick-order/?draft={n}")  # noqa: E731
    measured("quick-order draft", lambda: opened(short), lambda: opened(long), capsys)
    again = lambda n: browser.get(f"/quick-order/?again={n}")  # noqa: E731
    measured("quick-order again", lambda: again(short), lambda: again(long), capsys)
    discard = lambda n: browser.post(f"/orders/{n}/discard")  # noqa: E731
    measured("discard", lambda: discard(short), lambda: discard(long), capsys, status=302)
    empty = lambda: browser.get("/quick-order/")  # noqa: E731
    measured("quick-order empty", empty, empty, capsys)


def test_placing_takes_the_same_statements_for_1_and_200_lines(wide, capsys):
    browser = browser_for(wide)

    def order(n: int) -> Any:
        form = {"text": text(wide, n), "po_number": f"P{n}", "key": f"key-{n}"}
        return browser.post("/quick-order/place", form)

    order(2)
    measured("place", lambda: order(1), lambda: order(LINES), capsys, status=302)


def test_choosing_takes_the_same_statements_for_2_and_50_companies(capsys):
    browsers = []
    for n in (2, ROWS):
        first, *others = AccountFactory.create_batch(n)
        user = buyer_for(first)
        for account in others:
            BuyerFactory(user=user, account=account)
        browser = browser_of(user)
        browser.get("/choose")
        browsers.append((browser, first.pk))
    measured("choose", *(lambda b=b: b.get("/choose") for b, _ in browsers), capsys)
    measured("act-for", *(lambda b=b, a=a: b.post("/act-for", {"account": a}) for b, a in browsers), capsys, status=302)


def test_the_customer_s_shelf_takes_the_same_statements_for_1_and_30_products(capsys):
    browsers = []
    for n in (1, 30):
        account = AccountFactory()
        shelf = SiteFactory(kind="consignment", account=account)
        for _ in range(n):
            stock(StockedProductFactory(), shelf, 2)
        browsers.append(browser_of(buyer_for(account)))
        browsers[-1].get("/consigned/")
    measured("consigned", *(lambda b=b: b.get("/consigned/") for b in browsers), capsys)


def test_every_page_of_the_portal_is_counted_here():
    names = {p.name for p in get_resolver("portal.urls").url_patterns}
    counted = {page.split(" ")[0] for page in MOST}
    assert names - counted == set()
