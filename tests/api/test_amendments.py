"""Amending over the API: looked at first, done once, told in order."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.states import BuyerRole
from core import clock
from orders.models import Order, OrderRevision
from tests.factories.accounts import BuyerFactory, ShipToFactory, StaffFactory
from tests.factories.doors import buyer_for, device_of
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=2, stock=100)


@pytest.fixture
def device(world):
    return device_of(buyer_for(world.account))


@pytest.fixture
def address(world, device):
    sent = {"po_number": "PO-1", "lines": [{"sku": world.products[0].sku, "quantity": "10"}]}
    return device.post("/api/v1/orders", sent, headers={"Idempotency-Key": str(uuid4())})["Location"]


def soon():
    return (clock.now().date() + timedelta(days=9)).isoformat()


def amend(device, address, key=None, **sent):
    sent = {"version": Order.objects.get().version, "reason": "Fewer theatres", **sent}
    return device.post(f"{address}/amend", sent, headers={"Idempotency-Key": key or str(uuid4())})


def test_a_dry_run_says_money_promises_and_headroom_and_writes_nothing(world, device, address):
    lines = [{"line_no": 1, "quantity": "12"}, {"sku": world.products[1].sku, "quantity": "3"}]
    sent = {"version": Order.objects.get().version, "dry_run": True, "lines": lines, "requested_date": soon()}
    seen = device.post(f"{address}/amend", sent).json()
    assert (seen["can_amend"], seen["problems"], seen["revision"], seen["order"]) == (True, [], None, None)
    assert (seen["money_effect"]["amount"], seen["total"]["amount"]) == ("50.00", "150.00")
    assert [c["what"].split(",")[0] for c in seen["changes"]] == ["Wanted on", "Line 1", "Line 2"]
    assert [(x["before"], x["after"]) for x in seen["lines"]] == [("10", "12"), (None, "3")]
    assert [x["is_repriced"] for x in seen["lines"]] == [True, False]
    assert re.fullmatch(r"12 on \d+ \w+ from Reno DC", seen["lines"][0]["promise"])
    assert re.fullmatch(r"10 on \d+ \w+ from Reno DC", seen["lines"][0]["promised_now"])
    assert (seen["lines"][1]["promise"], seen["lines"][1]["promised_now"]) == ("3 now from Reno DC", "")
    assert "from Reno DC" in seen["lines"][1]["promise"]
    assert (seen["credit"]["asked"]["amount"], seen["credit"]["is_approved"]) == ("150.00", True)
    assert not OrderRevision.objects.exists()
    assert Order.objects.get().total_amount == 100


def test_what_a_dry_run_lets_through_goes_through_as_it_is_sent(world, device, address):
    """The same body, without `dry_run`: no reason is needed to ask, one that is too short is told when it is asked."""
    lines = [{"line_no": 1, "quantity": "12"}]
    body = {"version": Order.objects.get().version, "lines": lines, "reason": "Two more theatres"}
    assert device.post(f"{address}/amend", {**body, "dry_run": True}).json()["can_amend"]
    for short in ("", "no"):
        seen = device.post(f"{address}/amend", {**body, "reason": short, "dry_run": True})
        told = seen.json()["problems"] if seen.status_code == 200 else seen.json()["errors"]
        assert [p["pointer"] for p in told] == ["/reason"]
    done = device.post(f"{address}/amend", body, headers={"Idempotency-Key": str(uuid4())})
    assert (done.status_code, done.json()["revision"]) == (200, 1)


def test_the_amendment_is_made_once_for_its_key_and_told_in_the_history(world, device, address):
    key, version = str(uuid4()), Order.objects.get().version
    first, again = (
        amend(device, address, key, version=version, lines=[{"line_no": 1, "quantity": "6"}]) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (200, 200), first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert (first.json()["revision"], first.json()["order"]["total"]["amount"]) == (1, "60.00")
    (told,) = device.get(f"{address}/revisions").json()["items"]
    assert (told["number"], told["reason"], told["money_effect"]["amount"]) == (1, "Fewer theatres", "-40.00")
    assert told["changes"][0]["after"] == "6"
    assert any(t["what"] == "amended" for t in device.get(f"{address}/timeline").json()["items"])


def test_names_of_the_house_stay_inside(world, device, address):
    clerk = StaffFactory(roles=["cs"])
    amend(device_of(clerk), address, lines=[{"line_no": 1, "quantity": "8"}])
    (told,) = device_of(clerk).get(f"{address}/revisions").json()["items"]
    assert told["by"] == str(clerk)
    (outside,) = device.get(f"{address}/revisions").json()["items"]
    assert (outside["by"], outside["reason"]) == ("our team", "Fewer theatres")


def test_all_faults_come_back_at_their_fields_and_another_version_is_412(world, device, address):
    wrong = amend(
        device, address, ship_to="NOWHERE", lines=[{"sku": "NO-SUCH", "quantity": "1"}, {"line_no": 1, "ship_to": "X"}]
    ).json()
    assert {e["pointer"] for e in wrong["errors"]} == {"/ship_to", "/lines/0/sku", "/lines/1/ship_to"}
    wrong = amend(
        device, address, lines=[{"line_no": 7, "quantity": "1"}, {"line_no": 1, "quantity": "0.5", "uom": "BOX"}]
    )
    assert wrong.status_code == 422
    assert {(e["pointer"], e["code"]) for e in wrong.json()["errors"]} == {
        ("/lines/0/line_no", "unknown_line"),
        ("/lines/1/uom", "unknown_unit"),
    }
    assert amend(device, address, version=99, lines=[{"line_no": 1, "quantity": "1"}]).status_code == 412
    assert amend(device, address, quantity="1").status_code == 422
    keyless = device.post(f"{address}/amend", {"version": 1, "reason": "why not"})
    assert keyless.status_code == 400


def test_an_address_of_ones_own_is_taken_and_a_viewer_amends_nothing(world, device, address):
    other = ShipToFactory(account=world.account)
    assert amend(device, address, ship_to=other.code, requested_date=None).status_code == 200
    assert Order.objects.get().ship_to_id == other.pk
    viewer = device_of(BuyerFactory(account=world.account, role=BuyerRole.VIEWER).user)
    assert amend(viewer, address, lines=[{"line_no": 1, "quantity": "1"}]).status_code == 403
