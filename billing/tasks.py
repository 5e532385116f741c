"""What billing does by the clock. Safe with none, one or three beats."""

from celery import shared_task

from billing.services.draft_invoices import MOST, post_due_drafts
from billing.services.recognize_revenue import recognize_due
from core import clock
from core.actors import system

MOST_BATCHES = 100


@shared_task(name="billing.tasks.post_due_drafts")
def post_drafts() -> int:
    """Post the drafts whose day, week or month is over; the number posted."""
    posted = 0
    for _ in range(MOST_BATCHES):
        done = len(post_due_drafts(actor=system("invoice run"), now=clock.db_now()))
        posted += done
        if done < MOST:
            break
    return posted


@shared_task(name="billing.tasks.recognize_revenue")
def recognize_revenue() -> int:
    """Recognize what months and deliveries earned since; batches made."""
    now, last, batches = clock.db_now(), 0, 0
    while last := recognize_due(now=now, after_id=last):
        batches += 1
    return batches
