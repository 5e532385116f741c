"""What is paid in advance by an order's own terms is counted once, over as many releases as there are."""

from decimal import Decimal

import pytest

from billing.models import Invoice, Receipt
from billing.services.apply_receipt import apply_receipt
from core.overrides import Reason
from core.testing import drain, race
from credit.models import CreditAccount, Posting
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from orders.services.change_terms import change_terms
from orders.services.place import place
from tests.factories.credit import TermsFactory
from tests.factories.flow import PICKER, Sent, breaches, line_ids, picked, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW
from tests.orders.test_credit_holds import pay

WHY = Reason("review", "Agreed with the customer")
SPENT = "Payment in advance: 100.00 is due before release, 0.00 of the cash on account is left for it."


@pytest.fixture
def world():
    TermsFactory(code="PREPAY", name="Payment in advance", net_days=0, is_prepayment=True)
    return stocked_world(stock_qty=1000, limit=10_000)


def in_advance(world, count=1):
    """Orders of 100 that are paid before they leave; the account pays net 30 days."""
    ids = [place(world.draft(10, terms_code="PREPAY"), actor=CLERK, now=NOW).order_id for _ in range(count)]
    drain(NOW)
    return ids


def send(order_id):
    return release_orders(order_ids=[order_id], actor=CLERK, now=NOW)[0]


def why(outcome):
    return [r.message for r in outcome.refused]


def leave(order_id, outcome):
    parcel = Sent(order_id, outcome.shipment_ids[0])
    picked(parcel)
    confirm_shipment(shipment_id=parcel.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    drain(NOW)


@pytest.mark.django_db
def test_the_money_of_one_order_releases_no_other_in_a_later_call_until_it_is_shipped_invoiced_and_paid(world):
    first, second = in_advance(world, 2)
    pay(world, 100)
    drain(NOW)
    gone = send(first)
    assert gone.is_released
    assert why(send(second)) == [SPENT]
    leave(first, gone)
    account = CreditAccount.objects.get()
    assert (account.released_amount, account.shipped_amount, account.receivable_amount) == (0, 0, 100)
    assert why(send(second)) == [SPENT]  # the money lies there for the invoice that is open
    named = Posting.objects.filter(terms_code="PREPAY").order_by("pk").values_list("bucket", "amount")
    assert list(named) == [
        ("released", 100), ("released", -100), ("shipped", 100), ("shipped", -100), ("receivable", 100),
    ]  # fmt: skip
    invoice, receipt = Invoice.objects.get(), Receipt.objects.get().pk
    apply_receipt(receipt_id=receipt, invoice_id=invoice.pk, amount=Decimal(100), actor=FINANCE, now=NOW)
    assert why(send(second)) == ["Payment in advance: 100.00 is due before release, 0.00 is on account."]
    pay(world, 100, "WIRE-2")
    drain(NOW)
    assert send(second).is_released
    assert breaches() == []


@pytest.mark.django_db
def test_what_is_owed_on_the_account_s_terms_takes_nothing_of_it(world):
    usual = place(world.draft(30), actor=CLERK, now=NOW).order_id
    (first,) = in_advance(world)
    assert send(usual).is_released  # 300 on 30 days
    pay(world, 100)
    drain(NOW)
    assert send(first).is_released


@pytest.mark.django_db
def test_where_the_account_pays_in_advance_an_order_on_30_days_takes_nothing_of_the_cash(world):
    CreditAccount.objects.update(terms=TermsFactory(code="PREPAY"))
    order_id = place(world.draft(30, terms_code="NET30"), actor=CLERK, now=NOW).order_id
    first = place(world.draft(10), actor=CLERK, now=NOW).order_id
    drain(NOW)
    change_terms(order_id=order_id, terms_code="NET30", reason=WHY, actor=FINANCE, now=NOW)
    assert send(order_id).is_released
    pay(world, 100)
    drain(NOW)
    assert send(first).is_released


@pytest.mark.django_db
def test_a_short_pick_gives_its_money_back(world):
    first, second = in_advance(world, 2)
    pay(world, 100)
    drain(NOW)
    parcel = Sent(first, send(first).shipment_ids[0])
    (line,) = line_ids(parcel.shipment_id)
    picked(parcel, {line: Decimal(4)})
    (said,) = why(send(second))
    assert said == "Payment in advance: 100.00 is due before release, 60.00 of the cash on account is left for it."


@pytest.mark.django_db(transaction=True)
@pytest.mark.races
def test_of_four_orders_released_at_once_in_calls_of_their_own_the_money_for_two_releases_two(world):
    ids = in_advance(world, 4)
    pay(world, "299.99")
    drain(NOW)
    outcomes = race(*[lambda i=i: send(i) for i in ids])
    assert sum(o.is_released for o in outcomes) == 2
    assert {why(o)[0] for o in outcomes if not o.is_released} == {
        "Payment in advance: 100.00 is due before release, 99.99 of the cash on account is left for it."
    }
    assert CreditAccount.objects.get().released_amount == 200
    drain(NOW)
    assert breaches() == []
