"""Tax and freight are billed as the order says them: in any parts, given back with what they were charged on."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import approvals
from accounts.models import AccountGroup, GroupMembership
from api.order_views import summary_view
from billing.models import (
    CommissionEntry,
    CommissionPlan,
    CommissionRate,
    CreditMemo,
    Invoice,
    InvoiceLine,
    InvoicingChoice,
    Obligation,
    PlanMember,
    PlanVersion,
    RebateEntry,
    RecognitionRule,
    WriteOff,
)
from billing.papers.invoice import credit_memo_pdf, invoice_pdf
from billing.queries import invoice_by_number, statement
from billing.revenue_queries import revenue_months
from billing.rules.asks import CreditSpec
from billing.services.dispute_invoice import credit_dispute, open_dispute
from billing.services.draft_invoices import post_drafts_of_orders
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.issue_invoice import issue_invoices
from billing.services.post_receipt import post_receipt
from billing.services.rebill import More, rebill
from billing.services.settle_price import reject_invoice
from billing.services.write_off import ask_write_off
from billing.states import CreditKind, DisputeReason, Grouping
from core.errors import InvalidInput
from core.refs import DocumentRef
from core.testing import drain
from core.uow import unit_of_work
from credit.models import CreditAccount
from credit.services.lock_accounts import lock_accounts
from fulfillment.models import ReturnLine, Shipment
from fulfillment.rules.asks import Departure, ReturnLineSpec, ReturnSpec
from fulfillment.rules.returns import Finding
from fulfillment.services.authorize_return import authorize_return
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment, confirm_shipments
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.receive_return import receive_return
from fulfillment.services.release_orders import release_orders
from fulfillment.services.request_returns import request_returns
from fulfillment.states import Disposition
from inventory.services.receive_stock import receive_stock
from orders.filters import OrderFilter, find_orders
from orders.models import Order, OrderLine
from orders.rules.standing import order_standing
from orders.services.close_short import close_short
from pricing.models import RebateProgram
from tests.billing.test_credit_return import returned
from tests.billing.test_whole_life import actor_for
from tests.factories.accounts import AssignmentFactory, RepFactory, StaffFactory
from tests.factories.credit import TermsFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.flow import NOW, PICKER, breaches, line_ids, picked, placed, released, shipped, stocked_world
from tests.factories.pricing import FreightFactory, TaxFactory
from tests.fulfillment.test_papers import words

pytestmark = pytest.mark.django_db
D = Decimal
ACT = {"actor": PICKER, "now": NOW}


def charging_world(**more):
    """8.25 % tax and 3.7 % freight on goods at 10: of 3 units 2.48 (2.475) and 1.11."""
    TaxFactory(percent=D("8.25"))
    FreightFactory(percent=D("3.7"))
    return stocked_world(**more)


def figures(document) -> tuple[Decimal, ...]:
    return document.net_amount, document.tax_amount, document.freight_amount, document.total_amount


def exposure() -> tuple[Decimal, ...]:
    c = CreditAccount.objects.get()
    return c.released_amount, c.shipped_amount, c.receivable_amount, c.unapplied_amount


def send(shipment: Shipment) -> None:
    confirm_pick(shipment_id=shipment.pk, picks={}, short_reason="", **ACT)
    confirm_shipment(shipment_id=shipment.pk, carrier="UPS", tracking_number="1Z", **ACT)
    drain(NOW)


def one_by_one(world, n: int) -> int:
    """An order of `n` units that leave in `n` shipments."""
    order_id = placed(world, n)
    for count in range(n):
        if count:
            source = DocumentRef("receipt", 70 + count)
            receive_stock(product_id=world.products[0].pk, site_id=world.site.pk, qty=D(1), source=source, **ACT)
            drain(NOW)
        release_orders(order_ids=[order_id], **ACT)
        send(Shipment.objects.latest("pk"))
    return order_id


def test_an_order_over_33_59_is_invoiced_at_33_59_and_owed_at_that():
    world = charging_world()
    order = Order.objects.get(pk=shipped(world, 3).order_id)
    assert (order.total_amount, order.tax_amount, order.freight_amount) == (D("30.00"), D("2.48"), D("1.11"))
    invoice = Invoice.objects.get()
    assert figures(invoice) == (D("30.00"), D("2.48"), D("1.11"), D("33.59"))
    assert exposure() == (0, 0, D("33.59"), 0)
    assert statement(world.account.pk, on=NOW.date(), currency="USD").open_amount == D("33.59")
    assert breaches() == []


def test_portal_and_api_say_what_the_invoice_says():
    world = charging_world()
    order = Order.objects.get(pk=shipped(world, 3).order_id)
    buyer = browser_of(buyer_for(world.account))
    page = buyer.get(reverse("portal:order", args=[order.number])).content.decode()
    assert [page.count(x) for x in ("33.59", "2.48", "1.11")] == [3, 1, 1]  # order, invoice, history
    assert "33.59" in buyer.get(reverse("portal:orders")).content.decode()
    assert "33.59" in buyer.get(reverse("portal:invoices")).content.decode()
    head = find_orders(OrderFilter(frozenset({world.account.pk})), limit=1)[0]
    seen = summary_view(head, order_standing(head.status, None, is_held=False))
    assert [seen[x]["amount"] for x in ("total", "tax", "freight", "owed")] == ["30.00", "2.48", "1.11", "33.59"]


def test_three_shipments_of_one_charge_together_what_the_order_says():
    world = charging_world(stock_qty=1)
    order_id = one_by_one(world, 3)
    invoices = list(Invoice.objects.order_by("pk"))
    assert [i.tax_amount for i in invoices] == [D("0.83"), D("0.82"), D("0.83")]
    assert [i.freight_amount for i in invoices] == [D("0.37"), D("0.37"), D("0.37")]
    order = Order.objects.get(pk=order_id)
    assert (order.status, order.tax_amount, order.freight_amount) == ("closed", D("2.48"), D("1.11"))
    assert exposure() == (0, 0, D("33.59"), 0)
    assert breaches() == []


def test_three_shipments_on_one_invoice_of_the_order_come_to_the_same_cent():
    world = charging_world(stock_qty=1)
    InvoicingChoice.objects.create(account=world.account, grouping=Grouping.ORDER)
    order_id = one_by_one(world, 3)
    post_drafts_of_orders(order_ids=[order_id], **ACT)
    assert figures(Invoice.objects.get()) == (D("30.00"), D("2.48"), D("1.11"), D("33.59"))
    assert exposure() == (0, 0, D("33.59"), 0)
    assert breaches() == []


def test_what_is_closed_short_is_charged_for_what_was_sent():
    world = charging_world(stock_qty=2)
    order_id = placed(world, 3)
    release_orders(order_ids=[order_id], **ACT)
    send(Shipment.objects.get())
    close_short(order_id=order_id, line_no=1, reason="No more of it this year", **ACT)
    drain(NOW)
    order = Order.objects.get(pk=order_id)
    assert (order.total_amount, order.tax_amount, order.freight_amount) == (D("20.00"), D("1.65"), D("0.74"))
    assert figures(Invoice.objects.get()) == (D("20.00"), D("1.65"), D("0.74"), D("22.39"))
    assert breaches() == []


def test_what_is_sent_above_the_order_is_charged_too():
    world = charging_world(stock_qty=200)
    type(world.account).objects.filter(pk=world.account.pk).update(over_ship_percent=5)
    sent = released(world, 100)
    picked(sent, dict(zip(line_ids(sent.shipment_id), [D(104)], strict=True)))
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", **ACT)
    drain(NOW)
    order = Order.objects.get(pk=sent.order_id)
    assert (order.total_amount, order.tax_amount, order.freight_amount) == (D("1040.00"), D("85.80"), D("38.48"))
    assert figures(Invoice.objects.get()) == (D("1040.00"), D("85.80"), D("38.48"), D("1164.28"))
    assert breaches() == []


def test_what_comes_back_brings_its_tax_back_and_its_freight_only_where_that_was_agreed():
    world = charging_world()
    order_id = shipped(world, 3).order_id
    line = InvoiceLine.objects.get()
    ask = {"account_id": world.account.pk, "kind": CreditKind.RETURN, "reason": "Returned", **ACT}
    first = CreditMemo.objects.get(pk=issue_credit_memo(lines=[CreditSpec(line.pk, qty=D(1))], key="a", **ask))
    assert (first.lines_amount, first.tax_amount, first.freight_amount) == (D("10.00"), D("0.83"), D(0))
    assert first.total_amount == D("10.83")
    ours = [CreditSpec(line.pk, qty=D(1), with_freight=True)]
    second = CreditMemo.objects.get(pk=issue_credit_memo(lines=ours, key="b", **ask))
    assert (second.tax_amount, second.freight_amount, second.total_amount) == (D("0.83"), D("0.56"), D("11.39"))
    last = [CreditSpec(line.pk, qty=D(1), with_freight=True)]
    third = CreditMemo.objects.get(pk=issue_credit_memo(lines=last, key="c", **ask))
    assert (third.tax_amount, third.freight_amount, third.total_amount) == (D("0.82"), D("0.55"), D("11.37"))
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.credited_amount) == ("credited", D("33.59"))
    assert exposure() == (0, 0, 0, 0)
    with pytest.raises(InvalidInput):
        issue_credit_memo(lines=[CreditSpec(line.pk, tax=D("0.01"))], key="d", **ask)
    assert order_id and breaches() == []


def test_a_fee_is_kept_of_the_goods_and_the_tax_goes_back_whole():
    world = charging_world()
    returned(world, shipped(world, 3).order_id, (3, "restock"), fee_percent=D(10))
    memo = CreditMemo.objects.get()
    assert (memo.lines_amount, memo.tax_amount, memo.freight_amount) == (D("30.00"), D("2.48"), D(0))
    assert (memo.fee_amount, memo.total_amount) == (D("3.00"), D("29.48"))
    assert breaches() == []


def test_a_return_that_is_our_fault_brings_its_freight_back():
    world = charging_world()
    returned(world, shipped(world, 3).order_id, (3, "restock"), refunds_freight=True)
    assert figures_of_memo() == (D("30.00"), D("2.48"), D("1.11"), D("33.59"))
    assert Invoice.objects.get().status == "credited"
    assert breaches() == []


def test_what_arrived_damaged_brings_its_freight_back():
    world = charging_world()
    line = OrderLine.objects.get(order_id=shipped(world, 3).order_id)
    spec = ReturnSpec(world.account.pk, "R-1", "broken", (ReturnLineSpec(line.pk, D(3)),))
    (answer,) = request_returns([spec], **ACT)
    back = ReturnLine.objects.get()
    authorize_return(return_id=answer.return_id, **ACT)
    receive_return(return_id=answer.return_id, quantities={back.pk: D(3)}, **ACT)
    findings = [Finding(back.pk, D(3), Disposition.SCRAP)]
    inspect_return(return_id=answer.return_id, findings=findings, is_damaged=True, **ACT)
    drain(NOW)
    assert figures_of_memo() == (D("30.00"), D("2.48"), D("1.11"), D("33.59"))


def figures_of_memo() -> tuple[Decimal, ...]:
    memo = CreditMemo.objects.get()
    return memo.lines_amount, memo.tax_amount, memo.freight_amount, memo.total_amount


def test_a_sum_off_the_price_takes_its_tax_along_and_no_freight():
    world = charging_world()
    shipped(world, 3)
    spec = CreditSpec(InvoiceLine.objects.get().pk, amount=D("3.00"))
    issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.PRICE, lines=[spec], reason="Price", key="p", **ACT
    )  # fmt: skip
    memo = CreditMemo.objects.get()
    assert (memo.lines_amount, memo.tax_amount, memo.freight_amount) == (D("3.00"), D("0.25"), D(0))
    assert Invoice.objects.get().open_amount == D("30.34")
    assert breaches() == []


def test_a_dispute_over_the_whole_invoice_is_credited_whole():
    world = charging_world(products=2)
    shipped(world, 3, 7)
    invoice = Invoice.objects.get()
    dispute_id = open_dispute(
        invoice_id=invoice.pk, amount=invoice.total_amount, reason=DisputeReason.NOT_RECEIVED, note="Nothing came", **ACT
    )  # fmt: skip
    credit_dispute(dispute_id=dispute_id, answer="You are right", **ACT)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.credited_amount) == ("credited", D("111.96"))
    memo = CreditMemo.objects.get()
    assert (memo.lines_amount, memo.tax_amount, memo.freight_amount) == (D("100.00"), D("8.26"), D("3.70"))
    assert breaches() == []


def test_a_dispute_over_a_part_is_credited_to_the_cent():
    world = charging_world(products=2)
    shipped(world, 3, 7)
    ask = {"reason": DisputeReason.PRICE, "note": "Too dear", **ACT}
    dispute_id = open_dispute(invoice_id=Invoice.objects.get().pk, amount=D("33.33"), **ask)
    credit_dispute(dispute_id=dispute_id, answer="You are right", **ACT)
    memo = CreditMemo.objects.get()
    assert memo.total_amount == memo.lines_amount + memo.tax_amount + memo.freight_amount == D("33.33")
    assert (memo.tax_amount, memo.freight_amount) == (D("2.46"), D("1.10"))
    assert breaches() == []


def test_what_is_billed_more_of_later_is_taxed_as_its_price():
    world = charging_world()
    order_id = shipped(world, 3).order_id
    line = InvoiceLine.objects.get()
    more = More(order_id, line.order_line_id, line.pk, line.product_id, D(3), D("6.00"))
    with unit_of_work("rebill"):
        lock_accounts([world.account.pk])
        (invoice_id,) = rebill([more], account_id=world.account.pk, **ACT)
    assert figures(Invoice.objects.get(pk=invoice_id)) == (D("6.00"), D("0.50"), D(0), D("6.50"))
    assert exposure() == (0, 0, D("40.09"), 0)
    assert breaches() == []


def test_a_batch_of_charged_shipments_takes_the_statements_of_one():
    world = charging_world()
    sent = [released(world, 2) for _ in range(4)]
    for each in sent:
        picked(each)
    confirm_shipments([Departure(each.shipment_id, "UPS") for each in sent], **ACT)
    with CaptureQueriesContext(connection) as one:
        issue_invoices([sent[0].shipment_id], **ACT)
    with CaptureQueriesContext(connection) as three:
        issue_invoices([each.shipment_id for each in sent[1:]], **ACT)
    assert len(one) == len(three)
    assert [i.tax_amount for i in Invoice.objects.all()] == [D("1.65")] * 4


def test_invoice_and_credit_memo_say_them_on_paper():
    world = charging_world()
    shipped(world, 3)
    invoice = invoice_by_number("INV-1", None)
    assert invoice is not None
    text = " ".join(words(invoice_pdf(invoice)))
    assert "2.48" in text and "1.11" in text and "33.59" in text
    issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.RETURN, reason="Back", key="a",
        lines=[CreditSpec(invoice.lines[0].id, qty=D(3), with_freight=True)], **ACT,
    )  # fmt: skip
    text = " ".join(words(credit_memo_pdf(CreditMemo.objects.get().pk)))
    assert "Tax" in text and "2.48" in text and "1.11" in text and "33.59" in text


def test_a_line_that_charges_less_than_its_order_says_is_found():
    world = charging_world()
    shipped(world, 3)
    InvoiceLine.objects.update(tax_amount=D("2.47"))
    Invoice.objects.update(tax_amount=D("2.47"), total_amount=D("33.58"))
    found = "\n".join(breaches())
    assert "tax 2.47, by the order 2.48" in found
    assert "says tax 2.48, invoiced 2.47" in found
    assert OrderLine.objects.count() == 1


def test_revenue_is_of_goods_and_freight_never_of_tax_and_ties_to_the_invoices():
    world = charging_world()
    RecognitionRule.objects.create(product=world.products[0], event="deliver")
    shipped(world, 3)
    spec = CreditSpec(InvoiceLine.objects.get().pk, qty=D(1), with_freight=True)
    issue_credit_memo(account_id=world.account.pk, kind=CreditKind.RETURN, lines=[spec], reason="Back", key="r", **ACT)
    drain(NOW)
    assert Obligation.objects.get().allocated_amount == D("20.00")
    (month,) = revenue_months(start=NOW.date().replace(day=1), end=NOW.date() + timedelta(days=31), currency="USD")
    assert (month.invoiced, month.credited, month.recognized, month.deferred) == (D(30), D(10), D(0), D(20))
    assert (month.freight, month.tax) == (D("0.74"), D("1.65"))
    billed = Invoice.objects.get().total_amount - CreditMemo.objects.get().total_amount
    assert month.invoiced - month.credited + month.freight + month.tax == billed
    assert breaches() == []


def test_reps_and_groups_are_paid_of_goods_alone_and_a_write_off_takes_the_goods_part():
    world = charging_world()
    rep = RepFactory()
    since = NOW.date().replace(month=1, day=1)
    AssignmentFactory(account=world.account, rep=rep, split_percent=100, valid_from=since)
    plan = CommissionPlan.objects.create(code="P", name="Plan")
    version = PlanVersion.objects.create(plan=plan, number=1, valid_from=since)
    CommissionRate.objects.create(version=version, percent=D(10))
    PlanMember.objects.create(rep=rep, plan=plan, valid_from=since)
    group = AccountGroup.objects.create(code="GPO", name="GPO")
    GroupMembership.objects.create(account=world.account, group=group, valid_from=since)
    RebateProgram.objects.create(code="R", name="Rebate", group=group, percent=D(5), valid_from=since)
    shipped(world, 3)
    assert CommissionEntry.objects.get().accrued_delta == D("3.00")
    assert RebateEntry.objects.get().amount == D("1.50")
    invoice = Invoice.objects.get()
    clerk, boss = StaffFactory(roles=["finance"]), StaffFactory(roles=["finance_approver"])
    half = D("16.80")  # of 33.59: half of the goods, 15.00 with the cent
    ask_write_off(invoice_id=invoice.pk, amount=half, reason="insolvent", actor=actor_for(clerk), now=NOW)
    drain(NOW)
    approvals.decide(approval_id=WriteOff.objects.get().approval_id, approve=True, actor=actor_for(boss), now=NOW)
    drain(NOW)
    drain(NOW)
    assert sum(e.accrued_delta for e in CommissionEntry.objects.all()) == D("1.50")
    assert exposure() == (0, 0, D("16.79"), 0)
    assert breaches() == []


def test_an_invoice_at_another_price_is_rejected_with_its_charges_and_billed_anew_with_the_same():
    world = charging_world()
    shipped(world, 3)
    InvoiceLine.objects.update(unit_price=D(12), amount=D(36))
    Invoice.objects.update(net_amount=D(36), total_amount=D("39.59"))
    reject_invoice(invoice_id=Invoice.objects.get().pk, reason="not what we confirmed", **ACT)
    assert figures_of_memo() == (D("36.00"), D("2.48"), D("1.11"), D("39.59"))
    anew = Invoice.objects.latest("pk")
    assert figures(anew) == (D("30.00"), D("2.48"), D("1.11"), D("33.59"))


def test_an_early_payer_keeps_2_percent_of_the_whole_or_of_the_goods_as_the_terms_say():
    world = charging_world()
    terms = TermsFactory(code="2/10N30", name="2/10 net 30", net_days=30, discount_days=10, discount_percent=2)
    CreditAccount.objects.update(terms=terms)
    shipped(world, 3)
    invoice = invoice_by_number("INV-1", None)
    assert invoice is not None
    assert "0.67 if paid by" in " ".join(words(invoice_pdf(invoice)))
    type(terms).objects.update(is_discount_on_goods=True)
    assert "0.60 if paid by" in " ".join(words(invoice_pdf(invoice)))
    ask = {"currency": "USD", "received_date": NOW.date(), **ACT}
    post_receipt(account_id=world.account.pk, amount=D("32.98"), reference="W1", **ask)
    assert (Invoice.objects.get().status, Invoice.objects.get().open_amount) == ("partially_paid", D("0.61"))
    post_receipt(account_id=world.account.pk, amount=D("0.01"), reference="W2", **ask)
    assert (Invoice.objects.get().status, CreditMemo.objects.get().total_amount) == ("paid", D("0.60"))
    assert exposure() == (0, 0, 0, 0)
    assert breaches() == []
