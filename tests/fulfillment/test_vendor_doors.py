"""A vendor's order through the doors: console pages, API calls, and what a buyer reads of it."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from core import clock
from core.testing import drain
from fulfillment.models import Shipment, VendorOrder, VendorOrderLine
from fulfillment.services.release_orders import release_orders
from inventory.models import VendorOffer
from orders.services.place import place
from tests.factories.accounts import BuyerFactory, StaffFactory, UserFactory
from tests.factories.doors import browser_of, device_of
from tests.factories.flow import PICKER
from tests.factories.vendors import Selling, selling

pytestmark = pytest.mark.django_db
SECRET = ("7.1717", "ACME", "Acme")


def sold(*qtys: int) -> tuple[Selling, Shipment]:
    """Released now, because doors ask the clock."""
    sale, now = selling(products=len(qtys)), clock.now()
    order_id = place(sale.world.draft(*qtys), actor=PICKER, now=now).order_id
    drain(now)
    release_orders(order_ids=[order_id], actor=PICKER, now=now)
    return sale, Shipment.objects.get()


def post(device: APIClient, shipment: Shipment, verb: str, body: dict, *, status: int = 200, key: str = "k") -> dict:
    answer = device.post(
        f"/api/v1/shipments/{shipment.public_id}/{verb}", body, format="json", HTTP_IDEMPOTENCY_KEY=f"{verb}{key}"
    )
    assert answer.status_code == status, answer.content
    return answer.json()


def test_customer_service_enters_answer_and_tracking_over_the_api_and_the_buyer_reads_no_vendor():
    sale, shipment = sold(4, 2)
    clerk = device_of(UserFactory(roles=["cs"]))
    day = clock.now().date() + timedelta(days=3)
    first, second = (x["line"] for x in clerk.get(f"/api/v1/shipments/{shipment.public_id}").json()["lines"])
    body = {"ship_date": day.isoformat(), "reference": "AC-1", "lines": [{"line": second, "quantity": "0"}]}
    told = post(clerk, shipment, "vendor-answer", body)
    assert (told["status"], [x["line"] for x in told["lines"]]) == ("acknowledged", [first])
    assert post(clerk, shipment, "vendor-answer", body) == told  # a retry
    post(clerk, shipment, "vendor-answer", {"ship_date": day.isoformat()}, status=409, key="again")
    post(
        clerk,
        shipment,
        "vendor-shipment",
        {"tracking_number": "1Z", "lines": [{"line": "x", "quantity": "1"}]},
        status=422,
    )
    buyer = device_of(BuyerFactory(account=sale.world.account).user)
    post(buyer, shipment, "vendor-shipment", {"tracking_number": "1Z9"}, status=403)
    sent = post(clerk, shipment, "vendor-shipment", {"tracking_number": "1Z9", "carrier": "UPS"}, key="sent")
    assert (sent["status"], sent["site"], sent["tracking_number"]) == ("shipped", "VENDOR", "1Z9")
    for address in (f"shipments/{shipment.public_id}", "shipments", "orders", f"orders/{shipment.order.public_id}"):
        read = json.dumps(buyer.get(f"/api/v1/{address}").json())
        assert shipment.order.number in read
        assert not any(word in read for word in SECRET), address


def test_an_order_is_taken_back_from_the_vendor_over_the_api_with_its_word_once_it_confirmed():
    _, shipment = sold(4)
    clerk, picker = device_of(UserFactory(roles=["cs"])), device_of(UserFactory(roles=["warehouse"]))
    day = (clock.now().date() + timedelta(days=3)).isoformat()
    post(clerk, shipment, "vendor-answer", {"ship_date": day})
    refused = post(picker, shipment, "pick", {}, status=409)
    assert refused["code"] == "vendor_sends_it"
    post(clerk, shipment, "vendor-withdrawal", {"why": "short"}, status=422)
    post(clerk, shipment, "vendor-withdrawal", {"why": "The customer takes other goods"}, status=409, key="2")
    body = {"why": "The customer takes other goods", "vendor_agrees": True}
    assert post(clerk, shipment, "vendor-withdrawal", body, key="3")["status"] == "cancelled"
    assert post(clerk, shipment, "vendor-withdrawal", body, key="3")["status"] == "cancelled"  # a retry
    order = VendorOrder.objects.get()
    assert (order.withdrawn_why, shipment.order.holds.count()) == ("The customer takes other goods", 1)


def test_availability_over_the_api_says_from_the_vendor_in_how_many_days():
    sale = selling()
    sku, buyer = sale.world.products[0].sku, device_of(BuyerFactory(account=sale.world.account).user)
    (item,) = buyer.get("/api/v1/availability", {"skus": sku}).json()["items"]
    assert item["vendor"]["quantity"]["value"] == "100"
    assert item["vendor"]["words"] == f"from the vendor in {item['vendor']['days']} days"
    assert item["vendor"]["days"] >= 5
    VendorOffer.objects.update(is_active=False)
    (item,) = buyer.get("/api/v1/availability", {"skus": sku}).json()["items"]
    assert item["vendor"] is None


def test_the_console_takes_an_answer_refuses_a_wrong_one_and_shows_what_it_leaves_us_to_those_who_may_know():
    _, shipment = sold(4)
    clerk, planner = browser_of(StaffFactory()), browser_of(StaffFactory(roles=["planner"]))
    page = reverse("admin:fulfillment_shipment_change", args=[shipment.pk])
    assert "7.1717" in planner.get(page).content.decode()
    assert "7.1717" not in clerk.get(page).content.decode()
    step = reverse("admin:fulfillment_vendororder_do", args=[shipment.pk, "confirm"])
    line, day = VendorOrderLine.objects.get(), clock.now().date() + timedelta(days=3)
    assert f'name="qty-{line.pk}"' in clerk.get(step).content.decode()
    wrong = clerk.post(step, {f"qty-{line.pk}": "9", "ship_date": day.isoformat()})
    assert (wrong.status_code, "9 is not between 0 and 4" in wrong.content.decode()) == (422, True)
    assert clerk.post(step, {f"qty-{line.pk}": "4", "ship_date": ""}).status_code == 422
    assert VendorOrder.objects.get().confirmed_at is None
    done = clerk.post(step, {f"qty-{line.pk}": "4", "ship_date": day.isoformat(), "reference": "AC-1"})
    assert (done.status_code, done.url) == (302, page)
    assert "AC-1" in clerk.get(page).content.decode()
    withdraw = reverse("admin:fulfillment_vendororder_do", args=[shipment.pk, "withdraw"])
    refused = clerk.post(withdraw, {"why": "The customer does not want it"})
    assert (refused.status_code, "The vendor confirmed" in refused.content.decode()) == (422, True)
    sent = clerk.post(
        reverse("admin:fulfillment_vendororder_do", args=[shipment.pk, "ship"]), {"tracking_number": "1Z9"}
    )
    assert (sent.status_code, Shipment.objects.get().status) == (302, "shipped")


def test_an_offer_is_kept_in_the_console_and_its_refusal_is_told_at_the_field():
    sale = selling()
    planner = browser_of(StaffFactory(roles=["planner"]))
    add = reverse("admin:inventory_vendoroffer_add")
    form = {
        "site": sale.world.site.pk,
        "product": sale.world.products[0].pk,
        "unit_cost": "5",
        "currency": "USD",
        "most_qty": "9",
    }
    refused = planner.post(add, form | {"is_active": "on"})
    assert (refused.status_code, VendorOffer.objects.count()) == (200, 1)
    change = reverse("admin:inventory_vendoroffer_change", args=[sale.offers[0].pk])
    planner.post(
        change, {"unit_cost": "6.5", "currency": "USD", "most_qty": "12", "is_active": "on", "vendor_sku": "V-78"}
    )
    sale.offers[0].refresh_from_db()
    assert (sale.offers[0].unit_cost, sale.offers[0].most_qty, sale.offers[0].balance.on_hand_qty) == (
        Decimal("6.5"),
        12,
        12,
    )
    clerk = browser_of(StaffFactory())
    assert clerk.get(change).status_code == 403
