"""An early payer's discount: paid within its days less what the terms give, an invoice is settled; else it is paid short."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import CreditMemo, Invoice, InvoiceLine, Receipt
from billing.papers.invoice import invoice_pdf
from billing.queries import invoice_by_number
from billing.rules.asks import CreditSpec
from billing.services.apply_receipt import apply_on_account, apply_receipt
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.post_receipt import post_receipt
from billing.states import CreditKind
from core.testing import drain
from credit.models import CreditAccount
from exceptions_app.models import Case
from exceptions_app.states import LIVE
from tests.factories.credit import TermsFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.flow import breaches, shipped, stocked_world
from tests.factories.orders import FINANCE, NOW, TODAY
from tests.fulfillment.test_papers import words

pytestmark = pytest.mark.django_db
D = Decimal
DAYS = timedelta(days=1)


@pytest.fixture
def world():
    """2 % within 10 days, net 30; an invoice of 100.00 of 2 March."""
    found = stocked_world()
    terms = TermsFactory(code="2/10N30", name="2 % 10 days, net 30", net_days=30, discount_days=10, discount_percent=2)
    CreditAccount.objects.update(terms=terms)
    shipped(found, 10)
    return found


def pay(world, amount, day, *, told=True, reference="WIRE-1"):
    invoice = Invoice.objects.get()
    post_receipt(
        account_id=world.account.pk, amount=D(amount), currency="USD", received_date=TODAY + day * DAYS,
        reference=reference, remittance={invoice.pk: D(amount)} if told else None, actor=FINANCE, now=NOW + day * DAYS,
    )  # fmt: skip
    drain(NOW + day * DAYS)
    return Invoice.objects.get()


def on_account(world, amount, day):
    """Money that came while the invoice was disputed and was left on account."""
    post_receipt(
        account_id=world.account.pk, amount=D(amount), currency="USD", received_date=TODAY + day * DAYS,
        reference="WIRE-9", remittance={}, actor=FINANCE, now=NOW + day * DAYS,
    )  # fmt: skip
    receipt = Receipt.objects.get()
    assert receipt.applied_amount == 0
    return receipt


def short():
    return Case.objects.filter(kind="short_payment", status__in=[str(x) for x in LIVE]).count()


@pytest.mark.parametrize("told", [True, False])
def test_98_of_100_by_the_last_day_settles_the_invoice_and_the_2_are_a_credit_memo(world, told):
    invoice = pay(world, "98", 10, told=told)
    assert (invoice.status, invoice.open_amount, invoice.paid_amount, invoice.credited_amount) == ("paid", 0, 98, 2)
    memo = CreditMemo.objects.get()
    assert (memo.kind, memo.total_amount, memo.applied_amount, memo.source_number) == ("discount", 2, 2, invoice.number)
    account = CreditAccount.objects.get()
    assert (account.receivable_amount, account.unapplied_amount) == (0, 0)
    assert short() == 0
    assert breaches() == []


@pytest.mark.parametrize(("amount", "day", "left"), [("98", 11, "2.00"), ("97.99", 10, "2.01"), ("50", 1, "50.00")])
def test_a_day_late_or_a_cent_short_it_is_paid_short(world, amount, day, left):
    invoice = pay(world, amount, day)
    assert (invoice.status, str(invoice.open_amount)) == ("partially_paid", left)
    assert not CreditMemo.objects.exists()
    assert short() == 1
    assert breaches() == []


def test_in_two_parts_it_is_earned_by_the_second_if_that_comes_in_time(world):
    assert pay(world, "40", 2).open_amount == 60
    assert short() == 1
    invoice = pay(world, "58", 9, reference="WIRE-2")
    assert (invoice.status, CreditMemo.objects.get().total_amount) == ("paid", 2)
    assert short() == 0
    assert breaches() == []


@pytest.mark.parametrize("by_hand", [True, False])
def test_money_that_came_in_time_earns_it_on_whichever_day_it_is_applied(world, by_hand):
    receipt = on_account(world, "98", 10)
    later = NOW + 40 * DAYS
    if by_hand:
        apply_receipt(
            receipt_id=receipt.pk, invoice_id=Invoice.objects.get().pk, amount=D(98), actor=FINANCE, now=later
        )
    else:
        apply_on_account(receipt_id=receipt.pk, actor=FINANCE, now=later)
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.open_amount, invoice.credited_amount) == ("paid", 0, 2)
    assert CreditMemo.objects.get().reason == f"discount of an early payer, receipt {receipt.number}"
    assert breaches() == []


def test_money_that_came_late_earns_nothing_when_it_is_applied(world):
    receipt = on_account(world, "98", 11)
    apply_on_account(receipt_id=receipt.pk, actor=FINANCE, now=NOW + 12 * DAYS)
    assert (Invoice.objects.get().open_amount, CreditMemo.objects.count()) == (2, 0)
    assert breaches() == []


def test_what_was_credited_earns_no_discount(world, monkeypatch):
    """Of 100.00 nine tenths came back: the 2 % are of the 10.00 that are left to pay; the paper is of its day."""
    line = InvoiceLine.objects.get()
    issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.RETURN, lines=[CreditSpec(line.pk, qty=D(9))], reason="came back",
        key="k", actor=FINANCE, now=NOW,
    )  # fmt: skip
    monkeypatch.setattr("core.clock.now", lambda: NOW + DAYS)
    assert "$9.80 settles it" in browser_of(buyer_for(world.account)).get(reverse("portal:pay")).content.decode()
    printed = invoice_by_number("INV-1", None)
    assert printed is not None and "2.00 if paid by 12 Mar 2026" in " ".join(words(invoice_pdf(printed)))
    invoice = pay(world, "8", 1)
    assert (invoice.status, invoice.open_amount) == ("partially_paid", 2)
    invoice = pay(world, "1.80", 2, reference="WIRE-2")
    assert (invoice.status, CreditMemo.objects.get(kind="discount").total_amount) == ("paid", D("0.20"))
    assert breaches() == []


def test_who_pays_all_of_it_keeps_no_discount(world):
    assert pay(world, "100", 1).status == "paid"
    assert not CreditMemo.objects.exists()


def test_the_portal_says_what_may_be_kept_and_until_when(world, monkeypatch):
    browser = browser_of(buyer_for(world.account))
    monkeypatch.setattr("core.clock.now", lambda: NOW + 10 * DAYS)
    for page in ("portal:pay", "portal:invoices"):
        text = browser.get(reverse(page)).content.decode()
        assert "$98.00 settles it if paid by" in text
        assert 'datetime="2026-03-12"' in text
    monkeypatch.setattr("core.clock.now", lambda: NOW + 11 * DAYS)
    for page in ("portal:pay", "portal:invoices"):
        assert "settles it" not in browser.get(reverse(page)).content.decode()


def test_one_receipt_for_8_invoices_earns_their_discounts_in_the_statements_of_2(world):
    counts = []
    for n, reference in ((1, "WIRE-2"), (7, "WIRE-3")):
        for _ in range(n):
            shipped(world, 10)
        due = Invoice.objects.exclude(status="paid")
        pays = {i: D(98) for i in due.values_list("pk", flat=True)}
        with CaptureQueriesContext(connection) as asked:
            post_receipt(
                account_id=world.account.pk, amount=D(98) * len(pays), currency="USD", received_date=TODAY,
                reference=reference, remittance=pays, actor=FINANCE, now=NOW,
            )  # fmt: skip
        counts.append((len(pays), len(asked)))
        drain(NOW)
        if n == 1:
            shipped(world, 10)
    assert [n for n, _ in counts] == [2, 8]
    assert counts[0][1] == counts[1][1]
    assert {(i.status, i.credited_amount, i.open_amount) for i in Invoice.objects.all()} == {("paid", D(2), D(0))}
    memos = CreditMemo.objects.order_by("pk")
    assert [m.number for m in memos] == [f"CM-{int(memos[0].number[3:]) + n}" for n in range(10)]
    assert {(m.total_amount, m.applied_amount) for m in memos} == {(D(2), D(2))}
    assert breaches() == []
