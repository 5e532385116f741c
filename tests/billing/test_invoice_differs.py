"""An invoice at another price than was confirmed is a case: the confirmed price counts, or the invoice stands."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.approvals import SelfApproval, decide
from accounts.models import ApprovalRequest
from accounts.states import Role
from billing.models import CreditMemo, Invoice, InvoiceLine
from billing.rules.asks import CreditSpec
from billing.services.apply_kept_invoice import apply_kept_invoice
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.settle_price import NothingDiffers, bill_as_confirmed, keep_invoice
from billing.states import CreditKind
from core.actors import Actor
from core.errors import NotPermitted
from core.journal import timeline
from core.models import OverrideEntry
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import drain
from credit.models import CreditAccount
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from exceptions_app.suggestions import of_kind
from orders.models import OrderLine
from tests.factories.accounts import StaffFactory
from tests.factories.flow import NOW, breaches, shipped, stocked_world

pytestmark = pytest.mark.django_db
D = Decimal
LATER = NOW + timedelta(days=1)
WHY = Reason("invoice_stands", "The customer agreed by phone")


def acting(*roles):
    user = StaffFactory(roles=list(roles))
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles), channel="console")


@pytest.fixture
def invoice():
    """6 and 4 billed at 10.00, confirmed at 9.50 and 11.00."""
    shipped(stocked_world(products=2), 6, 4)
    OrderLine.objects.filter(line_no=1).update(unit_price=D("9.50"), amount=57)
    OrderLine.objects.filter(line_no=2).update(unit_price=D(11), amount=44)
    return Invoice.objects.get()


def case_of(invoice):
    detect_all(now=LATER, only="invoice_differs")
    return Case.objects.filter(kind="invoice_differs", subject_id=invoice.pk).first()


def test_the_confirmed_price_counts_the_difference_is_credited_and_billed(invoice):
    case = case_of(invoice)
    assert (case.money_at_risk, case.currency) == (D("7.00"), "USD")  # 3.00 too much and 4.00 too little
    assert "2 lines of" in case.summary and "line 1: 10 billed, 9.5 confirmed" in case.summary
    apply_resolution(case_id=case.pk, code="confirmed", actor=acting(Role.PRICING), now=LATER, key="k")
    memo, more = CreditMemo.objects.get(), Invoice.objects.exclude(pk=invoice.pk).get()
    assert (memo.kind, memo.total_amount, more.total_amount) == ("price", D("3.00"), D("4.00"))
    assert CreditAccount.objects.get().receivable_amount == 100 - 3 + 4
    assert Case.objects.get(pk=case.pk).status == "resolved"
    detect_all(now=LATER, only="invoice_differs")
    assert Case.objects.count() == 1
    with pytest.raises(NothingDiffers):
        bill_as_confirmed(invoice_id=invoice.pk, reason="again", actor=acting(Role.FINANCE), now=LATER)
    assert [b for b in breaches() if "invoice" in b or "receivable" in b] == []


def test_the_invoice_stands_within_one_s_authority_and_is_in_the_override_log(invoice):
    with pytest.raises(NotPermitted):
        keep_invoice(invoice_id=invoice.pk, reason=WHY, actor=acting(Role.CS), now=LATER)
    case = case_of(invoice)
    apply_resolution(case_id=case.pk, code="invoice", actor=acting(Role.FINANCE_APPROVER), now=LATER, key="k")
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.money_effect, entry.subject_number) == ("price", D("-1.00"), invoice.number)
    assert case_of(invoice).status == "resolved"
    assert (CreditMemo.objects.count(), Invoice.objects.count()) == (0, 1)


def asked_of(invoice, asker):
    """Finance has no authority over prices: the case stays open, and a second person is asked."""
    case = case_of(invoice)
    told = apply_resolution(case_id=case.pk, code="invoice", actor=asker, now=LATER, key="k")
    request = ApprovalRequest.objects.get()
    assert told == f"Approval {request.pk} is asked for: the invoice stands, -1.00 USD."
    assert (request.kind, request.amount, request.account_id) == ("price", D("7.00"), None)
    case.refresh_from_db()
    assert case.status == "open" and case.events.filter(verb="asked").get().note == told
    assert not OverrideEntry.objects.exists()
    return case, request.pk


def test_above_one_s_authority_the_invoice_stands_when_a_second_person_said_yes(invoice):
    asker = acting(Role.FINANCE)
    case, approval_id = asked_of(invoice, asker)
    with pytest.raises(SelfApproval):
        decide(approval_id=approval_id, approve=True, actor=asker, now=LATER)
    boss = acting(Role.FINANCE_APPROVER)
    decide(approval_id=approval_id, approve=True, actor=boss, now=LATER)
    drain(LATER)
    entry = OverrideEntry.objects.get()
    assert (entry.actor_id, entry.approver_id, entry.approval_id) == (asker.user_id, boss.user_id, approval_id)
    case.refresh_from_db()
    assert case.status == "auto_resolved"
    assert (CreditMemo.objects.count(), Invoice.objects.count()) == (0, 1)
    assert apply_kept_invoice(approval_id=approval_id, actor=boss, now=LATER)  # again: nothing more
    assert OverrideEntry.objects.count() == 1


def test_a_no_or_a_change_leaves_the_case_with_its_other_ways(invoice):
    case, approval_id = asked_of(invoice, acting(Role.FINANCE))
    decide(approval_id=approval_id, approve=True, actor=acting(Role.FINANCE_APPROVER), now=LATER)
    OrderLine.objects.filter(line_no=2).update(unit_price=D(12))  # confirmed at another price since
    drain(LATER)
    assert not OverrideEntry.objects.exists()
    case.refresh_from_db()
    assert case.status == "open"
    told = [line.summary for line in timeline(DocumentRef("invoice", invoice.pk))]
    assert any("What approval" in text and "has changed since" in text for text in told), told


def test_rejected_lines_are_taken_back_whole_and_billed_anew_as_confirmed(invoice):
    case = case_of(invoice)
    (words,) = [
        r.preview(case_snapshots([case.pk])[case.pk], LATER).text for r in of_kind(case.kind) if r.code == "reject"
    ]
    assert words == "credits 2 lines whole, 100.00 USD, and bills 101.00 anew"
    apply_resolution(case_id=case.pk, code="reject", actor=acting(Role.FINANCE), now=LATER, key="k")
    memo, anew = CreditMemo.objects.get(), Invoice.objects.exclude(pk=invoice.pk).get()
    assert (memo.total_amount, anew.total_amount) == (D("100.00"), D("101.00"))
    assert [(x.qty, x.unit_price, x.amount) for x in anew.lines.order_by("pk")] == [(6, D("9.5"), 57), (4, 11, 44)]
    invoice.refresh_from_db()
    assert invoice.open_amount == 0
    assert CreditAccount.objects.get().receivable_amount == 101
    assert Case.objects.get(pk=case.pk).status == "resolved"
    assert case_of(invoice).pk == case.pk
    assert [b for b in breaches() if "invoice" in b or "receivable" in b or "revenue" in b] == []


def test_goods_that_came_back_are_neither_credited_again_nor_billed_anew(invoice):
    line = InvoiceLine.objects.get(order_line__line_no=1)
    issue_credit_memo(
        account_id=invoice.account_id, kind=CreditKind.RETURN, lines=[CreditSpec(line.pk, qty=D(4))], reason="back",
        key="back", actor=acting(Role.FINANCE), now=LATER,
    )  # fmt: skip
    case = case_of(invoice)
    assert case.money_at_risk == D("5.00")  # 2 kept, 1.00 too much; 4 that cost 4.00 more
    apply_resolution(case_id=case.pk, code="confirmed", actor=acting(Role.FINANCE), now=LATER, key="k")
    assert CreditMemo.objects.exclude(key="back").get().total_amount == D("1.00")
    assert CreditAccount.objects.get().receivable_amount == 100 - 40 - 1 + 4


def test_invoices_that_copy_the_locked_price_open_nothing():
    shipped(stocked_world(), 6)
    assert case_of(Invoice.objects.get()) is None
    assert not InvoiceLine.objects.exclude(price_settled_at=None).exists()
