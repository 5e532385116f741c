"""What is asked of the house about an order or its customer's credit, from every door: release of a hold, payment terms, a
higher limit. Nothing happens by the asking unless it is one's own to decide."""

from decimal import Decimal
from uuid import uuid4

import pytest

from accounts import approvals
from accounts.models import ApprovalRequest, UserAbsence
from accounts.states import Role
from core import clock
from core.actors import Actor
from core.models import JournalEntry, OverrideEntry
from core.overrides import Reason
from core.testing import drain
from credit.models import CreditAccount
from orders.models import Hold, Order
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.ask_release import NothingToLetGo, ask_release
from orders.services.change_terms import change_terms
from orders.services.clear_hold import clear_hold
from orders.services.place import place
from orders.services.place_hold import place_hold
from tests.factories.accounts import AssignmentFactory, BuyerFactory, RepFactory, StaffFactory
from tests.factories.credit import TermsFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.orders import CLERK, make_world

pytestmark = pytest.mark.django_db
D = Decimal
WHY = "Our surgeons begin on Monday"


@pytest.fixture
def world():
    return make_world(products=2, limit=100)


@pytest.fixture
def order(world):
    """400.00 where 100.00 may be owed: held by credit, nothing of it reserved for good."""
    now = clock.now()
    made = place(world.draft(40), actor=CLERK, now=now)
    drain(now)
    return Order.objects.get(pk=made.order_id)


def person(*roles):
    return StaffFactory(roles=list(roles))


def acting(user):
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles))


def ask(user, about, key=None, **body):
    sent = {"about": about, "reason": WHY, **body}
    return device_of(user).post(
        "/api/v1/requests", sent, format="json", headers={"Idempotency-Key": key or str(uuid4())}
    )


def form(browser, about, order=None, **fields):
    query = f"?order={order.number}" if order else ""
    return browser.post(f"/requests/{about}/{query}", {"key": "k1", "reason": WHY, **fields})


def decide(approval, *roles, approve=True):
    boss = person(*roles)
    approvals.decide(approval_id=approval.pk, approve=approve, note="We spoke", actor=acting(boss), now=clock.now())
    drain(clock.now())
    return boss


def is_held(order):
    return Hold.objects.filter(order=order, cleared_at__isnull=True).exists()


def told(order, verb):
    found = JournalEntry.objects.filter(subject_kind="order", subject_id=order.pk, verb=verb)
    return list(found.order_by("id").values_list("summary", flat=True))


# --- what holds an order -------------------------------------------------------------------------------------------------
def test_a_buyer_asks_that_a_held_order_goes_and_finance_lets_it_go_with_both_names_in_the_log(world, order):
    buyer = buyer_for(world.account)
    browser = browser_of(buyer)
    assert f"/requests/release/?order={order.number}" in browser.get(f"/orders/{order.number}/").content.decode()
    for _ in range(2):  # pressed twice
        assert form(browser, "release", order).status_code == 302
    request = ApprovalRequest.objects.get()
    assert (request.kind, request.amount, request.requested_by, request.content["roles"]) == (
        "credit", D("400.00"), buyer, ["finance", "finance_approver"],
    )  # fmt: skip
    assert is_held(order) and not OverrideEntry.objects.exists()
    page = browser.get("/approvals/").content.decode()
    assert WHY in page and f"Let order {order.number} go on" in page and "Approve</button>" not in page
    boss = decide(request, Role.FINANCE)
    assert not is_held(order)
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.actor_id, entry.approver_id, entry.approval_id, entry.reason_code, entry.reason) == (
        "hold_release", buyer.pk, boss.pk, request.pk, "asked_by_customer", WHY,
    )  # fmt: skip
    assert entry.after == {"cleared": True, "ceiling": "400.00", "order_amount": "400.00"}
    assert Hold.objects.get(order=order).cleared_by == str(boss)
    drain(clock.now())
    assert OverrideEntry.objects.count() == 1


def test_a_no_and_an_order_that_is_worth_something_else_by_then_leave_it_held(world, order):
    browser = browser_of(buyer_for(world.account))
    form(browser, "release", order)
    decide(ApprovalRequest.objects.get(), Role.FINANCE, approve=False)
    assert is_held(order)
    form(browser, "release", order, key="k2")
    version = Order.objects.get(pk=order.pk).version
    wish = Wish((LineWish(1, D(41)),))
    amend(order_id=order.pk, wish=wish, expected_version=version, reason="One more", actor=CLERK, now=clock.now())
    decide(ApprovalRequest.objects.latest("pk"), Role.FINANCE)
    assert is_held(order) and not OverrideEntry.objects.exists()
    assert (
        told(order, "request_refused") == ["What was approved was not done: What was approved is not what it is now."]
        or "not done" in told(order, "request_refused")[0]
    )


@pytest.mark.parametrize(("role", "goes"), [(Role.FINANCE, True), (Role.CS, False), (Role.REP, False)])
def test_over_the_api_who_may_lets_it_go_at_once_and_anybody_else_asks(world, order, role, goes):
    if role == Role.REP:
        user = RepFactory().user
        AssignmentFactory(rep=user.rep, account=world.account)
    else:
        user = person(role)
    answer = ask(user, "hold release", order=str(order.public_id))
    assert (answer.status_code, answer.json()["is_applied"]) == ((200, True) if goes else (202, False)), answer.json()
    assert is_held(order) is not goes
    waits = [str(i) for i in ApprovalRequest.objects.values_list("public_id", flat=True)]
    assert answer.json()["approvals"] == waits and len(waits) == (0 if goes else 1)
    if not goes:
        boss = person(Role.FINANCE)
        url = f"/api/v1/approvals/{waits[0]}/decision"
        said = {"decision": "approve", "note": "fine"}
        for decider, status in ((user, 403), (person(Role.CS_LEAD), 403), (boss, 200)):
            given = device_of(decider).post(url, said, format="json", headers={"Idempotency-Key": str(uuid4())})
            assert given.status_code == status, given.json()
        drain(clock.now())
        assert not is_held(order)


def test_the_same_key_asks_once_and_another_body_is_refused(world, order):
    clerk = person(Role.CS)
    first, again = (ask(clerk, "hold release", key="one", order=str(order.public_id)) for _ in range(2))
    assert first.json() == again.json() and again["Idempotency-Replayed"] == "true"
    other = ask(clerk, "hold release", key="one", order=str(order.public_id), reason="Something else entirely")
    assert other.status_code == 422
    assert ApprovalRequest.objects.count() == 1


def test_a_hold_by_hand_is_decided_by_whom_it_names_whatever_the_authority_of_others(world, order):
    clear_hold(
        hold_id=Hold.objects.get().pk, reason=Reason("paid", "They paid this morning"), actor=acting(person(Role.FINANCE)),
        now=clock.now(),
    )  # fmt: skip
    place_hold(order_id=order.pk, note="Customer asked to wait", actor=CLERK, now=clock.now())
    form(browser_of(buyer_for(world.account)), "release", order)
    request = ApprovalRequest.objects.get()
    assert (request.kind, sorted(request.content["roles"])) == ("hold release", ["cs", "cs_lead"])
    with pytest.raises(approvals.AuthorityExceeded):
        decide(request, Role.FINANCE_APPROVER)
    decide(request, Role.CS)
    assert not is_held(order)


def test_who_entered_the_order_lets_it_go_neither_alone_nor_by_a_yes(world):
    clerk = person(Role.FINANCE)
    made = place(world.draft(40), actor=acting(clerk), now=clock.now())
    order = Order.objects.get(pk=made.order_id)
    found = ask_release(order_id=order.pk, reason=Reason("x", WHY), actor=acting(clerk), now=clock.now())
    assert not found.is_applied and is_held(order)
    boss = decide(ApprovalRequest.objects.get(), Role.FINANCE)
    assert not is_held(order)
    assert (OverrideEntry.objects.get().actor_id, OverrideEntry.objects.get().approver_id) == (clerk.pk, boss.pk)


def test_a_delegate_of_finance_lets_it_go_by_finances_authority(world, order):
    form(browser_of(buyer_for(world.account)), "release", order)
    away, delegate = person(Role.FINANCE), person(Role.CS)
    UserAbsence.objects.create(user=away, delegate=delegate, away_from=clock.now().date())
    request = ApprovalRequest.objects.get()
    approvals.decide(approval_id=request.pk, approve=True, note="", actor=acting(delegate), now=clock.now())
    drain(clock.now())
    assert not is_held(order)
    assert OverrideEntry.objects.get().approver_id == delegate.pk


def test_where_nothing_can_be_let_go_nothing_is_asked(world, order):
    Hold.objects.update(rule="no_credit_account")
    with pytest.raises(NothingToLetGo, match="No hold of order"):
        ask_release(order_id=order.pk, reason=Reason("x", WHY), actor=acting(person(Role.CS)), now=clock.now())
    browser = browser_of(buyer_for(world.account))
    assert "Nothing holds this order" in browser.get(f"/requests/release/?order={order.number}").content.decode()
    assert "/requests/release/" not in browser.get(f"/orders/{order.number}/").content.decode()
    assert form(browser, "release", order).status_code == 200
    assert not ApprovalRequest.objects.exists()


# --- payment terms -------------------------------------------------------------------------------------------------------
def test_other_terms_are_asked_for_by_a_buyer_and_changed_when_finance_says_yes(world, order):
    TermsFactory(code="NET60", name="Net 60 days")
    browser = browser_of(buyer_for(world.account))
    assert form(browser, "terms", order, terms="NET60").status_code == 302
    request = ApprovalRequest.objects.get()
    assert (request.kind, request.content["terms asked"], request.content["terms now"]) == (
        "credit", "NET60", "NET30",
    )  # fmt: skip
    assert Order.objects.get().terms_code == "NET30"
    boss = decide(request, Role.FINANCE_APPROVER)
    assert Order.objects.get().terms_code == "NET60"
    entry = OverrideEntry.objects.get(kind="payment_terms")
    assert (entry.approver_id, entry.approval_id, entry.after["terms"]) == (boss.pk, request.pk, "NET60")


def test_terms_that_were_changed_in_between_are_not_changed_by_an_older_yes(world, order):
    for code in ("NET60", "NET90"):
        TermsFactory(code=code, name=code)
    ask(person(Role.CS), "payment terms", order=str(order.public_id), terms="NET60")
    change_terms(
        order_id=order.pk, terms_code="NET90", reason=Reason("deal", "Agreed by the board"),
        actor=acting(person(Role.FINANCE_APPROVER)), now=clock.now(),
    )  # fmt: skip
    decide(ApprovalRequest.objects.get(), Role.FINANCE_APPROVER)
    assert Order.objects.get().terms_code == "NET90"
    assert len(told(order, "request_refused")) == 1


def test_finance_changes_terms_over_the_api_at_once(world, order):
    TermsFactory(code="NET60", name="Net 60 days")
    answer = ask(person(Role.FINANCE), "payment terms", order=str(order.public_id), terms="NET60")
    assert (answer.status_code, answer.json()) == (200, {"is_applied": True, "approvals": []})
    assert Order.objects.get().terms_code == "NET60"
    assert not ApprovalRequest.objects.exists()


# --- the limit -----------------------------------------------------------------------------------------------------------
def test_a_higher_limit_is_asked_for_in_the_portal_and_lets_the_held_order_go_when_it_is_given(world, order):
    buyer = buyer_for(world.account)
    browser = browser_of(buyer)
    assert "/requests/credit-limit/" in browser.get("/").content.decode()
    assert form(browser, "credit-limit", amount="1000").status_code == 302
    request = ApprovalRequest.objects.get()
    assert (request.kind, request.amount, request.account_id) == ("credit", D(1000), world.account.pk)
    assert CreditAccount.objects.get().limit_amount == 100
    page = browser.get("/approvals/").content.decode()
    assert "A credit limit of 1,000.00 USD instead of 100.00" in page and WHY in page
    decide(request, Role.FINANCE)
    assert CreditAccount.objects.get().limit_amount == 1000
    assert not is_held(order)


def test_over_the_api_finance_sets_a_limit_and_a_clerk_and_a_buyer_ask(world):
    customer, code = buyer_for(world.account), world.account.code
    assert ask(customer, "credit limit", amount="900.00").status_code == 202
    assert ask(person(Role.CS), "credit limit", account=code, amount="900.00").json()["is_applied"] is False
    assert CreditAccount.objects.get().limit_amount == 100
    assert ApprovalRequest.objects.count() == 1  # the same thing
    assert ask(person(Role.FINANCE_APPROVER), "credit limit", account=code, amount="900.00").json()["is_applied"]
    assert CreditAccount.objects.get().limit_amount == 900


# --- the console -----------------------------------------------------------------------------------------------------------
def test_on_the_console_who_may_not_clear_asks_and_who_entered_it_waits_too(world, order, client):
    clerk, where = person(Role.CS), f"/admin/orders/order/{order.pk}/"
    hold_id = Hold.objects.get().pk
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"{where}change/").content.decode()
    assert "Ask for its release" in page and "Ask for other payment terms" in page and "Clear this hold" not in page
    sent = {"hold_id": hold_id, "reason": "customer_request", "note": WHY}
    told_back = client.post(f"{where}do/ask-release/", sent, follow=True).content.decode()
    request = ApprovalRequest.objects.get()
    assert f"It waits for approval {request.pk}." in told_back
    boss = person(Role.FINANCE)
    Order.objects.update(entered_by=boss)
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    told_back = client.post(f"{where}do/clear/", sent, follow=True).content.decode()
    assert (
        "asked for this override and cannot approve it" in told_back and f"waits for approval {request.pk}" in told_back
    )
    assert is_held(order) and ApprovalRequest.objects.count() == 1
    shown = client.get(f"/admin/accounts/approvalrequest/{request.pk}/change/").content.decode()
    assert f"Let order {order.number} go on" in shown and "Finance, Finance approver" in shown
    decide(request, Role.FINANCE)
    assert not is_held(order)


# --- what is wrong -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("about", "fields", "words"),
    [
        ("credit-limit", {"amount": "100"}, "is not more than the limit of 100.00"),
        ("credit-limit", {"amount": "much"}, "write it as 60000.00"),
        ("credit-limit", {"amount": "NaN"}, "This is not an amount"),
        ("credit-limit", {"amount": "1e999"}, "This is not an amount"),
        ("credit-limit", {"amount": "900", "until": "2020-01-01"}, "is not a day to come"),
        ("credit-limit", {"amount": "900", "until": "soon"}, "this is not a day"),
        ("credit-limit", {"amount": "900", "reason": "please"}, "at least ten characters"),
        ("terms", {"terms": "NONE"}, "There are no payment terms"),
        ("terms", {}, "Choose the terms"),
        ("release", {"reason": "now"}, "at least ten characters"),
    ],
)
def test_the_portal_says_what_is_wrong_and_asks_for_nothing(world, order, about, fields, words):
    answer = form(browser_of(buyer_for(world.account)), about, None if about == "credit-limit" else order, **fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ApprovalRequest.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"about": "a discount"}, 422),
        ({"about": "hold release"}, 422),
        ({"about": "payment terms", "order": "ORDER"}, 422),
        ({"about": "payment terms", "order": "ORDER", "terms": "NONE"}, 422),
        ({"about": "hold release", "order": str(uuid4())}, 404),
        ({"about": "hold release", "order": "ORDER", "approver": "me"}, 422),
        ({"about": "credit limit", "amount": "NaN"}, 422),
        ({"about": "credit limit", "amount": "1", "account": "ELSE"}, 404),
    ],
)
def test_the_api_says_what_is_wrong_and_asks_for_nothing(world, order, body, status):
    body = {name: str(order.public_id) if value == "ORDER" else value for name, value in body.items()}
    answer = ask(buyer_for(world.account), **body)
    assert answer.status_code == status, answer.json()
    assert not ApprovalRequest.objects.exists()


def test_another_customer_and_who_may_only_look_ask_for_nothing(world, order):
    stranger, viewer = buyer_for(make_world().account), BuyerFactory(account=world.account, role="viewer").user
    assert form(browser_of(stranger), "release", order).status_code == 404
    assert form(browser_of(viewer), "release", order).status_code == 403
    assert ask(stranger, "hold release", order=str(order.public_id)).status_code == 404
    assert ask(viewer, "hold release", order=str(order.public_id)).status_code == 403
    assert not ApprovalRequest.objects.exists()
