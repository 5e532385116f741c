"""A warehouse system over the API: pick, pack, ship, deliver; each once per key, each customer's own."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from core import clock
from fulfillment.models import CarrierService, LabelNumbering, Package, Shipment
from fulfillment.services.ask_recall import ask_recall
from tests.factories.accounts import BuyerFactory, UserFactory
from tests.factories.doors import device_of
from tests.factories.flow import released, stocked_world
from tests.factories.orders import CLERK

pytestmark = pytest.mark.django_db


def post(device, shipment, verb: str, body: dict, key: str = "", status: int = 200) -> dict:
    answer = device.post(
        f"/api/v1/shipments/{shipment.public_id}/{verb}", body, format="json", HTTP_IDEMPOTENCY_KEY=key or str(uuid4())
    )
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_warehouse_system_takes_a_shipment_from_the_pick_to_the_door_and_the_buyer_reads_it():
    LabelNumbering.objects.create(extension_digit="0", company_prefix="9506000")
    CarrierService.objects.create(code="UPS-G", carrier="UPS", name="Ground", tracking_url="https://t.example/{number}")
    world = stocked_world(products=2)
    now = clock.now()
    sent = released(world, 5, 4, now=now)
    shipment = Shipment.objects.get(pk=sent.shipment_id)
    wms = device_of(UserFactory(roles=["warehouse"]))
    seen = wms.get(f"/api/v1/shipments/{shipment.public_id}").json()
    first, second = (x["line"] for x in seen["lines"])
    picked = post(wms, shipment, "pick", {"lines": [{"line": second, "quantity": "3"}], "short_reason": "bin empty"})
    assert [x["picked"]["value"] for x in picked["lines"]] == ["5", "3"]
    body = {
        "packages": [
            {"kind": "pallet", "weight_kg": "30"},
            {
                "lines": [{"line": first, "quantity": "5"}, {"line": second, "quantity": "3"}],
                "weight_kg": "12",
                "pallet": 0,
            },
        ]
    }
    key = str(uuid4())
    packed = post(wms, shipment, "packages", body, key)
    assert post(wms, shipment, "packages", body, key) == packed  # a retry
    assert Package.objects.count() == 2
    pallet, carton = packed["packages"]
    assert (pallet["sscc"], carton["pallet"], carton["is_sealed"]) == ("095060000000000015", pallet["sscc"], True)
    for paper, status in (("labels", 200), ("packing-slip", 200), ("poem", 404)):
        answer = wms.get(f"/api/v1/shipments/{shipment.public_id}/papers/{paper}")
        assert answer.status_code == status
        assert status == 404 or answer.content[:5] == b"%PDF-"
    one = wms.get(f"/api/v1/shipments/{shipment.public_id}/papers/labels?sscc={carton['sscc']}").content
    assert 0 < len(one) < len(wms.get(f"/api/v1/shipments/{shipment.public_id}/papers/labels").content)
    wrong = post(wms, shipment, "packages", {"packages": [{"lines": [{"line": first, "quantity": "1"}]}]}, status=422)
    assert wrong["errors"][0]["code"] == "more_than_picked"
    gone = post(wms, shipment, "ship", {"carrier": "UPS", "tracking_number": "1Z9"})
    assert (gone["status"], gone["tracking_url"]) == ("shipped", "https://t.example/1Z9")
    at = (clock.now() - timedelta(milliseconds=1)).isoformat()
    there = post(
        wms, shipment, "delivery",
        {"at": at, "received_by": "D. Dock", "damages": [{"line": first, "quantity": "1", "note": "crushed"}]},
    )  # fmt: skip
    assert there["status"] == "delivered"
    assert there["delivery"]["damages"] == [
        {"line": first, "sku": world.products[0].sku, "quantity": "1", "note": "crushed"}
    ]
    buyer = device_of(BuyerFactory(account=world.account).user)
    (mine,) = buyer.get("/api/v1/shipments?tracking_number=1Z9").json()["items"]
    assert mine == there
    assert buyer.post(f"/api/v1/shipments/{shipment.public_id}/ship", {}, format="json").status_code == 403
    stranger = device_of(BuyerFactory().user)
    assert stranger.get(f"/api/v1/shipments/{shipment.public_id}").status_code == 404
    assert stranger.get("/api/v1/shipments").json()["items"] == []


def test_a_refusal_over_the_api_brings_it_all_back_once():
    sent = released(stocked_world(), 5, now=clock.now())
    shipment = Shipment.objects.get(pk=sent.shipment_id)
    wms = device_of(UserFactory(roles=["warehouse"]))
    post(wms, shipment, "pick", {})
    post(wms, shipment, "ship", {"carrier": "UPS"})
    at = (clock.now() - timedelta(milliseconds=1)).isoformat()
    refused = {"at": at, "is_refused": True, "note": "not ordered"}
    assert post(wms, shipment, "delivery", refused)["status"] == "refused"
    assert post(wms, shipment, "delivery", refused)["delivery"]["is_refused"] is True
    assert post(wms, shipment, "delivery", {"at": at}, status=409)["code"] == "illegal_transition"
    assert shipment.lines.get().qty == Decimal(5)


def test_a_list_of_shipments_is_read_page_by_page_in_a_constant_number_of_statements(django_assert_max_num_queries):
    world = stocked_world()
    for _ in range(3):
        released(world, 1, now=clock.now())
    device = device_of(UserFactory(roles=["warehouse"]))
    with django_assert_max_num_queries(20):
        first = device.get("/api/v1/shipments?limit=2").json()
    rest = device.get(f"/api/v1/shipments?limit=2&cursor={first['next']}").json()
    numbers = [s["number"] for s in [*first["items"], *rest["items"]]]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(numbers), rest["next"]) == (3, None)
    assert device.get("/api/v1/shipments?status=gone").status_code == 400


def test_a_warehouse_system_reads_what_is_asked_back_and_answers_once_or_says_it_is_too_late():
    world = stocked_world(stock_qty=100)
    now = clock.now()
    first, second = (Shipment.objects.get(pk=released(world, 5, now=now).shipment_id) for _ in range(2))
    wms = device_of(UserFactory(roles=["warehouse"]))
    assert post(wms, first, "recall", {"is_accepted": True}, status=409)["code"] == "nothing_asked"
    for shipment in (first, second):
        ask_recall(shipment_id=shipment.pk, note="The customer called: wrong address", actor=CLERK, now=now)
    waiting = wms.get("/api/v1/recalls?state=asked").json()["items"]
    assert [(x["shipment"], x["order"], x["state"]) for x in waiting] == [
        (str(s.public_id), s.order.number, "asked") for s in (second, first)
    ]
    key = str(uuid4())
    assert post(wms, first, "recall", {"is_accepted": True}, key)["status"] == "cancelled"
    assert post(wms, first, "recall", {"is_accepted": True}, key)["status"] == "cancelled"  # a retry

    post(wms, second, "pick", {})
    assert post(wms, second, "recall", {"is_accepted": True}, status=409)["code"] == "illegal_transition"
    assert post(wms, second, "recall", {"is_accepted": False, "reason": "late"}, status=422)["code"] == "invalid_input"
    said = {"is_accepted": False, "reason": "It is packed and on the dock"}
    assert post(wms, second, "recall", said)["status"] == "packed"
    refused, accepted = wms.get("/api/v1/recalls").json()["items"]
    assert (refused["state"], refused["answer"], accepted["state"]) == ("refused", said["reason"], "accepted")
    assert wms.get("/api/v1/recalls?state=lost").status_code == 400
    assert device_of(UserFactory(roles=["rep"])).get("/api/v1/recalls").status_code == 403
