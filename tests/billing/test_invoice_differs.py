"""An invoice at another price than was confirmed is a case: the confirmed price counts, or the invoice stands."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.approvals import AuthorityExceeded
from accounts.states import Role
from billing.models import CreditMemo, Invoice, InvoiceLine
from billing.services.settle_price import NothingDiffers, bill_as_confirmed, keep_invoice
from core.actors import Actor
from core.errors import NotPermitted
from core.models import OverrideEntry
from core.overrides import Reason
from credit.models import CreditAccount
from exceptions_app.models import Case
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
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
    assert (case.money_at_risk, case.currency) == (D("1.00"), "USD")
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
    with pytest.raises(AuthorityExceeded):
        keep_invoice(invoice_id=invoice.pk, reason=WHY, actor=acting(Role.FINANCE), now=LATER)
    case = case_of(invoice)
    apply_resolution(case_id=case.pk, code="invoice", actor=acting(Role.FINANCE_APPROVER), now=LATER, key="k")
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.money_effect, entry.subject_number) == ("price", D("-1.00"), invoice.number)
    assert case_of(invoice).status == "resolved"
    assert (CreditMemo.objects.count(), Invoice.objects.count()) == (0, 1)


def test_invoices_that_copy_the_locked_price_open_nothing():
    shipped(stocked_world(), 6)
    assert case_of(Invoice.objects.get()) is None
    assert not InvoiceLine.objects.exclude(price_settled_at=None).exists()
