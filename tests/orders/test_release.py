from datetime import timedelta
from decimal import Decimal

import pytest

from core.errors import NotPermitted
from core.models import JournalEntry, OutboxFact, OverrideEntry
from core.overrides import Reason, ReasonTooShort
from credit.models import CreditAccount, OpenOrderDay, Posting
from inventory.models import Demand, StockBalance
from orders.gates import evaluate_gates
from orders.models import Hold, Order
from orders.queries import pictures
from orders.rules.content import APPROVAL_KIND, content_hash
from orders.services.cancel import NothingToCancel, cancel_lines, cancel_order
from orders.services.clear_hold import HoldNotOpen, clear_hold
from orders.services.place import place
from orders.services.place_hold import AlreadyOnHold, place_hold
from orders.services.record_progress import record_progress
from orders.services.reevaluate_credit_holds import reevaluate_credit_holds
from orders.states import Gate
from tests.factories.accounts import ApprovalFactory
from tests.factories.orders import CLERK, FINANCE, NOW, TODAY, allocated, later, make_world, release

pytestmark = pytest.mark.django_db

BECAUSE = Reason("customer_paid", "The customer showed us the bank transfer.")


def gates_of(grant):
    return [str(r.gate) for r in grant.refused]


def test_release_gives_what_is_allocated_and_moves_the_exposure_to_the_cent():
    world = make_world(products=2, stock=50)
    order = allocated(world, 40, 60)
    grant = release([order.order_id])[order.order_id]
    assert grant.refused == ()
    assert [(c.stock.qty, c.unit_price) for c in grant.claims] == [(40, 10), (50, 10)]
    assert grant.ship_to_id == world.ship_to.pk
    assert list(Demand.objects.order_by("id").values_list("released_qty", "backordered_qty")) == [(40, 0), (50, 10)]
    assert CreditAccount.objects.get().released_amount == Decimal("900.00")
    assert OpenOrderDay.objects.get().amount == Decimal("100.00")
    fact = OutboxFact.objects.get(kind="orders.LinesReleased").payload
    assert (fact["lines"], fact["short_lines"], fact["is_first"]) == (2, 1, True)
    assert Order.objects.get().version == 3
    told = JournalEntry.objects.get(verb="released").data["credit"]
    assert told["outcome"] == "Credit approves the order: this order 1,000 against 10,000 USD."
    assert told["losers"][-1]["what"] == "passed"
    assert "credit limit, limit expired, oldest open item" in told["losers"][-1]["why"]


def test_releasing_again_finds_nothing_and_places_no_hold():
    world = make_world()
    order = allocated(world, 5)
    release([order.order_id])
    grant = release([order.order_id])[order.order_id]
    assert grant.claims == ()
    assert gates_of(grant) == ["allocation", "ship_complete"]
    assert not Hold.objects.exists()
    assert CreditAccount.objects.get().released_amount == 50


def test_an_order_without_allocated_stock_waits_without_a_hold():
    world = make_world()
    order = place(world.draft(5), actor=CLERK, now=NOW)
    grant = release([order.order_id])[order.order_id]
    assert gates_of(grant) == ["allocation", "ship_complete"]
    assert not Hold.objects.exists()


def test_an_order_that_ships_complete_waits_for_its_last_line():
    world = make_world(products=2, stock=50, ship_complete="order")
    order = allocated(world, 40, 60)
    grant = release([order.order_id])[order.order_id]
    assert grant.claims == ()
    assert gates_of(grant) == ["ship_complete"]
    assert Demand.objects.filter(released_qty__gt=0).count() == 0


def test_lines_that_ship_complete_go_one_by_one():
    world = make_world(products=2, stock=50, ship_complete="line")
    order = allocated(world, 40, 60)
    grant = release([order.order_id])[order.order_id]
    assert [c.stock.qty for c in grant.claims] == [40]


def test_a_held_order_does_not_stand_in_the_way_of_one_that_passed():
    world = make_world(stock=500, limit=1000)
    passed = allocated(world, 60)
    held = allocated(world, 50)
    assert [h.reason for h in held.holds] == ["credit"]
    grants = release([passed.order_id, held.order_id])
    assert grants[passed.order_id].claims
    assert gates_of(grants[held.order_id]) == ["credit"]
    assert CreditAccount.objects.get().released_amount == 600


def test_a_cleared_credit_hold_lets_the_order_go_within_its_ceiling_and_time():
    world = make_world(limit=100)
    order = allocated(world, 20)
    (hold,) = order.holds
    clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=FINANCE, now=NOW, valid_until=NOW + timedelta(hours=4))
    assert gates_of(release([order.order_id], now=NOW + timedelta(hours=5))[order.order_id]) == ["credit"]
    assert Hold.objects.filter(cleared_at__isnull=True).count() == 1
    grant = release([order.order_id], now=NOW + timedelta(hours=1))[order.order_id]
    assert [c.stock.qty for c in grant.claims] == [20]
    override = OverrideEntry.objects.get()
    assert (override.kind, override.subject_number, override.after["ceiling"]) == (
        "hold_release",
        order.number,
        "200.00",
    )


def test_only_the_roles_of_the_hold_clear_it_with_a_reason_and_once():
    world = make_world(limit=100)
    (hold,) = place(world.draft(20), actor=CLERK, now=NOW).holds
    with pytest.raises(NotPermitted):
        clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=CLERK, now=NOW)
    with pytest.raises(ReasonTooShort):
        clear_hold(hold_id=hold.hold_id, reason=Reason("x", "ok"), actor=FINANCE, now=NOW)
    assert Hold.objects.get().cleared_at is None
    clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=FINANCE, now=NOW)
    with pytest.raises(HoldNotOpen):
        clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=FINANCE, now=NOW)
    assert OverrideEntry.objects.count() == 1


def test_a_hold_by_hand_blocks_allocation_and_release_until_a_person_clears_it():
    world = make_world()
    order = allocated(world, 5)
    hold = place_hold(
        order_id=order.order_id,
        note="Customer asked us to wait for the new address.",
        blocks=["allocate", "release"],
        actor=CLERK,
        now=NOW,
    )
    assert Demand.objects.get().is_blocked
    with pytest.raises(AlreadyOnHold):
        place_hold(order_id=order.order_id, note="Customer asked us to wait.", actor=CLERK, now=NOW)
    grant = release([order.order_id])[order.order_id]
    assert gates_of(grant) == ["approval"]
    assert Hold.objects.count() == 1
    clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=CLERK, now=NOW)
    assert not Demand.objects.get().is_blocked
    assert release([order.order_id])[order.order_id].claims


def test_credit_holds_go_oldest_first_when_room_comes_and_forced_ones_stay():
    world = make_world(stock=500, limit=100)
    first = place(world.draft(30), actor=CLERK, now=NOW)
    second = place(world.draft(40), actor=CLERK, now=NOW)
    CreditAccount.objects.update(limit_amount=650)
    outcome = reevaluate_credit_holds(account_id=world.account.pk, actor=FINANCE, now=NOW)
    assert (outcome.cleared, outcome.still_held) == ((first.order_id,), (second.order_id,))
    CreditAccount.objects.update(limit_amount=700)
    assert reevaluate_credit_holds(account_id=world.account.pk, actor=FINANCE, now=NOW).cleared == (second.order_id,)
    assert OutboxFact.objects.filter(kind="orders.HoldCleared").count() == 2
    place_hold(order_id=first.order_id, note="Fraud desk looks at it.", reason="credit", actor=FINANCE, now=NOW)
    assert reevaluate_credit_holds(account_id=world.account.pk, actor=FINANCE, now=NOW).cleared == ()
    assert Hold.objects.get(cleared_at__isnull=True).is_forced


def test_an_order_past_its_cancel_date_does_not_go():
    world = make_world()
    order = allocated(world, 5, cancel_after_date=TODAY)
    assert gates_of(release([order.order_id], now=NOW + timedelta(days=1))[order.order_id]) == ["delivery_window"]
    assert release([order.order_id])[order.order_id].claims


def test_cancelling_frees_stock_and_credit_and_the_total_stays_the_sum_of_the_lines():
    world = make_world(products=2, stock=100)
    order = allocated(world, 40, 60, requested_date=later(5))
    cancel_lines(order_id=order.order_id, quantities={2: Decimal(25)}, reason="too many", actor=CLERK, now=NOW)
    stored = Order.objects.get()
    assert (stored.total_amount, stored.status) == (Decimal("750.00"), "submitted")
    assert OpenOrderDay.objects.get(ship_date=later(5)).amount == 750
    assert list(StockBalance.objects.order_by("product_id").values_list("allocated_qty", flat=True)) == [40, 35]
    outcome = cancel_order(order_id=order.order_id, reason="not wanted", actor=CLERK, now=NOW)
    assert (outcome.status, outcome.cancelled) == ("cancelled", {1: 40, 2: 35})
    assert OpenOrderDay.objects.get(ship_date=later(5)).amount == 0
    assert Order.objects.get().total_amount == 0
    assert StockBalance.objects.filter(allocated_qty__gt=0).count() == 0


def test_what_is_released_cannot_be_cancelled_and_the_rest_of_the_order_can():
    world = make_world(products=2, stock=50)
    order = allocated(world, 50, 60)
    release([order.order_id])
    outcome = cancel_order(order_id=order.order_id, reason="not wanted", actor=CLERK, now=NOW)
    assert (outcome.status, outcome.cancelled) == ("submitted", {2: 10})
    with pytest.raises(NothingToCancel):
        cancel_order(order_id=order.order_id, reason="not wanted", actor=CLERK, now=NOW)
    assert CreditAccount.objects.get().released_amount == 1000
    assert sum(Posting.objects.values_list("amount", flat=True)) == 1000


def test_an_order_closes_when_every_unit_is_shipped_or_cancelled():
    world = make_world()
    order = allocated(world, 5)
    assert record_progress(order_ids=[order.order_id], actor=CLERK, now=NOW) == []
    Demand.objects.update(allocated_qty=0, shipped_qty=5)
    assert record_progress(order_ids=[order.order_id], actor=CLERK, now=NOW) == [order.order_id]
    assert record_progress(order_ids=[order.order_id], actor=CLERK, now=NOW) == []
    assert Order.objects.get().status == "closed"


def test_an_order_waits_for_the_approval_of_what_it_is_now_and_not_of_what_it_was():
    world = make_world()
    order = allocated(world, 5)
    picture = pictures([order.order_id])[order.order_id]
    asked = {"kind": APPROVAL_KIND, "subject_kind": "order", "subject_id": order.order_id}
    times = {"requested_at": NOW, "expires_at": NOW + timedelta(days=1)}
    ApprovalFactory(**asked, **times, content_hash="0" * 64)
    assert evaluate_gates([order.order_id], [Gate.APPROVAL], now=NOW)[order.order_id][0].is_pass
    ApprovalFactory(**asked, **times, content_hash=content_hash(picture))
    assert gates_of(release([order.order_id])[order.order_id]) == ["approval"]
    assert Hold.objects.get().rule == "approval_pending"
