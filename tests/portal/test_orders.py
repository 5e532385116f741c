import re

import pytest

from orders.models import Order
from orders.services.capture import capture
from orders.services.place import place
from tests.factories.credit import TermsFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.flow import shipped
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = pytest.mark.django_db


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def placed(world, *qtys, **more):
    return place(world.draft(*qtys, **more), actor=CLERK, now=NOW)


def test_another_customer_s_order_is_not_there_in_page_list_or_search():
    world, other = make_world(), make_world()
    foreign = placed(other, 5)
    browser = browser_of(buyer_for(world.account))
    assert browser.get(f"/orders/{foreign.number}/").status_code == 404
    assert browser.get("/orders/NOPE/").status_code == 404
    for address in ("/orders/", f"/orders/?q={foreign.number}", "/"):
        assert foreign.number not in text_of(browser.get(address))


def test_orders_are_found_by_po_number_state_and_page():
    world = make_world(stock=1000)
    numbers = [placed(world, 1, po_number=f"SPRING-{n:02}").number for n in range(30)]
    browser = browser_of(buyer_for(world.account))
    assert numbers[7] in text_of(browser.get("/orders/?q=spring-07"))
    first = browser.get("/orders/")
    assert numbers[29] in text_of(first)
    assert numbers[4] not in text_of(first)
    older = re.search(r'href="(/orders/\?before=\d+)"', first.content.decode())[1]
    assert numbers[4] in text_of(browser.get(older))
    assert "No order fits this search." in text_of(browser.get("/orders/?status=cancelled"))
    assert browser.get("/orders/?before=abc&status=nope").status_code == 200


def test_the_start_page_tells_what_waits_and_what_credit_is_left():
    world = make_world(stock=100, limit=50)
    held = placed(world, 12)
    shown = text_of(browser_of(buyer_for(world.account)).get("/"))
    assert f"Order {held.number} is on hold" in shown
    assert "It waits for our finance team" in shown
    assert "$50.00" in shown


def test_without_orders_every_page_says_so_and_offers_one_thing_to_do():
    browser = browser_of(buyer_for(make_world(limit=None).account))
    assert "No orders yet" in text_of(browser.get("/orders/"))
    assert "No invoices yet" in text_of(browser.get("/invoices/"))
    home = text_of(browser.get("/"))
    assert "Nothing waits for you." in home
    assert "You pay in advance" in home


def test_a_buyer_reads_neither_margin_nor_floor_nor_a_person_s_inner_words():
    world = make_world()
    order = placed(world, 5)
    page = browser_of(buyer_for(world.account)).get(f"/orders/{order.number}/").content.decode().lower()
    for word in ("margin", "cost", "floor"):
        assert word not in page


def test_no_page_carries_an_inline_style_or_script_or_an_outside_address():
    world = make_world()
    order = placed(world, 5)
    browser = browser_of(buyer_for(world.account))
    for address in ("/", "/quick-order/", "/orders/", f"/orders/{order.number}/", "/invoices/", "/nowhere/"):
        page = browser.get(address)
        html = page.content.decode()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?! src=)", html), address
        assert not re.search(r'(?:src|href)="(?:https?:)?//', html), address
        assert "script-src 'self'" in page["Content-Security-Policy"]


@pytest.mark.parametrize("what", ["page", "list"])
def test_the_number_of_statements_is_the_same_for_1_50_and_500(what, django_assert_max_num_queries):
    counts = {}
    for n in (1, 50, 500):
        world = make_world(products=n if what == "page" else 1, stock=1000)
        browser = browser_of(buyer_for(world.account))
        if what == "page":
            address = f"/orders/{placed(world, *[2] * n).number}/"
        else:
            for i in range(min(n, 30)):
                placed(world, 1, po_number=f"{n}-{i}")
            address = "/orders/"
        browser.get("/invoices/")
        with django_assert_max_num_queries(40) as captured:
            assert browser.get(address).status_code == 200
        counts[n] = len(captured.captured_queries)
    assert counts[1] == counts[50] == counts[500], counts


def test_a_draft_of_another_channel_has_no_price_yet_and_no_stage_behind_it():
    world = make_world(stock=100)
    order = capture(world.draft(12), actor=CLERK, now=NOW)
    page = browser_of(buyer_for(world.account)).get(f"/orders/{order.number}/")
    assert "0.00" not in text_of(page)
    assert "step-done" not in page.content.decode()


def test_an_order_all_of_which_has_left_is_not_offered_for_change():
    world = make_world(stock=100)
    gone = Order.objects.get(pk=shipped(world, 3).order_id)
    browser = browser_of(buyer_for(world.account))
    left = text_of(browser.get(f"/orders/{gone.number}/"))
    assert "Send goods back" in left and "Change this order" not in left
    waiting = placed(world, 5)
    assert "Change this order" in text_of(browser.get(f"/orders/{waiting.number}/"))


def test_the_terms_are_called_by_their_name():
    world = make_world(stock=100)
    order, terms = placed(world, 5), TermsFactory()
    Order.objects.filter(pk=order.order_id).update(terms_code=terms.code)
    shown = text_of(browser_of(buyer_for(world.account)).get(f"/orders/{order.number}/"))
    assert terms.name in shown and terms.code not in shown
