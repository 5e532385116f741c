"""Cost, margin and floor stay in the house: every page, address, field, filter, order and export of portal and API is
walked as a buyer and as a rep, over figures nothing else could print."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.urls import get_resolver, reverse
from drf_spectacular.generators import SchemaGenerator
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import ApprovalRequest
from core.overrides import Reason
from core.testing import drain
from orders.models import Order, OrderLine
from orders.rules.asks import LineDraft
from orders.services.override_price import override_price
from orders.services.place import place
from tests.factories.accounts import AssignmentFactory, RepFactory
from tests.factories.catalog import ProductFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.orders import CLERK, NOW, make_world
from tests.factories.pricing import PriceRowFactory

pytestmark = pytest.mark.django_db
COST, PRICE, PERCENT = Decimal("3.1717"), Decimal("9.37"), Decimal("61.61")
MARGIN, FLOOR = PRICE - COST, "8.261787"  # 3.1717 / (1 − 0.6161), rounded up
TOLD = re.compile(r"3\.1717|6\.1983|8\.2617|8\.262|61\.61|margin|standard_cost|\bfloor\b", re.IGNORECASE)
ASKED = ("standard_cost", "-standard_cost", "unit_margin", "margin", "cost", "floor", "price_trace__floor")
NAMES = ("ordering", "order_by", "sort", "o", "standard_cost", "standard_cost__gt", "unit_margin", "fields", "expand")


@pytest.fixture
def world():
    """An order on hold for its price, one below the floor that waits for approval, one that is plain."""
    found = make_world(stock=500)
    product = ProductFactory(sku="SECRET-1", name="Plain gloves", standard_cost=COST)
    found.products.append(product)
    PriceRowFactory(source=found.source, product=product, unit_price=PRICE)
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
    drain(NOW)
    assert ApprovalRequest.objects.get().state == "pending"
    assert (OrderLine.objects.first().unit_margin, OrderLine.objects.first().price_trace["floor"]) == (MARGIN, FLOOR)
    return found


@pytest.fixture(params=["buyer", "rep"])
def person(request, world):
    if request.param == "buyer":
        return buyer_for(world.account)
    return AssignmentFactory(account=world.account, rep=RepFactory()).rep.user


def api_paths() -> list[tuple[str, str]]:
    """(address, method) of everything the schema describes."""
    paths: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [(path, method) for path, methods in paths.items() for method in methods]


def test_no_address_of_the_api_tells_it_whoever_asks_and_however(world, person, monkeypatch):
    monkeypatch.setattr(SimpleRateThrottle, "allow_request", lambda *asked: True)  # hundreds of questions a second
    device, order = device_of(person), Order.objects.order_by("pk")[0]
    known = {"sku": "SECRET-1", "q": "SECRET", "skus": "SECRET-1", "account": world.account.code}
    walked = 0
    for path, method in api_paths():
        address = path.replace("{public_id}", str(order.public_id))
        if method != "get" or "{" in address:
            continue
        for query in ({}, *({k: v} for k, v in known.items()), {"sku": "SECRET-1", "account": world.account.code}):
            answer = device.get(address, query)
            found = TOLD.search(answer.content.decode())
            assert not found, f"{address} {query}: {found}"
            walked += answer.status_code == 200
        for name in NAMES:
            for asked in ASKED:
                answer = device.get(address, {name: asked})
                assert answer.status_code in (400, 403, 404), f"{address}?{name}={asked} was taken"
    assert walked > 8


def test_previews_and_answers_of_writing_calls_do_not_tell_it_either(world, person):
    body = {
        "account": world.account.code,
        "lines": [{"sku": "SECRET-1", "quantity": "3"}],
        "po_number": "PO-M",
    }
    answer = device_of(person).post("/api/v1/orders/preview", body, format="json")
    assert answer.status_code == 200, answer.json()
    assert not TOLD.search(answer.content.decode())
    forged = body | {"unit_price": "0.01", "cost": "0"}
    assert device_of(person).post("/api/v1/orders/preview", forged, format="json").status_code in (400, 422)


def test_no_page_and_no_file_of_the_portal_tells_it(world, person):
    browser = browser_of(person)
    patterns = next(p for p in get_resolver().url_patterns if getattr(p, "namespace", "") == "portal").url_patterns
    opened = 0
    for pattern in patterns:
        arguments = {}
        if "number" in pattern.pattern.converters:
            arguments = {"number": Order.objects.order_by("-pk")[0].number}
        elif pattern.pattern.converters:
            continue
        answer = browser.get(reverse(f"portal:{pattern.name}", kwargs=arguments))
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = re.sub(r"margin(-\w+)?:|--\w*margin\w*", "", body.decode())
        assert not TOLD.search(text), f"{pattern.name}: {TOLD.search(text)}"
        opened += answer.status_code == 200
    assert opened > 6
