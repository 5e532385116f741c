"""Stock over the API: what a customer can have, and what the house sees of it."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from core import clock
from tests.factories.accounts import AccountFactory, AssignmentFactory, RepFactory, UserFactory
from tests.factories.doors import buyer_for, device_of
from tests.factories.inventory import (
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.pools import limit, north, protect

pytestmark = pytest.mark.django_db


def planner():
    return device_of(UserFactory(roles=[Role.PLANNER], is_staff=True))


def value(quantity):
    return quantity["value"]


def test_the_house_sees_where_the_stock_is_and_a_customer_what_they_can_have():
    account, product, site = AccountFactory(code="BUYER"), StockedProductFactory(sku="GLOVE"), SiteFactory(code="RNO")
    stock(product, site, 10)
    open_and_reserve([spec(product, 3)])
    coming = clock.now().date() + timedelta(days=5)
    InboundFactory(product=product, site=site, ordered_qty=8, eta_date=coming)
    (mine,) = device_of(buyer_for(account)).get("/api/v1/availability?skus=glove").json()["items"]
    assert (value(mine["available"]), "stock" in mine, "sites" in mine) == ("7", False, False)
    (seen,) = planner().get("/api/v1/availability?skus=GLOVE&account=BUYER").json()["items"]
    assert {name: value(qty) for name, qty in seen["stock"].items()} == {
        "on_hand": "10", "reserved": "3", "allocated": "0", "released": "0", "unusable": "0", "protected": "0",
        "safety": "0",
    }  # fmt: skip
    (there,) = seen["sites"]
    assert (there["site"], value(there["available"]), there["in_transit"][0]["date"]) == ("RNO", "7", str(coming))


def test_pools_are_explained_to_the_house_by_name_and_to_a_customer_without():
    product, site = StockedProductFactory(sku="MASK"), SiteFactory()
    stock(product, site, 12)
    group, member, stranger = north()
    today = clock.now().date()
    protect(8, product=product, group=group, name="GPO North", valid_from=today, valid_to=date(today.year + 1, 1, 1))
    limit(6, product=product, account=member, valid_from=today)
    (theirs,) = device_of(buyer_for(stranger)).get("/api/v1/availability?skus=MASK").json()["items"]
    assert (value(theirs["available"]), theirs["quota_left"]) == ("4", None)
    assert theirs["explanation"] == "4 for you: more is kept for other customers until 31 Dec"
    (ours,) = device_of(buyer_for(member)).get("/api/v1/availability?skus=MASK").json()["items"]
    assert (value(ours["available"]), value(ours["quota_left"])) == ("6", "6")
    (seen,) = planner().get(f"/api/v1/availability?skus=MASK&account={stranger.code}").json()["items"]
    assert seen["explanation"] == "12 on hand, 4 for you: 8 protected for GPO North until 31 Dec"
    assert (value(seen["stock"]["protected"]), value(seen["sites"][0]["protected"])) == ("8", "8")


def test_a_lot_that_is_too_old_by_the_delivery_is_not_offered():
    account, product = AccountFactory(min_shelf_life_days=30), StockedProductFactory(sku="SERUM")
    today = clock.now().date()
    stock(product, SiteFactory(), 5, lot="A", expiry=today + timedelta(days=45))
    stock(product, SiteFactory(), 4, lot="B", expiry=today + timedelta(days=400))
    device = device_of(buyer_for(account))
    late = (today + timedelta(days=20)).isoformat()
    for query, expected in (("", "9"), (f"&delivery_date={late}", "4")):
        (item,) = device.get(f"/api/v1/availability?skus=SERUM{query}").json()["items"]
        assert value(item["available"]) == expected
    answer = device.get("/api/v1/availability?skus=SERUM&delivery_date=tomorrow")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/delivery_date")


def test_locations_are_listed_in_the_order_they_are_tried():
    SiteFactory(code="FAR", rank=2), SiteFactory(code="NEAR", rank=1, is_active=False)
    found = planner().get("/api/v1/stock-locations").json()["items"]
    assert [(s["code"], s["kind"], s["is_active"]) for s in found] == [("NEAR", "dc", False), ("FAR", "dc", True)]


def test_movements_come_newest_first_page_by_page_and_by_product_place_and_kind():
    product, other = StockedProductFactory(sku="ONE"), StockedProductFactory(sku="TWO")
    near, far = SiteFactory(code="NEAR"), SiteFactory(code="FAR")
    for qty, site in ((5, near), (6, far), (7, near)):
        stock(product, site, qty)
    stock(other, near, 8, lot="L1")
    device = planner()
    first = device.get("/api/v1/stock-movements?limit=2").json()
    rest = device.get(f"/api/v1/stock-movements?limit=2&cursor={first['next']}").json()
    assert [value(m["quantity"]) for m in first["items"] + rest["items"]] == ["8", "7", "6", "5"]
    assert (rest["next"], first["items"][0]["lot"], first["items"][0]["kind"]) == (None, "L1", "receipt")
    ones = device.get("/api/v1/stock-movements?sku=one&location=NEAR&kind=receipt").json()["items"]
    assert [value(m["quantity"]) for m in ones] == ["7", "5"]
    assert device.get("/api/v1/stock-movements?kind=ship").json()["items"] == []


@pytest.mark.parametrize("query", ["kind=theft", "sku=NEVER", "location=NOWHERE", "limit=0", "cursor=x", "site=NEAR"])
def test_a_filter_that_makes_no_sense_is_a_400_that_says_what_would(query):
    answer = planner().get(f"/api/v1/stock-movements?{query}")
    assert (answer.status_code, bool(answer.json()["remedy"])) == (400, True)


def test_customers_and_reps_have_no_business_with_movements():
    device = device_of(buyer_for(AccountFactory()))
    assert [device.get(f"/api/v1/stock-{x}").status_code for x in ("movements", "locations")] == [403, 403]


def test_movements_take_the_same_statements_for_1_and_for_40():
    product, site, device = StockedProductFactory(), SiteFactory(), planner()
    counts = []
    for n in (1, 39):
        for _ in range(n):
            stock(product, site, 1)
        with CaptureQueriesContext(connection) as captured:
            device.get("/api/v1/stock-movements")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def pools_of(device, query=""):
    return {p["code"]: p for p in device.get(f"/api/v1/pools{query}").json()["items"]}


def test_pools_tell_the_house_whom_they_are_for_and_what_they_do_now():
    product, site = StockedProductFactory(sku="MASK"), SiteFactory()
    stock(product, site, 12)
    group, member, _ = north()
    today = clock.now().date()
    top = protect(8, product=product, code="TOP", valid_from=today)
    protect(6, group=group, code="NORTH", parent=top, valid_from=today, name="GPO North")
    limit(5, product=StockedProductFactory(sku="OTHER"), account=member, code="MOST", valid_from=today)
    open_and_reserve([spec(product, 2, account_id=member.pk)])
    found = pools_of(planner())
    assert list(found) == ["MOST", "NORTH", "TOP"]
    north_pool = found["NORTH"]
    assert (north_pool["part_of"], north_pool["group"], north_pool["sku"], north_pool["amount"]) == (
        "TOP", group.code, "", "6",
    )  # fmt: skip
    assert {n: value(north_pool["effect"][n]) for n in ("amount", "used", "now")} == {
        "amount": "6", "used": "2", "now": "4",
    }  # fmt: skip
    assert set(pools_of(planner(), "?kind=quota")) == {"MOST"}
    assert set(pools_of(planner(), "?sku=mask")) == {"TOP", "NORTH"}
    assert set(pools_of(planner(), f"?account={member.code}&state=active")) == {"TOP", "NORTH", "MOST"}
    assert pools_of(planner(), "?state=inactive") == {}
    assert not {"cost", "margin"} & set(str(found).replace("_", " ").split())


def test_a_rep_sees_the_pools_that_concern_the_reps_customers_and_no_other():
    product = StockedProductFactory()
    _, mine, stranger = north()
    protect(3, product=product, group=mine.memberships.get().group, code="MINE", valid_from=clock.now().date())
    protect(3, product=product, account=stranger, code="THEIRS", valid_from=clock.now().date())
    seller = RepFactory()
    AssignmentFactory(rep=seller, account=mine)
    rep = device_of(seller.user)
    assert set(pools_of(rep)) == {"MINE"}
    assert rep.get(f"/api/v1/pools?account={stranger.code}").status_code == 404
    assert device_of(buyer_for(mine)).get("/api/v1/pools").status_code == 403


@pytest.mark.parametrize("query", ["kind=theft", "state=asleep", "sku=NEVER", "limit=0", "pool=MINE"])
def test_a_filter_of_pools_that_makes_no_sense_is_a_400(query):
    assert planner().get(f"/api/v1/pools?{query}").status_code == 400


def test_pools_of_many_products_cost_the_same_statements_as_one():
    site, device = SiteFactory(), planner()
    counts = []
    for n in (1, 5):
        for _ in range(n):
            product, today = StockedProductFactory(), clock.now().date()
            stock(product, site, 3)
            protect(1, product=product, account=AccountFactory(), valid_from=today)
        with CaptureQueriesContext(connection) as asked:
            device.get("/api/v1/pools")
        counts.append(len(asked))
    assert counts[0] == counts[1]
