"""A promise moved: the buyer keeps waiting, takes something else, splits or cancels; nobody else's order is there."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Buyer
from accounts.states import BuyerRole, Role
from core.testing import drain
from exceptions_app.models import Case
from inventory.services.record_inbound import record_inbound
from orders.queries import pictures
from orders.services.place import place
from tests.factories.accounts import AssignmentFactory, BuyerFactory, RepFactory, UserFactory
from tests.factories.catalog import SubstitutionFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.inventory import breaches, stock
from tests.factories.orders import CLERK, NOW, later, make_world

pytestmark = pytest.mark.django_db
WORD = "Bea by telephone, 2 March"


@pytest.fixture
def world():
    """60 of A wanted, 40 there, 20 promised and then later; B may stand in."""
    made = make_world(products=2, stock=None)
    a, b = made.products
    stock(a, made.site, 40)
    stock(b, made.site, 50)
    SubstitutionFactory(product=a, substitute=b, valid_from=None, valid_to=None)
    return made


def supply(world, days, now):
    record_inbound(
        product_id=world.products[0].pk, site_id=world.site.pk, reference="PO-9", qty=Decimal(30),
        eta_date=later(days), actor=CLERK, now=now,
    )  # fmt: skip


def late(world):
    supply(world, 6, NOW)
    order = place(world.draft(60), actor=CLERK, now=NOW)
    drain(NOW)
    at = NOW + timedelta(hours=1)
    supply(world, 12, at)
    drain(at)
    return order


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def answer(browser, order, what, key="k-1", **more):
    return browser.post(
        f"/orders/{order.number}/options", {"answer": what, "line_no": 1, "key": key, **more}, follow=True
    )


def ledger(order):
    return [
        (x.demand.allocated, x.demand.backordered, x.demand.cancelled)
        for x in pictures([order.order_id])[order.order_id].lines
    ]


def test_the_page_shows_old_and_new_day_price_arrival_and_effect_before_anything_happens(world):
    order = late(world)
    browser = browser_of(buyer_for(world.account))
    assert "Options" in text_of(browser.get(f"/orders/{order.number}/"))
    shown = text_of(browser.get(f"/orders/{order.number}/options"))
    assert "One promise moved: your options" in shown
    assert "10 Mar → 16 Mar" in shown
    assert f"Take 20 of {world.products[1].sku} instead" in shown
    assert "10.00 each, $200.00 in all" in shown
    assert "arrives: 20 now from Reno DC" in shown
    assert "40 EA go as soon as they can; 20 EA become a line of their own" in shown
    assert "20 EA leave the order, $200.00 less to pay" in shown
    assert ledger(order) == [(40, 20, 0)]


def test_keeping_closes_the_case_and_the_banner_once(world):
    order = late(world)
    browser = browser_of(buyer_for(world.account))
    assert Case.objects.filter(kind="promise_moved", status="open").count() == 1
    page = answer(browser, order, "keep")
    assert "you keep waiting" in text_of(page)
    assert "promise moved" not in text_of(browser.get(f"/orders/{order.number}/")).lower()
    drain(NOW + timedelta(hours=2))
    assert not Case.objects.filter(kind="promise_moved", status="open").exists()
    assert "You said the new day is good." in text_of(browser.get(f"/orders/{order.number}/options"))
    at = NOW + timedelta(hours=3)
    supply(world, 20, at)
    drain(at)
    assert "One promise moved." in text_of(browser.get(f"/orders/{order.number}/"))


@pytest.mark.parametrize(
    ("what", "more", "after"),
    [
        ("split", {}, [(40, 0, 20), (0, 20, 0)]),
        ("cancel", {}, [(40, 0, 20)]),
        ("substitute", {"product_id": 1}, [(40, 0, 20), (20, 0, 0)]),
    ],
)
def test_each_answer_does_its_one_thing_once(world, what, more, after):
    order = late(world)
    browser = browser_of(buyer_for(world.account))
    given = {"product_id": world.products[more["product_id"]].pk} if more else {}
    for _ in range(2):
        assert answer(browser, order, what, **given).status_code == 200
    drain(NOW + timedelta(hours=2))
    assert ledger(order) == after
    assert breaches() == []


def test_another_company_s_order_is_not_there_and_an_onlooker_changes_nothing(world):
    order = late(world)
    stranger = browser_of(buyer_for(make_world().account))
    assert stranger.get(f"/orders/{order.number}/options").status_code == 404
    for what in ("keep", "split", "cancel", "substitute"):
        assert answer(stranger, order, what).status_code == 404
    viewer = browser_of(BuyerFactory(account=world.account, role=BuyerRole.VIEWER).user)
    assert "Keep waiting</button>" not in viewer.get(f"/orders/{order.number}/options").content.decode()
    assert answer(viewer, order, "cancel").status_code == 403
    assert ledger(order) == [(40, 20, 0)]


def test_a_rep_says_who_agreed(world):
    order = late(world)
    rep = RepFactory(user=UserFactory(roles=[Role.REP]))
    AssignmentFactory(account=world.account, rep=rep)
    browser = browser_of(rep.user)
    refused = answer(browser, order, "split")
    assert refused.status_code == 422
    assert "Say who agreed" in text_of(refused)
    assert answer(browser, order, "split", word=WORD).status_code == 200
    assert ledger(order) == [(40, 0, 20), (0, 20, 0)]


def test_an_order_whose_promises_hold_has_no_options(world):
    order = place(world.draft(5), actor=CLERK, now=NOW)
    browser = browser_of(buyer_for(world.account))
    assert "No promise of this order is later" in text_of(browser.get(f"/orders/{order.number}/options"))
    assert answer(browser, order, "split").status_code == 422
    assert answer(browser, order, "keep").status_code == 422


def test_a_person_chooses_how_they_are_told(world):
    user = buyer_for(world.account)
    browser = browser_of(user)
    assert browser.post("/notices/", {"mail": "weekly"}).status_code == 422
    assert "Saved" in text_of(browser.post("/notices/", {"mail": "daily"}, follow=True))
    assert Buyer.objects.get(user=user).promise_mail == "daily"
    assert 'value="daily" required checked' in browser.get("/notices/").content.decode()
