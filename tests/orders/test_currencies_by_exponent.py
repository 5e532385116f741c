"""Yen have no cents and are counted without; dinars have three decimals, which nothing here keeps: refused by name."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts.rules.asks import AccountSpec
from accounts.services.create_accounts import create_accounts
from billing.models import Invoice
from billing.services.issue_invoice import issue_invoices
from core.actors import system
from core.cells import BadCell, Currency
from core.errors import InvalidInput
from core.overrides import Reason
from core.testing import drain
from credit.models import CreditAccount
from credit.queries import exposure
from credit.services.open_credit_account import open_credit_account
from fulfillment.models import Shipment
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from orders.models import Hold, Order
from orders.services.clear_hold import clear_hold
from orders.services.place import place
from pricing.models import PriceSource
from pricing.rules.asks import ListSpec
from pricing.services.set_prices import set_prices
from tests.factories.flow import PICKER, Sent, breaches, picked, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW, TODAY
from tests.factories.pricing import FreightFactory, RateFactory, TaxFactory

pytestmark = pytest.mark.django_db
D = Decimal
SYSTEM = system("import")
KEPT = "Amounts in KWD have 3 decimals, and 2 are kept here."


def yen_world(limit):
    """Goods at 10.50 yen a unit, 8.25 % tax and 3 % freight."""
    world = stocked_world(limit=limit)
    world.source.currency = world.account.currency = "JPY"
    world.source.save()
    world.account.save()
    CreditAccount.objects.update(currency="JPY")
    world.rows[0].unit_price = D("10.5")
    world.rows[0].save()
    TaxFactory(percent=D("8.25"))
    FreightFactory(percent=3)
    return world


def test_yen_are_whole_at_every_step_and_the_books_say_so():
    world = yen_world(limit=1000)
    order_id = place(replace(world.draft(3), currency=""), actor=CLERK, now=NOW).order_id
    drain(NOW)
    order = Order.objects.get(pk=order_id)
    assert (order.total_amount, order.tax_amount, order.freight_amount) == (32, 3, 1)  # of 31.5: half up, then percents
    parts = exposure([world.account.pk], on=TODAY)[world.account.pk].parts
    assert (parts.open_orders, breaches()) == (36, [])
    assert release_orders(order_ids=[order_id], actor=PICKER, now=NOW)[0].is_released
    assert breaches() == []
    shipment = Shipment.objects.get()
    picked(Sent(order_id, shipment.pk))
    confirm_shipment(shipment_id=shipment.pk, actor=PICKER, now=NOW)
    drain(NOW)
    issue_invoices(shipment_ids=[shipment.pk], actor=PICKER, now=NOW)
    drain(NOW)
    invoice = Invoice.objects.get()
    assert (invoice.net_amount, invoice.tax_amount, invoice.freight_amount, invoice.total_amount) == (32, 3, 1, 36)
    assert exposure([world.account.pk], on=TODAY)[world.account.pk].parts.receivable == 36
    assert breaches() == []


def test_a_release_with_a_deviation_of_yen_is_a_whole_ceiling():
    world = yen_world(limit=30)
    order_id = place(replace(world.draft(3), currency=""), actor=CLERK, now=NOW).order_id
    reason = Reason("good standing", "A customer of twenty years")
    RateFactory(base="JPY", quote="USD", rate=D("0.0065"), valid_from=TODAY)  # authority is counted at home
    hold = Hold.objects.get(order_id=order_id)
    clear_hold(hold_id=hold.pk, reason=reason, actor=FINANCE, now=NOW, deviation_percent=D(5))
    assert Hold.objects.get().ceiling_amount == D("34.00")  # 33.6 half up


def test_dinars_are_refused_at_the_door_of_accounts_credit_price_lists_and_orders():
    world = stocked_world()
    with pytest.raises(InvalidInput) as refused:
        place(replace(world.draft(1), currency="KWD"), actor=CLERK, now=NOW)
    (error,) = [e for e in refused.value.errors if e.pointer.endswith("/currency")]
    assert (error.message, "such as USD" in error.remedy) == (KEPT, True)
    with pytest.raises(InvalidInput, match="KWD have 3 decimals"):
        create_accounts([AccountSpec(code="GULF", name="Gulf Trading", currency="KWD")], actor=CLERK, now=NOW)
    with pytest.raises(InvalidInput, match="KWD have 3 decimals"):
        open_credit_account(
            account_id=stocked_world(limit=None).account.pk, currency="KWD", limit_amount=D(100), actor=SYSTEM, now=NOW,
            terms_code=CreditAccount.objects.get().terms.code,
        )  # fmt: skip
    with pytest.raises(InvalidInput, match="KWD have 3 decimals"):
        set_prices([ListSpec("GULF", "Gulf", "KWD", TODAY)], [], actor=CLERK, now=NOW)
    with pytest.raises(ValidationError, match="KWD have 3 decimals"):
        PriceSource(code="GULF", name="Gulf", level="list", currency="KWD", valid_from=TODAY).full_clean()
    with pytest.raises(BadCell, match="KWD have 3 decimals"):
        Currency().read("kwd")
    assert (Currency().read("jpy"), Order.objects.count()) == ("JPY", 0)
