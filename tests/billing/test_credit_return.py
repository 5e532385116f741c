"""What came back is credited at the price it was invoiced at, less the restocking fee, once; the rest is not."""

from decimal import Decimal

import pytest

from billing.models import CreditMemo, Invoice
from billing.services.credit_return import NotInvoicedYet, credit_return
from core.testing import drain
from fulfillment.models import Return, ReturnLine
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.rules.returns import Finding
from fulfillment.services.authorize_return import authorize_return
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.receive_return import receive_return
from fulfillment.services.request_returns import request_returns
from fulfillment.states import Disposition
from orders.models import OrderLine
from tests.factories.flow import NOW, PICKER, breaches, shipped, stocked_world

pytestmark = pytest.mark.django_db
D = Decimal


def returned(world, order_id: int, *findings: tuple[int, Disposition], **terms) -> Return:
    """Asked for, authorized, received and inspected; its reactions have run."""
    qty = D(sum(f[0] for f in findings))
    line = OrderLine.objects.get(order_id=order_id)
    spec = ReturnSpec(world.account.pk, "R-1", "wrong size", (ReturnLineSpec(line.pk, qty),))
    (answer,) = request_returns([spec], actor=PICKER, now=NOW)
    back = ReturnLine.objects.get(parent=answer.return_id)
    authorize_return(return_id=answer.return_id, actor=PICKER, now=NOW, **terms)
    receive_return(return_id=answer.return_id, quantities={back.pk: qty}, actor=PICKER, now=NOW)
    said = [Finding(back.pk, D(n), disposition) for n, disposition in findings]
    inspect_return(return_id=answer.return_id, findings=said, actor=PICKER, now=NOW)
    drain(NOW)
    return Return.objects.get(pk=answer.return_id)


def test_6_of_8_units_stay_with_us_and_are_credited_at_10_each_less_15_percent():
    world = stocked_world()
    order_id = shipped(world, 8).order_id
    findings = [
        (5, Disposition.RESTOCK),
        (1, Disposition.SCRAP),
        (1, Disposition.TO_CUSTOMER),
        (1, Disposition.MISSING),
    ]
    back = returned(world, order_id, *findings, fee_percent=D(15))
    memo = CreditMemo.objects.get()
    assert (memo.lines_amount, memo.fee_amount, memo.total_amount) == (D("60.00"), D("9.00"), D("51.00"))
    assert (memo.kind, memo.source_number) == ("return", back.number)
    invoice = Invoice.objects.get()
    assert (invoice.total_amount, invoice.credited_amount) == (D("80.00"), D("51.00"))
    assert back.status == "credited"
    assert breaches() == []


def test_a_second_telling_gives_the_same_memo():
    world = stocked_world()
    back = returned(world, shipped(world, 8).order_id, (8, Disposition.RESTOCK))
    memo = CreditMemo.objects.get()
    assert credit_return(return_id=back.pk, actor=PICKER, now=NOW) == memo.pk
    assert CreditMemo.objects.count() == 1
    assert memo.total_amount == D("80.00")


def test_what_goes_back_to_the_customer_is_not_credited_and_the_return_waits_to_be_closed():
    world = stocked_world()
    back = returned(world, shipped(world, 8).order_id, (8, Disposition.TO_CUSTOMER))
    assert not CreditMemo.objects.exists()
    assert back.status == "dispositioned"


def test_a_fee_that_takes_it_all_leaves_nothing_to_credit():
    world = stocked_world()
    back = returned(world, shipped(world, 8).order_id, (8, Disposition.RESTOCK), fee_percent=D(100))
    assert (CreditMemo.objects.count(), back.status) == (0, "dispositioned")


def test_what_was_replaced_is_credited_too_and_says_replaced():
    world = stocked_world()
    back = returned(world, shipped(world, 8).order_id, (8, Disposition.RESTOCK), outcome="replacement")
    assert CreditMemo.objects.get().total_amount == D("80.00")
    assert back.status == "replaced"


def test_goods_that_are_not_invoiced_cannot_be_credited_and_the_refusal_says_so():
    world = stocked_world()
    back = returned(world, shipped(world, 8).order_id, (8, Disposition.TO_CUSTOMER))
    assert credit_return(return_id=back.pk, actor=PICKER, now=NOW) is None
    assert "are not invoiced yet" in NotInvoicedYet(number="RT-1", qty="8").message
