"""Scheduled work: each task reads the database's clock once and calls one service. Late, twice or never does no harm."""

from celery import shared_task

from core import clock
from core.actors import system
from fulfillment.services.release_by_policy import release_by_policy


@shared_task(name="fulfillment.tasks.release_ready")
def release_ready() -> int:
    """How many orders went to the warehouse by a policy."""
    return release_by_policy(actor=system("release policy"), now=clock.db_now())
