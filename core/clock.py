"""The only place that reads a clock. Verbs take `now` as an argument; doors and tasks read it here, once."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection


def now() -> datetime:
    """The process clock, aware, UTC: for doors."""
    return datetime.now(UTC)


def db_now() -> datetime:
    """The database clock, aware, UTC: for tasks, timers and sweeps, so that all workers agree.

    It is the statement's time, not the transaction's: a long transaction still sees time pass.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    return moment.astimezone(UTC)


def company_day(moment: datetime) -> date:
    """The calendar day of an instant where the company is (OMS_TIME_ZONE): documents are dated by it, limits and terms end
    by it, money is late by it. Customers' and sites' own days are `local_date` of their zones; the day of an exchange rate
    that an order keeps for life is of UTC, which no setting moves."""
    return local_date(moment, settings.COMPANY_TIME_ZONE)


def local_date(moment: datetime, time_zone: str) -> date:
    """The calendar day of an instant where the site or the customer is."""
    return moment.astimezone(ZoneInfo(time_zone)).date()
