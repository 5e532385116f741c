"""What happens at the door: proof, damage, lateness, a refusal that comes back as a return and is credited once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.storage import InMemoryStorage

from billing.models import CreditMemo, Invoice
from core.errors import InvalidInput
from core.lifecycle import IllegalTransition
from core.testing import drain
from exceptions_app.models import Case
from exceptions_app.services.detect import detect_all
from fulfillment.delivery_queries import deliveries_of, image_of
from fulfillment.detectors import late_deliveries
from fulfillment.models import DamageNote, Delivery, Return, Shipment
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.rules.returns import Finding
from fulfillment.services import at_the_door
from fulfillment.services.at_the_door import Proof
from fulfillment.services.authorize_return import authorize_return
from fulfillment.services.confirm_delivery import Damage, confirm_delivery
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.receive_return import receive_return
from fulfillment.services.refuse_delivery import refuse_delivery
from fulfillment.services.request_returns import request_returns
from fulfillment.states import Disposition
from inventory.models import Promise, StockBalance
from orders.models import OrderLine
from reporting.models import OrderMeasure
from tests.factories.exceptions import ends_by_itself
from tests.factories.flow import NOW, PICKER, breaches, line_ids, shipped, stocked_world

D = Decimal
LATER = NOW + timedelta(hours=30)
WHO = {"actor": PICKER, "now": LATER}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
pytestmark = pytest.mark.django_db


def codes(error: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [e.code for e in error.value.errors]


def test_a_delivery_keeps_who_when_and_the_picture_and_is_reported_once(monkeypatch):
    monkeypatch.setattr(at_the_door, "default_storage", store := InMemoryStorage())
    monkeypatch.setattr("fulfillment.delivery_queries.default_storage", store)
    sent = shipped(stocked_world(), 5)
    proof = Proof("D. Dock", "bay 3", "sig.png", PNG)
    for _ in range(2):
        confirm_delivery(shipment_id=sent.shipment_id, delivered_at=LATER, proof_of=proof, **WHO)
    told = deliveries_of([sent.shipment_id])[sent.shipment_id]
    assert (told.received_by, told.note, told.at, told.damages) == ("D. Dock", "bay 3", LATER, ())
    assert image_of(told) == PNG
    assert (Shipment.objects.get().status, Shipment.objects.get().delivered_at) == ("delivered", LATER)
    assert Delivery.objects.count() == 1
    drain(LATER)
    assert OrderMeasure.objects.get().is_damaged is False
    with pytest.raises(IllegalTransition):
        refuse_delivery(shipment_id=sent.shipment_id, at=LATER, proof_of=Proof(note="too late"), **WHO)


def test_damage_is_noted_by_line_opens_a_case_and_makes_the_order_imperfect():
    sent = shipped(stocked_world(products=2), 5, 3)
    first, second = line_ids(sent.shipment_id)
    with pytest.raises(InvalidInput) as wrong:
        confirm_delivery(
            shipment_id=sent.shipment_id, delivered_at=LATER,
            damages={first: Damage(D(6), "wet"), second: Damage(D(1), " ")}, **WHO,
        )  # fmt: skip
    assert codes(wrong) == ["more_than_shipped", "note_missing"]
    confirm_delivery(shipment_id=sent.shipment_id, delivered_at=LATER, damages={first: Damage(D(2), "wet")}, **WHO)
    assert list(DamageNote.objects.values_list("shipment_line_id", "qty", "note")) == [(first, D(2), "wet")]
    drain(LATER)
    drain(LATER)
    assert OrderMeasure.objects.get().is_damaged is True
    case = Case.objects.get(kind="delivery_damaged")
    assert case.summary == f"{Shipment.objects.get().number} arrived damaged: 2: wet"
    assert breaches() == []


def test_a_delivery_in_the_future_or_before_it_left_is_refused():
    sent = shipped(stocked_world(), 5)
    for at, why in ((LATER + timedelta(seconds=1), "in_the_future"), (NOW - timedelta(hours=1), "before_it_left")):
        with pytest.raises(InvalidInput) as wrong:
            confirm_delivery(shipment_id=sent.shipment_id, delivered_at=at, **WHO)
        assert codes(wrong) == [why]
    with pytest.raises(InvalidInput) as wrong:
        confirm_delivery(
            shipment_id=sent.shipment_id, delivered_at=NOW, proof_of=Proof(image_name="a.exe", image=b"MZ"), **WHO
        )
    assert codes(wrong) == ["file"]


def test_days_late_are_counted_from_the_first_promise_and_what_is_overdue_is_a_case():
    sent = shipped(stocked_world(), 5)
    promised = NOW.date() + timedelta(days=1)
    Promise.objects.update(delivery_date=promised + timedelta(days=3), first_delivery_date=promised)
    assert late_deliveries(NOW + timedelta(days=1)) == []
    (late,) = late_deliveries(NOW + timedelta(days=2))
    assert (late.subject.id, late.money_at_risk) == (sent.shipment_id, D("50.00"))
    assert detect_all(now=NOW + timedelta(days=2), only="delivery_late")[0].opened == 1
    at = NOW + timedelta(days=4)
    confirm_delivery(shipment_id=sent.shipment_id, delivered_at=at, actor=PICKER, now=at)
    assert Delivery.objects.get().days_late == 3
    assert late_deliveries(at) == []
    assert detect_all(now=at, only="delivery_late")[0].closed == 1


def test_a_refused_delivery_comes_back_whole_is_restocked_and_credited_once():
    world = stocked_world(stock_qty=100)
    sent = shipped(world, 5)
    for _ in range(2):
        return_id = refuse_delivery(shipment_id=sent.shipment_id, at=LATER, proof_of=Proof(note="not ordered"), **WHO)
    back = Return.objects.get()
    assert (back.pk, back.status, back.fee_percent) == (return_id, "in_transit", 0)
    assert back.external_id == f"refused:{Shipment.objects.get().number}"
    (line,) = back.lines.all()
    assert (line.qty, line.authorized_qty) == (5, 5)
    drain(LATER)
    assert Case.objects.filter(kind="delivery_refused").count() == 1
    assert detect_all(now=LATER, only="delivery_refused")[0].closed == 0
    assert CreditMemo.objects.count() == 0  # nothing is credited before somebody looked at it
    receive_return(return_id=return_id, quantities={line.pk: D(5)}, **WHO)
    inspect_return(return_id=return_id, findings=[Finding(line.pk, D(5), Disposition.RESTOCK)], is_damaged=True, **WHO)
    drain(LATER)
    drain(LATER)
    assert Invoice.objects.get().status == "credited"
    assert CreditMemo.objects.get().total_amount == D("50.00")
    assert StockBalance.objects.get(status="available").on_hand_qty == 100
    assert OrderMeasure.objects.get().is_damaged is True
    assert Return.objects.get().status == "credited"
    assert detect_all(now=LATER, only="delivery_refused")[0].closed == 1
    assert breaches() == []


def test_a_refusal_needs_a_reason_and_something_that_is_not_coming_back_already():
    sent = shipped(stocked_world(), 5)
    with pytest.raises(InvalidInput) as wrong:
        refuse_delivery(shipment_id=sent.shipment_id, at=LATER, proof_of=Proof(note="no"), **WHO)
    assert codes(wrong) == ["reason_missing"]
    assert Return.objects.count() == 0
    assert Shipment.objects.get().status == "shipped"


def test_a_damage_is_no_case_once_returns_of_all_that_was_damaged_are_agreed_on():
    world = stocked_world()
    sent = shipped(world, 5)
    (line,) = line_ids(sent.shipment_id)
    confirm_delivery(shipment_id=sent.shipment_id, delivered_at=LATER, damages={line: Damage(D(3), "wet")}, **WHO)
    drain(LATER)
    assert not ends_by_itself("delivery_damaged", LATER)
    for name, qty, over in (("R-1", 2, False), ("R-2", 1, True)):
        lines = (ReturnLineSpec(OrderLine.objects.get().pk, D(qty)),)
        (asked,) = request_returns([ReturnSpec(world.account.pk, name, "arrived wet", lines)], **WHO)
        assert not ends_by_itself("delivery_damaged", LATER)  # asked for is not agreed on
        authorize_return(return_id=asked.return_id, **WHO)
        assert ends_by_itself("delivery_damaged", LATER) is over
