"""A cart is a draft order: kept once, opened on any device, mended, placed once; another's is not there."""

import re

import pytest

from accounts.states import BuyerRole
from orders.models import Order
from tests.factories.accounts import BuyerFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=2, stock=100)


@pytest.fixture
def browser(world):
    return browser_of(buyer_for(world.account))


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def hidden(response, name):
    return re.search(rf'name="{name}" value="([^"]+)"', response.content.decode())[1]


def keep(browser, text, **more):
    return browser.post("/quick-order/", {"text": text, "do": "save", "key": "k1", **more})


def test_the_lines_are_kept_also_those_no_product_has_and_open_elsewhere(world, browser):
    sku = world.products[0].sku
    answer = keep(browser, f"{sku}\t12\nNO-SUCH\t3")
    draft = Order.objects.get()
    assert answer["Location"] == f"/quick-order/?draft={draft.number}"
    assert (draft.status, draft.channel, draft.lines.count()) == ("draft", "portal", 2)
    elsewhere = browser_of(buyer_for(world.account))
    page = elsewhere.get(f"/quick-order/?draft={draft.number}")
    assert 'value="NO-SUCH"' in page.content.decode()
    assert "1 line needs your attention. The other one is ready." in text_of(page)
    home = elsewhere.get("/").content.decode()
    assert f"Draft {draft.number} is not placed yet" in home
    assert f"/quick-order/?draft={draft.number}" in home


def test_kept_twice_with_one_key_is_one_draft(world, browser):
    text = f"{world.products[0].sku}\t12"
    assert keep(browser, text)["Location"] == keep(browser, text)["Location"]
    assert Order.objects.count() == 1


def test_a_row_without_a_quantity_keeps_the_page_and_makes_no_draft(world, browser):
    page = keep(browser, f"{world.products[0].sku}\t12\nOTHER\tten")
    assert "Nothing was kept: give line 2 an item and a quantity first." in text_of(page)
    assert 'value="ten"' in page.content.decode()
    assert Order.objects.count() == 0


def test_changes_are_kept_in_the_same_draft_and_an_old_form_does_not_undo_them(world, browser):
    a, b = (p.sku for p in world.products)
    number = keep(browser, f"{a}\t12")["Location"].rpartition("=")[2]
    form = {"draft": number, "version": hidden(browser.get(f"/quick-order/?draft={number}"), "version")}
    assert keep(browser, f"{a}\t12\n{b}\t1", **form).status_code == 302
    late = keep(browser, f"{a}\t99", **form)
    assert "Nothing was kept." in text_of(late)
    assert 'value="99"' in late.content.decode()
    assert [line.qty for line in Order.objects.get().lines.order_by("line_no")] == [12, 1]


def place(browser, page, **more):
    text = re.search(r'<textarea name="text" hidden>([^<]*)</textarea>', page.content.decode())[1]
    form = {name: hidden(page, name) for name in ("key", "draft", "version", "for")}
    return browser.post("/quick-order/place", {**form, "text": text, "po_number": "PO-1", **more})


def test_a_draft_is_placed_as_itself_once_with_the_good_lines(world, browser):
    sku = world.products[0].sku
    number = keep(browser, f"{sku}\t12\nNO-SUCH\t3")["Location"].rpartition("=")[2]
    opened = browser.get(f"/quick-order/?draft={number}")
    form = {"draft": number, "version": hidden(opened, "version"), "do": "review"}
    review = browser.post("/quick-order/", {"text": f"{sku}\t12\nNO-SUCH\t3", **form})
    first, second = (place(browser, review) for _ in range(2))
    assert first["Location"] == second["Location"] == f"/orders/{number}/"
    order = Order.objects.get()
    assert (order.status, order.po_number) == ("submitted", "PO-1")
    assert [line.qty for line in order.lines.all()] == [12]
    assert browser.get(f"/quick-order/?draft={number}").status_code == 404


def test_a_date_taken_out_after_a_refusal_is_out(world, browser):
    sku = world.products[0].sku
    browser.post("/quick-order/place", {"text": f"{sku}\t1", "po_number": "USED", "key": "a"})
    number = keep(browser, f"{sku}\t12")["Location"].rpartition("=")[2]
    form = {"draft": number, "version": hidden(browser.get(f"/quick-order/?draft={number}"), "version"), "do": "review"}
    review = browser.post("/quick-order/", {"text": f"{sku}\t12", **form})
    refused = place(browser, review, po_number="USED", requested_date="2027-01-15", not_later_than="2027-02-01")
    assert refused.status_code == 422
    assert 'value="2027-01-15"' in refused.content.decode()
    assert place(browser, refused, po_number="NEW", requested_date="", not_later_than="2027-02-01").status_code == 302
    order = Order.objects.get(number=number)
    assert (order.requested_date, str(order.cancel_after_date)) == (None, "2027-02-01")


def test_a_draft_is_thrown_away_and_a_placed_order_is_not(world, browser):
    number = keep(browser, f"{world.products[0].sku}\t12")["Location"].rpartition("=")[2]
    assert "Discard draft" in text_of(browser.get(f"/orders/{number}/"))
    assert browser.post(f"/orders/{number}/discard").status_code == 302
    assert Order.objects.get().status == "cancelled"
    browser.post("/quick-order/place", {"text": f"{world.products[0].sku}\t1", "po_number": "P", "key": "b"})
    order = Order.objects.get(status="submitted")
    browser.post(f"/orders/{order.number}/discard")
    order.refresh_from_db()
    assert order.status == "submitted"


def test_another_s_draft_and_one_from_another_door_are_not_opened(world, browser):
    other = make_world(products=1)
    theirs = keep(browser_of(buyer_for(other.account)), f"{other.products[0].sku}\t1")["Location"].rpartition("=")[2]
    for number in (theirs, "NOPE", "x" * 400):
        assert browser.get(f"/quick-order/?draft={number}").status_code == 404
        form = {"text": f"{world.products[0].sku}\t1", "draft": number, "version": "1", "po_number": "P", "key": "c"}
        assert browser.post("/quick-order/place", form).status_code == 404
        assert keep(browser, f"{world.products[0].sku}\t1", draft=number).status_code == 404
    assert Order.objects.filter(account=world.account).count() == 0


def test_who_may_only_look_keeps_places_cancels_and_discards_nothing(world, browser):
    number = keep(browser, f"{world.products[0].sku}\t12")["Location"].rpartition("=")[2]
    viewer = browser_of(BuyerFactory(account=world.account, role=BuyerRole.VIEWER).user)
    shown = text_of(viewer.get("/quick-order/"))
    assert "You may look up prices and dates here." in shown
    assert "Keep as draft" not in shown
    assert "Order again" not in text_of(viewer.get(f"/orders/{number}/"))
    assert keep(viewer, f"{world.products[0].sku}\t1", key="v").status_code == 403
    assert viewer.post("/quick-order/place", {"text": "A\t1", "key": "v"}).status_code == 403
    assert viewer.get(f"/orders/{number}/cancel").status_code == 403
    assert viewer.post(f"/orders/{number}/discard").status_code == 403
    assert Order.objects.get().status == "draft"
