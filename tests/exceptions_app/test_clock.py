"""Reset and cancel, the stored breach time, and policies that stand before a kind's own times."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from core.actors import Actor
from core.errors import InvalidInput
from core.models import Calendar
from exceptions_app.models import Case, SlaPolicy
from exceptions_app.services.cancel_clock import cancel_clock
from exceptions_app.services.moves import CaseWaits
from exceptions_app.services.reopen_case import reopen_case
from exceptions_app.services.reset_clock import reset_clock
from exceptions_app.services.resolve_case import resolve_case
from exceptions_app.services.resume_case import resume_case
from exceptions_app.services.start_work import start_work
from exceptions_app.services.sweep import Swept, sweep
from exceptions_app.services.wait_for import wait_for
from tests.factories.accounts import AccountFactory, TierFactory
from tests.factories.exceptions import LEAK, SPILL, opened, teams

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)  # Tuesday, opening time; the spill is to be answered in 1 h, mended in 4 h
HOUR = timedelta(hours=1)
ANN = Actor("Ann")


def breach_at(case: Case) -> datetime | None:
    return Case.objects.values_list("breach_at", flat=True).get(pk=case.pk)


def test_the_stored_breach_time_follows_the_clock_that_runs_out_next():
    case = opened(now=NOW)
    assert case.breach_at == NOW + HOUR
    start_work(case_id=case.pk, actor=ANN, now=NOW)
    assert breach_at(case) == NOW + 4 * HOUR
    wait_for(case_id=case.pk, waiting_for="parts", actor=ANN, now=NOW + HOUR)
    assert breach_at(case) is None
    resume_case(case_id=case.pk, actor=ANN, now=NOW + 2 * HOUR)
    assert breach_at(case) == NOW + 5 * HOUR
    resolve_case(case_id=case.pk, note="dry", actor=ANN, now=NOW + 3 * HOUR)
    assert breach_at(case) is None
    reopen_case(case_id=case.pk, reason="wet", actor=ANN, now=NOW + 4 * HOUR)
    assert breach_at(case) == NOW + 6 * HOUR


def test_a_reset_starts_both_clocks_anew_and_what_ran_before_fires_no_more():
    case = opened(now=NOW)
    assert sweep(now=NOW + HOUR / 2).steps == 1
    reset_clock(case_id=case.pk, reason="the customer called again", actor=ANN, now=NOW + HOUR / 2)
    case.refresh_from_db()
    assert (case.respond_by, case.resolve_by) == (NOW + 1.5 * HOUR, NOW + 4.5 * HOUR)
    assert (case.breach_at, case.escalation) == (NOW + 1.5 * HOUR, 0)
    assert sweep(now=NOW + HOUR) == Swept(1, 1, 0, 0)  # half of the new hour; the old hour is over and says nothing
    assert sorted(case.steps.exclude(fired_at=None).values_list("round", "threshold")) == [(1, 50), (2, 50)]
    with pytest.raises(InvalidInput):
        reset_clock(case_id=case.pk, reason=" ", actor=ANN, now=NOW)


def test_a_clock_that_waits_is_not_reset():
    case = opened(now=NOW)
    wait_for(case_id=case.pk, waiting_for="parts", actor=ANN, now=NOW)
    with pytest.raises(CaseWaits):
        reset_clock(case_id=case.pk, reason="again", actor=ANN, now=NOW)


def test_a_cancelled_clock_fires_nothing_also_after_a_pause_until_it_is_reset():
    case = opened(now=NOW)
    cancel_clock(case_id=case.pk, reason="agreed with the customer", actor=ANN, now=NOW)
    assert breach_at(case) is None
    wait_for(case_id=case.pk, waiting_for="parts", actor=ANN, now=NOW)
    resume_case(case_id=case.pk, actor=ANN, now=NOW + HOUR)
    assert sweep(now=NOW + 90 * HOUR) == Swept(0, 0, 0, 0)
    reset_clock(case_id=case.pk, reason="he changed his mind", actor=ANN, now=NOW + 24 * HOUR)
    assert breach_at(case) == NOW + 25 * HOUR
    assert sweep(now=NOW + 25 * HOUR).breaches == 1


def test_the_most_particular_policy_holds():
    tier = TierFactory()
    gold, other = AccountFactory(tier=tier), AccountFactory()

    def policy(respond: int, **scope: object) -> SlaPolicy:
        return SlaPolicy.objects.create(respond_minutes=respond, resolve_minutes=respond * 2, **scope)

    policy(50, kind=SPILL.code)
    policy(40, min_amount=Decimal(100), currency="USD")
    policy(30, tier=tier)
    policy(20, account=other, severity="critical")
    policy(10, account=other, is_active=False)
    plain = opened(now=NOW, subject_id=1)
    dear = opened(now=NOW, subject_id=2, money_at_risk=Decimal(100))
    golden = opened(now=NOW, subject_id=3, money_at_risk=Decimal(100), account_id=gold.pk)
    named = opened(now=NOW, subject_id=4, account_id=other.pk)
    leak = opened(now=NOW, kind=LEAK.code)
    cases = (plain, dear, golden, named, leak)
    assert [case.respond_minutes for case in cases] == [50, 40, 30, 20, LEAK.respond_minutes]
    assert [case.severity for case in (plain, named)] == ["high", "critical"]
    assert plain.resolve_by == NOW + timedelta(minutes=100)


def test_a_policy_for_a_kind_nobody_declares_and_a_bare_amount_are_refused():
    with pytest.raises(ValidationError) as refused:
        SlaPolicy(kind="no_such", min_amount=Decimal(1), respond_minutes=1, resolve_minutes=1).full_clean()
    assert set(refused.value.message_dict) == {"kind", "currency"}


def test_shifts_over_midnight_and_holidays_move_the_due_times():
    week = {str(day): [["22:00", "06:00"]] for day in range(5)}
    night = Calendar.objects.create(code="night", name="Night shift", time_zone="Europe/Berlin", week=week)
    queue = teams()["warehouse"]
    queue.calendar = night
    queue.save()
    night.holidays.create(date="2026-11-04")
    case = opened(now=datetime(2026, 11, 4, 4, 30, tzinfo=UTC))  # 05:30 in Berlin, half an hour before the shift ends
    assert case.respond_by == datetime(2026, 11, 5, 21, 30, tzinfo=UTC)  # Wednesday night is off


def test_hours_that_overlap_are_refused_in_the_console_form():
    with pytest.raises(ValidationError, match="Tuesday"):
        Calendar(code="x", name="x", week={"0": [["22:00", "06:00"]], "1": [["05:00", "08:00"]]}).full_clean()
    with pytest.raises(ValidationError, match="Monday being 0"):
        Calendar(code="x", name="x", week={"8": [["22:00", "06:00"]]}).full_clean()
    with pytest.raises(ValidationError, match="no time zone"):
        Calendar(code="x", name="x", week={}, time_zone="Mars/Base").full_clean()
