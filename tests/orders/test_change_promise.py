"""A day promised by hand: within one's authority at once, else by a second person; in the log with what it costs."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from accounts import approvals
from accounts.models import ApprovalRequest, AuthorityLimit
from accounts.states import Role
from core import clock
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted
from core.models import JournalEntry, OverrideEntry
from core.overrides import Reason, ReasonTooShort
from core.testing import drain
from exceptions_app.models import Case
from inventory.models import Demand, Promise
from orders.services import change_promise as verb
from orders.services.apply_approved_promise import apply_approved_promise
from orders.services.cancel import cancel_lines
from orders.services.change_promise import NothingToPromise, change_promise
from orders.services.place import place
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of
from tests.factories.orders import CLERK, NOW, TODAY, make_world
from tests.factories.pricing import TermsFactory

pytestmark = pytest.mark.django_db
WHY = Reason("customer_request", "Agreed with their buyer on the phone")
DAY = timedelta(days=1)


def acting(*roles):
    user = StaffFactory(roles=list(roles))
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles), channel="console")


@pytest.fixture
def world():
    found = make_world(stock=100)
    TermsFactory(account=found.account)  # 25 a late line, 5 a day
    return found


@pytest.fixture
def order(world):
    order_id = place(world.draft(40), actor=CLERK, now=NOW).order_id
    drain(NOW)
    return order_id


def promised():
    return Promise.objects.filter(is_current=True).values_list("delivery_date", flat=True).get()


def say(order, day, actor, **more):
    return change_promise(order_id=order, line_no=1, day=day, reason=WHY, actor=actor, now=NOW, **more)


def test_what_left_the_warehouse_since_it_was_looked_at_is_not_promised_any_more(order, monkeypatch):
    """The order's lock keeps no shipment back: what is open is read again once the line's stock is held."""
    look = verb.may_promise_alone

    def looked_at_while_ten_leave(case, actor, now):
        allowed = look(case, actor, now)
        Demand.objects.update(allocated_qty=F("allocated_qty") - 10, shipped_qty=F("shipped_qty") + 10)
        return allowed

    monkeypatch.setattr(verb, "may_promise_alone", looked_at_while_ten_leave)
    assert say(order, promised() + 2 * DAY, acting(Role.CS_LEAD)).is_applied
    after = OverrideEntry.objects.get().after
    assert (Decimal(after["qty"]), Decimal(after["worth"])) == (30, 300)


def test_a_later_day_within_ones_authority_holds_at_once_and_costs_the_contracts_penalty(order):
    first = promised()
    change = say(order, first + 3 * DAY, acting(Role.CS))
    assert (change.is_applied, change.was, change.effect) == (True, first, Decimal(-40))
    now = Promise.objects.get(is_current=True)
    assert (now.delivery_date, now.first_delivery_date, now.qty) == (first + 3 * DAY, first, 40)
    assert now.ship_date is not None and now.ship_date <= now.delivery_date
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.money_effect, entry.currency, entry.approval_id) == ("promise", -40, "USD", None)
    assert (entry.before["promised"], entry.after["promised"]) == (str(first), str(first + 3 * DAY))
    drain(NOW)
    assert Case.objects.get(kind="promise_moved").money_at_risk == 400 + 40  # the line and its penalty
    assert say(order, first, acting(Role.CS)).effect == 40  # given back
    assert promised() == first


def test_an_order_worth_more_waits_for_a_second_person_and_applies_when_they_say_yes(world):
    order = place(world.draft(100), actor=CLERK, now=NOW).order_id  # 1,000.00
    first, clerk = promised(), acting(Role.CS)
    cheap = say(order, first + DAY, clerk)
    assert cheap.is_applied
    AuthorityLimit.objects.create(kind="promise", role=Role.CS, max_amount=999)
    AuthorityLimit.objects.create(kind="promise", role=Role.CS_LEAD, max_amount=5000)
    asked = say(order, first + 5 * DAY, clerk)
    assert (asked.is_applied, promised()) == (False, first + DAY)
    request = ApprovalRequest.objects.get(pk=asked.approval_id)
    assert (request.kind, request.amount, request.content["day_asked"]) == ("promise", 1000, str(first + 5 * DAY))
    with pytest.raises(approvals.SelfApproval):
        approvals.decide(approval_id=request.pk, approve=True, note="", actor=clerk, now=NOW)
    lead = acting(Role.CS_LEAD)
    approvals.decide(approval_id=request.pk, approve=True, note="", actor=lead, now=NOW)
    drain(NOW)
    assert promised() == first + 5 * DAY
    entry = OverrideEntry.objects.order_by("-pk")[0]
    assert (entry.actor_id, entry.approver_id, entry.approval_id) == (clerk.user_id, lead.user_id, request.pk)
    entries = OverrideEntry.objects.count()
    assert apply_approved_promise(approval_id=request.pk, actor=CLERK, now=NOW) is True  # a second time
    assert OverrideEntry.objects.count() == entries
    assert not JournalEntry.objects.filter(verb="promise_refused").exists()


def test_an_approval_is_for_what_was_open_when_it_was_asked_for(world):
    order = place(world.draft(100), actor=CLERK, now=NOW).order_id
    AuthorityLimit.objects.create(kind="promise", role=Role.CS, max_amount=999)
    AuthorityLimit.objects.create(kind="promise", role=Role.CS_LEAD, max_amount=5000)
    first = promised()
    asked = say(order, first + DAY, acting(Role.CS))
    cancel_lines(order_id=order, quantities={1: Decimal(60)}, reason="less", actor=CLERK, now=NOW)
    approvals.decide(approval_id=asked.approval_id, approve=True, note="", actor=acting(Role.CS_LEAD), now=NOW)
    drain(NOW)
    assert promised() == first
    assert not OverrideEntry.objects.exists()
    assert "was not promised" in JournalEntry.objects.get(verb="promise_refused").summary


def test_a_day_in_the_past_the_same_day_and_what_is_gone_are_refused(order):
    clerk, first = acting(Role.CS), promised()
    for day in (TODAY - DAY, first, date(2099, 1, 1)):
        with pytest.raises(InvalidInput):
            say(order, day, clerk)
    with pytest.raises(NotPermitted):
        say(order, first + DAY, acting(Role.FINANCE))
    with pytest.raises(ReasonTooShort):
        change_promise(order_id=order, line_no=1, day=first + DAY, reason=Reason("x", "short"), actor=clerk, now=NOW)
    cancel_lines(order_id=order, quantities={1: Decimal(40)}, reason="gone", actor=CLERK, now=NOW)
    with pytest.raises(NothingToPromise):
        say(order, first + DAY, clerk)
    assert not OverrideEntry.objects.exists()


def test_what_had_no_day_gets_one_and_supply_that_comes_promises_anew():
    world = make_world(stock=0)
    order = place(world.draft(5), actor=CLERK, now=NOW).order_id
    assert promised() is None
    change = say(order, TODAY + 10 * DAY, acting(Role.CS))
    assert (change.was, change.effect, promised()) == (None, 0, TODAY + 10 * DAY)
    assert Demand.objects.get().backordered_qty == 5


def test_the_order_page_offers_it_and_tells_what_came_of_it(order):
    browser, first = browser_of(StaffFactory(roles=[Role.CS_LEAD])), promised()
    page = browser.get(f"/admin/orders/order/{order}/change/").content.decode()
    assert "Promise line 1 by hand" in page
    day = clock.now().date() + 30 * DAY
    form = {"line_no": "1", "day": str(day), "reason": "customer_request", "note": WHY.note}
    told = browser.post(f"/admin/orders/order/{order}/do/promise/", form, follow=True).content.decode()
    assert f"Line 1 is promised for {day}; it was {first}" in told
    assert f"-{25 + 5 * (day - first).days:,}.00 USD in penalties of the contract" in told
    assert JournalEntry.objects.filter(verb="promise_by_hand").count() == 1
