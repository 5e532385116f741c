from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import InvalidInput
from core.models import JournalEntry, OutboxFact
from inventory.models import Demand
from orders.models import Order, OrderLine
from orders.rules.asks import LineDraft
from orders.services.cancel import cancel_order
from orders.services.capture import DuplicatePurchaseOrder, capture, capture_many
from tests.factories.accounts import ShipToFactory
from tests.factories.catalog import ProductFactory, UnitFactory
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = pytest.mark.django_db


def test_a_captured_order_is_a_draft_with_its_lines_in_base_units_and_promises_nothing():
    world = make_world()
    UnitFactory(product=world.products[0], code="CA", numerator=12)
    line = LineDraft(1, Decimal(3), unit="ca", product_id=world.products[0].pk, stated_price=Decimal("118.50"))
    captured = capture(world.draft_of([line]), actor=CLERK, now=NOW)
    order = Order.objects.get(pk=captured.order_id)
    assert (order.status, order.number, order.total_amount, order.version) == ("draft", captured.number, 0, 1)
    stored = order.lines.get()
    assert (stored.qty, stored.unit_qty, stored.unit, stored.stated_price) == (36, 3, "CA", Decimal("118.50"))
    assert not Demand.objects.exists()
    assert [e.verb for e in JournalEntry.objects.filter(subject_kind="order")] == ["captured"]
    assert [f.kind for f in OutboxFact.objects.all()] == ["orders.OrderCaptured"]


def test_everything_wrong_is_said_at_once_with_its_place_and_nothing_is_kept():
    world = make_world()
    sold_by_ten = ProductFactory(order_multiple=10)
    foreign = ShipToFactory()
    draft = world.draft_of(
        [
            LineDraft(1, Decimal(0), product_id=world.products[0].pk),
            LineDraft(2, Decimal(5), product_id=999_999),
            LineDraft(3, Decimal(7), product_id=sold_by_ten.pk),
            LineDraft(4, Decimal(1), product_id=world.products[0].pk, unit="BOX"),
            LineDraft(5, Decimal(1), product_id=world.products[0].pk, stated_price=Decimal(-1)),
            LineDraft(5, Decimal(1)),
        ],
        ship_to_id=foreign.pk,
    )
    with pytest.raises(InvalidInput) as refused:
        capture(draft, actor=CLERK, now=NOW)
    assert {(e.pointer, e.code) for e in refused.value.errors} == {
        ("/ship_to_id", "unknown_ship_to"),
        ("/lines/0/qty", "not_positive"),
        ("/lines/1/product_id", "unknown_product"),
        ("/lines/2/qty", "not_a_multiple"),
        ("/lines/3/unit", "unknown_unit"),
        ("/lines/4/stated_price", "negative"),
        ("/lines/5/line_no", "not_unique"),
        ("/lines/5/stated_code", "nothing_named"),
    }
    assert not Order.objects.exists()


def test_a_line_nobody_knows_is_kept_as_written_and_told():
    world = make_world()
    line = LineDraft(1, Decimal(4), stated_code="THEIR-77", stated_description="Blue thing")
    captured = capture(world.draft_of([line]), actor=CLERK, now=NOW)
    assert captured.unresolved == (1,)
    stored = OrderLine.objects.get()
    assert (stored.product_id, stored.stated_code, stored.unit_qty) == (None, "THEIR-77", 4)
    assert OutboxFact.objects.get(kind="orders.OrderUnresolved").payload["codes"] == ["THEIR-77"]


def test_a_second_order_with_the_same_po_number_is_refused_and_names_the_first():
    world = make_world()
    first = capture(world.draft(1, po_number="4500001"), actor=CLERK, now=NOW)
    with pytest.raises(DuplicatePurchaseOrder) as refused:
        capture(world.draft(2, po_number="4500001"), actor=CLERK, now=NOW)
    assert refused.value.data["number"] == first.number
    assert Order.objects.count() == 1
    other_release = capture(world.draft(2, po_number="4500001", release_number="2"), actor=CLERK, now=NOW)
    assert not other_release.is_duplicate


def test_a_cancelled_order_frees_its_po_number():
    world = make_world()
    first = capture(world.draft(1, po_number="4500001"), actor=CLERK, now=NOW)
    cancel_order(order_id=first.order_id, reason="typed twice", actor=CLERK, now=NOW)
    assert not capture(world.draft(1, po_number="4500001"), actor=CLERK, now=NOW).is_duplicate


def test_the_same_delivery_again_gives_the_first_order_and_adds_only_what_is_new():
    world = make_world(products=3)
    refs = [
        LineDraft(i + 1, Decimal(1), product_id=p.pk, external_ref=f"536365-{i + 1}")
        for i, p in enumerate(world.products)
    ]
    draft = world.draft_of(refs[:2], external_id="536365", po_number="")
    first = capture(draft, actor=CLERK, now=NOW)
    again = capture(draft, actor=CLERK, now=NOW)
    assert (again.order_id, again.is_duplicate, again.added) == (first.order_id, True, 0)
    more = replace(draft, lines=(*draft.lines, refs[2]))
    third = capture_many([more], actor=CLERK, now=NOW)[0]
    assert (third.order_id, third.added, third.late) == (first.order_id, 1, ())
    assert list(OrderLine.objects.order_by("line_no").values_list("line_no", "external_ref")) == [
        (1, "536365-1"),
        (2, "536365-2"),
        (3, "536365-3"),
    ]


def test_a_new_line_whose_number_is_taken_goes_behind_the_last():
    world = make_world(products=2)
    first, second = (
        LineDraft(1, Decimal(1), product_id=p.pk, external_ref=f"R{i}") for i, p in enumerate(world.products)
    )
    draft = world.draft_of([first], external_id="E1", po_number="")
    capture(draft, actor=CLERK, now=NOW)
    capture(replace(draft, lines=(second,)), actor=CLERK, now=NOW)
    assert list(OrderLine.objects.order_by("line_no").values_list("line_no", "external_ref")) == [(1, "R0"), (2, "R1")]


def test_a_line_that_comes_after_the_draft_state_is_reported_late_and_not_taken():
    world = make_world(products=2)
    first, second = (
        LineDraft(i + 1, Decimal(1), product_id=p.pk, external_ref=f"R{i}") for i, p in enumerate(world.products)
    )
    draft = world.draft_of([first], external_id="E1", po_number="")
    captured = capture(draft, actor=CLERK, now=NOW)
    cancel_order(order_id=captured.order_id, reason="not wanted", actor=CLERK, now=NOW)
    again = capture(replace(draft, lines=(first, second)), actor=CLERK, now=NOW)
    assert (again.added, again.late) == (0, (2,))
    assert OrderLine.objects.count() == 1


def test_a_batch_points_at_the_draft_and_line_and_keeps_nothing_of_the_good_ones():
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        capture_many([world.draft(1), world.draft(-2)], actor=CLERK, now=NOW)
    assert [e.pointer for e in refused.value.errors] == ["/1/lines/0/qty"]
    assert not Order.objects.exists()


def test_capturing_a_batch_takes_the_same_number_of_statements_for_2_and_for_60_orders():
    world = make_world(products=5)

    def count(n: int) -> int:
        drafts = [world.draft(1, 2, 3, 4, 5, external_id=f"{n}-{i}", po_number="") for i in range(n)]
        with CaptureQueriesContext(connection) as queries:
            assert len(capture_many(drafts, actor=CLERK, now=NOW)) == n
        return len(queries)

    assert count(2) == count(60)
