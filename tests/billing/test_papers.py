"""What is printed: the same numbers as in the books, and quickly also for a customer with very many invoices."""

import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.models import Invoice
from billing.papers.invoice import credit_memo_pdf, invoice_pdf, invoice_terms
from billing.papers.statement import statement_pdf, statement_rows
from billing.queries import invoice_by_number, statement
from billing.rules.asks import CreditSpec, InvoiceView, Statement
from billing.services.issue_credit_memo import issue_credit_memo
from billing.states import CreditKind
from credit.models import CreditAccount
from tests.factories.accounts import BuyerFactory
from tests.factories.credit import TermsFactory
from tests.factories.doors import browser_of
from tests.factories.flow import NOW, PICKER, shipped, stocked_world

D = Decimal


@pytest.mark.django_db
def test_an_invoice_and_a_credit_memo_come_as_pdf_and_the_same_twice():
    world = stocked_world()
    shipped(world, 3)
    invoice = invoice_by_number("INV-1", [world.account.pk])
    assert invoice_pdf(invoice)[:5] == b"%PDF-"
    assert invoice_pdf(invoice) == invoice_pdf(invoice)
    memo_id = issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.PRICE, lines=[CreditSpec(invoice.lines[0].id, amount=D(1))],
        reason="price", key="k", actor=PICKER, now=NOW,
    )  # fmt: skip
    assert credit_memo_pdf(memo_id)[:5] == b"%PDF-"
    assert invoice_by_number("INV-1", [0]) is None


@pytest.mark.django_db
def test_the_invoice_says_what_who_pays_early_may_keep():
    world = stocked_world()
    early = {"discount_days": 10, "discount_percent": D(2)}
    TermsFactory(code="2/10N30", name="2 % in 10 days, net 30", **early)
    CreditAccount.objects.update(terms=TermsFactory(code="2/10N30"))
    shipped(world, 3)
    invoice = invoice_by_number("INV-1", [world.account.pk])
    until = NOW.date() + timedelta(days=10)
    said = f"0.60 if paid by {until.day} {until:%b %Y}"
    assert invoice_terms(invoice) == ("2 % in 10 days, net 30", [("Discount", said)])
    assert invoice_terms(replace(invoice, terms_code="NET30")) == ("Net 30 days", [])
    assert invoice_terms(replace(invoice, terms_code="")) == ("due at once", [])
    assert invoice_terms(replace(invoice, terms_code="HOUSE")) == ("HOUSE", [])
    assert invoice_pdf(invoice) != invoice_pdf(replace(invoice, terms_code="NET30"))


@pytest.mark.django_db
def test_a_buyer_reads_prints_and_disputes_their_own_invoices_and_nobody_else_s():
    world, other = stocked_world(), stocked_world()
    shipped(world, 3)
    shipped(other, 1)
    browser = browser_of(BuyerFactory(account=world.account).user)
    mine, theirs = Invoice.objects.order_by("pk")
    assert browser.get(f"/invoices/{mine.number}/pdf")["Content-Type"] == "application/pdf"
    assert browser.get(f"/invoices/{theirs.number}/pdf").status_code == 404
    assert browser.get(f"/invoices/{theirs.number}/dispute").status_code == 404
    assert "$30.00" in browser.get("/statement/").content.decode()
    assert mine.number in browser.get("/statement/?form=csv").content.decode()
    assert browser.get("/statement/?form=pdf").content[:5] == b"%PDF-"
    answer = browser.post(f"/invoices/{mine.number}/dispute", {"amount": "31", "reason": "price", "note": "x"})
    assert answer.status_code == 422
    answer = browser.post(f"/invoices/{mine.number}/dispute", {"amount": "3", "reason": "price", "note": "x"})
    mine.refresh_from_db()
    assert (answer.status_code, mine.status, mine.disputed_amount) == (302, "disputed", D(3))


def _invoice(n: int) -> InvoiceView:
    day = date(2026, 1, 1) + timedelta(days=n % 300)
    ids = {"id": n, "public_id": "", "order_id": 1, "account_id": 1, "shipment_id": 1}
    money = {
        "net_amount": D(30),
        "tax_amount": D(0),
        "freight_amount": D(0),
        "total_amount": D(30),
        "paid_amount": D(0),
    }
    return InvoiceView(
        number=f"INV-{n}", status="posted", currency="USD", issued_date=day, due_date=day, lines=(), **ids, **money
    )


def test_a_statement_of_10_000_open_invoices_takes_less_than_a_second_to_print(monkeypatch):
    monkeypatch.setattr("billing.papers.statement.bill_to", lambda account_id, on: "Harbor Clinic")
    found = Statement(1, "USD", tuple(_invoice(n) for n in range(10_000)), (), D(300_000), D(0))
    began = time.process_time()
    printed = statement_pdf(found, on=date(2026, 12, 1))
    assert time.process_time() - began < 2  # one second on an idle core
    assert printed.count(b"/Type /Page\n") > 100 or len(printed) > 100_000
    assert len(list(statement_rows(found, on=date(2026, 12, 1)))) == 10_000


@pytest.mark.django_db
def test_the_statement_is_read_in_three_statements(django_assert_num_queries):
    world = stocked_world()
    shipped(world, 1)
    with django_assert_num_queries(3):
        assert statement(world.account.pk, on=NOW.date(), currency="USD").open_amount == 10
