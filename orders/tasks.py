"""Scheduled work: each task reads the database's clock once and calls one service. Late, twice or never does no harm."""

from celery import shared_task

from core import clock
from core.actors import system
from orders.services.reevaluate_credit_holds import reevaluate_all


@shared_task(name="orders.tasks.recheck_credit")
def recheck_credit() -> int:
    """What no posting announces: a temporary limit that begins, an item no longer overdue. How many orders were let go."""
    outcomes = reevaluate_all(actor=system("scheduled credit check"), now=clock.db_now())
    return sum(len(outcome.cleared) for outcome in outcomes.values())
