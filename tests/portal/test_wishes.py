"""A buyer asks in the portal for an earlier day, or for a product that is not open to them: the house decides."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts import approvals
from accounts.models import ApprovalRequest, AuthorityLimit
from accounts.states import Role
from catalog.states import Effect
from core import clock
from core.actors import Actor
from core.models import OverrideEntry
from core.overrides import Reason
from core.testing import drain
from inventory.models import Promise
from orders.models import AllowedProduct, Order
from orders.services.capture import capture
from orders.services.change_promise import change_promise
from orders.services.place import place
from tests.factories.accounts import BuyerFactory, StaffFactory
from tests.factories.catalog import AuthorizationFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.orders import CLERK, make_world

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WHY = "Operations begin a week earlier"


@pytest.fixture
def world():
    return make_world(products=3, stock=100)


@pytest.fixture
def order(world):
    now = clock.now()
    made = place(world.draft(5, 4, requested_date=now.date() + 20 * DAY), actor=CLERK, now=now)
    drain(now)
    return Order.objects.get(pk=made.order_id)


@pytest.fixture
def draft(world):
    """The first product is denied, the third needs a licence nobody has."""
    first, _, third = world.products
    AuthorizationFactory(name="Not outside the region", product=first, account=world.account)
    AuthorizationFactory(name="DEA only", product=third, effect=Effect.ALLOW, license_kind="DEA", account=world.account)
    return Order.objects.get(pk=capture(world.draft(4, 4, 4), actor=CLERK, now=clock.now()).order_id)


def ask(browser, order, **form):
    return browser.post(reverse("portal:ask", args=[order.number]), {"key": "k1", "reason": WHY, **form})


def decide(approval_id, role, *, approve):
    boss = StaffFactory(roles=[role])
    actor = Actor(str(boss), user_id=boss.pk, roles=frozenset(boss.roles))
    approvals.decide(
        approval_id=approval_id, approve=approve, note="We spoke to the plant", actor=actor, now=clock.now()
    )
    drain(clock.now())


def days():
    rows = Promise.objects.filter(is_current=True).order_by("demand_id")
    return list(rows.values_list("delivery_date", flat=True))


def test_an_earlier_day_of_one_line_is_asked_for_once_and_kept_when_the_house_says_yes(world, order):
    browser, (first, second) = browser_of(buyer_for(world.account)), days()
    assert "Ask for an earlier day" in browser.get(f"/orders/{order.number}/").content.decode()
    for _ in range(2):  # pressed twice
        assert ask(browser, order, **{"day-1": str(first - 6 * DAY)}).status_code == 302
    request = ApprovalRequest.objects.get()
    assert (request.kind, request.state, request.content["line_no"], days()) == (
        "promise",
        "pending",
        1,
        [first, second],
    )
    wanted, was = first - 6 * DAY, first
    said = f"{world.products[0].sku}: on {wanted.day} {wanted:%b} instead of {was.day} {was:%b}"
    colleague = browser_of(BuyerFactory(account=world.account).user)
    for reader in (browser, colleague):
        page = reader.get("/approvals/").content.decode()
        assert said in page and WHY in page and "Waits" in page
        assert "penalty" not in page.lower()
    decide(request.pk, Role.PLANNER, approve=True)
    assert days() == [first - 6 * DAY, second]
    assert "Approved" in browser.get("/approvals/").content.decode()
    assert OverrideEntry.objects.get().reason_code == "asked_by_customer"


def test_refused_the_promise_stays_and_the_buyer_reads_why(world, order):
    browser, before = browser_of(buyer_for(world.account)), days()
    ask(browser, order, **{"day-2": str(before[1] - DAY)})
    decide(ApprovalRequest.objects.get().pk, Role.PLANNER, approve=False)
    page = browser.get("/approvals/").content.decode()
    assert "Rejected" in page and "We spoke to the plant" in page
    assert days() == before
    assert not OverrideEntry.objects.exists()


def test_a_product_of_a_draft_is_asked_for_what_the_law_asks_is_not(world, draft):
    browser = browser_of(buyer_for(world.account))
    page = browser.get(reverse("portal:ask", args=[draft.number])).content.decode()
    assert 'name="line-1"' in page and 'name="line-2"' not in page and 'name="line-3"' not in page
    assert "Nobody can set that aside" in page
    forged = ask(browser, draft, **{"line-3": "on", "line-2": "on"})
    assert (forged.status_code, ApprovalRequest.objects.exists()) == (422, False)
    assert ask(browser, draft, **{"line-1": "on"}).status_code == 302
    decide(ApprovalRequest.objects.get().pk, Role.CS_LEAD, approve=True)
    assert AllowedProduct.objects.get().product_id == world.products[0].pk


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"day-1": "2999-01-01"}, "is not before the day that is promised now"),
        ({"day-1": "soon"}, "this is not a day"),
        ({"day-1": "2020-01-01"}, "not a day of the next ten years"),
        ({"day-9": "2026-12-01"}, "at least one line"),
        ({"day-1": "2020-01-01", "reason": "soon"}, "at least ten characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_asked(world, order, form, words):
    answer = ask(browser_of(buyer_for(world.account)), order, **form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ApprovalRequest.objects.exists()


def test_another_customer_and_who_may_only_look_ask_for_nothing(world, order):
    day = str(days()[0] - DAY)
    assert ask(browser_of(buyer_for(make_world().account)), order, **{"day-1": day}).status_code == 404
    viewer = browser_of(BuyerFactory(account=world.account, role="viewer").user)
    assert ask(viewer, order, **{"day-1": day}).status_code == 403
    assert not ApprovalRequest.objects.exists()


def test_what_the_house_had_asked_already_is_the_buyers_to_follow_with_their_own_words(world, order):
    wanted = days()[0] - 6 * DAY
    clerk = StaffFactory(roles=[Role.CS])
    AuthorityLimit.objects.create(kind="promise", role=Role.PLANNER)  # a clerk has no authority left
    change_promise(
        order_id=order.pk, line_no=1, day=wanted, reason=Reason("goodwill", "They threaten to leave us"),
        actor=Actor(str(clerk), user_id=clerk.pk, roles=frozenset({Role.CS})), now=clock.now(),
    )  # fmt: skip
    buyer = buyer_for(world.account)
    browser, rival = browser_of(buyer), browser_of(buyer_for(make_world().account))
    assert WHY not in browser.get("/approvals/").content.decode()
    assert ask(browser, order, **{"day-1": str(wanted)}).status_code == 302
    request = ApprovalRequest.objects.get()  # one request, still the clerk's
    assert (request.requested_by_id, request.state) == (clerk.pk, "pending")
    page = browser.get("/approvals/").content.decode()
    assert WHY in page and str(buyer) in page and "threaten" not in page and str(clerk) not in page
    told = device_of(buyer).get("/api/v1/approvals").json()["items"]
    assert [(x["asked_by"], x["reason"]) for x in told] == [(str(buyer), WHY)]
    assert WHY not in rival.get("/approvals/").content.decode()
    decide(request.pk, Role.PLANNER, approve=True)
    assert days()[0] == wanted
    assert "Approved" in browser.get("/approvals/").content.decode()
