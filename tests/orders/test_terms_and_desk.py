"""Terms on every document, changed by override only; finance's desk: why then and now, and cash by week; the rep's API."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.approvals import AuthorityExceeded, SelfApproval, decide
from accounts.models import ApprovalRequest
from accounts.states import Role
from billing.models import Invoice
from core import clock
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted
from core.models import OverrideEntry
from core.overrides import Reason
from core.testing import drain
from credit.models import CreditAccount
from credit.services.change_limit import change_limit
from orders.admin.verbs import VERBS
from orders.credit_desk import cash_effect, held_orders
from orders.models import Hold, Order
from orders.rules.cash import Expected, by_week
from orders.services.change_terms import change_terms
from orders.services.place import place
from tests.factories.accounts import AssignmentFactory, RepFactory, StaffFactory, UserFactory
from tests.factories.credit import CreditAccountFactory, TermsFactory
from tests.factories.doors import browser_of, device_of
from tests.factories.flow import shipped, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW, make_world

pytestmark = pytest.mark.django_db
WHY = Reason("customer_request", "Agreed with their treasurer")


def change(order_id, code, actor=FINANCE):
    return change_terms(order_id=order_id, terms_code=code, reason=WHY, actor=actor, now=NOW)


def test_every_order_says_its_terms_and_the_invoice_is_due_by_them():
    world = stocked_world()
    sent = shipped(world, 6)
    TermsFactory(code="NET60", name="Net 60 days", net_days=60)
    CreditAccount.objects.update(terms_id=TermsFactory(code="NET60").pk)  # later orders only
    assert Order.objects.get(pk=sent.order_id).terms_code == "NET30"
    assert Invoice.objects.get().due_date == NOW.date() + timedelta(days=30)
    assert Order.objects.get(pk=place(world.draft(1), actor=CLERK, now=NOW).order_id).terms_code == "NET60"


def test_worse_terms_hold_until_finance_agrees_to_them_by_an_override():
    TermsFactory(code="NET60", name="Net 60 days", net_days=60)
    world = make_world()
    order = place(world.draft(5, terms_code="NET60"), actor=CLERK, now=NOW)
    assert order.holds[0].message == "The order asks for Net 60 days; the account has Net 30 days."
    with pytest.raises(NotPermitted):
        change(order.order_id, "NET60", CLERK)
    with pytest.raises(InvalidInput):
        change(order.order_id, "NET99")
    assert change(order.order_id, "NET60") == ("NET60", "NET60")
    assert not Hold.objects.filter(cleared_at__isnull=True).exists()
    assert OverrideEntry.objects.get().kind == "payment_terms"
    told = VERBS["terms"](order.order_id, {"terms_code": "NET30", "note": "Back to what was agreed"}, FINANCE)
    assert "they were NET60" in told


def test_one_s_authority_is_over_the_order_s_value():
    world = make_world(stock=10_000, limit=100_000)
    order = place(world.draft(2600), actor=CLERK, now=NOW)
    user = StaffFactory(roles=[Role.FINANCE])
    person = FINANCE.__class__(str(user), user.pk, frozenset(user.roles))
    with pytest.raises(AuthorityExceeded):
        change(order.order_id, "NET30", person)


def test_weeks_begin_on_monday_and_the_last_takes_the_rest():
    today = date(2026, 11, 25)
    found = by_week(
        [
            Expected(Decimal(5), date(2026, 11, 1), False),
            Expected(Decimal(7), date(2026, 11, 29), True),
            Expected(Decimal(11), date(2026, 11, 30), False),
            Expected(Decimal(13), date(2029, 1, 1), True),
        ],
        today=today,
        weeks=3,
    )
    assert [(w.monday, w.free, w.held) for w in found] == [
        (date(2026, 11, 23), 5, 7),
        (date(2026, 11, 30), 11, 0),
        (date(2026, 12, 7), 0, 13),
    ]


def test_the_desk_says_why_then_and_now_in_the_same_statements_for_1_and_20_orders(settings):
    world = make_world(stock=1000, limit=50)
    place(world.draft(2), actor=CLERK, now=NOW)
    place(world.draft(9), actor=CLERK, now=NOW)
    (held,) = held_orders(now=NOW)
    assert (held.then, held.over) == (
        "Over by 60.00: other open orders 20 + this order 90 against 50 USD.",
        Decimal("60.00"),
    )
    change_limit(account_id=world.account.pk, limit_amount=Decimal(500), reason=WHY, actor=FINANCE, now=NOW)
    (held,) = held_orders(now=NOW)
    assert held.passes_now
    weeks = cash_effect(today=NOW.date())["USD"]
    assert (sum(w.free for w in weeks), sum(w.held for w in weeks)) == (20, 90)
    due = NOW.date() + timedelta(days=30)
    assert [w.total for w in weeks if w.monday <= due < w.monday + timedelta(days=7)] == [110]
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            held_orders(now=NOW)
            cash_effect(today=NOW.date())
        counts.append(len(queries))
        for _ in range(10):
            place(world.draft(60), actor=CLERK, now=NOW)
    assert counts[0] == counts[1]


def test_finance_works_at_the_desk_and_the_warehouse_does_not():
    world = make_world(limit=50)
    place(world.draft(9), actor=CLERK, now=NOW)
    change_limit(account_id=world.account.pk, limit_amount=Decimal(500), reason=WHY, actor=FINANCE, now=NOW)
    url = "/admin/orders/hold/credit-desk/"
    desk = browser_of(StaffFactory(roles=[Role.FINANCE]))
    page = desk.get(url).content.decode()
    assert "Passes now" in page
    assert "Cash of what is not released yet, USD" in page
    assert browser_of(StaffFactory(roles=[Role.CS])).post(url).status_code == 403
    assert browser_of(StaffFactory(roles=[Role.WAREHOUSE])).get(url).status_code == 403
    assert "1 order let go" in desk.post(url, follow=True).content.decode()
    assert Hold.objects.filter(cleared_at__isnull=True).count() == 0


def test_a_rep_asks_what_is_left_and_what_an_order_would_hear():
    world = make_world(limit=100)
    place(world.draft(6), actor=CLERK, now=NOW)
    user = UserFactory(roles=[Role.REP])
    AssignmentFactory(account=world.account, rep=RepFactory(user=user))
    device = device_of(user)
    found = device.get("/api/v1/credit", {"account": world.account.code, "amount": "50"}).json()
    assert (found["limit"], found["available"], found["would_be_approved"]) == ("100.00", "40.00", False)
    assert found["reasons"][0]["message"].startswith("Over by 10.00: ")
    assert device.get("/api/v1/credit", {"amount": "40"}).json()["would_be_approved"]
    assert (found["used"], found["headroom"]) == ("60.00", "40.00")
    head = CreditAccountFactory(limit_amount=Decimal(90))
    CreditAccount.objects.filter(account=world.account).update(head=head)
    found = device.get("/api/v1/credit", {"amount": "31"}).json()
    assert (found["available"], found["headroom"], found["would_be_approved"]) == ("40.00", "30.00", False)
    assert [r["rule"] for r in found["reasons"]] == ["group_limit"]
    assert device.get("/api/v1/credit", {"amount": "x"}).status_code == 400
    assert device.get("/api/v1/credit", {"account": make_world().account.code}).status_code == 404


def test_one_held_order_is_decided_at_the_desk_within_one_s_authority_and_with_a_second_person_above():
    world = make_world(limit=50, stock=100_000)
    url, user = "/admin/orders/hold/credit-desk/", StaffFactory(roles=[Role.FINANCE])
    desk = browser_of(user)

    def press(order, verb, **form):
        hold = Hold.objects.get(order_id=order.order_id, cleared_at__isnull=True)
        return desk.post(f"{url}{hold.pk}/{verb}/", form, follow=True).content.decode()

    def held(qty):
        return place(world.draft(qty), actor=CLERK, now=clock.now())

    note = "They pay on Friday, their bank says"
    first, second, third = held(9), held(6), held(7)
    assert "Lend a limit…" in desk.get(url).content.decode()
    assert "0 orders let go, 3 still held" in press(first, "recheck", note=note)
    assert "at least ten characters" in press(first, "release", note="ok", days="3")
    assert "whole number" in press(first, "release", note=note, days="0")
    assert "let go for 3 days" in press(first, "release", note=note, days="3", deviation="10")
    waiver = Hold.objects.get(order_id=first.order_id)
    assert (waiver.ceiling_amount, waiver.is_waiver) == (Decimal("99.00"), True)
    assert "more may be owed until" in press(second, "lend", note=note, amount="100", days="5")
    assert "is refused and cancelled" in press(third, "reject", note=note)
    drain(clock.now())
    assert not Hold.objects.filter(cleared_at__isnull=True).exists()
    large = held(3000)
    assert "may not approve credit" in press(large, "release", note=note)
    assert "Approval " in press(large, "lend", note=note, amount="30000")
    asked = ApprovalRequest.objects.get()
    boss = StaffFactory(roles=[Role.FINANCE_APPROVER])
    with pytest.raises(SelfApproval):
        decide(approval_id=asked.pk, approve=True, actor=Actor(str(user), user.pk), now=clock.now())
    decide(approval_id=asked.pk, approve=True, actor=Actor(str(boss), boss.pk), now=clock.now())
    drain(clock.now())
    assert not Hold.objects.filter(cleared_at__isnull=True).exists()
    assert browser_of(StaffFactory(roles=[Role.CS])).post(f"{url}{waiver.pk}/release/").status_code == 403
