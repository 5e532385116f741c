"""Prepared statements, one or several in a round trip: Django's errors, Django's count, one plan a connection."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import sql

pytestmark = pytest.mark.django_db
SUM = "SELECT sum(n) FROM unnest(%(numbers)s::numeric[]) AS n"


def test_a_statement_is_prepared_once_and_counted_each_time():
    with CaptureQueriesContext(connection) as captured:
        assert sql.rows(SUM, {"numbers": [Decimal("1.5"), Decimal(2)]}) == [(Decimal("3.5"),)]
        assert sql.rows(SUM, {"numbers": []}) == [(None,)]
    assert [q["sql"].split(" FROM")[0] for q in captured] == ["SELECT sum(n)"] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT sum(n) FROM unnest%%'")
        assert cursor.fetchone() == (1,)


def test_long_lists_are_planned_for_and_nothing_after_them_is():
    text = "SELECT max(n) FROM unnest(%(numbers)s::numeric[]) AS n"
    asked = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT max(n)%%'"

    def planned():
        sql.rows(text, {"numbers": [Decimal(1)]})
        ((kept, made),) = sql.rows(asked, {})
        return kept, made

    assert planned() == (1, 0)
    with sql.planned_for(sql.LONG):
        assert planned() == (2, 0)
    with sql.planned_for(sql.LONG + 1):
        assert planned() == (2, 1)
    assert planned() == (3, 1)


def test_several_are_answered_in_the_order_asked_each_read_in_its_own_way():
    days = sql.Statement("SELECT * FROM unnest(%(days)s::date[])", {"days": [date(2026, 11, 23), None]}, list)
    one = sql.Statement(SUM, {"numbers": [Decimal(7)]}, lambda rows: rows[0][0])
    with CaptureQueriesContext(connection) as captured:
        assert sql.answers(days, one) == [[(date(2026, 11, 23),), (None,)], Decimal(7)]
    assert len(captured) == 2


def test_arrays_of_one_length_are_rows():
    text = f"SELECT * FROM {sql.side_by_side('new', id='bigint', day='date')} AS n"
    days = [date(2026, 11, 23), None]
    assert sql.rows(text, {"new_id": [7, 8], "new_day": days}) == [(7, days[0]), (8, None)]
    assert sql.rows(text, {"new_id": [], "new_day": []}) == []


def test_an_instant_comes_back_as_it_went():
    moment = datetime(2026, 11, 23, 10, 30, 0, 123456, tzinfo=UTC)
    text = "SELECT a, %(one)s::timestamptz FROM unnest(%(many)s::timestamptz[]) AS a"
    assert sql.rows(text, {"one": moment, "many": [moment, None]}) == [(moment, moment), (None, moment)]


def test_errors_are_djangos_and_the_connection_goes_on():
    broken = sql.Statement("SELECT 1 / %(by)s::int", {"by": 0}, list)
    for ask in (lambda: sql.answer(broken), lambda: sql.answers(sql.Statement(SUM, {"numbers": []}, list), broken)):
        with pytest.raises(DataError, match="division by zero"), transaction.atomic():
            ask()
    assert sql.rows(SUM, {"numbers": [Decimal(1)]}) == [(Decimal(1),)]


def test_a_list_of_mixed_types_is_refused_by_name():
    with pytest.raises(TypeError, match="numbers mixes types"):
        sql.rows(SUM, {"numbers": [Decimal(1), "2"]})
