"""Checks against stored accounts, with the postings that make them true, also by two threads at once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import AccountStatus
from core import invariants
from core.locks import LockOrderViolation, Rank, climb
from core.refs import DocumentRef
from core.testing import race, unit
from core.uow import OutsideUnitOfWork
from credit import checks, queries
from credit.rules.asks import CreditAsk, PostingSpec
from credit.services.check import check
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from credit.states import Bucket, CheckPoint
from tests.factories.accounts import AccountFactory
from tests.factories.credit import CreditAccountFactory, TermsFactory

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()


def ask(account_id, amount, order=1, **more):
    return CreditAsk(account_id, DocumentRef("order", order), Decimal(amount), "USD", TODAY + timedelta(days=3), **more)


def checked(*asks, point=CheckPoint.ENTRY):
    with unit():
        return check(asks, point=point, now=NOW)


def rules(decision):
    return [reason.rule for reason in decision.reasons]


def submit(account_id, amount, order):
    """What orders does: lock, check, post what was approved."""
    with unit():
        lock_accounts([account_id])
        (decision,) = check([ask(account_id, amount, order)], point=CheckPoint.ENTRY, now=NOW)
        if decision.is_approved:
            doc = DocumentRef("order", order)
            due = PostingSpec(
                account_id, doc, Bucket.OPEN_ORDER, Decimal(amount), f"order:{order}:open", ship_date=TODAY
            )
            post([due], now=NOW)
        return decision


@pytest.mark.django_db
def test_an_order_of_1000_fits_a_limit_of_1000_and_the_next_cent_does_not():
    account_id = CreditAccountFactory().account_id
    assert submit(account_id, "1000", 1).is_approved
    decision = submit(account_id, "0.01", 2)
    assert (decision.is_approved, rules(decision), decision.available) == (False, ["credit_limit"], Decimal(0))
    assert queries.exposure([account_id], on=TODAY)[account_id].parts.total == Decimal(1000)


@pytest.mark.django_db
def test_a_suspended_account_an_ended_limit_and_an_old_invoice_are_all_named():
    account = AccountFactory(status=AccountStatus.SUSPENDED)
    credit = CreditAccountFactory(account=account, limit_valid_to=TODAY)
    old = PostingSpec(
        account.pk, DocumentRef("invoice", 9), Bucket.RECEIVABLE, Decimal(10), "i9", due_date=date(2026, 10, 22)
    )
    with unit():
        post([old], now=NOW)
    (decision,) = checked(ask(account.pk, "5", terms_code="NET60"))
    assert rules(decision) == ["account_status", "limit_expired", "oldest_open_item", "terms_unknown"]
    TermsFactory(code="NET60", name="Net 60 days", net_days=60)
    assert rules(checked(ask(account.pk, "5", terms_code="NET60"))[0])[-1] == "terms_worse"
    assert credit.terms.code == "NET30"


@pytest.mark.django_db
def test_without_a_credit_account_it_is_held_and_the_others_are_still_decided():
    plain, credit = AccountFactory(), CreditAccountFactory()
    first, second = checked(ask(plain.pk, "1"), ask(credit.account_id, "1"))
    assert (rules(first), first.account_id) == (["no_credit_account"], plain.pk)
    assert second.is_approved


@pytest.mark.django_db
def test_credit_is_locked_first_after_an_order_it_is_too_late():
    account_id = CreditAccountFactory().account_id
    with unit():
        climb(Rank.ORDER, [1])
        with pytest.raises(LockOrderViolation):
            check([ask(account_id, "1")], point=CheckPoint.ENTRY, now=NOW)
    with unit():
        assert lock_accounts([account_id]) == {account_id}
        climb(Rank.ORDER, [1])
        assert check([ask(account_id, "1")], point=CheckPoint.ENTRY, now=NOW)[0].is_approved
    with pytest.raises(OutsideUnitOfWork):
        check([ask(account_id, "1")], point=CheckPoint.ENTRY, now=NOW)


@pytest.mark.django_db
def test_1_50_and_500_asks_cost_the_same_number_of_statements():
    accounts = CreditAccountFactory.create_batch(50)
    counts = set()
    for n in (1, 50, 500):
        asks = [ask(accounts[i % 50].account_id, "1", i) for i in range(n)]
        with unit(), CaptureQueriesContext(connection) as captured:
            assert all(d.is_approved for d in check(asks, point=CheckPoint.ENTRY, now=NOW))
        counts.add(len(captured))
    assert len(counts) == 1
    assert counts.pop() <= 4


@pytest.mark.django_db
def test_the_outlook_says_what_the_check_says_without_a_lock():
    accounts = [CreditAccountFactory(limit_amount=n).account_id for n in (100, 300)]
    asks = [ask(a, amount, i) for i, (a, amount) in enumerate([(accounts[0], "200"), (accounts[1], "200"), (0, "1")])]
    asks.append(ask(accounts[1], "101", 9))
    seen = queries.outlook(asks, point=CheckPoint.ENTRY, now=NOW)
    assert seen == checked(*asks)
    assert [d.is_approved for d in seen] == [False, True, False, False]
    assert queries.outlook([], point=CheckPoint.ENTRY, now=NOW) == []


@pytest.mark.django_db
def test_due_dates_and_terms_are_answered_for_many_at_once(django_assert_num_queries):
    credit = CreditAccountFactory()
    TermsFactory(code="EOM", name="End of month", net_days=10, is_end_of_month=True)
    day = date(2026, 11, 22)
    with django_assert_num_queries(1):
        due = queries.due_dates([("NET30", day), ("EOM", day), ("", day), ("NET30", date(2026, 12, 1))])
    assert due == {
        ("NET30", day): date(2026, 12, 22),
        ("EOM", day): date(2026, 12, 10),
        ("", day): day,
        ("NET30", date(2026, 12, 1)): date(2026, 12, 31),
    }
    assert queries.terms_of([credit.account_id, 0]) == {credit.account_id: "NET30"}


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_orders_for_the_last_600_of_one_line_get_one_yes_and_one_hold():
    account_id = CreditAccountFactory().account_id
    decisions = race(*(lambda n=n: submit(account_id, "600", n) for n in (1, 2)))
    assert sorted(d.is_approved for d in decisions) == [False, True]
    (held,) = (d for d in decisions if not d.is_approved)
    assert (rules(held), held.exposure) == (["credit_limit"], Decimal(600))
    assert queries.exposure([account_id], on=TODAY)[account_id].parts.total == Decimal(600)
    assert invariants.run([checks.TOTALS, checks.DAYS]) == []


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_ten_orders_of_150_on_a_line_of_1000_get_six_yeses():
    account_id = CreditAccountFactory().account_id
    decisions = race(*(lambda n=n: submit(account_id, "150", n) for n in range(10)))
    assert sum(d.is_approved for d in decisions) == 6
    assert queries.exposure([account_id], on=TODAY)[account_id].available == Decimal(100)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_the_same_posting_from_six_threads_counts_once():
    account_id = CreditAccountFactory().account_id
    spec = PostingSpec(account_id, DocumentRef("invoice", 1), Bucket.RECEIVABLE, Decimal(70), "invoice:1:ar")

    def once():
        with unit():
            return post([spec], now=NOW)

    assert sorted(race(*[once] * 6)) == [0, 0, 0, 0, 0, 1]
    assert queries.exposure([account_id], on=TODAY)[account_id].parts.receivable == Decimal(70)
    assert invariants.run([checks.TOTALS, checks.DAYS]) == []
