import pytest
from django.db import transaction

from core import locks
from core.locks import LockOrderViolation, LockOutsideTransaction, Rank, climb, take
from core.models import Calendar, NumberSeries
from core.testing import race, unit

pytestmark = pytest.mark.django_db


def abc():
    return Calendar.objects.filter(code__in=["a", "b", "c"])


@pytest.fixture
def three():
    return [Calendar.objects.create(code=c, name=c) for c in "abc"]


def test_rows_come_back_locked_in_key_order(three):
    with unit():
        rows = take(Rank.ORDER, abc().order_by("-code"))
        assert [r.code for r in rows] == ["a", "b", "c"]
        assert locks.highest() == Rank.ORDER
    assert locks.highest() == -1


def test_a_lower_rank_is_refused_even_before_it_is_known_whether_there_are_rows(three):
    with unit():
        take(Rank.BALANCE, Calendar.objects.filter(code="a"))
        with pytest.raises(LockOrderViolation, match=r"ORDER \(20\) after BALANCE \(60\)"):
            take(Rank.ORDER, Calendar.objects.none())


def test_rows_already_held_may_be_taken_again_from_higher_up(three):
    with unit():
        take(Rank.ORDER, abc())
        climb(Rank.BALANCE, [1])
        assert len(take(Rank.ORDER, Calendar.objects.filter(code="b"))) == 1
        assert locks.highest() == Rank.BALANCE


def test_a_new_row_of_a_lower_rank_is_refused_though_others_of_that_rank_are_held(three):
    with unit():
        take(Rank.ORDER, Calendar.objects.filter(code="a"))
        climb(Rank.BALANCE, [1])
        with pytest.raises(LockOrderViolation):
            take(Rank.ORDER, Calendar.objects.filter(code="b"))


def test_a_lower_key_of_the_same_rank_is_refused(three):
    with unit():
        take(Rank.ORDER, Calendar.objects.filter(code="b"))
        with pytest.raises(LockOrderViolation, match="ORDER: key"):
            take(Rank.ORDER, Calendar.objects.filter(code="a"))


def test_tables_that_share_a_rank_keep_their_keys_apart_and_are_taken_in_name_order(three):
    NumberSeries.objects.create(code="s", pk=1)
    Calendar.objects.create(code="d", name="d")
    with unit():
        take(Rank.INVOICE, Calendar.objects.filter(code="c"))
        take(Rank.INVOICE, NumberSeries.objects.filter(pk=1))
        with pytest.raises(LockOrderViolation, match="core_calendar after core_numberseries"):
            take(Rank.INVOICE, Calendar.objects.filter(code="d"))


def test_outside_a_unit_of_work_nothing_is_locked(three):
    with transaction.atomic(), pytest.raises(LockOutsideTransaction):
        take(Rank.ORDER, abc())
    with pytest.raises(LockOutsideTransaction):
        climb(Rank.ORDER, [1])


def test_a_unit_that_fails_leaves_an_empty_ladder_to_the_next(three):
    def fail_at_the_top() -> None:
        with unit():
            climb(Rank.NUMBERING, ["x"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_top()
    with unit():
        assert locks.highest() == -1
        assert len(take(Rank.CREDIT_ACCOUNT, abc())) == 3


@pytest.mark.django_db(transaction=True)
def test_two_threads_add_to_one_row_one_after_the_other():
    row = NumberSeries.objects.create(code="till", next_value=0)

    def add_twenty():
        for _ in range(20):
            with unit():
                (held,) = take(Rank.NUMBERING, NumberSeries.objects.filter(pk=row.pk))
                NumberSeries.objects.filter(pk=row.pk).update(next_value=held.next_value + 1)

    assert race(add_twenty, add_twenty, add_twenty) == [None, None, None]
    row.refresh_from_db()
    assert row.next_value == 60
