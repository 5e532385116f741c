"""The batch forms of verbs: one that is refused takes no other down, and the statements do not grow with the number."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice, Receipt
from billing.rules.asks import ReceiptSpec
from billing.services.issue_invoice import NothingToInvoice, issue_invoices
from billing.services.post_receipt import ReceiptAlreadyPosted, post_receipts
from core import outbox
from core.errors import InvalidInput, NotFound
from core.models import Job, JobState
from core.refs import DocumentRef
from core.testing import flow_of
from fulfillment.models import Shipment
from fulfillment.rules.asks import Departure, PickReport
from fulfillment.services.confirm_pick import confirm_picks
from fulfillment.services.confirm_shipment import confirm_shipments
from fulfillment.services.release_orders import release_orders
from inventory.models import InboundSupply, StockBalance
from inventory.rules.asks import InboundSpec, ReceiptLine
from inventory.services.receive_stock import NothingReceived, receive_many
from inventory.services.record_inbound import record_inbounds
from orders.events import OrderCaptured
from orders.models import Hold, Order
from orders.services.capture import capture, capture_many
from orders.services.submit import SubmitRefused, submit_many
from tests.factories.flow import NOW, PICKER, breaches, line_ids, placed, shipped, stocked_world
from tests.factories.orders import CLERK

pytestmark = pytest.mark.django_db

TEN = Decimal(10)


def drafts(world, count, qty=1):
    captured = capture_many([world.draft(qty) for _ in range(count)], actor=CLERK, now=NOW)
    return [c.order_id for c in captured]


def statements(call) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def released_shipments(world, count):
    ids = [placed(world, 2) for _ in range(count)]
    return [s for outcome in release_orders(order_ids=ids, actor=PICKER, now=NOW) for s in outcome.shipment_ids]


def packed(world, count):
    ids = released_shipments(world, count)
    confirm_picks([PickReport(i) for i in ids], actor=PICKER, now=NOW)
    return ids


def test_a_draft_that_cannot_be_submitted_stays_and_the_others_go_through():
    world = stocked_world(products=2)
    world.rows[1].delete()  # nothing prices the second product
    good, late = drafts(world, 2)
    bad = capture(world.draft(1, 1), actor=CLERK, now=NOW).order_id
    outcomes = submit_many([good, bad, late, 999_999], actor=CLERK, now=NOW)
    assert (outcomes[good].total, outcomes[late].total) == (TEN, TEN)
    assert isinstance(outcomes[bad], SubmitRefused)
    assert isinstance(outcomes[999_999], NotFound)
    assert Order.objects.get(pk=bad).status == "draft"
    again = submit_many([good], actor=CLERK, now=NOW)[good]
    assert (again.order_id, again.total) == (good, TEN)
    assert breaches() == []


def test_orders_of_one_account_submitted_together_meet_the_limit_as_one_after_the_other():
    world = stocked_world(limit=25)
    one, two, three = drafts(world, 3)
    outcomes = submit_many([one, two, three], actor=CLERK, now=NOW)
    assert [outcomes[i].is_held for i in (one, two, three)] == [False, False, True]
    assert Hold.objects.get().order_id == three
    assert breaches() == []


def test_a_held_order_counts_for_the_next_one_too():
    world = stocked_world(limit=25)
    big, small = drafts(world, 1, 3)[0], drafts(world, 1, 1)[0]
    outcomes = submit_many([big, small], actor=CLERK, now=NOW)
    assert [outcomes[big].is_held, outcomes[small].is_held] == [True, True]


def test_submitting_two_or_twenty_orders_takes_the_same_statements():
    world = stocked_world()
    two, twenty = drafts(world, 2), drafts(world, 20)
    first = statements(lambda: submit_many(two, actor=CLERK, now=NOW))
    assert statements(lambda: submit_many(twenty, actor=CLERK, now=NOW)) == first


def test_a_bad_pick_report_is_refused_and_the_others_are_packed():
    world = stocked_world()
    full, wrong, short = released_shipments(world, 3)
    reports = [
        PickReport(full),
        PickReport(wrong, {line_ids(wrong)[0]: Decimal(3)}),
        PickReport(short, {line_ids(short)[0]: Decimal(1)}, "bin empty"),
    ]
    outcomes = confirm_picks(reports, actor=PICKER, now=NOW)
    assert (outcomes[full], outcomes[short]) == ("packed", "packed")
    assert isinstance(outcomes[wrong], InvalidInput)
    assert Shipment.objects.get(pk=wrong).status == "released"
    assert Shipment.objects.get(pk=short).lines.get().picked_qty == 1
    assert breaches() == []


def test_what_is_not_packed_stays_and_the_others_leave():
    world = stocked_world()
    here, there = packed(world, 2)
    (waiting,) = released_shipments(world, 1)
    outcomes = confirm_shipments([Departure(i, "UPS", f"1Z{i}") for i in (here, waiting, there)], actor=PICKER, now=NOW)
    assert [Shipment.objects.get(pk=i).status for i in (here, waiting, there)] == ["shipped", "released", "shipped"]
    assert Shipment.objects.get(pk=there).tracking_number == f"1Z{there}"
    assert outcomes[here] == Shipment.objects.get(pk=here).number
    assert not isinstance(outcomes[waiting], str)
    assert breaches() == []


def test_shipments_are_invoiced_together_once_each_in_their_order():
    world = stocked_world()
    ids = packed(world, 3)
    confirm_shipments([Departure(i) for i in ids[:2]], actor=PICKER, now=NOW)
    outcomes = issue_invoices([ids[1], ids[2], ids[0], 999_999], actor=CLERK, now=NOW)
    assert isinstance(outcomes[ids[2]], NothingToInvoice)
    assert isinstance(outcomes[999_999], NotFound)
    first, second = Invoice.objects.get(pk=outcomes[ids[1]]), Invoice.objects.get(pk=outcomes[ids[0]])
    assert int(second.number.removeprefix("INV-")) == int(first.number.removeprefix("INV-")) + 1
    assert issue_invoices(ids[:2], actor=CLERK, now=NOW) == {i: outcomes[i] for i in ids[:2]}
    assert breaches() == []


def test_picking_shipping_and_invoicing_take_the_same_statements_for_two_and_ten():
    world = stocked_world(stock_qty=1000)
    counts = []
    for count in (2, 10):
        ids = released_shipments(world, count)
        counts.append(
            (
                statements(lambda ids=ids: confirm_picks([PickReport(i) for i in ids], actor=PICKER, now=NOW)),
                statements(lambda ids=ids: confirm_shipments([Departure(i) for i in ids], actor=PICKER, now=NOW)),
                statements(lambda ids=ids: issue_invoices(ids, actor=CLERK, now=NOW)),
            )
        )
    assert counts[0] == counts[1]


def test_receipts_posted_together_pay_each_invoice_once_and_a_repeated_one_is_refused():
    world = stocked_world()
    shipped(world, 2)
    shipped(world, 3)
    day, account = NOW.date(), world.account.pk
    specs = [
        ReceiptSpec(account, Decimal(30), "USD", day, "A"),
        ReceiptSpec(account, Decimal(25), "USD", day, "B"),
        ReceiptSpec(account, Decimal(30), "USD", day, "A"),
        ReceiptSpec(account, Decimal("0.001"), "USD", day, "C"),
    ]
    one, two, again, bad = post_receipts(specs, actor=CLERK, now=NOW)
    assert isinstance(again, ReceiptAlreadyPosted)
    assert isinstance(bad, InvalidInput)
    assert [Receipt.objects.get(pk=i).applied_amount for i in (one, two)] == [Decimal(30), Decimal(20)]
    assert [i.paid_amount for i in Invoice.objects.order_by("pk")] == [Decimal(20), Decimal(30)]
    assert breaches() == []


def test_a_delivery_is_received_whole_or_not_at_all_and_once():
    world = stocked_world(products=2, stock_qty=5)
    one, two = (p.pk for p in world.products)
    ref = DocumentRef("delivery", 77, "D77")
    lines = [ReceiptLine(one, world.site.pk, TEN, ref), ReceiptLine(two, world.site.pk, Decimal(4), ref)]
    with pytest.raises(NothingReceived):
        receive_many([lines[0], ReceiptLine(two, world.site.pk, Decimal(0), ref)], actor=CLERK, now=NOW)
    assert StockBalance.objects.get(product=one).on_hand_qty == 5
    assert receive_many(lines, actor=CLERK, now=NOW) == receive_many(lines, actor=CLERK, now=NOW)
    on_hand = dict(StockBalance.objects.values_list("product_id", "on_hand_qty"))
    assert on_hand == {one: Decimal(15), two: Decimal(9)}
    assert breaches() == []


def test_inbound_recorded_together_is_updated_by_news_and_closed_when_all_came():
    world = stocked_world(products=2)
    one, two = (p.pk for p in world.products)
    eta = NOW.date() + timedelta(days=4)
    specs = [InboundSpec(p, world.site.pk, "PO-1", TEN, eta) for p in (one, two)]
    ids = record_inbounds(specs, actor=CLERK, now=NOW)
    later = InboundSpec(one, world.site.pk, "PO-1", Decimal(12), eta + timedelta(days=1))
    assert record_inbounds([later], actor=CLERK, now=NOW) == ids[:1]
    came = [
        ReceiptLine(two, world.site.pk, TEN, DocumentRef("inbound_supply", ids[1]), inbound_id=ids[1]),
    ]
    receive_many(came, actor=CLERK, now=NOW)
    stored = {i.pk: (i.ordered_qty, i.eta_date, i.is_closed) for i in InboundSupply.objects.all()}
    assert stored == {
        ids[0]: (Decimal(12), eta + timedelta(days=1), False),
        ids[1]: (TEN, eta, True),
    }


def test_a_backlog_is_worked_off_in_batches_and_a_bad_job_fails_alone():
    seen: list[list[int]] = []

    def one(fact, job):
        if fact.order_id == 3:
            raise ValueError("no such thing")
        seen.append([fact.order_id])

    def many(facts, jobs):
        if any(f.order_id == 3 for f in facts):
            raise ValueError("no such thing")
        seen.append([f.order_id for f in facts])

    with flow_of({OrderCaptured: (outbox.Reaction("count it", one, run_many=many),)}):
        for order_id in (1, 2):
            _tell(order_id)
        assert outbox.drain_due(now=NOW) == {"done": 2}
        for order_id in (3, 4):
            _tell(order_id)
        assert outbox.drain_due(now=NOW) == {"failed": 1, "done": 1}
    assert seen == [[1, 2], [4]]
    left = Job.objects.get(state=JobState.READY)
    assert (left.attempts, "no such thing" in left.last_error, left.next_at > NOW) == (1, True, True)


def _tell(order_id: int) -> None:
    from core.testing import unit

    with unit():
        outbox.publish(OrderCaptured(order_id, 1, "console", 0), stream=f"order:{order_id}", seq=1, now=NOW)
