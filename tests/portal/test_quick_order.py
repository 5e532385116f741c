import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.states import BuyerRole
from orders.models import Order
from tests.factories.accounts import (
    AccountFactory,
    AssignmentFactory,
    BuyerFactory,
    RepFactory,
    StaffFactory,
    UserFactory,
)
from tests.factories.catalog import CustomerPartFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.orders import make_world
from tests.factories.pools import protect

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=3, stock=100)


@pytest.fixture
def browser(world):
    return browser_of(buyer_for(world.account))


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def key_of(response):
    return re.search(r'name="key" value="([^"]+)"', response.content.decode())[1]


def preview(browser, rows, **more):
    return browser.post(
        "/quick-order/", {"item": [r[0] for r in rows], "qty": [r[1] for r in rows], "do": "preview", **more}
    )


def test_good_rows_are_priced_and_dated_and_bad_rows_stay_with_the_reason(world, browser):
    a, b, c = (p.sku for p in world.products)
    page = preview(browser, [(a, "12"), (b, "160"), ("NO-SUCH-THING", "1"), (c, "ten"), ("", "")])
    shown = text_of(page)
    assert "2 lines need your attention. The other 2 are ready." in shown
    assert "Line 3: No product has the number NO-SUCH-THING." in shown
    assert "“ten” is not a quantity" in shown
    assert "In stock" in shown
    assert "100 now from Reno DC, 60 without a date" in shown
    assert "$1,720.00" in shown
    for kept in ("NO-SUCH-THING", 'value="ten"', 'value="160"'):
        assert kept in page.content.decode()
    assert Order.objects.count() == 0


def test_a_line_that_waits_for_stock_kept_for_others_says_so_without_their_names(world, browser):
    product = world.products[0]
    protect(96, product=product, account=AccountFactory(), name="Rival Hospital", valid_from=date(2020, 1, 1))
    page = preview(browser, [(product.sku, "4"), (product.sku, "5")])
    assert "4 for you: more is kept for other customers" in text_of(page)
    assert "Rival" not in text_of(page)
    assert "kept for" not in text_of(preview(browser, [(product.sku, "4")]))


def test_a_near_miss_says_did_you_mean_and_the_button_takes_it(world, browser):
    sku = world.products[0].sku
    wrong = sku + "X"
    page = preview(browser, [(wrong, "3")])
    assert f"use-1:{sku}" in page.content.decode()
    page = preview(browser, [(wrong, "3")], do=f"use-1:{sku}")
    assert "attention" not in text_of(page)
    assert "$30.00" in text_of(page)


def test_the_customer_s_own_part_number_is_taken_and_named(world, browser):
    CustomerPartFactory(account=world.account, product=world.products[0], part_number="HDG-0087")
    assert f"Your part number for {world.products[0].sku}" in text_of(preview(browser, [("hdg-0087", "3")]))


def test_a_paste_and_a_csv_file_are_read_alike(world, browser):
    a, b, _ = (p.sku for p in world.products)
    text = f"SKU,Qty\n{a},2\n{b},3\n"
    pasted = browser.post("/quick-order/", {"mode": "paste", "text": text, "do": "preview"})
    upload = SimpleUploadedFile("order.csv", text.encode("utf-8-sig"), "text/csv")
    filed = browser.post("/quick-order/", {"mode": "file", "file": upload, "do": "preview"})
    for page in (pasted, filed):
        assert "2 lines ready" in text_of(page)
        assert "$50.00" in text_of(page)


def test_a_binary_file_and_2001_lines_are_refused_in_words_and_nothing_is_lost(browser):
    upload = SimpleUploadedFile("order.xlsx", b"PK\x03\x04\x00\x00")
    assert "the workbook is damaged; open it, save it again" in text_of(
        browser.post("/quick-order/", {"mode": "file", "file": upload})
    )
    text = "\n".join(f"A-{n}\t1" for n in range(2001))
    page = browser.post("/quick-order/", {"mode": "paste", "text": text})
    assert "There are 2001 lines; one order takes 2000. Nothing was read" in text_of(page)
    assert "A-2000" in page.content.decode()


def review_and_place(browser, rows, **details):
    page = preview(browser, rows, do="review")
    text = "\n".join("\t".join(r) for r in rows)
    return browser.post("/quick-order/place", {"key": key_of(page), "text": text, "po_number": "PO-1", **details})


def test_placing_sends_to_the_order_page_which_says_every_line_s_promise(world, browser):
    a, b, _ = (p.sku for p in world.products)
    answer = review_and_place(browser, [(a, "12"), (b, "160")])
    order = Order.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/orders/{order.number}/"
    page = text_of(browser.get(answer["Location"]))
    assert f"Order {order.number} is placed." in page
    assert "60 backordered" in page
    assert "60 without a date" in page
    assert (order.channel, order.po_number, order.total_amount) == ("portal", "PO-1", 1720)
    assert order.on_behalf_of is None


def test_the_form_sent_twice_is_one_order(world, browser):
    sku = world.products[0].sku
    page = preview(browser, [(sku, "12")], do="review")
    form = {"key": key_of(page), "text": f"{sku}\t12", "po_number": "PO-1"}
    first, second = (browser.post("/quick-order/place", form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1


def test_bad_lines_are_left_out_and_said_so_and_the_good_ones_are_ordered(world, browser):
    sku = world.products[0].sku
    rows = [(sku, "12"), ("NO-SUCH", "1")]
    assert "1 line left out" in text_of(preview(browser, rows, do="review"))
    review_and_place(browser, rows)
    assert [line.qty for line in Order.objects.get().lines.all()] == [12]


def test_without_a_po_number_the_page_comes_back_with_all_that_was_entered(world, browser):
    sku = world.products[0].sku
    answer = review_and_place(browser, [(sku, "12")], po_number="", requested_date="2026-12-31")
    assert answer.status_code == 422
    assert "Enter your purchase order number" in text_of(answer)
    assert 'value="2026-12-31"' in answer.content.decode()
    assert Order.objects.count() == 0


def test_a_po_number_used_before_is_refused_with_the_first_order_s_number_and_can_be_mended(world, browser):
    sku = world.products[0].sku
    review_and_place(browser, [(sku, "12")])
    first = Order.objects.get()
    again = review_and_place(browser, [(sku, "5")])
    assert again.status_code == 422
    assert first.number in text_of(again)
    mended = browser.post("/quick-order/place", {"key": key_of(again), "text": f"{sku}\t5", "po_number": "PO-2"})
    assert mended.status_code == 302
    assert Order.objects.count() == 2


def test_over_the_credit_line_the_page_warns_in_plain_words_and_the_order_is_kept_on_hold():
    poor = make_world(stock=100, limit=50)
    browser, sku = browser_of(buyer_for(poor.account)), poor.products[0].sku
    page = text_of(preview(browser, [(sku, "12")], do="review"))
    assert "This goes over your credit." in page
    assert "You can place this order, and it will not ship at once." in page
    answer = review_and_place(browser, [(sku, "12")])
    shown = text_of(browser.get(answer["Location"]))
    assert "On hold." in shown and "because of the credit line" in shown
    assert "It waits for our finance team" in shown


def test_as_you_type_one_row_is_answered_with_the_summary(world, browser):
    sku = world.products[0].sku
    answer = browser.post(
        "/quick-order/row", {"item": [sku, "NOPE"], "qty": ["2", "1"]}, headers={"HX-Target": "answer-1"}
    )
    shown = text_of(answer)
    assert "In stock" in shown
    assert "$20.00" in shown
    assert "Credit available after this $9,980.00" in shown
    assert "Credit available $10,000.00" in text_of(browser.get("/quick-order/"))  # before the first line
    assert "<html" not in answer.content.decode()
    wrong = browser.post(
        "/quick-order/row", {"item": [sku, "NOPE"], "qty": ["2", "1"]}, headers={"HX-Target": "answer-2"}
    )
    assert "No product has the number NOPE." in text_of(wrong)


def test_a_rep_orders_for_the_chosen_customer_on_their_behalf(world):
    rep, other = RepFactory(), make_world()
    for account in (world.account, other.account):
        AssignmentFactory(rep=rep, account=account)
    browser = browser_of(rep.user)
    assert browser.post("/act-for", {"account": str(other.account.pk)}).status_code == 302
    review_and_place(browser, [(other.products[0].sku, "2")])
    order = Order.objects.get()
    assert (order.account_id, order.on_behalf_of_id) == (other.account.pk, other.account.pk)
    assert browser.post("/act-for", {"account": str(make_world().account.pk)}).status_code == 404


def test_a_buyer_who_may_only_look_is_turned_away_when_placing(world):
    browser = browser_of(BuyerFactory(account=world.account, role=BuyerRole.VIEWER).user)
    assert review_and_place(browser, [(world.products[0].sku, "2")]).status_code == 403
    assert Order.objects.count() == 0


def test_a_part_of_a_page_asked_for_after_the_session_ended_sends_the_whole_page_to_sign_in(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "https://shop.example/quick-order/?mode=paste"}
    answer = client.post("/quick-order/row", {"item": "A", "qty": "1"}, headers=headers)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/sign-in/login/?next=/quick-order/"


def test_a_stranger_signs_in_first_a_person_without_a_role_is_turned_away_and_staff_go_to_the_console(client):
    assert client.get("/quick-order/")["Location"].startswith("/sign-in/login/")
    assert browser_of(UserFactory()).get("/quick-order/").status_code == 403
    staff = browser_of(StaffFactory())
    assert staff.get("/")["Location"] == "/admin/"
    assert staff.get("/quick-order/").status_code == 403


def test_the_number_of_statements_is_the_same_for_1_50_and_500_lines(django_assert_max_num_queries):
    counts = {}
    for n in (1, 50, 500):
        world = make_world(products=n, stock=100)
        browser = browser_of(buyer_for(world.account))
        text = "\n".join(f"{p.sku}\t2" for p in world.products)
        browser.get("/invoices/")
        with django_assert_max_num_queries(60) as captured:
            page = browser.post("/quick-order/", {"mode": "paste", "text": text, "do": "preview"})
        assert f"{n} line" in text_of(page)
        counts[n] = len(captured.captured_queries)
    assert counts[1] == counts[50] == counts[500], counts
