"""A door's last statement travels with its commit: one message, all of it or nothing."""

import logging

import pytest
from django.db import IntegrityError, connection, transaction

from core import uow
from core.models import Calendar, CalendarHoliday
from core.testing import unit
from core.uow import door_verb

pytestmark = pytest.mark.django_db(transaction=True)
RENAME = "UPDATE core_calendar SET code = %(to)s WHERE code = %(code)s RETURNING id"
TAKEN = ("core_calendar_code_key",)


def rename(code: str, to: str) -> None:
    uow.leave_last(RENAME, {"code": code, "to": to}, overtaken_on=TAKEN)


def codes() -> list[str]:
    return sorted(Calendar.objects.filter(code__in=["a", "b"]).values_list("code", flat=True))


def test_it_is_done_when_the_door_is_and_what_waits_for_the_commit_runs_after_it():
    seen: list[list[str]] = []

    @door_verb
    def verb() -> None:
        Calendar.objects.create(code="a", name="a")
        transaction.on_commit(lambda: seen.append(codes()))
        rename("a", "b")

    verb()
    assert seen == [["b"]]
    assert not connection.in_atomic_block
    assert connection.execute_wrappers == []


def test_the_connection_is_left_as_a_transaction_of_its_own_leaves_it():
    """Whether the commit went with the last statement, came after it, or nothing was asked at all; and after an error."""

    @door_verb
    def verb(last: bool, fails: bool = False) -> None:
        assert (connection.in_atomic_block, connection.get_autocommit(), len(connection.atomic_blocks)) == (
            True,
            False,
            1,
        )
        with transaction.atomic():
            Calendar.objects.create(code="a" if last else f"b{fails:d}", name="a")
        if last:
            rename("a", "c")
        if fails:
            raise ZeroDivisionError

    @door_verb
    def nothing() -> None:
        transaction.on_commit(lambda: ran.append("after nothing"))

    ran: list[str] = []
    for call in (lambda: verb(True), lambda: verb(False), nothing):
        call()
        assert (connection.in_atomic_block, connection.get_autocommit(), connection.atomic_blocks) == (False, True, [])
        assert (connection.savepoint_ids, connection.run_on_commit) == ([], [])
    for last in (True, False):
        with pytest.raises(ZeroDivisionError):
            verb(last, fails=True)
        assert (connection.in_atomic_block, connection.get_autocommit(), connection.atomic_blocks) == (False, True, [])
    assert ran == ["after nothing"]
    assert sorted(Calendar.objects.filter(name="a").values_list("code", flat=True)) == ["b0", "c"]
    with transaction.atomic(durable=True), pytest.raises(RuntimeError, match="durable"):
        nothing()


def test_what_is_asked_after_it_sees_it():
    @door_verb
    def verb() -> list[str]:
        Calendar.objects.create(code="a", name="a")
        rename("a", "b")
        return codes()

    assert verb() == ["b"]
    assert codes() == ["b"]


@pytest.mark.parametrize("asks_again", [False, True])
def test_who_was_overtaken_is_called_once_more_with_nothing_kept_and_nothing_left_for_the_end(asks_again):
    Calendar.objects.create(code="b", name="somebody was faster")
    attempts: list[bool] = []

    @door_verb
    def verb() -> None:
        attempts.append(uow.may_leave_last())
        Calendar.objects.create(code="a", name="a")
        if attempts[-1]:
            rename("a", "b")
            if asks_again:
                codes()

    verb()
    assert attempts == [True, False]
    assert codes() == ["a", "b"]


def test_being_overtaken_is_no_fault_and_the_driver_logs_nothing(caplog):
    Calendar.objects.create(code="b", name="somebody was faster")

    @door_verb
    def verb() -> None:
        Calendar.objects.create(code="a", name="a")
        if uow.may_leave_last():
            rename("a", "b")

    with caplog.at_level(logging.DEBUG, logger="psycopg"):
        for _ in range(20):  # the answers come together or one by one
            verb()
            Calendar.objects.filter(code="a").delete()
    assert [r.getMessage() for r in caplog.records if r.name == "psycopg"] == []


def test_any_other_constraint_is_the_fault_it_is_also_one_that_speaks_at_the_commit():
    @door_verb
    def verb(calendar_id: int) -> None:
        CalendarHoliday.objects.create(calendar_id=calendar_id, date="2026-12-25")
        rename("a", "b")

    attempts = Calendar.objects.create(code="a", name="a").pk
    with pytest.raises(IntegrityError, match="foreign key"):
        verb(attempts + 1)
    assert codes() == ["a"]
    assert CalendarHoliday.objects.count() == 0
    assert not connection.in_atomic_block
    verb(attempts)
    assert codes() == ["b"]


def test_a_call_that_fails_after_leaving_it_writes_nothing():
    @door_verb
    def verb() -> None:
        rename("a", "b")
        raise ZeroDivisionError

    Calendar.objects.create(code="a", name="a")
    with pytest.raises(ZeroDivisionError):
        verb()
    assert codes() == ["a"]
    assert connection.execute_wrappers == []


def test_a_unit_that_is_no_door_takes_none():
    with unit():
        assert not uow.may_leave_last()
