"""At most so many shipments: by what is planned, and by what is claimed then and later."""

import pytest

from core.testing import drain
from inventory.alternative_queries import ways_of
from inventory.models import Demand
from inventory.services.allocate import allocate
from inventory.services.source_again import source_again
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import ProductFactory
from tests.factories.inventory import NOW, PLANNER, SiteFactory, breaches, open_and_reserve, stock
from tests.inventory.test_sourcing import held_at, lane, order, rule

pytestmark = pytest.mark.django_db


def test_no_more_sites_are_claimed_than_the_order_may_ship_from_now_or_when_stock_comes():
    one, other = ProductFactory(), ProductFactory()
    sites = {code: SiteFactory(code=code, rank=n) for n, code in enumerate(("RENO", "CMH", "ATL"), start=1)}
    for site in sites.values():
        lane(site, cost_per_shipment=10)
    stock(one, sites["RENO"], 40)
    stock(one, sites["CMH"], 20)
    rule(max_shipments=1)
    open_and_reserve(order([(one, 60, {}), (other, 5, {})]))
    assert held_at() == {1: {"RENO": 40}}
    stock(other, sites["ATL"], 5)
    drain(NOW)
    assert held_at() == {1: {"RENO": 40}}
    waiting = {d.line_no: d for d in Demand.objects.all()}
    assert [(w.way, w.site, w.qty) for w in ways_of([waiting[1].pk])[waiting[1].pk]] == [
        ("site", sites["CMH"].name, 20)
    ]  # fmt: skip
    stock(other, sites["RENO"], 3)
    drain(NOW)
    assert held_at() == {1: {"RENO": 40}, 2: {"RENO": 3}}
    assert breaches() == []


def test_the_account_s_own_limit_counts_and_a_wider_rule_takes_the_second_site():
    product, account = ProductFactory(), AccountFactory(max_shipments=1)
    for n, code in enumerate(("RENO", "CMH"), start=1):
        site = SiteFactory(code=code, rank=n)
        stock(product, site, 40 // n)
        lane(site)
    rule(max_shipments=2)
    (got,) = open_and_reserve(order([(product, 60, {"account_id": account.pk})]))
    assert held_at() == {1: {"RENO": 40}}
    type(account).objects.update(max_shipments=None)
    source_again(demand_ids=[got.demand_id], actor=PLANNER, now=NOW)
    allocate(trigger_key="again", product_ids=[product.pk], actor=PLANNER, now=NOW)
    assert held_at() == {1: {"RENO": 40, "CMH": 20}}
    assert breaches() == []


def test_a_line_added_later_is_served_from_where_the_order_ships_already():
    first, later = ProductFactory(), ProductFactory()
    reno, cmh = SiteFactory(code="RENO", rank=1), SiteFactory(code="CMH", rank=2)
    for site in (reno, cmh):
        lane(site)
    stock(first, reno, 10)
    stock(later, cmh, 10)
    made = rule(max_shipments=1)
    specs = order([(first, 4, {}), (later, 4, {})])
    open_and_reserve(specs[:1])
    open_and_reserve(specs[1:])
    assert held_at() == {1: {"RENO": 4}}
    stock(later, reno, 3)
    drain(NOW)
    assert held_at() == {1: {"RENO": 4}, 2: {"RENO": 3}}
    type(made).objects.update(max_shipments=2)
    added = Demand.objects.get(line_no=2)
    source_again(demand_ids=[added.pk], actor=PLANNER, now=NOW)
    drain(NOW)
    assert held_at() == {1: {"RENO": 4}, 2: {"CMH": 4}}
    assert breaches() == []
