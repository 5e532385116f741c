import json
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.states import BuyerRole, Role
from core import clock
from core.models import IdempotencyKey
from orders.models import Order
from tests.factories.accounts import AssignmentFactory, BuyerFactory, RepFactory, StaffFactory, UserFactory
from tests.factories.catalog import CustomerPartFactory
from tests.factories.doors import buyer_for, device_of
from tests.factories.inventory import InboundFactory
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=3, stock=100)


@pytest.fixture
def device(world):
    return device_of(buyer_for(world.account))


def body(world, *qtys, **more):
    lines = [{"sku": world.products[n].sku, "quantity": str(q)} for n, q in enumerate(qtys)]
    return {"po_number": "PO-1", "lines": lines, **more}


def place(device, sent, key=None):
    return device.post("/api/v1/orders", sent, headers={"Idempotency-Key": key or str(uuid4())})


def test_an_order_of_two_lines_is_placed_read_and_listed_with_money_as_strings(world, device):
    answer = place(device, body(world, 12, 5))
    assert answer.status_code == 201, answer.json()
    placed = answer.json()
    assert placed["total"] == {"amount": "170.00", "currency": "USD"}
    assert placed["is_held"] is False
    assert [x["reserved"]["value"] for x in placed["lines"]] == ["12", "5"]
    read = device.get(answer["Location"]).json()
    assert (read["id"], read["number"], read["status"]) == (placed["id"], placed["number"], "submitted")
    assert read["lines"][0]["buckets"]["reserved"] == "12"
    assert read["lines"][0]["promises"][0]["quantity"] == {"value": "12", "uom": "EA"}
    listed = device.get("/api/v1/orders").json()
    assert [o["number"] for o in listed["items"]] == [placed["number"]]
    assert listed["next"] is None


def test_the_same_key_twice_is_one_order_and_the_second_answer_is_marked(world, device):
    key = str(uuid4())
    first, second = place(device, body(world, 12), key), place(device, body(world, 12), key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Order.objects.count() == 1


def test_another_body_under_the_same_key_is_a_422_and_places_nothing(world, device):
    key = str(uuid4())
    place(device, body(world, 12), key)
    answer = place(device, body(world, 13), key)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert Order.objects.count() == 1


def test_without_a_key_nothing_is_placed(world, device):
    answer = device.post("/api/v1/orders", body(world, 12))
    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")
    assert Order.objects.count() == 0


def test_every_bad_line_is_named_at_once_and_the_good_one_is_not_placed_alone(world, device):
    sent = body(world, 12, 5)
    sent["lines"] += [{"sku": "NO-SUCH", "quantity": "1"}, {"sku": "NEITHER", "quantity": "1"}]
    answer = place(device, sent)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/lines/2/sku", "/lines/3/sku"]
    assert Order.objects.count() == 0
    assert IdempotencyKey.objects.count() == 0


@pytest.mark.parametrize("quantity", ["0", "-3", "ten", "1.00001", "1e999", None, ["1"]])
def test_a_quantity_that_is_none_is_named_with_its_line(world, device, quantity):
    sent = body(world, 12, 5)
    sent["lines"][1]["quantity"] = quantity
    answer = place(device, sent)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/lines/1/quantity"


def test_a_unit_the_product_does_not_have_points_at_uom_and_the_same_key_says_it_again(world, device):
    sent, key = body(world, 12), str(uuid4())
    sent["lines"][0]["uom"] = "PALLET"
    for answer in (place(device, sent, key), place(device, sent, key)):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/lines/0/uom"


def test_a_preview_shows_price_date_and_problems_and_writes_nothing(world, device):
    sent = body(world, 12, 500)
    sent["lines"].append({"sku": "NO-SUCH", "quantity": "1"})
    answer = device.post("/api/v1/orders/preview", sent)
    assert answer.status_code == 200, answer.json()
    seen = answer.json()
    assert seen["lines"][0]["unit_price"] == {"amount": "10.00", "currency": "USD"}
    assert seen["lines"][0]["amount"] == {"amount": "120.00", "currency": "USD"}
    assert seen["lines"][0]["promises"][0]["quantity"]["value"] == "12"
    assert [p["quantity"]["value"] for p in seen["lines"][1]["promises"]] == ["100", "400"]
    assert [p["pointer"] for p in seen["problems"]] == ["/lines/2/sku"]
    assert seen["can_submit"] is False
    assert Order.objects.count() == 0


def test_a_preview_and_the_placed_order_say_how_much_goes_now_and_what_comes_when(world, device):
    today = clock.now().date()
    InboundFactory(
        product=world.products[0], site=world.site, ordered_qty=Decimal(50), eta_date=today + timedelta(days=10)
    )
    first, rest = today + timedelta(days=2), today + timedelta(days=12)
    sent = body(world, 120)
    (line,) = device.post("/api/v1/orders/preview", sent).json()["lines"]
    assert line["split"] == f"100 now from Reno DC, 20 on {rest.day} {rest:%b}"
    (line,) = device.get(place(device, sent)["Location"]).json()["lines"]
    assert line["split"] == f"100 on {first.day} {first:%b} from Reno DC, 20 on {rest.day} {rest:%b}"


def test_cost_margin_and_floor_never_leave(world, device):
    world.rows[0].min_unit_price = None
    sent = body(world, 12)
    texts = [device.post("/api/v1/orders/preview", sent).content.decode()]
    placed = place(device, sent)
    texts += [placed.content.decode(), device.get(placed["Location"]).content.decode()]
    texts += [device.get(placed["Location"] + "/timeline").content.decode()]
    for text in texts:
        for word in ("margin", "cost", "floor", "losers"):
            assert word not in text.lower()


def test_over_the_credit_limit_the_order_is_kept_on_hold_not_refused(world):
    poor = make_world(products=1, stock=100, limit=50)
    answer = place(device_of(buyer_for(poor.account)), body(poor, 12))
    assert answer.status_code == 201
    assert answer.json()["is_held"] is True
    assert [h["reason"] for h in answer.json()["holds"]] == ["credit"]


def test_another_customer_s_order_is_a_404_in_every_way(world, device):
    other = make_world()
    placed = place(device_of(buyer_for(other.account)), body(other, 1)).json()
    for address in (placed["id"], placed["number"], placed["id"] + "/timeline", str(uuid4()), "'--"):
        assert device.get(f"/api/v1/orders/{address}").status_code == 404
    assert device.get(f"/api/v1/orders?number={placed['number']}").json()["items"] == []
    assert device.get(f"/api/v1/orders?account={other.account.code}").status_code == 404
    assert place(device, body(world, 1, account=other.account.code)).status_code == 404
    assert Order.objects.filter(account=other.account).count() == 1


def test_a_rep_places_for_an_assigned_customer_on_their_behalf_and_must_say_for_whom(world):
    second = make_world()
    rep = RepFactory()
    for account in (world.account, second.account):
        AssignmentFactory(rep=rep, account=account)
    device = device_of(rep.user)
    vague = place(device, body(world, 1))
    assert (vague.status_code, vague.json()["errors"][0]["pointer"]) == (422, "/account")
    answer = place(device, body(world, 1, account=world.account.code))
    assert answer.status_code == 201
    order = Order.objects.get()
    assert (order.entered_by_id, order.on_behalf_of_id) == (rep.user.pk, world.account.pk)
    assert place(device, body(world, 1, account=make_world().account.code)).status_code == 404


def test_a_buyer_who_may_only_look_places_nothing(world):
    device = device_of(BuyerFactory(account=world.account, role=BuyerRole.VIEWER).user)
    assert device.post("/api/v1/orders/preview", body(world, 1)).status_code == 200
    answer = place(device, body(world, 1))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert Order.objects.count() == 0


def test_a_warehouse_person_may_look_and_may_not_order(world):
    device = device_of(StaffFactory(roles=[Role.WAREHOUSE]))
    assert device.get("/api/v1/orders").status_code == 200
    answer = place(device, body(world, 1, account=world.account.code))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert device_of(UserFactory()).get("/api/v1/orders").status_code == 403


def test_pages_of_two_show_five_orders_once_each_though_one_arrives_meanwhile(world, device):
    numbers = [place(device, body(world, 1, po_number=f"PO-{n}")).json()["number"] for n in range(5)]
    seen, cursor = [], ""
    while True:
        page = device.get(f"/api/v1/orders?limit=2&cursor={cursor}").json()
        seen += [o["number"] for o in page["items"]]
        if not cursor:
            place(device, body(world, 1, po_number="PO-late"))
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == numbers[::-1]


def test_an_order_is_cancelled_once_with_a_reason_and_its_stock_comes_back(world, device):
    address = place(device, body(world, 12))["Location"]
    assert device.get(address).json()["allowed_actions"] == ["amend", "cancel"]
    key = {"Idempotency-Key": str(uuid4())}
    assert device.post(f"{address}/cancel", {"reason": "Ordered twice"}).status_code == 400
    assert device.post(f"{address}/cancel", {}, headers=key).status_code == 422
    for answer in [device.post(f"{address}/cancel", {"reason": "Ordered twice"}, headers=key) for _ in range(2)]:
        assert answer.status_code == 200
        assert (answer.json()["status"], answer.json()["allowed_actions"]) == ("cancelled", [])
    again = device.post(f"{address}/cancel", {"reason": "Once more"}, headers={"Idempotency-Key": str(uuid4())})
    assert again.status_code == 409
    sku = world.products[0].sku
    assert device.get(f"/api/v1/availability?skus={sku}").json()["items"][0]["available"]["value"] == "100"


def test_an_unknown_filter_and_a_bad_value_are_400(device):
    for query, code in (
        ("stat=open", "unknown_parameter"),
        ("status=open", "bad_parameter"),
        ("limit=0", "bad_parameter"),
    ):
        answer = device.get(f"/api/v1/orders?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_duplicate_purchase_order_is_refused_with_the_number_of_the_first(world, device):
    first = place(device, body(world, 1)).json()
    answer = place(device, body(world, 2))
    assert answer.status_code == 409
    assert answer.json()["code"] == "duplicate_purchase_order"
    assert first["number"] in answer.json()["detail"]


def test_the_customer_s_own_part_number_orders_the_product(world, device):
    CustomerPartFactory(account=world.account, product=world.products[2], part_number="HDG-0087")
    answer = place(device, {"po_number": "PO-7", "lines": [{"sku": "hdg-0087", "quantity": "3"}]})
    assert answer.json()["lines"][0]["sku"] == world.products[2].sku


def test_availability_answers_many_codes_and_names_the_unknown(world, device):
    codes = [p.sku for p in world.products]
    place(device, body(world, 12))
    found = device.post("/api/v1/availability", {"skus": [*codes, "NO-SUCH"]}).json()
    assert [i["available"]["value"] for i in found["items"]] == ["88", "100", "100"]
    assert found["unknown"] == ["NO-SUCH"]
    assert "sites" not in found["items"][0]
    same = device.get(f"/api/v1/availability?skus={','.join(codes)}").json()
    assert same["items"] == found["items"]
    assert device.post("/api/v1/availability", {"skus": ["X"] * 501}).status_code == 422


@pytest.mark.parametrize("what", ["preview", "create", "read", "availability"])
def test_the_number_of_statements_is_the_same_for_1_50_and_500_lines(what, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.allow_request", lambda *a: True)
    counts = {}
    for n in (1, 50, 500):
        world = make_world(products=n, stock=100)
        device = device_of(buyer_for(world.account))
        sent = body(world, *[2] * n)
        address = place(device, sent)["Location"] if what == "read" else ""
        device.get("/api/v1/me")
        with django_assert_max_num_queries(80) as captured:
            if what == "preview":
                assert device.post("/api/v1/orders/preview", sent).status_code == 200
            elif what == "create":
                assert place(device, sent).status_code == 201
            elif what == "read":
                assert len(device.get(address).json()["lines"]) == n
            else:
                codes = [p.sku for p in world.products]
                assert len(device.post("/api/v1/availability", {"skus": codes}).json()["items"]) == n
        counts[n] = len(captured.captured_queries)
    assert counts[1] == counts[50] == counts[500], counts


def test_numbers_in_json_are_taken_exactly(world, device):
    sent = json.dumps(body(world, 1)).replace('"quantity": "1"', '"quantity": 3.0')
    answer = device.post(
        "/api/v1/orders", sent, content_type="application/json", headers={"Idempotency-Key": str(uuid4())}
    )
    assert answer.status_code == 201
    assert Order.objects.get().lines.get().qty == Decimal(3)
