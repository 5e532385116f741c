"""A buyer holds a cart's goods: the page says until when, what is short, and when it is over; only their own."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.states import Role
from core import clock
from inventory.models import StockBalance
from orders.models import Order, StockHold, StockHoldLimit
from tests.factories.accounts import AccountFactory, UserFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=2, stock=10)


@pytest.fixture
def browser(world):
    return browser_of(buyer_for(world.account))


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def hold(browser, world, qty, **more):
    text = f"{world.products[0].sku}\t{qty}"
    return browser.post("/quick-order/", {"text": text, "do": "hold", "key": "k1", **more}, follow=True)


def test_a_cart_is_kept_and_held_and_says_until_when(world, browser):
    page = hold(browser, world, 12)
    draft, held = Order.objects.get(), StockHold.objects.get()
    assert (draft.status, StockBalance.objects.order_by("id")[0].reserved_qty) == ("draft", 10)
    assert timedelta(minutes=29) < held.until - timezone.now() <= timedelta(minutes=30)
    assert "Held for you until" in text_of(page)
    assert f"Line 1, {world.products[0].sku}: 10 held" in text_of(page)
    assert "Hold these goods" not in text_of(page)  # there is one hold
    assert "Let them go" in text_of(page)
    home = text_of(browser.get("/"))
    assert "Its goods are held for you for a while; its prices are final when you place it." in home
    assert "Nothing of it is reserved" not in home


def test_it_is_let_go_and_says_so_when_it_ran_out(world, browser):
    hold(browser, world, 4)
    number = Order.objects.get().number
    page = browser.post("/quick-order/", {"text": "", "do": "let-go", "draft": number}, follow=True)
    assert f"The goods of draft {number} are held no longer." in text_of(page)
    assert StockBalance.objects.order_by("id")[0].reserved_qty == 0
    hold(browser, world, 4, draft=number, version=Order.objects.get().version)
    StockHold.objects.filter(ended="").update(until=clock.now() - timedelta(seconds=1))
    page = browser.get(f"/quick-order/?draft={number}")
    assert "The hold on these goods ran out at" in text_of(page)
    assert "Hold them again" in text_of(page)


def test_a_refusal_is_told_and_the_draft_is_kept(world, browser):
    StockHoldLimit.objects.create(account=world.account, most_amount=5)
    page = hold(browser, world, 4)
    assert "Nothing is held for you. The goods held for this customer would be worth 40.00 USD" in text_of(page)
    assert (Order.objects.count(), StockHold.objects.count()) == (1, 0)


def test_another_customers_draft_cannot_be_let_go(world, browser):
    hold(browser, world, 4)
    stranger = browser_of(buyer_for(AccountFactory()))
    assert (
        stranger.post("/quick-order/", {"text": "", "do": "let-go", "draft": Order.objects.get().number}).status_code
        == 404
    )
    assert StockBalance.objects.order_by("id")[0].reserved_qty == 4


def test_the_api_holds_shows_and_lets_go(world, browser):
    hold(browser, world, 4)
    order = Order.objects.get()
    address = f"/api/v1/orders/{order.public_id}/hold"
    device = device_of(buyer_for(world.account))
    seen = device.get(address).json()
    assert [(x["sku"], x["asked"]["value"], x["held"]["value"]) for x in seen["lines"]] == [
        (world.products[0].sku, "4", "4")
    ]
    late = (clock.now() + timedelta(hours=2)).isoformat()
    refused = device.post(address, {"until": late}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "hold_too_long")
    clerk = device_of(UserFactory(roles=[Role.CS], is_staff=True))
    assert clerk.post(address, {"until": late}, format="json").json()["until"] == late  # a quote, by our people
    for _ in range(2):
        assert device.delete(address).json() == {"until": None, "has_run_out": False, "lines": []}
    assert StockBalance.objects.order_by("id")[0].reserved_qty == 0
    assert device_of(buyer_for(AccountFactory())).get(address).status_code == 404


def test_the_console_holds_a_quote_for_hours_and_lists_it(world, browser):
    hold(browser, world, 4)
    order = Order.objects.get()
    desk = browser_of(UserFactory(roles=[Role.CS], is_staff=True))
    page = desk.post(f"/admin/orders/order/{order.pk}/do/hold-goods/", {"hours": "24"}, follow=True)
    assert "The goods are held until" in text_of(page)
    assert "Line 1: 4 of 4" in text_of(page)
    assert order.number in text_of(desk.get("/admin/orders/stockhold/"))
    page = desk.post(f"/admin/orders/order/{order.pk}/do/hold-goods/", {"hours": "100"}, follow=True)
    assert "and no longer: a quote is held 72 hours" in text_of(page)
    page = desk.post(f"/admin/orders/order/{order.pk}/do/let-goods-go/", {}, follow=True)
    assert "The goods are held no longer." in text_of(page)
