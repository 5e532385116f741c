"""An order whose address, day or way to ship changes is sourced again as a whole, through every door."""

import os
import random
import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.states import Role
from core import clock, writers
from core.testing import drain
from inventory.models import Claim, Demand, InboundSupply, SourcingRule, StockBalance, TransitLane
from inventory.queries import promises
from inventory.services.foresee import foresee
from inventory.services.source_again import source_again
from inventory.sourcing_queries import why_these_sites
from orders.amendments import assess
from orders.models import Order
from orders.queries import pictures
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.place import place
from orders.services.preview_amendment import preview_amendment
from orders.services.write_amendment import amending_of, spec_of
from tests.factories.accounts import ShipToFactory, StaffFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.inventory import SiteFactory, breaches, stock
from tests.factories.orders import CLERK, NOW, allocated, later, make_world, release
from tests.factories.pools import limit, pool

pytestmark = pytest.mark.django_db
WHY = "the customer moved"


@pytest.fixture
def world():
    """Two products at Reno and Columbus; the West is served from Reno, the East from Columbus."""
    world = make_world(products=2, stock=None)
    world.east = ShipToFactory(account=world.account, region="East", code="EAST")
    type(world.ship_to).objects.filter(pk=world.ship_to.pk).update(region="West")
    world.cmh = SiteFactory(code="CMH", rank=2, transit_days=2)
    for product in world.products:
        for site in (world.site, world.cmh):
            stock(product, site, 20)
    SourcingRule.objects.create(name="West", region="West", sites=["RENO"])
    SourcingRule.objects.create(name="East", region="East", sites=["CMH"])
    return world


def held(order):
    found = {}
    for c in Claim.objects.filter(demand__ref_id=order.order_id, state="open").select_related("balance__site"):
        found.setdefault((c.demand.line_no, c.kind), {})[c.balance.site.code] = c.qty
    return found


def change(order, *lines, now=NOW, **header):
    version = Order.objects.get(pk=order.order_id).version
    wish = Wish(tuple(lines), **header)
    return amend(order_id=order.order_id, wish=wish, expected_version=version, reason=WHY, actor=CLERK, now=now)


def test_another_address_moves_what_is_held_to_the_site_that_serves_it_and_says_why(world):
    order = allocated(world, 8, 5)
    assert held(order) == {(1, "hard"): {"RENO": 8}, (2, "hard"): {"RENO": 5}}
    told = change(order, ship_to_id=world.east.pk)
    assert held(order) == {(1, "hard"): {"CMH": 8}, (2, "hard"): {"CMH": 5}}
    assert {(s.qty, s.site_id) for some in told.promises.values() for s in some} == {
        (8, world.cmh.pk),
        (5, world.cmh.pk),
    }
    first = Demand.objects.get(ref_id=order.order_id, line_no=1)
    assert list(first.route) == [world.cmh.pk]
    assert why_these_sites([first.pk])[first.pk].startswith("8 from CMH by sourcing rule East")
    assert StockBalance.objects.filter(site=world.site, allocated_qty__gt=0).count() == 0
    assert breaches() == []


def test_one_line_s_address_moves_that_line_alone(world):
    order = allocated(world, 8, 5)
    change(order, LineWish(2, ship_to_id=world.east.pk))
    assert held(order) == {(1, "hard"): {"RENO": 8}, (2, "hard"): {"CMH": 5}}
    assert breaches() == []


def test_what_the_warehouse_has_goes_to_the_old_address_from_where_it_is(world):
    order = allocated(world, 8, 5)
    release([order.order_id])
    change(order, LineWish(1, qty=Decimal(12)), ship_to_id=world.east.pk)
    drain(NOW)
    assert held(order) == {(1, "released"): {"RENO": 8}, (2, "released"): {"RENO": 5}, (1, "hard"): {"CMH": 4}}
    assert breaches() == []


def test_where_the_other_site_has_too_little_the_rest_stays_and_no_unit_is_lost(world):
    other = place(world.draft(18, ship_to_id=world.east.pk), actor=CLERK, now=NOW)
    assert held(other)[1, "soft"] == {"CMH": 18}
    order = allocated(world, 8)
    change(order, ship_to_id=world.east.pk)
    assert held(order) == {(1, "hard"): {"RENO": 6, "CMH": 2}}
    demand = Demand.objects.get(ref_id=order.order_id)
    assert (demand.allocated_qty, demand.backordered_qty) == (8, 0)
    assert "6 at RENO stay promised there." in why_these_sites([demand.pk])[demand.pk]
    assert breaches() == []


def test_another_day_lets_the_cheaper_site_serve_that_was_too_slow_before(world):
    SourcingRule.objects.filter(name="West").update(sites=["RENO", "CMH"])
    TransitLane.objects.create(site=world.site, region="West", transit_days=1, cost_per_shipment=90)
    TransitLane.objects.create(site=world.cmh, region="West", transit_days=6, cost_per_shipment=5)
    order = allocated(world, 8, requested_date=later(3))
    assert held(order) == {(1, "hard"): {"RENO": 8}}
    told = change(order, requested_date=later(14))
    assert held(order) == {(1, "hard"): {"CMH": 8}}
    assert [s.delivery_date for s in told.promises[1]] == [later(14)]
    change(order, requested_date=later(3))
    assert held(order) == {(1, "hard"): {"RENO": 8}}
    assert breaches() == []


def test_shipping_complete_is_sourced_as_one_shipment_from_where_both_lines_are(world):
    """Line by line from the cheap site what it has; as a whole, only where both are."""
    SourcingRule.objects.filter(name="West").update(sites=["RENO", "CMH"], max_shipments=1)
    TransitLane.objects.create(site=world.site, transit_days=1, cost_per_shipment=5)
    TransitLane.objects.create(site=world.cmh, transit_days=1, cost_per_shipment=90)
    stock(world.products[1], world.cmh, 20)
    order = allocated(world, 4, 5)
    assert held(order) == {(1, "hard"): {"RENO": 4}, (2, "hard"): {"RENO": 5}}
    change(order, LineWish(2, qty=Decimal(30)), ship_complete="order")
    drain(NOW)
    assert held(order)[1, "hard"] == {"CMH": 4}
    assert held(order)[2, "hard"] == {"CMH": 30}
    assert breaches() == []


def test_of_a_product_with_pools_that_grows_what_is_held_stays_until_it_is_sourced_again(world):
    """What its pools leave was read before anything moved; nothing is lost, the page says so, and a click moves it."""
    order = allocated(world, 8)
    limit(100, product=world.products[0], account=world.account)
    change(order, LineWish(1, qty=Decimal(12)), ship_to_id=world.east.pk, now=later_at(1))
    assert [kind for _, kind in held(order)] == ["hard", "soft"]
    assert held(order)[1, "hard"] == {"RENO": 8}
    assert held(order)[1, "soft"] == {"CMH": 4}
    demand = Demand.objects.get(ref_id=order.order_id)
    assert "8 at RENO stay promised there." in why_these_sites([demand.pk])[demand.pk]
    source_again(demand_ids=[demand.pk], actor=CLERK, now=later_at(2))
    drain(later_at(2))
    assert held(order) == {(1, "hard"): {"CMH": 12}}
    assert breaches() == []


def test_what_moved_away_is_dealt_to_who_waits_for_it(world):
    order = allocated(world, 20)
    waiting = place(world.draft(6), actor=CLERK, now=NOW)
    assert Demand.objects.get(ref_id=waiting.order_id).backordered_qty == 6
    change(order, ship_to_id=world.east.pk)
    drain(NOW)
    assert held(waiting) == {(1, "hard"): {"RENO": 6}}
    assert breaches() == []


def test_a_po_number_or_a_note_weighs_nothing(world):
    order = allocated(world, 8)
    SourcingRule.objects.filter(name="West").update(sites=["CMH"])
    change(order, note="leave at the gate", po_number="PO-NEW")
    assert held(order) == {(1, "hard"): {"RENO": 8}}


# --- what is shown before ---------------------------------------------------------------------------------------------


def look(order, *lines, now=NOW, **header):
    seen = preview_amendment(order_id=order.order_id, wish=Wish(tuple(lines), **header), actor=CLERK, now=now)
    assert seen.problems == ()
    return {x.line_no: x for x in seen.lines}


def test_the_preview_names_the_new_site_and_why_and_what_is_promised_now(world):
    order = allocated(world, 8, 5)
    seen = look(order, LineWish(2, ship_to_id=world.east.pk))
    assert list(seen) == [2]
    day = f"{later(2).day} {later(2):%b}"
    assert seen[2].promise == f"5 on {day} from Warehouse CMH"
    assert seen[2].promised_now.startswith("5 on ")
    assert seen[2].promised_now.endswith(" from Reno DC")
    assert seen[2].why_here.startswith("5 from CMH by sourcing rule East")
    assert held(order) == {(1, "hard"): {"RENO": 8}, (2, "hard"): {"RENO": 5}}  # it was only looked at


def test_lines_nobody_touches_are_shown_too_where_shipping_complete_moves_them(world):
    SourcingRule.objects.filter(name="West").update(sites=["RENO", "CMH"], max_shipments=1)
    TransitLane.objects.create(site=world.site, transit_days=1, cost_per_shipment=5)
    TransitLane.objects.create(site=world.cmh, transit_days=1, cost_per_shipment=90)
    stock(world.products[1], world.cmh, 20)
    order = allocated(world, 4, 5)
    seen = look(order, LineWish(2, qty=Decimal(30)), ship_complete="order")
    assert {n: x.promise.split(" from ")[1] for n, x in seen.items()} == {1: "Warehouse CMH", 2: "Warehouse CMH"}


def test_a_line_that_is_added_is_seen_beside_the_sites_the_order_ships_from_already(world):
    """Reno has none of it: alone it would come from Columbus, beside the order's one shipment from Reno it waits."""
    SourcingRule.objects.filter(name="West").update(sites=["RENO", "CMH"], max_shipments=1)
    with writers.by_hand("stock"):
        StockBalance.objects.filter(product=world.products[1], site=world.site).update(status="damaged")
    order = allocated(world, 4)
    release([order.order_id])
    new = LineWish(qty=Decimal(3), product_id=world.products[1].pk)
    assert look(order, new)[2].promise == "3 without a date"
    change(order, new)
    assert held(order) == {(1, "released"): {"RENO": 4}}


def test_a_line_that_grows_is_served_as_its_route_says_and_only_what_is_more_is_told(world):
    order = allocated(world, 8)
    seen = look(order, LineWish(1, qty=Decimal(15)))
    assert (seen[1].promise, seen[1].promised_now) == ("7 more: 7 now from Reno DC", "")


@pytest.mark.parametrize("seed", range(int(os.environ.get("OMS_CASES", "8"))))
def test_what_is_seen_is_what_happens(world, seed):
    """Any change of an order, with stock at three sites, pools and supply on its way: seen on paper, then made."""
    chance = random.Random(seed)
    SourcingRule.objects.filter(name="West").update(sites=["RENO", "CMH"], max_shipments=chance.choice([None, None, 1]))
    atl = SiteFactory(code="ATL", rank=3, transit_days=1)
    SourcingRule.objects.filter(name="East").update(sites=["CMH", "ATL"])
    for product in world.products:
        stock(product, atl, chance.randint(1, 30))
        if chance.random() < 0.5:
            InboundSupply.objects.create(
                product=product, site=world.cmh, reference="PO-1", ordered_qty=30, eta_date=later(chance.randint(2, 9))
            )
    if chance.random() < 0.4:
        pool("quota", chance.randint(5, 25), product=world.products[0], account=world.account)
    place(world.draft(chance.randint(1, 15), chance.randint(1, 15)), actor=CLERK, now=NOW)  # others
    make = chance.choice([allocated, lambda w, *q: place(w.draft(*q), actor=CLERK, now=NOW)])
    order = make(world, chance.randint(2, 30), chance.randint(2, 15))
    wishes = [LineWish(n, Decimal(chance.randint(1, 40))) for n in (1, 2) if chance.random() < 0.6]
    if chance.random() < 0.5:
        wishes.append(LineWish(qty=Decimal(chance.randint(1, 20)), product_id=world.products[0].pk))
    header = {
        "ship_to_id": world.east.pk if chance.random() < 0.4 else None,
        "requested_date": later(chance.randint(1, 12)) if chance.random() < 0.4 else None,
        "ship_complete": "order" if chance.random() < 0.2 else None,
    }
    wish = Wish((*wishes, LineWish(1, requested_date=later(5))) if not wishes else tuple(wishes), **header)
    found = assess(pictures([order.order_id])[order.order_id], wish, now=later_at(1))
    assert found.errors == ()
    known = {x.line_no: x.demand.demand_id for x in found.before.lines}
    specs = [spec_of(found, c.after) for c in found.lines if c.before is None]
    seen = foresee(specs, amending_of(found, known), is_weighed_again=found.changes_as_a_whole, now=later_at(1))
    version = Order.objects.get(pk=order.order_id).version
    amend(order_id=order.order_id, wish=wish, expected_version=version, reason=WHY, actor=CLERK, now=later_at(1))
    ids = dict(Demand.objects.filter(ref_id=order.order_id).values_list("line_no", "id"))
    foreseen = seen.standing | {ids[int(key)]: f for key, f in seen.new.items()}
    happened = promises(list(foreseen))
    assert {i: told(f.slices) for i, f in foreseen.items()} == {i: told(happened[i]) for i in foreseen}
    grown = {ids[c.line_no] for c in found.lines if c.more}
    assert grown <= set(foreseen)
    assert breaches() == []


def told(slices):
    found = Counter()
    for s in slices:
        found[s.kind, s.site_id, s.ship_date, s.delivery_date] += s.qty
    return found


def later_at(hours):
    return NOW + timedelta(hours=hours)


# --- the doors --------------------------------------------------------------------------------------------------------


def test_over_the_api(world):
    order = allocated(world, 8)
    sent = {"version": Order.objects.get().version, "reason": WHY, "ship_to": "EAST"}
    device = device_of(buyer_for(world.account))
    answer = device.post(
        f"/api/v1/orders/{Order.objects.get().public_id}/amend", sent, headers={"Idempotency-Key": str(uuid4())}
    )
    assert answer.status_code == 200, answer.json()
    assert held(order) == {(1, "hard"): {"CMH": 8}}


def test_on_the_console(world, client):
    order = allocated(world, 8)
    client.force_login(StaffFactory(roles=[Role.CS]))
    address = reverse("admin:orders_order_amend", args=[order.order_id])
    _look_and_do(client, address, ship_to_id=str(world.east.pk), reason=WHY)
    assert held(order) == {(1, "hard"): {"CMH": 8}}


def test_in_the_portal_a_new_day_is_sourced_again_too(world):
    order = allocated(world, 8)
    SourcingRule.objects.filter(name="West").update(sites=["CMH"])
    browser = browser_of(buyer_for(world.account))
    day = (clock.now().date() + timedelta(days=12)).isoformat()
    _look_and_do(browser, f"/orders/{order.number}/change", requested_date=day)
    assert held(order) == {(1, "hard"): {"CMH": 8}}


def _look_and_do(browser, address, **form):
    first = browser.get(address).content.decode()
    sent = {"version": _hidden(first, "version"), "key": _hidden(first, "key"), **form}
    shown = browser.post(address, {**sent, "step": "look"}).content.decode()
    browser.post(address, {**sent, "step": "amend", "seen": _hidden(shown, "seen")})


def _hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1].replace("&#x27;", "'")
