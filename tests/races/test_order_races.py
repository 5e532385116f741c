"""Real threads, real transactions: one effect, no unit twice, no credit twice."""

from dataclasses import replace

import pytest

from core.testing import race
from credit.models import OpenOrderDay, Posting
from inventory.models import Demand, StockBalance
from orders.models import Hold, Order
from orders.rules.asks import Captured, Submitted
from orders.services.cancel import cancel_order
from orders.services.capture import capture
from orders.services.place import place
from orders.services.submit import submit
from tests.factories.orders import CLERK, NOW, allocated, make_world, release

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]


def test_two_submits_of_one_order_have_one_effect_and_both_hear_it():
    world = make_world()
    order_id = capture(world.draft(7), actor=CLERK, now=NOW).order_id
    both = race(*[lambda: submit(order_id=order_id, actor=CLERK, now=NOW)] * 2)
    assert [type(x) for x in both] == [Submitted, Submitted]
    assert {x.lines[0].reserved for x in both} == {7}
    assert Demand.objects.count() == 1
    assert Posting.objects.count() == 1
    assert StockBalance.objects.get().reserved_qty == 7


def test_eight_orders_for_the_last_unit_one_gets_it_and_seven_are_backordered():
    world = make_world(stock=1)
    drafts = [world.draft(1) for _ in range(8)]
    outcomes = race(*[lambda d=d: place(d, actor=CLERK, now=NOW) for d in drafts])
    assert [type(x) for x in outcomes] == [Submitted] * 8
    assert sorted(x.lines[0].reserved for x in outcomes) == [0] * 7 + [1]
    assert StockBalance.objects.get().reserved_qty == 1


def test_orders_of_two_products_in_opposite_order_do_not_wait_for_each_other_for_ever():
    world = make_world(products=2, stock=4)

    forth = [world.draft(1, 1) for _ in range(4)]
    back = [replace(d, lines=tuple(reversed(d.lines)), po_number=f"B{d.po_number}") for d in forth]
    outcomes = race(*[lambda d=d: place(d, actor=CLERK, now=NOW) for d in (*forth, *back)])
    assert [type(x) for x in outcomes] == [Submitted] * 8
    assert [b.reserved_qty for b in StockBalance.objects.all()] == [4, 4]


def test_two_submits_on_one_credit_line_one_is_approved_and_one_held():
    world = make_world(limit=100)
    first, second = (capture(world.draft(6), actor=CLERK, now=NOW).order_id for _ in range(2))
    outcomes = race(*[lambda i=i: submit(order_id=i, actor=CLERK, now=NOW) for i in (first, second)])
    assert sorted(len(x.holds) for x in outcomes) == [0, 1]
    assert Hold.objects.get().reason == "credit"
    assert OpenOrderDay.objects.get().amount == 120


def test_two_releases_on_one_credit_line_one_goes_and_one_is_refused_by_credit():
    world = make_world(limit=100)
    orders = [allocated(world, 6).order_id for _ in range(2)]
    grants = race(*[lambda i=i: release([i])[i] for i in orders])
    assert sorted(len(g.claims) for g in grants) == [0, 1]
    (refused,) = (g for g in grants if not g.claims)
    assert [str(r.gate) for r in refused.refused] == ["credit"]


def test_a_purchase_order_that_arrives_twice_at_once_is_one_order_and_one_clean_refusal():
    world = make_world()
    outcomes = race(*[lambda: capture(world.draft(1, po_number="4711"), actor=CLERK, now=NOW)] * 2)
    assert sorted(type(x).__name__ for x in outcomes) == ["Captured", "DuplicatePurchaseOrder"]
    assert Order.objects.count() == 1


def test_the_same_delivery_twice_at_once_is_one_order_and_both_hear_its_number():
    world = make_world()
    draft = world.draft(1, external_id="ISA-9", po_number="")
    outcomes = race(*[lambda: capture(draft, actor=CLERK, now=NOW)] * 4)
    assert [type(x) for x in outcomes] == [Captured] * 4
    assert len({x.order_id for x in outcomes}) == 1
    assert sum(x.is_duplicate for x in outcomes) == 3


def test_a_cancellation_beside_a_release_leaves_each_unit_in_one_place():
    world = make_world()
    order = allocated(world, 6)
    race(
        lambda: release([order.order_id]),
        lambda: cancel_order(order_id=order.order_id, reason="not wanted", actor=CLERK, now=NOW),
    )
    state = Demand.objects.get()
    assert (state.released_qty, state.cancelled_qty) in ((6, 0), (0, 6))
    assert state.released_qty * 10 == sum(p.amount for p in Posting.objects.all())
