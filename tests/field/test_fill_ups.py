"""Par levels, fill-ups as demand like any other, what the keeper says came, and lots that expire in the field."""

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest

from core.errors import InvalidInput, NotPermitted
from core.lifecycle import IllegalTransition
from core.testing import drain, unit
from inventory.field_queries import par_levels
from inventory.models import Demand, FillUp, ParLevel, StockCount, Transfer, TransferDispute, TransferLine
from inventory.rules.field import Stated
from inventory.services.acknowledge_transfer import acknowledge_transfer, settle_dispute
from inventory.services.ask_fill_up import replenish
from inventory.services.cancel import cancel
from inventory.services.cancel_transfer import cancel_transfer
from inventory.services.prepare_fill_ups import prepare_fill_ups
from inventory.services.push_expiring import push_expiring
from inventory.services.ship_transfer import NotFreeToSend, ship_transfer
from inventory.states import DisputeOutcome
from inventory.tasks import look_after_the_field
from tests.factories.catalog import ProductFactory
from tests.factories.field import make_field, use
from tests.factories.flow import breaches, placed
from tests.factories.inventory import NOW, PLANNER, stock
from tests.factories.stock import live_cases, on_hand, shipped

pytestmark = pytest.mark.django_db
_runs = count(1)


def at_par(made, par, *, site=None, below=None, center=20):
    """A par level, and stock in the center to serve it."""
    ParLevel.objects.create(site=site or made.trunk, product=made.product, par_qty=par, refill_below_qty=below)
    if center:
        stock(made.product, made.world.site, center)


def run(now=NOW, key="run"):
    asked = replenish(key=f"{key} {next(_runs)}", actor=PLANNER, now=now)
    drain(now)
    return asked


def test_what_is_missing_to_par_is_demand_that_is_allocated_shipped_and_acknowledged():
    made = make_field(trunk=2)
    at_par(made, 6)
    (asked,) = run()
    assert (asked.site, asked.units) == ("TRUNK-1", 4)
    demand = Demand.objects.get(ref_kind="fill_up")
    assert (demand.allocated_qty, demand.site_id, demand.account_id) == (4, None, None)
    (transfer_id,) = prepare_fill_ups(actor=PLANNER, now=NOW)
    transfer = Transfer.objects.get(pk=transfer_id)
    assert (transfer.from_site, transfer.to_site, transfer.status) == (made.world.site, made.trunk, "requested")
    assert breaches() == []
    ship_transfer(transfer_id=transfer_id, actor=PLANNER, now=NOW)
    demand.refresh_from_db()
    assert (demand.shipped_qty, on_hand(made.product, made.world.site)) == (4, 16)
    assert breaches() == []
    line = TransferLine.objects.get(transfer=transfer)
    said = {line.pk: Stated(Decimal(4))}
    assert acknowledge_transfer(transfer_id=transfer_id, stated=said, actor=made.actor, now=NOW) == []
    assert acknowledge_transfer(transfer_id=transfer_id, stated=said, actor=made.actor, now=NOW) == []
    transfer.refresh_from_db()
    assert (transfer.status, on_hand(made.product, made.trunk)) == ("closed", 6)
    assert breaches() == []


def test_what_is_asked_for_or_on_its_way_is_not_asked_for_again_at_any_stage():
    made = make_field(trunk=2)
    at_par(made, 6)
    assert len(run()) == 1
    assert run() == []
    (transfer_id,) = prepare_fill_ups(actor=PLANNER, now=NOW)
    assert (run(), prepare_fill_ups(actor=PLANNER, now=NOW)) == ([], [])
    ship_transfer(transfer_id=transfer_id, actor=PLANNER, now=NOW)
    assert run() == []
    use(made, 1)
    (again,) = run()
    assert again.units == 1


def test_a_refill_point_keeps_small_gaps_open():
    made = make_field(trunk=4)
    at_par(made, 6, below=4)
    assert run() == []
    use(made, 1)
    (asked,) = run()
    assert asked.units == 3


def test_whole_packs_are_asked_for():
    made = make_field(trunk=2)
    at_par(made, 6)
    type(made.product).objects.filter(pk=made.product.pk).update(order_multiple=3)
    (asked,) = run()
    assert asked.units == 6  # two packs of three; four would do
    assert run() == []


def test_what_is_sold_no_more_is_not_filled_up():
    made = make_field(trunk=2)
    at_par(made, 6)
    type(made.product).objects.filter(pk=made.product.pk).update(status="discontinued")
    assert run() == []


def test_a_fill_up_whose_date_moves_is_nobodys_broken_promise():
    made = make_field(trunk=2)
    at_par(made, 6)
    run()
    placed(made.world, 18, now=NOW)  # ranks higher and takes it back where it can
    drain(NOW)
    assert live_cases("promise_moved") == []


def test_orders_of_customers_come_before_fill_ups():
    made = make_field(trunk=0)
    at_par(made, 5, center=6)
    placed(made.world, 4, now=NOW)
    run()
    assert Demand.objects.get(ref_kind="fill_up").allocated_qty == 2
    assert Demand.objects.get(ref_kind="order").allocated_qty == 4


def test_a_fill_up_never_takes_from_the_field_itself():
    made = make_field(trunk=0, shelf=9)
    at_par(made, 5, center=0)
    run()
    assert Demand.objects.get(ref_kind="fill_up").backordered_qty == 5


def test_a_fill_up_loaded_short_is_wanted_again_and_one_cancelled_gives_its_claim_back():
    made = make_field(trunk=0)
    at_par(made, 6)
    run()
    (first,) = prepare_fill_ups(actor=PLANNER, now=NOW)
    line = TransferLine.objects.get(transfer=first)
    ship_transfer(transfer_id=first, shipped={line.pk: Decimal(4)}, actor=PLANNER, now=NOW)
    demand = Demand.objects.get(ref_kind="fill_up")
    assert (demand.shipped_qty, demand.backordered_qty) == (4, 2)
    assert breaches() == []
    drain(NOW)
    (second,) = prepare_fill_ups(actor=PLANNER, now=NOW)
    cancel_transfer(transfer_id=second, reason="Truck is full", actor=PLANNER, now=NOW)
    assert breaches() == []
    demand.refresh_from_db()
    assert (demand.backordered_qty, demand.released_qty, demand.shipped_qty) == (2, 0, 4)
    drain(NOW)
    demand.refresh_from_db()
    assert demand.allocated_qty == 2


def test_a_consignment_asks_as_its_customer_does():
    made = make_field(shelf=0, min_shelf_life_days=30)
    lots = ProductFactory(sku="LOTS", tracking="lot")
    ParLevel.objects.create(site=made.shelf, product=lots, par_qty=3)
    stock(lots, made.world.site, 3, lot="SOON", expiry=NOW.date() + timedelta(days=20))
    stock(lots, made.world.site, 3, lot="LATE", expiry=NOW.date() + timedelta(days=200))
    run()
    demand = Demand.objects.get(ref_kind="fill_up")
    assert (demand.account_id, demand.min_shelf_life_days, demand.allocated_qty) == (made.world.account.pk, 30, 3)
    assert demand.claims.get(state="open").balance.lot.code == "LATE"


def test_par_levels_take_one_statement_for_any_number(django_assert_num_queries):
    made = make_field()
    at_par(made, 6)
    ParLevel.objects.create(site=made.shelf, product=made.product, par_qty=9)
    with django_assert_num_queries(1):
        found = par_levels()
    assert {i: x.position for i, (x,) in found.items()} == {made.trunk.pk: 5, made.shelf.pk: 6}


# --- disputes ----------------------------------------------------------------------------------------------------
def sent(made, qty=5):
    stock(made.product, made.world.site, 20)
    return shipped(made.product, made.world.site, made.trunk, qty)


def say(made, transfer_id, line_id, good, damaged=0):
    stated = {line_id: Stated(Decimal(good), Decimal(damaged))}
    return acknowledge_transfer(
        transfer_id=transfer_id, stated=stated, note="two boxes", actor=made.actor, now=NOW + timedelta(hours=1)
    )


def settle(outcome, actor, dispute=None):
    dispute = dispute or TransferDispute.objects.get()
    return settle_dispute(dispute_id=dispute.pk, outcome=DisputeOutcome(outcome), actor=actor, now=NOW)


WAREHOUSE = PLANNER


def test_fewer_came_than_were_sent_is_a_case_with_both_numbers():
    made = make_field(trunk=0)
    transfer_id, line_id = sent(made)
    assert len(say(made, transfer_id, line_id, 3)) == 1
    assert len(say(made, transfer_id, line_id, 3)) == 1
    (case,) = live_cases("fill_up_disputed")
    assert (case.queue.code, case.evidence["sent"], case.evidence["stated"]) == ("warehouse", "5", "3")
    assert live_cases("transfer_short") == []
    assert (on_hand(made.product, made.trunk), Transfer.objects.get().status) == (3, "short")
    assert breaches() == []


def test_the_warehouse_gives_way_and_what_was_never_loaded_is_its_own_again():
    made = make_field(trunk=0)
    say(made, *sent(made), 3)
    settle("receiver", WAREHOUSE)
    assert (on_hand(made.product, made.trunk), on_hand(made.product, made.world.site)) == (3, 17)
    assert (Transfer.objects.get().status, live_cases("fill_up_disputed")) == ("closed", [])
    settle("receiver", WAREHOUSE)
    assert on_hand(made.product, made.world.site) == 17
    with pytest.raises(IllegalTransition):
        settle("sender", made.actor)
    assert breaches() == []


def test_the_rep_gives_way_and_has_found_the_rest():
    made = make_field(trunk=0)
    say(made, *sent(made), 3)
    settle("sender", made.actor)
    assert (on_hand(made.product, made.trunk), on_hand(made.product, made.world.site)) == (5, 15)
    assert (Transfer.objects.get().status, live_cases("fill_up_disputed")) == ("closed", [])
    assert breaches() == []


def test_a_count_decides_and_the_rest_is_written_off_until_then():
    made = make_field(trunk=0)
    say(made, *sent(made), 3)
    count_id = settle("count", made.actor)
    found = StockCount.objects.get(pk=count_id)
    assert (found.site, found.status) == (made.trunk, "open")
    assert (on_hand(made.product, made.trunk), TransferLine.objects.get().missing_qty) == (3, 2)
    assert breaches() == []


def test_nobody_settles_a_dispute_with_their_own_number():
    made = make_field(trunk=0)
    say(made, *sent(made), 3)
    for outcome, actor in (("receiver", made.actor), ("sender", WAREHOUSE)):
        with pytest.raises(NotPermitted):
            settle(outcome, actor)
    assert TransferDispute.objects.get().status == "open"


def test_more_came_than_was_sent_stands_until_the_warehouse_agrees():
    made = make_field(trunk=0)
    say(made, *sent(made), 6)
    assert (on_hand(made.product, made.trunk), Transfer.objects.get().status) == (5, "closed")
    assert len(live_cases("fill_up_disputed")) == 1
    settle("receiver", WAREHOUSE)
    assert (on_hand(made.product, made.trunk), on_hand(made.product, made.world.site)) == (6, 14)
    assert live_cases("fill_up_disputed") == []
    assert breaches() == []


def test_a_surplus_the_warehouse_does_not_have_is_refused():
    made = make_field(trunk=0)
    stock(made.product, made.world.site, 5)
    say(made, *shipped(made.product, made.world.site, made.trunk, 5), 7)
    with pytest.raises(NotFreeToSend):
        settle("receiver", WAREHOUSE)
    assert on_hand(made.product, made.trunk) == 5


def test_the_rest_that_comes_later_settles_the_dispute_by_itself():
    made = make_field(trunk=0)
    transfer_id, line_id = sent(made)
    say(made, transfer_id, line_id, 3)
    assert say(made, transfer_id, line_id, 4, 1) == []
    assert (TransferDispute.objects.get().outcome, live_cases("fill_up_disputed")) == ("sender", [])
    assert (on_hand(made.product, made.trunk), on_hand(made.product, made.trunk, "damaged")) == (4, 1)
    assert Transfer.objects.get().status == "closed"
    assert breaches() == []


def test_what_cannot_have_come_is_named():
    made = make_field(trunk=0)
    transfer_id, line_id = sent(made)
    say(made, transfer_id, line_id, 3)
    for stated, code in (
        ({0: Stated(Decimal(1))}, "unknown_line"),
        ({line_id: Stated(Decimal(-1))}, "not_a_quantity"),
        ({line_id: Stated(Decimal(2))}, "less_than_before"),
        ({}, "empty"),
    ):
        with pytest.raises(InvalidInput) as wrong:
            acknowledge_transfer(transfer_id=transfer_id, stated=stated, actor=made.actor, now=NOW)
        assert wrong.value.errors[0].code == code


# --- expiry ------------------------------------------------------------------------------------------------------
def test_a_lot_is_pushed_once_at_90_60_and_30_days():
    made = make_field(trunk=0)
    lots = ProductFactory(sku="LOTS", tracking="lot")
    expiry = NOW.date() + timedelta(days=95)
    stock(lots, made.trunk, 3, lot="A", expiry=expiry)
    stock(lots, made.world.site, 3, lot="B", expiry=expiry)  # in a center: not in the field
    told = []
    for days in (0, 4, 5, 6, 34, 35, 65, 66, 95, 96):
        now = NOW + timedelta(days=days)
        told.append(push_expiring(actor=PLANNER, now=now))
        assert push_expiring(actor=PLANNER, now=now) == 0
    assert told == [0, 0, 1, 0, 0, 1, 1, 0, 0, 0]
    (case,) = live_cases("field_expiry")
    assert (case.queue.code, case.cause_key) == ("rep", "TRUNK-1: 30 days")


def test_a_run_of_one_key_is_one_run():
    made = make_field(trunk=0)
    at_par(made, 4)
    replenish(key="night", actor=PLANNER, now=NOW)
    asked = Demand.objects.get(ref_kind="fill_up")
    with unit():
        cancel([asked.pk], now=NOW)  # missing again, and said by this key already
    assert replenish(key="night", actor=PLANNER, now=NOW) == []
    assert FillUp.objects.count() == 1


def test_the_scheduled_round_does_each_thing_once():
    made = make_field(trunk=2)
    at_par(made, 6)
    assert look_after_the_field() == "1 fill-ups, 0 transfers, 0 offers ended, 0 lots pushed"
    drain(NOW)
    assert look_after_the_field() == "0 fill-ups, 1 transfers, 0 offers ended, 0 lots pushed"
    assert look_after_the_field() == "0 fill-ups, 0 transfers, 0 offers ended, 0 lots pushed"
