"""Available is never one number: per site and in total, for this account, now and by date."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import writers
from inventory.models import StockBalance
from inventory.queries import availability
from inventory.rules.asks import AtpPoint, AvailabilityQuery
from inventory.services.allocate import allocate
from inventory.states import SiteKind
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    demand,
    open_and_reserve,
    spec,
    stock,
)

pytestmark = pytest.mark.django_db


def ask(*products, **fields):
    query = AvailabilityQuery(tuple(p.pk for p in products), None, TODAY, now=fields.pop("now", NOW), **fields)
    return availability(query)


def test_stock_claims_and_sites_add_up_and_each_is_named():
    product, near, far = StockedProductFactory(), SiteFactory(rank=1), SiteFactory(rank=2)
    stock(product, near, 10)
    stock(product, far, 5)
    open_and_reserve([spec(product, 4)])
    allocate(trigger_key="a", product_ids=[product.pk], actor=PLANNER, now=NOW)
    open_and_reserve([spec(product, 3)])
    found = ask(product)[product.pk]
    assert [(s.site_code, s.on_hand, s.reserved, s.allocated, s.available) for s in found.sites] == [
        (near.code, 10, 3, 4, 3),
        (far.code, 5, 0, 0, 5),
    ]
    assert (found.on_hand, found.reserved, found.allocated, found.available) == (15, 3, 4, 8)
    assert found.atp == (AtpPoint(TODAY, Decimal(8)),)


def test_stock_of_bad_status_expired_lots_trunks_and_closed_sites_is_not_available():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 2)
    stock(product, site, 3, lot="OLD", expiry=TODAY + timedelta(days=31))  # it arrives in 2 days
    stock(product, site, 4, lot="NEW", expiry=TODAY + timedelta(days=32))
    stock(product, SiteFactory(kind=SiteKind.TRUNK), 50)
    stock(product, SiteFactory(is_active=False), 60)
    with writers.by_hand("stock"):
        StockBalance.objects.filter(product=product, lot=None, site=site).update(status="quality")
    found = ask(product, min_shelf_life_days=30)[product.pk]
    assert (found.on_hand, found.unusable, found.available, len(found.sites)) == (9, 5, 4, 1)


def test_a_lot_that_expires_before_the_planned_delivery_is_not_offered():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 3, lot="MAY", expiry=TODAY + timedelta(days=39))
    stock(product, site, 4, lot="JUN", expiry=TODAY + timedelta(days=40))
    later = TODAY + timedelta(days=10)
    assert ask(product, min_shelf_life_days=30)[product.pk].available == 7
    assert ask(product, min_shelf_life_days=30, delivery_date=later)[product.pk].available == 4
    assert ask(product, delivery_date=TODAY)[product.pk].available == 7


def test_what_is_on_its_way_is_told_by_site_and_what_a_trunk_waits_for_is_not_promised():
    product, near, far = StockedProductFactory(), SiteFactory(rank=1), SiteFactory(rank=2)
    for site in (near, far):
        stock(product, site, 1)
        InboundFactory(product=product, site=site, ordered_qty=10, eta_date=TODAY + timedelta(days=7))
    InboundFactory(product=product, site=SiteFactory(kind=SiteKind.TRUNK), ordered_qty=50)
    found = ask(product)[product.pk]
    assert [dict(s.in_transit) for s in found.sites] == [{TODAY + timedelta(days=7): 10}] * 2
    assert dict(found.in_transit) == {TODAY + timedelta(days=7): 20}
    assert found.atp[-1] == AtpPoint(TODAY + timedelta(days=7), Decimal(22))


def test_a_trunk_is_looked_at_when_it_is_named():
    product, trunk = StockedProductFactory(), SiteFactory(kind=SiteKind.TRUNK)
    stock(product, trunk, 6)
    assert ask(product)[product.pk].available == 0
    assert ask(product, site_ids=(trunk.pk,))[product.pk].available == 6


def test_an_order_does_not_block_itself_and_a_run_out_quote_blocks_nobody():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 10)
    (own,) = open_and_reserve([spec(product, 4)])
    open_and_reserve([spec(product, 5)], expires_at=NOW + timedelta(hours=1))
    assert ask(product)[product.pk].available == 1
    assert ask(product, ignore_demand_ids=(own.demand_id,))[product.pk].available == 5
    assert ask(product, now=NOW + timedelta(hours=1))[product.pk].available == 6


def test_atp_grows_with_inbound_and_shrinks_with_the_backorders_before_it():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 2)
    InboundFactory(product=product, site=site, ordered_qty=10, eta_date=TODAY + timedelta(days=7))
    InboundFactory(product=product, site=site, ordered_qty=99, eta_date=TODAY - timedelta(days=8))
    demand(product, 5, requested_date=TODAY + timedelta(days=9))
    found = ask(product)[product.pk]
    assert dict(found.in_transit) == {TODAY + timedelta(days=7): 10}
    assert found.atp == (AtpPoint(TODAY, Decimal(2)), AtpPoint(TODAY + timedelta(days=7), Decimal(7)))


def test_an_unknown_product_has_nothing():
    assert availability(AvailabilityQuery((0,), None, TODAY))[0].available == 0


def test_availability_takes_four_statements_for_1_50_and_500_products():
    sites = SiteFactory.create_batch(2)
    products = StockedProductFactory.create_batch(500)
    StockBalance.objects.bulk_create(StockBalance(product=p, site=s) for p in products for s in sites)
    for some in (products[:1], products[:50], products):
        with CaptureQueriesContext(connection) as captured:
            assert len(ask(*some)) == len(some)
        assert len(captured) == 4
