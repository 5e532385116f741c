"""An order is amended after submit: only what is different is asked again, given back or claimed, and a revision says so."""

import os
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import ProgrammingError, transaction

from core.actors import Actor
from core.errors import NotFound, Stale
from core.journal import timeline
from core.refs import DocumentRef
from core.testing import drain
from credit.models import CreditAccount, Posting
from inventory.models import Claim, Demand
from orders.models import Hold, Order, OrderLine, OrderRevision
from orders.queries import pictures
from orders.revision_queries import revisions_of
from orders.rules.gates import PO_TO_FOLLOW
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import AmendmentRefused, NothingToAmend, amend
from orders.services.cancel import cancel_order
from orders.services.capture import capture
from orders.services.place import place
from pricing.models import PriceRow
from tests.factories.accounts import ShipToFactory, UserFactory
from tests.factories.catalog import ProductFactory
from tests.factories.inventory import breaches, stock
from tests.factories.orders import CLERK, NOW, TODAY, allocated, later, make_world, release

pytestmark = pytest.mark.django_db
CASES = int(os.environ.get("OMS_CASES", "300")) // 25
WHY = "the customer called"


def real_world(*, products=1, stock_of=None, **more):
    """With stock that was received, so that the checker has nothing to say."""
    world = make_world(products=products, stock=None, **more)
    for product in world.products if stock_of is not None else ():
        stock(product, world.site, stock_of)
    return world


def put(world, *qtys, **more):
    return place(world.draft(*qtys, **more), actor=CLERK, now=NOW)


def change(order, *lines, actor=CLERK, version=None, reason=WHY, **header):
    wish = Wish(tuple(lines), **header)
    if version is None:
        version = Order.objects.get(pk=order.order_id).version
    return amend(order_id=order.order_id, wish=wish, expected_version=version, reason=reason, actor=actor, now=NOW)


def qty(line_no, n):
    return LineWish(line_no, Decimal(n))


def buckets(order, line_no=1):
    line = next(x for x in pictures([order.order_id])[order.order_id].lines if x.line_no == line_no)
    d = line.demand
    return d.ordered, d.cancelled, d.backordered, d.reserved, d.allocated


def exposure(order):
    rows = Posting.objects.filter(doc_kind="order", doc_id=order.order_id, bucket="open_order")
    days = {}
    for day, amount in rows.values_list("ship_date", "amount"):
        days[day] = days.get(day, Decimal(0)) + amount
    return {day: amount for day, amount in days.items() if amount}


def refused(order, *lines, **header):
    with pytest.raises(AmendmentRefused) as caught:
        change(order, *lines, **header)
    return {e.pointer: (e.code, e.remedy) for e in caught.value.errors}


def test_less_gives_back_exactly_the_claims_of_the_difference():
    world = real_world(stock_of=7)
    order = put(world, 10)
    assert buckets(order) == (10, 0, 3, 7, 0)
    outcome = change(order, qty(1, 6))
    assert buckets(order) == (10, 4, 0, 6, 0)
    assert (outcome.revision, outcome.money_effect, outcome.total) == (1, -40, 60)
    assert exposure(order) == {TODAY: 60}
    assert Claim.objects.filter(state="open").get().qty == 6
    assert breaches() == []


def test_more_keeps_what_it_has_and_claims_the_difference():
    world = real_world(stock_of=12)
    order = put(world, 10)
    first = Claim.objects.get()
    outcome = change(order, qty(1, 15))
    assert buckets(order) == (15, 0, 3, 12, 0)
    assert (Claim.objects.get().pk, Claim.objects.get().qty) == (first.pk, 12)
    assert [p.qty for p in outcome.promises[1]] == [12, 3]
    assert (outcome.total, exposure(order)) == (150, {TODAY: 150})
    line = OrderLine.objects.get()
    assert (line.qty, line.unit_qty, line.amount) == (15, 15, 150)
    assert breaches() == []


def test_a_later_day_does_not_keep_a_lot_that_is_too_old_by_then():
    world = real_world(min_shelf_life_days=30)
    product, days = world.products[0], timedelta(days=1)
    old = stock(product, world.site, 10, lot="OLD", expiry=TODAY + 300 * days)
    new = stock(product, world.site, 4, lot="NEW", expiry=TODAY + 400 * days)
    order = put(world, 6)
    assert {c.balance_id: c.qty for c in Claim.objects.filter(state="open")} == {old: 6}
    outcome = change(order, requested_date=TODAY + 280 * days)
    assert {c.balance_id: c.qty for c in Claim.objects.filter(state="open")} == {new: 4}
    assert [(p.qty, p.kind) for p in outcome.promises[1]] == [(4, "stock"), (2, "none")]
    assert (buckets(order), breaches()) == ((6, 0, 2, 4, 0), [])


def test_there_and_back_again_leaves_quantities_claims_and_exposure_as_they_were():
    world = real_world(products=2, stock_of=9)
    order = put(world, 10, 4)
    before = buckets(order), buckets(order, 2), exposure(order)
    change(order, qty(1, 3), qty(2, 8))
    change(order, qty(1, 10), qty(2, 4))
    assert (buckets(order), exposure(order)) == (before[0], before[2])
    assert buckets(order, 2) == (8, 4, 0, 4, 0)  # what was never ordered before cannot be un-ordered
    assert [x.number for x in revisions_of(order.order_id)] == [2, 1]
    assert breaches() == []


def test_a_line_is_added_and_another_taken_out_in_one_revision():
    world = real_world(products=2, stock_of=50)
    order = put(world, 10)
    outcome = change(order, qty(1, 0), LineWish(qty=Decimal(5), product_id=world.products[1].pk))
    assert outcome.status == "submitted"
    assert buckets(order) == (10, 10, 0, 0, 0)
    assert buckets(order, 2) == (5, 0, 0, 5, 0)
    assert exposure(order) == {TODAY: 50}
    skus = [p.sku for p in world.products]
    assert [(c.label, c.before, c.after) for c in outcome.changes] == [
        (f"Line 1, {skus[0]}", "10", "taken out"),
        (f"Line 2, {skus[1]}", "not ordered", "5 added"),
    ]
    assert breaches() == []


def test_the_freed_stock_of_one_line_serves_another_in_the_same_revision():
    world = real_world(stock_of=10)
    order = put(world, 10)
    change(order, qty(1, 4), LineWish(qty=Decimal(5), product_id=world.products[0].pk))
    assert buckets(order, 2) == (5, 0, 0, 5, 0)
    assert breaches() == []


def test_everything_taken_out_is_a_cancelled_order():
    order = put(make_world(), 3)
    assert change(order, qty(1, 0)).status == "cancelled"
    assert Order.objects.get().status == "cancelled"
    assert exposure(order) == {}


def test_a_date_reprices_nothing_and_promises_anew():
    world = real_world(stock_of=10)
    order = put(world, 10)
    PriceRow.objects.update(unit_price=Decimal(99))
    outcome = change(order, requested_date=later(20))
    assert outcome.money_effect == 0
    assert OrderLine.objects.get().unit_price == 10
    assert Demand.objects.get().requested_date == later(20)
    assert exposure(order) == {later(20): 100}
    (promise,) = outcome.promises[1]
    assert promise.delivery_date == promise.first_delivery_date >= later(20)
    assert buckets(order) == (10, 0, 0, 10, 0)
    drain(NOW)
    assert not any("promised" in t.summary for t in timeline(DocumentRef("order", order.order_id)))
    assert breaches() == []


def test_a_released_order_moves_its_rest_back_off_the_day_it_was_moved_to():
    world = make_world(stock=10)
    order = allocated(world, 10)
    change(order, LineWish(1, requested_date=later(5)))
    release([order.order_id])
    assert exposure(order) == {}


def test_more_is_priced_again_and_untouched_lines_keep_their_price():
    world = make_world(products=2, stock=50)
    order = put(world, 10, 10)
    PriceRow.objects.update(unit_price=Decimal(9))
    outcome = change(order, qty(1, 20))
    assert list(OrderLine.objects.order_by("line_no").values_list("unit_price", "amount")) == [(9, 180), (10, 100)]
    assert (outcome.total, exposure(order)) == (280, {TODAY: 280})


def test_more_of_what_has_partly_gone_keeps_its_price_and_what_is_released_is_not_touched():
    world = real_world(stock_of=4)
    order = allocated(world, 10)
    release([order.order_id])
    PriceRow.objects.update(unit_price=Decimal(9))
    change(order, qty(1, 12))
    demand = Demand.objects.get()
    assert (demand.ordered_qty, demand.released_qty, demand.backordered_qty) == (12, 4, 8)
    assert OrderLine.objects.get().unit_price == 10
    assert exposure(order) == {TODAY: 80}
    assert breaches() == []


def test_all_that_cannot_be_is_said_at_once_with_its_remedy_and_nothing_changes():
    world = make_world(products=3, stock=6)
    order = allocated(world, 6, 10, 10)
    release([order.order_id])
    elsewhere = ShipToFactory()
    wrong = refused(
        order, qty(1, 2), LineWish(2, Decimal("-1")), qty(9, 1), LineWish(qty=Decimal(1)),
        LineWish(3, ship_to_id=elsewhere.pk), ship_to_id=elsewhere.pk, po_number=" ", ship_complete="sometimes",
    )  # fmt: skip
    assert {pointer: code for pointer, (code, _) in wrong.items()} == {
        "/lines/0/qty": "below_what_is_gone",
        "/lines/1/qty": "not_positive",
        "/lines/2/line_no": "unknown_line",
        "/lines/3/stated_code": "nothing_named",
        "/lines/4/ship_to_id": "unknown_ship_to",
        "/ship_to_id": "unknown_ship_to",
        "/po_number": "required",
        "/ship_complete": "unknown",
    }
    assert "at least 6" in wrong["/lines/0/qty"][1]
    assert not OrderRevision.objects.exists()


def test_a_quantity_that_does_not_fit_the_unit_is_refused_before_anything_is_asked():
    world = make_world()
    world.products[0].order_multiple = Decimal(5)
    world.products[0].save()
    order = put(world, 10)
    assert refused(order, qty(1, 12)) == {"/lines/0/qty": ("not_a_multiple", "Order in steps of 5 EA.")}


def test_a_closed_order_a_draft_and_another_version_are_not_amended():
    world = make_world()
    order = put(world, 3)
    cancel_order(order_id=order.order_id, reason="no", actor=CLERK, now=NOW)
    assert refused(order, qty(1, 2))["/status"] == ("not_open", "Place a new order.")
    draft = capture(world.draft(3), actor=CLERK, now=NOW)
    assert refused(draft, qty(1, 2))["/status"] == ("not_open", "Edit the draft.")
    second = put(world, 3)
    with pytest.raises(Stale):
        change(second, qty(1, 2), version=1)
    with pytest.raises(NothingToAmend):
        change(second, qty(1, 3))
    with pytest.raises(AmendmentRefused, match="says why"):
        change(second, qty(1, 2), reason=" ")
    with pytest.raises(NotFound):
        amend(order_id=0, wish=Wish(), expected_version=1, reason=WHY, actor=CLERK, now=NOW)


def test_over_the_limit_the_difference_is_held_and_less_lets_it_go_again():
    world = make_world(stock=500, limit=1000)
    order = put(world, 90)
    assert not order.is_held
    held = change(order, qty(1, 110))
    assert [h.rule for h in held.holds] == ["credit"]
    assert "100.00" in held.holds[0].message
    assert change(order, qty(1, 100)).holds == ()
    assert exposure(order) == {TODAY: 1000}


def test_a_lower_quantity_asks_credit_nothing():
    world = make_world(stock=500, limit=1000)
    order = put(world, 90)
    CreditAccount.objects.update(limit_amount=100)
    assert change(order, qty(1, 50)).holds == ()
    assert [h.rule for h in change(order, qty(1, 51)).holds] == ["credit"]


def test_a_line_below_its_floor_is_held_for_its_price():
    world = make_world(products=2, stock=50)
    order = put(world, 10)
    world.source.margin_floor_percent = 20  # of a cost of 6: 7.50
    world.source.save()
    PriceRow.objects.filter(product=world.products[1]).update(unit_price=Decimal(7))
    held = change(order, LineWish(qty=Decimal(1), product_id=world.products[1].pk))
    assert [h.reason for h in held.holds] == ["price"]


def test_an_ineligible_or_unpriced_line_is_refused_at_its_place():
    world = make_world()
    order = put(world, 3)
    unpriced = ProductFactory()
    assert refused(order, qty(1, 4), LineWish(qty=Decimal(1), product_id=unpriced.pk))["/lines/1/product_id"][0] == (
        "unpriced"
    )


def test_another_address_is_where_the_rest_goes():
    world = make_world(stock=10)
    order = put(world, 10)
    other = ShipToFactory(account=world.account, region="WEST")
    change(order, ship_to_id=other.pk)
    demand = Demand.objects.get()
    assert (demand.ship_to_id, demand.region, demand.reserved_qty) == (other.pk, "WEST", 10)
    assert Order.objects.get().ship_to_id == other.pk


def test_header_values_are_kept_with_their_history_and_a_taken_po_number_is_refused():
    world = make_world()
    order, other = put(world, 3, po_number="PO-A"), put(world, 3, po_number="PO-B")
    outcome = change(
        order, po_number="PO-C", note="leave at the gate", cancel_after_date=later(30), ship_complete="order"
    )
    row = Order.objects.get(pk=order.order_id)
    assert (row.po_number, row.note, row.ship_complete) == ("PO-C", "leave at the gate", "order")
    demand = Demand.objects.get(ref_id=order.order_id)
    assert (demand.ship_complete_group, demand.ship_complete) == (order.number, "order")
    assert [(c.label, c.before, c.after) for c in outcome.changes] == [
        ("PO number", "PO-A", "PO-C"),
        ("Not later than", "none", "1 Apr 2026"),
        ("Ships complete", "as the account", "the order as a whole"),
        ("Note", "none", "leave at the gate"),
    ]
    assert refused(other, po_number="PO-C")["/po_number"][0] == "taken"
    change(order, cleared=frozenset({"cancel_after_date", "ship_complete", "note"}))
    row.refresh_from_db()
    assert (row.cancel_after_date, row.ship_complete, row.note) == (None, "", "")


def test_the_purchase_order_that_was_to_follow_may_come_with_an_amendment():
    world = make_world(po_number_required=False)
    order = put(world, 3, po_number="")
    Hold.objects.create(
        order_id=order.order_id, reason="data", blocks=["invoice"], rule=PO_TO_FOLLOW, is_forced=True, placed_at=NOW,
        placed_by="test",
    )  # fmt: skip
    assert change(order, qty(1, 4)).holds != ()
    assert change(order, po_number="PO-LATE").holds == ()


def test_a_revision_says_who_what_and_why_for_ever():
    world = make_world(stock=50)
    order = put(world, 10)
    change(order, qty(1, 12))
    (view,) = revisions_of(order.order_id)
    assert (view.by, view.reason, view.money_effect) == ("Cora Service", WHY, 20)
    row = OrderRevision.objects.get()
    assert (row.before["lines"][0]["qty"], row.after["lines"][0]["qty"]) == ("10", "12")
    assert row.version == Order.objects.get().version
    with pytest.raises(ProgrammingError, match="append_only"), transaction.atomic():
        OrderRevision.objects.update(reason="nothing happened")
    (told,) = [t for t in timeline(DocumentRef("order", order.order_id)) if t.verb == "amended"]
    assert told.summary == f"Amended (revision 1): Line 1, {world.products[0].sku}: 10 → 12. {WHY}"


def test_stock_that_is_freed_is_dealt_to_others_and_the_owner_of_the_order_is_written_to():
    world = make_world(stock=10)
    owner = UserFactory(roles=["cs"])
    mine = Actor(str(owner), owner.pk, frozenset({"cs"}), channel="console")
    first = place(world.draft(10), actor=mine, now=NOW)
    second = put(world, 4)
    drain(NOW)
    assert buckets(second) == (4, 0, 4, 0, 0)
    mail.outbox.clear()
    change(first, qty(1, 6))
    drain(NOW)
    assert buckets(second) == (4, 0, 0, 0, 4)
    (letter,) = mail.outbox
    assert letter.to == [owner.email]
    assert "10 → 6" in letter.body
    assert "-40.00 USD" in letter.body
    change(first, qty(1, 5), actor=mine)
    drain(NOW)
    assert len(mail.outbox) == 1


def test_a_stated_price_still_agrees_when_a_part_is_taken_back():
    world = make_world(stock=50)
    draft = world.draft(10)
    line = replace(draft.lines[0], stated_price=Decimal(10))
    order = place(replace(draft, lines=(line,)), actor=CLERK, now=NOW)
    outcome = change(order, qty(1, 6))
    assert outcome.holds == ()
    again = change(order, qty(1, 8))
    assert again.holds == ()
    assert OrderLine.objects.get().amount == 80


def test_more_on_another_day_reserves_what_came_in_since():
    world = make_world(stock=None)
    order = put(world, 4)
    stock(world.products[0], world.site, 6)
    change(order, LineWish(1, Decimal(6), requested_date=TODAY + timedelta(days=3)))
    assert buckets(order) == (6, 0, 0, 6, 0)


def test_amended_to_anything_and_back_an_order_claims_and_owes_what_it_did():
    """Random amendments and the way back: the stock set aside, the exposure by day and the total are the first ones."""
    chance = random.Random(20261127)
    world = real_world(products=3, stock_of=40, limit=1_000_000)
    order = put(world, 10, 20, 30)

    def standing_now():
        lines = pictures([order.order_id])[order.order_id].lines
        held = [(x.demand.backordered, x.demand.reserved, x.demand.released) for x in lines]
        return held, exposure(order), Order.objects.get().total_amount

    first = standing_now()
    for _ in range(CASES):
        wanted = {n: Decimal(chance.randint(1, 60)) for n in (1, 2, 3) if chance.random() < 0.7}
        day = {"requested_date": later(chance.randint(1, 20))} if chance.random() < 0.5 else {}
        if not wanted and not day:
            continue
        try:
            change(order, *(LineWish(n, q) for n, q in wanted.items()), **day)
        except NothingToAmend:
            continue
        change(
            order, *(LineWish(n, Decimal(10 * n)) for n in (1, 2, 3)), reason="as it was",
            cleared=frozenset({"requested_date"}),
        )  # fmt: skip
        assert standing_now() == first
    assert OrderRevision.objects.count() > CASES
    assert breaches() == []
