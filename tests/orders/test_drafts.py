from dataclasses import replace
from decimal import Decimal

import pytest

from core.errors import InvalidInput, Stale
from core.models import JournalEntry, OutboxFact
from inventory.models import Demand
from orders.gates import evaluate_gates
from orders.models import Order, OrderLine
from orders.queries import line_prices, order_detail
from orders.rules.asks import DraftChanges, LineDraft
from orders.services.capture import DuplicatePurchaseOrder, NotADraft, capture
from orders.services.edit_draft import edit_draft
from orders.services.place import place
from orders.services.preview import preview
from orders.services.resolve_line import resolve_line
from orders.states import AT_RELEASE, Gate
from tests.factories.catalog import ProductFactory
from tests.factories.orders import CLERK, NOW, TODAY, allocated, make_world

pytestmark = pytest.mark.django_db


def test_a_preview_says_price_date_credit_and_holds_and_writes_nothing():
    world = make_world(products=2, stock=40, limit=500)
    line = LineDraft(1, Decimal(60), product_id=world.products[0].pk, stated_price=Decimal(9))
    shown = preview(world.draft_of([line]), actor=CLERK, now=NOW)
    assert (shown.goods, shown.total, shown.currency, shown.can_submit) == (600, 600, "USD", True)
    assert shown.lines[0].price.waterfall
    assert [(p.qty, p.ship_date) for p in shown.lines[0].promises] == [(40, TODAY), (20, None)]
    assert (shown.credit.is_approved, shown.credit.available, shown.credit.asked) == (False, 500, 600)
    assert [h.rule for h in shown.holds] == ["price_mismatch", "credit"]
    assert not Order.objects.exists()
    assert not Demand.objects.exists()
    assert not JournalEntry.objects.exists()
    assert not OutboxFact.objects.exists()


def test_a_preview_answers_the_good_lines_and_names_the_bad_ones():
    world = make_world()
    bad = [LineDraft(2, Decimal(-1), product_id=world.products[0].pk), LineDraft(3, Decimal(1), product_id=999_999)]
    good = LineDraft(1, Decimal(2), product_id=world.products[0].pk)
    shown = preview(world.draft_of([good, *bad]), actor=CLERK, now=NOW)
    assert shown.lines[0].price.amount == 20
    assert [p.code for p in shown.lines[1].problems][:1] == ["not_positive"]
    assert [p.code for p in shown.lines[2].problems][:1] == ["unknown_product"]
    assert not shown.can_submit


def test_what_was_previewed_is_what_is_placed():
    world = make_world()
    draft = world.draft(7)
    shown, placed = preview(draft, actor=CLERK, now=NOW), place(draft, actor=CLERK, now=NOW)
    assert (shown.total, shown.lines[0].price.unit_price) == (placed.total, placed.lines[0].unit_price)


def test_an_edit_replaces_the_lines_and_a_second_editor_is_told_to_read_again():
    world = make_world(products=2)
    captured = capture(world.draft(1), actor=CLERK, now=NOW)
    lines = tuple(world.draft(5, 6).lines)
    edited = edit_draft(
        order_id=captured.order_id,
        changes=DraftChanges(po_number="P2", lines=lines),
        expected_version=1,
        actor=CLERK,
        now=NOW,
    )
    assert edited.version == 2
    assert list(OrderLine.objects.order_by("line_no").values_list("qty", flat=True)) == [5, 6]
    assert Order.objects.get().po_number == "P2"
    with pytest.raises(Stale):
        edit_draft(order_id=captured.order_id, changes=DraftChanges(note="x"), expected_version=1, actor=CLERK, now=NOW)
    bad = (replace(lines[0], qty=Decimal(0)),)
    with pytest.raises(InvalidInput):
        edit_draft(
            order_id=captured.order_id, changes=DraftChanges(lines=bad), expected_version=2, actor=CLERK, now=NOW
        )
    assert OrderLine.objects.count() == 2


def test_an_edit_cannot_take_another_orders_po_number_nor_touch_a_submitted_order():
    world = make_world()
    place(world.draft(1, po_number="P1"), actor=CLERK, now=NOW)
    draft = capture(world.draft(1, po_number="P2"), actor=CLERK, now=NOW)
    with pytest.raises(DuplicatePurchaseOrder):
        edit_draft(
            order_id=draft.order_id,
            changes=DraftChanges(po_number="P1"),
            expected_version=1,
            actor=CLERK,
            now=NOW,
        )
    submitted = Order.objects.get(po_number="P1")
    with pytest.raises(NotADraft):
        edit_draft(order_id=submitted.pk, changes=DraftChanges(note="x"), expected_version=2, actor=CLERK, now=NOW)
    assert Order.objects.get(pk=submitted.pk).note == ""


def test_a_line_is_matched_when_its_quantity_fits_the_product():
    world = make_world()
    by_ten = ProductFactory(order_multiple=10)
    order_id = capture(world.draft_of([LineDraft(1, Decimal(4), stated_code="X")]), actor=CLERK, now=NOW).order_id
    with pytest.raises(InvalidInput):
        resolve_line(order_id=order_id, line_no=1, product_id=by_ten.pk, actor=CLERK, now=NOW)
    assert OrderLine.objects.get().product_id is None
    resolve_line(order_id=order_id, line_no=1, product_id=world.products[0].pk, actor=CLERK, now=NOW)
    line = OrderLine.objects.get()
    assert (line.product_id, line.stated_code, line.unit) == (world.products[0].pk, "X", "EA")


def test_all_nine_gates_answer_in_their_order_for_many_orders_at_once():
    world = make_world()
    first = allocated(world, 5)
    second = place(world.draft(5), actor=CLERK, now=NOW)
    found = evaluate_gates([first.order_id, second.order_id], AT_RELEASE, now=NOW)
    assert [r.gate for r in found[first.order_id]] == list(Gate)
    assert all(r.is_pass for r in found[first.order_id])
    assert [str(r.gate) for r in found[second.order_id] if not r.is_pass] == ["allocation", "ship_complete"]
    assert all(r.explanation.outcome == r.message for r in found[second.order_id])


def test_a_line_tells_its_locked_price_and_its_detail():
    world = make_world()
    order = allocated(world, 5)
    (line,) = order_detail(order.order_id)
    assert (line.sku, line.state.allocated, line.unit_price) == (world.products[0].sku, 5, 10)
    assert line.promises
    locked = line_prices([line.line_id])[line.line_id]
    assert (locked.order_number, locked.unit_price, locked.currency) == (order.number, 10, "USD")
