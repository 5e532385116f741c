"""A buyer asks for a lower price in the portal: it is a request, decided by the house, and applied then."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts import approvals
from accounts.models import ApprovalRequest
from accounts.states import Role
from core import clock
from core.actors import Actor
from core.testing import drain
from orders.models import Order, OrderLine
from orders.services.place import place
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def world():
    return make_world(products=2)


@pytest.fixture
def order(world):
    order_id = place(world.draft(5, 4), actor=CLERK, now=NOW).order_id
    drain(NOW)
    return Order.objects.get(pk=order_id)


def ask(browser, order, **form):
    where = reverse("portal:ask-price", args=[order.number])
    return browser.post(where, {"key": "k1", "reason": "A competitor offers less", **form})


def test_a_buyer_asks_the_house_decides_and_the_price_is_on_the_line(world, order):
    browser = browser_of(buyer_for(world.account))
    assert reverse("portal:ask-price", args=[order.number]) in browser.get(f"/orders/{order.number}/").content.decode()
    for _ in range(2):  # pressed twice: one request
        assert ask(browser, order, **{"price-1": "9.25"}).status_code == 302
    request = ApprovalRequest.objects.get()
    assert (request.kind, request.state, request.reason) == ("price", "pending", "A competitor offers less")
    assert OrderLine.objects.get(order=order, line_no=1).unit_price == 10  # asking changes nothing
    shown = browser.get("/approvals/").content.decode()
    assert "A competitor offers less" in shown and "margin" not in shown.lower()
    boss = StaffFactory(roles=[Role.FINANCE_APPROVER])
    approvals.decide(
        approval_id=request.pk, approve=True, note="",
        actor=Actor(str(boss), user_id=boss.pk, roles=frozenset(boss.roles)), now=clock.now(),
    )  # fmt: skip
    drain(clock.now())
    lines = {x.line_no: (x.unit_price, x.price_basis) for x in OrderLine.objects.filter(order=order)}
    assert lines == {1: (D("9.25"), "override"), 2: (10, "list")}
    assert "Another price was asked for" in browser.get(f"/orders/{order.number}/").content.decode()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"price-1": "10"}, "is not below what it costs now"),
        ({"price-1": "ten"}, "this is not a price"),
        ({"price-1": "-1"}, "this is not a price"),
        ({"price-1": "NaN"}, "this is not a price"),
        ({}, "at least one line"),
        ({"price-1": "9", "reason": "cheap"}, "at least ten characters"),
        ({"price-1": "9.1234567"}, "more than six decimal places"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_asked(world, order, form, words):
    answer = ask(browser_of(buyer_for(world.account)), order, **form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ApprovalRequest.objects.exists()


def test_a_forged_line_is_not_listed_and_an_order_of_another_customer_is_not_there(world, order):
    browser = browser_of(buyer_for(world.account))
    assert ask(browser, order, **{"price-99": "1", "unit_price": "1"}).status_code == 422
    stranger = browser_of(buyer_for(make_world().account))
    assert ask(stranger, order, **{"price-1": "9"}).status_code == 404
    assert not ApprovalRequest.objects.exists()
    assert set(OrderLine.objects.values_list("unit_price", flat=True)) == {10}
