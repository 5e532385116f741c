"""Finance's screens: exposure for a page in one question, limits by reason only, a ledger nobody can change."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.states import Role
from core.models import OverrideEntry
from core.refs import DocumentRef
from core.testing import unit
from credit.models import CreditAccount, Posting
from credit.rules.asks import PostingSpec
from credit.services.post import post
from tests.factories.accounts import AccountFactory, ApprovalFactory, StaffFactory
from tests.factories.credit import CreditAccountFactory, TermsFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def signed_in(client, *roles):
    client.force_login(StaffFactory(roles=list(roles)))
    return client


@pytest.fixture
def finance(client):
    return signed_in(client, Role.FINANCE)


@pytest.fixture
def owing():
    credit = CreditAccountFactory()
    ref = DocumentRef("invoice", 1, "INV-1")
    with unit():
        post([PostingSpec(credit.account_id, ref, "receivable", Decimal("1234.50"), "invoice:1")], now=NOW)
    return credit


def change_url(credit):
    return reverse("admin:credit_creditaccount_change", args=[credit.pk])


def limit(amount, **more):
    values = {"limit_amount": amount, "limit_valid_to": "", "reason_code": "review"}
    return values | {"note": "Yearly review of the statements"} | more


def test_the_list_shows_exposure_and_costs_the_same_for_2_and_for_40_accounts(
    finance, owing, django_assert_max_num_queries
):
    url = reverse("admin:credit_creditaccount_changelist")
    assert "1,234.50" in finance.get(url).content.decode()
    CreditAccountFactory.create_batch(39)
    with django_assert_max_num_queries(20):
        assert "-234.50" in finance.get(url).content.decode()


def test_the_page_shows_how_exposure_adds_up(finance, owing):
    page = finance.get(change_url(owing)).content.decode()
    assert "Open receivables" in page
    assert "1,234.50 USD" in page
    assert 'name="receivable_amount"' not in page


def test_a_new_limit_is_saved_with_its_reason(finance, owing):
    assert finance.post(change_url(owing), limit("2500")).status_code == 302
    owing.refresh_from_db()
    assert (owing.limit_amount, owing.receivable_amount) == (Decimal(2500), Decimal("1234.50"))
    assert OverrideEntry.objects.get().reason_code == "review"


def test_a_limit_above_ones_authority_comes_back_with_the_reason_and_what_was_typed(finance, owing):
    page = finance.post(change_url(owing), limit("25001"))
    assert page.status_code == 200
    assert "Ask for approval by a person with a higher authority." in page.content.decode()
    assert 'value="25001"' in page.content.decode()
    owing.refresh_from_db()
    assert owing.limit_amount == Decimal(1000)


def test_asking_for_approval_changes_nothing_yet(finance, owing):
    assert finance.post(change_url(owing), limit("90000", ask_approval="on")).status_code == 302
    owing.refresh_from_db()
    assert owing.limit_amount == Decimal(1000)
    assert ApprovalFactory._meta.model.objects.get().amount == Decimal(90000)
    assert not OverrideEntry.objects.exists()


def test_finance_opens_a_credit_account(finance):
    account, terms = AccountFactory(), TermsFactory()
    values = {"account": account.pk, "currency": "USD", "limit_amount": "700", "terms": terms.pk, "horizon_days": 14}
    answer = finance.post(reverse("admin:credit_creditaccount_add"), values)
    assert answer.status_code == 302, answer.context["errors"]
    opened = CreditAccount.objects.get(account=account)
    assert (opened.limit_amount, opened.horizon_days) == (Decimal(700), 14)


def test_the_service_desk_reads_and_cannot_change(client, owing):
    desk = signed_in(client, Role.CS)
    assert desk.get(change_url(owing)).status_code == 200
    assert desk.post(change_url(owing), limit("1")).status_code == 403
    assert desk.get(reverse("admin:credit_creditaccount_add")).status_code == 403


def test_the_ledger_is_read_only_and_terms_are_kept_by_finance(finance, owing):
    posting = Posting.objects.get()
    assert "INV-1" in finance.get(reverse("admin:credit_posting_changelist") + "?q=INV-1").content.decode()
    assert finance.post(reverse("admin:credit_posting_change", args=[posting.pk]), {"amount": 1}).status_code == 403
    assert finance.get(reverse("admin:credit_paymentterms_changelist")).status_code == 200
    assert finance.get(reverse("admin:credit_paymentterms_change", args=[owing.terms_id])).status_code == 200


def test_a_warehouse_hand_sees_none_of_it(client, owing):
    hand = signed_in(client, Role.WAREHOUSE)
    assert hand.get(change_url(owing)).status_code == 403
