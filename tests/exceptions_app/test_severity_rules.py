"""A severity rule moves a kind's severity by steps, never off the scale, and says what moved it."""

from decimal import Decimal

import pytest

from exceptions_app.severity import BY_MONEY_AND_TIER, DAYS_LATE, Grade, Steps, Weighed, as_declared, moved
from exceptions_app.states import Severity


def seen(amount: str, **values) -> Weighed:
    return Weighed(at_risk=Decimal(amount), currency="USD", amount=Decimal(amount), **values)


@pytest.mark.parametrize(
    ("about", "grade"),
    [
        (Weighed(), Grade(Severity.MEDIUM, "starts medium")),
        (seen("0"), Grade(Severity.MEDIUM, "starts medium")),
        (seen("249.99"), Grade(Severity.LOW, "starts medium; milder: 249.99 USD at risk, less than 250 USD")),
        (seen("250.00"), Grade(Severity.MEDIUM, "starts medium")),
        (seen("24999.99"), Grade(Severity.MEDIUM, "starts medium")),
        (
            seen("25000.00"),
            Grade(Severity.HIGH, "starts medium; graver: 25,000.00 USD at risk, 25,000 USD or more"),
        ),
        (seen("900", tier_rank=1), Grade(Severity.HIGH, "starts medium; graver: a customer of the first tier")),
        (seen("900", tier_rank=2), Grade(Severity.MEDIUM, "starts medium")),
        (
            seen("25000", tier_rank=1),
            Grade(
                Severity.CRITICAL,
                "starts medium; graver: 25,000 USD at risk, 25,000 USD or more; graver: a customer of the first tier",
            ),
        ),
        (
            seen("1", tier_rank=1),
            Grade(
                Severity.MEDIUM,
                "starts medium; milder: 1 USD at risk, less than 250 USD; graver: a customer of the first tier",
            ),
        ),
    ],
)
def test_money_and_tier_move_it_by_a_step_each(about, grade):
    assert BY_MONEY_AND_TIER(Severity.MEDIUM, about) == grade


def test_the_scale_has_ends():
    assert moved(Severity.LOW, -1) is Severity.LOW
    assert moved(Severity.CRITICAL, 2) is Severity.CRITICAL
    assert moved(Severity.LOW, 3) is Severity.CRITICAL
    assert BY_MONEY_AND_TIER(Severity.CRITICAL, seen("99999", tier_rank=1)).severity is Severity.CRITICAL
    assert BY_MONEY_AND_TIER(Severity.LOW, seen("1")).severity is Severity.LOW


def test_lateness_counts_only_where_the_kind_says_from_which_day():
    late = Weighed(evidence={DAYS_LATE: 3})
    assert Steps(late_days=3)(Severity.HIGH, late) == Grade(
        Severity.CRITICAL, "starts high; graver: 3 days late, 3 or more"
    )
    assert Steps(late_days=4)(Severity.HIGH, late).severity is Severity.HIGH
    assert BY_MONEY_AND_TIER(Severity.HIGH, late).severity is Severity.HIGH
    assert Steps(late_days=1)(Severity.LOW, Weighed(evidence={DAYS_LATE: "soon"})).severity is Severity.LOW


def test_money_nobody_can_exchange_does_not_count():
    unknown = Weighed(at_risk=Decimal(10**9), currency="XTS", amount=None)
    assert BY_MONEY_AND_TIER(Severity.MEDIUM, unknown) == Grade(Severity.MEDIUM, "starts medium")


def test_where_safety_is_at_stake_neither_money_nor_the_customer_counts():
    assert as_declared(Severity.CRITICAL, seen("1", tier_rank=9)) == Grade(
        Severity.CRITICAL, "critical, as every case of this kind"
    )
