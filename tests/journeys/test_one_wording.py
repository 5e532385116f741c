"""An order, its lines and its shipments say the same at every door: console and portal, lists and pages, API and mail."""

import re
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse

from core import clock
from fulfillment.models import Shipment
from fulfillment.services.at_the_door import Proof
from fulfillment.services.confirm_delivery import confirm_delivery
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from integrations.services.mail_amendments import mail_amendments
from orders.events import OrderAmended
from orders.models import Order
from orders.services.cancel import cancel_order
from orders.services.capture import capture
from orders.standing_queries import standings
from tests.factories.accounts import BuyerFactory, StaffFactory, UserFactory
from tests.factories.doors import browser_of, device_of
from tests.factories.field import make_field, use
from tests.factories.flow import PICKER, placed, stocked_world

pytestmark = pytest.mark.django_db
ZERO = Decimal(0)


def text(page) -> str:
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def act() -> dict:
    return {"actor": PICKER, "now": clock.now()}


def said_everywhere(order_id: int, buyer, desk, device) -> tuple[str, str]:
    """(what the order says, what its line says), the same at all doors."""
    order = Order.objects.get(pk=order_id)
    told = device.get(f"/api/v1/orders/{order.public_id}").json()
    words, line = told["state"]["words"], told["lines"][0]["state"]["words"]
    assert (told["status"], told["status_text"]) == (order.status, words)
    (row,) = device.get(f"/api/v1/orders?number={order.number}").json()["items"]
    assert (row["status"], row["status_text"], row["state"]) == (order.status, words, told["state"])
    assert standings([order_id])[order_id].words == words
    workbench = text(desk.get(reverse("admin:orders_order_change", args=[order_id])))
    assert f"Order {order.number} {words}" in workbench
    assert line in workbench
    listed = text(desk.get(reverse("admin:orders_order_changelist"), {"q": order.number}))
    assert f" {words} " in listed[listed.index(order.number) :]
    page = text(buyer.get(f"/orders/{order.number}/"))
    assert f"Order {order.number} {words}" in page
    assert line in page
    assert f" {words} " in text(buyer.get("/orders/"))
    return words, line


def shipment_said_everywhere(shipment_id: int, buyer, desk, device) -> tuple[str, str]:
    """(what programs compare, what the shipment says), the same at all doors."""
    shipment = Shipment.objects.select_related("order").get(pk=shipment_id)
    told = device.get(f"/api/v1/shipments/{shipment.public_id}").json()
    (row,) = device.get(f"/api/v1/shipments?number={shipment.number}").json()["items"]
    words = told["status_text"]
    assert (row["status"], row["status_text"]) == (told["status"], words) == (shipment.status, words)
    assert words in text(desk.get(reverse("admin:fulfillment_shipment_change", args=[shipment_id])))
    listed = text(desk.get(reverse("admin:fulfillment_shipment_changelist"), {"q": shipment.number}))
    assert f" {words} " in listed[listed.rindex(shipment.number) :]
    workbench = text(desk.get(reverse("admin:orders_order_change", args=[shipment.order_id])))
    assert f"{shipment.number} {words}" in workbench
    page = text(buyer.get(f"/orders/{shipment.order.number}/"))
    assert words in page[page.index(shipment.number) :]
    return told["status"], words


def test_mail_says_how_far_an_order_is_as_its_page_does():
    world = stocked_world(stock_qty=4)
    user = BuyerFactory(account=world.account).user
    order_id = placed(world, 4, now=clock.now())
    release_orders(order_ids=[order_id], **act())
    number = Order.objects.get(pk=order_id).number
    fact = OrderAmended(
        order_id=order_id, order_number=number, account_id=world.account.pk, revision=1, amended_by="Cara Desk",
        amended_by_id=None, reason="PO corrected", changes=("PO number: A → B",), money_effect=ZERO, currency="USD",
        product_ids=(),
    )  # fmt: skip
    Order.objects.filter(pk=order_id).update(entered_by=user)
    assert mail_amendments([fact], now=clock.now()) == 1
    assert "How far it is: Being picked. " in mail.outbox[-1].body
    assert f"Order {number} Being picked" in text(browser_of(user).get(f"/orders/{number}/"))


def test_every_door_says_the_same_from_the_draft_to_the_customer_s_door():
    world = stocked_world(stock_qty=4)
    buyer = browser_of(BuyerFactory(account=world.account).user)
    desk, device = browser_of(StaffFactory(roles=["cs"])), device_of(UserFactory(roles=["cs"]))
    doors = (buyer, desk, device)

    draft = capture(world.draft(2), actor=PICKER, now=clock.now()).order_id
    assert said_everywhere(draft, *doors) == ("Not placed yet", "Not placed yet")
    cancel_order(order_id=draft, reason="never mind", **act())
    assert said_everywhere(draft, *doors)[0] == "Cancelled"

    order_id = placed(world, 4, now=clock.now())
    assert said_everywhere(order_id, *doors) == ("Ready to ship", "Ready to ship")
    waiting = placed(world, 3, now=clock.now())
    assert said_everywhere(waiting, *doors) == ("Waiting for stock", "3 backordered")
    (outcome,) = release_orders(order_ids=[order_id], **act())
    (shipment_id,) = outcome.shipment_ids
    assert said_everywhere(order_id, *doors) == ("Being picked", "Being picked")
    assert shipment_said_everywhere(shipment_id, *doors) == ("released", "With the warehouse")
    confirm_pick(shipment_id=shipment_id, picks={}, short_reason="", **act())
    assert said_everywhere(order_id, *doors) == ("Packed", "Packed")
    confirm_shipment(shipment_id=shipment_id, carrier="UPS", tracking_number="1Z", **act())
    assert said_everywhere(order_id, *doors) == ("Shipped", "Shipped")
    assert shipment_said_everywhere(shipment_id, *doors) == ("shipped", "On its way")
    told = act()
    confirm_delivery(shipment_id=shipment_id, delivered_at=told["now"], proof_of=Proof("D. Dock"), **told)
    assert said_everywhere(order_id, *doors) == ("Delivered", "Delivered")
    assert shipment_said_everywhere(shipment_id, *doors) == ("delivered", "Delivered")


def test_what_was_used_on_site_was_never_on_its_way_and_has_no_packing_slip():
    made = make_field(shelf=6)
    buyer = browser_of(BuyerFactory(account=made.world.account).user)
    desk, device = browser_of(StaffFactory(roles=["cs", "warehouse"])), device_of(UserFactory(roles=["cs"]))
    used = use(made, 2, site=made.shelf, po_number="PO-5")
    shipment = Shipment.objects.get(usage__number=used.number)
    assert said_everywhere(used.order_id, buyer, desk, device) == ("Delivered", "Delivered")
    assert shipment_said_everywhere(shipment.pk, buyer, desk, device) == ("shipped", "Used on site")
    page = text(buyer.get(f"/orders/{used.order_number}/"))
    assert f"Used from {made.shelf.name} on 23 Nov" in page
    assert "Packing slip" not in page and "On its way" not in page
    assert buyer.get(f"/shipments/{shipment.number}/slip").status_code == 404
    refused = device.get(f"/api/v1/shipments/{shipment.public_id}/papers/packing-slip").json()
    assert refused["code"] == "nothing_was_packed" and refused["remedy"]
    here = text(desk.get(reverse("admin:fulfillment_shipment_change", args=[shipment.pk])))
    assert "Packing slip" not in here and "Report the delivery" not in here
