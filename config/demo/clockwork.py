"""Runs the owed reactions in this process, at the simulated moment: no relay or worker runs while the demo is made."""

from datetime import datetime

from core import outbox
from core.models import Job, JobState

ROUNDS = 20


class ReactionFailed(RuntimeError):
    """A reaction to something the demo did failed: the demo is wrong, or the product is."""


def run_owed_jobs(now: datetime) -> int:
    """Run every ready job and those they cause, in order; how many ran."""
    ran = 0
    for _ in range(ROUNDS):
        ready = list(Job.objects.filter(state=JobState.READY).order_by("id").values_list("id", flat=True))
        if not ready:
            return ran
        for job_id in ready:
            if outbox.run_job(job_id, now=now) in ("failed", "dead"):
                job = Job.objects.get(pk=job_id)
                raise ReactionFailed(f"{job.reaction} for {job.stream}: {job.last_error}")
        ran += len(ready)
    raise ReactionFailed(f"reactions still cause reactions after {ROUNDS} rounds")
