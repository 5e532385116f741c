"""One wording of how far a line and an order are, for every state of the ledger."""

import os
import random
from decimal import Decimal

from inventory.rules.asks import DemandState
from orders.rules.progress import progress
from orders.rules.standing import Stage, how_much, line_standing, order_standing

D = Decimal
BUCKETS = ("cancelled", "backordered", "reserved", "allocated", "released", "picked", "shipped")
CASES = int(os.environ.get("OMS_CASES", "300"))


def demand(**buckets: int) -> DemandState:
    parts = {name: D(buckets.get(name, 0)) for name in BUCKETS}
    return DemandState(1, 1, ordered=sum(parts.values(), D(0)), **parts)


def line(delivered: int = 0, held: bool = False, **buckets: int) -> str:
    return line_standing(demand(**buckets), is_held=held, delivered=D(delivered)).words


def order(status: str = "submitted", delivered: int = 0, held: bool = False, **buckets: int) -> str:
    return order_standing(status, progress(1, [demand(**buckets)], D(delivered)), is_held=held).words


def test_a_line_from_its_entry_to_the_customer_s_door():
    assert line_standing(None, is_held=False).words == "Not placed yet"
    assert line(reserved=5) == "Reserved"
    assert line(allocated=5) == "Ready to ship"
    assert line(allocated=5, held=True) == "On hold"
    assert line(released=5, held=True) == "Being picked"
    assert line(picked=5) == "Packed"
    assert line(shipped=5) == "Shipped"
    assert line(shipped=5, delivered=4) == "Shipped"
    assert line(shipped=5, delivered=5) == "Delivered"
    assert line(shipped=3, backordered=2, delivered=3) == "2 backordered"
    assert line(cancelled=5) == "Cancelled"


def test_an_order_from_its_entry_to_the_customer_s_door():
    assert order("draft", reserved=5) == "Not placed yet"
    assert order(backordered=5) == "Waiting for stock"
    assert order(allocated=5) == "Ready to ship"
    assert order(allocated=5, held=True) == "On hold"
    assert order(released=3, picked=2) == "Being picked"
    assert order(picked=5) == "Packed"
    assert order(shipped=2, allocated=3) == "Part shipped"
    assert order(shipped=5) == "Shipped"
    assert order("closed", shipped=5) == "Complete"
    assert order("closed", shipped=5, delivered=5) == "Delivered"
    assert order("cancelled", cancelled=5) == "Cancelled"


def test_how_much_is_said_where_a_part_has_left_or_arrived():
    assert how_much(progress(1, [demand(shipped=2, allocated=3)])) == "2 of 5 shipped"
    assert how_much(progress(1, [demand(shipped=5)], D(2))) == "2 of 5 delivered"
    assert how_much(progress(1, [demand(shipped=5)])) == ""
    assert how_much(None) == ""


def test_an_order_of_one_line_never_says_less_than_its_line_and_nothing_is_done_that_is_not():
    dice = random.Random(11)
    done = {Stage.SHIPPED, Stage.DELIVERED, Stage.CANCELLED}
    for _ in range(CASES):
        state = demand(**{name: dice.choice((0, 0, 1, 4)) for name in BUCKETS})
        arrived = D(dice.randint(0, int(state.shipped)))
        held = dice.random() < 0.3
        of_line = line_standing(state, is_held=held, delivered=arrived)
        of_order = order_standing("submitted", progress(1, [state], arrived), is_held=held)
        assert (of_line.stage in done) == (state.open == 0)
        if of_order.stage == Stage.DELIVERED:
            assert of_line.stage == Stage.DELIVERED
        if of_line.stage == Stage.DELIVERED:
            assert arrived == state.ordered - state.cancelled
            assert of_order.stage == Stage.DELIVERED
