"""Exposure is what will be owed: net, tax and freight as estimated, to the cent at every step, until the invoice's own."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.states import Role
from billing.models import Invoice
from core.overrides import Reason
from core.testing import drain
from credit.models import Posting
from credit.queries import exposure
from fulfillment.models import Shipment
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from orders.credit_desk import cash_effect
from orders.models import Order, OrderRevision
from orders.rules.wishes import LineWish, Wish
from orders.rules.worth import UnitWorth, per_unit
from orders.services.amend import amend
from orders.services.cancel import cancel_lines
from orders.services.capture import capture
from orders.services.override_price import override_price
from orders.services.place import place
from orders.services.preview import preview
from orders.services.split_line import split_line
from orders.services.submit import submit
from portal.standing import headroom_in
from tests.factories.accounts import StaffFactory
from tests.factories.flow import PICKER, Sent, breaches, line_ids, picked, placed, stocked_world
from tests.factories.orders import CLERK, NOW, later, make_world
from tests.factories.pricing import FreightFactory, TaxFactory
from tests.orders.test_credit_holds import owe, pay
from tests.orders.test_override_price import acting

D = Decimal


def rates(free_from=None):
    """8.25 % tax and 3 % freight: 5.78 and 2.10 on 7 units at 10.00."""
    TaxFactory(percent=D("8.25"))
    FreightFactory(percent=3, free_from_amount=free_from)


def parts(world):
    """Open orders, released, shipped, receivable."""
    p = exposure([world.account.pk], on=later(30))[world.account.pk].parts
    return tuple(str(amount) for amount in (p.open_orders, p.released, p.shipped, p.receivable))


def charges(order_id):
    row = Order.objects.get(pk=order_id)
    return str(row.total_amount), str(row.tax_amount), str(row.freight_amount)


def resize(order_id, *lines):
    version = Order.objects.get(pk=order_id).version
    amend(
        order_id=order_id, wish=Wish(lines=lines), expected_version=version, reason="they need another quantity",
        actor=CLERK, now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("qty", ["1", "3", "7", "0.0001", "999999.9999", "9999999999.9999"])
@pytest.mark.parametrize("amount", ["0.01", "5.78", "123456789.01"])
def test_the_whole_line_gives_its_estimate_back_to_the_cent(qty, amount):
    unit = UnitWorth(D(0), per_unit(D(amount), D(qty)))
    assert unit.of(D(qty), "USD") == D(amount)


def test_parts_of_a_line_are_rounded_by_themselves_and_nothing_is_left_of_nothing():
    unit = UnitWorth(D(10), per_unit(D("5.78"), D(7)), per_unit(D("2.10"), D(7)))
    assert [str(unit.of(D(q), "USD")) for q in (7, 5, 2, 0)] == ["77.88", "55.63", "22.25", "0.00"]
    assert str(unit.charges_of(D(7), "USD")) == "7.88"
    assert (per_unit(D(0), D(7)), per_unit(D(5), D(0))) == (0, 0)


@pytest.mark.django_db
def test_every_step_from_submit_to_the_invoice_holds_exactly_what_its_lines_will_be_owed():
    world = stocked_world(stock_qty=8)
    rates()
    order_id = placed(world, 7)
    assert (charges(order_id), parts(world)) == (("70.00", "5.78", "2.10"), ("77.88", "0.00", "0.00", "0.00"))
    cancel_lines(order_id=order_id, quantities={1: D(2)}, reason="less", actor=CLERK, now=NOW)
    assert (charges(order_id), parts(world)) == (("50.00", "4.13", "1.50"), ("55.63", "0.00", "0.00", "0.00"))
    resize(order_id, LineWish(1, qty=D(6)))  # more is priced, and estimated, again
    assert (charges(order_id), parts(world)) == (("60.00", "4.95", "1.80"), ("66.75", "0.00", "0.00", "0.00"))
    drain(NOW)
    (out,) = release_orders(order_ids=[order_id], actor=PICKER, now=NOW)
    sent = Sent(order_id, out.shipment_ids[0])
    assert parts(world) == ("0.00", "66.75", "0.00", "0.00")
    (line,) = line_ids(sent.shipment_id)
    picked(sent, {line: D(4)})
    assert parts(world) == ("22.25", "44.50", "0.00", "0.00")
    assert breaches() == []
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    assert parts(world) == ("22.25", "0.00", "44.50", "0.00")
    assert breaches() == []
    drain(NOW)
    assert Shipment.objects.get(pk=sent.shipment_id).status == "shipped"
    invoice = Invoice.objects.get()
    assert parts(world) == ("22.25", "0.00", "0.00", str(invoice.total_amount))  # its own figures, not the estimates
    assert invoice.total_amount == invoice.net_amount + invoice.tax_amount + invoice.freight_amount
    assert breaches() == []


@pytest.mark.django_db
def test_an_order_that_fits_without_its_tax_is_held_for_it_and_a_payment_of_as_much_lets_it_go():
    world = make_world(limit=40_000, stock=2000)
    rates()
    owe(world, 32_000)
    order = place(world.draft(800), actor=CLERK, now=NOW)
    (hold,) = order.holds
    assert hold.message == (
        "Over by 900.00: open receivables 32,000 + this order 8,900 (900 of it tax and freight) against 40,000 USD."
    )
    pay(world, "899.99")
    drain(NOW)
    assert not release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW)[0].is_released
    pay(world, "0.01", "WIRE-2")
    drain(NOW)
    assert release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW)[0].is_released
    assert parts(world) == ("0.00", "8900.00", "0.00", "32000.00")


@pytest.mark.django_db
def test_a_draft_that_is_submitted_later_counts_the_same_as_one_placed_at_once():
    world = stocked_world()
    rates()
    captured = capture(world.draft(7), actor=CLERK, now=NOW)
    assert Posting.objects.count() == 0
    submit(order_id=captured.order_id, actor=CLERK, now=NOW)
    assert (charges(captured.order_id), parts(world)[0]) == (("70.00", "5.78", "2.10"), "77.88")
    assert breaches() == []


@pytest.mark.django_db
def test_who_is_exempt_owes_no_tax():
    world = make_world(is_tax_exempt=True)
    rates()
    order_id = placed(world, 7)
    assert (charges(order_id), parts(world)[0]) == (("70.00", "0.00", "2.10"), "72.10")


@pytest.mark.django_db
def test_another_price_is_estimated_anew_and_freight_is_free_by_the_worth_of_the_whole_order():
    world = stocked_world(products=2)
    rates(free_from=100)
    order_id = placed(world, 9, 2)  # 110 together: no freight
    assert (charges(order_id), parts(world)[0]) == (("110.00", "9.08", "0.00"), "119.08")
    reason = Reason("test", "agreed with the customer on the phone")
    lead = acting(StaffFactory(roles=[Role.CS_LEAD]))
    override_price(order_id=order_id, prices={2: D("9.5")}, reason=reason, actor=lead, now=NOW)
    assert (charges(order_id), parts(world)[0]) == (("109.00", "9.00", "0.00"), "118.00")  # 19 beside 90
    assert breaches() == []


@pytest.mark.django_db
def test_a_new_line_makes_the_whole_order_free_of_freight_and_a_split_one_keeps_what_was_estimated():
    world = stocked_world(products=2, stock_qty=4)
    rates(free_from=100)
    order_id = placed(world, 9)
    assert (charges(order_id), parts(world)[0]) == (("90.00", "7.43", "2.70"), "100.13")
    resize(order_id, LineWish(qty=D(3), product_id=world.products[1].pk))
    assert (charges(order_id), parts(world)[0]) == (("120.00", "9.91", "0.00"), "129.91")  # 30 beside 90: from 100 free
    (change,) = [c for c in OrderRevision.objects.get().changes if c["label"] == "Freight of the order"]
    assert (change["before"], change["after"]) == ("2.70 USD", "0.00 USD")
    split_line(order_id=order_id, line_no=1, reason="the rest may follow later", actor=CLERK, now=NOW)
    assert (charges(order_id), parts(world)[0]) == (("120.00", "9.91", "0.00"), "129.91")
    assert breaches() == []


@pytest.mark.django_db
def test_below_the_worth_that_goes_free_freight_is_due_again_of_what_has_not_left():
    world = stocked_world(products=3)
    rates(free_from=100)
    order_id = placed(world, 4, 4, 4)  # 120 together
    resize(order_id, LineWish(line_no=2, qty=D(2)))  # exactly 100 is free still
    assert (charges(order_id), parts(world)[0]) == (("100.00", "8.25", "0.00"), "108.25")
    resize(order_id, LineWish(line_no=3, qty=D(2)))
    assert (charges(order_id), parts(world)[0]) == (("80.00", "6.60", "2.40"), "89.00")
    assert breaches() == []


@pytest.mark.django_db
def test_what_the_warehouse_has_keeps_the_freight_it_is_billed_by():
    world = stocked_world(products=2)
    rates(free_from=100)
    order_id = placed(world, 6, 6)
    assert release_orders(order_ids=[order_id], actor=PICKER, now=NOW)[0].is_released
    resize(order_id, LineWish(qty=D(3), product_id=world.products[0].pk))
    assert charges(order_id)[2] == "0.00"
    version = Order.objects.get(pk=order_id).version
    wish = Wish(lines=(LineWish(line_no=3, qty=D(0)),))
    amend(order_id=order_id, wish=wish, expected_version=version, reason="too many after all", actor=CLERK, now=NOW)
    assert (charges(order_id), parts(world)[1]) == (("120.00", "9.90", "0.00"), "129.90")
    assert breaches() == []


@pytest.mark.django_db
def test_the_portal_s_headroom_and_the_cash_effect_of_a_release_are_of_all_that_is_owed():
    world = stocked_world(limit=100)
    rates()
    seen = preview(world.draft(7), actor=CLERK, now=NOW)
    assert (seen.credit.asked, seen.credit.available) == (D("77.88"), D(100))
    assert headroom_in(seen.credit, seen.total, "USD").left == D("22.12")
    placed(world, 7)
    weeks = cash_effect(today=date(2026, 3, 2))["USD"]
    assert sum(week.total for week in weeks) == D("77.88")
