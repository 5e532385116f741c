"""Finding and exporting orders, and taking back what has not left."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from billing.models import Invoice
from core import clock
from inventory.models import Promise
from orders import filters
from orders.models import Order, OrderLine
from orders.services.place import place
from tests.factories.catalog import CustomerPartFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.flow import shipped, stocked_world
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=3, stock=1000)


@pytest.fixture
def browser(world):
    return browser_of(buyer_for(world.account))


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def placed(world, *qtys, now=NOW, **more):
    return place(world.draft(*qtys, **more), actor=CLERK, now=now)


def found(browser, query):
    return re.findall(r'<a href="/orders/(SO-\d+)/">', browser.get(f"/orders/?{query}").content.decode())


def test_orders_are_found_by_an_item_under_any_of_its_names_and_by_the_day(world, browser):
    CustomerPartFactory(account=world.account, product=world.products[2], part_number="HDG-7")
    march = placed(world, 1, po_number="M-1").number
    april = placed(world, 1, 1, 1, now=datetime(2026, 4, 1, 3, tzinfo=UTC), po_number="A-1").number
    assert found(browser, f"q={world.products[2].sku}") == found(browser, "q=hdg-7") == [april]
    assert found(browser, f"q={world.products[0].sku}") == [april, march]
    assert found(browser, "from=2026-03-02&to=2026-03-02") == [march]
    assert found(browser, "from=2026-04-01") == [april]
    assert found(browser, "to=2026-03-01") == []


def test_a_day_is_the_customer_s_own_not_the_server_s():
    world = make_world(stock=10, time_zone="America/Los_Angeles")
    number = placed(world, 1, now=datetime(2026, 4, 1, 3, tzinfo=UTC)).number
    browser = browser_of(buyer_for(world.account))
    assert found(browser, "from=2026-03-31&to=2026-03-31") == [number]
    assert found(browser, "from=2026-04-01") == []


def test_a_day_that_cannot_be_read_is_told_and_the_rest_still_searches(world, browser):
    number = placed(world, 1, po_number="M-1").number
    page = browser.get("/orders/?q=M-1&from=2026-13-01")
    assert "A day could not be read" in text_of(page)
    assert number in text_of(page)
    for odd in ("from=²", "to=9999-12-31", "from=0001-01-01", "to=" + "9" * 400):
        assert browser.get(f"/orders/?{odd}").status_code == 200


def test_a_search_ends_where_it_stays_quick_says_so_and_goes_on(world, browser, monkeypatch):
    monkeypatch.setattr(filters, "LOOKED_AT", 2)
    numbers = [placed(world, 1, po_number=po).number for po in ("SPRING-1", "SPRING-2", "X-3", "X-4")]
    page = browser.get("/orders/?q=pring")
    assert "No order fits among those looked at." in text_of(page)
    assert "Orders back to 2 Mar were searched." in text_of(page)
    further = re.search(r'href="(/orders/\?q=pring&amp;before=\d+)"', page.content.decode())[1].replace("&amp;", "&")
    assert found(browser, further.partition("?")[2]) == numbers[1::-1]
    assert found(browser, f"q={numbers[0]}") == [numbers[0]]
    assert found(browser, "q=SPRING-1") == [numbers[0]]


def test_the_export_holds_what_was_found_and_runs_nothing(world, browser):
    placed(world, 2, po_number="=HYPERLINK(1)")
    number = placed(world, 3, po_number="M-1").number
    answer = browser.get("/orders.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [r["PO number"] for r in rows] == ["M-1", "'=HYPERLINK(1)"]
    assert (rows[0]["Order"], rows[0]["Placed"], rows[0]["State"], rows[0]["Total"]) == (
        number,
        "2026-03-02",
        "Open",
        "30.00",
    )
    narrowed = browser.get("/orders.csv?q=M-1").content.decode("utf-8-sig")
    assert len(narrowed.splitlines()) == 2
    assert browser.post("/orders.csv").status_code == 405


def test_an_export_that_is_too_long_says_where_to_go_on(world, browser, monkeypatch):
    monkeypatch.setattr("portal.views.orders.MOST_EXPORTED", 2)
    for n in range(3):
        placed(world, 1, po_number=f"M-{n}")
    lines = browser.get("/orders.csv").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 4
    assert "More orders fit than one file takes (2). Export again with the last day 2026-03-02." in lines[-1]


def cancel(browser, number, **quantities):
    page = browser.get(f"/orders/{number}/cancel")
    key = re.search(r'name="key" value="([^"]+)"', page.content.decode())[1]
    return browser.post(f"/orders/{number}/cancel", {"key": key, **quantities})


def test_open_lines_are_cancelled_in_part_once_and_the_rest_goes_on(world, browser):
    number = placed(world, 12, 5, po_number="M-1").number
    page = browser.get(f"/orders/{number}/cancel?line=2")
    form = {"key": re.search(r'name="key" value="([^"]+)"', page.content.decode())[1], "qty-1": "4", "qty-2": "5"}
    assert 'name="qty-2" value="5"' in page.content.decode()
    for _ in range(2):
        assert browser.post(f"/orders/{number}/cancel", form)["Location"] == f"/orders/{number}/"
    order = Order.objects.get()
    cancelled = OrderLine.objects.order_by("line_no").values_list("demand__cancelled_qty", flat=True)
    assert (list(cancelled), order.total_amount, order.status) == ([4, 5], 80, "submitted")


@pytest.mark.parametrize(
    ("quantities", "says"),
    [
        ({}, "Enter how much to cancel of at least one line"),
        ({"qty-1": "13"}, "13 cannot be cancelled; 12 is open."),
        ({"qty-1": "-1"}, "The quantity must be more than 0."),
        ({"qty-1": "ten", "qty-2": "1"}, "“ten” is not a quantity"),
        ({"qty-9": "1"}, "Enter how much to cancel of at least one line"),
    ],
)
def test_a_bad_quantity_to_cancel_keeps_the_page_and_cancels_nothing(world, browser, quantities, says):
    number = placed(world, 12, 5, po_number="M-1").number
    answer = cancel(browser, number, **quantities)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert 'role="alert" tabindex="-1" data-focus-first' in answer.content.decode()
    assert Order.objects.get().total_amount == 170


def test_what_has_left_offers_nothing_to_cancel():
    world = stocked_world()
    shipped(world, 5)
    browser, order = browser_of(buyer_for(world.account)), Order.objects.get()
    assert "Cancel open lines" not in text_of(browser.get(f"/orders/{order.number}/"))
    assert "Nothing of this order can be cancelled any more" in text_of(browser.get(f"/orders/{order.number}/cancel"))


def test_a_moved_promise_is_told_with_what_can_be_done_today(world, browser):
    number = placed(world, 12, po_number="M-1").number
    promise = Promise.objects.get()
    Promise.objects.update(first_delivery_date=promise.delivery_date - timedelta(days=3), slip_cause="late at port")
    assert f"Order {number} comes later than promised" in text_of(browser.get("/"))
    page = browser.get(f"/orders/{number}/")
    shown = text_of(page)
    assert "One promise moved." in shown and "late at port" in shown and "or wait: you need do nothing." in shown
    assert f'href="/orders/{number}/options#line-1"' in page.content.decode()
    assert f'<time datetime="{promise.delivery_date.isoformat()}"' in page.content.decode()


def test_invoices_to_pay_come_by_due_date_and_what_is_late_is_summed():
    world = stocked_world(stock_qty=1000)
    for _ in range(27):
        shipped(world, 1)
    today, browser = clock.now().date(), browser_of(buyer_for(world.account))
    for n, invoice in enumerate(Invoice.objects.order_by("pk")):
        Invoice.objects.filter(pk=invoice.pk).update(due_date=today + timedelta(days=20 - n))
    first, last = (Invoice.objects.order_by("due_date")[n].number for n in (0, 26))
    page = browser.get("/invoices/?show=to-pay")
    assert "6 invoices are overdue: $60.00." in text_of(page)
    assert first in text_of(page) and not re.search(rf"\b{last}\b", text_of(page))
    older = re.search(r'href="(/invoices/\?show=to-pay&amp;after=[^"]+)"', page.content.decode())[1].replace(
        "&amp;", "&"
    )
    assert last in text_of(browser.get(older))
    assert "6 invoices are overdue" in text_of(browser.get("/"))
    for odd in ("after=²", "after=2026-01-01_x", "after=x_1", "before=²", "before=" + "9" * 400, "show=nope"):
        assert browser.get(f"/invoices/?show=to-pay&{odd}").status_code == 200
