"""Two shipments, two invoices, a short payment, a credit and a claw-back: every number on every document."""

from decimal import Decimal

import pytest

from billing.commission_queries import statement_lines
from billing.models import (
    CommissionEntry,
    CommissionPlan,
    CommissionRate,
    CommissionStatement,
    CreditMemo,
    Invoice,
    PlanMember,
    PlanVersion,
    Receipt,
)
from billing.queries import statement
from billing.rules.asks import CreditSpec
from billing.services.commission_statements import close_statement, pay_statement
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.post_receipt import post_receipt
from billing.states import CreditKind
from core.refs import DocumentRef
from core.testing import drain
from credit.models import CreditAccount
from exceptions_app.models import Case
from fulfillment.models import Shipment
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from inventory.services.receive_stock import receive_stock
from tests.factories.accounts import AssignmentFactory, RepFactory
from tests.factories.flow import NOW, PICKER, breaches, placed, stocked_world

pytestmark = pytest.mark.django_db
D = Decimal
ACT = {"actor": PICKER, "now": NOW}


def money() -> tuple[Decimal, ...]:
    c = CreditAccount.objects.get()
    return c.released_amount, c.shipped_amount, c.receivable_amount, c.unapplied_amount


def ship(shipment: Shipment) -> Invoice:
    confirm_pick(shipment_id=shipment.pk, picks={}, short_reason="", **ACT)
    confirm_shipment(shipment_id=shipment.pk, carrier="UPS", tracking_number="1Z", **ACT)
    drain(NOW)
    return Invoice.objects.get(shipment=shipment)


def test_from_two_invoices_to_the_last_cent_of_commission():
    world = stocked_world(stock_qty=7)  # 7 of 10 are there: the order ships in two
    rep = RepFactory()
    AssignmentFactory(account=world.account, rep=rep, split_percent=100, valid_from=NOW.date().replace(month=1, day=1))
    version = PlanVersion.objects.create(
        plan=CommissionPlan.objects.create(code="P", name="Plan"),
        number=1,
        valid_from=NOW.date().replace(month=1, day=1),
    )
    CommissionRate.objects.create(version=version, percent=D("7.5"))
    PlanMember.objects.create(rep=rep, plan=version.plan, valid_from=version.valid_from)

    order_id = placed(world, 10)
    release_orders(order_ids=[order_id], **ACT)
    first = ship(Shipment.objects.get())
    assert (first.number, first.total_amount, first.status) == ("INV-1", D("70.00"), "posted")
    receive_stock(
        product_id=world.products[0].pk, site_id=world.site.pk, qty=D(3), source=DocumentRef("receipt", 77), **ACT
    )
    drain(NOW)
    release_orders(order_ids=[order_id], **ACT)
    second = ship(Shipment.objects.latest("pk"))
    assert (second.number, second.total_amount) == ("INV-2", D("30.00"))
    assert money() == (0, 0, D("100.00"), 0)
    assert [(e.step, e.accrued_delta) for e in CommissionEntry.objects.order_by("pk")] == [
        ("accrued", D("5.25")),
        ("accrued", D("2.25")),
    ]

    told = {first.pk: D("64.00"), second.pk: D("30.00")}
    ask = {"currency": "USD", "received_date": NOW.date(), **ACT}
    post_receipt(account_id=world.account.pk, amount=D("94.00"), reference="WIRE-1", remittance=told, **ask)
    drain(NOW)
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.status, first.open_amount, second.status) == ("partially_paid", D("6.00"), "paid")
    assert [(c.kind, c.money_at_risk, c.status) for c in Case.objects.filter(kind="short_payment")] == [
        ("short_payment", D("6.00"), "open")
    ]
    assert money() == (0, 0, D("6.00"), 0)

    line = first.lines.get()
    issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.RETURN, lines=[CreditSpec(line.pk, qty=D(1))], reason="Damaged",
        key="rma", **ACT,
    )  # fmt: skip
    drain(NOW)
    memo = CreditMemo.objects.get()
    first.refresh_from_db()
    assert (memo.number, memo.total_amount, memo.applied_amount) == ("CM-1", D("10.00"), D("6.00"))
    assert (first.status, first.paid_amount, first.credited_amount) == ("paid", D("64.00"), D("6.00"))
    assert money() == (0, 0, 0, D("4.00"))
    assert Case.objects.get(kind="short_payment").status == "auto_resolved"

    statement_id = close_statement(rep_id=rep.pk, currency="USD", period_end=NOW.date(), **ACT)
    assert [(x.invoice_number, x.amount) for x in statement_lines(statement_id)] == [
        ("INV-1", D("4.50")),  # 7.5 % of 70 less 10 credited
        ("INV-2", D("2.25")),
    ]
    pay_statement(statement_id=statement_id, **ACT)
    issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.PRICE, lines=[CreditSpec(second.lines.get().pk, amount=D(10))],
        reason="Price", key="price", **ACT,
    )  # fmt: skip
    drain(NOW)
    clawed = CommissionEntry.objects.latest("pk")
    assert (clawed.step, clawed.earned_delta) == ("clawed_back", D("-0.75"))
    assert CommissionStatement.objects.get().amount == D("6.75")
    found = statement(world.account.pk, on=NOW.date(), currency="USD")
    assert (found.open_amount, found.unapplied_amount) == (0, D("14.00"))
    assert (Receipt.objects.get().applied_amount, money()) == (D("94.00"), (0, 0, 0, D("14.00")))
    assert breaches() == []
