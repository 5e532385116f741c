"""More or less than was released is picked: within what the customer takes it is sent, billed or closed; above, refused."""

from decimal import Decimal

import pytest

from billing.models import Invoice
from core.errors import InvalidInput
from core.models import JournalEntry
from core.testing import drain
from credit.models import CreditAccount
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.rules.asks import PickReport
from fulfillment.services.confirm_pick import confirm_pick, confirm_picks
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.pick_over import NotFreeToTake, SurplusOverCredit
from fulfillment.services.release_orders import release_orders
from inventory.models import Demand, StockBalance
from inventory.services.pick_over import NotFreeToPick
from orders.models import Order, OrderLine
from tests.factories.accounts import AccountFactory
from tests.factories.flow import NOW, PICKER, breaches, line_ids, picked, placed, released, stocked_world
from tests.factories.inventory import stock
from tests.factories.orders import make_world
from tests.factories.pools import protect

pytestmark = pytest.mark.django_db
D = Decimal


def taking(world, *, more=0, less=0) -> None:
    type(world.account).objects.filter(pk=world.account.pk).update(over_ship_percent=more, short_close_percent=less)


def found(sent, *qtys):
    return dict(zip(line_ids(sent.shipment_id), map(D, qtys), strict=True))


def ship(sent) -> None:
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    drain(NOW)


def credit(world) -> tuple[Decimal, Decimal]:
    row = CreditAccount.objects.get(account=world.account)
    return row.released_amount, row.shipped_amount


def test_104_of_100_within_5_percent_are_sent_and_billed_and_the_order_says_104():
    world = stocked_world(stock_qty=200)
    taking(world, more=5)
    sent = released(world, 100)
    assert picked(sent, found(sent, 104)) == "packed"
    line, order = OrderLine.objects.get(), Order.objects.get()
    assert (line.qty, line.unit_qty, line.amount, order.total_amount) == (D(104), D(100), D("1040.00"), D("1040.00"))
    demand, balance = Demand.objects.get(), StockBalance.objects.get()
    assert (demand.ordered_qty, demand.picked_qty, demand.backordered_qty) == (D(104), D(104), D(0))
    assert (balance.picked_qty, balance.released_qty, balance.on_hand_qty) == (D(104), D(0), D(200))
    assert credit(world) == (D("1040.00"), D(0))
    grew = JournalEntry.objects.get(subject_kind="order", verb="grew")
    assert "line 1 by 4 to 104" in grew.summary
    assert breaches() == []
    ship(sent)
    assert Invoice.objects.get().total_amount == D("1040.00")
    assert StockBalance.objects.get().on_hand_qty == D(96)
    assert Order.objects.get().status == "closed"
    assert breaches() == []


def test_106_of_100_within_5_percent_is_refused_with_the_tolerance_and_nothing_moves():
    world = stocked_world(stock_qty=200)
    taking(world, more=5)
    sent = released(world, 100)
    with pytest.raises(InvalidInput) as refusal:
        picked(sent, found(sent, 106))
    (error,) = refusal.value.errors
    code = world.account.code
    assert error.code == "above_tolerance"
    assert error.message == f"106 picked, 100 released: {code} takes up to 5 % more, 105."
    assert "Put back what is above 105" in error.remedy
    assert Shipment.objects.get().status == "released"
    assert ShipmentLine.objects.get().picked_qty is None
    taking(world, more=0)
    with pytest.raises(InvalidInput) as refusal:
        picked(sent, found(sent, 101))
    assert refusal.value.errors[0].message == f"101 picked, 100 released: {code} takes no more."


def test_what_the_line_waits_for_is_taken_before_the_order_grows():
    world = stocked_world(stock_qty=100)
    taking(world, more=10)
    order_id = placed(world, 103)
    (outcome,) = release_orders(order_ids=[order_id], actor=PICKER, now=NOW)
    (shipment_id,) = outcome.shipment_ids
    stock(world.products[0], world.site, 50)  # nobody dealt it out yet
    (line,) = line_ids(shipment_id)
    confirm_pick(shipment_id=shipment_id, picks={line: D(105)}, actor=PICKER, now=NOW)
    demand = Demand.objects.get()
    assert (demand.ordered_qty, demand.picked_qty, demand.backordered_qty) == (D(105), D(105), D(0))
    assert OrderLine.objects.get().qty == D(105)
    assert credit(world) == (D("1050.00"), D(0))
    assert breaches() == []


def test_more_of_one_lot_for_less_of_another_needs_no_tolerance():
    world = make_world(stock=None)
    stock(world.products[0], world.site, 10, lot="A")
    stock(world.products[0], world.site, 30, lot="B")
    sent = released(world, 20)
    a, b = ShipmentLine.objects.order_by("pk").values_list("pk", "qty")
    assert (a[1], b[1]) == (D(10), D(10))
    picked(sent, {a[0]: D(7), b[0]: D(13)})
    demand = Demand.objects.get()
    assert (demand.ordered_qty, demand.picked_qty, demand.backordered_qty) == (D(20), D(20), D(0))
    assert OrderLine.objects.get().qty == D(20)
    assert credit(world) == (D("200.00"), D(0))
    assert breaches() == []


def test_a_surplus_somebody_else_has_is_refused_and_takes_no_other_report_down():
    world = stocked_world(stock_qty=30)
    taking(world, more=50)
    mine, other = released(world, 10), released(world, 10)
    placed(world, 8)
    picks = {line_ids(mine.shipment_id)[0]: D(13)}
    outcomes = confirm_picks(
        [PickReport(mine.shipment_id, picks), PickReport(other.shipment_id)], actor=PICKER, now=NOW
    )
    assert isinstance(outcomes[mine.shipment_id], NotFreeToTake)
    assert (
        "3 more" in outcomes[mine.shipment_id].message and "2 are nobody else's" in outcomes[mine.shipment_id].message
    )
    assert outcomes[other.shipment_id] == "packed"
    assert StockBalance.objects.get().released_qty == D(10)
    assert breaches() == []


def test_two_pickers_share_what_is_free_and_the_second_surplus_is_refused():
    world = stocked_world(stock_qty=24)
    taking(world, more=50)
    one, two = released(world, 10), released(world, 10)
    reports = [PickReport(s.shipment_id, {line_ids(s.shipment_id)[0]: D(13)}) for s in (one, two)]
    outcomes = confirm_picks(reports, actor=PICKER, now=NOW)
    assert outcomes[one.shipment_id] == "packed"
    assert isinstance(outcomes[two.shipment_id], NotFreeToTake)
    balance = StockBalance.objects.get()
    assert (balance.picked_qty, balance.released_qty) == (D(13), D(10))
    assert breaches() == []


def test_of_many_picks_only_the_surplus_that_lost_a_race_is_refused(monkeypatch):
    world = stocked_world(stock_qty=22)
    taking(world, more=50)
    one, two = released(world, 10), released(world, 10)
    # what was free when it was looked at is somebody else's by the time the stock is locked
    monkeypatch.setattr("fulfillment.services.pick_over.free_on", lambda ids: dict.fromkeys(ids, D(99)))
    reports = [PickReport(one.shipment_id, {line_ids(one.shipment_id)[0]: D(13)}), PickReport(two.shipment_id)]
    outcomes = confirm_picks(reports, actor=PICKER, now=NOW)
    assert isinstance(outcomes[one.shipment_id], NotFreeToPick)
    assert outcomes[two.shipment_id] == "packed"
    assert confirm_picks(reports[:1], actor=PICKER, now=NOW).keys() == {one.shipment_id}
    balance = StockBalance.objects.get()
    assert (balance.picked_qty, balance.released_qty, balance.on_hand_qty) == (D(10), D(10), D(22))
    assert breaches() == []


def test_a_surplus_credit_does_not_bear_stays_on_the_shelf():
    world = stocked_world(stock_qty=200, limit=1_020)
    taking(world, more=5)
    CreditAccount.objects.update(check_points=["entry", "release", "pick"])
    sent = released(world, 100)
    with pytest.raises(SurplusOverCredit, match=r"would owe 30\.00 USD more"):
        picked(sent, found(sent, 103))
    assert Demand.objects.get().ordered_qty == D(100)
    assert picked(sent, found(sent, 102)) == "packed"
    assert breaches() == []


def test_stock_kept_for_others_is_no_surplus_to_take():
    world = stocked_world(stock_qty=20)
    taking(world, more=50)
    sent = released(world, 10)
    protect(9, product=world.products[0], account=AccountFactory(), valid_from=NOW.date())
    with pytest.raises(NotFreeToPick, match=r"2 more of .* cannot be taken: 1 of it are nobody else's"):
        picked(sent, found(sent, 12))
    assert StockBalance.objects.get().released_qty == D(10)


def test_a_rest_within_the_tolerance_is_closed_when_it_is_not_found_and_one_above_it_waits():
    world = stocked_world(products=2, stock_qty=300)
    taking(world, less=2)
    sent = released(world, 100, 100)
    picked(sent, found(sent, 98, 97))
    drain(NOW)
    within, above = Demand.objects.order_by("line_no")
    assert (within.picked_qty, within.cancelled_qty, within.allocated_qty) == (D(98), D(2), D(0))
    assert (above.picked_qty, above.cancelled_qty, above.allocated_qty + above.reserved_qty) == (D(97), D(0), D(3))
    assert [x.amount for x in OrderLine.objects.order_by("line_no")] == [D("980.00"), D("1000.00")]
    told = JournalEntry.objects.get(subject_kind="order", verb="cancelled")
    assert told.summary.endswith("closed short: the rest is at most 2 % of the line, as the account agreed")
    assert breaches() == []
