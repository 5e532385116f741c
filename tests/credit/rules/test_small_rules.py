"""Ageing, improvement of an account, authority over limits."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.states import Role
from credit.rules.ageing import age
from credit.rules.authority import limit_authority, needs_approval
from credit.rules.improvement import Movement, improvement

ON = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("late", "bucket"),
    [(-1, "not_due"), (0, "not_due"), (1, "days_1_30"), (30, "days_1_30"), (31, "days_31_60"), (61, "days_61_90"),
     (90, "days_61_90"), (91, "days_over_90")],
)  # fmt: skip
def test_an_item_ages_by_days_past_its_due_date(late, bucket):
    ageing = age([(Decimal(5), ON - timedelta(days=late))], on=ON)
    assert getattr(ageing, bucket) == ageing.total == Decimal(5)


def test_an_item_without_a_due_date_is_not_overdue():
    assert age([(Decimal(5), None), (Decimal(7), ON - timedelta(days=40))], on=ON).overdue == Decimal(7)


@pytest.mark.parametrize(
    ("moved", "cause"),
    [
        (Movement(Decimal(10), Decimal(0), Decimal(0), Decimal(0), Decimal(0)), ""),  # submit
        (
            Movement(Decimal("-10.01"), Decimal(10), Decimal(0), Decimal(0), Decimal(0)),
            "",
        ),  # release, a cent lost to rounding
        (Movement(Decimal(0), Decimal(-10), Decimal(10), Decimal(0), Decimal(0)), ""),  # ship
        (Movement(Decimal(0), Decimal(0), Decimal("-10.01"), Decimal(10), Decimal(0)), ""),  # invoice
        (Movement(Decimal(10), Decimal(-10), Decimal(0), Decimal(0), Decimal(0)), ""),  # short pick
        (Movement(Decimal(0), Decimal(0), Decimal(0), Decimal(0), Decimal(10)), "payment"),
        (Movement(Decimal(0), Decimal(0), Decimal(0), Decimal(-10), Decimal(-10)), "receivable settled"),
        (Movement(Decimal(0), Decimal(0), Decimal(0), Decimal(-10), Decimal(0)), "receivable settled"),
        (Movement(Decimal(-10), Decimal(0), Decimal(0), Decimal(0), Decimal(0)), "cancellation"),
        (Movement(Decimal(0), Decimal(0), Decimal(0), Decimal(10), Decimal(0)), ""),
    ],
)
def test_only_a_payment_a_settled_receivable_or_a_cancellation_improves_credit(moved, cause):
    assert improvement(moved) == cause


def test_finance_sets_25000_alone_and_an_approver_1000000_and_service_desks_none():
    assert limit_authority([Role.FINANCE]) == Decimal(25_000)
    assert limit_authority([Role.CS, Role.FINANCE, Role.FINANCE_APPROVER]) == Decimal(1_000_000)
    assert limit_authority([Role.CS]) is None


def test_lowering_a_limit_never_needs_approval_and_raising_does_above_the_authority():
    assert needs_approval(before=Decimal(10), after=Decimal("25000.01"), authority=Decimal(25_000))
    assert not needs_approval(before=Decimal(10), after=Decimal(25_000), authority=Decimal(25_000))
    assert not needs_approval(before=Decimal(90_000), after=Decimal(80_000), authority=Decimal(25_000))
