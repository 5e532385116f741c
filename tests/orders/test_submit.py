from dataclasses import replace
from decimal import Decimal

import pytest

from accounts.states import AccountStatus
from catalog.states import ProductStatus
from core.idempotency import Claim, run_once
from core.lifecycle import IllegalTransition
from core.models import JournalEntry, OutboxFact
from credit.models import OpenOrderDay, Posting
from inventory.models import Demand, StockBalance
from orders.models import Hold, LineSplit, Order, OrderLine
from orders.rules.asks import LineDraft
from orders.services.cancel import cancel_order
from orders.services.capture import capture
from orders.services.place import place
from orders.services.submit import SubmitRefused, submit
from tests.factories.accounts import AssignmentFactory, TierFactory
from tests.factories.catalog import ProductFactory
from tests.factories.orders import CLERK, NOW, TODAY, later, make_world

pytestmark = pytest.mark.django_db


def test_submitting_prices_locks_counts_credit_reserves_and_tells():
    world = make_world(products=2, stock=50)
    AssignmentFactory(account=world.account)
    captured = capture(world.draft(40, 60), actor=CLERK, now=NOW)
    outcome = submit(order_id=captured.order_id, actor=CLERK, now=NOW)
    assert (outcome.total, outcome.currency, outcome.holds) == (Decimal("1000.00"), "USD", ())
    assert [(x.line_no, x.reserved, x.backordered) for x in outcome.lines] == [(1, 40, 0), (2, 50, 10)]
    order = Order.objects.get()
    assert (order.status, order.submitted_at, order.version, order.total_amount) == ("submitted", NOW, 2, 1000)
    line = OrderLine.objects.get(line_no=1)
    assert (line.unit_price, line.amount, line.price_basis, line.price_locked_at) == (10, 400, "list", NOW)
    assert line.price_trace["waterfall"][-1]["unit_price"].startswith("10")
    assert line.demand.reserved_qty == 40
    assert LineSplit.objects.count() == 2
    assert list(Posting.objects.values_list("bucket", "amount", "ship_date")) == [("open_order", 1000, TODAY)]
    assert [r["verdict"] for r in order.gate_results] == ["pass"] * 5
    assert not Hold.objects.exists()
    told = OutboxFact.objects.filter(kind="orders.OrderSubmitted").get()
    assert (told.stream, told.seq, told.payload["is_held"]) == (f"order:{order.pk}", 2, False)
    assert list(JournalEntry.objects.filter(subject_kind="order").values_list("verb", flat=True)) == [
        "captured",
        "submitted",
    ]


def test_submitting_twice_changes_nothing_and_gives_the_same_outcome():
    world = make_world()
    captured = capture(world.draft(7), actor=CLERK, now=NOW)
    first = submit(order_id=captured.order_id, actor=CLERK, now=NOW)
    again = submit(order_id=captured.order_id, actor=CLERK, now=NOW)
    assert (again.total, again.holds, again.lines[0].reserved) == (first.total, first.holds, 7)
    assert Demand.objects.count() == 1
    assert Posting.objects.count() == 1
    assert StockBalance.objects.get().reserved_qty == 7


def test_a_cancelled_order_cannot_be_submitted():
    world = make_world()
    captured = capture(world.draft(7), actor=CLERK, now=NOW)
    cancel_order(order_id=captured.order_id, reason="not wanted", actor=CLERK, now=NOW)
    with pytest.raises(IllegalTransition):
        submit(order_id=captured.order_id, actor=CLERK, now=NOW)
    assert not Demand.objects.exists()


def test_what_rejects_comes_all_at_once_with_line_pointers_and_the_draft_stays():
    world = make_world(products=2, status=AccountStatus.SUSPENDED, po_number_required=True)
    unpriced = ProductFactory()
    recalled = ProductFactory(status=ProductStatus.RECALLED)
    lines = [
        LineDraft(1, Decimal(1), product_id=world.products[0].pk),
        LineDraft(2, Decimal(1), product_id=unpriced.pk),
        LineDraft(3, Decimal(1), stated_code="???"),
        LineDraft(4, Decimal(1), product_id=recalled.pk),
    ]
    captured = capture(world.draft_of(lines, po_number=""), actor=CLERK, now=NOW)
    with pytest.raises(SubmitRefused) as refused:
        submit(order_id=captured.order_id, actor=CLERK, now=NOW)
    places = {(e.pointer, e.code.split(":")[0]) for e in refused.value.errors}
    assert {
        ("/account_id", "account_may_not_buy"),
        ("/po_number", "required"),
        ("/lines/1/product_id", "unpriced"),
        ("/lines/2/product_id", "unresolved"),
        ("/lines/3/product_id", "not_eligible"),
    } <= places
    assert refused.value.data["gates"] == ["eligibility", "data", "price"]
    assert Order.objects.get().status == "draft"
    assert not Demand.objects.exists()
    assert not Posting.objects.exists()


def test_an_order_over_the_limit_is_held_not_refused_and_still_counts_and_reserves():
    world = make_world(limit=300)
    outcome = place(world.draft(40), actor=CLERK, now=NOW)
    (hold,) = outcome.holds
    assert (hold.reason, hold.rule, hold.blocks) == ("credit", "credit", ("release",))
    assert "finance" in hold.clearable_by
    assert hold.message == "Over by 100.00: this order 400 against 300 USD."
    assert outcome.lines[0].reserved == 40
    assert OpenOrderDay.objects.get().amount == 400
    fact = OutboxFact.objects.get(kind="orders.HoldPlaced")
    assert (fact.payload["reason"], fact.payload["amount"]) == ("credit", "400.00")
    assert OutboxFact.objects.get(kind="orders.OrderSubmitted").payload["is_held"] is True


def test_without_a_credit_account_the_order_is_held_and_posts_nothing():
    world = make_world(limit=None)
    outcome = place(world.draft(1), actor=CLERK, now=NOW)
    assert "no credit account" in outcome.holds[0].message
    assert not Posting.objects.exists()


def test_a_stated_price_that_differs_from_ours_holds_with_both_numbers():
    world = make_world()
    line = LineDraft(1, Decimal(3), product_id=world.products[0].pk, stated_price=Decimal("9.95"))
    outcome = place(world.draft_of([line]), actor=CLERK, now=NOW)
    (hold,) = outcome.holds
    assert (hold.reason, hold.rule) == ("price", "price_mismatch")
    assert "9.95" in hold.message
    assert "10" in hold.message
    assert outcome.total == Decimal("30.00")


def test_a_stated_price_that_rounds_to_the_same_cent_does_not_hold():
    world = make_world()
    line = LineDraft(1, Decimal(3), product_id=world.products[0].pk, stated_price=Decimal("10.001"))
    assert place(world.draft_of([line]), actor=CLERK, now=NOW).holds == ()


def test_a_price_below_the_margin_floor_holds_for_pricing():
    world = make_world()
    world.source.margin_floor_percent = Decimal(50)
    world.source.save()
    outcome = place(world.draft(1), actor=CLERK, now=NOW)
    assert [(h.reason, h.rule, h.clearable_by) for h in outcome.holds] == [("price", "price_floor", ("pricing",))]


def test_placing_takes_the_default_ship_to_and_ranks_the_demand_by_tier():
    world = make_world(tier=TierFactory(rank=3), ship_complete="order")
    outcome = place(replace(world.draft(5, requested_date=later(9)), ship_to_id=None), actor=CLERK, now=NOW)
    assert Order.objects.get().ship_to_id == world.ship_to.pk
    demand = Demand.objects.get()
    assert (demand.tier_rank, demand.requested_date, demand.margin_band) == (3, later(9), 4)
    assert demand.ship_complete_group == outcome.number
    assert Posting.objects.get().ship_date == later(9)


def test_a_delivery_placed_twice_is_one_order():
    world = make_world()
    draft = world.draft(5, external_id="ISA-1")
    first = place(draft, actor=CLERK, now=NOW)
    second = place(draft, actor=CLERK, now=NOW)
    assert second.order_id == first.order_id
    assert Order.objects.count() == 1
    assert StockBalance.objects.get().reserved_qty == 5


def test_placing_a_captured_draft_again_submits_that_draft():
    world = make_world()
    draft = world.draft(5, external_id="ISA-1")
    captured = capture(draft, actor=CLERK, now=NOW)
    assert place(draft, actor=CLERK, now=NOW).order_id == captured.order_id
    assert Order.objects.get().status == "submitted"


def test_the_answer_of_a_keyed_call_comes_back_the_same_the_second_time():
    world = make_world(products=2, stock=5, limit=10)
    draft = world.draft(3, 7)
    claim = Claim("test.place", "user:1", "k1", "h1")
    first = run_once(claim, place, draft, actor=CLERK, now=NOW)
    again = run_once(claim, place, draft, actor=CLERK, now=NOW)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.result == first.result
    assert again.result.holds[0].blocks == ("release",)
    assert Order.objects.count() == 1
