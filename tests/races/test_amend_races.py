"""An amendment beside a release, a shipment, another amendment, an allocation run: each unit in one place, once owed."""

import os
import random
from decimal import Decimal

import pytest

from core.errors import DomainError, Stale
from core.refs import DocumentRef
from core.testing import race
from credit.models import Posting
from fulfillment.models import Shipment
from fulfillment.rules.asks import Departure, PickReport
from fulfillment.services.confirm_pick import confirm_picks
from fulfillment.services.confirm_shipment import confirm_shipments
from fulfillment.services.release_orders import release_orders
from inventory.models import Demand, Site, StockBalance
from inventory.services.allocate import allocate
from inventory.services.receive_stock import receive_stock
from orders.models import Order, OrderLine, OrderRevision
from orders.queries import pictures
from orders.rules.exposure import open_parts
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import Amended, amend
from orders.services.cancel import cancel_lines
from orders.services.place import place
from tests.factories.inventory import breaches, stock
from tests.factories.orders import CLERK, NOW, allocated, later, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]
ROUNDS = int(os.environ.get("OMS_CASES", "6"))


@pytest.fixture
def world():
    made = make_world(products=2, stock=None)
    for product in made.products:
        stock(product, made.site, 20)
    return made


def to(order, qty, *, version=None, **header):
    version = Order.objects.get(pk=order.order_id).version if version is None else version
    wish = Wish((LineWish(1, Decimal(qty)),), **header)
    return lambda: amend(
        order_id=order.order_id, wish=wish, expected_version=version, reason="it changed", actor=CLERK, now=NOW
    )


def is_whole(order):
    """The ledger holds, the exposure is what the lines say, every revision is one number."""
    assert breaches() == []
    picture = pictures([order.order_id])[order.order_id]
    owed = sum((amount for _, amount in open_parts(picture)), Decimal(0))
    posted = Posting.objects.filter(doc_kind="order", doc_id=order.order_id, bucket="open_order")
    assert sum((p.amount for p in posted), Decimal(0)) == owed
    assert picture.total == Order.objects.get(pk=order.order_id).total_amount
    numbers = list(
        OrderRevision.objects.filter(order_id=order.order_id).order_by("number").values_list("number", flat=True)
    )
    assert numbers == list(range(1, len(numbers) + 1))


def test_two_amendments_of_one_version_one_is_made_and_the_other_looks_again(world):
    order = place(world.draft(10), actor=CLERK, now=NOW)
    outcomes = race(to(order, 4), to(order, 16))
    assert sorted(type(x).__name__ for x in outcomes) == ["Amended", "Stale"]
    (made,) = (x for x in outcomes if isinstance(x, Amended))
    assert made.total in (40, 160)
    is_whole(order)


def test_an_amendment_beside_a_release_comes_before_it_or_is_told_to_look_again(world):
    order = allocated(world, 10)
    released, outcome = race(lambda: release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW), to(order, 4))
    demand = Demand.objects.get()
    assert released is not None
    if isinstance(outcome, Stale):
        assert (demand.released_qty, demand.cancelled_qty) == (10, 0)
    else:
        assert (demand.released_qty, demand.cancelled_qty) == (4, 6)
    is_whole(order)


def test_an_amendment_beside_a_shipment_leaves_what_leaves_alone(world):
    order = allocated(world, 10)
    release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW)
    (shipment,) = Shipment.objects.all()
    confirm_picks([PickReport(shipment.pk, {}, "")], actor=CLERK, now=NOW)
    race(
        lambda: confirm_shipments([Departure(shipment.pk, "Road")], actor=CLERK, now=NOW),
        to(order, 13, requested_date=later(3)),
    )
    demand = Demand.objects.get()
    assert (demand.ordered_qty, demand.shipped_qty, demand.reserved_qty) == (13, 10, 3)
    is_whole(order)


def test_an_amendment_beside_an_allocation_run_and_a_receipt_deals_no_unit_twice(world):
    first = place(world.draft(18), actor=CLERK, now=NOW)
    second = place(world.draft(18), actor=CLERK, now=NOW)
    product = world.products[0].pk
    race(
        lambda: allocate(trigger_key="beside", product_ids=[product], actor=CLERK, now=NOW),
        to(first, 9),
        to(second, 24),
        lambda: receive_stock(
            product_id=product, site_id=Site.objects.get().pk, qty=Decimal(5), source=DocumentRef("receipt", 990),
            actor=CLERK, now=NOW,
        ),
    )  # fmt: skip
    balance = StockBalance.objects.get(product_id=product)
    assert balance.reserved_qty + balance.allocated_qty <= balance.on_hand_qty == 25
    for order in (first, second):
        is_whole(order)


def test_amendments_that_swap_two_products_do_not_wait_for_each_other_for_ever(world):
    orders = [place(world.draft(5, 5), actor=CLERK, now=NOW) for _ in range(4)]
    for n in range(ROUNDS):
        chance = random.Random(n)
        wishes = [
            Wish((LineWish(1, Decimal(chance.randint(1, 9))), LineWish(2, Decimal(chance.randint(1, 9)))))
            for _ in orders
        ]
        versions = [Order.objects.get(pk=o.order_id).version for o in orders]
        outcomes = race(
            *[
                lambda o=o, w=w, v=v: amend(
                    order_id=o.order_id, wish=w, expected_version=v, reason="it changed", actor=CLERK, now=NOW
                )
                for o, w, v in zip(orders, wishes, versions, strict=True)
            ],
            lambda: cancel_lines(
                order_id=orders[0].order_id, quantities={1: Decimal(1)}, reason="less", actor=CLERK, now=NOW
            ),
        )
        assert not [x for x in outcomes if isinstance(x, Exception) and not isinstance(x, DomainError)]
        assert any(isinstance(x, Amended) for x in outcomes)
    for order in orders:
        is_whole(order)
    assert OrderRevision.objects.count() > 0
    assert OrderLine.objects.count() == 8
