"""How far the warehouse is before the pick: acknowledged, being picked. Said late or again it changes nothing."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core.errors import InvalidInput, NotFound
from core.lifecycle import IllegalTransition
from core.models import JournalEntry
from core.testing import drain
from fulfillment.detectors import late_deliveries
from fulfillment.models import Shipment
from fulfillment.services.answer_recall import answer_recall_of
from fulfillment.services.ask_recall import ask_recall
from fulfillment.services.at_the_door import Proof
from fulfillment.services.confirm_delivery import confirm_delivery
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.find_shipment import OnHold, VendorSendsIt
from fulfillment.services.refuse_delivery import refuse_delivery
from fulfillment.services.ship_vendor_order import ship_vendor_order
from fulfillment.services.take_up_shipment import take_up_shipment
from inventory.models import StockBalance
from orders.services.place_hold import place_hold
from orders.states import Blocks
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.doors import browser_of, device_of
from tests.factories.flow import NOW, PICKER, breaches, picked, released, stocked_world
from tests.factories.orders import CLERK
from tests.factories.vendors import asked, selling

pytestmark = pytest.mark.django_db


def take_up(shipment_id: int, status: str) -> str:
    return take_up_shipment(shipment_id=shipment_id, status=status, actor=PICKER, now=NOW)


def test_acknowledged_then_picking_then_picked_and_what_comes_late_or_twice_changes_nothing():
    sent = released(stocked_world(), 3)
    said = [take_up(sent.shipment_id, s) for s in ("acknowledged", "acknowledged", "picking", "acknowledged")]
    assert said == ["acknowledged", "acknowledged", "picking", "picking"]
    told = JournalEntry.objects.filter(subject_kind="shipment", verb__in=["acknowledged", "picking"]).order_by("pk")
    number = Shipment.objects.get().number
    assert list(told.values_list("summary", flat=True)) == [
        f"Shipment {number} acknowledged by the warehouse", f"Shipment {number} is being picked"
    ]  # fmt: skip
    assert StockBalance.objects.get().released_qty == 3
    assert picked(sent) == "packed"
    assert take_up(sent.shipment_id, "picking") == "packed"
    assert breaches() == []


def test_what_left_is_in_transit_then_delivered_and_late_words_change_nothing():
    sent = released(stocked_world(), 3)
    picked(sent)
    with pytest.raises(IllegalTransition):
        take_up(sent.shipment_id, "in_transit")
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    assert [take_up(sent.shipment_id, s) for s in ("in_transit", "in_transit", "picking")] == ["in_transit"] * 3
    number = Shipment.objects.get().number
    told = JournalEntry.objects.filter(subject_kind="shipment", verb="in_transit")
    assert list(told.values_list("summary", flat=True)) == [f"Shipment {number} is in transit"]
    assert breaches() == []
    confirm_delivery(shipment_id=sent.shipment_id, delivered_at=NOW, actor=PICKER, now=NOW)
    assert take_up(sent.shipment_id, "in_transit") == "delivered"
    assert breaches() == []


def test_in_transit_it_may_be_refused_at_the_door_and_is_late_like_any_other():
    sent = released(stocked_world(), 3)
    picked(sent)
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    take_up(sent.shipment_id, "in_transit")
    drain(NOW)
    (late,) = late_deliveries(NOW + timedelta(days=9))
    assert late.subject.id == sent.shipment_id
    refuse_delivery(shipment_id=sent.shipment_id, at=NOW, proof_of=Proof(note="box was wet"), actor=PICKER, now=NOW)
    assert Shipment.objects.get().status == "refused"
    assert breaches() == []


def test_what_a_vendor_sends_travels_too():
    of_vendor, _ = asked(selling(), 2)
    ship_vendor_order(shipment_id=of_vendor.shipment_id, tracking_number="1Z9", actor=CLERK, now=NOW)
    assert take_up(of_vendor.shipment_id, "in_transit") == "in_transit"
    assert breaches() == []


def test_what_is_being_picked_can_be_given_back_and_is_taken_up_no_more():
    sent = released(stocked_world(), 3)
    take_up(sent.shipment_id, "picking")
    ask_recall(shipment_id=sent.shipment_id, note="The wrong address", actor=CLERK, now=NOW)
    answer_recall_of(shipment_id=sent.shipment_id, is_accepted=True, reason="", actor=PICKER, now=NOW)
    assert Shipment.objects.get().status == "cancelled"
    with pytest.raises(IllegalTransition):
        take_up(sent.shipment_id, "picking")
    assert breaches() == []


def test_a_hold_before_the_pick_a_vendor_s_shipment_and_no_step_are_refused():
    sent = released(stocked_world(), 3)
    place_hold(order_id=sent.order_id, blocks=[Blocks.PICK], note="wait for the inspector", actor=CLERK, now=NOW)
    with pytest.raises(OnHold):
        take_up(sent.shipment_id, "picking")
    with pytest.raises(InvalidInput, match="no step before the pick"):
        take_up(sent.shipment_id, "shipped")
    with pytest.raises(NotFound):
        take_up(0, "picking")
    of_vendor, _ = asked(selling(), 2)
    with pytest.raises(VendorSendsIt):
        take_up(of_vendor.shipment_id, "acknowledged")
    assert set(Shipment.objects.values_list("status", flat=True)) == {"released"}


def test_the_warehouse_s_system_and_the_console_say_it():
    sent = released(stocked_world(), 3)
    shipment = Shipment.objects.get()
    system = device_of(UserFactory(roles=["warehouse"]))
    url = f"/api/v1/shipments/{shipment.public_id}/progress"
    told = system.post(url, {"status": "acknowledged"}, format="json", HTTP_IDEMPOTENCY_KEY="a").json()
    assert (told["status"], told["status_text"]) == ("acknowledged", "Accepted by the warehouse")
    picker = browser_of(StaffFactory(roles=["warehouse"]))
    page = reverse("admin:fulfillment_shipment_change", args=[sent.shipment_id])
    assert "Begin the pick" in picker.get(page).content.decode()
    assert picker.post(reverse("admin:fulfillment_shipment_begin", args=[sent.shipment_id])).status_code == 302
    shown = picker.get(page).content.decode()
    assert "Begin the pick" not in shown
    assert "Being picked" in shown
    picked(sent)
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    assert "The carrier has it" in picker.get(page).content.decode()
    begin = reverse("admin:fulfillment_shipment_begin", args=[sent.shipment_id])
    assert picker.post(begin, {"in_transit": ""}).status_code == 302
    shown = picker.get(page).content.decode()
    assert "The carrier has it" not in shown and "Report the delivery" in shown and "In transit" in shown
    told = system.post(url, {"status": "in_transit"}, format="json", HTTP_IDEMPOTENCY_KEY="b").json()
    assert (told["status"], told["status_text"]) == ("in_transit", "In transit")
