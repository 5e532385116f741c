from threading import Barrier, BrokenBarrierError

import pytest
from django.db import IntegrityError, connection

from core import locks
from core.errors import Busy, Refused
from core.idempotency import Claim, StoredRefusal, run_once
from core.locks import Rank, take
from core.models import Calendar, IdempotencyKey, NumberSeries
from core.testing import race, unit
from core.uow import NestedDoorVerb, OutsideUnitOfWork, door_verb, require_uow, retrying


class NameTaken(Refused):
    template = "The name is taken ({constraint})."


@require_uow
def specialist() -> int:
    return 1


@door_verb
def opens_a_door() -> int:
    return specialist()


@door_verb
def opens_two_doors() -> int:
    return opens_a_door()


@door_verb(refuse_on={"core_calendar_code_key": NameTaken})
def create_calendar(*, code: str) -> int:
    return Calendar.objects.create(code=code, name=code).pk


@pytest.mark.django_db
def test_a_specialist_refuses_to_run_without_a_transaction_around_it():
    with pytest.raises(OutsideUnitOfWork, match="specialist"):
        specialist()
    assert opens_a_door() == 1


@pytest.mark.django_db
def test_a_door_inside_a_door_is_refused_and_the_outer_one_is_rolled_back():
    with pytest.raises(NestedDoorVerb):
        opens_two_doors()
    with unit(), pytest.raises(NestedDoorVerb):
        opens_a_door()
    assert opens_a_door() == 1


@pytest.mark.django_db(transaction=True)
def test_a_constraint_with_a_name_becomes_the_refusal_it_means_and_any_other_stays_a_fault():
    create_calendar(code="a")
    with pytest.raises(NameTaken) as refusal:
        create_calendar(code="a")
    assert refusal.value.message == "The name is taken (core_calendar_code_key)."

    @door_verb
    def unmapped() -> None:
        Calendar.objects.create(code="a", name="a")

    with pytest.raises(IntegrityError) as fault:
        unmapped()
    assert fault.value.__cause__ is not fault.value
    assert Calendar.objects.filter(code="a").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_refusal_of_a_constraint_is_kept_under_its_key_like_any_other():
    create_calendar(code="a")
    claim = Claim("calendar", "user:1", "k1", "h")
    with pytest.raises(NameTaken):
        run_once(claim, create_calendar, code="a")
    assert IdempotencyKey.objects.get().state == "refused"
    Calendar.objects.filter(code="a").delete()
    with pytest.raises(StoredRefusal) as again:
        run_once(claim, create_calendar, code="a")
    assert (again.value.code, again.value.status) == ("name_taken", 409)
    assert Calendar.objects.filter(code="a").count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_real_deadlock_is_retried_whole_and_both_calls_succeed():
    first, second = (NumberSeries.objects.create(code=c, next_value=0).pk for c in "ab")
    both_hold_one = Barrier(2)
    attempts: list[str] = []

    @door_verb
    def add_to_both(*, name: str, order: tuple[int, int]) -> None:
        attempts.append(name)
        for n, pk in enumerate(order):
            with connection.cursor() as cursor:  # behind the ladder's back: it would refuse the second order
                cursor.execute("UPDATE core_numberseries SET next_value = next_value + 1 WHERE id = %s", [pk])
            if n == 0:
                _meet(both_hold_one)

    outcomes = race(
        lambda: add_to_both(name="up", order=(first, second)), lambda: add_to_both(name="down", order=(second, first))
    )
    assert outcomes == [None, None]
    assert len(attempts) == 3  # one of them was the victim, once
    assert list(NumberSeries.objects.order_by("pk").values_list("next_value", flat=True)) == [2, 2]


def _meet(barrier: Barrier) -> None:
    try:
        barrier.wait(timeout=2)
    except BrokenBarrierError:
        return  # the retry comes alone


@pytest.mark.django_db(transaction=True)
def test_a_real_serialization_failure_is_retried():
    series = NumberSeries.objects.create(code="a", next_value=0)
    both_have_read = Barrier(2)
    attempts: list[int] = []

    @door_verb
    def add_one() -> None:
        attempts.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        read = NumberSeries.objects.get(pk=series.pk).next_value
        _meet(both_have_read)
        NumberSeries.objects.filter(pk=series.pk).update(next_value=read + 1)

    assert race(add_one, add_one) == [None, None]
    assert len(attempts) == 3
    assert NumberSeries.objects.get().next_value == 2


@pytest.mark.django_db(transaction=True)
def test_a_row_that_stays_locked_gives_busy_after_four_attempts_and_changes_nothing():
    series = NumberSeries.objects.create(code="a", next_value=0)
    done = Barrier(2)
    attempts: list[int] = []

    def hold_the_row() -> None:
        with unit():
            take(Rank.NUMBERING, NumberSeries.objects.filter(pk=series.pk))
            done.wait(timeout=1)
            done.wait(timeout=20)

    @door_verb
    def change_it() -> None:
        attempts.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        take(Rank.NUMBERING, NumberSeries.objects.filter(pk=series.pk))
        NumberSeries.objects.update(next_value=99)

    def try_it() -> None:
        done.wait(timeout=1)
        try:
            change_it()
        finally:
            done.wait(timeout=20)

    held, tried = race(hold_the_row, try_it)
    assert held is None
    assert isinstance(tried, Busy)
    assert tried.data == {"cause": "lock time-out", "attempts": 4}
    assert len(attempts) == 4
    assert NumberSeries.objects.get().next_value == 0


@pytest.mark.django_db
def test_every_attempt_starts_on_an_empty_ladder():
    Calendar.objects.create(code="a", name="a")
    seen: list[int] = []

    @door_verb
    def fails_once() -> None:
        seen.append(locks.highest())
        take(Rank.CASE, Calendar.objects.filter(code="a"))
        if len(seen) == 1:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'later' USING ERRCODE = 'deadlock_detected'; END $$")

    fails_once()
    assert seen == [-1, -1]


def test_a_fault_that_is_not_about_waiting_is_not_tried_again():
    calls: list[int] = []

    def breaks() -> None:
        calls.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        retrying(breaks)
    assert calls == [1]


@pytest.mark.django_db
def test_one_door_verb_may_join_a_joinable_one_and_both_roll_back_together():
    @door_verb(joinable=True)
    def carry_out(*, then_fail: bool) -> int:
        pk = create_calendar(code="joined")
        if then_fail:
            raise NameTaken(constraint="afterwards")
        return pk

    with pytest.raises(NameTaken, match="afterwards"):
        carry_out(then_fail=True)
    assert not Calendar.objects.filter(code="joined").exists()
    carry_out(then_fail=False)
    with pytest.raises(NameTaken, match="core_calendar_code_key"):
        carry_out(then_fail=False)


@pytest.mark.django_db
def test_a_second_door_verb_does_not_join():
    @door_verb(joinable=True)
    def carry_out_two() -> None:
        opens_a_door()
        opens_a_door()

    with pytest.raises(NestedDoorVerb):
        carry_out_two()
