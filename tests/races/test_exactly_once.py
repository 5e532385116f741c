"""A reservation is given back on cancel, amend, close short and expiry: once, also asked twice and at the same time."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from accounts.models import Account
from core.lifecycle import IllegalTransition
from core.refs import DocumentRef
from core.testing import race, unit
from inventory.models import Claim, Demand, StockBalance
from inventory.services.confirm_picked import confirm_picked
from inventory.services.confirm_shipped import confirm_shipped
from inventory.services.expire_claims import expire_claims
from inventory.services.open_demands import open_demands
from inventory.services.reserve import reserve
from orders.models import Order, OrderLine
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.cancel import cancel_order
from orders.services.close_short import close_rest, close_short
from orders.services.place import place
from tests.factories.inventory import breaches, spec, stock
from tests.factories.orders import CLERK, NOW, allocated, make_world, release

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]


@pytest.fixture
def world():
    made = make_world(stock=None)
    stock(made.products[0], made.site, 10)
    return made


def is_given_back(demand_id, *, reserved, cancelled, backordered=0):
    """The balance, the demand and the ended claims say the same, once."""
    balance, demand = StockBalance.objects.get(), Demand.objects.get(pk=demand_id)
    assert (balance.on_hand_qty, balance.reserved_qty) == (10, reserved)
    assert (demand.reserved_qty, demand.cancelled_qty, demand.backordered_qty) == (reserved, cancelled, backordered)
    assert breaches() == []


def ship(order_id):
    claims = [line.stock for line in release([order_id])[order_id].claims]
    with unit("ship"):
        confirm_picked({c.claim_id: c.qty for c in claims}, now=NOW, actor=CLERK)
        confirm_shipped([c.claim_id for c in claims], source=DocumentRef("shipment", order_id), now=NOW, actor=CLERK)


def test_on_cancel(world):
    order = place(world.draft(6), actor=CLERK, now=NOW)
    race(*[lambda: cancel_order(order_id=order.order_id, reason="not wanted", actor=CLERK, now=NOW)] * 3)
    with pytest.raises(Exception, match="cancelled"):
        cancel_order(order_id=order.order_id, reason="not wanted", actor=CLERK, now=NOW)
    is_given_back(Demand.objects.get().pk, reserved=0, cancelled=6)
    assert list(Claim.objects.values_list("ended", "qty")) == [("freed", 6)]


def test_on_amend(world):
    order = place(world.draft(6), actor=CLERK, now=NOW)
    wish, version = Wish((LineWish(1, Decimal(2)),)), Order.objects.get().version

    def lower():
        return amend(order_id=order.order_id, wish=wish, expected_version=version, reason="fewer", actor=CLERK, now=NOW)

    done = race(lower, lower, lower)
    assert sum(not isinstance(d, Exception) for d in done) == 1  # the others read an order that has changed since
    is_given_back(Demand.objects.get().pk, reserved=2, cancelled=4)


def test_on_close_short(world):
    """12 ordered, 10 of them shipped: the 2 that wait are cancelled by one of three, and stock that came is nobody's."""
    order = allocated(world, 12)
    ship(order.order_id)
    close = partial(close_short, order_id=order.order_id, line_no=1, reason="not worth it", actor=CLERK, now=NOW)
    done = race(close, close, close)
    assert sorted(type(d).__name__ for d in done) == ["CancelOutcome", "IllegalTransition", "IllegalTransition"]
    with pytest.raises(IllegalTransition):
        close()
    demand, balance = Demand.objects.get(), StockBalance.objects.get()
    assert (demand.shipped_qty, demand.cancelled_qty, demand.backordered_qty, demand.reserved_qty) == (10, 2, 0, 0)
    assert (balance.on_hand_qty, balance.reserved_qty, balance.allocated_qty, balance.picked_qty) == (0, 0, 0, 0)
    assert list(Claim.objects.exclude(ended="shipped").values_list("ended", "qty")) == []
    assert breaches() == []


def test_on_a_rest_that_is_closed_after_a_short_pick(world):
    """The rest was reserved again in between: closing it gives that back, once."""
    order = place(world.draft(6), actor=CLERK, now=NOW)
    line_id = OrderLine.objects.get(order_id=order.order_id).pk
    Account.objects.update(short_close_percent=100)
    close = partial(
        close_rest, order_id=order.order_id, order_line_id=line_id, rest_qty=Decimal(6), actor=CLERK, now=NOW
    )
    done = race(close, close, close)
    assert sorted(d for d in done if not isinstance(d, Exception)) in ([0, 0, 6], [0, 6], [6])
    is_given_back(Demand.objects.get().pk, reserved=0, cancelled=6)
    assert list(Claim.objects.values_list("ended", "qty")) == [("freed", 6)]


def test_on_expiry(world):
    with unit("a reservation with an end"):
        (demand_id,) = open_demands([spec(world.products[0], 6)], now=NOW).values()
        reserve([demand_id], now=NOW, expires_at=NOW + timedelta(minutes=30))
    later = NOW + timedelta(minutes=30)
    done = race(*[lambda: expire_claims(now=later)] * 3)
    assert sum(done) == 1
    assert expire_claims(now=later) == 0
    is_given_back(demand_id, reserved=0, cancelled=0, backordered=6)
    assert list(Claim.objects.values_list("ended", "qty")) == [("expired", 6)]
