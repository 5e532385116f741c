"""Another day, a product that is not for the customer, another price, asked for over the API: what it would mean first, then
done within one's authority or waiting for a second person, and for whoever is outside the house always waiting."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.models import ApprovalRequest, AuthorityLimit
from accounts.states import Role
from core import clock
from core.models import JournalEntry, OverrideEntry
from core.testing import drain
from inventory.models import Promise
from orders.models import AllowedProduct, Order
from orders.services.capture import capture
from orders.services.place import place
from tests.factories.accounts import AssignmentFactory, BuyerFactory, RepFactory, StaffFactory
from tests.factories.catalog import AuthorizationFactory
from tests.factories.doors import buyer_for, device_of
from tests.factories.orders import CLERK, make_world
from tests.factories.pricing import TermsFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WHY = "Their operations begin a week earlier"


@pytest.fixture
def world():
    found = make_world(products=2, stock=100)
    TermsFactory(account=found.account)  # 25 a late line, 5 a day
    return found


@pytest.fixture
def order(world):
    """40 at 10.00, wanted and promised for in twenty days."""
    now = clock.now()
    made = place(world.draft(40, requested_date=now.date() + 20 * DAY), actor=CLERK, now=now)
    drain(now)
    return Order.objects.get(pk=made.order_id)


@pytest.fixture
def draft(world):
    """4 of each product, of which the first is denied to the customer."""
    AuthorizationFactory(name="Not outside the region", product=world.products[0], account=world.account)
    return Order.objects.get(pk=capture(world.draft(4, 4), actor=CLERK, now=clock.now()).order_id)


def ask(user, order, what, key=None, **body):
    url = f"/api/v1/orders/{order.public_id}/{what}-requests"
    sent = {"line_no": 1, "reason": WHY, **body}
    return device_of(user).post(url, sent, format="json", headers={"Idempotency-Key": key or str(uuid4())})


def effect(user, order, what, **query):
    return device_of(user).get(f"/api/v1/orders/{order.public_id}/{what}-requests", {"line_no": 1, **query})


def decide(user, public_id, decision="approve"):
    url = f"/api/v1/approvals/{public_id}/decision"
    body = {"decision": decision, "note": "Agreed with the plant"}
    return device_of(user).post(url, body, format="json", headers={"Idempotency-Key": str(uuid4())})


def promised():
    return Promise.objects.filter(is_current=True).values_list("delivery_date", flat=True).get()


def test_what_a_later_day_would_cost_is_said_before_and_writes_nothing(order):
    first, clerk = promised(), StaffFactory(roles=[Role.CS])
    seen = effect(clerk, order, "promise", day=first + 3 * DAY).json()
    assert seen == {
        "line_no": 1,
        "needs_approval": False,
        "decided_by": [],
        "worth": {"amount": "400.00", "currency": "USD"},
        "promised_now": str(first),
        "day": str(first + 3 * DAY),
        "open": {"value": "40", "uom": "EA"},
        "effect": {"amount": "-40.00", "currency": "USD"},
    }
    AuthorityLimit.objects.create(kind="promise", role=Role.CS, max_amount=399)
    AuthorityLimit.objects.create(kind="promise", role=Role.PLANNER, max_amount=400)
    seen = effect(clerk, order, "promise", day=first + 3 * DAY).json()
    assert (seen["needs_approval"], seen["decided_by"]) == (True, ["planner"])
    assert promised() == first
    assert not ApprovalRequest.objects.exists()
    assert not OverrideEntry.objects.exists()


def test_within_ones_authority_the_day_holds_at_once_and_once_for_the_key(order):
    first, clerk, key = promised(), StaffFactory(roles=[Role.CS]), str(uuid4())
    answers = [ask(clerk, order, "promise", key, day=str(first + 3 * DAY)) for _ in range(2)]
    assert [(a.status_code, a.json()) for a in answers] == [(200, {"is_applied": True, "approval": None})] * 2
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert promised() == first + 3 * DAY
    assert (OverrideEntry.objects.get().money_effect, OverrideEntry.objects.get().reason) == (-40, WHY)


@pytest.mark.parametrize("who", ["buyer", "rep"])
def test_a_customers_earlier_day_always_waits_for_the_house(world, order, who):
    first = promised()
    rep = AssignmentFactory(account=world.account, rep=RepFactory()).rep
    user = buyer_for(world.account) if who == "buyer" else rep.user
    AuthorityLimit.objects.create(kind="promise", role=Role.REP)  # may decide: still never by the asking
    AuthorityLimit.objects.create(kind="promise", role=Role.BUYER)
    AuthorityLimit.objects.create(kind="promise", role=Role.PLANNER)
    seen = effect(user, order, "promise", day=first - 5 * DAY).json()
    assert (seen["needs_approval"], seen["decided_by"]) == (True, [])
    later = ask(user, order, "promise", day=str(first + DAY))
    assert (later.status_code, later.json()["errors"][0]["code"]) == (422, "not_earlier")
    asked = ask(user, order, "promise", day=str(first - 5 * DAY))
    assert (asked.status_code, asked.json()["is_applied"], promised()) == (202, False, first)
    colleague = BuyerFactory(account=world.account).user
    (listed,) = device_of(colleague).get("/api/v1/approvals").json()["items"]
    assert (listed["id"], listed["content"]["promised_now"]) == (asked.json()["approval"], str(first))
    assert not {"penalty_now", "penalty_then"} & set(listed["content"])
    assert decide(user, listed["id"]).status_code == 403
    boss = StaffFactory(roles=[Role.PLANNER])
    assert decide(boss, listed["id"]).json()["state"] == "approved"
    drain(clock.now())
    assert promised() == first - 5 * DAY
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.reason_code, entry.actor_id, entry.approver_id) == (
        "promise", "asked_by_customer", user.pk, boss.pk,
    )  # fmt: skip
    told = device_of(user).get(f"/api/v1/orders/{order.public_id}/timeline").json()["items"]
    day = first - 5 * DAY
    assert f"An earlier day was asked for: line 1 on {day.day} {day:%b %Y}" in [x["summary"] for x in told]


def test_a_product_that_is_not_for_them_asked_for_by_the_buyer_and_allowed_by_the_house(world, draft):
    user, lead = buyer_for(world.account), StaffFactory(roles=[Role.CS_LEAD])
    seen = effect(user, draft, "allowance").json()
    assert (seen["needs_approval"], seen["worth"]["amount"], len(seen["against"])) == (True, "40.00", 1)
    assert effect(lead, draft, "allowance").json()["needs_approval"] is False
    assert effect(user, draft, "allowance", line_no=2).json()["code"] == "nothing_forbids"
    asked = ask(user, draft, "allowance")
    assert (asked.status_code, AllowedProduct.objects.exists()) == (202, False)
    assert ask(user, draft, "allowance").json() == asked.json()  # one request
    assert decide(lead, asked.json()["approval"]).status_code == 200
    drain(clock.now())
    assert AllowedProduct.objects.get().rules == ["Not outside the region"]
    assert OverrideEntry.objects.get().approver_id == lead.pk
    at_once = ask(lead, draft, "allowance")
    assert (at_once.status_code, at_once.json()["code"]) == (409, "nothing_forbids")


def test_a_buyer_asks_for_a_price_over_the_api_and_it_waits(world, order):
    user = buyer_for(world.account)
    seen = effect(user, order, "price", unit_price="9.90").json()
    assert seen == {
        "line_no": 1, "needs_approval": True, "decided_by": [], "unit_price": "9.90",
        "worth": {"amount": "396.00", "currency": "USD"}, "effect": {"amount": "-4.00", "currency": "USD"},
    }  # fmt: skip
    url, lines = f"/api/v1/orders/{order.public_id}/price-requests", [{"line_no": 1, "unit_price": "9.90"}]
    answers = [
        device_of(user).post(
            url, {"lines": [line], "reason": WHY}, format="json", headers={"Idempotency-Key": str(uuid4())}
        )
        for line in (*lines, {"line_no": 1, "unit_price": "10.00"})
    ]
    assert [a.status_code for a in answers] == [202, 422]
    request = ApprovalRequest.objects.get()
    assert (request.kind, request.amount, request.content["reason_code"]) == ("price", -4, "asked_by_customer")
    boss = StaffFactory(roles=[Role.FINANCE_APPROVER])
    assert decide(boss, answers[0].json()["approval"]).status_code == 200
    drain(clock.now())
    order.refresh_from_db()
    assert order.total_amount == Decimal("396.00")


def test_another_customers_order_a_viewer_and_what_is_no_question_are_refused(world, order):
    stranger = buyer_for(make_world().account)
    viewer = BuyerFactory(account=world.account, role="viewer").user
    day = str(promised() - 5 * DAY)
    assert ask(stranger, order, "promise", day=day).status_code == 404
    assert effect(stranger, order, "promise", day=day).status_code == 404
    assert ask(viewer, order, "promise", day=day).status_code == 403
    user = buyer_for(world.account)
    for query in ({"day": "soon"}, {"line_no": "x", "day": day}, {"day": day, "floor": "1"}):
        assert effect(user, order, "promise", **query).status_code == 400
    assert effect(user, order, "promise", line_no=9, day=day).status_code == 404
    assert ask(user, order, "promise", day=day, approver=1).status_code in (400, 422)
    assert ask(user, order, "promise", day=day, reason="soon").status_code in (400, 422)
    assert not ApprovalRequest.objects.exists()
    assert not JournalEntry.objects.filter(verb="promise_asked").exists()
