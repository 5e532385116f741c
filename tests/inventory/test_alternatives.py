"""What a run finds for who is left short is kept, replaced by the next run, and shown on the order with its effect."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from core.testing import drain
from inventory.alternative_queries import ways_of
from inventory.models import Claim, Demand, DemandAlternative
from inventory.rules.policy import Policy
from inventory.services.allocate import allocate
from inventory.services.record_inbound import record_inbound
from inventory.services.save_policy import PolicyDraft, save_policy
from orders.models import OrderLine
from orders.services.place import place
from tests.factories.accounts import StaffFactory
from tests.factories.catalog import SubstitutionFactory
from tests.factories.doors import browser_of
from tests.factories.inventory import stock
from tests.factories.orders import CLERK, NOW, later, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    made = make_world(products=2, stock=None)
    a, b = made.products
    stock(a, made.site, 4)
    stock(b, made.site, 5)
    SubstitutionFactory(product=a, substitute=b, valid_from=None, valid_to=None)
    return made


def run(world, key):
    allocate(trigger_key=key, product_ids=[p.pk for p in world.products], actor=CLERK, now=NOW)


def words():
    found = ways_of(Demand.objects.values_list("pk", flat=True))
    return [way.words for some in found.values() for way in some]


def test_a_run_keeps_what_could_stand_in_and_claims_nothing_for_it(world):
    place(world.draft(10), actor=CLERK, now=NOW)
    claims = Claim.objects.count()
    run(world, "one")
    sku = world.products[1].sku
    assert words() == [f"5 of {sku} at Reno DC could stand in for 5"]
    assert Claim.objects.filter(balance__product=world.products[1]).count() == 0
    assert Claim.objects.count() == claims
    first = DemandAlternative.objects.get()
    run(world, "again")
    assert DemandAlternative.objects.get().pk == first.pk
    stock(world.products[0], world.site, 3)
    run(world, "three came")
    assert words() == [f"3 of {sku} at Reno DC could stand in for 3"]
    stock(world.products[0], world.site, 3)
    run(world, "the rest came")
    assert words() == []


def test_a_part_that_could_go_now_is_told_with_the_day_of_the_rest():
    made = make_world(products=1, stock=4, ship_complete="order")
    product = made.products[0]
    whole = PolicyDraft(Policy(code="whole", name="Whole orders", passes=2), (), skus=(product.sku,))
    save_policy(draft=whole, actor=CLERK, now=NOW)
    place(made.draft(10), actor=CLERK, now=NOW)
    run(made, "nothing comes")
    held_back = "4 at Reno DC could go now if the order did not ship complete, the other 6"
    assert words() == [f"{held_back} without a date yet"]
    assert not Claim.objects.filter(state="open").exists()
    supply = {"product_id": product.pk, "site_id": made.site.pk, "actor": CLERK, "now": NOW}
    record_inbound(**supply, reference="PO-1", qty=Decimal(5), eta_date=later(5))
    record_inbound(**supply, reference="PO-2", qty=Decimal(5), eta_date=later(12))
    drain(NOW)
    assert words() == [f"{held_back} by {later(14).day} {later(14):%b %Y}"]


def test_many_short_cost_no_more_statements_than_one(world):
    counts = []
    for many in (1, 6):
        for _ in range(many):
            place(world.draft(20), actor=CLERK, now=NOW)
        with CaptureQueriesContext(connection) as queries:
            run(world, f"run {many}")
        counts.append(len(queries))
    assert counts[1] <= counts[0]


def test_the_order_page_shows_it_with_price_and_margin_and_splits_the_line(world):
    order = place(world.draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    desk = browser_of(StaffFactory(roles=[Role.CS]))
    page = desk.get(reverse("admin:orders_order_change", args=[order.order_id])).content.decode()
    sku = world.products[1].sku
    assert f"5 of {sku} at Reno DC could stand in for 5" in page
    assert f"6 of {sku} instead of 6: the same price" in page
    assert "margin +0.00 USD" in page or "margin 0.00 USD" in page
    answer = desk.post(
        reverse("admin:orders_order_do", args=[order.order_id, "split"]),
        {"line_no": "1", "note": "the customer asked by telephone"}, follow=True,
    )  # fmt: skip
    assert "the 6 that wait are line 2" in answer.content.decode()
    assert list(OrderLine.objects.order_by("line_no").values_list("qty", flat=True)) == [Decimal(10), Decimal(6)]
