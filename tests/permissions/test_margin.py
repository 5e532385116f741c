"""Cost, margin and floor stay in the house: every page, address, field, filter, order and export of portal and API is
walked as a buyer and as a rep, over figures nothing else could print."""

import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.urls import get_resolver, reverse
from drf_spectacular.generators import SchemaGenerator
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import ApprovalRequest
from billing.models import Invoice
from core.overrides import Reason
from core.testing import drain
from fulfillment.models import Shipment
from orders.models import Hold, Order, OrderLine
from orders.rules.asks import LineDraft
from orders.services.override_price import override_price
from orders.services.place import place
from tests.factories.accounts import AssignmentFactory, RepFactory
from tests.factories.catalog import ProductFactory, SubstitutionFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.flow import shipped, stocked_world
from tests.factories.orders import CLERK, NOW
from tests.factories.pricing import PriceRowFactory

pytestmark = pytest.mark.django_db
COST, PRICE, PERCENT = Decimal("3.1717"), Decimal("9.37"), Decimal("61.61")
MARGIN, FLOOR = PRICE - COST, "8.261787"  # 3.1717 / (1 − 0.6161), rounded up
# Of a unit; of a line of 7 (cost 22.20, margin 43.39); as parts of the price (66.15 %, 33.85 %); and the words.
TOLD = re.compile(
    r"\b(?:3\.1717|6\.1983|8\.26\b|8\.261|8\.262|61\.61|22\.20|43\.38|43\.39|66\.15|33\.85)"
    r"|margin|standard_cost|\bcost\b|\bfloor\b",
    re.IGNORECASE,
)
ASKED = ("standard_cost", "-standard_cost", "unit_margin", "margin", "cost", "floor", "price_trace__floor")
NAMES = ("ordering", "order_by", "sort", "o", "standard_cost", "standard_cost__gt", "unit_margin", "fields", "expand")
# Addresses that need a thing of their own: what they say is asked where such things are made.
ELSEWHERE = ("exceptions/", "commission-statements/", "field/")
API = "/api/v1/"


@pytest.fixture
def world():
    """An order on hold for its price, one below the floor that waits for approval, one of something that sells below its
    floor, which may also stand in for what the others wait for; and one that was shipped and invoiced."""
    found = stocked_world(stock_qty=500)
    plain = found.products[0]
    type(plain).objects.filter(pk=plain.pk).update(standard_cost=COST)
    type(found.rows[0]).objects.filter(pk=found.rows[0].pk).update(unit_price=PRICE)
    product, low = (ProductFactory(sku=f"SECRET-{n}", name="Plain gloves", standard_cost=COST) for n in (1, 2))
    found.products += [product, low]
    PriceRowFactory(source=found.source, product=product, unit_price=PRICE)
    PriceRowFactory(source=found.source, product=low, unit_price=Decimal("5.13"))
    SubstitutionFactory(product=product, substitute=low, valid_from=None, valid_to=None)
    found.source.margin_floor_percent = PERCENT
    found.source.save()
    for stated in (None, Decimal("9.10")):
        line = LineDraft(1, Decimal(7), product_id=product.pk, stated_price=stated)
        order_id = place(found.draft_of([line]), actor=CLERK, now=NOW).order_id
    override_price(
        order_id=order_id,
        prices={1: Decimal("8.05")},
        reason=Reason("match", "They asked for it"),
        actor=CLERK,
        now=NOW,
    )
    place(found.draft_of([LineDraft(1, Decimal(7), product_id=low.pk)]), actor=CLERK, now=NOW)
    shipped(found, 7)
    assert ApprovalRequest.objects.get().state == "pending"
    assert (OrderLine.objects.first().unit_margin, OrderLine.objects.first().price_trace["floor"]) == (MARGIN, FLOOR)
    (held,) = Hold.objects.filter(rule="price_floor")
    assert TOLD.search(str(held.explanation))
    assert Invoice.objects.exists()
    return found


@pytest.fixture(params=["buyer", "rep"])
def person(request, world):
    if request.param == "buyer":
        return buyer_for(world.account)
    return AssignmentFactory(account=world.account, rep=RepFactory()).rep.user


def silent(answer: Any, about: str) -> int:
    """Whether it was an answer at all, once nothing in it tells."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = re.sub(r"margin(-\w+)?:|--\w*margin\w*|:\d\d\.\d+", "", body.decode("latin-1"))  # styles, seconds
    found = None if body[:5] == b"%PDF-" else TOLD.search(text)
    assert not found, f"{about}: {found}"
    return int(answer.status_code in (200, 201, 202))


def api_paths() -> list[tuple[str, str]]:
    """(address, method) of everything the schema describes."""
    paths: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [(path, method) for path, methods in paths.items() for method in methods]


def addresses_of(path: str) -> list[str]:
    """The address with everything there is of what it names. A new kind of address is to be named here."""
    if "{" not in path:
        return [path]
    room = path.removeprefix(API)
    if room.startswith(ELSEWHERE):
        return []
    named: dict[str, Any] = {"orders/{public_id}": Order, "shipments/{public_id}": Shipment}
    (start,) = [start for start in named if room.startswith(start)]
    found = [path.replace("{public_id}", str(row.public_id)) for row in named[start].objects.order_by("pk")]
    return [address.replace("{what}", what) for address in found for what in ("packing-slip", "labels")]


def test_no_address_of_the_api_tells_it_whoever_asks_and_however(world, person, monkeypatch):
    monkeypatch.setattr(SimpleRateThrottle, "allow_request", lambda *asked: True)  # hundreds of questions a second
    device, walked = device_of(person), set()
    known = {"sku": "SECRET-1", "q": "SECRET", "skus": "SECRET-1", "account": world.account.code}
    for path, method in api_paths():
        if method != "get":
            continue
        for address in sorted(set(addresses_of(path))):
            for query in ({}, *({k: v} for k, v in known.items()), {"sku": "SECRET-1", "account": world.account.code}):
                if silent(device.get(address, query), f"{address} {query}"):
                    walked.add(path.removeprefix(API))
        if "{" in path:
            continue
        for name in NAMES:
            for asked in ASKED:
                answer = device.get(path, {name: asked})
                assert answer.status_code in (400, 403, 404), f"{path}?{name}={asked} was taken"
    of_orders = {f"orders/{{public_id}}{tail}" for tail in ("", "/revisions", "/substitutes", "/timeline")}
    assert {"orders", "products", "prices", "approvals", "shipments", "shipments/{public_id}", *of_orders} <= walked


def test_previews_and_answers_of_writing_calls_do_not_tell_it_either(world, person):
    device, heard = device_of(person), 0

    def post(where: str, body: dict[str, Any]) -> Any:
        answer = device.post(f"{API}orders{where}", body, format="json", HTTP_IDEMPOTENCY_KEY=str(uuid4()))
        nonlocal heard
        heard += silent(answer, f"{where} {body}")
        return answer

    lines = [{"sku": p.sku, "quantity": "3"} for p in world.products]
    body = {"account": world.account.code, "lines": lines, "po_number": "PO-M"}
    for where in ("/preview", ""):
        assert post(where, body).status_code in (200, 201)
        for forged in ({"unit_price": "0.01"}, {"cost": "0"}, {"floor": "0"}, {"approver": 1}):
            refused = device.post(
                f"{API}orders{where}", body | forged, format="json", HTTP_IDEMPOTENCY_KEY=str(uuid4())
            )
            assert refused.status_code in (400, 422)
    first = Order.objects.order_by("pk")[0]
    of = f"/{first.public_id}"
    asked = [
        post(f"{of}/price-requests", {"lines": [{"line_no": 1, "unit_price": price}], "reason": "They asked for it"})
        for price in ("8.20", "8.30")  # one on either side of the floor
    ]
    assert len({(a.status_code, tuple(a.json())) for a in asked}) == 1
    for about in ("hold release", "payment terms", "credit limit"):
        wanted = {"order": str(first.public_id)} if about != "credit limit" else {"account": world.account.code}
        body = {"about": about, **wanted, "terms": "NET30", "amount": "999999.00", "reason": "They asked for it"}
        answer = device.post(f"{API}requests", body, format="json", HTTP_IDEMPOTENCY_KEY=str(uuid4()))
        silent(answer, about)
        assert answer.status_code in (202, 409), (
            answer.json()
        )  # nothing holds the order, or nobody lends to the account
    for sku in ("SECRET-1", "SECRET-2"):
        change = {"version": first.version, "lines": [{"sku": sku, "quantity": "2"}, {"line_no": 1, "quantity": "9"}]}
        assert post(f"{of}/amend", change | {"dry_run": True}).status_code == 200
    taken = post(f"{of}/substitute", {"line_no": 1, "sku": "SECRET-2", "consent": "Bea by telephone, 2 March"})
    assert (taken.status_code, taken.json()["code"]) == (409, "substitute_refused")
    post(f"{of}/amend", change)
    assert post(f"{of}/cancel", {"reason": "Not needed any more"}).status_code == 200
    drain(NOW)
    assert silent(device.get(f"{API}orders{of}/timeline"), "timeline")
    assert heard > 4


def test_a_forged_form_changes_no_price_cost_floor_or_seller(world, person):
    sku = world.products[0].sku
    form = {"text": f"{sku}\t3", "ship_to": world.ship_to.pk, "key": str(uuid4()), "po_number": "PO-F"}
    forged = {"unit_price": "0.01", "price": "0.01", "stated_price": "0.01", "standard_cost": "0", "floor": "0"}
    forged |= {"margin_floor_percent": "0", "approver": "1", "entered_by": "1", "price_basis": "override"}
    answer = browser_of(person).post("/quick-order/place", form | forged)
    assert answer.status_code == 302
    line = OrderLine.objects.get(order__po_number="PO-F")
    assert (line.unit_price, line.unit_margin, line.price_trace["floor"]) == (PRICE, MARGIN, FLOOR)
    assert (line.price_basis, line.order.entered_by_id) == ("list", person.pk)
    assert type(world.products[0]).objects.get(sku=sku).standard_cost == COST
    assert type(world.source).objects.get().margin_floor_percent == PERCENT


def _request(about: str) -> str:
    return reverse("portal:request", args=[about])


def pages() -> list[tuple[str, str]]:
    """(name, address) of every page and file of the portal. A new kind of page is to be named here."""
    orders, shipments, invoices = (list(m.objects.values_list("number", flat=True)) for m in (Order, Shipment, Invoice))
    of_orders = ("order", "amend", "cancel", "ask-price", "ask", "return", "substitutes", "options", "discard")
    numbers = dict.fromkeys(of_orders, orders)
    numbers |= {"packing-slip": shipments, "delivery-proof": shipments}
    numbers |= {"invoice-pdf": invoices, "invoice-dispute": invoices}
    portal = next(p for p in get_resolver().url_patterns if getattr(p, "namespace", "") == "portal")
    found: list[tuple[str, str]] = []
    for pattern in portal.url_patterns:
        assert pattern.name
        if "number" in pattern.pattern.converters:
            found += [(pattern.name, reverse(f"portal:{pattern.name}", args=[n])) for n in numbers[pattern.name]]
        elif pattern.name == "request":
            found += [("request", f"{_request('release')}?order={n}") for n in orders]
            found += [("request", f"{_request('terms')}?order={n}") for n in orders]
            found.append(("request", _request("credit-limit")))
        elif not pattern.pattern.converters:
            found.append((pattern.name, reverse(f"portal:{pattern.name}")))
        else:
            assert pattern.name in ("approval-decide", "payment")  # a POST; a page of a card's payment
    return found


def test_no_page_and_no_file_of_the_portal_tells_it(world, person):
    browser, opened = browser_of(person), set()
    for name, address in pages():
        for query in ({}, {"q": "SECRET", "sort": "standard_cost"}):
            if silent(browser.get(address, query), f"{address} {query}"):
                opened.add(name)
    assert {
        "order",
        "orders",
        "orders-csv",
        "amend",
        "ask-price",
        "substitutes",
        "approvals",
        "request",
        "invoices",
    } <= opened
    number = Order.objects.order_by("pk")[0].number
    form = {"line_no": 1, "product_id": world.products[-1].pk, "key": "k", "consent": "Bea by telephone, 2 March"}
    silent(browser.post(f"/orders/{number}/substitutes", form), "taking a substitute")
    assert OrderLine.objects.filter(order__number=number).count() == 1


def test_no_question_in_an_address_puts_the_file_of_orders_in_another_order(world, person):
    browser, where = browser_of(person), reverse("portal:orders-csv")
    plain = browser.get(where).content
    assert plain.count(b"SO-") > 3
    for name in NAMES:
        for asked in ASKED:
            assert browser.get(where, {name: asked}).content == plain, (name, asked)
