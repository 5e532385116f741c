"""Celery's side of the outbox: the only module that sends a task.

Workers are woken here; the truth is in PostgreSQL.
"""

from celery import shared_task

from core import audit_heads, clock, outbox, overrides

_LAST_WORDS = 60  # seconds between being told to stop and being killed


@shared_task(name="core.tasks.run_job")
def run_job(job_id: int) -> str:
    return outbox.run_job(job_id, now=clock.db_now())


@shared_task(name="core.tasks.relay_tick")
def relay_tick() -> int:
    """The relay's safety net on the beat schedule: safe with none, one or three beats."""
    return relay_once()


@shared_task(name="core.tasks.seal_overrides")
def seal_overrides() -> int:
    return overrides.seal_pending(now=clock.db_now())


@shared_task(name="core.tasks.export_audit_head")
def export_audit_head() -> str:
    """The override log's head of the day, to be copied to where nobody of this machine can change it."""
    return str(audit_heads.export_head(now=clock.db_now()))


def relay_once() -> int:
    """Lease what is due and send the ids; the number sent."""
    ids = outbox.lease_due(now=clock.db_now())
    longer = outbox.seconds_of(ids)
    for job_id in ids:
        seconds = longer.get(job_id)
        limits = {"soft_time_limit": seconds, "time_limit": seconds + _LAST_WORDS} if seconds else {}
        run_job.apply_async((job_id,), **limits)
    return len(ids)
