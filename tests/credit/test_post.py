"""Postings: once by key, totals and days in step with the ledger, and who is told when credit improves."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from core import invariants, writers
from core.models import OutboxFact
from core.refs import DocumentRef
from core.testing import unit
from core.uow import OutsideUnitOfWork
from credit import checks, queries
from credit.models import CreditAccount, OpenOrderDay, Posting
from credit.rules.asks import ExposureParts, PostingSpec
from credit.services.post import PostingKeyReused, post
from tests.factories.accounts import AccountFactory
from tests.factories.credit import CreditAccountFactory
from tests.factories.pricing import RateFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
SOON = date(2026, 11, 25)


def spec(account_id, bucket, amount, key, doc=1, kind="order_line", **dates):
    if bucket == "open_order":
        dates.setdefault("ship_date", SOON)
    return PostingSpec(account_id, DocumentRef(kind, doc), bucket, Decimal(amount), key, **dates)


def posted(*specs):
    with unit():
        return post(specs, now=NOW)


@pytest.fixture
def credit():
    return CreditAccountFactory()


def parts(credit, on=TODAY):
    return queries.exposure([credit.account_id], on=on)[credit.account_id].parts


def breaches():
    return invariants.run([checks.TOTALS, checks.DAYS])


def test_an_order_moves_from_open_to_paid_and_owes_the_same_all_the_way(credit):
    a = credit.account_id
    steps = [
        ([("open_order", "100")], ExposureParts(0, 0, 0, 100, 0)),
        ([("open_order", "-100"), ("released", "100")], ExposureParts(0, 0, 100, 0, 0)),
        ([("released", "-100"), ("shipped", "100")], ExposureParts(0, 100, 0, 0, 0)),
        ([("shipped", "-100"), ("receivable", "100")], ExposureParts(100, 0, 0, 0, 0)),
        ([("unapplied", "100")], ExposureParts(100, 0, 0, 0, 100)),
        ([("unapplied", "-100"), ("receivable", "-100")], ExposureParts(0, 0, 0, 0, 0)),
    ]
    for i, (moves, expected) in enumerate(steps):
        assert posted(*(spec(a, bucket, amount, f"{i}:{bucket}") for bucket, amount in moves)) == len(moves)
        assert parts(credit) == expected
        assert breaches() == []
    credit.refresh_from_db()
    assert credit.version == 6


def test_the_same_key_twice_counts_once_also_inside_one_call(credit):
    first = spec(credit.account_id, "receivable", "100", "k1")
    assert posted(first, first) == 1
    assert posted(first, spec(credit.account_id, "receivable", "5", "k2")) == 1
    assert posted(first) == 0
    credit.refresh_from_db()
    assert (credit.receivable_amount, credit.version, Posting.objects.count()) == (Decimal(105), 2, 2)
    assert breaches() == []


def test_in_another_currency_too_and_what_comes_with_it_is_counted_beside_it_once(credit):
    RateFactory(base="EUR", quote="USD", rate=Decimal("1.085"), valid_from=TODAY)
    abroad = {"kind": "order", "currency": "EUR", "rate_date": TODAY}
    one = spec(credit.account_id, "released", "33.33", "order:1:released", **abroad)
    two = spec(credit.account_id, "released", "66.66", "order:2:released", doc=2, **abroad)
    assert posted(one, one, two) == 2
    assert posted(two, one) == 0
    assert parts(credit).released == Decimal("108.49")
    with pytest.raises(PostingKeyReused):
        posted(spec(credit.account_id, "released", "33.34", "order:1:released", **abroad))
    assert invariants.run([checks.TOTALS, checks.RATES]) == []


@pytest.mark.parametrize("other", [{"amount": "7"}, {"bucket": "shipped"}, {"doc": 2}])
def test_a_known_key_with_other_contents_is_a_mistake_and_changes_nothing(credit, other):
    posted(spec(credit.account_id, "receivable", "100", "k1"))
    values = {"bucket": "receivable", "amount": "100", "key": "k1"} | other
    with pytest.raises(PostingKeyReused):
        posted(spec(credit.account_id, **values), spec(credit.account_id, "receivable", "5", "k2"))
    assert parts(credit).receivable == Decimal(100)
    assert breaches() == []


def test_open_orders_are_kept_by_ship_date_and_count_within_the_horizon_which_rolls_by_itself(credit):
    far = date(2026, 12, 23)  # 31 days from the 22nd
    posted(
        spec(credit.account_id, "open_order", "100", "a"),
        spec(credit.account_id, "open_order", "40", "b", doc=2),
        spec(credit.account_id, "open_order", "7", "c", doc=3, ship_date=far),
    )
    assert dict(OpenOrderDay.objects.values_list("ship_date", "amount")) == {SOON: 140, far: 7}
    assert parts(credit).open_orders == Decimal(140)
    assert parts(credit, on=date(2026, 11, 23)).open_orders == Decimal(147)
    assert Posting.objects.count() == 3


def test_an_account_without_credit_takes_no_postings(credit):
    plain = AccountFactory()
    assert posted(spec(plain.pk, "receivable", "100", "x")) == 0
    assert posted(spec(plain.pk, "receivable", "100", "x"), spec(credit.account_id, "receivable", "1", "y")) == 1
    assert Posting.objects.count() == 1


def test_more_cannot_leave_a_bucket_than_went_in(credit):
    with pytest.raises(IntegrityError, match="exposure_parts_are_not_negative"):
        posted(spec(credit.account_id, "released", "-1", "a"))
    with pytest.raises(IntegrityError, match="an_open_order_total_is_not_negative"):
        posted(spec(credit.account_id, "open_order", "-1", "a"))
    assert Posting.objects.count() == 0


def test_a_ledger_row_is_never_changed(credit):
    posted(spec(credit.account_id, "receivable", "100", "a"))
    with pytest.raises(Exception, match="append_only"):
        Posting.objects.update(amount=1)


def test_it_refuses_to_run_outside_a_unit_of_work(credit):
    with pytest.raises(OutsideUnitOfWork):
        post([spec(credit.account_id, "receivable", "1", "a")], now=NOW)


def test_credit_improves_by_payment_application_and_cancellation_and_not_on_the_way_to_the_invoice(credit):
    a = credit.account_id
    posted(spec(a, "open_order", "100", "1"), spec(a, "open_order", "30", "1b", doc=2))
    posted(spec(a, "open_order", "-100.00", "2"), spec(a, "released", "99.99", "3"))
    posted(spec(a, "released", "-99.99", "4"), spec(a, "shipped", "99.99", "5"))
    posted(spec(a, "shipped", "-99.99", "6"), spec(a, "receivable", "99.99", "7"))
    assert OutboxFact.objects.count() == 0
    posted(spec(a, "unapplied", "99.99", "8"))
    posted(spec(a, "unapplied", "-99.99", "9"), spec(a, "receivable", "-99.99", "10"))
    posted(spec(a, "open_order", "-30", "11", doc=2))
    facts = OutboxFact.objects.order_by("id").values_list("kind", "stream", "seq", "payload__cause")
    assert list(facts) == [
        ("credit.CreditImproved", f"credit:{a}", 5, "payment"),
        ("credit.CreditImproved", f"credit:{a}", 6, "receivable settled"),
        ("credit.CreditImproved", f"credit:{a}", 7, "cancellation"),
    ]


def test_drift_is_found_and_named(credit):
    posted(spec(credit.account_id, "receivable", "100", "a"), spec(credit.account_id, "open_order", "8", "b"))
    with writers.by_hand("credit"):
        CreditAccount.objects.update(receivable_amount=90)
        OpenOrderDay.objects.update(amount=9)
        OpenOrderDay.objects.create(credit_account=credit, ship_date=date(2026, 12, 1), amount=3)
    assert [b.detail for b in breaches()] == [
        f"account {credit.account_id}, receivable: the total says 90.00, the ledger 100.00",
        f"account {credit.account_id}, open orders of 2026-11-25: the day says 9.00, the ledger 8.00",
        f"account {credit.account_id}, open orders of 2026-12-01: the day says 3.00, the ledger 0",
    ]


def test_1_50_and_500_postings_cost_the_same_number_of_statements():
    accounts = CreditAccountFactory.create_batch(50)
    counts = set()
    for n in (1, 50, 500):
        specs = [spec(accounts[i % 50].account_id, "open_order", "1", f"{n}:{i}", doc=i) for i in range(n)]
        with unit(), CaptureQueriesContext(connection) as captured:
            assert post(specs, now=NOW) == n
        counts.add(len(captured))
    assert counts == {2}
    assert breaches() == []


def test_overdue_is_the_balance_of_each_document_past_its_due_date(credit):
    a = credit.account_id
    due = {"kind": "invoice", "due_date": date(2026, 11, 1)}
    posted(
        spec(a, "receivable", "100", "1", doc=1, **due),
        spec(a, "receivable", "50", "2", doc=2, kind="invoice", due_date=date(2026, 11, 22)),
        spec(a, "receivable", "70", "3", doc=3, kind="invoice", due_date=date(2026, 8, 1)),
    )
    posted(
        spec(a, "receivable", "-60", "4", doc=1, kind="invoice"),
        spec(a, "receivable", "-70", "5", doc=3, kind="invoice"),
    )
    found = queries.exposure([a], on=TODAY)[a]
    assert (found.overdue.amount, found.overdue.oldest_days) == (Decimal(40), 21)
    ageing = queries.ageing([a], on=TODAY)[a]
    assert (ageing.not_due, ageing.days_1_30, ageing.overdue, ageing.total) == (50, 40, 40, 90)
