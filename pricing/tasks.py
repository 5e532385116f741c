"""What the beat starts in this room."""

from celery import shared_task

from core import clock
from core.actors import system
from pricing.services.renew_contract import renew_due_contracts


@shared_task(name="pricing.tasks.renew_contracts")
def renew_contracts() -> int:
    """Contracts that renew by themselves get their next version in time. How many."""
    return sum(done.is_new for done in renew_due_contracts(actor=system("contract renewal"), now=clock.db_now()))
