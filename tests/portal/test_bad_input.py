"""What the portal and the console say to bad input: what is wrong and where; never a fault, nothing half-written."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from orders.models import Order
from tests.factories.accounts import AdminFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=2, stock=100)


@pytest.fixture
def browser(world):
    browser = browser_of(buyer_for(world.account))
    browser.raise_request_exception = True
    return browser


def text_of(answer):
    return answer.content.decode()


def place(browser, world, **more):
    form = {"text": f"{world.products[0].sku}\t1", "po_number": "PO-1", "key": str(uuid4()), **more}
    return browser.post("/quick-order/place", form)


@pytest.mark.parametrize(
    "qty", ["-1", "0", "ten", "1,5", "NaN", "1e999", "1e-9999", "²", "1_000", "0.00001", "9" * 400, "Infinity", "=1+1"]
)
def test_a_bad_quantity_stays_at_its_row_and_the_good_row_is_priced(browser, world, qty):
    good, bad = world.products
    page = text_of(browser.post("/quick-order/", {"text": f"{good.sku}\t2\n{bad.sku}\t{qty}"}))
    assert "20.00" in page
    assert "quantity" in page or "whole" in page or "decimal" in page
    answer = browser.post("/quick-order/place", {"text": f"{good.sku}\t2\n{bad.sku}\t{qty}", "key": str(uuid4())})
    assert answer.status_code in (200, 302, 422)
    assert Order.objects.filter(lines__product=bad).count() == 0


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("po_number", "x" * 61, "at most 60"),
        ("requested_date", "9999-99-99", "not a date"),
        ("requested_date", "²", "not a date"),
        ("requested_date", "x" * 5000, "not a date"),
        ("ship_to", "0", "no longer one of yours"),
        ("ship_to", "²", "no longer one of yours"),
        ("ship_to", "9" * 5000, "no longer one of yours"),
        ("key", "", "key"),
        ("key", "x" * 201, "key"),
    ],
)
def test_a_bad_detail_comes_back_with_its_reason_and_nothing_is_placed(browser, world, field, value, says):
    answer = place(browser, world, **{field: value})
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert world.products[0].sku in text_of(answer), "what was entered is gone"
    assert Order.objects.count() == 0


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_answered(browser, world, day):
    assert "is no day to deliver on" in text_of(place(browser, world, requested_date=day))
    assert Order.objects.count() == 0


@pytest.mark.parametrize("field", ["text", "po_number", "key", "requested_date", "ship_to"])
def test_a_nul_in_a_field_is_a_400_that_names_it(browser, world, field):
    answer = place(browser, world, **{field: "a\x00b"})
    assert answer.status_code == 400
    assert f"“{field}”" in text_of(answer)
    assert Order.objects.count() == 0


def test_nul_and_odd_digits_in_addresses_are_answered(browser):
    assert browser.get("/orders/?q=%00").status_code == 400
    assert browser.get("/orders/%00/").status_code == 404
    for query in ("before=²", "before=-1", "before=" + "9" * 400, "status=nope", "q=" + "x" * 5000, "q=%ff", "page=x"):
        assert browser.get(f"/orders/?{query}").status_code == 200, query
    for target in ("row-²", "row-abc", "row-" + "9" * 5000, "-", "row"):
        answer = browser.post("/quick-order/row", {"item": "x", "qty": "1"}, headers={"HX-Target": target})
        assert answer.status_code == 200, target
    for do in ("use-²:X", "use-" + "9" * 5000 + ":X", "use-:", "use-1", "nonsense"):
        assert browser.post("/quick-order/", {"item": ["x"], "qty": ["1"], "do": do}).status_code == 200, do


def test_the_lines_of_an_order_page_are_asked_for_with_odd_numbers(browser, world):
    place(browser, world)
    number = Order.objects.get().number
    for lines in ("²", "0", "-1", "999", "9" * 400, "x"):
        assert browser.get(f"/orders/{number}/?lines={lines}").status_code == 200, lines


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"PK\x03\x04\x00\x00binary", "the workbook is damaged"),
        (b"\x00\x01\x02", "binary data"),
        (b"\x81\x8d\x8f\x90", "neither UTF-8"),
        (b'"never closed\t1', "never closed"),
        ("naïve;1".encode("cp1252"), "naïve"),
        (b"\xef\xbb\xbfitem,qty\r\nX-1,1\r\n", "X-1"),
        (b"", ""),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(browser, raw, says):
    upload = SimpleUploadedFile("list.csv", raw)
    answer = browser.post("/quick-order/", {"mode": "file", "file": upload})
    assert answer.status_code == 200
    assert says in text_of(answer)


def test_2001_lines_are_refused_whole_and_a_body_above_2_mb_is_a_413(browser):
    page = text_of(browser.post("/quick-order/", {"text": "A\t1\n" * 2001}))
    assert "2001" in page.replace(",", "") and "Nothing was read" in page
    answer = browser.post("/quick-order/", {"text": "x" * (2 * 1024 * 1024)})
    assert answer.status_code == 413 and "2 MB" in text_of(answer)
    upload = SimpleUploadedFile("big.csv", b"A,1\n" * 700_000)
    assert browser.post("/quick-order/", {"mode": "file", "file": upload}).status_code == 413


def test_the_console_s_forms_name_what_is_wrong(world):
    browser = browser_of(AdminFactory())
    add = reverse("admin:accounts_account_add")
    assert browser.post(add, {"code": "a\x00b"}).status_code == 400
    long = browser.post(add, {"code": "x" * 5000, "name": "y" * 5000, "max_shipments": "²"})
    assert long.status_code == 200
    assert {"code", "name"} <= set(long.context["adminform"].form.errors)
    for query in ("q=%00", "p=-1", "p=²", "p=99999", "o=99.-7.x", "status=%00", "nope__x=1", "tier__id__exact=x"):
        status = browser.get(reverse("admin:accounts_account_changelist") + f"?{query}").status_code
        assert status in (200, 302, 400), (query, status)
    for key in ("²", "9" * 400, "-1", "x", "1_0", "%00", "_5F"):
        for model in ("accounts_account", "orders_order", "orders_hold", "exceptions_app_case", "catalog_product"):
            path = reverse(f"admin:{model}_change", args=["KEY"]).replace("KEY", key)
            assert browser.get(path).status_code in (302, 404), path


def test_the_console_s_buttons_answer_ids_of_30_digits(world):
    browser, big = browser_of(AdminFactory()), 10**30
    calls = [
        ("accounts_account_status", {"account_id": big}, {"status": "active", "reason": "x"}),
        (
            "accounts_approvalrequest_decide",
            {"approval_id": big},
            {"decision": "approve", "note": "long enough a note"},
        ),
        ("orders_order_do", {"order_id": big, "verb": "submit"}, {}),
        ("orders_order_do", {"order_id": big, "verb": "clear"}, {"hold_id": "²", "note": "x"}),
        ("orders_order_do", {"order_id": big, "verb": "cancel-line"}, {"line_no": "1e9", "note": "x", "qty": "1e999"}),
        ("exceptions_app_case_do", {"case_id": big, "verb": "take"}, {}),
        ("fulfillment_shipment_release", {"order_id": big}, {"next": "https://elsewhere.example/"}),
        ("fulfillment_shipment_deliver", {"shipment_id": big}, {}),
        ("fulfillment_shipment_pick", {"shipment_id": big}, {}),
        ("fulfillment_shipment_ship", {"shipment_id": big}, {"carrier": "x" * 5000}),
        ("core_overrideentry_review", {"entry_id": big}, {"verdict": "ok"}),
    ]
    for name, arguments, form in calls:
        answer = browser.post(reverse(f"admin:{name}", kwargs=arguments), form)
        assert answer.status_code in (200, 302, 404, 422), name
        assert "elsewhere" not in answer.headers.get("Location", "")
