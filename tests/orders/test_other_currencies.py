"""Orders in another currency than their credit is counted in: by the rate of their day, to the last cent of them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice
from billing.services.post_receipt import post_receipt
from core.errors import InvalidInput
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import drain
from credit.exchange import owed_abroad
from credit.models import CreditAccount, Posting
from credit.queries import exposure
from exceptions_app.queries import cases_for
from fulfillment.models import Shipment
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from inventory.services.allocate import allocate
from orders.credit_desk import held_orders
from orders.models import Hold
from orders.resolutions.holds import preview_ceiling, preview_clear
from orders.services.cancel import cancel_order
from orders.services.clear_hold import NoExchangeRate, clear_hold
from orders.services.place import place
from orders.services.preview import preview
from orders.services.reevaluate_credit_holds import reevaluate_all
from portal.standing import headroom_in
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of
from tests.factories.flow import breaches, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW
from tests.factories.pricing import RateFactory

pytestmark = pytest.mark.django_db
D = Decimal
ACT = {"actor": FINANCE, "now": NOW}
TODAY = NOW.date()


def world_in_euros(limit, rate="0.9137"):
    """Goods at 10 USD, credit in EUR."""
    world = stocked_world(stock_qty=1000, limit=limit)
    CreditAccount.objects.update(currency="EUR")
    if rate:
        dollar_is(rate)
    return world


def dollar_is(rate, since=TODAY):
    RateFactory(base="USD", quote="EUR", rate=D(rate), valid_from=since)


def bought(world, qty):
    order = place(world.draft(qty), actor=CLERK, now=NOW)
    products = [p.pk for p in world.products]
    allocate(trigger_key=f"order:{order.order_id}", product_ids=products, actor=CLERK, now=NOW)
    return order


def parts(world):
    return exposure([world.account.pk], on=TODAY)[world.account.pk].parts


def shipped(order_id, found):
    (released,) = release_orders(order_ids=[order_id], **ACT)
    assert released.is_released
    (shipment,) = Shipment.objects.filter(order_id=order_id)
    line = shipment.lines.get()
    confirm_pick(shipment_id=shipment.pk, picks={line.pk: D(found)}, short_reason="Not there", **ACT)
    confirm_shipment(shipment_id=shipment.pk, carrier="UPS", tracking_number="1Z", **ACT)


def test_an_order_is_counted_at_the_rate_of_its_day_and_held_for_what_is_too_much_of_it():
    world = world_in_euros(1000)
    first, second = bought(world, 100), bought(world, 10)
    assert first.holds == ()
    (hold,) = second.holds
    assert hold.message == (
        "Over by 5.07: other open orders 913.70 + this order 91.37 (100 USD at 0.9137) against 1,000 EUR."
    )
    (row,) = held_orders(now=NOW)
    assert (row.amount, row.currency, row.over, row.owed_in) == (100, "USD", D("5.07"), "EUR")
    posting = Posting.objects.get(doc_id=first.order_id)
    assert (posting.amount, posting.document_amount, posting.currency) == (D("913.70"), D("1000.00"), "USD")
    assert (posting.rate, posting.rate_date) == (D("0.9137"), TODAY)
    assert breaches() == []


def test_it_keeps_its_rate_from_the_order_to_the_last_cent_of_the_payment():
    world = world_in_euros(1000, "0.913777")
    order = bought(world, 7)
    dollar_is("0.5", TODAY - timedelta(days=1))  # no later word about the day changes what was counted
    assert parts(world).open_orders == D("63.96")
    shipped(order.order_id, 4)
    assert (parts(world).released, parts(world).shipped, parts(world).open_orders) == (0, D("36.55"), D("27.41"))
    assert breaches() == []
    drain(NOW)
    invoice = Invoice.objects.get()
    assert (invoice.total_amount, invoice.currency, parts(world).receivable) == (40, "USD", D("36.55"))
    for n, amount in enumerate(("13.33", "13.33", "13.34")):
        post_receipt(
            account_id=world.account.pk, amount=D(amount), currency="USD", received_date=TODAY, reference=f"W{n}", **ACT
        )
        assert breaches() == []
    cancel_order(order_id=order.order_id, reason="customer_request", **ACT)
    assert parts(world).total == 0
    assert breaches() == []


def test_without_a_rate_it_is_held_until_there_is_one_and_nobody_waives_that():
    world = world_in_euros(1000, rate="")
    order = bought(world, 100)
    (hold,) = order.holds
    assert hold.rule == "no_exchange_rate"
    assert "enter it under Exchange rates" in hold.message
    assert parts(world).total == 0
    with pytest.raises(NoExchangeRate, match="no exchange rate says"):
        clear_hold(hold_id=hold.hold_id, reason=Reason("customer_paid", "They always pay in the end"), **ACT)
    drain(NOW)
    (case,) = cases_for([DocumentRef("order", order.order_id)])["order", order.order_id]
    for foresee in (preview_clear, preview_ceiling):
        effect = foresee(case, NOW)
        assert not effect.is_possible
        assert "no exchange rate of the day" in effect.why_not
    (refused,) = release_orders(order_ids=[order.order_id], **ACT)
    assert not refused.is_released
    assert breaches() == []
    with pytest.raises(InvalidInput, match="no exchange rate for USD"):
        post_receipt(account_id=world.account.pk, amount=D(5), currency="USD", received_date=TODAY, **ACT)

    dollar_is("0.9")
    (owed,) = owed_abroad(world.account.pk)
    assert (owed.own, owed.counted, owed.waiting) == (1000, 0, 1000)
    page = browser_of(StaffFactory(roles=["finance"])).get(
        f"/admin/credit/creditaccount/{CreditAccount.objects.get().pk}/change/"
    )
    assert "no exchange rate" in page.content.decode()
    assert reevaluate_all(**ACT)[world.account.pk].cleared == (order.order_id,)
    assert [(x.counted, x.waiting) for x in owed_abroad(world.account.pk)] == [(900, 0)]
    assert parts(world).open_orders == 900
    assert reevaluate_all(**ACT) == {}
    assert breaches() == []
    (released,) = release_orders(order_ids=[order.order_id], **ACT)
    assert released.is_released


def test_a_rate_that_shows_too_much_holds_the_order_for_that_instead():
    world = world_in_euros(100, rate="")
    order = bought(world, 100)
    dollar_is("0.9")
    reevaluate_all(**ACT)
    (hold,) = Hold.objects.filter(order_id=order.order_id, cleared_at__isnull=True)
    assert hold.rule == "credit"
    assert "Over by 800.00" in hold.explanation["outcome"]


def test_ten_orders_in_another_currency_cost_the_statements_of_two():
    world = world_in_euros(100_000)
    ids = [bought(world, 1).order_id for _ in range(12)]
    counts = []
    for chunk in (ids[:2], ids[2:]):
        with CaptureQueriesContext(connection) as captured:
            assert all(x.is_released for x in release_orders(order_ids=chunk, **ACT))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_buyer_reads_what_is_left_in_the_currency_of_the_credit():
    world = world_in_euros(1000)
    seen = preview(world.draft(100), actor=CLERK, now=NOW)
    left = headroom_in(seen.credit, seen.goods, seen.currency)
    assert (left.asked, left.currency, left.left) == (D("913.70"), "EUR", D("86.30"))
