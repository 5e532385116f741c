"""A buyer asks for goods to come back, and sees what becomes of the request; the desk answers on the console."""

import re

import pytest
from django.urls import reverse

from accounts.states import Role
from fulfillment.models import Return, ReturnLine, ReturnPart
from fulfillment.states import ReturnStatus
from inventory.models import StockBalance
from orders.models import Order
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.flow import placed, shipped, stocked_world

pytestmark = pytest.mark.django_db


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def number_of(order_id: int) -> str:
    return Order.objects.get(pk=order_id).number


def ask(browser, number, qty, *, key="k-1", reason="wrong size"):
    return browser.post(f"/orders/{number}/return", {"qty-1": qty, "reason": reason, "key": key}, follow=True)


def test_a_buyer_asks_for_3_of_8_back_once_and_sees_the_request_on_the_order():
    world = stocked_world()
    number = number_of(shipped(world, 8).order_id)
    browser = browser_of(buyer_for(world.account))
    assert "You have" in text_of(browser.get(f"/orders/{number}/return"))
    shown = ask(browser, number, "3")
    again = ask(browser, number, "3")
    back = Return.objects.get()
    assert (back.reason, back.lines.get().qty) == ("wrong size", 3)
    for page in (shown, again):
        assert f"{back.number}" in text_of(page)
        assert "Asked for" in text_of(page)


def test_more_than_they_have_no_reason_and_goods_that_never_left_are_refused_in_words():
    world = stocked_world()
    number = number_of(shipped(world, 8).order_id)
    browser = browser_of(buyer_for(world.account))
    page = ask(browser, number, "9", reason="")
    assert page.status_code == 422
    assert "9 cannot come back; you have 8." in text_of(page)
    assert "Say why it comes back" in text_of(page)
    assert "is not a" in text_of(ask(browser, number, "lots"))
    waiting = number_of(placed(world, 5))
    assert "Nothing of this order can come back" in text_of(browser.get(f"/orders/{waiting}/return"))
    assert not Return.objects.exists()


def test_another_customer_s_order_is_not_there_to_return():
    world = stocked_world()
    number = number_of(shipped(world, 8).order_id)
    stranger = browser_of(buyer_for(stocked_world().account))
    assert stranger.get(f"/orders/{number}/return").status_code == 404
    assert ask(stranger, number, "1").status_code == 404
    assert not Return.objects.exists()


def step(browser, back, name, **form):
    return browser.post(reverse("admin:fulfillment_return_do", args=[back.pk, name]), form, follow=True)


def test_the_desk_authorizes_the_warehouse_receives_and_inspects_and_the_buyer_reads_it():
    world = stocked_world()
    number = number_of(shipped(world, 8).order_id)
    buyer = browser_of(buyer_for(world.account))
    ask(buyer, number, "3")
    back, line = Return.objects.get(), ReturnLine.objects.get()
    care, keeper = browser_of(StaffFactory(roles=[Role.CS])), browser_of(StaffFactory(roles=[Role.WAREHOUSE]))
    form = care.get(reverse("admin:fulfillment_return_do", args=[back.pk, "authorize"]))
    assert f'<option value="{world.site.pk}" selected>' in form.content.decode()
    terms = {
        f"qty-{line.pk}": "2",
        "site": world.site.pk,
        "outcome": "credit",
        "fee_percent": "15",
        "note": "Use our label",
    }
    assert step(care, back, "authorize", **terms | {"fee_percent": "150"}).status_code == 422
    assert "authorize done" in text_of(step(care, back, "authorize", **terms))
    assert "To be sent back" in text_of(buyer.get(f"/orders/{number}/"))
    assert "2 " in text_of(buyer.get(f"/orders/{number}/"))
    step(keeper, back, "receive", **{f"qty-{line.pk}": "2"})
    shown = keeper.get(reverse("admin:fulfillment_return_do", args=[back.pk, "inspect"]))
    key = f"{line.pk}--0"
    assert f'name="qty-{key}"' in shown.content.decode()
    step(keeper, back, "inspect", **{f"qty-{key}": "1", f"disposition-{key}": "restock",
                                     f"qty-{line.pk}--1": "1", f"disposition-{line.pk}--1": "scrap"})  # fmt: skip
    back.refresh_from_db()
    assert (back.status, back.fee_percent) == (ReturnStatus.DISPOSITIONED, 15)
    assert sorted(ReturnPart.objects.values_list("disposition", "qty")) == [("restock", 1), ("scrap", 1)]
    assert sum(b.on_hand_qty for b in StockBalance.objects.all()) == 93
    page = text_of(keeper.get(reverse("admin:fulfillment_return_change", args=[back.pk])))
    assert "What became of it" in page


def test_a_step_that_is_not_theirs_is_refused_and_changes_nothing():
    world = stocked_world()
    number = number_of(shipped(world, 8).order_id)
    ask(browser_of(buyer_for(world.account)), number, "3")
    back = Return.objects.get()
    keeper = browser_of(StaffFactory(roles=[Role.WAREHOUSE]))
    assert step(keeper, back, "authorize", site=world.site.pk).status_code == 403
    back.refresh_from_db()
    assert back.status == ReturnStatus.REQUESTED
