"""Substitutes: offered with their effect, taken on somebody's word, and nothing is counted twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.actors import Actor
from core.models import OverrideEntry
from core.testing import drain
from inventory.models import Demand
from orders.models import Order
from orders.queries import pictures
from orders.services.place import place
from orders.services.take_substitute import (
    ConsentNeeded,
    NotASubstitute,
    SubstituteRefused,
    take_substitute,
)
from orders.substitutes import in_words, substitute_offers
from pricing.models import PriceRow
from tests.factories.catalog import SubstitutionFactory
from tests.factories.inventory import breaches, stock
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = pytest.mark.django_db
BUYER = Actor("Bea Halloran", roles=frozenset({"buyer"}), channel="portal")
WORD = "Bea Halloran by telephone, 2 March"


@pytest.fixture
def world():
    """10 of A wanted, 4 there; 1.5 of B stand in for one, at 11.00 instead of 10.00."""
    made = make_world(products=2, stock=None)
    a, b = made.products
    stock(a, made.site, 4)
    stock(b, made.site, 7)
    PriceRow.objects.filter(product=b).update(unit_price=Decimal("11"))
    SubstitutionFactory(product=a, substitute=b, ratio=Decimal("1.5"), valid_from=None, valid_to=None)
    return made


def placed(world, qty=10):
    return place(world.draft(qty), actor=CLERK, now=NOW)


def take(world, order, *, consent=WORD, by=CLERK, is_customer=False, line_no=1):
    return take_substitute(
        order_id=order.order_id, line_no=line_no, product_id=world.products[1].pk, consent=consent,
        is_customer=is_customer, actor=by, now=NOW,
    )  # fmt: skip


def test_an_offer_says_quantity_price_date_and_margin(world):
    (offer,) = substitute_offers(placed(world).order_id, now=NOW)
    assert (offer.line_no, offer.qty, offer.replaces) == (1, 9, 6)
    assert (offer.amount, offer.difference, offer.margin_change) == (99, 39, 21)
    assert in_words(offer, "USD") == (
        f"9 of {world.products[1].sku} instead of 6: 39.00 USD more, 7 now from Reno DC, 2 without a date"
    )
    assert (offer.needs_consent, offer.why_not) == (True, "")


def test_taking_it_cancels_what_waits_and_adds_a_line_once_and_records_who_agreed(world):
    order = placed(world)
    taken = take(world, order)
    assert (taken.line_no, taken.qty, taken.amount, taken.reserved) == (2, 9, 99, 7)
    drain(NOW)
    first, second = pictures([order.order_id])[order.order_id].lines
    assert (first.demand.cancelled, first.demand.backordered, first.amount) == (6, 0, 40)
    assert (second.sku, second.qty, second.amount) == (world.products[1].sku, 9, 99)
    assert Order.objects.get(pk=order.order_id).total_amount == 139
    entry = OverrideEntry.objects.get(kind="substitution")
    assert (entry.subject_id, entry.money_effect, entry.reason) == (order.order_id, 39, WORD)
    assert entry.account_id == world.account.pk
    with pytest.raises(NotASubstitute):
        take(world, order)
    assert Demand.objects.count() == 2
    assert breaches() == []


def test_nobody_but_the_customer_takes_it_without_their_word(world):
    order = placed(world)
    with pytest.raises(ConsentNeeded):
        take(world, order, consent="ok")
    assert Demand.objects.count() == 1
    taken = take(world, order, consent="", by=BUYER, is_customer=True)
    assert taken.line_no == 2
    assert OverrideEntry.objects.get(kind="substitution").reason == "accepted by Bea Halloran for the customer"


def test_credit_that_does_not_reach_changes_nothing():
    poor = make_world(products=2, stock=0, limit=60)
    a, b = poor.products
    PriceRow.objects.filter(product=b).update(unit_price=Decimal("50"))
    SubstitutionFactory(product=a, substitute=b, valid_from=None, valid_to=None)
    order = place(poor.draft(6), actor=CLERK, now=NOW)
    with pytest.raises(SubstituteRefused):
        take(poor, order)
    assert Demand.objects.get().cancelled_qty == 0
    assert OverrideEntry.objects.filter(kind="substitution").count() == 0


def test_a_substitute_that_sells_below_its_floor_is_not_taken_and_the_floor_is_said_to_nobody(world):
    b = world.products[1]
    type(b).objects.filter(pk=b.pk).update(standard_cost=Decimal("9.87"))  # and sells at 11.00
    world.source.margin_floor_percent = 20  # 12.3375
    world.source.save()
    order = placed(world)
    (offer,) = substitute_offers(order.order_id, now=NOW)
    assert offer.why_not == "Its price has to be confirmed by us first."
    with pytest.raises(SubstituteRefused) as refused:
        take(world, order, by=BUYER, is_customer=True)
    assert refused.value.message == f"{b.sku} cannot stand in: Its price has to be confirmed by us first."
    assert Demand.objects.count() == 1


def test_no_offer_for_what_does_not_wait_or_has_no_substitute_today(world):
    assert substitute_offers(placed(world, 4).order_id, now=NOW) == []
    later = NOW + timedelta(days=1)
    order = placed(world, 3)
    SubstitutionFactory._meta.model.objects.update(valid_to=NOW.date())
    assert substitute_offers(order.order_id, now=later) == []


def test_offers_for_one_line_and_for_six_take_the_same_statements():
    counts = []
    for many in (1, 6):
        made = make_world(products=many + 1, stock=0)
        for product in made.products[:many]:
            SubstitutionFactory(product=product, substitute=made.products[many], valid_from=None, valid_to=None)
        order = place(made.draft(*[3] * many), actor=CLERK, now=NOW)
        with CaptureQueriesContext(connection) as queries:
            assert len(substitute_offers(order.order_id, now=NOW)) == many
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 40
