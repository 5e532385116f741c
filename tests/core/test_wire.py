"""Statements in one message: begun, answered and ended together, and a connection that goes on after an error."""

import signal

import psycopg
import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import sql, wire

pytestmark = pytest.mark.django_db(transaction=True)
SUM = "SELECT sum(n) FROM unnest(%(numbers)s::int[]) AS n"
BROKEN = "SELECT 1 / %(by)s::int"
KEPT = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT sum(n) FROM unnest(%%::int[])%%'"


def raw() -> psycopg.Connection:
    connection.ensure_connection()
    return connection.connection


def test_what_is_prepared_outlives_a_rollback_and_is_not_prepared_twice():
    for _ in range(3):
        with transaction.atomic():
            assert sql.rows(SUM, {"numbers": [1, 2]}) == [(3,)]
            transaction.set_rollback(True)
    assert sql.rows(KEPT, {}) == [(1,)]


def test_a_statement_asked_twice_in_a_message_is_prepared_once():
    one = sql.Statement(SUM, {"numbers": [4]}, list)
    assert sql.answers(one, one) == [[(4,)], [(4,)]]
    assert sql.rows(KEPT, {}) == [(1,)]


def test_too_many_plans_are_given_back(monkeypatch):
    monkeypatch.setattr(wire, "MOST_KEPT", 3)
    for n in range(12):
        assert sql.rows(f"SELECT {n} + %(a)s::int", {"a": n}) == [(2 * n,)]
    assert sql.rows("SELECT count(*) <= 6 FROM pg_prepared_statements", {}) == [(True,)]


def test_plans_that_somebody_deallocated_cost_one_error_and_not_the_connection():
    assert sql.rows(SUM, {"numbers": [1]}) == [(1,)]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with pytest.raises(Exception, match="does not exist"):
        sql.rows(SUM, {"numbers": [1]})
    assert sql.rows(SUM, {"numbers": [2]}) == [(2,)]


def test_a_name_is_not_given_twice_where_plans_could_not_be_given_back(monkeypatch):
    monkeypatch.setattr(wire, "MOST_KEPT", 1)
    assert sql.rows(SUM, {"numbers": [1]}) == [(1,)]
    assert sql.rows("SELECT 2 + %(a)s::int", {"a": 1}) == [(3,)]
    raw().autocommit = False
    try:
        with pytest.raises(psycopg.errors.DivisionByZero):
            wire.exchange(raw(), [(BROKEN, {"by": 0})])
        assert raw().pgconn.transaction_status == psycopg.pq.TransactionStatus.INERROR
        wire.kept_on(raw()).names[b"another", ()] = b"unheard_of"
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):  # DEALLOCATE is refused with the rest
            wire.exchange(raw(), [(SUM, {"numbers": "{1}"})])
    finally:
        raw().rollback()
        raw().autocommit = True
    for n in range(4):
        assert sql.rows(SUM, {"numbers": [n]}) == [(n,)]
        assert sql.rows(f"SELECT {n} + %(a)s::int", {"a": n}) == [(2 * n,)]


def test_the_transaction_begins_with_the_first_message_and_ends_with_its_commit():
    status = psycopg.pq.TransactionStatus
    raw().autocommit = False
    try:
        wire.exchange(raw(), [(SUM, {"numbers": "{1}"})])
        assert raw().pgconn.transaction_status == status.INTRANS
        wire.exchange(raw(), [(SUM, {"numbers": "{1}"})], commits=True)
        assert raw().pgconn.transaction_status == status.IDLE
    finally:
        raw().rollback()
        raw().autocommit = True


def test_after_an_error_nothing_that_follows_is_done_and_the_commit_neither():
    status = psycopg.pq.TransactionStatus
    raw().autocommit = False
    try:
        with pytest.raises(psycopg.errors.DivisionByZero):
            wire.exchange(
                raw(), [(SUM, {"numbers": "{1}"}), (BROKEN, {"by": 0}), (SUM, {"numbers": "{}"})], commits=True
            )
        assert raw().pgconn.transaction_status == status.INERROR
    finally:
        raw().rollback()
        raw().autocommit = True
    assert sql.rows(SUM, {"numbers": [5]}) == [(5,)]


def test_a_text_that_does_not_parse_is_told_and_forgotten():
    for _ in range(2):
        with pytest.raises(Exception, match="syntax error"):
            sql.rows("SELEC 1", {})
    assert sql.rows(SUM, {"numbers": [6]}) == [(6,)]


@pytest.mark.parametrize("is_prepared", [True, False])
def test_more_than_a_socket_holds_goes_both_ways(is_prepared):
    many = list(range(200_000))
    text = "SELECT n FROM unnest(%(many)s::int[]) AS n"
    asked = [(text, {"many": "{" + ",".join(map(str, many)) + "}"})] * 3
    for rows in wire.exchange(raw(), asked, is_prepared=is_prepared):
        assert [n for (n,) in rows] == many


def test_who_wraps_statements_sees_each_and_may_refuse_it():
    seen: list[str] = []

    def refuses(execute, text, params, many, context):
        seen.append(text)
        if "sum" in text:
            raise DataError("not today")
        return execute(text, params, many, context)

    with connection.execute_wrapper(refuses):
        with pytest.raises(DataError, match="not today"):
            sql.answers(sql.Statement("SELECT 1", {}, list), sql.Statement(SUM, {"numbers": []}, list))
        assert sql.rows("SELECT 1", {}) == [(1,)]
    assert seen == ["SELECT 1", SUM, "SELECT 1"]


def test_per_cent_is_written_twice_and_a_name_may_stand_twice():
    with CaptureQueriesContext(connection) as captured:
        assert sql.rows("SELECT 7 %% %(a)s::int, %(a)s::int", {"a": 4}) == [(3, 4)]
    assert len(captured) == 1


def test_who_is_stopped_while_waiting_leaves_no_answers_to_the_next():
    class TimeIsUp(Exception):
        pass

    def ring(*_):
        raise TimeIsUp

    held = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(TimeIsUp):
            sql.rows("SELECT 1 FROM (SELECT pg_sleep(5)) slept", {})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, held)
    connection.close()
    assert sql.rows("SELECT 7", {}) == [(7,)]


def test_a_server_that_goes_away_is_an_operational_error_and_the_next_connection_knows_no_plans():
    sql.rows(SUM, {"numbers": [1]})
    with pytest.raises(OperationalError):
        sql.rows("SELECT pg_terminate_backend(pg_backend_pid())", {})
    connection.close()
    assert sql.rows(SUM, {"numbers": [1]}) == [(1,)]


def test_a_parameter_that_is_missing_or_cannot_be_written_costs_nothing():
    for text, parameters in ((SUM, {}), ("SELECT %(a)s::text", {"a": object()})):
        with pytest.raises(Exception, match=r"numbers|adapt"):
            sql.rows(text, parameters)
        assert sql.rows("SELECT 8", {}) == [(8,)]


def test_a_day_python_does_not_know_is_a_data_error_and_the_connection_goes_on():
    day = sql.Statement("SELECT 'infinity'::date", {}, list)
    with transaction.atomic():
        with pytest.raises(DataError, match="date too large"):
            sql.answers(day, sql.Statement(SUM, {"numbers": [1]}, list))
        assert sql.rows(SUM, {"numbers": [2]}) == [(2,)]
