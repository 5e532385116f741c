"""A reservation is given back on cancel, amend, close short and expiry: once, also asked twice and at the same time."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.testing import race, unit
from inventory.models import Claim, Demand, StockBalance
from inventory.services.expire_claims import expire_claims
from inventory.services.open_demands import open_demands
from inventory.services.reserve import reserve
from orders.models import Order
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.cancel import cancel_order
from orders.services.place import place
from tests.factories.inventory import breaches, spec, stock
from tests.factories.orders import CLERK, NOW, make_world

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
