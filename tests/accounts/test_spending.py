"""Buyers' limits: counted once per document, in the company's own days, and not to be passed by splitting a cart."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from accounts.models import SpendingEntry
from accounts.queries import headrooms
from accounts.services.release_spend import release_spend
from accounts.services.spend import (
    CountedForAnother,
    OrderLimitExceeded,
    PeriodLimitExceeded,
    SpendingCurrencyMismatch,
    spend,
)
from accounts.states import BuyerRole
from core.actors import system
from core.errors import NotPermitted
from core.refs import DocumentRef
from core.testing import race, unit
from core.uow import OutsideUnitOfWork
from tests.factories.accounts import AccountFactory, BuyerFactory

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)  # a Monday
PORTAL = system("portal")


def buyer_with(**limits):
    limits.setdefault("period_limit", Decimal(1000))
    return BuyerFactory(**limits)


def place(buyer, number, amount, *, now=NOON, currency="USD", account_id=None, **how):
    with unit():
        return spend(
            user_id=buyer.user_id,
            account_id=account_id or buyer.account_id,
            document=DocumentRef("order", number, f"SO-{number}"),
            amount=Decimal(amount),
            currency=currency,
            actor=PORTAL,
            now=now,
            **how,
        )


def cancel(*numbers):
    with unit():
        return release_spend([DocumentRef("order", n, f"SO-{n}") for n in numbers], actor=PORTAL, now=NOON)


def left(buyer, now=NOON):
    return headrooms([buyer.pk], now=now)[buyer.pk].left


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_an_order_counts_once_however_often_it_is_said(self):
        buyer = buyer_with()
        assert place(buyer, 1, 600).change == 600
        assert place(buyer, 1, 600).change == 0
        assert left(buyer) == 400
        assert SpendingEntry.objects.count() == 1

    def test_a_cart_split_in_two_does_not_pass_the_limit(self):
        buyer = buyer_with()
        place(buyer, 1, 600)
        with pytest.raises(PeriodLimitExceeded) as refusal:
            place(buyer, 2, "400.01")
        assert "600.00 of 1,000.00 USD is spent, 400.00 is left" in refusal.value.message
        assert "until 2026-07-01" in refusal.value.remedy
        assert SpendingEntry.objects.count() == 1
        place(buyer, 2, 400)
        assert left(buyer) == 0

    def test_an_amended_order_counts_its_new_amount(self):
        buyer = buyer_with()
        place(buyer, 1, 600)
        assert place(buyer, 1, 900).change == 300
        with pytest.raises(PeriodLimitExceeded):
            place(buyer, 1, 1001)
        assert place(buyer, 1, 100).change == -800
        assert left(buyer) == 900

    def test_a_cancelled_order_gives_its_room_back_once(self):
        buyer = buyer_with()
        place(buyer, 1, 600)
        place(buyer, 2, 100)
        assert cancel(1, 2, 404) == 2
        assert cancel(1, 2) == 0
        assert left(buyer) == 1000
        assert place(buyer, 1, 1000).change == 1000

    def test_a_month_ends_where_the_company_is(self):
        buyer = buyer_with(account=AccountFactory(time_zone="America/Los_Angeles"))
        still_june = datetime(2026, 7, 1, 6, 59, tzinfo=UTC)
        july = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
        place(buyer, 1, 1000, now=still_june)
        assert left(buyer, now=still_june) == 0
        place(buyer, 2, 1000, now=july)
        assert left(buyer, now=july) == 0

    def test_a_change_in_july_counts_in_the_june_it_was_ordered_in(self):
        buyer, july = buyer_with(), datetime(2026, 7, 2, tzinfo=UTC)
        place(buyer, 1, 900)
        with pytest.raises(PeriodLimitExceeded):
            place(buyer, 1, 1001, now=july)
        place(buyer, 1, 950, now=july)
        assert (left(buyer), left(buyer, now=july)) == (50, 1000)

    def test_a_weekly_limit_opens_again_on_monday(self):
        buyer = buyer_with(period="week")
        place(buyer, 1, 1000, now=datetime(2026, 6, 14, 12, tzinfo=UTC))
        assert place(buyer, 2, 1000).change == 1000

    def test_one_order_may_not_be_over_the_order_limit_unless_somebody_approved(self):
        buyer = buyer_with(order_limit=Decimal(500), period_limit=Decimal(800))
        with pytest.raises(OrderLimitExceeded, match=r"500\.00 USD"):
            place(buyer, 1, 501)
        place(buyer, 1, 900, is_approved=True)
        assert left(buyer) == -100
        with pytest.raises(PeriodLimitExceeded):
            place(buyer, 2, 1)

    def test_who_has_no_limit_is_counted_all_the_same(self):
        buyer = buyer_with(period_limit=None)
        place(buyer, 1, 5000, currency="EUR")
        room = headrooms([buyer.pk], now=NOON)[buyer.pk]
        assert (room.limit, room.spent, room.left) == (None, 5000, None)

    def test_a_limit_is_not_compared_with_another_currency(self):
        buyer = buyer_with()
        with pytest.raises(SpendingCurrencyMismatch, match="this order is in EUR"):
            place(buyer, 1, 1, currency="EUR")

    def test_an_order_counts_for_one_buyer_and_a_buyer_of_two_companies_has_two_limits(self):
        here = buyer_with()
        there = buyer_with(user=here.user)
        place(here, 1, 1000)
        place(there, 2, 1000)
        with pytest.raises(CountedForAnother, match="Order SO-1 counts towards"):
            place(there, 1, 1000)
        assert (left(here), left(there)) == (0, 0)

    def test_a_parents_buyer_spends_for_children_from_one_limit(self):
        buyer = buyer_with(includes_children=True)
        child = AccountFactory(parent=buyer.account)
        place(buyer, 1, 700, account_id=child.pk)
        with pytest.raises(PeriodLimitExceeded):
            place(buyer, 2, 700)

    @pytest.mark.parametrize("changes", [{"role": BuyerRole.VIEWER}, {"is_active": False}])
    def test_who_only_looks_or_left_spends_nothing(self, changes):
        with pytest.raises(NotPermitted):
            place(buyer_with(**changes), 1, 1)

    def test_spending_needs_a_unit_of_work(self):
        with pytest.raises(OutsideUnitOfWork):
            spend(
                user_id=1,
                account_id=1,
                document=DocumentRef("order", 1),
                amount=Decimal(1),
                currency="USD",
                actor=PORTAL,
                now=NOON,
            )

    def test_entries_are_not_rewritten(self):
        place(buyer_with(), 1, 5)
        with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
            SpendingEntry.objects.update(amount=1)

    def test_headroom_and_release_cost_the_same_for_1_and_20(self, django_assert_num_queries):
        buyers = [buyer_with() for _ in range(20)]
        for number, buyer in enumerate(buyers):
            place(buyer, number, 10)
        for some in (buyers[:1], buyers):
            with django_assert_num_queries(2):
                assert {room.spent for room in headrooms([b.pk for b in some], now=NOON).values()} == {10}
        with unit(), django_assert_num_queries(4):
            release_spend([DocumentRef("order", 0)], actor=PORTAL, now=NOON)
        with unit(), django_assert_num_queries(4):
            release_spend([DocumentRef("order", n) for n in range(1, 20)], actor=PORTAL, now=NOON)
        assert {room.spent for room in headrooms([b.pk for b in buyers], now=NOON).values()} == {0}


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_of_carts_sent_at_once_only_those_within_the_limit_pass(self):
        buyer = buyer_with()
        outcomes = race(*[lambda n=n: place(buyer, n, 300) for n in range(6)])
        refused = [outcome for outcome in outcomes if isinstance(outcome, PeriodLimitExceeded)]
        assert len(refused) == 3
        assert len(outcomes) - len(refused) == 3
        assert left(buyer) == 100

    def test_the_same_order_said_at_once_counts_once(self):
        buyer = buyer_with()
        outcomes = race(*[lambda: place(buyer, 1, 300) for _ in range(4)])
        assert sorted(outcome.change for outcome in outcomes) == [0, 0, 0, 300]
        assert left(buyer) == 700

    def test_cancelled_at_once_is_taken_off_once(self):
        buyer = buyer_with()
        place(buyer, 1, 300)
        assert sorted(race(*[lambda: cancel(1) for _ in range(4)])) == [0, 0, 0, 1]
        assert left(buyer) == 1000
