"""Stock in the field over the API: a rep sees their own trunks and their customers' shelves; another's does not exist."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.states import Role
from core import clock
from core.testing import drain
from inventory.models import FieldUsage, Lot, ParLevel, StockBalance, TransferOffer
from inventory.states import SiteKind
from tests.factories.accounts import RepFactory, UserFactory
from tests.factories.doors import buyer_for, device_of
from tests.factories.field import make_field
from tests.factories.flow import breaches
from tests.factories.inventory import SiteFactory, stock
from tests.factories.stock import on_hand, shipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    return make_field(po_number_required=False)


@pytest.fixture
def rep(made):
    return device_of(made.rep.user)


@pytest.fixture
def other(made):
    """Another rep, with a trunk and customers of their own."""
    person = RepFactory()
    SiteFactory(code="TRUNK-2", kind=SiteKind.TRUNK, rep=person)
    return device_of(person.user)


def desk(role):
    return device_of(UserFactory(roles=[role], is_staff=True))


def post(device, path, body, *, key=None):
    headers = {"Idempotency-Key": key or str(uuid4())}
    return device.post(f"/api/v1/field/{path}", body, format="json", headers=headers)


def usage(made, **more):
    line = {"code": made.product.sku, "quantity": "2"}
    body = {"site": "TRUNK-1", "account": made.world.account.code, "used_at": clock.now().isoformat(), "lines": [line]}
    return {**body, "case_reference": "CASE-1", **more}


def test_a_rep_sees_own_trunks_and_own_customers_shelves_and_no_other(made, rep, other):
    assert [s["code"] for s in rep.get("/api/v1/field/sites").json()["items"]] == ["CONS-1", "TRUNK-1"]
    assert [s["code"] for s in other.get("/api/v1/field/sites").json()["items"]] == ["TRUNK-2"]
    assert [s["code"] for s in desk(Role.CS).get("/api/v1/field/sites").json()["items"]] == [
        "CONS-1", "TRUNK-1", "TRUNK-2",
    ]  # fmt: skip
    for path in ("sites/TRUNK-1", "sites/CONS-1", "sites/NOWHERE"):
        assert other.get(f"/api/v1/field/{path}").status_code == 404
    assert post(other, "usages", usage(made)).status_code == 404
    assert post(other, "counts", {"site": "TRUNK-1"}).status_code == 404
    assert post(other, "sites/TRUNK-1/scan", {"codes": ["x"]}).status_code == 404
    assert device_of(buyer_for(made.world.account)).get("/api/v1/field/sites").status_code == 403
    assert not FieldUsage.objects.exists()


def test_a_rep_cannot_use_for_another_reps_customer(made, other):
    answer = post(other, "usages", usage(made, site="TRUNK-2"))
    assert answer.status_code == 404


def test_a_trunk_shows_what_is_there_and_what_is_to_be_there(made, rep):
    ParLevel.objects.create(site=made.trunk, product=made.product, par_qty=8)
    page = rep.get("/api/v1/field/sites/trunk-1").json()
    (line,), (level,) = page["stock"], page["par_levels"]
    assert (line["sku"], line["on_hand"]["value"], level["par"]["value"], level["there"]["value"]) == (
        made.product.sku, "5", "8", "5",
    )  # fmt: skip


def test_a_usage_sent_twice_is_once_and_another_body_under_its_key_is_refused(made, rep):
    body, key = usage(made), str(uuid4())
    first, again = (post(rep, "usages", body, key=key) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert again["Idempotency-Replayed"] == "true"
    assert post(rep, "usages", {**body, "case_reference": "CASE-2"}, key=key).status_code == 422
    assert on_hand(made.product, made.trunk) == 3
    assert first.json()["status"] == "billed"


def test_an_offline_day_is_replayed_in_the_order_of_the_device(made, rep):
    start = clock.now() - timedelta(hours=9)
    for hour in range(3):
        moment = (start + timedelta(hours=hour)).isoformat()
        line = {"code": made.product.sku}
        assert post(rep, "usages", usage(made, used_at=moment, lines=[line])).status_code == 201
    assert on_hand(made.product, made.trunk) == 2
    listed = rep.get("/api/v1/field/usages").json()["items"]
    assert [u["used_at"] for u in listed] == sorted((u["used_at"] for u in listed), reverse=True)


def test_a_po_that_follows_is_added_and_the_list_says_what_waits(made, rep):
    number = post(rep, "usages", usage(made, case_reference="", po_to_follow=True)).json()["number"]
    drain(clock.now())
    (waiting,) = rep.get("/api/v1/field/usages?waiting=yes").json()["items"]
    assert (waiting["number"], waiting["waits_for_po"]) == (number, True)
    assert waiting["order"].startswith("SO-")
    assert "to follow" in rep.get(f"/api/v1/field/usages/{number}").json()["holds"][0]
    done = rep.post(f"/api/v1/field/usages/{number}/purchase-order", {"po_number": "PO-1"}, format="json").json()
    assert (done["waits_for_po"], done["holds"]) == (False, [])
    assert rep.get("/api/v1/field/usages?waiting=yes").json()["items"] == []


def test_what_is_wrong_with_a_scan_comes_back_line_by_line(made, rep):
    lines = [{"code": "0012345678905"}, {"code": made.product.sku, "quantity": "9"}]
    answer = post(rep, "usages", usage(made, lines=lines))
    assert answer.status_code == 422
    found = {e["pointer"]: (e["code"], bool(e["remedy"])) for e in answer.json()["errors"]}
    assert found == {"/lines/0/code": ("unknown_gtin", True), "/lines/1/quantity": ("more_than_there", True)}
    assert post(rep, "usages", usage(made, used_at="0001-01-01T00:00:00Z")).status_code == 422
    assert rep.post("/api/v1/field/usages", usage(made), format="json").json()["code"] == "key_missing"


def test_a_scan_says_what_a_code_is_and_whether_it_is_here(made, rep):
    pump = type(made.product).objects.create(sku="PUMP", name="Pump", tracking="lot", gtin="00312345678906")
    stock(pump, made.shelf, 2, lot="A1")
    codes = {"codes": ["(01)00312345678906(10)A1", "???", "PUMP"]}
    here, unknown, bare = rep.post("/api/v1/field/sites/CONS-1/scan", codes, format="json").json()["items"]
    assert (here["sku"], here["lot"], here["here"]["value"], here["problem"]) == ("PUMP", "A1", "2", "")
    assert (unknown["sku"], bool(unknown["problem"]), bare["here"]) == ("", True, None)
    (away, *_) = rep.post("/api/v1/field/sites/TRUNK-1/scan", codes, format="json").json()["items"]
    assert "not at TRUNK-1" in away["problem"]
    Lot.objects.update(is_recalled=True)
    (recalled, *_) = rep.post("/api/v1/field/sites/CONS-1/scan", codes, format="json").json()["items"]
    assert "recalled" in recalled["problem"]


def test_a_rep_acknowledges_disputes_and_gives_way(made, rep, other):
    stock(made.product, made.world.site, 9)
    shipped(made.product, made.world.site, made.trunk, 4)
    (coming,) = rep.get("/api/v1/field/transfers").json()["items"]
    assert other.get("/api/v1/field/transfers").json()["items"] == []
    path, line = f"/api/v1/field/transfers/{coming['number']}/acknowledge", coming["lines"][0]["line"]
    body = {"lines": [{"line": line, "good": "3"}], "note": "one box short"}
    assert other.post(path, body, format="json").status_code == 404
    answer = rep.post(path, body, format="json").json()
    (dispute,) = answer["disputes"]
    assert (answer["status"], dispute["sent"]["value"], dispute["stated"]["value"]) == ("short", "4", "3")
    settle = f"/api/v1/field/disputes/{dispute['number']}/settle"
    assert other.post(settle, {"outcome": "sender"}, format="json").status_code == 404
    assert rep.post(settle, {"outcome": "receiver"}, format="json").status_code == 403
    assert desk(Role.WAREHOUSE).post(settle, {"outcome": "receiver"}, format="json").json()["outcome"] == "receiver"
    assert on_hand(made.product, made.world.site) == 6
    assert breaches() == []


def test_a_rep_offers_and_the_other_accepts_or_not(made, rep, other):
    line = {"sku": made.product.sku, "quantity": "2"}
    body = {"from_site": "TRUNK-1", "to_site": "TRUNK-2", "lines": [line]}
    assert post(other, "offers", body).status_code == 404
    number = post(rep, "offers", body).json()["number"]
    assert [o["number"] for o in other.get("/api/v1/field/offers").json()["items"]] == [number]
    assert rep.post(f"/api/v1/field/offers/{number}/accept", {}, format="json").status_code == 404
    assert other.post(f"/api/v1/field/offers/{number}/withdraw", {}, format="json").status_code == 404
    done = other.post(f"/api/v1/field/offers/{number}/accept", {}, format="json").json()
    assert (done["status"], bool(done["transfer"])) == ("accepted", True)
    assert StockBalance.objects.get(site__code="TRUNK-2").on_hand_qty == 2
    back = post(rep, "offers", {**body, "to_site": "RENO"}).json()["number"]
    assert desk(Role.WAREHOUSE).post(f"/api/v1/field/offers/{back}/decline", {}, format="json").status_code == 200
    assert TransferOffer.objects.get(number=back).status == "declined"
    assert post(rep, "offers", {**body, "to_site": "TRUNK-1"}).json()["code"] == "transfer_to_itself"
    third = device_of(RepFactory().user)
    assert third.post(f"/api/v1/field/offers/{number}/accept", {}, format="json").status_code == 404


def test_a_rep_counts_blind_and_the_variance_is_booked(made, rep):
    key = str(uuid4())
    count = post(rep, "counts", {"site": "TRUNK-1"}, key=key).json()
    assert post(rep, "counts", {"site": "TRUNK-1"}, key=key).json() == count
    (line,) = count["lines"]
    assert (line["counted"], "on_hand" in line) == (None, False)
    url = f"/api/v1/field/counts/{count['number']}"
    figures = {"lines": [{"line": line["line"], "counted": "4"}]}
    assert rep.post(url, figures, format="json").json()["lines"][0]["counted"]["value"] == "4"
    assert rep.post(f"{url}/post", {}, format="json").json()["status"] == "posted"
    assert on_hand(made.product, made.trunk) == Decimal(4)
    assert rep.get(url).json()["status"] == "posted"


def test_a_warehouse_cannot_record_a_usage_and_a_desk_that_only_looks_cannot_move(made):
    assert post(desk(Role.WAREHOUSE), "usages", usage(made)).status_code == 403
    assert post(desk(Role.AUDITOR), "counts", {"site": "TRUNK-1"}).status_code == 403
    assert post(desk(Role.CS), "usages", usage(made)).status_code == 201
