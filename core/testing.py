"""What tests need of the core: run the owed reactions, and open a unit of work by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from core import outbox
from core.models import Job, JobState
from core.uow import UnitOfWork, unit_of_work


def drain(now: datetime, *, rounds: int = 20) -> list[tuple[str, str]]:
    """Run all ready jobs, and those they cause, in order; the list of (reaction, outcome). Failures raise at once."""
    ran: list[tuple[str, str]] = []
    for _ in range(rounds):
        ready = list(Job.objects.filter(state=JobState.READY).order_by("id").values_list("id", "reaction"))
        if not ready:
            return ran
        for job_id, reaction in ready:
            outcome = outbox.run_job(job_id, now=now)
            if outcome in ("failed", "dead"):
                raise AssertionError(f"{reaction}: {Job.objects.get(pk=job_id).last_error}")
            ran.append((reaction, outcome))
    raise AssertionError(f"reactions still cause reactions after {rounds} rounds")


@contextmanager
def unit(verb: str = "test") -> Iterator[UnitOfWork]:
    """A unit of work for calling specialist verbs directly."""
    with unit_of_work(verb) as opened:
        yield opened


@contextmanager
def outer_atomic() -> Iterator[None]:
    """For state machines: an outer transaction that is always rolled back, which durable verbs may nest in."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)
