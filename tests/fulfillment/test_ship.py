"""Release, pick and ship: stock, exposure and shipment move together or not at all."""

from decimal import Decimal

import pytest

from core.errors import InvalidInput, NotFound
from core.lifecycle import IllegalTransition
from core.models import JournalEntry, OutboxFact
from core.testing import drain
from credit.models import CreditAccount
from exceptions_app.models import Case
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from inventory.models import Demand, StockBalance
from tests.factories.flow import NOW, PICKER, breaches, line_ids, picked, placed, released, shipped, stocked_world

pytestmark = pytest.mark.django_db


def credit(world) -> CreditAccount:
    return CreditAccount.objects.get(account=world.account)


def test_release_makes_one_shipment_of_two_lines_and_moves_70_from_open_to_released():
    world = stocked_world(products=2)
    sent = released(world, 3, 4)
    assert Shipment.objects.count() == 1
    assert list(ShipmentLine.objects.order_by("pk").values_list("qty", flat=True)) == [Decimal(3), Decimal(4)]
    assert credit(world).released_amount == Decimal("70.00")
    assert credit(world).shipped_amount == 0
    assert OutboxFact.objects.filter(kind="fulfillment.ShipmentReleased").count() == 1
    assert JournalEntry.objects.filter(subject_kind="shipment", subject_id=sent.shipment_id).count() == 1
    assert breaches() == []


def test_a_release_that_fails_at_its_last_step_has_moved_nothing(monkeypatch):
    world = stocked_world()
    order_id = placed(world, 3)

    def full(*args):
        raise OSError("no room for the journal")

    monkeypatch.setattr("fulfillment.services.release_orders._tell", full)
    with pytest.raises(OSError, match="no room"):
        release_orders(order_ids=[order_id], actor=PICKER, now=NOW)
    assert (Shipment.objects.count(), ShipmentLine.objects.count()) == (0, 0)
    demand = Demand.objects.get()
    assert (demand.allocated_qty, demand.released_qty, credit(world).released_amount) == (3, 0, 0)
    assert not OutboxFact.objects.filter(kind="orders.LinesReleased").exists()
    assert breaches() == []


def test_releasing_twice_sends_nothing_twice():
    world = stocked_world()
    sent = released(world, 3)
    (again,) = release_orders(order_ids=[sent.order_id], actor=PICKER, now=NOW)
    assert again.shipment_ids == ()
    assert again.refused != ()
    assert Shipment.objects.count() == 1
    assert Demand.objects.get().released_qty == 3


def test_an_order_nobody_knows_is_refused_by_name_and_the_known_one_still_goes():
    world = stocked_world()
    order_id = placed(world, 3)
    known, unknown = release_orders(order_ids=[order_id, 999_999], actor=PICKER, now=NOW)
    assert known.is_released
    assert unknown.refused[0].rule == "order_exists"


def test_an_order_over_its_credit_line_is_not_released_and_says_credit():
    world = stocked_world(limit=20)
    order_id = placed(world, 3)
    (outcome,) = release_orders(order_ids=[order_id], actor=PICKER, now=NOW)
    assert not outcome.is_released
    assert "credit" in {r.gate for r in outcome.refused}
    assert Shipment.objects.count() == 0
    assert credit(world).released_amount == 0
    assert Case.objects.filter(kind="credit_hold").count() == 1


def test_an_order_of_2_lines_waits_where_the_site_handles_1_a_day_and_goes_where_it_handles_2():
    world = stocked_world(products=2)
    order_id = placed(world, 3, 4)
    for lines_per_day, gates in ((1, ["capacity"]), (2, [])):
        type(world.site).objects.filter(pk=world.site.pk).update(lines_per_day=lines_per_day)
        (outcome,) = release_orders(order_ids=[order_id], actor=PICKER, now=NOW)
        assert [str(r.gate) for r in outcome.refused] == gates
    assert outcome.is_released


def test_a_full_pick_packs_the_shipment_and_opens_no_case():
    sent = released(stocked_world(), 3)
    assert picked(sent) == "packed"
    assert Demand.objects.get().picked_qty == 3
    assert not Case.objects.filter(kind="short_pick").exists()
    assert breaches() == []


def test_a_pick_of_5_from_8_gives_3_back_to_open_allocates_them_again_and_opens_a_case():
    world = stocked_world(stock_qty=100)
    sent = released(world, 8)
    (line,) = line_ids(sent.shipment_id)
    assert picked(sent, {line: Decimal(5)}) == "packed"
    assert credit(world).released_amount == Decimal("50.00")
    drain(NOW)
    demand = Demand.objects.get()
    assert (demand.picked_qty, demand.allocated_qty, demand.backordered_qty) == (5, 3, 0)
    assert Case.objects.get(kind="short_pick").subject_id == sent.shipment_id
    assert ShipmentLine.objects.get(pk=line).short_reason == "bin empty"
    assert breaches() == []


def test_what_the_picker_did_not_find_is_not_promised_again():
    world = stocked_world(stock_qty=8)
    sent = released(world, 8)
    (line,) = line_ids(sent.shipment_id)
    picked(sent, {line: Decimal(5)})
    drain(NOW)
    demand = Demand.objects.get()
    assert (demand.picked_qty, demand.allocated_qty, demand.reserved_qty, demand.backordered_qty) == (5, 0, 0, 3)
    assert breaches() == []


def test_nothing_found_cancels_the_shipment_and_the_order_can_be_released_again():
    world = stocked_world()
    sent = released(world, 8)
    (line,) = line_ids(sent.shipment_id)
    assert picked(sent, {line: Decimal(0)}) == "cancelled"
    drain(NOW)
    (again,) = release_orders(order_ids=[sent.order_id], actor=PICKER, now=NOW)
    assert again.is_released
    assert Shipment.objects.count() == 2
    assert breaches() == []


@pytest.mark.parametrize(
    ("found", "words"), [(Decimal(9), "9 picked, 8 released: "), (Decimal(-1), "not between 0 and 8")]
)
def test_a_pick_that_cannot_be_is_refused_and_changes_nothing(found, words):
    sent = released(stocked_world(), 8)
    (line,) = line_ids(sent.shipment_id)
    with pytest.raises(InvalidInput) as refused:
        picked(sent, {line: found})
    assert words in refused.value.errors[0].message
    assert Shipment.objects.get().status == "released"
    assert Demand.objects.get().released_qty == 8


def test_a_short_pick_without_a_reason_and_an_unknown_line_are_both_told_at_once():
    sent = released(stocked_world(), 8)
    (line,) = line_ids(sent.shipment_id)
    with pytest.raises(InvalidInput) as refused:
        confirm_pick(shipment_id=sent.shipment_id, picks={line: Decimal(1), 0: Decimal(1)}, actor=PICKER, now=NOW)
    assert [e.code for e in refused.value.errors] == ["unknown_line", "required"]


def test_shipping_takes_3_from_stock_and_turns_released_into_shipped_exposure():
    world = stocked_world(stock_qty=100)
    sent = released(world, 3)
    picked(sent)
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z999", actor=PICKER, now=NOW)
    assert StockBalance.objects.get().on_hand_qty == 97
    assert (credit(world).released_amount, credit(world).shipped_amount) == (0, Decimal("30.00"))
    assert Shipment.objects.get().tracking_number == "1Z999"
    assert breaches() == []


def test_an_unpicked_shipment_cannot_ship_and_a_shipped_one_not_twice():
    world = stocked_world()
    sent = released(world, 3)
    with pytest.raises(IllegalTransition):
        confirm_shipment(shipment_id=sent.shipment_id, actor=PICKER, now=NOW)
    picked(sent)
    confirm_shipment(shipment_id=sent.shipment_id, actor=PICKER, now=NOW)
    with pytest.raises(IllegalTransition):
        confirm_shipment(shipment_id=sent.shipment_id, actor=PICKER, now=NOW)
    assert StockBalance.objects.get().on_hand_qty == 97


def test_an_unknown_shipment_is_not_found():
    with pytest.raises(NotFound):
        confirm_pick(shipment_id=5, picks={}, actor=PICKER, now=NOW)


def test_the_order_closes_when_every_unit_is_shipped_and_not_before():
    from orders.models import Order

    world = stocked_world(stock_qty=5)
    sent = shipped(world, 8)
    assert Order.objects.get(pk=sent.order_id).status == "submitted"
    other = shipped(stocked_world(), 2)
    assert Order.objects.get(pk=other.order_id).status == "closed"
