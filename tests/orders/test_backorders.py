"""Backorders: cancelled at the customer's date, closed short by tolerance, told when a promise moves."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.states import BuyerRole
from core.journal import timeline
from core.lifecycle import IllegalTransition
from core.refs import DocumentRef
from core.testing import drain, unit
from inventory.services.confirm_picked import confirm_picked
from inventory.services.confirm_shipped import confirm_shipped
from inventory.services.record_inbound import record_inbound
from orders.models import Order
from orders.queries import pictures
from orders.services.close_short import StillOnItsWay, close_short, close_short_by_tolerance
from orders.services.place import place
from orders.services.watch_cancel_dates import watch_cancel_dates
from tests.factories.accounts import AssignmentFactory, BuyerFactory
from tests.factories.orders import CLERK, NOW, allocated, later, make_world, put_on_hand, release

pytestmark = pytest.mark.django_db


def ledger(order_id, line_no=1):
    return next(x.demand for x in pictures([order_id])[order_id].lines if x.line_no == line_no)


def ship(order_id, *, but=0):
    """Release, pick and ship all that is allocated, `but` so many units short."""
    grant = release([order_id])[order_id]
    claims = [line.stock for line in grant.claims]
    with unit():
        confirm_picked({c.claim_id: c.qty - but for c in claims}, now=NOW, actor=CLERK)
        confirm_shipped([c.claim_id for c in claims], source=DocumentRef("shipment", order_id), now=NOW, actor=CLERK)


# --- the customer's date ----------------------------------------------------------------------------------------------


def test_a_backorder_is_cancelled_the_day_after_its_cancel_date_and_the_history_says_why():
    world = make_world(stock=4)
    order = place(world.draft(10, cancel_after_date=later(5)), actor=CLERK, now=NOW)
    last = NOW + timedelta(days=5)
    assert watch_cancel_dates(actor=CLERK, now=last) == []
    assert watch_cancel_dates(actor=CLERK, now=last + timedelta(days=1)) == [order.order_id]
    assert watch_cancel_dates(actor=CLERK, now=last + timedelta(days=1)) == []
    assert Order.objects.get(pk=order.order_id).status == "cancelled"
    told = next(t for t in timeline(DocumentRef("order", order.order_id)) if t.verb == "cancelled")
    assert told.summary == "1 of 1 lines cancelled: wanted until 7 Mar 2026, and not shipped by then"


def test_the_date_passes_where_the_customer_is():
    world = make_world(stock=0, time_zone="America/Los_Angeles")
    order = place(world.draft(1, cancel_after_date=later(0)), actor=CLERK, now=NOW)
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    assert watch_cancel_dates(actor=CLERK, now=midnight + timedelta(hours=7)) == []
    assert watch_cancel_dates(actor=CLERK, now=midnight + timedelta(hours=9)) == [order.order_id]


def test_what_the_warehouse_has_goes_on():
    world = make_world(stock=4)
    order = allocated(world, 10, cancel_after_date=later(1))
    release([order.order_id])
    watch_cancel_dates(actor=CLERK, now=NOW + timedelta(days=3))
    state = ledger(order.order_id)
    assert (state.released, state.cancelled, state.backordered) == (4, 6, 0)
    assert watch_cancel_dates(actor=CLERK, now=NOW + timedelta(days=4)) == []


def test_buyer_and_rep_are_written_to_once_with_what_was_cancelled(mailoutbox):
    world = make_world(stock=4)
    anna, bert = (BuyerFactory(account=world.account).user for _ in range(2))
    BuyerFactory(account=world.account, role=BuyerRole.VIEWER)
    rep = AssignmentFactory(account=world.account).rep.user
    by_desk, by_bert = (place(world.draft(qty, cancel_after_date=later(5)), actor=CLERK, now=NOW) for qty in (10, 3))
    Order.objects.filter(pk=by_bert.order_id).update(entered_by=bert)
    drain(NOW)
    over = NOW + timedelta(days=6)
    for _ in range(2):
        watch_cancel_dates(actor=CLERK, now=over)
        drain(over)
    about = {o.number: f"Order {o.number}: cancelled what had not shipped by 7 Mar 2026" for o in (by_desk, by_bert)}
    told = sorted((m.subject, m.to[0]) for m in mailoutbox if m.subject in about.values())
    assert told == sorted(
        [(about[by_desk.number], who.email) for who in (anna, bert, rep)]
        + [(about[by_bert.number], who.email) for who in (bert, rep)]
    )
    body = next(m.body for m in mailoutbox if m.subject == about[by_desk.number])
    assert f"- Line 1: 10 of {world.products[0].sku}" in body
    assert "was wanted until 7 Mar 2026" in body


# --- short ------------------------------------------------------------------------------------------------------------


def test_a_rest_within_the_tolerance_is_closed_and_one_above_it_waits():
    within = make_world(stock=98, short_close_percent=Decimal(2))
    above = make_world(stock=None, short_close_percent=Decimal(1))
    one = allocated(within, 100)
    ship(one.order_id)
    assert [c.line_nos for c in close_short_by_tolerance(actor=CLERK, now=NOW)] == [(1,)]
    state = ledger(one.order_id)
    assert (state.shipped, state.cancelled, state.open) == (98, 2, 0)
    assert Order.objects.get(pk=one.order_id).status == "closed"
    put_on_hand(above.products, above.site, Decimal(98))
    two = allocated(above, 100)
    ship(two.order_id)
    assert close_short_by_tolerance(actor=CLERK, now=NOW) == []
    assert ledger(two.order_id).backordered == 2


def test_nothing_is_closed_before_anything_shipped_or_while_the_rest_has_stock():
    world = make_world(stock=99, short_close_percent=Decimal(5))
    order = allocated(world, 100)
    assert close_short_by_tolerance(actor=CLERK, now=NOW) == []
    with pytest.raises(StillOnItsWay, match="99 of it have stock"):
        close_short(order_id=order.order_id, line_no=1, reason="small", actor=CLERK, now=NOW)
    ship(order.order_id)
    close_short(order_id=order.order_id, line_no=1, reason="not worth a parcel", actor=CLERK, now=NOW)
    assert ledger(order.order_id).cancelled == 1
    with pytest.raises(IllegalTransition):
        close_short(order_id=order.order_id, line_no=1, reason="again", actor=CLERK, now=NOW)


# --- told -------------------------------------------------------------------------------------------------------------


def test_a_moved_promise_is_told_on_the_orders_history_once():
    world = make_world(stock=4)
    product, site = world.products[0], world.site

    def coming(days):
        record_inbound(product_id=product.pk, site_id=site.pk, reference="PO-1", qty=Decimal(50), eta_date=later(days),
                       actor=CLERK, now=NOW)  # fmt: skip
        drain(NOW)

    coming(5)
    order = place(world.draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    coming(9)
    drain(NOW)
    told = [t.summary for t in timeline(DocumentRef("order", order.order_id)) if t.verb == "promise_changed"]
    assert told == [
        f"Line 1: 6 of {product.sku} promised for 9 Mar 2026, now 13 Mar 2026: the delivery it waits for has another date"
    ]
