"""The payment terms of the contract that prices an order are on every document of it; others are an override."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import Invoice
from core.models import OverrideEntry
from core.overrides import Reason
from orders.models import Hold, Order
from orders.services.capture import capture
from orders.services.change_terms import change_terms
from orders.services.place import place
from orders.services.submit import submit
from pricing.rules.asks import PriceResult
from pricing.rules.terms import agreed_terms
from tests.factories.credit import TermsFactory
from tests.factories.flow import shipped, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW, make_world
from tests.factories.pricing import ContractFactory, PriceRowFactory
from tests.factories.pricing import TermsFactory as Agreement

D = Decimal


def contract_for(world, terms, *products, price=9):
    """A contract of the customer that prices these products, with payment terms."""
    agreement = Agreement(account=world.account, payment_terms=terms)
    source = ContractFactory(account=world.account, contract=agreement)
    for product in products:
        PriceRowFactory(source=source, product=product, unit_price=price)
    return agreement


def terms_of(placed):
    return Order.objects.values_list("terms_code", "contract_terms_code").get(pk=placed.order_id)


def result(amount, terms):
    return PriceResult("1", 1, D(1), D(amount), "USD", "account", 1, "C", payment_terms=terms)


def test_the_contract_that_prices_most_of_the_order_says_the_terms():
    assert agreed_terms([]) == agreed_terms([result(900, "")]) == ""
    assert agreed_terms([result(50, "NET60"), result(30, "NET45"), result(30, "NET45"), result(900, "")]) == "NET45"
    assert agreed_terms([result(50, "NET60"), result(50, "NET45")]) == "NET45"


@pytest.mark.django_db
def test_longer_terms_of_the_contract_are_agreed_and_the_invoice_is_due_by_them():
    world = stocked_world()
    TermsFactory(code="NET60", name="Net 60 days", net_days=60)
    contract_for(world, "NET60", world.products[0])
    sent = shipped(world, 6)
    assert terms_of(sent) == ("NET60", "NET60")
    assert not Hold.objects.exists()
    invoice = Invoice.objects.get()
    assert (invoice.terms_code, invoice.due_date) == ("NET60", NOW.date() + timedelta(days=60))


@pytest.mark.django_db
def test_a_price_of_the_list_leaves_the_account_s_terms():
    world = make_world(products=2)
    TermsFactory(code="NET60", name="Net 60 days", net_days=60)
    contract_for(world, "NET60", world.products[1])
    assert terms_of(place(world.draft(6), actor=CLERK, now=NOW)) == ("NET30", "")


@pytest.mark.django_db
def test_other_terms_than_the_contract_s_are_held_until_somebody_with_the_authority_overrides_them():
    world = make_world()
    TermsFactory(code="NET10", name="Net 10 days", net_days=10)
    contract_for(world, "NET10", world.products[0])
    order = place(world.draft(5, terms_code="NET30"), actor=CLERK, now=NOW)
    assert [h.message for h in order.holds] == ["The order asks for Net 30 days; the contract has Net 10 days."]
    assert terms_of(order) == ("NET30", "NET10")
    reason = Reason("customer_request", "Agreed with their treasurer")
    change_terms(order_id=order.order_id, terms_code="NET30", reason=reason, actor=FINANCE, now=NOW)
    assert not Hold.objects.filter(cleared_at__isnull=True).exists()
    entry = OverrideEntry.objects.get()
    assert (entry.before, entry.account_id) == ({"terms": "NET30", "contract": "NET10"}, world.account.pk)


@pytest.mark.django_db
def test_a_draft_gets_them_when_it_is_submitted_and_terms_nobody_knows_hold_it():
    world = make_world()
    contract_for(world, "NET99", world.products[0])
    captured = capture(world.draft(5), actor=CLERK, now=NOW)
    order = submit(order_id=captured.order_id, actor=CLERK, now=NOW)
    assert terms_of(order) == ("NET99", "NET99")
    assert "The payment terms NET99 are not known here" in order.holds[0].message
