"""Another customer's things are not there: 404 or an empty list, never a 403, a fault, or a word of them."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from accounts.states import Role
from billing.models import Invoice
from fulfillment.models import Shipment
from orders.models import Order
from tests.factories.accounts import AssignmentFactory, BuyerFactory, RepFactory, StaffFactory
from tests.factories.catalog import CustomerPartFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.flow import placed, shipped, stocked_world

pytestmark = pytest.mark.django_db
COST = Decimal("6.1379")  # a number that turns up nowhere by chance
DEAR = Decimal("12.3457")  # above the price: the order is held for its price


@pytest.fixture
def own():
    return stocked_world(products=2)


@pytest.fixture
def theirs():
    """Another customer's shipped and invoiced order with names that would betray it."""
    world = stocked_world(products=2)
    type(world.account).objects.filter(pk=world.account.pk).update(name="Betrayed Holdings", code="BETRAYED")
    world.account.refresh_from_db()
    CustomerPartFactory(account=world.account, product=world.products[0], part_number="BETRAYED-PART")
    shipped(world, 7)
    Order.objects.filter(account=world.account).update(external_id="BETRAYED-X")
    return world


@pytest.fixture(params=["buyer", "approver", "rep"])
def visitor(request, own):
    if request.param == "rep":
        rep = RepFactory()
        AssignmentFactory(rep=rep, account=own.account)
        return rep.user
    roles = [Role.BUYER_APPROVER if request.param == "approver" else Role.BUYER]
    return BuyerFactory(account=own.account, user__roles=roles).user


def secrets(world: Any) -> list[str]:
    order = Order.objects.get(account=world.account)
    numbers = [order.number, str(order.public_id), order.po_number]
    numbers += [Shipment.objects.get(order=order).number, Invoice.objects.get(order=order).number]
    return ["betrayed", str(world.account.public_id), *(n.lower() for n in numbers)]


def body(own: Any, **more: Any) -> dict[str, Any]:
    return {"po_number": "PO-A", "lines": [{"sku": own.products[0].sku, "quantity": "1"}], **more}


def post(device: Any, url: str, sent: Any) -> Any:
    return device.post(url, sent, headers={"Idempotency-Key": str(uuid4())})


def assert_silent(answer: Any, world: Any, echoed: str = "") -> None:
    """The answer names nothing of the other customer but what was sent."""
    text = answer.content.decode().lower().replace(echoed.lower() or "\x00", "")
    assert [word for word in secrets(world) if word in text] == []


def test_another_s_order_is_not_there_for_the_api_by_any_of_its_names(own, theirs, visitor):
    device, order = device_of(visitor), Order.objects.get(account=theirs.account)
    status = order.status
    unknown = device.get(f"/api/v1/orders/{uuid4()}")
    for name in (str(order.public_id), str(order.pk), order.number, order.po_number, "0" * 400, "-1", "1 OR 1=1"):
        for method, tail in (
            ("get", ""), ("get", "/timeline"), ("get", "/revisions"), ("post", "/cancel"), ("post", "/amend"),
            ("post", "/promise"),
        ):  # fmt: skip
            sent = {"reason": "Not mine at all"} if method == "post" else {}
            sent |= {"version": 1} if tail == "/amend" else {}
            sent = {"line_no": 1, "answer": "keep"} if tail == "/promise" else sent
            headers = {"Idempotency-Key": str(uuid4())} if method == "post" else {}
            answer = getattr(device, method)(f"/api/v1/orders/{name}{tail}", sent, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (name, tail)
            assert_silent(answer, theirs, echoed=name[:60])
            assert answer.json()["title"] == unknown.json()["title"]
    order.refresh_from_db()
    assert order.status == status


def test_no_filter_of_the_api_finds_another_s_order(own, theirs, visitor):
    device, order = device_of(visitor), Order.objects.get(account=theirs.account)
    filters = {"q": order.number, "number": order.number, "po_number": order.po_number, "external_id": "BETRAYED-X"}
    for name, value in filters.items():
        answer = device.get("/api/v1/orders", {name: value})
        assert (answer.status_code, answer.json()["items"]) == (200, []), name
    for given in (theirs.account.code, str(theirs.account.public_id), str(theirs.account.pk)):
        skus = own.products[0].sku
        for url, query in (("orders", {}), ("availability", {"skus": skus}), ("products", {"barcode": skus})):
            answer = device.get(f"/api/v1/{url}", {**query, "account": given})
            assert answer.status_code == 404, (url, given)
            assert_silent(answer, theirs, echoed=given)


def test_no_body_of_the_api_buys_for_another_or_ships_to_their_door(own, theirs, visitor):
    device = device_of(visitor)
    for given in (theirs.account.code, str(theirs.account.public_id), str(theirs.account.pk)):
        assert post(device, "/api/v1/orders", body(own, account=given)).status_code == 404
        assert post(device, "/api/v1/orders/preview", body(own, account=given)).status_code == 404
        sent = {"skus": [own.products[0].sku], "account": given}
        assert post(device, "/api/v1/availability", sent).status_code == 404
    for place in (theirs.ship_to.code, str(theirs.ship_to.pk)):
        answer = post(device, "/api/v1/orders", body(own, ship_to=place))
        unknown = post(device, "/api/v1/orders", body(own, ship_to="NEVER-WAS"))
        assert (answer.status_code, answer.json()["code"]) == (unknown.status_code, unknown.json()["code"])
        assert answer.status_code == 422
        assert_silent(answer, theirs, echoed=place)
    for field in ("account_id", "ship_to_id", "on_behalf_of", "entered_by"):
        assert post(device, "/api/v1/orders", body(own, **{field: theirs.account.pk})).status_code == 422
    assert Order.objects.filter(account=own.account).count() == 0


def test_another_s_part_number_names_nothing(own, theirs, visitor):
    device = device_of(visitor)
    assert device.get("/api/v1/products?barcode=BETRAYED-PART").json()["items"] == []
    found = post(device, "/api/v1/availability", {"skus": ["BETRAYED-PART"]}).json()
    assert (found["items"], found["unknown"]) == ([], ["BETRAYED-PART"])


def test_the_same_key_in_another_s_hands_is_another_key(own, theirs):
    mine, other = device_of(buyer_for(own.account)), device_of(buyer_for(theirs.account))
    key = {"Idempotency-Key": "the-same"}
    first = mine.post("/api/v1/orders", body(own), headers=key)
    second = other.post("/api/v1/orders", {**body(theirs), "po_number": "PO-B"}, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in second
    assert first.json()["id"] != second.json()["id"]


def test_another_s_order_and_invoice_are_not_there_in_the_portal(own, theirs, visitor):
    browser, order = browser_of(visitor), Order.objects.get(account=theirs.account)
    for name in (order.number, str(order.pk), str(order.public_id), order.po_number):
        answer = browser.get(f"/orders/{name}/")
        assert answer.status_code == 404
        assert_silent(answer, theirs, echoed=name)
    for url in ("/", "/orders/", f"/orders/?before={order.pk + 1000}", "/invoices/", "/quick-order/"):
        assert_silent(browser.get(url), theirs)
    assert_silent(browser.get("/orders/", {"q": order.number}), theirs, echoed=order.number)
    shipment = Shipment.objects.get(order=order)
    for paper in ("slip", "proof"):
        answer = browser.get(f"/shipments/{shipment.number}/{paper}")
        assert answer.status_code == 404
        assert_silent(answer, theirs, echoed=shipment.number)
    device = device_of(visitor)
    assert device.get(f"/api/v1/shipments/{shipment.public_id}").status_code == 404
    assert_silent(device.get("/api/v1/shipments", {"number": shipment.number}), theirs, echoed=shipment.number)


def test_nobody_turns_to_a_customer_who_is_not_theirs(own, theirs, visitor):
    browser = browser_of(visitor)
    for given in (theirs.account.pk, theirs.account.code, theirs.account.public_id, "", "x", "9" * 400):
        assert browser.post("/act-for", {"account": given}).status_code == 404
    session = browser.session
    session["portal_account"] = theirs.account.pk  # left from before the rep lost the customer
    session.save()
    assert_silent(browser.get("/"), theirs)


def test_the_portal_does_not_ship_to_another_s_door_nor_silently_to_one_s_own(own, theirs, visitor):
    form = {"text": f"{own.products[0].sku}\t1", "ship_to": theirs.ship_to.pk, "key": str(uuid4()), "po_number": "P"}
    answer = browser_of(visitor).post("/quick-order/place", form)
    assert answer.status_code == 422
    assert "no longer one of yours" in answer.content.decode()
    assert_silent(answer, theirs)
    assert Order.objects.filter(account=own.account).count() == 0


def test_cost_floor_and_margin_are_in_no_page_and_no_answer(own, visitor):
    """Every page and answer a buyer or rep gets, with an order that is held because it sells below its floor."""
    cheap, dear = own.products
    type(cheap).objects.filter(pk=cheap.pk).update(standard_cost=COST)
    type(dear).objects.filter(pk=dear.pk).update(standard_cost=DEAR)
    type(own.source).objects.filter(pk=own.source.pk).update(margin_floor_percent=Decimal(0))
    shipped(own, 3)
    held = Order.objects.get(pk=placed(own, 1, 1))
    assert held.holds.filter(reason="price").exists(), "the order sells below cost and is not held for it"
    browser, device = browser_of(visitor), device_of(visitor)
    lines = [{"sku": p.sku, "quantity": "2"} for p in own.products]
    order = {"po_number": "PO-C", "lines": lines, "account": own.account.code}
    text = "\n".join(f"{p.sku}\t2" for p in own.products)
    pages = ["/", "/quick-order/", "/orders/", "/invoices/", *(f"/orders/{o.number}/" for o in Order.objects.all())]
    answers = [browser.get(url) for url in pages]
    answers += [browser.post("/quick-order/", {"text": text, "do": do}) for do in ("check", "review")]
    answers += [browser.post("/quick-order/row", {"text": text}, headers={"HX-Target": "row-1"})]
    answers += [device.get(f"/api/v1/{url}") for url in ("me", "orders", f"products?q={cheap.sku[:3]}")]
    answers += [device.get(f"/api/v1/products?barcode={p.sku}") for p in own.products]
    for public_id in Order.objects.values_list("public_id", flat=True):
        answers += [device.get(f"/api/v1/orders/{public_id}{tail}") for tail in ("", "/timeline")]
    answers += [post(device, "/api/v1/availability", {"skus": [p.sku for p in own.products]})]
    answers += [post(device, "/api/v1/orders/preview", order), post(device, "/api/v1/orders", order)]
    assert {a.status_code for a in answers} <= {200, 201}, [a.status_code for a in answers]
    margins = [Decimal(10) - COST, Decimal(10) - DEAR]
    numbers = [f"{abs(n):f}"[:5].rstrip("0") for n in (COST, DEAR, *margins)]
    words = [*numbers, "standard_cost", "margin", "floor", "below cost", "losers"]
    for answer in answers:
        found = [w for w in words if w in answer.content.decode().lower()]
        assert found == [], (answer.request["PATH_INFO"], found)


def test_no_parameter_sorts_or_filters_by_cost(own, visitor):
    device = device_of(visitor)
    for name in ("ordering", "order_by", "sort", "standard_cost", "standard_cost__lt", "margin", "fields", "expand"):
        for url in (
            "orders?",
            f"products?q={own.products[0].sku}&",
            f"availability?skus={own.products[0].sku}&",
            "me?",
        ):
            answer = device.get(f"/api/v1/{url}{name}=standard_cost")
            assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter"), (url, name)


def test_staff_see_the_sites_of_stock_and_a_buyer_does_not(own):
    sent = {"skus": [own.products[0].sku], "account": own.account.code}
    staff = post(device_of(StaffFactory()), "/api/v1/availability", sent).json()["items"][0]
    buyer = post(device_of(buyer_for(own.account)), "/api/v1/availability", sent).json()["items"][0]
    assert "sites" in staff and "sites" not in buyer
