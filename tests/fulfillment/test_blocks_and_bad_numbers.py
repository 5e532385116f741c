"""A hold stops the step it names; a number no column can keep is told, not rounded."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Receipt
from billing.services.post_receipt import post_receipt
from core.errors import InvalidInput
from core.models import OutboxFact
from core.overrides import Reason
from credit.models import CreditAccount
from credit.rules.authority import ends_later, needs_approval
from credit.services.change_limit import LimitAuthorityExceeded, change_limit
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.find_shipment import OnHold
from inventory.models import Demand, StockMovement
from inventory.services.adjust_stock import adjust_stock
from inventory.services.receive_stock import NothingReceived, receive_stock
from orders.models import Order
from orders.services.cancel import cancel_lines
from orders.services.clear_hold import clear_hold
from orders.services.place import place
from orders.services.place_hold import place_hold
from orders.services.submit import SubmitRefused
from orders.states import Blocks
from pricing.models import PriceRow
from tests.factories.flow import NOW, PICKER, breaches, line_ids, picked, placed, released, stocked_world
from tests.factories.orders import CLERK, FINANCE

pytestmark = pytest.mark.django_db
REASON = Reason("asked", "the customer says go ahead")
TOO_FINE = [Decimal("2.99995"), Decimal("NaN"), Decimal("Infinity")]


@pytest.mark.parametrize("block", [Blocks.PICK, Blocks.SHIP])
def test_a_hold_stops_the_step_it_names_until_it_is_cleared(block):
    sent = released(stocked_world(), 3)
    hold = place_hold(order_id=sent.order_id, note="recall is suspected", blocks=(block,), actor=CLERK, now=NOW)
    steps = [lambda: picked(sent), lambda: confirm_shipment(shipment_id=sent.shipment_id, actor=PICKER, now=NOW)]
    if block == Blocks.SHIP:
        steps.pop(0)()
    with pytest.raises(OnHold, match="recall is suspected"):
        steps[0]()
    assert Demand.objects.get().shipped_qty == 0
    clear_hold(hold_id=hold.hold_id, reason=REASON, actor=CLERK, now=NOW)
    for step in steps:
        step()
    assert Demand.objects.get().shipped_qty == 3


@pytest.mark.parametrize("qty", TOO_FINE)
def test_quantities_no_column_can_keep_are_refused_and_nothing_moves(qty):
    world = stocked_world()
    sent = released(world, 3)
    moved = StockMovement.objects.count()
    (line,) = line_ids(sent.shipment_id)
    with pytest.raises(InvalidInput):
        picked(sent, {line: qty})
    order_id = placed(world, 3)
    with pytest.raises(InvalidInput):
        cancel_lines(order_id=order_id, quantities={1: qty}, reason="less", actor=CLERK, now=NOW)
    balance = world.products[0].pk, world.site.pk
    with pytest.raises(NothingReceived):
        receive_stock(product_id=balance[0], site_id=balance[1], qty=qty, source=None, actor=PICKER, now=NOW)
    with pytest.raises(InvalidInput):
        adjust_stock(balance_id=1, qty=qty, reason="counted", actor=PICKER, now=NOW)
    assert StockMovement.objects.count() == moved
    assert breaches() == []


def test_an_order_worth_more_than_can_be_written_is_refused_by_name_and_not_stored():
    world = stocked_world(products=2)
    PriceRow.objects.update(unit_price=Decimal(90))
    with pytest.raises(SubmitRefused) as whole:  # 899,999,999,910.00 a line: each can be written, their sum cannot
        place(world.draft("9999999999", "9999999999"), actor=CLERK, now=NOW)
    assert [e.code for e in whole.value.errors] == ["too_large"]
    PriceRow.objects.update(unit_price=Decimal(1_000))
    with pytest.raises(SubmitRefused) as line:
        place(world.draft("9999999999"), actor=CLERK, now=NOW)
    assert [e.pointer for e in line.value.errors] == ["/lines/0/qty"]
    assert not Order.objects.exists()


@pytest.mark.parametrize(("amount", "currency"), [("5", "EUR"), ("NaN", "USD"), ("1e12", "USD")])
def test_money_in_a_currency_without_a_rate_or_of_no_size_is_not_counted(amount, currency):
    world = stocked_world()
    with pytest.raises(InvalidInput):
        post_receipt(
            account_id=world.account.pk,
            amount=Decimal(amount),
            currency=currency,
            received_date=NOW.date(),
            actor=PICKER,
            now=NOW,
        )
    assert (Receipt.objects.count(), CreditAccount.objects.get().unapplied_amount) == (0, 0)


def test_a_limit_above_ones_authority_is_not_prolonged_alone_and_one_within_it_lets_orders_be_looked_at():
    assert needs_approval(before=Decimal(90), after=Decimal(90), authority=Decimal(50), is_prolonged=True)
    assert ends_later(date(2026, 1, 1), None)
    assert not ends_later(None, date(2026, 1, 1))
    world = stocked_world(limit=90_000)
    CreditAccount.objects.update(limit_valid_to=date(2026, 1, 1))
    asked = {"account_id": world.account.pk, "reason": REASON, "actor": FINANCE, "now": NOW}
    with pytest.raises(LimitAuthorityExceeded):
        change_limit(limit_amount=Decimal(90_000), **asked)
    assert not OutboxFact.objects.filter(kind="credit.CreditImproved").exists()
    CreditAccount.objects.update(limit_amount=20_000)
    change_limit(limit_amount=Decimal(20_000), **asked)
    assert OutboxFact.objects.filter(kind="credit.CreditImproved").count() == 1
