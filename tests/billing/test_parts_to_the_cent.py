"""Goods at less than a cent, sent in parts, from a vendor or out of a consignment: all invoices are the order."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import CreditMemo, Invoice, InvoiceLine, InvoicingChoice
from billing.rules.asks import CreditSpec
from billing.services.draft_invoices import post_drafts_of_orders
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.issue_invoice import issue_invoices
from billing.states import CreditKind, Grouping
from core.refs import DocumentRef
from core.testing import drain
from credit.models import CreditAccount
from fulfillment.models import Shipment
from fulfillment.rules.asks import Departure
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment, confirm_shipments
from fulfillment.services.release_orders import release_orders
from fulfillment.services.ship_vendor_order import ship_vendor_order
from inventory.services.receive_stock import receive_stock
from orders.models import Order
from pricing.models import PriceRow
from tests.billing.test_credit_return import returned
from tests.factories.field import make_field, use
from tests.factories.flow import NOW, PICKER, breaches, picked, placed, released, shipped, stocked_world
from tests.factories.orders import CLERK
from tests.factories.pricing import FreightFactory, TaxFactory
from tests.factories.vendors import asked, selling

pytestmark = pytest.mark.django_db
D = Decimal
ACT = {"actor": PICKER, "now": NOW}


def charged() -> None:
    """8.25 % tax and 3.7 % freight."""
    TaxFactory(percent=D("8.25"))
    FreightFactory(percent=D("3.7"))


def small_world(price: str = "0.335", **more):
    """Goods at less than a cent a unit: 3 are 1.005, 6 are 2.01."""
    world = stocked_world(**more)
    PriceRow.objects.update(unit_price=D(price))
    return world


def in_two(world) -> int:
    """An order of 6, of which 3 leave, then 3."""
    order_id = placed(world, 6)
    for count in range(2):
        if count:
            source = DocumentRef("receipt", 70)
            receive_stock(product_id=world.products[0].pk, site_id=world.site.pk, qty=D(3), source=source, **ACT)
            drain(NOW)
        release_orders(order_ids=[order_id], **ACT)
        shipment = Shipment.objects.latest("pk")
        confirm_pick(shipment_id=shipment.pk, picks={}, short_reason="", **ACT)
        confirm_shipment(shipment_id=shipment.pk, carrier="UPS", tracking_number="1Z", **ACT)
        drain(NOW)
    return order_id


def figures(document) -> tuple[Decimal, ...]:
    return document.net_amount, document.tax_amount, document.freight_amount, document.total_amount


def test_3_and_3_units_at_a_third_of_a_dollar_are_together_what_6_are():
    order_id = in_two(small_world(stock_qty=3))
    assert list(Invoice.objects.order_by("pk").values_list("net_amount", flat=True)) == [D("1.01"), D("1.00")]
    assert Order.objects.values_list("status", "total_amount").get(pk=order_id) == ("closed", D("2.01"))
    credit = CreditAccount.objects.get()
    assert (credit.released_amount, credit.shipped_amount, credit.receivable_amount) == (0, 0, D("2.01"))
    assert breaches() == []


def test_on_one_invoice_of_the_order_too():
    world = small_world(stock_qty=3)
    InvoicingChoice.objects.create(account=world.account, grouping=Grouping.ORDER)
    order_id = in_two(world)
    post_drafts_of_orders(order_ids=[order_id], **ACT)
    assert figures(Invoice.objects.get()) == (D("2.01"), 0, 0, D("2.01"))
    assert breaches() == []


def test_what_comes_back_of_each_part_gives_back_what_it_was_billed():
    world = small_world(stock_qty=3)
    in_two(world)
    for n, line in enumerate(InvoiceLine.objects.order_by("pk")):
        spec = CreditSpec(line.pk, qty=D(3))
        issue_credit_memo(
            account_id=world.account.pk, kind=CreditKind.RETURN, reason="Back", key=f"{n}", lines=[spec], **ACT
        )
    assert list(CreditMemo.objects.order_by("pk").values_list("total_amount", flat=True)) == [D("1.01"), D("1.00")]
    assert not Invoice.objects.exclude(status="credited").exists()
    assert breaches() == []


def test_a_batch_of_rounded_shipments_takes_the_statements_of_one():
    world = small_world()
    sent = [released(world, 3) for _ in range(4)]
    for each in sent:
        picked(each)
    confirm_shipments([Departure(each.shipment_id, "UPS") for each in sent], **ACT)
    with CaptureQueriesContext(connection) as one:
        issue_invoices([sent[0].shipment_id], **ACT)
    with CaptureQueriesContext(connection) as three:
        issue_invoices([each.shipment_id for each in sent[1:]], **ACT)
    assert len(one) == len(three)
    assert list(Invoice.objects.values_list("net_amount", flat=True)) == [D("1.01")] * 4


def test_a_line_billed_a_cent_above_its_order_is_found():
    in_two(small_world(stock_qty=3))
    last = InvoiceLine.objects.latest("pk")
    InvoiceLine.objects.filter(pk=last.pk).update(amount=D("1.01"))
    Invoice.objects.filter(pk=last.invoice_id).update(net_amount=D("1.01"), total_amount=D("1.01"))
    found = "\n".join(breaches())
    assert "line 1: 2.02 invoiced at 0.335000, quantity times price is 2.01" in found
    assert "says goods 2.01, invoiced 2.02" in found


def test_what_a_vendor_sends_is_billed_with_the_order_s_tax_and_freight():
    charged()
    sent, _ = asked(selling(), 4)
    ship_vendor_order(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z9", actor=CLERK, now=NOW)
    drain(NOW)
    order = Order.objects.get(pk=sent.order_id)
    assert (order.status, order.total_amount, order.tax_amount, order.freight_amount) == (
        "closed", D("40.00"), D("3.30"), D("1.48"),
    )  # fmt: skip
    assert figures(Invoice.objects.get()) == (D("40.00"), D("3.30"), D("1.48"), D("44.78"))
    assert breaches() == []


def test_what_was_used_of_a_consignment_is_billed_with_its_tax_and_freight():
    charged()
    made = make_field()
    use(made, 3, site=made.shelf)
    drain(NOW)
    order = Order.objects.get()
    assert (order.total_amount, order.tax_amount, order.freight_amount) == (D("30.00"), D("2.48"), D("1.11"))
    assert figures(Invoice.objects.get()) == (D("30.00"), D("2.48"), D("1.11"), D("33.59"))
    assert breaches() == []


def test_a_fee_of_100_percent_keeps_the_goods_and_gives_the_tax_back():
    charged()
    world = stocked_world()
    back = returned(world, shipped(world, 3).order_id, (3, "restock"), fee_percent=D(100))
    memo = CreditMemo.objects.get()
    assert (memo.lines_amount, memo.fee_amount, memo.tax_amount, memo.total_amount) == (
        D("30.00"), D("30.00"), D("2.48"), D("2.48"),
    )  # fmt: skip
    assert back.status == "credited"
    assert breaches() == []
