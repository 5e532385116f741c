"""Goods used in the field: a fact at once, an order, a shipment and an invoice through the same pipeline."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import Invoice
from core.errors import InvalidInput, NotFound
from core.testing import drain
from credit.models import CreditAccount, Posting
from exceptions_app.models import Case
from fulfillment.models import Shipment
from fulfillment.services.record_usage import add_purchase_order, bill_usage, bill_waiting, outcome_of
from inventory.lot_queries import shipments_with_lot
from inventory.models import FieldUsage, Lot, StockMovement
from inventory.rules.field import UseLine
from inventory.services.open_count import open_count
from inventory.services.places import SiteIsClosed
from inventory.services.post_count import post_count
from inventory.services.recall_lot import recall_lot
from inventory.services.record_counts import record_counts
from orders.models import Hold, Order
from orders.services.add_po_number import AlreadyHasPo
from tests.factories.catalog import AuthorizationFactory, ProductFactory, UnitFactory
from tests.factories.credit import CreditAccountFactory
from tests.factories.field import make_field, use
from tests.factories.flow import breaches
from tests.factories.inventory import NOW, PLANNER, stock
from tests.factories.orders import FINANCE, make_world
from tests.factories.pricing import PriceRowFactory
from tests.factories.stock import live_cases, on_hand

pytestmark = pytest.mark.django_db


def refused(made, *lines, **spec):
    """{pointer: code} of what was wrong; nothing was kept."""
    with pytest.raises(InvalidInput) as wrong:
        use(made, lines=lines or None, **spec)
    assert not FieldUsage.objects.exists()
    assert all(e.message and e.remedy for e in wrong.value.errors)
    return {e.pointer: e.code for e in wrong.value.errors}


def test_what_was_used_leaves_the_trunk_and_is_ordered_shipped_and_invoiced_at_the_contract_price():
    made = make_field()
    outcome = use(made, 2)
    assert on_hand(made.product, made.trunk) == 3
    assert (outcome.status, outcome.holds, outcome.is_po_awaited) == ("billed", (), False)
    order = Order.objects.get(pk=outcome.order_id)
    assert (order.status, order.total_amount, order.channel, order.on_behalf_of_id) == (
        "submitted", Decimal(20), "api", made.world.account.pk,
    )  # fmt: skip
    shipment = Shipment.objects.get(order=order)
    assert (shipment.status, shipment.site, shipment.usage.number) == ("shipped", made.trunk, outcome.number)
    drain(NOW)
    invoice = Invoice.objects.get(order=order)
    assert invoice.total_amount == 20
    order.refresh_from_db()
    assert order.status == "closed"
    assert CreditAccount.objects.get(account=made.world.account).receivable_amount == 20
    gone = Posting.objects.filter(bucket="shipped").values_list("terms_code", "amount")
    own = order.terms_code  # in and out on the same terms
    assert sorted(gone) == [(own, Decimal(-20)), (own, Decimal(20))]
    assert breaches() == []


def test_the_consignee_is_the_customer_of_a_consignment_and_nobody_else():
    made, other = make_field(), make_world()
    assert use(made, 1, site=made.shelf).status == "billed"
    assert on_hand(made.product, made.shelf) == 5
    made.world.account = other.account
    with pytest.raises(InvalidInput) as wrong:
        use(made, 1, site=made.shelf)
    assert wrong.value.errors[0].code == "not_the_consignee"


def test_the_same_key_again_is_the_first_usage():
    made = make_field()
    first = use(made, 2, key="device 7 / 12")
    again = use(made, 2, key="device 7 / 12")
    assert (again.usage_id, again.order_id) == (first.usage_id, first.order_id)
    assert on_hand(made.product, made.trunk) == 3
    assert Order.objects.count() == 1


def test_a_usage_without_a_po_waits_with_a_case_and_is_invoiced_when_the_po_comes():
    made = make_field(po_number_required=True)
    outcome = use(made, 1, is_po_to_follow=True)
    assert outcome.is_po_awaited
    drain(NOW)
    (hold,) = Hold.objects.filter(order=outcome.order_id)
    assert (hold.rule, hold.blocks, hold.cleared_at) == ("po_to_follow", ["invoice"], None)
    (case,) = live_cases("usage_without_po")
    assert (case.queue.code, case.subject_id) == ("rep", outcome.order_id)
    assert not Invoice.objects.exists()
    assert Order.objects.get().status == "submitted"
    assert breaches() == []

    later = NOW + timedelta(days=1)
    done = add_purchase_order(usage_id=outcome.usage_id, po_number="PO-88", actor=made.actor, now=later)
    assert not done.is_po_awaited
    drain(later)
    assert live_cases("usage_without_po") == []
    assert Invoice.objects.get().order.po_number == "PO-88"
    assert Order.objects.get().status == "closed"
    add_purchase_order(usage_id=outcome.usage_id, po_number="PO-88", actor=made.actor, now=later)  # said again
    with pytest.raises(AlreadyHasPo):
        add_purchase_order(usage_id=outcome.usage_id, po_number="PO-99", actor=made.actor, now=later)
    assert breaches() == []


def test_one_purchase_order_covers_many_usages():
    made = make_field(po_number_required=True)
    numbers = {use(made, 1, po_number="PO-BLANKET").order_number for _ in range(3)}
    assert (len(numbers), Order.objects.filter(po_number="PO-BLANKET").count()) == (3, 3)


def test_over_the_limit_the_usage_stands_and_finance_holds_its_invoice():
    made = make_field(limit=5)
    outcome = use(made, 2)
    assert (outcome.status, len(outcome.holds)) == ("billed", 1)
    assert on_hand(made.product, made.trunk) == 3
    drain(NOW)
    assert [h.reason for h in Hold.objects.filter(cleared_at=None)] == ["credit"]
    assert len(live_cases("credit_hold")) == 1
    assert not Invoice.objects.exists()
    assert breaches() == []
    from core.overrides import Reason
    from credit.services.change_limit import change_limit

    change_limit(
        account_id=made.world.account.pk, limit_amount=Decimal(500), reason=Reason("growth", "They buy more now"),
        actor=FINANCE, now=NOW,
    )  # fmt: skip
    drain(NOW)
    assert Invoice.objects.get().total_amount == 20
    assert live_cases("credit_hold") == []
    assert breaches() == []


def test_below_the_floor_the_invoice_is_held_and_the_rep_does_not_read_the_floor():
    made = make_field()
    made.world.source.margin_floor_percent = 50  # of a cost of 6: 12.00, and it sells at 10.00
    made.world.source.save()
    outcome = use(made, 2)
    assert outcome.holds == outcome_of(outcome.usage_id).holds == ("The order waits for our customer service.",)
    assert "below the floor of 12" in str(Hold.objects.get(cleared_at=None).explanation)  # what the desk reads


def test_a_product_the_customer_may_not_buy_is_used_all_the_same_and_held():
    made = make_field()
    AuthorizationFactory(name="Not for them", account=made.world.account, product=made.product)
    outcome = use(made, 1)
    assert (outcome.status, [h.reason for h in Hold.objects.all()]) == ("billed", ["eligibility"])
    assert on_hand(made.product, made.trunk) == 4


def test_without_a_price_the_usage_is_kept_and_billed_when_there_is_one():
    made = make_field()
    made.world.rows[0].delete()
    outcome = use(made, 2)
    assert (outcome.status, outcome.order_id) == ("recorded", None)
    assert "Nothing prices" in outcome.problems[0]
    assert on_hand(made.product, made.trunk) == 3
    (case,) = live_cases("usage_unbilled")
    assert case.queue.code == "cs"
    assert breaches() == []
    PriceRowFactory(source=made.world.source, product=made.product)
    done = bill_usage(usage_id=outcome.usage_id, actor=PLANNER, now=NOW)
    assert (done.status, live_cases("usage_unbilled")) == ("billed", [])
    drain(NOW)
    assert Invoice.objects.get().total_amount == 20
    assert bill_usage(usage_id=outcome.usage_id, actor=PLANNER, now=NOW).order_id == done.order_id
    assert (Order.objects.count(), on_hand(made.product, made.trunk)) == (1, 3)
    assert breaches() == []


def test_without_a_credit_account_the_usage_is_kept_until_finance_opens_one():
    made = make_field(limit=None)
    outcome = use(made, 1)
    assert (outcome.status, "credit account" in outcome.problems[0]) == ("recorded", True)
    use(made, 1)
    CreditAccountFactory(account=made.world.account)
    assert bill_waiting(account_ids=[made.world.account.pk], actor=PLANNER, now=NOW) == 2
    assert bill_waiting(account_ids=[made.world.account.pk], actor=PLANNER, now=NOW) == 0
    drain(NOW)
    assert (Invoice.objects.count(), live_cases("usage_unbilled")) == (2, [])
    assert breaches() == []


def test_what_is_sold_by_the_case_is_used_by_the_piece():
    made = make_field()
    type(made.product).objects.filter(pk=made.product.pk).update(order_multiple=10, min_order_qty=10)
    assert use(made, 1).status == "billed"


def test_a_replay_that_comes_late_is_priced_and_booked_as_of_the_use():
    made = make_field()
    used_at = NOW - timedelta(days=3)
    outcome = use(made, 1, used_at=used_at)
    movement = StockMovement.objects.get(kind="consumption")
    assert (movement.at, Shipment.objects.get().shipped_at) == (used_at, used_at)
    assert Order.objects.get(pk=outcome.order_id).received_at == used_at


def counted(site, qty, *, at):
    count_id = open_count(site_id=site.pk, key=f"count {at}", actor=PLANNER, now=at)
    from inventory.models import CountLine

    line = CountLine.objects.get(count=count_id)
    record_counts(count_id=count_id, counted={line.pk: Decimal(qty)}, actor=PLANNER, now=at)
    return count_id


def test_a_usage_replayed_after_a_count_was_taken_is_no_variance():
    made = make_field(trunk=4)
    count_id = counted(made.trunk, 3, at=NOW)
    use(made, 1, used_at=NOW - timedelta(hours=2), now=NOW + timedelta(hours=1))
    assert post_count(count_id=count_id, actor=PLANNER, now=NOW + timedelta(hours=2)).variances == 0
    assert on_hand(made.product, made.trunk) == 3


def test_a_usage_replayed_after_a_count_was_posted_explains_its_variance_and_takes_nothing_twice():
    made = make_field(trunk=1)
    assert post_count(count_id=counted(made.trunk, 0, at=NOW), actor=PLANNER, now=NOW).variances == 1
    assert on_hand(made.product, made.trunk) == 0
    outcome = use(made, 1, used_at=NOW - timedelta(hours=2), now=NOW + timedelta(hours=1))
    assert (outcome.status, on_hand(made.product, made.trunk)) == ("billed", 0)
    assert breaches() == []
    with pytest.raises(InvalidInput) as wrong:  # a second one is explained by nothing
        use(made, 1, used_at=NOW - timedelta(hours=1), now=NOW + timedelta(hours=1))
    assert wrong.value.errors[0].code == "more_than_there"


def test_lots_and_serials_are_read_from_the_code_and_found_again_in_a_recall():
    made = make_field(trunk=0)
    product = ProductFactory(sku="MESH", gtin="00312345678906", tracking="lot", standard_cost=6)
    PriceRowFactory(source=made.world.source, product=product)
    for lot, days in (("A1", 40), ("B2", 400)):
        stock(product, made.trunk, 3, lot=lot, expiry=NOW.date() + timedelta(days=days))
    outcome = use(made, lines=(UseLine("(01)00312345678906(10)B2", Decimal(2)),))
    b2 = Lot.objects.get(code="B2")
    (sent,) = shipments_with_lot(b2.pk)
    assert (sent.qty, sent.account_id, sent.document.number) == (2, made.world.account.pk, outcome.number)
    assert Shipment.objects.get().lines.get().lot == b2


def test_what_cannot_have_been_used_is_named_with_what_mends_it():
    made = make_field(trunk=2)
    lots = ProductFactory(sku="MESH", tracking="lot")
    stock(lots, made.trunk, 3, lot="OLD", expiry=NOW.date() + timedelta(days=400))
    Lot.objects.filter(code="OLD").update(expiry_date=NOW.date() - timedelta(days=1))
    stock(lots, made.trunk, 3, lot="BAD")
    recall_lot(lot_id=Lot.objects.get(code="BAD").pk, reason="Broken seals found", actor=PLANNER, now=NOW)
    stock(ProductFactory(sku="OTHER", tracking="lot"), made.shelf, 1, lot="THEIRS")
    UnitFactory(product=made.product, code="CS", numerator=12)
    sku = made.product.sku
    found = refused(
        made,
        UseLine("0012345678905"),
        UseLine("(01)00312345678906(10)X"),
        UseLine("MESH", lot="OLD"),
        UseLine("MESH", lot="BAD"),
        UseLine("MESH", lot="THEIRS"),
        UseLine("MESH", lot="NEVER"),
        UseLine("MESH"),
        UseLine(sku, Decimal(3)),
        UseLine(sku, Decimal(1), "CS"),
        UseLine(sku, Decimal(1), "BOX"),
        UseLine(sku, Decimal("-1")),
        UseLine(sku, Decimal("0.00001")),
    )
    assert list(found.values()) == [
        "unknown_gtin", "unknown_gtin", "lot_expired", "lot_recalled", "lot_of_another_product", "unknown_lot",
        "lot_missing", "more_than_there", "more_than_there", "unknown_unit", "not_a_quantity", "not_a_quantity",
    ]  # fmt: skip
    assert on_hand(made.product, made.trunk) == 2


def test_a_serial_number_is_used_once():
    made = make_field(trunk=0)
    pump = ProductFactory(sku="PUMP", tracking="serial", standard_cost=6)
    PriceRowFactory(source=made.world.source, product=pump)
    stock(pump, made.trunk, 1, lot="SN-1")
    stock(pump, made.shelf, 1, lot="SN-2")
    assert refused(made, UseLine("PUMP", serial="SN-2")) == {"/lines/0/serial": "serial_elsewhere"}
    assert refused(made, UseLine("PUMP")) == {"/lines/0/serial": "serial_missing"}
    assert refused(made, UseLine("PUMP", Decimal(2), serial="SN-1")) == {"/lines/0/quantity": "not_one_unit"}
    assert refused(made, UseLine("PUMP", serial="SN-1"), UseLine("PUMP", serial="SN-1")) == {
        "/lines/1/serial": "serial_not_free"
    }
    outcome = use(made, lines=(UseLine("PUMP", serial="SN-1"),))
    with pytest.raises(InvalidInput) as wrong:
        use(made, lines=(UseLine("PUMP", serial="SN-1"),))
    (error,) = wrong.value.errors
    assert (error.code, outcome.number in error.message) == ("serial_used", True)


def test_a_usage_says_its_case_or_order_is_not_in_the_future_and_comes_from_a_field_site():
    made = make_field()
    assert refused(made, case_reference="") == {"/case_reference": "required"}
    assert refused(made, used_at=NOW + timedelta(hours=1)) == {"/used_at": "in_the_future"}
    with pytest.raises(NotFound):
        use(made, site=made.world.site)
    made.trunk.is_active = False
    made.trunk.save()
    with pytest.raises(SiteIsClosed):
        use(made)


def test_the_price_of_a_usage_takes_the_same_statements_for_1_line_and_for_20():
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    made = make_field(trunk=60)
    sku, spent = made.product.sku, []
    use(made, 1)
    for n in (1, 20):
        with CaptureQueriesContext(connection) as captured:
            use(made, lines=tuple(UseLine(sku) for _ in range(n)))
        spent.append(len(captured))
    assert spent[0] == spent[1]
    assert Case.objects.count() == 0
