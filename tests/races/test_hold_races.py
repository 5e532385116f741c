"""A draft's hold beside a submit, a twin, others after the same units: one truth, no gap, each unit freed once."""

import os
from datetime import timedelta
from decimal import Decimal

import pytest

from core.actors import Actor
from core.errors import DomainError
from core.testing import race
from inventory.models import Demand, StockBalance
from inventory.services.expire_claims import expire_claims
from orders.models import Order, StockHold, StockHoldLimit
from orders.services.capture import capture
from orders.services.hold_goods import HoldWorthTooMuch, hold_goods, let_goods_go
from orders.services.place import place
from orders.services.submit import submit
from tests.factories.inventory import breaches, stock
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]
ROUNDS = max(2, int(os.environ.get("OMS_CASES", "300")) // 100)
BUYER = Actor("Bea Buyer", roles=frozenset({"buyer"}), channel="portal")
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def world():
    made = make_world(stock=None, limit=1_000_000)
    stock(made.products[0], made.site, 10)
    return made


def cart(world, qty):
    return capture(world.draft(qty), actor=BUYER, now=NOW).order_id


def reserved():
    return StockBalance.objects.get().reserved_qty


def test_a_submit_keeps_what_was_held_though_others_want_all_of_it(world):
    held = cart(world, 7)
    hold_goods(order_id=held, actor=BUYER, now=NOW)
    drafts = [world.draft(10) for _ in range(3)]
    done = race(
        lambda: submit(order_id=held, actor=CLERK, now=LATER),
        *[lambda d=d: place(d, actor=CLERK, now=LATER) for d in drafts],
    )
    own, *others = [r.lines[0].reserved for r in done]
    assert own == 7
    assert sum(others, Decimal(0)) == 3
    assert reserved() == 10
    assert breaches() == []


def test_two_holds_of_one_cart_at_once_are_one(world):
    order_id = cart(world, 6)
    done = race(*[lambda: hold_goods(order_id=order_id, actor=BUYER, now=NOW)] * 3)
    assert {h.hold_id for h in done} == {StockHold.objects.get().pk}
    assert (reserved(), Demand.objects.count()) == (6, 1)
    assert breaches() == []


def test_two_carts_at_once_share_what_there_is(world):
    carts = [cart(world, 7), cart(world, 7)]
    done = race(*[lambda i=i: hold_goods(order_id=i, actor=BUYER, now=NOW) for i in carts])
    assert sorted(h.by_line[1] for h in done) == [3, 7]
    assert reserved() == 10
    assert breaches() == []


def test_two_carts_at_once_do_not_both_fit_under_the_customers_limit(world):
    StockHoldLimit.objects.create(most_amount=60)  # six units
    carts = [cart(world, 4), cart(world, 4)]
    done = race(*[lambda i=i: hold_goods(order_id=i, actor=BUYER, now=NOW) for i in carts])
    refused = [r for r in done if isinstance(r, DomainError)]
    assert [type(r) for r in refused] == [HoldWorthTooMuch]
    assert reserved() == 4
    assert breaches() == []


def test_submitted_let_go_and_run_out_at_once_the_goods_are_freed_or_kept_once(world):
    stock(world.products[0], world.site, ROUNDS)  # each round's order keeps one
    for _ in range(ROUNDS):
        before = reserved()
        order_id = cart(world, 1)
        hold_goods(order_id=order_id, actor=BUYER, now=NOW)
        race(
            lambda i=order_id: submit(order_id=i, actor=CLERK, now=LATER),
            lambda i=order_id: let_goods_go(order_id=i, actor=BUYER, now=LATER),
            lambda: expire_claims(now=NOW + timedelta(hours=1)),
            lambda i=order_id: let_goods_go(order_id=i, actor=BUYER, now=LATER),
        )
        assert Order.objects.get(pk=order_id).status == "submitted"
        assert reserved() == before + 1
        own = Demand.objects.get(ref_kind="order", ref_id=order_id)
        assert (own.reserved_qty, own.backordered_qty) == (1, 0)
        assert breaches() == []
