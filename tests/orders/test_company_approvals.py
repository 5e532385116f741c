"""The customer's own approval: by its rules, or where a limit ends; counted once, whoever splits or races."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.approval_queries import approvals, decidable
from accounts.models import ApprovalRequest, Buyer, SpendingEntry
from accounts.services.decide_approval import AuthorityExceeded, OwnLimitReached, SelfApproval, decide
from accounts.states import BuyerRole, Role
from core.actors import Actor
from core.errors import NotPermitted
from core.overrides import Reason
from core.testing import drain, race
from fulfillment.services.release_orders import release_orders
from orders.models import Hold, Order, PurchaseRule
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.cancel import cancel_lines, cancel_order
from orders.services.capture import capture
from orders.services.clear_hold import clear_hold
from orders.services.place import place
from orders.services.preview_amendment import preview_amendment
from orders.services.settle_purchase import settle_purchase
from orders.services.submit import submit, submit_many
from orders.states import Channel
from tests.factories.accounts import (
    AbsenceFactory,
    AssignmentFactory,
    BuyerFactory,
    RepFactory,
    ShipToFactory,
    StaffFactory,
    UserFactory,
)
from tests.factories.doors import browser_of
from tests.factories.orders import CLERK, NOW, make_world

db = pytest.mark.django_db


def person(user, **more):
    return Actor(str(user), user.pk, frozenset(user.roles), channel="portal", **more)


def buyer(world, *, roles=(Role.BUYER,), role=BuyerRole.BUYER, **limits):
    user = UserFactory(roles=list(roles))
    BuyerFactory(user=user, account=world.account, role=role, **limits)
    return user


def approver(world):
    return buyer(world, roles=(Role.BUYER_APPROVER,), role=BuyerRole.APPROVER)


def by_portal(world, *qtys, **more):
    return replace(world.draft(*qtys, **more), channel=Channel.PORTAL)


def put(world, user, *qtys, **more):
    return place(by_portal(world, *qtys, **more), actor=person(user), now=NOW)


def rule(world, kind="amount", **more):
    return PurchaseRule.objects.create(account=world.account, kind=kind, **more)


def spent(*, approved=False):
    """By who ordered, or by who approved."""
    return sum(SpendingEntry.objects.filter(is_approver=approved).values_list("amount", flat=True))


def waits(order):
    return [h.rule for h in order.holds]


def decided(user, *, approve=True, note=""):
    request = ApprovalRequest.objects.latest("pk")
    decide(approval_id=request.pk, approve=approve, note=note, actor=person(user), now=NOW)
    drain(NOW)
    return request


@db
def test_an_order_counts_towards_its_buyer_s_limits_and_the_one_too_many_waits():
    world = make_world(stock=1000)
    user = buyer(world, order_limit=Decimal(100), period_limit=Decimal(150))
    first, second, large = put(world, user, 10), put(world, user, 6), put(world, user, 11)
    assert [waits(x) for x in (first, second, large)] == [[], ["purchase_approval"], ["purchase_approval"]]
    assert spent() == 100
    assert "150.00" in second.holds[0].message
    assert put(world, user, 5).holds == ()
    assert spent() == 150


@db
def test_yes_counts_it_and_lets_it_go_no_cancels_it():
    world = make_world(stock=1000)
    user, chief = buyer(world, order_limit=Decimal(100)), approver(world)
    order = put(world, user, 20)
    hold = Hold.objects.get()
    assert (hold.reason, hold.is_forced, hold.clearable_by) == ("approval", True, [])
    with pytest.raises(NotPermitted):
        clear_hold(hold_id=hold.pk, reason=Reason("other", "They said yes on the phone"), actor=CLERK, now=NOW)
    for wrong in (StaffFactory(roles=[Role.CS_LEAD]), StaffFactory(roles=[Role.FINANCE_APPROVER])):
        with pytest.raises(AuthorityExceeded):
            decided(wrong)
    with pytest.raises(SelfApproval):
        decided(user)
    request = decided(chief, note="Budget is there")
    assert spent() == 200
    assert not Hold.objects.filter(cleared_at__isnull=True).exists()
    assert settle_purchase(approval_id=request.pk, actor=CLERK, now=NOW) == "unchanged"
    again = put(world, user, 30)
    decided(chief, approve=False, note="Too much")
    assert Order.objects.get(pk=again.order_id).status == "cancelled"
    assert (spent(), Order.objects.get(pk=order.order_id).status) == (200, "submitted")


@db
def test_an_order_that_waits_is_not_released_and_no_rule_clears_it():
    world = make_world(stock=1000)
    rule(world, amount=Decimal(50))
    user = buyer(world)
    order = put(world, user, 6)
    drain(NOW)
    (outcome,) = release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW)
    assert [r.rule for r in outcome.refused] == ["purchase_approval"]
    assert spent() == 0
    decided(approver(world))
    assert release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW)[0].is_released


@db
def test_rules_by_amount_new_address_and_class_name_each_reason():
    world = make_world(stock=1000)
    user = buyer(world)
    rule(world, amount=Decimal(50))
    rule(world, "new_ship_to")
    rule(world, "product_class", product_class="rx")
    world.products[0].regulated_class = "rx"
    world.products[0].save()
    message = put(world, user, 6).holds[0].message
    assert message == (
        f"Waits for the company's approval: 60.00 USD is above 50.00; nothing was ever shipped to this address; "
        f"{world.products[0].sku} of class rx."
    )
    PurchaseRule.objects.exclude(kind="new_ship_to").delete()
    assert put(world, user, 6).holds == ()  # the address is known by now
    assert waits(put(world, user, 1, ship_to_id=ShipToFactory(account=world.account).pk)) == ["purchase_approval"]


@db
def test_a_document_of_the_company_is_its_word_and_a_rep_s_order_counts_for_nobody():
    world = make_world(stock=1000)
    rule(world, amount=Decimal(50))
    assert place(world.draft(9), actor=CLERK, now=NOW).holds == ()
    ray = UserFactory(roles=[Role.REP])
    AssignmentFactory(account=world.account, rep=RepFactory(user=ray), valid_from=NOW.date())
    rep = person(ray).acting_for(world.account.pk)
    assert waits(place(by_portal(world, 9, on_behalf_of=world.account.pk), actor=rep, now=NOW)) == ["purchase_approval"]
    assert spent() == 0
    with pytest.raises(SelfApproval):
        decided(ray)
    colleague = UserFactory(roles=[Role.REP])
    AssignmentFactory(
        account=world.account,
        rep=RepFactory(user=colleague),
        kind="overlay",
        split_percent=Decimal(5),
        valid_from=NOW.date(),
    )
    with pytest.raises(AuthorityExceeded):
        decided(colleague)


@db
def test_what_is_cancelled_counts_no_longer():
    world = make_world(stock=1000, products=2)
    user = buyer(world, period_limit=Decimal(100))
    order = put(world, user, 4, 6)
    cancel_lines(order_id=order.order_id, quantities={1: None}, reason="less", actor=CLERK, now=NOW)
    assert spent() == 60
    assert put(world, user, 4).holds == ()
    cancel_order(order_id=order.order_id, reason="all of it", actor=CLERK, now=NOW)
    assert spent() == 40


@db
def test_a_draft_counts_for_who_entered_it_when_it_is_submitted():
    world = make_world(stock=1000)
    user = buyer(world, order_limit=Decimal(10))
    draft = capture(by_portal(world, 6), actor=person(user), now=NOW)
    assert waits(submit(order_id=draft.order_id, actor=person(user), now=NOW)) == ["purchase_approval"]
    viewer = buyer(world, role=BuyerRole.VIEWER)
    with pytest.raises(NotPermitted):
        put(world, viewer, 1)


@db
def test_the_letter_goes_to_who_may_decide_and_the_page_decides(settings):
    settings.PUBLIC_URL = "https://orders.example"
    world = make_world(stock=1000)
    user, chief, away = buyer(world, order_limit=Decimal(10)), approver(world), approver(world)
    deputy = approver(world)
    AbsenceFactory(user=away, delegate=deputy, away_from=NOW.date(), back_on=NOW.date() + timedelta(9))
    order = put(world, user, 6)
    drain(NOW)
    assert sorted(m.to[0] for m in mail.outbox) == sorted([chief.email, deputy.email])
    assert "https://orders.example/approvals/" in mail.outbox[0].body
    assert Client().get("/approvals/")["Location"] == "/sign-in/login/?next=/approvals/"
    page = browser_of(chief).get("/approvals/").content.decode()
    assert order.number in page
    request = ApprovalRequest.objects.get()
    ApprovalRequest.objects.update(expires_at=NOW + timedelta(days=9000))
    browser_of(chief).post(f"/approvals/{request.public_id}/decide", {"decision": "approve", "note": "fine"})
    drain(NOW)
    assert not Hold.objects.filter(cleared_at__isnull=True).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.races
def test_eight_carts_at_once_pass_the_period_limit_by_nothing():
    world = make_world(stock=1000)
    user = buyer(world, period_limit=Decimal(100))
    drafts = [by_portal(world, 3) for _ in range(8)]
    outcomes = race(*[lambda d=d: place(d, actor=person(user), now=NOW) for d in drafts])
    assert sorted(len(x.holds) for x in outcomes) == [0] * 3 + [1] * 5
    assert spent() == 90


@db
def test_an_approver_approves_no_more_than_they_may_spend_on_one_order():
    world = make_world(stock=1000)
    user, chief = buyer(world, order_limit=Decimal(10)), approver(world)
    short = buyer(world, roles=(Role.BUYER_APPROVER,), role=BuyerRole.APPROVER, order_limit=Decimal(59))
    put(world, user, 6)
    waiting = approvals([ApprovalRequest.objects.get().pk]).values()
    assert [bool(decidable(waiting, who.pk, now=NOW)) for who in (chief, short)] == [True, False]
    with pytest.raises(OwnLimitReached) as refusal:
        decided(short)
    assert "at most 59.00 USD on one order" in refusal.value.message
    assert spent() == 0
    decided(short, approve=False, note="Not this quarter")  # a no takes nothing
    Buyer.objects.filter(user=short).update(order_limit=Decimal(60))
    put(world, user, 6)
    decided(short)
    assert (spent(), spent(approved=True)) == (60, 60)


@db
def test_what_somebody_approves_and_orders_shares_one_limit_of_the_period():
    world = make_world(stock=1000)
    user = buyer(world, order_limit=Decimal(10))
    limits = {"role": BuyerRole.APPROVER, "period_limit": Decimal(100)}
    chief = buyer(world, roles=(Role.BUYER, Role.BUYER_APPROVER), **limits)
    first = put(world, user, 6)
    decided(chief)
    assert (spent(), spent(approved=True)) == (60, 60)
    second = put(world, user, 5)
    waiting = approvals([ApprovalRequest.objects.latest("pk").pk]).values()
    assert not decidable(waiting, chief.pk, now=NOW)
    with pytest.raises(OwnLimitReached, match="spent or approved, and approves no more: this is 50"):
        decided(chief)
    assert put(world, chief, 4).holds == ()  # 40 are left for an order of their own
    assert waits(put(world, chief, 1)) == ["purchase_approval"]
    cancel_order(order_id=first.order_id, reason="not needed", actor=CLERK, now=NOW)
    assert (spent(), spent(approved=True)) == (40, 0)
    request = ApprovalRequest.objects.get(subject_id=second.order_id)
    decide(approval_id=request.pk, approve=True, actor=person(chief), now=NOW)
    assert spent(approved=True) == 50


@pytest.mark.django_db(transaction=True)
@pytest.mark.races
def test_four_approvals_at_once_and_an_order_of_the_approver_s_pass_the_period_limit_by_nothing():
    world = make_world(stock=1000)
    user = buyer(world, order_limit=Decimal(10))
    chief = buyer(world, roles=(Role.BUYER_APPROVER,), role=BuyerRole.APPROVER, period_limit=Decimal(100))
    for _ in range(4):
        put(world, user, 3)
    mine = by_portal(world, 3)
    asked = ApprovalRequest.objects.values_list("pk", flat=True)
    who = person(chief)
    yes = [lambda pk=pk: decide(approval_id=pk, approve=True, actor=who, now=NOW) for pk in asked]
    outcomes = race(*yes, lambda: place(mine, actor=who, now=NOW))
    refused = [x for x in outcomes if isinstance(x, OwnLimitReached)]
    held = outcomes[-1].holds
    counted = sum(SpendingEntry.objects.filter(buyer__user=chief).values_list("amount", flat=True))
    assert counted == 90
    assert len(refused) + len(held) == 2


@db
def test_what_is_approved_for_somebody_absent_counts_towards_their_period():
    world = make_world(stock=1000)
    user = buyer(world, order_limit=Decimal(10))
    absent = buyer(world, roles=(Role.BUYER_APPROVER,), role=BuyerRole.APPROVER, period_limit=Decimal(50))
    stands_in = buyer(world)
    AbsenceFactory(user=absent, delegate=stands_in, away_from=NOW.date(), back_on=NOW.date() + timedelta(days=1))
    put(world, user, 4)
    decided(stands_in)
    assert SpendingEntry.objects.get(is_approver=True).buyer.user == absent
    put(world, user, 2)
    with pytest.raises(OwnLimitReached):
        decided(stands_in)


@db
def test_many_orders_count_one_after_the_other_in_the_statements_of_two_and_one_that_is_refused_takes_none_down():
    world = make_world(stock=10_000)
    user, viewer = buyer(world, period_limit=Decimal(100)), buyer(world, role=BuyerRole.VIEWER)
    service = Actor("API", roles=frozenset({"service"}), channel="api")

    def drafts(count, who=user):
        return [capture(by_portal(world, 3), actor=person(who), now=NOW).order_id for _ in range(count)]

    ids = [*drafts(2), *drafts(1, viewer), *drafts(3)]
    outcomes = submit_many(ids, actor=service, now=NOW)
    assert isinstance(outcomes.pop(ids[2]), NotPermitted)
    assert [waits(x) for x in outcomes.values()] == [[], [], [], ["purchase_approval"], ["purchase_approval"]]
    assert (spent(), ApprovalRequest.objects.count()) == (90, 2)
    assert Order.objects.get(pk=ids[2]).status == "draft"
    counts = []
    for batch in (drafts(2), drafts(12)):
        with CaptureQueriesContext(connection) as queries:
            submit_many(batch, actor=service, now=NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def amended(world, user, order, qty):
    wish = Wish((LineWish(1, Decimal(qty)),))
    version = Order.objects.get(pk=order.order_id).version
    return amend(
        order_id=order.order_id, wish=wish, expected_version=version, reason="we need it", actor=person(user), now=NOW
    )


@db
def test_an_approved_order_whose_amount_grows_asks_again_and_less_does_not():
    world = make_world()
    rule(world, amount=100)
    buys, decides = buyer(world), approver(world)
    order = put(world, buys, 12)
    first = decided(decides)
    assert amended(world, buys, order, 11).holds == ()  # the company said yes to 12
    assert spent() == 110
    assert amended(world, buys, order, 12).holds == ()  # which is what it said yes to
    assert waits(amended(world, buys, order, 15)) == ["purchase_approval"]
    second = ApprovalRequest.objects.latest("pk")
    assert (second.pk > first.pk, second.amount, spent()) == (True, 150, 120)
    decided(decides)
    assert not Hold.objects.filter(cleared_at=None).exists()
    assert spent() == 150


@db
def test_a_waiting_order_that_is_amended_has_one_request_for_what_it_is_now_and_none_below_the_rule():
    world = make_world()
    rule(world, amount=100)
    buys, decides = buyer(world), approver(world)
    order = put(world, buys, 12)
    old = ApprovalRequest.objects.get()
    assert waits(amended(world, buys, order, 20)) == ["purchase_approval"]
    old.refresh_from_db()
    assert old.state == "expired"
    assert ApprovalRequest.objects.get(state="pending").amount == 200
    assert amended(world, buys, order, 9).holds == ()
    assert not ApprovalRequest.objects.filter(state="pending").exists()
    assert spent() == 90
    assert decides.pk


@db
def test_what_grows_counts_towards_its_buyer_s_limit_whoever_amends():
    world = make_world()
    buys, other = buyer(world, order_limit=150), buyer(world)
    order = put(world, buys, 12)
    assert amended(world, other, order, 14).holds == ()
    assert SpendingEntry.objects.values("buyer").distinct().count() == 1
    assert spent() == 140
    assert waits(amended(world, other, order, 16)) == ["purchase_approval"]
    assert spent() == 140


def foreseen(user, order, qty):
    wish = Wish((LineWish(1, Decimal(qty)),))
    seen = preview_amendment(order_id=order.order_id, wish=wish, actor=person(user), now=NOW)
    return [h.message for h in seen.holds]


@db
def test_the_preview_of_an_amendment_says_what_the_buyer_s_limits_will_say():
    world = make_world()
    buys, decides = buyer(world, order_limit=150, period_limit=200), approver(world)
    order, other = put(world, buys, 12), put(world, buys, 4)
    assert foreseen(buys, order, 14) == []
    (too_much_at_once,), (too_much_together,) = foreseen(buys, order, 16), foreseen(buys, other, 9)
    assert "may spend on one order (150.00 USD)" in too_much_at_once
    assert "50.00 USD more would take" in too_much_together
    assert spent() == 160  # nothing was counted
    (hold,) = amended(world, buys, order, 16).holds
    assert hold.message == too_much_at_once
    decided(decides)
    assert amended(world, buys, order, 15).holds == ()
    assert foreseen(buys, order, 16) == []  # the company said yes to 16
