"""What happens to approvals by themselves. Safe with none, one or three beats."""

from celery import shared_task

from accounts.services.escalate_approvals import escalate_approvals
from accounts.services.expire_approvals import expire_approvals
from core import clock
from core.actors import system

CLOCK = system("approvals clock")


@shared_task(name="accounts.tasks.tend_approvals")
def tend_approvals() -> int:
    """Close what ended undecided and send up what waits too long; how many of both."""
    now = clock.db_now()
    return expire_approvals(actor=CLOCK, now=now) + escalate_approvals(actor=CLOCK, now=now)
