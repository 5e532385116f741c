"""A buyer changes a placed order: sees what it does, then does it once; of others' orders nothing is there."""

import re
from datetime import timedelta

import pytest

from accounts.states import BuyerRole
from core import clock
from orders.models import Order, OrderLine, OrderRevision
from orders.services.place import place
from tests.factories.accounts import BuyerFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.orders import CLERK, NOW, allocated, make_world, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=2, stock=100)


@pytest.fixture
def browser(world):
    return browser_of(buyer_for(world.account))


def hidden(page, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return found[1].replace("&#x27;", "'") if found else ""


def look(browser, order, **form):
    address = f"/orders/{order.number}/change"
    first = browser.get(address).content.decode()
    sent = {"key": hidden(first, "key"), "version": hidden(first, "version"), **form}
    answer = browser.post(address, {**sent, "step": "look"})
    return address, sent, answer, answer.content.decode()


def test_a_buyer_looks_and_then_changes_once_and_the_order_tells_it(world, browser):
    order = place(world.draft(10, 4), actor=CLERK, now=NOW)
    day = (clock.now().date() + timedelta(days=12)).isoformat()
    address, sent, answer, page = look(browser, order, **{"qty-1": "6", "qty-2": "0", "requested_date": day})
    assert answer.status_code == 200
    for text in ("What would change", "taken out", "140.00", "60.00"):
        assert text in page, text
    assert not OrderRevision.objects.exists()
    sent |= {"step": "amend", "seen": hidden(page, "seen"), "reason": "two theatres closed"}
    for _ in range(2):
        page = browser.post(address, sent, follow=True).content.decode()
        assert "Changed as you asked." in page
    assert OrderRevision.objects.get().reason == "two theatres closed"
    assert "10 → 6" in page
    assert Order.objects.get().total_amount == 60


def test_what_was_not_looked_at_is_not_done_and_faults_are_named(world, browser):
    order = allocated(world, 10)
    release([order.order_id])
    address, sent, _, page = look(browser, order, **{"qty-1": "15"})
    browser.post(address, {**sent, "qty-1": "99", "step": "amend", "seen": hidden(page, "seen")})
    assert not OrderRevision.objects.exists()
    for entered, said in (("4", "so it cannot be 4"), ("many", "many"), ("10", "Nothing would change")):
        _, _, answer, page = look(browser, order, **{"qty-1": entered})
        assert (answer.status_code, said in page) == (422, True), entered
    _, _, answer, page = look(browser, order, **{"date-1": "soon", "requested_date": "later"})
    assert (answer.status_code, "is no day" in page) == (422, True)


def test_a_line_gets_a_day_of_its_own_and_a_stale_page_is_told_so(world, browser):
    order = place(world.draft(10), actor=CLERK, now=NOW)
    day = (clock.now().date() + timedelta(days=3)).isoformat()
    address, sent, _, page = look(browser, order, **{"date-1": day})
    sent |= {"step": "amend", "seen": hidden(page, "seen")}
    Order.objects.update(version=9)
    assert "changed since you read it" in browser.post(address, sent).content.decode()
    browser.post(address, {**sent, "version": "9", "key": "a-new-one"})
    assert OrderLine.objects.get().requested_date.isoformat() == day
    assert OrderRevision.objects.get().reason == "changed by the customer in the portal"


def test_neither_another_customer_nor_a_viewer_changes_it(world, browser):
    order = place(world.draft(10), actor=CLERK, now=NOW)
    stranger = browser_of(buyer_for(make_world().account))
    assert stranger.get(f"/orders/{order.number}/change").status_code == 404
    viewer = browser_of(BuyerFactory(account=world.account, role=BuyerRole.VIEWER).user)
    assert viewer.get(f"/orders/{order.number}/change").status_code == 403
    assert viewer.post(f"/orders/{order.number}/change", {"qty-1": "1"}).status_code == 403
