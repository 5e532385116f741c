"""What the API says to bad input: a problem that names the place and the remedy, never a fault, nothing half-written."""

import json
import threading
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from rest_framework.test import APIClient

from core.idempotency import Claim
from core.models import IdempotencyKey, OutboxFact
from inventory.models import Demand
from orders.models import Order
from tests.factories.accounts import PASSWORD
from tests.factories.catalog import ProductFactory
from tests.factories.doors import buyer_for, device_of
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=2, stock=100)


@pytest.fixture
def device(world):
    return device_of(buyer_for(world.account))


def raw(device, text, url="/api/v1/orders", content_type="application/json", key=None):
    body = text if isinstance(text, bytes) else text.encode()
    return device.post(url, body, content_type=content_type, headers={"Idempotency-Key": key or str(uuid4())})


def post(device, sent, key=None):
    return raw(device, json.dumps(sent), key=key)


def order(world, *lines, **more):
    first = {"sku": world.products[0].sku, "quantity": "1"}
    return {"po_number": "PO-1", "lines": list(lines) or [first], **more}


def line(world, **more):
    return {"sku": world.products[0].sku, "quantity": "1", **more}


def nothing_was_written():
    return (Order.objects.count(), Demand.objects.count(), OutboxFact.objects.count()) == (0, 0, 0)


def pointers(answer):
    return {e["pointer"] for e in answer.json()["errors"]}


def assert_problem(answer, status):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status and found["code"] and found["detail"] and found["request_id"]
    return found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"lines": [', "line 1"),
        ("{'lines': []}", "double quotes"),
        ('{"lines": NaN}', "NaN"),
        ('{"lines": -Infinity}', "Infinity"),
        ('{"po_number": "1", "po_number": "2", "lines": []}', "twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
        (b'{"po_number": "caf\xe9"}', "UTF-8"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        (b"\x1f\x8b\x08\x00", "UTF-8"),
        ('{"po_number": "a\x00b"}', "line 1"),
        ('{"lines": ' + "9" * 5000 + "}", "digits"),
    ],
)
def test_what_is_not_json_is_a_400_that_says_where(device, text, says):
    found = assert_problem(raw(device, text), 400)
    assert found["code"] == "malformed_body"
    assert says in found["detail"]
    assert nothing_was_written()


@pytest.mark.parametrize("body", ["[]", '"text"', "1", "null", "true", "1e999", '[{"lines": []}]'])
def test_json_that_is_no_object_is_a_422(device, body):
    assert_problem(raw(device, body), 422)
    assert nothing_was_written()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("po_number", v) for v in (["PO"], {"a": 1}, True, None, "x" * 61, "a\x00b", "\ud800")),
        *(("account", v) for v in ([], {}, "x" * 61)),
        *(("ship_to", v) for v in ("NOWHERE", "x" * 41, ["S1"], "a\x00")),
        *(("requested_date", v) for v in ("9999-99-99", "2026-02-30", "tomorrow", "", 20261231, "02/03/2026")),
        *(("note", v) for v in ("x" * 2001, "\x00")),
        *(("lines", v) for v in ([], {}, "x", None, [[]], [None], ["SKU"], [1])),
        ("colour", "red"),
    ],
)
def test_a_bad_field_is_a_422_that_points_at_it(world, device, field, value):
    answer = post(device, order(world, **{field: value}))
    found = assert_problem(answer, 422)
    assert any(p.startswith(f"/{field}") for p in pointers(answer)), found
    assert nothing_was_written()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("quantity", v) for v in ("-1", "0", "", " ", "ten", "1,5", "NaN", "Infinity", "1_000", "0.00001", "1e999")),
        *(
            ("quantity", v)
            for v in (True, None, [], {}, "1e-999999", "99999999999", 10**30, "9" * 5000, "1" + "0" * 90)
        ),
        *(("sku", v) for v in ("", "NO-SUCH", "x" * 81, "a\x00b", None, {}, 7.5, "\ud800")),
        *(("uom", v) for v in ("PALLET", "x" * 11, None, [])),
        ("requested_date", "9999-99-99"),
        ("external_ref", "x" * 81),
        ("price", "0.01"),
    ],
)
def test_a_bad_value_of_a_line_is_a_422_that_points_at_the_line_and_the_field(world, device, field, value):
    answer = post(device, order(world, line(world), line(world, **{field: value})))
    assert_problem(answer, 422)
    assert f"/lines/1/{field}" in pointers(answer), answer.json()
    assert all(len(e["detail"]) < 400 for e in answer.json()["errors"]), "the answer repeats what was sent"
    assert nothing_was_written()


def test_exact_json_numbers_beyond_every_float_are_refused_not_rounded(world, device):
    for number in ("1e999", "1E+400", "0.1234567", "123456789012345678901234567890", "-1"):
        text = json.dumps(order(world)).replace('"quantity": "1"', f'"quantity": {number}')
        assert_problem(raw(device, text), 422)
    assert nothing_was_written()


def test_a_quantity_that_does_not_fit_the_multiple_names_the_next_that_does(world, device):
    product = ProductFactory(order_multiple=Decimal(12))
    world.products[1] = product
    answer = post(device, order(world, {"sku": product.sku, "quantity": "7"}))
    assert_problem(answer, 422)
    assert "/lines/0/quantity" in pointers(answer)
    assert "12" in json.dumps(answer.json()["errors"])
    assert nothing_was_written()


@pytest.mark.parametrize("day", ["0001-01-01", "1970-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_answered_not_fallen_over(world, device, day):
    for field in ("requested_date", "cancel_after_date"):
        sent = order(world, **{field: day})
        assert f"/{field}" in pointers(post(device, sent))
        previewed = raw(device, json.dumps(sent), "/api/v1/orders/preview").json()
        assert f"/{field}" in {p["pointer"] for p in previewed["problems"]}
    assert "/lines/0/requested_date" in pointers(post(device, order(world, line(world, requested_date=day))))
    assert nothing_was_written()


def test_the_preview_tells_the_bad_lines_and_prices_the_good_ones(world, device):
    sent = order(world, line(world), line(world, sku="NO-SUCH"))
    found = raw(device, json.dumps(sent), "/api/v1/orders/preview").json()
    assert "/lines/1/sku" in {p["pointer"] for p in found["problems"]}
    assert found["lines"][0]["sku"] == world.products[0].sku
    assert nothing_was_written()


def test_emoji_right_to_left_and_combining_text_are_kept_as_sent(world, device):
    po = "Zamówienie 🦷 طلب é"
    answer = post(device, order(world, po_number=po))
    assert answer.status_code == 201
    assert Order.objects.get().po_number == po


@pytest.mark.parametrize("key", ["", " ", "x" * 201])
def test_a_key_that_is_none_is_refused(world, device, key):
    answer = device.post("/api/v1/orders", order(world), headers={"Idempotency-Key": key})
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("key_missing", "key_invalid")
    assert nothing_was_written()


def test_a_refusal_is_told_again_under_its_key_and_another_body_is_422(world, device):
    key, sent = str(uuid4()), order(world, line(world, uom="PALLET"))
    first, again = post(device, sent, key), post(device, sent, key)
    assert first.status_code == again.status_code == 422
    assert pointers(first) == pointers(again)
    good = post(device, order(world), key)
    assert good.status_code in (201, 422)
    if good.status_code == 422:
        assert good.json()["code"] == "key_reused"


@pytest.mark.parametrize("query", ["limit=201", "limit=0", "limit=-1", "limit=²", "limit=" + "9" * 5000, "limit=1e3"])
def test_a_page_above_200_or_no_number_is_a_400(device, query):
    assert_problem(device.get(f"/api/v1/orders?{query}"), 400)


@pytest.mark.parametrize(
    "cursor", ["x", "²", "YmVmb3JlOi0x", "YmVmb3JlOng", "9" * 5000, "%00", "YmVmb3JlOjk5OTk5OTk5OTk5OTk5OTk5OTk5"]
)
def test_a_cursor_that_was_never_given_is_a_400(device, cursor):
    assert_problem(device.get(f"/api/v1/orders?cursor={cursor}"), 400)


@pytest.mark.parametrize("url", ["orders?q=%00", "products?q=a%00b", "products?barcode=%00", "availability?skus=%00"])
def test_nul_in_a_parameter_is_a_400_that_names_it(device, url):
    found = assert_problem(device.get(f"/api/v1/{url}"), 400)
    assert found["code"] == "unstorable_text"
    assert url.split("?")[1].split("=")[0] in found["detail"]


def test_odd_parameters_and_addresses_are_answered(device):
    for query in ("q=%ff%fe", "q=%25", "q=_", "q=\\", "q='", "number=" + "9" * 5000, "external_id=%F0%9F%A6%B7"):
        assert device.get(f"/api/v1/orders?{query}").status_code == 200
    for path in ("%00", "%ff", "..%2f..%2fetc", "a" * 4000, "²"):
        assert device.get(f"/api/v1/orders/{path}").status_code == 404
    assert device.get("/api/v1/products?q=²²").status_code == 200
    assert device.get("/api/v1/availability?skus=" + ",".join("abcdefgh" for _ in range(501))).status_code == 400


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"],
)
def test_another_content_type_is_a_415(device, kind):
    assert_problem(raw(device, b"a=b", content_type=kind), 415)


def test_a_body_above_2_mb_is_a_413_at_every_address(world, device):
    huge = b'{"note": "' + b"a" * (2 * 1024 * 1024) + b'"}'
    for url in ("/api/v1/orders", "/api/v1/orders/preview", "/api/v1/availability", "/api/v1/tokens"):
        assert assert_problem(raw(device, huge, url), 413)["code"] == "body_too_large"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Basic YTpi",
        "Bearer " + "0" * 64,
        "Bearer " + "é" * 32,
        "Bearer " + "a" * 9000,
    ],
)
def test_a_header_that_is_no_token_is_a_401(header):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header.encode().decode("latin-1"))
    assert_problem(client.get("/api/v1/me"), 401)


@pytest.mark.parametrize(
    "sent", [{}, {"email": "x"}, {"email": "a@b.c", "password": "\x00"}, {"email": ["a@b.c"], "password": {}}]
)
def test_credentials_of_the_wrong_shape_are_a_422_or_a_401(sent):
    assert APIClient().post("/api/v1/tokens", sent).status_code in (401, 422)


def test_a_password_of_200_characters_and_one_more():
    answer = APIClient().post("/api/v1/tokens", {"email": "a@example.com", "password": PASSWORD * 20})
    assert_problem(answer, 422)


@pytest.mark.django_db(transaction=True)
def test_while_the_first_call_runs_its_twin_is_told_to_come_again(world, monkeypatch):
    """The key's row is held by a transaction that does not end: after the lock time-out 409 and Retry-After."""
    user = buyer_for(world.account)
    device, key = device_of(user), str(uuid4())
    held, done = threading.Event(), threading.Event()

    def first() -> None:
        from django.db import transaction

        claim = Claim("api.orders", owner=f"user:{user.pk}", key=key, body_hash="x")
        with transaction.atomic():
            IdempotencyKey.objects.create(
                scope=claim.scope,
                owner=claim.owner,
                key=key,
                body_hash="x",
                state="running",
                created_at=user.date_joined,
            )
            held.set()
            done.wait(60)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert held.wait(20)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 150")
        found = assert_problem(answer := post(device, order(world), key), 409)
        assert (found["code"], answer["Retry-After"]) == ("busy", "1")
    finally:
        done.set()
        thread.join(60)
    assert Order.objects.count() == 0
