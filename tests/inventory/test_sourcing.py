"""Sourcing rules and lanes as data: who may serve a line, in what turn, when it arrives, and why there."""

from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.models import Calendar
from core.refs import DocumentRef
from core.testing import drain, unit
from inventory.models import Demand, DemandSourcing, SafetyStock, SourcingRule, TransitLane
from inventory.queries import promises
from inventory.rules.asks import RankSnapshot
from inventory.services.allocate import allocate
from inventory.services.open_demands import open_demands
from inventory.services.source_again import source_again
from inventory.sourcing_queries import sourcing_of, why_these_sites
from tests.factories.accounts import AccountFactory, ShipToFactory
from tests.factories.catalog import CategoryFactory, ProductFactory
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    InboundFactory,
    SiteFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)

pytestmark = pytest.mark.django_db


def lane(site, region="", days=2, **more):
    return TransitLane.objects.create(site=site, region=region, transit_days=days, **more)


def rule(name="everything", **more):
    return SourcingRule.objects.create(name=name, **more)


def ship_to(region="West", **more):
    return ShipToFactory(region=region, **more)


def order(specs):
    """The specs as lines of one document."""
    ref = DocumentRef("order", 77_000, "SO-77000")
    return [spec(p, q, ref=ref, line_no=n, **more) for n, (p, q, more) in enumerate(specs, start=1)]


def held_at():
    found = {}
    for d in Demand.objects.all():
        for c in d.claims.filter(state="open"):
            found.setdefault(d.line_no, {})[c.balance.site.code] = c.qty
    return found


def test_without_a_rule_the_sites_serve_by_their_rank_and_nothing_is_planned():
    product, near, far = ProductFactory(), SiteFactory(code="NEAR", rank=2), SiteFactory(code="FAR", rank=1)
    stock(product, near, 5)
    stock(product, far, 5)
    lane(near, cost_per_shipment=1)
    open_and_reserve([spec(product, 5)])
    assert held_at() == {1: {"FAR": 5}}
    assert DemandSourcing.objects.count() == 0


def test_an_order_ships_from_the_one_site_that_has_both_lines_and_says_why():
    one, other = ProductFactory(), ProductFactory()
    reno, cmh = SiteFactory(code="RENO", rank=1), SiteFactory(code="CMH", rank=2)
    for product in (one, other):
        stock(product, cmh, 10)
    stock(one, reno, 10)
    lane(reno, cost_per_shipment=5)
    lane(cmh, cost_per_shipment=40)
    rule()
    open_and_reserve(order([(one, 4, {}), (other, 4, {})]))
    assert held_at() == {1: {"CMH": 4}, 2: {"CMH": 4}}
    words = why_these_sites(Demand.objects.values_list("pk", flat=True))
    assert next(iter(words.values())) == (
        "4 from CMH by sourcing rule everything: wanted by 26 Nov 2026, 1 shipment, freight and handling 40. "
        "RENO needs 2 shipments instead of 1."
    )
    assert breaches() == []


def test_the_account_s_rule_beats_the_product_s_and_a_near_category_beats_a_far_one():
    family = CategoryFactory(parent=CategoryFactory())
    product = ProductFactory(category=family)
    account = AccountFactory()
    sites = {code: SiteFactory(code=code) for code in ("A", "B", "C", "D")}
    for site in sites.values():
        stock(product, site, 10)
    rule("far category", category=family.parent, sites=["A"])
    rule("near category", category=family, sites=["B"])
    open_and_reserve(order([(product, 1, {})]))
    assert held_at() == {1: {"B": 1}}
    rule("account", account=account, sites=["D"])
    rule("product", product=product, sites=["C"])
    specs = order([(product, 1, {}), (product, 1, {}), (product, 1, {"account_id": account.pk})])
    open_and_reserve(specs[1:])
    assert held_at() == {1: {"B": 1}, 2: {"C": 1}, 3: {"D": 1}}


def test_a_rule_of_a_region_counts_for_ship_tos_there_and_its_lane_says_when_it_arrives():
    product, reno = ProductFactory(), SiteFactory(code="RENO", transit_days=2)
    stock(product, reno, 10)
    lane(reno, "EAST", days=6)  # capitals do not tell two regions apart
    rule("East", region="east")
    east = spec(product, 2, ship_to_id=ship_to("East").pk)
    west = spec(product, 2, ship_to_id=ship_to("West").pk)
    there, here = open_and_reserve([east, west])
    assert [p.delivery_date for p in (*there.promises, *here.promises)] == [
        TODAY + timedelta(days=6), TODAY + timedelta(days=3),
    ]  # fmt: skip
    assert DemandSourcing.objects.count() == 1


def test_stock_outside_the_rule_is_left_alone_and_inbound_there_is_no_promise():
    product, reno, cmh = ProductFactory(), SiteFactory(code="RENO"), SiteFactory(code="CMH")
    stock(product, cmh, 50)
    stock(product, reno, 3)
    InboundFactory(product=product, site=cmh, eta_date=TODAY + timedelta(days=4))
    InboundFactory(product=product, site=reno, ordered_qty=2, eta_date=TODAY + timedelta(days=9))
    rule(sites=["RENO"])
    (got,) = open_and_reserve([spec(product, 10)])
    assert [(p.qty, p.kind, p.site_id) for p in got.promises] == [
        (3, "stock", reno.pk), (2, "inbound", reno.pk), (5, "none", None),
    ]  # fmt: skip
    outcome = allocate(trigger_key="again", product_ids=[product.pk], actor=PLANNER, now=NOW)
    assert (outcome.allocated, outcome.still_short) == (3, 7)
    assert held_at() == {1: {"RENO": 3}}


@pytest.mark.parametrize("kind", ["trunk", "consignment"])
def test_a_trunk_or_a_consignment_serves_an_order_only_where_a_rule_names_it(kind):
    product, dc, trunk = ProductFactory(), SiteFactory(code="DC"), SiteFactory(code="TRUNK", kind=kind)
    stock(product, dc, 3)
    stock(product, trunk, 9)
    first = rule("general")
    (got,) = open_and_reserve([spec(product, 5)])
    assert got.reserved == 3
    SourcingRule.objects.filter(pk=first.pk).update(sites=["DC", "TRUNK"])
    (more,) = open_and_reserve([spec(product, 5)])
    assert (more.reserved, more.promises[0].site_id) == (5, trunk.pk)


def test_safety_stock_is_not_planned_on():
    product, reno, cmh = ProductFactory(), SiteFactory(code="RENO", rank=1), SiteFactory(code="CMH", rank=2)
    stock(product, reno, 10)
    stock(product, cmh, 10)
    SafetyStock.objects.create(product=product, site=reno, qty=8)
    rule()
    account = AccountFactory()
    with unit():
        ids = open_demands([spec(product, 5, account_id=account.pk)], now=NOW)
    assert Demand.objects.get(pk=next(iter(ids.values()))).route[0] == cmh.pk


def test_a_hard_distance_keeps_a_site_out_and_a_soft_one_gives_way_to_quantity():
    product, near, far = ProductFactory(), SiteFactory(code="NEAR", rank=2), SiteFactory(code="FAR", rank=1)
    stock(product, near, 2)
    stock(product, far, 9)
    lane(near, distance_km=100)
    lane(far, distance_km=2000)
    made = rule(max_distance_km=800, distance="hard")
    (got,) = open_and_reserve([spec(product, 4)])
    assert got.reserved == 2
    words = why_these_sites(Demand.objects.values_list("pk", flat=True))
    assert "FAR is 2000 km away, more than 800." in next(iter(words.values()))
    SourcingRule.objects.filter(pk=made.pk).update(distance="soft")
    (got,) = open_and_reserve([spec(product, 4)])
    assert got.reserved == 4


def test_the_carrier_and_the_customer_keep_their_own_days():
    """Monday; the carrier collects on Wednesdays and Fridays, the customer takes in on Tuesdays."""
    hours = [["08:00", "17:00"]]
    carrier = Calendar.objects.create(code="CARRIER", name="Carrier", week={"2": hours, "4": hours})
    product, reno = ProductFactory(), SiteFactory(code="RENO")
    stock(product, reno, 10)
    lane(reno, days=1, calendar=carrier)
    place = ship_to(delivery_days=[1])
    (got,) = open_and_reserve([spec(product, 2, ship_to_id=place.pk, requested_date=TODAY)])
    (slice_,) = promises([got.demand_id])[got.demand_id]
    assert (slice_.ship_date, slice_.delivery_date) == (TODAY + timedelta(days=2), TODAY + timedelta(days=8))


def test_a_line_that_no_site_may_serve_is_served_from_nowhere_until_it_is_sourced_again():
    product, far = ProductFactory(), SiteFactory(code="FAR")
    stock(product, far, 9)
    lane(far, distance_km=2000)
    made = rule(max_distance_km=800, distance="hard")
    (got,) = open_and_reserve([spec(product, 4)])
    assert (got.reserved, [p.kind for p in got.promises]) == (0, ["none"])
    SourcingRule.objects.filter(pk=made.pk).update(distance="soft")
    allocate(trigger_key="before", product_ids=[product.pk], actor=PLANNER, now=NOW)
    assert held_at() == {}
    assert source_again(demand_ids=[got.demand_id], actor=PLANNER, now=NOW) == 1
    drain(NOW)
    assert held_at() == {1: {"FAR": 4}}
    assert (
        source_again(demand_ids=[got.demand_id], actor=PLANNER, now=NOW) == 1
    )  # weighed with what it holds, and well there
    assert held_at() == {1: {"FAR": 4}}


def test_a_rule_names_sites_that_exist():
    with pytest.raises(ValidationError, match="No site has the code NOWHERE"):
        SourcingRule(name="x", sites=["nowhere"]).full_clean()


def test_a_lane_to_a_region_in_other_capitals_is_the_same_lane_and_is_named():
    reno = SiteFactory(code="RENO")
    first = lane(reno, "West")
    again = TransitLane(site=reno, region="WEST", transit_days=3)
    with pytest.raises(ValidationError, match=f"{first} is a lane already, and “WEST” is the same place"):
        again.full_clean()
    with pytest.raises(IntegrityError, match="one_lane_per_site_and_region"), transaction.atomic():
        again.save()
    TransitLane(site=SiteFactory(code="CMH"), region="WEST", transit_days=3).full_clean()
    first.full_clean()  # itself is no twin


def test_an_active_rule_for_a_region_in_other_capitals_is_the_same_rule_and_is_named():
    SourcingRule.objects.create(name="Our West", region="West")
    again = SourcingRule(name="West again", region="WEST")
    with pytest.raises(ValidationError, match=r"The active rule Our West is for the same demand already .*“West”"):
        again.full_clean()
    with pytest.raises(IntegrityError, match="one_active_sourcing_rule_per_scope"), transaction.atomic():
        again.save()
    SourcingRule(name="Was West", region="WEST", is_active=False).full_clean()
    SourcingRule(name="West of one", region="WEST", account=AccountFactory()).full_clean()


def test_the_migration_names_twins_and_changes_nothing():
    """As they could be before the constraints: made with the constraints taken off."""
    module = import_module("inventory.migrations.0014_one_place_whatever_its_capitals")
    module.refuse_twins(None, SimpleNamespace(connection=connection))  # none: it goes on
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_lane_per_site_and_region")
        cursor.execute("DROP INDEX one_active_sourcing_rule_per_scope")
    reno = SiteFactory(code="RENO")
    lane(reno, "West")
    lane(reno, "WEST", days=5)
    SourcingRule.objects.create(name="A", region="west")
    SourcingRule.objects.create(name="B", region="West")
    with pytest.raises(CommandError) as refused:
        module.refuse_twins(None, SimpleNamespace(connection=connection))
    for words in ('from RENO: to "West" in 2 days, to "WEST" in 5 days', 'A (region "west"), B (region "West")'):
        assert words in str(refused.value)
    assert (TransitLane.objects.count(), SourcingRule.objects.count()) == (2, 2)


def test_two_lines_and_two_hundred_are_planned_with_the_same_statements():
    sites = [SiteFactory(code=f"S{n}") for n in range(4)]
    products = ProductFactory.create_batch(3)
    for product in products:
        for site in sites:
            stock(product, site, 1000)
            TransitLane.objects.get_or_create(site=site, region="", defaults={"transit_days": 2})
    rule()

    def statements(count, start):
        specs = [spec(products[n % 3], Decimal(1), key=f"{start}-{n}") for n in range(count)]
        with unit(), CaptureQueriesContext(connection) as queries:
            open_demands(specs, now=NOW)
        return len(queries)

    assert statements(2, "a") == statements(200, "b")


def test_a_rule_that_joins_what_is_on_its_way_saves_a_shipment_and_else_stock_elsewhere_is_taken():
    product = ProductFactory()
    reno, cmh = SiteFactory(code="RENO", rank=1), SiteFactory(code="CMH", rank=2)
    stock(product, reno, 40)
    stock(product, cmh, 20)
    InboundFactory(product=product, site=reno, ordered_qty=30, eta_date=TODAY + timedelta(days=2))
    lane(reno)
    lane(cmh)
    made = rule(joins_inbound=True)
    asked = {"ship_to_id": ship_to().pk, "requested_date": TODAY + timedelta(days=9)}
    open_and_reserve([spec(product, 60, **asked)])
    (demand,) = Demand.objects.all()
    assert (held_at(), demand.route) == ({demand.line_no: {"RENO": 40}}, [reno.pk])
    assert [(s.qty, s.delivery_date) for s in promises([demand.pk])[demand.pk]] == [
        (40, asked["requested_date"]), (20, asked["requested_date"])
    ]  # fmt: skip
    assert "20 of it are on their way there." in why_these_sites([demand.pk])[demand.pk]
    SourcingRule.objects.filter(pk=made.pk).update(joins_inbound=False)
    source_again(demand_ids=[demand.pk], actor=PLANNER, now=NOW)
    drain(NOW)
    assert held_at() == {demand.line_no: {"RENO": 40, "CMH": 20}}
    assert breaches() == []


def test_what_the_order_says_of_shipping_complete_beats_the_rule_and_the_account():
    """An account that takes whole orders only: one order says nothing, one takes parts, one wants whole lines."""
    account = AccountFactory(ship_complete="order")
    one, other, reno = ProductFactory(), ProductFactory(), SiteFactory(code="RENO")
    stock(one, reno, 100)
    stock(other, reno, 2)
    rule()

    def taken(own, number):
        ref = DocumentRef("order", number, f"SO-{number}")
        more = {"ref": ref, "account_id": account.pk, "rank": RankSnapshot(ship_complete=own)}
        with unit():
            ids = open_demands([spec(one, 5, line_no=1, **more), spec(other, 5, line_no=2, **more)], now=NOW)
        why = sourcing_of(ids.values())
        return [why[i].outcome for i in sorted(ids.values())]

    assert taken("", 88_001) == ["all 5 wait: less than the least that may ship is there"] * 2
    assert taken("none", 88_002) == ["5 from RENO", "2 from RENO, 3 not there yet"]
    assert taken("line", 88_003) == ["5 from RENO", "all 5 wait: less than the least that may ship is there"]
    SourcingRule.objects.update(ship_complete="line")
    assert taken("none", 88_004) == ["5 from RENO", "2 from RENO, 3 not there yet"]
    assert taken("", 88_005) == ["5 from RENO", "all 5 wait: less than the least that may ship is there"]


def test_what_an_order_is_promised_from_supply_on_its_way_is_its_own_when_it_is_sourced_again():
    product = ProductFactory()
    reno, cmh = SiteFactory(code="RENO", rank=1), SiteFactory(code="CMH", rank=2)
    stock(product, reno, 40)
    stock(product, cmh, 15)
    InboundFactory(product=product, site=reno, ordered_qty=20, eta_date=TODAY + timedelta(days=2))
    lane(reno)
    lane(cmh)
    rule(joins_inbound=True)
    asked = {"ship_to_id": ship_to().pk, "requested_date": TODAY + timedelta(days=9)}
    (got,) = open_and_reserve([spec(product, 60, **asked)])
    assert "20 of it are on their way there." in why_these_sites([got.demand_id])[got.demand_id]
    assert {p.kind: p.qty for p in got.promises} == {"stock": 40, "inbound": 20}
    drain(NOW)
    stock(product, reno, 5)
    source_again(demand_ids=[got.demand_id], actor=PLANNER, now=NOW)  # 20 wait, 5 are there, the 20 coming are its own
    why = why_these_sites([got.demand_id])[got.demand_id]
    assert "15 of it are on their way there." in why, why
    drain(NOW)
    assert held_at() == {1: {"RENO": 45}}
    assert {s.kind: s.qty for s in promises([got.demand_id])[got.demand_id]} == {"stock": 45, "inbound": 15}
    assert breaches() == []
