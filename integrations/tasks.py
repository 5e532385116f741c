"""Scheduled work of the room. Late, twice or never does no harm."""

from celery import shared_task

from core import clock
from integrations.services.send_letters import send_letters as send_due


@shared_task(name="integrations.tasks.send_letters")
def send_letters() -> int:
    """Letters about moved promises that are due. How many mails left."""
    return send_due(now=clock.db_now()).mails
