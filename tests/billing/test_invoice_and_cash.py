"""Invoices copy the locked price once; receipts pay the oldest first and free credit."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import Invoice, InvoiceLine, Receipt
from billing.queries import statement
from billing.services.apply_receipt import CannotApply, apply_receipt
from billing.services.issue_invoice import NothingToInvoice, issue_invoice
from billing.services.post_receipt import ReceiptAlreadyPosted, post_receipt
from core.errors import InvalidInput, NotFound
from core.testing import drain
from credit.models import CreditAccount
from fulfillment.models import ShipmentLine
from orders.models import Hold
from pricing.models import PriceRow
from tests.factories.flow import NOW, PICKER, breaches, placed, released, shipped, stocked_world

pytestmark = pytest.mark.django_db


def pay(world, amount: str, **more) -> int:
    arguments = {
        "account_id": world.account.pk,
        "currency": "USD",
        "received_date": NOW.date(),
        "actor": PICKER,
        "now": NOW,
    }
    return post_receipt(amount=Decimal(amount), **{**arguments, **more})


def credit(world) -> CreditAccount:
    return CreditAccount.objects.get(account=world.account)


def test_a_shipment_of_3_at_10_is_invoiced_at_30_by_itself_and_exactly_once():
    world = stocked_world()
    sent = shipped(world, 3)
    invoice = Invoice.objects.get()
    assert (invoice.net_amount, invoice.total_amount, invoice.status) == (Decimal("30.00"), Decimal("30.00"), "posted")
    assert issue_invoice(shipment_id=sent.shipment_id, actor=PICKER, now=NOW) == invoice.pk
    assert Invoice.objects.count() == 1
    assert ShipmentLine.objects.get().invoiced_qty == 3
    assert (credit(world).shipped_amount, credit(world).receivable_amount) == (0, Decimal("30.00"))
    assert breaches() == []


def test_a_price_change_after_submit_does_not_reach_the_invoice():
    world = stocked_world()
    sent = released(world, 3)
    PriceRow.objects.update(unit_price=Decimal(99))
    from fulfillment.services.confirm_shipment import confirm_shipment
    from tests.factories.flow import picked

    picked(sent)
    confirm_shipment(shipment_id=sent.shipment_id, actor=PICKER, now=NOW)
    drain(NOW)
    assert InvoiceLine.objects.get().unit_price == 10
    assert breaches() == []


def test_two_invoices_have_numbers_without_a_gap():
    world = stocked_world()
    shipped(world, 1)
    shipped(world, 1)
    first, second = Invoice.objects.order_by("pk").values_list("number", flat=True)
    assert int(second.removeprefix("INV-")) == int(first.removeprefix("INV-")) + 1


def test_nothing_shipped_is_nothing_to_invoice():
    sent = released(stocked_world(), 3)
    with pytest.raises(NothingToInvoice):
        issue_invoice(shipment_id=sent.shipment_id, actor=PICKER, now=NOW)
    with pytest.raises(NotFound):
        issue_invoice(shipment_id=0, actor=PICKER, now=NOW)
    assert Invoice.objects.count() == 0


def test_25_of_30_is_a_partial_payment_and_5_more_pay_it():
    world = stocked_world()
    shipped(world, 3)
    pay(world, "25.00")
    assert (Invoice.objects.get().status, Invoice.objects.get().paid_amount) == ("partially_paid", 25)
    pay(world, "5.00")
    assert Invoice.objects.get().status == "paid"
    assert credit(world).receivable_amount == 0
    assert breaches() == []


def test_what_is_paid_too_much_stays_on_account_and_can_be_applied_later():
    world = stocked_world()
    shipped(world, 3)
    receipt_id = pay(world, "50.00")
    assert credit(world).unapplied_amount == 20
    shipped(world, 1)
    second = Invoice.objects.order_by("pk").last()
    with pytest.raises(CannotApply):
        apply_receipt(receipt_id=receipt_id, invoice_id=second.pk, amount=Decimal(11), actor=PICKER, now=NOW)
    apply_receipt(receipt_id=receipt_id, invoice_id=second.pk, amount=Decimal(10), actor=PICKER, now=NOW)
    second.refresh_from_db()
    assert second.status == "paid"
    assert credit(world).unapplied_amount == 10
    assert breaches() == []


def test_the_same_bank_reference_is_counted_once():
    world = stocked_world()
    pay(world, "10.00", reference="BANK-1")
    with pytest.raises(ReceiptAlreadyPosted):
        pay(world, "10.00", reference="BANK-1")
    assert Receipt.objects.count() == 1
    assert credit(world).unapplied_amount == 10


@pytest.mark.parametrize(("amount", "code"), [("0", "not_positive"), ("-5", "not_positive"), ("1.001", "too_precise")])
def test_an_amount_that_is_none_is_refused_with_its_reason(amount, code):
    with pytest.raises(InvalidInput) as refused:
        pay(stocked_world(), amount)
    assert refused.value.errors[0].code == code
    assert Receipt.objects.count() == 0


def test_another_customers_invoice_cannot_be_paid():
    world, other = stocked_world(), stocked_world()
    shipped(other, 1)
    with pytest.raises(InvalidInput):
        pay(world, "10.00", apply_to=[Invoice.objects.get().pk])
    assert Invoice.objects.get().paid_amount == 0


def test_a_payment_frees_the_held_order_of_that_customer_and_of_no_other():
    world, other = stocked_world(limit=35), stocked_world(limit=35)
    for each in (world, other):
        shipped(each, 3)
        placed(each, 2)
    assert Hold.objects.filter(reason="credit", cleared_at=None).count() == 2
    pay(world, "30.00")
    drain(NOW)
    held = Hold.objects.get(reason="credit", cleared_at=None)
    assert held.order.account == other.account
    assert breaches() == []


def test_the_statement_shows_what_is_open_and_how_old():
    world = stocked_world()
    shipped(world, 3)
    found = statement(world.account.pk, on=Invoice.objects.get().due_date + timedelta(days=31), currency="USD")
    assert (found.open_amount, found.unapplied_amount) == (Decimal("30.00"), 0)
    assert [b.amount for b in found.ageing] == [0, 0, Decimal("30.00"), 0, 0]


def test_an_order_without_terms_of_its_own_is_due_by_the_accounts():
    world = stocked_world()
    shipped(world, 3)
    invoice = Invoice.objects.get()
    assert (invoice.terms_code, invoice.due_date) == ("NET30", NOW.date() + timedelta(days=30))


def test_an_invoice_of_nothing_is_paid_from_the_start():
    world = stocked_world()
    PriceRow.objects.update(unit_price=Decimal(0))
    shipped(world, 3)
    assert (Invoice.objects.get().total_amount, Invoice.objects.get().status) == (0, "paid")
    assert breaches() == []
