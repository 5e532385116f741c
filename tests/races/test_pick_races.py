"""Pickers, buyers and the billing desk at once: real threads, real transactions."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import Invoice
from billing.services.issue_invoice import issue_invoice
from core.errors import DomainError
from core.testing import race
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.take_other_lot import take_other_lot
from inventory.models import Demand, StockBalance
from inventory.services.move_claim import LotIsClaimed
from orders.services.place import place
from tests.factories.flow import NOW, PICKER, breaches, line_ids, picked, released, stocked_world
from tests.factories.inventory import stock
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
WHO = {"actor": PICKER, "now": NOW}


def test_two_surpluses_and_four_buyers_share_the_four_units_that_are_free():
    world = stocked_world(stock_qty=24)
    type(world.account).objects.update(over_ship_percent=50)
    sent = [released(world, 10) for _ in range(2)]
    picks = [
        lambda s=s: confirm_pick(shipment_id=s.shipment_id, picks={line_ids(s.shipment_id)[0]: D(13)}, **WHO)
        for s in sent
    ]
    results = race(*picks, *[lambda: place(world.draft(1), **WHO) for _ in range(4)])
    assert all(not isinstance(r, Exception) or isinstance(r, DomainError) for r in results), results
    balance = StockBalance.objects.get()
    held = balance.reserved_qty + balance.allocated_qty + balance.released_qty + balance.picked_qty
    assert held <= balance.on_hand_qty == D(24)
    over = [x for x in ShipmentLine.objects.all() if x.over_qty]
    assert len(over) <= 1
    assert sum(Demand.objects.values_list("ordered_qty", flat=True)) == 24 + 3 * len(over)
    assert breaches() == []


def test_one_of_two_pickers_has_the_free_lot_and_the_other_keeps_the_released_one():
    world = make_world(stock=None)
    for code, qty in (("A", 12), ("B", 6)):
        stock(world.products[0], world.site, qty, lot=code, expiry=NOW.date() + timedelta(days=900 + qty * -10))
    lines = [ShipmentLine.objects.get(shipment=released(world, 6).shipment_id) for _ in range(2)]
    spare = "B" if {x.lot.code for x in lines} == {"A"} else "A"
    results = race(
        *[lambda x=x: take_other_lot(shipment_id=x.shipment_id, line_id=x.pk, code=spare, **WHO) for x in lines]
    )
    assert sorted(type(r).__name__ for r in results) == [LotIsClaimed.__name__, "TakenLot"]
    assert sorted(x.lot.code for x in ShipmentLine.objects.all()) == ["A", "B"]
    assert breaches() == []


def test_pickers_who_exchange_two_lots_crosswise_do_not_wait_for_each_other_for_ever():
    world = make_world(stock=None)
    for code in ("A", "B"):
        stock(world.products[0], world.site, 20, lot=code, expiry=NOW.date() + timedelta(days=900))
    lines = [ShipmentLine.objects.get(shipment=released(world, 5).shipment_id) for _ in range(4)]
    turns = [
        lambda x=x, code=code: take_other_lot(shipment_id=x.shipment_id, line_id=x.pk, code=code, qty=D(1), **WHO)
        for x in lines
        for code in ("A", "B")
    ]
    results = race(*turns)
    assert all(not isinstance(r, Exception) or isinstance(r, DomainError) for r in results), results
    assert sum(ShipmentLine.objects.values_list("qty", flat=True)) == D(20)
    assert sum(StockBalance.objects.values_list("released_qty", flat=True)) == D(20)
    assert breaches() == []


def test_invoices_issued_at_once_are_numbered_without_a_gap_and_a_refused_one_takes_no_number():
    world = stocked_world()
    shipments = []
    for _ in range(6):
        sent = released(world, 1)
        picked(sent)
        if len(shipments) < 5:
            confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", **WHO)
        shipments.append(sent.shipment_id)  # the last has not left: nothing of it can be invoiced
    results = race(*[lambda s=s: issue_invoice(shipment_id=s, **WHO) for s in shipments for _ in range(2)])
    assert sum(isinstance(r, DomainError) for r in results) == 2
    assert len({r for r in results if isinstance(r, int)}) == 5
    numbers = sorted(int(n.removeprefix("INV-")) for n in Invoice.objects.values_list("number", flat=True))
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert Shipment.objects.filter(status="packed").count() == 1
