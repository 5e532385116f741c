"""A cart and a quote keep their goods for a time: theirs alone, and free for others at the moment it is over."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from core.actors import Actor
from core.errors import InvalidInput
from core.models import OutboxFact
from inventory import queries as inventory
from inventory.models import Claim, Demand, StockBalance
from inventory.rules.asks import AvailabilityQuery
from inventory.services.expire_claims import expire_claims
from orders.models import Order, StockHold, StockHoldLimit
from orders.rules.asks import DraftChanges, LineDraft
from orders.services.cancel import cancel_order
from orders.services.capture import NotADraft, capture
from orders.services.edit_draft import edit_draft
from orders.services.hold_goods import (
    HeldTooOften,
    HoldTooLong,
    HoldWorthTooMuch,
    NothingToHold,
    hold_goods,
    let_goods_go,
)
from orders.services.place import place
from orders.services.preview import preview
from orders.services.submit import submit, submit_many
from orders.stock_hold_queries import goods_held
from tests.factories.inventory import breaches, stock
from tests.factories.orders import CLERK, NOW, World, make_world
from tests.factories.pools import limit

pytestmark = pytest.mark.django_db
BUYER = Actor("Bea Buyer", roles=frozenset({"buyer"}), channel="portal")
HALF_HOUR = NOW + timedelta(minutes=30)


def stocked(qty: int, *, products: int = 1) -> World:
    world = make_world(products=products, stock=None)
    for product in world.products:
        stock(product, world.site, qty)
    return world


def cart(world: World, *qtys: int | str) -> int:
    return capture(world.draft(*qtys), actor=BUYER, now=NOW).order_id


def free(world: World, *, at: datetime, own: tuple[int, ...] = (), product: int = 0) -> Decimal:
    product_id = world.products[product].pk
    query = AvailabilityQuery((product_id,), world.account.pk, at.date(), now=at, ignore_demand_ids=own)
    return inventory.availability(query)[product_id].available


def sound() -> None:
    assert breaches() == []


def test_a_cart_holds_its_goods_for_thirty_minutes_and_nobody_else_has_them():
    world = stocked(10)
    order_id = cart(world, 7)
    held = hold_goods(order_id=order_id, actor=BUYER, now=NOW)
    assert (held.until, held.by_line, held.short) == (HALF_HOUR, {1: Decimal(7)}, ())
    assert free(world, at=NOW) == 3
    assert free(world, at=NOW, own=held.demand_ids) == 10
    other = place(world.draft(10), actor=CLERK, now=NOW)
    assert (other.lines[0].reserved, other.lines[0].backordered) == (3, 7)
    sound()


def test_its_own_preview_counts_what_it_holds_as_free():
    world = stocked(10)
    order_id = cart(world, 7)
    held = hold_goods(order_id=order_id, actor=BUYER, now=NOW)
    draft = world.draft(7)
    blind = preview(draft, actor=BUYER, now=NOW)
    assert [(p.kind, p.qty) for p in blind.lines[0].promises] == [("stock", 3), ("none", 4)]
    own = preview(draft, actor=BUYER, now=NOW, own_demands=held.demand_ids)
    assert [(p.kind, p.qty) for p in own.lines[0].promises] == [("stock", 7)]


def test_submitting_turns_the_hold_into_the_orders_reservation():
    world = stocked(10)
    order_id = cart(world, 7)
    hold_goods(order_id=order_id, actor=BUYER, now=NOW)
    place(world.draft(5), actor=CLERK, now=NOW)  # takes the three that are left
    outcome = submit(order_id=order_id, actor=CLERK, now=NOW + timedelta(minutes=10))
    assert (outcome.lines[0].reserved, outcome.lines[0].backordered) == (7, 0)
    assert StockBalance.objects.get().reserved_qty == 10
    assert list(Claim.objects.filter(state="open").order_by("id").values_list("demand__ref_kind", "qty")) == [
        ("order", 3),
        ("order", 7),
    ]
    assert Claim.objects.filter(state="open", expires_at__isnull=False).count() == 0
    assert (StockHold.objects.get().ended, Order.objects.get(pk=order_id).stock_hold_id) == ("submitted", None)
    sound()


def test_many_drafts_submitted_together_each_keep_what_they_held():
    world = stocked(10)
    held, bare = cart(world, 6), cart(world, 6)
    hold_goods(order_id=held, actor=BUYER, now=NOW)
    done = submit_many([bare, held], actor=CLERK, now=NOW)
    got = {i: outcome.lines[0].reserved for i, outcome in done.items()}
    assert got == {held: 6, bare: 4}
    assert StockBalance.objects.get().reserved_qty == 10
    sound()


def test_under_pools_the_hold_counts_once_for_its_own_order():
    world = stocked(20)
    limit(8, product=world.products[0], account=world.account)
    order_id = cart(world, 8)
    assert hold_goods(order_id=order_id, actor=BUYER, now=NOW).by_line == {1: 8}
    assert submit(order_id=order_id, actor=CLERK, now=NOW).lines[0].reserved == 8
    assert StockBalance.objects.get().reserved_qty == 8
    sound()


def test_what_ran_out_is_free_at_that_moment_swept_or_not_and_waits_for_nothing():
    world = stocked(10)
    order_id = cart(world, 7)
    hold_goods(order_id=order_id, actor=BUYER, now=NOW)
    before = HALF_HOUR - timedelta(microseconds=1)
    assert (free(world, at=before), free(world, at=HALF_HOUR)) == (3, 10)
    assert place(world.draft(10), actor=CLERK, now=HALF_HOUR).lines[0].reserved == 10
    demand = Demand.objects.get(ref_kind="stock_hold")
    assert (demand.reserved_qty, demand.backordered_qty, demand.cancelled_qty) == (0, 0, 7)
    told = goods_held([order_id], now=HALF_HOUR)[order_id]
    assert (told.has_run_out, told.by_line, told.demand_ids) == (True, {1: 0}, ())
    sound()


def test_the_sweeper_gives_back_what_ran_out_once_and_backorders_nothing():
    world = stocked(10)
    hold_goods(order_id=cart(world, 7), actor=BUYER, now=NOW)
    assert expire_claims(now=HALF_HOUR) == 1
    assert expire_claims(now=HALF_HOUR) == 0
    demand = Demand.objects.get()
    assert (demand.cancelled_qty, demand.backordered_qty, StockBalance.objects.get().reserved_qty) == (7, 0, 0)
    assert list(Claim.objects.values_list("ended", flat=True)) == ["expired"]
    sound()


def test_what_is_not_there_is_not_held_and_is_no_backorder():
    world = stocked(4)
    held = hold_goods(order_id=cart(world, 7), actor=BUYER, now=NOW)
    assert [(x.asked, x.held) for x in held.short] == [(7, 4)]
    demand = Demand.objects.get()
    assert (demand.reserved_qty, demand.backordered_qty, demand.cancelled_qty) == (4, 0, 3)
    with pytest.raises(NothingToHold):
        hold_goods(order_id=cart(world, 1), actor=BUYER, now=NOW)
    assert StockHold.objects.count() == 1
    sound()


def test_held_twice_is_one_hold_and_its_clock_stays():
    world = stocked(10)
    order_id = cart(world, 7)
    first = hold_goods(order_id=order_id, actor=BUYER, now=NOW)
    again = hold_goods(order_id=order_id, actor=BUYER, now=NOW + timedelta(minutes=5))
    assert (again.hold_id, again.until, again.by_line) == (first.hold_id, HALF_HOUR, {1: 7})
    assert (StockHold.objects.count(), StockBalance.objects.get().reserved_qty) == (1, 7)
    later = NOW + timedelta(minutes=5)
    with pytest.raises(HoldTooLong):  # prolonging does not go beyond the longest time either
        hold_goods(order_id=order_id, actor=BUYER, now=later, until=later + timedelta(minutes=30))


def test_let_go_is_free_at_once_and_twice_is_once():
    world = stocked(10)
    order_id = cart(world, 7)
    hold_goods(order_id=order_id, actor=BUYER, now=NOW)
    assert let_goods_go(order_id=order_id, actor=BUYER, now=NOW) is True
    assert let_goods_go(order_id=order_id, actor=BUYER, now=NOW) is False
    assert (free(world, at=NOW), StockBalance.objects.get().reserved_qty) == (10, 0)
    assert goods_held([order_id], now=NOW) == {}
    assert (
        OutboxFact.objects.filter(kind="inventory.SupplyIncreased", payload__cause="held goods were let go").count()
        == 1
    )
    sound()


def test_a_changed_line_changes_what_is_held_under_the_same_clock():
    world = stocked(10, products=2)
    order_id = cart(world, 7)
    hold_goods(order_id=order_id, actor=BUYER, now=NOW)
    lines = (
        LineDraft(1, Decimal(4), product_id=world.products[0].pk),
        LineDraft(2, Decimal(12), product_id=world.products[1].pk),
    )
    version = Order.objects.get().version
    edited = edit_draft(
        order_id=order_id, changes=DraftChanges(lines=lines), expected_version=version, actor=BUYER,
        now=NOW + timedelta(minutes=3),
    )  # fmt: skip
    assert edited.held is not None
    assert (edited.held.until, edited.held.by_line) == (HALF_HOUR, {1: 4, 2: 10})
    assert [x.line_no for x in edited.held.short] == [2]
    assert [b.reserved_qty for b in StockBalance.objects.order_by("product_id")] == [4, 10]
    assert [h.ended for h in StockHold.objects.order_by("id")] == ["changed", ""]
    sound()


def test_an_emptied_and_a_cancelled_draft_hold_nothing():
    world = stocked(10)
    emptied, cancelled = cart(world, 4), cart(world, 5)
    for order_id in (emptied, cancelled):
        hold_goods(order_id=order_id, actor=BUYER, now=NOW)
    version = Order.objects.get(pk=emptied).version
    edit_draft(
        order_id=emptied, changes=DraftChanges(lines=()), expected_version=version, actor=BUYER, now=NOW
    )  # fmt: skip
    cancel_order(order_id=cancelled, reason="changed our mind", actor=BUYER, now=NOW)
    assert StockBalance.objects.get().reserved_qty == 0
    assert [h.ended for h in StockHold.objects.order_by("id")] == ["changed", "cancelled"]
    with pytest.raises(NotADraft):
        hold_goods(order_id=cancelled, actor=BUYER, now=NOW)
    sound()


def test_how_long_and_how_often_is_limited_by_name():
    world = stocked(10)
    order_id = cart(world, 2)
    with pytest.raises(HoldTooLong, match="a cart is held 30 minutes"):
        hold_goods(order_id=order_id, actor=BUYER, now=NOW, until=NOW + timedelta(minutes=31))
    with pytest.raises(InvalidInput, match="before they are held"):
        hold_goods(order_id=order_id, actor=BUYER, now=NOW, until=NOW)
    day = NOW + timedelta(hours=24)
    assert hold_goods(order_id=order_id, actor=CLERK, now=NOW, until=day).until == day  # a quote, by our people
    let_goods_go(order_id=order_id, actor=CLERK, now=NOW)
    with pytest.raises(HoldTooLong, match="a quote is held 72 hours"):
        hold_goods(order_id=order_id, actor=CLERK, now=NOW, until=NOW + timedelta(hours=73))
    StockHoldLimit.objects.create(account=world.account, times_a_day=1)
    with pytest.raises(HeldTooOften, match="1 times within a day"):
        hold_goods(order_id=order_id, actor=BUYER, now=NOW)
    hold_goods(order_id=order_id, actor=BUYER, now=day)  # a day later it may again


def test_what_a_customers_drafts_hold_together_is_limited_by_its_worth():
    world = stocked(100)
    StockHoldLimit.objects.create(most_amount=500)  # everybody's
    first, second = cart(world, 30), cart(world, 30)
    hold_goods(order_id=first, actor=BUYER, now=NOW)
    with pytest.raises(HoldWorthTooMuch) as refused:
        hold_goods(order_id=second, actor=BUYER, now=NOW)
    assert refused.value.message == (
        "The goods held for this customer would be worth 600.00 USD; at most 500.00 may be held."
    )
    assert StockBalance.objects.get().reserved_qty == 30  # the refused hold took nothing
    hold_goods(order_id=second, actor=BUYER, now=HALF_HOUR)  # what ran out counts no more
    StockHoldLimit.objects.create(account=world.account, most_amount=5000)  # its own goes before everybody's
    assert hold_goods(order_id=first, actor=BUYER, now=HALF_HOUR).by_line == {1: 30}
    sound()
