"""The core's own invariants: the audit chain is whole, and no owed effect is forgotten."""

from collections.abc import Iterator

from core import clock, invariants, outbox, overrides
from core.models import Job, JobState

FORGOTTEN_AFTER = outbox.LEASE * 5


def register() -> None:
    invariants.register("the audit chain is whole", _chain)
    invariants.register("no outbox job is older than five leases", _forgotten)


def _chain() -> Iterator[str]:
    yield from overrides.verify().problems


def _forgotten() -> Iterator[str]:
    limit = clock.db_now() - FORGOTTEN_AFTER
    late = Job.objects.filter(state=JobState.READY, attempts=0, fact__at__lt=limit)
    for job in late.order_by("id")[:100]:
        due = f"{job.next_at:%Y-%m-%d %H:%M:%S}Z"
        yield f"job {job.pk} ({job.reaction}) is due since {due} and was never tried"
