"""Availability takes the same statements for 1, 50 and 500 products, and so do prices."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.queries import availability
from inventory.rules.asks import AvailabilityQuery
from pricing.queries import price
from pricing.rules.asks import PriceAsk
from tests.factories.orders import NOW, make_world

pytestmark = pytest.mark.django_db
SIZES = (1, 50, 500)


@pytest.fixture
def world():
    return make_world(products=max(SIZES), stock=100, limit=99_000_000)


def test_availability_takes_the_same_four_statements_for_1_50_and_500_products(world, capsys):
    counts = []
    for size in SIZES:
        products = tuple(p.pk for p in world.products[:size])
        with CaptureQueriesContext(connection) as queries:
            found = availability(AvailabilityQuery(product_ids=products, account_id=world.account.pk, on=NOW.date()))
        assert sum(a.available for a in found.values()) == 100 * size
        counts.append(len(queries))
    with capsys.disabled():
        print(f"\navailability: {counts} statements for {SIZES} products")
    assert len(set(counts)) == 1
    assert counts[0] <= 4


def test_pricing_takes_the_same_statements_for_1_50_and_500_lines(world):
    counts = []
    for size in SIZES:
        asks = [PriceAsk(str(n), p.pk, Decimal(3)) for n, p in enumerate(world.products[:size])]
        with CaptureQueriesContext(connection) as queries:
            found = price(asks, account_id=world.account.pk, currency="USD", on=NOW.date())
        assert [r.unit_price for r in found] == [10] * size
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 3  # the account, its prices, the products' costs
