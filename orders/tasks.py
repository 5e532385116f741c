"""Scheduled work: each task reads the database's clock once and calls one service. Late, twice or never does no harm."""

from celery import shared_task

from core import clock
from core.actors import system
from orders.services.close_short import close_short_by_tolerance
from orders.services.reevaluate_credit_holds import reevaluate_all
from orders.services.watch_cancel_dates import watch_cancel_dates


@shared_task(name="orders.tasks.recheck_credit")
def recheck_credit() -> int:
    """What no posting announces: a temporary limit that begins, an item no longer overdue. How many orders were let go."""
    outcomes = reevaluate_all(actor=system("scheduled credit check"), now=clock.db_now())
    return sum(len(outcome.cleared) for outcome in outcomes.values())


@shared_task(name="orders.tasks.tend_backorders")
def tend_backorders() -> int:
    """Cancel-after dates kept, rests within the account's tolerance closed. How many orders changed."""
    now = clock.db_now()
    cancelled = watch_cancel_dates(actor=system("cancel-after dates"), now=now)
    closed = close_short_by_tolerance(actor=system("short-close tolerance"), now=now)
    return len(cancelled) + len(closed)
