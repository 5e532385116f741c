"""Prices set aside on orders: within one's authority at once, else by a second person; below the floor nothing else."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts import approvals
from accounts.models import ApprovalRequest
from accounts.states import Role
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted
from core.models import OverrideEntry
from core.overrides import Reason, ReasonTooShort
from core.refs import DocumentRef
from core.testing import drain, race, unit
from credit.models import Posting
from exceptions_app.models import Case
from exceptions_app.services.apply_resolution import apply_resolution
from inventory.models import Demand
from orders.models import Hold, Order, OrderLine
from orders.rules.asks import DraftChanges, LineDraft
from orders.services.cancel import cancel_lines
from orders.services.capture import capture
from orders.services.edit_draft import edit_draft
from orders.services.override_price import LineIsReleased, override_price
from orders.services.place import place
from orders.services.resolve_price import accept_stated_price
from orders.services.submit import submit
from pricing.rules.asks import AgreedPrice
from pricing.services.agree import agree
from tests.factories.accounts import AssignmentFactory, RepFactory, StaffFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = pytest.mark.django_db
WHY = Reason("price_agreed", "Matched what the other house offers")


def acting(user):
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles), channel="console")


@pytest.fixture
def world():
    found = make_world(products=2, stock=100)
    found.source.margin_floor_percent = 20  # of a cost of 6: 7.50
    found.source.save()
    return found


@pytest.fixture
def lead():
    return acting(StaffFactory(roles=[Role.CS_LEAD]))


def put(order_id, price, actor, line_no=1, **more):
    return override_price(order_id=order_id, prices={line_no: Decimal(price)}, reason=WHY, actor=actor, now=NOW, **more)


def test_within_ones_authority_a_submitted_order_changes_with_all_that_follows(world, lead):
    order_id = place(world.draft(40, 10), actor=CLERK, now=NOW).order_id
    change = put(order_id, "9.5", lead)
    assert (change.is_applied, change.effect, change.approval_id) == (True, Decimal("-20.00"), None)
    order, line = Order.objects.get(), OrderLine.objects.get(line_no=1)
    assert (line.unit_price, line.amount, line.price_basis, line.unit_margin) == (
        Decimal("9.5"),
        380,
        "override",
        Decimal("3.5"),
    )
    assert (order.total_amount, order.version) == (480, 2 + 1)
    assert [s["label"].split()[0] for s in line.price_trace["waterfall"]] == ["list", "override"]
    assert sum(p.amount for p in Posting.objects.all()) == 480
    assert Demand.objects.get(line_no=1).is_contract
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.money_effect, entry.account_id) == ("price", -20, world.account.pk)
    assert entry.before["unit_price"] == "10.000000"
    assert not Hold.objects.exists()


def test_an_overridden_draft_keeps_its_price_when_it_is_submitted_and_loses_it_when_its_lines_are_replaced(world, lead):
    order_id = capture(world.draft(40), actor=CLERK, now=NOW).order_id
    put(order_id, "9.5", lead)
    assert submit(order_id=order_id, actor=CLERK, now=NOW).total == 380
    other = capture(world.draft(40), actor=CLERK, now=NOW).order_id
    put(other, "9.5", lead)
    lines = (LineDraft(1, Decimal(40), product_id=world.products[0].pk),)
    version = Order.objects.get(pk=other).version
    edit_draft(order_id=other, changes=DraftChanges(lines=lines), expected_version=version, actor=CLERK, now=NOW)
    assert submit(order_id=other, actor=CLERK, now=NOW).total == 400


@pytest.mark.parametrize("price", ["9", "7"])  # more points than a lead may give; below the floor
def test_beyond_it_a_second_person_says_yes_and_then_it_is_done(world, lead, price):
    order_id = place(world.draft(40), actor=CLERK, now=NOW).order_id
    change = put(order_id, price, lead)
    assert not change.is_applied
    assert OrderLine.objects.get().unit_price == 10
    row = ApprovalRequest.objects.get()
    assert (row.kind, row.amount, row.account_id) == ("price", (Decimal(price) - 10) * 40, world.account.pk)
    assert not {"floor", "cost", "margin"} & set(row.content)
    boss = acting(StaffFactory(roles=[Role.FINANCE_APPROVER]))
    approvals.decide(approval_id=row.pk, approve=True, actor=boss, now=NOW)
    drain(NOW)
    line = OrderLine.objects.get()
    assert (line.unit_price, line.price_basis) == (Decimal(price), "override")
    assert not Hold.objects.exists()  # also below the floor: it was approved for exactly this line
    entry = OverrideEntry.objects.get()
    assert (entry.actor_label, entry.approver_id, entry.approval_id) == (lead.label, boss.user_id, row.pk)


def test_a_no_changes_nothing(world, lead):
    order_id = place(world.draft(40), actor=CLERK, now=NOW).order_id
    put(order_id, "7", lead)
    boss = acting(StaffFactory(roles=[Role.FINANCE_APPROVER]))
    approvals.decide(approval_id=ApprovalRequest.objects.get().pk, approve=False, actor=boss, now=NOW)
    drain(NOW)
    assert OrderLine.objects.get().unit_price == 10
    assert not OverrideEntry.objects.exists()


def test_below_the_floor_not_even_the_widest_authority_acts_alone(world):
    boss = acting(StaffFactory(roles=[Role.FINANCE_APPROVER, Role.PRICING]))
    order_id = place(world.draft(40), actor=CLERK, now=NOW).order_id
    assert put(order_id, "7.50", boss).is_applied
    assert not put(order_id, "7.49", boss).is_applied


def test_a_forged_price_below_the_floor_is_held_at_the_gate(world):
    """Whoever writes a price into the table gets no further: nobody approved it for this line."""
    order_id = capture(world.draft(40), actor=CLERK, now=NOW).order_id
    line = OrderLine.objects.get()
    with unit():
        agree(
            DocumentRef("price_override", line.pk),
            [AgreedPrice(line.product_id, Decimal(1))],
            account_id=world.account.pk,
            currency="USD",
            valid_until=NOW + timedelta(days=9),
            now=NOW,
        )
    OrderLine.objects.update(price_basis="override")
    assert submit(order_id=order_id, actor=CLERK, now=NOW).holds[0].rule == "price_floor"


def test_what_was_approved_for_40_is_not_approved_for_50(world, lead):
    order_id = capture(world.draft(40), actor=CLERK, now=NOW).order_id
    put(order_id, "7", lead)
    boss = acting(StaffFactory(roles=[Role.FINANCE_APPROVER]))
    approval = ApprovalRequest.objects.get()
    approvals.decide(approval_id=approval.pk, approve=True, actor=boss, now=NOW)
    OrderLine.objects.update(qty=50)
    with pytest.raises(approvals.ContentChanged):
        put(order_id, "7", lead, approval_id=approval.pk)
    drain(NOW)  # the reaction is refused as well, and says so
    assert not OverrideEntry.objects.exists()
    assert OrderLine.objects.get().price_basis == ""


def test_who_may_ask_and_what_is_refused(world, lead):
    order_id = place(world.draft(40), actor=CLERK, now=NOW).order_id
    with pytest.raises(NotPermitted):
        put(order_id, "9", acting(StaffFactory(roles=[Role.WAREHOUSE])))
    with pytest.raises(InvalidInput):
        put(order_id, "-1", lead)
    with pytest.raises(InvalidInput):
        put(order_id, "9", lead, line_no=7)
    with pytest.raises(ReasonTooShort):
        override_price(order_id=order_id, prices={1: Decimal(9)}, reason=Reason("x", "short"), actor=lead, now=NOW)
    Demand.objects.update(reserved_qty=0, released_qty=40)
    with pytest.raises(LineIsReleased):
        put(order_id, "9", lead)


def place_with(world, stated):
    line = LineDraft(1, Decimal(40), product_id=world.products[0].pk, stated_price=Decimal(stated))
    order_id = place(world.draft_of([line]), actor=CLERK, now=NOW).order_id
    drain(NOW)
    return order_id


def mismatch(world, stated="9.5"):
    order_id = place_with(world, stated)
    return order_id, Case.objects.get(kind="price_mismatch")


@pytest.mark.parametrize(("code", "total"), [("clear_hold", 400), ("accept_po_price", 380), ("reject_lines", 0)])
def test_a_price_mismatch_ends_at_our_price_at_theirs_or_not_at_all(world, code, total):
    order_id, case = mismatch(world)
    pricing = acting(StaffFactory(roles=[Role.PRICING]))
    apply_resolution(case_id=case.pk, code=code, actor=pricing, now=NOW, key=uuid4().hex)
    drain(NOW)
    assert Order.objects.get(pk=order_id).total_amount == total
    assert not Hold.objects.filter(cleared_at=None).exists()
    case.refresh_from_db()
    assert case.status in ("resolved", "auto_resolved", "closed")


def test_their_price_below_the_floor_waits_for_a_second_person_and_holds_until_then(world):
    order_id, _ = mismatch(world, stated="7")
    pricing = acting(StaffFactory(roles=[Role.PRICING]))
    change = accept_stated_price(order_id=order_id, reason=WHY, actor=pricing, now=NOW)
    assert not change.is_applied
    assert Hold.objects.filter(cleared_at=None, rule="price_mismatch").exists()
    boss = acting(StaffFactory(roles=[Role.FINANCE_APPROVER]))
    approvals.decide(approval_id=change.approval_id, approve=True, actor=boss, now=NOW)
    drain(NOW)
    assert Order.objects.get().total_amount == 280
    assert not Hold.objects.filter(cleared_at=None).exists()


def test_what_is_asked_from_a_case_names_no_floor_to_the_customer_who_reads_it(world):
    world.source.margin_floor_percent = 50  # of a cost of 6: 12.00, and our own price is 10
    world.source.save()
    place_with(world, "9.5")
    case = Case.objects.get(summary__contains="below the floor of 12")
    actor = acting(StaffFactory(roles=[Role.PRICING]))
    apply_resolution(case_id=case.pk, code="accept_po_price", actor=actor, now=NOW, key="k")
    asked = ApprovalRequest.objects.get()
    assert asked.reason == f"Decided on case {case.number}: the customer's price is accepted"
    (told,) = device_of(buyer_for(world.account)).get("/api/v1/approvals").json()["items"]
    assert (told["reason"], told["amount"]["amount"]) == (asked.reason, "-20.00")


def test_an_order_cancelled_from_such_a_case_says_which_case_and_no_floor(world):
    world.source.margin_floor_percent = 50
    world.source.save()
    order_id = place_with(world, "9.5")
    case = Case.objects.get(summary__contains="below the floor of 12")
    lead = acting(StaffFactory(roles=[Role.CS_LEAD]))
    apply_resolution(case_id=case.pk, code="cancel_order", actor=lead, now=NOW, key="k")
    order = Order.objects.get(pk=order_id)
    assert order.status == "cancelled"
    told = device_of(buyer_for(world.account)).get(f"/api/v1/orders/{order.public_id}/timeline").json()["items"]
    assert f"1 of 1 lines cancelled: Decided on case {case.number}" in [x["summary"] for x in told]
    assert "floor" not in str(told)


def test_a_case_whose_action_only_asked_stays_open_until_the_answer(world):
    order_id, case = mismatch(world, stated="7")
    told = apply_resolution(
        case_id=case.pk, code="accept_po_price", actor=acting(StaffFactory(roles=[Role.PRICING])), now=NOW, key="k"
    )
    request = ApprovalRequest.objects.get()
    assert told == f"Approval {request.pk} is asked for: -120.00 USD at the customer's price."
    case.refresh_from_db()
    assert case.status == "open"
    boss = acting(StaffFactory(roles=[Role.FINANCE_APPROVER]))
    approvals.decide(approval_id=request.pk, approve=False, note="too low", actor=boss, now=NOW)
    drain(NOW)
    case.refresh_from_db()
    assert case.status == "open" and Hold.objects.filter(cleared_at=None, rule="price_mismatch").exists()
    pricing = acting(StaffFactory(roles=[Role.PRICING]))
    apply_resolution(case_id=case.pk, code="clear_hold", actor=pricing, now=NOW, key="k2")
    drain(NOW)
    case.refresh_from_db()
    assert case.status == "resolved" and Order.objects.get(pk=order_id).total_amount == 400


def test_a_reps_request_over_the_api_always_waits_and_names_neither_approver_nor_cost(world):
    order_id = place(world.draft(40), actor=CLERK, now=NOW).order_id
    rep = AssignmentFactory(account=world.account, rep=RepFactory()).rep
    device = device_of(rep.user)
    where = f"/api/v1/orders/{Order.objects.get(pk=order_id).public_id}/price-requests"
    body = {"lines": [{"line_no": 1, "unit_price": "9.90"}], "reason": "They asked for ten cents off"}
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid4())}
    answer = device.post(where, body, format="json", **key)
    assert answer.status_code == 202, answer.json()
    row = ApprovalRequest.objects.get()
    assert answer.json() == {
        "is_applied": False,
        "effect": {"amount": "-4.00", "currency": "USD"},
        "approval": str(row.public_id),
    }
    assert device.post(where, body, format="json", **key)["Idempotency-Replayed"] == "true"
    for forged in ({"approver": 1}, {"floor": "0"}, {"cost": "1"}):
        refused = device.post(where, body | forged, format="json", HTTP_IDEMPOTENCY_KEY=str(uuid4()))
        assert refused.status_code in (400, 422)
    assert ApprovalRequest.objects.count() == 1
    assert OrderLine.objects.get().unit_price == 10


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_an_approval_beside_a_change_of_the_line_applies_to_what_was_approved_or_not_at_all():
    world = make_world(stock=100)
    world.source.margin_floor_percent = 20
    world.source.save()
    lead = acting(StaffFactory(roles=[Role.CS_LEAD]))
    boss = acting(StaffFactory(roles=[Role.FINANCE_APPROVER]))
    order_id = place(world.draft(40), actor=CLERK, now=NOW).order_id
    approval = put(order_id, "7", lead).approval_id
    approvals.decide(approval_id=approval, approve=True, actor=boss, now=NOW)
    outcomes = race(
        lambda: put(order_id, "7", lead, approval_id=approval),
        lambda: put(order_id, "9.6", lead),
        lambda: cancel_lines(order_id=order_id, quantities={1: Decimal(10)}, reason="less", actor=CLERK, now=NOW),
    )
    assert not [o for o in outcomes if isinstance(o, Exception)], outcomes
    line, order = OrderLine.objects.get(), Order.objects.get()
    assert line.unit_price in (Decimal(7), Decimal("9.6"))
    assert line.amount == 30 * line.unit_price == order.total_amount
    assert sum(p.amount for p in Posting.objects.all()) == line.amount


def test_the_page_shows_the_effect_first_and_then_overrides_or_asks(world, django_assert_max_num_queries):
    """6 of cost, 10 on the contract, floor 7.50: 9 is within a lead's authority, 7 asks for a second person."""
    order = place(world.draft(4, 2), actor=CLERK, now=NOW).order_id
    browser, path = browser_of(StaffFactory(roles=[Role.CS_LEAD])), f"/admin/orders/order/{order}/price/"
    with django_assert_max_num_queries(40):
        first = browser.get(path)
    (row, _) = first.context_data["rows"]
    assert (row["ours"], row["floor"], row["margin"], row["now"]) == ("10.00", "7.50", "40.0 %", "10.00")
    looked = browser.post(path, {"price_1": "9", "price_2": "", "look": "", "note": WHY.note, "reason": WHY.code})
    (row, other) = looked.context_data["rows"]
    assert (row["effect"], row["new_margin"], other["effect"]) == ("-4.00", "33.3 %", "")
    told = looked.context_data["outcome"]
    assert (told["effect"], told["points"], told["is_below_floor"]) == ("-4.00 USD", Decimal("6.67"), False)
    assert not OverrideEntry.objects.exists() and OrderLine.objects.get(line_no=1).unit_price == 10
    low = browser.post(path, {"price_1": "7", "look": "", "note": WHY.note, "reason": WHY.code})
    assert (low.context_data["outcome"]["is_alone"], low.context_data["rows"][0]["is_below_floor"]) == (False, True)
    assert "finance approver" in low.content.decode()
    asked = browser.post(path, {"price_1": "7", "do": "", "note": WHY.note, "reason": WHY.code}, follow=True)
    assert f"wait for approval {ApprovalRequest.objects.get().pk}: -12.00 USD" in asked.content.decode()
    assert not OverrideEntry.objects.exists()
    for bad in (
        {"price_1": "cheap"},
        {},
        {"price_1": "NaN"},
        {"price_9": "1"},
        {"price_1": "9", "do": "", "note": "short"},
    ):
        answer = browser.post(path, {"look": "", **bad})
        assert answer.status_code == 200 and answer.context_data["errors"], bad
    done = browser.post(path, {"price_1": "9.9", "do": "", "note": WHY.note, "reason": WHY.code}, follow=True)
    assert "1 price overridden: -0.40 USD" in done.content.decode()
    assert OrderLine.objects.get(line_no=1).unit_price == Decimal("9.9")
    browser = browser_of(StaffFactory(roles=[Role.AUDITOR]))
    assert browser.get(path).status_code == 403
